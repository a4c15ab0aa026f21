/*
 * src/sync/compare/content.c
 *		The queries whose results are compared: a table's rows on both sides, each with its
 *		hash and its bucket.
 *
 * A row's hash is computed by hash_record_extended() over the mirror's columns, cast to the
 * mirror's types: an enum in production and a text in the mirror have the same hash.
 * hash_record_extended() is linear in its columns (31 times the hash so far, plus the next
 * column's hash). If two rows exchanged the values of a column, the sum of these hashes over a
 * bucket would stay the same. The result is therefore hashed once more, as the seed of
 * hashint4extended(). Texts are hashed and compared under the collation "C", byte by byte: under
 * another collation, different texts may have the same hash. A row's bucket is chosen by the hash
 * of its id (in the window: by its day), so new ids are spread evenly.
 *
 * If production has no unique index on a table's ids (a view has none), several rows may have the
 * same id. Of these, the one with the lowest hash counts as the row. The others, and rows without
 * an id, go into quarantine. Each gets a key that contains its hash and that is the id of no row.
 */
#include "sync/compare/content.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

/* SQL for the hash of a row; %s is the list of its columns. */
#define ROW_HASH "pg_catalog.hashint4extended(0, pg_catalog.hash_record_extended(ROW(%s), 0))"

/*
 * On average a bucket of ids has at most this many rows, unless a table would need more than
 * BUCKETS_MAX buckets.
 */
#define ROWS_PER_BUCKET 256
#define BUCKETS_MAX 4096

/* Attendance before this instant has no local day in some time zones (ngeshare.has_local_day()). */
#define FIRST_DAY "'4713-01-03 00:00:00 BC'"

/* The number of buckets that groups are spread over when the past is compared. */
#define PAST_BUCKETS 1024

/* Returns a table's columns, each cast to the mirror's type, as an SQL list. */
char *
content_columns(const MirrorTable *table)
{
	return mirror_columns(table, "%1$I::%2$s", ", ");
}

/*
 * Returns an SQL expression for the hash of a row of a table, or of its staging table. alias is
 * the row's alias.
 */
char *
content_row_hash(const MirrorTable *table, const char *alias)
{
	char *format = sql_format("%s.%%1$I::%%2$s%%3$s", alias);

	return sql_format(ROW_HASH, mirror_columns(table, format, ", "));
}

/*
 * Returns an SQL expression for the stamp (updatedAt or attendedAt) of production's row "source",
 * rounded to milliseconds as in the mirror.
 */
char *
content_stamp(const MirrorTable *table)
{
	return sql_format("source.%s::timestamp(3)", quote_identifier(table->stamp));
}

/*
 * Returns a condition on production's attendance "source": it belongs to the window that starts at
 * the given instant. A row whose attendedAt is NULL or too early for a local day belongs to every
 * window, so that a sync sees it and puts it into quarantine.
 */
char *
content_is_recent(Timestamp start)
{
	char *stamp = content_stamp(&mirror_tables[MIRROR_ATTENDANCE]);

	return sql_format("(%1$s >= timestamp '%2$s' OR %1$s < timestamp " FIRST_DAY
	                  " OR source.\"attendedAt\" IS NULL)",
	                  stamp, clock_spell(start));
}

/* Returns how many buckets a table's rows are spread over: a power of two. */
static int64
bucket_count(const MirrorTable *table)
{
	int64 rows = 0;
	int64 buckets = 1;

	if (mirror_query_row(table, "SELECT greatest(reltuples, 0)::bigint FROM pg_catalog.pg_class"
	                            " WHERE oid = to_regclass(format('production.%I', $1))"))
		rows = sql_int64(1);
	while (buckets < BUCKETS_MAX && buckets * ROWS_PER_BUCKET < rows)
		buckets *= 2;
	return buckets;
}

/* Returns whether any rows of a table are in quarantine. */
bool
content_has_quarantined(const MirrorTable *table)
{

	return mirror_query_row(table,
	                        "SELECT 1 FROM ngeshare.quarantine WHERE table_name = $1 LIMIT 1");
}

/*
 * Returns a query for the mirror's rows and the quarantined rows, which together are compared with
 * production's rows. A quarantined row replaces the mirror's row with the same id. A row has
 * weight 0 if it is only in quarantine, otherwise 1: the sum of the weights is the number of rows
 * in the mirror.
 */
