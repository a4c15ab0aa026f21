/*
 * src/sync/preflight.c
 *		Before a run pulls anything: is production what it was, and which
 *		watermark and window will this run end with?
 */
#include "sync/sync.h"

#include "history/zone.h"
#include "mirror/check.h"
#include "mirror/connect.h"
#include "mirror/statistics.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Writes down which system the mirror's rows come from. */
static void
record_source(const Production *production)
{
	SqlArgs args = {0};

	sql_add_text(&args, production->source_id);
	sql_run(
	    "INSERT INTO ngeshare.source AS known (source_id) VALUES ($1)"
	    " ON CONFLICT (singleton) DO UPDATE SET source_id = excluded.source_id, recorded_at = now()"
	    " WHERE known.source_id <> excluded.source_id",
	    &args);
}

/*
 * Reads the watermark that passes begun now may end with: a row that commits
 * there later, with an earlier updatedAt, was stamped no earlier than its
 * transaction began, give or take the overlap. Without pg_read_all_stats other
 * sessions' transactions are not seen, and the overlap is all there is. A run's
 * own clock behind production's (a test's) holds it back as well.
 */
static Timestamp
read_bound(SyncRun *run)
{
	PGresult *result = remote_query(
	    run->remote,
	    "SELECT (extract(epoch FROM least(pg_catalog.clock_timestamp(),"
	    " (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity"
	    " WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()),"
	    " (SELECT min(prepared) FROM pg_catalog.pg_prepared_xacts"
	    " WHERE database = pg_catalog.current_database()))) * 1000000)::bigint");
	int64 unix_microseconds = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	Timestamp instant;

	PQclear(result);
	instant = unix_microseconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	return Min(instant, run->clock) - ngeshare_settings.sync_overlap * USECS_PER_SEC;
}

/*
 * Reads where this run's window starts: the local midnight so many days before
 * the clock of the last run that made attendance production's, or before ours.
 */
static Timestamp
read_window_start(SyncRun *run)
{
	SqlArgs args = {0};
	bool isnull;

	sql_add_text(&args, mirror_tables[MIRROR_ATTENDANCE].name);
	sql_add_timestamptz(&args, run->clock);
	sql_add_text(&args, sync_reporting_zone());
	sql_add_int64(&args, ngeshare_settings.attendance_window_days);
	if (!sql_query_row("WITH last_success (clock) AS ("
	                   " SELECT run.clock FROM public.sync_run AS run"
	                   " JOIN public.sync_log AS log ON log.run_id = run.run_id"
	                   " WHERE run.status IN ('success', 'warning')"
	                   " AND log.table_name = $1 AND log.status IN ('success', 'warning')"
	                   " ORDER BY run.run_id DESC LIMIT 1)"
	                   " SELECT (date_trunc('day', coalesce((SELECT clock FROM last_success), $2) "
	                   "AT TIME ZONE $3)"
	                   " - make_interval(days => $4::integer)) AT TIME ZONE $3 AT TIME ZONE 'UTC'",
	                   &args))
		elog(ERROR, "could not read the window's start");
	return DatumGetTimestamp(sql_value(1, &isnull));
}

/* Counts, table by table, the rows that this run is going to pull. */
static void
count_expected(SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const MirrorTable *table = &mirror_tables[i];
		SqlArgs args = {0};
		PGresult *result;
		Timestamp low = DT_NOBEGIN;

		if (!run->wanted[i])
			continue;
		sql_add_text(&args, table->name);
		if (i == MIRROR_ATTENDANCE)
			low = run->window_start;
		else if (!run->is_full &&
		         sql_query_row("SELECT watermark FROM ngeshare.sync_state WHERE table_name = $1",
		                       &args))
			low = DatumGetTimestamp(sql_value(1, &(bool){false}));
		result = remote_query(
		    run->remote, sql_format("SELECT count(*) FROM public.%s WHERE %s >= timestamp '%s'",
		                            quote_identifier(table->name), quote_identifier(table->stamp),
		                            sync_spell_stamp(low)));
		run->counts[i].expected = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
		PQclear(result);
	}
}

/* Checks production, and reads the run's watermark and window. */
void
sync_preflight(SyncRun *run)
{
	MemoryContext caller;
	SqlArgs args = {0};
	Production *production;

	/* A full run rebuilds the history in the zone that is set. */
	if (!run->is_full || !run->wanted[MIRROR_ATTENDANCE])
		history_check_zone();
	connect_bind_to_extension();
	caller = MemoryContextSwitchTo(run->context);
	run->remote = remote_open_production();
	MemoryContextSwitchTo(caller);
	production = production_check(run->remote);
	production_check_same(production);
	record_source(production);
	statistics_copy(run->remote);
	run->bound = read_bound(run);
	if (run->wanted[MIRROR_ATTENDANCE])
	{
		run->window_start = read_window_start(run);
		sql_add_int64(&args, run->run_id);
		sql_add_timestamptz(&args, run->window_start);
		sql_run("UPDATE public.sync_run SET window_start = $2 WHERE run_id = $1", &args);
	}
	count_expected(run);
}
