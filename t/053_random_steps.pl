# Tests a thousand random writes by hand into the mirror. The same writes are made in production,
# where the reference answers. Until a refresh every answer must be that of the last refresh; after
# a refresh, without a sync, it must be the reference's. This is tested for a writer that refreshes
# within its transaction, for other sessions during and after that transaction, after a rollback,
# for a reader in a REPEATABLE READ transaction, as of random instants, with other thresholds, and
# with two writers at once.
#
# After every step three views and one of the others are compared. After every tenth step all views
# and functions are compared, and the snapshot, row by row, with one that is built from scratch.
# Only two SQLSTATEs are tolerated: 23503 (23001 from PostgreSQL 18 on) if one writer deletes the
# group that the other's rows reference and production fails in the same way; and 40001 above READ
# COMMITTED.
#
# NGESHARE_TEST_SEED and NGESHARE_TEST_STEPS change the seed and the number of steps.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use List::Util qw(min shuffle sum0);
use NgeshareTest;
use PostgreSQL::Test::Utils;
use RandomSteps;
use Session qw(poll_until);
use Test::More;
use Time::HiRes qw(time);
use TwoSides;

my $seed = $ENV{NGESHARE_TEST_SEED} // 53;
my $wanted = $ENV{NGESHARE_TEST_STEPS} // 1000;
my $groups = 40;
my $begun = time;
my ($steps, $day) = (0, 0);
my (%drawn, %ways, @failure);
my $points = qr/2(?:3503|3001)/;

# The ways to make a step, with their weights.
my %way = (
	alone => 40,
	in_one => 16,
	taken_back => 9,
	with_savepoint => 9,
	in_block => 5,
	old_snapshot => 6,
	two_writers => 14,
	against_group => 2,
	synced => 2);

srand $seed;
diag "NGESHARE_TEST_SEED=$seed";
my ($production, $local) = start_servers();
prepare();
my $sides = TwoSides->start($production, 'source', $local, 'ngeshare');
my $random = RandomSteps->new($sides);
my @pair = map { Session->start($local, 'ngeshare', 'jit = off') } 1 .. 2;
my $looker = Session->start($local, 'postgres');
$sides->set_clock(clock());
link_groups();
compare('before the first step', all => 1);

while ($steps < $wanted && !@failure)
{
	my $next = RandomSteps::weighted(%way);

	$ways{$next}++;
	main->can($next)->();
	write_alone($random->pay_debt) if !@failure;
}

is(join("\n", @failure), '', "after each of $steps steps no answer differs");
check_end() if !@failure;
tell_figures();
$_->end for @pair, $looker;
$sides->end;
$production->stop;
$local->stop;
done_testing();

# Prepares a production and a mirror that was synced once.
sub prepare
{
	new_production($production, 'source');
	$production->safe_psql('source', "SELECT demo.generate($groups, $seed, '" . clock() . "')");
	$production->safe_psql('source', 'ANALYZE');
	new_local($local, 'ngeshare');
	$local->safe_psql('ngeshare', connect_local($production, 'source'));
	sync_local($local, 'ngeshare', clock());
	return;
}

# Adds ten pairs of groups to production, most of them linked to each other, that met in the window
# or in the 250 days before it, and syncs.
sub link_groups
{
	for (1 .. 10)
	{
		$sides->there($_) for $random->linked_groups(250);
	}
	sync_local($local, 'ngeshare', clock(), 'full');
	return;
}

# Returns the sync's clock, which advances in days.
sub clock { return sprintf '2026-03-%02d 12:00:00+07', 1 + $day; }

# Comparing ---------------------------------------------------------------------

