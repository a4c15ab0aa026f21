-- The reference's answers on follow-ups (the requirements' section 9), in the terms of answers.sql.
-- forecast.sql must be loaded first.
--
-- Production has no follow-ups. A test writes the same rows into reference.follow_up in production
-- and into ngeshare.follow_up in the mirror's database.

BEGIN;

-- "A follow-up: id, group_id, group_name (as when noted), noted_at, noted_by, channel, outcome,
-- note, next_on (date or NULL). It is never changed, only withdrawn (by whom, when)."
CREATE TABLE reference.follow_up (
    id           bigint PRIMARY KEY,
    group_id     text NOT NULL,
    group_name   text NOT NULL,
    noted_at     timestamptz NOT NULL,
    noted_by     text NOT NULL,
    channel      text NOT NULL CHECK (
        channel IN ('email', 'whatsapp', 'phone', 'in_person', 'other')),
    outcome      text NOT NULL CHECK (
        outcome IN ('no_answer', 'will_meet', 'paused', 'closed', 'wrong_contact')),
    note         text NOT NULL,
    next_on      date,
    withdrawn_by text,
    withdrawn_at timestamptz
);

-- "Where as_of is empty follow-ups count up to now(), and next_on and the 14 days go by
-- today's local day; all else goes by as_of. With an explicit as_of those with noted_at <=
-- as_of that were not withdrawn by then count." Below, counted_up_to is now() in the first
-- case and as_of in the second.
CREATE FUNCTION reference.follow_up_that_counts(counted_up_to timestamptz)
RETURNS SETOF reference.follow_up LANGUAGE sql STABLE STRICT AS $$
    SELECT follow_up.*
    FROM reference.follow_up AS follow_up
    WHERE follow_up.noted_at <= counted_up_to
      AND (follow_up.withdrawn_at IS NULL OR follow_up.withdrawn_at > counted_up_to)
$$;

-- "v_follow_up: these columns, all groups, all that count, newest first (then the greater id)."
-- "These columns" are those of the rule above the table reference.follow_up.
CREATE FUNCTION reference.v_follow_up(counted_up_to timestamptz)
RETURNS TABLE (
    id bigint, group_id text, group_name text, noted_at timestamptz, noted_by text, channel text,
    outcome text, note text, next_on date
) LANGUAGE sql STABLE STRICT AS $$
    SELECT follow_up.id, follow_up.group_id, follow_up.group_name, follow_up.noted_at,
           follow_up.noted_by, follow_up.channel, follow_up.outcome, follow_up.note,
           follow_up.next_on
    FROM reference.follow_up_that_counts(counted_up_to) AS follow_up
    ORDER BY follow_up.noted_at DESC,
             follow_up.id DESC
$$;

-- "A follow-up is since the last meeting when it was noted after the first attendance of that
-- meeting's day; for a group that never met every follow-up is."
CREATE FUNCTION reference.follow_up_since_last_meeting(as_of timestamptz, counted_up_to timestamptz)
RETURNS SETOF reference.follow_up LANGUAGE sql STABLE STRICT AS $$
    WITH last_meeting AS (
        SELECT progress.group_id, min(attendance.attended_at) AS first_attended_at
        FROM reference.progress_of(as_of) AS progress
        LEFT JOIN reference.attendance_of(as_of) AS attendance
               ON attendance.group_id = progress.group_id
              AND attendance.attended_on = progress.last_meeting_date
        GROUP BY progress.group_id
    )
    SELECT follow_up.*
    FROM reference.follow_up_that_counts(counted_up_to) AS follow_up
    JOIN last_meeting ON last_meeting.group_id = follow_up.group_id
    WHERE last_meeting.first_attended_at IS NULL
       OR follow_up.noted_at > last_meeting.first_attended_at
$$;

