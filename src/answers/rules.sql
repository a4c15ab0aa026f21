-- The functions that apply single rules: settings, persons, places, status, percentages and links.
-- Most of them are written in C.

CREATE FUNCTION ngeshare.setting(name text)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_setting'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.setting(text) IS
'The value of one of ngeshare''s integer settings, given by its name without the prefix, such as '
'active_days. Unlike current_setting() it returns the default even in a session that has not '
'loaded the library yet.';

CREATE FUNCTION ngeshare.as_of()
RETURNS timestamp
AS 'MODULE_PATHNAME', 'ngeshare_as_of'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.as_of() IS
'The instant ngeshare_as_of() as a timestamp in UTC, the form that production''s timestamps have.';

CREATE FUNCTION ngeshare.as_of_day()
RETURNS date
AS 'MODULE_PATHNAME', 'ngeshare_as_of_day'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.as_of_day() IS
'The local day of ngeshare_as_of() in ngeshare.timezone.';

CREATE FUNCTION ngeshare.answer_as_of(as_of timestamptz)
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_answer_as_of'
LANGUAGE C
VOLATILE;
COMMENT ON FUNCTION ngeshare.answer_as_of(timestamptz) IS
'Sets ngeshare.as_of to an instant. It is called only in functions with a SET clause for '
'ngeshare.as_of, which restores the old value. Errors: 22004 for NULL, 22008 for an infinite '
'instant.';

CREATE FUNCTION ngeshare.note_number(state internal, number integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_note_number'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.note_number(internal, integer) IS
'Transition function of the aggregate ngeshare.count_numbers().';

CREATE FUNCTION ngeshare.count_noted(state internal)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_count_noted'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.count_noted(internal) IS
'Final function of the aggregate ngeshare.count_numbers().';

CREATE AGGREGATE ngeshare.count_numbers(integer)
(
    SFUNC = ngeshare.note_number,
    STYPE = internal,
    SSPACE = 32,
    FINALFUNC = ngeshare.count_noted,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ngeshare.count_numbers(integer) IS
'The number of distinct non-negative integers, like count(DISTINCT) but without a sort per group. '
'NULL is ignored.';

CREATE FUNCTION ngeshare.person_key(user_id text, user_email text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE
    WHEN user_id IS NOT NULL THEN 'u' || user_id
    ELSE 'e' || nullif(lower(btrim(user_email, E' \t\r\n')), '')
END;
COMMENT ON FUNCTION ngeshare.person_key(text, text) IS
'A key for the person of a membership record: "u" and the user id, or "e" and the trimmed, '
'lower-cased email address if the record has no user; NULL if it has neither.';

CREATE FUNCTION ngeshare.place_name(name text)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_place_name'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.place_name(text) IS
'The name of a city or province with each run of white space (blank, tab, CR, LF) replaced by one '
'blank, and none at the ends; NULL if nothing is left.';

CREATE FUNCTION ngeshare.place_key(city text, province text)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN md5(coalesce(lower(province), '') || E'\n' || coalesce(lower(city), ''))::uuid;
COMMENT ON FUNCTION ngeshare.place_key(text, text) IS
'A hash key for a city in a province, regardless of upper and lower case; either may be NULL. Both '
'names have to come from ngeshare.place_name(), so they contain no line break. A hash is short '
'enough for an index even if the names are not.';

CREATE FUNCTION ngeshare.status_of
(
    has_met             boolean,
    max_episode_reached integer,
    max_episodes        integer,
    days_inactive       integer
)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_status_of'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.status_of(boolean, integer, integer, integer) IS
'A group''s status: the first of GRADUATED, ACTIVE, NOT_STARTED and STALLED that holds. '
'ngeshare.active_days is the number of days without a meeting for which a group is still active.';

CREATE FUNCTION ngeshare.is_rescuable
(
    has_met             boolean,
    max_episode_reached integer,
    max_episodes        integer,
    days_inactive       integer
)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ngeshare_is_rescuable'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.is_rescuable(boolean, integer, integer, integer) IS
'Whether a group is STALLED with at least ngeshare.rescue_min_pct percent of its course done.';

CREATE FUNCTION ngeshare.risk_of
(
    has_met             boolean,
    max_episode_reached integer,
    max_episodes        integer,
    days_inactive       integer,
    total_meetings      integer,
    first_meeting       date,
    last_meeting        date
)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_risk_of'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.risk_of(boolean, integer, integer, integer, integer, date, date) IS
'Why an ACTIVE group is at risk. SILENT: it has not met for at least half of ngeshare.active_days. '
'RHYTHM: it met on at least three days, and has not met for more than twice the average number of '
'days between its meetings. NULL if it is not at risk.';

CREATE FUNCTION ngeshare.days_inactive(today date, last_meeting date, planned_on date)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_days_inactive'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.days_inactive(date, date, date) IS
'The days since a group''s last meeting or, if it has never met, since its planned start; at least '
'0.';

CREATE FUNCTION ngeshare.percentage(part bigint, whole bigint)
RETURNS numeric
AS 'MODULE_PATHNAME', 'ngeshare_percentage'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.percentage(bigint, bigint) IS
'A part as a percentage of the whole, rounded to one decimal, halves away from zero; NULL if the '
'whole is 0.';

CREATE FUNCTION ngeshare.find_links(groups text[])
RETURNS TABLE
(
    valid_from            timestamp,
    valid_to              timestamp,
    graduated_on          date,
    days_between          integer,
    shared_member_count   integer,
    smaller_member_count  integer,
    group_a_id            text,
    group_b_id            text,
    course_a              text,
    course_b              text,
    shared_facilitator_id text
)
AS 'MODULE_PATHNAME', 'ngeshare_find_links'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 1000;
COMMENT ON FUNCTION ngeshare.find_links(text[]) IS
'Computes the links (which group continued as which group of the next course) between all groups '
'of the facilitators of the given groups, or between all groups for NULL. It returns one row per '
'link and period (UTC) in which both groups'' members stay the same.';
