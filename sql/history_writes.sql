-- Whatever writes to raw attendance, meeting_recent is exactly what the window's
-- raw rows say. test.recent_differs counts them anew: no row means equal.
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

CREATE VIEW test.recent AS
SELECT group_id, episode_id, day, first_at, last_at, attendances AS n
FROM ngeshare.meeting_recent;
CREATE VIEW test.past AS
SELECT group_id, episode_id, day, first_at, last_at, attendances AS n
FROM ngeshare.meeting_past;

-- There is no history before the first attendance, and -infinity parts it then.
SELECT zone, window_start FROM ngeshare.history_state;

--
-- Before any sync everything is in the window
--
-- INSERT: one statement, three groups of rows; 17:00 UTC begins Jakarta's next day
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES
    ('1', '2026-03-01 12:00', 'aqidah-1', 'g1', 'ani'),
    ('2', '2026-03-01 12:05', 'aqidah-1', 'g1', 'budi'),
    ('3', '2026-03-01 16:59:59.999', 'aqidah-1', 'g1', 'citra'),
    ('4', '2026-03-01 17:00', 'aqidah-1', 'g1', 'ani'),
    ('5', '2026-03-01 12:00', 'aqidah-2', 'g1', 'ani'),
    ('6', '2026-03-01 12:00', 'aqidah-1', 'g2', 'ani');
SELECT zone, window_start FROM ngeshare.history_state;
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- A statement that touches no row changes nothing.
INSERT INTO "UserHangoutGroupAttendance" SELECT * FROM "UserHangoutGroupAttendance" WHERE false;
DELETE FROM "UserHangoutGroupAttendance" WHERE false;
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'ani' WHERE false;
SELECT * FROM test.recent_differs;

-- UPDATE: to another day, another episode, another group, another instant, another user
BEGIN;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 day' WHERE id IN ('1', '2');
UPDATE "UserHangoutGroupAttendance" SET "hangoutEpisodeId" = 'aqidah-3' WHERE id = '3';
UPDATE "UserHangoutGroupAttendance" SET "hangoutGroupId" = 'g2' WHERE id = '4';
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-01 00:00' WHERE id = '5';
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'citra' WHERE id = '6';
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;
-- all rows at once, two of them swapped
UPDATE "UserHangoutGroupAttendance"
SET "hangoutGroupId" = CASE "hangoutGroupId" WHEN 'g1' THEN 'g2' ELSE 'g1' END;
SELECT * FROM test.recent_differs;
ROLLBACK;
SELECT * FROM test.recent_differs;

-- DELETE: some of a meeting, its earliest row, all of it
BEGIN;
DELETE FROM "UserHangoutGroupAttendance" WHERE id IN ('1', '4');
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;
ROLLBACK;

-- COPY
COPY "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId") FROM STDIN;
7	2026-03-01 12:10	aqidah-1	g1	citra
8	2026-03-02 12:00	aqidah-2	g1	ani
\.
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- ON CONFLICT: one row is new, one moves, one stays
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES
    ('7', '2026-03-03 12:10', 'aqidah-1', 'g1', 'citra'),
    ('9', '2026-03-03 12:20', 'aqidah-1', 'g1', 'ani')
ON CONFLICT (id) DO UPDATE SET "attendedAt" = excluded."attendedAt";
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('8', '2026-03-09 12:00', 'aqidah-9', 'g2', 'ani')
ON CONFLICT DO NOTHING;
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

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
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- Data-modifying WITH: two statements in one.
WITH gone AS (
    DELETE FROM "UserHangoutGroupAttendance" WHERE id IN ('9', '10') RETURNING *
)
INSERT INTO "UserHangoutGroupAttendance"
SELECT id || '-again', "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId" FROM gone;
SELECT * FROM test.recent_differs;

-- An id that changes cascades.
UPDATE "HangoutGroup" SET id = 'g3' WHERE id = 'g1';
UPDATE "HangoutEpisode" SET id = 'aqidah-first' WHERE id = 'aqidah-1';
UPDATE "User" SET id = 'anita' WHERE id = 'ani';
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

UPDATE "HangoutEpisode" SET id = 'aqidah-1' WHERE id = 'aqidah-first';
SELECT * FROM test.recent_differs;

-- Triggers that are off for replication still keep the history.
SET session_replication_role = replica;
DELETE FROM "UserHangoutGroupAttendance" WHERE id = '6';
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('11', '2026-03-15 12:00', 'aqidah-6', 'g2', 'budi');
RESET session_replication_role;
SELECT * FROM test.recent WHERE group_id = 'g2' ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- A savepoint takes the history back with the rows.
BEGIN;
SAVEPOINT before;
DELETE FROM "UserHangoutGroupAttendance";
ROLLBACK TO before;
COMMIT;
SELECT * FROM test.recent_differs;

