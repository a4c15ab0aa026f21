-- The doctor's checks of foreign code. A trigger, rule, default or function that somebody else puts
-- on the extension's tables runs as the role that syncs, which is usually a superuser. The checks
-- find such code, and the roles that may create it.

CREATE VIEW ngeshare.own_object AS
SELECT member.classid, member.objid, extension.extowner AS extension_owner
FROM pg_depend AS member
JOIN pg_extension AS extension ON extension.oid = member.refobjid
WHERE member.refclassid = 'pg_extension'::regclass
  AND member.deptype = 'e'
  AND extension.extname = 'ngeshare';
COMMENT ON VIEW ngeshare.own_object IS
'The objects that belong to the extension ngeshare, one row per object.';

CREATE VIEW ngeshare.own_relation AS
SELECT relation.oid, relation.relname, relation.relnamespace, relation.relkind, relation.relowner,
    relation.relacl,
    relation.relrowsecurity
FROM pg_class AS relation
WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (relation.relnamespace = 'production'::regnamespace
       OR (('pg_class'::regclass)::oid, relation.oid) IN
           (SELECT own.classid, own.objid FROM ngeshare.own_object AS own));
COMMENT ON VIEW ngeshare.own_relation IS
'The tables and views of the extension, and those in schema production, where ngeshare_connect() '
'makes the foreign tables, one row per relation.';

CREATE VIEW ngeshare.own_part AS
SELECT own.classid, own.objid
FROM ngeshare.own_object AS own
UNION ALL
SELECT part.classid, part.objid
FROM (
    SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite
    UNION ALL
    SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
    UNION ALL
    SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
    UNION ALL
    SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
    UNION ALL
    SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
    UNION ALL
    SELECT 'pg_statistic_ext'::regclass, oid, stxrelid FROM pg_statistic_ext
    UNION ALL
    SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger
) AS part (classid, objid, relation)
JOIN ngeshare.own_relation AS relation ON relation.oid = part.relation;
COMMENT ON VIEW ngeshare.own_part IS
'The objects of the extension, and the rules, defaults, constraints, indexes, policies, statistics '
'and triggers of its tables and views, one row per object.';

CREATE FUNCTION ngeshare.foreign_triggers()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The trigger %I of %s is not ngeshare''s: it runs %s with the rights of the sync.',
            tgname, relation.oid::regclass, tgfoid::regprocedure),
        format('Unless you made it: DROP TRIGGER %I ON %s;', tgname, relation.oid::regclass)
    FROM pg_trigger
    JOIN ngeshare.own_relation AS relation ON relation.oid = tgrelid
    WHERE NOT tgisinternal
      AND (('pg_proc'::regclass)::oid, tgfoid) NOT IN
          (SELECT own.classid, own.objid FROM ngeshare.own_object AS own)
    UNION ALL
    SELECT
        'error',
        format('The rule %I of %s is not ngeshare''s: it runs with the rights of the sync.',
            rulename, relation.oid::regclass),
        format('Unless you made it: DROP RULE %I ON %s;', rulename, relation.oid::regclass)
    FROM pg_rewrite
    JOIN ngeshare.own_relation AS relation ON relation.oid = ev_class
    WHERE rulename <> '_RETURN'
    UNION ALL
    -- Only a superuser can create an event trigger, but the owner of its function can replace the
    -- function.
    SELECT
        'error',
        format('The event trigger %I runs %s with the rights of the sync, and %I can replace the '
               'function.',
            evtname, evtfoid::regprocedure, owner.rolname),
        format('Let a superuser own its function, or DROP EVENT TRIGGER %I;', evtname)
    FROM pg_event_trigger
    JOIN pg_proc AS function ON function.oid = evtfoid
    JOIN pg_roles AS owner ON owner.oid = function.proowner
    WHERE evtenabled <> 'D'
      AND NOT owner.rolsuper
$$;
COMMENT ON FUNCTION ngeshare.foreign_triggers() IS
'Finds triggers and rules on the extension''s tables that are not part of the extension, and event '
'triggers whose function does not belong to a superuser.';

