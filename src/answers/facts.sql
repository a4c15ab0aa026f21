-- The view ngeshare.group_fact, which most views read, and the functions that return answers.

CREATE VIEW ngeshare.group_fact AS
SELECT
    ngeshare.status_of(grp.last_meeting IS NOT NULL, grp.max_episode_reached, grp.max_episodes,
        grp.days_inactive) AS status,
    ngeshare.percentage(least(grp.max_episode_reached, grp.max_episodes),
        grp.max_episodes) AS progress_pct,
    grp.first_meeting AS first_meeting_date,
    grp.last_meeting AS last_meeting_date,
    coalesce(grp.first_meeting, grp.planned_on) AS started_on,
    coalesce(grp.facilitator_left <= ngeshare.as_of(), false) AS facilitator_is_deleted,
    ngeshare.is_rescuable(grp.last_meeting IS NOT NULL, grp.max_episode_reached, grp.max_episodes,
        grp.days_inactive) AS is_rescuable,
    ngeshare.risk_of(grp.last_meeting IS NOT NULL, grp.max_episode_reached, grp.max_episodes,
        grp.days_inactive,
        grp.total_meetings, grp.first_meeting, grp.last_meeting) AS risk,
    place.city,
    place.province,
    grp.*
FROM (
    SELECT
        ngeshare.days_inactive((SELECT ngeshare.as_of_day()), last_meeting,
            planned_on) AS days_inactive,
        dated.*
    FROM ngeshare.group_as_of AS dated
) AS grp
LEFT JOIN ngeshare.place_snapshot AS place ON place.place_key = grp.place_key;
COMMENT ON VIEW ngeshare.group_fact IS
'The facts of each curriculum group at ngeshare.as_of() from which the views are made, one row per '
'group. is_rescuable: STALLED, with at least ngeshare.rescue_min_pct percent of its course done. '
'risk: why an ACTIVE group is at risk (v_at_risk), else NULL.';

CREATE FUNCTION ngeshare.count_silences(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    course_name text,
    days        integer,
    resumed     bigint,
    lasting     bigint,
    chance_pct  numeric
)
AS 'MODULE_PATHNAME', 'ngeshare_count_silences'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.count_silences(timestamptz) IS
'Counts the silences of each course by their length in days, as of an instant. A silence begins on '
'a day on which a group meets before it has graduated. resumed: silences that ended with a meeting '
'after that many days. lasting: silences that have lasted for that many days and have not ended. '
'chance_pct: the chance in percent that a silence that has lasted that long ends within 28 days, '
'after Kaplan and Meier; NULL if fewer than 20 silences lasted as long, or if all of those ended '
'after just that many days. Errors as for ngeshare_group_status().';

CREATE VIEW ngeshare.resume_chance AS
WITH counted AS (
    SELECT
        course_name,
        days,
        resumed,
        lasting,
        chance_pct,
        sum(resumed + lasting) OVER (PARTITION BY course_name ORDER BY days DESC) AS silences
    FROM ngeshare.count_silences()
), longer AS (
    SELECT
        *,
        coalesce(bool_or(resumed = silences) OVER all_longer, false) AS is_certain,
        sum(ln(1 - resumed / nullif(silences, resumed))) OVER all_longer AS log_share
    FROM counted
    WINDOW all_longer AS (
        PARTITION BY course_name ORDER BY days DESC ROWS BETWEEN UNBOUNDED PRECEDING
            AND 1 PRECEDING)
)
SELECT
    course_name,
    days AS days_silent,
    silences::integer AS silences,
    resumed::integer AS resumed,
    lasting::integer AS lasting,
    round(100 * (1 - CASE WHEN is_certain THEN 0 ELSE round(exp(coalesce(log_share, 0)), 12) END),
        1) AS resume_chance,
    chance_pct AS resume_28_days_pct
FROM longer;
COMMENT ON VIEW ngeshare.resume_chance IS
'Computes the rows of v_resume_chance, as of ngeshare.as_of().';

CREATE FUNCTION ngeshare.resume_chances()
RETURNS SETOF ngeshare.resume_chance
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 1000
AS $$
DECLARE
    kept ngeshare.resume_chance[] := (SELECT resume_chances FROM ngeshare.valid_answer);
BEGIN
    IF kept IS NULL THEN
        RETURN QUERY SELECT * FROM ngeshare.resume_chance;
    ELSE
        RETURN QUERY SELECT * FROM unnest(kept);
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.resume_chances() IS
'The rows of v_resume_chance as of ngeshare.as_of(): from ngeshare.answer_cache if it has them, '
'else computed.';

