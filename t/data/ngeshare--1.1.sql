\echo Use "CREATE EXTENSION ngeshare CASCADE" to load this file. \quit

-- from src/schema.sql

CREATE SCHEMA production;
COMMENT ON SCHEMA production IS
'The door to production: read-only foreign tables, made by ngeshare_connect().';

CREATE SCHEMA ngeshare;
COMMENT ON SCHEMA ngeshare IS
'Internals of the extension ngeshare: history, staging, sync state. Its tables may change between versions; the views and functions in public do not.';

CREATE FUNCTION ngeshare_as_of()
RETURNS timestamptz
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare_as_of() IS
'The instant that answers are given as of: the setting ngeshare.as_of, or now() where it is empty.';

CREATE FUNCTION ngeshare.sync_now()
RETURNS timestamptz
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(
        nullif(pg_catalog.current_setting('ngeshare.sync_clock', true), '')::pg_catalog.timestamptz,
        pg_catalog.now())
$$;
COMMENT ON FUNCTION ngeshare.sync_now() IS
'The instant that a sync would count as now: ngeshare.sync_clock, or the real clock.';

CREATE FUNCTION ngeshare.reporting_zone()
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_reporting_zone'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.reporting_zone() IS
'The zone whose local days answers speak in: the setting ngeshare.timezone, by its canonical name.';

CREATE FUNCTION ngeshare.local_day(at timestamp, zone text)
RETURNS date
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $$ SELECT ((at AT TIME ZONE 'UTC') AT TIME ZONE zone)::date $$;
COMMENT ON FUNCTION ngeshare.local_day(timestamp, text) IS
'The calendar day in a zone of one of production''s timestamps, which are UTC.';

CREATE FUNCTION ngeshare.is_restoring()
RETURNS boolean
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
    SELECT pg_catalog.current_setting('search_path') = ''
       AND pg_catalog.current_setting('check_function_bodies') = 'off'
$$;
COMMENT ON FUNCTION ngeshare.is_restoring() IS
'Whether this session replays a dump: pg_dump''s scripts set an empty search_path and check_function_bodies off, which nobody else has together. What a dump holds is taken as it is.';

-- from src/mirror/mirror.sql

-- The mirror: production's six tables under production's own names, so that SQL
-- written for production runs here unchanged. Columns that point to tables that
-- aren't pulled keep their values and have no foreign key.
--
-- The CHECKs name the timestamps that the rules count with: each has to have a
-- local day in every zone, so it is finite and not on the very edge of
-- PostgreSQL's range.

CREATE FUNCTION ngeshare.has_local_day(at timestamp)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$ SELECT at IS NULL OR at BETWEEN timestamp '4713-01-03 00:00:00 BC' AND timestamp '294276-12-29 00:00:00' $$;
COMMENT ON FUNCTION ngeshare.has_local_day(timestamp) IS
'Whether a timestamp that the rules count with has a local day in every zone; true for NULL.';

CREATE TABLE public."User"
(
    id           text                                   NOT NULL PRIMARY KEY,
    "createdAt"  timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"  timestamp(3)                           NOT NULL,
    email        text,
    "lastLogin"  timestamp(3),
    "lastActive" timestamp(3),
    "deletedAt"  timestamp(3)
);
COMMENT ON TABLE public."User" IS
'Mirror of production''s users. A user with deletedAt set is soft-deleted: it stays in all history.';

CREATE TABLE public."Hangout"
(
    id                 text                                   NOT NULL PRIMARY KEY,
    "createdAt"        timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"        timestamp(3)                           NOT NULL,
    name               text                                   NOT NULL,
    description        text,
    type               text                                   NOT NULL,
    price              double precision                       NOT NULL,
    "circleProfileId"  text                                   NOT NULL,
    visibility         text DEFAULT 'PUBLIC'                  NOT NULL,
    "hangoutProgramId" text,
    "pictureId"        text
);
COMMENT ON TABLE public."Hangout" IS
'Mirror of production''s hangouts. One whose name equals a course_config.course_name exactly is a course.';

CREATE TABLE public."HangoutEpisode"
(
    id          text                                   NOT NULL PRIMARY KEY,
    "createdAt" timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3)                           NOT NULL,
    name        text                                   NOT NULL,
    description text,
    "hangoutId" text                                   NOT NULL
        REFERENCES public."Hangout" ON UPDATE CASCADE ON DELETE RESTRICT,
    "order"     integer DEFAULT 1                      NOT NULL
);
COMMENT ON TABLE public."HangoutEpisode" IS
'Mirror of production''s episodes; "order" is the episode''s number within its hangout.';

CREATE TABLE public."HangoutGroup"
(
    id          text                                   NOT NULL PRIMARY KEY,
    "createdAt" timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3)                           NOT NULL,
    name        text                                   NOT NULL,
    description text,
    status      text                                   NOT NULL,
    day         integer,
    time        timestamp(3),
    "hangoutId" text
        REFERENCES public."Hangout" ON UPDATE CASCADE ON DELETE SET NULL,
    "imageId"   text,
    "endDate"   timestamp(3),
    "startDate" timestamp(3),
    city        text,
    province    text,
    CONSTRAINT "HangoutGroup_createdAt_usable" CHECK (ngeshare.has_local_day("createdAt")),
    CONSTRAINT "HangoutGroup_startDate_usable" CHECK (ngeshare.has_local_day("startDate"))
);
COMMENT ON TABLE public."HangoutGroup" IS
'Mirror of production''s groups. Its status and endDate decide nothing: ask v_group_status.';

CREATE TABLE public."UserHangoutGroup"
(
    id                 text                                   NOT NULL PRIMARY KEY,
    "createdAt"        timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"        timestamp(3)                           NOT NULL,
    "joinedAt"         timestamp(3),
    status             text                                   NOT NULL,
    "hangoutGroupRole" text                                   NOT NULL,
    "hangoutGroupId"   text                                   NOT NULL
        REFERENCES public."HangoutGroup" ON UPDATE CASCADE ON DELETE RESTRICT,
    "userId"           text
        REFERENCES public."User" ON UPDATE CASCADE ON DELETE SET NULL,
    "publicId"         text,
    "userEmail"        text,
    "orderId"          text,
    CONSTRAINT "UserHangoutGroup_joinedAt_usable" CHECK (ngeshare.has_local_day("joinedAt"))
);
COMMENT ON TABLE public."UserHangoutGroup" IS
'Mirror of production''s memberships. A record with joinedAt NULL is ignored everywhere, as are roles other than MEMBER and FACILITATOR.';

CREATE TABLE public."UserHangoutGroupAttendance"
(
    id                 text                                   NOT NULL PRIMARY KEY,
    "attendedAt"       timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "hangoutEpisodeId" text                                   NOT NULL
        REFERENCES public."HangoutEpisode" ON UPDATE CASCADE ON DELETE RESTRICT,
    "hangoutGroupId"   text                                   NOT NULL
        REFERENCES public."HangoutGroup" ON UPDATE CASCADE ON DELETE RESTRICT,
    "userId"           text                                   NOT NULL
        REFERENCES public."User" ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT "UserHangoutGroupAttendance_attendedAt_usable" CHECK (ngeshare.has_local_day("attendedAt"))
);
COMMENT ON TABLE public."UserHangoutGroupAttendance" IS
'Mirror of production''s attendance, of the window only (the last 45 days before the last successful sync, and everything later). What came before is kept as meetings in ngeshare.meeting_past.';

-- The seed's three indexes.
CREATE INDEX "UserHangoutGroupAttendance_group_attendedAt"
    ON public."UserHangoutGroupAttendance" ("hangoutGroupId", "attendedAt");
CREATE INDEX "UserHangoutGroup_group_role"
    ON public."UserHangoutGroup" ("hangoutGroupId", "hangoutGroupRole");
CREATE INDEX "UserHangoutGroup_user_joinedAt"
    ON public."UserHangoutGroup" ("userId", "joinedAt");

CREATE TABLE public.course_config
(
    course_name    text    NOT NULL PRIMARY KEY,
    max_episodes   integer NOT NULL CHECK (max_episodes > 0),
    sequence_order integer NOT NULL UNIQUE
);
COMMENT ON TABLE public.course_config IS
'The curriculum: a row a course. Edit it to add, rename or resize a course; every answer follows at once.';
COMMENT ON COLUMN public.course_config.course_name IS
'A Hangout of exactly this name teaches the course.';
COMMENT ON COLUMN public.course_config.max_episodes IS
'The episode at which a group has graduated.';
COMMENT ON COLUMN public.course_config.sequence_order IS
'The place in the curriculum: the next course is the one with the next larger number.';

INSERT INTO public.course_config (course_name, max_episodes, sequence_order)
VALUES
    ('Ngeshare Sesi Aqidah', 9, 1),
    ('Ngeshare Sesi Hijrah', 9, 2),
    ('Ngeshare Sesi Sejarah', 11, 3),
    ('Ngeshare Sesi Dakwah', 7, 4);

-- CREATE EXTENSION fills course_config before a dump's rows come back, so a
-- restored row takes the place of the default that stands in its way.
CREATE TABLE ngeshare.course_default AS TABLE public.course_config;
COMMENT ON TABLE ngeshare.course_default IS
'The four courses as CREATE EXTENSION fills them: a dump holds only what differs from them.';

CREATE FUNCTION ngeshare.restore_course()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM public.course_config AS config
    USING ngeshare.course_default AS standard
    WHERE config = ROW(standard.*)::public.course_config
      AND (config.course_name = new.course_name OR config.sequence_order = new.sequence_order);
    RETURN new;
END
$$;
COMMENT ON FUNCTION ngeshare.restore_course() IS
'Makes room for a dump''s course among the untouched defaults.';

CREATE TRIGGER restore_course
    BEFORE INSERT ON public.course_config
    FOR EACH ROW
    WHEN (ngeshare.is_restoring())
    EXECUTE FUNCTION ngeshare.restore_course();

