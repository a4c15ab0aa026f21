# Tests a sync together with other activity in its server: a second sync, sessions that write to the
# mirror by hand, readers in long transactions, VACUUM FULL, CLUSTER, ALTER TABLE, DROP EXTENSION,
# and sessions with other settings. In many tests ngeshare.pause_at holds the sync at the point
# where both meet.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;
use Time::HiRes qw(time);

my $clock = '2026-03-31 12:00:00+07';
my $version = 0;
my ($production, $local) = start_servers();
prepare();

test_second_caller();
test_writer_behind_held_sync('after merge HangoutGroup');
test_writer_behind_held_sync('after window', qw(UPDATE DELETE TRUNCATE));
test_writer_with_lock_timeout();
test_open_writer();
test_writer_who_holds_a_row();
test_writer_who_changes_a_table();
test_repeatable_readers();
test_reader_of_first_load();
test_writer_into_first_load();
test_maintenance($_)
  for 'VACUUM FULL "HangoutGroup"', 'CLUSTER "HangoutGroup" USING "HangoutGroup_pkey"',
  'ALTER TABLE "HangoutGroup" ADD CONSTRAINT named CHECK (name IS NOT NULL)';
test_long_vacuum();
test_autovacuum();
test_isolation($_) for 'serializable', 'repeatable read';
test_read_only();
test_timeouts();
test_transaction_block();
test_drop_extension('CALL', $_)
  for 'preflight', 'compare HangoutGroup', 'after pull User', 'after merge HangoutGroup',
  'after window', 'refresh';
test_drop_extension('worker', $_) for 'preflight', 'after merge HangoutGroup', 'after window';
test_drop_between_steps();
$production->stop;
$local->stop;
done_testing();

# Prepares a production with a small data set and a mirror that was synced once.
sub prepare
{
	new_production($production, 'source');
	$production->safe_psql('source',
		"SELECT demo.generate(60, 36, '$clock'); UPDATE reference.setting SET clock = '$clock'");
	new_mirror('ngeshare');
	is(outcome_of(started_sync()), 'success', 'the first sync succeeds');
	return;
}

# Makes a connected database with the extension, which syncs with the test's clock.
sub new_mirror
{
	my ($database) = @_;

	new_local($local, $database);
	$local->safe_psql('postgres', "ALTER DATABASE $database SET $_")
	  for "ngeshare.sync_clock = '$clock'", "ngeshare.sync_timeout = '20s'",
	  'ngeshare.sync_max_delete_pct = 100', 'ngeshare.sync_retries = 1';
	$local->safe_psql($database, connect_local($production, 'source'));
	return;
}

# Changes every group and user, and five rows of attendance within the window.
sub change_production
{
	$version++;
	$production->safe_psql(
		'source', qq{
		UPDATE "HangoutGroup" SET city = 'version $version', "updatedAt" = '2026-03-31 04:59:30';
		UPDATE "User" SET email = id || '\@$version', "updatedAt" = '2026-03-31 04:59:30';
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-03-01'
			ORDER BY md5(id || $version) LIMIT 5)}
	);
	return;
}

# Starts a new session with the given settings.
sub session { return Session->start($local, 'ngeshare', @_); }

# Starts a session with the given settings and a sync in it, without waiting for the sync.
sub started_sync { return session(@_)->tell('CALL ngeshare_sync()'); }

# Changes production, starts a sync that is held at a place, and waits until it is held.
sub held_sync
{
	my ($place, @settings) = @_;

	change_production();
	my $seen = -s $local->logfile;
	my $sync = started_sync("ngeshare.pause_at = '$place'", @settings);
	wait_until_held($seen);
	return $sync;
}

sub wait_until_held
{
	my ($seen) = @_;
	poll_until(sub { substr(slurp_file($local->logfile), $seen) =~ /sync \d+ is held/ })
	  or die 'no sync is held';
	return;
}

sub ask { return $local->safe_psql('ngeshare', $_[0]); }

sub resume { return ask('SELECT ngeshare.resume_sync()'); }

