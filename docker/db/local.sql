-- Sets up the local database at each start: creates the extensions and roles, or updates them.
\getenv authenticator_password authenticator_password
\getenv standby_password standby_password
\getenv alert_url alert_url
-- The server accepts the extension's settings only after its library is loaded.
LOAD 'ngeshare';
-- Keeps passwords and the alert address out of the server's log.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET client_min_messages = 'warning';

CREATE EXTENSION IF NOT EXISTS ngeshare CASCADE;
ALTER EXTENSION ngeshare UPDATE;
CREATE EXTENSION IF NOT EXISTS pg_cron;
ALTER EXTENSION pg_cron UPDATE;

-- From here on, names are looked up only in pg_catalog and pg_temp.
SET search_path = pg_catalog, pg_temp;
\i /usr/share/ngeshare/roles.sql

SELECT 'CREATE ROLE standby'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'standby')
\gexec
SELECT format('ALTER ROLE standby LOGIN REPLICATION PASSWORD %L', :'standby_password')
\gexec

SELECT CASE :'alert_url'
    WHEN '' THEN 'ALTER SYSTEM RESET ngeshare.alert_url'
    ELSE format('ALTER SYSTEM SET ngeshare.alert_url = %L', :'alert_url')
END
\gexec
