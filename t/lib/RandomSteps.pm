# Random writes by hand: each is a list of statements that hold for the mirror and for
# production alike, since they name the rows that they touch and every value they write.
# What they touch is looked up in production, as its writer sees it.
#
# They keep to the window: no attendance before it is touched, and a group, an episode
# or a user with such attendance is neither deleted nor given another id, as the kept
# history would not follow before the next sync.
package RandomSteps;

use strict;
use warnings FATAL => 'all';

use List::Util qw(max min);
use POSIX qw(floor strftime);

my %columns = (
	UserHangoutGroupAttendance => [qw(id attendedAt hangoutEpisodeId hangoutGroupId userId)],
	UserHangoutGroup => [qw(id createdAt updatedAt joinedAt status hangoutGroupRole hangoutGroupId userId userEmail)],
	HangoutGroup     => [qw(id createdAt updatedAt name status hangoutId startDate)],
	HangoutEpisode   => [qw(id createdAt updatedAt name hangoutId order)],
	Hangout          => [qw(id createdAt updatedAt name type price circleProfileId)],
	User             => [qw(id createdAt updatedAt email deletedAt)]);
my $attendance = 'UserHangoutGroupAttendance';
my $membership = 'UserHangoutGroup';
my $written    = '2026-03-01 05:00:00';

# Names of courses, and of hangouts that may become one.
my @courses = ([ 'Ngeshare Sesi Aqidah', 9, 1 ], [ 'Ngeshare Sesi Hijrah', 9, 2 ], [ 'Ngeshare Sesi Sejarah', 11, 3 ],
	[ 'Ngeshare Sesi Dakwah', 7, 4 ]);
my @names = ((map { $_->[0] } @courses), 'ngeshare sesi aqidah', 'Ngeshare Spesial Ramadhan', 'Ngeshare Kelas Parenting');

# How often each write is drawn, by what it writes to.
my %weight = (
	attendance => { attend => 14, complete => 10, copied => 5, shift_time => 7, regroup => 6, other_episode => 6, other_user => 2,
		absent => 6, empty_group => 3, upsert_attendance => 5, exchange => 3 },
	truncation => { truncate_attendance => 2, truncate_memberships => 1 },
	membership => { join_group => 8, leave => 6, change_role => 7, change_joined => 7, change_person => 6, change_email => 3, transfer => 4,
		go_on => 10, swap_facilitators => 5, upsert_membership => 3, other_record_id => 1 },
	group   => { change_dates => 6, change_course => 5, rename_group => 2 },
	life    => { linked_groups => 12, new_group => 3, delete_group => 5, remake_group => 2, other_group_id => 2 },
	episode => { reorder => 5, move_episode => 3, new_episode => 1, delete_episode => 1, other_episode_id => 1 },
	hangout => { rename_hangout => 4, new_hangout => 1, delete_hangout => 1, other_hangout_id => 1 },
	user    => { change_name => 5, delete_softly => 3 },
	person  => { delete_user => 2, other_user_id => 2 },
	course  => { resize_course => 5, swap_courses => 2, rename_course => 2, add_course => 2, drop_course => 1, upsert_course => 1 });

# What two writers do at one spot, drawn only where it is asked for.
my %apart = (one_spot => { attend => 4, copied => 2, upsert_attendance => 2, absent => 4, shift_time => 3 });

sub new
{
	my ($class, $sides) = @_;
	return bless { sides => $sides, serial => 0, debts => [], linked => [] }, $class;
}

# One write of some kinds (of all, where none is named): its name and statements.
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
	return map { $_->[0] } $self->rows(qq{SELECT id FROM "$table" AS picked WHERE $condition ORDER BY md5(id || '$salt') LIMIT $number});
}

# A group: one that was linked to another lately, or mostly of the curriculum, and
# one whose facilitator has others too.
sub group
{
	my ($self) = @_;
	my ($linked) = @{ $self->{linked} } && chance(0.4) ? $self->pick('HangoutGroup', 1, 'id IN (' . listed(map { @$_ } @{ $self->{linked} }) . ')') : ();
	return $linked if $linked;

	my $course = q{"hangoutId" IN (SELECT hangout.id FROM "Hangout" AS hangout JOIN reference.course_config ON course_name = name)};
	my $shared = q{id IN (SELECT record."hangoutGroupId" FROM "UserHangoutGroup" AS record JOIN "UserHangoutGroup" AS other
		ON other."userId" = record."userId" AND other."hangoutGroupId" <> record."hangoutGroupId"
		WHERE record."hangoutGroupRole" = 'FACILITATOR' AND other."hangoutGroupRole" = 'FACILITATOR')};
	my $draw = rand;

	my ($id) = $self->pick('HangoutGroup', 1, $draw < 0.5 ? "$course AND $shared" : $draw < 0.9 ? $course : 'true');
	return $id // ($self->pick('HangoutGroup', 1))[0];
}

