/*
 * src/sync/move/window.c
 *		The operations of attendance, the table with a window: one transaction makes the rows
 *		of the window the same as production's, and turns attendance before the window into
 *		history.
 *
 * If production changes a row's attendedAt across the window's start, both the raw rows and the
 * past change: the row leaves the raw rows and counts in the past, or the reverse.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Returns a condition on the mirror's rows: the row's day was pulled, but the row is neither in
 * staging nor in quarantine.
 */
static char *
is_gone(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
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

/*
 * Returns a condition on the mirror's rows: sync_look_for_gone() listed the row as one of some
 * kinds.
 */
static char *
is_listed(const char *kinds)
{
	return sql_format("mirror.id IN (SELECT listed.row_id FROM ngeshare.difference AS listed"
	                  " WHERE listed.table_name = 'UserHangoutGroupAttendance'"
	                  " AND listed.kind IN (%s))",
	                  kinds);
}

/*
 * Lists the raw rows that will be deleted, and asks production which of them it still has, on
 * another day. This is a step of its own, so that nobody waits for a lock of the merge while
 * production answers. Raises NG002 if too many rows are gone.
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
	sync_guard_removal(run, run->at.table, gone);
	sql_run("UPDATE ngeshare.difference AS listed SET kind = 'moved'"
	        " FROM ngeshare.stage_key AS there"
	        " WHERE listed.kind = 'gone' AND listed.row_id = there.row_id",
	        NULL);
}

static void
archive(SyncRun *run, const char *condition)
{
	sync_archive(run, condition);
	sync_back_up_removed(run, condition);
}

/*
 * Copies the rows that are gone from production into the archive and the backup. Copies the rows
 * that write_window() will change, and the ids of those that it will add, into the backup.
 */
static void
keep_old_rows(SyncRun *run)
{
	char *gone = sql_format("%s AND %s", is_listed("'gone'"), is_gone(run));

	archive(run, gone);
	sync_back_up_changed(run);
	sync_back_up_added(run);
}

/*
 * Makes the raw rows of the pulled days the same as the staged rows. Deletes only rows that
 * sync_look_for_gone() has listed and that no row references.
 */
static void
write_window(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
	int64 deleted;

	keep_old_rows(run);
	deleted = sql_run(sql_format("DELETE FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	                             " WHERE %s AND %s AND %s",
	                             is_listed("'gone', 'moved'"), is_gone(run),
	                             sync_unreferenced(sync_at_table(run))),
	                  NULL);
	sql_run("DELETE FROM ngeshare.difference WHERE kind IN ('gone', 'moved')", NULL);
	state->deleted += deleted;
	state->local_rows -= deleted;
	sync_write_differences(run, sync_at_table(run));
}

static void
define_content(SyncRun *run, Content *content)
{
	content_of_window(content, run->lasting.production->keys, sync_compared_start(run));
}

static bool
is_first(SyncRun *run)
{
	return TIMESTAMP_IS_NOBEGIN(run->at.old_start);
}

static char *
since_start(const SyncRun *run)
{
	return content_is_recent(sync_compared_start(run));
}

/*
 * Sets the range of the pass. Attendance's watermark is the clock of the run that made its window.
 */
static void
bound_pass(const SyncRun *run, Timestamp *start, Timestamp *end)
{
	*start = sync_compared_start(run);
	*end = run->clock;
}

/*
 * Deletes quarantined attendance before an instant: it belongs to the past, which is compared and
 * corrected without quarantine. Rows without a local day stay in quarantine.
 */
static void
forget_quarantined_before(Timestamp start)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, start);
	sql_run("DELETE FROM ngeshare.quarantine WHERE table_name = 'UserHangoutGroupAttendance'"
	        " AND (content->>'attendedAt')::timestamp(3) < $1"
	        " AND ngeshare.has_local_day((content->>'attendedAt')::timestamp(3))",
	        &args);
}

/* Deletes staged attendance before an instant, except rows without a local day. */
static void
forget_staged_before(Timestamp start)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, start);
	sql_run("DELETE FROM ngeshare.stage_attendance WHERE \"attendedAt\" < $1"
	        " AND ngeshare.has_local_day(\"attendedAt\")",
	        &args);
}

/*
 * Replaces the whole past with the staged meetings, and deletes staged attendance before the
 * window.
 */
static void
replace_past(SyncRun *run)
{
	sync_replace_past(run);
	forget_staged_before(run->at.window_start);
}

static bool
begin_merge(SyncRun *run)
{
	forget_quarantined_before(sync_compared_start(run));
	forget_staged_before(sync_compared_start(run));
	return run->at.rebuilds_past;
}

/* Does the first load: replaces the past and fills the raw rows. */
static void
fill(SyncRun *run)
{
	replace_past(run);
	sync_fill(run);
}

/* Makes the window and the past the same as production's, and moves the window's start. */
static void
write_both(SyncRun *run)
{
	if (run->at.rebuilds_past)
		replace_past(run);
	else if (run->at.window_start < run->at.old_start)
		sync_advance_window(run);
	if (!run->at.rebuilds_past && run->at.past_buckets != NULL)
		sync_correct_past(run);
	write_window(run);
	if (!run->at.rebuilds_past && run->at.window_start > run->at.old_start)
		sync_advance_window(run);
}

/*
 * Notes that the window now starts where this run's does, deletes quarantined attendance before
 * the window, and analyzes tables of which much has changed.
 */
static void
end_merge(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);

	run->at.old_start = run->at.window_start;
	forget_quarantined_before(run->at.window_start);
	sync_analyze_if_changed(run);
	if (state->inserted > state->local_rows / 10)
		sql_run("ANALYZE ngeshare.meeting_past", NULL);
}

/*
 * Deletes staged rows that are before the window now: production changed their attendedAt after
 * the comparison had listed them for repair. Also backs up the rows that the repair will change.
 */
static void
prepare_repair(SyncRun *run)
{
	forget_staged_before(run->at.window_start);
	sync_back_up_changed(run);
}

const SyncTableOps sync_windowed_table = {
    .define_content = define_content,
    .is_first = is_first,
    .compare_past = sync_compare_past,
    .mirrored = since_start,
    .bound_pass = bound_pass,
    .begin_merge = begin_merge,
    .fill = fill,
    .write = write_both,
    .end_merge = end_merge,
    .prepare_repair = prepare_repair,
    .archive = archive,
};
