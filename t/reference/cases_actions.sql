-- Tests the reference's answers on places, over time, on follow-ups and on the forecast (the
-- requirements' sections 7 to 10): a small production made by hand, and its answers derived by hand
-- from the rules. It is run like cases.sql.
--
-- The main instant is noon in Jakarta on Sunday, 30 June 2024, which is also the clock of the last
-- sync. All attendance is at 03:00 UTC, which is ten in the morning in Jakarta, unless a case says
-- otherwise. The prefix of a group's id tells its case:
--   pl-  places    kh-, kd-, kc-, qa-  silences, the forecast, follow-ups    ch-  trend and changes

\set QUIET on
\set ON_ERROR_STOP on
\ir answers.sql
\ir people.sql
\ir courses.sql
\ir places.sql
\ir time.sql
\ir forecast.sql
\ir follow_ups.sql

SET TIME ZONE 'UTC';
SET client_min_messages = warning;

BEGIN;

-- Production --------------------------------------------------------------------------------------

INSERT INTO reference.course_config VALUES ('Fifth', 4, 5);
UPDATE reference.setting SET clock = '2024-06-30 05:00+00';

DO $$
BEGIN
    IF to_regclass('public."CircleProfile"') IS NOT NULL THEN
        INSERT INTO public."CircleProfile" (id)
        VALUES ('circle')
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

INSERT INTO public."User" (id, "updatedAt", email)
SELECT id, '2024-01-01', id || '@x.org'
FROM unnest(ARRAY['f', 'p1', 'p2']) AS id;

INSERT INTO public."Hangout" (id, "updatedAt", name, type, price, "circleProfileId")
VALUES ('a', '2024-01-01', 'Ngeshare Sesi Aqidah', 'x', 0, 'circle'),
       ('h', '2024-01-01', 'Ngeshare Sesi Hijrah', 'x', 0, 'circle'),
       ('c', '2024-01-01', 'Ngeshare Sesi Sejarah', 'x', 0, 'circle'),
       ('d', '2024-01-01', 'Ngeshare Sesi Dakwah', 'x', 0, 'circle'),
       ('x', '2024-01-01', 'Fifth', 'x', 0, 'circle'),
       ('o', '2024-01-01', 'Other', 'x', 0, 'circle');

INSERT INTO public."HangoutEpisode" (id, "updatedAt", name, "hangoutId", "order")
SELECT hangout.id || episode, '2024-01-01', 'Episode', hangout.id, episode
FROM public."Hangout" AS hangout
CROSS JOIN generate_series(1, 11) AS episode;

-- The groups for the place cases have never met and were made the day before. pl-13 is made after
-- the main instant, yet its place counts. pl-other is not a curriculum group.
INSERT INTO public."HangoutGroup"
    (id, "createdAt", "updatedAt", name, status, "hangoutId", province, city)
SELECT id, created, timestamp '2024-01-01', 'Group ' || id, 'ANY', hangout, province, city
FROM (VALUES
    ('pl-01', timestamp '2024-06-29 03:00', 'c', 'Jawa Barat', 'Bandung'),
    ('pl-02', '2024-06-29 03:00', 'c', E' jawa \t\r\n barat ', E'\tbandung\n'),
    ('pl-03', '2024-06-29 03:00', 'c', 'Jawa Barat', 'bandung'),
    ('pl-04', '2024-06-29 03:00', 'c', 'Jawa Barat', 'Badnung'),
    ('pl-05', '2024-06-29 03:00', 'c', 'Jawa Barat', 'Band'),
    ('pl-06', '2024-06-29 03:00', 'c', 'Jawa Barat', 'Bande'),
    ('pl-07', '2024-06-29 03:00', 'c', NULL, 'Bandung'),
    ('pl-08', '2024-06-29 03:00', 'c', NULL, ''),
    ('pl-09', '2024-06-29 03:00', 'c', E'\t', NULL),
    ('pl-10', '2024-06-29 03:00', 'c', 'Banten', 'Serang'),
    ('pl-11', '2024-06-29 03:00', 'c', 'BANTEN', 'Serang'),
    ('pl-12', '2024-06-29 03:00', 'c', 'Bantenn', 'Serang'),
    ('pl-13', '2024-07-10 03:00', 'c', 'Banten', 'Serang'),
    ('pl-14', '2024-06-29 03:00', 'c', 'Bali', 'Ubud'),
    ('pl-15', '2024-06-29 03:00', 'c', 'Bali', 'UBUD'),
    ('pl-other', '2024-06-29 03:00', 'o', 'BALI', 'UBUDD')
) AS placed (id, created, hangout, province, city);

