-- Prints docs/reference.md: the views and functions in the schemas public and api, the settings and
-- the error codes, with their comments. Runs in a database that has the extension and nothing else.
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = pg_catalog;
SET client_min_messages = warning;
-- pg_settings lists the extension's settings only after the library is loaded.
LOAD 'ngeshare';

CREATE FUNCTION pg_temp.cell(words text)
RETURNS text
LANGUAGE sql
AS $$ SELECT coalesce(replace(replace(words, '|', '\|'), E'\n', ' '), '') $$;

CREATE TEMP VIEW member AS
SELECT classid, objid
FROM pg_depend
WHERE deptype = 'e'
  AND refclassid = 'pg_extension'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ngeshare');

CREATE TEMP VIEW relation AS
SELECT
    c.oid,
    n.nspname AS schema_name,
    c.relname AS name,
    c.relkind,
    obj_description(c.oid, 'pg_class') AS comment
FROM member
JOIN pg_class AS c ON classid = 'pg_class'::regclass AND c.oid = objid
JOIN pg_namespace AS n ON n.oid = c.relnamespace;

CREATE TEMP VIEW chapter AS
SELECT
    schema_name,
    name,
    relkind,
    format(E'### `%s`\n\n%s\n',
        CASE WHEN schema_name = 'api' THEN 'api.' || name ELSE name END, comment)
    || CASE
        WHEN schema_name = 'api' AND EXISTS (
            SELECT 1
            FROM pg_attribute
            WHERE attrelid = relation.oid
              AND attnum > 0
              AND col_description(attrelid, attnum) IS NOT NULL)
          OR schema_name = 'public'
        THEN E'\n| column | type | is |\n|---|---|---|\n' || (
            SELECT string_agg(
                format('| %s | %s | %s |', attname, format_type(atttypid, atttypmod),
                    pg_temp.cell(col_description(attrelid, attnum))),
                E'\n' ORDER BY attnum)
            FROM pg_attribute
            WHERE attrelid = relation.oid
              AND attnum > 0
              AND NOT attisdropped) || E'\n'
        ELSE ''
    END AS words
FROM relation;

\echo '# Reference'
\echo
\echo -n '`scripts/reference` makes this page from the comments in the catalog; a test checks that '
\echo 'it is current. [rules.md](rules.md) says how everything is counted.'
\echo
\echo '## Views'
\echo
SELECT words FROM chapter WHERE schema_name = 'public' AND relkind = 'v' ORDER BY name COLLATE "C";
\echo '## Tables'
\echo
\echo 'The mirror has production''s six tables under their own names and columns. Beside them:'
\echo
SELECT words
FROM chapter
WHERE schema_name = 'public'
  AND relkind = 'r'
  AND name = lower(name)
ORDER BY name COLLATE "C";
\echo '## Functions and procedures'
\echo
SELECT format(E'### `%s(%s)`%s\n\n%s\n',
    proname,
    pg_get_function_arguments(p.oid),
    CASE WHEN prokind = 'p' THEN ' (CALL)'
        ELSE E'\n\nReturns `' || pg_get_function_result(p.oid) || '`.' END,
    obj_description(p.oid, 'pg_proc'))
FROM member
JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND p.oid = objid
WHERE p.pronamespace = 'public'::regnamespace
ORDER BY proname COLLATE "C";
\echo '## Settings'
\echo
\echo -n 'All but `ngeshare.as_of` are for superusers: `ALTER DATABASE ... SET`, or '
\echo '`ALTER SYSTEM SET` and a reload.'
\echo
\echo '| setting | default | from | to | means |'
\echo '|---|---|---|---|---|'
SELECT format('| `%s` | %s | %s | %s | %s |',
    name,
    CASE WHEN boot_val = '' THEN 'empty' ELSE concat_ws(' ', boot_val, unit) END,
    min_val,
    max_val,
    pg_temp.cell(concat_ws(' ', short_desc, extra_desc)))
FROM pg_settings
WHERE name LIKE 'ngeshare.%'
ORDER BY name COLLATE "C";
\echo
\echo '## Error codes'
\echo
\echo -n 'A pattern such as 08% stands for all codes that begin with 08. For an error of a sync, '
\echo 'the page and the alerts say what the first matching line says.'
\echo
\echo '| met by | SQLSTATE | means | what to do |'
\echo '|---|---|---|---|'
SELECT format('| %s | %s | %s | %s |', met_by, pattern, pg_temp.cell(meaning), pg_temp.cell(remedy))
FROM ngeshare.error_code
ORDER BY place;
\echo
\echo '## The API'
\echo
\echo -n 'Each view is `GET /api/NAME`, and `/export/NAME.csv` as a file. A column that is not '
\echo 'described here means the same as in the corresponding view above.'
\echo
SELECT words FROM chapter WHERE schema_name = 'api' AND relkind = 'v' ORDER BY name COLLATE "C";
SELECT format(E'### `/api/rpc/%s`\n\nArguments: `%s`.\n\n%s\n',
    proname,
    coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), 'none'),
    obj_description(p.oid, 'pg_proc'))
FROM member
JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND p.oid = objid
WHERE p.pronamespace = 'api'::regnamespace
  AND prokind = 'f'
  AND proname <> 'pre_request'
ORDER BY proname COLLATE "C";
