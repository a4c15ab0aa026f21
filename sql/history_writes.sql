-- Tests the ways of writing to the mirror and to the history by hand. Until the next refresh the
-- answers stay as they were; after it they equal what the mirror and the history contain.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-06-30 12:00+07';

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.users('ani', 'budi', 'citra');
CALL test.circle('g1', 'aqidah');
CALL test.circle('g2', 'aqidah');

-- test.shown has the meetings that answers read; test.past has the meetings before the window.
CREATE VIEW test.shown AS
SELECT meeting.group_id, met.episode_id, met.day, met.first_at, met.attendances AS n
FROM ngeshare.group_meeting AS meeting
CROSS JOIN LATERAL unnest(meeting.episode_id, meeting.day, meeting.first_at, meeting.attendances)
    AS met (episode_id, day, first_at, attendances);
CREATE VIEW test.past AS
SELECT group_id, episode_id, day, first_at, last_at, attendances AS n
FROM ngeshare.meeting_past;
-- Counts the meetings from the raw rows since the window's start and from the past. A day that the
-- window's start cuts in two can have attendance in both; that is one meeting.
CREATE VIEW test.counted AS
SELECT met.group_id, met.episode_id, met.day, min(met.first_at) AS first_at, sum(met.n)::bigint AS n
FROM (
    SELECT
        "hangoutGroupId" AS group_id,
        "hangoutEpisodeId" AS episode_id,
        (("attendedAt" AT TIME ZONE 'UTC') AT TIME ZONE ngeshare.reporting_zone())::date AS day,
        min("attendedAt") AS first_at,
        count(*) AS n
    FROM public."UserHangoutGroupAttendance"
    WHERE "attendedAt" >= coalesce((SELECT window_start FROM ngeshare.history_state), '2000-01-01')
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT group_id, episode_id, day, first_at, attendances
    FROM ngeshare.meeting_past
) AS met
JOIN public."HangoutGroup" AS grp ON grp.id = met.group_id
JOIN public."Hangout" AS hangout ON hangout.id = grp."hangoutId"
JOIN public.course_config AS course ON course.course_name = hangout.name
GROUP BY met.group_id, met.episode_id, met.day;

