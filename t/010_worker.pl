# Tests the sync in a background worker: it is started, watched, refused, cancelled and killed. Also
# tests that the worker ends when the extension or the database is dropped.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(2000, 51, now())});
new_local($local, 'ngeshare');
like(
	errors_of('ngeshare', 'SELECT ngeshare_sync_start()'),
	qr/ERROR:  55000: this database is not connected/,
	'not connected: 55000');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
like(
	errors_of('ngeshare', q{SELECT ngeshare_sync_start('sideways')}),
	qr/ERROR:  22023: /,
	'an unknown mode: 22023');
is(status('running, run_id, phase'), 'f||', 'before the first sync nothing runs');

# ngeshare_sync_start() in a transaction that is rolled back starts no sync.
$local->safe_psql('ngeshare', 'BEGIN; SELECT ngeshare_sync_start(); ROLLBACK');
wait_for_end();
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM sync_run'),
	'0', 'a starter that rolls back leaves no run');

# While a lock blocks the worker, its progress can be watched.
my ($in, $out, $person) = hold('User');
my $run = $local->safe_psql('ngeshare', 'SELECT ngeshare_sync_start()');
ok($local->poll_query_until('ngeshare', q{SELECT phase = 'merge' FROM ngeshare_sync_status()}),
	'its phase can be seen while it works');
is( status('running, run_id, mode, table_name, rows_done > 0, rows_expected > rows_done, pct < 50'),
	"t|$run|incremental|User|t|t|t", 'with table, rows and part done');
is(status(q{heartbeat_at > clock_timestamp() - interval '2 seconds'}),
	't', 'and a heartbeat in the middle of a step');
like(
	errors_of('ngeshare', 'SELECT ngeshare_sync_start()'),
	qr/ERROR:  NG001: .*\nDETAIL:  It is run $run\./,
	'a second worker is refused: NG001');
like(
	errors_of('ngeshare', 'CALL ngeshare_sync()'),
	qr/ERROR:  NG001: .*\nDETAIL:  It is run $run\./,
	'and so is a call');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM sync_run'), '1', 'the refused leave no run');

# A cancelled sync ends.
is($local->safe_psql('ngeshare', 'SELECT ngeshare_sync_cancel()'), 't', 'it can be cancelled');
wait_for_end();
is($local->safe_psql('ngeshare', "SELECT status, trigger FROM sync_run WHERE run_id = $run"),
	'cancelled|worker', 'and says so');
is(status('running, phase, last_error IS NOT NULL'), 'f|cancelled|t', 'in its status too');
is($local->safe_psql('ngeshare', 'SELECT ngeshare_sync_cancel()'),
	'f', 'there is nothing left to cancel');

# A sync whose worker was terminated is shown as interrupted. The next sync succeeds and closes it
# as crashed.
$run = $local->safe_psql('ngeshare', 'SELECT ngeshare_sync_start()');
ok($local->poll_query_until('ngeshare', q{SELECT phase = 'merge' FROM ngeshare_sync_status()}),
	'the next one works');
$local->safe_psql('ngeshare',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'ngeshare sync'});
ok( $local->poll_query_until(
		'ngeshare', q{SELECT phase = 'interrupted' AND NOT running FROM ngeshare_sync_status()}),
	'a killed worker shows as interrupted');
release($in, $person);
$run = $local->safe_psql('ngeshare', 'SELECT ngeshare_sync_start()');
wait_for_end();
is(status('running, run_id, phase, pct, last_error IS NULL, last_success_at IS NOT NULL'),
	"f|$run|success|100.0|t|t", 'the next one succeeds');
is( $local->safe_psql('ngeshare', 'SELECT string_agg(status, \',\' ORDER BY run_id) FROM sync_run'),
	'cancelled,crashed,success',
	'and closes the killed one');
is(scalar(answers_differ($production, 'source', $local, 'ngeshare', '2026-03-01 00:00+07')),
	0, 'every answer is right');

# A CALL immediately after ngeshare_sync_start() is refused: it does not start before the worker.
for my $try (1 .. 5)
{
	like(errors_of('ngeshare', "SELECT ngeshare_sync_start();\nCALL ngeshare_sync();"),
		qr/NG001/, "try $try: a call does not overtake a worker that was just started");
	wait_for_end();
}
is( $local->safe_psql(
		'ngeshare', q{SELECT count(*) FROM sync_run WHERE status <> 'success' AND run_id > 3}),
	'0',
	'and all of them succeed');

# The last table fails after all others are done. The worker itself closes its run.
$local->safe_psql('postgres',
	q{ALTER DATABASE ngeshare SET ngeshare.pause_at = 'pull UserHangoutGroupAttendance'});
$run = $local->safe_psql('ngeshare', q{SELECT ngeshare_sync_start('full')});
ok( $local->poll_query_until(
		'ngeshare',
		q{SELECT phase = 'pull' AND table_name = 'UserHangoutGroupAttendance' FROM ngeshare_sync_status()}
	),
	'a full sync is at its last table');
