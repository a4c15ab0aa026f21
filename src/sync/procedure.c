/*
 * src/sync/procedure.c
 *		CALL ngeshare_sync(): loops sync_step() with a commit after each.
 *
 * Each step runs in a subtransaction, so that an error can be caught, everything
 * of it rolled back, and the failure logged in a transaction of its own before
 * it is raised again. The lock is the session's: it outlives the commits, and a
 * backend that dies gives it back.
 */
#include "sync/sync.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "nodes/parsenodes.h"
#include "sql.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

PG_FUNCTION_INFO_V1(ngeshare_sync);

/* The key of the one advisory lock: "ngeshare" in ASCII. */
#define SYNC_LOCK_KEY INT64CONST(0x6e67657368617265)

/* Reads the mode; 22004 and 22023 for what is none. */
static bool
read_mode(FunctionCallInfo fcinfo)
{
	char *mode;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("mode must not be NULL"),
		                errhint("Modes are incremental and full.")));
	mode = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (strcmp(mode, "incremental") != 0 && strcmp(mode, "full") != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown mode \"%s\"", mode),
		         errhint("Modes are incremental and full.")));
	return strcmp(mode, "full") == 0;
}

/* Reads which tables are wanted, all where none is named; 22023 for another name. */
static void
read_tables(FunctionCallInfo fcinfo, bool *wanted)
{
	Datum *names;
	bool *nulls;
	int count;

	memset(wanted, PG_ARGISNULL(1), sizeof(bool) * MIRROR_TABLES);
	if (PG_ARGISNULL(1))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls,
	                  &count);
	for (int i = 0; i < count; i++)
	{
		char *name = nulls[i] ? "NULL" : TextDatumGetCString(names[i]);
		int table = mirror_table_index(name);

		if (table < 0)
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown table \"%s\"", name),
			         errhint("The tables are %s.", mirror_names())));
		wanted[table] = true;
	}
	if (count == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("tables names no table"),
		                errhint("Leave it out for all, or name some of %s.", mirror_names())));
}

/* Takes the lock that one sync at a time holds, or refuses with NG001. */
static void
take_lock(void)
{
	int64 running;

	if (DatumGetBool(DirectFunctionCall1(pg_try_advisory_lock_int8, Int64GetDatum(SYNC_LOCK_KEY))))
		return;
	running = sync_log_running();
	ereport(ERROR,
	        (errcode(NGESHARE_ERRCODE_SYNC_RUNNING), errmsg("a sync is already running"),
	         running > 0 ? errdetail("It is run %lld.", (long long) running)
	                     : errdetail("It has just begun and has no run_id yet."),
	         errhint("Wait until it ends: SELECT * FROM sync_run ORDER BY run_id DESC LIMIT 1.")));
}

static void
release_lock(void)
{
	DirectFunctionCall1(pg_advisory_unlock_int8, Int64GetDatum(SYNC_LOCK_KEY));
}

/*
 * Does one step; returns its error instead of raising it, as a copy that lives
 * as long as the run. The transaction is then good for nothing but rollback.
 */
static ErrorData *
try_step(SyncRun *run, bool *has_more)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction("ngeshare_sync step");
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		*has_more = sync_step(run);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return error;
}

/* Runs a whole sync, committing after each step; raises the run's own error. */
static void
run_sync(bool is_full, const bool *wanted)
{
	MemoryContext context =
	    AllocSetContextCreate(PortalContext, "ngeshare sync", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SyncRun *run = sync_begin(is_full, wanted, "call");
	ErrorData *error = NULL;
	bool has_more = true;

	MemoryContextSwitchTo(caller);
	SPI_commit();
	while (has_more && error == NULL)
	{
		error = try_step(run, &has_more);
		if (error == NULL)
			SPI_commit();
	}
	if (error != NULL)
	{
		SPI_rollback();
		sync_log_failure(run, error);
		SPI_commit();
		ReThrowError(error);
	}
	MemoryContextDelete(context);
}

Datum
ngeshare_sync(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;
	bool is_full = read_mode(fcinfo);
	bool wanted[MIRROR_TABLES];

	read_tables(fcinfo, wanted);
	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
		     errmsg("ngeshare_sync() cannot run inside a transaction block or a function"),
		     errdetail("It commits after each batch, so that a run that is cut off loses little."),
		     errhint("Run CALL ngeshare_sync() as a statement of its own.")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	take_lock();
	PG_TRY();
	{
		run_sync(is_full, wanted);
	}
	PG_FINALLY();
	{
		release_lock();
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}
