-- The views with a row a group.

CREATE VIEW public.v_group_summary AS
SELECT
    group_id,
    group_name,
    course_name,
    max_episodes,
    facilitator_id,
    facilitator_name,
    member_count,
    created_at AT TIME ZONE 'UTC' AS created_at,
    facilitator_id IS NULL AS needs_facilitator,
    facilitator_count,
    facilitator_is_deleted
FROM ngeshare.group_fact;
COMMENT ON VIEW public.v_group_summary IS
'A row a curriculum group as of ngeshare_as_of(): what it is, who leads it, how many members it has.';
COMMENT ON COLUMN public.v_group_summary.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_group_summary.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_group_summary.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN public.v_group_summary.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN public.v_group_summary.facilitator_id IS
'The user of its FACILITATOR record with the earliest joinedAt (tie: the smallest record id); NULL where it has none.';
COMMENT ON COLUMN public.v_group_summary.facilitator_name IS
'The facilitator''s email, or id where there is none; NULL without a facilitator.';
COMMENT ON COLUMN public.v_group_summary.member_count IS
'Its distinct persons with a MEMBER record and no FACILITATOR record there; a person is a user, or an email address without one.';
COMMENT ON COLUMN public.v_group_summary.created_at IS
'When production made the group.';
COMMENT ON COLUMN public.v_group_summary.needs_facilitator IS
'Whether it has no facilitator.';
COMMENT ON COLUMN public.v_group_summary.facilitator_count IS
'Distinct users with a FACILITATOR record; more than one is an anomaly.';
COMMENT ON COLUMN public.v_group_summary.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without one.';

CREATE VIEW public.v_group_progress AS
SELECT
    group_id,
    max_episode_reached,
    last_meeting_date,
    total_meetings,
    CASE WHEN last_meeting_date IS NOT NULL THEN days_inactive END AS days_since_last_meeting,
    first_meeting_date,
    graduated_on
FROM ngeshare.group_fact;
COMMENT ON VIEW public.v_group_progress IS
'A row a curriculum group as of ngeshare_as_of(): how far it has come and when it met. Days are local days of ngeshare.timezone.';
COMMENT ON COLUMN public.v_group_progress.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_group_progress.max_episode_reached IS
'The greatest "order" of an episode of its own hangout that it attended; 0 for none.';
COMMENT ON COLUMN public.v_group_progress.last_meeting_date IS
'The day of its last attendance, at any episode; NULL if it never met.';
COMMENT ON COLUMN public.v_group_progress.total_meetings IS
'Distinct days with attendance.';
COMMENT ON COLUMN public.v_group_progress.days_since_last_meeting IS
'Days from then to today; NULL if it never met.';
COMMENT ON COLUMN public.v_group_progress.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_group_progress.graduated_on IS
'The day it first attended an own episode at or beyond max_episodes; NULL if it has not graduated.';

CREATE VIEW public.v_group_status AS
SELECT
    group_id,
    course_name,
    status,
    progress_pct,
    days_inactive,
    group_name,
    sequence_order,
    max_episodes,
    max_episode_reached,
    total_meetings,
    first_meeting_date,
    last_meeting_date,
    graduated_on,
    started_on,
    facilitator_id,
    facilitator_name,
    member_count
FROM ngeshare.group_fact;
COMMENT ON VIEW public.v_group_status IS
'A row a curriculum group as of ngeshare_as_of(): is it graduated, active, not started or stalled? The same as ngeshare_group_status().';
COMMENT ON COLUMN public.v_group_status.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_group_status.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN public.v_group_status.status IS
'GRADUATED, else ACTIVE (met, and silent for at most 28 days), else NOT_STARTED (never met, planned at most 28 days ago or later), else STALLED.';
COMMENT ON COLUMN public.v_group_status.progress_pct IS
'Percent of the course reached, at most 100, one decimal.';
COMMENT ON COLUMN public.v_group_status.days_inactive IS
'Days since its last meeting; for one that never met since its planned start (startDate, else createdAt); at least 0.';
COMMENT ON COLUMN public.v_group_status.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_group_status.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN public.v_group_status.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN public.v_group_status.max_episode_reached IS
'The greatest "order" of an own episode that it attended; 0 for none.';
COMMENT ON COLUMN public.v_group_status.total_meetings IS
'Distinct days with attendance.';
COMMENT ON COLUMN public.v_group_status.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_group_status.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_group_status.graduated_on IS
'The day it graduated; NULL if it has not.';
COMMENT ON COLUMN public.v_group_status.started_on IS
'The day of its first meeting, else of its planned start.';
COMMENT ON COLUMN public.v_group_status.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN public.v_group_status.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN public.v_group_status.member_count IS
'Its distinct members.';

