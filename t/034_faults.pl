# Tests faults in seven phases of a sync: no reader sees a half written table, the error is logged
# with its class, and the next sync succeeds with correct answers. Prints one line per case.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use FaultBench;
use Test::More;
use Time::HiRes qw(time);

# Where a run is held: the phase, the point before the phase's work, and the point after the work
# but before its commit, when everything is written and locked.
my @places = (
	[ 'preflight', 'preflight', 'after preflight' ],
	[ 'pull', 'pull HangoutGroup', 'after pull HangoutGroup' ],
	[ 'merge', 'merge HangoutGroup', 'after merge HangoutGroup' ],
	[ 'window', 'window', 'after window' ],
	[ 'verify', 'verify HangoutGroup', 'after verify HangoutGroup' ],
	[ 'repair', 'repair UserHangoutGroup', 'after repair UserHangoutGroup' ],
	[ 'deletes', 'deletes UserHangoutGroup', 'after deletes UserHangoutGroup' ]);

# The faults: how each is caused and undone, and with which statuses the run may end. A fault with
# is_ours begins after the phase's work, any other before it. After a fault with is_slow the run
# must end within $bench->bound seconds.
my %faults = (
	'production killed' => { break => \&kill_production, ends => qr/^(success|failed)$/ },
	'backend terminated' => { break => \&terminate_there, ends => qr/^success$/ },
	'network stalled' =>
	  { break => \&stall, mend => \&unstall, ends => qr/^(success|failed)$/, is_slow => 1 },
	'statement timeout' => {
		break => \&lock_there,
		mend => \&unlock_there,
		ends => qr/^(success|failed)$/,
		is_slow => 1
	},
	'local backend killed' => { break => \&kill_backend, is_ours => 1, ends => qr/^crashed$/ },
	'local server killed' => { break => \&kill_local, is_ours => 1, ends => qr/^crashed$/ },
	'cancel' => { break => \&cancel, is_ours => 1, ends => qr/^cancelled$/ },
	'cancel, network stalled' =>
	  { break => \&cancel_behind_stall, mend => \&unstall, ends => qr/^cancelled$/ });

my $bench = FaultBench->new;

for my $place (@places)
{
	run_case($place, $_) for sort keys %faults;
}

# The same faults during a first load, which fills the empty tables without updating their indexes
# row by row.
for my $place (
	[ 'pull', 'pull User', 'after pull HangoutGroup' ],
	[ 'merge', 'merge User', 'after merge UserHangoutGroup' ],
	[ 'window', 'window', 'after window' ],
	[ 'verify', 'verify User', 'after verify UserHangoutGroupAttendance' ])
{
	for my $name (sort keys %faults)
	{
		$bench->forget_everything;
		run_case($place, $name, 'first load, ');
	}
}
diag sprintf
  'case: a production that stalls is given up within %.1f s here: ngeshare.sync_timeout is %d s, '
  . 'with one retry',
  $bench->bound, $bench->timeout;
$bench->stop;
done_testing();

# Runs one case: production changes, a run is held in a phase, the fault happens, and the run
# continues as far as it can. Afterwards everything must be consistent, and the next run must be
# right.
sub run_case
{
	my ($place, $name, $when) = @_;
	my ($phase, $before, $after) = @$place;
	my $fault = $faults{$name};
	my $held = $fault->{is_ours} ? $after : $before;

	$bench->change_production;
	my $run = $bench->start_held($held);
	$name = ($when // '') . $name;
	is($bench->phase, $phase, "$phase, $name: the run is held there");
	my $broken = time;
	$fault->{break}->();
	$bench->resume unless $fault->{ends} =~ /crashed|cancelled/;
	$bench->wait_for_end($run);
	my $took = time - $broken;
	$fault->{mend}->() if $fault->{mend};

	my ($status, @errors) = $bench->outcome($run);
	like($status, $fault->{ends}, "$phase, $name: the run ends as it may");
	ok($status eq 'success' || @errors > 0, "$phase, $name: with an error that is logged");
	is(scalar(grep { !/^(transient|permanent|row) / } @errors), 0, "$phase, $name: with its class");

	# A cancel should take one second; the limit is larger because several starts of psql are
	# measured too.
	cmp_ok($took, '<', 5, "$phase, $name: at once") if $name =~ /cancel/;
	cmp_ok($took, '<', $bench->bound, "$phase, $name: given up within the bound")
	  if $fault->{is_slow};
	is($bench->next_sync, 'success', "$phase, $name: the next sync succeeds");
	is($bench->wrong_answers, '', "$phase, $name: every answer is right");
	is($bench->seen_halves, '', "$phase, $name: no reader saw half a table");
	diag sprintf 'case: %-10s %-35s %-10s %5.1f s  %s', $phase, $name, $status, $took,
	  join(', ', @errors) || 'no error';
	return;
}

# The functions that cause the faults and undo them.

sub kill_production { return $bench->kill_server($bench->{production}); }

sub terminate_there
{
	$bench->{production}->safe_psql('source',
		q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ngeshare'}
	);
	return;
}

sub stall { return $bench->{proxy}->stall; }

sub unstall { return $bench->{proxy}->resume; }

sub lock_there { return $bench->lock_production; }

sub unlock_there { return $bench->unlock_production; }

sub kill_backend { return $bench->kill_backend; }

sub kill_local { return $bench->kill_server($bench->{local}); }

sub cancel { return $bench->cancel; }

sub cancel_behind_stall
{
	# The phase "deletes" does not query production, so there the cancel comes while the run is
	# held.
	$bench->{proxy}->stall;
	$bench->resume unless $bench->phase eq 'deletes';
	Time::HiRes::sleep(0.3);
	$bench->cancel;
	return;
}
