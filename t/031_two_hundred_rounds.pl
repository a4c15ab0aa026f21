# Tests two hundred random rounds of changes in production, each followed by one incremental sync.
# After each sync rows, history and answers must equal production's.
#
# NGESHARE_TEST_SEED and NGESHARE_TEST_ROUNDS set another seed or number of rounds; the same seed
# repeats a run. NGESHARE_TEST_KINDS, a pattern, selects the kinds of change that match.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use List::Util qw(min shuffle);
use NgeshareTest;
use PostgreSQL::Test::Utils;
use ProductionChanges;
use Test::More;

my $seed = $ENV{NGESHARE_TEST_SEED} // 20230115;
my $rounds = $ENV{NGESHARE_TEST_ROUNDS} // 200;
my $pattern = $ENV{NGESHARE_TEST_KINDS} // '';
my @kinds = grep { /$pattern/ } kinds_of_change();
my @tables = qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup);

# Features that must occur in the data, or the comparisons would prove nothing.
my @alive = qw(ACTIVE GRADUATED NOT_STARTED STALLED links attendance);

# 2023-01-15 12:00 in Jakarta. It is early enough for two hundred rounds to end before the real
# clock.
my $first_clock = 1673758800000;
my ($clock, $last_clock) = ($first_clock, $first_clock);
my (%times_of, %rows_of, %rounds_with, $late);

srand $seed;
diag "NGESHARE_TEST_SEED=$seed NGESHARE_TEST_ROUNDS=$rounds";
my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source',
	"SELECT demo.generate(100, $seed % 1000000, '" . spell($first_clock) . "+00')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', spell($first_clock) . '+00');

my $passed = 0;
for my $round (1 .. $rounds)
{
	last unless round_is_right($round);
	$passed++;
}
is($passed, $rounds, "after each of $rounds rounds, rows, history and answers are production's");

