/*
 * src/sync/lock.c
 *		The one lock that a sync holds while it runs.
 *
 * It is the session's, so it outlives the run's commits, and a backend that dies
 * gives it back.
 */
#include "sync/sync.h"

#include "fmgr.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/fmgrprotos.h"

/* The key of the advisory lock: "ngeshare" in ASCII. ngeshare.sync_lock knows it too. */
#define SYNC_LOCK_KEY INT64CONST(0x6e67657368617265)

/* Those who begin a sync take turns by this one, until their transactions end. */
#define START_LOCK_KEY INT64CONST(0x6e67657368617266)

/* Takes the lock, or says that another holds it. */
bool
sync_lock_try(void)
{
	return DatumGetBool(
	    DirectFunctionCall1(pg_try_advisory_lock_int8, Int64GetDatum(SYNC_LOCK_KEY)));
}

void
sync_lock_release(void)
{
	DirectFunctionCall1(pg_advisory_unlock_int8, Int64GetDatum(SYNC_LOCK_KEY));
}

/*
 * Refuses (NG001) a second sync, naming the one that runs or is about to. Those
 * who ask take turns until their transactions end, so that a worker that was just
 * started isn't overtaken.
 */
void
sync_lock_refuse_second(void)
{
	int64 running;

	DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum(START_LOCK_KEY));
	running = sync_log_running();
	if (running == 0)
		return;
	ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING), errmsg("a sync is already running"),
	                running > 0 ? errdetail("It is run %lld.", (long long) running)
	                            : errdetail("It has just begun and has no run_id yet."),
	                errhint("Wait until it ends: SELECT * FROM ngeshare_sync_status().")));
}
