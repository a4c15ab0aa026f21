# Tests transactions with an old MVCC snapshot, after other sessions have committed. Such a
# transaction cannot refresh. If it writes, the next refresh is right. If it reads, it sees what was
# true when it began.
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
my ($group, $episode, $user) = split /\|/, $local->safe_psql(
	'ngeshare',
	q{SELECT "hangoutGroupId", "hangoutEpisodeId", "userId" FROM "UserHangoutGroupAttendance"
		WHERE "userId" IS NOT NULL ORDER BY id LIMIT 1}
);

my @here = ($local, 'ngeshare');
my @there = ($production, 'source');

for my $isolation ('REPEATABLE READ', 'SERIALIZABLE')
{
	my $old = old_transaction($isolation);

	$old->run('SELECT ngeshare_refresh()');
	like(
		$old->errors,
		qr/^ERROR:  25000: the snapshot cannot be refreshed in a $isolation transaction/,
		"$isolation: no refresh by an old snapshot");
	$old->end;

	# A meeting has three rows. One changes, while a transaction with an older snapshot deletes
	# another.
	both_sides(
		RandomThings::deleted('UserHangoutGroupAttendance', map { "old-$_" } 1 .. 3) . ';'
		  . RandomThings::inserted(
			'UserHangoutGroupAttendance',
			map { [ "old-$_", "2026-03-21 03:0$_", $episode, $group, $user ] } 1 .. 3));
	refresh_local(@here);
	$old = old_transaction($isolation);
	my $reader = old_transaction($isolation);
	my $seen = $reader->run(meeting());

	both_sides(
		RandomThings::updated(
			'UserHangoutGroupAttendance', ['old-2'], attendedAt => '2026-03-21 03:02:30'));
	refresh_local(@here);
	$old->run(RandomThings::deleted('UserHangoutGroupAttendance', 'old-1'));
	refresh_local(@here);
	$old->run('COMMIT');
	is($old->errors, '', "$isolation: an older snapshot may delete another row of a meeting");
	$old->end;
	is( $local->safe_psql('ngeshare', meeting()),
		'3 2026-03-21 03:01:00',
		"$isolation: until a refresh the meeting is as it was");
	$production->safe_psql('source', RandomThings::deleted('UserHangoutGroupAttendance', 'old-1'));
	is(refresh_local(@here), '1',
		"$isolation: its key was not lost to the refresh before it was committed");
	is( $local->safe_psql('ngeshare', meeting()),
		'2 2026-03-21 03:02:30',
		"$isolation: the refresh makes the meeting what its rows are");
	is(join("\n", answers_differ(@there, @here, $clock)),
		'', "$isolation: every answer is the reference's");
	is(join("\n", rebuilt_differs(@here)),
		'', "$isolation: and the snapshot as if made from nothing");
	is($reader->run(meeting()), $seen,
		"$isolation: a reader with an old snapshot sees what it saw");
	$reader->end;
}

# A transaction with an old snapshot writes a row whose day has meanwhile left the window. The row
# counts for nothing, like all attendance written by hand before the window, and the next sync
# deletes it.
for my $isolation ('REPEATABLE READ', 'SERIALIZABLE')
{
	my $old = old_transaction($isolation);
	my $start = $local->safe_psql('ngeshare', 'SELECT window_start FROM ngeshare.history_state');
	my $last = $local->safe_psql('ngeshare', 'SELECT max(clock) FROM sync_run');

	for my $days (10, 20)
	{
		$clock =
		  $local->safe_psql('ngeshare', "SELECT timestamptz '$last' + interval '$days days'");
		sync_local(@here, $clock);
	}
	isnt($local->safe_psql('ngeshare', 'SELECT window_start FROM ngeshare.history_state'),
		$start, "$isolation: the window has moved");
	$old->run(
		RandomThings::inserted(
			'UserHangoutGroupAttendance', [ 'late', $start, $episode, $group, $user ]));
	$old->run('COMMIT');
	is($old->errors, '', "$isolation: a row for the window as it was");
	$old->end;
	refresh_local(@here);
	is(join("\n", answers_differ(@there, @here, $clock, "SET ngeshare.sync_clock = '$clock';")),
		'', "$isolation: it counts for nothing");
	is(join("\n", history_differs(@there, @here, 'Asia/Jakarta')),
		'', "$isolation: nor in the history");
	sync_local(@here, $clock);
	is( $local->safe_psql(
			'ngeshare', q{SELECT count(*) FROM "UserHangoutGroupAttendance" WHERE id = 'late'}),
		'0',
		"$isolation: the next sync deletes it");
}
$production->stop;
$local->stop;
done_testing();

# Starts a transaction and lets it take its snapshot.
sub old_transaction
{
	my ($isolation) = @_;
	my $session = Session->start($local, 'ngeshare');

	$session->run(qq{BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM "User"});
	return $session;
}

# Returns a query for the number of attendances and the first instant of the meeting that the
# writers change.
sub meeting
{
	return qq{SELECT attendances || ' ' || first_at FROM ngeshare.meeting_as_of
		WHERE group_id = '$group' AND episode_id = '$episode' AND day = '2026-03-21'};
}

sub both_sides
{
	my ($statements) = @_;

	$_->[0]->safe_psql($_->[1], $statements) for [@here], [@there];
	return;
}
