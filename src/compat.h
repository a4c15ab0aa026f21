/*
 * src/compat.h
 *		The one place that knows which PostgreSQL this is built for.
 */
#ifndef NGESHARE_COMPAT_H
#define NGESHARE_COMPAT_H

#include "access/multixact.h"
#include "commands/vacuum.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timeout.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "ngeshare needs PostgreSQL 15 or newer"
#endif

/* What a setting's check hook keeps: plain malloc before 16, guc.c's own after. */
#if PG_VERSION_NUM >= 160000
#define compat_guc_malloc(size) guc_malloc(LOG, size)
#define compat_guc_strdup(text) guc_strdup(LOG, text)
#define compat_guc_free(pointer) guc_free(pointer)
#else
#define compat_guc_malloc(size) malloc(size)
#define compat_guc_strdup(text) strdup(text)
#define compat_guc_free(pointer) free(pointer)
#endif

/*
 * Our settings may be set while a query runs in parallel: it may be what loads the
 * library, which would otherwise miss the database's configuration. Some minor
 * releases lack the flag.
 */
#ifdef GUC_ALLOW_IN_PARALLEL
#define COMPAT_GUC_IN_PARALLEL GUC_ALLOW_IN_PARALLEL
#else
#define COMPAT_GUC_IN_PARALLEL 0
#endif

/* Begins to read all of a table: from 19 on the call has flags. */
#if PG_VERSION_NUM >= 190000
#define compat_table_beginscan(relation, snapshot) table_beginscan(relation, snapshot, 0, NULL, 0)
#else
#define compat_table_beginscan(relation, snapshot) table_beginscan(relation, snapshot, 0, NULL)
#endif

/* Decodes parsed date-time fields; returns 0 or a DTERR code. */
static inline int
compat_decode_datetime(char **field, int *ftype, int nf, int *dtype, struct pg_tm *tm, fsec_t *fsec,
                       int *tzp)
{
#if PG_VERSION_NUM >= 160000
	DateTimeErrorExtra extra;

	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp, &extra);
#else
	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp);
#endif
}

/*
 * Whether a lower-case token is a time zone abbreviation; *offset is then its
 * seconds west of UTC, or INT_MIN for one whose meaning changed over time.
 */
static inline bool
compat_decode_abbreviation(char *token, int *offset)
{
	pg_tz *zone = NULL;
	int type;
#if PG_VERSION_NUM >= 160000
	DateTimeErrorExtra extra;

	if (DecodeTimezoneAbbrev(0, token, &type, offset, &zone, &extra) != 0)
		return false;
#else

	type = DecodeTimezoneAbbrev(0, token, offset, &zone);
#endif
	if (type == DYNTZ)
		*offset = PG_INT32_MIN;
	else if (type == DTZ)
		*offset -= SECS_PER_HOUR;
	return type == TZ || type == DTZ || type == DYNTZ;
}

/* Ends the timer of transaction_timeout, which PostgreSQL 17 starts with each transaction. */
static inline void
compat_stop_transaction_timer(void)
{
#if PG_VERSION_NUM >= 170000
	if (get_timeout_active(TRANSACTION_TIMEOUT))
		disable_timeout(TRANSACTION_TIMEOUT, false);
#endif
}

/* Sets the size that the planner believes a relation to have. */
static inline void
compat_set_relation_size(Relation relation, double pages, double rows)
{
#if PG_VERSION_NUM >= 180000
	vac_update_relstats(relation, pages, rows, 0, 0, false, InvalidTransactionId,
	                    InvalidMultiXactId, NULL, NULL, true);
#else
	vac_update_relstats(relation, pages, rows, 0, false, InvalidTransactionId, InvalidMultiXactId,
	                    NULL, NULL, true);
#endif
}

/*
 * What a process of ours waits for, as pg_stat_activity.wait_event names it. Before PostgreSQL 17
 * an extension has no names of its own there.
 */
static inline uint32
compat_wait_event(uint32 *known, const char *name)
{
#if PG_VERSION_NUM >= 170000
	if (*known == 0)
		*known = WaitEventExtensionNew(name);
	return *known;
#else
	return PG_WAIT_EXTENSION;
#endif
}

#endif
