# What random writes by hand are made of: rows of production to touch, instants, and
# statements that hold for the mirror and for production alike.
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

# Names of courses, and of hangouts that may become one.
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

# A name by weight.
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

# Courses and hangouts go back to what they were after a while, so that the world
# does not run dry; returns the statements, where it is time.
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

# A new id of its own.
sub fresh
{
	my ($self, $what) = @_;
	return "$what-" . ++$self->{serial} . one_of('', 'a', 'Z');
}

# A query's rows in production, as its writer sees them.
sub rows
{
	my ($self, $query) = @_;
	return map { [ split /\|/, $_, -1 ] } split /\n/, $self->{sides}->there($query);
}

# Ids of some rows of a table that a condition leaves.
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

# A group: one that was linked to another lately, or mostly of the curriculum, and
# one whose facilitator has others too.
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

# Two groups, mostly with one facilitator.
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

# An episode for a group to meet at: mostly of its own hangout.
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

# A user: mostly one of a group's.
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

# Milliseconds since 1970 as production's timestamp.
sub timestamp
{
	my ($at) = @_;
	my $seconds = floor($at / 1000);

	return strftime('%Y-%m-%d %H:%M:%S', gmtime $seconds) . sprintf '.%03d', $at - 1000 * $seconds;
}

# The window's start and the clock, in milliseconds.
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

# An instant of the window: its very start, a local midnight, the clock or a
# millisecond beside them, any other; some are yet to come.
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

# Addresses that are one person's in some spellings, and no address at all.
sub email
{
	return one_of('a@x.id', 'A@x.id ', " \ta\@X.id", 'b@x.id', 'B@X.ID', '', ' ', undef,
		'c' . int(rand 6) . '@x.id');
}

# An instant of any time, for what the window does not bound.
sub any_time
{
	my ($self) = @_;
	my ($start) = $self->bounds;

	return $self->instant if chance(0.5);
	return timestamp($start - int rand 400 * 86_400_000);
}

# An instant at which nobody can have joined or attended: a typing error.
sub implausible
{
	return one_of(
		'0026-03-01 03:00:00',
		'1970-01-01 00:00:00',
		'1999-12-31 16:59:59.999',
		'1999-12-31 23:59:59.999');
}

# An instant to answer as of.
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

# An UPDATE that gives each row its own value.
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
