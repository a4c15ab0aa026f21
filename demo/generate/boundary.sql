-- Boundary groups: small families of groups, each of which tests one rule at its limits. All dates
-- except the implausible ones are relative to as_of. No person belongs to two families.

CREATE UNLOGGED TABLE demo.boundary_group
(
    family     text    NOT NULL,
    part       text    NOT NULL,
    hangout    text,
    name       text    NOT NULL,
    created_at timestamp(3) NOT NULL,
    start_date timestamp(3),
    group_no   integer GENERATED ALWAYS AS IDENTITY,
    id         text    NOT NULL UNIQUE,
    PRIMARY KEY (family, part)
);
COMMENT ON TABLE demo.boundary_group IS
    'A deliberately made group; tests find it by family and part. hangout is a code of '
    'demo.hangout, or NULL';


CREATE UNLOGGED TABLE demo.boundary_user
(
    family     text NOT NULL,
    person     text NOT NULL,
    email      text,
    deleted_at timestamp(3),
    id         text NOT NULL UNIQUE,
    PRIMARY KEY (family, person)
);
COMMENT ON TABLE demo.boundary_user IS 'A user of a family';


CREATE UNLOGGED TABLE demo.boundary_member
(
    family    text NOT NULL,
    part      text NOT NULL,
    person    text,
    role      text NOT NULL,
    joined_at timestamp(3),
    email     text,
    status    text NOT NULL,
    id        text NOT NULL UNIQUE
);
COMMENT ON TABLE demo.boundary_member IS
'A membership record in a deliberately made group; person NULL: no user';


CREATE UNLOGGED TABLE demo.boundary_attendance
(
    family      text    NOT NULL,
    part        text    NOT NULL,
    person      text    NOT NULL,
    hangout     text    NOT NULL,
    ord         integer NOT NULL,
    copy        integer NOT NULL,
    attended_at timestamp(3) NOT NULL,
    id          text    NOT NULL UNIQUE
);
COMMENT ON TABLE demo.boundary_attendance IS 'An attendance of a deliberately made group';


CREATE FUNCTION demo.key_of(VARIADIC parts text[])
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(array_to_string(parts, '/', '-') COLLATE "C", 0);

COMMENT ON FUNCTION demo.key_of(text[]) IS 'A key for demo.cuid from names';


CREATE FUNCTION demo.at(days_ago integer, local_time time DEFAULT '19:30')
RETURNS timestamp
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE
               WHEN days_ago = 0 THEN clock
               ELSE demo.local_time(today, days_ago, local_time)
           END
    FROM demo.world;
END;

COMMENT ON FUNCTION demo.at(integer, time) IS
    'A local time so many days before as_of''s day, in UTC; for 0 days it is as_of itself, so that '
    'no row of that day is after as_of';


CREATE FUNCTION demo.add_users(family text, people text[])
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    seed integer := (SELECT world.seed FROM demo.world);
BEGIN
    INSERT INTO demo.boundary_user (family, person, email, id)
    SELECT family, person,
           demo.email(seed, 1200000000 + (demo.key_of(family, person) & 67108863)),
           lower(demo.cuid(seed, 'boundary user', demo.key_of(family, person)))
    FROM unnest(people) AS person
    WHERE person IS NOT NULL
    ON CONFLICT DO NOTHING;
END
$$;

COMMENT ON FUNCTION demo.add_users(text, text[]) IS
'Adds users to a family; those that it already has stay as they are';


CREATE FUNCTION demo.add_user(family text, person text, email text,
    deleted_at timestamp DEFAULT NULL)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT demo.add_users(family, ARRAY[person]);

    UPDATE demo.boundary_user
    SET email = add_user.email,
        deleted_at = add_user.deleted_at
    WHERE boundary_user.family = add_user.family
      AND boundary_user.person = add_user.person;
END;

COMMENT ON FUNCTION demo.add_user(text, text, text, timestamp) IS
    'Adds a user with a given address and deletion time; other users of a family are added with '
    'their first membership or attendance';


