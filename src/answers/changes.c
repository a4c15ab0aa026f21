/*
 * src/answers/changes.c
 *		Finds the groups whose status differs between two instants.
 *
 * One scan of ngeshare.group_timeline finds them. ngeshare_status_changes(), in SQL, adds their
 * names, and their facilitators as of the later instant.
 */
#include "answers/past.h"

#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_changed_groups);

/* The two instants to compare, and the result to which changed groups are added. */
typedef struct Changes
{
	Moment since;
	Moment until;
	ReturnSetInfo *result;
} Changes;

/* A group's status at the two instants, and its number of meetings up to them. */
typedef struct Change
{
	bool existed;
	Status before;
	Status after;
	int met_before;
	int met_after;
} Change;

/* Returns the local day of a UTC timestamp. */
static DateADT
local_day(Timestamp at)
{
	return clock_local_day(at, ngeshare_settings.zone);
}

/* Returns the name of a change, such as NEW, and sets *changed_on to the local day of it. */
static const char *
name_change(const GroupPast *past, const Change *change, DateADT *changed_on)
{
	int met = change->met_after;

	if (!change->existed)
	{
		*changed_on = local_day(past->created_at);
		return "NEW";
	}
	switch (change->after)
	{
		case STATUS_ACTIVE:
			/* The day of the first meeting after the earlier instant. */
			*changed_on = past->day[change->met_before];
			return change->met_before == 0 ? "STARTED" : "RESUMED";
		case STATUS_STALLED:
			*changed_on = status_stalls_on(met > 0 ? past->day[met - 1] : past->planned_on);
			return "STALLED";
		case STATUS_GRADUATED:
			*changed_on = past->graduated_on;
			return "GRADUATED";
		default:
			elog(ERROR, "a group cannot become one that has not started");
	}
}

/* Adds a changed group's row to the result. */
static void
return_change(const Changes *changes, const GroupPast *past, const Change *change)
{
	DateADT changed_on;
	const char *name = name_change(past, change, &changed_on);
	Datum values[5];
	bool nulls[5] = {false};

	values[0] = past->id;
	values[1] = PointerGetDatum(status_name(change->before));
	nulls[1] = !change->existed;
	values[2] = PointerGetDatum(status_name(change->after));
	values[3] = CStringGetTextDatum(name);
	values[4] = DateADTGetDatum(changed_on);
	tuplestore_putvalues(changes->result->setResult, changes->result->setDesc, values, nulls);
}

/* Adds a group to the result if it is new or its status differs. */
static void
compare_group(const GroupPast *past, void *context)
{
	const Changes *changes = context;
	Change change = {0};

	if (past->created_at > changes->until.at)
		return;
	change.existed = past->created_at <= changes->since.at;
	change.met_before = past_met_by(past, changes->since.at, 0);
	change.met_after = past_met_by(past, changes->until.at, change.met_before);
	change.before = past_status(past, changes->since, change.met_before);
	change.after = past_status(past, changes->until, change.met_after);
	if (!change.existed || change.before != change.after)
		return_change(changes, past, &change);
}

Datum
ngeshare_changed_groups(PG_FUNCTION_ARGS)
{
	Changes changes = {past_moment(PG_GETARG_TIMESTAMPTZ(0)), past_moment(PG_GETARG_TIMESTAMPTZ(1)),
	                   (ReturnSetInfo *) fcinfo->resultinfo};

	/* If clocks were put back over midnight, the later instant can have an earlier local day. */
	changes.until.day = Max(changes.until.day, changes.since.day);
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	past_walk(facts_load_courses(), "", compare_group, &changes);
	SPI_finish();
	return (Datum) 0;
}
