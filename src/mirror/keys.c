/*
 * src/mirror/keys.c
 *		Reads which guarantees production's constraints give for its ids and references.
 *
 * The mirror's ids are of type text. On production an id may have another type or another
 * collation, and the ids of a view may not be unique. Tables that inherit from one of the six add
 * rows to which the parent's keys do not apply. Statements that look up rows by id compare the
 * column in its own type, so that production can use the column's index.
 */
#include "mirror/keys.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "sql.h"
#include "utils/builtins.h"

/* Matches only texts that PostgreSQL's type uuid accepts, so that a cast to uuid never fails. */
#define UUID_PATTERN "'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'"

/* The largest number of foreign keys that is accepted, which is more than the six tables need. */
#define REFERENCES_MAX 1000

/*
 * SQL condition: the constraints of a table hold for all of its rows, because no table inherits
 * from it. The constraints of a partitioned table hold for its partitions too.
 */
#define NO_HEIRS "(relkind = 'p' OR NOT relhassubclass)"

/* SQL query for the type of each table's id. For a domain it adds rows down to the base type. */
#define BASE_TYPES                                                                                 \
	"base (no, relation, attnum, is_required, type) AS ("                                          \
	" SELECT no, relation.oid, attnum, attnotnull AND " NO_HEIRS ", atttypid FROM wanted"          \
	" JOIN pg_catalog.pg_class AS relation ON relname = name"                                      \
	" AND relnamespace = 'public'::pg_catalog.regnamespace"                                        \
	" JOIN pg_catalog.pg_attribute ON attrelid = relation.oid AND attname = 'id'"                  \
	" UNION ALL SELECT no, relation, attnum, is_required, typbasetype FROM base"                   \
	" JOIN pg_catalog.pg_type ON pg_type.oid = base.type AND typtype = 'd')"

/* Returns the six tables as SQL rows (0,'User'), ... */
static char *
wanted_tables(void)
{
	StringInfoData rows;

	initStringInfo(&rows);
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&rows, "%s(%d, %s)", i > 0 ? ", " : "", i,
		                 quote_literal_cstr(mirror_tables[i].name));
	return rows.data;
}

/* Returns a table's index from a column of an answer; refuses an index that is out of range. */
static int
table_at(Remote *remote, const RemoteRows *rows, int64 row, int column, const char *sql)
{
	int64 table = remote_int64(rows, row, column);

	if (table < 0 || table >= MIRROR_TABLES)
		remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION, "it speaks of another table", sql);
	return table;
}

/*
 * Stores an SQL condition that finds the row "source" through the index on its id. The condition
 * is stored in two parts, before and after a list of ids (an array of text, as a literal). The
 * schema's name comes from production, so it must not become part of a format string.
 */
static void
note_lookup(ProductionKeys *keys, Oid type, const char *name, const char *space)
{
	if (type == TEXTOID || type == VARCHAROID)
	{
		keys->lookup = "source.id = ANY (";
		keys->lookup_end = "::pg_catalog.text[])";
	}
	else if (type == UUIDOID)
	{
		keys->lookup = "source.id = ANY (ARRAY(SELECT listed::pg_catalog.uuid"
		               " FROM pg_catalog.unnest(";
		keys->lookup_end =
		    "::pg_catalog.text[]) AS listed WHERE listed OPERATOR(pg_catalog.~) " UUID_PATTERN "))";
	}
	else if (strcmp(name, "citext") == 0)
	{
		keys->lookup = psprintf("source.id OPERATOR(%s.=) ANY (", quote_identifier(pstrdup(space)));
		keys->lookup_end =
		    psprintf("::pg_catalog.text[]::%s.citext[])", quote_identifier(pstrdup(space)));
	}
}

/* Reads the type of each table's ids, and whether the ids are unique. */
static void
learn_ids(Remote *remote, ProductionKeys *keys)
{
	char *sql = sql_format(
	    "WITH RECURSIVE wanted (no, name) AS (VALUES %s), " BASE_TYPES
	    " SELECT no, type.oid::bigint, typname, nspname, is_required AND EXISTS ("
	    " SELECT 1 FROM pg_catalog.pg_index WHERE indrelid = relation AND indisunique"
	    " AND indisvalid AND indimmediate AND indpred IS NULL AND indnkeyatts = 1"
	    " AND indkey[0] = attnum)"
	    " FROM base JOIN pg_catalog.pg_type AS type ON type.oid = base.type AND typtype <> 'd'"
	    " JOIN pg_catalog.pg_namespace AS space ON space.oid = typnamespace",
	    wanted_tables());
	RemoteRows *rows = remote_rows(remote, sql, "count count text text bool", 0, MIRROR_TABLES);

	for (int64 row = 0; row < rows->count; row++)
	{
		ProductionKeys *table = &keys[table_at(remote, rows, row, 0, sql)];

		note_lookup(table, remote_int64(rows, row, 1), remote_text(rows, row, 2),
		            remote_text(rows, row, 3));
		table->is_unique = remote_bool(rows, row, 4);
	}
}

/* Returns the index in table->parents of the reference from a column to a parent; -1 if none. */
static int
parent_of(const MirrorTable *table, const char *column, const char *parent)
{
	for (int i = 0; table->parents[i].column != NULL; i++)
		if (strcmp(table->parents[i].column, column) == 0 &&
		    strcmp(table->parents[i].table, parent) == 0)
			return i;
	return -1;
}

/* Reads which of the mirror's foreign keys production enforces too. */
static void
learn_references(Remote *remote, ProductionKeys *keys)
{
	char *sql =
	    sql_format("WITH wanted (no, name) AS (VALUES %s), relation AS (SELECT no, relname, oid,"
	               " " NO_HEIRS " AS has_no_heirs FROM wanted"
	               " JOIN pg_catalog.pg_class ON relname = name"
	               " AND relnamespace = 'public'::pg_catalog.regnamespace)"
	               " SELECT child.no, attname, parent.no FROM pg_catalog.pg_constraint"
	               " JOIN relation AS child ON child.oid = conrelid"
	               " JOIN relation AS parent ON parent.oid = confrelid"
	               " JOIN pg_catalog.pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]"
	               " WHERE contype = 'f' AND convalidated AND child.has_no_heirs",
	               wanted_tables());
	RemoteRows *rows = remote_rows(remote, sql, "count text count", 0, REFERENCES_MAX);

	for (int64 row = 0; row < rows->count; row++)
	{
		int child = table_at(remote, rows, row, 0, sql);
		int above = table_at(remote, rows, row, 2, sql);
		int parent =
		    parent_of(&mirror_tables[child], remote_text(rows, row, 1), mirror_tables[above].name);

		if (parent >= 0)
			keys[child].is_enforced[parent] = true;
	}
}

/* Reads what production guarantees for its keys; for a missing table, that is nothing. */
void
keys_learn(Remote *remote, ProductionKeys *keys)
{
	memset(keys, 0, sizeof(ProductionKeys) * MIRROR_TABLES);
	learn_ids(remote, keys);
	learn_references(remote, keys);
}

/*
 * Returns an SQL condition: the id of production's row "source" is in a list (the text of an
 * array). The comparison is byte by byte, because production's own equality may also match other
 * spellings of an id.
 */
char *
keys_listed(const ProductionKeys *keys, const char *ids)
{
	char *list = quote_literal_cstr(ids);

	return psprintf("%s%s%s AND " KEYS_ID " = ANY (%s::pg_catalog.text[])",
	                keys->lookup_end != NULL ? keys->lookup : "true",
	                keys->lookup_end != NULL ? list : "",
	                keys->lookup_end != NULL ? keys->lookup_end : "", list);
}
