/*
 * src/sync/move/parents.c
 *		Fetches parents of staged rows that the mirror does not have yet.
 *
 * A pull misses a parent that production committed after the parent's own table was pulled, or
 * with an old updatedAt. Such a parent is fetched by its id before its children are merged, and so
 * are its own parents. If production does not have the parent, its children go into quarantine.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Lists the ids of parents that staged rows point to and the mirror lacks; returns how many they
 * are. Leaves out parents that are in quarantine because they can't be fetched or stored.
 */
static int64
list_missing(const MirrorTable *table, const MirrorParent *parent)
{
	int64 rows =
	    sql_run(sql_format("INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	                       " SELECT DISTINCT %4$s, stage.%1$s, 'parent' FROM ngeshare.%2$s AS stage"
	                       " WHERE stage.%1$s IS NOT NULL AND NOT EXISTS"
	                       " (SELECT 1 FROM public.%3$s AS parent WHERE parent.id = stage.%1$s)"
	                       " AND NOT EXISTS (SELECT 1 FROM ngeshare.quarantine AS held"
	                       " WHERE held.table_name = %4$s AND held.row_id = stage.%1$s"
	                       " AND (held.is_refused OR NOT held.is_whole))",
	                       quote_identifier(parent->column), table->stage,
	                       quote_identifier(parent->table), quote_literal_cstr(parent->table)),
	            NULL);

	sync_analyze_work("difference", rows);
	return rows;
}

/* Returns the greatest difference_no in ngeshare.difference, of any table and kind. */
static int64
last_listed(void)
{
	sql_query_row("SELECT coalesce(max(difference_no), 0) FROM ngeshare.difference", NULL);
	return sql_int64(1);
}

/*
 * Stages the parents that were listed after a difference_no; returns how many of them production
 * has.
 */
static uint64
stage_listed(SyncRun *run, const MirrorTable *table, int64 listed_before)
{
	SyncPiece piece = {.range.last = listed_before};
	uint64 rows = 0;

	while (sync_next_piece(table, "'parent'", REPAIR_ROWS, &piece))
	{
		rows += sync_stage_by_id(run, table, piece.ids);
		sync_drop_piece(table, "'parent'", &piece.range);
		pfree(piece.ids);
	}
	return rows;
}

/*
 * Stages the parents that a table's staged rows lack, and the parents that these lack in turn.
 * Sets run->at.is_parent for their tables.
 */
static void
stage_parents(SyncRun *run, const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
	{
		int index = mirror_table_index(parent->table);
		const MirrorTable *above = &mirror_tables[index];
		int64 listed_before = last_listed();

		if (list_missing(table, parent) == 0)
			continue;
		if (!run->at.is_parent[index])
			sync_clear(above->stage);
		run->at.is_parent[index] = true;
		if (stage_listed(run, above, listed_before) > 0)
			stage_parents(run, above);
	}
}

/* Stages the parents that the current table's staged rows lack; returns false if they lack none. */
bool
sync_stage_parents(SyncRun *run)
{
	bool lacks_any = false;

	memset(run->at.is_parent, 0, sizeof(run->at.is_parent));
	stage_parents(run, sync_at_table(run));
	for (int i = 0; i < MIRROR_TABLES; i++)
		lacks_any |= run->at.is_parent[i];
	return lacks_any;
}

/*
 * Writes the staged parents into the mirror. In mirror_tables, parents come before their children.
 */
void
sync_write_parents(SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		if (!run->at.is_parent[i])
			continue;
		sync_keep_latest(&mirror_tables[i]);
		sync_quarantine_unfit(run, &mirror_tables[i]);
		sync_write_differences(run, &mirror_tables[i]);
		sync_count_quarantined(run, &mirror_tables[i]);
		sync_clear(mirror_tables[i].stage);
	}
}
