# Tests that a row that cannot be stored waits in quarantine, and that a table that cannot be synced
# affects only itself and the tables that reference it. Both are logged by name, and both are synced
# again when the cause is gone.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

refused_rows();
rows_in_conflict();
rows_that_age();
unreadable_rows();
failing_tables();
drifting_columns();
slow_production();
stuck_tables();
unreachable_production();
secrets();
$production->stop;
$local->stop;
done_testing();

# Rows that the mirror refuses because of a constraint or trigger that somebody added, or because
# the key is too long for an index; in a first load and in later syncs.
sub refused_rows
{
	new_pair('refused');
	$production->safe_psql(
		'refused', q{
		UPDATE "User" SET email = 'rude' WHERE id IN (SELECT id FROM "User" ORDER BY md5(id) LIMIT 3);
		ALTER TABLE "User" DROP CONSTRAINT "User_pkey" CASCADE;
		INSERT INTO "User" (id, "createdAt", "updatedAt")
		SELECT string_agg(md5(n::text), ''), '2026-01-01', '2026-01-01' FROM generate_series(1, 320) AS n}
	);
	$local->safe_psql('refused',
		q{ALTER TABLE "User" ADD CONSTRAINT polite CHECK (email <> 'rude')});
	like(
		sync('refused'),
		qr/WARNING:  sync 1 ended with a warning: .*4 row\(s\) of "User" wait in quarantine/,
		'a first load goes on without rows that the mirror refuses');
	is( ask('refused',
			q{SELECT string_agg(DISTINCT sqlstate || ' ' || class || ' ' || phase, ', ') FROM sync_error_log
				WHERE detail LIKE 'The row %'}
		),
		'23514 row merge, 54000 row merge',
		'each is logged as a row, by name');
	is(ask('refused', q{SELECT count(*) FROM sync_error_log WHERE detail LIKE 'The row %'}),
		'4', 'once');
	is( ask('refused',
			q{SELECT count(*) FROM ngeshare.quarantine
				WHERE reason LIKE '%polite%' AND content->>'email' = 'rude'}
		),
		'3',
		'and waits whole, with the reason');
	is( ask('refused', q{SELECT count(*) FROM "User"}),
		$production->safe_psql('refused', q{SELECT count(*) - 4 FROM "User"}),
		'all others are here');
	is(ask('refused', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', 'what waits counts as having come');
	like(
		sync('refused'),
		qr/WARNING:  sync 2 ended with a warning/,
		'the next run tries again, and says so again');
	is( ask('refused',
			'SELECT DISTINCT first_run_id || \' \' || last_run_id FROM ngeshare.quarantine'),
		'1 2',
		'since when is known');

	$local->safe_psql('refused', q{ALTER TABLE "User" DROP CONSTRAINT polite});
	$production->safe_psql('refused', q{DELETE FROM "User" WHERE length(id) > 5000});
	like(sync('refused'), qr/sync 3 succeeded/, 'when the causes are gone, all is well');
	is(ask('refused', 'SELECT count(*) FROM ngeshare.quarantine'), '0', 'and nothing waits');
	is(differ('refused'), '', 'every answer is right');

	$local->safe_psql(
		'refused', q{
		CREATE FUNCTION no_crowds() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF new."publicId" = 'crowd' THEN RAISE EXCEPTION 'no crowds'; END IF; RETURN new; END $$;
		CREATE TRIGGER no_crowds BEFORE INSERT OR UPDATE ON "UserHangoutGroup" FOR EACH ROW
			EXECUTE FUNCTION no_crowds()}
	);
	$production->safe_psql(
		'refused', q{
		UPDATE "UserHangoutGroup" SET status = status || '.', "updatedAt" = '2026-03-31 04:59';
		UPDATE "UserHangoutGroup" SET "publicId" = 'crowd' WHERE id IN (SELECT id FROM "UserHangoutGroup"
			ORDER BY md5(id) LIMIT 2)}
	);
	like(
		sync('refused'),
		qr/WARNING:  .*2 row\(s\) of "UserHangoutGroup" wait/,
		'what a trigger refuses waits, too');
	is(ask('refused', q{SELECT count(*) FROM "UserHangoutGroup" WHERE status NOT LIKE '%.'}),
		'0', 'a row is in quarantine or in the mirror, never in both');
	return;
}

# Rows that the mirror accepts one by one but not together; and a mirror that accepts no row.
sub rows_in_conflict
{
	new_pair('conflict');
	$local->safe_psql('conflict', q{CREATE UNIQUE INDEX one_email ON "User" (email)});
	$production->safe_psql(
		'conflict', q{
		UPDATE "User" SET email = id || '@example.com';
		UPDATE "User" SET email = 'twin' WHERE id IN (SELECT id FROM "User" ORDER BY md5(id) LIMIT 2)});
	like(
		sync('conflict'),
		qr/WARNING:  sync 1 ended with a warning: .*1 row\(s\) of "User" wait in quarantine/,
		'of two rows that can\'t both be here one waits');
	is(ask('conflict', q{SELECT count(*) FROM "User" WHERE email = 'twin'}),
		'1', 'the other is here');
	is( ask('conflict',
			q{SELECT count(*) || ' ' || (SELECT rows_inserted FROM sync_log WHERE table_name = 'User')
				FROM "User"}
		),
		join(' ', ($production->safe_psql('conflict', q{SELECT count(*) - 1 FROM "User"})) x 2),
		'with all others, and counted once');
	$production->safe_psql('conflict', q{UPDATE "User" SET email = id WHERE email = 'twin'});
	like(sync('conflict'), qr/succeeded/, 'apart again, both are');

	$local->safe_psql(
		'conflict', q{
		CREATE FUNCTION read_only() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'this is a copy'; END $$;
		CREATE TRIGGER read_only BEFORE INSERT OR UPDATE ON "User" FOR EACH ROW
			EXECUTE FUNCTION read_only()}
	);
	$production->safe_psql(
		'conflict', q{
		INSERT INTO "User" (id, "createdAt", "updatedAt") SELECT 'more ' || n, '2026-03-31 04:58',
			'2026-03-31 04:58' FROM generate_series(1, 1500) AS n}
	);
	like(
		errors('conflict'),
		qr/ERROR:  55000: more than 1000 rows of "User" can't be fetched or stored here\nDETAIL:  .*this is a copy\nHINT:  /,
		'where none can be stored, it is the table\'s trouble: 55000');
	is(ask('conflict', 'SELECT count(*) FROM ngeshare.quarantine'), '0', 'and none waits');
	$local->safe_psql('conflict', 'DROP TRIGGER read_only ON "User"');
	like(sync('conflict'), qr/succeeded/, 'without the trigger all come');
	return;
}

# Attendance waits in quarantine until its day has left the window. It is then dropped from the
# quarantine, and the comparison of the past with production makes the history right.
sub rows_that_age
{
	my $later = '2026-04-30 12:00:00+07';

	for my $end (
		[
			'comes',
			q{INSERT INTO "User" (id, "createdAt", "updatedAt")
				VALUES ('nobody', '2026-01-01', '2026-01-01')}
		],
		[ 'goes', q{DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'late'} ])
	{
		my ($name, $change) = @$end;

		new_pair($name);
		sync($name);
		$production->safe_psql(
			$name, q{
			ALTER TABLE "UserHangoutGroupAttendance"
				DROP CONSTRAINT "UserHangoutGroupAttendance_userId_fkey";
			INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
				"userId")
			SELECT 'late', '2026-02-20 05:00', "hangoutEpisodeId", "hangoutGroupId", 'nobody'
				FROM "UserHangoutGroupAttendance" LIMIT 1}
		);
		like(
			sync($name),
			qr/1 row\(s\) of "UserHangoutGroupAttendance" wait/,
			"$name: a row of the window waits for its user");
		$local->psql($name, "SET ngeshare.sync_clock = '$later'; CALL ngeshare_sync()") for 1 .. 3;
		$production->safe_psql($name, $change);
		$local->psql(
			$name,
			"SET ngeshare.sync_clock = '$later'; CALL ngeshare_sync()",
			stderr => \my $said);
		like($said, qr/succeeded/,
			"$name: its day has left the window, and nothing waits any more");
		is(join("\n", history_differs($production, $name, $local, $name, 'Asia/Jakarta')),
			'', "$name: the history is production's");
		is(join("\n", rebuilt_differs($local, $name)), '', "$name: and the snapshot is made of it");
	}
	return;
}

# Rows that cannot even be fetched, because they contain text that is not valid UTF-8.
sub unreadable_rows
{
	new_pair('unreadable');
	$production->safe_psql('postgres',
		q{UPDATE pg_database SET encoding = pg_char_to_encoding('SQL_ASCII') WHERE datname = 'unreadable'}
	);
	$production->safe_psql(
		'unreadable',
		q{UPDATE "User" SET email = E'\xff\xfe' WHERE id IN (SELECT id FROM "User"
			ORDER BY md5(id) LIMIT 2)}
	);
	like(
		sync('unreadable'),
		qr/WARNING:  sync 1 ended with a warning: .*2 row\(s\) of "User" wait in quarantine/,
		'a first load goes on without rows that are no texts');
	is( ask('unreadable',
			q{SELECT count(*) || ' ' || bool_or(is_whole) FROM ngeshare.quarantine WHERE table_name = 'User'}
		),
		'2 false',
		'they wait by their keys');
	is( ask('unreadable',
			q{SELECT string_agg(DISTINCT sqlstate || ' ' || class, ', ') FROM sync_error_log}),
		'22021 row',
		'logged as rows');
	$production->safe_psql(
		'unreadable', q{
		UPDATE "User" SET "lastLogin" = '2026-03-31', "updatedAt" = '2026-03-31 04:59'
			WHERE id IN (SELECT id FROM "User" ORDER BY md5(id) LIMIT 200);
		UPDATE "User" SET email = E'third\xff', "updatedAt" = '2026-03-31 04:59' WHERE id = (SELECT id
			FROM "User" ORDER BY md5(id) DESC LIMIT 1)}
	);
	like(
		sync('unreadable'),
		qr/WARNING:  .*3 row\(s\) of "User" wait/,
		'a third one of many that changed waits, too');
	is(ask('unreadable', q{SELECT count(*) FROM "User" WHERE "lastLogin" = '2026-03-31'}),
		'198', 'and only those three');
	$production->safe_psql(
		'unreadable', q{UPDATE "User" SET email = 'readable' WHERE id IN
		(SELECT id FROM "User" WHERE email LIKE E'%\xff%')});
	like(sync('unreadable'), qr/succeeded/, 'readable again, they come');
	is(ask('unreadable', q{SELECT count(*) FROM "User" WHERE email = 'readable'}),
		'3', 'all of them');
	return;
}

# A table that cannot be synced affects only itself and the tables that reference it.
sub failing_tables
{
	new_pair('failing');
	$production->safe_psql('failing', 'DROP SCHEMA reference, demo CASCADE');
	sync('failing');
	$production->safe_psql(
		'failing', q{
		UPDATE "User" SET "lastLogin" = '2026-03-30', "updatedAt" = '2026-03-31 04:59'
			WHERE id = (SELECT min(id) FROM "User");
		ALTER TABLE "HangoutGroup" ALTER "endDate" TYPE text});
	my $said = errors('failing');
	like(
		$said,
		qr/ERROR:  42804: production's column public\."HangoutGroup"\."endDate" is of type text/,
		'a retyped column is raised by name');
	is( statuses('failing'),
		'Hangout success, HangoutEpisode success, HangoutGroup failed, User success, '
		  . 'UserHangoutGroup skipped, UserHangoutGroupAttendance skipped',
		'its table fails, those that point to it are skipped, the others are synced');
	is( ask('failing',
			q{SELECT status || ' '
				|| (message LIKE '%"HangoutGroup" failed. "UserHangoutGroup" was skipped%')
				FROM sync_run ORDER BY run_id DESC LIMIT 1}
		),
		'failed true',
		'the run has failed, and says so');
	is( ask('failing',
			q{SELECT run_id || ' ' || (known_until = (SELECT clock FROM sync_run WHERE status = 'success'))
				FROM ngeshare.snapshot_state}
		),
		'2 true',
		'answers are of that run, and known until the last one that succeeded');
	is( ask('failing',
			q{SELECT count(*) FROM ngeshare.answer_cache
				WHERE as_of = ngeshare.known_until() AT TIME ZONE 'UTC'}
		),
		'1',
		'as of which the first page stays ready');
	is( ask('failing',
			q{SELECT table_name || ' ' || phase || ' ' || class || ' ' || will_retry FROM sync_error_log}
		),
		'HangoutGroup compare permanent false',
		'logged once: it won\'t pass by itself');
	is(ask('failing', q{SELECT count(*) FROM "User" WHERE "lastLogin" = '2026-03-30'}),
		'1', 'what changed elsewhere is here');
	$production->safe_psql('failing',
		q{ALTER TABLE "HangoutGroup" ALTER "endDate" TYPE timestamp(3) USING "endDate"::timestamp(3)}
	);
	like(sync('failing'), qr/succeeded/, 'as it was, it is synced');

	for my $case (
		[
			'42703',
			q{ALTER TABLE "UserHangoutGroup" RENAME "orderId" TO "order_id"},
			q{ALTER TABLE "UserHangoutGroup" RENAME "order_id" TO "orderId"}
		],
		[
			'42501',
			qq{REVOKE SELECT ON "UserHangoutGroup" FROM $LOGIN},
			qq{GRANT SELECT ON "UserHangoutGroup" TO $LOGIN}
		],
		[
			'42P01',
			q{ALTER TABLE "UserHangoutGroup" RENAME TO members},
			q{ALTER TABLE members RENAME TO "UserHangoutGroup"}
		])
	{
		my ($sqlstate, $break, $mend) = @$case;

		$production->safe_psql('failing', $break);
		like(
			errors('failing'),
			qr/ERROR:  $sqlstate: .*"UserHangoutGroup"/,
			"$sqlstate: raised by the table's name");
		like(
			statuses('failing'),
			qr/, UserHangoutGroup failed, UserHangoutGroupAttendance success$/,
			"$sqlstate: attendance needs no memberships");
		$production->safe_psql('failing', $mend);
		like(sync('failing'), qr/succeeded/, "$sqlstate: mended");
	}
	is(ask('failing', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', 'and all is as production has it');

	# If the refresh fails, the run fails, and the answers stay as they were.
	my $generation = ask('failing', 'SELECT generation FROM ngeshare.snapshot_state');
	$production->safe_psql(
		'failing', q{UPDATE "HangoutGroup" SET name = 'odd', "updatedAt" = '2026-03-31 04:59:30'
		WHERE id = (SELECT min(id) FROM "HangoutGroup")});
	ask('failing',
		q{ALTER TABLE ngeshare.group_snapshot ADD CONSTRAINT odd CHECK (group_name <> 'odd')});
	like(errors('failing'), qr/ERROR:  23514: .*"odd"/, 'a refresh that fails is raised');
	is(ask('failing', 'SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1'),
		'failed', 'its run has failed');
	is(ask('failing', q{SELECT count(*) FROM "HangoutGroup" WHERE name = 'odd'}),
		'1', 'though the mirror has the rows');
	is( ask('failing',
			q{SELECT generation || ' ' || (SELECT count(*) FROM v_group_summary WHERE group_name = 'odd')
				FROM ngeshare.snapshot_state}
		),
		"$generation 0",
		'answers stay as they were');
	ask('failing', 'ALTER TABLE ngeshare.group_snapshot DROP CONSTRAINT odd');
	like(sync('failing'), qr/succeeded/, 'the next sync succeeds');
	is(ask('failing', q{SELECT count(*) FROM v_group_summary WHERE group_name = 'odd'}),
		'1', 'and answers follow');
	return;
}

# A new column in production is reported once; a new enum label is not reported.
sub drifting_columns
{
	new_pair('drifting');
	$production->safe_psql('drifting', 'DROP SCHEMA reference, demo CASCADE');
	sync('drifting');
	$production->safe_psql('drifting', q{ALTER TABLE "User" ADD "phone number" text});
	my $held = Session->start(
		$local, 'drifting',
		"ngeshare.sync_clock = '$clock'",
		"ngeshare.pause_at = 'compare'");
	$held->tell('CALL ngeshare_sync()');
	poll_until(sub { ask('drifting', 'SELECT ngeshare_sync_cancel() IS NOT NULL') eq 't' });
	$held->wait;
	$held->end;
	is(ask('drifting', 'SELECT status FROM sync_run WHERE run_id = 2'),
		'cancelled', 'a run that sees a new column does not come to its end');
	like(
		sync('drifting'),
		qr/WARNING:  sync 3 ended with a warning: .*Production's "User" has a new column "phone number" \(text\)/,
		'a new column is said');
	like(sync('drifting'), qr/sync 4 succeeded/, 'once');
	is( ask('drifting',
			q{SELECT table_name || ' ' || column_name || ' ' || kind || ' ' || detail FROM ngeshare.drift}
		),
		'User phone number added text',
		'and listed');
	is( ask('drifting',
			q{SELECT count(*) FROM v_data_quality WHERE finding = 'drift' AND column_name = 'phone number'}
		),
		'1',
		'among the findings');
	$production->safe_psql(
		'drifting', q{
		ALTER TABLE "User" DROP "phone number";
		CREATE TYPE role AS ENUM ('MEMBER', 'FACILITATOR');
		ALTER TABLE "UserHangoutGroup" ALTER "hangoutGroupRole" TYPE text;
		UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'MEMBER'
			WHERE "hangoutGroupRole" NOT IN ('MEMBER', 'FACILITATOR');
		ALTER TABLE "UserHangoutGroup" ALTER "hangoutGroupRole" TYPE role USING "hangoutGroupRole"::role}
	);
	like(sync('drifting'), qr/succeeded/, 'an enum is a text here');
	is(ask('drifting', 'SELECT count(*) FROM ngeshare.drift'),
		'0', 'and the column that went is forgotten');
	$production->safe_psql('drifting', q{ALTER TYPE role ADD VALUE 'GUEST'});
	$production->safe_psql(
		'drifting',
		q{UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'GUEST', "updatedAt" = '2026-03-31 04:59'
		WHERE id = (SELECT min(id) FROM "UserHangoutGroup")});
	like(sync('drifting'), qr/succeeded/, 'a new label of it, too');
	is( ask('drifting',
			q{SELECT count(*) FROM "UserHangoutGroup" WHERE "hangoutGroupRole" = 'GUEST'}),
		'1',
		'it is here');
	return;
}

# A production that needs a millisecond per row, with a timeout of one second per statement, is
# asked for smaller batches.
sub slow_production
{
	new_pair('slow');
	$production->safe_psql('slow', 'DROP SCHEMA reference, demo CASCADE');
	sync('slow');
	$production->safe_psql(
		'slow', qq{
		UPDATE "User" SET "updatedAt" = '2026-03-31 04:59', "lastLogin" = '2026-03-31';
		ALTER TABLE "User" RENAME TO users;
		CREATE VIEW "User" AS SELECT * FROM users WHERE current_query() NOT LIKE '%LIMIT %'
			OR (SELECT pg_sleep(0.001 * substring(current_query()
				FROM 'LIMIT (\\d+)')::integer)) IS NOT NULL;
		GRANT SELECT ON "User" TO $LOGIN});
	$local->psql(
		'slow',
		"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_timeout = '1s';
		SET ngeshare.sync_retries = 8;
		SET ngeshare.sync_retry_base = '10ms'; CALL ngeshare_sync()", stderr => \my $said);
	like($said, qr/succeeded/, 'smaller ones come through');
	is( ask('slow',
			q{SELECT string_agg(DISTINCT sqlstate || ' ' || class || ' ' || phase || ' ' || will_retry, ', ')
				FROM sync_error_log}
		),
		'57014 transient pull true',
		'after timeouts that are logged');
	is( ask('slow', q{SELECT count(*) FROM "User" WHERE "lastLogin" = '2026-03-31'}),
		$production->safe_psql('slow', 'SELECT count(*) FROM users'),
		'every row is here');
	return;
}

# Two tables whose statements take longer than sync_timeout: each table has its own retries.
sub stuck_tables
{
	new_pair('stuck');
	sync('stuck');
	$production->safe_psql('stuck', 'DROP SCHEMA reference, demo CASCADE');
	$production->safe_psql(
		'stuck', qq{
		ALTER TABLE "$_" RENAME TO "real $_";
		CREATE VIEW "$_" AS SELECT * FROM "real $_" WHERE (SELECT pg_sleep(3)) IS NOT NULL;
		GRANT SELECT ON "$_" TO $LOGIN}) for qw(User Hangout);
	$local->psql(
		'stuck',
		"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_timeout = '1s';
		SET ngeshare.sync_retries = 1;
		SET ngeshare.sync_retry_base = '10ms'; CALL ngeshare_sync()");
	is( ask('stuck',
			q{SELECT string_agg(table_name || ' ' || phase || ' ' || attempt || ' ' || will_retry, ', '
				ORDER BY error_id) FROM sync_error_log}
		),
		'User compare 1 true, User compare 2 false, Hangout compare 1 true, Hangout compare 2 false',
		'two tables that time out are tried twice each');
	return;
}

# A call that gives up returns within a second after sync_run says that the run has failed.
sub unreachable_production
{
	new_pair('unreachable');
	my $left = ask(
		'unreachable', q{
		ALTER SERVER production OPTIONS (SET port '1');
		SET ngeshare.sync_retries = 2;
		SET ngeshare.sync_retry_base = '1s';
		\set ON_ERROR_STOP off
		CALL ngeshare_sync();
		SELECT extract(epoch FROM clock_timestamp() - finished_at) FROM sync_run WHERE status = 'failed'}
	);
	cmp_ok($left, '<', 1, 'behind its last try a run that gives up waits for nothing');
	return;
}

# No message of production makes the extension repeat the login's password.
sub secrets
{
	my $quoted = $PASSWORD =~ s/'/''/gr;

	new_pair('secrets');
	sync('secrets');
	$production->safe_psql(
		'secrets', qq{
		CREATE FUNCTION tell() RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN
			RAISE EXCEPTION USING MESSAGE = 'I know: $quoted!', DETAIL = 'Yes, $quoted.', ERRCODE = 'P0002';
			END \$\$;
		ALTER TABLE "Hangout" RENAME TO hangouts;
		CREATE VIEW "Hangout" AS SELECT id, "createdAt", "updatedAt", name, tell() AS description, type,
			price, "circleProfileId",
			visibility, "hangoutProgramId", "pictureId" FROM hangouts;
		GRANT SELECT ON "Hangout" TO $LOGIN});
	errors('secrets');
	is( ask('secrets', q{SELECT sqlstate || ' ' || message || ' ' || detail FROM sync_error_log}),
		'P0002 production: I know: ***! Yes, ***.',
		'in sync_error_log');
	like(
		ask('secrets', q{SELECT message FROM sync_run ORDER BY run_id DESC LIMIT 1}),
		qr/^production: I know: \*\*\*!/,
		'nor in sync_run');
	return;
}

# Makes a production and a mirror with the same name, connected but not synced yet.
sub new_pair
{
	my ($name) = @_;

	new_production($production, $name);
	$production->safe_psql($name, "SELECT demo.generate(100, 35, '$clock')");
	new_local($local, $name);
	$local->safe_psql($name, connect_local($production, $name));
	return;
}

# Runs a sync and returns its messages.
sub sync
{
	my ($name) = @_;

	$local->psql(
		$name,
		"SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync()",
		stderr => \my $said);
	return $said;
}

sub errors
{
	my ($name) = @_;
	return psql_errors($local, $name, "SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync();");
}

sub ask
{
	my ($name, $query) = @_;
	return $local->safe_psql($name, $query);
}

# Returns the status of each table in the last run.
sub statuses
{
	my ($name) = @_;
	return ask(
		$name,
		q{SELECT string_agg(table_name || ' ' || status, ', ' ORDER BY table_name COLLATE "C")
		FROM sync_log WHERE run_id = (SELECT max(run_id) FROM sync_run)});
}

sub differ
{
	my ($name) = @_;
	return join "\n", answers_differ($production, $name, $local, $name, $clock);
}
