-- The doctor's checks of this database and its server.

CREATE FUNCTION ngeshare.check_connection()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH server AS (
        SELECT oid, srvowner
        FROM pg_foreign_server
        WHERE srvname = 'production'
    )
    SELECT
        'error',
        'This database is not connected to production.',
        'SELECT ngeshare_connect(''host=... dbname=... user=... password=...'');'
    WHERE NOT EXISTS (SELECT 1 FROM server)
    UNION ALL
    SELECT
        'error',
        format('The server "production" has no user mapping of its owner, %I.',
            pg_get_userbyid(srvowner)),
        'As that role: SELECT ngeshare_connect(...) again.'
    FROM server
    WHERE NOT EXISTS (
        SELECT 1
        FROM pg_user_mapping
        WHERE umserver = server.oid
          AND umuser IN (srvowner, 0))
    UNION ALL
    SELECT
        'error',
        format('There is no foreign table production.%I.', table_name),
        'SELECT ngeshare_connect(...) again: it makes what is missing.'
    FROM ngeshare.mirror_table
    CROSS JOIN server
    WHERE NOT EXISTS (
        SELECT 1
        FROM pg_foreign_table
        WHERE ftrelid = to_regclass(format('production.%I', table_name)))
$$;
COMMENT ON FUNCTION ngeshare.check_connection() IS
'Checks that the foreign server, user mapping and foreign tables that ngeshare_connect() makes '
'exist.';

CREATE FUNCTION ngeshare.check_readable_password()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH secret AS (
        SELECT mapping.umuser, server.oid AS server, server.srvowner
        FROM pg_user_mapping AS mapping
        JOIN pg_foreign_server AS server ON server.oid = mapping.umserver
        WHERE server.srvname = 'production'
          AND EXISTS (
              SELECT 1
              FROM pg_options_to_table(mapping.umoptions)
              WHERE option_name IN ('password', 'sslpassword'))
    ), reader AS (
        -- The roles, except superusers, to which pg_user_mappings shows the options of the mapping.
        SELECT DISTINCT role.rolname, secret.umuser = 0 AS is_public
        FROM secret
        JOIN pg_roles AS role ON NOT role.rolsuper
         AND CASE
                 WHEN secret.umuser = 0 THEN pg_has_role(role.oid, secret.srvowner, 'USAGE')
                 ELSE role.oid = secret.umuser
                  AND (pg_has_role(role.oid, secret.srvowner, 'USAGE')
                       OR has_server_privilege(role.oid, secret.server, 'USAGE'))
             END
    )
    SELECT
        'warning',
        format('%s can read the login''s password in pg_user_mappings%s. A dump of this database '
               'holds it, too.',
            string_agg(format('%I', rolname), ', ' ORDER BY rolname),
            CASE WHEN bool_or(is_public) THEN ' (the mapping is PUBLIC''s)' END),
        'Let a superuser own the server and its mapping. A superuser can also keep the '
        'password out of the mapping: SELECT ngeshare_connect(''... passfile=...'') or sslcert and '
        'sslkey.'
    FROM reader
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'ok',
        'Nobody but superusers can read the login''s password here; a dump of this database holds '
        'it in clear text.',
        NULL
    WHERE EXISTS (SELECT 1 FROM secret)
      AND NOT EXISTS (SELECT 1 FROM reader)
$$;
COMMENT ON FUNCTION ngeshare.check_readable_password() IS
'Finds roles that are not superusers but can read the password in the user mapping for production.';

CREATE FUNCTION ngeshare.check_preloading()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH of_database AS (
        SELECT (regexp_match(setting, '^session_preload_libraries=(.*)$'))[1] AS libraries
        FROM pg_db_role_setting
        CROSS JOIN LATERAL unnest(setconfig) AS setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND setrole = 0
          AND setting LIKE E'session\\_preload\\_libraries=%'
    ), library AS (
        SELECT btrim(name, ' "') AS name, no
        FROM coalesce(
            (SELECT libraries FROM of_database),
            current_setting('session_preload_libraries')) AS session
        CROSS JOIN LATERAL string_to_table(session, ',') WITH ORDINALITY AS listed (name, no)
        UNION ALL
        SELECT btrim(name, ' "'), NULL
        FROM string_to_table(current_setting('shared_preload_libraries'), ',') AS name
    )
    SELECT
        'warning',
        'Sessions of this database don''t load ngeshare when they begin: a wrong value of an '
        'ngeshare.* setting is accepted, and causes only a warning later. Any login can read '
        'ngeshare.alert_url.',
        format('ALTER DATABASE %I SET session_preload_libraries = %s;', current_database(),
            coalesce(string_agg(quote_literal(name) || ', ', '' ORDER BY no)
                FILTER (WHERE no IS NOT NULL AND name <> ''), '') || '''ngeshare''')
    FROM (SELECT 1) AS one
    LEFT JOIN library ON true
    HAVING NOT coalesce(bool_or(name ~ '(^|/)ngeshare$'), false)