# Waits for the sync of a session; returns its status, with the errors if there were any.
sub outcome_of
{
	my ($sync) = @_;

	$sync->wait;
	my $error = $sync->errors;
	$sync->end;
	my $outcome = ask(
		q{SELECT status || coalesce(': ' || string_agg(sqlstate || ' ' || sync_error_log.message,
			'; '), '')
		FROM sync_run LEFT JOIN sync_error_log USING (run_id) WHERE run_id = (SELECT max(run_id)
			FROM sync_run) GROUP BY status}
	);
	return $error eq '' ? $outcome : "$outcome ($error)";
}

# Waits until a session waits for a lock, a timer or an event of the extension; returns whether it
# does.
sub waits
{
	my ($session) = @_;
	return poll_until(
		sub {
			ask("SELECT state = 'active' AND wait_event_type IN ('Lock', 'Timeout', 'Extension')
				FROM pg_stat_activity WHERE pid = $session->{pid}"
			) eq 't';
		}) && !$session->is_done;
}

# Returns since when a session has been waiting for a lock whose locktype matches $kind; an empty
# string if it is not waiting for one.
sub waits_since
{
	my ($session, $kind) = @_;
	return ask(
		"SELECT max(waitstart) FROM pg_locks
			WHERE pid = $session->{pid} AND NOT granted AND locktype ~ '$kind'"
	);
}

# Tests that after a refresh the snapshot is what the mirror and the history give, so that no stale
# key was lost.
sub snapshot_is_exact
{
	my ($name) = @_;

	refresh_local($local, 'ngeshare');
	is(join("\n", rebuilt_differs($local, 'ngeshare')), '', "$name: the snapshot is exact");
	return;
}

# Tests that after one more sync the answers and the history equal production's.
sub next_sync_is_right
{
	my ($name) = @_;

	is(outcome_of(started_sync()), 'success', "$name: the next sync succeeds");
	my @different = (
		answers_differ($production, 'source', $local, 'ngeshare', $clock),
		history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta'));
	is(scalar @different, 0, "$name: and everything is production's")
	  or diag join "\n", grep { defined } @different[ 0 .. 3 ];
	return;
}

# The second of two concurrent syncs is refused, whichever way it is called, and changes nothing.
sub test_second_caller
{
	my $sync = held_sync('after merge HangoutGroup');
	my $run = ask('SELECT max(run_id) FROM sync_run');
	my $before = ask(
		'SELECT (SELECT count(*) FROM sync_run), (SELECT count(*) FROM sync_error_log), (SELECT last_value
			FROM sync_run_run_id_seq)'
	);

	for my $call (
		'CALL ngeshare_sync()',
		q{CALL ngeshare_sync('verify')},
		q{CALL ngeshare_sync('full', '{User}')},
		'SELECT ngeshare_sync_start()')
	{
		like(
			psql_errors($local, 'ngeshare', $call),
			qr/^ERROR:  NG001: .*\nDETAIL:  It is run $run\./,
			"a second sync, $call: NG001");
	}
	is( ask('SELECT (SELECT count(*) FROM sync_run), (SELECT count(*) FROM sync_error_log),
		(SELECT last_value FROM sync_run_run_id_seq)'
		),
		$before,
		'and nothing is changed');
	resume();
	is(outcome_of($sync), 'success', 'the first goes on');
	return;
}

