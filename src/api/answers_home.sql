-- The figures of the page's Home: the whole curriculum in one row, as of an instant and a month
-- before it; and what all answers depend on.

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
