# Tests that the work is done in sets whose cost hardly depends on work_mem: no plan of a sync scans
# a table once per row, lists of ids are sent in pieces, and deleted rows can be restored even if
# they are very large.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $clock = '2026-03-31 12:00:00+07';

# The smallest work_mem that PostgreSQL allows. What exceeds it with this data would exceed
# megabytes with real data.
my $little = "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;";

# The numbers of meetings before the window, and of rows that change at once; both need more than
# one piece.
my ($meetings, $many) = (12_000, 5_500);

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(60, 95, '$clock')");
add_many();
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
$local->safe_psql('postgres', "ALTER DATABASE ngeshare SET ngeshare.sync_clock = '$clock'");
explain_all();
said_by('CALL ngeshare_sync()');

a_second_full_costs_what_it_costs_with_memory();
corrections_of_the_past_are_counted();
many_rows_are_repaired_in_pieces();
many_parents_are_fetched_in_pieces();
many_deletions_are_undone();
no_plan_rescans();
what_users_added_comes_back();
what_1_1_archived_comes_back();
a_huge_row_waits_comes_goes_and_comes_back();

$production->stop;
$local->stop;
done_testing();

# Adds attendance before the window, one row per day and group, and users who belong to no group.
sub add_many
{
	$production->safe_psql(
		'source', qq{
		INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
			"userId")
		SELECT 'meeting ' || n, timestamp '2026-01-01' - (n / 40) * interval '1 day', episode.id,
			groups.ids[1 + n % 40], member.id
		FROM generate_series(1, $meetings) AS n
		CROSS JOIN (SELECT min(id) AS id FROM "HangoutEpisode") AS episode
		CROSS JOIN (SELECT min(id) AS id FROM "User") AS member
		CROSS JOIN (SELECT array_agg(id) AS ids FROM (SELECT id FROM "HangoutGroup"
			ORDER BY id LIMIT 40) AS first) AS groups;
		INSERT INTO "User" (id, "createdAt", "updatedAt", email)
		SELECT 'user ' || n, '2024-01-01', '2024-01-01', n || '\@example.org'
			FROM generate_series(1, $many) AS n;
		ANALYZE});
	return;
}

# Lets every session in the mirror's database log the plans of its statements that take a
# millisecond or longer, also within functions.
sub explain_all
{
	$local->safe_psql(
		'postgres', qq{
		ALTER DATABASE ngeshare SET session_preload_libraries = ngeshare, auto_explain;
		ALTER DATABASE ngeshare SET auto_explain.log_min_duration = 1;
		ALTER DATABASE ngeshare SET auto_explain.log_nested_statements = on});
	return;
}

