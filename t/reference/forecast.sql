-- The reference's answers on the forecast (the requirements' section 10), in the terms of
-- answers.sql. time.sql must be loaded first.

BEGIN;

-- "silences begin on a meeting's day before graduation, end at the next meeting or, lasting, at
-- day(as_of)." Like reference.silence_of(), but with the dates on which a silence began and ended;
-- ended_on is NULL for a silence that lasts.
CREATE FUNCTION reference.dated_silence_of(as_of timestamptz)
RETURNS TABLE (group_id text, course_name text, begun_on date, ended_on date, days integer)
LANGUAGE sql STABLE STRICT AS $$
    WITH met AS (
        SELECT DISTINCT attendance.group_id, attendance.attended_on
        FROM reference.attendance_of(as_of) AS attendance
    ),
    silence AS (
        SELECT met.group_id,
               met.attended_on AS begun_on,
               lead(met.attended_on) OVER (PARTITION BY met.group_id ORDER BY met.attended_on)
                   AS ended_on
        FROM met
    )
    SELECT silence.group_id, gathering.course_name, silence.begun_on, silence.ended_on,
           COALESCE(silence.ended_on, reference.day_of(as_of, setting.timezone)) - silence.begun_on
    FROM silence
    JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = silence.group_id
    JOIN reference.progress_of(as_of) AS progress ON progress.group_id = silence.group_id
    CROSS JOIN reference.setting AS setting
    WHERE progress.graduated_on IS NULL
       OR silence.begun_on < progress.graduated_on
$$;

-- Multiplies shares with more decimals than the rounded results can show.
CREATE FUNCTION reference.times(so_far numeric, factor numeric)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT round(so_far * factor, 40)
$$;

CREATE AGGREGATE reference.product(numeric) (
    SFUNC = reference.times,
    STYPE = numeric,
    INITCOND = '1'
);

-- Returns S(t), the share of a course's silences that last longer than t days, "after Kaplan and
-- Meier": S(t) is the product, over all numbers of days d up to t, of the share of the silences of
-- at least d days that did not end on the d-th day.
CREATE FUNCTION reference.share_lasting(as_of timestamptz)
RETURNS TABLE (course_name text, days integer, silences integer, share numeric)
LANGUAGE sql STABLE STRICT AS $$
    WITH silence AS MATERIALIZED (SELECT * FROM reference.dated_silence_of(as_of)),
    ended AS (
        SELECT silence.course_name, silence.days, count(silence.ended_on) AS resumed,
            count(*) AS lasted
        FROM silence
        GROUP BY silence.course_name, silence.days
    ),
    counted AS (
        SELECT ended.course_name, ended.days, ended.resumed,
               sum(ended.lasted) OVER (
                   PARTITION BY ended.course_name ORDER BY ended.days DESC) AS silences
        FROM ended
    )
    SELECT counted.course_name, counted.days, counted.silences::integer,
           reference.product(1 - round(counted.resumed::numeric, 40) / counted.silences) OVER (
               PARTITION BY counted.course_name ORDER BY counted.days)
    FROM counted
$$;

-- Returns resume_28_days_pct by course and days d of silence: "100 * (1 - S(d + 28) / S(d)), one
-- decimal; NULL where fewer than 20 silences of the course lasted as long as d." "NULL where the
-- divisor is 0."
CREATE FUNCTION reference.resume_28_days(as_of timestamptz)
RETURNS TABLE (course_name text, days_silent integer, resume_28_days_pct numeric)
LANGUAGE sql STABLE STRICT AS $$
    WITH share AS MATERIALIZED (SELECT * FROM reference.share_lasting(as_of))
    SELECT now.course_name, now.days,
           CASE WHEN now.silences >= 20 THEN
               round(round(100 * (1 - later.share / NULLIF(now.share, 0)), 12), 1)
           END
    FROM share AS now
    CROSS JOIN LATERAL (
        SELECT share.share
        FROM share
        WHERE share.course_name = now.course_name
          AND share.days <= now.days + 28
        ORDER BY share.days DESC
        LIMIT 1) AS later
$$;

-- The column that the requirements' section 10 adds: "v_resume_chance gets resume_28_days_pct."
CREATE FUNCTION reference.added_to_v_resume_chance(as_of timestamptz)
RETURNS TABLE (course_name text, days_silent integer, resume_28_days_pct numeric)
LANGUAGE sql STABLE STRICT AS $$
    SELECT * FROM reference.resume_28_days(as_of)
$$;

-- "NULL where the group has not met": for other groups, the rule's d is the number of days from the
-- last meeting to day(as_of).
CREATE FUNCTION reference.resume_28_days_of_group(as_of timestamptz)
RETURNS TABLE (group_id text, resume_28_days_pct numeric) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id, chance.resume_28_days_pct
    FROM reference.group_of(as_of) AS gathering
    JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
    CROSS JOIN reference.setting AS setting
    LEFT JOIN reference.resume_28_days(as_of) AS chance
           ON chance.course_name = gathering.course_name
          AND chance.days_silent
                  = reference.day_of(as_of, setting.timezone) - progress.last_meeting_date
$$;