$$;
COMMENT ON FUNCTION ngeshare.check_preloading() IS
'Checks that new sessions of this database load the library ngeshare, so that they know its '
'settings.';

CREATE FUNCTION ngeshare.check_time_zone()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The history is kept in the days of %s, but ngeshare.timezone is %s: answers, '
               'and syncs other than full ones, are refused.',
            zone, ngeshare.reporting_zone()),
        'CALL ngeshare_sync(''full''); rebuilds it, or set ngeshare.timezone back.'
    FROM ngeshare.history_state
    WHERE zone <> ngeshare.reporting_zone()
$$;
COMMENT ON FUNCTION ngeshare.check_time_zone() IS
'Checks that the meeting history is kept in the local days of ngeshare.timezone.';

CREATE FUNCTION ngeshare.check_snapshot()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        'The mirror has rows, but no refresh has made the snapshot that answers read.',
        'SELECT ngeshare_refresh();'
    WHERE NOT EXISTS (SELECT 1 FROM ngeshare.snapshot_state)
      AND EXISTS (SELECT 1 FROM public."HangoutGroup")
    UNION ALL
    SELECT
        'warning',
        format('Links were made with ngeshare.link_early_days, link_days, link_min_shared and '
               'link_min_overlap_pct of %s; they are %s now.',
            link_settings, ngeshare.link_settings()),
        'SELECT ngeshare_refresh(); or wait for the next sync.'
    FROM ngeshare.snapshot_state
    WHERE link_settings <> ngeshare.link_settings()
$$;
COMMENT ON FUNCTION ngeshare.check_snapshot() IS
'Checks that the snapshot (the tables that answers read) exists, and that its links were made with '
'the link settings that this session has.';

CREATE FUNCTION ngeshare.check_last_sync()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN status IN ('failed', 'crashed') THEN 'error' ELSE 'warning' END,
        CASE status
            WHEN 'never' THEN 'No sync of all six tables has succeeded yet.'
            WHEN 'stale' THEN format('The last success is older than %s: it ended at %s.',
                ngeshare.stale_after(), last_success_at)
            ELSE concat_ws(' ', 'The last sync', status || ':', sqlstate, last_error)
        END,
        CASE status
            WHEN 'warning' THEN 'See sync_log and v_data_quality for what the sync found.'
            WHEN 'failed'
                THEN 'See sync_error_log and correct the cause; the next sync goes on from the '
                     'last batch.'
            ELSE 'CALL ngeshare_sync();'
        END
    FROM ngeshare.sync_health()
    WHERE status <> 'success'
$$;
COMMENT ON FUNCTION ngeshare.check_last_sync() IS
'Checks that the last sync succeeded and is not too long ago, as v_sync_health shows.';

CREATE FUNCTION ngeshare.check_quarantine()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        format('%s row(s) of "%s" wait in quarantine, for example %L: %s.', count(*), table_name,
            min(row_id COLLATE "C"), (array_agg(reason ORDER BY row_id COLLATE "C"))[1]),
        'See ngeshare.quarantine. Correct the rows on production; each sync tries them again.'
    FROM ngeshare.quarantine
    GROUP BY table_name
$$;
COMMENT ON FUNCTION ngeshare.check_quarantine() IS
'Reports rows in ngeshare.quarantine, which cannot be mirrored at present.';

CREATE TABLE ngeshare.expected_trigger AS
SELECT
    space.nspname::text AS schema_name,
    relation.relname::text AS table_name,
    trigger.tgname::text AS trigger_name,
    trigger.tgenabled AS enabled
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS relation ON relation.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS space ON space.oid = relation.relnamespace
JOIN pg_catalog.pg_depend AS member
  ON member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
 AND member.objid = relation.oid
 AND member.deptype = 'e'
