-- Creates the web's roles and grants their privileges. A second run is safe. Run it as a superuser,
-- in the database that has the extension:
--
--   psql -d ngeshare -v authenticator_password=secret -f scripts/roles.sql
--
-- ngeshare_web reads the schema api. ngeshare_coordinator may also note follow-ups, and
-- ngeshare_operator may also start and cancel a sync. authenticator is PostgREST's login. It has no
-- privileges except to become one of the other three roles. Roles belong to the whole cluster,
-- their privileges to this database. Without authenticator_password the role's password does not
-- change.

\set ON_ERROR_STOP on
BEGIN;
-- Keeps functions and operators of other schemas from running with the superuser's privileges.
SET LOCAL search_path = pg_catalog, pg_temp;
-- Keeps the password out of the server's log.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL log_min_error_statement = 'panic';

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['ngeshare_web', 'ngeshare_coordinator', 'ngeshare_operator', 'authenticator'])
    AS name
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = name)
\gexec

ALTER ROLE ngeshare_web
    NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE ngeshare_coordinator
    NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE ngeshare_operator
    NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE authenticator
    LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

\if :{?authenticator_password}
ALTER ROLE authenticator PASSWORD :'authenticator_password';
\endif

-- PostgREST applies a role's settings to each request in that role.
ALTER ROLE ngeshare_web SET statement_timeout = '30s';
ALTER ROLE ngeshare_coordinator SET statement_timeout = '30s';
ALTER ROLE ngeshare_operator SET statement_timeout = '30s';
-- All statements of a request see the same state of the database: the one that determines the
-- request's default instant and the one that returns the rows.
ALTER ROLE ngeshare_web SET default_transaction_isolation = 'repeatable read';
ALTER ROLE ngeshare_coordinator SET default_transaction_isolation = 'repeatable read';
ALTER ROLE ngeshare_operator SET default_transaction_isolation = 'repeatable read';
-- JIT compilation would take longer than the queries themselves.
ALTER ROLE ngeshare_web SET jit = off;
ALTER ROLE ngeshare_coordinator SET jit = off;
ALTER ROLE ngeshare_operator SET jit = off;

SELECT format('GRANT %I TO %I', granted, member)
FROM (VALUES
    ('ngeshare_web', 'ngeshare_coordinator'),
    ('ngeshare_web', 'ngeshare_operator'),
    ('ngeshare_coordinator', 'ngeshare_operator'),
    ('ngeshare_web', 'authenticator'),
    ('ngeshare_coordinator', 'authenticator'),
    ('ngeshare_operator', 'authenticator')
) AS membership (granted, member)
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_catalog.pg_auth_members AS known
    WHERE known.roleid = granted::regrole
      AND known.member = membership.member::regrole)
\gexec

GRANT USAGE ON SCHEMA api TO ngeshare_web;
GRANT SELECT ON ALL TABLES IN SCHEMA api TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.csv(anyelement) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.pre_request() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.explain_group(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.member_journey(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.changes(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.trend(date, date, interval) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION api.note_follow_up(text, text, text, text, date, text)
    TO ngeshare_coordinator;
GRANT EXECUTE ON FUNCTION api.withdraw_follow_up(bigint, text) TO ngeshare_coordinator;
GRANT EXECUTE ON FUNCTION public.ngeshare_note_follow_up(text, text, text, text, date, text)
    TO ngeshare_coordinator;
GRANT EXECUTE ON FUNCTION public.ngeshare_withdraw_follow_up(bigint, text) TO ngeshare_coordinator;
GRANT EXECUTE ON FUNCTION api.sync_start(text) TO ngeshare_operator;
GRANT EXECUTE ON FUNCTION api.sync_cancel() TO ngeshare_operator;
GRANT EXECUTE ON FUNCTION public.ngeshare_refresh() TO ngeshare_operator;

-- A view reads tables with its owner's privileges, but calls functions with the reader's. The
-- following functions need no further privileges, and only read.
GRANT EXECUTE ON FUNCTION public.ngeshare_as_of() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION public.ngeshare_status_changes(timestamptz, timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION public.ngeshare_sync_status() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION public.ngeshare_trend(date, date, interval, timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.anomaly_kinds() TO ngeshare_web;
-- Version 1.1's roles.sql granted this one.
REVOKE EXECUTE ON FUNCTION ngeshare.count_silences(timestamptz) FROM ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.as_of() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.as_of_day() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.can_answer() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.contacted_silences() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.count_forecasts(timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.count_numbers(integer) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.count_places(timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.days_inactive(date, date, date) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.error_remedy(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.follow_ups_until() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.group_predecessors(timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.home_figures(timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.is_rescuable(boolean, integer, integer, integer) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.link_rule(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.local_day(timestamp, text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.member_count_as_of(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.month_before(timestamptz) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.percentage(bigint, bigint) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_names() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_nulls() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_places() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_rules() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_syncs() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.quality_of_values() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.reporting_zone() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.request_login() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.resume_chances() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION
    ngeshare.risk_of(boolean, integer, integer, integer, integer, date, date) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.run_status(bigint) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.setting(text) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.stale_after() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.status_of(boolean, integer, integer, integer) TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.sync_health() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.sync_now() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.sync_schedule() TO ngeshare_web;
GRANT EXECUTE ON FUNCTION ngeshare.wilson_bound(integer, integer, boolean) TO ngeshare_web;
COMMIT;