INSERT INTO public."HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
SELECT format('%s-%s', kind, lpad(no::text, 2, '0')), '2023-12-01', '2024-01-01',
       format('Group %s-%s', kind, lpad(no::text, 2, '0')), 'ANY', hangout
FROM (VALUES ('qa', 'a', 40), ('kh', 'h', 23), ('kc', 'c', 20), ('kd', 'd', 25)) AS many (kind,
    hangout, groups)
CROSS JOIN LATERAL generate_series(1, groups) AS no;

INSERT INTO public."HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
VALUES ('ch-new', '2024-06-23 05:00:00.001', '2024-01-01', 'New', 'ANY', 'x'),
       ('ch-old', '2024-06-23 05:00:00', '2024-01-01', 'Old', 'ANY', 'x'),
       ('ch-new-met', '2024-06-24 03:00', '2024-01-01', 'New, met', 'ANY', 'x'),
       ('ch-start', '2024-06-01 03:00', '2024-01-01', 'Started', 'ANY', 'x'),
       ('ch-start-late', '2024-01-01 03:00', '2024-01-01', 'Started late', 'ANY', 'x'),
       ('ch-resume', '2023-12-01 03:00', '2024-01-01', 'Resumed', 'ANY', 'x'),
       ('ch-stall', '2023-12-01 03:00', '2024-01-01', 'Stalled', 'ANY', 'x'),
       ('ch-28', '2023-12-01 03:00', '2024-01-01', '28 days', 'ANY', 'x'),
       ('ch-never-stall', '2024-06-01 03:00', '2024-01-01', 'Never met', 'ANY', 'x'),
       ('ch-grad', '2023-12-01 03:00', '2024-01-01', 'Graduated', 'ANY', 'x');

INSERT INTO public."UserHangoutGroup"
    (id, "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId", "userId")
VALUES ('1', '2024-01-01', '2024-01-01', 'ANY', 'FACILITATOR', 'pl-01', 'f'),
       ('2', '2024-01-01', '2024-01-01', 'ANY', 'FACILITATOR', 'pl-02', 'f'),
       ('3', '2024-01-01', '2024-01-01', 'ANY', 'FACILITATOR', 'ch-stall', 'f'),
       ('4', '2024-01-01', '2024-01-01', 'ANY', 'MEMBER', 'pl-01', 'p1'),
       ('5', '2024-01-01', '2024-01-01', 'ANY', 'MEMBER', 'pl-02', 'p1'),
       ('6', '2024-01-01', '2024-01-01', 'ANY', 'MEMBER', 'pl-03', 'p2');

-- Meetings: each row lets the groups from the first id to the last meet on these days, at one
-- episode.
INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
    "hangoutGroupId", "userId")
SELECT gathering.id || ' ' || met_on || ' ' || episode, met_on::date + time '03:00', episode,
    gathering.id, 'p1'
FROM (VALUES
    ('qa-01', 'qa-40', 'a1', '2024-04-15 2024-04-25'),
    ('qa-01', 'qa-30', 'a1', '2024-05-28'),
    ('qa-31', 'qa-39', 'a1', '2024-05-29'),
    ('qa-01', 'qa-10', 'a1', '2024-06-28'),
    ('kh-01', 'kh-21', 'h1', '2024-01-01'),
    ('kh-01', 'kh-10', 'h1', '2024-01-11'),
    ('kh-21', 'kh-21', 'h1', '2024-01-05'),
    ('kh-21', 'kh-21', 'h9', '2024-01-08'),
    ('kh-22', 'kh-23', 'h1', '2024-02-01'),
    ('kh-22', 'kh-22', 'h1', '2024-03-30'),
    ('kh-23', 'kh-23', 'h1', '2024-03-31'),
    ('kc-01', 'kc-20', 'c1', '2024-05-01'),
    ('kc-01', 'kc-20', 'c11', '2024-05-11'),
    ('kd-01', 'kd-25', 'd1', '2024-03-01'),
    ('kd-01', 'kd-05', 'd1', '2024-03-02'),
    ('kd-01', 'kd-06', 'd1', '2024-03-31'),
    ('ch-new-met', 'ch-new-met', 'x1', '2024-06-25'),
    ('ch-start-late', 'ch-start-late', 'x1', '2024-06-26'),
    ('ch-resume', 'ch-resume', 'x1', '2024-01-01'),
    ('ch-stall', 'ch-stall', 'x1', '2024-06-01'),
    ('ch-28', 'ch-28', 'x1', '2024-06-02'),
    ('ch-grad', 'ch-grad', 'x1', '2024-06-01'),
    ('ch-grad', 'ch-grad', 'x4', '2024-06-28')
) AS met (first_id, last_id, episode, days)
JOIN public."HangoutGroup" AS gathering ON gathering.id COLLATE "C" BETWEEN first_id AND last_id
CROSS JOIN LATERAL unnest(string_to_array(days, ' ')) AS met_on;