-- TRUNCATE, alone and by cascade
BEGIN;
TRUNCATE "UserHangoutGroupAttendance";
SELECT count(*) AS meetings FROM test.recent;
SELECT * FROM test.recent_differs;
ROLLBACK;
SELECT * FROM test.recent_differs;
SET client_min_messages = warning;
TRUNCATE "User" CASCADE;
RESET client_min_messages;
SELECT count(*) AS meetings FROM test.recent;
SELECT * FROM test.recent_differs;

-- Nothing of all this was past.
SELECT * FROM test.past;

--
-- With a window: it starts at Jakarta's midnight of 14 February
--
CALL test.users('ani', 'budi');
CALL test.circle('w1', 'aqidah');
UPDATE ngeshare.history_state SET window_start = '2026-02-13 17:00';

-- an INSERT before it merges into the past; at its very start it is recent
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES
    ('a', '2026-02-13 16:59:59.999', 'aqidah-2', 'w1', 'ani'),
    ('b', '2026-02-13 17:00', 'aqidah-3', 'w1', 'ani'),
    ('c', '2026-02-13 12:00', 'aqidah-2', 'w1', 'budi');
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT * FROM test.recent ORDER BY 1, 2, 3;
-- and adds to a meeting that is there
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('d', '2026-02-13 11:00', 'aqidah-2', 'w1', 'budi');
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- an UPDATE of another column there changes nothing
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'ani' WHERE id = 'd';
SELECT * FROM test.past ORDER BY 1, 2, 3;

-- a DELETE there changes nothing
DELETE FROM "UserHangoutGroupAttendance" WHERE "attendedAt" < '2026-02-13 17:00';
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- moved from the window to the past: gone here, merged there; and back again:
-- the past keeps it
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-02-01 12:00' WHERE id = 'b';
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT count(*) AS meetings FROM test.recent;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-01 12:00' WHERE id = 'b';
SELECT * FROM test.past ORDER BY 1, 2, 3;
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;

-- answers read both sides
SELECT total_meetings, first_meeting_date, last_meeting_date, max_episode_reached
FROM v_group_progress
WHERE group_id = 'w1';

-- TRUNCATE takes the window's meetings, not the past
TRUNCATE "UserHangoutGroupAttendance";
SELECT count(*) AS recent FROM test.recent;
SELECT * FROM test.past ORDER BY 1, 2, 3;

DELETE FROM ngeshare.meeting_past;
DELETE FROM ngeshare.history_state;

--
-- The window moves on: no answer changes
--
CREATE VIEW test.answers AS
SELECT instant.at, answer.*
FROM generate_series(timestamptz '2026-01-01 12:00+07', '2026-04-10 12:00+07', '3 days') AS instant (at)
CROSS JOIN LATERAL ngeshare_group_status(instant.at) AS answer;

CALL test.circle('x1', 'aqidah');
CALL test.circle('x2', 'aqidah');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
SELECT
    'x' || number,
    timestamp '2026-01-01 10:00' + number * interval '25 hours 40 minutes',
    'aqidah-' || 2 + number % 8,
    'x' || 1 + number % 2,
    CASE WHEN number % 3 = 0 THEN 'ani' ELSE 'budi' END
FROM generate_series(0, 79) AS number;
CREATE TEMP TABLE answers_before AS TABLE test.answers;

CREATE PROCEDURE test.compare_answers()
LANGUAGE plpgsql
AS $$
DECLARE
    differences bigint;
BEGIN
    WITH answers_now AS MATERIALIZED (TABLE test.answers)
    SELECT count(*)
    INTO differences
    FROM (
        (TABLE answers_now EXCEPT TABLE answers_before)
        UNION ALL
        (TABLE answers_before EXCEPT TABLE answers_now)
    ) AS difference;
    RAISE NOTICE '% raw rows, % past, % recent: % answers differ',
        (SELECT count(*) FROM public."UserHangoutGroupAttendance"),
        (SELECT count(*) FROM ngeshare.meeting_past),
        (SELECT count(*) FROM ngeshare.meeting_recent),
        differences;
END
$$;

