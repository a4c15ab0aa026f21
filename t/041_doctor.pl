# Tests ngeshare_doctor() with two servers: faults are really made, found with a hint, and repaired,
# often by the statement in the hint.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

needs_pg_cron();
my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(40, 41, now())});
$production->safe_psql('source', 'DROP SCHEMA reference, demo CASCADE');
$local->append_conf(
	'postgresql.conf', join "\n",
	"shared_preload_libraries = 'pg_cron'",
	"cron.database_name = 'ngeshare'",
	q{cron.host = '} . $local->host . q{'}, '');
new_local($local, 'ngeshare');
new_local($local, 'elsewhere');
$local->restart;
is( $local->safe_psql(
		'ngeshare', q{SELECT status FROM ngeshare_doctor() WHERE check_name = 'connection'}),
	'error',
	'before ngeshare_connect() the doctor says so');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
$local->safe_psql('elsewhere', connect_local($production, 'source'));

# Returns the doctor's rows: check, status, detail and hint.
sub doctor
{
	my ($database) = @_;
	my $output = $local->safe_psql(
		$database // 'ngeshare', q{
		SELECT concat_ws(E'\x1f', check_name, status, detail, coalesce(hint, '')) || E'\x1e'
			FROM ngeshare_doctor()}
	);

	return map { [ split /\x1f/, $_, -1 ] } split /\x1e\n?/, $output;
}

# Tests that the doctor has a row with this check, status, detail and hint; returns the hint.
sub finds
{
	my ($check, $status, $detail, $hint, $name) = @_;
	my @found = grep { $_->[0] eq $check } doctor();
	my ($match) = grep { $_->[1] eq $status && $_->[2] =~ $detail && $_->[3] =~ $hint } @found;

	ok($match, "$check: $name") or diag(join "\n", map { join ' | ', @$_ } @found);
	return $match ? $match->[3] : '';
}

# Tests that all checks are ok except the named ones.
sub only_finds
{
	my ($name, @checks) = @_;
	my @rows = doctor();
	my @bad = grep { $_->[1] ne 'ok' } @rows;
	my %seen = map { $_->[0] => 1 } @bad;

	is(join(' ', sort keys %seen), join(' ', sort @checks), $name)
	  or diag(join "\n", map { join ' | ', @$_ } @bad);
	return;
}

# Returns the statements for production that the hints of a check contain.
sub statements_of
{
	my ($check) = @_;

	return join "\n",
	  map { $_->[3] =~ /^On production: (.*;)$/ ? $1 : die "no statement in: $_->[3]" }
	  grep { $_->[0] eq $check && $_->[1] ne 'ok' } doctor();
}

sub here  { return $local->safe_psql('ngeshare', $_[0]) }
sub there { return $production->safe_psql('source', $_[0]) }

# A new connection: never synced, nothing scheduled, a login with the minimal privileges.
only_finds('a new connection wants these',
	qw(index_for_pulls pg_read_all_stats pg_cron schedule last_sync alert_address));
finds('production_version', 'ok', qr/^Production runs PostgreSQL \d/, qr/^$/, 'ok, and says which');
finds('clock_offset', 'ok', qr/^Production's clock is 0\.\d s (ahead of|behind) this one/,
	qr/^$/, 'ok, and says how much');
finds(
	'last_sync', 'warning',
	qr/^No sync of all six tables has succeeded yet/,
	qr/^CALL ngeshare_sync\(\);$/, 'never');
finds('alert_address', 'warning', qr/nobody is told/, qr/ngeshare\.alert_url/, 'nobody is told');
finds(
	'pg_cron', 'warning',
	qr/^pg_cron is loaded for this database, but/,
	qr/^CREATE EXTENSION pg_cron;$/,
	'not created');
finds(
	'schedule',
	'warning',
	qr/there is no pg_cron/,
	qr/See the check pg_cron/,
	'nothing without pg_cron');
