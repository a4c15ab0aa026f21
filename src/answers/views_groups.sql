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
'The curriculum groups (groups of a course in course_config) with their course, facilitator and '
'number of members, one row per group, as of ngeshare_as_of().';
COMMENT ON COLUMN public.v_group_summary.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_group_summary.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN public.v_group_summary.course_name IS
'The course that the group takes: the name of its hangout.';
COMMENT ON COLUMN public.v_group_summary.max_episodes IS
'The number of the course''s last episode; a group that reaches it has graduated.';
COMMENT ON COLUMN public.v_group_summary.facilitator_id IS
'The user id of the facilitator: the user with the group''s earliest FACILITATOR record by '
'joinedAt, of equal ones the one with the smallest record id. NULL if no user leads the group.';
COMMENT ON COLUMN public.v_group_summary.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';
COMMENT ON COLUMN public.v_group_summary.member_count IS
'The number of distinct persons with a MEMBER record and no FACILITATOR record in the group. A '
'person is a user or, in a record without a user, an email address.';
COMMENT ON COLUMN public.v_group_summary.created_at IS
'When the group was created in production.';
COMMENT ON COLUMN public.v_group_summary.needs_facilitator IS
'Whether the group has no facilitator.';
COMMENT ON COLUMN public.v_group_summary.facilitator_count IS
'The number of distinct users with a FACILITATOR record in the group; more than one is an anomaly.';
COMMENT ON COLUMN public.v_group_summary.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without a facilitator.';
COMMENT ON COLUMN public.v_group_summary.city IS
'The group''s city, in the spelling that most groups of this city and province have; NULL if the '
'group has none. It is the present city, whatever the instant.';
COMMENT ON COLUMN public.v_group_summary.province IS
'The group''s province, in the spelling that most curriculum groups have; NULL if the group has '
'none. It is the present province, whatever the instant.';

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
'How far each curriculum group has come and when it met, one row per group, as of '
'ngeshare_as_of(). Days are local days of ngeshare.timezone.';
COMMENT ON COLUMN public.v_group_progress.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_group_progress.max_episode_reached IS
'The greatest number (HangoutEpisode.order) of an episode of its own hangout that the group '
'attended; 0 if none.';
COMMENT ON COLUMN public.v_group_progress.last_meeting_date IS
'The local day of the group''s last attendance, at any episode; NULL if it never met.';
COMMENT ON COLUMN public.v_group_progress.total_meetings IS
'The number of distinct local days with attendance; two episodes on one day count once.';
COMMENT ON COLUMN public.v_group_progress.days_since_last_meeting IS
'Days from last_meeting_date to the day of as_of; NULL if the group never met.';
COMMENT ON COLUMN public.v_group_progress.first_meeting_date IS
'The local day of the group''s first attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_group_progress.graduated_on IS
'The local day on which the group first attended an episode of its own hangout at or beyond '
'max_episodes; NULL if it has not graduated.';

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
'The status of each curriculum group (graduated, active, not started or stalled), one row per '
'group, as of ngeshare_as_of(). The same as ngeshare_group_status().';
COMMENT ON COLUMN public.v_group_status.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_group_status.course_name IS
'The course that the group takes: the name of its hangout.';
COMMENT ON COLUMN public.v_group_status.status IS
'The first of these that holds. GRADUATED: the group reached the course''s last episode. ACTIVE: '
'it met at most 28 days ago (ngeshare.active_days). NOT_STARTED: it never met, and its planned '
'start is at most 28 days ago or later. STALLED: all other groups.';
COMMENT ON COLUMN public.v_group_status.progress_pct IS
'Episodes reached as a percentage of the course''s episodes, at most 100, one decimal.';
COMMENT ON COLUMN public.v_group_status.days_inactive IS
'Days since the group''s last meeting or, if it never met, since its planned start (startDate, '
'else createdAt); at least 0.';
COMMENT ON COLUMN public.v_group_status.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN public.v_group_status.sequence_order IS
'The course''s position in the curriculum (course_config).';
COMMENT ON COLUMN public.v_group_status.max_episodes IS
'The number of the course''s last episode; a group that reaches it has graduated.';
COMMENT ON COLUMN public.v_group_status.max_episode_reached IS
'The greatest number (HangoutEpisode.order) of an episode of its own hangout that the group '
'attended; 0 if none.';
COMMENT ON COLUMN public.v_group_status.total_meetings IS
'The number of distinct local days with attendance; two episodes on one day count once.';
COMMENT ON COLUMN public.v_group_status.first_meeting_date IS
'The local day of the group''s first attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_group_status.last_meeting_date IS
'The local day of the group''s last attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_group_status.graduated_on IS
'The local day on which the group graduated; NULL if it has not.';
COMMENT ON COLUMN public.v_group_status.started_on IS
'The local day of the group''s first meeting or, if it never met, of its planned start.';
COMMENT ON COLUMN public.v_group_status.facilitator_id IS
'The user id of the group''s facilitator; NULL if it has none.';
COMMENT ON COLUMN public.v_group_status.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';
COMMENT ON COLUMN public.v_group_status.member_count IS
'The number of distinct persons who are members of the group.';
COMMENT ON COLUMN public.v_group_status.city IS
'The group''s city, in the spelling that most groups of this city and province have; NULL if the '
'group has none. It is the present city, whatever the instant.';
COMMENT ON COLUMN public.v_group_status.province IS
'The group''s province, in the spelling that most curriculum groups have; NULL if the group has '
'none. It is the present province, whatever the instant.';

