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
#include "mirror/check.h"
#include "mirror/remote.h"
#include "mirror/tables.h"
#include "nodes/pg_list.h"
#include "sync/compare/content.h"
#include "sync/compare/digest.h"
#include "utils/guc.h"
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
	SYNC_SETTLE,    /* write down what reads would have to compute */
	SYNC_FINISH,    /* close the run */
	SYNC_ENDED
} SyncPhase;

/* What an error is: it may pass by itself, somebody has to act, or one row can't be stored. */
typedef enum SyncErrorClass
{
	SYNC_TRANSIENT,
	SYNC_PERMANENT,
	SYNC_ROW
} SyncErrorClass;

/* Where a run goes after a step has failed. */
typedef enum SyncVerdict
{
	SYNC_RETRY,      /* the step again */
	SYNC_SKIP_TABLE, /* the next table that doesn't need this one */
	SYNC_END         /* nowhere */
} SyncVerdict;

/* A row of sync_error_log that is still to be written. */
typedef struct SyncError
{
	const char *table_name; /* NULL where the run was at none */
	const char *phase;
	TimestampTz occurred_at;
	int attempt;
	int sqlstate;
	SyncErrorClass error_class;
	const char *message;
	const char *detail; /* NULL where there is none */
	bool will_retry;
} SyncError;

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
	int64 refused;     /* could not be stored or fetched, each by itself */
	bool is_done;
	bool has_failed; /* or was skipped, since a parent of it has */
	bool is_skipped;
	int64 source_rows;
	int64 local_rows;
	TimestampTz started_at;
} SyncTable;

/* A piece of the list of a table's rows in ngeshare.difference (pieces.c). */
typedef struct SyncPiece
{
	int64 first; /* its numbers */
	int64 last;
	int64 rows;
	char *ids;    /* the text of an array */
	char *one_id; /* one of them */
} SyncPiece;

typedef struct SyncRun
{
	MemoryContext context; /* lives as long as the run, across its transactions */
	int64 run_id;
	SyncMode mode;
	bool wanted[MIRROR_TABLES];
	TimestampTz clock; /* the instant that counts as now */
	SyncPhase phase;
	int table; /* the table the phase is at */

	Remote *remote;       /* NULL before preflight and after an error; a step opens it again */
	int64 bytes_received; /* over connections that are closed again */
	Production *production;

	/* Learned in preflight. Stamps are production's, in UTC. */
	Timestamp bound;        /* the watermark that passes begun now end with */
	Timestamp window_start; /* where this run's window starts */
	Timestamp old_start;    /* where the last one's did; DT_NOBEGIN before the first */

	/* The pass under way */
	bool is_resumed;    /* begun by an earlier run: another pass follows */
	bool rebuilds_past; /* attendance: the past comes whole from production */
	char *past_buckets; /* attendance: where the past differs */
	int batch_rows;
	int repair_rows;
	SyncPiece repair;              /* those being repaired; its texts are gone by then */
	int64 repaired_to;             /* the last of the list that was dealt with */
	long repair_ms;                /* what it took to fetch those */
	bool is_fetched;               /* a phase of two steps has asked production, and writes next */
	bool is_parent[MIRROR_TABLES]; /* parents of this table's rows were staged */
	bool has_corrected_past;
	int64 written_meetings; /* before the window: written or removed, since production differed */
	SyncTable tables[MIRROR_TABLES];

	StringInfoData findings; /* what makes the run a warning */

	/* The step under way, where it has failed before (retry.c) */
	struct SyncRun *before;     /* the run as the step found it */
	int attempt;                /* times that it has failed */
	int transient_failures;     /* those among them that could pass by themselves */
	long delay_ms;              /* to wait before it is tried again */
	TimestampTz conflict_since; /* when it first had to let a lock go; 0: it had not */
	long conflict_ms;           /* that the run's steps before it have waited so */
	bool is_narrowing;          /* a row can't be stored: smaller pieces are tried */
	bool passes_over;           /* the piece is one row, which is passed over */
	bool isolates;              /* a merge: rows that can't be stored are looked for first */
	const char *row_error;      /* what was said of such a row */
	int row_sqlstate;
	SyncVerdict verdict;
	List *unlogged;    /* SyncErrors */
	ErrorData *error;  /* what the run is going to be raised with, at its end */
	bool is_cancelled; /* that error is somebody's will */
	bool is_dropped;   /* the extension is gone, and the logs with it */
	bool has_paused;
} SyncRun;

