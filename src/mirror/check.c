/*
 * src/mirror/check.c
 *		Checks whether production is what the mirror expects, before anything is made or pulled.
 *		An error names what is wrong.
 */
#include "mirror/check.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mirror/tables.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ngeshare_columns_sql);

#define OLDEST_PRODUCTION 140000

/* The largest number of columns that production's six tables can have together. */
#define COLUMNS_MAX ((int64) MIRROR_TABLES * MaxHeapAttributeNumber)

/*
 * Returns the index of the table that is named in the first column of an answer's row. Raises
 * 08P01 if it is not one of the six tables.
 */
static int
remote_table(Remote *remote, const RemoteRows *rows, int64 row, const char *sql)
{
	const char *name = remote_text(rows, row, 0);
	int table = mirror_table_index(name);

	if (table < 0)
		remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION,
		              psprintf("it speaks of a table \"%s\"", name), sql);
	return table;
}

/*
 * Reads production's version, identity, clock and transaction count; refuses a PostgreSQL older
 * than 14.
 */
static void
check_system(Remote *remote, Production *production)
{
	RemoteRows *rows = remote_rows(
	    remote,
	    psprintf(
	        "SELECT pg_catalog.current_setting('server_version_num')::bigint,"
	        " pg_catalog.current_setting('server_version'), %s,"
	        " (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint,"
	        " CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0"
	        " ELSE pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint END",
	        identity_expression()),
	    "count text text int int", 1, 1);
	double here = (GetCurrentTimestamp() / 1000000.0) +
	              (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY;

	production->source_id = remote_text(rows, 0, 2);
	production->clock_ahead = remote_int64(rows, 0, 3) / 1000000.0 - here;
	production->transactions = remote_int64(rows, 0, 4);
	if (remote_int64(rows, 0, 0) < OLDEST_PRODUCTION)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("production runs PostgreSQL %s, which is too old", remote_text(rows, 0, 1)),
		         errhint("ngeshare reads from PostgreSQL 14 and newer.")));
}

/* Records a problem that keeps a table from being read, unless the table has one already. */
static void
note_problem(Production *production, int table, int sqlstate, char *message, char *hint)
{
	ProductionProblem *problem = &production->problems[table];

	if (problem->message != NULL)
		return;
	problem->sqlstate = sqlstate;
	problem->message = message;
	problem->hint = hint;
}

/*
 * Records a problem with one table as a whole, from the table's row in the answer of
 * check_tables().
 */
static void
judge_table(Production *production, const RemoteRows *rows, int table)
{
	const char *name = mirror_tables[table].name;

	if (!remote_bool(rows, table, 1))
		note_problem(
		    production, table, ERRCODE_UNDEFINED_TABLE,
		    psprintf("production has no table public.\"%s\"", name),
		    psprintf("Check the conninfo's dbname: the six tables are %s.", mirror_names()));
	else if (!remote_bool(rows, table, 2))
		note_problem(
		    production, table, ERRCODE_INSUFFICIENT_PRIVILEGE,
		    psprintf("the login may not read public.\"%s\" on production", name),
		    psprintf("On production: GRANT SELECT ON public.\"%s\" TO <the login>.", name));
	else if (remote_bool(rows, table, 3))
		note_problem(
		    production, table, ERRCODE_INSUFFICIENT_PRIVILEGE,
		    psprintf("row security hides rows of public.\"%s\" on production from the login", name),
		    "On production: ALTER ROLE <the login> BYPASSRLS. A sync has to see all rows.");
}

/* Raises 42501 if the login has no USAGE right on production's schema public. */
static void
check_schema(const RemoteRows *rows)
{
	if (remote_bool(rows, 0, 5))
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	                errmsg("the login has no USAGE privilege on production's schema public"),
	                errhint("On production: GRANT USAGE ON SCHEMA public TO <the login>.")));
}

