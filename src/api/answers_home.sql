-- The figures of the page's Home: the whole curriculum in one row, as of an instant and a month
-- before it. The answer cache keeps both for the API's default instant, and two other answers that
-- many requests need, so that a page load need not compute them.

CREATE VIEW ngeshare.home_figure AS
SELECT
    counted.groups_total,
    counted.groups_started,
    counted.active,
    counted.stalled,
    counted.graduated,
    counted.not_started,
    (SELECT count(*)::integer FROM ngeshare.group_fact WHERE is_rescuable) AS rescuable,
    counted.continued,
    counted.awaiting,
    ngeshare.percentage(counted.active, counted.groups_total) AS active_pct,
    ngeshare.percentage(counted.stalled, counted.groups_total) AS stalled_pct,
    ngeshare.percentage(counted.graduated, counted.groups_total) AS graduation_rate,
    ngeshare.percentage(counted.continued, counted.could_continue) AS continuation_rate,
    (SELECT count(*)::integer FROM public.v_at_risk) AS at_risk,
    leader.total_facilitators,
    leader.active_facilitators,
    leader.alumni_facilitators,
    leader.alumni_pct,
    (SELECT last FROM ngeshare.recent_month) AS last_month,
    graduations.last AS graduations_last_month,
    graduations.before AS graduations_month_before,
    leader.new_last_month AS new_facilitators_last_month,
    leader.new_month_before AS new_facilitators_month_before
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
CROSS JOIN ngeshare.facilitator_total AS leader
CROSS JOIN (
    SELECT
        (count(*) FILTER (WHERE graduated_on >= month.last))::integer AS last,
        (count(*) FILTER (WHERE graduated_on < month.last))::integer AS before
    FROM ngeshare.group_fact
    CROSS JOIN ngeshare.recent_month AS month
    WHERE graduated_on >= month.before
      AND graduated_on < month.this
) AS graduations;
COMMENT ON VIEW ngeshare.home_figure IS
'The figures of api.home and api.home_before in one row.';

CREATE VIEW ngeshare.anomaly_kind AS
SELECT
    kind,
    severity,
    count(*)::integer AS groups
FROM public.v_anomalies
WHERE kind <> 'FUTURE_ATTENDANCE'
GROUP BY kind, severity;
COMMENT ON VIEW ngeshare.anomaly_kind IS
'How many groups have each kind of anomaly at ngeshare.as_of(), one row per kind. Without '
'FUTURE_ATTENDANCE, which depends on the real clock.';

CREATE TABLE ngeshare.answer_cache
(
    as_of          timestamp            NOT NULL PRIMARY KEY,
    holds_until    timestamp            NOT NULL,
    generation     bigint               NOT NULL,
    settings       text                 NOT NULL,
    home           ngeshare.home_figure NOT NULL,
    anomaly_kinds  ngeshare.anomaly_kind[],
    resume_chances ngeshare.resume_chance[]
);
COMMENT ON TABLE ngeshare.answer_cache IS
'Answers that each refresh computes once, so that the page need not wait for them: as of the '
'API''s default instant, and as of one month before it. home: the figures of api.home and '
'api.home_before. anomaly_kinds: the rows of api.anomaly_kinds, except for FUTURE_ATTENDANCE. '
'resume_chances: the rows of v_resume_chance. Both are NULL in the row of the month before, where '
'no page asks for them. A row is valid for instants from as_of up to, but not including, '
'holds_until (UTC), and for sessions with the same settings. holds_until is the next local '
'midnight, or the first event in the snapshot if that is earlier.';

CREATE FUNCTION ngeshare.rule_settings()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' ',
        ngeshare.reporting_zone(),
        ngeshare.setting('active_days'),
        ngeshare.setting('rescue_min_pct'),
        ngeshare.link_settings())
$$;
COMMENT ON FUNCTION ngeshare.rule_settings() IS
'The values that this session has for the settings that decide answers, in one text: time zone, '
'active_days, rescue_min_pct and the link settings.';

CREATE VIEW ngeshare.valid_answer AS
SELECT home, anomaly_kinds, resume_chances
FROM ngeshare.answer_cache
WHERE settings = ngeshare.rule_settings()
  AND ngeshare.as_of() >= as_of
  AND ngeshare.as_of() < holds_until;
COMMENT ON VIEW ngeshare.valid_answer IS
'The row of ngeshare.answer_cache that is valid at ngeshare.as_of() under this session''s '
'settings; no row if the answers must be computed.';

