-- What is known of every curriculum group at ngeshare.as_of(), and the answers as functions.

CREATE VIEW ngeshare.group_fact AS
SELECT
    ngeshare.status_of(grp.last_meeting IS NOT NULL, grp.max_episode_reached, grp.max_episodes, grp.days_inactive) AS status,
    ngeshare.percentage(least(grp.max_episode_reached, grp.max_episodes), grp.max_episodes) AS progress_pct,
    grp.first_meeting AS first_meeting_date,
    grp.last_meeting AS last_meeting_date,
    coalesce(grp.first_meeting, grp.planned_on) AS started_on,
    coalesce(grp.facilitator_left <= ngeshare.as_of(), false) AS facilitator_is_deleted,
    ngeshare.status_of(grp.last_meeting IS NOT NULL, grp.max_episode_reached, grp.max_episodes, grp.days_inactive) = 'STALLED'
        AND 100::bigint * grp.max_episode_reached
            >= (SELECT ngeshare.setting('rescue_min_pct'))::bigint * grp.max_episodes AS is_rescuable,
    grp.*
FROM (
    SELECT
        ngeshare.days_inactive((SELECT ngeshare.as_of_day()), last_meeting, planned_on) AS days_inactive,
        dated.*
    FROM ngeshare.group_as_of AS dated
) AS grp;
COMMENT ON VIEW ngeshare.group_fact IS
'Everything that the views say of a curriculum group at ngeshare.as_of(), one row per group. is_rescuable: STALLED, with at least ngeshare.rescue_min_pct percent of its course done.';

CREATE FUNCTION ngeshare.count_silences(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    course_name text,
    days        integer,
    resumed     bigint,
    lasting     bigint
)
AS 'MODULE_PATHNAME', 'ngeshare_count_silences'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.count_silences(timestamptz) IS
'How many silences of each course lasted how many days, as of an instant: those that ended with a meeting (resumed), and those that last so long until then (lasting). A silence begins on a day that a group meets before it has graduated. Errors as for ngeshare_group_status().';

CREATE FUNCTION public.ngeshare_group_status(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    group_id            text,
    course_name         text,
    status              text,
    progress_pct        numeric,
    days_inactive       integer,
    group_name          text,
    sequence_order      integer,
    max_episodes        integer,
    max_episode_reached integer,
    total_meetings      integer,
    first_meeting_date  date,
    last_meeting_date   date,
    graduated_on        date,
    started_on          date,
    facilitator_id      text,
    facilitator_name    text,
    member_count        integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION public.ngeshare_group_status(timestamptz) IS
'The status of every curriculum group as of an instant, a row a group: GRADUATED, ACTIVE (a meeting in the last 28 days), NOT_STARTED (never met, planned within the last 28 days or later) or STALLED. Days are local days of ngeshare.timezone; the 28 is ngeshare.active_days. The argument is an instant: PostgreSQL reads a date there as the midnight that begins it in the session''s zone, while in the setting ngeshare.as_of a date means the end of that local day. Errors: 22004 for NULL, 22008 for an infinite instant, 55000 in another zone than the history''s.';

CREATE FUNCTION public.ngeshare_pipeline(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    group_a_id            text,
    course_a              text,
    group_b_id            text,
    course_b              text,
    shared_facilitator_id text,
    shared_member_count   integer,
    overlap_pct           numeric,
    days_between          integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION public.ngeshare_pipeline(timestamptz) IS
'Which groups went on as which, as of an instant, a row a link: the same facilitator, at least 2 shared members who are at least 50 % of the smaller group, the next course, and its first meeting from 30 days before to 90 days after the graduation. Settings: ngeshare.link_min_shared, link_min_overlap_pct, link_early_days, link_days. The instant and errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare.group_predecessors(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    group_id                 text,
    kind                     text,
    predecessor_id           text,
    days_between             integer,
    started_on               date,
    predecessor_course       text,
    predecessor_started_on   date,
    predecessor_graduated_on date
)
AS 'MODULE_PATHNAME', 'ngeshare_group_predecessors'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION ngeshare.group_predecessors(timestamptz) IS
'Groups beyond the first course that have met and that no link leads to, a row a group: SKIPPED_COURSE, LATE_START, EARLY_START or NO_PREDECESSOR, with the kin group that makes it so (the one that graduated last, for EARLY_START started last; then the smallest id) and the days from its graduation to this group''s start (started_on), NULL where it has not graduated.';

CREATE FUNCTION public.ngeshare_funnel(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    sequence_order            integer,
    course_name               text,
    groups_total              integer,
    groups_started            integer,
    graduated                 integer,
    active                    integer,
    stalled                   integer,
    not_started               integer,
    graduation_rate           numeric,
    continued                 integer,
    continuation_rate         numeric,
    awaiting                  integer,
    settled_continuation_rate numeric
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 4;
COMMENT ON FUNCTION public.ngeshare_funnel(timestamptz) IS
'The curriculum as a funnel, as of an instant, a row a course in its sequence, courses without groups too. Rates are percentages, NULL where there is nothing to divide by. The last course has nothing to go on to: its four continuation columns are NULL. The instant and errors as for ngeshare_group_status().';
