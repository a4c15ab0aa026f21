-- The views with one row per group.

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
    facilitator_is_deleted,
    city,
    province
FROM ngeshare.group_fact;
COMMENT ON VIEW public.v_group_summary IS
'One row per curriculum group as of ngeshare_as_of(): what it is, who leads it, how many members '
'it has.';
COMMENT ON COLUMN public.v_group_summary.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_group_summary.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_group_summary.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN public.v_group_summary.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN public.v_group_summary.facilitator_id IS
'The user of its FACILITATOR record with the earliest joinedAt (tie: the smallest record id); NULL '
'where it has none.';
COMMENT ON COLUMN public.v_group_summary.facilitator_name IS
'The facilitator''s email, or id where there is none; NULL without a facilitator.';
COMMENT ON COLUMN public.v_group_summary.member_count IS
'Its distinct persons with a MEMBER record and no FACILITATOR record there; a person is a user, or '
'an email address without one.';
COMMENT ON COLUMN public.v_group_summary.created_at IS
'When production made the group.';
COMMENT ON COLUMN public.v_group_summary.needs_facilitator IS
'Whether it has no facilitator.';
COMMENT ON COLUMN public.v_group_summary.facilitator_count IS
'Distinct users with a FACILITATOR record; more than one is an anomaly.';
COMMENT ON COLUMN public.v_group_summary.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without one.';
COMMENT ON COLUMN public.v_group_summary.city IS
'The city, in the spelling that most groups of this city and province have; NULL where the group '
'has none. As now, whatever the instant.';
COMMENT ON COLUMN public.v_group_summary.province IS
'The province, in the spelling that most curriculum groups have; NULL where the group has none. As '
'now, whatever the instant.';

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
'One row per curriculum group as of ngeshare_as_of(): how far it has come and when it met. Days '
'are local days of ngeshare.timezone.';
COMMENT ON COLUMN public.v_group_progress.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_group_progress.max_episode_reached IS
'The greatest "order" of an episode of its own hangout that it attended; 0 for none.';
COMMENT ON COLUMN public.v_group_progress.last_meeting_date IS
'The day of its last attendance, at any episode; NULL if it never met.';
COMMENT ON COLUMN public.v_group_progress.total_meetings IS
'Distinct days with attendance; two episodes on one day count once.';
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
    member_count,
    city,
    province
FROM ngeshare.group_fact;
COMMENT ON VIEW public.v_group_status IS
'One row per curriculum group as of ngeshare_as_of(): is it graduated, active, not started or '
'stalled? The same as ngeshare_group_status().';
COMMENT ON COLUMN public.v_group_status.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN public.v_group_status.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN public.v_group_status.status IS
'GRADUATED, else ACTIVE (met, and silent for at most 28 days), else NOT_STARTED (never met, '
'planned at most 28 days ago or later), else STALLED.';
COMMENT ON COLUMN public.v_group_status.progress_pct IS
'Percent of the course reached, at most 100, one decimal.';
COMMENT ON COLUMN public.v_group_status.days_inactive IS
'Days since its last meeting; if it never met, days since its planned start (startDate, else '
'createdAt); at least 0.';
COMMENT ON COLUMN public.v_group_status.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN public.v_group_status.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN public.v_group_status.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN public.v_group_status.max_episode_reached IS
'The greatest "order" of an own episode that it attended; 0 for none.';
COMMENT ON COLUMN public.v_group_status.total_meetings IS
'Distinct days with attendance; two episodes on one day count once.';
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
COMMENT ON COLUMN public.v_group_status.city IS
'The city, in the spelling that most groups of this city and province have; NULL where the group '
'has none. As now, whatever the instant.';
COMMENT ON COLUMN public.v_group_status.province IS
'The province, in the spelling that most curriculum groups have; NULL where the group has none. As '
'now, whatever the instant.';

CREATE VIEW public.v_rescue_list AS
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
    CASE WHEN last_meeting_date IS NOT NULL THEN chance.resume_chance END AS resume_chance,
    city,
    province,
    coalesce(contact.contact_state, 'NEW') AS contact_state,
    coalesce(contact.follow_ups, 0) AS follow_ups,
    contact.last_follow_up_on,
    contact.last_outcome,
    contact.last_noted_by,
    contact.next_on,
    CASE WHEN last_meeting_date IS NOT NULL
        THEN chance.resume_28_days_pct END AS resume_28_days_pct,
    contact.last_is_verified
FROM ngeshare.group_fact AS fact
LEFT JOIN public.v_resume_chance AS chance ON chance.course_name = fact.course_name
    AND chance.days_silent = fact.days_inactive
