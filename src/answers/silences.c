/*
 * src/answers/silences.c
 *		Counts how long groups were silent between their meetings, by course and moment.
 *
 * A silence begins on a day on which a group meets before it has graduated, and ends on the next
 * day on which it meets. If there is no such day up to the moment, the silence lasts.
 */
#include "answers/silences.h"

#include <math.h>

#include "common/hashfn.h"
#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_count_silences);

/* A chance is computed only from at least this many silences. */
#define MIN_SILENCES 20

/* Silences are counted by course (its index in Facts.courses) and length in days. */
typedef struct SilenceKey
{
	int32 course;
	int32 days;
} SilenceKey;

typedef struct SilenceEntry
{
	SilenceKey key;
	int64 *resumed; /* per moment: ended silences that no earlier moment counts */
	int64 *lasting; /* per moment: silences that last at it */
	char status;
} SilenceEntry;

#define SH_PREFIX entries
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

struct Silences
{
	const Moment *moments; /* in order of time */
	int moment_count;
	entries_hash *entries;
	MemoryContext context;
};

/* Creates empty counts for some moments. The moments must be in order of time. */
Silences *
silences_create(const Moment *moments, int moment_count)
{
	Silences *silences = palloc(sizeof(Silences));

	silences->moments = moments;
	silences->moment_count = moment_count;
	silences->context = CurrentMemoryContext;
	silences->entries = entries_create(CurrentMemoryContext, 1024, NULL);
	return silences;
}

static SilenceEntry *
entry_of(Silences *silences, int course, int32 days)
{
	bool found;
	SilenceEntry *entry = entries_insert(silences->entries, (SilenceKey){course, days}, &found);

	if (!found)
	{
		Size size = sizeof(int64) * silences->moment_count;

		entry->resumed = MemoryContextAllocZero(silences->context, size);
		entry->lasting = MemoryContextAllocZero(silences->context, size);
	}
	return entry;
}

/* Calls the handler for the silence that lasts at a moment, if there is one. "met" is the number of
 * meetings up to the moment. */
static void
give_lasting(const Silences *silences, const GroupPast *past, int moment, int met,
             SilenceHandler handle, void *context)
{
	Moment now = silences->moments[moment];
	Silence silence = {past->course, 0, now.day, false, moment};

	if (past->created_at > now.at || met == 0 || past->graduated_at <= now.at)
		return;
	silence.begins = past->day[met - 1];
	handle(&silence, context);
}

/*
 * Calls the handler for the silence that a meeting ended, with the first moment from "moment" on at
 * which the group exists. Does nothing if there is no such moment.
 */
static void
give_ended(const Silences *silences, const GroupPast *past, int moment, int meeting,
           SilenceHandler handle, void *context)
{
	Silence silence = {past->course, past->day[meeting - 1], past->day[meeting], true, moment};

	while (silence.moment < silences->moment_count &&
	       silences->moments[silence.moment].at < past->created_at)
		silence.moment++;
	if (silence.moment < silences->moment_count)
		handle(&silence, context);
}

/*
 * Calls the handler for the silences of a group, in order of time: once for each that has ended by
 * the last moment, and once for each moment at which a silence lasts. past->day may hold the same
 * day more than once.
 */
void
silences_walk(const Silences *silences, const GroupPast *past, SilenceHandler handle, void *context)
{
	int moment = 0;

	for (int i = 0; i < past->count; i++)
	{
		/* At the moments before this meeting, the silence since the previous one lasts. */
		for (; moment < silences->moment_count && silences->moments[moment].at < past->at[i];
		     moment++)
			give_lasting(silences, past, moment, i, handle, context);
		if (moment == silences->moment_count)
			return;
		if (i > 0 && past->day[i] != past->day[i - 1] &&
		    (past->graduated_at == DT_NOEND || past->day[i - 1] < past->graduated_on))
			give_ended(silences, past, moment, i, handle, context);
	}
	for (; moment < silences->moment_count; moment++)
		give_lasting(silences, past, moment, past->count, handle, context);
}

/* Adds one silence to the counts. */
void
silences_count(Silences *silences, const Silence *silence)
{
	SilenceEntry *entry = entry_of(silences, silence->course, silence->ends - silence->begins);

	if (silence->has_ended)
		entry->resumed[silence->moment]++;
	else
		entry->lasting[silence->moment]++;
}

static void
count_one(const Silence *silence, void *context)
{
	silences_count(context, silence);
}

/* Adds all silences of a group to the counts. */
void
silences_add_group(const GroupPast *past, void *context)
{
	silences_walk(context, past, count_one, context);
}

static int
compare_counts(const void *a, const void *b)
{
	int32 left = ((const SilenceCount *) a)->days;
	int32 right = ((const SilenceCount *) b)->days;

	return (left > right) - (left < right);
}

