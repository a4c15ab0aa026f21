-- Answers about people: who leads, who belongs where, and how they come to it.

CREATE VIEW api.facilitators AS
SELECT
    person.facilitator_id,
    person.facilitator_name,
    person.is_alumni,
    person.member_since,
    person.facilitator_since,
    person.current_facilitator_since,
    person.is_deleted,
    busy.user_id IS NOT NULL AS is_active,
    coalesce(led.groups, 0)::integer AS groups_led
FROM public.v_facilitator_alumni AS person
-- A row a person each, so that who does not ask for its column does not compute it.
LEFT JOIN (
    SELECT DISTINCT user_id
    FROM ngeshare.seat
    WHERE role = 'FACILITATOR'
      AND user_id IS NOT NULL
      AND group_id IN (
          SELECT group_id
          FROM ngeshare.group_fact
          WHERE first_meeting_date IS NOT NULL
            AND days_inactive <= (SELECT ngeshare.setting('active_days')))
) AS busy ON busy.user_id = person.facilitator_id
LEFT JOIN (
    SELECT facilitator_id, count(*) AS groups
    FROM ngeshare.group_fact
    WHERE facilitator_id IS NOT NULL
    GROUP BY facilitator_id
) AS led ON led.facilitator_id = person.facilitator_id;
COMMENT ON VIEW api.facilitators IS
'Users who lead or led a group, a row a user.
Did they grow out of the members, since when do they lead, and how many groups?';
COMMENT ON COLUMN api.facilitators.is_active IS
'Whether they have a FACILITATOR record in a curriculum group that met at most ngeshare.active_days (28) ago: the active_facilitators of facilitator_growth.';
COMMENT ON COLUMN api.facilitators.groups_led IS
'Curriculum groups that have them as facilitator: the rows of group_status with their facilitator_id.';

CREATE VIEW api.facilitator_growth AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.facilitator_growth) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_growth)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.facilitator_growth IS
'The facilitators in one row.
How many there are, how many lead now, and how many grew out of the members.';

CREATE VIEW api.facilitator_monthly AS
SELECT kept.*
FROM ngeshare.kept_answer
CROSS JOIN LATERAL unnest(kept_answer.facilitator_monthly) AS kept
WHERE (SELECT holds FROM ngeshare.keeping)
UNION ALL
SELECT *
FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_monthly)
WHERE NOT (SELECT holds FROM ngeshare.keeping);
COMMENT ON VIEW api.facilitator_monthly IS
'The facilitators month by month, a row a month.
From the first one''s month to that of as_of, which is not over yet.';
COMMENT ON COLUMN api.facilitator_monthly.is_complete IS
'Whether the month is over as of the day of as_of; false in the last row only.';

CREATE VIEW api.members AS
SELECT
    user_id,
    user_name,
    groups_joined,
    courses_completed,
    current_course,
    is_facilitator_now,
    is_deleted
FROM public.v_member_journey;
COMMENT ON VIEW api.members IS
'Users who are or were members of a curriculum group, a row a user.
How far have they come? rpc/member_journey tells one user''s whole way.';

CREATE VIEW api.member_roster AS
SELECT
    roster.group_id,
    roster.user_id,
    roster.user_name,
    roster.role,
    roster.joined_at,
    roster.is_active,
    roster.is_deleted,
    circle.name AS group_name,
    hangout.name AS course_name
FROM public.v_member_roster AS roster
LEFT JOIN public."HangoutGroup" AS circle ON circle.id = roster.group_id
LEFT JOIN public."Hangout" AS hangout ON hangout.id = circle."hangoutId";
COMMENT ON VIEW api.member_roster IS
'Who belongs to which curriculum group, a row a group, person and role.
Somebody with both roles has two rows.';
COMMENT ON COLUMN api.member_roster.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN api.member_roster.course_name IS
'The course that its hangout teaches.';
