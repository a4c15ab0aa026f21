/*
 * src/sync/sync.h
 *		A sync as data, and its steps.
 *
 * sync_step() is one bounded unit of work in the caller's transaction: it begins
 * none and ends none. Who loops it (the procedure; a background worker) commits
 * after each, so a killed run loses one step at most.
 */
#ifndef NGESHARE_SYNC_H
#define NGESHARE_SYNC_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mirror/remote.h"
#include "mirror/tables.h"
#include "utils/timestamp.h"

typedef enum SyncPhase
{
	SYNC_PREFLIGHT, /* look at production, once a run */
	SYNC_OPEN,      /* begin a table's pass, or go on with one that was cut off */
	SYNC_PULL,      /* one batch into staging, as often as it takes */
	SYNC_PAST,      /* attendance, first or full: the meetings before the window */
	SYNC_MOVED,     /* attendance: what left the window for an earlier day */
	SYNC_MERGE,     /* staging into the mirror, one transaction a table */
	SYNC_DELETE,    /* full: rows that production no longer has, children first */
	SYNC_FINISH,    /* close the run */
	SYNC_ENDED
} SyncPhase;

/* What one table's pass did, in rows. */
typedef struct SyncCounts
{
	int64 pulled;
	int64 inserted;
	int64 updated;
	int64 deleted;
	int64 expected; /* to pull, as counted in preflight */
	int64 waiting;  /* in quarantine after it */
	bool is_merged;
	int64 source_rows;
	int64 local_rows;
	TimestampTz started_at;
} SyncCounts;

typedef struct SyncRun
{
	MemoryContext context; /* lives as long as the run, across its transactions */
	int64 run_id;
	bool is_full;
	bool wanted[MIRROR_TABLES];
	TimestampTz clock; /* the instant that counts as now */
	SyncPhase phase;
	int table; /* the table the phase is at */

	/* Learned in preflight */
	Remote *remote;
	Timestamp bound;        /* the watermark that passes begun now end with */
	Timestamp window_start; /* UTC */

	/* The pass under way */
	bool is_resumed;    /* begun by an earlier run: another pass follows */
	bool rebuilds_past; /* attendance: the past comes whole from production */
	int batch_rows;
	SyncCounts counts[MIRROR_TABLES];

	StringInfoData findings; /* what makes the run a warning */
} SyncRun;

/* run.c */
extern SyncRun *sync_new(bool is_full, const bool *wanted);
extern bool sync_step(SyncRun *run);
extern const char *sync_phase_name(SyncPhase phase);
extern void sync_note_finding(SyncRun *run, const char *format, ...) pg_attribute_printf(2, 3);
extern const char *sync_reporting_zone(void);

/* lock.c */
extern bool sync_lock_try(void);
extern void sync_lock_release(void);
extern void sync_lock_refuse_second(void);

/* procedure.c */
extern bool sync_read_mode(FunctionCallInfo fcinfo);

/* preflight.c */
extern void sync_preflight(SyncRun *run);

/* pull.c */
extern void sync_open_pass(SyncRun *run);
extern bool sync_pull_batch(SyncRun *run);

/* merge.c */
extern void sync_merge(SyncRun *run);
extern void sync_admit(SyncRun *run, const MirrorTable *table);
extern void sync_write_differences(SyncRun *run, const MirrorTable *table);
extern void
sync_count_rows(SyncRun *run, const char *source_condition, const char *local_condition);
extern void sync_delete_missing(SyncRun *run);

/* window.c */
extern char *sync_spell_stamp(Timestamp stamp);
extern void sync_pull_past(SyncRun *run);
extern void sync_pull_moved(SyncRun *run);
extern void sync_merge_window(SyncRun *run);

/* log.c */
extern int64 sync_log_begin(SyncRun *run, const char *trigger);
extern void sync_log_open_table(SyncRun *run);
extern void sync_log_close_table(SyncRun *run, int table, const char *status);
extern void sync_log_finish(SyncRun *run);
extern void sync_log_progress(SyncRun *run);
extern void sync_log_failure(SyncRun *run, ErrorData *error);
extern int64 sync_log_running(void);

#endif
