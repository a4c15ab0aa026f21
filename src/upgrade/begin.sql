-- An update begins: no sync may be at work, what there is is written down, and the
-- functions are made that take its steps. end.sql removes them.

SELECT ngeshare.refuse_during_sync();

-- Whoever updates, what is new belongs to the extension's owner, like all the rest.
CREATE TABLE ngeshare.upgrade_caller AS
SELECT pg_catalog.current_setting('role') AS role;
SELECT pg_catalog.set_config('role', pg_catalog.pg_get_userbyid(extowner)::text, true)
FROM pg_catalog.pg_extension
WHERE extname = 'ngeshare'
  AND extowner <> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user);

CREATE VIEW ngeshare.upgrade_member AS
SELECT depend.classid AS catalog_id, depend.objid AS object_id
FROM pg_catalog.pg_depend AS depend
JOIN pg_catalog.pg_extension AS extension ON extension.oid = depend.refobjid
WHERE depend.refclassid = 'pg_catalog.pg_extension'::regclass
  AND depend.deptype = 'e'
  AND extension.extname = 'ngeshare';
COMMENT ON VIEW ngeshare.upgrade_member IS
'What belongs to the extension.';

-- Every view becomes one of the same columns that reads nothing, until its step comes:
-- so none is in the way of another's change, and what users built on it stays.
DO $$
DECLARE
    emptied record;
BEGIN
    FOR emptied IN
        SELECT
            relation.oid::regclass AS name,
            pg_catalog.string_agg(pg_catalog.format('NULL::%s%s AS %I',
                pg_catalog.format_type(atttypid, atttypmod),
                CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::regcollation END,
                attname), ', ' ORDER BY attnum) AS columns
        FROM ngeshare.upgrade_member AS member
        JOIN pg_catalog.pg_class AS relation ON relation.oid = member.object_id AND relation.relkind = 'v'
        JOIN pg_catalog.pg_attribute ON attrelid = relation.oid AND attnum > 0
        JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
        WHERE member.catalog_id = 'pg_catalog.pg_class'::regclass
          AND relation.oid <> 'ngeshare.upgrade_member'::regclass
        GROUP BY relation.oid
    LOOP
        EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %s AS SELECT %s', emptied.name, emptied.columns);
    END LOOP;
END
$$;

-- A view's version is its rule's. Steps write in transactions of their own.
CREATE TABLE ngeshare.upgrade_known AS
SELECT 'pg_catalog.pg_proc'::regclass::oid AS catalog_id, oid AS object_id, xmin::text AS version
FROM pg_catalog.pg_proc
UNION ALL
SELECT 'pg_catalog.pg_class'::regclass, relation.oid, rule.xmin::text
FROM pg_catalog.pg_class AS relation
LEFT JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = relation.oid AND rule.rulename = '_RETURN'
UNION ALL
SELECT 'pg_catalog.pg_trigger'::regclass, oid, xmin::text
FROM pg_catalog.pg_trigger
WHERE NOT tgisinternal
UNION ALL
SELECT 'pg_catalog.pg_namespace'::regclass, oid, NULL
FROM pg_catalog.pg_namespace;
COMMENT ON TABLE ngeshare.upgrade_known IS
'What there was before the update. version: the transaction that wrote its definition.';

CREATE FUNCTION ngeshare.upgrade_is_new(catalog_id oid, object_id oid)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
    SELECT NOT EXISTS (
        SELECT 1
        FROM ngeshare.upgrade_known AS known
        WHERE known.catalog_id = $1
          AND known.object_id = $2)
$$;
COMMENT ON FUNCTION ngeshare.upgrade_is_new(oid, oid) IS
'Whether an object was made by this update.';

