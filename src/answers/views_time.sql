-- The views over time: status by week of a year, changes of a week, and the quality of forecasts.

CREATE VIEW public.v_status_trend AS
SELECT
    as_of_day,
    course_name,
    groups_total,
    active,
    stalled,
    not_started,
    graduated
-- greatest() avoids an error where the day a year before would precede the calendar's first day.
FROM public.ngeshare_trend(
    greatest(ngeshare.as_of_day(), date '4714-11-24 BC' + 364) - 364,
    NULL::date,
    interval '1 week',
    public.ngeshare_as_of());
COMMENT ON VIEW public.v_status_trend IS
'The number of groups of each course by status, one row per course and week of the year up to '
'ngeshare_as_of(). The weeks end on the weekday of as_of. The same as ngeshare_trend() with a '
'from_day 364 days before the day of as_of.';
COMMENT ON COLUMN public.v_status_trend.as_of_day IS
'The local day at whose end the groups are counted; on the last one, the day of as_of, they are '
'counted at as_of.';
COMMENT ON COLUMN public.v_status_trend.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_status_trend.groups_total IS
'The number of all groups of the course that existed at that time.';
COMMENT ON COLUMN public.v_status_trend.active IS
'The number of the course''s groups with status ACTIVE at that time.';
COMMENT ON COLUMN public.v_status_trend.stalled IS
'The number of the course''s groups with status STALLED at that time.';
COMMENT ON COLUMN public.v_status_trend.not_started IS
'The number of the course''s groups with status NOT_STARTED at that time.';
COMMENT ON COLUMN public.v_status_trend.graduated IS
'The number of the course''s groups with status GRADUATED at that time.';

CREATE VIEW public.v_status_changes AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    status_before,
    status_after,
    change,
    changed_on
-- greatest() avoids an error where the instant a week before would precede the calendar. 168 hours
-- rather than 7 days, so that the result does not depend on the session's time zone.
FROM public.ngeshare_status_changes(
    greatest(public.ngeshare_as_of(),
        timestamptz '4714-11-24 00:00:00+00 BC' + interval '168 hours') - interval '168 hours',
    public.ngeshare_as_of());
COMMENT ON VIEW public.v_status_changes IS
'Curriculum groups whose status differs from their status exactly 168 hours (a week) before '
'ngeshare_as_of(), or that did not exist then, one row per group, the latest change first. The '
'same as ngeshare_status_changes() since that instant.';
COMMENT ON COLUMN public.v_status_changes.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_status_changes.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN public.v_status_changes.course_name IS
'The group''s course.';
COMMENT ON COLUMN public.v_status_changes.facilitator_id IS
'The user id of the group''s facilitator; NULL if it has none.';
COMMENT ON COLUMN public.v_status_changes.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';
COMMENT ON COLUMN public.v_status_changes.facilitator_contact IS
'The email address of the facilitator''s user, else that of the facilitator''s membership record; '
'NULL if there is neither.';
COMMENT ON COLUMN public.v_status_changes.status_before IS
'The group''s status 168 hours before as_of; NULL if the group did not exist at that time.';
COMMENT ON COLUMN public.v_status_changes.status_after IS
'The group''s status at as_of.';
COMMENT ON COLUMN public.v_status_changes.change IS
'The first of these that holds. NEW: the group did not exist 168 hours before. STARTED: it is '
'ACTIVE and had never met 168 hours before. RESUMED: it was STALLED and is ACTIVE. STALLED or '
'GRADUATED: it has this status at as_of.';
COMMENT ON COLUMN public.v_status_changes.changed_on IS
'The local day of the change. NEW: the day on which the group was created in production. STARTED '
'and RESUMED: the day of its first meeting after the earlier instant. STALLED: the first day that '
'is more than 28 days (ngeshare.active_days) after its last meeting or, if it never met, after its '
'planned start. GRADUATED: the day on which it graduated.';

CREATE VIEW public.v_forecast_quality AS
SELECT
    made.course_name,
    made.bin,
    made.forecasts::integer AS forecasts,
    made.groups::integer AS groups,
    round(made.sum / (10.0 * nullif(made.forecasts, 0)), 1) AS forecast_pct,
    CASE WHEN made.forecasts >= 20
        THEN round(100.0 * made.resumed / made.forecasts, 1) END AS observed_pct,
    round(made.squares / (1000000.0 * nullif(made.forecasts, 0)), 4) AS brier,
    round(
        (made.resumed * (course.forecasts - course.resumed) * (course.forecasts - course.resumed)
            + (made.forecasts - made.resumed) * course.resumed * course.resumed)
            / nullif(made.forecasts * course.forecasts * course.forecasts, 0),
        4) AS brier_base
FROM (
    SELECT
        *,
        max(forecasts) FILTER (WHERE bin IS NULL) OVER of_course AS course_forecasts,
        max(resumed) FILTER (WHERE bin IS NULL) OVER of_course AS course_resumed
    FROM ngeshare.count_forecasts()
    WINDOW of_course AS (PARTITION BY course_name)
) AS made
CROSS JOIN LATERAL (
    SELECT made.course_forecasts::numeric AS forecasts, made.course_resumed::numeric AS resumed
) AS course
LEFT JOIN ngeshare.course AS place ON place.course_name = made.course_name
ORDER BY place.sequence_order, made.bin;
COMMENT ON VIEW public.v_forecast_quality IS
'How good the forecasts resume_28_days_pct were, as of ngeshare_as_of(): one row per course and '
'bin of ten percent that has a forecast, and one row per course. For each of the last 12 month '
'ends whose 28 days are over, it compares the forecast of each group that had not graduated and '
'had not met for 1 to 180 days with the outcome.';
COMMENT ON COLUMN public.v_forecast_quality.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_forecast_quality.bin IS
'The bin of ten percent, from 0 to 9: bin n has the forecasts of at least 10n and less than 10n + '
'10 percent; bin 9 also has those of 100. NULL: all forecasts of the course.';
COMMENT ON COLUMN public.v_forecast_quality.forecasts IS
'The number of forecasts in the bin: one per group and month end at which the group had one.';
COMMENT ON COLUMN public.v_forecast_quality.groups IS
'The number of distinct groups that the forecasts are about.';
COMMENT ON COLUMN public.v_forecast_quality.forecast_pct IS
'The average of the forecasts in percent, one decimal; NULL without forecasts.';
COMMENT ON COLUMN public.v_forecast_quality.observed_pct IS
'The percentage of the forecasts whose group did meet within 28 days, one decimal; NULL below 20 '
'forecasts. The nearer it is to forecast_pct, the better the forecasts.';
COMMENT ON COLUMN public.v_forecast_quality.brier IS
'The Brier score of the forecasts, four decimals: the average square of the difference between the '
'forecast (0 to 1) and the outcome (0 or 1). Smaller is better. NULL without forecasts.';
COMMENT ON COLUMN public.v_forecast_quality.brier_base IS
'The Brier score if the course''s overall share of groups that met had been the forecast each '
'time; NULL without forecasts. A forecast with a greater score than this one is worth nothing.';
