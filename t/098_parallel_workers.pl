# Tests settings and functions in parallel workers. A worker checks every setting at its start,
# before time zones, abbreviations and the catalog are available. No setting may crash it, each must
# have the leader's value, and answers and syncs must be the same as without workers.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $now = '2026-03-31 12:00:00+07';

# Values of the settings that are not numbers, in spellings that depend on other settings.
my %VALUES = (
	'ngeshare.timezone' => [ 'asia/jakarta', 'Asia/Makassar', 'utc', 'Etc/GMT-7' ],
	'ngeshare.as_of' => [
		'31.03.2026 23:59:59 Asia/Jakarta',
		'2026-03-31',
		'0044-03-15 12:00:00.123456+00 BC',
		'12026-03-31 12:00 PST',
		''
	],
	'ngeshare.sync_clock' =>
	  [ '31.03.2026 12:00:00.5 JST', '2026-03-31 12:00:00+07', '0044-03-15 BC', 'epoch', '' ],
	'ngeshare.pause_at' => [ 'after merge User', '' ],
	'ngeshare.alert_url' => [ 'https://chat.example/hooks/key', '' ],
	'ngeshare.page_url' => [ 'https://groups.example/', '' ],
	'ngeshare.language' => [ 'en', 'id' ],
	'ngeshare.as_of_is_default' => [ 'on', 'off' ]);
my @STYLES = ('German, DMY', 'SQL, DMY', 'Postgres, MDY', 'ISO, YMD');

