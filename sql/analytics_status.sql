-- Tests progress and status with groups that each lie at the limit of a rule. Where no other
-- instant is given, answers are as of the last second of 31 March 2026 in Jakarta, so that 28 days
-- ago is 3 March and 29 days ago is 2 March.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 23:59:59+07';

-- Aqidah ends with episode 9; this hangout also has episodes -1, 0 and 10 to 12.
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 12, -1);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);
CALL test.hangout('sejarah', 'Ngeshare Sesi Sejarah', 11);
CALL test.hangout('dakwah', 'Ngeshare Sesi Dakwah', 7);

--
-- Silence: a group that is silent for 28 days is ACTIVE, for 29 days it is STALLED. Days end at
-- midnight in Jakarta
--
CALL test.circle('silent-28', 'aqidah');
CALL test.meets('silent-28', 'aqidah-3', '2026-03-03 00:00:00+07');
CALL test.circle('silent-29', 'aqidah');
CALL test.meets('silent-29', 'aqidah-3', '2026-03-02 23:59:59.999+07');
CALL test.circle('met-today', 'aqidah');
CALL test.meets('met-today', 'aqidah-3', '2026-03-31 23:59:59+07');

-- For a group that has never met, days_inactive counts from its planned start: startDate, or
-- createdAt where startDate is NULL.
CALL test.circle('never-28', 'aqidah', '2026-03-03 00:00:00+07');
CALL test.circle('never-29', 'aqidah', '2026-03-02 23:59:59.999+07');
CALL test.circle('planned-28', 'aqidah', '2025-01-01 12:00+07', '2026-03-03 00:00:00+07');
CALL test.circle('planned-29', 'aqidah', '2026-03-20 12:00+07', '2026-03-02 23:59:59.999+07');
CALL test.circle('planned-ahead', 'aqidah', '2025-01-01 12:00+07', '2026-04-15 19:00+07');

-- Once a group has met, its planned start is ignored.
CALL test.circle('met-early', 'aqidah', '2026-01-01 12:00+07', '2026-04-15 19:00+07');
CALL test.meets('met-early', 'aqidah-1', '2026-02-01 19:00+07');

CALL test.refresh();
SELECT group_id, status, days_inactive, started_on, first_meeting_date, last_meeting_date
FROM v_group_status
ORDER BY group_id COLLATE "C";

-- days_since_last_meeting is NULL only for groups that have never met.
SELECT group_id, days_since_last_meeting, total_meetings, last_meeting_date, first_meeting_date
FROM v_group_progress
ORDER BY group_id COLLATE "C";

-- The limit of 28 days is a setting.
BEGIN;
SET LOCAL ngeshare.active_days = 29;
SELECT group_id, status
FROM v_group_status
WHERE days_inactive IN (28, 29)
ORDER BY group_id COLLATE "C";
ROLLBACK;

DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";

--
-- Progress: only the episodes of the group's own hangout count. max_episode_reached is the greatest
-- "order" among them
--
-- an episode with an order below 1 makes a meeting, but no progress
CALL test.circle('order-0', 'aqidah');
CALL test.meets('order-0', 'aqidah-0', '2026-03-30 19:00+07');
CALL test.circle('order-minus-1', 'aqidah');
CALL test.meets('order-minus-1', 'aqidah--1', '2026-03-30 19:00+07');
-- a group graduates with the last episode (9), or with one beyond it
CALL test.circle('last-but-one', 'aqidah');
CALL test.meets('last-but-one', 'aqidah-8', '2026-03-30 19:00+07');
CALL test.circle('last', 'aqidah');
CALL test.meets('last', 'aqidah-9', '2025-06-01 19:00+07');
CALL test.circle('beyond', 'aqidah');
CALL test.meets('beyond', 'aqidah-12', '2025-06-01 19:00+07');
-- an episode of another hangout makes a meeting, but no progress
CALL test.circle('foreign', 'aqidah');
CALL test.meets('foreign', 'hijrah-9', '2026-03-30 19:00+07');
-- the group attends the last episode first: it graduates on that day, and later meetings change
-- nothing
CALL test.circle('backwards', 'aqidah');
CALL test.meets('backwards', 'aqidah-9', '2026-01-10 19:00+07');
CALL test.meets('backwards', 'aqidah-8', '2026-01-17 19:00+07');
CALL test.meets('backwards', 'aqidah-10', '2026-01-24 19:00+07');
-- graduated_on is a local day: 00:30 on 10 January in Jakarta is still 9 January in UTC
CALL test.circle('at-night', 'aqidah');
CALL test.meets('at-night', 'aqidah-9', '2026-01-10 00:30+07');
-- three rows on two local days are two meetings
CALL test.circle('two-days', 'aqidah');
CALL test.meets('two-days', 'aqidah-1', '2026-03-30 19:00+07');
CALL test.meets('two-days', 'aqidah-2', '2026-03-30 23:59:59.999+07');
CALL test.meets('two-days', 'aqidah-2', '2026-03-31 00:00:00+07');

