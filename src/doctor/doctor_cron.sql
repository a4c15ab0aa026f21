-- The doctor's checks of pg_cron, its jobs, and runs whose process is gone. pg_cron may not be
-- installed, so its tables are only named in statements for EXECUTE.

CREATE FUNCTION ngeshare.has_pg_cron()
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_cron') $$;
COMMENT ON FUNCTION ngeshare.has_pg_cron() IS
'Whether pg_cron is installed in this database.';

CREATE FUNCTION ngeshare.cron_commands()
RETURNS text[]
LANGUAGE sql
IMMUTABLE
RETURN ARRAY[
    'CALL public.ngeshare_sync(''incremental''::pg_catalog.text, NULL::pg_catalog.text[])',
    'CALL public.ngeshare_sync()', -- the command that version 1.0 scheduled
    'SELECT ngeshare.watch()',
    'SELECT ngeshare.send_digest()'
];
COMMENT ON FUNCTION ngeshare.cron_commands() IS
'The commands of the pg_cron jobs that ngeshare_schedule() and ngeshare_schedule_digest() make, '
'those of earlier versions included.';

CREATE FUNCTION ngeshare.unpruned_cron_runs()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- 8 days, not 7, because after a downtime older runs stay until the job ngeshare_watch runs.
    IF ngeshare.has_pg_cron() THEN
        RETURN QUERY EXECUTE $runs$
            SELECT
                'warning',
                format('pg_cron keeps %s ended runs of ngeshare''s jobs that are more than a week '
                       'old.', count(*)),
                'The job ngeshare_watch deletes the runs of its own user; SELECT '
                'ngeshare_schedule(''*/30 * * * *''); creates it. For other users'' runs: '
                    'DELETE FROM cron.job_run_details WHERE end_time < now() - interval ''7 days'';'
            FROM cron.job_run_details
            WHERE database = current_database()
              AND command = ANY ($1)
              AND end_time < now() - interval '8 days'
            HAVING count(*) > 0
        $runs$
        USING ngeshare.cron_commands();
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.unpruned_cron_runs() IS
'Counts the runs of ngeshare''s jobs in pg_cron''s log that ended more than 8 days ago. The job '
'ngeshare_watch deletes the runs of its own user after 7 days.';

CREATE FUNCTION ngeshare.check_pg_cron()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        CASE
            WHEN home IS NULL THEN 'pg_cron is not loaded: nothing can be scheduled from here.'
            WHEN home <> current_database()
                THEN format('pg_cron belongs to the database %I, not to this one.', home)
            ELSE 'pg_cron is loaded for this database, but it was not created in it.'
        END,
        CASE
            WHEN home = current_database() THEN 'CREATE EXTENSION pg_cron;'
            ELSE format('Set shared_preload_libraries = ''pg_cron'' and cron.database_name = %L, '
                        'restart, and CREATE EXTENSION pg_cron here; or let another scheduler run: '
                        'psql -d %s -c "CALL ngeshare_sync()"',
                current_database(), quote_ident(current_database()))
        END
    FROM nullif(current_setting('cron.database_name', true), '') AS home
    WHERE NOT ngeshare.has_pg_cron()
    UNION ALL
    SELECT *
    FROM ngeshare.unpruned_cron_runs()
$$;
COMMENT ON FUNCTION ngeshare.check_pg_cron() IS
'Checks that pg_cron is installed in this database, and that old entries for ngeshare''s jobs are '
'deleted from its log.';

CREATE FUNCTION ngeshare.check_schedule()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job record;
BEGIN
    IF NOT ngeshare.has_pg_cron() THEN
        RETURN NEXT ROW('warning', 'Nothing is scheduled here: there is no pg_cron.',
            'See the check pg_cron.')::ngeshare.finding;
        RETURN;
    END IF;
    FOR job IN EXECUTE $jobs$
        SELECT last_run.status, last_run.return_message, last_run.end_time
        FROM ngeshare.own_jobs() AS job
        LEFT JOIN LATERAL (
            SELECT *
            FROM cron.job_run_details AS run
            WHERE run.jobid = job.jobid
              AND run.status IN ('succeeded', 'failed')
            ORDER BY run.runid DESC
            LIMIT 1
        ) AS last_run ON true
    $jobs$ LOOP
        IF job.status = 'failed' THEN
            RETURN NEXT ROW('warning',
                format('The last scheduled sync failed at %s: %s', job.end_time,
                    rtrim(job.return_message, E'\n')),
                'See sync_error_log. If sync_run has no row for this run, pg_cron could not start '
                'it: see cron.job_run_details and the server''s log.')::ngeshare.finding;
        END IF;
    END LOOP;
    IF NOT FOUND THEN
        RETURN NEXT ROW('warning',
            'No sync is scheduled: there is no active job "ngeshare_sync".',
            'SELECT ngeshare_schedule(''*/30 * * * *'');')::ngeshare.finding;
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_schedule() IS
'Checks that there is an active pg_cron job for the sync, and that its last run did not fail.';

