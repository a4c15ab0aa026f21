-- The reference's own test: a small production made by hand, and its answers derived by hand from
-- the rules.
--
-- Run it in a database with production's six tables, all empty. The whole test is one transaction
-- that is rolled back. If the psql variable "keep" is set, the rows stay, so that the extension can
-- be tested on the same production. The variable "answers" names a file to test instead of
-- answers.sql.
--
-- The main instant is noon in Jakarta on Sunday, 30 June 2024. Most attendance is at 03:00 UTC,
-- which is ten in the morning in Jakarta, so that the local day is the date as written. Rows dated
-- before 2000 change no answer. Counted back from 30 June, 2 June is 28 days ago, 1 June 29, 1
-- April 90 and 31 March 91. The prefix of a group's id tells its case:
--   s-  status and the local midnight    n-  never met      m-, f-  persons
--   o-  outside of the curriculum        r-  rescue list    p-, q-, v-, w-, z-  pipeline
--   d-, x-, e-  episodes and the edge of the instant

\set QUIET on
\set ON_ERROR_STOP on
\if :{?answers}
\else
    \set answers answers.sql
\endif
\ir :answers
\ir people.sql
\ir courses.sql

SET TIME ZONE 'UTC';
SET client_min_messages = warning;

BEGIN;

-- Production --------------------------------------------------------------------------------------

-- A hangout needs a circle profile if the database has production's foreign key to it.
DO $$
BEGIN
    IF to_regclass('public."CircleProfile"') IS NOT NULL THEN
        INSERT INTO public."CircleProfile" (id)
        VALUES ('circle')
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

-- f-gone was deleted exactly at the main instant, f-leaving one millisecond later.
INSERT INTO public."User" (id, "updatedAt", email, "deletedAt")
VALUES ('f-status', '2024-01-01', E' \t status@x.org\r\n', NULL),
       ('f-link', '2024-01-01', 'Link@x.org', NULL),
       ('f-gone', '2024-01-01', E' \t\r\n', '2024-06-30 05:00:00'),
       ('f-leaving', '2024-01-01', 'leaving@x.org', '2024-06-30 05:00:00.001'),
       ('ana@x.org', '2024-01-01', 'ana@x.org', NULL);

INSERT INTO public."User" (id, "updatedAt")
SELECT id, '2024-01-01'
FROM unnest(string_to_array(
    'f-other f-forty f-one f-mail f-mute f-tie-z f-tie-a f-late f-null m-x p1 p2 p3 p4 '
    'x1 x2 x3 q1 q2 q3 q4 q5 w1 w2', ' ')) AS id;

-- Two hangouts have the same course name. The name of "blank" is not exactly a course's name.
INSERT INTO public."Hangout" (id, "updatedAt", name, type, price, "circleProfileId")
VALUES ('a', '2024-01-01', 'Ngeshare Sesi Aqidah', 'x', 0, 'circle'),
       ('again', '2024-01-01', 'Ngeshare Sesi Aqidah', 'x', 0, 'circle'),
       ('h', '2024-01-01', 'Ngeshare Sesi Hijrah', 'x', 0, 'circle'),
       ('c', '2024-01-01', 'Ngeshare Sesi Sejarah', 'x', 0, 'circle'),
       ('d', '2024-01-01', 'Ngeshare Sesi Dakwah', 'x', 0, 'circle'),
       ('blank', '2024-01-01', 'Ngeshare Sesi Aqidah ', 'x', 0, 'circle');

-- Each hangout has the episodes 1 to 11 and one with order -3; a9 is the ninth of hangout a. The
-- course Aqidah has nine, so its tenth and eleventh are beyond the course.
INSERT INTO public."HangoutEpisode" (id, "updatedAt", name, "hangoutId", "order")
SELECT hangout.id || episode, '2024-01-01', 'Episode', hangout.id, episode
FROM public."Hangout" AS hangout
CROSS JOIN generate_series(-3, 11) AS episode
WHERE episode = -3 OR episode >= 1;

-- The rules do not count n-infinity and n-minus-infinity as groups, because of their infinite
-- timestamps.
INSERT INTO public."HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId",
    "startDate")
SELECT id, created, timestamp '2024-01-01', 'Group ' || id, 'ANY', hangout, start
FROM (VALUES
    ('n-28', timestamp '2024-06-01 17:00:00', 'a', NULL::timestamp),
    ('n-29', '2024-06-01 16:59:59.999', 'a', NULL),
    ('n-future', '2024-01-01', 'a', '2024-08-01 03:00'),
    ('n-infinity', '2024-01-01', 'a', 'infinity'),
    ('n-minus-infinity', '-infinity', 'a', '2024-01-01'),
    ('x-foreign-only', '2023-12-01', 'a', '2024-04-01'),
    ('e-now', '2024-06-30 05:00:00', 'a', NULL),
    ('e-later', '2024-06-30 05:00:00.001', 'a', '2024-01-01'),
    ('o-none', '2023-12-01', NULL, NULL),
    ('m-persons', '2024-06-29 03:00', 'c', NULL),
    ('p-b-never', '2023-12-01', 'h', '2024-02-10')
) AS named (id, created, hangout, start)
UNION ALL
SELECT id, '2023-12-01', '2024-01-01', 'Group ' || id, 'ANY', hangout, NULL
FROM (VALUES
    ('a', 's-28 s-29 s-midnight s-before-midnight s-minus-infinity d-beyond x-foreign x-minus'),
    ('a', 'r-gone r-leaving r-Mute p-a p-a-late q-a w-a v-a z-a'),
    ('h', 'p-b-30 p-b-31 p-b90 p-b91 p-b-two-thirds p-b-other q-b w-b v-b z-b'),
    ('c', 'r-below p-c'),
    ('d', 'f-tie r-nobody'),
    ('blank', 'o-blank')
) AS plain (hangout, ids)
CROSS JOIN unnest(string_to_array(ids, ' ')) AS id;

