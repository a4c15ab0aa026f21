/*
 * src/sync/compare/content.h
 *		The queries whose results are compared: a table's rows on both sides, each with its
 *		hash and its bucket.
 */
#ifndef NGESHARE_SYNC_COMPARE_CONTENT_H
#define NGESHARE_SYNC_COMPARE_CONTENT_H

#include "postgres.h"

#include "mirror/keys.h"
#include "mirror/tables.h"
#include "utils/timestamp.h"

/*
 * Queries for the rows of production and of the mirror, with the columns id, bucket, hash and
 * weight. If both sides have the same rows, both return the same ids, buckets and hashes.
 * Quarantined rows count as rows of the mirror. Weights are not compared. Their sum is a count
 * that the comparison returns; content.c says for each table what it counts.
 */
typedef struct Content
{
	const char *name; /* the table's name, or meeting_past */
	const char *bucket_type;
	char *source_rows; /* to be run on production */
	char *surplus;     /* production's rows without an id of their own; NULL if ids are unique */
	char *local_rows;
} Content;

/* The bucket of production's attendance before the window: rows are counted, but not hashed. */
#define CONTENT_OLDER "-infinity"

extern void
content_of_table(Content *content, const ProductionKeys *keys, int table, Timestamp watermark);
extern void content_of_window(Content *content, const ProductionKeys *keys, Timestamp start);
extern void
content_of_past(Content *content, const ProductionKeys *keys, Timestamp end, const char *zone);
extern bool content_has_quarantined(const MirrorTable *table);
extern char *content_row_hash(const MirrorTable *table, const char *alias);
extern char *content_columns(const MirrorTable *table);
extern char *content_stamp(const MirrorTable *table);
extern char *content_is_recent(Timestamp start);
extern char *content_has_parents(const ProductionKeys *keys);
extern char *content_past_meetings(const ProductionKeys *keys, Timestamp end, const char *zone);

#endif
