/*
 * src/snapshot/meetings.c
 *		The aggregate ngeshare.group_progress(): a group's meetings, and what follows from
 *		them, as one row of the type ngeshare.progress.
 *
 * The transition function takes rows of attendance, or meetings that were already counted, in
 * any order. The final function sorts the meetings by day and episode, to merge equal ones and
 * find each day's first meeting. Then it sorts them by time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ngeshare.h"
#include "snapshot/arrays.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ngeshare_add_meeting);
PG_FUNCTION_INFO_V1(ngeshare_finish_progress);

/* An entry of the hash table that stores each episode's id once per query. */
typedef struct EpisodeText
{
	const char *text;
	int length;
	char status;
} EpisodeText;

#define SH_PREFIX episodes
#define SH_ELEMENT_TYPE EpisodeText
#define SH_KEY_TYPE const char *
#define SH_KEY text
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A meeting: all attendance of a group on one local day at one episode. */
typedef struct Meeting
{
	Timestamp first_at;
	int64 attendances;
	const char *episode; /* from keep_episode(), so equal ids are equal pointers */
	DateADT day;
	int32 order;     /* the episode's number, if is_own */
	bool is_own;     /* the episode belongs to the group's hangout */
	bool begins_day; /* the first meeting of its day; see mark_days() */
} Meeting;

/* The state of the aggregate group_progress(): the meetings of one group so far. */
typedef struct Progress
{
	MemoryContext context;
	Meeting *meetings;
	int count;
	int room;
	int32 max_episodes;
	Timestamp last_at;
} Progress;

/* How many of the latest meetings join_latest() searches for the meeting of a new row. */
#define LOOK_BACK 4
/* How many meetings the array has room for when it is first allocated. */
#define FIRST_ROOM 4

enum
{
	ARG_STATE,
	ARG_DAY,
	ARG_FIRST_AT,
	ARG_LAST_AT,
	ARG_ATTENDANCES,
	ARG_EPISODE,
	ARG_ORDER,
	ARG_MAX_EPISODES
};

/* Returns the one copy of an episode's id that is kept until the query ends. */
static const char *
keep_episode(FmgrInfo *function, const text *episode)
{
	episodes_hash *kept = function->fn_extra;
	char *key = text_to_cstring(episode);
	EpisodeText *entry;
	bool found;

	if (kept == NULL)
		function->fn_extra = kept = episodes_create(function->fn_mcxt, 256, NULL);
	entry = episodes_insert(kept, key, &found);
	if (!found)
		entry->text = MemoryContextStrdup(function->fn_mcxt, key);
	pfree(key);
	return entry->text;
}

/* Appends a meeting to the array, and returns a pointer to it for the caller to fill. */
static Meeting *
append_meeting(Progress *progress)
{
	if (progress->count == progress->room)
	{
		progress->room = progress->room == 0 ? FIRST_ROOM : progress->room * 2;
		progress->meetings =
		    progress->meetings == NULL
		        ? MemoryContextAlloc(progress->context, sizeof(Meeting) * FIRST_ROOM)
		        : repalloc_huge(progress->meetings, sizeof(Meeting) * (Size) progress->room);
	}
	return &progress->meetings[progress->count++];
}

/*
 * Adds a row's attendance to the meeting of the same day and episode, if that is one of the last
 * LOOK_BACK meetings; returns whether it is.
 */
static bool
join_latest(Progress *progress, const Meeting *added)
{
	int last = Max(progress->count - LOOK_BACK, 0);

	for (int i = progress->count - 1; i >= last; i--)
	{
		Meeting *meeting = &progress->meetings[i];

		if (meeting->day != added->day || meeting->episode != added->episode)
			continue;
		meeting->first_at = Min(meeting->first_at, added->first_at);
		meeting->attendances += added->attendances;
		return true;
	}
	return false;
}

