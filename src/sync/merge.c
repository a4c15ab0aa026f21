/*
 * src/sync/merge.c
 *		From staging into the mirror: one transaction a table, set-based, writing
 *		only rows that differ.
 *
 * Lock order: the table itself first (SHARE ROW EXCLUSIVE: readers go on, other
 * writers wait), then whatever its foreign keys and triggers need.
 */
#include "sync/sync.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

/* Fewer deletions than this are never refused. */
#define DELETE_ALWAYS_ALLOWED 50

/* An SQL expression: why a staged row can't be mirrored, or NULL where it can. */
static char *
rejection(const MirrorTable *table)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "CASE");
	if (table->unusable != NULL)
		appendStringInfo(&sql, " WHEN %s THEN 'a timestamp that the rules need has no local day'",
		                 table->unusable);
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		appendStringInfo(
		    &sql,
		    " WHEN stage.%1$s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.%2$s AS parent"
		    " WHERE parent.id = stage.%1$s) THEN format('%%s %%L has no row in %%s', %3$s, "
		    "stage.%1$s, %4$s)",
		    quote_identifier(parent->column), quote_identifier(parent->table),
		    quote_literal_cstr(parent->column), quote_literal_cstr(parent->table));
	appendStringInfoString(&sql, " END");
	return sql.data;
}

/* Takes out of staging what can't be mirrored now, and lets go what now can. */
static void
quarantine_rejected(SyncRun *run, const MirrorTable *table)
{
	SqlArgs args = {0};
	bool isnull;

	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	if (table->parents[0].column != NULL || table->unusable != NULL)
		sql_run(
		    sql_format("WITH judged AS MATERIALIZED ("
		               " SELECT id, %s AS reason, to_jsonb(stage) - 'stage_no' AS content"
		               " FROM ngeshare.%s AS stage"
		               "), rejected AS (SELECT * FROM judged WHERE reason IS NOT NULL"
		               "), taken AS (DELETE FROM ngeshare.%s AS stage USING rejected WHERE "
		               "stage.id = rejected.id)"
		               " INSERT INTO ngeshare.quarantine AS held"
		               " (table_name, row_id, reason, content, first_run_id, last_run_id)"
		               " SELECT $1, id, reason, content, $2, $2 FROM rejected"
		               " ON CONFLICT (table_name, row_id) DO UPDATE SET reason = excluded.reason,"
		               " content = excluded.content, last_run_id = excluded.last_run_id",
		               rejection(table), table->stage, table->stage),
		    &args);
	sql_run("DELETE FROM ngeshare.quarantine WHERE table_name = $1 AND last_run_id <> $2", &args);
	sql_query_row("SELECT count(*), $2 FROM ngeshare.quarantine WHERE table_name = $1", &args);
	run->counts[run->table].waiting = DatumGetInt64(sql_value(1, &isnull));
	if (run->counts[run->table].waiting > 0)
		sync_note_finding(run, "%lld row(s) of \"%s\" wait in quarantine: see ngeshare.quarantine.",
		                  (long long) run->counts[run->table].waiting, table->name);
}

/* Makes staging fit to merge: the last version of each row, and only good ones. */
void
sync_admit(SyncRun *run, const MirrorTable *table)
{
	sql_run(sql_format("DELETE FROM ngeshare.%1$s AS older USING ("
	                   "SELECT id, max(stage_no) AS stage_no FROM ngeshare.%1$s"
	                   " GROUP BY id HAVING count(*) > 1) AS newest"
	                   " WHERE older.id = newest.id AND older.stage_no < newest.stage_no",
	                   table->stage),
	        NULL);
	quarantine_rejected(run, table);
}

/* Updates the mirror's rows that differ from staging and inserts those it lacks. */
void
sync_write_differences(SyncRun *run, const MirrorTable *table)
{
	SyncCounts *counts = &run->counts[run->table];
	const char *name = quote_identifier(table->name);

	counts->updated +=
	    sql_run(sql_format("UPDATE public.%s AS mirror SET %s FROM ngeshare.%s AS stage"
	                       " WHERE mirror.id = stage.id AND ROW(%s) IS DISTINCT FROM ROW(%s)",
	                       name, mirror_columns(table, "%1$I = stage.%1$I", ", "), table->stage,
	                       mirror_columns(table, "mirror.%1$I", ", "),
	                       mirror_columns(table, "stage.%1$I", ", ")),
	            NULL);
	counts->inserted += sql_run(
	    sql_format(
	        "INSERT INTO public.%s (%s) SELECT %s FROM ngeshare.%s AS stage"
	        " WHERE NOT EXISTS (SELECT 1 FROM public.%s AS mirror WHERE mirror.id = stage.id)",
	        name, mirror_columns(table, "%1$I", ", "), mirror_columns(table, "stage.%1$I", ", "),
	        table->stage, name),
	    NULL);
}

