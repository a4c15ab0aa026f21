-- What the views in plain SQL are asked with: the settings, the instant with its local
-- day, the places of courses, and who a membership record is about. The views are read
-- with their owner's rights, so nobody else needs any on the tables.

CREATE FUNCTION ngeshare.setting(name text)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_setting'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.setting(text) IS
'The value of an integer setting of ngeshare''s by its name without the prefix, such as active_days. Unlike current_setting() it knows the defaults in any session.';

CREATE FUNCTION ngeshare.asked_at(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS timestamp
AS 'MODULE_PATHNAME', 'ngeshare_asked_at'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.asked_at(timestamptz) IS
'The instant that an answer is given as of, in UTC. Errors as for ngeshare_group_status(): 22004, 22008, 55000.';

CREATE FUNCTION ngeshare.as_of_utc()
RETURNS timestamp
AS 'MODULE_PATHNAME', 'ngeshare_as_of'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.as_of_utc() IS
'ngeshare_as_of() in UTC: the same as ngeshare.asked_at(), without its checks. The planner knows it, so it can tell how many rows are later.';

CREATE FUNCTION ngeshare.asked_day(as_of timestamptz DEFAULT public.ngeshare_as_of())
RETURNS date
AS 'MODULE_PATHNAME', 'ngeshare_asked_day'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ngeshare.asked_day(timestamptz) IS
'The local day of the instant that an answer is given as of, of the calendar''s first and last instants too. Errors as for ngeshare.asked_at().';

CREATE VIEW ngeshare.numbered_course AS
SELECT
    course_name,
    (row_number() OVER (ORDER BY sequence_order) - 1)::integer AS course_number
FROM public.course_config;
COMMENT ON VIEW ngeshare.numbered_course IS
'The courses with their places in the curriculum, from 0 on.';

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
'How many different numbers from 0 on there are, NULLs apart: count(DISTINCT) without a sort a group.';

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
'Who a membership record is about: "u" and the user id, or "e" and the trimmed, lower-cased address of a record without a user; NULL where it has neither.';

CREATE VIEW ngeshare.asked AS
SELECT
    ngeshare.asked_at() AS at,
    ngeshare.asked_day() AS day
OFFSET 0;
COMMENT ON VIEW ngeshare.asked IS
'One row: the instant that answers are given as of (UTC), and its local day.';
