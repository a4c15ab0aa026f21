-- What a sync leaves behind for people: one row per run, one row per run and table, and
-- every error. What it needs itself is in ngeshare.

CREATE TABLE public.sync_run
(
    run_id       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mode         text        NOT NULL CHECK (mode IN ('incremental', 'full', 'verify')),
    trigger      text        NOT NULL CHECK (trigger IN ('call', 'worker', 'cron')),
    status       text        NOT NULL CHECK (status IN ('running', 'success', 'warning', 'failed',
        'cancelled', 'crashed')),
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    window_start timestamptz,
    message      text,
    clock        timestamptz NOT NULL,
    bytes_received bigint,
    past_compared_since timestamptz
);
COMMENT ON TABLE public.sync_run IS
'One row per sync. status: running, success, warning (ended, but something needs a look: see '
'message), failed, cancelled, or crashed (its backend died; found by the next run).';
COMMENT ON COLUMN public.sync_run.run_id IS
'The run''s number; later runs have greater ones.';
COMMENT ON COLUMN public.sync_run.mode IS
'incremental (what changed), full (everything is reread and reconciled) or verify (compares, '
'changes nothing).';
COMMENT ON COLUMN public.sync_run.trigger IS
'What started it: call (CALL ngeshare_sync), worker (ngeshare_sync_start, the page) or cron (the '
'schedule).';
COMMENT ON COLUMN public.sync_run.status IS
'running, success, warning, failed, cancelled or crashed; explained in the comment on this table.';
COMMENT ON COLUMN public.sync_run.started_at IS
'When it began.';
COMMENT ON COLUMN public.sync_run.finished_at IS
'When it ended; NULL while it runs.';
COMMENT ON COLUMN public.sync_run.message IS
'What to know about how it ended; NULL where there is nothing to say.';
COMMENT ON COLUMN public.sync_run.window_start IS
'The local midnight from which on this run made raw attendance exactly production''s; NULL where '
'attendance was not part of the run.';
COMMENT ON COLUMN public.sync_run.bytes_received IS
'The bytes of rows that came from production: what changed, tables that came whole, comparisons, '
'rows fetched by key. NULL while it runs, and where its process died.';
COMMENT ON COLUMN public.sync_run.past_compared_since IS
'The oldest instant at which a part of the history before the window was last found to be '
'production''s: since then the whole past is known to have been compared. NULL while the run goes '
'on, and where a part was never compared.';
COMMENT ON COLUMN public.sync_run.clock IS
'The instant the run counted as now: the real clock, or ngeshare.sync_clock.';

CREATE TABLE public.sync_log
(
    run_id        bigint      NOT NULL REFERENCES public.sync_run ON DELETE CASCADE,
    table_name    text        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('running', 'success', 'warning', 'failed',
        'skipped', 'cancelled', 'crashed')),
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at   timestamptz,
    duration_ms   bigint,
    rows_pulled   bigint      NOT NULL DEFAULT 0,
    rows_inserted bigint      NOT NULL DEFAULT 0,
    rows_updated  bigint      NOT NULL DEFAULT 0,
    rows_deleted  bigint      NOT NULL DEFAULT 0,
    rows_repaired bigint      NOT NULL DEFAULT 0,
    source_rows   bigint,
    local_rows    bigint,
    PRIMARY KEY (run_id, table_name)
);
COMMENT ON TABLE public.sync_log IS
'One row per run and table: what was pulled, what was written, and the rows on both sides after it '
'(attendance: of the window). status: as of a run, or skipped, where a table that this one points '
'to has failed.';
COMMENT ON COLUMN public.sync_log.run_id IS
'The run.';
COMMENT ON COLUMN public.sync_log.table_name IS
'Production''s name of the table, as in the mirror.';
COMMENT ON COLUMN public.sync_log.status IS
'running, success, warning, failed, skipped, cancelled or crashed; explained in the comment on '
'this table.';
COMMENT ON COLUMN public.sync_log.started_at IS
'When the run came to this table.';
COMMENT ON COLUMN public.sync_log.finished_at IS
'When it was done with it; NULL until then.';
COMMENT ON COLUMN public.sync_log.duration_ms IS
'Milliseconds spent on it; NULL until it is done.';
COMMENT ON COLUMN public.sync_log.rows_pulled IS
'Rows that came from production.';
COMMENT ON COLUMN public.sync_log.rows_inserted IS
'Rows written that the mirror did not have.';
COMMENT ON COLUMN public.sync_log.rows_updated IS
'Rows whose content was another here.';
COMMENT ON COLUMN public.sync_log.rows_deleted IS
'Rows deleted here because production has them no longer; they are in the archive.';
COMMENT ON COLUMN public.sync_log.source_rows IS
'Rows that production had after it; NULL where they were not counted.';
COMMENT ON COLUMN public.sync_log.local_rows IS
'Rows that the mirror had after it; NULL where they were not counted.';
COMMENT ON COLUMN public.sync_log.rows_repaired IS
'Of the rows inserted and updated, those that only the comparison of contents found: updatedAt '
'would never have brought them.';

