/*
 * src/compat.h
 *		The code that depends on the PostgreSQL version that the extension is built for.
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

/*
 * A check hook allocates its results with malloc() before PostgreSQL 16, and with guc.c's
 * functions from 16 on.
 */
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
 * Allows our settings to be set in parallel mode. A parallel query may be the first to load the
 * library. Without this flag, the settings would then ignore the database's configuration. Some
 * minor releases of PostgreSQL lack the flag.
 */
#ifdef GUC_ALLOW_IN_PARALLEL
#define COMPAT_GUC_IN_PARALLEL GUC_ALLOW_IN_PARALLEL
#else
#define COMPAT_GUC_IN_PARALLEL 0
#endif

/* Begins a sequential scan. From PostgreSQL 19 on, table_beginscan() also takes flags. */
#if PG_VERSION_NUM >= 190000
#define compat_table_beginscan(relation, snapshot) table_beginscan(relation, snapshot, 0, NULL, 0)
#else
#define compat_table_beginscan(relation, snapshot) table_beginscan(relation, snapshot, 0, NULL)
#endif

/* Decodes the fields of a date and time; returns 0 or a DTERR code. */
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
 * Returns whether a lower-case token is a time zone abbreviation. *offset is then its offset in
 * seconds east of UTC, or PG_INT32_MIN for an abbreviation whose meaning changed over time.
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
	return type == TZ || type == DTZ || type == DYNTZ;
}

/* From PostgreSQL 17 on, each transaction starts the timer of transaction_timeout. Stops it. */
static inline void
compat_stop_transaction_timer(void)
{
#if PG_VERSION_NUM >= 170000
	if (get_timeout_active(TRANSACTION_TIMEOUT))
		disable_timeout(TRANSACTION_TIMEOUT, false);
#endif
}

/* Sets the size that the planner assumes for a relation. */
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
 * Returns the wait event that pg_stat_activity shows under a name. Before PostgreSQL 17 an
 * extension can't name its wait events, so the event is the general one for extensions.
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
