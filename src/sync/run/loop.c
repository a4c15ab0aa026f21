/*
 * src/sync/run/loop.c
 *		The main loop of a run. Each step is one transaction. After an error the step is
 *		rolled back, and another transaction logs the error.
 *
 * CALL ngeshare_sync() and the background worker share this loop; they differ only in how they
 * begin and end a transaction. While the loop waits before a retry, the run holds no snapshot and
 * no lock on a table in this database, and has no transaction open on production.
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

/* Waits for run->lasting.delay_ms before a step is tried again; a cancel interrupts the wait. */
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
 * Calls work() as the extension's owner, because it writes the extension's tables, which the
 * caller of the sync may lack rights on. After an error the rollback restores the user.
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
 * Calls work() in a transaction of its own; returns NULL if it succeeds. After an error, rolls
 * back and returns a copy of the error that lives as long as the run.
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
 * Writes the noted errors to sync_error_log, and marks the tables and the run that failed in their
 * logs. Returns whether the run continues. If another session has dropped the extension between
 * two steps, the log tables are gone and the run ends.
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
 * Logs an error, and returns whether the run continues. Logging can fail too, for example
 * because the disk is full or a log table is locked. Then a run that continues logs the error
 * together with a later one or at its end. A run that ends tries a few times more
 * (ngeshare.sync_retries). A cancel during this ends the run as cancelled.
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

/* Starts the delivery of alerts that the end of the run has put into alert_outbox. */
static bool
tell(SyncRun *run)
{
	if (OidIsValid(get_extension_oid("ngeshare", true)))
		alert_start_delivery();
	return false;
}

/* Runs steps until the run has ended; then run->lasting.error is the run's error, or NULL. */
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
