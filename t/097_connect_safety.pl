# Tests that ngeshare_connect() takes over no object of another owner, and does not reveal the
# password. If the caller is no superuser, it refuses a connection without a password, and one that
# uses files of the operating-system user that PostgreSQL runs as. A production that hides its
# system identifier can still be distinguished from others.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $QUIET = 'SET client_min_messages = warning;';
my ($production, $local) = start_servers();
my $log = $local->logfile;
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(10, 1, '2026-03-31 12:00+07')});
$production->safe_psql('postgres', 'CREATE DATABASE empty');
$production->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE source');
$production->safe_psql('twin', "GRANT CONNECT ON DATABASE twin TO $LOGIN");
new_local($local, 'ngeshare');

test_secrecy();
test_prisma();
test_others_server();
test_others_tables();
test_reconnect();
test_identity();
test_own_rights();

$production->stop;
$local->stop;
done_testing();

# A connect that fails writes no password to the log, and other sessions see none.
sub test_secrecy
{
	my $offset = -s $log;
	my %fails = (
		'08001' => connect_local($production, 'source', port => 1),
		'28P01' => connect_local($production, 'source', password => 'it\'s "secret" too'),
		'42P01' => connect_local($production, 'empty'),
		'3D000' => connect_local($production, 'nowhere'),
		'22023' => q{SELECT ngeshare_connect('host=h password=secret nonsense')});

	for my $sqlstate (sort keys %fails)
	{
		like(
			errors_of($fails{$sqlstate}),
			qr/^ERROR:  $sqlstate: /m,
			"a connect fails with $sqlstate");
	}
	like(
		errors_of(
			"DO \$do\$ BEGIN PERFORM ngeshare_connect('host=127.0.0.1 port=1 password=secret'); END \$do\$"
		),
		qr/^ERROR:  08001: /m,
		'and one in a block');
	$local->safe_psql('ngeshare',
		q{DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END $$});
	my $logged = substr slurp_file($log), $offset;
	is( scalar(
			() =
			  $logged =~ /ERROR:  (?:could not connect|production has no|the connection string)/g),
		6,
		'the log has each error');
	unlike($logged =~ s/LOG:  statement: .*//gr, qr/secret/, 'and no password');
	$offset = -s $log;
	errors_of('SELECT 1 / 0');
	like(
		substr(slurp_file($log), $offset),
		qr/STATEMENT: .*1 \/ 0/,
		'other errors are logged with their statements, as before');

	my $session = Session->start($local, 'ngeshare');
	$session->run(connect_local($production, 'source'));
	is($session->errors, '', 'a good connect');
	is( $local->safe_psql(
			'ngeshare', "SELECT query FROM pg_stat_activity WHERE pid = $session->{pid}"),
		'SELECT ngeshare_connect(...)',
		'pg_stat_activity does not show it');
	$session->end;
	$local->safe_psql('ngeshare', 'DROP SERVER production CASCADE');
	return;
}

# A connection URI as Prisma writes it.
sub test_prisma
{
	my $login =
		"$LOGIN:"
	  . ($PASSWORD =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/egr)
	  . '@127.0.0.1:'
	  . $production->port;
	my $own =
		'connection_limit=5&pgbouncer=true&pool_timeout=10&socket_timeout=5'
	  . '&sslidentity=a.p12&sslaccept=strict&statement_cache_size=0';

	for my $address (
		"postgresql://$login/source?schema=public&$own&connect_timeout=7",
		"postgres://$login/source?connect_timeout=7&schema=publi%63",
		"postgresql://$login/source?schema=&connect_timeout=7&pool_timeout",
		"postgresql://$login/source?$own&&connect_timeout=7&")
	{
		my $said = errors_of("SELECT ngeshare_connect('$address')");

		unlike($said, qr/ERROR|WARNING/, "Prisma's address is taken: " . ($address =~ s/.*\?//r));
		like(
			$said,
			qr/^NOTICE:  00000: ignored parameters of the address that only Prisma knows: [a-z_, ]+\nHINT:  /m,
			'with what was left out');
		unlike($said, qr/secret|%22|p12/, 'and without a value');
		is( $local->safe_psql(
				'ngeshare',
				q{SELECT array_to_string(srvoptions, ' ') ~ 'connect_timeout=7' FROM pg_foreign_server}
			),
			't',
			'what libpq knows, too, is kept');
	}
	unlike(errors_of("SELECT ngeshare_connect('postgresql://$login/source?sslmode=prefer')"),
		qr/./, 'an address without says nothing');
	my $refused =
	  errors_of("SELECT ngeshare_connect('postgresql://$login/source?schema=school&$own')");
	like(
		$refused,
		qr/^ERROR:  22023: the address names schema "school", and ngeshare reads schema public\nHINT: /m,
		'another schema is refused');
	unlike($refused, qr/secret|%22/, 'without the password');
	like(
		errors_of("SELECT ngeshare_connect('postgresql://$login/source?schemas=public')"),
		qr/^ERROR:  22023: the connection string/m,
		'what is neither\'s is refused');
	my $refusal =
	  qr/^ERROR:  (?:22021: .*"(?:password|application_name|dbname)" is|22023: .*"\\xE4)/m;
	for my $bytes (
		"$LOGIN:%FFsecret\@127.0.0.1/source", 'u@127.0.0.1/%E4',
		'u@127.0.0.1/source?application_name=%E4', 'u@127.0.0.1/source?schema=%E4')
	{
		my $said = errors_of("SELECT ngeshare_connect('postgresql://$bytes')");

		like($said, $refusal, "bytes that no text here has are refused: $bytes");
		ok(utf8::decode($said), 'in valid words');
	}
	$local->safe_psql('ngeshare', 'DROP SERVER production CASCADE');
	return;
}

# A foreign server that the extension did not make is neither changed nor used.
sub test_others_server
{
	my $state =
	  q{SELECT srvowner::regrole, srvoptions, (SELECT count(*) FROM pg_user_mapping), (SELECT count(*)
	  	FROM pg_foreign_table)
		FROM pg_foreign_server WHERE srvname = 'production'};
	my $made_by_us =
	  q{OPTIONS (host 'elsewhere', fetch_size '20000', updatable 'false', truncatable 'false')};

	$local->safe_psql(
		'ngeshare',
		'CREATE ROLE mallory; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO mallory;
			CREATE FOREIGN DATA WRAPPER other'
	);
	for my $case (
		[
			q{CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'elsewhere')},
			'42710',
			'a server of the caller\'s own'
		],
		[
			q{CREATE SERVER production FOREIGN DATA WRAPPER other},
			'42710', 'a server of another wrapper'
		],
		[
			q{SET ROLE mallory;
			CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'elsewhere')},
			'55000',
			'somebody else\'s'
		],
		[
			qq{SET ROLE mallory; CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw $made_by_us},
			'55000',
			'somebody else\'s that looks like ours'
		])
	{
		my ($make, $sqlstate, $name) = @$case;

		$local->safe_psql('ngeshare', $make);
		my $before = $local->safe_psql('ngeshare', $state);
		like(
			errors_of(connect_local($production, 'source')),
			qr/^ERROR:  $sqlstate: server "production" .*\nHINT:  \S/m,
			"$name is refused: $sqlstate");
		is($local->safe_psql('ngeshare', $state), $before, "$name: nothing was changed");
		like(
			errors_of('CALL ngeshare_sync()'),
			qr/^ERROR:  (55000|42704|42501): /m,
			"$name: nor is it synced from");
		is($local->safe_psql('ngeshare', $state), $before, "$name: still nothing was changed");
		$local->safe_psql('ngeshare', 'DROP SERVER production CASCADE');
	}
	return;
}

# An object with the name of one of the extension's foreign tables is neither changed nor used.
sub test_others_tables
{
	for my $kind (
		'TABLE production."User" (id text)',
		'VIEW production."User" AS SELECT 1 AS id',
		q{SERVER mine FOREIGN DATA WRAPPER postgres_fdw;
		CREATE FOREIGN TABLE production."User" (id text) SERVER mine}
	  )
	{
		$local->safe_psql('ngeshare', "CREATE $kind");
		like(
			errors_of(connect_local($production, 'source')),
			qr/^ERROR:  42710: production\."User" is there already and is not a table of server "production"\nHINT:  \S/m,
			"refused: $kind");
		is( $local->safe_psql(
				'ngeshare', q{SELECT count(*) FROM pg_foreign_server WHERE srvname = 'production'}),
			'0',
			'and no server was made');
		$local->safe_psql(
			'ngeshare', q{DO $$ BEGIN
			EXECUTE (SELECT format('DROP %s production."User"', CASE relkind WHEN 'r' THEN 'TABLE' WHEN 'v'
				THEN 'VIEW' ELSE 'FOREIGN TABLE' END)
				FROM pg_class WHERE oid = 'production."User"'::regclass);
			END $$});
	}
	return;
}

# The extension recognizes its own server by the server's dependency on it, and in a restored dump,
# where that is missing, by the server's options.
sub test_reconnect
{
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';

	is(errors_of(connect_local($production, 'source')), '', 'connected');
	is(errors_of(connect_local($production, 'source', sslmode => 'prefer')),
		'', 'and again, otherwise');
	is(errors_of("$QUIET CALL ngeshare_sync()"), '', 'and synced');
	command_ok([ 'pg_dump', '-f', $dump, $local->connstr('ngeshare') ], 'a dump');
	$local->safe_psql('postgres', 'CREATE DATABASE restored');
	command_ok(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $local->connstr('restored'),
			'-f', $dump
		],
		'is restored');
	is(psql_errors($local, 'restored', connect_local($production, 'source')),
		'', 'and connects again');
	is(psql_errors($local, 'restored', "$QUIET CALL ngeshare_sync()"), '', 'and syncs');
	$local->safe_psql('ngeshare', q{ALTER SERVER production OPTIONS (SET fetch_size '100')});
	is(errors_of("$QUIET CALL ngeshare_sync()"),
		'', 'an option that somebody has changed does not stop a sync');
	is(errors_of(connect_local($production, 'source')), '', 'nor a connect');
	return;
}

# EXECUTE on pg_control_system() may be revoked, from the start or later; another database is still
# refused.
sub test_identity
{
	my $id = q{SELECT source_id FROM ngeshare.source};
	my $strong = $local->safe_psql('ngeshare', $id);

	like($strong, qr/^\d{15,}\/\d+\/\d+(,\d+){5}$/, 'an identity of three parts');
	$production->safe_psql($_, 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC')
	  for 'source', 'twin';
	new_local($local, 'weak');
	is(psql_errors($local, 'weak', connect_local($production, 'source')),
		'', 'without pg_control_system() a new mirror connects');
	is(psql_errors($local, 'weak', "$QUIET CALL ngeshare_sync()"), '', 'and syncs');
	like($local->safe_psql('weak', $id), qr/^unknown\/\d+\/\d+(,\d+){5}$/, 'without the system');
	like(
		psql_errors($local, 'weak', connect_local($production, 'twin')),
		qr/^ERROR:  55000: this is another database/m,
		'another one is refused');
	is(errors_of("$QUIET CALL ngeshare_sync('full')"), '',
		'a mirror that knew the system syncs on');
	is(errors_of(connect_local($production, 'source')), '', 'and connects');
	like(
		errors_of(connect_local($production, 'twin')),
		qr/^ERROR:  55000: this is another database/m,
		'and refuses another');
	is($local->safe_psql('ngeshare', $id), $strong, 'it still knows the system');
	is( $local->safe_psql('ngeshare', q{SELECT count(*) FROM ngeshare.check_production_identity()}),
		'0',
		'the doctor finds the same');
	is( $local->safe_psql(
			'ngeshare',
			q{UPDATE ngeshare.source SET source_id = regexp_replace(source_id, '[^/]*$', '1,2,3');
			SELECT count(*) FROM ngeshare.check_production_identity()}
		),
		'1',
		'and tells another by its tables');
	like(
		errors_of('CALL ngeshare_sync()'),
		qr/^ERROR:  55000: this is another database/m,
		'as a sync does');
	$local->safe_psql('ngeshare', "UPDATE ngeshare.source SET source_id = '$strong'");

	$production->safe_psql($_, 'GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC')
	  for 'source', 'twin';
	is(psql_errors($local, 'weak', "$QUIET CALL ngeshare_sync()"),
		'', 'with pg_control_system() again the weak one syncs');
	is($local->safe_psql('weak', $id), $strong, 'and knows the system from then on');
	$local->safe_psql('weak',
		q{UPDATE ngeshare.source SET source_id = regexp_replace(source_id, '^\d+', '1')});
	like(
		psql_errors($local, 'weak', 'CALL ngeshare_sync()'),
		qr/^ERROR:  55000: this is another database/m,
		'and refuses another system');

	# Version 1.0 stored an identity of two parts.
	$local->safe_psql('ngeshare',
		q{UPDATE ngeshare.source SET source_id = regexp_replace(source_id, '/[^/]*$', '')});
	is(errors_of("$QUIET CALL ngeshare_sync()"), '', 'an older identity is taken');
	is($local->safe_psql('ngeshare', $id), $strong, 'and completed');
	return;
}

# A role that is not a superuser can connect only with a password that production asks for.
sub test_own_rights
{
	my $trusted = $production->safe_psql('postgres', 'SELECT current_user');
	my $as = "SET ROLE clerk; $QUIET";

	new_local($local, 'clerks');
	$local->safe_psql(
		'clerks', q{
		CREATE ROLE clerk;
		GRANT EXECUTE ON FUNCTION ngeshare_connect(text) TO clerk;
		GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO clerk;
		GRANT USAGE, CREATE ON SCHEMA production TO clerk;
		GRANT USAGE ON SCHEMA ngeshare TO clerk;
		GRANT SELECT ON ALL TABLES IN SCHEMA ngeshare, public TO clerk;});
	is( psql_errors($local, 'clerks',
			$QUIET . connect_local($production, 'source', user => $trusted, password => '')) =~
		  /WARNING.*could write/ ? 1 : 0,
		1,
		'a superuser may use the trust that production has in this server');
	$local->safe_psql('clerks', 'DROP SERVER production CASCADE');
	for my $case (
		[ 'no password', password => '' ],
		[ 'trust', user => $trusted, password => 'unasked' ],
		[ 'a socket', user => $trusted, password => 'unasked', host => $production->host ],
		[ 'a passfile', passfile => '/etc/passwd' ],
		[ 'a key of the server', sslkey => '/etc/key' ],
		[ 'a certificate of the server', sslcert => '/etc/cert' ],
		[ 'a service', service => 'any' ])
	{
		my ($name, %other) = @$case;
		my $said =
		  psql_errors($local, 'clerks', $as . connect_local($production, 'source', %other));

		like($said, qr/^ERROR:  2F003: .*\nDETAIL:  .*\nHINT:  /m, "$name: 2F003");
		is($local->safe_psql('clerks', 'SELECT count(*) FROM pg_foreign_server'),
			'0', "$name: nothing was made");
	}
	is(psql_errors($local, 'clerks', $as . connect_local($production, 'source')),
		'', 'with a password of their own they connect');
	is($local->safe_psql('clerks', q{SELECT srvowner::regrole FROM pg_foreign_server}),
		'clerk', 'and own the connection');

	# Later changes to the role's own user mapping do not help either.
	for my $change (
		"ALTER USER MAPPING FOR clerk SERVER production OPTIONS (SET user '$trusted')",
		'ALTER USER MAPPING FOR clerk SERVER production OPTIONS (DROP password)')
	{
		$local->safe_psql('clerks', "SET ROLE clerk; $change");
		like(
			psql_errors($local, 'clerks', 'SELECT * FROM ngeshare_validate()'),
			qr/^ERROR:  2F003: /m,
			"refused after $change");
	}
	return;
}

sub errors_of { return psql_errors($local, 'ngeshare', $_[0]); }
