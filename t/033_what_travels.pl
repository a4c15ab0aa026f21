# What travels from production, counted on the wire: rows once, and then, while
# nothing differs, buckets only. A line of 20 ms slows no load by a row.
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

# One row of 40,000: the buckets, its bucket's keys, itself.
$production->safe_psql('source',
	q{UPDATE "User" SET email = 'one@example.com' WHERE id = (SELECT max(id) FROM "User")});
my %one = travel('plain');
note "one row changed: $one{bytes} bytes";
is($local->safe_psql('plain', q{SELECT count(*) FROM "User" WHERE email = 'one@example.com'}),
	'1', 'one changed row comes');
cmp_ok($one{bytes} - $nothing{bytes}, '<', 100_000, 'for its bucket\'s keys and itself');

# 10 ms each way: what costs is the number of round trips, not of rows.
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

# Loads a new database through the proxy, and measures that.
sub load
{
	my ($database) = @_;

	new_local($local, $database);
	$local->safe_psql($database, connect_local($production, 'source', port => $proxy->port));
	return travel($database);
}

# Syncs, and says how long that took and how many bytes came from production.
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
