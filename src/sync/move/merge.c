/*
 * src/sync/move/merge.c
 *		Merges staging into the mirror, in one transaction per table. Also defines the
 *		operations of a table without a window.
 *
 * Other sessions may write to the mirror at the same time: the merge yields to them (waits.c). A
 * merge does not block readers, except while it fills an empty table (fill.c).
 */
#include "sync/move/move.h"

#include "sql.h"

/* Returns the watermark: production's updatedAt up to which the table is known to be complete. */
static Timestamp
watermark(const SyncRun *run)
{
	bool isnull;

	if (!mirror_query_row(sync_at_table(run),
	                      "SELECT watermark FROM ngeshare.sync_state WHERE table_name = $1"))
		return DT_NOBEGIN;
	return DatumGetTimestamp(sql_value(1, &isnull));
}

static void
define_content(SyncRun *run, Content *content)
{
	content_of_table(content, run->lasting.production->keys, run->at.table, watermark(run));
}

/*
 * Returns whether an empty table was never synced. A table may also be empty because all of its
 * rows are in quarantine.
 */
static bool
is_first(SyncRun *run)
{
	return !content_has_quarantined(sync_at_table(run));
}

static char *
all_rows(const SyncRun *run)
{
	return "true";
}

static void
bound_pass(const SyncRun *run, Timestamp *start, Timestamp *end)
{
	*start = run->at.tables[run->at.table].is_whole ? DT_NOBEGIN : watermark(run);
	*end = run->at.bound;
}

static void
write_staged(SyncRun *run)
{
	sync_write_differences(run, sync_at_table(run));
}

const SyncTableOps sync_plain_table = {
    .define_content = define_content,
    .is_first = is_first,
    .mirrored = all_rows,
    .bound_pass = bound_pass,
    .fill = sync_fill,
    .write = write_staged,
    .end_merge = sync_analyze_if_changed,
    .archive = sync_archive,
};

/*
 * Merges a table's staging. A table that is still empty is filled without its indexes, if
 * sync_may_fill() allows it. Its parents are then locked before staging is checked, so that none is
 * deleted before its children are in the mirror.
 */
void
sync_merge(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	const SyncTableOps *ops = sync_at_ops(run);
	bool is_first;

	is_first = (ops->begin_merge == NULL || ops->begin_merge(run)) && sync_may_fill(run, table);
	if (is_first)
		sync_lock_parents(table);
	else
		sync_keep_latest(table);
	sync_quarantine_unfit(run, table);
	if (run->lasting.isolates)
		sync_isolate(run, table);
	if (is_first)
		ops->fill(run);
	else
		ops->write(run);
	ops->end_merge(run);
	sync_count_quarantined(run, table);
	sync_close_pass(table);
	sync_clear(table->stage);
}
