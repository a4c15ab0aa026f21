-- The views with one row per course, and those on the way from course to course.

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
'One row per link at ngeshare_as_of(): group A went on to the next course as group B. The same as '
'ngeshare_pipeline().';
COMMENT ON COLUMN public.v_curriculum_pipeline.group_a_id IS
'The group that graduated.';
COMMENT ON COLUMN public.v_curriculum_pipeline.course_a IS
'Its course.';
COMMENT ON COLUMN public.v_curriculum_pipeline.group_b_id IS
'The group that went on; one A may have several B and the reverse.';
COMMENT ON COLUMN public.v_curriculum_pipeline.course_b IS
'The next course.';
COMMENT ON COLUMN public.v_curriculum_pipeline.shared_facilitator_id IS
'The facilitator of both.';
COMMENT ON COLUMN public.v_curriculum_pipeline.shared_member_count IS
'Persons who are members of both; at least 2.';
COMMENT ON COLUMN public.v_curriculum_pipeline.overlap_pct IS
'They in percent of the smaller group, one decimal; at least 50 before rounding.';
COMMENT ON COLUMN public.v_curriculum_pipeline.days_between IS
'Days from A''s graduation to B''s first meeting: -30 to 90.';

CREATE VIEW public.v_curriculum_funnel AS
-- A group that graduated more than link_days ago can no longer get a link: its outcome is settled.
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
-- Also where nobody looks at the counts.
WHERE (SELECT ngeshare.can_answer())
ORDER BY sequence_order;
COMMENT ON VIEW public.v_curriculum_funnel IS
'One row per course as of ngeshare_as_of(): how many groups start, graduate and go on. The same as '
'ngeshare_funnel().';
COMMENT ON COLUMN public.v_curriculum_funnel.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN public.v_curriculum_funnel.course_name IS
'The course.';
COMMENT ON COLUMN public.v_curriculum_funnel.groups_total IS
'All its groups.';
COMMENT ON COLUMN public.v_curriculum_funnel.groups_started IS
'Those that met at least once.';
COMMENT ON COLUMN public.v_curriculum_funnel.graduated IS
'Those with status GRADUATED.';
COMMENT ON COLUMN public.v_curriculum_funnel.active IS
'Those with status ACTIVE.';
COMMENT ON COLUMN public.v_curriculum_funnel.stalled IS
'Those with status STALLED.';
COMMENT ON COLUMN public.v_curriculum_funnel.not_started IS
'Those with status NOT_STARTED.';
COMMENT ON COLUMN public.v_curriculum_funnel.graduation_rate IS
'graduated in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN public.v_curriculum_funnel.continued IS
'Graduated groups that a link goes out from; NULL for the last course.';
COMMENT ON COLUMN public.v_curriculum_funnel.continuation_rate IS
'continued in percent of graduated; NULL for the last course and without graduates.';
COMMENT ON COLUMN public.v_curriculum_funnel.awaiting IS
'Graduated at most 90 days ago and without a link: they may still go on; NULL for the last course.';
COMMENT ON COLUMN public.v_curriculum_funnel.settled_continuation_rate IS
'Of the groups that graduated more than 90 days ago, the percentage with a link; NULL for the last '
'course and without such groups.';

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
'One row per course and episode as of ngeshare_as_of(), courses without groups too: where do '
'groups stop? Episode 0 is before the first.';
COMMENT ON COLUMN public.v_drop_off.course_name IS
'The course.';
COMMENT ON COLUMN public.v_drop_off.episode IS
'0 to one before the last: the furthest episode reached so far.';
COMMENT ON COLUMN public.v_drop_off.groups_reached IS
'Groups that reached this episode or a later one; for 0 all groups of the course.';
COMMENT ON COLUMN public.v_drop_off.groups_stalled IS
'STALLED groups that got exactly this far.';
COMMENT ON COLUMN public.v_drop_off.stalled_pct IS
'They in percent of the course''s STALLED groups, one decimal; NULL where none stalled.';
COMMENT ON COLUMN public.v_drop_off.is_peak IS
'Whether most of the course stalled here; on a tie the lowest episode, and none where nothing '
'stalled.';

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
'One row per course with a graduate as of ngeshare_as_of(): days from a group''s first meeting to '
'its graduation.';
COMMENT ON COLUMN public.v_time_to_graduate.course_name IS
'The course.';
COMMENT ON COLUMN public.v_time_to_graduate.groups IS
'Its graduated groups.';
COMMENT ON COLUMN public.v_time_to_graduate.avg_days IS
'The average, one decimal.';
COMMENT ON COLUMN public.v_time_to_graduate.median_days IS
'The median (percentile_cont); of whole days it has one decimal.';
COMMENT ON COLUMN public.v_time_to_graduate.p90_days IS
'The days within which nine in ten graduated (percentile_cont); of whole days it has one decimal.';
COMMENT ON COLUMN public.v_time_to_graduate.min_days IS
'The fewest; 0 where a group graduated on the day it first met.';
COMMENT ON COLUMN public.v_time_to_graduate.max_days IS
'The most.';

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
'One row per graduated group as of ngeshare_as_of() that took far less or far more time than its '
'course''s others.';
COMMENT ON COLUMN public.v_graduation_outliers.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_graduation_outliers.course_name IS
'Its course.';
COMMENT ON COLUMN public.v_graduation_outliers.days_to_graduate IS
'Days from its first meeting to its graduation.';
COMMENT ON COLUMN public.v_graduation_outliers.outlier IS
'FAST or SLOW: more than 1.5 times the distance between the quartiles of its course''s graduates '
'below the first or above the third.';

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
'One row per course and month in which groups of it first met, as of ngeshare_as_of(): how many of '
'them graduated within 3, 6 and 9 months of their own first meeting?';
COMMENT ON COLUMN public.v_cohort.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN public.v_cohort.course_name IS
'The course.';
COMMENT ON COLUMN public.v_cohort.month IS
'The first day of the month in which these groups first met.';
COMMENT ON COLUMN public.v_cohort.groups IS
'Groups of the course that first met in it.';
COMMENT ON COLUMN public.v_cohort.graduated_3_months IS
'Those that graduated at most 3 months after the day they first met, so far.';
COMMENT ON COLUMN public.v_cohort.graduated_6_months IS
'Those that graduated at most 6 months after the day they first met, so far.';
COMMENT ON COLUMN public.v_cohort.graduated_9_months IS
'Those that graduated at most 9 months after the day they first met, so far.';
COMMENT ON COLUMN public.v_cohort.graduated_3_months_pct IS
'They in percent of groups, one decimal; NULL while one that first met on the last day of the '
'month still has time.';
COMMENT ON COLUMN public.v_cohort.graduated_6_months_pct IS
'They in percent of groups, one decimal; NULL while one that first met on the last day of the '
'month still has time.';
COMMENT ON COLUMN public.v_cohort.graduated_9_months_pct IS
'They in percent of groups, one decimal; NULL while one that first met on the last day of the '
'month still has time.';
COMMENT ON COLUMN public.v_cohort.graduated IS
'Those that have graduated, however long it took.';
COMMENT ON COLUMN public.v_cohort.is_open IS
'Whether the nine months of a group that first met on the last day of the month are not over yet.';