-- One facilitator and the ordinary members of most groups, all since 1 December 2023.
INSERT INTO public."UserHangoutGroup"
    (id, "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId", "userId")
SELECT 'f ' || groups, timestamp '2024-01-01', timestamp '2023-12-01', 'ANY', 'FACILITATOR', groups,
    facilitator
FROM (VALUES
    ('f-status',
        's-28 s-29 s-midnight s-before-midnight s-minus-infinity n-28 n-29 n-future n-infinity'),
    ('f-status',
        'n-minus-infinity x-foreign x-foreign-only x-minus e-later o-none o-blank r-below'),
    ('f-leaving', 'r-leaving'),
    ('f-link', 'p-a p-a-late p-b-30 p-b-31 p-b90 p-b91 p-b-two-thirds p-b-never p-c'),
    ('f-other', 'd-beyond p-b-other'),
    ('f-forty', 'q-a q-b'),
    ('f-one', 'w-a w-b'),
    ('f-mail', 'v-a v-b')
) AS led (facilitator, ids)
CROSS JOIN unnest(string_to_array(ids, ' ')) AS groups
UNION ALL
SELECT 'm ' || groups || ' ' || person, '2024-01-01', '2023-12-01', 'ANY', 'MEMBER', groups, person
FROM (VALUES
    ('p-a', 'p1 p2 p3 p4'), ('p-a-late', 'p1 p2'), ('p-b-30', 'p1 p2 x1 x2'),
    ('p-b-31', 'p1 p2 p3 p4'),
    ('p-b90', 'p1 p2 p3'), ('p-b91', 'p1 p2 p3 p4'), ('p-b-two-thirds', 'p1 p2 x1'),
    ('p-b-never', 'p1 p2 p3 p4'),
    ('d-beyond', 'x3'), ('p-b-other', 'p1 p2 p3 p4'), ('p-c', 'p1 p2'), ('q-a', 'q1 q2 q3 q4 q5'),
    ('q-b', 'q1 q2 x1 x2 x3'), ('w-a', 'w1 w2'), ('w-b', 'w1 x1'), ('v-a', 'f-mail'),
    ('v-b', 'f-mail'),
    ('z-a', 'p1 p2'), ('z-b', 'p1 p2')
) AS joined (groups, people)
CROSS JOIN unnest(string_to_array(people, ' ')) AS person;

-- Memberships that are cases of their own. In m-persons the members are: ana by mail, budi by mail,
-- the user whose id is ana's mail, and m-x; kak, also by mail, is a facilitator there. In f-tie two
-- FACILITATOR records are equally old, and the one with the smaller id, t-Z, counts. A record with
-- a still smaller id joined later, and an older record has no user.
INSERT INTO public."UserHangoutGroup"
    (id, "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId", "userId",
        "userEmail")