my ($elsewhere) = grep { $_->[0] eq 'pg_cron' } doctor('elsewhere');
like(
	$elsewhere->[2],
	qr/^pg_cron belongs to the database ngeshare, not to this one/,
	'pg_cron: it lives in another database');
like($elsewhere->[3], qr/cron\.database_name = 'elsewhere'/, 'pg_cron: how to get it here');

# The extension's version in the database differs from the installed one.
here(q{UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'ngeshare'});
finds(
	'version', 'error',
	qr/^ngeshare has version 0\.9 in this database, but \d+\.\d+ is installed: no sync starts\.$/,
	qr/^ALTER EXTENSION ngeshare UPDATE;$/,
	'not updated');
here(
	q{UPDATE pg_extension SET extversion = default_version FROM pg_available_extensions
		WHERE name = extname AND extname = 'ngeshare'}
);

# The index for pulls, created by the hint's statement. Indexes that only look similar do not count.
is(scalar(grep { $_->[0] eq 'index_for_pulls' } doctor()),
	6, 'index_for_pulls: each of the six tables lacks one');
there(
	q{CREATE INDEX ON "User" (id, "updatedAt"); CREATE INDEX ON "User" ("updatedAt");
	CREATE INDEX ON "User" ("updatedAt" DESC, id);
	CREATE INDEX ON "User" ("updatedAt", id) WHERE "deletedAt" IS NULL;
	CREATE INDEX ON "User" (("updatedAt" + interval '0'), id);
	CREATE INDEX ON "User" ("updatedAt") INCLUDE (id)});
finds(
	'index_for_pulls',
	'warning',
	qr/^Production has no index on public\."User" to find changed rows by/,
	qr/^On production: CREATE INDEX CONCURRENTLY ON public\."User" \("updatedAt", id\);$/,
	'others do not count');
there(
	q{CREATE INDEX broken ON "User" ("updatedAt", id); UPDATE pg_index SET indisvalid = false
		WHERE indexrelid = 'broken'::regclass}
);
finds(
	'index_for_pulls', 'warning',
	qr/the index public\.broken is invalid/,
	qr/^On production: DROP INDEX CONCURRENTLY public\.broken; CREATE INDEX/,
	'nor does an invalid one');
there($_) for split /(?<=;)\s+/, statements_of('index_for_pulls');
finds('index_for_pulls', 'ok', qr/./, qr/^$/, 'its statements mend it');

# pg_read_all_stats granted to a login that does not inherit privileges.
there("GRANT pg_read_all_stats TO $LOGIN");
my $hint = finds(
	'pg_read_all_stats',
	'warning',
	qr/does not have the privileges/,
	qr/^On production: ALTER ROLE $LOGIN INHERIT; GRANT pg_read_all_stats TO $LOGIN/,
	'a member that does not inherit is none');
there(statements_of('pg_read_all_stats'));
finds('pg_read_all_stats', 'ok', qr/./, qr/^$/, 'its statements mend it');

# The checks of pg_cron and of the schedule.
here('CREATE EXTENSION pg_cron');
$hint =
  finds('schedule', 'warning', qr/no active job "ngeshare_sync"/, qr/ngeshare_schedule/, 'no job');
here($hint);
is(here(q{SELECT next_run_at IS NULL FROM v_sync_health}), 't', 'next_run_at is always NULL');
is(here(q{SELECT schedule FROM api.sync_health}), '*/30 * * * *', 'the schedule is told instead');

# From here on no job runs, whatever the time is: there is no 30 February.
here("UPDATE cron.job SET schedule = '0 0 30 2 *'");
here('UPDATE cron.job SET active = false');
finds('schedule', 'warning', qr/no active job/, qr/ngeshare_schedule/, 'an inactive job');
finds(
	'job_left_behind', 'warning',
	qr/^The job \d+ \(ngeshare_sync\) is not active\.$/,
	qr/UPDATE cron\.job SET active/, 'inactive');
