# Tests the alerts of syncs: each change of state is sent to the webhook once, with advice, and no
# sync waits for the webhook.
use strict;
use warnings FATAL => 'all';

BEGIN { $ENV{no_proxy} = '127.0.0.1'; }

use FindBin;
use lib "$FindBin::RealBin/lib";
use JSON::PP;
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Sink;
use Test::More;
use Time::HiRes qw(time);

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();
my $sink = Sink->start;

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(100, 42, '$clock')");
new_local($local, 'ngeshare');
$local->append_conf(
	'postgresql.conf',
	join "\n",
	"ngeshare.alert_url = 'http://127.0.0.1:" . $sink->port . "/hook'",
	"ngeshare.alert_timeout = '8s'",
	'ngeshare.sync_retries = 1',
	"ngeshare.sync_retry_base = '50ms'",
	"ngeshare.sync_clock = '$clock'",
	'');
$local->restart;
$local->safe_psql('ngeshare', connect_local($production, 'source'));

# Syncs that succeed send no alert.
run_sync('call');
run_sync('worker');
told([], 'syncs that succeed tell nothing');

# A sync fails, fails again, and succeeds again.
$production->stop;
run_sync('call');
my ($alert) = told(['failed'], 'a sync that fails tells so');
like($alert->{text}, qr/^ngeShare: /, 'in a text of one line');
my $shown = encode_json($alert);
my %fields = map { lc $_->{title} => $_->{value} } @{ $alert->{attachments}[0]{fields} };
is( join(' ', map { $fields{$_} // 'none' } qw(run class sqlstate)),
	'3 transient 08001',
	'with its run, class and SQLSTATE');
like($shown, qr/What to do: /, 'and what to do');
run_sync('call');
run_sync('worker');
told([], 'but once');
$production->start;
run_sync('worker');
told(['recovered'], 'and when all is well again');
run_sync('call');
told([], 'once, too');

# A row in quarantine; a sync that is refused; a sync that a user cancels; a process that dies.
$production->safe_psql(
	'source', q{
	ALTER TABLE "UserHangoutGroup" DROP CONSTRAINT "UserHangoutGroup_userId_fkey";
	INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
		"hangoutGroupRole", "hangoutGroupId", "userId")
	SELECT 'orphan', '2026-03-31 04:59', '2026-03-31 04:59', '2026-03-31 04:59', 's', 'MEMBER',
		min(id), '<!channel> & "nobody"' FROM "HangoutGroup"}
);
run_sync('call');
($alert) = told(['warning'], 'a run that ends with a warning tells so');
like(
	encode_json($alert),
	qr/1 row\(s\) of \\"UserHangoutGroup\\" wait in quarantine/,
	'with what it found');
$production->safe_psql('source', qq{REVOKE SELECT ON "UserHangoutGroup" FROM $LOGIN});
run_sync('call');
($alert) = told(['failed'], 'a table that fails is a change');
is( (map { $_->{value} } grep { lc $_->{title} eq 'table' } @{ $alert->{attachments}[0]{fields} })
	[0],
	'UserHangoutGroup',
	'and is named');
$production->safe_psql(
	'source',
	qq{GRANT SELECT ON "UserHangoutGroup" TO $LOGIN; DELETE FROM "UserHangoutGroup"
		WHERE id = 'orphan'}
);
run_sync('call');
told(['recovered'], 'mended');
$production->safe_psql('source',
	'CREATE TABLE kept AS TABLE "UserHangoutGroup"; DELETE FROM "UserHangoutGroup"');
run_sync('call');
($alert) = told(['failed'], 'a production that has lost too much');
like(encode_json($alert), qr/"NG002"/, 'with its SQLSTATE');
like(
	$alert->{attachments}[0]{text},
	qr/What to do: .*ngeshare\.sync_max_delete_pct/,
	'and how to accept it');
$production->safe_psql('source', 'INSERT INTO "UserHangoutGroup" TABLE kept');
run_sync('call');
told(['recovered'], 'and back');
held_sync(q{SELECT ngeshare_sync_cancel()});
told([], 'a cancel is somebody\'s will');
held_sync(q{SELECT pg_terminate_backend(pid) FROM ngeshare.sync_lock});
run_sync('call');
told([ 'failed', 'recovered' ],
	'a run whose process died is told of by the next one, which is well');

# A sync does not wait for a webhook in trouble: waiting would take 8 s (alert_timeout). This
# sync_retry_base makes an alert's first five attempts last longer than the trouble. After a fifth
# failed attempt the next one would follow only after about five minutes.
$local->append_conf('postgresql.conf', "ngeshare.sync_retry_base = '400ms'\n");
$local->reload;
my $quick = time_of_sync();
for my $trouble (qw(slow reset endless 500))
{
	$sink->answer($trouble);
	$production->stop;
	my $failing = time_of(sub { run_sync('call', 'no wait') });
	$production->start;
	my $took = time_of_sync('no wait');

	cmp_ok($took, '<', $quick + 4, sprintf '%s: a sync takes %.2f s, %.2f s without',
		$trouble, $took, $quick);
	cmp_ok($failing, '<', 6, "$trouble: nor does one that fails wait");
	$sink->answer('200');
	wait_for_delivery();
	my @kinds = map { kind_of($_) } $sink->requests;
	is($kinds[0], 'failed', "$trouble: the failure arrives");
	is($kinds[-1], 'recovered', "$trouble: and the recovery behind it");
	is( $local->safe_psql(
			'ngeshare', q{SELECT count(*) FROM ngeshare.alert_outbox WHERE status <> 'sent'}),
		'0',
		"$trouble: each is sent at last");
	$sink->forget;
}
is($local->safe_psql('ngeshare', 'SELECT status || \' \' || alerts_pending FROM v_sync_health'),
	'success 0', 'v_sync_health says so');
$production->stop;
$local->stop;
$sink->stop;
done_testing();

# Runs a sync by CALL or in a worker, and waits until it and its alerts are done.
sub run_sync
{
	my ($how, $no_wait) = @_;

	$local->psql(
		'ngeshare',
		$how eq 'call' ? 'CALL ngeshare_sync()' : 'SELECT ngeshare_sync_start()',
		stderr => \my $ignored);
	wait_for_delivery() unless $no_wait;
	return;
}

# Holds a sync in its preflight phase, executes a statement, and waits for the sync's end.
sub held_sync
{
	my ($deed) = @_;
	my $log_before = -s $local->logfile;
	my $sync = IPC::Run::start(
		[
			'psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
			'-c', q{SET ngeshare.pause_at = 'preflight'},
			'-c', 'CALL ngeshare_sync()'
		],
		'<',
		\undef,
		'>',
		\my $ignored,
		'2>',
		\my $said);

	until (substr(slurp_file($local->logfile), $log_before) =~ /is held/)
	{
		Time::HiRes::sleep(0.02);
		$sync->pump_nb;
	}
	$local->safe_psql('ngeshare', $deed);
	$sync->finish;
	wait_for_delivery();
	return;
}

sub wait_for_delivery
{
	$local->poll_query_until(
		'ngeshare',
		q{SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type LIKE 'ngeshare%')
		AND NOT EXISTS (SELECT 1 FROM ngeshare.alert_outbox WHERE status = 'pending')
		AND NOT (SELECT running FROM ngeshare_sync_status())}) or die 'alerts are not delivered';
	return;
}

# Returns the kind of alert in a request, by the color that the receiver shows.
sub kind_of
{
	my ($request) = @_;
	my %kinds = (
		'#c62828' => 'failed',
		'#f9a825' => 'warning',
		'#ef6c00' => 'stale',
		'#2e7d32' => 'recovered');

	return $kinds{ decode_json($request->{body})->{attachments}[0]{color} };
}

# Compares the kinds of the alerts since the last call with the expected ones; returns the alerts.
sub told
{
	my ($kinds, $name) = @_;
	my @requests = $sink->requests;

	is(join(' ', map { kind_of($_) } @requests), join(' ', @$kinds), $name);
	$sink->forget;
	return map { decode_json($_->{body}) } @requests;
}

sub time_of
{
	my ($deed) = @_;
	my $began = time;

	$deed->();
	return time - $began;
}

sub time_of_sync
{
	my ($no_wait) = @_;
	return time_of(sub { run_sync('call', $no_wait) });
}
