/*
 * src/answers/places.c
 *		Counts the groups of each place by status, and the distinct people who lead them or are
 *		members: ngeshare.count_places().
 *
 * A person is identified by a 64-bit hash. Among a million people in one place, the chance that any
 * two have the same hash is below one in 10^7. The hashes are collected and then counted place by
 * place, because a hash table for all places would outgrow the processor's cache.
 */
#include "answers/past.h"

#include "common/hashfn.h"
#include "compat.h"
#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

PG_FUNCTION_INFO_V1(ngeshare_count_places);

/* The argument more_columns of past_walk(). */
#define MORE_COLUMNS                                                                               \
	", place_key, meeting_total, facilitator_id, facilitator_since, member, member_from, "         \
	"member_to"

/* Hashes of people, one per occurrence: duplicates included. */
typedef struct People
{
	uint64 *hashes;
	int64 count;
	int64 room;
} People;

typedef struct Place
{
	pg_uuid_t key;
	int32 statuses[STATUS_COUNT];
	int32 to_rescue;
	int32 at_risk;
	People facilitators;
	People members;
	char status; /* used by simplehash.h */
} Place;

#define SH_PREFIX places
#define SH_ELEMENT_TYPE Place
#define SH_KEY_TYPE pg_uuid_t
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_bytes((key).data, UUID_LEN)
#define SH_EQUAL(table, a, b) (memcmp((a).data, (b).data, UUID_LEN) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct PersonEntry
{
	uint64 hash;
	char status;
} PersonEntry;

#define SH_PREFIX persons
#define SH_ELEMENT_TYPE PersonEntry
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(table, key) ((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Count
{
	Moment now;
	places_hash *places;
	MemoryContext context;
} Count;

/* Appends a person's hash to a list. */
static void
add_person(const Count *count, People *people, Datum person)
{
	const text *name = DatumGetTextPP(person);

	if (people->count == people->room)
	{
		people->room = Max(2 * people->room, 16);
		people->hashes = people->hashes == NULL
		                     ? MemoryContextAlloc(count->context, sizeof(uint64) * people->room)
		                     : repalloc_huge(people->hashes, sizeof(uint64) * (Size) people->room);
	}
	people->hashes[people->count++] =
	    hash_bytes_extended((const unsigned char *) VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), 0);
}

/* Returns the number of distinct hashes in a list. */
static int32
count_people(const People *people)
{
	persons_hash *persons =
	    persons_create(CurrentMemoryContext, (uint32) Max(people->count / 4, 16), NULL);
	int32 different;

	for (int64 i = 0; i < people->count; i++)
	{
		bool found;

		persons_insert(persons, people->hashes[i], &found);
	}
	different = persons->members;
	persons_destroy(persons);
	return different;
}

static Place *
place_of(places_hash *places, pg_uuid_t key)
{
	bool found;
	Place *place = places_insert(places, key, &found);

	if (!found)
	{
		char status = place->status;

		memset(place, 0, sizeof(Place));
		place->key = key;
		place->status = status;
	}
	return place;
}

/* Counts a group by its status, and whether it is to rescue or at risk. */
static void
add_status(Place *place, const GroupPast *past, Moment now)
{
	int met = past_met_by(past, now.at, 0);
	Status status = past_status(past, now, met);
	int meetings;
	int32 *total = row_plain_array(past->row, PAST_MORE + 1, &meetings);

	place->statuses[status]++;
	if (status_is_rescuable(status, met > 0 ? past->reached[met - 1] : 0, past->max_episodes))
		place->to_rescue++;
	if (met > 0 && status_risk(status, status_days_inactive(now.day, past->day[met - 1]),
	                           total[met - 1], past->day[0], past->day[met - 1]) != NULL)
		place->at_risk++;
}

/* Adds the facilitator and the members that a group has at the instant to its place. */
static void
add_people(Place *place, const GroupPast *past, const Count *count)
{
	bool isnull;
	Datum facilitator = slot_getattr(past->row, PAST_MORE + 2, &isnull);
	int members;
	Datum *member;
	Timestamp *from;
	Timestamp *to;

	if (!isnull &&
	    DatumGetTimestamp(slot_getattr(past->row, PAST_MORE + 3, &isnull)) <= count->now.at)
		add_person(count, &place->facilitators, facilitator);
	member = row_texts(past->row, PAST_MORE + 4, &members);
	from = row_plain_array(past->row, PAST_MORE + 5, &members);
	to = row_plain_array(past->row, PAST_MORE + 6, &members);
	for (int i = 0; i < members; i++)
		if (from[i] <= count->now.at && count->now.at < to[i])
			add_person(count, &place->members, member[i]);
}

static void
count_group(const GroupPast *past, void *context)
{
	Count *count = context;
	bool isnull;
	Place *place;

	if (past->created_at > count->now.at)
		return;
	place = place_of(count->places, *DatumGetUUIDP(slot_getattr(past->row, PAST_MORE, &isnull)));
	add_status(place, past, count->now);
	add_people(place, past, count);
}

/* Adds a place's row to the result. */
static void
return_place(ReturnSetInfo *result, const Place *place)
{
	const int32 *statuses = place->statuses;
	Datum values[] = {UUIDPGetDatum(&place->key),
	                  Int32GetDatum(statuses[STATUS_ACTIVE] + statuses[STATUS_STALLED] +
	                                statuses[STATUS_NOT_STARTED] + statuses[STATUS_GRADUATED]),
	                  Int32GetDatum(statuses[STATUS_ACTIVE]),
	                  Int32GetDatum(statuses[STATUS_STALLED]),
	                  Int32GetDatum(statuses[STATUS_NOT_STARTED]),
	                  Int32GetDatum(statuses[STATUS_GRADUATED]),
	                  Int32GetDatum(place->to_rescue),
	                  Int32GetDatum(place->at_risk),
	                  Int32GetDatum(count_people(&place->facilitators)),
	                  Int32GetDatum(count_people(&place->members))};
	bool nulls[lengthof(values)] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
ngeshare_count_places(PG_FUNCTION_ARGS)
{
	Count count = {past_moment(facts_as_of_argument(fcinfo, 0))};
	places_iterator at;
	Place *place;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	count.context = CurrentMemoryContext;
	count.places = places_create(CurrentMemoryContext, 256, NULL);
	past_walk(facts_load_courses(), MORE_COLUMNS, count_group, &count);
	places_start_iterate(count.places, &at);
	while ((place = places_iterate(count.places, &at)) != NULL)
		return_place((ReturnSetInfo *) fcinfo->resultinfo, place);
	SPI_finish();
	return (Datum) 0;
}