here('UPDATE cron.job SET active = true');
here(
	q{INSERT INTO cron.job_run_details (jobid, runid, status, return_message, end_time)
	SELECT jobid, 1000, 'failed', E'connection failed\n', now() FROM cron.job
		WHERE jobname = 'ngeshare_sync'}
);
finds('schedule', 'warning', qr/^The last scheduled sync failed at .*: connection failed$/,
	qr/job_run_details/, 'its last run failed');
here('DELETE FROM cron.job_run_details');
here(
	q{INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, end_time)
	VALUES (77, 1001, 'ngeshare', 'somebody', 'SELECT ngeshare.watch()', 'succeeded',
		now() - interval '7 days 23 hours'),
		(77, 1002, 'ngeshare', 'somebody', 'VACUUM', 'succeeded', now() - interval '9 days')});
finds('pg_cron', 'ok', qr/./, qr/^$/,
	'others\' old runs are not ours, and ours get a day of grace');
here(q{UPDATE cron.job_run_details SET end_time = now() - interval '8 days 1 hour'});
finds(
	'pg_cron', 'warning',
	qr/^pg_cron keeps 1 ended runs of ngeshare's jobs that are more than a week old\.$/,
	qr/DELETE FROM cron\.job_run_details/,
	'a log that nobody prunes');
here('DELETE FROM cron.job_run_details');

# A set-up without faults, except that no address for alerts is set.
here('CALL ngeshare_sync()');
only_finds('a well-kept set-up lacks an address for alerts only', 'alert_address');
is(here('SELECT status, last_run_id, last_error FROM v_sync_health'),
	'success|1|', 'v_sync_health: success');

# Jobs of pg_cron that call ngeshare_sync() besides the extension's own job.
here('CREATE ROLE keeper LOGIN');
my $stray = here(q{SELECT cron.schedule('0 0 30 2 *', 'CALL ngeshare_sync()')});
finds(
	'job_left_behind', 'warning',
	qr/^The job $stray \(without a name\) is not the one .*, and is not the only one\.$/,
	qr/cron\.unschedule\($stray\)/,
	'another job, and so doubled');
here(qq{UPDATE cron.job SET database = 'postgres', jobname = 'old' WHERE jobid = $stray});
finds('job_left_behind', 'warning', qr/^The job $stray \(old\) syncs in the database postgres, and/,
	qr/unschedule/, 'another database');
here(qq{UPDATE cron.job SET database = 'ngeshare', username = 'keeper' WHERE jobid = $stray});
finds(
	'job_left_behind', 'warning',
	qr/belongs to keeper, which may not call ngeshare_sync\(\)/,
	qr/GRANT EXECUTE ON PROCEDURE .* TO keeper/,
	'a role that may not');
here(qq{UPDATE cron.job SET username = 'nobody' WHERE jobid = $stray});
$hint = finds(
	'job_left_behind', 'warning',
	qr/belongs to nobody, which is no role/, qr/unschedule/,
	'a role that is gone');
here(qq{DELETE FROM cron.job WHERE jobid = $stray});
only_finds('no job is left behind', 'alert_address');

# A false job beside true ones that are not for syncs, either.
here('GRANT USAGE ON SCHEMA cron TO keeper');
my $watch = here(
	q{SELECT ngeshare_schedule_digest('0 0 30 2 *');
	SET ROLE keeper; SELECT cron.schedule('ngeshare_watch', '1 2 30 2 *', 'SELECT 1')}
) =~ s/.*\n//sr;
finds(
	'job_left_behind',
	'warning',
	qr/^The job $watch \(ngeshare_watch\) is not ngeshare's: keeper .* runs 'SELECT 1'\.$/,
	qr/^SELECT cron\.unschedule\($watch\);/,
	'a false watch is no double of the digest');