CREATE FUNCTION ngeshare.count_places(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    place_key    uuid,
    groups_total integer,
    active       integer,
    stalled      integer,
    not_started  integer,
    graduated    integer,
    to_rescue    integer,
    at_risk      integer,
    facilitators integer,
    members      integer
)
AS 'MODULE_PATHNAME', 'ngeshare_count_places'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 500;
COMMENT ON FUNCTION ngeshare.count_places(timestamptz) IS
'Counts the curriculum groups of each place as of an instant, by status, and the distinct users '
'who lead and the distinct persons who are members there. Errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare.count_forecasts(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    course_name text,
    bin         integer,
    forecasts   bigint,
    groups      bigint,
    resumed     bigint,
    sum         bigint,
    squares     bigint
)
AS 'MODULE_PATHNAME', 'ngeshare_count_forecasts'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 50;
COMMENT ON FUNCTION ngeshare.count_forecasts(timestamptz) IS
'Compares the forecasts of the last 12 month ends whose 28 days were over by the instant, or by '
'the last successful sync if that is earlier, with the outcome. It returns one row per course and '
'bin of ten percent that has a forecast, and one row per course with bin NULL. resumed: forecasts '
'whose group met within 28 days. sum: the sum of the forecasts, in tenths of a percent. squares: '
'the sum of their squared errors, in the square of that unit. Errors as for '
'ngeshare_group_status().';

