/*
 * src/sync/compare/compare.h
 *		Compares the mirror with production: which rows differ, and how many.
 */
#ifndef NGESHARE_SYNC_COMPARE_COMPARE_H
#define NGESHARE_SYNC_COMPARE_COMPARE_H

#include "sync/sync.h"

/*
 * Rows that the repair fetches by key at a time: at first, and at most. The number grows because
 * each time the fetched rows are joined to whole tables of the mirror, however few they are.
 */
#define REPAIR_ROWS 5000
#define REPAIR_ROWS_MAX 100000

/* Some of a table's rows that are listed in ngeshare.difference. */
typedef struct SyncPiece
{
	SyncRange range;
	char *ids;    /* their ids, as the text of an array */
	char *one_id; /* one of these ids */
} SyncPiece;

/* compare.c */
extern void sync_compare(SyncRun *run);
extern void sync_define_content(SyncRun *run);

/* past.c */
extern void sync_compare_past(SyncRun *run, Digest *digest);
extern void sync_compare_past_again(SyncRun *run);
extern bool sync_past_is_same(SyncRun *run);

/* verify.c */
extern char *sync_compare_again(SyncRun *run);
extern bool sync_list_differences(SyncRun *run, const char *buckets);

/* guard.c */
extern int64 sync_allowed_removals(const SyncRun *run, int table);
extern void sync_guard_removal(const SyncRun *run, int table, int64 missing);
extern void sync_guard_all_removals(SyncRun *run);
extern void sync_guard_quarantine(const SyncRun *run);

/* pieces.c */
extern int64 sync_find_differences(SyncRun *run, const char *buckets);
extern bool
sync_next_piece(const MirrorTable *table, const char *kinds, int rows, SyncPiece *piece);
extern void sync_drop_piece(const MirrorTable *table, const char *kinds, const SyncRange *piece);
extern int64 sync_find_gone(SyncRun *run, const char *kind);
extern void sync_list_gone_with_parents(SyncRun *run);
extern int64 sync_count_kept(const MirrorTable *table);
extern void sync_forget_kept(const MirrorTable *table);
extern void sync_forget_differences(void);

/* drift.c */
extern void sync_record_drift(SyncRun *run);
extern void sync_tell_drift(SyncRun *run);

#endif
