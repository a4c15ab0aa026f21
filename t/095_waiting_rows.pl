# Tests rows that wait in quarantine: rows that cannot be mirrored, rows with duplicate ids, and
# rows whose parent waits or was deleted. Also tests NULL references, and rows that somebody inserts
# into the mirror during a sync. The names of some checks begin with the number of the report that
# they are about, such as S14.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use OddBench;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;

my ($production, $local) = start_bench();

rows_not_to_mirror();
ids_twice();
orphans_twice();
attendance_twice();
references_to_nothing();
parents_that_wait();
newcomer_during_a_sync();
guarded_orphans();
end_bench();
done_testing();

# S14: rows that can't be mirrored.
sub rows_not_to_mirror
{
	begin(strict => 0);
	there(
		q{CREATE TEMP TABLE picked AS SELECT id, row_number() OVER (ORDER BY id) AS no
			FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-02-20';
		UPDATE "UserHangoutGroupAttendance" AS met SET "attendedAt" = CASE no WHEN 1 THEN NULL WHEN 2
			THEN 'infinity' ELSE '-infinity' END::timestamp FROM picked WHERE picked.id = met.id AND no < 4;
		UPDATE "HangoutGroup" SET "createdAt" = '-infinity' WHERE name = 'Circle 3'});
	my $wanted =
		q{-infinity a timestamp that the rules need has no local day; }
	  . q{infinity a timestamp that the rules need has no local day; }
	  . q{none a value that has to be there is NULL};

	for my $mode (qw(incremental incremental full))
	{
		like(
			synced($mode),
			qr/ended with a warning: .*3 row\(s\) of "UserHangoutGroupAttendance" wait/,
			"S14: rows that can't be mirrored are a warning ($mode)");
		is( here(
				q{SELECT string_agg(coalesce(content->>'attendedAt', 'none') || ' ' || reason, '; '
					ORDER BY coalesce(content->>'attendedAt', 'none')) FROM ngeshare.quarantine
			WHERE table_name = 'UserHangoutGroupAttendance' AND reason NOT LIKE '%has no row%'}),
			$wanted,
			"S14: and wait with their reasons ($mode)");
		is(matches(), 'all', "S14: ngeshare_validate() agrees ($mode)");
	}
	like(
		synced('verify'),
		qr/ended with a warning: Compared, nothing changed\. .*3 row\(s\) of "UserHangoutGroupAttendance" wait/,
		'S14: a comparison does not call it the same, either');
	is( here(
			q{SELECT status FROM sync_log WHERE table_name = 'UserHangoutGroupAttendance'
				ORDER BY run_id DESC LIMIT 1}
		),
		'warning',
		'S14: in sync_log as well');
	return;
}

