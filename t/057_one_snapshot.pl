# Tests that answers read only the snapshot, and see it as it was before or after a sync, never in
# between.
#
# 1. Another session holds ACCESS EXCLUSIVE locks on the six tables, the stale keys and the
#    past: every answer succeeds.
# 2. While a sync is held before or after the work of a phase, with all locks of that work, all
#    views together equal those at the end of the last sync; also after a cancel or a crash at that
#    point. This is tested through SQL in one transaction, and through the API.
# 3. Syncs run one after the other while production changes: everything that a reader sees equals
#    the answers at the end of one of the syncs, and these equal the reference.
# 4. Attendance that is inserted by hand and dated before the window changes no answer.
# 5. A sync and a refresh by hand never overlap.
#
# NGESHARE_TEST_SEED changes the seed, and NGESHARE_TEST_LOOKS the least number of reads in part 3.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;
use Website;

my $seed = $ENV{NGESHARE_TEST_SEED} // 57;
my $looks = $ENV{NGESHARE_TEST_LOOKS} // 500;
my $day = 0;
my $change = 0;

# Views that do not read the snapshot alone: they may be ahead of it or depend on the running sync.
my $LIVE =
  qr/^(?:public\.)?v_(?:data_quality|sync_health)$|^api\.(?:data_quality|freshness|sync_\w+)$/;

# Views that also depend on the transaction's own clock.
my $CLOCK = qr/^api\.(?:basis|home|home_before)$/;

my ($production, $local) = start_servers();
prepare();
my @answers = grep { !/$LIVE/ } split /\n/, here(
	q{SELECT oid::regclass FROM pg_class
	WHERE relkind = 'v' AND (relnamespace = 'api'::regnamespace
		OR relnamespace = 'public'::regnamespace AND relname LIKE 'v\_%') ORDER BY 1});
cmp_ok(scalar @answers, '>', 35, scalar(@answers) . ' views are answers');
make_fingerprint();
make_roles($local);
start_website($local, 'ngeshare_operator');

# 1. Locks.
my $locks = Session->start($local, 'ngeshare');
$locks->run(
	q{BEGIN; LOCK TABLE "User", "Hangout", "HangoutEpisode", "HangoutGroup", "UserHangoutGroup",
	"UserHangoutGroupAttendance", ngeshare.stale_key, ngeshare.meeting_past IN ACCESS EXCLUSIVE MODE});
for my $answer (@answers, functions())
{
	my $said =
	  psql_errors($local, 'ngeshare', "SET lock_timeout = '100ms'; SELECT count(*) FROM $answer;");

	is($said, '', "$answer waits for no lock");
}
$locks->end;

# 2. Each phase of a run, before its work and after it.
my @phases = ('preflight', 'compare', 'pull', 'merge', 'window', 'verify', 'deletes', 'refresh');
for my $place (map { ($_, "after $_") } @phases)
{
	for my $end ('goes on', 'is cancelled', 'crashes')
	{
		change_production();
		my $before = fingerprint();
		my $files = api_answers();
		my $run = hold_sync($place);

		next unless defined $run;
		is(fingerprint(), $before, "$place: all views are those of the last sync");
		is_deeply(api_answers(), $files, "$place: so are the API's") if $end eq 'goes on';
		finish_sync($end);

		# A run that goes on may have refreshed: its last transaction refreshes and closes the run.
		is(fingerprint(), $before, "$place, $end: and still are") unless $end eq 'goes on';
	}
}
sync_local($local, 'ngeshare', clock());
is(join("\n", answers_differ($production, 'source', $local, 'ngeshare', clock())),
	'', 'then no answer differs');

# 3. Syncs one after the other.
my %seen_at = (fingerprint() => 'before the first sync');
my %api_at;
remember_api();
my @readers = map { start_reader($_) } 1 .. 2;
my $done = 0;
my $syncs = 0;
my %api_wrong;

while ($done < $looks || $syncs < 12)
{
	change_production();
	my $sync = Session->start($local, 'ngeshare', "ngeshare.sync_clock = '" . next_clock() . "'");
	$sync->tell('CALL ngeshare_sync(' . ($syncs % 4 == 3 ? q{'full'} : '') . ')');
	look_through_api() while !$sync->is_done;
	$sync->wait;
	$sync->end;
	$syncs++;

	# Nothing writes between two syncs, so this is the state that the sync has left.
	$seen_at{ fingerprint() } = "sync $syncs";
	remember_api();
	is(join("\n", answers_differ($production, 'source', $local, 'ngeshare', clock())),
		'', "sync $syncs: no answer differs")
	  if $syncs % 4 == 0;
	$done = here('SELECT count(*) FROM test.look');
	last if $syncs >= 200;
}
stop_reader($_) for @readers;
check_api();
my @looked = split /\n/, here('SELECT seen FROM test.look');
my @strange = grep { !exists $seen_at{$_} } @looked;
cmp_ok(scalar @looked, '>=', $looks, scalar(@looked) . " looks while $syncs syncs ran");
is(scalar @strange, 0, 'each look saw the answers of one of the syncs\' ends');
cmp_ok(scalar(keys %seen_at), '>', 10, scalar(keys %seen_at) . ' different states');
cmp_ok(here('SELECT count(DISTINCT seen) FROM test.look'),
	'>', 5, 'and several of them were looked at');

