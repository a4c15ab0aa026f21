# Tests the privileges of six roles on every object of the extension: they are those in README's
# table of roles, and no others. Each privilege is looked up in the catalog, and tried if it can be.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my @roles = qw(stranger authenticator ngeshare_web ngeshare_coordinator ngeshare_operator postgres);
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(20, 82, '2026-03-31 12:00:00+07')});
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', '2026-03-31 12:00:00+07');
$local->safe_psql('ngeshare', 'CREATE ROLE stranger');
IPC::Run::run(
	[
		'psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
		'-f', "$FindBin::RealBin/../scripts/roles.sql"
	]) or die 'roles.sql failed';
$local->safe_psql('ngeshare', all_tries());

# The rights in README's table of roles, as conditions on the table "tried". By these conditions
# each new view or function of api has to be the web role's, unless the function's name begins with
# sync_ (the operator's), note_ or withdraw_ (the coordinator's).
my $reads = q{kind = 'relation' AND schema = 'api' AND privilege = 'SELECT'};
my $calls = q{kind = 'function' AND schema = 'api' AND object !~ '^api\.(sync_|note_|withdraw_)'};
my $behind = q{kind = 'function' AND schema <> 'api' AND is_behind};
my $enters = q{kind = 'schema' AND privilege = 'USAGE' AND schema IN ('api', 'public')};
my $notes = q{kind = 'function' AND object ~ '^(api\.|ngeshare_)(note|withdraw)_follow_up\('};
my $starts = q{kind = 'function' AND (object LIKE 'api.sync\_%' OR object = 'ngeshare_refresh()')};
my $anybody = q{kind = 'schema' AND privilege = 'USAGE' AND schema = 'public'
	OR object IN ('ngeshare_as_of()', 'ngeshare.has_local_day(timestamp without time zone)',
		'ngeshare.is_restoring()', 'ngeshare.plausible_from()')};

# Most views are not updatable, which PostgreSQL reports before it checks privileges.
my $unwritable =
  q{kind = 'relation' AND (schema = 'api' OR object LIKE 'v\_%') AND privilege <> 'SELECT'
  	AND code IN ('55000', '0A000')};
my %may = (
	stranger => $anybody,
	authenticator => $anybody,
	ngeshare_web => "$anybody OR $enters OR $reads OR $calls OR $behind",
	ngeshare_coordinator => "$anybody OR $enters OR $reads OR $calls OR $behind OR $notes",
	ngeshare_operator => "$anybody OR $enters OR $reads OR $calls OR $behind OR $notes OR $starts",
	postgres => 'true');

for my $role (@roles)
{
	is(tried("role = '$role' AND is_held AND NOT ($may{$role})"),
		'', "$role has no right beyond the table");
	is(tried("role = '$role' AND NOT is_held AND ($may{$role}) AND NOT is_behind"),
		'', "and every right in it");
	is(tried("role = '$role' AND NOT is_held AND code <> '42501' AND NOT ($unwritable)"),
		'', 'what it may not do, it can\'t');
	is(tried("role = '$role' AND is_held AND code = '42501' AND schema <> 'ngeshare'"),
		'', 'what it may do, it can');
}

# The functions of the schema ngeshare behind the page's views cannot be called by name, but work
# for reading the views.
is(tried(q{role = 'ngeshare_web' AND is_behind AND schema = 'ngeshare' AND code <> '42501'}),
	'', 'the functions behind the views can\'t be called by their names');
for my $view (
	rows_of(
		$local,
		'ngeshare',
		q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relkind = 'v'}
	))
{
	like(
		as_role(
			'ngeshare_web', "SET default_transaction_read_only = on; SELECT count(*) FROM $view"),
		qr/^\d+$/,
		"ngeshare_web reads $view and writes nothing");
}
is( $local->safe_psql('ngeshare', "SELECT count(DISTINCT object) FROM tried WHERE $_->[1]") >
	  $_->[2],
	1,
	"$_->[0] were tried")
  for [ 'relations', q{kind = 'relation'}, 80 ], [ 'functions', q{kind = 'function'}, 130 ],
  [ 'views of api', q{kind = 'relation' AND schema = 'api'}, 9 ];

# Roles that are no superuser may set as_of and no other setting. They may not use the foreign
# server, and do not see its password.
for my $role (@roles[ 0 .. 4 ])
{
	like(as_role($role, 'SET ngeshare.as_of = \'2026-03-31\'; SHOW ngeshare.as_of'),
		qr/^2026-03-31/, "$role may set as_of");
	is( $local->safe_psql(
			'ngeshare',
			qq{SELECT string_agg(name, ' ') FROM pg_settings
				WHERE name LIKE 'ngeshare.%' AND name <> 'ngeshare.as_of' AND context <> 'superuser'}
		),
		'',
		'and no other setting');
	is( $local->safe_psql(
			'ngeshare', qq{SELECT has_server_privilege('$role', 'production', 'USAGE')}),
		'f',
		'nor use the server');
	is( as_role(
			$role, q{SELECT count(*) FROM pg_user_mappings WHERE umoptions::text LIKE '%password%'}
		),
		'0',
		'nor see its password');
}

$production->stop;
$local->stop;
done_testing();

# Returns the rows of the table "tried" that meet a condition.
sub tried
{
	my ($condition) = @_;
	return $local->safe_psql(
		'ngeshare',
		"SELECT format('%s %s %s (%s)', privilege, kind, object, code) FROM tried WHERE $condition
			ORDER BY 1"
	);
}

