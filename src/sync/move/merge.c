/*
 * src/sync/move/merge.c
 *		From staging into the mirror: one transaction a table, set-based, writing
 *		only rows that differ.
 *
 * Whoever else writes to the mirror waits outside meanwhile (lock.c); readers go on.
 */
#include "sync/sync.h"

#include "catalog/namespace.h"
#include "sql.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * Empties a table of schema ngeshare that a run works with; one that is empty stays
 * untouched. Where somebody looks at it (a dump, say), its rows are deleted: nobody
 * is waited for.
 */
void
sync_clear(const char *table)
{
	Oid relation = get_relname_relid(table, get_namespace_oid("ngeshare", false));

	if (!sql_query_row(sql_format("SELECT 1 FROM ngeshare.%s LIMIT 1", table), NULL))
		return;
	if (ConditionalLockRelationOid(relation, AccessExclusiveLock))
		sql_run(sql_format("TRUNCATE ngeshare.%s", table), NULL);
	else
		sql_run(sql_format("DELETE FROM ngeshare.%s", table), NULL);
}

/* Updates the mirror's rows that differ from staging's, of those that a condition leaves. */
int64
sync_update_staged(const MirrorTable *table, const char *condition)
{
	return sql_run(sql_format("UPDATE public.%s AS mirror SET %s FROM ngeshare.%s AS stage"
	                          " WHERE mirror.id = stage.id AND ROW(%s) IS DISTINCT FROM ROW(%s)%s",
	                          quote_identifier(table->name),
	                          mirror_columns(table, "%1$I = stage.%1$I", ", "), table->stage,
	                          mirror_columns(table, "mirror.%1$I", ", "),
	                          mirror_columns(table, "stage.%1$I", ", "), condition),
	               NULL);
}

/* Inserts staging's rows that the mirror lacks, of those that a condition leaves. */
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
 * Writes what differs between staging and the mirror; returns how many rows that
 * were. They count for the table that they are of.
 */
int64
sync_write_differences(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = &run->tables[table - mirror_tables];
	int64 updated = sync_update_staged(table, "");
	int64 inserted = sync_insert_staged(table, "");

	sync_release(table);
	state->updated += updated;
	state->inserted += inserted;
	state->local_rows += inserted;
	return updated + inserted;
}

/* Lets the planner know a table that has changed much, unless a VACUUM of it is under way. */
void
sync_analyze_if_changed(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = &run->tables[run->table];

	if (state->inserted + state->updated + state->deleted > state->local_rows / 10)
		sql_run(sql_format("ANALYZE (SKIP_LOCKED) public.%s", quote_identifier(table->name)), NULL);
}

/*
 * Closes the table's pass: it is complete up to the bound that the pass began
 * with. A watermark never goes back; attendance's is the clock of its window.
 */
void
sync_close_pass(const MirrorTable *table)
{
	bool is_window = table == &mirror_tables[MIRROR_ATTENDANCE];
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_bool(&args, is_window);
	sql_run("UPDATE ngeshare.sync_state SET"
	        " watermark = CASE WHEN $2 THEN pass_bound ELSE greatest(watermark, pass_bound) END,"
	        " pass_run_id = NULL, pass_full = NULL, pass_bound = NULL, pass_stamp = NULL,"
	        " pass_id = NULL, pass_pulled = false, pass_block = NULL WHERE table_name = $1",
	        &args);
}

/* Merges one of the five tables that come whole. */
void
sync_merge(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];
	bool is_first;

	sync_close_gate();
	is_first = sync_may_fill(run) && sync_is_empty(table) && sync_is_as_made(table);
	if (is_first)
		sync_lock_parents(table);
	else
		sync_keep_latest(table);
	sync_admit(run, table);
	if (run->isolates)
		sync_isolate(run, table);
	if (is_first)
		sync_fill(run, table);
	else
		sync_write_differences(run, table);
	sync_count_quarantined(run, table);
	sync_analyze_if_changed(run, table);
	sync_close_pass(table);
	sync_clear(table->stage);
}
