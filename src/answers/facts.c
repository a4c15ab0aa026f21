/*
 * src/answers/facts.c
 *		Loads the timelines of the curriculum groups into arrays.
 *
 * The rules that use the arrays are in the other files of this directory. The arrays are allocated
 * in the caller's memory context. The functions that load them need a connected SPI.
 */
#include "answers/facts.h"

#include "answers/numbering.h"
#include "answers/persons.h"
#include "answers/rows.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(ngeshare_as_of_day);
PG_FUNCTION_INFO_V1(ngeshare_answer_as_of);

#define COLUMNS                                                                                    \
	"SELECT group_id, sequence_order, created_at, first_at, planned_on, first_meeting,"            \
	" graduated_at, graduated_on, facilitator_id, facilitator_since, member, member_from,"         \
	" member_to FROM ngeshare.group_timeline"

/* Reads the groups of the facilitators in $1, which an index of group_snapshot finds. */
#define SOME_GROUPS                                                                                \
	COLUMNS " WHERE group_id IN (SELECT group_id FROM ngeshare.group_snapshot"                     \
	        " WHERE facilitator_id = ANY ($1))"

/* The facts being loaded, and working data that the load needs. */
typedef struct Loader
{
	Facts *facts;
	MemoryContext context; /* in which the facts are allocated */
	Numbering *facilitators;
	MemoryContext raw_context; /* in which members are kept until they are numbered */
	char **names;              /* per group: its members' keys as concatenated C strings */
	int room;                  /* the allocated length of facts->groups and names */
} Loader;

/* Returns the argument that gives an instant. Raises 22004 for NULL, 22008 for an infinite one. */
TimestampTz
facts_as_of_argument(FunctionCallInfo fcinfo, int argument)
{
	TimestampTz as_of;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"as_of\" must not be NULL"),
		         errhint("Leave it out to use the setting ngeshare.as_of, or give an instant.")));
	as_of = PG_GETARG_TIMESTAMPTZ(argument);
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("\"as_of\" must be finite, not \"%s\"",
		                       TIMESTAMP_IS_NOBEGIN(as_of) ? "-infinity" : "infinity"),
		                errhint("Give an instant, such as now().")));
	return as_of;
}

/* Returns a copy of a column's text in the context of the facts; NULL for SQL NULL. */
static char *
row_text(Loader *loader, Row row, int column)
{
	bool isnull;
	Datum value = slot_getattr(row, column, &isnull);
	MemoryContext caller;
	char *copy;

	if (isnull)
		return NULL;
	caller = MemoryContextSwitchTo(loader->context);
	copy = TextDatumGetCString(value);
	MemoryContextSwitchTo(caller);
	return copy;
}

static void
add_course(Row row, void *context)
{
	Loader *loader = context;
	Course *course = &loader->facts->courses[loader->facts->course_count++];

	course->name = row_text(loader, row, 1);
	course->sequence_order = row_int32(row, 2);
	course->max_episodes = row_int32(row, 3);
}

/* Loads the courses in the order of the curriculum. */
static void
load_courses(Loader *loader)
{
	if (SPI_execute("SELECT count(*) FROM ngeshare.course", true, 1) < 0)
		elog(ERROR, "could not count the courses");
	loader->facts->courses =
	    MemoryContextAllocZero(loader->context, sizeof(Course) * Max(sql_int64(1), 1));
	rows_for_each("SELECT course_name, sequence_order, max_episodes FROM ngeshare.course"
	              " ORDER BY sequence_order",
	              NULL, add_course, loader);
}

/* Appends a zeroed group to the array, which it enlarges when it is full. */
static StudyGroup *
append_group(Loader *loader)
{
	Facts *facts = loader->facts;
	StudyGroup *group;

	if (facts->group_count == loader->room)
	{
		loader->room *= 2;
		facts->groups = repalloc_huge(facts->groups, sizeof(StudyGroup) * (Size) loader->room);
		loader->names = repalloc_huge(loader->names, sizeof(char *) * (Size) loader->room);
	}
	group = &facts->groups[facts->group_count++];
	memset(group, 0, sizeof(StudyGroup));
	return group;
}