# A session that writes during a step of the sync waits only for rows and tables that this step has
# written.
sub test_writer_behind_held_sync
{
	my ($place, @waiting) = @_;
	my ($group, $user, $episode) =
	  map { ask(qq{SELECT min(id) FROM "$_"}) } qw(HangoutGroup User HangoutEpisode);
	my $table = '"UserHangoutGroupAttendance"';
	my %waits = map { $_ => 1 } @waiting;
	my %writes = (
		INSERT =>
		  "INSERT INTO $table VALUES ('by hand', '2026-03-20', '$episode', '$group', '$user')",
		UPDATE => qq{UPDATE $table SET "attendedAt" = "attendedAt" + interval '1 minute'
		  	WHERE "attendedAt" > '2026-03-01'},
		DELETE => qq{DELETE FROM $table WHERE "attendedAt" > '2026-03-01'},
		COPY => "COPY $table FROM STDIN;\ncopied\t2026-03-21\t$episode\t$group\t$user\n\\.\n",
		TRUNCATE => "TRUNCATE $table");

	for my $kind (sort keys %writes)
	{
		my $name = "$kind against a sync held $place";
		my $sync = held_sync($place);
		my $writer = session()->tell($writes{$kind});

		if   ($waits{$kind}) { ok(waits($writer), "$name: waits") }
		else                 { $writer->wait; pass("$name: waits for nothing") }
		resume();
		$writer->wait if $waits{$kind};
		is($writer->errors, '', "$name: goes on without an error");
		is(outcome_of($sync), 'success', "$name: and so does the sync");
		snapshot_is_exact($name);
		next_sync_is_right($name);
		$writer->end;
	}
	return;
}

# A writer with a lock_timeout gets the usual error when it waits too long for the sync's lock.
sub test_writer_with_lock_timeout
{
	my $sync = held_sync('after merge HangoutGroup');
	my $writer = session(q{lock_timeout = '50ms'});

	$writer->run('UPDATE "HangoutGroup" SET city = NULL');
	like(
		$writer->errors,
		qr/^ERROR:  55P03: canceling statement due to lock timeout$/,
		"a writer's lock_timeout ends its wait: 55P03");
	resume();
	is(outcome_of($sync), 'success', 'and the sync goes on');
	$writer->run('UPDATE "HangoutGroup" SET city = NULL');
	is($writer->errors, '', 'and so does the writer, after it');
	next_sync_is_right('after a lock_timeout');
	$writer->end;
	return;
}

# The sync waits for a writer that has changed a row it needs. After a while it releases its locks
# and retries, until sync_timeout has passed.
sub test_open_writer
{
	my $writer = session();
	my %since;

	$writer->run(
		qq{BEGIN; UPDATE "HangoutGroup" SET name = 'by hand' WHERE id = (SELECT min(id)
			FROM "HangoutGroup")}
	);
	change_production();
	my $sync = started_sync();
	ok( poll_until(
			sub {
				my $since = waits_since($sync, 'transactionid|tuple');
				$since{$since} = 1 if $since ne '';
				return keys %since >= 2;
			}),
		'a sync waits for an open writer, lets go and comes back');
	$writer->run('UPDATE "User" SET email = NULL WHERE id = (SELECT min(id) FROM "User")');
	is($writer->errors, '', 'who goes on meanwhile in another table');
	$writer->run('COMMIT');
	is($writer->errors, '', 'and commits');
	is(outcome_of($sync), 'success', 'then the sync succeeds, and has logged no error');
	next_sync_is_right('after an open writer');
	$writer->end;
	return;
}

# A writer holds a row that the sync needs, and then wants a row that the sync has written. The sync
# releases its locks before deadlock_timeout, so that the writer gets no error.
sub test_writer_who_holds_a_row
{
	for my $delay (0.1, 0.3, 0.5, 0.8, 1.3)
	{
		my $writer = session();

		$writer->run(
			'BEGIN; SELECT id FROM "HangoutGroup" WHERE id = (SELECT max(id) FROM "HangoutGroup") FOR UPDATE'
		);
		$production->safe_psql('source',
			qq{UPDATE "HangoutGroup" SET city = 'Kota $delay', "updatedAt" = '2026-03-31 04:59:30'}
		);
		my $sync = session()->tell(q{CALL ngeshare_sync(tables => '{HangoutGroup}')});
		ok(poll_until(sub { waits_since($sync, 'transactionid|tuple') ne '' }),
			'a sync waits for the row');
		Time::HiRes::sleep($delay);
		$writer->run(
			'UPDATE "HangoutGroup" SET name = name WHERE id <> (SELECT max(id) FROM "HangoutGroup")'
		);
		is($writer->errors, '',
			"a writer who holds a row the sync wants, after $delay s: no error");
		$writer->run('COMMIT');
		is(outcome_of($sync), 'success', "$delay s: and the sync succeeds");
		$writer->end;
	}
	next_sync_is_right('after rows were held');
	return;
}

