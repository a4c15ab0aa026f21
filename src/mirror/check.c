/*
 * src/mirror/check.c
 *		Whether production is what the mirror expects: refuses with a name for
 *		what is wrong, before anything is made or pulled.
 */
#include "mirror/check.h"

#include "lib/stringinfo.h"
#include "mirror/tables.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define OLDEST_PRODUCTION 140000

/* Reads a one-row result's column as text that outlives the result. */
static char *
field(PGresult *result, int column)
{
	return pstrdup(PQgetvalue(result, 0, column));
}

static bool
is_true(PGresult *result, int column)
{
	return PQgetvalue(result, 0, column)[0] == 't';
}

/* Reads version, identity and clock; refuses a PostgreSQL older than 14. */
static void
check_system(Remote *remote, Production *production)
{
	PGresult *result = remote_query(
	    remote,
	    "SELECT pg_catalog.current_setting('server_version_num'),"
	    " pg_catalog.current_setting('server_version'),"
	    " CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
	    " THEN (SELECT system_identifier::text FROM pg_catalog.pg_control_system())"
	    " ELSE 'unknown' END"
	    " || '/' || (SELECT oid FROM pg_catalog.pg_database"
	    " WHERE datname = pg_catalog.current_database()),"
	    " extract(epoch FROM pg_catalog.clock_timestamp()),"
	    " CASE WHEN pg_catalog.pg_is_in_recovery() THEN '0'"
	    " ELSE pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text END");
	int version = atoi(PQgetvalue(result, 0, 0));
	char *version_text = field(result, 1);
	double here = (GetCurrentTimestamp() / 1000000.0) +
	              (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY;

	production->source_id = field(result, 2);
	production->clock_ahead = atof(PQgetvalue(result, 0, 3)) - here;
	production->transactions = strtoll(PQgetvalue(result, 0, 4), NULL, 10);
	PQclear(result);
	if (version < OLDEST_PRODUCTION)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("production runs PostgreSQL %s, which is too old", version_text),
		                errhint("ngeshare reads from PostgreSQL 14 and newer.")));
}

/* Raises what is wrong with one of the six tables as a whole. */
static void
refuse_table(char *name, bool exists, bool has_usage, bool has_select)
{
	if (!has_usage)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("the login may not use schema public on production"),
		                errhint("There: GRANT USAGE ON SCHEMA public TO the login.")));
	if (!exists)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_TABLE),
		         errmsg("production has no table public.\"%s\"", name),
		         errhint("Check the conninfo's dbname: the six tables are %s.", mirror_names())));
	if (!has_select)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("the login may not read public.\"%s\" on production", name),
		                errhint("There: GRANT SELECT ON public.\"%s\" TO the login.", name)));
	ereport(ERROR,
	        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	         errmsg("row security hides rows of public.\"%s\" on production from the login", name),
	         errhint("There: ALTER ROLE the login BYPASSRLS; a part of a table would pass for all "
	                 "of it.")));
}

/* Checks that each table is there, readable, and without row security for us. */
static void
check_tables(Remote *remote, Production *production)
{
	StringInfoData sql;
	PGresult *result;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH wanted (no, name) AS (VALUES ");
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&sql, "%s(%d, %s)", i > 0 ? ", " : "", i,
		                 quote_literal_cstr(mirror_tables[i].name));
	appendStringInfoString(
	    &sql, "), found AS (SELECT no, wanted.name, relation.oid IS NOT NULL AS is_there,"
	          " coalesce(pg_catalog.has_schema_privilege(space.oid, 'USAGE'), false) AS has_usage,"
	          " coalesce(pg_catalog.has_any_column_privilege(relation.oid, 'SELECT'), false) AS "
	          "has_select,"
	          " coalesce(pg_catalog.row_security_active(relation.oid), false) AS is_filtered,"
	          " coalesce(pg_catalog.has_table_privilege(relation.oid, 'INSERT, UPDATE, DELETE, "
	          "TRUNCATE'), false)"
	          " AS can_write"
	          " FROM wanted LEFT JOIN pg_catalog.pg_namespace AS space ON space.nspname = 'public'"
	          " LEFT JOIN pg_catalog.pg_class AS relation"
	          " ON relation.relnamespace = space.oid AND relation.relname = wanted.name)"
	          " SELECT name, is_there, has_usage, has_select, is_filtered,"
	          " pg_catalog.bool_or(can_write) OVER () FROM found"
	          " ORDER BY (is_there AND has_usage AND has_select AND NOT is_filtered), no LIMIT 1");
	result = remote_query(remote, sql.data);
	production->can_write = is_true(result, 5);
	if (!is_true(result, 1) || !is_true(result, 2) || !is_true(result, 3) || is_true(result, 4))
	{
		char *name = field(result, 0);
		bool exists = is_true(result, 1);
		bool has_usage = is_true(result, 2);
		bool has_select = is_true(result, 3);

		PQclear(result);
		refuse_table(name, exists, has_usage, has_select);
	}
	PQclear(result);
}

