# A psql session that runs statements in the background: the test sends them, and asks later,
# without waiting, whether they are done.
package Session;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(poll_until);

# The longest wait for anything, in seconds.
our $PATIENCE = 60;

# Calls the condition again and again until it is true; returns false after $patience seconds.
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

# Connects, and sets the given settings before anything else.
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

# Sends SQL statements, or a psql command, without waiting for the result.
sub tell
{
	my ($self, $statements) = @_;
	my $number = ++$self->{number};

	$statements .= ';' unless $statements =~ /\n$/ || $statements =~ /^\\/;
	$self->{in} .= "$statements\n\\echo done $number\n\\warn done $number\n";
	$self->{psql}->pump_nb;
	return $self;
}

# Returns whether all statements that were sent are done.
sub is_done
{
	my ($self) = @_;
	my $mark = qr/^done $self->{number}$/m;

	$self->{psql}->pump_nb;
	return $self->{out} =~ $mark && $self->{err} =~ $mark;
}

# Waits until all statements are done and returns their output. said() then returns what they
# printed on standard error.
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

# Returns what the last wait() read from standard error, without source locations.
sub said { return $_[0]->{said}; }

# Returns only the errors of said().
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
