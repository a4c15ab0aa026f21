-- Views that count how often each hard case occurs in the generated data. 0 means that it is
-- missing.

CREATE VIEW demo.local_attendance AS
SELECT attendance.id,
       attendance."hangoutGroupId" AS group_id,
       attendance."userId" AS user_id,
       attendance."attendedAt" AS attended_at,
       (attendance."attendedAt" + interval '7 hours')::date AS day,
       episode."order" AS ord,
       episode."hangoutId" = hangout_group."hangoutId" IS TRUE AS own,
       hangout.course_no,
       demo.course_length(hangout.course_no) AS max_episodes
FROM public."UserHangoutGroupAttendance" AS attendance
JOIN public."HangoutEpisode" AS episode ON episode.id = attendance."hangoutEpisodeId"
JOIN public."HangoutGroup" AS hangout_group ON hangout_group.id = attendance."hangoutGroupId"
LEFT JOIN demo.hangout ON hangout.id = hangout_group."hangoutId"
WHERE attendance."attendedAt" >= '2000-01-01';

COMMENT ON VIEW demo.local_attendance IS
'Attendance that counts, with its local day, and whether it is at the group''s own hangout';


CREATE VIEW demo.group_case AS
SELECT hangout_group.id AS group_id,
       course_no,
       max_episodes,
       reached,
       last_day,
       today - coalesce(last_day, (coalesce("startDate", "createdAt") + interval '7 hours')::date)
           AS days_inactive,
       clock < "createdAt" AS not_yet,
       first_at < "createdAt" AS met_before_created
FROM demo.world
CROSS JOIN public."HangoutGroup" AS hangout_group
JOIN demo.hangout ON hangout.id = hangout_group."hangoutId"
LEFT JOIN LATERAL (SELECT demo.course_length(course_no)) AS course (max_episodes) ON true
LEFT JOIN (
    SELECT group_id,
           max(day) AS last_day,
           min(attended_at) AS first_at,
           greatest(0, max(ord) FILTER (WHERE own)) AS reached
    FROM demo.local_attendance
    CROSS JOIN demo.world
    WHERE attended_at <= clock
    GROUP BY group_id) AS met ON group_id = hangout_group.id
WHERE course_no IS NOT NULL;

COMMENT ON VIEW demo.group_case IS
'Curriculum groups with the values that decide their status as of the world''s instant';


CREATE VIEW demo.record_case AS
SELECT record.*,
       lower(btrim(record."userEmail", E' \t\r\n')) AS address,
       coalesce('u' || record."userId", 'e' || nullif(lower(btrim(record."userEmail", E' \t\r\n')),
           '')) AS person,
       clock < record."joinedAt" AS not_yet,
       record."joinedAt" BETWEEN '2000-01-01' AND clock AS counts
FROM public."UserHangoutGroup" AS record
CROSS JOIN demo.world;

COMMENT ON VIEW demo.record_case IS 'Membership records with the person they mean';


CREATE VIEW demo.hard_status AS
SELECT 'groups' AS of_what, hard.name, hard.found
FROM (
    SELECT count(*) FILTER (WHERE reached IS NULL AND days_inactive = 27) AS never_27,
           count(*) FILTER (WHERE reached IS NULL AND days_inactive = 28) AS never_28,
           count(*) FILTER (WHERE reached IS NULL AND days_inactive = 29) AS never_29,
           count(*) FILTER (WHERE reached IS NULL AND days_inactive < 0) AS starts_later,
           count(*) FILTER (WHERE reached < max_episodes AND days_inactive = 27) AS met_27,
           count(*) FILTER (WHERE reached < max_episodes AND days_inactive = 28) AS met_28,
           count(*) FILTER (WHERE reached < max_episodes AND days_inactive = 29) AS met_29,
           count(*) FILTER (WHERE reached >= max_episodes) AS graduated,
           count(*) FILTER (WHERE reached > max_episodes) AS beyond,
           count(*) FILTER (WHERE reached = 0 AND last_day IS NOT NULL) AS met_without_progress,
           count(*) FILTER (WHERE days_inactive > 28 AND reached < max_episodes
               AND reached * 100 >= 70 * max_episodes) AS rescue,
           count(*) FILTER (WHERE not_yet) AS not_yet,
           count(*) FILTER (WHERE met_before_created) AS met_before_created
    FROM demo.group_case) AS sums
