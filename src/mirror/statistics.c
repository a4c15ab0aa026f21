/*
 * src/mirror/statistics.c
 *		The sizes that the planner assumes for production's tables.
 *
 * Queries on the foreign tables are planned with these sizes, and the sync chooses a table's number
 * of buckets by them. For a foreign table that was never analyzed the planner assumes ten pages.
 * ANALYZE may transfer every row, so the sizes are copied from production's own catalog instead.
 * The sizes of the files would be exact, but pg_relation_size() waits for a session that has locked
 * the table. One query reads the sizes of all tables, so one locked table would delay all of them.
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
 * The number of rows assumed for a table that production has never analyzed (better too many than
 * too few), and the rows per page from which its number of pages is computed.
 */
#define ROWS_UNKNOWN 100000
#define ROWS_PER_PAGE 50

/* Sets the size that the planner assumes for one foreign table. */
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

/* Copies the sizes of the tables from production's catalog to the foreign tables. */
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