CALL test.refresh();
SELECT
    group_id,
    status,
    max_episode_reached AS reached,
    progress_pct,
    total_meetings AS meetings,
    first_meeting_date,
    last_meeting_date,
    graduated_on
FROM v_group_status
ORDER BY group_id COLLATE "C";

DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";

--
-- Which groups exist: those whose hangout has exactly the name of a course, and that were created
-- up to as_of
--
CALL test.hangout('lower', 'ngeshare sesi aqidah', 9);
CALL test.hangout('space', 'Ngeshare Sesi Aqidah ', 9);
CALL test.hangout('aqidah-too', 'Ngeshare Sesi Aqidah', 9);
CALL test.circle('of-lower', 'lower');
CALL test.circle('of-space', 'space');
CALL test.circle('of-none', NULL);
CALL test.circle('of-second-hangout', 'aqidah-too');
CALL test.meets('of-second-hangout', 'aqidah-too-4', '2026-03-30 19:00+07');
-- this episode belongs to another hangout of the same course, so it is no progress of this group
CALL test.meets('of-second-hangout', 'aqidah-7', '2026-03-30 20:00+07');
CALL test.circle('created-then', 'aqidah', '2026-03-31 23:59:59+07');
CALL test.circle('created-1-ms-later', 'aqidah', '2026-03-31 23:59:59.001+07');
CALL test.circle('met-1-ms-later', 'aqidah', '2026-03-31 12:00+07');
CALL test.meets('met-1-ms-later', 'aqidah-1', '2026-03-31 23:59:59.001+07');
-- HangoutGroup.status and endDate are ignored
CALL test.circle('closed', 'aqidah', '2026-03-31 12:00+07');
UPDATE "HangoutGroup" SET status = 'CLOSED', "endDate" = '2026-03-31' WHERE id = 'closed';

CALL test.refresh();
SELECT group_id, course_name, status, max_episode_reached AS reached, total_meetings AS meetings
FROM v_group_status
ORDER BY group_id COLLATE "C";

DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";

--
-- People: who is the facilitator, who is a member
--
CALL test.users('ani', 'budi', 'citra', 'dewi');
INSERT INTO "User" (id, "updatedAt", email, "deletedAt")
VALUES
    ('eka', '2020-01-01', E' \t eka@ngeshare.id\r\n ', NULL),
    ('fajar', '2020-01-01', E' \n ', NULL),
    ('gita', '2020-01-01', 'gita@ngeshare.id', test.utc('2026-03-31 23:59:59+07')),
    ('hadi', '2020-01-01', 'hadi@ngeshare.id', test.utc('2026-03-31 23:59:59.001+07'));

