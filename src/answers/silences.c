/*
 * src/answers/silences.c
 *		How long groups were silent between their meetings, by course and moment.
 *
 * A silence begins on a day that a group meets before it has graduated, and ends on the next one;
 * the last one of a group that has not graduated lasts until the moment's day.
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

/* Fewer silences that lasted as long say nothing. */
#define MIN_SILENCES 20

/* Silences of one course (its place among the courses) that lasted so many days. */
typedef struct SilenceKey
{
	int32 course;
	int32 days;
} SilenceKey;

typedef struct SilenceEntry
{
	SilenceKey key;
	int64 *resumed; /* a moment's: those that the moments before it have not seen end */
	int64 *lasting;
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

/* Counts for some moments, in order of time, in the current memory context. */
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

/* Gives a group's last silence as it lasts at a moment to a handler, where it does. */
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

/* Gives the silence that a meeting ended to a handler, where a moment sees it. */
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
 * Gives the silences of a group to a handler, in their order: each that ended by the last moment
 * once, and at each moment the one that lasts. A meeting has an instant and the last day met by
 * then, so a day may come more than once.
 */
void
silences_walk(const Silences *silences, const GroupPast *past, SilenceHandler handle, void *context)
{
	int moment = 0;

	for (int i = 0; i < past->count; i++)
	{
		/* The moments before this meeting see what was before it. */
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

/* Counts one silence. */
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

/* Counts all silences of a group. */
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

/* Puts a table in order, and sums up how many silences lasted at least so long. */
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

/* Adds one entry to its course's tables, one for each moment. */
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

/* How many entries each course has. */
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

/* The counts of each course, one table for each moment: courses one behind the other. */
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

/* The place in a table of the first count of at least so many days. */
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
 * Of the silences that last longer than some days, the share that lasts longer than
 * SILENCES_FORECAST_DAYS more, after Kaplan and Meier; 1 where none lasts longer.
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
 * The chance, in tenths of a percent, that a silence that has lasted so long ends within
 * SILENCES_FORECAST_DAYS; -1 where too few silences lasted as long, or none lasted longer. Half a
 * tenth is rounded up, whatever the last bits of the share say.
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

/* Puts one course's table into the result. */
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
