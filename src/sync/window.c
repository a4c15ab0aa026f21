/*
 * src/sync/window.c
 *		Attendance: its window is made exactly production's, and the days that
 *		leave it become history, all in one transaction.
 */
#include "sync/sync.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

/* A stamp of production's as text that reads the same under any DateStyle. */
char *
sync_spell_stamp(Timestamp stamp)
{
	char *buffer = palloc(MAXDATELEN + 1);
	struct pg_tm tm;
	fsec_t fsec;

	if (TIMESTAMP_NOT_FINITE(stamp))
		return TIMESTAMP_IS_NOBEGIN(stamp) ? "-infinity" : "infinity";
	if (timestamp2tm(stamp, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("a sync's stamp is outside the calendar")));
	EncodeDateTime(&tm, fsec, false, 0, NULL, USE_ISO_DATES, buffer);
	return buffer;
}

/* A condition on attendedAt, as SQL. */
static char *
condition_on_window(SyncRun *run, const char *operator)
{
	return sql_format(" WHERE \"attendedAt\" %s timestamp '%s'", operator,
	                  sync_spell_stamp(run->window_start));
}

/* Stages what production's whole attendance before the window comes to, as meetings. */
void
sync_pull_past(SyncRun *run)
{
	char *query =
	    sql_format("SELECT \"hangoutGroupId\"::text, \"hangoutEpisodeId\"::text,"
	               " ((\"attendedAt\" AT TIME ZONE 'UTC') AT TIME ZONE %s)::date,"
	               " min(\"attendedAt\")::timestamp(3), max(\"attendedAt\")::timestamp(3), count(*)"
	               " FROM public.\"UserHangoutGroupAttendance\"%s AND \"attendedAt\" >= "
	               "'4713-01-03 00:00:00 BC'"
	               " GROUP BY 1, 2, 3",
	               quote_literal_cstr(sync_reporting_zone()), condition_on_window(run, "<"));

	sql_run("TRUNCATE ngeshare.stage_meeting", NULL);
	remote_copy(run->remote, query, "ngeshare", "stage_meeting");
}

/*
 * Stages, by id, those of our window's rows that production no longer has there:
 * one that was moved to an earlier day has a place in the past.
 */
void
sync_pull_moved(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	char *columns = mirror_columns(table, "%1$I", ", ");
	SqlArgs args = {0};
	bool isnull;
	Datum ids;

	sql_add_timestamp(&args, run->window_start);
	sql_query_row("SELECT array_agg(mirror.id) FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	              " WHERE mirror.\"attendedAt\" >= $1"
	              " AND NOT EXISTS (SELECT 1 FROM ngeshare.stage_attendance AS stage"
	              " WHERE stage.id = mirror.id)",
	              &args);
	ids = sql_value(1, &isnull);
	if (isnull)
		return;
	args.types[0] = TEXTARRAYOID;
	args.values[0] = ids;
	sql_run(sql_format("INSERT INTO ngeshare.stage_attendance (%s) SELECT %s"
	                   " FROM production.\"UserHangoutGroupAttendance\" WHERE id = ANY ($1)",
	                   columns, columns),
	        &args);
}

/* Gives the days before the window their place in the history, and frees them here. */
static void
settle_past(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, run->window_start);
	if (run->rebuilds_past)
	{
		sql_add_text(&args, sync_reporting_zone());
		sql_run("SELECT ngeshare.replace_past($2, $1)", &args);
		sql_run("TRUNCATE ngeshare.stage_meeting", NULL);
		return;
	}
	sql_run("SELECT ngeshare.advance_window($1)", &args);
}

/* Closes attendance's pass: its window is complete as of the run's clock. */
static void
close_window_pass(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_run("UPDATE ngeshare.sync_state SET watermark = pass_bound, pass_run_id = NULL,"
	        " pass_full = NULL, pass_bound = NULL, pass_stamp = NULL, pass_id = NULL,"
	        " pass_pulled = false WHERE table_name = $1",
	        &args);
}

/* Makes the window's raw rows what staging says, and the history what they say. */
void
sync_merge_window(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	SqlArgs args = {0};

	sql_run("LOCK TABLE public.\"UserHangoutGroupAttendance\" IN SHARE ROW EXCLUSIVE MODE", NULL);
	sync_admit(run, table);
	settle_past(run);
	sql_add_timestamp(&args, run->window_start);
	sql_run("DELETE FROM ngeshare.stage_attendance WHERE \"attendedAt\" < $1", &args);
	run->counts[run->table].deleted +=
	    sql_run("DELETE FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	            " WHERE NOT EXISTS (SELECT 1 FROM ngeshare.stage_attendance AS stage"
	            " WHERE stage.id = mirror.id)",
	            NULL);
	sync_write_differences(run, table);
	sync_count_rows(run, condition_on_window(run, ">="), "");
	if (run->counts[run->table].inserted > run->counts[run->table].local_rows / 10)
	{
		sql_run("ANALYZE public.\"UserHangoutGroupAttendance\"", NULL);
		sql_run("ANALYZE ngeshare.meeting_recent", NULL);
		sql_run("ANALYZE ngeshare.meeting_past", NULL);
	}
	close_window_pass(table);
	sql_run("TRUNCATE ngeshare.stage_attendance", NULL);
}