-- the FACILITATOR record with the earliest joinedAt decides; a person with a FACILITATOR record is
-- not a member
CALL test.circle('earliest', 'aqidah');
CALL test.joins('e1', 'earliest', 'FACILITATOR', 'ani', NULL, '2025-02-02 12:00+07');
CALL test.joins('e2', 'earliest', 'FACILITATOR', 'eka', NULL, '2025-02-01 12:00+07');
CALL test.joins('e3', 'earliest', 'MEMBER', 'eka', NULL, '2024-01-01 12:00+07');
CALL test.joins('e4', 'earliest', 'MEMBER', 'citra');
-- of two records with the same joinedAt, the smaller id in byte order decides: "B" is before "a"
CALL test.circle('tie', 'aqidah');
CALL test.joins('a', 'tie', 'FACILITATOR', 'ani');
CALL test.joins('B', 'tie', 'FACILITATOR', 'budi');
-- two records of one user are one facilitator
CALL test.circle('twice', 'aqidah');
CALL test.joins('t1', 'twice', 'FACILITATOR', 'ani');
CALL test.joins('t2', 'twice', 'FACILITATOR', 'ani');
-- a FACILITATOR record without a user makes no facilitator, but its address is no member either
CALL test.circle('email-only', 'aqidah');
CALL test.joins('m1', 'email-only', 'FACILITATOR', NULL, 'x@ngeshare.id');
CALL test.joins('m2', 'email-only', 'MEMBER', NULL, 'X@ngeshare.id ');
CALL test.joins('m3', 'email-only', 'MEMBER', NULL, 'y@ngeshare.id');
-- ignored: records without joinedAt, with a joinedAt after as_of, with another role, and with
-- neither a user nor an address; only i7 counts, whose joinedAt is as_of
CALL test.circle('ignored', 'aqidah');
CALL test.joins('i1', 'ignored', 'FACILITATOR', 'ani', NULL, NULL);
CALL test.joins('i2', 'ignored', 'FACILITATOR', 'budi', NULL, '2026-03-31 23:59:59.001+07');
CALL test.joins('i3', 'ignored', 'ADMIN', 'citra');
CALL test.joins('i4', 'ignored', 'MEMBER', 'dewi', NULL, NULL);
CALL test.joins('i5', 'ignored', 'MEMBER', NULL, NULL);
CALL test.joins('i6', 'ignored', 'MEMBER', NULL, E' \t ');
CALL test.joins('i7', 'ignored', 'MEMBER', 'hadi', NULL, '2026-03-31 23:59:59+07');
-- members are distinct persons: users, and addresses of records without a user; a user and an
-- address are never the same person
CALL test.circle('persons', 'aqidah');
CALL test.joins('p1', 'persons', 'FACILITATOR', 'fajar', ' fajar@home.id ');
CALL test.joins('p2', 'persons', 'MEMBER', 'eka');
CALL test.joins('p3', 'persons', 'MEMBER', 'eka', 'other@ngeshare.id');
CALL test.joins('p4', 'persons', 'MEMBER', NULL, 'eka@ngeshare.id');
CALL test.joins('p5', 'persons', 'MEMBER', NULL, E'\tEKA@NGESHARE.ID\n');
-- users with a deletedAt up to as_of, or a millisecond later, still count; the former are shown as
-- deleted
CALL test.circle('deleted', 'aqidah');
CALL test.joins('d1', 'deleted', 'FACILITATOR', 'gita');
CALL test.joins('d2', 'deleted', 'MEMBER', 'gita');
CALL test.joins('d3', 'deleted', 'MEMBER', 'ani');
CALL test.circle('deleted-later', 'aqidah');
CALL test.joins('l1', 'deleted-later', 'FACILITATOR', 'hadi');
CALL test.joins('l2', 'deleted-later', 'MEMBER', 'gita');

CALL test.refresh();
SELECT
    group_id,
    facilitator_id,
    facilitator_name,
    needs_facilitator AS needs,
    facilitator_count AS count,
    facilitator_is_deleted AS deleted,
    member_count AS members
FROM v_group_summary
ORDER BY group_id COLLATE "C";

