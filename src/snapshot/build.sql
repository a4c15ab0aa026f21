-- Views, aggregates and functions that compute the snapshot's rows from the mirror and the meeting
-- history.

CREATE VIEW ngeshare.membership_record AS
SELECT id, "joinedAt", "hangoutGroupRole", "hangoutGroupId", "userId", "userEmail"
FROM public."UserHangoutGroup"
WHERE "joinedAt" >= ngeshare.plausible_from()
  AND "hangoutGroupRole" IN ('MEMBER', 'FACILITATOR');
COMMENT ON VIEW ngeshare.membership_record IS
'The records of UserHangoutGroup that answers count: with a known and plausible joinedAt, and with '
'the role MEMBER or FACILITATOR.';

CREATE VIEW ngeshare.counted_attendance AS
SELECT group_id, episode_id, day, first_at, last_at, attendances
FROM ngeshare.meeting_past
WHERE first_at >= ngeshare.plausible_from()
UNION ALL
SELECT "hangoutGroupId", "hangoutEpisodeId", NULL, "attendedAt", "attendedAt", 1
FROM public."UserHangoutGroupAttendance"
WHERE "attendedAt" >= greatest(
    (SELECT window_start FROM ngeshare.history_state), ngeshare.plausible_from());
COMMENT ON VIEW ngeshare.counted_attendance IS
'The attendance that answers count: one row per meeting before the start of the window of raw '
'attendance, and one row per attendance since, with day NULL. In the view ngeshare.meeting, '
'attendance since that start is counted as meetings, too.';

CREATE TYPE ngeshare.progress AS
(
    first_at        timestamp,
    last_at         timestamp,
    first_meeting   date,
    last_meeting    date,
    total_meetings  integer,
    reached         integer,
    graduated_at    timestamp,
    meeting_at      timestamp[],
    meeting_day     date[],
    meeting_total   integer[],
    meeting_reached integer[],
    day             date[],
    attendances     bigint[],
    is_own          boolean[],
    episode_id      text[],
    foreign_at      timestamp[]
);
COMMENT ON TYPE ngeshare.progress IS
'The result of the aggregate ngeshare.group_progress(): what a group''s meetings amount to. The '
'comments on ngeshare.group_snapshot, ngeshare.group_timeline and ngeshare.group_meeting explain '
'the columns.';

CREATE FUNCTION ngeshare.add_meeting
(
    state        internal,
    day          date,
    first_at     timestamp,
    last_at      timestamp,
    attendances  bigint,
    episode_id   text,
    "order"      integer,
    max_episodes integer
)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_add_meeting'
LANGUAGE C
STABLE
PARALLEL RESTRICTED;
COMMENT ON FUNCTION ngeshare.add_meeting(internal, date, timestamp, timestamp, bigint, text,
    integer, integer) IS
'Transition function of the aggregate ngeshare.group_progress(): adds attendance of one day at one '
'episode.';

CREATE FUNCTION ngeshare.finish_progress(internal)
RETURNS ngeshare.progress
AS 'MODULE_PATHNAME', 'ngeshare_finish_progress'
LANGUAGE C
STABLE
PARALLEL RESTRICTED;
COMMENT ON FUNCTION ngeshare.finish_progress(internal) IS
'Final function of the aggregate ngeshare.group_progress(): sorts the meetings and builds the row.';

CREATE AGGREGATE ngeshare.group_progress
(
    day          date,
    first_at     timestamp,
    last_at      timestamp,
    attendances  bigint,
    episode_id   text,
    "order"      integer,
    max_episodes integer
)
(
    STYPE = internal,
    SSPACE = 512,
    SFUNC = ngeshare.add_meeting,
    FINALFUNC = ngeshare.finish_progress,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = RESTRICTED
);
COMMENT ON AGGREGATE ngeshare.group_progress(date, timestamp, timestamp, bigint, text, integer,
    integer) IS
'Summarizes the meetings of one group in one row. day: the local day, or NULL to derive it from '
'first_at and ngeshare.timezone. order: the episode''s number, or NULL for an episode of another '
'hangout. Attendance with the same day and episode is one meeting. Meetings are ordered by '
'first_at, then by episode_id in byte order.';

