/*
 * src/sync/run/preflight.c
 *		The first phase of a run: checks that production is still the database that the
 *		mirror's rows came from, and sets the run's watermark and window.
 */
#include "sync/compare/compare.h"
#include "sync/run/run.h"

#include "common/int.h"
#include "history/zone.h"
#include "mirror/check.h"
#include "mirror/connect.h"
#include "mirror/statistics.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Raises NG003 if production has begun fewer transactions than at an earlier sync. */
static void
refuse_restored(const Production *production, SqlArgs *args)
{
	if (sql_query_row("SELECT transactions, recorded_at::text FROM ngeshare.source"
	                  " WHERE $3 AND transactions > $2 AND $2 > 0",
	                  args))
		ereport(
		    ERROR,
		    (errcode(NGESHARE_ERRCODE_SOURCE_RESTORED),
		     errmsg("production has gone back in time: it was restored from a backup, or has lost"
		            " its last transactions"),
		     errdetail("It has begun %lld transactions; on %s it had begun %lld. The run changes"
		               " nothing more in this database.",
		               (long long) production->transactions, sql_text(2), (long long) sql_int64(1)),
		     errhint("If its present data is right: DELETE FROM ngeshare.source;"
		             " CALL ngeshare_sync('full');")));
}

/*
 * Records in ngeshare.source which system the mirror's rows come from, and how many
 * transactions it has begun. Raises NG003 if it has begun fewer than at an earlier sync. A run of
 * mode verify only checks, and records nothing.
 */
static void
record_source(SyncRun *run, const Production *production)
{
	SqlArgs args = {0};
	char *identity = production->source_id;
	bool is_same = false;

	if (sql_query_row("SELECT source_id FROM ngeshare.source", NULL))
	{
		char *known = sql_text(1);

		is_same = identity_is_same(known, identity);
		if (is_same)
			identity = identity_merge(known, identity);
	}
	sql_add_text(&args, identity);
	sql_add_int64(&args, production->transactions);
	sql_add_bool(&args, is_same);
	refuse_restored(production, &args);
	if (run->mode == SYNC_COMPARE)
		return;
	sql_run("INSERT INTO ngeshare.source AS known (source_id, transactions) VALUES ($1, $2)"
	        " ON CONFLICT (singleton) DO UPDATE SET source_id = excluded.source_id,"
	        " transactions = CASE WHEN $3 THEN greatest(known.transactions, excluded.transactions)"
	        " ELSE excluded.transactions END, recorded_at = now()"
	        " WHERE known.source_id <> excluded.source_id"
	        " OR known.transactions < excluded.transactions",
	        &args);
}

/* Returns whether the login may read a system view of production and call the view's function. */
static bool
may_read(SyncRun *run, const char *view, const char *function)
{
	char *sql = sql_format("SELECT pg_catalog.has_table_privilege('pg_catalog.%s', 'SELECT')"
	                       " AND pg_catalog.has_function_privilege('pg_catalog.%s', 'EXECUTE')",
	                       view, function);

	return remote_bool(remote_rows(run->lasting.remote, sql, "bool", 1, 1), 0, 0);
}

/*
 * Adds a finding if a prepared transaction of production is older than sync_overlap and so holds
 * the watermark back: it belongs to no session, so pg_stat_activity does not show it.
 */
static void
name_prepared(SyncRun *run)
{
	char *sql =
	    sql_format("SELECT gid, prepared::timestamp(0)::text FROM pg_catalog.pg_prepared_xacts"
	               " WHERE database = pg_catalog.current_database()"
	               " AND prepared < pg_catalog.clock_timestamp() - interval '%d s'"
	               " ORDER BY prepared LIMIT 1",
	               ngeshare_settings.sync_overlap);
	RemoteRows *rows = remote_rows(run->lasting.remote, sql, "text text", 0, 1);

	if (rows->count > 0)
		sync_note_finding(run,
		                  "The prepared transaction \"%s\" of production has been open since %s: it"
		                  " holds back the watermarks of syncs. On production: ROLLBACK PREPARED or"
		                  " COMMIT PREPARED.",
		                  remote_text(rows, 0, 0), remote_text(rows, 0, 1));
}

/*
 * Returns SQL for the start of production's oldest transactions, as arguments of least(): those
 * of sessions and prepared ones, as far as the login may read them.
 */
static char *
oldest_transaction(SyncRun *run)
{
	StringInfoData sql;

	initStringInfo(&sql);
	if (may_read(run, "pg_stat_activity", "pg_stat_get_activity(integer)"))
		appendStringInfoString(&sql, ", (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity"
		                             " WHERE datname = pg_catalog.current_database()"
		                             " AND pid <> pg_catalog.pg_backend_pid())");
	if (may_read(run, "pg_prepared_xacts", "pg_prepared_xact()"))
	{
		name_prepared(run);
		appendStringInfoString(&sql, ", (SELECT min(prepared) FROM pg_catalog.pg_prepared_xacts"
		                             " WHERE database = pg_catalog.current_database())");
	}
	return sql.data;
}

