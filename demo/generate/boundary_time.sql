-- Boundary families about progress and time: unusual episodes, midnights, the future, and the
-- limits of each status and of the window.

CREATE FUNCTION demo.make_episode_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('foreign episodes only', 'A', 'aqidah');
    PERFORM demo.add_meetings('foreign episodes only', 'A', 'aqidah-2', '{1,2,3,4,5,6,7,8,9}', 80,
        10, 'a b');

    PERFORM demo.add_group('beyond the last episode', 'A', 'dakwah-3', 6, 60, 20);
    PERFORM demo.add_attendance('beyond the last episode', 'A', 'a', 'dakwah-3', 10, demo.at(12));

    PERFORM demo.add_group('order 0', 'A', 'aqidah-3');
    PERFORM demo.add_meetings('order 0', 'A', 'aqidah-3', '{0}', 12, 12, 'a b');

    PERFORM demo.add_group('negative order', 'A', 'aqidah-3');
    PERFORM demo.add_meetings('negative order', 'A', 'aqidah-3', '{-1}', 12, 12, 'a b');

    PERFORM demo.add_group('same order twice', 'A', 'aqidah-3', 3, 40, 10);
    PERFORM demo.add_attendance('same order twice', 'A', 'b', 'aqidah-3', 3, demo.at(8), 2);

    -- Two episodes have the last order. The second one was attended first (90 days ago): the group
    -- graduated then.
    PERFORM demo.add_group('last order twice', 'A', 'aqidah-3', 9, 140, 40);
    PERFORM demo.add_attendance('last order twice', 'A', 'b', 'aqidah-3', 9, demo.at(90), 2);

    PERFORM demo.add_group('last episode first', 'A', 'aqidah');
    PERFORM demo.add_meetings('last episode first', 'A', 'aqidah', '{9,1,2,3}', 60, 32, 'a b');

    PERFORM demo.add_group('same day', 'A', 'aqidah');
    PERFORM demo.add_attendance('same day', 'A', 'a', 'aqidah', ord, demo.at(10, at))
    FROM (VALUES (1, time '00:00'), (2, '06:59:59.999'), (3, '07:00'), (3, '19:30'),
        (4, '23:59:59.999')) AS met (ord, at);
END
$$;

COMMENT ON FUNCTION demo.make_episode_families() IS
'Which attendance is progress, and when a group graduates';


CREATE FUNCTION demo.make_status_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('never met, created', days::text, 'aqidah',
        created_at => demo.at(days, '10:00'))
    FROM unnest('{27,28,29}'::integer[]) AS days;

    PERFORM demo.add_group('never met, starts', days::text, 'aqidah',
                           created_at => demo.at(200), start_date => demo.at(days, '10:00'))
    FROM unnest('{27,28,29,-30,-400}'::integer[]) AS days;

    PERFORM demo.add_group('never met, started long before', 'A', 'aqidah',
                           created_at => demo.at(5), start_date => demo.at(800));

    PERFORM demo.add_group('met', days::text, 'aqidah', 3, days + 21, days,
        start_date => demo.at(days + 21, '08:00'))
    FROM unnest('{0,27,28,29}'::integer[]) AS days;

    -- The first instant of the day 28 days ago, and the last millisecond of the day before it.
    PERFORM demo.add_group('met at midnight', 'active', 'aqidah');
    PERFORM demo.add_attendance('met at midnight', 'active', 'a', 'aqidah', 1,
        demo.at(28, '00:00'));
    PERFORM demo.add_group('met at midnight', 'stalled', 'aqidah');
    PERFORM demo.add_attendance('met at midnight', 'stalled', 'a', 'aqidah', 1,
        demo.at(29, '23:59:59.999'));

    PERFORM demo.add_group('created at midnight', 'not started', 'aqidah',
        created_at => demo.at(28, '00:00'));
    PERFORM demo.add_group('created at midnight', 'stalled', 'aqidah',
        created_at => demo.at(29, '23:59:59.999'));

    -- Attendance just before and just after the midnight that began as_of's day, and the midnight
    -- before that.
    PERFORM demo.add_group('last midnights', 'A', 'aqidah', created_at => demo.at(2, '00:00'));
    PERFORM demo.add_attendance('last midnights', 'A', 'a', 'aqidah', ord, met)
    FROM (VALUES (1, demo.at(2, '23:59:59.999')), (2, demo.at(1, '00:00')),
        (3, demo.at(1, '23:59:59.999')),
                 (4, demo.at(1, '23:59:59.999') + interval '1 ms')) AS midnight (ord, met);
