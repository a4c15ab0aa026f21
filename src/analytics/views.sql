CREATE VIEW v_group_summary AS
SELECT
    group_id,
    group_name,
    course_name,
    max_episodes,
    facilitator_id,
    facilitator_name,
    member_count,
    created_at,
    facilitator_id IS NULL AS needs_facilitator,
    facilitator_count,
    facilitator_is_deleted
FROM ngeshare.group_facts();
COMMENT ON VIEW v_group_summary IS
'A row a curriculum group as of ngeshare_as_of(): what it is, who leads it, how many members it has.';
COMMENT ON COLUMN v_group_summary.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_group_summary.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_group_summary.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN v_group_summary.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN v_group_summary.facilitator_id IS
'The user of its FACILITATOR record with the earliest joinedAt (tie: the smallest record id); NULL where it has none.';
COMMENT ON COLUMN v_group_summary.facilitator_name IS
'The facilitator''s email, or id where there is none; NULL without a facilitator.';
COMMENT ON COLUMN v_group_summary.member_count IS
'Its distinct persons with a MEMBER record and no FACILITATOR record there; a person is a user, or an email address without one.';
COMMENT ON COLUMN v_group_summary.created_at IS
'When production made the group.';
COMMENT ON COLUMN v_group_summary.needs_facilitator IS
'Whether it has no facilitator.';
COMMENT ON COLUMN v_group_summary.facilitator_count IS
'Distinct users with a FACILITATOR record; more than one is an anomaly.';
COMMENT ON COLUMN v_group_summary.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted; false without one.';

CREATE VIEW v_group_progress AS
SELECT
    group_id,
    max_episode_reached,
    last_meeting_date,
    total_meetings,
    CASE WHEN last_meeting_date IS NOT NULL THEN days_inactive END AS days_since_last_meeting,
    first_meeting_date,
    graduated_on
FROM ngeshare.group_facts();
COMMENT ON VIEW v_group_progress IS
'A row a curriculum group as of ngeshare_as_of(): how far it has come and when it met. Days are local days of ngeshare.timezone.';
COMMENT ON COLUMN v_group_progress.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_group_progress.max_episode_reached IS
'The greatest "order" of an episode of its own hangout that it attended; 0 for none.';
COMMENT ON COLUMN v_group_progress.last_meeting_date IS
'The day of its last attendance, at any episode; NULL if it never met.';
COMMENT ON COLUMN v_group_progress.total_meetings IS
'Distinct days with attendance.';
COMMENT ON COLUMN v_group_progress.days_since_last_meeting IS
'Days from then to today; NULL if it never met.';
COMMENT ON COLUMN v_group_progress.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN v_group_progress.graduated_on IS
'The day it first attended an own episode at or beyond max_episodes; NULL if it has not graduated.';

CREATE VIEW v_group_status AS
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
FROM ngeshare_group_status();
COMMENT ON VIEW v_group_status IS
'A row a curriculum group as of ngeshare_as_of(): is it graduated, active, not started or stalled? The same as ngeshare_group_status().';
COMMENT ON COLUMN v_group_status.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_group_status.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN v_group_status.status IS
'GRADUATED, else ACTIVE (met, and silent for at most 28 days), else NOT_STARTED (never met, planned at most 28 days ago or later), else STALLED.';
COMMENT ON COLUMN v_group_status.progress_pct IS
'Percent of the course reached, at most 100, one decimal.';
COMMENT ON COLUMN v_group_status.days_inactive IS
'Days since its last meeting; for one that never met since its planned start (startDate, else createdAt); at least 0.';
COMMENT ON COLUMN v_group_status.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_group_status.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN v_group_status.max_episodes IS
'The episode at which it has graduated.';
COMMENT ON COLUMN v_group_status.max_episode_reached IS
'The greatest "order" of an own episode that it attended; 0 for none.';
COMMENT ON COLUMN v_group_status.total_meetings IS
'Distinct days with attendance.';
COMMENT ON COLUMN v_group_status.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN v_group_status.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN v_group_status.graduated_on IS
'The day it graduated; NULL if it has not.';
COMMENT ON COLUMN v_group_status.started_on IS
'The day of its first meeting, else of its planned start.';
COMMENT ON COLUMN v_group_status.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN v_group_status.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN v_group_status.member_count IS
'Its distinct members.';

CREATE VIEW v_curriculum_pipeline AS
SELECT
    group_a_id,
    course_a,
    group_b_id,
    course_b,
    shared_facilitator_id,
    shared_member_count,
    overlap_pct,
    days_between
