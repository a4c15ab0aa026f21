-- Hard cases for the answers on places, over time, on follow-ups and on the forecast. They are
-- added to what demo.generate() has made in production, after follow_ups.sql was loaded. The same
-- arguments add the same rows.
--
--   SELECT hard.add_groups(seed, groups, now, instants, zone), hard.add_places(seed),
--          hard.add_follow_ups(seed, instants, zone)
--
-- "now" is the clock of the sync; "instants" are those that a test asks as of.

BEGIN;

SET LOCAL client_min_messages = warning;

DROP SCHEMA IF EXISTS hard CASCADE;

CREATE SCHEMA hard;

-- Returns one of the given values, chosen by the seed, topic and keys.
CREATE FUNCTION hard.one_of(seed integer, topic text, choices anyarray, key1 bigint,
    key2 bigint DEFAULT 0)
RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$
    SELECT choices[1 + demo.pick(seed, topic, cardinality(choices), key1, key2)]
$$;

-- Like one_of(), but earlier values are more frequent.
CREATE FUNCTION hard.mostly(seed integer, topic text, choices anyarray, key bigint)
RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$
    SELECT choices[1 + floor(cardinality(choices) * demo.random01(seed, topic, key) ^ 2)::integer]
$$;

-- Converts a local time to production's timestamp in UTC. 00:30 is computed as one hour after 23:30
-- of the day before: where the clocks go back over midnight, 00:30 occurs twice, and this gives the
-- first one.
CREATE FUNCTION hard.moment(day date, at time, zone text)
RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
               WHEN at = '00:30' THEN
                   (day - 1 + time '23:30') AT TIME ZONE zone AT TIME ZONE 'UTC' + interval '1 hour'
               ELSE (day + at) AT TIME ZONE zone AT TIME ZONE 'UTC'
           END
$$;

-- Returns a time of day: at an edge of the day, at noon or in the evening, or one that daylight
-- saving skips or repeats.
CREATE FUNCTION hard.time_of_day(seed integer, topic text, key1 bigint, key2 bigint DEFAULT 0)
RETURNS time LANGUAGE sql IMMUTABLE AS $$
    SELECT hard.one_of(seed, topic, ARRAY[time '00:00', '00:00:00.001', '00:30', '01:30', '02:15',
        '12:00',
        '19:30', '23:30', '23:59:59.999'], key1, key2)
$$;

-- Gives every group a place: in several spellings, with white space of all sorts or no place at
-- all. Some names differ by one letter, some are too short for that rule, and some contain a
-- no-break space or a vertical tab, which the rules do not count as white space.
CREATE FUNCTION hard.add_places(seed integer)
RETURNS void LANGUAGE sql AS $$
    WITH numbered AS (
        SELECT gathering.id, row_number() OVER (ORDER BY gathering.id COLLATE "C") AS no
        FROM public."HangoutGroup" AS gathering
    )
    UPDATE public."HangoutGroup" AS gathering
    SET province = hard.mostly(seed, 'province', ARRAY['Jawa Barat', 'Jawa Barat', 'jawa barat',
            'JAWA BARAT', E' Jawa \t Barat\r\n', E'Jawa\r\nBarat', 'Jwaa Barat', 'Banten', 'banten',
            'Bantan', 'Bantn', 'Bali', 'Balii', 'Riau', 'Riaw', NULL, NULL, '', E' \t\r\n',
            E'Überland', E'überland'], no),
        city = hard.mostly(seed, 'city', ARRAY['Bandung', 'Bandung', 'bandung', 'BANDUNG ',
            E'\tBandung',
            'Badnung', 'Bandong', 'Bndung', 'Bandungg', 'Kota Bandung', E'Kota \r\n Bandung',
            E'Kota\u00a0Bandung', E'Kota\013Bandung', 'Bogor', 'Bogro', 'Bgor', 'Solo', 'Sola',
            'Solos',
            'Bekasi', 'Bekisa', 'bekasi', 'Depok', 'Depo', 'depok', NULL, '', E'\n', E'Çity',
            E'çity'],
            no)
    FROM numbered
    WHERE numbered.id = gathering.id
$$;

-- The planned meetings of the added groups: place 1 is the last meeting, place 2 the one before.
CREATE TABLE hard.meeting (
    group_no   integer NOT NULL,
    place      integer NOT NULL,
    met_on     date    NOT NULL,
    PRIMARY KEY (group_no, place)
);

