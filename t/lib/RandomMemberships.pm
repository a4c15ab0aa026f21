# Random writes to memberships. The functions are methods of RandomSteps.
package RandomMemberships;

use strict;
use warnings FATAL => 'all';

use RandomThings;

sub truncate_memberships
{
	my ($self) = @_;
	return (
		qq{CREATE TEMP TABLE kept AS SELECT * FROM "$membership" WHERE md5(id) < 'fa'},
		qq{TRUNCATE "$membership"},
		qq{INSERT INTO "$membership" SELECT * FROM kept},
		'DROP TABLE kept');
}

sub role { return weighted(MEMBER => 6, FACILITATOR => 3, OBSERVER => 1, member => 0.3); }

# Returns when somebody joined: NULL, an implausibly old instant, the first plausible instant, an
# instant that many others share, or any time.
sub joined_at
{
	my ($self) = @_;
	return
		chance(0.08) ? undef
	  : chance(0.05) ? one_of(implausible(), '2000-01-01 00:00:00')
	  : chance(0.3)  ? '2025-06-01 10:00:00'
	  :                $self->any_time;
}

sub membership_row
{
	my ($self, $group, $user, $role) = @_;
	my $named = defined $user || chance(0.8);

	$user //= $self->user($group) if $named;
	return [
		$self->fresh(one_of('m', 'M')),
		$written, $written, $self->joined_at, 'ACTIVE', $role // role(),
		$group, $user, email()
	];
}

sub join_group
{
	my ($self) = @_;
	my $group = $self->group;

	return inserted($membership, map { $self->membership_row($group) } 1 .. some(4));
}

# Returns ids of existing memberships, mostly of one group.
sub joined
{
	my ($self, $number, $condition) = @_;
	return $self->pick($membership, $number,
			(chance(0.7) ? q{"hangoutGroupId" = '} . $self->group . q{'} : 'true') . ' AND '
		  . ($condition // 'true'));
}

sub leave { my ($self) = @_; return deleted($membership, $self->joined(some(2))); }

sub change_role
{
	my ($self) = @_;
	return updated($membership, [ $self->joined(some(2)) ], hangoutGroupRole => role());
}

sub change_joined
{
	my ($self) = @_;
	return updated($membership, [ $self->joined(some(3)) ], joinedAt => $self->joined_at);
}

sub change_email
{
	my ($self) = @_;
	return updated($membership, [ $self->joined(some(2), '"userId" IS NULL') ],
		userEmail => email());
}

sub transfer
{
	my ($self) = @_;
	return updated($membership, [ $self->joined(some(2)) ], hangoutGroupId => $self->group);
}

sub change_person
{
	my ($self) = @_;
	my $user = chance(0.4) ? undef : $self->user($self->group);

	return updated($membership, [ $self->joined(some(2)) ], userId => $user, userEmail => email());
}

sub other_record_id
{
	my ($self) = @_;
	return updated($membership, [ $self->joined(1) ], id => $self->fresh(one_of('0', 'zz')));
}

# Lets up to five people of one random group join another one, of any course.
sub go_on
{
	my ($self) = @_;
	my ($from, $to) = ($self->group, $self->group);
	my @rows = map {
		[
			$self->fresh('m'), $written, $written, $self->any_time, 'ACTIVE', $_->[1], $to,
			$_->[0], undef
		]
	} $self->rows(
		qq{SELECT "userId", "hangoutGroupRole" FROM "$membership"
			WHERE "hangoutGroupId" = '$from' AND "userId" IS NOT NULL
		ORDER BY id COLLATE "C" LIMIT 5});

	return inserted($membership, @rows);
}

sub swap_facilitators
{
	my ($self) = @_;
	my ($a, $b) = $self->two_groups;
	my @records = map {
		[
			$self->rows(
				qq{SELECT id, "userId" FROM "$membership"
					WHERE "hangoutGroupId" = '$_' AND "hangoutGroupRole" = 'FACILITATOR'
		AND "userId" IS NOT NULL ORDER BY "joinedAt", id COLLATE "C" LIMIT 1})
		]->[0]
	} $a, $b;

	return if grep { !$_ } @records;
	return updated($membership, [ $records[0][0] ], userId => $self->user($b))
	  if $records[0][1] eq $records[1][1];
	return updated_each(
		$membership, 'userId', 'text', $records[0][0] => $records[1][1],
		$records[1][0] => $records[0][1]);
}

sub upsert_membership
{
	my ($self) = @_;
	my $group = $self->group;
	my @rows = map { $self->membership_row($group) } 1 .. 3;
	my @ids = $self->joined(2);

	$rows[$_][0] = $ids[$_] for 0 .. $#ids;
	return inserted($membership, @rows)
	  . q{ ON CONFLICT (id) DO UPDATE SET "joinedAt" = excluded."joinedAt",
	  	"hangoutGroupRole" = excluded."hangoutGroupRole",
		"userId" = excluded."userId", "userEmail" = excluded."userEmail"};
}

1;
