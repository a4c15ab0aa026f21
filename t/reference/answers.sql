-- The reference: the rules of the answers in plain SQL, computed directly from production's tables
-- and their whole history.
--
-- Above a statement are the sentences of the requirements that it implements, in quotation marks.
-- The section numbers are those of the requirements, too. The requirements are not in this
-- repository; docs/rules.md states the rules in other words. The tests compare the extension's
-- answers with this file, so its SQL is as simple as possible: a reader must be able to see that it
-- is right.
--
-- Words used throughout: an "instant" is a timestamptz, a "moment" is production's timestamp(3) in
-- UTC, a "zone" is the name of the time zone whose local days are counted. A parameter as_of is the
-- instant that a function answers as of.
--
-- STRICT makes a function return no rows as of NULL. It also keeps the planner from inlining the
-- functions into one query that would be too large to plan well; each call is evaluated once.

BEGIN;

SET LOCAL client_min_messages = warning;

DROP SCHEMA IF EXISTS reference CASCADE;

CREATE SCHEMA reference;

-- Settings and courses ----------------------------------------------------------------------------

-- The courses: "course_config(course_name primary key, max_episodes > 0, sequence_order unique)."
CREATE TABLE reference.course_config (
    course_name    text    PRIMARY KEY,
    max_episodes   integer NOT NULL CHECK (max_episodes > 0),
    sequence_order integer NOT NULL UNIQUE
);

INSERT INTO reference.course_config
VALUES ('Ngeshare Sesi Aqidah', 9, 1),
       ('Ngeshare Sesi Hijrah', 9, 2),
       ('Ngeshare Sesi Sejarah', 11, 3),
       ('Ngeshare Sesi Dakwah', 7, 4);

-- "The thresholds (28, 90, 30, 2, 50, 70, 45) are settings with these defaults, each named once."
-- No function reads the attendance window (45), because no answer depends on it. "The sync's clock
-- is the real one; ngeshare.sync_clock replaces it, for FUTURE_ATTENDANCE too": the column clock is
-- that replacement; NULL means the real clock.
CREATE TABLE reference.setting (
    timezone               text    NOT NULL DEFAULT 'Asia/Jakarta',
    active_days            integer NOT NULL DEFAULT 28,
    link_days              integer NOT NULL DEFAULT 90,
    link_early_days        integer NOT NULL DEFAULT 30,
    link_min_shared        integer NOT NULL DEFAULT 2,
    link_min_overlap_pct   numeric NOT NULL DEFAULT 50,
    rescue_min_pct         numeric NOT NULL DEFAULT 70,
    attendance_window_days integer NOT NULL DEFAULT 45,
    clock                  timestamptz
);

-- At most one row of settings can exist.
CREATE UNIQUE INDEX ON reference.setting ((true));

INSERT INTO reference.setting DEFAULT VALUES;

-- Many functions below join these two small tables. Without statistics the planner would estimate
-- hundreds of rows for each.
ANALYZE reference.course_config, reference.setting;

-- The requirements' section 1: time ---------------------------------------------------------------

-- Converts a moment to an instant: "Production's timestamp(3) values are UTC."
CREATE FUNCTION reference.instant_of(moment timestamp)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT moment AT TIME ZONE 'UTC'
$$;

-- "Answers speak in local days of ngeshare.timezone: day(t) is the local calendar day of t."
CREATE FUNCTION reference.day_of(instant timestamptz, zone text)
RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT (instant AT TIME ZONE zone)::date
$$;

-- The requirements' section 2: who and what counts ------------------------------------------------

-- Returns whether a moment counts: "[A membership record] with joinedAt, and an attendance with
-- attendedAt, before 2000-01-01 UTC: a typing error", which is ignored.
CREATE FUNCTION reference.is_plausible(moment timestamp)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT reference.instant_of(moment) >= timestamptz '2000-01-01 00:00:00 UTC'
$$;

