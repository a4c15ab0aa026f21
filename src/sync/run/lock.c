/*
 * src/sync/run/lock.c
 *		The one lock that a sync holds while it runs.
 *
 * The lock is the session's, so it outlives the run's commits, and a backend that
 * dies gives it back.
 */
#include "sync/run/run.h"

#include "fmgr.h"
#include "locks.h"
#include "ngeshare.h"

PG_FUNCTION_INFO_V1(ngeshare_refuse_during_sync);

/* So long a session that begins a sync waits for another one that does, in milliseconds. */
#define START_WAIT_MS 2000

/*
 * Takes the lock. A refresh by hand shares it until its transaction ends, so the sync
 * waits for a while; false where the lock is not free by then.
 */
bool
sync_lock_try(void)
{
	return lock_poll_for_session(NGESHARE_LOCK_SYNC, START_WAIT_MS);
}

/* Refuses (NG001) to go on where the lock was lost and another sync has it now. */
void
sync_lock_keep(void)
{
	if (!lock_keep_for_session(NGESHARE_LOCK_SYNC))
		ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING),
		                errmsg("the sync has lost its lock, and another one is running"),
		                errhint("Find the trigger or function that calls pg_advisory_unlock_all()"
		                        " while a sync runs.")));
}

void
sync_lock_release(void)
{
	lock_release_for_session(NGESHARE_LOCK_SYNC);
}

/*
 * Refuses (NG001) while a sync runs, and keeps one from beginning until the transaction ends.
 * Those whose argument says that they may go on beside others do not refuse each other: 1.1's
 * SQL has no argument.
 */
Datum
ngeshare_refuse_during_sync(PG_FUNCTION_ARGS)
{
	bool may_share = PG_NARGS() > 0 && PG_GETARG_BOOL(0);

	if (!lock_try(NGESHARE_LOCK_SYNC, may_share ? ShareLock : ExclusiveLock))
		ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING), errmsg("a sync is running"),
		                errhint("Wait for it, or SELECT ngeshare_sync_cancel().")));
	PG_RETURN_VOID();
}

/*
 * Refuses (NG001) a second sync, naming the one that runs or is about to. Those
 * who ask take turns until their transactions end, so that a worker that was just
 * started isn't overtaken. One whose transaction stays open is not waited for.
 */
void
sync_lock_refuse_second(void)
{
	int64 running;

	if (!lock_poll(NGESHARE_LOCK_START, ExclusiveLock, START_WAIT_MS))
		ereport(ERROR,
		        (errcode(NGESHARE_ERRCODE_SYNC_RUNNING),
		         errmsg("another session is starting a sync"),
		         errdetail("Its transaction has not ended within %d s.", START_WAIT_MS / 1000),
		         errhint("Commit or end it: SELECT * FROM pg_stat_activity WHERE state"
		                 " LIKE 'idle in transaction%%'.")));
	running = sync_log_running();
	if (running == 0)
		return;
	ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING), errmsg("a sync is already running"),
	                running > 0 ? errdetail("It is run %lld.", (long long) running)
	                            : errdetail("It has just begun and has no run_id yet."),
	                errhint("Wait until it ends: SELECT * FROM ngeshare_sync_status().")));
}
