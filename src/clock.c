/*
 * src/clock.c
 *		Instants and local days, and the settings as_of and sync_clock.
 *
 * Production's timestamps are UTC and share timestamptz's epoch and unit, so a Timestamp of
 * production and a TimestampTz compare as numbers.
 */
#include "ngeshare.h"

#include <math.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

PG_FUNCTION_INFO_V1(ngeshare_as_of);
PG_FUNCTION_INFO_V1(ngeshare_end_of_day);
PG_FUNCTION_INFO_V1(ngeshare_reporting_zone);

/* The value of the setting as_of: an instant, or a local day, whose end is meant. */
typedef struct AsOf
{
	bool is_day;
	DateADT day;
	pg_tz *zone; /* if is_day: the zone for which instant was computed; NULL: none yet */
	TimestampTz instant;
} AsOf;

static AsOf *as_of;
static TimestampTz *sync_clock;

/* The result of parsing a text as a date and time. */
typedef struct Decoded
{
	struct pg_tm tm;
	fsec_t fsec;
	int dtype;
	int tz;
} Decoded;

/* Parses a text as timestamptz input does; returns 0 or a DTERR code. */
static int
decode(const char *text, Decoded *decoded)
{
	char *field[MAXDATEFIELDS];
	int ftype[MAXDATEFIELDS];
	char workbuf[2 * MAXDATELEN + MAXDATEFIELDS];
	int nf;
	int error = ParseDateTime(text, workbuf, sizeof(workbuf), field, ftype, MAXDATEFIELDS, &nf);

	memset(decoded, 0, sizeof(Decoded));
	if (error != 0)
		return error;
	return compat_decode_datetime(field, ftype, nf, &decoded->dtype, &decoded->tm, &decoded->fsec,
	                              &decoded->tz);
}

/*
 * Reads an instant as timestamptz input does, but without raising an error. Returns false with
 * *sqlstate set to 22007 (not an instant) or 22008 (infinite or out of range).
 */
static bool
parse_instant(const char *text, TimestampTz *instant, int *sqlstate)
{
	Decoded decoded;

	*sqlstate = ERRCODE_INVALID_DATETIME_FORMAT;
	switch (decode(text, &decoded))
	{
		case 0:
			break;
		case DTERR_FIELD_OVERFLOW:
		case DTERR_MD_FIELD_OVERFLOW:
		case DTERR_TZDISP_OVERFLOW:
			*sqlstate = ERRCODE_DATETIME_VALUE_OUT_OF_RANGE;
			return false;
		default:
			return false;
	}
	*sqlstate = ERRCODE_DATETIME_VALUE_OUT_OF_RANGE;
	if (decoded.dtype == DTK_EPOCH)
		*instant = SetEpochTimestamp();
	else if (decoded.dtype != DTK_DATE ||
	         tm2timestamp(&decoded.tm, decoded.fsec, &decoded.tz, instant) != 0)
		return false;
	return true;
}

/*
 * Returns whether PostgreSQL accepts a text with a time of day appended, which means that the
 * text itself has none. Callers append an afternoon time, so that a text with AM or PM is
 * refused.
 */
static bool
takes_time(const char *text, const char *time)
{
	Decoded decoded;

	return decode(psprintf("%s %s", text, time), &decoded) == 0 && decoded.dtype == DTK_DATE;
}

/*
 * Returns whether a text is a bare date, without a time of day and without a zone, in any
 * spelling that PostgreSQL accepts.
 */
static bool
is_bare_date(const char *text)
{
	return takes_time(text, "13:00:00+00");
}

/*
 * Returns whether a text is a date with a zone but without a time of day. Such a text names
 * neither a local day nor an instant.
 */
static bool
is_date_with_zone(const char *text)
{
	return takes_time(text, "13:00:00") && !is_bare_date(text);
}

/* Reads a bare date; returns false for any other text. */
static bool
parse_day(const char *text, DateADT *day)
{
	Decoded decoded;

	if (!is_bare_date(text) || decode(text, &decoded) != 0)
		return false;
	*day = date2j(decoded.tm.tm_year, decoded.tm.tm_mon, decoded.tm.tm_mday) - POSTGRES_EPOCH_JDATE;
	return true;
}

/* Writes a day so that it is read back as the same bare date under any DateStyle. */
static void
spell_day(DateADT day, char *buffer)
{
	struct pg_tm tm;

	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, buffer);
}

/*
 * Writes an instant in UTC with its offset, so that it is read back the same in any zone. Returns
 * NULL for an instant that is out of range.
 */
