/*
 * src/sql.c
 *		Running SQL through SPI in one way: constants with $n, every result checked.
 *
 * All of it wants a connected SPI. Results of sql_query_row() are read with
 * sql_value() and its like before the next statement.
 */
#include "sql.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/snapmgr.h"

/* Adds one argument of any type. */
static void
add_arg(SqlArgs *args, Oid type, Datum value, bool isnull)
{
	if (args->count >= SQL_MAX_ARGS)
		elog(ERROR, "too many arguments for one statement");
	args->types[args->count] = type;
	args->values[args->count] = value;
	args->nulls[args->count] = isnull ? 'n' : ' ';
	args->count++;
}

/* A NULL pointer stands for SQL's NULL. */
void
sql_add_text(SqlArgs *args, const char *value)
{
	add_arg(args, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
sql_add_int64(SqlArgs *args, int64 value)
{
	add_arg(args, INT8OID, Int64GetDatum(value), false);
}

void
sql_add_float8(SqlArgs *args, double value)
{
	add_arg(args, FLOAT8OID, Float8GetDatum(value), false);
}

void
sql_add_bool(SqlArgs *args, bool value)
{
	add_arg(args, BOOLOID, BoolGetDatum(value), false);
}

void
sql_add_timestamp(SqlArgs *args, Timestamp value)
{
	add_arg(args, TIMESTAMPOID, TimestampGetDatum(value), false);
}

void
sql_add_timestamptz(SqlArgs *args, TimestampTz value)
{
	add_arg(args, TIMESTAMPTZOID, TimestampTzGetDatum(value), false);
}

void
sql_add_date(SqlArgs *args, int32 value)
{
	add_arg(args, DATEOID, DateADTGetDatum(value), false);
}

void
sql_add_text_array(SqlArgs *args, char **values, int count)
{
	Datum *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(values[i]);
	add_arg(args, TEXTARRAYOID,
	        PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT)),
	        false);
}

/* Adds the arguments of another list behind those that there are. */
void
sql_add_all(SqlArgs *args, const SqlArgs *more)
{
	for (int i = 0; i < more->count; i++)
		add_arg(args, more->types[i], more->values[i], more->nulls[i] == 'n');
}

/* Runs one statement and returns the number of rows that it processed. */
uint64
sql_run(const char *sql, SqlArgs *args)
{
	int result;

	if (args == NULL)
		result = SPI_execute(sql, false, 0);
	else
		result = SPI_execute_with_args(sql, args->count, args->types, args->values, args->nulls,
		                               false, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
	return SPI_processed;
}

/* Runs a query for its first row; false where it gave none. */
bool
sql_query_row(const char *sql, SqlArgs *args)
{
	return sql_run(sql, args) > 0;
}

/* The value of a column, counted from 1, of the last query's first row. */
Datum
sql_value(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

/* The same as text; NULL where it is NULL. */
char *
sql_text(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

/* The same for a bigint that is not NULL. */
int64
sql_int64(int column)
{
	bool isnull;
	Datum value = sql_value(column, &isnull);

	if (isnull)
		elog(ERROR, "column %d of a query's row is NULL", column);
	return DatumGetInt64(value);
}

/* Opens, in a background worker, a transaction in which SQL can be run. */
void
sql_begin(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, activity);
}

/* Commits what sql_begin() opened. */
void
sql_commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* The role that owns the extension, and all that it keeps; InvalidOid where it is gone. */
Oid
sql_extension_owner(void)
{
	bool isnull;

	if (!sql_query_row("SELECT extowner FROM pg_catalog.pg_extension"
	                   " WHERE extname OPERATOR(pg_catalog.=) 'ngeshare'",
	                   NULL))
		return InvalidOid;
	return DatumGetObjectId(sql_value(1, &isnull));
}

/* Refuses (55000) objects of another version than this library's. */
void
sql_refuse_other_version(void)
{
	char *version;

	if (!sql_query_row("SELECT extversion FROM pg_catalog.pg_extension"
	                   " WHERE extname OPERATOR(pg_catalog.=) 'ngeshare'",
	                   NULL))
		return;
	version = sql_text(1);
	if (strcmp(version, NGESHARE_VERSION) == 0)
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	     errmsg("ngeshare is of version %s in this database, and its library of version %s",
	            version, NGESHARE_VERSION),
	     errhint("ALTER EXTENSION ngeshare UPDATE TO '%s'; if that was done, open a new session.",
	             NGESHARE_VERSION)));
}

/* printf into a palloc'd string, for statements that name a table. */
char *
sql_format(const char *format, ...)
{
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			return text.data;
		enlargeStringInfo(&text, needed);
	}
}
