# Tests scripts/roles.sql: which role may read and call what in the schema api, that the web's roles
# may read nothing else and call only the functions listed here, and that running the script again
# changes nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my $roles_sql = "$FindBin::RealBin/../scripts/roles.sql";
my @views = qw(anomalies anomaly_kinds at_risk basis caller cohort courses data_quality drop_off
  facilitator_growth facilitator_monthly facilitators follow_up follow_up_effect forecast_quality
  freshness
  funnel
  graduation_days graduation_outliers group_meetings group_status home home_before member_roster
  members pipeline place regular_member rescue_list resume_chance
  status_changes status_trend sync_errors sync_health sync_runs sync_status sync_tables
  time_to_graduate);
my @calling = (
	'changes(text)', 'csv(anyelement)',
	'explain_group(text)', 'member_journey(text)',
	'pre_request()', 'trend(date,date,interval)');
my @types = qw(group_explanation journey_step);
my @noting = ('note_follow_up(text,text,text,text,date,text)', 'withdraw_follow_up(bigint,text)');
my @starting = ('sync_cancel()', 'sync_start(text)');
my ($production, $local) = start_servers();

new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', 'CREATE ROLE stranger');

# The schema api has exactly these objects, and all of them have a comment.
is( answer(
		q{SELECT string_agg(format('%s:%s', relname, relkind), ' ' ORDER BY relname) FROM pg_class
	WHERE relnamespace = 'api'::regnamespace}),
	join(' ', sort((map { "$_:v" } @views), map { "$_:c" } @types)),
	'api has these relations: views, and the rows of two functions');
is( answer(
		q{SELECT string_agg(oid::regprocedure::text, ' ' ORDER BY proname) FROM pg_proc
	WHERE pronamespace = 'api'::regnamespace}),
	join(' ', map { "api.$_" } sort @calling, @noting, @starting),
	'and these functions');
is( answer(
		q{SELECT string_agg(attrelid::regclass || '.' || attname, ' ') FROM pg_attribute
	JOIN pg_class ON pg_class.oid = attrelid
	WHERE relnamespace = 'api'::regnamespace AND attnum > 0 AND col_description(attrelid,
		attnum) IS NULL}
	),
	'',
	'every column has a comment');
is( answer(
		q{SELECT string_agg(name, ' ') FROM (
	SELECT oid::regclass::text AS name, coalesce(obj_description(oid, 'pg_class'),
		obj_description(reltype, 'pg_type')) AS comment FROM pg_class
			WHERE relnamespace = 'api'::regnamespace
	UNION ALL SELECT oid::regproc::text, obj_description(oid, 'pg_proc') FROM pg_proc
		WHERE pronamespace = 'api'::regnamespace
	UNION ALL SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace
		WHERE nspname = 'api') AS named
	WHERE comment IS NULL OR comment !~ '^[^\n]{10,100}\n.'}),
	'',
	'every object has a comment: a summary line and more');

# Before roles.sql has run, only the owner has privileges in api.
is(may_do('stranger', 'api'), '', 'a stranger has no rights in api');

# roles.sql is run with a password, then without one, then with another.
run_roles('authenticator_password=it\'s "secret"');
my $rights = rights();
my $password = answer(q{SELECT rolpassword FROM pg_authid WHERE rolname = 'authenticator'});
like($password, qr/^SCRAM-SHA-256\$/, 'authenticator has a password');
run_roles();
is(rights(), $rights, 'run again, it changes no right and no role');
is(answer(q{SELECT rolpassword FROM pg_authid WHERE rolname = 'authenticator'}),
	$password, 'nor the password');
run_roles('authenticator_password=another');
isnt(answer(q{SELECT rolpassword FROM pg_authid WHERE rolname = 'authenticator'}),
	$password, 'unless it is given another');
is(rights(), $rights, 'and that changes the password only');

