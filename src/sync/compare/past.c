/*
 * src/sync/compare/past.c
 *		Compares the meetings before the window, in buckets of groups.
 *
 * Production takes longer to count its whole past than for all other queries of a sync. An
 * incremental run therefore compares only as many buckets as a time budget allows, in turns
 * (ngeshare.choose_past_buckets() in verify.sql chooses them).
 */
#include "sync/compare/compare.h"

#include "ngeshare.h"
#include "sql.h"

/* Returns whether neither side has a past. older: production's number of rows before the window. */
static bool
has_no_past(int64 older)
{
	return older == 0 && !sql_query_row("SELECT 1 FROM ngeshare.meeting_past LIMIT 1", NULL);
}

/*
 * Records that buckets of the past (all if buckets is NULL) were compared and are the same, except
 * the differing ones.
 */
static void
note_compared(SyncRun *run, const char *buckets, const char *differing, double milliseconds)
{
	SqlArgs args = {0};

	sql_add_text(&args, buckets);
	sql_add_text(&args, differing);
	sql_add_int64(&args, run->run_id);
	sql_add_timestamptz(&args, run->clock);
	sql_add_float8(&args, milliseconds);
	sql_query_row("SELECT ngeshare.note_past_compared($1::bigint[], $2::bigint[], $3, $4, $5)",
	              &args);
}

/* Returns the buckets of the past that the run compares; NULL for all. */
static char *
choose_buckets(const SyncRun *run)
{
	SqlArgs args = {0};

	if (run->mode != SYNC_INCREMENTAL)
		return NULL;
	sql_add_int64(&args, ngeshare_settings.sync_past_budget);
	sql_query_row("SELECT ngeshare.choose_past_buckets($1)::text", &args);
	return sql_text(1);
}

/*
 * Compares some buckets of the past, or all if buckets is NULL, and records how long production
 * took.
 */
static void
compare_buckets(SyncRun *run, const Content *past, const char *buckets, Digest *digest)
{
	TimestampTz began = GetCurrentTimestamp();

	digest_compare_kept(run->lasting.remote, past, buckets, digest);
	note_compared(run, buckets, digest->buckets, (GetCurrentTimestamp() - began) / 1000.0);
}

/*
 * Compares the meetings before the window, in all buckets or in those that choose_buckets()
 * returns. Notes the buckets that differ.
 */
static void
compare_past(SyncRun *run, bool all, Content *past, Digest *compared)
{
	const ProductionKeys *keys = run->lasting.production->keys;

	content_of_past(past, keys, sync_compared_start(run), sync_reporting_zone());
	digest_keep(past, run->mode == SYNC_COMPARE ? DIGEST_NEW : DIGEST_KEPT);
	compare_buckets(run, past, all ? NULL : choose_buckets(run), compared);
	run->at.past_buckets = sync_keep_text(run, compared->buckets);
	run->at.past_parents = sync_keep_text(run, content_has_parents(keys));
}

/*
 * Compares the meetings before the window. Adds all their attendances to digest->local_rows,
 * because production's count in digest includes the attendance before the window.
 */
void
sync_compare_past(SyncRun *run, Digest *digest)
{
	Content past;
	Digest compared = {0};

	if (has_no_past(digest->source_rows - digest->source_weight))
	{
		note_compared(run, NULL, NULL, 0);
		return;
	}
	compare_past(run, false, &past, &compared);
	digest->local_rows += digest_kept_weight(&past);
	digest->differing += compared.differing;
}

/*
 * Compares the whole past again, before attendance is pulled, if other parents are in quarantine
 * than at the first comparison: attendance whose parent is in quarantine does not count.
 */
void
sync_compare_past_again(SyncRun *run)
{
	Content past;
	Digest compared = {0};

	if (run->at.rebuilds_past || run->at.past_parents == NULL ||
	    strcmp(run->at.past_parents, content_has_parents(run->lasting.production->keys)) == 0)
		return;
	compare_past(run, true, &past, &compared);
	if (compared.differing > 0)
		sync_at_state(run)->is_same = false;
}

/*
 * Compares the past again after the merge: all of it if the run rebuilt it, otherwise the buckets
 * that differed. Notes the buckets that still differ, and returns whether there are none.
 */
bool
sync_past_is_same(SyncRun *run)
{
	Content past;
	Digest digest = {0};

	content_of_past(&past, run->lasting.production->keys, run->at.window_start,
	                sync_reporting_zone());
	if (run->at.rebuilds_past)
	{
		digest_keep(&past, DIGEST_NEW);
		compare_buckets(run, &past, NULL, &digest);
	}
	else
	{
		digest_compare_buckets(run->lasting.remote, &past, run->at.past_buckets, &digest);
		note_compared(run, run->at.past_buckets, digest.buckets, -1);
	}
	run->at.rebuilds_past = false;
	run->at.past_buckets = sync_keep_text(run, digest.buckets);
	return digest.differing == 0;
}