CROSS JOIN LATERAL (VALUES
    ('never met, 27 days', never_27), ('never met, 28 days', never_28),
    ('never met, 29 days', never_29),
    ('never met, starts after as_of', starts_later),
    ('met 27 days ago', met_27), ('met 28 days ago', met_28), ('met 29 days ago', met_29),
    ('graduated', graduated), ('reached more than the last episode', beyond),
    ('met, no progress', met_without_progress),
    ('stalled at 70 % or more', rescue), ('created after as_of', not_yet),
    ('met before created', met_before_created)) AS hard (name, found);

COMMENT ON VIEW demo.hard_status IS 'Hard cases of a group''s status';


CREATE VIEW demo.hard_group AS
SELECT 'groups' AS of_what, hard.name, hard.found
FROM (
    SELECT count(*) FILTER (WHERE "hangoutId" IS NULL) AS no_hangout,
           count(*) FILTER (WHERE "hangoutId" IS NOT NULL AND course_no IS NULL) AS other_hangout,
           count(*) FILTER (WHERE lower(btrim(hangout.name)) = 'ngeshare sesi aqidah'
               AND course_no IS NULL) AS near_miss,
           count(*) FILTER (WHERE "startDate" IS NULL) AS no_start,
           count(*) FILTER (WHERE "startDate" > clock) AS starts_later,
           count(*) FILTER (WHERE "startDate" < "createdAt" - interval '90 days')
               AS starts_long_before,
           count(*) FILTER (WHERE "updatedAt" > "createdAt") AS updated,
           count(*) FILTER (WHERE "updatedAt" = "createdAt") AS unchanged,
           count(*) FILTER (WHERE g.name = ANY (
               ARRAY(SELECT demo.odd_name(n) FROM generate_series(0, 9) AS n))) AS odd_name,
           count(DISTINCT g.name) FILTER (WHERE g.name
               = ANY (ARRAY(SELECT demo.odd_name(n) FROM generate_series(0, 9) AS n))) AS odd_names,
           count(*) FILTER (WHERE
               concat(city, '/', province) ~ E'^\\s|\\s\\s|[\\t\\n]|\\s$|\\s/|/\\s')
               AS place_spaces,
           count(*) FILTER (WHERE city IN (upper(city), lower(city))
               OR (province <> '' AND province IN (upper(province), lower(province))))
                   AS place_case,
           count(*) FILTER (WHERE lower(btrim(city)) IN (SELECT lower(demo.written_city(n, way))
               FROM generate_series(0, 23) AS n, unnest('{4,5}'::integer[]) AS way))
                   AS city_misspelt,
           count(*) FILTER (WHERE lower(btrim(province)) IN (
               SELECT lower(demo.written_province(n, way)) FROM generate_series(0, 23) AS n,
                   unnest('{14,15}'::integer[]) AS way)) AS province_misspelt,
           count(*) FILTER (WHERE city <> '' AND coalesce(province, '') = '') AS city_alone
    FROM demo.world
    CROSS JOIN public."HangoutGroup" AS g
    LEFT JOIN demo.hangout ON hangout.id = g."hangoutId") AS sums
CROSS JOIN LATERAL (VALUES
    ('no hangout', no_hangout), ('outside the curriculum', other_hangout),
    ('near miss of a course', near_miss),
    ('no start date', no_start), ('start date after as_of', starts_later),
    ('start date long before created', starts_long_before),
    ('updated since', updated), ('never updated', unchanged),
    ('odd name', odd_name), ('different odd names', odd_names),
    ('place with white space', place_spaces), ('place in capitals or small letters', place_case),
    ('city one letter off', city_misspelt), ('province one letter off', province_misspelt),
    ('city without a province', city_alone)) AS hard (name, found);

COMMENT ON VIEW demo.hard_group IS 'Hard cases of a group''s own row';


