/*
 * src/answers/status.c
 *		Status and percentages: the rules, for SQL to call a group at a time.
 */
#include "postgres.h"

#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(ngeshare_status_of);
PG_FUNCTION_INFO_V1(ngeshare_percentage);

typedef enum Status
{
	STATUS_GRADUATED,
	STATUS_STALLED,
	STATUS_ACTIVE,
	STATUS_NOT_STARTED,
	STATUS_COUNT
} Status;

static const char *const status_names[STATUS_COUNT] = {"GRADUATED", "STALLED", "ACTIVE",
                                                       "NOT_STARTED"};

/* The status of a group, the first that holds. */
static Status
status_of(bool has_met, int32 max_episode_reached, int32 max_episodes, int32 days_inactive)
{
	if (max_episode_reached >= max_episodes)
		return STATUS_GRADUATED;
	if (days_inactive > ngeshare_settings.active_days)
		return STATUS_STALLED;
	return has_met ? STATUS_ACTIVE : STATUS_NOT_STARTED;
}

/* A status's name as a text for reading, made once a session: a query asks for hundreds of
 * thousands. */
static text *
name_of(Status status)
{
	static text *names[STATUS_COUNT];

	if (names[status] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

		names[status] = cstring_to_text(status_names[status]);
		MemoryContextSwitchTo(caller);
	}
	return names[status];
}

Datum
ngeshare_status_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(name_of(
	    status_of(PG_GETARG_BOOL(0), PG_GETARG_INT32(1), PG_GETARG_INT32(2), PG_GETARG_INT32(3))));
}

Datum
ngeshare_percentage(PG_FUNCTION_ARGS)
{
	int64 part = PG_GETARG_INT64(0);
	int64 whole = PG_GETARG_INT64(1);

	if (whole == 0)
		PG_RETURN_NULL();
	/* One decimal, half away from zero. */
	PG_RETURN_NUMERIC(int64_div_fast_to_numeric((2000 * part + whole) / (2 * whole), 1));
}
