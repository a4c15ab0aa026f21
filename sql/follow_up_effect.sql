-- v_follow_up_effect: which silences count as contacted, what was to be expected, and when there is
-- enough to say so. Checked by hand: every number below is worked out beside it.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 23:59:59+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);

-- Without a group each course has its row, and all courses have theirs.
CALL test.refresh();
SELECT * FROM v_follow_up_effect;

-- A group of a course that meets on some days, counted from 1 January, and is contacted on others.
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
-- Contacted and met again, or not, from day 0: 31 March is day 89, so a follow-up counts up to day
-- 60.
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

-- The group stalls on day 29. Each case is one silence from day 0.
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
-- Only the first one counts: 29 days before day 60, which is not within 28.
BEGIN; CALL test.history('twice', 'aqidah', '{0, 60}', '{31, 50}'); SELECT test.contacted();
ROLLBACK;
BEGIN; CALL test.history('on a day that it met', 'aqidah', '{0, 40}', '{0, 40}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('withdrawn', 'aqidah', '{0, 40}', '{29}', true); SELECT test.contacted();
ROLLBACK;
BEGIN; CALL test.history('two silences', 'aqidah', '{0, 31, 75}', '{30, 60, 75}');
SELECT test.contacted(); ROLLBACK;
BEGIN; CALL test.history('never met', 'aqidah', '{}', '{29}'); SELECT test.contacted(); ROLLBACK;
-- Nothing is known after the last sync: of its day the follow-up is 28 days before, or 29.
BEGIN; CALL test.history('last sync', 'aqidah', '{0, 40}', '{29}'); SELECT test.contacted();
UPDATE ngeshare.snapshot_state SET known_until = '2026-02-27 00:00+07'; SELECT test.contacted();
UPDATE ngeshare.snapshot_state SET known_until = '2026-02-28 00:00+07'; SELECT test.contacted();
ROLLBACK;
-- STALLED goes by active_days, the 28 days do not.
BEGIN; CALL test.history('of 14 days', 'aqidah', '{0, 40}', '{15}'); SELECT test.contacted();
SET LOCAL ngeshare.active_days = 14; SELECT test.contacted(); ROLLBACK;
-- Graduated: its silence after that is none.
BEGIN; CALL test.circle('graduated', 'aqidah');
CALL test.meets('graduated', 'aqidah-9', '2026-01-01 19:00+07');
CALL test.history('meets later', 'aqidah', '{}', '{}');
INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel, outcome)
VALUES ('graduated', 'graduated', '2026-02-01 12:00+07', 'siti', 'phone', 'paused');
SELECT test.contacted(); ROLLBACK;

-- 49 contacted: no percentages. All are contacted on day 30; 20 meet again on day 40, 29 never.
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
-- The fiftieth never meets again, either: 20 of 50 are 40.0 %. With z^2 = 3.8415 Wilson's interval
-- is (20 + 1.9207 -+ 1.96 * sqrt(20 * 30 / 50 + 0.9604)) / 53.8415 = (21.9207 -+ 7.0561) / 53.8415:
-- 27.6 to 53.8. Nobody who was not contacted was silent for more than 30 days: 20 groups were
-- silent from day 40 to 89, which is 49 days, as lasting. Nothing ended between 30 and 58 days:
-- expected 0.0 %.
CALL test.history('c50', 'aqidah', '{0}', '{30}');
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE contacted > 0;
-- Ten that nobody contacted: five meet again after 35 days, five after 60. Of those silent for
-- longer than 30 days there are 20 lasting 49 (from day 40 on), five of 54 (from day 35), five of
-- 29 (from day 60), and the ten. At 35 days: 5 of 35 resume (10 + 20 + 5), at 58 none more: 1/7 =
-- 14.3 %.
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
-- One more of another course: the courses' own rows stay apart, the row of all has both. In hijrah
-- one silence of 40 days is all: its own, counted until day 30. Nothing is expected: (50 * 1/7) /
-- 51 = 14.0 %.
CALL test.history('h', 'hijrah', '{0, 40}', '{30}');
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE contacted > 0;
-- A silence that was contacted before it stalled does not count for what is expected, either. Fifty
-- of them that end on day 35 change nothing but by the 54 days that last since: 5 of 85 resume, 5.9
-- %.
DO $$
BEGIN
    FOR number IN 1 .. 50 LOOP
        CALL test.history(format('e%s', number), 'aqidah', '{0, 35}', '{10}');
    END LOOP;
END
$$;
CALL test.refresh();
SELECT * FROM v_follow_up_effect WHERE course_name = 'Ngeshare Sesi Aqidah';
-- The same through the API.
SELECT count(*) FROM (SELECT * FROM api.follow_up_effect EXCEPT SELECT *
    FROM v_follow_up_effect) AS differing;