-- Refreshes, and returns the number of groups that were built; whether a refresh of all groups
-- afterwards changes nothing (is_whole); and whether test.shown equals test.counted (is_right).
CREATE FUNCTION test.refreshed(OUT built bigint, OUT is_whole boolean, OUT is_right boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    made bigint;
BEGIN
    built := public.ngeshare_refresh();
    made := (SELECT generation FROM ngeshare.snapshot_state);
    PERFORM ngeshare.refresh_snapshot(true);
    is_whole := made = (SELECT generation FROM ngeshare.snapshot_state);
    is_right := NOT EXISTS (
        (TABLE test.counted EXCEPT ALL TABLE test.shown)
        UNION ALL
        (TABLE test.shown EXCEPT ALL TABLE test.counted));
END
$$;

--
-- Before the first refresh answers are refused, if the mirror has groups
--
\set SHOW_CONTEXT never
SELECT count(*) FROM v_group_status;
SELECT count(*) FROM ngeshare_pipeline();
BEGIN;
SET client_min_messages = warning;
TRUNCATE "HangoutGroup" CASCADE;
RESET client_min_messages;
SELECT count(*) AS groups FROM v_group_status;
SELECT count(*) AS courses FROM v_curriculum_funnel;
ROLLBACK;
SELECT * FROM test.refreshed();
SELECT count(*) AS groups FROM v_group_status;

--
-- Before the first sync all attendance is in the window
--
-- INSERT: one statement that makes four meetings. In Jakarta the next day begins at 17:00 UTC
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES
    ('1', '2026-03-01 12:00', 'aqidah-1', 'g1', 'ani'),
    ('2', '2026-03-01 12:05', 'aqidah-1', 'g1', 'budi'),
    ('3', '2026-03-01 16:59:59.999', 'aqidah-1', 'g1', 'citra'),
    ('4', '2026-03-01 17:00', 'aqidah-1', 'g1', 'ani'),
    ('5', '2026-03-01 12:00', 'aqidah-2', 'g1', 'ani'),
    ('6', '2026-03-01 12:00', 'aqidah-1', 'g2', 'ani');
SELECT count(*) AS windows FROM ngeshare.history_state;
SELECT * FROM test.shown ORDER BY 1, 2, 3;
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;

-- A statement that touches no row changes nothing.
INSERT INTO "UserHangoutGroupAttendance" SELECT * FROM "UserHangoutGroupAttendance" WHERE false;
DELETE FROM "UserHangoutGroupAttendance" WHERE false;
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'ani' WHERE false;
SELECT * FROM test.refreshed();

-- UPDATE: to another day, another episode, another group, another instant, another user
BEGIN;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 day'
    WHERE id IN ('1', '2');
UPDATE "UserHangoutGroupAttendance" SET "hangoutEpisodeId" = 'aqidah-3' WHERE id = '3';
UPDATE "UserHangoutGroupAttendance" SET "hangoutGroupId" = 'g2' WHERE id = '4';
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-01 00:00' WHERE id = '5';
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'citra' WHERE id = '6';
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;
-- one statement moves all rows: g1 and g2 exchange their attendance
UPDATE "UserHangoutGroupAttendance"
SET "hangoutGroupId" = CASE "hangoutGroupId" WHEN 'g1' THEN 'g2' ELSE 'g1' END;
SELECT * FROM test.refreshed();
ROLLBACK;
SELECT * FROM test.refreshed();

-- DELETE: the earliest row of a meeting, and the only row of another
BEGIN;
DELETE FROM "UserHangoutGroupAttendance" WHERE id IN ('1', '4');
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;
ROLLBACK;

-- COPY
COPY "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
    FROM STDIN;
7	2026-03-01 12:10	aqidah-1	g1	citra
8	2026-03-02 12:00	aqidah-2	g1	ani
\.
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;

-- ON CONFLICT: one row is inserted, one is updated, one is left as it is
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES
    ('7', '2026-03-03 12:10', 'aqidah-1', 'g1', 'citra'),
    ('9', '2026-03-03 12:20', 'aqidah-1', 'g1', 'ani')
ON CONFLICT (id) DO UPDATE SET "attendedAt" = excluded."attendedAt";
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('8', '2026-03-09 12:00', 'aqidah-9', 'g2', 'ani')
ON CONFLICT DO NOTHING;
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;

-- MERGE: inserts, updates and deletes in one statement
MERGE INTO "UserHangoutGroupAttendance" AS target
USING (
    VALUES ('7', 'aqidah-4'), ('8', NULL), ('10', 'aqidah-5')
) AS source (id, episode)
ON target.id = source.id
WHEN MATCHED AND source.episode IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET "hangoutEpisodeId" = source.episode
WHEN NOT MATCHED THEN
    INSERT (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
    VALUES (source.id, '2026-03-08 12:00', source.episode, 'g2', 'ani');
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;

-- Data-modifying WITH: one statement deletes and inserts.
WITH gone AS (
    DELETE FROM "UserHangoutGroupAttendance" WHERE id IN ('9', '10') RETURNING *
)
INSERT INTO "UserHangoutGroupAttendance"
SELECT id || '-again', "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId" FROM gone;
SELECT * FROM test.refreshed();

-- A change of an id cascades to the rows that reference it.
UPDATE "HangoutGroup" SET id = 'g3' WHERE id = 'g1';
UPDATE "HangoutEpisode" SET id = 'aqidah-first' WHERE id = 'aqidah-1';
UPDATE "User" SET id = 'anita' WHERE id = 'ani';
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;

UPDATE "HangoutEpisode" SET id = 'aqidah-1' WHERE id = 'aqidah-first';
SELECT * FROM test.refreshed();

-- The triggers that store stale keys fire in a session with session_replication_role = replica too.
SET session_replication_role = replica;
DELETE FROM "UserHangoutGroupAttendance" WHERE id = '6';
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('11', '2026-03-15 12:00', 'aqidah-6', 'g2', 'budi');
RESET session_replication_role;
SELECT * FROM test.refreshed();
SELECT * FROM test.shown WHERE group_id = 'g2' ORDER BY 1, 2, 3;

-- ROLLBACK TO a savepoint takes back the stale keys together with the change.
BEGIN;
SAVEPOINT before;
DELETE FROM "UserHangoutGroupAttendance";
ROLLBACK TO before;
COMMIT;
SELECT * FROM test.refreshed();

-- TRUNCATE, alone and by cascade
BEGIN;
TRUNCATE "UserHangoutGroupAttendance";
SELECT * FROM test.refreshed();
SELECT count(*) AS meetings FROM test.shown;
ROLLBACK;
SELECT * FROM test.refreshed();
SET client_min_messages = warning;
TRUNCATE "User" CASCADE;
RESET client_min_messages;
SELECT * FROM test.refreshed();
SELECT count(*) AS meetings FROM test.shown;


--
-- The other tables: which stale keys a write stores, and which groups the refresh then builds
--
CREATE VIEW test.noted AS
SELECT DISTINCT group_id, user_id, hangout_id FROM ngeshare.stale_key ORDER BY 1, 2, 3;
CALL test.users('ani', 'budi', 'citra', 'dewi');
CALL test.circle('k1', 'aqidah');
CALL test.circle('k2', 'aqidah');
TABLE test.noted;
CALL test.people('k1', 'ani', 'budi', 'citra');
CALL test.people('k2', 'ani', 'dewi');
CALL test.meets('k1', 'aqidah-1', '2026-05-01 19:00+07');
CALL test.meets('k2', 'aqidah-1', '2026-05-02 19:00+07');
SELECT * FROM test.refreshed();
TABLE test.noted;
SELECT group_id, facilitator_name, member_count FROM v_group_status ORDER BY 1;

-- A change of a user makes the user's groups stale. A change of columns that no answer reads stores
-- no key
UPDATE "User" SET email = 'ani@example.com' WHERE id = 'ani';
UPDATE "User" SET "deletedAt" = '2026-06-01' WHERE id = 'citra';
UPDATE "User" SET "updatedAt" = '2026-06-01', email = email WHERE id = 'budi';
TABLE test.noted;
SELECT group_id, facilitator_name FROM v_group_status ORDER BY 1;
SELECT * FROM test.refreshed();
SELECT group_id, facilitator_name FROM v_group_status ORDER BY 1;
SELECT user_id FROM v_member_roster WHERE is_deleted;

-- A change of a hangout's name makes its groups stale
UPDATE "Hangout" SET name = 'Other' WHERE id = 'aqidah';
TABLE test.noted;
SELECT count(*) AS groups FROM v_group_status;
SELECT * FROM test.refreshed();
SELECT count(*) AS groups FROM v_group_status;
UPDATE "Hangout" SET name = 'Ngeshare Sesi Aqidah' WHERE id = 'aqidah';
UPDATE "Hangout" SET price = 7 WHERE id = 'aqidah';
SELECT * FROM test.refreshed();

-- A change of an episode stores its hangouts, the old and the new one, as stale keys
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 2);
SELECT * FROM test.refreshed();
UPDATE "HangoutEpisode" SET "hangoutId" = 'hijrah' WHERE id = 'aqidah-1';
TABLE test.noted;
SELECT * FROM test.refreshed();
SELECT group_id, max_episode_reached FROM v_group_progress ORDER BY 1;
UPDATE "HangoutEpisode" SET "hangoutId" = 'aqidah', "order" = 4, name = 'Four'
    WHERE id = 'aqidah-1';
SELECT * FROM test.refreshed();
SELECT group_id, max_episode_reached FROM v_group_progress ORDER BY 1;
SELECT DISTINCT title FROM ngeshare.meeting_as_of WHERE group_id = 'k1';
-- A refresh also updates the title and number of an attended episode of another hangout.
CALL test.meets('k1', 'hijrah-2', '2026-05-03 19:00+07');
SELECT * FROM test.refreshed();
UPDATE "HangoutEpisode" SET "order" = 7, name = 'Seven' WHERE id = 'hijrah-2';
SELECT * FROM test.refreshed();
SELECT episode, title, is_own FROM ngeshare.meeting_as_of WHERE group_id = 'k1' ORDER BY first_at;
UPDATE "UserHangoutGroupAttendance" SET "hangoutEpisodeId" = 'aqidah-1'
    WHERE "hangoutEpisodeId" = 'hijrah-2';

-- A group moves to another hangout; a membership record moves to another group and to another user
UPDATE "HangoutGroup" SET "hangoutId" = 'hijrah' WHERE id = 'k2';
TABLE test.noted;
SELECT * FROM test.refreshed();
SELECT group_id, course_name, max_episode_reached FROM v_group_status ORDER BY 1;
UPDATE "UserHangoutGroup" SET "hangoutGroupId" = 'k2' WHERE id = 'k1/budi';
TABLE test.noted;
SELECT * FROM test.refreshed();
UPDATE "UserHangoutGroup" SET "userId" = 'budi' WHERE id = 'k1/ani';
SELECT * FROM test.refreshed();
SELECT group_id, facilitator_id, member_count FROM v_group_status ORDER BY 1;

-- Deleting one membership record, and deleting a group with all its rows
DELETE FROM "UserHangoutGroup" WHERE id = 'k2/ani';
TABLE test.noted;
SELECT * FROM test.refreshed();
DELETE FROM "UserHangoutGroupAttendance" WHERE "hangoutGroupId" = 'k2';
DELETE FROM "UserHangoutGroup" WHERE "hangoutGroupId" = 'k2';
DELETE FROM "HangoutGroup" WHERE id = 'k2';
SELECT * FROM test.refreshed();
SELECT group_id, member_count FROM v_group_status ORDER BY 1;
SELECT DISTINCT group_id FROM ngeshare.membership;

-- Writes to the past and to course_config, and TRUNCATE. A stale key of NULLs means all groups
INSERT INTO ngeshare.meeting_past
VALUES ('k1', 'aqidah-2', '2025-05-01', '2025-05-01 12:00', '2025-05-01 12:00', 1);
TABLE test.noted;
SELECT * FROM test.refreshed();
UPDATE ngeshare.meeting_past SET first_at = '2025-05-01 11:00';
SELECT * FROM test.refreshed();
DELETE FROM ngeshare.meeting_past;
SELECT * FROM test.refreshed();
UPDATE course_config SET max_episodes = 4 WHERE sequence_order = 1;
TABLE test.noted;
SELECT group_id, status FROM v_group_status ORDER BY group_id COLLATE "C";
SELECT * FROM test.refreshed();
SELECT group_id, status FROM v_group_status ORDER BY group_id COLLATE "C";
SET client_min_messages = warning;
TRUNCATE "HangoutEpisode" CASCADE;
RESET client_min_messages;
TABLE test.noted;
SELECT * FROM test.refreshed();
SELECT group_id, status, total_meetings FROM v_group_status;

-- A refresh that finds no difference leaves the generation and all rows as they are.
SELECT generation, (SELECT min(xmin::text) FROM ngeshare.group_snapshot) AS made_by
    FROM ngeshare.snapshot_state \gset
UPDATE "HangoutGroup" SET name = name;
SELECT * FROM test.refreshed();
SELECT generation = :generation AS is_same, (SELECT min(xmin::text) = :'made_by'
    FROM ngeshare.group_snapshot) AS is_kept
FROM ngeshare.snapshot_state;
UPDATE "HangoutGroup" SET name = 'New name';
SELECT * FROM test.refreshed();
SELECT generation = :generation AS is_same, (SELECT min(xmin::text) = :'made_by'
    FROM ngeshare.group_snapshot) AS is_kept
FROM ngeshare.snapshot_state;

-- A refresh leaves the rows of ngeshare.write_mark, because the next sync's comparison needs them
-- to see which tables were written by hand.
SELECT name FROM ngeshare.write_mark GROUP BY name ORDER BY name COLLATE "C";

-- A refresh is refused in isolation levels above READ COMMITTED, because it would not see what
-- another refresh has committed meanwhile.
\set VERBOSITY sqlstate
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT ngeshare_refresh();
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT ngeshare_refresh();
ROLLBACK;
\set VERBOSITY default

SET client_min_messages = warning;
TRUNCATE "User", "Hangout" CASCADE;
RESET client_min_messages;
SELECT * FROM test.refreshed();

--
-- With a window that starts at midnight on 14 February in Jakarta
--
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.users('ani', 'budi');
CALL test.circle('w1', 'aqidah');
INSERT INTO ngeshare.history_state (zone, window_start) VALUES ('Asia/Jakarta', '2026-02-13 17:00');
INSERT INTO ngeshare.meeting_past
VALUES ('w1', 'aqidah-1', '2026-02-01', '2026-02-01 12:00', '2026-02-01 12:00', 1);

-- Attendance that is inserted by hand counts from the exact start of the window on, not before it.
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES
    ('a', '2026-02-13 16:59:59.999', 'aqidah-2', 'w1', 'ani'),
    ('b', '2026-02-13 17:00', 'aqidah-3', 'w1', 'ani'),
    ('c', '2026-02-13 12:00', 'aqidah-2', 'w1', 'budi');
SELECT * FROM test.refreshed();
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT * FROM test.shown ORDER BY 1, 2, 3;

-- Changes and deletions before the start of the window do not count either.
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'ani' WHERE id = 'c';
DELETE FROM "UserHangoutGroupAttendance" WHERE "attendedAt" < '2026-02-13 17:00';
SELECT * FROM test.refreshed();
SELECT * FROM test.past ORDER BY 1, 2, 3;

-- A row that is moved to before the window no longer counts. Moved back, it counts again.
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-02-01 12:00' WHERE id = 'b';
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-01 12:00' WHERE id = 'b';
SELECT * FROM test.refreshed();
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT * FROM test.shown ORDER BY 1, 2, 3;

-- Answers read the window and the past.
SELECT total_meetings, first_meeting_date, last_meeting_date, max_episode_reached
FROM v_group_progress
WHERE group_id = 'w1';

-- TRUNCATE removes the meetings of the window, but not the past.
TRUNCATE "UserHangoutGroupAttendance";
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;

DELETE FROM ngeshare.meeting_past;

--
-- When the window's start moves on, no answer changes
--
CREATE VIEW test.answers AS
SELECT instant.at, answer.*
FROM generate_series(timestamptz '2026-01-01 12:00+07', '2026-04-10 12:00+07',
    '3 days') AS instant (at)
CROSS JOIN LATERAL ngeshare_group_status(instant.at) AS answer;

CALL test.circle('x1', 'aqidah');
CALL test.circle('x2', 'aqidah');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
SELECT
    'x' || number,
    timestamp '2026-01-01 10:00' + number * interval '25 hours 40 minutes',
    'aqidah-' || 2 + number % 8,
    'x' || 1 + number % 2,
    CASE WHEN number % 3 = 0 THEN 'ani' ELSE 'budi' END
FROM generate_series(0, 79) AS number;
UPDATE ngeshare.history_state SET window_start = '2025-12-31 17:00';
SELECT * FROM test.refreshed();
CREATE TEMP TABLE answers_before AS TABLE test.answers;

CREATE PROCEDURE test.compare_answers()
LANGUAGE plpgsql
AS $$
DECLARE
    differences bigint;
BEGIN
    IF NOT (SELECT is_whole AND is_right FROM test.refreshed()) THEN
        RAISE EXCEPTION 'the refresh is not right';
    END IF;
    WITH answers_now AS MATERIALIZED (TABLE test.answers)
    SELECT count(*)
    INTO differences
    FROM (
        (TABLE answers_now EXCEPT TABLE answers_before)
        UNION ALL
        (TABLE answers_before EXCEPT TABLE answers_now)
    ) AS difference;
    RAISE NOTICE '% raw rows, % meetings of the past, % of all: % answers differ',
        (SELECT count(*) FROM public."UserHangoutGroupAttendance"),
        (SELECT count(*) FROM ngeshare.meeting_past),
        (SELECT count(*) FROM ngeshare.meeting),
        differences;
END
$$;

CALL test.compare_answers();
-- the start moves on by 31 days, by 20 days, and to the same day again
SELECT ngeshare.advance_window('2026-01-31 17:00');
CALL test.compare_answers();
SELECT ngeshare.advance_window('2026-02-20 17:00');
CALL test.compare_answers();
SELECT ngeshare.advance_window('2026-02-20 17:00');
CALL test.compare_answers();
-- the start moves back by 10 days: the past of these days is deleted, since the sync will bring
-- their raw rows
BEGIN;
SELECT ngeshare.advance_window('2026-02-10 17:00');
SELECT count(*) AS past_days_in_the_window FROM test.past WHERE first_at >= '2026-02-10 17:00';
ROLLBACK;
-- attendance counts from the new start on, and not before it
BEGIN;
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('y1', '2026-02-20 17:00', 'aqidah-1', 'x1', 'ani'),
    ('y2', '2026-02-20 16:59', 'aqidah-1', 'x1', 'ani');
SELECT * FROM test.refreshed();
SELECT day, n FROM test.shown WHERE episode_id = 'aqidah-1';
SELECT day, n FROM test.past WHERE episode_id = 'aqidah-1';
ROLLBACK;
SELECT ngeshare.advance_window('2026-04-09 17:00');
CALL test.compare_answers();
SELECT window_start FROM ngeshare.history_state;

TRUNCATE "UserHangoutGroupAttendance";
DELETE FROM ngeshare.meeting_past;
DELETE FROM ngeshare.history_state;

--
-- Time zones in which midnight was skipped on one night, or came twice
--
CREATE PROCEDURE test.attend(VARIADIC instants timestamp[])
LANGUAGE sql
AS $$
    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
        "hangoutGroupId", "userId")
    SELECT 'n' || number, at, 'aqidah-' || number, 'x1', 'ani'
    FROM unnest($1) WITH ORDINALITY AS instant (at, number);
