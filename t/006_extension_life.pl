# Tests CREATE EXTENSION, a plain DROP EXTENSION after connect and sync, and a dump that is restored
# into a new database: each keeps or removes exactly the objects and rows that it should.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my $next = '2026-04-10 12:00:00+07';
my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 31, '$clock')");

# After CREATE EXTENSION alone course_config is filled, and the answers can be queried and show no
# group.
new_local($local, 'life');
is($local->safe_psql('life', 'SELECT count(*) FROM course_config'), '4',
	'the curriculum is filled');
is($local->safe_psql('life', 'SELECT count(*) FROM v_group_status'),
	'0', 'before the first sync there is no group');
is( $local->safe_psql(
		'life', 'SELECT sum(groups_total) || \' \' || count(*) FROM v_curriculum_funnel'),
	'0 4',
	'and the funnel shows zeros');
is($local->safe_psql('life', 'SELECT coalesce(ngeshare_last_sync(\'User\')::text, \'never\')'),
	'never', 'nothing was synced yet');
my @before = everything('life');

# A plain DROP EXTENSION removes everything, including the objects that ngeshare_connect() made.
$local->safe_psql('life', 'DROP EXTENSION ngeshare');
is(join("\n", everything('life')), '', 'DROP EXTENSION before connect leaves nothing');
$local->safe_psql('life', 'CREATE EXTENSION ngeshare');
is_deeply([ everything('life') ], \@before, 'CREATE EXTENSION again makes the same');
$local->safe_psql('life', connect_local($production, 'source'));
sync_local($local, 'life', $clock);
is( $local->safe_psql(
		'life', q{SELECT ngeshare_last_sync('User') = timestamptz '2026-03-31 11:50+07'}),
	't',
	'after a sync the watermark stands the overlap behind the clock');
$local->safe_psql('life', 'DROP EXTENSION ngeshare');
is(join("\n", everything('life')),
	'', 'a plain DROP EXTENSION after connect and sync leaves nothing');
is($local->safe_psql('life', 'SELECT count(*) FROM pg_foreign_server'), '0', 'nor a server');
is($local->safe_psql('life', 'SELECT count(*) FROM pg_user_mappings'), '0', 'nor a user mapping');

# A dump of a database that was synced, edited and written to by hand.
new_local($local, 'kept');
$local->safe_psql('kept', connect_local($production, 'source'));
sync_local($local, 'kept', $clock);
$local->safe_psql(
	'kept', q{
	UPDATE course_config SET max_episodes = 8 WHERE sequence_order = 1;
	UPDATE course_config SET sequence_order = 7 WHERE sequence_order = 4;
	UPDATE course_config SET course_name = 'Ngeshare Spesial Ramadhan' WHERE sequence_order = 2;
	INSERT INTO course_config VALUES ('ngeshare sesi aqidah', 9, 4);
	INSERT INTO "UserHangoutGroupAttendance"
	SELECT 'by-hand-' || "attendedAt"::date, "attendedAt" - interval '300 days', "hangoutEpisodeId",
		"hangoutGroupId", "userId"
	FROM (SELECT DISTINCT ON ("attendedAt"::date) * FROM "UserHangoutGroupAttendance"
		ORDER BY "attendedAt"::date, id) AS picked}
);
copy_database('kept', 'restored');
copy_database('kept', 'parallel', '-j4');
copy_database('kept', 'at_once', '--single-transaction');

my @tables = (
	'course_config', '"User"',
	'"Hangout"', '"HangoutEpisode"',
	'"HangoutGroup"', '"UserHangoutGroup"',
	'"UserHangoutGroupAttendance"', 'sync_run',
	'sync_log', 'sync_error_log',
	'ngeshare.meeting_past', 'ngeshare.history_state',
	'ngeshare.sync_state', 'ngeshare.source',
	'ngeshare.quarantine', 'ngeshare.snapshot_state',
	'ngeshare.group_snapshot', 'ngeshare.group_timeline',
	'ngeshare.membership', 'ngeshare.group_link',
	'ngeshare.place_snapshot');