/* Returns the index in facts->courses of the course with a sequence_order. */
int
facts_course_of(const Facts *facts, int32 sequence_order)
{
	for (int i = 0; i < facts->course_count; i++)
		if (facts->courses[i].sequence_order == sequence_order)
			return i;
	elog(ERROR, "no course has sequence_order %d", sequence_order);
}

/* Concatenates texts as C strings, each with its terminating NUL, in the raw context. */
static char *
join_names(Loader *loader, const Datum *texts, int count)
{
	Size length = 0;
	char *names;
	char *next;

	for (int i = 0; i < count; i++)
		length += VARSIZE_ANY_EXHDR(DatumGetPointer(texts[i])) + 1;
	names = next = MemoryContextAllocHuge(loader->raw_context, length + 1);
	for (int i = 0; i < count; i++)
	{
		const char *text = DatumGetPointer(texts[i]);
		Size size = VARSIZE_ANY_EXHDR(text);

		memcpy(next, VARDATA_ANY(text), size);
		next[size] = '\0';
		next += size + 1;
	}
	return names;
}

/* Reads the members of a group from three parallel array columns. Member.person is -1 until
 * persons_number() sets it. */
static void
add_members(Loader *loader, StudyGroup *group, Row row, int column)
{
	int count;
	Datum *persons = row_texts(row, column, &count);
	Timestamp *from = row_plain_array(row, column + 1, &group->member_count);
	Timestamp *to = row_plain_array(row, column + 2, &group->member_count);

	if (count != group->member_count)
		elog(ERROR, "group \"%s\" has %d members and %d ends of membership", group->id, count,
		     group->member_count);
	group->members =
	    MemoryContextAllocHuge(loader->raw_context, sizeof(Member) * (Size) Max(count, 1));
	for (int i = 0; i < count; i++)
		group->members[i] = (Member){-1, from[i], to[i]};
	loader->names[group - loader->facts->groups] = join_names(loader, persons, count);
}

static void
add_group(Row row, void *context)
{
	Loader *loader = context;
	StudyGroup *group = append_group(loader);
	bool isnull;

	group->id = row_text(loader, row, 1);
	group->course = facts_course_of(loader->facts, row_int32(row, 2));
	group->created_at = DatumGetTimestamp(slot_getattr(row, 3, &isnull));
	group->first_at = DatumGetTimestamp(slot_getattr(row, 4, &isnull));
	group->has_met = !isnull;
	group->planned_on = group->started_on = DatumGetDateADT(slot_getattr(row, 5, &isnull));
	if (group->has_met)
		group->started_on = DatumGetDateADT(slot_getattr(row, 6, &isnull));
	group->graduated_at = DatumGetTimestamp(slot_getattr(row, 7, &isnull));
	group->has_graduated = !isnull;
	group->graduated_on = DatumGetDateADT(slot_getattr(row, 8, &isnull));
	group->facilitator_id = row_text(loader, row, 9);
	group->facilitator = -1;
	group->facilitator_since = DatumGetTimestamp(slot_getattr(row, 10, &isnull));
	/* Without a facilitator no members are needed: only groups of one facilitator are compared. */
	if (group->facilitator_id == NULL)
		return;
	group->facilitator = numbering_number(loader->facilitators, group->facilitator_id);
	add_members(loader, group, row, 11);
}

/* Loads the courses but no groups. Needs a connected SPI. */
Facts *
facts_load_courses(void)
{
	Loader loader = {palloc0(sizeof(Facts)), CurrentMemoryContext};

	load_courses(&loader);
	return loader.facts;
}

/*
 * Loads the groups of some facilitators, or all groups for NULL, with their facts at all
 * instants, whatever ngeshare.as_of is.
 */