# 4. Attendance that is inserted by hand and dated before the window does not count, and the next
# sync deletes it.
my $quiet = fingerprint();
here(
	q{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
		"userId")
	SELECT 'by hand', '2025-06-01', min("hangoutEpisodeId"), min("hangoutGroupId"), min("userId")
	FROM "UserHangoutGroupAttendance"});
here('SELECT ngeshare_refresh()');
is(fingerprint(), $quiet, 'attendance by hand before the window changes no answer');
is( here(
		q{SET ngeshare.link_days = 5; SET ngeshare.link_early_days = 0;
	BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT test.fingerprint(); COMMIT}),
	$quiet,
	'nor do link settings before a refresh');
sync_local($local, 'ngeshare', clock());
is(here(q{SELECT count(*) FROM "UserHangoutGroupAttendance" WHERE id = 'by hand'}),
	'0', 'and a sync that finds nothing new removes it');

# 5. A sync and a refresh by hand never overlap: the sync waits briefly and is then refused.
my $refreshing = Session->start($local, 'ngeshare');
my $syncing = Session->start($local, 'ngeshare', "ngeshare.sync_clock = '" . clock() . "'");
$refreshing->run('BEGIN; SELECT ngeshare_refresh()');
$syncing->tell('CALL ngeshare_sync()');
select undef, undef, undef, 0.3;
ok(!$syncing->is_done, 'a sync waits for a refresh');
is(here('SELECT running FROM ngeshare_sync_status()'), 'f', 'which is not taken for a sync');
$refreshing->run('COMMIT');
$syncing->wait;
is($syncing->errors, '', 'and then it succeeds');
$refreshing->run('BEGIN; SELECT ngeshare_refresh()');
$syncing->run('CALL ngeshare_sync()');
like(
	$syncing->errors,
	qr/^ERROR:  NG001: another session keeps syncs from starting/,
	'one that stays open is not waited for: NG001');
$_->end for $refreshing, $syncing;

stop_program($_) for qw(nginx postgrest);
$production->stop;
$local->stop;
done_testing();

sub prepare
{
	$local->append_conf('postgresql.conf', 'restart_after_crash = on');
	$local->restart;
	new_production($production, 'source');
	$production->safe_psql('source', "SELECT demo.generate(60, $seed, '" . clock() . "')");
	new_local($local, 'ngeshare');
	$local->safe_psql('postgres', "ALTER DATABASE ngeshare SET $_")
	  for 'ngeshare.sync_max_delete_pct = 50', 'ngeshare.sync_retries = 1',
	  q{ngeshare.sync_retry_base = '50ms'};
	here(connect_local($production, 'source'));
	sync_local($local, 'ngeshare', clock());
	return;
}

sub here       { return $local->safe_psql('ngeshare', $_[0]); }
sub clock      { return sprintf '2026-03-10 %02d:%02d:00+07', 6 + $day / 60, $day % 60; }
sub next_clock { $day++; return clock(); }

# Returns calls of the functions that answer, each with a suitable argument.
sub functions
{
	return (
		'ngeshare_group_status()',
		'ngeshare_pipeline()',
		'ngeshare_funnel()',
		'ngeshare_explain_group((SELECT min(group_id) FROM v_group_status))',
		'ngeshare_member_journey((SELECT min(user_id) FROM v_member_journey))');
}

# Creates a function that returns one text for the views that do not depend on the clock: the sum of
# each view's row hashes, as of snapshot_state.known_until.
sub make_fingerprint
{
	my $parts = join ', ', map {
		my $view = $_;
		$view =~ /$CLOCK/
		  ? ()
		  : qq{coalesce((SELECT sum(hashtextextended(row_to_json(answer)::text, 0))
		  	FROM $view AS answer), 0)}
	} @answers;

	here(
		qq{CREATE SCHEMA test;
		CREATE TABLE test.look (seen text, at timestamptz DEFAULT clock_timestamp());
		CREATE FUNCTION test.fingerprint() RETURNS text LANGUAGE plpgsql SET jit = off AS \$\$
		BEGIN
			PERFORM set_config('ngeshare.as_of', known_until::text, true) FROM ngeshare.snapshot_state;
			RETURN (SELECT known_until || ' ' || concat_ws(' ', $parts) FROM ngeshare.snapshot_state);
		END
		\$\$});
	return;
}

# Returns the text of test.fingerprint(), taken in one repeatable-read transaction.
sub fingerprint
{
	return here('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT test.fingerprint(); COMMIT');
}

# Starts a session that takes the fingerprint again and again, each time in one transaction, and
# records it.
sub start_reader
{
	my $session =
	  Session->start($local, 'ngeshare', q{default_transaction_isolation = 'repeatable read'});

	return $session->tell(
		q{
		DO $$
		BEGIN
			LOOP
				INSERT INTO test.look (seen) VALUES (test.fingerprint());
				COMMIT;
				EXIT WHEN EXISTS (SELECT FROM pg_class WHERE relname = 'stop_looking');
				COMMIT;
			END LOOP;
		END
		$$});
}

