-- The views over time: the trend of a year, the changes of a week, and what became of forecasts.

CREATE VIEW public.v_status_trend AS
SELECT
    as_of_day,
    course_name,
    groups_total,
    active,
    stalled,
    not_started,
    graduated
-- There is no day a year before the calendar's first.
FROM public.ngeshare_trend(
    greatest(ngeshare.as_of_day(), date '4714-11-24 BC' + 364) - 364,
    NULL::date,
    interval '1 week',
    public.ngeshare_as_of());
COMMENT ON VIEW public.v_status_trend IS
'One row per week of the year up to ngeshare_as_of() and per course: how many groups had which '
'status? The weeks end on the weekday of as_of. The same as ngeshare_trend() from 364 days before.';
COMMENT ON COLUMN public.v_status_trend.as_of_day IS
'The local day at whose end the groups are counted; the last one is the day of as_of, at as_of.';
COMMENT ON COLUMN public.v_status_trend.course_name IS
'The course.';
COMMENT ON COLUMN public.v_status_trend.groups_total IS
'All its groups that existed then.';
COMMENT ON COLUMN public.v_status_trend.active IS
'Those with status ACTIVE then.';
COMMENT ON COLUMN public.v_status_trend.stalled IS
'Those with status STALLED then.';
COMMENT ON COLUMN public.v_status_trend.not_started IS
'Those with status NOT_STARTED then.';
COMMENT ON COLUMN public.v_status_trend.graduated IS
'Those with status GRADUATED then.';

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
-- There is no instant a week before the calendar's first. A day of 24 hours is no matter of the
-- zone.
FROM public.ngeshare_status_changes(
    greatest(public.ngeshare_as_of(),
        timestamptz '4714-11-24 00:00:00+00 BC' + interval '168 hours') - interval '168 hours',
    public.ngeshare_as_of());
COMMENT ON VIEW public.v_status_changes IS
'One row per curriculum group whose status differs from what it was exactly 168 hours before '
'ngeshare_as_of(), the latest change first: what happened this week? The same as '
'ngeshare_status_changes().';
COMMENT ON COLUMN public.v_status_changes.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_status_changes.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_status_changes.course_name IS
'Its course.';
COMMENT ON COLUMN public.v_status_changes.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN public.v_status_changes.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN public.v_status_changes.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN public.v_status_changes.status_before IS
'Its status 168 hours before; NULL where it did not exist.';
COMMENT ON COLUMN public.v_status_changes.status_after IS
'Its status now.';
COMMENT ON COLUMN public.v_status_changes.change IS
'NEW (it did not exist), STARTED (it had never met, and has met since), RESUMED (it was STALLED, '
'and is ACTIVE), STALLED or GRADUATED, the first that holds.';
COMMENT ON COLUMN public.v_status_changes.changed_on IS
'The local day of the change: of NEW the day on which production made the group, of STARTED and '
'RESUMED the day of the first meeting since, of STALLED the first day beyond the 28 '
'(ngeshare.active_days), of GRADUATED graduated_on.';

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
'How good is resume_28_days_pct? One row per course and bin of ten percent that has a forecast, '
'and one per course, as of ngeshare_as_of(): for the last 12 month ends whose 28 days are over, '
'what was forecast for each group that had been silent for 1 to 180 days, and what came of it.';
COMMENT ON COLUMN public.v_forecast_quality.course_name IS
'The course.';
COMMENT ON COLUMN public.v_forecast_quality.bin IS
'0 to 9: bin n has the forecasts of at least 10n and less than 10n + 10 percent; bin 9 has 100 '
'too. NULL: the whole course.';
COMMENT ON COLUMN public.v_forecast_quality.forecasts IS
'Forecasts: one per group and month end at which it had one.';
COMMENT ON COLUMN public.v_forecast_quality.groups IS
'The distinct groups that they are about.';
COMMENT ON COLUMN public.v_forecast_quality.forecast_pct IS
'The average forecast, one decimal.';
COMMENT ON COLUMN public.v_forecast_quality.observed_pct IS
'The percentage of them whose group met within 28 days, one decimal; NULL below 20 forecasts. The '
'nearer to forecast_pct, the better.';
COMMENT ON COLUMN public.v_forecast_quality.brier IS
'The Brier score, four decimals: the average square of what the forecasts missed by, each of 0 to '
'1. The smaller, the better.';
COMMENT ON COLUMN public.v_forecast_quality.brier_base IS
'The Brier score of the same groups had the course''s observed share always been forecast: a '
'forecast with a greater one is worth nothing.';