-- "Trimmed means btrim(x, E' \t\r\n')."
CREATE FUNCTION reference.trimmed(x text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT btrim(x, E' \t\r\n')
$$;

-- "Next course: the one with the next larger sequence_order. Previous likewise. The
-- last course has no next."
CREATE FUNCTION reference.course()
RETURNS TABLE (course_name text, max_episodes integer, sequence_order integer,
    next_course_name text)
LANGUAGE sql STABLE AS $$
    SELECT course.course_name, course.max_episodes, course.sequence_order,
           lead(course.course_name) OVER (ORDER BY course.sequence_order)
    FROM reference.course_config AS course
$$;

-- "A curriculum group is a HangoutGroup whose Hangout.name equals a course_name exactly. All
-- answers are about curriculum groups only." "As of an instant, only these exist: groups with
-- createdAt <= as_of." "planned_start = startDate, else createdAt." "Rows that can't be mirrored
-- (non-finite timestamps that the rules need) wait in quarantine", so this function omits them.
CREATE FUNCTION reference.group_of(as_of timestamptz)
RETURNS TABLE (
    group_id text, group_name text, hangout_id text, course_name text, max_episodes integer,
    sequence_order integer,
    next_course_name text, created_at timestamptz, planned_start timestamptz
) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.id, gathering.name, gathering."hangoutId", course.course_name,
        course.max_episodes,
           course.sequence_order, course.next_course_name,
           reference.instant_of(gathering."createdAt"),
           reference.instant_of(COALESCE(gathering."startDate", gathering."createdAt"))
    FROM public."HangoutGroup" AS gathering
    JOIN public."Hangout" AS hangout ON hangout.id = gathering."hangoutId"
    JOIN reference.course() AS course ON course.course_name = hangout.name
    WHERE reference.instant_of(gathering."createdAt") <= as_of
      AND isfinite(gathering."createdAt")
      AND isfinite(COALESCE(gathering."startDate", gathering."createdAt"))
$$;

-- "A user's name is User.email, trimmed; where that is NULL or empty, the user's id." "Soft-deleted
-- users are shown as deleted (deletedAt <= as_of), never dropped." A deletedAt of NULL leaves
-- is_deleted NULL, which the views show as false.
CREATE FUNCTION reference.user_of(as_of timestamptz)
RETURNS TABLE (user_id text, user_name text, email text,
    is_deleted boolean) LANGUAGE sql STABLE STRICT AS $$
    SELECT someone.id,
           COALESCE(NULLIF(reference.trimmed(someone.email), ''), someone.id),
           NULLIF(reference.trimmed(someone.email), ''),
           reference.instant_of(someone."deletedAt") <= as_of
    FROM public."User" AS someone
$$;

-- "A membership record with joinedAt NULL is ignored everywhere. Roles other than MEMBER and
-- FACILITATOR are ignored." "As of an instant, only these exist: memberships with joinedAt <= as_of
-- whose group exists." "A person is the record's userId; without one, its userEmail trimmed and
-- lower-cased, in a key space of its own; with neither (or an empty one), the record is ignored."
CREATE FUNCTION reference.record_of(as_of timestamptz)
RETURNS TABLE (
    record_id text, group_id text, role text, joined_at timestamptz, user_id text, user_email text,
    person text
) LANGUAGE sql STABLE STRICT AS $$
    WITH named AS (
        SELECT record.id, record."hangoutGroupId", record."hangoutGroupRole",
               reference.instant_of(record."joinedAt") AS joined_at,
               record."userId",
               NULLIF(reference.trimmed(record."userEmail"), '') AS user_email
        FROM public."UserHangoutGroup" AS record
        WHERE record."joinedAt" IS NOT NULL
          AND isfinite(record."joinedAt")
          AND reference.is_plausible(record."joinedAt")
          AND record."hangoutGroupRole" IN ('MEMBER', 'FACILITATOR')
    )
    SELECT named.id, named."hangoutGroupId", named."hangoutGroupRole", named.joined_at,
        named."userId",
           named.user_email,
           COALESCE('user ' || named."userId", 'email ' || lower(named.user_email))
    FROM named
    JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = named."hangoutGroupId"
    WHERE named.joined_at <= as_of
      AND COALESCE(named."userId", named.user_email) IS NOT NULL
$$;

-- "The facilitator of a group is the user of its FACILITATOR record with the earliest
-- joinedAt (tie: the smallest record id in byte order), among the records that have a
-- userId." "facilitator_contact (User.email trimmed, else the facilitator record's
-- userEmail trimmed, else NULL)"
CREATE FUNCTION reference.facilitator_of(as_of timestamptz)
RETURNS TABLE (
    group_id text, facilitator_id text, facilitator_name text, facilitator_contact text,
    facilitator_is_deleted boolean
) LANGUAGE sql STABLE STRICT AS $$
    SELECT DISTINCT ON (record.group_id)
           record.group_id, record.user_id, someone.user_name,
           COALESCE(someone.email, record.user_email),
           someone.is_deleted
    FROM reference.record_of(as_of) AS record
    JOIN reference.user_of(as_of) AS someone ON someone.user_id = record.user_id
    WHERE record.role = 'FACILITATOR'
    ORDER BY record.group_id,
             record.joined_at,
             record.record_id COLLATE "C"
$$;

-- The column facilitator_count: "(distinct userIds)".
CREATE FUNCTION reference.facilitator_count_of(as_of timestamptz)
RETURNS TABLE (group_id text, facilitator_count integer) LANGUAGE sql STABLE STRICT AS $$
    SELECT record.group_id, count(DISTINCT record.user_id)::integer
    FROM reference.record_of(as_of) AS record
    WHERE record.role = 'FACILITATOR'
    GROUP BY record.group_id
$$;

-- "The members of a group are its distinct persons with a MEMBER record and no
-- FACILITATOR record there."
CREATE FUNCTION reference.member_of(as_of timestamptz)
RETURNS TABLE (group_id text, person text) LANGUAGE sql STABLE STRICT AS $$
    SELECT record.group_id, record.person
    FROM reference.record_of(as_of) AS record
    WHERE record.role = 'MEMBER'
    EXCEPT
    SELECT record.group_id, record.person
    FROM reference.record_of(as_of) AS record
    WHERE record.role = 'FACILITATOR'
$$;

-- The column member_count: it counts the persons of member_of().
CREATE FUNCTION reference.member_count_of(as_of timestamptz)
RETURNS TABLE (group_id text, member_count integer) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id, count(member.person)::integer
    FROM reference.group_of(as_of) AS gathering
    LEFT JOIN reference.member_of(as_of) AS member ON member.group_id = gathering.group_id
    GROUP BY gathering.group_id
$$;

-- The requirements' section 3: progress and status ------------------------------------------------

-- "As of an instant, only these exist: attendance with attendedAt <= as_of."
-- "Only attendance at an episode of the group's own hangout counts for progress."
CREATE FUNCTION reference.attendance_of(as_of timestamptz)
RETURNS TABLE (group_id text, attended_at timestamptz, attended_on date, own_episode boolean,
    episode_order integer)
LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id,
           reference.instant_of(attendance."attendedAt"),
           reference.day_of(reference.instant_of(attendance."attendedAt"), setting.timezone),
           episode."hangoutId" = gathering.hangout_id,
           episode."order"
    FROM public."UserHangoutGroupAttendance" AS attendance
    JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = attendance."hangoutGroupId"
    JOIN public."HangoutEpisode" AS episode ON episode.id = attendance."hangoutEpisodeId"
    CROSS JOIN reference.setting AS setting
    WHERE reference.instant_of(attendance."attendedAt") <= as_of
      AND isfinite(attendance."attendedAt")
      AND reference.is_plausible(attendance."attendedAt")
$$;

-- "Any attendance of a group counts for its activity: first and last meeting, and
-- total_meetings = the number of distinct local days with attendance." "max_episode_reached =
-- the greatest such HangoutEpisode.order, at least 0." "graduated_at = the earliest attendance
-- at an own episode whose order is >= the course's max_episodes." "started_on = day(first
-- attendance), else day(planned_start)."
CREATE FUNCTION reference.progress_of(as_of timestamptz)
RETURNS TABLE (
    group_id text, has_met boolean, first_meeting_date date, last_meeting_date date,
    total_meetings integer,
    max_episode_reached integer, graduated_on date, planned_on date, started_on date
) LANGUAGE sql STABLE STRICT AS $$
    WITH progress AS (
        SELECT gathering.group_id, gathering.planned_start,
               min(attendance.attended_at) AS first_attended_at,
               max(attendance.attended_at) AS last_attended_at,
               count(DISTINCT attendance.attended_on)::integer AS total_meetings,
               GREATEST(max(attendance.episode_order) FILTER (WHERE attendance.own_episode), 0)
                   AS max_episode_reached,
               min(attendance.attended_at) FILTER (
                   WHERE attendance.own_episode
                     AND attendance.episode_order >= gathering.max_episodes
               ) AS graduated_at
        FROM reference.group_of(as_of) AS gathering
        LEFT JOIN reference.attendance_of(as_of) AS attendance ON attendance.group_id
            = gathering.group_id
        GROUP BY gathering.group_id, gathering.planned_start
    )
    SELECT progress.group_id,
           progress.first_attended_at IS NOT NULL,
           reference.day_of(progress.first_attended_at, setting.timezone),
           reference.day_of(progress.last_attended_at, setting.timezone),
           progress.total_meetings, progress.max_episode_reached,
           reference.day_of(progress.graduated_at, setting.timezone),
           reference.day_of(progress.planned_start, setting.timezone),
           reference.day_of(COALESCE(progress.first_attended_at, progress.planned_start),
               setting.timezone)
    FROM progress
    CROSS JOIN reference.setting AS setting