# The attributes and memberships of the roles.
is( answer(
		q{SELECT string_agg(format('%s %s %s %s', rolname, rolcanlogin, rolinherit, rolconfig), E'\n'
			ORDER BY rolname COLLATE "C")
	FROM pg_roles WHERE rolname IN ('authenticator', 'ngeshare_coordinator', 'ngeshare_operator',
		'ngeshare_web')}
	),
	join(
		"\n",
		'authenticator t f ',
		map {
			"$_ f t {statement_timeout=30s,\"default_transaction_isolation=repeatable read\",jit=off}"
		} qw(ngeshare_coordinator ngeshare_operator ngeshare_web)),
	'who may log in, who inherits, and how long a statement may take');
is( answer(
		q{SELECT count(*) FROM pg_roles WHERE rolname IN ('authenticator', 'ngeshare_coordinator',
			'ngeshare_operator', 'ngeshare_web')
	AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)}),
	'0',
	'none has a power');
is( answer(
		q{SELECT string_agg(format('%s in %s', member::regrole, roleid::regrole), ', '
			ORDER BY member::regrole::text, roleid::regrole::text)
	FROM pg_auth_members WHERE member::regrole::text IN ('authenticator', 'ngeshare_coordinator',
		'ngeshare_operator', 'ngeshare_web')}
	),
	'authenticator in ngeshare_coordinator, authenticator in ngeshare_operator, '
	  . 'authenticator in ngeshare_web, ngeshare_coordinator in ngeshare_web, '
	  . 'ngeshare_operator in ngeshare_coordinator, ngeshare_operator in ngeshare_web',
	'who is a member of whom');

# The privileges of each role on every object of api.
my $reading = join ' ', (map { "api.$_:SELECT" } @views), (map { "api.$_:EXECUTE" } @calling);
is(may_do('ngeshare_web', 'api'), $reading, 'ngeshare_web reads every view and starts nothing');
is( may_do('ngeshare_coordinator', 'api'),
	executable(@calling, @noting),
	'ngeshare_coordinator may note and withdraw follow-ups too');
is( may_do('ngeshare_operator', 'api'),
	executable(@calling, @noting, @starting),
	'ngeshare_operator may start and cancel too');
is(may_do('authenticator', 'api'), '', 'authenticator has nothing of its own');
is(may_do('stranger', 'api'), '', 'and a stranger has nothing still');

# In the other schemas the roles may use no relation, and no functions but those that PUBLIC may
# call and those listed here.
for my $schema (qw(public ngeshare production))
{
	is(tables_of($_, $schema), '', "$_ has no right on any table, view or column of $schema")
	  for qw(ngeshare_web ngeshare_coordinator ngeshare_operator authenticator);
}
is( answer(
		qq{SELECT has_schema_privilege('$_', 'ngeshare', 'USAGE') OR has_schema_privilege('$_',
			'production', 'USAGE')}
	),
	'f',
	"$_ may not use ngeshare and production"
) for qw(ngeshare_web ngeshare_coordinator ngeshare_operator authenticator);
my @behind = qw(
  ngeshare.anomaly_kinds ngeshare.as_of ngeshare.as_of_day
  ngeshare.can_answer ngeshare.contacted_silences
  ngeshare.count_forecasts ngeshare.count_numbers
  ngeshare.count_places ngeshare.days_inactive
  ngeshare.error_remedy ngeshare.follow_ups_until ngeshare.group_predecessors ngeshare.home_figures
  ngeshare.is_rescuable ngeshare.link_rule ngeshare.local_day ngeshare.member_count_as_of
  ngeshare.month_before ngeshare.percentage ngeshare.quality_of_names ngeshare.quality_of_nulls
  ngeshare.quality_of_places
  ngeshare.quality_of_rules
  ngeshare.quality_of_syncs ngeshare.quality_of_values ngeshare.reporting_zone
  ngeshare.request_login ngeshare.resume_chances ngeshare.risk_of ngeshare.run_status
  ngeshare.setting
  ngeshare.stale_after ngeshare.status_of ngeshare.sync_health ngeshare.sync_now
  ngeshare.sync_schedule
  ngeshare.wilson_bound);
is( functions_beyond_public('ngeshare_web'),
	join(' ', @behind, qw(ngeshare_status_changes ngeshare_sync_status ngeshare_trend)),
	'ngeshare_web may call the reading functions behind the views only');
