-- How a group's settled row is made: plain SQL over the mirror and the history.

CREATE VIEW ngeshare.membership_record AS
SELECT id, "joinedAt", "hangoutGroupRole", "hangoutGroupId", "userId", "userEmail"
FROM public."UserHangoutGroup"
WHERE "joinedAt" >= ngeshare.plausible_from()
  AND "hangoutGroupRole" IN ('MEMBER', 'FACILITATOR');
COMMENT ON VIEW ngeshare.membership_record IS
'The membership records that answers count, one row per record: joined at a known and plausible instant, as a MEMBER or a FACILITATOR.';

CREATE FUNCTION ngeshare.build_groups(wanted text[])
RETURNS TABLE
(
    built ngeshare.settled_group,
    past  ngeshare.settled_past
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
    -- Planned anew for as many groups as are wanted.
    RETURN QUERY EXECUTE $build$
    WITH circle AS MATERIALIZED (
        SELECT
            circle.id,
            circle.name,
            circle."hangoutId" AS hangout_id,
            circle."createdAt" AS created_at,
            ngeshare.local_day(coalesce(circle."startDate", circle."createdAt"), ngeshare.reporting_zone()) AS planned_on,
            config.course_name,
            config.sequence_order,
            config.max_episodes
        FROM unnest($1) AS wanted (id)
        JOIN public."HangoutGroup" AS circle ON circle.id = wanted.id
        JOIN public."Hangout" AS hangout ON hangout.id = circle."hangoutId"
        JOIN public.course_config AS config ON config.course_name = hangout.name
    ), met AS (
        -- Any attendance makes a meeting; only the own hangout's episodes count
        -- for progress.
        SELECT
            circle.id,
            met.first_at,
            met.last_at,
            met.day,
            own.id IS NULL AS is_foreign,
            own."order" AS episode,
            own."order" >= circle.max_episodes AS is_graduation
        FROM circle
        JOIN ngeshare.meeting AS met ON met.group_id = circle.id
        LEFT JOIN public."HangoutEpisode" AS own
          ON own.id = met.episode_id
         AND own."hangoutId" = circle.hangout_id
    ), numbered AS (
        SELECT
            *,
            row_number() OVER (PARTITION BY id, day ORDER BY first_at) = 1 AS is_new_day
        FROM met
    ), walked AS (
        SELECT
            id,
            first_at,
            last_at,
            day,
            is_graduation,
            max(day) OVER so_far AS last_day,
            count(*) FILTER (WHERE is_new_day) OVER so_far AS total,
            greatest(max(episode) OVER so_far, 0) AS reached
        FROM numbered
        WINDOW so_far AS (PARTITION BY id ORDER BY first_at)
    ), progress AS (
        SELECT
            id,
            min(first_at) AS first_at,
            max(last_at) AS last_at,
            (array_agg(day ORDER BY first_at))[1] AS first_meeting,
            max(last_day) AS last_meeting,
            max(total)::integer AS total_meetings,
            max(reached) AS reached,
            min(first_at) FILTER (WHERE is_graduation) AS graduated_at,
            array_agg(first_at ORDER BY first_at)::timestamp[] AS meeting_at,
            array_agg(last_day ORDER BY first_at) AS meeting_day,
            array_agg(total::integer ORDER BY first_at) AS meeting_total,
            array_agg(reached ORDER BY first_at) AS meeting_reached
        FROM walked
        GROUP BY id
    ), astray AS (
        SELECT
            id,
            array_agg(first_at ORDER BY first_at)::timestamp[] AS foreign_at
        FROM (
            SELECT id, min(first_at) AS first_at
            FROM met
            WHERE is_foreign
            GROUP BY id, day
        ) AS foreign_day
        GROUP BY id
    ), seat AS (
        SELECT
            circle.id,
            ngeshare.person_key(record."userId", record."userEmail") AS person,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'MEMBER') AS member_at,
            min(record."joinedAt") FILTER (WHERE record."hangoutGroupRole" = 'FACILITATOR') AS facilitator_at
        FROM circle
        JOIN ngeshare.membership_record AS record ON record."hangoutGroupId" = circle.id
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
                FILTER (WHERE facilitator_at IS NOT NULL AND person LIKE 'u%')::timestamp[] AS facilitator_at,
            (count(*) FILTER (WHERE is_member AND facilitator_at IS NULL))::integer AS member_count
        FROM (
            SELECT *, member_at < coalesce(facilitator_at, 'infinity') AS is_member
            FROM seat
            WHERE person IS NOT NULL
        ) AS seat
        GROUP BY id
    ), facilitator AS (
        SELECT DISTINCT ON (circle.id)
            circle.id,
            record."userId" AS user_id,
            nullif(btrim(someone.email, E' \t\r\n'), '') AS user_email,
            nullif(btrim(record."userEmail", E' \t\r\n'), '') AS record_email,
            someone."deletedAt" AS deleted_at,
            record."joinedAt" AS since
        FROM circle
        JOIN ngeshare.membership_record AS record ON record."hangoutGroupId" = circle.id
        JOIN public."User" AS someone ON someone.id = record."userId"
        WHERE record."hangoutGroupRole" = 'FACILITATOR'
          AND record."userId" IS NOT NULL
        ORDER BY circle.id, record."joinedAt", record.id COLLATE "C"
    )
    SELECT
        ROW(
            greatest(
                circle.created_at,
                progress.meeting_at[cardinality(progress.meeting_at)],
                people.facilitator_at[cardinality(people.facilitator_at)]),
            greatest(
                circle.created_at,
                people.member_from[cardinality(people.member_from)],
                people.member_left[cardinality(people.member_left)]),
            circle.created_at,
            circle.planned_on,
            circle.sequence_order,
            circle.max_episodes,
            coalesce(progress.reached, 0),
            coalesce(progress.total_meetings, 0),
            coalesce(cardinality(astray.foreign_at), 0),
            coalesce(people.member_count, 0),
            coalesce(cardinality(people.facilitator_at), 0),
            progress.last_meeting,
            progress.first_meeting,
            ngeshare.local_day(progress.graduated_at, ngeshare.reporting_zone()),
            progress.first_at,
            progress.last_at,
            progress.graduated_at,
            facilitator.since,
            facilitator.deleted_at,
            circle.id,
            circle.course_name,
            circle.name,
            facilitator.user_id,
            coalesce(facilitator.user_email, facilitator.user_id),
            coalesce(facilitator.user_email, facilitator.record_email)
        )::ngeshare.settled_group,
        ROW(
            circle.id,
            circle.created_at,
            progress.first_at,
            progress.graduated_at,
            facilitator.since,
            circle.sequence_order,
            circle.planned_on,
            progress.first_meeting,
            ngeshare.local_day(progress.graduated_at, ngeshare.reporting_zone()),
            facilitator.user_id,
            coalesce(progress.meeting_at, '{}'),
            coalesce(progress.meeting_day, '{}'),
            coalesce(progress.meeting_total, '{}'),
            coalesce(progress.meeting_reached, '{}'),
            coalesce(astray.foreign_at, '{}'),
            coalesce(people.member, '{}'),
            coalesce(people.member_from, '{}'),
            coalesce(people.member_to, '{}'),
            coalesce(people.member_left, '{}'),
            coalesce(people.facilitator_at, '{}')
        )::ngeshare.settled_past
    FROM circle
    LEFT JOIN progress ON progress.id = circle.id
    LEFT JOIN astray ON astray.id = circle.id
    LEFT JOIN people ON people.id = circle.id
    LEFT JOIN facilitator ON facilitator.id = circle.id
    $build$
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_groups(text[]) IS
'The rows of ngeshare.settled_group and ngeshare.settled_past of some groups, as the mirror and the history are now; none for a group that is gone or outside the curriculum.';

