-- Home: the whole curriculum in one row, now and a month earlier, and the answer cache that keeps
-- it from being computed at each page load.

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
    leader.new_month_before AS new_facilitators_month_before,
    (
        SELECT count(*)::integer
        FROM public.v_anomalies
        WHERE severity = 'warning'
          AND kind <> 'FUTURE_ATTENDANCE'
    ) AS anomalies
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
'The figures of api.home in one row, without the anomalies that go by the real clock.';

CREATE TABLE ngeshare.answer_cache
(
    as_of       timestamp            NOT NULL PRIMARY KEY,
    holds_until timestamp            NOT NULL,
    generation  bigint               NOT NULL,
    settings    text                 NOT NULL,
    home        ngeshare.home_figure NOT NULL
);
COMMENT ON TABLE ngeshare.answer_cache IS
'Answers that each refresh computes once for the page, under these settings: Home as of the API''s '
'default instant and as of a month before it. A row holds from as_of on and before holds_until '
'(UTC): the next local midnight, or the first event in the snapshot if that is earlier.';

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
'The settings that decide answers, as this session has them.';

CREATE FUNCTION ngeshare.next_event(at timestamp)
RETURNS timestamp
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Each table is read once.
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
'The first instant after at (UTC) at which something in the snapshot begins or ends; NULL where '
'nothing does.';

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
    -- A refresh by hand may run under a session's own rules; the cache is for those who have none.
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
        INSERT INTO ngeshare.answer_cache (as_of, holds_until, generation, settings, home)
        SELECT
            ngeshare.as_of(),
            CASE
                -- The last instant of a day, as that of the month before is, needs no search.
                WHEN midnight = ngeshare.as_of() + interval '1 microsecond' THEN midnight
                ELSE least(midnight, ngeshare.next_event(ngeshare.as_of()))
            END,
            state.generation,
            ngeshare.rule_settings(),
            figure
        FROM ngeshare.home_figure AS figure;
    END LOOP;
    PERFORM set_config(name, setting, true)
    FROM unnest(names, own) AS rule (name, setting);
END
$$;
COMMENT ON FUNCTION ngeshare.fill_answer_cache() IS
'Brings the answer cache up to the snapshot, under the database''s rules; the refresh calls it. '
'Rows that still hold are kept.';

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
    SELECT (cache.home).*
    INTO figure
    FROM ngeshare.answer_cache AS cache
    WHERE cache.settings = ngeshare.rule_settings()
      AND ngeshare.as_of() >= cache.as_of
      AND ngeshare.as_of() < cache.holds_until;
    IF NOT FOUND THEN
        SELECT * INTO figure FROM ngeshare.home_figure;
    END IF;
    figure.anomalies := figure.anomalies
        + (SELECT count(*) FROM ngeshare.future_attendance);
    RETURN NEXT figure;
END
$$;
COMMENT ON FUNCTION ngeshare.home_figures(timestamptz) IS
'The figures of api.home as of an instant: from the answer cache where it has them, else computed. '
'Anomalies that go by the real clock are added here.';

CREATE VIEW api.home AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    ngeshare.as_of_day() AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning')
        AND mode <> 'verify') AS synced,
    figure.*,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.link_rule('link_days') AS link_days,
    ngeshare.setting('attendance_window_days') AS window_days
