/*
 * src/sync/compare/drift.c
 *		How production's columns differ from the mirror's: said once, listed always.
 *
 * A column that was added there makes the first run that sees it a warning; later
 * ones only list it, since nothing is wrong with what is mirrored. One that is gone
 * or of another type stops its own table, each time (compare.c).
 */
#include "sync/compare/compare.h"

#include "sql.h"

/* Notes one column in ngeshare.drift. */
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

/* Writes down the drift that the run has found, and forgets what is over. */
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

/* Says, at the end of a run and once, which columns production has that the mirror lacks. */
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