Facts *
facts_load(ArrayType *facilitators)
{
	Loader loader = {facts_load_courses(), CurrentMemoryContext};

	loader.raw_context =
	    AllocSetContextCreate(CurrentMemoryContext, "ngeshare members", ALLOCSET_DEFAULT_SIZES);
	loader.facilitators = numbering_create(loader.context);
	loader.room = 1024;
	loader.facts->groups = palloc(sizeof(StudyGroup) * (Size) loader.room);
	loader.names = palloc0(sizeof(char *) * (Size) loader.room);
	rows_for_each(facilitators == NULL ? COLUMNS : SOME_GROUPS, facilitators, add_group, &loader);
	loader.facts->facilitator_count = numbering_count(loader.facilitators);
	persons_number(loader.facts, loader.names, loader.raw_context);
	pfree(loader.names);
	MemoryContextDelete(loader.raw_context);
	return loader.facts;
}

/* Reduces a group's facts to what was true at an instant. */
static void
cut_group(StudyGroup *group, Timestamp at)
{
	int kept = 0;

	group->has_met = group->has_met && group->first_at <= at;
	if (!group->has_met)
		group->started_on = group->planned_on;
	group->has_graduated = group->has_graduated && group->graduated_at <= at;
	if (group->facilitator_id != NULL && group->facilitator_since > at)
	{
		group->facilitator_id = NULL;
		group->facilitator = -1;
	}
	for (int i = 0; i < group->member_count; i++)
		if (group->members[i].from <= at && at < group->members[i].to)
			group->members[kept++] = group->members[i];
	group->member_count = kept;
}

/* Loads the groups that exist as of an instant, as they were then. */
Facts *
facts_load_as_of(TimestampTz as_of)
{
	Facts *facts = facts_load(NULL);
	int kept = 0;

	for (int i = 0; i < facts->group_count; i++)
	{
		if (facts->groups[i].created_at > as_of)
			continue;
		facts->groups[kept] = facts->groups[i];
		cut_group(&facts->groups[kept++], as_of);
	}
	facts->group_count = kept;
	return facts;
}

/*
 * Raises 55000 if no answer can be given: the library and the extension have different versions,
 * the snapshot was never made although the mirror has rows, or it was made for another time zone
 * than ngeshare.timezone. Needs a connected SPI.
 */
void
facts_check_snapshot(void)
{
	sql_refuse_other_version();
	if (SPI_execute("SELECT ngeshare.can_answer()", true, 1) < 0)
		elog(ERROR, "could not ask whether the snapshot can answer");
}

/*
 * Sets the settings of links to the values that the snapshot was made with, until the caller ends
 * its GUC nest level. Needs a connected SPI.
 */
void
facts_use_link_rules(void)
{
	static const char *const names[] = {"link_early_days", "link_days", "link_min_shared",
	                                    "link_min_overlap_pct"};

	for (int i = 0; i < lengthof(names); i++)
	{
		SqlArgs args = {0};

		sql_add_text(&args, names[i]);
		if (!sql_query_row("SELECT ngeshare.link_rule($1)::text", &args))
			elog(ERROR, "could not read the rule %s", names[i]);
		(void) set_config_option(psprintf("ngeshare.%s", names[i]), sql_text(1), PGC_SUSET,
		                         PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}
}

/* Sets ngeshare.as_of to an instant, until the caller ends its GUC nest level. */
void
facts_answer_as_of(TimestampTz as_of)
{
	(void) set_config_option("ngeshare.as_of", clock_spell_instant(as_of), PGC_USERSET,
	                         PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

Datum
ngeshare_answer_as_of(PG_FUNCTION_ARGS)
{
	(void) set_config_option("ngeshare.as_of", clock_spell_instant(facts_as_of_argument(fcinfo, 0)),
	                         PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	PG_RETURN_VOID();
}

Datum
ngeshare_as_of_day(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(clock_local_day(clock_as_of(), ngeshare_settings.zone));
}
