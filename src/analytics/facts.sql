-- What is known of every curriculum group as of ngeshare_as_of(). Where nothing of
-- a group has changed since that instant, its settled row says it; where something
-- has, its past tells what was so then; and what has been written to since it was
-- settled is computed anew. The rules that need a decision are in C.

CREATE FUNCTION ngeshare.settled_member_count(settled_group_id text)
RETURNS integer
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
SECURITY DEFINER
COST 20
BEGIN ATOMIC
    SELECT width_bucket(ngeshare.as_of_utc(), member_from) - width_bucket(ngeshare.as_of_utc(), member_left)
    FROM ngeshare.settled_past
    WHERE group_id = settled_group_id;
END;
COMMENT ON FUNCTION ngeshare.settled_member_count(text) IS
'How many members a settled group has as of ngeshare_as_of(), by its past. Cheap to the planner, since few groups need it.';

CREATE VIEW ngeshare.group_record AS
SELECT
    true AS is_settled,
    built.group_id,
    built.group_name,
    built.course_name,
    built.sequence_order,
    built.max_episodes,
    built.created_at,
    built.planned_on,
    built.settled_from,
    built.first_at,
    built.first_meeting,
    built.last_meeting,
    built.last_at,
    built.total_meetings,
    built.max_episode_reached,
    built.graduated_at,
    built.graduated_on,
    built.foreign_days,
    built.facilitator_id,
    built.facilitator_name,
    built.facilitator_contact,
    built.facilitator_left,
    built.facilitator_since,
    built.facilitator_count,
    built.member_count,
    past.meeting_at,
    past.meeting_day,
    past.meeting_total,
    past.meeting_reached,
    past.foreign_at,
    past.member,
    past.member_from,
    past.member_to,
    past.member_left,
    past.facilitator_at
FROM ngeshare.settled_group AS built
LEFT JOIN ngeshare.settled_past AS past ON past.group_id = built.group_id
-- One condition on the group: one that asks nothing of it would keep the planner from
-- leaving out the past for who does not read it.
WHERE (SELECT ngeshare.settled_part() = 'ALL')
   OR (SELECT ngeshare.settled_part() = 'SOME')
      AND built.group_id NOT IN (SELECT unnest(ngeshare.marked_groups()))
UNION ALL
SELECT
    false,
    (built).group_id,
    (built).group_name,
    (built).course_name,
    (built).sequence_order,
    (built).max_episodes,
    (built).created_at,
    (built).planned_on,
    (built).settled_from,
    (built).first_at,
    (built).first_meeting,
    (built).last_meeting,
    (built).last_at,
    (built).total_meetings,
    (built).max_episode_reached,
    (built).graduated_at,
    (built).graduated_on,
    (built).foreign_days,
    (built).facilitator_id,
    (built).facilitator_name,
    (built).facilitator_contact,
    (built).facilitator_left,
    (built).facilitator_since,
    (built).facilitator_count,
    (built).member_count,
    (past).meeting_at,
    (past).meeting_day,
    (past).meeting_total,
    (past).meeting_reached,
    (past).foreign_at,
    (past).member,
    (past).member_from,
    (past).member_to,
    (past).member_left,
    (past).facilitator_at
FROM ngeshare.unsettled_group AS wanted
CROSS JOIN LATERAL ngeshare.build_groups(wanted.ids);
COMMENT ON VIEW ngeshare.group_record IS
'Every curriculum group as it is now, with its past: settled, or computed anew where somebody wrote to it since.';

