/*
 * src/clock.c
 *		Instants and local days: the settings as_of, sync_clock and timezone.
 *
 * Production's timestamps are UTC and share timestamptz's epoch and unit, so a
 * Timestamp of production and a TimestampTz compare as numbers.
 */
#include "ngeshare.h"

#include "access/xact.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/formatting.h"

PG_FUNCTION_INFO_V1(ngeshare_as_of);
PG_FUNCTION_INFO_V1(ngeshare_reporting_zone);

static TimestampTz *as_of;
static TimestampTz *sync_clock;

/*
 * Reads an instant as timestamptz input would, without raising an error.
 * Returns false with *sqlstate set to 22007 (not an instant) or 22008 (no
 * finite one).
 */
static bool
parse_instant(const char *text, TimestampTz *instant, int *sqlstate)
{
	char *field[MAXDATEFIELDS];
	int ftype[MAXDATEFIELDS];
	char workbuf[MAXDATELEN + MAXDATEFIELDS];
	struct pg_tm tm;
	fsec_t fsec = 0;
	int nf;
	int dtype;
	int tz = 0;

	*sqlstate = ERRCODE_INVALID_DATETIME_FORMAT;
	if (ParseDateTime(text, workbuf, sizeof(workbuf), field, ftype, MAXDATEFIELDS, &nf) != 0)
		return false;
	switch (compat_decode_datetime(field, ftype, nf, &dtype, &tm, &fsec, &tz))
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
	if (dtype == DTK_EPOCH)
		*instant = SetEpochTimestamp();
	else if (dtype != DTK_DATE || tm2timestamp(&tm, fsec, &tz, instant) != 0)
		return false;
	return true;
}

/* Writes an instant with its offset, so that it reads back the same in any zone; NULL for none. */
char *
clock_spell_instant(TimestampTz instant)
{
	char buffer[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t fsec;

	if (timestamp2tm(instant, NULL, &tm, &fsec, NULL, NULL) != 0)
		return NULL;
	tm.tm_isdst = 0; /* known, or no offset is written */
	EncodeDateTime(&tm, fsec, true, 0, "UTC", USE_ISO_DATES, buffer);
	return pstrdup(buffer);
}

/* Checks a setting that holds an instant or nothing, and fixes its spelling. */
bool
clock_check_instant(char **newval, void **extra, GucSource source)
{
	TimestampTz instant;
	TimestampTz *kept;
	char *spelled;
	int sqlstate;

	if (*newval == NULL || **newval == '\0')
		return true;
	if (!parse_instant(*newval, &instant, &sqlstate))
	{
		GUC_check_errcode(sqlstate);
		GUC_check_errdetail("\"%s\" is not a finite instant.", *newval);
		GUC_check_errhint("Give a date, or a date and time with a zone, such as 2026-03-31 "
		                  "23:59:59+07; empty means now.");
		return false;
	}
	spelled = clock_spell_instant(instant);
	spelled = spelled != NULL ? compat_guc_strdup(spelled) : NULL;
	kept = compat_guc_malloc(sizeof(TimestampTz));
	if (spelled == NULL || kept == NULL)
		return false;
	*kept = instant;
	*extra = kept;
	compat_guc_free(*newval);
	*newval = spelled;
	return true;
}

/*
 * Whether SQL's AT TIME ZONE reads a zone's name as something else: it looks among
 * abbreviations first, where CET is an hour all year and not the zone CET.
 */
static bool
is_misread_by_sql(pg_tz *zone)
{
	char *abbreviation =
	    asc_tolower(pg_get_timezone_name(zone), strlen(pg_get_timezone_name(zone)));
	long zone_offset;
	int offset;

	if (!compat_decode_abbreviation(abbreviation, &offset))
		return false;
	return !pg_get_timezone_offset(zone, &zone_offset) || zone_offset != -offset;
}

/* Checks that a zone exists, counts no leap seconds and is not misread; fixes its spelling. */
bool
clock_check_zone(char **newval, void **extra, GucSource source)
{
	pg_tz *zone = pg_tzset(*newval);
	char *spelled;

	if (zone == NULL || !pg_tz_acceptable(zone))
	{
		GUC_check_errdetail("\"%s\" is not a time zone that PostgreSQL knows.", *newval);
		GUC_check_errhint("SELECT name FROM pg_timezone_names lists them.");
		return false;
	}
	if (is_misread_by_sql(zone))
	{
		GUC_check_errdetail("\"%s\" is also an abbreviation with another meaning.", *newval);
		GUC_check_errhint("Name a city of the zone, such as Europe/Paris.");
		return false;
	}
	spelled = compat_guc_strdup(pg_get_timezone_name(zone));
	*extra = compat_guc_malloc(sizeof(pg_tz *));
	if (spelled == NULL || *extra == NULL)
		return false;
	memcpy(*extra, &zone, sizeof(pg_tz *));
	compat_guc_free(*newval);
	*newval = spelled;
	return true;
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

void
clock_assign_zone(const char *newval, void *extra)
{
	memcpy(&ngeshare_settings.zone, extra, sizeof(pg_tz *));
}

/* The instant that answers are given as of, where a call names none. */
TimestampTz
clock_as_of(void)
{
	return as_of != NULL ? *as_of : GetCurrentTransactionStartTimestamp();
}

/* The instant that a sync counts as now. */
TimestampTz
clock_sync_now(void)
{
	return sync_clock != NULL ? *sync_clock : GetCurrentTimestamp();
}

/* The calendar day of a UTC timestamp in a zone; 22008 where there is none. */
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
ngeshare_reporting_zone(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(pg_get_timezone_name(ngeshare_settings.zone)));
}

/* A stamp of production's as text that reads the same under any DateStyle. */
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
		                errmsg("a stamp of production's is outside the calendar")));
	EncodeDateTime(&tm, fsec, false, 0, NULL, USE_ISO_DATES, buffer);
	return buffer;
}
