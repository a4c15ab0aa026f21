/*
 * src/followup/effect.c
 *		ngeshare.contacted_silences(): how many silences ended soon after a follow-up, and how many
 *		were expected to.
 *
 * One scan of the meetings of all groups counts silences by course and length, for the Kaplan-Meier
 * estimate. A contacted silence is counted only until its first follow-up, as one that still lasts.
 */
#include "answers/silences.h"

#include "common/hashfn.h"
#include "compat.h"
#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_contacted_silences);

/* The local days on which a group was contacted, in order. */
typedef struct Contacts
{
	const char *group_id;
	DateADT *days;
	int count;
	int room;
	char status;
} Contacts;

#define SH_PREFIX contacts
#define SH_ELEMENT_TYPE Contacts
#define SH_KEY_TYPE const char *
#define SH_KEY group_id
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A silence whose first follow-up was made while the group was stalled. */
typedef struct Contacted
{
	int course;
	int32 days; /* from the last meeting to the follow-up */
	bool has_met_again;
} Contacted;

typedef struct Effect
{
	contacts_hash *contacts;
	Silences *silences;
	Moment now;
	DateADT known_until;      /* the day up to which all meetings are known */
	const Contacts *of_group; /* of the current group; NULL if it was never contacted */
	Contacted *contacted;
	int count;
	int room;
} Effect;

/* Adds the local day of a follow-up to its group's contacts. */
static void
add_contact(contacts_hash *contacts, HeapTuple row, TupleDesc columns)
{
	bool isnull;
	bool found;
	char *group_id = TextDatumGetCString(heap_getattr(row, 1, columns, &isnull));
	TimestampTz noted_at = DatumGetTimestampTz(heap_getattr(row, 2, columns, &isnull));
	Contacts *entry = contacts_insert(contacts, group_id, &found);

	if (!found)
	{
		entry->count = 0;
		entry->room = 2;
		entry->days = palloc(sizeof(DateADT) * entry->room);
	}
	else
		pfree(group_id);
	if (entry->count == entry->room)
	{
		entry->room *= 2;
		entry->days = repalloc(entry->days, sizeof(DateADT) * entry->room);
	}
	entry->days[entry->count++] = clock_local_day(noted_at, ngeshare_settings.zone);
}

static int
compare_days(const void *a, const void *b)
{
	DateADT left = *(const DateADT *) a;
	DateADT right = *(const DateADT *) b;

	return left < right ? -1 : left > right;
}

/* Loads the days of the follow-ups that count, by group. Needs a connected SPI. */
static contacts_hash *
load_contacts(void)
{
	contacts_hash *contacts = contacts_create(CurrentMemoryContext, 1024, NULL);
	contacts_iterator place;
	Contacts *entry;

	if (SPI_execute("SELECT group_id, noted_at FROM ngeshare.follow_up_as_of", true, 0) !=
	    SPI_OK_SELECT)
		elog(ERROR, "could not read the follow-ups");
	for (uint64 i = 0; i < SPI_processed; i++)
		add_contact(contacts, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	SPI_freetuptable(SPI_tuptable);
	contacts_start_iterate(contacts, &place);
	while ((entry = contacts_iterate(contacts, &place)) != NULL)
		qsort(entry->days, entry->count, sizeof(DateADT), compare_days);
	return contacts;
}

/* Sets *day to the first day within a silence on which its group was contacted. Returns false if
 * there is none. */
static bool
first_contact(const Contacts *contacts, const Silence *silence, DateADT *day)
{
	int low = 0;
	int high = contacts->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (contacts->days[middle] <= silence->begins)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == contacts->count || (silence->has_ended && contacts->days[low] >= silence->ends))
		return false;
	*day = contacts->days[low];
	return true;
}

static void
add_contacted(Effect *effect, const Silence *silence, DateADT day)
{
	if (effect->count == effect->room)
	{
		effect->room *= 2;
		effect->contacted =
		    repalloc_huge(effect->contacted, sizeof(Contacted) * (Size) effect->room);
	}
	effect->contacted[effect->count++] =
	    (Contacted){silence->course, day - silence->begins,
	                silence->has_ended && silence->ends - day <= SILENCES_FORECAST_DAYS};
}

/* Counts one silence as contacted or as not contacted, or leaves it out. */
static void
take_silence(const Silence *silence, void *context)
{
	Effect *effect = context;
	DateADT day;

	if (effect->of_group == NULL || !first_contact(effect->of_group, silence, &day))
		silences_count(effect->silences, silence);
	else if (day - silence->begins <= ngeshare_settings.active_days)
		return; /* contacted before the group stalled: does not count */
	else if (effect->known_until - day > SILENCES_FORECAST_DAYS)
	{
		Silence until_then = {silence->course, silence->begins, day, false, silence->moment};

		silences_count(effect->silences, &until_then);
		add_contacted(effect, silence, day);
	}
	else /* the 28 days after the follow-up are not over: counts as not contacted */
		silences_count(effect->silences, silence);
}

static void
take_group(const GroupPast *past, void *context)
{
	Effect *effect = context;

	effect->of_group = contacts_lookup(effect->contacts, TextDatumGetCString(past->id));
	silences_walk(effect->silences, past, take_silence, effect);
}

/* Adds one row per course to the result. */
static void
return_effect(ReturnSetInfo *result, const Facts *facts, const Effect *effect)
{
	int32 *contacted = palloc0(sizeof(int32) * Max(facts->course_count, 1));
	int32 *met_again = palloc0(sizeof(int32) * Max(facts->course_count, 1));
	double *expected = palloc0(sizeof(double) * Max(facts->course_count, 1));
	SilenceTable *tables = silences_tables(effect->silences, facts->course_count);

	for (int i = 0; i < effect->count; i++)
	{
		const Contacted *silence = &effect->contacted[i];

		contacted[silence->course]++;
		met_again[silence->course] += silence->has_met_again;
		expected[silence->course] += 1 - silences_share(&tables[silence->course], silence->days);
	}
	for (int i = 0; i < facts->course_count; i++)
	{
		Datum values[5] = {CStringGetTextDatum(facts->courses[i].name),
		                   Int32GetDatum(facts->courses[i].sequence_order),
		                   Int32GetDatum(contacted[i]), Int32GetDatum(met_again[i]),
		                   Float8GetDatum(expected[i])};
		bool nulls[5] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* Returns today or the local day of the last successful sync, whichever is earlier. */
static DateADT
known_until(DateADT today)
{
	bool isnull = true;
	Datum until = (Datum) 0;

	if (SPI_execute("SELECT known_until FROM ngeshare.snapshot_state", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not ask until when production is known");
	if (SPI_processed > 0)
		until = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? today
	              : Min(today, clock_local_day(DatumGetTimestampTz(until), ngeshare_settings.zone));
}

Datum
ngeshare_contacted_silences(PG_FUNCTION_ARGS)
{
	Effect effect = {0};
	Facts *facts;

	effect.now = past_moment(clock_as_of());
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	effect.known_until = known_until(effect.now.day);
	effect.contacts = load_contacts();
	effect.silences = silences_create(&effect.now, 1);
	effect.room = 1024;
	effect.contacted = palloc(sizeof(Contacted) * (Size) effect.room);
	facts = facts_load_courses();
	past_walk(facts, "", take_group, &effect);
	return_effect((ReturnSetInfo *) fcinfo->resultinfo, facts, &effect);
	SPI_finish();
	return (Datum) 0;
}
