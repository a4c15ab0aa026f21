-- The views about courses: how groups get through a course, and from one course to the next.

CREATE VIEW public.v_curriculum_pipeline AS
SELECT
    group_a_id,
    course_a,
    group_b_id,
    course_b,
    shared_facilitator_id,
    shared_member_count,
    ngeshare.percentage(shared_member_count, smaller_member_count) AS overlap_pct,
    days_between
FROM ngeshare.link_as_of;
COMMENT ON VIEW public.v_curriculum_pipeline IS
'Which groups continued as which, as of ngeshare_as_of(), one row per pair: group A graduated and '
'went on to the next course as group B. The same as ngeshare_pipeline().';
COMMENT ON COLUMN public.v_curriculum_pipeline.group_a_id IS
'Group A, the group that graduated (HangoutGroup.id).';
COMMENT ON COLUMN public.v_curriculum_pipeline.course_a IS
'The course that group A graduated from.';
COMMENT ON COLUMN public.v_curriculum_pipeline.group_b_id IS
'Group B, the group of the next course that group A continued as (HangoutGroup.id). One group A '
'may have several groups B, and the reverse.';
COMMENT ON COLUMN public.v_curriculum_pipeline.course_b IS
'The course of group B, the next one after course_a.';
COMMENT ON COLUMN public.v_curriculum_pipeline.shared_facilitator_id IS
'The user id of the facilitator of both groups.';
COMMENT ON COLUMN public.v_curriculum_pipeline.shared_member_count IS
'The number of persons who are members of both groups; at least 2 (ngeshare.link_min_shared).';
COMMENT ON COLUMN public.v_curriculum_pipeline.overlap_pct IS
'Shared members as a percentage of the smaller group''s members, one decimal; before rounding at '
'least 50 (ngeshare.link_min_overlap_pct).';
COMMENT ON COLUMN public.v_curriculum_pipeline.days_between IS
'Days from group A''s graduation to group B''s first meeting, from -30 (ngeshare.link_early_days) '
'to 90 (ngeshare.link_days).';

CREATE VIEW public.v_curriculum_funnel AS
-- A group that graduated more than link_days ago counts as settled: no group that starts later can
-- be linked to it.
WITH late AS (
    SELECT
        ngeshare.as_of_day() AS today,
        ngeshare.link_rule('link_days') AS link_days
)
SELECT
    sequence_order,
    course_name,
    groups_total,
    groups_started,
    graduated,
    active,
    stalled,
    not_started,
    ngeshare.percentage(graduated, groups_total) AS graduation_rate,
    CASE WHEN NOT is_last THEN continued END AS continued,
    CASE WHEN NOT is_last THEN ngeshare.percentage(continued, graduated) END AS continuation_rate,
    CASE WHEN NOT is_last THEN awaiting END AS awaiting,
    CASE WHEN NOT is_last
        THEN ngeshare.percentage(settled_continued, settled) END AS settled_continuation_rate
