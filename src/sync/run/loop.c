/*
 * src/sync/run/loop.c
 *		The loop that carries a run to its end: a step, a commit; after an error a
 *		rollback, and a transaction of its own that says so.
 *
 * A procedure and a worker share it; only how they begin and end a transaction
 * differs. While it waits, no transaction of the run's is open on either side.
 */
#include "sync/run/run.h"

#include "alert/alert.h"
#include "commands/extension.h"
#include "compat.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "pgstat.h"
#include "pinned.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* Waits as long as the run has to before its step is tried again. A cancel ends it. */
static void
wait_before_step(SyncRun *run)
{
	static uint32 wait_event;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), run->lasting.delay_ms);
	long left;

	while ((left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end)) > 0)
	{
		int got = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left,
		                    compat_wait_event(&wait_event, "NgeshareNextTry"));

		if (got & WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	run->lasting.delay_ms = 0;
}

/*
 * Does work as the extension's owner, whoever may call a sync: what it writes is
 * the extension's. An error gives the identity back with its transaction.
 */
static bool
do_as_owner(SyncRun *run, bool (*work)(SyncRun *run))
{
	PinnedCaller caller;
	bool has_more;

	pinned_become_owner(&caller);
	has_more = work(run);
	pinned_become_caller(&caller);
	return has_more;
}

/*
 * Does one piece of work in a transaction of its own; returns its error instead
 * of raising it, as a copy that lives as long as the run, with all of it undone.
 */
static ErrorData *
try_work(SyncRun *run, const SyncTransactions *transactions, bool (*work)(SyncRun *run),
         bool *has_more)
{
	MemoryContext memory =
	    AllocSetContextCreate(run->context, "ngeshare sync step", ALLOCSET_DEFAULT_SIZES);
	ErrorData *volatile error = NULL;

	PG_TRY();
	{
		wait_before_step(run);
		transactions->begin(run);
		MemoryContextSwitchTo(memory);
		*has_more = do_as_owner(run, work);
		transactions->commit();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		FlushErrorState();
		transactions->rollback();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	MemoryContextDelete(memory);
	return error;
}

/*
 * Writes down what has failed, and what follows from it. DROP EXTENSION between
 * two steps takes the logs along, and the run.
 */
static bool
log_outcome(SyncRun *run)
{
	if (!OidIsValid(get_extension_oid("ngeshare", true)))
	{
		run->lasting.verdict = SYNC_END;
		run->lasting.is_dropped = true;
		return false;
	}
	sync_limit_lock_waits();
	sync_log_errors(run);
	sync_log_failed_tables(run);
	if (run->lasting.verdict == SYNC_END)
		sync_log_failure(run);
	return run->lasting.verdict != SYNC_END;
}

/*
 * Logs an error, and says whether the run goes on. Where even that fails (the
 * disk is full, say, or somebody has locked the logs), a run that goes on writes it
 * down later, and one that ends tries again as often as a step would. A cancel that
 * comes meanwhile ends the run, and isn't in the way of writing that down.
 */
static bool
go_on_after(SyncRun *run, const SyncTransactions *transactions, ErrorData *error)
{
	long delay_ms = run->lasting.delay_ms;
	bool has_more = run->lasting.verdict != SYNC_END;
	ErrorData *trouble;

	for (int failures = 0;; failures++)
	{
		run->lasting.delay_ms = failures > 0 ? sync_backoff(failures) : 0;
		trouble = try_work(run, transactions, log_outcome, &has_more);
		if (trouble == NULL)
		{
			run->lasting.unlogged = NIL;
			break;
		}
		ereport(LOG,
		        (errcode(trouble->sqlerrcode), errmsg("sync %lld could not write down an error: %s",
		                                              (long long) run->run_id, trouble->message)));
		if (sync_is_own_stop(trouble))
			sync_stop(run, trouble);
		if (run->lasting.verdict != SYNC_END || failures > ngeshare_settings.sync_retries)
			break;
	}
	run->lasting.delay_ms = delay_ms;
	if (run->lasting.is_dropped)
	{
		error->sqlerrcode = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
		error->message = "the extension was dropped while it synced";
		error->detail = error->hint = error->context = NULL;
		run->lasting.error = error;
	}
	return run->lasting.verdict != SYNC_END && has_more;
}

/* Starts the delivery of what the run's end has put into the outbox. */
static bool
tell(SyncRun *run)
{
	if (OidIsValid(get_extension_oid("ngeshare", true)))
		alert_start_delivery();
	return false;
}

/* Does steps until the run has ended; run->lasting.error is what it failed with, or NULL. */
void
sync_run_to_end(SyncRun *run, const SyncTransactions *transactions)
{
	bool has_more = true;
	ErrorData *trouble;

	while (has_more)
	{
		ErrorData *error;

		run->before = run->at;
		error = try_work(run, transactions, sync_step, &has_more);

		if (error == NULL)
		{
			sync_forget_failures(run);
			continue;
		}
		sync_judge(run, error);
		has_more = go_on_after(run, transactions, error);
	}
	trouble = try_work(run, transactions, tell, &has_more);
	if (trouble != NULL)
		ereport(LOG, (errcode(trouble->sqlerrcode),
		              errmsg("sync %lld could not start the delivery of alerts: %s",
		                     (long long) run->run_id, trouble->message)));
}
