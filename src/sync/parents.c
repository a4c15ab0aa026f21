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

/* The ids, as the text of an array, that staging names in a column and the parent table lacks. */
static char *
missing_ids(const MirrorTable *table, const MirrorParent *parent)
{
	sql_query_row(sql_format("SELECT array_agg(DISTINCT stage.%1$s)::text FROM ngeshare.%2$s AS "
	                         "stage WHERE stage.%1$s IS NOT NULL AND NOT EXISTS"
	                         " (SELECT 1 FROM public.%3$s AS parent WHERE parent.id = stage.%1$s)",
	                         quote_identifier(parent->column), table->stage,
	                         quote_identifier(parent->table)),
	              NULL);
	return sql_text(1);
}

/* Brings the parents that a table's staged rows lack, and theirs before them. */
static void
fetch_parents(SyncRun *run, const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
	{
		const MirrorTable *above = &mirror_tables[mirror_table_index(parent->table)];
		char *ids = missing_ids(table, parent);

		if (ids == NULL)
			continue;
		sync_clear(above->stage);
		if (sync_stage_by_id(run, above, ids) == 0)
			continue;
		fetch_parents(run, above);
		sync_lock_table(above);
		sync_keep_latest(above);
		sync_admit(run, above);
		sync_write_differences(run, above);
		sync_clear(above->stage);
	}
}

/* Brings the parents that the staged rows of the table at hand are about to need. */
void
sync_fetch_parents(SyncRun *run)
{
	fetch_parents(run, &mirror_tables[run->table]);
}
