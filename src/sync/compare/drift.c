/*
 * src/sync/compare/drift.c
 *		Records which of production's columns differ from the mirror's, and reports new ones
 *		once.
 *
 * The first run that finds a new column in production ends as a warning. Later runs only list the
 * column in ngeshare.drift, because the mirrored columns are still right. If a column is gone or
 * has a type that the mirror can't take, every run fails to sync its table (compare.c). A run of
 * mode verify records and reports nothing.
 */
#include "sync/compare/compare.h"

#include "sql.h"

/* Records one column in ngeshare.drift. */
static void
note_column(SyncRun *run, const ColumnDrift *drift)
{
	SqlArgs args = {0};

	sql_add_text(&args, mirror_tables[drift->table].name);
	sql_add_text(&args, drift->column);
	sql_add_text(&args, drift->kind);
	sql_add_text(&args, drift->type_there[0] != '\0' ? drift->type_there : NULL);
	sql_add_int64(&args, run->run_id);
	sql_run("INSERT INTO ngeshare.drift AS known"
	        " (table_name, column_name, kind, detail, first_run_id, last_run_id)"
	        " VALUES ($1, $2, $3, $4, $5, $5)"
	        " ON CONFLICT (table_name, column_name, kind) DO UPDATE"
	        " SET detail = excluded.detail, last_run_id = excluded.last_run_id",
	        &args);
}

/* Records the columns that differ in this run, and deletes those that no longer differ. */
void
sync_record_drift(SyncRun *run)
{
	SqlArgs args = {0};
	ListCell *cell;

	if (run->mode == SYNC_COMPARE)
		return;
	foreach (cell, run->lasting.production->drift)
		note_column(run, lfirst(cell));
	sql_add_int64(&args, run->run_id);
	sql_run("DELETE FROM ngeshare.drift WHERE last_run_id <> $1", &args);
}

/* Reports, at the end of a run, the new columns in production that no run has reported yet. */
void
sync_tell_drift(SyncRun *run)
{
	char *told;

	if (run->mode == SYNC_COMPARE)
		return;
	sql_query_row("WITH told AS (UPDATE ngeshare.drift SET is_told = true"
	              " WHERE kind = 'added' AND NOT is_told RETURNING *)"
	              " SELECT string_agg(format('Production''s \"%s\" has a new column \"%s\" (%s),"
	              " which is not mirrored.', table_name, column_name, detail), ' '"
	              " ORDER BY table_name, column_name) FROM told",
	              NULL);
	told = sql_text(1);
	if (told != NULL)
		sync_note_finding(run, "%s", told);
}