$$;

-- "days_inactive = day(as_of) - day(last attendance), for a group that has never met -
-- day(planned_start); at least 0." "progress_pct = 100 * max_episode_reached / max_episodes, at
-- most 100." "Status, the first that holds: 1. GRADUATED: max_episode_reached >= max_episodes; 2.
-- ACTIVE: it has met, and days_inactive <= 28; 3. NOT_STARTED: it has never met, and days_inactive
-- <= 28; 4. STALLED: all others." The percentage is not rounded in this function, because
-- thresholds are compared with the unrounded value.
CREATE FUNCTION reference.status_of(as_of timestamptz)
RETURNS TABLE (group_id text, status text, exact_progress numeric, days_inactive integer)
LANGUAGE sql STABLE STRICT AS $$
    WITH measured AS (
        SELECT gathering.group_id, gathering.max_episodes, progress.has_met,
            progress.max_episode_reached,
               GREATEST(
                   reference.day_of(as_of, setting.timezone)
                       - COALESCE(progress.last_meeting_date, progress.planned_on),
                   0
               ) AS days_inactive
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
        CROSS JOIN reference.setting AS setting
    )
    SELECT measured.group_id,
           CASE
               WHEN measured.max_episode_reached >= measured.max_episodes THEN 'GRADUATED'
               WHEN measured.has_met AND measured.days_inactive <= setting.active_days THEN 'ACTIVE'
               WHEN NOT measured.has_met AND measured.days_inactive <= setting.active_days
                   THEN 'NOT_STARTED'
               ELSE 'STALLED'
           END,
           LEAST(100.0 * measured.max_episode_reached / measured.max_episodes, 100.0),
           measured.days_inactive
    FROM measured
    CROSS JOIN reference.setting AS setting