CREATE FUNCTION ngeshare.add_instant(state internal, at timestamp)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_add_instant'
LANGUAGE C
IMMUTABLE
PARALLEL RESTRICTED;
COMMENT ON FUNCTION ngeshare.add_instant(internal, timestamp) IS
'Transition function of the aggregate ngeshare.sorted_instants(): adds one instant.';

CREATE FUNCTION ngeshare.finish_instants(internal)
RETURNS timestamp[]
AS 'MODULE_PATHNAME', 'ngeshare_finish_instants'
LANGUAGE C
IMMUTABLE
PARALLEL RESTRICTED;
COMMENT ON FUNCTION ngeshare.finish_instants(internal) IS
'Final function of the aggregate ngeshare.sorted_instants(): sorts the instants.';

CREATE AGGREGATE ngeshare.sorted_instants(timestamp)
(
    STYPE = internal,
    SSPACE = 128,
    SFUNC = ngeshare.add_instant,
    FINALFUNC = ngeshare.finish_instants,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = RESTRICTED
);
COMMENT ON AGGREGATE ngeshare.sorted_instants(timestamp) IS
'An array of the instants in order. Unlike array_agg(at ORDER BY at) it sorts each group on its '
'own, not all rows of the query.';

CREATE FUNCTION ngeshare.curriculum_of(wanted text[])
RETURNS regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE
    WHEN wanted IS NULL THEN 'public.course_config'::regclass
    ELSE 'ngeshare.course_snapshot'::regclass
END;
COMMENT ON FUNCTION ngeshare.curriculum_of(text[]) IS
'The table whose courses are used to build the snapshot of the given groups: course_config if all '
'groups are built (NULL), else ngeshare.course_snapshot. So a change of course_config takes effect '
'for all groups at once.';

