-- What the C answers read, as of an instant (UTC): plain SQL over the mirror and
-- the history, inlined where it is used. The rules over it are in C.

CREATE FUNCTION ngeshare.group_record(as_of timestamp)
RETURNS TABLE
(
    group_id            text,
    group_name          text,
    sequence_order      integer,
    created_at          timestamp,
    planned_start       timestamp,
    first_meeting       date,
    last_meeting        date,
    total_meetings      integer,
    max_episode_reached integer,
    graduated_at        timestamp
)
LANGUAGE sql
STABLE
PARALLEL SAFE
ROWS 10000
AS $$
    WITH curriculum AS MATERIALIZED (
        SELECT
            hangout.id AS hangout_id,
            config.sequence_order,
            config.max_episodes
        FROM public."Hangout" AS hangout
        JOIN public.course_config AS config ON config.course_name = hangout.name
    ), meeting_day AS (
        -- Any attendance makes a meeting; only the own hangout's episodes count
        -- for progress.
        SELECT
            met.group_id,
            met.day,
            max(own."order") AS reached,
            min(met.first_at) FILTER (WHERE own."order" >= curriculum.max_episodes) AS graduated_at
        FROM ngeshare.meeting AS met
        JOIN public."HangoutGroup" AS circle ON circle.id = met.group_id
        JOIN curriculum ON curriculum.hangout_id = circle."hangoutId"
        LEFT JOIN public."HangoutEpisode" AS own
          ON own.id = met.episode_id
         AND own."hangoutId" = circle."hangoutId"
        WHERE met.first_at <= as_of
        GROUP BY met.group_id, met.day
    ), progress AS (
        SELECT
            meeting_day.group_id,
            min(day) AS first_meeting,
            max(day) AS last_meeting,
            count(*)::integer AS total_meetings,
            max(reached) AS max_episode_reached,
            min(meeting_day.graduated_at) AS graduated_at
        FROM meeting_day
        GROUP BY meeting_day.group_id
    )
    SELECT
        circle.id,
        circle.name,
        curriculum.sequence_order,
        circle."createdAt",
        coalesce(circle."startDate", circle."createdAt"),
        progress.first_meeting,
        progress.last_meeting,
        progress.total_meetings,
        progress.max_episode_reached,
        progress.graduated_at
    FROM public."HangoutGroup" AS circle
    JOIN curriculum ON curriculum.hangout_id = circle."hangoutId"
    LEFT JOIN progress ON progress.group_id = circle.id
    WHERE circle."createdAt" <= as_of
$$;
COMMENT ON FUNCTION ngeshare.group_record(timestamp) IS
'The curriculum groups that exist as of an instant (UTC) with what their meetings came to; the five last columns are NULL for a group that never met.';

CREATE FUNCTION ngeshare.facilitator_record(as_of timestamp)
RETURNS TABLE
(
    group_id               text,
    facilitator_id         text,
    facilitator_name       text,
    facilitator_contact    text,
    facilitator_is_deleted boolean,
    facilitator_count      integer
)
LANGUAGE sql
STABLE
PARALLEL SAFE
ROWS 10000
AS $$
    SELECT
        chosen.group_id,
        person.id,
        coalesce(nullif(btrim(person.email, E' \t\r\n'), ''), person.id),
        coalesce(
            nullif(btrim(person.email, E' \t\r\n'), ''),
            nullif(btrim(chosen."userEmail", E' \t\r\n'), '')),
        coalesce(person."deletedAt" <= as_of, false),
        counted.facilitator_count
    FROM (
        SELECT DISTINCT ON ("hangoutGroupId")
            "hangoutGroupId" AS group_id,
            "userId",
            "userEmail"
        FROM public."UserHangoutGroup"
        WHERE "hangoutGroupRole" = 'FACILITATOR'
          AND "joinedAt" <= as_of
          AND "userId" IS NOT NULL
        ORDER BY "hangoutGroupId", "joinedAt", id COLLATE "C"
    ) AS chosen
    JOIN (
        SELECT
            "hangoutGroupId" AS group_id,
            count(DISTINCT "userId")::integer AS facilitator_count
        FROM public."UserHangoutGroup"
        WHERE "hangoutGroupRole" = 'FACILITATOR'
          AND "joinedAt" <= as_of
        GROUP BY "hangoutGroupId"
    ) AS counted ON counted.group_id = chosen.group_id
    JOIN public."User" AS person ON person.id = chosen."userId"
