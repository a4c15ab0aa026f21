/*
 * src/sync/run/finish.c
 *		The end of a run: refreshes the snapshot, and closes the run's row in sync_run.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"
#include "sync/run/run.h"

#include "sendable.h"
#include "sql.h"

/* Returns whether any table of the run has failed. */
static bool
has_failed_table(const SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->at.tables[table].has_failed)
			return true;
	return false;
}

/* Tells the alert code how a run ended, in the transaction that closes the run. */
static void
note_alert(int64 run_id)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run_id);
	sql_run("SELECT ngeshare.alert_note_run($1)", &args);
}

/*
 * Closes runs whose backend was killed, or died with PostgreSQL, as 'crashed'. Table and phase of
 * the logged error come from the progress that such a run had committed.
 */
void
sync_close_crashed(void)
{
	sql_run("UPDATE public.sync_log SET status = 'crashed' WHERE status = 'running'", NULL);
	sql_run("INSERT INTO public.sync_error_log (run_id, table_name, phase, attempt, sqlstate,"
	        " class, message, will_retry)"
	        " SELECT run.run_id, progress.table_name, coalesce(progress.phase, 'preflight'), 1,"
	        " '57P02', 'transient', 'the backend of sync ' || run.run_id || ' died', true"
	        " FROM public.sync_run AS run"
	        " LEFT JOIN ngeshare.sync_progress AS progress USING (run_id)"
	        " WHERE run.status = 'running'",
	        NULL);
	while (sql_query_row("UPDATE public.sync_run SET status = 'crashed',"
	                     " message = 'its backend died; all batches that it had committed remain'"
	                     " WHERE run_id = (SELECT min(run_id) FROM public.sync_run"
	                     " WHERE status = 'running') RETURNING run_id",
	                     NULL))
		note_alert(sql_int64(1));
}

/* Returns one sentence on what a run wrote. */
static char *
describe_work(const SyncRun *run)
{
	int64 written = 0;
	int64 meetings = 0;

	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const SyncTable *state = &run->at.tables[i];

		written += state->inserted + state->updated + state->deleted;
		meetings += state->written_meetings;
	}
	if (run->mode == SYNC_COMPARE)
		return run->at.findings != NULL ? "Compared, nothing changed." : "Everything is the same.";
	if (meetings > 0)
		return psprintf("%lld row(s) and %lld meeting(s) before the window written.",
		                (long long) written, (long long) meetings);
	if (written == 0)
		return "Nothing changed.";
	return psprintf("%lld row(s) written.", (long long) written);
}

/* Adds to the findings how many rows of each table wait in quarantine. */
static void
describe_quarantine(SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->at.tables[table].waiting > 0)
			sync_note_finding(run,
			                  "%lld row(s) of \"%s\" wait in quarantine: see ngeshare.quarantine.",
			                  (long long) run->at.tables[table].waiting, mirror_tables[table].name);
}

/* Adds to the findings which tables failed, and which were skipped because of a failed table. */
static void
describe_failed_tables(SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->at.tables[table].has_failed)
			sync_note_finding(run, "\"%s\" %s.", mirror_tables[table].name,
			                  run->at.tables[table].is_skipped
			                      ? "was skipped: a table that it references failed"
			                      : "failed");
}

/* Sends the client a NOTICE or WARNING on how the run ended; a failed run's error follows it. */
static void
notify_of_run(const SyncRun *run, const char *status, const char *ending)
{
	char *message = sendable_text(ending);

	if (strcmp(status, "success") == 0)
		ereport(NOTICE, (errmsg("sync %lld succeeded: %s", (long long) run->run_id, message)));
	else if (strcmp(status, "warning") == 0)
		ereport(WARNING,
		        (errmsg("sync %lld ended with a warning: %s", (long long) run->run_id, message)));
	else
		ereport(WARNING, (errmsg("sync %lld failed: %s", (long long) run->run_id, message)));
}

/* Closes a run's row in sync_run, and tells the alert code how the run ended. */
static void
close_run(const SyncRun *run, const char *status, const char *message)
{
	int64 received = run->lasting.bytes_received;
	SqlArgs args = {0};

	if (run->lasting.remote != NULL)
		received += remote_bytes_received(run->lasting.remote);
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, status);
	sql_add_text(&args, message);
	sql_add_int64(&args, received);
	sql_run("UPDATE public.sync_run SET status = $2, message = $3, bytes_received = $4,"
	        " finished_at = clock_timestamp(), past_compared_since = ngeshare.past_compared_since()"
	        " WHERE run_id = $1",
	        &args);
	note_alert(run->run_id);
}

/*
 * Closes a run that went through all its phases: as a success, as a warning with its findings,
 * or, if tables were given up, as failed with the first such table's error.
 */
void
sync_finish(SyncRun *run)
{
	const char *status;
	char *message;

	sync_forget_old_backups();
	sync_log_errors(run);
	sync_tell_drift(run);
	describe_quarantine(run);
	describe_failed_tables(run);
	message = describe_work(run);
	status = run->at.findings != NULL ? "warning" : "success";
	if (run->lasting.error != NULL)
	{
		status = "failed";
		message = remote_without_secrets(run->lasting.error->message);
	}
	if (run->at.findings != NULL)
		message = psprintf("%s %s", message, run->at.findings);
	close_run(run, status, message);
	notify_of_run(run, status, message);
}

/*
 * Refreshes the snapshot and closes the run, in one transaction, so readers see both or
 * neither. If a table has failed or attendance was not synced, snapshot_state.known_until keeps its
 * old value.
 */
void
sync_refresh_and_finish(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_bool(&args, run->mode == SYNC_FULL);
	sql_add_bool(&args, has_failed_table(run));
	sql_query_row("SELECT ngeshare.refresh_after_sync($1, $2, $3)", &args);
	sync_finish(run);
}

/* Closes a run that was cancelled or failed in one of its phases, and its current table. */
void
sync_log_failure(SyncRun *run)
{
	const char *status = run->lasting.is_cancelled ? "cancelled" : "failed";
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, status);
	sql_run("UPDATE public.sync_log SET status = $2, finished_at = clock_timestamp(),"
	        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000"
	        " WHERE run_id = $1 AND status = 'running'",
	        &args);
	close_run(run, status, remote_without_secrets(run->lasting.error->message));
}