# S14: production's table is a view with duplicate ids and with NULL ids.
sub ids_twice
{
	begin(kind => 'views');
	there(
		qq{CREATE TABLE raw.more AS SELECT * FROM raw."User" WHERE email LIKE 'User1%';
		UPDATE raw.more SET email = 'twin of ' || email;
		INSERT INTO raw.more SELECT id, '2026-01-01', '2026-01-01', 'odd ' || no
			FROM unnest(ARRAY[NULL, NULL, '', '', '', 'x', 'x', 'x #2', 'x #2', '#1', ' #1', ' #2'])
				WITH ORDINALITY AS odd (id, no);
		CREATE OR REPLACE VIEW public."User" AS SELECT * FROM raw."User" UNION ALL SELECT * FROM raw.more}
	);
	my $twins = there('SELECT count(*) - count(DISTINCT id) - 2 FROM public."User"');
	my $rows;

	for my $mode (qw(incremental incremental full))
	{
		my $said = synced($mode);

		like(
			$said,
			qr/ended with a warning: .*\d+ row\(s\) of "User" wait in quarantine/,
			"S14: ids that are there twice are a warning ($mode)");
		is( here(
				q{SELECT string_agg(n || ' ' || reason, '; ' ORDER BY reason) FROM (SELECT reason, count(*) AS n
					FROM ngeshare.quarantine GROUP BY reason) AS counted}
			),
			"$twins production has several rows with this id, and only one can be here; "
			  . '2 the id is NULL',
			"S14: one row of each is here, the others wait ($mode)");
		is(matches(), 'all', "S14: ngeshare_validate() agrees ($mode)");
		my $now = here(
			q{SELECT md5(string_agg(users::text, ',' ORDER BY id COLLATE "C")) FROM "User" AS users}
		);
		is($now, $rows //= $now, "S14: always the same row ($mode)");
	}
	there('DELETE FROM raw.more');
	like(synced(), qr/succeeded/, 'S14: once each again, all is well');
	is(here('SELECT count(*) FROM ngeshare.quarantine'), '0', 'S14: and nothing waits');
	return;
}

# A first load of rows that cannot be mirrored and have duplicate ids.
sub orphans_twice
{
	begin(kind => 'views');
	there(
		q{CREATE TABLE raw.seat AS SELECT * FROM raw."UserHangoutGroup" LIMIT 1;
		CREATE TABLE raw.met AS
			SELECT * FROM raw."UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-02-20' LIMIT 1;
		UPDATE raw.seat SET id = 'lost', "hangoutGroupId" = 'nowhere';
		INSERT INTO raw.seat TABLE raw.seat;
		INSERT INTO raw.seat SELECT 'bad first', '2026-01-01', '2026-01-01', "joinedAt", status,
			"hangoutGroupRole", 'nowhere', "userId" FROM raw."UserHangoutGroup" LIMIT 1;
		INSERT INTO raw.seat SELECT 'bad first', '2026-01-02', '2026-01-02', "joinedAt", status,
			"hangoutGroupRole", "hangoutGroupId", "userId" FROM raw."UserHangoutGroup" LIMIT 1;
		UPDATE raw.met SET id = 'lost', "userId" = 'nobody';
		INSERT INTO raw.met SELECT id, "attendedAt" + interval '1 minute', "hangoutEpisodeId",
			"hangoutGroupId", "userId" FROM raw.met;
		CREATE OR REPLACE VIEW public."UserHangoutGroup" AS
			SELECT * FROM raw."UserHangoutGroup" UNION ALL TABLE raw.seat;
		CREATE OR REPLACE VIEW public."UserHangoutGroupAttendance" AS
			SELECT * FROM raw."UserHangoutGroupAttendance" UNION ALL TABLE raw.met});
	for my $mode (qw(incremental incremental full))
	{
		like(
			synced($mode),
			qr/ended with a warning: .*2 row\(s\) of "UserHangoutGroupAttendance" wait/,
			"orphans that are there twice are a warning ($mode)");
		is( here(
				q{SELECT string_agg(
				table_name || ' ' || regexp_replace(row_id, ' -?\d+$', '') || ': ' || reason,
				E'\n' ORDER BY table_name, row_id)
				FROM ngeshare.quarantine WHERE row_id LIKE 'lost%'}),
			join("\n",
				q{UserHangoutGroup lost: hangoutGroupId 'nowhere' has no row in HangoutGroup},
				'UserHangoutGroup lost #2: production has several rows with this id, and only one can be here',
				q{UserHangoutGroupAttendance lost: userId 'nobody' has no row in User},
				'UserHangoutGroupAttendance lost #2: production has several rows with this id, '
				  . 'and only one can be here'),
			"and each of them waits ($mode)");
		is(matches(), 'all', "ngeshare_validate() agrees ($mode)");
	}
	there('DELETE FROM raw.met; DELETE FROM raw.seat');
	like(synced(), qr/succeeded/, 'without them all is well');
	is(here('SELECT count(*) FROM ngeshare.quarantine'), '0', 'and nothing waits');
	return;
}

# Attendance with duplicate ids and with NULL ids counts the same within the window and before it.
sub attendance_twice
{
	begin(kind => 'views');
	there(
		q{CREATE TABLE raw.met AS SELECT * FROM raw."UserHangoutGroupAttendance"
			WHERE "attendedAt" > '2026-02-20' AND hashtext(id) % 3 = 0;
		UPDATE raw.met SET "attendedAt" = "attendedAt" + interval '1 minute';
		INSERT INTO raw.met SELECT NULL, "attendedAt" + interval '1 minute', "hangoutEpisodeId",
			"hangoutGroupId", "userId" FROM raw.met LIMIT 3;
		CREATE OR REPLACE VIEW public."UserHangoutGroupAttendance" AS
			SELECT * FROM raw."UserHangoutGroupAttendance" UNION ALL TABLE raw.met});
	my $twins = there('SELECT count(*) FROM raw.met');
	my $meetings = q{SELECT md5(string_agg(meeting::text, ',' ORDER BY meeting::text))
		FROM ngeshare.meeting};
	my $counted;

	cmp_ok($twins, '>', 6, 'attendance twice: there is some');
	for my $days (45, 10, 1, 45)
	{
		for my $mode (qw(incremental full))
		{
			synced($mode, "SET ngeshare.attendance_window_days = $days; ");
			is( here($meetings),
				$counted //= here($meetings),
				"attendance twice: a window of $days days, $mode: the same meetings");
		}
		is(matches(), 'all',
			"attendance twice: a window of $days days: ngeshare_validate() agrees");
	}
	return;
}

# Attendance with a NULL group, episode or user, which a foreign key permits.
sub references_to_nothing
{
	begin(strict => 0, keys => 1);
	my $lose = q{UPDATE "UserHangoutGroupAttendance" AS met SET
		"hangoutGroupId" = CASE WHEN no %% 3 <> 0 THEN "hangoutGroupId" END,
		"hangoutEpisodeId" = CASE WHEN no %% 3 <> 1 THEN "hangoutEpisodeId" END,
		"userId" = CASE WHEN no %% 3 <> 2 THEN "userId" END
		FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS no FROM "UserHangoutGroupAttendance"
			WHERE "attendedAt" %s AND num_nulls("hangoutGroupId", "hangoutEpisodeId",
				"userId") = 0) AS picked
		WHERE picked.id = met.id AND no < 6};

	there(sprintf $lose, q{< '2026-01-30'});
	like(synced(), qr/succeeded/, 'NULL references before the window: a first load succeeds');
	is(matches(), 'all', 'NULL references before the window: and the mirror matches');
	for my $mode (qw(incremental full verify))
	{
		there(sprintf $lose, q{< '2026-01-30'});
		like(synced($mode), $mode eq 'verify' ? qr/differ/ : qr/succeeded/, "more of them: $mode");
		like(synced($mode), qr/succeeded: Nothing changed/, "and nothing after that: $mode")
		  if $mode ne 'verify';
	}
	like(synced(), qr/succeeded/,
		'NULL references before the window: the next sync corrects the past');
	like(synced('verify'), qr/succeeded/,
		'NULL references before the window: verify finds it right');
	there(sprintf $lose, q{>= '2026-02-20'});
	like(
		synced('full'),
		qr/ended with a warning: .*6 row\(s\) of "UserHangoutGroupAttendance" wait/,
		'NULL references in the window wait');
	is(matches(), 'all', 'NULL references in the window: and the mirror matches');
	there(
		q{DELETE FROM "UserHangoutGroupAttendance"
		WHERE num_nulls("hangoutGroupId", "hangoutEpisodeId", "userId") > 0});
	is(join("\n", history_differs($production, 'source', $local, 'mirror', 'Asia/Jakarta')),
		'', 'NULL references: none of them counts');
	return;
}

