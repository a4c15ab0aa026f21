-- How the rows of the snapshot are made: plain SQL over the mirror and the meeting history.

CREATE VIEW ngeshare.membership_record AS
SELECT id, "joinedAt", "hangoutGroupRole", "hangoutGroupId", "userId", "userEmail"
FROM public."UserHangoutGroup"
WHERE "joinedAt" >= ngeshare.plausible_from()
  AND "hangoutGroupRole" IN ('MEMBER', 'FACILITATOR');
COMMENT ON VIEW ngeshare.membership_record IS
'The membership records that answers count, one row per record: joined at a known and plausible instant, as a MEMBER or a FACILITATOR.';

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
'The table whose courses some groups are built by, or all of them for NULL: a change of course_config is taken in with all groups at once, never with some.';

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
    -- Planned for these groups. The condition stands wherever rows are read, so that for a few
    -- groups each read is by an index.
    RETURN QUERY EXECUTE format($build$
    WITH grp AS MATERIALIZED (
        SELECT
            grp.id,
            grp."hangoutId" AS hangout_id,
            grp."createdAt" AS created_at,
            ngeshare.local_day(coalesce(grp."startDate", grp."createdAt"), ngeshare.reporting_zone()) AS planned_on,
            config.course_name,
            config.sequence_order,
            config.max_episodes
        FROM public."HangoutGroup" AS grp
        JOIN public."Hangout" AS hangout ON hangout.id = grp."hangoutId"
        JOIN %2$s AS config ON config.course_name = hangout.name
        WHERE %1$s grp.id = ANY ($1)
    ), meeting AS (
        -- Any attendance makes a meeting; only the own hangout's episodes count
        -- for progress.
        SELECT
            grp.id,
            met.first_at,
            met.last_at,
            met.day,
            met.attendances,
            met.episode_id,
            met.episode_id COLLATE "C" AS tie,
            own.id IS NULL AS is_foreign,
            own."order" AS episode,
            own."order" >= grp.max_episodes AS is_graduation
        FROM grp
        JOIN ngeshare.meeting AS met ON met.group_id = grp.id
        LEFT JOIN public."HangoutEpisode" AS own
          ON own.id = met.episode_id
         AND own."hangoutId" = grp.hangout_id
        WHERE %1$s met.group_id = ANY ($1)
    ), numbered AS (
        SELECT
            *,
            row_number() OVER (PARTITION BY id, day ORDER BY first_at, tie) = 1 AS is_new_day
        FROM meeting
    ), running AS (
        SELECT
            *,
            max(day) OVER so_far AS last_day,
            (count(*) FILTER (WHERE is_new_day) OVER so_far)::integer AS total,
            greatest(max(episode) OVER so_far, 0) AS reached
        FROM numbered
        WINDOW so_far AS (PARTITION BY id ORDER BY first_at, tie)
    ), progress AS (
        SELECT
            id,
            min(first_at) AS first_at,
            max(last_at) AS last_at,
            (array_agg(day ORDER BY first_at, tie))[1] AS first_meeting,
            max(last_day) AS last_meeting,
            max(total) AS total_meetings,
            max(reached) AS reached,
            min(first_at) FILTER (WHERE is_graduation) AS graduated_at,
            array_agg(first_at ORDER BY first_at, tie)::timestamp[] AS meeting_at,
            array_agg(last_day ORDER BY first_at, tie) AS meeting_day,
            array_agg(total ORDER BY first_at, tie) AS meeting_total,
            array_agg(reached ORDER BY first_at, tie) AS meeting_reached,
            array_agg(day ORDER BY first_at, tie) AS day,
            array_agg(attendances ORDER BY first_at, tie) AS attendances,
            array_agg(NOT is_foreign ORDER BY first_at, tie) AS is_own,
            array_agg(episode_id ORDER BY first_at, tie) AS episode_id
        FROM running
        GROUP BY id
    ), foreign_day AS (
        SELECT
            id,
            array_agg(first_at ORDER BY first_at)::timestamp[] AS foreign_at
        FROM (
            SELECT id, min(first_at) AS first_at
            FROM meeting
            WHERE is_foreign
            GROUP BY id, day
        ) AS first_of_day
        GROUP BY id
    ), person AS (
        SELECT
            grp.id,
            ngeshare.person_key(record."userId", record."userEmail") AS person,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'MEMBER') AS member_at,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'FACILITATOR') AS facilitator_at
        FROM grp
        JOIN ngeshare.membership_record AS record ON record."hangoutGroupId" = grp.id
        WHERE %1$s record."hangoutGroupId" = ANY ($1)
        GROUP BY 1, 2
    ), people AS (
        SELECT
            id,
            array_agg(person ORDER BY member_at, person COLLATE "C") FILTER (WHERE is_member) AS member,
            array_agg(member_at ORDER BY member_at, person COLLATE "C") FILTER (WHERE is_member)::timestamp[] AS member_from,
            array_agg(coalesce(facilitator_at, 'infinity') ORDER BY member_at, person COLLATE "C")
                FILTER (WHERE is_member)::timestamp[] AS member_to,
            array_agg(facilitator_at ORDER BY facilitator_at)
                FILTER (WHERE is_member AND facilitator_at IS NOT NULL)::timestamp[] AS member_left,
            array_agg(facilitator_at ORDER BY facilitator_at)
                FILTER (WHERE facilitator_at IS NOT NULL AND person LIKE 'u%%')::timestamp[] AS facilitator_at,
            (count(*) FILTER (WHERE is_member AND facilitator_at IS NULL))::integer AS member_count
        FROM (
            SELECT *, member_at < coalesce(facilitator_at, 'infinity') AS is_member
            FROM person
            WHERE person IS NOT NULL
        ) AS person
        GROUP BY id
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
        ORDER BY grp.id, record."joinedAt", record.id COLLATE "C"
    )
    SELECT
        ROW(
            greatest(
                grp.created_at,
                progress.meeting_at[cardinality(progress.meeting_at)],
                people.facilitator_at[cardinality(people.facilitator_at)]),
            greatest(
                grp.created_at,
                people.member_from[cardinality(people.member_from)],
                people.member_left[cardinality(people.member_left)]),
            grp.created_at,
            progress.first_at,
            progress.last_at,
            facilitator.since,
            progress.graduated_at,
            facilitator.deleted_at,
            grp.planned_on,
            grp.sequence_order,
            grp.max_episodes,
            coalesce(progress.reached, 0),
            coalesce(progress.total_meetings, 0),
            coalesce(cardinality(foreign_day.foreign_at), 0),
            coalesce(people.member_count, 0),
            coalesce(cardinality(people.facilitator_at), 0),
            progress.last_meeting,
            progress.first_meeting,
            ngeshare.local_day(progress.graduated_at, ngeshare.reporting_zone()),
            facilitator.user_id,
            coalesce(facilitator.user_email, facilitator.user_id),
            coalesce(facilitator.user_email, facilitator.record_email),
            grp.id,
            grp.course_name,
            mirror.name
        )::ngeshare.group_snapshot,
        ROW(
            grp.id,
            grp.created_at,
            progress.first_at,
            progress.graduated_at,
            facilitator.since,
            grp.sequence_order,
            grp.planned_on,
            progress.first_meeting,
            ngeshare.local_day(progress.graduated_at, ngeshare.reporting_zone()),
            facilitator.user_id,
            coalesce(progress.meeting_at, '{}'),
            coalesce(progress.meeting_day, '{}'),
            coalesce(progress.meeting_total, '{}'),
            coalesce(progress.meeting_reached, '{}'),
            coalesce(foreign_day.foreign_at, '{}'),
            coalesce(people.member, '{}'),
            coalesce(people.member_from, '{}'),
            coalesce(people.member_to, '{}'),
            coalesce(people.member_left, '{}'),
            coalesce(people.facilitator_at, '{}')
        )::ngeshare.group_timeline,
        CASE WHEN progress.id IS NOT NULL THEN ROW(grp.id, progress.meeting_at, progress.day,
            progress.attendances, progress.is_own, progress.episode_id)::ngeshare.group_meeting END
    FROM grp
    -- Columns that are shown as they are come from here: a new one needs no other line.
    JOIN public."HangoutGroup" AS mirror ON mirror.id = grp.id
    LEFT JOIN progress ON progress.id = grp.id
    LEFT JOIN foreign_day ON foreign_day.id = grp.id
    LEFT JOIN people ON people.id = grp.id
    LEFT JOIN facilitator ON facilitator.id = grp.id
    $build$,
        CASE WHEN wanted IS NULL THEN 'true OR' END,
        ngeshare.curriculum_of(wanted))
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_groups(text[]) IS
'The rows of ngeshare.group_snapshot, group_timeline and group_meeting (NULL for a group that has never met) of some groups, or of all for NULL, as the mirror and the meeting history are now. No row for a group that is gone or outside the curriculum.';


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
            first_value(user_email) OVER (PARTITION BY group_id, person ORDER BY joined_at, id COLLATE "C") AS first_email,
            row_number() OVER (PARTITION BY group_id, person, role ORDER BY joined_at, id COLLATE "C") = 1 AS is_first
        FROM record
        WHERE person IS NOT NULL
    ), attended AS (
        SELECT
            "hangoutGroupId" AS group_id,
            "userId" AS user_id,
            array_agg("attendedAt" ORDER BY "attendedAt")::timestamp[] AS attended_at
        FROM public."UserHangoutGroupAttendance"
        WHERE "attendedAt" >= greatest((SELECT window_start FROM ngeshare.history_state), ngeshare.plausible_from())
          AND (%1$s "hangoutGroupId" = ANY ($1))
        GROUP BY 1, 2
    )
    SELECT
        ranked.id,
        ranked.group_id,
        grp."createdAt"::timestamp,
        ranked.joined_at::timestamp,
        someone."deletedAt"::timestamp,
        ranked.is_first,
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
'What the mirror says now of the membership records that count, of some groups or of all for NULL: one row per record. ngeshare.membership adds what follows from their groups.';
