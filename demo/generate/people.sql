-- Generates membership records (group, person, role, joinedAt) and their users.

CREATE FUNCTION demo.member_of(seed integer, circle_no integer, slot integer, step integer)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN circle_no * 64::bigint + slot
    + CASE
          WHEN step >= 4 AND demo.chance(seed, 'new member 4', 0.15, circle_no, slot) THEN 48
          WHEN step >= 3 AND demo.chance(seed, 'new member 3', 0.15, circle_no, slot) THEN 32
          WHEN step >= 2 AND demo.chance(seed, 'new member 2', 0.15, circle_no, slot) THEN 16
          ELSE 0
      END;

COMMENT ON FUNCTION demo.member_of(integer, integer, integer, integer) IS
    'The person in a circle''s n-th slot: mostly the same from group to group, sometimes a new one';


CREATE FUNCTION demo.plan_members(seed integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.member_plan (group_no, slot, role, person_no, has_user, joined_at)
    SELECT group_no,
           slot,
           'MEMBER',
           demo.member_of(seed, circle_no, slot, step),
           slot = 1 OR NOT demo.chance(seed, 'only an email', 0.05,
               demo.member_of(seed, circle_no, slot, step)),
           CASE
               WHEN demo.chance(seed, 'joined never', 0.01, group_no, slot) THEN NULL
               WHEN demo.chance(seed, 'joined late', 0.08, group_no, slot)
                   THEN created_at + demo.pick(seed, 'joined late ms', 60, group_no, slot)
                       * interval '24 hours 7 minutes'
               ELSE created_at + demo.pick(seed, 'joined ms', 172800000, group_no, slot)
                   * interval '1 ms'
           END
    FROM demo.group_plan
    JOIN demo.circle_plan USING (circle_no)
    CROSS JOIN LATERAL generate_series(1, size) AS slot;
END;

COMMENT ON FUNCTION demo.plan_members(integer) IS
    'Members of the ordinary groups: 5 % known by an address only, 1 % without "joinedAt"';


CREATE FUNCTION demo.plan_facilitators(seed integer, circles integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.member_plan (group_no, slot, role, person_no, has_user, joined_at)
    SELECT group_no,
           slot,
           'FACILITATOR',
           CASE
               WHEN slot = 22 OR demo.chance(seed, 'other facilitator', 0.04, group_no)
                   THEN demo.facilitator_of(seed,
                       1 + demo.pick(seed, 'facilitator from', circles, group_no, slot))
               ELSE facilitator
           END,
           NOT demo.chance(seed, 'facilitator with an email', 0.01, group_no, slot),
           CASE
               WHEN demo.chance(seed, 'facilitator joined never', 0.01, group_no, slot) THEN NULL
               WHEN slot = 21 OR demo.chance(seed, 'facilitators tied', 0.3, group_no)
                   THEN created_at
               ELSE created_at + (demo.pick(seed, 'second joined', 600, group_no) - 200)
                   * interval '1 hour'
           END
    FROM demo.group_plan
    JOIN demo.circle_plan USING (circle_no)
    CROSS JOIN generate_series(21, 22) AS slot
    WHERE CASE slot
              WHEN 21 THEN NOT demo.chance(seed, 'no facilitator', 0.03, group_no)
              ELSE demo.chance(seed, 'two facilitators', 0.05, group_no)
          END;
END;

COMMENT ON FUNCTION demo.plan_facilitators(integer, integer) IS
    'Facilitators: 3 % of groups have none, 5 % a second one, who often joined first or at the '
    'same instant';


CREATE FUNCTION demo.plan_odd_members(seed integer, clock timestamp)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.member_plan (group_no, slot, role, person_no, has_user, joined_at)
    SELECT group_no,
           odd.slot,
           odd.role,
           CASE WHEN odd.of_member THEN demo.member_of(seed, circle_no, 1, step)
               ELSE 1100000000 + group_no END,
           odd.slot <> 36,
           CASE WHEN odd.slot = 35 THEN clock + group_no % 40 * interval '5 hours'
               + interval '1 minute'
                ELSE created_at + odd.slot * interval '13 hours'
           END
    FROM demo.group_plan
    CROSS JOIN (VALUES
        (31, 'ADMIN',       false, 0.02),
        (32, 'OBSERVER',    false, 0.02),
        (33, 'member',      false, 0.01),
        (34, 'FACILITATOR', true,  0.005),
        (35, 'MEMBER',      false, 0.01),
        (36, 'MEMBER',      false, 0.005),
        (37, 'MEMBER',      true,  0.01),
        (38, 'MEMBER',      true,  0.002)) AS odd (slot, role, of_member, share)
    WHERE demo.chance(seed, 'odd membership', odd.share::double precision, group_no, odd.slot);
END;

COMMENT ON FUNCTION demo.plan_odd_members(integer, timestamp) IS
    'Records that a naive count gets wrong: other roles, both roles at once, the same member '
    'twice, joined after as_of (slot 35), nobody (slot 36)';


CREATE FUNCTION demo.user_email(seed integer, person_no bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN demo.random01(seed, 'email', person_no) < 0.010 THEN NULL
        WHEN demo.random01(seed, 'email', person_no) < 0.013 THEN ''
        WHEN demo.random01(seed, 'email', person_no) < 0.015 THEN '   '
        WHEN demo.random01(seed, 'email', person_no) < 0.025
            THEN '  ' || demo.email(seed, person_no) || E' \t'
        WHEN demo.random01(seed, 'email', person_no) < 0.035
            THEN initcap(demo.email(seed, person_no) COLLATE "C")
        WHEN demo.random01(seed, 'email', person_no) < 0.040 THEN demo.email(seed, person_no - 1)
        ELSE demo.email(seed, person_no)
    END;

COMMENT ON FUNCTION demo.user_email(integer, bigint) IS
    'A user''s address: 1 % none, some empty or blank, with spaces around, in capitals, or '
    'somebody else''s';


CREATE FUNCTION demo.make_people(seed integer, clock timestamp)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."User" (id, "createdAt", "updatedAt", email, "lastLogin", "lastActive",
        "deletedAt")
    SELECT demo.cuid(seed, 'user', person_no),
           created_at,
           demo.touched(seed, 'user', created_at, clock, person_no),
           demo.user_email(seed, person_no),
           CASE WHEN demo.chance(seed, 'logged in', 0.7, person_no)
                THEN created_at + demo.pick(seed, 'last login', 180, person_no)
                    * interval '1 day' END,
           CASE WHEN demo.chance(seed, 'seen', 0.6, person_no)
                THEN created_at + demo.pick(seed, 'last active', 200, person_no)
                    * interval '1 day 11 minutes' END,
           CASE
               WHEN demo.random01(seed, 'deleted', person_no) < 0.015
                   THEN clock - demo.pick(seed, 'deleted before', 20000, person_no)
                       * interval '41 minutes'
               WHEN demo.random01(seed, 'deleted', person_no) < 0.018
                   THEN clock + (1 + demo.pick(seed, 'deleted after', 2000, person_no))
                       * interval '17 minutes'
           END
    FROM (
        SELECT person_no,
               coalesce(min(joined_at), clock - interval '30 days')
                   - demo.pick(seed, 'registered', 30000, person_no) * interval '1 minute 59 ms'
                       AS created_at
        FROM (
            SELECT person_no, joined_at FROM demo.member_plan WHERE has_user
            UNION ALL
            SELECT facilitator, NULL FROM demo.circle_plan) AS belonging
        GROUP BY person_no) AS person;
END;

COMMENT ON FUNCTION demo.make_people(integer, timestamp) IS
'Writes "User": the people of member_plan who have a user, and the circles'' facilitators';


CREATE FUNCTION demo.invited_email(seed integer, person_no bigint, way integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE way
        WHEN 0 THEN upper(demo.email(seed, person_no) COLLATE "C")
        WHEN 1 THEN ' ' || demo.email(seed, person_no)
        WHEN 2 THEN demo.email(seed, person_no) || E'\n'
        WHEN 3 THEN E'\t' || initcap(demo.email(seed, person_no) COLLATE "C") || E'\r\n'
        ELSE demo.email(seed, person_no)
    END;

COMMENT ON FUNCTION demo.invited_email(integer, bigint, integer) IS
    'An address as somebody typed it into an invitation: ways 0 to 3 differ in case and blanks '
    'alone';


CREATE FUNCTION demo.make_memberships(seed integer, clock timestamp)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."UserHangoutGroup"
        (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId",
            "userId", "publicId", "userEmail", "orderId")
    SELECT demo.cuid(seed, 'membership', group_no, slot),
           coalesce(joined_at, created_at),
           demo.touched(seed, 'membership', coalesce(joined_at, created_at), clock, group_no, slot),
           joined_at,
           ('{ACTIVE,ACTIVE,ACTIVE,ACTIVE,ACTIVE,ACTIVE,ACTIVE,PENDING,LEFT,REJECTED}'::text[])
               [1 + demo.pick(seed, 'membership status', 10, group_no, slot)],
           role,
           group_plan.id,
           CASE WHEN has_user THEN demo.cuid(seed, 'user', person_no) END,
           CASE WHEN slot % 4 = 0 THEN 'p' || demo.hash(seed, 'public id', group_no,
               slot)::text END,
           CASE
               WHEN slot = 36 THEN CASE WHEN group_no % 2 = 0 THEN E' \t ' END
               WHEN has_user AND demo.chance(seed, 'invited', 0.8, group_no, slot) THEN NULL
               ELSE demo.invited_email(seed, person_no,
                   demo.pick(seed, 'typed', 20, group_no, slot))
           END,
           CASE WHEN demo.chance(seed, 'paid', 0.05, group_no, slot)
               THEN demo.cuid(seed, 'order', 1 + group_no % 500) END
    FROM demo.member_plan
    JOIN demo.group_plan USING (group_no);
END;

COMMENT ON FUNCTION demo.make_memberships(integer, timestamp) IS
    'Writes "UserHangoutGroup" from its plan; slot 36 has neither a user nor an address';
