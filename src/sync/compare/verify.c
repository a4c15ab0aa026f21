/*
 * src/sync/compare/verify.c
 *		After a table's merge: is its content production's now? What is not, is
 *		found by key.
 *
 * Only buckets that the survey found differing are looked at again (all, where
 * the table came whole). Of buckets that differ still, the keys travel with
 * their rows' hashes; what they tell is written to ngeshare.difference.
 */
#include "sync/sync.h"

#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/*
 * Compares the keys in some buckets and notes each that is missing here, differs,
 * or is extra; returns how many they are.
 */
int64
sync_find_differences(SyncRun *run, const char *buckets)
{
	const Content *content = &run->tables[run->table].content;
	SqlArgs args = {0};

	sync_clear("stage_key");
	remote_copy(run->remote,
	            sql_format("SELECT id, hash FROM (%s) AS source",
	                       digest_rows_in(content, content->source_rows, buckets)),
	            "stage_key", list_make2(makeString("row_id"), makeString("hash")));
	sql_add_text(&args, content->name);
	return sql_run(
	    sql_format(
	        "INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	        " SELECT $1, coalesce(source.row_id, here.id),"
	        " CASE WHEN here.id IS NULL THEN 'missing'"
	        " WHEN source.row_id IS NULL THEN 'extra' ELSE 'changed' END"
	        " FROM ngeshare.stage_key AS source FULL JOIN (SELECT id, hash FROM (%s) AS rows)"
	        " AS here ON here.id = source.row_id"
	        " WHERE source.hash IS DISTINCT FROM here.hash OR here.id IS NULL"
	        " OR source.row_id IS NULL",
	        digest_rows_in(content, content->local_rows, buckets)),
	    &args);
}

/* Compares the meetings before the window, all or where they differed; notes where they do. */
static bool
past_is_same(SyncRun *run)
{
	Content past;
	Digest digest = {0};

	content_of_past(&past, run->production->keys, run->window_start, sync_reporting_zone());
	if (run->rebuilds_past)
		digest_compare(run->remote, &past, DIGEST_NEW, &digest);
	else
		digest_compare_buckets(run->remote, &past, run->past_buckets, &digest);
	run->rebuilds_past = false;
	run->past_buckets = sync_keep_text(run, digest.buckets);
	return digest.differing == 0;
}

/*
 * Compares the meetings before the window again, and takes in what differs still:
 * a step that looks and fetches, a step that writes, a step that looks once more.
 * False once the past is settled, or is known not to be.
 */
bool
sync_verify_past(SyncRun *run)
{
	if (run->is_fetched)
	{
		sync_close_gate();
		sync_correct_past(run);
		run->has_corrected_past = true;
		run->is_fetched = false;
		return true;
	}
	if ((!run->rebuilds_past && run->past_buckets == NULL) || past_is_same(run))
		return false;
	if (!run->has_corrected_past)
	{
		sync_pull_past(run);
		run->is_fetched = true;
		return true;
	}
	run->past_buckets = NULL;
	run->tables[run->table].mismatching++;
	sync_note_finding(run, "The history before the window differs from production after it was"
	                       " corrected: CALL ngeshare_sync('full').");
	return false;
}

/* Compares the table's content again: as a whole, or where the survey found differences. */
static void
compare_again(SyncRun *run, Digest *digest)
{
	SyncTable *state = &run->tables[run->table];

	sync_define_content(run);
	if (!state->is_whole)
	{
		digest_compare_buckets(run->remote, &state->content, state->buckets, digest);
		state->source_rows += digest->source_rows - state->differing_rows;
		return;
	}
	digest_compare(run->remote, &state->content, DIGEST_NEW, digest);
	state->local_rows = digest->local_weight;
	state->source_rows = digest->source_rows;
	if (run->table == MIRROR_ATTENDANCE)
		state->source_rows = digest->source_weight;
}

/* How many rows here production no longer has, as the keys told. */
static int64
count_extra(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_query_row("SELECT count(*) FROM ngeshare.difference"
	              " WHERE table_name = $1 AND kind = 'extra'",
	              &args);
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

/* Compares a merged table with production; false where rows have to be fetched by key. */
bool
sync_verify(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	Digest digest = {0};
	int64 to_fetch = 0;

	if (state->is_whole || state->buckets != NULL)
		compare_again(run, &digest);
	if (digest.differing > 0)
	{
		sync_hold_surplus(run);
		to_fetch = sync_find_differences(run, digest.buckets);
		state->extra = count_extra(&mirror_tables[run->table]);
		to_fetch -= state->extra;
	}
	sync_forget_kept(&mirror_tables[run->table]);
	if (state->waiting > 0)
		to_fetch += list_quarantined(&mirror_tables[run->table], state->is_whole);
	sync_analyze_work("difference", to_fetch + state->extra);
	run->repair_rows = REPAIR_ROWS;
	run->repaired_to = 0;
	return to_fetch == 0;
}
