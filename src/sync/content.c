/*
 * src/sync/content.c
 *		What is compared: the same rows on both sides, each with its hash and the
 *		bucket that it falls into.
 *
 * A row's hash is hash_record_extended() over the mirror's columns in the
 * mirror's types, so that an enum there and a text here hash alike. That function
 * is linear in its columns (31 times what came before, plus the next): summed over
 * a bucket, two rows that swapped a column's values would cancel out. Its result
 * is therefore mixed once more, as a seed. Buckets are
 * made of ids' hashes (of days, for the window): no order and so no collation
 * takes part, and new ids spread evenly.
 */
#include "sync/content.h"

#include "ngeshare.h"
#include "sql.h"
#include "sync/sync.h"
#include "utils/builtins.h"

/* The hash of a row that is made of some columns, as SQL. */
#define ROW_HASH "pg_catalog.hashint4extended(0, pg_catalog.hash_record_extended(ROW(%s), 0))"

/* So many rows share a bucket, as long as there are not too many buckets. */
#define ROWS_PER_BUCKET 256
#define BUCKETS_MAX 4096

/* Groups of the past are spread over so many buckets. */
#define PAST_BUCKETS 1024

/* A table's columns in the mirror's types, as production or the mirror gives them. */
char *
content_columns(const MirrorTable *table)
{
	return mirror_columns(table, "%1$I::%2$s", ", ");
}

/* An SQL expression: the hash of a row of the table, or of staging, under an alias. */
char *
content_row_hash(const MirrorTable *table, const char *alias)
{
	char *format = sql_format("%s.%%1$I::%%2$s", alias);

	return sql_format(ROW_HASH, mirror_columns(table, format, ", "));
}

/* A power of two: over how many buckets a table's rows are spread. */
static int64
bucket_count(const MirrorTable *table)
{
	SqlArgs args = {0};
	int64 rows = 0;
	int64 buckets = 1;

	sql_add_text(&args, table->name);
	if (sql_query_row("SELECT greatest(reltuples, 0)::bigint FROM pg_catalog.pg_class"
	                  " WHERE oid = to_regclass(format('production.%I', $1))",
	                  &args))
		rows = sql_int64(1);
	while (buckets < BUCKETS_MAX && buckets * ROWS_PER_BUCKET < rows)
		buckets *= 2;
	return buckets;
}

/* Whether rows of a table wait in quarantine. */
static bool
has_quarantined(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	return sql_query_row("SELECT 1 FROM ngeshare.quarantine WHERE table_name = $1 LIMIT 1", &args);
}

/*
 * The mirror's rows, with those in quarantine in the place of the versions that
 * they would replace: production's content as far as it has arrived. Their
 * weights add up to the mirror's rows alone.
 */
static char *
local_rows(const MirrorTable *table, const char *bucket, const char *held_bucket,
           const char *condition)
{
	char *rows = sql_format("SELECT mirror.id, %s AS bucket, %s AS hash, 1 AS weight"
	                        " FROM public.%s AS mirror WHERE %s",
	                        bucket, content_row_hash(table, "mirror"),
	                        quote_identifier(table->name), condition);

	if (!has_quarantined(table))
		return rows;
	return sql_format("SELECT * FROM (%1$s) AS mirror WHERE NOT EXISTS"
	                  " (SELECT 1 FROM ngeshare.quarantine AS held"
	                  " WHERE held.table_name = %2$s AND held.row_id = mirror.id)"
	                  " UNION ALL SELECT held.row_id, %3$s, held.source_hash,"
	                  " (EXISTS (SELECT 1 FROM public.%4$s AS mirror"
	                  " WHERE mirror.id = held.row_id))::integer"
	                  " FROM ngeshare.quarantine AS held WHERE held.table_name = %2$s",
	                  rows, quote_literal_cstr(table->name), held_bucket,
	                  quote_identifier(table->name));
}

