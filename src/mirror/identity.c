/*
 * src/mirror/identity.c
 *		The identity of a production database, as far as its login may read it.
 *
 * An identity is 'SYSTEM/DATABASE/TABLES': the cluster's system identifier, the oid of the
 * database, and the oids of the six tables. Some managed services do not let users read the
 * system identifier. It is then 'unknown', and the oids of the tables are compared instead. A
 * part that is unknown on one side is not compared.
 */
#include "mirror/check.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ngeshare_identity_sql);
PG_FUNCTION_INFO_V1(ngeshare_is_same_source);

/*
 * SQL expression for the identity of production. PostgreSQL checks the right to execute each
 * function of a query when the query begins, even for a branch of a CASE that is not reached. So
 * pg_control_system(), which may be forbidden, is called in a separate query. ts_stat() runs that
 * query, because every build of PostgreSQL has it.
 */
static const char identity_sql[] =
    "CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
    " THEN coalesce((SELECT word FROM pg_catalog.ts_stat('SELECT pg_catalog.array_to_tsvector("
    "ARRAY[system_identifier::pg_catalog.text]) FROM pg_catalog.pg_control_system()')),"
    " 'unknown') ELSE 'unknown' END"
    " || '/' || (SELECT oid FROM pg_catalog.pg_database"
    " WHERE datname = pg_catalog.current_database())"
    " || '/' || coalesce((SELECT pg_catalog.string_agg(relation.oid::text, ',' ORDER BY relname)"
    " FROM pg_catalog.pg_class AS relation WHERE relnamespace = (SELECT oid FROM"
    " pg_catalog.pg_namespace WHERE nspname = 'public') AND relname IN (%s)), '')";

#define UNKNOWN_SYSTEM "unknown"

typedef struct Identity
{
	char *system;
	char *database;
	char *tables; /* empty if not known */
} Identity;

/* Returns the SQL expression that reads the identity on production. */
char *
identity_expression(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
		                 quote_literal_cstr(mirror_tables[i].name));
	return psprintf(identity_sql, names.data);
}

/* Removes the first part of an identity from *rest and returns it. */
static char *
next_part(char **rest)
{
	char *part = *rest;
	char *end = strchr(part, '/');

	*rest = end != NULL ? end + 1 : part + strlen(part);
	if (end != NULL)
		*end = '\0';
	return part;
}

/* Splits an identity into its parts. Version 1.0 wrote only two; tables is then empty. */
static Identity
read_identity(const char *text)
{
	char *rest = pstrdup(text);
	Identity identity;

	identity.system = next_part(&rest);
	identity.database = next_part(&rest);
	identity.tables = next_part(&rest);
	return identity;
}

/*
 * Returns whether two lists of table oids have one in common, or one list is unknown. Not all
 * oids need be equal, because production may have dropped a table and created it again.
 */
static bool
share_table(const char *known, const char *seen)
{
	char *list = psprintf(",%s,", known);
	char *rest = pstrdup(seen);
	char *table;

	if (known[0] == '\0' || seen[0] == '\0')
		return true;
	while ((table = strsep(&rest, ",")) != NULL)
		if (strstr(list, psprintf(",%s,", table)) != NULL)
			return true;
	return false;
}

/* Returns whether two identities may belong to the same database. */
bool
identity_is_same(const char *known_text, const char *seen_text)
{
	Identity known = read_identity(known_text);
	Identity seen = read_identity(seen_text);

	if (strcmp(known.database, seen.database) != 0)
		return false;
	if (strcmp(known.system, UNKNOWN_SYSTEM) != 0 && strcmp(seen.system, UNKNOWN_SYSTEM) != 0)
		return strcmp(known.system, seen.system) == 0;
	return share_table(known.tables, seen.tables);
}

/* Returns the identity that was seen, with its unknown parts taken from the known identity. */
char *
identity_merge(const char *known_text, const char *seen_text)
{
	Identity known = read_identity(known_text);
	Identity seen = read_identity(seen_text);

	return psprintf("%s/%s/%s",
	                strcmp(seen.system, UNKNOWN_SYSTEM) == 0 ? known.system : seen.system,
	                seen.database, seen.tables[0] == '\0' ? known.tables : seen.tables);
}

Datum
ngeshare_identity_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(identity_expression()));
}

Datum
ngeshare_is_same_source(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(identity_is_same(text_to_cstring(PG_GETARG_TEXT_PP(0)),
	                                text_to_cstring(PG_GETARG_TEXT_PP(1))));
}
