-- The answer cache: answers of the API's default instant that many requests need, so that a page
-- load need not compute them. ngeshare.resume_chances() (src/answers/facts.sql) reads it, too.

CREATE VIEW ngeshare.home_figure AS
SELECT
    counted.groups_total,
    counted.groups_started,
    counted.active,
    counted.stalled,
    counted.graduated,
    counted.not_started,
    (SELECT count(*)::integer FROM ngeshare.group_fact WHERE is_rescuable) AS rescuable,
    counted.continued,
    counted.awaiting,
    ngeshare.percentage(counted.active, counted.groups_total) AS active_pct,
    ngeshare.percentage(counted.stalled, counted.groups_total) AS stalled_pct,
    ngeshare.percentage(counted.graduated, counted.groups_total) AS graduation_rate,
    ngeshare.percentage(counted.continued, counted.could_continue) AS continuation_rate,
    (SELECT count(*)::integer FROM public.v_at_risk) AS at_risk,
    leader.total_facilitators,
    leader.active_facilitators,
    leader.alumni_facilitators,
    leader.alumni_pct,
    (SELECT last FROM ngeshare.recent_month) AS last_month,
    graduations.last AS graduations_last_month,
    graduations.before AS graduations_month_before,
    leader.new_last_month AS new_facilitators_last_month,
    leader.new_month_before AS new_facilitators_month_before
FROM (
    SELECT
        coalesce(sum(groups_total), 0)::integer AS groups_total,
        coalesce(sum(groups_started), 0)::integer AS groups_started,
        coalesce(sum(active), 0)::integer AS active,
        coalesce(sum(stalled), 0)::integer AS stalled,
        coalesce(sum(graduated), 0)::integer AS graduated,
        coalesce(sum(not_started), 0)::integer AS not_started,
        coalesce(sum(continued), 0)::integer AS continued,
        coalesce(sum(awaiting), 0)::integer AS awaiting,
        (sum(graduated) FILTER (WHERE continued IS NOT NULL))::integer AS could_continue
    FROM public.v_curriculum_funnel
) AS counted
CROSS JOIN ngeshare.facilitator_total AS leader
CROSS JOIN (
    SELECT
        (count(*) FILTER (WHERE graduated_on >= month.last))::integer AS last,
        (count(*) FILTER (WHERE graduated_on < month.last))::integer AS before
    FROM ngeshare.group_fact
    CROSS JOIN ngeshare.recent_month AS month
    WHERE graduated_on >= month.before
      AND graduated_on < month.this
) AS graduations;
COMMENT ON VIEW ngeshare.home_figure IS
'The figures of api.home and api.home_before in one row.';

CREATE VIEW ngeshare.anomaly_kind AS
SELECT
    kind,
    severity,
    count(*)::integer AS groups
FROM public.v_anomalies
WHERE kind <> 'FUTURE_ATTENDANCE'
GROUP BY kind, severity;
COMMENT ON VIEW ngeshare.anomaly_kind IS
'How many groups have each kind of anomaly at ngeshare.as_of(), one row per kind. Without '
'FUTURE_ATTENDANCE, which depends on the real clock.';

CREATE TABLE ngeshare.answer_cache
(
    as_of          timestamp            NOT NULL PRIMARY KEY,
    holds_until    timestamp            NOT NULL,
    generation     bigint               NOT NULL,
    settings       text                 NOT NULL,
    home           ngeshare.home_figure NOT NULL,
    anomaly_kinds  ngeshare.anomaly_kind[],
    resume_chances ngeshare.resume_chance[]
);
COMMENT ON TABLE ngeshare.answer_cache IS
'Answers that each refresh computes once, so that the page need not wait for them: as of the '
'API''s default instant, and as of one month before it. home: the figures of api.home and '
'api.home_before. anomaly_kinds: the rows of api.anomaly_kinds, except for FUTURE_ATTENDANCE. '
'resume_chances: the rows of v_resume_chance. Both are NULL in the row of the month before, where '
'no page asks for them. A row is valid for instants from as_of up to, but not including, '
'holds_until (UTC), and for sessions with the same settings. holds_until is the next local '
'midnight, or the first event in the snapshot if that is earlier.';

CREATE FUNCTION ngeshare.rule_settings()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' ',
        ngeshare.reporting_zone(),
        ngeshare.setting('active_days'),
        ngeshare.setting('rescue_min_pct'),
        ngeshare.link_settings())
$$;
COMMENT ON FUNCTION ngeshare.rule_settings() IS
'The values that this session has for the settings that decide answers, in one text: time zone, '
'active_days, rescue_min_pct and the link settings.';

CREATE VIEW ngeshare.valid_answer AS
SELECT home, anomaly_kinds, resume_chances
FROM ngeshare.answer_cache
WHERE settings = ngeshare.rule_settings()
  AND ngeshare.as_of() >= as_of
  AND ngeshare.as_of() < holds_until;
COMMENT ON VIEW ngeshare.valid_answer IS
'The row of ngeshare.answer_cache that is valid at ngeshare.as_of() under this session''s '
'settings; no row if the answers must be computed.';

