-- The views named *_as_of: the state of groups, memberships, links and meetings at
-- ngeshare.as_of(), read from the snapshot.

CREATE VIEW ngeshare.group_current
(
    valid_from,
    members_valid_from,
    created_at,
    first_at,
    last_at,
    facilitator_since,
    last_graduated_at,
    last_facilitator_left,
    last_last_meeting_at,
    planned_on,
    sequence_order,
    max_episodes,
    last_max_episode_reached,
    last_total_meetings,
    last_foreign_days,
    last_member_count,
    last_facilitator_count,
    last_last_meeting,
    last_first_meeting,
    last_graduated_on,
    last_facilitator_id,
    last_facilitator_name,
    last_facilitator_contact
)
AS
SELECT *
FROM ngeshare.group_snapshot;
COMMENT ON VIEW ngeshare.group_current IS
'ngeshare.group_snapshot with the prefix last_ on the columns that depend on the instant, so that '
'ngeshare.group_as_of can use the names without the prefix for its own columns, and take all '
'columns of this view, new ones included, by *.';

CREATE FUNCTION ngeshare.member_count_as_of(wanted_id text)
RETURNS integer
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
SECURITY DEFINER
COST 20
BEGIN ATOMIC
    SELECT width_bucket(ngeshare.as_of(), member_from) - width_bucket(ngeshare.as_of(), member_left)
    FROM ngeshare.group_timeline
    WHERE group_id = wanted_id;
END;
COMMENT ON FUNCTION ngeshare.member_count_as_of(text) IS
'The number of members of a group at ngeshare.as_of(), from ngeshare.group_timeline. The '
'function''s COST is low, because ngeshare.group_as_of calls it for few groups.';

CREATE VIEW ngeshare.group_as_of AS
SELECT
    last_graduated_at AS graduated_at,
    last_facilitator_left AS facilitator_left,
    last_last_meeting_at AS last_meeting_at,
    last_max_episode_reached AS max_episode_reached,
    last_total_meetings AS total_meetings,
    last_foreign_days AS foreign_days,
    CASE
        WHEN members_valid_from <= ngeshare.as_of() THEN last_member_count
        ELSE ngeshare.member_count_as_of(group_id)
    END AS member_count,
    last_facilitator_count AS facilitator_count,
    last_last_meeting AS last_meeting,
    last_first_meeting AS first_meeting,
    last_graduated_on AS graduated_on,
    last_facilitator_id AS facilitator_id,
    last_facilitator_name AS facilitator_name,
    last_facilitator_contact AS facilitator_contact,
    grp.*
FROM ngeshare.group_current AS grp
WHERE valid_from <= ngeshare.as_of()
  AND (SELECT ngeshare.can_answer())
UNION ALL
SELECT
    CASE WHEN last_graduated_at <= ngeshare.as_of() THEN last_graduated_at END,
    CASE WHEN grp.facilitator_since <= ngeshare.as_of() THEN last_facilitator_left END,
    meeting_at[array_position(meeting_day, meeting_day[met])],
    coalesce(meeting_reached[met], 0),
    coalesce(meeting_total[met], 0),
    width_bucket(ngeshare.as_of(), foreign_at),
    width_bucket(ngeshare.as_of(), member_from) - width_bucket(ngeshare.as_of(), member_left),
    width_bucket(ngeshare.as_of(), facilitator_at),
    meeting_day[met],
    CASE WHEN met > 0 THEN last_first_meeting END,
    CASE WHEN last_graduated_at <= ngeshare.as_of() THEN last_graduated_on END,
    CASE WHEN grp.facilitator_since <= ngeshare.as_of() THEN last_facilitator_id END,
    CASE WHEN grp.facilitator_since <= ngeshare.as_of() THEN last_facilitator_name END,
    CASE WHEN grp.facilitator_since <= ngeshare.as_of() THEN last_facilitator_contact END,
    grp.*
FROM ngeshare.group_current AS grp
JOIN (
    SELECT
        group_id,
        width_bucket(ngeshare.as_of(), meeting_at) AS met,
        meeting_at,
        meeting_day,
        meeting_total,
        meeting_reached,
        foreign_at,
        member_from,
        member_left,
        facilitator_at
    FROM ngeshare.group_timeline
) AS timeline ON timeline.group_id = grp.group_id
WHERE grp.valid_from > ngeshare.as_of()
  AND grp.created_at <= ngeshare.as_of()
  AND (SELECT ngeshare.can_answer());
COMMENT ON VIEW ngeshare.group_as_of IS
'The curriculum groups that exist at ngeshare.as_of(), one row per group, with their state at that '
'instant: from ngeshare.group_snapshot if the group has not changed since, else from '
'ngeshare.group_timeline. Timestamps are in UTC, days are local days.';

CREATE VIEW ngeshare.membership_as_of AS
SELECT *
FROM ngeshare.membership
WHERE exists_from <= ngeshare.as_of()
  AND (SELECT ngeshare.can_answer());
COMMENT ON VIEW ngeshare.membership_as_of IS
'The rows of ngeshare.membership that exist at ngeshare.as_of(), of all groups. completed_at, '
'deleted_at and the last elements of attended_at may be later than that instant.';

CREATE VIEW ngeshare.link_as_of AS
SELECT *
FROM ngeshare.group_link
WHERE valid_from <= ngeshare.as_of()
  AND valid_to > ngeshare.as_of()
  AND (SELECT ngeshare.can_answer());
COMMENT ON VIEW ngeshare.link_as_of IS
'The rows of ngeshare.group_link (which group continued as which) that are valid at '
'ngeshare.as_of().';

CREATE VIEW ngeshare.meeting_as_of AS
SELECT
    listed.group_id,
    met.first_at,
    met.day,
    met.attendances,
    episode.episode,
    met.is_own,
    met.episode_id,
    episode.title
FROM ngeshare.group_meeting AS listed
JOIN ngeshare.group_snapshot AS grp ON grp.group_id = listed.group_id
CROSS JOIN LATERAL unnest(
    listed.first_at, listed.day, listed.attendances, listed.is_own, listed.episode_id
) AS met (first_at, day, attendances, is_own, episode_id)
LEFT JOIN ngeshare.episode_snapshot AS episode ON episode.episode_id = met.episode_id
WHERE met.first_at <= ngeshare.as_of()
  AND grp.created_at <= ngeshare.as_of()
  AND (SELECT ngeshare.can_answer());
COMMENT ON VIEW ngeshare.meeting_as_of IS
'The meetings of curriculum groups that began up to ngeshare.as_of(), one row per group, local day '
'and episode. attendances may include some that are later than that instant. Filter by group_id: '
'without a filter the meetings of all groups are read.';