-- ch-start first met one millisecond after the instant a week before the main one; ch-resume met
-- again at local midnight of 30 June.
INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
    "hangoutGroupId", "userId")
VALUES ('late 1', '2024-06-23 05:00:00.001', 'x1', 'ch-start', 'p1'),
       ('late 2', '2024-06-29 17:00', 'x1', 'ch-resume', 'p1');

-- Follow-ups for contact_state, one case per group. Most of those for v_follow_up_effect are in the
-- next statement.
INSERT INTO reference.follow_up
    (id, group_id, group_name, noted_at, noted_by, channel, outcome, note, next_on, withdrawn_by,
        withdrawn_at)
SELECT id, groups, 'Was ' || groups, noted, 'by ' || id, 'phone', outcome, 'Note ' || id, next,
    withdrawn_by, withdrawn
FROM (VALUES
    (1, 'kd-07', timestamptz '2024-03-01 03:00:00+00', 'no_answer', NULL::date, NULL,
        NULL::timestamptz),
    (2, 'kd-08', '2024-03-01 03:00:00.000001+00', 'no_answer', NULL, NULL, NULL),
    (3, 'kd-09', '2024-06-15 17:00+00', 'no_answer', NULL, NULL, NULL),
    (4, 'kd-10', '2024-06-15 16:59:59.999+00', 'no_answer', NULL, NULL, NULL),
    (5, 'kd-11', '2024-06-29 03:00+00', 'wrong_contact', NULL, NULL, NULL),
    (6, 'kd-12', '2024-06-29 03:00+00', 'wrong_contact', '2024-07-01', NULL, NULL),
    (7, 'kd-13', '2024-06-29 03:00+00', 'will_meet', '2024-06-30', NULL, NULL),
    (8, 'kd-14', '2024-06-29 03:00+00', 'closed', '2024-07-05', NULL, NULL),
    (10, 'kd-15', '2024-06-28 17:00+00', 'paused', NULL, NULL, NULL),
    (9, 'kd-15', '2024-06-28 17:00+00', 'closed', NULL, NULL, NULL),
    (11, 'kd-16', '2024-06-30 05:00+00', 'paused', NULL, NULL, NULL),
    (12, 'kd-17', '2024-06-30 05:00:00.000001+00', 'paused', NULL, NULL, NULL),
    (13, 'kd-18', '2024-06-20 03:00+00', 'paused', NULL, 'ana', '2024-06-30 05:00+00'),
    (14, 'kd-19', '2024-06-20 03:00+00', 'paused', NULL, 'ana', '2024-06-30 05:00:00.000001+00'),
    (15, 'pl-01', '2024-01-01 03:00+00', 'paused', NULL, NULL, NULL),
    (16, 'gone', '2024-06-29 03:00+00', 'paused', NULL, NULL, NULL),
    (17, 'kd-14', '2024-06-28 03:00+00', 'paused', '2024-07-05', NULL, NULL),
    (18, 'kd-06', '2024-03-31 02:59:59.999+00', 'paused', '2024-07-05', NULL, NULL)
) AS noted (id, groups, noted, outcome, next, withdrawn_by, withdrawn);

-- Days are counted from the group's last meeting. Contacted while STALLED: qa-01 to qa-20, kh-01 to
-- kh-20, kd-01 to kd-03 and kd-22 to kd-25 on the 29th day; kh-22 and kh-23 on the 30th, 28 and 29
-- days before they met again; kd-04 on the 62nd, 29 days before the main instant. Not contacted:
-- qa-21 on the 28th day, qa-24 on the 28th and 29th, qa-22 and qa-23 on days with a meeting, qa-25
-- because its follow-up was withdrawn, kd-05 only 28 days before the main instant, kd-06 (inserted
-- above) on a day with a meeting.
INSERT INTO reference.follow_up
    (id, group_id, group_name, noted_at, noted_by, channel, outcome, note, withdrawn_by,
        withdrawn_at)
SELECT 100 + row_number() OVER (), gathering.id, gathering.name, noted, 'ana', 'email', 'paused',
    '',
       CASE WHEN gathering.id = 'qa-25' THEN 'ana' END,
       CASE WHEN gathering.id = 'qa-25' THEN noted + interval '1 day' END
