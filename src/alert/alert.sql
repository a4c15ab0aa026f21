-- Alerts: what there is to tell, when a run or the watch adds to it, and how it
-- reads. Sending is outbox.c, deliver.c and worker.c. A change of state is told
-- once, and in order: alert_state is locked before anything is added.

CREATE FUNCTION ngeshare.has_alert_url()
RETURNS boolean
AS 'MODULE_PATHNAME', 'ngeshare_has_alert_url'
LANGUAGE C
STABLE;
COMMENT ON FUNCTION ngeshare.has_alert_url() IS
'Whether ngeshare.alert_url is set. The address itself is a secret.';

CREATE FUNCTION ngeshare.alert_start_delivery()
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_alert_start_delivery'
LANGUAGE C
VOLATILE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.alert_start_delivery() IS
'Starts a background worker that sends what waits in ngeshare.alert_outbox, where an alert is due '
'and ngeshare.alert_url is set; the worker begins when the caller''s transaction has committed. '
'Without a free slot the alerts wait.';

CREATE FUNCTION ngeshare.timeline()
RETURNS integer
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
$$;
COMMENT ON FUNCTION ngeshare.timeline() IS
'The server''s timeline, which is a new one after a promotion or a restored backup. Read from the '
'WAL: pg_control_checkpoint() tells of it only after the first checkpoint.';

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
'One row per alert, in the order in which they are sent. status: pending, sent, failed (refused, '
'or given up after 20 attempts or a day), or abandoned (the server was restored or promoted '
'meanwhile). Not dumped: a restored dump sends nothing twice.';
COMMENT ON COLUMN ngeshare.alert_outbox.next_attempt_at IS
'When a pending alert is due. While it is being sent, five minutes ahead: a worker that is killed '
'leaves it for later.';
COMMENT ON COLUMN ngeshare.alert_outbox.last_error IS
'Why the last attempt failed; never holds the address.';
COMMENT ON COLUMN ngeshare.alert_outbox.timeline IS
'The server''s timeline when the alert was added.';
CREATE INDEX alert_outbox_pending ON ngeshare.alert_outbox (alert_id) WHERE status = 'pending';

CREATE TABLE ngeshare.alert_state
(
    singleton boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    run_state text    NOT NULL DEFAULT 'ok' CHECK (run_state IN ('ok', 'warning', 'failed')),
    is_stale  boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE ngeshare.alert_state IS
'What was told last, in one row: how the runs stand, and whether the data is stale.';
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
    -- Masked first: a password that the cut would leave without its end is not recognized. Cut
    -- last: an escaped text is up to five times as long.
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
                    -- JSON needs six characters for each of these.
                    regexp_replace(text, E'[\\u0001-\\u0008\\u000b-\\u001f\\u007f]', ' ', 'g'),
                    E'@(all|channel|everyone|here)\\M', E'@ \\1', 'gi'),
                '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS text
        FROM without_secrets
    )
    SELECT CASE
        WHEN length(text) <= most THEN text
        -- No escape is cut in two: every & begins one, and ; ends it.
        ELSE regexp_replace(left(text, most - 3), '&[a-z]*$', '') || '...'
    END
    FROM escaped
$$;
COMMENT ON FUNCTION ngeshare.alert_text(text, integer) IS
'A text from outside as an alert may show it: without what looks like a password, calling nobody '
'(@channel), without control characters, escaped as Slack wants it, and then cut to a number of '
'characters.';

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
'One field of an alert; NULL where there is nothing to show.';

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
'An instant as an alert shows it: the clock of ngeshare.timezone.';

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
'The fields of an alert on a run: what is known of the run, of its last error and of its tables.';

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
                    THEN 'Look at what it says; SELECT * FROM ngeshare_validate() compares every '
                         'table with production.'
                ELSE ngeshare.error_remedy(error.sqlstate)
            END;
        WHEN 'recovered' THEN
            title := format('ngeShare: sync %s succeeded, all is well again', run.run_id);
        WHEN 'stale' THEN
            title := 'ngeShare: '
                || coalesce('no sync has succeeded since ' || ngeshare.alert_time(success),
                    'no sync has ever succeeded');
            said := format('The last run, %s, is %s. %s', run.run_id, run.status, run.message);
            remedy := 'Answers are given as of then. Look at SELECT * FROM ngeshare_sync_status(), '
                      'and whether a sync is scheduled: SELECT ngeshare_schedule(''*/30 * * * '
                      '*'').';
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
'An alert as a webhook takes it that understands Slack''s attachments (Slack, Mattermost, '
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
'Puts an alert into the outbox and returns its id; nothing, and NULL, where ngeshare.alert_url is '
'empty.';

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
    -- A run of some tables only can make things worse, not better.
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
'Adds an alert where a closed run changed how things stand: failed, warning or recovered. A run of '
'mode verify and a cancelled one change nothing; one that did not come to all six tables can fail '
'or warn, but recovers nothing.';

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
'Called by the sync in the transaction that closes a run, after its logs are written. Whatever '
'goes wrong here, a lock that is held for five seconds included, costs the alert and never the '
'run''s log.';

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
'Until when the data counts as fresh: ngeshare.alert_stale_after behind the last successful sync '
'(before the first: behind the first run''s start).';

CREATE FUNCTION ngeshare.prune_cron_runs()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
BEGIN
    -- Few look at it, so it is no reason for an error. The doctor tells what is left.
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
'Deletes from cron.job_run_details the runs of ngeshare_schedule()''s jobs that ended more than 7 '
'days ago: those of the session''s user in this database. Nothing where that is not permitted. '
'Whatever goes wrong costs the pruning and no alert.';

CREATE FUNCTION ngeshare.watch()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Loads the library, and with it the settings.
    has_url boolean := ngeshare.has_alert_url();
BEGIN
    IF ngeshare.fresh_until() < clock_timestamp() THEN
        -- Looked at again: a sync that just closed has held the lock till now.
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
'Tells, once, that no sync has succeeded for ngeshare.alert_stale_after (before the first success: '
'since the first run began), sends what waits, and prunes what pg_cron logged of our jobs. '
'ngeshare_schedule() has pg_cron call it every five minutes.';

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
'Sends a test alert to the webhook of ngeshare.alert_url, behind those that wait, and returns its '
'id; SELECT * FROM ngeshare.alert_outbox tells what became of it. Error: 55000 where the setting '
'is empty.';