CREATE FUNCTION ngeshare.upgrade_refuse_others(target_catalog oid, target oid)
RETURNS void
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    others text;
BEGIN
    WITH RECURSIVE lost AS (
        SELECT target_catalog AS catalog_id, target AS object_id
        UNION
        SELECT dependent.catalog_id, dependent.object_id
        FROM lost
        CROSS JOIN LATERAL (
            SELECT depend.classid, depend.objid
            FROM pg_catalog.pg_depend AS depend
            WHERE depend.refclassid = lost.catalog_id
              AND depend.refobjid = lost.object_id
            UNION ALL
            -- With its rule a view goes.
            SELECT 'pg_catalog.pg_class'::regclass, rule.ev_class
            FROM pg_catalog.pg_rewrite AS rule
            WHERE lost.catalog_id = 'pg_catalog.pg_rewrite'::regclass
              AND rule.oid = lost.object_id
        ) AS dependent (catalog_id, object_id)
    ), part_of AS (
        -- What is a part of a relation, and the relation.
        SELECT 'pg_catalog.pg_constraint'::regclass::oid AS catalog_id, oid AS object_id, conrelid AS relation
        FROM pg_catalog.pg_constraint
        UNION ALL
        SELECT 'pg_catalog.pg_attrdef'::regclass, oid, adrelid FROM pg_catalog.pg_attrdef
        UNION ALL
        SELECT 'pg_catalog.pg_trigger'::regclass, oid, tgrelid FROM pg_catalog.pg_trigger
        UNION ALL
        SELECT 'pg_catalog.pg_rewrite'::regclass, oid, ev_class FROM pg_catalog.pg_rewrite
        UNION ALL
        SELECT 'pg_catalog.pg_class'::regclass, indexrelid, indrelid FROM pg_catalog.pg_index
        UNION ALL
        SELECT 'pg_catalog.pg_class'::regclass, reltoastrelid, oid FROM pg_catalog.pg_class
        UNION ALL
        SELECT 'pg_catalog.pg_type'::regclass, oid, typrelid FROM pg_catalog.pg_type
        UNION ALL
        SELECT 'pg_catalog.pg_type'::regclass, of_array.oid, element.typrelid
        FROM pg_catalog.pg_type AS of_array
        JOIN pg_catalog.pg_type AS element ON element.typarray = of_array.oid
    )
    SELECT pg_catalog.string_agg(pg_catalog.pg_describe_object(catalog_id, object_id, 0), ', ' ORDER BY catalog_id, object_id)
    INTO others
    FROM lost
    WHERE NOT EXISTS (SELECT 1 FROM ngeshare.upgrade_member AS member
                      WHERE (member.catalog_id, member.object_id) = (lost.catalog_id, lost.object_id))
      AND NOT EXISTS (SELECT 1 FROM part_of
                      JOIN lost AS whole ON whole.object_id = part_of.relation
                       AND whole.catalog_id = 'pg_catalog.pg_class'::regclass
                      WHERE (part_of.catalog_id, part_of.object_id) = (lost.catalog_id, lost.object_id));
    IF others IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = pg_catalog.format('the update changes %s, which objects outside the extension depend on',
                pg_catalog.pg_describe_object(target_catalog, target, 0)),
            DETAIL = pg_catalog.format('They are: %s.', others),
            HINT = 'Drop them, update, and make them anew. Nothing was changed.';
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.upgrade_refuse_others(oid, oid) IS
'Refuses (2BP01) to go on where an object can''t be dropped without others that do not belong to the extension.';

CREATE FUNCTION ngeshare.upgrade_drop(target_catalog oid, target oid)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    PERFORM ngeshare.upgrade_refuse_others(target_catalog, target);
    EXECUTE (SELECT pg_catalog.format('DROP %s %s CASCADE', type, identity)
             FROM pg_catalog.pg_identify_object(target_catalog, target, 0));
END
$$;
COMMENT ON FUNCTION ngeshare.upgrade_drop(oid, oid) IS
'Drops an object of the extension''s with those of the extension''s that depend on it: the steps make anew what the new version still has.';

CREATE FUNCTION ngeshare.upgrade_drop(target regclass)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$ SELECT ngeshare.upgrade_drop('pg_catalog.pg_class'::regclass, target) $$;
COMMENT ON FUNCTION ngeshare.upgrade_drop(regclass) IS
'The same for a table or a view.';

CREATE FUNCTION ngeshare.upgrade_drop(target regprocedure)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$ SELECT ngeshare.upgrade_drop('pg_catalog.pg_proc'::regclass, target) $$;
COMMENT ON FUNCTION ngeshare.upgrade_drop(regprocedure) IS
'The same for a function.';

