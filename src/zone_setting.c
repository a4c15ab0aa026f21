/*
 * src/zone_setting.c
 *		The setting ngeshare.timezone: which time zones it accepts.
 */
#include "ngeshare.h"

#include "access/parallel.h"
#include "compat.h"
#include "utils/formatting.h"

/*
 * Returns whether SQL's AT TIME ZONE would read a zone's name with another meaning. It looks up
 * abbreviations first: as an abbreviation, CET is one hour ahead of UTC all year, unlike the zone
 * CET.
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
	return !pg_get_timezone_offset(zone, &zone_offset) || zone_offset != offset;
}

/*
 * Returns whether pg_timezone_names contains a zone's name. Any other name that PostgreSQL
 * accepts is an offset in POSIX notation, such as UTC+7, whose sign is reversed. PostgreSQL
 * writes such a name in capitals, with digits. So a name without digits or with lower-case letters
 * is in the list, and a name with characters such as < is not. The list is searched only for a
 * name that consists of capitals, digits and signs.
 */
static bool
is_listed(const char *name)
{
	pg_tzenum *names;
	bool found = false;
	pg_tz *zone;

	if (strpbrk(name, "0123456789") == NULL || strpbrk(name, "abcdefghijklmnopqrstuvwxyz") != NULL)
		return true;
	if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") != strlen(name))
		return false;
	names = pg_tzenumerate_start();
	while (!found && (zone = pg_tzenumerate_next(names)) != NULL)
		found = strcmp(pg_get_timezone_name(zone), name) == 0;
	pg_tzenumerate_end(names);
	return found;
}

/* Returns whether a name means whatever zone the operating system of the server chooses. */
static bool
is_alias_of_system(const char *name)
{
	const char *last = strrchr(name, '/');

	last = last != NULL ? last + 1 : name;
	return strcmp(last, "localtime") == 0 || strcmp(last, "posixrules") == 0;
}

/* Sets the detail and hint with which the check hook refuses a zone; returns false. */
static bool
refuse_zone(const char *detail, const char *name, const char *hint)
{
	GUC_check_errdetail(detail, name);
	GUC_check_errhint("%s", hint);
	return false;
}

/*
 * Returns whether local days can be counted in a zone: it exists, has no leap seconds, and its
 * name has only one meaning.
 */
static bool
is_usable_zone(pg_tz *zone, const char *given)
{
	const char *hint = "SELECT name FROM pg_timezone_names lists them.";
	const char *name;

	if (zone == NULL || !pg_tz_acceptable(zone))
		return refuse_zone("\"%s\" is not a time zone that PostgreSQL supports.", given, hint);
	name = pg_get_timezone_name(zone);
	if (is_alias_of_system(name))
		return refuse_zone("\"%s\" is whatever zone the server's system is set to.", given,
		                   "Name the zone itself, such as Asia/Jakarta.");
	if (!is_listed(name))
		return refuse_zone("\"%s\" is an offset and not the name of a time zone.", given,
		                   "Name a city of the zone, such as Asia/Jakarta: SELECT name FROM"
		                   " pg_timezone_names lists them.");
	if (is_misread_by_sql(zone))
		return refuse_zone("\"%s\" is also an abbreviation with another meaning.", given,
		                   "Name a city of the zone, such as Europe/Paris.");
	return true;
}

/*
 * Checks a zone and replaces its name by PostgreSQL's spelling of it. A parallel worker that is
 * starting up accepts the zone as it is: its leader has checked it, and the worker has not loaded
 * the abbreviations yet.
 */
bool
clock_check_zone(char **newval, void **extra, GucSource source)
{
	pg_tz *zone = pg_tzset(*newval);

	if (!(InitializingParallelWorker && zone != NULL) && !is_usable_zone(zone, *newval))
		return false;
	return clock_respell(newval, pg_get_timezone_name(zone)) &&
	       clock_keep_beside(extra, &zone, sizeof(zone));
}

void
clock_assign_zone(const char *newval, void *extra)
{
	memcpy(&ngeshare_settings.zone, extra, sizeof(pg_tz *));
}
