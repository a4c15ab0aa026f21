/*
 * src/zone_setting.c
 *		The setting timezone: which zones local days can be counted in.
 */
#include "ngeshare.h"

#include "access/parallel.h"
#include "compat.h"
#include "utils/formatting.h"

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

/*
 * Whether pg_timezone_names has a zone by this name. Another one that PostgreSQL
 * takes is an offset in POSIX's notation, which counts the wrong way. It has a digit,
 * and PostgreSQL writes it in capitals; few zones are written so, with nothing else than
 * a sign in their names, and are looked for.
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

/* Whether a zone's name stands for whatever the server's system is set to. */
static bool
is_alias_of_system(const char *name)
{
	const char *last = strrchr(name, '/');

	last = last != NULL ? last + 1 : name;
	return strcmp(last, "localtime") == 0 || strcmp(last, "posixrules") == 0;
}

/* Says why a zone is refused, in the words of a check hook. */
static bool
refuse_zone(const char *detail, const char *name, const char *hint)
{
	GUC_check_errdetail(detail, name);
	GUC_check_errhint("%s", hint);
	return false;
}

/* Whether a zone is one to count days in: it exists, has no leap seconds and one meaning. */
static bool
is_usable_zone(pg_tz *zone, const char *given)
{
	const char *hint = "SELECT name FROM pg_timezone_names lists them.";
	const char *name;

	if (zone == NULL || !pg_tz_acceptable(zone))
		return refuse_zone("\"%s\" is not a time zone that PostgreSQL knows.", given, hint);
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
 * Checks a zone and fixes its spelling. A parallel worker that begins takes what its
 * leader has checked: it has no abbreviations to hold it against yet.
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