$$;

-- The requirements' section 5: the views on single groups -----------------------------------------

-- A group without a facilitator: "facilitator_id NULL, needs_facilitator true."
CREATE FUNCTION reference.v_group_summary(as_of timestamptz)
RETURNS TABLE (
    group_id text, group_name text, course_name text, max_episodes integer, facilitator_id text,
    facilitator_name text, member_count integer, created_at timestamptz, needs_facilitator boolean,
    facilitator_count integer, facilitator_is_deleted boolean
) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id, gathering.group_name, gathering.course_name, gathering.max_episodes,
           facilitator.facilitator_id, facilitator.facilitator_name, member.member_count,
           gathering.created_at,
           facilitator.facilitator_id IS NULL,
           COALESCE(counted.facilitator_count, 0),
           COALESCE(facilitator.facilitator_is_deleted, false)
    FROM reference.group_of(as_of) AS gathering
    JOIN reference.member_count_of(as_of) AS member ON member.group_id = gathering.group_id
    LEFT JOIN reference.facilitator_of(as_of) AS facilitator ON facilitator.group_id
        = gathering.group_id
    LEFT JOIN reference.facilitator_count_of(as_of) AS counted ON counted.group_id
        = gathering.group_id
$$;

-- The column days_since_last_meeting: "(NULL if never met)".
CREATE FUNCTION reference.v_group_progress(as_of timestamptz)
RETURNS TABLE (
    group_id text, max_episode_reached integer, last_meeting_date date, total_meetings integer,
    days_since_last_meeting integer, first_meeting_date date, graduated_on date
) LANGUAGE sql STABLE STRICT AS $$
    SELECT progress.group_id, progress.max_episode_reached, progress.last_meeting_date,
        progress.total_meetings,
           reference.day_of(as_of, setting.timezone) - progress.last_meeting_date,
           progress.first_meeting_date, progress.graduated_on
    FROM reference.progress_of(as_of) AS progress
    CROSS JOIN reference.setting AS setting
$$;

