# Tests that a sync compares content: it finds and repairs differences from production that left
# no trace in updatedAt. A run may delete only a limited number of rows, and deleted rows are
# archived and can be restored. If nothing differs, only hashes of buckets are transferred.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my @tables =
  qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup UserHangoutGroupAttendance);

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(600, 51, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);
is(mirror_differs(), '', 'the first sync is exact');

nothing_new_sends_buckets_only();
corruption_is_repaired($_) for @tables;
unmarked_corruption_is_repaired();
changes_without_stamp_are_found();
verify_changes_nothing();
validation_tells();
deletions_are_undone();
attendance_is_undone();
losses_are_refused();
a_restored_production_is_refused();

$production->stop;
$local->stop;
done_testing();

# Returns the tables whose rows differ from production's; of attendance only the window is compared.
sub mirror_differs
{
	my $start = $local->safe_psql('ngeshare', 'SELECT window_start FROM ngeshare.history_state');
	my @different;

	for my $table (@tables)
	{
		my $window = $table =~ /Attendance/ ? qq{ WHERE "attendedAt" >= '$start'} : '';
		my @wanted = rows_of($production, 'source', qq{SELECT * FROM "$table"$window});
		my @got = rows_of($local, 'ngeshare', qq{SELECT * FROM "$table"});

		push @different, $table if differences(\@wanted, \@got);
	}
	return "@different";
}

# Returns a fingerprint of the mirror, the history and the quarantine.
sub fingerprint
{
	return join ' ', map {
		$local->safe_psql('ngeshare',
			"SELECT md5(coalesce(string_agg(row::text, ',' ORDER BY row::text), '')) FROM $_ AS row"
		)
	} ( (map { qq{public."$_"} } @tables), 'ngeshare.meeting_past',
		'ngeshare.group_meeting', 'ngeshare.quarantine',
		'ngeshare.history_state');
}

# Returns one value of the last run.
sub last_run
{
	my ($expression) = @_;
	return $local->safe_psql('ngeshare',
		"SELECT $expression FROM sync_run ORDER BY run_id DESC LIMIT 1");
}

# Returns columns of a table's newest row in sync_log.
sub logged
{
	my ($table, $expression) = @_;
	return $local->safe_psql('ngeshare',
		"SELECT $expression FROM sync_log WHERE table_name = '$table' ORDER BY run_id DESC LIMIT 1"
	);
}

sub nothing_new_sends_buckets_only
{
	my $everything = $production->safe_psql('source', join ' + ',
		'SELECT 0', map { qq{(SELECT sum(pg_column_size(row)) FROM "$_" AS row)} } @tables);

	sync_local($local, 'ngeshare', $clock);
	my $bytes = last_run('bytes_received');
	note "nothing new: $bytes bytes of rows came, of $everything";
	cmp_ok($bytes, '>', 0, 'a sync that finds nothing new compares');
	cmp_ok($bytes, '<', $everything / 20, 'and only buckets travel');
	is( $local->safe_psql(
			'ngeshare',
			'SELECT sum(rows_pulled) FROM sync_log WHERE run_id = (SELECT max(run_id) FROM sync_run)'
		),
		'0',
		'no row does');
	return;
}

# Returns statements that remove one row of the mirror, add one and change one. The number of rows
# stays equal, and production is unchanged.
sub corrupt
{
	my ($table) = @_;
	my %other = (
		User => q{email = 'corrupted'},
		Hangout => q{price = price + 0.001},
		HangoutEpisode => q{"order" = "order" + 1},
		HangoutGroup => q{city = NULL, name = 'corrupted'},
		UserHangoutGroup => q{"userId" = NULL},
		UserHangoutGroupAttendance => q{"attendedAt" = "attendedAt" + interval '1 millisecond'});

	return qq{
		CREATE TEMPORARY TABLE picked AS SELECT id, row_number() OVER (ORDER BY md5(id)) AS place
			FROM public."$table";
		INSERT INTO public."$table" SELECT (jsonb_populate_record(mirror, '{"id": "ghost"}')).*
		FROM public."$table" AS mirror JOIN picked USING (id) WHERE place = 1;
		SET session_replication_role = replica;
		DELETE FROM public."$table" WHERE id = (SELECT id FROM picked WHERE place = 2);
		RESET session_replication_role;
		UPDATE public."$table" SET $other{$table} WHERE id = (SELECT id FROM picked WHERE place = 3);};
}

