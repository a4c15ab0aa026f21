/*
 * src/sync/compare/digest.h
 *		The comparison of one content on both sides, bucket by bucket.
 */
#ifndef NGESHARE_SYNC_COMPARE_DIGEST_H
#define NGESHARE_SYNC_COMPARE_DIGEST_H

#include "postgres.h"

#include "mirror/remote.h"
#include "sync/compare/content.h"

/* How far this side's buckets may come from what was computed before. */
typedef enum DigestCache
{
	DIGEST_KEPT, /* kept ones will do, where nothing was written since */
	DIGEST_NEW   /* computed again, and kept */
} DigestCache;

/* What a comparison found. Weights are sums over the rows' weight. */
typedef struct Digest
{
	int64 source_rows;
	int64 compared_rows; /* production's, without those that are only counted */
	int64 local_rows;
	int64 source_weight;
	int64 local_weight;
	int64 differing;      /* buckets */
	int64 differing_rows; /* production's, in those buckets */
	int64 differing_here; /* ours */
	char *buckets;        /* those, as the text of an array; NULL where none differs */
	char *source_hash;    /* the sum of all buckets' sums, in decimals */
	char *local_hash;
} Digest;

extern void
digest_compare(Remote *remote, const Content *content, DigestCache cache, Digest *digest);
extern void digest_keep(const Content *content, DigestCache cache);
extern int64 digest_kept_weight(const Content *content);
extern void
digest_compare_kept(Remote *remote, const Content *content, const char *buckets, Digest *digest);
extern void
digest_compare_buckets(Remote *remote, const Content *content, const char *buckets, Digest *digest);
extern char *digest_rows_in(const Content *content, const char *rows, const char *buckets);

#endif