CREATE FUNCTION ngeshare.stray_jobs()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE $jobs$
        SELECT
            'warning',
            format('The job %s (%s) %s.', jobid, coalesce(quote_ident(jobname), 'without a name'),
                concat_ws(', and ',
                CASE WHEN is_foreign
                    THEN format('is not ngeshare''s: %I gave it the name of an ngeshare job, but '
                                'it runs %L',
                        username, left(command, 100)) END,
                CASE WHEN database <> current_database()
                    THEN format('syncs in the database %I', database) END,
                CASE WHEN is_other THEN 'is not the one that ngeshare_schedule() made' END,
                CASE WHEN NOT active THEN 'is not active' END,
                CASE WHEN is_doubled THEN 'is not the only one' END,
                CASE
                    WHEN role IS NULL THEN format('belongs to %I, which is no role', username)
                    WHEN NOT is_allowed
                        THEN format('belongs to %I, which may not call ngeshare_sync()', username)
                END)),
            format('SELECT cron.unschedule(%s);%s', jobid, CASE
                WHEN role IS NOT NULL AND NOT is_allowed THEN
                    format(' or GRANT EXECUTE ON PROCEDURE ngeshare_sync(text, text[]) TO %I;',
                        username)
                WHEN NOT active
                    THEN format(' or UPDATE cron.job SET active = true WHERE jobid = %s;', jobid)
            END)
        FROM (
            SELECT
                job.*,
                is_sync,
                role.oid AS role,
                jobname IN ('ngeshare_sync', 'ngeshare_watch', 'ngeshare_digest')
                    AND database = current_database()
                    AND (command <> ALL (ngeshare.cron_commands())
                        OR is_sync <> (jobname = 'ngeshare_sync')) AS is_foreign,
                jobname IS NULL
                    OR jobname NOT IN ('ngeshare_sync', 'ngeshare_watch',
                        'ngeshare_digest') AS is_other,
                is_sync AND count(*) FILTER (WHERE active) OVER (PARTITION BY database,
                    is_sync) > 1 AS is_doubled,
                database <> current_database() OR NOT is_sync OR role.oid IS NOT NULL
                    AND has_function_privilege(role.oid,
                    'public.ngeshare_sync(text, text[])'::regprocedure, 'EXECUTE') AS is_allowed
            FROM cron.job
            CROSS JOIN LATERAL (SELECT command ~* 'ngeshare_sync') AS kind (is_sync)
            LEFT JOIN pg_roles AS role ON role.rolname = username
            WHERE is_sync
               OR jobname IN ('ngeshare_sync', 'ngeshare_watch', 'ngeshare_digest')
                   AND database = current_database()
        ) AS job
        WHERE coalesce(is_foreign, false)
           OR is_sync AND (database <> current_database() OR is_other OR NOT active OR is_doubled
               OR NOT is_allowed)
        ORDER BY jobid
    $jobs$;
END
$$;
COMMENT ON FUNCTION ngeshare.stray_jobs() IS
'Finds pg_cron jobs that call ngeshare_sync() but are not the one that ngeshare_schedule() made: '
'jobs of another database or name, inactive or duplicate jobs, and jobs of a role that may not '
'call it. It also finds jobs that have the name of one of ngeshare''s jobs but run something else.';

CREATE FUNCTION ngeshare.check_job_left_behind()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF ngeshare.has_pg_cron() THEN
        RETURN QUERY SELECT * FROM ngeshare.stray_jobs();
    END IF;
    RETURN QUERY
    SELECT
        'warning',
        format('Run %s is logged as running, but nobody works on it: its process died.', run_id),
        'CALL ngeshare_sync(); goes on from its last batch.'
    FROM public.ngeshare_sync_status()
    WHERE phase = 'interrupted';
END
$$;
COMMENT ON FUNCTION ngeshare.check_job_left_behind() IS
'Checks that there is no stray pg_cron job, and no sync run that is logged as running although its '
'process died.';
