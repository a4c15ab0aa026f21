# Tests alerts: each change of state adds one alert; alerts are sent in order, and tried again after
# a temporary failure; the webhook's address stays secret; no caller waits for the network.
use strict;
use warnings FATAL => 'all';

BEGIN { $ENV{no_proxy} = $ENV{NO_PROXY} = '127.0.0.1'; }

use Encode qw(encode);
use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use IPC::Run;
use JSON::PP;
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sink;
use Test::More;
use Time::HiRes qw(time usleep);

my $SECRET = 'hooks/T0PS3CRET?key=w0rd';
my @TABLES =
  qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup UserHangoutGroupAttendance);
my $sink = Sink->start;
my $local = NgeshareTest::start_server(
	'local',
	"session_preload_libraries = 'ngeshare'",
	"ngeshare.alert_timeout = '1s'",
	'wal_level = replica',
	'max_wal_senders = 3');
my $log = $local->logfile;

new_local($local, 'ngeshare');

# Without an address the state is recorded, but no alert is sent.
note_run('failed');
is(state(), 'failed f', 'without an address the state is kept');
is(outbox('count(*)'), '0', 'and nothing waits');
like(
	psql_errors($local, 'ngeshare', 'SELECT ngeshare_alert_test()'),
	qr/ERROR:  55000: ngeshare\.alert_url is empty\nHINT:  Set it to/,
	'a test alert is refused with a hint: 55000');
note_run('success');
is(state(), 'ok f', 'the state recovers, too');
is(query('SELECT ngeshare.watch() IS NULL'), 'f', 'the watch has nothing to do');
is(workers(), '0', 'and starts nothing');

# Each change of state is sent once.
send_to(url($sink));
my @told;
for my $step (
	[ 'success', undef ],
	[ 'warning', 'warning' ],
	[ 'warning', undef ],
	[ 'failed', 'failed' ],
	[ 'failed', undef ],
	[ 'crashed', undef ],
	[ 'cancelled', undef ],
	[ 'success', undef, mode => 'verify' ],
	[ 'success', undef, tables => 2 ],
	[ 'warning', undef, tables => 5 ],
	[ 'success', 'recovered' ],
	[ 'success', undef ],
	[ 'failed', undef, mode => 'verify' ],
	[ 'cancelled', undef ],
	[ 'warning', 'warning', tables => 1 ],
	[ 'crashed', 'failed', tables => 0 ],
	[ 'warning', 'warning' ],
	[ 'success', 'recovered', mode => 'full' ],
	[ 'failed', 'failed', tables => 1 ],
	[ 'success', 'recovered' ])
{
	my ($status, $kind, %other) = @$step;
	my $before = outbox('count(*)');
	my $run = note_run($status, %other);
	my $what = join ' ', $status, %other;

	push @told, "$kind $run" if $kind;
	is( outbox(q{coalesce(string_agg(kind, ' ' ORDER BY alert_id), '')}, "alert_id > $before"),
		$kind // '',
		$kind ? "$what is told as $kind" : "$what is not told");
}
deliver();
is_deeply([ map { kind_and_run($_) } $sink->requests ],
	\@told, 'all of it arrives, in order, each once');
is( outbox(
		'bool_and(status = \'sent\' AND attempts = 1 AND http_status = 200 AND sent_at >= created_at
			AND last_error IS NULL)'
	),
	't',
	'and the outbox says so');
is(workers(), '0', 'the worker ends');

# ngeshare.alert_note_run() raises no error: not for unusual arguments, not if the outbox takes no
# row, and not if another session holds a lock.
$sink->forget;
is(query("SELECT ngeshare.alert_note_run($_) IS NULL"),
	'f', "a run that is none ($_) raises nothing")
  for 'NULL', '-1', '999999';
query(
	q{INSERT INTO sync_run (mode, trigger, status, clock) VALUES ('full', 'call', 'failed', now())}
);
is(query('SELECT ngeshare.alert_note_run((SELECT max(run_id) FROM sync_run)) IS NULL'),
	'f', 'nor a run without anything');
query(
	q{BEGIN; ALTER TABLE ngeshare.alert_outbox ADD CHECK (false) NOT VALID;
	UPDATE ngeshare.alert_state SET run_state = 'ok';
	SELECT ngeshare.alert_note_run((SELECT max(run_id) FROM sync_run)); ROLLBACK});