/* The six tables' columns here, as SQL rows ('User','id','text'), ... */
static char *
wanted_columns(void)
{
	StringInfoData rows;

	initStringInfo(&rows);
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		char *table = quote_literal_cstr(mirror_tables[i].name);

		appendStringInfo(
		    &rows, "%s%s", i > 0 ? ", " : "",
		    mirror_columns(&mirror_tables[i], sql_format("(%s, %%1$L, %%2$L)", table), ", "));
	}
	return rows.data;
}

/*
 * Checks that each column is there, readable and of a type that ours can take:
 * the same but for its precision, or text for an enum and the like.
 */
static void
check_columns(Remote *remote)
{
	char *sql = sql_format(
	    "WITH wanted (table_name, column_name, type_name) AS (VALUES %s), found AS ("
	    " SELECT wanted.*, col.attnum, type.typtype = 'e' AS is_enum,"
	    " pg_catalog.format_type(col.atttypid, col.atttypmod) AS type_there,"
	    " pg_catalog.format_type(col.atttypid, NULL) AS base_there,"
	    " pg_catalog.regexp_replace(type_name, '\\(\\d+\\)', '') AS base_here,"
	    " pg_catalog.has_column_privilege(relation.oid, col.attnum, 'SELECT') AS has_select"
	    " FROM wanted"
	    " JOIN pg_catalog.pg_class AS relation ON relation.relname = table_name"
	    " JOIN pg_catalog.pg_namespace AS space"
	    " ON space.oid = relation.relnamespace AND space.nspname = 'public'"
	    " LEFT JOIN pg_catalog.pg_attribute AS col ON col.attrelid = relation.oid"
	    " AND col.attname = column_name AND NOT col.attisdropped"
	    " LEFT JOIN pg_catalog.pg_type AS type ON type.oid = col.atttypid)"
	    " SELECT table_name, column_name, type_name, coalesce(type_there, ''),"
	    " coalesce(has_select, true) FROM found"
	    " WHERE attnum IS NULL OR NOT has_select OR NOT (base_there = base_here"
	    " OR type_name = 'text' AND (is_enum OR base_there IN ('character varying', 'uuid', "
	    "'citext')))"
	    " ORDER BY attnum IS NOT NULL, table_name, attnum LIMIT 1",
	    wanted_columns());
	PGresult *result = remote_query(remote, sql);

	if (PQntuples(result) > 0)
	{
		char *column =
		    psprintf("public.\"%s\".\"%s\"", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
		char *type_here = field(result, 2);
		char *type_there = field(result, 3);
		bool has_select = is_true(result, 4);

		PQclear(result);
		if (type_there[0] == '\0')
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
			                errmsg("production has no column %s", column),
			                errhint("Its schema has changed, or it is another database.")));
		if (!has_select)
			ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			                errmsg("the login may not read %s on production", column),
			                errhint("There: GRANT SELECT on the whole table to the login.")));
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("production's column %s is of type %s", column, type_there),
		                errhint("The mirror needs %s.", type_here)));
	}
	PQclear(result);
}

/*
 * Checks production and returns what it learned. Raises 0A000, 42P01, 42703,
 * 42804 or 42501 for what is wrong, and what remote_query() raises.
 */
Production *
production_check(Remote *remote)
{
	Production *production = palloc0(sizeof(Production));

	check_system(remote, production);
	check_tables(remote, production);
	check_columns(remote);
	return production;
}

/* Whether any row of production's is here, raw or as history. */
static bool
mirror_holds_data(void)
{
	StringInfoData sql;
	bool isnull;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT EXISTS (SELECT 1 FROM ngeshare.meeting_past)");
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&sql, " OR EXISTS (SELECT 1 FROM public.%s)",
		                 quote_identifier(mirror_tables[i].name));
	sql_query_row(sql.data, NULL);
	return DatumGetBool(sql_value(1, &isnull));
}

/* Refuses (55000) another system than the one that the mirror's rows came from. */
void
production_check_same(const Production *production)
{
	char *known;

	if (!sql_query_row("SELECT source_id FROM ngeshare.source", NULL))
		return;
	known = sql_text(1);
	if (strcmp(known, production->source_id) != 0 && mirror_holds_data())
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("this is another database than the one the mirror came from"),
		     errdetail("The mirror came from system %s; this is %s.", known, production->source_id),
		     errhint("Use a new local database for it. If production itself moved to a new system:"
		             " DELETE FROM ngeshare.source, connect, and CALL ngeshare_sync('full').")));
}
