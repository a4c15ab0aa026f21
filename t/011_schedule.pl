# Tests the scheduled sync: pg_cron really runs it, and sync_run records cron as its trigger.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Session;
use Test::More;

needs_pg_cron();
my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(50, 61, now())});
$local->append_conf(
	'postgresql.conf', join "\n",
	"shared_preload_libraries = 'pg_cron'",
	"cron.database_name = 'ngeshare'",
	q{cron.host = '} . $local->host . q{'}, '');
new_local($local, 'ngeshare');
$local->restart;
$local->safe_psql('ngeshare', 'CREATE EXTENSION pg_cron');
$local->safe_psql('ngeshare', connect_local($production, 'source'));

# However often a sync is scheduled, there is exactly one job for the CALL and one for
# ngeshare.watch().
$local->safe_psql('ngeshare', q{SELECT ngeshare_schedule('*/30 * * * *')});
my $job = $local->safe_psql('ngeshare', q{SELECT ngeshare_schedule('* * * * *')});
is( $local->safe_psql(
		'ngeshare', 'SELECT schedule, command, active FROM cron.job ORDER BY jobname'),
	"* * * * *|CALL public.ngeshare_sync('incremental'::pg_catalog.text, "
	  . "NULL::pg_catalog.text[])|t\n*/5 * * * *|SELECT ngeshare.watch()|t",
	'it is one job of one CALL, and one that watches it; the last schedule counts');
is($local->safe_psql('ngeshare', "SELECT jobname FROM cron.job WHERE jobid = $job"),
	'ngeshare_sync', 'whose id it returns');
my ($status, $output, $errors) = $local->psql('ngeshare', q{SELECT ngeshare_schedule('sometimes')});
like($errors, qr/invalid schedule: sometimes/, 'a schedule that pg_cron cannot read is refused');
is( $local->safe_psql(
		'ngeshare', 'SELECT string_agg(schedule, \',\' ORDER BY jobname) FROM cron.job'),
	'* * * * *,*/5 * * * *',
	'and changes nothing');

# The job runs within a minute.
ok( $local->poll_query_until(
		'ngeshare', q{SELECT count(*) > 0 FROM sync_run WHERE status <> 'running'}),
	'within a minute it has run');
is( $local->safe_psql(
		'ngeshare', 'SELECT trigger, mode, status FROM sync_run ORDER BY run_id LIMIT 1'),
	'cron|incremental|success',
	'its run is in sync_run, with trigger cron');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM "HangoutGroup"'),
	'50', 'and it brought the groups');
ok( $local->poll_query_until(
		'ngeshare', q{SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'succeeded'}),
	'pg_cron says so too');

# ngeshare.watch() deletes only these rows from pg_cron's log: runs of the extension's commands in
# this database, by the user who calls it, that ended more than a week ago.
$local->safe_psql(
	'ngeshare',
	q{INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, start_time,
		end_time)
	SELECT 77, 1000 + row_number() OVER (), database, username, command, 'succeeded', now() - age, CASE
		WHEN ended THEN now() - age END
	FROM (VALUES ('ngeshare'), ('postgres')) AS at (database)
	CROSS JOIN (VALUES (current_user), ('somebody')) AS of (username)
	CROSS JOIN (VALUES ('CALL public.ngeshare_sync()'), ('SELECT ngeshare.watch()'),
		('VACUUM')) AS doing (command)
	CROSS JOIN (VALUES (interval '6 days 23 hours', true), ('7 days 1 hour', true), ('90 days', true),
		('90 days', false)) AS long (age, ended)}
);
my $old =
  q{database || ' ' || (username = current_user) || ' ' || command || ' ' || date_trunc('hour',
  	now() - start_time)
	|| CASE WHEN end_time IS NULL THEN ' open' ELSE '' END};
my @before = split /\n/,
  $local->safe_psql('ngeshare',
	"SELECT $old FROM cron.job_run_details WHERE jobid = 77 ORDER BY runid");
is(scalar @before, 48, 'pg_cron has logged runs of long ago');
$local->safe_psql('ngeshare', 'SELECT ngeshare.watch()');
my %after = map { $_ => 1 } split /\n/,
  $local->safe_psql('ngeshare', "SELECT $old FROM cron.job_run_details WHERE jobid = 77");
is_deeply(
	[ sort grep { !$after{$_} } @before ],
	[
		map {
			my $command = $_;
			map { "ngeshare true $command $_" } '7 days 01:00:00', '90 days'
		} 'CALL public.ngeshare_sync()',
		'SELECT ngeshare.watch()'
	],
	'of these the watch deletes our own that ended more than a week ago');
$local->safe_psql(
	'ngeshare',
	q{CREATE ROLE keeper LOGIN; GRANT USAGE ON SCHEMA ngeshare TO keeper;
	GRANT EXECUTE ON FUNCTION ngeshare.watch() TO keeper;
	UPDATE cron.job_run_details SET username = 'keeper', end_time = now() - interval '8 days'
		WHERE jobid = 77 AND username = 'somebody'}
);
$local->safe_psql('ngeshare', q{SET SESSION AUTHORIZATION keeper; SELECT ngeshare.watch()});
is( $local->safe_psql(
		'ngeshare',
		q{SELECT database, command, count(*) FROM cron.job_run_details WHERE username = 'keeper'
			GROUP BY 1, 2 ORDER BY 1, 2}
	),
	join("\n",
		'ngeshare|VACUUM|4', map { "postgres|$_|4" } 'CALL public.ngeshare_sync()',
		'SELECT ngeshare.watch()', 'VACUUM'),
	'and of another user who schedules it, that user\'s');
my $locker = Session->start($local, 'ngeshare');
$locker->run('BEGIN; LOCK TABLE cron.job_run_details IN ACCESS EXCLUSIVE MODE');
my (undef, undef, $warned) = $local->psql('ngeshare', 'SELECT ngeshare.watch()');
like(
	$warned,
	qr/WARNING:  pg_cron's log of ended jobs could not be pruned: canceling statement due to lock timeout/,
	'a log that is locked costs the pruning only');
$locker->run('ROLLBACK');
$locker->end;

is($local->safe_psql('ngeshare', 'SELECT ngeshare_unschedule()'), 't', 'both can be taken back');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM cron.job'), '0', 'then there is no job');
is($local->safe_psql('ngeshare', 'SELECT ngeshare_unschedule()'),
	'f', 'and nothing more to take back');

# A plain DROP EXTENSION works also while a sync is scheduled.
$local->safe_psql('ngeshare', q{SELECT ngeshare_schedule('@hourly')});
$local->safe_psql('ngeshare', 'DROP EXTENSION ngeshare');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM cron.job'),
	'2', 'pg_cron keeps the jobs of a dropped extension: unschedule first');

$production->stop;
$local->stop;
done_testing();
