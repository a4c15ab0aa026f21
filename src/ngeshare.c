/*
 * src/ngeshare.c
 *		The module's magic block and all settings.
 *
 * The module does not need shared_preload_libraries. With session_preload_libraries = 'ngeshare',
 * PostgreSQL checks the settings as soon as they are set. Without it, PostgreSQL does not know
 * them before the session's first call of one of our functions.
 */
#include "ngeshare.h"

#include <limits.h>

#include "alert/alert.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "sync/run/run.h"
#include "utils/builtins.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(ngeshare_setting);

void _PG_init(void);

NgeshareSettings ngeshare_settings;

/* The integer settings. ngeshare.setting() returns only these, so it can't reveal a secret. */
static struct
{
	const char *name;
	const int *value;
} integers[32];
static int integer_count;

/* The values of ngeshare.language, named by ISO 639. */
enum
{
	LANGUAGE_ID,
	LANGUAGE_EN
};

static const struct config_enum_entry languages[] = {
    {"id", LANGUAGE_ID, false}, {"en", LANGUAGE_EN, false}, {NULL, 0, false}};

static char *as_of_text;
static char *sync_clock_text;
static char *timezone_text;

/* Declares an integer setting that ordinary users may not change. */
static void
define_int(const char *name, const char *description, int *value, int initial, int min, int max,
           int flags)
{
	DefineCustomIntVariable(name, description, NULL, value, initial, min, max, PGC_SUSET,
	                        flags | COMPAT_GUC_IN_PARALLEL, NULL, NULL, NULL);
	Assert(integer_count < lengthof(integers));
	integers[integer_count].name = name;
	integers[integer_count++].value = value;
}

/* Declares the settings that decide what an answer says. */
static void
define_answer_settings(void)
{
	DefineCustomStringVariable(
	    "ngeshare.as_of", "The instant that answers are given as of; empty means now().",
	    "A date without a time of day means the last instant of that day in ngeshare.timezone.",
	    &as_of_text, "", PGC_USERSET, COMPAT_GUC_IN_PARALLEL, clock_check_as_of, clock_assign_as_of,
	    NULL);
	DefineCustomBoolVariable(
	    "ngeshare.as_of_is_default",
	    "Whether the API has set ngeshare.as_of because a request named no instant.",
	    "Follow-ups then count up to the statement's start.", &ngeshare_settings.as_of_is_default,
	    false, PGC_SUSET, COMPAT_GUC_IN_PARALLEL, NULL, NULL, NULL);
	DefineCustomStringVariable("ngeshare.timezone", "The time zone whose local days answers use.",
	                           NULL, &timezone_text, "Asia/Jakarta", PGC_SUSET,
	                           COMPAT_GUC_IN_PARALLEL, clock_check_zone, clock_assign_zone, NULL);
	define_int("ngeshare.active_days", "Days without a meeting for which a group is still active.",
	           &ngeshare_settings.active_days, 28, 0, 36500, 0);
	define_int("ngeshare.link_days",
	           "Days after a group's graduation until which the linked group may first meet.",
	           &ngeshare_settings.link_days, 90, 0, 36500, 0);
	define_int("ngeshare.link_early_days",
	           "Days before a group's graduation from which on the linked group may first meet.",
	           &ngeshare_settings.link_early_days, 30, 0, 36500, 0);
	define_int("ngeshare.link_min_shared", "Members that two groups must share to be linked.",
	           &ngeshare_settings.link_min_shared, 2, 0, INT_MAX, 0);
	define_int("ngeshare.link_min_overlap_pct",
	           "Percent of the smaller group's members that two groups must share to be linked.",
	           &ngeshare_settings.link_min_overlap_pct, 50, 0, 100, 0);
	define_int("ngeshare.rescue_min_pct",
	           "Percent of a course from which on a stalled group is on the rescue list.",
	           &ngeshare_settings.rescue_min_pct, 70, 0, 100, 0);
}