FROM (VALUES
    ('qa-01', 'qa-20', timestamptz '2024-05-23 17:00+00'),
    ('qa-21', 'qa-21', '2024-05-23 16:59:59.999+00'),
    ('qa-22', 'qa-22', '2024-05-28 01:00+00'),
    ('qa-23', 'qa-23', '2024-04-25 16:59:59.999+00'),
    ('qa-24', 'qa-24', '2024-05-23 03:00+00'),
    ('qa-24', 'qa-25', '2024-05-24 03:00+00'),
    ('qa-01', 'qa-02', '2024-05-26 03:00+00'),
    ('kh-01', 'kh-10', '2024-02-09 03:00+00'),
    ('kh-11', 'kh-20', '2024-01-30 03:00+00'),
    ('kh-22', 'kh-23', '2024-03-02 03:00+00'),
    ('kd-22', 'kd-25', '2024-03-30 03:00+00'),
    ('kd-01', 'kd-03', '2024-04-29 03:00+00'),
    ('kd-04', 'kd-04', '2024-06-01 03:00+00'),
    ('kd-05', 'kd-05', '2024-06-02 03:00+00')
) AS noted (first_id, last_id, noted)
JOIN public."HangoutGroup" AS gathering ON gathering.id COLLATE "C" BETWEEN first_id AND last_id;

-- The checks --------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.noon() RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2024-06-30 05:00:00+00' $$;

CREATE TEMP TABLE held (what text PRIMARY KEY);

-- Compares the rows of two queries as text, so that the number of decimals is compared too.
CREATE PROCEDURE pg_temp.check_holds(what text, answer text, expected text)
LANGUAGE plpgsql AS $$
DECLARE
    difference text;
BEGIN
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
    INSERT INTO held VALUES (what);
END
$$;

-- The requirements' section 7: places.

-- Two of three groups write "bandung" in lower case, so that spelling is shown. Two groups write
-- "Banten", one of which is made after the main instant.
CALL pg_temp.check_holds('places',
    $$ SELECT * FROM reference.added_to_v_group_summary(pg_temp.noon())
        WHERE group_id LIKE 'pl%' $$,
    $$ VALUES ('pl-01', 'bandung', 'Jawa Barat'), ('pl-02', 'bandung', 'Jawa Barat'),
       ('pl-03', 'bandung', 'Jawa Barat'), ('pl-04', 'Badnung', 'Jawa Barat'),
       ('pl-05', 'Band', 'Jawa Barat'), ('pl-06', 'Bande', 'Jawa Barat'),
       ('pl-07', 'Bandung', NULL),
       ('pl-08', NULL, NULL), ('pl-09', NULL, NULL), ('pl-10', 'Serang', 'Banten'),
       ('pl-11', 'Serang', 'Banten'), ('pl-12', 'Serang', 'Bantenn'), ('pl-14', 'UBUD', 'Bali'),
       ('pl-15', 'UBUD', 'Bali') $$);

CALL pg_temp.check_holds('v_place',
    $$ SELECT * FROM reference.v_place(pg_temp.noon()) WHERE province IS NOT NULL
        OR city IS NOT NULL $$,
    $$ VALUES ('Jawa Barat', 'bandung', 3, 0, 0, 3, 0, 0, 0, 0.0, 1, 2),
       ('Jawa Barat', 'Badnung', 1, 0, 0, 1, 0, 0, 0, 0.0, 0, 0),
       ('Jawa Barat', 'Band', 1, 0, 0, 1, 0, 0, 0, 0.0, 0, 0),
       ('Jawa Barat', 'Bande', 1, 0, 0, 1, 0, 0, 0, 0.0, 0, 0),
       (NULL, 'Bandung', 1, 0, 0, 1, 0, 0, 0, 0.0, 0, 0),
       ('Banten', 'Serang', 2, 0, 0, 2, 0, 0, 0, 0.0, 0, 0),
       ('Bantenn', 'Serang', 1, 0, 0, 1, 0, 0, 0, 0.0, 0, 0),
       ('Bali', 'UBUD', 2, 0, 0, 2, 0, 0, 0, 0.0, 0, 0) $$);

