# A production that can't be trusted: a proxy that knows PostgreSQL's protocol. It
# forwards everything. While it is armed, it gives a wrong answer to each statement that
# is new to it: another kind each time the statement is repeated, and the honest answer
# after the statement got all of its kinds.
#
#   my $proxy = HostileProxy->start(port => $production->port);
#   $proxy->arm('sync', @kinds)   wrong answers of these kinds from now on; each scope (any
#                                 name, such as 'sync') has its own record of statements seen
#   $proxy->once($kind, $regex)   wrong answer to the next statement that matches, and to no
#                                 other; allows also the kinds bad_text (columns of type text
#                                 only), long_error, flood_notifications, flood_parameters, and
#                                 endless_rows and trickling_rows (of a COPY)
#   $proxy->honest                forwards everything unchanged again
#   $proxy->pending               number of wrong answers still to be given in the scope
#   $proxy->log                   wrong answers given since the last call:
#                                 [ time, form, kind, is_copy, statement ]
#
# Two statements are the same if they differ only in literals and numbers. They have
# the same form if they differ in names as well. The first statement of a form gets every
# kind, a further one (about another table) every third kind. Slow kinds are rarer: those in
# @HEAVY are only for a form that no scope has seen, those in @SLOW only for some of these
# forms. With NGESHARE_HOSTILE_ALL in the environment each statement gets all kinds. The
# pseudo statement "start-up" is the opening of a connection.
package HostileProxy;

use strict;
use warnings FATAL => 'all';

use parent 'ToldProcess';

use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use IO::Select;
use IO::Socket::INET;
use Socket      qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

# Bytes that are invalid in UTF-8, as in a message encoded in Latin-1.
our $BYTES = "Zugang verweigert f\xFCr \xE4 \xFF";
my $LONG = 'long ' x 200_000;

our @ROWS =
  qw(no_row many_rows fewer_columns more_columns other_type nulls sizes names bad_bytes big_text);
our @PROTOCOL = qw(tag copy_in copy_out copy_both error notice garbage truncated endless);
our @SLOW = qw(silence trickle);
our @HEAVY = qw(many_rows big_text endless);

# Kinds that are sent without forwarding the statement to production.
my %immediate =
  map { $_ => 1 } qw(tag copy_in copy_out copy_both error long_error garbage endless silence);
my %slow = map { $_ => 1 } @SLOW;
my %heavy = map { $_ => 1 } @HEAVY;

# Seconds between two trickling bytes, the length of a large text, and the OID of the type text.
use constant { TRICKLE => 0.2, LARGE => 20_000_000, TEXT => 25 };

sub arm { my ($self, $scope, @kinds) = @_; return $self->tell("arm $scope @kinds"); }

sub once { my ($self, $kind, $regex) = @_; return $self->tell("once $kind $regex"); }

sub honest { my ($self) = @_; return $self->tell('honest'); }

sub pending { my ($self) = @_; return $self->tell('pending'); }

sub log
{
	my ($self) = @_;
	return map { [ split /\t/ ] } split /\x01/, $self->tell('log') =~ s/^ok ?//r;
}

sub state
{
	my ($class, %option) = @_;
	return {
		port => $option{port},
		connections => {},
		kinds => [],
		scope => '',
		seen => {},
		forms => {},
		known => {},
		log => []
	};
}

# ---- messages

sub message { my ($type, $body) = @_; return $type . pack('N', 4 + length $body) . $body; }

# Removes all complete messages from a buffer and returns them as [ type, body ].
sub take_messages
{
	my ($buffer) = @_;
	my @messages;

	while (length $$buffer >= 5)
	{
		my ($type, $length) = unpack 'aN', $$buffer;

		last if length $$buffer < 1 + $length;
		push @messages, [ $type, substr $$buffer, 5, $length - 4 ];
		substr $$buffer, 0, 1 + $length, '';
	}
	return @messages;
}

sub ready { return message('Z', 'I'); }

# Returns many messages that belong to no answer: settings, each of another name, or notifications.
sub flood
{
	my ($kind) = @_;

	return join '', map { message('S', "p$_\0v\0") } 1 .. 200_000 if $kind =~ /parameters/;
	return message('A', pack('N', 1) . "channel\0" . 'x' x 1000 . "\0") x 1000;
}