here("DELETE FROM cron.job WHERE jobid = $watch OR jobname = 'ngeshare_digest'");
only_finds('no job is left behind again', 'alert_address');

# A job that only has the same name as the extension's job. Every login that may use pg_cron can
# create one.
here('UPDATE cron.job SET active = false');
my $planned = q{SELECT schedule IS NULL FROM api.sync_health};
is(here($planned), 't', 'an inactive job is planned for nothing');
my $false =
  here(q{SET ROLE keeper; SELECT cron.schedule('ngeshare_sync', '1 2 30 2 *', 'SELECT 1')});
is(here($planned), 't', 'nor is one that has the name of ours and runs something else');
finds('schedule', 'warning', qr/no active job/, qr/ngeshare_schedule/, 'and it is no schedule');
finds(
	'job_left_behind',
	'warning',
	qr/^The job $false \(ngeshare_sync\) is not ngeshare's: keeper gave it the name .*, but it runs 'SELECT 1'\.$/,
	qr/^SELECT cron\.unschedule\($false\);/,
	'a false one');
here(
	q{SET ROLE keeper;
	SELECT cron.schedule('ngeshare_sync', '1 2 30 2 *', 'CALL public.ngeshare_sync()')}
);
is(here($planned), 't', 'nor is one of a role that may not sync');
finds(
	'job_left_behind', 'warning',
	qr/^The job $false .*belongs to keeper, which may not/, qr/unschedule/,
	'it fails each time');
here(qq{UPDATE cron.job SET database = 'postgres' WHERE jobid = $false});
is(here($planned), 't', 'nor is one of another database');
here(
	qq{UPDATE cron.job SET database = 'ngeshare' WHERE jobid = $false;
	GRANT EXECUTE ON PROCEDURE ngeshare_sync(text, text[]) TO keeper}
);
is(here(q{SELECT schedule FROM api.sync_health}),
	'1 2 30 2 *', 'one of a role that may sync is planned');
here(
	qq{REVOKE EXECUTE ON PROCEDURE ngeshare_sync(text, text[]) FROM keeper;
	DELETE FROM cron.job WHERE jobid = $false}
);
$false = here(q{SET ROLE keeper; SELECT cron.schedule('ngeshare_watch', '1 2 30 2 *', 'SELECT 2')});
finds('job_left_behind', 'warning',
	qr/^The job $false \(ngeshare_watch\) is not ngeshare's: keeper/,
	qr/unschedule/, 'a false watch');
here(
	qq{DELETE FROM cron.job WHERE jobid = $false; UPDATE cron.job SET active = true;
	REVOKE USAGE ON SCHEMA cron FROM keeper}
);
only_finds('and ours is as before', 'alert_address');