VALUES ('e1', '2024-01-01', '2024-06-30 05:00:00', 'ANY', 'FACILITATOR', 'e-now', 'f-status', NULL),
       ('e2', '2024-01-01', '2024-06-30 05:00:00.001', 'ANY', 'FACILITATOR', 'e-now', 'f-other',
           NULL),
       ('e3', '2024-01-01', '2024-06-30 05:00:00', 'ANY', 'MEMBER', 'e-now', 'p1', NULL),
       ('e4', '2024-01-01', '2024-06-30 05:00:00.001', 'ANY', 'MEMBER', 'e-now', 'p2', NULL),
       ('i1', '2024-01-01', '-infinity', 'ANY', 'FACILITATOR', 's-minus-infinity', 'f-other', NULL),
       ('m01', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', NULL, E' Ana@X.org\n'),
       ('m02', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', NULL, 'ana@x.org'),
       ('m03', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', NULL, E'BUDI@x.org\r\t'),
       ('m04', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', 'ana@x.org', NULL),
       ('m05', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', 'm-x', 'budi@x.org'),
       ('m06', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', NULL, E'\tKAK@x.org '),
       ('m07', '2024-01-01', '2024-06-29', 'ANY', 'FACILITATOR', 'm-persons', NULL, 'kak@x.org'),
       ('m08', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', NULL, E' \t\r\n'),
       ('m09', '2024-01-01', '2024-06-29', 'ANY', 'MEMBER', 'm-persons', NULL, NULL),
       ('m10', '2024-01-01', NULL, 'ANY', 'MEMBER', 'm-persons', 'p1', NULL),
       ('m11', '2024-01-01', NULL, 'ANY', 'FACILITATOR', 'm-persons', 'f-null', NULL),
       ('m12', '2024-01-01', '2024-06-29', 'ANY', 'member', 'm-persons', 'p2', NULL),
       ('m13', '2024-01-01', '2024-06-29', 'ANY', 'ADMIN', 'm-persons', 'f-null', NULL),
       ('t-a', '2024-01-01', '2024-05-01', 'ANY', 'FACILITATOR', 'f-tie', 'f-tie-a', NULL),
       ('t-Z', '2024-01-01', '2024-05-01', 'ANY', 'FACILITATOR', 'f-tie', 'f-tie-z', NULL),
       ('t-0', '2024-01-01', '2024-05-02', 'ANY', 'FACILITATOR', 'f-tie', 'f-late', NULL),
       ('t-1', '2024-01-01', '2024-05-03', 'ANY', 'FACILITATOR', 'f-tie', 'f-late', NULL),
       ('t-2', '2024-01-01', '2024-04-01', 'ANY', 'FACILITATOR', 'f-tie', NULL, 'early@x.org'),
       ('t-6', '2024-01-01', '1999-12-31 23:59:59.999', 'ANY', 'FACILITATOR', 'f-tie', 'f-late',
           NULL),
       ('t-7', '2024-01-01', '0023-05-14', 'ANY', 'MEMBER', 'f-tie', 'p1', NULL),
       ('t-8', '2024-01-01', '1970-01-01', 'ANY', 'FACILITATOR', 'r-nobody', 'f-other', NULL),
       ('t-3', '2024-01-01', '2024-04-01', 'ANY', 'MEMBER', 'f-tie', 'f-late', NULL),
       ('t-4', '2024-01-01', '2024-04-01', 'ANY', 'MEMBER', 'f-tie', 'm-x', NULL),
       ('t-5', '2024-01-01', '2024-04-02', 'ANY', 'MEMBER', 'f-tie', 'm-x', NULL),
       ('r1', '2024-01-01', '2023-12-01', 'ANY', 'FACILITATOR', 'r-gone', 'f-gone',
           E'\tgone@x.org '),
       ('r2', '2024-01-01', '2023-12-01', 'ANY', 'FACILITATOR', 'r-Mute', 'f-mute', ' '),
       ('v1', '2024-01-01', '2023-12-01', 'ANY', 'MEMBER', 'v-a', NULL, ' Eka@x.org'),
       ('v2', '2024-01-01', '2023-12-01', 'ANY', 'MEMBER', 'v-a', NULL, 'dwi@x.org'),
       ('v3', '2024-01-01', '2023-12-01', 'ANY', 'MEMBER', 'v-b', NULL, 'eka@x.org'),
       ('v4', '2024-01-01', '2023-12-01', 'ANY', 'MEMBER', 'v-b', NULL, E'DWI@X.ORG\r\n');

INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
    "hangoutGroupId", "userId")
SELECT 'attendance ' || row_number() OVER (), attended, episode, groups, 'p1'
FROM (VALUES
    ('s-28', timestamp '2024-06-02 03:00', 'a3'), ('s-28', '2024-06-02 04:00', 'a2'),
    ('s-29', '2024-06-01 03:00', 'a3'), ('s-29', '1999-12-31 23:59:59.999', 'a9'),
    ('n-28', '0026-03-01 03:00', 'a1'), ('n-29', '1970-01-01', 'a9'),
    ('s-midnight', '2024-06-01 16:59:59.999', 'a6'),
    ('s-midnight', '2024-06-01 17:00', 'a7'), ('s-before-midnight', '2024-05-31 17:00', 'a7'),
    ('s-before-midnight', '2024-06-01 16:59:59.999', 'a6'), ('s-minus-infinity', '-infinity', 'a9'),
    ('s-minus-infinity', '2024-06-20 03:00', 'a1'), ('d-beyond', '2023-12-27 03:00', 'a1'),
    ('d-beyond', '2024-01-03 03:00', 'a10'), ('d-beyond', '2024-01-10 03:00', 'a9'),
    ('d-beyond', '2024-01-17 03:00', 'a2'), ('x-foreign', '2024-06-10 03:00', 'a2'),
    ('x-foreign', '2024-06-20 03:00', 'again9'), ('x-foreign-only', '2024-05-01 03:00', 'again9'),
    ('x-minus', '2024-06-15 03:00', 'a-3'), ('e-now', '2024-06-30 05:00', 'a1'),
    ('e-now', '2024-06-30 05:00:00.001', 'a9'), ('e-later', '2024-05-01 03:00', 'a9'),
    ('o-none', '2024-05-01 03:00', 'a9'), ('o-blank', '2024-05-01 03:00', 'blank9'),
    ('f-tie', '2024-06-25 03:00', 'd7'), ('r-gone', '2024-05-30 03:00', 'a8'),
    ('r-leaving', '2024-05-21 03:00', 'a7'), ('r-Mute', '2024-05-21 03:00', 'a7'),
    ('r-nobody', '2024-05-11 03:00', 'd5'), ('r-below', '2024-05-11 03:00', 'c7'),
    ('p-a', '2024-01-24 03:00', 'a8'),
    ('p-a', '2024-01-31 17:30', 'a9'), ('p-a-late', '2024-04-20 03:00', 'a9'),
    ('p-b-30', '2024-01-02 03:00', 'h1'),
    ('p-b-30', '2024-03-10 03:00', 'h9'), ('p-b-31', '2024-01-01 03:00', 'h1'),
    ('p-b90', '2024-05-01 03:00', 'h1'),
    ('p-b91', '2024-05-02 03:00', 'h1'), ('p-b-two-thirds', '2024-02-10 03:00', 'h1'),
    ('p-b-other', '2024-02-10 03:00', 'h1'), ('p-c', '2024-03-15 03:00', 'c1'),
    ('q-a', '2024-04-01 03:00', 'a9'),
    ('q-b', '2024-04-10 03:00', 'h1'), ('w-a', '2024-03-31 03:00', 'a9'),
    ('w-b', '2024-04-10 03:00', 'h1'),
    ('v-a', '2024-05-20 03:00', 'a9'), ('v-b', '2024-05-20 03:00', 'h1'),
    ('z-a', '2024-05-20 03:00', 'a9'),
    ('z-b', '2024-05-21 03:00', 'h1')
) AS met (groups, attended, episode);

-- The answers, by hand ----------------------------------------------------------------------------

-- The expected answers on who is in a group: course, creation, facilitator's id and name, number of
-- distinct facilitators, whether the facilitator is deleted, number of members.
CREATE TEMP TABLE who (
    group_id text, course text, created_at timestamptz, facilitator_id text, facilitator_name text,
    facilitator_count integer, is_deleted boolean, member_count integer
);

-- Most groups were made on 1 December 2023 and have one facilitator, who is not deleted.
INSERT INTO who
SELECT id, course, '2023-12-01', facilitator_id, facilitator_name, 1, false, member_count
FROM (VALUES
    ('Aqidah', 'f-status', 'status@x.org', 0,
     's-28 s-29 s-midnight s-before-midnight s-minus-infinity x-foreign x-foreign-only x-minus'),
    ('Aqidah', 'f-other', 'f-other', 1, 'd-beyond'),
    ('Aqidah', 'f-leaving', 'leaving@x.org', 0, 'r-leaving'),
    ('Aqidah', 'f-mute', 'f-mute', 0, 'r-Mute'),
    ('Sejarah', 'f-status', 'status@x.org', 0, 'r-below'),
    ('Aqidah', 'f-link', 'Link@x.org', 4, 'p-a'),
    ('Aqidah', 'f-link', 'Link@x.org', 2, 'p-a-late'),
    ('Hijrah', 'f-link', 'Link@x.org', 4, 'p-b-30 p-b-31 p-b91 p-b-never'),
    ('Hijrah', 'f-link', 'Link@x.org', 3, 'p-b90 p-b-two-thirds'),
    ('Hijrah', 'f-other', 'f-other', 4, 'p-b-other'),
    ('Sejarah', 'f-link', 'Link@x.org', 2, 'p-c'),
    ('Aqidah', 'f-forty', 'f-forty', 5, 'q-a'),
    ('Hijrah', 'f-forty', 'f-forty', 5, 'q-b'),
    ('Aqidah', 'f-one', 'f-one', 2, 'w-a'),
    ('Hijrah', 'f-one', 'f-one', 2, 'w-b'),
    ('Aqidah', 'f-mail', 'f-mail', 2, 'v-a'),
    ('Hijrah', 'f-mail', 'f-mail', 2, 'v-b')
) AS plain (course, facilitator_id, facilitator_name, member_count, ids)
CROSS JOIN unnest(string_to_array(ids, ' ')) AS id;

INSERT INTO who
VALUES ('n-28', 'Aqidah', '2024-06-01 17:00', 'f-status', 'status@x.org', 1, false, 0),
       ('n-29', 'Aqidah', '2024-06-01 16:59:59.999', 'f-status', 'status@x.org', 1, false, 0),
       ('n-future', 'Aqidah', '2024-01-01', 'f-status', 'status@x.org', 1, false, 0),
       ('e-now', 'Aqidah', '2024-06-30 05:00', 'f-status', 'status@x.org', 1, false, 1),
       ('m-persons', 'Sejarah', '2024-06-29 03:00', NULL, NULL, 0, false, 4),
       ('f-tie', 'Dakwah', '2023-12-01', 'f-tie-z', 'f-tie-z', 3, false, 1),
       ('r-gone', 'Aqidah', '2023-12-01', 'f-gone', 'f-gone', 1, true, 0),
       ('r-nobody', 'Dakwah', '2023-12-01', NULL, NULL, 0, false, 0),
       ('z-a', 'Aqidah', '2023-12-01', NULL, NULL, 0, false, 2),
       ('z-b', 'Hijrah', '2023-12-01', NULL, NULL, 0, false, 2);

-- The expected answers on how far a group is: status, progress, days inactive, episode reached,
-- number of meetings, then the days of the first and last meeting, of graduation and of the start.
-- days_since_last_meeting equals days_inactive for every group that has met.
CREATE TEMP TABLE far (
    group_id text, status text, pct numeric, inactive integer, reached integer, meetings integer,
    first_on date, last_on date, graduated_on date, started_on date
);

INSERT INTO far
VALUES ('s-28', 'ACTIVE', 33.3, 28, 3, 1, '2024-06-02', '2024-06-02', NULL, '2024-06-02'),
       ('s-29', 'STALLED', 33.3, 29, 3, 1, '2024-06-01', '2024-06-01', NULL, '2024-06-01'),
       ('s-midnight', 'ACTIVE', 77.8, 28, 7, 2, '2024-06-01', '2024-06-02', NULL, '2024-06-01'),
       ('s-before-midnight', 'STALLED', 77.8, 29, 7, 1, '2024-06-01', '2024-06-01', NULL,
           '2024-06-01'),
       ('s-minus-infinity', 'ACTIVE', 11.1, 10, 1, 1, '2024-06-20', '2024-06-20', NULL,
           '2024-06-20'),
       ('n-28', 'NOT_STARTED', 0.0, 28, 0, 0, NULL, NULL, NULL, '2024-06-02'),
       ('n-29', 'STALLED', 0.0, 29, 0, 0, NULL, NULL, NULL, '2024-06-01'),
       ('n-future', 'NOT_STARTED', 0.0, 0, 0, 0, NULL, NULL, NULL, '2024-08-01'),
       ('d-beyond', 'GRADUATED', 100.0, 165, 10, 4, '2023-12-27', '2024-01-17', '2024-01-03',
           '2023-12-27'),
       ('x-foreign', 'ACTIVE', 22.2, 10, 2, 2, '2024-06-10', '2024-06-20', NULL, '2024-06-10'),
       ('x-foreign-only', 'STALLED', 0.0, 60, 0, 1, '2024-05-01', '2024-05-01', NULL, '2024-05-01'),
       ('x-minus', 'ACTIVE', 0.0, 15, 0, 1, '2024-06-15', '2024-06-15', NULL, '2024-06-15'),
       ('e-now', 'ACTIVE', 11.1, 0, 1, 1, '2024-06-30', '2024-06-30', NULL, '2024-06-30'),
       ('m-persons', 'NOT_STARTED', 0.0, 1, 0, 0, NULL, NULL, NULL, '2024-06-29'),
       ('f-tie', 'GRADUATED', 100.0, 5, 7, 1, '2024-06-25', '2024-06-25', '2024-06-25',
           '2024-06-25'),
       ('r-gone', 'STALLED', 88.9, 31, 8, 1, '2024-05-30', '2024-05-30', NULL, '2024-05-30'),
       ('r-leaving', 'STALLED', 77.8, 40, 7, 1, '2024-05-21', '2024-05-21', NULL, '2024-05-21'),
       ('r-Mute', 'STALLED', 77.8, 40, 7, 1, '2024-05-21', '2024-05-21', NULL, '2024-05-21'),
       ('r-nobody', 'STALLED', 71.4, 50, 5, 1, '2024-05-11', '2024-05-11', NULL, '2024-05-11'),
       ('r-below', 'STALLED', 63.6, 50, 7, 1, '2024-05-11', '2024-05-11', NULL, '2024-05-11'),
       ('p-a', 'GRADUATED', 100.0, 150, 9, 2, '2024-01-24', '2024-02-01', '2024-02-01',
           '2024-01-24'),
       ('p-a-late', 'GRADUATED', 100.0, 71, 9, 1, '2024-04-20', '2024-04-20', '2024-04-20',
           '2024-04-20'),
       ('p-b-30', 'GRADUATED', 100.0, 112, 9, 2, '2024-01-02', '2024-03-10', '2024-03-10',
           '2024-01-02'),
       ('p-b-31', 'STALLED', 11.1, 181, 1, 1, '2024-01-01', '2024-01-01', NULL, '2024-01-01'),
       ('p-b90', 'STALLED', 11.1, 60, 1, 1, '2024-05-01', '2024-05-01', NULL, '2024-05-01'),
       ('p-b91', 'STALLED', 11.1, 59, 1, 1, '2024-05-02', '2024-05-02', NULL, '2024-05-02'),
       ('p-b-two-thirds', 'STALLED', 11.1, 141, 1, 1, '2024-02-10', '2024-02-10', NULL,
           '2024-02-10'),
       ('p-b-never', 'STALLED', 0.0, 141, 0, 0, NULL, NULL, NULL, '2024-02-10'),
       ('p-b-other', 'STALLED', 11.1, 141, 1, 1, '2024-02-10', '2024-02-10', NULL, '2024-02-10'),
       ('p-c', 'STALLED', 9.1, 107, 1, 1, '2024-03-15', '2024-03-15', NULL, '2024-03-15'),
       ('q-a', 'GRADUATED', 100.0, 90, 9, 1, '2024-04-01', '2024-04-01', '2024-04-01',
           '2024-04-01'),
       ('q-b', 'STALLED', 11.1, 81, 1, 1, '2024-04-10', '2024-04-10', NULL, '2024-04-10'),
       ('w-a', 'GRADUATED', 100.0, 91, 9, 1, '2024-03-31', '2024-03-31', '2024-03-31',
           '2024-03-31'),
       ('w-b', 'STALLED', 11.1, 81, 1, 1, '2024-04-10', '2024-04-10', NULL, '2024-04-10'),
       ('v-a', 'GRADUATED', 100.0, 41, 9, 1, '2024-05-20', '2024-05-20', '2024-05-20',
           '2024-05-20'),
       ('v-b', 'STALLED', 11.1, 41, 1, 1, '2024-05-20', '2024-05-20', NULL, '2024-05-20'),
       ('z-a', 'GRADUATED', 100.0, 41, 9, 1, '2024-05-20', '2024-05-20', '2024-05-20',
           '2024-05-20'),
       ('z-b', 'STALLED', 11.1, 40, 1, 1, '2024-05-21', '2024-05-21', NULL, '2024-05-21');

-- The checks --------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.noon() RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2024-06-30 05:00:00+00' $$;

CREATE TEMP TABLE held (what text PRIMARY KEY);
CREATE TEMP TABLE default_course AS TABLE reference.course_config;

-- Compares the rows of two queries as text, so that the number of decimals is compared too. The
-- argument "change" is a statement that changes settings or courses for this check only.
CREATE PROCEDURE pg_temp.check_holds(what text, answer text, expected text,
    change text DEFAULT 'SELECT')
LANGUAGE plpgsql AS $$
DECLARE
    difference text;
BEGIN
    EXECUTE change;
    EXECUTE format($compare$
        WITH answer AS (SELECT answer::text AS line FROM (%s) AS answer),
        expected AS (SELECT expected::text AS line FROM (%s) AS expected),
        difference AS (
            (SELECT 'answered ' AS side, line FROM answer EXCEPT ALL SELECT 'answered ', line
                FROM expected)
            UNION ALL
            (SELECT 'expected ', line FROM expected EXCEPT ALL SELECT 'expected ', line FROM answer)
        )
        SELECT string_agg(side || line, E'\n' ORDER BY line, side)
        FROM difference
    $compare$, answer, expected)
    INTO difference;
    IF difference IS NOT NULL THEN
        RAISE EXCEPTION 'reference: the check "%" does not hold', what
            USING DETAIL = difference;
    END IF;
    DELETE FROM reference.setting;
    INSERT INTO reference.setting DEFAULT VALUES;
    DELETE FROM reference.course_config;
    INSERT INTO reference.course_config TABLE default_course;
    INSERT INTO held VALUES (what);
END
$$;

CALL pg_temp.check_holds('columns of the contract',
    $$ SELECT proname,
              (SELECT string_agg(name, ' ' ORDER BY place)
               FROM unnest(proargnames, proargmodes) WITH ORDINALITY AS argument (name, mode, place)
               WHERE mode = 't')
       FROM pg_proc
       WHERE pronamespace = 'reference'::regnamespace AND proname LIKE 'v\_%' $$,
    $$ VALUES
       ('v_group_summary',
           'group_id group_name course_name max_episodes facilitator_id facilitator_name '
           'member_count '
           'created_at needs_facilitator facilitator_count facilitator_is_deleted'),
       ('v_group_progress',
           'group_id max_episode_reached last_meeting_date total_meetings days_since_last_meeting '
           'first_meeting_date graduated_on'),
       ('v_group_status',
           'group_id course_name status progress_pct days_inactive group_name sequence_order '
           'max_episodes max_episode_reached total_meetings first_meeting_date last_meeting_date '
           'graduated_on '
           'started_on facilitator_id facilitator_name member_count'),
       ('v_curriculum_pipeline',
           'group_a_id course_a group_b_id course_b shared_facilitator_id shared_member_count '
           'overlap_pct days_between'),
       ('v_curriculum_funnel',
           'sequence_order course_name groups_total groups_started graduated active stalled '
           'not_started graduation_rate continued continuation_rate awaiting '
           'settled_continuation_rate'),
       ('v_rescue_list',
           'group_id group_name course_name facilitator_id facilitator_name facilitator_contact '
           'last_meeting_date episodes_remaining progress_pct days_inactive facilitator_is_deleted '
           'resume_chance'),
       ('v_resume_chance', 'course_name days_silent silences resumed lasting resume_chance'),
       ('v_member_roster', 'group_id user_id user_name role joined_at is_active is_deleted'),
       ('v_facilitator_alumni',
           'facilitator_id facilitator_name is_alumni member_since facilitator_since '
           'current_facilitator_since is_deleted'),
       ('v_member_journey',
           'user_id user_name groups_joined courses_completed current_course is_facilitator_now '
           'is_deleted'),
       ('v_facilitator_growth',
           'total_facilitators active_facilitators alumni_facilitators alumni_pct'),
       ('v_facilitator_monthly', 'month new_facilitators total_facilitators'),
       ('v_drop_off', 'course_name episode groups_reached groups_stalled stalled_pct is_peak'),
       ('v_time_to_graduate', 'course_name groups avg_days median_days p90_days min_days max_days'),
       ('v_graduation_outliers', 'group_id course_name days_to_graduate outlier'),
       ('v_anomalies', 'kind group_id severity detail'),
       ('v_at_risk',
           'group_id group_name course_name facilitator_id facilitator_name facilitator_contact '
           'last_meeting_date days_inactive days_until_stalled reason rhythm_days progress_pct '
           'facilitator_is_deleted'),
       ('v_cohort',
           'sequence_order course_name month groups graduated_3_months graduated_6_months '
           'graduated_9_months '
           'graduated_3_months_pct graduated_6_months_pct graduated_9_months_pct graduated '
           'is_open') $$);

CALL pg_temp.check_holds('v_group_summary',
    $$ SELECT * FROM reference.v_group_summary(pg_temp.noon()) $$,
    $$ SELECT group_id, 'Group ' || group_id, 'Ngeshare Sesi ' || course,
              CASE course WHEN 'Sejarah' THEN 11 WHEN 'Dakwah' THEN 7 ELSE 9 END,
              facilitator_id, facilitator_name, member_count, created_at, facilitator_id IS NULL,
              facilitator_count,
              is_deleted
       FROM who $$);

CALL pg_temp.check_holds('v_group_progress',
    $$ SELECT * FROM reference.v_group_progress(pg_temp.noon()) $$,
    $$ SELECT group_id, reached, last_on, meetings, CASE WHEN meetings > 0
        THEN inactive END, first_on, graduated_on
       FROM far $$);

CALL pg_temp.check_holds('v_group_status',
    $$ SELECT * FROM reference.v_group_status(pg_temp.noon()) $$,
    $$ SELECT group_id, 'Ngeshare Sesi ' || course, status, pct, inactive, 'Group ' || group_id,
              CASE course WHEN 'Aqidah' THEN 1 WHEN 'Hijrah' THEN 2 WHEN 'Sejarah' THEN 3
                  ELSE 4 END,
              CASE course WHEN 'Sejarah' THEN 11 WHEN 'Dakwah' THEN 7 ELSE 9 END,
              reached, meetings, first_on, last_on, graduated_on, started_on, facilitator_id,
              facilitator_name,
              member_count
       FROM who JOIN far USING (group_id) $$);

-- Not linked: p-a to p-b-31 (a day too early), to p-b91 (a day too late) and to p-c (two courses
-- later), p-b-never (no meeting), p-b-other (another facilitator), q-b (shares 2 of 5 members), w-b
-- (shares 1 of 2) and z-b (no facilitator).
CALL pg_temp.check_holds('v_curriculum_pipeline',
    $$ SELECT * FROM reference.v_curriculum_pipeline(pg_temp.noon()) $$,
    $$ VALUES
       ('p-a', 'Ngeshare Sesi Aqidah', 'p-b-30', 'Ngeshare Sesi Hijrah', 'f-link', 2, 50.0, -30),
       ('p-a', 'Ngeshare Sesi Aqidah', 'p-b90', 'Ngeshare Sesi Hijrah', 'f-link', 3, 100.0, 90),
       ('p-a', 'Ngeshare Sesi Aqidah', 'p-b-two-thirds', 'Ngeshare Sesi Hijrah', 'f-link', 2, 66.7,
           9),
       ('p-a-late', 'Ngeshare Sesi Aqidah', 'p-b90', 'Ngeshare Sesi Hijrah', 'f-link', 2, 100.0,
           11),
       ('p-a-late', 'Ngeshare Sesi Aqidah', 'p-b91', 'Ngeshare Sesi Hijrah', 'f-link', 2, 100.0,
           12),
       ('p-b-30', 'Ngeshare Sesi Hijrah', 'p-c', 'Ngeshare Sesi Sejarah', 'f-link', 2, 100.0, 5),
       ('v-a', 'Ngeshare Sesi Aqidah', 'v-b', 'Ngeshare Sesi Hijrah', 'f-mail', 2, 100.0, 0) $$);

-- Of Aqidah's seven graduated groups, p-a, p-a-late and v-a went on; q-a (graduated 90 days ago)
-- and z-a may still go on. Of the three that graduated more than 90 days ago, d-beyond, p-a and w-a
-- (91 days), one went on.
CALL pg_temp.check_holds('v_curriculum_funnel',
    $$ SELECT * FROM reference.v_curriculum_funnel(pg_temp.noon()) $$,
    $$ VALUES
       (1, 'Ngeshare Sesi Aqidah', 22, 19, 7, 6, 7, 2, 31.8, 3, 42.9, 2, 33.3),
       (2, 'Ngeshare Sesi Hijrah', 11, 10, 1, 0, 10, 0, 9.1, 1, 100.0, 0, 100.0),
       (3, 'Ngeshare Sesi Sejarah', 3, 2, 0, 0, 2, 1, 0.0, 0, NULL, 0, NULL),
       (4, 'Ngeshare Sesi Dakwah', 2, 2, 1, 0, 1, 0, 50.0, NULL, NULL, NULL, NULL) $$);

-- The chance is 0: no silence of these courses that lasted so long was ever ended by a meeting.
CALL pg_temp.check_holds('v_rescue_list and its order',
    $$ SELECT * FROM reference.v_rescue_list(pg_temp.noon()) WITH ORDINALITY $$,
    $$ VALUES
       ('s-before-midnight', 'Group s-before-midnight', 'Ngeshare Sesi Aqidah', 'f-status',
           'status@x.org',
        'status@x.org', '2024-06-01', 2, 77.8, 29, false, 0.0, 1),
       ('r-gone', 'Group r-gone', 'Ngeshare Sesi Aqidah', 'f-gone', 'f-gone',
        'gone@x.org', '2024-05-30', 1, 88.9, 31, true, 0.0, 2),
       ('r-Mute', 'Group r-Mute', 'Ngeshare Sesi Aqidah', 'f-mute', 'f-mute',
        NULL, '2024-05-21', 2, 77.8, 40, false, 0.0, 3),
       ('r-leaving', 'Group r-leaving', 'Ngeshare Sesi Aqidah', 'f-leaving', 'leaving@x.org',
        'leaving@x.org', '2024-05-21', 2, 77.8, 40, false, 0.0, 4),
       ('r-nobody', 'Group r-nobody', 'Ngeshare Sesi Dakwah', NULL, NULL,
        NULL, '2024-05-11', 2, 71.4, 50, false, 0.0, 5) $$);

CALL pg_temp.check_holds('days of another zone: status',
    $$ SELECT group_id, status, days_inactive, total_meetings, graduated_on, started_on
       FROM reference.v_group_status(pg_temp.noon())
       WHERE group_id IN ('s-28', 's-midnight', 's-before-midnight', 'n-28', 'n-29', 'p-a') $$,
    $$ VALUES
       ('s-28', 'ACTIVE', 28, 1, NULL, '2024-06-02'),
       ('s-midnight', 'STALLED', 29, 1, NULL, '2024-06-01'),
       ('s-before-midnight', 'STALLED', 29, 2, NULL, '2024-05-31'),
       ('n-28', 'STALLED', 29, 0, NULL, '2024-06-01'),
       ('n-29', 'STALLED', 29, 0, NULL, '2024-06-01'),
       ('p-a', 'GRADUATED', 151, 2, '2024-01-31', '2024-01-24') $$,
    $$ UPDATE reference.setting SET timezone = 'UTC' $$);

-- In UTC p-a graduated on 31 January, a day earlier than in Jakarta.
CALL pg_temp.check_holds('days of another zone: pipeline',
    $$ SELECT group_a_id, group_b_id, overlap_pct, days_between
       FROM reference.v_curriculum_pipeline(pg_temp.noon()) $$,
    $$ VALUES
       ('p-a', 'p-b-30', 50.0, -29),
       ('p-a', 'p-b-31', 100.0, -30),
       ('p-a', 'p-b-two-thirds', 66.7, 10),
       ('p-a-late', 'p-b90', 100.0, 11),
       ('p-a-late', 'p-b91', 100.0, 12),
       ('p-b-30', 'p-c', 100.0, 5),
       ('v-a', 'v-b', 100.0, 0) $$,
    $$ UPDATE reference.setting SET timezone = 'UTC' $$);

-- As of the last millisecond of 10 April in Jakarta: in f-tie only the facilitator known by mail
-- and two members had joined.
CALL pg_temp.check_holds('an earlier instant: status',
    $$ SELECT group_id, status, days_inactive, facilitator_id, member_count
       FROM reference.v_group_status('2024-04-10 16:59:59.999+00')
       WHERE group_id IN ('s-28', 'n-28', 'n-future', 'f-tie', 'p-b-30', 'q-a', 'q-b') $$,
    $$ VALUES
       ('s-28', 'STALLED', 131, 'f-status', 0),
       ('n-future', 'NOT_STARTED', 0, 'f-status', 0),
       ('f-tie', 'STALLED', 131, NULL, 2),
       ('p-b-30', 'GRADUATED', 31, 'f-link', 4),
       ('q-a', 'GRADUATED', 9, 'f-forty', 5),
       ('q-b', 'ACTIVE', 0, 'f-forty', 5) $$);

CALL pg_temp.check_holds('an earlier instant: pipeline',
    $$ SELECT group_a_id, group_b_id, days_between
       FROM reference.v_curriculum_pipeline('2024-04-10 16:59:59.999+00') $$,
    $$ VALUES
       ('p-a', 'p-b-30', -30),
       ('p-a', 'p-b-two-thirds', 9),
       ('p-b-30', 'p-c', 5) $$);

CALL pg_temp.check_holds('another number of active days',
    $$ SELECT group_id, status FROM reference.v_group_status(pg_temp.noon())
        WHERE days_inactive = 29 $$,
    $$ VALUES ('s-29', 'ACTIVE'), ('s-before-midnight', 'ACTIVE'), ('n-29', 'NOT_STARTED') $$,
    $$ UPDATE reference.setting SET active_days = 29 $$);

-- Each looser threshold admits exactly one more pair: p-b-31, p-b91, w-b, and q-b with an overlap
-- of 40 %.
CALL pg_temp.check_holds('looser links',
    $$ SELECT group_a_id, group_b_id, shared_member_count, overlap_pct, days_between
       FROM reference.v_curriculum_pipeline(pg_temp.noon())
       WHERE group_a_id || ' ' || group_b_id NOT IN ('p-a p-b-30', 'p-a p-b90',
           'p-a p-b-two-thirds', 'p-a-late p-b90',
           'p-a-late p-b91', 'p-b-30 p-c', 'v-a v-b') $$,
    $$ VALUES
       ('p-a', 'p-b-31', 4, 100.0, -31),
       ('p-a', 'p-b91', 4, 100.0, 91),
       ('w-a', 'w-b', 1, 50.0, 10),
       ('q-a', 'q-b', 2, 40.0, 9) $$,
    $$ UPDATE reference.setting
       SET link_early_days = 31, link_days = 91, link_min_shared = 1, link_min_overlap_pct = 40 $$);

-- If no shared members are required, d-beyond is linked to p-b-other. Groups without members still
-- have no overlap, so they have no link.
CALL pg_temp.check_holds('links without shared members',
    $$ SELECT group_a_id, group_b_id, shared_member_count, overlap_pct, days_between
       FROM reference.v_curriculum_pipeline(pg_temp.noon())
       WHERE shared_facilitator_id NOT IN ('f-link', 'f-mail') $$,
    $$ VALUES
       ('d-beyond', 'p-b-other', 0, 0.0, 38),
       ('w-a', 'w-b', 1, 50.0, 10),
       ('q-a', 'q-b', 2, 40.0, 9) $$,
    $$ UPDATE reference.setting SET link_min_shared = 0, link_min_overlap_pct = 0 $$);

-- Two thirds are less than the threshold of 66.7 %, although they are displayed as 66.7.
CALL pg_temp.check_holds('overlap compared before rounding',
    $$ SELECT group_b_id, overlap_pct FROM reference.v_curriculum_pipeline(pg_temp.noon())
        WHERE group_a_id = 'p-a' $$,
    $$ VALUES ('p-b90', 100.0) $$,
    $$ UPDATE reference.setting SET link_min_overlap_pct = 66.7 $$);

-- With link_days = 89, q-a no longer counts as awaiting. Of the four groups that graduated more
-- than 89 days ago, one went on.
CALL pg_temp.check_holds('another number of link days: funnel',
    $$ SELECT continued, awaiting, settled_continuation_rate
       FROM reference.v_curriculum_funnel(pg_temp.noon())
       WHERE sequence_order = 1 $$,
    $$ VALUES (3, 1, 25.0) $$,
    $$ UPDATE reference.setting SET link_days = 89 $$);

-- The next course is the one with the next larger number, here 10 after 4. Because there is one,
-- f-tie now counts as awaiting.
CALL pg_temp.check_holds('a new last course without groups',
    $$ SELECT * FROM reference.v_curriculum_funnel(pg_temp.noon()) WHERE sequence_order > 3 $$,
    $$ VALUES
       (4, 'Ngeshare Sesi Dakwah', 2, 2, 1, 0, 1, 0, 50.0, 0, 0.0, 1, NULL),
       (10, 'Ngeshare Sesi Baru', 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL) $$,
    $$ INSERT INTO reference.course_config VALUES ('Ngeshare Sesi Baru', 5, 10) $$);

CALL pg_temp.check_holds('rescue at exactly 70 %',
    $$ SELECT group_id, episodes_remaining, progress_pct
       FROM reference.v_rescue_list(pg_temp.noon())
       WHERE course_name = 'Ngeshare Sesi Sejarah' $$,
    $$ VALUES ('r-below', 3, 70.0) $$,
    $$ UPDATE reference.course_config SET max_episodes = 10 WHERE sequence_order = 3 $$);

CALL pg_temp.check_holds('rescue compared before rounding',
    $$ SELECT group_id FROM reference.v_rescue_list(pg_temp.noon()) $$,
    $$ VALUES ('r-gone') $$,
    $$ UPDATE reference.setting SET rescue_min_pct = 77.8 $$);

-- 100 / 16 is 6.25, displayed as 6.3, and 700 / 16 is 43.75, displayed as 43.8.
CALL pg_temp.check_holds('halves rounded away from zero',
    $$ SELECT group_id, progress_pct
       FROM reference.v_group_status(pg_temp.noon())
       WHERE group_id IN ('p-c', 'r-below') $$,
    $$ VALUES ('p-c', 6.3), ('r-below', 43.8) $$,
    $$ UPDATE reference.course_config SET max_episodes = 16 WHERE sequence_order = 3 $$);

\ir cases_more.sql

SELECT count(*) AS held FROM held \gset

\if :{?keep}
    COMMIT;
\else
    ROLLBACK;
\endif

\echo reference: :held checks hold
