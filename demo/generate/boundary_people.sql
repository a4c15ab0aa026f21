-- Boundary families about people: facilitators, members, addresses, deleted users, hangout names.

CREATE FUNCTION demo.make_facilitator_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('no facilitator', 'A', 'aqidah', 3, 40, 10, facilitator => NULL);

    PERFORM demo.add_group('two facilitators', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('two facilitators', 'A', 'g', 'FACILITATOR', demo.at(30));

    PERFORM demo.add_group('later record joined earlier', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('later record joined earlier', 'A', 'g', 'FACILITATOR', demo.at(200));

    -- Ties are decided by the record's id in byte order: 'Z' comes before 'a', and '-' before '0'.
    -- Many locales sort 'Z' after 'a' and ignore '-'.
    PERFORM demo.add_group('facilitators tied', 'A', 'aqidah', 3, 40, 10, facilitator => NULL);
    PERFORM demo.add_member('facilitators tied', 'A', 'f', 'FACILITATOR', demo.at(50),
        id_prefix => 'ca');
    PERFORM demo.add_member('facilitators tied', 'A', 'g', 'FACILITATOR', demo.at(50),
        id_prefix => 'cZ');
    PERFORM demo.add_group('facilitators tied', 'B', 'aqidah', 3, 40, 10, facilitator => NULL);
    PERFORM demo.add_member('facilitators tied', 'B', 'f', 'FACILITATOR', demo.at(50),
        id_prefix => 'c0b');
    PERFORM demo.add_member('facilitators tied', 'B', 'g', 'FACILITATOR', demo.at(50),
        id_prefix => 'c-c');

    PERFORM demo.add_group('same facilitator twice', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('same facilitator twice', 'A', 'f', 'FACILITATOR', demo.at(20));

    PERFORM demo.add_group('facilitator by email', 'A', 'aqidah', 3, 40, 10, facilitator => NULL);
    PERFORM demo.add_member('facilitator by email', 'A', NULL, 'FACILITATOR', demo.at(50),
        'only.mail@example.com');
    PERFORM demo.add_group('facilitator by email', 'B', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('facilitator by email', 'B', NULL, 'FACILITATOR', demo.at(90),
        'only.mail@example.com');

    PERFORM demo.add_group('facilitator joined never', 'A', 'aqidah', 3, 40, 10,
        facilitator => NULL);
    PERFORM demo.add_member('facilitator joined never', 'A', 'f', 'FACILITATOR', NULL);

    PERFORM demo.add_group('facilitator joined in the future', 'A', 'aqidah', 3, 40, 10,
        facilitator => NULL);
    PERFORM demo.add_member('facilitator joined in the future', 'A', 'f', 'FACILITATOR',
        demo.at(-1));

    PERFORM demo.add_group('joined at as_of', 'A', 'aqidah', 3, 40, 10, members => 'a b',
        facilitator => NULL);
    PERFORM demo.add_member('joined at as_of', 'A', 'f', 'FACILITATOR', demo.at(0));
    PERFORM demo.add_member('joined at as_of', 'A', 'c', 'MEMBER', demo.at(0));
    PERFORM demo.add_member('joined at as_of', 'A', 'd', 'MEMBER', demo.at(0) + interval '1 ms');

    PERFORM demo.add_group('other roles', 'A', 'aqidah', 3, 40, 10, members => 'a b',
        facilitator => NULL);
    PERFORM demo.add_member('other roles', 'A', person, role)
    FROM (VALUES ('f', 'ADMIN'), ('g', 'OBSERVER'), ('h', 'member'), ('i', 'Facilitator'),
        ('j', 'MEMBER '), ('k', '')) AS other (person, role);

    PERFORM demo.add_group('other statuses', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('other statuses', 'A', lower(status), 'MEMBER', status => status)
    FROM unnest('{PENDING,LEFT,REJECTED,INACTIVE}'::text[]) AS status;
END
$$;

COMMENT ON FUNCTION demo.make_facilitator_families() IS
'Who leads a group, and which roles and statuses count';


CREATE FUNCTION demo.make_alumni_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('alumnus', 'A', 'aqidah', 9, 200, 130, members => 'f b c',
        facilitator => 'g');
    PERFORM demo.add_group('alumnus', 'B', 'aqidah', 3, 40, 10);

    PERFORM demo.add_group('alumnus in between', 'A', 'aqidah', 9, 300, 230, members => 'x y');
    PERFORM demo.add_group('alumnus in between', 'B', 'hijrah', 9, 200, 130, members => 'f x',
        facilitator => 'g');
    PERFORM demo.add_group('alumnus in between', 'C', 'sejarah', 3, 40, 10, members => 'x y');

    PERFORM demo.add_group('member after facilitator', 'A', 'aqidah', 9, 200, 130);
    PERFORM demo.add_group('member after facilitator', 'B', 'aqidah', 3, 40, 10, members => 'f b',
        facilitator => 'g');

    PERFORM demo.add_group('member and facilitator at once', 'A', 'ramadhan', 3, 40, 10,
        members => 'a b', facilitator => NULL);
    PERFORM demo.add_member('member and facilitator at once', 'A', 'f', 'MEMBER', demo.at(50));
    PERFORM demo.add_member('member and facilitator at once', 'A', 'f', 'FACILITATOR', demo.at(50));
END
$$;

COMMENT ON FUNCTION demo.make_alumni_families() IS
'Members who become facilitators, and facilitators who become members';


CREATE FUNCTION demo.make_member_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group(format('%s members', cardinality(people)), 'A', 'aqidah', 3, 40, 10,
        members => array_to_string(people, ' '))
    FROM (VALUES ('{}'::text[]), ('{a}'), ('{a,b,c,d,e}'), ('{a,b,c,d,e,g}'),
        ('{a,b,c,d,e,g,h,i,j,k,l,m}')) AS size (people);

    PERFORM demo.add_group('both roles', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('both roles', 'A', 'f', 'MEMBER');
    PERFORM demo.add_group('both roles', 'B', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('both roles', 'B', 'a', 'FACILITATOR', NULL);

    PERFORM demo.add_group('member three times', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('member three times', 'A', 'a', 'MEMBER', joined)
    FROM (VALUES (demo.at(200)), (demo.at(20))) AS again (joined);

    PERFORM demo.add_group('member joined never', 'A', 'aqidah', 3, 40, 10, members => 'a');
    PERFORM demo.add_member('member joined never', 'A', 'b', 'MEMBER', NULL);

    PERFORM demo.add_group('member joined in the future', 'A', 'aqidah', 3, 40, 10, members => 'a');
    PERFORM demo.add_member('member joined in the future', 'A', 'b', 'MEMBER', demo.at(-400));

    PERFORM demo.add_group('attended without belonging', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_attendance('attended without belonging', 'A', 'stranger', 'aqidah', 4,
        demo.at(9));
END
$$;

COMMENT ON FUNCTION demo.make_member_families() IS 'How many members a group has';


CREATE FUNCTION demo.make_email_families()
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    user_id text;
BEGIN
    -- Five spellings of one address are one person. The user with that address is another person.
    PERFORM demo.add_user('one address', 'u', 'Same.Person@example.com');
    PERFORM demo.add_group('one address', 'A', 'aqidah', 3, 40, 10, members => 'a u');
    PERFORM demo.add_member('one address', 'A', NULL, 'MEMBER', demo.at(60 - no::integer), address)
    FROM unnest(ARRAY['same.person@example.com', 'SAME.Person@Example.com',
        '  same.person@example.com ',
                      E'same.person@example.com\n', E'\tSame.person@example.com\r\n'])
        WITH ORDINALITY AS typed (address, no);

    -- An address that equals a user's id does not mean that user.
    PERFORM demo.add_user('address like an id', 'u', 'like.an.id@example.com');
    SELECT id INTO user_id
    FROM demo.boundary_user
    WHERE family = 'address like an id' AND person = 'u';
    PERFORM demo.add_group('address like an id', 'A', 'aqidah', 9, 160, 70, members => 'a u');
    PERFORM demo.add_group('address like an id', 'B', 'hijrah', 3, 40, 10, members => 'a');
    PERFORM demo.add_member('address like an id', 'B', NULL, 'MEMBER', demo.at(50), user_id);

    PERFORM demo.add_group('shared by address', 'A', 'aqidah', 9, 160, 70, members => 'a');
    PERFORM demo.add_member('shared by address', 'A', NULL, 'MEMBER', demo.at(170),
        'Goes.On@example.com');
    PERFORM demo.add_group('shared by address', 'B', 'hijrah', 3, 40, 10, members => 'a');
    PERFORM demo.add_member('shared by address', 'B', NULL, 'MEMBER', demo.at(50),
        E' goes.on@example.com\t');

    PERFORM demo.add_group('nobody', 'A', 'aqidah', 3, 40, 10);
    PERFORM demo.add_member('nobody', 'A', NULL, 'MEMBER', demo.at(50), NULL);
    PERFORM demo.add_member('nobody', 'A', NULL, 'MEMBER', demo.at(50), '');
    PERFORM demo.add_member('nobody', 'A', NULL, 'MEMBER', demo.at(50), E' \t\r\n');
    -- A no-break space and a form feed are not trimmed, so each of them is an address of a person.
    PERFORM demo.add_member('nobody', 'A', NULL, 'MEMBER', demo.at(50), U&'\00A0');
    PERFORM demo.add_member('nobody', 'A', NULL, 'MEMBER', demo.at(50), E'\f');

    PERFORM demo.add_user('odd addresses', 'no', NULL);
    PERFORM demo.add_user('odd addresses', 'empty', '');
    PERFORM demo.add_user('odd addresses', 'blank', E' \t ');
    PERFORM demo.add_user('odd addresses', 'spaced', E'  spaced.out@example.com \n');
    PERFORM demo.add_user('odd addresses', 'twin', 'spaced.out@example.com');
    PERFORM demo.add_user('odd addresses', 'capital', 'SPACED.OUT@example.com');
    PERFORM demo.add_group('odd addresses', 'A', 'aqidah', 8, 140, 40,
        members => 'empty blank spaced twin capital', facilitator => NULL);
    PERFORM demo.add_member('odd addresses', 'A', 'no', 'FACILITATOR', demo.at(150),
        ' contact.from.record@example.com ');
    PERFORM demo.add_group('odd addresses', 'B', 'aqidah', 8, 140, 40, members => 'twin capital',
        facilitator => NULL);
    PERFORM demo.add_member('odd addresses', 'B', 'blank', 'FACILITATOR', demo.at(150), '  ');
END
$$;

COMMENT ON FUNCTION demo.make_email_families() IS
'People known by an address, and addresses that are not what they look like';


CREATE FUNCTION demo.make_deleted_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_user('deleted facilitator', 'f', 'deleted.facilitator@example.com',
        demo.at(30));
    PERFORM demo.add_group('deleted facilitator', 'A', 'aqidah', 8, 140, 40,
        name => demo.odd_name(7));

    PERFORM demo.add_user('deleted later', 'f', 'deleted.later@example.com', demo.at(-3));
    PERFORM demo.add_user('deleted later', 'a', 'deleted.much.later@example.com', demo.at(-500));
    PERFORM demo.add_group('deleted later', 'A', 'aqidah', 8, 140, 40, name => demo.odd_name(8));

    PERFORM demo.add_user('deleted at as_of', 'f', 'deleted.now@example.com', demo.at(0));
    PERFORM demo.add_user('deleted at as_of', 'a', 'deleted.next@example.com',
        demo.at(0) + interval '1 ms');
    PERFORM demo.add_group('deleted at as_of', 'A', 'aqidah', 8, 140, 40, name => demo.odd_name(9));

    PERFORM demo.add_user('deleted member', 'a', 'deleted.member@example.com', demo.at(100));
    PERFORM demo.add_group('deleted member', 'A', 'aqidah', 9, 160, 70, members => 'a b');
    PERFORM demo.add_group('deleted member', 'B', 'hijrah', 3, 40, 10, members => 'a b');
END
$$;

COMMENT ON FUNCTION demo.make_deleted_families() IS 'Soft-deleted users before, at and after as_of';


CREATE FUNCTION demo.make_hangout_families()
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM demo.add_group('outside the curriculum', code, code, 3, 40, 10)
    FROM unnest('{ramadhan,lower-case,trailing-space,two-spaces,upper-case,no-break-space}'::text[])
        AS code;

    PERFORM demo.add_group('no hangout', 'A', NULL);
    PERFORM demo.add_group('no hangout', 'B', NULL);
    PERFORM demo.add_meetings('no hangout', 'B', 'aqidah', '{1,2,3}', 40, 10, 'a b');
END
$$;

COMMENT ON FUNCTION demo.make_hangout_families() IS
'Groups whose hangout is no course, or has nearly the name of one, and groups without a hangout';
