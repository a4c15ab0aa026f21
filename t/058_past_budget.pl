# Tests that an incremental sync compares a part of the past: the buckets compared longest ago,
# within ngeshare.sync_past_budget, but at least a 24th of all buckets. sync_run records the instant
# since which every bucket of the past was compared. The modes full and verify compare the whole
# past.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my $BUCKETS = 1024;
my $LEAST = 43;
my $hour = 0;
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(400, 5, '2026-03-31 12:00+07')});
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
is(synced_with('0'), 'success', 'the first sync');
is(since(), clock(), 'compares the whole past: it fetched it');
is(compared_now(), $BUCKETS, 'each bucket');

note 'with no budget, a 24th';
is(synced_with('0'), 'success', 'the next sync');
is(compared_now(), $LEAST, 'compares the least that it may');
is(since(), clock($hour - 1), 'and the whole past is known as of the sync before');

my $changed = change_past();
cmp_ok($changed, '>', 200, "the past of $changed buckets changes on production");
my $before = history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta');
my $oldest = clock(1);
for my $round (2 .. 25)
{
	synced_with('0') eq 'success' or fail("sync $hour");
	compared_now() == $LEAST or fail("sync $hour compares $LEAST buckets, not " . compared_now());
	since() ge $oldest       or fail("what is known goes back in sync $hour");
	$oldest = since();
	next if $round != 12;
	my $left = history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta');
	cmp_ok($left, '<', $before, "after half of them $left lines differ, of $before");
	cmp_ok($left, '>', 0, 'not all is found yet');
}
is(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
	0, 'after 24 syncs all that changed is found');
is(since(), clock($hour - 23), 'and the whole past was compared since the first of them');

note 'within a budget';
$local->safe_psql('ngeshare', q{UPDATE ngeshare.past_compared SET cost_ms = 10});
is(synced_with('1s'), 'success', 'where a bucket took 10 ms');
is(compared_now(), 100, 'a second is enough for a hundred');
$local->safe_psql('ngeshare', q{UPDATE ngeshare.past_compared SET cost_ms = 0.5});
is(synced_with('1s'), 'success', 'where all take half a second');
is(compared_now(), $BUCKETS, 'all are compared');

note 'what was compared and could not be corrected has its turn first';
$production->safe_psql(
	'source', q{DELETE FROM "UserHangoutGroupAttendance" WHERE id = (
	SELECT id FROM "UserHangoutGroupAttendance"
		WHERE "attendedAt" BETWEEN '2000-01-01' AND '2025-12-31' LIMIT 1)}
);
$local->safe_psql(
	'ngeshare', q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'refused'; END $$;
	CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ngeshare.meeting_past FOR EACH ROW
		EXECUTE FUNCTION refuse()}
);
is(synced_with('1h'), 'failed', 'a sync that cannot write the past');
is(compared_now(), $BUCKETS - 1, 'has compared all buckets but the one that differs');
$local->safe_psql('ngeshare', 'DROP TRIGGER refuse ON ngeshare.meeting_past');
is(synced_with('0'), 'success', 'the next one, with no budget,');
is(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
	0, 'corrects it');

note 'verify and full compare all';
$production->safe_psql(
	'source', q{DELETE FROM "UserHangoutGroupAttendance" WHERE id = (
	SELECT id FROM "UserHangoutGroupAttendance"
		WHERE "attendedAt" BETWEEN '2000-01-01' AND '2025-12-31' LIMIT 1)}
);
is(synced_with('0', 'verify'), 'warning', 'verify finds a change');
is(synced_with('0', 'full'), 'success', 'full takes it in');
is(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
	0, 'and the past is production\'s');
is(since(), clock(), 'known as of now');

note 'in turns, even if the clock stands still';
change_past();
for (1 .. 24)
{
	$hour--;
	synced_with('0') eq 'success' or fail('a sync with the same clock');
}
is(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
	0, 'after 24 syncs all that changed is found');

$production->stop;
$local->stop;
done_testing();

# Returns the clock of the current hour's sync, or of an earlier one.
sub clock
{
	my ($at) = @_;

	return sprintf('2026-04-%02d %02d:00:00+00', 1 + ($at // $hour) / 24, ($at // $hour) % 24);
}

# Runs a sync one hour later with a budget; returns how the run ended.
sub synced_with
{
	my ($budget, $mode) = @_;

	$hour++;
	my $at = clock();
	$mode //= 'incremental';
	$local->psql(
		'ngeshare',
		"SET ngeshare.sync_clock = '$at'; SET ngeshare.sync_past_budget = '$budget';
		SET ngeshare.sync_retries = 0;
		CALL ngeshare_sync('$mode')");
	return $local->safe_psql('ngeshare',
		'SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1');
}

# Returns the instant since which every bucket of the past was compared, as the last run recorded
# it.
sub since
{
	return $local->safe_psql('ngeshare',
		'SELECT past_compared_since FROM sync_run ORDER BY run_id DESC LIMIT 1');
}

# Returns how many buckets the last run has compared and has found or made equal.
sub compared_now
{
	my $at = clock();
	return $local->safe_psql('ngeshare',
		"SELECT count(*) FROM ngeshare.past_compared WHERE compared_at = '$at'");
}

# Deletes each group's first old attendance on production, so that every bucket with old attendance
# differs. Returns the number of these buckets.
sub change_past
{
	return $production->safe_psql(
		'source', q{
		WITH gone AS (
			DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (
				SELECT DISTINCT ON ("hangoutGroupId") id FROM "UserHangoutGroupAttendance"
				WHERE "attendedAt" BETWEEN '2000-01-01' AND '2025-12-31'
					ORDER BY "hangoutGroupId", "attendedAt", id)
			RETURNING "hangoutGroupId")
		SELECT count(DISTINCT hashtextextended("hangoutGroupId", 0) & 1023) FROM gone});
}