# A migration locks rows and then runs ALTER TABLE on a table that the waiting sync has read. The
# sync releases its locks before deadlock_timeout.
sub test_writer_who_changes_a_table
{
	my $writer = session();

	$production->safe_psql(
		'source', q{
		INSERT INTO "User" (id, "updatedAt") VALUES ('parent', '2020-01-01');
		UPDATE "UserHangoutGroup" SET "userId" = 'parent', "updatedAt" = '2026-03-31 04:59:30'
			WHERE id = (SELECT min(id) FROM "UserHangoutGroup")}
	);
	$writer->run('BEGIN; SELECT id FROM "UserHangoutGroup" FOR UPDATE');
	my $sync = session()->tell(q{CALL ngeshare_sync(tables => '{UserHangoutGroup}')});
	ok(poll_until(sub { waits_since($sync, 'transactionid|tuple') ne '' }),
		'a sync that has read a table waits for a row');
	Time::HiRes::sleep(1.3);
	$writer->run(q{ALTER TABLE "User" ADD CONSTRAINT named CHECK (id <> ''); COMMIT});
	is($writer->errors, '', 'a writer who alters a table that it has read: no error');
	is(outcome_of($sync), 'success', 'and the sync succeeds');
	ask('ALTER TABLE "User" DROP CONSTRAINT named');
	$writer->end;
	next_sync_is_right('after a migration');
	return;
}

# Returns a digest of tables that a sync writes and of two answers, as the reader's transaction sees
# them.
sub seen
{
	my ($reader) = @_;
	my @parts =
	  map { "(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM $_ AS t)" }
	  '"HangoutGroup"', '"User"',
	  '"UserHangoutGroupAttendance"', 'ngeshare.meeting', 'v_group_summary', 'ngeshare_funnel()';

	return $reader->run('SELECT ' . join(' || ', @parts));
}

# A reader in a REPEATABLE READ or SERIALIZABLE transaction sees one state during several syncs, and
# the syncs do not wait for the reader.
sub test_repeatable_readers
{
	for my $level ('REPEATABLE READ', 'SERIALIZABLE')
	{
		my $reader = session("ngeshare.as_of = '$clock'");

		$reader->run("BEGIN ISOLATION LEVEL $level");
		my $first = seen($reader);
		like($first, qr/^\w{192}$/, "$level: a reader sees everything");
		for my $sync (1 .. 2)
		{
			change_production();
			is(outcome_of(started_sync()),
				'success', "$level: sync $sync doesn't wait for the reader");
			is(seen($reader), $first, "$level: who still sees the same");
		}
		$reader->run('COMMIT');
		isnt(seen($reader), $first, "$level: and then what has come");
		$reader->end;
	}
	return;
}

