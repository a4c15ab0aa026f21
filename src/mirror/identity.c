/*
 * src/mirror/identity.c
 *		Which production this is, by what its login may read of that.
 *
 * An identity is 'SYSTEM/DATABASE/TABLES': the cluster's system identifier, the oid
 * of the database, and the oids of the six tables. Managed services keep the system
 * identifier from their users; then it is 'unknown', and the tables tell. Identities
 * are compared part by part, by what is known on both sides.
 */
#include "mirror/check.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ngeshare_identity_sql);
PG_FUNCTION_INFO_V1(ngeshare_is_same_source);

/*
 * Reads an identity on production. PostgreSQL checks the right to execute each
 * function of a query when the query begins, whatever a CASE says: so the function
 * that may be forbidden is called by a query within the query, which ts_stat() runs in
 * every build of PostgreSQL.
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
	char *tables; /* empty where they are not known */
} Identity;

/* The expression that reads production's identity there. */
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

/* Takes the next part of an identity off its beginning. */
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

/* Version 1.0 wrote two parts. */
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

/* Whether two lists of tables have one in common; a table may have been made again. */
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

/* Whether two identities may be of one database. */
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

/* What is known of a database by now: a part that can't be read any more is remembered. */
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