-- The columns of v_group_status. "All percentages and averages: numeric, rounded to one decimal
-- half away from zero."
CREATE FUNCTION reference.v_group_status(as_of timestamptz)
RETURNS TABLE (
    group_id text, course_name text, status text, progress_pct numeric, days_inactive integer,
    group_name text,
    sequence_order integer, max_episodes integer, max_episode_reached integer,
    total_meetings integer,
    first_meeting_date date, last_meeting_date date, graduated_on date, started_on date,
    facilitator_id text,
    facilitator_name text, member_count integer
) LANGUAGE sql STABLE STRICT AS $$
    SELECT summary.group_id, summary.course_name, state.status,
           round(state.exact_progress, 1),
           state.days_inactive, summary.group_name, gathering.sequence_order, summary.max_episodes,
           progress.max_episode_reached, progress.total_meetings, progress.first_meeting_date,
           progress.last_meeting_date, progress.graduated_on, progress.started_on,
           summary.facilitator_id,
           summary.facilitator_name, summary.member_count
    FROM reference.v_group_summary(as_of) AS summary
    JOIN reference.group_of(as_of) AS gathering ON gathering.group_id = summary.group_id
    JOIN reference.progress_of(as_of) AS progress ON progress.group_id = summary.group_id
    JOIN reference.status_of(as_of) AS state ON state.group_id = summary.group_id
$$;

-- The requirements' section 4, and the views on the pipeline --------------------------------------

