/*
 * src/locks.h
 *		The extension's own locks, which no SQL statement can take.
 */
#ifndef NGESHARE_LOCKS_H
#define NGESHARE_LOCKS_H

#include "postgres.h"

#include "storage/lock.h"

/* Each lock's number is the fourth field of its tag, objsubid in pg_locks. */
typedef enum NgeshareLock
{
	NGESHARE_LOCK_SYNC = 3, /* held by the session that syncs; ngeshare.sync_lock looks for it */
	NGESHARE_LOCK_START,    /* held while a sync is being started, until that transaction ends */
	NGESHARE_LOCK_ALERT,    /* held by the worker that delivers alerts */
	NGESHARE_LOCK_NOTES     /* one for each login that notes follow-ups */
} NgeshareLock;

/* A session's lock is exclusive. It outlives commits and aborts and ends with the backend. */
extern bool lock_try_for_session(NgeshareLock lock);
extern bool lock_keep_for_session(NgeshareLock lock);
extern void lock_release_for_session(NgeshareLock lock);

/* A transaction's lock ends with the transaction, or with the subtransaction that aborts. */
extern bool lock_try(NgeshareLock lock, LOCKMODE mode);
extern bool lock_poll(NgeshareLock lock, LOCKMODE mode, int patience_ms);
extern void lock_wait_for_key(NgeshareLock lock, uint32 key);
extern bool lock_poll_for_session(NgeshareLock lock, int patience_ms);

#endif
