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
#include "pinned.h"
#include "sql.h"
#include "storage/proc.h"
#include "utils/fmgrprotos.h"

/* The key of the advisory lock: "ngeshare" in ASCII. ngeshare.sync_lock knows it too. */
#define SYNC_LOCK_KEY INT64CONST(0x6e67657368617265)

/* Those who begin a sync take turns by this one, until their transactions end. */
#define START_LOCK_KEY INT64CONST(0x6e67657368617266)

/*
 * The gate that whoever writes to the mirror by hand passes (ngeshare.pass_gate),
 * shared and until its transaction ends. A step of the sync that writes to the
 * mirror closes it: then nobody else's write is under way, and those to come wait
 * outside with nothing that the step needs.
 */
#define GATE_LOCK_KEY INT64CONST(0x6e67657368617267)

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
	DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum(GATE_LOCK_KEY));
	AtEOXact_GUC(true, nest_level);
}

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
