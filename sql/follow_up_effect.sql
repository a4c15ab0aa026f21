-- Tests v_follow_up_effect: which silences count as contacted, how many of them were expected to
-- end, and from how many on there are percentages. The comments derive the expected numbers.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 23:59:59+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);

-- Without any group there is one row per course, and one row for all courses together.
CALL test.refresh();
SELECT * FROM v_follow_up_effect;

-- Creates a group of a course with meetings on some days and follow-ups on others. Day 0 is
-- 1 January 2026.
CREATE PROCEDURE test.history(circle text, hangout text, meets integer[], contacted integer[],
    withdrawn boolean DEFAULT false)
LANGUAGE plpgsql
AS $$
DECLARE
    day integer;
BEGIN
    CALL test.circle(circle, hangout);
    FOREACH day IN ARRAY meets LOOP
        CALL test.meets(circle, hangout || '-1',
            timestamptz '2026-01-01 19:00+07' + day * interval '1 day');
    END LOOP;
    FOREACH day IN ARRAY contacted LOOP
        INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel, outcome,
            withdrawn_at, withdrawn_by, withdrawal_is_verified)
        VALUES (circle, circle, timestamptz '2026-01-01 00:00+07' + day * interval '1 day', 'siti',
            'phone', 'paused',
            CASE WHEN withdrawn THEN timestamptz '2026-03-31 12:00+07' END, CASE WHEN withdrawn
                THEN 'siti' END,
            CASE WHEN withdrawn THEN false END);
    END LOOP;
END
$$;
-- Refreshes, and returns how many of a course's contacted silences ended within 28 days. as_of, 31
-- March, is day 89. A follow-up counts only after more than 28 days, which is up to day 60.
CREATE FUNCTION test.contacted(course text DEFAULT 'Ngeshare Sesi Aqidah')
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM public.ngeshare_refresh();
    RETURN (SELECT format('%s of %s', met_again, contacted) FROM public.v_follow_up_effect
        WHERE course_name = course);
END
$$;