sub said
{
	my ($type) = @_;
	return message($type, "SWARNING\0C40001\0M$BYTES\0D$BYTES\0H$BYTES\0\0");
}

# Returns the columns of a row description, each as [ name, bytes before the type, type, bytes after
# it ].
sub columns_of
{
	my ($body) = @_;
	my $count = unpack 'n', substr $body, 0, 2, '';
	my @columns;

	for (1 .. $count)
	{
		$body =~ s/^([^\0]*)\0(.{6})(.{4})(.{8})//s;
		push @columns, [ $1, $2, $3, $4 ];
	}
	return @columns;
}

sub description
{
	return message('T', pack('n', scalar @_) . join '',
		map { "$_->[0]\0$_->[1]$_->[2]$_->[3]" } @_);
}

# Returns the values of a row; undef is NULL.
sub values_of
{
	my ($body) = @_;
	my $count = unpack 'n', substr $body, 0, 2, '';
	my @values;

	for (1 .. $count)
	{
		my $length = unpack 'l>', substr $body, 0, 4, '';

		push @values, $length < 0 ? undef : substr $body, 0, $length, '';
	}
	return @values;
}

sub tuple
{
	return pack('n', scalar @_) . join '',
	  map { defined $_ ? pack('N', length $_) . $_ : pack 'l>', -1 } @_;
}

# ---- wrong answers

# Returns a wrong answer that does not depend on the honest one; an empty string for "silence" and
# "endless".
sub immediate_answer
{
	my ($kind) = @_;

	return message('C', "SELECT 1\0") . ready() if $kind eq 'tag';
	return message('G', pack 'Cnn', 1, 1, 1) if $kind eq 'copy_in';
	return message('H', pack 'Cnn', 1, 1, 1) . message('c', '') . message('C', "COPY 0\0") . ready()
	  if $kind eq 'copy_out';
	return message('W', pack 'Cnn', 1, 1, 1) if $kind eq 'copy_both';
	return said('E') . ready() if $kind eq 'error';
	return message('E', "SERROR\0C40001\0M$LONG\0D$LONG\0\0") . ready() if $kind eq 'long_error';
	return "\x00\xFF\x17garbage\x80" x 50 if $kind eq 'garbage';
	return '';
}

