# Tests a hundred syncs in a row, while production changes and four sessions write to the mirror by
# hand, several tables per transaction and in every order. No writer may get an error, the tables of
# the snapshot must agree at every moment, and in the end everything must equal production.
#
# No SQLSTATE is tolerated. A sync deletes rows that were written by hand, so the writers avoid
# every error that this could cause: they do not reference hand-written rows of other transactions
# (no 23503), they never use an id twice (no 23505), and each writer uses only its own groups and
# users, chosen by the hash of their ids, so that no two writers wait for each other.
#
# One warning is tolerated. If a user with a membership and attendance is written by hand between a
# sync's comparison of the child tables and its comparison of "User", the sync finds that the user
# has to be deleted but does not know of the child rows. It keeps the user, because rows still
# reference it, and warns; the next sync compares again.
#
# NGESHARE_TEST_SEED and NGESHARE_TEST_SYNCS change the seed and the number of syncs.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use List::Util qw(max sum0);
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{NGESHARE_TEST_SEED} // 37;
my $syncs = $ENV{NGESHARE_TEST_SYNCS} // 100;
my $writers = 4;
my $day = 0;
my $folder = PostgreSQL::Test::Utils::tempdir;
my $running = "$folder/running";

my ($production, $local) = start_servers();
prepare();
append_to_file($running, 'while this is there, writers write');
my $changer =
  start_writer('changer', $production, 'source', join('', map { production_changes($_) } 1 .. 6));
my @people =
  map { start_writer("writer $_", $local, 'ngeshare', hand_written($_)) } 0 .. $writers - 1;
my $reader = start_reader();
die 'the writers do not begin' unless poll_until(
	sub {
		!grep { !writes_of($_) } $changer, @people;
	});

my $longest = max map { sync_once($_) } 1 .. $syncs;
is( scalar(grep { $_->{psql}->pumpable } $changer, @people),
	$writers + 1,
	'everybody writes to the last sync');
unlink $running;
stop_writer($_) for $changer, @people;
stop_reader();
check_runs();
check_end();
diag sprintf '%d syncs, the longest %.1f s; %d writes by hand in %d transactions, '
  . 'a statement waited %.1f s at most; %d changes in production',
  $syncs, $longest, sum0(map { writes_of($_) } @people), sum0(map { commits_of($_) } @people),
  max(map { longest_wait($_) } @people) / 1000, writes_of($changer);
$production->stop;
$local->stop;
done_testing();

# Prepares a production and a mirror that was synced once.
sub prepare
{
	new_production($production, 'source');
	$production->safe_psql('source', "SELECT demo.generate(120, $seed, '" . clock() . "')");
	new_local($local, 'ngeshare');
	$local->safe_psql('postgres', "ALTER DATABASE ngeshare SET $_")
	  for 'ngeshare.sync_max_delete_pct = 50', 'ngeshare.sync_batch_rows = 200';
	$local->safe_psql('ngeshare', connect_local($production, 'source'));
	$local->safe_psql('ngeshare',
		'CREATE SCHEMA test; CREATE TABLE test.sample AS SELECT 0 AS looked; '
		  . snapshot_differs());
	sync_local($local, 'ngeshare', clock());
	return;
}

# Returns the sync's clock, which advances in days.
sub clock { return sprintf '2026-03-%02d 12:00:00+07', 10 + $day; }

# Returns the definition of a view of the groups whose rows in the snapshot's tables are not from
# the same refresh.
sub snapshot_differs
{
	return q{
		CREATE VIEW test.snapshot_differs AS
		SELECT group_id, 'meetings' AS what
		FROM ngeshare.group_snapshot AS grp
		LEFT JOIN ngeshare.group_meeting AS listed USING (group_id)
		LEFT JOIN ngeshare.group_timeline AS timeline USING (group_id)
		WHERE (grp.total_meetings, grp.first_at, cardinality(timeline.meeting_at)) IS DISTINCT FROM (
			(SELECT count(DISTINCT day) FROM unnest(listed.day) AS day), listed.first_at[1],
			coalesce(cardinality(listed.first_at), 0))
		UNION ALL
		SELECT group_id, 'members'
		FROM ngeshare.group_snapshot AS grp
		WHERE member_count <> (
			SELECT count(*)
			FROM (
				SELECT FROM ngeshare.membership
				WHERE membership.group_id = grp.group_id AND is_first
				GROUP BY coalesce(user_id, lower(user_name))
				HAVING bool_and(role = 'MEMBER')
			) AS member)
		UNION ALL
		SELECT group_id, 'completed'
		FROM ngeshare.membership
		JOIN ngeshare.group_snapshot AS grp USING (group_id)
		WHERE completed_at <> graduated_at};
}