-- "A and B are kin when they have the same (non-NULL) facilitator, shared_member_count =
-- |members(A) ∩ members(B)| >= 2, and overlap_pct = 100 * shared / min(member_count A,
-- member_count B) >= 50." Each pair is returned twice, once from either side. A group without
-- members has no overlap_pct, so it has no kin.
CREATE FUNCTION reference.kin(as_of timestamptz)
RETURNS TABLE (
    group_a_id text, group_b_id text, shared_facilitator_id text, shared_member_count integer,
    exact_overlap numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH facilitator AS (SELECT * FROM reference.facilitator_of(as_of)),
    member AS (SELECT * FROM reference.member_of(as_of)),
    counted AS (SELECT * FROM reference.member_count_of(as_of)),
    shared AS (
        SELECT a.group_id AS group_a_id,
               b.group_id AS group_b_id,
               count(*)::integer AS shared_member_count
        FROM member AS a
        JOIN member AS b ON b.person = a.person
        GROUP BY a.group_id, b.group_id
    ),
    pair AS (
        SELECT a.group_id AS group_a_id,
               b.group_id AS group_b_id,
               a.facilitator_id AS shared_facilitator_id,
               COALESCE(shared.shared_member_count, 0) AS shared_member_count,
               100.0 * COALESCE(shared.shared_member_count, 0)
                   / NULLIF(LEAST(a_counted.member_count, b_counted.member_count), 0)
                       AS exact_overlap
        FROM facilitator AS a
        JOIN facilitator AS b ON b.facilitator_id = a.facilitator_id
        JOIN counted AS a_counted ON a_counted.group_id = a.group_id
        JOIN counted AS b_counted ON b_counted.group_id = b.group_id
        LEFT JOIN shared ON shared.group_a_id = a.group_id AND shared.group_b_id = b.group_id
        WHERE a.group_id <> b.group_id
    )
    SELECT pair.group_a_id, pair.group_b_id, pair.shared_facilitator_id, pair.shared_member_count,
        pair.exact_overlap
    FROM pair
    CROSS JOIN reference.setting AS setting
    WHERE pair.shared_member_count >= setting.link_min_shared
      AND pair.exact_overlap >= setting.link_min_overlap_pct
$$;

-- "days_between = started_on(B) - day(graduated_at(A))." "Link A -> B: kin, B's course is next
-- after A's, A graduated, B has met, and -30 <= days_between <= 90."
CREATE FUNCTION reference.v_curriculum_pipeline(as_of timestamptz)
RETURNS TABLE (
    group_a_id text, course_a text, group_b_id text, course_b text, shared_facilitator_id text,
    shared_member_count integer, overlap_pct numeric, days_between integer
) LANGUAGE sql STABLE STRICT AS $$
    WITH gathering AS (SELECT * FROM reference.group_of(as_of)),
    progress AS (SELECT * FROM reference.progress_of(as_of)),
    kin AS (SELECT * FROM reference.kin(as_of)),
    candidate AS (
        SELECT kin.*,
               a.course_name AS course_a,
               b.course_name AS course_b,
               b_progress.started_on - a_progress.graduated_on AS days_between
        FROM kin
        JOIN gathering AS a ON a.group_id = kin.group_a_id
        JOIN gathering AS b ON b.group_id = kin.group_b_id
        JOIN progress AS a_progress ON a_progress.group_id = kin.group_a_id
        JOIN progress AS b_progress ON b_progress.group_id = kin.group_b_id
        WHERE b.course_name = a.next_course_name
          AND a_progress.graduated_on IS NOT NULL
          AND b_progress.has_met
    )
    SELECT candidate.group_a_id, candidate.course_a, candidate.group_b_id, candidate.course_b,
           candidate.shared_facilitator_id, candidate.shared_member_count,
           round(candidate.exact_overlap, 1),
           candidate.days_between
    FROM candidate
    CROSS JOIN reference.setting AS setting
    WHERE candidate.days_between >= - setting.link_early_days
      AND candidate.days_between <= setting.link_days
$$;

-- The columns of v_curriculum_funnel: "groups_started (met at least once), graduation_rate
-- (graduated/groups_total), continued (graduated groups with an outgoing link), continuation_rate
-- (continued/graduated), awaiting (graduated at most 90 days before day(as_of), no link),
-- settled_continuation_rate (of the groups graduated more than 90 days ago, the share with a link);
-- a course, those without groups too. The last course: the four continuation columns NULL." "All
-- percentages: NULL where the divisor is 0."
CREATE FUNCTION reference.v_curriculum_funnel(as_of timestamptz)
RETURNS TABLE (
    sequence_order integer, course_name text, groups_total integer, groups_started integer,
    graduated integer,
    active integer, stalled integer, not_started integer, graduation_rate numeric,
    continued integer,
    continuation_rate numeric, awaiting integer, settled_continuation_rate numeric
) LANGUAGE sql STABLE STRICT AS $$
    WITH link AS (
        SELECT DISTINCT pipeline.group_a_id
        FROM reference.v_curriculum_pipeline(as_of) AS pipeline
    ),
    fate AS (
        SELECT gathering.course_name, progress.has_met, state.status,
               link.group_a_id IS NOT NULL AS has_link,
               reference.day_of(as_of, setting.timezone) - progress.graduated_on > setting.link_days
                   AS is_settled
        FROM reference.group_of(as_of) AS gathering
        JOIN reference.progress_of(as_of) AS progress ON progress.group_id = gathering.group_id
        JOIN reference.status_of(as_of) AS state ON state.group_id = gathering.group_id
        LEFT JOIN link ON link.group_a_id = gathering.group_id
        CROSS JOIN reference.setting AS setting
    ),
    counted AS (
        SELECT course.sequence_order, course.course_name,
               course.next_course_name IS NULL AS is_last,
               count(fate.course_name)::integer AS groups_total,
               (count(*) FILTER (WHERE fate.has_met))::integer AS groups_started,
               (count(*) FILTER (WHERE fate.status = 'GRADUATED'))::integer AS graduated,
               (count(*) FILTER (WHERE fate.status = 'ACTIVE'))::integer AS active,
               (count(*) FILTER (WHERE fate.status = 'STALLED'))::integer AS stalled,
               (count(*) FILTER (WHERE fate.status = 'NOT_STARTED'))::integer AS not_started,
               (count(*) FILTER (WHERE fate.has_link))::integer AS continued,
               (count(*) FILTER (WHERE NOT fate.is_settled AND NOT fate.has_link))::integer
                   AS awaiting,
               count(*) FILTER (WHERE fate.is_settled) AS settled,
               count(*) FILTER (WHERE fate.is_settled AND fate.has_link) AS settled_continued
        FROM reference.course() AS course
        LEFT JOIN fate ON fate.course_name = course.course_name
        GROUP BY course.sequence_order, course.course_name, course.next_course_name
    )
    SELECT counted.sequence_order, counted.course_name,
           counted.groups_total, counted.groups_started, counted.graduated,
           counted.active, counted.stalled, counted.not_started,
           round(100.0 * counted.graduated / NULLIF(counted.groups_total, 0), 1),
           CASE WHEN NOT counted.is_last THEN counted.continued END,
           CASE WHEN NOT counted.is_last THEN round(100.0 * counted.continued
               / NULLIF(counted.graduated, 0), 1) END,
           CASE WHEN NOT counted.is_last THEN counted.awaiting END,
           CASE
               WHEN NOT counted.is_last THEN round(100.0 * counted.settled_continued
                   / NULLIF(counted.settled, 0), 1)
           END
    FROM counted
$$;

COMMIT;
