-- Tests the errors of ngeshare_sync() and ngeshare_connect() that occur before they reach
-- production, and what these errors leave in the logs.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set SHOW_CONTEXT never
\set ECHO all

CREATE VIEW test.runs AS
SELECT
    run_id,
    mode,
    trigger,
    status,
    finished_at >= started_at AS has_ended,
    window_start,
    clock <= started_at AS is_real_clock,
    message
FROM sync_run;
CREATE VIEW test.errors AS
SELECT
    run_id,
    table_name,
    phase,
    attempt,
    sqlstate,
    class,
    message,
    detail,
    will_retry
FROM sync_error_log;

--
-- Wrong arguments are refused before a run is logged
--
CALL ngeshare_sync('sometimes');
CALL ngeshare_sync(NULL);
CALL ngeshare_sync('incremental', ARRAY['User', 'Users']);
CALL ngeshare_sync('incremental', '{}');
\set VERBOSITY sqlstate
CALL ngeshare_sync('sometimes');
CALL ngeshare_sync('Full');
CALL ngeshare_sync('');
CALL ngeshare_sync(NULL);
CALL ngeshare_sync('full', ARRAY['Users']);
CALL ngeshare_sync('full', ARRAY['user']);
CALL ngeshare_sync('full', ARRAY['User', NULL]);
CALL ngeshare_sync('full', '{}');

--
-- A sync commits, so it is refused in a transaction block and wherever else it could not commit
--
BEGIN;
CALL ngeshare_sync();
ROLLBACK;
BEGIN;
SAVEPOINT one;
CALL ngeshare_sync();
ROLLBACK TO one;
SELECT 'the block goes on' AS after;
ROLLBACK;
CREATE FUNCTION test.sync_in_a_function()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    CALL ngeshare_sync();
END
$$;
SELECT test.sync_in_a_function();
CREATE PROCEDURE test.sync_with_a_setting()
LANGUAGE plpgsql
SET search_path = public
AS $$
BEGIN
    CALL ngeshare_sync();
END
$$;
CALL test.sync_with_a_setting();
BEGIN;
DO 'BEGIN CALL ngeshare_sync(); END';
ROLLBACK;
DO $$
BEGIN
    CALL ngeshare_sync();
EXCEPTION
    WHEN active_sql_transaction THEN
        RAISE WARNING 'refused: %', sqlerrm;
END
$$;
\set VERBOSITY default
BEGIN;
CALL ngeshare_sync();
ROLLBACK;

-- The refused calls above are not logged.
SELECT count(*) AS runs FROM sync_run;
SELECT count(*) AS errors FROM sync_error_log;

--
-- Without a connection to production a sync fails, but this is logged, also from a DO block
--
CALL ngeshare_sync();
\set VERBOSITY sqlstate
CALL ngeshare_sync('full', ARRAY['User']);
DO 'BEGIN CALL ngeshare_sync(); END';
\set VERBOSITY default
SELECT * FROM test.runs ORDER BY run_id;
SELECT * FROM test.errors ORDER BY run_id;
SELECT count(*) AS tables FROM sync_log;

-- Each failed sync has released its lock and left no row in sync_state.
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory';
SELECT * FROM ngeshare.sync_state;
SELECT ngeshare_last_sync('User') AS users, ngeshare_last_sync('nothing') AS nothing;

-- A sync closes an earlier run that is still logged as running although its backend is gone.
UPDATE sync_run SET status = 'running', finished_at = NULL WHERE run_id = 1;
\set VERBOSITY sqlstate
CALL ngeshare_sync();
\set VERBOSITY default
SELECT run_id, status, message FROM sync_run ORDER BY run_id;

-- The setting ngeshare.sync_clock becomes the run's clock.
SET ngeshare.sync_clock = '2026-03-31 23:59:59+07';
\set VERBOSITY sqlstate
CALL ngeshare_sync();
\set VERBOSITY default
RESET ngeshare.sync_clock;
SELECT clock FROM sync_run ORDER BY run_id DESC LIMIT 1;

--
-- The error for an invalid connection string does not repeat it, because it contains a password
--
SELECT ngeshare_connect('hunter2');
SELECT ngeshare_connect('host=127.0.0.1 password=hunter2 nonsense=hunter2');
SELECT ngeshare_connect('host=127.0.0.1 password=''hunter2');
\set VERBOSITY sqlstate
SELECT ngeshare_connect('hunter2');
SELECT ngeshare_connect('postgresql://user:hunter2@[nowhere/database');

-- No server listens: SQLSTATE 08001, and neither a foreign server nor a user mapping is created.
SELECT ngeshare_connect('host=127.0.0.1 port=1 dbname=nowhere user=nobody password=hunter2');
SELECT :'LAST_ERROR_MESSAGE' LIKE '%hunter2%' AS repeats_the_password;
SELECT ngeshare_connect('host=/nowhere port=1 dbname=nowhere user=nobody password=hunter2');
\set VERBOSITY default
SELECT :'LAST_ERROR_MESSAGE' LIKE '%hunter2%' AS repeats_the_password;
SELECT ngeshare_connect(NULL) IS NULL AS null_is_nothing;
SELECT count(*) AS servers FROM pg_foreign_server;
SELECT count(*) AS mappings FROM pg_user_mapping;
SELECT count(*) AS foreign_tables FROM pg_foreign_table;

--
-- A role without privileges may not execute any of these statements
--
CREATE ROLE regress_ngeshare_plain;
SET ROLE regress_ngeshare_plain;
\set VERBOSITY sqlstate
CALL ngeshare_sync();
CALL ngeshare_sync('sometimes');
SELECT ngeshare_connect('host=127.0.0.1');
SELECT ngeshare_last_sync('User');
SELECT * FROM ngeshare_group_status();
SELECT * FROM ngeshare_pipeline();
SELECT * FROM ngeshare_funnel();
SELECT * FROM v_group_summary;
SELECT * FROM v_group_progress;
SELECT * FROM v_group_status;
SELECT * FROM v_curriculum_pipeline;
SELECT * FROM v_curriculum_funnel;
SELECT * FROM v_rescue_list;
SELECT * FROM "User";
SELECT * FROM course_config;
SELECT * FROM sync_run;
SELECT * FROM sync_log;
SELECT * FROM sync_error_log;
SELECT * FROM ngeshare.meeting_past;
SELECT * FROM ngeshare.sync_state;
SELECT ngeshare.advance_window('2026-01-01');
SELECT ngeshare.rebuild_recent();
CREATE TABLE ngeshare.mine ();
CREATE TABLE production.mine ();
\set VERBOSITY default
RESET ROLE;
DROP ROLE regress_ngeshare_plain;
