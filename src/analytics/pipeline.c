/*
 * src/analytics/pipeline.c
 *		The same group goes on: links from a course to the next.
 *
 * Groups are put in order of facilitator, course and start, so that a group's
 * possible successors are one run of neighbours, and those within the days that
 * count are found by bisection: a facilitator of many groups costs no square.
 */
#include "analytics/pipeline.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_pipeline);

enum
{
	LINK_GROUP_A_ID,
	LINK_COURSE_A,
	LINK_GROUP_B_ID,
	LINK_COURSE_B,
	LINK_SHARED_FACILITATOR_ID,
	LINK_SHARED_MEMBER_COUNT,
	LINK_OVERLAP_PCT,
	LINK_DAYS_BETWEEN,
	LINK_COLUMNS
};

/* Orders groups with a facilitator by it, then by course, then by start. */
static int
compare_for_links(const void *a, const void *b)
{
	const StudyGroup *left = *(StudyGroup *const *) a;
	const StudyGroup *right = *(StudyGroup *const *) b;
	int by_facilitator = strcmp(left->facilitator_id, right->facilitator_id);

	if (by_facilitator != 0)
		return by_facilitator;
	if (left->course != right->course)
		return left->course < right->course ? -1 : 1;
	return (left->started_on > right->started_on) - (left->started_on < right->started_on);
}

/* Whether a candidate stands before the first one that could follow group a. */
static bool
stands_before(const StudyGroup *candidate, const StudyGroup *a, int64 earliest)
{
	int by_facilitator = strcmp(candidate->facilitator_id, a->facilitator_id);

	if (by_facilitator != 0)
		return by_facilitator < 0;
	if (candidate->course != a->course + 1)
		return candidate->course < a->course + 1;
	return candidate->started_on < earliest;
}

/* The place of the first candidate that starts on a day or later, by bisection. */
static int
first_candidate(StudyGroup **candidates, int count, const StudyGroup *a, int64 earliest)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (stands_before(candidates[middle], a, earliest))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many members two groups share: both lists are sorted. */
static int32
count_shared(const StudyGroup *a, const StudyGroup *b)
{
	int32 shared = 0;
	int i = 0;
	int j = 0;

	while (i < a->member_count && j < b->member_count)
	{
		if (a->members[i] < b->members[j])
			i++;
		else if (a->members[i] > b->members[j])
			j++;
		else
		{
			shared++;
			i++;
			j++;
		}
	}
	return shared;
}

/* Whether so many shared members make two groups of one facilitator kin. */
bool
pipeline_are_kin(const StudyGroup *a, const StudyGroup *b, int32 shared)
{
	int64 smaller = Min(a->member_count, b->member_count);

	return smaller > 0 && shared >= ngeshare_settings.link_min_shared &&
	       100 * (int64) shared >= ngeshare_settings.link_min_overlap_pct * smaller;
}

static void
add_link(Links *links, const Facts *facts, const StudyGroup *a, const StudyGroup *b, int32 shared)
{
	if (links->count == links->room)
	{
		links->room = Max(links->room * 2, 256);
		links->links = links->links == NULL
		                   ? palloc(sizeof(Link) * links->room)
		                   : repalloc_huge(links->links, sizeof(Link) * (Size) links->room);
	}
	links->links[links->count++] =
	    (Link){a - facts->groups, b - facts->groups, shared, b->started_on - a->graduated_on};
}

/* The groups that can be part of a link, in the order that links are found in. */
static StudyGroup **
candidates_of(const Facts *facts, int *count)
{
	StudyGroup **candidates = MemoryContextAllocHuge(
	    CurrentMemoryContext, sizeof(StudyGroup *) * (Size) (facts->group_count + 1));

	*count = 0;
	for (int i = 0; i < facts->group_count; i++)
		if (facts->groups[i].facilitator_id != NULL && facts->groups[i].has_met)
			candidates[(*count)++] = &facts->groups[i];
	qsort(candidates, *count, sizeof(StudyGroup *), compare_for_links);
	return candidates;
}

/*
 * Finds every link: kin, the next course, a graduated, b has met, and b's start
 * within the days around a's graduation. Needs facts with members.
 */
Links *
pipeline_find_links(const Facts *facts)
{
	Links *links = palloc0(sizeof(Links));
	int count;
	StudyGroup **candidates = candidates_of(facts, &count);

	for (int i = 0; i < count; i++)
	{
		const StudyGroup *a = candidates[i];
		int64 earliest = (int64) a->graduated_on - ngeshare_settings.link_early_days;
		int64 latest = (int64) a->graduated_on + ngeshare_settings.link_days;

		if (!a->has_graduated)
			continue;
		for (int j = first_candidate(candidates, count, a, earliest); j < count; j++)
		{
			const StudyGroup *b = candidates[j];
			int32 shared;

			CHECK_FOR_INTERRUPTS();
			if (stands_before(b, a, earliest) || b->course != a->course + 1 ||
			    strcmp(b->facilitator_id, a->facilitator_id) != 0 || b->started_on > latest)
				break;
			shared = count_shared(a, b);
			if (pipeline_are_kin(a, b, shared))
				add_link(links, facts, a, b, shared);
		}
	}
	return links;
}

/* Puts one link into the result. */
static void
return_link(ReturnSetInfo *result, const Facts *facts, const Link *link)
{
	const StudyGroup *a = &facts->groups[link->a];
	const StudyGroup *b = &facts->groups[link->b];
	Datum values[LINK_COLUMNS];
	bool nulls[LINK_COLUMNS] = {false};

	values[LINK_GROUP_A_ID] = CStringGetTextDatum(a->id);
	values[LINK_COURSE_A] = CStringGetTextDatum(facts->courses[a->course].name);
	values[LINK_GROUP_B_ID] = CStringGetTextDatum(b->id);
	values[LINK_COURSE_B] = CStringGetTextDatum(facts->courses[b->course].name);
	values[LINK_SHARED_FACILITATOR_ID] = CStringGetTextDatum(a->facilitator_id);
	values[LINK_SHARED_MEMBER_COUNT] = Int32GetDatum(link->shared_members);
	values[LINK_OVERLAP_PCT] =
	    facts_percentage(link->shared_members, Min(a->member_count, b->member_count));
	values[LINK_DAYS_BETWEEN] = Int32GetDatum(link->days_between);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
ngeshare_pipeline(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row_context;
	Facts *facts;
	Links *links;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts = facts_load(facts_as_of_argument(fcinfo, 0), true);
	links = pipeline_find_links(facts);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(row_context);
	for (int i = 0; i < links->count; i++)
	{
		return_link(result, facts, &links->links[i]);
		MemoryContextReset(row_context);
	}
	SPI_finish();
	return (Datum) 0;
}
