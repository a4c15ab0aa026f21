/*
 * src/answers/numbers.c
 *		The aggregate ngeshare.count_numbers(): counts distinct small integers in a bitmap set.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/bitmapset.h"

PG_FUNCTION_INFO_V1(ngeshare_note_number);
PG_FUNCTION_INFO_V1(ngeshare_count_noted);

Datum
ngeshare_note_number(PG_FUNCTION_ARGS)
{
	Bitmapset *noted = PG_ARGISNULL(0) ? NULL : (Bitmapset *) PG_GETARG_POINTER(0);
	MemoryContext aggregate;
	MemoryContext caller;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		elog(ERROR, "ngeshare.note_number() was called outside of an aggregate");
	if (!PG_ARGISNULL(1))
	{
		caller = MemoryContextSwitchTo(aggregate);
		noted = bms_add_member(noted, PG_GETARG_INT32(1));
		MemoryContextSwitchTo(caller);
	}
	if (noted == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(noted);
}

Datum
ngeshare_count_noted(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "ngeshare.count_noted() was called outside of an aggregate");
	PG_RETURN_INT32(PG_ARGISNULL(0) ? 0 : bms_num_members((Bitmapset *) PG_GETARG_POINTER(0)));
}