-- Where the mirror's rows came from: one row, written by the first sync.
CREATE TABLE ngeshare.source
(
    singleton    boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    source_id    text        NOT NULL,
    transactions bigint      NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ngeshare.source IS
'The production database that the mirror''s rows came from: its system identifier and database oid, and how many transactions it had begun at the last sync. Another one is refused while the mirror holds data, and so is one that has gone back behind that count: it was restored from a backup.';

SELECT pg_extension_config_dump('public."User"', '');
SELECT pg_extension_config_dump('public."Hangout"', '');
SELECT pg_extension_config_dump('public."HangoutEpisode"', '');
SELECT pg_extension_config_dump('public."HangoutGroup"', '');
SELECT pg_extension_config_dump('public."UserHangoutGroup"', '');
SELECT pg_extension_config_dump('public."UserHangoutGroupAttendance"', '');
SELECT pg_extension_config_dump('ngeshare.source', '');
SELECT pg_extension_config_dump('public.course_config',
    'WHERE NOT EXISTS (SELECT 1 FROM ngeshare.course_default AS standard'
    ' WHERE standard.course_name = course_config.course_name'
    ' AND standard.max_episodes = course_config.max_episodes'
    ' AND standard.sequence_order = course_config.sequence_order)');

-- from src/history/history.sql

-- The meeting history: which group met on which local day at which episode, for
-- ever. meeting_recent is always exactly f(raw attendance since the window's
-- start), kept so by the statement triggers below; meeting_past holds all that
-- came before, filled by the sync. Answers read both.

CREATE TABLE ngeshare.history_state
(
    singleton    boolean      NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    zone         text         NOT NULL,
    window_start timestamp(3) NOT NULL
);
COMMENT ON TABLE ngeshare.history_state IS
'One row once there is any history: the zone whose local days it is kept in, and the instant (UTC) that parts meeting_past from meeting_recent; -infinity before the first sync.';

CREATE TABLE ngeshare.meeting_past
(
    group_id    text         NOT NULL,
    episode_id  text         NOT NULL,
    day         date         NOT NULL,
    first_at    timestamp(3) NOT NULL,
    last_at     timestamp(3) NOT NULL,
    attendances bigint       NOT NULL CHECK (attendances > 0),
    by_hand     boolean      NOT NULL DEFAULT false,
    PRIMARY KEY (group_id, day, episode_id, by_hand)
);
COMMENT ON TABLE ngeshare.meeting_past IS
'A row a group, episode and local day with attendance before the window''s start: as production counts it, and beside that what was written here by hand, which only CALL ngeshare_sync(''full'') takes back. Kept for ever and dumped.';

CREATE TABLE ngeshare.meeting_recent
(
    group_id    text         NOT NULL,
    episode_id  text         NOT NULL,
    day         date         NOT NULL,
    first_at    timestamp(3) NOT NULL,
    last_at     timestamp(3) NOT NULL,
    attendances bigint       NOT NULL CHECK (attendances > 0),
    PRIMARY KEY (group_id, day, episode_id)
);
COMMENT ON TABLE ngeshare.meeting_recent IS
'A row a group, episode and local day with attendance since the window''s start: always what the raw rows say. Not dumped: restoring the raw rows rebuilds it.';

CREATE VIEW ngeshare.meeting AS
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_past
UNION ALL
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_recent;
COMMENT ON VIEW ngeshare.meeting IS
'The whole history. A local day that the window''s start cuts in two (some zones have such nights) has a row on each side.';

CREATE FUNCTION ngeshare.open_history()
RETURNS ngeshare.history_state
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ngeshare.history_state (zone, window_start)
    SELECT ngeshare.reporting_zone(), '-infinity'
    WHERE NOT EXISTS (SELECT 1 FROM ngeshare.history_state)
    ON CONFLICT (singleton) DO NOTHING;
    SELECT state FROM ngeshare.history_state AS state;
$$;
COMMENT ON FUNCTION ngeshare.open_history() IS
'The history''s zone and window start; begins the history in the reporting zone where there is none yet.';

CREATE FUNCTION ngeshare.claim_history()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM 1
    FROM ngeshare.history_state
    FOR SHARE;
END
$$;
COMMENT ON FUNCTION ngeshare.claim_history() IS
'Keeps the window where it is until the transaction ends; 40001 where the transaction''s snapshot is older than its last move.';

CREATE FUNCTION ngeshare.recount_recent()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state   ngeshare.history_state := ngeshare.open_history();
    changed text := CASE tg_op
        WHEN 'INSERT' THEN 'TABLE added'
        WHEN 'DELETE' THEN 'TABLE removed'
        ELSE 'TABLE added UNION ALL TABLE removed'
    END;
BEGIN
    -- Writers of one group take turns, and in key order, so none waits in a
    -- ring: the recount below then sees all that was committed before it.
    EXECUTE format($lock$
        SELECT 1
        FROM public."HangoutGroup"
        WHERE id IN (SELECT "hangoutGroupId" FROM (%s) AS changed)
        ORDER BY id COLLATE "C"
        FOR NO KEY UPDATE
    $lock$, changed);
    -- An older snapshot than the lock doesn't see what was committed meanwhile: where
    -- the window, one of the touched meetings or a row of theirs has changed since, this
    -- raises 40001.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM ngeshare.claim_history();
        EXECUTE format($claim$
            SELECT 1
            FROM ngeshare.meeting_recent
            WHERE (group_id, day, episode_id) IN (
                SELECT "hangoutGroupId", ngeshare.local_day("attendedAt", $1), "hangoutEpisodeId"
                FROM (%s) AS changed)
            FOR UPDATE
        $claim$, changed)
        USING state.zone;
        EXECUTE format($claim$
            SELECT 1
            FROM public."UserHangoutGroupAttendance"
            WHERE "hangoutGroupId" IN (SELECT "hangoutGroupId" FROM (%1$s) AS changed)
              AND ("hangoutGroupId", "hangoutEpisodeId", ngeshare.local_day("attendedAt", $1)) IN (
                  SELECT "hangoutGroupId", "hangoutEpisodeId", ngeshare.local_day("attendedAt", $1)
                  FROM (%1$s) AS changed)
            FOR SHARE
        $claim$, changed)
        USING state.zone;
    END IF;
    EXECUTE format($recount$
        WITH touched AS MATERIALIZED (
            SELECT DISTINCT
                "hangoutGroupId" AS group_id,
                "hangoutEpisodeId" AS episode_id,
                ngeshare.local_day("attendedAt", $1) AS day
            FROM (%s) AS changed
            WHERE "attendedAt" >= $2
        ), counted AS MATERIALIZED (
            SELECT
                group_id,
                episode_id,
                day,
                min(raw."attendedAt") AS first_at,
                max(raw."attendedAt") AS last_at,
                count(*) AS attendances
            FROM touched
            JOIN public."UserHangoutGroupAttendance" AS raw
              ON raw."hangoutGroupId" = group_id
             AND raw."hangoutEpisodeId" = episode_id
             AND raw."attendedAt" BETWEEN day - 2 AND day + 3
             AND ngeshare.local_day(raw."attendedAt", $1) = day
            WHERE raw."attendedAt" >= $2
            GROUP BY group_id, episode_id, day
        ), emptied AS (
            DELETE FROM ngeshare.meeting_recent AS recent
            USING touched
            WHERE (recent.group_id, recent.day, recent.episode_id)
                = (touched.group_id, touched.day, touched.episode_id)
              AND NOT EXISTS (
                  SELECT 1
                  FROM counted
                  WHERE (counted.group_id, counted.day, counted.episode_id)
                      = (touched.group_id, touched.day, touched.episode_id))
        )
        INSERT INTO ngeshare.meeting_recent AS recent
            (group_id, episode_id, day, first_at, last_at, attendances)
        SELECT group_id, episode_id, day, first_at, last_at, attendances
        FROM counted
        ORDER BY group_id COLLATE "C", day, episode_id COLLATE "C"
        ON CONFLICT (group_id, day, episode_id) DO UPDATE
        SET first_at = excluded.first_at,
            last_at = excluded.last_at,
            attendances = excluded.attendances
        WHERE (recent.first_at, recent.last_at, recent.attendances)
            IS DISTINCT FROM (excluded.first_at, excluded.last_at, excluded.attendances)
    $recount$, changed)
    USING state.zone, state.window_start;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.recount_recent() IS
'Statement trigger: counts the touched meetings of the window anew from the raw rows.';

CREATE FUNCTION ngeshare.remember_past()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state ngeshare.history_state := ngeshare.open_history();
    known text := CASE tg_op
        WHEN 'INSERT' THEN 'SELECT 1 WHERE false'
        ELSE 'SELECT 1 FROM removed WHERE (removed.id, removed."hangoutGroupId", removed."hangoutEpisodeId", removed."attendedAt")'
             ' = (added.id, added."hangoutGroupId", added."hangoutEpisodeId", added."attendedAt")'
    END;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM ngeshare.claim_history();
    END IF;
    EXECUTE format($merge$
        INSERT INTO ngeshare.meeting_past AS past
            (group_id, episode_id, day, first_at, last_at, attendances, by_hand)
        SELECT
            "hangoutGroupId",
            "hangoutEpisodeId",
            ngeshare.local_day("attendedAt", $1),
            min("attendedAt"),
            max("attendedAt"),
            count(*),
            true
        FROM added
        WHERE "attendedAt" < $2
          AND NOT EXISTS (%s)
        GROUP BY 1, 2, 3
        ORDER BY 1, 3, 2
        ON CONFLICT (group_id, day, episode_id, by_hand) DO UPDATE
        SET first_at = least(past.first_at, excluded.first_at),
            last_at = greatest(past.last_at, excluded.last_at),
            attendances = past.attendances + excluded.attendances
    $merge$, known)
    USING state.zone, state.window_start;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.remember_past() IS
'Statement trigger: attendance written by hand with an instant before the window''s start is merged into the past, which only CALL ngeshare_sync(''full'') corrects.';

CREATE FUNCTION ngeshare.forget_recent()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- As the raw rows went: whatever the snapshot, all of them.
    TRUNCATE ngeshare.meeting_recent;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.forget_recent() IS
'Statement trigger: after TRUNCATE the window holds no meeting.';

CREATE FUNCTION ngeshare.rebuild_recent()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state   ngeshare.history_state := ngeshare.open_history();
    rebuilt bigint;
BEGIN
    DELETE FROM ngeshare.meeting_recent;
    INSERT INTO ngeshare.meeting_recent
        (group_id, episode_id, day, first_at, last_at, attendances)
    SELECT
        raw."hangoutGroupId",
        raw."hangoutEpisodeId",
        ngeshare.local_day(raw."attendedAt", state.zone),
        min(raw."attendedAt"),
        max(raw."attendedAt"),
        count(*)
    FROM public."UserHangoutGroupAttendance" AS raw
    WHERE raw."attendedAt" >= state.window_start
    GROUP BY 1, 2, 3
    ORDER BY 1, 3, 2;
    GET DIAGNOSTICS rebuilt = ROW_COUNT;
    RETURN rebuilt;
END
$$;
COMMENT ON FUNCTION ngeshare.rebuild_recent() IS
'Counts the whole window anew and returns the number of its meetings; for a changed zone and for a restored dump.';

CREATE FUNCTION ngeshare.restore_history()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM ngeshare.history_state AS begun
    WHERE begun.window_start = '-infinity';
    RETURN new;
END
$$;
COMMENT ON FUNCTION ngeshare.restore_history() IS
'Row trigger: a dump''s state takes the place of one that the dump''s own raw rows began.';

CREATE FUNCTION ngeshare.restore_recent()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ngeshare.rebuild_recent();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.restore_recent() IS
'Statement trigger: once a dump''s zone and window are known, the window is counted by them.';

CREATE TRIGGER recount_inserted
    AFTER INSERT ON public."UserHangoutGroupAttendance"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.recount_recent();
CREATE TRIGGER recount_deleted
    AFTER DELETE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.recount_recent();
CREATE TRIGGER recount_updated
    AFTER UPDATE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.recount_recent();
CREATE TRIGGER recount_truncated
    AFTER TRUNCATE ON public."UserHangoutGroupAttendance"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.forget_recent();
CREATE TRIGGER remember_inserted
    AFTER INSERT ON public."UserHangoutGroupAttendance"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    WHEN (NOT ngeshare.is_restoring())
    EXECUTE FUNCTION ngeshare.remember_past();
CREATE TRIGGER remember_updated
    AFTER UPDATE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.remember_past();
ALTER TABLE public."UserHangoutGroupAttendance"
    ENABLE ALWAYS TRIGGER recount_inserted,
    ENABLE ALWAYS TRIGGER recount_deleted,
    ENABLE ALWAYS TRIGGER recount_updated,
    ENABLE ALWAYS TRIGGER recount_truncated,
    ENABLE ALWAYS TRIGGER remember_inserted,
    ENABLE ALWAYS TRIGGER remember_updated;

CREATE TRIGGER restore_history
    BEFORE INSERT ON ngeshare.history_state
    FOR EACH ROW
    WHEN (ngeshare.is_restoring())
    EXECUTE FUNCTION ngeshare.restore_history();
CREATE TRIGGER restore_recent
    AFTER INSERT ON ngeshare.history_state
    FOR EACH STATEMENT
    WHEN (ngeshare.is_restoring())
    EXECUTE FUNCTION ngeshare.restore_recent();

SELECT pg_extension_config_dump('ngeshare.history_state', '');
SELECT pg_extension_config_dump('ngeshare.meeting_past', '');

CREATE FUNCTION ngeshare.trim_recent(new_start timestamp)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM ngeshare.meeting_recent
    WHERE last_at < new_start;
    -- A local day that the new start cuts in two keeps what is behind it.
    UPDATE ngeshare.meeting_recent AS recent
    SET first_at = kept.first_at,
        last_at = kept.last_at,
        attendances = kept.attendances
    FROM (
        SELECT
            raw."hangoutGroupId" AS group_id,
            raw."hangoutEpisodeId" AS episode_id,
            ngeshare.local_day(raw."attendedAt", state.zone) AS day,
            min(raw."attendedAt") AS first_at,
            max(raw."attendedAt") AS last_at,
            count(*) AS attendances
        FROM public."UserHangoutGroupAttendance" AS raw
        CROSS JOIN ngeshare.history_state AS state
        WHERE raw."attendedAt" BETWEEN new_start AND new_start + interval '2 days'
        GROUP BY 1, 2, 3
    ) AS kept
    WHERE recent.first_at < new_start
      AND (recent.group_id, recent.day, recent.episode_id) = (kept.group_id, kept.day, kept.episode_id);
$$;
COMMENT ON FUNCTION ngeshare.trim_recent(timestamp) IS
'Takes out of meeting_recent what lies before a new start of the window; the raw rows are still there.';

CREATE FUNCTION ngeshare.merge_past(old_start timestamp, new_start timestamp)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH leaving AS (
        SELECT "hangoutGroupId", "hangoutEpisodeId", "attendedAt"
        FROM public."UserHangoutGroupAttendance"
        WHERE "attendedAt" >= old_start
          AND "attendedAt" < new_start
    )
    INSERT INTO ngeshare.meeting_past AS past
        (group_id, episode_id, day, first_at, last_at, attendances)
    SELECT
        "hangoutGroupId",
        "hangoutEpisodeId",
        ngeshare.local_day("attendedAt", state.zone),
        min("attendedAt"),
        max("attendedAt"),
        count(*)
    FROM leaving
    CROSS JOIN ngeshare.history_state AS state
    GROUP BY 1, 2, 3
    ON CONFLICT (group_id, day, episode_id, by_hand) DO UPDATE
    SET first_at = least(past.first_at, excluded.first_at),
        last_at = greatest(past.last_at, excluded.last_at),
        attendances = past.attendances + excluded.attendances;
$$;
COMMENT ON FUNCTION ngeshare.merge_past(timestamp, timestamp) IS
'Adds to the past the meetings of raw rows that a new start of the window leaves behind.';

CREATE FUNCTION ngeshare.advance_window(new_start timestamp)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state ngeshare.history_state := ngeshare.open_history();
    freed bigint;
BEGIN
    PERFORM ngeshare.merge_past(state.window_start, new_start);
    PERFORM ngeshare.trim_recent(new_start);
    -- Where the window is longer than before, its days come back as raw rows.
    DELETE FROM ngeshare.meeting_past
    WHERE first_at >= new_start;
    UPDATE ngeshare.history_state
    SET window_start = new_start
    WHERE window_start <> new_start;
    DELETE FROM public."UserHangoutGroupAttendance"
    WHERE "attendedAt" < new_start;
    GET DIAGNOSTICS freed = ROW_COUNT;
    RETURN freed;
END
$$;
COMMENT ON FUNCTION ngeshare.advance_window(timestamp) IS
'Lets the window start at another local midnight: the days that leave it move from recent to past, and raw rows before it go. Returns how many those were.';

CREATE FUNCTION ngeshare.past_bucket(group_id text)
RETURNS bigint
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$ SELECT hashtextextended(group_id, 0) & 1023 $$;
COMMENT ON FUNCTION ngeshare.past_bucket(text) IS
'The bucket in which a group''s past is compared with production (src/sync/content.c counts the same ones there).';

CREATE TABLE ngeshare.stage_meeting AS
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_past
WITH NO DATA;
COMMENT ON TABLE ngeshare.stage_meeting IS
'Meetings before the window as production counts them, on their way into meeting_past.';

CREATE TABLE ngeshare.removed_meeting
(
    run_id bigint NOT NULL,
    LIKE ngeshare.meeting_past,
    PRIMARY KEY (run_id, group_id, day, episode_id, by_hand)
);
COMMENT ON TABLE ngeshare.removed_meeting IS
'The archive: meetings of the past as they were before a run changed or removed them. ngeshare_restore_deleted() puts them back.';

CREATE FUNCTION ngeshare.archive_past(run bigint, buckets bigint[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ngeshare.removed_meeting
    SELECT run, past.*
    FROM ngeshare.meeting_past AS past
    LEFT JOIN ngeshare.stage_meeting AS stage
      ON (stage.group_id, stage.day, stage.episode_id) = (past.group_id, past.day, past.episode_id)
    WHERE (buckets IS NULL OR NOT past.by_hand AND ngeshare.past_bucket(past.group_id) = ANY (buckets))
      AND (past.by_hand OR (past.first_at, past.last_at, past.attendances)
          IS DISTINCT FROM (stage.first_at, stage.last_at, stage.attendances))
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ngeshare.archive_past(bigint, bigint[]) IS
'Keeps the meetings that correct_past() is about to change or remove, under the run that does so.';

CREATE FUNCTION ngeshare.write_past(buckets bigint[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM ngeshare.meeting_past AS past
    WHERE (buckets IS NULL OR NOT past.by_hand AND ngeshare.past_bucket(past.group_id) = ANY (buckets))
      AND (past.by_hand OR NOT EXISTS (
          SELECT 1
          FROM ngeshare.stage_meeting AS stage
          WHERE (stage.group_id, stage.day, stage.episode_id) = (past.group_id, past.day, past.episode_id)));
    INSERT INTO ngeshare.meeting_past AS past
        (group_id, episode_id, day, first_at, last_at, attendances)
    SELECT group_id, episode_id, day, first_at, last_at, attendances
    FROM ngeshare.stage_meeting
    ON CONFLICT (group_id, day, episode_id, by_hand) DO UPDATE
    SET first_at = excluded.first_at,
        last_at = excluded.last_at,
        attendances = excluded.attendances
    WHERE (past.first_at, past.last_at, past.attendances)
        IS DISTINCT FROM (excluded.first_at, excluded.last_at, excluded.attendances);
$$;
COMMENT ON FUNCTION ngeshare.write_past(bigint[]) IS
'Makes the past what ngeshare.stage_meeting says, writing only what differs: of the groups in some buckets, what was written by hand apart; of all of it where buckets is NULL.';

CREATE FUNCTION ngeshare.correct_past(run bigint, buckets bigint[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.archive_past(run, buckets);
    SELECT ngeshare.write_past(buckets);
$$;
COMMENT ON FUNCTION ngeshare.correct_past(bigint, bigint[]) IS
'Makes the past of the groups in some buckets what production says (in ngeshare.stage_meeting), and keeps what it was in the run''s archive.';

CREATE FUNCTION ngeshare.replace_past(run bigint, new_zone text, new_start timestamp)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state ngeshare.history_state := ngeshare.open_history();
BEGIN
    UPDATE ngeshare.history_state
    SET zone = new_zone,
        window_start = new_start
    WHERE (zone, window_start) IS DISTINCT FROM (new_zone, new_start);
    -- Days of another zone are no versions of these, and not worth keeping.
    IF state.zone = new_zone THEN
        PERFORM ngeshare.archive_past(run, NULL);
    END IF;
    PERFORM ngeshare.write_past(NULL);
    PERFORM ngeshare.trim_recent(new_start);
    DELETE FROM public."UserHangoutGroupAttendance"
    WHERE "attendedAt" < new_start;
    IF state.zone <> new_zone THEN
        PERFORM ngeshare.rebuild_recent();
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.replace_past(bigint, text, timestamp) IS
'Makes the whole past what production says (in ngeshare.stage_meeting), in a zone and up to a window''s start, what was written by hand included; writes only what differs.';

SELECT pg_extension_config_dump('ngeshare.removed_meeting', '');

-- from src/sync/errors.sql

-- Every SQLSTATE that somebody may meet, said once: what an error of a sync
-- means and what to do, and what a call or a request is refused with. The
-- page, alerts and docs/reference.md say what stands here.

CREATE VIEW ngeshare.error_code AS
SELECT
    place,
    pattern,
    met_by,
    meaning,
    remedy
FROM (VALUES
    (1, 'sync', '57P02', 'The sync''s own process died.',
        'The next sync goes on where it was; the server''s log tells why it died.'),
    (2, 'sync', '08%', 'Production can''t be reached.',
        'Check that it runs and that this machine reaches it; the next sync goes on by itself.'),
    (3, 'sync', '57P%', 'Production can''t be reached.',
        'Check that it runs and that this machine reaches it; the next sync goes on by itself.'),
    (4, 'sync', '28%', 'Production refused the login.',
        'Check its user and password, then call ngeshare_connect() again.'),
    (5, 'sync', '42501', 'A right is missing.',
        'Grant the login SELECT on production''s six tables.'),
    (6, 'sync', '42%', 'Production''s tables are not as they were.',
        'Compare their columns with what the message names, then call ngeshare_connect() again.'),
    (7, 'sync', 'NG001', 'Another sync was running.',
        'Nothing to do.'),
    (8, 'sync', 'NG002', 'Production lacks more rows than one run may delete here.',
        'If that is right, raise ngeshare.sync_max_delete_pct for one full sync.'),
    (9, 'sync', 'NG003', 'Production was restored from a backup.',
        'If what it holds now is what counts: DELETE FROM ngeshare.source, then run a full sync.'),
    (10, 'sync', '55000', 'Something has to be set up first: see the message.',
        'Before the first sync call ngeshare_connect(); after a change of zone run a full sync.'),
    (11, 'sync', '57014', 'It was cancelled, or took longer than a timeout allows.',
        'Start it again.'),
    (12, 'sync', '53%', 'A server is out of disk, memory or connections.',
        'Make room, then start it again.'),
    (13, 'sync', '40%', 'Something else held what it needed.', 'Start it again.'),
    (14, 'sync', '55%', 'Something else held what it needed.', 'Start it again.'),
    (15, 'sync', '25P%', 'Something else held what it needed.', 'Start it again.'),
    (16, 'sync', '22%', 'A row of production can''t be stored here.',
        'It waits in ngeshare.quarantine with the reason, and is tried again by each sync.'),
    (17, 'sync', '23%', 'A row of production can''t be stored here.',
        'It waits in ngeshare.quarantine with the reason, and is tried again by each sync.'),
    (18, 'sync', '54%', 'A row of production can''t be stored here.',
        'It waits in ngeshare.quarantine with the reason, and is tried again by each sync.'),
    (19, 'sync', 'P0001', 'A row of production can''t be stored here.',
        'It waits in ngeshare.quarantine with the reason, and is tried again by each sync.'),
    (20, 'call', '22004', 'An argument is NULL that must not be.', 'Give it a value.'),
    (21, 'call', '22008', 'An instant is infinite.', 'Ask as of a finite one.'),
    (22, 'call', '22023', 'A mode, table, run, group, user or value that there is none of.',
        'The hint names what there is.'),
    (23, 'call', '25001', 'CALL ngeshare_sync() stands inside a transaction block or a function.',
        'Call it by itself; it commits step by step.'),
    (24, 'call', '53000', 'No background worker is free.',
        'Try again in a moment, or raise max_worker_processes and restart.'),
    (25, 'call', '55P03', 'Somebody held a lock on the mirror for longer than ngeshare.sync_timeout.',
        'End what holds it, then start again.'),
    (26, 'call', '57014', 'It was cancelled, or took longer than statement_timeout.', 'Ask again, or raise the timeout.'),
    (27, 'web', 'NG400', '400: the header As-Of is no day and no instant.',
        'Send As-Of: 2026-03-31, or an instant with its offset from UTC, or leave it out.'),
    (28, 'web', 'NG403', '403: a POST lacks the header X-Ngeshare: sync, or another site''s page asked.',
        'Ask from the page of this address.'),
    (29, 'web', 'NG404', '404: there is no such group or user.',
        'Take an id that GET /group_status or GET /members lists.'),
    (30, 'web', 'NG405', '405: sync_start or sync_cancel was asked by GET.', 'Send POST.'),
    (31, 'web', 'NG415', '415: a POST without a JSON body.', 'Send Content-Type: application/json.'),
    (32, 'web', 'NG429', '429: too many starts in a row.', 'Try again in a moment.'),
    (33, 'web', 'NG503', '503: PostgREST does not answer.', 'Start PostgREST; look into its log.'),
    (34, 'web', '54000', '413: a CSV file of more than 256 MB.', 'Filter, or read it by SQL.')
) AS code (place, met_by, pattern, meaning, remedy);
COMMENT ON VIEW ngeshare.error_code IS
'What the SQLSTATEs mean that ngeshare''s users meet, and what to do. pattern is LIKE''s. met_by: sync (in sync_error_log; of several that fit, the one with the least place), call (raised to who calls a function or procedure), web (a request to the API).';

CREATE FUNCTION ngeshare.error_remedy(sqlstate text)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
SECURITY DEFINER
BEGIN ATOMIC
    SELECT coalesce(
        (
            SELECT meaning || ' ' || remedy
            FROM ngeshare.error_code
            WHERE met_by = 'sync'
              AND error_remedy.sqlstate LIKE pattern
            ORDER BY place
            LIMIT 1
        ),
        'Start it again. If it fails the same way, look into the server''s log.');
END;
COMMENT ON FUNCTION ngeshare.error_remedy(text) IS
'What an error of a sync means and what to do, by its SQLSTATE; NULL stands for a run whose process was gone before it could say.';

-- from src/sync/sync.sql

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
    clock        timestamptz NOT NULL,
    bytes_received bigint
);
COMMENT ON TABLE public.sync_run IS
'A row a sync. status: running, success, warning (ended, but something needs a look: see message), failed, cancelled, or crashed (its backend died; found by the next run).';
COMMENT ON COLUMN public.sync_run.run_id IS
'The run''s number; later runs have greater ones.';
COMMENT ON COLUMN public.sync_run.mode IS
'incremental (what changed), full (everything is reread and reconciled) or verify (compares, changes nothing).';
COMMENT ON COLUMN public.sync_run.trigger IS
'What started it: call (CALL ngeshare_sync), worker (ngeshare_sync_start, the page) or cron (the schedule).';
COMMENT ON COLUMN public.sync_run.status IS
'running, success, warning, failed, cancelled or crashed: see the table.';
COMMENT ON COLUMN public.sync_run.started_at IS
'When it began.';
COMMENT ON COLUMN public.sync_run.finished_at IS
'When it ended; NULL while it runs.';
COMMENT ON COLUMN public.sync_run.message IS
'What to know about how it ended; NULL where there is nothing to say.';
COMMENT ON COLUMN public.sync_run.window_start IS
'The local midnight from which on this run made raw attendance exactly production''s; NULL where attendance was not part of the run.';
COMMENT ON COLUMN public.sync_run.bytes_received IS
'The bytes of rows that came from production: what changed, tables that came whole, comparisons, rows fetched by key. NULL while it runs, and where its process died.';
COMMENT ON COLUMN public.sync_run.clock IS
'The instant the run counted as now: the real clock, or ngeshare.sync_clock.';

CREATE TABLE public.sync_log
(
    run_id        bigint      NOT NULL REFERENCES public.sync_run ON DELETE CASCADE,
    table_name    text        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('running', 'success', 'warning', 'failed', 'skipped', 'cancelled', 'crashed')),
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
'A row a run and table: what was pulled, what was written, and the rows on both sides after it (attendance: of the window). status: as of a run, or skipped, where a table that this one points to has failed.';
COMMENT ON COLUMN public.sync_log.run_id IS
'The run.';
COMMENT ON COLUMN public.sync_log.table_name IS
'Production''s name of the table, as in the mirror.';
COMMENT ON COLUMN public.sync_log.status IS
'running, success, warning, failed, skipped, cancelled or crashed: see the table.';
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
'Of the rows inserted and updated, those that only the comparison of contents found: updatedAt would never have brought them.';

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
'Every error of a sync, each attempt''s. class: transient (may pass by itself), permanent (somebody has to act) or row (one row can''t be stored; the detail names it). Never holds a connection string or a password.';
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
'transient, permanent or row: see the table.';
COMMENT ON COLUMN public.sync_error_log.message IS
'What the server said, without secrets.';
COMMENT ON COLUMN public.sync_error_log.detail IS
'What it said beside; of a row, its id. NULL where there is none.';
COMMENT ON COLUMN public.sync_error_log.attempt IS
'How many times that step had failed by then.';
COMMENT ON COLUMN public.sync_error_log.will_retry IS
'Whether the run tried again by itself; of a crashed run, whether the next one goes on where it was.';

CREATE VIEW ngeshare.whole_success AS
SELECT run.run_id, run.finished_at
FROM public.sync_run AS run
WHERE run.status IN ('success', 'warning')
  AND run.mode <> 'verify'
  AND 6 = (SELECT count(*) FROM public.sync_log AS log WHERE log.run_id = run.run_id);
COMMENT ON VIEW ngeshare.whole_success IS
'The runs that brought all six tables up to production: what freshness goes by everywhere. One that only compared, or synced some tables, is none.';

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
AS $$
    SELECT coalesce(
        nullif(pg_catalog.current_setting('ngeshare.alert_stale_after', true), ''),
        '26h')::pg_catalog.interval
$$;
COMMENT ON FUNCTION ngeshare.stale_after() IS
'How old the last success may be before the mirror counts as stale: the setting ngeshare.alert_stale_after, 26 hours where there is none.';

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
'A row a table: the watermark (production''s updatedAt, UTC) up to which it is complete, and the pass that is under way: the run that began it, the watermark it will end with, and the last row committed to staging (or, of a table that comes whole, the block of production''s to go on from).';

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
CREATE UNIQUE INDEX ON ngeshare.quarantine (table_name, md5(row_id));
COMMENT ON TABLE ngeshare.quarantine IS
'Production''s rows that can''t be mirrored now (no parent, a timestamp without a local day, a value that can''t be stored here). They are kept whole and tried again by each run; source_hash tells whether production''s row is still this one. A row that can''t even be fetched is kept by its key and stamp alone (is_whole is false); is_refused: the mirror itself didn''t take it.';

-- Staging: what a batch pulled, committed, waiting for its table's merge. Like the
-- mirror, but anything may be NULL. stage_no is the order of arrival: of two
-- versions of a row the later wins. source_hash is production's own hash of a
-- row that was fetched by its key.
CREATE TABLE ngeshare.stage_user AS TABLE public."User" WITH NO DATA;
ALTER TABLE ngeshare.stage_user
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON TABLE ngeshare.stage_user IS
'Rows of "User" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout AS TABLE public."Hangout" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON TABLE ngeshare.stage_hangout IS
'Rows of "Hangout" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout_episode AS TABLE public."HangoutEpisode" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout_episode
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON TABLE ngeshare.stage_hangout_episode IS
'Rows of "HangoutEpisode" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_hangout_group AS TABLE public."HangoutGroup" WITH NO DATA;
ALTER TABLE ngeshare.stage_hangout_group
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON TABLE ngeshare.stage_hangout_group IS
'Rows of "HangoutGroup" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_user_hangout_group AS TABLE public."UserHangoutGroup" WITH NO DATA;
ALTER TABLE ngeshare.stage_user_hangout_group
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON TABLE ngeshare.stage_user_hangout_group IS
'Rows of "UserHangoutGroup" that were pulled and are not merged yet.';
CREATE TABLE ngeshare.stage_attendance AS TABLE public."UserHangoutGroupAttendance" WITH NO DATA;
ALTER TABLE ngeshare.stage_attendance
    ADD COLUMN source_hash bigint,
    ADD COLUMN stage_no bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON TABLE ngeshare.stage_attendance IS
'Rows of "UserHangoutGroupAttendance" that were pulled and are not merged yet.';

-- Nothing of it lives long enough to be worth a vacuum, which a merge would have to
-- wait for.
DO $$
DECLARE
    staging regclass;
BEGIN
    FOREACH staging IN ARRAY ARRAY[
        'ngeshare.stage_user', 'ngeshare.stage_hangout', 'ngeshare.stage_hangout_episode',
        'ngeshare.stage_hangout_group', 'ngeshare.stage_user_hangout_group', 'ngeshare.stage_attendance']::regclass[]
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', staging);
    END LOOP;
END
$$;

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
'Brings the mirror and the history up to production. mode: incremental (what differs), full (rereads and reconciles everything, history too) or verify (compares and changes nothing). tables: some of the six only. A NOTICE a table. Errors: NG001 while another sync runs, NG002 where production has lost more than ngeshare.sync_max_delete_pct of a table, NG003 where it was restored from a backup, 22023 for an unknown mode or table, 55000 before ngeshare_connect() or under another time zone, 25001 inside a transaction block; all others as production or the network gave them, after they are in sync_error_log.';

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

-- from src/sync/gate.sql

-- The gate that whoever writes to the mirror passes, and that a sync closes while
-- it writes (src/sync/lock.c). Without it the two could wait for each other: a
-- sync for a table, a person for a row. Whoever has to wait here asks again and
-- again instead of queueing: a writer in the queue already holds their table, often
-- rows too, and a sync that comes to want those would make them a deadlock's victim.

CREATE FUNCTION ngeshare.pass_gate()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    patience interval := nullif(current_setting('lock_timeout'), '0')::interval;
    begun    timestamptz := clock_timestamp();
BEGIN
    WHILE NOT pg_try_advisory_xact_lock_shared(x'6e67657368617267'::bigint) LOOP
        IF clock_timestamp() > begun + patience THEN
            RAISE lock_not_available
                USING MESSAGE = 'a sync is writing to the mirror',
                      HINT = 'Try again in a moment, or with a longer lock_timeout.';
        END IF;
        PERFORM pg_sleep(0.005);
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.pass_gate() IS
'Statement trigger: waits while a step of a sync writes to the mirror, and keeps the next such step from beginning until this transaction ends. Writers don''t wait for each other.';

DO $$
DECLARE
    mirrored regclass;
BEGIN
    FOREACH mirrored IN ARRAY ARRAY[
        'public."User"', 'public."Hangout"', 'public."HangoutEpisode"', 'public."HangoutGroup"',
        'public."UserHangoutGroup"', 'public."UserHangoutGroupAttendance"']::regclass[]
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER pass_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.pass_gate()', mirrored);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER pass_gate', mirrored);
    END LOOP;
END
$$;

-- from src/sync/verify.sql

-- What the comparison of contents keeps: this side's buckets, the marks that
-- statement triggers leave when a table is written, and what was found to differ.

CREATE TABLE ngeshare.digest
(
    name      text    NOT NULL,
    bucket    text    NOT NULL,
    row_count bigint  NOT NULL,
    hash_sum  numeric NOT NULL,
    weight    bigint  NOT NULL,
    PRIMARY KEY (name, bucket)
);
COMMENT ON TABLE ngeshare.digest IS
'This side''s content, a row a table and bucket: how many rows, and the sum of their hashes. Good as long as ngeshare.digest_state says so.';

CREATE TABLE ngeshare.digest_state
(
    name     text        NOT NULL PRIMARY KEY,
    query    text        NOT NULL,
    snapshot pg_snapshot NOT NULL,
    guard    text
);
COMMENT ON TABLE ngeshare.digest_state IS
'What ngeshare.digest was computed with: the query (its md5), the snapshot that saw the rows, and the state of the triggers that would have marked a later write.';

CREATE TABLE ngeshare.write_mark
(
    name       text NOT NULL,
    written_by xid8 NOT NULL
);
COMMENT ON TABLE ngeshare.write_mark IS
'A row a statement that wrote to a table of the mirror or to the past, with its transaction. Cleared by the sync once a digest has seen it.';

CREATE FUNCTION ngeshare.mark_write()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ngeshare.write_mark (name, written_by)
    VALUES (tg_table_name, pg_current_xact_id());
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_write() IS
'Statement trigger: marks that a table was written. Never waits: marks are only added.';

DO $$
DECLARE
    written regclass;
BEGIN
    FOREACH written IN ARRAY ARRAY[
        'public."User"', 'public."Hangout"', 'public."HangoutEpisode"', 'public."HangoutGroup"',
        'public."UserHangoutGroup"', 'public."UserHangoutGroupAttendance"', 'ngeshare.meeting_past']::regclass[]
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER mark_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.mark_write()', written);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER mark_write', written);
    END LOOP;
END
$$;

CREATE FUNCTION ngeshare.write_guard(name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' ', relation.relfilenode, mark.oid, mark.xmin, mark.tgenabled)
    FROM pg_class AS relation
    JOIN pg_namespace AS space ON space.oid = relation.relnamespace
    JOIN pg_trigger AS mark ON mark.tgrelid = relation.oid AND mark.tgname = 'mark_write'
    WHERE relation.relname = write_guard.name
      AND space.nspname = CASE WHEN write_guard.name = 'meeting_past' THEN 'ngeshare' ELSE 'public' END
$$;
COMMENT ON FUNCTION ngeshare.write_guard(text) IS
'A fingerprint of the trigger that marks a table''s writes: another one than when a digest was computed means that writes may have gone unmarked. NULL where there is no such trigger.';

CREATE TABLE ngeshare.stage_key
(
    row_id text   NOT NULL,
    hash   bigint
);
COMMENT ON TABLE ngeshare.stage_key IS
'Production''s ids and row hashes of buckets that differ.';

CREATE TABLE ngeshare.difference
(
    table_name text NOT NULL,
    row_id     text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('missing', 'changed', 'extra', 'gone', 'moved'))
);
COMMENT ON TABLE ngeshare.difference IS
'Rows that the last run found to differ, by key: missing here, changed, or extra (gone from production); of attendance also gone and moved (to another day), between the step that asks and the one that writes. Repaired and removed ones leave it; after CALL ngeshare_sync(''verify'') it says what differs.';

CREATE FUNCTION ngeshare_validate()
RETURNS TABLE
(
    table_name       text,
    source_rows      bigint,
    local_rows       bigint,
    difference_pct   numeric,
    within_tolerance boolean,
    source_hash      numeric,
    local_hash       numeric,
    matches          boolean
)
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
SECURITY DEFINER
ROWS 6
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO'
SET jit = off;
COMMENT ON FUNCTION ngeshare_validate() IS
'Compares each table with production, now and by content, and changes nothing: a row a table. Attendance: its window. difference_pct is the rows here less those there, in percent of those there (NULL where there are none); within_tolerance: at most 0.1 % either way. The hashes are sums over all rows, quarantined ones included; matches: every bucket of rows is the same. Errors: 55000 before ngeshare_connect(), and what production or the network gave.';

-- from src/sync/drift.sql

-- How production's columns differ from the mirror's, as the last run saw it.

CREATE TABLE ngeshare.drift
(
    table_name   text   NOT NULL,
    column_name  text   NOT NULL,
    kind         text   NOT NULL CHECK (kind IN ('added', 'gone', 'retyped')),
    detail       text,
    first_run_id bigint NOT NULL,
    last_run_id  bigint NOT NULL,
    is_told      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (table_name, column_name, kind)
);
COMMENT ON TABLE ngeshare.drift IS
'Columns of the six tables that production has beside the mirror''s (added: they are not mirrored), has no longer (gone) or has in another type (retyped), as the last run saw them; detail is the type there. A table with a gone or retyped column is not synced until it is settled. is_told: a run has ended with this as a warning.';

SELECT pg_extension_config_dump('ngeshare.drift', '');

-- from src/sync/undo.sql

-- What a run took away or replaced, and the two calls that put it back.

CREATE TABLE ngeshare.removed_row
(
    run_id     bigint      NOT NULL,
    table_name text        NOT NULL,
    row_id     text        NOT NULL,
    content    jsonb       NOT NULL,
    removed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON ngeshare.removed_row (run_id, table_name, md5(row_id));
COMMENT ON TABLE ngeshare.removed_row IS
'The archive: rows that a run deleted because production no longer had them. Kept until they are deleted here by hand.';

CREATE TABLE ngeshare.attendance_backup
(
    run_id  bigint NOT NULL,
    row_id  text   NOT NULL,
    kind    text   NOT NULL CHECK (kind IN ('removed', 'changed', 'added')),
    content jsonb  CHECK ((content IS NULL) = (kind = 'added'))
);
CREATE UNIQUE INDEX ON ngeshare.attendance_backup (run_id, md5(row_id));
COMMENT ON TABLE ngeshare.attendance_backup IS
'Attendance as it was before a run replaced it: removed and changed rows whole, added ones by id. Kept of the last ngeshare.backup_keep runs that replaced any.';

CREATE FUNCTION ngeshare.refuse_during_sync()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- The sync's own lock (src/sync/lock.c), until this transaction ends.
    IF NOT pg_try_advisory_xact_lock(x'6e67657368617265'::bigint) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'NG001',
            MESSAGE = 'a sync is running',
            HINT = 'Wait for it, or SELECT ngeshare_sync_cancel().';
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.refuse_during_sync() IS
'Raises NG001 while a sync runs, and keeps one from beginning until the transaction ends.';

CREATE FUNCTION ngeshare.put_back(table_name text, contents jsonb[], put_over boolean)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text;
    changes text;
    rows    bigint;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(format('%1$I = excluded.%1$I', attname), ', ' ORDER BY attnum)
    INTO columns, changes
    FROM pg_attribute
    WHERE attrelid = format('public.%I', put_back.table_name)::regclass
      AND attnum > 0
      AND NOT attisdropped;
    EXECUTE format($put$
        INSERT INTO public.%1$I (%2$s)
        SELECT %2$s
        FROM unnest($1) AS content
        CROSS JOIN LATERAL jsonb_populate_record(NULL::public.%1$I, content)
        ON CONFLICT (id) DO %3$s
    $put$, put_back.table_name, columns, CASE WHEN put_over THEN 'UPDATE SET ' || changes ELSE 'NOTHING' END)
    USING contents;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION ngeshare.put_back(text, jsonb[], boolean) IS
'Puts archived rows of one table back, over what is there or only where nothing is, and returns how many.';

CREATE FUNCTION ngeshare_restore_attendance(run_id bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    undone bigint;
BEGIN
    PERFORM ngeshare.refuse_during_sync();
    IF NOT EXISTS (SELECT 1 FROM ngeshare.attendance_backup AS backup WHERE backup.run_id = $1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('run %s has no backup of attendance', $1),
            HINT = (SELECT format('Runs that have one: %s.', coalesce(string_agg(DISTINCT backup.run_id::text, ', '), 'none'))
                    FROM ngeshare.attendance_backup AS backup);
    END IF;
    DELETE FROM public."UserHangoutGroupAttendance" AS mirror
    USING ngeshare.attendance_backup AS backup
    WHERE backup.run_id = $1
      AND backup.kind = 'added'
      AND backup.row_id = mirror.id;
    GET DIAGNOSTICS undone = ROW_COUNT;
    RETURN undone + ngeshare.put_back('UserHangoutGroupAttendance', ARRAY(
        SELECT backup.content
        FROM ngeshare.attendance_backup AS backup
        WHERE backup.run_id = $1
          AND backup.kind <> 'added'), true);
END
$$;
COMMENT ON FUNCTION ngeshare_restore_attendance(bigint) IS
'Makes attendance what it was before a run replaced rows of it: puts removed and changed rows back, takes added ones out, and returns how many. The next sync makes it production''s again. Errors: 22023 where the run has no backup (the hint names those that have), NG001 while a sync runs, 23503 where a row''s group, episode or user was deleted since (ngeshare_restore_deleted() first).';

CREATE FUNCTION ngeshare_restore_deleted(run_id bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mirrored text;
    undone   bigint := 0;
    meetings bigint;
BEGIN
    PERFORM ngeshare.refuse_during_sync();
    IF NOT EXISTS (SELECT 1 FROM ngeshare.removed_row AS removed WHERE removed.run_id = $1)
        AND NOT EXISTS (SELECT 1 FROM ngeshare.removed_meeting AS removed WHERE removed.run_id = $1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('run %s removed nothing', $1),
            HINT = (SELECT format('Runs that did: %s.', coalesce(string_agg(removed.run_id::text, ', '), 'none'))
                    FROM (SELECT removed_row.run_id FROM ngeshare.removed_row
                          UNION
                          SELECT removed_meeting.run_id FROM ngeshare.removed_meeting) AS removed);
    END IF;
    FOREACH mirrored IN ARRAY ARRAY['User', 'Hangout', 'HangoutEpisode', 'HangoutGroup', 'UserHangoutGroup',
        'UserHangoutGroupAttendance']
    LOOP
        undone := undone + ngeshare.put_back(mirrored, ARRAY(
            SELECT removed.content
            FROM ngeshare.removed_row AS removed
            WHERE removed.run_id = $1
              AND removed.table_name = mirrored), false);
    END LOOP;
    INSERT INTO ngeshare.meeting_past
        (group_id, episode_id, day, first_at, last_at, attendances, by_hand)
    SELECT group_id, episode_id, day, first_at, last_at, attendances, by_hand
    FROM ngeshare.removed_meeting AS removed
    WHERE removed.run_id = $1
    ON CONFLICT (group_id, day, episode_id, by_hand) DO UPDATE
    SET first_at = excluded.first_at,
        last_at = excluded.last_at,
        attendances = excluded.attendances;
    GET DIAGNOSTICS meetings = ROW_COUNT;
    RETURN undone + meetings;
END
$$;
COMMENT ON FUNCTION ngeshare_restore_deleted(bigint) IS
'Puts back the rows that a run deleted because production no longer had them, with their groups'' history, and returns how many rows and meetings that were. The next sync finds them deleted again. Errors: 22023 where the run removed nothing (the hint names those that did), NG001 while a sync runs, 23503 where what a row points to was deleted by another run since (restore that one first).';

SELECT pg_extension_config_dump('ngeshare.removed_row', '');
SELECT pg_extension_config_dump('ngeshare.attendance_backup', '');

-- from src/alert/alert.sql

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
VOLATILE;
COMMENT ON FUNCTION ngeshare.alert_start_delivery() IS
'Starts a background worker that sends what waits in ngeshare.alert_outbox, where an alert is due and ngeshare.alert_url is set; the worker begins when the caller''s transaction has committed. Without a free slot the alerts wait.';

CREATE FUNCTION ngeshare.timeline()
RETURNS integer
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
$$;
COMMENT ON FUNCTION ngeshare.timeline() IS
'The server''s timeline, which is a new one after a promotion or a restored backup. Read from the WAL: pg_control_checkpoint() tells of it only after the first checkpoint.';

CREATE TABLE ngeshare.alert_outbox
(
    alert_id        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id          bigint      REFERENCES public.sync_run ON DELETE SET NULL,
    kind            text        NOT NULL CHECK (kind IN ('failed', 'warning', 'recovered', 'stale', 'test')),
    payload         jsonb       NOT NULL,
    status          text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed', 'abandoned')),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_error      text,
    http_status     integer,
    sent_at         timestamptz,
    timeline        integer     NOT NULL DEFAULT ngeshare.timeline()
);
COMMENT ON TABLE ngeshare.alert_outbox IS
'A row an alert, in the order in which they are sent. status: pending, sent, failed (refused, or given up after 20 attempts or a day), or abandoned (the server was restored or promoted meanwhile). Not dumped: a restored dump sends nothing twice.';
COMMENT ON COLUMN ngeshare.alert_outbox.next_attempt_at IS
'When a pending alert is due. While it is being sent, five minutes ahead: a worker that is killed leaves it for later.';
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
INSERT INTO ngeshare.alert_state DEFAULT VALUES;

CREATE FUNCTION ngeshare.alert_text(value text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH cut AS (
        SELECT left(value, 1000) || CASE WHEN length(value) > 1000 THEN '...' ELSE '' END AS text
    ), without_secrets AS (
        SELECT
            regexp_replace(
                regexp_replace(text, '(://[^/@[:space:]]*:)[^/@[:space:]]*@', '\1***@', 'g'),
                '(password|passwd|passfile|secret|token)([[:space:]]*[=:][[:space:]]*)(''(\\.|[^''\\])*''?|[^[:space:]]+)',
                '\1\2***', 'gi') AS text
        FROM cut
    )
    SELECT
        replace(replace(replace(
            regexp_replace(text, '@(all|channel|everyone|here)\M', '@ \1', 'gi'),
            '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
    FROM without_secrets
$$;
COMMENT ON FUNCTION ngeshare.alert_text(text) IS
'A text from outside as an alert may show it: cut to 1000 characters, without what looks like a password, calling nobody (@channel), and escaped as Slack wants it.';

CREATE FUNCTION ngeshare.alert_field(title text, value text, short boolean DEFAULT true)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('title', title, 'value', ngeshare.alert_text(value), 'short', short)
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
    SELECT to_char(instant AT TIME ZONE ngeshare.reporting_zone(), 'YYYY-MM-DD HH24:MI:SS') || ' ' || ngeshare.reporting_zone()
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
            string_agg(table_name, ', ' ORDER BY table_name) FILTER (WHERE status IN ('failed', 'crashed')) AS failed,
            string_agg(table_name, ', ' ORDER BY table_name) FILTER (WHERE status = 'warning') AS warned
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
                WHEN error.sqlstate IS NULL THEN 'Look at what it says; SELECT * FROM ngeshare_validate() compares every table with production.'
                ELSE ngeshare.error_remedy(error.sqlstate)
            END;
        WHEN 'recovered' THEN
            title := format('ngeShare: sync %s succeeded, all is well again', run.run_id);
        WHEN 'stale' THEN
            title := 'ngeShare: ' || coalesce('no sync has succeeded since ' || ngeshare.alert_time(success), 'no sync has ever succeeded');
            said := format('The last run, %s, is %s. %s', run.run_id, run.status, run.message);
            remedy := 'Answers are given as of then. Look at SELECT * FROM ngeshare_sync_status(), and whether a sync is scheduled: SELECT ngeshare_schedule(''*/30 * * * *'').';
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
            'text', concat_ws(E'\n', nullif(ngeshare.alert_text(said), ''), 'What to do: ' || ngeshare.alert_text(remedy)),
            'fields', ngeshare.alert_fields(kind, run_id))));
END
$$;
COMMENT ON FUNCTION ngeshare.alert_payload(text, bigint) IS
'An alert as a webhook takes it that understands Slack''s attachments (Slack, Mattermost, Rocket.Chat, Discord''s /slack).';

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
'Puts an alert into the outbox and returns its id; nothing, and NULL, where ngeshare.alert_url is empty.';

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
    is_complete := (SELECT count(*) FROM public.sync_log AS known WHERE known.run_id = alert_note_change.run_id) >= 6;
    -- A run of some tables only can make things worse, not better.
    IF NOT is_complete AND array_position(levels, new_state) <= array_position(levels, state.run_state) THEN
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
'Adds an alert where a closed run changed how things stand: failed, warning or recovered. A run of mode verify and a cancelled one change nothing; one that did not come to all six tables can fail or warn, but recovers nothing.';

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
        RAISE WARNING 'the alert on sync % could not be noted: %', run_id, sqlerrm;
END
$$;
COMMENT ON FUNCTION ngeshare.alert_note_run(bigint) IS
'Called by the sync in the transaction that closes a run, after its logs are written. Whatever goes wrong here, a lock that is held for five seconds included, costs the alert and never the run''s log.';

CREATE FUNCTION ngeshare.fresh_until()
RETURNS timestamptz
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        coalesce(ngeshare.last_success(), (SELECT min(started_at) FROM public.sync_run WHERE mode <> 'verify'))
        + ngeshare.stale_after()
$$;
COMMENT ON FUNCTION ngeshare.fresh_until() IS
'Until when the data counts as fresh: ngeshare.alert_stale_after behind the last successful sync (before the first: behind the first run''s start).';

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
        IF ngeshare.fresh_until() < clock_timestamp() AND NOT (SELECT is_stale FROM ngeshare.alert_state) THEN
            PERFORM ngeshare.alert_add('stale', (SELECT max(run_id) FROM public.sync_run WHERE mode <> 'verify'));
            UPDATE ngeshare.alert_state SET is_stale = true;
        END IF;
    END IF;
    IF has_url THEN
        PERFORM ngeshare.alert_start_delivery();
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.watch() IS
'Tells, once, that no sync has succeeded for ngeshare.alert_stale_after (before the first success: since the first run began), and sends what waits. ngeshare_schedule() has pg_cron call it every five minutes.';

CREATE FUNCTION ngeshare_alert_test()
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
            HINT = 'Set it to your webhook''s address: ALTER SYSTEM SET ngeshare.alert_url = ''https://...'', then SELECT pg_reload_conf().';
    END IF;
    PERFORM ngeshare.alert_start_delivery();
    RETURN alert;
END
$$;
COMMENT ON FUNCTION ngeshare_alert_test() IS
'Sends a test alert to the webhook of ngeshare.alert_url, behind those that wait, and returns its id; SELECT * FROM ngeshare.alert_outbox tells what became of it. Error: 55000 where the setting is empty.';

-- from src/sync/worker.sql

-- The same sync in a background worker: started, watched and cancelled from
-- anywhere, the page included. Scheduled through pg_cron.

CREATE TABLE ngeshare.sync_progress
(
    singleton     boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    run_id        bigint      NOT NULL,
    phase         text        NOT NULL,
    table_name    text,
    rows_done     bigint      NOT NULL,
    rows_expected bigint      NOT NULL,
    share         double precision NOT NULL,
    heartbeat_at  timestamptz NOT NULL,
    is_resumed    boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE ngeshare.sync_progress IS
'Where the running sync is, or the last one was: one row, written with each step. share is the part of its work that is done, 0 to 1. is_resumed: a sync that ngeshare.pause_at holds goes on.';

CREATE FUNCTION ngeshare.resume_sync()
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE ngeshare.sync_progress
    SET is_resumed = true
$$;
COMMENT ON FUNCTION ngeshare.resume_sync() IS
'Lets a sync go on that ngeshare.pause_at holds in a phase; for tests.';

CREATE VIEW ngeshare.sync_lock AS
SELECT pid
FROM pg_catalog.pg_locks
WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND classid = x'6e676573'::bigint::oid
  AND objid = x'68617265'::bigint::oid
  AND objsubid = 1
  AND granted;
COMMENT ON VIEW ngeshare.sync_lock IS
'The process that holds the one lock of a sync in this database; no row where none runs. The key is "ngeshare" in ASCII.';

CREATE FUNCTION ngeshare_sync_start(mode text DEFAULT 'incremental')
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare_sync_start(text) IS
'Starts a sync in a background worker and returns its run_id; the worker begins when the caller''s transaction has committed. Errors: NG001 while a sync runs (the detail names it), 53000 where no worker can be started, 55000 before ngeshare_connect(), 22023 for an unknown mode, 22004 for NULL.';

CREATE FUNCTION ngeshare_sync_cancel()
RETURNS boolean
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(bool_or(pg_cancel_backend(pid)), false)
    FROM ngeshare.sync_lock
$$;
COMMENT ON FUNCTION ngeshare_sync_cancel() IS
'Cancels the running sync, in a worker or in a session: true where there was one. What it had committed stays, and the next sync goes on from it.';

CREATE FUNCTION ngeshare_sync_status()
RETURNS TABLE
(
    running         boolean,
    run_id          bigint,
    mode            text,
    phase           text,
    table_name      text,
    rows_done       bigint,
    rows_expected   bigint,
    pct             numeric,
    eta             timestamptz,
    heartbeat_at    timestamptz,
    last_success_at timestamptz,
    last_error      text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- Asked every second by each page: a function in plpgsql plans once a session.
    RETURN QUERY
    WITH last_run AS (
        SELECT *
        FROM public.sync_run
        ORDER BY sync_run.run_id DESC
        LIMIT 1
    ), last_success AS (
        SELECT ngeshare.last_success() AS finished_at
    ), state AS (
        -- A worker that was only just started may not hold the lock yet.
        SELECT
            coalesce(last_run.status = 'running', false) AS is_open,
            EXISTS (SELECT 1 FROM ngeshare.sync_lock)
                OR coalesce(last_run.status = 'running' AND last_run.trigger = 'worker'
                    AND (last_run.started_at > clock_timestamp() - interval '2 seconds'
                        OR EXISTS (
                            SELECT 1
                            FROM pg_stat_activity
                            WHERE backend_type = 'ngeshare sync'
                              AND datname = current_database())), false) AS is_running
        FROM (SELECT 1) AS one
        LEFT JOIN last_run ON true
    )
    SELECT
        state.is_open AND state.is_running,
        last_run.run_id,
        last_run.mode,
        CASE
            WHEN state.is_open AND NOT state.is_running THEN 'interrupted'
            WHEN state.is_open THEN coalesce(progress.phase, 'starting')
            ELSE last_run.status
        END,
        CASE WHEN state.is_open THEN progress.table_name END,
        coalesce(progress.rows_done, 0),
        coalesce(progress.rows_expected, 0),
        CASE
            WHEN NOT state.is_open AND last_run.status IN ('success', 'warning') THEN 100.0
            ELSE round((100 * coalesce(progress.share, 0))::numeric, 1)
        END,
        CASE
            WHEN state.is_open AND state.is_running AND progress.share > 0.02
            THEN clock_timestamp()
                + (clock_timestamp() - last_run.started_at) * ((1 - progress.share) / progress.share)
        END,
        -- A live process is a heartbeat, also in the middle of a long step.
        CASE WHEN state.is_open AND state.is_running THEN clock_timestamp() ELSE progress.heartbeat_at END,
        last_success.finished_at,
        CASE
            WHEN last_run.status IN ('failed', 'cancelled', 'crashed', 'warning') THEN last_run.message
            WHEN state.is_open AND NOT state.is_running THEN 'its backend died; start another, it goes on from the last batch'
        END
    FROM state
    LEFT JOIN last_run ON true
    LEFT JOIN last_success ON true
    LEFT JOIN ngeshare.sync_progress AS progress ON progress.run_id = last_run.run_id;
END
$$;
COMMENT ON FUNCTION ngeshare_sync_status() IS
'Where the sync is: one row. running: a live process works on run_id. phase: of a running sync preflight, survey, open, pull, past, parents, merge, window, verify, repair, deletes, settle or finish; interrupted where its process died; else the last run''s status. rows_done of rows_expected are pulled; pct counts pulling and merging; eta is NULL while nothing can be said. last_error is the last run''s, where it did not simply succeed. All NULL but running before the first sync.';

CREATE FUNCTION ngeshare_schedule(cron text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
AS $$
DECLARE
    job bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_cron') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'pg_cron does not live in this database',
            HINT = pg_catalog.format(
                'Set shared_preload_libraries = ''pg_cron'' and cron.database_name = %L, restart, and CREATE EXTENSION pg_cron here.',
                pg_catalog.current_database());
    END IF;
    EXECUTE 'SELECT cron.schedule(''ngeshare_sync'', $1, ''CALL public.ngeshare_sync()'')'
    INTO job
    USING cron;
    EXECUTE 'SELECT cron.schedule(''ngeshare_watch'', ''*/5 * * * *'', ''SELECT ngeshare.watch()'')';
    RETURN job;
END
$$;
COMMENT ON FUNCTION ngeshare_schedule(text) IS
'Schedules CALL ngeshare_sync() through pg_cron, in cron''s own notation (''*/30 * * * *''), in the place of an earlier schedule, and returns the job''s id; with it goes a second job, ngeshare_watch, which every five minutes looks whether the data is stale and alerts wait. Errors: 55000 where pg_cron does not live in this database (the hint says how to get it), and pg_cron''s own for a schedule that it cannot read.';

CREATE FUNCTION ngeshare_unschedule()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    was_scheduled boolean := false;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_cron') THEN
        EXECUTE 'SELECT coalesce(bool_or(cron.unschedule(jobid)), false) FROM cron.job'
            ' WHERE jobname IN (''ngeshare_sync'', ''ngeshare_watch'') AND username = current_user'
        INTO was_scheduled;
    END IF;
    RETURN was_scheduled;
END
$$;
COMMENT ON FUNCTION ngeshare_unschedule() IS
'Takes the scheduled sync and its watch back: true where there was one of the caller''s.';

-- from src/mirror/connect.sql

CREATE FUNCTION ngeshare_connect(conninfo text)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
STRICT;
COMMENT ON FUNCTION ngeshare_connect(text) IS
'Connects this database to production, or to another address of the same production: checks it (reachable, PostgreSQL 14 or newer, the six tables with their columns, SELECT, no row security, its clock, whether the login could write), then makes or replaces the foreign server "production", the caller''s user mapping and the foreign tables. conninfo is libpq''s. Errors: 22023 for a conninfo that libpq does not take, 08001 unreachable, 28P01 and others as production gave them, 0A000 too old, 42P01, 42703 and 42804 for a missing table, a missing column and a column of another type, 42501 for a missing right or active row security, 55000 for another system than the one the mirror came from. A refusal changes nothing.';

-- from src/analytics/asked.sql

-- What the views in plain SQL are asked with: the settings, the instant with its local
-- day, the places of courses, and who a membership record is about. The views are read
-- with their owner's rights, so nobody else needs any on the tables.

CREATE FUNCTION ngeshare.setting(name text)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_setting'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.setting(text) IS
'The value of an integer setting of ngeshare''s by its name without the prefix, such as active_days. Unlike current_setting() it knows the defaults in any session.';

CREATE FUNCTION ngeshare.asked_at(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS timestamp
AS 'MODULE_PATHNAME', 'ngeshare_asked_at'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.asked_at(timestamptz) IS
'The instant that an answer is given as of, in UTC. Errors as for ngeshare_group_status(): 22004, 22008, 55000.';

CREATE FUNCTION ngeshare.as_of_utc()
RETURNS timestamp
AS 'MODULE_PATHNAME', 'ngeshare_as_of'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.as_of_utc() IS
'ngeshare_as_of() in UTC: the same as ngeshare.asked_at(), without its checks. The planner knows it, so it can tell how many rows are later.';

CREATE FUNCTION ngeshare.asked_day(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS date
AS 'MODULE_PATHNAME', 'ngeshare_asked_day'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.asked_day(timestamptz) IS
'The local day of the instant that an answer is given as of, of the calendar''s first and last instants too. Errors as for ngeshare.asked_at().';

CREATE VIEW ngeshare.numbered_course AS
SELECT
    course_name,
    (row_number() OVER (ORDER BY sequence_order) - 1)::integer AS course_number
FROM public.course_config;
COMMENT ON VIEW ngeshare.numbered_course IS
'The courses with their places in the curriculum, from 0 on.';

CREATE FUNCTION ngeshare.note_number(state internal, number integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_note_number'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.note_number(internal, integer) IS
'Part of ngeshare.count_numbers().';

CREATE FUNCTION ngeshare.count_noted(state internal)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_count_noted'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.count_noted(internal) IS
'Part of ngeshare.count_numbers().';

CREATE AGGREGATE ngeshare.count_numbers(integer)
(
    SFUNC = ngeshare.note_number,
    STYPE = internal,
    SSPACE = 32,
    FINALFUNC = ngeshare.count_noted,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ngeshare.count_numbers(integer) IS
'How many different numbers from 0 on there are, NULLs apart: count(DISTINCT) without a sort a group.';

CREATE FUNCTION ngeshare.person_key(user_id text, user_email text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN user_id IS NOT NULL THEN 'u' || user_id
        ELSE 'e' || nullif(lower(btrim(user_email, E' \t\r\n')), '')
    END
$$;
COMMENT ON FUNCTION ngeshare.person_key(text, text) IS
'Who a membership record is about: "u" and the user id, or "e" and the trimmed, lower-cased address of a record without a user; NULL where it has neither.';

CREATE VIEW ngeshare.asked AS
SELECT
    ngeshare.asked_at() AS at,
    ngeshare.asked_day() AS day
OFFSET 0;
COMMENT ON VIEW ngeshare.asked IS
'One row: the instant that answers are given as of (UTC), and its local day.';

-- from src/settled/settled.sql

-- What is settled of a group: all that the rules say of it that no later instant
-- changes, kept as rows so that a read computes none of it. A write to the mirror
-- marks the groups that it touches; a read computes those anew, and
-- ngeshare.settle() writes them down.

CREATE TABLE ngeshare.settled_group
(
    settled_from        timestamp NOT NULL,
    members_from        timestamp NOT NULL,
    created_at          timestamp NOT NULL,
    planned_on          date      NOT NULL,
    sequence_order      integer   NOT NULL,
    max_episodes        integer   NOT NULL,
    max_episode_reached integer   NOT NULL,
    total_meetings      integer   NOT NULL,
    foreign_days        integer   NOT NULL,
    member_count        integer   NOT NULL,
    facilitator_count   integer   NOT NULL,
    last_meeting        date,
    first_meeting       date,
    graduated_on        date,
    first_at            timestamp,
    last_at             timestamp,
    graduated_at        timestamp,
    facilitator_since   timestamp,
    facilitator_left    timestamp,
    group_id            text      NOT NULL PRIMARY KEY,
    course_name         text      NOT NULL,
    group_name          text      NOT NULL,
    facilitator_id      text,
    facilitator_name    text,
    facilitator_contact text
);
-- All that statuses need is in it.
CREATE INDEX ON ngeshare.settled_group (settled_from)
    INCLUDE (planned_on, sequence_order, max_episodes, max_episode_reached, last_meeting, graduated_on);
CREATE INDEX ON ngeshare.settled_group (facilitator_id);
-- Few groups have attendance that is yet to come.
CREATE INDEX ON ngeshare.settled_group (last_at);
COMMENT ON TABLE ngeshare.settled_group IS
'A row a curriculum group: what is so from settled_from on, the last instant (UTC) at which anything of it changed but its members; member_count from members_from on, when they last did. Earlier instants: ngeshare.settled_past. foreign_days: local days with attendance at another hangout''s episode; first_at, last_at: its first and last attendance; facilitator_left: when the facilitator''s user was soft-deleted.';

CREATE TABLE ngeshare.settled_past
(
    group_id          text        NOT NULL PRIMARY KEY,
    created_at        timestamp   NOT NULL,
    first_at          timestamp,
    graduated_at      timestamp,
    facilitator_since timestamp,
    sequence_order    integer     NOT NULL,
    planned_on        date        NOT NULL,
    first_meeting     date,
    graduated_on      date,
    facilitator_id    text,
    meeting_at        timestamp[] NOT NULL,
    meeting_day       date[]      NOT NULL,
    meeting_total     integer[]   NOT NULL,
    meeting_reached   integer[]   NOT NULL,
    foreign_at        timestamp[] NOT NULL,
    member            text[]      NOT NULL,
    member_from       timestamp[] NOT NULL,
    member_to         timestamp[] NOT NULL,
    member_left       timestamp[] NOT NULL,
    facilitator_at    timestamp[] NOT NULL
);
COMMENT ON TABLE ngeshare.settled_past IS
'How a curriculum group came to where it is, a row a group: at each meeting_at (in order) the last day that it had met on, the days so far and the episode reached so far; when each foreign day began; who (ngeshare.person_key()) was a member from when to when, in order of from; when members became facilitators, in order; when each facilitator first was one, in order. width_bucket() tells how much of it an instant has seen. What stands before is the same as in ngeshare.settled_group: who walks through the past of all groups joins nothing.';

CREATE TABLE ngeshare.settled_seat
(
    exists_from   timestamp NOT NULL,
    joined_at     timestamp NOT NULL,
    completed_at  timestamp,
    deleted_at    timestamp,
    course_number integer,
    is_first      boolean   NOT NULL,
    role          text      NOT NULL,
    group_id      text      NOT NULL,
    user_id       text,
    user_name     text      NOT NULL,
    attended_at   timestamp[]
);
CREATE INDEX ON ngeshare.settled_seat (group_id);
-- In the order of ngeshare.seat_by_user, and of who groups settled seats by user.
CREATE INDEX ON ngeshare.settled_seat (user_id, user_name, deleted_at);
CREATE INDEX ON ngeshare.settled_seat (user_id) WHERE role = 'FACILITATOR';
COMMENT ON TABLE ngeshare.settled_seat IS
'A row a membership record that counts, of all groups. exists_from: when both it and its group exist; course_number: the place of its group''s course in the curriculum from 0 on, NULL outside of it; completed_at: when its group graduated with this person in it; deleted_at: when its user was soft-deleted; is_first: whether it is the earliest of its person and role there; attended_at: when its user attended its group, as far as the raw rows know, in order; NULL where never. Timestamps are UTC.';

CREATE TABLE ngeshare.settled_link
(
    valid_from            timestamp NOT NULL,
    valid_to              timestamp NOT NULL,
    graduated_on          date      NOT NULL,
    days_between          integer   NOT NULL,
    shared_member_count   integer   NOT NULL,
    smaller_member_count  integer   NOT NULL,
    group_a_id            text      NOT NULL,
    group_b_id            text      NOT NULL,
    course_a              text      NOT NULL,
    course_b              text      NOT NULL,
    shared_facilitator_id text      NOT NULL,
    PRIMARY KEY (group_a_id, group_b_id, valid_from)
);
CREATE INDEX ON ngeshare.settled_link (group_b_id);
COMMENT ON TABLE ngeshare.settled_link IS
'A link from a group (which graduated on graduated_on) to the one that it went on as, a row for each time in which it counts its members the same: from valid_from (UTC) on, and before valid_to.';

CREATE TABLE ngeshare.settled_state
(
    singleton     boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    zone          text    NOT NULL,
    link_settings text    NOT NULL
);
COMMENT ON TABLE ngeshare.settled_state IS
'What the settled rows go by: the zone of their days, and the settings of their links. No row: nothing is settled.';

CREATE TABLE ngeshare.unsettled
(
    group_id   text,
    user_id    text,
    hangout_id text
);
COMMENT ON TABLE ngeshare.unsettled IS
'What somebody wrote to since it was settled, as often as that: a group, a user or a hangout; a row of NULLs stands for all.';

CREATE FUNCTION ngeshare.marked_groups()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
    -- A function, and no view: every answer asks for it some times, and would be planned as
    -- often. The planner asks as well, and so knows how many there are.
    IF NOT EXISTS (SELECT 1 FROM ngeshare.unsettled) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT group_id
        FROM ngeshare.unsettled
        WHERE group_id IS NOT NULL
        UNION
        SELECT pointing.group_id
        FROM (
            SELECT DISTINCT user_id
            FROM ngeshare.unsettled
            WHERE user_id IS NOT NULL
        ) AS mark
        CROSS JOIN LATERAL (
            -- By the index, however many users the planner expects.
            SELECT "hangoutGroupId" AS group_id
            FROM public."UserHangoutGroup"
            WHERE "userId" = mark.user_id
            OFFSET 0
        ) AS pointing
        WHERE pointing.group_id IS NOT NULL
        UNION
        SELECT pointing.group_id
        FROM (
            SELECT DISTINCT hangout_id
            FROM ngeshare.unsettled
            WHERE hangout_id IS NOT NULL
        ) AS mark
        CROSS JOIN LATERAL (
            -- No look at any group where no hangout is marked.
            SELECT id AS group_id
            FROM public."HangoutGroup"
            WHERE "hangoutId" = mark.hangout_id
            OFFSET 0
        ) AS pointing);
END
$$;
COMMENT ON FUNCTION ngeshare.marked_groups() IS
'The groups that the marks stand for, each once: those marked, those with a record of a marked user, those of a marked hangout. Where a mark stands for all they are not all here.';

CREATE FUNCTION ngeshare.settled_part(asked_at timestamp DEFAULT ngeshare.asked_at())
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A function for the same reason. Asking for the instant refuses another zone than the
    -- history's; nothing else here depends on it.
    RETURN CASE
        WHEN (SELECT zone FROM ngeshare.settled_state) IS DISTINCT FROM ngeshare.reporting_zone() THEN 'NONE'
        WHEN NOT EXISTS (SELECT 1 FROM ngeshare.unsettled) THEN 'ALL'
        WHEN EXISTS (SELECT 1 FROM ngeshare.unsettled WHERE num_nonnulls(group_id, user_id, hangout_id) = 0) THEN 'NONE'
        ELSE 'SOME'
    END;
END
$$;
COMMENT ON FUNCTION ngeshare.settled_part(timestamp) IS
'How much of what an answer needs stands in the settled rows: ALL; SOME, all but ngeshare.marked_groups(); or NONE. Errors as for ngeshare.asked_at().';

CREATE VIEW ngeshare.settling AS
SELECT
    ngeshare.settled_part() AS part,
    coalesce(state.link_settings = today.link_settings, false) AS has_links,
    today.link_settings
FROM (
    SELECT concat_ws(' ',
        ngeshare.setting('link_early_days'),
        ngeshare.setting('link_days'),
        ngeshare.setting('link_min_shared'),
        ngeshare.setting('link_min_overlap_pct')) AS link_settings
) AS today
LEFT JOIN ngeshare.settled_state AS state ON true
OFFSET 0;
COMMENT ON VIEW ngeshare.settling IS
'One row: ngeshare.settled_part(); whether the settled links go by the settings of today, and those settings.';

CREATE VIEW ngeshare.unsettled_group AS
SELECT
    CASE
        WHEN part = 'NONE' THEN ARRAY(SELECT id FROM public."HangoutGroup")
        ELSE ngeshare.marked_groups()
    END AS ids
FROM ngeshare.settled_part() AS part
WHERE part <> 'ALL';
COMMENT ON VIEW ngeshare.unsettled_group IS
'The groups that a read has to compute, in one row; no row where there are none. Some of them may be outside the curriculum or gone.';

-- from src/settled/marks.sql

-- Who writes to the mirror or to the history marks what the write names, in the same
-- transaction: a group, a user, a hangout. A mark is a row of its own: nobody waits.
-- Which groups a user or a hangout stands for is looked up by who reads the mark: the
-- writer may not see a record that points there and is not committed yet.

CREATE FUNCTION ngeshare.mark_all()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ngeshare.unsettled (group_id) VALUES (NULL);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_all() IS
'Statement trigger: marks every group.';

CREATE FUNCTION ngeshare.mark_changed()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touched text[];
BEGIN
    -- Where only some columns count, what a statement leaves as it was cancels out.
    EXECUTE format('SELECT array_agg(DISTINCT %I) FROM (%s) AS changed', tg_argv[1], CASE
        WHEN tg_op = 'INSERT' THEN 'TABLE added'
        WHEN tg_op = 'DELETE' THEN 'TABLE removed'
        WHEN tg_nargs = 2 THEN 'TABLE added UNION ALL TABLE removed'
        ELSE format('(SELECT %1$s FROM added EXCEPT SELECT %1$s FROM removed) UNION ALL'
            ' (SELECT %1$s FROM removed EXCEPT SELECT %1$s FROM added)', tg_argv[2])
    END)
    INTO touched;
    IF touched IS NOT NULL THEN
        EXECUTE format('INSERT INTO ngeshare.unsettled (%I) SELECT unnest($1)', tg_argv[0])
        USING CASE WHEN cardinality(touched) > 10000 THEN ARRAY[NULL]::text[] ELSE touched END;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_changed() IS
'Statement trigger: marks what the written rows name, very much of it as all. Its arguments: the column of ngeshare.unsettled; the column of the written rows; and the columns that count where a statement is an UPDATE, else all do.';

CREATE TRIGGER mark_inserted
    AFTER INSERT ON ngeshare.meeting_past
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON ngeshare.meeting_past
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON ngeshare.meeting_past
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON ngeshare.meeting_past
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE ngeshare.meeting_past
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON ngeshare.meeting_recent
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON ngeshare.meeting_recent
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON ngeshare.meeting_recent
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON ngeshare.meeting_recent
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE ngeshare.meeting_recent
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."HangoutGroup"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."HangoutGroup"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."HangoutGroup"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'id');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."HangoutGroup"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."HangoutGroup"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."UserHangoutGroup"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."UserHangoutGroup"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."UserHangoutGroup"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."UserHangoutGroup"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."UserHangoutGroup"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."Hangout"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'id', 'id, name');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."Hangout"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'id', 'id, name');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."Hangout"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'id', 'id, name');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."Hangout"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."Hangout"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."HangoutEpisode"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."HangoutEpisode"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."HangoutEpisode"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."HangoutEpisode"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."HangoutEpisode"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."User"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('user_id', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."User"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('user_id', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."User"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('user_id', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."User"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."User"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."UserHangoutGroupAttendance"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."UserHangoutGroupAttendance"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."UserHangoutGroupAttendance"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_all
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.course_config
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public.course_config
    ENABLE ALWAYS TRIGGER mark_all;

-- from src/settled/build.sql

-- How a group's settled row is made: plain SQL over the mirror and the history.

CREATE FUNCTION ngeshare.build_groups(wanted text[])
RETURNS TABLE
(
    built ngeshare.settled_group,
    past  ngeshare.settled_past
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 100
AS $$
BEGIN
    -- Planned anew for as many groups as are wanted.
    RETURN QUERY EXECUTE $build$
    WITH circle AS MATERIALIZED (
        SELECT
            circle.id,
            circle.name,
            circle."hangoutId" AS hangout_id,
            circle."createdAt" AS created_at,
            ngeshare.local_day(coalesce(circle."startDate", circle."createdAt"), ngeshare.reporting_zone()) AS planned_on,
            config.course_name,
            config.sequence_order,
            config.max_episodes
        FROM unnest($1) AS wanted (id)
        JOIN public."HangoutGroup" AS circle ON circle.id = wanted.id
        JOIN public."Hangout" AS hangout ON hangout.id = circle."hangoutId"
        JOIN public.course_config AS config ON config.course_name = hangout.name
    ), met AS (
        -- Any attendance makes a meeting; only the own hangout's episodes count
        -- for progress.
        SELECT
            circle.id,
            met.first_at,
            met.last_at,
            met.day,
            own.id IS NULL AS is_foreign,
            own."order" AS episode,
            own."order" >= circle.max_episodes AS is_graduation
        FROM circle
        JOIN ngeshare.meeting AS met ON met.group_id = circle.id
        LEFT JOIN public."HangoutEpisode" AS own
          ON own.id = met.episode_id
         AND own."hangoutId" = circle.hangout_id
    ), numbered AS (
        SELECT
            *,
            row_number() OVER (PARTITION BY id, day ORDER BY first_at) = 1 AS is_new_day
        FROM met
    ), walked AS (
        SELECT
            id,
            first_at,
            last_at,
            day,
            is_graduation,
            max(day) OVER so_far AS last_day,
            count(*) FILTER (WHERE is_new_day) OVER so_far AS total,
            greatest(max(episode) OVER so_far, 0) AS reached
        FROM numbered
        WINDOW so_far AS (PARTITION BY id ORDER BY first_at)
    ), progress AS (
        SELECT
            id,
            min(first_at) AS first_at,
            max(last_at) AS last_at,
            (array_agg(day ORDER BY first_at))[1] AS first_meeting,
            max(last_day) AS last_meeting,
            max(total)::integer AS total_meetings,
            max(reached) AS reached,
            min(first_at) FILTER (WHERE is_graduation) AS graduated_at,
            array_agg(first_at ORDER BY first_at)::timestamp[] AS meeting_at,
            array_agg(last_day ORDER BY first_at) AS meeting_day,
            array_agg(total::integer ORDER BY first_at) AS meeting_total,
            array_agg(reached ORDER BY first_at) AS meeting_reached
        FROM walked
        GROUP BY id
    ), astray AS (
        SELECT
            id,
            array_agg(first_at ORDER BY first_at)::timestamp[] AS foreign_at
        FROM (
            SELECT id, min(first_at) AS first_at
            FROM met
            WHERE is_foreign
            GROUP BY id, day
        ) AS foreign_day
        GROUP BY id
    ), seat AS (
        SELECT
            circle.id,
            ngeshare.person_key(record."userId", record."userEmail") AS person,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'MEMBER') AS member_at,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'FACILITATOR') AS facilitator_at
        FROM circle
        JOIN public."UserHangoutGroup" AS record ON record."hangoutGroupId" = circle.id
        WHERE record."joinedAt" IS NOT NULL
          AND record."hangoutGroupRole" IN ('MEMBER', 'FACILITATOR')
        GROUP BY 1, 2
    ), people AS (
        SELECT
            id,
            array_agg(person ORDER BY member_at, person COLLATE "C") FILTER (WHERE is_member) AS member,
            array_agg(member_at ORDER BY member_at, person COLLATE "C") FILTER (WHERE is_member)::timestamp[] AS member_from,
            array_agg(coalesce(facilitator_at, 'infinity') ORDER BY member_at, person COLLATE "C")
                FILTER (WHERE is_member)::timestamp[] AS member_to,
            array_agg(facilitator_at ORDER BY facilitator_at)
                FILTER (WHERE is_member AND facilitator_at IS NOT NULL)::timestamp[] AS member_left,
            array_agg(facilitator_at ORDER BY facilitator_at)
                FILTER (WHERE facilitator_at IS NOT NULL AND person LIKE 'u%')::timestamp[] AS facilitator_at,
            (count(*) FILTER (WHERE is_member AND facilitator_at IS NULL))::integer AS member_count
        FROM (
            SELECT *, member_at < coalesce(facilitator_at, 'infinity') AS is_member
            FROM seat
            WHERE person IS NOT NULL
        ) AS seat
        GROUP BY id
    ), facilitator AS (
        SELECT DISTINCT ON (circle.id)
            circle.id,
            record."userId" AS user_id,
            nullif(btrim(someone.email, E' \t\r\n'), '') AS user_email,
            nullif(btrim(record."userEmail", E' \t\r\n'), '') AS record_email,
            someone."deletedAt" AS deleted_at,
            record."joinedAt" AS since
        FROM circle
        JOIN public."UserHangoutGroup" AS record ON record."hangoutGroupId" = circle.id
        JOIN public."User" AS someone ON someone.id = record."userId"
        WHERE record."hangoutGroupRole" = 'FACILITATOR'
          AND record."joinedAt" IS NOT NULL
          AND record."userId" IS NOT NULL
        ORDER BY circle.id, record."joinedAt", record.id COLLATE "C"
    )
    SELECT
        ROW(
            greatest(
                circle.created_at,
                progress.meeting_at[cardinality(progress.meeting_at)],
                people.facilitator_at[cardinality(people.facilitator_at)]),
            greatest(
                circle.created_at,
                people.member_from[cardinality(people.member_from)],
                people.member_left[cardinality(people.member_left)]),
            circle.created_at,
            circle.planned_on,
            circle.sequence_order,
            circle.max_episodes,
            coalesce(progress.reached, 0),
            coalesce(progress.total_meetings, 0),
            coalesce(cardinality(astray.foreign_at), 0),
            coalesce(people.member_count, 0),
            coalesce(cardinality(people.facilitator_at), 0),
            progress.last_meeting,
            progress.first_meeting,
            ngeshare.local_day(progress.graduated_at, ngeshare.reporting_zone()),
            progress.first_at,
            progress.last_at,
            progress.graduated_at,
            facilitator.since,
            facilitator.deleted_at,
            circle.id,
            circle.course_name,
            circle.name,
            facilitator.user_id,
            coalesce(facilitator.user_email, facilitator.user_id),
            coalesce(facilitator.user_email, facilitator.record_email)
        )::ngeshare.settled_group,
        ROW(
            circle.id,
            circle.created_at,
            progress.first_at,
            progress.graduated_at,
            facilitator.since,
            circle.sequence_order,
            circle.planned_on,
            progress.first_meeting,
            ngeshare.local_day(progress.graduated_at, ngeshare.reporting_zone()),
            facilitator.user_id,
            coalesce(progress.meeting_at, '{}'),
            coalesce(progress.meeting_day, '{}'),
            coalesce(progress.meeting_total, '{}'),
            coalesce(progress.meeting_reached, '{}'),
            coalesce(astray.foreign_at, '{}'),
            coalesce(people.member, '{}'),
            coalesce(people.member_from, '{}'),
            coalesce(people.member_to, '{}'),
            coalesce(people.member_left, '{}'),
            coalesce(people.facilitator_at, '{}')
        )::ngeshare.settled_past
    FROM circle
    LEFT JOIN progress ON progress.id = circle.id
    LEFT JOIN astray ON astray.id = circle.id
    LEFT JOIN people ON people.id = circle.id
    LEFT JOIN facilitator ON facilitator.id = circle.id
    $build$
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_groups(text[]) IS
'The rows of ngeshare.settled_group and ngeshare.settled_past of some groups, as the mirror and the history are now; none for a group that is gone or outside the curriculum.';

CREATE FUNCTION ngeshare.build_seats(wanted text[])
RETURNS SETOF ngeshare.settled_seat
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 500
AS $$
BEGIN
    RETURN QUERY EXECUTE $build$
    WITH record AS (
        SELECT
            record.id,
            record."hangoutGroupId" AS group_id,
            record."hangoutGroupRole" AS role,
            record."joinedAt" AS joined_at,
            record."userId" AS user_id,
            btrim(record."userEmail", E' \t\r\n') AS user_email,
            ngeshare.person_key(record."userId", record."userEmail") AS person
        FROM unnest($1) AS wanted (id)
        JOIN public."UserHangoutGroup" AS record ON record."hangoutGroupId" = wanted.id
        WHERE record."joinedAt" IS NOT NULL
          AND record."hangoutGroupRole" IN ('MEMBER', 'FACILITATOR')
    ), ranked AS (
        SELECT
            *,
            first_value(user_email) OVER (PARTITION BY group_id, person ORDER BY joined_at, id COLLATE "C") AS first_email,
            row_number() OVER (PARTITION BY group_id, person, role ORDER BY joined_at, id COLLATE "C") = 1 AS is_first
        FROM record
        WHERE person IS NOT NULL
    ), attended AS (
        SELECT
            raw."hangoutGroupId" AS group_id,
            raw."userId" AS user_id,
            array_agg(raw."attendedAt" ORDER BY raw."attendedAt")::timestamp[] AS attended_at
        FROM unnest($1) AS wanted (id)
        JOIN public."UserHangoutGroupAttendance" AS raw ON raw."hangoutGroupId" = wanted.id
        GROUP BY 1, 2
    )
    SELECT
        greatest(ranked.joined_at, circle."createdAt")::timestamp,
        ranked.joined_at::timestamp,
        CASE WHEN ranked.joined_at <= known.graduated_at THEN known.graduated_at END,
        someone."deletedAt"::timestamp,
        course.course_number,
        ranked.is_first,
        ranked.role,
        ranked.group_id,
        ranked.user_id,
        CASE
            WHEN ranked.user_id IS NULL THEN ranked.first_email
            ELSE coalesce(nullif(btrim(someone.email, E' \t\r\n'), ''), ranked.user_id)
        END,
        attended.attended_at
    FROM ranked
    JOIN public."HangoutGroup" AS circle ON circle.id = ranked.group_id
    LEFT JOIN ngeshare.group_record AS known ON known.group_id = ranked.group_id
    LEFT JOIN ngeshare.numbered_course AS course ON course.course_name = known.course_name
    LEFT JOIN public."User" AS someone ON someone.id = ranked.user_id
    LEFT JOIN attended ON attended.group_id = ranked.group_id AND attended.user_id = ranked.user_id
    -- A person's seats side by side: answers about people read them in this order.
    ORDER BY ranked.user_id COLLATE "C", course.course_number
    $build$
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_seats(text[]) IS
'The rows of ngeshare.settled_seat of some groups, as the mirror and the history are now.';

-- from src/analytics/facts.sql

-- What is known of every curriculum group as of ngeshare_as_of(). Where nothing of
-- a group has changed since that instant, its settled row says it; where something
-- has, its past tells what was so then; and what has been written to since it was
-- settled is computed anew. The rules that need a decision are in C.

CREATE FUNCTION ngeshare.settled_member_count(settled_group_id text)
RETURNS integer
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
SECURITY DEFINER
COST 20
BEGIN ATOMIC
    SELECT width_bucket(ngeshare.as_of_utc(), member_from) - width_bucket(ngeshare.as_of_utc(), member_left)
    FROM ngeshare.settled_past
    WHERE group_id = settled_group_id;
END;
COMMENT ON FUNCTION ngeshare.settled_member_count(text) IS
'How many members a settled group has as of ngeshare_as_of(), by its past. Cheap to the planner, since few groups need it.';

CREATE VIEW ngeshare.group_record AS
SELECT
    true AS is_settled,
    built.group_id,
    built.group_name,
    built.course_name,
    built.sequence_order,
    built.max_episodes,
    built.created_at,
    built.planned_on,
    built.settled_from,
    built.first_at,
    built.first_meeting,
    built.last_meeting,
    built.last_at,
    built.total_meetings,
    built.max_episode_reached,
    built.graduated_at,
    built.graduated_on,
    built.foreign_days,
    built.facilitator_id,
    built.facilitator_name,
    built.facilitator_contact,
    built.facilitator_left,
    built.facilitator_since,
    built.facilitator_count,
    built.member_count,
    past.meeting_at,
    past.meeting_day,
    past.meeting_total,
    past.meeting_reached,
    past.foreign_at,
    past.member,
    past.member_from,
    past.member_to,
    past.member_left,
    past.facilitator_at
FROM ngeshare.settled_group AS built
LEFT JOIN ngeshare.settled_past AS past ON past.group_id = built.group_id
-- One condition on the group: one that asks nothing of it would keep the planner from
-- leaving out the past for who does not read it.
WHERE (SELECT ngeshare.settled_part() = 'ALL')
   OR (SELECT ngeshare.settled_part() = 'SOME')
      AND built.group_id NOT IN (SELECT unnest(ngeshare.marked_groups()))
UNION ALL
SELECT
    false,
    (built).group_id,
    (built).group_name,
    (built).course_name,
    (built).sequence_order,
    (built).max_episodes,
    (built).created_at,
    (built).planned_on,
    (built).settled_from,
    (built).first_at,
    (built).first_meeting,
    (built).last_meeting,
    (built).last_at,
    (built).total_meetings,
    (built).max_episode_reached,
    (built).graduated_at,
    (built).graduated_on,
    (built).foreign_days,
    (built).facilitator_id,
    (built).facilitator_name,
    (built).facilitator_contact,
    (built).facilitator_left,
    (built).facilitator_since,
    (built).facilitator_count,
    (built).member_count,
    (past).meeting_at,
    (past).meeting_day,
    (past).meeting_total,
    (past).meeting_reached,
    (past).foreign_at,
    (past).member,
    (past).member_from,
    (past).member_to,
    (past).member_left,
    (past).facilitator_at
FROM ngeshare.unsettled_group AS wanted
CROSS JOIN LATERAL ngeshare.build_groups(wanted.ids);
COMMENT ON VIEW ngeshare.group_record IS
'Every curriculum group as it is now, with its past: settled, or computed anew where somebody wrote to it since.';

CREATE VIEW ngeshare.group_past AS
SELECT *
FROM ngeshare.settled_past
WHERE (SELECT ngeshare.settled_part() <> 'NONE')
  AND ((SELECT ngeshare.settled_part() = 'ALL')
      OR group_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
UNION ALL
SELECT (past).*
FROM ngeshare.unsettled_group AS wanted
CROSS JOIN LATERAL ngeshare.build_groups(wanted.ids);
COMMENT ON VIEW ngeshare.group_past IS
'How every curriculum group came to where it is now: ngeshare.group_record''s past, for who reads all of them.';

CREATE VIEW ngeshare.settled_then AS
SELECT
    group_id,
    group_name,
    course_name,
    sequence_order,
    max_episodes,
    created_at,
    planned_on,
    first_meeting,
    last_meeting,
    total_meetings,
    max_episode_reached,
    graduated_at,
    graduated_on,
    foreign_days,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    facilitator_left,
    facilitator_count,
    CASE
        WHEN members_from <= ngeshare.as_of_utc() THEN member_count
        ELSE ngeshare.settled_member_count(group_id)
    END AS member_count
FROM ngeshare.settled_group
WHERE settled_from <= ngeshare.as_of_utc();
COMMENT ON VIEW ngeshare.settled_then IS
'The groups of which nothing has changed since ngeshare_as_of(), as their settled rows say; they may be marked, which is for its reader to ask.';

CREATE VIEW ngeshare.group_then AS
-- Without marks nobody asks which group it is: an index knows all that statuses need.
SELECT
    *,
    true AS is_plain
FROM ngeshare.settled_then
WHERE (SELECT ngeshare.settled_part() = 'ALL')
UNION ALL
SELECT
    *,
    false
FROM ngeshare.settled_then
-- No worker may ask this: else some would start for a branch that mostly has no rows.
WHERE ngeshare.asked_at() IS NOT NULL
  AND (SELECT ngeshare.settled_part() = 'SOME')
  AND group_id NOT IN (SELECT unnest(ngeshare.marked_groups()))
UNION ALL
SELECT
    group_id,
    group_name,
    course_name,
    sequence_order,
    max_episodes,
    created_at,
    planned_on,
    CASE WHEN met > 0 THEN first_meeting END,
    meeting_day[met],
    coalesce(meeting_total[met], 0),
    coalesce(meeting_reached[met], 0),
    CASE WHEN graduated_at <= at THEN graduated_at END,
    CASE WHEN graduated_at <= at THEN graduated_on END,
    width_bucket(at, foreign_at),
    CASE WHEN facilitator_since <= at THEN facilitator_id END,
    CASE WHEN facilitator_since <= at THEN facilitator_name END,
    CASE WHEN facilitator_since <= at THEN facilitator_contact END,
    CASE WHEN facilitator_since <= at THEN facilitator_left END,
    width_bucket(at, facilitator_at),
    width_bucket(at, member_from) - width_bucket(at, member_left),
    false
FROM (
    SELECT
        record.*,
        ngeshare.as_of_utc() AS at,
        width_bucket(ngeshare.as_of_utc(), record.meeting_at) AS met
    FROM ngeshare.group_record AS record
    WHERE record.created_at <= ngeshare.as_of_utc()
      AND (NOT record.is_settled OR record.settled_from > ngeshare.as_of_utc())
) AS cut;
COMMENT ON VIEW ngeshare.group_then IS
'The curriculum groups that exist as of ngeshare_as_of() with what had become of them then. Timestamps are UTC, days local; is_plain: whether it is a row of ngeshare.settled_then, and nothing at all is marked.';

CREATE VIEW ngeshare.seat AS
SELECT
    joined_at,
    completed_at,
    deleted_at,
    course_number,
    is_first,
    role,
    group_id,
    user_id,
    user_name,
    attended_at
FROM ngeshare.settled_seat
WHERE exists_from <= ngeshare.as_of_utc()
  AND (SELECT ngeshare.settled_part() <> 'NONE')
  AND ((SELECT ngeshare.settled_part() = 'ALL')
      OR group_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
UNION ALL
SELECT
    anew.joined_at,
    anew.completed_at,
    anew.deleted_at,
    anew.course_number,
    anew.is_first,
    anew.role,
    anew.group_id,
    anew.user_id,
    anew.user_name,
    anew.attended_at
FROM ngeshare.unsettled_group AS wanted
CROSS JOIN LATERAL ngeshare.build_seats(wanted.ids) AS anew
WHERE anew.exists_from <= ngeshare.as_of_utc();
COMMENT ON VIEW ngeshare.seat IS
'The membership records that count as of ngeshare_as_of(), of all groups. Timestamps are UTC; completed_at, deleted_at and some of attended_at may lie behind that instant.';

CREATE VIEW ngeshare.seat_by_user AS
(
    SELECT
        completed_at,
        deleted_at,
        course_number,
        is_first,
        role,
        group_id,
        user_id,
        user_name
    FROM ngeshare.settled_seat
    WHERE user_id IS NOT NULL
      AND exists_from <= ngeshare.as_of_utc()
      AND (SELECT ngeshare.settled_part() <> 'NONE')
      AND ((SELECT ngeshare.settled_part() = 'ALL')
          OR group_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
    ORDER BY user_id, user_name, deleted_at
)
UNION ALL
(
    SELECT
        anew.completed_at,
        anew.deleted_at,
        anew.course_number,
        anew.is_first,
        anew.role,
        anew.group_id,
        anew.user_id,
        anew.user_name
    FROM ngeshare.unsettled_group AS wanted
    CROSS JOIN LATERAL ngeshare.build_seats(wanted.ids) AS anew
    WHERE anew.user_id IS NOT NULL
      AND anew.exists_from <= ngeshare.as_of_utc()
    ORDER BY user_id, user_name, deleted_at
);
COMMENT ON VIEW ngeshare.seat_by_user IS
'ngeshare.seat of users alone. Both its parts are in order of user, name and deletion, so that who groups by these three merges them and keeps one user at a time, however many there are.';

CREATE FUNCTION ngeshare.status_of
(
    has_met             boolean,
    max_episode_reached integer,
    max_episodes        integer,
    days_inactive       integer
)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_status_of'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.status_of(boolean, integer, integer, integer) IS
'GRADUATED, ACTIVE, NOT_STARTED or STALLED, the first that holds; the days that count as active are ngeshare.active_days.';

CREATE FUNCTION ngeshare.days_inactive(today date, last_meeting date, planned_on date)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN greatest(today - coalesce(last_meeting, planned_on), 0);
COMMENT ON FUNCTION ngeshare.days_inactive(date, date, date) IS
'The days since a group last met, or was to start where it has not met; never less than 0.';

CREATE FUNCTION ngeshare.percentage(part bigint, whole bigint)
RETURNS numeric
AS 'MODULE_PATHNAME', 'ngeshare_percentage'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.percentage(bigint, bigint) IS
'A part in percent of the whole, rounded to one decimal half away from zero; NULL where the whole is 0.';

CREATE VIEW ngeshare.group_fact AS
SELECT
    walked.group_id,
    walked.group_name,
    walked.course_name,
    walked.sequence_order,
    walked.max_episodes,
    walked.created_at AT TIME ZONE 'UTC' AS created_at,
    ngeshare.status_of(walked.last_meeting IS NOT NULL, walked.max_episode_reached, walked.max_episodes, walked.days_inactive) AS status,
    walked.max_episode_reached,
    ngeshare.percentage(least(walked.max_episode_reached, walked.max_episodes), walked.max_episodes) AS progress_pct,
    walked.total_meetings,
    walked.first_meeting AS first_meeting_date,
    walked.last_meeting AS last_meeting_date,
    walked.graduated_on,
    coalesce(walked.first_meeting, walked.planned_on) AS started_on,
    walked.days_inactive,
    walked.facilitator_id,
    walked.facilitator_name,
    walked.facilitator_contact,
    coalesce(walked.facilitator_left <= ngeshare.as_of_utc(), false) AS facilitator_is_deleted,
    walked.facilitator_count,
    walked.member_count,
    ngeshare.status_of(walked.last_meeting IS NOT NULL, walked.max_episode_reached, walked.max_episodes, walked.days_inactive) = 'STALLED'
        AND 100::bigint * walked.max_episode_reached
            >= (SELECT ngeshare.setting('rescue_min_pct'))::bigint * walked.max_episodes AS is_rescuable,
    walked.foreign_days,
    walked.graduated_at AT TIME ZONE 'UTC' AS graduated_at,
    walked.is_plain
FROM (
    SELECT
        *,
        ngeshare.days_inactive((SELECT day FROM ngeshare.asked), last_meeting, planned_on) AS days_inactive
    FROM ngeshare.group_then
) AS walked;
COMMENT ON VIEW ngeshare.group_fact IS
'Everything that the views say of a curriculum group as of ngeshare_as_of(), a row a group. is_rescuable: stalled, with at least ngeshare.rescue_min_pct percent of its course behind it. graduated_at: the instant of graduated_on; is_plain: as in ngeshare.group_then.';

CREATE FUNCTION ngeshare.find_links(groups text[])
RETURNS TABLE
(
    valid_from            timestamp,
    valid_to              timestamp,
    graduated_on          date,
    days_between          integer,
    shared_member_count   integer,
    smaller_member_count  integer,
    group_a_id            text,
    group_b_id            text,
    course_a              text,
    course_b              text,
    shared_facilitator_id text
)
AS 'MODULE_PATHNAME', 'ngeshare_find_links'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.find_links(text[]) IS
'The links of all times between the groups of those who lead some groups, or of all for NULL: a row a link and time (UTC) in which its members stay the same.';

CREATE VIEW ngeshare.link_then AS
SELECT
    group_a_id,
    course_a,
    group_b_id,
    course_b,
    shared_facilitator_id,
    shared_member_count,
    smaller_member_count,
    graduated_on,
    days_between
FROM ngeshare.settled_link
WHERE valid_from <= ngeshare.as_of_utc()
  AND valid_to > ngeshare.as_of_utc()
  AND (SELECT has_links AND part <> 'NONE' FROM ngeshare.settling)
  AND ((SELECT ngeshare.settled_part() = 'ALL')
      OR group_a_id NOT IN (SELECT unnest(ngeshare.marked_groups()))
          AND group_b_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
UNION ALL
SELECT
    found.group_a_id,
    found.course_a,
    found.group_b_id,
    found.course_b,
    found.shared_facilitator_id,
    found.shared_member_count,
    found.smaller_member_count,
    found.graduated_on,
    found.days_between
FROM (
    SELECT
        CASE WHEN has_links AND part <> 'NONE' THEN ngeshare.marked_groups() END AS ids
    FROM ngeshare.settling
    WHERE part <> 'ALL' OR NOT has_links
) AS wanted
CROSS JOIN LATERAL ngeshare.find_links(wanted.ids) AS found
WHERE valid_from <= ngeshare.as_of_utc()
  AND valid_to > ngeshare.as_of_utc()
  AND (wanted.ids IS NULL
      OR found.group_a_id IN (SELECT unnest(ngeshare.marked_groups()))
      OR found.group_b_id IN (SELECT unnest(ngeshare.marked_groups())));
COMMENT ON VIEW ngeshare.link_then IS
'The links as of ngeshare_as_of(), a row a link. smaller_member_count: the members of the group that has fewer; graduated_on: the day on which group A did.';

CREATE FUNCTION ngeshare.count_silences(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    course_name text,
    days        integer,
    resumed     bigint,
    lasting     bigint
)
AS 'MODULE_PATHNAME', 'ngeshare_count_silences'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.count_silences(timestamptz) IS
'How many silences of each course lasted how many days, as of an instant: those that ended with a meeting (resumed), and those that last so long until then (lasting). A silence begins on a day that a group meets before it has graduated. Errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare_group_status(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_id            text,
    course_name         text,
    status              text,
    progress_pct        numeric,
    days_inactive       integer,
    group_name          text,
    sequence_order      integer,
    max_episodes        integer,
    max_episode_reached integer,
    total_meetings      integer,
    first_meeting_date  date,
    last_meeting_date   date,
    graduated_on        date,
    started_on          date,
    facilitator_id      text,
    facilitator_name    text,
    member_count        integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION ngeshare_group_status(timestamptz) IS
'The status of every curriculum group as of an instant, a row a group: GRADUATED, ACTIVE (a meeting in the last 28 days), NOT_STARTED (never met, planned within the last 28 days or later) or STALLED. Days are local days of ngeshare.timezone; the 28 is ngeshare.active_days. Errors: 22004 for NULL, 22008 for an infinite instant, 55000 in another zone than the history''s.';

CREATE FUNCTION ngeshare_pipeline(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_a_id            text,
    course_a              text,
    group_b_id            text,
    course_b              text,
    shared_facilitator_id text,
    shared_member_count   integer,
    overlap_pct           numeric,
    days_between          integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION ngeshare_pipeline(timestamptz) IS
'Which groups went on as which, as of an instant, a row a link: the same facilitator, at least 2 shared members who are at least 50 % of the smaller group, the next course, and its first meeting from 30 days before to 90 days after the graduation. Settings: ngeshare.link_min_shared, link_min_overlap_pct, link_early_days, link_days. Errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare.group_predecessors(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_id                 text,
    kind                     text,
    predecessor_id           text,
    days_between             integer,
    started_on               date,
    predecessor_course       text,
    predecessor_started_on   date,
    predecessor_graduated_on date
)
AS 'MODULE_PATHNAME', 'ngeshare_group_predecessors'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION ngeshare.group_predecessors(timestamptz) IS
'Groups beyond the first course that have met and that no link leads to, a row a group: SKIPPED_COURSE, LATE_START, EARLY_START or NO_PREDECESSOR, with the kin group that makes it so (the one that graduated last, for EARLY_START started last; then the smallest id) and the days from its graduation to this group''s start (started_on), NULL where it has not graduated.';

CREATE FUNCTION ngeshare_funnel(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    sequence_order            integer,
    course_name               text,
    groups_total              integer,
    groups_started            integer,
    graduated                 integer,
    active                    integer,
    stalled                   integer,
    not_started               integer,
    graduation_rate           numeric,
    continued                 integer,
    continuation_rate         numeric,
    awaiting                  integer,
    settled_continuation_rate numeric
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 4;
COMMENT ON FUNCTION ngeshare_funnel(timestamptz) IS
'The curriculum as a funnel, as of an instant, a row a course in its sequence, courses without groups too. Rates are percentages, NULL where there is nothing to divide by. The last course has nothing to go on to: its four continuation columns are NULL. Errors as for ngeshare_group_status().';

-- from src/settled/settle.sql

-- Writing down what reads would have to compute.

CREATE FUNCTION ngeshare.take_marks()
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_all   boolean := ngeshare.settled_part() = 'NONE';
    groups   text[];
    users    text[];
    hangouts text[];
BEGIN
    -- Marks that come from now on stay: what follows may or may not see their rows.
    WITH taken AS (
        DELETE FROM ngeshare.unsettled
        RETURNING group_id, user_id, hangout_id
    )
    SELECT
        array_agg(DISTINCT group_id) FILTER (WHERE group_id IS NOT NULL),
        array_agg(DISTINCT user_id) FILTER (WHERE user_id IS NOT NULL),
        array_agg(DISTINCT hangout_id) FILTER (WHERE hangout_id IS NOT NULL),
        is_all OR coalesce(bool_or(num_nonnulls(group_id, user_id, hangout_id) = 0), false)
    INTO groups, users, hangouts, is_all
    FROM taken;
    -- Whoever points to one of them and isn't seen yet leaves a mark of its own.
    RETURN ARRAY(
        SELECT unnest(groups)
        UNION
        SELECT "hangoutGroupId"
        FROM public."UserHangoutGroup"
        WHERE "userId" = ANY (users)
          AND "hangoutGroupId" IS NOT NULL
        UNION
        SELECT id
        FROM public."HangoutGroup"
        WHERE "hangoutId" = ANY (hangouts)
           OR is_all
        UNION
        SELECT group_id
        FROM ngeshare.settled_group
        WHERE is_all
        UNION
        -- Seats are of all groups, those outside of the curriculum as well.
        SELECT group_id
        FROM ngeshare.settled_seat
        WHERE is_all);
END
$$;
COMMENT ON FUNCTION ngeshare.take_marks() IS
'Takes all marks away and returns the groups that they stand for.';

CREATE FUNCTION ngeshare.write_settled_groups(ids text[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM ngeshare.settled_group WHERE group_id IN (SELECT unnest(ids));
    DELETE FROM ngeshare.settled_past WHERE group_id IN (SELECT unnest(ids));
    WITH anew AS MATERIALIZED (
        SELECT built, past
        FROM ngeshare.build_groups(ids)
    ), with_past AS (
        INSERT INTO ngeshare.settled_past
        SELECT (past).*
        FROM anew
    )
    INSERT INTO ngeshare.settled_group
    SELECT (built).*
    FROM anew
    -- An index that is written in its order is filled, and read with fewer pages.
    ORDER BY (built).settled_from;
    DELETE FROM ngeshare.settled_seat WHERE group_id IN (SELECT unnest(ids));
    INSERT INTO ngeshare.settled_seat
    SELECT *
    FROM ngeshare.build_seats(ids);
$$;
COMMENT ON FUNCTION ngeshare.write_settled_groups(text[]) IS
'Settles some groups and their seats anew; those that are gone lose their rows.';

CREATE FUNCTION ngeshare.write_settled_links(ids text[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM ngeshare.settled_link
    WHERE ids IS NULL
       OR group_a_id IN (SELECT unnest(ids))
       OR group_b_id IN (SELECT unnest(ids));
    INSERT INTO ngeshare.settled_link
    SELECT *
    FROM ngeshare.find_links(ids)
    WHERE ids IS NULL
       OR group_a_id IN (SELECT unnest(ids))
       OR group_b_id IN (SELECT unnest(ids));
$$;
COMMENT ON FUNCTION ngeshare.write_settled_links(text[]) IS
'Settles anew the links that lead from or to some groups, or all of them for NULL.';

CREATE FUNCTION ngeshare.settle(anew boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was   record;
    ids   text[];
BEGIN
    -- An older snapshot than the lock's sees marks, and not what another has settled since.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE invalid_transaction_state
            USING MESSAGE = format('groups cannot be settled in a %s transaction', upper(current_setting('transaction_isolation'))),
                  HINT = 'Call it in a READ COMMITTED transaction.';
    END IF;
    -- Who settles at the same time waits; nobody else is kept from anything.
    LOCK TABLE ngeshare.settled_state IN SHARE ROW EXCLUSIVE MODE;
    IF anew THEN
        DELETE FROM ngeshare.settled_state;
    END IF;
    SELECT part = 'NONE' AS is_all, has_links, link_settings INTO was FROM ngeshare.settling;
    ids := ngeshare.take_marks();
    -- From here on the settled rows count: those of these groups are about to be written.
    INSERT INTO ngeshare.settled_state AS state (zone, link_settings)
    VALUES (ngeshare.reporting_zone(), was.link_settings)
    ON CONFLICT (singleton) DO UPDATE
    SET zone = excluded.zone,
        link_settings = excluded.link_settings
    WHERE (state.zone, state.link_settings) IS DISTINCT FROM (excluded.zone, excluded.link_settings);
    IF anew OR was.is_all OR NOT was.has_links OR cardinality(ids) > 0 THEN
        -- What is kept goes by rows that are written anew here.
        DELETE FROM ngeshare.kept_answer;
    END IF;
    IF cardinality(ids) > 0 THEN
        PERFORM ngeshare.write_settled_groups(ids);
    END IF;
    IF was.is_all OR NOT was.has_links THEN
        PERFORM ngeshare.write_settled_links(NULL);
        ANALYZE ngeshare.settled_group, ngeshare.settled_past, ngeshare.settled_seat, ngeshare.settled_link;
    ELSIF cardinality(ids) > 0 THEN
        PERFORM ngeshare.write_settled_links(ids);
    END IF;
    RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION ngeshare.settle(boolean) IS
'Settles every group that was written to since it was settled, or all of them anew, and returns how many those were. Each sync does so at its end; who has loaded much by hand may, too. It changes no answer, only how fast one is. 25000 in a transaction that is not READ COMMITTED.';

-- from src/analytics/views_courses.sql

-- The views with a row a course, and those on the way from course to course.

CREATE VIEW v_curriculum_pipeline AS
SELECT
    group_a_id,
    course_a,
    group_b_id,
    course_b,
    shared_facilitator_id,
    shared_member_count,
    ngeshare.percentage(shared_member_count, smaller_member_count) AS overlap_pct,
    days_between
FROM ngeshare.link_then;
COMMENT ON VIEW v_curriculum_pipeline IS
'A row a link as of ngeshare_as_of(): group A went on to the next course as group B. The same as ngeshare_pipeline().';
COMMENT ON COLUMN v_curriculum_pipeline.group_a_id IS
'The group that graduated.';
COMMENT ON COLUMN v_curriculum_pipeline.course_a IS
'Its course.';
COMMENT ON COLUMN v_curriculum_pipeline.group_b_id IS
'The group that went on; one A may have several B and the reverse.';
COMMENT ON COLUMN v_curriculum_pipeline.course_b IS
'The next course.';
COMMENT ON COLUMN v_curriculum_pipeline.shared_facilitator_id IS
'The facilitator of both.';
COMMENT ON COLUMN v_curriculum_pipeline.shared_member_count IS
'Persons who are members of both; at least 2.';
COMMENT ON COLUMN v_curriculum_pipeline.overlap_pct IS
'They in percent of the smaller group, one decimal; at least 50 before rounding.';
COMMENT ON COLUMN v_curriculum_pipeline.days_between IS
'Days from A''s graduation to B''s first meeting: -30 to 90.';

CREATE VIEW v_curriculum_funnel AS
-- Who graduated longer ago than link_days is too late to get a link now.
WITH late AS (
    SELECT
        day AS today,
        ngeshare.setting('link_days') AS link_days
    FROM ngeshare.asked
)
SELECT
    sequence_order,
    course_name,
    groups_total,
    groups_started,
    graduated,
    active,
    stalled,
    not_started,
    ngeshare.percentage(graduated, groups_total) AS graduation_rate,
    CASE WHEN NOT is_last THEN continued END AS continued,
    CASE WHEN NOT is_last THEN ngeshare.percentage(continued, graduated) END AS continuation_rate,
    CASE WHEN NOT is_last THEN awaiting END AS awaiting,
    CASE WHEN NOT is_last THEN ngeshare.percentage(settled_continued, settled) END AS settled_continuation_rate
FROM (
    SELECT
        config.sequence_order,
        config.course_name,
        config.sequence_order = max(config.sequence_order) OVER () AS is_last,
        coalesce(counted.groups_total, 0) AS groups_total,
        coalesce(counted.groups_started, 0) AS groups_started,
        coalesce(counted.graduated, 0) AS graduated,
        coalesce(counted.active, 0) AS active,
        coalesce(counted.stalled, 0) AS stalled,
        coalesce(counted.not_started, 0) AS not_started,
        coalesce(went_on.continued, 0) AS continued,
        coalesce(counted.graduated - counted.settled, 0)
            - coalesce(went_on.continued - went_on.settled_continued, 0) AS awaiting,
        coalesce(counted.settled, 0) AS settled,
        coalesce(went_on.settled_continued, 0) AS settled_continued
    FROM public.course_config AS config
    LEFT JOIN (
        SELECT
            sequence_order,
            sum(groups)::integer AS groups_total,
            sum(met)::integer AS groups_started,
            sum(graduated)::integer AS graduated,
            sum(active)::integer AS active,
            sum(stalled)::integer AS stalled,
            sum(not_started)::integer AS not_started,
            sum(settled)::integer AS settled
        FROM (
            -- All but a few are plain, and counted by themselves: a fifth less time.
            SELECT
                sequence_order,
                count(*) AS groups,
                count(last_meeting) AS met,
                count(*) FILTER (WHERE status = 'GRADUATED') AS graduated,
                count(*) FILTER (WHERE status = 'ACTIVE') AS active,
                count(*) FILTER (WHERE status = 'STALLED') AS stalled,
                count(*) FILTER (WHERE status = 'NOT_STARTED') AS not_started,
                count(*) FILTER (WHERE (SELECT today FROM late) - graduated_on > (SELECT link_days FROM late)) AS settled
            FROM (
                SELECT
                    sequence_order,
                    last_meeting,
                    graduated_on,
                    ngeshare.status_of(last_meeting IS NOT NULL, max_episode_reached, max_episodes,
                        ngeshare.days_inactive((SELECT today FROM late), last_meeting, planned_on)) AS status
                FROM ngeshare.settled_then
                WHERE (SELECT ngeshare.settled_part() = 'ALL')
            ) AS plain
            GROUP BY sequence_order
            UNION ALL
            SELECT
                sequence_order,
                count(*),
                count(last_meeting_date),
                count(*) FILTER (WHERE status = 'GRADUATED'),
                count(*) FILTER (WHERE status = 'ACTIVE'),
                count(*) FILTER (WHERE status = 'STALLED'),
                count(*) FILTER (WHERE status = 'NOT_STARTED'),
                count(*) FILTER (WHERE (SELECT today FROM late) - graduated_on > (SELECT link_days FROM late))
            FROM ngeshare.group_fact
            WHERE NOT is_plain
            GROUP BY sequence_order
        ) AS part
        GROUP BY sequence_order
    ) AS counted ON counted.sequence_order = config.sequence_order
    LEFT JOIN (
        SELECT
            course_a AS course_name,
            count(*)::integer AS continued,
            (count(*) FILTER (WHERE (SELECT today FROM late) - graduated_on > (SELECT link_days FROM late)))::integer AS settled_continued
        FROM (SELECT course_a, min(graduated_on) AS graduated_on FROM ngeshare.link_then GROUP BY group_a_id, course_a) AS went_on
        GROUP BY course_a
    ) AS went_on ON went_on.course_name = config.course_name
) AS course
-- Asked even where nobody looks at the counts.
WHERE (SELECT at FROM ngeshare.asked) IS NOT NULL
ORDER BY sequence_order;
COMMENT ON VIEW v_curriculum_funnel IS
'A row a course as of ngeshare_as_of(): how many groups start, graduate and go on. The same as ngeshare_funnel().';
COMMENT ON COLUMN v_curriculum_funnel.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN v_curriculum_funnel.course_name IS
'The course.';
COMMENT ON COLUMN v_curriculum_funnel.groups_total IS
'All its groups.';
COMMENT ON COLUMN v_curriculum_funnel.groups_started IS
'Those that met at least once.';
COMMENT ON COLUMN v_curriculum_funnel.graduated IS
'Those with status GRADUATED.';
COMMENT ON COLUMN v_curriculum_funnel.active IS
'Those with status ACTIVE.';
COMMENT ON COLUMN v_curriculum_funnel.stalled IS
'Those with status STALLED.';
COMMENT ON COLUMN v_curriculum_funnel.not_started IS
'Those with status NOT_STARTED.';
COMMENT ON COLUMN v_curriculum_funnel.graduation_rate IS
'graduated in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN v_curriculum_funnel.continued IS
'Graduated groups that a link goes out from; NULL for the last course.';
COMMENT ON COLUMN v_curriculum_funnel.continuation_rate IS
'continued in percent of graduated; NULL for the last course and without graduates.';
COMMENT ON COLUMN v_curriculum_funnel.awaiting IS
'Graduated at most 90 days ago and without a link: they may still go on; NULL for the last course.';
COMMENT ON COLUMN v_curriculum_funnel.settled_continuation_rate IS
'Of the groups that graduated more than 90 days ago, the percentage with a link; NULL for the last course and without such groups.';

CREATE VIEW v_drop_off AS
SELECT
    course_name,
    episode,
    groups_reached,
    groups_stalled,
    round(100.0 * groups_stalled / nullif(course_stalled, 0), 1) AS stalled_pct,
    groups_stalled > 0 AND place = 1 AS is_peak
FROM (
    SELECT
        config.course_name,
        config.max_episodes,
        step.episode,
        (sum(coalesce(reached.groups, 0)) OVER (course ORDER BY step.episode DESC))::integer AS groups_reached,
        coalesce(reached.stalled, 0) AS groups_stalled,
        sum(reached.stalled) OVER course AS course_stalled,
        row_number() OVER (course ORDER BY coalesce(reached.stalled, 0) DESC, step.episode) AS place
    FROM public.course_config AS config
    CROSS JOIN LATERAL generate_series(0, config.max_episodes) AS step (episode)
    LEFT JOIN (
        SELECT
            sequence_order,
            least(max_episode_reached, max_episodes) AS episode,
            count(*) AS groups,
            (count(*) FILTER (WHERE status = 'STALLED'))::integer AS stalled
        FROM ngeshare.group_fact
        GROUP BY 1, 2
    ) AS reached ON reached.sequence_order = config.sequence_order AND reached.episode = step.episode
    WINDOW course AS (PARTITION BY config.course_name)
) AS counted
WHERE episode < max_episodes;
COMMENT ON VIEW v_drop_off IS
'A row a course and episode as of ngeshare_as_of(), courses without groups too: where do groups stop? Episode 0 is before the first.';
COMMENT ON COLUMN v_drop_off.course_name IS
'The course.';
COMMENT ON COLUMN v_drop_off.episode IS
'0 to one before the last: the furthest episode reached so far.';
COMMENT ON COLUMN v_drop_off.groups_reached IS
'Groups that reached this episode or a later one; for 0 all groups of the course.';
COMMENT ON COLUMN v_drop_off.groups_stalled IS
'STALLED groups that got exactly this far.';
COMMENT ON COLUMN v_drop_off.stalled_pct IS
'They in percent of the course''s STALLED groups, one decimal; NULL where none stalled.';
COMMENT ON COLUMN v_drop_off.is_peak IS
'Whether most of the course stalled here; on a tie the lowest episode, and none where nothing stalled.';

CREATE VIEW v_time_to_graduate AS
SELECT
    course_name,
    count(*)::integer AS groups,
    round(avg(days), 1) AS avg_days,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days)::numeric, 1) AS median_days,
    round(percentile_cont(0.9) WITHIN GROUP (ORDER BY days)::numeric, 1) AS p90_days,
    min(days) AS min_days,
    max(days) AS max_days
FROM (
    SELECT
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
) AS graduate
GROUP BY course_name;
COMMENT ON VIEW v_time_to_graduate IS
'A row a course with a graduate as of ngeshare_as_of(): days from a group''s first meeting to its graduation.';
COMMENT ON COLUMN v_time_to_graduate.course_name IS
'The course.';
COMMENT ON COLUMN v_time_to_graduate.groups IS
'Its graduated groups.';
COMMENT ON COLUMN v_time_to_graduate.avg_days IS
'The average, one decimal.';
COMMENT ON COLUMN v_time_to_graduate.median_days IS
'The median (percentile_cont); of whole days it has one decimal.';
COMMENT ON COLUMN v_time_to_graduate.p90_days IS
'The days within which nine in ten graduated (percentile_cont); of whole days it has one decimal.';
COMMENT ON COLUMN v_time_to_graduate.min_days IS
'The fewest; 0 where a group graduated on the day it first met.';
COMMENT ON COLUMN v_time_to_graduate.max_days IS
'The most.';

CREATE VIEW v_graduation_outliers AS
WITH graduate AS (
    SELECT
        group_id,
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
), quartile AS (
    SELECT
        course_name,
        percentile_cont(0.25) WITHIN GROUP (ORDER BY days) AS lower,
        percentile_cont(0.75) WITHIN GROUP (ORDER BY days) AS upper
    FROM graduate
    GROUP BY course_name
)
SELECT
    graduate.group_id,
    graduate.course_name,
    graduate.days AS days_to_graduate,
    CASE WHEN graduate.days < quartile.lower THEN 'FAST' ELSE 'SLOW' END AS outlier
FROM graduate
JOIN quartile ON quartile.course_name = graduate.course_name
WHERE graduate.days < quartile.lower - 1.5 * (quartile.upper - quartile.lower)
   OR graduate.days > quartile.upper + 1.5 * (quartile.upper - quartile.lower);
COMMENT ON VIEW v_graduation_outliers IS
'A row a graduated group as of ngeshare_as_of() that took far less or far more time than its course''s others.';
COMMENT ON COLUMN v_graduation_outliers.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_graduation_outliers.course_name IS
'Its course.';
COMMENT ON COLUMN v_graduation_outliers.days_to_graduate IS
'Days from its first meeting to its graduation.';
COMMENT ON COLUMN v_graduation_outliers.outlier IS
'FAST or SLOW: more than 1.5 times the distance between the quartiles of its course''s graduates below the first or above the third.';

CREATE VIEW v_cohort AS
WITH started AS (
    SELECT
        sequence_order,
        course_name,
        date_trunc('month', first_meeting_date::timestamp)::date AS month,
        first_meeting_date,
        graduated_on
    FROM ngeshare.group_fact
    WHERE first_meeting_date IS NOT NULL
), counted AS (
    SELECT
        sequence_order,
        course_name,
        month,
        (month + interval '1 month' - interval '1 day')::date AS last_day,
        count(*)::integer AS groups,
        (count(*) FILTER (WHERE graduated_on <= first_meeting_date + interval '3 months'))::integer AS in_3_months,
        (count(*) FILTER (WHERE graduated_on <= first_meeting_date + interval '6 months'))::integer AS in_6_months,
        (count(*) FILTER (WHERE graduated_on <= first_meeting_date + interval '9 months'))::integer AS in_9_months,
        count(graduated_on)::integer AS graduated
    FROM started
    GROUP BY 1, 2, 3
), closed AS (
    SELECT
        counted.*,
        last_day + interval '3 months' < asked.day AS closed_3_months,
        last_day + interval '6 months' < asked.day AS closed_6_months,
        last_day + interval '9 months' < asked.day AS closed_9_months
    FROM counted
    CROSS JOIN ngeshare.asked
)
SELECT
    sequence_order,
    course_name,
    month,
    groups,
    in_3_months AS graduated_3_months,
    in_6_months AS graduated_6_months,
    in_9_months AS graduated_9_months,
    CASE WHEN closed_3_months THEN round(100.0 * in_3_months / groups, 1) END AS graduated_3_months_pct,
    CASE WHEN closed_6_months THEN round(100.0 * in_6_months / groups, 1) END AS graduated_6_months_pct,
    CASE WHEN closed_9_months THEN round(100.0 * in_9_months / groups, 1) END AS graduated_9_months_pct,
    graduated,
    NOT closed_9_months AS is_open
FROM closed;
COMMENT ON VIEW v_cohort IS
'A row a course and month in which groups of it first met, as of ngeshare_as_of(): how many of them graduated within 3, 6 and 9 months of their own first meeting?';
COMMENT ON COLUMN v_cohort.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN v_cohort.course_name IS
'The course.';
COMMENT ON COLUMN v_cohort.month IS
'The first day of the month in which these groups first met.';
COMMENT ON COLUMN v_cohort.groups IS
'Groups of the course that first met in it.';
COMMENT ON COLUMN v_cohort.graduated_3_months IS
'Those that graduated at most 3 months after the day they first met, so far.';
COMMENT ON COLUMN v_cohort.graduated_6_months IS
'Those that graduated at most 6 months after the day they first met, so far.';
COMMENT ON COLUMN v_cohort.graduated_9_months IS
'Those that graduated at most 9 months after the day they first met, so far.';
COMMENT ON COLUMN v_cohort.graduated_3_months_pct IS
'They in percent of groups, one decimal; NULL while one that first met on the last day of the month still has time.';
COMMENT ON COLUMN v_cohort.graduated_6_months_pct IS
'They in percent of groups, one decimal; NULL while one that first met on the last day of the month still has time.';
COMMENT ON COLUMN v_cohort.graduated_9_months_pct IS
'They in percent of groups, one decimal; NULL while one that first met on the last day of the month still has time.';
COMMENT ON COLUMN v_cohort.graduated IS
'Those that have graduated, however long it took.';
COMMENT ON COLUMN v_cohort.is_open IS
'Whether the nine months of a group that first met on the last day of the month are not over yet.';

CREATE VIEW v_resume_chance AS
WITH counted AS (
    SELECT
        course_name,
        days,
        resumed,
        lasting,
        sum(resumed + lasting) OVER (PARTITION BY course_name ORDER BY days DESC) AS silences
    FROM ngeshare.count_silences()
), longer AS (
    SELECT
        *,
        coalesce(bool_or(resumed = silences) OVER all_longer, false) AS is_certain,
        sum(ln(1 - resumed / nullif(silences, resumed))) OVER all_longer AS log_share
    FROM counted
    WINDOW all_longer AS (
        PARTITION BY course_name ORDER BY days DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
-- A row a course and number of days already: DISTINCT lets the planner know, so
-- that who joins this and shows none of it does not compute it.
SELECT DISTINCT ON (course_name, days)
    course_name,
    days AS days_silent,
    silences::integer AS silences,
    resumed::integer AS resumed,
    lasting::integer AS lasting,
    round(100 * (1 - CASE WHEN is_certain THEN 0 ELSE round(exp(coalesce(log_share, 0)), 12) END), 1) AS resume_chance
FROM longer;
COMMENT ON VIEW v_resume_chance IS
'A row a course and number of days that a silence of one of its groups lasted, as of ngeshare_as_of(): how likely does a group that has been silent for so long meet again? After Kaplan and Meier, so that groups still silent count for as long as is known.';
COMMENT ON COLUMN v_resume_chance.course_name IS
'The course.';
COMMENT ON COLUMN v_resume_chance.days_silent IS
'Days from a meeting to the next, or to today where there was none since. What follows a graduation does not count.';
COMMENT ON COLUMN v_resume_chance.silences IS
'Silences of the course that lasted at least so long.';
COMMENT ON COLUMN v_resume_chance.resumed IS
'Those of them that ended just then with a meeting.';
COMMENT ON COLUMN v_resume_chance.lasting IS
'Those of them that last just so long today: of groups that have not graduated.';
COMMENT ON COLUMN v_resume_chance.resume_chance IS
'The chance in percent that a silence that has lasted so long ends with a meeting, one decimal: 1 less the product, over all longer ones, of 1 - resumed / silences.';

-- from src/analytics/views_groups.sql

-- The views with a row a group.

CREATE VIEW v_group_summary AS
SELECT
    group_id,
    group_name,
    course_name,
    max_episodes,
    facilitator_id,
    facilitator_name,
    member_count,
    created_at,
    facilitator_id IS NULL AS needs_facilitator,
    facilitator_count,
    facilitator_is_deleted
FROM ngeshare.group_fact;
COMMENT ON VIEW v_group_summary IS
'A row a curriculum group as of ngeshare_as_of(): what it is, who leads it, how many members it has.';
COMMENT ON COLUMN v_group_summary.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_group_summary.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_group_summary.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN v_group_summary.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN v_group_summary.facilitator_id IS
'The user of its FACILITATOR record with the earliest joinedAt (tie: the smallest record id); NULL where it has none.';
COMMENT ON COLUMN v_group_summary.facilitator_name IS
'The facilitator''s email, or id where there is none; NULL without a facilitator.';
COMMENT ON COLUMN v_group_summary.member_count IS
'Its distinct persons with a MEMBER record and no FACILITATOR record there; a person is a user, or an email address without one.';
COMMENT ON COLUMN v_group_summary.created_at IS
'When production made the group.';
COMMENT ON COLUMN v_group_summary.needs_facilitator IS
'Whether it has no facilitator.';
COMMENT ON COLUMN v_group_summary.facilitator_count IS
'Distinct users with a FACILITATOR record; more than one is an anomaly.';
COMMENT ON COLUMN v_group_summary.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without one.';

CREATE VIEW v_group_progress AS
SELECT
    group_id,
    max_episode_reached,
    last_meeting_date,
    total_meetings,
    CASE WHEN last_meeting_date IS NOT NULL THEN days_inactive END AS days_since_last_meeting,
    first_meeting_date,
    graduated_on
FROM ngeshare.group_fact;
COMMENT ON VIEW v_group_progress IS
'A row a curriculum group as of ngeshare_as_of(): how far it has come and when it met. Days are local days of ngeshare.timezone.';
COMMENT ON COLUMN v_group_progress.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_group_progress.max_episode_reached IS
'The greatest "order" of an episode of its own hangout that it attended; 0 for none.';
COMMENT ON COLUMN v_group_progress.last_meeting_date IS
'The day of its last attendance, at any episode; NULL if it never met.';
COMMENT ON COLUMN v_group_progress.total_meetings IS
'Distinct days with attendance.';
COMMENT ON COLUMN v_group_progress.days_since_last_meeting IS
'Days from then to today; NULL if it never met.';
COMMENT ON COLUMN v_group_progress.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN v_group_progress.graduated_on IS
'The day it first attended an own episode at or beyond max_episodes; NULL if it has not graduated.';

CREATE VIEW v_group_status AS
SELECT
    group_id,
    course_name,
    status,
    progress_pct,
    days_inactive,
    group_name,
    sequence_order,
    max_episodes,
    max_episode_reached,
    total_meetings,
    first_meeting_date,
    last_meeting_date,
    graduated_on,
    started_on,
    facilitator_id,
    facilitator_name,
    member_count
FROM ngeshare.group_fact;
COMMENT ON VIEW v_group_status IS
'A row a curriculum group as of ngeshare_as_of(): is it graduated, active, not started or stalled? The same as ngeshare_group_status().';
COMMENT ON COLUMN v_group_status.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_group_status.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN v_group_status.status IS
'GRADUATED, else ACTIVE (met, and silent for at most 28 days), else NOT_STARTED (never met, planned at most 28 days ago or later), else STALLED.';
COMMENT ON COLUMN v_group_status.progress_pct IS
'Percent of the course reached, at most 100, one decimal.';
COMMENT ON COLUMN v_group_status.days_inactive IS
'Days since its last meeting; for one that never met since its planned start (startDate, else createdAt); at least 0.';
COMMENT ON COLUMN v_group_status.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_group_status.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN v_group_status.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN v_group_status.max_episode_reached IS
'The greatest "order" of an own episode that it attended; 0 for none.';
COMMENT ON COLUMN v_group_status.total_meetings IS
'Distinct days with attendance.';
COMMENT ON COLUMN v_group_status.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN v_group_status.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN v_group_status.graduated_on IS
'The day it graduated; NULL if it has not.';
COMMENT ON COLUMN v_group_status.started_on IS
'The day of its first meeting, else of its planned start.';
COMMENT ON COLUMN v_group_status.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN v_group_status.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN v_group_status.member_count IS
'Its distinct members.';

CREATE VIEW v_rescue_list AS
SELECT
    group_id,
    group_name,
    fact.course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    max_episodes - max_episode_reached AS episodes_remaining,
    progress_pct,
    days_inactive,
    facilitator_is_deleted,
    CASE WHEN last_meeting_date IS NOT NULL THEN chance.resume_chance END AS resume_chance
FROM ngeshare.group_fact AS fact
LEFT JOIN v_resume_chance AS chance ON chance.course_name = fact.course_name AND chance.days_silent = fact.days_inactive
WHERE is_rescuable
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW v_rescue_list IS
'A row a STALLED group with at least 70 % of its course behind it, the most recently active first: whom to call. As of ngeshare_as_of().';
COMMENT ON COLUMN v_rescue_list.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_rescue_list.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_rescue_list.course_name IS
'Its course.';
COMMENT ON COLUMN v_rescue_list.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN v_rescue_list.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN v_rescue_list.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN v_rescue_list.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN v_rescue_list.episodes_remaining IS
'Episodes from the furthest one reached to the last.';
COMMENT ON COLUMN v_rescue_list.progress_pct IS
'Percent of the course reached, one decimal; the threshold (ngeshare.rescue_min_pct) compares it before rounding.';
COMMENT ON COLUMN v_rescue_list.days_inactive IS
'Days since its last meeting.';
COMMENT ON COLUMN v_rescue_list.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';
COMMENT ON COLUMN v_rescue_list.resume_chance IS
'The chance in percent that it meets again, from v_resume_chance: of the silences of its course that lasted as long; NULL if it never met.';

CREATE VIEW v_at_risk AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    days_inactive,
    active_days + 1 - days_inactive AS days_until_stalled,
    CASE WHEN is_silent THEN 'SILENT' ELSE 'RHYTHM' END AS reason,
    round((last_meeting_date - first_meeting_date)::numeric / nullif(total_meetings - 1, 0), 1) AS rhythm_days,
    progress_pct,
    facilitator_is_deleted
FROM (
    SELECT
        *,
        2 * days_inactive >= active_days AS is_silent,
        total_meetings >= 3
            AND days_inactive * (total_meetings - 1) > 2 * (last_meeting_date - first_meeting_date) AS is_out_of_rhythm
    FROM ngeshare.group_fact
    CROSS JOIN (SELECT ngeshare.setting('active_days') AS active_days OFFSET 0) AS threshold
    WHERE status = 'ACTIVE'
) AS fact
WHERE is_silent OR is_out_of_rhythm
ORDER BY days_until_stalled, group_id COLLATE "C";
COMMENT ON VIEW v_at_risk IS
'A row an ACTIVE group on its way to stalling, the soonest first: silent for at least half of the 28 days, or for more than twice its own rhythm. As of ngeshare_as_of().';
COMMENT ON COLUMN v_at_risk.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_at_risk.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_at_risk.course_name IS
'Its course.';
COMMENT ON COLUMN v_at_risk.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN v_at_risk.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN v_at_risk.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN v_at_risk.last_meeting_date IS
'The day of its last attendance.';
COMMENT ON COLUMN v_at_risk.days_inactive IS
'Days since its last meeting.';
COMMENT ON COLUMN v_at_risk.days_until_stalled IS
'Days from today to the day on which it stalls if it does not meet: ngeshare.active_days + 1 - days_inactive.';
COMMENT ON COLUMN v_at_risk.reason IS
'SILENT: at least half of ngeshare.active_days (14 of 28) without a meeting; else RHYTHM: it met on at least three days, and has been silent for more than twice rhythm_days.';
COMMENT ON COLUMN v_at_risk.rhythm_days IS
'The average number of days between its meetings, one decimal (compared before rounding); NULL after a single one.';
COMMENT ON COLUMN v_at_risk.progress_pct IS
'Percent of the course reached, one decimal.';
COMMENT ON COLUMN v_at_risk.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';

-- from src/analytics/views_people.sql

-- The views on people: who belongs where, who leads, and how they come to it.

CREATE VIEW v_member_roster AS
SELECT
    seat.group_id,
    seat.user_id,
    seat.user_name,
    seat.role,
    seat.joined_at AT TIME ZONE 'UTC' AS joined_at,
    CASE
        WHEN seat.user_id IS NULL THEN false
        -- Where those days begin before the window of raw attendance, nobody knows.
        WHEN EXISTS (
            SELECT 1
            FROM ngeshare.history_state
            CROSS JOIN ngeshare.asked
            WHERE isfinite(history_state.window_start)
              AND asked.day - ngeshare.local_day(history_state.window_start, history_state.zone)
                      < ngeshare.setting('active_days')
        ) THEN NULL
        -- Who had never come by then has no day.
        ELSE coalesce(
            (SELECT day FROM ngeshare.asked)
                - ngeshare.local_day(
                    seat.attended_at[width_bucket(ngeshare.as_of_utc(), seat.attended_at)],
                    ngeshare.reporting_zone())
                <= (SELECT ngeshare.setting('active_days')),
            false)
    END AS is_active,
    coalesce(seat.deleted_at <= ngeshare.as_of_utc(), false) AS is_deleted
FROM ngeshare.seat
WHERE seat.is_first
  AND seat.course_number IS NOT NULL;
COMMENT ON VIEW v_member_roster IS
'A row a curriculum group, person and role there, as of ngeshare_as_of(): who belongs to it, and who still comes. Somebody with both roles has two rows.';
COMMENT ON COLUMN v_member_roster.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_member_roster.user_id IS
'The user; NULL for a person who is known by an email address only.';
COMMENT ON COLUMN v_member_roster.user_name IS
'The user''s email, or id where there is none; for a person without a user the address of the earliest record there (tie: the smallest record id).';
COMMENT ON COLUMN v_member_roster.role IS
'MEMBER or FACILITATOR.';
COMMENT ON COLUMN v_member_roster.joined_at IS
'The earliest joinedAt of this person and role there.';
COMMENT ON COLUMN v_member_roster.is_active IS
'Whether this user attended this group in the last 28 days (ngeshare.active_days); false for a person without a user; NULL where those days begin before the window of raw attendance, so that it is not known here.';
COMMENT ON COLUMN v_member_roster.is_deleted IS
'Whether the user is soft-deleted; false for a person without a user.';

CREATE VIEW v_facilitator_alumni AS
WITH lead AS (
    SELECT
        user_id,
        min(user_name) AS user_name,
        min(deleted_at) AS deleted_at,
        min(joined_at) AS facilitator_at,
        max(joined_at) AS current_at
    FROM ngeshare.seat
    WHERE role = 'FACILITATOR'
      AND user_id IS NOT NULL
    GROUP BY user_id
), member AS (
    SELECT
        user_id,
        min(joined_at) AS member_at
    FROM ngeshare.seat
    -- Not those of lead: read twice it would be kept, which costs more than it does.
    WHERE role = 'MEMBER'
      AND user_id IN (SELECT user_id FROM ngeshare.seat WHERE role = 'FACILITATOR')
    GROUP BY user_id
)
SELECT
    lead.user_id AS facilitator_id,
    lead.user_name AS facilitator_name,
    coalesce(member.member_at < lead.current_at, false) AS is_alumni,
    ngeshare.local_day(member.member_at, ngeshare.reporting_zone()) AS member_since,
    ngeshare.local_day(lead.facilitator_at, ngeshare.reporting_zone()) AS facilitator_since,
    ngeshare.local_day(lead.current_at, ngeshare.reporting_zone()) AS current_facilitator_since,
    coalesce(lead.deleted_at <= ngeshare.as_of_utc(), false) AS is_deleted
FROM lead
LEFT JOIN member ON member.user_id = lead.user_id;
COMMENT ON VIEW v_facilitator_alumni IS
'A row a user who leads or led a group, in the curriculum or not, as of ngeshare_as_of(): did they grow out of the members?';
COMMENT ON COLUMN v_facilitator_alumni.facilitator_id IS
'The user.';
COMMENT ON COLUMN v_facilitator_alumni.facilitator_name IS
'The user''s email, or id where there is none.';
COMMENT ON COLUMN v_facilitator_alumni.is_alumni IS
'Whether they first joined any group as a MEMBER before they last joined one as a FACILITATOR.';
COMMENT ON COLUMN v_facilitator_alumni.member_since IS
'The day they first joined a group as a MEMBER; NULL if they never did.';
COMMENT ON COLUMN v_facilitator_alumni.facilitator_since IS
'The day they first joined a group as a FACILITATOR.';
COMMENT ON COLUMN v_facilitator_alumni.current_facilitator_since IS
'The day they last did.';
COMMENT ON COLUMN v_facilitator_alumni.is_deleted IS
'Whether the user is soft-deleted.';

CREATE FUNCTION ngeshare.active_groups()
RETURNS SETOF text
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A function, planned once a session: planning took as long as the statuses of 3,000
    -- groups do. It is planned for the first instant that the session asks about.
    RETURN QUERY
    SELECT group_id
    FROM ngeshare.group_fact
    WHERE status = 'ACTIVE';
END
$$;
COMMENT ON FUNCTION ngeshare.active_groups() IS
'The ids of the groups that are ACTIVE as of ngeshare_as_of().';

CREATE FUNCTION ngeshare.computed_journeys()
RETURNS TABLE
(
    user_id            text,
    user_name          text,
    deleted_at         timestamp,
    groups_joined      integer,
    courses_completed  integer,
    current_number     integer,
    is_facilitator_now boolean
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    IF ngeshare.settled_part() = 'ALL' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT
        seat.user_id,
        min(seat.user_name),
        min(seat.deleted_at),
        (count(*) FILTER (WHERE seat.is_membership))::integer,
        ngeshare.count_numbers(seat.course_number)
            FILTER (WHERE seat.is_membership AND seat.completed_at <= ngeshare.as_of_utc()),
        max(seat.course_number) FILTER (
            WHERE seat.is_membership
              -- What has graduated is not active.
              AND (seat.completed_at > ngeshare.as_of_utc()) IS NOT FALSE
              AND seat.group_id IN (SELECT active_group FROM ngeshare.active_groups() AS active_group)),
        bool_or(seat.role = 'FACILITATOR')
    FROM (
        SELECT
            *,
            is_first AND course_number IS NOT NULL AND role = 'MEMBER' AS is_membership
        FROM ngeshare.seat_by_user
    ) AS seat
    GROUP BY seat.user_id
    HAVING count(*) FILTER (WHERE seat.is_membership) > 0;
END
$$;
COMMENT ON FUNCTION ngeshare.computed_journeys() IS
'v_member_journey''s rows while not all seats are settled, before the course has a name; none while all are.';

CREATE VIEW v_member_journey AS
SELECT
    walked.user_id,
    walked.user_name,
    walked.groups_joined,
    walked.courses_completed,
    course.course_name AS current_course,
    walked.is_facilitator_now,
    coalesce(walked.deleted_at <= ngeshare.as_of_utc(), false) AS is_deleted
FROM (
    -- One pass over all seats, those of facilitators and outside the curriculum too. Settled
    -- seats alone are grouped by themselves: so the planner knows how many users there are.
    SELECT
        seat.user_id,
        min(seat.user_name) AS user_name,
        min(seat.deleted_at) AS deleted_at,
        (count(*) FILTER (WHERE seat.is_membership))::integer AS groups_joined,
        ngeshare.count_numbers(seat.course_number)
            FILTER (WHERE seat.is_membership AND seat.completed_at <= ngeshare.as_of_utc()) AS courses_completed,
        max(seat.course_number) FILTER (
            WHERE seat.is_membership
              -- What has graduated is not active.
              AND (seat.completed_at > ngeshare.as_of_utc()) IS NOT FALSE
              AND seat.group_id IN (SELECT active_group FROM ngeshare.active_groups() AS active_group)) AS current_number,
        bool_or(seat.role = 'FACILITATOR') AS is_facilitator_now
    FROM (
        SELECT
            *,
            is_first AND course_number IS NOT NULL AND role = 'MEMBER' AS is_membership
        FROM ngeshare.settled_seat
        WHERE user_id IS NOT NULL
          AND exists_from <= ngeshare.as_of_utc()
          AND (SELECT ngeshare.settled_part() = 'ALL')
    ) AS seat
    GROUP BY seat.user_id
    HAVING count(*) FILTER (WHERE seat.is_membership) > 0
    UNION ALL
    SELECT
        user_id,
        user_name,
        deleted_at,
        groups_joined,
        courses_completed,
        current_number,
        is_facilitator_now
    FROM ngeshare.computed_journeys()
) AS walked
LEFT JOIN ngeshare.numbered_course AS course ON course.course_number = walked.current_number;
COMMENT ON VIEW v_member_journey IS
'A row a user who is or was a member of a curriculum group, as of ngeshare_as_of(): how far have they come? ngeshare_member_journey(user_id) tells one user''s whole way.';
COMMENT ON COLUMN v_member_journey.user_id IS
'The user.';
COMMENT ON COLUMN v_member_journey.user_name IS
'The user''s email, or id where there is none.';
COMMENT ON COLUMN v_member_journey.groups_joined IS
'Distinct curriculum groups with a MEMBER record of theirs.';
COMMENT ON COLUMN v_member_journey.courses_completed IS
'Distinct courses of those groups that are GRADUATED and that they had joined as a MEMBER by the attendance that graduated the group.';
COMMENT ON COLUMN v_member_journey.current_course IS
'The course, latest in sequence, of those groups that are ACTIVE; NULL where none is.';
COMMENT ON COLUMN v_member_journey.is_facilitator_now IS
'Whether they have a FACILITATOR record in any group, in the curriculum or not.';
COMMENT ON COLUMN v_member_journey.is_deleted IS
'Whether the user is soft-deleted.';

CREATE VIEW v_facilitator_growth AS
SELECT
    count(*)::integer AS total_facilitators,
    (
        SELECT count(user_id)::integer
        FROM (
            SELECT DISTINCT user_id
            FROM ngeshare.seat
            WHERE role = 'FACILITATOR'
              AND group_id IN (
                  SELECT group_id
                  FROM ngeshare.group_fact
                  WHERE first_meeting_date IS NOT NULL
                    AND days_inactive <= (SELECT ngeshare.setting('active_days')))
        ) AS leader
    ) AS active_facilitators,
    (count(*) FILTER (WHERE is_alumni))::integer AS alumni_facilitators,
    round(100.0 * count(*) FILTER (WHERE is_alumni) / nullif(count(*), 0), 1) AS alumni_pct
FROM v_facilitator_alumni;
COMMENT ON VIEW v_facilitator_growth IS
'One row as of ngeshare_as_of(), also where there is nobody yet: how many lead, how many of them now, and how many grew out of the members?';
COMMENT ON COLUMN v_facilitator_growth.total_facilitators IS
'Users with a FACILITATOR record in any group: the rows of v_facilitator_alumni.';
COMMENT ON COLUMN v_facilitator_growth.active_facilitators IS
'Distinct users with a FACILITATOR record in a curriculum group that has met, and not longer ago than 28 days (ngeshare.active_days), graduated or not.';
COMMENT ON COLUMN v_facilitator_growth.alumni_facilitators IS
'Those of total_facilitators with is_alumni.';
COMMENT ON COLUMN v_facilitator_growth.alumni_pct IS
'They in percent of total_facilitators, one decimal; NULL without facilitators.';

CREATE VIEW v_facilitator_monthly AS
WITH began AS (
    SELECT
        date_trunc('month', facilitator_since::timestamp) AS month,
        count(*) AS facilitators
    FROM v_facilitator_alumni
    GROUP BY 1
), span AS (
    -- A day beyond the last timestamp has a month, too, but no timestamp.
    SELECT
        (SELECT min(month) FROM began) AS first_month,
        least(day, date '294276-12-31') AS last_day
    FROM ngeshare.asked
), calendar AS (
    SELECT
        span.first_month + number * interval '1 month' AS month
    FROM span
    CROSS JOIN LATERAL generate_series(
        0,
        (12 * (extract(year FROM span.last_day) - extract(year FROM span.first_month))
            + extract(month FROM span.last_day) - extract(month FROM span.first_month))::integer
    ) AS number
)
SELECT
    calendar.month::date AS month,
    coalesce(began.facilitators, 0)::integer AS new_facilitators,
    (sum(coalesce(began.facilitators, 0)) OVER (ORDER BY calendar.month))::integer AS total_facilitators
FROM calendar
LEFT JOIN began ON began.month = calendar.month;
COMMENT ON VIEW v_facilitator_monthly IS
'A row a month from the first facilitator''s to that of ngeshare_as_of(), months without a new one too: how does their number grow? No row without facilitators.';
COMMENT ON COLUMN v_facilitator_monthly.month IS
'The first day of the month.';
COMMENT ON COLUMN v_facilitator_monthly.new_facilitators IS
'Users whose facilitator_since (v_facilitator_alumni) lies in it.';
COMMENT ON COLUMN v_facilitator_monthly.total_facilitators IS
'All up to its end.';

-- from src/analytics/views_anomalies.sql

-- What does not look as it should, a row a kind and group.

CREATE VIEW v_anomalies AS
WITH found AS (
    SELECT
        odd.kind,
        fact.group_id,
        odd.detail
    FROM (
        SELECT
            *,
            facilitator_id IS NULL AS is_without,
            facilitator_count > 1 AS has_several,
            member_count NOT BETWEEN 2 AND 5 AS is_out_of_range,
            max_episode_reached > max_episodes AS is_beyond,
            foreign_days > 0 AS is_astray
        FROM ngeshare.group_fact
    ) AS fact
    CROSS JOIN LATERAL (
        VALUES
            ('NEEDS_FACILITATOR', fact.is_without, 'it has no FACILITATOR record of a user'),
            ('MULTIPLE_FACILITATORS', fact.has_several,
                format('%s users have a FACILITATOR record', fact.facilitator_count)),
            ('MEMBER_COUNT_OUT_OF_RANGE', fact.is_out_of_range,
                format('it has %s members, not 2 to 5', fact.member_count)),
            ('EPISODE_BEYOND_MAX', fact.is_beyond,
                format('it attended episode %s of %s', fact.max_episode_reached, fact.max_episodes)),
            ('FOREIGN_EPISODE', fact.is_astray,
                format('on %s days somebody attended an episode of another hangout', fact.foreign_days))
    ) AS odd (kind, holds, detail)
    WHERE odd.holds
      AND (fact.is_without OR fact.has_several OR fact.is_out_of_range OR fact.is_beyond OR fact.is_astray)
    UNION ALL
    SELECT
        why.kind,
        why.group_id,
        CASE
            WHEN why.predecessor_id IS NULL
                THEN 'no kin group of an earlier course explains where it came from'
            WHEN why.predecessor_graduated_on IS NULL
                THEN format('it started on %s; group %s of %s, which started on %s, has not graduated',
                    why.started_on, why.predecessor_id, why.predecessor_course, why.predecessor_started_on)
            ELSE format('it started on %s; group %s of %s graduated on %s',
                why.started_on, why.predecessor_id, why.predecessor_course, why.predecessor_graduated_on)
        END
    FROM ngeshare.group_predecessors() AS why
    UNION ALL
    SELECT
        'FUTURE_ATTENDANCE',
        group_id,
        format('somebody attended on %s, which is yet to come', ngeshare.local_day(last_at, ngeshare.reporting_zone()))
    FROM ngeshare.group_record
    WHERE last_at > (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC')
      AND created_at <= (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC')
)
SELECT
    kind,
    group_id,
    CASE kind WHEN 'NO_PREDECESSOR' THEN 'info' ELSE 'warning' END AS severity,
    detail
FROM found;
COMMENT ON VIEW v_anomalies IS
'A row a kind of anomaly and curriculum group as of ngeshare_as_of(): what does not look as it should?';
COMMENT ON COLUMN v_anomalies.kind IS
'NEEDS_FACILITATOR; MULTIPLE_FACILITATORS (distinct users); MEMBER_COUNT_OUT_OF_RANGE (not 2 to 5); of a group that has met, beyond the first course and without a link to it, the first that holds: SKIPPED_COURSE, LATE_START, EARLY_START, NO_PREDECESSOR; FOREIGN_EPISODE (attendance at another hangout''s episode); EPISODE_BEYOND_MAX (at an own episode beyond max_episodes); FUTURE_ATTENDANCE (after the real clock, whatever as_of is).';
COMMENT ON COLUMN v_anomalies.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_anomalies.severity IS
'info for NO_PREDECESSOR, warning for all others.';
COMMENT ON COLUMN v_anomalies.detail IS
'The facts behind it, in a sentence. Where several kin groups make a group late, early or a skipper, the one that graduated last (for EARLY_START: started last; then the smallest id).';

-- from src/analytics/explain.sql

-- One group's facts with their reasons, and one person's way: the views' rows for
-- people who want to know why. Both answer as of their argument, which stands in
-- for ngeshare.as_of while they run.

CREATE FUNCTION ngeshare.status_reason
(
    status              text,
    has_met             boolean,
    days_inactive       integer,
    planned_start       date,
    max_episode_reached integer,
    max_episodes        integer,
    graduated_on        date
)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN status = 'GRADUATED' THEN
            format('it reached episode %s of %s, the last one first on %s', max_episode_reached, max_episodes, graduated_on)
        WHEN has_met THEN
            format('it reached episode %s of %s and last met %s days ago; up to %s count as active',
                max_episode_reached, max_episodes, days_inactive, ngeshare.setting('active_days'))
        ELSE
            format('it has never met, and was to start on %s, %s days ago; up to %s count as not started',
                planned_start, days_inactive, ngeshare.setting('active_days'))
    END
$$;
COMMENT ON FUNCTION ngeshare.status_reason(text, boolean, integer, date, integer, integer, date) IS
'Why a group has its status, in a sentence.';

CREATE FUNCTION ngeshare_explain_group
(
    group_id text,
    as_of    timestamptz DEFAULT ngeshare_as_of()
)
RETURNS TABLE
(
    fact    text,
    value   text,
    because text
)
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
COST 1000000
ROWS 20
AS $$
DECLARE
    wanted ALIAS FOR group_id;
    known  record;
BEGIN
    PERFORM ngeshare.asked_at(as_of);
    PERFORM set_config('ngeshare.as_of', as_of::text, true);
    IF wanted IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'group_id must not be NULL';
    END IF;
    SELECT * INTO known FROM ngeshare.group_fact AS listed WHERE listed.group_id = wanted;
    IF NOT FOUND THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('no curriculum group "%s" exists as of %s', wanted, as_of),
                  HINT = 'SELECT group_id, group_name FROM v_group_summary lists those that do.';
    END IF;
    RETURN QUERY VALUES
        ('group_name', known.group_name, 'HangoutGroup.name'),
        ('course_name', known.course_name,
            format('the name of its hangout; it graduates at episode %s', known.max_episodes)),
        ('status', known.status, ngeshare.status_reason(known.status, known.first_meeting_date IS NOT NULL,
            known.days_inactive, known.started_on, known.max_episode_reached, known.max_episodes, known.graduated_on)),
        ('progress_pct', known.progress_pct::text,
            format('episode %s of %s is the furthest of its own hangout that somebody attended',
                known.max_episode_reached, known.max_episodes)),
        ('total_meetings', known.total_meetings::text,
            CASE WHEN known.first_meeting_date IS NULL THEN 'days with attendance'
                 ELSE format('days with attendance, from %s to %s', known.first_meeting_date, known.last_meeting_date) END),
        ('started_on', known.started_on::text,
            CASE WHEN known.first_meeting_date IS NULL THEN 'its planned start, as it has never met'
                 ELSE 'its first meeting' END),
        ('facilitator_id', known.facilitator_id,
            CASE WHEN known.facilitator_id IS NULL THEN 'it has no FACILITATOR record of a user'
                 ELSE format('%s: of %s user(s) with a FACILITATOR record the first to join%s', known.facilitator_name,
                     known.facilitator_count, CASE WHEN known.facilitator_is_deleted THEN '; deleted since' END) END),
        ('member_count', known.member_count::text,
            'distinct persons with a MEMBER record and no FACILITATOR record there'),
        ('is_rescuable', CASE WHEN known.is_rescuable THEN 'yes' ELSE 'no' END,
            format('the rescue list has STALLED groups from %s %% of their course on', ngeshare.setting('rescue_min_pct')));
    RETURN QUERY
        SELECT
            CASE WHEN link.group_a_id = wanted THEN 'went_on_as' ELSE 'came_from' END,
            CASE WHEN link.group_a_id = wanted THEN link.group_b_id ELSE link.group_a_id END,
            format('%s, %s days after the graduation, with the same facilitator and %s shared members, %s %% of the smaller group',
                CASE WHEN link.group_a_id = wanted THEN link.course_b ELSE link.course_a END,
                link.days_between, link.shared_member_count, link.overlap_pct)
        FROM public.v_curriculum_pipeline AS link
        WHERE wanted IN (link.group_a_id, link.group_b_id)
        ORDER BY 1 DESC, link.days_between, link.group_a_id COLLATE "C", link.group_b_id COLLATE "C";
    RETURN QUERY
        SELECT 'anomaly', odd.kind, odd.detail
        FROM public.v_anomalies AS odd
        WHERE odd.group_id = wanted
        ORDER BY odd.kind COLLATE "C";
END
$$;
COMMENT ON FUNCTION ngeshare_explain_group(text, timestamptz) IS
'One curriculum group as of an instant, a row a fact with its reason: why this status, this facilitator, these links, these anomalies? A group that does not exist then is 22023, NULL 22004; other errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare_member_journey
(
    user_id text,
    as_of   timestamptz DEFAULT ngeshare_as_of()
)
RETURNS TABLE
(
    group_id           text,
    group_name         text,
    course_name        text,
    role               text,
    joined_at          timestamptz,
    status             text,
    progress_pct       numeric,
    first_meeting_date date,
    last_meeting_date  date,
    graduated_on       date,
    is_completed       boolean,
    facilitator_id     text,
    facilitator_name   text
)
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
COST 1000000
ROWS 5
AS $$
DECLARE
    wanted ALIAS FOR user_id;
BEGIN
    PERFORM ngeshare.asked_at(as_of);
    PERFORM set_config('ngeshare.as_of', as_of::text, true);
    IF wanted IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'user_id must not be NULL';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public."User" AS someone WHERE someone.id = wanted) THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('there is no user "%s"', wanted),
                  HINT = 'SELECT user_id, user_name FROM v_member_journey lists those who were ever a member.';
    END IF;
    RETURN QUERY
        SELECT
            fact.group_id,
            fact.group_name,
            fact.course_name,
            concat_ws(', ', CASE WHEN seat.member_at IS NOT NULL THEN 'MEMBER' END,
                CASE WHEN seat.facilitator_at IS NOT NULL THEN 'FACILITATOR' END),
            least(seat.member_at, seat.facilitator_at) AT TIME ZONE 'UTC',
            fact.status,
            fact.progress_pct,
            fact.first_meeting_date,
            fact.last_meeting_date,
            fact.graduated_on,
            coalesce(fact.status = 'GRADUATED' AND seat.member_at AT TIME ZONE 'UTC' <= fact.graduated_at, false),
            fact.facilitator_id,
            fact.facilitator_name
        FROM (
            SELECT
                record.group_id,
                min(record.joined_at) FILTER (WHERE record.role = 'MEMBER') AS member_at,
                min(record.joined_at) FILTER (WHERE record.role = 'FACILITATOR') AS facilitator_at
            FROM ngeshare.seat AS record
            WHERE record.user_id = wanted
            GROUP BY record.group_id
        ) AS seat
        JOIN ngeshare.group_fact AS fact ON fact.group_id = seat.group_id
        ORDER BY least(seat.member_at, seat.facilitator_at), fact.group_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION ngeshare_member_journey(text, timestamptz) IS
'One user''s whole way through the curriculum as of an instant, a row a group in the order of joining, as a member or as its facilitator. is_completed: it has graduated, and the user had joined as a member by then. An unknown user is 22023, NULL 22004, one without a group has no row; other errors as for ngeshare_group_status().';

-- from src/doctor/cron.sql

-- When pg_cron runs a schedule next. pg_cron doesn't say; it reads five fields
-- as Vixie's cron does: lists, ranges, steps, names, 7 for Sunday, and where both
-- days are restricted, either may match. '$' is the month's last day.

CREATE FUNCTION ngeshare.cron_range(element text, low integer, high integer, names text[])
RETURNS integer[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part   text[] := regexp_match(lower(element), '^(\*|[a-z0-9]{1,9})(?:-([a-z0-9]{1,9}))?(?:/(\d{1,9}))?$');
    bounds integer[];
BEGIN
    -- As in cron, a step needs a range, and * has no upper end of its own.
    IF part IS NULL OR (part[1] = '*' AND part[2] IS NOT NULL)
        OR (part[1] <> '*' AND part[2] IS NULL AND part[3] IS NOT NULL)
        OR part[3]::integer = 0 THEN
        RETURN NULL;
    ELSIF part[1] = '*' THEN
        bounds := ARRAY[low, high];
    ELSE
        SELECT array_agg(CASE
                WHEN bound ~ '^\d+$' THEN bound::integer
                ELSE low + array_position(names, bound) - 1
            END ORDER BY no)
        INTO bounds
        FROM unnest(ARRAY[part[1], coalesce(part[2], part[1])]) WITH ORDINALITY AS given (bound, no);
    END IF;
    IF coalesce(bounds[1] < low OR bounds[2] > high OR bounds[1] > bounds[2], true) THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(SELECT generate_series(bounds[1], bounds[2], coalesce(part[3], '1')::integer));
END
$$;
COMMENT ON FUNCTION ngeshare.cron_range(text, integer, integer, text[]) IS
'The numbers that one element of a cron field stands for: *, 5, 1-5, mon-fri, */10 or 0-30/5; NULL for what cron does not read.';

CREATE FUNCTION ngeshare.cron_field(field text, low integer, high integer, names text[] DEFAULT NULL)
RETURNS integer[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    element text;
    numbers integer[] := '{}';
    more    integer[];
BEGIN
    FOREACH element IN ARRAY coalesce(string_to_array(field, ','), '{}') LOOP
        more := ngeshare.cron_range(element, low, high, names);
        IF more IS NULL THEN
            RETURN NULL;
        END IF;
        numbers := numbers || more;
    END LOOP;
    RETURN nullif(numbers, '{}');
END
$$;
COMMENT ON FUNCTION ngeshare.cron_field(text, integer, integer, text[]) IS
'The numbers that a cron field matches; NULL for what cron does not read.';

CREATE TYPE ngeshare.cron_plan AS
(
    minutes       integer[],
    hours         integer[],
    month_days    integer[],
    months        integer[],
    week_days     integer[],
    on_last_day   boolean,
    either_day    boolean
);
COMMENT ON TYPE ngeshare.cron_plan IS
'A cron schedule, read: the numbers that each field matches; whether the last day of the month does; and whether one of the two days is enough, since both are restricted.';

CREATE FUNCTION ngeshare.cron_plan(schedule text)
RETURNS ngeshare.cron_plan
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    plan  ngeshare.cron_plan;
    field text[] := regexp_split_to_array(btrim(schedule, E' \t\n'), '[ \t]+');
BEGIN
    IF field[1] ~ '^@' THEN
        field := regexp_split_to_array(CASE field[1]
            WHEN '@hourly' THEN '0 * * * *'
            WHEN '@daily' THEN '0 0 * * *'
            WHEN '@midnight' THEN '0 0 * * *'
            WHEN '@weekly' THEN '0 0 * * 0'
            WHEN '@monthly' THEN '0 0 1 * *'
            WHEN '@yearly' THEN '0 0 1 1 *'
            WHEN '@annually' THEN '0 0 1 1 *'
        END, ' ');
    END IF;
    plan.on_last_day := field[3] = '$';
    plan.either_day := field[3] !~ '^\*' AND field[5] !~ '^\*';
    plan.minutes := ngeshare.cron_field(field[1], 0, 59);
    plan.hours := ngeshare.cron_field(field[2], 0, 23);
    plan.month_days := CASE
        WHEN plan.on_last_day THEN '{}'
        ELSE ngeshare.cron_field(field[3], 1, 31)
    END;
    plan.months := ngeshare.cron_field(field[4], 1, 12,
        '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
    plan.week_days := ngeshare.cron_field(field[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat,sun}');
    IF num_nulls(plan.minutes, plan.hours, plan.month_days, plan.months, plan.week_days) > 0 THEN
        RETURN NULL;
    END IF;
    RETURN plan;
END
$$;
COMMENT ON FUNCTION ngeshare.cron_plan(text) IS
'Reads a schedule of five fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually; NULL for anything else.';

CREATE FUNCTION ngeshare.is_cron_day(plan ngeshare.cron_plan, day date)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT extract(month FROM day) = ANY (plan.months)
       AND CASE
               WHEN plan.either_day THEN of_month OR of_week
               ELSE of_month AND of_week
           END
    FROM (
        SELECT
            extract(day FROM day) = ANY (plan.month_days)
                OR (plan.on_last_day AND extract(day FROM day + 1) = 1),
            extract(dow FROM day) = ANY (plan.week_days)
                OR extract(isodow FROM day) = ANY (plan.week_days)
    ) AS matching (of_month, of_week)
$$;
COMMENT ON FUNCTION ngeshare.is_cron_day(ngeshare.cron_plan, date) IS
'Whether a schedule runs on a day.';

CREATE FUNCTION ngeshare.next_cron_run(schedule text, after timestamptz, zone text)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seconds text := substring(schedule FROM '^\s*([1-9]|[1-5]\d)\s+seconds?\s*$');
    plan    ngeshare.cron_plan := ngeshare.cron_plan(schedule);
    today   date := (after AT TIME ZONE zone)::date;
    run     timestamptz;
BEGIN
    IF seconds IS NOT NULL THEN
        RETURN after + make_interval(secs => seconds::integer);
    ELSIF plan IS NULL THEN
        RETURN NULL;
    END IF;
    -- The 29th of February on one day of the week comes after 40 years at the latest.
    FOR day IN 0 .. 40 * 366 LOOP
        CONTINUE WHEN NOT ngeshare.is_cron_day(plan, today + day);
        SELECT min(planned)
        INTO run
        FROM unnest(plan.hours) AS hour
        CROSS JOIN unnest(plan.minutes) AS minute
        CROSS JOIN LATERAL (
            SELECT (today + day + make_time(hour, minute, 0)) AT TIME ZONE zone
        ) AS instant (planned)
        WHERE planned > after;
        EXIT WHEN run IS NOT NULL;
    END LOOP;
    RETURN run;
END
$$;
COMMENT ON FUNCTION ngeshare.next_cron_run(text, timestamptz, text) IS
'The first instant after another at which pg_cron starts a job of this schedule, in the zone that pg_cron goes by; with a schedule of ''N seconds'' about so long after it. NULL for a schedule that can''t be read or that no day matches.';

-- from src/doctor/health.sql

-- v_sync_health: is the mirror fresh? One row for people and monitors.

CREATE FUNCTION ngeshare.next_scheduled_run()
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run timestamptz;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_cron') THEN
        EXECUTE 'SELECT min(ngeshare.next_cron_run(schedule, now(), $1)) FROM cron.job'
            ' WHERE jobname = ''ngeshare_sync'' AND active AND database = current_database()'
        INTO run
        USING coalesce(nullif(current_setting('cron.timezone', true), ''), 'GMT');
    END IF;
    RETURN run;
END
$$;
COMMENT ON FUNCTION ngeshare.next_scheduled_run() IS
'When pg_cron starts the job "ngeshare_sync" next; NULL where pg_cron does not live here, has no such job, or has one whose schedule can''t be read.';

CREATE FUNCTION ngeshare.sync_health()
RETURNS TABLE
(
    status          text,
    last_success_at timestamptz,
    age             interval,
    last_run_id     bigint,
    last_error      text,
    sqlstate        text,
    next_run_at     timestamptz,
    alerts_pending  bigint
)
LANGUAGE sql
STABLE
SECURITY DEFINER
ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    -- Runs that tell how the mirror as a whole is: a success of some tables, a
    -- comparison and a cancelled run say nothing about it.
    WITH telling AS NOT MATERIALIZED (
        SELECT
            run.run_id,
            CASE WHEN run.status = 'running' THEN 'crashed' ELSE run.status END AS status,
            run.finished_at,
            run.message
        FROM public.sync_run AS run
        WHERE run.mode <> 'verify'
          AND CASE run.status
                  WHEN 'failed' THEN true
                  WHEN 'crashed' THEN true
                  WHEN 'running' THEN run.run_id = (
                      SELECT sync.run_id
                      FROM public.ngeshare_sync_status() AS sync
                      WHERE sync.phase = 'interrupted')
                  WHEN 'cancelled' THEN false
                  ELSE 6 = (SELECT count(*) FROM public.sync_log AS log WHERE log.run_id = run.run_id)
              END
    ), last_telling AS (
        SELECT *
        FROM telling
        ORDER BY run_id DESC
        LIMIT 1
    ), last_success AS (
        SELECT finished_at, now() - finished_at AS age
        FROM ngeshare.last_success() AS finished_at
    )
    SELECT
        CASE
            WHEN last_telling.run_id IS NULL THEN 'never'
            WHEN last_telling.status IN ('failed', 'crashed') THEN last_telling.status
            WHEN last_success.age > ngeshare.stale_after() THEN 'stale'
            ELSE last_telling.status
        END,
        last_success.finished_at,
        last_success.age,
        (SELECT max(run.run_id) FROM public.sync_run AS run),
        CASE
            WHEN last_telling.status = 'crashed' THEN coalesce(last_telling.message, 'its process is gone')
            WHEN last_telling.status IN ('failed', 'warning') THEN last_telling.message
        END,
        CASE WHEN last_telling.status IN ('failed', 'crashed') THEN (
            SELECT error.sqlstate
            FROM public.sync_error_log AS error
            WHERE error.run_id = last_telling.run_id
            ORDER BY error.error_id DESC
            LIMIT 1)
        END,
        ngeshare.next_scheduled_run(),
        (SELECT count(*) FROM ngeshare.alert_outbox AS alert WHERE alert.status = 'pending')
    FROM (SELECT 1) AS one
    LEFT JOIN last_telling ON true
    LEFT JOIN last_success ON true
$$;
COMMENT ON FUNCTION ngeshare.sync_health() IS
'The row of v_sync_health.';

CREATE VIEW v_sync_health AS
SELECT
    status,
    last_success_at,
    age,
    last_run_id,
    last_error,
    sqlstate,
    next_run_at,
    alerts_pending
FROM ngeshare.sync_health();
COMMENT ON VIEW v_sync_health IS
'One row for people and monitors: is the mirror fresh? The run that decides is the last one that failed, crashed, or came to its end over all six tables; a run with mode verify, a cancelled one and a success of some tables only change nothing.';
COMMENT ON COLUMN v_sync_health.status IS
'never before any such run; failed or crashed where the last one is; else stale where the last success is older than ngeshare.alert_stale_after (26 hours); else warning or success, as it ended.';
COMMENT ON COLUMN v_sync_health.last_success_at IS
'When the last run over all six tables ended as a success or a warning; NULL before the first.';
COMMENT ON COLUMN v_sync_health.age IS
'The time since then; NULL before the first.';
COMMENT ON COLUMN v_sync_health.last_run_id IS
'The last run of any kind, the one that is running included; NULL before the first.';
COMMENT ON COLUMN v_sync_health.last_error IS
'What the deciding run said, where it failed, crashed or ended with a warning; else NULL.';
COMMENT ON COLUMN v_sync_health.sqlstate IS
'The SQLSTATE that the deciding run failed with; NULL where it did not, or was gone before it could say.';
COMMENT ON COLUMN v_sync_health.next_run_at IS
'When pg_cron starts the job "ngeshare_sync" next; NULL where it does not live here, has no such job, or one whose schedule can''t be read.';
COMMENT ON COLUMN v_sync_health.alerts_pending IS
'Alerts that wait to be delivered.';

-- from src/doctor/quality.sql

-- v_data_quality: what is odd in the data, by the mirror alone.

CREATE FUNCTION ngeshare.name_distance(name text, other text, most integer)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_name_distance'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.name_distance(text, text, integer) IS
'Letters to add, drop or change to make one name the other, by their first 255 bytes; where it is more than "most", some number above that.';

CREATE FUNCTION ngeshare.plain_name(name text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT btrim(regexp_replace(lower(name), '[[:space:][:punct:]]+', ' ', 'g')) $$;
COMMENT ON FUNCTION ngeshare.plain_name(text) IS
'A name without what people vary: lower-cased, white space and punctuation one blank.';

CREATE VIEW ngeshare.quality_rule AS
SELECT finding, table_name, column_name, condition, hint
FROM (
    VALUES
        ('end_before_start', 'HangoutGroup', 'endDate', 'entry."endDate" < entry."startDate"',
            'The group ends before it starts. startDate counts as its planned start; endDate decides nothing.'),
        ('updated_before_created', 'User', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync brings the row all the same: it compares contents.'),
        ('updated_before_created', 'Hangout', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync brings the row all the same: it compares contents.'),
        ('updated_before_created', 'HangoutEpisode', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync brings the row all the same: it compares contents.'),
        ('updated_before_created', 'HangoutGroup', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync brings the row all the same: it compares contents.'),
        ('updated_before_created', 'UserHangoutGroup', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync brings the row all the same: it compares contents.'),
        ('deleted_before_created', 'User', 'deletedAt', 'entry."deletedAt" < entry."createdAt"',
            'The user is shown as deleted from deletedAt on.'),
        ('in_future', 'User', 'createdAt', 'entry."createdAt" > $1', 'It decides nothing.'),
        ('in_future', 'User', 'updatedAt', 'entry."updatedAt" > $1', 'It decides nothing.'),
        ('in_future', 'User', 'lastActive', 'entry."lastActive" > $1', 'It decides nothing.'),
        ('in_future', 'Hangout', 'createdAt', 'entry."createdAt" > $1', 'It decides nothing.'),
        ('in_future', 'Hangout', 'updatedAt', 'entry."updatedAt" > $1', 'It decides nothing.'),
        ('in_future', 'HangoutEpisode', 'createdAt', 'entry."createdAt" > $1', 'It decides nothing.'),
        ('in_future', 'HangoutEpisode', 'updatedAt', 'entry."updatedAt" > $1', 'It decides nothing.'),
        ('in_future', 'HangoutGroup', 'createdAt', 'entry."createdAt" > $1', 'The group does not exist before then.'),
        ('in_future', 'HangoutGroup', 'updatedAt', 'entry."updatedAt" > $1', 'It decides nothing.'),
        ('in_future', 'UserHangoutGroup', 'createdAt', 'entry."createdAt" > $1', 'It decides nothing.'),
        ('in_future', 'UserHangoutGroup', 'updatedAt', 'entry."updatedAt" > $1', 'It decides nothing.'),
        ('in_future', 'UserHangoutGroup', 'joinedAt', 'entry."joinedAt" > $1',
            'The membership does not count before then.'),
        ('in_future', 'UserHangoutGroupAttendance', 'attendedAt', 'entry."attendedAt" > $1',
            'The attendance does not count before then.'),
        ('attendance_before_group', 'UserHangoutGroupAttendance', 'attendedAt', 'entry."attendedAt" < circle."createdAt"',
            'Somebody attended before the group was made; it counts from when the group exists. Of the attendance that is mirrored, the window''s.'),
        ('joined_before_group', 'UserHangoutGroup', 'joinedAt', 'entry."joinedAt" < circle."createdAt" - interval ''1 day''',
            'Somebody joined more than a day before the group was made; it counts from when the group exists.'),
        ('joined_at_null', 'UserHangoutGroup', 'joinedAt', 'entry."joinedAt" IS NULL',
            'Every answer ignores the membership.'),
        ('ignored_person', 'UserHangoutGroup', 'userId',
            'entry."userId" IS NULL AND coalesce(btrim(entry."userEmail", E'' \t\r\n''), '''') = ''''',
            'Every answer ignores the membership: it has neither userId nor userEmail.'),
        ('group_without_hangout', 'HangoutGroup', 'hangoutId', 'entry."hangoutId" IS NULL',
            'The group has no course: only the whole history knows it.')
) AS listed (finding, table_name, column_name, condition, hint);
COMMENT ON VIEW ngeshare.quality_rule IS
'What makes a row odd: a condition on entry, a row of the table; on circle, the group that it belongs to; and on $1, an instant (UTC) a day ahead of now.';

CREATE FUNCTION ngeshare.quality_of_rules()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text, hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tomorrow timestamp := (ngeshare.sync_now() AT TIME ZONE 'UTC') + interval '1 day';
    rule     record;
BEGIN
    FOR rule IN SELECT * FROM ngeshare.quality_rule LOOP
        EXECUTE format('SELECT count(*), min(entry.id COLLATE "C") FROM public.%I AS entry%s WHERE %s',
            rule.table_name,
            CASE WHEN rule.condition ~ '\mcircle\.' THEN
                ' JOIN public."HangoutGroup" AS circle ON circle.id = entry."hangoutGroupId"'
            END,
            rule.condition)
        INTO rows, example_id
        USING tomorrow;
        CONTINUE WHEN rows = 0;
        finding := rule.finding;
        table_name := rule.table_name;
        column_name := rule.column_name;
        hint := rule.hint;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ngeshare.quality_of_rules() IS
'The findings of v_data_quality that ngeshare.quality_rule lists.';

CREATE FUNCTION ngeshare.quality_of_nulls()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text, hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counting record;
BEGIN
    FOR counting IN
        SELECT
            mirrored.table_name,
            array_agg(attname::text ORDER BY attnum) AS names,
            string_agg(format('count(*) FILTER (WHERE %I IS NULL)', attname), ', ' ORDER BY attnum) AS counts,
            string_agg(format('min(id COLLATE "C") FILTER (WHERE %I IS NULL)', attname), ', ' ORDER BY attnum) AS examples
        FROM ngeshare.mirror_table AS mirrored
        JOIN pg_attribute ON attrelid = relation AND attnum > 0 AND NOT attisdropped AND NOT attnotnull
        GROUP BY table_no, mirrored.table_name
        ORDER BY table_no
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT ''null_values'', %L, counted.* FROM ('
            'SELECT unnest(%L::text[]), unnest(ARRAY[%s]), unnest(ARRAY[%s]), NULL FROM public.%I'
            ') AS counted (column_name, rows, example_id, hint) WHERE rows > 0',
            counting.table_name, counting.names, counting.counts, counting.examples, counting.table_name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ngeshare.quality_of_nulls() IS
'The finding null_values of v_data_quality: a row a column that may be NULL and is.';

CREATE FUNCTION ngeshare.quality_of_values()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text, hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH seen AS (
        SELECT 'role_seen' AS finding, 'UserHangoutGroup' AS table_name, 'hangoutGroupRole' AS column_name,
            "hangoutGroupRole" AS value, count(*) AS rows, min(id COLLATE "C") AS example_id
        FROM public."UserHangoutGroup"
        GROUP BY "hangoutGroupRole"
        UNION ALL
        SELECT 'membership_status_seen', 'UserHangoutGroup', 'status', status, count(*), min(id COLLATE "C")
        FROM public."UserHangoutGroup"
        GROUP BY status
        UNION ALL
        SELECT 'group_status_seen', 'HangoutGroup', 'status', status, count(*), min(id COLLATE "C")
        FROM public."HangoutGroup"
        GROUP BY status
    )
    SELECT
        finding,
        table_name,
        column_name,
        rows,
        example_id,
        format('value "%s"', left(value, 200)) || CASE
            WHEN finding <> 'role_seen' THEN '; it decides nothing'
            WHEN value NOT IN ('MEMBER', 'FACILITATOR')
            THEN ': neither MEMBER nor FACILITATOR, so every answer ignores the membership'
            ELSE ''
        END
    FROM seen
$$;
COMMENT ON FUNCTION ngeshare.quality_of_values() IS
'The findings role_seen, membership_status_seen and group_status_seen of v_data_quality: a row a value.';

CREATE FUNCTION ngeshare.quality_of_names()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text, hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'duplicate_email', 'User', 'email', sum(users)::bigint, min(example_id COLLATE "C"),
        format('%s address(es) belong to more than one user each, lower-cased and trimmed; each user is a person of its own.', count(*))
    FROM (
        SELECT count(*) AS users, min(id COLLATE "C") AS example_id
        FROM public."User"
        WHERE btrim(email, E' \t\r\n') <> ''
        GROUP BY lower(btrim(email, E' \t\r\n'))
        HAVING count(*) > 1
    ) AS shared
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'near_miss_course', 'Hangout', 'name', named.hangouts, named.example_id,
        format('value "%s" is nearly the course "%s": rename the hangout on production, or add it to course_config.',
            left(named.name, 200), nearest.course_name)
    FROM (
        SELECT name, count(*) AS hangouts, min(id COLLATE "C") AS example_id
        FROM public."Hangout"
        WHERE name NOT IN (SELECT course_name FROM public.course_config)
        GROUP BY name
    ) AS named
    CROSS JOIN LATERAL (
        SELECT
            course_name,
            ngeshare.name_distance(ngeshare.plain_name(name), ngeshare.plain_name(course_name), 2) AS distance
        FROM public.course_config
        ORDER BY distance, course_name
        LIMIT 1
    ) AS nearest
    WHERE nearest.distance <= 2
$$;
COMMENT ON FUNCTION ngeshare.quality_of_names() IS
'The findings duplicate_email and near_miss_course of v_data_quality.';

CREATE FUNCTION ngeshare.quality_of_syncs()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text, hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH waiting AS (
        SELECT
            quarantine.table_name,
            row_id,
            regexp_match(reason, '^(\w+) .* has no row in (\w+)$') AS orphan,
            reason
        FROM ngeshare.quarantine
    )
    SELECT
        'orphan_reference', waiting.table_name, orphan[1], count(*), min(row_id COLLATE "C"),
        format('It points to a row of "%s" that production does not have. The rows wait in quarantine.', orphan[2])
    FROM waiting
    WHERE orphan IS NOT NULL
    GROUP BY waiting.table_name, orphan
    UNION ALL
    SELECT
        'quarantine', waiting.table_name, orphan[1], count(*), min(row_id COLLATE "C"),
        why || '. See ngeshare.quarantine; each sync tries these rows again.'
    FROM waiting
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN orphan IS NULL THEN reason
            ELSE format('%s has no row in %s', orphan[1], orphan[2])
        END
    ) AS told (why)
    GROUP BY waiting.table_name, orphan, why
    UNION ALL
    SELECT
        'drift', drift.table_name, drift.column_name, 1, NULL,
        concat_ws(': ', drift.kind, drift.detail) || format(' (since run %s)', first_run_id)
    FROM ngeshare.drift
$$;
COMMENT ON FUNCTION ngeshare.quality_of_syncs() IS
'The findings of v_data_quality that syncs left: orphan_reference, quarantine and drift.';

CREATE VIEW v_data_quality AS
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_nulls()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_rules()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_values()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_names()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_syncs();
COMMENT ON VIEW v_data_quality IS
'What is odd in the data, a row a finding that has rows: by the mirror alone, as of the last sync. Production is not asked. Some findings are only counts to know (null_values, the values seen); none is mended here: production is where.';
COMMENT ON COLUMN v_data_quality.finding IS
'null_values; orphan_reference, quarantine and drift; end_before_start, updated_before_created, deleted_before_created, in_future (by more than a day), attendance_before_group, joined_before_group (by more than a day); joined_at_null, ignored_person, group_without_hangout; duplicate_email; near_miss_course; role_seen, membership_status_seen, group_status_seen.';
COMMENT ON COLUMN v_data_quality.table_name IS
'One of the six tables.';
COMMENT ON COLUMN v_data_quality.column_name IS
'The column that the finding is about; NULL where it is about whole rows.';
COMMENT ON COLUMN v_data_quality.rows IS
'Rows of the table that it was found in (attendance: of the window); of drift, 1: the column.';
COMMENT ON COLUMN v_data_quality.example_id IS
'The smallest id among them, in byte order; NULL for drift.';
COMMENT ON COLUMN v_data_quality.hint IS
'What it means for the answers, and the value where the finding is about one; NULL where there is nothing to say.';

-- from src/doctor/doctor.sql

-- ngeshare_doctor(): the list of checks, and the frame that runs them. A check is
-- a line of the list and a function ngeshare.check_<name>() that returns what is
-- wrong; no row means that nothing is. Whatever a check raises becomes its row.

CREATE TYPE ngeshare.finding AS
(
    status text,
    detail text,
    hint   text
);
COMMENT ON TYPE ngeshare.finding IS
'What a check of the doctor found: ok, warning or error; what it saw; and what to do.';

CREATE FUNCTION ngeshare.ask_production(sql text)
RETURNS SETOF text[]
AS 'MODULE_PATHNAME', 'ngeshare_ask_production'
LANGUAGE C
VOLATILE
STRICT;
COMMENT ON FUNCTION ngeshare.ask_production(text) IS
'Runs a statement on production as it is written, over a connection of its own with search_path = pg_catalog and at most 30 seconds, and returns each row as an array of texts. Errors: 55000 before ngeshare_connect(), and what production or the network gave.';

CREATE VIEW ngeshare.mirror_table AS
SELECT table_no, table_name, format('public.%I', table_name)::regclass AS relation, stamp
FROM (
    VALUES
        (1, 'User', 'updatedAt'),
        (2, 'Hangout', 'updatedAt'),
        (3, 'HangoutEpisode', 'updatedAt'),
        (4, 'HangoutGroup', 'updatedAt'),
        (5, 'UserHangoutGroup', 'updatedAt'),
        (6, 'UserHangoutGroupAttendance', 'attendedAt')
) AS mirrored (table_no, table_name, stamp);
COMMENT ON VIEW ngeshare.mirror_table IS
'The six tables and the column that each is pulled by.';

CREATE VIEW ngeshare.doctor_check AS
SELECT check_no, check_name, asks_production, when_ok
FROM (
    VALUES
        (1, 'connection', false, 'The server, its login and the six foreign tables are there.'),
        (2, 'production_answers', true, 'Production answers.'),
        (3, 'production_identity', true, 'It is the system that the mirror came from.'),
        (4, 'production_version', true, 'Its PostgreSQL is new enough.'),
        (5, 'production_tables', true, 'The six tables are there, readable and without row security.'),
        (6, 'production_columns', true, 'Production, the foreign tables and the mirror have the same columns.'),
        (7, 'clock_offset', true, 'Both clocks agree.'),
        (8, 'index_for_pulls', true, 'Each of the six tables has an index to pull by.'),
        (9, 'pg_read_all_stats', true, 'The login sees open transactions there.'),
        (10, 'login_can_write', true, 'The login can write nothing there.'),
        (11, 'same_encoding', true, 'Both databases have the same encoding.'),
        (12, 'readable_password', false, 'Nobody but superusers can read the login''s password here.'),
        (13, 'pg_cron', false, 'pg_cron lives in this database.'),
        (14, 'schedule', false, 'The sync is scheduled.'),
        (15, 'job_left_behind', false, 'No job and no run is left behind.'),
        (16, 'preloading', false, 'Sessions of this database load ngeshare when they begin.'),
        (17, 'time_zone', false, 'The history is kept in the days of ngeshare.timezone.'),
        (18, 'last_sync', false, 'The last sync succeeded.'),
        (19, 'quarantine', false, 'No row waits in quarantine.'),
        (20, 'triggers', false, 'Every trigger of the extension fires.'),
        (21, 'alert_address', false, 'Alerts have an address.'),
        (22, 'worker_slots', false, 'A background worker can be started.'),
        (23, 'version', false, 'This database has the installed version of ngeshare.')
) AS listed (check_no, check_name, asks_production, when_ok);
COMMENT ON VIEW ngeshare.doctor_check IS
'The checks of ngeshare_doctor(), in their order: each is the function ngeshare.check_<name>(). Those that ask production are left unmade where it doesn''t answer.';

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
    RETURN QUERY EXECUTE format('SELECT status, detail, hint FROM ngeshare.%I()', 'check_' || check_name);
EXCEPTION
    WHEN query_canceled OR OTHERS THEN
        GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        -- A cancel that is meant for the doctor itself ends it.
        IF sqlstate = '57014' AND what NOT LIKE 'production: %' THEN
            RAISE;
        END IF;
        RETURN NEXT ROW('error', format('%s: %s', sqlstate, what),
            coalesce(nullif(hint, ''), 'The check itself failed with this: mend what it says, then ask again.'))::ngeshare.finding;
END
$$;
COMMENT ON FUNCTION ngeshare.run_check(text) IS
'What one check found. An error of its own is its finding, with the SQLSTATE in front; only a cancel of the caller''s is raised.';

CREATE FUNCTION ngeshare_doctor()
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
            hint := 'See production_answers.';
            RETURN NEXT;
            CONTINUE;
        END IF;
        FOR status, detail, hint IN SELECT * FROM ngeshare.run_check(item.check_name) LOOP
            answers := answers AND NOT (status = 'error'
                AND (item.check_name = 'production_answers' OR item.asks_production AND detail ~ '^08...: '));
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
COMMENT ON FUNCTION ngeshare_doctor() IS
'Looks at everything that a sync needs, here and on production, changes nothing, and never fails: a row a check, or a row a thing that a check found. status: ok, warning (works, but will hurt) or error (wrong, or will stop a sync). detail: what it saw. hint: what to do, often the exact statement; NULL where it is ok. Where production does not answer, the checks that ask it say that they were not made.';

-- from src/doctor/doctor_here.sql

-- The doctor's checks of this side.

CREATE FUNCTION ngeshare.check_connection()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH server AS (
        SELECT oid, srvowner
        FROM pg_foreign_server
        WHERE srvname = 'production'
    )
    SELECT
        'error',
        'This database is not connected to production.',
        'SELECT ngeshare_connect(''host=... dbname=... user=... password=...'');'
    WHERE NOT EXISTS (SELECT 1 FROM server)
    UNION ALL
    SELECT
        'error',
        format('The server "production" has no user mapping of its owner, %I.', pg_get_userbyid(srvowner)),
        'As that role: SELECT ngeshare_connect(...) again.'
    FROM server
    WHERE NOT EXISTS (
        SELECT 1
        FROM pg_user_mapping
        WHERE umserver = server.oid
          AND umuser IN (srvowner, 0))
    UNION ALL
    SELECT
        'error',
        format('There is no foreign table production.%I.', table_name),
        'SELECT ngeshare_connect(...) again: it makes what is missing.'
    FROM ngeshare.mirror_table
    CROSS JOIN server
    WHERE NOT EXISTS (
        SELECT 1
        FROM pg_foreign_table
        WHERE ftrelid = to_regclass(format('production.%I', table_name)))
$$;
COMMENT ON FUNCTION ngeshare.check_connection() IS
'Is everything there that ngeshare_connect() makes?';

CREATE FUNCTION ngeshare.check_readable_password()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH secret AS (
        SELECT mapping.umuser, server.oid AS server, server.srvowner
        FROM pg_user_mapping AS mapping
        JOIN pg_foreign_server AS server ON server.oid = mapping.umserver
        WHERE server.srvname = 'production'
          AND EXISTS (
              SELECT 1
              FROM pg_options_to_table(mapping.umoptions)
              WHERE option_name IN ('password', 'sslpassword'))
    ), reader AS (
        -- Those to whom pg_user_mappings shows a mapping's options.
        SELECT DISTINCT role.rolname, secret.umuser = 0 AS is_public
        FROM secret
        JOIN pg_roles AS role ON NOT role.rolsuper
         AND CASE
                 WHEN secret.umuser = 0 THEN pg_has_role(role.oid, secret.srvowner, 'USAGE')
                 ELSE role.oid = secret.umuser
                  AND (pg_has_role(role.oid, secret.srvowner, 'USAGE')
                       OR has_server_privilege(role.oid, secret.server, 'USAGE'))
             END
    )
    SELECT
        'warning',
        format('%s can read the login''s password in pg_user_mappings%s. A dump of this database holds it, too.',
            string_agg(format('%I', rolname), ', ' ORDER BY rolname),
            CASE WHEN bool_or(is_public) THEN ' (the mapping is PUBLIC''s)' END),
        'Let a superuser own the server and its mapping, or keep the password out of it: SELECT ngeshare_connect(''... passfile=...'') or sslcert and sslkey.'
    FROM reader
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'ok',
        'Nobody but superusers can read the login''s password here; a dump of this database holds it in clear.',
        NULL
    WHERE EXISTS (SELECT 1 FROM secret)
      AND NOT EXISTS (SELECT 1 FROM reader)
$$;
COMMENT ON FUNCTION ngeshare.check_readable_password() IS
'Who but superusers can read the password that the user mapping keeps?';

CREATE FUNCTION ngeshare.check_preloading()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH of_database AS (
        SELECT (regexp_match(setting, '^session_preload_libraries=(.*)$'))[1] AS libraries
        FROM pg_db_role_setting
        CROSS JOIN LATERAL unnest(setconfig) AS setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND setrole = 0
          AND setting LIKE 'session\_preload\_libraries=%'
    ), library AS (
        SELECT btrim(name, ' "') AS name, no
        FROM coalesce(
            (SELECT libraries FROM of_database),
            current_setting('session_preload_libraries')) AS session
        CROSS JOIN LATERAL string_to_table(session, ',') WITH ORDINALITY AS listed (name, no)
        UNION ALL
        SELECT btrim(name, ' "'), NULL
        FROM string_to_table(current_setting('shared_preload_libraries'), ',') AS name
    )
    SELECT
        'warning',
        'Sessions of this database don''t load ngeshare when they begin: a wrong value of an ngeshare.* setting is taken, and only warned of later.',
        format('ALTER DATABASE %I SET session_preload_libraries = %s;', current_database(),
            coalesce(string_agg(quote_literal(name) || ', ', '' ORDER BY no)
                FILTER (WHERE no IS NOT NULL AND name <> ''), '') || '''ngeshare''')
    FROM (SELECT 1) AS one
    LEFT JOIN library ON true
    HAVING NOT coalesce(bool_or(name ~ '(^|/)ngeshare$'), false)
$$;
COMMENT ON FUNCTION ngeshare.check_preloading() IS
'Do new sessions of this database load the library, so that they know its settings?';

CREATE FUNCTION ngeshare.check_time_zone()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The history is kept in the days of %s, but ngeshare.timezone is %s: answers and syncs are refused.',
            zone, ngeshare.reporting_zone()),
        'CALL ngeshare_sync(''full''); rebuilds it, or set ngeshare.timezone back.'
    FROM ngeshare.history_state
    WHERE zone <> ngeshare.reporting_zone()
$$;
COMMENT ON FUNCTION ngeshare.check_time_zone() IS
'Is the history kept in the zone that answers speak in?';

CREATE FUNCTION ngeshare.check_last_sync()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN status IN ('failed', 'crashed') THEN 'error' ELSE 'warning' END,
        CASE status
            WHEN 'never' THEN 'No sync of all six tables has ended yet.'
            WHEN 'stale' THEN format('The last success is older than %s: it ended at %s.',
                ngeshare.stale_after(), last_success_at)
            ELSE concat_ws(' ', 'The last sync', status || ':', sqlstate, last_error)
        END,
        CASE status
            WHEN 'warning' THEN 'See sync_log and v_data_quality; what it found is in the message.'
            WHEN 'failed' THEN 'See sync_error_log. Mend what it says; the next sync goes on from the last batch.'
            ELSE 'CALL ngeshare_sync();'
        END
    FROM ngeshare.sync_health()
    WHERE status <> 'success'
$$;
COMMENT ON FUNCTION ngeshare.check_last_sync() IS
'How did the last sync end, and is that long ago? As v_sync_health says.';

CREATE FUNCTION ngeshare.check_quarantine()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        format('%s row(s) of "%s" wait in quarantine, for example %L: %s.', count(*), table_name,
            min(row_id COLLATE "C"), (array_agg(reason ORDER BY row_id COLLATE "C"))[1]),
        'See ngeshare.quarantine. Mend the rows on production; each sync tries them again.'
    FROM ngeshare.quarantine
    GROUP BY table_name
$$;
COMMENT ON FUNCTION ngeshare.check_quarantine() IS
'Do rows of production wait that can''t be mirrored?';

CREATE TABLE ngeshare.expected_trigger AS
SELECT
    space.nspname::text AS schema_name,
    relation.relname::text AS table_name,
    trigger.tgname::text AS trigger_name,
    trigger.tgenabled AS enabled
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS relation ON relation.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS space ON space.oid = relation.relnamespace
JOIN pg_catalog.pg_depend AS member
  ON member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
 AND member.objid = relation.oid
 AND member.deptype = 'e'
JOIN pg_catalog.pg_extension AS extension
  ON extension.oid = member.refobjid
 AND extension.extname = 'ngeshare'
WHERE member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  AND NOT trigger.tgisinternal;
COMMENT ON TABLE ngeshare.expected_trigger IS
'The triggers as CREATE EXTENSION made them: O fires but in a replica''s session, A always.';

CREATE FUNCTION ngeshare.check_triggers()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The trigger %I of %I.%I %s.', trigger_name, schema_name, expected.table_name,
            CASE
                WHEN trigger.oid IS NULL THEN 'is gone'
                WHEN trigger.tgenabled = 'D' THEN 'is disabled'
                ELSE 'does not fire in every session'
            END),
        CASE
            WHEN trigger.oid IS NULL THEN 'Make it again as the install script does, then CALL ngeshare_sync(''full'');'
            ELSE format('ALTER TABLE %I.%I ENABLE %sTRIGGER %I; then CALL ngeshare_sync(''full'');',
                schema_name, expected.table_name, CASE WHEN enabled = 'A' THEN 'ALWAYS ' END, trigger_name)
        END
    FROM ngeshare.expected_trigger AS expected
    LEFT JOIN pg_trigger AS trigger
      ON trigger.tgrelid = to_regclass(format('%I.%I', schema_name, expected.table_name))
     AND trigger.tgname = trigger_name
    WHERE trigger.tgenabled IS DISTINCT FROM enabled
$$;
COMMENT ON FUNCTION ngeshare.check_triggers() IS
'Are the triggers there that keep the history true, and do they fire as they were made to?';

CREATE FUNCTION ngeshare.check_alert_address()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        'There is no address for alerts: nobody is told when a sync fails.',
        'ALTER SYSTEM SET ngeshare.alert_url = ''https://...''; SELECT pg_reload_conf(); SELECT ngeshare_alert_test();'
    WHERE NOT ngeshare.has_alert_url()
$$;
COMMENT ON FUNCTION ngeshare.check_alert_address() IS
'Is anybody told when a sync fails? The address itself is never shown.';

CREATE FUNCTION ngeshare.check_worker_slots()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH slots AS (
        SELECT
            current_setting('max_worker_processes')::integer AS there_are,
            count(*) FILTER (WHERE backend_type NOT IN ('archiver', 'autovacuum launcher',
                'autovacuum worker', 'background writer', 'checkpointer', 'client backend', 'io worker',
                'logger', 'slotsync worker', 'standalone backend', 'startup', 'walreceiver', 'walsender',
                'walsummarizer', 'walwriter'))::integer AS taken
        FROM pg_stat_activity
    )
    SELECT
        'warning',
        format('All %s background workers are taken: ngeshare_sync_start() and the page can''t start a sync.', there_are),
        format('ALTER SYSTEM SET max_worker_processes = %s; then restart this server. CALL ngeshare_sync() works without.',
            greatest(8, there_are + 4))
    FROM slots
    WHERE taken >= there_are
$$;
COMMENT ON FUNCTION ngeshare.check_worker_slots() IS
'Is a background worker free, now, for a sync?';

CREATE FUNCTION ngeshare.check_version()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('ngeshare is of version %s in this database, and installed is %s: no sync begins.', installed_version, default_version),
        'ALTER EXTENSION ngeshare UPDATE;'
    FROM pg_available_extensions
    WHERE name = 'ngeshare'
      AND installed_version <> default_version
$$;
COMMENT ON FUNCTION ngeshare.check_version() IS
'Was the extension updated here after its files were?';

-- from src/doctor/doctor_cron.sql

-- The doctor's checks of what runs the sync: pg_cron, its jobs, and runs that
-- nobody works on. pg_cron's tables are there or not, so they are asked by name
-- at run time.

CREATE FUNCTION ngeshare.has_pg_cron()
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_cron') $$;
COMMENT ON FUNCTION ngeshare.has_pg_cron() IS
'Whether pg_cron lives in this database.';

CREATE FUNCTION ngeshare.check_pg_cron()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        CASE
            WHEN home IS NULL THEN 'pg_cron is not loaded: nothing can be scheduled from here.'
            WHEN home <> current_database() THEN format('pg_cron lives in the database %I, not in this one.', home)
            ELSE 'pg_cron is loaded for this database, but it was not created in it.'
        END,
        CASE
            WHEN home = current_database() THEN 'CREATE EXTENSION pg_cron;'
            ELSE format('Set shared_preload_libraries = ''pg_cron'' and cron.database_name = %L, restart, and CREATE EXTENSION pg_cron here; or let another scheduler run: psql -d %s -c "CALL ngeshare_sync()"',
                current_database(), quote_ident(current_database()))
        END
    FROM nullif(current_setting('cron.database_name', true), '') AS home
    WHERE NOT ngeshare.has_pg_cron()
$$;
COMMENT ON FUNCTION ngeshare.check_pg_cron() IS
'Does pg_cron live here?';

CREATE FUNCTION ngeshare.check_schedule()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job record;
BEGIN
    IF NOT ngeshare.has_pg_cron() THEN
        RETURN NEXT ROW('warning', 'Nothing is scheduled here: there is no pg_cron.', 'See pg_cron.')::ngeshare.finding;
        RETURN;
    END IF;
    FOR job IN EXECUTE $jobs$
        SELECT last_run.status, last_run.return_message, last_run.end_time
        FROM cron.job
        LEFT JOIN LATERAL (
            SELECT *
            FROM cron.job_run_details AS run
            WHERE run.jobid = job.jobid
              AND run.status IN ('succeeded', 'failed')
            ORDER BY run.runid DESC
            LIMIT 1
        ) AS last_run ON true
        WHERE job.jobname = 'ngeshare_sync' AND job.active AND job.database = current_database()
    $jobs$ LOOP
        IF job.status = 'failed' THEN
            RETURN NEXT ROW('warning',
                format('The scheduled sync last failed, at %s: %s', job.end_time, rtrim(job.return_message, E'\n')),
                'See sync_error_log; where no run is in sync_run, pg_cron could not start it: see cron.job_run_details and the server''s log.')::ngeshare.finding;
        END IF;
    END LOOP;
    IF NOT FOUND THEN
        RETURN NEXT ROW('warning', 'Nothing syncs by itself: there is no active job "ngeshare_sync".',
            'SELECT ngeshare_schedule(''*/30 * * * *'');')::ngeshare.finding;
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_schedule() IS
'Is there an active job, and did its last run come to its end?';

CREATE FUNCTION ngeshare.stray_jobs()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE $jobs$
        SELECT
            'warning',
            format('The job %s (%s) %s.', jobid, coalesce(quote_ident(jobname), 'without a name'), concat_ws(', and ',
                CASE WHEN database <> current_database() THEN format('syncs in the database %I', database) END,
                CASE WHEN is_other THEN 'is not the one that ngeshare_schedule() made' END,
                CASE WHEN NOT active THEN 'is not active' END,
                CASE WHEN is_doubled THEN 'is not the only one' END,
                CASE
                    WHEN role IS NULL THEN format('belongs to %I, which is no role', username)
                    WHEN NOT is_allowed THEN format('belongs to %I, which may not call ngeshare_sync()', username)
                END)),
            format('SELECT cron.unschedule(%s);%s', jobid, CASE
                WHEN role IS NOT NULL AND NOT is_allowed THEN
                    format(' or GRANT EXECUTE ON PROCEDURE ngeshare_sync(text, text[]) TO %I;', username)
                WHEN NOT active THEN format(' or UPDATE cron.job SET active = true WHERE jobid = %s;', jobid)
            END)
        FROM (
            SELECT
                job.*,
                role.oid AS role,
                jobname IS DISTINCT FROM 'ngeshare_sync' AS is_other,
                count(*) FILTER (WHERE active) OVER (PARTITION BY database) > 1 AS is_doubled,
                database <> current_database() OR role.oid IS NOT NULL AND has_function_privilege(role.oid,
                    'public.ngeshare_sync(text, text[])'::regprocedure, 'EXECUTE') AS is_allowed
            FROM cron.job
            LEFT JOIN pg_roles AS role ON role.rolname = username
            WHERE command ~* 'ngeshare_sync'
        ) AS syncing
        WHERE database <> current_database() OR is_other OR NOT active OR is_doubled OR NOT is_allowed
        ORDER BY jobid
    $jobs$;
END
$$;
COMMENT ON FUNCTION ngeshare.stray_jobs() IS
'The jobs of pg_cron that call ngeshare_sync and are not the one that should be: of another database or name, inactive, doubled, or of a role that may not.';

CREATE FUNCTION ngeshare.check_job_left_behind()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF ngeshare.has_pg_cron() THEN
        RETURN QUERY SELECT * FROM ngeshare.stray_jobs();
    END IF;
    RETURN QUERY
    SELECT
        'warning',
        format('Run %s is logged as running, but nobody works on it: its process died.', run_id),
        'CALL ngeshare_sync(); goes on from its last batch.'
    FROM public.ngeshare_sync_status()
    WHERE phase = 'interrupted';
END
$$;
COMMENT ON FUNCTION ngeshare.check_job_left_behind() IS
'Is there a job that should not be, or a run that nobody works on?';

-- from src/doctor/doctor_production.sql

-- The doctor's checks that ask production. Each is one question over a connection
-- of its own; none waits there, writes, or reads a row of the six tables.

CREATE FUNCTION ngeshare.ask_of_tables(question text)
RETURNS SETOF text[]
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.ask_production(format($ask$
        WITH wanted AS (
            SELECT no, name, stamp, space.oid AS space, relation.oid AS relation
            FROM unnest(%L::text[], %L::text[]) WITH ORDINALITY AS listed (name, stamp, no)
            LEFT JOIN pg_namespace AS space ON space.nspname = 'public'
            LEFT JOIN pg_class AS relation ON relation.relnamespace = space.oid AND relation.relname = name
        )
        %s
    $ask$, array_agg(table_name ORDER BY table_no), array_agg(stamp ORDER BY table_no), question))
    FROM ngeshare.mirror_table
$$;
COMMENT ON FUNCTION ngeshare.ask_of_tables(text) IS
'Asks production a question about "wanted": no, name and stamp of the six tables, and the oids of their schema and relation there, NULL where they are not.';

CREATE FUNCTION ngeshare.check_production_answers()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ngeshare.ask_production('SELECT 1');
END
$$;
COMMENT ON FUNCTION ngeshare.check_production_answers() IS
'Can production be reached, and does it take the login? The error is the finding.';

CREATE FUNCTION ngeshare.check_production_identity()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        CASE
            WHEN asked[1] <> known.source_id
            THEN format('The mirror came from system %s; this is %s.', known.source_id, asked[1])
            ELSE format('Production has begun %s transactions; at the last sync it had begun %s: it was restored from a backup.',
                asked[2], known.transactions)
        END,
        CASE
            WHEN asked[1] <> known.source_id THEN 'Connect to the right one. If production itself moved to a new system: '
            ELSE 'If what it holds now is what counts: '
        END || 'DELETE FROM ngeshare.source; CALL ngeshare_sync(''full'');'
    FROM ngeshare.ask_production($ask$
        SELECT
            CASE
                WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
                THEN (SELECT system_identifier::text FROM pg_control_system())
                ELSE 'unknown'
            END || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()),
            CASE WHEN NOT pg_is_in_recovery() THEN pg_snapshot_xmax(pg_current_snapshot()) END
    $ask$) AS asked
    JOIN ngeshare.source AS known
      ON asked[1] <> known.source_id
      OR asked[2]::bigint < known.transactions
$$;
COMMENT ON FUNCTION ngeshare.check_production_identity() IS
'Is this the system that the mirror came from, and has it not gone back in time? A sync refuses both.';

CREATE FUNCTION ngeshare.check_production_version()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN asked[1]::integer < 140000 THEN 'error' ELSE 'ok' END,
        format('Production runs PostgreSQL %s.', asked[2]),
        CASE WHEN asked[1]::integer < 140000 THEN 'ngeshare reads from PostgreSQL 14 and newer.' END
    FROM ngeshare.ask_production($ask$
        SELECT current_setting('server_version_num'), current_setting('server_version')
    $ask$) AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_production_version() IS
'Is production''s PostgreSQL new enough?';

CREATE FUNCTION ngeshare.check_production_tables()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        CASE asked[2]
            WHEN 'usage' THEN 'The login may not use schema public on production.'
            WHEN 'exists' THEN format('Production has no table public.%I.', asked[1])
            WHEN 'select' THEN format('The login may not read public.%I on production.', asked[1])
            ELSE format('Row security hides rows of public.%I on production from the login.', asked[1])
        END,
        CASE asked[2]
            WHEN 'usage' THEN format('There: GRANT USAGE ON SCHEMA public TO %I;', asked[3])
            WHEN 'exists' THEN 'Check the dbname of ngeshare_connect(), or what became of the table there.'
            WHEN 'select' THEN format('There: GRANT SELECT ON public.%I TO %I;', asked[1], asked[3])
            ELSE format('There: ALTER ROLE %I BYPASSRLS; a part of a table would pass for all of it.', asked[3])
        END
    FROM ngeshare.ask_of_tables($ask$
        , judged AS (
            SELECT no, name, CASE
                WHEN NOT coalesce(has_schema_privilege(space, 'USAGE'), false) THEN 'usage'
                WHEN relation IS NULL THEN 'exists'
                WHEN NOT has_any_column_privilege(relation, 'SELECT') THEN 'select'
                WHEN row_security_active(relation) THEN 'row security'
            END AS lack
            FROM wanted
        )
        SELECT name, lack, current_user
        FROM judged
        WHERE lack IS NOT NULL
        ORDER BY no
    $ask$) AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_production_tables() IS
'Are the six tables there, and may the login read all of their rows?';

CREATE FUNCTION ngeshare.columns_of(schema_name text)
RETURNS TABLE (table_name text, column_name text, type_name text, base_name text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        mirrored.table_name,
        attribute.attname::text,
        format_type(atttypid, atttypmod),
        format_type(atttypid, NULL)
    FROM ngeshare.mirror_table AS mirrored
    JOIN pg_attribute AS attribute
      ON attribute.attrelid = to_regclass(format('%I.%I', schema_name, mirrored.table_name))
     AND attribute.attnum > 0
     AND NOT attribute.attisdropped
$$;
COMMENT ON FUNCTION ngeshare.columns_of(text) IS
'The columns of the six tables in a schema here: public (the mirror) or production (the foreign tables).';

CREATE FUNCTION ngeshare.production_columns()
RETURNS TABLE (table_name text, column_name text, type_name text, base_name text, is_enum boolean, is_readable boolean)
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT asked[1], asked[2], asked[3], asked[4], asked[5]::boolean, asked[6]::boolean
    FROM ngeshare.ask_of_tables($ask$
        SELECT
            name,
            attname,
            format_type(atttypid, atttypmod),
            format_type(atttypid, NULL),
            type.typtype = 'e',
            has_column_privilege(relation, attnum, 'SELECT')
        FROM wanted
        JOIN pg_attribute ON attrelid = relation AND attnum > 0 AND NOT attisdropped
        JOIN pg_type AS type ON type.oid = atttypid
    $ask$) AS asked
$$;
COMMENT ON FUNCTION ngeshare.production_columns() IS
'The columns of the six tables on production, of those that are there.';

CREATE FUNCTION ngeshare.compare_columns()
RETURNS TABLE (kind text, table_name text, column_name text, here text, there text)
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH there AS MATERIALIZED (
        SELECT * FROM ngeshare.production_columns()
    ), mirror AS (
        SELECT * FROM ngeshare.columns_of('public')
    ), compared AS (
        SELECT
            CASE
                WHEN there.column_name IS NULL THEN 'gone'
                WHEN mirror.column_name IS NULL THEN 'added'
                WHEN NOT there.is_readable THEN 'unreadable'
                WHEN there.base_name <> mirror.base_name
                    AND NOT (mirror.type_name = 'text'
                        AND (there.is_enum OR there.base_name IN ('character varying', 'uuid', 'citext')))
                THEN 'retyped'
            END AS kind,
            table_name,
            column_name,
            mirror.type_name AS here,
            there.type_name AS there
        FROM mirror
        FULL JOIN there USING (table_name, column_name)
        WHERE table_name IN (SELECT known.table_name FROM there AS known)
        UNION ALL
        SELECT 'foreign', table_name, column_name, mirror.type_name, door.type_name
        FROM mirror
        LEFT JOIN ngeshare.columns_of('production') AS door USING (table_name, column_name)
        WHERE door.type_name IS DISTINCT FROM mirror.type_name
          AND to_regclass(format('production.%I', table_name)) IS NOT NULL
    )
    SELECT *
    FROM compared
    WHERE kind IS NOT NULL
$$;
COMMENT ON FUNCTION ngeshare.compare_columns() IS
'Where the columns of production, of the foreign tables and of the mirror differ: gone there, added there, retyped (to a type that the mirror''s can''t take), unreadable, or another in the foreign table (foreign).';

CREATE FUNCTION ngeshare.check_production_columns()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN kind = 'added' THEN 'warning' ELSE 'error' END,
        format(CASE kind
            WHEN 'gone' THEN 'Production has no column %1$I.%2$I any more.'
            WHEN 'added' THEN 'Production has a new column %1$I.%2$I of type %4$s; it is not mirrored.'
            WHEN 'retyped' THEN 'Production''s column %1$I.%2$I is of type %4$s; the mirror''s is %3$s.'
            WHEN 'unreadable' THEN 'The login may not read %1$I.%2$I on production.'
            ELSE 'The foreign table''s column %1$I.%2$I is %5$s; the mirror''s is %3$s.'
        END, table_name, column_name, here, there, coalesce('of type ' || there, 'not there')),
        format(CASE kind
            WHEN 'gone' THEN 'A sync refuses it (42703): bring the column back there, or install a version of ngeshare without it.'
            WHEN 'added' THEN 'Nothing has to be done; where answers need it, a later version of ngeshare has to mirror it.'
            WHEN 'retyped' THEN 'A sync refuses it (42804): take the type back there, or install a version of ngeshare with the new one.'
            WHEN 'unreadable' THEN 'There: GRANT SELECT ON public.%1$I TO the login;'
            ELSE 'DROP FOREIGN TABLE production.%1$I; then SELECT ngeshare_connect(...) again.'
        END, table_name)
    FROM ngeshare.compare_columns()
    ORDER BY kind = 'added', table_name, column_name
$$;
COMMENT ON FUNCTION ngeshare.check_production_columns() IS
'Do production, the foreign tables and the mirror have the same columns?';

CREATE FUNCTION ngeshare.judge_clock(seconds_ahead numeric)
RETURNS SETOF ngeshare.finding
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN abs(seconds_ahead) > 5 THEN 'warning' ELSE 'ok' END,
        format('Production''s clock is %s s %s this one.', round(abs(seconds_ahead), 1),
            CASE WHEN seconds_ahead < 0 THEN 'behind' ELSE 'ahead of' END),
        CASE WHEN abs(seconds_ahead) > 5 THEN 'Let both servers keep their time by NTP.' END
$$;
COMMENT ON FUNCTION ngeshare.judge_clock(numeric) IS
'What is to be said of clocks that are so many seconds apart: more than 5, either way, is too much.';

CREATE FUNCTION ngeshare.check_clock_offset()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    there numeric;
BEGIN
    SELECT asked[1]
    INTO there
    FROM ngeshare.ask_production('SELECT extract(epoch FROM clock_timestamp())') AS asked;
    RETURN QUERY SELECT * FROM ngeshare.judge_clock(there - extract(epoch FROM clock_timestamp()));
END
$$;
COMMENT ON FUNCTION ngeshare.check_clock_offset() IS
'Do both clocks agree? As exactly as an answer travels.';

CREATE FUNCTION ngeshare.check_index_for_pulls()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        format('Production has no index of public.%I to pull by: each batch reads the whole table there%s.', asked[1],
            CASE WHEN asked[3] IS NOT NULL THEN format(' (the index %s is invalid)', asked[3]) END),
        concat_ws(' ', 'There:', 'DROP INDEX CONCURRENTLY ' || asked[3] || ';',
            format('CREATE INDEX CONCURRENTLY ON public.%I (%s);', asked[1], asked[2]))
    FROM ngeshare.ask_of_tables($ask$
        , pulled AS (
            SELECT
                no,
                name,
                relation,
                quote_ident(stamp) || CASE WHEN stamp = 'updatedAt' THEN ', id' ELSE '' END AS columns,
                (SELECT attnum FROM pg_attribute WHERE attrelid = relation AND attname = stamp) AS stamp_no,
                CASE WHEN stamp = 'updatedAt' THEN
                    (SELECT attnum FROM pg_attribute WHERE attrelid = relation AND attname = 'id')
                END AS id_no
            FROM wanted
            WHERE relation IS NOT NULL
        ), fitting AS (
            SELECT indrelid, indexrelid, indisvalid AND indisready AS is_usable
            FROM pulled
            JOIN pg_index AS index ON indrelid = relation
            JOIN pg_class AS class ON class.oid = indexrelid
            JOIN pg_am AS method ON method.oid = class.relam
            WHERE amname = 'btree'
              AND indpred IS NULL
              AND indkey[0] = stamp_no
              AND (id_no IS NULL OR indnkeyatts > 1 AND indkey[1] = id_no AND indoption[0] = indoption[1])
        )
        SELECT name, columns, (
            SELECT min(indexrelid::regclass::text) FROM fitting WHERE indrelid = relation)
        FROM pulled
        WHERE NOT EXISTS (SELECT 1 FROM fitting WHERE indrelid = relation AND is_usable)
        ORDER BY no
    $ask$) AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_index_for_pulls() IS
'Does production find what changed by an index that begins with ("updatedAt", id), attendance with "attendedAt"? Partial and invalid ones don''t count.';

CREATE FUNCTION ngeshare.check_pg_read_all_stats()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        'The login does not have the privileges of pg_read_all_stats on production: watermarks can''t wait for long transactions there; what they hid is found by its content only.',
        format('There: ALTER ROLE %I INHERIT; GRANT pg_read_all_stats TO %1$I%s;', asked[1],
            CASE WHEN asked[2]::integer >= 160000 THEN ' WITH INHERIT TRUE' END)
    FROM ngeshare.ask_production($ask$
        SELECT current_user, current_setting('server_version_num')
        WHERE NOT pg_has_role('pg_read_all_stats', 'USAGE')
    $ask$) AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_pg_read_all_stats() IS
'May the login see when production''s open transactions began? It has to be a member that inherits.';

CREATE FUNCTION ngeshare.check_login_can_write()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The login %I %s%s.', asked[1], CASE asked[2]
            WHEN 'superuser' THEN 'is or may become a superuser on production'
            WHEN 'database' THEN 'may create schemas in production''s database'
            WHEN 'schema' THEN 'may create objects in production''s schema public'
            ELSE format('could %s public.%I on production', asked[4], asked[3])
        END, CASE WHEN asked[6]::boolean THEN ', as a role that it may become' END),
        format(CASE asked[2]
            WHEN 'superuser' THEN 'Give ngeshare a login of its own that has SELECT on the six tables and nothing else, and SELECT ngeshare_connect(...) with it.'
            WHEN 'database' THEN 'There: REVOKE CREATE ON DATABASE %3$I FROM PUBLIC, %1$I;'
            WHEN 'schema' THEN 'There: REVOKE CREATE ON SCHEMA public FROM PUBLIC, %1$I;'
            ELSE 'There: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.%2$I FROM PUBLIC, %1$I; or give ngeshare a login that has SELECT only, and owns and inherits nothing.'
        END, asked[1], asked[3], asked[5])
    FROM ngeshare.ask_of_tables($ask$
        , able AS (
            SELECT oid, rolsuper
            FROM pg_roles
            WHERE pg_has_role(oid, 'MEMBER')
        ), power AS (
            SELECT 1 AS no, 'superuser' AS kind, NULL AS name, NULL AS verbs, false AS as_other
            FROM able
            HAVING bool_or(rolsuper)
            UNION ALL
            SELECT 2, 'database', NULL, NULL, NOT has_database_privilege(current_database(), 'CREATE')
            FROM able
            HAVING bool_or(has_database_privilege(oid, current_database(), 'CREATE'))
            UNION ALL
            SELECT 3, 'schema', NULL, NULL, NOT has_schema_privilege('public', 'CREATE')
            FROM able
            HAVING bool_or(has_schema_privilege(oid, 'public', 'CREATE'))
            UNION ALL
            SELECT 3 + no, 'table', name, nullif(concat_ws(', ',
                CASE WHEN bool_or(has_any_column_privilege(oid, relation, 'INSERT')) THEN 'INSERT into' END,
                CASE WHEN bool_or(has_any_column_privilege(oid, relation, 'UPDATE')) THEN 'UPDATE' END,
                CASE WHEN bool_or(has_table_privilege(oid, relation, 'DELETE')) THEN 'DELETE from' END,
                CASE WHEN bool_or(has_table_privilege(oid, relation, 'TRUNCATE')) THEN 'TRUNCATE' END), ''),
                NOT (has_any_column_privilege(relation, 'INSERT, UPDATE') OR has_table_privilege(relation, 'DELETE, TRUNCATE'))
            FROM wanted
            CROSS JOIN able
            WHERE relation IS NOT NULL
            GROUP BY no, name, relation
        )
        SELECT current_user, kind, name, verbs, current_database(), as_other
        FROM power
        WHERE (kind <> 'table' OR verbs IS NOT NULL)
          AND (kind = 'superuser' OR NOT EXISTS (SELECT 1 FROM power AS all_power WHERE kind = 'superuser'))
        ORDER BY no
    $ask$) AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_login_can_write() IS
'Could the login write to production, itself or as a role that it may become? Its privileges are what keeps production safe.';

CREATE FUNCTION ngeshare.check_same_encoding()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('Production''s database is encoded in %s, this one in %s: texts beyond ASCII never compare as the same.',
            asked[1], current_setting('server_encoding')),
        format('Make a new local database: CREATE DATABASE ... ENCODING %L TEMPLATE template0;', asked[1])
    FROM ngeshare.ask_production('SELECT current_setting(''server_encoding'')') AS asked
    WHERE asked[1] <> current_setting('server_encoding')
$$;
COMMENT ON FUNCTION ngeshare.check_same_encoding() IS
'Do both databases have the same encoding? Contents are compared by the hashes of their bytes.';

-- from src/api/request.sql

-- What the web may see: views and functions that PostgREST shows and nothing
-- else. A COMMENT's first line is the summary in the API's own description.
-- Helpers stand in ngeshare, since every function of this schema can be called.

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS
'ngeShare analytics
The answers about study groups, and the sync that brings them up to date. Answers are given as of the header As-Of (a day, or an instant with its offset); without it as of the last successful sync. Errors are {code, message, details, hint}.';

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
        MESSAGE = jsonb_build_object('code', code, 'message', message, 'details', details, 'hint', hint)::text,
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
'A header of the web request, by its lower-case name; NULL where it is missing, empty, or there is no request.';

CREATE FUNCTION ngeshare.known_until()
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT clock
        FROM public.sync_run
        WHERE status IN ('success', 'warning')
          AND mode <> 'verify'
          AND window_start IS NOT NULL
        ORDER BY run_id DESC
        LIMIT 1);
END
$$;
COMMENT ON FUNCTION ngeshare.known_until() IS
'The clock of the last successful sync that took attendance: nothing is known after it. NULL before the first.';

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
        ELSE (at AT TIME ZONE ngeshare.reporting_zone() - interval '1 month') AT TIME ZONE ngeshare.reporting_zone()
    END
$$;
COMMENT ON FUNCTION ngeshare.month_before(timestamptz) IS
'The same local day and time of the month before, in the reporting zone; the last day of that month where it is shorter.';

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
    -- In this order, each with a snapshot of its own: a run that ends in between
    -- is seen as ended, not as crashed.
    SELECT run.status
    INTO logged
    FROM public.sync_run AS run
    WHERE run.run_id = run_status.run_id;
    RETURN CASE WHEN logged = 'running' AND NOT is_alive THEN 'crashed' ELSE logged END;
END
$$;
COMMENT ON FUNCTION ngeshare.run_status(bigint) IS
'A run''s status as it is now: one that is logged as running while no sync runs it has crashed.';

CREATE FUNCTION ngeshare.read_as_of(value text)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value ~ '^\d{4}-\d\d-\d\d$' THEN
        RETURN (value::date + time '23:59:59.999999') AT TIME ZONE ngeshare.reporting_zone();
    ELSIF value ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)$' THEN
        RETURN value::timestamptz;
    END IF;
    RAISE invalid_datetime_format;
EXCEPTION
    WHEN data_exception THEN
        PERFORM ngeshare.refuse_request(400, 'NG400',
            format('the header As-Of is no day and no instant: "%s"', value),
            'A day means its end in ' || ngeshare.reporting_zone() || '. An instant needs its offset from UTC.',
            'Send As-Of: 2026-03-31, or As-Of: 2026-03-31T12:00:00+07:00, or leave it out.');
END
$$;
COMMENT ON FUNCTION ngeshare.read_as_of(text) IS
'Reads the header As-Of: 2026-03-31 is the end of that local day, 2026-03-31T12:00:00+07:00 an instant; anything else is refused with 400. NULL for NULL.';

CREATE FUNCTION ngeshare.check_post()
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF ngeshare.request_header('x-ngeshare') IS DISTINCT FROM 'sync' THEN
        PERFORM ngeshare.refuse_request(403, 'NG403', 'a POST needs the header X-Ngeshare: sync', NULL,
            'It keeps other pages in the same browser from starting anything.');
    END IF;
    IF coalesce(ngeshare.request_header('content-type'), '') !~* '^application/json\s*(;|$)' THEN
        PERFORM ngeshare.refuse_request(415, 'NG415', 'a POST needs a JSON body', NULL,
            'Send Content-Type: application/json.');
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_post() IS
'Refuses a POST that a foreign page could have made: without X-Ngeshare: sync (403) or without a JSON body (415).';

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
        jsonb_build_array(jsonb_build_object('Location', '../sync_runs?run_id=eq.' || run_id))::text, true);
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
            WHEN code LIKE '53%' THEN 503
            ELSE 400
        END,
        code,
        message,
        nullif(details, ''),
        nullif(hint, ''),
        jsonb_strip_nulls(jsonb_build_object(
            'Retry-After', CASE WHEN code = 'NG001' THEN '5' WHEN code LIKE '53%' THEN '30' END,
            'Location', '../sync_runs?run_id=eq.' || substring(details FROM '^It is run (\d+)\.'))))
$$;
COMMENT ON FUNCTION ngeshare.refuse_start(text, text, text, text) IS
'Answers a start that was refused: 409 while a sync runs (NG001, with its run) or before ngeshare_connect() (55000), 503 where no worker is free (53...), else 400.';

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
    PERFORM set_config('ngeshare.as_of',
        coalesce(
            ngeshare.read_as_of(ngeshare.request_header('as-of')),
            ngeshare.known_until(),
            now())::text,
        true);
END
$$;
COMMENT ON FUNCTION api.pre_request() IS
'Runs before each request.
Reads the header As-Of: a day (its end in the reporting zone) or an instant with its offset; anything else is a 400 with code NG400. Without it, answers are as of the last successful sync, and before the first one as of now. Refuses a POST without the header X-Ngeshare: sync (403, NG403) or without a JSON body (415, NG415).';

CREATE FUNCTION api.sync_start(INOUT mode text DEFAULT 'incremental', OUT run_id text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
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
    WHEN SQLSTATE 'NG001' OR object_not_in_prerequisite_state OR insufficient_resources OR invalid_parameter_value THEN
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
202 with {mode, run_id} and a Location to watch it at. mode: incremental (what changed, and the last weeks of attendance), full (reread and reconcile everything). Errors: 409 NG001 while a sync runs (details and Location name its run), 409 55000 before the database is connected to production, 503 53000 while no worker is free, 400 22023 for an unknown mode, 405 NG405 for a GET. By POST only, with a JSON body and the header X-Ngeshare: sync.';

CREATE FUNCTION api.sync_cancel(OUT cancelled boolean, OUT run_id text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
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
202 with {cancelled: true, run_id} where one runs: it stops at its next step, with each table as before or after its merge. 200 with {cancelled: false, run_id: null} where none runs. By POST only, with a JSON body ({}) and the header X-Ngeshare: sync.';

-- from src/api/csv.sql

-- Every view as a CSV file: PostgREST calls the aggregate that returns the domain
-- "text/csv" for a request with Accept: text/csv.

CREATE DOMAIN api."text/csv" AS text;
COMMENT ON DOMAIN api."text/csv" IS
'A CSV file.
UTF-8 with a byte order mark, lines that end in CRLF, quotes as in RFC 4180.';

CREATE FUNCTION ngeshare.csv_add_row(state internal, added anyelement)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_csv_add_row'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.csv_add_row(internal, anyelement) IS
'Part of api.csv().';

CREATE FUNCTION ngeshare.csv_finish(state internal, added anyelement)
RETURNS api."text/csv"
AS 'MODULE_PATHNAME', 'ngeshare_csv_finish'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.csv_finish(internal, anyelement) IS
'Part of api.csv().';

CREATE AGGREGATE api.csv(anyelement)
(
    SFUNC = ngeshare.csv_add_row,
    STYPE = internal,
    SSPACE = 65536,
    FINALFUNC = ngeshare.csv_finish,
    FINALFUNC_EXTRA,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE api.csv(anyelement) IS
'Rows as a CSV file, with a header even where there is no row.
NULL is empty, days and instants are ISO 8601, and text that a spreadsheet would take for a formula begins with an apostrophe.';

-- from src/kept/computed.sql

-- The answers that are worth keeping, as they are computed: what Home and the pages of
-- figures show. All are as of ngeshare_as_of(); ../api/ shows them, kept or computed.

CREATE VIEW ngeshare.computed_home AS
WITH month AS (
    -- A day beyond the first or the last timestamp has a month, too, but no timestamp.
    SELECT
        (began - interval '2 months')::date AS before,
        (began - interval '1 month')::date AS last,
        began::date AS this
    FROM ngeshare.asked
    CROSS JOIN LATERAL date_trunc('month', greatest(least(day, date '294276-12-31'), date '4712-01-01 BC')::timestamp) AS began
)
SELECT
    counted.groups_total,
    counted.groups_started,
    counted.active,
    counted.stalled,
    counted.graduated,
    counted.not_started,
    (SELECT count(*)::integer FROM ngeshare.group_fact WHERE is_rescuable) AS rescuable,
    (SELECT count(*)::integer FROM public.v_at_risk) AS at_risk,
    counted.continued,
    counted.awaiting,
    counted.could_continue,
    growth.total_facilitators,
    growth.active_facilitators,
    growth.alumni_facilitators,
    growth.alumni_pct,
    (SELECT last FROM month) AS last_month,
    graduations.last AS graduations_last_month,
    graduations.before AS graduations_month_before,
    newcomers.last AS new_facilitators_last_month,
    newcomers.before AS new_facilitators_month_before,
    (SELECT count(*)::integer FROM public.v_anomalies WHERE severity = 'warning') AS anomalies
FROM (
    SELECT
        coalesce(sum(groups_total), 0)::integer AS groups_total,
        coalesce(sum(groups_started), 0)::integer AS groups_started,
        coalesce(sum(active), 0)::integer AS active,
        coalesce(sum(stalled), 0)::integer AS stalled,
        coalesce(sum(graduated), 0)::integer AS graduated,
        coalesce(sum(not_started), 0)::integer AS not_started,
        coalesce(sum(continued), 0)::integer AS continued,
        coalesce(sum(awaiting), 0)::integer AS awaiting,
        (sum(graduated) FILTER (WHERE continued IS NOT NULL))::integer AS could_continue
    FROM public.v_curriculum_funnel
) AS counted
CROSS JOIN public.v_facilitator_growth AS growth
CROSS JOIN (
    SELECT
        (count(*) FILTER (WHERE graduated_on >= month.last))::integer AS last,
        (count(*) FILTER (WHERE graduated_on < month.last))::integer AS before
    FROM ngeshare.group_fact
    CROSS JOIN month
    WHERE graduated_on >= month.before
      AND graduated_on < month.this
) AS graduations
CROSS JOIN (
    SELECT
        (count(*) FILTER (WHERE facilitator_since >= month.last))::integer AS last,
        (count(*) FILTER (WHERE facilitator_since < month.last))::integer AS before
    FROM public.v_facilitator_alumni
    CROSS JOIN month
    WHERE facilitator_since >= month.before
      AND facilitator_since < month.this
) AS newcomers;
COMMENT ON VIEW ngeshare.computed_home IS
'The figures of api.home, in one row.';

CREATE VIEW ngeshare.computed_home_before AS
SELECT
    public.ngeshare_as_of() AS as_of,
    active,
    stalled,
    graduated,
    not_started,
    groups_total,
    rescuable,
    at_risk,
    active_facilitators,
    alumni_pct
FROM ngeshare.computed_home;
COMMENT ON VIEW ngeshare.computed_home_before IS
'The figures of api.home_before, in one row, where ngeshare.as_of is the earlier instant.';

CREATE VIEW ngeshare.computed_funnel AS
SELECT
    sequence_order,
    course_name,
    groups_total,
    groups_started,
    graduated,
    active,
    stalled,
    not_started,
    graduation_rate,
    continued,
    continuation_rate,
    awaiting,
    settled_continuation_rate
FROM public.v_curriculum_funnel
ORDER BY sequence_order;
COMMENT ON VIEW ngeshare.computed_funnel IS
'The rows of api.funnel.';

CREATE VIEW ngeshare.computed_drop_off AS
SELECT
    drop_off.course_name,
    drop_off.episode,
    drop_off.groups_reached,
    drop_off.groups_stalled,
    drop_off.stalled_pct,
    drop_off.is_peak,
    config.sequence_order
FROM public.v_drop_off AS drop_off
LEFT JOIN public.course_config AS config ON config.course_name = drop_off.course_name
ORDER BY config.sequence_order, drop_off.episode;
COMMENT ON VIEW ngeshare.computed_drop_off IS
'The rows of api.drop_off.';

CREATE VIEW ngeshare.computed_cohort AS
SELECT
    sequence_order,
    course_name,
    month,
    groups,
    graduated_3_months,
    graduated_6_months,
    graduated_9_months,
    graduated_3_months_pct,
    graduated_6_months_pct,
    graduated_9_months_pct,
    graduated,
    is_open
FROM public.v_cohort
ORDER BY sequence_order, month;
COMMENT ON VIEW ngeshare.computed_cohort IS
'The rows of api.cohort.';

CREATE VIEW ngeshare.computed_facilitator_growth AS
SELECT
    total_facilitators,
    active_facilitators,
    alumni_facilitators,
    alumni_pct
FROM public.v_facilitator_growth;
COMMENT ON VIEW ngeshare.computed_facilitator_growth IS
'The row of api.facilitator_growth.';

CREATE VIEW ngeshare.computed_facilitator_monthly AS
SELECT
    monthly.month,
    monthly.new_facilitators,
    monthly.total_facilitators,
    monthly.month < date_trunc('month', least(asked.day, date '294276-12-31')::timestamp) AS is_complete
FROM public.v_facilitator_monthly AS monthly
CROSS JOIN ngeshare.asked
ORDER BY monthly.month;
COMMENT ON VIEW ngeshare.computed_facilitator_monthly IS
'The rows of api.facilitator_monthly.';

CREATE VIEW ngeshare.computed_time_to_graduate AS
SELECT
    taken.course_name,
    taken.groups,
    taken.avg_days,
    taken.median_days,
    taken.p90_days,
    taken.min_days,
    taken.max_days,
    config.sequence_order,
    others.p75_days,
    others.not_graduated
FROM public.v_time_to_graduate AS taken
LEFT JOIN public.course_config AS config ON config.course_name = taken.course_name
LEFT JOIN (
    SELECT
        course_name,
        round((percentile_cont(0.75) WITHIN GROUP (ORDER BY graduated_on - first_meeting_date))::numeric, 1) AS p75_days,
        (count(*) FILTER (WHERE status <> 'GRADUATED'))::integer AS not_graduated
    FROM ngeshare.group_fact
    GROUP BY course_name
) AS others ON others.course_name = taken.course_name
ORDER BY config.sequence_order;
COMMENT ON VIEW ngeshare.computed_time_to_graduate IS
'The rows of api.time_to_graduate.';

CREATE VIEW ngeshare.computed_graduation_days AS
WITH graduate AS (
    SELECT
        sequence_order,
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
), most AS (
    -- Nineteen in twenty stand in the closed bins.
    SELECT
        sequence_order,
        course_name,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY days) AS days
    FROM graduate
    GROUP BY sequence_order, course_name
), scale AS (
    SELECT
        most.*,
        width.days AS width,
        most.days / width.days + 1 AS closed
    FROM most
    CROSS JOIN LATERAL (
        SELECT min(7 * 2 ^ doubled)::integer AS days
        FROM generate_series(0, 24) AS doubled
        WHERE most.days < 20 * 7 * 2 ^ doubled
    ) AS width
)
SELECT
    scale.sequence_order,
    scale.course_name,
    bin.number * scale.width AS from_days,
    CASE WHEN bin.number < scale.closed THEN (bin.number + 1) * scale.width - 1 END AS to_days,
    coalesce(counted.groups, 0)::integer AS groups
FROM scale
CROSS JOIN LATERAL generate_series(0, scale.closed) AS bin (number)
LEFT JOIN (
    SELECT
        graduate.course_name,
        least(graduate.days / scale.width, scale.closed) AS number,
        count(*) AS groups
    FROM graduate
    JOIN scale ON scale.course_name = graduate.course_name
    GROUP BY 1, 2
) AS counted ON counted.course_name = scale.course_name AND counted.number = bin.number
ORDER BY scale.sequence_order, bin.number;
COMMENT ON VIEW ngeshare.computed_graduation_days IS
'The rows of api.graduation_days.';

CREATE VIEW ngeshare.computed_rescue_list AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    max_episodes - max_episode_reached AS episodes_remaining,
    progress_pct,
    days_inactive,
    facilitator_is_deleted,
    max_episode_reached,
    max_episodes
FROM ngeshare.group_fact
WHERE is_rescuable;
COMMENT ON VIEW ngeshare.computed_rescue_list IS
'The rows of api.rescue_list.';

CREATE FUNCTION ngeshare.computed(kind anyelement, as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS SETOF anyelement
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
SET jit = off
COST 1000000
ROWS 100
AS $$
DECLARE
    view_name text := pg_typeof(kind)::text;
BEGIN
    IF view_name !~ '^ngeshare\.computed_[a-z_]+$' THEN
        RAISE insufficient_privilege
            USING MESSAGE = format('%s is none of the computed answers', view_name),
                  HINT = 'Give NULL of the row type of a view ngeshare.computed_...';
    END IF;
    PERFORM ngeshare.asked_at(as_of);
    PERFORM set_config('ngeshare.as_of', as_of::text, true);
    RETURN QUERY EXECUTE format('SELECT * FROM %s', view_name);
END
$$;
COMMENT ON FUNCTION ngeshare.computed(anyelement, timestamptz) IS
'The rows of one of the views ngeshare.computed_..., named by NULL of its row type, as of an instant. 42501 for any other type; other errors as for ngeshare_group_status().';

-- from src/kept/kept.sql

-- The answers that Home and the pages of figures show, kept by the sync as of its
-- clock, so that nobody computes them on a page load.

CREATE TABLE ngeshare.kept_answer
(
    singleton           boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    asked_at            timestamp   NOT NULL,
    settings            text        NOT NULL,
    clock               timestamptz NOT NULL,
    future_from         timestamp[] NOT NULL,
    future_until        timestamp[] NOT NULL,
    home                ngeshare.computed_home[],
    home_before         ngeshare.computed_home_before[],
    funnel              ngeshare.computed_funnel[],
    drop_off            ngeshare.computed_drop_off[],
    cohort              ngeshare.computed_cohort[],
    facilitator_growth  ngeshare.computed_facilitator_growth[],
    facilitator_monthly ngeshare.computed_facilitator_monthly[],
    time_to_graduate    ngeshare.computed_time_to_graduate[],
    graduation_days     ngeshare.computed_graduation_days[]
);
COMMENT ON TABLE ngeshare.kept_answer IS
'The rows of some views of api as of asked_at (UTC), under these settings, made at clock. The groups with attendance that was yet to come then: from when to when (UTC) each is a FUTURE_ATTENDANCE, which goes by the real clock. No row: nothing is kept.';

CREATE TABLE ngeshare.kept_rescue (LIKE ngeshare.computed_rescue_list);
COMMENT ON TABLE ngeshare.kept_rescue IS
'The rows of api.rescue_list, made with kept_answer and holding as long as it: thousands, so they are rows and no array.';

CREATE VIEW ngeshare.keeping AS
SELECT
    kept.clock IS NOT NULL AS holds,
    kept.clock IS NOT NULL AND ngeshare.sync_now() >= kept.clock AS home_holds,
    today.settings
FROM (
    SELECT concat_ws(' ',
        ngeshare.reporting_zone(),
        ngeshare.setting('active_days'),
        ngeshare.setting('rescue_min_pct'),
        ngeshare.setting('link_early_days'),
        ngeshare.setting('link_days'),
        ngeshare.setting('link_min_shared'),
        ngeshare.setting('link_min_overlap_pct')) AS settings
) AS today
LEFT JOIN ngeshare.kept_answer AS kept ON kept.settings = today.settings
 AND kept.asked_at = ngeshare.as_of_utc()
 AND NOT EXISTS (SELECT 1 FROM ngeshare.unsettled);
COMMENT ON VIEW ngeshare.keeping IS
'One row: whether the kept answers hold for who asks now, and home''s, whose anomalies go by the real clock; and the settings that decide today.';

CREATE VIEW ngeshare.future_since AS
SELECT
    (count(*) FILTER (WHERE happens.now) - count(*) FILTER (WHERE happens.before))::integer AS anomalies
FROM ngeshare.kept_answer AS kept
CROSS JOIN LATERAL unnest(kept.future_from, kept.future_until) AS future (begins, ends)
CROSS JOIN (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC' AS now_utc) AS clock
CROSS JOIN LATERAL (
    SELECT
        begins <= now_utc AND ends > now_utc AS now,
        begins <= kept.clock AT TIME ZONE 'UTC' AS before
) AS happens;
COMMENT ON VIEW ngeshare.future_since IS
'One row: how many groups more (or fewer, below zero) are a FUTURE_ATTENDANCE now than when the kept answers were made.';

CREATE FUNCTION ngeshare.keep_answers(as_of timestamptz DEFAULT ngeshare.known_until())
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE invalid_transaction_state
            USING MESSAGE = format('answers cannot be kept in a %s transaction', upper(current_setting('transaction_isolation'))),
                  DETAIL = 'It would keep what was so before the last settling.',
                  HINT = 'Call it in a READ COMMITTED transaction.';
    END IF;
    -- Nobody settles meanwhile; settle() throws away what is kept.
    LOCK TABLE ngeshare.settled_state IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ngeshare.kept_answer;
    DELETE FROM ngeshare.kept_rescue;
    IF as_of IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('ngeshare.as_of', as_of::text, true);
    -- One statement: all rows are of one snapshot.
    WITH rescue AS (
        INSERT INTO ngeshare.kept_rescue
        SELECT *
        FROM ngeshare.computed_rescue_list
    )
    INSERT INTO ngeshare.kept_answer
    SELECT
        true,
        ngeshare.as_of_utc(),
        keeping.settings,
        ngeshare.sync_now(),
        future.begins,
        future.ends,
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_home) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_home_before, ngeshare.month_before(as_of)) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_funnel) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_drop_off) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_cohort) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_growth) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_monthly) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_time_to_graduate) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_graduation_days) AS answer)
    FROM ngeshare.keeping
    CROSS JOIN (
        SELECT
            coalesce(array_agg(created_at), '{}') AS begins,
            coalesce(array_agg(last_at), '{}') AS ends
        FROM ngeshare.group_record
        WHERE last_at > (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC')
    ) AS future;
END
$$;
COMMENT ON FUNCTION ngeshare.keep_answers(timestamptz) IS
'Keeps the answers of Home and the pages of figures as of an instant, that of the last sync unless told; NULL keeps none. Each sync does so once it has settled. It changes no answer, only how fast one is. 25000 in a transaction that is not READ COMMITTED.';

CREATE FUNCTION ngeshare.try_to_keep_answers(as_of timestamptz)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ngeshare.keep_answers(as_of);
    RETURN NULL;
EXCEPTION
    WHEN OTHERS THEN
        PERFORM ngeshare.keep_answers(NULL);
        RETURN format('%s (%s)', sqlerrm, sqlstate);
END
$$;
COMMENT ON FUNCTION ngeshare.try_to_keep_answers(timestamptz) IS
'ngeshare.keep_answers(), or an error''s message and SQLSTATE where they cannot be kept; then none is.';

-- from src/api/answers_home.sql

-- Home: the whole curriculum in one row, now and a month earlier.

CREATE VIEW api.home AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    (public.ngeshare_as_of() AT TIME ZONE ngeshare.reporting_zone())::date AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning') AND mode <> 'verify') AS synced,
    figure.groups_total,
    figure.groups_started,
    figure.active,
    figure.stalled,
    figure.graduated,
    figure.not_started,
    figure.rescuable,
    figure.continued,
    figure.awaiting,
    ngeshare.percentage(figure.active, figure.groups_total) AS active_pct,
    ngeshare.percentage(figure.stalled, figure.groups_total) AS stalled_pct,
    ngeshare.percentage(figure.graduated, figure.groups_total) AS graduation_rate,
    ngeshare.percentage(figure.continued, figure.could_continue) AS continuation_rate,
    figure.at_risk,
    figure.total_facilitators,
    figure.active_facilitators,
    figure.alumni_facilitators,
    figure.alumni_pct,
    figure.last_month,
    figure.graduations_last_month,
    figure.graduations_month_before,
    figure.new_facilitators_last_month,
    figure.new_facilitators_month_before,
    figure.anomalies + CASE WHEN is_kept THEN (SELECT anomalies FROM ngeshare.future_since) ELSE 0 END AS anomalies,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.setting('link_days') AS link_days,
    ngeshare.setting('attendance_window_days') AS window_days
FROM (
    SELECT
        true AS is_kept,
        kept.*
    FROM ngeshare.kept_answer
    CROSS JOIN LATERAL unnest(home) AS kept
    WHERE (SELECT home_holds FROM ngeshare.keeping)
    UNION ALL
    SELECT
        false,
        computed.*
    FROM ngeshare.computed(NULL::ngeshare.computed_home) AS computed
    WHERE NOT (SELECT home_holds FROM ngeshare.keeping)
) AS figure;
COMMENT ON VIEW api.home IS
'The whole curriculum in one row.
Groups of all courses by status, those worth a call, how many go on, who leads them, and the settings that decide.';
COMMENT ON COLUMN api.home.zone IS
'The zone whose local days answers speak in.';
COMMENT ON COLUMN api.home.as_of IS
'The instant that answers are given as of.';
COMMENT ON COLUMN api.home.as_of_day IS
'Its local day.';
COMMENT ON COLUMN api.home.synced IS
'Whether there was a successful sync yet; before it everything is empty.';
COMMENT ON COLUMN api.home.groups_total IS
'All groups of the curriculum''s courses.';
COMMENT ON COLUMN api.home.groups_started IS
'Those that met at least once.';
COMMENT ON COLUMN api.home.active IS
'Those with status ACTIVE: met, not graduated, and silent for at most active_days.';
COMMENT ON COLUMN api.home.stalled IS
'Those with status STALLED: not graduated, and silent for longer.';
COMMENT ON COLUMN api.home.graduated IS
'Those with status GRADUATED: reached the last episode of their course.';
COMMENT ON COLUMN api.home.not_started IS
'Those with status NOT_STARTED: never met, planned at most active_days ago or later.';
COMMENT ON COLUMN api.home.rescuable IS
'Stalled groups with at least rescue_min_pct percent of their course behind them: the rows of rescue_list.';
COMMENT ON COLUMN api.home.continued IS
'Graduated groups that went on to the next course.';
COMMENT ON COLUMN api.home.awaiting IS
'Groups that graduated at most link_days ago and have not gone on yet.';
COMMENT ON COLUMN api.home.active_pct IS
'active in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.stalled_pct IS
'stalled in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.graduation_rate IS
'graduated in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.continuation_rate IS
'continued in percent of the graduates of all courses but the last; NULL without such graduates.';
COMMENT ON COLUMN api.home.at_risk IS
'Active groups on their way to stalling: the rows of at_risk.';
COMMENT ON COLUMN api.home.total_facilitators IS
'Users who lead or led a group: the rows of facilitators.';
COMMENT ON COLUMN api.home.active_facilitators IS
'Those with a FACILITATOR record in a curriculum group that met at most active_days ago.';
COMMENT ON COLUMN api.home.alumni_facilitators IS
'Those of total_facilitators who were members before.';
COMMENT ON COLUMN api.home.alumni_pct IS
'They in percent of total_facilitators; NULL without facilitators.';
COMMENT ON COLUMN api.home.last_month IS
'The first day of the last month that is over as of as_of_day.';
COMMENT ON COLUMN api.home.graduations_last_month IS
'Groups that graduated in last_month.';
COMMENT ON COLUMN api.home.graduations_month_before IS
'Groups that graduated in the month before it.';
COMMENT ON COLUMN api.home.new_facilitators_last_month IS
'Users who first became a facilitator in last_month.';
COMMENT ON COLUMN api.home.new_facilitators_month_before IS
'Users who did in the month before it.';
COMMENT ON COLUMN api.home.anomalies IS
'The rows of anomalies with severity warning.';
COMMENT ON COLUMN api.home.active_days IS
'The setting ngeshare.active_days: days without a meeting for which a group is still active.';
COMMENT ON COLUMN api.home.rescue_min_pct IS
'The setting ngeshare.rescue_min_pct: percent of a course from which on a stalled group is on the rescue list.';
COMMENT ON COLUMN api.home.link_days IS
'The setting ngeshare.link_days: days after a graduation within which the next course''s start is the same group''s.';
COMMENT ON COLUMN api.home.window_days IS
'The setting ngeshare.attendance_window_days: days of raw attendance that are kept here.';

CREATE VIEW api.home_before AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.home_before) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_home_before, ngeshare.month_before(public.ngeshare_as_of()))
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.home_before IS
'Figures of home one month earlier, in one row.
As of the same local day and time of the month before; where that month is shorter, of its last day.';
COMMENT ON COLUMN api.home_before.as_of IS
'The instant that these figures are given as of.';

CREATE VIEW api.basis AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    (public.ngeshare_as_of() AT TIME ZONE ngeshare.reporting_zone())::date AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning') AND mode <> 'verify') AS synced,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.setting('link_days') AS link_days,
    ngeshare.setting('link_early_days') AS link_early_days,
    ngeshare.setting('link_min_shared') AS link_min_shared,
    ngeshare.setting('link_min_overlap_pct') AS link_min_overlap_pct,
    ngeshare.setting('attendance_window_days') AS window_days;
COMMENT ON VIEW api.basis IS
'What all answers go by, in one row.
The zone, the instant and the settings that decide. It judges no group, so it is always fast.';
COMMENT ON COLUMN api.basis.zone IS
'The zone whose local days answers speak in.';
COMMENT ON COLUMN api.basis.as_of IS
'The instant that answers are given as of.';
COMMENT ON COLUMN api.basis.as_of_day IS
'Its local day.';
COMMENT ON COLUMN api.basis.synced IS
'Whether there was a successful sync yet; before it everything is empty.';
COMMENT ON COLUMN api.basis.active_days IS
'The setting ngeshare.active_days: days without a meeting for which a group is still active.';
COMMENT ON COLUMN api.basis.rescue_min_pct IS
'The setting ngeshare.rescue_min_pct: percent of a course from which on a stalled group is on the rescue list.';
COMMENT ON COLUMN api.basis.link_days IS
'The setting ngeshare.link_days: days after a graduation within which the next course''s start is the same group''s.';
COMMENT ON COLUMN api.basis.link_early_days IS
'The setting ngeshare.link_early_days: days before a graduation from which on the next course''s start is.';
COMMENT ON COLUMN api.basis.link_min_shared IS
'The setting ngeshare.link_min_shared: members that two groups share at least to be linked.';
COMMENT ON COLUMN api.basis.link_min_overlap_pct IS
'The setting ngeshare.link_min_overlap_pct: their percent of the smaller group at least.';
COMMENT ON COLUMN api.basis.window_days IS
'The setting ngeshare.attendance_window_days: days of raw attendance that are kept here.';

CREATE VIEW api.courses AS
SELECT
    course_name,
    max_episodes,
    sequence_order
FROM public.course_config
ORDER BY sequence_order;
COMMENT ON VIEW api.courses IS
'The curriculum, a row a course.
What is taught in which order, and at which episode a group graduates.';

-- from src/api/answers_courses.sql

-- Answers with a row a course, or a course and something.

CREATE VIEW api.funnel AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.funnel) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_funnel)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.funnel IS
'The curriculum as a funnel, a row a course.
How many groups start, graduate and go on. graduated, active, stalled and not_started add up to groups_total.';

CREATE VIEW api.drop_off AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.drop_off) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_drop_off)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.drop_off IS
'Where groups stop, a row a course and episode.
How many got at least this far, and how many stalled just here.';

CREATE VIEW api.cohort AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.cohort) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_cohort)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.cohort IS
'Groups by the month they started, a row a course and month.
How many of them graduated within 3, 6 and 9 months.';

CREATE VIEW api.resume_chance AS
SELECT
    course_name,
    days_silent,
    silences,
    resumed,
    lasting,
    resume_chance
FROM public.v_resume_chance;
COMMENT ON VIEW api.resume_chance IS
'How likely a silent group meets again, a row a course and number of days.
From all silences of the course so far, after Kaplan and Meier.';

CREATE VIEW api.time_to_graduate AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.time_to_graduate) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_time_to_graduate)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.time_to_graduate IS
'Days from the first meeting to the graduation, a row a course.
Of its graduated groups; those that have not graduated are counted apart.';
COMMENT ON COLUMN api.time_to_graduate.p75_days IS
'The days within which three in four graduated (percentile_cont), one decimal.';
COMMENT ON COLUMN api.time_to_graduate.not_graduated IS
'Groups of the course that have not graduated: they are in none of these figures.';

CREATE VIEW api.graduation_days AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.graduation_days) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_graduation_days)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.graduation_days IS
'Graduated groups by the days they took, a row a course and span of days.
Spans are 7 days long, or 14, 28 and so on where more than 20 would be needed for 95 % of the groups; the last one is open. They add up to the course''s graduates.';
COMMENT ON COLUMN api.graduation_days.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN api.graduation_days.course_name IS
'The course.';
COMMENT ON COLUMN api.graduation_days.from_days IS
'The fewest days of the span.';
COMMENT ON COLUMN api.graduation_days.to_days IS
'The most; NULL for the last span, which has no end.';
COMMENT ON COLUMN api.graduation_days.groups IS
'Groups with from_days <= days_to_graduate <= to_days (group_status); 0 where there are none.';

CREATE VIEW api.graduation_outliers AS
SELECT
    outlier.group_id,
    outlier.course_name,
    outlier.days_to_graduate,
    outlier.outlier,
    fact.group_name,
    fact.facilitator_id,
    fact.facilitator_name,
    fact.graduated_on
FROM public.v_graduation_outliers AS outlier
LEFT JOIN ngeshare.group_fact AS fact ON fact.group_id = outlier.group_id;
COMMENT ON VIEW api.graduation_outliers IS
'Groups that took far less or far more time than others, a row a group.
By the quartiles of their course''s graduates.';

CREATE VIEW api.pipeline AS
SELECT
    link.group_a_id,
    link.course_a,
    link.group_b_id,
    link.course_b,
    link.shared_facilitator_id,
    link.shared_member_count,
    link.overlap_pct,
    link.days_between,
    group_a.name AS group_a_name,
    group_b.name AS group_b_name
FROM public.v_curriculum_pipeline AS link
LEFT JOIN public."HangoutGroup" AS group_a ON group_a.id = link.group_a_id
LEFT JOIN public."HangoutGroup" AS group_b ON group_b.id = link.group_b_id;
COMMENT ON VIEW api.pipeline IS
'Which groups went on as which, a row a link.
Group A graduated and went on to the next course as group B.';
COMMENT ON COLUMN api.pipeline.group_a_name IS
'HangoutGroup.name of group A.';
COMMENT ON COLUMN api.pipeline.group_b_name IS
'HangoutGroup.name of group B.';

-- from src/api/answers_groups.sql

-- Answers with a row a group, and one group's meetings.

CREATE VIEW api.group_status AS
SELECT
    fact.group_id,
    fact.course_name,
    fact.status,
    fact.progress_pct,
    fact.days_inactive,
    fact.group_name,
    fact.sequence_order,
    fact.max_episodes,
    fact.max_episode_reached,
    fact.total_meetings,
    fact.first_meeting_date,
    fact.last_meeting_date,
    fact.graduated_on,
    fact.started_on,
    fact.facilitator_id,
    fact.facilitator_name,
    fact.member_count,
    fact.facilitator_contact,
    fact.facilitator_is_deleted,
    CASE
        WHEN fact.status = 'GRADUATED' AND fact.sequence_order < (SELECT max(sequence_order) FROM public.course_config)
            THEN went_on.group_id IS NOT NULL
    END AS has_continued,
    CASE
        WHEN fact.status = 'GRADUATED' AND fact.sequence_order < (SELECT max(sequence_order) FROM public.course_config)
            THEN went_on.group_id IS NULL
                AND (SELECT day FROM ngeshare.asked) - fact.graduated_on <= (SELECT ngeshare.setting('link_days'))
    END AS is_awaiting,
    fact.graduated_on - fact.first_meeting_date AS days_to_graduate,
    fact.is_rescuable,
    (fact.created_at AT TIME ZONE ngeshare.reporting_zone())::date AS created_on
FROM ngeshare.group_fact AS fact
-- One row a group, so that who asks for neither column above does not look at links.
LEFT JOIN (
    SELECT DISTINCT group_a_id AS group_id
    FROM ngeshare.link_then
) AS went_on ON went_on.group_id = fact.group_id;
COMMENT ON VIEW api.group_status IS
'The groups, a row a group.
Is it graduated, active, not started or stalled, how far has it come, and who leads it?';
COMMENT ON COLUMN api.group_status.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN api.group_status.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without one.';
COMMENT ON COLUMN api.group_status.has_continued IS
'Whether a link goes out from it (pipeline): those with true are the funnel''s continued. NULL where it has not graduated, and in the last course.';
COMMENT ON COLUMN api.group_status.is_awaiting IS
'Whether it graduated at most ngeshare.link_days ago (90) and no link goes out from it yet: those with true are the funnel''s awaiting. NULL where it has not graduated, and in the last course.';
COMMENT ON COLUMN api.group_status.days_to_graduate IS
'Days from its first meeting to its graduation; NULL where it has not graduated.';
COMMENT ON COLUMN api.group_status.is_rescuable IS
'Whether it is on rescue_list: stalled with at least ngeshare.rescue_min_pct percent (70) of its course behind it.';
COMMENT ON COLUMN api.group_status.created_on IS
'The local day on which production made the group.';

CREATE VIEW api.rescue_list AS
SELECT *
FROM (
    SELECT *
    FROM ngeshare.kept_rescue
    WHERE (SELECT holds FROM ngeshare.keeping)
    UNION ALL
    SELECT *
    FROM ngeshare.computed(NULL::ngeshare.computed_rescue_list)
    WHERE NOT (SELECT holds FROM ngeshare.keeping)
) AS listed
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW api.rescue_list IS
'Groups worth a call, a row a group.
Stalled with at least 70 % of the course behind them, the most recently active first.';

CREATE VIEW api.at_risk AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    days_inactive,
    days_until_stalled,
    reason,
    rhythm_days,
    progress_pct,
    facilitator_is_deleted
FROM public.v_at_risk
ORDER BY days_until_stalled, group_id COLLATE "C";
COMMENT ON VIEW api.at_risk IS
'Active groups on their way to stalling, a row a group.
Silent for half of the days that count as active, or for more than twice their own rhythm; the soonest first.';

CREATE VIEW api.group_meetings AS
SELECT
    group_id,
    meeting_date,
    episode,
    episode_title,
    attendances,
    is_own,
    is_own AND episode > greatest(max(episode) FILTER (WHERE is_own) OVER earlier, 0) AS is_milestone,
    episode_id
FROM (
    SELECT
        met.group_id,
        met.day AS meeting_date,
        episode."order" AS episode,
        episode.name AS episode_title,
        sum(met.attendances)::bigint AS attendances,
        coalesce(episode."hangoutId" = circle."hangoutId", false) AS is_own,
        met.episode_id,
        min(met.first_at) AS first_at
    FROM ngeshare.meeting AS met
    JOIN public."HangoutGroup" AS circle ON circle.id = met.group_id
    JOIN public."Hangout" AS hangout ON hangout.id = circle."hangoutId"
    JOIN public.course_config AS config ON config.course_name = hangout.name
    LEFT JOIN public."HangoutEpisode" AS episode ON episode.id = met.episode_id
    WHERE met.first_at <= ngeshare.as_of_utc()
      AND circle."createdAt" <= ngeshare.as_of_utc()
      -- Asking for the instant refuses another zone than the history's.
      AND (SELECT at FROM ngeshare.asked) IS NOT NULL
    GROUP BY met.group_id, met.day, met.episode_id, episode.id, circle.id
) AS meeting
WINDOW earlier AS (
    PARTITION BY group_id
    ORDER BY first_at, episode DESC NULLS LAST, episode_id COLLATE "C"
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);
COMMENT ON VIEW api.group_meetings IS
'The meetings of curriculum groups, a row a group, local day and episode.
When a group met, at which episode, and which meetings brought it further. Ask with group_id.';
COMMENT ON COLUMN api.group_meetings.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN api.group_meetings.meeting_date IS
'The local day; as many different ones as group_status says total_meetings.';
COMMENT ON COLUMN api.group_meetings.episode IS
'The "order" of the episode attended; NULL where that is not there any more.';
COMMENT ON COLUMN api.group_meetings.episode_title IS
'HangoutEpisode.name.';
COMMENT ON COLUMN api.group_meetings.attendances IS
'Attendance records of that day at it, those later on the day of as_of as well.';
COMMENT ON COLUMN api.group_meetings.is_own IS
'Whether the episode is one of the group''s own hangout; only those count for progress.';
COMMENT ON COLUMN api.group_meetings.is_milestone IS
'Whether it brought the group further than ever before: an own episode greater than all before. The last such episode is max_episode_reached.';
COMMENT ON COLUMN api.group_meetings.episode_id IS
'HangoutEpisode.id; with group_id and meeting_date it names the row.';

-- from src/api/answers_people.sql

-- Answers about people: who leads, who belongs where, and how they come to it.

CREATE VIEW api.facilitators AS
SELECT
    person.facilitator_id,
    person.facilitator_name,
    person.is_alumni,
    person.member_since,
    person.facilitator_since,
    person.current_facilitator_since,
    person.is_deleted,
    busy.user_id IS NOT NULL AS is_active,
    coalesce(led.groups, 0)::integer AS groups_led
FROM public.v_facilitator_alumni AS person
-- A row a person each, so that who does not ask for its column does not compute it.
LEFT JOIN (
    SELECT DISTINCT user_id
    FROM ngeshare.seat
    WHERE role = 'FACILITATOR'
      AND user_id IS NOT NULL
      AND group_id IN (
          SELECT group_id
          FROM ngeshare.group_fact
          WHERE first_meeting_date IS NOT NULL
            AND days_inactive <= (SELECT ngeshare.setting('active_days')))
) AS busy ON busy.user_id = person.facilitator_id
LEFT JOIN (
    SELECT facilitator_id, count(*) AS groups
    FROM ngeshare.group_fact
    WHERE facilitator_id IS NOT NULL
    GROUP BY facilitator_id
) AS led ON led.facilitator_id = person.facilitator_id;
COMMENT ON VIEW api.facilitators IS
'Users who lead or led a group, a row a user.
Did they grow out of the members, since when do they lead, and how many groups?';
COMMENT ON COLUMN api.facilitators.is_active IS
'Whether they have a FACILITATOR record in a curriculum group that met at most ngeshare.active_days (28) ago: the active_facilitators of facilitator_growth.';
COMMENT ON COLUMN api.facilitators.groups_led IS
'Curriculum groups that have them as facilitator: the rows of group_status with their facilitator_id.';

CREATE VIEW api.facilitator_growth AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.facilitator_growth) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_growth)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.facilitator_growth IS
'The facilitators in one row.
How many there are, how many lead now, and how many grew out of the members.';

CREATE VIEW api.facilitator_monthly AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.facilitator_monthly) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_monthly)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.facilitator_monthly IS
'The facilitators month by month, a row a month.
From the first one''s month to that of as_of, which is not over yet.';
COMMENT ON COLUMN api.facilitator_monthly.is_complete IS
'Whether the month is over as of the day of as_of; false in the last row only.';

CREATE VIEW api.members AS
SELECT
    user_id,
    user_name,
    groups_joined,
    courses_completed,
    current_course,
    is_facilitator_now,
    is_deleted
FROM public.v_member_journey;
COMMENT ON VIEW api.members IS
'Users who are or were members of a curriculum group, a row a user.
How far have they come? rpc/member_journey tells one user''s whole way.';

CREATE VIEW api.member_roster AS
SELECT
    roster.group_id,
    roster.user_id,
    roster.user_name,
    roster.role,
    roster.joined_at,
    roster.is_active,
    roster.is_deleted,
    circle.name AS group_name,
    hangout.name AS course_name
FROM public.v_member_roster AS roster
LEFT JOIN public."HangoutGroup" AS circle ON circle.id = roster.group_id
LEFT JOIN public."Hangout" AS hangout ON hangout.id = circle."hangoutId";
COMMENT ON VIEW api.member_roster IS
'Who belongs to which curriculum group, a row a group, person and role.
Somebody with both roles has two rows.';
COMMENT ON COLUMN api.member_roster.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN api.member_roster.course_name IS
'The course that its hangout teaches.';

-- from src/api/answers_quality.sql

-- What does not look as it should.

CREATE VIEW api.anomalies AS
SELECT
    odd.kind,
    odd.group_id,
    odd.severity,
    odd.detail,
    circle.name AS group_name,
    hangout.name AS course_name,
    fact.facilitator_id,
    fact.facilitator_name
FROM public.v_anomalies AS odd
LEFT JOIN public."HangoutGroup" AS circle ON circle.id = odd.group_id
LEFT JOIN public."Hangout" AS hangout ON hangout.id = circle."hangoutId"
LEFT JOIN ngeshare.group_fact AS fact ON fact.group_id = odd.group_id;
COMMENT ON VIEW api.anomalies IS
'Groups that do not look as they should, a row a kind and group.
What is odd, and who can tell.';
COMMENT ON COLUMN api.anomalies.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN api.anomalies.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN api.anomalies.facilitator_id IS
'Its facilitator''s user id as of as_of; NULL where it has none.';
COMMENT ON COLUMN api.anomalies.facilitator_name IS
'The facilitator''s email, or id where there is none.';

CREATE VIEW api.anomaly_kinds AS
SELECT
    kind,
    severity,
    count(*)::integer AS groups
FROM public.v_anomalies
GROUP BY kind, severity
ORDER BY kind;
COMMENT ON VIEW api.anomaly_kinds IS
'How many groups each kind of anomaly has, a row a kind that has any.
The rows of anomalies, counted.';
COMMENT ON COLUMN api.anomaly_kinds.groups IS
'Rows of anomalies of this kind.';

CREATE VIEW api.data_quality AS
SELECT
    finding,
    table_name,
    column_name,
    rows,
    example_id,
    hint
FROM public.v_data_quality;
COMMENT ON VIEW api.data_quality IS
'What is odd in the data, a row a finding.
Always as of the last sync, whatever As-Of says. Nothing is mended here: production is where.';

-- from src/api/explain.sql

-- One group's facts with their reasons, and one person's way, by GET.

CREATE TYPE api.group_explanation AS
(
    fact    text,
    value   text,
    because text
);
COMMENT ON TYPE api.group_explanation IS
'A fact about a group and its reason.
A row of rpc/explain_group.';
COMMENT ON COLUMN api.group_explanation.fact IS
'What is told: a column of group_status, went_on_as, came_from or anomaly.';
COMMENT ON COLUMN api.group_explanation.value IS
'Its value.';
COMMENT ON COLUMN api.group_explanation.because IS
'Why it is so, in a sentence.';

CREATE TYPE api.journey_step AS
(
    group_id           text,
    group_name         text,
    course_name        text,
    role               text,
    joined_at          timestamptz,
    status             text,
    progress_pct       numeric,
    first_meeting_date date,
    last_meeting_date  date,
    graduated_on       date,
    is_completed       boolean,
    facilitator_id     text,
    facilitator_name   text
);
COMMENT ON TYPE api.journey_step IS
'A group on a person''s way.
A row of rpc/member_journey.';
COMMENT ON COLUMN api.journey_step.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN api.journey_step.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN api.journey_step.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN api.journey_step.role IS
'MEMBER, FACILITATOR, or both.';
COMMENT ON COLUMN api.journey_step.joined_at IS
'When they first joined it.';
COMMENT ON COLUMN api.journey_step.status IS
'Its status, as in group_status.';
COMMENT ON COLUMN api.journey_step.progress_pct IS
'Percent of the course reached, at most 100, one decimal.';
COMMENT ON COLUMN api.journey_step.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN api.journey_step.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN api.journey_step.graduated_on IS
'The day it graduated; NULL if it has not.';
COMMENT ON COLUMN api.journey_step.is_completed IS
'Whether it has graduated and they had joined as a member by then.';
COMMENT ON COLUMN api.journey_step.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN api.journey_step.facilitator_name IS
'The facilitator''s email, or id where there is none.';

CREATE FUNCTION api.explain_group(group_id text)
RETURNS SETOF api.group_explanation
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 1000000
ROWS 20
AS $$
DECLARE
    message text;
BEGIN
    RETURN QUERY SELECT told.fact, told.value, told.because FROM public.ngeshare_explain_group(group_id) AS told;
EXCEPTION
    WHEN invalid_parameter_value THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        PERFORM ngeshare.refuse_request(404, 'NG404', message, NULL, 'GET /group_status lists those that do.');
END
$$;
COMMENT ON FUNCTION api.explain_group(text) IS
'Why a group has its status, a row a fact with its reason.
Status, progress, start, facilitator, members, links and anomalies as of As-Of. Errors: 404 NG404 for a group that does not exist then, or is outside the curriculum.';

CREATE FUNCTION api.member_journey(user_id text)
RETURNS SETOF api.journey_step
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 1000000
ROWS 5
AS $$
DECLARE
    message text;
BEGIN
    RETURN QUERY SELECT step.* FROM public.ngeshare_member_journey(user_id) AS step;
EXCEPTION
    WHEN invalid_parameter_value THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        PERFORM ngeshare.refuse_request(404, 'NG404', message, NULL, 'GET /members lists those who were ever a member.');
END
$$;
COMMENT ON FUNCTION api.member_journey(text) IS
'One user''s whole way through the curriculum, a row a group in the order of joining.
As a member or as its facilitator, as of As-Of; no row for a user without a group. Errors: 404 NG404 for an unknown user.';

-- from src/api/sync.sql

-- The sync as the page shows it: freshness, progress, history, errors.

CREATE VIEW api.freshness AS
SELECT
    last_success.finished_at AS last_success_at,
    greatest(floor(extract(epoch FROM last_success.age)), 0)::bigint AS age_seconds,
    CASE WHEN last_run.status = 'running' THEN ngeshare.run_status(last_run.run_id) ELSE last_run.status END AS status,
    last_run.run_id::text AS last_run_id,
    failure.message AS last_error,
    failure.sqlstate,
    sync.running AS is_running,
    coalesce(last_success.age > ngeshare.stale_after(), true) AS is_stale
FROM public.ngeshare_sync_status() AS sync
LEFT JOIN LATERAL (
    SELECT run_id,
           finished_at,
           now() - finished_at AS age
    FROM ngeshare.whole_success
    ORDER BY run_id DESC
    LIMIT 1
) AS last_success ON true
LEFT JOIN LATERAL (
    -- As v_sync_health: a comparison, a cancelled run and a success of some tables tell nothing of the data.
    SELECT run_id,
           status
    FROM public.sync_run
    WHERE mode <> 'verify'
      AND (status IN ('running', 'failed', 'crashed') OR run_id = last_success.run_id)
    ORDER BY run_id DESC
    LIMIT 1
) AS last_run ON true
LEFT JOIN LATERAL (
    SELECT coalesce(run.message, error.message) AS message,
           error.sqlstate
    FROM public.sync_run AS run
    LEFT JOIN public.sync_error_log AS error ON error.run_id = run.run_id
    WHERE run.status IN ('failed', 'crashed')
      AND run.mode <> 'verify'
      AND run.run_id > coalesce(last_success.run_id, 0)
    ORDER BY run.run_id DESC, error.error_id DESC NULLS LAST
    LIMIT 1
) AS failure ON true;
COMMENT ON VIEW api.freshness IS
'How fresh the data is, in one row.
When the last sync succeeded, and what went wrong since.';
COMMENT ON COLUMN api.freshness.last_success_at IS
'When the last successful sync of all six tables ended; NULL before the first.';
COMMENT ON COLUMN api.freshness.age_seconds IS
'Seconds since then.';
COMMENT ON COLUMN api.freshness.status IS
'The status of the last run that tells how the data is: running, failed, crashed (its process is gone: interrupted), or success or warning over all six tables. A run with mode verify, a cancelled one and a success of some tables only tell nothing. NULL before the first.';
COMMENT ON COLUMN api.freshness.last_run_id IS
'That run.';
COMMENT ON COLUMN api.freshness.last_error IS
'What the newest failed run said, if it failed after the last success; else NULL.';
COMMENT ON COLUMN api.freshness.sqlstate IS
'Its SQLSTATE; NULL where its process was gone before it could say.';
COMMENT ON COLUMN api.freshness.is_running IS
'Whether a sync runs now.';
COMMENT ON COLUMN api.freshness.is_stale IS
'Whether the last successful sync is longer ago than ngeshare.alert_stale_after (26 hours), or never was.';

CREATE FUNCTION ngeshare.sync_schedule()
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schedules text;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_cron') THEN
        EXECUTE 'SELECT string_agg(schedule, ''; '' ORDER BY jobid) FROM cron.job'
            ' WHERE jobname = ''ngeshare_sync'' AND active AND database = current_database()'
        INTO schedules;
    END IF;
    RETURN schedules;
END
$$;
COMMENT ON FUNCTION ngeshare.sync_schedule() IS
'When pg_cron starts the job "ngeshare_sync", in cron''s notation; NULL where pg_cron does not live here or has no such job.';

CREATE VIEW api.sync_health AS
SELECT
    health.status,
    health.last_success_at,
    health.age,
    health.last_run_id::text AS last_run_id,
    health.last_error,
    health.sqlstate,
    health.next_run_at,
    health.alerts_pending,
    ngeshare.sync_schedule() AS schedule
FROM public.v_sync_health AS health;
COMMENT ON VIEW api.sync_health IS
'Whether the data is fresh and comes by itself, in one row.
How the last sync ended, when the next one is planned, and by which schedule.';
COMMENT ON COLUMN api.sync_health.schedule IS
'When a sync starts by itself, in cron''s notation and zone; NULL where none is planned.';

CREATE VIEW api.sync_status AS
SELECT
    running,
    run_id::text AS run_id,
    mode,
    phase,
    table_name,
    rows_done,
    rows_expected,
    pct,
    eta,
    heartbeat_at,
    last_success_at,
    last_error,
    has_function_privilege('api.sync_start(text)', 'EXECUTE') AS may_sync
FROM public.ngeshare_sync_status();
COMMENT ON VIEW api.sync_status IS
'The running sync, in one row.
What it does now and how far it is; running is false where none runs.';
COMMENT ON COLUMN api.sync_status.running IS
'Whether a sync runs now.';
COMMENT ON COLUMN api.sync_status.run_id IS
'Its run.';
COMMENT ON COLUMN api.sync_status.mode IS
'Its mode: incremental, full or verify.';
COMMENT ON COLUMN api.sync_status.phase IS
'The step it is at.';
COMMENT ON COLUMN api.sync_status.table_name IS
'The table it is at.';
COMMENT ON COLUMN api.sync_status.rows_done IS
'Rows pulled so far.';
COMMENT ON COLUMN api.sync_status.rows_expected IS
'Rows it expects to pull; NULL while that is unknown.';
COMMENT ON COLUMN api.sync_status.pct IS
'How much of the run is done, in percent.';
COMMENT ON COLUMN api.sync_status.eta IS
'When it may end; NULL while that is unknown.';
COMMENT ON COLUMN api.sync_status.heartbeat_at IS
'When it last gave a sign of life.';
COMMENT ON COLUMN api.sync_status.last_success_at IS
'When the last successful sync ended.';
COMMENT ON COLUMN api.sync_status.last_error IS
'The last error.';
COMMENT ON COLUMN api.sync_status.may_sync IS
'Whether who asks may start and cancel a sync.';

CREATE VIEW api.sync_runs AS
SELECT
    run.run_id::text AS run_id,
    run.mode,
    run.trigger,
    CASE WHEN run.status = 'running' THEN ngeshare.run_status(run.run_id) ELSE run.status END AS status,
    run.started_at,
    run.finished_at,
    round(extract(epoch FROM run.finished_at - run.started_at), 1) AS duration,
    run.window_start,
    run.message,
    coalesce(counted.rows_inserted, 0)::bigint AS rows_inserted,
    coalesce(counted.rows_updated, 0)::bigint AS rows_updated,
    coalesce(counted.rows_deleted, 0)::bigint AS rows_deleted,
    run.clock
FROM public.sync_run AS run
LEFT JOIN (
    SELECT
        run_id,
        sum(rows_inserted) AS rows_inserted,
        sum(rows_updated) AS rows_updated,
        sum(rows_deleted) AS rows_deleted
    FROM public.sync_log
    GROUP BY run_id
) AS counted ON counted.run_id = run.run_id
ORDER BY run.run_id DESC;
COMMENT ON VIEW api.sync_runs IS
'The syncs, a row a run, the newest first.
To order by other columns, end with started_at: run_id is text.';
COMMENT ON COLUMN api.sync_runs.run_id IS
'The run.';
COMMENT ON COLUMN api.sync_runs.mode IS
'incremental (what changed), full (everything was reread) or verify (compared only).';
COMMENT ON COLUMN api.sync_runs.trigger IS
'Who started it: call (somebody in SQL), worker (the page) or cron.';
COMMENT ON COLUMN api.sync_runs.status IS
'running, success, warning (ended, but something needs a look: see message), failed, cancelled, or crashed (its process is gone: interrupted).';
COMMENT ON COLUMN api.sync_runs.started_at IS
'When it started.';
COMMENT ON COLUMN api.sync_runs.finished_at IS
'When it ended; NULL while it runs, and for a crashed one until the next run closes it.';
COMMENT ON COLUMN api.sync_runs.duration IS
'Seconds from start to end.';
COMMENT ON COLUMN api.sync_runs.window_start IS
'From when on it made attendance exactly production''s; NULL where attendance was not part of it.';
COMMENT ON COLUMN api.sync_runs.message IS
'What it says of itself.';
COMMENT ON COLUMN api.sync_runs.rows_inserted IS
'Rows it added, all tables.';
COMMENT ON COLUMN api.sync_runs.rows_updated IS
'Rows it changed, all tables.';
COMMENT ON COLUMN api.sync_runs.rows_deleted IS
'Rows it removed, all tables.';
COMMENT ON COLUMN api.sync_runs.clock IS
'The instant it counted as now; without the header As-Of, answers are as of the last successful one''s.';

CREATE VIEW api.sync_tables AS
SELECT
    run_id::text AS run_id,
    table_name,
    CASE WHEN status = 'running' THEN ngeshare.run_status(run_id) ELSE status END AS status,
    started_at,
    finished_at,
    duration_ms,
    rows_pulled,
    rows_inserted,
    rows_updated,
    rows_deleted,
    rows_repaired,
    source_rows,
    local_rows
FROM public.sync_log
ORDER BY sync_log.run_id DESC, started_at, table_name;
COMMENT ON VIEW api.sync_tables IS
'What each sync did to each table, a row a run and table.
The newest run first, its tables in the order they were done.';
COMMENT ON COLUMN api.sync_tables.run_id IS
'The run.';
COMMENT ON COLUMN api.sync_tables.table_name IS
'One of the six tables.';
COMMENT ON COLUMN api.sync_tables.status IS
'As of a run.';
COMMENT ON COLUMN api.sync_tables.started_at IS
'When the run came to this table.';
COMMENT ON COLUMN api.sync_tables.finished_at IS
'When it was done with it.';
COMMENT ON COLUMN api.sync_tables.duration_ms IS
'Milliseconds between them.';
COMMENT ON COLUMN api.sync_tables.rows_pulled IS
'Rows that came from production.';
COMMENT ON COLUMN api.sync_tables.rows_inserted IS
'Rows added here.';
COMMENT ON COLUMN api.sync_tables.rows_updated IS
'Rows changed here.';
COMMENT ON COLUMN api.sync_tables.rows_deleted IS
'Rows removed here.';
COMMENT ON COLUMN api.sync_tables.rows_repaired IS
'Rows that differed after the merge and were put right.';
COMMENT ON COLUMN api.sync_tables.source_rows IS
'Rows in production after it (attendance: of the window).';
COMMENT ON COLUMN api.sync_tables.local_rows IS
'Rows here after it (attendance: of the window).';

CREATE VIEW api.sync_errors AS
SELECT
    error_id::text AS error_id,
    run_id::text AS run_id,
    table_name,
    occurred_at,
    phase,
    attempt,
    sqlstate,
    class,
    message,
    will_retry,
    ngeshare.error_remedy(sqlstate) AS remedy
FROM public.sync_error_log
ORDER BY sync_error_log.error_id DESC;
COMMENT ON VIEW api.sync_errors IS
'The errors of the syncs and what to do, a row an error, the newest first.
The detail, which may hold values of rows, stays in the database (sync_error_log).';
COMMENT ON COLUMN api.sync_errors.error_id IS
'The error.';
COMMENT ON COLUMN api.sync_errors.run_id IS
'The run.';
COMMENT ON COLUMN api.sync_errors.table_name IS
'The table it was at; NULL where it was at none.';
COMMENT ON COLUMN api.sync_errors.occurred_at IS
'When.';
COMMENT ON COLUMN api.sync_errors.phase IS
'The step it was at.';
COMMENT ON COLUMN api.sync_errors.attempt IS
'Which attempt it was.';
COMMENT ON COLUMN api.sync_errors.sqlstate IS
'PostgreSQL''s code for the error.';
COMMENT ON COLUMN api.sync_errors.class IS
'transient (may pass by itself), permanent (somebody has to act) or row (one row can''t be stored).';
COMMENT ON COLUMN api.sync_errors.message IS
'What production, the network or this database said.';
COMMENT ON COLUMN api.sync_errors.will_retry IS
'Whether the run tried again by itself.';
COMMENT ON COLUMN api.sync_errors.remedy IS
'What to do.';

-- from src/api/described.sql

-- Columns that come from a view in public mean here what they mean there, those of
-- the same figures what they mean in api.home: their comments are copied.

DO $$
DECLARE
    copied record;
BEGIN
    FOR copied IN
        SELECT shown.name AS view_name,
               here.attname AS column_name,
               col_description(there.attrelid, there.attnum) AS comment
        FROM (VALUES
            ('anomalies', 'public.v_anomalies'),
            ('anomaly_kinds', 'public.v_anomalies'),
            ('at_risk', 'public.v_at_risk'),
            ('cohort', 'public.v_cohort'),
            ('courses', 'public.course_config'),
            ('data_quality', 'public.v_data_quality'),
            ('drop_off', 'public.v_drop_off'),
            ('drop_off', 'public.v_curriculum_funnel'),
            ('facilitator_growth', 'public.v_facilitator_growth'),
            ('facilitator_monthly', 'public.v_facilitator_monthly'),
            ('facilitators', 'public.v_facilitator_alumni'),
            ('funnel', 'public.v_curriculum_funnel'),
            ('graduation_outliers', 'public.v_graduation_outliers'),
            ('graduation_outliers', 'public.v_group_status'),
            ('group_status', 'public.v_group_status'),
            ('home_before', 'api.home'),
            ('member_roster', 'public.v_member_roster'),
            ('members', 'public.v_member_journey'),
            ('pipeline', 'public.v_curriculum_pipeline'),
            ('rescue_list', 'public.v_rescue_list'),
            ('rescue_list', 'public.v_group_status'),
            ('resume_chance', 'public.v_resume_chance'),
            ('sync_health', 'public.v_sync_health'),
            ('time_to_graduate', 'public.v_time_to_graduate'),
            ('time_to_graduate', 'public.v_curriculum_funnel')
        ) AS shown (name, source)
        JOIN pg_catalog.pg_attribute AS here
          ON here.attrelid = format('api.%I', shown.name)::regclass
         AND here.attnum > 0
        JOIN pg_catalog.pg_attribute AS there
          ON there.attrelid = shown.source::regclass
         AND there.attnum > 0
         AND there.attname = here.attname
    LOOP
        IF col_description(format('api.%I', copied.view_name)::regclass, (
            SELECT attnum
            FROM pg_catalog.pg_attribute
            WHERE attrelid = format('api.%I', copied.view_name)::regclass
              AND attname = copied.column_name)) IS NULL THEN
            EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L', copied.view_name, copied.column_name, copied.comment);
        END IF;
    END LOOP;
END
$$;

-- from src/grants.sql

-- Every right is given by name, elsewhere (the roles are the cluster's, not the
-- extension's). Here PUBLIC loses what PostgreSQL gives it by default.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ngeshare FROM PUBLIC;
-- What the mirror's CHECKs and triggers call runs as whoever writes to it.
GRANT EXECUTE ON FUNCTION ngeshare.is_restoring() TO PUBLIC;
GRANT EXECUTE ON FUNCTION ngeshare.has_local_day(timestamp) TO PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_connect(text) FROM PUBLIC;
REVOKE ALL ON PROCEDURE ngeshare_sync(text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_sync_start(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_sync_cancel() FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_sync_status() FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_schedule(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_unschedule() FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_alert_test() FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_last_sync(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_validate() FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_restore_attendance(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_restore_deleted(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_group_status(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_pipeline(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_funnel(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_explain_group(text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_member_journey(text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION ngeshare_doctor() FROM PUBLIC;
REVOKE ALL ON SCHEMA api FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA api FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;

-- A PostgREST that already runs learns what there is.
NOTIFY pgrst, 'reload schema';
