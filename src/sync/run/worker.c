/*
 * src/sync/run/worker.c
 *		ngeshare_sync_start(), and the background worker that it starts.
 *
 * ngeshare_sync_start() inserts the run's row and registers the worker in the caller's
 * transaction, so an error rolls the row back. The worker waits for that transaction to end. If
 * it was rolled back there is no row, and the worker exits.
 */
#include "sync/run/run.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "pgstat.h"
#include "pinned.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "sql.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(ngeshare_sync_start);

/* What ngeshare_sync_start() passes to the worker, in bgw_extra. */
typedef struct WorkerOrder
{
	int64 run_id;
	TimestampTz clock;
	TransactionId starter; /* the transaction that the worker waits for */
	Oid database;
	Oid owner; /* owner of the foreign server; the worker runs as this role */
	SyncMode mode;
} WorkerOrder;

StaticAssertDecl(sizeof(WorkerOrder) <= BGW_EXTRALEN, "an order fits into bgw_extra");

PGDLLEXPORT void ngeshare_sync_worker_main(Datum ignored);

/* Registers the worker for an order; raises 53000 if no worker slot is free. */
static void
register_worker(const WorkerOrder *order)
{
	BackgroundWorker worker = {0};

	snprintf(worker.bgw_name, BGW_MAXLEN, "ngeshare sync %lld", (long long) order->run_id);
	snprintf(worker.bgw_type, BGW_MAXLEN, "ngeshare sync");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "ngeshare");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "ngeshare_sync_worker_main");
	memcpy(worker.bgw_extra, order, sizeof(WorkerOrder));
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("no background worker can be started now"),
		                errhint("Raise max_worker_processes and restart, or CALL ngeshare_sync()"
		                        " in a session.")));
}

Datum
ngeshare_sync_start(PG_FUNCTION_ARGS)
{
	SyncMode mode = sync_read_mode(fcinfo);
	bool all[MIRROR_TABLES];
	WorkerOrder order = {0};
	SyncRun *run;

	memset(all, true, sizeof(all));
	SPI_connect();
	sql_refuse_other_version();
	order.owner = remote_production_owner();
	sync_lock_refuse_second();
	run = sync_new(mode, all);
	run->run_id = order.run_id = sync_log_begin(run, "worker");
	order.clock = run->clock;
	order.mode = mode;
	order.database = MyDatabaseId;
	order.starter = GetTopTransactionId();
	register_worker(&order);
	SPI_finish();
	PG_RETURN_INT64(order.run_id);
}

/*
 * Waits for the end of the transaction that started the worker, then takes the sync's lock.
 * Returns false if that transaction was rolled back. If another session holds the lock, closes the
 * run as cancelled and returns false.
 */
static bool
wait_for_starter(const WorkerOrder *order)
{
	SqlArgs args = {0};
	bool exists;

	StartTransactionCommand();
	XactLockTableWait(order->starter, NULL, NULL, XLTW_None);
	CommitTransactionCommand();
	sql_begin("waiting for the lock");
	sql_add_int64(&args, order->run_id);
	exists = sql_query_row("SELECT 1 FROM public.sync_run WHERE run_id = $1 AND status = 'running'",
	                       &args);
	if (exists && !sync_lock_try())
	{
		sql_run("UPDATE public.sync_run SET status = 'cancelled', finished_at = clock_timestamp(),"
		        " message = 'Another session kept the sync from starting.' WHERE run_id = $1",
		        &args);
		exists = false;
	}
	sql_commit();
	return exists;
}

/* Begins a step: reloads the configuration after a SIGHUP, and begins a transaction. */
static void
begin_step(const SyncRun *run)
{
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	sql_begin(psprintf("ngeshare sync %lld: %s %s", (long long) run->run_id,
	                   sync_phase_name(run->at.phase), sync_at_table(run)->name));
}

static void
roll_back_step(void)
{
	AbortOutOfAnyTransaction();
	pgstat_report_activity(STATE_IDLE, NULL);
}

static const SyncTransactions step_transactions = {begin_step, sql_commit, roll_back_step};

/* Runs the sync, and writes the run's error to the server log if it fails. */
static void
work(const WorkerOrder *order)
{
	bool all[MIRROR_TABLES];
	SyncRun *run;

	memset(all, true, sizeof(all));
	run = sync_new(order->mode, all);
	run->run_id = order->run_id;
	run->clock = order->clock;
	sync_run_to_end(run, &step_transactions);
	if (run->lasting.error != NULL)
		ereport(LOG, (errcode(run->lasting.error->sqlerrcode),
		              errmsg("sync %lld failed: %s", (long long) run->run_id,
		                     run->lasting.error->message)));
}

/* Main function of the worker. SIGINT cancels the run, SIGTERM terminates the worker. */
void
ngeshare_sync_worker_main(Datum ignored)
{
	WorkerOrder order;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(WorkerOrder));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.database, order.owner, 0);
	pinned_for_session();
	CurrentMemoryContext =
	    AllocSetContextCreate(TopMemoryContext, "ngeshare sync", ALLOCSET_DEFAULT_SIZES);
	if (wait_for_starter(&order))
		work(&order);
	proc_exit(0);
}