# A first load tries to lock its empty tables exclusively, and waits for sessions that have read
# them. A reader that continues gets no error, even after the sync has stopped waiting.
sub test_reader_of_first_load
{
	new_mirror('fresh');
	my $reader = Session->start($local, 'fresh');
	$reader->run('BEGIN; SELECT count(*) FROM "HangoutGroup"');
	my $sync = Session->start($local, 'fresh')->tell('CALL ngeshare_sync()');
	ok( poll_until(sub { waits_since($sync, 'relation') ne '' }),
		'a first load waits for a reader of its empty table');
	is( $reader->run(
			'SELECT count(*) FROM "HangoutGroup" JOIN "User" ON true
				JOIN "UserHangoutGroupAttendance" ON true'
		),
		'0',
		'who reads on');
	is($reader->errors, '', 'without an error');
	$reader->run('COMMIT');
	$sync->wait;
	is($sync->errors, '', 'then the first load goes on');
	is( $local->safe_psql(
			'fresh', q{SELECT status, (SELECT count(*) FROM sync_error_log) FROM sync_run}),
		'success|0',
		'and succeeds');

	# A reader that does not end only delays the sync: the table is still synced, and all sessions
	# may read it.
	new_mirror('patient');
	$local->safe_psql('postgres', q{ALTER DATABASE patient SET ngeshare.sync_timeout = '2s'});
	my $sitter = Session->start($local, 'patient');
	$sitter->run('BEGIN; SELECT count(*) FROM "HangoutGroup", "UserHangoutGroupAttendance"');
	is(psql_errors($local, 'patient', 'SET client_min_messages = warning; CALL ngeshare_sync()'),
		'', 'a first load that has waited long enough goes the ordinary way');
	is($local->safe_psql('patient', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', 'and has everything');
	isnt($sitter->run('SELECT count(*) FROM "User"'), '0', 'the reader reads on');
	$sitter->run('COMMIT');
	is($sitter->errors, '', 'and commits');
	is(psql_errors($local, 'patient', 'SET client_min_messages = warning; CALL ngeshare_sync()'),
		'', 'and the next sync succeeds');
	$_->end for $reader, $sync, $sitter;
	return;
}

# A writer into an empty table holds its lock while a first load needs the table. Neither gets an
# error.
sub test_writer_into_first_load
{
	for my $delay (0.1, 0.5, 1.3)
	{
		my $database = 'filled_' . 10 * $delay;
		new_mirror($database);
		my ($writer, $sync) = map { Session->start($local, $database) } 1 .. 2;

		$writer->run(q{BEGIN; INSERT INTO "User" (id, "updatedAt") VALUES ('by hand', now())});
		$sync->tell('CALL ngeshare_sync()');
		ok(poll_until(sub { waits_since($sync, 'relation') ne '' }),
			'a first load waits for the writer');
		Time::HiRes::sleep($delay);
		$writer->run(
			q{INSERT INTO "Hangout" (id, "updatedAt", name, type, price, "circleProfileId")
				VALUES ('by hand', now(), '', '', 0, '')}
		);
		is($writer->errors, '',
			"a writer into empty tables, $delay s after a first load began: no error");
		$writer->run('COMMIT');
		$sync->wait;
		is($sync->errors, '', "$delay s: nor does the first load get one");
		is($local->safe_psql($database, 'SELECT count(*) FROM sync_error_log'),
			'0', "$delay s: nor log one");
		is($local->safe_psql($database, 'SELECT bool_and(matches) FROM ngeshare_validate()'),
			't', "$delay s: the mirror is production's");
		$_->end for $writer, $sync;
	}
	return;
}

# A statement that rewrites or alters a table of the mirror waits for a sync's step that has written
# the table, and gets no error.
sub test_maintenance
{
	my ($statement) = @_;
	my $name = $statement =~ s/ .*//r . ' meanwhile';
	my $sync = held_sync('after merge HangoutGroup');
	my $other = session()->tell($statement);

	ok(waits($other), "$name: waits for the step");
	resume();
	$other->wait;
	is($other->errors, '', "$name: is done without an error");
	is(outcome_of($sync), 'success', "$name: the sync succeeds");
	$sync = held_sync('merge HangoutGroup');
	$other->run($statement =~ s/named/other/r);
	is($other->errors, '', "$name: nobody waits for a sync that doesn't write");
	resume();
	is(outcome_of($sync), 'success', "$name: which succeeds, too");
	ask('ALTER TABLE "HangoutGroup" DROP CONSTRAINT IF EXISTS named, DROP CONSTRAINT IF EXISTS other'
	);
	next_sync_is_right($name);
	$other->end;
	return;
}

# A long VACUUM holds a SHARE UPDATE EXCLUSIVE lock, for which a plain ANALYZE would wait. A sync
# that has changed the whole table skips its ANALYZE instead.
sub test_long_vacuum
{
	my $other = session();

	change_production();
	$other->run('BEGIN; LOCK TABLE "HangoutGroup" IN SHARE UPDATE EXCLUSIVE MODE');
	my $begun = time;
	is(outcome_of(started_sync()), 'success', 'a sync under a long VACUUM succeeds');
	cmp_ok(time - $begun, '<', 10, 'and has not waited for it');
	$other->run('COMMIT');
	$other->end;
	return;
}

# A merge does not wait for an autovacuum of its staging table: it deletes the rows, because
# TRUNCATE would wait.
sub test_autovacuum
{
	ask('ALTER TABLE ngeshare.stage_user SET (autovacuum_enabled = on,
		autovacuum_vacuum_insert_threshold = 0, autovacuum_vacuum_insert_scale_factor = 0,'
		  . ' autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)');
	$local->append_conf('postgresql.conf', 'autovacuum_naptime = 1s');
	$local->reload;
	my $sync = held_sync('merge User');

	# With twenty dead versions of each row, the autovacuum lasts for seconds. It is looked for from
	# a session that is already open.
	my $looker = session();
	$looker->run(
		q{DO $$BEGIN FOR version IN 1..20 LOOP UPDATE ngeshare.stage_user SET id = id; END LOOP; END$$}
	);
	ok( poll_until(
			sub {
				$looker->run(
					q{SELECT count(*) FROM pg_stat_activity
					WHERE query LIKE 'autovacuum:%stage_user%' AND wait_event = 'VacuumDelay'}
				) eq '1';
			}),
		'an autovacuum is at a table of staging');
	$looker->end;
	resume();
	is(outcome_of($sync), 'success', 'the sync succeeds');
	is(ask('SELECT count(*) FROM ngeshare.stage_user'), '0', 'and has emptied the table');
	$local->append_conf('postgresql.conf', 'autovacuum_naptime = 1min');
	$local->reload;
	return;
}

# A sync's steps run at READ COMMITTED, whatever the default isolation level is.
sub test_isolation
{
	my ($level) = @_;

	ask("ALTER DATABASE ngeshare SET default_transaction_isolation = '$level'");
	change_production();
	is(outcome_of(started_sync()), 'success', "a sync succeeds where $level is the default");
	next_sync_is_right("under $level");
	change_production();
	ask('SELECT ngeshare_sync_start()');
	ok(poll_until(sub { ask('SELECT running FROM ngeshare_sync_status()') eq 'f' }),
		"$level: a worker ends, too");
	is(ask('SELECT status || trigger FROM sync_run ORDER BY run_id DESC LIMIT 1'),
		'successworker', "$level: and succeeds");
	ask('ALTER DATABASE ngeshare RESET default_transaction_isolation');
	return;
}

# If transactions are read-only by default, a sync is refused before it does anything.
sub test_read_only
{
	my $runs = ask('SELECT count(*) FROM sync_run');

	like(
		psql_errors(
			$local, 'ngeshare', 'SET default_transaction_read_only = on; CALL ngeshare_sync()'),
		qr/^ERROR:  25006: cannot execute .* in a read-only transaction/,
		'read-only by default: 25006');
	like(
		psql_errors(
			$local, 'ngeshare',
			'SET default_transaction_read_only = on; SELECT ngeshare_sync_start()'),
		qr/^ERROR:  25006: cannot execute .* in a read-only transaction/,
		'ngeshare_sync_start(), too');
	is(ask('SELECT count(*) FROM sync_run'), $runs, 'and no run was begun');
	is(ask('SELECT count(*) FROM ngeshare.sync_lock'), '0', 'and no lock is left');
	return;
}

# The caller's timeouts do not end a sync. A sync decides itself how long it waits.
sub test_timeouts
{
	change_production();
	is( outcome_of(
			started_sync(
				q{lock_timeout = '1ms'},
				q{idle_in_transaction_session_timeout = '1ms'},
				q{statement_timeout = '60s'})),
		'success',
		'a short lock_timeout and idle_in_transaction_session_timeout of the caller end no sync');
	my $writer = session();
	$writer->run('BEGIN; SELECT id FROM "HangoutGroup" FOR UPDATE');
	change_production();
	my $sync = started_sync(q{lock_timeout = '1ms'});
	ok( poll_until(sub { waits_since($sync, 'transactionid|tuple') ne '' }),
		'with a lock_timeout of a millisecond a sync still waits its turn');
	$writer->run('COMMIT');
	is(outcome_of($sync), 'success', 'and succeeds');
	$sync = held_sync('after merge HangoutGroup');
	resume();
	is(outcome_of($sync), 'success', 'a sync that was held has time');
	change_production();
	$sync = held_sync('after merge HangoutGroup', q{statement_timeout = '300ms'});
	Time::HiRes::sleep(0.5);
	resume();
	is(outcome_of($sync), 'success', 'nor does a statement_timeout that has long passed');
	$writer->end;
	return;
}

# Inside a transaction block, explicit or because of psql's AUTOCOMMIT off, a sync is refused.
sub test_transaction_block
{
	my $runs = ask('SELECT count(*) FROM sync_run');

	like(
		psql_errors($local, 'ngeshare', $_),
		qr/^ERROR:  25001: ngeshare_sync\(\) cannot run inside a transaction block/m,
		'25001: ' . $_ =~ s/\n/, /r
	) for 'BEGIN; CALL ngeshare_sync(); COMMIT', "\\set AUTOCOMMIT off\nCALL ngeshare_sync();";
	is(ask('SELECT count(*) FROM sync_run'), $runs, 'and no run was begun');
	return;
}

# DROP EXTENSION while a sync is held: the drop is not chosen as a deadlock's victim, the sync ends
# without a crash, and the extension can be created and synced again.
sub test_drop_extension
{
	my ($kind, $place) = @_;
	my $name = "DROP EXTENSION against a $kind held at $place";
	my ($sync, $seen);

	if ($kind eq 'CALL')
	{
		$sync = held_sync($place);
	}
	else
	{
		change_production();
		$seen = -s $local->logfile;
		ask("ALTER DATABASE ngeshare SET ngeshare.pause_at = '$place'");
		ask('SELECT ngeshare_sync_start()');
		wait_until_held($seen);
		ask('ALTER DATABASE ngeshare RESET ngeshare.pause_at');
	}
	drop_and_begin_anew($name, session(), $sync, 1);
	return;
}

# Drops the extension, and resumes a held sync once the drop waits for it. Then creates the
# extension again, connects and syncs.
sub drop_and_begin_anew
{
	my ($name, $other, $sync, $is_held) = @_;
	my $resumer = $is_held ? session() : undef;

	# Once the drop waits for its lock, no other session could access the sync's progress, so the
	# statement that resumes the sync runs first and is committed later.
	$resumer->run('BEGIN; SELECT ngeshare.resume_sync()') if $is_held;
	$other->tell('DROP EXTENSION ngeshare');
	ok(waits($other), "$name: the drop waits") if $is_held;
	$resumer->run('COMMIT') if $is_held;
	$other->wait;
	is($other->errors, '', "$name: no error to the drop");
	if ($sync)
	{
		$sync->wait;
		my $error = $sync->errors;
		like(
			$error,
			$is_held
			? qr/^ERROR:  55000: the extension was dropped while it synced/
			: qr/^(ERROR:  (42...|40P01|55P03|55000): .*)?/,
			"$name: the sync ends, and says why");
		diag "$name: " . ($error || 'the sync came to its end');
		is($sync->run('SELECT 1'), '1', "$name: in a session that lives on");
		$sync->end;
	}
	ok( poll_until(
			sub {
				ask(q{SELECT count(*) FROM pg_stat_activity
					WHERE backend_type = 'ngeshare sync' OR query LIKE 'CALL ngeshare_sync%' AND state = 'active'}
				) eq '0';
			}),
		"$name: no sync goes on");
	ask('CREATE EXTENSION ngeshare');
	ask(connect_local($production, 'source'));
	next_sync_is_right("$name, begun anew");
	unlike(
		slurp_file($local->logfile),
		qr/PANIC|was terminated by signal/,
		"$name: nothing crashed");
	$_->end for grep { defined } $other, $resumer;
	return;
}

# DROP EXTENSION at several moments after the start of a sync that is not held.
sub test_drop_between_steps
{
	for my $delay (map { 0.01 * $_ } 0 .. 7)
	{
		change_production();
		my $dropper = session();
		my $sync = started_sync();

		Time::HiRes::sleep($delay);
		drop_and_begin_anew(sprintf('DROP EXTENSION %.2f s after a CALL', $delay),
			$dropper, $sync, 0);
	}
	return;
}