$$;
CREATE VIEW test.days AS
SELECT CASE WHEN first_at >= window_start THEN 'window'
    ELSE 'past' END AS side, episode_id, day, first_at, n
FROM test.shown
CROSS JOIN ngeshare.history_state;
CREATE PROCEDURE test.new_history(zone text)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('ngeshare.timezone', zone, false);
    DELETE FROM public."UserHangoutGroupAttendance";
    DELETE FROM ngeshare.meeting_past;
    DELETE FROM ngeshare.history_state;
    INSERT INTO ngeshare.history_state VALUES (DEFAULT, zone, '2005-01-01');
END
$$;

-- Sao Paulo, 4 November 2018: 00:00 was skipped; 03:00 UTC was 01:00 of the 4th.
CALL test.new_history('America/Sao_Paulo');
CALL test.attend('2018-11-04 02:59:59.999', '2018-11-04 03:00', '2018-11-05 01:59:59.999',
    '2018-11-05 02:00');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at;
-- AT TIME ZONE reads the skipped midnight as 03:00 UTC, so a window that starts there does not cut
-- the day.
SELECT (timestamp '2018-11-04 00:00' AT TIME ZONE 'America/Sao_Paulo') AT TIME ZONE 'UTC'
    AS day_start;
SELECT ngeshare.advance_window('2018-11-04 03:00');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at;
SELECT total_meetings, first_meeting_date, last_meeting_date FROM v_group_progress
    WHERE group_id = 'x1';
