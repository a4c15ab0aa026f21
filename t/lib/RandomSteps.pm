# Random writes by hand (written by a user, not by a sync). Each is a list of statements that can
# run in the mirror and in production alike: they name their rows by id or by conditions, and
# contain no random functions. The rows are chosen from what the writer's session sees in
# production.
#
# The writes that draw() returns stay within the window, except for implausible times of attendance
# (before 2000), which no answer counts. They delete no group, episode or user with attendance
# before the window, and give no such group or episode another id, because the meeting history would
# not follow before the next sync.
package RandomSteps;

use strict;
use warnings FATAL => 'all';

use RandomThings;
use parent qw(RandomThings RandomAttendance RandomMemberships RandomGroups RandomCatalog);

# The weight of each write, grouped by what it writes to.
my %weight = (
	attendance => {
		attend => 14,
		complete => 10,
		copied => 5,
		shift_time => 7,
		regroup => 6,
		other_episode => 6,
		other_user => 2,
		absent => 6,
		empty_group => 3,
		upsert_attendance => 5,
		exchange => 3
	},
	truncation => { truncate_attendance => 2, truncate_memberships => 1 },
	membership => {
		join_group => 8,
		leave => 6,
		change_role => 7,
		change_joined => 7,
		change_person => 6,
		change_email => 3,
		transfer => 4,
		go_on => 10,
		swap_facilitators => 5,
		upsert_membership => 3,
		other_record_id => 1
	},
	group => { change_dates => 6, change_course => 5, rename_group => 2 },
	life => {
		linked_groups => 12,
		new_group => 3,
		delete_group => 5,
		remake_group => 2,
		other_group_id => 2
	},
	episode => {
		reorder => 5,
		move_episode => 3,
		new_episode => 1,
		delete_episode => 1,
		other_episode_id => 1
	},
	hangout =>
	  { rename_hangout => 4, new_hangout => 1, delete_hangout => 1, other_hangout_id => 1 },
	user => { change_name => 5, delete_softly => 3 },
	person => { delete_user => 2, other_user_id => 2 },
	course => {
		resize_course => 5,
		swap_courses => 2,
		rename_course => 2,
		add_course => 2,
		drop_course => 1,
		upsert_course => 1
	});

# Writes of two concurrent writers to one spot (a group, episode and day). draw() returns them only
# if its caller asks for 'one_spot'.
my %apart =
  (one_spot => { attend => 4, copied => 2, upsert_attendance => 2, absent => 4, shift_time => 3 });

# Draws one write of the given kinds, or of all kinds; returns its name and its statements.
sub draw
{
	my ($self, @kinds) = @_;
	my %choice = map { %{ $weight{$_} // $apart{$_} } } @kinds ? @kinds : keys %weight;
	my @statements;
	my $name;

	until (@statements)
	{
		$name = weighted(%choice);
		@statements = $self->can($name)->($self);
	}
	return ($name, @statements);
}

1;
