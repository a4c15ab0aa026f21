/*
 * src/answers/past.c
 *		The meetings and the status of a group at any instant.
 *
 * One scan of ngeshare.group_timeline passes the whole history of each group to a handler, so a
 * question about many instants needs only one scan.
 */
#include "answers/past.h"

#include "ngeshare.h"

/* The data that past_walk() passes to walk_group(). */
typedef struct Walk
{
	const Facts *facts;
	PastHandler handle;
	void *context;
} Walk;

/* Returns an instant with its local day. Raises 22008 for an instant outside the calendar. */
Moment
past_moment(TimestampTz at)
{
	return (Moment){at, clock_local_day(at, ngeshare_settings.zone)};
}

/* Reads the meetings of a group from three parallel array columns. */
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
 * Calls a handler for each curriculum group, whatever ngeshare.as_of is. "facts" holds the courses.
 * "more_columns" lists further columns of ngeshare.group_timeline that the handler reads; it is
 * empty or begins with a comma. Needs a connected SPI.
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

/* Returns the number of meetings up to an instant. The caller knows that it is at least "from". */
int
past_met_by(const GroupPast *past, Timestamp at, int from)
{
	while (from < past->count && past->at[from] <= at)
		from++;
	return from;
}

/* Returns the status of a group at a moment; "met" is its number of meetings up to then. */
Status
past_status(const GroupPast *past, Moment moment, int met)
{
	bool has_met = met > 0;

	return status_of(
	    has_met, has_met ? past->reached[met - 1] : 0, past->max_episodes,
	    status_days_inactive(moment.day, has_met ? past->day[met - 1] : past->planned_on));
}