# Attendance does not count, in the window or before it, while a parent waits in quarantine: a group
# with an infinite timestamp, an episode, a user and a hangout that lack a required value, and a
# group that the mirror refuses. One run reports this. After the cause is gone, one run counts the
# attendance again.
sub parents_that_wait
{
	begin(strict => 0, keys => 1);
	here(q{ALTER TABLE "HangoutGroup" ADD CHECK (name <> 'refused')});
	my $group = q{SELECT id FROM "HangoutGroup" WHERE name IN ('Circle 1', 'refused')};
	my $episode = q{SELECT min("hangoutEpisodeId") FROM "UserHangoutGroupAttendance"};
	my $user = q{SELECT max("userId") FROM "UserHangoutGroupAttendance"};
	my $course = q{SELECT id FROM "HangoutGroup" WHERE "hangoutId" IN (SELECT id FROM "Hangout"
	  	WHERE name IS NULL)};
	my $counts =
	  qq{"hangoutGroupId" NOT IN ($group UNION $course) AND "hangoutEpisodeId" NOT IN ($episode)
		AND "userId" NOT IN ($user)};
	my @spoil = (
		q{UPDATE "HangoutGroup" SET "createdAt" = 'infinity' WHERE name = 'Circle 1'},
		qq{UPDATE "HangoutEpisode" SET name = NULL WHERE id IN ($episode)},
		qq{UPDATE "User" SET "createdAt" = NULL WHERE id IN ($user)},
		q{UPDATE "Hangout" SET name = NULL WHERE name = 'Other'},
		q{UPDATE "HangoutGroup" SET name = 'refused' WHERE name = 'Circle 4'});
	my @mend = (
		q{UPDATE "HangoutGroup" SET "createdAt" = '2025-06-01' WHERE name = 'Circle 1'},
		q{UPDATE "HangoutEpisode" SET name = 'again' WHERE name IS NULL},
		q{UPDATE "User" SET "createdAt" = '2025-01-01' WHERE "createdAt" IS NULL},
		q{UPDATE "Hangout" SET name = 'Other' WHERE name IS NULL},
		q{UPDATE "HangoutGroup" SET name = 'Circle 4' WHERE name = 'refused'});

	for my $round ('a first load', 'an old mirror')
	{
		there(join ';', @spoil);
		my ($past, $recent) = map {
			there(
				qq{SELECT count(*) FROM "UserHangoutGroupAttendance"
			WHERE "attendedAt" $_ '2026-02-13 17:00' AND NOT ($counts)})
		} '<', '>=';
		cmp_ok($past && $recent,
			'>', 0,
			"parents that wait: $past attendances before the window, $recent in it ($round)");
		for my $mode (qw(incremental incremental full))
		{
			like(
				synced($mode),
				qr/ended with a warning: .*wait in quarantine/,
				"parents that wait: $round, $mode");
			is(meetings_differ($counts),
				'', 'parents that wait: what points to them does not count');
		}
		unlike(synced('verify'), qr/differ/, 'parents that wait: verify finds no difference');
		there(join ';', @mend);
		like(synced(), qr/succeeded/, "parents that waited come: $round");
		is(meetings_differ('true'), '', 'parents that waited come: and all counts');
	}
	return;
}

