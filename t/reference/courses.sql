-- The reference's answers on courses, on anomalies, and those that only docs/rules.md defines
-- (v_at_risk, v_cohort, v_resume_chance), in the terms of answers.sql. people.sql must be loaded
-- first.

BEGIN;

-- The columns of v_drop_off: "groups_reached (max_episode_reached >= episode), groups_stalled
-- (STALLED there), stalled_pct (of the course's STALLED), is_peak (the episode with most; the
-- lowest on a tie; none where nothing stalled); a course and episode (0 .. max_episodes - 1)"
CREATE FUNCTION reference.v_drop_off(as_of timestamptz)
RETURNS TABLE (
    course_name text, episode integer, groups_reached integer, groups_stalled integer,
    stalled_pct numeric,
    is_peak boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH fate AS (
        SELECT gathering.course_name, progress.max_episode_reached, state.status
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
        JOIN reference.status_of(as_of) AS state ON state.group_id = gathering.group_id
    ),
    counted AS (
        SELECT course.course_name, episode,
               count(*) FILTER (WHERE fate.max_episode_reached >= episode) AS reached,
               count(*) FILTER (WHERE fate.status = 'STALLED'
                   AND fate.max_episode_reached = episode) AS stalled,
               count(*) FILTER (WHERE fate.status = 'STALLED') AS course_stalled
        FROM reference.course() AS course
        CROSS JOIN generate_series(0, course.max_episodes - 1) AS episode
        LEFT JOIN fate ON fate.course_name = course.course_name
        GROUP BY course.course_name, episode
    )
    SELECT counted.course_name, counted.episode, counted.reached::integer, counted.stalled::integer,
           round(100.0 * counted.stalled / NULLIF(counted.course_stalled, 0), 1),
           counted.stalled > 0 AND NOT EXISTS (
               SELECT 1
               FROM counted AS other
               WHERE other.course_name = counted.course_name
                 AND (other.stalled > counted.stalled
                      OR other.stalled = counted.stalled AND other.episode < counted.episode))
    FROM counted
$$;

-- Days to graduate: "Days = day(graduated_at) - day(first attendance)"
CREATE FUNCTION reference.days_to_graduate_of(as_of timestamptz)
RETURNS TABLE (group_id text, course_name text, days integer) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id, gathering.course_name,
        progress.graduated_on - progress.first_meeting_date
    FROM reference.group_of(as_of) AS gathering
    JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
    WHERE progress.graduated_on IS NOT NULL
$$;

-- The rows of v_time_to_graduate: "a course with a graduate". "All averages: numeric, rounded to
-- one decimal half away from zero. Medians, p90 and quartiles: percentile_cont". For whole days
-- percentile_cont gives a median and a p90 with at most one decimal.
CREATE FUNCTION reference.v_time_to_graduate(as_of timestamptz)
RETURNS TABLE (
    course_name text, groups integer, avg_days numeric, median_days numeric, p90_days numeric,
    min_days integer,
    max_days integer
) LANGUAGE sql STABLE STRICT AS $$
    SELECT taken.course_name, count(*)::integer,
           round(1.0 * sum(taken.days) / count(*), 1),
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY taken.days)::numeric, 1),
           round(percentile_cont(0.9) WITHIN GROUP (ORDER BY taken.days)::numeric, 1),
           min(taken.days),
           max(taken.days)
    FROM reference.days_to_graduate_of(as_of) AS taken
    GROUP BY taken.course_name
$$;

-- The rows of v_graduation_outliers: "outlier (FAST/SLOW: more than 1.5 times the distance of the
-- quartiles outside them); a group that is one"
CREATE FUNCTION reference.v_graduation_outliers(as_of timestamptz)
RETURNS TABLE (group_id text, course_name text, days_to_graduate integer, outlier text)
LANGUAGE sql STABLE STRICT AS $$
    WITH quartile AS (
        SELECT taken.course_name,
               percentile_cont(0.25) WITHIN GROUP (ORDER BY taken.days) AS q1,
               percentile_cont(0.75) WITHIN GROUP (ORDER BY taken.days) AS q3
        FROM reference.days_to_graduate_of(as_of) AS taken
        GROUP BY taken.course_name
    )
    SELECT taken.group_id, taken.course_name, taken.days, verdict
    FROM reference.days_to_graduate_of(as_of) AS taken
    JOIN quartile ON quartile.course_name = taken.course_name
    CROSS JOIN LATERAL (
        SELECT 'FAST' WHERE quartile.q1 - taken.days > 1.5 * (quartile.q3 - quartile.q1)
        UNION ALL
        SELECT 'SLOW' WHERE taken.days - quartile.q3 > 1.5 * (quartile.q3 - quartile.q1)
    ) AS judged (verdict)
