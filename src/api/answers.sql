-- The answers as the page and other clients read them.

CREATE VIEW api.home AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    (public.ngeshare_as_of() AT TIME ZONE ngeshare.reporting_zone())::date AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning') AND mode <> 'verify') AS synced,
    counted.groups_total,
    counted.groups_started,
    counted.active,
    counted.stalled,
    counted.graduated,
    counted.not_started,
    rescue.rescuable,
    counted.continued,
    counted.awaiting,
    round(100.0 * counted.active / nullif(counted.groups_total, 0), 1) AS active_pct,
    round(100.0 * counted.stalled / nullif(counted.groups_total, 0), 1) AS stalled_pct,
    round(100.0 * counted.graduated / nullif(counted.groups_total, 0), 1) AS graduation_rate,
    round(100.0 * counted.continued / nullif(counted.could_continue, 0), 1) AS continuation_rate
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
        sum(graduated) FILTER (WHERE continued IS NOT NULL) AS could_continue
    FROM public.v_curriculum_funnel
) AS counted
CROSS JOIN (
    SELECT count(*)::integer AS rescuable
    FROM public.v_rescue_list
) AS rescue;
COMMENT ON VIEW api.home IS
'The whole curriculum in one row.
Groups of all courses by status, those worth a call, and how many go on.';
COMMENT ON COLUMN api.home.zone IS
'The zone whose local days answers speak in.';
COMMENT ON COLUMN api.home.as_of IS
'The instant that answers are given as of.';
COMMENT ON COLUMN api.home.as_of_day IS
'Its local day.';
COMMENT ON COLUMN api.home.synced IS
'Whether there was a successful sync yet; before it everything is empty.';
COMMENT ON COLUMN api.home.groups_total IS
'All groups of the curriculum''s courses.';
COMMENT ON COLUMN api.home.groups_started IS
'Those that met at least once.';
COMMENT ON COLUMN api.home.active IS
'Those with status ACTIVE: met, not graduated, and silent for at most 28 days.';
COMMENT ON COLUMN api.home.stalled IS
'Those with status STALLED: not graduated, and silent for longer.';
COMMENT ON COLUMN api.home.graduated IS
'Those with status GRADUATED: reached the last episode of their course.';
COMMENT ON COLUMN api.home.not_started IS
'Those with status NOT_STARTED: never met, planned at most 28 days ago or later.';
COMMENT ON COLUMN api.home.rescuable IS
'Stalled groups with at least 70 % of their course behind them: the rows of rescue_list.';
COMMENT ON COLUMN api.home.continued IS
'Graduated groups that went on to the next course.';
COMMENT ON COLUMN api.home.awaiting IS
'Groups that graduated at most 90 days ago and have not gone on yet.';
COMMENT ON COLUMN api.home.active_pct IS
'active in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.stalled_pct IS
'stalled in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.graduation_rate IS
'graduated in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.continuation_rate IS
'continued in percent of the graduates of all courses but the last; NULL without such graduates.';

CREATE VIEW api.funnel AS
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
FROM public.v_curriculum_funnel;
COMMENT ON VIEW api.funnel IS
'The curriculum as a funnel, a row a course.
How many groups start, graduate and go on. graduated, active, stalled and not_started add up to groups_total.';

CREATE VIEW api.group_status AS
SELECT
    group_id,
    course_name,
    status,
    progress_pct,
    days_inactive,
    group_name,
    sequence_order,
    max_episodes,
    max_episode_reached,
    total_meetings,
    first_meeting_date,
    last_meeting_date,
    graduated_on,
    started_on,
    facilitator_id,
    facilitator_name,
    member_count
FROM public.v_group_status;
COMMENT ON VIEW api.group_status IS
'The groups, a row a group.
Is it graduated, active, not started or stalled, how far has it come, and who leads it?';

CREATE VIEW api.rescue_list AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    episodes_remaining,
    progress_pct,
    days_inactive,
    facilitator_is_deleted
FROM public.v_rescue_list
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW api.rescue_list IS
'Groups worth a call, a row a group.
Stalled with at least 70 % of the course behind them, the most recently active first.';

CREATE VIEW api.pipeline AS
SELECT
    group_a_id,
    course_a,
    group_b_id,
    course_b,
    shared_facilitator_id,
    shared_member_count,
    overlap_pct,
    days_between
FROM public.v_curriculum_pipeline;
COMMENT ON VIEW api.pipeline IS
'Which groups went on as which, a row a link.
Group A graduated and went on to the next course as group B.';

-- Columns of the views in public mean here what they mean there.
DO $$
DECLARE
    copied record;
BEGIN
    FOR copied IN
        SELECT shown.name AS view_name,
               attname AS column_name,
               col_description(attrelid, attnum) AS comment
        FROM (VALUES
            ('funnel', 'v_curriculum_funnel'),
            ('group_status', 'v_group_status'),
            ('rescue_list', 'v_rescue_list'),
            ('pipeline', 'v_curriculum_pipeline')
        ) AS shown (name, source)
        JOIN pg_catalog.pg_attribute ON attrelid = format('public.%I', shown.source)::regclass AND attnum > 0
        WHERE attname IN (
            SELECT here.attname
            FROM pg_catalog.pg_attribute AS here
            WHERE here.attrelid = format('api.%I', shown.name)::regclass)
    LOOP
        EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L', copied.view_name, copied.column_name, copied.comment);
    END LOOP;
END
$$;