my ($production, $local) = start_servers();
my $log = $local->logfile;
my $force = $local->safe_psql('postgres',
	q{SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')});

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(25, 7, '$now')");

# The library is not preloaded into sessions, which is the harder case.
$local->append_conf(
	'postgresql.conf',
	join "\n",
	"session_preload_libraries = ''",
	'min_parallel_table_scan_size = 0',
	'min_parallel_index_scan_size = 0',
	'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0',
	'max_parallel_workers_per_gather = 2',
	'');
$local->restart;
new_local($local, 'ngeshare');
$local->safe_psql(
	'ngeshare', q{
	CREATE TABLE many AS SELECT n, repeat('ab', 50) AS t FROM generate_series(1, 20000) AS n;
	CREATE FUNCTION worker_says(names text[]) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
	BEGIN
		RETURN concat_ws('|', ngeshare.reporting_zone(), CASE current_setting('ngeshare.as_of') WHEN ''
			THEN 'now'
			ELSE ngeshare_as_of()::text END, ngeshare.setting('active_days'),
			(SELECT string_agg(name || '=' || current_setting(name), ',' ORDER BY name)
				FROM unnest(names) AS name));
	END $$;});
my $names = $local->safe_psql('ngeshare',
	q{LOAD 'ngeshare'; SELECT array_agg(name) FROM pg_settings WHERE name LIKE 'ngeshare.%'});
my %numbers = map { split /=/ } split /\n/, $local->safe_psql(
	'ngeshare', q{LOAD 'ngeshare';
	SELECT name || '=' || least(boot_val::bigint + 1, max_val::bigint) FROM pg_settings
	WHERE name LIKE 'ngeshare.%' AND vartype = 'integer'});
is_deeply(
	[ sort keys %VALUES ],
	[
		split /\n/,
		$local->safe_psql(
			'ngeshare', q{LOAD 'ngeshare';
	SELECT name FROM pg_settings WHERE name LIKE 'ngeshare.%' AND vartype <> 'integer'
		ORDER BY name COLLATE "C"}
		)
	],
	'every setting is tried');

test_levels();
test_reload();
test_functions();
test_syncs_and_answers();

unlike(
	slurp_file($log),
	qr/was terminated by signal|terminating any other active/,
	'no process crashed');
unlike(
	slurp_file($log),
	qr/during a parallel operation/,
	'nothing was missed for being set in a parallel query');
$production->stop;
$local->stop;
done_testing();

# Sets values of every setting, in turn for the database, the role and the session, under several
# DateStyles: the workers have the leader's values.
sub test_levels
{
	my @levels = ('ALTER DATABASE ngeshare', 'ALTER ROLE CURRENT_USER IN DATABASE ngeshare', '');

	for my $round (0 .. 4)
	{
		my %value = (%numbers, map { $_ => $VALUES{$_}[ $round % @{ $VALUES{$_} } ] } keys %VALUES);
		my $style = $STYLES[ $round % @STYLES ];
		my $level = $levels[ $round % @levels ];
		my $said = said_by_workers($level, $style, %value);

		is($said->{workers}, $said->{leader},
			($level || 'SESSION') . ", $style, round $round: workers have the leader's settings");
		like($said->{leader}, qr/active_days=29/, 'which are set');
		is($said->{launched} > 0 ? 1 : 0, 1, 'and there are workers');
	}
	return;
}

sub said_by_workers
{
	my ($level, $style, %value) = @_;
	my $session = "SET datestyle = '$style';";
	my $set = join '', "LOAD 'ngeshare'; SET datestyle = 'German, DMY';",
	  map { "$level SET $_ = '$value{$_}';" } sort keys %value;
	my $query = "SELECT DISTINCT worker_says('$names') FROM many WHERE t LIKE '%bab%'";
	my %said;

	if   ($level) { $local->safe_psql('ngeshare', $set); }
	else          { $session = "$set $session"; }
	$said{workers} =
	  $local->safe_psql('ngeshare', "$session SET parallel_leader_participation = off; $query");
	$said{leader} =
	  $local->safe_psql('ngeshare', "$session SET max_parallel_workers_per_gather = 0; $query");
	$said{launched} = () =
	  $local->safe_psql('ngeshare', "$session EXPLAIN (ANALYZE, COSTS OFF) $query") =~
	  /Workers Launched: [1-9]/g;
	$local->safe_psql('ngeshare', "$level RESET ALL") if $level;
	return \%said;
}

# The configuration file gives the settings to the postmaster itself, at its start and later.
sub test_reload
{
	$local->append_conf('postgresql.conf',
			"shared_preload_libraries = 'ngeshare'\nngeshare.timezone = 'asia/makassar'\n"
		  . "ngeshare.as_of = '31.03.2026 23:59:59 Asia/Jakarta'\ndatestyle = 'German, DMY'\n");
	$local->restart;
	like(
		$local->safe_psql(
			'ngeshare',
			"SET parallel_leader_participation = off; SELECT DISTINCT worker_says('{}') FROM many
				WHERE t LIKE '%bab%'"
		),
		qr/^Asia\/Makassar\|31\.03\.2026 16:59:59 UTC\|28$/,
		'settings of the configuration file are in workers');
	for my $wrong ('UTC+7', 'localtime', 'CET')
	{
		my $offset = -s $log;

		$local->append_conf('postgresql.conf', "ngeshare.timezone = '$wrong'\n");
		$local->reload;
		ok( $local->wait_for_log(
				qr/invalid value for parameter "ngeshare\.timezone": "\Q$wrong\E"/, $offset),
			"a reload refuses $wrong");
		is($local->safe_psql('ngeshare', 'SHOW ngeshare.timezone'),
			'Asia/Makassar', 'and keeps the zone');
	}

	# PostgreSQL starts with a custom setting's default if the configuration file has a wrong value.
	my $offset = -s $log;
	$local->append_conf('postgresql.conf', "ngeshare.timezone = 'utc+7'\n");
	$local->restart;
	like(
		substr(slurp_file($log), $offset),
		qr/WARNING:  invalid value for parameter "ngeshare\.timezone": "utc\+7"/,
		'a server that starts with such a zone warns');
	is($local->safe_psql('ngeshare', 'SHOW ngeshare.timezone'),
		'Asia/Jakarta', 'and has the default');
	$local->append_conf('postgresql.conf',
			"shared_preload_libraries = ''\nngeshare.timezone = 'Asia/Jakarta'\n"
		  . "ngeshare.as_of = ''\ndatestyle = 'ISO, MDY'\n");
	$local->restart;
	return;
}

# Functions that are marked PARALLEL SAFE can be called in a worker.
sub test_functions
{
	my @calls = split /\n/, $local->safe_psql(
		'ngeshare', q{
		SELECT format('SELECT %s(%s) FROM many WHERE n < 3', proc.oid::regproc, (
			SELECT string_agg(format('%L::%s', CASE type::regtype::text WHEN 'text' THEN 'a' WHEN 'date'
				THEN '2026-03-31'
				WHEN 'integer' THEN '1' WHEN 'bigint' THEN '1' WHEN 'numeric' THEN '1' WHEN 'double precision'
					THEN '1' WHEN 'boolean' THEN 't'
				WHEN 'text[]' THEN '{a}' WHEN 'interval' THEN '1 day' WHEN 'jsonb' THEN '{}'
				WHEN 'timestamp with time zone' THEN '2026-03-31' WHEN 'timestamp without time zone'
					THEN '2026-03-31' END,
				format_type(type, NULL)), ', ' ORDER BY no)
			FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS argument (type, no)))
		FROM pg_proc AS proc
		JOIN pg_depend AS depend ON depend.classid = 'pg_proc'::regclass AND depend.objid = proc.oid
			AND depend.deptype = 'e'
			AND depend.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ngeshare')
		WHERE proparallel = 's' AND prokind = 'f' AND prorettype <> 'trigger'::regtype
			AND NOT ('internal'::regtype = ANY (proargtypes::oid[]))
		ORDER BY 1});
	my $errors = psql_errors(
		$local, 'ngeshare',
		"SET $force = on; SET parallel_leader_participation = off;" . join '',
		map { "$_;\n" } @calls);

	cmp_ok(scalar @calls, '>', 20, scalar(@calls) . ' functions are marked PARALLEL SAFE');
	unlike(
		$errors,
		qr/25000|parallel operation|server closed the connection/,
		'and each can be called in a worker') or diag $errors;
	return;
}

# Tests all answers and a sync, with every query in parallel and with settings for the database.
# Each statement of such a sync starts workers, so one table is enough.
sub test_syncs_and_answers
{
	$local->safe_psql('ngeshare', connect_local($production, 'source'));
	$local->safe_psql(
		'ngeshare',
		"SET max_parallel_workers_per_gather = 0; LOAD 'ngeshare'; SET ngeshare.sync_clock = '$now';
		CALL ngeshare_sync()"
	);
	$local->safe_psql(
		'postgres',
		"LOAD 'ngeshare'; SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo';"
		  . "ALTER DATABASE ngeshare SET ngeshare.timezone = 'asia/jakarta';
		  ALTER DATABASE ngeshare SET ngeshare.as_of = '$now';"
		  . "ALTER DATABASE ngeshare SET ngeshare.sync_clock = '31.03.2026 12:00:00+07';"
		  . "ALTER DATABASE ngeshare SET datestyle = 'German, DMY'");
	is( psql_errors(
			$local, 'ngeshare',
			q{SET client_min_messages = warning; CALL ngeshare_sync('full', '{HangoutGroup}')}),
		'',
		'a full sync succeeds');
	is($local->safe_psql('ngeshare', 'SELECT bool_and(matches) FROM ngeshare_validate()'),
		't', 'the mirror is production\'s');

	# One worker for each query. With this server's parallel costs of zero, queries within functions
	# would start workers, too.
	my @different = answers_differ(
		$production, 'source', $local, 'ngeshare', $now,
		"SET datestyle = 'ISO, MDY'; SET parallel_setup_cost = 1000; SET parallel_tuple_cost = 0.1;
		SET $force = on;"
	);
	is(scalar @different, 0, 'no answer differs from the reference')
	  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	cmp_ok($NgeshareTest::COMPARED, '>', 200, 'and something was compared');
	return;
}