CREATE FUNCTION demo.add_member
(
    family    text,
    part      text,
    person    text,
    role      text      DEFAULT 'MEMBER',
    joined_at timestamp DEFAULT demo.at(300),
    email     text      DEFAULT NULL,
    status    text      DEFAULT 'ACTIVE',
    id_prefix text      DEFAULT ''
)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    seed    integer := (SELECT world.seed FROM demo.world);
    made_id text := demo.cuid(
        seed, 'boundary membership',
        demo.key_of(family, part, person, role, extract(epoch FROM joined_at)::text, email, status,
            id_prefix));
BEGIN
    PERFORM demo.add_users(family, ARRAY[person]);

    INSERT INTO demo.boundary_member (family, part, person, role, joined_at, email, status, id)
    VALUES (family, part, person, role, joined_at, email, status,
        id_prefix || substr(made_id, 1 + length(id_prefix)));
END
$$;

COMMENT ON FUNCTION demo.add_member(text, text, text, text, timestamp, text, text, text) IS
    'Adds a membership record, and its user if the family does not have that user yet. The '
    'record''s id begins with id_prefix, so id_prefix decides ties';


CREATE FUNCTION demo.add_meetings
(
    family   text,
    part     text,
    hangout  text,
    episodes integer[],
    met_at   timestamp[],
    people   text[],
    copy     integer DEFAULT 1
)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    seed integer := (SELECT world.seed FROM demo.world);
BEGIN
    PERFORM demo.add_users(family, people);

    INSERT INTO demo.boundary_attendance (family, part, person, hangout, ord, copy, attended_at, id)
    SELECT family, part, person, hangout, ord, copy, attended_at,
           demo.cuid(seed, 'boundary attendance',
               demo.key_of(family, part, person, hangout, ord::text, copy::text),
                     (extract(epoch FROM attended_at) * 1000)::bigint)
    FROM unnest(episodes, met_at) AS met (ord, attended_at)
    CROSS JOIN unnest(people) AS person;
END
$$;

COMMENT ON FUNCTION demo.add_meetings(text, text, text, integer[], timestamp[], text[], integer) IS
    'Adds meetings with all given people: the n-th one is at the instant met_at[n], at the episode '
    'with the order episodes[n]';


CREATE FUNCTION demo.add_meetings(family text, part text, hangout text, episodes integer[],
    first_met integer, last_met integer, people text)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT demo.add_meetings(
        family, part, hangout, episodes,
        ARRAY(
            SELECT demo.at(first_met - (first_met - last_met) * (n - 1)
                / greatest(1, cardinality(episodes) - 1))
            FROM generate_series(1, cardinality(episodes)) AS n
            ORDER BY n),
        string_to_array(people, ' '));
END;

COMMENT ON FUNCTION demo.add_meetings(text, text, text, integer[], integer, integer, text) IS
    'Adds meetings with all given people, spread evenly from first_met to last_met, both in days '
    'before today';


CREATE FUNCTION demo.add_attendance
(
    family      text,
    part        text,
    person      text,
    hangout     text,
    ord         integer,
    attended_at timestamp,
    copy        integer DEFAULT 1
)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT demo.add_meetings(family, part, hangout, ARRAY[ord], ARRAY[attended_at], ARRAY[person],
        copy);
END;

COMMENT ON FUNCTION demo.add_attendance(text, text, text, text, integer, timestamp, integer) IS
    'Adds attendance of one person at one episode; the person needs no membership';


