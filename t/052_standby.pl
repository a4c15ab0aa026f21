# Tests answers on a streaming hot standby, with and without preloading, and in a read-only
# transaction.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my $production = NgeshareTest::start_server('production', "listen_addresses = '127.0.0.1'");
my $primary = PostgreSQL::Test::Cluster->new('primary');
my $standby = PostgreSQL::Test::Cluster->new('standby');

$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$primary->append_conf('postgresql.conf',
	"fsync = off\ntimezone = 'UTC'\nsession_preload_libraries = 'ngeshare'\n");
$primary->start;
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 52, '$now')");
my $rules = $production->data_dir . '/pg_hba.conf';
my $others = slurp_file($rules);
unlink $rules;
append_to_file($rules, "host all $LOGIN 127.0.0.1/32 scram-sha-256\n$others");
$production->reload;

$primary->backup('before');
$standby->init_from_backup($primary, 'before', has_streaming => 1);
$standby->start;
new_local($primary, 'ngeshare');
$primary->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($primary, 'ngeshare', $now);
$primary->wait_for_catchup($standby);
is($standby->safe_psql('ngeshare', 'SELECT pg_is_in_recovery()'), 't', 'the standby is one');

my $group = $primary->safe_psql('ngeshare', 'SELECT min(group_a_id) FROM v_curriculum_pipeline');
my $user = $primary->safe_psql('ngeshare', 'SELECT max(user_id) FROM v_member_journey');
my %query = (
	(map { $_ => "SELECT * FROM $_" } @VIEWS, 'v_data_quality'),
	(map { $_->[0] => "SELECT * FROM $_->[0]('2026-03-01 00:00+07')" } @FUNCTIONS),
	ngeshare_explain_group => "SELECT * FROM ngeshare_explain_group('$group')",
	ngeshare_member_journey =>
	  "SELECT * FROM ngeshare_member_journey('$user', '2026-03-01 00:00+07')");
my $settings = "SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$now';";
my $wanted = answers_of($primary, 'ngeshare', $settings, %query);

all_equal('in a read-only transaction',
	answers_of($primary, 'ngeshare', "$settings BEGIN READ ONLY;", %query));
all_equal('on the standby', answers_of($standby, 'ngeshare', $settings, %query));
$standby->append_conf('postgresql.conf', "session_preload_libraries = ''\n");
$standby->restart;
all_equal('on the standby without preloading', answers_of($standby, 'ngeshare', $settings, %query));
for my $view (@VIEWS)
{
	is($standby->psql('ngeshare', "SELECT * FROM $view"),
		0, "$view is the first that a session on the standby asks");
}

# The standby's answers follow what is written on the primary.
$primary->safe_psql('ngeshare',
	qq{DELETE FROM "UserHangoutGroupAttendance" WHERE "hangoutGroupId" = '$group'});
$primary->wait_for_catchup($standby);

# Data quality and explanations read the mirror, so they may be ahead of the last refresh.
all_equal(
	'on the standby until a refresh',
	answers_of($standby, 'ngeshare', $settings, %query),
	'v_data_quality', 'ngeshare_explain_group');
refresh_local($primary, 'ngeshare');
$primary->wait_for_catchup($standby);
$wanted = answers_of($primary, 'ngeshare', $settings, %query);
all_equal('on the standby after a refresh', answers_of($standby, 'ngeshare', $settings, %query));

$standby->stop;
$primary->stop;
$production->stop;
done_testing();

# Tests that every answer, except those named in @but, equals the primary's, which must have rows.
sub all_equal
{
	my ($where, $got, @but) = @_;
	my %is_out = map { $_ => 1 } @but;

	for my $name (grep { !$is_out{$_} } sort keys %query)
	{
		cmp_ok(scalar @{ $wanted->{$name} }, '>', 0, "$name has rows");
		is_deeply($got->{$name}, $wanted->{$name}, "$name is answered the same $where");
	}
	return;
}