CREATE FUNCTION ngeshare.next_event(at timestamp)
RETURNS timestamp
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- FILTER instead of WHERE, so that one scan finds the next instant in each column of a table.
    SELECT least(
        (
            SELECT least(
                min(created_at) FILTER (WHERE created_at > at),
                min(facilitator_left) FILTER (WHERE facilitator_left > at))
            FROM ngeshare.group_snapshot
        ),
        (
            SELECT min(moment)
            FROM ngeshare.group_snapshot AS grp
            JOIN ngeshare.group_timeline AS timeline ON timeline.group_id = grp.group_id
            CROSS JOIN LATERAL unnest(
                meeting_at || foreign_at || member_from || member_left || facilitator_at) AS moment
            WHERE (grp.valid_from > at OR grp.members_valid_from > at)
              AND moment > at
        ),
        (
            SELECT least(
                min(exists_from) FILTER (WHERE exists_from > at),
                min(completed_at) FILTER (WHERE completed_at > at),
                min(deleted_at) FILTER (WHERE deleted_at > at))
            FROM ngeshare.membership
        ),
        (
            SELECT least(
                min(valid_from) FILTER (WHERE valid_from > at),
                min(valid_to) FILTER (WHERE valid_to > at AND valid_to < 'infinity'))
            FROM ngeshare.group_link
        ))
$$;
COMMENT ON FUNCTION ngeshare.next_event(timestamp) IS
'The first instant after the given one (UTC) at which an answer from the snapshot may change, '
'because a group, meeting, membership or link begins or ends; NULL if there is none.';

CREATE FUNCTION ngeshare.fill_answer_cache()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
SET jit = off
AS $$
DECLARE
    state    ngeshare.snapshot_state := (SELECT made FROM ngeshare.snapshot_state AS made);
    wanted   timestamptz[] := ARRAY[state.known_until, ngeshare.month_before(state.known_until)];
    midnight timestamp;
    instant  timestamptz;
    names    text[];
    own      text[];
BEGIN
    -- The cache is filled under the database's settings, but a refresh by hand may run in a session
    -- with its own. The session gets these back at the end.
    SELECT array_agg(name), array_agg(setting)
    INTO names, own
    FROM pg_settings
    WHERE name = ANY (ngeshare.rule_names());
    PERFORM ngeshare.use_database_rules();
    DELETE FROM ngeshare.answer_cache
    WHERE generation <> state.generation
       OR settings <> ngeshare.rule_settings()
       OR NOT EXISTS (
           SELECT 1
           FROM unnest(wanted) AS wanted_at
           WHERE wanted_at AT TIME ZONE 'UTC' >= as_of
             AND wanted_at AT TIME ZONE 'UTC' < holds_until);
    FOREACH instant IN ARRAY wanted
    LOOP
        CONTINUE WHEN instant IS NULL OR EXISTS (
            SELECT 1
            FROM ngeshare.answer_cache
            WHERE instant AT TIME ZONE 'UTC' >= as_of
              AND instant AT TIME ZONE 'UTC' < holds_until);
        PERFORM ngeshare.answer_as_of(instant);
        midnight := (ngeshare.end_of_day(ngeshare.as_of_day()) AT TIME ZONE 'UTC') + interval '1 '
            'microsecond';
        INSERT INTO ngeshare.answer_cache
            (as_of, holds_until, generation, settings, home, anomaly_kinds, resume_chances)
        SELECT
            ngeshare.as_of(),
            CASE
                -- At the last instant of a day, no event can come before midnight.
                WHEN midnight = ngeshare.as_of() + interval '1 microsecond' THEN midnight
                ELSE least(midnight, ngeshare.next_event(ngeshare.as_of()))
            END,
            state.generation,
            ngeshare.rule_settings(),
            figure,
            CASE WHEN instant = state.known_until
                THEN ARRAY(SELECT counted FROM ngeshare.anomaly_kind AS counted) END,
            CASE WHEN instant = state.known_until
                THEN ARRAY(SELECT chance FROM ngeshare.resume_chance AS chance) END
        FROM ngeshare.home_figure AS figure;
    END LOOP;
    PERFORM set_config(name, setting, true)
    FROM unnest(names, own) AS rule (name, setting);
END
$$;
COMMENT ON FUNCTION ngeshare.fill_answer_cache() IS
'Brings ngeshare.answer_cache up to date with the snapshot, under the settings of the database. '
'Each refresh calls it. It keeps rows that are still valid.';

CREATE FUNCTION ngeshare.anomaly_kinds()
RETURNS SETOF ngeshare.anomaly_kind
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
COST 100000
ROWS 10
AS $$
DECLARE
    kept ngeshare.anomaly_kind[] := (SELECT anomaly_kinds FROM ngeshare.valid_answer);
BEGIN
    IF kept IS NULL THEN
        RETURN QUERY SELECT * FROM ngeshare.anomaly_kind;
    ELSE
        RETURN QUERY SELECT * FROM unnest(kept);
    END IF;
    RETURN QUERY
    SELECT 'FUTURE_ATTENDANCE', 'warning', count(*)::integer
    FROM ngeshare.future_attendance
    HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION ngeshare.anomaly_kinds() IS
'How many groups have each kind of anomaly at ngeshare.as_of(), one row per kind: from '
'ngeshare.answer_cache if it has a valid row, else computed. FUTURE_ATTENDANCE is always computed, '
'because it depends on the real clock.';

CREATE FUNCTION ngeshare.home_figures(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS SETOF ngeshare.home_figure
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
SET jit = off
COST 1000000
ROWS 1
AS $$
DECLARE
    figure ngeshare.home_figure;
BEGIN
    PERFORM ngeshare.answer_as_of(as_of);
    SELECT (home).* INTO figure FROM ngeshare.valid_answer;
    IF NOT FOUND THEN
        SELECT * INTO figure FROM ngeshare.home_figure;
    END IF;
    RETURN NEXT figure;
END
$$;
COMMENT ON FUNCTION ngeshare.home_figures(timestamptz) IS
'The figures of api.home as of an instant: from ngeshare.answer_cache if it has a valid row, else '
'computed.';
