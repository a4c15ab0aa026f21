/*
 * src/analytics/facts.c
 *		What is known of every curriculum group as of one instant.
 *
 * SQL gathers what is recorded (who, when, at which episode); the rules over it
 * (status, links, rates) are C, in the files beside this one. Everything is
 * allocated in the caller's context. SPI has to be connected.
 */
#include "analytics/facts.h"

#include "common/hashfn.h"
#include "history/zone.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(ngeshare_asked_at);
PG_FUNCTION_INFO_V1(ngeshare_asked_day);

/* Rows that a query hands over at a time. */
#define FETCH_ROWS 10000

/* Numbers for texts, in the order they are first seen. */
typedef struct NumberEntry
{
	char *text;
	int32 number;
	uint32 hash;
	char status;
} NumberEntry;

#define SH_PREFIX numbers
#define SH_ELEMENT_TYPE NumberEntry
#define SH_KEY_TYPE char *
#define SH_KEY text
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(table, element) (element)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* What loading needs beside the facts themselves. */
typedef struct Loader
{
	Facts *facts;
	MemoryContext context; /* where the facts live */
	numbers_hash *group_numbers;
	numbers_hash *person_numbers;
	int room; /* for groups, before the array grows */
} Loader;

/* A row of a query, read column by column. */
typedef struct Row
{
	HeapTuple tuple;
	TupleDesc columns;
} Row;

typedef void (*RowHandler)(Loader *loader, Row row);

/* The instant given as an argument; 22004 for NULL, 22008 for an infinite one. */
TimestampTz
facts_as_of_argument(FunctionCallInfo fcinfo, int argument)
{
	TimestampTz as_of;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("as_of must not be NULL"),
		         errhint("Leave it out for the setting ngeshare.as_of, or give an instant.")));
	as_of = PG_GETARG_TIMESTAMPTZ(argument);
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("as_of must be finite, not \"%s\"",
		                       TIMESTAMP_IS_NOBEGIN(as_of) ? "-infinity" : "infinity"),
		                errhint("Give an instant, such as now().")));
	return as_of;
}

/* 100 * part / whole as numeric, one decimal, half away from zero; whole > 0, part >= 0. */
Datum
facts_percentage(int64 part, int64 whole)
{
	return NumericGetDatum(int64_div_fast_to_numeric((2000 * part + whole) / (2 * whole), 1));
}

/* A column's text in the facts' context, or NULL. */
static char *
row_text(Loader *loader, Row row, int column)
{
	bool isnull;
	Datum value = SPI_getbinval(row.tuple, row.columns, column, &isnull);
	MemoryContext caller;
	char *copy;

	if (isnull)
		return NULL;
	caller = MemoryContextSwitchTo(loader->context);
	copy = TextDatumGetCString(value);
	MemoryContextSwitchTo(caller);
	return copy;
}

/* A column's value; *isnull says whether there is one. */
static Datum
row_datum(Row row, int column, bool *isnull)
{
	return SPI_getbinval(row.tuple, row.columns, column, isnull);
}

/* A column's integer; 0 for NULL. */
static int32
row_int32(Row row, int column)
{
	bool isnull;
	Datum value = row_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* Runs a query and gives each row to a handler, a bounded number in memory at a time. */
static void
for_each_row(Loader *loader, const char *sql, SqlArgs *args, RowHandler handle)
{
	Portal portal = SPI_cursor_open_with_args(NULL, sql, args->count, args->types, args->values,
	                                          args->nulls, true, CURSOR_OPT_NO_SCROLL);

	do
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		for (uint64 i = 0; i < SPI_processed; i++)
			handle(loader, (Row){SPI_tuptable->vals[i], SPI_tuptable->tupdesc});
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	} while (SPI_processed == FETCH_ROWS);
	SPI_cursor_close(portal);
}

