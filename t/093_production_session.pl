# Tests the extension's sessions in production: they are read-only and have fixed settings, whatever
# host libpq chooses and whatever options a pooler drops. Also tests a column whose type changes
# during a sync, and a table that another session has locked.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;
use Time::HiRes qw(time);

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql(
	'source', qq{
	SELECT demo.generate(40, 93, '$clock');
	DROP SCHEMA reference, demo CASCADE;
	CREATE SCHEMA extensions;
	CREATE EXTENSION citext SCHEMA extensions;
	ALTER TABLE "User" ALTER email TYPE extensions.citext;
	ALTER ROLE $LOGIN SET timezone = 'Asia/Jakarta';
	ALTER ROLE $LOGIN SET datestyle = 'German';
	ALTER ROLE $LOGIN SET search_path = '';
	ALTER ROLE $LOGIN SET standard_conforming_strings = off});
new_local($local, 'prepared');
my $databases = 0;
my @poolers;

chosen_sessions();
locked_table();
pooled_sessions();
retyped_column();
$production->stop;
$local->stop;
done_testing();

sub new_database
{
	my ($connect) = @_;
	my $database = 'local' . ++$databases;

	$local->safe_psql('postgres', $_)
	  for "CREATE DATABASE $database TEMPLATE prepared",
	  "ALTER DATABASE $database SET ngeshare.sync_clock = '$clock';
	  ALTER DATABASE $database SET ngeshare.sync_retries = 0";
	return ($database, psql_errors($local, $database, $connect));
}

sub last_status
{
	return $local->safe_psql($_[0], 'SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1');
}

# Returns the number of a table's rows if production and the mirror hold the same ones, compared as
# text; otherwise 0.
sub is_mirrored
{
	my ($database, $table) = @_;
	my @rows =
	  map { [ rows_of($_->[0], $_->[1], qq{SELECT * FROM "$table"}) ] }[ $production, 'source' ],
	  [ $local, $database ];

	return differences(@rows) ? 0 : scalar @{ $rows[0] };
}

# target_session_attrs lets libpq choose a host by whether it accepts writes. The extension's
# session is read-only, whatever was chosen.
sub chosen_sessions
{
	for my $attribute (qw(any read-write primary prefer-standby))
	{
		my ($database, $said) =
		  new_database(connect_local($production, 'source', target_session_attrs => $attribute));

		is($said, '', "target_session_attrs=$attribute connects");
		is( $local->safe_psql(
				$database,
				q{SELECT asked::text
					FROM ngeshare.ask_production('SELECT current_setting(''transaction_read_only''),
						current_setting(''timezone'')', 'text text') AS asked}
			),
			'{on,UTC}',
			'and its session is read-only and pinned');
		next unless $attribute eq 'read-write';
		$local->safe_psql($database, 'CALL ngeshare_sync()');
		is(last_status($database), 'success', 'and it syncs');
		cmp_ok(is_mirrored($database, 'HangoutGroup'), '>', 30, 'production\'s rows');
	}
	my (undef, $said) =
	  new_database(connect_local($production, 'source', target_session_attrs => 'read-only'));
	like(
		$said,
		qr/ERROR:  08001: .*session is not read-only/,
		'target_session_attrs=read-only finds no such session, as elsewhere');
	return;
}

# Another session locks one table. The other tables are synced, and no statement waits for a lock
# longer than a second.
sub locked_table
{
	my ($database) = new_database(connect_local($production, 'source'));
	my $holder = Session->start($production, 'source');

	for my $table (qw(UserHangoutGroupAttendance UserHangoutGroup))
	{
		my $began = time;

		$holder->run(qq{BEGIN; LOCK TABLE "$table" IN ACCESS EXCLUSIVE MODE});
		like(
			psql_errors($local, $database, 'CALL ngeshare_sync()'),
			qr/^ERROR:  55P03: production: /m,
			"$table is locked: 55P03");
		note sprintf 'it took %.1f s', time - $began;
		is( $local->safe_psql(
				$database,
				q{SELECT string_agg(status, ' ' ORDER BY table_name COLLATE "C") FROM sync_log
					WHERE run_id = (SELECT max(run_id) FROM sync_run)}
			),
			$table =~ /Attendance/
			? 'success success success success success failed'
			: 'success success success success failed success',
			'it costs that table only');
		is( $production->safe_psql(
				'source',
				q{SELECT coalesce(max(setting), '') FROM pg_settings WHERE name = 'lock_timeout'}),
			'0',
			'production waits for ever by itself');
		$holder->run('ROLLBACK');
	}
	is( $local->safe_psql(
			$database,
			q{SELECT asked::text FROM ngeshare.ask_production('SELECT current_setting(''lock_timeout'')',
				'text') AS asked}
		),
		'{1s}',
		'no wait lasts longer than a second');
	$local->safe_psql($database, 'CALL ngeshare_sync()');
	is(last_status($database), 'success', 'and the next sync has all');
	$holder->end;
	return;
}

# Starts a pooler in front of production; it ends with this test at the latest.
sub start_pooler
{
	my ($port, $settings) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my $server = 'host=127.0.0.1 port=' . $production->port . ' dbname=source';

	append_to_file("$folder/users.txt", qq{"pooled" ""\n});
	append_to_file("$folder/pgbouncer.ini",
		"[databases]\nsession = $server pool_mode=session\ntransaction = $server pool_mode=transaction\n"
		  . "[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = $port\nunix_socket_dir =\n"
		  . "auth_type = trust\nauth_file = $folder/users.txt\n"
		  . "default_pool_size = 1\nlogfile = $folder/log\npidfile = $folder/pid\n$settings\n");
	local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
	my $pooler = IPC::Run::start([ 'pgbouncer', '-q', "$folder/pgbouncer.ini" ],
		'<', \undef, '>', "$folder/out", '2>', "$folder/err");

	push @poolers, $pooler;
	poll_until(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) })
	  or die 'no pooler: ' . slurp_file("$folder/err");
	return $pooler;
}

