-- The first part of the update from 1.1. It drops the objects that the install script's SQL files,
-- which follow it, create again. Tables with data are kept, and this file alters them where 1.1
-- defined them differently. Views and functions in public, and views in api, are replaced in place,
-- so users' objects that depend on them stay.

SELECT ngeshare.refuse_during_sync();

-- Sets the role to the extension's owner, who then owns all objects that the update creates.
SELECT pg_catalog.set_config('ngeshare_upgrade.role', pg_catalog.current_setting('role'), true);
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
'The objects of the extension.';

CREATE FUNCTION ngeshare.upgrade_right(statement text)
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_upgrade_right'
LANGUAGE C
VOLATILE
STRICT;
COMMENT ON FUNCTION ngeshare.upgrade_right(text) IS
'Runs a GRANT or REVOKE as if outside an extension script, so that pg_dump includes the privilege.';

-- Lists the privileges that users have granted or revoked on objects of the extension. They are
-- undone below and made again in end.sql, so that the files in between find the extension's own
-- privileges.
CREATE TABLE ngeshare.upgrade_given AS
WITH object AS (
    SELECT
        class.oid,
        class.tableoid,
        0 AS part,
        CASE relkind WHEN 'S' THEN 'SEQUENCE'
            ELSE 'TABLE' END || ' ' || class.oid::regclass AS name,
        '' AS column_name,
        relacl AS acl,
        pg_catalog.acldefault(CASE relkind WHEN 'S' THEN 's'
            ELSE 'r' END::"char", relowner) AS default_acl
    FROM pg_catalog.pg_class AS class
    UNION ALL
    SELECT class.oid, class.tableoid, attnum, 'TABLE ' || class.oid::regclass,
        pg_catalog.format(' (%I)', attname), attacl, NULL
    FROM pg_catalog.pg_class AS class
    JOIN pg_catalog.pg_attribute ON attrelid = class.oid AND NOT attisdropped
    UNION ALL
    SELECT oid, tableoid, 0, 'ROUTINE ' || oid::regprocedure, '', proacl,
        pg_catalog.acldefault('f', proowner)
    FROM pg_catalog.pg_proc
    UNION ALL
    SELECT oid, tableoid, 0, 'SCHEMA ' || oid::regnamespace, '', nspacl,
        pg_catalog.acldefault('n', nspowner)
    FROM pg_catalog.pg_namespace
), right_of AS (
    SELECT
        name,
        column_name,
        coalesce(acl, default_acl) AS current,
        coalesce(initial.initprivs, default_acl) AS initial
    FROM object
    JOIN ngeshare.upgrade_member AS member
        ON (member.catalog_id, member.object_id) = (object.tableoid, object.oid)
    LEFT JOIN pg_catalog.pg_init_privs AS initial
      ON (initial.classoid, initial.objoid, initial.objsubid)
       = (object.tableoid, object.oid, part)
), differing AS (
    SELECT name, column_name, grantee, privilege_type, is_grantable, is_given
    FROM right_of
    CROSS JOIN LATERAL (
        SELECT grantee, privilege_type, is_grantable, true AS is_given
        FROM (SELECT grantee, privilege_type, is_grantable FROM pg_catalog.aclexplode(current)
              EXCEPT
              SELECT grantee, privilege_type, is_grantable
                  FROM pg_catalog.aclexplode(initial)) AS given
        UNION ALL
        SELECT grantee, privilege_type, is_grantable, false
        FROM (SELECT grantee, privilege_type, is_grantable FROM pg_catalog.aclexplode(initial)
              EXCEPT
              SELECT grantee, privilege_type, is_grantable
                  FROM pg_catalog.aclexplode(current)) AS taken
    ) AS difference
)
SELECT
    is_given,
    pg_catalog.format('GRANT %s%s ON %s TO %s%s', privilege_type, column_name, name, role,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) AS give,
    pg_catalog.format('REVOKE %s%s ON %s FROM %s CASCADE', privilege_type, column_name, name,
        role) AS take
FROM differing
CROSS JOIN LATERAL (
    SELECT CASE grantee WHEN 0 THEN 'PUBLIC'
        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END
) AS named (role);
COMMENT ON TABLE ngeshare.upgrade_given IS
'The rights that users have given (is_given) on objects of the extension, or taken away.';

-- Lists the columns that users have added to the mirror. Tables that the update creates LIKE the
-- mirror's get these columns too, and end.sql drops them there.
CREATE TABLE ngeshare.upgrade_added AS
SELECT part, added.attname
FROM (VALUES
    ('"User"', 'user'),
    ('"Hangout"', 'hangout'),
    ('"HangoutEpisode"', 'hangout_episode'),
    ('"HangoutGroup"', 'hangout_group'),
    ('"UserHangoutGroup"', 'user_hangout_group'),
    ('"UserHangoutGroupAttendance"', 'attendance')) AS listed (mirror, part)