$production->safe_psql('source', qq{REVOKE SELECT ON "UserHangoutGroupAttendance" FROM $LOGIN});
$local->safe_psql('ngeshare', 'SELECT ngeshare.resume_sync()');
wait_for_end();
is( $local->safe_psql(
		'ngeshare',
		"SELECT status, (SELECT string_agg(table_name || ' ' || status, ',') FROM sync_log
			WHERE run_id = $run AND status <> 'success') FROM sync_run WHERE run_id = $run"
	),
	'failed|UserHangoutGroupAttendance failed',
	'that fails, and so does the run, which did not crash');
is( $local->safe_psql(
		'ngeshare', "SELECT DISTINCT sqlstate FROM sync_error_log WHERE run_id = $run"),
	'42501',
	'by its own error');
$production->safe_psql('source', qq{GRANT SELECT ON "UserHangoutGroupAttendance" TO $LOGIN});
$local->safe_psql('postgres', 'ALTER DATABASE ngeshare RESET ngeshare.pause_at');

# When production is down, the worker logs it.
$production->stop;
$local->safe_psql('ngeshare', 'SELECT ngeshare_sync_start()');
wait_for_end();
like(
	status('phase, last_error'),
	qr/^failed\|could not connect to production/,
	'a production that is down is told of');
$production->start;

# The extension or the database is dropped while the worker runs.
$local->safe_psql('ngeshare', q{SELECT ngeshare_sync_start('full')});
$local->safe_psql('ngeshare', 'DROP EXTENSION ngeshare');
ok( $local->poll_query_until(
		'ngeshare',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'ngeshare sync'}),
	'DROP EXTENSION ends it');
$local->safe_psql('ngeshare', 'CREATE EXTENSION ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
$local->safe_psql('ngeshare', q{SELECT ngeshare_sync_start()});
$local->safe_psql('postgres', 'DROP DATABASE ngeshare WITH (FORCE)');
ok( $local->poll_query_until(
		'postgres',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'ngeshare sync'}),
	'so does DROP DATABASE WITH (FORCE)');

# A fast shutdown of the local server ends the worker, too.
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
($in, $out, $person) = hold('HangoutGroup');
$local->safe_psql('ngeshare', q{SELECT ngeshare_sync_start()});
$local->poll_query_until('ngeshare',
	q{SELECT phase = 'merge' AND table_name = 'HangoutGroup' FROM ngeshare_sync_status()});
$local->stop('fast');
eval { $person->finish };
$local->start;
ok( $local->poll_query_until(
		'ngeshare', q{SELECT phase = 'interrupted' AND NOT running FROM ngeshare_sync_status()}),
	'a fast shutdown ends it, and its run shows as interrupted');

# If no worker slot is free, ngeshare_sync_start() fails and writes nothing.
$local->append_conf('postgresql.conf', 'max_worker_processes = 0');
$local->restart;
like(
	errors_of('ngeshare', 'SELECT ngeshare_sync_start()'),
	qr/ERROR:  53000: /,
	'without a worker slot: 53000');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM sync_run'), '1', 'and nothing was written');
like(
	errors_of('ngeshare', q{SELECT ngeshare_schedule('*/30 * * * *')}),
	qr/ERROR:  55000: pg_cron is not installed in this database\nHINT:  Set shared_preload_libraries/,
	'without pg_cron: 55000, and how to get it');
is($local->safe_psql('ngeshare', 'SELECT ngeshare_unschedule()'), 'f', 'and nothing to unschedule');

$production->stop;
$local->stop;
done_testing();

sub status
{
	my ($columns) = @_;
	return $local->safe_psql('ngeshare', "SELECT $columns FROM ngeshare_sync_status()");
}

sub wait_for_end
{
	$local->poll_query_until(
		'ngeshare', q{SELECT NOT running FROM ngeshare_sync_status()
		WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'ngeshare sync')}
	) or die 'the worker does not end';
	return;
}

# Starts a session that holds a lock on a table, for which the merge has to wait.
sub hold
{
	my ($table) = @_;
	my ($input, $output) =
	  (qq{BEGIN; LOCK TABLE "$table" IN ROW EXCLUSIVE MODE; SELECT 'held';\n}, '');
	my $session =
	  IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $local->connstr('ngeshare'), '-f', '-' ],
		'<', \$input, '>', \$output, '2>', \my $errors, IPC::Run::timer(120));

	$session->pump until $output =~ /held/;
	return (\$input, \$output, $session);
}

sub release
{
	my ($input, $session) = @_;
	$$input .= "COMMIT;\n\\q\n";
	$session->finish;
	return;
}

sub errors_of
{
	my ($database, $statement) = @_;
	return psql_errors($local, $database, $statement);
}