$$;

-- "Every B that has met, whose course has a previous one, and that has no incoming link, is exactly
-- one of, the first that holds: 1. SKIPPED_COURSE: a kin A of a course before the previous one
-- graduated, with -30 <= days_between <= 90; 2. LATE_START: a kin A of the previous course
-- graduated, with days_between > 90; 3. EARLY_START: a kin A of the previous course started no
-- later than B, and graduated more than 30 days after B's start or not at all; 4. NO_PREDECESSOR:
-- none of these." If several A qualify, the one that graduated last is returned (for EARLY_START
-- the one that started last); of several on one day, the one with the smallest id in byte order.
CREATE FUNCTION reference.predecessor_of(as_of timestamptz)
RETURNS TABLE (group_id text, kind text, predecessor_id text) LANGUAGE sql STABLE STRICT AS $$
    WITH gathering AS (
        SELECT gathering.group_id, gathering.course_name, gathering.sequence_order,
            progress.has_met,
               progress.started_on, progress.graduated_on, previous.sequence_order AS previous_order
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
        LEFT JOIN reference.course() AS previous ON previous.next_course_name
            = gathering.course_name
    ),
    orphan AS (
        SELECT gathering.*
        FROM gathering
        WHERE gathering.has_met
          AND gathering.previous_order IS NOT NULL
          AND gathering.group_id NOT IN (
              SELECT link.group_b_id FROM reference.v_curriculum_pipeline(as_of) AS link)
    ),
    pair AS (
        SELECT b.group_id, a.group_id AS predecessor_id, a.started_on, a.graduated_on,
               a.sequence_order < b.previous_order AS is_before_previous,
               a.sequence_order = b.previous_order AS is_previous,
               b.started_on - a.graduated_on AS days_between,
               a.started_on <= b.started_on AS started_no_later
        FROM orphan AS b
        JOIN reference.kin(as_of) AS kin ON kin.group_b_id = b.group_id
        JOIN gathering AS a ON a.group_id = kin.group_a_id
    ),
    judged AS (
        SELECT pair.*,
               CASE
                   WHEN pair.is_before_previous
                    AND pair.days_between BETWEEN - setting.link_early_days AND setting.link_days
                        THEN 1
                   WHEN pair.is_previous AND setting.link_days < pair.days_between THEN 2
                   WHEN pair.is_previous AND pair.started_no_later
                    AND COALESCE(pair.days_between < - setting.link_early_days, true) THEN 3
               END AS rule
        FROM pair
        CROSS JOIN reference.setting AS setting
    ),
    first_rule AS (
        SELECT DISTINCT ON (judged.group_id) judged.group_id, judged.rule, judged.predecessor_id
        FROM judged
        WHERE judged.rule IS NOT NULL
        ORDER BY judged.group_id, judged.rule,
                 CASE judged.rule WHEN 3 THEN judged.started_on ELSE judged.graduated_on END DESC,
                 judged.predecessor_id COLLATE "C"
    )
    SELECT orphan.group_id,
           COALESCE((ARRAY['SKIPPED_COURSE', 'LATE_START', 'EARLY_START'])[first_rule.rule],
               'NO_PREDECESSOR'),
           first_rule.predecessor_id
    FROM orphan
    LEFT JOIN first_rule ON first_rule.group_id = orphan.group_id
$$;

-- Returns the detail text that v_anomalies shows for each row of predecessor_of().
CREATE FUNCTION reference.predecessor_detail_of(as_of timestamptz)
RETURNS TABLE (kind text, group_id text, detail text) LANGUAGE sql STABLE STRICT AS $$
    WITH progress AS (SELECT * FROM reference.progress_of(as_of))
    SELECT predecessor.kind, predecessor.group_id,
           CASE
               WHEN a.group_id IS NULL
                   THEN 'no kin group of an earlier course explains where it came from'
               WHEN a_progress.graduated_on IS NULL THEN
                   'it started on ' || progress.started_on || '; group ' || a.group_id || ' of '
                       || a.course_name
                   || ', which started on ' || a_progress.started_on || ', has not graduated'
               ELSE 'it started on ' || progress.started_on || '; group ' || a.group_id || ' of '
                   || a.course_name
                   || ' graduated on ' || a_progress.graduated_on
           END
    FROM reference.predecessor_of(as_of) AS predecessor
    JOIN progress ON progress.group_id = predecessor.group_id
    LEFT JOIN reference.group_of(as_of) AS a ON a.group_id = predecessor.predecessor_id
    LEFT JOIN progress AS a_progress ON a_progress.group_id = predecessor.predecessor_id
