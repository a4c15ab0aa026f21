# Tests a full local disk in seven phases of a sync: the sync retries, logs the error and ends, the
# server keeps running, and the next sync is right. Prints one line per case.
#
# The local database is on a small file system of its own, mounted in a mount namespace of the
# server. If the operating system does not allow that, the test is skipped.
use strict;
use warnings FATAL => 'all';
use feature 'state';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'this system allows no mounts in a namespace'
  if system(
	'unshare -Urm sh -c "mount -t tmpfs none /mnt && unshare -U --map-user=1000 true" 2>/dev/null')
  != 0;

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();
my $disk = PostgreSQL::Test::Utils::tempdir;

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(400, 38, '$clock')");
move_to_small_disk();
$local->safe_psql('ngeshare', connect_local($production, 'source'));

# A first load, and a sync with changes to all users, groups and memberships. The disk is full when
# the phase begins.
full_disk_at('pull User', 'pull');
full_disk_at('merge UserHangoutGroup', 'merge');
full_disk_at('window', 'window');
settle('after a first load');
change_production();
full_disk_at('pull User', 'pull');
full_disk_at('merge UserHangoutGroup', 'merge');
full_disk_at('window', 'window');
settle('afterwards');

# Phases that write so little that they may succeed although the disk is full.
for my $place (
	'preflight',
	'verify UserHangoutGroup',
	'repair UserHangoutGroup',
	'deletes UserHangoutGroup')
{
	change_production();
	full_disk_at($place, $place =~ /(\w+)/, 1);
}
settle('at last');
$local->stop;
$production->stop;
done_testing();

# Restarts the local server with a small disk mounted for it, and creates the database there.
sub move_to_small_disk
{
	my $data = $local->data_dir;
	my $log = $local->logfile;

	$local->stop;
	append_to_file("$data/postgresql.conf", "\nmax_wal_size = '64MB'\n");
	my $start =
		"unset PGPORT; mount -t tmpfs -o size=80m,mode=0700 none '$disk' "
	  . "&& exec unshare -U --map-user=1000 --map-group=1000 "
	  . "pg_ctl -w -D '$data' -l '$log' -o --cluster-name=local start";
	system_or_bail('unshare', '-Urm', 'sh', '-c', $start);
	$local->_update_pid(1);
	$local->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk'");
	$local->safe_psql('postgres', 'CREATE DATABASE ngeshare TABLESPACE small');
	$local->safe_psql('ngeshare', 'CREATE EXTENSION ngeshare CASCADE');
	return;
}

# Changes all users, groups and memberships in production, and attendance within the window.
sub change_production
{
	state $version = 0;

	$version++;
	$production->safe_psql(
		'source', qq{
		UPDATE "User" SET email = repeat('x$version', 100), "updatedAt" = '2026-03-31 04:59';
		UPDATE "HangoutGroup" SET description = repeat('y$version', 150),
			"updatedAt" = '2026-03-31 04:59';
		UPDATE "UserHangoutGroup" SET "orderId" = NULL, "publicId" = repeat('z$version', 150),
			"updatedAt" = '2026-03-31 04:59';
		UPDATE "UserHangoutGroup" SET "publicId" = repeat('unstamped $version', 30),
			"updatedAt" = '2026-01-01'
		WHERE id IN (SELECT id FROM "UserHangoutGroup" ORDER BY md5(id || $version) LIMIT 400);
		DELETE FROM "UserHangoutGroup"
		WHERE id IN (SELECT id FROM "UserHangoutGroup" WHERE "hangoutGroupRole" = 'MEMBER'
			ORDER BY md5(id || $version) DESC LIMIT 5);
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
			WHERE "attendedAt" BETWEEN '2026-03-01' AND '2026-03-25'}
	);
	return;
}