# Two groups, mostly with one facilitator.
sub two_groups
{
	my ($self) = @_;
	my $salt   = int rand 1e9;
	my @linked = @{ $self->{linked} } && chance(0.5) ? $self->pick('HangoutGroup', 2, 'id IN (' . listed(@{ one_of(@{ $self->{linked} }) }) . ')') : ();
	return @linked if @linked == 2;

	my ($pair) = $self->rows(qq{SELECT a."hangoutGroupId", b."hangoutGroupId" FROM "UserHangoutGroup" AS a
		JOIN "UserHangoutGroup" AS b ON a."userId" = b."userId" AND a."hangoutGroupId" <> b."hangoutGroupId"
		WHERE a."hangoutGroupRole" = 'FACILITATOR' AND b."hangoutGroupRole" = 'FACILITATOR' ORDER BY md5(a.id || b.id || '$salt') LIMIT 1});

	return @$pair if $pair && chance(0.7);
	return $self->pick('HangoutGroup', 2);
}

# An episode for a group to meet at: mostly of its own hangout.
sub episode
{
	my ($self, $group) = @_;
	my $own = chance(0.85) ? qq{"hangoutId" = (SELECT "hangoutId" FROM "HangoutGroup" WHERE id = '$group')} : 'true';
	my ($id) = $self->pick('HangoutEpisode', 1, $own);

	return $id // ($self->pick('HangoutEpisode', 1))[0];
}

# A user: mostly one of a group's.
sub user
{
	my ($self, $group) = @_;
	my $known = chance(0.7) ? qq{id IN (SELECT "userId" FROM "UserHangoutGroup" WHERE "hangoutGroupId" = '$group')} : 'true';
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
	my $key   = "$sides->{window} $sides->{clock}";

	$self->{bounds}{$key} //= ($self->rows("SELECT extract(epoch FROM timestamp '$sides->{window}' AT TIME ZONE 'UTC')::bigint * 1000,
		extract(epoch FROM timestamptz '$sides->{clock}')::bigint * 1000"))[0];
	return @{ $self->{bounds}{$key} };
}

# An instant of the window: its very start, a local midnight, the clock or a
# millisecond beside them, any other; some are yet to come.
sub instant
{
	my ($self) = @_;
	my ($start, $clock) = $self->bounds;
	my $day  = 86_400_000;
	my $days = int(($clock - $start) / $day) + 5;
	my $draw = rand;

	return timestamp($self->{spot}[2] + int rand $day) if $self->{spot} && chance(0.8);
	return timestamp($start + int rand 2) if $draw < 0.05;
	return timestamp($start + $day * (1 + int rand $days) + one_of(-1, 0)) if $draw < 0.25;
	return timestamp($clock + one_of(0, 1)) if $draw < 0.30;
	return timestamp($start + int rand $day * $days);
}

# An instant of any time, for what the window does not bound.
sub any_time
{
	my ($self) = @_;
	my ($start) = $self->bounds;

	return $self->instant if chance(0.5);
	return timestamp($start - int rand 400 * 86_400_000);
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
	my ($found) = $self->rows(sprintf 'SELECT "%s" - interval \'%d ms\' FROM "%s" WHERE "%1$s" IS NOT NULL ORDER BY md5(id || \'%d\') LIMIT 1',
		@{ one_of([ 'attendedAt', int rand 2, $attendance ], [ 'joinedAt', int rand 2, $membership ], [ 'createdAt', int rand 2, 'HangoutGroup' ]) },
		int rand 1e9);
	return $found ? "$found->[0]+00" : $self->{sides}{clock};
}

# Statements --------------------------------------------------------------------

sub literal { return defined $_[0] ? "'$_[0]'" : 'NULL'; }
sub listed  { return join ', ', map { literal($_) } @_; }