-- Plans groups that stall, resume and stall again. Many of their silences have lengths at
-- thresholds of the rules. Meetings are counted back from a last meeting at a threshold before one
-- of the instants, or around a month's end. The first 22 groups met only once, long ago, so that in
-- their course at least 20 silences, as many as a forecast needs, last longer than all others.
CREATE FUNCTION hard.plan_meetings(seed integer, groups integer, today date, days date[])
RETURNS void LANGUAGE sql AS $$
    DELETE FROM hard.meeting;
    WITH planned AS (
        SELECT group_no,
               hard.one_of(seed, 'asked on', days, group_no) AS asked_on,
               ((date_trunc('month', today::timestamp)
                   - demo.pick(seed, 'month', 14, group_no) * interval '1 month')::date - 1)
                       AS month_end,
               CASE WHEN group_no <= 22 THEN 1
                    ELSE 3 + demo.pick(seed, 'meetings', 12, group_no) END AS meetings
        FROM generate_series(1, groups) AS group_no
    ), ended AS (
        SELECT planned.*,
               CASE
                   WHEN planned.group_no <= 22 THEN today - 800 + planned.group_no
                   WHEN planned.group_no % 3 = 0 THEN
                       planned.month_end + hard.one_of(seed, 'after',
                           ARRAY[-181, -180, -179, -90, -20,
                           -1, 0, 1, 27, 28, 29], group_no)
                   ELSE planned.asked_on - hard.one_of(seed, 'silent',
                       ARRAY[0, 1, 7, 13, 14, 15, 14, 27,
                           28, 29, 30, 28, 29, 42, 57, 58, 90, 180, 181], group_no)
               END AS last_on
        FROM planned
    )
    INSERT INTO hard.meeting (group_no, place, met_on)
    SELECT ended.group_no, place,
           ended.last_on - (sum(CASE WHEN place = 1 THEN 0
               WHEN place = 2 AND ended.group_no % 3 = 0 THEN
                   hard.one_of(seed, 'first gap', ARRAY[1, 28, 29, 48, 56, 57, 118, 208, 209],
                       group_no)
               ELSE hard.one_of(seed, 'gap', ARRAY[1, 2, 7, 7, 7, 7, 7, 14, 15, 20, 27, 28, 29, 30,
                   31,
                   35, 42, 43, 56, 57, 58, 59, 90, 100], group_no, place) END)
               OVER (PARTITION BY ended.group_no ORDER BY place))::integer
    FROM ended
    CROSS JOIN LATERAL generate_series(1, ended.meetings) AS place
$$;