# Runs a statement, which must succeed, and returns its messages.
sub said_by
{
	my ($statement, $settings) = @_;
	my ($status, $output, $errors) =
	  $local->psql('ngeshare', ($settings // $little) . $statement, on_error_stop => 1);

	die "$statement: $errors" if $status != 0;
	return $errors;
}

# Returns the seconds that a statement takes with the given settings.
sub seconds
{
	my ($statement, $settings) = @_;
	my $began = time;

	said_by($statement, $settings);
	return time - $began;
}

sub ask { return $local->safe_psql('ngeshare', $_[0]); }

# Returns the tables whose content differs from production's.
sub differing
{
	return ask(
		q{SELECT coalesce(string_agg(table_name, ' '), '') FROM ngeshare_validate() WHERE NOT matches}
	);
}

sub a_second_full_costs_what_it_costs_with_memory
{
	my $enough = seconds(q{CALL ngeshare_sync('full')}, "SET work_mem = '64MB';");
	my $little = seconds(q{CALL ngeshare_sync('full')});

	note sprintf 'the second full sync: %.1f s, with 64 kB of work_mem %.1f s', $enough, $little;
	cmp_ok($little, '<', 5 * $enough, 'a full sync hardly depends on work_mem');
	return;
}

sub corrections_of_the_past_are_counted
{
	$production->safe_psql(
		'source', q{
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 hour'
			WHERE id LIKE 'meeting %'}
	);
	my $said = said_by('CALL ngeshare_sync()');

	like(
		$said,
		qr/NOTICE:  UserHangoutGroupAttendance: 0 inserted, 0 updated, 0 deleted, $meetings meeting\(s\) before the window written \(/,
		'a corrected past is counted in the table\'s line');
	like(
		$said,
		qr/succeeded: 0 row\(s\) and $meetings meeting\(s\) before the window written\./,
		'and in the run\'s');
	is( ask(q{SELECT count(*) FROM ngeshare.removed_meeting WHERE run_id = (SELECT max(run_id)
		FROM sync_run)}
		),
		"$meetings",
		'what it was is in the archive');
	is(differing(), '', 'and all is production\'s');
	like(
		said_by(q{CALL ngeshare_sync('full')}),
		qr/succeeded: Nothing changed\./,
		'a full sync finds nothing more');
	return;
}

sub many_rows_are_repaired_in_pieces
{
	$production->safe_psql(
		'source', qq{
		UPDATE "User" SET email = 'new ' || email WHERE id LIKE 'user %'});
	like(
		said_by('CALL ngeshare_sync()'),
		qr/succeeded: $many row\(s\) written\./,
		'many rows without a new stamp are repaired');
	is(ask('SELECT count(*) FROM ngeshare.difference'), '0', 'and nothing is listed any more');
	is(differing(), '', 'all is production\'s');
	return;
}

sub many_parents_are_fetched_in_pieces
{
	my $queries = -s $production->logfile;

	$production->safe_psql(
		'source', qq{
		INSERT INTO "User" (id, "createdAt", "updatedAt", email)
		SELECT 'late ' || n, '2024-01-01', '2024-01-01', n || '\@example.org'
			FROM generate_series(1, $many) AS n;
		INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
			"hangoutGroupRole", "hangoutGroupId", "userId")
		SELECT 'late ' || n, '2026-03-31', '2026-03-31', '2026-03-31', 'ACTIVE', 'MEMBER', (SELECT min(id)
			FROM "HangoutGroup"), 'late ' || n
		FROM generate_series(1, $many) AS n});

	# Sync memberships only, so that the sync itself must find and pull the missing users.
	said_by(q{CALL ngeshare_sync('incremental', '{UserHangoutGroup}')});
	is(differing(), '', 'parents that are missing come with their children');
	my @asked =
	  slurp_file($production->logfile, $queries) =~ /\.id = ANY \('(\{[^']*late [^']*\})'/g;
	cmp_ok(scalar @asked, '>', 1, 'in more than one piece');
	cmp_ok(length, '<', 1_000_000, 'of limited size') for @asked;
	return;
}

sub many_deletions_are_undone
{
	$production->safe_psql(
		'source', q{
		SET session_replication_role = replica; -- to skip the checks of foreign keys
		DELETE FROM "UserHangoutGroup" WHERE id LIKE 'late %';
		DELETE FROM "User" WHERE id LIKE 'late %'});
	like(
		said_by('SET ngeshare.sync_max_delete_pct = 100; CALL ngeshare_sync()'),
		qr/User: 0 inserted, 0 updated, $many deleted/,
		'many rows go');
	is(differing(), '', 'as in production');
	my $run = ask('SELECT max(run_id) FROM sync_run');
	is(ask("SELECT count(*) FROM ngeshare.removed_row WHERE run_id = $run"),
		2 * $many, 'into the archive');
	is(ask("$little SELECT ngeshare_restore_deleted($run)"), 2 * $many, 'and come back');
	is( ask(q{SELECT count(*) FROM "UserHangoutGroup" JOIN "User" ON "User".id = "userId"
		WHERE "User".email LIKE '%@example.org' AND "User".id LIKE 'late %'}
		),
		"$many",
		'as they were');
	said_by('SET ngeshare.sync_max_delete_pct = 100; CALL ngeshare_sync()');
	return;
}

# Returns the logged plans of statements that do not mention certain tables.
sub plans
{
	my ($others) = @_;

	return grep { /^Query Text:/ && !/$others/ }
	  map { s/^\t//gmr } slurp_file($local->logfile) =~ /  plan:\n((?:\t.*\n)+)/g;
}

# Tests that no logged plan scans a table again for each row. A subplan that is not hashed runs once
# per row, so it must use an index.
sub no_plan_rescans
{
	my @plans = plans(qr/sync_log/);
	my @bad;

	for my $plan (@plans)
	{
		next unless $plan =~ /(?<!hashed )SubPlan \d+\)/;
		while ($plan =~ /^( *)SubPlan \d+\n((?:\1 .*\n)+)/gm)
		{
			push @bad, $plan if $2 =~ /Seq Scan on|CTE Scan on/ && $plan !~ /hashed SubPlan/;
		}
	}
	cmp_ok(scalar @plans, '>', 100, 'the plans of all syncs are in the log');
	cmp_ok(scalar(grep { /write_past|stage_meeting/ } @plans),
		'>', 5, 'those of the history among them');
	is(scalar @bad, 0, 'none has a subplan that scans a table for each row')
	  or diag(map { substr $_, 0, 1500 } @bad[ 0 .. 0 ]);
	return;
}

# Deletes a hangout in production, syncs, and returns the run that deleted it in the mirror.
sub delete_hangout
{
	my ($id) = @_;

	$production->safe_psql('source',
		qq{DELETE FROM "HangoutEpisode" WHERE "hangoutId" = '$id'; DELETE FROM "Hangout" WHERE id = '$id'}
	);
	said_by('CALL ngeshare_sync()');
	return ask('SELECT max(run_id) FROM sync_run');
}

# Adds a hangout to production.
sub add_hangout
{
	my ($id) = @_;

	$production->safe_psql(
		'source', qq{
		INSERT INTO "Hangout" SELECT (jsonb_populate_record(hangout,
			'{"id": "$id", "code": "$id", "updatedAt": "2026-03-31T04:00:00"}')).*
		FROM "Hangout" AS hangout ORDER BY hangout.id LIMIT 1});
	return;
}

# Restores an archived row that has the column "remark", which users added, but not the column
# "later", which was added after the row was archived.
sub what_users_added_comes_back
{
	ask(q{
		ALTER TABLE "Hangout" ADD remark text,
			ADD again double precision GENERATED ALWAYS AS (price * 2) STORED,
			ADD later text NOT NULL DEFAULT 'later';
		INSERT INTO ngeshare.removed_hangout
		SELECT (jsonb_populate_record(NULL::ngeshare.removed_hangout,
			to_jsonb(mirror) || '{"id": "remarked",
			"run_id": -2, "table_name": "Hangout", "row_id": "remarked", "removed_at": "2026-03-31",
			"content": {"remark": "mine"}}')).*
		FROM (SELECT * FROM "Hangout" ORDER BY id LIMIT 1) AS mirror});
	is(ask('SELECT ngeshare_restore_deleted(-2)'),
		'1', 'a row with columns that users added comes back');
	is( ask(q{SELECT remark || ' ' || later || ' ' || (again IS NOT DISTINCT FROM price * 2)
		FROM "Hangout" WHERE id = 'remarked'}
		),
		'mine later true',
		'with them');
	ask(q{ALTER TABLE "Hangout" DROP remark, DROP again, DROP later;
	DELETE FROM "Hangout" WHERE id = 'remarked'}
	);
	return;
}

sub what_1_1_archived_comes_back
{
	ask(q{
		INSERT INTO ngeshare.removed_row (run_id, table_name, row_id, content)
		SELECT -1, 'User', 'archived', to_jsonb(mirror) || '{"id": "archived"}' FROM (SELECT * FROM "User"
			ORDER BY id LIMIT 1) AS mirror;
		INSERT INTO ngeshare.attendance_backup (run_id, row_id, kind, content)
		SELECT -1, id, 'changed', to_jsonb(mirror) || '{"attendedAt": "2026-03-30T01:02:03.004"}'
		FROM (SELECT * FROM "UserHangoutGroupAttendance" ORDER BY id LIMIT 1) AS mirror});
	is(ask('SELECT ngeshare_restore_deleted(-1)'),
		'1', 'a row that version 1.1 archived comes back');
	is(ask(q{SELECT count(*) FROM "User" WHERE id = 'archived'}), '1', 'under its id');
	is(ask('SELECT ngeshare_restore_attendance(-1)'), '1', 'and attendance that it replaced');
	is( ask(q{SELECT count(*) FROM "UserHangoutGroupAttendance"
		WHERE "attendedAt" = '2026-03-30 01:02:03.004'}
		),
		'1',
		'as it was');
	said_by('CALL ngeshare_sync()');
	return;
}

# A value of 280 MB, which jsonb cannot hold, and one of 101 MB, more than the quarantine keeps of a
# row.
sub a_huge_row_waits_comes_goes_and_comes_back
{
	my $both =
	  q{SELECT string_agg(id || ' ' || md5(description), ' ' ORDER BY id) FROM "HangoutEpisode"
	  	WHERE "hangoutId" = 'of huge ones'};

	$production->safe_psql(
		'source', q{
		ALTER TABLE "HangoutEpisode" DROP CONSTRAINT "HangoutEpisode_hangoutId_fkey"});
	add_episode('large', 101_000_000);
	my ($status, $output, $errors) = $local->psql('ngeshare', 'CALL ngeshare_sync()');
	like(
		$errors,
		qr/1 row\(s\) of "HangoutEpisode" wait in quarantine/,
		'a large row without its parent waits');
	add_hangout('of huge ones');
	add_episode('huge', 280_000_000);
	my $wanted = $production->safe_psql('source', $both);
	said_by('CALL ngeshare_sync()');
	is(ask($both), $wanted, 'and comes with its parent, and so does a huge one');
	my $run = delete_hangout('of huge ones');
	is(ask($both), '', 'gone there, they go');
	is(ask("SELECT ngeshare_restore_deleted($run)"), '3', 'and come back');
	is(ask($both), $wanted, 'as they were');
	return;
}

# Adds an episode with a description of the given length to production.
sub add_episode
{
	my ($id, $length) = @_;

	$production->safe_psql(
		'source', qq{
		INSERT INTO "HangoutEpisode" (id, "createdAt", "updatedAt", name, description, "hangoutId")
		VALUES ('$id', '2026-03-31', '2026-03-31 04:00', '$id', repeat(E'a "b\\\\\\n', $length / 7),
			'of huge ones')}
	);
	return;
}
