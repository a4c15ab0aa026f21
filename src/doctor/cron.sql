-- When pg_cron runs a schedule next. pg_cron doesn't say; it reads five fields
-- as Vixie's cron does: lists, ranges, steps, names, 7 for Sunday, and where both
-- days are restricted, either may match. '$' is the month's last day.

CREATE FUNCTION ngeshare.cron_range(element text, low integer, high integer, names text[])
RETURNS integer[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part   text[] := regexp_match(lower(element), E'^(\\*|[a-z0-9]{1,9})(?:-([a-z0-9]{1,9}))?(?:/(\\d{1,9}))?$');
    bounds integer[];
BEGIN
    -- As in cron, a step needs a range, and * has no upper end of its own.
    IF part IS NULL OR (part[1] = '*' AND part[2] IS NOT NULL)
        OR (part[1] <> '*' AND part[2] IS NULL AND part[3] IS NOT NULL)
        OR part[3]::integer = 0 THEN
        RETURN NULL;
    ELSIF part[1] = '*' THEN
        bounds := ARRAY[low, high];
    ELSE
        SELECT array_agg(CASE
                WHEN bound ~ E'^\\d+$' THEN bound::integer
                ELSE low + array_position(names, bound) - 1
            END ORDER BY no)
        INTO bounds
        FROM unnest(ARRAY[part[1], coalesce(part[2], part[1])]) WITH ORDINALITY AS given (bound, no);
    END IF;
    IF coalesce(bounds[1] < low OR bounds[2] > high OR bounds[1] > bounds[2], true) THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(SELECT generate_series(bounds[1], bounds[2], coalesce(part[3], '1')::integer));
END
$$;
COMMENT ON FUNCTION ngeshare.cron_range(text, integer, integer, text[]) IS
'The numbers that one element of a cron field stands for: *, 5, 1-5, mon-fri, */10 or 0-30/5; NULL for what cron does not read.';

CREATE FUNCTION ngeshare.cron_field(field text, low integer, high integer, names text[] DEFAULT NULL)
RETURNS integer[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    element text;
    numbers integer[] := '{}';
    more    integer[];
BEGIN
    FOREACH element IN ARRAY coalesce(string_to_array(field, ','), '{}') LOOP
        more := ngeshare.cron_range(element, low, high, names);
        IF more IS NULL THEN
            RETURN NULL;
        END IF;
        numbers := numbers || more;
    END LOOP;
    RETURN nullif(numbers, '{}');
END
$$;
COMMENT ON FUNCTION ngeshare.cron_field(text, integer, integer, text[]) IS
'The numbers that a cron field matches; NULL for what cron does not read.';

CREATE TYPE ngeshare.cron_plan AS
(
    minutes       integer[],
    hours         integer[],
    month_days    integer[],
    months        integer[],
    week_days     integer[],
    on_last_day   boolean,
    either_day    boolean
);
COMMENT ON TYPE ngeshare.cron_plan IS
'A cron schedule, read: the numbers that each field matches; whether the last day of the month does; and whether one of the two days is enough, since both are restricted.';

CREATE FUNCTION ngeshare.cron_plan(schedule text)
RETURNS ngeshare.cron_plan
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    plan  ngeshare.cron_plan;
    field text[] := regexp_split_to_array(btrim(schedule, E' \t\n'), E'[ \\t]+');
BEGIN
    IF field[1] ~ '^@' THEN
        field := regexp_split_to_array(CASE field[1]
            WHEN '@hourly' THEN '0 * * * *'
            WHEN '@daily' THEN '0 0 * * *'
            WHEN '@midnight' THEN '0 0 * * *'
            WHEN '@weekly' THEN '0 0 * * 0'
            WHEN '@monthly' THEN '0 0 1 * *'
            WHEN '@yearly' THEN '0 0 1 1 *'
            WHEN '@annually' THEN '0 0 1 1 *'
        END, ' ');
    END IF;
    plan.on_last_day := field[3] = '$';
    plan.either_day := field[3] !~ E'^\\*' AND field[5] !~ E'^\\*';
    plan.minutes := ngeshare.cron_field(field[1], 0, 59);
    plan.hours := ngeshare.cron_field(field[2], 0, 23);
    plan.month_days := CASE
        WHEN plan.on_last_day THEN '{}'
        ELSE ngeshare.cron_field(field[3], 1, 31)
    END;
    plan.months := ngeshare.cron_field(field[4], 1, 12,
        '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
    plan.week_days := ngeshare.cron_field(field[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat,sun}');
    IF num_nulls(plan.minutes, plan.hours, plan.month_days, plan.months, plan.week_days) > 0 THEN
        RETURN NULL;
    END IF;
    RETURN plan;
END
$$;
COMMENT ON FUNCTION ngeshare.cron_plan(text) IS
'Reads a schedule of five fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually; NULL for anything else.';

CREATE FUNCTION ngeshare.is_cron_day(plan ngeshare.cron_plan, day date)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT extract(month FROM day) = ANY (plan.months)
       AND CASE
               WHEN plan.either_day THEN of_month OR of_week
               ELSE of_month AND of_week
           END
    FROM (
        SELECT
            extract(day FROM day) = ANY (plan.month_days)
                OR (plan.on_last_day AND extract(day FROM day + 1) = 1),
            extract(dow FROM day) = ANY (plan.week_days)
                OR extract(isodow FROM day) = ANY (plan.week_days)
    ) AS matching (of_month, of_week)
$$;
COMMENT ON FUNCTION ngeshare.is_cron_day(ngeshare.cron_plan, date) IS
'Whether a schedule runs on a day.';

CREATE FUNCTION ngeshare.next_cron_run(schedule text, after timestamptz, zone text)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seconds text := substring(schedule FROM E'^\\s*([1-9]|[1-5]\\d)\\s+seconds?\\s*$');
    plan    ngeshare.cron_plan := ngeshare.cron_plan(schedule);
    today   date := (after AT TIME ZONE zone)::date;
    run     timestamptz;
BEGIN
    IF seconds IS NOT NULL THEN
        RETURN after + make_interval(secs => seconds::integer);
    ELSIF plan IS NULL THEN
        RETURN NULL;
    END IF;
    -- The 29th of February on one day of the week comes after 40 years at the latest.
    FOR day IN 0 .. 40 * 366 LOOP
        CONTINUE WHEN NOT ngeshare.is_cron_day(plan, today + day);
        SELECT min(planned)
        INTO run
        FROM unnest(plan.hours) AS hour
        CROSS JOIN unnest(plan.minutes) AS minute
        CROSS JOIN LATERAL (
            SELECT (today + day + make_time(hour, minute, 0)) AT TIME ZONE zone
        ) AS instant (planned)
        WHERE planned > after;
        EXIT WHEN run IS NOT NULL;
    END LOOP;
    RETURN run;
END
$$;
COMMENT ON FUNCTION ngeshare.next_cron_run(text, timestamptz, text) IS
'The first instant after another at which pg_cron starts a job of this schedule, in the zone that pg_cron goes by; with a schedule of ''N seconds'' about so long after it. NULL for a schedule that can''t be read or that no day matches.';
