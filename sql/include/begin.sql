-- Every test file includes this file first. It creates the extension in a clean state, fixes the
-- output formats, and creates the schema "test" with procedures that insert test data.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS test CASCADE;
DROP EXTENSION IF EXISTS ngeshare CASCADE;
DROP EXTENSION IF EXISTS postgres_fdw CASCADE;
CREATE EXTENSION ngeshare CASCADE;
RESET client_min_messages;

SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '(null)'

CREATE SCHEMA test;

-- Converts an instant to a timestamp in UTC, as production stores it.
CREATE FUNCTION test.utc(at timestamptz)
RETURNS timestamp
LANGUAGE sql
IMMUTABLE
AS $$ SELECT at AT TIME ZONE 'UTC' $$;

-- Creates a hangout with episodes from first_episode to last_episode: 'aqidah-1', 'aqidah-2' and so
-- on.
CREATE PROCEDURE test.hangout(id text, name text, last_episode integer,
    first_episode integer DEFAULT 1)
LANGUAGE sql
AS $$
    INSERT INTO public."Hangout" (id, "createdAt", "updatedAt", name, type, price,
        "circleProfileId")
    VALUES ($1, '2020-01-01', '2020-01-01', $2, 'CLASS', 0, 'nobody');
    INSERT INTO public."HangoutEpisode" (id, "createdAt", "updatedAt", name, "hangoutId", "order")
    SELECT $1 || '-' || number, '2020-01-01', '2020-01-01', 'Episode ' || number, $1, number
    FROM generate_series($4, $3) AS number;
$$;

-- Creates users with the given ids, without e-mail addresses.
CREATE PROCEDURE test.users(VARIADIC ids text[])
LANGUAGE sql
AS $$
    INSERT INTO public."User" (id, "createdAt", "updatedAt")
    SELECT id, '2020-01-01', '2020-01-01'
    FROM unnest(ids) AS id;
$$;

-- Creates a group of a hangout.
CREATE PROCEDURE test.circle
(
    id         text,
    hangout    text,
    created_at timestamptz DEFAULT '2025-01-01 12:00+07',
    start_date timestamptz DEFAULT NULL
)
LANGUAGE sql
AS $$
    INSERT INTO public."HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId",
        "startDate")
    VALUES ($1, test.utc($3), test.utc($3), 'Group ' || $1, 'ANY', $2, test.utc($4));
$$;

-- Creates a membership record, by default with a joinedAt of 2025-01-01.
CREATE PROCEDURE test.joins
(
    record    text,
    circle    text,
    role      text,
    user_id   text,
    email     text DEFAULT NULL,
    joined_at timestamptz DEFAULT '2025-01-01 12:00+07'
)
LANGUAGE sql
AS $$
    INSERT INTO public."UserHangoutGroup"
        (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId",
            "userId", "userEmail")
    VALUES ($1, '2025-01-01', '2025-01-01', test.utc($6), 'ANY', $3, $2, $4, $5);
$$;

-- Creates the membership records of a group's facilitator and members, who are given by user id.
CREATE PROCEDURE test.people(circle text, facilitator text, VARIADIC members text[])
LANGUAGE sql
AS $$
    INSERT INTO public."UserHangoutGroup"
        (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId",
            "userId")
    SELECT $1 || '/' || person.id, '2025-01-01', '2025-01-01', '2025-01-01', 'ANY', person.role, $1,
        person.id
    FROM (
        SELECT $2, 'FACILITATOR'
        UNION ALL
        SELECT member, 'MEMBER'
        FROM unnest($3) AS member
    ) AS person (id, role);
$$;

CREATE SEQUENCE test.attendance_number;

-- Records a meeting of a group at an episode: one attendance of the user "visitor".
CREATE PROCEDURE test.meets(circle text, episode text, at timestamptz)
LANGUAGE sql
AS $$
    INSERT INTO public."User" (id, "createdAt", "updatedAt")
    VALUES ('visitor', '2020-01-01', '2020-01-01')
    ON CONFLICT DO NOTHING;
    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
        "hangoutGroupId", "userId")
    VALUES ('t' || nextval('test.attendance_number'), test.utc($3), $2, $1, 'visitor');
$$;

-- Brings the snapshot, from which the answers are read, up to the mirror.
CREATE PROCEDURE test.refresh()
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM public.ngeshare_refresh();
END
$$;
