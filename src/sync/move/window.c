/*
 * src/sync/move/window.c
 *		Attendance: its window is made exactly production's, and what came before
 *		it becomes history, all in one transaction.
 *
 * A row that production moves across the window's edge changes both: it goes from
 * the raw rows and its day comes with the past, or the reverse.
 */
#include "sync/sync.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Stages what production's attendance before the window comes to, as meetings:
 * of the groups in the buckets that differ, or all of it.
 */
void
sync_pull_past(SyncRun *run)
{
	Timestamp end = run->rebuilds_past ? run->window_start : sync_compared_start(run);
	char *condition = "";

	if (!run->rebuilds_past)
		condition =
		    sql_format(" WHERE bucket = ANY (%s::bigint[])", quote_literal_cstr(run->past_buckets));
	sync_clear("stage_meeting");
	remote_copy(run->remote,
	            sql_format("SELECT group_id, episode_id, day, first_at, last_at, attendances"
	                       " FROM (%s) AS meeting%s",
	                       content_past_meetings(run->production->keys, end, sync_reporting_zone()),
	                       condition),
	            "stage_meeting", NIL);
}

/* Makes the past of the groups in the differing buckets what was staged. */
void
sync_correct_past(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, run->past_buckets);
	sql_query_row("SELECT ngeshare.correct_past($1, $2::bigint[])", &args);
	run->written_meetings += sql_int64(1);
	sync_clear("stage_meeting");
}

/* Makes the whole past what was staged, in the reporting zone; the window starts where it ends. */
static void
replace_past(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, sync_reporting_zone());
	sql_add_timestamp(&args, run->window_start);
	sql_query_row("SELECT ngeshare.replace_past($1, $2, $3)", &args);
	run->written_meetings += sql_int64(1);
	sync_clear("stage_meeting");
	sql_run("DELETE FROM ngeshare.stage_attendance WHERE \"attendedAt\" < $3"
	        " AND ngeshare.has_local_day(\"attendedAt\")",
	        &args);
}

/* Lets the window start where this run's does; the rows that leave it leave both counts. */
static void
advance_window(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	SqlArgs args = {0};

	sql_add_timestamp(&args, run->window_start);
	sql_query_row("SELECT ngeshare.advance_window($1)", &args);
	state->local_rows -= sql_int64(1);
	state->source_rows -= sql_int64(1);
}

/* A condition on the mirror: its day was pulled, and the row did not come. */
static char *
is_gone(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	char *pulled = "true";

	if (!state->is_whole)
		pulled = sql_format("mirror.\"attendedAt\"::date = ANY (%s::date[])",
		                    quote_literal_cstr(state->buckets != NULL ? state->buckets : "{}"));
	return sql_format("%s AND NOT EXISTS (SELECT 1 FROM ngeshare.stage_attendance AS stage"
	                  " WHERE stage.id = mirror.id) AND NOT EXISTS (SELECT 1"
	                  " FROM ngeshare.quarantine AS held WHERE held.table_name ="
	                  " 'UserHangoutGroupAttendance' AND held.row_id = mirror.id)",
	                  pulled);
}

/* A condition on the mirror: the row was listed by sync_look_for_gone(), as one of some kinds. */
static char *
is_listed(const char *kinds)
{
	return sql_format("mirror.id IN (SELECT listed.row_id FROM ngeshare.difference AS listed"
	                  " WHERE listed.table_name = 'UserHangoutGroupAttendance'"
	                  " AND listed.kind IN (%s))",
	                  kinds);
}

/*
 * Lists the raw rows that are going to be taken away, and asks production which of
 * them it still has, on another day, while nobody has to wait for its answer.
 * Raises NG002 where too many are gone.
 */
void
sync_look_for_gone(SyncRun *run)
{
	int64 listed;
	int64 gone;

	sql_run("DELETE FROM ngeshare.difference WHERE kind IN ('gone', 'moved')", NULL);
	listed = sql_run(sql_format("INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	                            " SELECT 'UserHangoutGroupAttendance', mirror.id, 'gone'"
	                            " FROM public.\"UserHangoutGroupAttendance\" AS mirror WHERE %s",
	                            is_gone(run)),
	                 NULL);
	sync_analyze_work("difference", listed);
	gone = sync_find_gone(run, "gone");
	sync_guard_removal(run, run->table, gone);
	sql_run("UPDATE ngeshare.difference AS listed SET kind = 'moved'"
	        " FROM ngeshare.stage_key AS there"
	        " WHERE listed.kind = 'gone' AND listed.row_id = there.row_id",
	        NULL);
}

