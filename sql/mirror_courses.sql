-- Tests course_config: which rows it accepts, and how the rows of a restored dump replace the four
-- default rows that CREATE EXTENSION inserts.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SELECT * FROM course_config ORDER BY sequence_order;

-- sequence_order may be any integer that no other course has, max_episodes any positive integer.
BEGIN;
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 1, -5),
    ('Ngeshare Sesi Fiqih', 2147483647, 2147483647);
SELECT * FROM course_config ORDER BY sequence_order;
ROLLBACK;

-- Rows that are refused
\set VERBOSITY sqlstate
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 0, 5);
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', -1, 5);
INSERT INTO course_config VALUES ('Ngeshare Sesi Aqidah', 9, 5);
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 9, 1);
INSERT INTO course_config VALUES (NULL, 9, 5);
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', NULL, 5);
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 9, NULL);
UPDATE course_config SET sequence_order = 1 WHERE sequence_order = 2;
-- A conflicting row replaces a default row only in a session with both settings of a pg_dump
-- script: check_function_bodies = off and an empty search_path. One of them is not enough.
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO course_config VALUES ('Ngeshare Sesi Aqidah', 10, 1);
ROLLBACK;
BEGIN;
SELECT set_config('search_path', '', true);
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Aqidah', 10, 1);
ROLLBACK;
\set VERBOSITY default
SELECT * FROM course_config ORDER BY sequence_order;

--
-- A session that restores a dump: these two settings are at the beginning of pg_dump's scripts
--
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

-- a course with another max_episodes replaces the default row with its name
BEGIN;
COPY public.course_config (course_name, max_episodes, sequence_order) FROM STDIN;
Ngeshare Sesi Aqidah	12	1
\.
SELECT * FROM public.course_config ORDER BY sequence_order;
ROLLBACK;

-- a renamed course replaces the default row with its sequence_order
BEGIN;
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Tauhid', 9, 1);
SELECT * FROM public.course_config ORDER BY sequence_order;
ROLLBACK;

-- two courses that exchanged their sequence_order, restored in either order
BEGIN;
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Aqidah', 9, 2),
    ('Ngeshare Sesi Hijrah', 9, 1);
SELECT * FROM public.course_config ORDER BY sequence_order;
ROLLBACK;
BEGIN;
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Hijrah', 9, 1);
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Aqidah', 9, 2);
SELECT * FROM public.course_config ORDER BY sequence_order;
ROLLBACK;

-- an added course is inserted beside the default rows
BEGIN;
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Adab', 5, 5);
SELECT * FROM public.course_config ORDER BY sequence_order;
ROLLBACK;

-- only an unchanged default row is replaced; an edited row stays, and the INSERT fails
BEGIN;
UPDATE public.course_config SET max_episodes = 10 WHERE sequence_order = 1;
\set VERBOSITY sqlstate
INSERT INTO public.course_config VALUES ('Ngeshare Sesi Aqidah', 12, 1);
\set VERBOSITY default
ROLLBACK;

RESET search_path;
RESET check_function_bodies;
SELECT * FROM course_config ORDER BY sequence_order;

-- Shows the rows of course_config that a dump contains: those that differ from the defaults.
CREATE PROCEDURE test.show_dumped()
LANGUAGE plpgsql
AS $$
DECLARE
    condition text;
    course public.course_config;
BEGIN
    SELECT extcondition[array_position(extconfig, 'public.course_config'::regclass)]
    INTO condition
    FROM pg_extension
    WHERE extname = 'ngeshare';
    FOR course IN EXECUTE 'SELECT * FROM public.course_config ' || condition
        || ' ORDER BY sequence_order' LOOP
        RAISE NOTICE '%', course;
    END LOOP;
END
$$;
CALL test.show_dumped();
BEGIN;
UPDATE course_config SET max_episodes = 12 WHERE sequence_order = 1;
INSERT INTO course_config VALUES ('Ngeshare Sesi Adab', 5, 5);
DELETE FROM course_config WHERE sequence_order = 3;
CALL test.show_dumped();
ROLLBACK;
