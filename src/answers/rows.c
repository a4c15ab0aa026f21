/*
 * src/answers/rows.c
 *		Passes a query's rows to a handler one by one, without collecting them in memory.
 */
#include "answers/rows.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/memutils.h"

/* A DestReceiver that calls a handler for each row. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	MemoryContext row_context; /* reset after each row */
	RowHandler handle;
	void *context;
} RowReceiver;

static void
begin_rows(DestReceiver *self, int operation, TupleDesc columns)
{
}

/* Calls the handler for a row, in a memory context that is reset afterwards. */
static bool
take_row(Row row, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->row_context);

	receiver->handle(row, receiver->context);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->row_context);
	return true;
}

static void
end_rows(DestReceiver *self)
{
}

/*
 * Runs a query and calls a handler for each row. "texts" is the value of $1; it is NULL for a query
 * without parameters. Memory that the handler allocates in the current context is freed after each
 * row. Needs a connected SPI.
 */
void
rows_for_each(const char *sql, ArrayType *texts, RowHandler handle, void *context)
{
	RowReceiver receiver = {
	    {take_row, begin_rows, end_rows, end_rows, DestNone},
	    AllocSetContextCreate(CurrentMemoryContext, "ngeshare row", ALLOCSET_DEFAULT_SIZES),
	    handle,
	    context};
	SPIExecuteOptions options = {0};

	if (texts != NULL)
	{
		options.params = makeParamList(1);
		options.params->params[0].value = PointerGetDatum(texts);
		options.params->params[0].isnull = false;
		options.params->params[0].pflags = PARAM_FLAG_CONST;
		options.params->params[0].ptype = TEXTARRAYOID;
	}
	options.read_only = true;
	options.dest = &receiver.receiver;
	if (SPI_execute_extended(sql, &options) < 0)
		elog(ERROR, "could not read the groups: %s", sql);
	MemoryContextDelete(receiver.row_context);
}

/* Returns an integer column's value; 0 for NULL. */
int32
row_int32(Row row, int column)
{
	bool isnull;
	Datum value = slot_getattr(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* Returns an array column's elements. Their type must have a fixed length; none may be NULL. */
void *
row_plain_array(Row row, int column, int *count)
{
	bool isnull;
	ArrayType *array = DatumGetArrayTypeP(slot_getattr(row, column, &isnull));

	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

/* Returns the elements of a text[] column, none of which may be NULL. */
Datum *
row_texts(Row row, int column, int *count)
{
	bool isnull;
	Datum value = slot_getattr(row, column, &isnull);
	Datum *elements;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL,
	                  count);
	return elements;
}