/* One of the five tables that come whole. Production's weight: is it at or behind the watermark? */
void
content_of_table(Content *content, const MirrorTable *table, Timestamp watermark)
{
	int64 mask = bucket_count(table) - 1;

	content->name = table->name;
	content->bucket_type = "bigint";
	content->source_rows = sql_format(
	    "SELECT source.id::text AS id,"
	    " pg_catalog.hashtextextended(source.id::text, 0) & %lld AS bucket, %s AS hash,"
	    " (source.%s >= timestamp '%s')::integer AS weight FROM public.%s AS source",
	    (long long) mask, content_row_hash(table, "source"), quote_identifier(table->stamp),
	    clock_spell(watermark), quote_identifier(table->name));
	content->local_rows =
	    local_rows(table, sql_format("hashtextextended(mirror.id, 0) & %lld", (long long) mask),
	               sql_format("hashtextextended(held.row_id, 0) & %lld", (long long) mask), "true");
}

/*
 * Attendance since an instant, by day; production counts what is older as one
 * bucket. A day is a day in UTC: it only has to be the same on both sides.
 * Production's weight: is it in the window?
 */
void
content_of_window(Content *content, Timestamp start)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	char *from = clock_spell(start);
	char *held = "(held.content->>'attendedAt')::timestamp(3)";
	char *is_recent = sql_format("(source.\"attendedAt\"::timestamp(3) >= timestamp '%s'"
	                             " OR source.\"attendedAt\" IS NULL)",
	                             from);

	content->name = table->name;
	content->bucket_type = "date";
	content->source_rows = sql_format(
	    "SELECT source.id::text AS id, CASE WHEN %1$s"
	    " THEN source.\"attendedAt\"::timestamp(3)::date ELSE '" CONTENT_OLDER "' END AS bucket,"
	    " CASE WHEN %1$s THEN %2$s END AS hash, (%1$s)::integer AS weight"
	    " FROM public.\"UserHangoutGroupAttendance\" AS source",
	    is_recent, content_row_hash(table, "source"));
	content->local_rows = sql_format(
	    "SELECT * FROM (%s) AS here WHERE bucket IS DISTINCT FROM '" CONTENT_OLDER "'",
	    local_rows(table, "mirror.\"attendedAt\"::date",
	               sql_format("CASE WHEN %s >= timestamp '%s' OR %s IS NULL THEN %s::date ELSE "
	                          "'" CONTENT_OLDER "' END",
	                          held, from, held, held),
	               sql_format("mirror.\"attendedAt\" >= timestamp '%s'", from)));
}

/*
 * Production's attendance before an instant, counted as the history counts it:
 * ngeshare.meeting_day() says the same of implausible attendance.
 */
char *
content_past_meetings(Timestamp end, const char *zone)
{
	return sql_format(
	    "SELECT \"hangoutGroupId\"::text AS group_id, \"hangoutEpisodeId\"::text AS episode_id,"
	    " least(((\"attendedAt\"::timestamp(3) AT TIME ZONE 'UTC') AT TIME ZONE %s)::date,"
	    " CASE WHEN \"attendedAt\"::timestamp(3) < timestamp '2000-01-01 00:00:00'"
	    " THEN date '1999-12-30' END) AS day,"
	    " min(\"attendedAt\"::timestamp(3)) AS first_at,"
	    " max(\"attendedAt\"::timestamp(3)) AS last_at,"
	    " count(*) AS attendances,"
	    " pg_catalog.hashtextextended(\"hangoutGroupId\"::text, 0) & %d AS bucket"
	    " FROM public.\"UserHangoutGroupAttendance\""
	    " WHERE \"attendedAt\"::timestamp(3) < timestamp '%s'"
	    " AND \"attendedAt\" >= '4713-01-03 00:00:00 BC' GROUP BY 1, 2, 3, 7",
	    quote_literal_cstr(zone), PAST_BUCKETS - 1, clock_spell(end));
}

/* The meetings before an instant, but those that were written here by hand. */
void
content_of_past(Content *content, Timestamp end, const char *zone)
{
	const char *rows =
	    "SELECT group_id AS id, bucket, %s AS hash, attendances AS weight FROM (%s) AS meeting";
	char *hash = sql_format(ROW_HASH, "group_id, episode_id, day, first_at, last_at, attendances");
	char *here = sql_format("SELECT *, hashtextextended(group_id, 0) & %d AS bucket"
	                        " FROM ngeshare.meeting_past"
	                        " WHERE NOT by_hand AND first_at < timestamp '%s'",
	                        PAST_BUCKETS - 1, clock_spell(end));

	content->name = "meeting_past";
	content->bucket_type = "bigint";
	content->source_rows = sql_format(rows, hash, content_past_meetings(end, zone));
	content->local_rows = sql_format(rows, hash, here);
}
