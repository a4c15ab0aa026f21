-- Alerts: the outbox, the functions that add an alert to it, and the text of an alert. outbox.c,
-- deliver.c and worker.c send it. When the state in alert_state changes, one alert is added. The
-- row of alert_state is locked first, so that alerts are added in the order of the changes.

CREATE FUNCTION ngeshare.has_alert_url()
RETURNS boolean
AS 'MODULE_PATHNAME', 'ngeshare_has_alert_url'
LANGUAGE C
STABLE;
COMMENT ON FUNCTION ngeshare.has_alert_url() IS
'Whether ngeshare.alert_url is set. The address itself is a secret and is never returned.';

CREATE FUNCTION ngeshare.alert_start_delivery()
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_alert_start_delivery'
LANGUAGE C
VOLATILE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.alert_start_delivery() IS
'Starts a background worker that sends the alerts in ngeshare.alert_outbox, if an alert is due and '
'ngeshare.alert_url is set. The worker begins when the caller''s transaction has committed. '
'Without a free worker slot the alerts stay in the outbox.';

CREATE FUNCTION ngeshare.timeline()
RETURNS integer
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
$$;
COMMENT ON FUNCTION ngeshare.timeline() IS
'The server''s current timeline id, which changes with a promotion or a restored backup. It is '
'read from the name of the current WAL file, because pg_control_checkpoint() shows a new timeline '
'only after the first checkpoint.';

CREATE TABLE ngeshare.alert_outbox
(
    alert_id        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id          bigint      REFERENCES public.sync_run ON DELETE SET NULL,
    kind            text        NOT NULL CONSTRAINT alert_outbox_kind_check
        CHECK (kind IN ('failed', 'warning', 'recovered', 'stale', 'test', 'digest')),
    payload         jsonb       NOT NULL,
    status          text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent',
        'failed', 'abandoned')),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_error      text,
    http_status     integer,
    sent_at         timestamptz,
    timeline        integer     NOT NULL DEFAULT ngeshare.timeline()
);
COMMENT ON TABLE ngeshare.alert_outbox IS
'Alerts and digests to send, one row per message, in the order in which they are sent. status: '
'pending, sent, failed (refused, or given up after 20 attempts or a day), or abandoned (the server '
'was restored from a backup or promoted meanwhile). pg_dump leaves the rows out, so that a '
'restored dump sends nothing twice.';
COMMENT ON COLUMN ngeshare.alert_outbox.next_attempt_at IS
'When a pending alert may be sent next. A worker sets it five minutes ahead before it sends, so '
'that an alert whose worker is killed is tried again later.';
COMMENT ON COLUMN ngeshare.alert_outbox.last_error IS
'Why the last attempt to send the alert failed; it never contains the webhook''s address.';
COMMENT ON COLUMN ngeshare.alert_outbox.timeline IS
'The server''s timeline id (ngeshare.timeline()) when the alert was added.';
CREATE INDEX alert_outbox_pending ON ngeshare.alert_outbox (alert_id) WHERE status = 'pending';

