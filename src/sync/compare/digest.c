/*
 * src/sync/compare/digest.c
 *		Compares the content of a table, or of the past, on both sides, bucket by bucket.
 *
 * For each bucket production sends the number of its rows and the sums of their hashes and
 * weights, and nothing else. The mirror's buckets are computed in this database. They are cached
 * in ngeshare.digest, together with the transaction snapshot that they were computed in
 * (ngeshare.digest_state). They are valid until a statement trigger has recorded a write that this
 * snapshot does not see (ngeshare.write_mark). If such a trigger was disabled in the meantime,
 * ngeshare.write_guard() sees that in the catalog.
 */
#include "sync/compare/digest.h"

#include "sql.h"
#include "utils/builtins.h"

/* The shape (remote_shape.c) of summed_up()'s rows: bucket, row_count, hash_sum and weight. */
#define DIGEST_SHAPE "bucket count numeric count?"

/*
 * The most buckets that production may send. The window has one bucket per day, and 100,000 days
 * are more than 250 years.
 */
#define DIGEST_BUCKETS_MAX 100000

/*
 * Returns a query for the rows of a query that are in some buckets (the text of an array), or for
 * all of its rows if buckets is NULL.
 */
char *
digest_rows_in(const Content *content, const char *rows, const char *buckets)
{
	if (buckets == NULL)
		return sql_format("SELECT * FROM (%s) AS content", rows);
	return sql_format("SELECT * FROM (%s) AS content WHERE bucket = ANY (%s::%s[])", rows,
	                  quote_literal_cstr(buckets), content->bucket_type);
}

/* Returns a query that sums up rows by bucket. */
static char *
summed_up(const char *rows)
{
	return sql_format("SELECT coalesce(bucket::text, 'none') AS bucket, count(*) AS row_count,"
	                  " coalesce(sum(hash), 0) AS hash_sum, sum(weight)::bigint AS weight"
	                  " FROM (%s) AS summed GROUP BY summed.bucket",
	                  rows);
}

/* Returns whether the cached buckets are still right for the mirror's rows. */
static bool
is_kept(const Content *content, const char *query)
{
	SqlArgs args = {0};

	sql_add_text(&args, content->name);
	sql_add_text(&args, query);
	return sql_query_row("SELECT 1 FROM ngeshare.digest_state AS state"
	                     " WHERE state.name = $1 AND state.query = md5($2)"
	                     " AND state.guard = ngeshare.write_guard($1)"
	                     " AND NOT EXISTS (SELECT 1 FROM ngeshare.write_mark AS mark"
	                     " WHERE mark.name = $1"
	                     " AND NOT pg_visible_in_snapshot(mark.written_by, state.snapshot))",
	                     &args);
}

/*
 * Computes the mirror's buckets and caches them, with the transaction snapshot of the query.
 * Deletes the rows of ngeshare.write_mark whose writes this snapshot sees.
 */
static void
keep(const Content *content, const char *query)
{
	SqlArgs args = {0};

	sql_add_text(&args, content->name);
	sql_run("DELETE FROM ngeshare.digest WHERE name = $1", &args);
	sql_add_text(&args, query);
	sql_run(sql_format("WITH state AS ("
	                   " INSERT INTO ngeshare.digest_state (name, query, snapshot, guard)"
	                   " VALUES ($1, md5($2), pg_current_snapshot(), ngeshare.write_guard($1))"
	                   " ON CONFLICT (name) DO UPDATE SET query = excluded.query,"
	                   " snapshot = excluded.snapshot, guard = excluded.guard)"
	                   " INSERT INTO ngeshare.digest (name, bucket, row_count, hash_sum, weight)"
	                   " SELECT $1, bucket, row_count, hash_sum, weight FROM (%s) AS here",
	                   query),
	        &args);
	args.count = 1;
	sql_run("DELETE FROM ngeshare.write_mark AS mark USING ngeshare.digest_state AS state"
	        " WHERE mark.name = $1 AND state.name = $1"
	        " AND pg_visible_in_snapshot(mark.written_by, state.snapshot)",
	        &args);
}

/* Adds a column of production's answer to the arguments, as an array of text. */
static void
add_column(SqlArgs *args, const RemoteRows *rows, int column)
{
	char **values = palloc(sizeof(char *) * Max(rows->count, 1));

	for (int i = 0; i < rows->count; i++)
		values[i] = remote_text(rows, i, column);
	sql_add_text_array(args, values, rows->count);
}

/*
 * Compares the buckets that production sent with the mirror's. here: a query for the mirror's
 * buckets.
 */
