-- The sync as the page shows it: freshness, progress, past runs and errors.

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
    -- As in v_sync_health, runs of mode verify, cancelled runs and successful runs of only some
    -- tables are left out: they do not show how fresh the data is.
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
'Seconds since last_success_at; NULL before the first success.';
COMMENT ON COLUMN api.freshness.status IS
'The status of the last run that is running, failed or crashed (its process died), or that synced '
'all six tables (success or warning). Runs of mode verify, cancelled runs and successful runs of '
'some tables only are left out. NULL before the first such run.';
COMMENT ON COLUMN api.freshness.last_run_id IS
'The run_id of the run that status is about.';
COMMENT ON COLUMN api.freshness.last_error IS
'The message of the newest failed or crashed run since the last success; NULL if there is none.';
COMMENT ON COLUMN api.freshness.sqlstate IS
'The SQLSTATE of the error in last_error; NULL if there is none, or if the run''s process died '
'before it could log one.';
COMMENT ON COLUMN api.freshness.is_running IS
'Whether a sync runs now.';
COMMENT ON COLUMN api.freshness.is_stale IS
'Whether the last successful sync is longer ago than ngeshare.alert_stale_after (26 hours by '
'default), or no sync has succeeded yet.';

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
'The schedule of pg_cron''s job "ngeshare_sync" in cron''s notation; NULL if pg_cron is not '
'installed in this database or has no such job.';

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
'Whether the data is fresh and syncs are scheduled, in one row.
How the last sync ended, and by which schedule syncs start.';
COMMENT ON COLUMN api.sync_health.schedule IS
'The schedule by which pg_cron starts syncs, in cron''s notation and time zone; NULL if none is '
'scheduled.';

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
The phase it is in and how far it has come; running is false if no sync runs.';
COMMENT ON COLUMN api.sync_status.running IS
'Whether a sync runs now.';
COMMENT ON COLUMN api.sync_status.run_id IS
'The number of the last sync run, which is the running one if running is true.';
COMMENT ON COLUMN api.sync_status.mode IS
'The run''s mode: incremental, full or verify.';
COMMENT ON COLUMN api.sync_status.phase IS
'The phase that the run is in, "interrupted" if its process died, or its status if it has ended.';
COMMENT ON COLUMN api.sync_status.table_name IS
'The table that the run is at; NULL if it has ended.';
COMMENT ON COLUMN api.sync_status.rows_done IS
'The number of rows that the run has pulled from production so far.';
COMMENT ON COLUMN api.sync_status.rows_expected IS
'The number of rows that the run expects to pull from production; 0 while it is unknown.';
COMMENT ON COLUMN api.sync_status.pct IS
'How much of the run is done, in percent, one decimal.';
COMMENT ON COLUMN api.sync_status.eta IS
'When the run may end; NULL while that is unknown, and if no sync runs.';
COMMENT ON COLUMN api.sync_status.heartbeat_at IS
'When the run last gave a sign of life.';
COMMENT ON COLUMN api.sync_status.last_success_at IS
'When the last successful sync of all six tables ended; NULL before the first.';
COMMENT ON COLUMN api.sync_status.last_error IS
'The message of the run, if it failed, crashed, was cancelled or ended with a warning; else NULL.';
COMMENT ON COLUMN api.sync_status.may_sync IS
'Whether the caller may start and cancel a sync.';

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
run_id is text, so it does not sort by number: order by started_at instead.';
COMMENT ON COLUMN api.sync_runs.run_id IS
'The number of the sync run, as text.';
COMMENT ON COLUMN api.sync_runs.mode IS
'incremental (what changed), full (everything was read and compared again) or verify (compared '
'only).';
COMMENT ON COLUMN api.sync_runs.trigger IS
'What started the run: call (CALL ngeshare_sync in SQL), worker (the page, or ngeshare_sync_start) '
'or cron (the schedule).';
COMMENT ON COLUMN api.sync_runs.status IS
'running, success, warning (it ended, but something needs attention: see message), failed, '
'cancelled, or crashed (its process died).';
COMMENT ON COLUMN api.sync_runs.started_at IS
'When the run started.';
COMMENT ON COLUMN api.sync_runs.finished_at IS
'When the run ended; NULL while it runs, and for a crashed run.';
COMMENT ON COLUMN api.sync_runs.duration IS
'Seconds from the start of the run to its end, one decimal; NULL if finished_at is NULL.';
COMMENT ON COLUMN api.sync_runs.window_start IS
'The instant at which the window of raw attendance starts in this run; NULL if attendance was not '
'part of the run, or if the run ended before the window was known.';
COMMENT ON COLUMN api.sync_runs.message IS
'What there is to know about how the run ended; NULL if nothing.';
COMMENT ON COLUMN api.sync_runs.rows_inserted IS
'The number of rows that the run inserted into the mirror, all tables together.';
COMMENT ON COLUMN api.sync_runs.rows_updated IS
'The number of rows that the run changed in the mirror, all tables together.';
COMMENT ON COLUMN api.sync_runs.rows_deleted IS
'The number of rows that the run deleted from the mirror, all tables together.';
COMMENT ON COLUMN api.sync_runs.clock IS
'The instant that the run took for now. Without the header As-Of, answers are as of the clock of '
'the last successful run.';

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
The newest run comes first, and its tables in the order in which they were synced.';
COMMENT ON COLUMN api.sync_tables.run_id IS
'The number of the sync run, as text.';
COMMENT ON COLUMN api.sync_tables.table_name IS
'The name of the table, one of the six mirrored tables.';
COMMENT ON COLUMN api.sync_tables.status IS
'The state of the table''s sync in the run: running, success, warning, failed, skipped (a table '
'that it references failed), cancelled or crashed.';
COMMENT ON COLUMN api.sync_tables.started_at IS
'When the run began with the table.';
COMMENT ON COLUMN api.sync_tables.finished_at IS
'When the run was done with the table.';
COMMENT ON COLUMN api.sync_tables.duration_ms IS
'The time that the run spent on the table, in milliseconds.';
COMMENT ON COLUMN api.sync_tables.rows_pulled IS
'The number of rows of the table that the run fetched from production.';
COMMENT ON COLUMN api.sync_tables.rows_inserted IS
'The number of rows that the run inserted into the table of the mirror.';
COMMENT ON COLUMN api.sync_tables.rows_updated IS
'The number of rows that the run changed in the table of the mirror.';
COMMENT ON COLUMN api.sync_tables.rows_deleted IS
'The number of rows that the run deleted from the table of the mirror.';
COMMENT ON COLUMN api.sync_tables.rows_repaired IS
'Of the rows inserted and updated, the number that only the comparison of contents found, because '
'their updatedAt did not show that they changed.';
COMMENT ON COLUMN api.sync_tables.source_rows IS
'The number of rows in production''s table after the run (attendance: of the window of raw '
'attendance); NULL if they were not counted.';
COMMENT ON COLUMN api.sync_tables.local_rows IS
'The number of rows in the mirror''s table after the run (attendance: of the window of raw '
'attendance); NULL if they were not counted.';

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
The detail, which may contain values of rows, is not shown: it is in the table sync_error_log.';
COMMENT ON COLUMN api.sync_errors.error_id IS
'The number of the error, as text.';
COMMENT ON COLUMN api.sync_errors.run_id IS
'The number of the sync run in which the error happened, as text.';
COMMENT ON COLUMN api.sync_errors.table_name IS
'The table that the run was at; NULL if the error concerns the whole run.';
COMMENT ON COLUMN api.sync_errors.occurred_at IS
'When the error happened.';
COMMENT ON COLUMN api.sync_errors.phase IS
'The phase of the run in which the error happened.';
COMMENT ON COLUMN api.sync_errors.attempt IS
'The number of times that the step had failed by then, this error included.';
COMMENT ON COLUMN api.sync_errors.sqlstate IS
'The error''s SQLSTATE.';
COMMENT ON COLUMN api.sync_errors.class IS
'transient (it may not happen again), permanent (somebody has to act) or row (a row cannot be '
'fetched or stored).';
COMMENT ON COLUMN api.sync_errors.message IS
'The error message of production, the network or this database.';
COMMENT ON COLUMN api.sync_errors.will_retry IS
'Whether the run, or a later one, tries again: true if the run repeated the step, if a row was set '
'aside that each sync tries again, and if the run''s process died.';
COMMENT ON COLUMN api.sync_errors.remedy IS
'What the error means and what to do.';
