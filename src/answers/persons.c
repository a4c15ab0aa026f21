/*
 * src/answers/persons.c
 *		Numbers members, so that a person has one number in all groups of one facilitator.
 *
 * Members are only compared between groups of one facilitator, so each facilitator's members are
 * numbered with a small hash table. One table of all members would outgrow the processor's caches.
 */
#include "answers/persons.h"

#include "answers/numbering.h"
#include "miscadmin.h"

/* Allocates a zeroed array of count + 1 elements; it may be larger than 1 GB. */
void *
persons_make_array(Size element, int count)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, element * (Size) (count + 1),
	                                  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * Returns the indexes in Facts.groups of the groups with a facilitator, sorted by facilitator.
 * Those of facilitator f are elements (*from)[f] to (*from)[f + 1] - 1 of the result.
 */
int *
persons_by_facilitator(const Facts *facts, int **from)
{
	int *begins = persons_make_array(sizeof(int), facts->facilitator_count + 1);
	int *places = persons_make_array(sizeof(int), facts->group_count);

	/* Counting sort with offsets shifted by two, so that the fill pass leaves the correct start
	 * offsets. */
	for (int i = 0; i < facts->group_count; i++)
		if (facts->groups[i].facilitator >= 0)
			begins[facts->groups[i].facilitator + 2]++;
	for (int i = 2; i <= facts->facilitator_count + 1; i++)
		begins[i] += begins[i - 1];
	for (int i = 0; i < facts->group_count; i++)
		if (facts->groups[i].facilitator >= 0)
			places[begins[facts->groups[i].facilitator + 1]++] = i;
	*from = begins;
	return places;
}

static int
compare_members(const void *a, const void *b)
{
	int32 left = ((const Member *) a)->person;
	int32 right = ((const Member *) b)->person;

	return (left > right) - (left < right);
}

/* Numbers the members of one group, and sorts them by number into a new array. */
static void
number_members(StudyGroup *group, const char *names, Numbering *persons)
{
	Size size = sizeof(Member) * (Size) group->member_count;
	Member *members = MemoryContextAllocHuge(CurrentMemoryContext, Max(size, 1));

	for (int i = 0; i < group->member_count; i++)
	{
		members[i] = group->members[i];
		members[i].person = numbering_number(persons, names);
		names += strlen(names) + 1;
	}
	if (group->member_count > 1)
		qsort(members, group->member_count, sizeof(Member), compare_members);
	group->members = members;
}

/*
 * Numbers the members of all groups with a facilitator, and sorts the groups by facilitator, those
 * without one last, so that groups to compare are near each other in memory. names[i] holds the
 * keys of the members of groups[i] as concatenated C strings. "context" is for temporary data.
 */
void
persons_number(Facts *facts, char **names, MemoryContext context)
{
	Numbering *persons = numbering_create(context);
	StudyGroup *ordered = MemoryContextAllocHuge(
	    CurrentMemoryContext, sizeof(StudyGroup) * (Size) (facts->group_count + 1));
	int count = 0;
	int *from;
	int *places = persons_by_facilitator(facts, &from);

	for (int facilitator = 0; facilitator < facts->facilitator_count; facilitator++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = from[facilitator]; i < from[facilitator + 1]; i++)
		{
			ordered[count] = facts->groups[places[i]];
			number_members(&ordered[count++], names[places[i]], persons);
		}
		numbering_forget(persons);
	}
	for (int i = 0; i < facts->group_count; i++)
		if (facts->groups[i].facilitator < 0)
			ordered[count++] = facts->groups[i];
	pfree(facts->groups);
	facts->groups = ordered;
	facts->person_count = numbering_count(persons);
	pfree(places);
	pfree(from);
}
