-- The answers as plain views on the raw tables, as a careful analyst would write them.
-- bench/answers compares the extension with them. Nothing is precomputed: each query computes its
-- answer. PostgreSQL and DuckDB run this same text on their own tables. Things that they spell
-- differently are defined before: the variables as_of (the instant of the answer, in UTC) and
-- facilitator (each group's first facilitator), the function percent(), and the view "attended"
-- (group_id, episode_id, at). A local day is a day of UTC + 7 hours (Asia/Jakarta).
-- Comments must not contain a variable's name with a colon before it, because
-- bench/lib/duckdb.mjs would replace it there too.

CREATE VIEW course AS
SELECT course_name, max_episodes, sequence_order,
    lead(sequence_order) OVER (ORDER BY sequence_order) AS next_order
FROM course_config;

-- The curriculum groups that exist at as_of.
CREATE VIEW gathering AS
SELECT
    gathering.id AS group_id,
    gathering.name AS group_name,
    gathering."hangoutId" AS hangout_id,
    gathering."createdAt" AS created_at,
    coalesce(gathering."startDate", gathering."createdAt") AS planned_start,
    course_config.course_name,
    course_config.max_episodes
FROM "HangoutGroup" AS gathering
JOIN "Hangout" AS hangout ON hangout.id = gathering."hangoutId"
JOIN course_config ON course_config.course_name = hangout.name
WHERE gathering."createdAt" <= :as_of;

-- The membership records that count. A joinedAt before 2000 is a typing error, and the record is
-- ignored, as the extension does. "person" is the user's id, or '@' and the e-mail address where
-- there is no user; the '@' keeps addresses different from ids.
CREATE VIEW membership AS
SELECT
    "hangoutGroupId" AS group_id,
    id AS record_id,
    "hangoutGroupRole" AS role,
    "joinedAt" AS joined_at,
    "userId" AS user_id,
    coalesce("userId", '@' || lower(trim("userEmail", E' \t\r\n'))) AS person
FROM "UserHangoutGroup"
WHERE "hangoutGroupRole" IN ('MEMBER', 'FACILITATOR') AND "joinedAt" <= :as_of
  AND "joinedAt" >= TIMESTAMP '2000-01-01'
  AND ("userId" IS NOT NULL OR trim("userEmail", E' \t\r\n') <> '');

CREATE VIEW facilitator AS :facilitator;

CREATE VIEW member AS
SELECT group_id, person
FROM membership
GROUP BY group_id, person
HAVING bool_and(role = 'MEMBER');

CREATE VIEW v_group_summary AS
SELECT
    gathering.group_id,
    gathering.group_name,
    gathering.course_name,
    gathering.max_episodes,
    facilitator.facilitator_id,
    coalesce(nullif(trim(person.email, E' \t\r\n'), ''), person.id) AS facilitator_name,
    coalesce(counted.member_count, 0) AS member_count,
    gathering.created_at
FROM gathering
LEFT JOIN facilitator ON facilitator.group_id = gathering.group_id
LEFT JOIN "User" AS person ON person.id = facilitator.facilitator_id
LEFT JOIN (SELECT group_id, count(*) AS member_count FROM member GROUP BY group_id) AS counted
    ON counted.group_id = gathering.group_id;

-- The episodes, with the number of episodes of their course.
CREATE VIEW episode AS
SELECT episode.id AS episode_id, episode."hangoutId" AS hangout_id, episode."order" AS place,
    course_config.max_episodes
FROM "HangoutEpisode" AS episode
JOIN "Hangout" AS hangout ON hangout.id = episode."hangoutId"
LEFT JOIN course_config ON course_config.course_name = hangout.name;

-- The groups that have met. A query that does not use a column of this view does not compute it.
CREATE VIEW v_group_progress AS
SELECT
    attended.group_id,
    greatest(max(episode.place) FILTER (WHERE episode.hangout_id = gathering."hangoutId"), 0)
        AS max_episode_reached,
    CAST(max(attended.at) + INTERVAL '7 hours' AS date) AS last_meeting_date,
    count(DISTINCT CAST(attended.at + INTERVAL '7 hours' AS date)) AS total_meetings,
    CAST(:as_of + INTERVAL '7 hours' AS date)
        - CAST(max(attended.at) + INTERVAL '7 hours' AS date) AS days_since_last_meeting,
    CAST(min(attended.at) + INTERVAL '7 hours' AS date) AS first_meeting_date,
    CAST(min(attended.at) FILTER (
        WHERE episode.hangout_id = gathering."hangoutId" AND episode.place >= episode.max_episodes
    ) + INTERVAL '7 hours' AS date) AS graduated_on
FROM attended
JOIN episode ON episode.episode_id = attended.episode_id
JOIN "HangoutGroup" AS gathering ON gathering.id = attended.group_id
WHERE attended.at <= :as_of AND attended.at >= TIMESTAMP '2000-01-01'
GROUP BY attended.group_id;

CREATE VIEW v_group_status AS
SELECT
    group_id,
    course_name,
    CASE
        WHEN max_episode_reached >= max_episodes THEN 'GRADUATED'
        WHEN days_inactive > 28 THEN 'STALLED'
        WHEN first_meeting_date IS NULL THEN 'NOT_STARTED'
        ELSE 'ACTIVE'
    END AS status,
    least(percent(max_episode_reached, max_episodes), 100) AS progress_pct,
    days_inactive,
    first_meeting_date,
    graduated_on
FROM (
    SELECT
        gathering.group_id,
        gathering.course_name,
        gathering.max_episodes,
        coalesce(progress.max_episode_reached, 0) AS max_episode_reached,
        greatest(CAST(:as_of + INTERVAL '7 hours' AS date)
            - coalesce(progress.last_meeting_date,
                CAST(gathering.planned_start + INTERVAL '7 hours' AS date)), 0) AS days_inactive,
        progress.first_meeting_date,
        progress.graduated_on
    FROM gathering
    LEFT JOIN v_group_progress AS progress ON progress.group_id = gathering.group_id
) AS measured;

-- The fate of every group: one row for each group that it went on as, or one row with NULLs. The
-- two views below read it. A query of either computes v_group_status only once, because the CTE
-- gone is materialized.
CREATE VIEW fate AS
WITH gone AS MATERIALIZED (
    SELECT status.group_id, status.status, status.first_meeting_date, status.graduated_on,
        course.course_name, course.sequence_order, course.next_order, facilitator.facilitator_id
    FROM v_group_status AS status
    JOIN course ON course.course_name = status.course_name
    LEFT JOIN facilitator ON facilitator.group_id = status.group_id
), candidate AS MATERIALIZED (
    SELECT a.group_id AS group_a_id, b.group_id AS group_b_id, b.course_name AS course_b,
        a.facilitator_id, b.first_meeting_date - a.graduated_on AS days_between
    FROM gone AS a
    JOIN gone AS b ON b.facilitator_id = a.facilitator_id AND b.sequence_order = a.next_order
    WHERE a.graduated_on IS NOT NULL AND b.first_meeting_date IS NOT NULL
      AND b.first_meeting_date - a.graduated_on BETWEEN -30 AND 90
), involved AS (
    SELECT group_a_id AS group_id FROM candidate UNION SELECT group_b_id FROM candidate
), somebody AS MATERIALIZED (
    SELECT membership.group_id, membership.person
    FROM membership
    JOIN involved ON involved.group_id = membership.group_id
    GROUP BY membership.group_id, membership.person
    HAVING bool_and(membership.role = 'MEMBER')
), sized AS (
    SELECT group_id, count(*) AS size FROM somebody GROUP BY group_id
), shared AS (
    SELECT candidate.group_a_id, candidate.group_b_id, count(*) AS shared_member_count
    FROM candidate
    JOIN somebody AS a ON a.group_id = candidate.group_a_id
    JOIN somebody AS b ON b.group_id = candidate.group_b_id AND b.person = a.person
    GROUP BY candidate.group_a_id, candidate.group_b_id
    HAVING count(*) >= 2
), link AS (
    SELECT candidate.*, shared.shared_member_count,
        percent(shared.shared_member_count, least(size_a.size, size_b.size)) AS overlap_pct
    FROM shared
    JOIN candidate
        ON candidate.group_a_id = shared.group_a_id AND candidate.group_b_id = shared.group_b_id
    JOIN sized AS size_a ON size_a.group_id = shared.group_a_id
    JOIN sized AS size_b ON size_b.group_id = shared.group_b_id
    WHERE 2 * shared.shared_member_count >= least(size_a.size, size_b.size)
)
SELECT gone.*, link.group_b_id, link.course_b, link.shared_member_count, link.overlap_pct,
    link.days_between
FROM gone
LEFT JOIN link ON link.group_a_id = gone.group_id;

CREATE VIEW v_curriculum_pipeline AS
SELECT group_id AS group_a_id, course_name AS course_a, group_b_id, course_b,
    facilitator_id AS shared_facilitator_id, shared_member_count, overlap_pct, days_between
FROM fate
WHERE group_b_id IS NOT NULL;

CREATE VIEW v_curriculum_funnel AS
WITH counted AS (
    SELECT
        sequence_order,
        count(*) AS groups_total,
        count(first_meeting_date) AS groups_started,
        count(*) FILTER (WHERE status = 'GRADUATED') AS graduated,
        count(*) FILTER (WHERE status = 'ACTIVE') AS active,
        count(*) FILTER (WHERE status = 'STALLED') AS stalled,
        count(*) FILTER (WHERE status = 'NOT_STARTED') AS not_started,
        count(*) FILTER (WHERE went_on) AS continued,
        count(*) FILTER (WHERE NOT is_settled AND NOT went_on) AS awaiting,
        count(*) FILTER (WHERE is_settled) AS settled,
        count(*) FILTER (WHERE is_settled AND went_on) AS settled_continued
    FROM (
        SELECT group_id, sequence_order, status, first_meeting_date,
            count(group_b_id) > 0 AS went_on,
            CAST(:as_of + INTERVAL '7 hours' AS date) - graduated_on > 90 AS is_settled
        FROM fate
        GROUP BY group_id, sequence_order, status, first_meeting_date, graduated_on
    ) AS one
    GROUP BY sequence_order
)
SELECT
    course.sequence_order,
    course.course_name,
    coalesce(groups_total, 0) AS groups_total,
    coalesce(groups_started, 0) AS groups_started,
    coalesce(graduated, 0) AS graduated,
    coalesce(active, 0) AS active,
    coalesce(stalled, 0) AS stalled,
    coalesce(not_started, 0) AS not_started,
    percent(graduated, groups_total) AS graduation_rate,
    CASE WHEN next_order IS NOT NULL THEN coalesce(continued, 0) END AS continued,
    CASE WHEN next_order IS NOT NULL THEN percent(continued, graduated) END AS continuation_rate,
    CASE WHEN next_order IS NOT NULL THEN coalesce(awaiting, 0) END AS awaiting,
    CASE WHEN next_order IS NOT NULL THEN percent(settled_continued, settled) END
        AS settled_continuation_rate
FROM course
LEFT JOIN counted ON counted.sequence_order = course.sequence_order;