-- In most cases the group is silent from day 0 on and stalls on day 29. Its name says what is
-- tested.
BEGIN; CALL test.history('contacted on day 28', 'aqidah', '{0, 40}', '{28}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('contacted on day 29', 'aqidah', '{0, 40}', '{29}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('meets 28 days after it', 'aqidah', '{0, 57}', '{29}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('meets 29 days after it', 'aqidah', '{0, 58}', '{29}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('never meets again', 'aqidah', '{0}', '{29}'); SELECT test.contacted();
ROLLBACK;
BEGIN; CALL test.history('29 days before as_of', 'aqidah', '{0, 62}', '{60}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('28 days before as_of', 'aqidah', '{0, 62}', '{61}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('before and after stalling', 'aqidah', '{0, 62}', '{20, 35}');
SELECT test.contacted(); ROLLBACK;
-- Only the first follow-up of a silence counts. The group met 29 days after it, one day too late.
BEGIN; CALL test.history('twice', 'aqidah', '{0, 60}', '{31, 50}'); SELECT test.contacted();
ROLLBACK;
BEGIN; CALL test.history('on a day that it met', 'aqidah', '{0, 40}', '{0, 40}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('withdrawn', 'aqidah', '{0, 40}', '{29}', true); SELECT test.contacted();
ROLLBACK;
BEGIN; CALL test.history('two silences', 'aqidah', '{0, 31, 75}', '{30, 60, 75}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('never met', 'aqidah', '{}', '{29}'); SELECT test.contacted(); ROLLBACK;
-- Nothing is known after the last sync (known_until). The follow-up was noted 28 days before the
-- first known_until, so it does not count yet, and 29 days before the second one.
BEGIN; CALL test.history('last sync', 'aqidah', '{0, 40}', '{29}'); SELECT test.contacted();
UPDATE ngeshare.snapshot_state SET known_until = '2026-02-27 00:00+07'; SELECT test.contacted();
UPDATE ngeshare.snapshot_state SET known_until = '2026-02-28 00:00+07'; SELECT test.contacted();
ROLLBACK;
-- active_days decides when a group stalls. It does not change the 28 days after a follow-up.
BEGIN; CALL test.history('of 14 days', 'aqidah', '{0, 40}', '{15}'); SELECT test.contacted();
SET LOCAL ngeshare.active_days = 14; SELECT test.contacted(); ROLLBACK;
-- The time after a group's graduation is not a silence.
BEGIN; CALL test.circle('graduated', 'aqidah');
CALL test.meets('graduated', 'aqidah-9', '2026-01-01 19:00+07');
CALL test.history('meets later', 'aqidah', '{}', '{}');
INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel, outcome)
VALUES ('graduated', 'graduated', '2026-02-01 12:00+07', 'siti', 'phone', 'paused');
SELECT test.contacted(); ROLLBACK;

-- Below 50 contacted silences there are no percentages. 49 groups are contacted on day 30; 20 of
-- them meet again on day 40, and 29 never.
DO $$
BEGIN
    FOR number IN 1 .. 49 LOOP
        CALL test.history(format('c%s', number), 'aqidah', CASE WHEN number <= 20 THEN '{0, 40}'
            ELSE '{0}' END::integer[], '{30}');
    END LOOP;
END
$$;
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE contacted > 0;
-- The fiftieth group never meets again either: 20 of 50 are 40.0 %. With z^2 = 3.8415 the Wilson
-- score interval is (20 + 1.9207 -+ 1.96 * sqrt(20 * 30 / 50 + 0.9604)) / 53.8415 = (21.9207 -+
-- 7.0561) / 53.8415, which is 27.6 to 53.8. The expected share is estimated from the other
-- silences: 20 groups are silent since day 40, which is 49 days so far. None of these silences
-- ended between 30 and 58 days, so 0.0 % are expected.
CALL test.history('c50', 'aqidah', '{0}', '{30}');
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE contacted > 0;
-- Ten groups that nobody contacted: five meet again after 35 days, five after 60 days. Then 35
-- silences are at least 35 days long: the ten that ended, the 20 that last for 49 days (since day
-- 40), and five that last for 54 days (since day 35). Five of these 35 ended at 35 days and no
-- other up to day 58, so 5/35 = 14.3 % are expected.
DO $$
BEGIN
    FOR number IN 1 .. 10 LOOP
        CALL test.history(format('n%s', number), 'aqidah', CASE WHEN number <= 5 THEN '{0, 35}'
            ELSE '{0, 60}' END::integer[], '{}');
    END LOOP;
END
$$;
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE contacted > 0;
-- A contacted silence in the course Hijrah counts in the row of that course and in the row of all
-- courses. No silence in Hijrah ended without a follow-up, so its expected chance is 0. For all
-- courses (50 * 1/7 + 1 * 0) / 51 = 14.0 % are expected.
CALL test.history('h', 'hijrah', '{0, 40}', '{30}');
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE contacted > 0;
-- A silence that was contacted before the group stalled does not count for the expected share
-- either. Of these fifty groups only the silences since day 35 count, which last for 54 days: now 5
-- of 85 silences ended at 35 days, which is 5.9 %.
DO $$
BEGIN
    FOR number IN 1 .. 50 LOOP
        CALL test.history(format('e%s', number), 'aqidah', '{0, 35}', '{10}');
    END LOOP;
END
$$;
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE course_name = 'Ngeshare Sesi Aqidah';
-- api.follow_up_effect returns the same rows.
SELECT count(*) FROM (SELECT * FROM api.follow_up_effect EXCEPT SELECT *
    FROM v_follow_up_effect) AS differing;
-- Without courses there is one row, of all courses, and its counts are 0.
BEGIN;
DELETE FROM course_config;
CALL test.refresh();
SELECT * FROM v_follow_up_effect;
ROLLBACK;
