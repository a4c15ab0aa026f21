/*
 * src/sync/log.c
 *		What a run leaves behind for people: sync_run, sync_log, sync_error_log.
 */
#include "sync/sync.h"

#include "sql.h"
#include "utils/builtins.h"
#include "utils/elog.h"

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

/* Opens a run's row and returns its id; closes runs whose backend died. */
int64
sync_log_begin(SyncRun *run, const char *trigger)
{
	SqlArgs args = {0};

	sql_run("UPDATE public.sync_log SET status = 'crashed' WHERE status = 'running'", NULL);
	sql_run("UPDATE public.sync_run SET status = 'crashed',"
	        " message = 'its backend died; the next run went on from its last batch'"
	        " WHERE status = 'running'",
	        NULL);
	sql_add_text(&args, sync_mode_name(run->mode));
	sql_add_text(&args, trigger);
	sql_add_timestamptz(&args, run->clock);
	sql_query_row("INSERT INTO public.sync_run (mode, trigger, status, clock)"
	              " VALUES ($1, $2, 'running', $3) RETURNING run_id",
	              &args);
	return sql_int64(1);
}

/* Opens the row of the table that the run is at, once a run. */
void
sync_log_open_table(SyncRun *run)
{
	SqlArgs args = {0};

	if (run->tables[run->table].started_at == 0)
		run->tables[run->table].started_at = GetCurrentTimestamp();
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, mirror_tables[run->table].name);
	sql_run("INSERT INTO public.sync_log (run_id, table_name, status) VALUES ($1, $2, 'running')"
	        " ON CONFLICT DO NOTHING",
	        &args);
}

/* Tells the caller, in one line, what became of a table. */
static void
notify_of_table(const SyncTable *state, const char *name, double seconds)
{
	if (state->inserted + state->updated + state->deleted == 0)
		ereport(NOTICE, (errmsg("%s: nothing changed (%lld rows, %.1f s)", name,
		                        (long long) state->local_rows, seconds)));
	else
		ereport(NOTICE,
		        (errmsg("%s: %lld inserted, %lld updated, %lld deleted (%lld rows, %.1f s)", name,
		                (long long) state->inserted, (long long) state->updated,
		                (long long) state->deleted, (long long) state->local_rows, seconds)));
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
	notify_of_table(state, mirror_tables[table].name, milliseconds / 1000.0);
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
	if (written == 0)
		return "Nothing changed.";
	return psprintf("%lld row(s) written.", (long long) written);
}

/* Closes a run that came to its end, as a success or as a warning with its findings. */
void
sync_log_finish(SyncRun *run)
{
	SqlArgs args = {0};
	char *message = describe_work(run);

	sync_forget_old_backups();
	if (run->findings.len > 0)
		message = psprintf("%s %s", message, run->findings.data);
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, run->findings.len > 0 ? "warning" : "success");
	sql_add_text(&args, message);
	sql_add_int64(&args, remote_bytes_received(run->remote));
	sql_run("UPDATE public.sync_run SET status = $2, message = $3, bytes_received = $4,"
	        " finished_at = clock_timestamp() WHERE run_id = $1",
	        &args);
	if (run->findings.len > 0)
		ereport(WARNING,
		        (errmsg("sync %lld ended with a warning: %s", (long long) run->run_id, message)));
	else
		ereport(NOTICE, (errmsg("sync %lld succeeded: %s", (long long) run->run_id, message)));
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
	sql_add_text(&args, run->phase < SYNC_FINISH ? mirror_tables[run->table].name : NULL);
	sql_add_int64(&args, pulled);
	sql_add_int64(&args, Max(expected, pulled));
	sql_add_float8(&args, expected > 0 ? done / (2.0 * expected) : 0);
	sql_run(
	    "INSERT INTO ngeshare.sync_progress"
	    " (run_id, phase, table_name, rows_done, rows_expected, share, heartbeat_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())"
	    " ON CONFLICT (singleton) DO UPDATE SET run_id = excluded.run_id, phase = excluded.phase,"
	    " table_name = excluded.table_name, rows_done = excluded.rows_done,"
	    " rows_expected = excluded.rows_expected, share = excluded.share,"
	    " heartbeat_at = excluded.heartbeat_at",
	    &args);
}

/* Whether trying again later may help, by SQLSTATE alone. */
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
			return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ||
			       sqlstate == ERRCODE_IDLE_IN_TRANSACTION_SESSION_TIMEOUT;
	}
}

/* Writes down, in a fresh transaction, why a run ended before its end. */
void
sync_log_failure(SyncRun *run, ErrorData *error)
{
	bool at_table = run->phase > SYNC_PREFLIGHT && run->phase < SYNC_FINISH;
	const char *status = error->sqlerrcode == ERRCODE_QUERY_CANCELED ? "cancelled" : "failed";
	SqlArgs args = {0};
	SqlArgs closing = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, at_table ? mirror_tables[run->table].name : NULL);
	sql_add_text(&args, sync_phase_name(run->phase));
	sql_add_text(&args, unpack_sql_state(error->sqlerrcode));
	sql_add_text(&args, is_transient(error->sqlerrcode) ? "transient" : "permanent");
	sql_add_text(&args, error->message);
	sql_add_text(&args, error->detail);
	sql_run("INSERT INTO public.sync_error_log (run_id, table_name, phase, attempt, sqlstate,"
	        " class, message, detail, will_retry)"
	        " VALUES ($1, $2, $3, 1, $4, $5, $6, $7, false)",
	        &args);

	sql_add_int64(&closing, run->run_id);
	sql_add_text(&closing, status);
	sql_add_text(&closing, error->message);
	sql_run("UPDATE public.sync_run SET status = $2, message = $3, finished_at = clock_timestamp()"
	        " WHERE run_id = $1",
	        &closing);
	closing.count = 2;
	sql_run("UPDATE public.sync_log SET status = $2, finished_at = clock_timestamp(),"
	        " duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000"
	        " WHERE run_id = $1 AND status = 'running'",
	        &closing);
}
