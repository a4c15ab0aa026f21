-- The reference's answers on people, in the terms of answers.sql, which must be loaded first.

BEGIN;

-- "All answers are about curriculum groups only, except v_facilitator_alumni and the totals built
-- on it (all groups)." "As of an instant, only these exist: groups with createdAt <= as_of;
-- memberships with joinedAt <= as_of whose group exists." Otherwise this is record_of(), limited to
-- records that have a user.
CREATE FUNCTION reference.any_record_of(as_of timestamptz)
RETURNS TABLE (group_id text, role text, joined_at timestamptz,
    user_id text) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.id, record."hangoutGroupRole", reference.instant_of(record."joinedAt"),
        record."userId"
    FROM public."UserHangoutGroup" AS record
    JOIN public."HangoutGroup" AS gathering ON gathering.id = record."hangoutGroupId"
    WHERE record."userId" IS NOT NULL
      AND isfinite(record."joinedAt")
      AND reference.is_plausible(record."joinedAt")
      AND isfinite(gathering."createdAt")
      AND isfinite(COALESCE(gathering."startDate", gathering."createdAt"))
      AND reference.instant_of(record."joinedAt") <= as_of
      AND reference.instant_of(gathering."createdAt") <= as_of
      AND record."hangoutGroupRole" IN ('MEMBER', 'FACILITATOR')
$$;

-- "An email-only person's name is the userEmail, trimmed, of that person's earliest record there."
-- Of two records at the same instant, the one with the smaller id in byte order counts, as for the
-- facilitator.
CREATE FUNCTION reference.invited_name_of(as_of timestamptz)
RETURNS TABLE (group_id text, person text, invited_name text) LANGUAGE sql STABLE STRICT AS $$
    SELECT DISTINCT ON (record.group_id, record.person)
           record.group_id, record.person, record.user_email
    FROM reference.record_of(as_of) AS record
    WHERE record.user_id IS NULL
    ORDER BY record.group_id, record.person, record.joined_at,
             record.record_id COLLATE "C"
$$;

