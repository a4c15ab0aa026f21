-- Functions that start a sync in a background worker, watch and cancel the running sync, and
-- schedule syncs through pg_cron.

CREATE TABLE ngeshare.sync_progress
(
    singleton     boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    run_id        bigint      NOT NULL,
    phase         text        NOT NULL,
    table_name    text,
    rows_done     bigint      NOT NULL,
    rows_expected bigint      NOT NULL,
    share         double precision NOT NULL,
    heartbeat_at  timestamptz NOT NULL,
    is_resumed    boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE ngeshare.sync_progress IS
'How far the running sync, or the last one, has come, in one row that is written at each step. '
'share: the part of the work that is done, 0 to 1. is_resumed: whether a sync that '
'ngeshare.pause_at holds may go on.';

CREATE FUNCTION ngeshare.resume_sync()
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE ngeshare.sync_progress
    SET is_resumed = true
$$;
COMMENT ON FUNCTION ngeshare.resume_sync() IS
'Lets a sync go on that the setting ngeshare.pause_at holds in a phase. It is for tests.';

CREATE VIEW ngeshare.sync_lock AS
SELECT pid
FROM pg_catalog.pg_locks
WHERE locktype = 'advisory'
  AND database =
      (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND classid = x'6e676573'::bigint::oid
  AND objid = x'68617265'::bigint::oid
  AND objsubid = 3
  AND mode = 'ExclusiveLock'
  AND granted;
COMMENT ON VIEW ngeshare.sync_lock IS
'The process id of the sync that runs in this database; no row if none runs. It is the process '
'that holds the sync''s advisory lock in exclusive mode. A refresh, a restore of rows and '
'ngeshare_forget_person() take the lock in other modes and are not shown. The key is "ngeshare" in '
'ASCII; no SQL function can take a lock with this objsubid.';

CREATE FUNCTION public.ngeshare_sync_start(mode text DEFAULT 'incremental')
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s';
COMMENT ON FUNCTION public.ngeshare_sync_start(text) IS
'Starts a sync in a background worker and returns its run_id. The worker begins when the caller''s '
'transaction has committed. Errors: NG001 while a sync runs (the detail names its run), or if a '
'transaction that is starting one does not end within two seconds; 55P03 if another lock cannot be '
'had within two seconds; 53000 if no worker can be started; 55000 before ngeshare_connect(); 22023 '
'for an unknown mode; 22004 for NULL.';

CREATE FUNCTION public.ngeshare_sync_cancel()
RETURNS boolean
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(bool_or(pg_cancel_backend(pid)), false)
    FROM ngeshare.sync_lock
$$;
COMMENT ON FUNCTION public.ngeshare_sync_cancel() IS
'Cancels the running sync, whether in a background worker or in a session, and returns true, or '
'false if none runs. The steps that it had committed stay, and the next sync goes on from there.';

CREATE FUNCTION ngeshare.latest_run_status(run_id bigint)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_latest_run_status'
LANGUAGE C
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.latest_run_status(bigint) IS
'The latest committed status of a sync run, even if the transaction''s snapshot is older; NULL for '
'an unknown run.';

CREATE FUNCTION public.ngeshare_sync_status()
RETURNS TABLE
(
    running         boolean,
    run_id          bigint,
    mode            text,
    phase           text,
    table_name      text,
    rows_done       bigint,
    rows_expected   bigint,
    pct             numeric,
    eta             timestamptz,
    heartbeat_at    timestamptz,
    last_success_at timestamptz,
    last_error      text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- Open pages call this every few seconds: PL/pgSQL keeps the plan for the session.
    RETURN QUERY
    WITH last_run AS (
        SELECT *
        FROM public.sync_run
        ORDER BY sync_run.run_id DESC
        LIMIT 1
    ), last_success AS (
        SELECT ngeshare.last_success() AS finished_at
    ), alive AS (
        -- A worker that has just started may not hold the lock yet. A standby does not show the
        -- primary's locks, so the heartbeat decides there.
        SELECT
            EXISTS (SELECT 1 FROM ngeshare.sync_lock)
                OR coalesce(last_run.status = 'running' AND last_run.trigger = 'worker'
                    AND (last_run.started_at > clock_timestamp() - interval '2 seconds'
                        OR EXISTS (
                            SELECT 1
                            FROM pg_stat_activity
                            WHERE backend_type = 'ngeshare sync'
                              AND datname = current_database())), false)
                OR coalesce(pg_is_in_recovery() AND last_run.status = 'running'
                    AND progress.heartbeat_at > clock_timestamp() - interval '1 minute',
                        false) AS is_running,
            last_run.run_id
        FROM (SELECT 1) AS one
        LEFT JOIN last_run ON true
        LEFT JOIN ngeshare.sync_progress AS progress ON progress.run_id = last_run.run_id
        OFFSET 0
    ), state AS (
        -- The status must be read after the process: a run that ends in between counts as ended.
        SELECT
            alive.is_running,
            latest.status,
            coalesce(latest.status = 'running', false) AS is_open
        FROM alive
        CROSS JOIN LATERAL ngeshare.latest_run_status(alive.run_id) AS latest (status)
    )
    SELECT
        state.is_open AND state.is_running,
        last_run.run_id,
        last_run.mode,
        CASE
            WHEN state.is_open AND NOT state.is_running THEN 'interrupted'
            WHEN state.is_open THEN coalesce(progress.phase, 'starting')
            ELSE state.status
        END,
        CASE WHEN state.is_open THEN progress.table_name END,
        coalesce(progress.rows_done, 0),
        coalesce(progress.rows_expected, 0),
        CASE
            WHEN NOT state.is_open AND state.status IN ('success', 'warning') THEN 100.0
            ELSE round((100 * coalesce(progress.share, 0))::numeric, 1)
        END,
        CASE
            WHEN state.is_open AND state.is_running AND progress.share > 0.02
            THEN clock_timestamp()
                + (clock_timestamp() - last_run.started_at)
                    * ((1 - progress.share) / progress.share)
        END,
        -- A live process counts as a heartbeat, even in the middle of a long step.
        CASE WHEN state.is_open AND state.is_running THEN clock_timestamp()
            ELSE progress.heartbeat_at END,
        last_success.finished_at,
        CASE
            WHEN last_run.status IN ('failed', 'cancelled', 'crashed', 'warning')
                THEN last_run.message
            WHEN state.is_open AND NOT state.is_running
                THEN 'its backend died; start another sync, which goes on from the last batch'
        END
    FROM state
    LEFT JOIN last_run ON true
    LEFT JOIN last_success ON true
    LEFT JOIN ngeshare.sync_progress AS progress ON progress.run_id = last_run.run_id;
END
$$;
COMMENT ON FUNCTION public.ngeshare_sync_status() IS
'The progress of the running sync, or the end of the last one, in one row. running: whether a live '
'process works on run_id. phase: the phase of the running sync (starting, preflight, compare, '
'open, pull, past, parents, merge, window, verify, repair, deletes, refresh or finish), '
'interrupted if its process died, or the last run''s status. rows_done of rows_expected rows have '
'been pulled; pct is the percentage of the work that is done. eta: when it may end, NULL while '
'that is unknown. last_error: the message of the last run, if it did not simply succeed. Before '
'the first sync running is false, rows_done, rows_expected and pct are 0, and all other columns '
'are NULL.';

CREATE FUNCTION ngeshare.need_pg_cron()
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_cron') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'pg_cron is not installed in this database',
            HINT = pg_catalog.format(
                'Set shared_preload_libraries = ''pg_cron'' and cron.database_name = %L, restart, '
                'and CREATE EXTENSION pg_cron here.',
                pg_catalog.current_database());
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.need_pg_cron() IS
'Raises 55000 if pg_cron is not installed in this database.';

CREATE FUNCTION public.ngeshare_schedule(cron text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job bigint;
BEGIN
    PERFORM ngeshare.need_pg_cron();
    -- The CALL names all arguments with their types. A plain ngeshare_sync() would call a procedure
    -- without arguments that another user may have created in public.
    EXECUTE 'SELECT cron.schedule(''ngeshare_sync'', $1, $2)'
    INTO job
    USING cron,
        'CALL public.ngeshare_sync(''incremental''::pg_catalog.text, NULL::pg_catalog.text[])';
    EXECUTE 'SELECT cron.schedule(''ngeshare_watch'', ''*/5 * * * *'', ''SELECT '
            'ngeshare.watch()'')';
    RETURN job;
END
$$;
COMMENT ON FUNCTION public.ngeshare_schedule(text) IS
'Schedules CALL ngeshare_sync() through pg_cron and returns the job''s id. The schedule is in '
'cron''s notation (''*/30 * * * *'') and replaces an earlier one. A second job, ngeshare_watch, '
'checks every five minutes whether the data is stale, and sends waiting alerts. Errors: 55000 if '
'pg_cron is not installed in this database (the hint says how to install it), and pg_cron''s own '
'errors for an invalid schedule.';

CREATE FUNCTION public.ngeshare_unschedule()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was_scheduled boolean := false;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_cron') THEN
        EXECUTE 'SELECT coalesce(bool_or(cron.unschedule(jobid)), false) FROM cron.job'
            ' WHERE jobname IN (''ngeshare_sync'', ''ngeshare_watch'', ''ngeshare_digest'') AND '
            'username = current_user'
        INTO was_scheduled;
    END IF;
    RETURN was_scheduled;
END
$$;
COMMENT ON FUNCTION public.ngeshare_unschedule() IS
'Removes the caller''s pg_cron jobs for the sync, its watch and the weekly digest, and returns '
'true, or false if there was none.';
