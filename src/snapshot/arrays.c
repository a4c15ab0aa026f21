/*
 * src/snapshot/arrays.c
 *		Functions that build the snapshot's arrays; the aggregate ngeshare.sorted_instants().
 *
 * array_agg(x ORDER BY x) makes PostgreSQL sort all rows of the query. sorted_instants() has no
 * ORDER BY, so a HashAggregate is possible, and each group's array is sorted at the end.
 */
#include "snapshot/arrays.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ngeshare_add_instant);
PG_FUNCTION_INFO_V1(ngeshare_finish_instants);

#define FIRST_ROOM 4

/* The state of the aggregate sorted_instants(): the instants of one group so far. */
typedef struct Instants
{
	Datum *values;
	int count;
	int room;
} Instants;

static Datum
make_array(Datum *values, int count, Oid type, int length, char align)
{
	return PointerGetDatum(construct_array(values, count, type, length, length > 0, align));
}

Datum
arrays_of_timestamps(Datum *values, int count)
{
	return make_array(values, count, TIMESTAMPOID, sizeof(int64), TYPALIGN_DOUBLE);
}

Datum
arrays_of_dates(Datum *values, int count)
{
	return make_array(values, count, DATEOID, sizeof(int32), TYPALIGN_INT);
}

Datum
arrays_of_int4(Datum *values, int count)
{
	return make_array(values, count, INT4OID, sizeof(int32), TYPALIGN_INT);
}

Datum
arrays_of_int8(Datum *values, int count)
{
	return make_array(values, count, INT8OID, sizeof(int64), TYPALIGN_DOUBLE);
}

Datum
arrays_of_bools(Datum *values, int count)
{
	return make_array(values, count, BOOLOID, sizeof(bool), TYPALIGN_CHAR);
}

Datum
arrays_of_texts(Datum *values, int count)
{
	return make_array(values, count, TEXTOID, -1, TYPALIGN_INT);
}

/* Compares two Datums that are timestamps, for qsort(). */
int
arrays_by_instant(const void *a, const void *b)
{
	Timestamp left = DatumGetTimestamp(*(const Datum *) a);
	Timestamp right = DatumGetTimestamp(*(const Datum *) b);

	return left < right ? -1 : left > right;
}

Datum
ngeshare_add_instant(PG_FUNCTION_ARGS)
{
	Instants *instants = PG_ARGISNULL(0) ? NULL : (Instants *) PG_GETARG_POINTER(0);
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "add_instant() is a part of an aggregate");
	if (instants == NULL)
	{
		instants = MemoryContextAllocZero(context, sizeof(Instants));
		instants->room = FIRST_ROOM;
		instants->values = MemoryContextAlloc(context, sizeof(Datum) * FIRST_ROOM);
	}
	if (instants->count == instants->room)
	{
		instants->room *= 2;
		instants->values = repalloc_huge(instants->values, sizeof(Datum) * (Size) instants->room);
	}
	instants->values[instants->count++] = PG_GETARG_DATUM(1);
	PG_RETURN_POINTER(instants);
}

Datum
ngeshare_finish_instants(PG_FUNCTION_ARGS)
{
	Instants *instants;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	instants = (Instants *) PG_GETARG_POINTER(0);
	qsort(instants->values, instants->count, sizeof(Datum), arrays_by_instant);
	PG_RETURN_DATUM(arrays_of_timestamps(instants->values, instants->count));
}
