-- Tests v_data_quality: provokes every finding except place_spelling (which analytics_places.sql
-- tests) and shows its count and example.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

-- An empty mirror has no findings.
SELECT * FROM v_data_quality;

SET ngeshare.sync_clock = '2026-03-31 12:00:00+00';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 3);
CALL test.hangout('other', 'Belajar Bersama', 1);
CALL test.users('ana', 'budi', 'citra', 'dewi');
CALL test.circle('g1', 'aqidah');
CALL test.circle('g2', 'other');
CALL test.people('g1', 'ana', 'budi', 'citra');

-- Data without faults has only the findings null_values and *_seen, which are mere counts.
CREATE VIEW test.odd AS
SELECT finding, table_name, column_name, rows, example_id
FROM v_data_quality
WHERE finding NOT LIKE '%\_seen' AND finding <> 'null_values';
SELECT * FROM test.odd;
SELECT finding, table_name, column_name, rows, example_id, hint
FROM v_data_quality
WHERE finding LIKE '%\_seen'
ORDER BY finding, hint COLLATE "C";
SELECT table_name, column_name, rows, example_id, hint
FROM v_data_quality
WHERE finding = 'null_values'
ORDER BY table_name COLLATE "C", column_name COLLATE "C";

-- Dates before 2000-01-01 UTC, in memberships, in the raw attendance and in the past. Rows of the
-- past have no ids, so example_id becomes NULL once the window's start has moved past the raw rows.
-- 2000-01-01 00:00 UTC lies within 1 January 2000 in Jakarta: the attendance before and after it
-- forms separate meetings.
BEGIN;
UPDATE "UserHangoutGroup" SET "joinedAt" = '1999-12-31 23:59:59.999' WHERE id = 'g1/budi';
UPDATE "UserHangoutGroup" SET "joinedAt" = '0023-05-14' WHERE id = 'g1/citra';
UPDATE "UserHangoutGroup" SET "joinedAt" = '2000-01-01' WHERE id = 'g1/ana';
CALL test.meets('g1', 'aqidah-1', '2000-01-01 00:00+00');
CALL test.meets('g1', 'aqidah-1', '1999-12-31 23:59:59.999+00');
CALL test.meets('g1', 'aqidah-1', '1999-12-31 23:00+00');
CALL test.meets('g1', 'aqidah-3', '0026-03-01 00:00+00');
CALL test.meets('g1', 'aqidah-2', '2026-03-30 00:00+00');
SELECT * FROM test.odd;
SELECT hint FROM v_data_quality WHERE finding = 'implausible_date' ORDER BY table_name COLLATE "C";
INSERT INTO ngeshare.history_state (zone, window_start) VALUES ('Asia/Jakarta', '-infinity');
CALL test.refresh();
SELECT user_id, role, joined_at FROM v_member_roster ORDER BY user_id;
SELECT status, max_episode_reached, first_meeting_date, total_meetings FROM v_group_status;
SELECT group_id, episode_id, day, first_at, last_at, attendances FROM ngeshare.meeting ORDER BY day;
SELECT ngeshare.advance_window('2026-02-13 17:00');
SELECT table_name, column_name, rows, example_id FROM v_data_quality
    WHERE finding = 'implausible_date';
CALL test.refresh();
SELECT status, max_episode_reached, first_meeting_date, total_meetings FROM v_group_status;
SELECT group_id, episode_id, day, first_at, last_at, attendances FROM ngeshare.meeting ORDER BY day;
SELECT episode_id, day, first_at, last_at, attendances FROM ngeshare.meeting_past ORDER BY day;
ROLLBACK;

-- Dates that contradict each other. There is no finding where a date lies up to a day in the
-- future, or a person joined up to a day before the group was created.
BEGIN;
UPDATE "HangoutGroup" SET "startDate" = '2025-02-02', "endDate" = '2025-02-01' WHERE id = 'g1';
UPDATE "HangoutGroup" SET "startDate" = '2025-02-02', "endDate" = '2025-02-02' WHERE id = 'g2';
SELECT * FROM test.odd;
ROLLBACK;
BEGIN;
UPDATE "User" SET "updatedAt" = "createdAt" - interval '1 ms' WHERE id IN ('budi', 'dewi');
UPDATE "Hangout" SET "updatedAt" = '2019-01-01' WHERE id = 'other';
UPDATE "HangoutEpisode" SET "updatedAt" = '2019-01-01' WHERE id = 'aqidah-2';
UPDATE "HangoutGroup" SET "updatedAt" = '2019-01-01' WHERE id = 'g2';
UPDATE "UserHangoutGroup" SET "updatedAt" = '2019-01-01';
UPDATE "User" SET "deletedAt" = '2019-12-31' WHERE id = 'citra';
UPDATE "User" SET "deletedAt" = "createdAt" WHERE id = 'dewi';
SELECT * FROM test.odd ORDER BY finding, table_name COLLATE "C";
ROLLBACK;
BEGIN;
UPDATE "User" SET "createdAt" = '2026-04-01 12:00:00', "updatedAt" = '2026-04-01 12:00:00',
    "lastActive" = '2026-04-01 12:00:00';