JOIN pg_catalog.pg_attribute AS added ON added.attrelid = ('public.' || mirror)::regclass
 AND added.attnum > 0
 AND NOT added.attisdropped
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_catalog.pg_attribute AS known
    WHERE known.attrelid = ('ngeshare.stage_' || part)::regclass
      AND known.attname = added.attname);
COMMENT ON TABLE ngeshare.upgrade_added IS
'The columns that users have added to the mirror.';

SELECT ngeshare.upgrade_right(CASE WHEN is_given THEN take ELSE give END)
FROM ngeshare.upgrade_given
ORDER BY is_given DESC;

DO $$
DECLARE
    gone   record;
    others text;
BEGIN
    -- Replaces every view of the extension by one with the same columns that reads no table, so
    -- that none of them depends on another one.
    FOR gone IN
        SELECT
            relation.oid::regclass AS name,
            pg_catalog.string_agg(pg_catalog.format('NULL::%s%s AS %I',
                pg_catalog.format_type(atttypid, atttypmod),
                CASE WHEN attcollation <> typcollation
                    THEN ' COLLATE ' || attcollation::regcollation END,
                attname), ', ' ORDER BY attnum) AS columns
        FROM ngeshare.upgrade_member AS member
        JOIN pg_catalog.pg_class AS relation ON relation.oid = member.object_id
            AND relation.relkind = 'v'
        JOIN pg_catalog.pg_attribute ON attrelid = relation.oid AND attnum > 0
        JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
        WHERE member.catalog_id = 'pg_catalog.pg_class'::regclass
          AND relation.oid <> 'ngeshare.upgrade_member'::regclass
        GROUP BY relation.oid
    LOOP
        EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %s AS SELECT %s', gone.name,
            gone.columns);
    END LOOP;
    -- Removes the comments on view columns, because src/api/described.sql sets only missing ones.
    FOR gone IN
        SELECT attrelid::regclass AS relation, attname
        FROM pg_catalog.pg_description
        JOIN pg_catalog.pg_attribute ON attrelid = objoid AND attnum = objsubid
        JOIN ngeshare.upgrade_member AS member
          ON (member.catalog_id, member.object_id) = (classoid, objoid)
        JOIN pg_catalog.pg_class AS relation ON relation.oid = objoid AND relation.relkind = 'v'
        WHERE classoid = 'pg_catalog.pg_class'::regclass
    LOOP
        EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS NULL', gone.relation, gone.attname);
    END LOOP;
    FOR gone IN
        SELECT tgname, tgrelid::regclass AS relation
        FROM pg_catalog.pg_trigger
        JOIN ngeshare.upgrade_member AS called ON called.object_id = tgfoid
         AND called.catalog_id = 'pg_catalog.pg_proc'::regclass
        JOIN ngeshare.upgrade_member AS written ON written.object_id = tgrelid
         AND written.catalog_id = 'pg_catalog.pg_class'::regclass
        WHERE NOT tgisinternal
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', gone.tgname, gone.relation);
    END LOOP;
    -- extconfig is the extension's list of tables that pg_dump includes. DROP TABLE does not remove
    -- a table from it, but ALTER EXTENSION DROP does.
    FOR gone IN
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE'
            ELSE 'TABLE' END AS kind, relation.oid::regclass AS name
        FROM pg_catalog.pg_extension
        CROSS JOIN LATERAL pg_catalog.unnest(extconfig) AS dumped (oid)
        JOIN pg_catalog.pg_class AS relation ON relation.oid = dumped.oid
        WHERE extname = 'ngeshare'
          AND relname ~ '^(stage|settled|kept)_'
    LOOP
        EXECUTE pg_catalog.format('ALTER EXTENSION ngeshare DROP %1$s %2$s;'
            ' ALTER EXTENSION ngeshare ADD %1$s %2$s', gone.kind, gone.name);
    END LOOP;
    -- Drops the objects that are created again or no longer exist in 2.0. Functions that a CHECK or
    -- default of a kept table calls are skipped, because CREATE OR REPLACE replaces them. Row types
    -- of tables and array types, which are members of the extension from PostgreSQL 17 on, are
    -- skipped because they are dropped with their table or element type.
    FOR gone IN
        SELECT kind, pg_catalog.string_agg(object.identity, ', ') AS names
        FROM (VALUES
            (1, 'ROUTINE', '{function,procedure,aggregate}'::text[]),
            (2, 'TABLE', '{table}'),
            (3, 'VIEW', '{view}'),
            (4, 'TYPE', '{type,composite type}')) AS listed (place, kind, types)
        CROSS JOIN ngeshare.upgrade_member AS member
        CROSS JOIN LATERAL pg_catalog.pg_identify_object(member.catalog_id, member.object_id,
            0) AS object
        WHERE object.type = ANY (types)
          AND (object.schema = 'ngeshare'
              OR (object.schema = 'api' AND kind IN ('ROUTINE', 'TYPE')))
          AND object.identity !~ '^ngeshare\.upgrade_'
          AND (kind <> 'TABLE' OR object.name ~ '^(stage_.*|settled_.*|kept_.*|digest|digest_state'
              '|difference|write_mark|sync_progress|expected_trigger|meeting_recent|unsettled)$')
          AND NOT EXISTS (
              SELECT 1
              FROM pg_catalog.pg_type AS type
              LEFT JOIN pg_catalog.pg_class AS relation ON relation.oid = typrelid
              WHERE (type.tableoid, type.oid) = (member.catalog_id, member.object_id)
                AND (typcategory = 'A' OR relkind <> 'c'))
          AND NOT EXISTS (
              SELECT 1
              FROM pg_catalog.pg_depend AS needed
              LEFT JOIN pg_catalog.pg_constraint
                  ON (needed.classid, needed.objid) = (pg_constraint.tableoid, pg_constraint.oid)
              LEFT JOIN pg_catalog.pg_attrdef
                  ON (needed.classid, needed.objid) = (pg_attrdef.tableoid, pg_attrdef.oid)
              JOIN ngeshare.upgrade_member AS kept
                  ON kept.catalog_id = 'pg_catalog.pg_class'::regclass
               AND kept.object_id IN (conrelid, adrelid)
              WHERE needed.refclassid = 'pg_catalog.pg_proc'::regclass
                AND (needed.refclassid, needed.refobjid) = (member.catalog_id, member.object_id))
        GROUP BY place, kind
        ORDER BY place
    LOOP
        EXECUTE pg_catalog.format('DROP %s %s', gone.kind, gone.names);
    END LOOP;
