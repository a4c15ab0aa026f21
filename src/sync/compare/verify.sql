-- The tables and functions of the comparison of contents: the mirror's cached buckets, which
-- buckets of the past were compared when, the writes that statement triggers have recorded, and the
-- rows that were found to differ.

CREATE TABLE ngeshare.digest
(
    name      text    NOT NULL,
    bucket    text    NOT NULL,
    row_count bigint  NOT NULL,
    hash_sum  numeric NOT NULL,
    weight    bigint  NOT NULL,
    PRIMARY KEY (name, bucket)
);
COMMENT ON TABLE ngeshare.digest IS
'The content of the mirror and of the meeting history as a sync computed it, one row per table and '
'bucket: the number of rows (quarantined ones included), the sum of their hashes, and how many of '
'the rows are in the mirror (weight; for meetings, the number of attendances). '
'ngeshare.digest_state tells whether it is still valid.';

CREATE TABLE ngeshare.digest_state
(
    name     text        NOT NULL PRIMARY KEY,
    query    text        NOT NULL,
    snapshot pg_snapshot NOT NULL,
    guard    text
);
COMMENT ON TABLE ngeshare.digest_state IS
'How the rows of ngeshare.digest were computed, one row per table: the query (its md5), the '
'snapshot that saw the rows, and the fingerprint of the table and of the triggers that record '
'later writes (ngeshare.write_guard()).';

CREATE TABLE ngeshare.past_compared
(
    bucket      bigint           NOT NULL PRIMARY KEY,
    run_id      bigint           NOT NULL,
    compared_at timestamptz      NOT NULL,
    cost_ms     double precision NOT NULL
);
COMMENT ON TABLE ngeshare.past_compared IS
'One row per bucket of groups (ngeshare.past_bucket()): the last run that found that its meetings '
'before the window''s start are the same as on production, the clock of that run, and how many '
'milliseconds production needed for it (on average, if several buckets were compared at once). A '
'bucket that was never found to be the same has no row.';

