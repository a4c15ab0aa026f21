# A session of psql that is told statements and asked, without waiting, whether it
# has done them.
package Session;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(poll_until);

# How long anything is waited for, in seconds.
our $PATIENCE = 60;

# Asks again and again; false where the patience ends first.
sub poll_until
{
	my ($condition, $patience) = @_;
	my $end = time + ($patience // $PATIENCE);
	my $pause = 0.001;

	while (time < $end)
	{
		return 1 if $condition->();
		sleep $pause;
		$pause *= 2 if $pause < 0.02;
	}
	return 0;
}

# Connects; settings are given to the session before all else.
sub start
{
	my ($class, $server, $database, @settings) = @_;
	my $self = bless { in => '', out => '', err => '', number => 0 }, $class;

	$self->{psql} = IPC::Run::start(
		[
			'psql', '-X', '-q', '-At', '-v', 'VERBOSITY=verbose', '-d', $server->connstr($database),
			'-f', '-'
		],
		'<',
		\$self->{in},
		'>',
		\$self->{out},
		'2>',
		\$self->{err});
	$self->run("SET $_") for @settings;
	$self->{pid} = $self->run('SELECT pg_backend_pid()');
	return $self;
}

# Sends statements, or a line for psql, without waiting for them.
sub tell
{
	my ($self, $statements) = @_;
	my $number = ++$self->{number};

	$statements .= ';' unless $statements =~ /\n$/ || $statements =~ /^\\/;
	$self->{in} .= "$statements\n\\echo done $number\n\\warn done $number\n";
	$self->{psql}->pump_nb;
	return $self;
}

# Whether everything that was sent is done.
sub is_done
{
	my ($self) = @_;
	my $mark = qr/^done $self->{number}$/m;

	$self->{psql}->pump_nb;
	return $self->{out} =~ $mark && $self->{err} =~ $mark;
}

# Waits until it is, and returns what it printed; what it complained of is in said().
sub wait
{
	my ($self) = @_;

	poll_until(sub { $self->is_done })
	  or die "a session does not come back:\n$self->{out}$self->{err}";
	my $printed = $self->{out};
	$self->{said} = $self->{err};
	$_            =~ s/^done \d+\n//mg for $printed, $self->{said};
	$self->{said} =~ s/^LOCATION:.*\n//mg;
	$self->{said} =~ s/^psql:<stdin>:\d+: //mg;
	$self->{out} = $self->{err} = '';
	chomp $printed;
	return $printed;
}

sub run { return $_[0]->tell($_[1])->wait; }

# What the last wait() found on standard error, places left out.
sub said { return $_[0]->{said}; }

# Of that, the errors.
sub errors
{
	return join "\n", grep { /^(ERROR|FATAL|PANIC):/ } split /\n/, $_[0]->{said};
}

sub end
{
	my ($self) = @_;

	$self->{in} .= "\\q\n";
	$self->{psql}->finish;
	return;
}

1;
