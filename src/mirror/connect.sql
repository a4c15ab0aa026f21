CREATE FUNCTION public.ngeshare_connect(conninfo text)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION public.ngeshare_connect(text) IS
'Connects this database to production, or to another address of the same production. It first '
'checks production: reachable, PostgreSQL 14 or newer, the six tables with their columns, SELECT, '
'no row security, the clock, and whether the login could write. It only warns of a clock that is '
'off and of a login that could write. Then it creates or changes the foreign server "production" '
'and the caller''s user mapping, and creates the foreign tables that are missing. conninfo is a '
'libpq connection string or URI; parameters of a URI that only Prisma knows are left out with a '
'NOTICE. Only a superuser may use a connection for which production does not ask for a password. '
'Errors: 22023 for a conninfo that libpq does not accept or that names another schema than public; '
'22021 for a value that is not valid in this database''s encoding; 08001 if production is '
'unreachable; 28P01 and others as production reports them; 0A000 if it is too old; 42P01, 42703 '
'and 42804 for a missing table, a missing column and a column of another type; 42501 for a missing '
'right or active row security; 55000 for another system than the one that the mirror''s rows came '
'from, and for a server "production" of another owner; 42710 for a server or a table in schema '
'production that ngeshare did not make; 2F003 for a connection that only a superuser may make. An '
'error leaves everything unchanged.';
