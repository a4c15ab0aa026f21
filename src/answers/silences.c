/*
 * src/answers/silences.c
 *		How long groups were silent between their meetings, counted by course.
 */
#include "answers/facts.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_count_silences);

/* Silences of one course (its place among the courses) that lasted so many days. */
typedef struct SilenceKey
{
	int32 course;
	int32 days;
} SilenceKey;

typedef struct SilenceEntry
{
	SilenceKey key;
	int64 resumed;
	int64 lasting;
	char status;
} SilenceEntry;

#define SH_PREFIX silences
#define SH_ELEMENT_TYPE SilenceEntry
#define SH_KEY_TYPE SilenceKey
#define SH_KEY key
#define SH_HASH_KEY(table, key)                                                                    \
	murmurhash32((uint32) (key).days ^ murmurhash32((uint32) (key).course))
#define SH_EQUAL(table, a, b) ((a).course == (b).course && (a).days == (b).days)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* What is counted, and as of when. */
typedef struct Count
{
	silences_hash *silences;
	Timestamp at;
	DateADT today;
} Count;

static void
count_silence(Count *count, int course, int32 days, bool has_ended)
{
	bool found;
	SilenceEntry *entry = silences_insert(count->silences, (SilenceKey){course, days}, &found);

	if (!found)
		entry->resumed = entry->lasting = 0;
	if (has_ended)
		entry->resumed++;
	else
		entry->lasting++;
}

/*
 * Counts the silences of a group: its meetings have an instant and the last day met
 * by then, so a day may come more than once.
 */
static void
count_group(int course, const MeetingPast *past, void *context)
{
	Count *count = context;
	int last = -1;

	for (int i = 0; i < past->count && past->at[i] <= count->at; i++)
	{
		if (last >= 0 && past->day[i] == past->day[last])
			continue;
		if (last >= 0)
			count_silence(count, course, past->day[i] - past->day[last], true);
		last = i;
		if (past->graduated_at <= count->at && past->day[i] >= past->graduated_on)
			return;
	}
	if (last >= 0)
		count_silence(count, course, count->today - past->day[last], false);
}

/* Puts all that was counted into the result. */
static void
return_silences(ReturnSetInfo *result, const Facts *facts, silences_hash *silences)
{
	silences_iterator place;
	SilenceEntry *entry;

	silences_start_iterate(silences, &place);
	while ((entry = silences_iterate(silences, &place)) != NULL)
	{
		Datum values[4];
		bool nulls[4] = {false};

		values[0] = CStringGetTextDatum(facts->courses[entry->key.course].name);
		values[1] = Int32GetDatum(entry->key.days);
		values[2] = Int64GetDatum(entry->resumed);
		values[3] = Int64GetDatum(entry->lasting);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
ngeshare_count_silences(PG_FUNCTION_ARGS)
{
	TimestampTz as_of = facts_as_of_argument(fcinfo, 0);
	Count count = {NULL, as_of, clock_local_day(as_of, ngeshare_settings.zone)};
	Facts *facts;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	count.silences = silences_create(CurrentMemoryContext, 1024, NULL);
	facts = facts_walk_meetings(as_of, count_group, &count);
	return_silences((ReturnSetInfo *) fcinfo->resultinfo, facts, count.silences);
	SPI_finish();
	return (Datum) 0;
}
