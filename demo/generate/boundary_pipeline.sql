-- Boundary families about links: a group A of one course goes on as a group B of the next. Where
-- nothing else is said, B starts 40 days before today, so days_between = (days from A's graduation
-- to today) - 40.

CREATE FUNCTION demo.make_gap_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group(format('gap of %s days', gap), 'A', 'aqidah', 9, 40 + gap + 70,
        40 + gap),
            demo.add_group(format('gap of %s days', gap), 'B', 'hijrah', 3, 40, 10)
    FROM unnest('{-31,-30,-29,0,89,90,91}'::integer[]) AS gap;

    -- Days are local days. A graduates a millisecond before midnight. The group "late" starts 91
    -- days later at midnight, the group "linked" 90 days later, a millisecond before midnight.
    PERFORM demo.add_group('gap over midnights', 'A', 'aqidah', 8, 200, 140);
    PERFORM demo.add_attendance('gap over midnights', 'A', 'a', 'aqidah', 9,
        demo.at(131, '23:59:59.999'));
    PERFORM demo.add_group('gap over midnights', 'late', 'hijrah');
    PERFORM demo.add_attendance('gap over midnights', 'late', 'a', 'hijrah', 1,
        demo.at(40, '00:00'));
    PERFORM demo.add_group('gap over midnights', 'linked', 'hijrah');
    PERFORM demo.add_attendance('gap over midnights', 'linked', 'a', 'hijrah', 1,
        demo.at(41, '23:59:59.999'));

    PERFORM demo.add_group('B has not met', 'A', 'aqidah', 9, 130, 60);
    PERFORM demo.add_group('B has not met', 'B', 'hijrah', created_at => demo.at(20));
END
$$;

COMMENT ON FUNCTION demo.make_gap_families() IS
'Days between a graduation and the next start, around both limits';


CREATE FUNCTION demo.make_kin_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group(kin.family, 'A', 'aqidah', 9, 160, 70, members => kin.members_a),
            demo.add_group(kin.family, 'B', 'hijrah', 3, 40, 10, members => kin.members_b)
    FROM (VALUES
        ('1 shared member',  'a b c',             'a x y'),
        ('2 shared members', 'a b c',             'a b y'),
        ('3 shared members', 'a b c',             'a b c'),
        ('1 of 1 shared',    'a b',               'a'),
        ('2 of 4 shared',    'a b c d',           'a b x y'),
        ('2 of 5 shared',    'a b c d e',         'a b x y z'),
        ('2 of 4 and 9',     'a b c d e g h i j', 'a b x y'),
        ('4 of 9 shared',    'a b c d e g h i j', 'a b c d s t v w x')
    ) AS kin (family, members_a, members_b);

    PERFORM demo.add_group('other facilitator', 'A', 'aqidah', 9, 160, 70);
    PERFORM demo.add_group('other facilitator', 'B', 'hijrah', 3, 40, 10, facilitator => 'g');
    PERFORM demo.add_group('no facilitator on both', 'A', 'aqidah', 9, 160, 70,
        facilitator => NULL);
    PERFORM demo.add_group('no facilitator on both', 'B', 'hijrah', 3, 40, 10, facilitator => NULL);

    -- The third member of A becomes a facilitator of B, so that A has three members, B has two, and
    -- two are shared.
    PERFORM demo.add_group('member became co-facilitator', 'A', 'aqidah', 9, 160, 70);
    PERFORM demo.add_group('member became co-facilitator', 'B', 'hijrah', 3, 40, 10);
    PERFORM demo.add_member('member became co-facilitator', 'B', 'c', 'FACILITATOR', demo.at(20));
END
$$;

COMMENT ON FUNCTION demo.make_kin_families() IS
'When two groups are the same people: shared members, overlap, facilitator';


CREATE FUNCTION demo.make_link_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('one A, two B', 'A', 'aqidah', 9, 160, 70, members => 'a b c d');
    PERFORM demo.add_group('one A, two B', 'B1', 'hijrah', 3, 40, 10, members => 'a b');
    PERFORM demo.add_group('one A, two B', 'B2', 'hijrah-2', 3, 40, 10, members => 'c d');

    PERFORM demo.add_group('two A, one B', 'A1', 'aqidah', 9, 160, 70, members => 'a b');
    PERFORM demo.add_group('two A, one B', 'A2', 'aqidah-2', 9, 170, 80, members => 'c d');
    PERFORM demo.add_group('two A, one B', 'B', 'hijrah', 3, 40, 10, members => 'a b c d');

    PERFORM demo.add_group('all four courses', 'A', 'aqidah', 9, 500, 430),
            demo.add_group('all four courses', 'B', 'hijrah', 9, 400, 330),
            demo.add_group('all four courses', 'C', 'sejarah', 11, 300, 220),
            demo.add_group('all four courses', 'D', 'dakwah', 7, 200, 150);

    PERFORM demo.add_group('same course again', 'A', 'aqidah', 9, 160, 70);
    PERFORM demo.add_group('same course again', 'B', 'aqidah-2', 3, 40, 10);

    PERFORM demo.add_group('back to an earlier course', 'A', 'hijrah', 9, 160, 70);
    PERFORM demo.add_group('back to an earlier course', 'B', 'aqidah', 3, 40, 10);