CREATE TABLE public.sync_error_log
(
    error_id    bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint      REFERENCES public.sync_run ON DELETE CASCADE,
    table_name  text,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    phase       text        NOT NULL,
    attempt     integer     NOT NULL,
    sqlstate    text        NOT NULL,
    class       text        NOT NULL CHECK (class IN ('transient', 'permanent', 'row')),
    message     text        NOT NULL,
    detail      text,
    will_retry  boolean     NOT NULL
);
COMMENT ON TABLE public.sync_error_log IS
'Every error of a sync, each attempt''s. class: transient (may pass by itself), permanent '
'(somebody has to act) or row (one row can''t be stored; the detail names it). Never holds a '
'connection string or a password.';
COMMENT ON COLUMN public.sync_error_log.error_id IS
'The error''s number, in the order that they happened.';
COMMENT ON COLUMN public.sync_error_log.run_id IS
'The run.';
COMMENT ON COLUMN public.sync_error_log.table_name IS
'The table that was worked on; NULL where the error is of the whole run.';
COMMENT ON COLUMN public.sync_error_log.occurred_at IS
'When it happened.';
COMMENT ON COLUMN public.sync_error_log.phase IS
'The step of the run that it happened in.';
COMMENT ON COLUMN public.sync_error_log.sqlstate IS
'Production''s or this server''s SQLSTATE; 57P02 for a run whose process died.';
COMMENT ON COLUMN public.sync_error_log.class IS
'transient, permanent or row; explained in the comment on this table.';
COMMENT ON COLUMN public.sync_error_log.message IS
'What the server said, without secrets.';
COMMENT ON COLUMN public.sync_error_log.detail IS
'What it said beside; of a row, its id. NULL where there is none.';
COMMENT ON COLUMN public.sync_error_log.attempt IS
'How many times that step had failed by then.';
COMMENT ON COLUMN public.sync_error_log.will_retry IS
'Whether the run tried again by itself; of a crashed run, whether the next one goes on where it '
'was.';

CREATE VIEW ngeshare.whole_success AS
SELECT run.run_id, run.finished_at
FROM public.sync_run AS run
WHERE run.status IN ('success', 'warning')
  AND run.mode <> 'verify'
  AND 6 = (SELECT count(*) FROM public.sync_log AS log WHERE log.run_id = run.run_id);
COMMENT ON VIEW ngeshare.whole_success IS
'The runs that brought all six tables up to production: what freshness goes by everywhere. One '
'that only compared, or synced some tables, is none.';

CREATE FUNCTION ngeshare.last_success()
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT finished_at
        FROM ngeshare.whole_success
        ORDER BY run_id DESC
        LIMIT 1);
END
$$;
COMMENT ON FUNCTION ngeshare.last_success() IS
'When the last successful sync of all six tables ended; NULL before the first.';

CREATE FUNCTION ngeshare.stale_after()
RETURNS interval
LANGUAGE sql
STABLE
RETURN coalesce(nullif(current_setting('ngeshare.alert_stale_after', true), ''), '26h')::interval;
COMMENT ON FUNCTION ngeshare.stale_after() IS
'How old the last success may be before the mirror counts as stale: the setting '
'ngeshare.alert_stale_after, 26 hours where there is none.';

CREATE TABLE ngeshare.sync_state
(
    table_name  text         NOT NULL PRIMARY KEY,
    watermark   timestamp(3) NOT NULL DEFAULT '-infinity',
    pass_run_id bigint,
    pass_full   boolean,
    pass_bound  timestamp(3),
    pass_stamp  timestamp(3),
    pass_id     text,
    pass_pulled boolean      NOT NULL DEFAULT false,
    pass_block  bigint,
    CHECK ((pass_run_id IS NULL) = (pass_bound IS NULL AND pass_full IS NULL))
);
COMMENT ON TABLE ngeshare.sync_state IS
'One row per table: the watermark (production''s updatedAt, UTC) up to which it is complete, and '
'the pass that is under way: the run that began it, the watermark it will end with, and the last '
'row committed to staging (or, of a table that comes whole, the block of production''s to go on '
'from).';

CREATE TABLE ngeshare.quarantine
(
    table_name   text   NOT NULL,
    row_id       text   NOT NULL,
    reason       text   NOT NULL,
    content      jsonb  NOT NULL,
    source_hash  bigint NOT NULL,
    is_whole     boolean NOT NULL DEFAULT true,
    is_refused   boolean NOT NULL DEFAULT false,
    first_run_id bigint NOT NULL,
    last_run_id  bigint NOT NULL
);
-- An id may be longer than an index takes: that may be why it waits.
CREATE UNIQUE INDEX quarantine_table_name_md5_idx ON ngeshare.quarantine (table_name, md5(row_id));
COMMENT ON TABLE ngeshare.quarantine IS
'Production''s rows that can''t be mirrored now (no parent, a timestamp without a local day, a '
'value that can''t be stored here). They are kept whole and tried again by each run; source_hash '
'tells whether production''s row is still this one. A row that can''t even be fetched, or that is '
'too large for jsonb, is kept by its key and stamp alone (is_whole is false); is_refused: the '
'mirror itself didn''t take it.';

