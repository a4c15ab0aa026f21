/*
 * src/answers/answer.c
 *		Set-returning functions that return a view's rows as of an instant.
 *
 * The views answer as of the setting ngeshare.as_of. Each function sets it to its argument while
 * it reads the view. After an error, the transaction's abort restores the setting.
 */
#include "answers/facts.h"

#include "executor/tstoreReceiver.h"
#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_group_status);
PG_FUNCTION_INFO_V1(ngeshare_pipeline);
PG_FUNCTION_INFO_V1(ngeshare_funnel);

/* Returns all rows of a query over the views, as of the function's first argument. */
static Datum
return_rows(FunctionCallInfo fcinfo, const char *query)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz as_of = facts_as_of_argument(fcinfo, 0);
	int nest_level = NewGUCNestLevel();
	SPIExecuteOptions options = {0};

	InitMaterializedSRF(fcinfo, 0);
	facts_answer_as_of(as_of);
	SPI_connect();
	options.read_only = true;
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, result->setResult,
	                                result->econtext->ecxt_per_query_memory, false, NULL, NULL);
	if (SPI_execute_extended(query, &options) < 0)
		elog(ERROR, "could not read the answer: %s", query);
	options.dest->rDestroy(options.dest);
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	return (Datum) 0;
}

Datum
ngeshare_group_status(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, "SELECT * FROM public.v_group_status");
}

Datum
ngeshare_pipeline(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, "SELECT * FROM public.v_curriculum_pipeline");
}

Datum
ngeshare_funnel(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, "SELECT * FROM public.v_curriculum_funnel");
}
