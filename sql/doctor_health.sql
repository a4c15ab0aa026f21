-- Tests v_sync_health with logged runs of several kinds, and the checks of ngeshare_doctor() that
-- need no connection to production.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set SHOW_CONTEXT never
\set ECHO all

-- Logs a run that ended the given time ago, with a log row of the run's status for the given number
-- of tables.
CREATE PROCEDURE test.run(mode text, status text, ended interval, tables integer DEFAULT 6,
    message text DEFAULT NULL)
LANGUAGE sql
AS $$
    WITH run AS (
        INSERT INTO sync_run (mode, trigger, status, started_at, finished_at, message, clock)
        VALUES ($1, 'call', $2, now() - $3 - interval '1 minute', now() - $3, $5, now())
        RETURNING run_id
    )
    INSERT INTO sync_log (run_id, table_name, status)
    SELECT run_id, table_name, $2
    FROM run
    JOIN ngeshare.mirror_table ON table_no <= $4
$$;
CREATE VIEW test.health AS
SELECT status, last_success_at = now() - age AS same, age, last_run_id AS run, last_error, sqlstate,
    next_run_at, alerts_pending
FROM v_sync_health;

SELECT ngeshare.stale_after();
SELECT * FROM test.health;
BEGIN;
CALL test.run('verify', 'success', '1 hour');
CALL test.run('incremental', 'cancelled', '1 hour', 2, 'cancelled');
CALL test.run('incremental', 'success', '1 hour', 1);
SELECT * FROM test.health;
CALL test.run('incremental', 'success', '26 hours');
SELECT * FROM test.health;
CALL test.run('incremental', 'warning', '25 hours', 6, 'look here');
SELECT * FROM test.health;
CALL test.run('full', 'success', '2 hours');
CALL test.run('verify', 'warning', '1 hour', 6, 'something differs');
CALL test.run('verify', 'failed', '1 hour', 0, 'no');
SELECT * FROM test.health;
CALL test.run('incremental', 'failed', '30 minutes', 3, 'production: no');
INSERT INTO sync_error_log (run_id, phase, attempt, sqlstate, class, message, will_retry)
SELECT max(run_id), 'pull', 1, '57P01', 'transient', 'production: going down', true FROM sync_run;
INSERT INTO sync_error_log (run_id, phase, attempt, sqlstate, class, message, will_retry)
SELECT max(run_id), 'pull', 2, '42501', 'permanent', 'production: no', false FROM sync_run;
CALL test.run('incremental', 'cancelled', '20 minutes', 3, 'cancelled');
CALL test.run('incremental', 'success', '10 minutes', 2);
SELECT * FROM test.health;
CALL test.run('incremental', 'crashed', '5 minutes', 3, 'its backend died');
SELECT * FROM test.health;
SELECT status, detail, hint FROM ngeshare.check_last_sync();
CALL test.run('incremental', 'success', '1 minute');
SELECT * FROM test.health;
SELECT status, detail, hint FROM ngeshare.check_last_sync();
ROLLBACK;
-- A last success that is more than 26 hours old is stale.
BEGIN;
CALL test.run('incremental', 'success', '26 hours 1 second');
SELECT * FROM test.health;
SELECT status, regexp_replace(detail, 'at .*', 'at ...') AS detail, hint
    FROM ngeshare.check_last_sync();
SELECT is_stale FROM api.freshness;
ROLLBACK;
-- A run that is logged as running but has no process any more is shown as crashed.
BEGIN;
CALL test.run('incremental', 'running', '1 hour', 2);
SELECT status, last_error, last_success_at FROM v_sync_health;
SELECT status, regexp_replace(detail, '\d+', 'N') AS detail, hint
    FROM ngeshare.check_job_left_behind();
ROLLBACK;

-- alerts_pending counts the alerts that have not been sent yet.
BEGIN;
INSERT INTO ngeshare.alert_outbox (kind, payload, status)
VALUES ('test', '{}', 'pending'), ('test', '{}', 'sent'), ('test', '{}', 'pending');
SELECT alerts_pending FROM v_sync_health;
ROLLBACK;

--
-- The doctor in a database that is not connected: every check returns a row, and none raises an
-- error.
--
SELECT check_name, status, detail, hint
FROM ngeshare_doctor()
WHERE check_name NOT IN ('pg_cron', 'schedule', 'worker_slots', 'preloading', 'alert_address');
SELECT count(DISTINCT check_name) = (SELECT count(*) FROM ngeshare.doctor_check) AS all_of_them,
       bool_and((status = 'ok') = (hint IS NULL)) AS hints_where_needed