CREATE FUNCTION ngeshare.choose_past_buckets(budget_ms bigint)
RETURNS bigint[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN count(*) FILTER (WHERE is_chosen) < count(*)
        THEN array_agg(bucket) FILTER (WHERE is_chosen) END
    FROM (
        SELECT
            bucket,
            row_number() OVER by_age <= 43
                OR sum(coalesce(cost_ms, 0)) OVER by_age <= budget_ms AS is_chosen
        FROM generate_series(0, 1023) AS bucket
        LEFT JOIN ngeshare.past_compared USING (bucket)
        -- By run_id and not by compared_at: the run's clock may stand still or go back.
        WINDOW by_age AS (ORDER BY run_id NULLS FIRST, bucket ROWS UNBOUNDED PRECEDING)
    ) AS candidate
$$;
COMMENT ON FUNCTION ngeshare.choose_past_buckets(bigint) IS
'The buckets of groups whose meetings before the window''s start an incremental sync compares, '
'beginning with those that were never found to be the same, or longest ago: as many as took '
'production "budget_ms" milliseconds the last time, but at least 43 (a 24th of all). NULL means '
'all buckets.';

CREATE FUNCTION ngeshare.note_past_compared
(
    buckets   bigint[],
    differing bigint[],
    run_id    bigint,
    at        timestamptz,
    took_ms   double precision
)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ngeshare.past_compared AS known (bucket, run_id, compared_at, cost_ms)
    SELECT bucket, run_id, at, greatest(took_ms, 0) / coalesce(cardinality(buckets), 1024)
    FROM generate_series(0, 1023) AS bucket
    WHERE (buckets IS NULL OR bucket = ANY (buckets))
      AND (differing IS NULL OR bucket <> ALL (differing))
    ON CONFLICT (bucket) DO UPDATE
    SET run_id = excluded.run_id,
        compared_at = excluded.compared_at,
        cost_ms = CASE WHEN took_ms < 0 THEN known.cost_ms ELSE excluded.cost_ms END
$$;
COMMENT ON FUNCTION ngeshare.note_past_compared(bigint[], bigint[], bigint, timestamptz,
    double precision) IS
'Records in ngeshare.past_compared that a run compared the given buckets (NULL: all) and found '
'them the same, except for the differing ones (NULL: none). took_ms: how many milliseconds '
'production needed, -1 if that is not known.';

CREATE FUNCTION ngeshare.past_compared_since()
RETURNS timestamptz
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN count(*) = 1024 THEN min(compared_at) END
    FROM ngeshare.past_compared
$$;
COMMENT ON FUNCTION ngeshare.past_compared_since() IS
'The oldest compared_at of the 1,024 buckets in ngeshare.past_compared; NULL if a bucket was never '
'found to be the same.';

CREATE TABLE ngeshare.write_mark
(
    name       text NOT NULL,
    written_by xid8 NOT NULL
);
COMMENT ON TABLE ngeshare.write_mark IS
'One row per statement that wrote to a table of the mirror or to ngeshare.meeting_past, with its '
'transaction id. The sync deletes a row once ngeshare.digest includes the write.';

CREATE FUNCTION ngeshare.write_guard(name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' ', relation.relfilenode, count(*),
        string_agg(concat_ws(' ', noting.oid, noting.xmin, noting.tgenabled), ' '
            ORDER BY noting.tgname))
    FROM pg_class AS relation
    JOIN pg_namespace AS space ON space.oid = relation.relnamespace
    JOIN pg_trigger AS noting ON noting.tgrelid = relation.oid
     AND noting.tgfoid IN ('ngeshare.note_write'::regproc, 'ngeshare.before_write'::regproc)
    WHERE relation.relname = write_guard.name
      AND space.nspname = CASE WHEN write_guard.name = 'meeting_past' THEN 'ngeshare'
          ELSE 'public' END
    GROUP BY relation.relfilenode
$$;
COMMENT ON FUNCTION ngeshare.write_guard(text) IS
'A fingerprint of a table and of the triggers that record its writes in ngeshare.write_mark. It '
'contains the table''s relfilenode, which changes when the table is truncated or rewritten, and '
'the triggers with their state. If it has changed since ngeshare.digest was computed, a write may '
'be missing in ngeshare.write_mark. NULL if there are no such triggers.';

CREATE TABLE ngeshare.stage_key
(
    row_id text   NOT NULL,
    hash   bigint,
    stamp  timestamp(3)
);
COMMENT ON TABLE ngeshare.stage_key IS
'Work table of a sync: ids of production''s rows, such as those in the buckets that differ, with '
'their hashes and timestamps where the sync needs them.';

CREATE TABLE ngeshare.difference
(
    table_name text NOT NULL,
    row_id     text NOT NULL,
    kind       text NOT NULL
        CHECK (kind IN ('missing', 'changed', 'extra', 'gone', 'moved', 'parent', 'kept')),
    difference_no bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
COMMENT ON TABLE ngeshare.difference IS
'The rows that differ between the mirror and production, by key, as the last run found them. '
'missing: not in the mirror. changed: with another content. extra: gone from production. kept: '
'gone from production, but the row could not be deleted, mostly because a user''s table references '
'it, so it stays from run to run. Only while a run works on a table: gone (rows that the sync may '
'have to delete from the mirror: it asks production whether it still has them), moved (attendance '
'that production still has, on another day) and parent (rows to fetch because others reference '
'them). A run works through the rows in the order of difference_no and deletes those that it has '
'dealt with. After CALL ngeshare_sync(''verify'') the table lists all rows that differ.';

CREATE FUNCTION public.ngeshare_validate()
RETURNS TABLE
(
    table_name       text,
    source_rows      bigint,
    local_rows       bigint,
    difference_pct   numeric,
    within_tolerance boolean,
    source_hash      numeric,
    local_hash       numeric,
    matches          boolean
)
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
SECURITY DEFINER
ROWS 6
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO'
SET jit = off;
COMMENT ON FUNCTION public.ngeshare_validate() IS
'Compares each of the six tables with production by content, and changes nothing: one row per '
'table. For attendance it compares the window of raw attendance (before the first sync, all rows). '
'difference_pct: the mirror''s rows less production''s, as a percentage of production''s, one '
'decimal (NULL if production has none). within_tolerance: the difference is at most 0.1 % either '
'way. source_hash and local_hash: sums over the hashes of all rows, quarantined ones included. '
'matches: every bucket of rows is the same. Errors: 55000 before ngeshare_connect(), and the '
'errors of production or the network.';