/* Declares the settings of the sync. */
static void
define_sync_settings(void)
{
	define_int("ngeshare.attendance_window_days",
	           "Days of raw attendance that each sync makes exactly production's.",
	           &ngeshare_settings.attendance_window_days, 45, 1, 36500, 0);
	define_int("ngeshare.sync_batch_rows",
	           "Rows of a table's first batch; later batches are sized to take about two seconds.",
	           &ngeshare_settings.sync_batch_rows, 5000, 1, 10000000, 0);
	define_int("ngeshare.sync_overlap",
	           "Time that a watermark stays behind production's clock, to find late commits.",
	           &ngeshare_settings.sync_overlap, 600, 0, 604800, GUC_UNIT_S);
	define_int(
	    "ngeshare.sync_timeout",
	    "Time after which a sync gives up a statement on production or the wait for a lock here.",
	    &ngeshare_settings.sync_timeout, 300, 1, 86400, GUC_UNIT_S);
	define_int("ngeshare.sync_retries",
	           "Times that a step is tried again after an error that may pass by itself.",
	           &ngeshare_settings.sync_retries, 3, 0, 100, 0);
	define_int(
	    "ngeshare.sync_retry_base",
	    "Time before the first retry of a step; it doubles for each further one, up to a minute.",
	    &ngeshare_settings.sync_retry_base, 1000, 0, 60000, GUC_UNIT_MS);
	define_int("ngeshare.sync_past_budget",
	           "Time on production in which an incremental sync compares a part of the past.",
	           &ngeshare_settings.sync_past_budget, 1000, 0, INT_MAX, GUC_UNIT_MS);
	define_int("ngeshare.sync_max_delete_pct",
	           "Percent of a table's rows (but at least 50 rows) that one run may delete.",
	           &ngeshare_settings.sync_max_delete_pct, 5, 0, 100, 0);
	define_int("ngeshare.backup_keep",
	           "Runs whose replaced attendance is kept, for ngeshare_restore_attendance().",
	           &ngeshare_settings.backup_keep, 3, 0, 100000, 0);
	define_int(
	    "ngeshare.archive_keep",
	    "Days for which rows that production deleted are kept, for ngeshare_restore_deleted().",
	    &ngeshare_settings.archive_keep, 90, 0, 36500, 0);
	DefineCustomStringVariable(
	    "ngeshare.pause_at",
	    "The phase in which a sync waits for ngeshare.resume_sync(), for tests; empty: none.", NULL,
	    &ngeshare_settings.pause_at, "", PGC_SUSET, COMPAT_GUC_IN_PARALLEL, sync_check_pause, NULL,
	    NULL);
	DefineCustomStringVariable("ngeshare.sync_clock",
	                           "Replaces the sync's clock, for tests; empty means the real one.",
	                           NULL, &sync_clock_text, "", PGC_SUSET, COMPAT_GUC_IN_PARALLEL,
	                           clock_check_instant, clock_assign_sync_clock, NULL);
}

/* Declares the settings of the alerts. alert_url is a secret, hidden from ordinary users. */
static void
define_alert_settings(void)
{
	DefineCustomStringVariable(
	    "ngeshare.alert_url", "The webhook that alerts are sent to; empty means none.", NULL,
	    &ngeshare_settings.alert_url, "", PGC_SUSET, GUC_SUPERUSER_ONLY | COMPAT_GUC_IN_PARALLEL,
	    alert_check_url, NULL, NULL);
	DefineCustomStringVariable("ngeshare.page_url",
	                           "The page's address, for the link in a digest; empty means no link.",
	                           NULL, &ngeshare_settings.page_url, "", PGC_SUSET,
	                           COMPAT_GUC_IN_PARALLEL, alert_check_page_url, NULL, NULL);
	DefineCustomEnumVariable("ngeshare.language", "The language of the digest: id or en.", NULL,
	                         &ngeshare_settings.language, LANGUAGE_ID, languages, PGC_SUSET,
	                         COMPAT_GUC_IN_PARALLEL, NULL, NULL, NULL);
	define_int("ngeshare.alert_timeout", "Time that the delivery of one alert may take.",
	           &ngeshare_settings.alert_timeout, 10, 1, 300, GUC_UNIT_S);
	define_int("ngeshare.alert_stale_after",
	           "Time without a successful sync after which the data counts as stale.",
	           &ngeshare_settings.alert_stale_after, 26 * 60, 1, INT_MAX, GUC_UNIT_MIN);
}

/* Declares all settings. PostgreSQL calls this function when it loads the library. */
void
_PG_init(void)
{
	define_answer_settings();
	define_sync_settings();
	define_alert_settings();
	MarkGUCPrefixReserved("ngeshare");
}

/*
 * Returns the value of an integer setting; raises 42704 for any other name. Calling this function
 * loads the library, which declares the settings.
 */
Datum
ngeshare_setting(PG_FUNCTION_ARGS)
{
	char *name = psprintf("ngeshare.%s", text_to_cstring(PG_GETARG_TEXT_PP(0)));

	for (int i = 0; i < integer_count; i++)
		if (strcmp(integers[i].name, name) == 0)
			PG_RETURN_INT32(*integers[i].value);
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
	                errmsg("\"%s\" is not an integer setting of ngeshare", name),
	                errhint("SELECT name FROM pg_settings WHERE name LIKE 'ngeshare.%%' AND vartype"
	                        " = 'integer' lists them.")));
}
