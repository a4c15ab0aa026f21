# Base class of the tests' own servers (the proxies and the webhook). Each runs in a process of its
# own and takes commands from the test that started it. A subclass provides state(%option), which
# returns the process's first state, and step($state), which waits for the next event, handles it
# and returns false when the starter has gone. step() reads each command as a line from
# $state->{control} and answers it with a line.
#
# A command has been executed when the method that sent it returns. The process ends with its
# starter.
package ToldProcess;

use strict;
use warnings FATAL => 'all';

use IO::Socket;
use IO::Socket::INET;
use POSIX  ();
use Socket qw(AF_UNIX PF_UNSPEC SHUT_RDWR SOCK_STREAM);

# Starts the process; it listens on a port of 127.0.0.1 (listen_port, or any free port).
sub start
{
	my ($class, %option) = @_;
	my $listener = IO::Socket::INET->new(
		LocalAddr => '127.0.0.1',
		LocalPort => $option{listen_port} // 0,
		Proto => 'tcp',
		Listen => 128,
		ReuseAddr => 1) or die "$class can't listen: $@";
	my ($ours, $theirs) = IO::Socket->socketpair(AF_UNIX, SOCK_STREAM, PF_UNSPEC)
	  or die "no socket pair: $!";
	my $pid = fork();

	die "can't fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		close $ours;
		serve_until_told($class, $listener, $theirs, %option);
	}
	close $theirs;
	$ours->autoflush(1);
	return bless { control => $ours, pid => $pid, owner => $$, port => $listener->sockport },
	  $class;
}

sub port { my ($self) = @_; return $self->{port}; }

# Sends the process a command and returns its answer.
sub tell
{
	my ($self, $command) = @_;

	print { $self->{control} } "$command\n" or die ref($self) . " has gone: $!";
	my $answer = readline $self->{control};
	die ref($self) . " has ended at '$command'" unless defined $answer;
	chomp $answer;
	die ref($self) . " does not know '$command'" if $answer eq 'unknown';
	return $answer;
}

# Ends the process, and with it all its connections.
sub stop
{
	my ($self) = @_;
	local ($?, $!, $@);

	return if !$self->{control} || $self->{owner} != $$;
	shutdown $self->{control}, SHUT_RDWR;
	close delete $self->{control};
	waitpid $self->{pid}, 0;
	return;
}

sub DESTROY { my ($self) = @_; $self->stop; return; }

# Runs in the new process. Leaves with _exit(), so that the starter's END blocks do not run in it.
sub serve_until_told
{
	my ($class, $listener, $control, %option) = @_;
	my $state = { %{ $class->state(%option) }, listener => $listener, control => $control };
	my $step = $class->can('step');

	local @SIG{qw(INT HUP TERM)} = ('IGNORE', 'DEFAULT', 'DEFAULT');
	local $SIG{PIPE} = 'IGNORE';
	$listener->blocking(0);
	$control->autoflush(1);
	my $ended_well = eval { 1 while $step->($state); 1 };
	print {*STDERR} "$class failed: $@" unless $ended_well;
	POSIX::_exit($ended_well ? 0 : 1);
	return;
}

1;
