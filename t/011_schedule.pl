# The scheduled sync: pg_cron calls it for real, and its run says so.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

needs_pg_cron();
my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(50, 61, now())});
$local->append_conf('postgresql.conf', join "\n", "shared_preload_libraries = 'pg_cron'",
	"cron.database_name = 'ngeshare'", q{cron.host = '} . $local->host . q{'}, '');
new_local($local, 'ngeshare');
$local->restart;
$local->safe_psql('ngeshare', 'CREATE EXTENSION pg_cron');
$local->safe_psql('ngeshare', connect_local($production, 'source'));

# Exactly one CALL and one watch, however often it is scheduled.
$local->safe_psql('ngeshare', q{SELECT ngeshare_schedule('*/30 * * * *')});
my $job = $local->safe_psql('ngeshare', q{SELECT ngeshare_schedule('* * * * *')});
is($local->safe_psql('ngeshare', 'SELECT schedule, command, active FROM cron.job ORDER BY jobname'),
	"* * * * *|CALL public.ngeshare_sync('incremental'::pg_catalog.text, NULL::pg_catalog.text[])|t\n*/5 * * * *|SELECT ngeshare.watch()|t",
	'it is one job of one CALL, and one that watches it; the last schedule counts');
is($local->safe_psql('ngeshare', "SELECT jobname FROM cron.job WHERE jobid = $job"), 'ngeshare_sync', 'whose id it returns');
my ($status, $output, $errors) = $local->psql('ngeshare', q{SELECT ngeshare_schedule('sometimes')});
like($errors, qr/invalid schedule: sometimes/, 'a schedule that pg_cron cannot read is refused');
is($local->safe_psql('ngeshare', 'SELECT string_agg(schedule, \',\' ORDER BY jobname) FROM cron.job'), '* * * * *,*/5 * * * *', 'and changes nothing');

# Within a minute it has run.
ok($local->poll_query_until('ngeshare', q{SELECT count(*) > 0 FROM sync_run WHERE status <> 'running'}), 'within a minute it has run');
is($local->safe_psql('ngeshare', 'SELECT trigger, mode, status FROM sync_run ORDER BY run_id LIMIT 1'), 'cron|incremental|success',
	'its run is in sync_run, with trigger cron');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM "HangoutGroup"'), '50', 'and it brought the groups');
ok($local->poll_query_until('ngeshare', q{SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'succeeded'}), 'pg_cron says so too');

is($local->safe_psql('ngeshare', 'SELECT ngeshare_unschedule()'), 't', 'both can be taken back');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM cron.job'), '0', 'then there is no job');
is($local->safe_psql('ngeshare', 'SELECT ngeshare_unschedule()'), 'f', 'and nothing more to take back');

# Scheduled or not, the extension goes as plainly as ever.
$local->safe_psql('ngeshare', q{SELECT ngeshare_schedule('@hourly')});
$local->safe_psql('ngeshare', 'DROP EXTENSION ngeshare');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM cron.job'), '2', 'pg_cron keeps the jobs of a dropped extension: unschedule first');

$production->stop;
$local->stop;
done_testing();