FROM (
    SELECT
        course.sequence_order,
        course.course_name,
        course.sequence_order = max(course.sequence_order) OVER () AS is_last,
        coalesce(counted.groups_total, 0) AS groups_total,
        coalesce(counted.groups_started, 0) AS groups_started,
        coalesce(counted.graduated, 0) AS graduated,
        coalesce(counted.active, 0) AS active,
        coalesce(counted.stalled, 0) AS stalled,
        coalesce(counted.not_started, 0) AS not_started,
        coalesce(went_on.continued, 0) AS continued,
        coalesce(counted.graduated - counted.settled, 0)
            - coalesce(went_on.continued - went_on.settled_continued, 0) AS awaiting,
        coalesce(counted.settled, 0) AS settled,
        coalesce(went_on.settled_continued, 0) AS settled_continued
    FROM ngeshare.course
    LEFT JOIN (
        SELECT
            sequence_order,
            count(*)::integer AS groups_total,
            count(last_meeting_date)::integer AS groups_started,
            (count(*) FILTER (WHERE status = 'GRADUATED'))::integer AS graduated,
            (count(*) FILTER (WHERE status = 'ACTIVE'))::integer AS active,
            (count(*) FILTER (WHERE status = 'STALLED'))::integer AS stalled,
            (count(*) FILTER (WHERE status = 'NOT_STARTED'))::integer AS not_started,
            (count(*) FILTER (WHERE (SELECT today FROM late) - graduated_on >
                (SELECT link_days FROM late)))::integer AS settled
        FROM ngeshare.group_fact
        GROUP BY sequence_order
    ) AS counted ON counted.sequence_order = course.sequence_order
    LEFT JOIN (
        SELECT
            course_a AS course_name,
            count(*)::integer AS continued,
            (count(*) FILTER (WHERE (SELECT today FROM late) - graduated_on >
                (SELECT link_days FROM late)))::integer AS settled_continued
        FROM (SELECT course_a, min(graduated_on) AS graduated_on FROM ngeshare.link_as_of
            GROUP BY group_a_id, course_a) AS went_on
        GROUP BY course_a
    ) AS went_on ON went_on.course_name = course.course_name
) AS course
-- The joined subqueries call can_answer(), too, but the planner drops those whose columns are not
-- read.
WHERE (SELECT ngeshare.can_answer())
ORDER BY sequence_order;
COMMENT ON VIEW public.v_curriculum_funnel IS
'How many groups of each course start, graduate and continue with the next course, one row per '
'course, as of ngeshare_as_of(). The same as ngeshare_funnel().';
COMMENT ON COLUMN public.v_curriculum_funnel.sequence_order IS
'The course''s position in the curriculum (course_config).';
COMMENT ON COLUMN public.v_curriculum_funnel.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_curriculum_funnel.groups_total IS
'The number of all groups of the course.';
COMMENT ON COLUMN public.v_curriculum_funnel.groups_started IS
'The number of the course''s groups that have met at least once.';
COMMENT ON COLUMN public.v_curriculum_funnel.graduated IS
'The number of the course''s groups with status GRADUATED.';
COMMENT ON COLUMN public.v_curriculum_funnel.active IS
'The number of the course''s groups with status ACTIVE.';
COMMENT ON COLUMN public.v_curriculum_funnel.stalled IS
'The number of the course''s groups with status STALLED.';
COMMENT ON COLUMN public.v_curriculum_funnel.not_started IS
'The number of the course''s groups with status NOT_STARTED.';
COMMENT ON COLUMN public.v_curriculum_funnel.graduation_rate IS
'Graduated groups as a percentage of groups_total, one decimal; NULL if the course has no groups.';
COMMENT ON COLUMN public.v_curriculum_funnel.continued IS
'The number of graduated groups that continued as a group of the next course '
'(v_curriculum_pipeline); NULL for the last course.';
COMMENT ON COLUMN public.v_curriculum_funnel.continuation_rate IS
'The groups in continued as a percentage of graduated, one decimal; NULL for the last course, and '
'if no group has graduated.';
COMMENT ON COLUMN public.v_curriculum_funnel.awaiting IS
'The number of groups that graduated at most 90 days ago (ngeshare.link_days) and have not '
'continued with the next course yet, but still may; NULL for the last course.';
COMMENT ON COLUMN public.v_curriculum_funnel.settled_continuation_rate IS
'Of the groups that graduated more than 90 days ago (ngeshare.link_days), the percentage that '
'continued with the next course, one decimal; NULL for the last course, and if there are no such '
'groups.';

CREATE VIEW public.v_drop_off AS
SELECT
    course_name,
    episode,
    groups_reached,
    groups_stalled,
    round(100.0 * groups_stalled / nullif(course_stalled, 0), 1) AS stalled_pct,
    groups_stalled > 0 AND place = 1 AS is_peak
