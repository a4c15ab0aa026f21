-- Tests the trend, the status changes and the forecast with groups at the limits of the rules.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 12:00+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);

-- Without any group the trend has one row per day and course, with zeros, and there are no changes.
SELECT count(*), count(DISTINCT as_of_day), min(as_of_day), max(as_of_day), sum(groups_total)
    FROM v_status_trend;
SELECT * FROM v_status_changes;
SELECT * FROM v_forecast_quality;

--
-- The trend counts each day at its last local instant, and the last day at as_of
--
-- Exists from 25 March on: created at the first instant of that day.
CALL test.circle('made-25', 'aqidah', '2026-03-25 00:00+07');
-- Exists from 24 March on: created in the last millisecond of that day.
CALL test.circle('made-24', 'aqidah', '2026-03-24 23:59:59.999+07');
-- Active up to 24 March, 28 days after its meeting; stalled from 25 March on.
CALL test.circle('met-24-february', 'aqidah');
CALL test.meets('met-24-february', 'aqidah-1', '2026-02-24 19:00+07');
-- Graduates on the evening of 25 March.
CALL test.circle('graduates-25', 'aqidah');
CALL test.meets('graduates-25', 'aqidah-8', '2026-03-20 19:00+07');
CALL test.meets('graduates-25', 'aqidah-9', '2026-03-25 23:59:59.999+07');
-- Meets on 31 March, but later than as_of (12:00): at as_of the group is still stalled.
CALL test.circle('meets-tonight', 'hijrah', '2026-03-01 12:00+07');
CALL test.meets('meets-tonight', 'hijrah-1', '2026-03-31 19:00+07');
CALL test.refresh();

SELECT as_of_day, groups_total AS groups, active, stalled, not_started, graduated
FROM ngeshare_trend('2026-03-23', '2026-03-26', '1 day')
WHERE course_name = 'Ngeshare Sesi Aqidah';
SELECT as_of_day, course_name, groups_total AS groups, active, not_started
FROM ngeshare_trend('2026-03-30', step => '1 day')
WHERE groups_total > 0
ORDER BY course_name, as_of_day;
-- As of the end of 31 March the trend counts the meeting of that evening.
SELECT as_of_day, active, not_started
FROM ngeshare_trend('2026-03-31', as_of => '2026-03-31 23:59:59+07')
WHERE course_name = 'Ngeshare Sesi Hijrah';

-- The trend equals what ngeshare_group_status() counts at each day's last instant, and at as_of for
-- the last day.
SELECT as_of_day, course_name, trend.groups_total, counted.*
FROM ngeshare_trend('2025-12-20', step => '1 day') AS trend
CROSS JOIN LATERAL (
    SELECT
        count(*) AS groups,
        count(*) FILTER (WHERE status = 'ACTIVE') AS active,
        count(*) FILTER (WHERE status = 'STALLED') AS stalled,
        count(*) FILTER (WHERE status = 'NOT_STARTED') AS not_started,
        count(*) FILTER (WHERE status = 'GRADUATED') AS graduated
    FROM ngeshare_group_status(least(ngeshare.end_of_day(as_of_day), ngeshare_as_of())) AS grp
    WHERE grp.course_name = trend.course_name
) AS counted
WHERE (trend.groups_total, trend.active, trend.stalled, trend.not_started, trend.graduated)
    <> (counted.groups, counted.active, counted.stalled, counted.not_started, counted.graduated);

-- The days of the trend: steps go back from to_day and stop at from_day. A step of a month from the
-- 31st leads to the last day of a shorter month.
SELECT array_agg(DISTINCT as_of_day ORDER BY as_of_day)
    FROM ngeshare_trend('2026-03-10', '2026-03-30');
SELECT array_agg(DISTINCT as_of_day ORDER BY as_of_day)
    FROM ngeshare_trend('2026-03-09', '2026-03-30');
SELECT array_agg(DISTINCT as_of_day ORDER BY as_of_day)
    FROM ngeshare_trend('2025-12-01', step => '1 month');
