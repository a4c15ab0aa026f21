-- The tables of the sync. Those in public are for people: one row per run, one row per run and
-- table, and one row per error. Those in schema ngeshare are for the sync itself.

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
'The syncs, one row per run. status: running, success, warning (it ended, but something needs '
'attention: see message), failed, cancelled, or crashed (its process died, as the next run found).';
COMMENT ON COLUMN public.sync_run.run_id IS
'The number of the sync run; later runs have greater numbers.';
COMMENT ON COLUMN public.sync_run.mode IS
'incremental (what changed), full (everything is read and compared again) or verify (compares, '
'changes nothing).';
COMMENT ON COLUMN public.sync_run.trigger IS
'What started the run: call (CALL ngeshare_sync in SQL), worker (the page, or ngeshare_sync_start) '
'or cron (the schedule).';
COMMENT ON COLUMN public.sync_run.status IS
'The run''s status: running, success, warning, failed, cancelled or crashed. The comment on this '
'table explains them.';
COMMENT ON COLUMN public.sync_run.started_at IS
'When the run started.';
COMMENT ON COLUMN public.sync_run.finished_at IS
'When the run ended; NULL while it runs, and if its process died.';
COMMENT ON COLUMN public.sync_run.message IS
'How the run ended: what it wrote and what needs attention, or the error message. NULL while it '
'runs.';
COMMENT ON COLUMN public.sync_run.window_start IS
'The local midnight at which the window of raw attendance starts in this run; NULL if attendance '
'was not part of the run, or if the run ended before the window was known.';
COMMENT ON COLUMN public.sync_run.bytes_received IS
'The number of bytes of rows that the run received from production: changed rows, whole tables, '
'comparisons, and rows fetched by key. NULL while the run goes on, and if its process died.';
COMMENT ON COLUMN public.sync_run.past_compared_since IS
'Every meeting before the window of raw attendance was found the same as on production at this '
'instant or later: for each bucket of the history the sync keeps the time of the last such '
'comparison, and this is the oldest one. NULL while the run goes on, if its process died, and if a '
'bucket was never found to be the same.';
COMMENT ON COLUMN public.sync_run.clock IS
'The instant that the run took for now: the real clock, or ngeshare.sync_clock.';

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
'What each sync did to each table, one row per run and table: the rows pulled, the rows written, '
'and the rows on both sides after it (attendance: of the window of raw attendance). status: as in '
'sync_run, or skipped if a table that this one references failed.';
COMMENT ON COLUMN public.sync_log.run_id IS
'The number of the sync run (sync_run.run_id).';
COMMENT ON COLUMN public.sync_log.table_name IS
'The name of the table, in production as in the mirror.';
COMMENT ON COLUMN public.sync_log.status IS
'How syncing the table ended: running, success, warning, failed, skipped, cancelled or crashed. '
'The comment on this table explains them.';
COMMENT ON COLUMN public.sync_log.started_at IS
'When the run began with this table.';
COMMENT ON COLUMN public.sync_log.finished_at IS
'When the run was done with this table; NULL until then, and if the run''s process died.';
COMMENT ON COLUMN public.sync_log.duration_ms IS
'The time that the run spent on this table, in milliseconds; NULL until it is done.';
COMMENT ON COLUMN public.sync_log.rows_pulled IS
'The number of rows of this table that the run fetched from production.';
COMMENT ON COLUMN public.sync_log.rows_inserted IS
'The number of rows that the run inserted because the mirror did not have them.';
COMMENT ON COLUMN public.sync_log.rows_updated IS
'The number of rows that the run updated because their content differed in the mirror.';
COMMENT ON COLUMN public.sync_log.rows_deleted IS
'The number of rows that the run deleted from the mirror because production no longer has them; '
'they are in the archive. Attendance that production has moved to a day before the window counts, '
'too, and is not in the archive.';
COMMENT ON COLUMN public.sync_log.source_rows IS
'The number of rows that production''s table had after the run (attendance: in the window of raw '
'attendance); NULL if they were not counted.';
COMMENT ON COLUMN public.sync_log.local_rows IS
'The number of rows that the mirror''s table had after the run (attendance: in the window of raw '
'attendance); NULL if they were not counted.';
COMMENT ON COLUMN public.sync_log.rows_repaired IS
'Of the rows inserted and updated, the number that only the comparison of contents found, because '
'their updatedAt did not show that they changed.';

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
'The errors of syncs, one row per error. While a sync retries with ever fewer rows to find one '
'that it cannot fetch or store, it logs only the first and the last error. class: transient (it '
'may not happen again), permanent (somebody has to act) or row (a row cannot be fetched or stored; '
'once it is found, the detail names it). No row contains a connection string or a password.';
COMMENT ON COLUMN public.sync_error_log.error_id IS
'The error''s number, in the order in which errors happened.';
COMMENT ON COLUMN public.sync_error_log.run_id IS
'The number of the sync run in which the error happened.';
COMMENT ON COLUMN public.sync_error_log.table_name IS
'The table that the run was at; NULL if the error concerns the whole run.';
COMMENT ON COLUMN public.sync_error_log.occurred_at IS
'When the error happened.';
COMMENT ON COLUMN public.sync_error_log.phase IS
'The phase of the run in which the error happened.';
COMMENT ON COLUMN public.sync_error_log.sqlstate IS
'The SQLSTATE of production or of this server; 57P02 for a run whose process died.';
COMMENT ON COLUMN public.sync_error_log.class IS
'transient, permanent or row. The comment on this table explains them.';
COMMENT ON COLUMN public.sync_error_log.message IS
'The error message of production or of this server, without secrets.';
COMMENT ON COLUMN public.sync_error_log.detail IS
'The DETAIL of the error. If the sync has found the one row that cannot be fetched or stored, a '
'sentence with its id, such as "The row 42.". NULL if there is neither.';
COMMENT ON COLUMN public.sync_error_log.attempt IS
'The number of times that the step had failed by then, this error included.';
COMMENT ON COLUMN public.sync_error_log.will_retry IS
'Whether the run, or a later one, tries again: true if the run repeated the step, if a row was set '
'aside that each sync tries again, and if the run''s process died.';