CREATE VIEW public.v_resume_chance AS
WITH counted AS (
    SELECT
        course_name,
        days,
        resumed,
        lasting,
        chance_pct,
        sum(resumed + lasting) OVER (PARTITION BY course_name ORDER BY days DESC) AS silences
    FROM ngeshare.count_silences()
), longer AS (
    SELECT
        *,
        coalesce(bool_or(resumed = silences) OVER all_longer, false) AS is_certain,
        sum(ln(1 - resumed / nullif(silences, resumed))) OVER all_longer AS log_share
    FROM counted
    WINDOW all_longer AS (
        PARTITION BY course_name ORDER BY days DESC ROWS BETWEEN UNBOUNDED PRECEDING
            AND 1 PRECEDING)
)
-- One row per course and number of days already: DISTINCT lets the planner know, so
-- that who joins this and shows none of it does not compute it.
SELECT DISTINCT ON (course_name, days)
    course_name,
    days AS days_silent,
    silences::integer AS silences,
    resumed::integer AS resumed,
    lasting::integer AS lasting,
    round(100 * (1 - CASE WHEN is_certain THEN 0 ELSE round(exp(coalesce(log_share, 0)), 12) END),
        1) AS resume_chance,
    chance_pct AS resume_28_days_pct
FROM longer;
COMMENT ON VIEW public.v_resume_chance IS
'One row per course and number of days that a silence of one of its groups lasted, as of '
'ngeshare_as_of(): how likely does a group that has been silent for so long meet again? After '
'Kaplan and Meier, so that groups still silent count for as long as is known.';
COMMENT ON COLUMN public.v_resume_chance.course_name IS
'The course.';
COMMENT ON COLUMN public.v_resume_chance.days_silent IS
'Days from a meeting to the next, or to today where there was none since. What follows a '
'graduation does not count.';
COMMENT ON COLUMN public.v_resume_chance.silences IS
'Silences of the course that lasted at least so long.';
COMMENT ON COLUMN public.v_resume_chance.resumed IS
'Those of them that ended just then with a meeting.';
COMMENT ON COLUMN public.v_resume_chance.lasting IS
'Those of them that last just so long today: of groups that have not graduated.';
COMMENT ON COLUMN public.v_resume_chance.resume_chance IS
'The chance in percent that a silence that has lasted so long ends with a meeting, one decimal: 1 '
'less the product, over all longer ones, of 1 - resumed / silences.';
COMMENT ON COLUMN public.v_resume_chance.resume_28_days_pct IS
'The chance in percent that a silence that has lasted so long ends with a meeting within 28 days, '
'one decimal: 1 less the product, over the next 28 days, of 1 - resumed / silences. NULL where '
'fewer than 20 silences lasted as long, or none lasted longer.';
