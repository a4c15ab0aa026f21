-- Prints what the catalog says of the extension, one line per fact, so that two databases can be
-- compared. Leaves out what depends on the installation: OIDs, the physical numbers of columns, and
-- whether default privileges are stored or left NULL.
WITH member AS (
    SELECT depend.classid, depend.objid, object.type, object.identity
    FROM pg_depend AS depend
    JOIN pg_extension AS extension ON extension.oid = depend.refobjid
        AND extension.extname = 'ngeshare'
    CROSS JOIN LATERAL pg_identify_object(depend.classid, depend.objid, 0) AS object
    WHERE depend.refclassid = 'pg_extension'::regclass
      AND depend.deptype = 'e'
), relation AS (
    SELECT member.identity AS name, class.*
    FROM member
    JOIN pg_class AS class ON class.oid = member.objid
    WHERE member.classid = 'pg_class'::regclass
), line AS (
    SELECT 'extension' AS kind, extname::text AS name,
        concat_ws(' ', extversion, pg_get_userbyid(extowner), extnamespace::regnamespace) AS fact
    FROM pg_extension
    WHERE extname = 'ngeshare'
    UNION ALL
    SELECT 'member', identity, type
    FROM member
    UNION ALL
    SELECT 'comment', member.identity, concat(column_name.attname, ': ', description)
    FROM member
    JOIN pg_description AS described ON (described.classoid, described.objoid)
        = (member.classid, member.objid)
    LEFT JOIN pg_attribute AS column_name ON column_name.attrelid = described.objoid
        AND column_name.attnum = described.objsubid
        AND described.objsubid > 0
    UNION ALL
    SELECT 'dumped', configured.relation::regclass::text, configured.condition
    FROM pg_extension
    CROSS JOIN LATERAL unnest(extconfig, extcondition) AS configured (relation, condition)
    WHERE extname = 'ngeshare'
    UNION ALL
    SELECT 'first rights', member.identity, concat_ws(' ', initial.objsubid, initial.initprivs)
    FROM member
    JOIN pg_init_privs AS initial ON (initial.classoid, initial.objoid)
        = (member.classid, member.objid)
    UNION ALL
    SELECT 'schema', nspname, concat_ws(' ', pg_get_userbyid(nspowner),
        (SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE "C")
            FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) AS item))
    FROM pg_namespace
    WHERE nspname IN ('api', 'ngeshare', 'production')
    UNION ALL
    SELECT 'relation', name, concat_ws(' ', relkind, relpersistence, pg_get_userbyid(relowner),
        relrowsecurity, relreplident, reloptions,
        (SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE "C")
            FROM unnest(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'
                ELSE 'r' END::"char", relowner))) AS item))
    FROM relation
    UNION ALL
    SELECT 'view', name, pg_get_viewdef(oid)
    FROM relation
    WHERE relkind = 'v'
    UNION ALL
    SELECT
        'column',
        name,
        concat_ws(' ',
            row_number() OVER (PARTITION BY relation.oid ORDER BY attnum), attname,
            format_type(atttypid, atttypmod),
            attnotnull, attidentity, attgenerated, attstorage, attcompression,
            attcollation::regcollation, attacl,
            pg_get_expr(adbin, adrelid))
    FROM relation
    JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT 'constraint', name, concat_ws(' ', conname, pg_get_constraintdef(pg_constraint.oid),
        convalidated)
    FROM relation
    JOIN pg_constraint ON conrelid = relation.oid
    UNION ALL
    SELECT 'index', name, pg_get_indexdef(indexrelid)
    FROM relation
    JOIN pg_index ON indrelid = relation.oid
    UNION ALL
    SELECT 'trigger', name, concat_ws(' ', tgenabled, pg_get_triggerdef(pg_trigger.oid))
    FROM relation
    JOIN pg_trigger ON tgrelid = relation.oid AND NOT tgisinternal
    UNION ALL
    SELECT 'sequence', name, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax,
        seqmin, seqcache, seqcycle)
    FROM relation
    JOIN pg_sequence ON seqrelid = relation.oid
    UNION ALL
    SELECT
        'function',
        member.identity,
        concat_ws(' ',
            pg_get_userbyid(proowner),
            (SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE "C")
                FROM unnest(coalesce(proacl, acldefault('f', proowner))) AS item),
            CASE WHEN prokind <> 'a' THEN pg_get_functiondef(proc.oid)
            ELSE concat_ws(' ', 'aggregate', aggfnoid, aggkind, aggtransfn, aggfinalfn,
                aggcombinefn, aggfinalextra,
                aggtranstype::regtype, aggtransspace, agginitval, proparallel)
            END)
    FROM member
    JOIN pg_proc AS proc ON proc.oid = member.objid AND member.classid = 'pg_proc'::regclass
    LEFT JOIN pg_aggregate ON aggfnoid = proc.oid
    UNION ALL
    SELECT 'type', member.identity, concat_ws(' ', typtype, pg_get_userbyid(typowner), typacl,
        typbasetype::regtype, typnotnull, typdefault)
    FROM member
    JOIN pg_type ON pg_type.oid = member.objid AND member.classid = 'pg_type'::regclass
)
SELECT format('%s %s: %s', kind, name, fact)
FROM line
ORDER BY kind, name, fact
