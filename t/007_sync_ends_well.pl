# Tests that two syncs never run at once, and that a sync that was killed or failed is logged and
# leaves each table as it was before or after its merge, so that the next sync can continue.
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
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 41, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));

# The first sync waits to merge groups, because another session holds a lock on them.
my $holder = IPC::Run::timer(120);
my ($in, $out) = ('', '');
my $person =
  IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $local->connstr('ngeshare'), '-f', '-' ],
	'<', \$in, '>', \$out, $holder);
$in .= qq{BEGIN; LOCK TABLE "HangoutGroup" IN SHARE MODE; SELECT 'held';\n};
$person->pump until $out =~ /held/;
my $sync = start_sync();
waits_for_lock('HangoutGroup');

my $refused = errors_of('CALL ngeshare_sync()');
like($refused, qr/ERROR:  NG001: a sync is already running/, 'a second sync is refused: NG001');
like($refused, qr/DETAIL:  It is run 1\./, 'with the run that runs');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM sync_run'), '1', 'and leaves no trace');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM "User"') > 0,
	1, 'tables merged before are there already');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM "HangoutGroup"'),
	'0', 'the one that waits is as before');

# Production deletes a group after the first load has pulled it and before it is merged. This must
# not raise NG002 (too many deletions).
my $gone =
  $production->safe_psql('source', q{SELECT id FROM "HangoutGroup" ORDER BY md5(id) LIMIT 1});
$production->safe_psql(
	'source', qq{
	DELETE FROM "UserHangoutGroupAttendance" WHERE "hangoutGroupId" = '$gone';
	DELETE FROM "UserHangoutGroup" WHERE "hangoutGroupId" = '$gone';
	DELETE FROM "HangoutGroup" WHERE id = '$gone'});
is( $local->safe_psql(
		'ngeshare', qq{SELECT count(*) FROM ngeshare.stage_hangout_group WHERE id = '$gone'}),
	'1',
	'production deletes a group that was pulled');

# The waiting sync's backend is killed. The next run closes its sync_run row and continues from its
# staged rows.
my $pulled = $local->safe_psql('ngeshare', 'SELECT count(*) FROM ngeshare.stage_hangout_group');
cmp_ok($pulled, '>', 0, 'its batches are committed to staging');
$local->safe_psql(
	'ngeshare',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE query LIKE '%CALL ngeshare_sync%' AND pid <> pg_backend_pid()}
);
$sync->finish;
$in .= "COMMIT;\n\\q\n";
$person->finish;
my $said = sync_local($local, 'ngeshare', $clock);
like($said, qr/sync 2 succeeded/, 'the next sync succeeds');
is($local->safe_psql('ngeshare', qq{SELECT count(*) FROM "HangoutGroup" WHERE id = '$gone'}),
	'0', 'without the group that is gone');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT rows_pulled < source_rows FROM sync_log WHERE run_id = 2 AND table_name = 'HangoutGroup'}
	),
	't',
	'and what the killed run had staged is not pulled again');
is($local->safe_psql('ngeshare', q{SELECT status FROM sync_run WHERE run_id = 1}),
	'crashed', 'the killed run is closed as crashed');
is(scalar(answers_differ($production, 'source', $local, 'ngeshare', $clock)),
	0, 'and every answer is right');

# A cancelled sync is logged as cancelled and releases the sync's lock.
$out = $in = '';
$production->safe_psql('source',
	q{UPDATE "User" SET email = 'changed@example.com' WHERE id = (SELECT min(id) FROM "User")});
$person =
  IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $local->connstr('ngeshare'), '-f', '-' ],
	'<', \$in, '>', \$out, $holder);
$in .= qq{BEGIN; UPDATE "User" SET email = email WHERE id = (SELECT min(id) FROM "User");
  SELECT 'held';\n};
$person->pump until $out =~ /held/;
$sync = start_sync();
ok( $local->poll_query_until(
		'ngeshare',
		q{SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'}),
	'a sync waits for a row that a person has written');
$local->safe_psql(
	'ngeshare',
	q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity
		WHERE query LIKE '%CALL ngeshare_sync%' AND pid <> pg_backend_pid()}
);
$sync->finish;
is( $local->safe_psql(
		'ngeshare', q{SELECT run.status || ' ' || log.status || ' ' || sqlstate || ' ' || phase
	FROM sync_run AS run JOIN sync_log AS log USING (run_id) JOIN sync_error_log USING (run_id)
		WHERE run_id = 3}
	),
	'cancelled cancelled 57014 repair',
	'a cancelled run says so');

# A sync waits for a lock of another session until sync_timeout has passed. The hint of its error
# helps to find that session.
like(
	errors_of(
		"SET ngeshare.sync_clock = '$clock'; SET ngeshare.sync_timeout = '6s'; CALL ngeshare_sync()"
	),
	qr/ERROR:  55P03: the sync has waited 6 s for locks of other sessions \(ngeshare\.sync_timeout\)\nHINT:  SELECT pid, .*/,
	'a lock that is held for too long: 55P03');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT string_agg(table_name || ' ' || phase || ' ' || sqlstate || ' '
			|| class || ' ' || will_retry, ',')
	FROM sync_error_log WHERE run_id = 4}),
	'User repair 55P03 transient false',
	'logged once');
