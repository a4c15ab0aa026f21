/*
 * src/sync/run/lock.c
 *		The one lock that a sync holds while it runs, and the gate to the mirror.
 *
 * The lock is the session's, so it outlives the run's commits, and a backend that
 * dies gives it back. Writers by hand pass the gate (ngeshare.pass_gate); a step of
 * the sync that writes to the mirror closes it: then nobody else's write is under
 * way, and those to come wait outside with nothing that the step needs.
 */
#include "sync/sync.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "locks.h"
#include "ngeshare.h"
#include "pinned.h"
#include "sql.h"
#include "storage/proc.h"

PG_FUNCTION_INFO_V1(ngeshare_pass_gate);
PG_FUNCTION_INFO_V1(ngeshare_refuse_during_sync);

/* So long a session that begins a sync waits for another one that does, in milliseconds. */
#define START_WAIT_MS 2000

/*
 * So long a step waits for the gate, when it holds nothing else, and then, with
 * what it holds, for any lock, in milliseconds. The second is less than half of
 * deadlock_timeout's usual second: nobody who begins to wait for the sync while it
 * waits is its deadlock's victim, it has let go by then, and comes back.
 */
#define GATE_WAIT_MS 1000
#define LOCK_WAIT_MS 400

/*
 * So long before the sync looks for a deadlock itself, in milliseconds: whoever
 * has waited for it longer is about to look, too, and would be the victim. To look
 * is also what makes an autovacuum give way.
 */
#define DEADLOCK_LOOK_MS 1

/* Sets a time, in milliseconds, for as long as the nest level lasts. */
static void
set_time(const char *name, int milliseconds)
{
	pinned_set(name, psprintf("%d", milliseconds));
}

/* Lets no wait of a step's for a lock last until somebody else's deadlock check. */
void
sync_limit_lock_waits(void)
{
	set_time("lock_timeout", Min(LOCK_WAIT_MS, Max(1, DeadlockTimeout / 2)));
	set_time("deadlock_timeout", DEADLOCK_LOOK_MS);
}

/*
 * Closes the gate until this transaction ends, before the first lock that a writer
 * could hold and before the mirror is even read: somebody who has passed may want
 * to alter what was read. So a step that writes to the mirror begins with this, and
 * what it has to ask production was asked in the step before it.
 */
void
sync_close_gate(void)
{
	int nest_level = NewGUCNestLevel();

	set_time("lock_timeout", GATE_WAIT_MS);
	lock_wait(NGESHARE_LOCK_GATE, ExclusiveLock);
	AtEOXact_GUC(true, nest_level);
}

/*
 * Statement trigger of the mirror's tables: passes the gate until the transaction
 * ends. A writer that has to wait asks again and again instead of queueing: it
 * already holds its table, often rows too, and a sync that comes to want those would
 * make the writer a deadlock's victim.
 */
Datum
ngeshare_pass_gate(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("ngeshare.pass_gate() is a trigger function")));
	if (!lock_poll(NGESHARE_LOCK_GATE, ShareLock, LockTimeout))
		ereport(ERROR,
		        (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("a sync is writing to the mirror"),
		         errhint("Try again in a moment, or with a longer lock_timeout.")));
	return PointerGetDatum(NULL);
}

/* Takes the lock, or says that another holds it. */
bool
sync_lock_try(void)
{
	return lock_try_for_session(NGESHARE_LOCK_SYNC);
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

/* Refuses (NG001) while a sync runs, and keeps one from beginning until the transaction ends. */
Datum
ngeshare_refuse_during_sync(PG_FUNCTION_ARGS)
{
	if (!lock_try(NGESHARE_LOCK_SYNC, ExclusiveLock))
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