CREATE VIEW ngeshare.group_past AS
SELECT *
FROM ngeshare.settled_past
WHERE (SELECT ngeshare.settled_part() <> 'NONE')
  AND ((SELECT ngeshare.settled_part() = 'ALL')
      OR group_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
UNION ALL
SELECT (past).*
FROM ngeshare.unsettled_group AS wanted
CROSS JOIN LATERAL ngeshare.build_groups(wanted.ids);
COMMENT ON VIEW ngeshare.group_past IS
'How every curriculum group came to where it is now: ngeshare.group_record''s past, for who reads all of them.';

CREATE VIEW ngeshare.settled_then AS
SELECT
    group_id,
    group_name,
    course_name,
    sequence_order,
    max_episodes,
    created_at,
    planned_on,
    first_meeting,
    last_meeting,
    total_meetings,
    max_episode_reached,
    graduated_at,
    graduated_on,
    foreign_days,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    facilitator_left,
    facilitator_count,
    CASE
        WHEN members_from <= ngeshare.as_of_utc() THEN member_count
        ELSE ngeshare.settled_member_count(group_id)
    END AS member_count
FROM ngeshare.settled_group
WHERE settled_from <= ngeshare.as_of_utc();
COMMENT ON VIEW ngeshare.settled_then IS
'The groups of which nothing has changed since ngeshare_as_of(), as their settled rows say; they may be marked, which is for its reader to ask.';

CREATE VIEW ngeshare.group_then AS
-- Without marks nobody asks which group it is: an index knows all that statuses need.
SELECT
    *,
    true AS is_plain
FROM ngeshare.settled_then
WHERE (SELECT ngeshare.settled_part() = 'ALL')
UNION ALL
SELECT
    *,
    false
FROM ngeshare.settled_then
-- No worker may ask this: else some would start for a branch that mostly has no rows.
WHERE ngeshare.asked_at() IS NOT NULL
  AND (SELECT ngeshare.settled_part() = 'SOME')
  AND group_id NOT IN (SELECT unnest(ngeshare.marked_groups()))
UNION ALL
SELECT
    group_id,
    group_name,
    course_name,
    sequence_order,
    max_episodes,
    created_at,
    planned_on,
    CASE WHEN met > 0 THEN first_meeting END,
    meeting_day[met],
    coalesce(meeting_total[met], 0),
    coalesce(meeting_reached[met], 0),
    CASE WHEN graduated_at <= at THEN graduated_at END,
    CASE WHEN graduated_at <= at THEN graduated_on END,
    width_bucket(at, foreign_at),
    CASE WHEN facilitator_since <= at THEN facilitator_id END,
    CASE WHEN facilitator_since <= at THEN facilitator_name END,
    CASE WHEN facilitator_since <= at THEN facilitator_contact END,
    CASE WHEN facilitator_since <= at THEN facilitator_left END,
    width_bucket(at, facilitator_at),
    width_bucket(at, member_from) - width_bucket(at, member_left),
    false
FROM (
    SELECT
        record.*,
        ngeshare.as_of_utc() AS at,
        width_bucket(ngeshare.as_of_utc(), record.meeting_at) AS met
    FROM ngeshare.group_record AS record
    WHERE record.created_at <= ngeshare.as_of_utc()
      AND (NOT record.is_settled OR record.settled_from > ngeshare.as_of_utc())
) AS cut;
COMMENT ON VIEW ngeshare.group_then IS
'The curriculum groups that exist as of ngeshare_as_of() with what had become of them then. Timestamps are UTC, days local; is_plain: whether it is a row of ngeshare.settled_then, and nothing at all is marked.';

CREATE VIEW ngeshare.seat AS
SELECT
    joined_at,
    completed_at,
    deleted_at,
    course_number,
    is_first,
    role,
    group_id,
    user_id,
    user_name,
    attended_at
FROM ngeshare.settled_seat
WHERE exists_from <= ngeshare.as_of_utc()
  AND (SELECT ngeshare.settled_part() <> 'NONE')
  AND ((SELECT ngeshare.settled_part() = 'ALL')
      OR group_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
UNION ALL
SELECT
    anew.joined_at,
    anew.completed_at,
    anew.deleted_at,
    anew.course_number,
    anew.is_first,
    anew.role,
    anew.group_id,
    anew.user_id,
    anew.user_name,
    anew.attended_at
FROM ngeshare.unsettled_group AS wanted
CROSS JOIN LATERAL ngeshare.build_seats(wanted.ids) AS anew
WHERE anew.exists_from <= ngeshare.as_of_utc();
COMMENT ON VIEW ngeshare.seat IS
'The membership records that count as of ngeshare_as_of(), of all groups. Timestamps are UTC; completed_at, deleted_at and some of attended_at may lie behind that instant.';

CREATE VIEW ngeshare.seat_by_user AS
(
    SELECT
        completed_at,
        deleted_at,
        course_number,
        is_first,
        role,
        group_id,
        user_id,
        user_name
    FROM ngeshare.settled_seat
    WHERE user_id IS NOT NULL
      AND exists_from <= ngeshare.as_of_utc()
      AND (SELECT ngeshare.settled_part() <> 'NONE')
      AND ((SELECT ngeshare.settled_part() = 'ALL')
          OR group_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
    ORDER BY user_id, user_name, deleted_at
)
UNION ALL
(
    SELECT
        anew.completed_at,
        anew.deleted_at,
        anew.course_number,
        anew.is_first,
        anew.role,
        anew.group_id,
        anew.user_id,
        anew.user_name
    FROM ngeshare.unsettled_group AS wanted
    CROSS JOIN LATERAL ngeshare.build_seats(wanted.ids) AS anew
    WHERE anew.user_id IS NOT NULL
      AND anew.exists_from <= ngeshare.as_of_utc()
    ORDER BY user_id, user_name, deleted_at
);
COMMENT ON VIEW ngeshare.seat_by_user IS
'ngeshare.seat of users alone. Both its parts are in order of user, name and deletion, so that who groups by these three merges them and keeps one user at a time, however many there are.';

CREATE FUNCTION ngeshare.status_of
(
    has_met             boolean,
    max_episode_reached integer,
    max_episodes        integer,
    days_inactive       integer
)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_status_of'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.status_of(boolean, integer, integer, integer) IS
'GRADUATED, ACTIVE, NOT_STARTED or STALLED, the first that holds; the days that count as active are ngeshare.active_days.';

CREATE FUNCTION ngeshare.days_inactive(today date, last_meeting date, planned_on date)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN greatest(today - coalesce(last_meeting, planned_on), 0);
COMMENT ON FUNCTION ngeshare.days_inactive(date, date, date) IS
'The days since a group last met, or was to start where it has not met; never less than 0.';

CREATE FUNCTION ngeshare.percentage(part bigint, whole bigint)
RETURNS numeric
AS 'MODULE_PATHNAME', 'ngeshare_percentage'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.percentage(bigint, bigint) IS
'A part in percent of the whole, rounded to one decimal half away from zero; NULL where the whole is 0.';

CREATE VIEW ngeshare.group_fact AS
SELECT
    walked.group_id,
    walked.group_name,
    walked.course_name,
    walked.sequence_order,
    walked.max_episodes,
    walked.created_at AT TIME ZONE 'UTC' AS created_at,
    ngeshare.status_of(walked.last_meeting IS NOT NULL, walked.max_episode_reached, walked.max_episodes, walked.days_inactive) AS status,
    walked.max_episode_reached,
    ngeshare.percentage(least(walked.max_episode_reached, walked.max_episodes), walked.max_episodes) AS progress_pct,
    walked.total_meetings,
    walked.first_meeting AS first_meeting_date,
    walked.last_meeting AS last_meeting_date,
    walked.graduated_on,
    coalesce(walked.first_meeting, walked.planned_on) AS started_on,
    walked.days_inactive,
    walked.facilitator_id,
    walked.facilitator_name,
    walked.facilitator_contact,
    coalesce(walked.facilitator_left <= ngeshare.as_of_utc(), false) AS facilitator_is_deleted,
    walked.facilitator_count,
    walked.member_count,
    ngeshare.status_of(walked.last_meeting IS NOT NULL, walked.max_episode_reached, walked.max_episodes, walked.days_inactive) = 'STALLED'
        AND 100::bigint * walked.max_episode_reached
            >= (SELECT ngeshare.setting('rescue_min_pct'))::bigint * walked.max_episodes AS is_rescuable,
    walked.foreign_days,
    walked.graduated_at AT TIME ZONE 'UTC' AS graduated_at,
    walked.is_plain
FROM (
    SELECT
        *,
        ngeshare.days_inactive((SELECT day FROM ngeshare.asked), last_meeting, planned_on) AS days_inactive
    FROM ngeshare.group_then
) AS walked;
COMMENT ON VIEW ngeshare.group_fact IS
'Everything that the views say of a curriculum group as of ngeshare_as_of(), a row a group. is_rescuable: stalled, with at least ngeshare.rescue_min_pct percent of its course behind it. graduated_at: the instant of graduated_on; is_plain: as in ngeshare.group_then.';

CREATE FUNCTION ngeshare.find_links(groups text[])
RETURNS TABLE
(
    valid_from            timestamp,
    valid_to              timestamp,
    graduated_on          date,
    days_between          integer,
    shared_member_count   integer,
    smaller_member_count  integer,
    group_a_id            text,
    group_b_id            text,
    course_a              text,
    course_b              text,
    shared_facilitator_id text
)
AS 'MODULE_PATHNAME', 'ngeshare_find_links'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.find_links(text[]) IS
'The links of all times between the groups of those who lead some groups, or of all for NULL: a row a link and time (UTC) in which its members stay the same.';

CREATE VIEW ngeshare.link_then AS
SELECT
    group_a_id,
    course_a,
    group_b_id,
    course_b,
    shared_facilitator_id,
    shared_member_count,
    smaller_member_count,
    graduated_on,
    days_between
FROM ngeshare.settled_link
WHERE valid_from <= ngeshare.as_of_utc()
  AND valid_to > ngeshare.as_of_utc()
  AND (SELECT has_links AND part <> 'NONE' FROM ngeshare.settling)
  AND ((SELECT ngeshare.settled_part() = 'ALL')
      OR group_a_id NOT IN (SELECT unnest(ngeshare.marked_groups()))
          AND group_b_id NOT IN (SELECT unnest(ngeshare.marked_groups())))
UNION ALL
SELECT
    found.group_a_id,
    found.course_a,
    found.group_b_id,
    found.course_b,
    found.shared_facilitator_id,
    found.shared_member_count,
    found.smaller_member_count,
    found.graduated_on,
    found.days_between
FROM (
    SELECT
        CASE WHEN has_links AND part <> 'NONE' THEN ngeshare.marked_groups() END AS ids
    FROM ngeshare.settling
    WHERE part <> 'ALL' OR NOT has_links
) AS wanted
CROSS JOIN LATERAL ngeshare.find_links(wanted.ids) AS found
WHERE valid_from <= ngeshare.as_of_utc()
  AND valid_to > ngeshare.as_of_utc()
  AND (wanted.ids IS NULL
      OR found.group_a_id IN (SELECT unnest(ngeshare.marked_groups()))
      OR found.group_b_id IN (SELECT unnest(ngeshare.marked_groups())));
COMMENT ON VIEW ngeshare.link_then IS
'The links as of ngeshare_as_of(), a row a link. smaller_member_count: the members of the group that has fewer; graduated_on: the day on which group A did.';

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
