# Tests the snapshot: after each refresh it is, row by row, what the mirror and the history give; a
# refresh writes only rows that differ, misses no key, and is invisible until it is committed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use RandomThings ();
use Session      qw(poll_until);
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

after_syncs();
filled_later();
only_what_differs();
other_settings();
healed();
at_once();
unseen_records();
gone_groups();
while_a_sync_runs();
known_until();
never_empty();
restored();
$production->stop;
$local->stop;
done_testing();

# After each of several syncs the snapshot equals one that is built from scratch, and no stale key
# is left.
sub after_syncs
{
	new_pair('synced', 200);
	for my $day ('2026-04-07', '2026-04-20', '2026-06-30')
	{
		snapshot_is_true('synced', "before $day");
		$production->safe_psql(
			'synced', qq{
			UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '$day 02:00'
			WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" ORDER BY md5(id || '$day') LIMIT 40);
			UPDATE "User" SET email = 'moved.' || email, "updatedAt" = '$day 04:00' WHERE id IN (SELECT id
				FROM "User" ORDER BY md5(id || '$day') LIMIT 20);
			UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'FACILITATOR', "updatedAt" = '$day 04:00'
			WHERE id IN (SELECT id FROM "UserHangoutGroup" ORDER BY md5(id || '$day') LIMIT 10);
			DELETE FROM "UserHangoutGroup" WHERE id IN (SELECT id FROM "UserHangoutGroup"
				ORDER BY md5('$day' || id) LIMIT 10)}
		);
		sync_local($local, 'synced', "$day 12:00+07");
	}
	snapshot_is_true('synced', 'at the end');
	return;
}

sub snapshot_is_true
{
	my ($name, $when) = @_;

	is(ask($name, 'SELECT count(*) FROM ngeshare.stale_key'), '0', "$when: no key waits");
	cmp_ok(ask($name, "SELECT count(*) FROM $_"), '>', 3, "$when: $_ has rows") for @SNAPSHOT;
	is(join("\n", rebuilt_differs($local, $name)), '',
		"$when: each row is as it would be made now");
	return;
}

# A sync fills a table that is still empty without firing its triggers. Its refresh must find the
# rows all the same.
sub filled_later
{
	for my $table (qw(UserHangoutGroup UserHangoutGroupAttendance HangoutEpisode))
	{
		my $name = lc "later_$table";

		new_production($production, $name);
		$production->safe_psql(
			$name, qq{SELECT demo.generate(60, 7, '$now');
			CREATE TABLE kept AS TABLE "UserHangoutGroupAttendance"; CREATE TABLE kept_too AS TABLE "$table";
			DELETE FROM "UserHangoutGroupAttendance"; DELETE FROM "$table"});
		new_local($local, $name);
		$local->safe_psql($name, connect_local($production, $name));
		sync_local($local, $name, $now);
		is(ask($name, qq{SELECT count(*) FROM "$table"}), '0', "$table is empty at first");
		$production->safe_psql(
			$name, qq{INSERT INTO "$table" TABLE kept_too;
			INSERT INTO "UserHangoutGroupAttendance" TABLE kept ON CONFLICT DO NOTHING});
		sync_local($local, $name, $now, 'full');
		is(join("\n", answers_differ($production, $name, $local, $name, $now)),
			'', "$table, filled later, is answered from");
	}
	return;
}

