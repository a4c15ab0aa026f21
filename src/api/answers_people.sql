-- Answers about people: facilitators, and the members of groups.

CREATE VIEW api.facilitators AS
SELECT
    person.*,
    busy.user_id IS NOT NULL AS is_active,
    coalesce(led.groups, 0)::integer AS groups_led
FROM public.v_facilitator_alumni AS person
-- Each join has at most one row per person, so the planner drops a join whose columns are not read.
LEFT JOIN ngeshare.active_facilitator AS busy ON busy.user_id = person.facilitator_id
LEFT JOIN (
    SELECT facilitator_id, count(*) AS groups
    FROM ngeshare.group_fact
    WHERE facilitator_id IS NOT NULL
    GROUP BY facilitator_id
) AS led ON led.facilitator_id = person.facilitator_id;
COMMENT ON VIEW api.facilitators IS
'Users who lead or led a group, one row per user.
Whether they were members before, since when they lead, and how many groups.';
COMMENT ON COLUMN api.facilitators.is_active IS
'Whether the user has a FACILITATOR record in a curriculum group that met at most 28 days ago '
'(ngeshare.active_days); the users with true are the active_facilitators of facilitator_growth.';
COMMENT ON COLUMN api.facilitators.groups_led IS
'The number of curriculum groups whose facilitator is this user: the rows of group_status with '
'this facilitator_id.';

CREATE VIEW api.facilitator_growth AS
SELECT *
FROM public.v_facilitator_growth;
COMMENT ON VIEW api.facilitator_growth IS
'The facilitators in one row.
How many there are, how many of them are in a curriculum group that met lately, and how many were '
'members before.';

CREATE VIEW api.facilitator_monthly AS
SELECT
    monthly.*,
    monthly.month < date_trunc('month', least(ngeshare.as_of_day(), date '294276-12-31')::timestamp)
        AS is_complete
FROM public.v_facilitator_monthly AS monthly
ORDER BY monthly.month;
COMMENT ON VIEW api.facilitator_monthly IS
'The facilitators month by month, one row per month.
From the month of the first facilitator to the month of as_of, which is not over yet.';
COMMENT ON COLUMN api.facilitator_monthly.is_complete IS
'Whether the month is over on the day of as_of; false in the last row only.';

CREATE VIEW api.members AS
SELECT *
FROM public.v_member_journey;
COMMENT ON VIEW api.members IS
'Users who are or were members of a curriculum group, one row per user.
How far they have come. rpc/member_journey lists one user''s groups.';

CREATE VIEW api.member_roster AS
SELECT
    roster.*,
    grp.group_name,
    grp.course_name
FROM public.v_member_roster AS roster
LEFT JOIN ngeshare.group_snapshot AS grp ON grp.group_id = roster.group_id;
COMMENT ON VIEW api.member_roster IS
'Who belongs to which curriculum group, one row per group, person and role.
A person with both roles in a group has two rows.';
COMMENT ON COLUMN api.member_roster.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN api.member_roster.course_name IS
'The course that the group takes: the name of its hangout.';

CREATE VIEW api.regular_member AS
SELECT DISTINCT ON (membership.group_id)
    membership.group_id,
    membership.user_id,
    membership.user_name,
    came.days_attended
FROM ngeshare.membership_as_of AS membership
CROSS JOIN LATERAL (
    SELECT count(DISTINCT ngeshare.local_day(attended.at, ngeshare.reporting_zone()))::integer
        AS days_attended
    FROM unnest(membership.attended_at) AS attended (at)
    WHERE attended.at <= ngeshare.as_of()
) AS came
WHERE membership.is_first
  AND membership.role = 'MEMBER'
  AND membership.course_number IS NOT NULL
  AND membership.user_id IS NOT NULL
  AND coalesce(membership.deleted_at > ngeshare.as_of(), true)
ORDER BY membership.group_id, came.days_attended DESC, membership.joined_at,
    membership.user_id COLLATE "C";
COMMENT ON VIEW api.regular_member IS
'The member to ask if a group''s facilitator has no address, one row per group.
The user with a MEMBER record who attended on most days within the window of raw attendance; of '
'equal ones, the one who joined first. Deleted users are left out. Filter by group_id.';
COMMENT ON COLUMN api.regular_member.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN api.regular_member.user_id IS
'The user id of the member.';
COMMENT ON COLUMN api.regular_member.user_name IS
'The user''s email address, or user id if there is no address.';
COMMENT ON COLUMN api.regular_member.days_attended IS
'The number of local days on which the user attended the group within the window of raw attendance '
'(ngeshare.attendance_window_days); 0 if none is known.';