# Somebody inserts a user with a membership and attendance into the mirror, while a sync is between
# its two comparisons of the users. The sync deletes the three rows and puts none into quarantine.
sub newcomer_during_a_sync
{
	begin();

	# After ANALYZE the sync knows that there are few users, and compares them in one bucket.
	there('ANALYZE');
	synced();
	there(q{UPDATE "User" SET email = 'new', "updatedAt" = '2026-03-31 04:00'});
	my $seen = -s $local->logfile;
	my $sync = Session->start($local, 'mirror', q{ngeshare.pause_at = 'pull'});

	$sync->run("SET ngeshare.sync_clock = '$CLOCK'");
	$sync->tell('CALL ngeshare_sync()');
	poll_until(sub { substr(slurp_file($local->logfile), $seen) =~ /sync \d+ is held/ })
	  or die 'no sync is held';
	here(
		q{INSERT INTO "User" (id, "updatedAt") VALUES ('newcomer', '2026-03-31');
		INSERT INTO "UserHangoutGroup" SELECT (jsonb_populate_record(seat,
			'{"id": "newcomer", "userId": "newcomer"}')).*
		FROM "UserHangoutGroup" AS seat LIMIT 1;
		INSERT INTO "UserHangoutGroupAttendance" SELECT (jsonb_populate_record(met,
			'{"id": "newcomer", "userId": "newcomer"}')).*
		FROM "UserHangoutGroupAttendance" AS met LIMIT 1});
	here('SELECT ngeshare.resume_sync()');
	$sync->wait;
	is(here('SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1'),
		'success', 'a newcomer who is written by hand during a sync is no warning');
	is( here(q{SELECT count(*) FROM "User" WHERE id = 'newcomer'})
		  . here('SELECT count(*) FROM ngeshare.quarantine'),
		'00',
		'and goes with what points to it');
	is(matches(), 'all', 'and the mirror matches');
	$sync->end;
	return;
}

# When production deletes a parent, its children go to quarantine; very many at once are refused.
sub guarded_orphans
{
	begin();
	there(
		q{INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
			SELECT 'extra ' || n, '2026-01-01', '2026-01-01', 'e', 'ACTIVE', (SELECT min(id) FROM "Hangout")
				FROM generate_series(1, 60) AS n}
	);
	synced();
	my $groups = here('SELECT count(*) FROM "HangoutGroup"');
	there(q{DELETE FROM "Hangout" WHERE id = (SELECT min(id) FROM "Hangout")});
	like(
		psql_errors($local, 'mirror', "SET ngeshare.sync_clock = '$CLOCK'; CALL ngeshare_sync()"),
		qr/ERROR:  NG002: 6\d of the $groups rows of "HangoutGroup" would leave the mirror/,
		'too many rows that lose their parent: NG002');
	is(here('SELECT count(*) FROM "HangoutGroup"'), $groups, 'and none of them has left');
	like(
		synced('full', 'SET ngeshare.sync_max_delete_pct = 100; '),
		qr/ended with a warning/,
		'the hint accepts it');
	is(here('SELECT count(*) FROM "HangoutGroup" JOIN ngeshare.quarantine ON row_id = id'),
		'0', 'then they wait in quarantine alone');
	return;
}
