/*
 * src/answers/forecast.c
 *		Compares past forecasts with what happened: ngeshare.count_forecasts().
 *
 * For each of the last month ends, the forecasts are computed from the attendance up to that day.
 * The first scan of ngeshare.group_timeline counts the silences at all these month ends, to compute
 * the forecasts. The second scan finds for each group whether it met within the next 28 days.
 */
#include "answers/silences.h"

#include "fmgr.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_count_forecasts);

#define MOST_MONTHS 12
/* A group that has been silent for more days than this has no forecast. */
#define MOST_SILENT_DAYS 180
/* Forecasts are counted in bins of ten percent (100 belongs to the last one), and once more for
 * all bins of a course together. */
#define BINS 10
#define BIN_OF_ALL BINS

/* The forecasts of one course and bin, in tenths of a percent, and how they turned out. */
typedef struct Outcome
{
	int64 forecasts;
	int64 groups;
	int64 resumed;
	int64 sum;     /* the sum of the forecasts */
	int64 squares; /* the sum of their squared errors */
} Outcome;

typedef struct Forecasts
{
	Moment months[MOST_MONTHS]; /* in order of time */
	int month_count;
	int *chances;      /* per course, month and number of silent days; -1 for none */
	Outcome *outcomes; /* per course and bin */
} Forecasts;

/* Returns the first day of a day's month. */
static DateADT
month_of(DateADT day)
{
	int year;
	int month;
	int day_of_month;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	return day - day_of_month + 1;
}

/*
 * Returns the local day of as_of or of the last successful sync, whichever is earlier: meetings
 * after that day may be missing.
 */
static DateADT
known_day(TimestampTz as_of)
{
	/* A read-only query sees the same MVCC snapshot as the scans of the timelines. */
	if (SPI_execute("SELECT known_until FROM ngeshare.snapshot_state"
	                " WHERE known_until IS NOT NULL",
	                true, 1) < 0)
		elog(ERROR, "could not read until when everything is known");
	if (SPI_processed > 0)
	{
		bool isnull;

		as_of = Min(as_of, DatumGetTimestampTz(sql_value(1, &isnull)));
	}
	return past_moment(as_of).day;
}

/*
 * Lists the last MOST_MONTHS month ends after which 28 days have passed. None of them is before
 * day 0 (2000-01-01), because no earlier attendance counts.
 */
static void
list_months(Forecasts *forecasts, DateADT known)
{
	DateADT ends[MOST_MONTHS];
	int count = 0;

	for (DateADT end = month_of(known - SILENCES_FORECAST_DAYS) - 1;
	     end >= 0 && count < MOST_MONTHS; end = month_of(end) - 1)
		ends[count++] = end;
	forecasts->month_count = count;
	for (int i = 0; i < count; i++)
		forecasts->months[i] = (Moment){
		    clock_end_of_day(ends[count - 1 - i], ngeshare_settings.zone), ends[count - 1 - i]};
}

/* Returns the element of chances for a course, a month's end and a number of silent days. */
static int *
chance_at(const Forecasts *forecasts, int course, int month, int32 days)
{
	return &forecasts
	            ->chances[((Size) course * MOST_MONTHS + month) * (MOST_SILENT_DAYS + 1) + days];
}

/* Computes the forecasts for each course, month's end and number of silent days. */
static void
list_chances(Forecasts *forecasts, const Facts *facts)
{
	Silences *silences = silences_create(forecasts->months, forecasts->month_count);
	SilenceTable *tables;

	past_walk(facts, "", silences_add_group, silences);
	tables = silences_tables(silences, facts->course_count);
	forecasts->chances = MemoryContextAllocHuge(
	    CurrentMemoryContext,
	    sizeof(int) * ((Size) facts->course_count * MOST_MONTHS + 1) * (MOST_SILENT_DAYS + 1));
	for (int course = 0; course < facts->course_count; course++)
		for (int month = 0; month < forecasts->month_count; month++)
			for (int32 days = 1; days <= MOST_SILENT_DAYS; days++)
				*chance_at(forecasts, course, month, days) =
				    silences_chance(&tables[course * forecasts->month_count + month], days);
}

/* Adds a forecast, and whether the group met within 28 days, to an outcome. */
static void
add_outcome(Outcome *outcome, int chance, bool has_resumed)
{
	int64 missed = has_resumed ? 1000 - chance : chance;

	outcome->forecasts++;
	outcome->resumed += has_resumed;
	outcome->sum += chance;
	outcome->squares += missed * missed;
}

/* Adds the forecasts of one group to the outcomes of its course. */
static void
follow_group(const GroupPast *past, void *context)
{
	Forecasts *forecasts = context;
	Outcome *outcomes = &forecasts->outcomes[(Size) past->course * (BINS + 1)];
	bool is_in[BINS + 1] = {false};
	int met = 0;

	for (int i = 0; i < forecasts->month_count; i++)
	{
		Moment month = forecasts->months[i];
		int32 days;
		int chance;
		int bin;
		bool has_resumed;

		met = past_met_by(past, month.at, met);
		if (past->created_at > month.at || met == 0 || past->graduated_at <= month.at)
			continue;
		days = month.day - past->day[met - 1];
		if (days < 1 || days > MOST_SILENT_DAYS)
			continue;
		chance = *chance_at(forecasts, past->course, i, days);
		if (chance < 0)
			continue;
		bin = Min(chance / 100, BINS - 1);
		has_resumed = met < past->count && past->day[met] - month.day <= SILENCES_FORECAST_DAYS;
		add_outcome(&outcomes[bin], chance, has_resumed);
		add_outcome(&outcomes[BIN_OF_ALL], chance, has_resumed);
		is_in[bin] = is_in[BIN_OF_ALL] = true;
	}
	for (int bin = 0; bin <= BIN_OF_ALL; bin++)
		outcomes[bin].groups += is_in[bin];
}

/* Adds the rows of one course to the result: one per bin with a forecast, one for all bins. */
static void
return_outcomes(ReturnSetInfo *result, const char *course, const Outcome *outcomes)
{
	for (int bin = 0; bin <= BIN_OF_ALL; bin++)
	{
		const Outcome *outcome = &outcomes[bin];
		Datum values[] = {CStringGetTextDatum(course),       Int32GetDatum(bin),
		                  Int64GetDatum(outcome->forecasts), Int64GetDatum(outcome->groups),
		                  Int64GetDatum(outcome->resumed),   Int64GetDatum(outcome->sum),
		                  Int64GetDatum(outcome->squares)};
		bool nulls[lengthof(values)] = {false};

		nulls[1] = bin == BIN_OF_ALL;
		if (bin == BIN_OF_ALL || outcome->forecasts > 0)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
ngeshare_count_forecasts(PG_FUNCTION_ARGS)
{
	TimestampTz as_of = facts_as_of_argument(fcinfo, 0);
	Forecasts forecasts = {0};
	Facts *facts;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	facts_check_snapshot();
	facts = facts_load_courses();
	list_months(&forecasts, known_day(as_of));
	forecasts.outcomes = MemoryContextAllocZero(
	    CurrentMemoryContext, sizeof(Outcome) * ((Size) facts->course_count * (BINS + 1) + 1));
	if (forecasts.month_count > 0)
	{
		list_chances(&forecasts, facts);
		past_walk(facts, "", follow_group, &forecasts);
	}
	for (int i = 0; i < facts->course_count; i++)
		return_outcomes((ReturnSetInfo *) fcinfo->resultinfo, facts->courses[i].name,
		                &forecasts.outcomes[i * (BINS + 1)]);
	SPI_finish();
	return (Datum) 0;
}
