/*
 * src/analytics/funnel.c
 *		The curriculum as a funnel: how many groups of each course start,
 *		graduate, and go on to the next.
 */
#include "analytics/facts.h"
#include "analytics/pipeline.h"
#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_funnel);

enum
{
	FUNNEL_SEQUENCE_ORDER,
	FUNNEL_COURSE_NAME,
	FUNNEL_GROUPS_TOTAL,
	FUNNEL_GROUPS_STARTED,
	FUNNEL_GRADUATED,
	FUNNEL_ACTIVE,
	FUNNEL_STALLED,
	FUNNEL_NOT_STARTED,
	FUNNEL_GRADUATION_RATE,
	FUNNEL_CONTINUED,
	FUNNEL_CONTINUATION_RATE,
	FUNNEL_AWAITING,
	FUNNEL_SETTLED_CONTINUATION_RATE,
	FUNNEL_COLUMNS
};

/* The counts of one course, in groups. */
typedef struct CourseCounts
{
	int32 total;
	int32 started;
	int32 by_status[STATUS_STALLED + 1];
	int32 continued;         /* graduated, with an outgoing link */
	int32 awaiting;          /* graduated lately, without one */
	int32 settled;           /* graduated too long ago to get one now */
	int32 settled_continued; /* those of them that have one */
} CourseCounts;

/* Which groups a link goes out from. */
static bool *
groups_with_link(const Facts *facts)
{
	bool *has_link = palloc0(sizeof(bool) * (facts->group_count + 1));
	Links *links = pipeline_find_links(facts);

	for (int i = 0; i < links->count; i++)
		has_link[links->links[i].a] = true;
	return has_link;
}

/* Counts a graduated group by whether it went on, or still may. */
static void
count_graduate(CourseCounts *counts, const Facts *facts, const StudyGroup *group, bool has_link)
{
	bool is_settled = facts->today - group->graduated_on > ngeshare_settings.link_days;

	counts->continued += has_link;
	counts->awaiting += !has_link && !is_settled;
	counts->settled += is_settled;
	counts->settled_continued += has_link && is_settled;
}

/* Counts all groups by course. */
static CourseCounts *
count_courses(const Facts *facts)
{
	CourseCounts *counts = palloc0(sizeof(CourseCounts) * Max(facts->course_count, 1));
	bool *has_link = groups_with_link(facts);

	for (int i = 0; i < facts->group_count; i++)
	{
		const StudyGroup *group = &facts->groups[i];
		CourseCounts *course = &counts[group->course];

		course->total++;
		course->started += group->has_met;
		course->by_status[group->status]++;
		if (group->status == STATUS_GRADUATED)
			count_graduate(course, facts, group, has_link[i]);
	}
	return counts;
}

/* A rate, or NULL where there is nothing to divide by. */
static void
put_rate(Datum *values, bool *nulls, int column, int32 part, int32 whole)
{
	nulls[column] = whole == 0;
	if (whole > 0)
		values[column] = facts_percentage(part, whole);
}

/* Puts one course into the result; the last one has nothing to go on to. */
static void
return_course(ReturnSetInfo *result, const Course *course, const CourseCounts *counts, bool is_last)
{
	Datum values[FUNNEL_COLUMNS] = {0};
	bool nulls[FUNNEL_COLUMNS] = {false};
	int32 graduated = counts->by_status[STATUS_GRADUATED];

	values[FUNNEL_SEQUENCE_ORDER] = Int32GetDatum(course->sequence_order);
	values[FUNNEL_COURSE_NAME] = CStringGetTextDatum(course->name);
	values[FUNNEL_GROUPS_TOTAL] = Int32GetDatum(counts->total);
	values[FUNNEL_GROUPS_STARTED] = Int32GetDatum(counts->started);
	values[FUNNEL_GRADUATED] = Int32GetDatum(graduated);
	values[FUNNEL_ACTIVE] = Int32GetDatum(counts->by_status[STATUS_ACTIVE]);
	values[FUNNEL_STALLED] = Int32GetDatum(counts->by_status[STATUS_STALLED]);
	values[FUNNEL_NOT_STARTED] = Int32GetDatum(counts->by_status[STATUS_NOT_STARTED]);
	put_rate(values, nulls, FUNNEL_GRADUATION_RATE, graduated, counts->total);
	values[FUNNEL_CONTINUED] = Int32GetDatum(counts->continued);
	put_rate(values, nulls, FUNNEL_CONTINUATION_RATE, counts->continued, graduated);
	values[FUNNEL_AWAITING] = Int32GetDatum(counts->awaiting);
	put_rate(values, nulls, FUNNEL_SETTLED_CONTINUATION_RATE, counts->settled_continued,
	         counts->settled);
	if (is_last)
		nulls[FUNNEL_CONTINUED] = nulls[FUNNEL_CONTINUATION_RATE] = nulls[FUNNEL_AWAITING] =
		    nulls[FUNNEL_SETTLED_CONTINUATION_RATE] = true;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
ngeshare_funnel(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CourseCounts *counts;
	Facts *facts;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts = facts_load(facts_as_of_argument(fcinfo, 0), true);
	counts = count_courses(facts);
	for (int i = 0; i < facts->course_count; i++)
		return_course(result, &facts->courses[i], &counts[i], i == facts->course_count - 1);
	SPI_finish();
	return (Datum) 0;
}
