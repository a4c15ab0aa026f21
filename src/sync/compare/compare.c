/*
 * src/sync/compare/compare.c
 *		Each table's content on both sides, compared before anything is pulled.
 *
 * A table that is the same needs nothing else: one pass over it there, and this
 * side's buckets from what was kept. Where it differs, the differing buckets are
 * what is looked at again after the merge. A production that has lost too much is
 * refused here, with nothing changed.
 */
#include "sync/sync.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

/* Production's updatedAt up to which a table is known to be complete. */
Timestamp
sync_watermark(const MirrorTable *table)
{
	SqlArgs args = {0};
	bool isnull;

	sql_add_text(&args, table->name);
	if (!sql_query_row("SELECT watermark FROM ngeshare.sync_state WHERE table_name = $1", &args))
		return DT_NOBEGIN;
	return DatumGetTimestamp(sql_value(1, &isnull));
}

/*
 * Since when attendance is compared row by row: where this side has raw rows, and
 * where it is going to.
 */
Timestamp
sync_compared_start(const SyncRun *run)
{
	if (TIMESTAMP_IS_NOBEGIN(run->old_start))
		return run->window_start;
	return Min(run->old_start, run->window_start);
}

/* The content that is compared, in memory that lives as long as the run. */
void
sync_define_content(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	const MirrorTable *table = &mirror_tables[run->table];
	const ProductionKeys *keys = run->production->keys;

	if (run->table == MIRROR_ATTENDANCE)
		content_of_window(&state->content, keys, sync_compared_start(run));
	else
		content_of_table(&state->content, keys, run->table, sync_watermark(table));
	state->content.source_rows = sync_keep_text(run, state->content.source_rows);
	state->content.surplus = sync_keep_text(run, state->content.surplus);
	state->content.local_rows = sync_keep_text(run, state->content.local_rows);
}

/* Whether neither side has anything before an instant; older counts production's rows. */
static bool
has_no_past(int64 older)
{
	return older == 0 &&
	       !sql_query_row("SELECT 1 FROM ngeshare.meeting_past LIMIT 1", NULL);
}

/*
 * Compares the meetings before the window. Adds their attendances to this side of
 * the table's own comparison, which has counted all of production's.
 */
static void
survey_past(SyncRun *run, Digest *digest)
{
	Content past;
	Digest compared = {0};
	Timestamp end = sync_compared_start(run);

	run->rebuilds_past = run->mode == SYNC_FULL || TIMESTAMP_IS_NOBEGIN(run->old_start);
	if (has_no_past(digest->source_rows - digest->source_weight))
		return;
	content_of_past(&past, run->production->keys, end, sync_reporting_zone());
	digest_compare(run->remote, &past, run->mode == SYNC_COMPARE ? DIGEST_NEW : DIGEST_KEPT,
	               &compared);
	digest->local_rows += compared.local_weight;
	digest->differing += compared.differing;
	run->past_buckets = sync_keep_text(run, compared.buckets);
}

/* Whether no row of a table is here yet: it is filled, not compared. */
static bool
comes_first(SyncRun *run)
{
	SqlArgs args = {0};

	if (run->mode == SYNC_COMPARE || !sync_is_empty(&mirror_tables[run->table]))
		return false;
	if (run->table == MIRROR_ATTENDANCE)
		return TIMESTAMP_IS_NOBEGIN(run->old_start);
	sql_add_text(&args, mirror_tables[run->table].name);
	return !sql_query_row("SELECT 1 FROM ngeshare.quarantine WHERE table_name = $1", &args);
}

/*
 * Counts what is going to be pulled into a table that is empty as yet. What goes
 * from production meanwhile is held against that.
 */
static void
count_first_rows(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	char *since = "";
	RemoteRows *rows;

	state->is_whole = true;
	if (run->table == MIRROR_ATTENDANCE)
	{
		run->rebuilds_past = true;
		since = sql_format(" WHERE %s", content_is_recent(run->window_start));
	}
	rows = remote_rows(run->remote,
	                   sql_format("SELECT count(*) FROM public.%s AS source%s",
	                              quote_identifier(mirror_tables[run->table].name), since),
	                   "count", 1, 1);
	state->expected = state->source_rows = remote_int64(rows, 0, 0);
	state->all_here = state->all_there = state->source_rows;
}