# A pooler that drops start-up options, in its session and transaction modes, and a pooler that
# refuses them.
sub pooled_sessions
{
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $pooler = start_pooler($port, 'ignore_startup_parameters = options');

	$production->safe_psql(
		'source', q{
		CREATE ROLE pooled LOGIN;
		GRANT USAGE ON SCHEMA public TO pooled;
		GRANT SELECT ON ALL TABLES IN SCHEMA public TO pooled;
		GRANT CONNECT ON DATABASE source TO pooled;
		ALTER ROLE pooled SET search_path = '';
		ALTER ROLE pooled SET lock_timeout = '77s';
		ALTER ROLE pooled SET quote_all_identifiers = on;
		ALTER ROLE pooled SET extra_float_digits = '-15'});
	for my $mode (qw(session transaction))
	{
		my $conninfo = "host=127.0.0.1 port=$port user=pooled";
		my ($database, $said) = new_database("SELECT ngeshare_connect('$conninfo dbname=$mode')");

		like(
			$said,
			qr/\AWARNING:  01000: a pooler in front of production drops the start-up options\nDETAIL:  .*\nHINT:  .*\n\z/,
			"pool_mode=$mode: connect says what a pooler takes away");
		is(psql_errors($local, $database, 'CALL ngeshare_sync()') =~ s/^NOTICE:.*\n//mgr,
			'', 'it syncs');
		cmp_ok(is_mirrored($database, 'HangoutGroup'), '>', 30, 'production\'s rows');
		is( $local->safe_psql(
				$database, q{SELECT asked::text FROM ngeshare.ask_production(
			'SELECT current_setting(''transaction_read_only''), current_setting(''lock_timeout''),
				current_setting(''extra_float_digits'')', 'text text text') AS asked}
			),
			'{on,1s,3}',
			'its statements run with our settings');
		is( $local->safe_psql(
				$database,
				q{SELECT status FROM ngeshare_doctor() WHERE check_name = 'production_answers'}),
			'warning',
			'and the doctor says so');
		IPC::Run::run(
			[
				'psql', '-X', '-At', '-d', "$conninfo dbname=$mode", '-c', q{
			SELECT current_setting('lock_timeout'), current_setting('quote_all_identifiers'),
				current_setting('extra_float_digits'), current_setting('default_transaction_read_only')}
			],
			'>',
			\my $left,
			'2>&1');
		is($left, "77s|on|-15|off\n", 'the pool\'s next client finds its own settings');
	}
	$pooler->signal('INT');
	$pooler->finish;
	$port = PostgreSQL::Test::Cluster::get_free_port();
	$pooler = start_pooler($port, '');
	my (undef, $said) = new_database(
		"SELECT ngeshare_connect('host=127.0.0.1 port=$port user=pooled dbname=session')");
	like(
		$said,
		qr/^ERROR:  08P01: .*unsupported startup parameter.*options.*\nHINT:  This is not production itself but a pooler/,
		'a pooler that refuses options is named');
	$pooler->signal('INT');
	$pooler->finish;
	return;
}

# Two timestamp columns in production become timestamptz while a sync is held between its check of
# the types and its pull.
sub retyped_column
{
	my ($database) = new_database(connect_local($production, 'source'));
	my $seen = -s $local->logfile;
	my $sync = Session->start($local, $database, q{ngeshare.pause_at = 'pull'});

	$sync->tell('CALL ngeshare_sync()');
	poll_until(sub { substr(slurp_file($local->logfile), $seen) =~ /sync \d+ is held/ })
	  or die 'no sync is held';
	$production->safe_psql(
		'source', q{SET timezone = 'UTC';
		ALTER TABLE "User" ALTER "createdAt" TYPE timestamptz(3), ALTER "updatedAt" TYPE timestamptz(3)});
	$local->safe_psql($database, 'SELECT ngeshare.resume_sync()');
	$sync->wait;
	is(last_status($database), 'success', 'a sync whose columns are retyped under it succeeds');
	is( $local->safe_psql(
			$database,
			q{SELECT md5(string_agg(id || "createdAt" || "updatedAt", ',' ORDER BY id COLLATE "C"))
				FROM "User"}
		),
		$production->safe_psql(
			'source',
			q{SET timezone = 'UTC';
			SELECT md5(string_agg(id || ("createdAt" AT TIME ZONE 'UTC') || ("updatedAt" AT TIME ZONE 'UTC'),
				',' ORDER BY id COLLATE "C")) FROM "User"}
		),
		'with the right times');
	like(
		psql_errors($local, $database, 'CALL ngeshare_sync()'),
		qr/^ERROR:  42804: production's column public\."User"\."createdAt" is of type timestamp\(3\) with time zone/m,
		'and the next one refuses the type');
	$sync->end;
	return;
}

END
{
	local $?;
	$_->kill_kill(grace => 1) for grep { $_->pumpable } @poolers;
}
