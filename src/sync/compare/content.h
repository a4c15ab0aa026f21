/*
 * src/sync/compare/content.h
 *		What is compared: the same rows on both sides, each with its hash and the
 *		bucket that it falls into.
 */
#ifndef NGESHARE_SYNC_COMPARE_CONTENT_H
#define NGESHARE_SYNC_COMPARE_CONTENT_H

#include "postgres.h"

#include "mirror/keys.h"
#include "mirror/tables.h"
#include "utils/timestamp.h"

/*
 * Two queries with the columns id, bucket, hash and weight, which give the same
 * rows where both sides have the same content. Rows in quarantine count as here.
 */
typedef struct Content
{
	const char *name; /* of what is compared */
	const char *bucket_type;
	char *source_rows; /* to be run on production */
	char *surplus;     /* those of them whose id is NULL or came before; NULL where none can be */
	char *local_rows;
} Content;

/* The window's bucket for what is older: counted, never hashed. */
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
