-- The sync as the page shows it: freshness, progress, history, errors.

CREATE VIEW api.freshness AS
SELECT
    last_success.finished_at AS last_success_at,
    greatest(floor(extract(epoch FROM last_success.age)), 0)::bigint AS age_seconds,
    CASE WHEN last_run.status = 'running' THEN ngeshare.run_status(last_run.run_id)
        ELSE last_run.status END AS status,
    last_run.run_id::text AS last_run_id,
    failure.message AS last_error,
    failure.sqlstate,
    sync.running AS is_running,
    coalesce(last_success.age > ngeshare.stale_after(), true) AS is_stale
FROM public.ngeshare_sync_status() AS sync
LEFT JOIN LATERAL (
    SELECT run_id,
           finished_at,
           now() - finished_at AS age
    FROM ngeshare.whole_success
    ORDER BY run_id DESC
    LIMIT 1
) AS last_success ON true
LEFT JOIN LATERAL (
    -- As v_sync_health: a comparison, a cancelled run and a success of some tables tell nothing of
    -- the data.
    SELECT run_id,
           status
    FROM public.sync_run
    WHERE mode <> 'verify'
      AND (status IN ('running', 'failed', 'crashed') OR run_id = last_success.run_id)
    ORDER BY run_id DESC
    LIMIT 1
) AS last_run ON true
LEFT JOIN LATERAL (
    SELECT coalesce(run.message, error.message) AS message,
           error.sqlstate
    FROM public.sync_run AS run
    LEFT JOIN public.sync_error_log AS error ON error.run_id = run.run_id
    WHERE run.status IN ('failed', 'crashed')
      AND run.mode <> 'verify'
      AND run.run_id > coalesce(last_success.run_id, 0)
    ORDER BY run.run_id DESC, error.error_id DESC NULLS LAST
    LIMIT 1
) AS failure ON true;
COMMENT ON VIEW api.freshness IS
'How fresh the data is, in one row.
When the last sync succeeded, and what went wrong since.';
COMMENT ON COLUMN api.freshness.last_success_at IS
'When the last successful sync of all six tables ended; NULL before the first.';
COMMENT ON COLUMN api.freshness.age_seconds IS
'Seconds since then.';
COMMENT ON COLUMN api.freshness.status IS
'The status of the last run that tells how the data is: running, failed, crashed (its process is '
'gone: interrupted), or success or warning over all six tables. A run with mode verify, a '
'cancelled one and a success of some tables only tell nothing. NULL before the first.';
COMMENT ON COLUMN api.freshness.last_run_id IS
'That run.';
COMMENT ON COLUMN api.freshness.last_error IS
'What the newest failed run said, if it failed after the last success; else NULL.';
COMMENT ON COLUMN api.freshness.sqlstate IS
'Its SQLSTATE; NULL where its process was gone before it could say.';
COMMENT ON COLUMN api.freshness.is_running IS
'Whether a sync runs now.';
COMMENT ON COLUMN api.freshness.is_stale IS
'Whether the last successful sync is longer ago than ngeshare.alert_stale_after (26 hours), or '
'never was.';

CREATE FUNCTION ngeshare.sync_schedule()
RETURNS text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(schedule, '; ' ORDER BY jobid)
    FROM ngeshare.own_jobs()
$$;
COMMENT ON FUNCTION ngeshare.sync_schedule() IS
'When pg_cron starts the job "ngeshare_sync", in cron''s notation; NULL where pg_cron does not '
'live here or has no such job.';

CREATE VIEW api.sync_health AS
SELECT
    health.status,
    health.last_success_at,
    health.age,
    health.last_run_id::text AS last_run_id,
    health.last_error,
    health.sqlstate,
    health.next_run_at,
    health.alerts_pending,
    ngeshare.sync_schedule() AS schedule,
    health.refreshed_at,
    health.generation,
    health.stale_keys,
    health.refresh_ms
FROM public.v_sync_health AS health;
COMMENT ON VIEW api.sync_health IS
'Whether the data is fresh and comes by itself, in one row.
How the last sync ended, when the next one is planned, and by which schedule.';
COMMENT ON COLUMN api.sync_health.schedule IS
'When a sync starts by itself, in cron''s notation and zone; NULL where none is planned.';