-- Writes the groups with their people. Most were made before they first met, some later; the last
-- twelve have no planned meeting.
CREATE FUNCTION hard.write_groups(seed integer, groups integer, today date, instants timestamptz[],
    zone text)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO public."HangoutGroup"
        (id, "createdAt", "updatedAt", name, status, "hangoutId", "startDate")
    SELECT 'hard ' || group_no,
           CASE
               WHEN group_no - groups BETWEEN 1 AND cardinality(instants) THEN hard.moment(
                   reference.day_of(instants[group_no - groups], zone) - 1, time '00:30', zone)
               WHEN demo.chance(seed, 'made late', 0.1, group_no) THEN hard.moment(
                   COALESCE(met.first_on, today - 40)
                       + hard.one_of(seed, 'late', ARRAY[0, 1, 30], group_no),
                   hard.time_of_day(seed, 'late at', group_no), zone)
               WHEN demo.chance(seed, 'made at the instant', 0.05, group_no) THEN
                   hard.one_of(seed, 'instant', instants, group_no) AT TIME ZONE 'UTC'
                   + hard.one_of(seed, 'beside it', ARRAY[interval '0', '0', '1 ms', '-1 ms'],
                       group_no)
               WHEN demo.chance(seed, 'made at midnight', 0.1, group_no) THEN hard.moment(
                   reference.day_of(hard.one_of(seed, 'instant', instants, group_no), zone)
                       - demo.pick(seed, 'days before', 2, group_no),
                   hard.one_of(seed, 'midnight', ARRAY[time '00:00', '00:30', '23:59:59.999'],
                       group_no), zone)
               WHEN demo.chance(seed, 'made a week before', 0.15, group_no) THEN
                   hard.one_of(seed, 'instant', instants, group_no) AT TIME ZONE 'UTC'
                   - interval '168 hours' + hard.one_of(seed, 'beside', ARRAY[interval '0', '1 ms',
                       '-1 ms', '30 minutes', '-30 minutes'], group_no)
               ELSE hard.moment(COALESCE(met.first_on, today - 300) - 3, '09:00', zone)
           END,
           hard.moment(today, '03:00', zone), 'Hard ' || group_no, 'ACTIVE',
           (SELECT hangout.id
            FROM public."Hangout" AS hangout
            JOIN reference.course_config AS course ON course.course_name = hangout.name
            WHERE course.sequence_order = CASE WHEN group_no <= 22 THEN 1
                      ELSE hard.one_of(seed, 'course', ARRAY[1, 1, 1, 1, 2, 2, 3, 4], group_no) END
            ORDER BY hangout.id COLLATE "C"
            LIMIT 1),
           CASE WHEN met.first_on IS NULL THEN hard.moment(
               hard.one_of(seed, 'never', instants, group_no)::date
                   - hard.one_of(seed, 'planned', ARRAY[14, 27, 28, 29, 30, 36], group_no),
               hard.time_of_day(seed, 'planned at', group_no), zone) END
    FROM generate_series(1, groups + 12) AS group_no
    LEFT JOIN (
        SELECT meeting.group_no, min(meeting.met_on) AS first_on
        FROM hard.meeting AS meeting
        GROUP BY meeting.group_no) AS met USING (group_no);

    INSERT INTO public."UserHangoutGroup"
        (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId",
            "userId",
         "userEmail")
    SELECT 'hard ' || group_no || ' ' || seat, timestamp '2024-01-01', timestamp '2024-01-01',
           timestamp '2024-01-01', 'ACTIVE', CASE seat WHEN 0 THEN 'FACILITATOR' ELSE 'MEMBER' END,
           'hard ' || group_no, person.id, person.email
    FROM generate_series(1, groups + 12) AS group_no
    CROSS JOIN generate_series(0, 3) AS seat
    JOIN (
        SELECT someone.id, someone.email, row_number() OVER (ORDER BY someone.id COLLATE "C") AS no
        FROM public."User" AS someone) AS person
      ON person.no = 1 + (group_no / 3 * 4 + seat) % 40
    WHERE seat > 0 OR group_no % 5 > 0
$$;