CREATE FUNCTION ngeshare.build_seats(wanted text[])
RETURNS SETOF ngeshare.settled_seat
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
    RETURN QUERY EXECUTE $build$
    WITH record AS (
        SELECT
            record.id,
            record."hangoutGroupId" AS group_id,
            record."hangoutGroupRole" AS role,
            record."joinedAt" AS joined_at,
            record."userId" AS user_id,
            btrim(record."userEmail", E' \t\r\n') AS user_email,
            ngeshare.person_key(record."userId", record."userEmail") AS person
        FROM unnest($1) AS wanted (id)
        JOIN ngeshare.membership_record AS record ON record."hangoutGroupId" = wanted.id
    ), ranked AS (
        SELECT
            *,
            first_value(user_email) OVER (PARTITION BY group_id, person ORDER BY joined_at, id COLLATE "C") AS first_email,
            row_number() OVER (PARTITION BY group_id, person, role ORDER BY joined_at, id COLLATE "C") = 1 AS is_first
        FROM record
        WHERE person IS NOT NULL
    ), attended AS (
        SELECT
            raw."hangoutGroupId" AS group_id,
            raw."userId" AS user_id,
            array_agg(raw."attendedAt" ORDER BY raw."attendedAt")::timestamp[] AS attended_at
        FROM unnest($1) AS wanted (id)
        JOIN public."UserHangoutGroupAttendance" AS raw ON raw."hangoutGroupId" = wanted.id
        WHERE raw."attendedAt" >= ngeshare.plausible_from()
        GROUP BY 1, 2
    )
    SELECT
        greatest(ranked.joined_at, circle."createdAt")::timestamp,
        ranked.joined_at::timestamp,
        CASE WHEN ranked.joined_at <= known.graduated_at THEN known.graduated_at END,
        someone."deletedAt"::timestamp,
        course.course_number,
        ranked.is_first,
        ranked.role,
        ranked.group_id,
        ranked.user_id,
        CASE
            WHEN ranked.user_id IS NULL THEN ranked.first_email
            ELSE coalesce(nullif(btrim(someone.email, E' \t\r\n'), ''), ranked.user_id)
        END,
        attended.attended_at
    FROM ranked
    JOIN public."HangoutGroup" AS circle ON circle.id = ranked.group_id
    LEFT JOIN ngeshare.group_record AS known ON known.group_id = ranked.group_id
    LEFT JOIN ngeshare.numbered_course AS course ON course.course_name = known.course_name
    LEFT JOIN public."User" AS someone ON someone.id = ranked.user_id
    LEFT JOIN attended ON attended.group_id = ranked.group_id AND attended.user_id = ranked.user_id
    -- A person's seats side by side: answers about people read them in this order.
    ORDER BY ranked.user_id COLLATE "C", course.course_number
    $build$
    USING wanted;
END
$$;
COMMENT ON FUNCTION ngeshare.build_seats(text[]) IS
'The rows of ngeshare.settled_seat of some groups, as the mirror and the history are now.';
