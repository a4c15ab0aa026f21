# Tests that an old mirror equals a fresh one. Productions without foreign keys, and without NOT
# NULL except on ids, go through random rounds: rows are added, change with and without a new
# updatedAt, lose their parents and get them back, and get values that cannot be mirrored and good
# ones again. The old mirror is synced after each round; after some rounds a fresh one is made from
# the same production. Mirror, quarantine with its reasons, history and answers must then be equal,
# and so must the statuses of the runs. ngeshare_validate() must find no difference from production.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use List::Util qw(shuffle);
use NgeshareTest;
use OddWorld;
use PostgreSQL::Test::Utils;
use Test::More;

my @seeds =
  defined $ENV{NGESHARE_SEED}
  ? split /,/, $ENV{NGESHARE_SEED}
  : 1 .. ($ENV{NGESHARE_SEEDS} // 4);
my $rounds = $ENV{NGESHARE_ROUNDS} // 4;
my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();
my ($seed, $serial, $day, @graves);
my %steps;

make_templates();
run_seed($_) for @seeds;
diag 'steps: ' . join ', ', map { "$_ $steps{$_}" } sort keys %steps;
cmp_ok($steps{$_} // 0, '>', 0, "$_ was tried")
  for @seeds < 4 ? () : qw(insert change spoil delete mend orphan);
$production->stop;
$local->stop;
done_testing();

# Makes production's database, and a connected local one from which the mirrors are copied.
sub make_templates
{
	new_reading_login($production);
	$production->safe_psql('postgres', 'CREATE DATABASE source');
	$production->safe_psql('source', join ";\n", make_world(kind => 'loose', strict => 0));
	NgeshareTest::command_ok_quietly(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $production->connstr('source'),
			'-f', $_
		]) for reference_files();
	new_local($local, 'fresh');
	$local->safe_psql('fresh', connect_local($production, 'source'));
	return;
}

# Runs the rounds of one production, from its first rows on.
sub run_seed
{
	($seed, $serial, $day, @graves) = ($_[0], 0, 0);
	srand $seed;
	my $views = $rounds > 3 ? int($rounds / 2) : 1;

	write_all(
		'TRUNCATE ' . join(', ', map { qq{"$_"} } @TABLES),
		map { untyped($_) } fill_world(6 + int rand 5, $seed));
	$local->safe_psql('postgres', 'DROP DATABASE IF EXISTS old');
	$local->safe_psql('postgres', 'CREATE DATABASE old TEMPLATE fresh');
	write_all(map { step() } 1 .. int rand 4);
	sync_of('old', 'incremental');
	for my $round (1 .. $rounds)
	{
		write_all(map { step() } 1 .. 1 + int rand 6);
		$day++ if rand() < 0.2;

		# A run of only some tables leaves the others to the next run, as an interrupted run does.
		sync_of('old', 'incremental', "'{" . join(',', (shuffle @TABLES)[ 0 .. 2 ]) . "}'")
		  if rand() < 0.15;
		my $status = sync_of('old', rand() < 0.2 ? 'full' : 'incremental');
		return
		  if ($round == $rounds || $round % $views == 0)
		  && !is_as_fresh("seed $seed, round $round", $status);
	}
	return;
}

sub write_all { return $production->safe_psql('source', join ";\n", 'BEGIN', @_, 'COMMIT'); }

sub now { return "timestamptz '$clock' + interval '$day days'"; }

# Runs a sync without a limit on deletions; returns how the run ended.
sub sync_of
{
	my ($database, $mode, $tables) = @_;
	my $arguments = "'$mode'" . (defined $tables ? ", $tables" : '');

	$local->psql(
		$database,
		q{SELECT set_config('ngeshare.sync_clock', (}
		  . now()
		  . qq{)::text, false); SET ngeshare.sync_max_delete_pct = 100; CALL ngeshare_sync($arguments)},
		on_error_stop => 1,
		stderr => \my $said);
	diag $said if $said =~ /ERROR/;
	return $local->safe_psql($database,
		q{SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1});
}

# Makes a fresh mirror and compares the old one with it.
sub is_as_fresh
{
	my ($where, $status) = @_;

	$local->safe_psql('postgres', 'CREATE DATABASE new TEMPLATE fresh');

	# A run's window depends on the previous run's clock, and the first run's on its own clock. So
	# the old mirror is synced once more, to have the same window as the fresh one.
	$status = sync_of('old', 'incremental');
	my $fresh = sync_of('new', 'incremental');
	my %query = queries();
	my ($wanted, $got) = map {
		answers_of(
			$local,
			$_,
			q{SELECT set_config('ngeshare.as_of', (}
			  . now()
			  . ")::text, false) AS nothing \\gset\n",
			%query)
	} qw(new old);
	my @different = map {
		my $name = $_;
		map { "$name $_" } differences($wanted->{$name}, $got->{$name})
	} sort keys %query;

	push @different, "status: $status here, $fresh there"
	  if $status ne $fresh || $status !~ /^(success|warning)$/;
	for my $database (qw(old new))
	{
		my $same =
		  $local->safe_psql($database, 'SELECT bool_and(matches) FROM ngeshare_validate()');
		push @different, "$database: ngeshare_validate() says that they differ" if $same ne 't';
	}
	my $waiting = @{ $wanted->{quarantine} };
	push @different, "$waiting rows wait, but the run is a $status"
	  if ($waiting > 0) != ($status eq 'warning');
	is(scalar @different, 0, "$where: nothing differs ($waiting rows wait)")
	  or diag join "\n", @different[ 0 .. ($#different < 14 ? $#different : 14) ];
	$local->safe_psql('postgres', 'DROP DATABASE new');
	return !@different;
}

# Returns the queries that are compared: mirror, quarantine, history and answers.
sub queries
{
	my @views =
	  qw(v_group_summary v_group_progress v_group_status v_member_roster v_curriculum_pipeline
	  v_curriculum_funnel
	  v_member_journey v_facilitator_alumni v_anomalies v_rescue_list);

	return (
		(map { $_ => qq{SELECT * FROM "$_"} } @TABLES, @views),
		quarantine => 'SELECT table_name, row_id, reason FROM ngeshare.quarantine',
		past => 'SELECT * FROM ngeshare.meeting_past',
		meetings => 'SELECT * FROM ngeshare.group_meeting',
		state => 'SELECT * FROM ngeshare.history_state');
}

# Random steps ------------------------------------------------------------------

sub one_of { return $_[ rand @_ ]; }

# Returns an expression for the id of an existing row, of a deleted row, or of a row that never
# existed.
sub some_id
{
	my ($table) = @_;
	my @gone = grep { $_->[0] eq $table } @graves;
	my $draw = rand;

	return "'nobody " . int(rand 3) . "'" if $draw < 0.08;
	return "'" . one_of(@gone)->[1] . "'" if $draw < 0.2 && @gone;
	return
		qq{(SELECT id FROM "$table" WHERE id IS NOT NULL ORDER BY md5(id || '}
	  . int(rand 1e9)
	  . q{') LIMIT 1)};
}

sub stamp
{
	return sprintf "timestamp '2026-03-30 %02d:%02d:%02d.%06d'", rand 24, rand 60, rand 60,
	  rand 1e6;
}

# Returns an instant of attendance: in the window, less than a millisecond from its start, or in the
# past.
sub instant
{
	my $edge = "timestamp '2026-02-13 17:00'";

	return one_of(
		"$edge - interval '0.0004 s'",
		"$edge - interval '0.0006 s'",
		"$edge + interval '0.0002 s'", $edge) if rand() < 0.3;
	return sprintf "$edge + interval '%d s' + interval '%d us'", rand(45 * 86400), rand 1e6
	  if rand() < 0.6;
	return sprintf "$edge - interval '%d s'", rand 100 * 86400;
}

sub step
{
	my $kind = one_of(qw(insert insert change change spoil delete delete mend mend orphan));
	my $table = one_of(@TABLES, 'UserHangoutGroup', 'UserHangoutGroupAttendance');

	$steps{$kind}++;
	return main->can($kind)->($table);
}

sub insert
{
	my ($table) = @_;
	my %value = (
		id => "'new " . ++$serial . "'",
		createdAt => stamp(),
		updatedAt => one_of(stamp(), "timestamp '2020-01-01'"),
		name => one_of("'Ngeshare Sesi Aqidah'", "'Name'"),
		type => "'ANY'",
		price => '1',
		circleProfileId => "'c'",
		visibility => "'PUBLIC'",
		order => int(rand 9) + 1,
		status => "'ACTIVE'",
		joinedAt => stamp(),
		hangoutGroupRole => one_of("'MEMBER'", "'FACILITATOR'"),
		attendedAt => instant(),
		email => one_of("'a\@b'", 'NULL'));
	my @columns =
	  grep { defined $value{$_} || $PARENTS{$table}{$_} } map { $_->[0] } @{ $COLUMNS{$table} };

	return
		qq{INSERT INTO "$table" (}
	  . join(', ', map { qq{"$_"} } @columns)
	  . ') SELECT '
	  . join ', ',
	  map { $PARENTS{$table}{$_} ? some_id($PARENTS{$table}{$_}) : $value{$_} } @columns;
}

# Changes a column's value, with or without a new updatedAt.
sub change
{
	my ($table) = @_;
	my @columns =
	  grep { $_ !~ /^(id|updatedAt|price|order|day)$/ } map { $_->[0] } @{ $COLUMNS{$table} };
	my $column = one_of(@columns);
	my $value =
		$PARENTS{$table}{$column}           ? some_id($PARENTS{$table}{$column})
	  : $column eq 'attendedAt'             ? instant()
	  : $column =~ /At$|^last|Date$|^time$/ ? stamp()
	  :                                       one_of("'ACTIVE'", "'MEMBER'", "'other'");
	my $stamp =
	  $table eq 'UserHangoutGroupAttendance' || rand() < 0.5 ? '' : ', "updatedAt" = ' . stamp();

	return qq{UPDATE "$table" SET "$column" = $value$stamp WHERE id = } . some_id($table);
}

# Sets a value that cannot be mirrored.
sub spoil
{
	my ($table) = @_;
	my $column =
	  one_of(grep { $_ ne 'id' } map { $_->[0] } grep { $_->[1] =~ /!$/ } @{ $COLUMNS{$table} });
	my $value = $column =~ /^(attended|created)At$/
	  && $table =~ /Group/ ? one_of('NULL', "'infinity'", "'-infinity'") : 'NULL';

	return qq{UPDATE "$table" SET "$column" = $value WHERE id = } . some_id($table);
}

# Deletes a row, even if other rows reference it, and remembers its id.
sub delete
{
	my ($table) = @_;
	my $id = $production->safe_psql('source', 'SELECT ' . some_id($table));

	push @graves, [ $table, $id ] if $id ne '';
	return qq{DELETE FROM "$table" WHERE id = '$id'};
}

# Inserts a row with the id of a deleted one, or gives good values to a table's columns wherever
# their values cannot be mirrored.
sub mend
{
	my ($table) = @_;
	my ($grave) = grep { $_->[0] eq $table } shuffle @graves;

	return map {
		qq{UPDATE "$table" SET "$_->[0]" = }
		  . (
			  $_->[0] eq 'attendedAt'        ? instant()
			: $_->[1] eq 'AT!'               ? stamp()
			: $_->[1] =~ /^(integer|double)/ ? 1
			:                                  q{'ANY'})
		  . qq{ WHERE "$_->[0]" IS NULL}
		  . ($_->[1] eq 'AT!' ? qq{ OR NOT isfinite("$_->[0]")} : '')
	} grep { $_->[1] =~ /!$/ && $_->[1] !~ /^ID/ } @{ $COLUMNS{$table} }
	  if !$grave || rand() < 0.3;
	my ($insert) = insert($table);
	$insert =~ s/'new $serial'/'$grave->[1]'/;
	return qq{$insert WHERE NOT EXISTS (SELECT 1 FROM "$table" WHERE id = '$grave->[1]')};
}

# Deletes a row of a random parent table, which may leave orphans.
sub orphan
{
	my ($table) = @_;
	return main->can('delete')->(one_of(qw(User Hangout HangoutEpisode HangoutGroup)));
}
