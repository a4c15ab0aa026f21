-- v_follow_up_effect: how many contacted groups met again, and how many were expected to.

CREATE FUNCTION ngeshare.contacted_silences()
RETURNS TABLE
(
    course_name    text,
    sequence_order integer,
    contacted      integer,
    met_again      integer,
    expected       double precision
)
AS 'MODULE_PATHNAME', 'ngeshare_contacted_silences'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 4;
COMMENT ON FUNCTION ngeshare.contacted_silences() IS
'Counts contacted silences, one row per course, as of ngeshare_as_of(). contacted: silences whose '
'first follow-up was made while the group was STALLED, and more than 28 days before '
'ngeshare_as_of() or the last successful sync, whichever is earlier. met_again: contacted silences '
'that ended within 28 days of the first follow-up. expected: the sum of their chances of ending so '
'soon without a follow-up.';

CREATE FUNCTION ngeshare.wilson_bound(part integer, whole integer, is_upper boolean)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
-- 3.84... is the square of 1.96, the 97.5 % quantile of the normal distribution.
RETURN round((100 * (part + 3.841458820694124::float8 / 2
        + CASE WHEN is_upper THEN 1 ELSE -1 END
            * sqrt(3.841458820694124::float8
                * (part::float8 * (whole - part) / whole + 3.841458820694124::float8 / 4)))
    / (whole + 3.841458820694124::float8))::numeric, 1);
COMMENT ON FUNCTION ngeshare.wilson_bound(integer, integer, boolean) IS
'The lower or upper bound of Wilson''s 95 % confidence interval for a proportion, in percent, one '
'decimal.';

CREATE VIEW public.v_follow_up_effect AS
SELECT
    course_name,
    contacted,
    met_again,
    CASE WHEN contacted >= 50 THEN ngeshare.percentage(met_again, contacted) END AS met_again_pct,
    -- First rounded to 9 decimals, so that a floating-point error cannot round a half down.
    CASE WHEN contacted >= 50
        THEN round(round((100 * expected / contacted)::numeric, 9), 1) END AS expected_pct,
    CASE WHEN contacted >= 50
        THEN ngeshare.wilson_bound(met_again, contacted, false) END AS met_again_low,
    CASE WHEN contacted >= 50
        THEN ngeshare.wilson_bound(met_again, contacted, true) END AS met_again_high
FROM (
    SELECT
        course_name,
        sequence_order,
        coalesce(sum(contacted), 0)::integer AS contacted,
        coalesce(sum(met_again), 0)::integer AS met_again,
        sum(expected) AS expected
    FROM ngeshare.contacted_silences()
    GROUP BY GROUPING SETS ((course_name, sequence_order), ())
) AS counted
ORDER BY sequence_order NULLS LAST;
COMMENT ON VIEW public.v_follow_up_effect IS
'Whether groups that were contacted while STALLED meet again more often than expected, one row per '
'course, and one with NULL for all, as of ngeshare_as_of(). It is a comparison, not a proof, '
'because coordinators chose whom to contact. A silence lasts from one meeting of a group to the '
'next, or to the day of as_of if there was none by then.';
COMMENT ON COLUMN public.v_follow_up_effect.course_name IS
'The course''s name; NULL for all courses together.';
COMMENT ON COLUMN public.v_follow_up_effect.contacted IS
'The number of silences whose first follow-up was made while the group was STALLED, and more than '
'28 days before as_of or the last successful sync, whichever is earlier. A silence that had a '
'follow-up before the group stalled does not count.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again IS
'Of the silences counted in the column contacted, the number that ended with a meeting at most 28 '
'days after the day of the first follow-up.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again_pct IS
'met_again as a percentage of contacted, one decimal; NULL if contacted is below 50.';
COMMENT ON COLUMN public.v_follow_up_effect.expected_pct IS
'Of the silences counted in the column contacted, the percentage that was expected to end within '
'28 days without a follow-up, one decimal: the average of their Kaplan-Meier estimates, in which a '
'contacted silence is censored at its first follow-up. NULL if contacted is below 50.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again_low IS
'The lower bound of the 95 % confidence interval of met_again_pct, after Wilson, one decimal; NULL '
'if contacted is below 50.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again_high IS
'The upper bound of the 95 % confidence interval of met_again_pct, after Wilson, one decimal; NULL '
'if contacted is below 50.';