FROM (
    SELECT
        config.course_name,
        config.max_episodes,
        step.episode,
        (sum(coalesce(reached.groups, 0)) OVER (course
            ORDER BY step.episode DESC))::integer AS groups_reached,
        coalesce(reached.stalled, 0) AS groups_stalled,
        sum(reached.stalled) OVER course AS course_stalled,
        row_number() OVER (course ORDER BY coalesce(reached.stalled, 0) DESC, step.episode) AS place
    FROM ngeshare.course AS config
    CROSS JOIN LATERAL generate_series(0, config.max_episodes) AS step (episode)
    LEFT JOIN (
        SELECT
            sequence_order,
            least(max_episode_reached, max_episodes) AS episode,
            count(*) AS groups,
            (count(*) FILTER (WHERE status = 'STALLED'))::integer AS stalled
        FROM ngeshare.group_fact
        GROUP BY 1, 2
    ) AS reached ON reached.sequence_order = config.sequence_order
        AND reached.episode = step.episode
    WINDOW course AS (PARTITION BY config.course_name)
) AS counted
WHERE episode < max_episodes;
COMMENT ON VIEW public.v_drop_off IS
'How many groups reach each episode and how many stall there, one row per course and episode, as '
'of ngeshare_as_of(). Courses without groups are included. Episode 0 stands for groups that have '
'not reached the first episode.';
COMMENT ON COLUMN public.v_drop_off.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_drop_off.episode IS
'The furthest episode that a group has reached, from 0 (none) to the last but one of the course.';
COMMENT ON COLUMN public.v_drop_off.groups_reached IS
'The number of groups that reached this episode or a later one; for episode 0, all groups of the '
'course.';
COMMENT ON COLUMN public.v_drop_off.groups_stalled IS
'The number of STALLED groups whose furthest episode is this one.';
COMMENT ON COLUMN public.v_drop_off.stalled_pct IS
'The groups in groups_stalled as a percentage of all STALLED groups of the course, one decimal; '
'NULL if the course has none.';
COMMENT ON COLUMN public.v_drop_off.is_peak IS
'Whether more groups of the course stalled at this episode than at any other; of equal episodes '
'the lowest is the peak. A course without STALLED groups has no peak.';

CREATE VIEW public.v_time_to_graduate AS
SELECT
    course_name,
    count(*)::integer AS groups,
    round(avg(days), 1) AS avg_days,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days)::numeric, 1) AS median_days,
    round(percentile_cont(0.9) WITHIN GROUP (ORDER BY days)::numeric, 1) AS p90_days,
    min(days) AS min_days,
    max(days) AS max_days
FROM (
    SELECT
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
) AS graduate
GROUP BY course_name;
COMMENT ON VIEW public.v_time_to_graduate IS
'How many days the course''s graduated groups took from their first meeting to their graduation, '
'one row per course with graduates, as of ngeshare_as_of().';
COMMENT ON COLUMN public.v_time_to_graduate.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_time_to_graduate.groups IS
'The number of graduated groups of the course.';
COMMENT ON COLUMN public.v_time_to_graduate.avg_days IS
'The average number of days from a group''s first meeting to its graduation, one decimal.';
COMMENT ON COLUMN public.v_time_to_graduate.median_days IS
'The median number of days from a group''s first meeting to its graduation (percentile_cont), one '
'decimal.';
COMMENT ON COLUMN public.v_time_to_graduate.p90_days IS
'The number of days within which nine in ten groups graduated (percentile_cont), one decimal.';
COMMENT ON COLUMN public.v_time_to_graduate.min_days IS
'The smallest number of days from a group''s first meeting to its graduation; 0 if a group '
'graduated on the day of its first meeting.';
COMMENT ON COLUMN public.v_time_to_graduate.max_days IS
'The greatest number of days from a group''s first meeting to its graduation.';

