/*
 * src/sql.c
 *		Runs SQL through SPI: values are passed as parameters ($n), and results are checked.
 *
 * A function that runs SQL needs a connected SPI. Read the result of sql_query_row() with
 * sql_value(), sql_text() or sql_int64() before the next statement runs.
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

/* Adds a text argument; a NULL pointer means SQL's NULL. */
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

/* Appends the arguments of another list. */
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

/* Runs a query, of which the caller reads the first row; returns whether there is one. */
bool
sql_query_row(const char *sql, SqlArgs *args)
{
	return sql_run(sql, args) > 0;
}

/* Returns the value of a column, counted from 1, in the first row of the last query. */
Datum
sql_value(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

/* Returns the value of a column, like sql_value(), but as text, or NULL if it is SQL's NULL. */
char *
sql_text(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

/* Returns the value of a bigint column, like sql_value(); raises an error if it is NULL. */
int64
sql_int64(int column)
{
	bool isnull;
	Datum value = sql_value(column, &isnull);

	if (isnull)
		elog(ERROR, "column %d of a query's row is NULL", column);
	return DatumGetInt64(value);
}

/* Starts a transaction in a background worker and connects to SPI, so that SQL can be run. */
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

/* Commits the transaction that sql_begin() started. */
void
sql_commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Returns the role that owns the extension, or InvalidOid if the extension does not exist. */
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

/* Raises 55000 if this database has another version of the extension than the library. */
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

/* Formats a statement like printf() and returns it as a palloc'd string. */
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
