/*
 * src/sync/run/latest.c
 *		Reads the last committed status of a run.
 *
 * An API request runs in a REPEATABLE READ transaction with one snapshot, but pg_locks and
 * pg_stat_activity do not depend on that snapshot. If a run ends during the request, its process
 * is gone and its status in the snapshot is still 'running'. So the status is read with the latest
 * snapshot.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(ngeshare_latest_run_status);

Datum
ngeshare_latest_run_status(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[] = {INT8OID};
	Datum values[] = {PG_GETARG_DATUM(0)};
	text *status = NULL;

	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_with_args("SELECT status FROM public.sync_run WHERE run_id = $1", 1, types,
	                          values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the run's status");
	PopActiveSnapshot();
	if (SPI_processed > 0)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		status = cstring_to_text(sql_text(1));
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	if (status == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(status);
}
