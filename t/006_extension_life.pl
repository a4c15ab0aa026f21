# CREATE EXTENSION, a plain DROP EXTENSION after connect and sync, and
# pg_dump | psql into a new database: each keeps or removes all that it should.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my $next  = '2026-04-10 12:00:00+07';
my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 31, '$clock')");

# CREATE EXTENSION alone: everything is there, empty, and answers.
new_local($local, 'life');
is($local->safe_psql('life', 'SELECT count(*) FROM course_config'), '4', 'the curriculum is filled');
is($local->safe_psql('life', 'SELECT count(*) FROM v_group_status'), '0', 'before the first sync there is no group');
is($local->safe_psql('life', 'SELECT sum(groups_total) || \' \' || count(*) FROM v_curriculum_funnel'), '0 4',
	'and the funnel shows zeros');
is($local->safe_psql('life', 'SELECT coalesce(ngeshare_last_sync(\'User\')::text, \'never\')'), 'never', 'nothing was synced yet');
my @before = everything('life');

# A plain DROP EXTENSION removes what connect made, and all else.
$local->safe_psql('life', 'DROP EXTENSION ngeshare');
is(join("\n", everything('life')), '', 'DROP EXTENSION before connect leaves nothing');
$local->safe_psql('life', 'CREATE EXTENSION ngeshare');
is_deeply([ everything('life') ], \@before, 'CREATE EXTENSION again makes the same');
$local->safe_psql('life', connect_local($production, 'source'));
sync_local($local, 'life', $clock);
is($local->safe_psql('life', q{SELECT ngeshare_last_sync('User') = timestamptz '2026-03-31 11:50+07'}), 't',
	'after a sync the watermark stands the overlap behind the clock');
$local->safe_psql('life', 'DROP EXTENSION ngeshare');
is(join("\n", everything('life')), '', 'a plain DROP EXTENSION after connect and sync leaves nothing');
is($local->safe_psql('life', 'SELECT count(*) FROM pg_foreign_server'), '0', 'nor a server');
is($local->safe_psql('life', 'SELECT count(*) FROM pg_user_mappings'), '0', 'nor a user mapping');

# A dump of a database that was synced, edited and written to by hand.
new_local($local, 'kept');
$local->safe_psql('kept', connect_local($production, 'source'));
sync_local($local, 'kept', $clock);
$local->safe_psql('kept', q{
	UPDATE course_config SET max_episodes = 8 WHERE sequence_order = 1;
	UPDATE course_config SET sequence_order = 7 WHERE sequence_order = 4;
	UPDATE course_config SET course_name = 'Ngeshare Spesial Ramadhan' WHERE sequence_order = 2;
	INSERT INTO course_config VALUES ('ngeshare sesi aqidah', 9, 4);
	INSERT INTO "UserHangoutGroupAttendance"
	SELECT 'by-hand-' || "attendedAt"::date, "attendedAt" - interval '300 days', "hangoutEpisodeId", "hangoutGroupId", "userId"
	FROM (SELECT DISTINCT ON ("attendedAt"::date) * FROM "UserHangoutGroupAttendance" ORDER BY "attendedAt"::date, id) AS picked});
copy_database('kept', 'restored');

my @tables = ('course_config', '"User"', '"Hangout"', '"HangoutEpisode"', '"HangoutGroup"', '"UserHangoutGroup"',
	'"UserHangoutGroupAttendance"', 'sync_run', 'sync_log', 'sync_error_log', 'ngeshare.meeting_past',
	'ngeshare.meeting_recent', 'ngeshare.history_state', 'ngeshare.sync_state', 'ngeshare.source', 'ngeshare.quarantine');
for my $table (@tables)
{
	is_deeply([ rows_of($local, 'restored', "SELECT * FROM $table") ], [ rows_of($local, 'kept', "SELECT * FROM $table") ],
		"a restored dump has the same $table");
}
for my $as_of ($clock, '2026-03-01 00:00:00+07', '2025-08-17 00:00:00+07')
{
	for my $view (@VIEWS)
	{
		is_deeply([ answer('restored', $view, $as_of) ], [ answer('kept', $view, $as_of) ], "and gives the same $view as of $as_of");
	}
}
is(scalar(everything('restored')), scalar(everything('kept')), 'and has the same objects');

# It goes on where the dump stood, and goes away as easily.
my $said = sync_local($local, 'restored', $next);
like($said, qr/succeeded/, 'the restored database syncs on');
is($local->safe_psql('restored', 'SELECT max(run_id) FROM sync_run'), '2', 'with the next run_id');
like($said, qr/HangoutGroup: nothing changed/, 'incrementally');
sync_local($local, 'kept', $next);
for my $view (@VIEWS)
{
	is_deeply([ answer('restored', $view, $next) ], [ answer('kept', $view, $next) ], "after a sync on both sides: the same $view");
}
$local->safe_psql('restored', 'DROP EXTENSION ngeshare');
is(join("\n", everything('restored')), '', 'a plain DROP EXTENSION after restore and sync leaves nothing');

# A removed default course comes back with a restored dump, as the docs say.
$local->safe_psql('kept', q{DELETE FROM course_config WHERE sequence_order = 3});
copy_database('kept', 'restored_again');
is($local->safe_psql('restored_again', q{SELECT count(*) FROM course_config WHERE course_name = 'Ngeshare Sesi Sejarah'}),
	'1', 'a removed default course comes back');

# A dump of a database that was only written to by hand.
new_local($local, 'by_hand');
$local->safe_psql('by_hand', q{
	INSERT INTO "User" VALUES ('u', now(), now());
	INSERT INTO "Hangout" VALUES ('h', now(), now(), 'Ngeshare Sesi Dakwah', NULL, 't', 0, 'c');
	INSERT INTO "HangoutEpisode" VALUES ('e', now(), now(), 'e', NULL, 'h', 7);
	INSERT INTO "HangoutGroup" VALUES ('g', now(), now(), 'g', NULL, 's', NULL, NULL, 'h');
	INSERT INTO "UserHangoutGroupAttendance" VALUES ('a', now(), 'e', 'g', 'u')});
copy_database('by_hand', 'by_hand_restored');
is($local->safe_psql('by_hand_restored', 'SELECT status FROM v_group_status'), 'GRADUATED', 'is restored with its meetings');

$production->stop;
$local->stop;
done_testing();

# Every object that is neither PostgreSQL's nor postgres_fdw's.
sub everything
{
	my ($database) = @_;
	return rows_of($local, $database, q{
		SELECT 'relation ' || oid::regclass FROM pg_class
		WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)
		UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc
		WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
		  AND proname NOT LIKE 'postgres_fdw%'
		UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
		UNION ALL SELECT 'server ' || srvname FROM pg_foreign_server});
}

sub answer
{
	my ($database, $view, $as_of) = @_;
	return sort split /\n/, $local->safe_psql($database, "SET ngeshare.as_of = '$as_of'; COPY (SELECT * FROM $view) TO STDOUT");
}

# pg_dump | psql into a new database.
sub copy_database
{
	my ($from, $to) = @_;
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';

	$local->safe_psql('postgres', "CREATE DATABASE $to");
	command_ok([ 'pg_dump', '-d', $local->connstr($from), '-f', $dump ], "pg_dump of $from");
	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $local->connstr($to), '-f', $dump ], "psql into $to");
	return;
}
