# The bench of the fault tests: two servers with a proxy between them; changes to production that
# give every phase of a sync something to do; a sync that is held in a phase of the test's choice;
# and a reader that checks all the time that no table is ever half written.
package FaultBench;

use strict;
use warnings FATAL => 'all';

use NgeshareTest
  qw(start_servers new_production new_local connect_local answers_differ history_differs);
use PostgreSQL::Test::Utils;
use Proxy;
use Time::HiRes qw(sleep time);

our $CLOCK = '2026-03-31 12:00:00+07';

# The sync_timeout in seconds, and the sync_retry_base (wait before the only retry) in milliseconds.
our ($TIMEOUT, $RETRY_BASE) = (1, 200);

# Starts both servers, generates a small production, connects the local database and syncs it.
sub new
{
	my ($class) = @_;
	my ($production, $local) = start_servers();
	$local->append_conf('postgresql.conf', 'restart_after_crash = on');
	$local->reload;
	my $self = bless { production => $production, local => $local, version => 0 }, $class;

	new_production($production, 'source');
	$production->safe_psql('source',
		"SELECT demo.generate(60, 34, '$CLOCK'); UPDATE reference.setting SET clock = '$CLOCK'");
	$self->{proxy} = Proxy->start(port => $production->port);
	new_local($local, 'ngeshare');
	$local->safe_psql('ngeshare',
		connect_local($production, 'source', port => $self->{proxy}->port));
	$local->safe_psql('postgres', "ALTER DATABASE ngeshare SET $_")
	  for "ngeshare.sync_clock = '$CLOCK'", "ngeshare.sync_timeout = '${TIMEOUT}s'",
	  'ngeshare.sync_retries = 1',
	  "ngeshare.sync_retry_base = '${RETRY_BASE}ms'", 'ngeshare.sync_max_delete_pct = 50';
	$self->mark_production;
	die 'the first sync fails' if $self->next_sync ne 'success';
	$self->start_reader;
	return $self;
}

# Returns the longest time in seconds that a sync may wait for a production that does not answer:
# two attempts of at most $TIMEOUT + 2 seconds each, the wait between them, and six seconds for the
# test itself.
sub bound { return 2 * ($TIMEOUT + 2) + 1.25 * $RETRY_BASE / 1000 + 6; }

sub timeout { return $TIMEOUT; }

# Gives every group the same new city and every user the same new lastLogin. A reader that sees two
# values in one column sees a half written table.
sub mark_production
{
	my ($self) = @_;
	my $version = ++$self->{version};

	$self->{production}->safe_psql(
		'source', qq{
		UPDATE "HangoutGroup" SET city = 'version $version', "updatedAt" = '2026-03-31 04:59:30';
		UPDATE "User" SET "lastLogin" = timestamp '2026-01-01' + $version * interval '1 day',
			"updatedAt" = '2026-03-31 04:59:30'}
	);
	return;
}

# Changes production: rows with and without a new updatedAt, a deleted membership, and attendance
# within the window (also deleted) and before it.
sub change_production
{
	my ($self) = @_;

	$self->mark_production;
	my $version = $self->{version};
	$self->{production}->safe_psql(
		'source', qq{
		UPDATE "UserHangoutGroup" SET "publicId" = 'unstamped $version'
		WHERE id IN (SELECT id FROM "UserHangoutGroup" ORDER BY md5(id || $version) LIMIT 3);
		DELETE FROM "UserHangoutGroup"
		WHERE id IN (SELECT id FROM "UserHangoutGroup" WHERE "hangoutGroupRole" = 'MEMBER'
			ORDER BY md5(id || $version) DESC LIMIT 1);
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-03-01'
			ORDER BY md5(id || $version) LIMIT 3);
		DELETE FROM "UserHangoutGroupAttendance"
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-03-01'
			ORDER BY md5(id || $version) DESC LIMIT 1);
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 minute'
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" WHERE "attendedAt" < '2026-01-01'
			ORDER BY md5(id || $version) LIMIT 1)}
	);
	return;
}

