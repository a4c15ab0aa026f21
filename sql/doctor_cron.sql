-- When a schedule of pg_cron runs next, field by field.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

CREATE FUNCTION test.next(schedule text, after timestamptz, zone text DEFAULT 'GMT')
RETURNS text
LANGUAGE sql
AS $$ SELECT to_char(ngeshare.next_cron_run(schedule, after, zone), 'Dy YYYY-MM-DD HH24:MI:SS') $$;

-- One field.
SELECT field, low, high, ngeshare.cron_field(field, low, high, '{sun,mon,tue,wed,thu,fri,sat,sun}') AS numbers
FROM (
    VALUES
        (1, '*', 0, 7), (2, '5', 0, 7), (3, '1-3', 0, 7), (4, '1,3,5', 0, 7), (5, '*/3', 0, 7),
        (6, '1-6/2', 0, 7), (7, '1-2,5-7/2', 0, 7), (8, 'mon', 0, 7), (9, 'MON-Fri', 0, 7), (10, 'sun,6', 0, 7),
        (11, '*/99', 0, 7), (12, '07', 0, 7)
) AS given (no, field, low, high)
ORDER BY no;

-- What cron doesn't read: NULL.
SELECT field, ngeshare.cron_field(field, 0, 7, '{sun,mon,tue,wed,thu,fri,sat,sun}') AS numbers
FROM (
    VALUES
        (1, ''), (2, '8'), (3, '-1'), (4, '1-'), (5, '1-8'), (6, '5-3'), (7, '5/2'), (8, '*/0'), (9, '1,'),
        (10, ',1'), (11, 'sunday'), (12, '*-3'), (13, '1.5'), (14, '**'), (15, '1-2-3'), (16, '1234567890'), (17, '$')
) AS given (no, field)
ORDER BY no;

-- Every minute, and the minute itself is over.
SELECT test.next('* * * * *', '2026-03-31 12:34:56+00') AS at_a_second;
SELECT test.next('* * * * *', '2026-03-31 12:34:00+00') AS at_the_minute;
SELECT test.next('*/30 * * * *', '2026-03-31 12:34:56+00') AS half_hour;
SELECT test.next('*/30 * * * *', '2026-03-31 23:34:56+00') AS next_day;
SELECT test.next('15,45 3 * * *', '2026-03-31 03:20:00+00') AS listed;
SELECT test.next('0 9-17/4 * * *', '2026-03-31 09:00:00+00') AS stepped;
SELECT test.next('0 9-17/4 * * *', '2026-03-31 17:00:00+00') AS stepped_tomorrow;

-- The names, the words, and the year's end.
SELECT test.next('0 0 1 jan *', '2026-03-31 12:00+00') AS january;
SELECT test.next('0 6 * * mon-fri', '2026-04-03 06:00+00') AS workday;
SELECT test.next('0 6 * * 7', '2026-03-31 12:00+00') AS sunday_is_7;
SELECT test.next('0 6 * * 0', '2026-03-31 12:00+00') AS and_0;
SELECT word, test.next(word, '2026-12-31 23:59:30+00')
FROM (
    VALUES
        (1, '@hourly'), (2, '@daily'), (3, '@midnight'), (4, '@weekly'), (5, '@monthly'), (6, '@yearly'),
        (7, '@annually'), (8, '@reboot'), (9, '@sometimes')
) AS given (no, word)
ORDER BY no;

-- The month's last day, and days that not every month has.
SELECT test.next('30 12 $ * *', '2026-01-15 00:00+00') AS last_of_january;
SELECT test.next('30 12 $ * *', '2026-01-31 12:30+00') AS last_of_february;
SELECT test.next('30 12 $ * *', '2028-02-01 00:00+00') AS of_a_leap_year;
SELECT test.next('0 0 31 * *', '2026-03-31 00:00+00') AS the_31st;
SELECT test.next('0 0 29 2 *', '2026-03-01 00:00+00') AS february_29;
SELECT test.next('0 0 29 2 *', '2096-03-01 00:00+00') AS over_2100;
SELECT test.next('0 0 30 2 *', '2026-03-01 00:00+00') AS february_30;

-- Vixie's rule: where both days are restricted, either matches. * and */n are no restriction.
SELECT test.next('0 0 13 * 5', '2026-03-11 00:00+00') AS either, test.next('0 0 13 * 5', '2026-03-14 00:00+00') AS the_friday;
SELECT test.next('0 0 13 * 5', '2026-04-11 00:00+00') AS the_13th;
SELECT test.next('0 0 */2 * 5', '2026-03-14 00:00+00') AS both_odd_and_friday;
SELECT test.next('0 0 13 * *', '2026-03-14 00:00+00') AS only_the_13th;
SELECT test.next('0 0 $ * mon', '2026-03-31 00:00+00') AS last_day_or_monday;
SELECT test.next('0 0 29 2 */7', '2026-03-01 00:00+00') AS a_29th_that_is_a_sunday;

-- Seconds: so long after.
SELECT test.next('10 seconds', '2026-03-31 12:34:56+00') AS seconds, test.next('1 second', '2026-03-31 12:34:56+00') AS second;
SELECT test.next('60 seconds', '2026-03-31 12:34:56+00') AS too_many, test.next('0 seconds', '2026-03-31 12:34:56+00') AS none;

-- A zone of pg_cron's own: GMT has no summer, New York has.
SELECT test.next('0 2 * * *', '2026-03-07 12:00+00', 'Asia/Jakarta') AS jakarta;
SELECT test.next('30 1 * * *', '2026-03-28 12:00+00') AS gmt_where_london_leaps;
SELECT test.next('0 12 * * *', '2026-03-07 18:00+00', 'America/New_York') AS after_the_leap;
SET timezone = 'Asia/Tokyo';
SELECT test.next('0 2 * * *', '2026-03-07 12:00+00') AS shown_in_tokyo;
SET timezone = 'UTC';

-- What can't be read: NULL. What follows the fifth field is ignored, as pg_cron does.
SELECT schedule, test.next(schedule, '2026-03-31 12:00+00')
FROM (
    VALUES
        (1, ''), (2, '*'), (3, '* * * *'), (4, '60 * * * *'), (5, '* 24 * * *'), (6, '* * 0 * *'), (7, '* * 32 * *'),
        (8, '* * * 13 *'), (9, '* * * * 8'), (10, 'often'), (11, '* * $,1 * *'), (12, '$ * * * *'),
        (13, '  5  4 * * *  '), (14, '5 4 * * * and more')
) AS given (no, schedule)
ORDER BY no;
SELECT test.next(NULL, '2026-03-31 12:00+00') AS nothing;