/* Counts a table on both sides, for the log and for people. */
void
sync_count_rows(SyncRun *run, const char *source_condition, const char *local_condition)
{
	SyncCounts *counts = &run->counts[run->table];
	const char *name = quote_identifier(mirror_tables[run->table].name);
	PGresult *result = remote_query(
	    run->remote, sql_format("SELECT count(*) FROM public.%s%s", name, source_condition));

	counts->source_rows = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	sql_query_row(sql_format("SELECT count(*) FROM public.%s%s", name, local_condition), NULL);
	counts->local_rows = sql_int64(1);
}

/* Lets the planner know a table that has changed much. */
static void
analyze_if_changed(SyncRun *run, const MirrorTable *table)
{
	SyncCounts *counts = &run->counts[run->table];

	if (counts->inserted + counts->updated + counts->deleted > counts->local_rows / 10)
		sql_run(sql_format("ANALYZE public.%s", quote_identifier(table->name)), NULL);
}

/* Closes the table's pass: it is complete up to the bound that the pass began with. */
static void
close_pass(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_run("UPDATE ngeshare.sync_state SET watermark = greatest(watermark, pass_bound),"
	        " pass_run_id = NULL, pass_full = NULL, pass_bound = NULL, pass_stamp = NULL,"
	        " pass_id = NULL, pass_pulled = false WHERE table_name = $1",
	        &args);
}

/* Merges one of the five tables that come whole. A full run keeps staging for its deletes. */
void
sync_merge(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];
	SyncCounts *counts = &run->counts[run->table];

	sql_run(sql_format("LOCK TABLE public.%s IN SHARE ROW EXCLUSIVE MODE",
	                   quote_identifier(table->name)),
	        NULL);
	sync_admit(run, table);
	sync_write_differences(run, table);
	sync_count_rows(run, "", "");
	analyze_if_changed(run, table);
	close_pass(table);
	if (run->is_full || run->is_resumed)
		return;
	sql_run(sql_format("TRUNCATE ngeshare.%s", table->stage), NULL);
	if (counts->local_rows > counts->source_rows)
		sync_note_finding(
		    run,
		    "\"%s\" has %lld row(s) more here than production: rows were deleted there;"
		    " CALL ngeshare_sync('full') takes them out.",
		    table->name, (long long) (counts->local_rows - counts->source_rows));
}

/* Refuses (NG002) to delete more of a table than a mistake there should cost. */
static void
guard_delete(const MirrorTable *table, int64 missing, int64 total)
{
	int64 allowed = Max(DELETE_ALWAYS_ALLOWED, total * ngeshare_settings.sync_max_delete_pct / 100);

	if (missing <= allowed && (missing < total || ngeshare_settings.sync_max_delete_pct == 100))
		return;
	ereport(ERROR, (errcode(NGESHARE_ERRCODE_DELETE_REFUSED),
	                errmsg("production lacks %lld of the %lld rows of \"%s\"", (long long) missing,
	                       (long long) total, table->name),
	                errdetail("A run may delete %lld of them here. None was deleted.",
	                          (long long) allowed),
	                errhint("If they were meant to go: SET ngeshare.sync_max_delete_pct = 100;"
	                        " CALL ngeshare_sync('full');")));
}

/* Deletes what the mirror has and a full pass did not see. */
void
sync_delete_missing(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];
	const char *name = quote_identifier(table->name);
	char *condition =
	    sql_format("NOT EXISTS (SELECT 1 FROM ngeshare.%s AS stage WHERE stage.id = mirror.id)"
	               " AND NOT EXISTS (SELECT 1 FROM ngeshare.quarantine AS held"
	               " WHERE held.table_name = %s AND held.row_id = mirror.id)",
	               table->stage, quote_literal_cstr(table->name));
	int64 missing;
	int64 total;

	sql_run(sql_format("LOCK TABLE public.%s IN SHARE ROW EXCLUSIVE MODE", name), NULL);
	sql_query_row(sql_format("SELECT count(*) FILTER (WHERE %s), count(*) FROM public.%s AS mirror",
	                         condition, name),
	              NULL);
	missing = sql_int64(1);
	total = sql_int64(2);
	if (missing > 0)
	{
		guard_delete(table, missing, total);
		run->counts[run->table].deleted +=
		    sql_run(sql_format("DELETE FROM public.%s AS mirror WHERE %s", name, condition), NULL);
		run->counts[run->table].local_rows -= missing;
	}
	sql_run(sql_format("TRUNCATE ngeshare.%s", table->stage), NULL);
	sync_log_close_table(run, run->table,
	                     run->counts[run->table].waiting > 0 ? "warning" : "success");
}
