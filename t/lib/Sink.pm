# A webhook in a process of its own: records each request and answers as it is told.
#
#   my $sink = Sink->start;
#   $sink->port                          the port of 127.0.0.1 that it listens on
#   $sink->answer('500', '404', '200')   the next requests' answers; the last one stays
#   $sink->requests                      what has come: hashes of method, path, headers, body
#   $sink->forget                        discards the requests that have come
#   $sink->stop                          ends the process; it also ends with its starter
#
# An answer is an HTTP status, or one of these: slow (no answer, the connection stays open),
# reset (the connection is reset), endless (200 and a body without end), trickle (200
# and a body that comes byte by byte), redirect:URL (302 to that URL).
package Sink;

use strict;
use warnings FATAL => 'all';

use parent 'ToldProcess';

use IO::Select;
use JSON::PP;
use Socket qw(SO_LINGER SOL_SOCKET);

sub answer { my ($self, @answers) = @_; return $self->tell(join ' ', 'answer', @answers); }

sub forget { my ($self) = @_; return $self->tell('forget'); }

sub requests { my ($self) = @_; return @{ decode_json($self->tell('requests')) }; }

# Returns the process's first state: it answers 200.
sub state { return { answers => ['200'], requests => [], clients => {} }; }

# Waits for a request or a command and handles it; returns false when the starter has gone.
sub step
{
	my ($state) = @_;
	my @clients = values %{ $state->{clients} };
	my @ready =
	  IO::Select->new($state->{listener}, $state->{control}, map { $_->{socket} } @clients)
	  ->can_read(0.1);

	for my $ready (@ready)
	{
		if    ($ready == $state->{control})            { return 0 unless obey($state); }
		elsif ($ready == $state->{listener})           { welcome($state, $ready->accept); }
		elsif (my $client = $state->{clients}{$ready}) { read_request($state, $client); }
	}
	pour($state, $_) for grep { $_->{piece} } values %{ $state->{clients} };
	return 1;
}

# Accepts a new client.
sub welcome
{
	my ($state, $socket) = @_;

	return unless $socket;
	$socket->blocking(0);
	$state->{clients}{$socket} = { socket => $socket, text => '' };
	return;
}

# Reads a piece of a request, and answers the request when it is complete.
sub read_request
{
	my ($state, $client) = @_;
	my $got = sysread $client->{socket}, $client->{text}, 65_536, length $client->{text};

	return close_client($state, $client) unless $got;
	return if $client->{is_answered};
	my ($head, $body) = split /\r\n\r\n/, $client->{text}, 2;
	return unless defined $body;
	my ($first, @lines) = split /\r\n/, $head;
	my %headers = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name => $value) } @lines;

	return if length $body < ($headers{'content-length'} // 0);
	my ($method, $path) = split / /, $first;
	push @{ $state->{requests} },
	  { method => $method, path => $path, headers => \%headers, body => $body };
	$client->{is_answered} = 1;
	give_answer($state, $client,
		@{ $state->{answers} } > 1 ? shift @{ $state->{answers} } : $state->{answers}[0]);
	return;
}

# Sends the given answer to a request.
sub give_answer
{
	my ($state, $client, $answer) = @_;
	my $socket = $client->{socket};

	return if $answer eq 'slow';
	if ($answer eq 'reset')
	{
		setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
		return close_client($state, $client);
	}
	if ($answer eq 'endless' || $answer eq 'trickle')
	{
		$client->{piece} = $answer eq 'endless' ? 'x' x 8192 : 'x';
		return syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
	}
	my ($status, $location) = $answer =~ /^redirect:(.*)/ ? (302, $1) : ($answer, undef);
	my $more = defined $location ? "Location: $location\r\n" : '';

	syswrite $socket,
	  "HTTP/1.1 $status told so\r\n${more}Content-Length: 2\r\nConnection: close\r\n\r\nok";
	close_client($state, $client);
	return;
}

# Sends the next piece of a body that never ends.
sub pour
{
	my ($state, $client) = @_;

	for (1 .. length $client->{piece} > 1 ? 50 : 1)
	{
		last unless defined syswrite $client->{socket}, $client->{piece};
	}
	return;
}

sub close_client
{
	my ($state, $client) = @_;

	delete $state->{clients}{ $client->{socket} };
	close $client->{socket};
	return;
}

# Executes one command of the starter; returns false when no more will come.
sub obey
{
	my ($state) = @_;
	my $command = readline $state->{control} // return 0;
	my $answer = 'ok';

	if    ($command =~ /^answer (.+)$/) { $state->{answers} = [ split / /, $1 ]; }
	elsif ($command eq "forget\n")      { $state->{requests} = []; }
	elsif ($command eq "requests\n") { $answer = JSON::PP->new->ascii->encode($state->{requests}); }
	else                             { $answer = 'unknown'; }
	print { $state->{control} } "$answer\n";
	return 1;
}

1;
