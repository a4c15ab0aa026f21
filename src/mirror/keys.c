/*
 * src/mirror/keys.c
 *		What production guarantees of its ids and of the rows that they point to.
 *
 * Ids are texts here. In production they may be of another type, under another
 * collation, and in a view not even unique. Tables that inherit from one of the six bring
 * rows of their own, for which none of its keys holds. Statements that look rows up by their
 * ids name the column in its own type, so that production's index serves them.
 */
#include "mirror/keys.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "sql.h"
#include "utils/builtins.h"

/* A text that PostgreSQL's uuid surely takes: production must not fail over any other. */
#define UUID_PATTERN "'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'"

/* A column may have several foreign keys, but not so many. */
#define REFERENCES_MAX 1000

/* Whether what a table guarantees holds for all of its rows. A partitioned table's keys do. */
#define NO_HEIRS "(relkind = 'p' OR NOT relhassubclass)"

/* A domain is followed to the type that it is made of. */
#define BASE_TYPES                                                                                 \
	"base (no, relation, attnum, is_required, type) AS ("                                          \
	" SELECT no, relation.oid, attnum, attnotnull AND " NO_HEIRS ", atttypid FROM wanted"          \
	" JOIN pg_catalog.pg_class AS relation ON relname = name"                                      \
	" AND relnamespace = 'public'::pg_catalog.regnamespace"                                        \
	" JOIN pg_catalog.pg_attribute ON attrelid = relation.oid AND attname = 'id'"                  \
	" UNION ALL SELECT no, relation, attnum, is_required, typbasetype FROM base"                   \
	" JOIN pg_catalog.pg_type ON pg_type.oid = base.type AND typtype = 'd')"

/* The six names as SQL rows (0,'User'), ... */
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

/* The table whose number an answer has; refuses a number that is none of the six. */
static int
table_at(Remote *remote, const RemoteRows *rows, int64 row, int column, const char *sql)
{
	int64 table = remote_int64(rows, row, column);

	if (table < 0 || table >= MIRROR_TABLES)
		remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION, "it speaks of another table", sql);
	return table;
}

/*
 * Notes a condition that finds the row "source" by its id's index, in two parts around
 * a list of ids (an array of text, as a literal). The name of the schema is production's:
 * it never becomes a part of a format.
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

/* Learns of each table's ids which type they are of, and whether they are unique. */
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

/* The number of a table's parent that a column points to; -1 where it is none. */
static int
parent_of(const MirrorTable *table, const char *column, const char *parent)
{
	for (int i = 0; table->parents[i].column != NULL; i++)
		if (strcmp(table->parents[i].column, column) == 0 &&
		    strcmp(table->parents[i].table, parent) == 0)
			return i;
	return -1;
}

/* Learns which of the mirror's foreign keys production enforces, too. */
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

/* Learns what production guarantees of its keys; a table that is not there guarantees nothing. */
void
keys_learn(Remote *remote, ProductionKeys *keys)
{
	memset(keys, 0, sizeof(ProductionKeys) * MIRROR_TABLES);
	learn_ids(remote, keys);
	learn_references(remote, keys);
}

/*
 * A condition on production's row "source": its id is one of a list (the text of an
 * array), byte by byte. Production's own equality may hold for other spellings, too.
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