CREATE VIEW api.sync_status AS
SELECT
    running,
    run_id::text AS run_id,
    mode,
    phase,
    table_name,
    rows_done,
    rows_expected,
    pct,
    eta,
    heartbeat_at,
    last_success_at,
    last_error,
    has_function_privilege('api.sync_start(text)'::regprocedure, 'EXECUTE') AS may_sync
FROM public.ngeshare_sync_status();
COMMENT ON VIEW api.sync_status IS
'The running sync, in one row.
What it does now and how far it is; running is false where none runs.';
COMMENT ON COLUMN api.sync_status.running IS
'Whether a sync runs now.';
COMMENT ON COLUMN api.sync_status.run_id IS
'Its run.';
COMMENT ON COLUMN api.sync_status.mode IS
'Its mode: incremental, full or verify.';
COMMENT ON COLUMN api.sync_status.phase IS
'The step it is at.';
COMMENT ON COLUMN api.sync_status.table_name IS
'The table it is at.';
COMMENT ON COLUMN api.sync_status.rows_done IS
'Rows pulled so far.';
COMMENT ON COLUMN api.sync_status.rows_expected IS
'Rows it expects to pull; NULL while that is unknown.';
COMMENT ON COLUMN api.sync_status.pct IS
'How much of the run is done, in percent.';
COMMENT ON COLUMN api.sync_status.eta IS
'When it may end; NULL while that is unknown.';
COMMENT ON COLUMN api.sync_status.heartbeat_at IS
'When it last gave a sign of life.';
COMMENT ON COLUMN api.sync_status.last_success_at IS
'When the last successful sync ended.';
COMMENT ON COLUMN api.sync_status.last_error IS
'The last error.';
COMMENT ON COLUMN api.sync_status.may_sync IS
'Whether who asks may start and cancel a sync.';

CREATE VIEW api.sync_runs AS
SELECT
    run.run_id::text AS run_id,
    run.mode,
    run.trigger,
    CASE WHEN run.status = 'running' THEN ngeshare.run_status(run.run_id)
        ELSE run.status END AS status,
    run.started_at,
    run.finished_at,
    round(extract(epoch FROM run.finished_at - run.started_at), 1) AS duration,
    run.window_start,
    run.message,
    coalesce(counted.rows_inserted, 0)::bigint AS rows_inserted,
    coalesce(counted.rows_updated, 0)::bigint AS rows_updated,
    coalesce(counted.rows_deleted, 0)::bigint AS rows_deleted,
    run.clock
FROM public.sync_run AS run
LEFT JOIN (
    SELECT
        run_id,
        sum(rows_inserted) AS rows_inserted,
        sum(rows_updated) AS rows_updated,
        sum(rows_deleted) AS rows_deleted
    FROM public.sync_log
    GROUP BY run_id
) AS counted ON counted.run_id = run.run_id
ORDER BY run.run_id DESC;
COMMENT ON VIEW api.sync_runs IS
'The syncs, one row per run, the newest first.
To order by other columns, end with started_at: run_id is text.';
COMMENT ON COLUMN api.sync_runs.run_id IS
'The run.';
COMMENT ON COLUMN api.sync_runs.mode IS
'incremental (what changed), full (everything was reread) or verify (compared only).';
COMMENT ON COLUMN api.sync_runs.trigger IS
'Who started it: call (somebody in SQL), worker (the page) or cron.';
COMMENT ON COLUMN api.sync_runs.status IS
'running, success, warning (ended, but something needs a look: see message), failed, cancelled, or '
'crashed (its process is gone: interrupted).';
COMMENT ON COLUMN api.sync_runs.started_at IS
'When it started.';
COMMENT ON COLUMN api.sync_runs.finished_at IS
'When it ended; NULL while it runs, and for a crashed one until the next run closes it.';
COMMENT ON COLUMN api.sync_runs.duration IS
'Seconds from start to end.';
COMMENT ON COLUMN api.sync_runs.window_start IS
'From when on it made attendance exactly production''s; NULL where attendance was not part of it.';
COMMENT ON COLUMN api.sync_runs.message IS
'What it says of itself.';
COMMENT ON COLUMN api.sync_runs.rows_inserted IS
'Rows it added, all tables.';
COMMENT ON COLUMN api.sync_runs.rows_updated IS
'Rows it changed, all tables.';
COMMENT ON COLUMN api.sync_runs.rows_deleted IS
'Rows it removed, all tables.';
COMMENT ON COLUMN api.sync_runs.clock IS
'The instant it counted as now; without the header As-Of, answers are as of the last successful '
'one''s.';

