-- The view of anomalies: one row per kind of anomaly and group.

CREATE VIEW ngeshare.future_attendance AS
SELECT
    group_id,
    last_at
FROM ngeshare.group_snapshot
WHERE last_at > (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC')
  AND created_at <= (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC')
  AND (SELECT ngeshare.can_answer());
COMMENT ON VIEW ngeshare.future_attendance IS
'The curriculum groups that exist by the real clock and have attendance later than it, whatever '
'ngeshare.as_of is. last_at is their last attendance, in UTC.';

CREATE VIEW public.v_anomalies AS
WITH found AS (
    SELECT
        odd.kind,
        fact.group_id,
        -- If the VALUES below had the texts, they would be computed for all kinds and each group,
        -- also in queries that only count. This CASE computes one text, only where it is shown.
        CASE odd.kind
            WHEN 'NEEDS_FACILITATOR' THEN 'it has no FACILITATOR record of a user'
            WHEN 'MULTIPLE_FACILITATORS'
                THEN format('%s users have a FACILITATOR record', fact.facilitator_count)
            WHEN 'MEMBER_COUNT_OUT_OF_RANGE'
                THEN format('it has %s members, not 2 to 5', fact.member_count)
            WHEN 'EPISODE_BEYOND_MAX'
                THEN format('it attended episode %s of %s', fact.max_episode_reached,
                    fact.max_episodes)
            WHEN 'FOREIGN_EPISODE'
                THEN format('on %s days somebody attended an episode of another hangout',
                    fact.foreign_days)
        END AS detail,
        CASE odd.kind
            WHEN 'NEEDS_FACILITATOR' THEN '{}'::jsonb
            WHEN 'MULTIPLE_FACILITATORS'
                THEN jsonb_build_object('facilitators', fact.facilitator_count)
            WHEN 'MEMBER_COUNT_OUT_OF_RANGE'
                THEN jsonb_build_object('members', fact.member_count)
            WHEN 'EPISODE_BEYOND_MAX'
                THEN jsonb_build_object('episode', fact.max_episode_reached, 'episodes',
                    fact.max_episodes)
            WHEN 'FOREIGN_EPISODE' THEN jsonb_build_object('days', fact.foreign_days)
        END AS params
    FROM (
        SELECT
            *,
            facilitator_id IS NULL AS is_without,
            facilitator_count > 1 AS has_several,
            member_count NOT BETWEEN 2 AND 5 AS is_out_of_range,
            max_episode_reached > max_episodes AS is_beyond,
            foreign_days > 0 AS is_astray
        FROM ngeshare.group_fact
    ) AS fact
    CROSS JOIN LATERAL (
        VALUES
            ('NEEDS_FACILITATOR', fact.is_without),
            ('MULTIPLE_FACILITATORS', fact.has_several),
            ('MEMBER_COUNT_OUT_OF_RANGE', fact.is_out_of_range),
            ('EPISODE_BEYOND_MAX', fact.is_beyond),
            ('FOREIGN_EPISODE', fact.is_astray)
    ) AS odd (kind, holds)
    WHERE odd.holds
      AND (fact.is_without OR fact.has_several OR fact.is_out_of_range OR fact.is_beyond
          OR fact.is_astray)
    UNION ALL
    SELECT
        why.kind,
        why.group_id,
        CASE
            WHEN why.predecessor_id IS NULL
                THEN 'no kin group of an earlier course explains where it came from'
            WHEN why.predecessor_graduated_on IS NULL
                THEN format('it started on %s; group %s of %s, which started on %s, has not '
                            'graduated',
                    why.started_on, why.predecessor_id, why.predecessor_course,
                        why.predecessor_started_on)
            ELSE format('it started on %s; group %s of %s graduated on %s',
                why.started_on, why.predecessor_id, why.predecessor_course,
                    why.predecessor_graduated_on)
        END,
        jsonb_build_object(
            'started_on', why.started_on,
            'group_id', why.predecessor_id,
            'course', why.predecessor_course,
            'other_started_on', why.predecessor_started_on,
            'graduated_on', why.predecessor_graduated_on)
    FROM ngeshare.group_predecessors() AS why
    UNION ALL
    SELECT
        'FUTURE_ATTENDANCE',
        group_id,
        format('somebody attended on %s, which is yet to come',
            ngeshare.local_day(last_at, ngeshare.reporting_zone())),
        jsonb_build_object('day', ngeshare.local_day(last_at, ngeshare.reporting_zone()))
    FROM ngeshare.future_attendance
)
SELECT
    kind,
    group_id,
    CASE kind WHEN 'NO_PREDECESSOR' THEN 'info' ELSE 'warning' END AS severity,
    detail,
    params
FROM found;
COMMENT ON VIEW public.v_anomalies IS
'Curriculum groups with something odd in their data, one row per group and kind of anomaly, as of '
'ngeshare_as_of().';
COMMENT ON COLUMN public.v_anomalies.kind IS
'NEEDS_FACILITATOR: no user leads the group. MULTIPLE_FACILITATORS: several distinct users have a '
'FACILITATOR record in it. MEMBER_COUNT_OUT_OF_RANGE: it has fewer than 2 or more than 5 members. '
'SKIPPED_COURSE, LATE_START, EARLY_START, NO_PREDECESSOR (the first that holds): a group beyond '
'the first course has met and did not continue from a group of the previous course '
'(v_curriculum_pipeline). FOREIGN_EPISODE: attendance at an episode of another hangout. '
'EPISODE_BEYOND_MAX: attendance at an episode of the group''s own hangout beyond max_episodes. '
'FUTURE_ATTENDANCE: attendance later than the real clock, whatever as_of is.';
COMMENT ON COLUMN public.v_anomalies.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN public.v_anomalies.severity IS
'info for NO_PREDECESSOR, warning for all other kinds.';
COMMENT ON COLUMN public.v_anomalies.detail IS
'A sentence with the facts of the anomaly. If several earlier groups explain a LATE_START, '
'EARLY_START or SKIPPED_COURSE, it names the one that graduated last (EARLY_START: started last), '
'then the one with the smallest id.';
COMMENT ON COLUMN public.v_anomalies.params IS
'The values in detail as JSON, so that the sentence can be written in another language: '
'facilitators, members, episode and episodes, days or day. For an anomaly about an earlier group: '
'started_on of this group, and the earlier group''s group_id, course, other_started_on and '
'graduated_on.';