SELECT array_agg(DISTINCT as_of_day ORDER BY as_of_day)
    FROM ngeshare_trend('2023-01-01', '2026-02-28', '1 year 1 day');
SELECT array_agg(DISTINCT as_of_day ORDER BY as_of_day) FROM ngeshare_trend('2026-03-31');
SELECT array_agg(DISTINCT as_of_day ORDER BY as_of_day)
    FROM ngeshare_trend('4714-11-24 BC', step => '100000000 years');
SELECT count(DISTINCT as_of_day) FROM ngeshare_trend(date '2026-03-31' - 999, step => '1 day');
SELECT count(DISTINCT as_of_day), min(as_of_day), max(as_of_day) FROM v_status_trend;
-- The trend, the changes and the forecast work near the first and the last day of the calendar.
SELECT count(*) FROM ngeshare_trend('294276-12-01', as_of => '294276-12-30 12:00+00');
SET ngeshare.as_of = '4714-11-25 12:00+00 BC';
SELECT count(*), min(as_of_day), max(as_of_day) FROM v_status_trend;
SELECT count(*) FROM v_status_changes;
SELECT sum(forecasts) FROM v_forecast_quality;
SET ngeshare.as_of = '294276-12-30 12:00+00';
SELECT count(*) FROM v_status_trend;
SELECT change, count(*) FROM v_status_changes GROUP BY change;
SELECT sum(forecasts) FROM v_forecast_quality;
SET ngeshare.as_of = '2026-03-31 12:00+07';

-- Invalid arguments.
\set VERBOSITY sqlstate
SELECT ngeshare_trend(NULL);
SELECT ngeshare_trend('2026-03-01', step => NULL);
SELECT ngeshare_trend('2026-03-01', as_of => NULL);
SELECT ngeshare_trend('-infinity');
SELECT ngeshare_trend('2026-03-01', 'infinity');
SELECT ngeshare_trend('2026-03-01', as_of => 'infinity');
\set VERBOSITY terse
SELECT ngeshare_trend('2026-03-02', '2026-03-01');
SELECT ngeshare_trend('2026-04-01');
SELECT ngeshare_trend('2026-03-01', '2026-04-01');
SELECT ngeshare_trend(date '2026-03-31' - 1000, step => '1 day');
SELECT ngeshare_trend('2026-03-01', step => '0');
SELECT ngeshare_trend('2026-03-01', step => '-1 day');
SELECT ngeshare_trend('2026-03-01', step => '1 month -1 day');
SELECT ngeshare_trend('2026-03-01', step => '24:00');
SELECT ngeshare_trend('2026-03-01', step => '1 day 1 microsecond');
\set VERBOSITY sqlstate
SELECT ngeshare_trend('2026-03-02', '2026-03-01');
\set VERBOSITY default

DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";

