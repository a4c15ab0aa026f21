# Writes the same statements to a mirror and to its production, and compares the mirror's views with
# the reference in production. In names, "here" is the mirror and "there" is production. Each side
# has one writing and one reading session for the whole test.
package TwoSides;

use strict;
use warnings FATAL => 'all';

use NgeshareTest;
use Session;

my $zone = 'Asia/Jakarta';

# The views that every comparison asks for. Each comparison also asks for one more view: every third
# one for $costly, which is the slowest in the reference and depends on most of the rules, and the
# others for one of @turns.
my @always = qw(v_group_status v_curriculum_pipeline v_member_roster);
my $costly = 'v_anomalies';
my %always = map { $_ => 1 } @always, $costly;
my @turns = grep { !$always{$_} } @VIEWS;

sub start
{
	my ($class, $production, $source, $local, $database) = @_;
	my $self = bless {
		turn => 0,
		compared => 0,
		comparisons => 0,
		told => [],
		seen => {},
		columns => { reference_columns($production, $source) }
	}, $class;

	for my $name (qw(writer reader))
	{
		$self->{$name} = {
			here => Session->start($local, $database, 'jit = off'),
			there => Session->start($production, $source, 'jit = off')
		};
	}
	return $self;
}

sub end
{
	my ($self) = @_;

	$_->end for map { @{ $self->{$_} }{qw(here there)} } qw(writer reader);
	return;
}

# Sets the clock of both sides, and reads the start of the mirror's window again.
sub set_clock
{
	my ($self, $clock) = @_;

	$self->{clock} = $clock;
	$self->there("UPDATE reference.setting SET clock = '$clock'");
	$self->{window} = $self->{writer}{here}->run('SELECT window_start FROM ngeshare.history_state');
	return;
}

# Translates a statement for the mirror to production. There the courses are in
# reference.course_config, and TRUNCATE must not delete the attendance before the mirror's window.
sub of_production
{
	my ($self, $statement) = @_;

	$statement =~ s/\bcourse_config\b/reference.course_config/g;
	$statement =~
	  s/TRUNCATE ("UserHangoutGroupAttendance")/DELETE FROM $1 WHERE "attendedAt" >= '$self->{window}'/g;
	return $statement;
}

# Runs a statement in production only, in the writer's session; returns what it printed.
sub there
{
	my ($self, $statement) = @_;

	return succeeded($self->{writer}{there}, $statement);
}

# Runs a statement on both sides at the same time, in the writing sessions.
sub write
{
	my ($self, $statement) = @_;
	my ($here, $there) = @{ $self->{writer} }{qw(here there)};

	$self->remember($statement);
	$self->{keeps_out} =
	  $statement =~ /^TRUNCATE/ || $self->{keeps_out} && $statement !~ /^(COMMIT|ROLLBACK)$/;
	$here->tell($statement);
	$there->tell($self->of_production($statement));
	for my $session ($here, $there)
	{
		$session->wait;
		die "$statement\n" . $session->errors if $session->errors ne '';
	}
	return;
}

