# Tests that a sync writes no row of the mirror, the history or the snapshot if production has not
# changed, and that it reports this. Also tests the batches in which a sync pulls rows.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my @kept = (
	'public."User"', 'public."Hangout"', 'public."HangoutEpisode"', 'public."HangoutGroup"',
	'public."UserHangoutGroup"', 'public."UserHangoutGroupAttendance"', 'public.course_config',
	'ngeshare.meeting_past', 'ngeshare.history_state',
	map { "ngeshare.$_" }
	  qw(group_snapshot group_timeline group_meeting membership group_link place_snapshot
	  course_snapshot episode_snapshot));

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(400, 21, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
my $said = sync_local($local, 'ngeshare', $clock);
like(
	$said,
	qr/NOTICE:  HangoutGroup: 400 inserted, 0 updated, 0 deleted/,
	'the first sync says what it inserted');

my %before = map { $_ => versions($_) } @kept;
my $generation = generation();
for my $mode (undef, undef, 'full')
{
	my $name = $mode // 'incremental';

	$said = sync_local($local, 'ngeshare', $clock, $mode);
	like($said, qr/succeeded: Nothing changed\./, "another $name sync says that nothing changed");
	unlike($said, qr/[1-9]\d* (inserted|updated|deleted)/, 'and so does each table');
	is(versions($_), $before{$_}, "$name: every row of $_ is the same version") for @kept;
	is(generation(), $generation, "$name: the snapshot's generation is the same");
}
is($local->safe_psql('ngeshare', q{SELECT string_agg(DISTINCT status, ', ') FROM sync_run}),
	'success', 'every run is a success');
is( $local->safe_psql(
		'ngeshare', q{SELECT count(*) FROM sync_log WHERE run_id = 2
	AND status = 'success' AND rows_inserted + rows_updated + rows_deleted = 0
	AND source_rows = local_rows AND finished_at >= started_at AND duration_ms >= 0}),
	'6',
	'with one row per table in sync_log');

# Only the row that differs is written: one user of many.
$production->safe_psql(
	'source',
	q{UPDATE "User" SET email = 'satu@example.com', "updatedAt" = '2026-03-31 04:59'
		WHERE id = (SELECT min(id) FROM "User")}
);
$said = sync_local($local, 'ngeshare', $clock);
like($said, qr/NOTICE:  User: 0 inserted, 1 updated, 0 deleted/, 'one changed row is one update');

# 500 rows with the same updatedAt. With sync_batch_rows = 1 the first batch has one row and the
# next ones grow, so batches end between these rows.
$production->safe_psql(
	'source', q{
	INSERT INTO "User" (id, "createdAt", "updatedAt", email)
	SELECT 'sama-' || n, '2026-03-31 04:58', '2026-03-31 04:58', n || '@example.com'
	FROM generate_series(1, 500) AS n});
$local->safe_psql('ngeshare',
	"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_batch_rows = 1; CALL ngeshare_sync()");
is($local->safe_psql('ngeshare', q{SELECT count(*) FROM "User" WHERE id LIKE 'sama-%'}),
	'500', 'rows of one stamp all arrive over batches of one row and more');

# Production must sort and limit each batch, so that only the batch's rows are transferred, in the
# order of production's collation.
$production->append_conf('postgresql.conf', q{log_statement = 'all'});
$production->reload;
$production->safe_psql('source',
	q{UPDATE "UserHangoutGroup" SET status = status || '!', "updatedAt" = '2026-03-31 04:58:30'});
my $log_before = -s $production->logfile;
$local->safe_psql('ngeshare',
	"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_batch_rows = 300; CALL ngeshare_sync()");
my $log = substr(slurp_file($production->logfile), $log_before);
my @batches = grep { /WHERE source\."\w+"::timestamp\(3\) >=/ } $log =~ /(COPY \(SELECT .*)/g;
cmp_ok(scalar @batches, '>', 2, 'the batches of what changed are in production\'s log');
is( scalar(
		grep {
			!/ORDER BY source\."(updatedAt|attendedAt)"::timestamp\(3\), source\.id LIMIT \d+\)/
		} @batches),
	0,
	'each is ordered by production');
like(
	(grep { /"UserHangoutGroup" / } @batches)[0],
	qr/ LIMIT 300\)/,
	'and a large table\'s is limited there');

# A table that is pulled as a whole is copied in block ranges, without a sort in production.
$log_before = -s $production->logfile;
$local->safe_psql(
	'ngeshare',
	"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_batch_rows = 300;
	CALL ngeshare_sync('full')"
);
$log = substr(slurp_file($production->logfile), $log_before);
@batches = $log =~ /(COPY \(SELECT .*ctid >= .*)/g;
cmp_ok(scalar @batches, '>', 6, 'the ranges of a full sync are in production\'s log');
is(scalar(grep { /ORDER BY/ } @batches), 0, 'none is sorted');

$production->stop;
$local->stop;
done_testing();

sub generation
{
	return $local->safe_psql('ngeshare', 'SELECT generation FROM ngeshare.snapshot_state');
}

# Returns a fingerprint of all row versions (ctid and xmin) of a table.
sub versions
{
	my ($table) = @_;
	return $local->safe_psql(
		'ngeshare',
		"SELECT count(*) || ' ' || coalesce(md5(string_agg(ctid::text || xmin::text, ','
			ORDER BY ctid)), '') FROM $table"
	);
}
