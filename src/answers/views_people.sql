-- The views about people: the members of groups, and facilitators who were members first.

CREATE VIEW public.v_member_roster AS
WITH horizon AS (
    SELECT coalesce(
        ngeshare.as_of_day() - ngeshare.local_day(state.window_start,
            state.zone) < ngeshare.setting('active_days'),
        false) AS is_unknown
    FROM ngeshare.snapshot_state AS state
)
SELECT
    membership.group_id,
    membership.user_id,
    membership.user_name,
    membership.role,
    membership.joined_at AT TIME ZONE 'UTC' AS joined_at,
    CASE
        WHEN membership.user_id IS NULL THEN false
        -- Unknown if the last active_days days begin before the window of raw attendance.
        WHEN (SELECT is_unknown FROM horizon) THEN NULL
        -- The subtraction gives NULL for a user who had not attended up to ngeshare.as_of().
        ELSE coalesce(
            (SELECT ngeshare.as_of_day())
                - ngeshare.local_day(
                    membership.attended_at[width_bucket(ngeshare.as_of(), membership.attended_at)],
                    ngeshare.reporting_zone())
                <= (SELECT ngeshare.setting('active_days')),
            false)
    END AS is_active,
    coalesce(membership.deleted_at <= ngeshare.as_of(), false) AS is_deleted
FROM ngeshare.membership_as_of AS membership
WHERE membership.is_first
  AND membership.course_number IS NOT NULL;
COMMENT ON VIEW public.v_member_roster IS
'Who belongs to each curriculum group and who still comes, one row per group, person and role, as '
'of ngeshare_as_of(). A person with both roles has two rows.';
COMMENT ON COLUMN public.v_member_roster.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_member_roster.user_id IS
'The person''s user id; NULL for a person who is known only by an email address.';
COMMENT ON COLUMN public.v_member_roster.user_name IS
'The user''s email address, or user id if there is no address. For a person without a user, the '
'email address in the person''s earliest record in the group (of several with the same joinedAt, '
'the one with the smallest id).';
COMMENT ON COLUMN public.v_member_roster.role IS
'The person''s role in the group: MEMBER or FACILITATOR.';
COMMENT ON COLUMN public.v_member_roster.joined_at IS
'The earliest joinedAt of the person''s records with this role in the group.';
COMMENT ON COLUMN public.v_member_roster.is_active IS
'Whether the user attended the group in the last 28 days (ngeshare.active_days); false for a '
'person without a user. NULL if it is not known, because those days begin before the window of raw '
'attendance (ngeshare.attendance_window_days).';
COMMENT ON COLUMN public.v_member_roster.is_deleted IS
'Whether the user is soft-deleted; false for a person without a user.';

CREATE VIEW public.v_facilitator_alumni AS
WITH lead AS (
    SELECT
        user_id,
        min(user_name) AS user_name,
        min(deleted_at) AS deleted_at,
        min(joined_at) AS facilitator_at,
        max(joined_at) AS current_at
    FROM ngeshare.membership_as_of
    WHERE role = 'FACILITATOR'
      AND user_id IS NOT NULL
    GROUP BY user_id
), member AS (
    -- When each user first joined as a member. DISTINCT ON, because the planner knows that it gives
    -- one row per user. With GROUP BY the planner would expect a thousand times the rows, and JIT
    -- compilation would take longer than the query.
    SELECT DISTINCT ON (user_id)
        user_id,
        joined_at AS member_at
    FROM ngeshare.membership_as_of
    WHERE role = 'MEMBER'
      AND user_id IS NOT NULL
    ORDER BY user_id, joined_at
)
SELECT
    lead.user_id AS facilitator_id,
    lead.user_name AS facilitator_name,
    coalesce(member.member_at < lead.current_at, false) AS is_alumni,
    ngeshare.local_day(member.member_at, ngeshare.reporting_zone()) AS member_since,
    ngeshare.local_day(lead.facilitator_at, ngeshare.reporting_zone()) AS facilitator_since,
    ngeshare.local_day(lead.current_at, ngeshare.reporting_zone()) AS current_facilitator_since,
    coalesce(lead.deleted_at <= ngeshare.as_of(), false) AS is_deleted