# Runs one sync and returns its duration in seconds. Every tenth sync is full; before every seventh
# the clock advances by a day, so that the window moves.
sub sync_once
{
	my ($number) = @_;
	my $mode = $number % 10 == 0 ? 'full' : 'incremental';

	$day++ if $number % 7 == 0;
	my $begun = time;
	my $said = psql_errors($local, 'ngeshare',
			"SET client_min_messages = warning; SET ngeshare.sync_clock = '"
		  . clock()
		  . "'; CALL ngeshare_sync('$mode')");
	my $took = time - $begun;
	diag "sync $number: $said" if $said ne '';
	return $took;
}

# Starts a process that runs a script again and again, until it is told to stop or the script fails.
sub start_writer
{
	my ($name, $server, $database, $script) = @_;
	my $base = "$folder/" . $name =~ tr/ /_/r;
	my %writer = (name => $name, printed => "$base.out", said => "$base.err");

	append_to_file("$base.sql", "\\timing on\n$script");
	$writer{psql} = IPC::Run::start(
		[
			'sh', '-c',
			'while [ -e "$0" ]; do psql "$@" || exit 1; done', $running,
			'-X', '-v',
			'ON_ERROR_STOP=1', '-v',
			'VERBOSITY=verbose', '-d',
			$server->connstr($database), '-f',
			"$base.sql"
		],
		'<',
		\undef,
		'>',
		$writer{printed},
		'2>',
		$writer{said});
	return \%writer;
}

sub stop_writer
{
	my ($writer) = @_;

	ok($writer->{psql}->finish, "$writer->{name}: every statement succeeded");
	is(slurp_file($writer->{said}), '', "$writer->{name}: without a word");
	cmp_ok(writes_of($writer), '>', 2 * $syncs, "$writer->{name}: wrote all along");
	return;
}

# Returns the sum of the row counts in psql's output for a writer.
sub writes_of
{
	my ($writer) = @_;
	return sum0(slurp_file($writer->{printed}) =~ /^(?:INSERT 0|UPDATE|DELETE|COPY) (\d+)$/mg);
}

sub commits_of { return scalar(() = slurp_file($_[0]{printed}) =~ /^COMMIT$/mg); }

# Returns the duration of a writer's longest statement in milliseconds.
sub longest_wait { return max(0, slurp_file($_[0]{printed}) =~ /^Time: ([\d.]+) ms/mg); }

# Returns changes to production, with and without a new updatedAt, and to attendance in the window
# and before it.
sub production_changes
{
	my ($number) = @_;
	my ($user, $group, $episode, $attendance) =
	  map { some($_) } qw(User HangoutGroup HangoutEpisode UserHangoutGroupAttendance);
	my $kept = qq{"attendedAt" > '2026-02-20'};

	return qq{
		BEGIN;
		UPDATE "User" SET "lastActive" = '2026-03-10 04:00', "updatedAt" = '2026-03-10 04:00'
			WHERE id = $user;
		UPDATE "HangoutGroup" SET city = 'Kota ' || random(), "updatedAt" = '2026-03-10 04:00'
			WHERE id = $group;
		UPDATE "UserHangoutGroup" SET "publicId" = random()::text WHERE id = }
	  . some('UserHangoutGroup') . qq{;
		INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
			"userId")
		VALUES ('there-' || gen_random_uuid(), timestamp '2026-03-10' - random() * interval '60 days',
			$episode, $group, $user);
		COMMIT;
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
		WHERE id = (SELECT id FROM "UserHangoutGroupAttendance" WHERE $kept ORDER BY random() LIMIT 1);
		DELETE FROM "UserHangoutGroupAttendance"
		WHERE id = (SELECT id FROM "UserHangoutGroupAttendance" WHERE id ~ '^there'
			ORDER BY random() LIMIT 1);
		SELECT pg_sleep(0.02);
	};
}

