-- Lists the functions, tables, views, schemas, constraints, indexes and triggers that CREATE
-- EXTENSION creates, with the flags that are easy to forget. A new one of these, a lost comment, a
-- privilege of PUBLIC or a changed volatility makes this test fail.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
RESET client_min_messages;
-- Unaligned output, so that a new long name changes only its own line of the expected output.
\pset format unaligned
\set ECHO all

-- With this search_path, names outside pg_catalog are shown with their schema.
SET search_path = pg_catalog;

CREATE TEMP VIEW member AS
SELECT classid, objid
FROM pg_depend
WHERE deptype = 'e'
  AND refclassid = 'pg_extension'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ngeshare');

-- The two extensions, and the properties of the installed version of ngeshare.
SELECT extname, extversion = default_version AS is_newest, extrelocatable,
    extnamespace::regnamespace
FROM pg_extension
JOIN pg_available_extensions ON name = extname
WHERE extname IN ('ngeshare', 'postgres_fdw')
ORDER BY extname COLLATE "C";

SELECT name, superuser, trusted, relocatable, schema, requires
FROM pg_available_extension_versions
WHERE name = 'ngeshare' AND installed;

-- Every function and procedure.
SELECT
    p.oid::regprocedure AS function,
    p.prokind AS kind,
    l.lanname AS language,
    p.provolatile AS volatile,
    p.proisstrict AS strict,
    p.proparallel AS parallel,
    p.prosecdef AS definer,
    p.proconfig AS config,
    has_function_privilege('public', p.oid, 'EXECUTE') AS public,
    obj_description(p.oid, 'pg_proc') IS NOT NULL AS comment
FROM member
JOIN pg_proc AS p ON member.classid = 'pg_proc'::regclass AND p.oid = member.objid
JOIN pg_language AS l ON l.oid = p.prolang
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- Expects no row: functions with a backslash in a string constant without E. Such a constant has
-- another meaning if standard_conforming_strings is off when the function is called.
SELECT p.oid::regprocedure AS function, constant[2] AS text
FROM member
JOIN pg_proc AS p ON member.classid = 'pg_proc'::regclass AND p.oid = member.objid
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql')
CROSS JOIN LATERAL regexp_matches(regexp_replace(p.prosrc, '--[^\n]*', '', 'g'),
    $text$([eE]?)('(?:[^']|'')*'(?:\s*\n\s*'(?:[^']|'')*')*)$text$, 'g') AS constant
WHERE constant[1] = ''
  AND constant[2] ~ '\\';

-- Expects no row: SECURITY DEFINER functions without a pinned search_path. A function whose body
-- was parsed at creation (prosqlbody) does not need one.
SELECT p.oid::regprocedure AS function
FROM member
JOIN pg_proc AS p ON member.classid = 'pg_proc'::regclass AND p.oid = member.objid
WHERE p.prosecdef
  AND p.prosqlbody IS NULL
  AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
ORDER BY 1;

-- Every table and view, whether a role other than the owner has a privilege on it, and whether
-- PUBLIC may read it.
SELECT
    c.oid::regclass AS relation,
    c.relkind AS kind,
    EXISTS (SELECT 1 FROM aclexplode(c.relacl) AS acl WHERE acl.grantee <> c.relowner) AS granted,
    has_table_privilege('public', c.oid, 'SELECT') AS public,
    obj_description(c.oid, 'pg_class') IS NOT NULL AS comment
FROM member
JOIN pg_class AS c ON member.classid = 'pg_class'::regclass AND c.oid = member.objid
WHERE c.relkind <> 'S'
ORDER BY c.oid::regclass::text COLLATE "C";

-- Expects no row: sequences that PUBLIC may use or read.
SELECT c.oid::regclass AS sequence
FROM pg_class AS c
WHERE c.relkind = 'S'
  AND c.relnamespace IN ('public'::regnamespace, 'ngeshare'::regnamespace)
  AND (has_sequence_privilege('public', c.oid, 'USAGE')
      OR has_sequence_privilege('public', c.oid, 'SELECT'))
ORDER BY 1;

-- The schemas, and what PUBLIC may do in them.
SELECT
    n.nspname AS schema,
    has_schema_privilege('public', n.oid, 'USAGE') AS usage,
    has_schema_privilege('public', n.oid, 'CREATE') AS create,
    obj_description(n.oid, 'pg_namespace') IS NOT NULL AS comment
FROM member
JOIN pg_namespace AS n ON member.classid = 'pg_namespace'::regclass AND n.oid = member.objid
ORDER BY n.nspname;

-- Expects no row: columns without a comment, of course_config or of a view in public.
SELECT a.attrelid::regclass AS relation, a.attname AS column
FROM member
JOIN pg_class AS c ON member.classid = 'pg_class'::regclass AND c.oid = member.objid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace
  AND (c.relkind = 'v' OR c.relname = 'course_config')
  AND col_description(c.oid, a.attnum) IS NULL
ORDER BY 1, a.attnum;

-- The columns of the views in public, in their order.
SELECT
    a.attrelid::regclass AS view,
    a.attnum AS no,
    a.attname AS column,
    format_type(a.atttypid, a.atttypmod) AS type
FROM member
JOIN pg_class AS c ON member.classid = 'pg_class'::regclass AND c.oid = member.objid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'v'
  AND c.relnamespace = 'public'::regnamespace
ORDER BY c.relname COLLATE "C", a.attnum;