UPDATE "HangoutGroup" SET "updatedAt" = '2026-04-01 12:00:00';
SELECT * FROM test.odd;
UPDATE "User" SET "createdAt" = '2026-04-01 12:00:00.001', "updatedAt" = 'infinity',
    "lastActive" = '2030-01-01' WHERE id > 'b';
UPDATE "Hangout" SET "createdAt" = '2027-01-01', "updatedAt" = '2027-01-01';
UPDATE "HangoutEpisode" SET "createdAt" = '2027-01-01', "updatedAt" = '2027-01-01';
UPDATE "HangoutGroup" SET "createdAt" = '2027-01-01', "updatedAt" = '2027-01-01' WHERE id = 'g2';
UPDATE "UserHangoutGroup" SET "createdAt" = '2027-01-01', "updatedAt" = '2027-01-01',
    "joinedAt" = '2027-01-01' WHERE id = 'g1/budi';
CALL test.meets('g1', 'aqidah-1', '2027-01-01 00:00+00');
SELECT * FROM test.odd ORDER BY finding, table_name COLLATE "C", column_name COLLATE "C";
ROLLBACK;
BEGIN;
CALL test.meets('g1', 'aqidah-1', '2025-01-01 11:59:59.999+07');
CALL test.meets('g1', 'aqidah-1', '2025-01-01 12:00:00+07');
CALL test.joins('j1', 'g1', 'MEMBER', 'dewi', NULL, '2024-12-31 12:00:00+07');
SELECT * FROM test.odd;
CALL test.joins('j2', 'g1', 'MEMBER', 'dewi', NULL, '2024-12-31 11:59:59+07');
SELECT * FROM test.odd ORDER BY finding;
ROLLBACK;

-- Without ngeshare.sync_clock, in_future compares with the real clock.
BEGIN;
SET LOCAL ngeshare.sync_clock = '';
UPDATE "User" SET "lastActive" = (now() AT TIME ZONE 'UTC') + interval '23 hours' WHERE id = 'ana';
UPDATE "User" SET "lastActive" = (now() AT TIME ZONE 'UTC') + interval '25 hours' WHERE id = 'budi';
SELECT * FROM test.odd;
ROLLBACK;

-- Memberships that every answer ignores, and groups without a hangout.
BEGIN;
CALL test.joins('j1', 'g1', 'MEMBER', 'dewi', NULL, NULL);
CALL test.joins('j2', 'g1', 'MEMBER', NULL, E' \t\r\n');
CALL test.joins('j3', 'g1', 'MEMBER', NULL, NULL);
CALL test.joins('j4', 'g1', 'MEMBER', NULL, 'eka@example.org');
CALL test.circle('g3', NULL);
SELECT * FROM test.odd ORDER BY finding;
ROLLBACK;

-- Users with the same address, trimmed and lower-cased. Missing and empty addresses do not count.
BEGIN;
UPDATE "User" SET email = 'Ana@Example.org' WHERE id = 'ana';
UPDATE "User" SET email = E' ana@example.ORG\n' WHERE id = 'budi';
UPDATE "User" SET email = ' ' WHERE id IN ('citra', 'dewi');
CALL test.users('eka', 'fajar', 'gita');
UPDATE "User" SET email = 'x@example.org' WHERE id IN ('eka', 'fajar', 'gita');
SELECT finding, rows, example_id, hint FROM v_data_quality WHERE finding = 'duplicate_email';
ROLLBACK;