static char *
local_rows(const MirrorTable *table, const char *bucket, const char *held_bucket,
           const char *condition)
{
	char *rows = sql_format("SELECT mirror.id, %s AS bucket, %s AS hash, 1 AS weight"
	                        " FROM public.%s AS mirror WHERE %s",
	                        bucket, content_row_hash(table, "mirror"),
	                        quote_identifier(table->name), condition);

	if (!content_has_quarantined(table))
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

/*
 * Sets content->source_rows from a query for production's rows with the columns id, stamp, hash
 * and weight. If production does not guarantee unique ids, all but one row per id, and all rows
 * without an id, get a key that is the id of no row, and content->surplus becomes a query for them.
 * Rows whose hash is NULL are only counted.
 */
static void
set_source(Content *content, const ProductionKeys *keys, const char *bucket, char *rows)
{
	if (!keys->is_unique)
	{
		rows = sql_format("SELECT *, hash IS NOT NULL AND (id IS NULL OR no > 1) AS is_surplus"
		                  " FROM (SELECT *, pg_catalog.row_number()"
		                  " OVER (PARTITION BY id, hash IS NULL ORDER BY hash) AS no"
		                  " FROM (%s) AS row_of_id) AS numbered",
		                  rows);
		rows =
		    sql_format("SELECT CASE WHEN is_surplus"
		               " THEN pg_catalog.concat(id || ' ', '#', no, ' ', hash) ELSE id END AS id,"
		               " stamp, hash, weight, is_surplus FROM (%s) AS row_of_id",
		               rows);
		content->surplus =
		    sql_format("SELECT id, hash, stamp FROM (%s) AS labeled WHERE is_surplus", rows);
	}
	content->source_rows =
	    sql_format("SELECT id, %s AS bucket, hash, weight FROM (%s) AS labeled", bucket, rows);
}

/*
 * Sets *content to the queries for one of the five tables without a window. A row of production
 * has weight 1 if its updatedAt is at or after the watermark, otherwise 0: the sum of the weights
 * is the number of rows that an incremental pull is expected to fetch.
 */
void
content_of_table(Content *content, const ProductionKeys *keys, int table, Timestamp watermark)
{
	const MirrorTable *mirrored = &mirror_tables[table];
	int64 mask = bucket_count(mirrored) - 1;
	const char *bucket = "pg_catalog.hashtextextended(%s COLLATE pg_catalog.\"C\", 0) & %lld";
	char *stamp = content_stamp(mirrored);

	memset(content, 0, sizeof(Content));
	content->name = mirrored->name;
	content->bucket_type = "bigint";
	set_source(content, &keys[table], sql_format(bucket, "id", (long long) mask),
	           sql_format("SELECT " KEYS_ID " AS id, %1$s AS stamp, %2$s AS hash,"
	                      " (%1$s >= timestamp '%3$s' IS TRUE)::integer AS weight"
	                      " FROM public.%4$s AS source",
	                      stamp, content_row_hash(mirrored, "source"), clock_spell(watermark),
	                      quote_identifier(mirrored->name)));
	content->local_rows = local_rows(mirrored, sql_format(bucket, "mirror.id", (long long) mask),
	                                 sql_format(bucket, "held.row_id", (long long) mask), "true");
}

/*
 * Sets *content to the queries for attendance since an instant, with one bucket per day. Days are
 * in UTC: it is enough that they are the same on both sides. Rows whose attendedAt is NULL or too
 * early for a local day share one bucket. Production's older rows are counted in the bucket
 * CONTENT_OLDER. A row of production has weight 0 if it is in that bucket, otherwise 1.
 */
void
content_of_window(Content *content, const ProductionKeys *keys, Timestamp start)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	const char *day = "CASE WHEN %1$s >= timestamp " FIRST_DAY " THEN %1$s::date"
	                  " ELSE 'infinity' END";
	char *held = "(held.content->>'attendedAt')::timestamp(3)";
	char *from = clock_spell(start);

	memset(content, 0, sizeof(Content));
	content->name = table->name;
	content->bucket_type = "date";
	set_source(content, &keys[MIRROR_ATTENDANCE],
	           sql_format("CASE WHEN weight = 0 THEN '" CONTENT_OLDER "' ELSE %s END",
	                      sql_format(day, "stamp")),
	           sql_format("SELECT " KEYS_ID " AS id, %1$s AS stamp,"
	                      " CASE WHEN %2$s THEN %3$s END AS hash, %2$s::integer AS weight"
	                      " FROM public.\"UserHangoutGroupAttendance\" AS source",
	                      content_stamp(table), content_is_recent(start),
	                      content_row_hash(table, "source")));
	content->local_rows = sql_format(
	    "SELECT * FROM (%s) AS here WHERE bucket > '" CONTENT_OLDER "'",
	    local_rows(table, "mirror.\"attendedAt\"::date",
	               sql_format("CASE WHEN %1$s < timestamp '%2$s' AND %1$s >= timestamp " FIRST_DAY
	                          " THEN '" CONTENT_OLDER "' ELSE %3$s END",
	                          held, from, sql_format(day, held)),
	               sql_format("mirror.\"attendedAt\" >= timestamp '%s'", from)));
}