-- Groups without a place: pl-08, pl-09, 108 groups of silences, 10 of changes. Graduated: kh-21,
-- kc, ch-grad. ACTIVE: qa-01 to qa-10, and five of ch-. Of these only ch-28 is at risk: it has been
-- silent for at least half of 28 days.
CALL pg_temp.check_holds('v_place without a place',
    $$ SELECT * FROM reference.v_place(pg_temp.noon()) WHERE province IS NULL AND city IS NULL $$,
    $$ VALUES (NULL::text, NULL::text, 120, 15, 79, 4, 22, 0, 1, 18.3, 1, 0) $$);

-- "Band" and "ubud" are too short for the one-letter rule.
CALL pg_temp.check_holds('place_spelling',
    $$ SELECT * FROM reference.place_spelling() $$,
    $$ VALUES ('city', 'Badnung', 'bandung', 1),
       ('province', 'Banten', 'Bantenn', 1),
       ('province', 'Bandung', 'Jawa Barat', 1),
       ('city', 'Bandung', 'bandung', 1),
       ('city', 'UBUD', 'Ubud', 1),
       ('province', 'BANTEN', 'Banten', 1),
       ('province', 'Jawa Barat', 'jawa barat', 1) $$);

CALL pg_temp.check_holds('one letter',
    $$ SELECT a, b, reference.differ_by_one_letter(a, b)
       FROM (VALUES ('bogor', 'bogro'), ('bogor', 'bogo'), ('bogor', 'bogori'), ('bogor', 'xbogor'),
           ('bogor', 'bagor'), ('bogor', 'bgoro'), ('bogor', 'bogor'), ('bekasi', 'bekisa'),
           ('depok', 'depko'),
           ('depok', 'edpok'), ('depoks', 'depok'), ('malang', 'malangan')) AS pair (a, b) $$,
    $$ VALUES ('bogor', 'bogro', true), ('bogor', 'bogo', false), ('bogor', 'bogori', true),
       ('bogor', 'xbogor', true), ('bogor', 'bagor', true), ('bogor', 'bgoro', false),
       ('bogor', 'bogor', false), ('bekasi', 'bekisa', false), ('depok', 'depko', true),
       ('depok', 'edpok', true), ('depoks', 'depok', true), ('malang', 'malangan', false) $$);

-- The requirements' section 8: trend and changes.

CALL pg_temp.check_holds('trend',
    $$ SELECT * FROM reference.trend('2024-06-16', NULL, '1 week', pg_temp.noon())
        WHERE course_name = 'Fifth' $$,
    $$ VALUES (date '2024-06-16', 'Fifth', 7, 3, 2, 2, 0), ('2024-06-23', 'Fifth', 9, 4, 2, 3, 0),
       ('2024-06-30', 'Fifth', 10, 5, 2, 2, 1) $$);

CALL pg_temp.check_holds('the days of a trend',
    $$ SELECT 'month', day FROM reference.trend_day_of('2023-12-31', '2024-03-31', '1 month')
       UNION ALL SELECT 'week', day FROM reference.trend_day_of('2024-06-17', '2024-06-30',
           '1 week')
       UNION ALL SELECT 'one', day FROM reference.trend_day_of('2024-06-30', '2024-06-30',
           '1 year') $$,
    $$ VALUES ('month', date '2024-03-31'), ('month', '2024-02-29'), ('month', '2024-01-31'),
       ('month', '2023-12-31'), ('week', '2024-06-30'), ('week', '2024-06-23'),
       ('one', '2024-06-30') $$);

CALL pg_temp.check_holds('a trend counts statuses',
    $$ SELECT day, status, count(*)
       FROM unnest(ARRAY[date '2024-01-08', '2024-02-08', '2024-03-30', '2024-05-23', '2024-06-29'])
           AS day
       CROSS JOIN LATERAL reference.status_of((day + 1)::timestamp AT TIME ZONE 'Asia/Jakarta'
           - interval '1 ms')
       GROUP BY day, status $$,
    $$ SELECT day, status, sum(groups)
       FROM unnest(ARRAY[date '2024-01-08', '2024-02-08', '2024-03-30', '2024-05-23', '2024-06-29'])
           AS day
       CROSS JOIN LATERAL reference.trend(day, day, '1 day', pg_temp.noon()) AS trend
       CROSS JOIN LATERAL (VALUES ('ACTIVE', active), ('STALLED', stalled),
           ('NOT_STARTED', not_started),
           ('GRADUATED', graduated)) AS counted (status, groups)
       WHERE groups > 0
       GROUP BY day, status $$);

