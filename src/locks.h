/*
 * src/locks.h
 *		The extension's own locks, which SQL's advisory lock functions cannot take.
 */
#ifndef NGESHARE_LOCKS_H
#define NGESHARE_LOCKS_H

#include "postgres.h"

#include "storage/lock.h"

/* A lock's number is the fourth field of its lock tag, which pg_locks shows as objsubid. */
typedef enum NgeshareLock
{
	NGESHARE_LOCK_SYNC = 3, /* held by the session that syncs; the view sync_lock shows it */
	NGESHARE_LOCK_START,    /* held until the transaction that starts a sync ends */
	NGESHARE_LOCK_ALERT,    /* held by the worker that delivers alerts */
	NGESHARE_LOCK_NOTES     /* one for each login that notes follow-ups */
} NgeshareLock;

/* A session's lock is exclusive. It survives commits and aborts; at the latest, the backend's end
 * releases it. */
extern bool lock_try_for_session(NgeshareLock lock);
extern bool lock_keep_for_session(NgeshareLock lock);
extern void lock_release_for_session(NgeshareLock lock);

/*
 * A transaction's lock is released when the transaction ends or its subtransaction aborts.
 * lock_poll_for_session() takes a session's lock.
 */
extern bool lock_try(NgeshareLock lock, LOCKMODE mode);
extern bool lock_poll(NgeshareLock lock, LOCKMODE mode, int patience_ms);
extern void lock_wait_for_key(NgeshareLock lock, uint32 key);
extern bool lock_poll_for_session(NgeshareLock lock, int patience_ms);

#endif