sub inserted
{
	my ($table, @rows) = @_;

	return if !@rows;
	return qq{INSERT INTO "$table" (} . join(', ', map { qq{"$_"} } @{ $columns{$table} }) . ') VALUES '
	  . join ', ', map { '(' . listed(@$_) . ')' } @rows;
}

sub updated
{
	my ($table, $ids, %set) = @_;

	return if !@$ids;
	return qq{UPDATE "$table" SET } . join(', ', map { qq{"$_" = } . literal($set{$_}) } sort keys %set) . ' WHERE id IN (' . listed(@$ids) . ')';
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
	return qq{UPDATE "$table" AS written SET "$column" = given.value FROM (VALUES }
	  . join(', ', map { "('$_', '$value{$_}'::$cast)" } sort keys %value) . ') AS given (id, value) WHERE written.id = given.id';
}

# Attendance --------------------------------------------------------------------

# Ids of some attendance of the window.
sub attended
{
	my ($self, $number, $condition) = @_;
	my $spot = $self->{spot};

	$condition //= $spot && chance(0.8) ? qq{"hangoutGroupId" = '$spot->[0]' AND "hangoutEpisodeId" = '$spot->[1]'} : 'true';
	return $self->pick($attendance, $number, qq{"attendedAt" >= '$self->{sides}{window}' AND $condition});
}

# From now on much attendance is of one group, episode and local day, until there is
# no such spot any more.
sub meet_at_one_spot
{
	my ($self) = @_;
	my ($start, $clock) = $self->bounds;
	my $day   = 86_400_000;
	my $group = $self->group;

	$self->{spot} = [ $group, $self->episode($group), $start + $day * int rand(($clock - $start) / $day) ];
	return;
}

sub meet_anywhere { delete $_[0]{spot}; return; }

# Some rows of attendance, mostly of one group.
sub attendance_rows
{
	my ($self, $number) = @_;
	my $group = $self->group;
	my @rows;

	for (1 .. $number)
	{
		$group = $self->group if chance(0.2);
		my ($at, $place) = $self->{spot} && chance(0.8) ? @{ $self->{spot} }[ 1, 0 ] : ($self->episode($group), $group);
		push @rows, [ $self->fresh('att'), $self->instant, $at, $place, $self->user($group) ];
	}
	return @rows;
}

sub attend { return inserted($attendance, $_[0]->attendance_rows(some(4))); }

# A group goes through its hangout's episodes, all or nearly, a day each.
sub complete
{
	my ($self) = @_;
	my $group = $self->group;
	my $user  = $self->user($group);
	my ($start, $clock) = $self->bounds;
	my $at    = $start + int rand 30 * 86_400_000;
	my @rows;

	for my $episode ($self->rows(qq{SELECT id FROM "HangoutEpisode"
		WHERE "hangoutId" = (SELECT "hangoutId" FROM "HangoutGroup" WHERE id = '$group') ORDER BY "order", id COLLATE "C"}))
	{
		push @rows, [ $self->fresh('att'), timestamp($at), $episode->[0], $group, $user ] if chance(0.95);
		$at += int rand 2 * 86_400_000;
	}
	return inserted($attendance, @rows);
}

sub copied
{
	my ($self) = @_;
	return qq{COPY "$attendance" FROM STDIN;\n} . join '', map { "$_\n" } (map { join "\t", @$_ } $self->attendance_rows(some(8))), '\\.';
}

sub shift_time
{
	my ($self) = @_;
	return updated_each($attendance, 'attendedAt', 'timestamp', map { $_ => $self->instant } $self->attended(some(5)));
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
	return updated_each($attendance, 'hangoutEpisodeId', 'text', map { $_ => $self->episode($self->group) } $self->attended(some(3)));
}

sub other_user { my ($self) = @_; return updated($attendance, [ $self->attended(some(3)) ], userId => $self->user($self->group)); }
sub absent { my ($self) = @_; return deleted($attendance, $self->attended(some(6))); }

sub empty_group
{
	my ($self) = @_;
	return deleted($attendance, $self->attended(1000, q{"hangoutGroupId" = '} . $self->group . q{'}));
}

# New rows, and rows that are there and get another time, group or episode.
sub upsert_attendance
{
	my ($self) = @_;
	my @rows = $self->attendance_rows(4);
	my @ids  = $self->attended(2);

	$rows[$_][0] = $ids[$_] for 0 .. $#ids;
	return inserted($attendance, @rows) . q{ ON CONFLICT (id) DO UPDATE SET "attendedAt" = excluded."attendedAt",
		"hangoutGroupId" = excluded."hangoutGroupId", "hangoutEpisodeId" = excluded."hangoutEpisodeId"};
}

# One statement that deletes rows and inserts them for another group.
sub exchange
{
	my ($self) = @_;
	my @ids = $self->attended(some(5)) or return;
	my $prefix = $self->fresh('x');

	return sprintf q{WITH gone AS (DELETE FROM "%s" WHERE id IN (%s) RETURNING *) INSERT INTO "%1$s" (id, "attendedAt", "hangoutEpisodeId",
		"hangoutGroupId", "userId") SELECT '%s' || id, "attendedAt", "hangoutEpisodeId", '%s', "userId" FROM gone},
	  $attendance, listed(@ids), $prefix, $self->group;
}

# Everything goes, and mostly some comes back.
sub truncate_attendance
{
	my ($self) = @_;
	my $kept = join ', ', map { qq{"$_"} } @{ $columns{$attendance} };
	my $some = qq{"attendedAt" >= '$self->{sides}{window}' AND md5(id) < '} . one_of(qw(d e f)) . q{'};

	return qq{TRUNCATE "$attendance"} if chance(0.1);
	return (qq{CREATE TEMP TABLE kept AS SELECT $kept FROM "$attendance" WHERE $some}, qq{TRUNCATE "$attendance"},
		qq{INSERT INTO "$attendance" ($kept) SELECT * FROM kept}, 'DROP TABLE kept');
}

# Memberships -------------------------------------------------------------------

sub truncate_memberships
{
	my ($self) = @_;
	return (qq{CREATE TEMP TABLE kept AS SELECT * FROM "$membership" WHERE md5(id) < 'fa'}, qq{TRUNCATE "$membership"},
		qq{INSERT INTO "$membership" SELECT * FROM kept}, 'DROP TABLE kept');
}

sub role { return weighted(MEMBER => 6, FACILITATOR => 3, OBSERVER => 1, member => 0.3); }

# When somebody joined: never, together with others, any time.
sub joined_at
{
	my ($self) = @_;
	return chance(0.08) ? undef : chance(0.3) ? '2025-06-01 10:00:00' : $self->any_time;
}

# Addresses that are one person's in some spellings, and no address at all.
sub email { return one_of('a@x.id', 'A@x.id ', " \ta\@X.id", 'b@x.id', 'B@X.ID', '', ' ', undef, 'c' . int(rand 6) . '@x.id'); }

sub membership_row
{
	my ($self, $group, $user, $role) = @_;
	my $named = defined $user || chance(0.8);

	$user //= $self->user($group) if $named;
	return [ $self->fresh(one_of('m', 'M')), $written, $written, $self->joined_at, 'ACTIVE', $role // role(), $group, $user, email() ];
}

sub join_group
{
	my ($self) = @_;
	my $group = $self->group;

	return inserted($membership, map { $self->membership_row($group) } 1 .. some(4));
}

# Members who are there, mostly of one group.
sub joined
{
	my ($self, $number, $condition) = @_;
	return $self->pick($membership, $number, (chance(0.7) ? q{"hangoutGroupId" = '} . $self->group . q{'} : 'true') . ' AND ' . ($condition // 'true'));
}

sub leave { my ($self) = @_; return deleted($membership, $self->joined(some(2))); }
sub change_role { my ($self) = @_; return updated($membership, [ $self->joined(some(2)) ], hangoutGroupRole => role()); }
sub change_joined { my ($self) = @_; return updated($membership, [ $self->joined(some(3)) ], joinedAt => $self->joined_at); }
sub change_email { my ($self) = @_; return updated($membership, [ $self->joined(some(2), '"userId" IS NULL') ], userEmail => email()); }
sub transfer { my ($self) = @_; return updated($membership, [ $self->joined(some(2)) ], hangoutGroupId => $self->group); }

sub change_person
{
	my ($self) = @_;
	my $user = chance(0.4) ? undef : $self->user($self->group);

	return updated($membership, [ $self->joined(some(2)) ], userId => $user, userEmail => email());
}

sub other_record_id { my ($self) = @_; return updated($membership, [ $self->joined(1) ], id => $self->fresh(one_of('0', 'zz'))); }

# The people of one group join another, of another course or not.
sub go_on
{
	my ($self) = @_;
	my ($from, $to) = ($self->group, $self->group);
	my @rows = map { [ $self->fresh('m'), $written, $written, $self->any_time, 'ACTIVE', $_->[1], $to, $_->[0], undef ] }
	  $self->rows(qq{SELECT "userId", "hangoutGroupRole" FROM "$membership" WHERE "hangoutGroupId" = '$from' AND "userId" IS NOT NULL
		ORDER BY id COLLATE "C" LIMIT 5});

	return inserted($membership, @rows);
}

sub swap_facilitators
{
	my ($self) = @_;
	my ($a, $b) = $self->two_groups;
	my @records = map { [ $self->rows(qq{SELECT id, "userId" FROM "$membership" WHERE "hangoutGroupId" = '$_' AND "hangoutGroupRole" = 'FACILITATOR'
		AND "userId" IS NOT NULL ORDER BY "joinedAt", id COLLATE "C" LIMIT 1}) ]->[0] } $a, $b;

	return if grep { !$_ } @records;
	return updated($membership, [ $records[0][0] ], userId => $self->user($b)) if $records[0][1] eq $records[1][1];
	return updated_each($membership, 'userId', 'text', $records[0][0] => $records[1][1], $records[1][0] => $records[0][1]);
}

sub upsert_membership
{
	my ($self) = @_;
	my $group = $self->group;
	my @rows  = map { $self->membership_row($group) } 1 .. 3;
	my @ids   = $self->joined(2);

	$rows[$_][0] = $ids[$_] for 0 .. $#ids;
	return inserted($membership, @rows) . q{ ON CONFLICT (id) DO UPDATE SET "joinedAt" = excluded."joinedAt", "hangoutGroupRole" = excluded."hangoutGroupRole",
		"userId" = excluded."userId", "userEmail" = excluded."userEmail"};
}

# Groups ------------------------------------------------------------------------

# Whose attendance is all of the window, so that the kept past does not know it.
sub without_past
{
	my ($self, $column) = @_;
	return qq{NOT EXISTS (SELECT 1 FROM "$attendance" AS met WHERE met."$column" = picked.id AND met."attendedAt" < '$self->{sides}{window}')};
}

sub change_dates
{
	my ($self) = @_;
	my %set = chance(0.6) ? (startDate => chance(0.2) ? undef : $self->any_time) : (createdAt => $self->any_time);

	return updated('HangoutGroup', [ map { $self->group } 1 .. some(2) ], %set);
}

sub change_course
{
	my ($self) = @_;
	my ($hangout) = $self->pick('Hangout', 1, chance(0.85) ? 'name IN (' . listed(map { $_->[0] } @courses) . ')' : 'true');

	return updated('HangoutGroup', [ $self->group ], hangoutId => chance(0.1) ? undef : $hangout);
}

sub rename_group { my ($self) = @_; return updated('HangoutGroup', [ $self->group ], name => $self->fresh('Circle')); }

# A group with people, and mostly with meetings; the people of another one or its own.
sub new_group
{
	my ($self) = @_;
	my $id = $self->fresh(one_of('g', 'G', 'zg'));
	my ($hangout) = $self->pick('Hangout', 1, 'name IN (' . listed(map { $_->[0] } @courses) . ')');
	my $like  = $self->group;
	my @users = map { $self->user($like) } 1 .. 4;
	my $n     = 0;

	return (inserted('HangoutGroup', [ $id, $self->any_time, $written, $id, 'ANY', $hangout, chance(0.5) ? $self->any_time : undef ]),
		inserted($membership, map { $self->membership_row($id, $_, $n++ ? 'MEMBER' : 'FACILITATOR') } @users),
		inserted($attendance, map { [ $self->fresh('att'), $self->instant, $self->episode($like), $id, one_of(@users) ] } 1 .. some(4)));
}

# Two groups of the same people, the first of which graduates, and the second meets,
# mostly in the next course, and mostly soon enough to be its next. In production
# alone, that may have been some days before the window.
sub linked_groups
{
	my ($self, $before) = @_;
	my $salt = int rand 1e9;
	my $day  = 86_400_000;
	my ($start, $clock) = $self->bounds;
	my ($way) = $self->rows(sprintf q{SELECT a.id, last.id, b.id, first.id FROM reference.course_config AS from_course
		JOIN reference.course_config AS to_course ON from_course.sequence_order < to_course.sequence_order
		JOIN "Hangout" AS a ON a.name = from_course.course_name JOIN "Hangout" AS b ON b.name = to_course.course_name
		JOIN "HangoutEpisode" AS last ON last."hangoutId" = a.id AND last."order" >= from_course.max_episodes
		JOIN "HangoutEpisode" AS first ON first."hangoutId" = b.id
		ORDER BY %s md5(last.id || first.id || '%d') LIMIT 1}, chance(0.8) ? 'to_course.sequence_order - from_course.sequence_order,' : '', $salt)
	  or return;
	my @id    = map { $self->fresh('g') } 1 .. 2;
	my @users = $self->pick('User', 4);
	my $from  = $start - $day * ($before // 0);
	my $first = $from + int rand $clock - $from;
	my @at    = map { timestamp(max($from, min($clock, $_))) } $first, $first + int $day * (rand(125) - 32);
	my @people;

	for my $group (@id)
	{
		push @people, map { [ $self->fresh('m'), $written, $written, '2025-12-01 05:00:00', 'ACTIVE', $_ ? 'MEMBER' : 'FACILITATOR',
			$group, $users[$_], undef ] } 0 .. 3;
	}

	push @{ $self->{linked} }, [@id];
	shift @{ $self->{linked} } if @{ $self->{linked} } > 12;
	return (inserted('HangoutGroup', map { [ $id[$_], '2025-11-30 05:00:00', $written, $id[$_], 'ANY', $way->[ 2 * $_ ], undef ] } 0, 1),
		inserted($membership, @people),
		inserted($attendance, map { [ $self->fresh('att'), $at[$_], $way->[ 2 * $_ + 1 ], $id[$_], $users[1] ] } 0, 1));
}

# What deletes a group with all that points to it.
sub without_group
{
	my ($id) = @_;
	return (qq{DELETE FROM "$attendance" WHERE "hangoutGroupId" = '$id'}, qq{DELETE FROM "$membership" WHERE "hangoutGroupId" = '$id'},
		qq{DELETE FROM "HangoutGroup" WHERE id = '$id'});
}

sub delete_group
{
	my ($self) = @_;
	my ($id) = $self->pick('HangoutGroup', 1, $self->without_past('hangoutGroupId')) or return;

	return without_group($id);
}

# A group is deleted and comes back as it was.
sub remake_group
{
	my ($self) = @_;
	my ($id) = $self->pick('HangoutGroup', 1, $self->without_past('hangoutGroupId')) or return;
	my %kept = (kept_group => [ 'HangoutGroup', 'id' ], kept_members => [ $membership, 'hangoutGroupId' ], kept_met => [ $attendance, 'hangoutGroupId' ]);

	return ((map { qq{CREATE TEMP TABLE $_ AS SELECT * FROM "$kept{$_}[0]" WHERE "$kept{$_}[1]" = '$id'} } sort keys %kept),
		without_group($id), (map { qq{INSERT INTO "$kept{$_}[0]" SELECT * FROM $_} } sort keys %kept),
		'DROP TABLE kept_group, kept_members, kept_met');
}

sub other_group_id
{
	my ($self) = @_;
	return updated('HangoutGroup', [ $self->pick('HangoutGroup', 1, $self->without_past('hangoutGroupId')) ], id => $self->fresh(one_of('0g', 'zg')));
}

# Episodes and hangouts ---------------------------------------------------------

sub reorder
{
	my ($self) = @_;
	return updated_each('HangoutEpisode', 'order', 'integer', map { $_ => one_of(0 .. 12) } map { $self->episode($self->group) } 1 .. some(3));
}

# An episode goes to another hangout, and its attendance is no longer at its own.
sub move_episode
{
	my ($self) = @_;
	return updated('HangoutEpisode', [ $self->episode($self->group) ], hangoutId => $self->pick('Hangout', 1));
}

sub new_episode
{
	my ($self) = @_;
	my ($hangout) = $self->pick('Hangout', 1);
	return inserted('HangoutEpisode', [ $self->fresh('e'), $written, $written, 'Episode', $hangout, one_of(1 .. 13) ]);
}

sub delete_episode
{
	my ($self) = @_;
	my ($id) = $self->pick('HangoutEpisode', 1, $self->without_past('hangoutEpisodeId')) or return;

	return (qq{DELETE FROM "$attendance" WHERE "hangoutEpisodeId" = '$id'}, deleted('HangoutEpisode', $id));
}

sub other_episode_id
{
	my ($self) = @_;
	return updated('HangoutEpisode', [ $self->pick('HangoutEpisode', 1, $self->without_past('hangoutEpisodeId')) ], id => $self->fresh('e'));
}

sub rename_hangout
{
	my ($self) = @_;
	my $salt = int rand 1e9;
	my ($hangout) = $self->rows(qq{SELECT id, name FROM "Hangout" WHERE name NOT LIKE '%''%' ORDER BY md5(id || '$salt') LIMIT 1});

	$self->owe(updated('Hangout', [ $hangout->[0] ], name => $hangout->[1]));
	return updated('Hangout', [ $hangout->[0] ], name => one_of(@names));
}

sub new_hangout
{
	my ($self) = @_;
	my $id = $self->fresh('h');
	my ($circle) = map { $_->[0] } $self->rows('SELECT min(id) FROM "CircleProfile"');

	return (inserted('Hangout', [ $id, $written, $written, one_of(@names), 'COURSE', 0, $circle ]),
		inserted('HangoutEpisode', map { [ $self->fresh('e'), $written, $written, 'Episode', $id, $_ ] } 1 .. some(9)));
}

# A hangout goes; its groups stay without one, and its episodes move.
sub delete_hangout
{
	my ($self) = @_;
	my ($id)    = $self->pick('Hangout', 1, "id LIKE 'h-%'") or return;
	my ($other) = $self->pick('Hangout', 1, "id <> '$id'");

	return (qq{UPDATE "HangoutEpisode" SET "hangoutId" = '$other' WHERE "hangoutId" = '$id'}, deleted('Hangout', $id));
}

sub other_hangout_id { my ($self) = @_; return updated('Hangout', [ $self->pick('Hangout', 1, "id LIKE 'h-%'") ], id => $self->fresh('h')); }

# Users -------------------------------------------------------------------------

sub change_name
{
	my ($self) = @_;
	return updated('User', [ map { $self->user($self->group) } 1 .. some(2) ], email => chance(0.3) ? email() : $self->fresh(" User\t"));
}

sub delete_softly
{
	my ($self) = @_;
	return updated('User', [ map { $self->user($self->group) } 1 .. some(2) ], deletedAt => chance(0.3) ? undef : $self->any_time);
}

# A user goes; the memberships stay, perhaps with an address.
sub delete_user
{
	my ($self) = @_;
	my ($id) = $self->pick('User', 1, $self->without_past('userId')) or return;

	return (qq{DELETE FROM "$attendance" WHERE "userId" = '$id'}, deleted('User', $id));
}

sub other_user_id { my ($self) = @_; return updated('User', [ $self->user($self->group) ], id => $self->fresh('u')); }

# Courses -----------------------------------------------------------------------

# The courses as they are, in their sequence.
sub courses { my ($self) = @_; return $self->rows('SELECT course_name, max_episodes, sequence_order FROM reference.course_config ORDER BY 3'); }

sub resize_course
{
	my ($self) = @_;
	my $course = one_of($self->courses) or return;

	$self->owe_courses;
	return "UPDATE course_config SET max_episodes = " . one_of(1 .. 12) . " WHERE course_name = '$course->[0]'";
}

sub swap_courses
{
	my ($self) = @_;
	my @all = $self->courses;
	return if @all < 2;
	my ($a, $b) = @all[ map { $_, $_ + 1 } int rand $#all ];

	$self->owe_courses;
	return ("UPDATE course_config SET sequence_order = 1000 WHERE course_name = '$a->[0]'",
		"UPDATE course_config SET sequence_order = $a->[2] WHERE course_name = '$b->[0]'",
		"UPDATE course_config SET sequence_order = $b->[2] WHERE course_name = '$a->[0]'");
}

# A name that no course has.
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
	return "UPDATE course_config SET course_name = '" . $self->free_name . "' WHERE course_name = '$course->[0]'";
}

sub add_course
{
	my ($self) = @_;
	my ($last) = map { $_->[0] } $self->rows('SELECT coalesce(max(sequence_order), 0) FROM reference.course_config');

	$self->owe_courses;
	return sprintf q{INSERT INTO course_config VALUES ('%s', %d, %d)}, $self->free_name, some(9), chance(0.5) ? $last + 3 : -some(1000);
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
	return sprintf q{INSERT INTO course_config VALUES ('%s', %d, %d) ON CONFLICT (course_name) DO UPDATE SET max_episodes = excluded.max_episodes,
		sequence_order = excluded.sequence_order}, $course->[0], some(12), 2000 + $self->{serial}++;
}

1;
