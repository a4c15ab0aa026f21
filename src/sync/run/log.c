/*
 * src/sync/run/log.c
 *		What a run leaves behind for people: sync_run, sync_log, sync_error_log.
 */
#include "sync/sync.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * The run that holds the lock or is about to take it: 0 where none does, -1 where
 * it has not said so yet.
 */
int64
sync_log_running(void)
{
	if (sql_query_row("SELECT run_id FROM public.ngeshare_sync_status() WHERE running", NULL))
		return sql_int64(1);
	return sql_query_row("SELECT 1 FROM ngeshare.sync_lock", NULL) ? -1 : 0;
}

/* Lets the alerts know, in the transaction that closes a run, how it has ended. */
static void
note_alert(int64 run_id)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run_id);
	sql_run("SELECT ngeshare.alert_note_run($1)", &args);
}

/*
 * Makes sure that an error can be written down when the disk is full: a row that
 * comes and goes leaves its place in the table and its index.
 */
static void
make_room_for_errors(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_run("INSERT INTO public.sync_error_log"
	        " (run_id, phase, attempt, sqlstate, class, message, detail, will_retry)"
	        " VALUES ($1, 'preflight', 1, '00000', 'transient', repeat('room ', 200),"
	        " repeat('room ', 200), false)",
	        &args);
	sql_run("DELETE FROM public.sync_error_log WHERE run_id = $1", &args);
}

/*
 * Closes runs whose backend died before it could say so: killed, or with its
 * server. Where each was is known from the progress that it had committed.
 */
static void
close_crashed_runs(void)
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
	                     " message = 'its backend died; the next run went on from its last batch'"
	                     " WHERE run_id = (SELECT min(run_id) FROM public.sync_run"
	                     " WHERE status = 'running') RETURNING run_id",
	                     NULL))
		note_alert(sql_int64(1));
}

/* Opens a run's row and returns its id; closes runs whose backend died. */
int64
sync_log_begin(SyncRun *run, const char *trigger)
{
	SqlArgs args = {0};
	int nest_level = NewGUCNestLevel();

	sync_limit_lock_waits();
	close_crashed_runs();
	sql_add_text(&args, sync_mode_name(run->mode));
	sql_add_text(&args, trigger);
	sql_add_timestamptz(&args, run->clock);
	sql_query_row("INSERT INTO public.sync_run (mode, trigger, status, clock)"
	              " VALUES ($1, $2, 'running', $3) RETURNING run_id",
	              &args);
	run->run_id = sql_int64(1);
	sync_log_progress(run);
	make_room_for_errors(run);
	AtEOXact_GUC(true, nest_level);
	return run->run_id;
}

/* Opens a table's row, once a run. */
static void
open_table(SyncRun *run, int table)
{
	SqlArgs args = {0};

	if (run->tables[table].started_at == 0)
		run->tables[table].started_at = GetCurrentTimestamp();
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, mirror_tables[table].name);
	sql_run("INSERT INTO public.sync_log (run_id, table_name, status) VALUES ($1, $2, 'running')"
	        " ON CONFLICT DO NOTHING",
	        &args);
}

/* Opens the row of the table that the run is at. */
void
sync_log_open_table(SyncRun *run)
{
	open_table(run, run->table);
}

/* Tells the caller, in one line, what became of a table. */
static void
notify_of_table(const SyncRun *run, int table, double seconds)
{
	const SyncTable *state = &run->tables[table];
	int64 meetings = table == MIRROR_ATTENDANCE ? run->written_meetings : 0;
	char *work = "nothing changed";

	if (state->inserted + state->updated + state->deleted + meetings > 0)
		work = psprintf("%lld inserted, %lld updated, %lld deleted", (long long) state->inserted,
		                (long long) state->updated, (long long) state->deleted);
	if (meetings > 0)
		work =
		    psprintf("%s, %lld meeting(s) before the window written", work, (long long) meetings);
	ereport(NOTICE, (errmsg("%s: %s (%lld rows, %.1f s)", mirror_tables[table].name, work,
	                        (long long) state->local_rows, seconds)));
}

/* Closes a table's row with what was done to it; its rows are counted without those in quarantine.
 */
void
sync_log_close_table(SyncRun *run, int table)
{
	const SyncTable *state = &run->tables[table];
	long milliseconds = TimestampDifferenceMilliseconds(state->started_at, GetCurrentTimestamp());
	bool is_clean = state->waiting == 0 && state->mismatching == 0;
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, mirror_tables[table].name);
	sql_add_text(&args, is_clean ? "success" : "warning");
	sql_run("UPDATE public.sync_log SET status = $3, finished_at = clock_timestamp(),"
	        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000"
	        " WHERE run_id = $1 AND table_name = $2",
	        &args);
	args.count = 2;
	sql_add_int64(&args, state->pulled);
	sql_add_int64(&args, state->inserted);
	sql_add_int64(&args, state->updated);
	sql_add_int64(&args, state->deleted);
	sql_add_int64(&args, state->repaired);
	sql_add_int64(&args, state->source_rows);
	sql_add_int64(&args, state->local_rows);
	sql_run("UPDATE public.sync_log SET rows_pulled = $3, rows_inserted = $4, rows_updated = $5,"
	        " rows_deleted = $6, rows_repaired = $7, source_rows = $8, local_rows = $9"
	        " WHERE run_id = $1 AND table_name = $2",
	        &args);
	notify_of_table(run, table, milliseconds / 1000.0);
}

