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

-- Attendance before the first plausible instant is a typing error that no answer counts. The
-- history keeps it, so that v_data_quality can report it, and the view ngeshare.meeting leaves it
-- out. A row is either implausible or not: the boundary cuts a local day in two in most zones, so
-- meeting_day() gives implausible attendance a day that plausible attendance has in no zone.
CREATE FUNCTION ngeshare.plausible_from()
RETURNS timestamp
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN timestamp '2000-01-01 00:00:00';
COMMENT ON FUNCTION ngeshare.plausible_from() IS
'The first instant (UTC) at which somebody can have joined or attended. Answers ignore what is earlier: it is a typing error, which v_data_quality reports as implausible_date.';

CREATE FUNCTION ngeshare.meeting_day(at timestamp, zone text)
RETURNS date
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN least(((at AT TIME ZONE 'UTC') AT TIME ZONE zone)::date,
    CASE WHEN at < timestamp '2000-01-01 00:00:00' THEN date '1999-12-30' END);
COMMENT ON FUNCTION ngeshare.meeting_day(timestamp, text) IS
'The day under which the meeting history counts an attendance: its local day in a zone. Attendance before ngeshare.plausible_from() is counted under 1999-12-30 at the latest (src/sync/content.c does the same on production).';

CREATE VIEW ngeshare.meeting AS
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_past
WHERE first_at >= ngeshare.plausible_from()
UNION ALL
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_recent
WHERE first_at >= ngeshare.plausible_from();
COMMENT ON VIEW ngeshare.meeting IS
'The whole history that answers count, from ngeshare.plausible_from() on. A local day that the window''s start cuts in two (some zones have such nights) has a row on each side.';

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
                SELECT "hangoutGroupId", ngeshare.meeting_day("attendedAt", $1), "hangoutEpisodeId"
                FROM (%s) AS changed)
            FOR UPDATE
        $claim$, changed)
        USING state.zone;
        EXECUTE format($claim$
            SELECT 1
            FROM public."UserHangoutGroupAttendance"
            WHERE "hangoutGroupId" IN (SELECT "hangoutGroupId" FROM (%1$s) AS changed)
              AND ("hangoutGroupId", "hangoutEpisodeId", ngeshare.meeting_day("attendedAt", $1)) IN (
                  SELECT "hangoutGroupId", "hangoutEpisodeId", ngeshare.meeting_day("attendedAt", $1)
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
                ngeshare.meeting_day("attendedAt", $1) AS day
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
             AND ngeshare.meeting_day(raw."attendedAt", $1) = day
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
            ngeshare.meeting_day("attendedAt", $1),
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
        ngeshare.meeting_day(raw."attendedAt", state.zone),
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
            ngeshare.meeting_day(raw."attendedAt", state.zone) AS day,
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
        ngeshare.meeting_day("attendedAt", state.zone),
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
RETURN hashtextextended(group_id, 0) & 1023;
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
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    INSERT INTO ngeshare.removed_meeting
    SELECT run, past.*
    FROM ngeshare.meeting_past AS past
    LEFT JOIN ngeshare.stage_meeting AS stage
      ON (stage.group_id, stage.day, stage.episode_id)
       = (past.group_id, past.day, past.episode_id)
    WHERE (buckets IS NULL
           OR NOT past.by_hand AND ngeshare.past_bucket(past.group_id) = ANY (buckets))
      AND (past.by_hand OR (past.first_at, past.last_at, past.attendances)
          IS DISTINCT FROM (stage.first_at, stage.last_at, stage.attendances))
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION ngeshare.archive_past(bigint, bigint[]) IS
'Keeps the meetings that correct_past() is about to change or remove, under the run that does so.';

CREATE FUNCTION ngeshare.write_past(buckets bigint[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
-- A custom plan knows the buckets: PostgreSQL hashes a constant array, and scans any other.
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    taken_back bigint;
    removed    bigint;
    written    bigint;
BEGIN
    -- Each condition is a statement of its own. NOT EXISTS under OR is a subplan,
    -- which is scanned again for every row once its rows outgrow work_mem.
    DELETE FROM ngeshare.meeting_past AS past
    WHERE buckets IS NULL
      AND past.by_hand;
    GET DIAGNOSTICS taken_back = ROW_COUNT;
    DELETE FROM ngeshare.meeting_past AS past
    WHERE NOT past.by_hand
      AND (buckets IS NULL OR ngeshare.past_bucket(past.group_id) = ANY (buckets))
      AND NOT EXISTS (
          SELECT 1
          FROM ngeshare.stage_meeting AS stage
          WHERE (stage.group_id, stage.day, stage.episode_id)
              = (past.group_id, past.day, past.episode_id));
    GET DIAGNOSTICS removed = ROW_COUNT;
    -- ON CONFLICT locks every row that it meets: only rows that differ may come to it.
    INSERT INTO ngeshare.meeting_past
        (group_id, episode_id, day, first_at, last_at, attendances)
    SELECT
        stage.group_id,
        stage.episode_id,
        stage.day,
        stage.first_at,
        stage.last_at,
        stage.attendances
    FROM ngeshare.stage_meeting AS stage
    LEFT JOIN ngeshare.meeting_past AS past
      ON (past.group_id, past.day, past.episode_id, past.by_hand)
       = (stage.group_id, stage.day, stage.episode_id, false)
    WHERE (past.first_at, past.last_at, past.attendances)
        IS DISTINCT FROM (stage.first_at, stage.last_at, stage.attendances)
    ON CONFLICT (group_id, day, episode_id, by_hand) DO UPDATE
    SET first_at = excluded.first_at,
        last_at = excluded.last_at,
        attendances = excluded.attendances;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN taken_back + removed + written;
END
$$;
COMMENT ON FUNCTION ngeshare.write_past(bigint[]) IS
'Makes the past what ngeshare.stage_meeting says: of the groups in some buckets, without what was written by hand; all of it where buckets is NULL. Writes only what differs, and returns how many meetings that were.';

CREATE FUNCTION ngeshare.correct_past(run bigint, buckets bigint[])
RETURNS bigint
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.archive_past(run, buckets);
    SELECT ngeshare.write_past(buckets);
$$;
COMMENT ON FUNCTION ngeshare.correct_past(bigint, bigint[]) IS
'Makes the past of the groups in some buckets what production says (in ngeshare.stage_meeting), keeps what it was in the run''s archive, and returns how many meetings differed.';

CREATE FUNCTION ngeshare.replace_past(run bigint, new_zone text, new_start timestamp)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state   ngeshare.history_state := ngeshare.open_history();
    written bigint;
BEGIN
    UPDATE ngeshare.history_state
    SET zone = new_zone,
        window_start = new_start
    WHERE (zone, window_start) IS DISTINCT FROM (new_zone, new_start);
    -- Days of another zone are no versions of these, and not worth keeping.
    IF state.zone = new_zone THEN
        PERFORM ngeshare.archive_past(run, NULL);
    END IF;
    written := ngeshare.write_past(NULL);
    PERFORM ngeshare.trim_recent(new_start);
    DELETE FROM public."UserHangoutGroupAttendance"
    WHERE "attendedAt" < new_start;
    IF state.zone <> new_zone THEN
        PERFORM ngeshare.rebuild_recent();
    END IF;
    RETURN written;
END
$$;
COMMENT ON FUNCTION ngeshare.replace_past(bigint, text, timestamp) IS
'Makes the whole past what production says (in ngeshare.stage_meeting), in a zone and up to a window''s start, what was written by hand included. Writes only what differs, and returns how many meetings that were.';

SELECT pg_extension_config_dump('ngeshare.removed_meeting', '');
