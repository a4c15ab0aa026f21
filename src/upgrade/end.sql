-- What the new version no longer has goes: definitions that no step has written.
DO $$
DECLARE
    gone record;
BEGIN
    FOR gone IN
        SELECT trigger.tgname, trigger.tgrelid::regclass AS relation
        FROM pg_catalog.pg_trigger AS trigger
        JOIN ngeshare.upgrade_member AS member ON member.object_id = trigger.tgfoid
         AND member.catalog_id = 'pg_catalog.pg_proc'::regclass
        JOIN ngeshare.upgrade_member AS written ON written.object_id = trigger.tgrelid
         AND written.catalog_id = 'pg_catalog.pg_class'::regclass
        JOIN ngeshare.upgrade_known AS known ON known.object_id = trigger.oid
         AND known.catalog_id = 'pg_catalog.pg_trigger'::regclass
        WHERE known.version = trigger.xmin::text
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', gone.tgname, gone.relation);
    END LOOP;
    FOR gone IN
        SELECT member.catalog_id, member.object_id, object.type, object.identity
        FROM ngeshare.upgrade_member AS member
        JOIN ngeshare.upgrade_known AS known USING (catalog_id, object_id)
        LEFT JOIN pg_catalog.pg_proc AS proc ON proc.oid = member.object_id
         AND member.catalog_id = 'pg_catalog.pg_proc'::regclass
        LEFT JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = member.object_id
         AND member.catalog_id = 'pg_catalog.pg_class'::regclass
        CROSS JOIN LATERAL pg_catalog.pg_identify_object(member.catalog_id, member.object_id, 0) AS object
        WHERE known.version = coalesce(proc.xmin, rule.xmin)::text
          AND member.object_id <> 'ngeshare.upgrade_member'::regclass
        ORDER BY member.object_id DESC
    LOOP
        PERFORM ngeshare.upgrade_refuse_others(gone.catalog_id, gone.object_id);
        EXECUTE pg_catalog.format('DROP %s %s', gone.type, gone.identity);
    END LOOP;
END
$$;

-- The earlier version may have been installed where somebody else could create objects,
-- by a script that did not pin the search_path. What the steps leave as it was, such as
-- a table's CHECKs, may have been made with a look-alike of a function or an operator.
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
      AND refobjid >= 16384 -- PostgreSQL's own are below
      AND NOT EXISTS (SELECT 1 FROM ngeshare.upgrade_member AS member
                      WHERE (member.catalog_id, member.object_id) = (refclassid, refobjid));
    IF found IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'objects of the extension use functions or operators that are not its own',
            DETAIL = format('They are: %s.', found),
            HINT = 'Drop these parts, update, and make them again. If you did not make them,'
                ' somebody planted the functions before the extension was installed.'
                ' Nothing was changed.';
    END IF;
END
$$;

-- Settled rows are what the version that wrote them made of the groups. Where the
-- zone isn't the history's, nothing answers until it is: the next sync settles.
DELETE FROM ngeshare.settled_state;
DELETE FROM ngeshare.kept_answer;
SELECT ngeshare.settle(true)
WHERE NOT EXISTS (
    SELECT 1
    FROM ngeshare.history_state
    WHERE zone <> ngeshare.reporting_zone());

SELECT pg_catalog.set_config('role', role, true)
FROM ngeshare.upgrade_caller;

DROP FUNCTION ngeshare.upgrade_step(text);
DROP FUNCTION ngeshare.upgrade_grant(text);
DROP FUNCTION ngeshare.upgrade_replace(text, text[]);
DROP FUNCTION ngeshare.upgrade_uncomment(regclass);
DROP FUNCTION ngeshare.upgrade_drop(regprocedure);
DROP FUNCTION ngeshare.upgrade_drop(regclass);
DROP FUNCTION ngeshare.upgrade_drop(oid, oid);
DROP FUNCTION ngeshare.upgrade_refuse_others(oid, oid);
DROP FUNCTION ngeshare.upgrade_is_new(oid, oid);
DROP VIEW ngeshare.upgrade_member;
DROP TABLE ngeshare.upgrade_known;
DROP TABLE ngeshare.upgrade_caller;