CREATE FUNCTION ngeshare.build_groups(wanted text[])
RETURNS TABLE
(
    grp      ngeshare.group_snapshot,
    timeline ngeshare.group_timeline,
    meetings ngeshare.group_meeting
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 100
AS $$
BEGIN
    -- EXECUTE makes a new plan for each call. Each table is filtered by group, so that the planner
    -- can use indexes when there are only a few groups.
    RETURN QUERY EXECUTE format($build$
    WITH grp AS NOT MATERIALIZED (
        SELECT
            grp.id,
            grp."hangoutId" AS hangout_id,
            grp."createdAt" AS created_at,
            ngeshare.local_day(coalesce(grp."startDate", grp."createdAt"),
                ngeshare.reporting_zone()) AS planned_on,
            config.course_name,
            config.sequence_order,
            config.max_episodes
        FROM public."HangoutGroup" AS grp
        JOIN public."Hangout" AS hangout ON hangout.id = grp."hangoutId"
        JOIN %2$s AS config ON config.course_name = hangout.name
        WHERE %1$s grp.id = ANY ($1)
    ), met AS (
        -- Attendance at any episode makes a meeting, but only episodes of the group's own hangout
        -- count for progress.
        SELECT
            grp.id,
            ngeshare.group_progress(attended.day, attended.first_at, attended.last_at,
                attended.attendances, attended.episode_id, own."order",
                    grp.max_episodes) AS progress
        FROM grp
        JOIN ngeshare.counted_attendance AS attended ON attended.group_id = grp.id
        LEFT JOIN public."HangoutEpisode" AS own
          ON own.id = attended.episode_id
         AND own."hangoutId" = grp.hangout_id
        WHERE %1$s attended.group_id = ANY ($1)
        GROUP BY grp.id
    ), person AS (
        SELECT
            grp.id,
            ngeshare.person_key(record."userId", record."userEmail") AS person,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'MEMBER') AS member_at,
            min(record."joinedAt")
                FILTER (WHERE record."hangoutGroupRole" = 'FACILITATOR') AS facilitator_at
        FROM grp
        JOIN ngeshare.membership_record AS record ON record."hangoutGroupId" = grp.id
        WHERE %1$s record."hangoutGroupId" = ANY ($1)
        GROUP BY 1, 2
    ), people AS (
        SELECT
            id COLLATE "C" AS id,
            array_agg(person ORDER BY member_at, person COLLATE "C")
                FILTER (WHERE is_member) AS member,
            array_agg(member_at ORDER BY member_at, person COLLATE "C")
                FILTER (WHERE is_member)::timestamp[] AS member_from,
            array_agg(coalesce(facilitator_at, 'infinity') ORDER BY member_at, person COLLATE "C")
                FILTER (WHERE is_member)::timestamp[] AS member_to,
            array_agg(facilitator_at ORDER BY facilitator_at)
                FILTER (WHERE is_member AND facilitator_at IS NOT NULL)::timestamp[] AS member_left,
            array_agg(facilitator_at ORDER BY facilitator_at)
                FILTER (WHERE facilitator_at IS NOT NULL
                    AND person LIKE 'u%%')::timestamp[] AS facilitator_at,
            (count(*) FILTER (WHERE is_member AND facilitator_at IS NULL))::integer AS member_count
        FROM (
            SELECT *, member_at < coalesce(facilitator_at, 'infinity') AS is_member
            FROM person
            WHERE person IS NOT NULL
        ) AS person
        GROUP BY id COLLATE "C"
    ), facilitator AS (
        SELECT DISTINCT ON (grp.id)
            grp.id,
            record."userId" AS user_id,
            nullif(btrim(someone.email, E' \t\r\n'), '') AS user_email,
            nullif(btrim(record."userEmail", E' \t\r\n'), '') AS record_email,
            someone."deletedAt" AS deleted_at,
            record."joinedAt" AS since
        FROM grp
        JOIN ngeshare.membership_record AS record ON record."hangoutGroupId" = grp.id
        JOIN public."User" AS someone ON someone.id = record."userId"
        WHERE record."hangoutGroupRole" = 'FACILITATOR'
          AND record."userId" IS NOT NULL
          AND (%1$s record."hangoutGroupId" = ANY ($1))
        ORDER BY grp.id, record."joinedAt", record.id COLLATE "C"
    )
    SELECT
        ROW(
            greatest(
                grp.created_at,
                (met.progress).meeting_at[cardinality((met.progress).meeting_at)],
                people.facilitator_at[cardinality(people.facilitator_at)]),
            greatest(
                grp.created_at,
                people.member_from[cardinality(people.member_from)],
                people.member_left[cardinality(people.member_left)]),
            grp.created_at,
            (met.progress).first_at,
            (met.progress).last_at,
            facilitator.since,
            (met.progress).graduated_at,
            facilitator.deleted_at,
            (met.progress).meeting_at[
                array_position((met.progress).meeting_day, (met.progress).last_meeting)],
            grp.planned_on,
            grp.sequence_order,
            grp.max_episodes,
            coalesce((met.progress).reached, 0),
            coalesce((met.progress).total_meetings, 0),
            coalesce(cardinality((met.progress).foreign_at), 0),
            coalesce(people.member_count, 0),
            coalesce(cardinality(people.facilitator_at), 0),
            (met.progress).last_meeting,
            (met.progress).first_meeting,
            ngeshare.local_day((met.progress).graduated_at, ngeshare.reporting_zone()),
            facilitator.user_id,
            coalesce(facilitator.user_email, facilitator.user_id),
            coalesce(facilitator.user_email, facilitator.record_email),
            grp.id,
            grp.course_name,
            mirror.name,
            place.key,
            place.city,
            place.province
        )::ngeshare.group_snapshot,
        ROW(
            grp.id,
            grp.created_at,
            (met.progress).first_at,
            (met.progress).graduated_at,
            facilitator.since,
            grp.sequence_order,
            grp.planned_on,
            (met.progress).first_meeting,
            ngeshare.local_day((met.progress).graduated_at, ngeshare.reporting_zone()),
            facilitator.user_id,
            place.key,
            coalesce((met.progress).meeting_at, '{}'),
            coalesce((met.progress).meeting_day, '{}'),
            coalesce((met.progress).meeting_total, '{}'),
            coalesce((met.progress).meeting_reached, '{}'),
            coalesce((met.progress).foreign_at, '{}'),
            coalesce(people.member, '{}'),
            coalesce(people.member_from, '{}'),
            coalesce(people.member_to, '{}'),
            coalesce(people.member_left, '{}'),
            coalesce(people.facilitator_at, '{}')
        )::ngeshare.group_timeline,
        CASE WHEN met.id IS NOT NULL THEN ROW(grp.id, (met.progress).meeting_at, (met.progress).day,
            (met.progress).attendances, (met.progress).is_own,
                (met.progress).episode_id)::ngeshare.group_meeting END
    FROM grp
    -- The alias mirror provides the group's name, city and province.
    JOIN public."HangoutGroup" AS mirror ON mirror.id = grp.id
    CROSS JOIN LATERAL (
        -- OFFSET 0 keeps the subqueries separate, so that each function is called once per group.
        SELECT *, ngeshare.place_key(city, province) AS key
        FROM (
            SELECT ngeshare.place_name(mirror.city) AS city,
                ngeshare.place_name(mirror.province) AS province
            OFFSET 0
        ) AS named
        OFFSET 0
    ) AS place
    LEFT JOIN met ON met.id = grp.id
    LEFT JOIN people ON people.id = grp.id COLLATE "C"
    LEFT JOIN facilitator ON facilitator.id = grp.id
    $build$,
        CASE WHEN wanted IS NULL THEN 'true OR' END,
        ngeshare.curriculum_of(wanted))
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_groups(text[]) IS
'Computes the rows of ngeshare.group_snapshot, group_timeline and group_meeting (NULL for a group '
'that has never met) of the given groups, or of all groups for NULL, from the present mirror and '
'meeting history. A group that is gone or outside the curriculum has no row.';