CREATE FUNCTION ngeshare.upgrade_uncomment(relation regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    described text;
BEGIN
    FOR described IN
        SELECT pg_catalog.format('%s %s', CASE objsubid WHEN 0 THEN 'VIEW' ELSE 'COLUMN' END,
            pg_catalog.concat_ws('.', relation, pg_catalog.quote_ident(attname)))
        FROM pg_catalog.pg_description
        LEFT JOIN pg_catalog.pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
        WHERE classoid = 'pg_catalog.pg_class'::regclass
          AND objoid = relation
    LOOP
        EXECUTE pg_catalog.format('COMMENT ON %s IS NULL', described);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ngeshare.upgrade_uncomment(regclass) IS
'Takes a view''s comments away: those that it has now follow it.';

CREATE FUNCTION ngeshare.upgrade_replace(statement text, name text[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    earlier record;
BEGIN
    BEGIN
        EXECUTE pg_catalog.regexp_replace(statement, '^CREATE ', 'CREATE OR REPLACE ');
        RETURN;
    EXCEPTION
        WHEN invalid_table_definition OR invalid_function_definition OR wrong_object_type THEN
            -- Another row, other results or other names of arguments: it has to go first.
            NULL;
    END;
    FOR earlier IN
        SELECT known.catalog_id, known.object_id
        FROM ngeshare.upgrade_known AS known
        JOIN ngeshare.upgrade_member AS member USING (catalog_id, object_id)
        CROSS JOIN LATERAL pg_catalog.pg_identify_object(known.catalog_id, known.object_id, 0) AS object
        WHERE object.type IN ('view', 'function', 'procedure', 'aggregate')
          AND (object.schema, coalesce(object.name, pg_catalog.split_part(pg_catalog.split_part(object.identity, '(', 1), '.', 2)))
            = (CASE WHEN pg_catalog.cardinality(upgrade_replace.name) = 2 THEN upgrade_replace.name[1] ELSE 'public' END,
               upgrade_replace.name[pg_catalog.cardinality(upgrade_replace.name)])
    LOOP
        PERFORM ngeshare.upgrade_drop(earlier.catalog_id, earlier.object_id);
    END LOOP;
    EXECUTE statement;
END
$$;
COMMENT ON FUNCTION ngeshare.upgrade_replace(text, text[]) IS
'Makes a view or a function, in the place of the one of this name where that can be: then who depends on it and what is granted on it stays. Else that one goes first, with what depends on it.';

CREATE FUNCTION ngeshare.upgrade_grant(statement text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    schema_name text := (pg_catalog.regexp_match(statement, ' ON SCHEMA (\w+) '))[1];
    all_in      text[] := pg_catalog.regexp_match(statement, ' ON ALL (FUNCTIONS|TABLES) IN SCHEMA (\w+) ');
    routine     text := (pg_catalog.regexp_match(statement, ' ON (?:FUNCTION|PROCEDURE) (.*\)) (?:FROM|TO) '))[1];
    fresh       record;
BEGIN
    IF all_in IS NOT NULL THEN
        FOR fresh IN
            SELECT object.identity
            FROM ngeshare.upgrade_member AS member
            CROSS JOIN LATERAL pg_catalog.pg_identify_object(member.catalog_id, member.object_id, 0) AS object
            WHERE object.schema = all_in[2]
              AND object.type = ANY (CASE all_in[1]
                  WHEN 'TABLES' THEN '{table,view,sequence}'
                  ELSE '{function,aggregate}'
              END::text[])
              AND ngeshare.upgrade_is_new(member.catalog_id, member.object_id)
        LOOP
            EXECUTE pg_catalog.regexp_replace(statement, ' ON ALL (FUNCTION|TABLE)S IN SCHEMA \w+ ',
                pg_catalog.format(' ON \1 %s ', fresh.identity));
        END LOOP;
    ELSIF routine IS NOT NULL AND ngeshare.upgrade_is_new('pg_catalog.pg_proc'::regclass, routine::regprocedure)
        OR schema_name IS NOT NULL AND ngeshare.upgrade_is_new('pg_catalog.pg_namespace'::regclass, schema_name::regnamespace) THEN
        EXECUTE statement;
    ELSIF routine IS NULL AND schema_name IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = pg_catalog.format('an update can''t tell what this is granted on: %s', statement);
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.upgrade_grant(text) IS
'Grants and revokes on what this update has made. What was there keeps its rights: a statement of the extension''s would make those that roles got here part of the extension, and a dump would leave them out.';

CREATE FUNCTION ngeshare.upgrade_step(given text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    statement text := pg_catalog.btrim(given, E'\n');
    replaced  text := (pg_catalog.regexp_match(statement, '^CREATE (?:FUNCTION|PROCEDURE|AGGREGATE|VIEW) ([^\s(]+)'))[1];
    made      text[] := pg_catalog.regexp_match(statement, '^CREATE (SCHEMA|TABLE|TYPE|DOMAIN) (\S+)');
    part_of   text := coalesce(
        (pg_catalog.regexp_match(statement, '^CREATE (?:UNIQUE )?INDEX (?:\S+\s+)?ON (\S+)'))[1],
        (pg_catalog.regexp_match(statement, '^(?:INSERT INTO|ALTER TABLE) (\S+)'))[1]);
BEGIN
    IF replaced IS NOT NULL THEN
        PERFORM ngeshare.upgrade_replace(statement, pg_catalog.parse_ident(replaced));
        IF statement ~ '^CREATE VIEW ' THEN
            PERFORM ngeshare.upgrade_uncomment(replaced);
        END IF;
    ELSIF made IS NOT NULL THEN
        IF (made[1] = 'SCHEMA' AND pg_catalog.to_regnamespace(made[2]) IS NULL)
            OR (made[1] <> 'SCHEMA' AND pg_catalog.to_regtype(made[2]) IS NULL) THEN
            EXECUTE statement;
        END IF;
    ELSIF statement ~ '^CREATE TRIGGER ' THEN
        EXECUTE pg_catalog.regexp_replace(statement, '^CREATE ', 'CREATE OR REPLACE ');
    ELSIF statement ~ '^(REVOKE|GRANT) ' THEN
        PERFORM ngeshare.upgrade_grant(statement);
    ELSIF statement ~ '^(COMMENT ON|DO|NOTIFY|SELECT pg_extension_config_dump)\M'
        OR statement ~ '^ALTER TABLE \S+\s+ENABLE ALWAYS TRIGGER ' THEN
        EXECUTE statement;
    ELSIF part_of IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = pg_catalog.format('an update has no step for: %s', statement);
    ELSIF ngeshare.upgrade_is_new('pg_catalog.pg_class'::regclass, part_of::regclass) THEN
        EXECUTE statement;
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.upgrade_step(text) IS
'Does what a statement of the new version''s install script means for a database that has an earlier one: views, functions and triggers are replaced, what isn''t there is made, a table that is there stays as it is.';
