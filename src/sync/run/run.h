/*
 * src/sync/run/run.h
 *		The functions of src/sync/run: a run's steps, its error handling, and its logs.
 */
#ifndef NGESHARE_SYNC_RUN_RUN_H
#define NGESHARE_SYNC_RUN_RUN_H

#include "sync/sync.h"

#include "fmgr.h"
#include "utils/guc.h"

/* How a step begins and ends its transaction: procedure.c and worker.c differ in this. */
typedef struct SyncTransactions
{
	void (*begin)(const SyncRun *run);
	void (*commit)(void);
	void (*rollback)(void); /* works in any transaction state */
} SyncTransactions;

/* loop.c */
extern void sync_run_to_end(SyncRun *run, const SyncTransactions *transactions);

/* state.c */
extern SyncRun *sync_new(SyncMode mode, const bool *wanted);
extern bool sync_step(SyncRun *run);
extern void sync_leave_table(SyncRun *run);

/* retry.c */
extern void sync_judge(SyncRun *run, ErrorData *error);
extern bool sync_is_own_stop(const ErrorData *error);
extern void sync_stop(SyncRun *run, ErrorData *error);
extern void sync_forget_failures(SyncRun *run);
extern long sync_backoff(int failures);

/* pause.c */
extern bool sync_check_pause(char **newval, void **extra, GucSource source);
extern void sync_pause(SyncRun *run, bool is_after);

/* lock.c */
extern bool sync_lock_try(void);
extern void sync_lock_keep(void);
extern void sync_lock_release(void);
extern void sync_lock_refuse_second(void);

/* procedure.c */
extern SyncMode sync_read_mode(FunctionCallInfo fcinfo);

/* preflight.c */
extern void sync_preflight(SyncRun *run);
extern void sync_reopen(SyncRun *run);
extern void sync_drop_connection(SyncRun *run);

/* log.c */
extern int64 sync_log_begin(SyncRun *run, const char *trigger);
extern void sync_log_open_table(SyncRun *run, int table);
extern void sync_log_close_table(SyncRun *run, int table);
extern void sync_log_progress(SyncRun *run);
extern void sync_log_failed_tables(SyncRun *run);
extern int64 sync_log_running(void);

/* finish.c */
extern void sync_refresh_and_finish(SyncRun *run);
extern void sync_finish(SyncRun *run);
extern void sync_log_failure(SyncRun *run);
extern void sync_close_crashed(void);

#endif