# Changes to production's tables, privileges and columns. Each has the statements that make and undo
# it, and what the doctor says of it.
my @breaks = (
	[
		qq{REVOKE USAGE ON SCHEMA public FROM $LOGIN, PUBLIC},
		qq{GRANT USAGE ON SCHEMA public TO $LOGIN},
		'production_tables',
		'error',
		qr/has no USAGE privilege on production's schema public/,
		qr/^On production: GRANT USAGE ON SCHEMA public TO $LOGIN;/,
		'no USAGE'
	],
	[
		qq{REVOKE SELECT ON "Hangout" FROM $LOGIN},
		qq{GRANT SELECT ON "Hangout" TO $LOGIN},
		'production_tables',
		'error',
		qr/may not read public\."Hangout"/,
		qr/^On production: GRANT SELECT ON public\."Hangout" TO $LOGIN;/,
		'no SELECT'
	],
	[
		q{ALTER TABLE "User" ENABLE ROW LEVEL SECURITY},
		q{ALTER TABLE "User" DISABLE ROW LEVEL SECURITY},
		'production_tables',
		'error',
		qr/Row security hides rows of public\."User"/,
		qr/BYPASSRLS/,
		'row security'
	],
	[
		q{ALTER TABLE "HangoutEpisode" RENAME TO gone},
		q{ALTER TABLE gone RENAME TO "HangoutEpisode"},
		'production_tables',
		'error',
		qr/has no table public\."HangoutEpisode"/,
		qr/dbname/,
		'no table'
	],
	[
		q{ALTER TABLE "User" ADD phone varchar(20)},
		q{ALTER TABLE "User" DROP phone},
		'production_columns',
		'warning',
		qr/new column "User"\.phone of type character varying\(20\)/,
		qr/Nothing has to be done/,
		'added'
	],
	[
		q{ALTER TABLE "HangoutGroup" RENAME city TO town},
		q{ALTER TABLE "HangoutGroup" RENAME town TO city},
		'production_columns',
		'error',
		qr/no column "HangoutGroup"\.city any more/,
		qr/42703/,
		'gone'
	],
	[
		q{ALTER TABLE "Hangout" ALTER price TYPE numeric(10, 2)},
		q{ALTER TABLE "Hangout" ALTER price TYPE double precision},
		'production_columns',
		'error',
		qr/"Hangout"\.price is of type numeric\(10,2\); the mirror's is double precision/,
		qr/42804/,
		'retyped'
	],
	[
		q{ALTER TABLE "Hangout" ALTER type TYPE varchar(20)},
		q{ALTER TABLE "Hangout" ALTER type TYPE text},
		'production_columns', 'ok', qr/./, qr/^$/, 'another kind of text is no drift'
	],
	[
		qq{REVOKE SELECT ON "User" FROM $LOGIN; GRANT SELECT (id) ON "User" TO $LOGIN},
		qq{GRANT SELECT ON "User" TO $LOGIN},
		'production_columns',
		'error',
		qr/may not read "User"\.email/,
		qr/GRANT SELECT ON public\."User"/,
		'some columns only'
	],
	[
		qq{GRANT INSERT ON "User" TO $LOGIN},
		qq{REVOKE INSERT ON "User" FROM $LOGIN},
		'login_can_write',
		'error',
		qr/^The login $LOGIN could INSERT into public\."User"/,
		qr/^On production: REVOKE INSERT/,
		'INSERT'
	],
	[
		qq{GRANT UPDATE (email) ON "User" TO PUBLIC},
		qq{REVOKE UPDATE (email) ON "User" FROM PUBLIC},
		'login_can_write',
		'error',
		qr/could UPDATE public\."User"/,
		qr/FROM PUBLIC, $LOGIN/,
		'UPDATE of a column, through PUBLIC'
	],
	[
		qq{GRANT DELETE, TRUNCATE ON "Hangout" TO $LOGIN},
		qq{REVOKE DELETE, TRUNCATE ON "Hangout" FROM $LOGIN},
		'login_can_write',
		'error',
		qr/could DELETE from, TRUNCATE public\."Hangout"/,
		qr/REVOKE/,
		'DELETE and TRUNCATE'
	],
	[
		qq{GRANT CREATE ON SCHEMA public TO $LOGIN},
		qq{REVOKE CREATE ON SCHEMA public FROM $LOGIN},
		'login_can_write',
		'error',
		qr/may create objects in production's schema public/,
		qr/REVOKE CREATE ON SCHEMA public/,
		'CREATE in the schema'
	],
	[
		qq{GRANT CREATE ON DATABASE source TO $LOGIN},
		qq{REVOKE CREATE ON DATABASE source FROM $LOGIN},
		'login_can_write',
		'error',
		qr/may create schemas/,
		qr/REVOKE CREATE ON DATABASE source/,
		'CREATE in the database'
	],
	[
		qq{ALTER ROLE $LOGIN SUPERUSER},
		qq{ALTER ROLE $LOGIN NOSUPERUSER},
		'login_can_write',
		'error',
		qr/is or may become a superuser/,
		qr/login of its own/,
		'a superuser'
	],
	[
		qq{ALTER ROLE $LOGIN NOINHERIT; CREATE ROLE writer; GRANT DELETE ON "User" TO writer;
		GRANT writer TO $LOGIN},
		qq{DROP OWNED BY writer; DROP ROLE writer; ALTER ROLE $LOGIN INHERIT},
		'login_can_write',
		'error',
		qr/could DELETE from public\."User" on production, as a role that it may become/,
		qr/inherits nothing/,
		'a role that it may become'
	]);
