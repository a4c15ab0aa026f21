-- Every setting: its default, unit and bounds, who may change it, what it refuses.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SELECT name, boot_val AS default, unit, vartype AS type, min_val AS min, max_val AS max, context
FROM pg_settings
WHERE name LIKE 'ngeshare.%'
ORDER BY name COLLATE "C";

-- Each has a description, and all stand at their defaults here.
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

-- Any spelling of an instant is taken, and kept with its offset.
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

-- Without an offset the session's zone is meant, when it is set; later changes of
-- TimeZone or DateStyle do not move it.
SET timezone = 'Asia/Jakarta';
SET ngeshare.as_of = '2026-03-31';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SET timezone = 'America/New_York';
SET datestyle = 'German, DMY';
SHOW ngeshare.as_of;
SELECT ngeshare_as_of();
SELECT ngeshare_as_of() = timestamptz '2026-03-31 00:00:00+07' AS is_the_same;
-- DateStyle decides how a date is read, as everywhere.
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
-- Before PostgreSQL 16 it had another name.
SELECT set_config(name, 'on', true) AS forced FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT ngeshare_as_of() FROM course_config WHERE sequence_order = 1;
ROLLBACK;
SET timezone = 'UTC';

-- What SHOW says is what SET takes, in any zone.
SELECT set_config('ngeshare.as_of', current_setting('ngeshare.as_of'), false) <> '' AS again
FROM set_config('timezone', 'Asia/Tokyo', false);
SET timezone = 'UTC';
SELECT ngeshare_as_of();

-- It goes with its transaction, and with a function that sets it.
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

-- Refusals: no instant is 22007, none that is finite and in range 22008.
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
-- ngeshare.sync_clock takes and refuses the same
--
SET ngeshare.sync_clock = '2026-03-31 23:59:59+07';
SHOW ngeshare.sync_clock;
\set VERBOSITY sqlstate
SET ngeshare.sync_clock = 'nonsense';
SET ngeshare.sync_clock = 'infinity';
\set VERBOSITY default
RESET ngeshare.sync_clock;

--
-- ngeshare.timezone: kept by its canonical name
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
\set VERBOSITY default
SET ngeshare.timezone = 'Nowhere/Atall';
SHOW ngeshare.timezone;
RESET ngeshare.timezone;

--
-- Numbers: the bounds themselves are taken, what lies beyond is refused
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
-- The prefix is ours: a setting that is misspelled is none.
SET ngeshare.active_day = 28;
\set VERBOSITY default

--
-- ngeshare.alert_url: an address of the web or nothing; a refused one is not repeated
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
-- Anybody may set as_of, and nothing else
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