CREATE VIEW demo.hard_belonging AS
SELECT 'groups' AS of_what, hard.name, hard.found
FROM (
    SELECT count(*) FILTER (WHERE led.users IS NULL) AS none,
           count(*) FILTER (WHERE led.users > 1) AS several,
           count(*) FILTER (WHERE led.tied) AS tied,
           count(*) FILTER (WHERE coalesce(belonging.members, 0) = 0) AS members_0,
           count(*) FILTER (WHERE belonging.members = 1) AS members_1,
           count(*) FILTER (WHERE belonging.members = 6) AS members_6,
           count(*) FILTER (WHERE belonging.members >= 12) AS members_12,
           count(*) FILTER (WHERE belonging.both_roles) AS both_roles,
           count(*) FILTER (WHERE belonging.twice) AS twice,
           count(*) FILTER (WHERE belonging.address_variants) AS variants
    FROM public."HangoutGroup" AS g
    LEFT JOIN (
        SELECT "hangoutGroupId", count(DISTINCT "userId") AS users,
               count(*) FILTER (WHERE earliest = "joinedAt") > 1 AS tied
        FROM (SELECT *, min("joinedAt") OVER (PARTITION BY "hangoutGroupId") AS earliest
              FROM demo.record_case
              WHERE "hangoutGroupRole" = 'FACILITATOR' AND "userId" IS NOT NULL AND counts)
                  AS record
        GROUP BY 1) AS led ON led."hangoutGroupId" = g.id
    LEFT JOIN (
        SELECT "hangoutGroupId",
               count(*) FILTER (WHERE is_member AND NOT leads) AS members,
               bool_or(is_member AND leads) AS both_roles,
               bool_or(records > 1) AS twice,
               bool_or(addresses > 1) AS address_variants
        FROM (
            SELECT "hangoutGroupId", person,
                   bool_or("hangoutGroupRole" = 'MEMBER') AS is_member,
                   bool_or("hangoutGroupRole" = 'FACILITATOR') AS leads,
                   count(*) FILTER (WHERE "hangoutGroupRole" = 'MEMBER') AS records,
                   count(DISTINCT "userEmail") FILTER (WHERE "userId" IS NULL) AS addresses
            FROM demo.record_case
            WHERE counts AND person IS NOT NULL
            GROUP BY 1, 2) AS per_person
        GROUP BY 1) AS belonging ON belonging."hangoutGroupId" = g.id) AS sums
CROSS JOIN LATERAL (VALUES
    ('no facilitator', none), ('several facilitators', several), ('facilitators tied', tied),
    ('no members', members_0), ('1 member', members_1), ('6 members', members_6),
    ('12 members or more', members_12),
    ('member and facilitator', both_roles), ('member twice', twice),
    ('one address in several forms', variants)) AS hard (name, found);

COMMENT ON VIEW demo.hard_belonging IS 'Hard cases of who belongs to a group';


CREATE VIEW demo.hard_record AS
SELECT 'records' AS of_what, hard.name, hard.found
FROM (
    SELECT count(*) FILTER (WHERE "joinedAt" IS NULL AND "hangoutGroupRole" = 'MEMBER')
               AS member_never,
           count(*) FILTER (WHERE "joinedAt" IS NULL AND "hangoutGroupRole" = 'FACILITATOR')
               AS facilitator_never,
           count(*) FILTER (WHERE not_yet) AS not_yet,
           count(*) FILTER (WHERE "joinedAt" < '2000-01-01') AS implausible,
           count(*) FILTER (WHERE "joinedAt" = '2000-01-01') AS barely_plausible,
           count(*) FILTER (WHERE "hangoutGroupRole" = 'ADMIN') AS admin,
           count(*) FILTER (WHERE "hangoutGroupRole" = 'OBSERVER') AS observer,
           count(*) FILTER (WHERE "hangoutGroupRole" = 'member') AS lower_case,
           count(*) FILTER (WHERE status <> 'ACTIVE') AS other_status,
           count(*) FILTER (WHERE person LIKE 'e%') AS only_email,
           count(*) FILTER (WHERE person LIKE 'e%' AND "hangoutGroupRole" = 'FACILITATOR')
               AS facilitator_email,
           count(*) FILTER (WHERE person LIKE 'e%' AND "userEmail" <> address) AS email_variant,
           count(*) FILTER (WHERE person LIKE 'e%'
               AND address IN (SELECT lower(btrim(email)) FROM public."User")) AS email_of_user,
           count(*) FILTER (WHERE person LIKE 'e%' AND address IN (SELECT id FROM public."User"))
               AS email_is_id,
           count(*) FILTER (WHERE person IS NULL AND "userEmail" IS NULL) AS nobody,
           count(*) FILTER (WHERE person IS NULL AND "userEmail" IS NOT NULL) AS blank,
           count(*) FILTER (WHERE id ~ '[A-Z]') AS upper_ids,
           count(*) FILTER (WHERE id ~ '-') AS dash_ids
    FROM demo.record_case) AS sums