-- The other columns of v_group_summary, for one group.
SELECT group_id, group_name, course_name, max_episodes, created_at
FROM v_group_summary
WHERE group_id = 'tie';

DELETE FROM "UserHangoutGroup";
DELETE FROM "HangoutGroup";

--
-- The rescue list: stalled groups with a progress of at least 70 %, compared before rounding
--
CALL test.circle('aqidah-7-of-9', 'aqidah');
CALL test.joins('r1', 'aqidah-7-of-9', 'FACILITATOR', 'eka', 'old@ngeshare.id');
CALL test.meets('aqidah-7-of-9', 'aqidah-7', '2026-02-01 19:00+07');
CALL test.circle('aqidah-6-of-9', 'aqidah');
CALL test.meets('aqidah-6-of-9', 'aqidah-6', '2026-02-01 19:00+07');
CALL test.circle('aqidah-8-active', 'aqidah');
CALL test.meets('aqidah-8-active', 'aqidah-8', '2026-03-30 19:00+07');
CALL test.circle('aqidah-9-done', 'aqidah');
CALL test.meets('aqidah-9-done', 'aqidah-9', '2026-02-01 19:00+07');
CALL test.circle('sejarah-8-of-11', 'sejarah');
CALL test.joins('r2', 'sejarah-8-of-11', 'FACILITATOR', 'fajar', ' fajar@home.id ');
CALL test.meets('sejarah-8-of-11', 'sejarah-8', '2026-03-01 19:00+07');
CALL test.circle('sejarah-7-of-11', 'sejarah');
CALL test.meets('sejarah-7-of-11', 'sejarah-7', '2026-03-01 19:00+07');
CALL test.circle('dakwah-5-of-7', 'dakwah');
CALL test.joins('r3', 'dakwah-5-of-7', 'FACILITATOR', 'gita');
CALL test.meets('dakwah-5-of-7', 'dakwah-5', '2026-02-01 19:00+07');
CALL test.circle('a-dakwah-6-of-7', 'dakwah');
CALL test.meets('a-dakwah-6-of-7', 'dakwah-6', '2026-02-01 19:00+07');
CALL test.joins('r4', 'a-dakwah-6-of-7', 'FACILITATOR', 'ani');

-- The view itself orders its rows: the group that met most recently first, then by id.
CALL test.refresh();
SELECT group_id, group_name, course_name, facilitator_id, facilitator_name, facilitator_contact,
    last_meeting_date,
    episodes_remaining, progress_pct, days_inactive, facilitator_is_deleted, resume_chance
FROM v_rescue_list;

-- Exactly 70 % is enough. 69.95 % is shown as 70.0 but is not enough.
BEGIN;
UPDATE course_config SET max_episodes = 2000 WHERE course_name = 'Ngeshare Sesi Hijrah';
INSERT INTO "HangoutEpisode" (id, "updatedAt", name, "hangoutId", "order")
VALUES
    ('hijrah-1399', '2020-01-01', 'Episode 1399', 'hijrah', 1399),
    ('hijrah-1400', '2020-01-01', 'Episode 1400', 'hijrah', 1400);
CALL test.circle('70-pct', 'hijrah');
CALL test.meets('70-pct', 'hijrah-1400', '2026-02-01 19:00+07');
CALL test.circle('69.95-pct', 'hijrah');
CALL test.meets('69.95-pct', 'hijrah-1399', '2026-02-01 19:00+07');
CALL test.refresh();
SELECT group_id, status, max_episode_reached, progress_pct
FROM v_group_status
WHERE course_name = 'Ngeshare Sesi Hijrah'
ORDER BY group_id COLLATE "C";
SELECT group_id, progress_pct, episodes_remaining
FROM v_rescue_list
WHERE course_name = 'Ngeshare Sesi Hijrah';
ROLLBACK;

-- The minimum percentage is a setting.
BEGIN;
SET LOCAL ngeshare.rescue_min_pct = 66;
SELECT group_id, progress_pct FROM v_rescue_list WHERE progress_pct < 70;
ROLLBACK;