END
$$;

COMMENT ON FUNCTION demo.make_status_families() IS
'The edges of NOT_STARTED, ACTIVE and STALLED, in local days';


CREATE FUNCTION demo.make_future_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('future attendance', 'with a past', 'aqidah', 8, 140, 40);
    PERFORM demo.add_attendance('future attendance', 'with a past', 'a', 'aqidah', 9,
        demo.at(0) + ahead)
    FROM unnest('{00:00:00.001,00:05,26:00}'::interval[]) AS ahead;
    PERFORM demo.add_group('future attendance', 'without one', 'aqidah', created_at => demo.at(40));
    PERFORM demo.add_attendance('future attendance', 'without one', 'a', 'aqidah', ord,
        demo.at(ord * -450))
    FROM generate_series(1, 3) AS ord;

    PERFORM demo.add_group('attended at as_of', 'A', 'aqidah', 8, 140, 40);
    PERFORM demo.add_attendance('attended at as_of', 'A', 'a', 'aqidah', 9, demo.at(0));

    PERFORM demo.add_group('created in the future', days::text, 'aqidah',
        created_at => demo.at(-days))
    FROM unnest('{1,400}'::integer[]) AS days;
    PERFORM demo.add_group('created at as_of', 'A', 'aqidah', created_at => demo.at(0));
    PERFORM demo.add_group('created just after as_of', 'A', 'aqidah',
        created_at => demo.at(0) + interval '1 ms');

    PERFORM demo.add_group('met before created', 'A', 'aqidah', 3, 40, 10,
        created_at => demo.at(5));
    PERFORM demo.add_group('met before created', 'B', 'aqidah', 9, 140, 40,
        created_at => demo.at(-2));
END
$$;

COMMENT ON FUNCTION demo.make_future_families() IS
'Rows that do not exist yet as of the instant, and meetings before their group was created';


CREATE FUNCTION demo.make_window_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('both sides of the window', 'A', 'aqidah', 8, 100, 30);

    PERFORM demo.add_group('window edge', 'all of it', 'aqidah');
    PERFORM demo.add_attendance('window edge', 'all of it', 'a', 'aqidah', ord, met)
    FROM (VALUES (1, demo.at(46, '00:00')), (2, demo.at(46, '23:59:59.999')),
        (3, demo.at(45, '00:00')),
                 (4, demo.at(45, '00:00:00.001')), (5, demo.at(44, '00:00'))) AS edge (ord, met);

    PERFORM demo.add_group('window edge', 'graduated before', 'aqidah', 8, 120, 60);
    PERFORM demo.add_attendance('window edge', 'graduated before', 'a', 'aqidah', 9,
        demo.at(46, '23:59:59.999'));
    PERFORM demo.add_attendance('window edge', 'graduated before', 'b', 'aqidah', 9,
        demo.at(45, '00:00'));
    PERFORM demo.add_group('window edge', 'graduated at it', 'aqidah', 8, 120, 60);
    PERFORM demo.add_attendance('window edge', 'graduated at it', 'a', 'aqidah', 9,
        demo.at(45, '00:00'));

    -- Two attendances on one day in UTC, one before and one after the window's start.
    PERFORM demo.add_group('window edge', 'one day of UTC', 'aqidah');
    PERFORM demo.add_attendance('window edge', 'one day of UTC', 'a', 'aqidah', ord, met)
    FROM (VALUES (1, demo.at(46, '16:00')), (2, demo.at(45, '06:59:59.999'))) AS edge (ord, met);
END
$$;