char *
clock_spell_instant(TimestampTz instant)
{
	char buffer[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t fsec;

	if (timestamp2tm(instant, NULL, &tm, &fsec, NULL, NULL) != 0)
		return NULL;
	tm.tm_isdst = 0; /* if negative, EncodeDateTime() would write no offset */
	EncodeDateTime(&tm, fsec, true, 0, "UTC", USE_ISO_DATES, buffer);
	return pstrdup(buffer);
}

/* Reads a text that clock_spell_instant() wrote, without using TimeZone or DateStyle. */
static bool
read_spelled(const char *text, TimestampTz *instant)
{
	struct pg_tm tm = {0};
	char *rest;
	double fraction = 0;
	int length = 0;

	if (sscanf(text, "%d-%d-%d %d:%d:%d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	           &tm.tm_min, &tm.tm_sec, &length) != 6)
		return false;
	rest = unconstify(char *, text) + length;
	if (*rest == '.')
		fraction = strtod(rest, &rest);
	if (strcmp(rest, "+00 BC") == 0)
		tm.tm_year = 1 - tm.tm_year;
	else if (strcmp(rest, "+00") != 0)
		return false;
	return tm2timestamp(&tm, (fsec_t) rint(fraction * USECS_PER_SEC), NULL, instant) == 0;
}

/* Reads a text that spell_day() wrote, without using TimeZone or DateStyle. */
static bool
read_spelled_day(const char *text, DateADT *day)
{
	int year;
	int month;
	int day_of_month;
	int length = 0;

	if (sscanf(text, "%d-%d-%d%n", &year, &month, &day_of_month, &length) != 3)
		return false;
	if (strcmp(text + length, " BC") == 0)
		year = 1 - year;
	else if (text[length] != '\0')
		return false;
	*day = date2j(year, month, day_of_month) - POSTGRES_EPOCH_JDATE;
	return true;
}

/*
 * Reads a setting's instant. If the text is not one, sets the error's detail and hint and returns
 * false.
 */
static bool
check_instant(const char *text, TimestampTz *instant)
{
	int sqlstate;

	if (parse_instant(text, instant, &sqlstate))
		return true;
	GUC_check_errcode(sqlstate);
	GUC_check_errdetail("\"%s\" is not a finite instant.", text);
	GUC_check_errhint("Give a date, or a date and time with a zone, such as 2026-03-31 "
	                  "23:59:59+07; empty means now.");
	return false;
}

/* Copies a setting's parsed value to *extra, for the assign hook; false if out of memory. */
bool
clock_keep_beside(void **extra, const void *kept, size_t size)
{
	*extra = compat_guc_malloc(size);
	if (*extra == NULL)
		return false;
	memcpy(*extra, kept, size);
	return true;
}

/* Replaces a setting's text by spelled; false if spelled is NULL or memory is exhausted. */
bool
clock_respell(char **newval, const char *spelled)
{
	char *copy = spelled != NULL ? compat_guc_strdup(spelled) : NULL;

	if (copy == NULL)
		return false;
	compat_guc_free(*newval);
	*newval = copy;
	return true;
}

/*
 * Checks a setting that holds an instant or is empty, and replaces its text by the spelling of
 * clock_spell_instant().
 *
 * A parallel worker that is starting up has no time zone and no abbreviations yet. The leader's
 * value already has that spelling, which can be read without them. A value with another spelling
 * comes from the configuration of the database or role. It is accepted unread, because the leader's
 * value replaces it next.
 */
bool
clock_check_instant(char **newval, void **extra, GucSource source)
{
	TimestampTz instant;

	if (*newval == NULL || **newval == '\0')
		return true;
	if (InitializingParallelWorker)
		return read_spelled(*newval, &instant) ? clock_keep_beside(extra, &instant, sizeof(instant))
		                                       : true;
	return check_instant(*newval, &instant) &&
	       clock_respell(newval, clock_spell_instant(instant)) &&
	       clock_keep_beside(extra, &instant, sizeof(instant));
}

/*
 * Reads a value of as_of. If it is neither an instant nor a day, sets the error's detail and hint
 * and returns false.
 */
static bool
check_as_of(const char *text, AsOf *checked)
{
	if (!check_instant(text, &checked->instant))
		return false;
	checked->is_day = parse_day(text, &checked->day);
	if (checked->is_day || !is_date_with_zone(text))
		return true;
	GUC_check_errcode(ERRCODE_INVALID_DATETIME_FORMAT);
	GUC_check_errdetail("\"%s\" is a date with a zone, without a time of day.", text);
	GUC_check_errhint("Give the date alone, which means the end of that day in "
	                  "ngeshare.timezone, or add a time of day.");
	return false;
}

/*
 * Checks as_of, which holds an instant or a day or is empty. A day is kept as a day, because the
 * instant at which it ends depends on ngeshare.timezone, which may be set later. A parallel
 * worker that is starting up reads the value as in clock_check_instant().
 */
bool
clock_check_as_of(char **newval, void **extra, GucSource source)
{
	AsOf checked = {0};
	char day[MAXDATELEN + 1];

	if (*newval == NULL || **newval == '\0')
		return true;
	if (InitializingParallelWorker)
	{
		checked.is_day = read_spelled_day(*newval, &checked.day);
		return checked.is_day || read_spelled(*newval, &checked.instant)
		           ? clock_keep_beside(extra, &checked, sizeof(checked))
		           : true;
	}
	if (!check_as_of(*newval, &checked))
		return false;
	if (checked.is_day)
		spell_day(checked.day, day);
	return clock_respell(newval, checked.is_day ? day : clock_spell_instant(checked.instant)) &&
	       clock_keep_beside(extra, &checked, sizeof(checked));
}

void
clock_assign_as_of(const char *newval, void *extra)
{
	as_of = extra;
}

void
clock_assign_sync_clock(const char *newval, void *extra)
{
	sync_clock = extra;
}

/*
 * Returns the last instant of a calendar day in a zone or, if the zone skips the day, the last
 * instant before it. A zone may change its offset at midnight, so the loop looks at each period
 * of constant offset around the day's end. The last period that begins before the day is over
 * gives the result.
 */
TimestampTz
clock_end_of_day(DateADT day, pg_tz *zone)
{
	const pg_time_t epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (pg_time_t) SECS_PER_DAY;
	const pg_time_t next_day = epoch + (day + 1) * (pg_time_t) SECS_PER_DAY;
	pg_time_t from = next_day - 2 * SECS_PER_DAY;
	pg_time_t until = next_day + 2 * SECS_PER_DAY;
	pg_time_t end = from;

	while (from < until)
	{
		pg_time_t boundary;
		long offset;
		long next_offset;
		int is_dst;

		if (pg_next_dst_boundary(&from, &offset, &is_dst, &boundary, &next_offset, &is_dst, zone) !=
		    1)
			boundary = until;
		if (next_day - offset > from)
			end = Min(next_day - offset, boundary);
		from = boundary;
	}
	/* West of UTC, the last day of timestamptz's range would end outside that range. */
	return Min(end - epoch, END_TIMESTAMP / USECS_PER_SEC) * USECS_PER_SEC - 1;
}

/* Returns whether as_of is set, other than by the API for a request that names no instant. */
bool
clock_as_of_is_set(void)
{
	return as_of != NULL && !ngeshare_settings.as_of_is_default;
}

/* Returns the instant that answers are given as of, for calls that name none. */
TimestampTz
clock_as_of(void)
{
	if (as_of == NULL)
		return GetCurrentTransactionStartTimestamp();
	if (as_of->is_day && as_of->zone != ngeshare_settings.zone)
	{
		as_of->instant = clock_end_of_day(as_of->day, ngeshare_settings.zone);
		as_of->zone = ngeshare_settings.zone;
	}
	return as_of->instant;
}

/* Returns the instant that a sync counts as now. */
TimestampTz
clock_sync_now(void)
{
	return sync_clock != NULL ? *sync_clock : GetCurrentTimestamp();
}

/* Returns the calendar day of a UTC timestamp in a zone; raises 22008 if there is none. */
DateADT
clock_local_day(Timestamp utc, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t fsec;
	int tz;

	if (TIMESTAMP_NOT_FINITE(utc) || timestamp2tm(utc, &tz, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("an instant outside the calendar has no local day")));
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

Datum
ngeshare_as_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(clock_as_of());
}

Datum
ngeshare_end_of_day(PG_FUNCTION_ARGS)
{
	DateADT day = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(day) || !IS_VALID_DATE(day) ||
	    day >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		ereport(ERROR,
		        (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("the day is out of range"),
		         errhint("The last day is 294276-12-31; infinity is no day.")));
	PG_RETURN_TIMESTAMPTZ(clock_end_of_day(day, ngeshare_settings.zone));
}

Datum
ngeshare_reporting_zone(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(pg_get_timezone_name(ngeshare_settings.zone)));
}

/* Returns a timestamp of production as a text that is read the same under any DateStyle. */
char *
clock_spell(Timestamp stamp)
{
	char *buffer = palloc(MAXDATELEN + 1);
	struct pg_tm tm;
	fsec_t fsec;

	if (TIMESTAMP_NOT_FINITE(stamp))
		return TIMESTAMP_IS_NOBEGIN(stamp) ? "-infinity" : "infinity";
	if (timestamp2tm(stamp, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("a timestamp of production is outside the calendar")));
	EncodeDateTime(&tm, fsec, false, 0, NULL, USE_ISO_DATES, buffer);
	return buffer;
}
