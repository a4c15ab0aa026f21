-- Creates ("plants") look-alikes of PostgreSQL's and the extension's objects as the login
-- "shadow", which may create schemas and objects in public:
--   shadow.note()   is called by every look-alike and logs which role ran it
--   twin            a schema with a copy of each function, operator, type and relation of
--                   pg_catalog, for a search_path that names twin before pg_catalog
--   variants        functions and operators whose argument types fit a call better than
--                   PostgreSQL's own, for the usual path, which has pg_catalog first
-- The candidates come from the catalog. The psql variable "words" holds all words of the
-- extension's own files. Functions, relations and types are planted if their names are among
-- them; operators, with their functions, are all planted.
SET search_path = pg_catalog, pg_temp;
SET check_function_bodies = off;
SET client_min_messages = warning;

CREATE SCHEMA shadow;
GRANT USAGE ON SCHEMA shadow TO PUBLIC;
CREATE SCHEMA twin;
GRANT USAGE ON SCHEMA twin TO PUBLIC;

CREATE FUNCTION shadow.note(planted text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_user <> 'shadow' THEN
        RAISE LOG 'planted % ran as %', planted, current_user;
        RAISE EXCEPTION 'planted % ran as %', planted, current_user USING ERRCODE = 'SH001';
    END IF;
    RETURN true;
END
$$;

-- Runs one statement and returns whether it succeeded: PostgreSQL refuses to create some
-- look-alikes.
CREATE FUNCTION shadow.try(statement text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE statement;
    RETURN true;
EXCEPTION
    WHEN OTHERS THEN
        RETURN false;
END
$$;

-- Plants a function, without a RETURNS clause if the result is NULL.
CREATE FUNCTION shadow.plant(space text, name text, arguments text, result text)
RETURNS boolean
LANGUAGE sql
AS $$
    SELECT shadow.try(format('CREATE FUNCTION %I.%I(%s) %s LANGUAGE plpgsql AS %L',
        space, name, arguments, 'RETURNS ' || result,
        format('BEGIN PERFORM shadow.note(%L); RETURN%s; END',
            format('%I.%I(%s)', space, name, arguments),
            CASE WHEN result !~ '^(SETOF|TABLE|void)' THEN ' NULL' END)))
$$;

-- Twins of functions and aggregates. The twin of an aggregate is a plain function: a statement that
-- finds it either runs it or fails.
CREATE TABLE shadow.planted AS
SELECT 'function' AS kind, proc.oid::regprocedure::text AS original,
    shadow.plant('twin', proname, pg_get_function_arguments(proc.oid),
        pg_get_function_result(proc.oid)) AS is_planted
FROM pg_proc AS proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND prokind IN ('f', 'a', 'w')
  AND proname = ANY (string_to_array(:'words', ' ') || ARRAY(SELECT oprcode::text FROM pg_operator
      WHERE oprnamespace = 'pg_catalog'::regnamespace));
INSERT INTO shadow.planted
SELECT 'operator', oper.oid::regoperator::text,
    shadow.try(format('CREATE OPERATOR twin.%s (FUNCTION = twin.%I, %s RIGHTARG = %s)', oprname,
        proname,
        CASE WHEN oprleft <> 0 THEN format('LEFTARG = %s,', oprleft::regtype) END,
        oprright::regtype))
FROM pg_operator AS oper
JOIN pg_proc AS proc ON proc.oid = oprcode
WHERE oprnamespace = 'pg_catalog'::regnamespace;

-- Twins of relations: views that call note() with the rights of the role that reads them.
INSERT INTO shadow.planted
SELECT 'relation', relname,
    shadow.try(format('CREATE VIEW twin.%I AS SELECT * FROM pg_catalog.%I WHERE shadow.note(%L)',
        relname, relname, relname))
FROM pg_class
WHERE relnamespace = 'pg_catalog'::regnamespace
  AND relkind IN ('r', 'v')
  AND relname = ANY (string_to_array(:'words', ' '));
-- Twins of types: domains whose check calls note() for every value that is cast to them. They are
-- planted last, so that no statement above can find them.
INSERT INTO shadow.planted
SELECT 'type', typname,
    shadow.try(format('CREATE DOMAIN twin.%I AS pg_catalog.%I CHECK (shadow.note(%L))', typname,
        typname, typname))
FROM pg_type
WHERE typnamespace = 'pg_catalog'::regnamespace
  AND typtype = 'b'
  AND typcategory <> 'A'
  AND typname = ANY (string_to_array(:'words', ' '));

-- The types that a variant's arguments may have, or be arrays of.
CREATE TABLE shadow.type AS
SELECT oid, typarray, typcategory
FROM pg_type
WHERE typnamespace = 'pg_catalog'::regnamespace
  AND typtype = 'b'
  AND (typcategory IN ('S', 'B', 'T')
    OR typname IN ('char', 'json', 'jsonb', 'date', 'timestamp', 'timestamptz', 'int2', 'int4',
        'int8', 'float8', 'numeric', 'oid', 'regclass'));

-- Replaces a polymorphic argument type by the given type, or by its array type. Other types stay as
-- they are.
CREATE FUNCTION shadow.other(argument oid, used shadow.type)
RETURNS oid
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT CASE
        WHEN argument IN ('anyelement'::regtype, 'anynonarray'::regtype, 'anycompatible'::regtype,
            'anycompatiblenonarray'::regtype, '"any"'::regtype) THEN used.oid
        WHEN argument IN ('anyarray'::regtype, 'anycompatiblearray'::regtype) THEN used.typarray
        ELSE argument
    END
$$;

-- The signatures of all variants, each once, with a result type.
CREATE TABLE shadow.variant AS
WITH call AS (
    SELECT 'function' AS kind, proname::text AS name, proargtypes::oid[] AS arguments,
        prorettype AS result, proretset AS is_set
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND prokind IN ('f', 'a', 'w')
      AND pronargs BETWEEN 1 AND 6
      AND proname = ANY (string_to_array(:'words', ' '))
    UNION ALL
    -- Functions with a VARIADIC "any" argument, called with one to three arguments in its place.
    SELECT 'function', proname, proargtypes[0:pronargs - 2] || more.arguments, prorettype, proretset
    FROM pg_proc
    CROSS JOIN LATERAL (
        SELECT ARRAY[one.oid] AS arguments FROM shadow.type AS one
        UNION ALL
        SELECT ARRAY[one.oid, two.oid] FROM shadow.type AS one, shadow.type AS two
        WHERE one.typcategory IN ('S', 'N') AND two.typcategory IN ('S', 'N')
        UNION ALL
        SELECT ARRAY[one.oid, two.oid, three.oid]
            FROM shadow.type AS one, shadow.type AS two, shadow.type AS three
        WHERE one.typcategory = 'S' AND two.typcategory = 'S' AND three.typcategory = 'S'
    ) AS more
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND provariadic = '"any"'::regtype
      AND proname = ANY (string_to_array(:'words', ' '))
    UNION ALL
    SELECT 'operator', oprname, array_remove(ARRAY[oprleft, oprright], 0::oid), oprresult, false
    FROM pg_operator
    WHERE oprnamespace = 'pg_catalog'::regnamespace
      AND oprleft <> 0
), polymorphic AS (
    SELECT call.kind, name, arguments, result, is_set
    FROM call
    UNION ALL
    SELECT call.kind, name, ARRAY(SELECT shadow.other(argument, used) FROM unnest(arguments)
        WITH ORDINALITY AS given (argument, place) ORDER BY place),
        shadow.other(result, used), is_set
    FROM call
    CROSS JOIN shadow.type AS used
    WHERE arguments && (SELECT array_agg(oid) FROM pg_type WHERE typtype = 'p' AND typname ~ '^any')
), replaced AS (
    SELECT polymorphic.kind, name, arguments, result, is_set
    FROM polymorphic
    UNION ALL
    SELECT polymorphic.kind, name, arguments[:place - 1] || used.oid || arguments[place + 1:],
        result, is_set
    FROM polymorphic
    CROSS JOIN generate_subscripts(arguments, 1) AS place
    JOIN pg_type AS given ON given.oid = arguments[place]
    JOIN shadow.type AS used ON used.typcategory = given.typcategory
     AND used.oid <> given.oid
)
SELECT DISTINCT ON (kind, name, arguments) kind, name, arguments, result, is_set
FROM replaced
WHERE arguments <@ (SELECT array_agg(type.oid) || array_agg(typarray) FROM shadow.type)
  AND result NOT IN (SELECT oid FROM pg_type WHERE typtype = 'p'
      AND typname NOT IN ('record', 'void'))
  AND (kind, name, arguments) NOT IN (
    SELECT 'function', proname::text, proargtypes::oid[]
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
    UNION ALL
    SELECT 'operator', oprname, ARRAY[oprleft, oprright]
    FROM pg_operator
    WHERE oprnamespace = 'pg_catalog'::regnamespace)
ORDER BY kind, name, arguments, result;

-- Plants all variants in a schema and returns how many were created.
CREATE FUNCTION shadow.plant_variants(space text)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT count(*) FILTER (
        WHERE shadow.plant(space, CASE kind WHEN 'function' THEN name
            ELSE format('operator %s', name) END,
            array_to_string(arguments::regtype[], ', '), CASE WHEN is_set THEN 'SETOF '
                ELSE '' END || result::regtype)
        AND (kind = 'function'
            OR shadow.try(format('CREATE OPERATOR %1$I.%2$s (FUNCTION = %1$I.%3$I, LEFTARG = %4$s, '
            'RIGHTARG = %5$s)', space, name,
                'operator ' || name, arguments[1]::regtype, arguments[2]::regtype))))
    FROM shadow.variant
$$;

-- Plants overloads of the extension's functions in public, once the extension is installed: the
-- signature without arguments that have defaults, and other argument types of the same category.
CREATE FUNCTION shadow.plant_overloads()
RETURNS bigint
LANGUAGE sql
AS $$
    WITH ours AS (
        SELECT proname AS name, prokind AS kind, proargtypes::oid[] AS arguments,
            pronargdefaults AS defaults
        FROM pg_proc AS proc
        JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = proc.oid AND deptype = 'e'
        JOIN pg_extension AS extension ON refclassid = 'pg_extension'::regclass
            AND refobjid = extension.oid
        WHERE extname = 'ngeshare'
          AND pronamespace = 'public'::regnamespace
    ), planted AS (
        SELECT name, kind, arguments[0:cardinality(arguments) - dropped - 2] AS arguments
        FROM ours
        CROSS JOIN generate_series(0, defaults - 1) AS dropped
        UNION
        SELECT name, kind, arguments[:place - 1] || used.oid || arguments[place + 1:]
        FROM ours
        CROSS JOIN generate_subscripts(arguments, 1) AS place
        JOIN pg_type AS given ON given.oid = arguments[place]
        JOIN shadow.type AS used ON used.typcategory = given.typcategory AND used.oid <> given.oid
    )
    SELECT count(*) FILTER (WHERE CASE kind
        WHEN 'p' THEN shadow.try(
            format('CREATE PROCEDURE public.%I(%s) LANGUAGE plpgsql AS %L', name,
            array_to_string(arguments::regtype[], ', '),
            format('BEGIN PERFORM shadow.note(%L); END', 'public.' || name)))
        ELSE shadow.plant('public', name, array_to_string(arguments::regtype[], ', '),
            'SETOF record')
    END)
    FROM planted
$$;