for my $table (@tables)
{
	my @kept = rows_of($local, 'kept', "SELECT * FROM $table");
	is_deeply([ rows_of($local, $_, "SELECT * FROM $table") ],
		\@kept, "$_: a restored dump has the same $table")
	  for qw(restored parallel at_once);
}
for my $as_of ($clock, '2026-03-01 00:00:00+07', '2025-08-17 00:00:00+07')
{
	for my $view (@VIEWS)
	{
		is_deeply(
			[ answer('restored', $view, $as_of) ],
			[ answer('kept', $view, $as_of) ],
			"and gives the same $view as of $as_of");
	}
}
for my $database (qw(parallel at_once))
{
	is_deeply(
		[
			map {
				my $view = $_;
				differences([ answer('kept', $view, $clock) ], [ answer($database, $view, $clock) ])
			} @VIEWS
		],
		[],
		"$database: every view gives the same");
}
is(scalar(everything('restored')), scalar(everything('kept')), 'and has the same objects');

# Only a superuser who restores a dump may insert rows whose parents do not exist yet. $replays has
# two of the settings with which pg_dump's scripts begin.
my $orphan =
  q{INSERT INTO public."UserHangoutGroupAttendance" VALUES ('orphan', now(), 'e', 'g', 'u')};
my $replays =
	"SELECT pg_catalog.set_config('search_path', '', false) \\g /dev/null\n"
  . "SET check_function_bodies = off;\n";
$local->safe_psql('parallel',
	'CREATE ROLE writer LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO writer');
like(
	psql_errors($local, 'parallel', "$orphan;"),
	qr/^ERROR:  23503: /,
	'else foreign keys are checked');
like(
	psql_errors($local, 'parallel', "SET ROLE writer;\n$replays$orphan;"),
	qr/^ERROR:  23503: /,
	'and for any other role');
is(psql_errors($local, 'parallel', "${replays}BEGIN;\n$orphan;\nROLLBACK;"), '',
	'a restore is not');
is( psql_errors(
		$local,
		'parallel',
		"$replays$orphan;\nDELETE FROM public.\"UserHangoutGroupAttendance\" WHERE id = 'orphan';\n"
		  . "SHOW session_replication_role;"),
	'',
	'in any order');
like(
	psql_errors(
		$local, 'parallel',
		"$replays$orphan;\nRESET search_path;\n" . $orphan =~ s/'orphan'/'other'/r . ';'),
	qr/^ERROR:  23503: /,
	'up to the end of its transaction');
$local->safe_psql('parallel', q{DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'orphan'});

is( $local->safe_psql(
		'parallel',
		q{BEGIN; SELECT ngeshare_refresh() > 0; SET ROLE writer; TRUNCATE "UserHangoutGroupAttendance";
		RESET ROLE;
	SELECT count(*) FROM ngeshare.stale_key WHERE num_nonnulls(group_id, user_id, hangout_id) = 0;
	SELECT count(*) FROM ngeshare.write_mark
		WHERE name = 'UserHangoutGroupAttendance' AND written_by = pg_current_xact_id(); ROLLBACK}
	) =~ s/^.*\n//r,
	"1\n1",
	'TRUNCATE by any role is noted');

# A publication FOR ALL TABLES does not prevent syncs.
$local->safe_psql('parallel', 'CREATE PUBLICATION everything FOR ALL TABLES');
like(sync_local($local, 'parallel', $next, 'full'),
	qr/succeeded/, 'a database whose tables are all published syncs on');
$production->safe_psql(
	'source',
	q{DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance"
		ORDER BY "attendedAt" DESC, id LIMIT 3)}
);
like(sync_local($local, 'parallel', $next), qr/succeeded/, 'and again');
is( psql_errors(
		$local,
		'parallel',
		'BEGIN; SELECT ngeshare_restore_deleted(3); SELECT ngeshare_restore_attendance(3);
			SELECT ngeshare_refresh(); ROLLBACK;'
	),
	'',
	'and what a run removed can be put back');

