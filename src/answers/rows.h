/*
 * src/answers/rows.h
 *		Passes a query's rows to a handler one by one, without collecting them in memory.
 */
#ifndef NGESHARE_ANSWERS_ROWS_H
#define NGESHARE_ANSWERS_ROWS_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "utils/array.h"

typedef TupleTableSlot *Row;
typedef void (*RowHandler)(Row row, void *context);

extern void rows_for_each(const char *sql, ArrayType *texts, RowHandler handle, void *context);
extern int32 row_int32(Row row, int column);
extern void *row_plain_array(Row row, int column, int *count);
extern Datum *row_texts(Row row, int column, int *count);

#endif
