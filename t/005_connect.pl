# Tests ngeshare_connect(): it refuses a wrong production with an SQLSTATE and a message that names
# what is wrong, and then changes nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use Test::More;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(20, 1, '2026-03-31 12:00+07')});
$production->safe_psql('source', 'DROP SCHEMA reference, demo CASCADE');
new_local($local, 'ngeshare');

sub refused
{
	my ($sqlstate, $pattern, $name, %other) = @_;
	my $errors = errors_of(connect_local($production, 'source', %other));

	like($errors, qr/ERROR:  $sqlstate: $pattern/, "$name: $sqlstate");
	like($errors, qr/^HINT:  \S/m, "$name: with a hint");
	unlike($errors, qr/secret/, "$name: without the password");
	is($local->safe_psql('ngeshare', 'SELECT count(*) FROM pg_foreign_server'),
		'0', "$name: nothing was made");
	return;
}

refused(
	'08001',
	'could not connect to production: .*refused',
	'a port where nobody listens',
	port => 1);
refused(
	'28P01',
	'could not connect to production: .*password authentication failed',
	'a wrong password',
	password => 'secret?');
refused(
	'3D000',
	'could not connect to production: .*"nowhere" does not exist',
	'a database that is not there',
	dbname => 'nowhere');
refused(
	'22023',
	'could not connect to production: .*outside the valid range',
	'an option that it refuses',
	options => '-c work_mem=1');
like(
	errors_of(connect_local($production, 'source', options => '-c work_mem=1')),
	qr/^HINT:  .*settings that a session begins with/m,
	'and the hint speaks of it');
$production->safe_psql('postgres', 'CREATE DATABASE empty');
refused('42P01', 'production has no table public\."User"', 'another database', dbname => 'empty');

like(
	errors_of(q{SELECT ngeshare_connect('host=h password=secret nonsense')}),
	qr/ERROR:  22023: /,
	'what libpq cannot read: 22023');
unlike(
	errors_of(q{SELECT ngeshare_connect('host=h password=secret nonsense')}),
	qr/ERROR.*secret|DETAIL.*secret/,
	'and is not repeated');
is($local->safe_psql('ngeshare', 'SELECT ngeshare_connect(NULL) IS NULL'),
	't', 'NULL connects nothing');

# Faults that production may have, each with the statement that causes it and the one that undoes
# it.
my @lacks = (
	[
		'42501',
		'the login may not read public\."HangoutGroup"',
		'no SELECT on a table',
		qq{REVOKE SELECT ON "HangoutGroup" FROM $LOGIN},
		qq{GRANT SELECT ON "HangoutGroup" TO $LOGIN}
	],
	[
		'42501',
		'the login may not read public\."User"\."createdAt"',
		'SELECT on some columns only',
		qq{REVOKE SELECT ON "User" FROM $LOGIN; GRANT SELECT (id) ON "User" TO $LOGIN},
		qq{GRANT SELECT ON "User" TO $LOGIN}
	],
	[
		'42501',
		'the login has no USAGE privilege on production\'s schema public',
		'no USAGE on the schema',
		qq{REVOKE USAGE ON SCHEMA public FROM $LOGIN, PUBLIC},
		qq{GRANT USAGE ON SCHEMA public TO $LOGIN}
	],
	[
		'42501',
		'row security hides rows of public\."User"',
		'row security',
		q{ALTER TABLE "User" ENABLE ROW LEVEL SECURITY},
		q{ALTER TABLE "User" DISABLE ROW LEVEL SECURITY}
	],
	[
		'42703',
		'production has no column public\."UserHangoutGroup"\."joinedAt"',
		'a missing column',
		q{ALTER TABLE "UserHangoutGroup" RENAME "joinedAt" TO "joined"},
		q{ALTER TABLE "UserHangoutGroup" RENAME joined TO "joinedAt"}
	],
	[
		'42804',
		'production\'s column public\."HangoutEpisode"\."order" is of type text',
		'a column of another type',
		q{ALTER TABLE "HangoutEpisode" ALTER "order" DROP DEFAULT, ALTER "order" TYPE text},
		q{ALTER TABLE "HangoutEpisode" ALTER "order" TYPE integer USING "order"::integer}
	],
	[
		'42P01',
		'production has no table public\."UserHangoutGroupAttendance"',
		'a missing table',
		q{ALTER TABLE "UserHangoutGroupAttendance" RENAME TO elsewhere},
		q{ALTER TABLE elsewhere RENAME TO "UserHangoutGroupAttendance"}
	]);
