-- What the comparison of contents keeps: this side's buckets, the marks that
-- statement triggers leave when a table is written, and what was found to differ.

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
'This side''s content, one row per table and bucket: how many rows, and the sum of their hashes. '
'Good as long as ngeshare.digest_state says so.';

CREATE TABLE ngeshare.digest_state
(
    name     text        NOT NULL PRIMARY KEY,
    query    text        NOT NULL,
    snapshot pg_snapshot NOT NULL,
    guard    text
);
COMMENT ON TABLE ngeshare.digest_state IS
'What ngeshare.digest was computed with: the query (its md5), the snapshot that saw the rows, and '
'the state of the triggers that would have marked a later write.';

CREATE TABLE ngeshare.past_compared
(
    bucket      bigint           NOT NULL PRIMARY KEY,
    compared_at timestamptz      NOT NULL,
    cost_ms     double precision NOT NULL
);
COMMENT ON TABLE ngeshare.past_compared IS
'One row per bucket of groups (ngeshare.past_bucket()): when a sync last found its past the same '
'as in production, and how long production took. No row if it was never compared.';

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
        WINDOW by_age AS (ORDER BY compared_at NULLS FIRST, bucket ROWS UNBOUNDED PRECEDING)
    ) AS candidate
$$;
COMMENT ON FUNCTION ngeshare.choose_past_buckets(bigint) IS
'The buckets of the past that an incremental sync compares: those compared longest ago first, as '
'many as took production so many milliseconds the last time, and at least 43, a 24th of all. NULL '
'for all.';

CREATE FUNCTION ngeshare.note_past_compared
(
    buckets   bigint[],
    differing bigint[],
    at        timestamptz,
    took_ms   double precision
)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ngeshare.past_compared AS known (bucket, compared_at, cost_ms)
    SELECT bucket, at, greatest(took_ms, 0) / coalesce(cardinality(buckets), 1024)
    FROM generate_series(0, 1023) AS bucket
    WHERE (buckets IS NULL OR bucket = ANY (buckets))
      AND (differing IS NULL OR bucket <> ALL (differing))
    ON CONFLICT (bucket) DO UPDATE
    SET compared_at = excluded.compared_at,
        cost_ms = CASE WHEN took_ms < 0 THEN known.cost_ms ELSE excluded.cost_ms END
$$;
COMMENT ON FUNCTION ngeshare.note_past_compared(bigint[], bigint[], timestamptz,
    double precision) IS
'Notes that some buckets of the past (NULL: all) were compared and are the same, apart from those '
'that differ (NULL: none). took_ms: how long production took, -1 where it is not known.';

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
'The oldest comparison time of the 1,024 buckets of the past; NULL if any was never compared.';

CREATE TABLE ngeshare.write_mark
(
    name       text NOT NULL,
    written_by xid8 NOT NULL
);
COMMENT ON TABLE ngeshare.write_mark IS
'One row per statement that wrote to a table of the mirror or to the past, with its transaction. '
'Cleared by the sync once the content hashes include it.';

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
'A fingerprint of the triggers that mark a table''s writes: another one than when a digest was '
'computed means that writes may have gone unmarked. NULL where there are no such triggers.';

CREATE TABLE ngeshare.stage_key
(
    row_id text   NOT NULL,
    hash   bigint,
    stamp  timestamp(3)
);
COMMENT ON TABLE ngeshare.stage_key IS
'Production''s ids and row hashes of buckets that differ.';

CREATE TABLE ngeshare.difference
(
    table_name text NOT NULL,
    row_id     text NOT NULL,
    kind       text NOT NULL
        CHECK (kind IN ('missing', 'changed', 'extra', 'gone', 'moved', 'parent', 'kept')),
    difference_no bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
COMMENT ON TABLE ngeshare.difference IS
'Rows that the last run found to differ, by key: missing here, changed, or extra (gone from '
'production); of attendance also gone and moved (to another day), between the step that asks and '
'the one that writes; parent within a step that fetches rows which others point to; kept: gone '
'from production, but a table of yours references the row, and later runs know it. They are worked '
'off in pieces, in the order of difference_no. Repaired and removed ones leave it; after CALL '
'ngeshare_sync(''verify'') it says what differs.';

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
'Compares each table with production, now and by content, and changes nothing: one row per table. '
'Attendance: its window. difference_pct is the rows here less those there, in percent of those '
'there (NULL where there are none); within_tolerance: at most 0.1 % either way. The hashes are '
'sums over all rows, quarantined ones included; matches: every bucket of rows is the same. Errors: '
'55000 before ngeshare_connect(), and what production or the network gave.';