CREATE FUNCTION ngeshare.build_memberships(wanted text[])
RETURNS TABLE
(
    record_id   text,
    group_id    text,
    created_at  timestamp,
    joined_at   timestamp,
    deleted_at  timestamp,
    is_first    boolean,
    role        text,
    user_id     text,
    user_name   text,
    attended_at timestamp[]
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 500
AS $$
BEGIN
    RETURN QUERY EXECUTE format($build$
    WITH record AS (
        SELECT
            id,
            "hangoutGroupId" AS group_id,
            "hangoutGroupRole" AS role,
            "joinedAt" AS joined_at,
            "userId" AS user_id,
            btrim("userEmail", E' \t\r\n') AS user_email,
            ngeshare.person_key("userId", "userEmail") AS person
        FROM ngeshare.membership_record
        WHERE %1$s "hangoutGroupId" = ANY ($1)
    ), ranked AS (
        SELECT
            *,
            first_value(user_email) OVER so_far AS first_email,
            count(*) FILTER (WHERE role = 'MEMBER') OVER so_far AS member_records,
            count(*) FILTER (WHERE role = 'FACILITATOR') OVER so_far AS facilitator_records
        FROM record
        WHERE person IS NOT NULL
        WINDOW so_far AS (
            -- PARTITION BY needs no particular order, and collation "C" sorts fastest.
            PARTITION BY group_id COLLATE "C", person COLLATE "C"
            ORDER BY joined_at, id COLLATE "C" ROWS UNBOUNDED PRECEDING)
    ), attended AS (
        SELECT
            "hangoutGroupId" AS group_id,
            "userId" AS user_id,
            ngeshare.sorted_instants("attendedAt") AS attended_at
        FROM public."UserHangoutGroupAttendance"
        WHERE "attendedAt" >= greatest(
            (SELECT window_start FROM ngeshare.history_state), ngeshare.plausible_from())
          AND (%1$s "hangoutGroupId" = ANY ($1))
        GROUP BY 1, 2
    )
    SELECT
        ranked.id,
        ranked.group_id,
        grp."createdAt"::timestamp,
        ranked.joined_at::timestamp,
        someone."deletedAt"::timestamp,
        CASE ranked.role WHEN 'MEMBER' THEN ranked.member_records
            ELSE ranked.facilitator_records END = 1,
        ranked.role,
        ranked.user_id,
        CASE
            WHEN ranked.user_id IS NULL THEN ranked.first_email
            ELSE coalesce(nullif(btrim(someone.email, E' \t\r\n'), ''), ranked.user_id)
        END,
        attended.attended_at
    FROM ranked
    JOIN public."HangoutGroup" AS grp ON grp.id = ranked.group_id
    LEFT JOIN public."User" AS someone ON someone.id = ranked.user_id
    LEFT JOIN attended ON attended.group_id = ranked.group_id AND attended.user_id = ranked.user_id
    $build$, CASE WHEN wanted IS NULL THEN 'true OR' END)
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_memberships(text[]) IS
'Computes from the present mirror the membership records that answers count, of the given groups '
'or of all groups for NULL, one row per record. ngeshare.write_snapshot() adds what depends on the '
'groups.';