EXCEPTION
    WHEN dependent_objects_still_exist THEN
        GET STACKED DIAGNOSTICS others = PG_EXCEPTION_DETAIL;
        RAISE dependent_objects_still_exist
            USING MESSAGE = 'objects outside the extension depend on internals that the update '
                            'replaces',
                  DETAIL = others,
                  HINT = 'Drop them, update, and create them again. Nothing was changed.';
END
$$;

-- ngeshare_group_status() gets two more result columns. CREATE OR REPLACE FUNCTION cannot add them,
-- and users' views may depend on the function, so it cannot be dropped. Such views refer to its
-- columns by number, so the new columns come last.
UPDATE pg_catalog.pg_proc
SET proallargtypes = proallargtypes || '{text,text}'::regtype[]::oid[],
    proargmodes = proargmodes || '{t,t}'::"char"[],
    proargnames = proargnames || '{city,province}'::text[]
WHERE oid = 'public.ngeshare_group_status(timestamptz)'::regprocedure;

-- In 2.0 attendance that somebody inserted by hand before the window's start is not kept.
DELETE FROM ngeshare.meeting_past WHERE by_hand;
ALTER TABLE public.sync_run ADD COLUMN past_compared_since timestamptz;
ALTER TABLE ngeshare.meeting_past
    DROP COLUMN by_hand,
    ADD PRIMARY KEY (group_id, day, episode_id);
DELETE FROM ngeshare.removed_meeting WHERE by_hand;
ALTER TABLE ngeshare.removed_meeting
    DROP COLUMN by_hand,
    ADD PRIMARY KEY (run_id, group_id, day, episode_id);

-- In 2.0 the columns of an archived row are in tables that inherit from removed_row and
-- attendance_backup, so the column "content" may be NULL.
ALTER TABLE ngeshare.removed_row ALTER COLUMN content DROP NOT NULL;
ALTER TABLE ngeshare.attendance_backup DROP CONSTRAINT attendance_backup_check;

-- In 2.0 the weekly digest is sent through the outbox, too.
ALTER TABLE ngeshare.alert_outbox
    DROP CONSTRAINT alert_outbox_kind_check,
    ADD CONSTRAINT alert_outbox_kind_check
        CHECK (kind IN ('failed', 'warning', 'recovered', 'stale', 'test', 'digest'));

-- The staging tables were dropped, so a pass (the pull of a table's changes, in batches) that an
-- interrupted sync left open cannot continue. The next sync begins a new one.
UPDATE ngeshare.sync_state
SET pass_run_id = NULL, pass_full = NULL, pass_bound = NULL, pass_stamp = NULL, pass_id = NULL,
    pass_pulled = false, pass_block = NULL
WHERE pass_run_id IS NOT NULL;