--
-- v_status_changes compares two instants, "since" and "until": 24 March 12:00 and 31 March 12:00
--
CALL test.users('fajar');
UPDATE "User" SET email = ' fajar@example.org ' WHERE id = 'fajar';
-- NEW takes precedence over all other changes. A group created a millisecond after "since" is NEW,
-- a group created exactly at "since" is not.
CALL test.circle('new', 'aqidah', '2026-03-24 12:00:00.001+07');
CALL test.circle('not-new', 'aqidah', '2026-03-24 12:00+07');
CALL test.circle('new-and-met', 'aqidah', '2026-03-25 00:30+07');
CALL test.meets('new-and-met', 'aqidah-1', '2026-03-26 19:00+07');
-- STARTED: at "since" the group was NOT_STARTED, or STALLED without ever having met.
CALL test.circle('started', 'aqidah', '2026-03-20 12:00+07');
CALL test.meets('started', 'aqidah-1', '2026-03-26 19:00+07');
CALL test.meets('started', 'aqidah-2', '2026-03-27 19:00+07');
CALL test.users('rina');
CALL test.joins('led', 'started', 'FACILITATOR', 'fajar', joined_at => '2026-03-28 12:00+07');
CALL test.joins('led later', 'started', 'FACILITATOR', 'rina', joined_at => '2026-03-29 12:00+07');
CALL test.circle('started-late', 'aqidah');
CALL test.meets('started-late', 'aqidah-1', '2026-03-31 00:00+07');
-- RESUMED: at "since" the group had been silent for 29 days, from 23 February on. A group that had
-- been silent for 28 days was still ACTIVE, so it has no change.
CALL test.circle('resumed', 'aqidah');
CALL test.meets('resumed', 'aqidah-1', '2026-02-23 19:00+07');
CALL test.meets('resumed', 'aqidah-2', '2026-03-24 19:00+07');
CALL test.circle('still-active', 'aqidah');
CALL test.meets('still-active', 'aqidah-1', '2026-02-24 19:00+07');
CALL test.meets('still-active', 'aqidah-2', '2026-03-25 19:00+07');
-- STALLED: a group stalls on the 29th day after its last meeting, or after its planned start if it
-- never met. The group not-stalled met one day later, so it has not stalled yet.
CALL test.circle('stalled', 'aqidah');
CALL test.meets('stalled', 'aqidah-1', '2026-03-02 19:00+07');
CALL test.circle('not-stalled', 'aqidah');
CALL test.meets('not-stalled', 'aqidah-1', '2026-03-03 00:00+07');
CALL test.circle('stalled-unmet', 'aqidah', '2026-01-01 12:00+07', '2026-02-25 19:00+07');
-- GRADUATED: also for a group that was STALLED at "since".
CALL test.circle('graduated', 'aqidah');
CALL test.meets('graduated', 'aqidah-8', '2026-01-01 19:00+07');
CALL test.meets('graduated', 'aqidah-9', '2026-03-29 00:30+07');
-- No change: a group that stalled and resumed between the two instants; a meeting after "until".
CALL test.circle('back-again', 'aqidah');
CALL test.meets('back-again', 'aqidah-1', '2026-02-26 19:00+07');
CALL test.meets('back-again', 'aqidah-2', '2026-03-30 19:00+07');
CALL test.circle('tonight', 'aqidah');
CALL test.meets('tonight', 'aqidah-9', '2026-03-31 12:00:00.001+07');
-- Groups outside the curriculum have no changes.
CALL test.circle('no-course', NULL, '2026-03-26 12:00+07');
CALL test.refresh();

SELECT group_id, status_before, status_after, change, changed_on FROM v_status_changes;
SELECT group_name, course_name, facilitator_id, facilitator_name, facilitator_contact
FROM v_status_changes
WHERE change = 'STARTED'
ORDER BY group_id;
-- The group back-again stalled and resumed within the week. With a later "since" it is RESUMED.
SELECT group_id, change, changed_on
FROM ngeshare_status_changes('2026-03-28 12:00+07')
WHERE group_id = 'back-again';
-- The facilitator shown is the one as of "until": none had joined yet.
SELECT group_id, facilitator_id
FROM ngeshare_status_changes('2026-03-20 12:00+07', '2026-03-26 20:00+07')
WHERE change = 'STARTED';
-- The number of days that count as active is a setting.
BEGIN;
SET LOCAL ngeshare.active_days = 29;
SELECT group_id, change, changed_on FROM v_status_changes WHERE change IN ('STALLED', 'RESUMED');
ROLLBACK;
-- Where both instants are equal there are no changes. Since an instant before the first group,
-- every group is NEW.
SELECT count(*) FROM ngeshare_status_changes(ngeshare_as_of());
SELECT change, count(*) FROM ngeshare_status_changes('2020-01-01 00:00+00') GROUP BY change;
-- The functions leave the setting ngeshare.as_of as it was.
SHOW ngeshare.as_of;
\set VERBOSITY sqlstate
SELECT ngeshare_status_changes(NULL);
SELECT ngeshare_status_changes('2026-03-01', NULL);
SELECT ngeshare_status_changes('-infinity');
SELECT ngeshare_status_changes('2026-03-01', 'infinity');
SELECT ngeshare_status_changes('2026-03-31 12:00:00.000001+07');
\set VERBOSITY default

DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "UserHangoutGroup";
DELETE FROM "HangoutGroup";

