/*
 * src/answers/rows.c
 *		Reading a query's rows one by one, without keeping them.
 */
#include "answers/rows.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/memutils.h"

/* Where the rows go. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	MemoryContext row_context; /* where what a row needs lives */
	RowHandler handle;
	void *context;
} RowReceiver;

static void
begin_rows(DestReceiver *self, int operation, TupleDesc columns)
{
}

/* Gives a row to its handler, in memory of its own. */
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
 * Runs a query, whose one parameter may be an array of texts, and gives each row to a handler.
 * Wants a connected SPI. What a handler allocates is gone with its row.
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

/* A column's integer; 0 for NULL. */
int32
row_int32(Row row, int column)
{
	bool isnull;
	Datum value = slot_getattr(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* A column's array of a fixed-length type without NULLs, as it lies in memory. */
void *
row_plain_array(Row row, int column, int *count)
{
	bool isnull;
	ArrayType *array = DatumGetArrayTypeP(slot_getattr(row, column, &isnull));

	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

/* The elements of a column's array of texts; none is NULL. */
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