END
$$;

COMMENT ON FUNCTION demo.make_link_families() IS
'Forks, joins, a way through all four courses, and groups that repeat or go back to a course';


CREATE FUNCTION demo.make_unlinked_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('skipped course', 'A', 'aqidah', 9, 160, 70);
    PERFORM demo.add_group('skipped course', 'B', 'sejarah', 3, 40, 10);
    PERFORM demo.add_group('skipped two courses', 'A', 'aqidah', 9, 160, 70);
    PERFORM demo.add_group('skipped two courses', 'B', 'dakwah', 3, 40, 10);
    PERFORM demo.add_group('skipped, but too late', 'A', 'aqidah', 9, 230, 131);
    PERFORM demo.add_group('skipped, but too late', 'B', 'sejarah', 3, 40, 10);

    -- Two reasons apply to each of these groups B. The first in the order of docs/rules.md counts.
    PERFORM demo.add_group('skipped and late', 'A', 'aqidah', 9, 160, 70);
    PERFORM demo.add_group('skipped and late', 'late', 'hijrah', 9, 260, 180);
    PERFORM demo.add_group('skipped and late', 'B', 'sejarah', 3, 40, 10);
    PERFORM demo.add_group('late and early', 'late', 'aqidah', 9, 260, 180);
    PERFORM demo.add_group('late and early', 'early', 'aqidah-2', 5, 100, 45);
    PERFORM demo.add_group('late and early', 'B', 'hijrah', 3, 40, 10);

    PERFORM demo.add_group('early start, A goes on', 'A', 'aqidah', 5, 100, 5);
    PERFORM demo.add_group('early start, A goes on', 'B', 'hijrah', 3, 40, 10);
    PERFORM demo.add_group('both start at once', 'A', 'aqidah', 5, 40, 5);
    PERFORM demo.add_group('both start at once', 'B', 'hijrah', 3, 40, 10);
    PERFORM demo.add_group('A starts a day after B', 'A', 'aqidah', 5, 39, 5);
    PERFORM demo.add_group('A starts a day after B', 'B', 'hijrah', 3, 40, 10);
    PERFORM demo.add_group('A has never met', 'A', 'aqidah', created_at => demo.at(100));
    PERFORM demo.add_group('A has never met', 'B', 'hijrah', 3, 40, 10);

    PERFORM demo.add_group('no predecessor', 'B', 'hijrah', 3, 40, 10);
END
$$;

COMMENT ON FUNCTION demo.make_unlinked_families() IS
'Every reason why a group has no predecessor, and groups to which two reasons apply';


CREATE FUNCTION demo.make_settled_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group(format('graduated %s days ago', days), 'A', 'aqidah', 9, days + 70, days)
    FROM unnest('{0,89,90,91}'::integer[]) AS days;

    PERFORM demo.add_group(format('graduated %s days ago, went on', days), 'A', 'aqidah', 9,
        days + 70, days),
            demo.add_group(format('graduated %s days ago, went on', days), 'B', 'hijrah', 3,
                days - 30, days - 50)
    FROM unnest('{89,90,91}'::integer[]) AS days;

    PERFORM demo.add_group('graduated the last course', 'A', 'dakwah', 7, 160, 100);
    PERFORM demo.add_group('graduated at once', 'A', 'aqidah', 9, 100, 100);
    PERFORM demo.add_group('graduated after years', 'A', 'aqidah', 9, 900, 50);
END
$$;

COMMENT ON FUNCTION demo.make_settled_families() IS
'Graduated groups that are awaiting or settled, just before and after ngeshare.link_days';


CREATE FUNCTION demo.make_boundary(groups integer, seed integer, clock timestamp)
RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    kept integer;
BEGIN
    PERFORM demo.make_gap_families();
    PERFORM demo.make_status_families();
    PERFORM demo.make_facilitator_families();
    PERFORM demo.make_member_families();
    PERFORM demo.make_kin_families();
    PERFORM demo.make_window_families();
    PERFORM demo.make_unlinked_families();
    PERFORM demo.make_episode_families();
    PERFORM demo.make_email_families();
    PERFORM demo.make_future_families();
    PERFORM demo.make_rescue_families();
    PERFORM demo.make_link_families();
    PERFORM demo.make_deleted_families();
    PERFORM demo.make_alumni_families();
    PERFORM demo.make_settled_families();
    PERFORM demo.make_hangout_families();
    PERFORM demo.make_implausible_families();

    kept := demo.keep_boundary(groups * 19 / 20);
    PERFORM demo.write_boundary(seed, clock);
    RETURN kept;
END
$$;

COMMENT ON FUNCTION demo.make_boundary(integer, integer, timestamp) IS
    'Makes the families that fit into 19 of 20 groups; the other groups are ordinary ones. Returns '
    'the number of groups in the families';