DELETE FROM "UserHangoutGroup";
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";

--
-- The status of one group as of successive instants of its life
--
CALL test.circle('life', 'aqidah', '2025-01-01 08:00+07', '2025-01-05 19:00+07');
CALL test.joins('v1', 'life', 'FACILITATOR', 'ani', NULL, '2025-01-03 12:00+07');
CALL test.joins('v2', 'life', 'MEMBER', 'citra', NULL, '2025-01-04 12:00+07');
CALL test.joins('v3', 'life', 'MEMBER', 'dewi', NULL, '2025-01-08 12:00+07');
CALL test.meets('life', 'aqidah-1', '2025-01-05 19:00+07');
CALL test.meets('life', 'aqidah-2', '2025-01-12 19:00+07');
CALL test.meets('life', 'aqidah-9', '2025-02-16 19:00+07');
CALL test.meets('life', 'aqidah-3', '2025-02-23 19:00+07');

CALL test.refresh();
SELECT
    instant.at AT TIME ZONE 'Asia/Jakarta' AS as_of,
    status,
    days_inactive AS inactive,
    max_episode_reached AS reached,
    progress_pct AS pct,
    total_meetings AS meetings,
    graduated_on,
    started_on,
    facilitator_id AS leader,
    member_count AS members
FROM (
    VALUES
        (timestamptz '2025-01-01 07:59:59.999+07'),
        ('2025-01-01 08:00:00+07'),
        ('2025-01-03 12:00:00+07'),
        ('2025-01-05 18:59:59.999+07'),
        ('2025-01-05 19:00:00+07'),
        ('2025-01-12 20:00:00+07'),
        ('2025-02-09 23:59:59.999+07'),
        ('2025-02-10 00:00:00+07'),
        ('2025-02-16 18:59:59.999+07'),
        ('2025-02-16 19:00:00+07'),
        ('2026-03-31 23:59:59+07')
) AS instant (at)
LEFT JOIN LATERAL ngeshare_group_status(instant.at) ON true
ORDER BY instant.at;

-- An argument takes precedence over the setting ngeshare.as_of. The views follow the setting.
SELECT status FROM ngeshare_group_status();
SELECT status FROM ngeshare_group_status('2025-01-13 12:00+07');
SET ngeshare.as_of = '2025-01-13 12:00+07';
SELECT status FROM ngeshare_group_status();
SELECT status FROM v_group_status;
SELECT max_episode_reached FROM v_group_progress;
SELECT member_count FROM v_group_summary;

-- Without the setting, answers are as of now(). The group graduated long before that.
RESET ngeshare.as_of;
SELECT ngeshare_as_of() = now() AS is_now;
SELECT status FROM v_group_status;

-- The first and the last instant of the type timestamptz are accepted.
SELECT status, days_inactive, days_inactive = date '294277-01-01' - last_meeting_date AS right
FROM ngeshare_group_status('294276-12-31 23:59:59+00');
SELECT status FROM ngeshare_group_status('4714-11-24 00:00:00+00 BC');

--
-- Statements that are refused
--
\set VERBOSITY sqlstate
SELECT * FROM ngeshare_group_status(NULL);
SELECT * FROM ngeshare_pipeline(NULL);
SELECT * FROM ngeshare_funnel(NULL);
SELECT * FROM ngeshare_group_status('infinity');
SELECT * FROM ngeshare_group_status('-infinity');
SELECT * FROM ngeshare_pipeline('infinity');
SELECT * FROM ngeshare_funnel('-infinity');
-- Answers are refused while ngeshare.timezone differs from the zone of the snapshot.
SET ngeshare.timezone = 'UTC';
SELECT * FROM v_group_status;
SELECT * FROM v_group_summary;
SELECT * FROM v_curriculum_pipeline;
SELECT * FROM v_curriculum_funnel;
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT * FROM v_group_status;
RESET ngeshare.timezone;
SELECT status FROM v_group_status;