static void
compare(const RemoteRows *rows, const char *here, const char *name, Digest *digest)
{
	SqlArgs args = {0};

	for (int column = 0; column < 4; column++)
		add_column(&args, rows, column);
	sql_add_text(&args, name);
	sql_query_row(
	    sql_format(
	        "WITH source AS MATERIALIZED (SELECT bucket, row_count::bigint AS row_count,"
	        " hash_sum::numeric AS hash_sum, weight::bigint AS weight FROM unnest($1, $2, $3, $4)"
	        " AS source (bucket, row_count, hash_sum, weight)),"
	        " here AS MATERIALIZED (%s), pair AS ("
	        " SELECT bucket, source.row_count AS source_rows, here.row_count AS local_rows,"
	        " source.weight AS source_weight, here.weight AS local_weight,"
	        " source.hash_sum AS source_hash, here.hash_sum AS local_hash,"
	        " bucket <> '" CONTENT_OLDER "' AND (source.row_count, source.hash_sum)"
	        " IS DISTINCT FROM (here.row_count, here.hash_sum) AS differs"
	        " FROM source FULL JOIN here USING (bucket))"
	        " SELECT coalesce(sum(source_rows), 0)::bigint,"
	        " coalesce(sum(local_rows), 0)::bigint,"
	        " coalesce(sum(source_weight), 0)::bigint,"
	        " coalesce(sum(local_weight), 0)::bigint,"
	        " count(*) FILTER (WHERE differs),"
	        " array_agg(bucket) FILTER (WHERE differs AND bucket <> 'none')::text,"
	        " coalesce(sum(source_rows) FILTER (WHERE differs), 0)::bigint,"
	        " coalesce(sum(local_rows) FILTER (WHERE differs), 0)::bigint,"
	        " coalesce(sum(source_hash), 0)::text, coalesce(sum(local_hash), 0)::text,"
	        " coalesce(sum(source_rows) FILTER (WHERE bucket <> '" CONTENT_OLDER
	        "'), 0)::bigint, $5"
	        " FROM pair",
	        here),
	    &args);
	digest->source_rows = sql_int64(1);
	digest->local_rows = sql_int64(2);
	digest->source_weight = sql_int64(3);
	digest->local_weight = sql_int64(4);
	digest->differing = sql_int64(5);
	digest->buckets = sql_text(6);
	digest->differing_rows = sql_int64(7);
	digest->differing_here = sql_int64(8);
	digest->source_hash = sql_text(9);
	digest->local_hash = sql_text(10);
	digest->compared_rows = sql_int64(11);
	if (digest->differing > 0 && digest->buckets == NULL)
		digest->buckets = pstrdup("{}");
}

/* Makes sure that the cached buckets are right for the mirror's rows. */
void
digest_keep(const Content *content, DigestCache cache)
{
	char *here = summed_up(digest_rows_in(content, content->local_rows, NULL));

	if (cache == DIGEST_NEW || !is_kept(content, here))
		keep(content, here);
}

/* Returns the sum of the weights of all cached buckets. */
int64
digest_kept_weight(const Content *content)
{
	SqlArgs args = {0};

	sql_add_text(&args, content->name);
	sql_query_row("SELECT coalesce(sum(weight), 0)::bigint FROM ngeshare.digest WHERE name = $1",
	              &args);
	return sql_int64(1);
}

/*
 * Compares the buckets that production sent (some, or all if buckets is NULL) with the cached
 * ones.
 */
static void
compare_kept(const RemoteRows *rows, const Content *content, const char *buckets, Digest *digest)
{
	const char *kept =
	    "SELECT bucket, row_count, hash_sum, weight FROM ngeshare.digest WHERE name = $5";

	if (buckets != NULL)
		kept = sql_format("%s AND bucket = ANY (%s::text[])", kept, quote_literal_cstr(buckets));
	compare(rows, kept, content->name, digest);
}

/* Compares some buckets, or all if buckets is NULL, with those that digest_keep() has cached. */
void
digest_compare_kept(Remote *remote, const Content *content, const char *buckets, Digest *digest)
{
	char *source = summed_up(digest_rows_in(content, content->source_rows, buckets));

	compare_kept(remote_rows(remote, source, DIGEST_SHAPE, 0, DIGEST_BUCKETS_MAX), content, buckets,
	             digest);
}

/*
 * Compares all buckets. The mirror's buckets are computed while production computes its own. The
 * result is allocated in the caller's memory context.
 */
void
digest_compare(Remote *remote, const Content *content, DigestCache cache, Digest *digest)
{
	char *source = summed_up(digest_rows_in(content, content->source_rows, NULL));

	remote_send(remote, source);
	digest_keep(content, cache);
	compare_kept(remote_receive(remote, source, DIGEST_SHAPE, 0, DIGEST_BUCKETS_MAX), content, NULL,
	             digest);
}

/* Compares some buckets, or all if buckets is NULL. Neither uses nor writes the cache. */
void
digest_compare_buckets(Remote *remote, const Content *content, const char *buckets, Digest *digest)
{
	char *source = summed_up(digest_rows_in(content, content->source_rows, buckets));

	compare(remote_rows(remote, source, DIGEST_SHAPE, 0, DIGEST_BUCKETS_MAX),
	        summed_up(digest_rows_in(content, content->local_rows, buckets)), content->name,
	        digest);
}
