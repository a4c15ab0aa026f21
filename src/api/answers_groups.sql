-- Answers with one row per group, and one group's meetings.

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
-- One row per group, so that PostgreSQL does not read the links for a query without these columns.
LEFT JOIN (
    SELECT DISTINCT group_a_id AS group_id
    FROM ngeshare.link_as_of
) AS went_on ON went_on.group_id = fact.group_id;
COMMENT ON VIEW api.group_status IS
'The groups, one row per group.
Is it graduated, active, not started or stalled, how far has it come, and who leads it?';
COMMENT ON COLUMN api.group_status.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN api.group_status.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without one.';
COMMENT ON COLUMN api.group_status.has_continued IS
'Whether a link goes out from it (pipeline): those with true are the funnel''s continued. NULL '
'where it has not graduated, and in the last course.';
COMMENT ON COLUMN api.group_status.is_awaiting IS
'Whether it graduated at most ngeshare.link_days ago (90) and no link goes out from it yet: those '
'with true are the funnel''s awaiting. NULL where it has not graduated, and in the last course.';
COMMENT ON COLUMN api.group_status.days_to_graduate IS
'Days from its first meeting to its graduation; NULL where it has not graduated.';
COMMENT ON COLUMN api.group_status.is_rescuable IS
'Whether it is on rescue_list: stalled with at least ngeshare.rescue_min_pct percent (70) of its '
'course behind it.';
COMMENT ON COLUMN api.group_status.created_on IS
'The local day on which production made the group.';

CREATE VIEW api.rescue_list AS
SELECT
    fact.group_id,
    group_name,
    fact.course_name,
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
    coalesce(contact.contact_state, 'NEW') AS contact_state,
    coalesce(contact.follow_ups, 0) AS follow_ups,
    contact.last_follow_up_on,
    contact.last_outcome,
    contact.last_noted_by,
    contact.next_on,
    CASE WHEN last_meeting_date IS NOT NULL THEN chance.resume_chance END AS resume_chance,
    CASE WHEN last_meeting_date IS NOT NULL
        THEN chance.resume_28_days_pct END AS resume_28_days_pct,
    contact.last_is_verified
FROM ngeshare.group_fact AS fact
LEFT JOIN public.v_resume_chance AS chance ON chance.course_name = fact.course_name
    AND chance.days_silent = fact.days_inactive
LEFT JOIN ngeshare.contact_as_of AS contact ON contact.group_id = fact.group_id
WHERE is_rescuable
ORDER BY days_inactive, fact.group_id COLLATE "C";
COMMENT ON VIEW api.rescue_list IS
'Groups worth a call, one row per group.
Stalled with at least 70 % of the course behind them, the most recently active first.';

CREATE VIEW api.at_risk AS
SELECT *
FROM public.v_at_risk
ORDER BY days_until_stalled, group_id COLLATE "C";
COMMENT ON VIEW api.at_risk IS
'Active groups on their way to stalling, one row per group.
Silent for half of the days that count as active, or for more than twice their own rhythm; the '
'soonest first.';

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
When a group met, at which episode, and which meetings brought it further. Ask with group_id.';
COMMENT ON COLUMN api.group_meetings.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN api.group_meetings.meeting_date IS
'The local day; as many different ones as group_status says total_meetings.';
COMMENT ON COLUMN api.group_meetings.episode IS
'The "order" of the episode attended; NULL where that is not there any more.';
COMMENT ON COLUMN api.group_meetings.episode_title IS
'HangoutEpisode.name.';
COMMENT ON COLUMN api.group_meetings.attendances IS
'Attendance records of that day at it, those later on the day of as_of as well.';
COMMENT ON COLUMN api.group_meetings.is_own IS
'Whether the episode is one of the group''s own hangout; only those count for progress.';
COMMENT ON COLUMN api.group_meetings.is_milestone IS
'Whether it brought the group further than ever before: an own episode greater than all before. '
'The last such episode is max_episode_reached.';
COMMENT ON COLUMN api.group_meetings.episode_id IS
'HangoutEpisode.id; with group_id and meeting_date it names the row.';