JOIN pg_catalog.pg_extension AS extension
  ON extension.oid = member.refobjid
 AND extension.extname = 'ngeshare'
WHERE member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  AND NOT trigger.tgisinternal
  -- Leaves out users' triggers, which may exist when ALTER EXTENSION UPDATE makes this table.
  AND EXISTS (
      SELECT 1
      FROM pg_catalog.pg_depend AS called
      WHERE called.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        AND called.objid = trigger.tgfoid
        AND called.deptype = 'e'
        AND called.refobjid = extension.oid);
COMMENT ON TABLE ngeshare.expected_trigger IS
'The extension''s triggers as CREATE EXTENSION or ALTER EXTENSION UPDATE made them. enabled is as '
'in pg_trigger.tgenabled: O fires unless session_replication_role is replica, A fires always.';

CREATE FUNCTION ngeshare.check_triggers()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The trigger %I of %I.%I %s.', trigger_name, schema_name, expected.table_name,
            CASE
                WHEN trigger.oid IS NULL THEN 'is gone'
                WHEN trigger.tgenabled = 'D' THEN 'is disabled'
                ELSE 'fires in other sessions than it should'
            END),
        CASE
            WHEN trigger.oid IS NULL
                THEN 'Make it again as the install script does, then CALL ngeshare_sync(''full'');'
            ELSE format('ALTER TABLE %I.%I ENABLE %sTRIGGER %I; then CALL ngeshare_sync(''full'');',
                schema_name, expected.table_name, CASE WHEN enabled = 'A'
                    THEN 'ALWAYS ' END, trigger_name)
        END
    FROM ngeshare.expected_trigger AS expected
    LEFT JOIN pg_trigger AS trigger
      ON trigger.tgrelid = to_regclass(format('%I.%I', schema_name, expected.table_name))
     AND trigger.tgname = trigger_name
    WHERE trigger.tgenabled IS DISTINCT FROM enabled
$$;
COMMENT ON FUNCTION ngeshare.check_triggers() IS
'Checks that the extension''s triggers exist and are enabled as ngeshare.expected_trigger says.';

CREATE FUNCTION ngeshare.check_alert_address()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        'There is no address for alerts: nobody is told when a sync fails.',
        'ALTER SYSTEM SET ngeshare.alert_url = ''https://...''; SELECT pg_reload_conf(); SELECT '
        'ngeshare_alert_test();'
    WHERE NOT ngeshare.has_alert_url()
$$;
COMMENT ON FUNCTION ngeshare.check_alert_address() IS
'Checks that ngeshare.alert_url is set, so that somebody is told when a sync fails. The address is '
'never shown.';

CREATE FUNCTION ngeshare.check_worker_slots()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH slots AS (
        SELECT
            current_setting('max_worker_processes')::integer AS there_are,
            count(*) FILTER (WHERE backend_type NOT IN ('archiver', 'autovacuum launcher',
                'autovacuum worker', 'background writer', 'checkpointer', 'client backend',
                    'io worker',
                'logger', 'slotsync worker', 'standalone backend', 'startup', 'walreceiver',
                    'walsender',
                'walsummarizer', 'walwriter'))::integer AS taken
        FROM pg_stat_activity
    )
    SELECT
        'warning',
        format('All %s background workers are taken: ngeshare_sync_start() and the page can''t '
               'start a sync.', there_are),
        format('ALTER SYSTEM SET max_worker_processes = %s; then restart this server. CALL '
               'ngeshare_sync() needs none.',
            greatest(8, there_are + 4))
    FROM slots
    WHERE taken >= there_are
$$;
COMMENT ON FUNCTION ngeshare.check_worker_slots() IS
'Checks that a background worker is free for a sync now.';

CREATE FUNCTION ngeshare.check_version()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('ngeshare has version %s in this database, but %s is installed: no sync starts.',
            installed_version, default_version),
        'ALTER EXTENSION ngeshare UPDATE;'
    FROM pg_available_extensions
    WHERE name = 'ngeshare'
      AND installed_version <> default_version
$$;
COMMENT ON FUNCTION ngeshare.check_version() IS
'Checks that the extension in this database has the version of the installed files.';
