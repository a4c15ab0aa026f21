# Random writes to groups. The functions are methods of RandomSteps.
package RandomGroups;

use strict;
use warnings FATAL => 'all';

use List::Util qw(max min);
use RandomThings;

# Returns the condition that the row "picked" has no attendance before the window, so that it is not
# in the part of the meeting history that writes by hand cannot change.
sub without_past
{
	my ($self, $column) = @_;
	return qq{NOT EXISTS (SELECT 1 FROM "$attendance" AS met
	  	WHERE met."$column" = picked.id AND met."attendedAt" < '$self->{sides}{window}')};
}

sub change_dates
{
	my ($self) = @_;
	my %set =
	  chance(0.6)
	  ? (startDate => chance(0.2) ? undef : $self->any_time)
	  : (createdAt => $self->any_time);

	return updated('HangoutGroup', [ map { $self->group } 1 .. some(2) ], %set);
}

sub change_course
{
	my ($self) = @_;
	my ($hangout) = $self->pick('Hangout', 1,
		chance(0.85) ? 'name IN (' . listed(map { $_->[0] } @courses) . ')' : 'true');

	return updated('HangoutGroup', [ $self->group ], hangoutId => chance(0.1) ? undef : $hangout);
}

sub rename_group
{
	my ($self) = @_;
	return updated('HangoutGroup', [ $self->group ], name => $self->fresh('Circle'));
}

# Makes a group with four membership records, mostly of people of an existing group, and with some
# attendance.
sub new_group
{
	my ($self) = @_;
	my $id = $self->fresh(one_of('g', 'G', 'zg'));
	my ($hangout) = $self->pick('Hangout', 1, 'name IN (' . listed(map { $_->[0] } @courses) . ')');
	my $like = $self->group;
	my @users = map { $self->user($like) } 1 .. 4;
	my $n = 0;

	return (
		inserted(
			'HangoutGroup',
			[
				$id, $self->any_time, $written, $id, 'ANY', $hangout,
				chance(0.5) ? $self->any_time : undef
			]),
		inserted(
			$membership,
			map { $self->membership_row($id, $_, $n++ ? 'MEMBER' : 'FACILITATOR') } @users),
		inserted(
			$attendance,
			map {
				[ $self->fresh('att'), $self->instant, $self->episode($like), $id, one_of(@users) ]
			} 1 .. some(4)));
}

# Makes two groups of the same people. The first graduates and the second meets, mostly in the next
# course, and mostly soon enough to be linked to the first. With $before, they may have met up to
# that many days before the window; such a write is for production alone.
sub linked_groups
{
	my ($self, $before) = @_;
	my $salt = int rand 1e9;
	my $day = 86_400_000;
	my ($start, $clock) = $self->bounds;
	my ($way) = $self->rows(
		sprintf q{SELECT a.id, last.id, b.id, first.id FROM reference.course_config AS from_course
		JOIN reference.course_config AS to_course ON from_course.sequence_order < to_course.sequence_order
		JOIN "Hangout" AS a ON a.name = from_course.course_name
			JOIN "Hangout" AS b ON b.name = to_course.course_name
		JOIN "HangoutEpisode" AS last ON last."hangoutId" = a.id
			AND last."order" >= from_course.max_episodes
		JOIN "HangoutEpisode" AS first ON first."hangoutId" = b.id
		ORDER BY %s md5(last.id || first.id || '%d') LIMIT 1},
		chance(0.8) ? 'to_course.sequence_order - from_course.sequence_order,' : '', $salt
	) or return;
	my @id = map { $self->fresh('g') } 1 .. 2;
	my @users = $self->pick('User', 4);
	my $from = $start - $day * ($before // 0);
	my $first = $from + int rand $clock - $from;
	my @at = map { timestamp(max($from, min($clock, $_))) } $first,
	  $first + int $day * (rand(125) - 32);
	my @people;

	for my $group (@id)
	{
		push @people, map {
			[
				$self->fresh('m'), $written, $written, '2025-12-01 05:00:00',
				'ACTIVE', $_ ? 'MEMBER' : 'FACILITATOR',
				$group, $users[$_], undef
			]
		} 0 .. 3;
	}

	push @{ $self->{linked} }, [@id];
	shift @{ $self->{linked} } if @{ $self->{linked} } > 12;
	return (
		inserted(
			'HangoutGroup',
			map {
				[
					$id[$_], '2025-11-30 05:00:00', $written, $id[$_],
					'ANY', $way->[ 2 * $_ ], undef
				]
			} 0,
			1),
		inserted($membership, @people),
		inserted(
			$attendance,
			map { [ $self->fresh('att'), $at[$_], $way->[ 2 * $_ + 1 ], $id[$_], $users[1] ] } 0,
			1));
}

# Returns statements that delete a group with all that references it.
sub without_group
{
	my ($id) = @_;
	return (
		qq{DELETE FROM "$attendance" WHERE "hangoutGroupId" = '$id'},
		qq{DELETE FROM "$membership" WHERE "hangoutGroupId" = '$id'},
		qq{DELETE FROM "HangoutGroup" WHERE id = '$id'});
}

sub delete_group
{
	my ($self) = @_;
	my ($id) = $self->pick('HangoutGroup', 1, $self->without_past('hangoutGroupId')) or return;

	return without_group($id);
}

# Deletes a group with its memberships and attendance, and inserts all of them again unchanged.
sub remake_group
{
	my ($self) = @_;
	my ($id) = $self->pick('HangoutGroup', 1, $self->without_past('hangoutGroupId')) or return;
	my %kept = (
		kept_group => [ 'HangoutGroup', 'id' ],
		kept_members => [ $membership, 'hangoutGroupId' ],
		kept_met => [ $attendance, 'hangoutGroupId' ]);

	return (
		(   map {
				qq{CREATE TEMP TABLE $_ AS SELECT * FROM "$kept{$_}[0]" WHERE "$kept{$_}[1]" = '$id'}
			} sort keys %kept),
		without_group($id),
		(map { qq{INSERT INTO "$kept{$_}[0]" SELECT * FROM $_} } sort keys %kept),
		'DROP TABLE kept_group, kept_members, kept_met');
}

sub other_group_id
{
	my ($self) = @_;
	return updated(
		'HangoutGroup',
		[ $self->pick('HangoutGroup', 1, $self->without_past('hangoutGroupId')) ],
		id => $self->fresh(one_of('0g', 'zg')));
}

1;