/*
 * Returns the ids of a table's quarantined rows, as the text of an array; NULL if there are none.
 * Leaves out rows that are in quarantine because the mirror lacks their parent: the callers'
 * queries check the parent as well.
 */
static char *
waiting_ids(const MirrorTable *table)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT array_agg(row_id ORDER BY row_id COLLATE \"C\")::text"
	                             " FROM ngeshare.quarantine AS held WHERE table_name = $1");
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		appendStringInfo(&sql,
		                 " AND (is_refused OR NOT is_whole OR held.content->>%1$s IS NULL"
		                 " OR EXISTS (SELECT 1 FROM public.%2$s AS above"
		                 " WHERE above.id = held.content->>%1$s))",
		                 quote_literal_cstr(parent->column), quote_identifier(parent->table));
	return mirror_query_row(table, sql.data) ? sql_text(1) : NULL;
}

/* Appends a condition: the SQL expression "id" is not one of the ids of waiting_ids(). */
static void
append_not_waiting(StringInfo sql, const MirrorTable *table, const char *id)
{
	char *ids = waiting_ids(table);

	if (ids != NULL)
		appendStringInfo(sql,
		                 " AND NOT EXISTS (SELECT 1"
		                 " FROM pg_catalog.unnest(%s::pg_catalog.text[]) AS waiting (id)"
		                 " WHERE waiting.id = %s::text COLLATE pg_catalog.\"C\")",
		                 quote_literal_cstr(ids), id);
}

/*
 * Returns whether the parents of a table's rows are sure to exist in production (it enforces the
 * foreign keys) and to be mirrored (none is in quarantine).
 */
static bool
has_sure_parents(const ProductionKeys *keys, int table)
{
	const MirrorParent *parents = mirror_tables[table].parents;

	for (int i = 0; parents[i].column != NULL; i++)
		if (!keys[table].is_enforced[i] ||
		    content_has_quarantined(&mirror_tables[mirror_table_index(parents[i].table)]))
			return false;
	return true;
}

/*
 * Returns a subquery for the parent of production's row "source". It finds the parent only if the
 * parent's own parents exist in production and are not in quarantine. child_column of "source"
 * holds the parent's id.
 */
static char *
find_parent(const ProductionKeys *keys, int table, const char *child_column)
{
	const MirrorParent *parents = mirror_tables[table].parents;
	StringInfoData from;
	StringInfoData where;

	initStringInfo(&from);
	initStringInfo(&where);
	appendStringInfo(&from, "public.%s AS parent", quote_identifier(mirror_tables[table].name));
	for (int i = 0; parents[i].column != NULL; i++)
	{
		const char *above = quote_identifier(parents[i].table);
		char *column = sql_format("parent.%s", quote_identifier(parents[i].column));

		append_not_waiting(&where, &mirror_tables[mirror_table_index(parents[i].table)], column);
		if (keys[table].is_enforced[i])
			continue;
		appendStringInfo(&from,
		                 " LEFT JOIN public.%1$s AS above_%2$d ON above_%2$d.id::text"
		                 " COLLATE pg_catalog.\"C\" = %3$s::text",
		                 above, i, column);
		appendStringInfo(&where, " AND (%2$s IS NULL OR above_%1$d.id IS NOT NULL)", i, column);
	}
	return sql_format("SELECT 1 FROM %s WHERE parent.id::text COLLATE pg_catalog.\"C\""
	                  " = source.%s::text%s",
	                  from.data, child_column, where.data);
}

/*
 * Returns a condition on production's attendance "source": its group, episode and user exist, so
 * do the hangouts of the group and the episode, and none of these rows is in quarantine. A parent
 * is not looked up if production's foreign keys guarantee it and its own parents
 * (has_sure_parents()).
 */
