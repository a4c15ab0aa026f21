/*
 * src/answers/pipeline.c
 *		Finds links: which group continued as which group of the next course.
 *
 * The groups are sorted by facilitator, course and start, so that the possible successors of a
 * group are neighbours. A binary search finds the first one that started in time, so a
 * facilitator's groups need not all be compared with each other.
 */
#include "answers/pipeline.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_find_links);

enum
{
	LINK_VALID_FROM,
	LINK_VALID_TO,
	LINK_GRADUATED_ON,
	LINK_DAYS_BETWEEN,
	LINK_SHARED_MEMBER_COUNT,
	LINK_SMALLER_MEMBER_COUNT,
	LINK_GROUP_A_ID,
	LINK_GROUP_B_ID,
	LINK_COURSE_A,
	LINK_COURSE_B,
	LINK_SHARED_FACILITATOR_ID,
	LINK_COLUMNS
};

/* Compares two groups by facilitator, then by course, then by start. */
static int
compare_for_links(const void *a, const void *b)
{
	const StudyGroup *left = *(StudyGroup *const *) a;
	const StudyGroup *right = *(StudyGroup *const *) b;

	if (left->facilitator != right->facilitator)
		return left->facilitator < right->facilitator ? -1 : 1;
	if (left->course != right->course)
		return left->course < right->course ? -1 : 1;
	return (left->started_on > right->started_on) - (left->started_on < right->started_on);
}

/* Checks whether a candidate sorts before all groups that could follow group a. */
static bool
stands_before(const StudyGroup *candidate, const StudyGroup *a, int64 earliest)
{
	if (candidate->facilitator != a->facilitator)
		return candidate->facilitator < a->facilitator;
	if (candidate->course != a->course + 1)
		return candidate->course < a->course + 1;
	return candidate->started_on < earliest;
}

/* Returns the index of the first candidate that could follow group a, by binary search. A group
 * that follows a starts on the day "earliest" or later. */
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

/* Checks whether two groups of one facilitator share enough members to be kin. */
bool
pipeline_are_kin(const Sharing *members)
{
	int64 smaller = Min(members->a, members->b);

	return smaller > 0 && members->shared >= ngeshare_settings.link_min_shared &&
	       100 * (int64) members->shared >= ngeshare_settings.link_min_overlap_pct * smaller;
}

/* Returns the groups that can be part of a link, sorted by compare_for_links(). */
static StudyGroup **
candidates_of(const Facts *facts, int *count)
{
	StudyGroup **candidates = MemoryContextAllocHuge(
	    CurrentMemoryContext, sizeof(StudyGroup *) * (Size) (facts->group_count + 1));

	*count = 0;
	for (int i = 0; i < facts->group_count; i++)
		if (facts->groups[i].facilitator >= 0 && facts->groups[i].has_met)
			candidates[(*count)++] = &facts->groups[i];
	qsort(candidates, *count, sizeof(StudyGroup *), compare_for_links);
	return candidates;
}

/* Returns the first instant at which group a has graduated, b has met, and both exist and have
 * their facilitator. */
static Timestamp
known_from(const StudyGroup *a, const StudyGroup *b)
{
	Timestamp exist = Max(a->created_at, b->created_at);
	Timestamp led = Max(a->facilitator_since, b->facilitator_since);

	return Max(Max(exist, led), Max(a->graduated_at, b->first_at));
}

/*
 * Finds the groups a and b of one facilitator that may be linked at some time: a has graduated, and
 * b takes the next course and started at most link_early_days before or link_days after a's
 * graduation. Calls the handler for each period in which the counts of their members stay the same.
 * The handler has to check whether the groups are kin in this period.
 */
void
pipeline_find_links(const Facts *facts, LinkHandler handle, void *context)
{
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

			CHECK_FOR_INTERRUPTS();
			if (stands_before(b, a, earliest) || b->course != a->course + 1 ||
			    b->facilitator != a->facilitator || b->started_on > latest)
				break;
			/* Cheaply rejects groups that never share enough members. */
			if (sharing_count_common(a, b) >= ngeshare_settings.link_min_shared)
				sharing_for_each_time(a, b, known_from(a, b), handle, context);
		}
	}
}

/* The data that return_link() needs to make rows of links. */
typedef struct LinkRows
{
	const Facts *facts;
	ReturnSetInfo *result;
	MemoryContext row_context;
} LinkRows;

/* Adds a row for one period of a link to the result, if its groups are kin in it. */
static void
return_link(const Link *link, void *context)
{
	LinkRows *rows = context;
	MemoryContext caller;
	Datum values[LINK_COLUMNS];
	bool nulls[LINK_COLUMNS] = {false};

	if (!pipeline_are_kin(&link->members))
		return;
	caller = MemoryContextSwitchTo(rows->row_context);
	values[LINK_VALID_FROM] = TimestampGetDatum(link->from);
	values[LINK_VALID_TO] = TimestampGetDatum(link->to);
	values[LINK_GRADUATED_ON] = DateADTGetDatum(link->a->graduated_on);
	values[LINK_DAYS_BETWEEN] = Int32GetDatum(link->b->started_on - link->a->graduated_on);
	values[LINK_SHARED_MEMBER_COUNT] = Int32GetDatum(link->members.shared);
	values[LINK_SMALLER_MEMBER_COUNT] = Int32GetDatum(Min(link->members.a, link->members.b));
	values[LINK_GROUP_A_ID] = CStringGetTextDatum(link->a->id);
	values[LINK_GROUP_B_ID] = CStringGetTextDatum(link->b->id);
	values[LINK_COURSE_A] = CStringGetTextDatum(rows->facts->courses[link->a->course].name);
	values[LINK_COURSE_B] = CStringGetTextDatum(rows->facts->courses[link->b->course].name);
	values[LINK_SHARED_FACILITATOR_ID] = CStringGetTextDatum(link->a->facilitator_id);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(rows->row_context);
}

/* Returns the facilitators of some groups; the array may be empty. */
static ArrayType *
facilitators_of(Datum groups)
{
	Oid types[] = {TEXTARRAYOID};
	bool isnull;
	Datum facilitators;

	if (SPI_execute_with_args("SELECT coalesce(array_agg(DISTINCT facilitator_id), '{}')"
	                          " FROM ngeshare.group_snapshot"
	                          " WHERE group_id = ANY ($1) AND facilitator_id IS NOT NULL",
	                          1, types, &groups, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the facilitators");
	facilitators = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return DatumGetArrayTypeP(facilitators);
}

Datum
ngeshare_find_links(PG_FUNCTION_ARGS)
{
	LinkRows rows = {NULL, (ReturnSetInfo *) fcinfo->resultinfo, NULL};

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	sql_refuse_other_version();
	rows.facts = facts_load(PG_ARGISNULL(0) ? NULL : facilitators_of(PG_GETARG_DATUM(0)));
	rows.row_context = AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
	pipeline_find_links(rows.facts, return_link, &rows);
	SPI_finish();
	return (Datum) 0;
}