CREATE VIEW ngeshare.group_to_contact AS
SELECT
    fact.*,
    CASE WHEN last_meeting_date IS NOT NULL THEN chance.resume_chance END AS resume_chance,
    CASE WHEN last_meeting_date IS NOT NULL
        THEN chance.resume_28_days_pct END AS resume_28_days_pct,
    CASE
        WHEN latest.group_id IS NULL THEN 'NEW'
        WHEN latest.outcome = 'closed' THEN 'CLOSED'
        WHEN latest.next_on > clock.today THEN 'WAITING'
        WHEN latest.next_on IS NULL AND latest.outcome <> 'wrong_contact'
            AND clock.today - ngeshare.local_day(latest.noted_at AT TIME ZONE 'UTC',
                ngeshare.reporting_zone()) <= 14
            THEN 'WAITING'
        ELSE 'DUE'
    END AS contact_state,
    CASE WHEN latest.group_id IS NULL THEN 0 ELSE (
        SELECT count(*)::integer
        FROM ngeshare.follow_up_as_of AS noted
        WHERE noted.group_id = latest.group_id
          AND noted.noted_at > since.last_meeting
    ) END AS follow_ups,
    ngeshare.local_day(latest.noted_at AT TIME ZONE 'UTC',
        ngeshare.reporting_zone()) AS last_follow_up_on,
    latest.outcome AS last_outcome,
    latest.noted_by AS last_noted_by,
    latest.next_on,
    latest.is_verified AS last_is_verified
FROM ngeshare.group_fact AS fact
CROSS JOIN (
    SELECT ngeshare.local_day(ngeshare.follow_ups_until() AT TIME ZONE 'UTC',
        ngeshare.reporting_zone()) AS today
    OFFSET 0
) AS clock
LEFT JOIN public.v_resume_chance AS chance ON chance.course_name = fact.course_name
    AND chance.days_silent = fact.days_inactive
CROSS JOIN LATERAL (
    SELECT coalesce(fact.last_meeting_at, '-infinity') AT TIME ZONE 'UTC' AS last_meeting
) AS since
LEFT JOIN ngeshare.latest_follow_up AS latest ON latest.group_id = fact.group_id
    AND latest.noted_at > since.last_meeting;
COMMENT ON VIEW ngeshare.group_to_contact IS
'ngeshare.group_fact with the columns about contacts that v_rescue_list and v_at_risk show, one '
'row per curriculum group. Only follow-ups since the group''s last meeting count; the meeting '
'begins with the first attendance on its day. For a group that never met, all follow-ups count.';

CREATE VIEW public.v_rescue_list AS
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
    resume_chance,
    city,
    province,
    contact_state,
    follow_ups,
    last_follow_up_on,
    last_outcome,
    last_noted_by,
    next_on,
    resume_28_days_pct,
    last_is_verified
