-- What a sync leaves behind for people: a row a run, a row a run and table, and
-- every error. What it needs itself is in ngeshare.

CREATE TABLE public.sync_run
(
    run_id       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mode         text        NOT NULL CHECK (mode IN ('incremental', 'full', 'verify')),
    trigger      text        NOT NULL CHECK (trigger IN ('call', 'worker', 'cron')),
    status       text        NOT NULL CHECK (status IN ('running', 'success', 'warning', 'failed', 'cancelled', 'crashed')),
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    window_start timestamptz,
    message      text,
    clock        timestamptz NOT NULL
);
COMMENT ON TABLE public.sync_run IS
'A row a sync. status: running, success, warning (ended, but something needs a look: see message), failed, cancelled, or crashed (its backend died; found by the next run).';
COMMENT ON COLUMN public.sync_run.window_start IS
'The local midnight from which on this run made raw attendance exactly production''s; NULL where attendance was not part of the run.';
COMMENT ON COLUMN public.sync_run.clock IS
'The instant the run counted as now: the real clock, or ngeshare.sync_clock.';

CREATE TABLE public.sync_log
(
    run_id        bigint      NOT NULL REFERENCES public.sync_run ON DELETE CASCADE,
    table_name    text        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('running', 'success', 'warning', 'failed', 'cancelled', 'crashed')),
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
'A row a run and table: what was pulled, what the merge wrote, and the rows on both sides after it (attendance: of the window).';

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
'Every error of a sync. Never holds a connection string.';

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
    CHECK ((pass_run_id IS NULL) = (pass_bound IS NULL AND pass_full IS NULL))
);
COMMENT ON TABLE ngeshare.sync_state IS
'A row a table: the watermark (production''s updatedAt, UTC) up to which it is complete, and the pass that is under way: the run that began it, the watermark it will end with, and the last row committed to staging.';

CREATE TABLE ngeshare.quarantine
(
    table_name   text   NOT NULL,
    row_id       text   NOT NULL,
    reason       text   NOT NULL,
    content      jsonb  NOT NULL,
    first_run_id bigint NOT NULL,
    last_run_id  bigint NOT NULL,
    PRIMARY KEY (table_name, row_id)
);
COMMENT ON TABLE ngeshare.quarantine IS
'Production''s rows that can''t be mirrored now (no parent, a timestamp without a local day). Each run pulls them again by id.';

-- Staging: what a batch pulled, committed, waiting for its table's merge.
-- stage_no is the order of arrival: of two versions of a row the later wins.
CREATE TABLE ngeshare.stage_user
    (LIKE public."User", stage_no bigint GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ngeshare.stage_user IS
'Rows of "User" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout
    (LIKE public."Hangout", stage_no bigint GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ngeshare.stage_hangout IS
'Rows of "Hangout" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout_episode
    (LIKE public."HangoutEpisode", stage_no bigint GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ngeshare.stage_hangout_episode IS
'Rows of "HangoutEpisode" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout_group
    (LIKE public."HangoutGroup", stage_no bigint GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ngeshare.stage_hangout_group IS
'Rows of "HangoutGroup" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_user_hangout_group
    (LIKE public."UserHangoutGroup", stage_no bigint GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ngeshare.stage_user_hangout_group IS
'Rows of "UserHangoutGroup" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_attendance
    (LIKE public."UserHangoutGroupAttendance", stage_no bigint GENERATED ALWAYS AS IDENTITY);
COMMENT ON TABLE ngeshare.stage_attendance IS
'Rows of "UserHangoutGroupAttendance" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_meeting
    (LIKE ngeshare.meeting_past);
COMMENT ON TABLE ngeshare.stage_meeting IS
'The meetings before the window as production counts them, on their way into meeting_past.';

CREATE FUNCTION ngeshare_last_sync(table_name text)
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
COMMENT ON FUNCTION ngeshare_last_sync(text) IS
'The watermark up to which a table of the mirror is known to be complete, in production''s clock: every row committed there with an earlier updatedAt is here. NULL before the table''s first sync and for an unknown name. For attendance: the clock of the last sync of its window.';

CREATE PROCEDURE ngeshare_sync(mode text DEFAULT 'incremental', tables text[] DEFAULT NULL)
AS 'MODULE_PATHNAME'
LANGUAGE C;
COMMENT ON PROCEDURE ngeshare_sync(text, text[]) IS
'Brings the mirror and the history up to production. mode: incremental (what changed since the last sync, and the attendance window) or full (rereads and reconciles everything, history too). tables: some of the six only. A NOTICE a table. Errors: NG001 while another sync runs, 22023 for an unknown mode or table, 55000 before ngeshare_connect() or under another time zone, 25001 inside a transaction block; all others as production or the network gave them, after they are in sync_error_log.';

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
