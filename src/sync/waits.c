/*
 * src/sync/waits.c
 *		How long a step of the sync waits for a lock.
 *
 * People may write to the mirror while a sync runs. Where the two wait for each other
 * the sync always yields: its lock_timeout is shorter than anybody's deadlock_timeout,
 * and it looks for a deadlock at once. The step rolls back and is tried again.
 */
#include "sync/sync.h"

#include "pinned.h"
#include "storage/proc.h"
#include "utils/guc.h"

/*
 * How long a step waits for any lock, in milliseconds. It is less than half of the usual
 * deadlock_timeout of a second: the sync has let go before a session that waits for it
 * looks for a deadlock and becomes its victim.
 */
#define LOCK_WAIT_MS 400

/*
 * After how long the sync looks for a deadlock itself, in milliseconds. A session that
 * has waited for the sync for longer is about to look as well, and would be the victim.
 * The look is also what makes an autovacuum give way.
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

/* For how long the step has been coming back for a lock, in milliseconds. */
long
sync_waited_for_lock(const SyncRun *run)
{
	if (run->lasting.conflict_since == 0)
		return 0;
	return TimestampDifferenceMilliseconds(run->lasting.conflict_since, GetCurrentTimestamp());
}