/* What a run that only looks says of a table: which rows differ, by key. */
static void
report_differences(SyncRun *run, const Digest *digest)
{
	SyncTable *state = &run->tables[run->table];
	int64 rows;

	sync_log_open_table(run);
	/* What waits counts as the same on both sides, but the mirror lacks it. */
	sync_count_quarantined(run, &mirror_tables[run->table]);
	if (digest->differing > 0)
	{
		rows = digest->buckets != NULL ? sync_find_differences(run, digest->buckets) : 0;
		state->mismatching = Max(rows, 1);
		sync_note_finding(run, "\"%s\" differs from production: %lld row(s)%s.",
		                  mirror_tables[run->table].name, (long long) rows,
		                  run->table == MIRROR_ATTENDANCE && run->past_buckets != NULL
		                      ? " of the window, and the history before it"
		                      : "");
	}
	state->is_done = true;
	sync_log_close_table(run, run->table);
}

/*
 * Where more rows than may go could be gone behind as many that came, looks by
 * key. A row that production still has has only moved.
 */
static void
guard_by_key(SyncRun *run, const Digest *digest)
{
	int64 gone;

	if (digest->buckets == NULL || digest->differing_here <= sync_allowed_removals(run, run->table))
		return;
	sync_find_differences(run, digest->buckets);
	gone = sync_find_gone(run, "extra");
	sync_guard_removal(run, run->table, gone - sync_count_kept(&mirror_tables[run->table]));
	sync_forget_differences();
}

/*
 * Refuses (55000) a column that somebody added to the mirror's table and that a row
 * of production's can't do without. Others are left alone.
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
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("the column \"%s\" was added to the mirror's table \"%s\" here, and production"
	                " has no value for it",
	                sql_text(1), table->name),
	         errhint("Give it a default, let it be NULL, or drop it: ALTER TABLE public.\"%s\""
	                 " ALTER \"%s\" DROP NOT NULL.",
	                 table->name, sql_text(1))));
}

/* Compares one table before anything is pulled. Raises NG002 where production has lost too much. */
void
sync_survey(SyncRun *run)
{
	SyncTable *state = &run->tables[run->table];
	Digest digest = {0};

	production_refuse_table(run->production, run->table);
	check_added_columns(&mirror_tables[run->table]);
	sync_define_content(run);
	if (comes_first(run))
	{
		count_first_rows(run);
		return;
	}
	digest_compare(run->remote, &state->content,
	               run->mode == SYNC_COMPARE ? DIGEST_NEW : DIGEST_KEPT, &digest);
	state->source_rows = digest.source_rows;
	state->local_rows = digest.local_weight;
	state->differing_rows = digest.differing_rows;
	state->buckets = sync_keep_text(run, digest.buckets);
	if (run->table == MIRROR_ATTENDANCE)
	{
		state->source_rows = digest.source_weight;
		survey_past(run, &digest);
	}
	if (run->mode == SYNC_COMPARE)
	{
		report_differences(run, &digest);
		return;
	}
	if (digest.differing == 0)
		sync_forget_kept(&mirror_tables[run->table]);
	state->all_here = digest.local_rows - sync_count_kept(&mirror_tables[run->table]);
	state->all_there = digest.source_rows;
	sync_guard_removal(run, run->table, state->all_here - state->all_there);
	guard_by_key(run, &digest);
	state->is_whole = run->mode == SYNC_FULL;
	state->is_same = !state->is_whole && digest.differing == 0;
	if (state->is_whole)
		state->expected = state->source_rows;
	else if (run->table != MIRROR_ATTENDANCE)
		state->expected = state->is_same ? 0 : digest.source_weight;
	else
		state->expected = digest.differing_rows;
}
