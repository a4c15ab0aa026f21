# Tests that a sync misses no row of production, while eight writers with wrong clocks and long
# transactions write to production and syncs with a small sync_overlap run one after the other.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use List::Util qw(sum0);
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $writers = 8;
my $seconds = 8;
my $greatest_skew = 0.2;
my @tables = qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup);

# With pg_read_all_stats the watermark stays before the oldest open transaction. Without it
# sync_overlap has to be longer than every transaction.
my @races = (
	{ name => 'first', overlap => '5s', sees_transactions => 0, long_sleep => 0 },
	{ name => 'second', overlap => '1s', sees_transactions => 1, long_sleep => 3 },
	{ name => 'third', overlap => '5s', sees_transactions => 0, long_sleep => 0 });

my $folder = PostgreSQL::Test::Utils::tempdir;

srand 30;
my ($production, $local) = start_servers();
run_race($_) for @races;
$production->stop;
$local->stop;
done_testing();

# Runs one race: a new production, writers and syncs, and the comparison at the end.
sub run_race
{
	my ($race) = @_;
	my $name = $race->{name};

	prepare($race);
	my @sessions = map { start_writer($race, $_) } 1 .. $writers;
	die 'the writers do not begin'
	  unless $production->poll_query_until($name, writers_query("= $writers"));
	my $syncs = 0;
	while (writers_at_work($name))
	{
		sync($name);
		$syncs++;
	}
	is(scalar(grep { !$_->{psql}->finish } @sessions), 0, "$name: every writer wrote to its end");
	sync($name);

	my $rows = sum0(map { rows_written($_) } @sessions);
	diag "$name race: $rows rows written, $syncs syncs meanwhile";
	cmp_ok($rows, '>', 500, "$name: the writers wrote rows enough");
	cmp_ok($syncs, '>', 5, "$name: syncs ran all along");
	check_runs($name, $syncs + 2);
	check_rows($name);
}

# Returns a query that tests the number of connected writers against a condition.
sub writers_query
{
	my ($condition) = @_;
	return "SELECT count(*) $condition FROM pg_stat_activity WHERE application_name = 'writer'";
}

sub writers_at_work
{
	my ($name) = @_;
	return $production->safe_psql($name, writers_query('> 0')) eq 't';
}

# Prepares a race: a production with current data, a mirror of it, and the race's settings.
sub prepare
{
	my ($race) = @_;
	my $name = $race->{name};

	new_production($production, $name);
	$production->safe_psql($name, 'SELECT demo.generate(300, ' . int(rand 1e6) . ', now())');
	let_see_transactions($race->{sees_transactions});
	is( $production->safe_psql($name, "SELECT pg_has_role('$LOGIN', 'pg_read_all_stats', 'USAGE')"),
		$race->{sees_transactions} ? 't' : 'f',
		"$name: the login sees what it should of others' transactions");
	new_local($local, $name);
	$local->safe_psql('postgres',
		"ALTER DATABASE $name SET ngeshare.sync_overlap = '$race->{overlap}'");
	$local->safe_psql('postgres', "ALTER DATABASE $name SET ngeshare.sync_batch_rows = 100");
	$local->safe_psql($name, connect_local($production, $name));
	sync($name);
	return;
}

# Lets the login see other sessions' transactions, or takes that right away. A login with NOINHERIT
# does not get the privileges of pg_read_all_stats. From PostgreSQL 16 on a grant records at the
# time of GRANT whether the member inherits.
sub let_see_transactions
{
	my ($is_allowed) = @_;

	$production->safe_psql('postgres',
		$is_allowed
		? "ALTER ROLE $LOGIN INHERIT; GRANT pg_read_all_stats TO $LOGIN"
		: "REVOKE pg_read_all_stats FROM $LOGIN; ALTER ROLE $LOGIN NOINHERIT");
	return;
}

# Runs a sync with the real clock. If it fails, check_runs() finds that in sync_run.
sub sync
{
	my ($name) = @_;

	$local->psql($name, 'CALL ngeshare_sync()', stderr => \my $said);
	return;
}

# Starts psql with the script of a writer.
sub start_writer
{
	my ($race, $number) = @_;
	my $script = "$folder/writer_$race->{name}_$number.sql";
	my %writer = (printed => "$script.out", said => "$script.err");

	append_to_file($script, writer_script($race, $number));
	$writer{psql} = IPC::Run::start(
		[
			'psql', '-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d',
			$production->connstr($race->{name}) . ' application_name=writer',
			'-f', $script
		],
		'<',
		\undef,
		'>',
		$writer{printed},
		'2>',
		$writer{said});
	return \%writer;
}

# Returns a writer's script: transactions one after the other until the race is over.
sub writer_script
{
	my ($race, $number) = @_;
	my $skew = -$greatest_skew + 2 * $greatest_skew * ($number - 1) / ($writers - 1);
	my $script = '';
	my $slept = 0;

	for (my $turn = 1; $slept < $seconds; $turn++)
	{
		my $sleep = rand() + (rand() < 0.2 ? $race->{long_sleep} : 0);

		$script .= transaction($number, "$number-$turn", $skew, $sleep);
		$slept += $sleep;
	}
	return $script;
}