$in .= "COMMIT;\n\\q\n";
$person->finish;
like(sync_local($local, 'ngeshare', $clock), qr/succeeded/, 'and the next one succeeds');

# A role that may execute ngeshare_sync() needs no other privilege for a sync.
$local->safe_psql('ngeshare',
	'CREATE ROLE runner; GRANT EXECUTE ON PROCEDURE ngeshare_sync(text, text[]) TO runner');
unlike(errors_of("SET ngeshare.sync_clock = '$clock'; SET ROLE runner; CALL ngeshare_sync()"),
	qr/ERROR/, 'a role with EXECUTE on it may sync');
$local->safe_psql('ngeshare', 'DROP OWNED BY runner; DROP ROLE runner');

# While another session has locked sync_error_log, no sync begins, and a running sync that is
# cancelled still ends.
my $locker = IPC::Run::start(
	[
		'psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
		'-c', 'BEGIN; LOCK TABLE sync_error_log; SELECT pg_sleep(30)'
	],
	'<',
	\undef,
	'>',
	\my $locked,
	'2>',
	\my $unlocked);
$local->poll_query_until(
	'ngeshare',
	q{SELECT count(*) > 0 FROM pg_locks
		WHERE relation = 'sync_error_log'::regclass AND mode = 'AccessExclusiveLock'}
);
like(
	errors_of("CALL ngeshare_sync()"),
	qr/ERROR:  55P03: /,
	'where the logs are locked no sync begins: 55P03');
$local->safe_psql(
	'ngeshare',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE query LIKE '%LOCK TABLE sync_error_log%' AND pid <> pg_backend_pid()}
);
$locker->finish;
$sync = IPC::Run::start(
	[
		'psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
		'-c', q{SET ngeshare.pause_at = 'preflight'; SET ngeshare.sync_retries = 1},
		'-c', 'CALL ngeshare_sync()'
	],
	'<',
	\undef,
	'>',
	\my $ignored,
	'2>',
	\my $told);
$local->poll_query_until('ngeshare',
	q{SELECT phase = 'preflight' FROM ngeshare_sync_status() WHERE running})
  or die 'no sync is held';
$locker = IPC::Run::start(
	[
		'psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
		'-c', 'BEGIN; LOCK TABLE sync_error_log; SELECT pg_sleep(30)'
	],
	'<',
	\undef,
	'>',
	\$locked,
	'2>',
	\$unlocked);
$local->poll_query_until(
	'ngeshare',
	q{SELECT count(*) > 0 FROM pg_locks
		WHERE relation = 'sync_error_log'::regclass AND mode = 'AccessExclusiveLock'}
);
$local->safe_psql('ngeshare', 'SELECT ngeshare_sync_cancel()');
$sync->finish;
like(
	$told,
	qr/ERROR:  canceling statement due to user request/,
	'a run that can\'t write its error down ends with it');
like(
	slurp_file($local->logfile),
	qr/LOG: .*could not write down an error: canceling statement due to lock timeout/,
	'and the server\'s log says so');
$local->safe_psql(
	'ngeshare',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE query LIKE '%LOCK TABLE sync_error_log%' AND pid <> pg_backend_pid()}
);
$locker->finish;

# When production is down, the call logs the error and then raises it.
$production->stop;
like(
	errors_of('CALL ngeshare_sync()'),
	qr/ERROR:  08001: could not connect to production/,
	'production is down: 08001');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT run.status || ' ' || phase || ' ' || sqlstate || ' '
			|| class || ' ' || attempt || ' ' || will_retry
	FROM sync_run AS run JOIN sync_error_log USING (run_id) ORDER BY run_id DESC, error_id LIMIT 4}),
	join("\n", map { "failed preflight 08001 transient $_ " . ($_ < 4 ? 'true' : 'false') } 1 .. 4),
	'and each of four attempts is logged with its class');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT max(occurred_at) - min(occurred_at) BETWEEN interval '5 seconds'
			AND interval '9.5 seconds'
	FROM sync_error_log WHERE run_id = (SELECT max(run_id) FROM sync_run)}),
	't',
	'a second, two and four apart, give or take a quarter');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT count(*) FROM sync_error_log WHERE message || coalesce(detail, '') LIKE '%secret%'}
	),
	'0',
	'without a password');