CREATE VIEW api.sync_tables AS
SELECT
    run_id::text AS run_id,
    table_name,
    CASE WHEN status = 'running' THEN ngeshare.run_status(run_id) ELSE status END AS status,
    started_at,
    finished_at,
    duration_ms,
    rows_pulled,
    rows_inserted,
    rows_updated,
    rows_deleted,
    rows_repaired,
    source_rows,
    local_rows
FROM public.sync_log
ORDER BY sync_log.run_id DESC, started_at, table_name;
COMMENT ON VIEW api.sync_tables IS
'What each sync did to each table, one row per run and table.
The newest run first, its tables in the order they were done.';
COMMENT ON COLUMN api.sync_tables.run_id IS
'The run.';
COMMENT ON COLUMN api.sync_tables.table_name IS
'One of the six tables.';
COMMENT ON COLUMN api.sync_tables.status IS
'As of a run.';
COMMENT ON COLUMN api.sync_tables.started_at IS
'When the run came to this table.';
COMMENT ON COLUMN api.sync_tables.finished_at IS
'When it was done with it.';
COMMENT ON COLUMN api.sync_tables.duration_ms IS
'Milliseconds between them.';
COMMENT ON COLUMN api.sync_tables.rows_pulled IS
'Rows that came from production.';
COMMENT ON COLUMN api.sync_tables.rows_inserted IS
'Rows added here.';
COMMENT ON COLUMN api.sync_tables.rows_updated IS
'Rows changed here.';
COMMENT ON COLUMN api.sync_tables.rows_deleted IS
'Rows removed here.';
COMMENT ON COLUMN api.sync_tables.rows_repaired IS
'Rows that differed after the merge and were put right.';
COMMENT ON COLUMN api.sync_tables.source_rows IS
'Rows in production after it (attendance: of the window).';
COMMENT ON COLUMN api.sync_tables.local_rows IS
'Rows here after it (attendance: of the window).';

CREATE VIEW api.sync_errors AS
SELECT
    error_id::text AS error_id,
    run_id::text AS run_id,
    table_name,
    occurred_at,
    phase,
    attempt,
    sqlstate,
    class,
    message,
    will_retry,
    ngeshare.error_remedy(sqlstate) AS remedy
FROM public.sync_error_log
ORDER BY sync_error_log.error_id DESC;
COMMENT ON VIEW api.sync_errors IS
'The errors of the syncs and what to do, one row per error, the newest first.
The detail, which may hold values of rows, stays in the database (sync_error_log).';
COMMENT ON COLUMN api.sync_errors.error_id IS
'The error.';
COMMENT ON COLUMN api.sync_errors.run_id IS
'The run.';
COMMENT ON COLUMN api.sync_errors.table_name IS
'The table that was worked on; NULL if the error is of the whole run.';
COMMENT ON COLUMN api.sync_errors.occurred_at IS
'When.';
COMMENT ON COLUMN api.sync_errors.phase IS
'The step it was at.';
COMMENT ON COLUMN api.sync_errors.attempt IS
'Which attempt it was.';
COMMENT ON COLUMN api.sync_errors.sqlstate IS
'PostgreSQL''s code for the error.';
COMMENT ON COLUMN api.sync_errors.class IS
'transient (may pass by itself), permanent (somebody has to act) or row (one row can''t be '
'stored).';
COMMENT ON COLUMN api.sync_errors.message IS
'What production, the network or this database said.';
COMMENT ON COLUMN api.sync_errors.will_retry IS
'Whether the run tried again by itself.';
COMMENT ON COLUMN api.sync_errors.remedy IS
'What to do.';