# Refreshes the mirror's snapshot, in the writer's session unless another one is given.
sub refresh
{
	my ($self, $session) = @_;

	$self->{standing} = undef;
	return succeeded($session // $self->{writer}{here}, 'SELECT ngeshare_refresh()');
}

# Returns a digest of what readers of the mirror see; it stays the same until the next refresh.
sub standing
{
	my ($self) = @_;
	my ($ask_here) = $self->queries($self->{clock}, @always);

	return succeeded($self->{reader}{here},
		"SET ngeshare.sync_clock = '$self->{clock}'; SET ngeshare.as_of = '$self->{clock}';\n"
		  . digests($ask_here));
}

# Keeps the last 12 statements; a test prints them if an answer differs.
sub remember
{
	my ($self, $statement) = @_;

	push @{ $self->{told} }, $statement;
	shift @{ $self->{told} } if @{ $self->{told} } > 12;
	return;
}

sub told
{
	return join "\n", map { "\t$_" } @{ $_[0]{told} };
}

sub succeeded
{
	my ($session, $statement) = @_;
	my $printed = $session->run($statement);

	die "$statement\n" . $session->errors if $session->errors ne '';
	return $printed;
}

# Returns the queries for the mirror and for production, each a hash by view name.
sub queries
{
	my ($self, $as_of, @views) = @_;
	my %here = map { $_ => "SELECT $self->{columns}{$_} FROM $_" } @views;
	my %there = map { $_ => "SELECT * FROM reference.$_('$as_of')" } @views;

	# The mirror does not know is_active where the active days reach back before its window. The
	# reference's value is hidden in the same cases.
	$there{v_member_roster} = qq{SELECT group_id, user_id, user_name, role, joined_at,
		CASE WHEN user_id IS NULL OR (timestamptz '$as_of' AT TIME ZONE '$zone')::date - active_days
			>= (timestamp '$self->{window}' AT TIME ZONE 'UTC' AT TIME ZONE '$zone')::date
				THEN is_active END, is_deleted
		FROM reference.v_member_roster('$as_of') CROSS JOIN reference.setting} if $there{v_member_roster};
	return (\%here, \%there);
}

# Returns statements that print each query's name, its row count and one hash over all its rows.
sub digests
{
	my ($queries) = @_;

	return join ";\n", map {
		qq{SELECT '$_', count(*), md5(string_agg(answer::text, E'\\n' ORDER BY answer::text COLLATE "C"))
		FROM ($queries->{$_}) AS answer}
	} sort keys %$queries;
}

# Returns all views, or the views of every comparison and the next one of the others.
sub views
{
	my ($self, $all) = @_;

	return @VIEWS if $all;
	my $turn = $self->{turn}++;
	return (@always, $turn % 3 == 0 ? $costly : $turns[ $turn % @turns ]);
}

# Compares answers as of an instant, with one session of the mirror and one of production. Other
# thresholds are set in the mirror's session, followed by a refresh because links depend on them,
# and in production for one transaction. Returns the lines that differ.
sub differs
{
	my ($self, $as_of, $here, $there, $all, %threshold) = @_;
	my ($ask_here, $ask_there) = $self->queries($as_of, $self->views($all));
	my @names = sort keys %threshold;
	my $set = join '', map { "SET ngeshare.$_;\n" } "sync_clock = '$self->{clock}'",
	  "as_of = '$as_of'", map { "$_ = $threshold{$_}" } @names;

	succeeded(
		$there,
		'BEGIN; UPDATE reference.setting SET ' . join ', ',
		map { "$_ = $threshold{$_}" } @names) if @names;
	$set .= 'SELECT ngeshare_refresh() \g /dev/null' . "\n" if @names;
	$here->tell($set . digests($ask_here));
	$there->tell(digests($ask_there));
	my ($got, $wanted) = map { $_->wait } $here, $there;
	die $here->errors . $there->errors if $here->errors ne '' || $there->errors ne '';
	$self->count($got, $as_of eq $self->{clock} && !@names);
	my @different =
	  $got eq $wanted ? () : lines_that_differ($here, $ask_here, $there, $ask_there, $got, $wanted);
	succeeded($here, join '; ', (map { "RESET ngeshare.$_" } @names), 'SELECT ngeshare_refresh()')
	  if @names;
	succeeded($there, 'ROLLBACK') if @names;
	return @different;
}

# Counts the compared rows, and collects the distinct digests of each view as of the sync's clock.
sub count
{
	my ($self, $got, $is_now) = @_;

	$self->{comparisons}++;
	for my $line (split /\n/, $got)
	{
		my ($view, $rows, $hash) = split /\|/, $line;
		$self->{compared} += $rows;
		$self->{rows}{$view} += $rows;
		$self->{seen}{$view}{$hash} = 1 if $is_now;
	}
	return;
}

# Returns the rows that differ, of the views whose digests differ.
sub lines_that_differ
{
	my ($here, $ask_here, $there, $ask_there, $got, $wanted) = @_;
	my %same = map { $_ => 1 } split /\n/, $wanted;
	my @different;

	for my $view (map { /^(\w+)/ } grep { !$same{$_} } split /\n/, $got)
	{
		my @rows = map { [ sort split /\n/, succeeded($_->[0], "COPY ($_->[1]) TO STDOUT") ] }
		  [ $there, $ask_there->{$view} ], [ $here, $ask_here->{$view} ];
		my @lines = map { "$view $_" } differences(@rows);
		push @different, @lines
		  ? @lines
		  : "$view: only the digests differ, or it was another answer when asked again";
	}
	return @different;
}

1;
