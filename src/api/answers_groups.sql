-- Answers about groups: one row per group, or one row per meeting.

CREATE VIEW api.group_status AS
SELECT
    fact.group_id,
    fact.course_name,
    fact.status,
    fact.progress_pct,
    fact.days_inactive,
    fact.group_name,
    fact.sequence_order,
    fact.max_episodes,
    fact.max_episode_reached,
    fact.total_meetings,
    fact.first_meeting_date,
    fact.last_meeting_date,
    fact.graduated_on,
    fact.started_on,
    fact.facilitator_id,
    fact.facilitator_name,
    fact.member_count,
    fact.facilitator_contact,
    fact.facilitator_is_deleted,
    CASE
        WHEN fact.status = 'GRADUATED' AND fact.sequence_order <
            (SELECT max(sequence_order) FROM ngeshare.course)
            THEN went_on.group_id IS NOT NULL
    END AS has_continued,
    CASE
        WHEN fact.status = 'GRADUATED' AND fact.sequence_order <
            (SELECT max(sequence_order) FROM ngeshare.course)
            THEN went_on.group_id IS NULL
                AND (SELECT ngeshare.as_of_day()) - fact.graduated_on
                <= (SELECT ngeshare.link_rule('link_days'))
    END AS is_awaiting,
    fact.graduated_on - fact.first_meeting_date AS days_to_graduate,
    fact.is_rescuable,
    ngeshare.local_day(fact.created_at, ngeshare.reporting_zone()) AS created_on,
    fact.city,
    fact.province
FROM ngeshare.group_fact AS fact
-- DISTINCT tells the planner that the subquery has one row per group. The planner can then drop the
-- join for queries that use neither has_continued nor is_awaiting.
LEFT JOIN (
    SELECT DISTINCT group_a_id AS group_id
    FROM ngeshare.link_as_of
) AS went_on ON went_on.group_id = fact.group_id;
COMMENT ON VIEW api.group_status IS
'The groups of the curriculum, one row per group.
Whether each is graduated, active, not started or stalled, how far it has come, and who leads it.';
COMMENT ON COLUMN api.group_status.facilitator_contact IS
'The email address of the facilitator''s user, else that of the facilitator''s membership record; '
'NULL if there is neither.';
COMMENT ON COLUMN api.group_status.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without a facilitator.';
COMMENT ON COLUMN api.group_status.has_continued IS
'Whether the group continued as a group of the next course (pipeline); the groups with true are '
'those that funnel counts as continued. NULL if the group has not graduated, and in the last '
'course.';
COMMENT ON COLUMN api.group_status.is_awaiting IS
'Whether the group graduated at most 90 days ago (ngeshare.link_days) and has not continued with '
'the next course yet; the groups with true are those that funnel counts as awaiting. NULL if the '
'group has not graduated, and in the last course.';
COMMENT ON COLUMN api.group_status.days_to_graduate IS
'Days from the group''s first meeting to its graduation; NULL if it has not graduated.';
COMMENT ON COLUMN api.group_status.is_rescuable IS
'Whether the group is on rescue_list: stalled, with at least 70 percent (ngeshare.rescue_min_pct) '
'of its course done.';
COMMENT ON COLUMN api.group_status.created_on IS
'The local day on which the group was created in production.';

CREATE VIEW api.rescue_list AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    max_episodes - max_episode_reached AS episodes_remaining,
    progress_pct,
    days_inactive,
    facilitator_is_deleted,
    max_episode_reached,
    max_episodes,
    city,
    province,
    contact_state,
    follow_ups,
    last_follow_up_on,
    last_outcome,
    last_noted_by,
    next_on,
    resume_chance,
    resume_28_days_pct,
    last_is_verified
FROM ngeshare.group_to_contact
WHERE is_rescuable
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW api.rescue_list IS
'The rescue list, one row per group.
They are stalled and have done at least 70 % of their course (ngeshare.rescue_min_pct). The most '
'recently active group comes first.';

CREATE VIEW api.at_risk AS
SELECT *
FROM public.v_at_risk
ORDER BY days_until_stalled, group_id COLLATE "C";
COMMENT ON VIEW api.at_risk IS
'Active groups that are about to stall, one row per group.
They have not met for at least half of the 28 days (ngeshare.active_days), or they met on at least '
'three days and have not met for more than twice their average interval between meetings. The '
'group that stalls soonest comes first.';

CREATE VIEW api.group_meetings AS
SELECT
    group_id,
    meeting_date,
    episode,
    episode_title,
    attendances,
    is_own,
    is_own AND episode > greatest(max(episode) FILTER (WHERE is_own) OVER earlier,
        0) AS is_milestone,
    episode_id
FROM (
    SELECT
        group_id,
        day AS meeting_date,
        episode,
        title AS episode_title,
        sum(attendances)::bigint AS attendances,
        is_own,
        episode_id,
        min(first_at) AS first_at
    FROM ngeshare.meeting_as_of
    GROUP BY group_id, day, episode, title, is_own, episode_id
) AS meeting
WINDOW earlier AS (
    PARTITION BY group_id
    ORDER BY first_at, episode DESC NULLS LAST, episode_id COLLATE "C"
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);
COMMENT ON VIEW api.group_meetings IS
'The meetings of curriculum groups, one row per group, local day and episode.
When a group met, at which episode, and which meetings brought it further. Filter by group_id: '
'without a filter the meetings of all groups are read.';
COMMENT ON COLUMN api.group_meetings.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN api.group_meetings.meeting_date IS
'The local day of the meeting. The number of a group''s distinct days is '
'group_status.total_meetings.';
COMMENT ON COLUMN api.group_meetings.episode IS
'The number (HangoutEpisode.order) of the episode attended; NULL if the episode no longer exists.';
COMMENT ON COLUMN api.group_meetings.episode_title IS
'The episode''s title (HangoutEpisode.name); NULL if the episode no longer exists.';
COMMENT ON COLUMN api.group_meetings.attendances IS
'The number of attendance records of that day at that episode, including records later than as_of '
'on the day of as_of.';
COMMENT ON COLUMN api.group_meetings.is_own IS
'Whether the episode belongs to the group''s own hangout; only such episodes count for progress.';
COMMENT ON COLUMN api.group_meetings.is_milestone IS
'Whether the meeting brought the group further than before: an episode of its own hangout with a '
'greater number than all earlier ones. The last such episode is max_episode_reached.';
COMMENT ON COLUMN api.group_meetings.episode_id IS
'The episode''s id (HangoutEpisode.id); together with group_id and meeting_date it identifies the '
'row.';
