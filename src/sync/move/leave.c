/*
 * src/sync/move/leave.c
 *		Rows that leave the mirror, and what points to them.
 *
 * A row leaves the mirror when production no longer has it, or when it waits in
 * quarantine: no row is in both. What points to such a row can't be mirrored either
 * and waits in quarantine, too. So an old mirror is what a new one would be.
 *
 * A table of the user's may reference the mirror and keep a row from going. Such a
 * row is remembered as 'kept' in ngeshare.difference from run to run: for all else
 * it counts as gone.
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/* Whether rows that leave are still in the mirror. */
bool
sync_has_leaving(const SyncRun *run, int table)
{
	if (!run->wanted[table] || run->at.tables[table].has_failed)
		return false;
	return sql_query_row(sql_format("SELECT 1 FROM public.%s AS mirror JOIN (%s) AS leaving"
	                                " ON leaving.row_id = mirror.id LIMIT 1",
	                                quote_identifier(mirror_tables[table].name),
	                                sync_leaving(&mirror_tables[table])),
	                     NULL);
}

/* Whether rows may leave in this run: some are gone, or wait in quarantine. */
bool
sync_may_leave(const SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->at.tables[table].extra > 0)
			return true;
	return sql_query_row("SELECT 1 FROM ngeshare.quarantine LIMIT 1", NULL);
}

/* A query for the ids of a table's rows whose parents leave; NULL where none leaves. */
static char *
orphans(const MirrorTable *table)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
	{
		const MirrorTable *above = &mirror_tables[mirror_table_index(parent->table)];

		if (sync_has_left(above))
			appendStringInfo(&sql, "%sSELECT id FROM public.%s WHERE %s IN (%s)",
			                 sql.len > 0 ? " UNION " : "", quote_identifier(table->name),
			                 quote_identifier(parent->column), sync_leaving(above));
	}
	return sql.len > 0 ? sql.data : NULL;
}

/*
 * Puts what points to rows that leave into quarantine, parents first, so that it
 * leaves as well. Tables that are not a part of the run keep their rows, and these
 * keep what they point to.
 */
void
sync_quarantine_orphans(SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const MirrorTable *table = &mirror_tables[i];
		char *ids = orphans(table);

		if (!run->wanted[i] || run->at.tables[i].has_failed)
			continue;
		sync_forget_quarantined(table);
		if (ids != NULL)
			sync_quarantine_mirrored(run, table, ids);
		sync_count_quarantined(run, table);
	}
}

/* Remembers which rows are gone from production and had to stay here. */
static void
remember_kept(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_run("DELETE FROM ngeshare.difference WHERE table_name = $1 AND kind = 'kept'", &args);
	sql_run(sql_format("INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	                   " SELECT $1, mirror.id, 'kept' FROM public.%s AS mirror"
	                   " WHERE mirror.id IN (SELECT row_id FROM ngeshare.difference"
	                   " WHERE table_name = $1 AND kind = 'extra')",
	                   quote_identifier(table->name)),
	        &args);
}

/* Says which rows had to stay, and which table here still points to them. */
void
sync_report_kept(SyncRun *run, const MirrorTable *table, const char *refused_by)
{
	char *listed = sql_format("mirror.id IN (%s)", sync_leaving(table));
	char *referencing;
	int64 kept;

	remember_kept(table);
	sql_query_row(sql_format("SELECT count(*) FROM public.%s AS mirror WHERE %s",
	                         quote_identifier(table->name), listed),
	              NULL);
	kept = sql_int64(1);
	run->at.tables[table - mirror_tables].mismatching += kept;
	if (kept == 0)
		return;
	referencing = sync_find_referencing(table, listed);
	sync_note_finding(run,
	                  "%lld row(s) of \"%s\" are gone from production or wait in quarantine, but"
	                  " rows of %s here still point to them; the next sync looks again.",
	                  (long long) kept, table->name,
	                  referencing != NULL ? referencing : refused_by);
}
