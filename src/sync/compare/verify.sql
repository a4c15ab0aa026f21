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
'This side''s content, a row a table and bucket: how many rows, and the sum of their hashes. Good as long as ngeshare.digest_state says so.';

CREATE TABLE ngeshare.digest_state
(
    name     text        NOT NULL PRIMARY KEY,
    query    text        NOT NULL,
    snapshot pg_snapshot NOT NULL,
    guard    text
);
COMMENT ON TABLE ngeshare.digest_state IS
'What ngeshare.digest was computed with: the query (its md5), the snapshot that saw the rows, and the state of the triggers that would have marked a later write.';

CREATE TABLE ngeshare.write_mark
(
    name       text NOT NULL,
    written_by xid8 NOT NULL
);
COMMENT ON TABLE ngeshare.write_mark IS
'A row a statement that wrote to a table of the mirror or to the past, with its transaction. Cleared by the sync once a digest has seen it.';

CREATE FUNCTION ngeshare.write_guard(name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' ', relation.relfilenode, count(*),
        string_agg(concat_ws(' ', noting.oid, noting.xmin, noting.tgenabled), ' ' ORDER BY noting.tgname))
    FROM pg_class AS relation
    JOIN pg_namespace AS space ON space.oid = relation.relnamespace
    JOIN pg_trigger AS noting ON noting.tgrelid = relation.oid
     AND noting.tgfoid IN ('ngeshare.note_write'::regproc, 'ngeshare.before_write'::regproc)
    WHERE relation.relname = write_guard.name
      AND space.nspname = CASE WHEN write_guard.name = 'meeting_past' THEN 'ngeshare' ELSE 'public' END
    GROUP BY relation.relfilenode
$$;
COMMENT ON FUNCTION ngeshare.write_guard(text) IS
'A fingerprint of the triggers that mark a table''s writes: another one than when a digest was computed means that writes may have gone unmarked. NULL where there are no such triggers.';

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
'Rows that the last run found to differ, by key: missing here, changed, or extra (gone from production); of attendance also gone and moved (to another day), between the step that asks and the one that writes; parent within a step that fetches rows which others point to; kept: gone from production, but a table of yours references the row, and later runs know it. They are worked off in pieces, in the order of difference_no. Repaired and removed ones leave it; after CALL ngeshare_sync(''verify'') it says what differs.';

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
'Compares each table with production, now and by content, and changes nothing: a row a table. Attendance: its window. difference_pct is the rows here less those there, in percent of those there (NULL where there are none); within_tolerance: at most 0.1 % either way. The hashes are sums over all rows, quarantined ones included; matches: every bucket of rows is the same. Errors: 55000 before ngeshare_connect(), and what production or the network gave.';