-- On 7 November 2010, a minute after midnight, clocks in St. John's were put back to 6 November. At
-- "since" the groups had been silent for 29 days, at the later "until" for 28: that is no change.
SET ngeshare.timezone = 'America/St_Johns';
CALL test.circle('met', 'aqidah', '2010-10-01 12:00-02:30');
CALL test.meets('met', 'aqidah-1', '2010-10-09 12:00-02:30');
CALL test.circle('unmet', 'aqidah', '2010-10-01 12:00-02:30', '2010-10-09 12:00-02:30');
CALL test.refresh();
SELECT group_id, status FROM ngeshare_group_status('2010-11-07 02:30:00+00') ORDER BY group_id;
SELECT group_id, status FROM ngeshare_group_status('2010-11-07 02:40:00+00') ORDER BY group_id;
SELECT * FROM ngeshare_status_changes('2010-11-07 02:30:00+00', '2010-11-07 02:40:00+00');
RESET ngeshare.timezone;
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";

--
-- The forecast: v_resume_chance
--
-- 20 silences of the first course: 8 ended after 10 days, 4 ended after 30 days, and 8 last since
-- 19 February, which is 40 days. test.silence() creates such groups; days = 0 means that the
-- silence lasts.
CREATE PROCEDURE test.silence(ids text, number integer, began timestamptz, days integer)
LANGUAGE plpgsql
AS $$
BEGIN
    FOR i IN 1 .. number LOOP
        CALL test.circle(ids || i, 'aqidah');
        CALL test.meets(ids || i, 'aqidah-1', began);
        IF days > 0 THEN
            -- The group graduates at its next meeting, so no silence begins there.
            CALL test.meets(ids || i, 'aqidah-9', began + make_interval(days => days));
        END IF;
    END LOOP;
END
$$;
CALL test.silence('ten-', 8, '2026-01-05 19:00+07', 10);
CALL test.silence('thirty-', 4, '2026-01-05 19:00+07', 30);
CALL test.silence('lasts-', 8, '2026-02-19 19:00+07', 0);
CALL test.refresh();
-- 12 silences lasted longer than 10 days, and 4 of them ended at 30 days: the chance is 33.3 %. At
-- 30 days resume_28_days_pct is NULL, because fewer than 20 silences lasted that long.
SELECT days_silent, silences, resumed, lasting, resume_chance, resume_28_days_pct
    FROM v_resume_chance ORDER BY days_silent;
-- For a silence of 2 days, the next 28 days include day 30: 1 - 12/20 * 8/12 is 60 %. For a silence
-- of 1 day they do not: 1 - 20/21 * 12/20 is 42.9 %.
CALL test.silence('one-', 1, '2026-01-05 19:00+07', 1);
CALL test.silence('two-', 1, '2026-01-05 19:00+07', 2);
CALL test.refresh();
SELECT days_silent, silences, resume_28_days_pct FROM v_resume_chance
    WHERE days_silent <= 10 ORDER BY days_silent;
-- 12.25 % is rounded up to 12.3 %: 49 of the 400 silences that lasted longer than 3 days ended
-- after 5 days.
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.silence('lasts-', 351, '2026-03-20 19:00+07', 0);
CALL test.silence('five-', 49, '2026-01-05 19:00+07', 5);
CALL test.silence('three-', 1, '2026-01-05 19:00+07', 3);
CALL test.refresh();
SELECT days_silent, silences, resumed, resume_28_days_pct FROM v_resume_chance ORDER BY days_silent;
-- All silences that lasted 5 days ended at 5 days. resume_28_days_pct of 5 days is NULL, because it
-- would divide by zero.
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.silence('five-', 20, '2026-01-05 19:00+07', 5);
CALL test.silence('three-', 1, '2026-01-05 19:00+07', 3);
CALL test.refresh();
SELECT days_silent, silences, resume_chance, resume_28_days_pct
    FROM v_resume_chance ORDER BY days_silent;

--
-- v_forecast_quality looks at 12 month ends: 28 February 2026 and the eleven before it
--
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CREATE PROCEDURE test.meets_each(ids text, first integer, last integer, episode text,
    at timestamptz)