CALL test.compare_answers();
-- from no window to one, on by 20 days, on to the same day, and past everything
SELECT ngeshare.advance_window('2026-01-31 17:00');
CALL test.compare_answers();
SELECT * FROM test.recent_differs;
SELECT ngeshare.advance_window('2026-02-20 17:00');
CALL test.compare_answers();
SELECT * FROM test.recent_differs;
SELECT ngeshare.advance_window('2026-02-20 17:00');
CALL test.compare_answers();
-- writes behind the new start are recent as before
BEGIN;
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('y1', '2026-02-20 17:00', 'aqidah-1', 'x1', 'ani'), ('y2', '2026-02-20 16:59', 'aqidah-1', 'x1', 'ani');
SELECT day, n FROM test.recent WHERE episode_id = 'aqidah-1';
SELECT day, n FROM test.past WHERE episode_id = 'aqidah-1';
SELECT * FROM test.recent_differs;
ROLLBACK;
SELECT ngeshare.advance_window('2026-04-09 17:00');
CALL test.compare_answers();
SELECT * FROM test.recent_differs;
SELECT window_start FROM ngeshare.history_state;

TRUNCATE "UserHangoutGroupAttendance";
DELETE FROM ngeshare.meeting_past;
DELETE FROM ngeshare.history_state;

--
-- Nights without a midnight, and with two
--
CREATE PROCEDURE test.attend(VARIADIC instants timestamp[])
LANGUAGE sql
AS $$
    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
    SELECT 'n' || number, at, 'aqidah-' || number, 'x1', 'ani'
    FROM unnest($1) WITH ORDINALITY AS instant (at, number);
$$;
CREATE VIEW test.days AS
SELECT 'past' AS side, episode_id, day, first_at, last_at, n FROM test.past
UNION ALL
SELECT 'recent', episode_id, day, first_at, last_at, n FROM test.recent;
CREATE PROCEDURE test.new_history()
LANGUAGE sql
AS $$
    DELETE FROM public."UserHangoutGroupAttendance";
    DELETE FROM ngeshare.meeting_past;
    DELETE FROM ngeshare.history_state;
$$;

-- Sao Paulo, 4 November 2018: 00:00 was skipped; 03:00 UTC was 01:00 of the 4th.
SET ngeshare.timezone = 'America/Sao_Paulo';
CALL test.attend('2018-11-04 02:59:59.999', '2018-11-04 03:00', '2018-11-05 01:59:59.999', '2018-11-05 02:00');
SELECT * FROM test.days ORDER BY first_at;
SELECT * FROM test.recent_differs;
-- PostgreSQL takes the day's start for 03:00 UTC: the day is not cut.
SELECT (timestamp '2018-11-04 00:00' AT TIME ZONE 'America/Sao_Paulo') AT TIME ZONE 'UTC' AS day_start;
SELECT ngeshare.advance_window('2018-11-04 03:00');
SELECT * FROM test.days ORDER BY first_at;
SELECT * FROM test.recent_differs;
SELECT total_meetings, first_meeting_date, last_meeting_date FROM v_group_progress WHERE group_id = 'x1';
CALL test.new_history();

-- Sao Paulo, 18 February 2018: at midnight it was 23:00 of the 17th again.
CALL test.attend('2018-02-18 01:30', '2018-02-18 02:30', '2018-02-18 02:59:59.999', '2018-02-18 03:00');
SELECT * FROM test.days ORDER BY first_at;
SELECT * FROM test.recent_differs;
SELECT ngeshare.advance_window('2018-02-18 03:00');
SELECT * FROM test.days ORDER BY first_at;
SELECT * FROM test.recent_differs;
CALL test.new_history();

-- Havana, 4 November 2018: the hour from 00:00 to 01:00 came twice, from 04:00 and
-- from 05:00 UTC, so that a window that starts at the second one cuts the day.
SET ngeshare.timezone = 'America/Havana';
CALL test.attend('2018-11-04 03:59:59.999', '2018-11-04 04:30', '2018-11-04 05:30');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES
    ('z1', '2018-11-04 04:40', 'aqidah-9', 'x1', 'ani'),
    ('z2', '2018-11-04 05:20', 'aqidah-9', 'x1', 'ani'),
    ('z3', '2018-11-04 05:40', 'aqidah-9', 'x1', 'budi');
