-- Home: the whole curriculum in one row, now and a month earlier.

CREATE VIEW api.home AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    (public.ngeshare_as_of() AT TIME ZONE ngeshare.reporting_zone())::date AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning') AND mode <> 'verify') AS synced,
    figure.groups_total,
    figure.groups_started,
    figure.active,
    figure.stalled,
    figure.graduated,
    figure.not_started,
    figure.rescuable,
    figure.continued,
    figure.awaiting,
    ngeshare.percentage(figure.active, figure.groups_total) AS active_pct,
    ngeshare.percentage(figure.stalled, figure.groups_total) AS stalled_pct,
    ngeshare.percentage(figure.graduated, figure.groups_total) AS graduation_rate,
    ngeshare.percentage(figure.continued, figure.could_continue) AS continuation_rate,
    figure.at_risk,
    figure.total_facilitators,
    figure.active_facilitators,
    figure.alumni_facilitators,
    figure.alumni_pct,
    figure.last_month,
    figure.graduations_last_month,
    figure.graduations_month_before,
    figure.new_facilitators_last_month,
    figure.new_facilitators_month_before,
    figure.anomalies + CASE WHEN is_kept THEN (SELECT anomalies FROM ngeshare.future_since) ELSE 0 END AS anomalies,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.setting('link_days') AS link_days,
    ngeshare.setting('attendance_window_days') AS window_days
FROM (
    SELECT
        true AS is_kept,
        kept.*
    FROM ngeshare.kept_answer
    CROSS JOIN LATERAL unnest(home) AS kept
    WHERE (SELECT home_holds FROM ngeshare.keeping)
    UNION ALL
    SELECT
        false,
        computed.*
    FROM ngeshare.computed(NULL::ngeshare.computed_home) AS computed
    WHERE NOT (SELECT home_holds FROM ngeshare.keeping)
) AS figure;
COMMENT ON VIEW api.home IS
'The whole curriculum in one row.
Groups of all courses by status, those worth a call, how many go on, who leads them, and the settings that decide.';
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
'Stalled groups with at least rescue_min_pct percent of their course behind them: the rows of rescue_list.';
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
'The setting ngeshare.rescue_min_pct: percent of a course from which on a stalled group is on the rescue list.';
COMMENT ON COLUMN api.home.link_days IS
'The setting ngeshare.link_days: days after a graduation within which the next course''s start is the same group''s.';
COMMENT ON COLUMN api.home.window_days IS
'The setting ngeshare.attendance_window_days: days of raw attendance that are kept here.';

CREATE VIEW api.home_before AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.home_before) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_home_before, ngeshare.month_before(public.ngeshare_as_of()))
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.home_before IS
'Figures of home one month earlier, in one row.
As of the same local day and time of the month before; where that month is shorter, of its last day.';
COMMENT ON COLUMN api.home_before.as_of IS
'The instant that these figures are given as of.';

CREATE VIEW api.basis AS
SELECT
    ngeshare.reporting_zone() AS zone,
    public.ngeshare_as_of() AS as_of,
    (public.ngeshare_as_of() AT TIME ZONE ngeshare.reporting_zone())::date AS as_of_day,
    EXISTS (SELECT 1 FROM public.sync_run WHERE status IN ('success', 'warning') AND mode <> 'verify') AS synced,
    ngeshare.setting('active_days') AS active_days,
    ngeshare.setting('rescue_min_pct') AS rescue_min_pct,
    ngeshare.setting('link_days') AS link_days,
    ngeshare.setting('link_early_days') AS link_early_days,
    ngeshare.setting('link_min_shared') AS link_min_shared,
    ngeshare.setting('link_min_overlap_pct') AS link_min_overlap_pct,
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
'The setting ngeshare.rescue_min_pct: percent of a course from which on a stalled group is on the rescue list.';
COMMENT ON COLUMN api.basis.link_days IS
'The setting ngeshare.link_days: days after a graduation within which the next course''s start is the same group''s.';
COMMENT ON COLUMN api.basis.link_early_days IS
'The setting ngeshare.link_early_days: days before a graduation from which on the next course''s start is.';
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
FROM public.course_config
ORDER BY sequence_order;
COMMENT ON VIEW api.courses IS
'The curriculum, a row a course.
What is taught in which order, and at which episode a group graduates.';
