/*
 * src/answers/status.c
 *		The rules for status and percentages, and the SQL functions that apply them to one group.
 */
#include "answers/status.h"

#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(ngeshare_days_inactive);
PG_FUNCTION_INFO_V1(ngeshare_is_rescuable);
PG_FUNCTION_INFO_V1(ngeshare_risk_of);
PG_FUNCTION_INFO_V1(ngeshare_status_of);
PG_FUNCTION_INFO_V1(ngeshare_percentage);

static const char *const status_names[STATUS_COUNT] = {"GRADUATED", "STALLED", "ACTIVE",
                                                       "NOT_STARTED"};

/* Returns the days since a group last met, or since its planned start if it never met. */
int32
status_days_inactive(DateADT today, DateADT since)
{
	return Max(today - since, 0);
}

/* Returns the first day on which a group is stalled that last met, or was to start, on "since". */
DateADT
status_stalls_on(DateADT since)
{
	return since + ngeshare_settings.active_days + 1;
}

/* Returns the status of a group: the first one below whose condition holds. */
Status
status_of(bool has_met, int32 max_episode_reached, int32 max_episodes, int32 days_inactive)
{
	if (max_episode_reached >= max_episodes)
		return STATUS_GRADUATED;
	if (days_inactive > ngeshare_settings.active_days)
		return STATUS_STALLED;
	return has_met ? STATUS_ACTIVE : STATUS_NOT_STARTED;
}

/* Checks whether a group is stalled with at least rescue_min_pct percent of its course done. */
bool
status_is_rescuable(Status status, int32 max_episode_reached, int32 max_episodes)
{
	return status == STATUS_STALLED && 100 * (int64) max_episode_reached >=
	                                       ngeshare_settings.rescue_min_pct * (int64) max_episodes;
}

/*
 * Returns why an active group is at risk: it has been silent for at least half of active_days, or
 * it has met on three days or more and been silent for more than twice the average number of days
 * between them. Returns NULL for a group that is not at risk.
 */
const char *
status_risk(Status status, int32 days_inactive, int32 total_meetings, DateADT first_meeting,
            DateADT last_meeting)
{
	if (status != STATUS_ACTIVE)
		return NULL;
	if (2 * (int64) days_inactive >= ngeshare_settings.active_days)
		return "SILENT";
	if (total_meetings >= 3 &&
	    (int64) days_inactive * (total_meetings - 1) > 2 * (int64) (last_meeting - first_meeting))
		return "RHYTHM";
	return NULL;
}

/* Returns a status's name as a text that the caller must not change. It is made once per session,
 * because one query may ask for hundreds of thousands of names. */
text *
status_name(Status status)
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
ngeshare_days_inactive(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(
	    status_days_inactive(PG_GETARG_DATEADT(0), PG_GETARG_DATEADT(PG_ARGISNULL(1) ? 2 : 1)));
}

Datum
ngeshare_status_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(status_name(
	    status_of(PG_GETARG_BOOL(0), PG_GETARG_INT32(1), PG_GETARG_INT32(2), PG_GETARG_INT32(3))));
}

Datum
ngeshare_is_rescuable(PG_FUNCTION_ARGS)
{
	int32 reached = PG_GETARG_INT32(1);
	int32 most = PG_GETARG_INT32(2);

	PG_RETURN_BOOL(status_is_rescuable(
	    status_of(PG_GETARG_BOOL(0), reached, most, PG_GETARG_INT32(3)), reached, most));
}

Datum
ngeshare_risk_of(PG_FUNCTION_ARGS)
{
	Status status =
	    status_of(PG_GETARG_BOOL(0), PG_GETARG_INT32(1), PG_GETARG_INT32(2), PG_GETARG_INT32(3));
	const char *risk = status_risk(status, PG_GETARG_INT32(3), PG_GETARG_INT32(4),
	                               PG_GETARG_DATEADT(5), PG_GETARG_DATEADT(6));

	if (risk == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(risk));
}

Datum
ngeshare_percentage(PG_FUNCTION_ARGS)
{
	int64 part = PG_GETARG_INT64(0);
	int64 whole = PG_GETARG_INT64(1);

	if (whole == 0)
		PG_RETURN_NULL();
	/* Rounds to one decimal, half away from zero. */
	PG_RETURN_NUMERIC(int64_div_fast_to_numeric((2000 * part + whole) / (2 * whole), 1));
}