Datum
ngeshare_add_meeting(PG_FUNCTION_ARGS)
{
	Progress *progress = PG_ARGISNULL(ARG_STATE) ? NULL : (Progress *) PG_GETARG_POINTER(ARG_STATE);
	MemoryContext context;
	Meeting added = {.first_at = PG_GETARG_TIMESTAMP(ARG_FIRST_AT)};

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "add_meeting() is a part of an aggregate");
	if (progress == NULL)
	{
		progress = MemoryContextAllocZero(context, sizeof(Progress));
		progress->context = context;
		progress->max_episodes = PG_GETARG_INT32(ARG_MAX_EPISODES);
		progress->last_at = DT_NOBEGIN;
	}
	added.day = PG_ARGISNULL(ARG_DAY) ? clock_local_day(added.first_at, ngeshare_settings.zone)
	                                  : PG_GETARG_DATEADT(ARG_DAY);
	added.attendances = PG_GETARG_INT64(ARG_ATTENDANCES);
	added.episode = keep_episode(fcinfo->flinfo, PG_GETARG_TEXT_PP(ARG_EPISODE));
	added.is_own = !PG_ARGISNULL(ARG_ORDER);
	added.order = added.is_own ? PG_GETARG_INT32(ARG_ORDER) : 0;
	progress->last_at = Max(progress->last_at, PG_GETARG_TIMESTAMP(ARG_LAST_AT));
	if (!join_latest(progress, &added))
		*append_meeting(progress) = added;
	PG_RETURN_POINTER(progress);
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

/* Compares two meetings by time, then by the bytes of the episode's id, for qsort(). */
static int
by_time(const void *a, const void *b)
{
	const Meeting *left = a, *right = b;
	int order = COMPARE(left->first_at, right->first_at);

	if (order == 0 && left->episode != right->episode)
		order = strcmp(left->episode, right->episode);
	return order;
}

/* Compares two meetings by day, then by the address of the episode's id, for qsort(). */
static int
by_meeting(const void *a, const void *b)
{
	const Meeting *left = a, *right = b;
	int order = COMPARE(left->day, right->day);

	return order != 0 ? order : COMPARE((uintptr_t) left->episode, (uintptr_t) right->episode);
}

/* Merges meetings of the same day and episode. */
static void
join_same(Progress *progress)
{
	Meeting *meetings = progress->meetings;
	int kept = 0;

	qsort(meetings, progress->count, sizeof(Meeting), by_meeting);
	for (int i = 1; i < progress->count; i++)
	{
		if (by_meeting(&meetings[kept], &meetings[i]) != 0)
			meetings[++kept] = meetings[i];
		else
		{
			meetings[kept].first_at = Min(meetings[kept].first_at, meetings[i].first_at);
			meetings[kept].attendances += meetings[i].attendances;
		}
	}
	progress->count = kept + 1;
}

/*
 * Sets begins_day on the first meeting of each day, and returns the number of days. Considers all
 * meetings, or only those at episodes of other hangouts. The meetings are sorted by day.
 */
static int
mark_days(Progress *progress, bool only_foreign)
{
	Meeting *meetings = progress->meetings, *first = NULL;
	int days = 0;

	for (int i = 0; i < progress->count; i++)
	{
		Meeting *meeting = &meetings[i];

		meeting->begins_day = false;
		if (only_foreign && meeting->is_own)
			continue;
		if (first == NULL || first->day != meeting->day)
		{
			first = meeting;
			days++;
		}
		else if (by_time(meeting, first) < 0)
		{
			first->begins_day = false;
			first = meeting;
		}
		first->begins_day = true;
	}
	return days;
}

/* Returns, in order, when each day's first meeting at an episode of another hangout began. */
static Datum
foreign_days(Progress *progress)
{
	int count = mark_days(progress, true), filled = 0;
	Datum *values = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < progress->count; i++)
		if (progress->meetings[i].begins_day)
			values[filled++] = TimestampGetDatum(progress->meetings[i].first_at);
	qsort(values, filled, sizeof(Datum), arrays_by_instant);
	return arrays_of_timestamps(values, filled);
}

/* The columns of the type ngeshare.progress, in their order. */
enum
{
	FIRST_AT,
	LAST_AT,
	FIRST_MEETING,
	LAST_MEETING,
	TOTAL_MEETINGS,
	REACHED,
	GRADUATED_AT,
	MEETING_AT,
	MEETING_DAY,
	MEETING_TOTAL,
	MEETING_REACHED,
	DAY,
	ATTENDANCES,
	IS_OWN,
	EPISODE_ID,
	FOREIGN_AT,
	COLUMN_COUNT
};

