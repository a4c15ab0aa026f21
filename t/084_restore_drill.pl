# Tests the restore with the commands of docs/backup.md: a database with follow-ups, an archive and
# settings is dropped and restored. Also tests that follow-ups survive syncs of every mode and exist
# on a standby.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my $folder = PostgreSQL::Test::Utils::tempdir();
my @blocks = slurp_file(NgeshareTest::project('docs', 'backup.md')) =~ /^```sh\n(.*?)^```$/gms;
my $kept = q{SELECT md5(string_agg(followed::text, E'\n' ORDER BY id))
	FROM ngeshare.follow_up AS followed};
my $as_of = "SET ngeshare.as_of = '$clock';";
my %answers = map { $_ => "SELECT * FROM $_" } @VIEWS, 'v_follow_up', 'v_follow_up_effect';
my ($production, $local) = start_servers();

is(scalar(@blocks), 4, 'docs/backup.md has four blocks of commands');
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(120, 84, '$clock')");
new_local($local, 'ngeshare');
make_cluster_settings();
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);
$local->safe_psql(
	'ngeshare', q{
	INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel, outcome,
		note, next_on)
	SELECT group_id, group_name, timestamptz '2026-03-30 12:00+07',
		E'B\'u "Siti"', 'whatsapp', 'will_meet', E'Line\nand \\ tab\t \'quote\'', '2026-04-02'
	FROM v_group_summary ORDER BY group_id LIMIT 5;
	SELECT ngeshare_withdraw_follow_up(2)});

# Syncs of every mode, and a group that production deletes, leave the follow-ups unchanged.
my $followed = followed();
my $group = $local->safe_psql('ngeshare', 'SELECT group_id FROM ngeshare.follow_up WHERE id = 1');
$production->safe_psql(
	'source', qq{DELETE FROM "UserHangoutGroupAttendance"
	WHERE "hangoutGroupId" = '$group';
	DELETE FROM "UserHangoutGroup" WHERE "hangoutGroupId" = '$group';
		DELETE FROM "HangoutGroup" WHERE id = '$group'});
for my $mode (qw(incremental full verify))
{
	$local->safe_psql('ngeshare',
		"SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync('$mode')");
	is(followed(), $followed, "a sync, $mode, leaves follow-ups alone");
}
$local->safe_psql('ngeshare',
	"SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync('incremental', '{HangoutGroup}')");
is(followed(), $followed, 'and one of a single table');
is($local->safe_psql('ngeshare', qq{SELECT count(*) FROM "HangoutGroup" WHERE id = '$group'}),
	0, 'the group is gone');
is($local->safe_psql('ngeshare', "SELECT count(*) FROM v_follow_up WHERE group_id = '$group'"),
	1, 'its follow-up is there');
$local->safe_psql('ngeshare', 'SELECT ngeshare_refresh()');
is(followed(), $followed, 'a refresh leaves them alone');

# Restores the whole database.
my $wanted = answers_of($local, 'ngeshare', $as_of, %answers);
my $all = counted();
runs($blocks[0], 'backing up');
$local->safe_psql('postgres', 'DROP DATABASE ngeshare');
runs($blocks[1], 'restoring');
is(followed(), $followed, 'follow-ups are restored');
is(counted(), $all, 'so are archive, logs, courses and settings');
is_deeply(answers_of($local, 'ngeshare', $as_of, %answers), $wanted, 'and every answer');
cmp_ok(note_one(), '>', 5, 'the next follow-up has a new id');
sync_local($local, 'ngeshare', $clock);
is($local->safe_psql('ngeshare', 'SELECT status FROM v_sync_health'), 'success', 'and it syncs on');

# Restores only the follow-ups, into a new database that was synced from production.
$followed = followed();
runs($blocks[2], 'backing up follow-ups');
$local->safe_psql('postgres', 'DROP DATABASE ngeshare');
new_local($local, 'ngeshare');
make_cluster_settings();
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);
runs($blocks[3], 'restoring follow-ups');
is(followed(), $followed, 'follow-ups alone are restored');
is_deeply(answers_of($local, 'ngeshare', $as_of, %answers),
	$wanted, 'with production\'s rows every answer is the same');
cmp_ok(note_one(), '>', 6, 'and the next one has a new id');

# A standby has the follow-ups, and refuses to note one.
$local->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 4\n");
$local->restart;
$local->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($local, 'standby', has_streaming => 1);
$standby->start;
note_one();
$local->wait_for_catchup($standby);
is($standby->safe_psql('ngeshare', $kept), followed(), 'a standby has the follow-ups');
is( $standby->safe_psql('ngeshare', 'SELECT count(*) FROM v_follow_up'),
	$local->safe_psql('ngeshare', 'SELECT count(*) FROM v_follow_up'),
	'and answers with them');
like(
	psql_errors(
		$standby, 'ngeshare', qq{SELECT ngeshare_note_follow_up(min(id), 'phone', 'paused')
	FROM "HangoutGroup"}),
	qr/ERROR:  25006/,
	'a note there is refused');
$standby->stop;
done_testing();

# Sets a setting of the database and the length of a course.
sub make_cluster_settings
{
	$local->safe_psql(
		'ngeshare', q{ALTER DATABASE ngeshare SET ngeshare.active_days = 30;
		UPDATE course_config SET max_episodes = 8 WHERE sequence_order = 1});
	return;
}

sub followed
{
	return $local->safe_psql('ngeshare', $kept);
}

# Notes a follow-up and returns its id.
sub note_one
{
	return $local->safe_psql('ngeshare',
		q{SELECT ngeshare_note_follow_up(min(id), 'phone', 'paused') FROM "HangoutGroup"});
}

# Returns the numbers of archived rows and of log rows, a setting and the courses.
sub counted
{
	return $local->safe_psql(
		'ngeshare', q{SELECT
		(SELECT count(*) FROM ngeshare.removed_row),
			(SELECT count(*) FROM ngeshare.removed_user_hangout_group),
				(SELECT count(*) FROM sync_run),
		(SELECT count(*) FROM sync_log), current_setting('ngeshare.active_days'),
			(SELECT string_agg(config::text, ' ' ORDER BY sequence_order)
				FROM course_config AS config)});
}

# Runs a block of commands from docs/backup.md in a directory of its own.
sub runs
{
	my ($block, $name) = @_;
	local %ENV = (%ENV, PGHOST => $local->host, PGPORT => $local->port);
	my $said = '';

	my $done = IPC::Run::run([ 'sh', '-ec', "cd $folder\n$block" ], '>', \$said, '2>&1');
	$said =~ s/^psql:roles\.sql:\d+: ERROR:  role "\w+" already exists\n//gm;
	ok($done, $name);
	unlike($said, qr/error|warning|fatal/i, 'without a complaint');
	return;
}
