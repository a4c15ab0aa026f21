-- Creates the plain SQL views of views.sql in a database with production's tables, with indexes for
-- them, a table course_config, and PostgreSQL's definitions of :as_of, :facilitator, percent() and
-- "attended". A second run is safe. The setting bench.as_of is the instant to answer as of; empty
-- means now.

\set ON_ERROR_STOP on
\set as_of '(SELECT moment FROM asked)'
\set facilitator 'SELECT DISTINCT ON (group_id) group_id, user_id AS facilitator_id FROM membership'
\set facilitator :facilitator ' WHERE role = ''FACILITATOR'' AND user_id IS NOT NULL'
\set facilitator :facilitator ' ORDER BY group_id, joined_at, record_id'

CREATE INDEX IF NOT EXISTS peer_attendance
    ON public."UserHangoutGroupAttendance" ("hangoutGroupId", "attendedAt");
CREATE INDEX IF NOT EXISTS peer_role
    ON public."UserHangoutGroup" ("hangoutGroupId", "hangoutGroupRole");
CREATE INDEX IF NOT EXISTS peer_user ON public."UserHangoutGroup" ("userId", "joinedAt");

DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;
SET search_path = peer, public;

CREATE TABLE course_config
(
    course_name    text    PRIMARY KEY,
    max_episodes   integer NOT NULL,
    sequence_order integer NOT NULL
);
INSERT INTO course_config
VALUES
    ('Ngeshare Sesi Aqidah', 9, 1),
    ('Ngeshare Sesi Hijrah', 9, 2),
    ('Ngeshare Sesi Sejarah', 11, 3),
    ('Ngeshare Sesi Dakwah', 7, 4);

-- The instant as a view: read in a subquery, it is evaluated once instead of once per row.
CREATE VIEW asked AS
SELECT coalesce(nullif(current_setting('bench.as_of', true), '')::timestamptz, now())
    AT TIME ZONE 'UTC' AS moment;

-- Returns 100 * part / whole with one decimal, rounded half away from zero.
CREATE FUNCTION percent(part bigint, whole bigint)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$ SELECT round(100.0 * part / nullif(whole, 0), 1) $$;

CREATE VIEW attended AS
SELECT "hangoutGroupId" AS group_id, "hangoutEpisodeId" AS episode_id, "attendedAt" AS at
FROM public."UserHangoutGroupAttendance";

\ir views.sql

VACUUM ANALYZE;