# Turns an honest answer with rows into a wrong one.
sub wrong_rows
{
	my ($kind, @messages) = @_;
	my ($description) = map { $_->[1] } grep { $_->[0] eq 'T' } @messages;
	my @columns = columns_of($description);
	my @rows = map { [ values_of($_->[1]) ] } grep { $_->[0] eq 'D' } @messages;

	@rows = ([ ('1') x @columns ]) if !@rows && $kind ne 'no_row';
	if    ($kind eq 'no_row')        { @rows = (); }
	elsif ($kind eq 'many_rows')     { @rows = (@rows) x 20_000; $#rows = 19_999; }
	elsif ($kind eq 'fewer_columns') { pop @$_                       for @rows, \@columns; }
	elsif ($kind eq 'more_columns')  { push @$_, $_->[-1]            for @rows, \@columns; }
	elsif ($kind eq 'other_type')    { $_->[2] = pack 'N', 701       for @columns; }
	elsif ($kind eq 'nulls')         { $_ = [ (undef) x @columns ]   for @rows; }
	elsif ($kind eq 'sizes')         { $_ = [ ('1e300') x @columns ] for @rows; }
	elsif ($kind eq 'bad_bytes')     { $_ = [ ($BYTES) x @columns ]  for @rows; }
	elsif ($kind eq 'big_text')      { $rows[0][0] = 'x' x LARGE; }
	elsif ($kind =~ /^(?:bad_text|names)$/)
	{
		my @texts = grep { unpack('N', $columns[$_][2]) == TEXT } 0 .. $#columns;
		@{$_}[@texts] = ($kind eq 'names' ? 'NoSuchName' : $BYTES) x @texts for @rows;
	}
	return
		description(@columns)
	  . join('', map { message('D', tuple(@$_)) } @rows)
	  . message('C', "SELECT 1\0")
	  . ready();
}

# Turns an honest COPY stream into a wrong one.
sub wrong_stream
{
	my ($kind, @messages) = @_;
	my ($description) = map { $_->[1] } grep { $_->[0] eq 'H' } @messages;
	my ($format, $count) = unpack 'Cn', $description;
	my $stream = join '', map { $_->[1] } grep { $_->[0] eq 'd' } @messages;
	my $header = substr $stream, 0, 19;
	my $rows = substr $stream, 19, -2;

	if    ($kind eq 'no_row')        { $rows = ''; }
	elsif ($kind eq 'many_rows')     { $rows x= 3; }
	elsif ($kind eq 'fewer_columns') { $count--; }
	elsif ($kind eq 'more_columns')  { $count++; }
	elsif ($kind eq 'other_type')    { $format = 0; }
	elsif ($kind eq 'nulls')         { $rows = tuple((undef) x $count); }
	elsif ($kind eq 'sizes')         { $rows = pack 'nN', $count, 0x7FFFFFF0; }
	elsif ($kind eq 'bad_bytes')     { $rows = tuple(($BYTES) x $count); }
	elsif ($kind eq 'big_text')      { $header = 'x' x LARGE; }
	elsif ($kind eq 'endless_rows')
	{
		return (message('H', $description) . message('d', $header), message('d', $rows));
	}
	elsif ($kind =~ /^flood/)
	{
		return (message('H', $description) . message('d', $header), flood($kind));
	}
	return
		message('H', pack 'Cn*', $format, $count, ($format) x $count)
	  . message('d', $header . $rows . "\xFF\xFF")
	  . message('c', '')
	  . message('C', "COPY 1\0")
	  . ready();
}

# Turns production's honest answer into a wrong one. Returns it and, for some kinds, bytes that are
# sent after it repeatedly without end.
sub wrong_answer
{
	my ($kind, $honest) = @_;
	my $bytes = $honest;
	my @messages = take_messages(\$bytes);

	return said('N') x 3 . $honest if $kind eq 'notice';
	return substr $honest, 0, length($honest) / 2 if $kind eq 'truncated';
	return $honest if $kind =~ /^trickl/ || grep { $_->[0] eq 'E' } @messages;
	return wrong_stream($kind, @messages) if $messages[0][0] eq 'H';
	return $honest if !grep { $_->[0] eq 'T' } @messages;
	return ('', flood($kind)) if $kind =~ /^flood/;
	return wrong_rows($kind, @messages);
}

# ---- which statement gets which

sub same_statement
{
	my ($sql) = @_;
	return $sql =~ s/(?:'[^']*')+/?/gr =~ s/\d+/0/gr =~ s/[\s\x01]+/ /gr;
}

# Returns only the upper-case SQL keywords of a statement, without names and lists.
sub form_of { my ($sql) = @_; return join ' ', same_statement($sql) =~ /\b([A-Z]{2,})\b/g; }

# Returns the kind of wrong answer that a statement gets now; undef for the honest answer.
sub next_kind
{
	my ($state, $sql) = @_;
	my $form = form_of($sql);
	my $same = same_statement($sql);

	if (defined $state->{once})
	{
		my ($kind, $regex) = @{ $state->{once} };

		return if $sql !~ /$regex/;
		delete $state->{once};
		return $kind;
	}
	return unless $state->{scope};
	my $left = $state->{seen}{ $state->{scope} }{$same} //= [ kinds_for($state, $sql, $form) ];
	return shift @$left;
}

# Returns the kinds that a new statement gets. The first statement of a form in a scope gets all but
# the slow and the heavy kinds. A further one gets every third of them, starting at another one each
# time; in the scope "doctor" all statements count as one form. A form that no scope has seen gets
# the heavy kinds too. The first four such forms, and then every fifth, also get one of the slow
# kinds each.
sub kinds_for
{
	my ($state, $sql, $form) = @_;
	my $group = $state->{scope} eq 'doctor' ? 'question' : $form;
	my $turn = $state->{forms}{"$state->{scope} $group"}++;
	my $is_new = !$state->{known}{$form}++;
	my $slow = $is_new && (keys %{ $state->{known} } <= 4 || keys(%{ $state->{known} }) % 5 == 0);
	my @kinds = grep { $sql ne 'start-up' || $immediate{$_} } @{ $state->{kinds} };
	my @quick = grep { !$slow{$_} && ($is_new || !$heavy{$_}) } @kinds;
	my @late = grep { $slow{$_} } @kinds;

	return @kinds if $ENV{NGESHARE_HOSTILE_ALL};
	@quick = map { $quick[$_] } grep { ($_ + $turn) % 3 == 0 } 0 .. $#quick if $turn > 0;
	return (@quick, $slow ? $late[ keys(%{ $state->{known} }) % @late ] : ());
}

sub note
{
	my ($state, $sql, $kind) = @_;
	my $is_copy = $sql =~ /^COPY/ ? 1 : 0;

	push @{ $state->{log} }, join "\t", time, form_of($sql), $kind, $is_copy,
	  substr same_statement($sql), 0, 200;
	return;
}

# ---- connections

sub step
{
	my ($state) = @_;
	my @all = values %{ $state->{connections} };
	my $reads = IO::Select->new($state->{control}, $state->{listener},
		map { ($_->{client}, $_->{is_over} ? () : $_->{server}) } @all);
	my $writes = IO::Select->new(
		map  { $_->{client} }
		grep { ($_->{out} ne '' || defined $_->{endless}) && !$_->{trickles} } @all);
	my $waits = grep({ $_->{trickles} } @all) ? TRICKLE : undef;
	my ($readable, $writable) = IO::Select::select($reads, $writes, undef, $waits);

	for my $connection (@all)
	{
		trickle($connection) if $connection->{trickles};
		read_side($state, $connection, 'client')
		  if grep { $_ == $connection->{client} } @{ $readable // [] };
		next if $connection->{is_closed};
		read_side($state, $connection, 'server')
		  if grep { $_ == $connection->{server} } @{ $readable // [] };
		next if $connection->{is_closed};
		flush_out($state, $connection) if grep { $_ == $connection->{client} } @{ $writable // [] };
	}
	return 1 unless $readable;
	accept_client($state) if grep { $_ == $state->{listener} } @$readable;
	return (grep { $_ == $state->{control} } @$readable) ? obey($state) : 1;
}

sub accept_client
{
	my ($state) = @_;
	my $client = $state->{listener}->accept or return;
	my $server =
	  IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $state->{port}, Proto => 'tcp');

	return close $client unless $server;
	for my $socket ($client, $server)
	{
		$socket->blocking(0);
		setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	}
	$state->{connections}{$client} = {
		key => "$client",
		client => $client,
		server => $server,
		from_client => '',
		captured => '',
		out => '',
		next => 0
	};
	return;
}

sub close_connection
{
	my ($state, $connection) = @_;

	delete $state->{connections}{ $connection->{key} };
	$connection->{is_closed} = 1;
	close $connection->{$_} for qw(client server);
	return;
}

sub read_side
{
	my ($state, $connection, $side) = @_;
	my $got = sysread $connection->{$side}, my $piece, 1_048_576;

	return if !defined $got && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
	if (!$got)
	{
		return close_connection($state, $connection)
		  if $side eq 'client' || $connection->{out} eq '';

		# Forward what production sent before it closed the connection.
		$connection->{is_over} = $connection->{ends} = 1;
		return;
	}
	return from_client($state, $connection, $piece) if $side eq 'client';
	return from_server($state, $connection, $piece);
}

sub flush_out
{
	my ($state, $connection) = @_;

	$connection->{out} .= $connection->{endless} x (1 + 262_144 / length $connection->{endless})
	  if defined $connection->{endless} && length $connection->{out} < 65_536;
	my $sent = syswrite $connection->{client}, $connection->{out}, 1_048_576;
	return close_connection($state, $connection)
	  if !defined $sent && $! != EAGAIN && $! != EWOULDBLOCK && $! != EINTR;
	substr $connection->{out}, 0, $sent // 0, '';
	close_connection($state, $connection) if $connection->{out} eq '' && $connection->{ends};
	return;
}

# Sends one byte of the remaining answer every TRICKLE seconds.
sub trickle
{
	my ($connection) = @_;

	return if time < $connection->{next} || $connection->{out} eq '';
	$connection->{next} = time + TRICKLE;
	syswrite $connection->{client}, substr $connection->{out}, 0, 1, '';
	return;
}

sub to_server
{
	my ($state, $connection, $bytes) = @_;

	$connection->{server}->blocking(1);
	my $sent = syswrite $connection->{server}, $bytes;
	$connection->{server}->blocking(0);
	close_connection($state, $connection) unless defined $sent && $sent == length $bytes;
	return;
}

# Forwards what a client sends, except statements that are answered without production.
sub from_client
{
	my ($state, $connection, $piece) = @_;

	$connection->{from_client} .= $piece;
	if (!$connection->{has_started})
	{
		my $length = length $connection->{from_client} < 4 ? 1e9 : unpack 'N',
		  $connection->{from_client};

		return if length $connection->{from_client} < $length;
		$connection->{has_started} = 1;
		my $start = substr $connection->{from_client}, 0, $length, '';
		my $kind = next_kind($state, 'start-up');
		return begin_wrong($state, $connection, 'start-up', $kind) if defined $kind;
		to_server($state, $connection, $start);
	}
	for my $message (take_messages(\$connection->{from_client}))
	{
		my ($type, $body) = @$message;
		my $sql = $type eq 'Q' ? $body =~ s/\0.*//sr : undef;
		my $kind = defined $sql ? next_kind($state, $sql) : undef;

		begin_wrong($state, $connection, $sql, $kind) if defined $kind;
		to_server($state, $connection, message($type, $body))
		  unless defined $kind && $immediate{$kind};
		last if $connection->{is_closed};
	}
	return;
}

sub begin_wrong
{
	my ($state, $connection, $sql, $kind) = @_;

	note($state, $sql, $kind);
	$connection->{endless} = $kind eq 'endless' ? said('N') : undef;
	$connection->{out} = immediate_answer($kind) . ($connection->{endless} // '');
	$connection->{capture} = $immediate{$kind} ? undef : $kind;
	$connection->{captured} = '';
	return;
}

# Forwards what production sends; an answer that shall be wrong is changed once it is complete.
sub from_server
{
	my ($state, $connection, $piece) = @_;
	my $kind = $connection->{capture};

	if (!defined $kind)
	{
		$connection->{out} .= $piece;
		return;
	}
	$connection->{captured} .= $piece;
	return unless $connection->{captured} =~ /Z\0\0\0\x05[ITE]\z/;
	$connection->{capture} = undef;
	@{$connection}{qw(out endless)} = wrong_answer($kind, $connection->{captured});
	$connection->{ends} = $kind eq 'truncated';
	$connection->{trickles} = $kind =~ /^trickl/;
	return if $kind ne 'trickling_rows';

	# Send the first row at once; only the rest trickles.
	my $bytes = $connection->{out};
	my @first = (take_messages(\$bytes))[ 0, 1 ];
	syswrite $connection->{client}, substr $connection->{out}, 0,
	  10 + length "$first[0][1]$first[1][1]", '';
	return;
}

# Executes one command of the starter; returns false when no more will come.
sub obey
{
	my ($state) = @_;
	my $command = readline $state->{control} // return 0;
	my $answer = 'ok';

	chomp $command;
	if    ($command =~ /^arm (\S+) (.*)$/) { @{$state}{qw(scope kinds)} = ($1, [ split / /, $2 ]); }
	elsif ($command =~ /^once (\S+) (.*)$/) { $state->{once} = [ $1, $2 ]; }
	elsif ($command eq 'honest')            { $state->{scope} = ''; delete $state->{once}; }
	elsif ($command eq 'pending')
	{
		$answer = map { @$_ } values %{ $state->{seen}{ $state->{scope} } };
	}
	elsif ($command eq 'log')
	{
		$answer = 'ok ' . join "\x01", @{ $state->{log} };
		$state->{log} = [];
	}
	else { $answer = 'unknown'; }
	print { $state->{control} } "$answer\n";
	return 1;
}

1;
