/*
 * src/sync/run/lock.c
 *		The lock that a sync holds in exclusive mode while it runs.
 *
 * It is a session-level lock, so the commits of a run do not release it, and the end of the
 * backend does.
 */
#include "sync/run/run.h"

#include "fmgr.h"
#include "locks.h"
#include "ngeshare.h"

PG_FUNCTION_INFO_V1(ngeshare_refuse_during_sync);

/* How long the start of a sync waits for a lock of another session, in milliseconds. */
#define START_WAIT_MS 2000

/*
 * Takes the sync's lock; returns false if it does not become free within START_WAIT_MS. A call
 * of ngeshare_refresh() holds the lock in share mode until its transaction ends.
 */
bool
sync_lock_try(void)
{
	return lock_poll_for_session(NGESHARE_LOCK_SYNC, START_WAIT_MS);
}

/*
 * Makes sure that this session holds the sync's lock, and takes it again if it was released. Raises
 * NG001 if another session holds it now.
 */
void
sync_lock_keep(void)
{
	if (!lock_keep_for_session(NGESHARE_LOCK_SYNC))
		ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING),
		                errmsg("the sync has lost its lock, and another session holds it now"),
		                errhint("Find the trigger or function that calls pg_advisory_unlock_all()"
		                        " while a sync runs.")));
}

void
sync_lock_release(void)
{
	lock_release_for_session(NGESHARE_LOCK_SYNC);
}

/*
 * Takes the sync's lock until the transaction ends, so that no sync begins. Raises NG001 if it
 * can't have the lock, mostly because a sync runs. Callers that pass true share the lock with each
 * other. The other callers exclude each other, in a mode that a sync does not use, so that
 * ngeshare.sync_lock does not show them as a running sync, which ngeshare_sync_cancel() would
 * cancel. In version 1.1 the SQL function has no argument.
 */
Datum
ngeshare_refuse_during_sync(PG_FUNCTION_ARGS)
{
	bool may_share = PG_NARGS() > 0 && PG_GETARG_BOOL(0);

	if (!lock_try(NGESHARE_LOCK_SYNC, may_share ? ShareLock : ShareRowExclusiveLock))
		ereport(ERROR,
		        (errcode(NGESHARE_ERRCODE_SYNC_RUNNING),
		         errmsg("a sync is running, or another session keeps syncs from starting"),
		         errhint("Wait until that has ended. SELECT ngeshare_sync_cancel() ends a sync.")));
	PG_RETURN_VOID();
}

/*
 * Raises NG001 if a sync runs or is about to run, with its run_id if it has one. Sessions that
 * start a sync take turns: each holds a lock until its transaction ends, so a worker that was
 * just registered is not overtaken. The wait for that lock is limited to START_WAIT_MS.
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
		         errhint("Commit or roll back that transaction. To find it: SELECT * FROM"
		                 " pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start.")));
	running = sync_log_running();
	if (running == 0)
		return;
	ereport(ERROR, (errcode(NGESHARE_ERRCODE_SYNC_RUNNING), errmsg("a sync is already running"),
	                running > 0 ? errdetail("It is run %lld.", (long long) running)
	                            : errdetail("It has just begun and has no run_id yet."),
	                errhint("Wait until it ends. SELECT * FROM ngeshare_sync_status() shows how far"
	                        " it is.")));
}
