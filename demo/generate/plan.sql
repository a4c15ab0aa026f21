-- The generator's own tables. They hold its decisions, from which it then writes production's rows.
-- They are kept after a run, so that tests and readers can look up how a row came about.

CREATE UNLOGGED TABLE demo.world
(
    only_row boolean      PRIMARY KEY DEFAULT true CHECK (only_row),
    groups   integer      NOT NULL,
    seed     integer      NOT NULL,
    as_of    timestamptz  NOT NULL,
    clock    timestamp(3) NOT NULL,
    today    date         NOT NULL
);
COMMENT ON TABLE demo.world IS
    'The last call''s arguments, and as_of as production writes it (clock, UTC) and as a local day '
    '(today, Asia/Jakarta)';


CREATE UNLOGGED TABLE demo.hangout
(
    hangout_no integer PRIMARY KEY,
    code       text    NOT NULL UNIQUE,
    name       text    NOT NULL,
    course_no  integer,
    episodes   integer NOT NULL,
    id         text    NOT NULL UNIQUE
);
COMMENT ON TABLE demo.hangout IS
    'A hangout: a course of the curriculum (course_no 1 to 4, three variants each) or another one '
    '(NULL)';


CREATE UNLOGGED TABLE demo.episode
(
    hangout_no integer NOT NULL,
    ord        integer NOT NULL,
    copy       integer NOT NULL,
    id         text    NOT NULL UNIQUE,
    PRIMARY KEY (hangout_no, ord, copy)
);
COMMENT ON TABLE demo.episode IS
    'An episode; copy 2 is a second one with the same order. The third variant of a course also '
    'has orders -1, 0 and beyond the last';


CREATE UNLOGGED TABLE demo.circle_plan
(
    circle_no     integer PRIMARY KEY,
    groups_before integer NOT NULL,
    length        integer NOT NULL,
    first_course integer,
    variant       integer NOT NULL,
    state         text    NOT NULL,
    ended         integer NOT NULL,
    pace          integer NOT NULL,
    size          integer NOT NULL,
    place_no      integer NOT NULL,
    start_time    time    NOT NULL,
    facilitator   bigint  NOT NULL
);
COMMENT ON TABLE demo.circle_plan IS
    'A circle: people who go on together, group after group. ended: days between the last group''s '
    'last meeting and today';


CREATE UNLOGGED TABLE demo.group_plan
(
    group_no   integer      PRIMARY KEY,
    circle_no  integer      NOT NULL,
    step       integer      NOT NULL,
    state      text         NOT NULL,
    hangout_no integer,
    meets_at   integer      NOT NULL,
    reached    integer      NOT NULL,
    meetings   integer      NOT NULL,
    started    integer      NOT NULL,
    ended      integer      NOT NULL,
    pace       integer      NOT NULL,
    start_time time         NOT NULL,
    created_at timestamp(3) NOT NULL,
    start_date timestamp(3),
    id         text         NOT NULL
);
COMMENT ON TABLE demo.group_plan IS
    'An ordinary group: meets_at is the hangout whose episodes it attends; started and ended are '
    'days before today';


CREATE UNLOGGED TABLE demo.member_plan
(
    group_no   integer NOT NULL,
    slot       integer NOT NULL,
    role       text    NOT NULL,
    person_no  bigint  NOT NULL,
    has_user   boolean NOT NULL,
    joined_at  timestamp(3),
    PRIMARY KEY (group_no, slot)
);
COMMENT ON TABLE demo.member_plan IS
    'A membership of an ordinary group: slots 1 to 12 are members, 21 and 22 facilitators, from 31 '
    'on odd records';


CREATE FUNCTION demo.local_time(today date, days_ago integer, at time)
RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN today - days_ago + at - interval '7 hours';

COMMENT ON FUNCTION demo.local_time(date, integer, time) IS
    'A local time of day, so many days before today, as production writes it: in UTC. Asia/Jakarta '
    'has no summer time';


CREATE FUNCTION demo.course_length(course_no integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('{9,9,11,7}'::integer[])[course_no];

COMMENT ON FUNCTION demo.course_length(integer) IS
'Episodes of a course: Aqidah, Hijrah, Sejarah, Dakwah';