FROM ngeshare.group_to_contact
WHERE is_rescuable
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW public.v_rescue_list IS
'STALLED groups that have done at least 70 % of their course (ngeshare.rescue_min_pct), and whom '
'to contact, one row per group, the most recently active first, as of ngeshare_as_of().';
COMMENT ON COLUMN public.v_rescue_list.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_rescue_list.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN public.v_rescue_list.course_name IS
'The group''s course.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_id IS
'The user id of the group''s facilitator; NULL if it has none.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_contact IS
'The email address of the facilitator''s user, else that of the facilitator''s membership record; '
'NULL if there is neither.';
COMMENT ON COLUMN public.v_rescue_list.last_meeting_date IS
'The local day of the group''s last attendance; NULL if it never met.';
COMMENT ON COLUMN public.v_rescue_list.episodes_remaining IS
'The number of the course''s episodes after the furthest one that the group reached.';
COMMENT ON COLUMN public.v_rescue_list.progress_pct IS
'Episodes reached as a percentage of the course''s episodes, one decimal. The threshold '
'ngeshare.rescue_min_pct is compared with the value before rounding.';
COMMENT ON COLUMN public.v_rescue_list.days_inactive IS
'Days since the group''s last meeting or, if it never met, since its planned start.';
COMMENT ON COLUMN public.v_rescue_list.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without a facilitator.';
COMMENT ON COLUMN public.v_rescue_list.resume_chance IS
'The chance in percent that the group ever meets again, one decimal: the column resume_chance of '
'v_resume_chance for its course and days_inactive. NULL if it never met.';
COMMENT ON COLUMN public.v_rescue_list.city IS
'The group''s city, in the spelling that most groups of this city and province have; NULL if the '
'group has none. It is the present city, whatever the instant.';
COMMENT ON COLUMN public.v_rescue_list.province IS
'The group''s province, in the spelling that most curriculum groups have; NULL if the group has '
'none. It is the present province, whatever the instant.';
COMMENT ON COLUMN public.v_rescue_list.contact_state IS
'The first of these that holds, by the follow-ups (notes that the group was contacted) since its '
'last meeting. CLOSED: the latest one says that the group is closed. WAITING: the latest one names '
'a later day for the next contact, or it names none, did not end at a wrong contact, and is at '
'most 14 days old. DUE: there is a follow-up, and it is time for the next contact. NEW: there is '
'none.';
COMMENT ON COLUMN public.v_rescue_list.follow_ups IS
'The number of follow-ups (notes that the group was contacted) since the group''s last meeting; 0 '
'if none.';
COMMENT ON COLUMN public.v_rescue_list.last_follow_up_on IS
'The local day of the latest follow-up since the group''s last meeting; NULL if there is none.';
COMMENT ON COLUMN public.v_rescue_list.last_outcome IS
'The outcome of the latest follow-up since the group''s last meeting: no_answer, will_meet, '
'paused, closed or wrong_contact; NULL if there is none.';
COMMENT ON COLUMN public.v_rescue_list.last_noted_by IS
'The name of the person who noted the latest follow-up since the group''s last meeting; NULL if '
'there is none. last_is_verified says whether the name is a login.';
COMMENT ON COLUMN public.v_rescue_list.next_on IS
'The day for the next contact that the latest follow-up since the group''s last meeting names; '
'NULL if it names none.';
COMMENT ON COLUMN public.v_rescue_list.resume_28_days_pct IS
'The chance in percent that the group meets within 28 days, one decimal: v_resume_chance for its '
'course and days_inactive. NULL if the group never met, or if fewer than 20 silences of its course '
'lasted as long.';
COMMENT ON COLUMN public.v_rescue_list.last_is_verified IS
'Whether last_noted_by is the login that noted the latest follow-up; false if it is only a name '
'that the request gave, NULL if there is no follow-up since the group''s last meeting.';

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
    (SELECT ngeshare.setting('active_days')) + 1 - days_inactive AS days_until_stalled,
    risk AS reason,
    round((last_meeting_date - first_meeting_date)::numeric / nullif(total_meetings - 1, 0),
        1) AS rhythm_days,
    progress_pct,
    facilitator_is_deleted,
    city,
    province,
    contact_state,
    follow_ups,
    last_follow_up_on,
    last_outcome,
    last_noted_by,
    next_on,
    resume_28_days_pct,
    last_is_verified
