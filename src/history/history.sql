-- The meeting history: which group met on which local day at which episode, kept for ever. The sync
-- fills meeting_past with meetings before the window's start. Later meetings are computed from the
-- mirror's rows of attendance.

CREATE TABLE ngeshare.history_state
(
    singleton    boolean      NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    zone         text         NOT NULL,
    window_start timestamp(3) NOT NULL
);
COMMENT ON TABLE ngeshare.history_state IS
'The state of the meeting history, in one row; no row before the first sync. zone: the time zone '
'of the history''s local days. window_start (UTC): where the window of raw attendance starts and '
'meeting_past ends.';

CREATE TABLE ngeshare.meeting_past
(
    group_id    text         NOT NULL,
    episode_id  text         NOT NULL,
    day         date         NOT NULL,
    first_at    timestamp(3) NOT NULL,
    last_at     timestamp(3) NOT NULL,
    attendances bigint       NOT NULL CHECK (attendances > 0),
    PRIMARY KEY (group_id, day, episode_id)
);
COMMENT ON TABLE ngeshare.meeting_past IS
'Meetings before the start of the window of raw attendance, as production counts them: one row per '
'group, episode and local day with attendance. They are kept for ever, and pg_dump includes them.';

-- Attendance before plausible_from() is a typing error that no answer counts. The history keeps it,
-- so that v_data_quality can report it, and the view ngeshare.meeting leaves it out. No meeting may
-- mix plausible and implausible attendance. In most zones both can have the same local day, so
-- meeting_day() gives implausible attendance a day that plausible attendance has in no zone.
CREATE FUNCTION ngeshare.plausible_from()
RETURNS timestamp
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN timestamp '2000-01-01 00:00:00';
COMMENT ON FUNCTION ngeshare.plausible_from() IS
'The first instant (UTC) at which a person can plausibly have joined or attended. Answers ignore '
'earlier dates as typing errors; v_data_quality reports them as implausible_date.';

CREATE FUNCTION ngeshare.meeting_day(at timestamp, zone text)
RETURNS date
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN least(((at AT TIME ZONE 'UTC') AT TIME ZONE zone)::date,
    CASE WHEN at < timestamp '2000-01-01 00:00:00' THEN date '1999-12-30' END);
COMMENT ON FUNCTION ngeshare.meeting_day(timestamp, text) IS
'The day under which the meeting history counts an attendance: its local day in the given time '
'zone. Attendance before ngeshare.plausible_from() is counted under its local day or 1999-12-30, '
'whichever is earlier (src/sync/compare/content.c does the same on production).';

CREATE VIEW ngeshare.meeting AS
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_past
WHERE first_at >= ngeshare.plausible_from()
UNION ALL
SELECT
    "hangoutGroupId",
    "hangoutEpisodeId",
    ngeshare.meeting_day("attendedAt", (SELECT ngeshare.reporting_zone())),
    min("attendedAt"),
    max("attendedAt"),
    count(*)
FROM public."UserHangoutGroupAttendance"
WHERE "attendedAt" >= greatest(
    (SELECT window_start FROM ngeshare.history_state), ngeshare.plausible_from())
GROUP BY 1, 2, 3;
COMMENT ON VIEW ngeshare.meeting IS
'The meetings that answers count, one row per group, episode and local day, from '
'ngeshare.plausible_from() on: ngeshare.meeting_past, and the raw attendance since the window''s '
'start. A local day that the window''s start divides (some time zones have such nights) has two '
'rows.';

SELECT pg_extension_config_dump('ngeshare.history_state', '');
SELECT pg_extension_config_dump('ngeshare.meeting_past', '');

CREATE FUNCTION ngeshare.check_zone(kept text)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF kept <> ngeshare.reporting_zone() THEN
        RAISE object_not_in_prerequisite_state
            USING MESSAGE = format('the history is kept in time zone "%s", but ngeshare.timezone '
                                   'is "%s"',
                      kept, ngeshare.reporting_zone()),
                  HINT = 'CALL ngeshare_sync(''full'') rebuilds it, or set ngeshare.timezone back.';
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_zone(text) IS
'Raises 55000 if the given time zone, in which local days are kept, is not ngeshare.timezone. '
'NULL, for no local days yet, is accepted.';