CREATE TABLE ngeshare.alert_state
(
    singleton boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    run_state text    NOT NULL DEFAULT 'ok' CHECK (run_state IN ('ok', 'warning', 'failed')),
    is_stale  boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE ngeshare.alert_state IS
'The state that the last alert reported (or would have reported, while ngeshare.alert_url is '
'empty), in one row: whether syncs succeed (run_state), and whether the data is stale.';
INSERT INTO ngeshare.alert_state DEFAULT VALUES
ON CONFLICT DO NOTHING;

CREATE FUNCTION ngeshare.alert_text(value text, most integer DEFAULT 1000)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Passwords are masked before the text is cut, because a password without its end would not be
    -- recognized. The text is cut last, because escaping makes it up to five times as long.
    WITH without_secrets AS (
        SELECT
            regexp_replace(
                regexp_replace(value, '(://[^/@[:space:]]*:)[^/@[:space:]]*@', E'\\1***@', 'g'),
                E'(password|passwd|passfile|secret|token)([[:space:]]*[=:][[:space:]]*)'
                    '(''(\\\\.|[^''\\\\])*''?|[^[:space:]]+)',
                E'\\1\\2***', 'gi') AS text
    ), escaped AS (
        SELECT
            replace(replace(replace(
                regexp_replace(
                    -- Control characters, except tab and line feed, become blanks: JSON needs up to
                    -- six characters for each.
                    regexp_replace(text, E'[\\u0001-\\u0008\\u000b-\\u001f\\u007f]', ' ', 'g'),
                    E'@(all|channel|everyone|here)\\M', E'@ \\1', 'gi'),
                '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS text
        FROM without_secrets
    )
    SELECT CASE
        WHEN length(text) <= most THEN text
        -- Drops an escape such as &amp; that the cut has left without its end.
        ELSE regexp_replace(left(text, most - 3), '&[a-z]*$', '') || '...'
    END
    FROM escaped
$$;
COMMENT ON FUNCTION ngeshare.alert_text(text, integer) IS
'Makes a text from outside fit for an alert: masks passwords, defuses mentions such as @channel, '
'replaces control characters with blanks, escapes the text for Slack, and cuts it to the given '
'number of characters.';

CREATE FUNCTION ngeshare.alert_field(title text, value text, short boolean DEFAULT true)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('title', title, 'value', ngeshare.alert_text(value, 120), 'short',
        short)
    WHERE value <> ''
$$;
COMMENT ON FUNCTION ngeshare.alert_field(text, text, boolean) IS
'One field of an alert, with a title and a value; NULL if the value is NULL or empty.';

CREATE FUNCTION ngeshare.alert_time(instant timestamptz)
RETURNS text
LANGUAGE sql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(instant AT TIME ZONE ngeshare.reporting_zone(), 'YYYY-MM-DD HH24:MI:SS') || ' '
        || ngeshare.reporting_zone()
$$;
COMMENT ON FUNCTION ngeshare.alert_time(timestamptz) IS
'An instant as alerts show it: local time in ngeshare.timezone, followed by the zone''s name.';

CREATE FUNCTION ngeshare.alert_fields(kind text, run_id bigint)
RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH run AS (
        SELECT *
        FROM public.sync_run
        WHERE sync_run.run_id = $2
    ), error AS (
        SELECT *
        FROM public.sync_error_log
        WHERE sync_error_log.run_id = $2
          AND $1 IN ('failed', 'warning')
        ORDER BY error_id DESC
        LIMIT 1
    ), counted AS (
        SELECT
            sum(rows_pulled) AS pulled,
            sum(rows_inserted) AS inserted,
            sum(rows_updated) AS updated,
            sum(rows_deleted) AS deleted,
            string_agg(table_name, ', ' ORDER BY table_name)
                FILTER (WHERE status IN ('failed', 'crashed')) AS failed,
            string_agg(table_name, ', ' ORDER BY table_name)
                FILTER (WHERE status = 'warning') AS warned
        FROM public.sync_log
        WHERE sync_log.run_id = $2
    ), field AS (
        SELECT position, ngeshare.alert_field(title, value) AS content
        FROM (SELECT 1) AS one
        LEFT JOIN run ON true
        LEFT JOIN error ON true
        LEFT JOIN counted ON true
        CROSS JOIN LATERAL (VALUES
            (1, 'Run', run.run_id::text),
            (2, 'Mode', run.mode),
            (3, 'Status', run.status),
            (4, 'Table', error.table_name),
            (5, 'Phase', error.phase),
            (6, 'Class', error.class),
            (7, 'SQLSTATE', error.sqlstate),
            (8, 'Tables that failed', counted.failed),
            (9, 'Tables with a warning', counted.warned),
            (10, 'Rows pulled', counted.pulled::text),
            (11, 'Rows inserted', counted.inserted::text),
            (12, 'Rows updated', counted.updated::text),
            (13, 'Rows deleted', counted.deleted::text),
            (14, 'Started', ngeshare.alert_time(run.started_at)),
            (15, 'Ended', ngeshare.alert_time(run.finished_at)),
            (16, 'Database', current_database()::text)) AS shown (position, title, value)
    )
    SELECT coalesce(jsonb_agg(content ORDER BY position), '[]')
    FROM field
    WHERE content IS NOT NULL
$$;
COMMENT ON FUNCTION ngeshare.alert_fields(text, bigint) IS
'The fields of an alert about a sync run: the run, its last error, and the rows and tables that it '
'processed.';

CREATE FUNCTION ngeshare.alert_payload(kind text, run_id bigint)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run     public.sync_run;
    error   public.sync_error_log;
    success timestamptz := ngeshare.last_success();
    title   text;
    said    text;
    remedy  text;
BEGIN
    SELECT * INTO run FROM public.sync_run AS known WHERE known.run_id = alert_payload.run_id;
    SELECT * INTO error FROM public.sync_error_log AS known
    WHERE known.run_id = alert_payload.run_id ORDER BY known.error_id DESC LIMIT 1;
    said := coalesce(run.message, error.message);
    CASE kind
        WHEN 'failed' THEN
            title := format('ngeShare: sync %s %s', run.run_id, run.status);
            said := coalesce(error.message, run.message);
            remedy := ngeshare.error_remedy(error.sqlstate);
        WHEN 'warning' THEN
            title := format('ngeShare: sync %s ended with a warning', run.run_id);
            remedy := CASE
                WHEN error.sqlstate IS NULL
                    THEN 'Read the message above; SELECT * FROM ngeshare_validate() compares every '
                         'table with production.'
                ELSE ngeshare.error_remedy(error.sqlstate)
            END;
        WHEN 'recovered' THEN
            title := format('ngeShare: sync %s succeeded, all is well again', run.run_id);
        WHEN 'stale' THEN
            title := 'ngeShare: '
                || coalesce('no sync has succeeded since ' || ngeshare.alert_time(success),
                    'no sync has ever succeeded');
            said := format('The last run, %s, has the status %s. %s', run.run_id, run.status,
                run.message);
            remedy := 'Answers show the data as of the last successful sync. Look at SELECT * FROM '
                      'ngeshare_sync_status(). If no sync is scheduled, SELECT '
                      'ngeshare_schedule(''*/30 * * * *'').';
        ELSE
            title := 'ngeShare: this is a test';
            said := 'Alerts arrive.';
    END CASE;
    RETURN jsonb_build_object(
        'text', title,
        'attachments', jsonb_build_array(jsonb_build_object(
            'fallback', title,
            'color', CASE kind
                WHEN 'failed' THEN '#c62828'
                WHEN 'warning' THEN '#f9a825'
                WHEN 'stale' THEN '#ef6c00'
                WHEN 'recovered' THEN '#2e7d32'
                ELSE '#546e7a'
            END,
            'title', CASE kind WHEN 'test' THEN 'Test' ELSE 'What happened' END,
            'text', concat_ws(E'\n', nullif(ngeshare.alert_text(said), ''), 'What to do: '
                || ngeshare.alert_text(remedy)),
            'fields', ngeshare.alert_fields(kind, run_id))));
END
$$;
COMMENT ON FUNCTION ngeshare.alert_payload(text, bigint) IS
'The JSON body of an alert, for a webhook that takes Slack''s attachments (Slack, Mattermost, '
'Rocket.Chat, Discord''s /slack).';

CREATE FUNCTION ngeshare.alert_add(kind text, run_id bigint)
RETURNS bigint
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ngeshare.alert_outbox (kind, run_id, payload)
    SELECT $1, $2, ngeshare.alert_payload($1, $2)
    WHERE ngeshare.has_alert_url()
    RETURNING alert_id
$$;
COMMENT ON FUNCTION ngeshare.alert_add(text, bigint) IS
'Puts an alert into the outbox and returns its id. If ngeshare.alert_url is empty, it adds nothing '
'and returns NULL.';

CREATE FUNCTION ngeshare.alert_note_change(run_id bigint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    levels      CONSTANT text[] := ARRAY['ok', 'warning', 'failed'];
    run         public.sync_run;
    state       ngeshare.alert_state;
    new_state   text;
    is_complete boolean;
BEGIN
    SELECT * INTO run FROM public.sync_run AS known
    WHERE known.run_id = alert_note_change.run_id AND known.mode <> 'verify';
    new_state := CASE
        WHEN run.status IN ('failed', 'crashed') THEN 'failed'
        WHEN run.status = 'warning' THEN 'warning'
        WHEN run.status = 'success' THEN 'ok'
    END;
    IF new_state IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO state FROM ngeshare.alert_state FOR UPDATE;
    is_complete := (SELECT count(*) FROM public.sync_log AS known
        WHERE known.run_id = alert_note_change.run_id) >= 6;
    -- A run that did not reach all six tables may make the state worse, but not better.
    IF NOT is_complete
        AND array_position(levels, new_state) <= array_position(levels, state.run_state) THEN
        RETURN;
    END IF;
    IF new_state = 'ok' AND (state.run_state <> 'ok' OR state.is_stale) THEN
        PERFORM ngeshare.alert_add('recovered', alert_note_change.run_id);
    ELSIF new_state <> state.run_state THEN
        PERFORM ngeshare.alert_add(new_state, alert_note_change.run_id);
    END IF;
    UPDATE ngeshare.alert_state
    SET run_state = new_state,
        is_stale = alert_state.is_stale AND (new_state = 'failed' OR NOT is_complete);
END
$$;
COMMENT ON FUNCTION ngeshare.alert_note_change(bigint) IS
'Adds an alert if a finished sync run changed the state that was reported last: failed, warning or '
'recovered. Runs of mode verify and cancelled runs change nothing. A run that did not process all '
'six tables can report a failure or a warning, but never a recovery.';

CREATE FUNCTION ngeshare.alert_note_run(run_id bigint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS $$
BEGIN
    PERFORM ngeshare.alert_note_change(run_id);
EXCEPTION
    WHEN OTHERS THEN
        RAISE WARNING 'no alert will be sent on sync %: %', run_id, sqlerrm;
END
$$;
COMMENT ON FUNCTION ngeshare.alert_note_run(bigint) IS
'Adds the alert that a finished sync run calls for. The sync calls it in the transaction that '
'closes the run. An error, or a lock that another session holds for five seconds, costs only the '
'alert: it raises a warning, and the run is logged all the same.';

CREATE FUNCTION ngeshare.fresh_until()
RETURNS timestamptz
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        coalesce(ngeshare.last_success(),
            (SELECT min(started_at) FROM public.sync_run WHERE mode <> 'verify'))
        + ngeshare.stale_after()
$$;
COMMENT ON FUNCTION ngeshare.fresh_until() IS
'The instant until which the data counts as fresh: ngeshare.alert_stale_after after the end of the '
'last successful sync, or after the start of the first run if no sync has succeeded yet.';

CREATE FUNCTION ngeshare.prune_cron_runs()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
BEGIN
    -- Missing rights are no error: ngeshare_doctor() warns of old runs that stay in the log.
    IF NOT ngeshare.has_pg_cron() OR NOT has_schema_privilege('cron', 'USAGE') THEN
        RETURN;
    ELSIF has_table_privilege(to_regclass('cron.job_run_details'), 'SELECT') IS NOT TRUE
        OR has_table_privilege(to_regclass('cron.job_run_details'), 'DELETE') IS NOT TRUE THEN
        RETURN;
    END IF;
    EXECUTE $prune$
        DELETE FROM cron.job_run_details
        WHERE database = current_database()
          AND username = session_user
          AND command = ANY ($1)
          AND end_time < now() - interval '7 days'
    $prune$
    USING ngeshare.cron_commands();
EXCEPTION
    WHEN OTHERS THEN
        RAISE WARNING 'pg_cron''s log of ended jobs could not be pruned: %', sqlerrm;
END
$$;
COMMENT ON FUNCTION ngeshare.prune_cron_runs() IS
'Deletes from cron.job_run_details the runs of ngeshare''s jobs that ended more than 7 days ago, '
'for this database and the session''s user. Does nothing if the user lacks the rights, and raises '
'only a warning if the deletion fails.';

CREATE FUNCTION ngeshare.watch()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- The call loads the library, which defines the settings that fresh_until() reads.
    has_url boolean := ngeshare.has_alert_url();
BEGIN
    IF ngeshare.fresh_until() < clock_timestamp() THEN
        -- Checked again below, because a sync that held the lock may have succeeded meanwhile.
        PERFORM FROM ngeshare.alert_state FOR UPDATE;
        IF ngeshare.fresh_until() < clock_timestamp()
            AND NOT (SELECT is_stale FROM ngeshare.alert_state) THEN
            PERFORM ngeshare.alert_add('stale',
                (SELECT max(run_id) FROM public.sync_run WHERE mode <> 'verify'));
            UPDATE ngeshare.alert_state SET is_stale = true;
        END IF;
    END IF;
    IF has_url THEN
        PERFORM ngeshare.alert_start_delivery();
    END IF;
    PERFORM ngeshare.prune_cron_runs();
END
$$;
COMMENT ON FUNCTION ngeshare.watch() IS
'Adds one alert when no sync has succeeded for ngeshare.alert_stale_after (before the first '
'success: since the first run began), starts the delivery of waiting alerts, and deletes old '
'entries of ngeshare''s jobs from pg_cron''s log. The job ngeshare_watch of ngeshare_schedule() '
'calls it every five minutes.';

CREATE FUNCTION public.ngeshare_alert_test()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    alert bigint := ngeshare.alert_add('test', NULL);
BEGIN
    IF alert IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'ngeshare.alert_url is empty',
            HINT = 'Set it to your webhook''s address: ALTER SYSTEM SET ngeshare.alert_url = '
                   '''https://...'', then SELECT pg_reload_conf().';
    END IF;
    PERFORM ngeshare.alert_start_delivery();
    RETURN alert;
END
$$;
COMMENT ON FUNCTION public.ngeshare_alert_test() IS
'Sends a test alert to the webhook in ngeshare.alert_url, after the alerts that already wait, and '
'returns its id. The alert''s row in ngeshare.alert_outbox shows whether it was delivered. Error: '
'55000 if ngeshare.alert_url is empty.';