# Starts a sync that is held at a phase, waits until it is there, and returns its run_id.
sub start_held
{
	my ($self, $place) = @_;
	my $log_before = -s $self->{local}->logfile;
	my $held;

	$self->{said} = '';
	$self->{sync} = IPC::Run::start(
		[
			'psql', '-X',
			'-q', '-d',
			$self->{local}->connstr('ngeshare'), '-c',
			"SET ngeshare.pause_at = '$place'", '-c',
			q{SET application_name = 'the sync'}, '-c',
			'CALL ngeshare_sync()'
		],
		'<',
		\undef,
		'>',
		\my $ignored,
		'2>',
		\$self->{said});
	for (1 .. 1000)
	{
		$held =
		  substr(slurp_file($self->{local}->logfile), $log_before) =~ /sync (\d+) is held/
		  ? $1
		  : undef;
		last if defined $held;
		sleep 0.02;
	}
	die "no sync is held at $place: $self->{said}" unless defined $held;
	return $held;
}

# Returns the phase that ngeshare_sync_status() shows for the running sync.
sub phase { return $_[0]->ask('SELECT phase FROM ngeshare_sync_status()'); }

sub ask
{
	my ($self, $query) = @_;
	return $self->{local}->safe_psql('ngeshare', $query);
}

sub resume { return $_[0]->ask('SELECT ngeshare.resume_sync()'); }

# Waits until the held sync has ended in any way and both servers accept connections again.
sub wait_for_end
{
	my ($self, $run) = @_;

	eval { $self->{sync}->finish };
	$self->wait_for_server($self->{local}, 'ngeshare');
	$self->wait_for_server($self->{production}, 'source');
	return;
}

sub wait_for_server
{
	my ($self, $server, $database) = @_;

	for (1 .. 1000)
	{
		my ($status) = eval { $server->psql($database, 'SELECT 1') };
		return if defined $status && $status == 0;
		sleep 0.02;
	}
	die 'a server does not come back';
}

