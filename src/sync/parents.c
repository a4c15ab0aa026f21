/*
 * src/sync/parents.c
 *		Rows that staged ones point to and that have not come yet.
 *
 * A parent that production committed after its own table was pulled, or with an
 * old updatedAt, is fetched by its id before its children are merged, and so are
 * its own parents. What production has nowhere stays missing: its children wait
 * in quarantine.
 */
#include "sync/sync.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * The ids, as the text of an array, that staging names in a column and the parent
 * table lacks; without those that can't be stored there, as is known.
 */
static char *
missing_ids(const MirrorTable *table, const MirrorParent *parent)
{
	sql_query_row(sql_format("SELECT array_agg(DISTINCT stage.%1$s)::text FROM ngeshare.%2$s AS "
	                         "stage WHERE stage.%1$s IS NOT NULL AND NOT EXISTS"
	                         " (SELECT 1 FROM public.%3$s AS parent WHERE parent.id = stage.%1$s)"
	                         " AND NOT EXISTS (SELECT 1 FROM ngeshare.quarantine AS held"
	                         " WHERE held.table_name = %4$s AND held.row_id = stage.%1$s"
	                         " AND (held.is_refused OR NOT held.is_whole))",
	                         quote_identifier(parent->column), table->stage,
	                         quote_identifier(parent->table), quote_literal_cstr(parent->table)),
	              NULL);
	return sql_text(1);
}

/* Stages the parents that a table's staged rows lack, and theirs; notes of which tables they are.
 */
static void
stage_parents(SyncRun *run, const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
	{
		int index = mirror_table_index(parent->table);
		const MirrorTable *above = &mirror_tables[index];
		char *ids = missing_ids(table, parent);

		if (ids == NULL)
			continue;
		if (!run->is_parent[index])
			sync_clear(above->stage);
		run->is_parent[index] = true;
		if (sync_stage_by_id(run, above, ids) > 0)
			stage_parents(run, above);
	}
}

/* Stages the parents that the staged rows of the table at hand lack; false where they lack none. */
bool
sync_stage_parents(SyncRun *run)
{
	bool lacks_any = false;

	memset(run->is_parent, 0, sizeof(run->is_parent));
	stage_parents(run, &mirror_tables[run->table]);
	for (int i = 0; i < MIRROR_TABLES; i++)
		lacks_any |= run->is_parent[i];
	return lacks_any;
}

/* Writes the parents that were staged, theirs before them. */
void
sync_write_parents(SyncRun *run)
{
	sync_close_gate();
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		if (!run->is_parent[i])
			continue;
		sync_keep_latest(&mirror_tables[i]);
		sync_admit(run, &mirror_tables[i]);
		sync_write_differences(run, &mirror_tables[i]);
		sync_count_quarantined(run, &mirror_tables[i]);
		sync_clear(mirror_tables[i].stage);
	}
}
