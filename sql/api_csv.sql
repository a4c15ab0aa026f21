-- Tests the bytes of the CSV files that api.csv() writes. The output shows invisible characters as
-- <BOM>, <CR> and <TAB>.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION test.seen(csv text)
RETURNS text
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT replace(replace(replace(csv,
        convert_from('\xefbbbf', current_setting('server_encoding')),
            '<BOM>'), E'\r', '<CR>'), E'\t', '<TAB>')
$$;
CREATE TYPE test.mood AS ENUM ('=glad', 'sad');
CREATE DOMAIN test.label AS text;
CREATE DOMAIN test.day AS date;
CREATE TABLE test.cell (id integer, word text);
CREATE TABLE test.kinds
(
    gone     text,
    truth    boolean,
    counted  integer,
    exact    numeric,
    measured float8,
    day      test.day,
    local    timestamp,
    instant  timestamptz,
    clock    time,
    length   interval,
    document jsonb,
    list     text[],
    label    test.label,
    mood     test.mood
);
ALTER TABLE test.kinds DROP COLUMN gone;

--
-- A file without rows still has its header line
--
SELECT test.seen(api.csv(cell)) FROM test.cell;
SELECT test.seen(api.csv(kinds)) FROM test.kinds;
SELECT test.seen(api.csv(shown)) FROM api.funnel AS shown WHERE false;
SELECT test.seen(api.csv(shown::api.funnel)) FROM (SELECT * FROM api.funnel WHERE false) AS shown;
-- Column names are quoted as cells are, and guarded against formulas, too.
CREATE VIEW test.named AS SELECT 1 AS "a,b", 2 AS "say ""x""", 3 AS "=1+1" WHERE false;
SELECT test.seen(api.csv(named)) FROM test.named;

