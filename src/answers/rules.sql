-- The rules that need a decision: settings, who a membership record is about, status, percentages,
-- links. The decisions are in C; SQL gathers what they need.

CREATE FUNCTION ngeshare.setting(name text)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_setting'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.setting(text) IS
'The value of an integer setting of ngeshare''s by its name without the prefix, such as '
'active_days. Unlike current_setting() it knows the defaults in any session.';

CREATE FUNCTION ngeshare.as_of()
RETURNS timestamp
AS 'MODULE_PATHNAME', 'ngeshare_as_of'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.as_of() IS
'ngeshare_as_of() in UTC, as production''s timestamps are.';

CREATE FUNCTION ngeshare.as_of_day()
RETURNS date
AS 'MODULE_PATHNAME', 'ngeshare_as_of_day'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.as_of_day() IS
'The local day of ngeshare_as_of().';

CREATE FUNCTION ngeshare.answer_as_of(as_of timestamptz)
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_answer_as_of'
LANGUAGE C
VOLATILE;
COMMENT ON FUNCTION ngeshare.answer_as_of(timestamptz) IS
'Sets ngeshare.as_of to an instant, within a function that has a SET clause for it. 22004 for '
'NULL, 22008 for an infinite one.';

CREATE FUNCTION ngeshare.note_number(state internal, number integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_note_number'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.note_number(internal, integer) IS
'Part of ngeshare.count_numbers().';

CREATE FUNCTION ngeshare.count_noted(state internal)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_count_noted'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.count_noted(internal) IS
'Part of ngeshare.count_numbers().';

CREATE AGGREGATE ngeshare.count_numbers(integer)
(
    SFUNC = ngeshare.note_number,
    STYPE = internal,
    SSPACE = 32,
    FINALFUNC = ngeshare.count_noted,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ngeshare.count_numbers(integer) IS
'The number of distinct integers from 0 on, ignoring NULL: like count(DISTINCT), but without '
'sorting each group.';

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
'Who a membership record is about: "u" and the user id, or "e" and the trimmed, lower-cased '
'address of a record without a user; NULL where it has neither.';

CREATE FUNCTION ngeshare.place_name(name text)
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_place_name'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.place_name(text) IS
'A city or province with one blank for each run of white space (blank, tab, CR, LF) and none at '
'its ends; NULL where nothing is left.';

CREATE FUNCTION ngeshare.place_key(city text, province text)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN md5(coalesce(lower(province), '') || E'\n' || coalesce(lower(city), ''))::uuid;
COMMENT ON FUNCTION ngeshare.place_key(text, text) IS
'A short key for a city in a province, in any case of letters; either may be NULL. Both are '
'ngeshare.place_name()s, which have no line breaks. Names of any length have a key that an index '
'takes.';

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
'GRADUATED, ACTIVE, NOT_STARTED or STALLED, the first that holds; the days that count as active '
'are ngeshare.active_days.';

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
'Whether a group is STALLED, with at least ngeshare.rescue_min_pct percent of its course done.';

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
'Why an ACTIVE group is at risk: SILENT for at least half of ngeshare.active_days, else RHYTHM '
'where it met on at least three days and has been silent for more than twice the average number of '
'days between its meetings. NULL where it is not.';

CREATE FUNCTION ngeshare.days_inactive(today date, last_meeting date, planned_on date)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_days_inactive'
LANGUAGE C
IMMUTABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.days_inactive(date, date, date) IS
'The days since a group last met, or was to start where it has not met; never less than 0.';

CREATE FUNCTION ngeshare.percentage(part bigint, whole bigint)
RETURNS numeric
AS 'MODULE_PATHNAME', 'ngeshare_percentage'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.percentage(bigint, bigint) IS
'A part in percent of the whole, rounded to one decimal half away from zero; NULL where the whole '
'is 0.';

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
'The links of all times between the groups of those who lead some groups, or of all for NULL: one '
'row per link and time (UTC) in which its members stay the same.';