-- Hangouts whose name is nearly that of a course.
BEGIN;
CALL test.hangout('n1', 'ngeshare  sesi - AQIDAH!', 1);
CALL test.hangout('n2', 'Ngeshare Sesi Aqida', 1);
CALL test.hangout('n3', 'Ngeshare Sesi Aqidah 2', 1);
CALL test.hangout('n4', 'Ngeshare Sesi Akhidahh', 1);
CALL test.hangout('n5', 'Ngeshare Sesi Dakwa', 1);
CALL test.hangout('n6', 'Ngeshare Sesi Dakwa', 1);
CALL test.hangout('n7', ' Ngeshare Sesi Hijrah ', 1);
CALL test.hangout('n8', repeat('Ngeshare Sesi Aqidah ', 40), 1);
CALL test.hangout('n9', '', 1);
SELECT finding, column_name, rows, example_id, hint
FROM v_data_quality
WHERE finding = 'near_miss_course'
ORDER BY example_id;
ROLLBACK;
SELECT
    ngeshare.name_distance('aqidah', 'aqidah', 2) AS same,
    ngeshare.name_distance('aqidah', 'akidah', 2) AS one,
    ngeshare.name_distance('aqidah', 'akida', 2) AS two,
    ngeshare.name_distance('aqidah', 'dakwah', 2) > 2 AS more,
    ngeshare.name_distance('', 'abc', 9) AS empty,
    ngeshare.name_distance('kitab', 'kitäb', 2) AS letters,
    ngeshare.name_distance(repeat('ä', 2000), repeat('ä', 3000), 2) AS beginnings;

-- Roles and statuses: one row per value. Long values are shortened.
BEGIN;
CALL test.joins('j1', 'g1', 'OBSERVER', 'dewi');
CALL test.joins('j2', 'g1', repeat('LONG', 100), 'dewi');
UPDATE "HangoutGroup" SET status = 'CLOSED' WHERE id = 'g2';
SELECT finding, rows, example_id, length(hint) AS length, left(hint, 70) AS hint
FROM v_data_quality
WHERE finding LIKE '%\_seen'
ORDER BY finding, hint COLLATE "C";
ROLLBACK;

-- Findings that syncs recorded: rows whose parent row is missing, other rows in quarantine, and
-- columns that production has changed (drift).
BEGIN;
INSERT INTO ngeshare.quarantine (table_name, row_id, reason, content, source_hash, first_run_id,
    last_run_id)
VALUES
    ('UserHangoutGroup', 'a', 'userId ''gone'' has no row in User', '{}', 0, 1, 2),
    ('UserHangoutGroup', 'b', 'userId ''it''''s gone'' has no row in User', '{}', 0, 1, 2),
    ('UserHangoutGroup', 'c', 'hangoutGroupId ''gone'' has no row in HangoutGroup', '{}', 0, 1, 2),
    ('HangoutGroup', 'd', 'a timestamp that the rules need has no local day', '{}', 0, 1, 2),
    ('HangoutGroup', 'e', 'a timestamp that the rules need has no local day', '{}', 0, 1, 2);
INSERT INTO ngeshare.drift (table_name, column_name, kind, detail, first_run_id, last_run_id)
VALUES
    ('User', 'phone', 'added', 'text', 3, 4),
    ('Hangout', 'price', 'retyped', NULL, 4, 4);
SELECT finding, table_name, column_name, rows, example_id, hint
FROM v_data_quality
WHERE finding IN ('orphan_reference', 'quarantine', 'drift')
ORDER BY finding, table_name COLLATE "C", column_name COLLATE "C";
ROLLBACK;
INSERT INTO ngeshare.drift (table_name, column_name, kind, first_run_id, last_run_id)
VALUES ('User', 'phone', 'moved', 3, 4);

-- A role without privileges cannot read v_data_quality. With the privileges granted below it can.
CREATE ROLE regress_ngeshare_reader;
SET ROLE regress_ngeshare_reader;
SELECT * FROM v_data_quality;
SELECT ngeshare.name_distance('a', 'b', 1);
RESET ROLE;
GRANT USAGE ON SCHEMA ngeshare TO regress_ngeshare_reader;
GRANT SELECT ON v_data_quality TO regress_ngeshare_reader;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_nulls(), ngeshare.quality_of_rules(),
    ngeshare.quality_of_values(),
    ngeshare.quality_of_names(), ngeshare.quality_of_places(),
        ngeshare.quality_of_syncs() TO regress_ngeshare_reader;
SET ROLE regress_ngeshare_reader;
SELECT count(*) > 0 AS reads FROM v_data_quality;
RESET ROLE;
DROP OWNED BY regress_ngeshare_reader;
DROP ROLE regress_ngeshare_reader;