CREATE VIEW ngeshare.whole_success AS
SELECT run.run_id, run.finished_at
FROM public.sync_run AS run
WHERE run.status IN ('success', 'warning')
  AND run.mode <> 'verify'
  AND 6 = (SELECT count(*) FROM public.sync_log AS log WHERE log.run_id = run.run_id);
COMMENT ON VIEW ngeshare.whole_success IS
'The successful runs that synced all six tables, which alone decide whether the data is fresh. '
'Runs of mode verify, and runs of some tables only, are not among them.';

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
'The age of the last successful sync above which the mirror counts as stale: the setting '
'ngeshare.alert_stale_after, or 26 hours if it is not set.';

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
'How far each table of the mirror has been synced, one row per table. watermark: every row that '
'production had committed with an earlier updatedAt (UTC) has reached the mirror or waits in '
'quarantine; for attendance, the clock of the last sync of its window. The columns pass_... '
'describe a pass (pulling the table''s changes) that is under way: the run that began it, the '
'watermark that it will end with (pass_bound), and the last row committed to staging or, for a '
'table that is read as a whole, the block of production''s table to go on from.';

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
-- md5(): a row may be in quarantine because its id is too long for an index.
CREATE UNIQUE INDEX quarantine_table_name_md5_idx ON ngeshare.quarantine (table_name, md5(row_id));
COMMENT ON TABLE ngeshare.quarantine IS
'Rows of production that cannot be mirrored at present: the row that they reference is not in the '
'mirror, a required value is NULL, a timestamp has no local day, the row cannot be fetched or '
'stored, or it has no id of its own (its id is NULL, or another row has the same id). Each run '
'tries them again, except rows without an id of their own. content: the whole row or, if is_whole '
'is false, only its key and timestamp, because the row cannot be fetched, is too large for jsonb '
'or has no id of its own. source_hash: production''s hash of the row, to see whether it has '
'changed since then. is_refused: the mirror''s table itself refused the row, or the row has no id '
'of its own.';