FROM ngeshare_pipeline();
COMMENT ON VIEW v_curriculum_pipeline IS
'A row a link as of ngeshare_as_of(): group A went on to the next course as group B. The same as ngeshare_pipeline().';
COMMENT ON COLUMN v_curriculum_pipeline.group_a_id IS
'The group that graduated.';
COMMENT ON COLUMN v_curriculum_pipeline.course_a IS
'Its course.';
COMMENT ON COLUMN v_curriculum_pipeline.group_b_id IS
'The group that went on; one A may have several B and the reverse.';
COMMENT ON COLUMN v_curriculum_pipeline.course_b IS
'The next course.';
COMMENT ON COLUMN v_curriculum_pipeline.shared_facilitator_id IS
'The facilitator of both.';
COMMENT ON COLUMN v_curriculum_pipeline.shared_member_count IS
'Persons who are members of both; at least 2.';
COMMENT ON COLUMN v_curriculum_pipeline.overlap_pct IS
'They in percent of the smaller group, one decimal; at least 50 before rounding.';
COMMENT ON COLUMN v_curriculum_pipeline.days_between IS
'Days from A''s graduation to B''s first meeting: -30 to 90.';

CREATE VIEW v_curriculum_funnel AS
SELECT
    sequence_order,
    course_name,
    groups_total,
    groups_started,
    graduated,
    active,
    stalled,
    not_started,
    graduation_rate,
    continued,
    continuation_rate,
    awaiting,
    settled_continuation_rate
FROM ngeshare_funnel();
COMMENT ON VIEW v_curriculum_funnel IS
'A row a course as of ngeshare_as_of(): how many groups start, graduate and go on. The same as ngeshare_funnel().';
COMMENT ON COLUMN v_curriculum_funnel.sequence_order IS
'The course''s place in the curriculum.';
COMMENT ON COLUMN v_curriculum_funnel.course_name IS
'The course.';
COMMENT ON COLUMN v_curriculum_funnel.groups_total IS
'All its groups.';
COMMENT ON COLUMN v_curriculum_funnel.groups_started IS
'Those that met at least once.';
COMMENT ON COLUMN v_curriculum_funnel.graduated IS
'Those with status GRADUATED.';
COMMENT ON COLUMN v_curriculum_funnel.active IS
'Those with status ACTIVE.';
COMMENT ON COLUMN v_curriculum_funnel.stalled IS
'Those with status STALLED.';
COMMENT ON COLUMN v_curriculum_funnel.not_started IS
'Those with status NOT_STARTED.';
COMMENT ON COLUMN v_curriculum_funnel.graduation_rate IS
'graduated in percent of groups_total; NULL without groups.';
COMMENT ON COLUMN v_curriculum_funnel.continued IS
'Graduated groups that a link goes out from; NULL for the last course.';
COMMENT ON COLUMN v_curriculum_funnel.continuation_rate IS
'continued in percent of graduated; NULL for the last course and without graduates.';
COMMENT ON COLUMN v_curriculum_funnel.awaiting IS
'Graduated at most 90 days ago and without a link: they may still go on; NULL for the last course.';
COMMENT ON COLUMN v_curriculum_funnel.settled_continuation_rate IS
'Of the groups that graduated more than 90 days ago, the percentage with a link; NULL for the last course and without such groups.';

CREATE VIEW v_rescue_list AS
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
    facilitator_is_deleted
FROM ngeshare.group_facts()
WHERE is_rescuable
ORDER BY days_inactive, group_id COLLATE "C";
COMMENT ON VIEW v_rescue_list IS
'A row a STALLED group with at least 70 % of its course behind it, the most recently active first: whom to call. As of ngeshare_as_of().';
COMMENT ON COLUMN v_rescue_list.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN v_rescue_list.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN v_rescue_list.course_name IS
'Its course.';
COMMENT ON COLUMN v_rescue_list.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN v_rescue_list.facilitator_name IS
'The facilitator''s email, or id where there is none.';
COMMENT ON COLUMN v_rescue_list.facilitator_contact IS
'The user''s email, else the email of the facilitator''s record; NULL where there is neither.';
COMMENT ON COLUMN v_rescue_list.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN v_rescue_list.episodes_remaining IS
'Episodes from the furthest one reached to the last.';
COMMENT ON COLUMN v_rescue_list.progress_pct IS
'Percent of the course reached, one decimal; the threshold (ngeshare.rescue_min_pct) compares it before rounding.';
COMMENT ON COLUMN v_rescue_list.days_inactive IS
'Days since its last meeting.';
COMMENT ON COLUMN v_rescue_list.facilitator_is_deleted IS
'Whether the facilitator''s user is soft-deleted.';
