# Tests that the extension's answers equal the reference's for the production of
# t/reference/cases_actions.sql, as of three instants. That file compares the reference with answers
# that were worked out by hand. Its production has cases that no random one has: exactly 50
# contacted silences and 49, 20 silences that all ended on one day, and twenty that last.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use HardWorlds;
use NgeshareTest;
use Test::More;

my $noon = '2024-06-30 05:00:00+00';
my ($production, $local) = start_servers();
new_production($production, 'cases');
IPC::Run::run(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'keep=1', '-d',
		$production->connstr('cases'),
		'-f', "$FindBin::RealBin/reference/cases_actions.sql"
	],
	'>',
	\my $output) or die 'the cases do not hold';
new_local($local, 'cases');
$local->safe_psql('cases', connect_local($production, 'cases'));
$local->safe_psql('cases', "INSERT INTO course_config VALUES ('Fifth', 4, 5)");
sync_local($local, 'cases', $noon);
note_the_same($production, 'cases', $local, 'cases');

for my $instant ($noon, '2024-06-29 16:59:59.999+00', '2024-06-28 05:00:00+00')
{
	my $as_of = "timestamptz '$instant'";
	my ($rows, @different) = rows_differ(
		$production,
		'cases',
		$local,
		'cases',
		"SET ngeshare.as_of = '$instant';\n",
		place_and_time_queries($as_of, '2024-06-01 03:00+00', 2),
		queries_of_now($as_of),
		follow_up_queries($as_of));

	cmp_ok($rows, '>', 300, "as of $instant: $rows rows are compared");
	is(scalar @different, 0, "as of $instant: they are those worked out by hand")
	  or diag join "\n", @different[ 0 .. ($#different < 11 ? $#different : 11) ];
}

$production->stop;
$local->stop;
done_testing();
