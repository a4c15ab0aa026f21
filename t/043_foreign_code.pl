# Tests that the doctor finds code of others that runs with the sync's privileges, roles that could
# add such code, and connections that a third party could intercept. Each case is really made, found
# and repaired.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my ($production, $local) = start_servers();
new_production($production, 'source');
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
is(findings('foreign_code', 'foreign_rights', 'transport'),
	'', 'a new database has nothing foreign, and a connection on this machine is safe');

# The role mallory, with the functions, the operator and the domain that the cases below use as
# foreign code. Some cases give the role more privileges.
my $as_mallory = 'SET ROLE mallory;';
here(
	q{CREATE ROLE mallory; CREATE SCHEMA mallory AUTHORIZATION mallory; SET ROLE mallory;
	CREATE FUNCTION mallory.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE FUNCTION mallory.event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
	CREATE FUNCTION mallory.judge(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
	CREATE FUNCTION mallory.less(text, integer) RETURNS boolean
		LANGUAGE sql IMMUTABLE AS 'SELECT true';
	CREATE OPERATOR mallory.< (FUNCTION = mallory.less, LEFTARG = text, RIGHTARG = integer);
	CREATE DOMAIN mallory.id AS text CHECK (mallory.judge(VALUE));
	CREATE TABLE mallory.target (id text PRIMARY KEY)});

# Each case is found with its own text and without other findings. The hint's statement, or the
# test's own, removes it.
my $user = 'public."User"';
for my $case (
	[
		'a trigger',
		qq{GRANT TRIGGER ON $user TO mallory;
		$as_mallory CREATE TRIGGER evil BEFORE INSERT ON $user FOR EACH ROW
			EXECUTE FUNCTION mallory.fire()},
		qr/^error: The trigger evil of public\."User" is not ngeshare's: it runs mallory\.fire\(\) with the rights of the sync\.$/,
		'DROP TRIGGER evil ON public."User";'
	],
	[
		'a trigger with a function of PostgreSQL\'s',
		q{GRANT TRIGGER ON "UserHangoutGroupAttendance" TO mallory; SET ROLE mallory;
		CREATE TRIGGER evil AFTER DELETE ON "UserHangoutGroupAttendance"
			EXECUTE FUNCTION suppress_redundant_updates_trigger()},
		qr/^error: The trigger evil of public\."UserHangoutGroupAttendance" is not ngeshare's: it runs suppress_redundant_updates_trigger\(\)/,
		'DROP TRIGGER evil ON public."UserHangoutGroupAttendance";'
	],
	[
		'a trigger of an internal table',
		q{CREATE TRIGGER evil BEFORE UPDATE ON ngeshare.sync_progress FOR EACH ROW
			EXECUTE FUNCTION mallory.fire()},
		qr/^error: The trigger evil of ngeshare\.sync_progress is not ngeshare's/,
		'DROP TRIGGER evil ON ngeshare.sync_progress;'
	],
	[
		'a trigger of a foreign table',
		q{CREATE TRIGGER evil BEFORE INSERT ON production."User" FOR EACH ROW
			EXECUTE FUNCTION mallory.fire()},
		qr/^error: The trigger evil of production\."User" is not ngeshare's/,
		'DROP TRIGGER evil ON production."User";'
	],
	[
		'a rule',
		qq{CREATE RULE evil AS ON INSERT TO $user DO ALSO SELECT 1},
		qr/^error: The rule evil of public\."User" is not ngeshare's: it runs with the rights of the sync\.$/,
		'DROP RULE evil ON public."User";'
	],
	[
		'an event trigger whose function is not a superuser\'s',
		'CREATE EVENT TRIGGER evil ON ddl_command_end EXECUTE FUNCTION mallory.event()',
		qr/^error: The event trigger evil runs mallory\.event\(\) .*, and mallory can replace/,
		'DROP EVENT TRIGGER evil;'
	],
	[
		'a table\'s owner',
		qq{ALTER TABLE $user OWNER TO mallory},
		qr/^error: The table public\."User" belongs to mallory/,
		qr/ALTER TABLE public\."User" OWNER TO \w+;/
	],
	[
		'a function\'s owner',
		q{ALTER FUNCTION ngeshare_sync_cancel() OWNER TO mallory},
		qr/^error: The function public\.ngeshare_sync_cancel\(\) belongs to mallory/,
		qr/ALTER FUNCTION public\.ngeshare_sync_cancel\(\) OWNER TO \w+;/
	],
	[
		'an aggregate\'s owner',
		q{ALTER AGGREGATE api.csv(anyelement) OWNER TO mallory},
		qr/^error: The aggregate api\.csv\(pg_catalog\.anyelement\) belongs to mallory/,
		qr/ALTER AGGREGATE api\.csv\(pg_catalog\.anyelement\) OWNER TO \w+;/
	],
	[
		'a view\'s owner',
		q{ALTER VIEW api.home OWNER TO mallory},
		qr/^error: The view api\.home belongs to mallory/,
		qr/ALTER VIEW api\.home OWNER TO \w+;/
	],
	[
		'a schema\'s owner',
		q{ALTER SCHEMA api OWNER TO mallory},
		qr/^error: The schema api belongs to mallory/,
		qr/ALTER SCHEMA api OWNER TO \w+;/
	],
	[
		'row security',
		qq{CREATE POLICY evil ON $user USING (true); ALTER TABLE $user ENABLE ROW LEVEL SECURITY},
		qr/^error: public\."User" has row security/,
		'DROP POLICY evil ON public."User"; ALTER TABLE public."User" DISABLE ROW LEVEL SECURITY;'
	],
	[
		'an heir',
		q{CREATE TABLE mallory.heir () INHERITS (sync_log)},
		qr/^error: mallory\.heir inherits from public\.sync_log/,
		'ALTER TABLE mallory.heir NO INHERIT public.sync_log;'
	],
	[
		'a foreign key to ours',
		qq{GRANT REFERENCES ON $user TO mallory;
		$as_mallory ALTER TABLE mallory.target ADD CONSTRAINT evil FOREIGN KEY (id) REFERENCES $user ON
			DELETE CASCADE},
		qr/^error: The foreign key evil of mallory\.target references public\."User"/,
		'ALTER TABLE mallory.target DROP CONSTRAINT evil;'
	],
	[
		'a foreign key of ours',
		qq{ALTER TABLE $user ADD CONSTRAINT evil FOREIGN KEY (id) REFERENCES mallory.target ON
			DELETE CASCADE},
		qr/^error: The foreign key evil of public\."User" references mallory\.target/,
		'ALTER TABLE public."User" DROP CONSTRAINT evil;'
	],
	[
		'a CHECK',
		qq{ALTER TABLE $user ADD CONSTRAINT evil CHECK (mallory.judge(id))},
		qr/^error: The constraint evil on table public\."User" uses the function mallory\.judge\(text\), which is not ngeshare's\.$/,
		qr/Drop the object that uses it/,
		qq{ALTER TABLE $user DROP CONSTRAINT evil}
	],
	[
		'a CHECK with an operator',
		qq{ALTER TABLE $user ADD CONSTRAINT evil CHECK (id OPERATOR(mallory.<) 1)},
		qr/^error: The constraint evil on table public\."User" uses the operator mallory\.<\(text,integer\)/,
		qr/Drop the object that uses it/,
		qq{ALTER TABLE $user DROP CONSTRAINT evil}
	],
	[
		'a default',
		qq{ALTER TABLE $user ALTER email SET DEFAULT mallory.judge('')::text},
		qr/^error: The default value for column email of table public\."User" uses the function mallory\.judge/,
		qr/Drop the object that uses it/,
		qq{ALTER TABLE $user ALTER email DROP DEFAULT}
	],
	[
		'a generated column',
		qq{ALTER TABLE $user ADD evil boolean GENERATED ALWAYS AS (mallory.judge(id)) STORED},
		qr/^error: The default value for column evil of table public\."User" uses the function mallory\.judge/,
		qr/Drop the object that uses it/,
		qq{ALTER TABLE $user DROP evil}
	],
	[
		'a column of a domain',
		qq{ALTER TABLE $user ADD evil mallory.id},
		qr/^error: The column evil of table public\."User" uses the type mallory\.id/,
		qr/Drop the object that uses it/,
		qq{ALTER TABLE $user DROP evil}
	],
	[
		'an index',
		qq{CREATE INDEX evil ON $user (mallory.judge(id))},
		qr/^error: The index public\.evil uses the function mallory\.judge/,
		qr/Drop the object that uses it/,
		'DROP INDEX evil'
	],
	[
		'statistics',
		qq{CREATE STATISTICS evil ON (mallory.judge(id)), email FROM $user},
		qr/^error: The statistics object public\.evil uses the function mallory\.judge/,
		qr/Drop the object that uses it/,
		'DROP STATISTICS evil'
	],
	[
		'a better match in our schema',
		q{CREATE FUNCTION ngeshare.percentage(integer, integer) RETURNS numeric
			LANGUAGE sql AS 'SELECT 1.0'},
		qr/^error: The function ngeshare\.percentage\(integer,integer\) is in a schema of ngeshare's/,
		qr/Drop it/,
		'DROP FUNCTION ngeshare.percentage(integer, integer)'
	],
	[
		'a name of ours',
		q{CREATE FUNCTION ngeshare_pipeline(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'},
		qr/^error: The function public\.ngeshare_pipeline\(text\) is in a schema of ngeshare's, or has a name like its functions/,
		qr/Drop it/,
		'DROP FUNCTION ngeshare_pipeline(text)'
	])
{
	my ($name, $making, $detail, $hint, $mending) = @$case;

	here($making);
	my @found = split /\n/, findings('foreign_code');
	my ($said, $todo) = split / \| /, $found[0] // 'nothing | ';

	is(scalar @found, 1, "$name is one finding") or diag(join "\n", @found);
	like($said, $detail, 'told by name');
	like($todo, ref $hint ? $hint : qr/\Q$hint\E$/, 'with what to do');
	here($mending // $todo =~ s/^[^:;]*(?:: |, or )(?=DROP)//r);
	is(findings('foreign_code'), '', 'which takes it away');
	here(qq{REVOKE ALL ON $user, "UserHangoutGroupAttendance" FROM mallory});
}

# Roles that could add such code.
here(
	qq{GRANT TRIGGER, SELECT, INSERT ON $user TO mallory; GRANT REFERENCES (id) ON "Hangout" TO PUBLIC;
	GRANT CREATE ON SCHEMA ngeshare TO mallory}
);
my @able = split /\n/, findings('foreign_rights');
is(scalar @able, 2, 'two may put code on what the sync uses');
like(
	$able[0],
	qr/^warning: PUBLIC may put code .*\(REFERENCES on TABLE public\."Hangout"\).* \| REVOKE REFERENCES ON TABLE public\."Hangout" FROM PUBLIC;$/,
	'PUBLIC, by a column');
like(
	$able[1],
	qr/^warning: mallory may .*\(CREATE on SCHEMA ngeshare, TRIGGER on TABLE public\."User"\)/,
	'mallory; reading and writing are no matter');
here($_) for map { s/.* \| //r } @able;
is(findings('foreign_rights'), '', 'the hints take it away');

# The owner of the database owns the schema public, and can therefore rename what the sync calls.
here('ALTER DATABASE ngeshare OWNER TO mallory');
my ($said, $todo) = split / \| /, findings('foreign_rights');
like(
	$said,
	qr/^warning: mallory owns the schema public, as the owner of the database: it could rename/,
	'a database that belongs to no superuser');
like($todo, qr/^ALTER SCHEMA public OWNER TO \w+;$/, 'with what to do');
here($todo);
is(findings('foreign_rights'), '', 'which takes it away');

# Production over a network. A connection to 0.0.0.0 reaches this machine, but the doctor does not
# take that address for a local one.
my $tls = make_certificates();
append_to_file($production->data_dir . '/pg_hba.conf', "host all $LOGIN all scram-sha-256\n");
$production->append_conf('postgresql.conf',
		"listen_addresses = '0.0.0.0'\nssl_cert_file = '$tls/server.crt'\n"
	  . "ssl_key_file = '$tls/server.key'\n");
$production->restart;
my %network = (host => '0.0.0.0');
my $verify = q{ALTER SERVER production OPTIONS (%s sslmode 'verify-full', }
  . q{ADD sslrootcert '/path/to/the/authority.crt');};
transport_is(
	{ %network, sslmode => 'prefer' },
	qr/^warning: The connection to 0\.0\.0\.0 is not encrypted \(prefer\)/,
	'Let production offer TLS (ssl = on). Then: ' . sprintf($verify, 'SET'),
	'nothing is encrypted');
$production->append_conf('postgresql.conf', "ssl = on\n");
$production->restart;
transport_is(
	{%network},
	qr/^warning: The connection to 0\.0\.0\.0 is encrypted now, but nothing demands .*\(prefer\)/,
	sprintf($verify, 'ADD'),
	'as it comes');
transport_is(
	{ %network, sslmode => 'disable' },
	qr/^warning: .* is not encrypted \(disable\)/,
	qr/^Let production offer TLS.*SET sslmode/, 'disabled');
transport_is(
	{ %network, sslmode => 'require' },
	qr/^warning: .* is encrypted, but the server's name is not verified \(require\)/,
	sprintf($verify, 'SET'), 'require');
transport_is(
	{ %network, sslmode => 'verify-ca', sslrootcert => "$tls/authority.crt" },
	qr/^warning: .* but not its name \(verify-ca\)/,
	q{ALTER SERVER production OPTIONS (SET sslmode 'verify-full');},
	'verify-ca');
here(q{ALTER SERVER production OPTIONS (SET sslmode 'verify-full')});
is( said_of('transport'),
	'ok: The connection to 0.0.0.0 is encrypted, '
	  . q{and the server's certificate and name are verified (verify-full).},
	'the statement mends it');
here(q{ALTER SERVER production OPTIONS (ADD hostaddr '127.0.0.1')});
is(findings('transport'), '', 'an address on this machine, by whatever name');
transport_is(
	{
		%network,
		host => $production->host . ',0.0.0.0',
		port => join(',', ($production->port) x 2)
	},
	qr/^warning: The connection to .*,0\.0\.0\.0 is not encrypted/,
	qr/sslmode 'verify-full'/,
	'one of two hosts is elsewhere');
transport_is({ host => 'localhost' }, undef, undef, 'localhost is here');
$production->stop;
is( said_of('transport'),
	'warning: not checked: production does not answer',
	'and it is not checked where production does not answer');
$local->stop;
done_testing();

sub here { return $local->safe_psql('ngeshare', $_[0]) }

# Returns the findings of these checks that are not ok, as lines of "status: detail | hint".
sub findings
{
	my $checks = join ',', @_;
	return here(
		qq{SELECT concat(status, ': ', detail, ' | ', hint)
			FROM unnest('{$checks}'::text[]) AS asked (name)
		CROSS JOIN LATERAL ngeshare.run_check(name) WHERE status <> 'ok' ORDER BY detail COLLATE "C"});
}

sub said_of
{
	my ($check) = @_;
	return here(
		"SELECT concat(status, ': ', detail) FROM ngeshare_doctor() WHERE check_name = '$check'");
}

# Connects with these options, and compares the doctor's finding on the transport.
sub transport_is
{
	my ($options, $detail, $hint, $name) = @_;

	here(connect_local($production, 'source', %$options));
	my ($said, $todo) = split / \| /, findings('transport');
	return is($said, undef, "transport: $name") unless defined $detail;
	like($said, $detail, "transport: $name");
	return ref $hint ? like($todo, $hint, 'and what to do') : is($todo, $hint, 'and what to do');
}

# Makes a certificate authority and a certificate for 0.0.0.0 that it signed.
sub make_certificates
{
	my $folder = PostgreSQL::Test::Utils::tempdir();

	append_to_file("$folder/names", "subjectAltName=IP:0.0.0.0\n");
	for my $command (
		[
			'req', '-x509', '-newkey', 'rsa:2048',
			'-nodes', '-days', '2', '-subj',
			'/CN=authority', '-keyout', "$folder/authority.key", '-out',
			"$folder/authority.crt"
		],
		[
			'req', '-newkey', 'rsa:2048', '-nodes',
			'-subj', '/CN=production', '-keyout', "$folder/server.key",
			'-out', "$folder/server.csr"
		],
		[
			'x509', '-req',
			'-in', "$folder/server.csr",
			'-CA', "$folder/authority.crt",
			'-CAkey', "$folder/authority.key",
			'-CAcreateserial', '-days',
			'2', '-extfile',
			"$folder/names", '-out',
			"$folder/server.crt"
		])
	{
		IPC::Run::run([ 'openssl', @$command ], '>', '/dev/null', '2>', '/dev/null')
		  or die "openssl @$command failed";
	}
	chmod 0600, "$folder/server.key";
	return $folder;
}
