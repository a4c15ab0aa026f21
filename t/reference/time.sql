-- The reference's answers over time (the requirements' section 8), in the terms of answers.sql.
-- places.sql must be loaded first.

BEGIN;

-- "A bare date means the last instant of that local day": the last microsecond that belongs to the
-- day. Where the clock goes back over midnight, local midnight occurs twice; the day ends at the
-- first midnight after which no instant belongs to it.
CREATE FUNCTION reference.last_instant_of(day date, zone text)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT max(midnight) - interval '1 microsecond'
    FROM generate_series((day + 1)::timestamp AT TIME ZONE zone - interval '6 hours',
                         (day + 1)::timestamp AT TIME ZONE zone + interval '6 hours',
                         interval '15 minutes') AS midnight
    WHERE reference.day_of(midnight - interval '1 microsecond', zone) <= day
$$;

-- Returns the days of a trend: "The k-th day is to_day - k * step, none before from_day."
CREATE FUNCTION reference.trend_day_of(from_day date, to_day date, step interval)
RETURNS TABLE (day date) LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (to_day - k * step)::date
    FROM generate_series(0, 999) AS k
    WHERE (to_day - k * step)::date >= from_day
$$;

-- The columns of ngeshare_trend(): "as_of_day, course_name, groups_total, active, stalled,
-- not_started, graduated; one row per day and course (courses without groups: zeros): what
-- ngeshare_group_status() counts at the last instant of that local day, for day(as_of) at as_of. A
-- NULL to_day is day(as_of)." This function repeats the logic of reference.status_of() for many
-- instants at once; cases_actions.sql checks that the two agree.
CREATE FUNCTION reference.trend(from_day date, to_day date, step interval, as_of timestamptz)
RETURNS TABLE (
    as_of_day date, course_name text, groups_total integer, active integer, stalled integer,
    not_started integer, graduated integer
) LANGUAGE sql STABLE AS $$
    WITH asked AS MATERIALIZED (
        SELECT trend.day,
               CASE
                   WHEN trend.day = reference.day_of(as_of, setting.timezone) THEN as_of
                   ELSE reference.last_instant_of(trend.day, setting.timezone)
               END AS instant
        FROM reference.setting AS setting
        CROSS JOIN LATERAL reference.trend_day_of(
            from_day, COALESCE(to_day, reference.day_of(as_of, setting.timezone)), step) AS trend
    ),
    last_known AS (
        SELECT asked.day, gathering.group_id, gathering.course_name, gathering.max_episodes,
               max(attendance.attended_on) AS last_met_on,
               max(attendance.episode_order) FILTER (WHERE attendance.own_episode) AS reached,
               asked.day - COALESCE(max(attendance.attended_on),
                   reference.day_of(gathering.planned_start, setting.timezone)) AS days_inactive
        FROM asked
        JOIN reference.group_of('infinity') AS gathering ON gathering.created_at <= asked.instant
        LEFT JOIN reference.attendance_of('infinity') AS attendance
               ON attendance.group_id = gathering.group_id
              AND attendance.attended_at <= asked.instant
        CROSS JOIN reference.setting AS setting
        GROUP BY asked.day, gathering.group_id, gathering.course_name, gathering.max_episodes,
                 gathering.planned_start, setting.timezone
    ),
    fate AS (
        SELECT last_known.day, last_known.course_name,
               CASE
                   WHEN COALESCE(last_known.reached, 0) >= last_known.max_episodes THEN 'GRADUATED'
                   WHEN last_known.days_inactive > setting.active_days THEN 'STALLED'
                   WHEN last_known.last_met_on IS NULL THEN 'NOT_STARTED'
                   ELSE 'ACTIVE'
               END AS status
        FROM last_known
        CROSS JOIN reference.setting AS setting
    )
    SELECT asked.day, course.course_name,
           count(fate.status)::integer,
           (count(*) FILTER (WHERE fate.status = 'ACTIVE'))::integer,
           (count(*) FILTER (WHERE fate.status = 'STALLED'))::integer,
           (count(*) FILTER (WHERE fate.status = 'NOT_STARTED'))::integer,
           (count(*) FILTER (WHERE fate.status = 'GRADUATED'))::integer
    FROM asked
    CROSS JOIN reference.course() AS course
    LEFT JOIN fate ON fate.day = asked.day AND fate.course_name = course.course_name
    GROUP BY asked.day, course.course_name
$$;