FROM ngeshare.home_figures() AS figure;
COMMENT ON VIEW api.home IS
'The whole curriculum in one row.
Groups of all courses by status, those worth a call, how many go on, who leads them, and the '
'settings that decide.';
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
'Those with status ACTIVE: met, not graduated, and silent for at most active_days.';
COMMENT ON COLUMN api.home.stalled IS
'Those with status STALLED: not graduated, and silent for longer.';
COMMENT ON COLUMN api.home.graduated IS
'Those with status GRADUATED: reached the last episode of their course.';
COMMENT ON COLUMN api.home.not_started IS
'Those with status NOT_STARTED: never met, planned at most active_days ago or later.';
COMMENT ON COLUMN api.home.rescuable IS
'Stalled groups with at least rescue_min_pct percent of their course behind them: the rows of '
'rescue_list.';
COMMENT ON COLUMN api.home.continued IS
'Graduated groups that went on to the next course.';
COMMENT ON COLUMN api.home.awaiting IS
'Groups that graduated at most link_days ago and have not gone on yet.';
COMMENT ON COLUMN api.home.active_pct IS
'active in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.stalled_pct IS
'stalled in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.graduation_rate IS
'graduated in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN api.home.continuation_rate IS
'continued in percent of the graduates of all courses but the last; NULL without such graduates.';
COMMENT ON COLUMN api.home.at_risk IS
'Active groups on their way to stalling: the rows of at_risk.';
COMMENT ON COLUMN api.home.total_facilitators IS
'Users who lead or led a group: the rows of facilitators.';
COMMENT ON COLUMN api.home.active_facilitators IS
'Those with a FACILITATOR record in a curriculum group that met at most active_days ago.';
COMMENT ON COLUMN api.home.alumni_facilitators IS
'Those of total_facilitators who were members before.';
COMMENT ON COLUMN api.home.alumni_pct IS
'They in percent of total_facilitators; NULL without facilitators.';
COMMENT ON COLUMN api.home.last_month IS
'The first day of the last month that is over as of as_of_day.';
COMMENT ON COLUMN api.home.graduations_last_month IS
'Groups that graduated in last_month.';
COMMENT ON COLUMN api.home.graduations_month_before IS
'Groups that graduated in the month before it.';
COMMENT ON COLUMN api.home.new_facilitators_last_month IS
'Users who first became a facilitator in last_month.';
COMMENT ON COLUMN api.home.new_facilitators_month_before IS
'Users who did in the month before it.';
COMMENT ON COLUMN api.home.anomalies IS
'The rows of anomalies with severity warning.';
COMMENT ON COLUMN api.home.active_days IS
'The setting ngeshare.active_days: days without a meeting for which a group is still active.';
COMMENT ON COLUMN api.home.rescue_min_pct IS
'The setting ngeshare.rescue_min_pct: percent of a course from which on a stalled group is on the '
'rescue list.';
COMMENT ON COLUMN api.home.link_days IS
'The setting ngeshare.link_days: days after a graduation within which the next course''s start is '
'the same group''s.';
COMMENT ON COLUMN api.home.window_days IS
'The setting ngeshare.attendance_window_days: days of raw attendance that are kept here.';

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
As of the end of the same local day of the month before; where that month is shorter, of its last '
'day.';
COMMENT ON COLUMN api.home_before.as_of IS
'The instant that these figures are given as of.';

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
'What all answers go by, in one row.
The zone, the instant and the settings that decide. It judges no group, so it is always fast.';
COMMENT ON COLUMN api.basis.zone IS
'The zone whose local days answers speak in.';
COMMENT ON COLUMN api.basis.as_of IS
'The instant that answers are given as of.';
COMMENT ON COLUMN api.basis.as_of_day IS
'Its local day.';
COMMENT ON COLUMN api.basis.synced IS
'Whether there was a successful sync yet; before it everything is empty.';
COMMENT ON COLUMN api.basis.active_days IS
'The setting ngeshare.active_days: days without a meeting for which a group is still active.';
COMMENT ON COLUMN api.basis.rescue_min_pct IS
'The setting ngeshare.rescue_min_pct: percent of a course from which on a stalled group is on the '
'rescue list.';
COMMENT ON COLUMN api.basis.link_days IS
'The setting ngeshare.link_days: days after a graduation within which the next course''s start is '
'the same group''s.';
COMMENT ON COLUMN api.basis.link_early_days IS
'The setting ngeshare.link_early_days: days before a graduation from which on the next course''s '
'start is.';
COMMENT ON COLUMN api.basis.link_min_shared IS
'The setting ngeshare.link_min_shared: members that two groups share at least to be linked.';
COMMENT ON COLUMN api.basis.link_min_overlap_pct IS
'The setting ngeshare.link_min_overlap_pct: their percent of the smaller group at least.';
COMMENT ON COLUMN api.basis.window_days IS
'The setting ngeshare.attendance_window_days: days of raw attendance that are kept here.';

CREATE VIEW api.courses AS
SELECT
    course_name,
    max_episodes,
    sequence_order
FROM ngeshare.course
ORDER BY sequence_order;
COMMENT ON VIEW api.courses IS
'The curriculum, one row per course.
What is taught in which order, and at which episode a group graduates.';
