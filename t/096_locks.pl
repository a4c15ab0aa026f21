# Tests that no lock of a login that may not write can stop a sync, an alert or a writer, and that
# no session waits without limit for a session that starts a sync.
use strict;
use warnings FATAL => 'all';

BEGIN { $ENV{no_proxy} = $ENV{NO_PROXY} = '127.0.0.1'; }

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use Session qw(poll_until);
use Sink;
use Test::More;
use Time::HiRes qw(time);

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(20, 1, '2026-03-31 12:00+07')});
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
my $sink = Sink->start;
$local->safe_psql(
	'ngeshare', q{
	CREATE ROLE nobody LOGIN;
	CREATE ROLE analyst LOGIN IN ROLE pg_read_all_data;
	GRANT CREATE ON DATABASE ngeshare TO nobody;});

test_known_keys();
test_readers();
test_start_in_open_transaction();
test_tag();
test_unlock_all();

$sink->stop;
$production->stop;
$local->stop;
done_testing();

# Tests that syncs, also in a worker, and writes by hand work, with a change in production to sync.
sub all_goes_on
{
	my ($name) = @_;
	my $quick =
	  q{SET client_min_messages = warning; SET lock_timeout = '2s'; SET statement_timeout = '30s';};

	$production->safe_psql('source',
		q{UPDATE "Hangout" SET name = name || '.', "updatedAt" = now()});
	is(ask('SELECT count(*) FROM ngeshare.sync_lock'), '0', "$name: no sync seems to run");
	for my $mode (qw(incremental full verify))
	{
		is(errors_of("$quick CALL ngeshare_sync('$mode')"), '', "$name: $mode succeeds");
	}
	like(ask('SELECT ngeshare_sync_start()'), qr/^\d+$/, "$name: a worker starts");
	ok( $local->poll_query_until(
			'ngeshare', q{SELECT status = 'success' FROM sync_run ORDER BY run_id DESC LIMIT 1}),
		"$name: and succeeds");
	is(errors_of(qq{$quick UPDATE "Hangout" SET name = name}), '', "$name: a writer goes on");
	is(errors_of("$quick SELECT ngeshare.refuse_during_sync()"),
		'', "$name: nothing is refused as if a sync ran");
	is(ask('SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', "$name: the mirror is production's");
	return;
}

# A login that may not write holds every advisory lock that SQL can take with the extension's keys:
# with one key and with two, exclusive and shared. Syncs and alerts go on.
sub test_known_keys
{
	my $taken = join ', ', map { "pg_advisory_lock(x'6e676573686172$_'::bit(64)::bigint)" }
	  map { sprintf '%02x', $_ } 0x60 .. 0x6f;
	my $pairs = join ', ', map { "pg_advisory_lock(x'6e676573'::int, x'686172$_'::int)" }
	  map { sprintf '%02x', $_ } 0x60 .. 0x6f;

	for my $form ($taken, $pairs, map { s/lock\(/lock_shared(/gr } $taken, $pairs)
	{
		my $holder = Session->start($local, 'ngeshare', 'ROLE nobody');
		$holder->run("SELECT $form");
		is($holder->errors, '', 'nobody takes what SQL can make');
		all_goes_on('every key taken') if $form eq $taken;
		is( errors_of(
				q{SET client_min_messages = warning; SET lock_timeout = '2s'; CALL ngeshare_sync()}
			),
			'',
			'and a sync succeeds');
		$local->safe_psql('postgres',
				"ALTER DATABASE ngeshare SET ngeshare.alert_url = 'http://127.0.0.1:"
			  . $sink->port
			  . "/'");
		$sink->forget;
		ask('SELECT ngeshare_alert_test()');
		ok(poll_until(sub { $sink->requests > 0 }, 20), 'and an alert is delivered');
		$local->safe_psql('postgres', 'ALTER DATABASE ngeshare RESET ngeshare.alert_url');
		$holder->end;
	}
	for my $function (
		qw(ngeshare_refresh() ngeshare.refuse_during_sync() ngeshare_sync_start()
		ngeshare_restore_deleted(1) ngeshare_restore_attendance(1)))
	{
		like(
			errors_of("SET ROLE nobody; SELECT $function"),
			qr/ERROR:  42501: /,
			"nobody may not call $function");
	}
	return;
}

# A role that may read holds every lock that a reader can take, on tables and through views.
sub test_readers
{
	my $reader = Session->start($local, 'ngeshare', 'ROLE analyst');
	my $all = ask(
		q{SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
			WHERE relkind IN ('r', 'v') AND relpersistence = 'p'
		AND relnamespace IN ('public'::regnamespace, 'ngeshare'::regnamespace, 'api'::regnamespace)});

	$reader->run("BEGIN; LOCK TABLE $all IN ACCESS SHARE MODE");
	is($reader->errors, '', 'an analyst locks all that can be read');
	all_goes_on('beside a reader');
	$reader->end;

	# A first load tries for a while to get exclusive locks on its tables.
	new_local($local, 'fresh');
	$local->safe_psql('fresh', connect_local($production, 'source'));
	$local->safe_psql('postgres', q{ALTER DATABASE fresh SET ngeshare.sync_timeout = '3s'});
	$reader = Session->start($local, 'fresh', 'ROLE analyst');
	$reader->run('BEGIN; LOCK TABLE "User", "UserHangoutGroupAttendance" IN ACCESS SHARE MODE');
	is(psql_errors($local, 'fresh', 'SET client_min_messages = warning; CALL ngeshare_sync()'),
		'', 'a first load beside a reader succeeds');
	is($local->safe_psql('fresh', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', 'with every row');
	$reader->end;
	return;
}

# A session that starts a sync and does not commit delays others by 2 s at most.
sub test_start_in_open_transaction
{
	my $runs = ask('SELECT count(*) FROM sync_run');
	my $starter = Session->start($local, 'ngeshare');

	$starter->run('BEGIN; SELECT ngeshare_sync_start()');
	for my $other ('SELECT ngeshare_sync_start()', 'CALL ngeshare_sync()')
	{
		refused_soon(
			$other,
			qr/^ERROR:  NG001: another session is starting a sync\nDETAIL: .*\nHINT:  Commit or roll back/m,
			"$other while another transaction starts one");
	}
	refused_soon(
		q{SELECT api.sync_start()},
		qr/^ERROR:  PGRST: .*"code": "NG001".*"hint": "Commit/m,
		'api.sync_start()',
		q{SET request.method = 'POST';
		SET request.headers = '{"x-ngeshare": "sync", "content-type": "application/json"}';}
	);
	$starter->run('ROLLBACK');
	$starter->run('BEGIN; LOCK TABLE sync_run');
	refused_soon(
		q{SELECT api.sync_start()},
		qr/^ERROR:  PGRST: .*"code": "55P03".*"hint": "\w/m,
		'api.sync_start() while the logs are locked',
		q{SET request.method = 'POST';
		SET request.headers = '{"x-ngeshare": "sync", "content-type": "application/json"}';}
	);
	$starter->run('ROLLBACK');
	is(ask('SELECT count(*) FROM sync_run'), $runs, 'nothing is left of those');
	is(errors_of('SET client_min_messages = warning; CALL ngeshare_sync()'),
		'', 'and a sync succeeds');
	$starter->end;
	return;
}

sub refused_soon
{
	my ($statement, $pattern, $name, $settings) = @_;
	my $begun = time;

	like(errors_of("SET statement_timeout = '10s';" . ($settings // '') . $statement),
		$pattern, "$name is refused");
	cmp_ok(time - $begun, '<', 4, "$name does not wait for long");
	return;
}

# The sync's lock has a lock tag that SQL functions cannot take, and it is released when its backend
# ends.
sub test_tag
{
	my $sync = held('preflight');

	is( ask(q{SELECT string_agg(objsubid || ' ' || mode || ' ' || (pid = (SELECT pid
		FROM ngeshare.sync_lock)), ',')
		FROM pg_locks WHERE locktype = 'advisory'}),
		'3 ExclusiveLock true',
		'the sync holds one lock, by a tag that is ours');
	like(
		errors_of('CALL ngeshare_sync()'),
		qr/^ERROR:  NG001: a sync is already running/m,
		'a second sync is refused');
	like(
		errors_of('SELECT ngeshare.refuse_during_sync()'),
		qr/^ERROR:  NG001: a sync is running/m,
		'and an undo');
	ask('SELECT pg_terminate_backend(pid, 10000) FROM ngeshare.sync_lock');
	is(ask(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
		'0', 'a backend that dies gives it back');
	is(errors_of('SET client_min_messages = warning; CALL ngeshare_sync()'),
		'', 'and the next sync succeeds');
	$sync->{psql}->finish;

	# A restore of deleted rows calls ngeshare.refuse_during_sync(), which holds the sync's lock
	# until the transaction ends or is rolled back to a savepoint before the call.
	my $undo = Session->start($local, 'ngeshare');
	for my $end ('ROLLBACK', 'COMMIT', 'ROLLBACK TO undone')
	{
		$undo->run('BEGIN; SAVEPOINT undone; SELECT ngeshare.refuse_during_sync()');
		like(
			errors_of('CALL ngeshare_sync()'),
			qr/^ERROR:  NG001: /m,
			'no sync begins while an undo is open');
		is(ask('SELECT count(*) FROM ngeshare.sync_lock'), '0', 'an open undo is shown as no sync');
		is(ask('SELECT ngeshare_sync_cancel()'), 'f', 'and not cancelled as one');
		$undo->run($end);
		is(ask(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
			'0', "$end gives it back");
		$undo->run('ROLLBACK') if $end =~ /TO/;
	}
	$undo->end;
	return;
}

# A trigger that releases all advisory locks does not let a second sync in.
sub test_unlock_all
{
	$local->safe_psql(
		'ngeshare', q{
		CREATE FUNCTION unlock() RETURNS trigger
			LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_unlock_all(); RETURN NULL; END';
		CREATE TRIGGER unlock AFTER UPDATE ON "Hangout" EXECUTE FUNCTION unlock();
		ALTER TABLE "Hangout" ENABLE ALWAYS TRIGGER unlock;});
	$production->safe_psql('source',
		q{UPDATE "Hangout" SET name = name || '!', "updatedAt" = now()});
	my $sync = held('refresh');

	is(ask('SELECT count(*) FROM ngeshare.sync_lock'),
		'1', 'the sync holds its lock after a trigger has released all');
	like(errors_of('CALL ngeshare_sync()'), qr/^ERROR:  NG001: /m, 'a second sync is refused');
	ask('SELECT ngeshare.resume_sync()');
	$sync->wait;
	is($sync->errors, '', 'and the first one succeeds');
	$sync->end;
	return;
}

# Starts a session with a sync that is held in a phase.
sub held
{
	my ($phase) = @_;
	my $sync = Session->start($local, 'ngeshare', "ngeshare.pause_at = '$phase'");

	$sync->tell('CALL ngeshare_sync()');
	ok( poll_until(
			sub {
				ask(q{SELECT count(*) FROM ngeshare.sync_progress AS progress JOIN sync_run USING (run_id)
		WHERE status = 'running' AND phase = '} . $phase . q{'}) eq '1';
			}),
		"a sync is held in $phase");
	return $sync;
}

sub ask { return $local->safe_psql('ngeshare', $_[0]); }

sub errors_of { return psql_errors($local, 'ngeshare', $_[0]); }