$production->start;
like(
	sync_local($local, 'ngeshare', $clock),
	qr/succeeded: Nothing changed/,
	'when it is back, the next sync succeeds');

# Calls of ngeshare_sync() that are refused.
like(
	errors_of('BEGIN; CALL ngeshare_sync(); COMMIT;'),
	qr/ERROR:  25001: /,
	'inside a transaction block: 25001');
like(
	errors_of(
		'DO $$ BEGIN BEGIN CALL ngeshare_sync(); EXCEPTION WHEN division_by_zero THEN NULL; END; END $$'
	),
	qr/ERROR:  25001: /,
	'inside a block with an exception handler: 25001');
like(
	errors_of(q{CALL ngeshare_sync('rückwärts')}),
	qr/ERROR:  22023: unknown mode "rückwärts"/,
	'an unknown mode: 22023');
like(
	errors_of(q{CALL ngeshare_sync('full', '{User,Nobody}')}),
	qr/ERROR:  22023: unknown table "Nobody"/,
	'an unknown table: 22023');

# A sync of some tables only.
$local->psql(
	'ngeshare',
	qq{SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync(tables => '{Hangout,User}')},
	stderr => \my $notices);
like($notices, qr/User: .*\n.*Hangout: .*\n.*succeeded/, 'named tables are synced in their order');
is( $local->safe_psql(
		'ngeshare',
		'SELECT count(*) || \' \' || count(window_start) FROM sync_log JOIN sync_run USING (run_id)
			WHERE run_id = (SELECT max(run_id) FROM sync_run)'
	),
	'2 0',
	'and no others');

# After ngeshare.timezone was changed, answers and incremental syncs are refused until a full sync
# has rebuilt the history in the new zone.
$local->safe_psql('postgres',
	q{ALTER DATABASE ngeshare SET ngeshare.timezone = 'America/New_York'});
like(
	errors_of('SELECT * FROM v_group_status'),
	qr/ERROR:  55000: the history is kept in time zone "Asia\/Jakarta"/,
	'answers in another zone: 55000');
like(
	errors_of('CALL ngeshare_sync()'),
	qr/ERROR:  55000: .*\nHINT:  CALL ngeshare_sync\('full'\)/,
	'an incremental sync too, with the way out');
sync_local($local, 'ngeshare', $clock, 'full');
$production->safe_psql('source', q{UPDATE reference.setting SET timezone = 'America/New_York'});
for my $as_of ($clock, '2026-03-08 03:00:00-04', '2025-11-02 01:30:00-05')
{
	my @different = answers_differ($production, 'source', $local, 'ngeshare', $as_of);
	is(scalar @different, 0, "in the new zone, with daylight saving, as of $as_of: no row differs")
	  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
}
sync_local($local, 'ngeshare', '2026-04-20 12:00:00+07');
is(scalar(answers_differ($production, 'source', $local, 'ngeshare', $clock)),
	0, 'and the window moves on in it');

# A parent row with an old updatedAt is pulled together with its child.
$local->safe_psql('postgres', q{ALTER DATABASE ngeshare RESET ngeshare.timezone});
sync_local($local, 'ngeshare', '2026-04-20 12:00:00+07', 'full');
$production->safe_psql(
	'source', q{
	INSERT INTO "User" (id, "createdAt", "updatedAt")
		VALUES ('late parent', '2020-01-01', '2020-01-01');
	INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
		"hangoutGroupRole", "hangoutGroupId", "userId")
	SELECT 'early child', '2026-04-20 05:00', '2026-04-20 05:00', '2026-04-20 05:00', 's', 'MEMBER',
		min(id), 'late parent' FROM "HangoutGroup"}
);
$said = sync_local($local, 'ngeshare', '2026-04-21 12:00:00+07', undef, 'UserHangoutGroup');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT count(*) FROM "UserHangoutGroup" AS child
			JOIN "User" AS parent ON parent.id = child."userId"
	WHERE child.id = 'early child'}),
	'1',
	'a parent is fetched by its id where its table was not synced');
like($said, qr/succeeded/, 'and nothing waits');

