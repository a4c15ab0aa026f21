-- Links between groups, and the funnel over them. Every A here graduates on
-- 31 January 2026, so 30 days before is 1 January, 31 days before 31 December,
-- 90 days after 1 May and 91 days after 2 May.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-06-30 12:00+07';

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);
CALL test.hangout('sejarah', 'Ngeshare Sesi Sejarah', 11);
CALL test.hangout('dakwah', 'Ngeshare Sesi Dakwah', 7);
CALL test.users('ani', 'budi', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8');

-- A group of Aqidah that graduates on 31 January, and one of Hijrah that starts
-- on a day; both with the facilitator ani.
CREATE PROCEDURE test.group_a(circle text, VARIADIC members text[])
LANGUAGE plpgsql
AS $$
BEGIN
    CALL test.circle($1, 'aqidah');
    CALL test.people($1, 'ani', VARIADIC $2);
    CALL test.meets($1, 'aqidah-9', '2026-01-31 19:00+07');
END
$$;
CREATE PROCEDURE test.group_b(circle text, start timestamptz, VARIADIC members text[])
LANGUAGE plpgsql
AS $$
BEGIN
    CALL test.circle($1, 'hijrah');
    CALL test.people($1, 'ani', VARIADIC $3);
    CALL test.meets($1, 'hijrah-1', $2);
END
$$;
CREATE PROCEDURE test.clear()
LANGUAGE sql
AS $$
    DELETE FROM public."UserHangoutGroupAttendance";
    DELETE FROM public."UserHangoutGroup";
    DELETE FROM public."HangoutGroup";
$$;

--
-- Days between: from 30 before to 90 after, in local days; one A, several B
--
CALL test.group_a('a', 'm1', 'm2', 'm3');
CALL test.group_b('b-31-early', '2025-12-31 23:59:59.999+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-30-early', '2026-01-01 00:00:00+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-same-day', '2026-01-31 08:00+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-90-late', '2026-05-01 23:59:59.999+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-91-late', '2026-05-02 00:00:00+07', 'm1', 'm2', 'm3');
-- one that is planned only, and never met
CALL test.circle('b-never-met', 'hijrah', '2026-02-01 12:00+07', '2026-02-07 19:00+07');
CALL test.people('b-never-met', 'ani', 'm1', 'm2', 'm3');

CALL test.refresh();
SELECT * FROM v_curriculum_pipeline ORDER BY days_between;

-- Both ends are settings.
BEGIN;
SET LOCAL ngeshare.link_days = 91;
SET LOCAL ngeshare.link_early_days = 31;
CALL test.refresh();
SELECT group_b_id, days_between FROM v_curriculum_pipeline ORDER BY days_between;
SET LOCAL ngeshare.link_days = 0;
SET LOCAL ngeshare.link_early_days = 0;
CALL test.refresh();
SELECT group_b_id, days_between FROM v_curriculum_pipeline ORDER BY days_between;
ROLLBACK;

-- As of a day before a B has met, before A has graduated, before its members had joined.
SELECT group_b_id, days_between FROM ngeshare_pipeline('2026-05-01 23:59:59+07')
    ORDER BY days_between;
SELECT group_b_id, days_between FROM ngeshare_pipeline('2026-01-31 19:00+07') ORDER BY days_between;
SELECT group_b_id, days_between FROM ngeshare_pipeline('2026-01-31 18:59:59+07')
    ORDER BY days_between;
BEGIN;
UPDATE "UserHangoutGroup"
SET "joinedAt" = test.utc('2026-06-01 12:00+07')
WHERE "userId" IN ('m2', 'm3') AND "hangoutGroupId" = 'a';
CALL test.refresh();
SELECT group_b_id, days_between FROM ngeshare_pipeline('2026-06-01 11:59:59+07')
    ORDER BY days_between;
SELECT group_b_id, days_between FROM ngeshare_pipeline('2026-06-01 12:00:00+07')
    ORDER BY days_between;
ROLLBACK;
CALL test.clear();

--
-- Shared members: at least 2, and at least 50 % of the smaller group
--
-- 2 of 4 is 50 %, of 5 is 40 %; the larger group's size does not matter
CALL test.group_a('a-of-4', 'm1', 'm2', 'm3', 'm4');
CALL test.group_b('b-2-of-4', '2026-02-07 19:00+07', 'm1', 'm2', 'm5', 'm6');
CALL test.group_b('b-2-of-4-larger', '2026-02-08 19:00+07', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8');
CALL test.group_b('b-2-of-3', '2026-02-09 19:00+07', 'm1', 'm3', 'm5');
CALL test.group_b('b-1-of-1', '2026-02-10 19:00+07', 'm1');
CALL test.group_b('b-1-of-2', '2026-02-11 19:00+07', 'm1', 'm5');
CALL test.group_b('b-nobody', '2026-02-12 19:00+07', VARIADIC '{}');
CALL test.refresh();
SELECT group_a_id, group_b_id, shared_member_count AS shared, overlap_pct, days_between
FROM v_curriculum_pipeline
ORDER BY days_between;

-- Both are settings; the percentage is compared before it is rounded.
BEGIN;
SET LOCAL ngeshare.link_min_shared = 1;
CALL test.refresh();
SELECT group_b_id, shared_member_count AS shared, overlap_pct
FROM v_curriculum_pipeline
ORDER BY days_between;
SET LOCAL ngeshare.link_min_overlap_pct = 67;
CALL test.refresh();
SELECT group_b_id, shared_member_count AS shared, overlap_pct
FROM v_curriculum_pipeline
ORDER BY days_between;
-- Where the smaller group is empty there is no percentage, so nobody is kin.
SET LOCAL ngeshare.link_min_shared = 0;
SET LOCAL ngeshare.link_min_overlap_pct = 0;
CALL test.refresh();
SELECT count(*) AS links, count(*) FILTER (WHERE group_b_id = 'b-nobody') AS of_nobody
FROM v_curriculum_pipeline;
ROLLBACK;
CALL test.clear();

CALL test.group_a('a-of-5', 'm1', 'm2', 'm3', 'm4', 'm5');
CALL test.group_b('b-2-of-5', '2026-02-07 19:00+07', 'm1', 'm2', 'm6', 'm7', 'm8');
CALL test.group_b('b-3-of-5', '2026-02-08 19:00+07', 'm1', 'm2', 'm3', 'm7', 'm8');
CALL test.refresh();
SELECT group_a_id, group_b_id, shared_member_count AS shared, overlap_pct
FROM v_curriculum_pipeline
ORDER BY days_between;
CALL test.clear();

--
-- Persons: by user, or by address without one; nobody who facilitates there
--
CALL test.group_a('a', 'm1');
CALL test.joins('a/e', 'a', 'MEMBER', NULL, ' Dewi@ngeshare.id');
-- the same address, written otherwise
CALL test.group_b('b-same-address', '2026-02-07 19:00+07', 'm1');
CALL test.joins('b1/e', 'b-same-address', 'MEMBER', NULL, E'dewi@NGESHARE.id\r\n');
-- the same address, but of a user: another person
CALL test.group_b('b-user', '2026-02-08 19:00+07', 'm1');
CALL test.joins('b2/e', 'b-user', 'MEMBER', 'm2', 'dewi@ngeshare.id');
-- a user whose id is the address: another person too
CALL test.users('dewi@ngeshare.id');
CALL test.group_b('b-id', '2026-02-09 19:00+07', 'm1', 'dewi@ngeshare.id');
-- with both roles there: no member, so that one is shared only
CALL test.group_b('b-both-roles', '2026-02-10 19:00+07', 'm1');
CALL test.joins('b4/e', 'b-both-roles', 'MEMBER', NULL, 'dewi@ngeshare.id');
CALL test.joins('b4/f', 'b-both-roles', 'FACILITATOR', NULL, 'dewi@ngeshare.id');
-- twice in one group is one person
CALL test.group_b('b-twice', '2026-02-11 19:00+07', 'm1');
CALL test.joins('b5/m', 'b-twice', 'MEMBER', 'm1', NULL, '2025-06-01 12:00+07');
CALL test.refresh();
SELECT group_b_id, shared_member_count AS shared, overlap_pct
FROM v_curriculum_pipeline
ORDER BY days_between;
CALL test.clear();

--
-- The same facilitator, the next course, a graduated A
--
CALL test.group_a('a', 'm1', 'm2');
CALL test.group_a('a-too', 'm1', 'm2');
CALL test.group_b('b', '2026-02-07 19:00+07', 'm1', 'm2');
-- another facilitator, and no facilitator on either side
CALL test.group_b('b-of-budi', '2026-02-08 19:00+07', 'm1', 'm2');
UPDATE "UserHangoutGroup" SET "userId" = 'budi' WHERE id = 'b-of-budi/ani';
CALL test.group_a('a-of-nobody', 'm1', 'm2');
CALL test.group_b('b-of-nobody', '2026-02-09 19:00+07', 'm1', 'm2');
DELETE FROM "UserHangoutGroup" WHERE id IN ('a-of-nobody/ani', 'b-of-nobody/ani');
-- a second facilitator who joined later decides nothing
CALL test.group_b('b-of-two', '2026-02-10 19:00+07', 'm1', 'm2');
CALL test.joins('b-of-two/budi', 'b-of-two', 'FACILITATOR', 'budi', NULL, '2025-06-01 12:00+07');
-- not graduated
CALL test.circle('a-not-graduated', 'aqidah');
CALL test.people('a-not-graduated', 'ani', 'm1', 'm2');
CALL test.meets('a-not-graduated', 'aqidah-8', '2026-01-31 19:00+07');
-- the course after the next; the same course; from the last course
CALL test.circle('c-sejarah', 'sejarah');
CALL test.people('c-sejarah', 'ani', 'm1', 'm2');
CALL test.meets('c-sejarah', 'sejarah-1', '2026-02-07 19:00+07');
CALL test.circle('d-dakwah', 'dakwah');
CALL test.people('d-dakwah', 'ani', 'm1', 'm2');
CALL test.meets('d-dakwah', 'dakwah-7', '2026-01-31 19:00+07');
CALL test.refresh();
SELECT group_a_id, course_a, group_b_id, course_b, shared_facilitator_id
FROM v_curriculum_pipeline
ORDER BY days_between, group_a_id COLLATE "C";
CALL test.clear();

--
-- The funnel. Of 8 groups of Aqidah: a1 to a5 graduated, a6 is active, a7 is
-- stalled, a8 has not started. a1 went on twice, a2 once; a3 graduated 90 days
-- ago and may still go on, a4 91 days ago and is too late; a5 as well.
--
SET ngeshare.as_of = '2026-05-01 12:00+07';
CALL test.group_a('a1', 'm1', 'm2');
CALL test.group_b('b1', '2026-04-20 19:00+07', 'm1', 'm2');
CALL test.group_b('b2', '2026-04-21 19:00+07', 'm1', 'm2');
CALL test.circle('a2', 'aqidah');
CALL test.people('a2', 'ani', 'm3', 'm4');
CALL test.meets('a2', 'aqidah-9', '2026-01-25 19:00+07');
CALL test.group_b('b3', '2026-04-22 19:00+07', 'm3', 'm4');
CALL test.group_a('a3', 'm5', 'm6');
CALL test.circle('a4', 'aqidah');
CALL test.meets('a4', 'aqidah-9', '2026-01-30 23:59:59+07');
CALL test.circle('a5', 'aqidah');
CALL test.meets('a5', 'aqidah-9', '2025-06-01 19:00+07');
CALL test.circle('a6', 'aqidah');
CALL test.meets('a6', 'aqidah-1', '2026-04-30 19:00+07');
CALL test.circle('a7', 'aqidah');
CALL test.meets('a7', 'aqidah-1', '2026-02-01 19:00+07');
CALL test.circle('a8', 'aqidah', '2026-04-30 12:00+07');
-- the last course has graduates too
CALL test.circle('d1', 'dakwah');
CALL test.meets('d1', 'dakwah-7', '2026-04-01 19:00+07');

CREATE VIEW test.funnel AS
SELECT
    sequence_order AS no,
    course_name,
    groups_total AS total,
    groups_started AS started,
    graduated AS grad,
    active,
    stalled,
    not_started AS not,
    graduation_rate AS rate,
    continued AS cont,
    continuation_rate AS cont_rate,
    awaiting AS wait,
    settled_continuation_rate AS settled_rate
FROM v_curriculum_funnel;

CALL test.refresh();
SELECT group_a_id, group_b_id, days_between
    FROM v_curriculum_pipeline ORDER BY group_b_id COLLATE "C";
-- Settled are a2, a4 and a5: graduated more than 90 days ago, one of three with a link.
SELECT * FROM test.funnel ORDER BY no;
-- A day later a1 and a3 are settled as well: two of five.
SELECT awaiting, settled_continuation_rate
FROM ngeshare_funnel('2026-05-02 12:00+07')
WHERE sequence_order = 1;
-- Before anything: zeros, and nothing to divide by.
SELECT groups_total, graduation_rate, continued, continuation_rate, awaiting,
    settled_continuation_rate
FROM ngeshare_funnel('2024-01-01 12:00+07')
ORDER BY sequence_order;

--
-- The curriculum is a table: every answer follows it at once
--
-- a fifth course: Dakwah is no longer the last
BEGIN;
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 5, 50);
SELECT * FROM test.funnel ORDER BY no; -- until a refresh as before
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
ROLLBACK;
-- renamed: the course of no hangout has no group, and no link leads to it
BEGIN;
UPDATE course_config SET course_name = 'Ngeshare Sesi Hijrah 2' WHERE sequence_order = 2;
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
SELECT count(*) AS links FROM v_curriculum_pipeline;
SELECT group_id FROM v_group_status ORDER BY group_id COLLATE "C";
ROLLBACK;
-- resized: one episode is enough
BEGIN;
UPDATE course_config SET max_episodes = 1 WHERE sequence_order = 1;
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
ROLLBACK;
-- taken out: Sejarah comes next after Aqidah
BEGIN;
DELETE FROM course_config WHERE sequence_order = 2;
CALL test.circle('c1', 'sejarah');
CALL test.people('c1', 'ani', 'm1', 'm2');
CALL test.meets('c1', 'sejarah-1', '2026-04-20 19:00+07');
CALL test.refresh();
SELECT group_a_id, group_b_id FROM v_curriculum_pipeline;
SELECT * FROM test.funnel ORDER BY no;
ROLLBACK;
-- turned around: Hijrah comes first, so nothing leads from Aqidah to it
BEGIN;
UPDATE course_config SET sequence_order = -1 WHERE sequence_order = 2;
CALL test.refresh();
SELECT count(*) AS links FROM v_curriculum_pipeline;
SELECT no, course_name, total FROM test.funnel ORDER BY no;
ROLLBACK;
-- emptied: no course, no group, no error
BEGIN;
DELETE FROM course_config;
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
SELECT count(*) AS groups FROM v_group_status;
SELECT count(*) AS links FROM v_curriculum_pipeline;
SELECT count(*) AS rescues FROM v_rescue_list;
ROLLBACK;