-- "v_status_trend: from day(as_of) - 364", in the default step: "step interval DEFAULT '1 week'".
CREATE FUNCTION reference.v_status_trend(as_of timestamptz)
RETURNS TABLE (
    as_of_day date, course_name text, groups_total integer, active integer, stalled integer,
    not_started integer, graduated integer
) LANGUAGE sql STABLE STRICT AS $$
    SELECT trend.*
    FROM reference.setting AS setting
    CROSS JOIN LATERAL reference.trend(
        reference.day_of(as_of, setting.timezone) - 364, NULL, interval '1 week', as_of) AS trend
$$;

-- In the following quotations, since and until are the function's two arguments. The columns of
-- ngeshare_status_changes(): "group_id, group_name, course_name, facilitator_id,
-- facilitator_name, facilitator_contact (all as of until), status_before (NULL where the group did
-- not exist), status_after, change, changed_on; one row per curriculum group whose status differs."
-- "change, the first that holds: NEW (did not exist), STARTED (ACTIVE, had never met at since),
-- RESUMED (STALLED to ACTIVE), STALLED, GRADUATED." "changed_on: NEW day(createdAt); STARTED and
-- RESUMED the day of the first meeting after since; STALLED last meeting (else planned start) +
-- active_days + 1; GRADUATED graduated_on."
CREATE FUNCTION reference.status_changes(since timestamptz, until timestamptz)
RETURNS TABLE (
    group_id text, group_name text, course_name text, facilitator_id text, facilitator_name text,
    facilitator_contact text, status_before text, status_after text, change text, changed_on date
) LANGUAGE sql STABLE STRICT AS $$
    WITH later AS MATERIALIZED (
        SELECT attendance.group_id, min(attendance.attended_on) AS met_again_on
        FROM reference.attendance_of(until) AS attendance
        WHERE attendance.attended_at > since
        GROUP BY attendance.group_id
    ),
    told AS (
        SELECT gathering.group_id, gathering.group_name, gathering.course_name,
               before.status AS status_before,
               after.status AS status_after,
               reference.day_of(gathering.created_at, setting.timezone) AS created_on,
               COALESCE(progress.last_meeting_date, progress.planned_on) + setting.active_days + 1
                   AS stalled_on,
               progress.graduated_on,
               had_met.has_met AS had_met,
               later.met_again_on
        FROM reference.group_of(until) AS gathering
        JOIN reference.status_of(until) AS after ON after.group_id = gathering.group_id
        JOIN reference.progress_of(until) AS progress ON progress.group_id = gathering.group_id
        LEFT JOIN reference.status_of(since) AS before ON before.group_id = gathering.group_id
        LEFT JOIN reference.progress_of(since) AS had_met ON had_met.group_id = gathering.group_id
        LEFT JOIN later ON later.group_id = gathering.group_id
        CROSS JOIN reference.setting AS setting
        WHERE before.status IS DISTINCT FROM after.status
    ),
    judged AS (
        SELECT told.*,
               CASE
                   WHEN told.status_before IS NULL THEN 'NEW'
                   WHEN told.status_after = 'ACTIVE' AND NOT told.had_met THEN 'STARTED'
                   WHEN told.status_before = 'STALLED' AND told.status_after = 'ACTIVE'
                       THEN 'RESUMED'
                   WHEN told.status_after = 'STALLED' THEN 'STALLED'
                   WHEN told.status_after = 'GRADUATED' THEN 'GRADUATED'
               END AS change
        FROM told
    )
    SELECT judged.group_id, judged.group_name, judged.course_name, facilitator.facilitator_id,
           facilitator.facilitator_name, facilitator.facilitator_contact,
           judged.status_before, judged.status_after, judged.change,
           CASE judged.change
               WHEN 'NEW' THEN judged.created_on
               WHEN 'STARTED' THEN judged.met_again_on
               WHEN 'RESUMED' THEN judged.met_again_on
               WHEN 'STALLED' THEN judged.stalled_on
               WHEN 'GRADUATED' THEN judged.graduated_on
           END
    FROM judged
    LEFT JOIN reference.facilitator_of(until) AS facilitator ON facilitator.group_id
        = judged.group_id
$$;

-- The view's value of the argument since: "v_status_changes: since exactly 168 hours before as_of."
CREATE FUNCTION reference.v_status_changes(as_of timestamptz)
RETURNS TABLE (
    group_id text, group_name text, course_name text, facilitator_id text, facilitator_name text,
    facilitator_contact text, status_before text, status_after text, change text, changed_on date
) LANGUAGE sql STABLE STRICT AS $$
    SELECT * FROM reference.status_changes(as_of - interval '168 hours', as_of)
$$;

COMMIT;
