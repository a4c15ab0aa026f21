# A TCP proxy in a process of its own: forwards a local port to a server, counts
# the bytes each way, and delays, stalls or cuts what it forwards when told to.
#
#   my $proxy = Proxy->start(port => $production->port, delay_ms => 10);
#   $proxy->port                    the port of 127.0.0.1 to connect to
#   $proxy->counts                  (to_server, to_client, connections) since its start
#   $proxy->delay(0)                milliseconds each way, for all bytes from now on
#   $proxy->stall, $proxy->resume   between the two no byte moves, and nothing is closed
#   $proxy->cut                     closes all connections; new ones are accepted
#   $proxy->stop                    ends the process; it also ends with its starter
#
# The delay is that of a long line, not of a slow one: bytes wait in a queue until they are
# due, and up to QUEUE_LIMIT bytes may be on their way. Opening a connection takes one round
# trip, like TCP's own handshake.
package Proxy;

use strict;
use warnings FATAL => 'all';

use parent 'ToldProcess';

use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use IO::Select;
use IO::Socket::INET;
use Socket      qw(IPPROTO_TCP SHUT_WR TCP_NODELAY);
use Time::HiRes qw(time);

# Bytes of one read, and the queued bytes from which on the proxy stops reading from the sender.
use constant { PIECE => 65_536, QUEUE_LIMIT => 67_108_864 };

sub counts { my ($self) = @_; return split / /, $self->tell('counts'); }

sub delay { my ($self, $delay_ms) = @_; return $self->tell("delay $delay_ms"); }

sub stall { my ($self) = @_; return $self->tell('stall'); }

sub resume { my ($self) = @_; return $self->tell('resume'); }

sub cut { my ($self) = @_; return $self->tell('cut'); }

