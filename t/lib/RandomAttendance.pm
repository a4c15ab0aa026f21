# Random writes to attendance. The functions are methods of RandomSteps.
package RandomAttendance;

use strict;
use warnings FATAL => 'all';

use RandomThings;

# Returns ids of some attendance within the window.
sub attended
{
	my ($self, $number, $condition) = @_;
	my $spot = $self->{spot};

	$condition //=
	  $spot && chance(0.8)
	  ? qq{"hangoutGroupId" = '$spot->[0]' AND "hangoutEpisodeId" = '$spot->[1]'}
	  : 'true';
	return $self->pick($attendance, $number,
		qq{"attendedAt" >= '$self->{sides}{window}' AND $condition});
}

# Chooses a group, episode and local day (the "spot"). Until meet_anywhere() is called, most new
# attendance is at this spot.
sub meet_at_one_spot
{
	my ($self) = @_;
	my ($start, $clock) = $self->bounds;
	my $day = 86_400_000;
	my $group = $self->group;

	$self->{spot} =
	  [ $group, $self->episode($group), $start + $day * int rand(($clock - $start) / $day) ];
	return;
}

sub meet_anywhere { delete $_[0]{spot}; return; }

# Returns when somebody attended; sometimes an implausibly old instant, as by a typing error.
sub attended_at { my ($self) = @_; return chance(0.04) ? implausible() : $self->instant; }

# Returns some rows of attendance, mostly of one group.
sub attendance_rows
{
	my ($self, $number) = @_;
	my $group = $self->group;
	my @rows;

	for (1 .. $number)
	{
		$group = $self->group if chance(0.2);
		my ($at, $place) = $self->{spot}
		  && chance(0.8) ? @{ $self->{spot} }[ 1, 0 ] : ($self->episode($group), $group);
		push @rows, [ $self->fresh('att'), $self->attended_at, $at, $place, $self->user($group) ];
	}
	return @rows;
}

sub attend { return inserted($attendance, $_[0]->attendance_rows(some(4))); }

# Lets a group attend all or nearly all episodes of its hangout, up to two days apart.
sub complete
{
	my ($self) = @_;
	my $group = $self->group;
	my $user = $self->user($group);
	my ($start, $clock) = $self->bounds;
	my $at = $start + int rand 30 * 86_400_000;
	my @rows;

	for my $episode (
		$self->rows(
			qq{SELECT id FROM "HangoutEpisode"
		WHERE "hangoutId" = (SELECT "hangoutId" FROM "HangoutGroup" WHERE id = '$group')
			ORDER BY "order", id COLLATE "C"}
		))
	{
		push @rows, [ $self->fresh('att'), timestamp($at), $episode->[0], $group, $user ]
		  if chance(0.95);
		$at += int rand 2 * 86_400_000;
	}
	return inserted($attendance, @rows);
}

sub copied
{
	my ($self) = @_;
	return qq{COPY "$attendance" FROM STDIN;\n} . join '',
	  map { "$_\n" } (map { join "\t", @$_ } $self->attendance_rows(some(8))), '\\.';
}

sub shift_time
{
	my ($self) = @_;
	return updated_each($attendance, 'attendedAt', 'timestamp',
		map { $_ => $self->attended_at } $self->attended(some(5)));
}

sub regroup
{
	my ($self) = @_;
	my ($from, $to) = $self->two_groups;
	my @ids = $self->attended(some(6), chance(0.6) ? qq{"hangoutGroupId" = '$from'} : 'true');

	return updated($attendance, \@ids, hangoutGroupId => $to);
}

sub other_episode
{
	my ($self) = @_;
	return updated_each($attendance, 'hangoutEpisodeId', 'text',
		map { $_ => $self->episode($self->group) } $self->attended(some(3)));
}

sub other_user
{
	my ($self) = @_;
	return updated($attendance, [ $self->attended(some(3)) ], userId => $self->user($self->group));
}
sub absent { my ($self) = @_; return deleted($attendance, $self->attended(some(6))); }

sub empty_group
{
	my ($self) = @_;
	return deleted($attendance,
		$self->attended(1000, q{"hangoutGroupId" = '} . $self->group . q{'}));
}

# Inserts new rows and, by ON CONFLICT, gives existing rows another time, group and episode.
sub upsert_attendance
{
	my ($self) = @_;
	my @rows = $self->attendance_rows(4);
	my @ids = $self->attended(2);

	$rows[$_][0] = $ids[$_] for 0 .. $#ids;
	return inserted($attendance, @rows)
	  . q{ ON CONFLICT (id) DO UPDATE SET "attendedAt" = excluded."attendedAt",
		"hangoutGroupId" = excluded."hangoutGroupId", "hangoutEpisodeId" = excluded."hangoutEpisodeId"};
}

# Returns one statement that deletes rows and inserts them again for a random group, with new ids.
sub exchange
{
	my ($self) = @_;
	my @ids = $self->attended(some(5)) or return;
	my $prefix = $self->fresh('x');

	return
	  sprintf q{WITH gone AS (DELETE FROM "%s" WHERE id IN (%s) RETURNING *) INSERT INTO "%1$s" (id,
	  	"attendedAt", "hangoutEpisodeId",
		"hangoutGroupId", "userId") SELECT '%s' || id, "attendedAt", "hangoutEpisodeId", '%s', "userId"
			FROM gone}, $attendance, listed(@ids), $prefix, $self->group;
}

# Truncates attendance, and mostly inserts a part of it again.
sub truncate_attendance
{
	my ($self) = @_;
	my $kept = join ', ', map { qq{"$_"} } @{ $columns{$attendance} };
	my $some =
	  qq{"attendedAt" >= '$self->{sides}{window}' AND md5(id) < '} . one_of(qw(d e f)) . q{'};

	return qq{TRUNCATE "$attendance"} if chance(0.1);
	return (
		qq{CREATE TEMP TABLE kept AS SELECT $kept FROM "$attendance" WHERE $some},
		qq{TRUNCATE "$attendance"},
		qq{INSERT INTO "$attendance" ($kept) SELECT * FROM kept},
		'DROP TABLE kept');
}

1;
