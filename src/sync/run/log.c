/*
 * src/sync/run/log.c
 *		Writes a run's rows in sync_run and sync_log, and its progress in
 *		ngeshare.sync_progress.
 */
#include "sync/run/run.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Returns the run_id of the sync that runs or is about to run, or 0 if there is none. Returns -1
 * if a session holds the sync's lock and sync_run has no row of a running sync.
 */
int64
sync_log_running(void)
{
	if (sql_query_row("SELECT run_id FROM public.ngeshare_sync_status() WHERE running", NULL))
		return sql_int64(1);
	return sql_query_row("SELECT 1 FROM ngeshare.sync_lock", NULL) ? -1 : 0;
}

/*
 * Reserves space, so that an error can usually be logged even when the disk is full: inserting a
 * row and deleting it leaves free space in the table and its index.
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

/* Closes runs whose backend died, inserts the new run's row, and returns its run_id. */
int64
sync_log_begin(SyncRun *run, const char *trigger)
{
	SqlArgs args = {0};
	int nest_level = NewGUCNestLevel();

	sync_limit_lock_waits();
	sync_close_crashed();
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

/* Inserts a table's row into sync_log, once per run. */
void
sync_log_open_table(SyncRun *run, int table)
{
	SqlArgs args = {0};

	if (run->at.tables[table].started_at == 0)
		run->at.tables[table].started_at = GetCurrentTimestamp();
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, mirror_tables[table].name);
	sql_run("INSERT INTO public.sync_log (run_id, table_name, status) VALUES ($1, $2, 'running')"
	        " ON CONFLICT DO NOTHING",
	        &args);
}

/* Sends the client a NOTICE with one line on what was done to a table. */
static void
notify_of_table(const SyncRun *run, int table, double seconds)
{
	const SyncTable *state = &run->at.tables[table];
	int64 meetings = state->written_meetings;
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

/* Closes a table's row in sync_log with the run's counts for the table. */
void
sync_log_close_table(SyncRun *run, int table)
{
	const SyncTable *state = &run->at.tables[table];
	long milliseconds = TimestampDifferenceMilliseconds(state->started_at, GetCurrentTimestamp());
	bool is_clean = state->waiting == 0 && state->mismatching == 0;
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, mirror_tables[table].name);
	sql_add_text(&args, is_clean ? "success" : "warning");
	sql_add_int64(&args, state->pulled);
	sql_add_int64(&args, state->inserted);
	sql_add_int64(&args, state->updated);
	sql_add_int64(&args, state->deleted);
	sql_add_int64(&args, state->repaired);
	sql_add_int64(&args, state->source_rows);
	sql_add_int64(&args, state->local_rows);
	sql_run("UPDATE public.sync_log SET status = $3, finished_at = clock_timestamp(),"
	        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000,"
	        " rows_pulled = $4, rows_inserted = $5, rows_updated = $6, rows_deleted = $7,"
	        " rows_repaired = $8, source_rows = $9, local_rows = $10"
	        " WHERE run_id = $1 AND table_name = $2",
	        &args);
	notify_of_table(run, table, milliseconds / 1000.0);
}

/* Writes the run's next phase and its progress to sync_progress, for ngeshare_sync_status(). */
void
sync_log_progress(SyncRun *run)
{
	SqlArgs args = {0};
	int64 expected = 0;
	int64 pulled = 0;
	double done = 0;

	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const SyncTable *state = &run->at.tables[i];

		expected += state->expected;
		pulled += state->pulled;
		done += state->is_done ? 2.0 * state->expected : Min(state->pulled, state->expected);
	}
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, sync_phase_name(run->at.phase));
	sql_add_text(&args, sync_table_name(run));
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

/* Sets in sync_log the status of the tables that were given up: failed or skipped. */
void
sync_log_failed_tables(SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
	{
		SqlArgs args = {0};

		if (!run->at.tables[table].has_failed)
			continue;
		sync_log_open_table(run, table);
		sql_add_int64(&args, run->run_id);
		sql_add_text(&args, mirror_tables[table].name);
		sql_add_text(&args, run->at.tables[table].is_skipped ? "skipped" : "failed");
		sql_run("UPDATE public.sync_log SET status = $3, finished_at = clock_timestamp(),"
		        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000"
		        " WHERE run_id = $1 AND table_name = $2 AND status <> $3",
		        &args);
	}
}