for my $break (@breaks)
{
	my ($breaking, $mending, @finding) = @$break;

	there($breaking);
	finds(@finding);
	there($mending);
}
here('ALTER TABLE "User" ADD nickname text');
only_finds('a column that users added to the mirror is not missed on production', 'alert_address');
here('ALTER TABLE "User" DROP nickname');
here(
	'ALTER FOREIGN TABLE production."User" DROP email;
		ALTER FOREIGN TABLE production."Hangout" ALTER price TYPE text'
);
finds(
	'production_columns', 'error',
	qr/foreign table's column "User"\.email is not there; the mirror's is text/,
	qr/DROP FOREIGN TABLE production\."User"/,
	'a foreign table lacks a column');
finds(
	'production_columns', 'error',
	qr/"Hangout"\.price is of type text; the mirror's is double precision/, qr/ngeshare_connect/,
	'a foreign table has another type');
here('DROP FOREIGN TABLE production."User", production."Hangout"');
finds(
	'connection',
	'error',
	qr/no foreign table production\."Hangout"/,
	qr/ngeshare_connect\(\.\.\.\) again/,
	'a foreign table is gone');
here(connect_local($production, 'source'));
only_finds('production is as it was', 'alert_address');

# Production is another system, was restored from a backup, or has another encoding.
here(
	q{CREATE TABLE public.kept AS TABLE ngeshare.source; UPDATE ngeshare.source SET source_id = '1/2'}
);
finds(
	'production_identity', 'error',
	qr{^The mirror came from system 1/2; this is \d+/\d+/[\d,]+\.$},
	qr/DELETE FROM ngeshare\.source/,
	'another system');
here('UPDATE ngeshare.source SET source_id = kept.source_id, transactions = 1e15 FROM public.kept');
finds(
	'production_identity',
	'error',
	qr/it was restored from a backup/,
	qr/DELETE FROM ngeshare\.source/,
	'one that went back in time');
