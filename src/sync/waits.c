/*
 * src/sync/waits.c
 *		How long a step of the sync waits for a lock.
 *
 * Other sessions may write to the mirror while a sync runs. If such a session and the sync wait
 * for each other's locks, the sync must be the one that fails: its lock_timeout is shorter than
 * the usual deadlock_timeout, and its own deadlock_timeout is 1 ms. The step then rolls back and
 * is tried again.
 */
#include "sync/sync.h"

#include "pinned.h"
#include "storage/proc.h"
#include "utils/guc.h"

/*
 * The longest lock_timeout of a step, in milliseconds. It is less than half of the default
 * deadlock_timeout (1 s), so the sync has released its locks before a session that waits for
 * them checks for a deadlock and is aborted.
 */
#define LOCK_WAIT_MS 400

/*
 * The deadlock_timeout of a step, in milliseconds. The session that finds a deadlock is the one
 * that is aborted, so the sync has to check before the other session does. In the same check
 * PostgreSQL cancels an autovacuum that blocks the step.
 */
#define DEADLOCK_LOOK_MS 1

/* Sets a setting to a number of milliseconds until the current GUC nest level ends. */
static void
set_time(const char *name, int milliseconds)
{
	pinned_set(name, psprintf("%d", milliseconds));
}

/* Sets lock_timeout and deadlock_timeout for a step, until the current GUC nest level ends. */
void
sync_limit_lock_waits(void)
{
	set_time("lock_timeout", Min(LOCK_WAIT_MS, Max(1, DeadlockTimeout / 2)));
	set_time("deadlock_timeout", DEADLOCK_LOOK_MS);
}

/* Returns the milliseconds since the current step first failed to get a lock; 0 if it has not. */
long
sync_waited_for_lock(const SyncRun *run)
{
	if (run->lasting.conflict_since == 0)
		return 0;
	return TimestampDifferenceMilliseconds(run->lasting.conflict_since, GetCurrentTimestamp());
}