CROSS JOIN LATERAL (VALUES
    ('member joined never', member_never), ('facilitator joined never', facilitator_never),
    ('joined after as_of', not_yet),
    ('joined before 2000-01-01 UTC', implausible), ('joined at 2000-01-01 UTC', barely_plausible),
    ('role ADMIN', admin), ('role OBSERVER', observer), ('role member', lower_case),
    ('other status', other_status),
    ('only an address', only_email), ('facilitator by address', facilitator_email),
    ('address not in its plain form', email_variant),
    ('address that a user has too', email_of_user), ('address that is a user''s id', email_is_id),
    ('neither user nor address', nobody), ('no user, blank address', blank),
    ('id with upper case', upper_ids), ('id with -', dash_ids)) AS hard (name, found);

COMMENT ON VIEW demo.hard_record IS 'Hard cases of a membership record';


CREATE VIEW demo.hard_user AS
SELECT 'users' AS of_what, hard.name, hard.found
FROM (
    SELECT count(*) FILTER (WHERE email IS NULL) AS none,
           count(*) FILTER (WHERE email = '') AS empty,
           count(*) FILTER (WHERE email ~ '^\s+$') AS blank,
           count(*) FILTER (WHERE email ~ '\S' AND email <> btrim(email, E' \t\r\n')) AS spaced,
           count(*) FILTER (WHERE same > 1 AND email ~ '\S') AS twins,
           count(*) FILTER (WHERE "deletedAt" <= clock) AS deleted,
           count(*) FILTER (WHERE "deletedAt" > clock) AS deleted_later,
           count(*) FILTER (WHERE "deletedAt" <= clock AND leads) AS deleted_facilitator,
           count(*) FILTER (WHERE "deletedAt" <= clock AND belongs) AS deleted_member,
           count(*) FILTER (WHERE member_since < facilitator_since) AS alumni,
           count(*) FILTER (WHERE member_since >= facilitator_since) AS member_later
    FROM (SELECT *, count(*) OVER (PARTITION BY lower(btrim(email, E' \t\r\n'))) AS same
        FROM public."User") AS u
    CROSS JOIN demo.world
    LEFT JOIN (
        SELECT "userId",
               bool_or("hangoutGroupRole" = 'FACILITATOR') AS leads,
               bool_or("hangoutGroupRole" = 'MEMBER') AS belongs,
               min("joinedAt") FILTER (WHERE "hangoutGroupRole" = 'MEMBER') AS member_since,
               max("joinedAt") FILTER (WHERE "hangoutGroupRole" = 'FACILITATOR')
                   AS facilitator_since
        FROM demo.record_case
        WHERE counts
        GROUP BY 1) AS since ON since."userId" = u.id) AS sums
CROSS JOIN LATERAL (VALUES
    ('no email', none), ('empty email', empty), ('blank email', blank),
    ('email with blanks around', spaced), ('email of two users', twins),
    ('deleted', deleted), ('deleted after as_of', deleted_later),
    ('deleted facilitator', deleted_facilitator), ('deleted member', deleted_member),
    ('alumnus', alumni), ('facilitator before member', member_later)) AS hard (name, found);

COMMENT ON VIEW demo.hard_user IS 'Hard cases of a user';


