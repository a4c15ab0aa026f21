# The test that scripts/check-leaks runs under valgrind: connect, several syncs, one in a background
# worker, one that fails, alerts that are delivered, refused and cut off, and a CSV file of each
# view in @VIEWS. The servers are stopped normally, because valgrind reports leaks when a process
# ends.
use strict;
use warnings FATAL => 'all';

BEGIN { $ENV{no_proxy} = $ENV{NO_PROXY} = '127.0.0.1'; }

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Sink;
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my $sink = Sink->start;
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(20, 8, '$now')");
new_local($local, 'ngeshare');
my $address = 'http://127.0.0.1:' . $sink->port . '/hook';
$local->safe_psql('postgres', "ALTER DATABASE ngeshare SET $_")
  for "ngeshare.sync_clock = '$now'", "ngeshare.alert_url = '$address'",
  "ngeshare.sync_retries = 0", "ngeshare.alert_timeout = '2s'";
$local->safe_psql('ngeshare', connect_local($production, 'source'));
like(psql_errors($local, 'ngeshare', q{SELECT ngeshare_connect('host=')}),
	qr/^ERROR/, 'a wrong connection is refused');
sync_local($local, 'ngeshare', $now, 'full');
$production->safe_psql('source',
	q{UPDATE "User" SET "updatedAt" = '2026-03-31 04:59:30', "lastLogin" = '2026-03-31'});
sync_local($local, 'ngeshare', $now);
sync_local($local, 'ngeshare', $now, 'verify');
is($local->safe_psql('ngeshare', q{SELECT count(*) FROM sync_run WHERE status = 'success'}),
	'3', 'three syncs succeed');
$sink->answer('500', 'reset', 'endless', '200');
$local->safe_psql('ngeshare', 'SELECT ngeshare_alert_test()') for 1 .. 2;
$local->safe_psql('ngeshare', 'SELECT ngeshare_sync_start()');
ok( $local->poll_query_until(
		'ngeshare', q{SELECT count(*) = 4 FROM sync_run WHERE status = 'success'}),
	'so does one in a worker');
$production->stop;
like(psql_errors($local, 'ngeshare', 'CALL ngeshare_sync()'),
	qr/^ERROR/, 'one without production fails');
ok( $local->poll_query_until(
		'ngeshare', q{SELECT count(*) >= 1 FROM ngeshare.alert_outbox WHERE attempts > 0}),
	'alerts are tried');

for my $view (@VIEWS)
{
	is(psql_errors($local, 'ngeshare', "SELECT length(api.csv(a)) FROM $view AS a"),
		'', "$view goes into a file");
}
$local->stop;
$sink->stop;
done_testing();
