CREATE SCHEMA production;
COMMENT ON SCHEMA production IS
'Read-only foreign tables for production''s six tables, made by ngeshare_connect().';

CREATE SCHEMA ngeshare;
COMMENT ON SCHEMA ngeshare IS
'Internals of the extension ngeshare: history, staging, sync state. Its objects may change between '
'versions; the views and functions in public stay compatible.';

CREATE FUNCTION public.ngeshare_as_of()
RETURNS timestamptz
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION public.ngeshare_as_of() IS
'The instant that answers are given as of: the setting ngeshare.as_of, or now() if it is empty. A '
'date without a time of day in the setting, such as 2026-03-31, means the last instant of that day '
'in ngeshare.timezone.';

CREATE FUNCTION ngeshare.sync_now()
RETURNS timestamptz
LANGUAGE sql
STABLE
RETURN coalesce(nullif(current_setting('ngeshare.sync_clock', true), '')::timestamptz, now());
COMMENT ON FUNCTION ngeshare.sync_now() IS
'The instant that a sync would take for now: the setting ngeshare.sync_clock, or now() if it is '
'empty.';

CREATE FUNCTION ngeshare.reporting_zone()
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_reporting_zone'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.reporting_zone() IS
'The time zone whose local days the answers use: the setting ngeshare.timezone, by its canonical '
'name.';

CREATE FUNCTION ngeshare.end_of_day(day date)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'ngeshare_end_of_day'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.end_of_day(date) IS
'The last instant of a calendar day in ngeshare.timezone. If the time zone skipped that day, it is '
'the last instant before. Error: 22008 outside the range of timestamptz.';

CREATE FUNCTION ngeshare.local_day(at timestamp, zone text)
RETURNS date
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
RETURN ((at AT TIME ZONE 'UTC') AT TIME ZONE zone)::date;
COMMENT ON FUNCTION ngeshare.local_day(timestamp, text) IS
'The local day, in the given time zone, of a timestamp in UTC as production stores it.';

CREATE FUNCTION ngeshare.is_restoring()
RETURNS boolean
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN current_setting('search_path') = '' AND current_setting('check_function_bodies') = 'off';
COMMENT ON FUNCTION ngeshare.is_restoring() IS
'Whether this session restores a dump, judged by two settings that pg_dump''s scripts make: an '
'empty search_path, and check_function_bodies off. If so, a row of the dump may replace a default '
'course in course_config.';
