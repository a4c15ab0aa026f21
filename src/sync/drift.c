/*
 * src/sync/drift.c
 *		How production's columns differ from the mirror's: said once, listed always.
 *
 * A column that was added there makes the first run that sees it a warning; later
 * ones only list it, since nothing is wrong with what is mirrored. One that is gone
 * or of another type stops its own table, each time (survey.c).
 */
#include "sync/sync.h"

#include "sql.h"

/* Notes one column in ngeshare.drift; says whether it wasn't known. */
static bool
note_column(SyncRun *run, const ColumnDrift *drift)
{
	SqlArgs args = {0};

	sql_add_text(&args, mirror_tables[drift->table].name);
	sql_add_text(&args, drift->column);
	sql_add_text(&args, drift->kind);
	sql_add_text(&args, drift->type_there[0] != '\0' ? drift->type_there : NULL);
	sql_add_int64(&args, run->run_id);
	sql_query_row("INSERT INTO ngeshare.drift AS known"
	              " (table_name, column_name, kind, detail, first_run_id, last_run_id)"
	              " VALUES ($1, $2, $3, $4, $5, $5)"
	              " ON CONFLICT (table_name, column_name, kind) DO UPDATE"
	              " SET detail = excluded.detail, last_run_id = excluded.last_run_id"
	              " RETURNING first_run_id = last_run_id",
	              &args);
	return DatumGetBool(sql_value(1, &(bool){false}));
}

/* Writes down the drift that the run has found, and forgets what is settled. */
void
sync_record_drift(SyncRun *run)
{
	SqlArgs args = {0};
	ListCell *cell;

	if (run->mode == SYNC_COMPARE)
		return;
	foreach (cell, run->production->drift)
	{
		const ColumnDrift *drift = lfirst(cell);

		if (note_column(run, drift) && strcmp(drift->kind, "added") == 0)
			sync_note_finding(run,
			                  "Production's \"%s\" has a new column \"%s\" (%s), which is not"
			                  " mirrored.",
			                  mirror_tables[drift->table].name, drift->column, drift->type_there);
	}
	sql_add_int64(&args, run->run_id);
	sql_run("DELETE FROM ngeshare.drift WHERE last_run_id <> $1", &args);
}