-- The functions that return the same as a view return exactly its columns.
SELECT
    f.proname AS function,
    f.proargmodes[2:] = array_fill('t'::"char", ARRAY[cardinality(f.proargnames) - 1]) AS all_out,
    f.proargnames[2:] = v.names AS same_names,
    f.proallargtypes[2:] = v.types AS same_types,
    pg_get_function_arguments(f.oid) AS arguments
FROM (
    VALUES
        ('public.ngeshare_group_status'::regproc, 'public.v_group_status'::regclass),
        ('public.ngeshare_pipeline'::regproc, 'public.v_curriculum_pipeline'::regclass),
        ('public.ngeshare_funnel'::regproc, 'public.v_curriculum_funnel'::regclass)
) AS pair (function, view)
JOIN pg_proc AS f ON f.oid = pair.function
CROSS JOIN LATERAL (
    SELECT
        array_agg(attname::text ORDER BY attnum) AS names,
        array_agg(atttypid ORDER BY attnum) AS types
    FROM pg_attribute
    WHERE attrelid = pair.view AND attnum > 0
) AS v
ORDER BY f.proname COLLATE "C";

-- The mirror's columns: production's names, types, nullability and defaults.
SELECT
    a.attrelid::regclass AS table,
    a.attname AS column,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS not_null,
    pg_get_expr(d.adbin, d.adrelid) AS default
FROM pg_attribute AS a
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid IN (
    'public."User"'::regclass, 'public."Hangout"'::regclass, 'public."HangoutEpisode"'::regclass,
    'public."HangoutGroup"'::regclass, 'public."UserHangoutGroup"'::regclass,
    'public."UserHangoutGroupAttendance"'::regclass)
  AND a.attnum > 0
ORDER BY a.attrelid::regclass::text COLLATE "C", a.attnum;

-- Keys, foreign keys and checks of every table.
SELECT
    k.conrelid::regclass AS table,
    k.contype AS kind,
    pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint AS k
JOIN member ON member.classid = 'pg_class'::regclass AND member.objid = k.conrelid
WHERE k.contype <> 'n' -- NOT NULL, which pg_constraint has only since 18
ORDER BY k.conrelid::regclass::text COLLATE "C", k.contype, pg_get_constraintdef(k.oid) COLLATE "C";

-- Every index but those of primary keys.
SELECT i.indrelid::regclass AS table, i.indisunique AS unique,
    pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index AS i
JOIN member ON member.classid = 'pg_class'::regclass AND member.objid = i.indrelid
WHERE NOT i.indisprimary
ORDER BY i.indrelid::regclass::text COLLATE "C", pg_get_indexdef(i.indexrelid) COLLATE "C";

-- The triggers. "enabled" is A for those that fire whatever session_replication_role is.
SELECT t.tgrelid::regclass AS table, t.tgname AS trigger, t.tgenabled AS enabled,
    t.tgfoid::regproc AS function
FROM pg_trigger AS t
JOIN member ON member.classid = 'pg_class'::regclass AND member.objid = t.tgrelid
WHERE NOT t.tgisinternal
ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname COLLATE "C";

-- The tables of the extension whose rows pg_dump dumps, with the condition on the rows.
SELECT config.relation::regclass AS dumped, config.condition
FROM pg_extension AS e
CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS config (relation, condition)
WHERE e.extname = 'ngeshare'
ORDER BY config.relation::regclass::text COLLATE "C";

-- The default rows of course_config.
SELECT course_name, max_episodes, sequence_order
FROM public.course_config
ORDER BY sequence_order;

-- Before the first sync these views are empty, except the funnel and the drop-off, which have rows
-- for each course, and v_facilitator_growth, which has one row.
SET search_path = public;
SELECT * FROM v_group_summary;
SELECT * FROM v_group_progress;
SELECT * FROM v_group_status;
SELECT * FROM v_curriculum_pipeline;
SELECT * FROM v_rescue_list;
SELECT * FROM v_member_roster;
SELECT * FROM v_facilitator_alumni;
SELECT * FROM v_member_journey;
SELECT * FROM v_facilitator_growth;
SELECT * FROM v_facilitator_monthly;
SELECT course_name, count(*) AS episodes, sum(groups_reached) AS reached,
    sum(groups_stalled) AS stalled,
    count(stalled_pct) AS percentages, bool_or(is_peak) AS peak
FROM v_drop_off
GROUP BY course_name
ORDER BY course_name;
SELECT * FROM v_time_to_graduate;
SELECT * FROM v_graduation_outliers;
SELECT * FROM v_anomalies;
SELECT * FROM v_at_risk;
SELECT * FROM v_cohort;
SELECT * FROM v_resume_chance;
SELECT
    sequence_order AS no,
    course_name,
    groups_total AS total,
    groups_started AS started,
    graduated,
    active,
    stalled,
    not_started,
    graduation_rate AS rate,
    continued,
    continuation_rate,
    awaiting,
    settled_continuation_rate AS settled_rate
FROM v_curriculum_funnel
ORDER BY sequence_order;

-- Before ngeshare_connect() there is no foreign server and no foreign table.
SELECT count(*) AS servers FROM pg_foreign_server;
SELECT count(*) AS foreign_tables FROM pg_foreign_table;

-- A plain DROP EXTENSION removes all objects of the extension.
DROP EXTENSION ngeshare;
SELECT count(*) AS relations FROM pg_class WHERE relnamespace = 'public'::regnamespace;
SELECT count(*) AS functions FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND proname LIKE '%ngeshare%';
SELECT nspname FROM pg_namespace WHERE nspname IN ('ngeshare', 'production', 'api');
