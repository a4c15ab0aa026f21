# Tests the views in @VIEWS and the functions in @FUNCTIONS against the reference with many small
# productions, each as of five instants; also with other courses, another time zone with daylight
# saving, and other thresholds.
#
# NGESHARE_TEST_SEED=7 runs only the production of that seed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $groups = 210;
my $now = '2026-03-31 12:00:00+07';
my $clock = "SET ngeshare.sync_clock = '$now';\n";
my @seeds = defined $ENV{NGESHARE_TEST_SEED} ? $ENV{NGESHARE_TEST_SEED} : (101 .. 120);
my %as_of = (
	'before the first group' => '2001-01-01 00:00:00+07',
	'the last millisecond of November' => '2025-11-30 23:59:59.999+07',
	'the first midnight of March' => '2026-03-01 00:00:00+07',
	'now' => $now,
	'the far future' => '2999-12-31 12:00:00+07');

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "UPDATE reference.setting SET clock = '$now'");

for my $seed (@seeds)
{
	$production->safe_psql('source', "SELECT demo.generate($groups, $seed, '$now')");
	new_local($local, "seed_$seed");
	$local->safe_psql("seed_$seed", connect_local($production, 'source'));
	sync_local($local, "seed_$seed", $now);
	for my $when (sort keys %as_of)
	{
		nothing_differs("seed $seed, $when", "seed_$seed", $as_of{$when});
	}
	$local->safe_psql('postgres', "DROP DATABASE seed_$seed") if $seed != $seeds[-1];
}
my $last = "seed_$seeds[-1]";

# is_active is known as far back as the window's raw attendance allows.
for my $case ([ '2026-03-14 00:00:00+07', 'f' ], [ '2026-03-13 23:59:59.999+07', 't' ])
{
	my ($as_of, $unknown) = @$case;
	is( $local->safe_psql(
			$last, "SET ngeshare.as_of = '$as_of';
		SELECT DISTINCT is_active IS NULL FROM v_member_roster WHERE user_id IS NOT NULL"),
		$unknown,
		"as of $as_of activity is " . ($unknown eq 't' ? 'not known' : 'known'));
	is( $local->safe_psql(
			$last, "SET ngeshare.as_of = '$as_of';
		SELECT DISTINCT is_active FROM v_member_roster WHERE user_id IS NULL"),
		'f',
		"as of $as_of nobody without a user is active");
}

# One course is renamed, one is resized, one is moved in the order of courses, and a fifth is
# inserted before it.
both(
	q{
	UPDATE %1$scourse_config SET course_name = 'Ngeshare Spesial Ramadhan' WHERE sequence_order = 2;
	UPDATE %1$scourse_config SET max_episodes = 10 WHERE sequence_order = 3;
	UPDATE %1$scourse_config SET sequence_order = 40 WHERE sequence_order = 4;
	INSERT INTO %1$scourse_config VALUES ('ngeshare sesi aqidah', 4, 30)});
refresh_local($local, $last);
nothing_differs("seed $seeds[-1], other courses, $_", $last, $as_of{$_}) for sort keys %as_of;
$production->safe_psql('source',
	q{UPDATE "Hangout" SET name = 'Ngeshare Spesial Ramadhan' WHERE name = 'Ngeshare Sesi Hijrah'});
sync_local($local, $last, $now);
nothing_differs("seed $seeds[-1], hangouts renamed, $_", $last, $as_of{$_}) for sort keys %as_of;

# Other thresholds.
my %threshold = (
	active_days => 13,
	link_days => 60,
	link_early_days => 10,
	link_min_shared => 1,
	link_min_overlap_pct => 34,
	rescue_min_pct => 40);
my $settings = $clock . join '', map { "SET ngeshare.$_ = $threshold{$_};\n" } sort keys %threshold;
$production->safe_psql(
	'source',
	'UPDATE reference.setting SET ' . join ', ',
	map { "$_ = $threshold{$_}" } sort keys %threshold);
$local->safe_psql($last, "$settings SELECT ngeshare_refresh()");
nothing_differs("seed $seeds[-1], other thresholds, $_", $last, $as_of{$_}, $settings)
  for sort keys %as_of;
$settings = $clock . "SET ngeshare.link_min_shared = 0;\nSET ngeshare.link_min_overlap_pct = 0;\n";
$production->safe_psql(
	'source', q{
	UPDATE reference.setting SET active_days = 28, link_days = 90, link_early_days = 30,
		link_min_shared = 0,
		link_min_overlap_pct = 0, rescue_min_pct = 70});
$local->safe_psql($last, "$settings SELECT ngeshare_refresh()");
nothing_differs("seed $seeds[-1], kin without shared members", $last, $now, $settings);
$production->safe_psql('source',
	'UPDATE reference.setting SET link_min_shared = 2, link_min_overlap_pct = 50');

# In another time zone every answer is refused until a full sync has rebuilt the history.
$local->safe_psql('postgres', "ALTER DATABASE $last SET ngeshare.timezone = 'America/New_York'");
for my $view (@VIEWS)
{
	like(
		psql_errors($local, $last, "SELECT * FROM $view"),
		qr/^ERROR:  55000: .*\n(?:.*\n)*HINT:  CALL ngeshare_sync\('full'\)/,
		"$view refuses another zone than the history's");
}
sync_local($local, $last, $now, 'full');
$production->safe_psql('source', q{UPDATE reference.setting SET timezone = 'America/New_York'});
$as_of{'the hour that daylight saving skips'} = '2026-03-08 03:00:00-04';
$as_of{'the second time of the hour that it repeats'} = '2025-11-02 01:30:00-05';
nothing_differs("seed $seeds[-1], New York, $_", $last, $as_of{$_}) for sort keys %as_of;

note "$COMPARED rows of answers were compared";
cmp_ok(
	$COMPARED, '>',
	defined $ENV{NGESHARE_TEST_SEED} ? 10_000 : 100_000,
	'what was compared is not nothing');
$production->stop;
$local->stop;
done_testing();

# Tests that no row of any answer differs from the reference's.
sub nothing_differs
{
	my ($name, $database, $instant, $session) = @_;
	my @different =
	  answers_differ($production, 'source', $local, $database, $instant, $session // $clock);

	is(scalar @different, 0, "$name: no row differs")
	  or diag join("\n", "as of $instant", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	return;
}

# Runs statements on a table of the extension and on the reference's table of the same name.
sub both
{
	my ($statements) = @_;

	$local->safe_psql($last, sprintf($statements, ''));
	$production->safe_psql('source', sprintf($statements, 'reference.'));
	return;
}