/* The number of a text, given now if it is new; then a copy of it is kept. */
static int32
number_of(Loader *loader, numbers_hash *numbers, char *text)
{
	bool found;
	NumberEntry *entry = numbers_insert(numbers, text, &found);

	if (!found)
	{
		entry->text = MemoryContextStrdup(loader->context, text);
		entry->number = numbers->members - 1;
	}
	return entry->number;
}

/* The group that a column names, or NULL for one that is not in the facts. */
static StudyGroup *
row_group(Loader *loader, Row row, int column)
{
	char *id = SPI_getvalue(row.tuple, row.columns, column);
	NumberEntry *entry = numbers_lookup(loader->group_numbers, id);

	pfree(id);
	return entry != NULL ? &loader->facts->groups[entry->number] : NULL;
}

static void
add_course(Loader *loader, Row row)
{
	Course *course = &loader->facts->courses[loader->facts->course_count++];

	course->name = row_text(loader, row, 1);
	course->sequence_order = row_int32(row, 2);
	course->max_episodes = row_int32(row, 3);
}

/* Loads the curriculum in its sequence. */
static void
load_courses(Loader *loader)
{
	SqlArgs none = {0};

	if (SPI_execute("SELECT count(*) FROM public.course_config", true, 1) < 0)
		elog(ERROR, "could not count the courses");
	loader->facts->courses =
	    MemoryContextAllocZero(loader->context, sizeof(Course) * Max(sql_int64(1), 1));
	for_each_row(loader,
	             "SELECT course_name, sequence_order, max_episodes FROM public.course_config"
	             " ORDER BY sequence_order",
	             &none, add_course);
}

/* A group's place in the array, which grows with it. */
static StudyGroup *
append_group(Loader *loader)
{
	Facts *facts = loader->facts;
	StudyGroup *group;

	if (facts->group_count == loader->room)
	{
		loader->room *= 2;
		facts->groups = repalloc_huge(facts->groups, sizeof(StudyGroup) * (Size) loader->room);
	}
	group = &facts->groups[facts->group_count++];
	memset(group, 0, sizeof(StudyGroup));
	return group;
}

/* Which course a row's sequence_order stands for. */
static int
course_of(const Facts *facts, int32 sequence_order)
{
	for (int i = 0; i < facts->course_count; i++)
		if (facts->courses[i].sequence_order == sequence_order)
			return i;
	elog(ERROR, "no course has sequence_order %d", sequence_order);
}

static void
add_group(Loader *loader, Row row)
{
	StudyGroup *group = append_group(loader);
	bool isnull;
	Datum value;

	group->id = row_text(loader, row, 1);
	group->name = row_text(loader, row, 2);
	group->course = course_of(loader->facts, row_int32(row, 3));
	group->created_at = DatumGetTimestamp(row_datum(row, 4, &isnull));
	value = row_datum(row, 6, &isnull);
	group->has_met = !isnull;
	group->first_meeting = isnull ? 0 : DatumGetDateADT(value);
	group->last_meeting = DatumGetDateADT(row_datum(row, 7, &isnull));
	group->total_meetings = row_int32(row, 8);
	group->max_episode_reached = Max(row_int32(row, 9), 0);
	value = row_datum(row, 10, &isnull);
	group->has_graduated = !isnull;
	if (group->has_graduated)
	{
		group->graduated_at = DatumGetTimestamp(value);
		group->graduated_on = clock_local_day(group->graduated_at, ngeshare_settings.zone);
	}
	status_decide(loader->facts, group, DatumGetTimestamp(row_datum(row, 5, &isnull)));
	(void) number_of(loader, loader->group_numbers, group->id);
}

/* Loads the groups with what their meetings came to. */
static void
load_groups(Loader *loader, SqlArgs *as_of)
{
	loader->room = 1024;
	loader->facts->groups =
	    MemoryContextAlloc(loader->context, sizeof(StudyGroup) * (Size) loader->room);
	for_each_row(loader, "SELECT * FROM ngeshare.group_record($1)", as_of, add_group);
}