-- The six columns of the lists that describe follow-ups: "The six columns go by those [follow-ups]
-- since the last meeting, NULL (follow_ups: 0) where there is none." "Of equal noted_at the greater
-- id is the latest." "contact_state, the first that holds: CLOSED (the latest since the last
-- meeting is closed), WAITING (the latest has next_on after today, or no next_on, an outcome other
-- than wrong_contact, and today - day(noted_at) <= 14), DUE (there is one), NEW."
CREATE FUNCTION reference.contact_of(as_of timestamptz, counted_up_to timestamptz)
RETURNS TABLE (
    group_id text, contact_state text, follow_ups integer, last_follow_up_on date,
    last_outcome text,
    last_noted_by text, next_on date
) LANGUAGE sql STABLE STRICT AS $$
    WITH since AS MATERIALIZED (
        SELECT * FROM reference.follow_up_since_last_meeting(as_of, counted_up_to)
    ),
    latest AS (
        SELECT since.*,
               reference.day_of(since.noted_at, setting.timezone) AS noted_on,
               reference.day_of(counted_up_to, setting.timezone) AS today,
               (SELECT count(*) FROM since AS other WHERE other.group_id = since.group_id)
                   AS follow_ups
        FROM since
        CROSS JOIN reference.setting AS setting
        WHERE NOT EXISTS (
            SELECT 1
            FROM since AS later
            WHERE later.group_id = since.group_id
              AND (later.noted_at > since.noted_at
                   OR later.noted_at = since.noted_at AND later.id > since.id))
    )
    SELECT gathering.group_id,
           CASE
               WHEN latest.outcome = 'closed' THEN 'CLOSED'
               WHEN latest.next_on > latest.today THEN 'WAITING'
               WHEN latest.next_on IS NULL
                AND latest.outcome <> 'wrong_contact'
                AND latest.today - latest.noted_on <= 14 THEN 'WAITING'
               WHEN latest.id IS NOT NULL THEN 'DUE'
               ELSE 'NEW'
           END,
           COALESCE(latest.follow_ups, 0)::integer,
           latest.noted_on, latest.outcome, latest.noted_by, latest.next_on
    FROM reference.group_of(as_of) AS gathering
    LEFT JOIN latest ON latest.group_id = gathering.group_id
$$;

-- "v_rescue_list and v_at_risk get city, province, contact_state, follow_ups, last_follow_up_on,
-- last_outcome, last_noted_by, next_on, resume_28_days_pct." This function returns these columns
-- for every group.
CREATE FUNCTION reference.contact_columns_of(as_of timestamptz, counted_up_to timestamptz)
RETURNS TABLE (
    group_id text, city text, province text, contact_state text, follow_ups integer,
    last_follow_up_on date, last_outcome text, last_noted_by text, next_on date,
    resume_28_days_pct numeric
) LANGUAGE sql STABLE STRICT AS $$
    SELECT place.group_id, place.city, place.province, contact.contact_state, contact.follow_ups,
           contact.last_follow_up_on, contact.last_outcome, contact.last_noted_by, contact.next_on,
           chance.resume_28_days_pct
    FROM reference.added_to_v_group_summary(as_of) AS place
    JOIN reference.contact_of(as_of, counted_up_to) AS contact ON contact.group_id = place.group_id
    JOIN reference.resume_28_days_of_group(as_of) AS chance ON chance.group_id = place.group_id
$$;

-- "Silences are those of v_resume_chance, of curriculum groups of now. A follow-up on a day on
-- which the group met belongs to no silence; a silence with a follow-up before it stalled does not
-- count." "contacted: the silences with a follow-up while STALLED, the first one more than 28 days
-- before day(as_of), or before the day of the last successful sync where that is earlier." The
-- follow-ups are those of follow_up_that_counts(). A silence that does not count is not returned,
-- so it is also left out of S(t) (share_lasting_uncontacted()).
CREATE FUNCTION reference.silence_with_contact(as_of timestamptz, counted_up_to timestamptz)
RETURNS TABLE (
    course_name text, begun_on date, ended_on date, days integer, first_contact_on date,
    is_contacted boolean
) LANGUAGE sql STABLE STRICT AS $$
    WITH noted AS MATERIALIZED (
        SELECT follow_up.group_id, reference.day_of(follow_up.noted_at, setting.timezone)
            AS noted_on
        FROM reference.follow_up_that_counts(counted_up_to) AS follow_up
        CROSS JOIN reference.setting AS setting
    ),
    silence AS (
        SELECT silence.course_name, silence.begun_on, silence.ended_on, silence.days,
               min(noted.noted_on) AS first_contact_on
        FROM reference.dated_silence_of(as_of) AS silence
        LEFT JOIN noted ON noted.group_id = silence.group_id
                       AND noted.noted_on > silence.begun_on
                       AND (silence.ended_on IS NULL OR noted.noted_on < silence.ended_on)
        GROUP BY silence.group_id, silence.course_name, silence.begun_on, silence.ended_on,
            silence.days
    )
    SELECT silence.course_name, silence.begun_on, silence.ended_on, silence.days,
           silence.first_contact_on,
           COALESCE(known_until.day - silence.first_contact_on > 28, false)
    FROM silence
    CROSS JOIN reference.setting AS setting
    CROSS JOIN reference.known_until(as_of) AS known_until (day)
    WHERE silence.first_contact_on IS NULL
       OR silence.first_contact_on - silence.begun_on > setting.active_days
$$;