COMMENT ON FUNCTION demo.make_window_families() IS
'Meetings around the local midnight 45 days before as_of''s day';


CREATE FUNCTION demo.make_rescue_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group(format('rescue, %s of %s', reached, hangout), 'A', hangout, reached, 120,
        40, name => demo.odd_name(odd_name))
    FROM (VALUES ('aqidah', 6, 5), ('aqidah', 7, 0), ('sejarah', 7, 1), ('sejarah', 8, 2),
        ('dakwah', 4, 3), ('dakwah', 5, 4))
        AS edge (hangout, reached, odd_name);

    PERFORM demo.add_group('rescue, no facilitator', 'A', 'aqidah', 8, 120, 40, facilitator => NULL,
        name => demo.odd_name(6));
    PERFORM demo.add_group('rescue, not yet', 'A', 'aqidah', 8, 120, 28);
END
$$;

COMMENT ON FUNCTION demo.make_rescue_families() IS
'Just enough and just too little progress for the rescue list';


CREATE FUNCTION demo.make_implausible_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    -- Records with a joinedAt before 2000 are ignored. So f and b are no facilitators, b is a
    -- member only, and of c, d and e only d is a member.
    PERFORM demo.add_group('implausible dates', 'joined', 'aqidah', 3, 40, 10, members => 'a b',
        facilitator => NULL);
    PERFORM demo.add_member('implausible dates', 'joined', person, role, joined)
    FROM (VALUES ('f', 'FACILITATOR', timestamp '0023-05-14 03:00'),
        ('b', 'FACILITATOR', '1970-01-01'),
                 ('c', 'MEMBER', '1999-12-31 23:59:59.999'), ('d', 'MEMBER', '2000-01-01'),
                 ('e', 'MEMBER', '1970-01-01'))
        AS joined (person, role, joined);

    -- These additional records are ignored because of their dates: g is no facilitator, f is no
    -- member, and a joined when a's ordinary record says.
    PERFORM demo.add_group('implausible dates', 'led', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('implausible dates', 'led', 'g', 'FACILITATOR',
        timestamp '1999-12-31 23:59:59.999');
    PERFORM demo.add_member('implausible dates', 'led', 'f', 'MEMBER',
        timestamp '0023-05-14 03:00');
    PERFORM demo.add_member('implausible dates', 'led', 'a', 'MEMBER', timestamp '1970-01-01');

    PERFORM demo.add_group('implausible dates', 'never met', 'aqidah', created_at => demo.at(40));
    PERFORM demo.add_attendance('implausible dates', 'never met', 'a', 'aqidah', ord, met)
    FROM (VALUES (1, timestamp '0026-03-01 03:00'), (2, '1970-01-01'),
        (9, '1999-12-31 23:59:59.999')) AS wrong (ord, met);

    -- Attendance at one episode on one local day, just before and exactly at 2000-01-01 UTC. The
    -- attendance at episode 9 is on the local day before.
    PERFORM demo.add_group('implausible dates', 'first meeting', 'aqidah',
        created_at => demo.at(40));
    PERFORM demo.add_attendance('implausible dates', 'first meeting', person, 'aqidah', ord, met)
    FROM (VALUES ('a', 1, timestamp '1999-12-31 23:59:59.999'), ('b', 1, '2000-01-01'),
        ('a', 9, '1999-12-31 16:59:59.999'),
                 ('a', 2, demo.at(10))) AS edge (person, ord, met);

    PERFORM demo.add_group('implausible dates', 'not graduated', 'aqidah', 8, 140, 40);
    PERFORM demo.add_attendance('implausible dates', 'not graduated', 'a', 'aqidah', 9,
        timestamp '0026-03-01 03:00');
    PERFORM demo.add_attendance('implausible dates', 'not graduated', 'a', 'aqidah-2', 9,
        timestamp '1970-01-01');
END
$$;

COMMENT ON FUNCTION demo.make_implausible_families() IS
'Dates before 2000-01-01 UTC, which are typing errors and count for nothing, and the first one '
'that counts';
