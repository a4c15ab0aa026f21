/*
 * src/sync/move/move.h
 *		Moves rows from production into staging, from staging into the mirror, and out of the
 *		mirror.
 */
#ifndef NGESHARE_SYNC_MOVE_MOVE_H
#define NGESHARE_SYNC_MOVE_MOVE_H

#include "sync/sync.h"

/* pull.c */
extern bool sync_open_pass(SyncRun *run);
extern bool sync_pull_batch(SyncRun *run);
extern void sync_close_pass(const MirrorTable *table);
extern uint64 sync_stage_by_id(SyncRun *run, const MirrorTable *table, const char *ids);

/* parents.c */
extern bool sync_stage_parents(SyncRun *run);
extern void sync_write_parents(SyncRun *run);

/* merge.c, window.c */
extern const SyncTableOps sync_plain_table;
extern const SyncTableOps sync_windowed_table;
extern void sync_merge(SyncRun *run);
extern void sync_look_for_gone(SyncRun *run);

/* history.c */
extern void sync_pull_past(SyncRun *run);
extern void sync_correct_past(SyncRun *run);
extern void sync_replace_past(SyncRun *run);
extern void sync_advance_window(SyncRun *run);
extern bool sync_verify_past(SyncRun *run);

/* write.c */
extern int64 sync_write_differences(SyncRun *run, const MirrorTable *table);
extern int64 sync_update_staged(const MirrorTable *table, const char *condition);
extern int64 sync_insert_staged(const MirrorTable *table, const char *condition);
extern void sync_analyze_if_changed(SyncRun *run);

/* fill.c */
extern bool sync_may_fill(const SyncRun *run, const MirrorTable *table);
extern void sync_lock_parents(const MirrorTable *table);
extern void sync_fill(SyncRun *run);

/* quarantine.c */
extern char *sync_leaving(const MirrorTable *table);
extern bool sync_has_left(const MirrorTable *table);
extern void sync_quarantine_unfit(SyncRun *run, const MirrorTable *table);
extern void sync_quarantine_mirrored(SyncRun *run, const MirrorTable *table, const char *ids);
extern void
sync_quarantine_staged(SyncRun *run, const MirrorTable *table, int64 stage_no, const char *reason);
extern void sync_quarantine_by_key(SyncRun *run, const MirrorTable *table, const char *id);
extern void sync_quarantine_surplus(SyncRun *run);
extern void sync_forget_quarantined(const MirrorTable *table);
extern void sync_release(const MirrorTable *table);
extern void sync_keep_latest(const MirrorTable *table);
extern bool sync_has_unfetched(const MirrorTable *table);
extern int64 sync_stage_quarantined(const MirrorTable *table);
extern void sync_count_quarantined(SyncRun *run, const MirrorTable *table);

/* isolate.c */
extern void sync_isolate(SyncRun *run, const MirrorTable *table);

/* repair.c */
extern bool sync_repair(SyncRun *run);

/* leave.c */
extern bool sync_has_leaving(const SyncRun *run, int table);
extern bool sync_may_leave(const SyncRun *run);
extern void sync_quarantine_orphans(SyncRun *run);
extern void sync_report_kept(SyncRun *run, const MirrorTable *table, const char *refused_by);

/* references.c */
extern char *sync_unreferenced(const MirrorTable *table);
extern char *sync_find_referencing(const MirrorTable *table, const char *condition);

/* remove.c */
extern void sync_remove(SyncRun *run);

/* backup.c */
extern void sync_archive(SyncRun *run, const char *condition);
extern void sync_back_up_changed(SyncRun *run);
extern void sync_back_up_removed(SyncRun *run, const char *condition);
extern void sync_back_up_added(SyncRun *run);
extern void sync_forget_old_backups(void);

#endif
