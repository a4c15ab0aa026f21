-- The answers that are worth keeping, as they are computed: what Home and the pages of
-- figures show. All are as of ngeshare_as_of(); ../api/ shows them, kept or computed.

CREATE VIEW ngeshare.computed_home AS
WITH month AS (
    -- A day beyond the first or the last timestamp has a month, too, but no timestamp.
    SELECT
        (began - interval '2 months')::date AS before,
        (began - interval '1 month')::date AS last,
        began::date AS this
    FROM ngeshare.asked
    CROSS JOIN LATERAL date_trunc('month', greatest(least(day, date '294276-12-31'), date '4712-01-01 BC')::timestamp) AS began
)
SELECT
    counted.groups_total,
    counted.groups_started,
    counted.active,
    counted.stalled,
    counted.graduated,
    counted.not_started,
    (SELECT count(*)::integer FROM ngeshare.group_fact WHERE is_rescuable) AS rescuable,
    (SELECT count(*)::integer FROM public.v_at_risk) AS at_risk,
    counted.continued,
    counted.awaiting,
    counted.could_continue,
    growth.total_facilitators,
    growth.active_facilitators,
    growth.alumni_facilitators,
    growth.alumni_pct,
    (SELECT last FROM month) AS last_month,
    graduations.last AS graduations_last_month,
    graduations.before AS graduations_month_before,
    newcomers.last AS new_facilitators_last_month,
    newcomers.before AS new_facilitators_month_before,
    (SELECT count(*)::integer FROM public.v_anomalies WHERE severity = 'warning') AS anomalies
FROM (
    SELECT
        coalesce(sum(groups_total), 0)::integer AS groups_total,
        coalesce(sum(groups_started), 0)::integer AS groups_started,
        coalesce(sum(active), 0)::integer AS active,
        coalesce(sum(stalled), 0)::integer AS stalled,
        coalesce(sum(graduated), 0)::integer AS graduated,
        coalesce(sum(not_started), 0)::integer AS not_started,
        coalesce(sum(continued), 0)::integer AS continued,
        coalesce(sum(awaiting), 0)::integer AS awaiting,
        (sum(graduated) FILTER (WHERE continued IS NOT NULL))::integer AS could_continue
    FROM public.v_curriculum_funnel
) AS counted
CROSS JOIN public.v_facilitator_growth AS growth
CROSS JOIN (
    SELECT
        (count(*) FILTER (WHERE graduated_on >= month.last))::integer AS last,
        (count(*) FILTER (WHERE graduated_on < month.last))::integer AS before
    FROM ngeshare.group_fact
    CROSS JOIN month
    WHERE graduated_on >= month.before
      AND graduated_on < month.this
) AS graduations
CROSS JOIN (
    SELECT
        (count(*) FILTER (WHERE facilitator_since >= month.last))::integer AS last,
        (count(*) FILTER (WHERE facilitator_since < month.last))::integer AS before
    FROM public.v_facilitator_alumni
    CROSS JOIN month
    WHERE facilitator_since >= month.before
      AND facilitator_since < month.this
) AS newcomers;
COMMENT ON VIEW ngeshare.computed_home IS
'The figures of api.home, in one row.';

CREATE VIEW ngeshare.computed_home_before AS
SELECT
    public.ngeshare_as_of() AS as_of,
    active,
    stalled,
    graduated,
    not_started,
    groups_total,
    rescuable,
    at_risk,
    active_facilitators,
    alumni_pct
FROM ngeshare.computed_home;
COMMENT ON VIEW ngeshare.computed_home_before IS
'The figures of api.home_before, in one row, where ngeshare.as_of is the earlier instant.';

CREATE VIEW ngeshare.computed_funnel AS
SELECT
    sequence_order,
    course_name,
    groups_total,
    groups_started,
    graduated,
    active,
    stalled,
    not_started,
    graduation_rate,
    continued,
    continuation_rate,
    awaiting,
    settled_continuation_rate
FROM public.v_curriculum_funnel
ORDER BY sequence_order;
COMMENT ON VIEW ngeshare.computed_funnel IS
'The rows of api.funnel.';

CREATE VIEW ngeshare.computed_drop_off AS
SELECT
    drop_off.course_name,
    drop_off.episode,
    drop_off.groups_reached,
    drop_off.groups_stalled,
    drop_off.stalled_pct,
    drop_off.is_peak,
    config.sequence_order
FROM public.v_drop_off AS drop_off
LEFT JOIN public.course_config AS config ON config.course_name = drop_off.course_name
ORDER BY config.sequence_order, drop_off.episode;
COMMENT ON VIEW ngeshare.computed_drop_off IS
'The rows of api.drop_off.';

CREATE VIEW ngeshare.computed_cohort AS
SELECT
    sequence_order,
    course_name,
    month,
    groups,
    graduated_3_months,
    graduated_6_months,
    graduated_9_months,
    graduated_3_months_pct,
    graduated_6_months_pct,
    graduated_9_months_pct,
    graduated,
    is_open