CREATE VIEW public.v_rescue_list AS
SELECT
    group_id,
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
    CASE WHEN last_meeting_date IS NOT NULL THEN chance.resume_chance END AS resume_chance
FROM ngeshare.group_fact AS fact
LEFT JOIN public.v_resume_chance AS chance ON chance.course_name = fact.course_name AND chance.days_silent = fact.days_inactive
WHERE is_rescuable
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW public.v_rescue_list IS
'A row a STALLED group with at least 70 % of its course behind it, the most recently active first: whom to call. As of ngeshare_as_of().';
COMMENT ON COLUMN public.v_rescue_list.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_rescue_list.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_rescue_list.course_name IS
'Its course.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN public.v_rescue_list.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_rescue_list.episodes_remaining IS
'Episodes from the furthest one reached to the last.';
COMMENT ON COLUMN public.v_rescue_list.progress_pct IS
'Percent of the course reached, one decimal; the threshold (ngeshare.rescue_min_pct) compares it before rounding.';
COMMENT ON COLUMN public.v_rescue_list.days_inactive IS
'Days since its last meeting.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';
COMMENT ON COLUMN public.v_rescue_list.resume_chance IS
'The chance in percent that it meets again, from v_resume_chance: of the silences of its course that lasted as long; NULL if it never met.';

CREATE VIEW public.v_at_risk AS
SELECT
    group_id,
    group_name,
    course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    days_inactive,
    active_days + 1 - days_inactive AS days_until_stalled,
    CASE WHEN is_silent THEN 'SILENT' ELSE 'RHYTHM' END AS reason,
    round((last_meeting_date - first_meeting_date)::numeric / nullif(total_meetings - 1, 0), 1) AS rhythm_days,
    progress_pct,
    facilitator_is_deleted
FROM (
    SELECT
        *,
        2 * days_inactive >= active_days AS is_silent,
        total_meetings >= 3
            AND days_inactive * (total_meetings - 1) > 2 * (last_meeting_date - first_meeting_date) AS is_out_of_rhythm
    FROM ngeshare.group_fact
    CROSS JOIN (SELECT ngeshare.setting('active_days') AS active_days OFFSET 0) AS threshold
    WHERE status = 'ACTIVE'
) AS fact
WHERE is_silent OR is_out_of_rhythm
ORDER BY days_until_stalled, group_id COLLATE "C";
COMMENT ON VIEW public.v_at_risk IS
'A row an ACTIVE group on its way to stalling, the soonest first: silent for at least half of the 28 days, or for more than twice its own rhythm. As of ngeshare_as_of().';
COMMENT ON COLUMN public.v_at_risk.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_at_risk.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_at_risk.course_name IS
'Its course.';
COMMENT ON COLUMN public.v_at_risk.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN public.v_at_risk.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN public.v_at_risk.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN public.v_at_risk.last_meeting_date IS
'The day of its last attendance.';
COMMENT ON COLUMN public.v_at_risk.days_inactive IS
'Days since its last meeting.';
COMMENT ON COLUMN public.v_at_risk.days_until_stalled IS
'Days from today to the day on which it stalls if it does not meet: ngeshare.active_days + 1 - days_inactive.';
COMMENT ON COLUMN public.v_at_risk.reason IS
'SILENT: at least half of ngeshare.active_days (14 of 28) without a meeting; else RHYTHM: it met on at least three days, and has been silent for more than twice rhythm_days.';
COMMENT ON COLUMN public.v_at_risk.rhythm_days IS
'The average number of days between its meetings, one decimal (compared before rounding); NULL after a single one.';
COMMENT ON COLUMN public.v_at_risk.progress_pct IS
'Percent of the course reached, one decimal.';
COMMENT ON COLUMN public.v_at_risk.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';