# Returns a subquery with the id of a random row that meets a condition.
sub some
{
	my ($table, $condition) = @_;
	return
		qq{(SELECT id FROM "$table" WHERE }
	  . ($condition // 'true')
	  . ' ORDER BY random() LIMIT 1)';
}

# Returns a writer's script: twelve transactions that write by hand. They lock groups and users in
# various orders, also in orders that no sync uses.
sub hand_written
{
	my ($number) = @_;
	my $own = "hashtext(%s) & 3 = $number AND id NOT LIKE 'hand%%'";
	my ($user, $group) = map { some($_, sprintf($own, 'id')) } qw(User HangoutGroup);
	my $episode = some('HangoutEpisode');
	my $membership = some('UserHangoutGroup', sprintf($own, '"hangoutGroupId"'));
	my $attendance = some('UserHangoutGroupAttendance',
		sprintf($own, '"hangoutGroupId"')
		  . q{ AND "attendedAt" BETWEEN '2026-03-01' AND '2026-03-25'});
	my $at = q{timestamp '2026-03-10' - random() * interval '9 days'};
	my $pause = 'SELECT pg_sleep(0.03 * random() ^ 2);';
	my $attend = qq{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
	  	"hangoutGroupId", "userId") }
	  . qq{VALUES ('hand-' || gen_random_uuid(), $at, $episode, $group, $user);};
	my $move =
	  qq{UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
	  	WHERE id = $attendance;};
	my $leave = qq{DELETE FROM "UserHangoutGroupAttendance" WHERE id = $attendance;};
	my $rename = qq{UPDATE "HangoutGroup" SET name = 'by hand ' || random() WHERE id = $group;};
	my $visit = qq{UPDATE "User" SET "lastActive" = clock_timestamp() WHERE id = $user;};
	my $promote =
	  qq{UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'by hand' WHERE id = $membership;};
	my @orders = (
		[ $attend, $rename ],
		[ $rename, $attend ],
		[ $move, $promote, $visit ],
		[ $visit, $promote, $move ],
		[ $leave, $visit, $rename ],
		[ $rename, $visit, $leave ],
		[ $promote, $leave, $attend ],
		[ $visit, $rename, $move, $attend ],
		[ newcomer($user, $group, $episode, $at) ],
		[ copied($number) ],
		[ qq{SELECT id FROM "HangoutGroup" WHERE id = $group FOR UPDATE;}, $visit, $attend ],
		[ qq{SELECT id FROM "User" WHERE id = $user FOR UPDATE;}, $rename, $move ]);

	return join '', map { "BEGIN;\n" . join("\n$pause\n", @$_) . "\nCOMMIT;\n$pause\n" } @orders;
}

# Returns statements that write a user whom production does not have, with a membership and
# attendance.
sub newcomer
{
	my ($user, $group, $episode, $at) = @_;

	return (
		qq{SELECT 'hand-' || gen_random_uuid() AS newcomer, $group AS joined \\gset
		INSERT INTO "User" (id, "updatedAt") VALUES (:'newcomer', '2026-03-10');},
		qq{INSERT INTO "UserHangoutGroup" (id, "updatedAt", "joinedAt", status, "hangoutGroupRole",
			"hangoutGroupId", "userId")
		VALUES (:'newcomer', '2026-03-10', '2026-03-10', 'ACTIVE', 'MEMBER', :'joined', :'newcomer');},
		qq{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
			"hangoutGroupId", "userId")
		VALUES (:'newcomer', $at, $episode, :'joined', :'newcomer');});
}

# Returns statements that write attendance by COPY, with new ids each time.
sub copied
{
	my ($number) = @_;
	my $file = "$folder/copied_$number";

	return (
		qq{CREATE TEMP TABLE IF NOT EXISTS picked (LIKE "UserHangoutGroupAttendance");
		TRUNCATE picked;
		INSERT INTO picked SELECT 'hand-' || gen_random_uuid(), '2026-03-09 03:00', episode.id, met.id,
			person.id
		FROM (SELECT id FROM "HangoutGroup" WHERE hashtext(id) & 3 = $number AND id NOT LIKE 'hand%'
			ORDER BY random() LIMIT 3) AS met,
			(SELECT id FROM "User" WHERE hashtext(id) & 3 = $number AND id NOT LIKE 'hand%'
				ORDER BY random() LIMIT 2) AS person,
			(SELECT id FROM "HangoutEpisode" ORDER BY random() LIMIT 1) AS episode;
		COPY picked TO '$file';},
		qq{COPY "UserHangoutGroupAttendance" FROM '$file';});
}