char *
content_has_parents(const ProductionKeys *keys)
{
	const MirrorParent *parents = mirror_tables[MIRROR_ATTENDANCE].parents;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "true");
	for (int i = 0; parents[i].column != NULL; i++)
	{
		int parent = mirror_table_index(parents[i].table);
		const char *column = quote_identifier(parents[i].column);

		if (keys[MIRROR_ATTENDANCE].is_enforced[i] && has_sure_parents(keys, parent))
			appendStringInfo(&sql, " AND source.%s IS NOT NULL", column);
		else
			appendStringInfo(&sql, " AND EXISTS (%s)", find_parent(keys, parent, column));
		append_not_waiting(&sql, &mirror_tables[parent], sql_format("source.%s", column));
	}
	return sql.data;
}

/*
 * Returns production's attendance before an instant, as a FROM item named "source". If production
 * does not guarantee unique ids, it keeps one row per id: the one that set_source() would choose if
 * the rows were in the window.
 */
static char *
past_rows(const ProductionKeys *keys, Timestamp end)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	const char *number = "";
	char *rows;

	if (!keys->is_unique)
		number = sql_format(", pg_catalog.row_number() OVER (PARTITION BY " KEYS_ID
		                    " ORDER BY %s) AS of_id",
		                    content_row_hash(table, "source"));
	rows = sql_format("SELECT %1$s%2$s FROM public.\"UserHangoutGroupAttendance\" AS source"
	                  " WHERE %3$s < timestamp '%4$s' AND %3$s >= timestamp " FIRST_DAY,
	                  mirror_columns(table, "source.%1$I", ", "), number, content_stamp(table),
	                  clock_spell(end));
	return sql_format("(SELECT * FROM (%s) AS row_of_id%s) AS source", rows,
	                  keys->is_unique ? "" : " WHERE of_id = 1 AND id IS NOT NULL");
}

/*
 * Returns a query that counts production's attendance before an instant as meetings, as the
 * history counts it. The CASE treats implausible attendance (before 2000) as
 * ngeshare.meeting_day() does. Attendance without a parent is left out, because it would be in
 * quarantine if it were in the window.
 */
char *
content_past_meetings(const ProductionKeys *keys, Timestamp end, const char *zone)
{
	return sql_format(
	    "SELECT \"hangoutGroupId\"::text COLLATE pg_catalog.\"C\" AS group_id,"
	    " \"hangoutEpisodeId\"::text COLLATE pg_catalog.\"C\" AS episode_id,"
	    " least(((%1$s AT TIME ZONE 'UTC') AT TIME ZONE %2$s)::date,"
	    " CASE WHEN %1$s < timestamp '2000-01-01 00:00:00' THEN date '1999-12-30' END) AS day,"
	    " min(%1$s) AS first_at, max(%1$s) AS last_at, count(*) AS attendances,"
	    " pg_catalog.hashtextextended(\"hangoutGroupId\"::text COLLATE pg_catalog.\"C\", 0) & %3$d"
	    " AS bucket FROM %4$s WHERE %5$s GROUP BY 1, 2, 3, 7",
	    content_stamp(&mirror_tables[MIRROR_ATTENDANCE]), quote_literal_cstr(zone),
	    PAST_BUCKETS - 1, past_rows(&keys[MIRROR_ATTENDANCE], end), content_has_parents(keys));
}

/*
 * Sets *content to the queries for the past: the meetings before an instant, each weighted by its
 * number of attendances.
 */
void
content_of_past(Content *content, const ProductionKeys *keys, Timestamp end, const char *zone)
{
	const char *rows =
	    "SELECT group_id AS id, bucket, %s AS hash, attendances AS weight FROM (%s) AS meeting";
	char *hash = sql_format(ROW_HASH, "group_id COLLATE pg_catalog.\"C\","
	                                  " episode_id COLLATE pg_catalog.\"C\","
	                                  " day, first_at, last_at, attendances");
	char *here = sql_format("SELECT *, hashtextextended(group_id COLLATE \"C\", 0) & %d AS bucket"
	                        " FROM ngeshare.meeting_past"
	                        " WHERE first_at < timestamp '%s'",
	                        PAST_BUCKETS - 1, clock_spell(end));

	memset(content, 0, sizeof(Content));
	content->name = "meeting_past";
	content->bucket_type = "bigint";
	content->source_rows = sql_format(rows, hash, content_past_meetings(keys, end, zone));
	content->local_rows = sql_format(rows, hash, here);
}
