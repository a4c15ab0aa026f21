/*
 * src/sync/move/leave.c
 *		Rows that have to leave the mirror, and the rows that point to them.
 *
 * A row leaves the mirror when production no longer has it, or when it is in quarantine. A row that
 * points to it can't be mirrored either: if production still has it, it goes into quarantine, too.
 * So a mirror after many syncs has the same rows as a mirror that was loaded from scratch.
 *
 * A user's table may reference a row of the mirror and so prevent its deletion. If the row is gone
 * from production, ngeshare.difference lists it as 'kept' from run to run. It is treated as
 * deleted: guard.c does not count it again, and rows that point to it go into quarantine.
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/* Returns whether the mirror still has rows of a table that have to leave it. */
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

/*
 * Returns whether any row may have to leave the mirror in this run: some rows are gone from
 * production, or some are in quarantine.
 */
bool
sync_may_leave(const SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->at.tables[table].extra > 0)
			return true;
	return sql_query_row("SELECT 1 FROM ngeshare.quarantine LIMIT 1", NULL);
}

/*
 * Returns a query for the ids of a table's rows whose parents have to leave the mirror; NULL if no
 * parent has to.
 */
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
 * Puts the rows that point to leaving rows into quarantine, so that they leave the mirror as well.
 * Goes from parent tables to child tables. Tables that are not part of the run, or have failed,
 * keep their rows, and the rows that they point to stay, too.
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

/*
 * Lists as 'kept' the rows that are gone from production and could not be deleted from the mirror.
 */
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

/*
 * Reports how many rows had to stay in the mirror, and which tables still point to them.
 * refused_by is reported if no such table can be found.
 */
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
	                  " cannot be deleted here (kept by: %s); the next sync tries again.",
	                  (long long) kept, table->name,
	                  referencing != NULL ? referencing : refused_by);
}