/* Checks that each table exists and is readable, and that no row security applies to the login. */
static void
check_tables(Remote *remote, Production *production)
{
	StringInfoData sql;
	RemoteRows *rows;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH wanted (no, name) AS (VALUES ");
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&sql, "%s(%d, %s)", i > 0 ? ", " : "", i,
		                 quote_literal_cstr(mirror_tables[i].name));
	appendStringInfoString(
	    &sql, ") SELECT wanted.name, relation.oid IS NOT NULL,"
	          " coalesce(pg_catalog.has_any_column_privilege(relation.oid, 'SELECT'), false),"
	          " coalesce(pg_catalog.row_security_active(relation.oid), false),"
	          " coalesce(pg_catalog.has_table_privilege(relation.oid, 'INSERT, UPDATE, DELETE, "
	          "TRUNCATE'), false),"
	          " coalesce(pg_catalog.has_schema_privilege(space.oid, 'USAGE'), false)"
	          " FROM wanted LEFT JOIN pg_catalog.pg_namespace AS space ON space.nspname = 'public'"
	          " LEFT JOIN pg_catalog.pg_class AS relation"
	          " ON relation.relnamespace = space.oid AND relation.relname = wanted.name"
	          " ORDER BY no");
	rows = remote_rows(remote, sql.data, "text bool bool bool bool bool", MIRROR_TABLES,
	                   MIRROR_TABLES);
	check_schema(rows);
	for (int row = 0; row < MIRROR_TABLES; row++)
	{
		if (remote_table(remote, rows, row, sql.data) != row)
			remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION, "it names a table twice", sql.data);
		judge_table(production, rows, row);
		production->can_write |= remote_bool(rows, row, 4);
	}
}

/* Returns the columns of the mirror's tables as SQL rows ('User','id','text',25), ... */
static char *
wanted_columns(void)
{
	StringInfoData rows;

	initStringInfo(&rows);
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		char *table = quote_literal_cstr(mirror_tables[i].name);

		appendStringInfo(&rows, "%s%s", i > 0 ? ", " : "",
		                 mirror_columns(&mirror_tables[i],
		                                sql_format("(%s, %%1$L, %%2$L, %%4$s)", table), ", "));
	}
	return rows.data;
}

/* Records a column of production that differs from the mirror's. */
static void
note_drift(Production *production, const RemoteRows *rows, int64 row, int table, const char *kind)
{
	ColumnDrift *drift = palloc(sizeof(ColumnDrift));

	drift->table = table;
	drift->column = remote_text(rows, row, 1);
	drift->kind = kind;
	drift->type_there = remote_text(rows, row, 3);
	production->drift = lappend(production->drift, drift);
}

/* Records how a column differs from the mirror's, from its row in check_columns()'s answer. */
static void
judge_column(Production *production, const RemoteRows *rows, int64 row, int table)
{
	char *column =
	    psprintf("public.\"%s\".\"%s\"", mirror_tables[table].name, remote_text(rows, row, 1));
	const char *type_here = remote_text(rows, row, 2);
	const char *type_there = remote_text(rows, row, 3);

	if (type_here[0] == '\0')
		note_drift(production, rows, row, table, "added");
	else if (type_there[0] == '\0')
	{
		note_drift(production, rows, row, table, "gone");
		note_problem(production, table, ERRCODE_UNDEFINED_COLUMN,
		             psprintf("production has no column %s", column),
		             "Its schema has changed, or it is another database.");
	}
	else if (!remote_bool(rows, row, 4))
		note_problem(production, table, ERRCODE_INSUFFICIENT_PRIVILEGE,
		             psprintf("the login may not read %s on production", column),
		             "On production: GRANT SELECT on the whole table to the login.");
	else
	{
		note_drift(production, rows, row, table, "retyped");
		note_problem(production, table, ERRCODE_DATATYPE_MISMATCH,
		             psprintf("production's column %s is of type %s", column, type_there),
		             psprintf("The mirror's column is of type %s.", type_here));
	}
}

/*
 * SQL condition: "base" is not text, but a text column of the mirror can take its values. "base" is
 * the type of a column of production or, for a domain, its base type. PostgreSQL's own types are
 * compared by oid, which is the same on every server; their printed names depend on settings.
 */
#define FITS_TEXT                                                                                  \
	"(base.typtype = 'e' OR base.typname = 'citext' AND base.typcategory = 'S'"                    \
	" OR base.oid IN ('pg_catalog.varchar'::regtype, 'pg_catalog.uuid'::regtype))"

