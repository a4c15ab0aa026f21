/*
 * src/sync/gate.c
 *		The gate to the mirror, and how long a step of the sync waits for a lock.
 *
 * Writers by hand pass the gate (ngeshare.pass_gate); a step of the sync that writes
 * to the mirror closes it: then nobody else's write is under way, and those to come
 * wait outside with nothing that the step needs.
 */
#include "sync/sync.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "locks.h"
#include "pinned.h"
#include "storage/proc.h"
#include "utils/guc.h"

PG_FUNCTION_INFO_V1(ngeshare_pass_gate);

/*
 * So long a step waits for the gate, when it holds nothing else, and then, with
 * what it holds, for any lock, in milliseconds. The second is less than half of
 * deadlock_timeout's usual second: nobody who begins to wait for the sync while it
 * waits is its deadlock's victim, it has let go by then, and comes back.
 */
#define GATE_WAIT_MS 1000
#define LOCK_WAIT_MS 400

/*
 * So long before the sync looks for a deadlock itself, in milliseconds: a session that
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

/* For how long the step has been coming back for a lock, in milliseconds. */
long
sync_waited_for_lock(const SyncRun *run)
{
	if (run->lasting.conflict_since == 0)
		return 0;
	return TimestampDifferenceMilliseconds(run->lasting.conflict_since, GetCurrentTimestamp());
}