FROM lead
LEFT JOIN member ON member.user_id = lead.user_id;
COMMENT ON VIEW public.v_facilitator_alumni IS
'Users who lead or led a group, inside or outside the curriculum, one row per user, as of '
'ngeshare_as_of(), and whether they were members before.';
COMMENT ON COLUMN public.v_facilitator_alumni.facilitator_id IS
'The user id of the facilitator.';
COMMENT ON COLUMN public.v_facilitator_alumni.facilitator_name IS
'The user''s email address, or user id if there is no address.';
COMMENT ON COLUMN public.v_facilitator_alumni.is_alumni IS
'Whether the user first joined any group as a MEMBER before they last joined one as a FACILITATOR.';
COMMENT ON COLUMN public.v_facilitator_alumni.member_since IS
'The local day on which the user first joined a group as a MEMBER; NULL if they never did.';
COMMENT ON COLUMN public.v_facilitator_alumni.facilitator_since IS
'The local day on which the user first joined a group as a FACILITATOR.';
COMMENT ON COLUMN public.v_facilitator_alumni.current_facilitator_since IS
'The local day on which the user last joined a group as a FACILITATOR.';
COMMENT ON COLUMN public.v_facilitator_alumni.is_deleted IS
'Whether the user is soft-deleted.';

CREATE VIEW public.v_member_journey AS
SELECT
    person.user_id,
    person.user_name,
    person.groups_joined,
    person.courses_completed,
    course.course_name AS current_course,
    person.is_facilitator_now,
    coalesce(person.deleted_at <= ngeshare.as_of(), false) AS is_deleted
FROM (
    -- One scan of all memberships: is_facilitator_now counts groups outside the curriculum too.
    SELECT
        user_id,
        min(user_name) AS user_name,
        min(deleted_at) AS deleted_at,
        (count(*) FILTER (WHERE is_counted))::integer AS groups_joined,
        ngeshare.count_numbers(course_number)
            FILTER (WHERE is_counted AND completed_at <= ngeshare.as_of()) AS courses_completed,
        max(course_number) FILTER (
            WHERE is_counted
              -- Only saves looking up the group: a completed membership's group has graduated, so
              -- it is never ACTIVE.
              AND (completed_at > ngeshare.as_of()) IS NOT FALSE
              AND group_id IN (SELECT group_id FROM ngeshare.group_fact
                  WHERE status = 'ACTIVE')) AS current_number,
        bool_or(role = 'FACILITATOR') AS is_facilitator_now
    FROM (
        SELECT
            *,
            is_first AND course_number IS NOT NULL AND role = 'MEMBER' AS is_counted
        FROM ngeshare.membership_as_of
        WHERE user_id IS NOT NULL
    ) AS membership
    GROUP BY user_id
    HAVING count(*) FILTER (WHERE is_counted) > 0
) AS person
LEFT JOIN ngeshare.course ON course.course_number = person.current_number;
COMMENT ON VIEW public.v_member_journey IS
'How far the users who are or were members of a curriculum group have come, one row per user, as '
'of ngeshare_as_of(). ngeshare_member_journey(user_id) lists one user''s groups.';
COMMENT ON COLUMN public.v_member_journey.user_id IS
'The user id of the member.';
COMMENT ON COLUMN public.v_member_journey.user_name IS
'The user''s email address, or user id if there is no address.';
COMMENT ON COLUMN public.v_member_journey.groups_joined IS
'The number of distinct curriculum groups in which the user has a MEMBER record.';
COMMENT ON COLUMN public.v_member_journey.courses_completed IS
'The number of distinct courses that the user completed: the courses of GRADUATED groups that the '
'user had joined as a MEMBER by the attendance with which the group graduated.';
COMMENT ON COLUMN public.v_member_journey.current_course IS
'The course of the user''s ACTIVE groups as a MEMBER, the latest in the curriculum; NULL if none '
'is ACTIVE.';
COMMENT ON COLUMN public.v_member_journey.is_facilitator_now IS
'Whether the user has a FACILITATOR record in any group, inside or outside the curriculum.';
COMMENT ON COLUMN public.v_member_journey.is_deleted IS
'Whether the user is soft-deleted.';

CREATE VIEW ngeshare.recent_month AS
-- Dates have a wider range than timestamps, so the day is first limited to what timestamps allow.
SELECT
    (began - interval '2 months')::date AS before,
    (began - interval '1 month')::date AS last,
    began::date AS this
FROM date_trunc('month',
    greatest(least(ngeshare.as_of_day(), date '294276-12-31'),
        date '4712-01-01 BC')::timestamp) AS began;
COMMENT ON VIEW ngeshare.recent_month IS
'The first days of three months, in one row: the month of ngeshare.as_of(), the month before it, '
'and the one before that.';