static void
set_facilitator(Loader *loader, Row row)
{
	StudyGroup *group = row_group(loader, row, 1);
	bool isnull;

	if (group == NULL)
		return;
	group->facilitator_id = row_text(loader, row, 2);
	group->facilitator_name = row_text(loader, row, 3);
	group->facilitator_contact = row_text(loader, row, 4);
	group->facilitator_is_deleted = DatumGetBool(row_datum(row, 5, &isnull));
	group->facilitator_count = row_int32(row, 6);
}

/* Loads who leads each group. */
static void
load_facilitators(Loader *loader, SqlArgs *as_of)
{
	for_each_row(loader, "SELECT * FROM ngeshare.facilitator_record($1)", as_of, set_facilitator);
}

static void
set_member_count(Loader *loader, Row row)
{
	StudyGroup *group = row_group(loader, row, 1);

	if (group != NULL)
		group->member_count = row_int32(row, 2);
}

/* Loads how many members each group has. */
static void
load_member_counts(Loader *loader, SqlArgs *as_of)
{
	for_each_row(loader,
	             "SELECT group_id, count(*)::integer FROM ngeshare.member_record($1)"
	             " GROUP BY group_id",
	             as_of, set_member_count);
}

/* Adds a member to its group; rows come in no order, so the array grows by doubling. */
static void
add_member(Loader *loader, Row row)
{
	StudyGroup *group = row_group(loader, row, 1);
	char *person;
	int count;

	if (group == NULL)
		return;
	count = group->member_count++;
	if (count == 0)
		group->members = MemoryContextAlloc(loader->context, sizeof(int32) * 4);
	else if (count >= 4 && (count & (count - 1)) == 0)
		group->members = repalloc_huge(group->members, sizeof(int32) * 2 * (Size) count);
	person = SPI_getvalue(row.tuple, row.columns, 2);
	group->members[count] = number_of(loader, loader->person_numbers, person);
	pfree(person);
}

static int
compare_numbers(const void *a, const void *b)
{
	int32 left = *(const int32 *) a;
	int32 right = *(const int32 *) b;

	return (left > right) - (left < right);
}

/* Loads who the members of each group are. */
static void
load_members(Loader *loader, SqlArgs *as_of)
{
	loader->person_numbers = numbers_create(loader->context, 1024, NULL);
	for_each_row(loader, "SELECT * FROM ngeshare.member_record($1)", as_of, add_member);
	for (int i = 0; i < loader->facts->group_count; i++)
	{
		StudyGroup *group = &loader->facts->groups[i];

		if (group->member_count > 1)
			qsort(group->members, group->member_count, sizeof(int32), compare_numbers);
	}
}

/*
 * Loads what is known as of an instant; the groups' members one by one only where
 * they are asked for. Raises 55000 in another zone than the history's.
 */
Facts *
facts_load(TimestampTz as_of, bool with_members)
{
	Loader loader = {0};
	SqlArgs instant = {0};

	history_check_zone();
	loader.context = CurrentMemoryContext;
	loader.facts = palloc0(sizeof(Facts));
	loader.facts->as_of = as_of;
	loader.facts->today = clock_local_day(as_of, ngeshare_settings.zone);
	loader.group_numbers = numbers_create(loader.context, 1024, NULL);
	sql_add_timestamp(&instant, as_of);
	load_courses(&loader);
	load_groups(&loader, &instant);
	load_facilitators(&loader, &instant);
	if (with_members)
		load_members(&loader, &instant);
	else
		load_member_counts(&loader, &instant);
	return loader.facts;
}

/* The instant given as an argument, once the history's zone has been checked as well. */
static TimestampTz
checked_as_of(FunctionCallInfo fcinfo)
{
	TimestampTz as_of = facts_as_of_argument(fcinfo, 0);

	SPI_connect();
	history_check_zone();
	SPI_finish();
	return as_of;
}

Datum
ngeshare_asked_at(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(checked_as_of(fcinfo));
}

Datum
ngeshare_asked_day(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(clock_local_day(checked_as_of(fcinfo), ngeshare_settings.zone));
}