-- In Havana the clocks go back at one o'clock on 2 November 2025, so that the day's first hour
-- occurs twice. They go forward at midnight of 8 March 2026.
CALL pg_temp.check_holds('last instants',
    $$ SELECT zone, day, reference.last_instant_of(day, zone) + interval '1 microsecond'
       FROM (VALUES ('America/Havana', date '2025-11-01'), ('America/Havana', '2025-11-02'),
           ('America/Havana', '2026-03-07'), ('America/New_York', '2025-11-02'),
           ('Asia/Jakarta', '2025-11-02')) AS asked (zone, day) $$,
    $$ VALUES ('America/Havana', date '2025-11-01', timestamptz '2025-11-02 04:00+00'),
       ('America/Havana', '2025-11-02', '2025-11-03 05:00+00'),
       ('America/Havana', '2026-03-07', '2026-03-08 05:00+00'),
       ('America/New_York', '2025-11-02', '2025-11-03 05:00+00'),
       ('Asia/Jakarta', '2025-11-02', '2025-11-02 17:00+00') $$);

CALL pg_temp.check_holds('v_status_changes',
    $$ SELECT * FROM reference.v_status_changes(pg_temp.noon()) WHERE course_name = 'Fifth' $$,
    $$ VALUES
       ('ch-new', 'New', 'Fifth', NULL, NULL, NULL, NULL, 'NOT_STARTED', 'NEW', date '2024-06-23'),
       ('ch-new-met', 'New, met', 'Fifth', NULL, NULL, NULL, NULL, 'ACTIVE', 'NEW', '2024-06-24'),
       ('ch-start', 'Started', 'Fifth', NULL, NULL, NULL, 'NOT_STARTED', 'ACTIVE', 'STARTED',
           '2024-06-23'),
       ('ch-start-late', 'Started late', 'Fifth', NULL, NULL, NULL, 'STALLED', 'ACTIVE', 'STARTED',
           '2024-06-26'),
       ('ch-resume', 'Resumed', 'Fifth', NULL, NULL, NULL, 'STALLED', 'ACTIVE', 'RESUMED',
           '2024-06-30'),
       ('ch-stall', 'Stalled', 'Fifth', 'f', 'f@x.org', 'f@x.org', 'ACTIVE', 'STALLED', 'STALLED',
           '2024-06-30'),
       ('ch-never-stall', 'Never met', 'Fifth', NULL, NULL, NULL, 'NOT_STARTED', 'STALLED',
           'STALLED', '2024-06-30'),
       ('ch-grad', 'Graduated', 'Fifth', NULL, NULL, NULL, 'ACTIVE', 'GRADUATED', 'GRADUATED',
           '2024-06-28') $$);

-- The requirements' section 10: the forecast. Hijrah's silences ended after 3, 4, 10 (ten), 58 and
-- 59 days; others have lasted 91, 92, 171 (ten) and 181 (ten) days so far. So after the 10th day 24
-- of 36 have not ended. All 20 silences of Sejarah (kc) ended on the 10th day, so the share that
-- lasts longer is 0.
CALL pg_temp.check_holds('resume_28_days_pct',
    $$ SELECT * FROM reference.added_to_v_resume_chance(pg_temp.noon())
        WHERE course_name ~ 'Hijrah|Sejarah|Dakwah' $$,
    $$ VALUES ('Ngeshare Sesi Hijrah', 3, 31.4), ('Ngeshare Sesi Hijrah', 4, 29.4),
       ('Ngeshare Sesi Hijrah', 10, 0.0), ('Ngeshare Sesi Hijrah', 58, 4.3),
       ('Ngeshare Sesi Hijrah', 59, 0.0),
       ('Ngeshare Sesi Hijrah', 91, 0.0), ('Ngeshare Sesi Hijrah', 92, 0.0),
       ('Ngeshare Sesi Hijrah', 171, 0.0),
       ('Ngeshare Sesi Hijrah', 181, NULL), ('Ngeshare Sesi Sejarah', 10, NULL),
       ('Ngeshare Sesi Dakwah', 1, 16.1), ('Ngeshare Sesi Dakwah', 29, 3.8),
       ('Ngeshare Sesi Dakwah', 30, 0.0),
       ('Ngeshare Sesi Dakwah', 91, 0.0), ('Ngeshare Sesi Dakwah', 121, NULL) $$);

CALL pg_temp.check_holds('resume_28_days_pct of groups',
    $$ SELECT * FROM reference.resume_28_days_of_group(pg_temp.noon())
       WHERE group_id IN ('kh-01', 'kh-11', 'kh-22', 'pl-01', 'kd-05', 'kd-07') $$,
    $$ VALUES ('kh-01', 0.0), ('kh-11', NULL), ('kh-22', 0.0), ('pl-01', NULL), ('kd-05', 0.0),
    ('kd-07', NULL) $$);

