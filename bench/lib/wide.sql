-- Adds to a generated production one group with 10 * :groups members, and one facilitator with
-- :groups groups, whose members overlap. The groups of a course start when those of the previous
-- course have graduated, so by its dates any group of a course could be linked to any of the next.
-- A second run with a larger :groups adds the missing rows. bench/wide measures the times with
-- these rows, t/060_memory.pl the memory.

SET client_min_messages = warning;

INSERT INTO "User" (id, "updatedAt")
SELECT 'many-' || n, timestamp '2026-01-01' FROM generate_series(1, 10 * :groups) AS n
UNION ALL
SELECT 'leader', '2026-01-01'
ON CONFLICT DO NOTHING;

INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
SELECT 'crowd', '2024-01-01', '2026-01-01', 'crowd', 'ANY', min(id)
FROM "Hangout"
WHERE name = 'Ngeshare Sesi Aqidah'
ON CONFLICT DO NOTHING;

INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
SELECT 'led-' || n, '2024-01-01', '2026-01-01', 'led', 'ANY', courses[1 + n % 4]
FROM generate_series(1, :groups) AS n
CROSS JOIN (SELECT array_agg(id ORDER BY place) AS courses
            FROM (SELECT min(id) AS id, place
                  FROM "Hangout"
                  JOIN unnest(ARRAY['Ngeshare Sesi Aqidah', 'Ngeshare Sesi Hijrah',
                                    'Ngeshare Sesi Sejarah', 'Ngeshare Sesi Dakwah'])
                  WITH ORDINALITY AS named (name, place) USING (name)
                  GROUP BY place) AS course) AS four
ON CONFLICT DO NOTHING;

INSERT INTO "UserHangoutGroup"
    (id, "updatedAt", "joinedAt", status, "hangoutGroupRole", "hangoutGroupId", "userId")
SELECT 'in-crowd-' || n, timestamp '2026-01-01', timestamp '2024-01-01', 'ANY', 'MEMBER', 'crowd',
    'many-' || n
FROM generate_series(1, 10 * :groups) AS n
UNION ALL
SELECT 'leads-' || n, '2026-01-01', '2024-01-01', 'ANY', 'FACILITATOR', 'led-' || n, 'leader'
FROM generate_series(1, :groups) AS n
UNION ALL
SELECT 'in-led-' || n || '-' || m, '2026-01-01', '2024-01-01', 'ANY', 'MEMBER', 'led-' || n,
    'many-' || 1 + n / 4 * 4 + m
FROM generate_series(1, :groups) AS n, generate_series(1, 5) AS m
ON CONFLICT DO NOTHING;

INSERT INTO "UserHangoutGroupAttendance"
    (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
SELECT circle.id || '-' || episode.id,
    timestamp '2024-01-10' + (episode."order" * 20 + CASE course.name
        WHEN 'Ngeshare Sesi Hijrah' THEN 185
        WHEN 'Ngeshare Sesi Sejarah' THEN 370
        WHEN 'Ngeshare Sesi Dakwah' THEN 595
        ELSE 0
    END) * interval '1 day',
    episode.id, circle.id, 'leader'
FROM "HangoutGroup" AS circle
JOIN "Hangout" AS course ON course.id = circle."hangoutId"
JOIN "HangoutEpisode" AS episode ON episode."hangoutId" = course.id
WHERE circle.id LIKE 'led-%' OR circle.id = 'crowd'
ON CONFLICT DO NOTHING;

ANALYZE;
