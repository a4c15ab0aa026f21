-- ngeshare_doctor(): the list of checks, and the functions that run them. A check is a row of
-- ngeshare.doctor_check and a function ngeshare.check_<name>(), which returns one row per problem.
-- No row means that nothing is wrong; a few checks return a row with the status ok instead. If a
-- check raises an error, the error becomes its row.

CREATE TYPE ngeshare.finding AS
(
    status text,
    detail text,
    hint   text
);
COMMENT ON TYPE ngeshare.finding IS
'What one check of ngeshare_doctor() found: status (ok, warning or error), detail (what it saw) '
'and hint (what to do).';

CREATE FUNCTION ngeshare.ask_production(sql text, shape text)
RETURNS SETOF text[]
AS 'MODULE_PATHNAME', 'ngeshare_ask_production'
LANGUAGE C
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.ask_production(text, text) IS
'Runs an SQL statement on production over a connection of its own and returns each row as an array '
'of texts. The session has search_path = pg_catalog, and the statement may take 30 seconds, or '
'ngeshare.sync_timeout if that is less. shape has one word per column: text, key (a long text), '
'bool, int, count or numeric, with a question mark if the column may be NULL. Errors: 08P01 for an '
'answer of another shape, 55000 before ngeshare_connect(), and the errors of production or the '
'network.';

CREATE VIEW ngeshare.doctor_check AS
SELECT check_no, check_name, asks_production, when_ok
FROM (
    VALUES
        (1, 'connection', false, 'The server, its login and the six foreign tables are there.'),
        (2, 'production_answers', true, 'Production answers.'),
        (3, 'production_identity', true, 'Production is the system that the mirror came from.'),
        (4, 'production_version', true, 'Production''s PostgreSQL is new enough.'),
        (5, 'production_tables', true,
            'The six tables are there, readable and without row security.'),
        (6, 'production_columns', true,
            'Production, the foreign tables and the mirror have the same columns.'),
        (7, 'clock_offset', true, 'Both clocks agree.'),
        (8, 'index_for_pulls', true,
            'Each of the six tables on production has an index to find changed rows by.'),
        (9, 'pg_read_all_stats', true, 'The login can see open transactions on production.'),
        (10, 'login_can_write', true, 'The login can write nothing on production.'),
        (11, 'same_encoding', true, 'Both databases have the same encoding.'),
        (12, 'readable_password', false,
            'Nobody but superusers can read the login''s password here.'),
        (13, 'pg_cron', false, 'pg_cron is installed in this database.'),
        (14, 'schedule', false, 'The sync is scheduled.'),
        (15, 'job_left_behind', false, 'There is no stray job and no interrupted run.'),
        (16, 'preloading', false, 'Sessions of this database load ngeshare when they begin.'),
        (17, 'time_zone', false, 'The history is kept in the days of ngeshare.timezone.'),
        (18, 'last_sync', false, 'The last sync succeeded.'),
        (19, 'quarantine', false, 'No row waits in quarantine.'),
        (20, 'triggers', false, 'Every trigger of the extension fires.'),
        (21, 'alert_address', false, 'ngeshare.alert_url is set.'),
        (22, 'worker_slots', false, 'A background worker can be started.'),
        (23, 'version', false, 'This database has the installed version of ngeshare.'),
        (24, 'foreign_code', false,
            'Nothing but the extension''s own code runs with the rights of the sync.'),
        (25, 'foreign_rights', false,
            'Nobody but superusers may put code on the extension''s tables.'),
        (26, 'transport', true, 'The connection to production does not leave this machine.'),
        (27, 'snapshot', false, 'The answers were made with the settings of this database.')
) AS listed (check_no, check_name, asks_production, when_ok);
COMMENT ON VIEW ngeshare.doctor_check IS
'The checks of ngeshare_doctor(), in their order. Each is the function ngeshare.check_<name>(). '
'Those with asks_production are skipped if production does not answer.';

CREATE FUNCTION ngeshare.run_check(check_name text)
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    what text;
    hint text;
BEGIN
    RETURN QUERY EXECUTE format('SELECT status, detail, hint FROM ngeshare.%I()', 'check_'
        || check_name);
EXCEPTION
    WHEN query_canceled OR OTHERS THEN
        GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        -- If this session is cancelled, that ends the doctor. A cancel on production is a finding.
        IF sqlstate = '57014' AND what NOT LIKE 'production: %' THEN
            RAISE;
        END IF;
        RETURN NEXT ROW('error', format('%s: %s', sqlstate, what),
            coalesce(nullif(hint, ''),
                'The check itself failed with this error. Correct its cause, '
                'then call ngeshare_doctor() again.'))::ngeshare.finding;
END
$$;
COMMENT ON FUNCTION ngeshare.run_check(text) IS
'Runs one check of ngeshare_doctor() and returns what it found. If the check itself fails, its '
'SQLSTATE and message are the finding. Only a cancel or timeout of the caller''s own statement '
'(57014) is raised.';

CREATE FUNCTION public.ngeshare_doctor()
RETURNS TABLE
(
    check_name text,
    status     text,
    detail     text,
    hint       text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
ROWS 30
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item    record;
    answers boolean := true;
BEGIN
    FOR item IN SELECT * FROM ngeshare.doctor_check ORDER BY check_no LOOP
        check_name := item.check_name;
        IF item.asks_production AND NOT answers THEN
            status := 'warning';
            detail := 'not checked: production does not answer';
            hint := 'See the check production_answers.';
            RETURN NEXT;
            CONTINUE;
        END IF;
        FOR status, detail, hint IN SELECT * FROM ngeshare.run_check(item.check_name) LOOP
            answers := answers AND NOT (status = 'error'
                AND (item.check_name = 'production_answers' OR item.asks_production
                    AND detail ~ '^08...: '));
            RETURN NEXT;
        END LOOP;
        IF NOT FOUND THEN
            status := 'ok';
            detail := item.when_ok;
            hint := NULL;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION public.ngeshare_doctor() IS
'Checks everything that a sync needs, in this database and on production. It changes nothing. An '
'error that a check raises is reported as its finding. It returns one row per check, or one row '
'per thing that a check found. status: ok, warning (works, but will cause trouble) or error '
'(wrong, or will stop a sync). detail: what the check saw. hint: what to do, often the exact '
'statement; NULL if the status is ok. If production does not answer, the checks that ask it report '
'that they were not made.';