CREATE VIEW public.v_graduation_outliers AS
WITH graduate AS (
    SELECT
        group_id,
        course_name,
        graduated_on - first_meeting_date AS days
    FROM ngeshare.group_fact
    WHERE status = 'GRADUATED'
), quartile AS (
    SELECT
        course_name,
        percentile_cont(0.25) WITHIN GROUP (ORDER BY days) AS lower,
        percentile_cont(0.75) WITHIN GROUP (ORDER BY days) AS upper
    FROM graduate
    GROUP BY course_name
)
SELECT
    graduate.group_id,
    graduate.course_name,
    graduate.days AS days_to_graduate,
    CASE WHEN graduate.days < quartile.lower THEN 'FAST' ELSE 'SLOW' END AS outlier
FROM graduate
JOIN quartile ON quartile.course_name = graduate.course_name
WHERE graduate.days < quartile.lower - 1.5 * (quartile.upper - quartile.lower)
   OR graduate.days > quartile.upper + 1.5 * (quartile.upper - quartile.lower);
COMMENT ON VIEW public.v_graduation_outliers IS
'Graduated groups that took far less or far more time to graduate than the other groups of their '
'course, one row per group, as of ngeshare_as_of().';
COMMENT ON COLUMN public.v_graduation_outliers.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_graduation_outliers.course_name IS
'The group''s course.';
COMMENT ON COLUMN public.v_graduation_outliers.days_to_graduate IS
'Days from the group''s first meeting to its graduation.';
COMMENT ON COLUMN public.v_graduation_outliers.outlier IS
'FAST if the days are below the first quartile of the course''s graduated groups by more than 1.5 '
'times the distance between the quartiles; SLOW if they are above the third quartile by more than '
'that.';

CREATE VIEW public.v_cohort AS
WITH started AS (
    SELECT
        sequence_order,
        course_name,
        date_trunc('month', first_meeting_date::timestamp)::date AS month,
        first_meeting_date,
        graduated_on
    FROM ngeshare.group_fact
    WHERE first_meeting_date IS NOT NULL
), counted AS (
    SELECT
        sequence_order,
        course_name,
        month,
        (month + interval '1 month' - interval '1 day')::date AS last_day,
        count(*)::integer AS groups,
        (count(*) FILTER (WHERE graduated_on <= first_meeting_date + interval '3 months'))::integer
            AS in_3_months,
        (count(*) FILTER (WHERE graduated_on <= first_meeting_date + interval '6 months'))::integer
            AS in_6_months,
        (count(*) FILTER (WHERE graduated_on <= first_meeting_date + interval '9 months'))::integer
            AS in_9_months,
        count(graduated_on)::integer AS graduated
    FROM started
    GROUP BY 1, 2, 3
), closed AS (
    SELECT
        counted.*,
        last_day + interval '3 months' < asked.day AS closed_3_months,
        last_day + interval '6 months' < asked.day AS closed_6_months,
        last_day + interval '9 months' < asked.day AS closed_9_months
    FROM counted
    CROSS JOIN (SELECT ngeshare.as_of_day() AS day) AS asked
)
SELECT
    sequence_order,
    course_name,
    month,
    groups,
    in_3_months AS graduated_3_months,
    in_6_months AS graduated_6_months,
    in_9_months AS graduated_9_months,
    CASE WHEN closed_3_months
        THEN round(100.0 * in_3_months / groups, 1) END AS graduated_3_months_pct,
    CASE WHEN closed_6_months
        THEN round(100.0 * in_6_months / groups, 1) END AS graduated_6_months_pct,
    CASE WHEN closed_9_months
        THEN round(100.0 * in_9_months / groups, 1) END AS graduated_9_months_pct,
    graduated,
    NOT closed_9_months AS is_open