/*
 * Returns the watermark that a table without a window gets at the end of a pass that begins now:
 * the earliest of production's clock, the start of its oldest transaction and the run's clock,
 * minus sync_overlap. A row that commits later has an updatedAt no earlier than the start of its
 * transaction, give or take sync_overlap, so the next pass finds it. Without pg_read_all_stats the
 * login does not see when transactions of other users started, and only sync_overlap protects
 * their rows. In tests the run's clock may be behind production's.
 */
static Timestamp
read_bound(SyncRun *run)
{
	char *sql = sql_format("SELECT (extract(epoch FROM least(pg_catalog.clock_timestamp()%s))"
	                       " * 1000000)::bigint",
	                       oldest_transaction(run));
	int64 unix_microseconds =
	    remote_int64(remote_rows(run->lasting.remote, sql, "int", 1, 1), 0, 0);
	Timestamp instant;

	/* An instant before 2000 or out of range is no valid clock reading. */
	if (pg_sub_s64_overflow(unix_microseconds,
	                        (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY, &instant) ||
	    instant < 0 || !IS_VALID_TIMESTAMP(instant))
		remote_refuse(run->lasting.remote, ERRCODE_PROTOCOL_VIOLATION, "its clock is invalid", sql);
	return Min(instant, run->clock) - ngeshare_settings.sync_overlap * USECS_PER_SEC;
}

/*
 * Returns the start of this run's window: the local midnight attendance_window_days before the
 * clock of the last successful run that synced attendance, or before this run's clock if there
 * was none.
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
	                   " WHERE run.status IN ('success', 'warning') AND run.mode <> 'verify'"
	                   " AND log.table_name = $1 AND log.status IN ('success', 'warning')"
	                   " ORDER BY run.run_id DESC LIMIT 1)"
	                   " SELECT (date_trunc('day', coalesce((SELECT clock FROM last_success), $2) "
	                   "AT TIME ZONE $3)"
	                   " - make_interval(days => $4::integer)) AT TIME ZONE $3 AT TIME ZONE 'UTC'",
	                   &args))
		elog(ERROR, "could not read the window's start");
	return DatumGetTimestamp(sql_value(1, &isnull));
}

/* Returns the present start of the window; DT_NOBEGIN before the first sync. */
static Timestamp
read_old_start(void)
{
	bool isnull;

	if (!sql_query_row("SELECT window_start FROM ngeshare.history_state", NULL))
		return DT_NOBEGIN;
	return DatumGetTimestamp(sql_value(1, &isnull));
}

/*
 * Opens the run's connection, and checks that it leads to the production that the mirror came
 * from. If the check fails the connection is closed, and the next try of the step opens another.
 */
void
sync_reopen(SyncRun *run)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);

	sync_drop_connection(run);
	run->lasting.remote = remote_open_production();
	PG_TRY();
	{
		run->lasting.production = production_check(run->lasting.remote);
		MemoryContextSwitchTo(caller);
		production_check_same(run->lasting.production);
		record_source(run, run->lasting.production);
	}
	PG_CATCH();
	{
		sync_drop_connection(run);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* Closes the run's connection if it has one. */
void
sync_drop_connection(SyncRun *run)
{
	if (run->lasting.remote == NULL)
		return;
	run->lasting.bytes_received += remote_bytes_received(run->lasting.remote);
	remote_close(run->lasting.remote);
	run->lasting.remote = NULL;
}

/* Checks production, and reads the run's watermark and window. */
void
sync_preflight(SyncRun *run)
{
	SqlArgs args = {0};

	/* A full run with attendance rebuilds the history in the zone of ngeshare.timezone. */
	if (run->mode != SYNC_FULL || !run->wanted[MIRROR_ATTENDANCE])
		history_check_zone();
	connect_bind_to_extension();
	sync_reopen(run);
	sync_record_drift(run);
	statistics_copy(run->lasting.remote);
	run->at.bound = read_bound(run);
	run->at.old_start = read_old_start();
	if (run->wanted[MIRROR_ATTENDANCE])
	{
		run->at.window_start = read_window_start(run);
		run->at.rebuilds_past = run->mode == SYNC_FULL || TIMESTAMP_IS_NOBEGIN(run->at.old_start);
		sql_add_int64(&args, run->run_id);
		sql_add_timestamptz(&args, run->at.window_start);
		sql_run("UPDATE public.sync_run SET window_start = $2 WHERE run_id = $1", &args);
	}
	sync_forget_differences();
}