CALL test.new_history('America/Sao_Paulo');

-- Sao Paulo, 18 February 2018: at midnight the clocks went back to 23:00 of the 17th.
CALL test.attend('2018-02-18 01:30', '2018-02-18 02:30', '2018-02-18 02:59:59.999',
    '2018-02-18 03:00');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at;
SELECT ngeshare.advance_window('2018-02-18 03:00');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at;

-- Havana, 4 November 2018: the hour from 00:00 to 01:00 came twice, at 04:00 and at 05:00 UTC. A
-- window that starts at 05:00 UTC therefore cuts the day in two.
CALL test.new_history('America/Havana');
CALL test.attend('2018-11-04 03:59:59.999', '2018-11-04 04:30', '2018-11-04 05:30');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES
    ('z1', '2018-11-04 04:40', 'aqidah-9', 'x1', 'ani'),
    ('z2', '2018-11-04 05:20', 'aqidah-9', 'x1', 'ani'),
    ('z3', '2018-11-04 05:40', 'aqidah-9', 'x1', 'budi');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at;
SELECT (timestamp '2018-11-04 00:00' AT TIME ZONE 'America/Havana') AT TIME ZONE 'UTC' AS day_start;
SELECT ngeshare.advance_window('2018-11-04 05:00');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at;
-- two days have attendance, although the window's start cuts one of them
SELECT total_meetings, first_meeting_date, last_meeting_date, graduated_on
FROM v_group_progress
WHERE group_id = 'x1';
-- writes before and after the window's start on that day
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('z4', '2018-11-04 04:10', 'aqidah-9', 'x1', 'ani'),
    ('z5', '2018-11-04 05:10', 'aqidah-9', 'x1', 'ani');
