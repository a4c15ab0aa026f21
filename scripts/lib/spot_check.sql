-- Prints some groups of each status, chosen by a seed, with the facts that decide their status.
-- scripts/spot-check runs it. Variables: seed; groups, the number of groups per status; as_of, if
-- it is to differ from the session's setting.
--
-- The first call loads the library, so that the SET below checks its value.
SELECT ngeshare_as_of() AS loaded \gset
\if :{?as_of}
SET ngeshare.as_of = :'as_of';
\endif

WITH ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY status
            ORDER BY md5(:'seed' || ' ' || group_id), group_id COLLATE "C"
        ) AS place
    FROM ngeshare.group_fact
), chosen AS MATERIALIZED (
    SELECT *
    FROM ranked
    WHERE place <= :groups
), link AS MATERIALIZED (
    SELECT *
    FROM v_curriculum_pipeline
), odd AS MATERIALIZED (
    SELECT *
    FROM v_anomalies
    WHERE group_id IN (SELECT group_id FROM chosen)
), roster AS MATERIALIZED (
    SELECT *
    FROM v_member_roster
    WHERE group_id IN (SELECT group_id FROM chosen)
)
SELECT
    status,
    group_id,
    group_name,
    course_name || ', ' || max_episodes || ' episodes' AS course,
    created_at AT TIME ZONE ngeshare.reporting_zone() AS created_locally,
    started_on,
    (
        SELECT string_agg(day || ': ' || episodes, E'\n' ORDER BY day)
        FROM (
            SELECT
                met.day,
                string_agg(DISTINCT
                    coalesce('episode ' || episode."order", met.episode_id)
                    || CASE WHEN episode."hangoutId" = circle."hangoutId" THEN ''
                        ELSE ' of another hangout' END,
                    ', ') AS episodes
            FROM ngeshare.meeting AS met
            JOIN public."HangoutGroup" AS circle ON circle.id = met.group_id
            LEFT JOIN public."HangoutEpisode" AS episode ON episode.id = met.episode_id
            WHERE met.group_id = chosen.group_id
              AND met.first_at <= ngeshare.as_of()
            GROUP BY met.day
        ) AS meeting
    ) AS meetings,
    max_episode_reached || ' (' || progress_pct || ' %)' AS episode_reached,
    graduated_on,
    days_inactive,
    facilitator_name || CASE WHEN facilitator_is_deleted THEN ' (deleted)' ELSE '' END
        AS facilitator,
    member_count,
    (
        SELECT string_agg(
            role || ' ' || user_name || ', '
                || (joined_at AT TIME ZONE ngeshare.reporting_zone())::date,
            E'\n' ORDER BY role, joined_at, user_name)
        FROM roster
        WHERE roster.group_id = chosen.group_id
    ) AS people,
    (
        SELECT string_agg(
            CASE WHEN link.group_a_id = chosen.group_id THEN 'went on as ' || link.group_b_id
                 ELSE 'came from ' || link.group_a_id END
            || ' (' || link.shared_member_count || ' members, ' || link.days_between || ' days)',
            E'\n' ORDER BY link.group_a_id, link.group_b_id)
        FROM link
        WHERE chosen.group_id IN (link.group_a_id, link.group_b_id)
    ) AS links,
    (
        SELECT string_agg(odd.kind || ': ' || odd.detail, E'\n' ORDER BY odd.kind)
        FROM odd
        WHERE odd.group_id = chosen.group_id
    ) AS anomalies
FROM chosen
ORDER BY status, place;