sub as_role
{
	my ($role, $statements) = @_;
	return $local->safe_psql('ngeshare', "SET ROLE $role; $statements");
}

# Returns SQL that makes the table "tried": one row per role, object and privilege, with whether the
# catalog grants it, and the SQLSTATE of trying it (OK000 if it succeeded). Each attempt is rolled
# back. The SQLSTATE is NULL for postgres, for functions that SQL cannot call, and for privileges
# that no statement here uses.
sub all_tries
{
	my $names = join ', ', map { "'$_'" } @roles;
	return qq{
		CREATE FUNCTION try(role name, statement text) RETURNS text LANGUAGE plpgsql AS \$\$
		BEGIN
			IF statement IS NULL THEN
				RETURN NULL;
			END IF;
			PERFORM set_config('role', role, true);
			EXECUTE statement;
			RAISE EXCEPTION USING ERRCODE = 'OK000', MESSAGE = 'done';
		EXCEPTION
			WHEN OTHERS THEN
				RETURN sqlstate;
		END
		\$\$;
		CREATE TABLE object AS
		SELECT 'relation' AS kind, oid, relnamespace::regnamespace::text AS schema,
			oid::regclass::text AS object, privilege, false AS is_behind,
			CASE privilege
				WHEN 'SELECT' THEN format('SELECT FROM %s LIMIT 0', oid::regclass)
				WHEN 'INSERT'
					THEN format('INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT (NULL::%1\$s).* WHERE false',
						oid::regclass)
				WHEN 'UPDATE' THEN format('UPDATE %s SET %I = NULL WHERE false', oid::regclass,
					(SELECT attname FROM pg_attribute
						WHERE attrelid = pg_class.oid AND attnum > 0 AND attidentity = '' ORDER BY attnum LIMIT 1))
				WHEN 'DELETE' THEN format('DELETE FROM %s WHERE false', oid::regclass)
				WHEN 'TRUNCATE' THEN CASE WHEN relkind IN ('r', 'f') THEN format('TRUNCATE %s CASCADE',
					oid::regclass) END
			END AS statement
		FROM pg_class
		CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[])
			AS privilege
		WHERE relnamespace IN ('ngeshare'::regnamespace, 'api'::regnamespace, 'production'::regnamespace,
			'public'::regnamespace)
		  AND relkind IN ('r', 'v', 'm', 'f', 'p')
		UNION ALL
		SELECT 'sequence', oid, relnamespace::regnamespace::text, oid::regclass::text, privilege, false,
			CASE privilege
				WHEN 'SELECT' THEN format('SELECT last_value FROM %s', oid::regclass)
				WHEN 'USAGE' THEN format('SELECT nextval(%L)', oid::regclass)
				ELSE format('SELECT setval(%L, 1)', oid::regclass)
			END
		FROM pg_class
		CROSS JOIN unnest('{SELECT,USAGE,UPDATE}'::text[]) AS privilege
		WHERE relnamespace IN ('ngeshare'::regnamespace, 'public'::regnamespace) AND relkind = 'S'
		UNION ALL
		SELECT 'function', proc.oid, pronamespace::regnamespace::text, proc.oid::regprocedure::text,
			'EXECUTE',
			pronamespace <> 'api'::regnamespace
				AND has_function_privilege('ngeshare_web', proc.oid, 'EXECUTE')
					AND NOT has_function_privilege('stranger', proc.oid, 'EXECUTE'),
			CASE WHEN 'internal'::regtype <> ALL (proargtypes) THEN format(CASE prokind WHEN 'p'
				THEN 'CALL %s(%s)' ELSE 'SELECT %s(%s)' END,
				proc.oid::regproc,
				-- The NULLs are subqueries: PostgreSQL replaces the call of a STRICT function on a
				-- constant NULL by NULL, and then checks no privilege.
				(SELECT string_agg(format(CASE prokind WHEN 'p' THEN 'NULL::%s' ELSE '(SELECT NULL::%s)' END,
					replace(format_type(type, NULL), 'anyelement', 'text')), ', ' ORDER BY number)
				 FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, number)))
			END
		FROM pg_proc AS proc
		JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = proc.oid AND deptype = 'e'
		JOIN pg_extension ON refclassid = 'pg_extension'::regclass AND refobjid = pg_extension.oid
			AND extname = 'ngeshare'
		UNION ALL
		SELECT 'schema', oid, nspname::text, nspname::text, privilege, false,
			CASE privilege WHEN 'CREATE' THEN format('CREATE TABLE %I.mine (id integer)', nspname) END
		FROM pg_namespace
		CROSS JOIN unnest('{USAGE,CREATE}'::text[]) AS privilege
		WHERE nspname IN ('ngeshare', 'api', 'production', 'public');
		DELETE FROM object WHERE object = 'object';
		CREATE TABLE tried AS
		SELECT role, object.*,
			CASE kind
				WHEN 'relation' THEN has_table_privilege(role, oid, privilege)
					OR CASE WHEN privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
						THEN has_any_column_privilege(role, oid, privilege) ELSE false END
				WHEN 'sequence' THEN has_sequence_privilege(role, oid, privilege)
				WHEN 'function' THEN has_function_privilege(role, oid, 'EXECUTE')
				ELSE has_schema_privilege(role, oid, privilege)
			END AS is_held,
			CASE WHEN role <> 'postgres' THEN try(role, statement) END AS code
		FROM object
		CROSS JOIN unnest(ARRAY[$names]) AS role
	};
}
