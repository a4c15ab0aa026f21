/*
 * src/sync/move/history.c
 *		Makes the meetings before the window the same as production's.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Stages the meetings before the window, counted by production: those of the groups in the buckets
 * that differ, or all of them if the run rebuilds the past.
 */
void
sync_pull_past(SyncRun *run)
{
	Timestamp end = run->at.rebuilds_past ? run->at.window_start : sync_compared_start(run);
	char *condition = "";

	if (!run->at.rebuilds_past)
		condition = sql_format(" WHERE bucket = ANY (%s::bigint[])",
		                       quote_literal_cstr(run->at.past_buckets));
	sync_clear("stage_meeting");
	remote_copy(
	    run->lasting.remote,
	    sql_format("SELECT group_id, episode_id, day, first_at, last_at, attendances"
	               " FROM (%s) AS meeting%s",
	               content_past_meetings(run->lasting.production->keys, end, sync_reporting_zone()),
	               condition),
	    "stage_meeting", NIL);
}

/* Replaces the past of the groups in the differing buckets with the staged meetings. */
void
sync_correct_past(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, run->at.past_buckets);
	sql_query_row("SELECT ngeshare.correct_past($1, $2::bigint[])", &args);
	sync_at_state(run)->written_meetings += sql_int64(1);
	sync_clear("stage_meeting");
}

/* Replaces the whole past with the staged meetings, whose days are in the reporting time zone. */
void
sync_replace_past(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, sync_reporting_zone());
	sql_add_timestamp(&args, run->at.window_start);
	sql_query_row("SELECT ngeshare.replace_past($1, $2, $3)", &args);
	sync_at_state(run)->written_meetings += sql_int64(1);
	sync_clear("stage_meeting");
}

/*
 * Moves the window's start to where this run's window starts. Subtracts the rows that leave the
 * window from both sides' row counts.
 */
void
sync_advance_window(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
	SqlArgs args = {0};

	sql_add_timestamp(&args, run->at.window_start);
	sql_query_row("SELECT ngeshare.advance_window($1)", &args);
	state->local_rows -= sql_int64(1);
	state->source_rows -= sql_int64(1);
}

/*
 * Compares the meetings before the window again, and corrects those that still differ. This takes
 * up to three steps: one compares and fetches, one writes, one compares again. Returns true if
 * another step has to follow; false when the past is the same, or still differs after it was
 * corrected.
 */
bool
sync_verify_past(SyncRun *run)
{
	if (run->at.is_fetched)
	{
		sync_correct_past(run);
		run->at.has_corrected_past = true;
		run->at.is_fetched = false;
		return true;
	}
	if ((!run->at.rebuilds_past && run->at.past_buckets == NULL) || sync_past_is_same(run))
		return false;
	if (!run->at.has_corrected_past)
	{
		sync_pull_past(run);
		run->at.is_fetched = true;
		return true;
	}
	run->at.past_buckets = NULL;
	sync_at_state(run)->mismatching++;
	sync_note_finding(run, "The history before the window differs from production after it was"
	                       " corrected: CALL ngeshare_sync('full').");
	return false;
}