# Returns one transaction. It takes all timestamps from the writer's clock, read once at its start.
# It inserts rows, updates a user, a group and a membership of the writer's own share of rows, and
# at last updates a group of any share.
sub transaction
{
	my ($number, $id, $skew, $sleep) = @_;
	my $is_own = "hashtext(id) & 7 = $number - 1";
	my ($user, $group, $membership) =
	  map { some($_, $is_own) } qw(User HangoutGroup UserHangoutGroup);
	my ($any_user, $any_group, $contested_group, $any_episode) =
	  map { some($_) } qw(User HangoutGroup HangoutGroup HangoutEpisode);

	return qq{
		BEGIN;
		SELECT clock_timestamp() AT TIME ZONE 'UTC' + interval '$skew s' AS stamp \\gset
		INSERT INTO "User" (id, "createdAt", "updatedAt", email)
			VALUES ('user-$id', :'stamp', :'stamp', '$id\@example.com');
		INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
		SELECT 'group-$id', :'stamp', :'stamp', 'Kelompok $id', 'OPEN', "hangoutId" FROM "HangoutGroup"
			WHERE id = $any_group;
		INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
			"hangoutGroupRole", "hangoutGroupId", "userId")
		VALUES ('leads-$id', :'stamp', :'stamp', :'stamp', 'ACTIVE', 'FACILITATOR', 'group-$id',
			$any_user),
			('joins-$id', :'stamp', :'stamp', :'stamp', 'ACTIVE', 'MEMBER', $any_group, 'user-$id');
		UPDATE "User" SET "lastActive" = :'stamp', "updatedAt" = :'stamp' WHERE id = $user;
		UPDATE "HangoutGroup" SET name = name || '.', "updatedAt" = :'stamp' WHERE id = $group;
		UPDATE "UserHangoutGroup" SET "joinedAt" = :'stamp', "updatedAt" = :'stamp'
			WHERE id = $membership;
		INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
			"userId")
		VALUES ('now-$id', :'stamp', $any_episode, $any_group, $any_user),
			('late-$id', timestamp :'stamp' - interval '40 days', $any_episode, 'group-$id', 'user-$id');
		SELECT pg_sleep($sleep);
		UPDATE "HangoutGroup" SET city = 'Kota $id', "updatedAt" = :'stamp' WHERE id = $contested_group;
		COMMIT;
	};
}

# Returns a subquery with the id of a random row.
sub some
{
	my ($table, $condition) = @_;
	my $where = defined $condition ? "WHERE $condition " : '';

	return qq{(SELECT id FROM "$table" ${where}ORDER BY md5(id || '} . rand() . q{') LIMIT 1)};
}

# Returns how many rows a writer wrote, from psql's output.
sub rows_written
{
	my ($writer) = @_;
	my $said = slurp_file($writer->{said});

	diag $said if $said ne '';
	return sum0(slurp_file($writer->{printed}) =~ /^(?:INSERT 0|UPDATE) (\d+)$/mg);
}

# Tests that every sync succeeded or ended with a warning. In these races a warning means that a row
# waited for a later sync.
sub check_runs
{
	my ($name, $runs) = @_;

	diag "$name race: $_" for split /\n/, $local->safe_psql(
		$name, q{
		SELECT status || ', ' || count(*) || ' runs'
			|| coalesce(': ' || min(message) FILTER (WHERE status <> 'success'), '')
		FROM sync_run GROUP BY status ORDER BY status});
	diag "$name race: rows repaired: "
	  . $local->safe_psql($name, 'SELECT sum(rows_repaired) FROM sync_log');
	is( $local->safe_psql(
			$name, q{SELECT count(*) FROM sync_run WHERE status IN ('success', 'warning')}),
		$runs,
		"$name: every sync ended well");
	is($local->safe_psql($name, 'SELECT count(*) FROM ngeshare.quarantine'),
		'0', "$name: no row waits in quarantine");
	return;
}

# Tests that the mirror's rows and answers equal production's.
sub check_rows
{
	my ($name) = @_;
	my ($clock, $window_start) = split /\|/, $local->safe_psql(
		$name, q{
		SELECT clock, window_start AT TIME ZONE 'UTC' FROM sync_run ORDER BY run_id DESC LIMIT 1});

	for my $table (@tables)
	{
		is_same($name, $table, qq{SELECT * FROM "$table"});
	}
	is_same(
		$name,
		'the attendance of the window',
		'SELECT * FROM "UserHangoutGroupAttendance"',
		qq{SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" >= '$window_start'});
	no_difference("$name: no answer differs",
		answers_differ($production, $name, $local, $name, $clock));
	no_difference("$name: no meeting differs",
		history_differs($production, $name, $local, $name, 'Asia/Jakarta'));
	return;
}

# Compares the rows of a query in the mirror with production's, by the same query or, if $there is
# given, by that one.
sub is_same
{
	my ($name, $what, $here, $there) = @_;
	my @wanted = rows_of($production, $name, $there // $here);

	no_difference("$name: no row of $what differs",
		differences(\@wanted, [ rows_of($local, $name, $here) ]));
	return;
}

sub no_difference
{
	my ($name, @different) = @_;

	is(scalar @different, 0, $name)
	  or diag join("\n", @different[ 0 .. ($#different < 19 ? $#different : 19) ]);
	return;
}
