/*
 * src/sync/compare/verify.c
 *		Checks after a table's merge that its content is the same as production's, and lists
 *		the rows that still differ.
 *
 * Only the buckets that differed before the merge are compared again (all buckets, if the whole
 * table was pulled or rows of an interrupted run were merged). For the buckets that still differ,
 * production sends its rows' ids and hashes. The rows that differ are listed in
 * ngeshare.difference.
 */
#include "sync/compare/compare.h"

#include "sql.h"

/*
 * Compares the table's content again, in the buckets that differed. Compares all buckets if the
 * whole table was pulled, or if rows of an interrupted run were merged: production may have deleted
 * those rows before this run compared. Returns the buckets that still differ, or NULL if none does.
 */
char *
sync_compare_again(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
	bool compares_all = state->is_whole || state->has_old_rows;
	Digest digest = {0};

	if (!compares_all && state->buckets == NULL)
		return NULL;
	sync_define_content(run);
	if (compares_all)
	{
		digest_compare(run->lasting.remote, &state->content, DIGEST_NEW, &digest);
		state->local_rows = digest.local_weight;
		state->source_rows = digest.compared_rows;
	}
	else
	{
		digest_compare_buckets(run->lasting.remote, &state->content, state->buckets, &digest);
		state->source_rows += digest.source_rows - state->differing_rows;
	}
	return digest.buckets;
}

/* Counts the rows of the mirror that production no longer has, as listed in ngeshare.difference. */
static int64
count_extra(const MirrorTable *table)
{

	mirror_query_row(table, "SELECT count(*) FROM ngeshare.difference"
	                        " WHERE table_name = $1 AND kind = 'extra'");
	return sql_int64(1);
}

/*
 * Lists the quarantined rows that are to be fetched again by key: rows of which only the key is
 * known or, if the whole table was pulled, all rows. A pull of the whole table does not fetch
 * missing parents, so a row may be in quarantine only because its parent was not fetched. Leaves
 * out rows that the mirror has refused, and rows that are listed already.
 */
static int64
list_quarantined(const MirrorTable *table, bool came_whole)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_bool(&args, came_whole);
	return sql_run(
	    "INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	    " SELECT held.table_name, held.row_id, 'missing'"
	    " FROM ngeshare.quarantine AS held"
	    " WHERE held.table_name = $1 AND NOT held.is_refused AND ($2 OR NOT held.is_whole)"
	    " AND NOT EXISTS (SELECT 1 FROM ngeshare.difference AS known"
	    " WHERE known.table_name = $1 AND known.row_id = held.row_id)",
	    &args);
}

/*
 * Lists the rows that differ in some buckets (NULL: no bucket differs), and the quarantined rows
 * that are to be fetched again. Returns whether there are rows to fetch.
 */
bool
sync_list_differences(SyncRun *run, const char *buckets)
{
	SyncTable *state = sync_at_state(run);
	int64 to_fetch = 0;

	if (buckets != NULL)
	{
		to_fetch = sync_find_differences(run, buckets);
		state->extra = count_extra(sync_at_table(run));
		to_fetch -= state->extra;
	}
	sync_forget_kept(sync_at_table(run));
	if (state->waiting > 0)
		to_fetch += list_quarantined(sync_at_table(run), state->is_whole);
	sync_analyze_work("difference", to_fetch + state->extra);
	run->at.repair_rows = REPAIR_ROWS;
	run->at.repaired_to = 0;
	return to_fetch > 0;
}
