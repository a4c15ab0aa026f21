-- What the web may see: views and functions that PostgREST shows and nothing
-- else. A COMMENT's first line is the summary in the API's own description.
-- Helpers stand in ngeshare, since every function of this schema can be called.

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS
'ngeShare analytics
The answers about study groups, and the sync that brings them up to date. Answers are given as of '
'the header As-Of (a day, or an instant with its offset); without it as of the last successful '
'sync. Errors are {code, message, details, hint}.';

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
'Ends a web request with an HTTP status, headers, and the body {code, message, details, hint}.';

CREATE FUNCTION ngeshare.request_header(name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT nullif(nullif(current_setting('request.headers', true), '')::jsonb ->> name, '')
$$;
COMMENT ON FUNCTION ngeshare.request_header(text) IS
'A header of the web request, by its lower-case name; NULL where it is missing, empty, or there is '
'no request.';

CREATE FUNCTION ngeshare.known_until()
RETURNS timestamptz
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT known_until FROM ngeshare.snapshot_state
$$;
COMMENT ON FUNCTION ngeshare.known_until() IS
'The clock of the last successful sync that took attendance: nothing is known after it. NULL '
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
        -- At the calendar's ends a local time is out of range: nothing is earlier or later.
        WHEN at < timestamptz '4712-01-01 00:00:00+00 BC' THEN at
        WHEN at > timestamptz '294276-12-01 00:00:00+00' THEN at - interval '31 days'
        ELSE ngeshare.end_of_day((at AT TIME ZONE ngeshare.reporting_zone() - interval '1 '
            'month')::date)
    END
$$;
COMMENT ON FUNCTION ngeshare.month_before(timestamptz) IS
'The last instant of the same local day of the month before, in the reporting zone; of that '
'month''s last day if it is shorter.';

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
    -- After the process was looked for: a run that ends in between has ended, and not crashed.
    logged := ngeshare.latest_run_status(run_id);
    RETURN CASE WHEN logged = 'running' AND NOT is_alive THEN 'crashed' ELSE logged END;
END
$$;
COMMENT ON FUNCTION ngeshare.run_status(bigint) IS
'A run''s status as it is now: one that is logged as running while no sync runs it has crashed.';

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
            format('%s is no day and no instant: "%s"', named, value),
            'A day means its end in ' || ngeshare.reporting_zone()
                || '. An instant needs its offset from UTC.',
            'Send 2026-03-31, or 2026-03-31T12:00:00+07:00.');
END
$$;
COMMENT ON FUNCTION ngeshare.read_as_of(text, text) IS
'Reads the header As-Of, or what is named: 2026-03-31 is the end of that local day, '
'2026-03-31T12:00:00+07:00 an instant; anything else is refused with 400. NULL for NULL.';

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
'Refuses a POST that a foreign page could have made: without X-Ngeshare: sync (403) or without a '
'JSON body (415).';

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
'Refuses a request by GET or HEAD with 405.';

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
'Answers 202 with the place where a run can be watched.';

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
'Answers a start that was refused: 409 while a sync runs (NG001, with its run) or before '
'ngeshare_connect() (55000), 503 where no worker is free (53...) or a lock cannot be had (55P03), '
'else 400.';

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
    -- A file may take the time that the role has; nothing else takes more than 10 seconds.
    IF coalesce(ngeshare.request_header('accept'), '') NOT ILIKE 'text/csv%'
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
Reads the header As-Of: a day (its end in the reporting zone) or an instant with its offset; '
'anything else is a 400 with code NG400. Without it, answers are as of the last successful sync, '
'and before the first one as of now. Refuses a POST without the header X-Ngeshare: sync (403, '
'NG403) or without a JSON body (415, NG415). Every answer carries the header Snapshot-Generation: '
'answers with the same number come from the same snapshot. A request may take 10 seconds, a CSV '
'file as long as the role''s statement_timeout (30 seconds).';

-- PostgREST begins the transaction of a function with the isolation that the function sets. These
-- two look for what other sessions commit while they run.
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
202 with {mode, run_id} and a Location to watch it at. mode: incremental (what changed, and the '
'last weeks of attendance), full (reread and reconcile everything). Errors: 409 NG001 while a sync '
'runs (details and Location name its run) or is being started, 409 55000 before the database is '
'connected to production, 503 53000 while no worker is free, 503 55P03 while a lock cannot be had '
'within two seconds, 400 22023 for an unknown mode, 405 NG405 for a GET. By POST only, with a JSON '
'body and the header X-Ngeshare: sync.';

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
202 with {cancelled: true, run_id} where one runs: it stops at its next step, with each table as '
'before or after its merge. 200 with {cancelled: false, run_id: null} where none runs. By POST '
'only, with a JSON body ({}) and the header X-Ngeshare: sync.';
