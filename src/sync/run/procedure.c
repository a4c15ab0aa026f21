/*
 * src/sync/run/procedure.c
 *		CALL ngeshare_sync(): reads the arguments, and runs each step in a transaction.
 *
 * A procedure cannot catch an error outside a subtransaction. So each step is a subtransaction,
 * and the procedure commits the transaction around it after each step.
 */
#include "sync/run/run.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "nodes/parsenodes.h"
#include "pinned.h"
#include "postmaster/bgworker.h"
#include "sendable.h"
#include "sql.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(ngeshare_sync);

#define MODES_HINT "Modes are incremental, full and verify."

/* Returns the mode in argument 0. Raises 22004 for NULL and 22023 for an unknown mode. */
SyncMode
sync_read_mode(FunctionCallInfo fcinfo)
{
	char *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("\"mode\" must not be NULL"), errhint(MODES_HINT)));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	for (int mode = 0; mode < SYNC_MODES; mode++)
		if (strcmp(name, sync_mode_name(mode)) == 0)
			return (SyncMode) mode;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown mode \"%s\"", name),
	                errhint(MODES_HINT)));
}

/*
 * Reads the names in argument 1; NULL means all tables. Raises 22023 for an unknown name and for an
 * empty array.
 */
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
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"tables\" names no table"),
		         errhint("Leave it out for all, or name some of %s.", mirror_names())));
}

/* Returns "cron" if this session's worker type or application_name is pg_cron's, else "call". */
static const char *
read_trigger(void)
{
	bool by_worker = MyBgworkerEntry != NULL && strstr(MyBgworkerEntry->bgw_type, "pg_cron");
	bool by_connection = application_name != NULL && strncmp(application_name, "pg_cron", 7) == 0;

	return by_worker || by_connection ? "cron" : "call";
}

/*
 * Stops the timers of statement_timeout and transaction_timeout, which must not end a sync. The
 * first timer runs once for the whole CALL, the second one is started by each transaction.
 */
static void
stop_callers_timers(void)
{
	if (get_timeout_active(STATEMENT_TIMEOUT))
		disable_timeout(STATEMENT_TIMEOUT, false);
	compat_stop_transaction_timer();
}

/* The memory context and resource owner to restore at the end of a step. */
static MemoryContext procedure_memory;
static ResourceOwner procedure_owner;

/*
 * Begins a step: a subtransaction of the transaction that SPI_commit() or SPI_rollback() has
 * started. Steps are READ COMMITTED, whatever default_transaction_isolation says.
 */
static void
begin_step(const SyncRun *run)
{
	if (!FirstSnapshotSet)
		XactIsoLevel = XACT_READ_COMMITTED;
	procedure_memory = CurrentMemoryContext;
	procedure_owner = CurrentResourceOwner;
	BeginInternalSubTransaction("ngeshare_sync step");
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
commit_step(void)
{
	PopActiveSnapshot();
	ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(procedure_memory);
	CurrentResourceOwner = procedure_owner;
	SPI_commit();
	stop_callers_timers();
}

/*
 * Rolls a step back. The error may have left nested subtransactions, or none at all: it can also
 * happen in the wait before a step or in its commit.
 */
static void
roll_back_step(void)
{
	while (IsSubTransaction())
	{
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = procedure_owner;
	}
	SPI_rollback();
	stop_callers_timers();
}

static const SyncTransactions step_transactions = {begin_step, commit_step, roll_back_step};

/*
 * Runs a whole sync, committing after each step, and raises the run's error if it has one. The
 * run's row is inserted as the extension's owner; then the caller's identity is restored.
 */
static void
run_sync(SyncMode mode, const bool *wanted, const PinnedCaller *identity)
{
	MemoryContext context =
	    AllocSetContextCreate(PortalContext, "ngeshare sync", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SyncRun *run = sync_new(mode, wanted);

	sync_log_begin(run, read_trigger());
	pinned_become_caller(identity);
	SPI_commit();
	stop_callers_timers();
	sync_run_to_end(run, &step_transactions);
	MemoryContextSwitchTo(caller);
	if (run->lasting.error != NULL)
	{
		sendable_error(run->lasting.error);
		ReThrowError(run->lasting.error);
	}
	MemoryContextDelete(context);
}

Datum
ngeshare_sync(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;
	SyncMode mode = sync_read_mode(fcinfo);
	bool wanted[MIRROR_TABLES];
	PinnedCaller identity;

	read_tables(fcinfo, wanted);
	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
		     errmsg("ngeshare_sync() cannot run inside a transaction block or a function"),
		     errdetail("It commits after each batch, so that a run that is cut off loses little."),
		     errhint("Run CALL ngeshare_sync() as a statement of its own.")));
	stop_callers_timers();
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	pinned_become_owner(&identity);
	sql_refuse_other_version();
	sync_lock_refuse_second();
	if (!sync_lock_try())
		ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING),
		                errmsg("another session keeps syncs from starting"),
		                errdetail("It refreshes the answers, restores rows, forgets a person or"
		                          " starts a sync."),
		                errhint("Try again once its transaction has ended.")));
	PG_TRY();
	{
		run_sync(mode, wanted, &identity);
	}
	PG_FINALLY();
	{
		sync_lock_release();
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}