# Compares the answers of two sessions (the readers by default), mostly as of now. Differences are
# kept, and the test fails with them.
sub compare
{
	my ($where, %how) = @_;
	my ($here, $there) =
	  ($how{here} // $sides->{reader}{here}, $how{there} // $sides->{reader}{there});
	my $as_of = $random->as_of;
	my %threshold =
	  !$how{alone} || rand() > 0.04
	  ? ()
	  : (
		link_days => 60,
		link_early_days => 10,
		link_min_shared => 1,
		link_min_overlap_pct => 34,
		active_days => 13,
		rescue_min_pct => 40);

	return if @failure;
	my @different = $sides->differs($as_of, $here, $there, $how{all}, %threshold);
	fail_with("step $steps, $where, as of $as_of" . (%threshold ? ', by other thresholds' : ''),
		@different)
	  if @different;
	return;
}

sub fail_with
{
	my ($where, @different) = @_;

	push @failure, "seed $seed, $where:", @different[ 0 .. min(9, $#different) ],
	  'The last statements were', $sides->told;
	return;
}

# Refreshes within the writer's transaction, and compares what the writer sees.
sub compare_inside
{
	my ($where) = @_;

	return if @failure;
	$sides->refresh;
	return compare(
		"to the writer $where",
		here => $sides->{writer}{here},
		there => $sides->{writer}{there});
}

# Compares what other sessions see when no transaction is open: before a refresh the old answers,
# after it the new ones. In every tenth step compares all answers.
sub compare_after
{
	my ($where) = @_;

	return if @failure;
	check_standing("$where, before a refresh") if rand() < 0.3;
	$sides->refresh;
	return compare_refreshed($where);
}

# Compares what other sessions see after a refresh.
sub compare_refreshed
{
	my ($where) = @_;
	my $is_turn = int($steps / 10) != ($sides->{whole} // 0);

	return if @failure;
	$is_turn ? compare_everything($where) : compare($where, alone => 1);
	$sides->{standing} = $sides->standing if !@failure;
	return;
}

# Tests that other sessions get the same answers as after the last refresh.
sub check_standing
{
	my ($where) = @_;

	return if @failure || !defined $sides->{standing};
	my @before = split /\n/, $sides->{standing};
	my @now = split /\n/, $sides->standing;
	my @different = differences(\@before, \@now);
	$ways{'standing answers'}++;
	fail_with("step $steps, $where", @different) if @different;
	return;
}

# Compares every view and function in new sessions, and the snapshot itself.
sub compare_everything
{
	my ($where) = @_;
	my $as_of = $random->as_of;
	my $known = $NgeshareTest::COMPARED;

	$sides->{whole} = int($steps / 10);
	my @different = answers_differ($production, 'source', $local, 'ngeshare', $as_of,
		"SET jit = off; SET ngeshare.sync_clock = '" . clock() . "';\n");
	$sides->{compared} += $NgeshareTest::COMPARED - $known;
	$sides->{comparisons}++;
	fail_with("step $steps, $where, as of $as_of, everything", @different) if @different;
	@different = rebuilt_differs($local, 'ngeshare');
	fail_with("step $steps, $where, the snapshot made from nothing", @different) if @different;
	return;
}

# One writer --------------------------------------------------------------------

# Draws a step and counts it.
sub step
{
	my (@kinds) = @_;
	my ($name, @statements) = $random->draw(@kinds);

	$steps++;
	$drawn{$name}++;
	return @statements;
}

sub write_all { $sides->write($_) for @_; return; }

sub write_alone
{
	my (@statements) = @_;

	return if !@statements;
	write_all(@statements);
	return compare_after('when courses are back');
}

# Makes one step: each statement in a transaction of its own, or all in one.
sub alone
{
	my @statements = step();
	my $together = @statements > 1 && rand() < 0.5;

	write_all($together ? ('BEGIN', @statements, 'COMMIT') : @statements);
	compare_inside('afterwards') if rand() < 0.2;
	return compare_after('after one write');
}

# Makes several steps in one transaction. Its writer sees them, other sessions do not.
sub in_one
{
	write_all('BEGIN');
	for my $number (1 .. 2 + int rand 3)
	{
		write_all(step());
		compare_inside("after $number of its writes");

		# After a TRUNCATE the open transaction blocks readers in other sessions.
		compare('to others meanwhile') if rand() < 0.2 && !$sides->{keeps_out};
	}
	write_all('COMMIT');
	return compare_after('after a transaction');
}

# Makes a transaction that is rolled back; sometimes it truncates tables.
sub taken_back
{
	write_all('BEGIN');
	for my $number (1 .. some(2))
	{
		write_all(step(rand() < 0.15 ? 'truncation' : ()));
		compare_inside("after $number writes that will be taken back");
	}
	if (rand() < 0.15)
	{
		write_all('TRUNCATE '
			  . (qw("HangoutGroup" "Hangout" course_config "UserHangoutGroup"))[ rand 4 ]
			  . ' CASCADE');
		compare_inside('after a table was emptied');
	}
	write_all('ROLLBACK');
	compare_inside('after a rollback') if rand() < 0.3;
	return compare_after('after a rollback');
}

sub some { return RandomSteps::some($_[0]); }

# Makes a transaction in which a part is rolled back to a savepoint, sometimes because of an error.
sub with_savepoint
{
	write_all('BEGIN');
	write_all(step()) if rand() < 0.6;
	write_all('SAVEPOINT part');
	write_all(step());
	compare_inside('inside a savepoint');
	write_all('SAVEPOINT deeper', step(), 'RELEASE SAVEPOINT deeper') if rand() < 0.3;
	run_into_error() if rand() < 0.4;
	write_all('ROLLBACK TO SAVEPOINT part');
	compare_inside('back at a savepoint');
	write_all(step()) if rand() < 0.6;
	write_all('COMMIT');
	return compare_after('after a transaction with a savepoint');
}

# Inserts the same row twice, which fails.
sub run_into_error
{
	my @row = rand() < 0.5 ? $random->attendance_rows(1) : $random->membership_row($random->group);
	my $failed =
	  RandomSteps::inserted((@{ $row[0] } == 5 ? 'UserHangoutGroupAttendance' : 'UserHangoutGroup'),
		@row, @row);

	for my $side (qw(here there))
	{
		$sides->{writer}{$side}->run($failed);
		die "this did not fail: $failed" unless $sides->{writer}{$side}->errors =~ /23505/;
	}
	return;
}

# Runs a PL/pgSQL block that catches an error, which rolls back all that was done in the block.
sub in_block
{
	my @lost = grep { !/^(COPY|TRUNCATE|CREATE|DROP)/ }
	  step(qw(attendance membership group user life episode));

	@lost = () if grep { /kept/ } @lost;
	write_all('BEGIN', step());
	write_all('DO $$ BEGIN '
		  . join('; ', @lost, q{RAISE EXCEPTION 'no'})
		  . '; EXCEPTION WHEN raise_exception THEN NULL; END $$');
	compare_inside('after a block that was taken back');
	write_all('COMMIT');
	return compare_after('after a block that was taken back');
}

# Lets a reader in a REPEATABLE READ transaction read while another session writes.
sub old_snapshot
{
	my ($here, $there) = @{ $sides->{reader} }{qw(here there)};
	my @kinds = grep { $_ ne 'truncation' }
	  qw(attendance membership group life episode hangout user person course);

	for my $session ($here, $there)
	{
		$session->run('BEGIN ISOLATION LEVEL REPEATABLE READ');
		$session->run('SELECT count(*) FROM "User"');
	}
	compare('in a new snapshot', here => $here, there => $there) if rand() < 0.5;
	for (1 .. some(3))
	{
		write_all(step(@kinds));
		rand() < 0.5 ? compare_inside('while others have an old snapshot') : $sides->refresh;
		compare('in an old snapshot', here => $here, there => $there);
	}
	$_->run('COMMIT') for $here, $there;
	return compare_after('after an old snapshot');
}

# Runs a sync, which finds the same rows on both sides. Before it the clock advances by a day, up to
# 2026-03-30, and the window with it.
sub synced
{
	$day++ if $day < 29;
	my $said = psql_errors($local, 'ngeshare',
			"SET client_min_messages = warning; SET ngeshare.sync_clock = '"
		  . clock()
		  . "'; CALL ngeshare_sync('"
		  . (rand() < 0.2 ? 'full' : 'incremental')
		  . "')");

	fail_with("step $steps, a sync", $said) if $said ne '';
	$sides->remember('-- a sync as of ' . clock());
	$sides->set_clock(clock());
	is_nothing_stale();
	return compare_refreshed('after a sync');
}

# Tests that a sync's refresh left no stale key.
sub is_nothing_stale
{
	my $left = $local->safe_psql('ngeshare', 'SELECT count(*) FROM ngeshare.stale_key');

	fail_with("step $steps, after a sync", "$left stale keys") if $left ne '0';
	return;
}

# Two writers -------------------------------------------------------------------

# Runs two transactions with some statements each. Their statements are interleaved at random, they
# wait for each other if necessary, and they end in any order. Both write to the tables in the same
# order and to each table once, so that they never deadlock. Attendance locks rows of groups too, so
# only one of the two changes groups.
sub two_writers
{
	my @kinds = (
		[qw(attendance membership)],
		[qw(attendance membership user)],
		[qw(membership user)], [qw(attendance)]);
	my @both =
	  ($kinds[ rand @kinds ], rand() < 0.2 ? [qw(membership group)] : $kinds[ rand @kinds ]);

	if (rand() < 0.5)
	{
		$random->meet_at_one_spot;
		write_all(step('one_spot'));
		$sides->refresh;
		@both = ([qw(one_spot membership)], ['one_spot']);
	}
	my @writers = map {
		writer($pair[$_], $_ + 1, map { [ step($_) ] } @{ $both[$_] })
	} 0, 1;
	$random->meet_anywhere;
	return interleave(@writers);
}

# One writer adds a row to a group that the other deletes: the later one fails.
sub against_group
{
	my ($id, $user) = ($random->fresh('g'), ($random->pick('User', 1))[0]);
	my ($episode, $hangout) = map { ($random->pick($_, 1))[0] } qw(HangoutEpisode Hangout);

	$steps += 2;
	$drawn{against_group} += 2;
	write_all(
		RandomSteps::inserted(
			'HangoutGroup', [ $id, '2026-01-01', '2026-01-01', $id, 'ANY', $hangout, undef ]));
	compare_after('with a new group');
	my $adds = RandomSteps::inserted('UserHangoutGroupAttendance',
		[ $random->fresh('att'), $random->instant, $episode, $id, $user ]);
	my $joins = RandomSteps::inserted('UserHangoutGroup', $random->membership_row($id, $user));
	return interleave(
		writer($pair[0], 1, [ rand() < 0.5 ? $adds : $joins ]),
		writer($pair[1], 2, [ RandomSteps::deleted('HangoutGroup', $id) ]));
}

# Returns a writer's state: its session, isolation level and remaining statements.
sub writer
{
	my ($session, $number, @todo) = @_;
	my @begin = ('READ COMMITTED') x 5;

	return {
		session => $session,
		number => $number,
		todo => \@todo,
		done => [],
		level => (@begin, 'REPEATABLE READ', 'SERIALIZABLE')[ rand 7 ],
		gives_up => rand() < 0.15
	};
}

sub interleave
{
	my (@writers) = @_;
	my @open = @writers;

	for my $writer (@writers)
	{
		$writer->{session}->run("BEGIN ISOLATION LEVEL $writer->{level}");
	}
	while (@open && !@failure)
	{
		my ($writer) = shuffle(grep { !$_->{waits} } @open);

		die "two writers wait for each other:\n" . $sides->told if !$writer;
		if (@{ $writer->{todo} }) { tell_writer($writer, shift @{ $writer->{todo} }) }
		else
		{
			end_writer($writer);
			@open = grep { $_ != $writer } @open;
			$_->{waits} and come_back($_) for @open;
			$_->{is_stale} = $_->{level} ne 'READ COMMITTED' for @open;
		}
		@open = grep { !$_->{failed} } @open;
		look_between($writer, @writers);
	}

	# Compare the history itself, because a wrong count would change few answers.
	my @lost =
	  @failure ? () : history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta');
	fail_with("step $steps, the history after two writers", @lost) if @lost;
	return compare_after('after two writers');
}

# Sends a writer its next statements, and waits until they are done or the writer waits for the
# other.
sub tell_writer
{
	my ($writer, $statements) = @_;
	my $session = $writer->{session};

	$writer->{now} = $statements;
	$sides->remember("-- writer $writer->{number}, $writer->{level}: $_") for @$statements;
	$session->tell(join ";\n", @$statements);
	poll_until(
		sub {
			$session->is_done
			  || $looker->run("SELECT pg_blocking_pids($session->{pid}) <> '{}'") eq 't';
		}) or die 'a writer does not come back';
	if   ($session->is_done) { take_result($writer) }
	else                     { $writer->{waits} = 1 }
	return;
}

# Continues with a writer whose opponent has ended.
sub come_back
{
	my ($writer) = @_;

	$writer->{waits} = 0;
	return take_result($writer);
}

# Reads the result of a writer's statements. A writer that failed is rolled back; if it failed
# because of a foreign key, production must fail in the same way.
sub take_result
{
	my ($writer) = @_;
	my $session = $writer->{session};

	$session->wait;
	push @{ $writer->{done} }, @{ $writer->{now} };
	my $errors = $session->errors;
	return if $errors eq '';
	$writer->{failed} = 1;
	$sides->remember("-- writer $writer->{number} failed: $errors");
	$session->run('ROLLBACK');
	$ways{'failed writer'}++;
	return if $errors =~ /^ERROR:  40001/ && $writer->{level} ne 'READ COMMITTED';
	return if $errors =~ /^ERROR:  $points/ && replay($writer, 'ROLLBACK') =~ /^ERROR:  $points/;
	return fail_with("step $steps, writer $writer->{number}", $errors);
}

# Repeats in production what a writer did, up to a comparison or to the transaction's end; returns
# the errors.
sub replay
{
	my ($writer, $end, $compare) = @_;
	my $there = $sides->{writer}{there};
	my $errors = '';

	$there->run('BEGIN');
	for my $statement (@{ $writer->{done} })
	{
		$there->run($sides->of_production($statement));
		$errors ||= $there->errors;
	}
	$compare->($there) if $compare && $errors eq '';
	$there->run($end);
	return $errors || $there->errors;
}

sub end_writer
{
	my ($writer) = @_;
	my $end = $writer->{gives_up} ? 'ROLLBACK' : 'COMMIT';
	my $session = $writer->{session};

	$sides->remember("-- writer $writer->{number}: $end");
	$session->run($end);
	$writer->{ended} = 1;
	$sides->{standing} = undef if $writer->{refreshed};
	if ($session->errors =~ /^ERROR:  40001/ && $writer->{level} eq 'SERIALIZABLE')
	{
		$ways{'failed writer'}++;
		return;
	}
	my $errors = $session->errors || ($writer->{gives_up} ? '' : replay($writer, $end));
	fail_with("step $steps, writer $writer->{number}", $errors) if $errors ne '';
	return;
}

# Compares what other sessions and the writer see between two statements. A writer that has
# refreshed blocks other refreshes until its transaction ends.
sub look_between
{
	my ($writer, @writers) = @_;
	my $is_open = !grep { $_->{refreshed} && !$_->{ended} && !$_->{failed} } @writers;

	if (rand() < 0.3)
	{
		check_standing('between two writers, before a refresh');
		if ($is_open && !@failure)
		{
			$sides->refresh($sides->{reader}{here});
			compare('to others between two writers');
			$sides->{standing} = $sides->standing if !@failure;
		}
	}
	return
		 if @failure
	  || rand() < 0.6
	  || $writer->{ended}
	  || $writer->{failed}
	  || $writer->{waits}
	  || $writer->{is_stale};
	return if $writer->{level} ne 'READ COMMITTED' || !$is_open && !$writer->{refreshed};
	my $standing = $sides->{standing};
	$sides->refresh($writer->{session});
	$sides->{standing} = $standing;
	$writer->{refreshed} = 1;
	replay(
		$writer,
		'ROLLBACK',
		sub {
			compare(
				"to writer $writer->{number} of two",
				here => $writer->{session},
				there => $_[0]);
		});
	return;
}

# The end -----------------------------------------------------------------------

# Tests that the mirror equals production, and that the answers are right after a last full sync.
sub check_end
{
	compare('at the end', all => 1) for 1 .. 5;
	no_difference('at the end no answer differs', @failure);
	my $window =
	  qq{SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" >= '$sides->{window}'};
	my %query = (
		'attendance' => $window,
		map { $_ => qq{SELECT * FROM "$_"} }
		  qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup));

	for my $table (sort keys %query)
	{
		no_difference(
			"$table is the same on both sides",
			differences(
				[ rows_of($production, 'source', $query{$table}) ],
				[ rows_of($local, 'ngeshare', $query{$table}) ]));
	}
	sync_local($local, 'ngeshare', clock(), 'full');
	no_difference(
		'after a full sync no answer differs',
		answers_differ(
			$production, 'source', $local, 'ngeshare', clock(),
			"SET ngeshare.sync_clock = '" . clock() . "';\n"));
	no_difference('no meeting differs',
		history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta'));
	for my $view (sort keys %{ $sides->{seen} })
	{
		my $answers = keys %{ $sides->{seen}{$view} };
		cmp_ok($answers, '>', 3, "$view had $answers different answers of now") if $wanted >= 1000;
	}
	return;
}

sub no_difference
{
	my ($name, @different) = @_;

	is(scalar @different, 0, $name) or diag join("\n", @different[ 0 .. min(9, $#different) ]);
	return;
}

sub tell_figures
{
	diag sprintf '%d steps, %d comparisons of %d rows of answers, %.0f s', $steps,
	  $sides->{comparisons}, $sides->{compared}, time - $begun;
	diag 'ways: ' . join ', ', map   { "$_ $ways{$_}" } sort keys %ways;
	diag 'writes: ' . join ', ', map { "$_ $drawn{$_}" } sort keys %drawn;
	diag 'different answers of now, and rows: ' . join ', ',
	  map { "$_ " . keys(%{ $sides->{seen}{$_} }) . ' ' . $sides->{rows}{$_} }
	  sort keys %{ $sides->{seen} };
	return;
}