# Returns a run's status and its errors with class, SQLSTATE, phase and attempt. If the run's
# process died, its status is "running" until the next sync closes it, so this function starts that
# sync.
sub outcome
{
	my ($self, $run) = @_;

	if ($self->ask("SELECT status FROM sync_run WHERE run_id = $run") eq 'running')
	{
		$self->restart_reader;
		$self->{next} = $self->sync;
	}
	my $status = $self->ask("SELECT status FROM sync_run WHERE run_id = $run");
	my $errors = $self->ask(
		"SELECT class || ' ' || sqlstate || ' in ' || phase || ' (' || attempt || ')'
		FROM sync_error_log WHERE run_id = $run ORDER BY error_id");
	return ($status, split /\n/, $errors);
}

# Runs a sync and returns its status.
sub sync
{
	my ($self) = @_;

	$self->{local}->psql('ngeshare', 'CALL ngeshare_sync()', stderr => \my $said);
	my $status = $self->ask('SELECT status FROM sync_run ORDER BY run_id DESC LIMIT 1');
	diag($said) if $status ne 'success';
	return $status;
}

sub diag { return Test::More::diag(@_); }

# Returns the status of the sync that follows a case. If outcome() ran that sync already, to close a
# crashed run, returns the status of that one.
sub next_sync
{
	my ($self) = @_;
	return delete $self->{next} // $self->sync;
}

# Compares answers and history with the reference in production; returns at most five lines that
# differ.
sub wrong_answers
{
	my ($self) = @_;
	my @different =
	  answers_differ($self->{production}, 'source', $self->{local}, 'ngeshare', $CLOCK);

	push @different,
	  history_differs($self->{production}, 'source', $self->{local}, 'ngeshare', 'Asia/Jakarta');
	return join "\n", @different[ 0 .. ($#different < 4 ? $#different : 4) ];
}

# Drops and recreates the extension and connects it, so that the local side has never synced.
sub forget_everything
{
	my ($self) = @_;

	$self->end_reader;
	$self->ask('DROP EXTENSION ngeshare; CREATE EXTENSION ngeshare');
	$self->ask(connect_local($self->{production}, 'source', port => $self->{proxy}->port));
	$self->start_reader;
	return;
}

# Starts a reader in a session of its own. It ends with an error when it sees a half written table.
# Until the first successful sync an empty table is accepted.
sub start_reader
{
	my ($self) = @_;

	$self->{seen} = '';
	my $connstr = $self->{local}->connstr('ngeshare') . " application_name='the reader'";
	$self->{reader} = IPC::Run::start(
		[
			'psql', '-X', '-q', '-d', $connstr, '-c', q{
		DO $$
		DECLARE
			seen record;
		BEGIN
			LOOP
				SELECT (SELECT count(DISTINCT city) FROM "HangoutGroup") AS groups,
					(SELECT count(DISTINCT "lastLogin") FROM "User") AS users,
					(SELECT count(*) FROM "UserHangoutGroupAttendance") AS raw,
					(SELECT sum(attendances) FROM ngeshare.meeting WHERE first_at >= (SELECT window_start
						FROM ngeshare.history_state)) AS recent,
					(SELECT count(*) FROM ngeshare.group_snapshot) AS shown,
					(SELECT count(*) FROM ngeshare.group_timeline) AS told,
					EXISTS (SELECT 1 FROM sync_run WHERE status = 'success') AS was_synced
				INTO seen;
				COMMIT;
				IF seen.groups > 1 OR seen.users > 1 OR seen.raw <> coalesce(seen.recent, 0)
					OR seen.shown <> seen.told
					OR seen.was_synced AND 0 IN (seen.groups, seen.users, seen.raw, seen.shown) THEN
					RAISE EXCEPTION 'half a table: %', seen;
				END IF;
				PERFORM pg_sleep(0.002);
			END LOOP;
		END
		$$}
		],
		'<',
		\undef,
		'>',
		\my $ignored,
		'2>',
		\$self->{seen});
	return;
}

# Ends the reader's psql and its backend. The backend would not notice that psql has gone; it would
# read on, and its locks would block a DROP EXTENSION of the next case.
sub end_reader
{
	my ($self) = @_;

	$self->{reader}->kill_kill(grace => 1);
	my $left = $self->ask(
		q{
		SELECT count(*) FILTER (WHERE NOT pg_terminate_backend(pid, 60000))
		FROM pg_stat_activity WHERE application_name = 'the reader'});
	die 'a reader does not end' if $left != 0;
	return;
}

sub restart_reader
{
	my ($self) = @_;

	$self->end_reader;
	$self->{halves} .= $self->{seen} if $self->{seen} =~ /half a table/;
	$self->start_reader;
	return;
}

# Returns what the reader saw of half written tables. Restarts a reader that has ended, for example
# because its server went down.
sub seen_halves
{
	my ($self) = @_;

	$self->{halves} //= '';
	$self->{reader}->pump_nb;
	$self->restart_reader if $self->{seen} ne '' || !$self->{reader}->pumpable;
	return delete $self->{halves};
}

# Kills a server and all its processes, like a power failure, and starts it again.
sub kill_server
{
	my ($self, $server) = @_;
	my $postmaster = $server->{_pid};
	my @children = split /\s+/, `ps -o pid= --ppid $postmaster`;

	kill 'KILL', $postmaster, grep { $_ } @children;
	for (1 .. 500)
	{
		last unless grep { $_ && kill 0, $_ } $postmaster, @children;
		sleep 0.01;
	}
	unlink $server->data_dir . '/postmaster.pid';
	$server->{_pid} = undef;
	$server->start;
	return;
}

# Kills the process of the held sync.
sub kill_backend
{
	my ($self) = @_;
	my $pid = $self->ask(q{SELECT pid FROM ngeshare.sync_lock});
	my $log_before = -s $self->{local}->logfile;

	kill 'KILL', $pid;

	# The server accepts connections until it notices the killed process, and then starts again. So a
	# connection alone does not show that it has started again.
	for (1 .. 1000)
	{
		return
		  if substr(slurp_file($self->{local}->logfile), $log_before) =~ /terminated by signal 9/;
		sleep 0.02;
	}
	die 'the server does not notice a killed process';
}

sub cancel
{
	my ($self) = @_;
	$self->ask('SELECT ngeshare_sync_cancel()');
	return;
}

# Locks all six tables in production until unlock_production() is called.
sub lock_production
{
	my ($self) = @_;
	my $output = '';

	$self->{locking} =
	  q{BEGIN; LOCK TABLE "User", "Hangout", "HangoutEpisode", "HangoutGroup", "UserHangoutGroup",
		"UserHangoutGroupAttendance" IN ACCESS EXCLUSIVE MODE; SELECT 'locked';} . "\n";
	$self->{locker} = IPC::Run::start(
		[ 'psql', '-X', '-q', '-At', '-d', $self->{production}->connstr('source'), '-f', '-' ],
		'<', \$self->{locking}, '>', \$output, '2>', \my $ignored);
	$self->{locker}->pump until $output =~ /locked/;
	return;
}

sub unlock_production
{
	my ($self) = @_;

	$self->{locking} .= "ROLLBACK;\n\\q\n";
	$self->{locker}->finish;
	return;
}

sub stop
{
	my ($self) = @_;

	$self->end_reader;
	$self->{proxy}->stop;
	$_->stop for $self->{production}, $self->{local};
	return;
}

1;
