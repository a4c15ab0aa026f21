/*
 * src/answers/predecessors.c
 *		Finds out why no link leads to a group, from its kin groups of earlier courses.
 *
 * The possible kin of a group are the groups of the same facilitator that share members with it.
 * A list of each member's groups finds them, so a facilitator's groups need not all be compared
 * with each other. Only if the settings require no shared member at all, every group of the
 * facilitator is examined.
 */
#include "answers/persons.h"
#include "answers/pipeline.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_group_predecessors);

enum
{
	PREDECESSOR_GROUP_ID,
	PREDECESSOR_KIND,
	PREDECESSOR_ID,
	PREDECESSOR_DAYS_BETWEEN,
	PREDECESSOR_STARTED_ON,
	PREDECESSOR_COURSE,
	PREDECESSOR_ITS_START,
	PREDECESSOR_ITS_GRADUATION,
	PREDECESSOR_COLUMNS
};

/* Why no link leads to a group, or REASON_LINKED if one does. If its kin groups give several
 * reasons, the first one in this list counts. */
typedef enum Reason
{
	REASON_LINKED,
	REASON_SKIPPED_COURSE,
	REASON_LATE_START,
	REASON_EARLY_START,
	REASON_NO_PREDECESSOR
} Reason;

/* Groups by facilitator and by member. A group is given by its index in facts->groups. */
typedef struct Kinship
{
	const Facts *facts;
	int *by_facilitator;   /* groups that have a facilitator, sorted by facilitator */
	int *facilitator_from; /* where each facilitator's groups start in by_facilitator */
	int *by_person;        /* the same groups, sorted by member; once for each member */
	int *person_from;      /* where each member's groups start in by_person */
	int32 *shared;         /* per group: number of members shared with the current group */
	int *touched;          /* the possible kin of the current group */
	int touched_count;
} Kinship;

/* The current group, its reason so far, and the kin group that gives this reason. */
typedef struct Finding
{
	const StudyGroup *group;
	const StudyGroup *predecessor;
	Reason reason;
} Finding;

/* Fills by_person and person_from: the groups sorted by member. */
static void
order_by_person(Kinship *kinship)
{
	const Facts *facts = kinship->facts;
	int led = kinship->facilitator_from[facts->facilitator_count];
	int seats = 0;

	for (int i = 0; i < led; i++)
		seats += facts->groups[kinship->by_facilitator[i]].member_count;
	kinship->by_person = persons_make_array(sizeof(int), seats);
	kinship->person_from = persons_make_array(sizeof(int), facts->person_count + 1);
	/* Counting sort with offsets shifted by two, so that the fill pass leaves the start offsets. */
	for (int i = 0; i < led; i++)
	{
		const StudyGroup *group = &facts->groups[kinship->by_facilitator[i]];

		for (int j = 0; j < group->member_count; j++)
			kinship->person_from[group->members[j].person + 2]++;
	}
	for (int i = 2; i <= facts->person_count + 1; i++)
		kinship->person_from[i] += kinship->person_from[i - 1];
	for (int i = 0; i < led; i++)
	{
		int place = kinship->by_facilitator[i];
		const StudyGroup *group = &facts->groups[place];

		for (int j = 0; j < group->member_count; j++)
			kinship->by_person[kinship->person_from[group->members[j].person + 1]++] = place;
	}
}

static Kinship *
make_kinship(const Facts *facts)
{
	Kinship *kinship = palloc0(sizeof(Kinship));

	kinship->facts = facts;
	kinship->by_facilitator = persons_by_facilitator(facts, &kinship->facilitator_from);
	kinship->shared = persons_make_array(sizeof(int32), facts->group_count);
	kinship->touched = persons_make_array(sizeof(int), facts->group_count);
	order_by_person(kinship);
	return kinship;
}

/* Lists in kinship->touched the groups of the same facilitator that share members with a group,
 * and counts in kinship->shared how many members each of them shares with it. */
static void
touch_sharers(Kinship *kinship, const StudyGroup *group)
{
	for (int i = 0; i < group->member_count; i++)
	{
		int person = group->members[i].person;

		for (int j = kinship->person_from[person]; j < kinship->person_from[person + 1]; j++)
			if (kinship->shared[kinship->by_person[j]]++ == 0)
				kinship->touched[kinship->touched_count++] = kinship->by_person[j];
	}
}

/* Adds to kinship->touched the facilitator's groups that share no member with the current one. */
static void
touch_strangers(Kinship *kinship, int32 facilitator)
{
	for (int i = kinship->facilitator_from[facilitator];
	     i < kinship->facilitator_from[facilitator + 1]; i++)
		if (kinship->shared[kinship->by_facilitator[i]] == 0)
			kinship->touched[kinship->touched_count++] = kinship->by_facilitator[i];
}

/* Returns the reason that a, a kin group of an earlier course, gives for b, which has met. */
static Reason
reason_of(const StudyGroup *a, const StudyGroup *b)
{
	int64 days_between = (int64) b->started_on - a->graduated_on;
	bool is_in_time = a->has_graduated && days_between >= -ngeshare_settings.link_early_days &&
	                  days_between <= ngeshare_settings.link_days;

	if (a->course != b->course - 1)
		return is_in_time ? REASON_SKIPPED_COURSE : REASON_NO_PREDECESSOR;
	if (is_in_time)
		return REASON_LINKED;
	if (a->has_graduated && days_between > ngeshare_settings.link_days)
		return REASON_LATE_START;
	return a->started_on <= b->started_on ? REASON_EARLY_START : REASON_NO_PREDECESSOR;
}