CREATE FUNCTION ngeshare.add_to_past(condition text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($add$
        INSERT INTO ngeshare.meeting_past AS past
            (group_id, episode_id, day, first_at, last_at, attendances)
        SELECT
            "hangoutGroupId",
            "hangoutEpisodeId",
            ngeshare.meeting_day("attendedAt", (SELECT zone FROM ngeshare.history_state)),
            min("attendedAt"),
            max("attendedAt"),
            count(*)
        FROM public."UserHangoutGroupAttendance"
        WHERE %s
        GROUP BY 1, 2, 3
        ON CONFLICT (group_id, day, episode_id) DO UPDATE
        SET first_at = least(past.first_at, excluded.first_at),
            last_at = greatest(past.last_at, excluded.last_at),
            attendances = past.attendances + excluded.attendances
    $add$, condition);
END
$$;
COMMENT ON FUNCTION ngeshare.add_to_past(text) IS
'Counts the raw attendance that meets an SQL condition as meetings, and adds them to '
'ngeshare.meeting_past. The caller deletes the raw attendance.';

CREATE FUNCTION ngeshare.advance_window(new_start timestamp)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state ngeshare.history_state := (SELECT begun FROM ngeshare.history_state AS begun);
    freed bigint;
BEGIN
    PERFORM ngeshare.add_to_past(format('"attendedAt" >= %L AND "attendedAt" < %L',
        state.window_start, new_start));
    -- If the window now starts earlier, the sync has pulled its first days as rows of attendance,
    -- so their meetings leave the past.
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
'Moves the start of the window of raw attendance to another local midnight. Meetings of the days '
'that leave the window are added to ngeshare.meeting_past, and all raw rows before the new start '
'are deleted. If the start moves back, the meetings of the days that enter the window are deleted '
'from ngeshare.meeting_past. Returns the number of raw rows deleted.';

CREATE FUNCTION ngeshare.past_bucket(group_id text)
RETURNS bigint
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN hashtextextended(group_id, 0) & 1023;
COMMENT ON FUNCTION ngeshare.past_bucket(text) IS
'The number of the bucket, 0 to 1023, in which the meetings of a group before the window''s start '
'are compared with production (src/sync/compare/content.c computes the same there).';

CREATE TABLE ngeshare.stage_meeting AS
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_past
WITH NO DATA;
COMMENT ON TABLE ngeshare.stage_meeting IS
'Staging table for ngeshare.meeting_past: meetings before the window''s start as production counts '
'them, before they are merged.';

CREATE TABLE ngeshare.removed_meeting
(
    run_id bigint NOT NULL,
    LIKE ngeshare.meeting_past,
    PRIMARY KEY (run_id, group_id, day, episode_id)
);
COMMENT ON TABLE ngeshare.removed_meeting IS
'The archive of ngeshare.meeting_past: meetings as they were before a sync run changed or removed '
'them. ngeshare_restore_deleted() puts them back.';

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
    WHERE (buckets IS NULL OR ngeshare.past_bucket(past.group_id) = ANY (buckets))
      AND (past.first_at, past.last_at, past.attendances)
          IS DISTINCT FROM (stage.first_at, stage.last_at, stage.attendances)
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION ngeshare.archive_past(bigint, bigint[]) IS
'Copies the meetings that ngeshare.write_past() is about to change or remove to '
'ngeshare.removed_meeting, under the given sync run.';

CREATE FUNCTION ngeshare.write_past(buckets bigint[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
-- With a custom plan the array is a constant, so = ANY (buckets) uses a hash table and no linear
-- search.
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    removed bigint;
    written bigint;
BEGIN
    DELETE FROM ngeshare.meeting_past AS past
    WHERE (buckets IS NULL OR ngeshare.past_bucket(past.group_id) = ANY (buckets))
      AND NOT EXISTS (
          SELECT 1
          FROM ngeshare.stage_meeting AS stage
          WHERE (stage.group_id, stage.day, stage.episode_id)
              = (past.group_id, past.day, past.episode_id));
    GET DIAGNOSTICS removed = ROW_COUNT;
    -- The join leaves out unchanged rows, because ON CONFLICT would lock each of them.
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
      ON (past.group_id, past.day, past.episode_id)
       = (stage.group_id, stage.day, stage.episode_id)
    WHERE (past.first_at, past.last_at, past.attendances)
        IS DISTINCT FROM (stage.first_at, stage.last_at, stage.attendances)
    ON CONFLICT (group_id, day, episode_id) DO UPDATE
    SET first_at = excluded.first_at,
        last_at = excluded.last_at,
        attendances = excluded.attendances;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN removed + written;
END
$$;
COMMENT ON FUNCTION ngeshare.write_past(bigint[]) IS
'Replaces ngeshare.meeting_past with ngeshare.stage_meeting for the groups in the given buckets, '
'or completely if buckets is NULL. Writes only rows that differ, and returns the number of rows '
'written and deleted.';

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
'Replaces ngeshare.meeting_past with production''s meetings (ngeshare.stage_meeting) for the '
'groups in the given buckets, keeps the old meetings in the archive under the given sync run, and '
'returns the number of meetings that differed.';

CREATE FUNCTION ngeshare.replace_past(run bigint, new_zone text, new_start timestamp)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old_zone text := (SELECT zone FROM ngeshare.history_state);
    written  bigint;
BEGIN
    INSERT INTO ngeshare.history_state AS state (zone, window_start)
    VALUES (new_zone, new_start)
    ON CONFLICT (singleton) DO UPDATE
    SET zone = new_zone,
        window_start = new_start
    WHERE (state.zone, state.window_start) IS DISTINCT FROM (new_zone, new_start);
    -- In another zone the old meetings have other days, so they are not archived.
    IF old_zone = new_zone THEN
        PERFORM ngeshare.archive_past(run, NULL);
    END IF;
    written := ngeshare.write_past(NULL);
    DELETE FROM public."UserHangoutGroupAttendance"
    WHERE "attendedAt" < new_start;
    -- A row of NULLs makes everything stale: the local day of every meeting may have changed.
    IF old_zone IS DISTINCT FROM new_zone THEN
        INSERT INTO ngeshare.stale_key DEFAULT VALUES;
    END IF;
    RETURN written;
END
$$;
COMMENT ON FUNCTION ngeshare.replace_past(bigint, text, timestamp) IS
'Replaces the whole of ngeshare.meeting_past with production''s meetings (ngeshare.stage_meeting), '
'for the given time zone and start of the window, and deletes raw attendance before that start. If '
'the zone stays the same, the old meetings that differ go into the archive under the given sync '
'run. Writes only rows that differ, and returns the number of meetings written and deleted.';

CREATE FUNCTION ngeshare.move_to_past(archived text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    condition CONSTANT text := format('id IN (SELECT row_id FROM %s) AND "attendedAt" < '
        '(SELECT window_start FROM ngeshare.history_state)', archived);
BEGIN
    PERFORM ngeshare.add_to_past(condition);
    EXECUTE 'DELETE FROM public."UserHangoutGroupAttendance" WHERE ' || condition;
END
$$;
COMMENT ON FUNCTION ngeshare.move_to_past(text) IS
'Moves raw attendance that was put back from the archive to ngeshare.meeting_past if it is before '
'the window''s start, because answers do not read raw attendance there. archived: what follows '
'FROM in a query for the rows of the archive: a table and a WHERE clause.';

CREATE FUNCTION ngeshare.restore_meetings(run bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    restored bigint;
BEGIN
    INSERT INTO ngeshare.meeting_past
        (group_id, episode_id, day, first_at, last_at, attendances)
    SELECT
        group_id,
        episode_id,
        -- Not the day in the archive: the history's time zone may have changed since that run.
        ngeshare.meeting_day(first_at, (SELECT zone FROM ngeshare.history_state)),
        min(first_at),
        max(last_at),
        sum(attendances)
    FROM (
        SELECT DISTINCT ON (group_id, day, episode_id) *
        FROM ngeshare.removed_meeting
        WHERE run_id = run
           OR run_id > run
              AND group_id IN (
                  SELECT row_id
                  FROM ngeshare.removed_row
                  WHERE run_id = run
                    AND table_name = 'HangoutGroup')
        ORDER BY group_id, day, episode_id, run_id
    ) AS removed
    GROUP BY 1, 2, 3
    ON CONFLICT (group_id, day, episode_id) DO UPDATE
    SET first_at = excluded.first_at,
        last_at = excluded.last_at,
        attendances = excluded.attendances;
    GET DIAGNOSTICS restored = ROW_COUNT;
    RETURN restored;
END
$$;
COMMENT ON FUNCTION ngeshare.restore_meetings(bigint) IS
'Puts the meetings that a sync run changed or removed back into ngeshare.meeting_past, and returns '
'their number. For groups that the run removed, it also puts back the meetings that later runs '
'changed or removed: a sync compares only a part of the past, so a group''s meetings may be '
'removed by a later run than the group.';

SELECT pg_extension_config_dump('ngeshare.removed_meeting', '');
