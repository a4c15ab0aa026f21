/*
 * src/sync/compare/past.c
 *		The meetings before the window, compared group by group.
 */
#include "sync/compare/compare.h"

#include "sql.h"

/* Whether neither side has anything before an instant; older counts production's rows. */
static bool
has_no_past(int64 older)
{
	return older == 0 && !sql_query_row("SELECT 1 FROM ngeshare.meeting_past LIMIT 1", NULL);
}

/*
 * Compares the meetings before the window. Adds their attendances to this side of
 * the table's own comparison, which has counted all of production's.
 */
void
sync_compare_past(SyncRun *run, Digest *digest)
{
	Content past;
	Digest compared = {0};
	Timestamp end = sync_compared_start(run);

	if (has_no_past(digest->source_rows - digest->source_weight))
		return;
	content_of_past(&past, run->lasting.production->keys, end, sync_reporting_zone());
	digest_compare(run->lasting.remote, &past, run->mode == SYNC_COMPARE ? DIGEST_NEW : DIGEST_KEPT,
	               &compared);
	digest->local_rows += compared.local_weight;
	digest->differing += compared.differing;
	run->at.past_buckets = sync_keep_text(run, compared.buckets);
}

/* Compares those meetings again, all or where they differed; notes where they do still. */
bool
sync_past_is_same(SyncRun *run)
{
	Content past;
	Digest digest = {0};

	content_of_past(&past, run->lasting.production->keys, run->at.window_start,
	                sync_reporting_zone());
	if (run->at.rebuilds_past)
		digest_compare(run->lasting.remote, &past, DIGEST_NEW, &digest);
	else
		digest_compare_buckets(run->lasting.remote, &past, run->at.past_buckets, &digest);
	run->at.rebuilds_past = false;
	run->at.past_buckets = sync_keep_text(run, digest.buckets);
	return digest.differing == 0;
}