CREATE FUNCTION ngeshare.next_event(at timestamp)
RETURNS timestamp
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- FILTER instead of WHERE, so that one scan finds the next instant in each column of a table.
    SELECT least(
        (
            SELECT least(
                min(created_at) FILTER (WHERE created_at > at),
                min(facilitator_left) FILTER (WHERE facilitator_left > at))
            FROM ngeshare.group_snapshot
        ),
        (
            SELECT min(moment)
            FROM ngeshare.group_snapshot AS grp
            JOIN ngeshare.group_timeline AS timeline ON timeline.group_id = grp.group_id
            CROSS JOIN LATERAL unnest(
                meeting_at || foreign_at || member_from || member_left || facilitator_at) AS moment
            WHERE (grp.valid_from > at OR grp.members_valid_from > at)
              AND moment > at
        ),
        (
            SELECT least(
                min(exists_from) FILTER (WHERE exists_from > at),
                min(completed_at) FILTER (WHERE completed_at > at),
                min(deleted_at) FILTER (WHERE deleted_at > at))
            FROM ngeshare.membership
        ),
        (
            SELECT least(
                min(valid_from) FILTER (WHERE valid_from > at),
                min(valid_to) FILTER (WHERE valid_to > at AND valid_to < 'infinity'))
            FROM ngeshare.group_link
        ))
$$;
COMMENT ON FUNCTION ngeshare.next_event(timestamp) IS
'The first instant after the given one (UTC) at which an answer from the snapshot may change, '
'because a group, meeting, membership or link begins or ends; NULL if there is none.';

CREATE FUNCTION ngeshare.fill_answer_cache()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
SET jit = off
AS $$
DECLARE
    state    ngeshare.snapshot_state := (SELECT made FROM ngeshare.snapshot_state AS made);
    wanted   timestamptz[] := ARRAY[state.known_until, ngeshare.month_before(state.known_until)];
    midnight timestamp;
    instant  timestamptz;
    names    text[];
    own      text[];
BEGIN
    -- The cache is filled under the database's settings, but a refresh by hand may run in a session
    -- with its own. The session gets these back at the end.
    SELECT array_agg(name), array_agg(setting)
    INTO names, own
    FROM pg_settings
    WHERE name = ANY (ngeshare.rule_names());
    PERFORM ngeshare.use_database_rules();
    DELETE FROM ngeshare.answer_cache
    WHERE generation <> state.generation
       OR settings <> ngeshare.rule_settings()
       OR NOT EXISTS (
           SELECT 1
           FROM unnest(wanted) AS wanted_at
           WHERE wanted_at AT TIME ZONE 'UTC' >= as_of
             AND wanted_at AT TIME ZONE 'UTC' < holds_until);
    FOREACH instant IN ARRAY wanted
    LOOP
        CONTINUE WHEN instant IS NULL OR EXISTS (
            SELECT 1
            FROM ngeshare.answer_cache
            WHERE instant AT TIME ZONE 'UTC' >= as_of
              AND instant AT TIME ZONE 'UTC' < holds_until);
        PERFORM ngeshare.answer_as_of(instant);
        midnight := (ngeshare.end_of_day(ngeshare.as_of_day()) AT TIME ZONE 'UTC') + interval '1 '
            'microsecond';
        INSERT INTO ngeshare.answer_cache
            (as_of, holds_until, generation, settings, home, anomaly_kinds, resume_chances)
        SELECT
            ngeshare.as_of(),
            CASE
                -- At the last instant of a day, no event can come before midnight.
                WHEN midnight = ngeshare.as_of() + interval '1 microsecond' THEN midnight
                ELSE least(midnight, ngeshare.next_event(ngeshare.as_of()))
            END,
            state.generation,
            ngeshare.rule_settings(),
            figure,
            CASE WHEN instant = state.known_until
                THEN ARRAY(SELECT counted FROM ngeshare.anomaly_kind AS counted) END,
            CASE WHEN instant = state.known_until
                THEN ARRAY(SELECT chance FROM ngeshare.resume_chance AS chance) END
        FROM ngeshare.home_figure AS figure;
    END LOOP;
    PERFORM set_config(name, setting, true)
    FROM unnest(names, own) AS rule (name, setting);
END
$$;
COMMENT ON FUNCTION ngeshare.fill_answer_cache() IS
'Brings ngeshare.answer_cache up to date with the snapshot, under the settings of the database. '
'Each refresh calls it. It keeps rows that are still valid.';

CREATE FUNCTION ngeshare.anomaly_kinds()
RETURNS SETOF ngeshare.anomaly_kind
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 10
AS $$
DECLARE
    kept ngeshare.anomaly_kind[] := (SELECT anomaly_kinds FROM ngeshare.valid_answer);
BEGIN
    IF kept IS NULL THEN
        RETURN QUERY SELECT * FROM ngeshare.anomaly_kind;
    ELSE
        RETURN QUERY SELECT * FROM unnest(kept);
    END IF;
    RETURN QUERY
    SELECT 'FUTURE_ATTENDANCE', 'warning', count(*)::integer
    FROM ngeshare.future_attendance
    HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION ngeshare.anomaly_kinds() IS