here(
	'UPDATE ngeshare.source SET transactions = kept.transactions FROM public.kept;
		DROP TABLE public.kept'
);
$production->safe_psql('postgres',
	q{CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
here(q{ALTER SERVER production OPTIONS (SET dbname 'latin')});
finds(
	'same_encoding', 'error',
	qr/encoded in LATIN1, this one in UTF8/,
	qr/ENCODING 'LATIN1'/,
	'another encoding');
here(q{ALTER SERVER production OPTIONS (SET dbname 'source')});

# Roles that can read the password.
my $password = "'" . ($PASSWORD =~ s/'/''/gr) . "'";
finds(
	'readable_password', 'ok', qr/a dump of this database holds it/, qr/^$/,
	'ok, but a dump holds it');
here(
	qq{CREATE USER MAPPING FOR keeper SERVER production OPTIONS (user '$LOGIN', password $password)}
);
finds('readable_password', 'ok', qr/./, qr/^$/, 'a mapping of one who may not use the server');
here('GRANT USAGE ON FOREIGN SERVER production TO keeper');
my $seen = q{SET ROLE keeper; SELECT coalesce(bool_or(umoptions::text LIKE '%secret%'), false)
  	FROM pg_user_mappings};
like(here($seen), qr/t$/, 'one who owns a mapping and may use the server can read it');
finds(
	'readable_password', 'warning',
	qr/^keeper can read the login's password.*A dump/, qr/passfile=/,
	'and the doctor says so');
here(
	'GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO keeper; ALTER SERVER production OWNER
		TO keeper'
);
finds(
	'readable_password',
	'warning',
	qr/^keeper can read/,
	qr/superuser own the server/,
	'so can an owner who is no superuser');
finds('production_answers', 'ok', qr/./, qr/^$/, 'who is asked for');
here(
	qq{DROP USER MAPPING FOR keeper SERVER production;
	CREATE USER MAPPING FOR PUBLIC SERVER production OPTIONS (user '$LOGIN', password $password)}
);
like(here($seen), qr/t$/, q{the owner can read PUBLIC's});
finds(
	'readable_password', 'warning',
	qr/^keeper can read .*\(the mapping is PUBLIC's\)/, qr/passfile=/,
	q{and PUBLIC's mapping});
here('DROP USER MAPPING FOR PUBLIC SERVER production');
finds(
	'connection', 'error',
	qr/no user mapping of its owner, keeper/, qr/ngeshare_connect/,
	'an owner without a mapping');
here('ALTER SERVER production OWNER TO CURRENT_USER; DROP OWNED BY keeper; DROP ROLE keeper');
unlike(join("\n", map { @$_ } doctor()), qr/secret/, 'the password is in no row');

# session_preload_libraries does not contain the extension.
$local->append_conf('postgresql.conf', q{session_preload_libraries = 'auto_explain'});
$local->reload;
$local->poll_query_until('ngeshare',
	q{SELECT current_setting('session_preload_libraries') = 'auto_explain'});
$hint = finds(
	'preloading', 'warning',
	qr/don't load ngeshare/,
	qr/^ALTER DATABASE ngeshare SET session_preload_libraries = 'auto_explain', 'ngeshare';$/,
	'not preloaded');
here($hint);
finds('preloading', 'ok', qr/./, qr/^$/, 'its statement mends it');
here('ALTER DATABASE ngeshare SET session_preload_libraries = auto_explain');
finds('preloading', 'warning', qr/don't load/, qr/./, 'the database loads others only');
here($hint);

# Another time zone, other link settings, and a disabled trigger.
here(q{ALTER DATABASE ngeshare SET ngeshare.timezone = 'Asia/Makassar'});
finds(
	'time_zone', 'error',
	qr/days of Asia\/Jakarta, but ngeshare\.timezone is Asia\/Makassar/,
	qr/CALL ngeshare_sync\('full'\)/,
	'another zone');
here('ALTER DATABASE ngeshare RESET ngeshare.timezone');
here('ALTER DATABASE ngeshare SET ngeshare.link_days = 60');
finds('snapshot', 'warning', qr/Links were made with .* of 30 90 2 50; they are 30 60 2 50 now/,
	qr/ngeshare_refresh\(\)/, 'other link settings');
here('ALTER DATABASE ngeshare RESET ngeshare.link_days');
here('ALTER TABLE "UserHangoutGroupAttendance" DISABLE TRIGGER note_update');
$hint = finds(
	'triggers', 'error',
	qr/note_update of public\."UserHangoutGroupAttendance" is disabled/,
	qr/ENABLE ALWAYS TRIGGER/,
	'a disabled trigger');
$local->safe_psql('ngeshare', $hint =~ s/ then / /r);
only_finds('its statements mend it', 'alert_address');

# A row in quarantine, and a sync that fails.
there(
	q{ALTER TABLE "UserHangoutGroup" DROP CONSTRAINT "UserHangoutGroup_userId_fkey";
	INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
		"hangoutGroupRole", "hangoutGroupId", "userId")
	SELECT 'lost', now(), now(), now(), 'ANY', 'MEMBER', min(id), 'nowhere' FROM "HangoutGroup"});
here('CALL ngeshare_sync()');
finds('quarantine', 'warning',
	qr/^1 row\(s\) of "UserHangoutGroup" wait in quarantine, for example 'lost': userId/,
	qr/ngeshare\.quarantine/, 'a row waits');
finds('last_sync', 'warning', qr/^The last sync warning: .*wait in quarantine/,
	qr/v_data_quality/, 'a warning');
is( here(
		q{SELECT table_name, column_name, rows, example_id FROM v_data_quality
			WHERE finding = 'orphan_reference'}
	),
	'UserHangoutGroup|userId|1|lost',
	'v_data_quality: the orphan');
there(q{DELETE FROM "UserHangoutGroup" WHERE id = 'lost'});
there(qq{REVOKE SELECT ON "User" FROM $LOGIN});
$local->psql('ngeshare', 'CALL ngeshare_sync()');
finds('last_sync', 'error', qr/^The last sync failed: 42501 /, qr/sync_error_log/, 'it failed');
is( here(q{SELECT status, sqlstate, last_error <> '', age < interval '1 hour' FROM v_sync_health}),
	'failed|42501|t|t', 'v_sync_health: failed');
there(qq{GRANT SELECT ON "User" TO $LOGIN});
here('CALL ngeshare_sync()') for 1 .. 2;    # the first may still tell of the row that waited
only_finds('all is well again', 'alert_address');

# Background workers: pg_cron and PostgreSQL itself have taken both slots.
$local->append_conf('postgresql.conf', 'max_worker_processes = 2');
$local->restart;
$local->poll_query_until(
	'ngeshare',
	q{SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type IN ('pg_cron launcher', 'pg_cron',
		'logical replication launcher')}
);
finds(
	'worker_slots', 'warning',
	qr/^All 2 background workers are taken/,
	qr/max_worker_processes = 8/,
	'none is free');

# An error in production leaves no connection open, however many errors a session causes.
is( here(
		q{
	DO $$ BEGIN
		FOR attempt IN 1 .. 5 LOOP
			BEGIN
				PERFORM ngeshare.ask_production('SELECT 1 / 0', 'int');
			EXCEPTION WHEN division_by_zero THEN
				NULL;
			END;
		END LOOP;
		FOR attempt IN 1 .. 100 LOOP
			EXIT WHEN '{1}' = (SELECT ngeshare.ask_production('SELECT count(*) FROM pg_stat_activity
				WHERE usename = current_user', 'count'));
			PERFORM pg_sleep(0.1);
		END LOOP;
	END $$;
	SELECT ngeshare.ask_production('SELECT count(*), NULL FROM pg_stat_activity
		WHERE usename = current_user', 'count text?')}
	),
	'{1,NULL}',
	'ask_production() leaves no connection behind, and keeps NULLs');

# A login that production refuses, and a production that does not answer.
there(qq{ALTER ROLE $LOGIN PASSWORD 'changed'});
finds(
	'production_answers', 'error',
	qr/^28P01: could not connect to production: /, qr/login/,
	'a refused login');
$production->stop;
my @rows = doctor();
my %status;
push @{ $status{"$_->[1]: $_->[2]"} }, $_->[0] for @rows;
finds(
	'production_answers', 'error',
	qr/^08001: could not connect to production: /,
	qr/Check host, port and network/,
	'production is down');
is( join(' ', @{ $status{'warning: not checked: production does not answer'} }),
	'production_identity production_version production_tables production_columns clock_offset '
	  . 'index_for_pulls pg_read_all_stats login_can_write same_encoding transport',
	'what asks production is not checked, and says so');
is( scalar(
		grep { $_->[0] =~ /^(connection|triggers|last_sync|schedule)$/ && $_->[1] eq 'ok' } @rows),
	4,
	'what does not, is');
here('DROP SERVER production CASCADE');
finds(
	'production_answers', 'error',
	qr/^55000: this database is not connected/, qr/ngeshare_connect/,
	'no connection any more');

$local->stop;
done_testing();
