-- Lists every setting with its default, unit and limits. Tests who may change the settings, and
-- which values they refuse.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SELECT name, boot_val AS default, unit, vartype AS type, min_val AS min, max_val AS max, context
FROM pg_settings
WHERE name LIKE 'ngeshare.%'
ORDER BY name COLLATE "C";

-- Expects no row: settings without a description, or with another value than their default.
SELECT name
FROM pg_settings
WHERE name LIKE 'ngeshare.%'
  AND (coalesce(short_desc, '') = '' OR setting IS DISTINCT FROM boot_val)
ORDER BY name COLLATE "C";

--
-- ngeshare.as_of: empty means now()
--
SHOW ngeshare.as_of;
SELECT ngeshare_as_of() = now() AS is_now;

-- as_of accepts PostgreSQL's spellings of an instant. SHOW gives it with its offset.
SET ngeshare.as_of = '2026-03-31 23:59:59+07';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SET ngeshare.as_of = '2026-03-31T16:59:59.123456Z';
SHOW ngeshare.as_of;
SET ngeshare.as_of = '2026-03-31 23:59:59 Asia/Jakarta';
SHOW ngeshare.as_of;
SET ngeshare.as_of = '20260331T235959+0700';
SHOW ngeshare.as_of;
SET ngeshare.as_of = 'epoch';
SHOW ngeshare.as_of;
SET ngeshare.as_of = '0044-03-15 12:00:00+00 BC';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SET ngeshare.as_of = '12026-03-31 12:00:00+00';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();

-- A value without an offset is read in the TimeZone of the session at the time of SET. Later
-- changes of TimeZone or DateStyle do not change the instant.
SET timezone = 'Asia/Jakarta';
SET ngeshare.as_of = '2026-03-31 12:00';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SET timezone = 'America/New_York';
SET datestyle = 'German, DMY';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SELECT ngeshare_as_of() = timestamptz '2026-03-31 12:00:00+07' AS is_the_same;
-- DateStyle decides the order of day and month, as everywhere in PostgreSQL.
SET ngeshare.as_of = '02.03.2026 00:00:00+00';
SHOW ngeshare.as_of;
SET datestyle = 'ISO, MDY';
SET ngeshare.as_of = '02/03/2026 00:00:00+00';
SHOW ngeshare.as_of;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

-- A parallel worker reads the same instant, whatever the session's zone.
SET timezone = 'Asia/Jakarta';
SET ngeshare.as_of = '2026-03-31 23:59:59+07';
BEGIN;
-- debug_parallel_query was called force_parallel_mode before PostgreSQL 16.
SELECT set_config(name, 'on', true) AS forced FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT ngeshare_as_of() FROM course_config WHERE sequence_order = 1;
ROLLBACK;
SET timezone = 'UTC';

-- A date without a time, in any spelling that PostgreSQL knows, means the last instant of that
-- local day. It follows later changes of ngeshare.timezone, and a parallel worker reads the same
-- instant.
SET ngeshare.timezone = 'Asia/Jakarta';
SET ngeshare.as_of = '2026-03-31';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SET ngeshare.timezone = 'Asia/Makassar';
SELECT ngeshare_as_of();
SELECT spelled, current_setting('ngeshare.as_of') AS kept, ngeshare_as_of()
FROM unnest(ARRAY['2026-03-31', ' 2026-03-31 ', '20260331', '31 Mar 2026', 'March 31, 2026',
    '2026.090', 'J2461131',
    'Tue Mar 31 2026', '2026-3-31', '26-03-31', '2026/03/31', '0044-03-15 BC', '12026-03-31',
        '4714-12-01 BC',
    '294276-12-31']) AS spelled
CROSS JOIN LATERAL set_config('ngeshare.as_of', spelled, false) AS kept;
-- 'today', 'yesterday' and 'tomorrow' are dates too, as of now in the session's TimeZone.
SELECT spelled, current_setting('ngeshare.as_of')::date = spelled::date AS is_the_day,
    ngeshare_as_of() = ngeshare.end_of_day(spelled::date) AS is_its_end
