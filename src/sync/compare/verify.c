/*
 * src/sync/compare/verify.c
 *		After a table's merge: is its content production's now? What is not, is
 *		found by key.
 *
 * Only buckets that the comparison found differing are looked at again (all, where
 * the table came whole). Of buckets that differ still, the keys travel with
 * their rows' hashes; what they tell is written to ngeshare.difference.
 */
#include "sync/compare/compare.h"

#include "sql.h"

/*
 * Compares the table's content again: as a whole, or where it differed. Returns the
 * buckets that differ still, or NULL.
 */
char *
sync_compare_again(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
	Digest digest = {0};

	if (!state->is_whole && state->buckets == NULL)
		return NULL;
	sync_define_content(run);
	if (state->is_whole)
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

/* How many rows here production no longer has, as the keys told. */
static int64
count_extra(const MirrorTable *table)
{

	mirror_query_row(table, "SELECT count(*) FROM ngeshare.difference"
	                        " WHERE table_name = $1 AND kind = 'extra'");
	return sql_int64(1);
}

/*
 * Lists what waits in quarantine to be fetched again by key: what never came, and
 * where a table came whole what lacks a parent, since parents were not looked for
 * yet. What the mirror has refused, and what is listed already, is left.
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
 * Lists by key what differs in some buckets (NULL: none do) and what waits in
 * quarantine; returns whether any of it has to be fetched.
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
