DO $$
DECLARE
    added record;
BEGIN
    FOR added IN
        SELECT made.oid::regclass AS relation, upgrade_added.attname
        FROM ngeshare.upgrade_added
        JOIN pg_catalog.pg_class AS made
          ON made.relname IN ('stage_' || part, 'removed_' || part, 'replaced_' || part)
         AND made.relnamespace = 'ngeshare'::regnamespace
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s DROP COLUMN %I', added.relation, added.attname);
    END LOOP;
END
$$;

-- Repeats users' GRANTs and REVOKEs on all objects that still exist.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT CASE WHEN is_given THEN give ELSE take END AS statement
        FROM ngeshare.upgrade_given
        ORDER BY is_given
    LOOP
        BEGIN
            PERFORM ngeshare.upgrade_right(given.statement);
        EXCEPTION
            WHEN undefined_table OR undefined_function OR undefined_column THEN
                NULL;
        END;
    END LOOP;
END
$$;

-- The install script of 1.1 did not set search_path. If users could create objects in a schema of
-- the installer's search_path, the objects that the update keeps, such as CHECK constraints, may
-- call a user's function or operator in place of PostgreSQL's with the same name. This check
-- refuses the update if any does.
DO $$
DECLARE
    found text;
BEGIN
    WITH part AS (
        SELECT catalog_id, object_id FROM ngeshare.upgrade_member
        UNION ALL
        SELECT made.catalog_id, made.object_id
        FROM ngeshare.upgrade_member AS member
        JOIN (
            SELECT 'pg_catalog.pg_rewrite'::regclass::oid, oid, ev_class FROM pg_catalog.pg_rewrite
            UNION ALL
            SELECT 'pg_catalog.pg_attrdef'::regclass, oid, adrelid FROM pg_catalog.pg_attrdef
            UNION ALL
            SELECT 'pg_catalog.pg_constraint'::regclass, oid, conrelid FROM pg_catalog.pg_constraint
            UNION ALL
            SELECT 'pg_catalog.pg_class'::regclass, indexrelid, indrelid FROM pg_catalog.pg_index
        ) AS made (catalog_id, object_id, relation) ON made.relation = member.object_id
        WHERE member.catalog_id = 'pg_catalog.pg_class'::regclass
    )
    SELECT string_agg(DISTINCT format('%s uses %s',
        pg_describe_object(part.catalog_id, part.object_id, 0),
        pg_describe_object(refclassid, refobjid, 0)), ', ')
    INTO found
    FROM part
    JOIN pg_catalog.pg_depend ON classid = part.catalog_id AND objid = part.object_id
    WHERE refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass,
                         'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_opclass'::regclass)
      AND refobjid >= 16384 -- objects of PostgreSQL itself have lower OIDs
      AND NOT EXISTS (SELECT 1 FROM ngeshare.upgrade_member AS member
                      WHERE (member.catalog_id, member.object_id) = (refclassid, refobjid));
    IF found IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'objects of the extension use functions or operators that are neither'
                ' PostgreSQL''s nor the extension''s',
            DETAIL = format('Found: %s.', found),
            HINT = 'Drop the objects that use them, update, and create the dropped objects again.'
                ' If you have not added such an object yourself, somebody planted the function'
                ' before the extension was installed: drop the function, too. Nothing was changed.';
    END IF;
END
$$;

DROP TABLE ngeshare.upgrade_added;
DROP TABLE ngeshare.upgrade_given;
DROP FUNCTION ngeshare.upgrade_right(text);
DROP VIEW ngeshare.upgrade_member;

-- Refreshes the snapshot, unless ngeshare.timezone is not the history's zone: then answers raise an
-- error until the zone is set back.
SELECT ngeshare.use_database_rules();
SELECT ngeshare.refresh_snapshot(true)
WHERE NOT EXISTS (SELECT 1 FROM ngeshare.history_state WHERE zone <> ngeshare.reporting_zone());

SELECT pg_catalog.set_config('role', pg_catalog.current_setting('ngeshare_upgrade.role'), true);
