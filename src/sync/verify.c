/*
 * src/sync/verify.c
 *		After a table's merge: is its content production's now? What is not, is
 *		found by key.
 *
 * Only buckets that the survey found differing are looked at again (all, where
 * the table came whole). Of buckets that differ still, the keys travel with
 * their rows' hashes; what they tell is written to ngeshare.difference.
 */
#include "sync/sync.h"

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
	            "stage_key", NIL);
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

	content_of_past(&past, run->window_start, sync_reporting_zone());
	if (run->rebuilds_past)
		digest_compare(run->remote, &past, DIGEST_NEW, &digest);
	else
		digest_compare_buckets(run->remote, &past, run->past_buckets, &digest);
	run->rebuilds_past = false;
	run->past_buckets = sync_keep_text(run, digest.buckets);
	return digest.differing == 0;
}

/* Compares the meetings before the window again, takes in what differs still, and looks once more.
 */
static void
verify_past(SyncRun *run)
{
	if ((!run->rebuilds_past && run->past_buckets == NULL) || past_is_same(run))
		return;
	sync_pull_past(run);
	sync_close_gate(true);
	sync_correct_past(run);
	if (past_is_same(run))
		return;
	run->tables[run->table].mismatching++;
	sync_note_finding(run, "The history before the window differs from production after it was"
	                       " corrected: CALL ngeshare_sync('full').");
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
 * where a table came whole all of it, with its parents, which were not looked for
 * yet. What is listed already is left.
 */
static int64
list_quarantined(const MirrorTable *table, bool all)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_bool(&args, all);
	return sql_run("INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	               " SELECT held.table_name, held.row_id, 'missing'"
	               " FROM ngeshare.quarantine AS held"
	               " WHERE held.table_name = $1 AND ($2 OR NOT held.is_whole)"
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

	if (run->table == MIRROR_ATTENDANCE)
		verify_past(run);
	if (state->is_whole || state->buckets != NULL)
		compare_again(run, &digest);
	if (digest.differing > 0)
	{
		to_fetch = sync_find_differences(run, digest.buckets);
		state->extra = count_extra(&mirror_tables[run->table]);
		to_fetch -= state->extra;
	}
	if (state->waiting > 0)
		to_fetch += list_quarantined(&mirror_tables[run->table], state->is_whole);
	run->repair_rows = REPAIR_ROWS;
	return to_fetch == 0;
}