DELETE FROM "UserHangoutGroupAttendance" WHERE id IN ('z3', 'z4');
SELECT * FROM test.refreshed();
SELECT * FROM test.days WHERE episode_id = 'aqidah-9' ORDER BY first_at;

-- St. John's, 7 November 2010: a minute after midnight the clocks went back to 23:01 of the 6th, so
-- the first minute of the 7th came before the last 59 minutes of the 6th.
CALL test.new_history('America/St_Johns');
CALL test.attend('2010-11-07 02:30:30', '2010-11-07 03:00', '2010-11-07 03:30:30');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES
    ('z1', '2010-11-07 02:30:40', 'aqidah-9', 'x1', 'ani'),
    ('z2', '2010-11-07 03:10', 'aqidah-9', 'x1', 'ani'),
    ('z3', '2010-11-07 03:40', 'aqidah-9', 'x1', 'ani');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at, day;
SELECT ngeshare.advance_window('2010-11-07 03:30');
SELECT * FROM test.refreshed();
SELECT * FROM test.days ORDER BY first_at, day;
SELECT total_meetings, first_meeting_date, last_meeting_date, graduated_on
FROM v_group_progress
WHERE group_id = 'x1';

-- CET is the name of a zone with daylight-saving time, and also an abbreviation without it, which
-- AT TIME ZONE prefers. Such names are refused. UTC is accepted, because the zone and the
-- abbreviation of this name mean the same.
SET ngeshare.timezone = 'CET';
SET ngeshare.timezone = 'met';
SET ngeshare.timezone = 'UTC';
SET ngeshare.timezone = 'Asia/Jakarta';