# Starts a session that compares the snapshot's tables again and again, each time in one statement,
# and ends with an error if they differ.
sub start_reader
{
	my $session = Session->start($local, 'ngeshare', q{application_name = 'reader'});

	return $session->tell(
		q{
		DO $$
		DECLARE
			wrong text;
		BEGIN
			LOOP
				SELECT string_agg(differs::text, '; ') FROM test.snapshot_differs AS differs INTO wrong;
				IF wrong IS NOT NULL THEN
					RAISE EXCEPTION 'the tables of the snapshot differ: %', wrong;
				END IF;
				UPDATE test.sample SET looked = looked + 1;
				COMMIT;
				EXIT WHEN (SELECT looked < 0 FROM test.sample);
			END LOOP;
		END
		$$});
}

sub stop_reader
{
	ok(!$reader->is_done, 'the reader reads to the end');
	my $looked = $local->safe_psql('ngeshare', 'SELECT looked FROM test.sample');

	$local->safe_psql('ngeshare', 'UPDATE test.sample SET looked = -1000000');
	$reader->wait;
	is($reader->said, '', 'at every moment the tables of the snapshot are of one refresh');
	cmp_ok($looked, '>', 5 * $syncs, 'which was looked at all along');
	diag "the snapshot was looked at $looked times meanwhile";
	$reader->end;
	return;
}

# Tests that every sync succeeded or ended with the tolerated warning, that no sync logged an error,
# and that the server logged no error such as a deadlock.
sub check_runs
{
	my $outcomes = $local->safe_psql(
		'ngeshare',
		q{SELECT status || ' ' || count(*)
			|| coalesce(': ' || min(message) FILTER (WHERE status <> 'success'), '')
		FROM sync_run GROUP BY status ORDER BY status});

	is( $local->safe_psql(
			'ngeshare', q{SELECT count(*) FROM sync_run WHERE status = 'success'
		OR status = 'warning' AND message LIKE '% cannot be deleted here (kept by: %'}),
		$syncs + 1,
		'every sync succeeded, but for rows that somebody pointed to meanwhile') or diag $outcomes;
	diag "runs: $outcomes";
	is( $local->safe_psql(
			'ngeshare',
			q{SELECT coalesce(string_agg(sqlstate || ' ' || message, '; '), '') FROM sync_error_log}
		),
		'',
		'no sync logged an error');

	# A cancelled autovacuum is logged as an error and does not count.
	is(scalar(() = slurp_file($local->logfile) =~ /ERROR:  (?!canceling autovacuum task)/g),
		0, 'and the server none');
	cmp_ok(
		$local->safe_psql('ngeshare', q{SELECT count(DISTINCT window_start) FROM sync_run}),
		'>',
		$syncs / 7 - 1,
		'the window moved on');
	cmp_ok($local->safe_psql('ngeshare', q{SELECT sum(rows_deleted) FROM sync_log}),
		'>', $syncs, 'what was written by hand went again');
	return;
}

# Tests that after one more sync everything equals production.
sub check_end
{
	like(sync_local($local, 'ngeshare', clock(), 'full'), qr/succeeded/, 'a last sync succeeds');
	for my $table (qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup))
	{
		my @rows = rows_of($production, 'source', qq{SELECT * FROM "$table"});

		no_difference("$table is production's",
			differences(\@rows, [ rows_of($local, 'ngeshare', qq{SELECT * FROM "$table"}) ]));
	}
	my $start = $local->safe_psql('ngeshare', 'SELECT window_start FROM ngeshare.history_state');
	my $query = qq{SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" >= '$start'};
	no_difference(
		'the window is production\'s',
		differences(
			[ rows_of($production, 'source', $query) ],
			[ rows_of($local, 'ngeshare', 'SELECT * FROM "UserHangoutGroupAttendance"') ]));
	no_difference('no meeting differs',
		history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta'));
	no_difference('no answer differs',
		answers_differ($production, 'source', $local, 'ngeshare', clock()));
	is($local->safe_psql('ngeshare', 'SELECT count(*) FROM test.snapshot_differs'),
		'0', 'the snapshot is whole');
	return;
}

sub no_difference
{
	my ($name, @different) = @_;

	is(scalar @different, 0, $name)
	  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	return;
}
