/*
 * src/sync/run/retry.c
 *		What a failed step means for its run: again, on with the other tables, or
 *		the end.
 *
 * Errors are told apart by SQLSTATE alone, never by their words. What may pass by
 * itself is tried again after a while that doubles; a row that can't be stored is
 * closed in on by halves; whatever else fails costs its table and those that point
 * to it. A production that can't be reached, or that has lost too much, ends the
 * run. A lock that somebody else holds is no error until the run has waited for
 * sync_timeout: the step lets go of all it holds and comes back (waits.c).
 */
#include "sync/run/run.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "ngeshare.h"

/* No retry waits longer than this, in milliseconds. */
#define BACKOFF_MAX_MS 60000

/*
 * A step that has let go of its locks stays away for about so long, in
 * milliseconds: those whom it kept waiting go first.
 */
#define CONFLICT_DELAY_MS 250

/* Milliseconds to wait after so many failures in a row, give or take a quarter. */
long
sync_backoff(int failures)
{
	double delay = ngeshare_settings.sync_retry_base;

	for (int i = 1; i < failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	delay = Min(delay, BACKOFF_MAX_MS);
	return delay * (0.75 + 0.5 * pg_prng_double(&pg_global_prng_state));
}

/* Whether this session was told to stop: a 57014 of its own, not production's. */
bool
sync_is_own_stop(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED && error->funcname != NULL &&
	       strcmp(error->funcname, "ProcessInterrupts") == 0;
}

/* Whether it was a person who said so, and not a server that shuts down. */
static bool
is_cancel(const ErrorData *error)
{
	return sync_is_own_stop(error) && error->message_id != NULL &&
	       strcmp(error->message_id, "canceling statement due to user request") == 0;
}

/* Ends the run with an error, which is a person's will or not. */
void
sync_stop(SyncRun *run, ErrorData *error)
{
	run->lasting.verdict = SYNC_END;
	run->lasting.error = error;
	run->lasting.is_cancelled = is_cancel(error);
}

/* Whether a lock here wasn't to be had in time, or a deadlock here was broken. */
static bool
is_lock_conflict(const ErrorData *error)
{
	if (error->funcname == NULL)
		return false;
	return (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE &&
	        strcmp(error->funcname, "ProcessInterrupts") == 0) ||
	       (error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED &&
	        strcmp(error->funcname, "DeadLockReport") == 0);
}

/* Whether trying again later may help. */
static bool
is_transient(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case MAKE_SQLSTATE('0', '8', '0', '0', '0'): /* connection */
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'): /* serialization, deadlock */
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'): /* resources */
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'): /* shutdown, timeout */
			return true;
		default:
			return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE || sqlstate == ERRCODE_IO_ERROR ||
			       sqlstate == ERRCODE_IDLE_IN_TRANSACTION_SESSION_TIMEOUT;
	}
}

/* Whether the trouble is a server's as a whole, so that no other table would fare better. */
static bool
concerns_all_tables(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case MAKE_SQLSTATE('0', '8', '0', '0', '0'):
		case MAKE_SQLSTATE('2', '8', '0', '0', '0'): /* the login */
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'): /* the system */
		case MAKE_SQLSTATE('N', 'G', '0', '0', '0'): /* our own refusals */
			return true;
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):
			return sqlstate != ERRCODE_QUERY_CANCELED;
		default:
			return false;
	}
}

/* The phases in which rows are moved, and can be moved in smaller pieces. */
static bool
moves_rows(SyncPhase phase)
{
	return phase == SYNC_PULL || phase == SYNC_PARENTS || phase == SYNC_MERGE ||
	       phase == SYNC_WINDOW || phase == SYNC_REPAIR;
}

static SyncErrorClass
class_of(const SyncRun *run, int sqlstate)
{
	if (is_transient(sqlstate))
		return SYNC_TRANSIENT;
	return sync_is_row_error(sqlstate) && moves_rows(run->at.phase) ? SYNC_ROW : SYNC_PERMANENT;
}

/* Halves a number of rows; false where it was one already. */
static bool
halve(int *rows)
{
	bool could = *rows > 1;

	*rows = Max(1, *rows / 2);
	return could;
}

/*
 * Closes in on a row that can't be stored: smaller pieces, at last one row that is
 * passed over; a merge looks for such rows first. False where that was done.
 */
