-- Answers about courses: how groups get through a course, and from one course to the next.

CREATE VIEW api.funnel AS
SELECT *
FROM public.v_curriculum_funnel
ORDER BY sequence_order;
COMMENT ON VIEW api.funnel IS
'The curriculum as a funnel, one row per course.
How many groups start, graduate and continue with the next course. graduated, active, stalled and '
'not_started add up to groups_total.';

CREATE VIEW api.drop_off AS
SELECT
    drop_off.*,
    course.sequence_order
FROM public.v_drop_off AS drop_off
LEFT JOIN ngeshare.course ON course.course_name = drop_off.course_name
ORDER BY course.sequence_order, drop_off.episode;
COMMENT ON VIEW api.drop_off IS
'Where groups stop, one row per course and episode.
How many groups reached at least this episode, and how many stalled exactly there.';

CREATE VIEW api.cohort AS
SELECT *
FROM public.v_cohort
ORDER BY sequence_order, month;
COMMENT ON VIEW api.cohort IS
'Groups by the month of their first meeting, one row per course and month.
How many of them graduated within 3, 6 and 9 months.';

CREATE VIEW api.resume_chance AS
SELECT *
FROM public.v_resume_chance;
COMMENT ON VIEW api.resume_chance IS
'How likely a silent group is to meet again, one row per course and number of days.
Kaplan-Meier estimates from all silences of the course so far. A silence lasts from one meeting to '
'the next, or to the day of as_of if there was none by then.';

CREATE VIEW api.time_to_graduate AS
SELECT
    taken.*,
    course.sequence_order,
    others.p75_days,
    others.not_graduated
FROM public.v_time_to_graduate AS taken
LEFT JOIN ngeshare.course ON course.course_name = taken.course_name
LEFT JOIN (
    SELECT
        course_name,
        round((percentile_cont(0.75) WITHIN GROUP (
            ORDER BY graduated_on - first_meeting_date))::numeric, 1) AS p75_days,
        (count(*) FILTER (WHERE status <> 'GRADUATED'))::integer AS not_graduated
    FROM ngeshare.group_fact
    GROUP BY course_name
) AS others ON others.course_name = taken.course_name
ORDER BY course.sequence_order;
COMMENT ON VIEW api.time_to_graduate IS
'Days from the first meeting to the graduation, one row per course.
The figures are about graduated groups only; not_graduated counts the others.';
COMMENT ON COLUMN api.time_to_graduate.p75_days IS
'The number of days within which three in four of the graduated groups graduated '
'(percentile_cont), one decimal.';
COMMENT ON COLUMN api.time_to_graduate.not_graduated IS
'The number of the course''s groups that have not graduated; the other figures do not count them.';

CREATE VIEW api.graduation_days AS
WITH graduate AS (
    SELECT
        sequence_order,
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
), most AS (
    -- The closed bins reach up to the 95th percentile of the days. The last bin has no end.
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
COMMENT ON VIEW api.graduation_days IS
'Graduated groups by the days they took, one row per course and span of days.
A span is 7 days long, or 14, 28 and so on if more than 20 spans would be needed for 95 % of the '
'groups. The last span has no end. The groups of a course''s spans add up to its graduated groups.';
COMMENT ON COLUMN api.graduation_days.sequence_order IS
'The course''s position in the curriculum (course_config).';
COMMENT ON COLUMN api.graduation_days.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN api.graduation_days.from_days IS
'The smallest number of days in the span.';
COMMENT ON COLUMN api.graduation_days.to_days IS
'The greatest number of days in the span; NULL for the last span, which has no end.';
COMMENT ON COLUMN api.graduation_days.groups IS
'The number of graduated groups with from_days <= days_to_graduate <= to_days (group_status); 0 if '
'none.';

CREATE VIEW api.graduation_outliers AS
SELECT
    outlier.*,
    fact.group_name,
    fact.facilitator_id,
    fact.facilitator_name,
    fact.graduated_on,
    fact.city,
    fact.province
FROM public.v_graduation_outliers AS outlier
LEFT JOIN ngeshare.group_fact AS fact ON fact.group_id = outlier.group_id;
COMMENT ON VIEW api.graduation_outliers IS
'Graduated groups that took far less or far more time than others, one row per group.
FAST and SLOW are measured by the quartiles of the course''s graduated groups.';

CREATE VIEW api.pipeline AS
SELECT
    link.*,
    group_a.group_name AS group_a_name,
    group_b.group_name AS group_b_name
FROM public.v_curriculum_pipeline AS link
LEFT JOIN ngeshare.group_snapshot AS group_a ON group_a.group_id = link.group_a_id
LEFT JOIN ngeshare.group_snapshot AS group_b ON group_b.group_id = link.group_b_id;
COMMENT ON VIEW api.pipeline IS
'Which groups continued as which, one row per pair.
Group A graduated and went on to the next course as group B.';
COMMENT ON COLUMN api.pipeline.group_a_name IS
'The name of group A, the group that graduated (HangoutGroup.name).';
COMMENT ON COLUMN api.pipeline.group_b_name IS
'The name of group B, the group that group A continued as (HangoutGroup.name).';