CALL pg_temp.check_holds('silences are those of v_resume_chance',
    $$ SELECT course_name, days, ended_on IS NOT NULL
        FROM reference.dated_silence_of(pg_temp.noon()) $$,
    $$ SELECT * FROM reference.silence_of(pg_temp.noon()) $$);

CALL pg_temp.check_holds('month ends',
    $$ SELECT min(day), max(day), count(*) FROM reference.forecast_day(pg_temp.noon()) $$,
    $$ VALUES (date '2023-06-30', date '2024-05-31', 12::bigint) $$);

-- Aqidah at the end of April: 40 groups have been silent for 5 days, and all silences so far ended
-- on the 10th day; 30 groups met again on the 28th day, 9 on the 29th. At the end of May 39 groups
-- have been silent for 2 or 3 days. Of the 80 silences that lasted longer, 40 ended within 28 days.
-- 10 groups met again on the 28th day. qa-40 alone had been silent for 36 days.
CALL pg_temp.check_holds('v_forecast_quality',
    $$ SELECT * FROM reference.v_forecast_quality(pg_temp.noon()) WHERE course_name <> 'Fifth' $$,
    $$ VALUES ('Ngeshare Sesi Aqidah', 9, 40, 40, 100.0, 75.0, 0.2500, 0.2469),
       ('Ngeshare Sesi Aqidah', 5, 39, 39, 50.0, 25.6, 0.2500, 0.2531),
       ('Ngeshare Sesi Aqidah', NULL, 79, 40, 75.3, 50.6, 0.2500, 0.2500),
       ('Ngeshare Sesi Hijrah', 0, 56, 12, 0.2, 0.0, 0.0002, 0.0000),
       ('Ngeshare Sesi Hijrah', 3, 1, 1, 35.3, NULL, 0.1246, 0.0000),
       ('Ngeshare Sesi Hijrah', NULL, 57, 12, 0.9, 0.0, 0.0024, 0.0000),
       ('Ngeshare Sesi Sejarah', NULL, 0, 0, NULL, NULL, NULL, NULL),
       ('Ngeshare Sesi Dakwah', 0, 31, 25, 0.0, 0.0, 0.0000, 0.0000),
       ('Ngeshare Sesi Dakwah', NULL, 31, 25, 0.0, 0.0, 0.0000, 0.0000) $$);

-- On the 28th day after the end of May its 28 days are not over, so the outcome is not known yet.
CALL pg_temp.check_holds('v_forecast_quality on the 28th day',
    $$ SELECT * FROM reference.v_forecast_quality('2024-06-28 05:00+00')
        WHERE course_name ~ 'Aqidah' $$,
    $$ VALUES ('Ngeshare Sesi Aqidah', 9, 40, 40, 100.0, 75.0, 0.2500, 0.1875),
       ('Ngeshare Sesi Aqidah', NULL, 40, 40, 100.0, 75.0, 0.2500, 0.1875) $$);

-- The requirements' section 9: follow-ups.

CALL pg_temp.check_holds('contact_state',
    $$ SELECT * FROM reference.contact_of(pg_temp.noon(), pg_temp.noon())
       WHERE group_id BETWEEN 'kd-06' AND 'kd-20' OR group_id IN ('pl-01', 'qa-01') $$,
    $$ VALUES ('kd-06', 'NEW', 0, NULL::date, NULL, NULL, NULL::date),
       ('kd-07', 'NEW', 0, NULL, NULL, NULL, NULL),
       ('kd-08', 'DUE', 1, '2024-03-01', 'no_answer', 'by 2', NULL),
       ('kd-09', 'WAITING', 1, '2024-06-16', 'no_answer', 'by 3', NULL),
       ('kd-10', 'DUE', 1, '2024-06-15', 'no_answer', 'by 4', NULL),
       ('kd-11', 'DUE', 1, '2024-06-29', 'wrong_contact', 'by 5', NULL),
       ('kd-12', 'WAITING', 1, '2024-06-29', 'wrong_contact', 'by 6', '2024-07-01'),
       ('kd-13', 'DUE', 1, '2024-06-29', 'will_meet', 'by 7', '2024-06-30'),
       ('kd-14', 'CLOSED', 2, '2024-06-29', 'closed', 'by 8', '2024-07-05'),
       ('kd-15', 'WAITING', 2, '2024-06-29', 'paused', 'by 10', NULL),
       ('kd-16', 'WAITING', 1, '2024-06-30', 'paused', 'by 11', NULL),
       ('kd-17', 'NEW', 0, NULL, NULL, NULL, NULL), ('kd-18', 'NEW', 0, NULL, NULL, NULL, NULL),
       ('kd-19', 'WAITING', 1, '2024-06-20', 'paused', 'by 14', NULL),
       ('kd-20', 'NEW', 0, NULL, NULL, NULL, NULL),
       ('pl-01', 'DUE', 1, '2024-01-01', 'paused', 'by 15', NULL),
       ('qa-01', 'NEW', 0, NULL, NULL, NULL, NULL) $$);

