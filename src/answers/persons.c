/*
 * src/answers/persons.c
 *		Who is the same person in two groups of one facilitator.
 *
 * Members are only compared between groups of one facilitator, so they are numbered
 * facilitator by facilitator: a few names at a time, whose places are near, where one
 * table of all would be as large as all.
 */
#include "answers/persons.h"

#include "answers/numbering.h"
#include "miscadmin.h"

/* A zeroed array of any length, and one element more. */
void *
persons_make_array(Size element, int count)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, element * (Size) (count + 1),
	                                  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * The places in Facts.groups of those with a facilitator, each facilitator's side by
 * side. `from` says of a facilitator where its places begin, the last element where all end.
 */
int *
persons_by_facilitator(const Facts *facts, int **from)
{
	int *begins = persons_make_array(sizeof(int), facts->facilitator_count + 1);
	int *places = persons_make_array(sizeof(int), facts->group_count);

	/* Counted one further on than is meant, so that each placing moves a beginning to where it
	 * belongs. */
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

/* Numbers the members of one group, and puts them in order of person, in memory of their own. */
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
 * Numbers all members of the groups with a facilitator, and puts the groups in order
 * of facilitator, those without behind: who compares them reads memory in its order.
 * `names` has a group's, one behind the other and each with its end; `context` is where
 * what is only needed until then lives.
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