--
-- Statements that are refused
--
-- While ngeshare.timezone differs from the history's zone, answers and refreshes are refused.
-- Writes to the mirror still work.
CALL test.new_history('Asia/Jakarta');
CALL test.attend('2026-03-01 16:30');
SELECT * FROM test.refreshed();
SET ngeshare.timezone = 'Asia/Makassar';
\set VERBOSITY sqlstate
SELECT * FROM v_group_status;
SELECT * FROM ngeshare_pipeline('2026-03-01 12:00+07');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('j', '2026-03-01 16:31', 'aqidah-1', 'x1', 'ani');
SELECT ngeshare_refresh();
\set VERBOSITY default
SET ngeshare.timezone = 'Asia/Jakarta';
SELECT * FROM test.shown ORDER BY 1, 2, 3;
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;
-- Without a row in history_state a refresh accepts another zone and builds all groups again.
BEGIN;
DELETE FROM ngeshare.history_state;
SET LOCAL ngeshare.timezone = 'Asia/Makassar';
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;
ROLLBACK;

-- Infinite timestamps have no local day, so the columns that answers read refuse them. Attendance
-- of an unknown group is refused by its foreign key.
\set VERBOSITY sqlstate
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = 'infinity';
UPDATE "HangoutGroup" SET "createdAt" = '-infinity';
UPDATE "HangoutGroup" SET "startDate" = 'infinity';
INSERT INTO "UserHangoutGroup" (id, "updatedAt", "joinedAt", status, "hangoutGroupRole",
    "hangoutGroupId")