# A refresh leaves correct rows untouched, whichever groups are stale.
sub only_what_differs
{
	new_pair('stale', 120);
	my @ids = split /\n/, ask('stale', 'SELECT id FROM "HangoutGroup" ORDER BY md5(id)');
	my $rows = row_versions('stale');

	for my $some ([ $ids[0] ], [ @ids[ 1 .. 7 ] ], [ @ids[ 0 .. $#ids / 2 ] ], \@ids, [undef])
	{
		my $keys = join ', ', map { defined $_ ? "('$_')" : '(NULL)' } @$some;

		ask('stale', "INSERT INTO ngeshare.stale_key (group_id) VALUES $keys, $keys");
		is( refresh_local($local, 'stale'),
			defined $some->[0] ? scalar @$some : scalar @ids,
			scalar(@$some) . ' stale group(s) are built');
		is(row_versions('stale'), $rows, 'and no row is written');
		is(ask('stale', 'SELECT count(*) FROM ngeshare.stale_key'), '0', 'the keys are taken');
	}
	ask('stale', qq{UPDATE "HangoutGroup" SET name = 'another' WHERE id = '$ids[3]'});
	ask('stale', 'INSERT INTO ngeshare.stale_key DEFAULT VALUES');
	refresh_local($local, 'stale');
	is( ask('stale', q{SELECT string_agg(group_id, ' ') FROM ngeshare.group_snapshot
		WHERE xmin::text = (SELECT xmin::text FROM ngeshare.snapshot_state)}),
		$ids[3],
		'one that differs is written alone');
	sync_local($local, 'stale', $now);
	return;
}

# Returns the generation and a digest of all row versions of the snapshot.
sub row_versions
{
	my ($name) = @_;
	return join ' ', ask($name, 'SELECT generation FROM ngeshare.snapshot_state'), map {
		ask($name, "SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY ctid)) FROM $_")
	} @SNAPSHOT;
}

# Most thresholds are applied when an answer is read. The links' thresholds are applied by a
# refresh: by hand with the session's settings, in a sync with the database's.
sub other_settings
{
	for my $setting (
		'link_days = 30',
		'link_early_days = 0',
		'link_min_shared = 1',
		'link_min_overlap_pct = 90',
		'active_days = 10')
	{
		my $links = ask(
			'stale',
			'SELECT md5(string_agg(link::text, chr(10) ORDER BY link::text))
				FROM v_curriculum_pipeline AS link'
		);

		if ($setting !~ /^active/)
		{
			is( ask('stale',
					"SET ngeshare.$setting; SELECT md5(string_agg(link::text, chr(10) ORDER BY link::text))
						FROM v_curriculum_pipeline AS link"
				),
				$links,
				"$setting: until a refresh links are as before");
		}
		ask('stale', "SET ngeshare.$setting; SELECT ngeshare_refresh()");
		$production->safe_psql('stale', "UPDATE reference.setting SET $setting");
		is(differ_as_of('stale', $now, "SET ngeshare.$setting;"),
			'', "$setting: the answers go by it");
		$production->safe_psql('stale',
			'DELETE FROM reference.setting; INSERT INTO reference.setting DEFAULT VALUES');
	}
	sync_local($local, 'stale', $now);
	is(differ_as_of('stale', $now), '', 'a sync makes the links of the database\'s settings again');
	$local->psql('stale',
		"SET ngeshare.sync_clock = '$now'; SET ngeshare.link_days = 30; CALL ngeshare_sync()");
	is(differ_as_of('stale', $now), '', 'whatever its session has set');
	return;
}

# A full sync finds what was written while a trigger was disabled.
sub healed
{
	ask('stale', q{ALTER TABLE "HangoutGroup" DISABLE TRIGGER note_update;
		UPDATE "HangoutGroup" SET name = 'unseen' WHERE id = (SELECT min(id) FROM "HangoutGroup");
		ALTER TABLE "HangoutGroup" ENABLE ALWAYS TRIGGER note_update; SELECT ngeshare_refresh()});
	is(ask('stale', q{SELECT count(*) FROM v_group_summary WHERE group_name = 'unseen'}),
		'0', 'a write past the triggers is not seen');
	sync_local($local, 'stale', $now, 'full');
	is(differ_as_of('stale', $now), '', 'a full sync builds all again');
	is(join("\n", rebuilt_differs($local, 'stale')), '', 'every row');
	return;
}

# Two concurrent refreshes run one after the other, and a write between them is not lost.
sub at_once
{
	my ($first, $second) = map { Session->start($local, 'stale') } 1 .. 2;

	ask('stale', q{UPDATE "HangoutGroup" SET name = name || '.'});
	$first->run('BEGIN; SELECT ngeshare_refresh()');
	ask('stale',
		q{UPDATE "HangoutGroup" SET name = 'meanwhile' WHERE id = (SELECT min(id) FROM "HangoutGroup")}
	);
	$second->tell('SELECT ngeshare_refresh()');
	ok( poll_until(
			sub { ask('stale', "SELECT cardinality(pg_blocking_pids($second->{pid}))") eq '1' }),
		'the second waits for the first');
	is(ask('stale', q{SELECT count(*) FROM v_group_summary WHERE group_name LIKE '%.'}),
		'0', 'and readers for neither');
	$first->run('COMMIT');
	is($second->wait, '1', 'it builds what was written meanwhile');
	is(ask('stale', q{SELECT count(*) FROM v_group_summary WHERE group_name = 'meanwhile'}),
		'1', 'which answers show');
	is(join("\n", rebuilt_differs($local, 'stale')), '', 'and all is right');
	$_->end for $first, $second;

	# A refresh must not take another one that has just committed for a running sync.
	command_ok(
		[
			'pgbench', '-n', '-c', '6', '-t', '200', '-f', refresh_script(),
			$local->connstr('stale')
		],
		'six refresh again and again');
	return;
}

sub refresh_script
{
	my $file = PostgreSQL::Test::Utils::tempdir() . '/refresh.sql';

	append_to_file($file, 'SELECT ngeshare_refresh();');
	return $file;
}

# A write to a user, hangout or episode affects also records that reference it and that the writer
# could not see, because they were committed and refreshed during its transaction.
sub unseen_records
{
	my $day = '2026-01-02';
	my @writes = (
		[
			'a user',
			RandomThings::inserted(
				'UserHangoutGroup',
				[
					'unseen-1', $day, $day, $day,
					'ACTIVE', 'FACILITATOR', 'unseen-group', 'unseen-user',
					undef
				]),
			q{UPDATE "User" SET email = 'changed@later.id' WHERE id = 'unseen-user'}
		],
		[
			'a hangout',
			unseen_group('unseen-2'),
			q{UPDATE "Hangout" SET name = 'Ngeshare Sesi Hijrah' WHERE id = 'unseen-hangout'}
		],
		[
			'an episode',
			unseen_group('unseen-3') . ';'
			  . RandomThings::inserted(
				'UserHangoutGroupAttendance',
				[ 'unseen-3', '2026-03-20 03:00', 'unseen-episode', 'unseen-3', 'unseen-user' ]),
			q{UPDATE "HangoutEpisode" SET "order" = 5 WHERE id = 'unseen-episode'}
		]);

	new_pair('unseen', 20);
	ask('unseen',
		join ';',
		RandomThings::inserted(
			'Hangout',
			[ 'unseen-hangout', $day, $day, 'Ngeshare Sesi Aqidah', 'CLASS', 0, 'circle' ]),
		RandomThings::inserted(
			'HangoutEpisode', [ 'unseen-episode', $day, $day, 'One', 'unseen-hangout', 1 ]),
		RandomThings::inserted('User', [ 'unseen-user', $day, $day, 'first@now.id', undef ]),
		unseen_group('unseen-group'),
		'SELECT ngeshare_refresh()');
	for my $isolation ('READ COMMITTED', 'REPEATABLE READ')
	{
		for my $write (@writes)
		{
			my ($what, $points, $changes) = @$write;

			ask('unseen',
				q{DELETE FROM "UserHangoutGroupAttendance" WHERE id LIKE 'unseen-%';
				DELETE FROM "UserHangoutGroup" WHERE id LIKE 'unseen-%';
				DELETE FROM "HangoutGroup" WHERE id IN ('unseen-2', 'unseen-3');
				UPDATE "User" SET email = 'first@now.id' WHERE id = 'unseen-user';
				UPDATE "Hangout" SET name = 'Ngeshare Sesi Aqidah' WHERE id = 'unseen-hangout';
				UPDATE "HangoutEpisode" SET "order" = 1 WHERE id = 'unseen-episode';
				SELECT ngeshare_refresh()});
			write_unseen($isolation, $points, $changes);
			refresh_local($local, 'unseen');
			is(join("\n", rebuilt_differs($local, 'unseen')),
				'', "$isolation, $what: the refresh after both is right");
		}
	}
	return;
}

# Memberships of groups outside the curriculum are in the snapshot too, and are deleted with their
# groups.
sub gone_groups
{
	new_pair('gone', 20);
	ask('gone', q{UPDATE "Hangout" SET name = 'Other ' || id; SELECT ngeshare_refresh()});
	cmp_ok(ask('gone', 'SELECT count(*) FROM ngeshare.membership'),
		'>', 10, 'groups outside of the curriculum have memberships');
	is(ask('gone', 'SELECT count(*) FROM ngeshare.group_snapshot'), '0', 'and no other rows');
	cmp_ok(ask('gone', 'SELECT count(*) FROM v_facilitator_alumni'),
		'>', 1, 'they have facilitators');
	ask('gone', 'TRUNCATE "HangoutGroup" CASCADE; SELECT ngeshare_refresh()');
	is(ask('gone', 'SELECT count(*) FROM ngeshare.membership'),
		'0', 'the memberships go with all groups');
	is(ask('gone', 'SELECT count(*) FROM v_facilitator_alumni'), '0', 'and nobody leads one');
	return;
}

# While a sync runs, other sessions get the same answers as before and cannot refresh.
sub while_a_sync_runs
{
	new_pair('running', 40);
	my $answers = answers('running');
	my $sync = Session->start(
		$local, 'running',
		"ngeshare.sync_clock = '$now'",
		"ngeshare.pause_at = 'after merge UserHangoutGroup'");
	my $seen = -s $local->logfile;

	$production->safe_psql(
		'running', q{
		UPDATE "User" SET email = 'new.' || email, "updatedAt" = '2026-03-31 04:59:00';
		UPDATE "HangoutGroup" SET name = 'new', "updatedAt" = '2026-03-31 04:59:00';
		UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'MEMBER', "updatedAt" = '2026-03-31 04:59:00'}
	);
	$sync->tell('CALL ngeshare_sync()');
	poll_until(sub { substr(slurp_file($local->logfile), $seen) =~ /sync \d+ is held/ })
	  or die 'no sync is held';
	is(ask('running', q{SELECT count(*) FROM "HangoutGroup" WHERE name <> 'new'}),
		'0', 'a sync has written to the mirror');
	same_answers(answers('running'), $answers, 'while it runs');
	like(
		psql_errors($local, 'running', 'SELECT ngeshare_refresh();'),
		qr/^ERROR:  NG001: a sync is running/,
		'a refresh by hand is refused');
	same_answers(answers('running'), $answers, 'after that');
	ask('running', 'SELECT ngeshare.resume_sync()');
	$sync->wait;
	$sync->end;
	is(differ_as_of('running', $now), '', 'at its end all answers are production\'s');
	is(ask('running', 'SELECT count(*) FROM v_rescue_list WHERE facilitator_id IS NOT NULL'),
		'0', 'which are others');
	return;
}

# A sync sets known_until to its clock when it refreshes the answers. A refresh by hand, a sync of
# mode verify and a cancelled sync leave it as it is.
sub known_until
{
	my $later = '2026-04-01 12:00:00+07';

	is(known('running'), '2 2026-03-31 05:00:00', 'a sync moves what is known until then');
	ask('running', q{UPDATE "HangoutGroup" SET name = 'by hand'; SELECT ngeshare_refresh()});
	is(known('running'), '2 2026-03-31 05:00:00', 'a refresh by hand does not');
	$local->psql('running', "SET ngeshare.sync_clock = '$later'; CALL ngeshare_sync('verify')");
	is(known('running'), '2 2026-03-31 05:00:00', 'nor one that verifies');
	is(ask('running', q{SELECT DISTINCT group_name FROM v_group_summary}),
		'by hand', 'which refreshes nothing');
	my $sync = Session->start(
		$local, 'running',
		"ngeshare.sync_clock = '$later'",
		"ngeshare.pause_at = 'after merge HangoutGroup'");
	my $seen = -s $local->logfile;
	$sync->tell('CALL ngeshare_sync()');
	poll_until(sub { substr(slurp_file($local->logfile), $seen) =~ /sync \d+ is held/ })
	  or die 'no sync is held';
	ask('running', 'SELECT ngeshare_sync_cancel()');
	$sync->wait;
	$sync->end;
	is(ask('running', 'SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1'),
		'cancelled', 'a sync is cancelled');
	is(known('running'), '2 2026-03-31 05:00:00', 'it changes nothing that is known');
	is(ask('running', q{SELECT DISTINCT group_name FROM v_group_summary}),
		'by hand', 'nor an answer');
	sync_local($local, 'running', $later);
	like(known('running'), qr/^5 2026-04-01 05:00:00/, 'the next one does');
	is(differ_as_of('running', $later), '', 'with what the cancelled one had written');
	return;
}

sub known
{
	my ($name) = @_;
	return ask($name,
		q{SELECT run_id || ' ' || (known_until AT TIME ZONE 'UTC') FROM ngeshare.snapshot_state});
}

# A reader in a REPEATABLE READ transaction gets the same answers while every row of the snapshot is
# written again and its tables are vacuumed.
sub never_empty
{
	my $reader = Session->start($local, 'running');
	my $count = join ' UNION ALL ', map {
		"SELECT '$_', count(*), md5(string_agg(answer::text, '' ORDER BY answer::text)) FROM $_ AS answer"
	} @VIEWS;

	$reader->run("SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$now'");
	$reader->run('BEGIN ISOLATION LEVEL REPEATABLE READ');
	my $before = $reader->run($count);
	my $state = ask('running', 'SELECT generation FROM ngeshare.snapshot_state');

	ask('running',
		q{UPDATE "HangoutGroup" SET name = name || ' again',
			"createdAt" = "createdAt" - interval '1 hour';
		UPDATE "User" SET email = 'again.' || email;
		UPDATE course_config SET max_episodes = max_episodes - 1}
	);
	is(ask('running', q{SELECT is_all FROM ngeshare.take_stale_keys()}), 't', 'all is stale');
	ask('running', 'INSERT INTO ngeshare.stale_key DEFAULT VALUES; SELECT ngeshare_refresh()');
	cmp_ok(ask('running', 'SELECT generation FROM ngeshare.snapshot_state'),
		'>', $state, 'and written again');
	ask('running', "VACUUM $_") for @SNAPSHOT;
	is($reader->run($count), $before, 'a reader with an old snapshot sees every row as it was');
	$reader->run('COMMIT');
	isnt($reader->run($count), $before, 'and the new ones after it');
	$reader->end;
	return;
}

# A dump contains the snapshot and no stale keys. The restored copy answers the same without a
# refresh.
sub restored
{
	my $dump = $local->basedir . '/restored.dump';
	my $answers = answers('stale');

	ask('stale', 'INSERT INTO ngeshare.stale_key DEFAULT VALUES');
	$local->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $local->connstr('stale') ],
		'a database is dumped');
	ask('postgres', 'CREATE DATABASE restored');
	$local->command_ok([ 'pg_restore', '-d', $local->connstr('restored'), $dump ], 'and restored');
	same_answers(answers('restored'), $answers, 'restored');
	is(ask('restored', 'SELECT ngeshare.known_until() IS NOT NULL'), 't', 'as of the same instant');
	refresh_local($local, 'restored');
	is(join("\n", rebuilt_differs($local, 'restored')), '', 'and a refresh is right there');
	return;
}

# Returns a statement that inserts a group of the hangout that the other writer changes.
sub unseen_group
{
	my ($id) = @_;
	return RandomThings::inserted('HangoutGroup',
		[ $id, '2026-01-02', '2026-01-02', $id, 'ANY', 'unseen-hangout', '2026-01-01' ]);
}

# Commits and refreshes one writer's record, while another writer, which cannot see it, changes the
# row that it references.
sub write_unseen
{
	my ($isolation, $points, $changes) = @_;
	my ($first, $second) = map { Session->start($local, 'unseen') } 1 .. 2;

	$first->run("BEGIN; $points");
	$second->run("BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM ngeshare.stale_key");
	$second->run($changes) if $isolation eq 'READ COMMITTED';
	$first->run('COMMIT; SELECT ngeshare_refresh()');
	$second->run($changes) if $isolation ne 'READ COMMITTED';
	$second->run('COMMIT');
	$_->end for $first, $second;
	return;
}

# Makes a production and a mirror with the same name, synced.
sub new_pair
{
	my ($name, $groups) = @_;

	new_production($production, $name);
	$production->safe_psql($name, "SELECT demo.generate($groups, 3, '$now')");
	new_local($local, $name);
	$local->safe_psql($name, connect_local($production, $name));
	sync_local($local, $name, $now);
	return;
}

sub ask
{
	my ($name, $query) = @_;
	return $local->safe_psql($name, $query);
}

# Returns every view's rows, as of now and as of an earlier instant.
sub answers
{
	my ($name) = @_;

	return [
		map {
			answers_of(
				$local, $name,
				"SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$_';",
				map { $_ => "SELECT * FROM $_" } @VIEWS)
		} $now,
		'2025-11-30 23:59:59+07'
	];
}

sub differ_as_of
{
	my ($name, $as_of, $settings) = @_;
	return join "\n", answers_differ($production, $name, $local, $name, $as_of, $settings);
}

sub same_answers
{
	my ($got, $wanted, $when) = @_;
	my @different;

	for my $i (0 .. $#$wanted)
	{
		push @different, map {
			my $view = $_;
			map { "$view $_" } differences($wanted->[$i]{$view}, $got->[$i]{$view})
		} @VIEWS;
	}
	is(join("\n", @different), '', "$when: every answer is the same");
	return;
}