FROM public.v_cohort
ORDER BY sequence_order, month;
COMMENT ON VIEW ngeshare.computed_cohort IS
'The rows of api.cohort.';

CREATE VIEW ngeshare.computed_facilitator_growth AS
SELECT
    total_facilitators,
    active_facilitators,
    alumni_facilitators,
    alumni_pct
FROM public.v_facilitator_growth;
COMMENT ON VIEW ngeshare.computed_facilitator_growth IS
'The row of api.facilitator_growth.';

CREATE VIEW ngeshare.computed_facilitator_monthly AS
SELECT
    monthly.month,
    monthly.new_facilitators,
    monthly.total_facilitators,
    monthly.month < date_trunc('month', least(asked.day, date '294276-12-31')::timestamp) AS is_complete
FROM public.v_facilitator_monthly AS monthly
CROSS JOIN ngeshare.asked
ORDER BY monthly.month;
COMMENT ON VIEW ngeshare.computed_facilitator_monthly IS
'The rows of api.facilitator_monthly.';

CREATE VIEW ngeshare.computed_time_to_graduate AS
SELECT
    taken.course_name,
    taken.groups,
    taken.avg_days,
    taken.median_days,
    taken.p90_days,
    taken.min_days,
    taken.max_days,
    config.sequence_order,
    others.p75_days,
    others.not_graduated
FROM public.v_time_to_graduate AS taken
LEFT JOIN public.course_config AS config ON config.course_name = taken.course_name
LEFT JOIN (
    SELECT
        course_name,
        round((percentile_cont(0.75) WITHIN GROUP (ORDER BY graduated_on - first_meeting_date))::numeric, 1) AS p75_days,
        (count(*) FILTER (WHERE status <> 'GRADUATED'))::integer AS not_graduated
    FROM ngeshare.group_fact
    GROUP BY course_name
) AS others ON others.course_name = taken.course_name
ORDER BY config.sequence_order;
COMMENT ON VIEW ngeshare.computed_time_to_graduate IS
'The rows of api.time_to_graduate.';

CREATE VIEW ngeshare.computed_graduation_days AS
WITH graduate AS (
    SELECT
        sequence_order,
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
), most AS (
    -- Nineteen in twenty stand in the closed bins.
    SELECT
        sequence_order,
        course_name,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY days) AS days
    FROM graduate
    GROUP BY sequence_order, course_name
), scale AS (
    SELECT
        most.*,
        width.days AS width,
        most.days / width.days + 1 AS closed
    FROM most
    CROSS JOIN LATERAL (
        SELECT min(7 * 2 ^ doubled)::integer AS days
        FROM generate_series(0, 24) AS doubled
        WHERE most.days < 20 * 7 * 2 ^ doubled
    ) AS width
)
SELECT
    scale.sequence_order,
    scale.course_name,
    bin.number * scale.width AS from_days,
    CASE WHEN bin.number < scale.closed THEN (bin.number + 1) * scale.width - 1 END AS to_days,
    coalesce(counted.groups, 0)::integer AS groups
FROM scale
CROSS JOIN LATERAL generate_series(0, scale.closed) AS bin (number)
LEFT JOIN (
    SELECT
        graduate.course_name,
        least(graduate.days / scale.width, scale.closed) AS number,
        count(*) AS groups
    FROM graduate
    JOIN scale ON scale.course_name = graduate.course_name
    GROUP BY 1, 2
) AS counted ON counted.course_name = scale.course_name AND counted.number = bin.number
ORDER BY scale.sequence_order, bin.number;
COMMENT ON VIEW ngeshare.computed_graduation_days IS
'The rows of api.graduation_days.';

CREATE VIEW ngeshare.computed_rescue_list AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    max_episodes - max_episode_reached AS episodes_remaining,
    progress_pct,
    days_inactive,
    facilitator_is_deleted,
    max_episode_reached,
    max_episodes
FROM ngeshare.group_fact
WHERE is_rescuable;
COMMENT ON VIEW ngeshare.computed_rescue_list IS
'The rows of api.rescue_list.';

CREATE FUNCTION ngeshare.computed(kind anyelement, as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS SETOF anyelement
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
SET jit = off
COST 1000000
ROWS 100
AS $$
DECLARE
    view_name text := pg_typeof(kind)::text;
BEGIN
    IF view_name !~ E'^ngeshare\\.computed_[a-z_]+$' THEN
        RAISE insufficient_privilege
            USING MESSAGE = format('%s is none of the computed answers', view_name),
                  HINT = 'Give NULL of the row type of a view ngeshare.computed_...';
    END IF;
    PERFORM ngeshare.asked_at(as_of);
    PERFORM set_config('ngeshare.as_of', as_of::text, true);
    RETURN QUERY EXECUTE format('SELECT * FROM %s', view_name);
END
$$;
COMMENT ON FUNCTION ngeshare.computed(anyelement, timestamptz) IS
'The rows of one of the views ngeshare.computed_..., named by NULL of its row type, as of an instant. 42501 for any other type; other errors as for ngeshare_group_status().';
