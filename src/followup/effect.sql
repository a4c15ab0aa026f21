-- Did contacting help? Silences in which a group was contacted, beside what was to be expected.

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
'One row per course, as of ngeshare_as_of(): the silences with a follow-up while the group was '
'stalled, more than 28 days ago; how many of them ended within 28 days of the first one; and the '
'sum of their chances to do so, had nobody contacted them.';

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
'The lower or upper end of Wilson''s 95 % interval of a share, in percent, one decimal.';

CREATE VIEW public.v_follow_up_effect AS
SELECT
    course_name,
    contacted,
    met_again,
    CASE WHEN contacted >= 50 THEN ngeshare.percentage(met_again, contacted) END AS met_again_pct,
    -- Rounded twice: a tie is no tie in binary.
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
        sum(contacted)::integer AS contacted,
        sum(met_again)::integer AS met_again,
        sum(expected) AS expected
    FROM ngeshare.contacted_silences()
    GROUP BY GROUPING SETS ((course_name, sequence_order), ())
) AS counted
ORDER BY sequence_order NULLS LAST;
COMMENT ON VIEW public.v_follow_up_effect IS
'Do groups that were contacted while STALLED meet again more often than was to be expected? One '
'row per course, and one with NULL for all. It is a comparison, not a proof: coordinators chose '
'whom to contact. As of ngeshare_as_of().';
COMMENT ON COLUMN public.v_follow_up_effect.course_name IS
'The course; NULL for all courses together.';
COMMENT ON COLUMN public.v_follow_up_effect.contacted IS
'Silences with a follow-up while the group was STALLED, the first one more than 28 days ago. A '
'silence that was contacted before the group stalled does not count.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again IS
'Those of them that ended with a meeting at most 28 days after the day of the first follow-up.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again_pct IS
'met_again in percent of contacted, one decimal; NULL for fewer than 50 contacted.';
COMMENT ON COLUMN public.v_follow_up_effect.expected_pct IS
'The average chance in percent that such a silence ends within 28 days without a follow-up, after '
'Kaplan and Meier, one decimal: contacted silences count only until their first follow-up, as '
'lasting then. NULL for fewer than 50 contacted.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again_low IS
'The lower end of the 95 % interval of met_again_pct, after Wilson; NULL for fewer than 50 '
'contacted.';
COMMENT ON COLUMN public.v_follow_up_effect.met_again_high IS
'The upper end of it.';
