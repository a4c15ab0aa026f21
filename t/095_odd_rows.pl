# Tests odd but legitimate rows of production and odd but legitimate use of the mirror: timestamps
# finer than milliseconds at the edge of a batch or the window, rows that cannot be mirrored,
# duplicate ids, NULL references, column types, users' tables that reference the mirror, columns
# that users added to it, and settings that shorten numbers. S1, H13 and so on number cases.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use OddWorld;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

new_reading_login($production);
$production->safe_psql('postgres', 'CREATE DATABASE source');
$production->safe_psql('source', join ";\n", make_world());
new_local($local, 'fresh');
$local->safe_psql('fresh', connect_local($production, 'source'));

batch_edges();
window_edge();
rows_not_to_mirror();
ids_twice();
orphans_twice();
attendance_twice();
users_collation();
references_to_nothing();
parents_that_wait();
newcomer_during_a_sync();
odd_types();
odd_sizes();
heirs();
foreign_tables();
added_columns();
short_numbers();
untrusted_children();
columns_named_like_ours();
guarded_orphans();
formats();
$production->stop;
$local->stop;
done_testing();

# Makes a new production, and a mirror that is connected to it and was never synced.
sub begin
{
	my (%world) = @_;

	$local->safe_psql('postgres', $_)
	  for 'DROP DATABASE IF EXISTS mirror', 'CREATE DATABASE mirror TEMPLATE fresh';
	$production->safe_psql('postgres', $_)
	  for 'DROP DATABASE source WITH (FORCE)', 'CREATE DATABASE source';
	my $schema = ($world{kind} // '') eq 'views' ? 'raw' : 'public';
	$production->safe_psql(
		'source', join ";\n", make_world(%world),
		"SET search_path = $schema",
		map { untyped($_) } fill_world(12, 1));
	return;
}

sub there { return $production->safe_psql('source', $_[0]); }
sub here  { return $local->safe_psql('mirror', $_[0]); }

sub synced
{
	my ($mode, $settings) = @_;

	$local->psql(
		'mirror',
		"SET ngeshare.sync_clock = '$clock'; "
		  . ($settings // '')
		  . "CALL ngeshare_sync('"
		  . ($mode // 'incremental') . "')",
		stderr => \my $said);
	return $said;
}

sub matches
{
	return here(
		q{SELECT coalesce(string_agg(table_name, ', ') FILTER (WHERE NOT matches), 'all')
			FROM ngeshare_validate()}
	);
}

# S1: many rows with the same updatedAt, finer than the mirror's precision; batches end between
# them.
sub batch_edges
{
	begin(digits => 6);
	synced();
	there(
		q{INSERT INTO "User" (id, "createdAt", "updatedAt") SELECT 'u' || n, '2026-03-31 04:00',
			'2026-03-31 04:58:00.123400' FROM generate_series(1, 400) AS n}
	);
	like(
		synced(
			'incremental', 'SET ngeshare.sync_batch_rows = 10; SET statement_timeout = \'60s\'; '),
		qr/succeeded/,
		'S1: rows of one fine stamp come');
	is( here(
			q{SELECT rows_pulled || ' ' || rows_inserted FROM sync_log WHERE table_name = 'User'
				ORDER BY run_id DESC LIMIT 1}
		),
		'400 400',
		'S1: each once');
	is(matches(), 'all', 'S1: and the mirror matches');
	return;
}

# S27: attendance at the window's edge and up to a millisecond before and after it.
sub window_edge
{
	begin(digits => 6);
	there(
		q{INSERT INTO "UserHangoutGroupAttendance"
			SELECT 'edge ' || n, timestamp '2026-02-13 17:00' + n * interval '0.0001 s', "hangoutEpisodeId",
				"hangoutGroupId", "userId"
		FROM (SELECT * FROM "UserHangoutGroupAttendance" LIMIT 1) AS one
			CROSS JOIN generate_series(-10, 10) AS n}
	);
	synced();
	is(here(q{SELECT count(*) FROM "UserHangoutGroupAttendance" WHERE id LIKE 'edge%'}),
		'16', 'S27: what rounds to the edge is in the window');
	for my $mode (qw(full incremental full))
	{
		like(synced($mode), qr/succeeded: Nothing changed/, "S27: nothing changes in a $mode run");
		is( here(
				q{SELECT sum(rows_inserted + rows_updated + rows_deleted) FROM sync_log
					WHERE run_id = (SELECT max(run_id) FROM sync_run)}
			),
			'0',
			"S27: not a row ($mode)");
	}

	# The history counts timestamps in the mirror's precision.
	there(q{UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt"::timestamp(3)});
	is(join("\n", history_differs($production, 'source', $local, 'mirror', 'Asia/Jakarta')),
		'', 'S27: the history is production\'s');
	return;
}

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

# S14: a view with duplicate ids and with NULL ids.
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
			"$twins production has the id more than once, and another row of it is here; "
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
				'UserHangoutGroup lost #2: production has the id more than once, and another row of it is here',
				q{UserHangoutGroupAttendance lost: userId 'nobody' has no row in User},
				'UserHangoutGroupAttendance lost #2: production has the id more than once, '
				  . 'and another row of it is here'),
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

# A user gave columns of the mirror a collation in which texts are equal if only their case differs.
sub users_collation
{
	begin();
	synced();
	here(
		q{CREATE COLLATION public.any_case (provider = icu, locale = 'und-u-ks-level2',
			deterministic = false);
		ALTER TABLE "HangoutGroup" ALTER name TYPE text COLLATE any_case;
		ALTER TABLE "User" ALTER email TYPE text COLLATE any_case}
	);
	synced();
	there(
		q{UPDATE "HangoutGroup" SET name = upper(name) || 'x';
		UPDATE "User" SET email = upper(email) || 'x'}
	);
	synced();
	there(q{UPDATE "HangoutGroup" SET name = lower(name), "updatedAt" = '2026-03-31 04:59'});
	synced();
	there(q{UPDATE "User" SET email = lower(email)});
	like(synced(), qr/succeeded/, 'texts change in case only: a sync succeeds');
	is(matches(), 'all', 'texts change in case only: the mirror matches');
	is_deeply([ rebuilt_differs($local, 'mirror') ],
		[], 'texts change in case only: and so do the answers');
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
# with an infinite value, an episode and a user that lack a value, a course that lacks one, and a
# group that the mirror refuses. One run reports it; after the cause is gone, one run counts it
# again.
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

# A user with a membership and attendance is written by hand, while a sync is between its two
# comparisons of the users. The sync deletes all three, and none waits in quarantine for another.
sub newcomer_during_a_sync
{
	begin();

	# After ANALYZE the sync knows that there are few users, and compares them in one bucket.
	there('ANALYZE');
	synced();
	there(q{UPDATE "User" SET email = 'new', "updatedAt" = '2026-03-31 04:00'});
	my $seen = -s $local->logfile;
	my $sync = Session->start($local, 'mirror', q{ngeshare.pause_at = 'pull'});

	$sync->run("SET ngeshare.sync_clock = '$clock'");
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

# Returns how the history differs from those of production's attendance that meet a condition.
sub meetings_differ
{
	my ($counts) = @_;
	my @wanted = rows_of(
		$production, 'source', qq{
		SELECT "hangoutGroupId", "hangoutEpisodeId",
			("attendedAt" AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Jakarta')::date, count(*)
		FROM "UserHangoutGroupAttendance" WHERE $counts GROUP BY 1, 2, 3});
	my @got = rows_of($local, 'mirror',
		'SELECT group_id, episode_id, day, sum(attendances) FROM ngeshare.meeting GROUP BY 1, 2, 3'
	);

	return join "\n", differences(\@wanted, \@got);
}

# Types of production's columns that the mirror can take, and types that it cannot: the doctor says
# what a sync does with them.
sub odd_types
{
	for my $world ([ 'domain', 0 ], [ 'citext', 1 ])
	{
		my ($ids, $enums) = @$world;

		begin();
		$production->safe_psql('postgres', $_)
		  for 'DROP DATABASE source WITH (FORCE)', 'CREATE DATABASE source';
		there(
			join ";\n",
			make_world(ids => $ids, enums => $enums),
			'CREATE DOMAIN odd.moment AS timestamp(3)',
			'CREATE DOMAIN odd.login AS odd.moment',
			'ALTER TABLE "User" ALTER "lastLogin" TYPE odd.login');
		like(synced(), qr/succeeded/, "$ids in another schema: a sync takes it");
		is( here(
				q{SELECT status || coalesce(' ' || detail, '') FROM ngeshare_doctor()
			WHERE check_name = 'production_columns'}),
			'ok Production, the foreign tables and the mirror have the same columns.',
			"$ids in another schema: the doctor takes it");
	}
	there(
		q{CREATE DOMAIN odd.size AS integer;
		ALTER TABLE "HangoutGroup" ALTER city TYPE odd.size USING NULL});
	like(
		psql_errors($local, 'mirror', 'CALL ngeshare_sync()'),
		qr/ERROR:  42804: .*"HangoutGroup"\."city" is of type odd\.size/,
		'a domain of numbers: a sync refuses it');
	like(
		here(
			q{SELECT status || ' ' || detail FROM ngeshare_doctor() WHERE check_name = 'production_columns'}
		),
		qr/^error .*"HangoutGroup"\.city is of type odd\.size; the mirror's is text/,
		'a domain of numbers: the doctor says so');
	return;
}

# H13: absurd table sizes in production's catalog do not stop a sync.
sub odd_sizes
{
	begin();
	for my $size (
		q{1e30, relpages = 2147483647},
		q{'infinity', relpages = 0},
		q{'NaN', relpages = -5},
		q{1e13, relpages = 1})
	{
		there(
			qq{UPDATE pg_class SET reltuples = $size
				WHERE relname IN ('User', 'UserHangoutGroupAttendance');
			UPDATE "User" SET email = email || '.'});
		like(synced(), qr/succeeded/, "H13: reltuples of $size");
		is(matches(), 'all', 'H13: and the mirror matches');
	}
	return;
}

# Tables that inherit from production's tables add rows to which the parent's keys do not apply.
sub heirs
{
	begin(keys => 1);
	synced();
	there(
		q{CREATE TABLE more () INHERITS ("User");
		CREATE TABLE met () INHERITS ("UserHangoutGroupAttendance");
		INSERT INTO more
			SELECT id, "createdAt", "updatedAt", 'twin' FROM "User" ORDER BY id LIMIT 3;
		INSERT INTO more SELECT 'heir ' || n, '2026-01-01', '2026-01-01', 'heir'
			FROM generate_series(1, 2000) AS n;
		INSERT INTO met SELECT 'lost ' || n, timestamp '2026-03-01' - n * interval '3 days',
				"hangoutEpisodeId", "hangoutGroupId", 'nobody'
			FROM (SELECT * FROM "UserHangoutGroupAttendance" LIMIT 1) AS one
			CROSS JOIN generate_series(1, 30) AS n});
	for my $mode (qw(incremental incremental full verify))
	{
		like(
			synced($mode),
			qr/with a warning: .*3 row\(s\) of "User" wait.*5 row\(s\) of "\w+" wait/,
			"tables that inherit: ids that are there twice and rows without a parent wait ($mode)");
		is(matches(), 'all', "tables that inherit: the mirror matches ($mode)");
	}
	is(here(q{SELECT count(*) FROM "User" WHERE id LIKE 'heir %'}),
		'2000', 'tables that inherit: their rows are here');
	is(meetings_differ(q{"userId" IN (SELECT id FROM "User")}),
		'', 'tables that inherit: what has no parent counts nowhere');
	return;
}

# S2, S19: rows that cannot be deleted because a user's table references them.
sub foreign_tables
{
	begin();
	synced();
	there(
		q{INSERT INTO "User" (id, "createdAt", "updatedAt", email) SELECT 'gone ' || n, '2026-01-01',
			'2026-01-01', 'g' FROM generate_series(1, 60) AS n}
	);
	synced();
	here(
		q{CREATE SCHEMA analyst; ALTER TABLE "User" ADD UNIQUE (id, "createdAt");
		CREATE TABLE analyst.note (note_no integer, "at" timestamp(3), who text, FOREIGN KEY ("at",
			who) REFERENCES "User" ("createdAt", id));
		INSERT INTO analyst.note SELECT 1, "createdAt", id FROM "User" WHERE id LIKE 'gone %'});
	there(q{DELETE FROM "User" WHERE id LIKE 'gone 1%' OR id LIKE 'gone 2%'});
	for my $round (1 .. 3)
	{
		like(
			synced(),
			qr/ended with a warning: .*22 row\(s\) of "User" are gone from production.* rows of analyst\.note here still point to them/,
			"S2, S19: what a table of the user's keeps is a warning that names it ($round)");
		is( here(
				q{SELECT status || ' ' || rows_deleted FROM sync_log WHERE table_name = 'User'
					ORDER BY run_id DESC LIMIT 1}
			),
			'warning 0',
			"S2: nothing is deleted again ($round)");
	}
	there(q{DELETE FROM "User" WHERE id LIKE 'gone %'});
	like(
		synced(),
		qr/60 row\(s\) of "User" are gone/,
		'S2: what had to stay does not count for the guard');
	here(
		q{DELETE FROM analyst.note WHERE who < 'gone 5';
		CREATE FUNCTION analyst.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF old.id = 'gone 3' THEN RAISE EXCEPTION 'three stays'; END IF; RETURN old; END $$;
		CREATE TRIGGER keep BEFORE DELETE ON "User" FOR EACH ROW EXECUTE FUNCTION analyst.keep()});
	my $kept = here(q{SELECT count(*) + 1 FROM "User" WHERE id IN (SELECT who FROM analyst.note)});
	like(
		synced(),
		qr/$kept row\(s\) of "User" are gone/,
		'S2: what a trigger keeps stays, all others go');
	is(here(q{SELECT count(*) FROM "User" WHERE id LIKE 'gone %'}), $kept, 'S2: and have gone');
	here('DROP TRIGGER keep ON "User"');
	here('DROP TABLE analyst.note');
	like(synced(), qr/succeeded/, 'S2: without the references all go');
	is(matches(), 'all', 'S2: and the mirror matches');
	return;
}

# S17: columns that a user added to the mirror.
sub added_columns
{
	begin();
	here(
		q{ALTER TABLE "User" ADD note text, ADD seen integer NOT NULL DEFAULT 0,
			ADD mail text GENERATED ALWAYS AS (lower(email)) STORED,
		ADD no bigint GENERATED ALWAYS AS IDENTITY;
		ALTER TABLE "UserHangoutGroupAttendance" ADD note text}
	);
	like(synced(), qr/succeeded/, 'S17: a first load goes on beside columns that were added here');
	there(
		q{DELETE FROM "UserHangoutGroupAttendance" WHERE "userId" = (SELECT min("userId")
			FROM "UserHangoutGroupAttendance")}
	);
	there(q{UPDATE "User" SET email = 'New' WHERE id = (SELECT min(id) FROM "User")});
	here(q{UPDATE "User" SET note = 'mine'});
	like(synced(), qr/succeeded/, 'S17: so does a later one');
	is( here(
			q{SELECT count(*) FROM "User" WHERE note = 'mine' AND (mail = lower(email)) IS NOT FALSE}
		),
		there('SELECT count(*) FROM "User"'),
		'S17: what is in them stays');
	is(matches(), 'all', 'S17: the mirror matches');
	here(
		q{ALTER TABLE "User" ADD must text; UPDATE "User" SET must = '';
		ALTER TABLE "User" ALTER must SET NOT NULL}
	);
	like(
		psql_errors($local, 'mirror', 'CALL ngeshare_sync()'),
		qr/ERROR:  55000: the column "must" was added to the mirror's table "User" here.*\nHINT:  Let it be NULL/s,
		'S17: one that needs a value is named: 55000');
	return;
}

# S25: archived numbers keep every digit.
sub short_numbers
{
	begin();
	here('ALTER DATABASE mirror SET extra_float_digits = 0');
	synced();
	there(
		q{INSERT INTO "Hangout" (id, "createdAt", "updatedAt", name, type, price, "circleProfileId",
			visibility) SELECT 'dear', "createdAt", "updatedAt", 'x', type, price, 'c', 'PUBLIC'
				FROM "Hangout" LIMIT 1}
	);
	synced();
	there(q{DELETE FROM "Hangout" WHERE id = 'dear'});
	synced();
	here('SELECT ngeshare_restore_deleted((SELECT max(run_id) FROM sync_run))');
	is( here(
			q{SELECT price = 0.30000000000000004::double precision FROM "Hangout" WHERE id = 'dear'}
		),
		't',
		'S25: a number comes back as it was');
	return;
}

# Another role's table with a foreign key that cascades: its triggers must not run with the sync's
# privileges.
sub untrusted_children
{
	begin();
	there(
		q{INSERT INTO "User" (id, "createdAt", "updatedAt", email)
			VALUES ('one', '2026-01-01', '2026-01-01', 'o'), ('two', '2026-01-01', '2026-01-01', 't')}
	);
	synced();
	here(
		q{CREATE ROLE climber; GRANT SELECT, REFERENCES ON "User" TO climber;
		CREATE SCHEMA climb AUTHORIZATION climber;
		SET ROLE climber;
		CREATE TABLE climb.child (who text REFERENCES public."User" ON DELETE CASCADE);
		CREATE FUNCTION climb.up() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN ALTER ROLE climber SUPERUSER; RETURN NULL; END $$;
		CREATE TRIGGER up AFTER DELETE ON climb.child FOR EACH ROW EXECUTE FUNCTION climb.up();
		RESET ROLE;
		INSERT INTO climb.child VALUES ('one')});

	# PostgreSQL 18 refuses such a reference, because both columns must have a collation.
	here(
		q{CREATE TYPE climb.kind AS ENUM ('other');
		CREATE FUNCTION climb.spell(climb.kind) RETURNS text LANGUAGE sql IMMUTABLE AS $$
			SELECT 'other' $$;
		CREATE CAST (climb.kind AS text) WITH FUNCTION climb.spell(climb.kind) AS IMPLICIT;
		CREATE TABLE climb.kinds (who climb.kind REFERENCES public."User")}
	) if here('SHOW server_version_num') < 180000;
	there(q{DELETE FROM "User" WHERE id IN ('one', 'two')});
	like(
		synced(),
		qr/ended with a warning: .*1 row\(s\) of "User" are gone from production.* rows of climb\.child/,
		'a row that an untrusted table cascades from stays, with a warning that names the table');
	is( here(
			q{SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = 'climber'), string_agg(id, ',')
				FROM "User" WHERE id IN ('one', 'two')}
		),
		'f|one',
		'nothing of that table ran with our rights, and the other row is gone');
	here('DROP SCHEMA climb CASCADE; DROP OWNED BY climber; DROP ROLE climber');
	like(synced(), qr/succeeded/, 'without the table all is well');
	return;
}

# A column that a user added may have the same name as a column in the sync's queries.
sub columns_named_like_ours
{
	begin();
	here(
		qq{ALTER TABLE "$_" ADD reason text, ADD row_id text, ADD content text, ADD bucket text,
			ADD hash text, ADD weight text}
	) for qw(User HangoutGroup UserHangoutGroup UserHangoutGroupAttendance);
	synced();
	there(q{DELETE FROM "HangoutGroup" WHERE id = (SELECT min(id) FROM "HangoutGroup")});
	like(
		synced(),
		qr/ended with a warning: .*"UserHangoutGroup" wait in quarantine/,
		'orphans leave a table to which a column "reason" was added');
	is(here(q{SELECT count(*) FROM sync_log WHERE status = 'failed'}), '0', 'and no table fails');
	is(matches(), 'all', 'and the mirror matches');
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
		psql_errors($local, 'mirror', "SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync()"),
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

# A schema of production with format specifiers in its name.
sub formats
{
	$production->safe_psql('postgres', $_)
	  for 'DROP DATABASE source WITH (FORCE)', 'CREATE DATABASE source';
	$production->safe_psql('source', join ";\n",
		map { s/\bodd\b/"odd%s%n%s"/gr } make_world(ids => 'citext'));
	$local->safe_psql('postgres', $_)
	  for 'DROP DATABASE IF EXISTS mirror', 'CREATE DATABASE mirror';
	here('CREATE EXTENSION ngeshare CASCADE');
	here(connect_local($production, 'source'));
	there(
		q{INSERT INTO "User" (id, "createdAt", "updatedAt", email)
			VALUES ('a', '2026-01-01', '2026-01-01', 'a')}
	);
	like(synced(), qr/succeeded/,
		'citext lives in a schema whose name is a format: the first sync');
	there(q{UPDATE "User" SET email = 'b'});
	like(synced(), qr/succeeded/, 'and one that looks a row up by its id');
	is(here('SELECT email FROM "User"'), 'b', 'which arrives');
	return;
}
