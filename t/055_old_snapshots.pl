# A transaction whose snapshot is older than what was committed meanwhile either writes
# what is exact, or gets an error: never a history or settled rows that are off.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use RandomThings ();
use Session;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(20, 5, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);
my ($group, $episode, $user) = split /\|/, $local->safe_psql('ngeshare',
	q{SELECT "hangoutGroupId", "hangoutEpisodeId", "userId" FROM "UserHangoutGroupAttendance" WHERE "userId" IS NOT NULL ORDER BY id LIMIT 1});

for my $isolation ('REPEATABLE READ', 'SERIALIZABLE')
{
	my $old = old_transaction($isolation);

	$old->run('SELECT ngeshare.settle()');
	like($old->errors, qr/^ERROR:  25000: groups cannot be settled in a $isolation transaction/, "$isolation: nobody settles by an old snapshot");
	$old->end;

	# A row changes between two others of its meeting, whose ends and number stay.
	$local->safe_psql('ngeshare', RandomThings::deleted('UserHangoutGroupAttendance', map { "old-$_" } 1 .. 3) . ';'
		  . RandomThings::inserted('UserHangoutGroupAttendance', map { [ "old-$_", "2026-03-21 03:0$_", $episode, $group, $user ] } 1 .. 3));
	$old = old_transaction($isolation);
	$local->safe_psql('ngeshare', RandomThings::updated('UserHangoutGroupAttendance', ['old-2'], attendedAt => '2026-03-21 03:02:30'));
	$old->run(RandomThings::deleted('UserHangoutGroupAttendance', 'old-1'));
	like($old->errors, qr/^ERROR:  40001: /, "$isolation: a row of the meeting has changed since");
	$old->run('ROLLBACK');
	$old->end;
	is($local->safe_psql('ngeshare', q{SELECT count(*) FROM ngeshare.meeting_recent WHERE first_at = '2026-03-21 03:01' AND last_at = '2026-03-21 03:03' AND attendances = 3}),
		'1', "$isolation: and the meeting is as its rows are");
}

# The window moves on past a row that an older snapshot would put into it.
for my $isolation ('REPEATABLE READ', 'SERIALIZABLE')
{
	my $old   = old_transaction($isolation);
	my $start = $local->safe_psql('ngeshare', 'SELECT window_start FROM ngeshare.history_state');
	my $last  = $local->safe_psql('ngeshare', 'SELECT max(clock) FROM sync_run');

	sync_local($local, 'ngeshare', $local->safe_psql('ngeshare', "SELECT timestamptz '$last' + interval '$_ days'")) for 10, 20;
	isnt($local->safe_psql('ngeshare', 'SELECT window_start FROM ngeshare.history_state'), $start, "$isolation: the window has moved");
	$old->run(RandomThings::inserted('UserHangoutGroupAttendance', [ 'late', $start, $episode, $group, $user ]));
	like($old->errors, qr/^ERROR:  40001: /, "$isolation: a row for the window as it was is refused");
	$old->run('ROLLBACK');
	$old->end;
}
$production->stop;
$local->stop;
done_testing();

# A transaction that has taken its snapshot.
sub old_transaction
{
	my ($isolation) = @_;
	my $session = Session->start($local, 'ngeshare');

	$session->run(qq{BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM "User"});
	return $session;
}
