/*
 * src/answers/sharing.c
 *		Counts the members of two groups, and those in both, over all time.
 *
 * A person becomes a member of a group by joining it, and stops being one by becoming a facilitator
 * there. Each such instant is an event that changes the counts. Between two events the counts stay
 * the same.
 */
#include "answers/pipeline.h"

#include "miscadmin.h"

/* An instant at which the counts change, and by how much they change. */
typedef struct Event
{
	Timestamp at;
	Sharing change;
} Event;

typedef struct Events
{
	Event *events;
	int count;
} Events;

static int
compare_events(const void *a, const void *b)
{
	Timestamp left = ((const Event *) a)->at;
	Timestamp right = ((const Event *) b)->at;

	return (left > right) - (left < right);
}

static void
add_event(Events *events, Timestamp at, Sharing change)
{
	events->events[events->count++] = (Event){at, change};
}

/* Adds the event at the start of a stay and, if it ends, the event at its end. */
static void
add_stay(Events *events, Timestamp from, Timestamp to, Sharing change)
{
	if (from >= to)
		return;
	add_event(events, from, change);
	if (!TIMESTAMP_IS_NOEND(to))
		add_event(events, to, (Sharing){-change.a, -change.b, -change.shared});
}

/* Returns all events of two groups, in order of time. */
static Events
collect_events(const StudyGroup *a, const StudyGroup *b)
{
	Events events = {NULL, 0};
	int i = 0;
	int j = 0;

	events.events = MemoryContextAllocHuge(
	    CurrentMemoryContext,
	    sizeof(Event) * (4 * ((Size) a->member_count + (Size) b->member_count) + 1));
	for (int k = 0; k < a->member_count; k++)
		add_stay(&events, a->members[k].from, a->members[k].to, (Sharing){1, 0, 0});
	for (int k = 0; k < b->member_count; k++)
		add_stay(&events, b->members[k].from, b->members[k].to, (Sharing){0, 1, 0});
	while (i < a->member_count && j < b->member_count)
	{
		const Member *left = &a->members[i];
		const Member *right = &b->members[j];

		i += left->person <= right->person;
		j += left->person >= right->person;
		if (left->person == right->person)
			add_stay(&events, Max(left->from, right->from), Min(left->to, right->to),
			         (Sharing){0, 0, 1});
	}
	qsort(events.events, events.count, sizeof(Event), compare_events);
	return events;
}

/* Returns how many persons were ever members of both groups, at the same time or not. */
int32
sharing_count_common(const StudyGroup *a, const StudyGroup *b)
{
	int32 common = 0;
	int i = 0;
	int j = 0;

	while (i < a->member_count && j < b->member_count)
	{
		int32 left = a->members[i].person;
		int32 right = b->members[j].person;

		common += left == right;
		i += left <= right;
		j += left >= right;
	}
	return common;
}

/*
 * Calls a handler for each period in which the counts stay the same, in order of time. The first
 * period begins at the instant "from", and the last one has no end.
 */
void
sharing_for_each_time(const StudyGroup *a, const StudyGroup *b, Timestamp from, LinkHandler handle,
                      void *context)
{
	Events events = collect_events(a, b);
	Link link = {a, b, {0, 0, 0}, from, DT_NOEND};
	int i = 0;

	for (;;)
	{
		for (; i < events.count && events.events[i].at <= link.from; i++)
		{
			link.members.a += events.events[i].change.a;
			link.members.b += events.events[i].change.b;
			link.members.shared += events.events[i].change.shared;
		}
		link.to = i < events.count ? events.events[i].at : DT_NOEND;
		handle(&link, context);
		if (i == events.count)
			break;
		link.from = link.to;
	}
	pfree(events.events);
}
