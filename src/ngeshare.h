/*
 * src/ngeshare.h
 *		Declarations that all directories of src share: the settings, the clock, error codes.
 */
#ifndef NGESHARE_H
#define NGESHARE_H

#include "postgres.h"

#include "pgtime.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

/* A sync was refused because another one is running. */
#define NGESHARE_ERRCODE_SYNC_RUNNING MAKE_SQLSTATE('N', 'G', '0', '0', '1')
/*
 * A sync was refused because it would have deleted more rows than ngeshare.sync_max_delete_pct
 * allows.
 */
#define NGESHARE_ERRCODE_DELETE_REFUSED MAKE_SQLSTATE('N', 'G', '0', '0', '2')
/*
 * Production has begun fewer transactions than an earlier sync saw. Most likely it was restored
 * from a backup.
 */
#define NGESHARE_ERRCODE_SOURCE_RESTORED MAKE_SQLSTATE('N', 'G', '0', '0', '3')

/*
 * The current values of the settings. A time is in seconds unless its name or comment says
 * otherwise; alert_stale_after is in minutes.
 */
typedef struct NgeshareSettings
{
	int active_days;
	int link_days;
	int link_early_days;
	int link_min_shared;
	int link_min_overlap_pct;
	int rescue_min_pct;
	int attendance_window_days;
	int sync_batch_rows;
	int sync_overlap;
	int sync_timeout;
	int sync_retries;
	int sync_retry_base;  /* milliseconds */
	int sync_past_budget; /* milliseconds */
	int sync_max_delete_pct;
	int backup_keep;
	int archive_keep; /* days */
	char *pause_at;   /* for tests; see src/sync/run/pause.c */
	char *alert_url;  /* a secret: never written to a log, a table or an error */
	int alert_timeout;
	int alert_stale_after;
	char *page_url;
	int language;
	bool as_of_is_default; /* the API set as_of because the request named no instant */
	pg_tz *zone;
} NgeshareSettings;

extern NgeshareSettings ngeshare_settings;

/* clock.c */
extern bool clock_check_as_of(char **newval, void **extra, GucSource source);
extern bool clock_check_instant(char **newval, void **extra, GucSource source);
extern void clock_assign_as_of(const char *newval, void *extra);
extern void clock_assign_sync_clock(const char *newval, void *extra);
extern char *clock_spell_instant(TimestampTz instant);
extern bool clock_as_of_is_set(void);
extern TimestampTz clock_as_of(void);
extern TimestampTz clock_end_of_day(DateADT day, pg_tz *zone);
extern TimestampTz clock_sync_now(void);
extern DateADT clock_local_day(Timestamp utc, pg_tz *zone);
extern char *clock_spell(Timestamp stamp);
extern bool clock_respell(char **newval, const char *spelled);
extern bool clock_keep_beside(void **extra, const void *kept, size_t size);

/* zone_setting.c */
extern bool clock_check_zone(char **newval, void **extra, GucSource source);
extern void clock_assign_zone(const char *newval, void *extra);

#endif
