-- Installs the seeded generator of production-like data in the schema "demo".
--   psql -f generate.sql
--   psql -c "SELECT demo.generate(3000, 1, '2026-01-15 12:00+07')"
-- It needs the tables of schema.sql and a database with encoding UTF8. Running this file again
-- replaces the schema "demo".

\set ON_ERROR_STOP on

BEGIN;

SET LOCAL client_encoding = 'UTF8';
SET LOCAL client_min_messages = warning;

DROP SCHEMA IF EXISTS demo CASCADE;
CREATE SCHEMA demo;
COMMENT ON SCHEMA demo IS
'A seeded generator of a production-like world; production itself has no such schema';

\ir generate/random.sql
\ir generate/words.sql
\ir generate/plan.sql
\ir generate/keys.sql
\ir generate/courses.sql
\ir generate/groups.sql
\ir generate/people.sql
\ir generate/attendance.sql
\ir generate/boundary.sql
\ir generate/boundary_people.sql
\ir generate/boundary_time.sql
\ir generate/boundary_pipeline.sql
\ir generate/world.sql
\ir generate/cases.sql

COMMIT;