LEFT JOIN ngeshare.contact_as_of AS contact ON contact.group_id = fact.group_id
WHERE is_rescuable
ORDER BY days_inactive, fact.group_id COLLATE "C";
COMMENT ON VIEW public.v_rescue_list IS
'A row a STALLED group with at least 70 % of its course behind it, the most recently active first: '
'whom to call. As of ngeshare_as_of().';
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
'Percent of the course reached, one decimal; the threshold (ngeshare.rescue_min_pct) compares it '
'before rounding.';
COMMENT ON COLUMN public.v_rescue_list.days_inactive IS
'Days since its last meeting.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';
COMMENT ON COLUMN public.v_rescue_list.resume_chance IS
'The chance in percent that it meets again, from v_resume_chance: of the silences of its course '
'that lasted as long; NULL if it never met.';
COMMENT ON COLUMN public.v_rescue_list.city IS
'The city, in the spelling that most groups of this city and province have; NULL where the group '
'has none. As now, whatever the instant.';
COMMENT ON COLUMN public.v_rescue_list.province IS
'The province, in the spelling that most curriculum groups have; NULL where the group has none. As '
'now, whatever the instant.';
COMMENT ON COLUMN public.v_rescue_list.contact_state IS
'CLOSED: the latest follow-up since its last meeting says that the group is closed. WAITING: it '
'names a later day to contact the group, or, without such a day, is at most 14 days old and did '
'reach the right contact. DUE: there is one, and it is time for the next. NEW: nobody has '
'contacted the group since its last meeting.';
COMMENT ON COLUMN public.v_rescue_list.follow_ups IS
'Follow-ups since its last meeting; 0 for none.';
COMMENT ON COLUMN public.v_rescue_list.last_follow_up_on IS
'The local day of the latest of them.';
COMMENT ON COLUMN public.v_rescue_list.last_outcome IS
'What came of it: no_answer, will_meet, paused, closed or wrong_contact.';
COMMENT ON COLUMN public.v_rescue_list.last_noted_by IS
'Who noted it; last_is_verified says whether by a login.';
COMMENT ON COLUMN public.v_rescue_list.next_on IS
'The day that it names for the next contact; NULL where it names none.';
COMMENT ON COLUMN public.v_rescue_list.resume_28_days_pct IS
'The chance in percent that it meets within 28 days if nobody does anything, one decimal, from '
'v_resume_chance; NULL where it never met, and where fewer than 20 silences of its course lasted '
'as long.';
COMMENT ON COLUMN public.v_rescue_list.last_is_verified IS
'Whether last_noted_by is the login that noted the latest follow-up; false where it is only a name '
'that the request gave, NULL where there is none.';

CREATE VIEW public.v_at_risk AS
SELECT
    fact.group_id,
    group_name,
    fact.course_name,
    facilitator_id,
    facilitator_name,
    facilitator_contact,
    last_meeting_date,
    days_inactive,
    (SELECT ngeshare.setting('active_days')) + 1 - days_inactive AS days_until_stalled,
    risk AS reason,
    round((last_meeting_date - first_meeting_date)::numeric / nullif(total_meetings - 1, 0),
        1) AS rhythm_days,
    progress_pct,
    facilitator_is_deleted,
    city,
    province,
    coalesce(contact.contact_state, 'NEW') AS contact_state,
    coalesce(contact.follow_ups, 0) AS follow_ups,
    contact.last_follow_up_on,
    contact.last_outcome,
    contact.last_noted_by,
    contact.next_on,
    chance.resume_28_days_pct,
    contact.last_is_verified
FROM ngeshare.group_fact AS fact
LEFT JOIN public.v_resume_chance AS chance ON chance.course_name = fact.course_name
    AND chance.days_silent = fact.days_inactive
LEFT JOIN ngeshare.contact_as_of AS contact ON contact.group_id = fact.group_id
WHERE risk IS NOT NULL
ORDER BY days_until_stalled, fact.group_id COLLATE "C";
COMMENT ON VIEW public.v_at_risk IS
'A row an ACTIVE group on its way to stalling, the soonest first: silent for at least half of the '
'28 days, or for more than twice its own rhythm. As of ngeshare_as_of().';
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
'Days from today to the day on which it stalls if it does not meet: ngeshare.active_days + 1 - '
'days_inactive.';
COMMENT ON COLUMN public.v_at_risk.reason IS
'SILENT: at least half of ngeshare.active_days (14 of 28) without a meeting; else RHYTHM: it met '
'on at least three days, and has been silent for more than twice rhythm_days.';
COMMENT ON COLUMN public.v_at_risk.rhythm_days IS
'The average number of days between its meetings, one decimal (compared before rounding); NULL '
'after a single one.';
COMMENT ON COLUMN public.v_at_risk.progress_pct IS
'Percent of the course reached, one decimal.';
COMMENT ON COLUMN public.v_at_risk.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';
COMMENT ON COLUMN public.v_at_risk.city IS
'The city, in the spelling that most groups of this city and province have; NULL where the group '
'has none. As now, whatever the instant.';
COMMENT ON COLUMN public.v_at_risk.province IS
'The province, in the spelling that most curriculum groups have; NULL where the group has none. As '
'now, whatever the instant.';
COMMENT ON COLUMN public.v_at_risk.contact_state IS
'CLOSED: the latest follow-up since its last meeting says that the group is closed. WAITING: it '
'names a later day to contact the group, or, without such a day, is at most 14 days old and did '
'reach the right contact. DUE: there is one, and it is time for the next. NEW: nobody has '
'contacted the group since its last meeting.';
COMMENT ON COLUMN public.v_at_risk.follow_ups IS
'Follow-ups since its last meeting; 0 for none.';
COMMENT ON COLUMN public.v_at_risk.last_follow_up_on IS
'The local day of the latest of them.';
COMMENT ON COLUMN public.v_at_risk.last_outcome IS
'What came of it: no_answer, will_meet, paused, closed or wrong_contact.';
COMMENT ON COLUMN public.v_at_risk.last_noted_by IS
'Who noted it; last_is_verified says whether by a login.';
COMMENT ON COLUMN public.v_at_risk.next_on IS
'The day that it names for the next contact; NULL where it names none.';
COMMENT ON COLUMN public.v_at_risk.resume_28_days_pct IS
'The chance in percent that it meets within 28 days if nobody does anything, one decimal, from '
'v_resume_chance; NULL where it never met, and where fewer than 20 silences of its course lasted '
'as long.';
COMMENT ON COLUMN public.v_at_risk.last_is_verified IS
'Whether last_noted_by is the login that noted the latest follow-up; false where it is only a name '
'that the request gave, NULL where there is none.';
