# The parts from which RandomSteps makes its writes: rows of production, instants, and statements
# that can run in the mirror and in production alike.
package RandomThings;

use strict;
use warnings FATAL => 'all';

use Exporter   qw(import);
use List::Util qw(max min);
use POSIX      qw(floor strftime);

our @EXPORT =
  qw(%columns $attendance $membership $written @courses @names weighted timestamp implausible email
  chance one_of some literal listed inserted updated deleted updated_each);

our %columns = (
	UserHangoutGroupAttendance => [qw(id attendedAt hangoutEpisodeId hangoutGroupId userId)],
	UserHangoutGroup =>
	  [qw(id createdAt updatedAt joinedAt status hangoutGroupRole hangoutGroupId userId userEmail)],
	HangoutGroup => [qw(id createdAt updatedAt name status hangoutId startDate)],
	HangoutEpisode => [qw(id createdAt updatedAt name hangoutId order)],
	Hangout => [qw(id createdAt updatedAt name type price circleProfileId)],
	User => [qw(id createdAt updatedAt email deletedAt)]);
our $attendance = 'UserHangoutGroupAttendance';
our $membership = 'UserHangoutGroup';
our $written = '2026-03-01 05:00:00';

# Courses (name, episodes, sequence), and names of hangouts, some of which are not courses yet.
our @courses = (
	[ 'Ngeshare Sesi Aqidah', 9, 1 ],
	[ 'Ngeshare Sesi Hijrah', 9, 2 ],
	[ 'Ngeshare Sesi Sejarah', 11, 3 ],
	[ 'Ngeshare Sesi Dakwah', 7, 4 ]);
our @names = (
	(map { $_->[0] } @courses),
	'ngeshare sesi aqidah',
	'Ngeshare Spesial Ramadhan',
	'Ngeshare Kelas Parenting');

sub new
{
	my ($class, $sides) = @_;
	return bless { sides => $sides, serial => 0, debts => [], linked => [] }, $class;
}

# Returns a random name; %choice holds the weight of each.
sub weighted
{
	my %choice = @_;
	my $sum = 0;
	$sum += $_ for values %choice;
	my $at = rand $sum;

	for my $name (sort keys %choice)
	{
		$at -= $choice{$name};
		return $name if $at < 0;
	}
	return (sort keys %choice)[-1];
}

# Returns the statements that undo an old change of a hangout or of the courses, if it is time for
# that. Without this the test data would run out of courses.
sub pay_debt
{
	my ($self) = @_;
	my $debts = $self->{debts};

	return if !@$debts || --$debts->[0][0] > 0;
	return @{ shift(@$debts)->[1] };
}

sub owe
{
	my ($self, @statements) = @_;

	push @{ $self->{debts} }, [ 2 + int rand 6, \@statements ];
	return;
}

sub owe_courses
{
	my ($self) = @_;
	my @rows = map { sprintf q{('%s', %d, %d)}, @$_ } @courses;

	$self->owe('DELETE FROM course_config', 'INSERT INTO course_config VALUES ' . join ', ', @rows);
	return;
}

# Random things -----------------------------------------------------------------

sub chance { return rand() < $_[0]; }
sub one_of { return $_[ rand @_ ]; }
sub some   { return 1 + int rand $_[0]; }

# Returns a new id.
sub fresh
{
	my ($self, $what) = @_;
	return "$what-" . ++$self->{serial} . one_of('', 'a', 'Z');
}

# Returns a query's rows in production, as the writer's session sees them.
sub rows
{
	my ($self, $query) = @_;
	return map { [ split /\|/, $_, -1 ] } split /\n/, $self->{sides}->there($query);
}

# Returns ids of some random rows of a table that match a condition.
sub pick
{
	my ($self, $table, $number, $condition) = @_;
	my $salt = int rand 1e9;

	$condition //= 'true';
	return
	  map { $_->[0] }
	  $self->rows(
		qq{SELECT id FROM "$table" AS picked WHERE $condition ORDER BY md5(id || '$salt') LIMIT $number}
	  );
}

