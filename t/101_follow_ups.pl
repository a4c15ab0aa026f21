# Tests follow-ups, the columns that they add to the lists, and their effect, with twenty small
# productions of hard cases ("worlds"), each as of five instants: every answer must equal the
# reference's. Half of the worlds are in time zones with daylight saving. Then tests the same with
# an empty as_of, and through the API.
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

my %seen;
my $compared = 0;
for my $seed (@seeds)
{
	my ($zone, $instants) = hard_world($production, 'source', $local, "seed_$seed", $seed);
	my $rows = 0;
	my @different;

	note_the_same($production, 'source', $local, "seed_$seed");
	for my $when (sort keys %$instants)
	{
		my $as_of = "timestamptz '$instants->{$when}'";
		my ($more, @lines) = rows_differ(
			$production, 'source', $local, "seed_$seed",
			"SET ngeshare.as_of = '$instants->{$when}';\n",
			follow_up_queries($as_of));

		$rows += $more;
		push @different, map { "as of $when ($instants->{$when}): $_" } @lines;
	}
	$seen{$_}++ for split /\n/, $production->safe_psql(
		'source', "SELECT contact_state
		FROM reference.contact_of('$instants->{now}', '$instants->{now}')
		UNION ALL SELECT 'effect of a course'
		FROM reference.v_follow_up_effect('$instants->{now}', '$instants->{now}')
		WHERE course_name IS NOT NULL AND expected_pct IS NOT NULL");
	is(scalar @different, 0, "seed $seed, $zone: $rows rows of five instants are the reference's")
	  or diag join "\n", @different[ 0 .. ($#different < 11 ? $#different : 11) ];
	$compared += $rows;
	$local->safe_psql('postgres', "DROP DATABASE seed_$seed");
}
cmp_ok($compared, '>', 1000 * @seeds, "$compared rows were compared");
cmp_ok($seen{$_} // 0, '>', 3 * @seeds, "$_: " . ($seen{$_} // 0) . ' times')
  for qw(NEW DUE WAITING CLOSED);
cmp_ok($seen{'effect of a course'} // 0,
	'>=', @seeds / 4, 'courses with an effect: ' . ($seen{'effect of a course'} // 0));

# If as_of is empty, answers are as of now, through the API as of the last sync; in both cases
# follow-ups up to now count. The last sync was ten days ago.
my ($ten_days_ago, $now) = split /\|/, $production->safe_psql(
	'source',
	q{SELECT (now() - interval '10 days') AT TIME ZONE 'Asia/Jakarta',
		now() AT TIME ZONE 'Asia/Jakarta'}
);
my (undef, $instants) = hard_world(
	$production, 'source', $local, 'of_now', 209,
	'now' => $ten_days_ago,
	'really now' => $now);
note_the_same($production, 'source', $local, 'of_now');
my $request = q{BEGIN; DO $$ BEGIN PERFORM set_config('request.method', 'GET', true);
	PERFORM set_config('request.headers', '{}', true); PERFORM api.pre_request(); END $$;} . "\n";
for my $case ([ 'as_of is empty', '', 'now()', '' ],
	[ 'through the API', 'api.', "timestamptz '$instants->{now}'", $request ])
{
	my ($name, $schema, $as_of, $settings) = @$case;
	my ($rows, @different) = rows_differ($production, 'source', $local, 'of_now', $settings,
		follow_up_queries($as_of, 'now()', $schema));

	cmp_ok($rows, '>', 100, "$name: $rows rows are compared");
	is(scalar @different, 0, "$name: they are the reference's")
	  or diag join "\n", @different[ 0 .. ($#different < 11 ? $#different : 11) ];
}

$production->stop;
$local->stop;
done_testing();
