# Tests that dates before 2000-01-01 UTC are treated as typing errors: no answer counts them,
# v_data_quality reports them all, and a sync corrects a history that was written before this rule.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my $later = '2026-03-31 13:00:00+07';

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(210, 3, '$now')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $now);
all_is_equal('Asia/Jakarta', 'after the first sync');
is( $local->safe_psql(
		'ngeshare', q{SELECT table_name, column_name, rows, example_id IS NULL FROM v_data_quality
	WHERE finding = 'implausible_date' ORDER BY table_name}),
	join("\n",
		'UserHangoutGroup|joinedAt|' . implausible('UserHangoutGroup', 'joinedAt') . '|f',
		'UserHangoutGroupAttendance|attendedAt|'
		  . implausible('UserHangoutGroupAttendance', 'attendedAt')
		  . '|t'),
	'each is reported, attendance without an id');

# Makes the history as it was before this rule: the local day that contains 2000-01-01 00:00 UTC had
# one row, which counted attendance before that instant too. Under the rule, the attendance before
# that instant has a row of its own, of the day 1999-12-30.
$local->safe_psql(
	'ngeshare', q{DELETE FROM ngeshare.meeting_past WHERE day = '1999-12-30';
	UPDATE ngeshare.meeting_past SET first_at = '1999-12-31 23:59:59.999',
		attendances = attendances + 1 WHERE first_at = '2000-01-01'}
);
isnt(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
	0, 'a history of before the rule differs');
sync_local($local, 'ngeshare', $later);
all_is_equal('Asia/Jakarta', 'and the next sync mends it');

# In a zone west of Greenwich the local day that contains 2000-01-01 00:00 UTC is 1999-12-31.
$production->safe_psql('source', q{UPDATE reference.setting SET timezone = 'America/St_Johns'});
$local->safe_psql('postgres',
	q{ALTER DATABASE ngeshare SET ngeshare.timezone = 'America/St_Johns'});
$local->safe_psql('ngeshare', "SET ngeshare.sync_clock = '$later'; CALL ngeshare_sync('full')");
all_is_equal('America/St_Johns', 'in a zone west of Greenwich');

$production->stop;
$local->stop;
done_testing();

# Returns how many rows in production have a date before 2000-01-01.
sub implausible
{
	my ($table, $column) = @_;
	my $rows = $production->safe_psql('source',
		qq{SELECT count(*) FROM "$table" WHERE "$column" < '2000-01-01'});

	cmp_ok($rows, '>', 3, "production has some in $column");
	return $rows;
}

# Tests that the history and the answers as of now and of last summer equal production's.
sub all_is_equal
{
	my ($zone, $when) = @_;

	is_deeply([ history_differs($production, 'source', $local, 'ngeshare', $zone) ],
		[], "$when the history is production's");
	is_deeply([ answers_differ($production, 'source', $local, 'ngeshare', $_) ],
		[], "$when every answer is the reference's, as of $_")
	  for $now, '2025-08-17 00:00:00+07';
	return;
}