sub corruption_is_repaired
{
	my ($table) = @_;
	my $before = fingerprint();

	# A refresh before the sync consumes the stale keys. The sync must still find the differences.
	for my $way ('', ', refreshed')
	{
		$local->safe_psql('ngeshare', corrupt($table));
		refresh_local($local, 'ngeshare') if $way;
		is(mirror_differs(), $table, "$table$way: one row missing, one extra, one changed");
		my $said = sync_local($local, 'ngeshare', $clock);
		like($said, qr/succeeded/, 'one sync succeeds');
		is(fingerprint(), $before, 'and makes it what it was');
		is(logged($table, 'rows_inserted, rows_updated, rows_deleted'), '1|1|1', 'with a row each');
		is(logged($table, 'rows_repaired'), 2, 'found by content, not by updatedAt')
		  if $table !~ /Attendance/;
	}
	return;
}

# Corrupts a row while the triggers are disabled, so that neither a write mark nor a stale key is
# recorded: the sync must notice that its cached hashes are no longer valid.
sub unmarked_corruption_is_repaired
{
	my $before = fingerprint();

	sync_local($local, 'ngeshare', $clock);
	$local->safe_psql(
		'ngeshare', q{
		ALTER TABLE "User" DISABLE TRIGGER ALL;
		UPDATE "User" SET email = 'unmarked' WHERE id = (SELECT min(id) FROM "User");
		ALTER TABLE "User" ENABLE TRIGGER ALL;
		ALTER TABLE "User" ENABLE ALWAYS TRIGGER note_insert, ENABLE ALWAYS TRIGGER note_update,
			ENABLE ALWAYS TRIGGER note_delete, ENABLE ALWAYS TRIGGER before_write});
	sync_local($local, 'ngeshare', $clock);
	is(fingerprint(), $before, 'a change behind the triggers\' back is found, too');
	return;
}

sub changes_without_stamp_are_found
{
	$production->safe_psql(
		'source', q{
		UPDATE "User" SET email = 'raw@example.com' WHERE hashtext(id) % 50 = 0;
		UPDATE "HangoutGroup" SET "startDate" = NULL WHERE hashtext(id) % 50 = 1;
		INSERT INTO "User" (id, "createdAt", "updatedAt")
			VALUES ('old and late', '2019-01-01', '2019-01-01'), ('future', now(), '2999-01-01');
		UPDATE "UserHangoutGroupAttendance" SET "userId" = (SELECT min(id) FROM "User")
			WHERE hashtext(id) % 100 = 0}
	);
	my $said = sync_local($local, 'ngeshare', $clock);
	like($said, qr/succeeded/, 'rows changed by raw SQL: the sync succeeds');
	is(mirror_differs(), '', 'and finds them all');
	cmp_ok(logged('User', 'rows_repaired'), '>', 0, 'by their content');
	is(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
		0, 'the history is exact');
	cmp_ok($local->safe_psql('ngeshare', q{SELECT ngeshare_last_sync('User')}),
		'lt', '2027', 'a stamp of the future moves no watermark');
	return;
}

sub verify_changes_nothing
{
	my $before = fingerprint();
	my $said = sync_local($local, 'ngeshare', $clock, 'verify');

	like($said, qr/succeeded: Everything is the same/, 'verify says that everything is the same');
	$local->safe_psql('ngeshare', corrupt('UserHangoutGroup'));
	my $corrupted = fingerprint();
	$said = sync_local($local, 'ngeshare', $clock, 'verify');
	like(
		$said,
		qr/WARNING:  .*"UserHangoutGroup" differs from production: 3 row\(s\)/,
		'or what differs');
	is(fingerprint(), $corrupted, 'and changes nothing');
	is( $local->safe_psql(
			'ngeshare', q{SELECT string_agg(kind, ' ' ORDER BY kind) FROM ngeshare.difference}),
		'changed extra missing',
		'ngeshare.difference names the rows');
	sync_local($local, 'ngeshare', $clock);
	is(fingerprint(), $before, 'the next sync repairs them');
	return;
}

sub validation_tells
{
	my $query =
	  q{SELECT matches, within_tolerance, source_rows - local_rows, source_hash = local_hash,
	  	difference_pct
		FROM ngeshare_validate() WHERE table_name = 'HangoutGroup'};

	is( $local->safe_psql(
			'ngeshare',
			'SELECT count(*) FROM ngeshare_validate() WHERE matches AND within_tolerance'),
		'6',
		'ngeshare_validate() agrees');
	is($local->safe_psql('ngeshare', $query), 't|t|0|t|0.0', 'a table that is the same');
	$local->safe_psql('ngeshare',
		q{UPDATE "HangoutGroup" SET name = name || '?' WHERE id = (SELECT min(id) FROM "HangoutGroup")}
	);
	is($local->safe_psql('ngeshare', $query), 'f|t|0|f|0.0', 'one that only counts alike');
	$local->safe_psql(
		'ngeshare',
		q{INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status)
			VALUES ('ghost', now(), now(), 'g', 's')}
	);
	is($local->safe_psql('ngeshare', $query), 'f|f|-1|f|0.2', 'one with a row too many');
	sync_local($local, 'ngeshare', $clock);
	return;
}

