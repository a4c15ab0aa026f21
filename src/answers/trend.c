/*
 * src/answers/trend.c
 *		ngeshare_trend(): counts the groups of each course by status, on many days.
 *
 * One scan of ngeshare.group_timeline counts for all days. Errors: 22004 for NULL, 22008 for an
 * argument that is infinite or outside the calendar, 22023 for inconsistent days and steps.
 */
#include "answers/past.h"

#include "fmgr.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_trend);

#define MOST_DAYS 1000

/* The days to count on, and the counts. */
typedef struct Trend
{
	Moment *moments; /* the instants to count at, in order of time */
	DateADT *days;   /* the days to show; one per moment */
	int day_count;
	int64 *counts; /* per course, day and status */
} Trend;

/* Returns a date argument. Raises an error if it is NULL or infinite. */
static DateADT
date_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	DateADT day;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be NULL", name)));
	day = PG_GETARG_DATEADT(argument);
	if (DATE_NOT_FINITE(day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("\"%s\" must be finite", name)));
	return day;
}

/* Returns the step argument. Raises an error unless it is positive and of whole days or months. */
static Interval
step_argument(FunctionCallInfo fcinfo, int argument)
{
	Interval step;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"step\" must not be NULL")));
	step = *PG_GETARG_INTERVAL_P(argument);
#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(&step))
		ereport(ERROR,
		        (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("\"step\" must be finite")));
#endif
	if (step.time != 0 || step.day < 0 || step.month < 0 || (step.day == 0 && step.month == 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"step\" must be one or more whole days, weeks, months or years"),
		                errhint("Give an interval such as '1 week'.")));
	return step;
}

/*
 * Sets *before to the day that is some months, and then some days, before another. If the month is
 * too short for the day of the month, its last day is taken. Returns false if the result would be
 * before "from".
 */
static bool
day_before(DateADT day, int64 months, int64 days, DateADT from, DateADT *before)
{
	int year;
	int month;
	int day_of_month;
	int64 all_months;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	all_months = (int64) year * MONTHS_PER_YEAR + month - 1 - months;
	/* PostgreSQL's calendar begins in 4714 BC. */
	if (all_months < -5000 * MONTHS_PER_YEAR)
		return false;
	year = (int) ((all_months + 5000 * MONTHS_PER_YEAR) / MONTHS_PER_YEAR) - 5000;
	month = (int) ((all_months + 5000 * MONTHS_PER_YEAR) % MONTHS_PER_YEAR) + 1;
	day_of_month = Min(day_of_month, day_tab[isleap(year)][month - 1]);
	days = date2j(year, month, day_of_month) - POSTGRES_EPOCH_JDATE - days;
	if (days < from)
		return false;
	*before = (DateADT) days;
	return true;
}

/* Lists the days from "to" back to "from", in steps; the list is in order of time. */
static void
list_days(Trend *trend, DateADT from, DateADT to, const Interval *step)
{
	DateADT found[MOST_DAYS + 1];
	int count = 0;

	while (
	    day_before(to, (int64) step->month * count, (int64) step->day * count, from, &found[count]))
		if (++count > MOST_DAYS)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("the trend would have more than %d days", MOST_DAYS),
			                errhint("Give a longer \"step\", or a later \"from_day\".")));
	trend->day_count = count;
	trend->days = palloc(sizeof(DateADT) * count);
	for (int i = 0; i < count; i++)
		trend->days[i] = found[count - 1 - i];
}

/* Reads the arguments, and lists the days and the instants to count at. */
static void
read_arguments(FunctionCallInfo fcinfo, Trend *trend)
{
	DateADT from = date_argument(fcinfo, 0, "from_day");
	Interval step = step_argument(fcinfo, 2);
	Moment now = past_moment(facts_as_of_argument(fcinfo, 3));
	DateADT to = PG_ARGISNULL(1) ? now.day : date_argument(fcinfo, 1, "to_day");

	if (to > now.day)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"to_day\" must not be after the day of \"as_of\"")));
	if (from > to)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"from_day\" must not be after \"to_day\"")));
	list_days(trend, from, to, &step);
	trend->moments = palloc(sizeof(Moment) * trend->day_count);
	for (int i = 0; i < trend->day_count; i++)
		/* If the time zone has skipped this day, the moment is on an earlier local day. */
		trend->moments[i] =
		    trend->days[i] == now.day
		        ? now
		        : past_moment(clock_end_of_day(trend->days[i], ngeshare_settings.zone));
}

/* Counts a group on each day on which it exists. */
static void
count_group(const GroupPast *past, void *context)
{
	Trend *trend = context;
	int64 *counts = &trend->counts[(Size) past->course * trend->day_count * STATUS_COUNT];
	int met = 0;

	for (int i = 0; i < trend->day_count; i++)
	{
		if (past->created_at > trend->moments[i].at)
			continue;
		met = past_met_by(past, trend->moments[i].at, met);
		counts[i * STATUS_COUNT + past_status(past, trend->moments[i], met)]++;
	}
}

/* Adds the row of one course and one day to the result. */
static void
return_counts(ReturnSetInfo *result, DateADT day, const char *course, const int64 *counts)
{
	static const Status shown[] = {STATUS_ACTIVE, STATUS_STALLED, STATUS_NOT_STARTED,
	                               STATUS_GRADUATED};
	Datum values[3 + STATUS_COUNT];
	bool nulls[3 + STATUS_COUNT] = {false};
	int64 total = 0;

	StaticAssertStmt(lengthof(shown) == STATUS_COUNT, "each status is shown");
	for (int i = 0; i < STATUS_COUNT; i++)
	{
		values[3 + i] = Int32GetDatum(counts[shown[i]]);
		total += counts[shown[i]];
	}
	values[0] = DateADTGetDatum(day);
	values[1] = CStringGetTextDatum(course);
	values[2] = Int32GetDatum(total);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
ngeshare_trend(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Trend trend = {0};
	Facts *facts;

	read_arguments(fcinfo, &trend);
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	facts = facts_load_courses();
	trend.counts = MemoryContextAllocExtended(
	    CurrentMemoryContext,
	    sizeof(int64) * STATUS_COUNT * ((Size) facts->course_count * trend.day_count + 1),
	    MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	past_walk(facts, "", count_group, &trend);
	for (int day = 0; day < trend.day_count; day++)
		for (int course = 0; course < facts->course_count; course++)
			return_counts(result, trend.days[day], facts->courses[course].name,
			              &trend.counts[((Size) course * trend.day_count + day) * STATUS_COUNT]);
	SPI_finish();
	return (Datum) 0;
}