FROM ngeshare.group_to_contact
WHERE risk IS NOT NULL
ORDER BY days_until_stalled, group_id COLLATE "C";
COMMENT ON VIEW public.v_at_risk IS
'ACTIVE groups that are about to stall, one row per group, the soonest first, as of '
'ngeshare_as_of(): they have not met for at least half of the 28 days (ngeshare.active_days), or '
'they met on at least three days and have not met for more than twice their average interval '
'between meetings.';
COMMENT ON COLUMN public.v_at_risk.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_at_risk.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN public.v_at_risk.course_name IS
'The group''s course.';
COMMENT ON COLUMN public.v_at_risk.facilitator_id IS
'The user id of the group''s facilitator; NULL if it has none.';
COMMENT ON COLUMN public.v_at_risk.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';
COMMENT ON COLUMN public.v_at_risk.facilitator_contact IS
'The email address of the facilitator''s user, else that of the facilitator''s membership record; '
'NULL if there is neither.';
COMMENT ON COLUMN public.v_at_risk.last_meeting_date IS
'The local day of the group''s last attendance.';
COMMENT ON COLUMN public.v_at_risk.days_inactive IS
'Days since the group''s last meeting.';
COMMENT ON COLUMN public.v_at_risk.days_until_stalled IS
'Days from the day of as_of to the day on which the group stalls if it does not meet: '
'ngeshare.active_days + 1 - days_inactive.';
COMMENT ON COLUMN public.v_at_risk.reason IS
'SILENT: the group has not met for at least half of ngeshare.active_days (14 of 28 days). RHYTHM: '
'otherwise, if it met on at least three days and has not met for more than twice rhythm_days.';
COMMENT ON COLUMN public.v_at_risk.rhythm_days IS
'The average number of days between the group''s meetings, one decimal; NULL after a single '
'meeting. The rule RHYTHM compares the value before rounding.';
COMMENT ON COLUMN public.v_at_risk.progress_pct IS
'Episodes reached as a percentage of the course''s episodes, one decimal.';
COMMENT ON COLUMN public.v_at_risk.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without a facilitator.';
COMMENT ON COLUMN public.v_at_risk.city IS
'The group''s city, in the spelling that most groups of this city and province have; NULL if the '
'group has none. It is the present city, whatever the instant.';
COMMENT ON COLUMN public.v_at_risk.province IS
'The group''s province, in the spelling that most curriculum groups have; NULL if the group has '
'none. It is the present province, whatever the instant.';
COMMENT ON COLUMN public.v_at_risk.contact_state IS
'The first of these that holds, by the follow-ups (notes that the group was contacted) since its '
'last meeting. CLOSED: the latest one says that the group is closed. WAITING: the latest one names '
'a later day for the next contact, or it names none, did not end at a wrong contact, and is at '
'most 14 days old. DUE: there is a follow-up, and it is time for the next contact. NEW: there is '
'none.';
COMMENT ON COLUMN public.v_at_risk.follow_ups IS
'The number of follow-ups (notes that the group was contacted) since the group''s last meeting; 0 '
'if none.';
COMMENT ON COLUMN public.v_at_risk.last_follow_up_on IS
'The local day of the latest follow-up since the group''s last meeting; NULL if there is none.';
COMMENT ON COLUMN public.v_at_risk.last_outcome IS
'The outcome of the latest follow-up since the group''s last meeting: no_answer, will_meet, '
'paused, closed or wrong_contact; NULL if there is none.';
COMMENT ON COLUMN public.v_at_risk.last_noted_by IS
'The name of the person who noted the latest follow-up since the group''s last meeting; NULL if '
'there is none. last_is_verified says whether the name is a login.';
COMMENT ON COLUMN public.v_at_risk.next_on IS
'The day for the next contact that the latest follow-up since the group''s last meeting names; '
'NULL if it names none.';
COMMENT ON COLUMN public.v_at_risk.resume_28_days_pct IS
'The chance in percent that the group meets within 28 days, one decimal: v_resume_chance for its '
'course and days_inactive. NULL if fewer than 20 silences of its course lasted as long.';
COMMENT ON COLUMN public.v_at_risk.last_is_verified IS
'Whether last_noted_by is the login that noted the latest follow-up; false if it is only a name '
'that the request gave, NULL if there is no follow-up since the group''s last meeting.';