/* How steps get their transactions: a procedure's differ from a worker's. */
typedef struct SyncTransactions
{
	void (*begin)(const SyncRun *run);
	void (*commit)(void);
	void (*rollback)(void); /* whatever state the error has left */
} SyncTransactions;

/* loop.c */
extern void sync_run_to_end(SyncRun *run, const SyncTransactions *transactions);

/* run.c */
extern SyncRun *sync_new(SyncMode mode, const bool *wanted);
extern bool sync_step(SyncRun *run);
extern void sync_leave_table(SyncRun *run);
extern const char *sync_phase_name(SyncPhase phase);
extern void sync_note_finding(SyncRun *run, const char *format, ...) pg_attribute_printf(2, 3);
extern const char *sync_reporting_zone(void);
extern char *sync_keep_text(SyncRun *run, const char *text);

/* retry.c */
extern void sync_judge(SyncRun *run, ErrorData *error);
extern bool sync_is_own_stop(const ErrorData *error);
extern void sync_stop(SyncRun *run, ErrorData *error);
extern void sync_forget_failures(SyncRun *run);
extern long sync_backoff(int failures);
extern bool sync_is_row_error(int sqlstate);
extern bool sync_may_fill(const SyncRun *run);

/* errors.c */
extern void sync_note_error(SyncRun *run, ErrorData *error, SyncErrorClass error_class);
extern void sync_log_errors(SyncRun *run);
extern void sync_count_refused(SyncRun *run, const MirrorTable *table, const char *message);
extern void sync_log_row_error(SyncRun *run, int sqlstate, const char *message, const char *row);

/* pause.c */
extern bool sync_check_pause(char **newval, void **extra, GucSource source);
extern void sync_pause(SyncRun *run, bool is_after);

/* lock.c */
extern void sync_close_gate(void);
extern void sync_limit_lock_waits(void);
extern bool sync_lock_try(void);
extern void sync_lock_keep(void);
extern void sync_lock_release(void);
extern void sync_lock_refuse_second(void);

/* procedure.c */
extern SyncMode sync_read_mode(FunctionCallInfo fcinfo);
extern const char *sync_mode_name(SyncMode mode);

/* preflight.c */
extern void sync_preflight(SyncRun *run);
extern void sync_reopen(SyncRun *run);
extern void sync_drop_connection(SyncRun *run);

/* drift.c */
extern void sync_record_drift(SyncRun *run);
extern void sync_tell_drift(SyncRun *run);

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
extern bool sync_stage_parents(SyncRun *run);
extern void sync_write_parents(SyncRun *run);

/* merge.c */
extern void sync_clear(const char *table);
extern void sync_close_pass(const MirrorTable *table);
extern void sync_merge(SyncRun *run);
extern int64 sync_write_differences(SyncRun *run, const MirrorTable *table);
extern int64 sync_update_staged(const MirrorTable *table, const char *condition);
extern int64 sync_insert_staged(const MirrorTable *table, const char *condition);
extern void sync_analyze_if_changed(SyncRun *run, const MirrorTable *table);

/* leave.c */
extern char *sync_leaving(const MirrorTable *table);
extern char *sync_staying(const MirrorTable *table);
extern bool sync_has_leaving(const SyncRun *run, int table);
extern bool sync_may_leave(const SyncRun *run);
extern void sync_hold_orphans(SyncRun *run);
extern int64 sync_count_kept(const MirrorTable *table);
extern void sync_forget_kept(const MirrorTable *table);
extern void sync_forget_differences(void);
extern void sync_report_kept(SyncRun *run, const MirrorTable *table, const char *refused_by);

