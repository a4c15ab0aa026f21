/*
 * src/sync/compare/compare.c
 *		Compares each table's content on both sides, before anything is pulled.
 *
 * A table whose content is the same is not pulled in an incremental run. Each side sums up its
 * rows' hashes by bucket: production reads its table once, and the mirror's sums are cached
 * (digest.c). The buckets that differ are compared again after the merge (verify.c). If production
 * has lost too many rows, the comparison refuses the run (NG002) before the mirror is changed.
 */
#include "sync/compare/compare.h"

#include "sql.h"
#include "utils/builtins.h"

/* Sets the queries for the table's content, in memory that lives as long as the run. */
void
sync_define_content(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);

	sync_at_ops(run)->define_content(run, &state->content);
	state->content.source_rows = sync_keep_text(run, state->content.source_rows);
	state->content.surplus = sync_keep_text(run, state->content.surplus);
	state->content.local_rows = sync_keep_text(run, state->content.local_rows);
}

/*
 * Notes that all rows of a table that was never synced are pulled, and counts them in production.
 * The guard against too many deletions (guard.c) takes its percentage from this number.
 */
static void
count_first_rows(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
	RemoteRows *rows = remote_rows(run->lasting.remote,
	                               sql_format("SELECT count(*) FROM public.%s AS source WHERE %s",
	                                          quote_identifier(sync_at_table(run)->name),
	                                          sync_at_ops(run)->mirrored(run)),
	                               "count", 1, 1);

	state->is_whole = true;
	state->expected = state->source_rows = remote_int64(rows, 0, 0);
	state->all_here = state->all_there = state->source_rows;
}

/*
 * Reports how many rows of a table differ, in a run of mode verify. Lists them in
 * ngeshare.difference.
 */
static void
report_differences(SyncRun *run, const Digest *digest)
{
	int64 rows;

	if (digest->differing == 0)
		return;
	rows = digest->buckets != NULL ? sync_find_differences(run, digest->buckets) : 0;
	sync_at_state(run)->mismatching = Max(rows, 1);
	sync_note_finding(run, "\"%s\" differs from production: %lld row(s)%s.",
	                  sync_at_table(run)->name, (long long) rows,
	                  run->at.past_buckets != NULL ? " of the window, and the history before it"
	                                               : "");
}

/*
 * Refuses (NG002) too many deletions that the row counts do not show, because other rows were
 * added. Compares ids only if the mirror has more rows in the buckets that differ than may be
 * deleted. A row that production still has, on another day, is not counted as deleted.
 */
static void
guard_by_key(SyncRun *run, const Digest *digest)
{
	int64 gone;

	if (digest->buckets == NULL ||
	    digest->differing_here <= sync_allowed_removals(run, run->at.table))
		return;
	sync_find_differences(run, digest->buckets);
	gone = sync_find_gone(run, "extra");
	sync_guard_removal(run, run->at.table, gone - sync_count_kept(sync_at_table(run)));
	sync_forget_differences();
}

/*
 * Refuses (55000) a column that somebody added to the mirror's table as NOT NULL without a
 * default: rows from production have no value for it. Other added columns are left alone.
 */
static void
check_added_columns(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_text(&args, table->stage);
	if (!sql_query_row("SELECT attname::text FROM pg_catalog.pg_attribute"
	                   " WHERE attrelid = format('public.%I', $1)::regclass AND attnum > 0"
	                   " AND NOT attisdropped AND attnotnull AND NOT atthasdef"
	                   " AND attidentity = '' AND attname NOT IN (SELECT staged.attname"
	                   " FROM pg_catalog.pg_attribute AS staged"
	                   " WHERE staged.attrelid = format('ngeshare.%I', $2)::regclass)",
	                   &args))
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	     errmsg("the column \"%s\" was added to the mirror's table \"%s\" here as NOT NULL"
	            " without a default, and a sync gives it no value",
	            sql_text(1), table->name),
	     errhint("Let it be NULL (ALTER TABLE public.\"%s\" ALTER \"%s\" DROP NOT NULL), give it"
	             " a default, or drop the column.",
	             table->name, sql_text(1))));
}

/* Compares the table with production, and notes what the run has to do for it. */
static void
compare(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);
	Digest digest = {0};

	digest_compare(run->lasting.remote, &state->content,
	               run->mode == SYNC_COMPARE ? DIGEST_NEW : DIGEST_KEPT, &digest);
	state->source_rows = digest.compared_rows;
	state->local_rows = digest.local_weight;
	state->differing_rows = digest.differing_rows;
	state->buckets = sync_keep_text(run, digest.buckets);
	if (sync_at_ops(run)->compare_past != NULL)
		sync_at_ops(run)->compare_past(run, &digest);
	if (run->mode == SYNC_COMPARE)
	{
		report_differences(run, &digest);
		return;
	}
	if (digest.differing == 0)
		sync_forget_kept(sync_at_table(run));
	state->all_here = digest.local_rows - sync_count_kept(sync_at_table(run));
	state->all_there = digest.source_rows;
	sync_guard_removal(run, run->at.table, state->all_here - state->all_there);
	guard_by_key(run, &digest);
	state->is_whole = run->mode == SYNC_FULL;
	state->is_same = !state->is_whole && digest.differing == 0;
	if (state->is_whole)
		state->expected = state->source_rows;
	else if (!state->is_same)
		state->expected =
		    sync_at_table(run)->has_window ? digest.differing_rows : digest.source_weight;
}

/*
 * Compares one table before anything is pulled. Raises NG002 if production has lost too many rows.
 */
void
sync_compare(SyncRun *run)
{
	production_refuse_table(run->lasting.production, run->at.table);
	check_added_columns(sync_at_table(run));
	sync_define_content(run);
	if (run->mode != SYNC_COMPARE && sync_is_empty(sync_at_table(run)) &&
	    sync_at_ops(run)->is_first(run))
		count_first_rows(run);
	else
		compare(run);
}
