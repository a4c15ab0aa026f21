# Tests a production that cannot be trusted: a proxy answers the statements of connect, sync, doctor
# and validate with many kinds of wrong answers (t/lib/HostileProxy.pm). Unless the answer could
# also be an honest one, the attempt must end in time with the right SQLSTATE. Nothing invalid may
# be stored, and honest syncs must repair the mirror. The test lists no statements: it uses those
# that the proxy sees.
use strict;
use warnings FATAL => 'all';

use lib 't/lib';

use FaultBench;
use HostileProxy;
use IO::Socket::INET;
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;
use Time::HiRes qw(sleep time);

# The sync_timeout in seconds, and the seconds that an attempt may take while production is silent.
my ($TIMEOUT, $BOUND) = (1, 3);
my $DATABASE = 'ngeshare';

# Wrong answers that may be accepted ("lies") come last, because after one the sync may no longer
# send the statement.
my @KINDS = sort { is_lie($a) <=> is_lie($b) }
  (@HostileProxy::ROWS, @HostileProxy::PROTOCOL, @HostileProxy::SLOW);

my ($production, $local) = start_servers();
my $rules = slurp_file($production->data_dir . '/pg_hba.conf');
unlink $production->data_dir . '/pg_hba.conf';
append_to_file($production->data_dir . '/pg_hba.conf', "host all all 127.0.0.1/32 trust\n$rules");
$production->append_conf('postgresql.conf', 'max_prepared_transactions = 2');

# Failed syncs put alerts that quote production into the outbox. Nothing listens at this address, so
# the alerts stay there.
$local->append_conf('postgresql.conf', q{ngeshare.alert_url = 'http://127.0.0.1:9/hook'});
$local->reload;
$production->restart;
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(30, 34, '$FaultBench::CLOCK')");
my $changes = bless { production => $production, version => 0 }, 'FaultBench';
$changes->mark_production;

new_local($local, $DATABASE);
$local->safe_psql('postgres', "ALTER DATABASE $DATABASE SET $_")
  for "ngeshare.sync_clock = '$FaultBench::CLOCK'", "ngeshare.sync_timeout = '${TIMEOUT}s'",
  'ngeshare.sync_retries = 100', "ngeshare.sync_retry_base = '0ms'";
my $proxy = HostileProxy->start(port => $production->port);
my %way = (sslmode => 'disable', gssencmode => 'disable');
my $connect = connect_local($production, 'source', %way, port => $proxy->port);
my ($served, $statements, $served_at) = (0, 0);

ask($connect);
ask(q{
	CREATE TABLE test_error (occurred_at timestamptz, sqlstate text, message text);
	CREATE FUNCTION try(statement text, times integer) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		words text;
	BEGIN
		FOR turn IN 1 .. times LOOP
			BEGIN
				EXECUTE statement;
			EXCEPTION WHEN OTHERS THEN
				GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
				INSERT INTO test_error VALUES (clock_timestamp(), SQLSTATE, words);
			END;
		END LOOP;
	END
	$$});
my $started = ask('SELECT pg_postmaster_start_time()');

sub ask { my ($query) = @_; return $local->safe_psql($DATABASE, $query); }

# Returns whether this kind of wrong answer is a "lie": it has the form of an honest answer, so that
# the sync may accept it.
sub is_lie { my ($kind) = @_; return $kind =~ /^(?:no_row|many_rows|nulls|sizes|names)$/ ? 1 : 0; }

# Returns the SQLSTATEs with which an attempt may end after a wrong answer; undef if the answer may
# be accepted.
sub expected
{
	my ($statement, $kind, $is_copy) = @_;

	return if $kind eq 'notice' || is_lie($kind) && !($kind eq 'sizes' && $is_copy);
	return qr/^(?:08001|08P01|40001)$/ if $statement eq 'start-up';
	return qr/^40001$/ if $kind eq 'error';
	return qr/^08(?:006|P01)$/ if $kind eq 'garbage';
	return qr/^08006$/ if $kind =~ /^(?:truncated|silence|trickle)$/;
	return qr/^(?:22021|08P01)$/ if $kind eq 'bad_bytes';
	return qr/^(?:54000|08P01)$/ if $kind eq 'sizes';
	return qr/^08P01$/;
}

