-- The schema api: the views and functions that PostgREST offers to the web. The first line of a
-- COMMENT is the summary in the description of the API at GET /api/. Helper functions are in the
-- schema ngeshare, because every function of the schema api can be called from outside.

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS
'ngeShare analytics
Answers about study groups, and the sync that brings them up to date. Answers are given as of the '
'header As-Of (a day, or an instant with its offset from UTC), or without it as of the last '
'successful sync. Errors are {code, message, details, hint}.';

CREATE FUNCTION ngeshare.refuse_request
(
    status  integer,
    code    text,
    message text,
    details text,
    hint    text,
    headers jsonb DEFAULT '{}'
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE SQLSTATE 'PGRST' USING
        MESSAGE = jsonb_build_object('code', code, 'message', message, 'details', details, 'hint',
            hint)::text,
        DETAIL = jsonb_build_object('status', status, 'headers', headers)::text;
END
$$;
COMMENT ON FUNCTION ngeshare.refuse_request(integer, text, text, text, text, jsonb) IS
'Ends a web request with an error: an HTTP status, headers, and the body {code, message, details, '
'hint}.';

CREATE FUNCTION ngeshare.request_header(name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT nullif(nullif(current_setting('request.headers', true), '')::jsonb ->> name, '')
$$;
COMMENT ON FUNCTION ngeshare.request_header(text) IS
'A header of the web request, by its lower-case name; NULL if it is missing or empty, or if there '
'is no web request.';

CREATE FUNCTION ngeshare.known_until()
RETURNS timestamptz
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT known_until FROM ngeshare.snapshot_state
$$;
COMMENT ON FUNCTION ngeshare.known_until() IS
'The clock of the last successful sync that synced attendance, after which nothing is known; NULL '
'before the first.';

CREATE FUNCTION ngeshare.month_before(at timestamptz)
RETURNS timestamptz
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        -- Near the ends of the calendar, the local time, or the one a month before, would be out of
        -- range.
        WHEN at < timestamptz '4712-01-01 00:00:00+00 BC' THEN at
        WHEN at > timestamptz '294276-12-01 00:00:00+00' THEN at - interval '31 days'
        ELSE ngeshare.end_of_day((at AT TIME ZONE ngeshare.reporting_zone() - interval '1 '
            'month')::date)
    END
$$;
COMMENT ON FUNCTION ngeshare.month_before(timestamptz) IS
'The last instant of the same local day of the month before, in ngeshare.timezone, or of that '
'month''s last day if the month is shorter.';

CREATE FUNCTION ngeshare.run_status(run_id bigint)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_alive boolean := EXISTS (
        SELECT 1
        FROM public.ngeshare_sync_status() AS sync
        WHERE sync.running
          AND sync.run_id = run_status.run_id);
    logged   text;
BEGIN
    -- Read after the check for a process: else a run that ends in between would count as crashed.
    logged := ngeshare.latest_run_status(run_id);
    RETURN CASE WHEN logged = 'running' AND NOT is_alive THEN 'crashed' ELSE logged END;
END
$$;
COMMENT ON FUNCTION ngeshare.run_status(bigint) IS
'The present status of a sync run. It is crashed for a run that is logged as running while no '
'process works on it.';

CREATE FUNCTION ngeshare.read_as_of(value text, named text DEFAULT 'the header As-Of')
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value ~ E'^\\d{4}-\\d\\d-\\d\\d$' THEN
        RETURN ngeshare.end_of_day(value::date);
    ELSIF value ~ E'^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,6})?)?(Z|[+-]\\d\\d(:?\\d\\d)?)$' THEN
        RETURN value::timestamptz;
    END IF;
    RAISE invalid_datetime_format;
EXCEPTION
    WHEN data_exception THEN
        PERFORM ngeshare.refuse_request(400, 'NG400',
            format('%s is neither a day nor an instant: "%s"', named, value),
            'A day means its end in ' || ngeshare.reporting_zone()
                || '. An instant needs its offset from UTC.',
            'Send 2026-03-31, or 2026-03-31T12:00:00+07:00.');
END
$$;
COMMENT ON FUNCTION ngeshare.read_as_of(text, text) IS
'The instant that a text from a web request means: 2026-03-31 is the end of that local day, '
'2026-03-31T12:00:00+07:00 is an instant, and NULL is NULL. Any other text is refused with HTTP '
'status 400; the message names the parameter, by default the header As-Of.';

CREATE FUNCTION ngeshare.check_post()
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF ngeshare.request_header('x-ngeshare') IS DISTINCT FROM 'sync' THEN
        PERFORM ngeshare.refuse_request(403, 'NG403',
            'a POST needs the header X-Ngeshare: sync', NULL,
            'It keeps other pages in the same browser from starting anything.');
    END IF;
    IF coalesce(ngeshare.request_header('content-type'), '') !~* E'^application/json\\s*(;|$)' THEN
        PERFORM ngeshare.refuse_request(415, 'NG415', 'a POST needs a JSON body', NULL,
            'Send Content-Type: application/json.');
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_post() IS
'Refuses a POST without the header X-Ngeshare: sync (403) or without a JSON body (415). A page of '
'another site cannot send such a request.';

CREATE FUNCTION ngeshare.need_post()
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('request.method', true) IN ('GET', 'HEAD') THEN
        PERFORM ngeshare.refuse_request(405, 'NG405', 'this is called by POST', NULL,
            'Send POST with a JSON body and the header X-Ngeshare: sync.', '{"Allow": "POST"}');
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.need_post() IS
'Refuses a GET or HEAD request with HTTP status 405.';

CREATE FUNCTION ngeshare.accept_request(run_id bigint)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT set_config('response.status', '202', true);
    SELECT set_config('response.headers',
        jsonb_build_array(jsonb_build_object('Location', '../sync_runs?run_id=eq.'
            || run_id))::text, true);
$$;
COMMENT ON FUNCTION ngeshare.accept_request(bigint) IS
'Sets the response to HTTP status 202, with a Location header for watching the sync run.';

CREATE FUNCTION ngeshare.refuse_start(code text, message text, details text, hint text)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.refuse_request(
        CASE
            WHEN code IN ('NG001', '55000') THEN 409
            WHEN code LIKE '53%' OR code = '55P03' THEN 503
            ELSE 400
        END,
        code,
        message,
        nullif(details, ''),
        coalesce(nullif(hint, ''), CASE WHEN code = '55P03'
            THEN 'Somebody holds a lock here; try again in a moment.' END),
        jsonb_strip_nulls(jsonb_build_object(
            'Retry-After', CASE WHEN code IN ('NG001', '55P03') THEN '5' WHEN code LIKE '53%'
                THEN '30' END,
            'Location', '../sync_runs?run_id=eq.' || substring(details
                FROM E'^It is run (\\d+)\\.'))))
$$;
COMMENT ON FUNCTION ngeshare.refuse_start(text, text, text, text) IS
'Ends a web request for a sync that could not be started. The HTTP status is 409 while another '
'sync runs (NG001) or before ngeshare_connect() (55000), 503 if no worker is free (53...) or a '
'lock cannot be had (55P03), else 400.';

CREATE FUNCTION api.pre_request()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO'
AS $$
BEGIN
    IF current_setting('request.method', true) = 'POST' THEN
        PERFORM ngeshare.check_post();
    END IF;
    -- A CSV file may take as long as the role's statement_timeout; other requests 10 seconds. A
    -- request whose Accept header also allows another type has 10 seconds, too, because PostgREST
    -- may answer with that type.
    IF coalesce(ngeshare.request_header('accept'), '') !~* '^text/csv(; *charset=utf-8)?$'
        AND current_setting('statement_timeout')::interval NOT BETWEEN '1 millisecond'
            AND '10 seconds' THEN
        PERFORM set_config('statement_timeout', '10s', true);
    END IF;
    PERFORM set_config('ngeshare.as_of',
        coalesce(
            ngeshare.read_as_of(ngeshare.request_header('as-of')),
            ngeshare.known_until(),
            now())::text,
        true);
    PERFORM set_config('ngeshare.as_of_is_default',
        (ngeshare.request_header('as-of') IS NULL)::text, true);
    PERFORM set_config('response.headers', jsonb_build_array(
        jsonb_build_object('Snapshot-Generation', generation::text))::text, true)
    FROM ngeshare.snapshot_state;
END
$$;
COMMENT ON FUNCTION api.pre_request() IS
'Runs before each request.
Reads the header As-Of: a day (meaning its end in ngeshare.timezone) or an instant with its offset '
'from UTC; anything else is a 400 with code NG400. Without the header, answers are as of the last '
'successful sync, or as of now before the first one. Refuses a POST without the header X-Ngeshare: '
'sync (403, NG403) or without a JSON body (415, NG415). Every answer carries the header '
'Snapshot-Generation: answers with the same number come from the same data. A request may take 10 '
'seconds, a CSV file as long as the role''s statement_timeout (30 seconds by scripts/roles.sql).';

-- PostgREST begins a transaction with the isolation level that the called function sets. sync_start
-- and sync_cancel need READ COMMITTED, to see what other sessions commit meanwhile.
CREATE FUNCTION api.sync_start(INOUT mode text DEFAULT 'incremental', OUT run_id text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET default_transaction_isolation = 'read committed'
AS $$
DECLARE
    code    text;
    message text;
    details text;
    hint    text;
BEGIN
    PERFORM ngeshare.need_post();
    run_id := public.ngeshare_sync_start(mode);
    PERFORM ngeshare.accept_request(run_id::bigint);
EXCEPTION
    WHEN SQLSTATE 'NG001' OR object_not_in_prerequisite_state OR insufficient_resources
        OR invalid_parameter_value
        OR lock_not_available THEN
        GET STACKED DIAGNOSTICS
            code = RETURNED_SQLSTATE,
            message = MESSAGE_TEXT,
            details = PG_EXCEPTION_DETAIL,
            hint = PG_EXCEPTION_HINT;
        PERFORM ngeshare.refuse_start(code, message, details, hint);
END
$$;
COMMENT ON FUNCTION api.sync_start(text) IS
'Starts a sync and answers at once.
Answers 202 with {mode, run_id} and a Location header for watching the run. mode: incremental '
'(what differs), full (read and compare everything again) or verify (compare, and change nothing). '
'Errors: 409 NG001 while a sync runs (details and Location name its run) or is being started, 409 '
'55000 before the database is connected to production, 503 53000 while no worker is free, 503 '
'55P03 while a lock cannot be had within two seconds, 400 22023 for an unknown mode, 405 NG405 for '
'a GET. By POST only, with a JSON body and the header X-Ngeshare: sync.';

CREATE FUNCTION api.sync_cancel(OUT cancelled boolean, OUT run_id text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET default_transaction_isolation = 'read committed'
AS $$
BEGIN
    PERFORM ngeshare.need_post();
    SELECT sync.run_id
    INTO run_id
    FROM public.ngeshare_sync_status() AS sync
    WHERE sync.running;
    cancelled := public.ngeshare_sync_cancel();
    IF cancelled THEN
        PERFORM ngeshare.accept_request(run_id::bigint);
    ELSE
        run_id := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION api.sync_cancel() IS
'Tells the running sync to stop.
Answers 202 with {cancelled: true, run_id} if a sync runs. It stops at its next step, and each '
'table is as before or after its merge. Answers 200 with {cancelled: false, run_id: null} if none '
'runs. By POST only, with a JSON body ({}) and the header X-Ngeshare: sync.';
