# Tests pg_upgrade from one cluster to another: the extension and its data are moved, the answers
# stay the same, and the next sync continues.
use strict;
use warnings FATAL => 'all';

use File::Spec;
use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my $next = '2026-04-10 12:00:00+07';
my @as_of = ($clock, '2025-08-17 00:00:00+07');
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 81, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);

# The state after a sync, plus rows written by hand that no sync has seen.
$local->safe_psql(
	'ngeshare', q{
	INSERT INTO "UserHangoutGroupAttendance"
	SELECT 'by-hand', '2025-06-01 10:00', "hangoutEpisodeId", "hangoutGroupId", "userId"
	FROM "UserHangoutGroupAttendance" ORDER BY id LIMIT 1;
	UPDATE course_config SET max_episodes = 8 WHERE sequence_order = 1;
	CREATE ROLE analyst;
	GRANT SELECT ON v_group_status TO analyst;
	CREATE VIEW mine AS SELECT status, count(*) AS groups FROM v_group_status GROUP BY status});
my %answered = map { $_ => answers($local, $_) } @as_of;
my @catalog = catalog($local);

my $new = PostgreSQL::Test::Cluster->new('upgraded');
$new->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$new->append_conf('postgresql.conf',
	"fsync = off\ntimezone = 'UTC'\nsession_preload_libraries = 'ngeshare'\n");
my $bin = $local->config_data('--bindir');
$local->stop;

# pg_upgrade writes its scripts into the current directory.
command_ok(
	[
		'sh', '-c',
		'cd "$1" && shift && exec "$@"', 'sh',
		PostgreSQL::Test::Utils::tempdir(), 'pg_upgrade',
		'--no-sync', '--old-datadir',
		File::Spec->rel2abs($local->data_dir), '--new-datadir',
		File::Spec->rel2abs($new->data_dir), '--old-bindir',
		$bin, '--new-bindir',
		$bin, '--socketdir',
		$new->host, '--old-port',
		$local->port, '--new-port',
		$new->port
	],
	'pg_upgrade');
$new->start;

is(join("\n", differences(\@catalog, [ catalog($new) ])),
	'', 'the extension\'s catalog is the same');
for my $as_of (@as_of)
{
	my $got = answers($new, $as_of);
	is_deeply(
		[
			map {
				my $view = $_;
				map { "$view $_" } differences($answered{$as_of}{$view}, $got->{$view})
			} @VIEWS
		],
		[],
		"every view answers the same as of $as_of");
}
is( $new->safe_psql('ngeshare', 'SELECT sum(groups) FROM mine'),
	$new->safe_psql('ngeshare', 'SELECT count(*) FROM v_group_status'),
	'a view on the extension\'s views answers');

$production->safe_psql('source',
	q{INSERT INTO "User" (id, "updatedAt", email) VALUES ('newcomer', '2026-04-05', 'new@example.org')}
);
$new->safe_psql('ngeshare', 'UPDATE course_config SET max_episodes = 9 WHERE sequence_order = 1');
like(sync_local($new, 'ngeshare', $next, 'full'), qr/succeeded/, 'the next sync goes on');
is( $new->safe_psql(
		'ngeshare',
		q{SELECT max(run_id) || ' ' || (SELECT count(*) FROM "User" WHERE id = 'newcomer') FROM sync_run}
	),
	'2 1',
	'with the next run, which brings what is new');
is_deeply([ answers_differ($production, 'source', $new, 'ngeshare', $next) ],
	[], 'and every answer is the reference\'s');
cmp_ok($COMPARED, '>', 1000, "in $COMPARED rows");

$production->stop;
$new->stop;
done_testing();

# Returns what every view answers as of an instant.
sub answers
{
	my ($server, $as_of) = @_;
	return answers_of(
		$server, 'ngeshare',
		"SET ngeshare.as_of = '$as_of';\n",
		map { $_ => "SELECT * FROM $_" } @VIEWS);
}

# Returns what the catalog says of the extension, without two differences that pg_dump makes: it
# omits initial privileges that are the default, and it names unnamed columns of a view.
sub catalog
{
	my ($server) = @_;
	return map { s/ AS text,$/,/r } grep { !/^first rights/ } split /\n/,
	  $server->safe_psql('ngeshare',
		"SET search_path = '';\n" . slurp_file("$FindBin::RealBin/lib/catalog.sql"));
}