CREATE FUNCTION demo.add_group
(
    family      text,
    part        text,
    hangout     text,
    episodes    integer   DEFAULT 0,
    first_met   integer   DEFAULT NULL,
    last_met    integer   DEFAULT NULL,
    members     text      DEFAULT 'a b c',
    facilitator text      DEFAULT 'f',
    created_at  timestamp DEFAULT NULL,
    start_date  timestamp DEFAULT NULL,
    name        text      DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    created timestamp := coalesce(created_at, demo.at(coalesce(first_met, 20) + 14, '10:00'));
BEGIN
    INSERT INTO demo.boundary_group (family, part, hangout, name, created_at, start_date, id)
    SELECT add_group.family, add_group.part, add_group.hangout,
           coalesce(add_group.name, add_group.family || ' ' || add_group.part),
           created, add_group.start_date,
           demo.cuid(seed, 'boundary group', demo.key_of(add_group.family, add_group.part))
    FROM demo.world;

    PERFORM demo.add_member(family, part, person, 'MEMBER', created + interval '1 hour')
    FROM string_to_table(members, ' ') AS person;

    IF facilitator IS NOT NULL THEN
        PERFORM demo.add_member(family, part, facilitator, 'FACILITATOR', created);
    END IF;

    PERFORM demo.add_meetings(
        family, part, hangout, ARRAY(SELECT generate_series(1, episodes)), first_met, last_met,
        coalesce(nullif(members, ''), facilitator));
END
$$;

COMMENT ON FUNCTION demo.add_group(text, text, text, integer, integer, integer, text, text,
    timestamp, timestamp, text) IS
    'A group that went through the first episodes from first_met to last_met, both in days before '
    'today';


CREATE FUNCTION demo.write_boundary(seed integer, clock timestamp)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."User" (id, "createdAt", "updatedAt", email, "lastLogin", "lastActive",
        "deletedAt")
    SELECT id, clock - interval '600 days',
           CASE WHEN deleted_at < clock THEN deleted_at ELSE clock - interval '600 days' END,
           email, NULL, NULL, deleted_at
    FROM demo.boundary_user;

    INSERT INTO public."HangoutGroup"
        (id, "createdAt", "updatedAt", name, description, status, day, time, "hangoutId", "imageId",
         "endDate", "startDate", city, province)
    SELECT boundary_group.id, created_at, created_at, boundary_group.name,
        'boundary: ' || family || ', ' || part,
           'ACTIVE', 5, NULL, hangout.id, NULL, NULL, start_date,
           demo.written_city(0, group_no % 40), demo.written_province(0, group_no % 40)
    FROM demo.boundary_group
    LEFT JOIN demo.hangout ON code = boundary_group.hangout;

    INSERT INTO public."UserHangoutGroup"
        (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId",
         "userId", "publicId", "userEmail", "orderId")
    SELECT record.id, stamp, stamp, joined_at, status, role,
           boundary_group.id, boundary_user.id, NULL, record.email, NULL
    FROM demo.boundary_member AS record
    JOIN demo.boundary_group USING (family, part)
    LEFT JOIN demo.boundary_user USING (family, person)
    -- Where joinedAt is NULL or not after 2000-01-01, the group's creation is used as the record's
    -- createdAt and updatedAt.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN joined_at > '2000-01-01' THEN joined_at ELSE created_at END
    ) AS made (stamp);

    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
        "hangoutGroupId", "userId")
    SELECT record.id, attended_at, episode.id, boundary_group.id, boundary_user.id
    FROM demo.boundary_attendance AS record
    JOIN demo.boundary_group USING (family, part)
    JOIN demo.boundary_user USING (family, person)
    JOIN demo.hangout ON code = record.hangout
    JOIN demo.episode USING (hangout_no, ord, copy);
END;

COMMENT ON FUNCTION demo.write_boundary(integer, timestamp) IS
'Writes the families into production''s tables';


CREATE FUNCTION demo.keep_boundary(room integer)
RETURNS integer
LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM demo.boundary_group
    WHERE family IN (
        SELECT family
        FROM demo.boundary_group
        GROUP BY family
        HAVING max(group_no) > room);

    DELETE FROM demo.boundary_member WHERE family NOT IN (SELECT family FROM demo.boundary_group);
    DELETE FROM demo.boundary_attendance
    WHERE family NOT IN (SELECT family FROM demo.boundary_group);
    DELETE FROM demo.boundary_user WHERE family NOT IN (SELECT family FROM demo.boundary_group);

    SELECT count(*)::integer FROM demo.boundary_group;
END;

COMMENT ON FUNCTION demo.keep_boundary(integer) IS
    'Deletes the families that have a group with a number above room; returns how many groups are '
    'left';