SELECT * FROM test.days ORDER BY first_at;
SELECT * FROM test.recent_differs;
SELECT (timestamp '2018-11-04 00:00' AT TIME ZONE 'America/Havana') AT TIME ZONE 'UTC' AS day_start;
SELECT ngeshare.advance_window('2018-11-04 05:00');
SELECT * FROM test.days ORDER BY first_at;
SELECT * FROM test.recent_differs;
-- two days with attendance, however the night is cut
SELECT total_meetings, first_meeting_date, last_meeting_date, graduated_on
FROM v_group_progress
WHERE group_id = 'x1';
-- writes to either side of the cut
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('z4', '2018-11-04 04:10', 'aqidah-9', 'x1', 'ani'), ('z5', '2018-11-04 05:10', 'aqidah-9', 'x1', 'ani');
DELETE FROM "UserHangoutGroupAttendance" WHERE id IN ('z3', 'z4');
SELECT * FROM test.days WHERE episode_id = 'aqidah-9' ORDER BY first_at;
SELECT * FROM test.recent_differs;
CALL test.new_history();

-- St. John's, 7 November 2010: a minute after midnight it was 23:01 of the 6th
-- again, so that the 7th has a minute of its own before the rest of the 6th.
SET ngeshare.timezone = 'America/St_Johns';
CALL test.attend('2010-11-07 02:30:30', '2010-11-07 03:00', '2010-11-07 03:30:30');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES
    ('z1', '2010-11-07 02:30:40', 'aqidah-9', 'x1', 'ani'),
    ('z2', '2010-11-07 03:10', 'aqidah-9', 'x1', 'ani'),
    ('z3', '2010-11-07 03:40', 'aqidah-9', 'x1', 'ani');
SELECT * FROM test.days ORDER BY first_at, day;
SELECT * FROM test.recent_differs;
SELECT ngeshare.advance_window('2010-11-07 03:30');
SELECT * FROM test.days ORDER BY first_at, day;
SELECT * FROM test.recent_differs;
SELECT total_meetings, first_meeting_date, last_meeting_date, graduated_on
FROM v_group_progress
WHERE group_id = 'x1';
CALL test.new_history();

-- CET is the name of a zone, with summers, and an abbreviation without, which is
-- how AT TIME ZONE reads it: such names are refused, fixed ones are not.
SET ngeshare.timezone = 'CET';
SET ngeshare.timezone = 'met';
SET ngeshare.timezone = 'UTC';
SET ngeshare.timezone = 'Asia/Jakarta';

--
-- Refusals
--
-- A history of another zone answers nothing, though writes go on in its own.
SET ngeshare.timezone = 'Asia/Jakarta';
CALL test.attend('2026-03-01 16:30');
SET ngeshare.timezone = 'Asia/Makassar';
\set VERBOSITY sqlstate
SELECT * FROM v_group_status;
SELECT * FROM ngeshare_pipeline('2026-03-01 12:00+07');
\set VERBOSITY default
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('j', '2026-03-01 16:31', 'aqidah-1', 'x1', 'ani');
SELECT * FROM test.recent_differs;
SET ngeshare.timezone = 'Asia/Jakarta';
SELECT * FROM test.recent ORDER BY 1, 2, 3;

-- A timestamp without a local day is refused wherever the rules count with it.
\set VERBOSITY sqlstate
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = 'infinity';
UPDATE "HangoutGroup" SET "createdAt" = '-infinity';
UPDATE "HangoutGroup" SET "startDate" = 'infinity';
INSERT INTO "UserHangoutGroup" (id, "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId")
VALUES ('u', '2026-01-01', 'infinity', 'ANY', 'MEMBER', 'x1');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('k', '2026-03-01 16:31', 'aqidah-1', 'nobody', 'ani');
\set VERBOSITY default
-- Foreign keys hold here as in production; since PostgreSQL 18 RESTRICT has a SQLSTATE of its own.
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
SELECT * FROM test.recent_differs;

--
-- A role that may write the mirror needs no right to the history
--
CREATE ROLE regress_ngeshare_writer;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON "UserHangoutGroupAttendance", "HangoutGroup", "User",
    "HangoutEpisode", "UserHangoutGroup" TO regress_ngeshare_writer;
SET ROLE regress_ngeshare_writer;
\set VERBOSITY sqlstate
INSERT INTO "HangoutGroup" (id, "updatedAt", name, status) VALUES ('r1', '2026-01-01', 'Group r1', 'ANY');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('r', '2026-03-02 12:00', 'aqidah-1', 'x1', 'ani');
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-03 12:00' WHERE id = 'r';
DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'j';
SELECT * FROM ngeshare.meeting_recent;
\set VERBOSITY default
RESET ROLE;
SELECT * FROM test.recent ORDER BY 1, 2, 3;
SELECT * FROM test.recent_differs;
SET ROLE regress_ngeshare_writer;
TRUNCATE "UserHangoutGroupAttendance";
RESET ROLE;
SELECT * FROM test.recent_differs;
DROP OWNED BY regress_ngeshare_writer;
DROP ROLE regress_ngeshare_writer;
