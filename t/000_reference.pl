# Tests the reference, with which other tests compare the extension's answers, against answers that
# were worked out by hand.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my ($production, $local) = start_servers();

for my $cases (qw(cases cases_actions))
{
	new_production($production, $cases);

	my ($output, $errors) = ('', '');
	my $ended_well = IPC::Run::run(
		[
			'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d',
			$production->connstr($cases),
			'-f', "$FindBin::RealBin/reference/$cases.sql"
		],
		'>',
		\$output,
		'2>',
		\$errors);
	ok($ended_well, "$cases: every case has the answer that was worked out by hand")
	  or diag $errors;
	like(
		$output . $errors,
		qr/reference: (?:[2-9]\d) checks hold/,
		"$cases: and there are at least twenty checks");
}

$production->stop;
$local->stop;
done_testing();
