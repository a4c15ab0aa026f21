CREATE FUNCTION public.ngeshare_connect(conninfo text)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION public.ngeshare_connect(text) IS
'Connects this database to production, or to another address of the same production: checks it '
'(reachable, PostgreSQL 14 or newer, the six tables with their columns, SELECT, no row security, '
'its clock, whether the login could write), then makes or replaces the foreign server '
'"production", the caller''s user mapping and the foreign tables. conninfo is libpq''s; of an '
'address, parameters that are Prisma''s own are left out with a NOTICE. Only a superuser may '
'connect without a password that production asks for. Errors: 22023 for a conninfo that libpq does '
'not take or that names another schema than public, 08001 unreachable, 28P01 and others as '
'production gave them, 0A000 too old, 42P01, 42703 and 42804 for a missing table, a missing column '
'and a column of another type, 42501 for a missing right or active row security, 55000 for another '
'system than the one the mirror came from and for a server "production" of another owner, 42710 '
'for a server or a table in schema production that is not ngeshare''s own, 2F003 for a connection '
'that only a superuser may make. A refusal changes nothing.';