# Holds a sync at a place, fills the disk, and resumes the sync; then frees the disk. A phase that
# writes little may succeed nevertheless, or the sync may fail in a later phase.
sub full_disk_at
{
	my ($place, $phase, $writes_little) = @_;
	my $log_before = -s $local->logfile;

	# A new session may have to write a cache file, so this one begins while the disk has room.
	my $witness = Session->start($local, 'ngeshare');
	my $before = counts($witness);
	my $said = '';
	my $sync = IPC::Run::start(
		[
			'psql', '-X', '-q', '-d',
			$local->connstr('ngeshare'),
			(   map { ('-c', "SET ngeshare.$_") } "sync_clock = '$clock'",
				"pause_at = '$place'",
				'sync_retries = 1',
				"sync_retry_base = '100ms'"),
			'-c',
			'CALL ngeshare_sync()'
		],
		'<',
		\undef,
		'>',
		\my $ignored,
		'2>',
		\$said);

	until (substr(slurp_file($local->logfile), $log_before) =~ /is held/)
	{
		sleep 0.02;
		$sync->pump_nb;
	}
	fill_disk($witness);
	$witness->run('SELECT ngeshare.resume_sync()');
	$sync->finish;
	my $outcome = outcome($witness);
	my $failed =
	  $writes_little
	  ? qr/^success$|^failed (transient 53100 \w+ \d \w+(, |$))+$/
	  : qr/^failed transient 53100 $phase 1 true, transient 53100 $phase 2 false$/;
	like($outcome, $failed, "$place: it is tried again, and logged");
	like(
		$said,
		$outcome eq 'success' ? qr/succeeded/ : qr/ERROR:  could not (extend|write)/,
		"$place: the sync says so");
	is(counts($witness), $before, "$place: no table is half written")
	  if !$writes_little && $phase ne 'window';

	# Frees the disk, as the server's user and in its mount namespace.
	$witness->run(q{COPY (SELECT 1) TO PROGRAM 'rm } . $disk . q{/ballast'});
	$witness->end;
	$local->psql(
		'ngeshare',
		"SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync(tables => '{Hangout}')",
		stderr => \$said);
	like($said, qr/succeeded/, "$place: with room again, a sync succeeds");
	diag sprintf 'case: %-46s %s', "$place, disk full", $outcome;
	return;
}

# Runs a whole sync, and compares the answers with the reference in production.
sub settle
{
	my ($when) = @_;

	like(sync_local($local, 'ngeshare', $clock), qr/succeeded/, "$when: a whole sync succeeds");
	is(join("\n", answers_differ($production, 'source', $local, 'ngeshare', $clock)),
		'', "$when: every answer is right");
	return;
}

# Fills the free space of the small disk, from within the server's mount namespace.
sub fill_disk
{
	my ($session) = @_;

	# A server built with sanitizers has LD_PRELOAD set, which dd must not inherit.
	$session->run(q{COPY (SELECT 1) TO PROGRAM 'unset LD_PRELOAD; dd if=/dev/zero bs=64k of=}
		  . $disk
		  . q{/ballast 2>/dev/null; dd if=/dev/zero bs=1k oflag=append conv=notrunc of=}
		  . $disk
		  . q{/ballast 2>/dev/null; true'});
	return;
}

# Returns how the last run ended, with its errors.
sub outcome
{
	my ($session) = @_;

	return $session->run(
		q{
		SELECT concat_ws(' ', run.status,
			string_agg(class || ' ' || sqlstate || ' ' || phase || ' ' || attempt || ' ' || will_retry, ', '
				ORDER BY error_id))
		FROM sync_run AS run LEFT JOIN sync_error_log USING (run_id) WHERE run_id = (SELECT max(run_id)
			FROM sync_run) GROUP BY run.status}
	);
}

# Returns a digest of "UserHangoutGroup", to see whether the table is half written.
sub counts
{
	my ($session) = @_;

	return $session->run(
		q{SELECT count(*) || ' ' || coalesce(sum(hashtextextended(m::text, 0)), 0)
			FROM "UserHangoutGroup" AS m}
	);
}