# Compares the wrong answers given with the errors that followed; returns the faults.
sub faults_of
{
	my ($events, $errors) = @_;
	my @faults;

	for my $at (0 .. $#$events)
	{
		my ($when, $form, $kind, $is_copy, $statement) = @{ $events->[$at] };
		my $until = $at < $#$events ? $events->[ $at + 1 ][0] : 1e12;
		my $expected = expected($statement, $kind, $is_copy);
		my ($error) = grep { $_->[0] >= $when && $_->[0] <= $until } @$errors;

		# Of successive errors about rows only the first is logged.
		next if !defined $expected || !$error && $is_copy && $kind =~ /^(?:bad_bytes|sizes)$/;
		if    (!$error) { push @faults, "$kind: no error: $statement"; }
		elsif ($error->[1] !~ $expected)
		{
			push @faults, "$kind: $error->[1] $error->[2]: $statement";
		}
		elsif ($error->[0] - $when > $BOUND)
		{
			push @faults, sprintf '%s: after %.1f s: %s', $kind, $error->[0] - $when, $statement;
		}
	}
	push @faults, map { "inner error: $_->[2]" } grep { $_->[1] =~ /^(?:XX|58)/ } @$errors;
	return @faults;
}

# Returns how many stored texts that may come from production are invalid in the database's
# encoding.
sub invalid_texts
{
	return ask(
		q{
		CREATE OR REPLACE FUNCTION is_invalid(kept text) RETURNS boolean LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM convert_from(textsend(kept), 'UTF8');
			RETURN false;
		EXCEPTION WHEN character_not_in_repertoire THEN
			RETURN true;
		END
		$$;
		SELECT count(*) FROM (
			SELECT message || ' ' || coalesce(detail, '') FROM sync_error_log
			UNION ALL SELECT message FROM sync_run UNION ALL SELECT message FROM test_error
			UNION ALL SELECT source_id FROM ngeshare.source
			UNION ALL SELECT drift::text FROM ngeshare.drift
			UNION ALL SELECT quarantine::text FROM ngeshare.quarantine
			UNION ALL SELECT outbox::text FROM ngeshare.alert_outbox AS outbox) AS stored (kept)
		WHERE is_invalid(kept)});
}

# Makes attempts until each statement has had the wrong answers that the proxy has for it, and
# checks how the attempts ended. A statement that they no longer send, because a lie was accepted,
# does not get its remaining wrong answers.
sub judge
{
	my ($scope, $attempt, $turns) = @_;
	my $began = time;
	my ($before, $left) = (-1, 0);
	my @events;

	ask('TRUNCATE test_error; DELETE FROM sync_error_log');
	$proxy->arm($scope =~ /^(?:connect|validate|doctor)$/ ? $scope : 'sync', @KINDS);
	for (1 .. $turns)
	{
		$attempt->();
		($before, $left) = ($left, $proxy->pending);
		last if $left == 0 || $left == $before;
	}
	$proxy->honest;
	@events = $proxy->log;
	my @errors = map { [ split /\t/ ] } split /\n/, ask(
		q{
		SELECT extract(epoch FROM occurred_at) || E'\t' || sqlstate || E'\t' || translate(left(message,
			200), E'\n\t', '  ')
		FROM (SELECT * FROM test_error UNION ALL SELECT occurred_at, sqlstate, message
			FROM sync_error_log) AS error
		ORDER BY occurred_at});
	my @faults = faults_of(\@events, \@errors);
	my %forms = map { $_->[4] => 1 } @events;
	my %count;

	$count{ $_->[2] }++ for @events;
	cmp_ok($left, '<=', ($served + @events) / 4, "$scope: the statements had each kind of answer");
	is(join("\n", @faults[ 0 .. ($#faults < 9 ? $#faults : 9) ]),
		'', "$scope: each attempt ended as it should");
	is(invalid_texts(), 0, "$scope: nothing invalid is stored");
	is(ask('SELECT pg_postmaster_start_time()'), $started, "$scope: no backend crashed");
	note(
		sprintf '%s: %d statements, %d answers, %d not served, in %.0f s: %s',
		$scope,
		scalar keys %forms,
		scalar @events,
		$left,
		time - $began,
		join ', ',
		map { "$_ $count{$_}" } grep { $count{$_} } @KINDS);
	note("  $_") for sort map { substr $_, 0, 150 } keys %forms;
	$served     += @events;
	$statements += keys %forms;
	return;
}

# Returns a function that tries a statement some times; each try may fail.
sub tries
{
	my ($statement, $times) = @_;
	my $quoted = $statement =~ s/'/''/gr;

	return sub { ask("SELECT try('$quoted', $times)"); };
}

sub sync
{
	my ($mode) = @_;
	return sub { $local->psql($DATABASE, "CALL ngeshare_sync('$mode')", stderr => \my $said); };
}

# Runs honest syncs after hostile ones: the first may end with a warning (rows whose parents a lie
# hid may still be in quarantine), and then a second one must succeed. Then the mirror must equal
# production.
sub is_mended
{
	my ($name) = @_;
	my $said = '';

	for my $status ('success or warning', 'success')
	{
		$local->psql(
			$DATABASE,
			'SET client_min_messages = error; CALL ngeshare_sync()',
			stderr => \$said);
		my $ended = ask('SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1');
		like($status, qr/\b$ended\b/, "$name: an honest sync ends well: $ended $said");
		last if $ended eq 'success';
	}
	is(ask('SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', "$name: and the mirror is production's");
	return;
}

judge('connect', tries($connect, 10), 30);
judge('first', sync('incremental'), 40);
is_mended('first');
$changes->change_production;
judge('changed', sync('incremental'), 40);
is_mended('changed');
$production->safe_psql(
	'source', q{
	CREATE TEMP TABLE gone AS SELECT id FROM "HangoutGroup" ORDER BY md5(id) LIMIT 2;
	DELETE FROM "UserHangoutGroupAttendance" WHERE "hangoutGroupId" IN (SELECT id FROM gone);
	DELETE FROM "UserHangoutGroup" WHERE "hangoutGroupId" IN (SELECT id FROM gone);
	DELETE FROM "HangoutGroup" WHERE id IN (SELECT id FROM gone)});
judge('deleted', sync('incremental'), 40);
is_mended('deleted');
judge('full', sync('full'), 40);
is_mended('full');
$changes->mark_production;
judge('verify', sync('verify'), 40);
is_mended('verify');
cmp_ok(ask(q{SELECT count(*) FROM ngeshare.alert_outbox WHERE payload::text ~ 'production'}),
	'>', 0, 'alerts that quote production were among the checked texts');
judge('validate', tries('SELECT * FROM ngeshare_validate()', 10), 20);
judge(
	'doctor',
	sub {
		ask(q{SELECT try(format('SELECT * FROM ngeshare.check_%s()', check_name), 4)
			FROM ngeshare.doctor_check WHERE asks_production}
		);
	},
	20);
like(
	ask('SELECT string_agg(DISTINCT status, NULL) FROM ngeshare_doctor()
		WHERE check_name ~ \'production|column\''
	),
	qr/^ok/,
	'and the doctor is content');

# Returns how many seconds a statement takes to end after a cancel during a wrong answer; the
# statement's error if it was not cancelled.
sub cancel_seconds
{
	my ($kind, $pattern, $statement) = @_;
	my $said = '';

	$proxy->log;
	$proxy->once($kind, $pattern);
	my $call = IPC::Run::start(
		[ 'psql', '-X', '-q', '-d', $local->connstr($DATABASE), '-c', $statement ],
		'<', \undef, '>', \my $ignored,
		'2>', \$said, IPC::Run::timeout(30));
	poll_until(
		sub {
			grep { $_->[2] eq $kind } $proxy->log;
		}) or die "$kind was not served";
	sleep 0.2;
	my $began = time;
	ask(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()}
	);
	$call->finish;
	$proxy->honest;
	return $said =~ /cancel/ ? time - $began : $said;
}

$local->safe_psql('postgres', "ALTER DATABASE $DATABASE SET ngeshare.sync_timeout = '60s'");
for my $case (
	[ 'silence', 'start-up', 'CALL ngeshare_sync()' ],
	[ 'silence', 'server_version_num', $connect ],
	[ 'trickle', 'sum\(hash\)', 'CALL ngeshare_sync()' ],
	[ 'silence', '^COPY', q{CALL ngeshare_sync('full')} ],
	[ 'trickle', '^COPY', q{CALL ngeshare_sync('full')} ],
	[ 'silence', 'sum\(hash\)', 'SELECT * FROM ngeshare_validate()' ])
{
	my $seconds = cancel_seconds(@$case);
	cmp_ok($seconds, '<', 1, "a cancel within a second: $case->[0] at $case->[1]");
}
$local->safe_psql('postgres', "ALTER DATABASE $DATABASE SET ngeshare.sync_timeout = '${TIMEOUT}s'");
is_mended('cancel');

# Gives one wrong answer to a statement, without retries; returns what psql printed.
sub refused_once
{
	my ($kind, $pattern, $statement) = @_;

	$proxy->log;
	$proxy->once($kind, $pattern);
	my $said = psql_errors($local, $DATABASE, "SET ngeshare.sync_retries = 0; $statement");
	($served_at) = map { $_->[0] } grep { $_->[2] eq $kind } $proxy->log
	  or die "$kind was not served";
	$proxy->honest;
	return $said;
}

# An endless stream is given up in time, whether it trickles or floods.
for my $case (
	[ 'trickling_rows', '08006: production has stopped answering' ],
	[ 'endless_rows', '08P01: .*its stream of rows does not end' ])
{
	my ($kind, $words) = @$case;

	ask('DELETE FROM sync_error_log');
	like(
		refused_once($kind, '^COPY.*"User"', q{CALL ngeshare_sync('full')}),
		qr/^ERROR:  $words/m,
		"$kind in a stream is refused");
	my $took = ask('SELECT extract(epoch FROM min(occurred_at)) FROM sync_error_log') - $served_at;
	cmp_ok($took, '<', $BOUND, sprintf '%s in a stream: the attempt ends after %.1f s',
		$kind, $took);
}

# Production sends an endless stream of messages that belong to no answer: notifications, or
# ParameterStatus messages, each with a new name. They must not pile up in memory. The limit is
# higher under the sanitizers, which keep 256 MB of freed memory.
my $most = $ENV{NGESHARE_TEST_SANITIZED} ? 600_000 : 200_000;
for my $kind (qw(flood_notifications flood_parameters))
{
	for my $where ('^COPY.*"User"', '^SELECT')
	{
		my $flooded = Session->start($local, $DATABASE, 'ngeshare.sync_retries = 0');
		my $began = time;

		$proxy->once($kind, $where);
		$flooded->run(q{CALL ngeshare_sync('full')});
		like($flooded->errors, qr/^ERROR:  08/, "$kind in $where is refused");
		cmp_ok(time - $began, '<', $BOUND, "$kind in $where: in time");
		my ($pid) = $flooded->{pid} =~ /(\d+)/;
		my ($memory) = slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m;
		cmp_ok($memory, '<', $most, "$kind in $where: $memory kB are not much");
		$flooded->end;
		$proxy->honest;
	}
}

# Wrong answers, each of which is refused by one check with a message of its own: texts in another
# encoding, and a request for input (COPY FROM STDIN) as the answer to a statement that takes none.
my $full = q{CALL ngeshare_sync('full')};
my $words = qr/holds ".*\\xFCr .*", which is not valid in encoding UTF8/;
like(
	refused_once('bad_text', 'server_version_num', $connect),
	qr/^ERROR:  08P01: .*$words/m,
	'a text of a wrong encoding');
like(
	refused_once(
		'bad_text', 'one id', q{SELECT ngeshare.ask_production('SELECT ''one id''::text', 'key')}),
	qr/^ERROR:  22021: .*$words/m,
	'an id of a wrong encoding is its row\'s fault');
like(
	refused_once('copy_in', 'server_version_num', $connect),
	qr/^ERROR:  08P01: .*it is PGRES_COPY_IN instead of rows/m,
	'a query that asks for input');
like(
	refused_once('copy_in', '^COPY', $full),
	qr/^ERROR:  08P01: .*it is PGRES_COPY_IN instead of a stream/m,
	'a stream that asks for input');
is_mended('once');

# A long message is truncated wherever it is shown or stored.
ask('DELETE FROM sync_error_log');
cmp_ok(length refused_once('long_error', 'server_version_num', 'CALL ngeshare_sync()'),
	'<', 30_000, 'a message of a megabyte is shown in a few kB');
is( ask(q{SELECT count(*) || ' ' || bool_and(octet_length(message || detail) < 10000)
	FROM sync_error_log}),
	'1 true',
	'and kept in a few kB');

# A silent first host does not prevent a connection to the second: each host has its own timeout.
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 5)
  or die "can't listen: $!";
my $began = time;
ask(connect_local(
		$production, 'source', %way,
		host => '127.0.0.1,127.0.0.1',
		port => $silent->sockport . ',' . $production->port));
cmp_ok(time - $began, '<', $BOUND, 'a silent first host: the second is asked');
like(
	psql_errors(
		$local,
		$DATABASE,
		connect_local(
			$production, 'source', %way,
			host => '127.0.0.1,127.0.0.1',
			port => $silent->sockport . ',1')),
	qr/^ERROR:  08001: could not connect to production: .*\nDETAIL:  no answer from "127.0.0.1", port \d+, within 1 s\n.*refused/ms,
	'all hosts are told of');
like(
	psql_errors(
		$local,
		$DATABASE,
		connect_local(
			$production, 'nowhere', %way,
			host => '127.0.0.1,127.0.0.1',
			port => $production->port . ',1')),
	qr/^ERROR:  3D000: .*\nHINT:  Check the dbname/m,
	'a server that refuses ends it, and the hint speaks of the database');
$production->safe_psql('postgres', "ALTER ROLE $LOGIN CONNECTION LIMIT 0");
like(
	psql_errors($local, $DATABASE, $connect),
	qr/^ERROR:  53300: .*\nHINT:  .*CONNECTION LIMIT/m,
	'too many connections: the hint says so');
$production->safe_psql('postgres', "ALTER ROLE $LOGIN CONNECTION LIMIT -1");

# A prepared transaction that holds back the watermark is named in a message.
$production->safe_psql(
	'source',
	q{BEGIN; UPDATE "User" SET "lastLogin" = "lastLogin" WHERE false;
	PREPARE TRANSACTION 'left behind'}
);
like(
	psql_errors(
		$local, $DATABASE,
		q{SET ngeshare.sync_overlap = 0; SELECT pg_sleep(0.1); CALL ngeshare_sync()}),
	qr/WARNING: .*The prepared transaction "left behind" of production has been open since 20/,
	'a prepared transaction is named');
$production->safe_psql('source', q{ROLLBACK PREPARED 'left behind'});

my $log = slurp_file($local->logfile);
unlike($log, qr/terminated by signal|PANIC|TRAP/, 'no backend crashed');
ok(utf8::decode($log), "the server's log is valid UTF-8");
diag("hostile production: $statements statements, $served wrong answers of " . @KINDS . ' kinds');
$proxy->stop;
$_->stop for $production, $local;
done_testing();