$$;
COMMENT ON FUNCTION ngeshare.facilitator_record(timestamp) IS
'Each group''s facilitator as of an instant (UTC): the user of its FACILITATOR record with the earliest joinedAt, then the smallest id in byte order, and how many users have such a record. Groups without one have no row.';

CREATE FUNCTION ngeshare.member_record(as_of timestamp)
RETURNS TABLE
(
    group_id text,
    person   text
)
LANGUAGE sql
STABLE
PARALLEL SAFE
ROWS 50000
AS $$
    SELECT
        "hangoutGroupId",
        ngeshare.person_key("userId", "userEmail")
    FROM public."UserHangoutGroup"
    WHERE "joinedAt" <= as_of
      AND "hangoutGroupRole" IN ('MEMBER', 'FACILITATOR')
      AND ngeshare.person_key("userId", "userEmail") IS NOT NULL
    GROUP BY "hangoutGroupId", ngeshare.person_key("userId", "userEmail")
    HAVING bool_and("hangoutGroupRole" = 'MEMBER')
$$;
COMMENT ON FUNCTION ngeshare.member_record(timestamp) IS
'The distinct members of each group as of an instant (UTC): persons (by ngeshare.person_key()) with a MEMBER record and no FACILITATOR record there.';

CREATE FUNCTION ngeshare.group_facts(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_id               text,
    group_name             text,
    course_name            text,
    sequence_order         integer,
    max_episodes           integer,
    created_at             timestamptz,
    status                 text,
    max_episode_reached    integer,
    progress_pct           numeric,
    total_meetings         integer,
    first_meeting_date     date,
    last_meeting_date      date,
    graduated_on           date,
    started_on             date,
    days_inactive          integer,
    facilitator_id         text,
    facilitator_name       text,
    facilitator_contact    text,
    facilitator_is_deleted boolean,
    facilitator_count      integer,
    member_count           integer,
    is_rescuable           boolean,
    graduated_at           timestamptz
)
AS 'MODULE_PATHNAME', 'ngeshare_group_facts'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION ngeshare.group_facts(timestamptz) IS
'Everything that the views say of a curriculum group, a row a group. is_rescuable: stalled, with at least ngeshare.rescue_min_pct percent of its course behind it. graduated_at: the instant of graduated_on.';

CREATE FUNCTION ngeshare_group_status(as_of timestamptz DEFAULT ngeshare_as_of())
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
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION ngeshare_group_status(timestamptz) IS
'The status of every curriculum group as of an instant, a row a group: GRADUATED, ACTIVE (a meeting in the last 28 days), NOT_STARTED (never met, planned within the last 28 days or later) or STALLED. Days are local days of ngeshare.timezone; the 28 is ngeshare.active_days. Errors: 22004 for NULL, 22008 for an infinite instant, 55000 in another zone than the history''s.';

CREATE FUNCTION ngeshare_pipeline(as_of timestamptz DEFAULT ngeshare_as_of())
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
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION ngeshare_pipeline(timestamptz) IS
'Which groups went on as which, as of an instant, a row a link: the same facilitator, at least 2 shared members who are at least 50 % of the smaller group, the next course, and its first meeting from 30 days before to 90 days after the graduation. Settings: ngeshare.link_min_shared, link_min_overlap_pct, link_early_days, link_days. Errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare.group_predecessors(as_of timestamptz DEFAULT ngeshare_as_of())
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

CREATE FUNCTION ngeshare_funnel(as_of timestamptz DEFAULT ngeshare_as_of())
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
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 4;
COMMENT ON FUNCTION ngeshare_funnel(timestamptz) IS
'The curriculum as a funnel, as of an instant, a row a course in its sequence, courses without groups too. Rates are percentages, NULL where there is nothing to divide by. The last course has nothing to go on to: its four continuation columns are NULL. Errors as for ngeshare_group_status().';
