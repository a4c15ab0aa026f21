/*
 * src/sync/run/retry.c
 *		Decides what a failed step means for its run: retry the step, skip the table, or
 *		end the run.
 *
 * The class of an error follows from its SQLSTATE and the phase. After a transient error the
 * step is retried up to ngeshare.sync_retries times, with a wait that doubles. After a row error
 * it is retried with smaller batches, to find the row. If retries do not help, and after any other
 * error, the table and those that point to it are skipped. The run ends instead if other tables
 * would fail, too: for example, production can't be reached or has lost too many rows.
 *
 * A step that can't get a lock in time (waits.c) rolls back and is retried, without an error in
 * the log, until the run has waited for locks for longer than ngeshare.sync_timeout.
 */
#include "sync/run/run.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "ngeshare.h"

/* The longest wait before a retry, in milliseconds, give or take a quarter. */
#define BACKOFF_MAX_MS 60000

/*
 * The wait after a lock conflict, in milliseconds, give or take a half. Meanwhile the sessions
 * that waited for the step's locks get them.
 */
#define CONFLICT_DELAY_MS 250

/* Returns the wait after a number of failures in a row, in ms, give or take a quarter. */
long
sync_backoff(int failures)
{
	double delay = ngeshare_settings.sync_retry_base;

	for (int i = 1; i < failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	delay = Min(delay, BACKOFF_MAX_MS);
	return delay * (0.75 + 0.5 * pg_prng_double(&pg_global_prng_state));
}

/* Returns whether an error is a 57014 that this session raised, not one of production's. */
bool
sync_is_own_stop(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED && error->funcname != NULL &&
	       strcmp(error->funcname, "ProcessInterrupts") == 0;
}

/* Returns whether an error is a cancel by a user, not a timeout of this session. */
static bool
is_cancel(const ErrorData *error)
{
	return sync_is_own_stop(error) && error->message_id != NULL &&
	       strcmp(error->message_id, "canceling statement due to user request") == 0;
}

/* Ends the run with an error, and notes whether the error is a cancel by a user. */
void
sync_stop(SyncRun *run, ErrorData *error)
{
	run->lasting.verdict = SYNC_END;
	run->lasting.error = error;
	run->lasting.is_cancelled = is_cancel(error);
}

/* Returns whether an error is a lock timeout or a deadlock in this database. */
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

/* Returns whether a retry may succeed. */
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

/* Returns whether an error concerns the whole run, not one table: other tables would fail too. */
static bool
concerns_all_tables(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case MAKE_SQLSTATE('0', '8', '0', '0', '0'):
		case MAKE_SQLSTATE('2', '8', '0', '0', '0'): /* the login */
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'): /* system error */
		case MAKE_SQLSTATE('N', 'G', '0', '0', '0'): /* NG001 to NG003 */
			return true;
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):
			return sqlstate != ERRCODE_QUERY_CANCELED;
		default:
			return false;
	}
}

/* Returns whether a phase moves rows, and so can fail because of a single row. */
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

/* Halves a number of rows; returns false if it was 1 already. */
static bool
halve(int *rows)
{
	bool could = *rows > 1;

	*rows = Max(1, *rows / 2);
	return could;
}

/*
 * Prepares a retry after a row error. A pull or a repair is retried with half the rows and, once a
 * batch is one row, without that row. SYNC_PARENTS is skipped. A merge is retried with a search for
 * rows that can't be stored (isolate.c). Returns false if all of that was tried.
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
			/* The merge puts rows whose parents are missing into quarantine. */
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

/* Decides how the run continues after an error, and prepares a retry. */
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

/*
 * Handles a lock conflict: sets a retry and returns true, until the run has waited for locks for
 * longer than sync_timeout. Then it writes that wait into the error's message, uses up the step's
 * retries and returns false, so that sync_judge() gives up the table, or ends the run if the phase
 * works on no table. Returns false for all other errors.
 */
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
		error->message = psprintf("the sync has waited %d s for locks of other sessions"
		                          " (ngeshare.sync_timeout)",
		                          ngeshare_settings.sync_timeout);
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
 * Handles the error of a step: restores run->at, sets the verdict, and notes the error for the
 * log, unless it is a lock conflict that is retried. Closes the connection to production if it
 * isn't idle.
 */
void
sync_judge(SyncRun *run, ErrorData *error)
{
	SyncErrorClass error_class;
	bool was_narrowing;

	run->at = run->before;
	run->lasting.delay_ms = 0; /* the wait before this step is over */
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
	/*
	 * While batches are halved to find a row, the same error repeats: note it the first time, and
	 * again only if the retries are given up.
	 */
	if (error_class != SYNC_ROW || !was_narrowing || run->lasting.verdict != SYNC_RETRY)
		sync_note_error(run, error, error_class);
	if (run->lasting.verdict == SYNC_SKIP_TABLE)
	{
		sync_forget_failures(run);
		sync_leave_table(run);
	}
}

/* Resets what is known about failures, after a step has succeeded or a table was given up. */
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
