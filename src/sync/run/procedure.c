/*
 * src/sync/run/procedure.c
 *		CALL ngeshare_sync(): the arguments, and the transactions of its steps.
 *
 * Each step runs in a subtransaction, so that an error can be caught and all of
 * it rolled back, in a procedure's own transaction.
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

/* Reads the mode; 22004 and 22023 for what is none. */
SyncMode
sync_read_mode(FunctionCallInfo fcinfo)
{
	char *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("mode must not be NULL"),
		                errhint(MODES_HINT)));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	for (int mode = 0; mode < SYNC_MODES; mode++)
		if (strcmp(name, sync_mode_name(mode)) == 0)
			return (SyncMode) mode;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown mode \"%s\"", name),
	                errhint(MODES_HINT)));
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

/* Who called: pg_cron's own connections and workers name themselves. */
static const char *
read_trigger(void)
{
	bool by_worker = MyBgworkerEntry != NULL && strstr(MyBgworkerEntry->bgw_type, "pg_cron");
	bool by_connection = application_name != NULL && strncmp(application_name, "pg_cron", 7) == 0;

	return by_worker || by_connection ? "cron" : "call";
}

/*
 * Ends the timers of the caller's own timeouts: how a sync ends does not depend on them
 * (a cancel, ngeshare_sync_cancel() and ngeshare.sync_timeout end it). The statement's
 * timer runs once for the whole CALL, the transaction's starts with each transaction.
 */
static void
stop_callers_timers(void)
{
	if (get_timeout_active(STATEMENT_TIMEOUT))
		disable_timeout(STATEMENT_TIMEOUT, false);
	compat_stop_transaction_timer();
}

/* What a step of the procedure's began in, to go back to. */
static MemoryContext procedure_memory;
static ResourceOwner procedure_owner;

/*
 * A step of the procedure's is a subtransaction of the transaction that the last
 * commit has begun; its isolation is ours, whatever the session's default is.
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
 * Also where the error has left a subtransaction within the step's, or where there
 * is none: after the wait before a step, or a commit that has failed.
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
 * Runs a whole sync, committing after each step; raises the run's own error. It is
 * begun as the extension's owner, and goes on as who called.
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
		                errmsg("another session refreshes the answers or begins a sync"),
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