like(slurp_file($log), qr/no alert will be sent on sync \d+/, 'nor an outbox that takes nothing');
my ($input, $output) = ("BEGIN; SELECT 'held' FROM ngeshare.alert_state FOR UPDATE;\n", '');
my $holder =
  IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $local->connstr('ngeshare'), '-f', '-' ],
	'<', \$input, '>', \$output, IPC::Run::timer(120));
$holder->pump until $output =~ /held/;
my $begun = time;
note_run('failed');
cmp_ok(time - $begun, '<', 10, 'nor waits for ever for a lock');
like(slurp_file($log),
	qr/no alert will be sent on sync \d+: canceling statement due to lock timeout/,
	'but says so');
$input .= "COMMIT;\n\\q\n";
$holder->finish;
note_run('success');
deliver();
is(join(' ', map { kind_of($_) } $sink->requests), 'failed recovered', 'and they are told');

# The form and fields of a request, with hostile texts in it.
$sink->forget;
my $hostile =
  q{<!channel> & <https://evil.example|click> @everyone @Here a@b.example password='it\\'s secret' postgres://user:hidden@host/ "x" \\ é }
  . "\t";
my $run = note_run(
	'failed',
	message => $hostile . 'y' x 1_000_000,
	sqlstate => '08006',
	table => 'Hangout');
deliver();
my ($request) = $sink->requests;
is("$request->{method} $request->{path}", "POST /$SECRET", 'it is posted to the address');
is($request->{headers}{'content-type'}, 'application/json', 'as JSON');
like($request->{headers}{'user-agent'}, qr{^ngeshare/\d+\.\d+$}, 'by ngeshare in its version');
is( $request->{headers}{'idempotency-key'},
	query(
		q{SELECT system_identifier || '-' || (SELECT oid FROM pg_database
			WHERE datname = current_database())
	|| '-' || (SELECT max(alert_id) FROM ngeshare.alert_outbox) FROM pg_control_system()}),
	'with a key of its own');
my $payload = decode_json($request->{body});
my $attachment = $payload->{attachments}[0];
my %field = map { $_->{title} => $_->{value} } @{ $attachment->{fields} };
is($payload->{text}, "ngeShare: sync $run failed", 'it says what happened');
is($attachment->{color}, '#c62828', 'in red');
is_deeply(
	[
		@field{
			'Run', 'Mode', 'Status', 'Table',
			'Phase', 'Class', 'SQLSTATE', 'Tables that failed',
			'Database'
		}
	],
	[
		$run, 'incremental', 'failed', 'Hangout', 'pull', 'transient',
		'08006', 'Hangout', 'ngeshare'
	],
	'with the fields of the run and its error');
is_deeply(
	[ @field{ 'Rows pulled', 'Rows inserted', 'Rows updated', 'Rows deleted' } ],
	[ 60, 6, 12, 18 ],
	'and its counts');
like(
	$field{Ended},
	qr{^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Asia/Jakarta$},
	'and when, by the reporting clock');
my ($said, $remedy) = split /\nWhat to do: /, $attachment->{text};
like($remedy, qr/^Production can't be reached/, 'and what to do');
like($said, qr/^&lt;!channel&gt; &amp; &lt;https:/, 'a hostile text is escaped');
unlike($attachment->{text}, qr/[<>]|\@everyone|\@here/i, 'all of it, and calls nobody');
unlike($said, qr/secret|hidden/, 'what looks like a password is not told');
like(
	$said,
	qr{\Qa\E\@\Qb.example password=*** postgres://user:***\E\@host/ "x" \\ \x{e9} \ty+\.\.\.$},
	'the rest is as it was, and cut');
cmp_ok(length $request->{body}, '<', 4000, 'a message of a megabyte makes a small alert');

# Texts that grow when they are escaped are cut to the length that chat services accept, between
# characters and never within an escape. Control characters do not make the JSON longer.
for my $text ('&', '<', 'a&', 'ab<', '"', '\\', chr 0x1f600, "\x01", '@all ')
{
	my $name = sprintf 'U+%vX', $text;

	$sink->forget;
	note_run('success');
	note_run(
		'failed',
		message => encode('UTF-8', $text) x 6000,
		sqlstate => '08006',
		table => 'Hangout');
	deliver();
	my ($sent) = grep { kind_of($_) eq 'failed' } $sink->requests;
	my ($shown, $advice) = split /\nWhat to do: /,
	  decode_json($sent->{body})->{attachments}[0]{text};
	cmp_ok(length($shown) + length($advice),
		'<', 2000, "6000 times $name: the text is cut after it was escaped");
	cmp_ok(length $shown, '>', 980, 'and to no less');
	unlike($shown =~ s/&(?:amp|lt|gt);//gr =~ s/\.\.\.\z//r, qr/[&;<>]/, 'with whole escapes only');
	like($shown, qr/\.\.\.\z/, 'and says that it was');
	cmp_ok(length $sent->{body}, '<', 6000, 'and the body stays small');
}
is( query(
		q{SELECT string_agg(ngeshare.alert_text('ab&cd', most), ' ' ORDER BY most)
			FROM generate_series(3, 9) AS most}
	),
	'... a... ab... ab... ab... ab... ab&amp;cd',
	'an escape is shown whole or not at all');
unlike(query(q{SELECT ngeshare.alert_text(repeat('x', 985) || '://reader:hunter2hunter2@host/')}),
	qr/hunter/, 'a password is masked where the cut would part it from its end');
$sink->forget;
is( query(
		'SELECT ngeshare.alert_payload(kind, NULL) IS NULL
			FROM unnest(ARRAY[\'failed\', \'warning\', \'recovered\', \'stale\', \'test\']) AS kind'
	),
	join("\n", ('f') x 5),
	'every kind can be told of without a run');

# Alerts about a mirror that is stale.
$sink->forget;
note_run('success');
query(q{UPDATE sync_run SET finished_at = clock_timestamp() - interval '25 hours 59 minutes'});
deliver();
is(state(), 'ok f', 'within 26 hours nothing is stale');
query(q{UPDATE sync_run SET finished_at = clock_timestamp() - interval '26 hours 1 minute'});
deliver();
deliver();
is(state(), 'ok t', 'after 26 hours the data is stale');
note_run('failed');
note_run('success', mode => 'verify');
deliver();
note_run('warning');
is(state(), 'warning f', 'a warning ends it');
note_run('success');
query(q{UPDATE sync_run SET finished_at = clock_timestamp() - interval '27 hours'});
deliver();
note_run('success');
deliver();
is( join(' ', map { kind_of($_) } $sink->requests),
	'recovered stale failed warning recovered stale recovered',
	'each once, and the recovery');
query(q{TRUNCATE sync_run CASCADE});
$sink->forget;
deliver();
is(state(), 'ok f', 'before the first run nothing is stale');
note_run('failed');
query(q{UPDATE sync_run SET started_at = clock_timestamp() - interval '27 hours'});
deliver();
is(join(' ', map { kind_of($_) } $sink->requests),
	'failed stale', 'before the first success it counts from the first run');
like(decode_json(($sink->requests)[1]{body})->{text}, qr/no sync has ever succeeded/,
	'and says so');
note_run('success');
deliver();

# The webhook's behaviour: [ its answers, the number of requests that come, how the alert ends ].
for my $case (
	[ [ '500', '200' ], 2, 'sent 2 200 ' ],
	[ [ '429', '200' ], 2, 'sent 2 200 ' ],
	[ [ '408', '204' ], 2, 'sent 2 204 ' ],
	[ [ 'slow', '200' ], 2, 'sent 2 200 ' ],
	[ [ 'reset', '200' ], 2, 'sent 2 200 ' ],
	[ ['endless'], 1, 'sent 1 200 ' ],
	[ ['trickle'], 1, 'sent 1 200 ' ],
	[ ['404'], 1, 'failed 1 404 the webhook answered with status 404' ],
	[ ['410'], 1, 'failed 1 410 the webhook answered with status 410' ])
{
	my ($answers, $requests, $end) = @$case;

	$sink->forget;
	$sink->answer(@$answers);
	my $alert = test_alert();
	is(end_of($alert), $end, "@$answers: $end");
	is(scalar($sink->requests), $requests, 'of as many requests');
	is(keys %{ { map { $_->{headers}{'idempotency-key'} => 1 } $sink->requests } },
		1, 'with the same key');
}
my $other = Sink->start;
$sink->forget;
$sink->answer('redirect:http://127.0.0.1:' . $other->port . '/elsewhere');
is( end_of(test_alert()),
	'failed 1 302 the webhook answered with status 302; redirects are not followed',
	'a redirect is refused');
is(scalar($other->requests), 0, 'and not followed');

# After an alert's fifth try the worker ends, and the alert waits for about five minutes. After
# twenty tries, or a day, the alert is given up.
$sink->answer('500');
my $alert = test_alert('attempts = 4');
wait_for(
	"SELECT attempts = 5 AND last_error IS NOT NULL FROM ngeshare.alert_outbox
		WHERE alert_id = $alert",
	'a fifth try');
wait_for(no_workers(), 'the worker ends after five tries');
is( outbox(
		q{status || ' ' || (next_attempt_at - clock_timestamp() BETWEEN interval '3 minutes'
			AND interval '7 minutes')},
		"alert_id = $alert"),
	'pending true',
	'and leaves the alert for five minutes later');
$sink->forget;
my $later = query('SELECT ngeshare_alert_test()');
query('SELECT ngeshare.watch()');
is(workers(), '0', 'until then no worker starts');
$sink->answer('200');
query("UPDATE ngeshare.alert_outbox SET next_attempt_at = now() WHERE alert_id = $alert");
deliver();
is_deeply(
	[ map { $_->{headers}{'idempotency-key'} =~ s/.*-//r } $sink->requests ],
	[ $alert, $later ],
	'the later one waits for it');
$sink->answer('500');
like(
	end_of(test_alert('attempts = 19')),
	qr/^failed 20 500 /,
	'after twenty attempts it is given up');
like(
	end_of(test_alert(q{created_at = now() - interval '25 hours'})),
	qr/^failed 1 500 /,
	'and after a day');
my $waits = query(q{SELECT ngeshare_alert_test()});
wait_for(
	"SELECT attempts >= 1 AND last_error IS NOT NULL FROM ngeshare.alert_outbox
		WHERE alert_id = $waits",
	'a first try');
is(outbox(q{next_attempt_at - clock_timestamp() <= interval '2.5 seconds'}, "alert_id = $waits"),
	't', 'between tries it is seconds');
$sink->answer('200');
like(end_of($waits), qr/^sent/, 'then it arrives');

# While a webhook is slow, the worker holds no transaction and no lock, and it reacts to signals.
send_to(url($sink), '60s');
$sink->answer('slow');
for my $signal (qw(pg_terminate_backend pg_cancel_backend))
{
	$sink->forget;
	$alert = query(q{SELECT ngeshare_alert_test()});
	wait_for_request();
	is( query(
			q{SELECT count(*) FILTER (WHERE xact_start IS NULL
				AND backend_xmin IS NULL) || ' ' || string_agg(query, '') FROM pg_stat_activity
					WHERE backend_type = 'ngeshare alert'}
		),
		'1 delivering an alert',
		'while it waits no transaction is open') if $signal =~ /term/;
	is(query('SELECT ngeshare.watch() IS NULL'), 'f', 'another delivery may be started');
	cmp_ok(seconds_to_end($signal), '<', 1, "$signal ends it within a second");
	is(scalar($sink->requests), 1, 'of one request');
	is( outbox(
			q{status || ' ' || attempts || ' '
				|| (next_attempt_at > clock_timestamp() + interval '4 minutes')},
			"alert_id = $alert"),
		'pending 1 true',
		'the alert waits on');
	query("DELETE FROM ngeshare.alert_outbox WHERE alert_id = $alert");
}

# An alert of a transaction that is rolled back is not sent.
$sink->forget;
query('BEGIN; SELECT ngeshare_alert_test(); ROLLBACK');
wait_for(no_workers(), 'the worker of a starter that rolled back ends');
is(scalar($sink->requests), 0, 'and sends nothing');

# The extension or the database is dropped during a delivery.
query('SELECT ngeshare_alert_test()');
wait_for_request();
my $began = time;
query('DROP EXTENSION ngeshare');
cmp_ok(time - $began, '<', 5, 'DROP EXTENSION does not wait for a slow webhook');
query('CREATE EXTENSION ngeshare');
query(
	"INSERT INTO ngeshare.alert_outbox (kind, payload, next_attempt_at) SELECT 'test', '{}', 'infinity'
		FROM generate_series(1, 200)"
);
$sink->stop;
$sink = Sink->start;
wait_for(no_workers(), 'the worker finds another extension and ends');
is(outbox('count(*)', 'attempts > 0 OR last_error IS NOT NULL'),
	'0', 'whose alerts it does not touch');
$sink->answer('slow');
new_local($local, 'short');
send_to(url($sink), '60s');
$local->safe_psql('short', 'SELECT ngeshare_alert_test()');
wait_for_request();
$began = time;
$local->safe_psql('postgres', 'DROP DATABASE short WITH (FORCE)');
cmp_ok(time - $began, '<', 5, 'nor does DROP DATABASE WITH (FORCE)');
wait_for(no_workers(), 'its worker ends');
query('TRUNCATE ngeshare.alert_outbox');

# Addresses at which no alert can be delivered: nobody listens, the TLS certificate cannot be
# trusted, or the host does not exist.
my $gone = Sink->start;
my $dead = url($gone);
$gone->stop;
send_to($dead);
like(
	wait_for_error(),
	qr/^pending 1 0 .*(refused|Couldn't connect|Failed to connect)/i,
	'nobody listens: it is tried again');
my $tls = start_tls();
send_to("https://127.0.0.1:$tls->{port}/$SECRET");
like(
	wait_for_error(),
	qr/^pending 1 0 .*certificate/i,
	'a certificate that nobody vouches for is refused');
$tls->{server}->kill_kill;
unlike($tls->{said}, qr/T0PS3CRET/, 'before anything is told');
send_to('http://no-such-host.invalid/' . $SECRET);
like(
	wait_for_error(),
	qr/^pending 1 0 .*(resolve|no-such-host)/i,
	'a host that does not exist is told of');

# If no worker slot is free, the alert waits.
$sink->answer('200');
$sink->forget;
$local->append_conf('postgresql.conf', 'max_worker_processes = 1');
send_to(url($sink));
query('SELECT ngeshare_alert_test()');
like(
	slurp_file($log),
	qr/LOG:  no background worker can be started now: alerts wait/,
	'without a free slot the log says so');
is(outbox(q{string_agg(status || attempts, ',')}), 'pending0', 'and the alert waits');
$local->append_conf('postgresql.conf', 'max_worker_processes = 8');
send_to(url($sink));
deliver();
is(scalar($sink->requests), 1, 'for the next watch');

# Many sessions start a delivery at once: one worker delivers, and no alert is left.
$sink->forget;
command_ok(
	[
		'pgbench', '-n', '-c', '6', '-t', '10', '-f',
		script('SELECT ngeshare_alert_test();'),
		$local->connstr('ngeshare')
	],
	'six add alerts at once');
wait_for(q{SELECT count(*) = 0 FROM ngeshare.alert_outbox WHERE status = 'pending'},
	'all are sent without a watch');
my @keys = map { $_->{headers}{'idempotency-key'} =~ s/.*-//r } $sink->requests;
is(scalar(@keys), 60, 'as many as they are');
is(keys %{ { map { $_ => 1 } @keys } }, 60, 'each once');

# The privileges that the alerts' functions and tables require.
query('CREATE ROLE stranger');
like(
	psql_errors($local, 'ngeshare', "SET ROLE stranger; $_"),
	qr/ERROR:  42501/,
	"a stranger may not: $_")
  for 'SELECT ngeshare_alert_test()', 'SELECT ngeshare.watch()', 'SHOW ngeshare.alert_url',
  'SELECT * FROM ngeshare.alert_outbox';

# A dump contains neither the outbox nor the state.
wait_for(no_workers(), 'nothing is under way');
query('TRUNCATE sync_run CASCADE');
$sink->forget;
$sink->answer('500');
note_run('failed');
query('UPDATE ngeshare.alert_outbox SET next_attempt_at = \'infinity\' WHERE status = \'pending\'');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
command_ok([ 'pg_dump', '-d', $local->connstr('ngeshare'), '-f', $dump ],
	'a dump with an alert that waits');
$local->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $local->connstr('restored'), '-f', $dump ],
	'is restored');
$local->safe_psql('restored', 'SELECT ngeshare.watch()');
wait_for(no_workers(), 'a worker may come and go');
is( $local->safe_psql(
		'restored',
		q{SELECT (SELECT count(*) FROM ngeshare.alert_outbox) || ' ' || (SELECT count(*) FROM sync_run)
	|| ' ' || (SELECT run_state FROM ngeshare.alert_state)}),
	'0 1 ok',
	'with its run, and with no alert');
is(scalar($sink->requests), 0, 'nothing is sent twice');

# A promoted standby does not send alerts that the primary may have sent; neither would a restored
# backup.
$sink->answer('200');
$local->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($local, 'copy', has_streaming => 1);
$standby->start;
$local->wait_for_catchup($standby, 'replay', $local->lsn('insert'));
$standby->promote;
is($standby->safe_psql('ngeshare', 'SELECT ngeshare.timeline()'),
	'2', 'a promoted standby is on another timeline at once');
$standby->safe_psql('ngeshare',
	q{UPDATE ngeshare.alert_outbox SET next_attempt_at = now(); SELECT ngeshare.watch()});
ok( $standby->poll_query_until(
		'ngeshare', q{SELECT count(*) = 1 FROM ngeshare.alert_outbox WHERE status = 'abandoned'}),
	'what waited is abandoned');
is($standby->safe_psql('ngeshare', 'SELECT run_state, is_stale FROM ngeshare.alert_state'),
	'ok|f', 'and the state is told anew');
is(scalar($sink->requests), 0, 'nothing is sent');
$standby->stop;

# The webhook's address is in no log, table or dump.
unlike(slurp_file($log), qr/T0PS3CRET|w0rd/, 'the address is not in the log');
unlike(query(q{SELECT string_agg(alert_outbox::text, '') FROM ngeshare.alert_outbox}),
	qr/T0PS3CRET|w0rd/, 'nor in the outbox');
unlike(slurp_file($dump), qr/T0PS3CRET|w0rd/, 'nor in a dump');
unlike(
	slurp_file($log),
	qr/PANIC|terminated by signal|server process .* exited with exit code 2/,
	'and nothing crashed');

$local->stop;
done_testing();

# Returns a statement's result in the test's database.
sub query
{
	my ($statement) = @_;
	return $local->safe_psql('ngeshare', $statement);
}

sub state
{
	return query(q{SELECT run_state || ' ' || left(is_stale::text, 1) FROM ngeshare.alert_state});
}

sub outbox
{
	my ($what, $which) = @_;
	return query("SELECT $what FROM ngeshare.alert_outbox WHERE " . ($which // 'true'));
}

sub url { my ($webhook) = @_; return 'http://127.0.0.1:' . $webhook->port . "/$SECRET"; }

# Sets the webhook's address and restarts the server, because a reload would log the address. Alerts
# that wait are not sent during the restart.
sub send_to
{
	my ($url, $timeout) = @_;
	$local->append_conf('postgresql.conf',
		"ngeshare.alert_url = '$url'\nngeshare.alert_timeout = '" . ($timeout // '1s') . q{'});
	$local->restart;
	return;
}

# Writes a finished run to the log tables as a sync would, notes it for the alerts, and returns its
# run_id.
sub note_run
{
	my ($status, %other) = @_;
	my $message = $other{message} // "it $status";
	my $tables = join ',', @TABLES[ 0 .. ($other{tables} // 6) - 1 ];
	my $failed = $other{table} // '';
	my $error = defined $other{sqlstate}
	  ? "INSERT INTO sync_error_log (run_id, table_name, phase, attempt, sqlstate,
	  	class, message, detail, will_retry)
		SELECT max(run_id), '$failed', 'pull', 1, '$other{sqlstate}',
			'transient', \$text\$$message\$text\$, 'a row''s value', false FROM sync_run;"
	  : '';

	return query(
		"BEGIN;
		INSERT INTO sync_run (mode, trigger, status, message, clock, finished_at)
		VALUES ('"
		  . ($other{mode} // 'incremental')
		  . "', 'call', '$status', left(\$text\$$message\$text\$, 100), now(), clock_timestamp());
		INSERT INTO sync_log (run_id, table_name, status, rows_pulled, rows_inserted, rows_updated,
			rows_deleted)
		SELECT (SELECT max(run_id) FROM sync_run), name, CASE WHEN name = '$failed'
			THEN 'failed' ELSE 'success' END, 10, 1, 2, 3
		FROM unnest('{$tables}'::text[]) AS name;
		$error
		DO 'BEGIN PERFORM ngeshare.alert_note_run(max(run_id)) FROM sync_run; END';
		COMMIT;
		SELECT max(run_id) FROM sync_run");
}

# Sends the alerts that are due, and waits until they are sent.
sub deliver
{
	query('SELECT ngeshare.watch()');
	wait_for(q{SELECT count(*) = 0 FROM ngeshare.alert_outbox WHERE status = 'pending'},
		'the outbox to be empty');
	wait_for(no_workers(), 'the worker to end');
	return;
}

# Adds a test alert. $change modifies it before the worker sees it.
sub test_alert
{
	my ($change) = @_;
	return query('SELECT ngeshare_alert_test()') unless defined $change;
	return query(
		"BEGIN; CREATE TEMP TABLE added AS SELECT ngeshare_alert_test() AS id;
		UPDATE ngeshare.alert_outbox SET $change FROM added WHERE alert_id = id;
		COMMIT; SELECT id FROM added"
	);
}

# Waits until an alert is finished; returns its status, attempts, the webhook's status and the
# error.
sub end_of
{
	my ($id) = @_;
	wait_for("SELECT status <> 'pending' FROM ngeshare.alert_outbox WHERE alert_id = $id",
		"the end of alert $id");
	return outbox(
		q{concat_ws(' ', status, attempts, coalesce(http_status, 0), coalesce(last_error, ''))},
		"alert_id = $id");
}

# Returns the first error of a new alert, and deletes that alert.
sub wait_for_error
{
	my $id = query('SELECT ngeshare_alert_test()');
	wait_for("SELECT last_error IS NOT NULL FROM ngeshare.alert_outbox WHERE alert_id = $id",
		'an error');
	my $row = outbox(q{concat_ws(' ', status, attempts, coalesce(http_status, 0), last_error)},
		"alert_id = $id");
	query("DELETE FROM ngeshare.alert_outbox WHERE alert_id = $id");
	wait_for(no_workers(), 'the worker to end');
	return $row;
}

# Signals the worker and measures, inside the server, how long it takes to end.
sub seconds_to_end
{
	my ($signal) = @_;
	return query(
		qq{DO \$\$
		DECLARE began timestamptz := clock_timestamp();
		BEGIN
			PERFORM $signal(pid) FROM pg_stat_activity WHERE backend_type = 'ngeshare alert';
			WHILE EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'ngeshare alert')
				AND clock_timestamp() < began + interval '30 seconds'
			LOOP
				PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
			END LOOP;
			PERFORM set_config('test.took', extract(epoch FROM clock_timestamp() - began)::text, false);
		END \$\$;
		SELECT current_setting('test.took')});
}

sub workers
{
	return query(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ngeshare alert'});
}

sub no_workers
{
	return q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'ngeshare alert'};
}

sub wait_for
{
	my ($condition, $what) = @_;
	$local->poll_query_until('ngeshare', $condition) or die "waited in vain for $what";
	return;
}

# Waits until the webhook has received a request.
sub wait_for_request
{
	my $until = time + 30;
	while (!$sink->requests) { die 'no request came' if time > $until; usleep(50_000); }
	return;
}

sub kind_of
{
	my ($sent) = @_;
	my $text = decode_json($sent->{body})->{text};
	return
		$text =~ /all is well/    ? 'recovered'
	  : $text =~ /with a warning/ ? 'warning'
	  : $text =~ /no sync has/    ? 'stale'
	  : $text =~ /test/           ? 'test'
	  :                             'failed';
}

sub kind_and_run
{
	my ($sent) = @_;
	return kind_of($sent) . ' ' . decode_json($sent->{body})->{attachments}[0]{fields}[0]{value};
}

sub script
{
	my ($text) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
	append_to_file($path, $text);
	return $path;
}

# Starts a TLS server with a self-signed certificate.
sub start_tls
{
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my %tls = (port => $port, said => '');

	IPC::Run::run(
		[
			'openssl', 'req', '-x509', '-newkey',
			'rsa:2048', '-nodes', '-days', '2',
			'-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
			'-keyout', "$folder/key.pem", '-out', "$folder/certificate.pem"
		],
		'>',
		'/dev/null',
		'2>',
		'/dev/null') or die 'openssl made no certificate';
	$tls{server} = IPC::Run::start(
		[
			'openssl', 's_server', '-accept', "127.0.0.1:$port",
			'-key', "$folder/key.pem", '-cert', "$folder/certificate.pem",
			'-quiet'
		],
		'<',
		\'',
		'>',
		\$tls{said},
		'2>&1');
	for (1 .. 200)
	{
		return \%tls
		  if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp');
		usleep(50_000);
	}
	die 'openssl s_server does not listen';
}
