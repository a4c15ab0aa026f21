-- Tests the links between groups and the funnel. A link leads from a group A that graduated to a
-- group B of the next course. In this file A graduates on 31 January 2026 where nothing else is
-- said. 30 days earlier is 1 January, 31 days earlier is 31 December; 90 days later is 1 May, 91
-- days later is 2 May.
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

-- test.group_a() creates a group of Aqidah that graduates on 31 January, test.group_b() a group of
-- Hijrah that first meets at the given instant. ani is the facilitator of both.
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
-- Days between A's graduation and B's first meeting: a link needs -30 to 90, counted in local days
--
CALL test.group_a('a', 'm1', 'm2', 'm3');
CALL test.group_b('b-31-early', '2025-12-31 23:59:59.999+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-30-early', '2026-01-01 00:00:00+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-same-day', '2026-01-31 08:00+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-90-late', '2026-05-01 23:59:59.999+07', 'm1', 'm2', 'm3');
CALL test.group_b('b-91-late', '2026-05-02 00:00:00+07', 'm1', 'm2', 'm3');
-- a group B that has a planned start but never met
CALL test.circle('b-never-met', 'hijrah', '2026-02-01 12:00+07', '2026-02-07 19:00+07');
CALL test.people('b-never-met', 'ani', 'm1', 'm2', 'm3');

CALL test.refresh();
SELECT * FROM v_curriculum_pipeline ORDER BY days_between;

-- Both limits, 30 and 90 days, are settings.
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

-- There is no link as of an instant before B had met, before A had graduated, or before A's members
-- had joined.
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
-- two shared members are 50 % of a group of 4 and 40 % of a group of 5; the size of the larger
-- group does not matter
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

-- Both minimums are settings. The percentage is compared before it is rounded: 66.67 is less than
-- 67.
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
-- Where the smaller group has no members there is no percentage, so there is no link.
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
-- Shared members are persons. A person is a user, or without a user an e-mail address. A
-- facilitator of a group does not count as its member.
--
CALL test.group_a('a', 'm1');
CALL test.joins('a/e', 'a', 'MEMBER', NULL, ' Dewi@ngeshare.id');
-- the same address in another spelling: the same person
CALL test.group_b('b-same-address', '2026-02-07 19:00+07', 'm1');
CALL test.joins('b1/e', 'b-same-address', 'MEMBER', NULL, E'dewi@NGESHARE.id\r\n');
-- the same address in the record of a user: another person
CALL test.group_b('b-user', '2026-02-08 19:00+07', 'm1');
CALL test.joins('b2/e', 'b-user', 'MEMBER', 'm2', 'dewi@ngeshare.id');
-- a user whose id equals the address: another person too
CALL test.users('dewi@ngeshare.id');
CALL test.group_b('b-id', '2026-02-09 19:00+07', 'm1', 'dewi@ngeshare.id');
-- dewi has both roles in this group, so she is no member and only m1 is shared
CALL test.group_b('b-both-roles', '2026-02-10 19:00+07', 'm1');
CALL test.joins('b4/e', 'b-both-roles', 'MEMBER', NULL, 'dewi@ngeshare.id');
CALL test.joins('b4/f', 'b-both-roles', 'FACILITATOR', NULL, 'dewi@ngeshare.id');
-- m1 has two records in this group, but is one person
CALL test.group_b('b-twice', '2026-02-11 19:00+07', 'm1');
CALL test.joins('b5/m', 'b-twice', 'MEMBER', 'm1', NULL, '2025-06-01 12:00+07');
CALL test.refresh();
SELECT group_b_id, shared_member_count AS shared, overlap_pct
FROM v_curriculum_pipeline
ORDER BY days_between;
CALL test.clear();