# The restored database continues to sync from the dump's state. DROP EXTENSION leaves none of the
# extension's objects.
my $said = sync_local($local, 'restored', $next);
like($said, qr/succeeded/, 'the restored database syncs on');
is($local->safe_psql('restored', 'SELECT max(run_id) FROM sync_run'), '2', 'with the next run_id');
like($said, qr/HangoutGroup: nothing changed/, 'incrementally');
sync_local($local, 'kept', $next);
for my $view (@VIEWS)
{
	is_deeply(
		[ answer('restored', $view, $next) ],
		[ answer('kept', $view, $next) ],
		"after a sync on both sides: the same $view");
}
$local->safe_psql('restored', 'DROP EXTENSION ngeshare');
is(join("\n", everything('restored')),
	'', 'a plain DROP EXTENSION after restore and sync leaves nothing');

# A default course that was deleted comes back when a dump is restored, as the documentation says.
$local->safe_psql('kept', q{DELETE FROM course_config WHERE sequence_order = 3});
copy_database('kept', 'restored_again');
is( $local->safe_psql(
		'restored_again',
		q{SELECT count(*) FROM course_config WHERE course_name = 'Ngeshare Sesi Sejarah'}),
	'1',
	'a removed default course comes back');

# A dump of a database that was never synced and only has rows written by hand.
new_local($local, 'by_hand');
$local->safe_psql(
	'by_hand', q{
	INSERT INTO "User" VALUES ('u', now(), now());
	INSERT INTO "Hangout" VALUES ('h', now(), now(), 'Ngeshare Sesi Dakwah', NULL, 't', 0, 'c');
	INSERT INTO "HangoutEpisode" VALUES ('e', now(), now(), 'e', NULL, 'h', 7);
	INSERT INTO "HangoutGroup" VALUES ('g', now(), now(), 'g', NULL, 's', NULL, NULL, 'h');
	INSERT INTO "UserHangoutGroupAttendance" VALUES ('a', now(), 'e', 'g', 'u')});
copy_database('by_hand', 'by_hand_restored');
like(
	psql_errors($local, 'by_hand_restored', 'TABLE v_group_status;'),
	qr/^ERROR:  55000: .*\nHINT:  SELECT ngeshare_refresh\(\);/,
	'is restored without a snapshot');
is( $local->safe_psql(
		'by_hand_restored', 'SELECT ngeshare_refresh(); SELECT status FROM v_group_status'),
	"1\nGRADUATED",
	'and with its meetings');

$production->stop;
$local->stop;
done_testing();

# Returns the relations, functions, schemas and foreign servers that belong neither to PostgreSQL
# nor to postgres_fdw.
sub everything
{
	my ($database) = @_;
	return rows_of(
		$local, $database, q{
		SELECT 'relation ' || oid::regclass FROM pg_class
		WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
			'pg_toast'::regnamespace)
		UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc
		WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
		  AND proname NOT LIKE 'postgres_fdw%'
		UNION ALL SELECT 'schema ' || nspname FROM pg_namespace
			WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
		UNION ALL SELECT 'server ' || srvname FROM pg_foreign_server});
}

sub answer
{
	my ($database, $view, $as_of) = @_;
	return sort split /\n/,
	  $local->safe_psql($database,
		"SET ngeshare.as_of = '$as_of'; COPY (SELECT * FROM $view) TO STDOUT");
}

# Dumps a database and restores it into a new one, with psql, or with pg_restore if options are
# given.
sub copy_database
{
	my ($from, $to, @options) = @_;
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';

	$local->safe_psql('postgres', "CREATE DATABASE $to");
	command_ok([ 'pg_dump', @options ? '-Fc' : '-Fp', '-d', $local->connstr($from), '-f', $dump ],
		"pg_dump of $from");
	if (@options)
	{
		command_ok([ 'pg_restore', '--exit-on-error', @options, '-d', $local->connstr($to), $dump ],
			"pg_restore @options into $to");
		return;
	}
	command_ok(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $local->connstr($to), '-f', $dump ],
		"psql into $to");
	return;
}