/* Allocates an array with one Datum per meeting. */
static Datum *
elements(const Progress *progress)
{
	return palloc(sizeof(Datum) * progress->count);
}

/*
 * Fills the columns that accumulate over the meetings: at each one the latest day, the number of
 * days and the highest episode so far. Also fills the totals and the graduation.
 */
static void
fill_running(const Progress *progress, Datum *columns, bool *nulls)
{
	Datum *days = elements(progress), *totals = elements(progress), *reached = elements(progress);
	DateADT last_day = progress->meetings[0].day;
	int32 total = 0, highest = 0;
	bool has_graduated = false;

	for (int i = 0; i < progress->count; i++)
	{
		const Meeting *meeting = &progress->meetings[i];

		last_day = Max(last_day, meeting->day);
		total += meeting->begins_day;
		if (meeting->is_own)
			highest = Max(highest, meeting->order);
		if (!has_graduated && meeting->is_own && meeting->order >= progress->max_episodes)
		{
			columns[GRADUATED_AT] = TimestampGetDatum(meeting->first_at);
			has_graduated = true;
		}
		days[i] = DateADTGetDatum(last_day);
		totals[i] = Int32GetDatum(total);
		reached[i] = Int32GetDatum(highest);
	}
	nulls[GRADUATED_AT] = !has_graduated;
	columns[LAST_MEETING] = DateADTGetDatum(last_day);
	columns[TOTAL_MEETINGS] = Int32GetDatum(total);
	columns[REACHED] = Int32GetDatum(highest);
	columns[MEETING_DAY] = arrays_of_dates(days, progress->count);
	columns[MEETING_TOTAL] = arrays_of_int4(totals, progress->count);
	columns[MEETING_REACHED] = arrays_of_int4(reached, progress->count);
}

/* Fills the array columns that have one element per meeting. */
static void
fill_meetings(const Progress *progress, Datum *columns)
{
	Datum *at = elements(progress), *day = elements(progress), *attendances = elements(progress);
	Datum *is_own = elements(progress), *episode = elements(progress);

	for (int i = 0; i < progress->count; i++)
	{
		const Meeting *meeting = &progress->meetings[i];

		at[i] = TimestampGetDatum(meeting->first_at);
		day[i] = DateADTGetDatum(meeting->day);
		attendances[i] = Int64GetDatum(meeting->attendances);
		is_own[i] = BoolGetDatum(meeting->is_own);
		episode[i] = CStringGetTextDatum(meeting->episode);
	}
	columns[MEETING_AT] = arrays_of_timestamps(at, progress->count);
	columns[DAY] = arrays_of_dates(day, progress->count);
	columns[ATTENDANCES] = arrays_of_int8(attendances, progress->count);
	columns[IS_OWN] = arrays_of_bools(is_own, progress->count);
	columns[EPISODE_ID] = arrays_of_texts(episode, progress->count);
}

Datum
ngeshare_finish_progress(PG_FUNCTION_ARGS)
{
	Progress *progress;
	TupleDesc row = fcinfo->flinfo->fn_extra;
	Datum columns[COLUMN_COUNT];
	bool nulls[COLUMN_COUNT] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	progress = (Progress *) PG_GETARG_POINTER(0);
	if (row == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "progress is no row");
		fcinfo->flinfo->fn_extra = row = BlessTupleDesc(row);
		MemoryContextSwitchTo(caller);
	}
	join_same(progress);
	columns[FOREIGN_AT] = foreign_days(progress);
	mark_days(progress, false);
	qsort(progress->meetings, progress->count, sizeof(Meeting), by_time);
	columns[FIRST_AT] = TimestampGetDatum(progress->meetings[0].first_at);
	columns[FIRST_MEETING] = DateADTGetDatum(progress->meetings[0].day);
	columns[LAST_AT] = TimestampGetDatum(progress->last_at);
	fill_running(progress, columns, nulls);
	fill_meetings(progress, columns);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row, columns, nulls)));
}