sub stop_reader
{
	my ($reader) = @_;

	here('CREATE TABLE IF NOT EXISTS test.stop_looking ()');
	$reader->wait;
	is($reader->errors, '', 'the reader got no error');
	$reader->end;
	return;
}

# Makes the changes of one round, in all six tables.
sub change_production
{
	$change++;
	$production->safe_psql(
		'source', qq{
		UPDATE "User" SET email = 'changed-$change-' || id, "updatedAt" = '2026-03-09 04:00'
		WHERE id IN (SELECT id FROM "User" ORDER BY md5(id || $change) LIMIT 2);
		UPDATE "Hangout" SET description = 'change $change', "updatedAt" = '2026-03-09 04:00'
		WHERE id = (SELECT id FROM "Hangout" ORDER BY md5(id || $change) LIMIT 1);
		UPDATE "HangoutEpisode" SET name = 'change $change', "updatedAt" = '2026-03-09 04:00'
		WHERE id = (SELECT id FROM "HangoutEpisode" ORDER BY md5(id || $change) LIMIT 1);
		UPDATE "HangoutGroup" SET name = 'change $change ' || id
		WHERE id IN (SELECT id FROM "HangoutGroup" ORDER BY md5(id || $change) LIMIT 2);
		UPDATE "UserHangoutGroup" SET "joinedAt" = "joinedAt" - interval '1 minute'
		WHERE id IN (SELECT id FROM "UserHangoutGroup" ORDER BY md5(id || $change) LIMIT 2);
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 hour'
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" WHERE "attendedAt" < '2026-03-08'
			ORDER BY md5(id || $change) LIMIT 3);
		DELETE FROM "UserHangoutGroupAttendance"
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance"
			ORDER BY md5(id || $change) DESC LIMIT 1)}
	);
	return;
}

my ($held, $said);

# Starts a sync that is held at a place; returns undef if the run does not reach that place.
sub hold_sync
{
	my ($place) = @_;
	my $from = -s $local->logfile;
	my $is_held;

	$said = '';
	$held = IPC::Run::start(
		[
			'psql', '-X',
			'-q', '-d',
			$local->connstr('ngeshare'), '-c',
			"SET ngeshare.pause_at = '$place'", '-c',
			"SET ngeshare.sync_clock = '" . next_clock() . "'", '-c',
			q{SET application_name = 'the sync'}, '-c',
			'CALL ngeshare_sync()'
		],
		'<',
		\undef,
		'>',
		\my $ignored,
		'2>',
		\$said);
	poll_until(
		sub {
			$is_held = substr(slurp_file($local->logfile), $from) =~ /sync \d+ is held/;
			return $is_held || !$held->pumpable;
		});
	return 1 if $is_held;
	$held->finish;
	fail("no sync is held at $place: $said");
	return;
}

# Resumes the held sync, cancels it, or kills its process.
sub finish_sync
{
	my ($end) = @_;
	my $pid = q{(SELECT pid FROM pg_stat_activity WHERE application_name = 'the sync')};

	here('SELECT ngeshare.resume_sync()') if $end eq 'goes on';
	here("SELECT pg_cancel_backend($pid)") if $end eq 'is cancelled';
	kill 'KILL', here("SELECT pid FROM pg_stat_activity WHERE application_name = 'the sync'")
	  if $end eq 'crashes';
	eval { $held->finish };
	poll_until(
		sub {
			my ($status) = eval { $local->psql('ngeshare', 'SELECT 1') };
			return defined $status && $status == 0;
		}) or die 'the server does not come back';
	if ($end eq 'crashes')
	{
		wait_until('the API is back', sub { get('/api/freshness')->{status} == 200 });
	}
	return;
}

# Returns the answers of the API by name, each from a request of its own.
sub api_answers
{
	my %answer;

	for my $name (map { /^api\.(\w+)$/ && !/$CLOCK/ ? $1 : () } @answers)
	{
		my $got = get("/api/$name");
		$answer{$name} = $got->{status} == 200 ? $got->{content} : "status $got->{status}";
	}
	return \%answer;
}

my @api_looks;

# Records the API's answers at the end of a sync.
sub remember_api
{
	my $now = api_answers();

	$api_at{$_}{ $now->{$_} } = 1 for keys %$now;
	return;
}

# Requests one answer and records it, while a sync runs.
sub look_through_api
{
	my @names = sort keys %api_at;
	my $name = $names[ @api_looks % @names ];

	push @api_looks, [ $name, get("/api/$name")->{content} ];
	return;
}

sub check_api
{
	my @wrong = grep { !$api_at{ $_->[0] }{ $_->[1] } } @api_looks;

	cmp_ok(scalar @api_looks,
		'>', 100, scalar(@api_looks) . ' single requests of the API meanwhile');
	is(scalar @wrong, 0, 'each had the rows of one of the syncs\' ends')
	  or diag join ', ', map { $_->[0] } @wrong;
	return;
}
