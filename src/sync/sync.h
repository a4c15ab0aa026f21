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
#include "sync/content.h"
#include "sync/digest.h"
#include "utils/timestamp.h"

typedef enum SyncMode
{
	SYNC_INCREMENTAL, /* what differs */
	SYNC_FULL,        /* everything anew */
	SYNC_COMPARE      /* mode verify: look, and change nothing */
} SyncMode;

typedef enum SyncPhase
{
	SYNC_PREFLIGHT, /* look at production, once a run */
	SYNC_SURVEY,    /* compare each table's content before anything is pulled */
	SYNC_OPEN,      /* begin a table's pass, or go on with one that was cut off */
	SYNC_PULL,      /* one batch into staging, as often as it takes */
	SYNC_PAST,      /* attendance: meetings before the window, where they differ */
	SYNC_PARENTS,   /* rows that staged ones point to and that have not come yet */
	SYNC_MERGE,     /* staging into the mirror, one transaction a table */
	SYNC_WINDOW,    /* the same for attendance and its history */
	SYNC_VERIFY,    /* compare again; find by key what still differs */
	SYNC_REPAIR,    /* fetch that by key, a piece at a time */
	SYNC_DELETES,   /* rows that production no longer has, children first */
	SYNC_FINISH,    /* close the run */
	SYNC_ENDED
} SyncPhase;

/* One table within a run: how it stands, and what was done to it, in rows. */
typedef struct SyncTable
{
	bool is_whole;        /* comes whole: into an empty mirror, or in a full run */
	bool is_same;         /* the survey found no difference */
	char *buckets;        /* where the survey found some, as the text of an array */
	Content content;      /* what is compared */
	int64 differing_rows; /* production's, in those buckets */
	int64 all_here;       /* rows, and attendances of the past: what a guard goes by */
	int64 all_there;

	int64 expected; /* to pull, as counted in the survey */
	int64 pulled;
	int64 inserted;
	int64 updated;
	int64 deleted;
	int64 repaired;    /* of those inserted and updated, what only the content told */
	int64 waiting;     /* in quarantine after it */
	int64 extra;       /* are here and no longer there, found by key */
	int64 mismatching; /* differ still, after they were repaired */
	bool is_done;
	int64 source_rows;
	int64 local_rows;
	TimestampTz started_at;
} SyncTable;

typedef struct SyncRun
{
	MemoryContext context; /* lives as long as the run, across its transactions */
	int64 run_id;
	SyncMode mode;
	bool wanted[MIRROR_TABLES];
	TimestampTz clock; /* the instant that counts as now */
	SyncPhase phase;
	int table; /* the table the phase is at */

	/* Learned in preflight. Stamps are production's, in UTC. */
	Remote *remote;
	Timestamp bound;        /* the watermark that passes begun now end with */
	Timestamp window_start; /* where this run's window starts */
	Timestamp old_start;    /* where the last one's did; DT_NOBEGIN before the first */

	/* The pass under way */
	bool is_resumed;    /* begun by an earlier run: another pass follows */
	bool rebuilds_past; /* attendance: the past comes whole from production */
	char *past_buckets; /* attendance: where the past differs */
	int batch_rows;
	SyncTable tables[MIRROR_TABLES];

	StringInfoData findings; /* what makes the run a warning */
} SyncRun;

/* run.c */
extern SyncRun *sync_new(SyncMode mode, const bool *wanted);
extern bool sync_step(SyncRun *run);
extern const char *sync_phase_name(SyncPhase phase);
extern void sync_note_finding(SyncRun *run, const char *format, ...) pg_attribute_printf(2, 3);
extern const char *sync_reporting_zone(void);
extern char *sync_keep_text(SyncRun *run, const char *text);

/* lock.c */
extern bool sync_lock_try(void);
extern void sync_lock_release(void);
extern void sync_lock_refuse_second(void);

/* procedure.c */
extern SyncMode sync_read_mode(FunctionCallInfo fcinfo);
extern const char *sync_mode_name(SyncMode mode);

/* preflight.c */
extern void sync_preflight(SyncRun *run);

/* survey.c */
extern void sync_survey(SyncRun *run);
extern void sync_define_content(SyncRun *run);
extern Timestamp sync_compared_start(const SyncRun *run);
extern Timestamp sync_watermark(const MirrorTable *table);

/* pull.c */
extern bool sync_open_pass(SyncRun *run);
extern bool sync_pull_batch(SyncRun *run);
extern List *sync_staged_columns(const MirrorTable *table);

/* parents.c */
extern void sync_fetch_parents(SyncRun *run);

/* merge.c */
extern void sync_clear(const char *table);
extern void sync_lock_table(const MirrorTable *table);
extern void sync_close_pass(const MirrorTable *table);
extern void sync_merge(SyncRun *run);
extern int64 sync_write_differences(SyncRun *run, const MirrorTable *table);
extern void sync_analyze_if_changed(SyncRun *run, const MirrorTable *table);

/* quarantine.c */
extern void sync_keep_latest(const MirrorTable *table);
extern void sync_admit(SyncRun *run, const MirrorTable *table);
extern int64 sync_stage_quarantined(const MirrorTable *table);
extern void sync_report_quarantined(SyncRun *run, const MirrorTable *table);

/* fill.c */
extern bool sync_is_empty(const MirrorTable *table);
extern void sync_lock_parents(const MirrorTable *table);
extern void sync_fill(SyncRun *run, const MirrorTable *table);

/* window.c */
extern void sync_pull_past(SyncRun *run);
extern void sync_merge_window(SyncRun *run);
extern void sync_correct_past(SyncRun *run);

/* backup.c */
extern void sync_back_up_changed(SyncRun *run);
extern void sync_back_up_removed(SyncRun *run, const char *condition);
extern void sync_back_up_added(SyncRun *run);
extern void sync_forget_old_backups(void);

/* verify.c */
extern bool sync_verify(SyncRun *run);
extern int64 sync_find_differences(SyncRun *run, const char *buckets);

/* repair.c */
extern uint64 sync_stage_by_id(SyncRun *run, const MirrorTable *table, const char *ids);
extern bool sync_repair(SyncRun *run);

/* remove.c */
extern int64 sync_allowed_removals(const SyncRun *run, int table);
extern void sync_guard_removal(const SyncRun *run, int table, int64 missing);
extern char *sync_split_gone(SyncRun *run, const char *ids, int64 *gone);
extern void sync_archive(SyncRun *run, const MirrorTable *table, const char *condition);
extern void sync_guard_all_removals(SyncRun *run);
extern void sync_remove(SyncRun *run);

/* log.c */
extern int64 sync_log_begin(SyncRun *run, const char *trigger);
extern void sync_log_open_table(SyncRun *run);
extern void sync_log_close_table(SyncRun *run, int table);
extern void sync_log_finish(SyncRun *run);
extern void sync_log_progress(SyncRun *run);
extern void sync_log_failure(SyncRun *run, ErrorData *error);
extern int64 sync_log_running(void);

#endif
