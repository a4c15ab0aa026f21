# A server of the tests' own in a process of its own, which obeys its starter: the
# base of the proxy and of the webhook. A class gives state(%option), what its
# process begins with, and step($state), which waits for what comes next, deals with
# it, and is false when the starter has gone; it obeys a line from $state->{control}
# with a line.
#
# A command is obeyed when its method returns. The end of the starter ends it, too.
package ToldProcess;

use strict;
use warnings FATAL => 'all';

use IO::Socket;
use IO::Socket::INET;
use POSIX  ();
use Socket qw(AF_UNIX PF_UNSPEC SHUT_RDWR SOCK_STREAM);

# Starts the process, listening on a port of 127.0.0.1 (listen_port, or any that is free).
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

# Gives the process a command and returns its answer.
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

# The process itself: ends without running what its starter would run at its own end.
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
