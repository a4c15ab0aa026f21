/*
 * src/sync/sync.h
 *		The struct SyncRun (one run of the sync), and the functions that all parts of the
 *		sync use.
 *
 * run/ chooses the next step, move/ moves rows, and compare/ compares the mirror with
 * production. run/ calls move/ and compare/, and move/ calls compare/, never the reverse
 * (compare/ reaches move/ only through SyncTableOps). All three call the functions of this header.
 *
 * A pass copies a table's changed rows, or all of its rows, into staging and merges them into the
 * mirror. If a run is interrupted in a pass, the next run may continue it.
 */
#ifndef NGESHARE_SYNC_H
#define NGESHARE_SYNC_H

#include "postgres.h"

#include "mirror/check.h"
#include "mirror/remote.h"
#include "mirror/tables.h"
#include "nodes/pg_list.h"
#include "sync/compare/content.h"
#include "sync/compare/digest.h"
#include "utils/timestamp.h"

typedef enum SyncMode
{
	SYNC_INCREMENTAL, /* fetch only rows that differ */
	SYNC_FULL,        /* fetch all rows again */
	SYNC_COMPARE      /* mode verify: compare, and change nothing */
} SyncMode;

#define SYNC_MODES (SYNC_COMPARE + 1)

/* The phases of a run. src/sync/README.md has a diagram of their order. */
typedef enum SyncPhase
{
	SYNC_PREFLIGHT, /* check production, once per run */
	SYNC_COMPARING, /* compare each table's content before anything is pulled */
	SYNC_OPEN,      /* begin a table's pass (its pull and merge) or continue an interrupted one */
	SYNC_PULL,      /* copy rows of production into staging, one batch per step */
	SYNC_PAST,      /* attendance only: fetch all or some of the meetings before the window */
	SYNC_PARENTS,   /* fetch and write rows that staged rows point to and the mirror lacks */
	SYNC_MERGE,     /* write staging into the mirror, in one transaction per table */
	SYNC_WINDOW,    /* the merge of attendance: its window and the meeting history */
	SYNC_VERIFY,    /* compare the table again, and list the ids of rows that still differ */
	SYNC_REPAIR,    /* fetch and write the listed rows, a limited number at a time */
	SYNC_DELETES,   /* delete rows gone from production or in quarantine, child tables first */
	SYNC_REFRESH,   /* refresh the snapshot and close the run */
	SYNC_FINISH,    /* close a run of mode verify */
	SYNC_ENDED
} SyncPhase;

/*
 * The class of an error. After a transient error a retry of the step may succeed, a permanent
 * error needs somebody to act, and a row error means that one row can't be fetched or stored.
 */
typedef enum SyncErrorClass
{
	SYNC_TRANSIENT,
	SYNC_PERMANENT,
	SYNC_ROW
} SyncErrorClass;

/* How a run continues after a step has failed. */
typedef enum SyncVerdict
{
	SYNC_RETRY,      /* try the step again */
	SYNC_SKIP_TABLE, /* give up this table and the tables that point to it */
	SYNC_END         /* end the run */
} SyncVerdict;

/* The state of one table within a run, and how many rows the run moved. */
typedef struct SyncTable
{
	bool is_whole;        /* all rows are pulled: the table was never synced, or the run is full */
	bool is_same;         /* the comparison found no difference; always false if is_whole */
	bool has_old_rows;    /* rows were merged that an interrupted run had pulled */
	char *buckets;        /* buckets that differ, as the text of an array; NULL if none */
	Content content;      /* the queries whose results are compared */
	int64 differing_rows; /* production's rows in the differing buckets */
	int64 all_here;       /* rows in mirror (without 'kept' ones), quarantine and past */
	int64 all_there;      /* production's rows, older attendance too; guard.c uses both */

	int64 expected; /* rows to pull, as the comparison counted them */
	int64 pulled;
	int64 inserted;
	int64 updated;
	int64 deleted;
	int64 repaired;         /* of inserted and updated: rows that only the comparison found */
	int64 written_meetings; /* meetings before the window that were written or removed */
	int64 waiting;          /* rows in quarantine */
	int64 extra;            /* rows of the mirror that production no longer has */
	int64 mismatching;      /* rows that still differ at the end */
	int64 refused;          /* rows that could not be stored or fetched */
	bool is_done;
	bool has_failed; /* the table failed or was skipped */
	bool is_skipped; /* a table that it points to failed */
	int64 source_rows;
	int64 local_rows;
	TimestampTz started_at;
} SyncTable;

/* A part of a table's rows in ngeshare.difference, as a range of difference_no. */
typedef struct SyncRange
{
	int64 first;
	int64 last;
	int64 rows;
} SyncRange;

/*
 * The part of a run's state that is rolled back with a failed step. loop.c copies the struct
 * before each step, and sync_judge() restores the copy after an error. A shallow copy is
 * enough: strings that the struct points to are never changed or freed during a run. They are
 * constants or are allocated in the run's memory context.
 */
