/*
 * src/analytics/status.c
 *		Progress and status of a group: the rules, and the rows that show them.
 */
#include "analytics/facts.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_group_facts);
PG_FUNCTION_INFO_V1(ngeshare_group_status);

/* The columns of ngeshare.group_facts(), in their order. */
enum
{
	FACT_GROUP_ID,
	FACT_GROUP_NAME,
	FACT_COURSE_NAME,
	FACT_SEQUENCE_ORDER,
	FACT_MAX_EPISODES,
	FACT_CREATED_AT,
	FACT_STATUS,
	FACT_MAX_EPISODE_REACHED,
	FACT_PROGRESS_PCT,
	FACT_TOTAL_MEETINGS,
	FACT_FIRST_MEETING_DATE,
	FACT_LAST_MEETING_DATE,
	FACT_GRADUATED_ON,
	FACT_STARTED_ON,
	FACT_DAYS_INACTIVE,
	FACT_FACILITATOR_ID,
	FACT_FACILITATOR_NAME,
	FACT_FACILITATOR_CONTACT,
	FACT_FACILITATOR_IS_DELETED,
	FACT_FACILITATOR_COUNT,
	FACT_MEMBER_COUNT,
	FACT_IS_RESCUABLE,
	FACT_GRADUATED_AT,
	FACT_COLUMNS
};

/* The columns of ngeshare_group_status(), by what they show. */
static const int status_columns[] = {
    FACT_GROUP_ID,         FACT_COURSE_NAME,        FACT_STATUS,
    FACT_PROGRESS_PCT,     FACT_DAYS_INACTIVE,      FACT_GROUP_NAME,
    FACT_SEQUENCE_ORDER,   FACT_MAX_EPISODES,       FACT_MAX_EPISODE_REACHED,
    FACT_TOTAL_MEETINGS,   FACT_FIRST_MEETING_DATE, FACT_LAST_MEETING_DATE,
    FACT_GRADUATED_ON,     FACT_STARTED_ON,         FACT_FACILITATOR_ID,
    FACT_FACILITATOR_NAME, FACT_MEMBER_COUNT,
};

const char *
status_name(GroupStatus status)
{
	static const char *const names[] = {"GRADUATED", "ACTIVE", "NOT_STARTED", "STALLED"};

	return names[status];
}

/* Decides when a group started, for how long it has been silent, and its status. */
void
status_decide(Facts *facts, StudyGroup *group, Timestamp planned_start)
{
	DateADT last_sign = group->last_meeting;
	int32 max_episodes = facts->courses[group->course].max_episodes;

	group->started_on = group->first_meeting;
	if (!group->has_met)
		last_sign = group->started_on = clock_local_day(planned_start, ngeshare_settings.zone);
	group->days_inactive = Max(facts->today - last_sign, 0);

	if (group->max_episode_reached >= max_episodes)
		group->status = STATUS_GRADUATED;
	else if (group->days_inactive > ngeshare_settings.active_days)
		group->status = STATUS_STALLED;
	else
		group->status = group->has_met ? STATUS_ACTIVE : STATUS_NOT_STARTED;
}

/* Whether a group belongs on the rescue list: stalled, and far enough to be worth a call. */
bool
status_is_rescuable(const Facts *facts, const StudyGroup *group)
{
	int64 max_episodes = facts->courses[group->course].max_episodes;

	return group->status == STATUS_STALLED && 100 * (int64) group->max_episode_reached >=
	                                              ngeshare_settings.rescue_min_pct * max_episodes;
}

/* One row's text; a NULL pointer is SQL's NULL. */
static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	if (text != NULL)
		values[column] = CStringGetTextDatum(text);
}

static void
put_date(Datum *values, bool *nulls, int column, bool is_known, DateADT date)
{
	nulls[column] = !is_known;
	values[column] = DateADTGetDatum(date);
}

/* Fills one group's row of all the facts. */
static void
fill_facts(const Facts *facts, const StudyGroup *group, Datum *values, bool *nulls)
{
	const Course *course = &facts->courses[group->course];

	memset(nulls, 0, sizeof(bool) * FACT_COLUMNS);
	put_text(values, nulls, FACT_GROUP_ID, group->id);
	put_text(values, nulls, FACT_GROUP_NAME, group->name);
	put_text(values, nulls, FACT_COURSE_NAME, course->name);
	values[FACT_SEQUENCE_ORDER] = Int32GetDatum(course->sequence_order);
	values[FACT_MAX_EPISODES] = Int32GetDatum(course->max_episodes);
	values[FACT_CREATED_AT] = TimestampTzGetDatum(group->created_at);
	put_text(values, nulls, FACT_STATUS, status_name(group->status));
	values[FACT_MAX_EPISODE_REACHED] = Int32GetDatum(group->max_episode_reached);
	values[FACT_PROGRESS_PCT] = facts_percentage(
	    Min(group->max_episode_reached, course->max_episodes), course->max_episodes);
	values[FACT_TOTAL_MEETINGS] = Int32GetDatum(group->total_meetings);
	put_date(values, nulls, FACT_FIRST_MEETING_DATE, group->has_met, group->first_meeting);
	put_date(values, nulls, FACT_LAST_MEETING_DATE, group->has_met, group->last_meeting);
	put_date(values, nulls, FACT_GRADUATED_ON, group->has_graduated, group->graduated_on);
	values[FACT_STARTED_ON] = DateADTGetDatum(group->started_on);
	values[FACT_DAYS_INACTIVE] = Int32GetDatum(group->days_inactive);
	put_text(values, nulls, FACT_FACILITATOR_ID, group->facilitator_id);
	put_text(values, nulls, FACT_FACILITATOR_NAME, group->facilitator_name);
	put_text(values, nulls, FACT_FACILITATOR_CONTACT, group->facilitator_contact);
	values[FACT_FACILITATOR_IS_DELETED] = BoolGetDatum(group->facilitator_is_deleted);
	values[FACT_FACILITATOR_COUNT] = Int32GetDatum(group->facilitator_count);
	values[FACT_MEMBER_COUNT] = Int32GetDatum(group->member_count);
	values[FACT_IS_RESCUABLE] = BoolGetDatum(status_is_rescuable(facts, group));
	nulls[FACT_GRADUATED_AT] = !group->has_graduated;
	values[FACT_GRADUATED_AT] = TimestampTzGetDatum(group->graduated_at);
}

/* Returns every group as a row of some of the facts' columns. */
static void
return_groups(FunctionCallInfo fcinfo, const int *columns, int count)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row_context;
	MemoryContext caller;
	Facts *facts;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts = facts_load(facts_as_of_argument(fcinfo, 0), false);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(row_context);
	for (int i = 0; i < facts->group_count; i++)
	{
		Datum all[FACT_COLUMNS];
		bool all_nulls[FACT_COLUMNS];
		Datum values[FACT_COLUMNS];
		bool nulls[FACT_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		fill_facts(facts, &facts->groups[i], all, all_nulls);
		for (int column = 0; column < count; column++)
		{
			values[column] = all[columns[column]];
			nulls[column] = all_nulls[columns[column]];
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	SPI_finish();
}

Datum
ngeshare_group_facts(PG_FUNCTION_ARGS)
{
	int columns[FACT_COLUMNS];

	for (int i = 0; i < FACT_COLUMNS; i++)
		columns[i] = i;
	return_groups(fcinfo, columns, FACT_COLUMNS);
	return (Datum) 0;
}

Datum
ngeshare_group_status(PG_FUNCTION_ARGS)
{
	return_groups(fcinfo, status_columns, lengthof(status_columns));
	return (Datum) 0;
}
