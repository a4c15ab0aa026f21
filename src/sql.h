/*
 * src/sql.h
 *		Runs SQL through SPI: values are passed as parameters ($n), and results are checked.
 */
#ifndef NGESHARE_SQL_H
#define NGESHARE_SQL_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/timestamp.h"

#define SQL_MAX_ARGS 10

/* The arguments of one statement, in the order of their $n. */
typedef struct SqlArgs
{
	int count;
	Oid types[SQL_MAX_ARGS];
	Datum values[SQL_MAX_ARGS];
	char nulls[SQL_MAX_ARGS];
} SqlArgs;

extern void sql_add_text(SqlArgs *args, const char *value);
extern void sql_add_int64(SqlArgs *args, int64 value);
extern void sql_add_float8(SqlArgs *args, double value);
extern void sql_add_bool(SqlArgs *args, bool value);
extern void sql_add_timestamp(SqlArgs *args, Timestamp value);
extern void sql_add_timestamptz(SqlArgs *args, TimestampTz value);
extern void sql_add_date(SqlArgs *args, int32 value);
extern void sql_add_text_array(SqlArgs *args, char **values, int count);
extern void sql_add_all(SqlArgs *args, const SqlArgs *more);

extern uint64 sql_run(const char *sql, SqlArgs *args);
extern bool sql_query_row(const char *sql, SqlArgs *args);
extern Datum sql_value(int column, bool *isnull);
extern char *sql_text(int column);
extern int64 sql_int64(int column);

extern Oid sql_extension_owner(void);
extern void sql_refuse_other_version(void);
extern void sql_begin(const char *activity);
extern void sql_commit(void);

extern char *sql_format(const char *format, ...) pg_attribute_printf(1, 2);

#endif