is( functions_beyond_public('ngeshare_coordinator'),
	join(
		' ',
		@behind,
		qw(ngeshare_note_follow_up ngeshare_status_changes ngeshare_sync_status ngeshare_trend
		  ngeshare_withdraw_follow_up)),
	'ngeshare_coordinator may note follow-ups, too');
is( functions_beyond_public('ngeshare_operator'),
	join(
		' ', @behind,
		qw(ngeshare_note_follow_up ngeshare_refresh ngeshare_status_changes ngeshare_sync_status
		  ngeshare_trend
		  ngeshare_withdraw_follow_up)),
	'ngeshare_operator may refresh, too');
is(functions_beyond_public('authenticator'), '', 'authenticator may call none');

# Tries the same privileges by executing statements as authenticator, PostgREST's login.
for my $role (qw(ngeshare_web ngeshare_coordinator ngeshare_operator))
{
	for my $view (@views)
	{
		like(as_login("SET ROLE $role; SELECT count(*) FROM api.$view"),
			qr/^\d+$/, "$role reads api.$view");
		like(
			as_login("SET ROLE $role; DELETE FROM api.$view"),
			qr/ERROR:  (42501|55000)/,
			"$role deletes nothing from it");
	}
	is(as_login("SET ROLE $role; BEGIN READ ONLY; SELECT api.pre_request()"),
		'', "$role may call pre_request");
	like(as_login("SET ROLE $role; $_"), qr/ERROR:  42501/, "$role: $_ is refused")
	  for 'SELECT * FROM ngeshare.follow_up', q{INSERT INTO ngeshare.follow_up DEFAULT VALUES},
	  'UPDATE ngeshare.follow_up SET note = NULL', 'SELECT * FROM public.sync_run',
	  'SELECT * FROM public.v_group_status', 'SELECT * FROM public."User"',
	  'SELECT * FROM ngeshare.sync_state', 'SELECT ngeshare.build_groups(NULL)',
	  'CALL public.ngeshare_sync()',
	  'SELECT public.ngeshare_sync_start()', q{SELECT public.ngeshare_connect('')},
	  'CREATE TABLE api.mine (id int)',
	  'CREATE TABLE public.mine (id int)', 'SET ngeshare.active_days = 1';
}
like(
	as_login("SET ROLE ngeshare_web; SELECT api.$_"),
	qr/ERROR:  42501/,
	"ngeshare_web: $_ is refused")
  for 'sync_start()', 'sync_cancel()', q{note_follow_up('x', 'phone', 'paused')},
  'withdraw_follow_up(1)';
like(
	as_login("SET ROLE ngeshare_coordinator; SELECT api.$_"),
	qr/ERROR:  42501/,
	"ngeshare_coordinator: $_ is refused") for 'sync_start()', 'sync_cancel()';
like(
	as_login(
		q{SET ROLE ngeshare_coordinator;
		SELECT api.note_follow_up('x', 'phone', 'paused', NULL, NULL, 'Siti')}
	),
	qr/ERROR:  22023/,
	'ngeshare_coordinator may note: it is told that there is no such group');
like(
	as_login(q{SET ROLE ngeshare_coordinator; SELECT api.withdraw_follow_up(1, 'Siti')}),
	qr/ERROR:  22023/,
	'and withdraw');
is(as_login('SET ROLE ngeshare_operator; SELECT cancelled FROM api.sync_cancel()'),
	'f', 'ngeshare_operator may cancel');
like(
	as_login('SET ROLE ngeshare_operator; SELECT api.sync_start()'),
	qr/ERROR:  PGRST: .*"code": "55000"/s,
	'and start: it is told what is missing');
like(as_login('SELECT * FROM api.home'), qr/ERROR:  42501/, 'authenticator itself reads nothing');
like(as_login('SET ROLE stranger'), qr/ERROR:  42501/, 'and becomes nobody else');

# DROP EXTENSION removes the schema api.
$local->safe_psql('ngeshare', 'DROP EXTENSION ngeshare');
is(answer(q{SELECT count(*) FROM pg_namespace WHERE nspname = 'api'}),
	'0', 'a plain DROP EXTENSION removes api, grants or not');
$local->safe_psql('ngeshare', 'CREATE EXTENSION ngeshare');
is(may_do('ngeshare_web', 'api'), '', 'made anew, it is closed');
run_roles();
is(rights(), $rights, 'and roles.sql opens it as before');
done_testing();