'How many groups have each kind of anomaly at ngeshare.as_of(), one row per kind: from '
'ngeshare.answer_cache if it has a valid row, else computed. FUTURE_ATTENDANCE is always computed, '
'because it depends on the real clock.';

CREATE FUNCTION ngeshare.home_figures(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS SETOF ngeshare.home_figure
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
SET jit = off
COST 1000000
ROWS 1
AS $$
DECLARE
    figure ngeshare.home_figure;
BEGIN
    PERFORM ngeshare.answer_as_of(as_of);
    SELECT (home).* INTO figure FROM ngeshare.valid_answer;
    IF NOT FOUND THEN
        SELECT * INTO figure FROM ngeshare.home_figure;
    END IF;
    RETURN NEXT figure;
END
$$;
COMMENT ON FUNCTION ngeshare.home_figures(timestamptz) IS
'The figures of api.home as of an instant: from ngeshare.answer_cache if it has a valid row, else '
'computed.';

CREATE VIEW api.home AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    ngeshare.as_of_day() AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning')
        AND mode <> 'verify') AS synced,
    figure.*,
    (
        SELECT coalesce(sum(groups), 0)::integer
        FROM ngeshare.anomaly_kinds()
        WHERE severity = 'warning'
    ) AS anomalies,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.link_rule('link_days') AS link_days,
    ngeshare.setting('attendance_window_days') AS window_days
FROM ngeshare.home_figures() AS figure;
COMMENT ON VIEW api.home IS
'The whole curriculum in one row.
Groups of all courses by status, those to rescue and at risk, how many continue with the next '
'course, the facilitators, and the settings that the figures depend on.';
COMMENT ON COLUMN api.home.zone IS
'The time zone whose local days the answers use (ngeshare.timezone).';
COMMENT ON COLUMN api.home.as_of IS
'The instant that the answers are given as of.';
COMMENT ON COLUMN api.home.as_of_day IS
'The local day of as_of.';
COMMENT ON COLUMN api.home.synced IS
'Whether a sync, of all tables or of some, has ever ended with success or a warning. Runs of mode '
'verify do not count.';
COMMENT ON COLUMN api.home.groups_total IS
'The number of groups of all courses of the curriculum.';
COMMENT ON COLUMN api.home.groups_started IS
'The number of groups that have met at least once.';
COMMENT ON COLUMN api.home.active IS
'The number of groups with status ACTIVE: not graduated, and met at most active_days days ago.';
COMMENT ON COLUMN api.home.stalled IS
'The number of groups with status STALLED: not graduated, and more than active_days days since '
'their last meeting or, if they never met, since their planned start.';
COMMENT ON COLUMN api.home.graduated IS
'The number of groups with status GRADUATED: they reached the last episode of their course.';
COMMENT ON COLUMN api.home.not_started IS
'The number of groups with status NOT_STARTED: they never met, and their planned start is in the '
'future or at most active_days days ago.';
COMMENT ON COLUMN api.home.rescuable IS
'The number of stalled groups that have done at least rescue_min_pct percent of their course: the '
'rows of rescue_list.';
COMMENT ON COLUMN api.home.continued IS
'The number of graduated groups that continued as a group of the next course.';
COMMENT ON COLUMN api.home.awaiting IS
'The number of groups that graduated at most link_days days ago and have not continued with the '
'next course yet.';
COMMENT ON COLUMN api.home.active_pct IS
'Active groups as a percentage of groups_total, one decimal; NULL without groups.';
COMMENT ON COLUMN api.home.stalled_pct IS
'Stalled groups as a percentage of groups_total, one decimal; NULL without groups.';
COMMENT ON COLUMN api.home.graduation_rate IS
'Graduated groups as a percentage of groups_total, one decimal; NULL without groups.';
COMMENT ON COLUMN api.home.continuation_rate IS
'The groups in continued as a percentage of the graduated groups of all courses but the last, one '
'decimal; NULL without such groups.';
COMMENT ON COLUMN api.home.at_risk IS
'The number of active groups that are about to stall: the rows of at_risk.';
COMMENT ON COLUMN api.home.total_facilitators IS
'The number of users who lead or led a group: the rows of facilitators.';
COMMENT ON COLUMN api.home.active_facilitators IS
'The number of users with a FACILITATOR record in a curriculum group that met at most active_days '
'days ago.';
COMMENT ON COLUMN api.home.alumni_facilitators IS
'The number of users counted in total_facilitators who were members of a group before.';
COMMENT ON COLUMN api.home.alumni_pct IS
'alumni_facilitators as a percentage of total_facilitators, one decimal; NULL without '
'facilitators.';
COMMENT ON COLUMN api.home.last_month IS
'The first day of the last month that is over on as_of_day.';
COMMENT ON COLUMN api.home.graduations_last_month IS
'The number of groups that graduated in last_month.';
COMMENT ON COLUMN api.home.graduations_month_before IS
'The number of groups that graduated in the month before last_month.';
COMMENT ON COLUMN api.home.new_facilitators_last_month IS
'The number of users who first became a facilitator in last_month.';
COMMENT ON COLUMN api.home.new_facilitators_month_before IS
'The number of users who first became a facilitator in the month before last_month.';
COMMENT ON COLUMN api.home.anomalies IS
'The number of anomalies with severity warning (rows of anomalies).';
COMMENT ON COLUMN api.home.active_days IS
'The setting ngeshare.active_days: a group without a meeting for at most this many days is still '
'active.';
COMMENT ON COLUMN api.home.rescue_min_pct IS
'The setting ngeshare.rescue_min_pct: the percentage of its course that a stalled group must have '
'done to be on the rescue list.';
COMMENT ON COLUMN api.home.link_days IS
'The setting ngeshare.link_days at the last refresh: a group''s continuation in the next '
'course first meets at most this many days after the group''s graduation.';
COMMENT ON COLUMN api.home.window_days IS
'The setting ngeshare.attendance_window_days: how many days of raw attendance the mirror keeps.';