FROM unnest(ARRAY['today', 'yesterday', 'tomorrow']) AS spelled
CROSS JOIN LATERAL set_config('ngeshare.as_of', spelled, false) AS kept;
-- A value with a time of day is an instant, also if that time is midnight.
SELECT spelled, ngeshare_as_of() = spelled::timestamptz AS is_the_instant
FROM unnest(ARRAY['2026-03-31 00:00', '2026-03-31 allballs', '20260331 000000', '20260331T000000',
    'today 00:00', 'J2461131 00:00', 'epoch',
    '2026-03-31 AM', '2026-03-31 PM', 'now']) AS spelled
CROSS JOIN LATERAL set_config('ngeshare.as_of', spelled, false) AS kept;
SET ngeshare.as_of = '2026-03-31';
BEGIN;
SELECT set_config(name, 'on', true) AS forced FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT ngeshare_as_of(), ngeshare.as_of() FROM course_config WHERE sequence_order = 1;
SET LOCAL ngeshare.as_of = '0044-03-15 BC';
SELECT ngeshare_as_of(), ngeshare.as_of() FROM course_config WHERE sequence_order = 1;
ROLLBACK;
-- A function with an argument as_of changes the setting during its call and restores it.
SELECT count(*) FROM ngeshare_group_status('2026-03-31');
SHOW ngeshare.as_of;
-- Days with an unusual end: the clocks are put forward over the last hour (Nuuk) or over midnight
-- (Sao Paulo in November), or are put back at midnight (Sao Paulo in February) or after it (St.
-- John's); a day of 25 hours (Berlin); a day that Samoa skipped, and the days before and after it.
SELECT zone, day, ended AT TIME ZONE 'UTC' AS utc, ended AT TIME ZONE zone AS there,
    ngeshare_as_of() = ended AS by_setting, ngeshare.read_as_of(day::text) = ended AS by_header
FROM (VALUES
    ('America/Nuuk', date '2024-03-30'), ('America/Sao_Paulo', '2018-02-17'),
        ('America/Sao_Paulo', '2018-11-03'),
    ('America/St_Johns', '2010-11-06'), ('Europe/Berlin', '2025-10-26'),
        ('Pacific/Apia', '2011-12-29'),
    ('Pacific/Apia', '2011-12-30'), ('Pacific/Apia', '2011-12-31'),
        ('Asia/Kathmandu', '2026-03-31')) AS odd (zone, day)
CROSS JOIN LATERAL set_config('ngeshare.timezone', zone, false) AS kept
CROSS JOIN LATERAL set_config('ngeshare.as_of', day::text, false) AS asked
CROSS JOIN LATERAL ngeshare.end_of_day(day) AS ended;
-- Checks end_of_day() for two centuries in some zones: the instant must lie on the given day,
-- unless the zone skipped that day ("skipped"), and no later instant may lie on that day or before
-- it. "wrong" counts the violations.
CREATE FUNCTION test.ends_of_days(zone text, OUT days bigint, OUT skipped bigint, OUT wrong bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('ngeshare.timezone', zone, false);
    SELECT count(*), count(*) FILTER (WHERE (ended AT TIME ZONE zone)::date < day),
        count(*) FILTER (WHERE (ended AT TIME ZONE zone)::date > day
            OR ((ended + interval '1 microsecond') AT TIME ZONE zone)::date <= day
            OR ((ended + interval '31 minutes') AT TIME ZONE zone)::date <= day
            OR ((ended + interval '121 minutes') AT TIME ZONE zone)::date <= day)
    INTO days, skipped, wrong
    FROM (SELECT date '1840-01-01' + number AS day
        FROM generate_series(0, 75000) AS number) AS listed
    CROSS JOIN LATERAL ngeshare.end_of_day(day) AS ended;
END
$$;
SELECT zone, ends.*
FROM unnest(ARRAY['America/Nuuk', 'America/Sao_Paulo', 'America/St_Johns', 'Asia/Manila',
    'Pacific/Apia', 'Africa/Monrovia'])
    AS zone
CROSS JOIN LATERAL test.ends_of_days(zone) AS ends;
SET ngeshare.timezone = 'Asia/Jakarta';
SELECT ngeshare.end_of_day('infinity');
SELECT ngeshare.end_of_day('294277-01-01');
SELECT ngeshare.end_of_day(NULL);
-- A date with a zone is refused, because it is neither a local day nor an instant.
SET ngeshare.as_of = '2026-03-31+07';
\set VERBOSITY sqlstate
SET ngeshare.as_of = '2026-03-31Z';
SET ngeshare.as_of = '2026-03-31 UTC';
SET ngeshare.as_of = '2026-03-31 Asia/Jakarta';
SET ngeshare.as_of = '2026-03-31 WIB+7';
\set VERBOSITY default
SET ngeshare.as_of = '2026-03-31 23:59:59+07';

-- SET accepts what SHOW printed, in any TimeZone.
SELECT set_config('ngeshare.as_of', current_setting('ngeshare.as_of'), false) <> '' AS again
FROM set_config('timezone', 'Asia/Tokyo', false);
SET timezone = 'UTC';
SELECT ngeshare_as_of();

-- SET LOCAL ends with its transaction, and a function's SET clause with the function.
SET ngeshare.as_of = '2026-01-01 00:00:00+00';
BEGIN;
SET LOCAL ngeshare.as_of = '2026-02-02 00:00:00+00';
SELECT ngeshare_as_of();
SET LOCAL ngeshare.as_of = '';
SELECT ngeshare_as_of() = now() AS is_now;
ROLLBACK;
SELECT ngeshare_as_of();
CREATE FUNCTION test.then()
RETURNS timestamptz
LANGUAGE sql
STABLE
SET ngeshare.as_of = '2026-03-03 00:00:00+00'
AS 'SELECT ngeshare_as_of()';
SELECT test.then(), ngeshare_as_of();
RESET ngeshare.as_of;
SELECT ngeshare_as_of() = now() AS is_now;

-- Refusals: 22007 for text that is no instant, 22008 for an instant that is infinite or out of
-- range.
SET ngeshare.as_of = '2026-01-01 00:00:00+00';
\set VERBOSITY sqlstate
SET ngeshare.as_of = 'nonsense';
SET ngeshare.as_of = ' ';
SET ngeshare.as_of = '2026-13';
SET ngeshare.as_of = '12:00';
SET ngeshare.as_of = 'infinity';
SET ngeshare.as_of = '-infinity';
SET ngeshare.as_of = '2026-02-30';
SET ngeshare.as_of = '2026-03-31 25:00';
SET ngeshare.as_of = '300000-01-01';
SET ngeshare.as_of = '4800-01-01 BC';
\set VERBOSITY default
SET ngeshare.as_of = 'nonsense';
SET ngeshare.as_of = 'infinity';
SHOW ngeshare.as_of;
RESET ngeshare.as_of;

--
-- ngeshare.sync_clock accepts the same instants; a date means the midnight at its beginning
--
SET ngeshare.sync_clock = '2026-03-31 23:59:59+07';
SHOW ngeshare.sync_clock;
SET ngeshare.sync_clock = '2026-03-31';
SHOW ngeshare.sync_clock;
\set VERBOSITY sqlstate
SET ngeshare.sync_clock = 'nonsense';
SET ngeshare.sync_clock = 'infinity';
\set VERBOSITY default
RESET ngeshare.sync_clock;

--
-- ngeshare.timezone: the zone is stored under its canonical name
--
SET ngeshare.timezone = 'asia/jakarta';
SHOW ngeshare.timezone;
SET ngeshare.timezone = 'utc';
SHOW ngeshare.timezone;
SELECT ngeshare.reporting_zone();
\set VERBOSITY sqlstate
SET ngeshare.timezone = 'Nowhere/Atall';
SET ngeshare.timezone = '';
SET ngeshare.timezone = 'right/Asia/Jakarta';
-- Refused: POSIX offsets, whose sign is the opposite of the usual one; and localtime and
-- posixrules, whose meaning depends on the operating system.
SET ngeshare.timezone = 'UTC+7';
SET ngeshare.timezone = '+07';
SET ngeshare.timezone = '7';
SET ngeshare.timezone = 'GMT+7';
SET ngeshare.timezone = '<+07>-7';
SET ngeshare.timezone = 'Etc/GMT+77';
SET ngeshare.timezone = 'localtime';
SET ngeshare.timezone = 'posixrules';
\set VERBOSITY default
SET ngeshare.timezone = 'GMT+7';
SET ngeshare.timezone = 'etc/gmt-7';
SHOW ngeshare.timezone;
-- All other names in pg_timezone_names are accepted, unless they are also abbreviations of another
-- meaning. Names with a slash are never abbreviations.
DO $$
DECLARE
    listed  text;
    refused text[] := '{}';
BEGIN
    FOR listed IN SELECT name FROM pg_timezone_names LOOP
        BEGIN
            PERFORM set_config('ngeshare.timezone', listed, true);
        EXCEPTION
            WHEN invalid_parameter_value THEN
                refused := refused || listed;
        END;
    END LOOP;
    RAISE NOTICE '% names with a city refused', (SELECT count(*) FROM unnest(refused) AS name
        WHERE name LIKE '%/%');
END
$$;
-- A name without a slash is accepted exactly if AT TIME ZONE reads it as the zone of that name.
-- That is so for EST, MST and HST if the time zone data gives each of them one offset for all time.
DO $$
DECLARE
    listed   text;
    accepted boolean;
    wrong    text[] := '{}';
BEGIN
    FOR listed IN
        SELECT name
        FROM pg_timezone_names
        WHERE name NOT LIKE '%/%'
          AND name NOT IN ('localtime', 'posixrules')
    LOOP
        BEGIN
            PERFORM set_config('ngeshare.timezone', listed, true);
            accepted := true;
        EXCEPTION
            WHEN invalid_parameter_value THEN
                accepted := false;
        END;
        PERFORM set_config('timezone', listed, true);
        IF accepted <> (
            SELECT bool_and(moment AT TIME ZONE listed = moment::timestamptz)
            FROM generate_series(timestamp '1880-01-01', '2037-12-01', '10 days') AS moment)
        THEN
            wrong := wrong || listed;
        END IF;
    END LOOP;
    RAISE NOTICE 'wrongly refused or accepted: %', wrong;
END
$$;
SET ngeshare.timezone = 'Nowhere/Atall';
SHOW ngeshare.timezone;
RESET ngeshare.timezone;

--
-- ngeshare.setting() returns integer settings of the extension; its errors do not show the value
--
SELECT ngeshare.setting('active_days'), ngeshare.setting('link_days');
SET ngeshare.alert_url = 'https://chat.example/hooks/secret';
SELECT ngeshare.setting('alert_url');
SELECT ngeshare.setting('timezone');
SELECT ngeshare.setting('nothing');
RESET ngeshare.alert_url;

--
-- Numbers: values at the limits are accepted, values beyond them are refused
--
SET ngeshare.active_days = 0;
SET ngeshare.active_days = 36500;
SET ngeshare.link_min_overlap_pct = 100;
SET ngeshare.rescue_min_pct = 0;
SET ngeshare.sync_overlap = '5min';
SHOW ngeshare.sync_overlap;
RESET ngeshare.active_days;
RESET ngeshare.link_min_overlap_pct;
RESET ngeshare.rescue_min_pct;
RESET ngeshare.sync_overlap;
\set VERBOSITY sqlstate
SET ngeshare.active_days = -1;
SET ngeshare.active_days = 36501;
SET ngeshare.active_days = 'many';
SET ngeshare.link_days = -1;
SET ngeshare.link_early_days = 36501;
SET ngeshare.link_min_shared = -1;
SET ngeshare.link_min_overlap_pct = 101;
SET ngeshare.rescue_min_pct = 101;
SET ngeshare.attendance_window_days = 0;
SET ngeshare.sync_batch_rows = 0;
SET ngeshare.sync_overlap = '8d';
SET ngeshare.sync_max_delete_pct = 101;
-- The prefix "ngeshare" is reserved, so a misspelled setting is refused.
SET ngeshare.active_day = 28;
\set VERBOSITY default

--
-- ngeshare.alert_url: an http or https URL, or empty. The error does not repeat a refused value
--
SET ngeshare.alert_url = 'https://chat.example/hooks/secret';
SHOW ngeshare.alert_url;
SELECT ngeshare.has_alert_url();
SET ngeshare.alert_url = 'HTTP://user:word@[::1]:8080?key=secret';
SET ngeshare.alert_url = '';
SELECT ngeshare.has_alert_url();
\set VERBOSITY sqlstate
SET ngeshare.alert_url = 'ftp://chat.example/secret';
SET ngeshare.alert_url = 'file:///etc/passwd';
SET ngeshare.alert_url = 'javascript:alert(1)';
SET ngeshare.alert_url = 'chat.example/secret';
SET ngeshare.alert_url = 'http://';
SET ngeshare.alert_url = 'https:///secret';
SET ngeshare.alert_url = 'https://:8080/secret';
SET ngeshare.alert_url = 'https://user:word@/secret';
SET ngeshare.alert_url = 'https://chat.example/a secret';
SET ngeshare.alert_url = E'https://chat.example/\r\nsecret';
SET ngeshare.alert_url = ' https://chat.example/secret';
\set VERBOSITY default
SET ngeshare.alert_url = 'htps://chat.example/secret';
SHOW ngeshare.alert_url;
RESET ngeshare.alert_url;
SET ngeshare.alert_timeout = '5min';
SHOW ngeshare.alert_timeout;
RESET ngeshare.alert_timeout;
SET ngeshare.alert_stale_after = '2d';
SHOW ngeshare.alert_stale_after;
RESET ngeshare.alert_stale_after;
\set VERBOSITY sqlstate
SET ngeshare.alert_timeout = 0;
SET ngeshare.alert_timeout = 301;
SET ngeshare.alert_stale_after = 0;
\set VERBOSITY default

--
-- A role without privileges may set as_of and no other setting
--
CREATE ROLE regress_ngeshare_reader;
SET ROLE regress_ngeshare_reader;
SET ngeshare.as_of = '2026-03-31 23:59:59+07';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
RESET ngeshare.as_of;
SHOW ngeshare.timezone;
\set VERBOSITY sqlstate
SHOW ngeshare.alert_url;
SET ngeshare.alert_url = 'https://chat.example/hooks/other';
SET ngeshare.alert_timeout = 1;
SET ngeshare.alert_stale_after = 1;
SET ngeshare.timezone = 'UTC';
SET ngeshare.active_days = 27;
SET ngeshare.link_days = 89;
SET ngeshare.link_early_days = 29;
SET ngeshare.link_min_shared = 1;
SET ngeshare.link_min_overlap_pct = 49;
SET ngeshare.rescue_min_pct = 69;
SET ngeshare.attendance_window_days = 44;
SET ngeshare.sync_batch_rows = 1;
SET ngeshare.sync_overlap = 0;
SET ngeshare.sync_max_delete_pct = 100;
SET ngeshare.sync_clock = '2026-03-31';
SELECT set_config('ngeshare.timezone', 'UTC', false);
\set VERBOSITY default
RESET ROLE;
DROP ROLE regress_ngeshare_reader;