# A row without a parent in production is quarantined, and mirrored once it has one.
$production->safe_psql(
	'source', q{
	ALTER TABLE "UserHangoutGroup" DROP CONSTRAINT "UserHangoutGroup_userId_fkey";
	INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
		"hangoutGroupRole", "hangoutGroupId", "userId")
	SELECT 'orphan', '2026-04-20 05:00', '2026-04-20 05:00', '2026-04-20 05:00', 's', 'MEMBER',
		min(id), 'nobody' FROM "HangoutGroup"}
);
for my $mode ('incremental', 'incremental', 'full')
{
	$said = sync_local($local, 'ngeshare', '2026-04-21 12:30:00+07', $mode);
	like(
		$said,
		qr/WARNING:  sync \d+ ended with a warning: .*1 row\(s\) of "UserHangoutGroup" wait in quarantine/,
		"a child without its parent is reported ($mode)");
	is( $local->safe_psql('ngeshare', q{SELECT row_id || ': ' || reason FROM ngeshare.quarantine}),
		q{orphan: userId 'nobody' has no row in User},
		'and waits in quarantine with its reason');
}
is($local->safe_psql('ngeshare', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
	't', 'what waits counts as having come');
$production->safe_psql('source',
	q{INSERT INTO "User" (id, "createdAt", "updatedAt") VALUES ('nobody', '2020-01-01', '2020-01-01')}
);
$said = sync_local($local, 'ngeshare', '2026-04-21 13:00:00+07');
like($said, qr/succeeded/, 'when the parent has come, so has the child');
is($local->safe_psql('ngeshare', q{SELECT count(*) FROM "UserHangoutGroup" WHERE id = 'orphan'}),
	'1', 'it is in the mirror');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM ngeshare.quarantine'),
	'0', 'and no longer in quarantine');

# A cancelled run has pulled a group that production deletes before the next run. The next run
# merges the pulled group, because other groups have changed, and then deletes it.
$production->safe_psql(
	'source', q{
	INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
	SELECT 'brief', '2026-04-21 06:10', '2026-04-21 06:10', 'Brief', 'ANY', min(id) FROM "Hangout"}
);
my $log_before = -s $local->logfile;
my $cancelled = Session->start(
	$local, 'ngeshare',
	q{ngeshare.sync_clock = '2026-04-21 13:30:00+07'},
	q{ngeshare.pause_at = 'merge HangoutGroup'});
$cancelled->tell('CALL ngeshare_sync()');
ok(poll_until(sub { substr(slurp_file($local->logfile), $log_before) =~ /is held/ }),
	'a run has pulled a new group');
$local->safe_psql('ngeshare', 'SELECT ngeshare_sync_cancel()');
$cancelled->wait;
like($cancelled->errors, qr/^ERROR:  57014: /m, 'and is cancelled before it merges it');
$cancelled->end;
is( $local->safe_psql(
		'ngeshare', q{SELECT count(*) FROM ngeshare.stage_hangout_group WHERE id = 'brief'}),
	'1',
	'the group waits in staging');
$production->safe_psql(
	'source', q{
	DELETE FROM "HangoutGroup" WHERE id = 'brief';
	UPDATE "HangoutGroup" SET name = name || '.', "updatedAt" = '2026-04-21 06:20'
	WHERE id IN (SELECT id FROM "HangoutGroup" ORDER BY id LIMIT 3)}
);
like(sync_local($local, 'ngeshare', '2026-04-21 13:40:00+07'), qr/succeeded/, 'the next succeeds');
is($local->safe_psql('ngeshare', q{SELECT count(*) FROM "HangoutGroup" WHERE id = 'brief'}),
	'0', 'and the group that production has deleted is not in the mirror');
is($local->safe_psql('ngeshare', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
	't', 'every row is production\'s');

# An infinite timestamp, which has no local day, does not stop the sync of a table.
$production->safe_psql(
	'source', q{UPDATE "HangoutGroup" SET "startDate" = 'infinity', "updatedAt" = '2026-04-21 06:00'
	WHERE id = (SELECT max(id) FROM "HangoutGroup")});
$said = sync_local($local, 'ngeshare', '2026-04-21 14:00:00+07');
like(
	$said,
	qr/1 row\(s\) of "HangoutGroup" wait in quarantine/,
	'nor does a timestamp without a local day stop a table');

$production->stop;
$local->stop;
done_testing();

sub start_sync
{
	return IPC::Run::start(
		[
			'psql', '-X',
			'-q', '-d',
			$local->connstr('ngeshare'), '-c',
			"SET ngeshare.sync_clock = '$clock'", '-c',
			'CALL ngeshare_sync()'
		],
		'<',
		\undef,
		'>',
		\my $ignored,
		'2>',
		\my $said);
}

sub waits_for_lock
{
	my ($table) = @_;
	ok( $local->poll_query_until(
			'ngeshare',
			qq{SELECT count(*) > 0 FROM pg_locks
				WHERE NOT granted AND relation = 'public."$table"'::regclass}
		),
		"a sync waits for $table");
	return;
}

sub errors_of
{
	my ($statement) = @_;
	return psql_errors($local, 'ngeshare', $statement);
}