/* references.c */
extern char *sync_unreferenced(const MirrorTable *table);
extern char *sync_find_referencing(const MirrorTable *table, const char *condition);

/* quarantine.c */
extern void sync_hold_mirrored(SyncRun *run, const MirrorTable *table, const char *ids);
extern void sync_forget_quarantined(const MirrorTable *table);
extern void sync_keep_latest(const MirrorTable *table);
extern void sync_admit(SyncRun *run, const MirrorTable *table);
extern void
sync_hold_staged(SyncRun *run, const MirrorTable *table, int64 stage_no, const char *reason);
extern void sync_hold_by_key(SyncRun *run, const MirrorTable *table, const char *id);
extern void sync_hold_surplus(SyncRun *run);
extern void sync_release(const MirrorTable *table);
extern bool sync_has_unfetched(const MirrorTable *table);
extern int64 sync_stage_quarantined(const MirrorTable *table);
extern void sync_count_quarantined(SyncRun *run, const MirrorTable *table);

/* isolate.c */
extern void sync_isolate(SyncRun *run, const MirrorTable *table);

/* fill.c */
extern bool sync_is_empty(const MirrorTable *table);
extern bool sync_is_as_made(const MirrorTable *table);
extern void sync_lock_parents(const MirrorTable *table);
extern void sync_fill(SyncRun *run, const MirrorTable *table);

/* window.c */
extern void sync_pull_past(SyncRun *run);
extern void sync_look_for_gone(SyncRun *run);
extern void sync_merge_window(SyncRun *run);
extern void sync_correct_past(SyncRun *run);

/* backup.c */
extern void sync_archive(SyncRun *run, const MirrorTable *table, const char *condition);
extern void sync_back_up_changed(SyncRun *run);
extern void sync_back_up_removed(SyncRun *run, const char *condition);
extern void sync_back_up_added(SyncRun *run);
extern void sync_forget_old_backups(void);

/* verify.c */
extern bool sync_verify(SyncRun *run);
extern bool sync_verify_past(SyncRun *run);
extern int64 sync_find_differences(SyncRun *run, const char *buckets);

/* pieces.c */
extern bool
sync_next_piece(const MirrorTable *table, const char *kinds, int rows, SyncPiece *piece);
extern void sync_drop_piece(const MirrorTable *table, const char *kinds, const SyncPiece *piece);
extern int64 sync_find_gone(SyncRun *run, const char *kind);
extern void sync_analyze_work(const char *table, int64 rows);

/*
 * repair.c: rows that are fetched by key at a time. Each piece is joined to whole
 * tables of the mirror, so pieces grow, up to a size that no statement suffers from.
 */
#define REPAIR_ROWS 5000
#define REPAIR_ROWS_MAX 100000
extern uint64 sync_stage_by_id(SyncRun *run, const MirrorTable *table, const char *ids);
extern bool sync_repair(SyncRun *run);

/* remove.c */
extern int64 sync_allowed_removals(const SyncRun *run, int table);
extern void sync_guard_removal(const SyncRun *run, int table, int64 missing);
extern void sync_guard_all_removals(SyncRun *run);
extern void sync_guard_quarantine(const SyncRun *run);
extern void sync_remove(SyncRun *run);

/* log.c */
extern int64 sync_log_begin(SyncRun *run, const char *trigger);
extern void sync_log_open_table(SyncRun *run);
extern void sync_log_close_table(SyncRun *run, int table);
extern void sync_log_finish(SyncRun *run);
extern void sync_log_progress(SyncRun *run);
extern void sync_log_failed_tables(SyncRun *run);
extern void sync_log_failure(SyncRun *run);
extern int64 sync_log_running(void);

#endif
