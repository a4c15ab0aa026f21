/*
 * src/alert/worker.c
 *		The background worker that delivers alerts: its start and its loop.
 *
 * The worker claims an alert and commits, delivers it with no transaction open, records the result
 * and commits. A session lock lets one worker per database deliver. Another worker that finds the
 * lock taken ends at once. So a worker that releases the lock checks once more for due alerts.
 */
#include "alert/alert.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "pgstat.h"
#include "pinned.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "sql.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* If the next alert is due later than this, the worker ends instead of waiting for it. */
#define LONGEST_WAIT_MS 30000
/* While the worker waits for an alert to be due, it reads the outbox this often. */
#define LOOK_MS 1000

/* The data that a session passes to the worker that it starts. */
typedef struct AlertOrder
{
	TransactionId starter; /* the transaction to wait for, if it has an id */
	Oid database;
	Oid owner;
	Oid extension; /* its oid, which changes if it is dropped and created again */
} AlertOrder;

StaticAssertDecl(sizeof(AlertOrder) <= BGW_EXTRALEN, "an order fits into bgw_extra");

PG_FUNCTION_INFO_V1(ngeshare_alert_start_delivery);

PGDLLEXPORT void ngeshare_alert_worker_main(Datum ignored);

/* Registers a worker and passes it an order. Returns false if no slot is free. */
static bool
register_worker(const AlertOrder *order)
{
	BackgroundWorker worker = {0};

	snprintf(worker.bgw_name, BGW_MAXLEN, "ngeshare alert");
	snprintf(worker.bgw_type, BGW_MAXLEN, "ngeshare alert");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "ngeshare");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "ngeshare_alert_worker_main");
	memcpy(worker.bgw_extra, order, sizeof(AlertOrder));
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

/*
 * Starts a worker if an alert is due. Needs an open transaction and a connected SPI, and writes no
 * row. If no worker slot is free, it logs this, and the alert waits for the next call.
 */
void
alert_start_delivery(void)
{
	AlertOrder order = {0};

	if (!alert_has_url() || !alert_is_due())
		return;
	order.starter = GetTopTransactionIdIfAny();
	order.database = MyDatabaseId;
	order.owner = sql_extension_owner();
	order.extension = get_extension_oid("ngeshare", false);
	if (!register_worker(&order))
		ereport(LOG, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		              errmsg("no background worker can be started now: alerts wait"),
		              errhint("Raise max_worker_processes and restart.")));
}

Datum
ngeshare_alert_start_delivery(PG_FUNCTION_ARGS)
{
	SPI_connect();
	alert_start_delivery();
	SPI_finish();
	PG_RETURN_VOID();
}

/* Checks whether the extension exists and was not dropped and created again. */
static bool
is_installed(const AlertOrder *order)
{
	return get_extension_oid("ngeshare", true) == order->extension;
}

/* Takes the lock. Returns false if another worker holds it. */
static bool
take_lock(void)
{
	bool is_taken;

	sql_begin("waiting for alerts");
	is_taken = alert_lock_try();
	sql_commit();
	return is_taken;
}

/*
 * Releases the lock, and returns whether an alert is due by now. The worker that was started for it
 * may have found the lock taken and ended.
 */
static bool
give_lock_back(const AlertOrder *order)
{
	bool is_due;

	sql_begin("waiting for alerts");
	alert_lock_release();
	sql_commit();
	sql_begin("waiting for alerts");
	is_due = is_installed(order) && alert_has_url() && alert_is_due();
	sql_commit();
	return is_due;
}

/* Claims an alert. If none is due, returns the milliseconds to wait, or -1 if none is pending. */
static int64
claim(const AlertOrder *order, AlertMessage *message, MemoryContext context)
{
	int64 wait_ms = -1;

	sql_begin("claiming an alert");
	if (is_installed(order))
	{
		alert_abandon_old();
		alert_claim(message, context);
		if (message->alert_id == 0)
			wait_ms = alert_wait_ms();
	}
	sql_commit();
	MemoryContextSwitchTo(context);
	return wait_ms;
}

/* Delivers a claimed alert and records the result. */
static void
deliver(const AlertOrder *order, const AlertMessage *message)
{
	AlertAnswer answer;

	pgstat_report_activity(STATE_RUNNING, "delivering an alert");
	alert_deliver(message, &answer);
	sql_begin("recording an alert");
	if (is_installed(order))
		alert_record(message, &answer);
	sql_commit();
	if (answer.outcome != ALERT_SENT)
		ereport(LOG, (errmsg("alert %lld was not delivered: %s", (long long) message->alert_id,
		                     answer.error)));
}

/* Waits for some time, but at most LOOK_MS, or until the latch is set. */
static void
wait_a_while(int64 wait_ms)
{
	static uint32 wait_event;
	WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
	          (long) Min(Max(wait_ms, 1), LOOK_MS),
	          compat_wait_event(&wait_event, "NgeshareNextAlert"));
	ResetLatch(MyLatch);
}

/* Delivers one alert after the other, until none is due soon. */
static void
deliver_all(const AlertOrder *order, MemoryContext context)
{
	for (;;)
	{
		AlertMessage message = {0};
		int64 wait_ms;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (!alert_has_url())
			return;
		wait_ms = claim(order, &message, context);
		if (message.alert_id != 0)
			deliver(order, &message);
		else if (wait_ms < 0 || wait_ms > LONGEST_WAIT_MS)
			return;
		else
			wait_a_while(wait_ms);
	}
}

/* Waits until the starter's transaction has ended, so that the alerts that it added are visible. */
static void
wait_for_starter(const AlertOrder *order)
{
	if (!TransactionIdIsValid(order->starter))
		return;
	StartTransactionCommand();
	XactLockTableWait(order->starter, NULL, NULL, XLTW_None);
	CommitTransactionCommand();
}

/*
 * The main function of the worker, which ends when no alert is due soon, or within a second of
 * SIGTERM.
 */
void
ngeshare_alert_worker_main(Datum ignored)
{
	MemoryContext context;
	AlertOrder order;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(AlertOrder));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.database, order.owner, 0);
	pinned_for_session();
	context = AllocSetContextCreate(TopMemoryContext, "ngeshare alert", ALLOCSET_DEFAULT_SIZES);
	wait_for_starter(&order);
	while (take_lock())
	{
		deliver_all(&order, context);
		if (!give_lock_back(&order))
			break;
	}
	proc_exit(0);
}
