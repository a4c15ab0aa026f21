-- The trend, the changes and the forecast, of hand-made groups at the edges of the rules.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 12:00+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);

-- Before the first group: a row for each course, all zeros.
SELECT count(*), count(DISTINCT as_of_day), min(as_of_day), max(as_of_day), sum(groups_total)
    FROM v_status_trend;
SELECT * FROM v_status_changes;
SELECT * FROM v_forecast_quality;

--
-- The trend: each day at its local midnight, the last one at as_of
--
-- Exists from 25 March on: created at its first instant.
CALL test.circle('made-25', 'aqidah', '2026-03-25 00:00+07');
-- Exists on 24 March: created at its last millisecond.
CALL test.circle('made-24', 'aqidah', '2026-03-24 23:59:59.999+07');
-- Active up to 24 March, 28 days after its meeting; stalled from 25 March on.
CALL test.circle('met-24-february', 'aqidah');
CALL test.meets('met-24-february', 'aqidah-1', '2026-02-24 19:00+07');
-- Graduates on the evening of 25 March.
CALL test.circle('graduates-25', 'aqidah');
CALL test.meets('graduates-25', 'aqidah-8', '2026-03-20 19:00+07');
CALL test.meets('graduates-25', 'aqidah-9', '2026-03-25 23:59:59.999+07');
-- Meets after the hour of as_of: not yet active on 31 March, but stalled.
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
-- As of midnight the same day counts the evening's meeting.
SELECT as_of_day, active, not_started
FROM ngeshare_trend('2026-03-31', as_of => '2026-03-31 23:59:59+07')
WHERE course_name = 'Ngeshare Sesi Hijrah';

-- It is what ngeshare_group_status() counts at each day's last instant.
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

-- The days: back from to_day, none before from_day; months end where they end.
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
-- At the ends of the calendar.
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

-- What makes no sense.
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
-- The changes of a week: since 24 March 12:00, until 31 March 12:00
--
CALL test.users('fajar');
UPDATE "User" SET email = ' fajar@example.org ' WHERE id = 'fajar';
-- NEW comes first, whatever else it is; created a millisecond after since, or at it.
CALL test.circle('new', 'aqidah', '2026-03-24 12:00:00.001+07');
CALL test.circle('not-new', 'aqidah', '2026-03-24 12:00+07');
CALL test.circle('new-and-met', 'aqidah', '2026-03-25 00:30+07');
CALL test.meets('new-and-met', 'aqidah-1', '2026-03-26 19:00+07');
-- STARTED: it had not started, or had stalled without a meeting.
CALL test.circle('started', 'aqidah', '2026-03-20 12:00+07');
CALL test.meets('started', 'aqidah-1', '2026-03-26 19:00+07');
CALL test.meets('started', 'aqidah-2', '2026-03-27 19:00+07');
CALL test.joins('led', 'started', 'FACILITATOR', 'fajar');
CALL test.circle('started-late', 'aqidah');
CALL test.meets('started-late', 'aqidah-1', '2026-03-31 00:00+07');
-- RESUMED: silent since 23 February, 29 days at since; with 28 it was still ACTIVE.
CALL test.circle('resumed', 'aqidah');
CALL test.meets('resumed', 'aqidah-1', '2026-02-23 19:00+07');
CALL test.meets('resumed', 'aqidah-2', '2026-03-24 19:00+07');
CALL test.circle('still-active', 'aqidah');
CALL test.meets('still-active', 'aqidah-1', '2026-02-24 19:00+07');
CALL test.meets('still-active', 'aqidah-2', '2026-03-25 19:00+07');
-- STALLED: on the 29th day after its meeting, or its planned start. One more day and it is not yet.
CALL test.circle('stalled', 'aqidah');
CALL test.meets('stalled', 'aqidah-1', '2026-03-02 19:00+07');
CALL test.circle('not-stalled', 'aqidah');
CALL test.meets('not-stalled', 'aqidah-1', '2026-03-03 00:00+07');
CALL test.circle('stalled-unmet', 'aqidah', '2026-01-01 12:00+07', '2026-02-25 19:00+07');
-- GRADUATED: also where it had stalled; after NEW.
CALL test.circle('graduated', 'aqidah');
CALL test.meets('graduated', 'aqidah-8', '2026-01-01 19:00+07');
CALL test.meets('graduated', 'aqidah-9', '2026-03-29 00:30+07');
-- Nothing: what happened and went back, and what is after as_of.
CALL test.circle('back-again', 'aqidah');
CALL test.meets('back-again', 'aqidah-1', '2026-02-26 19:00+07');
CALL test.meets('back-again', 'aqidah-2', '2026-03-30 19:00+07');
CALL test.circle('tonight', 'aqidah');
CALL test.meets('tonight', 'aqidah-9', '2026-03-31 12:00:00.001+07');
-- No curriculum, no change.
CALL test.circle('no-course', NULL, '2026-03-26 12:00+07');
CALL test.refresh();

