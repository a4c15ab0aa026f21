-- Creates the login that can read the six tables of production and nothing else. A second run is
-- safe; it sets the password again.
--   psql -v password=... -f login.sql      (as a superuser, in the source database)

\set ON_ERROR_STOP on

\if :{?password}
\else
    DO $$ BEGIN RAISE EXCEPTION 'give the password with -v password=...'; END $$;
\endif

BEGIN;

SELECT 'CREATE ROLE ngeshare_reader'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'ngeshare_reader')
\gexec

-- format() quotes the password as a literal (%L).
SELECT format(
    'ALTER ROLE ngeshare_reader LOGIN PASSWORD %L
        NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT',
    :'password')
\gexec

-- Every login has the privileges of PUBLIC. Without these REVOKEs this one could create tables.
SELECT format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database())
\gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Revokes what the login was granted earlier on this database, the schema public and its tables.
SELECT format('REVOKE ALL ON DATABASE %I FROM ngeshare_reader', current_database())
\gexec
REVOKE ALL ON SCHEMA public FROM ngeshare_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ngeshare_reader;

SELECT format('GRANT CONNECT ON DATABASE %I TO ngeshare_reader', current_database())
\gexec
GRANT USAGE ON SCHEMA public TO ngeshare_reader;
GRANT SELECT
    ON public."User",
       public."Hangout",
       public."HangoutEpisode",
       public."HangoutGroup",
       public."UserHangoutGroup",
       public."UserHangoutGroupAttendance"
    TO ngeshare_reader;

COMMIT;