/* SQL query for the columns of production's schema public, each with its base type. */
#define COLUMNS_THERE                                                                              \
	"SELECT relation.relname::text AS table_name, col.attname::text AS column_name, attnum,"       \
	" pg_catalog.format_type(col.atttypid, col.atttypmod) AS type_there,"                          \
	" base.oid AS base_oid, " FITS_TEXT " AS fits_text,"                                           \
	" pg_catalog.has_column_privilege(relation.oid, col.attnum, 'SELECT') AS has_select"           \
	" FROM pg_catalog.pg_class AS relation"                                                        \
	" JOIN pg_catalog.pg_namespace AS space"                                                       \
	" ON space.oid = relation.relnamespace AND space.nspname = 'public'"                           \
	" JOIN pg_catalog.pg_attribute AS col ON col.attrelid = relation.oid"                          \
	" AND col.attnum > 0 AND NOT col.attisdropped"                                                 \
	" CROSS JOIN LATERAL (WITH RECURSIVE step AS ("                                                \
	" SELECT * FROM pg_catalog.pg_type WHERE oid = col.atttypid"                                   \
	" UNION ALL SELECT type.* FROM step JOIN pg_catalog.pg_type AS type"                           \
	" ON type.oid = step.typbasetype WHERE step.typtype = 'd')"                                    \
	" SELECT oid, typname, typtype, typcategory FROM step WHERE typtype <> 'd') AS base"

/* Returns the query COLUMNS_THERE, with which the doctor checks production's columns too. */
Datum
ngeshare_columns_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(COLUMNS_THERE));
}

/*
 * Checks that each column exists, is readable and has a type that the mirror can take: the
 * mirror's own type with any precision or, for a text column, varchar, uuid, citext or an enum. A
 * domain counts as its base type. Also records the columns that only production has.
 */
static void
check_columns(Remote *remote, Production *production)
{
	char *sql = sql_format(
	    "WITH wanted (table_name, column_name, type_name, type_oid) AS (VALUES %s),"
	    " there AS (" COLUMNS_THERE " WHERE relation.relname IN (SELECT table_name FROM wanted))"
	    " SELECT table_name, column_name, coalesce(type_name, ''),"
	    " coalesce(type_there, ''), coalesce(has_select, true)"
	    " FROM wanted FULL JOIN there USING (table_name, column_name)"
	    " WHERE table_name IN (SELECT table_name FROM there)"
	    " AND (attnum IS NULL OR type_oid IS NULL OR NOT has_select"
	    " OR NOT (base_oid = type_oid OR type_oid = 'pg_catalog.text'::regtype"
	    " AND fits_text))"
	    " ORDER BY attnum IS NOT NULL, table_name, attnum, column_name",
	    wanted_columns());
	RemoteRows *rows = remote_rows(remote, sql, "text text text text bool", 0, COLUMNS_MAX);

	for (int64 row = 0; row < rows->count; row++)
		judge_column(production, rows, row, remote_table(remote, rows, row, sql));
}

/*
 * Checks production and returns the result in the current memory context. Problems of single
 * tables are only recorded, and production_refuse_table() raises them. Raises 0A000 or 42501 for
 * a problem that concerns all tables, and the errors of remote_rows().
 */
Production *
production_check(Remote *remote)
{
	Production *production = palloc0(sizeof(Production));

	production->is_pooled = remote_is_pooled(remote);
	check_system(remote, production);
	check_tables(remote, production);
	check_columns(remote, production);
	keys_learn(remote, production->keys);
	return production;
}

/* Raises the problem that was recorded for a table, if any: 42P01, 42703, 42804 or 42501. */
void
production_refuse_table(const Production *production, int table)
{
	const ProductionProblem *problem = &production->problems[table];

	if (problem->message != NULL)
		ereport(ERROR, (errcode(problem->sqlstate), errmsg("%s", problem->message),
		                errhint("%s", problem->hint)));
}

/* Returns whether the mirror or the past contains any row. */
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

/* Raises 55000 if the mirror's rows came from another production database than this one. */
void
production_check_same(const Production *production)
{
	char *known;

	if (!sql_query_row("SELECT source_id FROM ngeshare.source", NULL))
		return;
	known = sql_text(1);
	if (!identity_is_same(known, production->source_id) && mirror_holds_data())
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("this is another database than the one the mirror came from"),
		     errdetail("The mirror came from %s; this is %s (system/database/tables).", known,
		               production->source_id),
		     errhint("Use a new local database for it. If production itself moved to a new system:"
		             " DELETE FROM ngeshare.source; SELECT ngeshare_connect(...);"
		             " CALL ngeshare_sync('full');")));
}
