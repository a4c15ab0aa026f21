# Tests that memory and time stay bounded at unrealistic sizes: a group of 100,000 members, a
# facilitator of 10,000 groups, a thousand courses. Each answer is computed in a session of its own,
# whose peak memory is read from /proc.
use strict;
use warnings FATAL => 'all';

use File::Spec;
use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'the peak of memory is read from /proc' unless -r '/proc/self/status';

# The limits: megabytes per session, of which 16 are shared buffers, and seconds per answer. A
# process with sanitizers also holds shadow memory, and does not reuse freed memory at once.
my ($limit, $seconds) = $ENV{NGESHARE_TEST_SANITIZED} ? (2048, 720) : (512, 180);
my $now = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

$local->append_conf('postgresql.conf', "shared_buffers = 16MB\njit = off");
$local->restart;
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(20, 60, '$now')");
enlarge();
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
my $peak = peak_of("SET ngeshare.sync_clock = '$now'; CALL ngeshare_sync('full');");
cmp_ok($peak, '<', $limit, "a first sync comes to $peak MB");

is( $local->safe_psql(
		'ngeshare',
		"SET ngeshare.as_of = '$now'; SELECT member_count FROM v_group_summary WHERE group_id = 'crowd'"
	),
	100_000,
	'the crowd is counted');
is( $local->safe_psql(
		'ngeshare',
		"SET ngeshare.as_of = '$now'; SELECT count(*) FROM v_group_summary WHERE group_id LIKE 'led-%'"
	),
	10_000,
	'all groups of the one facilitator are there');
$local->safe_psql(
	'ngeshare',
	q{INSERT INTO course_config SELECT 'Course ' || n, 1 + n % 20, n
		FROM generate_series(10, 1005) AS n}
);

# With other courses the whole snapshot is rebuilt.
$peak = peak_of('SELECT ngeshare_refresh();');
cmp_ok($peak, '<', $limit, "a refresh of everything comes to $peak MB");
answers_within_limits($_, $now)
  for @VIEWS, 'api.home', 'api.group_status',
  (map { "$_->[0]()" } @FUNCTIONS), q{ngeshare_explain_group('crowd')},
  q{ngeshare_member_journey('leader')};
answers_within_limits('(SELECT api.csv(roster) FROM v_member_roster AS roster)', $now);

$production->stop;
$local->stop;
done_testing();

# Adds the group of 100,000 members and the facilitator's 10,000 groups.
sub enlarge
{
	my $wide = File::Spec->catfile($FindBin::RealBin, '..', 'bench', 'lib', 'wide.sql');

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'groups=10000', '-d',
			$production->connstr('source'),
			'-f', $wide
		]) or die "$wide fails";
	return;
}

# Runs statements in a session of its own; returns the session's peak memory in MB.
sub peak_of
{
	my ($statements) = @_;
	my ($status, $output, $errors) = $local->psql(
		'ngeshare',
		"SET statement_timeout = '${seconds}s'; $statements
		SELECT 'peak ' || substring(pg_read_file('/proc/self/status')
			FROM 'VmHWM:\\s+(\\d+)')::integer / 1024",
		on_error_stop => 1);

	die "$statements: $errors" if $status != 0;
	return $output =~ /^peak (\d+)$/m ? $1 : die "no peak: $output";
}

# Tests that an answer stays within the limits of time and memory.
sub answers_within_limits
{
	my ($answer, $as_of) = @_;
	my $peak = eval {
		peak_of(
			"SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$as_of'; SELECT count(*) FROM (SELECT *
				FROM $answer AS a OFFSET 0) AS counted;"
		);
	};

	ok(defined $peak && $peak < $limit,
		"$answer as of $as_of" . (defined $peak ? " comes to $peak MB" : " fails: $@"));
	return;
}