-- Staging: what a batch pulled, committed, waiting for its table's merge. Like the
-- mirror, but anything else than the id may be NULL. stage_no is the order of arrival: of two
-- versions of a row the later wins, and a batch's last row and ranges of rows are
-- found by it. source_hash is production's own hash of a row that was fetched by
-- its key.
CREATE TABLE ngeshare.stage_user AS TABLE public."User" WITH NO DATA;
ALTER TABLE ngeshare.stage_user
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_user IS
'Rows of "User" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout AS TABLE public."Hangout" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_hangout IS
'Rows of "Hangout" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout_episode AS TABLE public."HangoutEpisode" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout_episode
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_hangout_episode IS
'Rows of "HangoutEpisode" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout_group AS TABLE public."HangoutGroup" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout_group
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_hangout_group IS
'Rows of "HangoutGroup" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_user_hangout_group AS TABLE public."UserHangoutGroup" WITH NO DATA;
ALTER TABLE ngeshare.stage_user_hangout_group
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_user_hangout_group IS
'Rows of "UserHangoutGroup" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_attendance AS TABLE public."UserHangoutGroupAttendance" WITH NO DATA;
ALTER TABLE ngeshare.stage_attendance
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_attendance IS
'Rows of "UserHangoutGroupAttendance" that were pulled and are not merged yet.';

-- Nothing of it lives long enough to be worth a vacuum, which a merge would have to
-- wait for. A row without an id can't be merged, and can't wait in quarantine either.
DO $$
DECLARE
    staging regclass;
BEGIN
    FOREACH staging IN ARRAY ARRAY[
        'ngeshare.stage_user', 'ngeshare.stage_hangout', 'ngeshare.stage_hangout_episode',
        'ngeshare.stage_hangout_group', 'ngeshare.stage_user_hangout_group',
            'ngeshare.stage_attendance']::regclass[]
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off), ALTER COLUMN id SET NOT '
                       'NULL', staging);
    END LOOP;
END
$$;

CREATE FUNCTION public.ngeshare_last_sync(table_name text)
RETURNS timestamptz
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT watermark AT TIME ZONE 'UTC'
    FROM ngeshare.sync_state
    WHERE sync_state.table_name = $1
      AND watermark > '-infinity'
$$;
COMMENT ON FUNCTION public.ngeshare_last_sync(text) IS
'The watermark up to which a table of the mirror is known to be complete, in production''s clock: '
'every row committed there with an earlier updatedAt is here. NULL before the table''s first sync '
'and for an unknown name. For attendance: the clock of the last sync of its window.';

CREATE PROCEDURE public.ngeshare_sync(mode text DEFAULT 'incremental', tables text[] DEFAULT NULL)
AS 'MODULE_PATHNAME'
LANGUAGE C;
COMMENT ON PROCEDURE public.ngeshare_sync(text, text[]) IS
'Brings the mirror and the history up to production. mode: incremental (what differs), full '
'(rereads and reconciles everything, history too) or verify (compares and changes nothing). '
'tables: some of the six only. A NOTICE a table. Errors: NG001 while another sync runs, NG002 '
'where production has lost more than ngeshare.sync_max_delete_pct of a table, NG003 where it was '
'restored from a backup, 22023 for an unknown mode or table, 55000 before ngeshare_connect() or '
'under another time zone, 25001 inside a transaction block; all others as production or the '
'network gave them, after they are in sync_error_log.';

SELECT pg_extension_config_dump('public.sync_run', '');
SELECT pg_extension_config_dump('public.sync_run_run_id_seq', '');
SELECT pg_extension_config_dump('public.sync_log', '');
SELECT pg_extension_config_dump('public.sync_error_log', '');
SELECT pg_extension_config_dump('public.sync_error_log_error_id_seq', '');
SELECT pg_extension_config_dump('ngeshare.sync_state', '');
SELECT pg_extension_config_dump('ngeshare.quarantine', '');
SELECT pg_extension_config_dump('ngeshare.stage_user', '');
SELECT pg_extension_config_dump('ngeshare.stage_user_stage_no_seq', '');
SELECT pg_extension_config_dump('ngeshare.stage_hangout', '');
SELECT pg_extension_config_dump('ngeshare.stage_hangout_stage_no_seq', '');
SELECT pg_extension_config_dump('ngeshare.stage_hangout_episode', '');
SELECT pg_extension_config_dump('ngeshare.stage_hangout_episode_stage_no_seq', '');
SELECT pg_extension_config_dump('ngeshare.stage_hangout_group', '');
SELECT pg_extension_config_dump('ngeshare.stage_hangout_group_stage_no_seq', '');
SELECT pg_extension_config_dump('ngeshare.stage_user_hangout_group', '');
SELECT pg_extension_config_dump('ngeshare.stage_user_hangout_group_stage_no_seq', '');