VALUES ('u', '2026-01-01', 'infinity', 'ANY', 'MEMBER', 'x1');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('k', '2026-03-01 16:31', 'aqidah-1', 'nobody', 'ani');
\set VERBOSITY default
-- The mirror has production's foreign keys. RESTRICT raises restrict_violation from PostgreSQL 18
-- on and foreign_key_violation before.
DO $$
DECLARE
    removal text;
BEGIN
    FOREACH removal IN ARRAY ARRAY[
        $q$DELETE FROM "HangoutGroup" WHERE id = 'x1'$q$,
        $q$DELETE FROM "HangoutEpisode" WHERE id = 'aqidah-1'$q$,
        $q$DELETE FROM "User" WHERE id = 'ani'$q$]
    LOOP
        BEGIN
            EXECUTE removal;
            RAISE EXCEPTION 'not refused: %', removal;
        EXCEPTION
            WHEN foreign_key_violation OR restrict_violation THEN
                RAISE NOTICE 'refused: %', removal;
        END;
    END LOOP;
END
$$;
SELECT * FROM test.refreshed();

--
-- A role that may write to the mirror needs no privileges on the history or on stale_key
--
CREATE ROLE regress_ngeshare_writer;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON "UserHangoutGroupAttendance", "HangoutGroup",
    "User",
    "HangoutEpisode", "UserHangoutGroup" TO regress_ngeshare_writer;