-- Returns S(t) for v_follow_up_effect: "S(t) the Kaplan-Meier share of the course's silences that
-- last longer than t days, a contacted silence counted only until its first follow-up, as lasting
-- then."
CREATE FUNCTION reference.share_lasting_uncontacted(as_of timestamptz, counted_up_to timestamptz)
RETURNS TABLE (course_name text, days integer, share numeric) LANGUAGE sql STABLE STRICT AS $$
    WITH silence AS MATERIALIZED (
        SELECT silence.course_name,
               CASE
                   WHEN silence.is_contacted THEN silence.first_contact_on - silence.begun_on
                   ELSE silence.days
               END AS days,
               silence.ended_on IS NOT NULL AND NOT silence.is_contacted AS has_ended
        FROM reference.silence_with_contact(as_of, counted_up_to) AS silence
    ),
    counted AS (
        SELECT silence.course_name, silence.days,
               count(*) FILTER (WHERE silence.has_ended) AS resumed,
               sum(count(*)) OVER (
                   PARTITION BY silence.course_name ORDER BY silence.days DESC) AS silences
        FROM silence
        GROUP BY silence.course_name, silence.days
    )
    SELECT counted.course_name, counted.days,
           reference.product(1 - round(counted.resumed::numeric, 40) / counted.silences) OVER (
               PARTITION BY counted.course_name ORDER BY counted.days)
    FROM counted
$$;

-- "a 95 % Wilson interval": returns its bounds, in percent, for a share observed in n cases.
CREATE FUNCTION reference.wilson(share numeric, n numeric)
RETURNS TABLE (low numeric, high numeric) LANGUAGE sql IMMUTABLE AS $$
    SELECT 100 * (share + z * z / (2 * n) - margin) / (1 + z * z / n),
           100 * (share + z * z / (2 * n) + margin) / (1 + z * z / n)
    FROM (VALUES (1.959963984540054)) AS quantile (z)
    CROSS JOIN LATERAL (
        SELECT z * sqrt(round(share * (1 - share) / n + z * z / (4 * n * n), 40))
    ) AS half (margin)
$$;

-- "v_follow_up_effect: course_name, contacted, met_again, met_again_pct, expected_pct,
-- (met_again_low, met_again_high); one row per course (0, 0, NULL where none) and one with NULL
-- for all, each silence with its own course's S. met_again: those whose group's next meeting is
-- at most 28 days after the follow-up's day. expected_pct: the average of 100 * (1 - S(d + 28) /
-- S(d)), d the days from the last meeting to the follow-up's day. With fewer than 50 contacted
-- the percentages are NULL."
CREATE FUNCTION reference.v_follow_up_effect(as_of timestamptz, counted_up_to timestamptz)
RETURNS TABLE (
    course_name text, contacted integer, met_again integer, met_again_pct numeric,
    expected_pct numeric, met_again_low numeric, met_again_high numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH share AS MATERIALIZED (
        SELECT * FROM reference.share_lasting_uncontacted(as_of, counted_up_to)
    ),
    contacted AS MATERIALIZED (
        SELECT silence.course_name,
               COALESCE(silence.ended_on - silence.first_contact_on <= 28, false) AS has_met_again,
               silence.first_contact_on - silence.begun_on AS d
        FROM reference.silence_with_contact(as_of, counted_up_to) AS silence
        WHERE silence.is_contacted
    ),
    judged AS (
        SELECT contacted.course_name, contacted.has_met_again,
               100 * (1 - later.share / now.share) AS expected
        FROM contacted
        CROSS JOIN LATERAL (
            SELECT COALESCE((
                SELECT share.share
                FROM share
                WHERE share.course_name = contacted.course_name AND share.days <= contacted.d
                ORDER BY share.days DESC
                LIMIT 1), 1)) AS now (share)
        CROSS JOIN LATERAL (
            SELECT COALESCE((
                SELECT share.share
                FROM share
                WHERE share.course_name = contacted.course_name AND share.days <= contacted.d + 28
                ORDER BY share.days DESC
                LIMIT 1), 1)) AS later (share)
    ),
    counted AS (
        SELECT course.course_name,
               count(judged.expected) AS contacted,
               count(*) FILTER (WHERE judged.has_met_again) AS met_again,
               avg(judged.expected) AS expected
        FROM reference.course() AS course
        LEFT JOIN judged ON judged.course_name = course.course_name
        GROUP BY course.course_name
        UNION ALL
        SELECT NULL, count(*), count(*) FILTER (WHERE judged.has_met_again), avg(judged.expected)
        FROM judged
    )
    SELECT counted.course_name, counted.contacted::integer, counted.met_again::integer,
           CASE WHEN counted.contacted >= 50 THEN
               round(100.0 * counted.met_again / counted.contacted, 1) END,
           CASE WHEN counted.contacted >= 50 THEN round(round(counted.expected, 12), 1) END,
           CASE WHEN counted.contacted >= 50 THEN round(round(interval.low, 12), 1) END,
           CASE WHEN counted.contacted >= 50 THEN round(round(interval.high, 12), 1) END
    FROM counted
    LEFT JOIN LATERAL reference.wilson(
        counted.met_again::numeric / NULLIF(counted.contacted, 0),
        NULLIF(counted.contacted, 0)) AS interval ON true
$$;

COMMIT;
