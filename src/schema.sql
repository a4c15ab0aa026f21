CREATE SCHEMA production;
COMMENT ON SCHEMA production IS
'The door to production: read-only foreign tables, made by ngeshare_connect().';

CREATE SCHEMA ngeshare;
COMMENT ON SCHEMA ngeshare IS
'Internals of the extension ngeshare: history, staging, sync state. Its tables may change between '
'versions; the views and functions in public do not.';

CREATE FUNCTION public.ngeshare_as_of()
RETURNS timestamptz
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION public.ngeshare_as_of() IS
'The instant that answers are given as of: the setting ngeshare.as_of, or now() where it is empty. '
'In the setting a date without a time of day, such as 2026-03-31, means the last instant of that '
'day in ngeshare.timezone.';

CREATE FUNCTION ngeshare.sync_now()
RETURNS timestamptz
LANGUAGE sql
STABLE
RETURN coalesce(nullif(current_setting('ngeshare.sync_clock', true), '')::timestamptz, now());
COMMENT ON FUNCTION ngeshare.sync_now() IS
'The instant that a sync would count as now: ngeshare.sync_clock, or the real clock.';

CREATE FUNCTION ngeshare.reporting_zone()
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_reporting_zone'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.reporting_zone() IS
'The zone whose local days answers speak in: the setting ngeshare.timezone, by its canonical name.';

CREATE FUNCTION ngeshare.end_of_day(day date)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'ngeshare_end_of_day'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.end_of_day(date) IS
'The last instant of a calendar day in ngeshare.timezone; of a day that the zone skipped, the last '
'one before it. 22008 outside the range of timestamptz.';

CREATE FUNCTION ngeshare.local_day(at timestamp, zone text)
RETURNS date
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
RETURN ((at AT TIME ZONE 'UTC') AT TIME ZONE zone)::date;
COMMENT ON FUNCTION ngeshare.local_day(timestamp, text) IS
'The calendar day in a zone of one of production''s timestamps, which are UTC.';

CREATE FUNCTION ngeshare.is_restoring()
RETURNS boolean
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN current_setting('search_path') = '' AND current_setting('check_function_bodies') = 'off';
COMMENT ON FUNCTION ngeshare.is_restoring() IS
'Whether this session replays a dump: pg_dump''s scripts set an empty search_path and '
'check_function_bodies off, which nobody else has together. What a dump holds is taken as it is.';
