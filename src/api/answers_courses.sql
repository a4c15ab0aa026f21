-- Answers with a row a course, or a course and something.

CREATE VIEW api.funnel AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.funnel) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_funnel)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.funnel IS
'The curriculum as a funnel, a row a course.
How many groups start, graduate and go on. graduated, active, stalled and not_started add up to groups_total.';

CREATE VIEW api.drop_off AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.drop_off) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_drop_off)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.drop_off IS
'Where groups stop, a row a course and episode.
How many got at least this far, and how many stalled just here.';

CREATE VIEW api.cohort AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.cohort) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_cohort)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.cohort IS
'Groups by the month they started, a row a course and month.
How many of them graduated within 3, 6 and 9 months.';

CREATE VIEW api.resume_chance AS
SELECT
    course_name,
    days_silent,
    silences,
    resumed,
    lasting,
    resume_chance
FROM public.v_resume_chance;
COMMENT ON VIEW api.resume_chance IS
'How likely a silent group meets again, a row a course and number of days.
From all silences of the course so far, after Kaplan and Meier.';

CREATE VIEW api.time_to_graduate AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.time_to_graduate) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_time_to_graduate)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.time_to_graduate IS
'Days from the first meeting to the graduation, a row a course.
Of its graduated groups; those that have not graduated are counted apart.';
COMMENT ON COLUMN api.time_to_graduate.p75_days IS
'The days within which three in four graduated (percentile_cont), one decimal.';
COMMENT ON COLUMN api.time_to_graduate.not_graduated IS
'Groups of the course that have not graduated: they are in none of these figures.';

CREATE VIEW api.graduation_days AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.graduation_days) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_graduation_days)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.graduation_days IS
'Graduated groups by the days they took, a row a course and span of days.
Spans are 7 days long, or 14, 28 and so on where more than 20 would be needed for 95 % of the groups; the last one is open. They add up to the course''s graduates.';
COMMENT ON COLUMN api.graduation_days.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN api.graduation_days.course_name IS
'The course.';
COMMENT ON COLUMN api.graduation_days.from_days IS
'The fewest days of the span.';
COMMENT ON COLUMN api.graduation_days.to_days IS
'The most; NULL for the last span, which has no end.';
COMMENT ON COLUMN api.graduation_days.groups IS
'Groups with from_days <= days_to_graduate <= to_days (group_status); 0 where there are none.';

CREATE VIEW api.graduation_outliers AS
SELECT
    outlier.group_id,
    outlier.course_name,
    outlier.days_to_graduate,
    outlier.outlier,
    fact.group_name,
    fact.facilitator_id,
    fact.facilitator_name,
    fact.graduated_on
FROM public.v_graduation_outliers AS outlier
LEFT JOIN ngeshare.group_fact AS fact ON fact.group_id = outlier.group_id;
COMMENT ON VIEW api.graduation_outliers IS
'Groups that took far less or far more time than others, a row a group.
By the quartiles of their course''s graduates.';

CREATE VIEW api.pipeline AS
SELECT
    link.group_a_id,
    link.course_a,
    link.group_b_id,
    link.course_b,
    link.shared_facilitator_id,
    link.shared_member_count,
    link.overlap_pct,
    link.days_between,
    group_a.name AS group_a_name,
    group_b.name AS group_b_name
FROM public.v_curriculum_pipeline AS link
LEFT JOIN public."HangoutGroup" AS group_a ON group_a.id = link.group_a_id
LEFT JOIN public."HangoutGroup" AS group_b ON group_b.id = link.group_b_id;
COMMENT ON VIEW api.pipeline IS
'Which groups went on as which, a row a link.
Group A graduated and went on to the next course as group B.';
COMMENT ON COLUMN api.pipeline.group_a_name IS
'HangoutGroup.name of group A.';
COMMENT ON COLUMN api.pipeline.group_b_name IS
'HangoutGroup.name of group B.';