FROM ngeshare_doctor();
-- Expects no row: a listed check without its function, or a check's function that is not listed.
SELECT proname
FROM pg_proc
FULL JOIN ngeshare.doctor_check ON proname = 'check_' || check_name
WHERE (prorettype = 'ngeshare.finding'::regtype AND proname LIKE 'check\_%' OR proname IS NULL)
  AND (check_name IS NULL OR proname IS NULL);

-- An error in a check becomes a row of the result. Only a cancel of the calling statement is
-- raised.
CREATE FUNCTION ngeshare.check_of_test()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN NEXT ROW('ok', 'what it saw before', NULL)::ngeshare.finding;
    PERFORM 1 / (random() * 0)::integer;
END
$$;
SELECT * FROM ngeshare.run_check('of_test');
CREATE OR REPLACE FUNCTION ngeshare.check_of_test()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
AS $$ BEGIN RAISE query_canceled
    USING MESSAGE = 'production: canceling statement due to statement timeout'; END $$;
SELECT * FROM ngeshare.run_check('of_test');
CREATE OR REPLACE FUNCTION ngeshare.check_of_test()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
AS $$ SELECT 'ok', pg_sleep(10)::text, NULL $$;
SET statement_timeout = '50ms';
SELECT * FROM ngeshare.run_check('of_test');
RESET statement_timeout;
DROP FUNCTION ngeshare.check_of_test();

-- A difference of more than 5 seconds between the two clocks is a warning.
SELECT seconds, finding.*
FROM unnest(ARRAY[0, 4.94, 5, 5.01, -5, -5.01, 3600]) AS seconds
CROSS JOIN LATERAL ngeshare.judge_clock(seconds) AS finding;

-- Triggers that are missing, disabled, or do not fire where session_replication_role = replica.
SELECT * FROM ngeshare.check_triggers();
BEGIN;
ALTER TABLE "UserHangoutGroupAttendance" DISABLE TRIGGER note_insert;
ALTER TABLE "UserHangoutGroupAttendance" ENABLE TRIGGER note_delete;
DROP TRIGGER before_write ON "User";
ALTER TABLE course_config DISABLE TRIGGER ALL;
SELECT * FROM ngeshare.check_triggers() ORDER BY detail COLLATE "C";
ROLLBACK;

-- Rows in quarantine.
SELECT * FROM ngeshare.check_quarantine();
BEGIN;
INSERT INTO ngeshare.quarantine (table_name, row_id, reason, content, source_hash, first_run_id,
    last_run_id)
VALUES
    ('UserHangoutGroup', 'b', 'userId ''gone'' has no row in User', '{}', 0, 1, 2),
    ('UserHangoutGroup', 'a', 'a value that has to be there is NULL', '{}', 0, 1, 2);
SELECT * FROM ngeshare.check_quarantine();
ROLLBACK;

-- A setting ngeshare.timezone that differs from the zone of the history.
INSERT INTO ngeshare.history_state (zone, window_start) VALUES ('Asia/Jakarta', '2026-01-31 17:00');
SELECT * FROM ngeshare.check_time_zone();
SET ngeshare.timezone = 'Asia/Tokyo';
SELECT * FROM ngeshare.check_time_zone();
RESET ngeshare.timezone;

-- A role without privileges cannot call the doctor, and cannot query production through it.
CREATE ROLE regress_ngeshare_nobody;
GRANT USAGE ON SCHEMA ngeshare TO regress_ngeshare_nobody;
SET ROLE regress_ngeshare_nobody;
SELECT * FROM ngeshare_doctor();
SELECT * FROM v_sync_health;
SELECT * FROM ngeshare.ask_production('SELECT 1', 'int');
SELECT * FROM ngeshare.run_check('triggers');
RESET ROLE;
DROP OWNED BY regress_ngeshare_nobody;
DROP ROLE regress_ngeshare_nobody;

-- The columns on the last refresh, and the number of stale keys written since.
SELECT refreshed_at, generation, stale_keys, refresh_ms FROM v_sync_health;
SELECT ngeshare_refresh();
SELECT refreshed_at BETWEEN now() - interval '1 minute'
    AND now() AS is_fresh, generation, stale_keys, refresh_ms >= 0 AS is_timed
FROM v_sync_health;
INSERT INTO "User" (id, "createdAt", "updatedAt") VALUES ('u', '2026-01-01', '2026-01-01'),
    ('v', '2026-01-01', '2026-01-01');
SELECT stale_keys FROM v_sync_health;
SELECT ngeshare_refresh();
SELECT stale_keys FROM v_sync_health;