for my $lack (@lacks)
{
	my ($sqlstate, $pattern, $name, $break, $mend) = @$lack;

	$production->safe_psql('source', $break);
	refused($sqlstate, $pattern, $name);
	$production->safe_psql('source', $mend);
}

# A column that is an enum in production and text in the mirror is read as text.
$production->safe_psql(
	'source', q{
	CREATE TYPE kind AS ENUM ('PUBLIC', 'PRIVATE');
	UPDATE "Hangout" SET visibility = 'PUBLIC' WHERE visibility NOT IN ('PUBLIC', 'PRIVATE');
	ALTER TABLE "Hangout" ALTER visibility DROP DEFAULT;
	ALTER TABLE "Hangout" ALTER visibility TYPE kind USING visibility::kind});
is(errors_of(connect_local($production, 'source')), '', 'a good connection says nothing');
$local->safe_psql('ngeshare', 'CALL ngeshare_sync()');
is( $local->safe_psql('ngeshare', q{SELECT count(*) FROM "Hangout" WHERE visibility = 'PUBLIC'}),
	$production->safe_psql('source', q{SELECT count(*) FROM "Hangout" WHERE visibility = 'PUBLIC'}),
	'an enum arrives as text');
$production->safe_psql('source', q{ALTER TYPE kind ADD VALUE 'SECRET'});
$production->safe_psql('source',
	q{UPDATE "Hangout" SET visibility = 'SECRET', "updatedAt" = now()});
$local->safe_psql('ngeshare', 'CALL ngeshare_sync()');
is( $local->safe_psql(
		'ngeshare', q{SELECT count(*) > 0 FROM "Hangout" WHERE visibility = 'SECRET'}),
	't',
	'and so does a new label');

# A connection to the same production with another password or other options replaces the old one.
$production->safe_psql('source', qq{ALTER ROLE $LOGIN PASSWORD 'anders'});
like(
	errors_of('CALL ngeshare_sync()'),
	qr/ERROR:  28P01: /,
	'a sync with an old password fails with what production said');
is(errors_of(connect_local($production, 'source', password => 'anders', sslmode => 'prefer')),
	'', 'another password replaces it');
$local->safe_psql('ngeshare', 'CALL ngeshare_sync()');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT count(*) FROM pg_foreign_server
			WHERE srvname = 'production' AND 'sslmode=prefer' = ANY (srvoptions)}
	),
	'1',
	'there is one server, with the new options');
is($local->safe_psql('ngeshare', q{SELECT count(*) FROM pg_foreign_table}),
	'6', 'and six foreign tables');
is(errors_of(connect_local($production, 'source', password => 'anders')),
	'', 'options that are left out go');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT count(*) FROM pg_foreign_server WHERE 'sslmode=prefer' = ANY (srvoptions)}),
	'0',
	'as they should');

# A login that could write to production causes a warning.
$production->safe_psql('source', qq{GRANT UPDATE ON "User" TO $LOGIN});
like(
	errors_of(connect_local($production, 'source', password => 'anders')),
	qr/WARNING:  01000: the login could write to production/,
	'a login that could write is warned of');
$production->safe_psql('source', qq{REVOKE UPDATE ON "User" FROM $LOGIN});

# Another production database is refused while the mirror holds data.
$production->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE source');
$production->safe_psql('copy', "GRANT CONNECT ON DATABASE copy TO $LOGIN");
my $other = errors_of(connect_local($production, 'copy', password => 'anders'));
like(
	$other,
	qr/ERROR:  55000: this is another database than the one the mirror came from/,
	'another system is refused: 55000');
like($local->safe_psql('ngeshare', q{SELECT srvoptions FROM pg_foreign_server}),
	qr/dbname=source/, 'and the old connection stays');
$local->safe_psql('ngeshare', q{ALTER SERVER production OPTIONS (SET dbname 'copy')});
like(
	errors_of('CALL ngeshare_sync()'),
	qr/ERROR:  55000: this is another database/,
	'nor does a sync take it');
new_local($local, 'empty');
like(errors_of(connect_local($production, 'copy', password => 'anders'), 'empty'),
	qr/^$/, 'an empty mirror takes any');

$production->stop;
$local->stop;
done_testing();

sub errors_of
{
	my ($statement, $database) = @_;
	return psql_errors($local, $database // 'ngeshare', $statement);
}