/* Keeps, in archive and backup, what the write below is going to take away or change. */
static void
keep_old_rows(SyncRun *run)
{
	char *gone = sql_format("%s AND %s", is_listed("'gone'"), is_gone(run));

	sync_archive(run, &mirror_tables[MIRROR_ATTENDANCE], gone);
	sync_back_up_removed(run, gone);
	sync_back_up_changed(run);
	sync_back_up_added(run);
}

/* Makes the raw rows what staging says. What came to be gone since it was looked for is left. */
static void
write_window(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	int64 deleted;

	keep_old_rows(run);
	deleted = sql_run(sql_format("DELETE FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	                             " WHERE %s AND %s AND %s",
	                             is_listed("'gone', 'moved'"), is_gone(run),
	                             sync_unreferenced(&mirror_tables[MIRROR_ATTENDANCE])),
	                  NULL);
	sql_run("DELETE FROM ngeshare.difference WHERE kind IN ('gone', 'moved')", NULL);
	state->deleted += deleted;
	state->local_rows -= deleted;
	sync_write_differences(run, &mirror_tables[MIRROR_ATTENDANCE]);
}

/* The first load: raw rows at once. */
static void
fill_window(SyncRun *run)
{
	replace_past(run);
	sync_fill(run, &mirror_tables[MIRROR_ATTENDANCE]);
}

/* Makes window and past production's, and moves the window on. */
static void
merge_window(SyncRun *run)
{
	if (run->rebuilds_past)
		replace_past(run);
	else if (run->window_start < run->old_start)
		advance_window(run);
	if (!run->rebuilds_past && run->past_buckets != NULL)
		sync_correct_past(run);
	write_window(run);
	if (!run->rebuilds_past && run->window_start > run->old_start)
		advance_window(run);
}

/* Lets the planner know a window and a history that have changed much. */
static void
analyze_history(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];

	sync_analyze_if_changed(run, &mirror_tables[MIRROR_ATTENDANCE]);
	if (state->inserted <= state->local_rows / 10)
		return;
	sql_run("ANALYZE ngeshare.meeting_past", NULL);
}

/*
 * Forgets what waits in quarantine of days that lie before an instant: the past is
 * compared and taken in by itself. What has no local day is of no past.
 */
static void
forget_held_before(Timestamp start)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, start);
	sql_run("DELETE FROM ngeshare.quarantine WHERE table_name = 'UserHangoutGroupAttendance'"
	        " AND (content->>'attendedAt')::timestamp(3) < $1"
	        " AND ngeshare.has_local_day((content->>'attendedAt')::timestamp(3))",
	        &args);
}

/* The same of what was staged. */
static void
leave_past_behind(SyncRun *run)
{
	SqlArgs args = {0};

	forget_held_before(sync_compared_start(run));
	sql_add_timestamp(&args, sync_compared_start(run));
	sql_run("DELETE FROM ngeshare.stage_attendance WHERE \"attendedAt\" < $1"
	        " AND ngeshare.has_local_day(\"attendedAt\")",
	        &args);
}

/* Merges attendance, raw rows and history, in this one transaction. */
void
sync_merge_window(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	bool is_first;

	sync_close_gate();
	leave_past_behind(run);
	is_first =
	    run->rebuilds_past && sync_may_fill(run) && sync_is_empty(table) && sync_is_as_made(table);
	if (is_first)
		sync_lock_parents(table);
	else
		sync_keep_latest(table);
	sync_admit(run, table);
	if (run->isolates)
		sync_isolate(run, table);
	if (is_first)
		fill_window(run);
	else
		merge_window(run);
	run->old_start = run->window_start;
	forget_held_before(run->window_start);
	sync_count_quarantined(run, table);
	analyze_history(run);
	sync_close_pass(table);
	sync_clear("stage_attendance");
}