-- Writes one or two attendances per planned meeting. The episodes rise towards the end of the
-- course without reaching it, except that one in seven of the groups after the 22nd graduates, at
-- its last meeting or an earlier one.
CREATE FUNCTION hard.write_attendance(seed integer, groups integer, zone text)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO public."UserHangoutGroupAttendance"
        (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
    SELECT DISTINCT ON (meeting.group_no, meeting.place, twice)
           'hard ' || meeting.group_no || ' ' || meeting.place || ' ' || twice,
           hard.moment(meeting.met_on, hard.time_of_day(seed, 'met at', meeting.group_no,
               meeting.place * 2 + twice), zone),
           episode.id, 'hard ' || meeting.group_no, person.id
    FROM hard.meeting AS meeting
    CROSS JOIN generate_series(0, 1) AS twice
    JOIN public."HangoutGroup" AS gathering ON gathering.id = 'hard ' || meeting.group_no
    JOIN public."Hangout" AS hangout ON hangout.id = gathering."hangoutId"
    JOIN reference.course_config AS course ON course.course_name = hangout.name
    JOIN public."HangoutEpisode" AS episode ON episode."hangoutId" = hangout.id
    JOIN (SELECT min(someone.id) AS id FROM public."User" AS someone) AS person ON true
    WHERE (twice = 0 OR demo.chance(seed, 'twice', 0.3, meeting.group_no, meeting.place))
      AND episode."order" = CASE
              WHEN meeting.group_no % 7 = 0 AND meeting.group_no > 22
               AND meeting.place = hard.one_of(seed, 'graduates', ARRAY[1, 1, 2, 4],
                   meeting.group_no)
                  THEN course.max_episodes
              ELSE GREATEST(course.max_episodes - meeting.place
                      - demo.pick(seed, 'behind', 3, meeting.group_no), 1)
          END
    ORDER BY meeting.group_no, meeting.place, twice, episode.id COLLATE "C"
$$;

-- Lets a few groups attend exactly at the instants that a test asks as of, or a millisecond before
-- or after.
CREATE FUNCTION hard.attend_at_instants(seed integer, groups integer, instants timestamptz[])
RETURNS void LANGUAGE sql AS $$
    INSERT INTO public."UserHangoutGroupAttendance"
        (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
    SELECT DISTINCT ON (group_no, place)
           'instant ' || group_no || ' ' || place,
           instant AT TIME ZONE 'UTC'
               + hard.one_of(seed, 'attends', ARRAY[interval '0', '0', '1 ms', '-1 ms'], group_no,
                   place),
           episode.id, gathering.id, attendance."userId"
    FROM generate_series(23, groups + 12) AS group_no
    CROSS JOIN unnest(instants) WITH ORDINALITY AS asked (instant, place)
    JOIN public."HangoutGroup" AS gathering ON gathering.id = 'hard ' || group_no
    JOIN public."HangoutEpisode" AS episode ON episode."hangoutId" = gathering."hangoutId"
    CROSS JOIN (
        SELECT min(attendance."userId") AS "userId"
        FROM public."UserHangoutGroupAttendance" AS attendance) AS attendance
    WHERE demo.chance(seed, 'attends at all', 0.03, group_no, place)
      AND episode."order" = 1
    ORDER BY group_no, place, episode.id COLLATE "C"
$$;

CREATE FUNCTION hard.add_groups(
    seed integer, groups integer, now timestamptz, instants timestamptz[], zone text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today date := reference.day_of(now, zone);
    days date[] := (SELECT array_agg(reference.day_of(instant, zone))
        FROM unnest(instants) AS instant);
BEGIN
    PERFORM hard.plan_meetings(seed, groups, today, days);
    PERFORM hard.write_groups(seed, groups, today, instants, zone);
    PERFORM hard.write_attendance(seed, groups, zone);
    PERFORM hard.attend_at_instants(seed, groups, instants);
    ANALYZE public."HangoutGroup", public."UserHangoutGroup", public."UserHangoutGroupAttendance";
END
$$;

-- Returns instants at which follow-ups are noted, per group: around its silences, its meetings and
-- the instants that a test asks as of.
CREATE FUNCTION hard.note_instants(seed integer, instants timestamptz[], zone text)
RETURNS TABLE (group_id text, kind text, noted_at timestamptz) LANGUAGE sql STABLE AS $$
    WITH met AS MATERIALIZED (
        SELECT attendance.group_id, attendance.attended_on, min(attendance.attended_at) AS first_at,
               lead(attendance.attended_on) OVER (
                   PARTITION BY attendance.group_id ORDER BY attendance.attended_on) AS next_on,
               row_number() OVER (
                   ORDER BY attendance.group_id COLLATE "C", attendance.attended_on) AS no
        FROM reference.attendance_of('infinity') AS attendance
        GROUP BY attendance.group_id, attendance.attended_on
    ),
    gathering AS MATERIALIZED (
        SELECT gathering.id, row_number() OVER (ORDER BY gathering.id COLLATE "C") AS no
        FROM public."HangoutGroup" AS gathering
    )
    -- Inside a silence, and at its edges.
    SELECT met.group_id, 'silence',
           (met.attended_on + hard.one_of(seed, 'into',
               ARRAY[1, 14, 27, 28, 29, 29, 29, 30, 30, 31, 40, 50],
               met.no) + hard.time_of_day(seed, 'silence at', met.no)) AT TIME ZONE zone
    FROM met
    WHERE COALESCE(met.next_on - met.attended_on, 1000) > 28
      AND demo.chance(seed, 'noted in a silence', 0.7, met.no)
    UNION ALL
    -- Up to 30 days before the next meeting, or on its day.
    SELECT met.group_id, 'before the next',
           (met.next_on - hard.one_of(seed, 'left', ARRAY[0, 1, 27, 28, 29, 30], met.no)
               + hard.time_of_day(seed, 'left at', met.no)) AT TIME ZONE zone
    FROM met
    WHERE met.next_on - met.attended_on > 28
      AND demo.chance(seed, 'noted before the next', 0.4, met.no)
    UNION ALL
    -- At the first attendance of a meeting's day, or up to a day before or after it.
    SELECT met.group_id, 'meeting', met.first_at
        + hard.one_of(seed, 'beside', ARRAY[interval '0', '1 ms',
        '-1 ms', '1 microsecond', '10 minutes', '1 day', '-1 day'], met.no)
    FROM met
    WHERE demo.chance(seed, 'noted at a meeting', CASE WHEN met.next_on IS NULL THEN 0.25
        ELSE 0.04 END,
        met.no)
    UNION ALL
    -- Around the instants that are asked as of, for groups of any kind.
    SELECT gathering.id, 'instant',
           (reference.day_of(instant, zone) - hard.one_of(seed, 'ago',
               ARRAY[0, 1, 13, 14, 14, 15, 15, 16,
               27, 28, 29, 30], gathering.no, place)
                   + hard.time_of_day(seed, 'ago at', gathering.no, place))
               AT TIME ZONE zone
    FROM gathering
    CROSS JOIN unnest(instants) WITH ORDINALITY AS asked (instant, place)
    WHERE demo.chance(seed, 'noted by instant', 0.15, gathering.no, place)
    UNION ALL
    SELECT gathering.id, 'at the instant', instant
        + hard.one_of(seed, 'at', ARRAY[interval '0', '1 ms',
        '-1 ms', '1 microsecond'], gathering.no, place)
    FROM gathering
    CROSS JOIN unnest(instants) WITH ORDINALITY AS asked (instant, place)
    WHERE demo.chance(seed, 'noted at instant', 0.05, gathering.no, place)
    UNION ALL
    -- For groups that production does not have.
    SELECT 'gone ' || place, 'gone', instant - interval '20 days'
    FROM unnest(instants) WITH ORDINALITY AS asked (instant, place)
$$;

-- Fills reference.follow_up. Some groups get two follow-ups at the same instant with different
-- outcomes.
CREATE FUNCTION hard.add_follow_ups(seed integer, instants timestamptz[], zone text)
RETURNS bigint LANGUAGE sql AS $$
    DELETE FROM reference.follow_up;
    WITH noted AS (
        SELECT noted.*,
               row_number() OVER (ORDER BY noted.group_id COLLATE "C", noted.noted_at, noted.kind)
                   AS no
        FROM hard.note_instants(seed, instants, zone) AS noted
    ),
    twice AS (
        SELECT noted.*, again,
               row_number() OVER (ORDER BY demo.hash(seed, 'id', noted.no, again)) AS id
        FROM noted
        CROSS JOIN generate_series(0, 1) AS again
        WHERE again = 0 OR demo.chance(seed, 'again', 0.1, noted.no)
    ),
    decided AS (
        SELECT twice.*,
               hard.one_of(seed, 'outcome', ARRAY['no_answer', 'no_answer', 'will_meet', 'paused',
                   'closed', 'wrong_contact'], twice.id) AS outcome,
               hard.one_of(seed, 'instant', instants, twice.id) AS instant
        FROM twice
    )
    INSERT INTO reference.follow_up
        (id, group_id, group_name, noted_at, noted_by, channel, outcome, note, next_on,
            withdrawn_by,
         withdrawn_at)
    SELECT decided.id, decided.group_id, 'Named ' || decided.group_id, decided.noted_at,
           hard.one_of(seed, 'by', ARRAY['ana', 'budi', 'citra'], decided.id),
           hard.one_of(seed, 'channel', ARRAY['email', 'whatsapp', 'phone', 'in_person', 'other'],
               decided.id),
           decided.outcome,
           hard.one_of(seed, 'note', ARRAY['', 'called', '<b>"later"</b>'], decided.id),
           CASE
               WHEN demo.chance(seed, 'next', 0.5, decided.id) THEN
                   reference.day_of(decided.instant, zone)
                       + hard.one_of(seed, 'next on', ARRAY[-30, -1, 0, 1, 1, 30], decided.id)
           END,
           CASE WHEN demo.chance(seed, 'withdrawn', 0.12, decided.id) THEN 'dewi' END,
           CASE WHEN demo.chance(seed, 'withdrawn', 0.12, decided.id) THEN GREATEST(
               decided.noted_at,
               hard.one_of(seed, 'withdrawn at', ARRAY[decided.noted_at + interval '1 hour',
                   decided.instant, decided.instant + interval '1 ms',
                   decided.instant - interval '1 ms'],
                   decided.id)) END
    FROM decided;
    SELECT count(*) FROM reference.follow_up
$$;

COMMIT;
