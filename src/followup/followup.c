/*
 * src/followup/followup.c
 *		The instant up to which follow-ups count, and a lock that serializes one login's notes.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "compat.h"
#include "fmgr.h"
#include "locks.h"
#include "ngeshare.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ngeshare_as_of_is_set);
PG_FUNCTION_INFO_V1(ngeshare_follow_ups_until);
PG_FUNCTION_INFO_V1(ngeshare_lock_notes);

Datum
ngeshare_as_of_is_set(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(clock_as_of_is_set());
}

/*
 * Returns ngeshare.as_of if the user has set it, else the start of the statement, so that a
 * transaction sees the follow-ups that it has noted itself. In a background worker the statement
 * may have no start; then the start of the transaction counts.
 */
Datum
ngeshare_follow_ups_until(PG_FUNCTION_ARGS)
{
	if (clock_as_of_is_set())
		PG_RETURN_TIMESTAMPTZ(clock_as_of());
	PG_RETURN_TIMESTAMPTZ(
	    Max(GetCurrentStatementStartTimestamp(), GetCurrentTransactionStartTimestamp()));
}

Datum
ngeshare_lock_notes(PG_FUNCTION_ARGS)
{
	text *login = PG_GETARG_TEXT_PP(0);

	lock_wait_for_key(NGESHARE_LOCK_NOTES, hash_bytes((const unsigned char *) VARDATA_ANY(login),
	                                                  VARSIZE_ANY_EXHDR(login)));
	PG_RETURN_VOID();
}