diag sprintf '%4d times, %5d rows: %s', $times_of{$_} // 0, $rows_of{$_} // 0, $_ for @kinds;
SKIP:
{
	skip 'every kind of change is for two hundred rounds of all kinds', 2
	  if $passed < 200 || $pattern ne '';
	is(join(', ', grep { !$rows_of{$_} } @kinds),
		'', 'every kind of change happened, to at least one row');
	is(join(', ', grep { ($rounds_with{$_} // 0) < 10 } @alive),
		'', 'all along there was something to compare');
}
diag "rounds with: " . join ', ', map { "$_ " . ($rounds_with{$_} // 0) } @alive;
diag 'runs: ' . $local->safe_psql(
	'ngeshare', q{SELECT string_agg(status || ' ' || runs, ', ' ORDER BY status)
	FROM (SELECT status, count(*) AS runs FROM sync_run GROUP BY status) AS counted});
diag 'rows repaired: ' . $local->safe_psql('ngeshare', 'SELECT sum(rows_repaired) FROM sync_log');

commit_late() if $late;
$production->stop;
$local->stop;
done_testing();

# Runs one round: changes, a sync and the comparison. Prints what differs.
sub round_is_right
{
	my ($round) = @_;
	my $before_last = $last_clock;
	my ($sql, @different);

	$last_clock = $clock;
	$clock += advance();
	begin_round($round, $last_clock, $clock, $before_last);
	my $committed = $late ? commit_late() : '';
	my @chosen = choose_kinds($round);
	my $changes = join '',
	  map { script_of($_, change_sql($_)) } grep { $_ ne $LATE_COMMIT } @chosen;
	count_rows(run_script($production, 'source', $changes));

	if (grep { $_ eq $LATE_COMMIT } @chosen)
	{
		begin_late(late_commit_sql());
	}

	my $problem = sync();
	@different = defined $problem ? ($problem) : everything_differs(instants($round));
	return 1 if !@different;

	diag "round $round of seed $seed, synced at "
	  . spell($clock)
	  . ' UTC after '
	  . spell($last_clock);
	diag "committed late before it:\n$committed" if $committed ne '';
	diag "its changes:\n$changes";
	diag "left open meanwhile:\n$late->{sql}" if $late;
	diag scalar(@different) . ' lines differ:';
	diag $_ for @different[ 0 .. min($#different, 19) ];
	return 0;
}

# Returns by how much the sync's clock advances: mostly days, sometimes weeks or nothing.
sub advance
{
	my $luck = rand;

	return between(20 * DAY, 60 * DAY) if $luck < 0.05;
	return 0 if $luck < 0.1;
	return between(0, 3 * DAY);
}

# Chooses one to eight different kinds of change, by weight. The last round gets no late commit,
# because that needs another round after it.
sub choose_kinds
{
	my ($round) = @_;
	my %seen;
	my @possible = grep { /$pattern/ && ($_ ne $LATE_COMMIT || $round < $rounds) } weighted_kinds();
	my @mixed = grep { !$seen{$_}++ } shuffle(@possible);

	return @mixed[ 0 .. min(int rand 8, $#mixed) ];
}

# Returns the instants to ask as of: the sync's clock; in every tenth round also a random instant
# and a local midnight or the millisecond before it.
sub instants
{
	my ($round) = @_;
	my @instants = ($clock);

	if ($round % 10 == 0)
	{
		my $midnight = window_start_of(between($first_clock - 300 * DAY, $clock));
		push @instants, between($first_clock - 300 * DAY, $clock), $midnight - int rand 2;
	}
	return map { spell($_) . '+00' } @instants;
}

# Returns one change as a transaction that first prints its kind.
sub script_of
{
	my ($kind, $sql) = @_;
	return "\\echo kind: $kind\nBEGIN;\n${sql}COMMIT;\n";
}

# Runs a script for psql and returns what it printed.
sub run_script
{
	my ($server, $database, $script) = @_;
	my ($output, $errors) = ('', '');

	IPC::Run::run(
		[
			'psql', '-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d', $server->connstr($database),
			'-f', '-'
		],
		'<',
		\$script,
		'>',
		\$output,
		'2>',
		\$errors) or die "psql failed: $errors\n$script";
	return $output;
}

# Counts the rows that each kind of change wrote, from psql's output.
sub count_rows
{
	my ($output) = @_;
	my $kind;

	for my $line (split /\n/, $output)
	{
		if ($line =~ /^kind: (.*)/)
		{
			$kind = $1;
			$times_of{$kind}++;
		}
		$rows_of{$kind} += $1 if $line =~ /^(?:INSERT 0|UPDATE|DELETE) (\d+)$/;
	}
	return;
}

# Starts a transaction that stays open until commit_late().
sub begin_late
{
	my ($sql) = @_;

	$late = {
		sql => $sql,
		input => "\\echo kind: $LATE_COMMIT\nBEGIN;\n${sql}SELECT 'held';\n",
		output => '',
		errors => ''
	};
	$late->{session} = IPC::Run::start(
		[
			'psql', '-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d', $production->connstr('source'),
			'-f', '-'
		],
		'<',
		\$late->{input},
		'>',
		\$late->{output},
		'2>',
		\$late->{errors},
		IPC::Run::timer(120));
	$late->{session}->pump while $late->{session}->pumpable && $late->{output} !~ /^held$/m;
	die "psql failed: $late->{errors}\n$sql" if $late->{output} !~ /^held$/m;
	return;
}

# Commits the open transaction and returns its SQL.
sub commit_late
{
	my $sql = $late->{sql};

	$late->{input} .= "COMMIT;\n\\q\n";
	$late->{session}->finish or die "psql failed: $late->{errors}\n$sql";
	count_rows($late->{output});
	$late = undef;
	return $sql;
}

# Runs a sync with a random batch size. Returns an error message if something went wrong.
sub sync
{
	my $batch = (1, 7, 100, 5000)[ rand 4 ];
	my ($status, $output, $errors) = $local->psql(
		'ngeshare',
		"SET ngeshare.sync_clock = '"
		  . spell($clock)
		  . "+00'; SET ngeshare.sync_batch_rows = $batch; CALL ngeshare_sync()",
		on_error_stop => 1);

	return $status == 0 ? undef : "the sync failed: $errors";
}

# Returns a hash from each query's name to its sorted rows; runs all queries in one psql.
sub answers
{
	my ($server, $database, @queries) = @_;
	my $script = join '', map {
		"\\echo answer: $_->{name}\n" . ($_->{setting} // '') . "COPY ($_->{sql}) TO STDOUT;\n"
	} @queries;
	my (%lines_of, $name);

	for my $line (split /\n/, run_script($server, $database, "\\set QUIET on\n$script"))
	{
		if ($line =~ /^answer: (.*)/)
		{
			$name = $1;
			$lines_of{$name} = [];
			next;
		}
		push @{ $lines_of{$name} }, $line;
	}
	return map { $_ => [ sort @{ $lines_of{$_} } ] } keys %lines_of;
}

# Returns what is compared, apart from answers. Each comparison has a name, a query for the mirror
# ("here") and one for production ("there").
sub comparisons
{
	my ($window_start) = map { "timestamp '" . spell($_) . "'" } window_start_of($last_clock);
	my @comparisons =
	  map { { name => $_, here => qq{SELECT * FROM "$_"}, there => qq{SELECT * FROM "$_"} } }
	  @tables;

	push @comparisons,
	  {
		name => 'window start',
		here =>
		  q{SELECT window_start AT TIME ZONE 'UTC' FROM sync_run ORDER BY run_id DESC LIMIT 1},
		there => "SELECT $window_start"
	  },
	  {
		name => 'window',
		here => 'SELECT * FROM "UserHangoutGroupAttendance"',
		there => qq{SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" >= $window_start}
	  },
	  {
		name => 'quarantine',
		here => 'SELECT table_name, row_id, reason FROM ngeshare.quarantine',
		there => 'SELECT WHERE false'
	  },
	  {
		name => 'history',
		here => q{SELECT group_id, episode_id, day, min(first_at), max(last_at), sum(attendances)
		  	FROM ngeshare.meeting GROUP BY 1, 2, 3},
		there => q{SELECT "hangoutGroupId", "hangoutEpisodeId",
		  	("attendedAt" AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Jakarta')::date,
			min("attendedAt"), max("attendedAt"), count(*) FROM "UserHangoutGroupAttendance"
				GROUP BY 1, 2, 3}
	  };
	return @comparisons;
}

# Like comparisons(), but for the answers as of an instant. A function has no query for production:
# its rows are compared with those that production has for a view ("same_as").
sub comparisons_as_of
{
	my ($as_of) = @_;
	my %columns = reference_columns($production, 'source');
	my @views = map {
		{
			name => "$_ as of $as_of",
			setting => "SET ngeshare.as_of = '$as_of';\n",
			here => "SELECT $columns{$_} FROM $_",
			there => "SELECT * FROM reference.$_('$as_of')"
		}
	} @VIEWS;
	my @functions = map {
		{
			name => "$_->[0] as of $as_of",
			here => "SELECT $columns{$_->[1]} FROM $_->[0]('$as_of')",
			same_as => "$_->[1] as of $as_of"
		}
	} @FUNCTIONS;

	return (@views, @functions);
}

# Compares rows, history and answers with production's. Returns the lines that differ, each prefixed
# with the name of what differs.
sub everything_differs
{
	my @instants = @_;
	my @comparisons = (comparisons(), map { comparisons_as_of($_) } @instants);
	my %wanted = answers($production, 'source',
		map { { name => $_->{name}, sql => $_->{there} } } grep { $_->{there} } @comparisons);
	my %got = answers(
		$local,
		'ngeshare',
		map {
			{ %$_, sql => $_->{here} }
		} @comparisons);

	forget_activity($wanted{"v_member_roster as of $_"}, $got{"v_member_roster as of $_"})
	  for @instants;
	note_what_is_there(\%got, $instants[0]);
	return map {
		my $name = $_->{name};
		map { "$name: $_" } differences($wanted{ $_->{same_as} // $name }, $got{$name})
	} @comparisons;
}

# Counts the rounds in which each status, some links, and some attendance in the window occurred.
sub note_what_is_there
{
	my ($got, $as_of) = @_;
	my %statuses = map { (split /\t/)[2] => 1 } @{ $got->{"v_group_status as of $as_of"} };

	$rounds_with{$_}++ for keys %statuses;
	$rounds_with{links}++ if @{ $got->{"v_curriculum_pipeline as of $as_of"} } > 3;
	$rounds_with{attendance}++ if @{ $got->{window} } > 50;
	return;
}
