# Tests that the reading login cannot write to production: neither through a foreign table nor
# through a connection of the extension, nor by asking for a transaction that may write.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;
use Time::HiRes;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(10, 1, '2026-03-31 12:00+07')});
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
my @before = rows_of($production, 'source', 'SELECT * FROM "User"');

# 1. Writes through a foreign table are refused.
my %through_table = (
	'UPDATE' => q{UPDATE production."User" SET email = 'x'},
	'INSERT' => q{INSERT INTO production."User" SELECT * FROM production."User"},
	'DELETE' => q{DELETE FROM production."User"},
	'TRUNCATE' => q{TRUNCATE production."User"});
for my $verb (sort keys %through_table)
{
	like(
		error_of($local, 'ngeshare', $through_table{$verb}),
		qr/ERROR:  55000|ERROR:  0A000|ERROR:  42501/,
		"$verb through a foreign table is refused");
}
$local->safe_psql('ngeshare', q{ALTER SERVER production OPTIONS (SET updatable 'true')});
like(
	error_of($local, 'ngeshare', $through_table{UPDATE}),
	qr/ERROR:  (25006|42501)/,
	'and by production itself, where the server would let it through');
$local->safe_psql('ngeshare', q{ALTER SERVER production OPTIONS (SET updatable 'false')});

# 2. Writes by the login itself are refused: in a session with the settings of the foreign server,
# after BEGIN READ WRITE, and in a session without these settings.
my $session = $local->safe_psql(
	'ngeshare', q{SELECT split_part(option, '=', 1) || '=' || substr(option, 9)
	FROM pg_foreign_server, unnest(srvoptions) AS option
	WHERE srvname = 'production' AND option LIKE 'options=%'});
$session =~ s/^options=//;
like($session, qr/default_transaction_read_only=on/, 'the server asks for read-only transactions');
local $ENV{PGPASSWORD} = $PASSWORD;
local $ENV{PGOPTIONS} = $session;
my $login = 'host=127.0.0.1 port=' . $production->port . " dbname=source user=$LOGIN";
like(error_by($login, q{UPDATE public."User" SET email = 'x'}),
	qr/25006|42501/, 'UPDATE with our session is refused');
like(error_by($login, q{BEGIN READ WRITE; UPDATE public."User" SET email = 'x'}),
	qr/42501/, 'UPDATE after BEGIN READ WRITE is refused');
like(error_by($login, q{BEGIN READ WRITE; CREATE TABLE public.mine (id int)}),
	qr/42501/, 'CREATE TABLE after BEGIN READ WRITE is refused');
like(error_by($login, q{BEGIN READ WRITE; CREATE TEMP TABLE mine (id int)}),
	qr/42501/, 'CREATE TEMP TABLE too');
like(error_by($login, q{BEGIN READ WRITE; DELETE FROM public."UserHangoutGroupAttendance"}),
	qr/42501/, 'DELETE too');
delete $ENV{PGOPTIONS};
like(error_by($login, q{UPDATE public."User" SET email = 'x'}),
	qr/42501/, 'UPDATE with a session of its own is refused');

# 3. Through the extension's own connection: one of production's tables is replaced by a view that
# writes when it is read. Reading it is refused, even if the login may write.
$production->safe_psql(
	'source', qq{
	CREATE TABLE touched (at timestamptz);
	GRANT INSERT ON touched TO $LOGIN;
	CREATE FUNCTION touch() RETURNS boolean LANGUAGE plpgsql VOLATILE
	AS 'BEGIN INSERT INTO public.touched VALUES (now()); RETURN true; END';
	ALTER TABLE "User" RENAME TO "UserTable";
	CREATE VIEW "User" AS SELECT * FROM "UserTable" WHERE touch();
	GRANT SELECT ON "User" TO $LOGIN});
my $error = error_of($local, 'ngeshare', 'CALL ngeshare_sync()');
like($error, qr/ERROR:  25006/, 'a sync that would write there is refused by production');
is( $local->safe_psql('ngeshare', q{SELECT sqlstate || ' ' || class FROM sync_error_log}),
	'25006 permanent',
	'and logged');
$error = error_of($local, 'ngeshare', 'SELECT count(*) FROM production."User"');
like($error, qr/ERROR:  25006/, 'and so is a query through the foreign table');
is($production->safe_psql('source', 'SELECT count(*) FROM touched'), '0', 'nothing was written');
my @after = rows_of($production, 'source', 'SELECT * FROM "UserTable"');
is_deeply(\@after, \@before, 'production is as it was');

# 4. After a sync the extension has no transaction open in production.
is( $production->safe_psql(
		'source',
		qq{SELECT count(*) FROM pg_stat_activity WHERE usename = '$LOGIN' AND xact_start IS NOT NULL}
	),
	'0',
	'no transaction of ours stays open');

# 5. When a sync is cancelled, it closes its connection, and production soon ends the statement.
$production->safe_psql(
	'source',
	q{CREATE OR REPLACE VIEW "User" AS SELECT * FROM "UserTable"
		WHERE (SELECT pg_sleep(60)) IS NOT NULL}
);
my $busy = qq{SELECT count(*) FROM pg_stat_activity WHERE usename = '$LOGIN' AND state = 'active'};
my $sync = IPC::Run::start(
	[ 'psql', '-X', '-q', '-d', $local->connstr('ngeshare'), '-c', 'CALL ngeshare_sync()' ],
	'<', \undef, '>', \my $ignored,
	'2>', \my $said);
ok($production->poll_query_until('source', "$busy", '1'), 'a long statement of a sync runs there');
$local->safe_psql('ngeshare', 'SELECT ngeshare_sync_cancel()');
$sync->finish;
like($said, qr/canceling statement due to user request/, 'the sync is cancelled');
my $waited = 0;
Time::HiRes::sleep(0.1), $waited++
  while $production->safe_psql('source', $busy) ne '0' && $waited < 100;
cmp_ok($waited, '<', 50, sprintf 'and its statement there has ended %.1f s later', $waited / 10);

$production->stop;
$local->stop;
done_testing();

sub error_of
{
	my ($server, $database, $statement) = @_;
	return psql_errors($server, $database, $statement);
}

# Like error_of(), but takes a connection string and stops at the first error.
sub error_by
{
	my ($connection, $statement) = @_;
	my ($output, $errors) = ('', '');

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v',
			'VERBOSITY=verbose', '-d', $connection, '-f', '-'
		],
		'<',
		\$statement,
		'>',
		\$output,
		'2>',
		\$errors);
	return $errors;
}