-- Through the API, an empty as_of means the clock of the last sync, but follow-ups up to now count.
CALL pg_temp.check_holds('contact_state ten days after the sync',
    $$ SELECT * FROM reference.contact_of(pg_temp.noon(), pg_temp.noon() + interval '10 days')
       WHERE group_id IN ('kd-09', 'kd-12', 'kd-15', 'kd-17', 'kd-19') $$,
    $$ VALUES ('kd-09', 'DUE', 1, date '2024-06-16', 'no_answer', 'by 3', NULL::date),
       ('kd-12', 'DUE', 1, '2024-06-29', 'wrong_contact', 'by 6', '2024-07-01'),
       ('kd-15', 'WAITING', 2, '2024-06-29', 'paused', 'by 10', NULL),
       ('kd-17', 'WAITING', 1, '2024-06-30', 'paused', 'by 12', NULL),
       ('kd-19', 'NEW', 0, NULL, NULL, NULL, NULL) $$);

CALL pg_temp.check_holds('v_follow_up',
    $$ SELECT id FROM reference.v_follow_up(pg_temp.noon()) LIMIT 10 $$,
    $$ VALUES (11::bigint), (16), (8), (7), (6), (5), (10), (9), (17), (14) $$);

-- Aqidah: on the 29th day 77 silences had lasted so long; later 47 of 57, 30 of 38 and 1 of 10 have
-- not ended: 100 * (1 - 1410 / 21660) is 93.490. Dakwah: one of 19 ended. All: (20 * 93.490 + 7 *
-- 5.263) / 50 is 38.133.
CALL pg_temp.check_holds('S without those contacted',
    $$ SELECT days, round(share, 6) FROM reference.share_lasting_uncontacted(pg_temp.noon(),
        pg_temp.noon())
       WHERE course_name = 'Ngeshare Sesi Aqidah' $$,
    $$ VALUES (2, 1.000000), (10, 0.658120), (29, 0.658120), (31, 0.542660), (32, 0.542660),
       (33, 0.428416), (34, 0.042842), (66, 0.042842) $$);

CALL pg_temp.check_holds('v_follow_up_effect',
    $$ SELECT * FROM reference.v_follow_up_effect(pg_temp.noon(), pg_temp.noon()) $$,
    $$ VALUES ('Ngeshare Sesi Aqidah', 20, 20, NULL::numeric, NULL::numeric, NULL::numeric,
        NULL::numeric),
       ('Ngeshare Sesi Hijrah', 22, 1, NULL, NULL, NULL, NULL),
       ('Ngeshare Sesi Sejarah', 0, 0, NULL, NULL, NULL, NULL),
       ('Ngeshare Sesi Dakwah', 8, 0, NULL, NULL, NULL, NULL),
       ('Fifth', 0, 0, NULL, NULL, NULL, NULL),
       (NULL, 50, 21, 42.0, 38.1, 29.4, 55.8) $$);

-- As of a day earlier, kd-04 was contacted only 28 days before, and 49 contacted silences are too
-- few for percentages.
CALL pg_temp.check_holds('v_follow_up_effect of 49',
    $$ SELECT * FROM reference.v_follow_up_effect('2024-06-29 16:59:59.999+00',
        '2024-06-29 16:59:59.999+00')
       WHERE course_name IS NULL $$,
    $$ VALUES (NULL::text, 49, 21, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric) $$);

-- The same result if the last sync was on that day.
UPDATE reference.setting SET clock = '2024-06-29 16:59:59.999+00';
CALL pg_temp.check_holds('v_follow_up_effect of 49 since the last sync',
    $$ SELECT contacted FROM reference.v_follow_up_effect(pg_temp.noon(), pg_temp.noon())
       WHERE course_name IS NULL $$,
    $$ VALUES (49) $$);
UPDATE reference.setting SET clock = '2024-06-30 05:00+00';

SELECT count(*) AS held FROM held \gset

\if :{?keep}
    COMMIT;
\else
    ROLLBACK;
\endif

\echo reference: :held checks hold
