# Tests odd but legitimate rows of production and odd but legitimate use of the mirror: timestamps
# finer than milliseconds at the edge of a batch or the window, column types, users' tables that
# reference the mirror, columns that users added to it and collations that they changed, and
# settings that shorten numbers. The names of some checks begin with the number of the report that
# they are about, such as S1 or H13.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use OddBench;
use OddWorld;
use Test::More;

my ($production, $local) = start_bench();

batch_edges();
window_edge();
users_collation();
odd_types();
odd_sizes();
heirs();
foreign_tables();
added_columns();
short_numbers();
untrusted_children();
columns_named_like_ours();
formats();
end_bench();
done_testing();

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
			qr/ended with a warning: .*22 row\(s\) of "User" are gone from production.* cannot be deleted here \(kept by: analyst\.note\)/,
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

	# PostgreSQL 18 refuses the foreign key of climb.kinds, because only one of its two columns has
	# a collation.
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
		qr/ended with a warning: .*1 row\(s\) of "User" are gone from production.* \(kept by: climb\.child\)/,
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