FROM closed;
COMMENT ON VIEW public.v_cohort IS
'Groups by the month of their first meeting, one row per course and month, as of ngeshare_as_of(): '
'how many of them graduated within 3, 6 and 9 months of their first meeting.';
COMMENT ON COLUMN public.v_cohort.sequence_order IS
'The course''s position in the curriculum (course_config).';
COMMENT ON COLUMN public.v_cohort.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_cohort.month IS
'The first day of the month in which these groups first met.';
COMMENT ON COLUMN public.v_cohort.groups IS
'The number of groups of the course that first met in the month.';
COMMENT ON COLUMN public.v_cohort.graduated_3_months IS
'The number of these groups that have graduated at most 3 months after the day of their first '
'meeting.';
COMMENT ON COLUMN public.v_cohort.graduated_6_months IS
'The number of these groups that have graduated at most 6 months after the day of their first '
'meeting.';
COMMENT ON COLUMN public.v_cohort.graduated_9_months IS
'The number of these groups that have graduated at most 9 months after the day of their first '
'meeting.';
COMMENT ON COLUMN public.v_cohort.graduated_3_months_pct IS
'The groups in graduated_3_months as a percentage of groups, one decimal; NULL until 3 months have '
'passed since the last day of the month.';
COMMENT ON COLUMN public.v_cohort.graduated_6_months_pct IS
'The groups in graduated_6_months as a percentage of groups, one decimal; NULL until 6 months have '
'passed since the last day of the month.';
COMMENT ON COLUMN public.v_cohort.graduated_9_months_pct IS
'The groups in graduated_9_months as a percentage of groups, one decimal; NULL until 9 months have '
'passed since the last day of the month.';
COMMENT ON COLUMN public.v_cohort.graduated IS
'The number of these groups that have graduated, however long it took.';
COMMENT ON COLUMN public.v_cohort.is_open IS
'Whether 9 months have not yet passed since the last day of the month, so that graduated_9_months '
'may still grow.';

-- The rows are unique per course and days anyway, but DISTINCT ON tells the planner so. It can then
-- remove a LEFT JOIN to this view from a query that uses none of the view's columns.
CREATE VIEW public.v_resume_chance AS
SELECT DISTINCT ON (course_name, days_silent) *
FROM ngeshare.resume_chances();
COMMENT ON VIEW public.v_resume_chance IS
'How likely a group that has not met for a number of days is to meet again, one row per course and '
'length of a silence in days, as of ngeshare_as_of(). A silence lasts from one meeting to the '
'next, or to the day of as_of if there was none by then. The chances are Kaplan-Meier estimates, '
'so silences that still last count for as long as they have lasted.';
COMMENT ON COLUMN public.v_resume_chance.course_name IS
'The course''s name (course_config).';
COMMENT ON COLUMN public.v_resume_chance.days_silent IS
'The length of a silence: days from a meeting to the next, or to the day of as_of if there was '
'none by then. Days after a group''s graduation do not count.';
COMMENT ON COLUMN public.v_resume_chance.silences IS
'The number of silences in the course that lasted at least days_silent days.';
COMMENT ON COLUMN public.v_resume_chance.resumed IS
'The number of silences in the course that ended with a meeting after exactly days_silent days.';
COMMENT ON COLUMN public.v_resume_chance.lasting IS
'The number of silences in the course that have lasted exactly days_silent days on the day of '
'as_of and have not ended. The groups have not graduated.';
COMMENT ON COLUMN public.v_resume_chance.resume_chance IS
'The chance in percent that a silence that has lasted days_silent days ever ends with a meeting, '
'one decimal: 1 less the product of 1 - resumed / silences over all longer silences.';
COMMENT ON COLUMN public.v_resume_chance.resume_28_days_pct IS
'The chance in percent that a silence that has lasted days_silent days ends with a meeting within '
'28 days, one decimal: 1 less the product of 1 - resumed / silences over the next 28 days. NULL if '
'fewer than 20 silences lasted as long, or if all of those ended after exactly days_silent days.';