CREATE FUNCTION ngeshare.foreign_owners()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH owned AS (
        SELECT 'pg_class'::regclass AS classid, oid AS objid, relowner AS owner
            FROM ngeshare.own_relation
        UNION ALL
        SELECT own.classid, own.objid, coalesce(proowner, nspowner, typowner)
        FROM ngeshare.own_object AS own
        LEFT JOIN pg_proc AS function ON own.classid = 'pg_proc'::regclass
            AND function.oid = own.objid
        LEFT JOIN pg_namespace AS space ON own.classid = 'pg_namespace'::regclass
            AND space.oid = own.objid
        -- From PostgreSQL 17 on, row types and array types are members of the extension, too. They
        -- are left out here: they always have the owner of their relation or element type.
        LEFT JOIN pg_type AS type ON own.classid = 'pg_type'::regclass AND type.oid = own.objid
            AND type.typelem = 0
            AND NOT EXISTS (
                SELECT 1
                FROM pg_class
                WHERE pg_class.oid = type.typrelid
                  AND relkind <> 'c')
    )
    SELECT
        'error',
        format('The %s %s belongs to %I, who can change what the sync and the answers run.',
            object.type, object.identity, role.rolname),
        format('ALTER %s %s OWNER TO %I;', upper(object.type), object.identity, (
            SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'ngeshare'))
    FROM owned
    JOIN pg_roles AS role ON role.oid = owned.owner AND NOT role.rolsuper
    CROSS JOIN LATERAL pg_identify_object(owned.classid, owned.objid, 0) AS object
    WHERE owned.owner <> (SELECT extowner FROM pg_extension WHERE extname = 'ngeshare')
$$;
COMMENT ON FUNCTION ngeshare.foreign_owners() IS
'Finds objects of the extension that belong neither to the extension''s owner nor to a superuser.';

CREATE FUNCTION ngeshare.foreign_relatives()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('%s has row security: the sync and the answers may miss rows, and a policy''s '
               'functions run with their rights.', oid::regclass),
        concat_ws(' ', string_agg(format('DROP POLICY %I ON %s;', polname, oid::regclass), ' '
            ORDER BY polname),
            format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY;', oid::regclass))
    FROM (
        SELECT relation.oid, polname
        FROM ngeshare.own_relation AS relation
        LEFT JOIN pg_policy ON polrelid = relation.oid
        WHERE relation.relrowsecurity OR polname IS NOT NULL
    ) AS secured
    GROUP BY oid
    UNION ALL
    SELECT
        'error',
        format('%s inherits from %s: UPDATE and DELETE on the parent also change rows of the '
               'child and fire its triggers.',
            inhrelid::regclass, inhparent::regclass),
        format('ALTER TABLE %s NO INHERIT %s;', inhrelid::regclass, inhparent::regclass)
    FROM pg_inherits
    WHERE inhparent IN (SELECT oid FROM ngeshare.own_relation) <> inhrelid IN
        (SELECT oid FROM ngeshare.own_relation)
    UNION ALL
    SELECT
        'error',
        format('The foreign key %I of %s references %s: it can keep the sync from deleting rows, '
               'or change rows of the other table.',
            conname, conrelid::regclass, confrelid::regclass),
        format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname)
    FROM pg_constraint
    WHERE contype = 'f'
      AND conrelid IN (SELECT oid FROM ngeshare.own_relation) <> confrelid IN
          (SELECT oid FROM ngeshare.own_relation)
$$;
COMMENT ON FUNCTION ngeshare.foreign_relatives() IS
'Finds row security on the extension''s tables, and inheritance and foreign keys between them and '
'other tables.';

CREATE FUNCTION ngeshare.foreign_functions()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT
        'error',
        format('The %s uses the %s, which is not ngeshare''s.',
            pg_describe_object(part.classid, part.objid, used.objsubid),
            pg_describe_object(used.refclassid, used.refobjid, 0)),
        'Drop the object that uses it, unless you made that object: it runs with the rights of the '
        'sync and of the answers.'
    FROM ngeshare.own_part AS part
    JOIN pg_depend AS used ON used.classid = part.classid AND used.objid = part.objid
    WHERE (used.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_cast'::regclass,
        'pg_opclass'::regclass)
           -- A domain's CHECK constraints can call functions.
           OR used.refclassid = 'pg_type'::regclass AND used.refobjid IN
               (SELECT oid FROM pg_type WHERE typtype = 'd'))
      AND used.refobjid >= 16384 -- objects of PostgreSQL itself have smaller OIDs
      AND (used.refclassid, used.refobjid) NOT IN
          (SELECT own.classid, own.objid FROM ngeshare.own_object AS own)
      AND NOT (part.classid = 'pg_trigger'::regclass AND used.refobjid IN
          (SELECT tgfoid FROM pg_trigger WHERE oid = part.objid))
    UNION ALL
    SELECT
        'error',
        format('The %s is in a schema of ngeshare''s, or has a name like its functions, but is not '
               'ngeshare''s: it may be called in place of one that is.',
            pg_describe_object(planted.classid, planted.objid, 0)),
        'Drop it or, if you made it, move it to another schema or rename it.'
    FROM (
        SELECT 'pg_proc'::regclass AS classid, oid AS objid
        FROM pg_proc
        WHERE pronamespace IN ('ngeshare'::regnamespace, 'production'::regnamespace)
           OR pronamespace = 'public'::regnamespace AND proname LIKE E'ngeshare\\_%'
        UNION ALL
        SELECT 'pg_operator'::regclass, oid
        FROM pg_operator
        WHERE oprnamespace IN ('ngeshare'::regnamespace, 'production'::regnamespace)
    ) AS planted
    WHERE (planted.classid, planted.objid) NOT IN
        (SELECT own.classid, own.objid FROM ngeshare.own_object AS own)