-- Staging tables hold pulled rows from the commit of their batch until the merge of their table.
-- They have the mirror's columns, but of these all except id may be NULL. stage_no is the order of
-- arrival: of two versions of a row, the one with the higher stage_no is merged. source_hash is
-- production's hash of the row; it is NULL in rows that a pull staged in batches.
CREATE TABLE ngeshare.stage_user AS TABLE public."User" WITH NO DATA;
ALTER TABLE ngeshare.stage_user
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_user IS
'Staging table for "User": rows pulled from production and not merged into the mirror yet.';
CREATE TABLE ngeshare.stage_hangout AS TABLE public."Hangout" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_hangout IS
'Staging table for "Hangout": rows pulled from production and not merged into the mirror yet.';
CREATE TABLE ngeshare.stage_hangout_episode AS TABLE public."HangoutEpisode" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout_episode
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_hangout_episode IS
'Staging table for "HangoutEpisode": rows pulled from production and not merged into the mirror '
'yet.';
CREATE TABLE ngeshare.stage_hangout_group AS TABLE public."HangoutGroup" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout_group
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_hangout_group IS
'Staging table for "HangoutGroup": rows pulled from production and not merged into the mirror yet.';
CREATE TABLE ngeshare.stage_user_hangout_group AS TABLE public."UserHangoutGroup" WITH NO DATA;
ALTER TABLE ngeshare.stage_user_hangout_group
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_user_hangout_group IS
'Staging table for "UserHangoutGroup": rows pulled from production and not merged into the mirror '
'yet.';
CREATE TABLE ngeshare.stage_attendance AS TABLE public."UserHangoutGroupAttendance" WITH NO DATA;
ALTER TABLE ngeshare.stage_attendance
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON TABLE ngeshare.stage_attendance IS
'Staging table for "UserHangoutGroupAttendance": rows pulled from production and not merged into '
'the mirror yet.';

-- Staged rows do not live long enough to need autovacuum, and its lock would keep the sync from
-- truncating the table. id is NOT NULL, because a merge finds rows by their ids: production's rows
-- without an id are not staged.
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
'The watermark of a table of the mirror: every row that production had committed with an earlier '
'updatedAt (by production''s clock) has reached the mirror or waits in quarantine. For attendance '
'it is the clock of the last sync of its window. NULL before the table''s first sync and for an '
'unknown name.';

CREATE PROCEDURE public.ngeshare_sync(mode text DEFAULT 'incremental', tables text[] DEFAULT NULL)
AS 'MODULE_PATHNAME'
LANGUAGE C;
COMMENT ON PROCEDURE public.ngeshare_sync(text, text[]) IS
'Makes the mirror and the meeting history equal to production, and refreshes the answers. mode: '
'incremental (what differs), full (reads and compares everything again, the history included) or '
'verify (compares and changes nothing). tables: by default all six, or some of them. It raises a '
'NOTICE per table. Errors: NG001 while another sync runs, or another session keeps syncs from '
'starting; NG002 if more rows of a table would leave the mirror than ngeshare.sync_max_delete_pct '
'percent (50 rows always may, unless production''s table is empty); NG003 if production was '
'restored from a backup or has lost its last transactions; 22004 for a mode that is NULL; 22023 '
'for an unknown mode or table; 55000 before ngeshare_connect(), if production is another database '
'than the mirror''s rows came from, and if the history is kept in another time zone than '
'ngeshare.timezone (a full sync of attendance rebuilds it); 25001 inside a transaction block. All '
'other errors are those of production, the network or this database, raised after they have been '
'logged in sync_error_log.';

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