/* Of two kin groups that give the same reason, checks whether the result names a, not other. */
static bool
is_named_before(const StudyGroup *a, const StudyGroup *other, Reason reason)
{
	DateADT day = reason == REASON_EARLY_START ? a->started_on : a->graduated_on;
	DateADT other_day = reason == REASON_EARLY_START ? other->started_on : other->graduated_on;

	return day != other_day ? day > other_day : strcmp(a->id, other->id) < 0;
}

/* Examines one group that may be kin to the current one, and updates the finding. */
static void
consider(Finding *finding, const StudyGroup *a, int32 shared)
{
	Sharing members = {a->member_count, finding->group->member_count, shared};
	Reason reason;

	if (a->course >= finding->group->course || !pipeline_are_kin(&members))
		return;
	reason = reason_of(a, finding->group);
	if (reason == REASON_NO_PREDECESSOR || reason > finding->reason)
		return;
	if (reason < finding->reason || is_named_before(a, finding->predecessor, reason))
		finding->predecessor = a;
	finding->reason = reason;
}

/* Finds out why no link leads to a group that has met and is not of the first course. */
static Finding
find_reason(Kinship *kinship, int place)
{
	const StudyGroup *groups = kinship->facts->groups;
	Finding finding = {&groups[place], NULL, REASON_NO_PREDECESSOR};

	if (finding.group->facilitator < 0)
		return finding;
	kinship->touched_count = 0;
	touch_sharers(kinship, finding.group);
	if (ngeshare_settings.link_min_shared <= 0 && ngeshare_settings.link_min_overlap_pct <= 0)
		touch_strangers(kinship, finding.group->facilitator);
	for (int i = 0; i < kinship->touched_count; i++)
	{
		int other = kinship->touched[i];

		consider(&finding, &groups[other], kinship->shared[other]);
		kinship->shared[other] = 0;
	}
	return finding;
}

/* Adds one group's row to the result. */
static void
return_finding(ReturnSetInfo *result, const Facts *facts, const Finding *finding)
{
	static const char *const kinds[] = {NULL, "SKIPPED_COURSE", "LATE_START", "EARLY_START",
	                                    "NO_PREDECESSOR"};
	const StudyGroup *a = finding->predecessor;
	Datum values[PREDECESSOR_COLUMNS] = {0};
	bool nulls[PREDECESSOR_COLUMNS] = {false};

	values[PREDECESSOR_GROUP_ID] = CStringGetTextDatum(finding->group->id);
	values[PREDECESSOR_KIND] = CStringGetTextDatum(kinds[finding->reason]);
	values[PREDECESSOR_STARTED_ON] = DateADTGetDatum(finding->group->started_on);
	nulls[PREDECESSOR_ID] = nulls[PREDECESSOR_COURSE] = nulls[PREDECESSOR_ITS_START] = a == NULL;
	nulls[PREDECESSOR_DAYS_BETWEEN] = nulls[PREDECESSOR_ITS_GRADUATION] =
	    a == NULL || !a->has_graduated;
	if (a != NULL)
	{
		values[PREDECESSOR_ID] = CStringGetTextDatum(a->id);
		values[PREDECESSOR_COURSE] = CStringGetTextDatum(facts->courses[a->course].name);
		values[PREDECESSOR_ITS_START] = DateADTGetDatum(a->started_on);
		values[PREDECESSOR_ITS_GRADUATION] = DateADTGetDatum(a->graduated_on);
		values[PREDECESSOR_DAYS_BETWEEN] =
		    Int32GetDatum(finding->group->started_on - a->graduated_on);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Adds a group's row to the result, if it has met, is not of the first course and no link leads to
 * it. */
static void
return_reason(ReturnSetInfo *result, Kinship *kinship, int place)
{
	const StudyGroup *group = &kinship->facts->groups[place];
	Finding finding;

	CHECK_FOR_INTERRUPTS();
	if (!group->has_met || group->course == 0)
		return;
	finding = find_reason(kinship, place);
	if (finding.reason != REASON_LINKED)
		return_finding(result, kinship->facts, &finding);
	MemoryContextReset(CurrentMemoryContext);
}

/* Examines all groups, by facilitator, because kin are near each other in memory. */
static void
return_reasons(ReturnSetInfo *result, Kinship *kinship)
{
	const Facts *facts = kinship->facts;

	for (int i = 0; i < kinship->facilitator_from[facts->facilitator_count]; i++)
		return_reason(result, kinship, kinship->by_facilitator[i]);
	for (int i = 0; i < facts->group_count; i++)
		if (facts->groups[i].facilitator < 0)
			return_reason(result, kinship, i);
}

Datum
ngeshare_group_predecessors(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int nest_level = NewGUCNestLevel();
	Facts *facts;
	Kinship *kinship;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	facts_use_link_rules();
	facts = facts_load_as_of(facts_as_of_argument(fcinfo, 0));
	kinship = make_kinship(facts);
	MemoryContextSwitchTo(
	    AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES));
	return_reasons(result, kinship);
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	return (Datum) 0;
}