$$;

-- "The one exception is FUTURE_ATTENDANCE, which goes by the real clock alone": returns the groups
-- that exist by that clock and have attendance after it, independent of as_of.
CREATE FUNCTION reference.future_attendance()
RETURNS TABLE (group_id text, attended_on date) LANGUAGE sql STABLE AS $$
    SELECT gathering.group_id,
           max(reference.day_of(reference.instant_of(attendance."attendedAt"), setting.timezone))
    FROM reference.setting AS setting
    CROSS JOIN LATERAL reference.group_of(COALESCE(setting.clock, now())) AS gathering
    JOIN public."UserHangoutGroupAttendance" AS attendance ON attendance."hangoutGroupId"
        = gathering.group_id
    WHERE reference.instant_of(attendance."attendedAt") > COALESCE(setting.clock, now())
      AND isfinite(attendance."attendedAt")
    GROUP BY gathering.group_id
$$;

-- The columns of v_anomalies: "kind, group_id, severity (warning; NO_PREDECESSOR info), detail; a
-- kind and group. Kinds: NEEDS_FACILITATOR, MULTIPLE_FACILITATORS (distinct userIds > 1),
-- MEMBER_COUNT_OUT_OF_RANGE (not 2 to 5), the four of section 4, FOREIGN_EPISODE (attendance at
-- another hangout's episode), EPISODE_BEYOND_MAX (attended an own episode with order >
-- max_episodes), FUTURE_ATTENDANCE". The four of the requirements' section 4 are the kinds of
-- predecessor_of().
CREATE FUNCTION reference.v_anomalies(as_of timestamptz)
RETURNS TABLE (kind text, group_id text, severity text, detail text) LANGUAGE sql STABLE STRICT AS
    $$
    WITH found AS (
        SELECT 'NEEDS_FACILITATOR' AS kind, summary.group_id,
            'it has no FACILITATOR record of a user' AS detail
        FROM reference.v_group_summary(as_of) AS summary
        WHERE summary.needs_facilitator
        UNION ALL
        SELECT 'MULTIPLE_FACILITATORS', counted.group_id,
               counted.facilitator_count || ' users have a FACILITATOR record'
        FROM reference.facilitator_count_of(as_of) AS counted
        WHERE counted.facilitator_count > 1
        UNION ALL
        SELECT 'MEMBER_COUNT_OUT_OF_RANGE', counted.group_id,
               'it has ' || counted.member_count || ' members, not 2 to 5'
        FROM reference.member_count_of(as_of) AS counted
        WHERE counted.member_count < 2 OR counted.member_count > 5
        UNION ALL
        SELECT predecessor.kind, predecessor.group_id, predecessor.detail
        FROM reference.predecessor_detail_of(as_of) AS predecessor
        UNION ALL
        SELECT 'FOREIGN_EPISODE', attendance.group_id,
               'on ' || count(DISTINCT attendance.attended_on)
                   || ' days somebody attended an episode of another hangout'
        FROM reference.attendance_of(as_of) AS attendance
        WHERE NOT attendance.own_episode
        GROUP BY attendance.group_id
        UNION ALL
        SELECT 'EPISODE_BEYOND_MAX', gathering.group_id,
               'it attended episode ' || max(attendance.episode_order) || ' of '
                   || gathering.max_episodes
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.attendance_of(as_of) AS attendance ON attendance.group_id
            = gathering.group_id
        WHERE attendance.own_episode
          AND attendance.episode_order > gathering.max_episodes
        GROUP BY gathering.group_id, gathering.max_episodes
        UNION ALL
        SELECT 'FUTURE_ATTENDANCE', attendance.group_id,
               'somebody attended on ' || attendance.attended_on || ', which is yet to come'
        FROM reference.future_attendance() AS attendance
    )
    SELECT found.kind, found.group_id,
           CASE found.kind WHEN 'NO_PREDECESSOR' THEN 'info' ELSE 'warning' END,
           found.detail
    FROM found
$$;