-- The columns of v_member_roster: "joined_at (the earliest of that person and role there),
-- is_active (day(as_of) - day(this user's last attendance in this group) <= 28; email-only: false),
-- is_deleted; a group, person and role". The rule's last words on is_active, "NULL where day(as_of)
-- - 28 lies before the window's start", apply to the mirror only: production has the whole history.
CREATE FUNCTION reference.v_member_roster(as_of timestamptz)
RETURNS TABLE (
    group_id text, user_id text, user_name text, role text, joined_at timestamptz,
    is_active boolean, is_deleted boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH seat AS (
        SELECT record.group_id, record.person, record.role,
               min(record.user_id) AS user_id,
               min(record.joined_at) AS joined_at
        FROM reference.record_of(as_of) AS record
        GROUP BY record.group_id, record.person, record.role
    ),
    last_seen AS (
        SELECT attendance."hangoutGroupId" AS group_id,
               attendance."userId" AS user_id,
               reference.day_of(reference.instant_of(max(attendance."attendedAt")),
                   setting.timezone) AS seen_on
        FROM public."UserHangoutGroupAttendance" AS attendance
        CROSS JOIN reference.setting AS setting
        WHERE reference.instant_of(attendance."attendedAt") <= as_of
          AND reference.is_plausible(attendance."attendedAt")
        GROUP BY attendance."hangoutGroupId", attendance."userId", setting.timezone
    )
    SELECT seat.group_id, seat.user_id,
           COALESCE(someone.user_name, invited.invited_name),
           seat.role, seat.joined_at,
           COALESCE(reference.day_of(as_of, setting.timezone)
               - last_seen.seen_on <= setting.active_days, false),
           COALESCE(someone.is_deleted, false)
    FROM seat
    LEFT JOIN reference.user_of(as_of) AS someone ON someone.user_id = seat.user_id
    LEFT JOIN reference.invited_name_of(as_of) AS invited
           ON invited.group_id = seat.group_id AND invited.person = seat.person
    LEFT JOIN last_seen ON last_seen.group_id = seat.group_id AND last_seen.user_id = seat.user_id
    CROSS JOIN reference.setting AS setting
$$;

-- The rows of v_facilitator_alumni: "a user with a FACILITATOR record in any group. is_alumni: the
-- earliest MEMBER joinedAt is before the latest FACILITATOR joinedAt (the current one)". The three
-- columns *_since: "the earliest MEMBER, earliest FACILITATOR, latest FACILITATOR; member_since
-- NULL if never a member"
CREATE FUNCTION reference.v_facilitator_alumni(as_of timestamptz)
RETURNS TABLE (
    facilitator_id text, facilitator_name text, is_alumni boolean, member_since date,
    facilitator_since date,
    current_facilitator_since date, is_deleted boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH led AS (
        SELECT record.user_id,
               min(record.joined_at) AS earliest,
               max(record.joined_at) AS latest
        FROM reference.any_record_of(as_of) AS record
        WHERE record.role = 'FACILITATOR'
        GROUP BY record.user_id
    ),
    followed AS (
        SELECT record.user_id, min(record.joined_at) AS earliest
        FROM reference.any_record_of(as_of) AS record
        WHERE record.role = 'MEMBER'
        GROUP BY record.user_id
    )
    SELECT someone.user_id, someone.user_name,
           COALESCE(followed.earliest < led.latest, false),
           reference.day_of(followed.earliest, setting.timezone),
           reference.day_of(led.earliest, setting.timezone),
           reference.day_of(led.latest, setting.timezone),
           COALESCE(someone.is_deleted, false)
    FROM led
    JOIN reference.user_of(as_of) AS someone ON someone.user_id = led.user_id
    LEFT JOIN followed ON followed.user_id = led.user_id
    CROSS JOIN reference.setting AS setting
$$;

-- "graduated_at = the earliest attendance at an own episode whose order is >=
-- the course's max_episodes."
CREATE FUNCTION reference.graduated_at_of(as_of timestamptz)
RETURNS TABLE (group_id text, graduated_at timestamptz) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id, min(attendance.attended_at)
    FROM reference.attendance_of(as_of) AS attendance
    JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = attendance.group_id
    WHERE attendance.own_episode
      AND attendance.episode_order >= gathering.max_episodes
    GROUP BY gathering.group_id
$$;

-- The columns of v_member_journey: "groups_joined (distinct curriculum groups as MEMBER),
-- courses_completed (distinct courses of those groups that are GRADUATED and that the user had
-- joined by graduated_at), current_course (the latest in sequence of those ACTIVE, else NULL),
-- is_facilitator_now (has any FACILITATOR record), is_deleted; a user with a MEMBER record in a
-- curriculum group"
CREATE FUNCTION reference.v_member_journey(as_of timestamptz)
RETURNS TABLE (
    user_id text, user_name text, groups_joined integer, courses_completed integer,
    current_course text,
    is_facilitator_now boolean, is_deleted boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH joined AS (
        SELECT record.user_id, record.group_id, gathering.course_name, gathering.sequence_order,
            state.status,
               bool_or(record.joined_at <= graduation.graduated_at) AS joined_in_time
        FROM reference.record_of(as_of) AS record
        JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = record.group_id
        JOIN reference.status_of(as_of) AS state ON state.group_id = record.group_id
        LEFT JOIN reference.graduated_at_of(as_of) AS graduation ON graduation.group_id
            = record.group_id
        WHERE record.role = 'MEMBER' AND record.user_id IS NOT NULL
        GROUP BY record.user_id, record.group_id, gathering.course_name, gathering.sequence_order,
            state.status
    ),
    latest AS (
        SELECT DISTINCT ON (joined.user_id) joined.user_id, joined.course_name
        FROM joined
        WHERE joined.status = 'ACTIVE'
        ORDER BY joined.user_id, joined.sequence_order DESC
    )
    SELECT someone.user_id, someone.user_name,
           count(DISTINCT joined.group_id)::integer,
           (count(DISTINCT joined.course_name) FILTER (
               WHERE joined.status = 'GRADUATED' AND joined.joined_in_time))::integer,
           latest.course_name,
           someone.user_id IN (
               SELECT record.user_id FROM reference.any_record_of(as_of) AS record
                   WHERE record.role = 'FACILITATOR'),
           COALESCE(someone.is_deleted, false)
    FROM joined
    JOIN reference.user_of(as_of) AS someone ON someone.user_id = joined.user_id
    LEFT JOIN latest ON latest.user_id = joined.user_id
    GROUP BY someone.user_id, someone.user_name, someone.is_deleted, latest.course_name
$$;

-- The columns of v_facilitator_growth: "total_facilitators, active_facilitators (distinct users
-- with a FACILITATOR record in a curriculum group that has met and has days_inactive <= 28,
-- graduated or not), alumni_facilitators, alumni_pct; one row"
CREATE FUNCTION reference.v_facilitator_growth(as_of timestamptz)
RETURNS TABLE (
    total_facilitators integer, active_facilitators integer, alumni_facilitators integer,
    alumni_pct numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH active AS (
        SELECT DISTINCT record.user_id
        FROM reference.record_of(as_of) AS record
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = record.group_id
        JOIN reference.status_of(as_of) AS state ON state.group_id = record.group_id
        CROSS JOIN reference.setting AS setting
        WHERE record.role = 'FACILITATOR'
          AND record.user_id IS NOT NULL
          AND progress.has_met
          AND state.days_inactive <= setting.active_days
    ),
    counted AS (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE alumnus.is_alumni) AS alumni
        FROM reference.v_facilitator_alumni(as_of) AS alumnus
    )
    SELECT counted.total::integer,
           (SELECT count(*) FROM active)::integer,
           counted.alumni::integer,
           round(100.0 * counted.alumni / NULLIF(counted.total, 0), 1)
    FROM counted
$$;

-- The columns of v_facilitator_monthly: "month (date), new_facilitators (by facilitator_since),
-- total_facilitators (running); a month from the first to that of as_of, empty months too; no row
-- without facilitators"
CREATE FUNCTION reference.v_facilitator_monthly(as_of timestamptz)
RETURNS TABLE (month date, new_facilitators integer,
    total_facilitators integer) LANGUAGE sql STABLE STRICT AS $$
    WITH RECURSIVE began AS (
        SELECT date_trunc('month', alumnus.facilitator_since::timestamp)::date AS month
        FROM reference.v_facilitator_alumni(as_of) AS alumnus
    ),
    calendar AS (
        SELECT min(began.month) AS month
        FROM began
        UNION ALL
        SELECT (calendar.month + interval '1 month')::date
        FROM calendar
        CROSS JOIN reference.setting AS setting
        WHERE (calendar.month + interval '1 month')::date <= reference.day_of(as_of,
            setting.timezone)
    )
    SELECT calendar.month,
           (SELECT count(*) FROM began WHERE began.month = calendar.month)::integer,
           (SELECT count(*) FROM began WHERE began.month <= calendar.month)::integer
    FROM calendar
    WHERE calendar.month IS NOT NULL
$$;

COMMIT;