--
-- A link needs the same facilitator, the next course, and a group A that graduated
--
CALL test.group_a('a', 'm1', 'm2');
CALL test.group_a('a-too', 'm1', 'm2');
CALL test.group_b('b', '2026-02-07 19:00+07', 'm1', 'm2');
-- no link: another facilitator; no facilitator on either side
CALL test.group_b('b-of-budi', '2026-02-08 19:00+07', 'm1', 'm2');
UPDATE "UserHangoutGroup" SET "userId" = 'budi' WHERE id = 'b-of-budi/ani';
CALL test.group_a('a-of-nobody', 'm1', 'm2');
CALL test.group_b('b-of-nobody', '2026-02-09 19:00+07', 'm1', 'm2');
DELETE FROM "UserHangoutGroup" WHERE id IN ('a-of-nobody/ani', 'b-of-nobody/ani');
-- a second facilitator who joined later changes nothing: b-of-two is linked
CALL test.group_b('b-of-two', '2026-02-10 19:00+07', 'm1', 'm2');
CALL test.joins('b-of-two/budi', 'b-of-two', 'FACILITATOR', 'budi', NULL, '2025-06-01 12:00+07');
-- no link: A has not graduated
CALL test.circle('a-not-graduated', 'aqidah');
CALL test.people('a-not-graduated', 'ani', 'm1', 'm2');
CALL test.meets('a-not-graduated', 'aqidah-8', '2026-01-31 19:00+07');
-- no link: to the course after the next one; from the last course
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
-- The funnel. Of 8 groups of Aqidah, a1 to a5 graduated, a6 is active, a7 is stalled and a8 has not
-- started. a1 has links to two groups, a2 to one. a3 graduated 90 days ago and may still get a
-- link. a4 and a5 graduated more than 90 days ago, which is too late for a link.
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
-- a group that graduated from the last course
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
-- settled_continuation_rate looks at the groups that graduated more than 90 days ago: a2, a4 and
-- a5. One of these three has a link.
SELECT * FROM test.funnel ORDER BY no;
-- A day later a1 and a3 graduated more than 90 days ago as well: two of five groups have a link.
SELECT awaiting, settled_continuation_rate
FROM ngeshare_funnel('2026-05-02 12:00+07')
WHERE sequence_order = 1;
-- As of an instant before the first group, counts are 0 and rates are NULL.
SELECT groups_total, graduation_rate, continued, continuation_rate, awaiting,
    settled_continuation_rate
FROM ngeshare_funnel('2024-01-01 12:00+07')
ORDER BY sequence_order;

--
-- The answers follow a change of the table course_config from the next refresh on
--
-- a fifth course: Dakwah is no longer the last
BEGIN;
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 5, 50);
SELECT * FROM test.funnel ORDER BY no; -- unchanged until the refresh
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
ROLLBACK;
-- renamed: no hangout has the new name, so the course has no group and no link
BEGIN;
UPDATE course_config SET course_name = 'Ngeshare Sesi Hijrah 2' WHERE sequence_order = 2;
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
SELECT count(*) AS links FROM v_curriculum_pipeline;
SELECT group_id FROM v_group_status ORDER BY group_id COLLATE "C";
ROLLBACK;
-- Aqidah shortened to one episode: every group of Aqidah that has met has graduated
BEGIN;
UPDATE course_config SET max_episodes = 1 WHERE sequence_order = 1;
CALL test.refresh();
SELECT * FROM test.funnel ORDER BY no;
ROLLBACK;
-- Hijrah removed: Sejarah is the next course after Aqidah
BEGIN;
DELETE FROM course_config WHERE sequence_order = 2;
CALL test.circle('c1', 'sejarah');
CALL test.people('c1', 'ani', 'm1', 'm2');
CALL test.meets('c1', 'sejarah-1', '2026-04-20 19:00+07');
CALL test.refresh();
SELECT group_a_id, group_b_id FROM v_curriculum_pipeline;
SELECT * FROM test.funnel ORDER BY no;
ROLLBACK;
-- reordered: Hijrah comes before Aqidah, so there are no links from Aqidah to Hijrah
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
