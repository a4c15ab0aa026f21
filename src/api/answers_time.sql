-- Answers by place and over time.

CREATE VIEW api.place AS
SELECT *
FROM public.v_place
ORDER BY province COLLATE "C", city COLLATE "C";
COMMENT ON VIEW api.place IS
'Curriculum groups by place, one row per province and city.
Groups by status, groups to rescue, facilitators and members. Groups without a place have a row '
'as well.';

CREATE VIEW api.status_trend AS
SELECT *
FROM public.v_status_trend;
COMMENT ON VIEW api.status_trend IS
'Groups by status over the last year, one row per week and course.
The last day is that of as_of. All weeks are counted by what is known now: late attendance and '
'deletions change earlier ones. For other days and steps use rpc/trend.';

CREATE VIEW api.status_changes AS
SELECT *
FROM public.v_status_changes;
COMMENT ON VIEW api.status_changes IS
'Groups whose status differs from a week ago, one row per group, the latest change first.
Groups that are new, or have started, resumed, stalled or graduated, and whom to ask. For another '
'period use rpc/changes.';

CREATE VIEW api.forecast_quality AS
SELECT *
FROM public.v_forecast_quality;
COMMENT ON VIEW api.forecast_quality IS
'How good resume_28_days_pct was, one row per course and bin of ten percent, and one per course.
It compares the forecasts at the last 12 month ends whose 28 days are over with the outcome.';

CREATE FUNCTION api.trend(from_day date, to_day date DEFAULT NULL, step interval DEFAULT '1 week')
RETURNS SETOF api.status_trend
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 200
AS $$
    -- All arguments are given, so that no function of a user in public matches better.
    SELECT * FROM public.ngeshare_trend(from_day, to_day, step, public.ngeshare_as_of())
$$;
COMMENT ON FUNCTION api.trend(date, date, interval) IS
'Groups by status on many days, one row per day and course.
The days go back from to_day (by default the day of as_of) in steps, and none is before from_day. '
'A "step" is an interval such as 1 day, 1 week or 1 month. Errors: 400 22023 for an invalid step, '
'for days in the wrong order, or for more than 1,000 days; 400 22004 for NULL; 400 22008 for '
'infinity.';

CREATE FUNCTION api.changes(since text)
RETURNS SETOF api.status_changes
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000
AS $$
    -- All arguments are given, so that no function of a user in public matches better.
    SELECT * FROM public.ngeshare_status_changes(ngeshare.read_as_of(since, '"since"'),
        public.ngeshare_as_of())
$$;
COMMENT ON FUNCTION api.changes(text) IS
'Groups whose status differs from an earlier instant, one row per group, the latest change first.
"since" is the earlier instant: a day (meaning its end in ngeshare.timezone) or an instant with '
'its offset from UTC. The later instant is that of the header As-Of. Groups that did not exist at '
'"since" are included. Errors: 400 NG400 for anything else in "since", 400 22023 if "since" is '
'later than as_of.';
