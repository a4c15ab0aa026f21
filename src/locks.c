/*
 * src/locks.c
 *		The extension's own locks, which SQL's advisory lock functions cannot take.
 *
 * They are advisory locks. SQL's advisory lock functions set the fourth field of a lock tag to 1
 * or 2. Our locks have a larger value there, so no login can take one of them to block a sync, an
 * alert or a writer.
 */
#include "locks.h"

#include "compat.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* The two halves of the key: "ngeshare" in ASCII. The view ngeshare.sync_lock repeats them. */
#define LOCK_KEY_HIGH 0x6e676573
#define LOCK_KEY_LOW 0x68617265

/* Milliseconds between two attempts to take a lock by polling. */
#define LOCK_POLL_MS 5

static LOCKTAG
make_tag(NgeshareLock lock)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, LOCK_KEY_HIGH, LOCK_KEY_LOW, lock);
	return tag;
}

/* Takes a lock for the session; returns false if another session holds it. */
bool
lock_try_for_session(NgeshareLock lock)
{
	LOCKTAG tag = make_tag(lock);

	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Makes sure that the session still holds its lock: pg_advisory_unlock_all() in a trigger may
 * have released it. Takes it again in that case; returns false if another session was faster.
 */
bool
lock_keep_for_session(NgeshareLock lock)
{
	LOCKTAG tag = make_tag(lock);

	switch (LockAcquire(&tag, ExclusiveLock, true, true))
	{
		case LOCKACQUIRE_NOT_AVAIL:
			return false;
		case LOCKACQUIRE_OK:
			return true;
		default:
			LockRelease(&tag, ExclusiveLock, true);
			return true;
	}
}

/* Releases a lock of the session; does nothing if the session does not hold it. */
void
lock_release_for_session(NgeshareLock lock)
{
	if (lock_keep_for_session(lock))
	{
		LOCKTAG tag = make_tag(lock);

		LockRelease(&tag, ExclusiveLock, true);
	}
}

/* Takes a lock for the transaction; returns false if another session holds it. */
bool
lock_try(NgeshareLock lock, LOCKMODE mode)
{
	LOCKTAG tag = make_tag(lock);

	return LockAcquire(&tag, mode, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* Waits for the lock on one key and takes it for the transaction. Each key has its own lock. */
void
lock_wait_for_key(NgeshareLock lock, uint32 key)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, key, LOCK_KEY_LOW, lock);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * Waits before the next attempt to take a lock. Returns false, without waiting, if more than
 * patience_ms milliseconds have passed since begun; 0 means no limit.
 */
static bool
wait_to_ask_again(TimestampTz begun, int patience_ms)
{
	static uint32 wait_event;
	if (patience_ms > 0 && TimestampDifferenceExceeds(begun, GetCurrentTimestamp(), patience_ms))
		return false;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOCK_POLL_MS,
	                 compat_wait_event(&wait_event, "NgeshareLock"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}

/*
 * Tries to take a lock repeatedly without queueing for it, so that no session waits in the queue
 * after this one. Returns false after patience_ms milliseconds; 0 means no limit.
 */
bool
lock_poll(NgeshareLock lock, LOCKMODE mode, int patience_ms)
{
	TimestampTz begun = GetCurrentTimestamp();

	while (!lock_try(lock, mode))
		if (!wait_to_ask_again(begun, patience_ms))
			return false;
	return true;
}

/* Does the same as lock_poll(), but takes an exclusive lock for the session. */
bool
lock_poll_for_session(NgeshareLock lock, int patience_ms)
{
	TimestampTz begun = GetCurrentTimestamp();

	while (!lock_try_for_session(lock))
		if (!wait_to_ask_again(begun, patience_ms))
			return false;
	return true;
}