$$;
COMMENT ON FUNCTION ngeshare.foreign_functions() IS
'Finds objects of the extension, and rules, defaults, constraints, indexes, policies, statistics '
'and triggers of its tables and views, that use a function, operator, operator class, cast or '
'domain from outside the extension. It also finds functions and operators from outside in the '
'schemas ngeshare and production, and functions in public whose names begin with ngeshare_.';

CREATE FUNCTION ngeshare.check_foreign_code()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM ngeshare.foreign_triggers()
    UNION ALL
    SELECT * FROM ngeshare.foreign_owners()
    UNION ALL
    SELECT * FROM ngeshare.foreign_relatives()
    UNION ALL
    SELECT * FROM ngeshare.foreign_functions()
$$;
COMMENT ON FUNCTION ngeshare.check_foreign_code() IS
'Checks that no code but the extension''s own runs with the rights of the sync.';

CREATE FUNCTION ngeshare.foreign_owner_of_public()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- If pg_database_owner owns the schema, the owner of the database has that role's rights.
    SELECT
        'warning',
        format('%I owns the schema public%s: it could rename the schema and put another in its '
               'place, whose functions would run with the rights of the sync.',
            role.rolname, CASE WHEN space.nspowner <> role.oid
                THEN ', as the owner of the database' END),
        format('ALTER SCHEMA public OWNER TO %I;',
            (SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'ngeshare'))
    FROM pg_namespace AS space
    JOIN pg_database AS database ON database.datname = current_database()
    JOIN pg_roles AS role
      ON role.oid = CASE space.nspowner WHEN 'pg_database_owner'::regrole THEN database.datdba
          ELSE space.nspowner END
    WHERE space.nspname = 'public'
      AND NOT role.rolsuper
$$;
COMMENT ON FUNCTION ngeshare.foreign_owner_of_public() IS
'Finds the owner of the schema public, unless it is a superuser.';

CREATE FUNCTION ngeshare.check_foreign_rights()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH given AS (
        SELECT 'TABLE ' || relation.oid::regclass AS object, relation.relowner AS owner, entry.*
        FROM ngeshare.own_relation AS relation
        CROSS JOIN LATERAL aclexplode(relation.relacl) AS entry
        UNION ALL
        SELECT 'TABLE ' || relation.oid::regclass, relation.relowner, entry.*
        FROM ngeshare.own_relation AS relation
        JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
        CROSS JOIN LATERAL aclexplode(attribute.attacl) AS entry
        UNION ALL
        SELECT format('SCHEMA %I', nspname), nspowner, entry.*
        FROM pg_namespace
        CROSS JOIN LATERAL aclexplode(nspacl) AS entry
        WHERE nspname IN ('ngeshare', 'production', 'api')
    )
    SELECT * FROM ngeshare.foreign_owner_of_public()
    UNION ALL
    SELECT
        'warning',
        format('%s may put code on what the sync and the answers use (%s): it would run with their '
               'rights.',
            holder, string_agg(DISTINCT format('%s on %s', privilege_type, object), ', ')),
        string_agg(DISTINCT format('REVOKE %s ON %s FROM %s;', privilege_type, object, holder), ' ')
    FROM given
    LEFT JOIN pg_roles AS role ON role.oid = given.grantee
    CROSS JOIN LATERAL (SELECT CASE given.grantee WHEN 0 THEN 'PUBLIC'
        ELSE quote_ident(role.rolname) END) AS named (holder)
    WHERE privilege_type IN ('TRIGGER', 'REFERENCES', 'CREATE')
      AND grantee <> owner
      AND NOT coalesce(role.rolsuper, false)
    GROUP BY holder
$$;
COMMENT ON FUNCTION ngeshare.check_foreign_rights() IS
'Checks that only superusers and the owners may create triggers, foreign keys or functions on the '
'extension''s tables and in its schemas.';
