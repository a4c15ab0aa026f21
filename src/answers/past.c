/*
 * src/answers/past.c
 *		What a group was at any instant: its meetings, and its status by them.
 *
 * One scan of the timelines gives a handler everything that a group ever was, so questions about
 * many instants need no scan for each.
 */
#include "answers/past.h"

#include "ngeshare.h"

/* What the walk hands on. */
typedef struct Walk
{
	const Facts *facts;
	PastHandler handle;
	void *context;
} Walk;

/* An instant with its local day; 22008 where it has none. */
Moment
past_moment(TimestampTz at)
{
	return (Moment){at, clock_local_day(at, ngeshare_settings.zone)};
}

/* Reads the meetings of a group, from three columns that go side by side. */
static void
read_meetings(GroupPast *past, Row row, int column)
{
	int days;
	int episodes;

	past->at = row_plain_array(row, column, &past->count);
	past->day = row_plain_array(row, column + 1, &days);
	past->reached = row_plain_array(row, column + 2, &episodes);
	if (days != past->count || episodes != past->count)
		elog(ERROR, "a group has %d meetings, %d days of meetings and %d episodes", past->count,
		     days, episodes);
}

static void
walk_group(Row row, void *context)
{
	Walk *walk = context;
	GroupPast past = {0};
	bool isnull;

	past.id = slot_getattr(row, 1, &isnull);
	past.course = facts_course_of(walk->facts, row_int32(row, 2));
	past.max_episodes = walk->facts->courses[past.course].max_episodes;
	past.created_at = DatumGetTimestamp(slot_getattr(row, 3, &isnull));
	past.planned_on = DatumGetDateADT(slot_getattr(row, 4, &isnull));
	past.graduated_on = DatumGetDateADT(slot_getattr(row, 6, &isnull));
	past.graduated_at = DatumGetTimestamp(slot_getattr(row, 5, &isnull));
	if (isnull)
		past.graduated_at = DT_NOEND;
	read_meetings(&past, row, 7);
	past.row = row;
	walk->handle(&past, walk->context);
}

/*
 * Gives each curriculum group to a handler, those that exist later as well. "facts" has the
 * courses, "more_columns" (empty, or beginning with a comma) what else the handler reads of
 * ngeshare.group_timeline. Wants a connected SPI.
 */
void
past_walk(const Facts *facts, const char *more_columns, PastHandler handle, void *context)
{
	Walk walk = {facts, handle, context};

	rows_for_each(psprintf("SELECT group_id, sequence_order, created_at, planned_on, graduated_at,"
	                       " graduated_on, meeting_at, meeting_day, meeting_reached%s"
	                       " FROM ngeshare.group_timeline",
	                       more_columns),
	              NULL, walk_group, &walk);
}

/* How many meetings a group had up to an instant, where "from" were before it. */
int
past_met_by(const GroupPast *past, Timestamp at, int from)
{
	while (from < past->count && past->at[from] <= at)
		from++;
	return from;
}

/* The status of a group at a moment by which it has met so many times. */
Status
past_status(const GroupPast *past, Moment moment, int met)
{
	bool has_met = met > 0;

	return status_of(
	    has_met, has_met ? past->reached[met - 1] : 0, past->max_episodes,
	    status_days_inactive(moment.day, has_met ? past->day[met - 1] : past->planned_on));
}
