/*
 * src/sync/compare/digest.h
 *		Compares the content of a table, or of the past, on both sides, bucket by bucket.
 */
#ifndef NGESHARE_SYNC_COMPARE_DIGEST_H
#define NGESHARE_SYNC_COMPARE_DIGEST_H

#include "postgres.h"

#include "mirror/remote.h"
#include "sync/compare/content.h"

/* Whether the mirror's buckets may be taken from the cache, ngeshare.digest. */
typedef enum DigestCache
{
	DIGEST_KEPT, /* use the cached buckets, if nothing was written since */
	DIGEST_NEW   /* compute the buckets again, and cache them */
} DigestCache;

/* The result of a comparison. Weights are sums of the rows' weights. */
typedef struct Digest
{
	int64 source_rows;
	int64 compared_rows; /* production's rows, without those in CONTENT_OLDER */
	int64 local_rows;
	int64 source_weight;
	int64 local_weight;
	int64 differing;      /* number of buckets that differ */
	int64 differing_rows; /* production's rows in the buckets that differ */
	int64 differing_here; /* the mirror's rows in the buckets that differ */
	char *buckets;        /* the buckets that differ, as the text of an array; NULL if none */
	char *source_hash;    /* the sum of the hashes of all rows, as decimal digits */
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
