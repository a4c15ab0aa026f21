/*
 * src/sync/sync.h
 *		A run as data, and the functions that all parts of the sync use.
 *
 * run/ decides what comes next, move/ moves rows, compare/ compares both sides.
 * Calls go in that direction only; what is declared here is below all three.
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
	SYNC_INCREMENTAL, /* what differs */
	SYNC_FULL,        /* everything from scratch */
	SYNC_COMPARE      /* mode verify: look, and change nothing */
} SyncMode;

#define SYNC_MODES (SYNC_COMPARE + 1)

/* README.md draws how a run goes through its phases. */
typedef enum SyncPhase
{
	SYNC_PREFLIGHT, /* look at production, once a run */
	SYNC_COMPARING, /* compare each table's content before anything is pulled */
	SYNC_OPEN,      /* begin a table's pass, or go on with one that was cut off */
	SYNC_PULL,      /* one batch into staging, as often as it takes */
	SYNC_PAST,      /* attendance only: meetings before its window, where they differ */
	SYNC_PARENTS,   /* rows that staged ones point to and that have not come yet */
	SYNC_MERGE,     /* staging into the mirror, one transaction a table */
	SYNC_WINDOW,    /* the same for a table with a window, and its history */
	SYNC_VERIFY,    /* compare again; find by key what still differs */
	SYNC_REPAIR,    /* fetch that by key, a piece at a time */
	SYNC_DELETES,   /* rows that production no longer has, children first */
	SYNC_REFRESH,   /* write down what reads would have to compute */
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

/* One table within a run: how it stands, and what was done to it, in rows. */
typedef struct SyncTable
{
	bool is_whole;        /* comes whole: into an empty mirror, or in a full run */
	bool is_same;         /* the comparison found no difference */
	char *buckets;        /* where the comparison found some, as the text of an array */
	Content content;      /* what is compared */
	int64 differing_rows; /* production's, in those buckets */
	int64 all_here;       /* rows, and attendances of the past: what a guard goes by */
	int64 all_there;

	int64 expected; /* to pull, as counted in the comparison */
	int64 pulled;
	int64 inserted;
	int64 updated;
	int64 deleted;
	int64 repaired;         /* of those inserted and updated, what only the content told */
	int64 written_meetings; /* before the window: written or removed, since production differed */
	int64 waiting;          /* in quarantine after it */
	int64 extra;            /* are here and no longer there, found by key */
	int64 mismatching;      /* differ still, after they were repaired */
	int64 refused;          /* could not be stored or fetched, each by itself */
	bool is_done;
	bool has_failed; /* or was skipped, since a parent of it has */
	bool is_skipped;
	int64 source_rows;
	int64 local_rows;
	TimestampTz started_at;
} SyncTable;

/* A part of the list of a table's rows in ngeshare.difference, by the numbers there. */
typedef struct SyncRange
{
	int64 first;
	int64 last;
	int64 rows;
} SyncRange;

/*
 * Where a run is and what it has found: what a step changes, and what a failed step
 * takes back. loop.c copies the struct before each step and copies it back after an
 * error. A plain copy is enough, since nothing that it points to is ever changed or
 * freed within a run: each text is a constant or was put into the run's memory
 * context by sync_keep_text(), and a new one takes its place.
 */
typedef struct SyncProgress
{
	SyncPhase phase;
	int table; /* the table the phase is at */

	/* Learned in preflight. Stamps are production's, in UTC. */
	Timestamp bound;        /* the watermark that passes begun now end with */
	Timestamp window_start; /* where this run's window starts */
	Timestamp old_start;    /* where the last one's did; DT_NOBEGIN before the first */

	/* The pass under way */
	bool is_resumed;    /* begun by an earlier run: another pass follows */
	bool rebuilds_past; /* the past comes whole from production */
	char *past_buckets; /* where the past differs */
	char *past_parents; /* the parents that it was compared with, as a condition; NULL: none */
	int batch_rows;
	int repair_rows;
	SyncRange repair;              /* what is being repaired */
	int64 repaired_to;             /* the last of the list that was dealt with */
	long repair_ms;                /* what it took to fetch those */
	bool is_fetched;               /* a phase of two steps has asked production, and writes next */
	bool is_parent[MIRROR_TABLES]; /* parents of this table's rows were staged */
	bool has_corrected_past;
	SyncTable tables[MIRROR_TABLES];

	char *findings; /* what makes the run a warning; NULL where nothing does */
} SyncProgress;

/*
 * What outlasts a failed step: the connection, and all that is known of failures.
 * Steps themselves change the connection and has_paused only, the rest is retry.c's.
 */
typedef struct SyncLasting
{
	Remote *remote;         /* NULL before preflight and after an error; a step opens it again */
	Production *production; /* what was found at its other end */
	int64 bytes_received;   /* over connections that are closed again */
	bool has_paused;

	/* The step under way, where it has failed before */
	int attempts;               /* times that it has failed */
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
	List *unlogged;    /* errors that are still to be written (errors.c) */
	ErrorData *error;  /* what the run is going to be raised with, at its end */
	bool is_cancelled; /* that error is somebody's will */
	bool is_dropped;   /* the extension is gone, and the logs with it */
} SyncLasting;

struct SyncTableOps;

/* A run: what is constant from its beginning on, and the two parts that change. */
typedef struct SyncRun
{
	MemoryContext context; /* lives as long as the run, across its transactions */
	int64 run_id;
	SyncMode mode;
	bool wanted[MIRROR_TABLES];
	TimestampTz clock; /* the instant that counts as now */
	const struct SyncTableOps *ops[MIRROR_TABLES];

	SyncProgress at;
	SyncProgress before; /* where the step under way began */
	SyncLasting lasting;
} SyncRun;

/*
 * What a plain table (merge.c) and one with a window (window.c) do differently. Each
 * operation is for the table that the run is at; those that may be NULL do nothing
 * then.
 */
typedef struct SyncTableOps
{
	void (*define_content)(SyncRun *run, Content *content);
	bool (*is_first)(SyncRun *run);                     /* of an empty table: never synced */
	void (*compare_past)(SyncRun *run, Digest *digest); /* or NULL: add what the window lacks */
	char *(*mirrored)(const SyncRun *run); /* SQL condition on production's row "source" */
	void (*bound_pass)(const SyncRun *run, Timestamp *start, Timestamp *end);
	bool (*begin_merge)(SyncRun *run); /* or NULL; whether an empty table may be filled */
	void (*fill)(SyncRun *run);
	void (*write)(SyncRun *run);
	void (*end_merge)(SyncRun *run);
	void (*prepare_repair)(SyncRun *run); /* or NULL: before rows fetched by key are written */
	void (*archive)(SyncRun *run, const char *condition); /* rows that are about to be deleted */
} SyncTableOps;

/* The table that a run is at, as the mirror, the run and its kind know it. */
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