SELECT group_id, status_before, status_after, change, changed_on FROM v_status_changes;
SELECT group_name, course_name, facilitator_id, facilitator_name, facilitator_contact
FROM v_status_changes
WHERE change = 'STARTED'
ORDER BY group_id;
-- A group that stalled and met again in between is there in a shorter time.
SELECT group_id, change, changed_on
FROM ngeshare_status_changes('2026-03-28 12:00+07')
WHERE group_id = 'back-again';
-- The facilitator is that of until.
SELECT group_id, facilitator_id
FROM ngeshare_status_changes('2026-03-20 12:00+07', '2026-03-26 20:00+07')
WHERE change = 'STARTED';
-- Days that count as active are a setting.
BEGIN;
SET LOCAL ngeshare.active_days = 29;
SELECT group_id, change, changed_on FROM v_status_changes WHERE change IN ('STALLED', 'RESUMED');
ROLLBACK;
-- An instant has no changes, and before the first group all is new.
SELECT count(*) FROM ngeshare_status_changes(ngeshare_as_of());
SELECT change, count(*) FROM ngeshare_status_changes('2020-01-01 00:00+00') GROUP BY change;
-- The setting is as it was.
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

--
-- The forecast
--
-- 20 silences of the first course: 8 ended after 10 days, 4 after 30 days, 8 last 40 days (since 19
-- February).
CREATE PROCEDURE test.silence(ids text, number integer, began timestamptz, days integer)
LANGUAGE plpgsql
AS $$
BEGIN
    FOR i IN 1 .. number LOOP
        CALL test.circle(ids || i, 'aqidah');
        CALL test.meets(ids || i, 'aqidah-1', began);
        IF days > 0 THEN
            -- The next meeting graduates: no silence begins with it.
            CALL test.meets(ids || i, 'aqidah-9', began + make_interval(days => days));
        END IF;
    END LOOP;
END
$$;
CALL test.silence('ten-', 8, '2026-01-05 19:00+07', 10);
CALL test.silence('thirty-', 4, '2026-01-05 19:00+07', 30);
CALL test.silence('lasts-', 8, '2026-02-19 19:00+07', 0);
CALL test.refresh();
-- After 10 days 4 of 12 ended, at 30: 33.3 %. Fewer than 20 lasted for 30 days or more: NULL.
SELECT days_silent, silences, resumed, lasting, resume_chance, resume_28_days_pct
    FROM v_resume_chance ORDER BY days_silent;
-- From 2 days on, the 28 days reach the 30th: 1 - 12/20 * 8/12 is 60 %. From 1 day on they do not:
-- 1 - 20/21 * 12/20 is 42.9 %.
CALL test.silence('one-', 1, '2026-01-05 19:00+07', 1);
CALL test.silence('two-', 1, '2026-01-05 19:00+07', 2);
CALL test.refresh();
SELECT days_silent, silences, resume_28_days_pct FROM v_resume_chance
    WHERE days_silent <= 10 ORDER BY days_silent;
-- Half a tenth is rounded up: 49 of 400 silences, 12.25 %, ended after 5 days.
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.silence('lasts-', 351, '2026-03-20 19:00+07', 0);
CALL test.silence('five-', 49, '2026-01-05 19:00+07', 5);
CALL test.silence('three-', 1, '2026-01-05 19:00+07', 3);
CALL test.refresh();
SELECT days_silent, silences, resumed, resume_28_days_pct FROM v_resume_chance ORDER BY days_silent;
-- All that lasted as long ended just then: there is nothing to divide by.
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.silence('five-', 20, '2026-01-05 19:00+07', 5);
CALL test.silence('three-', 1, '2026-01-05 19:00+07', 3);
CALL test.refresh();
SELECT days_silent, silences, resume_chance, resume_28_days_pct
    FROM v_resume_chance ORDER BY days_silent;

--
-- What became of forecasts: month ends are 28 February, 31 January and the ten before them
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
-- On 31 January 20 groups are silent for 10 days, and none was ever silent for longer: 0.0 %. Five
-- meet on the 28th day after (which is the end of February), five on the 29th.
CALL test.silence('g', 20, '2026-01-21 19:00+07', 0);
CALL test.meets_each('g', 1, 5, 'aqidah-2', '2026-02-28 23:59:59.999+07');
CALL test.meets_each('g', 6, 10, 'aqidah-2', '2026-03-01 00:00+07');
-- A group that had not met is in no forecast, nor is one that had graduated, or that did not exist.
CALL test.circle('unmet', 'aqidah');
CALL test.circle('done', 'aqidah');
CALL test.meets('done', 'aqidah-9', '2026-01-21 19:00+07');
CALL test.circle('later', 'aqidah', '2026-03-01 12:00+07');
CALL test.meets('later', 'aqidah-1', '2026-01-21 19:00+07');
-- Another course: 20 silences of 12 days, so that 10 days of silence were sure to end: 100.0 %, the
-- last bin.
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
-- On 28 February the other 15 are silent for 38 days, as five were until they met on that day: 20.
-- 10 of 35 came: a share of 0.2857, by which 0.2041 would be missed. The sure one never came.
SELECT * FROM v_forecast_quality WHERE forecasts > 0;
-- A month end counts when more than 28 days are over, by as_of and by the last sync.
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
-- 180 days of silence have a forecast, 181 have none: 28 February is 180 days after 1 September, 31
-- January 152.
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.silence('half-a-year-', 20, '2025-09-01 19:00+07', 0);
CALL test.refresh();
SELECT course_name, bin, forecasts, groups FROM v_forecast_quality WHERE forecasts > 0;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" - interval '1 day';
CALL test.refresh();
SELECT course_name, bin, forecasts, groups FROM v_forecast_quality WHERE forecasts > 0;