--
-- Quoting, and guarding text that a spreadsheet would take for a formula
--
INSERT INTO test.cell (id, word)
VALUES
    (1, 'plain'),
    (2, NULL),
    (3, ''),
    (4, ' spaces '),
    (5, 'a,b'),
    (6, 'say "x"'),
    (7, '"'),
    (8, '""",'),
    (9, E'one\ntwo'),
    (10, E'one\r\ntwo'),
    (11, E'one\rtwo'),
    (12, E'back\\slash \\n'),
    (13, 'NULL'),
    (14, '\.'),
    (15, 'رحلة الإيمان'),
    (16, '🌱; tunas'),
    (17, '=1+1'),
    (18, '=HYPERLINK("http://x","y")'),
    (19, '+62 812'),
    (20, '-5'),
    (21, '@SUM(A1)'),
    (22, E'\tx'),
    (23, E'\rx'),
    (24, '''=1'),
    (25, ' =1'),
    (26, 'a=b'),
    (27, '='),
    (28, '-');
SELECT test.seen(api.csv(cell ORDER BY id)) FROM test.cell;
-- Some spreadsheets split a line at semicolons, tabs or line breaks too, and ignore white space and
-- invisible characters in front of a cell. Formulas after these must be guarded as well.
-- test.spelled() shows vertical tabs and characters beyond ASCII by their hexadecimal codes.
CREATE FUNCTION test.spelled(word text)
RETURNS text
LANGUAGE sql
AS $$
    SELECT string_agg(CASE WHEN ascii(letter) > 126 OR letter = E'\x0B'
        THEN '<' || to_hex(ascii(letter)) || '>' ELSE letter END, '' ORDER BY no)
    FROM string_to_table(word, NULL) WITH ORDINALITY AS spelled (letter, no)
$$;
CREATE TABLE test.split (id integer, word text);
INSERT INTO test.split (id, word)
VALUES
    (1, 'x;=1+1'),
    (2, 'x;  =1'),
    (3, E'x"\t=1'),
    (4, E'x\r\n=1'),
    (5, E'x\n+1'),
    (6, U&'\200B=1'),
    (7, U&'\FEFF=1'),
    (8, U&'\00A0-1'),
    (9, U&'\FF1D1'),
    (10, U&'\FF0B1'),
    (11, U&'\FF0D1'),
    (12, U&'\FF20x'),
    (13, ';;@x'),
    (14, 'a;"=1"'),
    (15, U&'x;\200B=1'),
    (16, U&'x;\3000"\2060 \FF1D1'),
    (17, 'abc;=cmd|''/C calc''!A0;x'),
    (18, 'x;""";=1'),
    (19, '=;=;='),
    (20, U&'x\FF1B=1'),
    (21, U&'x\2028=1'),
    (22, E'x\x0B=1'),
    (23, U&'x;\+0E0020=1'),
    (24, U&'\FE66\FE621'),
    -- api.csv() adds no apostrophe to the following values.
    (25, 'a; b = c; d-e'),
    (26, 'a, -5'),
    (27, 'x;''=1'),
    (28, 'say "+1"'),
    (29, U&'x;\00E9=1'),
    (30, U&'\2212 5; \2013');
SELECT split.id, test.spelled(test.seen(line)) AS line
FROM test.split
CROSS JOIN LATERAL (SELECT api.csv(shown) FROM (SELECT split.word) AS shown) AS made (csv)
CROSS JOIN LATERAL substr(csv, length('_word__') + 1) AS line
ORDER BY split.id;
-- Arrays, JSON documents and domains over text are guarded like text. Numbers are not.
SELECT test.seen(api.csv(shown))
    FROM (SELECT ARRAY['x;=1'] AS list, '["x;=1"]'::jsonb AS document, 'a;=1'::test.label AS label,
        -5 AS number, -0.5::float8 AS measured) AS shown;
-- The rows keep the order of the subquery.
SELECT test.seen(api.csv(shown))
    FROM (SELECT * FROM test.cell WHERE id < 4 ORDER BY id DESC) AS shown;

--
-- Numbers, dates and timestamps are written as in JSON, whatever DateStyle and TimeZone are
--
SET datestyle = 'German, DMY';
SET timezone = 'Asia/Jakarta';
INSERT INTO test.kinds
VALUES
    (true, -5, -1234567.80, -0.5, '2026-03-31', '2026-03-31 12:00:00.25', '2026-03-31 12:00:00+07',
        '07:08:09', '-1 day', '"=1"', '{=a,"b,c"}', '=label', '=glad'),
    (false, 0, 0.00, 'NaN', '-infinity', 'infinity', '0044-03-15 12:00:00+07:07:12 BC', '00:00',
        '1 mon', '-5', '{}', 'label', 'sad'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT test.seen(api.csv(kinds)) FROM test.kinds;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

--
-- Special kinds of rows and arguments
--
-- In a file of one column a NULL is written as "", because an empty line would be no row.
SELECT test.seen(api.csv(shown)) FROM (VALUES ('a'), (NULL), ('')) AS shown (word);
-- A NULL in place of a row is written as a row whose columns are all NULL.
SELECT test.seen(api.csv(cell ORDER BY asked)) FROM (VALUES (1), (99), (2)) AS wanted (asked)
    LEFT JOIN test.cell ON id = asked;
-- api.csv() with GROUP BY, and as a window function.
SELECT id % 2, test.seen(api.csv(cell ORDER BY id)) FROM test.cell WHERE id < 5
    GROUP BY id % 2 ORDER BY 1;
SELECT id, length(api.csv(cell) OVER (ORDER BY id)) FROM test.cell WHERE id < 4 ORDER BY id;
-- A row without columns is allowed. Errors: a value instead of a row, rows of different types, and
-- no rows where the type of the record is unknown.
CREATE TABLE test.nothing ();
INSERT INTO test.nothing DEFAULT VALUES;
SELECT test.seen(api.csv(nothing)) FROM test.nothing;
DO $$
DECLARE
    wrong text;
    code  text;
    said  text;
    hint  text;
BEGIN
    FOREACH wrong IN ARRAY ARRAY[
        'SELECT api.csv(id) FROM test.cell',
        'SELECT api.csv(id) FROM test.cell WHERE false',
        'SELECT api.csv(CASE WHEN id = 1 THEN row(1) ELSE row(1, 2) END) FROM test.cell',
        'SELECT api.csv(shown) FROM (SELECT * FROM test.cell WHERE false) AS shown',
        'SELECT api.csv(NULL::record)',
        -- Too long: five cells of 60 MB; 128 MB of quotes, which are doubled.
        'SELECT api.csv(shown) FROM (SELECT number, repeat(''x'', 60 * 1024 * 1024) AS word FROM '
        'generate_series(1, 5) AS number) AS shown',
        'SELECT api.csv(shown) FROM (SELECT repeat(''"'', 128 * 1024 * 1024) AS word) AS shown'
    ]
    LOOP
        BEGIN
            EXECUTE wrong;
            RAISE EXCEPTION 'this was not refused: %', wrong;
        EXCEPTION
            WHEN datatype_mismatch OR indeterminate_datatype OR program_limit_exceeded THEN
                GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, said = MESSAGE_TEXT,
                    hint = PG_EXCEPTION_HINT;
                RAISE INFO '%: % (%)', code, said, hint;
        END;
    END LOOP;
END
$$;
-- Four cells of 60 MB fit into the limit of 256 MB.
SELECT length(api.csv(shown))
FROM (SELECT number, repeat('x', 60 * 1024 * 1024) AS word
    FROM generate_series(1, 4) AS number) AS shown;
-- 100,000 rows give 100,000 lines and the header.
SELECT length(csv), length(csv) - length(replace(csv, E'\r\n', '.')) AS lines
FROM (
    SELECT api.csv(shown) AS csv
    FROM (SELECT number, repeat('"', 10) AS word FROM generate_series(1, 100000) AS number) AS shown
) AS made;

--
-- EXECUTE on the aggregate is enough; its support functions need no grant
--
CREATE ROLE regress_csv_reader;
GRANT USAGE ON SCHEMA api, test TO regress_csv_reader;
GRANT SELECT ON test.cell TO regress_csv_reader;
SET ROLE regress_csv_reader;
SELECT api.csv(cell) FROM test.cell;
RESET ROLE;
GRANT EXECUTE ON FUNCTION api.csv(anyelement) TO regress_csv_reader;
SET ROLE regress_csv_reader;
SELECT test.seen(api.csv(cell)) FROM test.cell WHERE id = 1;
RESET ROLE;
DROP OWNED BY regress_csv_reader;
DROP ROLE regress_csv_reader;