static bool
close_in(SyncRun *run)
{
	run->lasting.is_narrowing = true;
	switch (run->at.phase)
	{
		case SYNC_PULL:
			if (halve(&run->at.batch_rows))
				return true;
			break;
		case SYNC_REPAIR:
			run->at.is_fetched = false;
			if (halve(&run->at.repair_rows))
				return true;
			break;
		case SYNC_PARENTS:
			run->at.is_fetched = false;
			/* Without its parents a row waits in quarantine. */
			run->at.phase = sync_merging_phase(run);
			return true;
		default:
			if (run->lasting.isolates)
				return false;
			run->lasting.isolates = true;
			return true;
	}
	if (run->lasting.passes_over)
		return false;
	run->lasting.passes_over = true;
	return true;
}

/* Where the run goes after an error of a class, which has been counted. */
static SyncVerdict
verdict_on(SyncRun *run, const ErrorData *error, SyncErrorClass error_class)
{
	if (sync_is_own_stop(error))
		return SYNC_END;
	if (error_class == SYNC_ROW && close_in(run))
		return SYNC_RETRY;
	if (error_class == SYNC_TRANSIENT &&
	    ++run->lasting.transient_failures <= ngeshare_settings.sync_retries)
	{
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		{
			halve(&run->at.batch_rows);
			halve(&run->at.repair_rows);
		}
		run->lasting.delay_ms = sync_backoff(run->lasting.transient_failures);
		return SYNC_RETRY;
	}
	return sync_table_name(run) != NULL && !concerns_all_tables(error->sqlerrcode) ? SYNC_SKIP_TABLE
	                                                                               : SYNC_END;
}

/* Lets a lock conflict pass without a word as long as the patience lasts; then says what it is. */
static bool
waits_for_lock(SyncRun *run, ErrorData *error)
{
	if (!is_lock_conflict(error))
		return false;
	if (run->lasting.conflict_since == 0)
		run->lasting.conflict_since = GetCurrentTimestamp();
	if (run->lasting.conflict_ms + sync_waited_for_lock(run) >
	    ngeshare_settings.sync_timeout * 1000L)
	{
		run->lasting.transient_failures = ngeshare_settings.sync_retries;
		error->message =
		    psprintf("somebody else has held a lock here for %d s", ngeshare_settings.sync_timeout);
		error->hint = "SELECT pid, state, query FROM pg_stat_activity WHERE state LIKE 'idle in"
		              " transaction%' tells who may have forgotten to commit; so does"
		              " SELECT * FROM pg_prepared_xacts.";
		return false;
	}
	run->lasting.delay_ms = CONFLICT_DELAY_MS * (0.5 + pg_prng_double(&pg_global_prng_state));
	run->lasting.verdict = SYNC_RETRY;
	return true;
}

/*
 * Judges a step's error: puts the run back to where the step began, sets its verdict and what
 * follows from it, and notes the error to be logged. A connection that isn't idle is let go.
 */
void
sync_judge(SyncRun *run, ErrorData *error)
{
	SyncErrorClass error_class;
	bool was_narrowing;

	run->at = run->before;
	run->lasting.delay_ms = 0; /* what the step had to wait for it has waited for */
	if (run->lasting.remote != NULL && !remote_is_idle(run->lasting.remote))
		sync_drop_connection(run);
	if (waits_for_lock(run, error))
		return;
	was_narrowing = run->lasting.is_narrowing;
	run->lasting.attempts++;
	error_class = class_of(run, error->sqlerrcode);
	run->lasting.verdict = verdict_on(run, error, error_class);
	if (error_class == SYNC_ROW)
	{
		run->lasting.row_error = error->message;
		run->lasting.row_sqlstate = error->sqlerrcode;
	}
	if (run->lasting.verdict == SYNC_SKIP_TABLE && run->lasting.error == NULL)
		run->lasting.error = error;
	if (run->lasting.verdict == SYNC_END)
		sync_stop(run, error);
	/* While batches are halved to find a row that can't be stored, log the first error and the
	 * last. */
	if (error_class != SYNC_ROW || !was_narrowing || run->lasting.verdict != SYNC_RETRY)
		sync_note_error(run, error, error_class);
	if (run->lasting.verdict == SYNC_SKIP_TABLE)
	{
		sync_forget_failures(run);
		sync_leave_table(run);
	}
}

/* A step has succeeded, or its table was given up: what failed before counts no longer. */
void
sync_forget_failures(SyncRun *run)
{
	run->lasting.attempts = 0;
	run->lasting.transient_failures = 0;
	run->lasting.conflict_ms += sync_waited_for_lock(run);
	run->lasting.conflict_since = 0;
	run->lasting.is_narrowing = false;
	run->lasting.passes_over = false;
	run->lasting.isolates = false;
}