SET ROLE regress_ngeshare_writer;
\set VERBOSITY sqlstate
INSERT INTO "HangoutGroup" (id, "updatedAt", name, status) VALUES ('r1', '2026-01-01', 'Group r1',
    'ANY');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES ('r', '2026-03-02 12:00', 'aqidah-1', 'x1', 'ani');
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-03 12:00' WHERE id = 'r';
DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'j';
SELECT * FROM ngeshare.stale_key;
SELECT ngeshare_refresh();
\set VERBOSITY default
RESET ROLE;
SELECT * FROM test.refreshed();
SELECT * FROM test.shown ORDER BY 1, 2, 3;
SET ROLE regress_ngeshare_writer;
TRUNCATE "UserHangoutGroupAttendance";
RESET ROLE;
SELECT * FROM test.refreshed();
DROP OWNED BY regress_ngeshare_writer;
DROP ROLE regress_ngeshare_writer;

--
-- Two episodes at one instant: their order in group_timeline depends neither on the plan nor on the
-- order in which the rows were written
--
CALL test.circle('tie', 'aqidah');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
SELECT format('tie-%s-%s', day, episode), timestamp '2026-06-01 12:00' + day * interval '1 day',
    'aqidah-' || episode, 'tie', 'ani'
FROM generate_series(1, 9) AS day
CROSS JOIN (VALUES (2), (1)) AS attended (episode);
SELECT * FROM test.refreshed();
SELECT meeting_total FROM ngeshare.group_timeline WHERE group_id = 'tie';