# Returns a group: one that was linked to another lately, or else mostly one that takes a course,
# and often one whose facilitator has other groups too.
sub group
{
	my ($self) = @_;
	my ($linked) =
	  @{ $self->{linked} } && chance(0.4)
	  ? $self->pick('HangoutGroup', 1, 'id IN (' . listed(map { @$_ } @{ $self->{linked} }) . ')')
	  : ();
	return $linked if $linked;

	my $course =
	  q{"hangoutId" IN (SELECT hangout.id FROM "Hangout" AS hangout JOIN reference.course_config
	  	ON course_name = name)};
	my $shared = q{id IN (SELECT record."hangoutGroupId" FROM "UserHangoutGroup" AS record
	  	JOIN "UserHangoutGroup" AS other
		ON other."userId" = record."userId" AND other."hangoutGroupId" <> record."hangoutGroupId"
		WHERE record."hangoutGroupRole" = 'FACILITATOR' AND other."hangoutGroupRole" = 'FACILITATOR')};
	my $draw = rand;

	my ($id) = $self->pick('HangoutGroup', 1,
		$draw < 0.5 ? "$course AND $shared" : $draw < 0.9 ? $course : 'true');
	return $id // ($self->pick('HangoutGroup', 1))[0];
}

# Returns two groups, mostly with the same facilitator.
sub two_groups
{
	my ($self) = @_;
	my $salt = int rand 1e9;
	my @linked =
	  @{ $self->{linked} } && chance(0.5)
	  ? $self->pick('HangoutGroup', 2, 'id IN (' . listed(@{ one_of(@{ $self->{linked} }) }) . ')')
	  : ();
	return @linked if @linked == 2;

	my ($pair) = $self->rows(
		qq{SELECT a."hangoutGroupId", b."hangoutGroupId" FROM "UserHangoutGroup" AS a
		JOIN "UserHangoutGroup" AS b ON a."userId" = b."userId"
			AND a."hangoutGroupId" <> b."hangoutGroupId"
		WHERE a."hangoutGroupRole" = 'FACILITATOR' AND b."hangoutGroupRole" = 'FACILITATOR'
			ORDER BY md5(a.id || b.id || '$salt') LIMIT 1}
	);

	return @$pair if $pair && chance(0.7);
	return $self->pick('HangoutGroup', 2);
}

# Returns an episode for a group to meet at, mostly one of the group's own hangout.
sub episode
{
	my ($self, $group) = @_;
	my $own =
	  chance(0.85)
	  ? qq{"hangoutId" = (SELECT "hangoutId" FROM "HangoutGroup" WHERE id = '$group')}
	  : 'true';
	my ($id) = $self->pick('HangoutEpisode', 1, $own);

	return $id // ($self->pick('HangoutEpisode', 1))[0];
}

# Returns a user, mostly one who belongs to the group.
sub user
{
	my ($self, $group) = @_;
	my $known =
	  chance(0.7)
	  ? qq{id IN (SELECT "userId" FROM "UserHangoutGroup" WHERE "hangoutGroupId" = '$group')}
	  : 'true';
	my ($id) = $self->pick('User', 1, $known);

	return $id // ($self->pick('User', 1))[0];
}

# Formats milliseconds since 1970 as a timestamp of production.
sub timestamp
{
	my ($at) = @_;
	my $seconds = floor($at / 1000);

	return strftime('%Y-%m-%d %H:%M:%S', gmtime $seconds) . sprintf '.%03d', $at - 1000 * $seconds;
}