sub answer
{
	my ($query) = @_;
	return $local->safe_psql('ngeshare', $query);
}

# Runs scripts/roles.sql, with psql variables if they are given.
sub run_roles
{
	my @variables = map { ('-v', $_) } @_;
	my $said = '';

	IPC::Run::run(
		[ 'psql', '-X', '-q', '-d', $local->connstr('ngeshare'), @variables, '-f', $roles_sql ],
		'>', \$said, '2>&1')
	  or die "roles.sql failed: $said";
	is($said, '', 'roles.sql runs without a word');
	return;
}

# Returns the privileges to read every view and to call the given functions of api, in may_do()'s
# format.
sub executable
{
	return join ' ', (map { "api.$_:SELECT" } @views), (map { "api.$_:EXECUTE" } sort @_);
}

# Returns a role's privileges on each object of a schema, as text.
sub may_do
{
	my ($role, $schema) = @_;
	return answer(
		qq{SELECT string_agg(thing || ':' || privilege, ' ' ORDER BY kind, thing COLLATE "C") FROM (
		SELECT 0 AS kind, oid::regclass::text AS thing, privilege
		FROM pg_class
		CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
			'TRIGGER']) AS privilege
		WHERE relnamespace = '$schema'::regnamespace AND has_table_privilege('$role', oid, privilege)
		UNION ALL
		SELECT 1, oid::regprocedure::text, 'EXECUTE'
		FROM pg_proc
		WHERE pronamespace = '$schema'::regnamespace AND has_function_privilege('$role', oid,
			'EXECUTE')) AS held}
	);
}

# Returns the relations of a schema on which a role has any privilege.
sub tables_of
{
	my ($role, $schema) = @_;
	return answer(
		qq{SELECT string_agg(oid::regclass::text, ' ') FROM pg_class
		WHERE relnamespace = '$schema'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p')
		AND (has_any_column_privilege('$role', oid, 'SELECT, INSERT, UPDATE, REFERENCES')
			OR has_table_privilege('$role', oid, 'DELETE, TRUNCATE, TRIGGER'))});
}

# Returns the functions of public and ngeshare that a role may call and a role without grants may
# not.
sub functions_beyond_public
{
	my ($role) = @_;
	return answer(
		qq{SELECT string_agg(oid::regproc::text, ' ' ORDER BY oid::regproc::text COLLATE "C") FROM pg_proc
		WHERE pronamespace IN ('public'::regnamespace, 'ngeshare'::regnamespace)
		AND has_function_privilege('$role', oid, 'EXECUTE') AND NOT has_function_privilege('stranger',
			oid, 'EXECUTE')}
	);
}

# Returns the privileges, the roles' attributes and the memberships that roles.sql sets, as text.
sub rights
{
	return answer(
		q{SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
		SELECT format('%s %s', oid::regclass, relacl) AS line FROM pg_class
		WHERE relnamespace IN ('api'::regnamespace, 'public'::regnamespace, 'ngeshare'::regnamespace)
		UNION ALL SELECT format('%s %s', oid::regprocedure, proacl) FROM pg_proc
		WHERE pronamespace IN ('api'::regnamespace, 'public'::regnamespace, 'ngeshare'::regnamespace)
		UNION ALL SELECT format('%s %s', nspname, nspacl) FROM pg_namespace
			WHERE nspname IN ('api', 'public', 'ngeshare', 'production')
		UNION ALL SELECT format('%s %s %s %s', rolname, rolcanlogin, rolinherit, rolconfig) FROM pg_roles
			WHERE rolname !~ '^pg_'
		UNION ALL SELECT format('%s in %s', member::regrole, roleid::regrole)
			FROM pg_auth_members) AS decided}
	);
}

# Runs statements as PostgREST's login. Returns the errors with their SQLSTATEs, or the output if
# there were none.
sub as_login
{
	my ($statements) = @_;
	my ($status, $output, $errors) = $local->psql(
		'ngeshare',
		"\\set VERBOSITY verbose\n$statements",
		extra_params => [ '-U', 'authenticator' ]);

	return $errors ne '' ? $errors : $output;
}