# Production deletes 1 % of the groups with all rows that reference them.
sub deletions_are_undone
{
	my $before = fingerprint();
	my @answers = rows_of($local, 'ngeshare', q{SELECT * FROM ngeshare_group_status('2026-03-01')});

	lose_groups($production, 'source', 6);
	my $said = sync_local($local, 'ngeshare', $clock);
	like($said, qr/succeeded/, '1 % of groups deleted: applied');
	is(mirror_differs(), '', 'exactly');
	is(scalar(answers_differ($production, 'source', $local, 'ngeshare', $clock)),
		0, 'and every answer follows');
	my $run = last_run('run_id');
	is( $local->safe_psql(
			'ngeshare', "SELECT count(*) > 0 FROM ngeshare.removed_meeting WHERE run_id = $run"),
		't',
		'their history is in the archive');
	cmp_ok($local->safe_psql('ngeshare', "SELECT ngeshare_restore_deleted($run)"),
		'>', 6, 'one call undoes it');
	is(fingerprint(), $before, 'all is as before, to the last row and meeting');
	is( scalar(
			differences(
				\@answers,
				[
					rows_of(
						$local, 'ngeshare', q{SELECT * FROM ngeshare_group_status('2026-03-01')})
				])),
		0,
		'and answer');
	like(
		psql_errors($local, 'ngeshare', 'SELECT ngeshare_restore_deleted(1)'),
		qr/ERROR:  22023: the archive has nothing that run 1 removed\nHINT:  Runs with something in the archive: .*\b$run\b/,
		'a run that removed nothing: 22023');
	return_groups($production, 'source');
	$said = sync_local($local, 'ngeshare', $clock);
	like($said, qr/succeeded: Nothing changed/, 'production undoes it as well: nothing differs');
	return;
}