CREATE VIEW demo.hard_attendance AS
SELECT 'attendances' AS of_what, hard.name, hard.found
FROM (
    SELECT count(*) FILTER (WHERE NOT own) AS foreign_episode,
           count(*) FILTER (WHERE own AND ord > max_episodes) AS beyond,
           count(*) FILTER (WHERE ord = 0) AS order_0,
           count(*) FILTER (WHERE ord < 0) AS order_negative,
           count(*) FILTER (WHERE day <> attended_at::date) AS other_day,
           count(*) FILTER (WHERE attended_at::time = '16:59:59.999') AS before_midnight,
           count(*) FILTER (WHERE attended_at::time = '17:00') AS midnight,
           count(*) FILTER (WHERE attended_at > clock) AS future,
           count(*) FILTER (WHERE attended_at > clock AND attended_at < clock + interval '1 hour')
               AS future_minutes,
           count(*) FILTER (WHERE attended_at > clock + interval '1 year') AS future_years,
           count(*) FILTER (WHERE attended_at = clock) AS now,
           count(*) FILTER (WHERE attended_at = today - 45 - interval '7 hours') AS window_edge,
           count(*) FILTER (WHERE attended_at = today - 45 - interval '7 hours 0.001 seconds')
               AS before_window,
           count(*) FILTER (WHERE day_rows > 1) AS again_that_day,
           count(*) FILTER (WHERE record."userId" IS NULL) AS stranger
    FROM (SELECT *, count(*) OVER (PARTITION BY group_id, user_id, day) AS day_rows
        FROM demo.local_attendance) AS attendance
    CROSS JOIN demo.world
    LEFT JOIN (SELECT DISTINCT "hangoutGroupId", "userId" FROM public."UserHangoutGroup") AS record
        ON record."hangoutGroupId" = group_id
       AND record."userId" = user_id) AS sums
CROSS JOIN LATERAL (VALUES
    ('at another hangout''s episode', foreign_episode), ('beyond the last episode', beyond),
    ('order 0', order_0), ('negative order', order_negative),
    ('local day is not the day of UTC', other_day),
    ('a millisecond before a local midnight', before_midnight),
            ('at a local midnight', midnight),
    ('after as_of', future), ('minutes after as_of', future_minutes),
    ('years after as_of', future_years), ('exactly at as_of', now),
    ('exactly at the window''s edge', window_edge),
    ('a millisecond before the window', before_window),
    ('again the same day', again_that_day), ('somebody who doesn''t belong', stranger)
) AS hard (name, found);

COMMENT ON VIEW demo.hard_attendance IS 'Hard cases of an attendance';


CREATE VIEW demo.hard_case AS
SELECT of_what, name, found
FROM demo.hard_status
UNION ALL
SELECT of_what, name, found
FROM demo.hard_group
UNION ALL
SELECT of_what, name, found
FROM demo.hard_belonging
UNION ALL
SELECT of_what, name, found
FROM demo.hard_record
UNION ALL
SELECT of_what, name, found
FROM demo.hard_user
UNION ALL
SELECT of_what, name, found
FROM demo.hard_attendance
UNION ALL
SELECT 'attendances', 'before 2000-01-01 UTC', count(*)
FROM public."UserHangoutGroupAttendance"
WHERE "attendedAt" < '2000-01-01'
UNION ALL
SELECT 'attendances', 'at 2000-01-01 UTC', count(*)
FROM public."UserHangoutGroupAttendance"
WHERE "attendedAt" = '2000-01-01'
UNION ALL
SELECT 'episodes', 'two of the same order', count(*)
FROM demo.episode
WHERE copy = 2
UNION ALL
SELECT 'records', 'largest number with the same "updatedAt"', max(records)
FROM (SELECT count(*) AS records FROM public."UserHangoutGroup" GROUP BY "updatedAt") AS same
UNION ALL
SELECT 'groups', 'boundary groups', count(*)
FROM demo.boundary_group;

COMMENT ON VIEW demo.hard_case IS
'How many groups, records, users and attendances carry each hard case; 0: missing';
