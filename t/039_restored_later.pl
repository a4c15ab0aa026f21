# Tests that rows which a sync deleted can still be put back when later syncs have moved the window
# of raw attendance, compared the past, or counted the history in another time zone.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(400, 71, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);

groups_come_back_with_their_past();
attendance_comes_back();

$production->stop;
$local->stop;
done_testing();

# Runs a sync under the given settings and returns its run_id.
sub sync_with
{
	my ($mode, @settings) = @_;
	my $set = join '', map { "SET ngeshare.$_;" } "sync_clock = '$clock'", @settings;

	$local->safe_psql('ngeshare', "$set CALL ngeshare_sync('$mode')");
	return $local->safe_psql('ngeshare', 'SELECT max(run_id) FROM sync_run');
}

# Returns the meetings that answers count, one line each.
sub meetings
{
	return [
		rows_of(
			$local, 'ngeshare', q{
			SELECT group_id, episode_id, day, min(first_at), max(last_at), sum(attendances)
			FROM ngeshare.meeting GROUP BY 1, 2, 3})
	];
}

# Returns when and how often each group attended each episode, one line each, without local days.
sub attended
{
	return [
		rows_of(
			$local, 'ngeshare', q{
			SELECT group_id, episode_id, min(first_at), max(last_at), sum(attendances)
			FROM ngeshare.meeting GROUP BY 1, 2})
	];
}

# A run that compares nothing of the past deletes six groups. The next run archives their past and
# makes the window shorter. ngeshare_restore_deleted() of the first run puts all meetings back. It
# does so again after a sync has counted the history in another time zone.
sub groups_come_back_with_their_past
{
	my $before = meetings();
	my $attended = attended();
	lose_groups($production, 'source', 6);

	my $deleted = sync_with('incremental', 'sync_past_budget = 0');
	my $later = sync_with('full', 'attendance_window_days = 20');
	is( $local->safe_psql(
			'ngeshare', qq{
			SELECT (SELECT count(*) > 0 FROM ngeshare.removed_attendance WHERE run_id = $deleted
					AND "attendedAt" < (SELECT window_start FROM ngeshare.history_state)),
				(SELECT count(*) > 0 FROM ngeshare.removed_meeting WHERE run_id = $deleted),
				(SELECT count(*) > 0 FROM ngeshare.removed_meeting WHERE run_id = $later)}),
		't|f|t',
		'some days of the deleted attendance left the window; a later run archived the past');
	$local->safe_psql('ngeshare', "SELECT ngeshare_restore_deleted($deleted)");
	is_deeply(meetings(), $before, 'the groups come back with all their meetings');
	is_deeply([ rebuilt_differs($local, 'ngeshare') ], [], 'and the answers follow');

	sync_with('full', 'attendance_window_days = 20');
	my $london = q{SET ngeshare.timezone = 'Europe/London'; SET ngeshare.sync_clock = '}
	  . "$clock'; SET ngeshare.attendance_window_days = 20; ";
	$local->safe_psql('ngeshare', "$london CALL ngeshare_sync('full')");
	$local->safe_psql('ngeshare', "$london SELECT ngeshare_restore_deleted($deleted)");
	is($local->safe_psql('ngeshare', 'SELECT zone FROM ngeshare.history_state'),
		'Europe/London', 'the history is counted in another zone');
	is( $local->safe_psql(
			'ngeshare', q{
			SELECT count(*) FROM ngeshare.meeting_past
			WHERE day <> ngeshare.meeting_day(first_at, 'Europe/London')}),
		'0',
		'each restored meeting is on its day in that zone');
	is_deeply(attended(), $attended, 'and every attendance counts once');

	return_groups($production, 'source');
	sync_with('full');
	is_deeply(meetings(), $before, 'and a sync makes all as in production again');
	return;
}

# A run removes and changes attendance, which later leaves the window. After a restore the removed
# attendance counts again. The changed attendance counts once, as changed.
sub attendance_comes_back
{
	my $sum = q{SELECT sum(attendances) FROM ngeshare.meeting};
	my $all = $local->safe_psql('ngeshare', $sum);
	my $early = q{"attendedAt" BETWEEN '2026-02-20' AND '2026-03-05'};

	$production->safe_psql(
		'source', qq{
		DELETE FROM "UserHangoutGroupAttendance" WHERE $early AND hashtext(id) % 10 = 0;
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
			WHERE $early AND hashtext(id) % 10 = 1});
	my $run = sync_with('incremental');
	my $removed = $local->safe_psql('ngeshare',
		qq{SELECT count(*) FROM ngeshare.replaced_attendance WHERE run_id = $run AND kind = 'removed'}
	);
	cmp_ok($removed, '>', 3, 'a run removed attendance');
	is($local->safe_psql('ngeshare', $sum), $all - $removed, 'which does not count any more');
	sync_with('incremental', 'attendance_window_days = 20');
	$local->safe_psql('ngeshare', "SELECT ngeshare_restore_attendance($run)");
	is($local->safe_psql('ngeshare', $sum),
		$all, 'restored after it left the window: each attendance counts once');
	is( $local->safe_psql(
			'ngeshare', q{
			SELECT count(*) FROM "UserHangoutGroupAttendance"
			WHERE "attendedAt" < (SELECT window_start FROM ngeshare.history_state)}),
		'0',
		'and none is left before the window');
	is_deeply([ rebuilt_differs($local, 'ngeshare') ], [], 'and the answers follow');
	return;
}
