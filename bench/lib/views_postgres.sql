-- The peers' views in a database with production's tables: the seed's indexes, its course_config, and what views.sql
-- leaves to each database. bench.as_of is the instant to answer as of; empty means now.

\set ON_ERROR_STOP on
\set as_of '(SELECT moment FROM asked)'

CREATE INDEX ON public."UserHangoutGroupAttendance" ("hangoutGroupId", "attendedAt");
CREATE INDEX ON public."UserHangoutGroup" ("hangoutGroupId", "hangoutGroupRole");
CREATE INDEX ON public."UserHangoutGroup" ("userId", "joinedAt");

CREATE SCHEMA peer;
SET search_path = peer, public;

CREATE TABLE course_config
(
    course_name    text    PRIMARY KEY,
    max_episodes   integer NOT NULL,
    sequence_order integer NOT NULL
);
INSERT INTO course_config
VALUES ('Ngeshare Sesi Aqidah', 9, 1), ('Ngeshare Sesi Hijrah', 9, 2), ('Ngeshare Sesi Sejarah', 11, 3), ('Ngeshare Sesi Dakwah', 7, 4);

-- Read as a subquery, it is evaluated once.
CREATE VIEW asked AS
SELECT coalesce(nullif(current_setting('bench.as_of', true), '')::timestamptz, now()) AT TIME ZONE 'UTC' AS moment;

-- 100 * part / whole, to one decimal half away from zero.
CREATE FUNCTION percent(part bigint, whole bigint)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
AS $$ SELECT round(100.0 * part / nullif(whole, 0), 1) $$;

CREATE VIEW attended AS
SELECT "hangoutGroupId" AS group_id, "hangoutEpisodeId" AS episode_id, "attendedAt" AS at
FROM public."UserHangoutGroupAttendance";

\ir views.sql

VACUUM ANALYZE;
