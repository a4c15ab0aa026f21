# Measures the bytes that a sync receives from production. A sync that finds nothing new must
# receive less than a tenth of a first load, and a sync that finds one changed row only little more
# than that. With a round-trip time of 20 ms a load must not need a round trip per row.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Proxy;
use Test::More;
use Time::HiRes qw(time);

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();
my $proxy = Proxy->start(port => $production->port);
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(2000, 61, '$clock')");
$local->safe_psql('postgres',
	q{ALTER SYSTEM SET ngeshare.attendance_window_days = 36500; SELECT pg_reload_conf()});

my %first = load('plain');
my %nothing = travel('plain');
note "first load: $first{bytes} bytes, $first{seconds} s; "
  . "nothing new: $nothing{bytes} bytes, $nothing{seconds} s";
cmp_ok(
	$nothing{bytes}, '<',
	$first{bytes} / 10,
	'a sync that finds nothing new receives less than a tenth of a first load');

# One user changes: a sync receives the hashes of the buckets, the ids in the user's bucket, and the
# row.
$production->safe_psql('source',
	q{UPDATE "User" SET email = 'one@example.com' WHERE id = (SELECT max(id) FROM "User")});
my %one = travel('plain');
note "one row changed: $one{bytes} bytes";
is($local->safe_psql('plain', q{SELECT count(*) FROM "User" WHERE email = 'one@example.com'}),
	'1', 'one changed row comes');
cmp_ok($one{bytes} - $nothing{bytes}, '<', 100_000, 'for its bucket\'s keys and itself');

# With a delay of 10 ms each way, the time must depend on the number of round trips, not of rows.
$proxy->delay(10);
my %far = load('far');
$proxy->delay(0);
note "first load over 20 ms: $far{seconds} s";
cmp_ok($far{seconds} - $first{seconds}, '<', 25, 'a far production costs round trips, no more');
cmp_ok($far{bytes}, '<', $first{bytes} * 1.1, 'and the same bytes');

$proxy->stop;
$production->stop;
$local->stop;
done_testing();

# Loads a new database through the proxy, and measures the load.
sub load
{
	my ($database) = @_;

	new_local($local, $database);
	$local->safe_psql($database, connect_local($production, 'source', port => $proxy->port));
	return travel($database);
}

# Runs a sync, and returns its duration and the number of bytes that came from production.
sub travel
{
	my ($database) = @_;
	my (undef, $before) = $proxy->counts;
	my $began = time;

	sync_local($local, $database, $clock);
	my $seconds = sprintf '%.2f', time - $began;
	my (undef, $after) = $proxy->counts;
	return (seconds => $seconds, bytes => $after - $before);
}
