/*
 * src/mirror/statistics.c
 *		What the planner believes of production's tables.
 *
 * A foreign table that was never analyzed counts as ten pages: with so few rows
 * the planner sees no gain in sending a batch's LIMIT to production, which would
 * then sort the whole table for each. ANALYZE would transfer every row, so the
 * sizes are copied from production's own catalog instead.
 * The files' sizes would be exact, but pg_relation_size() waits for whoever has locked
 * one table, and this is asked once for all of them.
 */
#include "mirror/statistics.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "commands/vacuum.h"
#include "compat.h"
#include "lib/stringinfo.h"
#include "mirror/tables.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * Assumed for a table that production has never analyzed (rather too many rows than too few), and
 * the rows per page that its pages are derived from.
 */
#define ROWS_UNKNOWN 100000
#define ROWS_PER_PAGE 50

/* Gives one foreign table a size. */
static void
set_size(const char *name, Oid space, int64 pages, int64 rows)
{
	Oid table = get_relname_relid(name, space);
	Relation relation;

	if (!OidIsValid(table))
		return;
	relation = table_open(table, ShareUpdateExclusiveLock);
	compat_set_relation_size(relation, Min(pages, MaxBlockNumber), rows);
	table_close(relation, NoLock);
}

/* Gives the foreign tables the sizes that production's catalog states. */
void
statistics_copy(Remote *remote)
{
	Oid space = get_namespace_oid("production", false);
	StringInfoData sql;
	RemoteRows *rows;

	initStringInfo(&sql);
	appendStringInfo(
	    &sql,
	    "SELECT relname, CASE WHEN reltuples >= 0 THEN greatest(relpages, 0) ELSE %d / %d END,"
	    " CASE WHEN reltuples >= 0 AND reltuples <= 1e13::real THEN reltuples::bigint"
	    " ELSE %d END FROM pg_catalog.pg_class"
	    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname IN (",
	    ROWS_UNKNOWN, ROWS_PER_PAGE, ROWS_UNKNOWN);
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "",
		                 quote_literal_cstr(mirror_tables[i].name));
	appendStringInfoString(&sql, ")");
	rows = remote_rows(remote, sql.data, "text count count", 0, MIRROR_TABLES);
	for (int64 row = 0; row < rows->count; row++)
		set_size(remote_text(rows, row, 0), space, remote_int64(rows, row, 1),
		         remote_int64(rows, row, 2));
}
