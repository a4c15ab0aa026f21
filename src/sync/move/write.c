/*
 * src/sync/move/write.c
 *		Writes staged rows into the mirror, with set-based statements, and only rows that
 *		differ.
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Updates the mirror's rows that differ from the staged ones; returns how many. condition: empty,
 * or " AND ..." on the staged rows.
 */
int64
sync_update_staged(const MirrorTable *table, const char *condition)
{
	return sql_run(sql_format("UPDATE public.%s AS mirror SET %s FROM ngeshare.%s AS stage"
	                          " WHERE mirror.id = stage.id AND %s%s",
	                          quote_identifier(table->name),
	                          mirror_columns(table, "%1$I = stage.%1$I", ", "), table->stage,
	                          mirror_differs(table), condition),
	               NULL);
}

/*
 * Inserts the staged rows that the mirror lacks; returns how many. condition: empty, or " AND ..."
 * on the staged rows.
 */
int64
sync_insert_staged(const MirrorTable *table, const char *condition)
{
	const char *name = quote_identifier(table->name);

	return sql_run(
	    sql_format(
	        "INSERT INTO public.%s (%s) SELECT %s FROM ngeshare.%s AS stage"
	        " WHERE NOT EXISTS (SELECT 1 FROM public.%s AS mirror WHERE mirror.id = stage.id)%s",
	        name, mirror_columns(table, "%1$I", ", "), mirror_columns(table, "stage.%1$I", ", "),
	        table->stage, name, condition),
	    NULL);
}

/*
 * Writes the staged rows of a table that differ from the mirror's; returns how many. They are
 * added to the counts of that table, which may be a parent of the run's current table.
 */
int64
sync_write_differences(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = &run->at.tables[table - mirror_tables];
	int64 updated = sync_update_staged(table, "");
	int64 inserted = sync_insert_staged(table, "");

	sync_release(table);
	state->updated += updated;
	state->inserted += inserted;
	state->local_rows += inserted;
	return updated + inserted;
}

/* Analyzes the table if more than a tenth of it changed; skips it if it is locked. */
void
sync_analyze_if_changed(SyncRun *run)
{
	SyncTable *state = sync_at_state(run);

	if (state->inserted + state->updated + state->deleted > state->local_rows / 10)
		sql_run(sql_format("ANALYZE (SKIP_LOCKED) public.%s",
		                   quote_identifier(sync_at_table(run)->name)),
		        NULL);
}