sub attendance_is_undone
{
	my $before = fingerprint();

	$production->safe_psql(
		'source', q{
		CREATE TABLE kept AS SELECT * FROM "UserHangoutGroupAttendance";
		DELETE FROM "UserHangoutGroupAttendance"
			WHERE "attendedAt" > '2026-02-20' AND hashtext(id) % 20 = 0;
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 day'
			WHERE "attendedAt" > '2026-02-20' AND hashtext(id) % 20 = 1;
		INSERT INTO "UserHangoutGroupAttendance" SELECT 'new-' || id, "attendedAt" - interval '1 day',
			"hangoutEpisodeId", "hangoutGroupId", "userId"
		FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-02-20' AND hashtext(id) % 20 = 2});
	sync_local($local, 'ngeshare', $clock);
	is(mirror_differs(), '', 'attendance changed in the window: exact');
	my $run = last_run('run_id');
	cmp_ok(
		$local->safe_psql(
			'ngeshare',
			"SELECT count(DISTINCT kind) FROM ngeshare.attendance_backup WHERE run_id = $run"),
		'==', 3,
		'what it replaced is kept');
	cmp_ok($local->safe_psql('ngeshare', "SELECT ngeshare_restore_attendance($run)"),
		'>', 3, 'one call undoes it');
	is_deeply([ rebuilt_differs($local, 'ngeshare') ], [], 'and refreshes the answers');
	is(fingerprint(), $before, 'to the last row and meeting');
	like(
		psql_errors($local, 'ngeshare', 'SELECT ngeshare_restore_attendance(1)'),
		qr/ERROR:  22023: run 1 has no backup of attendance\nHINT:  Runs that have one: .*\b$run\b/,
		'a run without a backup: 22023');
	sync_local($local, 'ngeshare', $clock);
	is(mirror_differs(), '', 'the next sync makes it production\'s again');
	$local->safe_psql('ngeshare',
		"SET ngeshare.sync_clock = '$clock'; SET ngeshare.backup_keep = 1; CALL ngeshare_sync()");
	is( $local->safe_psql(
			'ngeshare', 'SELECT count(DISTINCT run_id) FROM ngeshare.attendance_backup'),
		'1',
		'only the last backups are kept');
	$production->safe_psql(
		'source',
		q{DELETE FROM "UserHangoutGroupAttendance"; INSERT INTO "UserHangoutGroupAttendance" SELECT *
			FROM kept; DROP TABLE kept}
	);
	sync_local($local, 'ngeshare', $clock);
	is(fingerprint(), $before, 'and so when production goes back');
	return;
}

# Executes $loss in production, expects syncs to fail without changing mirror, history or
# quarantine, and executes $undo.
sub refused
{
	my ($name, $loss, $undo, $expected) = @_;
	my $before = fingerprint();

	$production->safe_psql('source', $loss);
	for my $mode ('incremental', 'full')
	{
		like(
			psql_errors(
				$local, 'ngeshare',
				"SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync('$mode')"),
			$expected,
			"$name ($mode): refused");
		is(fingerprint(), $before, 'nothing changed here');
		is(last_run('status'), 'failed', 'the run failed');
	}
	$production->safe_psql('source', $undo);
	return;
}

sub losses_are_refused
{
	refused(
		'row security switched on',
		'ALTER TABLE "HangoutGroup" ENABLE ROW LEVEL SECURITY',
		'ALTER TABLE "HangoutGroup" DISABLE ROW LEVEL SECURITY',
		qr/ERROR:  42501: row security hides rows of public\."HangoutGroup"/);
	for my $table (qw(UserHangoutGroup UserHangoutGroupAttendance))
	{
		refused(
			"$table emptied",
			qq{CREATE TABLE kept AS TABLE "$table"; TRUNCATE "$table"},
			qq{INSERT INTO "$table" TABLE kept; DROP TABLE kept},
			qr/ERROR:  NG002: production lacks (\d+) of the mirror's \1 rows of "$table"\nDETAIL:  A run may delete at most 0 of them from the mirror\. None was deleted\.\nHINT:  /
		);
		refused(
			"6 % of $table deleted",
			qq{CREATE TABLE kept AS SELECT * FROM "$table" ORDER BY md5(id) LIMIT (SELECT count(*) * 0.06
				FROM "$table");
			DELETE FROM "$table" WHERE id IN (SELECT id FROM kept)},
			qq{INSERT INTO "$table" TABLE kept; DROP TABLE kept},
			qr/ERROR:  NG002: production lacks \d+ of the mirror's \d+ rows of "$table"/);
	}
	refused(
		'6 % deleted, as many added', q{
		CREATE TABLE kept AS SELECT id FROM "UserHangoutGroup"
			ORDER BY md5(id) LIMIT (SELECT count(*) * 0.06 FROM "UserHangoutGroup");
		UPDATE "UserHangoutGroup" SET id = 'other-' || id WHERE id IN (SELECT id FROM kept)},
		q{UPDATE "UserHangoutGroup" SET id = substr(id, 7) WHERE id LIKE 'other-%'; DROP TABLE kept},
		qr/ERROR:  NG002: /);
	$production->safe_psql('source', q{DELETE FROM "UserHangoutGroup" WHERE hashtext(id) % 9 = 0});
	my $said = psql_errors(
		$local, 'ngeshare',
		"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_max_delete_pct = 100;
		CALL ngeshare_sync('full')"
	);
	like($said, qr/succeeded/, 'a superuser may accept a large one');
	is(mirror_differs(), '', 'which is then applied');
	return;
}

# Replaces production's files by an older copy of them, so that its transaction ids go backwards.
sub a_restored_production_is_refused
{
	my $copy = $production->data_dir . '-copy';

	$production->stop;
	system_or_bail('cp', '-a', $production->data_dir, $copy);
	$production->start;
	$production->safe_psql(
		'source',
		q{UPDATE "User" SET email = 'lost@example.com', "updatedAt" = '2026-03-31 04:59:59'
			WHERE id = (SELECT max(id) FROM "User")}
	);
	sync_local($local, 'ngeshare', $clock);
	my $before = fingerprint();
	$production->stop('immediate');
	system_or_bail('rm', '-rf', $production->data_dir);
	system_or_bail('mv', $copy, $production->data_dir);
	$production->start;
	like(
		psql_errors($local, 'ngeshare', 'CALL ngeshare_sync()'),
		qr/ERROR:  NG003: production has gone back in time.*\nDETAIL:  .*\nHINT:  .*DELETE FROM ngeshare\.source/,
		'a restored production: NG003');
	is(fingerprint(), $before, 'nothing changed here');
	$local->safe_psql('ngeshare',
		"DELETE FROM ngeshare.source; SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync('full')"
	);
	is(mirror_differs(), '', 'unless a superuser says that it counts');
	return;
}