# Returns the process's first state. Options: the server's port and host, and delay_ms each way.
sub state
{
	my ($class, %option) = @_;

	return {
		host => $option{host} // '127.0.0.1',
		port => $option{port},
		delay => ($option{delay_ms} // 0) / 1000,
		is_stalled => 0,
		connections => {},
		counts => { to_server => 0, to_client => 0, connections => 0 }
	};
}

# Waits for bytes, a client or a command and handles them; returns false when the starter has gone.
sub step
{
	my ($state) = @_;
	my @channels = $state->{is_stalled} ? () : map { @$_ } values %{ $state->{connections} };
	my %reads =
	  map { $_->{from} => $_ } grep { !$_->{is_ended} && $_->{queued} < QUEUE_LIMIT } @channels;
	my %writes = map { $_->{to} => $_ } grep { $_->{is_full} } @channels;
	my @doors = ($state->{control}, $state->{is_stalled} ? () : $state->{listener});
	my ($readable, $writable) = IO::Select::select(
		IO::Select->new(@doors, map { $_->{from} } values %reads),
		IO::Select->new(map { $_->{to} } values %writes),
		undef, time_to_wait(@channels));

	$_->{is_full} = 0 for map { $writes{$_} } @{ $writable // [] };
	take_in($state, $_) for grep { defined } map { $reads{$_} } @{ $readable // [] };
	send_due($state, $_) for @channels;
	return 1 unless $readable;
	accept_client($state) if grep { $_ == $state->{listener} } @$readable;
	return (grep { $_ == $state->{control} } @$readable) ? obey($state) : 1;
}

# Returns the seconds until the first queued piece is due; undef (select() then waits without limit)
# if nothing is queued.
sub time_to_wait
{
	my @due =
	  sort { $a <=> $b } map { $_->{queue}[0][0] } grep { !$_->{is_full} && @{ $_->{queue} } } @_;
	return unless @due;
	my $left = $due[0] - time;

	return $left > 0 ? $left : 0;
}

# Accepts a new client and connects it to the server; closes it if that fails.
sub accept_client
{
	my ($state) = @_;
	my $client = $state->{listener}->accept or return;
	my $server =
	  IO::Socket::INET->new(PeerAddr => $state->{host}, PeerPort => $state->{port}, Proto => 'tcp');
	my $opened = time + 2 * $state->{delay};
	my @ways = ([ 'to_server', $client, $server ], [ 'to_client', $server, $client ]);

	return close $client unless $server;
	for my $socket ($client, $server)
	{
		$socket->blocking(0);
		setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	}
	$state->{counts}{connections}++;
	$state->{connections}{$client} = [
		map {
			{
				way => $_->[0],
				from => $_->[1],
				to => $_->[2],
				key => "$client",
				opened => $opened,
				queue => [],
				queued => 0,
				is_ended => 0,
				is_full => 0,
				is_done => 0,
				is_closed => 0
			}
		} @ways
	];
	return;
}

# Reads a piece into a channel's queue with the time at which it is due; an empty piece marks the
# end of the input.
sub take_in
{
	my ($state, $channel) = @_;
	return if $channel->{is_closed};
	my $got = sysread $channel->{from}, my $piece, PIECE;
	my $now = time;

	return if !defined $got && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
	return close_connection($state, $channel) unless defined $got;
	$channel->{is_ended} = 1 if $got == 0;
	$channel->{queued} += $got;
	$now = $channel->{opened} if $now < $channel->{opened};
	push @{ $channel->{queue} }, [ $now + $state->{delay}, $piece ];
	return;
}

# Writes the pieces that are due, until the receiver accepts no more.
sub send_due
{
	my ($state, $channel) = @_;
	my $queue = $channel->{queue};

	while (@$queue && !$channel->{is_full} && $queue->[0][0] <= time)
	{
		return pass_on_end($state, $channel) if $queue->[0][1] eq '';
		my $sent = syswrite $channel->{to}, $queue->[0][1];

		if (!defined $sent)
		{
			next if $! == EINTR;
			return close_connection($state, $channel) unless $! == EAGAIN || $! == EWOULDBLOCK;
			$channel->{is_full} = 1;
			return;
		}
		$channel->{queued} -= $sent;
		$state->{counts}{ $channel->{way} } += $sent;
		if   ($sent == length $queue->[0][1]) { shift @$queue; }
		else                                  { substr $queue->[0][1], 0, $sent, ''; }
	}
	return;
}

# Ends a channel (one direction of a connection) after its last byte was written. Closes the
# connection when both directions have ended.
sub pass_on_end
{
	my ($state, $channel) = @_;
	my $connection = $state->{connections}{ $channel->{key} };

	$channel->{queue} = [];
	$channel->{is_done} = 1;
	shutdown $channel->{to}, SHUT_WR;
	close_connection($state, $channel) unless grep { !$_->{is_done} } @$connection;
	return;
}

# Closes a connection and discards the bytes that are still queued.
sub close_connection
{
	my ($state, $channel) = @_;

	for my $each (@{ delete $state->{connections}{ $channel->{key} } // [] })
	{
		$each->{queue} = [];
		$each->{is_closed} = 1;
		close $each->{from};
	}
	return;
}

# Executes one command of the starter; returns false when no more will come.
sub obey
{
	my ($state) = @_;
	my $command = readline $state->{control} // return 0;
	my $answer = 'ok';

	if    ($command eq "stall\n")  { $state->{is_stalled} = 1; }
	elsif ($command eq "resume\n") { $state->{is_stalled} = 0; }
	elsif ($command eq "cut\n")
	{
		close_connection($state, $_->[0]) for values %{ $state->{connections} };
	}
	elsif ($command eq "counts\n")
	{
		$answer = join ' ', @{ $state->{counts} }{qw(to_server to_client connections)};
	}
	elsif ($command =~ /^delay ([0-9.]+)$/) { $state->{delay} = $1 / 1000; }
	else                                    { $answer = 'unknown'; }
	print { $state->{control} } "$answer\n";
	return 1;
}

1;