typedef struct SyncProgress
{
	SyncPhase phase;
	int table; /* index of the current table */

	/* Set in preflight, in UTC. The merge of attendance sets old_start to window_start. */
	Timestamp bound;        /* watermark that passes begun by this run end with; not attendance's */
	Timestamp window_start; /* start of this run's attendance window */
	Timestamp old_start;    /* start of the mirror's window; DT_NOBEGIN before the first sync */

	/* The work on the current table */
	bool is_resumed;    /* an earlier run began the pass; a second one follows, unless is_whole */
	bool rebuilds_past; /* all meetings before the window are fetched from production */
	char *past_buckets; /* buckets of the past that differ; NULL if none */
	char *past_parents; /* content_has_parents() when the past was compared; NULL if not yet */
	int batch_rows;     /* rows of the next batch that is pulled */
	int repair_rows;    /* the most rows that the next repair step fetches */
	SyncRange repair;   /* rows that the last repair step fetched */
	int64 repaired_to;  /* difference_no of the last repaired row */
	long repair_ms;     /* milliseconds that fetching the rows in repair took */
	bool is_fetched;    /* a step of the phase has queried production; the next one writes */
	bool is_parent[MIRROR_TABLES]; /* rows of this table were looked for as missing parents */
	bool has_corrected_past;       /* sync_verify_past() has corrected the past once */
	SyncTable tables[MIRROR_TABLES];

	char *findings; /* what needs attention, for the message at the run's end; or NULL */
} SyncProgress;

/*
 * The part of a run's state that survives a failed step: the connection, and what is known
 * about failures. A step changes only the connection and has_paused; retry.c, loop.c and
 * errors.c change the rest, between steps.
 */
typedef struct SyncLasting
{
	Remote *remote;         /* NULL while no connection is open; a step that needs one opens it */
	Production *production; /* what the check of production learned */
	int64 bytes_received;   /* over connections that are already closed */
	bool has_paused;        /* ngeshare.pause_at has held the run once */

	/* The current step, if it has failed before */
	int attempts;               /* how often it has failed, lock conflicts not counted */
	int transient_failures;     /* how often it has failed with a transient error */
	long delay_ms;              /* milliseconds to wait before the next step */
	TimestampTz conflict_since; /* when it first failed to get a lock in time; 0 if never */
	long conflict_ms;           /* milliseconds that earlier steps of the run waited for locks */
	bool is_narrowing;          /* a row can't be fetched or stored: smaller batches are tried */
	bool passes_over;           /* the batch is down to one row, and the next try skips it */
	bool isolates;              /* the merge first looks for rows that can't be stored */
	const char *row_error;      /* the message of the last row error */
	int row_sqlstate;

	SyncVerdict verdict;
	List *unlogged;    /* errors that are not in sync_error_log yet (errors.c) */
	ErrorData *error;  /* the error that the run ends with; NULL if there is none */
	bool is_cancelled; /* the error is a cancel by a user */
	bool is_dropped;   /* the extension was dropped, and its logs with it */
} SyncLasting;

struct SyncTableOps;

/* One run of the sync. From its first step on, only at, before and lasting change. */
typedef struct SyncRun
{
	MemoryContext context; /* lives as long as the run, across its transactions */
	int64 run_id;
	SyncMode mode;
	bool wanted[MIRROR_TABLES];
	TimestampTz clock; /* the run's now: the start of the run, or ngeshare.sync_clock */
	const struct SyncTableOps *ops[MIRROR_TABLES];

	SyncProgress at;
	SyncProgress before; /* a copy of at, made before the current step */
	SyncLasting lasting;
} SyncRun;

/*
 * The operations that differ between a plain table (merge.c) and attendance, which has a window
 * (window.c). Each operation works on the run's current table. An operation marked "or NULL" is
 * not called if it is NULL.
 */
typedef struct SyncTableOps
{
	void (*define_content)(SyncRun *run, Content *content);
	bool (*is_first)(SyncRun *run); /* whether a table that is empty was never synced */
	void (*compare_past)(SyncRun *run, Digest *digest); /* or NULL: adds the past to *digest */
	char *(*mirrored)(const SyncRun *run); /* SQL: whether production's row "source" is mirrored */
	void (*bound_pass)(const SyncRun *run, Timestamp *start, Timestamp *end);
	bool (*begin_merge)(SyncRun *run); /* or NULL; returns whether fill() may replace write() */
	void (*fill)(SyncRun *run);
	void (*write)(SyncRun *run);
	void (*end_merge)(SyncRun *run);
	void (*prepare_repair)(SyncRun *run); /* or NULL; called before repaired rows are written */
	void (*archive)(SyncRun *run, const char *condition); /* keeps rows before their deletion */
} SyncTableOps;

/* The run's current table: its definition, its state in this run, and its operations. */
static inline const MirrorTable *
sync_at_table(const SyncRun *run)
{
	return &mirror_tables[run->at.table];
}

static inline SyncTable *
sync_at_state(SyncRun *run)
{
	return &run->at.tables[run->at.table];
}

static inline const SyncTableOps *
sync_at_ops(const SyncRun *run)
{
	return run->ops[run->at.table];
}

/* sync.c */
extern const char *sync_phase_name(SyncPhase phase);
extern const char *sync_mode_name(SyncMode mode);
extern const char *sync_table_name(const SyncRun *run);
extern SyncPhase sync_merging_phase(const SyncRun *run);
extern Timestamp sync_compared_start(const SyncRun *run);
extern const char *sync_reporting_zone(void);
extern void sync_note_finding(SyncRun *run, const char *format, ...) pg_attribute_printf(2, 3);
extern char *sync_keep_text(SyncRun *run, const char *text);
extern bool sync_is_empty(const MirrorTable *table);
extern void sync_clear(const char *table);
extern void sync_analyze_work(const char *table, int64 rows);

/* errors.c */
extern void sync_note_error(SyncRun *run, ErrorData *error, SyncErrorClass error_class);
extern void sync_log_errors(SyncRun *run);
extern void sync_log_refused(SyncRun *run, int sqlstate, const char *message, const char *row);
extern bool sync_is_row_error(int sqlstate);
extern ErrorData *sync_try(const char *name, void (*work)(void *arguments), void *arguments);

/* waits.c */
extern void sync_limit_lock_waits(void);
extern long sync_waited_for_lock(const SyncRun *run);

#endif