-- "An ACTIVE group is at risk where it has been silent for at least half of active_days (SILENT),
-- else where it met on at least three days and has been silent for more than twice its rhythm
-- (RHYTHM). Its rhythm is the average number of days between its meetings." "days_until_stalled =
-- active_days + 1 - days_inactive. Ordered by it, then by group_id."
CREATE FUNCTION reference.v_at_risk(as_of timestamptz)
RETURNS TABLE (
    group_id text, group_name text, course_name text, facilitator_id text, facilitator_name text,
    facilitator_contact text, last_meeting_date date, days_inactive integer,
    days_until_stalled integer, reason text,
    rhythm_days numeric, progress_pct numeric, facilitator_is_deleted boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH active AS (
        SELECT gathering.group_id, gathering.group_name, gathering.course_name,
            progress.last_meeting_date,
               state.days_inactive, state.exact_progress, progress.total_meetings,
               setting.active_days,
               CASE WHEN progress.total_meetings > 1 THEN
                   1.0 * (progress.last_meeting_date - progress.first_meeting_date)
                       / (progress.total_meetings - 1)
               END AS rhythm
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
        JOIN reference.status_of(as_of) AS state ON state.group_id = gathering.group_id
        CROSS JOIN reference.setting AS setting
        WHERE state.status = 'ACTIVE'
    ),
    judged AS (
        SELECT active.*,
               CASE
                   WHEN active.days_inactive >= active.active_days / 2.0 THEN 'SILENT'
                   WHEN active.total_meetings >= 3 AND active.days_inactive > 2 * active.rhythm
                       THEN 'RHYTHM'
               END AS reason
        FROM active
    )
    SELECT judged.group_id, judged.group_name, judged.course_name, facilitator.facilitator_id,
           facilitator.facilitator_name, facilitator.facilitator_contact, judged.last_meeting_date,
           judged.days_inactive,
           judged.active_days + 1 - judged.days_inactive,
           judged.reason,
           round(judged.rhythm, 1),
           round(judged.exact_progress, 1),
           COALESCE(facilitator.facilitator_is_deleted, false)
    FROM judged
    LEFT JOIN reference.facilitator_of(as_of) AS facilitator ON facilitator.group_id
        = judged.group_id
    WHERE judged.reason IS NOT NULL
    ORDER BY judged.days_inactive DESC,
             judged.group_id COLLATE "C"
$$;

-- "A cohort is the groups of a course that first met in the same month. A group graduated
-- within n months where graduated_on is at most n months after the day it first met. The
-- percentage is NULL while as_of's day is not past n months after the month's last day; is_open
-- where the nine months are not past."
CREATE FUNCTION reference.v_cohort(as_of timestamptz)
RETURNS TABLE (
    sequence_order integer, course_name text, month date, groups integer,
    graduated_3_months integer,
    graduated_6_months integer, graduated_9_months integer, graduated_3_months_pct numeric,
    graduated_6_months_pct numeric, graduated_9_months_pct numeric, graduated integer,
    is_open boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH begun AS (
        SELECT gathering.sequence_order, gathering.course_name, progress.first_meeting_date,
            progress.graduated_on,
               make_date(extract(year FROM progress.first_meeting_date)::integer,
                         extract(month FROM progress.first_meeting_date)::integer, 1) AS month
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
        WHERE progress.has_met
    ),
    within AS (
        SELECT begun.sequence_order, begun.course_name, begun.month, months,
               count(*) FILTER (
                   WHERE begun.graduated_on <= begun.first_meeting_date
                       + make_interval(months => months)) AS graduated,
               count(*) AS groups,
               reference.day_of(as_of, setting.timezone)
                   > (begun.month + interval '1 month' - interval '1 day')
                       + make_interval(months => months) AS is_past
        FROM begun
        CROSS JOIN (VALUES (3), (6), (9)) AS horizon (months)
        CROSS JOIN reference.setting AS setting
        GROUP BY begun.sequence_order, begun.course_name, begun.month, months, setting.timezone
    )
    SELECT within.sequence_order, within.course_name, within.month, max(within.groups)::integer,
           max(within.graduated) FILTER (WHERE within.months = 3)::integer,
           max(within.graduated) FILTER (WHERE within.months = 6)::integer,
           max(within.graduated) FILTER (WHERE within.months = 9)::integer,
           round(max(100.0 * within.graduated / within.groups)
               FILTER (WHERE within.months = 3 AND within.is_past), 1),
           round(max(100.0 * within.graduated / within.groups)
               FILTER (WHERE within.months = 6 AND within.is_past), 1),
           round(max(100.0 * within.graduated / within.groups)
               FILTER (WHERE within.months = 9 AND within.is_past), 1),
           (SELECT count(begun.graduated_on)
            FROM begun
            WHERE begun.course_name = within.course_name AND begun.month = within.month)::integer,
           bool_or(within.months = 9 AND NOT within.is_past)
    FROM within
    GROUP BY within.sequence_order, within.course_name, within.month
$$;

-- "A silence of a group begins on a day that it meets, before it has graduated, and ends on the
-- next one; the last one of a group that has not graduated lasts until as_of's day. At t days,
-- silences is the number of the course's that last at least t days, resumed of those that end at t,
-- lasting of those that last t days so far."
CREATE FUNCTION reference.silence_of(as_of timestamptz)
RETURNS TABLE (course_name text, days integer, has_ended boolean) LANGUAGE sql STABLE STRICT AS $$
    WITH met AS (
        SELECT DISTINCT attendance.group_id, attendance.attended_on AS day
        FROM reference.attendance_of(as_of) AS attendance
    ),
    followed AS (
        SELECT met.group_id, met.day,
               (SELECT min(later.day) FROM met AS later WHERE later.group_id = met.group_id
                   AND later.day > met.day) AS next
        FROM met
    )
    SELECT gathering.course_name,
           COALESCE(followed.next, reference.day_of(as_of, setting.timezone)) - followed.day,
           followed.next IS NOT NULL
    FROM followed
    JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = followed.group_id
    JOIN reference.progress_of(as_of) AS progress ON progress.group_id = followed.group_id
    CROSS JOIN reference.setting AS setting
    WHERE progress.graduated_on IS NULL
       OR followed.day < progress.graduated_on
$$;

-- "resume_chance = 1 - the product of (1 - resumed / silences) over all t > days_silent, in
-- percent; one row per course and number of days that a silence lasted." The product is computed
-- step by step, from the longest silence to shorter ones, with more decimals than the rounded
-- result can show.
CREATE FUNCTION reference.v_resume_chance(as_of timestamptz)
RETURNS TABLE (
    course_name text, days_silent integer, silences integer, resumed integer, lasting integer,
    resume_chance numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH RECURSIVE silence AS MATERIALIZED (SELECT * FROM reference.silence_of(as_of)),
    counted AS (
        SELECT silence.course_name, silence.days,
               count(*) FILTER (WHERE silence.has_ended) AS resumed,
               count(*) FILTER (WHERE NOT silence.has_ended) AS lasting,
               (SELECT count(*)
                FROM silence AS other
                WHERE other.course_name = silence.course_name AND other.days >= silence.days)
                    AS silences,
               row_number() OVER (PARTITION BY silence.course_name ORDER BY silence.days DESC)
                   AS place
        FROM silence
        GROUP BY silence.course_name, silence.days
    ),
    step AS (
        SELECT counted.*, 1::numeric AS share
        FROM counted
        WHERE counted.place = 1
        UNION ALL
        SELECT counted.*,
               round(step.share * (1 - step.resumed::numeric / step.silences), 40)
        FROM step
        JOIN counted ON counted.course_name = step.course_name AND counted.place = step.place + 1
    )
    SELECT step.course_name, step.days, step.silences::integer, step.resumed::integer,
        step.lasting::integer,
           round(100 * (1 - round(step.share, 12)), 1)
    FROM step
$$;

-- The rows of v_rescue_list: "a STALLED group with progress >= 70 %, ordered by days_inactive, then
-- group_id"
CREATE FUNCTION reference.v_rescue_list(as_of timestamptz)
RETURNS TABLE (
    group_id text, group_name text, course_name text, facilitator_id text, facilitator_name text,
    facilitator_contact text, last_meeting_date date, episodes_remaining integer,
    progress_pct numeric,
    days_inactive integer, facilitator_is_deleted boolean, resume_chance numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH chance AS MATERIALIZED (SELECT * FROM reference.v_resume_chance(as_of))
    SELECT gathering.group_id, gathering.group_name, gathering.course_name,
        facilitator.facilitator_id,
           facilitator.facilitator_name, facilitator.facilitator_contact,
           progress.last_meeting_date,
           gathering.max_episodes - progress.max_episode_reached,
           round(state.exact_progress, 1),
           state.days_inactive,
           COALESCE(facilitator.facilitator_is_deleted, false),
           (SELECT chance.resume_chance
            FROM chance
            WHERE chance.course_name = gathering.course_name
              AND chance.days_silent = reference.day_of(as_of, setting.timezone)
                  - progress.last_meeting_date)
    FROM reference.group_of(as_of) AS gathering
    JOIN reference.status_of(as_of) AS state ON state.group_id = gathering.group_id
    JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
    LEFT JOIN reference.facilitator_of(as_of) AS facilitator ON facilitator.group_id
        = gathering.group_id
    CROSS JOIN reference.setting AS setting
    WHERE state.status = 'STALLED'
      AND state.exact_progress >= setting.rescue_min_pct
    ORDER BY state.days_inactive,
             gathering.group_id COLLATE "C"
$$;

COMMIT;
