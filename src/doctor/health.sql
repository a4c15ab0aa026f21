-- v_sync_health: is the mirror fresh? One row for people and monitors.

CREATE FUNCTION ngeshare.own_jobs()
RETURNS TABLE (jobid bigint, schedule text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- EXECUTE, because the table cron.job exists only where pg_cron is installed.
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_cron') THEN
        RETURN QUERY EXECUTE $jobs$
            SELECT job.jobid, job.schedule
            FROM cron.job
            JOIN pg_roles AS role ON role.rolname = job.username
            WHERE job.jobname = 'ngeshare_sync'
              AND job.command = ANY (ngeshare.cron_commands())
              AND job.command LIKE 'CALL %'
              AND job.database = current_database()
              AND job.active
              AND has_function_privilege(role.oid,
                  'public.ngeshare_sync(text, text[])'::regprocedure, 'EXECUTE')
        $jobs$;
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.own_jobs() IS
'The active pg_cron jobs that sync this database: they have the name and command of '
'ngeshare_schedule()''s job, and a role that may call ngeshare_sync(). The name alone is no proof, '
'because each login that may use pg_cron can give it to its own job.';

CREATE FUNCTION ngeshare.sync_health()
RETURNS TABLE
(
    status          text,
    last_success_at timestamptz,
    age             interval,
    last_run_id     bigint,
    last_error      text,
    sqlstate        text,
    next_run_at     timestamptz,
    alerts_pending  bigint,
    refreshed_at    timestamptz,
    generation      bigint,
    stale_keys      bigint,
    refresh_ms      bigint
)
LANGUAGE sql
STABLE
SECURITY DEFINER
ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    -- The runs that show the state of the whole mirror: runs in progress, cancelled runs, runs of
    -- mode verify, and successful runs of only some tables are left out.
    WITH telling AS NOT MATERIALIZED (
        SELECT
            run.run_id,
            CASE WHEN run.status = 'running' THEN 'crashed' ELSE run.status END AS status,
            run.finished_at,
            run.message
        FROM public.sync_run AS run
        WHERE run.mode <> 'verify'
          AND CASE run.status
                  WHEN 'failed' THEN true
                  WHEN 'crashed' THEN true
                  WHEN 'running' THEN run.run_id = (
                      SELECT sync.run_id
                      FROM public.ngeshare_sync_status() AS sync
                      WHERE sync.phase = 'interrupted')
                  WHEN 'cancelled' THEN false
                  ELSE 6 =
                      (SELECT count(*) FROM public.sync_log AS log WHERE log.run_id = run.run_id)
              END
    ), last_telling AS (
        SELECT *
        FROM telling
        ORDER BY run_id DESC
        LIMIT 1
    ), last_success AS (
        SELECT finished_at, now() - finished_at AS age
        FROM ngeshare.last_success() AS finished_at
    )
    SELECT
        CASE
            WHEN last_telling.run_id IS NULL THEN 'never'
            WHEN last_telling.status IN ('failed', 'crashed') THEN last_telling.status
            WHEN last_success.age > ngeshare.stale_after() THEN 'stale'
            ELSE last_telling.status
        END,
        last_success.finished_at,
        last_success.age,
        (SELECT max(run.run_id) FROM public.sync_run AS run),
        CASE
            WHEN last_telling.status = 'crashed'
                THEN coalesce(last_telling.message, 'its process is gone')
            WHEN last_telling.status IN ('failed', 'warning') THEN last_telling.message
        END,
        CASE WHEN last_telling.status IN ('failed', 'crashed') THEN (
            SELECT error.sqlstate
            FROM public.sync_error_log AS error
            WHERE error.run_id = last_telling.run_id
            ORDER BY error.error_id DESC
            LIMIT 1)
        END,
        NULL::timestamptz,
        (SELECT count(*) FROM ngeshare.alert_outbox AS alert WHERE alert.status = 'pending'),
        snapshot.made_at,
        snapshot.generation,
        (SELECT count(*) FROM ngeshare.stale_key),
        snapshot.refresh_ms
    FROM (SELECT 1) AS one
    LEFT JOIN ngeshare.snapshot_state AS snapshot ON true
    LEFT JOIN last_telling ON true
    LEFT JOIN last_success ON true
$$;
COMMENT ON FUNCTION ngeshare.sync_health() IS
'Returns the one row of v_sync_health.';

CREATE VIEW public.v_sync_health AS
SELECT
    status,
    last_success_at,
    age,
    last_run_id,
    last_error,
    sqlstate,
    next_run_at,
    alerts_pending,
    refreshed_at,
    generation,
    stale_keys,
    refresh_ms
FROM ngeshare.sync_health();
COMMENT ON VIEW public.v_sync_health IS
'Whether the mirror is fresh, in one row for people and monitors. It goes by the last run that '
'failed, crashed, or synced all six tables. Runs of mode verify, cancelled runs and successful '
'runs of some tables only do not count.';
COMMENT ON COLUMN public.v_sync_health.status IS
'The state of the mirror, by the last run that failed, crashed or synced all six tables: never '
'(there was no such run), failed, crashed, stale (the last success is older than '
'ngeshare.alert_stale_after, by default 26 hours), warning or success.';
COMMENT ON COLUMN public.v_sync_health.last_success_at IS
'When the last run over all six tables ended as a success or a warning; NULL before the first.';
COMMENT ON COLUMN public.v_sync_health.age IS
'The time since last_success_at; NULL before the first success.';
COMMENT ON COLUMN public.v_sync_health.last_run_id IS
'The run_id of the last run of any mode, even if it still runs; NULL before the first.';
COMMENT ON COLUMN public.v_sync_health.last_error IS
'The message of the run that status is about, if it failed, crashed or ended with a warning; else '
'NULL.';
COMMENT ON COLUMN public.v_sync_health.sqlstate IS
'The SQLSTATE of the last error of the run that status is about; NULL if that run did not fail, or '
'if its process died before it could log an error.';
COMMENT ON COLUMN public.v_sync_health.next_run_at IS
'Always NULL; kept for compatibility with version 1. The table cron.job has the schedule.';
COMMENT ON COLUMN public.v_sync_health.alerts_pending IS
'The number of alerts and digests that wait to be sent.';
COMMENT ON COLUMN public.v_sync_health.refreshed_at IS
'When the last refresh brought the answers up to date with the mirror; NULL before the first.';
COMMENT ON COLUMN public.v_sync_health.generation IS
'The number of the snapshot that answers read. It grows with each refresh that changed a row, the '
'time zone or the link settings; NULL before the first refresh.';
COMMENT ON COLUMN public.v_sync_health.stale_keys IS
'The number of keys written to the mirror since the last refresh, each counted as often as it was '
'written; 0 if the answers are up to date with the mirror.';
COMMENT ON COLUMN public.v_sync_health.refresh_ms IS
'The time that the last refresh took, in milliseconds; NULL before the first.';