-- Returns the day that the requirements count 28 days back from: "more than 28 days before
-- day(as_of), or before the day of the last successful sync where that is earlier".
-- reference.setting.clock is the clock of the last sync.
CREATE FUNCTION reference.known_until(as_of timestamptz)
RETURNS date LANGUAGE sql STABLE STRICT AS $$
    SELECT LEAST(reference.day_of(as_of, setting.timezone),
                 reference.day_of(setting.clock, setting.timezone))
    FROM reference.setting AS setting
$$;

-- Returns the days of the forecasts: "each of the last 12 month ends more than 28 days before"
-- known_until().
CREATE FUNCTION reference.forecast_day(as_of timestamptz)
RETURNS TABLE (day date) LANGUAGE sql STABLE STRICT AS $$
    SELECT month_end.day
    FROM reference.known_until(as_of) AS known_until (day)
    CROSS JOIN generate_series(0, 14) AS months
    CROSS JOIN LATERAL (
        SELECT (date_trunc('month', known_until.day::timestamp) - months * interval '1 month')::date
            - 1
    ) AS month_end (day)
    WHERE known_until.day - month_end.day > 28
    ORDER BY month_end.day DESC
    LIMIT 12
$$;

-- "Forecasts: each group that had met, had not graduated and had been silent for 1 to 180 days at
-- that day's end: its published resume_28_days_pct (not NULL) from the attendance known by then
-- (all else as now). observed: 1 where its next meeting is at most 28 days later, else 0."
-- "Published" is what the view shows as of the day's end, so groups made later are left out.
CREATE FUNCTION reference.forecast(as_of timestamptz)
RETURNS TABLE (day date, group_id text, course_name text, forecast numeric, observed integer)
LANGUAGE sql STABLE STRICT AS $$
    WITH asked AS MATERIALIZED (
        SELECT month_end.day, reference.last_instant_of(month_end.day, setting.timezone) AS instant
        FROM reference.forecast_day(as_of) AS month_end
        CROSS JOIN reference.setting AS setting
    ),
    silence AS MATERIALIZED (
        SELECT asked.day, silence.*
        FROM asked
        CROSS JOIN LATERAL reference.dated_silence_of(asked.instant) AS silence
    ),
    chance AS MATERIALIZED (
        SELECT asked.day, chance.*
        FROM asked
        CROSS JOIN LATERAL reference.resume_28_days(asked.instant) AS chance
    ),
    meeting AS MATERIALIZED (
        SELECT DISTINCT attendance.group_id, attendance.attended_on
        FROM reference.attendance_of(as_of) AS attendance
    )
    SELECT silence.day, silence.group_id, silence.course_name, chance.resume_28_days_pct,
           (EXISTS (
               SELECT 1
               FROM meeting
               WHERE meeting.group_id = silence.group_id
                 AND meeting.attended_on > silence.day
                 AND meeting.attended_on - silence.day <= 28))::integer
    FROM silence
    JOIN chance ON chance.day = silence.day
               AND chance.course_name = silence.course_name
               AND chance.days_silent = silence.days
    WHERE silence.ended_on IS NULL
      AND silence.days BETWEEN 1 AND 180
      AND chance.resume_28_days_pct IS NOT NULL
$$;

CREATE FUNCTION reference.square(x numeric)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT x * x
$$;

-- The columns of v_forecast_quality: "course_name, bin (floor(forecast / 10), 9 for 100; NULL for
-- the whole course), forecasts, groups (distinct), forecast_pct (average), observed_pct (NULL below
-- 20 forecasts), brier, brier_base (had the course's observed share always been forecast); one row
-- per course and bin with a forecast, and one per course." "brier: the average of (forecast / 100 -
-- observed)^2, four decimals."
CREATE FUNCTION reference.v_forecast_quality(as_of timestamptz)
RETURNS TABLE (
    course_name text, bin integer, forecasts integer, groups integer, forecast_pct numeric,
    observed_pct numeric, brier numeric, brier_base numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH forecast AS MATERIALIZED (SELECT * FROM reference.forecast(as_of)),
    base AS (
        SELECT forecast.course_name, round(avg(forecast.observed), 40) AS observed
        FROM forecast
        GROUP BY forecast.course_name
    ),
    judged AS (
        SELECT forecast.*,
               LEAST(floor(forecast.forecast / 10), 9)::integer AS bin,
               reference.square(forecast.forecast / 100 - forecast.observed) AS error,
               reference.square(base.observed - forecast.observed) AS base_error
        FROM forecast
        JOIN base ON base.course_name = forecast.course_name
    ),
    entry AS (
        SELECT judged.course_name AS of_course, judged.bin AS of_bin, judged.*
        FROM judged
        UNION ALL
        SELECT course.course_name, NULL, judged.*
        FROM reference.course() AS course
        LEFT JOIN judged ON judged.course_name = course.course_name
    )
    SELECT entry.of_course, entry.of_bin,
           count(entry.group_id)::integer,
           count(DISTINCT entry.group_id)::integer,
           round(round(avg(entry.forecast), 12), 1),
           CASE WHEN count(entry.group_id) >= 20 THEN round(100.0 * avg(entry.observed), 1) END,
           round(round(avg(entry.error), 12), 4),
           round(round(avg(entry.base_error), 12), 4)
    FROM entry
    GROUP BY entry.of_course, entry.of_bin
$$;

COMMIT;