CREATE VIEW ngeshare.active_facilitator AS
SELECT DISTINCT membership.user_id
FROM ngeshare.membership_as_of AS membership
JOIN ngeshare.group_fact AS fact ON fact.group_id = membership.group_id
WHERE membership.role = 'FACILITATOR'
  AND membership.user_id IS NOT NULL
  AND fact.first_meeting_date IS NOT NULL
  AND fact.days_inactive <= (SELECT ngeshare.setting('active_days'));
COMMENT ON VIEW ngeshare.active_facilitator IS
'The users with a FACILITATOR record in a curriculum group that met at most ngeshare.active_days '
'days before ngeshare.as_of_day(), one row per user.';

CREATE VIEW ngeshare.facilitator_total AS
SELECT
    count(*)::integer AS total_facilitators,
    (
        SELECT count(*)::integer
        FROM ngeshare.active_facilitator
    ) AS active_facilitators,
    (count(*) FILTER (WHERE is_alumni))::integer AS alumni_facilitators,
    round(100.0 * count(*) FILTER (WHERE is_alumni) / nullif(count(*), 0), 1) AS alumni_pct,
    (count(*) FILTER (WHERE facilitator_since >= month.last
        AND facilitator_since < month.this))::integer
        AS new_last_month,
    (count(*) FILTER (WHERE facilitator_since >= month.before
        AND facilitator_since < month.last))::integer
        AS new_month_before
FROM public.v_facilitator_alumni
CROSS JOIN ngeshare.recent_month AS month;
COMMENT ON VIEW ngeshare.facilitator_total IS
'The figures of v_facilitator_growth and, for the page Home, the number of users who became '
'facilitators in the last complete month and in the month before it, in one row.';

CREATE VIEW public.v_facilitator_growth AS
SELECT
    total_facilitators,
    active_facilitators,
    alumni_facilitators,
    alumni_pct
FROM ngeshare.facilitator_total;
COMMENT ON VIEW public.v_facilitator_growth IS
'How many users lead or led a group, how many of them are in a curriculum group that met lately, '
'and how many were members before, in one row, as of ngeshare_as_of(). Without facilitators the '
'counts are 0.';
COMMENT ON COLUMN public.v_facilitator_growth.total_facilitators IS
'The number of users with a FACILITATOR record in any group: the rows of v_facilitator_alumni.';
COMMENT ON COLUMN public.v_facilitator_growth.active_facilitators IS
'The number of distinct users with a FACILITATOR record in a curriculum group that met at most 28 '
'days ago (ngeshare.active_days), graduated or not.';
COMMENT ON COLUMN public.v_facilitator_growth.alumni_facilitators IS
'The number of users counted in total_facilitators for whom v_facilitator_alumni.is_alumni is '
'true.';
COMMENT ON COLUMN public.v_facilitator_growth.alumni_pct IS
'alumni_facilitators as a percentage of total_facilitators, one decimal; NULL without '
'facilitators.';

CREATE VIEW public.v_facilitator_monthly AS
WITH began AS (
    SELECT
        date_trunc('month', facilitator_since::timestamp) AS month,
        count(*) AS facilitators
    FROM public.v_facilitator_alumni
    GROUP BY 1
), span AS (
    -- Dates have a wider range than timestamps, so the day is limited to the last timestamp's day.
    SELECT
        (SELECT min(month) FROM began) AS first_month,
        least(day, date '294276-12-31') AS last_day
    FROM (SELECT ngeshare.as_of_day() AS day) AS asked
), calendar AS (
    SELECT
        span.first_month + number * interval '1 month' AS month
    FROM span
    CROSS JOIN LATERAL generate_series(
        0,
        (12 * (extract(year FROM span.last_day) - extract(year FROM span.first_month))
            + extract(month FROM span.last_day) - extract(month FROM span.first_month))::integer
    ) AS number
)
SELECT
    calendar.month::date AS month,
    coalesce(began.facilitators, 0)::integer AS new_facilitators,
    (sum(coalesce(began.facilitators, 0)) OVER (ORDER BY calendar.month))::integer
        AS total_facilitators
FROM calendar
LEFT JOIN began ON began.month = calendar.month;
COMMENT ON VIEW public.v_facilitator_monthly IS
'How the number of facilitators grows, one row per month from the month of the first facilitator '
'to the month of ngeshare_as_of(). Months without a new facilitator are included. If there is no '
'facilitator at all, there is no row.';
COMMENT ON COLUMN public.v_facilitator_monthly.month IS
'The first day of the month.';
COMMENT ON COLUMN public.v_facilitator_monthly.new_facilitators IS
'The number of users whose facilitator_since (v_facilitator_alumni) is in this month.';
COMMENT ON COLUMN public.v_facilitator_monthly.total_facilitators IS
'The number of users who became facilitators up to the end of the month.';