# Returns the window's start and the clock, in milliseconds.
sub bounds
{
	my ($self) = @_;
	my $sides = $self->{sides};
	my $key = "$sides->{window} $sides->{clock}";

	$self->{bounds}{$key} //= (
		$self->rows(
			"SELECT extract(epoch FROM timestamp '$sides->{window}' AT TIME ZONE 'UTC')::bigint * 1000,
		extract(epoch FROM timestamptz '$sides->{clock}')::bigint * 1000"))[0];
	return @{ $self->{bounds}{$key} };
}

# Returns an instant in the window: its exact start, a local midnight, the clock, a millisecond off
# one of these, or any other. Some are after the clock.
sub instant
{
	my ($self) = @_;
	my ($start, $clock) = $self->bounds;
	my $day = 86_400_000;
	my $days = int(($clock - $start) / $day) + 5;
	my $draw = rand;

	return timestamp($self->{spot}[2] + int rand $day) if $self->{spot} && chance(0.8);
	return timestamp($start + int rand 2) if $draw < 0.05;
	return timestamp($start + $day * (1 + int rand $days) + one_of(-1, 0)) if $draw < 0.25;
	return timestamp($clock + one_of(0, 1)) if $draw < 0.30;
	return timestamp($start + int rand $day * $days);
}

# Returns an e-mail address. Some are spellings of one person's address, some are empty or NULL.
sub email
{
	return one_of('a@x.id', 'A@x.id ', " \ta\@X.id", 'b@x.id', 'B@X.ID', '', ' ', undef,
		'c' . int(rand 6) . '@x.id');
}

# Returns an instant within the window or up to 400 days before it, for columns that the window does
# not limit.
sub any_time
{
	my ($self) = @_;
	my ($start) = $self->bounds;

	return $self->instant if chance(0.5);
	return timestamp($start - int rand 400 * 86_400_000);
}

# Returns an instant that is too old to be true, such as a typing error makes.
sub implausible
{
	return one_of(
		'0026-03-01 03:00:00',
		'1970-01-01 00:00:00',
		'1999-12-31 16:59:59.999',
		'1999-12-31 23:59:59.999');
}

# Returns an instant to ask as of.
sub as_of
{
	my ($self) = @_;
	my ($start, $clock) = $self->bounds;
	my $draw = rand;

	return $self->{sides}{clock} if $draw < 0.5;
	return '2001-01-01 00:00:00+07' if $draw < 0.53;
	return '2999-12-31 12:00:00+07' if $draw < 0.58;
	return timestamp($clock - int rand 365 * 86_400_000) . '+00' if $draw < 0.75;
	return $self->instant . '+00' if $draw < 0.9;
	my ($found) = $self->rows(
		sprintf 'SELECT "%s" - interval \'%d ms\' FROM "%s" WHERE "%1$s" IS NOT NULL
		  	ORDER BY md5(id || \'%d\') LIMIT 1',
		@{
			one_of(
				[ 'attendedAt', int rand 2, $attendance ],
				[ 'joinedAt', int rand 2, $membership ],
				[ 'createdAt', int rand 2, 'HangoutGroup' ])
		},
		int rand 1e9);
	return $found ? "$found->[0]+00" : $self->{sides}{clock};
}

# Statements --------------------------------------------------------------------

sub literal { return defined $_[0] ? "'$_[0]'" : 'NULL'; }

sub listed
{
	return join ', ', map { literal($_) } @_;
}

sub inserted
{
	my ($table, @rows) = @_;

	return if !@rows;
	return
		qq{INSERT INTO "$table" (}
	  . join(', ', map { qq{"$_"} } @{ $columns{$table} })
	  . ') VALUES '
	  . join ', ', map { '(' . listed(@$_) . ')' } @rows;
}

sub updated
{
	my ($table, $ids, %set) = @_;

	return if !@$ids;
	return
		qq{UPDATE "$table" SET }
	  . join(', ', map { qq{"$_" = } . literal($set{$_}) } sort keys %set)
	  . ' WHERE id IN ('
	  . listed(@$ids) . ')';
}

sub deleted
{
	my ($table, @ids) = @_;

	return @ids ? qq{DELETE FROM "$table" WHERE id IN (} . listed(@ids) . ')' : ();
}

# Returns an UPDATE that gives each row its own value.
sub updated_each
{
	my ($table, $column, $cast, %value) = @_;

	return if !%value;
	return
		qq{UPDATE "$table" AS written SET "$column" = given.value FROM (VALUES }
	  . join(', ', map { "('$_', '$value{$_}'::$cast)" } sort keys %value)
	  . ') AS given (id, value) WHERE written.id = given.id';
}

1;