/* What a run did, in a sentence. */
static char *
describe_work(const SyncRun *run)
{
	int64 written = 0;

	for (int i = 0; i < MIRROR_TABLES; i++)
		written += run->tables[i].inserted + run->tables[i].updated + run->tables[i].deleted;
	if (run->mode == SYNC_COMPARE)
		return run->findings.len > 0 ? "Compared, nothing changed." : "Everything is the same.";
	if (run->written_meetings > 0)
		return psprintf("%lld row(s) and %lld meeting(s) before the window written.",
		                (long long) written, (long long) run->written_meetings);
	if (written == 0)
		return "Nothing changed.";
	return psprintf("%lld row(s) written.", (long long) written);
}

/* Adds to the findings how many rows of each table wait in quarantine. */
static void
describe_quarantine(SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->tables[table].waiting > 0)
			sync_note_finding(run,
			                  "%lld row(s) of \"%s\" wait in quarantine: see ngeshare.quarantine.",
			                  (long long) run->tables[table].waiting, mirror_tables[table].name);
}

/* Adds to the findings which tables have failed, and which were skipped since they need one. */
static void
describe_failed_tables(SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->tables[table].has_failed)
			sync_note_finding(
			    run, "\"%s\" %s.", mirror_tables[table].name,
			    run->tables[table].is_skipped ? "was skipped: what it points to failed" : "failed");
}

/* Tells the caller how the run has ended. What it failed with is raised behind this. */
static void
notify_of_run(const SyncRun *run, const char *status, const char *message)
{
	if (strcmp(status, "success") == 0)
		ereport(NOTICE, (errmsg("sync %lld succeeded: %s", (long long) run->run_id, message)));
	else if (strcmp(status, "warning") == 0)
		ereport(WARNING,
		        (errmsg("sync %lld ended with a warning: %s", (long long) run->run_id, message)));
	else
		ereport(WARNING, (errmsg("sync %lld failed: %s", (long long) run->run_id, message)));
}

/*
 * Closes a run that came to its end: as a success, as a warning with its findings,
 * or, where a table was given up, as failed with that table's error.
 */
void
sync_log_finish(SyncRun *run)
{
	SqlArgs args = {0};
	const char *status;
	char *message;

	sync_forget_old_backups();
	sync_log_errors(run);
	sync_tell_drift(run);
	describe_quarantine(run);
	describe_failed_tables(run);
	message = describe_work(run);
	status = run->error != NULL ? "failed" : run->findings.len > 0 ? "warning" : "success";
	if (run->error != NULL)
		message = remote_without_secrets(run->error->message);
	if (run->findings.len > 0)
		message = psprintf("%s %s", message, run->findings.data);
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, status);
	sql_add_text(&args, message);
	sql_add_int64(&args, run->bytes_received +
	                         (run->remote != NULL ? remote_bytes_received(run->remote) : 0));
	sql_run("UPDATE public.sync_run SET status = $2, message = $3, bytes_received = $4,"
	        " finished_at = clock_timestamp() WHERE run_id = $1",
	        &args);
	note_alert(run->run_id);
	notify_of_run(run, status, message);
}

/* Writes down where the run is now, for those who watch: what comes next, and how far it is. */
void
sync_log_progress(SyncRun *run)
{
	SqlArgs args = {0};
	int64 expected = 0;
	int64 pulled = 0;
	double done = 0;

	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const SyncTable *state = &run->tables[i];

		expected += state->expected;
		pulled += state->pulled;
		done += state->is_done ? 2.0 * state->expected : Min(state->pulled, state->expected);
	}
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, sync_phase_name(run->phase));
	sql_add_text(&args, run->phase > SYNC_PREFLIGHT && run->phase < SYNC_SETTLE
	                        ? mirror_tables[run->table].name
	                        : NULL);
	sql_add_int64(&args, pulled);
	sql_add_int64(&args, Max(expected, pulled));
	sql_add_float8(&args, expected > 0 ? done / (2.0 * expected) : 0);
	sql_run(
	    "INSERT INTO ngeshare.sync_progress"
	    " (run_id, phase, table_name, rows_done, rows_expected, share, heartbeat_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())"
	    " ON CONFLICT (singleton) DO UPDATE SET run_id = excluded.run_id, phase = excluded.phase,"
	    " table_name = excluded.table_name, rows_done = excluded.rows_done, is_resumed = false,"
	    " rows_expected = excluded.rows_expected, share = excluded.share,"
	    " heartbeat_at = excluded.heartbeat_at",
	    &args);
}

/* Writes of each table that was given up that it has failed, or that a parent of it has. */
void
sync_log_failed_tables(SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
	{
		SqlArgs args = {0};

		if (!run->tables[table].has_failed)
			continue;
		open_table(run, table);
		sql_add_int64(&args, run->run_id);
		sql_add_text(&args, mirror_tables[table].name);
		sql_add_text(&args, run->tables[table].is_skipped ? "skipped" : "failed");
		sql_run("UPDATE public.sync_log SET status = $3, finished_at = clock_timestamp(),"
		        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000"
		        " WHERE run_id = $1 AND table_name = $2 AND status <> $3",
		        &args);
	}
}

/* Closes a run that has ended before its end, and the table that it was at. */
void
sync_log_failure(SyncRun *run)
{
	const char *status = run->is_cancelled ? "cancelled" : "failed";
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, status);
	sql_run("UPDATE public.sync_log SET status = $2, finished_at = clock_timestamp(),"
	        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000"
	        " WHERE run_id = $1 AND status = 'running'",
	        &args);
	sql_add_text(&args, remote_without_secrets(run->error->message));
	sql_add_int64(&args, run->bytes_received);
	sql_run("UPDATE public.sync_run SET status = $2, message = $3, bytes_received = $4,"
	        " finished_at = clock_timestamp() WHERE run_id = $1",
	        &args);
	note_alert(run->run_id);
}