CREATE VIEW api.home_before AS
SELECT
    before.as_of,
    figure.active,
    figure.stalled,
    figure.graduated,
    figure.not_started,
    figure.groups_total,
    figure.rescuable,
    figure.at_risk,
    figure.active_facilitators,
    figure.alumni_pct
FROM ngeshare.month_before(public.ngeshare_as_of()) AS before (as_of)
CROSS JOIN LATERAL ngeshare.home_figures(before.as_of) AS figure;
COMMENT ON VIEW api.home_before IS
'Figures of home one month earlier, in one row.
They are given as of the end of the same local day of the month before, or of that month''s last '
'day if it is shorter.';
COMMENT ON COLUMN api.home_before.as_of IS
'The instant, one month earlier, that these figures are given as of.';

CREATE VIEW api.basis AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    ngeshare.as_of_day() AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning')
        AND mode <> 'verify') AS synced,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.link_rule('link_days') AS link_days,
    ngeshare.link_rule('link_early_days') AS link_early_days,
    ngeshare.link_rule('link_min_shared') AS link_min_shared,
    ngeshare.link_rule('link_min_overlap_pct') AS link_min_overlap_pct,
    ngeshare.setting('attendance_window_days') AS window_days;
COMMENT ON VIEW api.basis IS
'What all answers depend on, in one row.
The time zone, the instant and the settings. It reads no group, so it is always fast.';
COMMENT ON COLUMN api.basis.zone IS
'The time zone whose local days the answers use (ngeshare.timezone).';
COMMENT ON COLUMN api.basis.as_of IS
'The instant that the answers are given as of.';
COMMENT ON COLUMN api.basis.as_of_day IS
'The local day of as_of.';
COMMENT ON COLUMN api.basis.synced IS
'Whether a sync, of all tables or of some, has ever ended with success or a warning. Runs of mode '
'verify do not count.';
COMMENT ON COLUMN api.basis.active_days IS
'The setting ngeshare.active_days: a group without a meeting for at most this many days is still '
'active.';
COMMENT ON COLUMN api.basis.rescue_min_pct IS
'The setting ngeshare.rescue_min_pct: the percentage of its course that a stalled group must have '
'done to be on the rescue list.';
COMMENT ON COLUMN api.basis.link_days IS
'The setting ngeshare.link_days at the last refresh: a group''s continuation in the next '
'course first meets at most this many days after the group''s graduation.';
COMMENT ON COLUMN api.basis.link_early_days IS
'The setting ngeshare.link_early_days at the last refresh: a group''s continuation in the next '
'course first meets at most this many days before the group''s graduation.';
COMMENT ON COLUMN api.basis.link_min_shared IS
'The setting ngeshare.link_min_shared at the last refresh: how many members two groups must share '
'for the second to count as the continuation of the first.';
COMMENT ON COLUMN api.basis.link_min_overlap_pct IS
'The setting ngeshare.link_min_overlap_pct at the last refresh: the percentage of the smaller '
'group''s members that two groups must share for the second to count as the continuation of the '
'first.';
COMMENT ON COLUMN api.basis.window_days IS
'The setting ngeshare.attendance_window_days: how many days of raw attendance the mirror keeps.';

CREATE VIEW api.courses AS
SELECT
    course_name,
    max_episodes,
    sequence_order
FROM ngeshare.course
ORDER BY sequence_order;
COMMENT ON VIEW api.courses IS
'The curriculum, one row per course.
The order of the courses, and the episode at which a group graduates.';