/* Sorts a table by days, and fills in for each row how many silences lasted at least as long. */
static void
finish_table(SilenceTable *table)
{
	int64 longer = 0;

	qsort(table->counts, table->count, sizeof(SilenceCount), compare_counts);
	for (int i = table->count - 1; i >= 0; i--)
	{
		longer += table->counts[i].resumed + table->counts[i].lasting;
		table->counts[i].silences = longer;
	}
}

/* Adds one hash entry to the tables of its course; each moment has a table. */
static void
spread_entry(const Silences *silences, const SilenceEntry *entry, SilenceTable *tables)
{
	int64 resumed = 0;

	for (int moment = 0; moment < silences->moment_count; moment++)
	{
		SilenceTable *table = &tables[entry->key.course * silences->moment_count + moment];

		resumed += entry->resumed[moment];
		if (resumed + entry->lasting[moment] > 0)
			table->counts[table->count++] =
			    (SilenceCount){entry->key.days, resumed, entry->lasting[moment], 0};
	}
}

/* Returns the number of hash entries of each course. */
static int *
count_entries(const Silences *silences, int course_count)
{
	int *counts = palloc0(sizeof(int) * Max(course_count, 1));
	entries_iterator place;
	SilenceEntry *entry;

	entries_start_iterate(silences->entries, &place);
	while ((entry = entries_iterate(silences->entries, &place)) != NULL)
		counts[entry->key.course]++;
	return counts;
}

/* Returns one table per course and moment, at index course * moment_count + moment. */
SilenceTable *
silences_tables(Silences *silences, int course_count)
{
	int table_count = course_count * silences->moment_count;
	SilenceTable *tables = palloc0(sizeof(SilenceTable) * Max(table_count, 1));
	int *sizes = count_entries(silences, course_count);
	entries_iterator place;
	SilenceEntry *entry;

	for (int i = 0; i < table_count; i++)
		tables[i].counts = MemoryContextAllocHuge(
		    CurrentMemoryContext,
		    sizeof(SilenceCount) * (Size) (sizes[i / silences->moment_count] + 1));
	entries_start_iterate(silences->entries, &place);
	while ((entry = entries_iterate(silences->entries, &place)) != NULL)
		spread_entry(silences, entry, tables);
	for (int i = 0; i < table_count; i++)
		finish_table(&tables[i]);
	return tables;
}

/* Returns the index of a table's first row with at least so many days. */
static int
find_days(const SilenceTable *table, int32 days)
{
	int low = 0;
	int high = table->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (table->counts[middle].days < days)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Returns the Kaplan-Meier estimate of the share of silences longer than "days" that last more than
 * days + SILENCES_FORECAST_DAYS days; 1 if no silence is longer than "days".
 */
double
silences_share(const SilenceTable *table, int32 days)
{
	double share = 1;

	for (int i = find_days(table, days + 1);
	     i < table->count && table->counts[i].days - days <= SILENCES_FORECAST_DAYS; i++)
		share *= 1 - (double) table->counts[i].resumed / table->counts[i].silences;
	return share;
}

/*
 * Returns the chance, in tenths of a percent, that a silence of so many days ends within the next
 * SILENCES_FORECAST_DAYS; -1 if too few silences lasted as long, or all of these ended after just
 * so many days. The chance is first rounded to 12 decimals, so that a floating-point error cannot
 * round a half down.
 */
int
silences_chance(const SilenceTable *table, int32 days)
{
	int i = find_days(table, days);

	if (i == table->count || table->counts[i].silences < MIN_SILENCES)
		return -1;
	if (table->counts[i].days == days && table->counts[i].resumed == table->counts[i].silences)
		return -1;
	return (int) floor(rint((1 - silences_share(table, days)) * 1e12) / 1e9 + 0.5);
}

/* Adds the rows of one course's table to the result. */
static void
return_table(ReturnSetInfo *result, const char *course, const SilenceTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		const SilenceCount *count = &table->counts[i];
		int chance = silences_chance(table, count->days);
		Datum values[5];
		bool nulls[5] = {false};

		values[0] = CStringGetTextDatum(course);
		values[1] = Int32GetDatum(count->days);
		values[2] = Int64GetDatum(count->resumed);
		values[3] = Int64GetDatum(count->lasting);
		nulls[4] = chance < 0;
		if (chance >= 0)
			values[4] = NumericGetDatum(int64_div_fast_to_numeric(chance, 1));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
ngeshare_count_silences(PG_FUNCTION_ARGS)
{
	Moment now = past_moment(facts_as_of_argument(fcinfo, 0));
	Silences *silences;
	SilenceTable *tables;
	Facts *facts;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	silences = silences_create(&now, 1);
	facts = facts_load_courses();
	past_walk(facts, "", silences_add_group, silences);
	tables = silences_tables(silences, facts->course_count);
	for (int i = 0; i < facts->course_count; i++)
		return_table((ReturnSetInfo *) fcinfo->resultinfo, facts->courses[i].name, &tables[i]);
	SPI_finish();
	return (Datum) 0;
}
