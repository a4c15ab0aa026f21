# Tests places, the trend, status changes and the forecast with twenty small productions of hard
# cases ("worlds"), each as of five instants: every answer must equal the reference's. Half of the
# worlds are in time zones with daylight saving.
#
# NGESHARE_TEST_SEED=207 runs only the world of that seed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use HardWorlds;
use NgeshareTest;
use Test::More;

my @seeds = hard_seeds();
my ($production, $local) = start_servers();
new_production($production, 'source');
hard_reference($production, 'source');

my $compared = 0;
for my $seed (@seeds)
{
	my ($zone, $instants) = hard_world($production, 'source', $local, "seed_$seed", $seed);
	my ($number, $rows) = (0, 0);
	my @different;

	# The session's time zone changes its clocks, so that seven days may be an hour more or less
	# than 168 hours.
	for my $when (sort keys %$instants)
	{
		my ($more, @lines) = rows_differ(
			$production, 'source', $local, "seed_$seed",
			"SET ngeshare.as_of = '$instants->{$when}'; SET timezone = 'America/New_York';\n",
			queries($seed, $number++, $when, $instants));

		$rows += $more;
		push @different, map { "as of $when ($instants->{$when}): $_" } @lines;
	}
	is(scalar @different, 0, "seed $seed, $zone: $rows rows of five instants are the reference's")
	  or diag join "\n", @different[ 0 .. ($#different < 11 ? $#different : 11) ];
	$compared += $rows;
	$local->safe_psql('postgres', "DROP DATABASE seed_$seed") if $seed != $seeds[-1];
}
cmp_ok($compared, '>', 1000 * @seeds, "$compared rows were compared");

# The order of columns is guaranteed: the older ones, then the new ones in this order, then any
# others.
my $last = "seed_$seeds[-1]";
my %old = reference_columns($production, 'source');
for my $case (
	[ 'v_group_summary', qw(city province) ],
	[ 'v_group_status', qw(city province) ],
	[ 'v_rescue_list', @CONTACT ],
	[ 'v_at_risk', @CONTACT ],
	[ 'v_resume_chance', 'resume_28_days_pct' ],
	map { [$_] }
	qw(v_place v_status_trend v_status_changes v_forecast_quality v_follow_up v_follow_up_effect))
{
	my ($view, @new) = @$case;
	my $wanted = join ', ', $old{$view}, @new;
	my $got = $local->safe_psql(
		$last, "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = '$view'::regclass AND attnum > 0 AND NOT attisdropped");

	like($got, qr/^\Q$wanted\E(?:,|$)/, "$view has the columns of the contract");
}
is( $local->safe_psql(
		$last, "SELECT proargnames @> ARRAY['city', 'province'] FROM pg_proc
	WHERE proname = 'ngeshare_group_status'"),
	't',
	'ngeshare_group_status has the new columns of its view');

# Arguments that the functions refuse.
my $at = "'2026-03-28 12:00+07'";
for my $case (
	[
		'22023',
		"ngeshare_trend('2026-03-29', '2026-03-20', '1 week', $at)",
		'from_day after to_day'
	],
	[
		'22023',
		"ngeshare_trend('2026-03-20', '2026-03-29', '1 week', $at)",
		'to_day after day(as_of)'
	],
	[
		'22023', "ngeshare_trend(date '2026-03-20' - 1000, '2026-03-20', '1 day', $at)",
		'1,001 days'
	],
	[ '22023', "ngeshare_trend('2026-03-01', NULL, '12 hours', $at)", 'a step of hours' ],
	[
		'22023', "ngeshare_trend('2026-03-01', NULL, '1 day 1 second', $at)",
		'a step with a second'
	],
	[ '22023', "ngeshare_trend('2026-03-01', NULL, '-1 day', $at)", 'a negative step' ],
	[ '22023', "ngeshare_trend('2026-03-01', NULL, '0 days', $at)", 'a step of nothing' ],
	[ '22004', "ngeshare_trend(NULL, NULL, '1 day', $at)", 'no from_day' ],
	[ '22004', "ngeshare_trend('2026-03-01', NULL, NULL, $at)", 'no step' ],
	[ '22004', "ngeshare_trend('2026-03-01', NULL, '1 day', NULL)", 'no as_of' ],
	[ '22008', "ngeshare_trend('-infinity', NULL, '1 day', $at)", 'an infinite from_day' ],
	[ '22008', "ngeshare_trend('2026-03-01', 'infinity', '1 day', $at)", 'an infinite to_day' ],
	[ '22008', "ngeshare_trend('2026-03-01', NULL, '1 day', 'infinity')", 'an infinite as_of' ],
	[ '22023', "ngeshare_status_changes('2026-03-28 12:00:00.001+07', $at)", 'since after until' ],
	[ '22004', "ngeshare_status_changes(NULL, $at)", 'no since' ],
	[ '22004', "ngeshare_status_changes('2026-03-01', NULL)", 'no until' ],
	[ '22008', "ngeshare_status_changes('-infinity', $at)", 'an infinite since' ],
	[ '22008', "ngeshare_status_changes('2026-03-01', 'infinity')", 'an infinite until' ])
{
	my ($sqlstate, $call, $name) = @$case;
	like(
		psql_errors($local, $last, "SELECT * FROM $call"),
		qr/^ERROR:  $sqlstate: /,
		"$name: $sqlstate");
}
is( $local->safe_psql(
		$last,
		"SELECT count(DISTINCT as_of_day) FROM ngeshare_trend(date '2026-03-20' - 999, '2026-03-20',
			'1 day', $at)"
	),
	1000,
	'a thousand days are answered');
is($local->safe_psql($last, "SELECT count(*) FROM ngeshare_status_changes($at, $at)"),
	0, 'nothing changes in no time');

$production->stop;
$local->stop;
done_testing();

# Returns the queries as of one of the instants. The seed and $number choose the days of the trend
# and the instant from which status changes count.
sub queries
{
	my ($seed, $number, $when, $instants) = @_;
	my @names = sort keys %$instants;
	my ($since) = sort $instants->{$when}, $instants->{ $names[ ($seed + $number) % @names ] };
	my $as_of = "timestamptz '$instants->{$when}'";

	return (place_and_time_queries($as_of, $since, ($seed + $number) % 5),
		$when eq 'now' ? queries_of_now($as_of) : ());
}
