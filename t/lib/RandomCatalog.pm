# Random writes to episodes, hangouts, users and courses. The functions are methods of RandomSteps.
package RandomCatalog;

use strict;
use warnings FATAL => 'all';

use RandomThings;

# Episodes and hangouts ---------------------------------------------------------

sub reorder
{
	my ($self) = @_;
	return updated_each('HangoutEpisode', 'order', 'integer',
		map { $_ => one_of(0 .. 12) } map { $self->episode($self->group) } 1 .. some(3));
}

# Moves an episode to a random hangout, so that its attendance may no longer be at an episode of the
# group's own hangout.
sub move_episode
{
	my ($self) = @_;
	return updated(
		'HangoutEpisode',
		[ $self->episode($self->group) ],
		hangoutId => $self->pick('Hangout', 1));
}

sub new_episode
{
	my ($self) = @_;
	my ($hangout) = $self->pick('Hangout', 1);
	return inserted('HangoutEpisode',
		[ $self->fresh('e'), $written, $written, 'Episode', $hangout, one_of(1 .. 13) ]);
}

sub delete_episode
{
	my ($self) = @_;
	my ($id) = $self->pick('HangoutEpisode', 1, $self->without_past('hangoutEpisodeId')) or return;

	return (qq{DELETE FROM "$attendance" WHERE "hangoutEpisodeId" = '$id'},
		deleted('HangoutEpisode', $id));
}

sub other_episode_id
{
	my ($self) = @_;
	return updated(
		'HangoutEpisode',
		[ $self->pick('HangoutEpisode', 1, $self->without_past('hangoutEpisodeId')) ],
		id => $self->fresh('e'));
}

sub rename_hangout
{
	my ($self) = @_;
	my $salt = int rand 1e9;
	my ($hangout) = $self->rows(
		qq{SELECT id, name FROM "Hangout" WHERE name NOT LIKE '%''%' ORDER BY md5(id || '$salt') LIMIT 1}
	);

	$self->owe(updated('Hangout', [ $hangout->[0] ], name => $hangout->[1]));
	return updated('Hangout', [ $hangout->[0] ], name => one_of(@names));
}

sub new_hangout
{
	my ($self) = @_;
	my $id = $self->fresh('h');
	my ($circle) = map { $_->[0] } $self->rows('SELECT min(id) FROM "CircleProfile"');

	return (
		inserted('Hangout', [ $id, $written, $written, one_of(@names), 'COURSE', 0, $circle ]),
		inserted(
			'HangoutEpisode',
			map { [ $self->fresh('e'), $written, $written, 'Episode', $id, $_ ] } 1 .. some(9)));
}

# Deletes a hangout: its groups remain without a hangout, and its episodes move to another one.
sub delete_hangout
{
	my ($self) = @_;
	my ($id) = $self->pick('Hangout', 1, "id LIKE 'h-%'") or return;
	my ($other) = $self->pick('Hangout', 1, "id <> '$id'");

	return (qq{UPDATE "HangoutEpisode" SET "hangoutId" = '$other' WHERE "hangoutId" = '$id'},
		deleted('Hangout', $id));
}

sub other_hangout_id
{
	my ($self) = @_;
	return updated('Hangout', [ $self->pick('Hangout', 1, "id LIKE 'h-%'") ],
		id => $self->fresh('h'));
}

# Users -------------------------------------------------------------------------

sub change_name
{
	my ($self) = @_;
	return updated(
		'User',
		[ map { $self->user($self->group) } 1 .. some(2) ],
		email => chance(0.3) ? email() : $self->fresh(" User\t"));
}

sub delete_softly
{
	my ($self) = @_;
	return updated(
		'User',
		[ map { $self->user($self->group) } 1 .. some(2) ],
		deletedAt => chance(0.3) ? undef : $self->any_time);
}

# Deletes a user and the user's attendance; the memberships remain, some with an e-mail address.
sub delete_user
{
	my ($self) = @_;
	my ($id) = $self->pick('User', 1, $self->without_past('userId')) or return;

	return (qq{DELETE FROM "$attendance" WHERE "userId" = '$id'}, deleted('User', $id));
}

sub other_user_id
{
	my ($self) = @_;
	return updated('User', [ $self->user($self->group) ], id => $self->fresh('u'));
}

# Courses -----------------------------------------------------------------------

# Returns the current courses in their sequence.
sub courses
{
	my ($self) = @_;
	return $self->rows(
		'SELECT course_name, max_episodes, sequence_order FROM reference.course_config ORDER BY 3');
}

sub resize_course
{
	my ($self) = @_;
	my $course = one_of($self->courses) or return;

	$self->owe_courses;
	return
		"UPDATE course_config SET max_episodes = "
	  . one_of(1 .. 12)
	  . " WHERE course_name = '$course->[0]'";
}

sub swap_courses
{
	my ($self) = @_;
	my @all = $self->courses;
	return if @all < 2;
	my ($a, $b) = @all[ map { $_, $_ + 1 } int rand $#all ];

	$self->owe_courses;
	return (
		"UPDATE course_config SET sequence_order = 1000 WHERE course_name = '$a->[0]'",
		"UPDATE course_config SET sequence_order = $a->[2] WHERE course_name = '$b->[0]'",
		"UPDATE course_config SET sequence_order = $b->[2] WHERE course_name = '$a->[0]'");
}

# Returns a name that no course has.
sub free_name
{
	my ($self) = @_;
	my %taken = map { $_->[0] => 1 } $self->courses;

	return one_of(grep { !$taken{$_} } @names, 'Ngeshare Sesi Baru');
}

sub rename_course
{
	my ($self) = @_;
	my $course = one_of($self->courses) or return;

	$self->owe_courses;
	return
		"UPDATE course_config SET course_name = '"
	  . $self->free_name
	  . "' WHERE course_name = '$course->[0]'";
}

sub add_course
{
	my ($self) = @_;
	my ($last) = map { $_->[0] }
	  $self->rows('SELECT coalesce(max(sequence_order), 0) FROM reference.course_config');

	$self->owe_courses;
	return sprintf q{INSERT INTO course_config VALUES ('%s', %d, %d)}, $self->free_name, some(9),
	  chance(0.5) ? $last + 3 : -some(1000);
}

sub drop_course
{
	my ($self) = @_;
	my $course = one_of($self->courses) or return;

	$self->owe_courses;
	return "DELETE FROM course_config WHERE course_name = '$course->[0]'";
}

sub upsert_course
{
	my ($self) = @_;
	my $course = one_of($self->courses) or return;

	$self->owe_courses;
	return
	  sprintf q{INSERT INTO course_config VALUES ('%s', %d, %d) ON CONFLICT (course_name) DO UPDATE
	  	SET max_episodes = excluded.max_episodes,
		sequence_order = excluded.sequence_order}, $course->[0], some(12), 2000 + $self->{serial}++;
}

1;