LANGUAGE plpgsql
AS $$
BEGIN
    FOR i IN first .. last LOOP
        CALL test.meets(ids || i, episode, at);
    END LOOP;
END
$$;
-- On 31 January 20 groups have been silent for 10 days. No silence of the course has ended by then,
-- so the forecast is 0.0 %. Five groups meet 28 days later, which is 28 February, and five groups
-- 29 days later.
CALL test.silence('g', 20, '2026-01-21 19:00+07', 0);
CALL test.meets_each('g', 1, 5, 'aqidah-2', '2026-02-28 23:59:59.999+07');
CALL test.meets_each('g', 6, 10, 'aqidah-2', '2026-03-01 00:00+07');
-- No forecast is made for a group that had never met, had graduated, or did not exist at the month
-- end.
CALL test.circle('unmet', 'aqidah');
CALL test.circle('done', 'aqidah');
CALL test.meets('done', 'aqidah-9', '2026-01-21 19:00+07');
CALL test.circle('later', 'aqidah', '2026-03-01 12:00+07');
CALL test.meets('later', 'aqidah-1', '2026-01-21 19:00+07');
-- In another course all 20 silences ended after 12 days. The forecast for a silence of 10 days is
-- therefore 100.0 %, which is in the last bin.
CREATE PROCEDURE test.twelve()
LANGUAGE plpgsql
AS $$
BEGIN
    FOR i IN 1 .. 20 LOOP
        CALL test.circle('t' || i, 'hijrah');
    END LOOP;
END
$$;
CALL test.twelve();
CALL test.meets_each('t', 1, 20, 'hijrah-1', '2025-11-05 19:00+07');
CALL test.meets_each('t', 1, 20, 'hijrah-9', '2025-11-17 19:00+07');
CALL test.circle('sure', 'hijrah');
CALL test.meets('sure', 'hijrah-1', '2026-01-21 19:00+07');
CALL test.refresh();
-- Course Aqidah has 20 forecasts of 31 January and 15 of 28 February, for the groups that did not
-- meet on that day. All are 0 %. Ten of these 35 groups met within 28 days, so brier is 10/35 =
-- 0.2857 and brier_base is 10/35 * 25/35 = 0.2041. The group "sure" did not meet.
SELECT * FROM v_forecast_quality WHERE forecasts > 0;
-- A month end is included when more than 28 days have passed after it, both at as_of and at the
-- last successful sync (known_until).
SET ngeshare.as_of = '2026-03-29';
SELECT course_name, forecasts, groups, observed_pct, brier FROM v_forecast_quality
    WHERE bin IS NULL AND forecasts > 0;
SET ngeshare.as_of = '2026-03-28';
SELECT course_name, forecasts, groups, observed_pct, brier FROM v_forecast_quality
    WHERE bin IS NULL AND forecasts > 0;
SET ngeshare.as_of = '2026-03-31 12:00+07';
UPDATE ngeshare.snapshot_state SET known_until = '2026-03-28 23:59:59.999+07';
SELECT course_name, forecasts, groups, observed_pct, brier FROM v_forecast_quality
    WHERE bin IS NULL AND forecasts > 0;
UPDATE ngeshare.snapshot_state SET known_until = '2026-03-29 00:00+07';
SELECT course_name, forecasts, groups, observed_pct, brier FROM v_forecast_quality
    WHERE bin IS NULL AND forecasts > 0;
UPDATE ngeshare.snapshot_state SET known_until = NULL;
-- A silence of up to 180 days has a forecast, one of 181 days has none. 28 February is 180 days
-- after 1 September. The UPDATE makes it 181 days, which drops the 20 forecasts of 28 February.
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.silence('half-a-year-', 20, '2025-09-01 19:00+07', 0);
CALL test.refresh();
SELECT course_name, bin, forecasts, groups FROM v_forecast_quality WHERE forecasts > 0;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" - interval '1 day';
CALL test.refresh();
SELECT course_name, bin, forecasts, groups FROM v_forecast_quality WHERE forecasts > 0;