CREATE FUNCTION public.ngeshare_trend
(
    from_day date,
    to_day   date DEFAULT NULL,
    step     interval DEFAULT '1 week',
    as_of    timestamptz DEFAULT public.ngeshare_as_of()
)
RETURNS TABLE
(
    as_of_day    date,
    course_name  text,
    groups_total integer,
    active       integer,
    stalled      integer,
    not_started  integer,
    graduated    integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 200;
COMMENT ON FUNCTION public.ngeshare_trend(date, date, interval, timestamptz) IS
'The number of groups of each course by status over time, one row per day and course. The groups '
'are counted at the last instant of the local day, as by ngeshare_group_status(), and on the day '
'of as_of at as_of itself. The days go back from to_day (NULL: the day of as_of) in the given '
'steps, and none is before from_day. All days are counted by what is known now, so late attendance '
'and deletions change earlier ones. Errors: 22004 for NULL (except to_day); 22008 for an infinite '
'value, or an instant without a local day; 22023 for from_day after to_day, for to_day after the '
'day of as_of, for more than 1,000 days, and for a "step" that is negative, zero or has a part '
'below a day; 55000 as for ngeshare_group_status().';

CREATE FUNCTION ngeshare.changed_groups(since timestamptz, until timestamptz)
RETURNS TABLE
(
    group_id      text,
    status_before text,
    status_after  text,
    change        text,
    changed_on    date
)
AS 'MODULE_PATHNAME', 'ngeshare_changed_groups'
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.changed_groups(timestamptz, timestamptz) IS
'The curriculum groups whose status at the instant "until" differs from that at the instant '
'"since", or that did not exist at "since", and what changed. It is the part of '
'ngeshare_status_changes() that has to evaluate both instants.';

CREATE FUNCTION public.ngeshare_status_changes
(
    since timestamptz,
    until timestamptz DEFAULT public.ngeshare_as_of()
)
RETURNS TABLE
(
    group_id            text,
    group_name          text,
    course_name         text,
    facilitator_id      text,
    facilitator_name    text,
    facilitator_contact text,
    status_before       text,
    status_after        text,
    change              text,
    changed_on          date
)
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
COST 100000
ROWS 1000
AS $$
BEGIN
    IF since IS NULL OR until IS NULL THEN
        RAISE null_value_not_allowed
            USING MESSAGE = format('"%s" must not be NULL', CASE WHEN since IS NULL THEN 'since'
                ELSE 'until' END);
    ELSIF NOT isfinite(since) OR NOT isfinite(until) THEN
        RAISE datetime_field_overflow
            USING MESSAGE = format('"%s" must be finite', CASE WHEN isfinite(until) THEN 'since'
                ELSE 'until' END);
    ELSIF since > until THEN
        RAISE invalid_parameter_value USING MESSAGE = '"since" must not be later than "until"';
    END IF;
    PERFORM ngeshare.answer_as_of(until);
    RETURN QUERY
        SELECT
            changed.group_id,
            fact.group_name,
            fact.course_name,
            fact.facilitator_id,
            fact.facilitator_name,
            fact.facilitator_contact,
            changed.status_before,
            changed.status_after,
            changed.change,
            changed.changed_on
        FROM ngeshare.changed_groups(since, until) AS changed
        JOIN ngeshare.group_fact AS fact ON fact.group_id = changed.group_id
        ORDER BY changed.changed_on DESC, changed.group_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION public.ngeshare_status_changes(timestamptz, timestamptz) IS
'The curriculum groups whose status at the instant "until" differs from that at the instant '
'"since", or that did not exist at "since", one row per group, the latest change first. The '
'facilitator is the one as of "until"; names are the present ones. change is the first of these '
'that holds: NEW (the group did not exist at "since"), STARTED (it is ACTIVE and had never met at '
'"since"), RESUMED (it was STALLED and is ACTIVE), STALLED, GRADUATED. Both instants are judged by '
'what is known now, and a change that was reversed in between is not reported. Errors: 22004 for '
'NULL, 22008 for an infinite instant, 22023 if "since" is later than "until"; 55000 as for '
'ngeshare_group_status().';

CREATE FUNCTION public.ngeshare_group_status(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    group_id            text,
    course_name         text,
    status              text,
    progress_pct        numeric,
    days_inactive       integer,
    group_name          text,
    sequence_order      integer,
    max_episodes        integer,
    max_episode_reached integer,
    total_meetings      integer,
    first_meeting_date  date,
    last_meeting_date   date,
    graduated_on        date,
    started_on          date,
    facilitator_id      text,
    facilitator_name    text,
    member_count        integer,
    city                text,
    province            text
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION public.ngeshare_group_status(timestamptz) IS
'The status of every curriculum group that exists at an instant, one row per group, the first of '
'these that holds: GRADUATED (it reached its course''s last episode), ACTIVE (it met at most 28 '
'days ago), NOT_STARTED (it never met, and its planned start is at most 28 days ago or later), '
'STALLED. Days are local days of ngeshare.timezone; the 28 is ngeshare.active_days. The argument '
'is an instant: PostgreSQL reads a date given for it as midnight at the beginning of that day in '
'the session''s time zone, while a date in the setting ngeshare.as_of means the end of that local '
'day. Errors: 22004 for NULL, 22008 for an infinite instant or one without a local day, 55000 if '
'the history is kept in another time zone than ngeshare.timezone, or if the mirror has rows and no '
'refresh has made the snapshot.';

CREATE FUNCTION public.ngeshare_pipeline(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    group_a_id            text,
    course_a              text,
    group_b_id            text,
    course_b              text,
    shared_facilitator_id text,
    shared_member_count   integer,
    overlap_pct           numeric,
    days_between          integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION public.ngeshare_pipeline(timestamptz) IS
'Which groups continued as which group of the next course, as of an instant, one row per pair. '
'Both groups have the same facilitator and share at least 2 members (ngeshare.link_min_shared), '
'who are at least 50 % of the smaller group (ngeshare.link_min_overlap_pct). The second group '
'first met between 30 days before (ngeshare.link_early_days) and 90 days after '
'(ngeshare.link_days) the day on which the first one graduated. These settings have the values '
'that they had at the last refresh. The argument as_of and the errors are as for '
'ngeshare_group_status().';

CREATE FUNCTION ngeshare.group_predecessors(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    group_id                 text,
    kind                     text,
    predecessor_id           text,
    days_between             integer,
    started_on               date,
    predecessor_course       text,
    predecessor_started_on   date,
    predecessor_graduated_on date
)
AS 'MODULE_PATHNAME', 'ngeshare_group_predecessors'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION ngeshare.group_predecessors(timestamptz) IS
'Groups beyond the first course that have met and did not continue from a group of the previous '
'course, one row per group, with the reason: SKIPPED_COURSE, LATE_START, EARLY_START or '
'NO_PREDECESSOR. The predecessor is the group that gives the reason; it has the same facilitator '
'and shares enough members. Of several, it is the one that graduated last (for EARLY_START: '
'started last), then the one with the smallest id. It is NULL for NO_PREDECESSOR. days_between: '
'days from the predecessor''s graduation to this group''s start, NULL if the predecessor has not '
'graduated.';

CREATE FUNCTION public.ngeshare_funnel(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS TABLE
(
    sequence_order            integer,
    course_name               text,
    groups_total              integer,
    groups_started            integer,
    graduated                 integer,
    active                    integer,
    stalled                   integer,
    not_started               integer,
    graduation_rate           numeric,
    continued                 integer,
    continuation_rate         numeric,
    awaiting                  integer,
    settled_continuation_rate numeric
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 4;
COMMENT ON FUNCTION public.ngeshare_funnel(timestamptz) IS
'The curriculum as a funnel as of an instant, one row per course in the order of the curriculum, '
'courses without groups included. Rates are percentages, and NULL if there is nothing to divide '
'by. The last course''s four continuation columns are NULL, because no course follows it. The '
'argument as_of and the errors are as for ngeshare_group_status().';
