# Some sixty kinds of change that applications, administrators and accidents make to production
# between two syncs. Each kind returns SQL on random rows.
#
# All randomness comes from rand() and from hashes of ids, so that a seed gives the same changes
# again. The SQL is for psql: it keeps ids in psql variables.
package ProductionChanges;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use POSIX qw(floor strftime);

our @EXPORT = qw(kinds_of_change weighted_kinds change_sql late_commit_sql $LATE_COMMIT
  begin_round window_start_of spell between DAY);

use constant DAY => 24 * 3600 * 1000;
use constant HOUR => 3600 * 1000;

# Asia/Jakarta is UTC+7 all year.
use constant JAKARTA => 7 * HOUR;
use constant WINDOW => 45 * DAY;

# A group, user, episode or hangout is deleted only if few rows have to be deleted with it, because
# a sync refuses to delete many rows at once.
use constant FEW => 10;

our $LATE_COMMIT = 'a transaction commits after a sync that ran meanwhile';

my @COURSES = map { "Ngeshare Sesi $_" } qw(Aqidah Hijrah Sejarah Dakwah);
my @WORDS = (
	'Nur', 'nur', '  Nur ', "Nur\tHayati", "Nur\nHayati", '',
	' ', "O'Neil", 'a "b" \\ c', 'Ünïcødé', '🌙', '=1+1');

# The columns that change, with the kind of value for each; ? marks columns that may be NULL.
my %COLUMNS = (
	User => {
		createdAt => 'time',
		email => 'text?',
		lastLogin => 'time?',
		lastActive => 'time?',
		deletedAt => 'time?'
	},
	Hangout => {
		createdAt => 'time',
		name => 'course',
		description => 'text?',
		type => 'text',
		price => 'price',
		visibility => 'text',
		circleProfileId => 'CircleProfile',
		hangoutProgramId => 'HangoutProgram?',
		pictureId => 'Image?'
	},
	HangoutEpisode => {
		createdAt => 'time',
		name => 'text',
		description => 'text?',
		hangoutId => 'Hangout',
		order => 'order'
	},
	HangoutGroup => {
		createdAt => 'time',
		name => 'text',
		description => 'text?',
		status => 'text',
		day => 'order?',
		time => 'time?',
		hangoutId => 'Hangout?',
		imageId => 'Image?',
		endDate => 'time?',
		startDate => 'time?',
		city => 'text?',
		province => 'text?'
	},
	UserHangoutGroup => {
		createdAt => 'time',
		joinedAt => 'time?',
		status => 'text',
		hangoutGroupRole => 'role',
		hangoutGroupId => 'HangoutGroup',
		userId => 'User?',
		publicId => 'text?',
		userEmail => 'text?',
		orderId => 'Order?'
	});

my %VALUE = (
	time => sub { at(between(now() - 400 * DAY, now() + 30 * DAY)) },
	text => sub { literal(one_of(@WORDS)) },
	course =>
	  sub { literal(one_of(@COURSES, @COURSES, lc $COURSES[0], "$COURSES[1] ", 'Ngeshare Santai')) }
	,
	order => sub { whole(-1, 13) },
	price => sub { one_of('0', '-0', '1e-7', '99999.99', '0.1') },
	role => sub { literal(one_of(qw(MEMBER MEMBER FACILITATOR ADMIN))) });

# The current round, in milliseconds: the clocks of the last and of the next sync, the start of the
# last sync's window, and the start of the window before that one.
my %round;
my $ids = 0;

# The kinds of change in the order of their definition, and the weight and the SQL of each.
my (@kinds, %weight_of, %sql_of);

sub kind
{
	my ($name, $sql, $weight) = @_;

	push @kinds, $name;
	$sql_of{$name} = $sql;
	$weight_of{$name} = $weight // 1;
	return;
}

sub kinds_of_change { return @kinds }

# Returns each kind's name as many times as its weight says.
sub weighted_kinds
{
	return map { ($_) x $weight_of{$_} } @kinds;
}

# Returns the SQL of one change of a kind.
sub change_sql
{
	my ($name) = @_;
	return $sql_of{$name}->();
}

# Begins a round: random instants from now on are chosen relative to its clocks.
sub begin_round
{
	my ($number, $last, $now, $before_last) = @_;

	%round = (
		number => $number,
		last => $last,
		now => $now,
		window => window_start_of($last),
		window_before => window_start_of($before_last));
	return;
}

# Returns the local midnight 45 days before a clock.
sub window_start_of
{
	my ($clock) = @_;
	return floor(($clock + JAKARTA) / DAY) * DAY - JAKARTA - WINDOW;
}

# Random numbers, words and instants ------------------------------------------

sub one_of { return $_[ rand @_ ] }

sub whole
{
	my ($low, $high) = @_;
	return $low + int rand($high - $low + 1);
}

sub between
{
	my ($low, $high) = @_;
	return $low + int rand($high - $low);
}

sub now { return $round{now} }

# Returns an instant as text in UTC, in the format of production's timestamps.
sub spell
{
	my ($milliseconds) = @_;
	return strftime('%Y-%m-%d %H:%M:%S', gmtime floor($milliseconds / 1000)) . sprintf '.%03d',
	  $milliseconds % 1000;
}

sub at { return "timestamp '" . spell($_[0]) . "'" }

sub literal
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# Values for updatedAt: fresh() is between the last sync and the next one, old() at least a day
# before the last one.
sub fresh { return at(between($round{last}, $round{now} + 1)) }
sub old   { return at(between(now() - 500 * DAY, $round{last} - DAY)) }

# Random instants of attendance, within the window or before it, sometimes exactly at its edge.
sub in_window { return at(one_of($round{window}, (between($round{window}, now() + 1)) x 5)) }

sub before_window
{
	return at(
		one_of(
			$round{window} - 1,
			between($round{window} - 3 * DAY, $round{window}),
			(between($round{window} - 400 * DAY, $round{window})) x 3));
}

# Conditions on attendance: within the window, or before it. The latter sometimes selects only
# attendance that was within the window of the sync before the last one.
sub is_in_window { return qq{"attendedAt" >= } . at($round{window}) }

sub is_before_window
{
	my $condition = qq{"attendedAt" < } . at($round{window});
	my $lowest =
	  $round{window_before} < $round{window} ? $round{window_before} : $round{window} - 30 * DAY;

	return one_of($condition, $condition, qq{$condition AND "attendedAt" >= } . at($lowest));
}

# Random rows ---------------------------------------------------------------------

# Returns a subquery with the ids of random rows.
sub some
{
	my ($count, $table, $condition) = @_;
	my $where = defined $condition ? "WHERE $condition " : '';

	return
		qq{(SELECT id FROM "$table" ${where}ORDER BY md5(id || '}
	  . int(rand 1e9)
	  . qq{'), id LIMIT $count)};
}

sub any { return some(1, @_) }

# Returns a subquery with the ids of one to three random rows.
sub few { return some(whole(1, 3), @_) }

# Returns SQL that stores the id of a random row in a psql variable, or an empty string if there is
# no such row.
sub remember
{
	my ($variable, $table, $condition) = @_;
	return qq{SELECT coalesce(} . any($table, $condition) . qq{, '') AS $variable \\gset\n};
}

# Returns an id that no row has had. It sorts before, among or after the existing ids.
sub new_id
{
	return one_of('-', 'C', 'c', 'z') . "new-$round{number}-" . ++$ids;
}

sub value_of
{
	my ($kind) = @_;
	my $can_be_null = $kind =~ s/\?$//;

	return 'NULL' if $can_be_null && rand() < 0.2;
	return $VALUE{$kind}->() if $VALUE{$kind};
	return any($kind);
}

# Returns an update of a few random rows. $stamp is the new updatedAt; without it updatedAt stays.
sub change_column
{
	my ($table, $column, $stamp) = @_;
	my $set = qq{"$column" = } . value_of($COLUMNS{$table}{$column});

	$set .= qq{, "updatedAt" = $stamp} if defined $stamp;
	return qq{UPDATE "$table" SET $set WHERE id IN } . few($table) . ";\n";
}

sub change_any_column
{
	my ($stamp) = @_;
	my $table = one_of(sort keys %COLUMNS);

	return change_column($table, one_of(sort keys %{ $COLUMNS{$table} }), $stamp);
}

# New rows --------------------------------------------------------------------------

sub insert
{
	my ($table, %row) = @_;
	my @columns = sort keys %row;

	return
		qq{INSERT INTO "$table" (}
	  . join(', ', map { qq{"$_"} } @columns)
	  . ")\nVALUES ("
	  . join(', ', @row{@columns}) . ");\n";
}

sub insert_user
{
	my ($stamp, %other) = @_;
	my %row = (
		id => literal(new_id()),
		createdAt => $stamp,
		updatedAt => $stamp,
		email => value_of('text?'),
		%other);

	return insert('User', %row);
}

sub insert_group
{
	my ($stamp, %other) = @_;
	my %row = (
		id => literal(new_id()),
		createdAt => $stamp,
		updatedAt => $stamp,
		name => value_of('text'),
		status => q{'OPEN'},
		hangoutId => any('Hangout'),
		startDate => value_of('time?'),
		%other);

	return insert('HangoutGroup', %row);
}

sub insert_membership
{
	my ($stamp, %other) = @_;
	my %row = (
		id => literal(new_id()),
		createdAt => $stamp,
		updatedAt => $stamp,
		joinedAt => $stamp,
		status => q{'ACTIVE'},
		hangoutGroupRole => value_of('role'),
		hangoutGroupId => any('HangoutGroup'),
		userId => any('User'),
		%other);

	return insert('UserHangoutGroup', %row);
}

sub insert_episode
{
	my ($stamp, %other) = @_;
	my %row = (
		id => literal(new_id()),
		createdAt => $stamp,
		updatedAt => $stamp,
		name => value_of('text'),
		hangoutId => any('Hangout'),
		order => whole(1, 12),
		%other);

	return insert('HangoutEpisode', %row);
}

sub insert_attendance
{
	my ($attended_at) = @_;
	return insert(
		'UserHangoutGroupAttendance',
		id => literal(new_id()),
		attendedAt => $attended_at,
		hangoutEpisodeId => any('HangoutEpisode'),
		hangoutGroupId => any('HangoutGroup'),
		userId => any('User'));
}

# Lets a group graduate and go on: it attends its last episode, and the same people form a new group
# of the next course, which meets at the same instant.
sub circle_goes_on
{
	my ($stamp) = @_;
	my ($group, $records, $attended_at) = (new_id(), new_id(), in_window());
	my $next = join ' ', map { "WHEN '$COURSES[$_]' THEN '$COURSES[$_ + 1]'" } 0 .. $#COURSES - 1;

	return remember(
		'circle', 'HangoutGroup',
		q{"hangoutId" IN (SELECT id FROM "Hangout" WHERE name LIKE 'Ngeshare Sesi %')
    AND (SELECT count(*) FROM "UserHangoutGroup" AS record
    	WHERE record."hangoutGroupId" = "HangoutGroup".id
        AND record."hangoutGroupRole" = 'MEMBER' AND record."userId" IS NOT NULL) BETWEEN 2 AND 8})
	  . attend_episode(q{:'circle'}, $attended_at)
	  . insert_group(
		$stamp,
		id => literal($group),
		hangoutId => any(
			'Hangout', qq{name = (
    SELECT CASE own.name $next END
    FROM "HangoutGroup" AS gathering JOIN "Hangout" AS own ON own.id = gathering."hangoutId"
    WHERE gathering.id = :'circle')}))
	  . qq{INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
	  	"hangoutGroupRole", "hangoutGroupId", "userId", "userEmail")
SELECT '$records-' || md5(id), $stamp, $stamp, $stamp, status, "hangoutGroupRole", '$group',
	"userId", "userEmail"
FROM "UserHangoutGroup" WHERE "hangoutGroupId" = :'circle';
} . attend_episode(literal($group), $attended_at, 1);
}

# Lets all users of a group attend the last episode of its hangout, or the episode of a given order.
sub attend_episode
{
	my ($group, $attended_at, $order) = @_;
	my $condition = defined $order ? qq{ AND own."order" = $order} : '';

	return qq{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
	  	"hangoutGroupId", "userId")
SELECT '}
	  . new_id() . qq{-' || md5(record.id), $attended_at, episode.id, gathering.id, record."userId"
FROM "HangoutGroup" AS gathering
JOIN "UserHangoutGroup" AS record ON record."hangoutGroupId" = gathering.id
	AND record."userId" IS NOT NULL
JOIN LATERAL (
    SELECT own.id FROM "HangoutEpisode" AS own
    	WHERE own."hangoutId" = gathering."hangoutId"$condition
    ORDER BY own."order" DESC, own.id LIMIT 1
) AS episode ON true
WHERE gathering.id = $group;
};
}

# Lets random groups meet at their next episode: all their users attend at one instant.
sub groups_meet
{
	my ($attended_at) = @_;
	my $ids = new_id();

	return qq{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
	  	"hangoutGroupId", "userId")
SELECT '$ids-' || md5(record.id), $attended_at, episode.id, gathering.id, record."userId"
FROM "HangoutGroup" AS gathering
JOIN "UserHangoutGroup" AS record ON record."hangoutGroupId" = gathering.id
	AND record."userId" IS NOT NULL
JOIN LATERAL (
    SELECT own.id
    FROM "HangoutEpisode" AS own
    WHERE own."hangoutId" = gathering."hangoutId"
      AND own."order" > coalesce((
          SELECT max(attended."order")
          FROM "UserHangoutGroupAttendance" AS attendance
          JOIN "HangoutEpisode" AS attended ON attended.id = attendance."hangoutEpisodeId"
          WHERE attendance."hangoutGroupId" = gathering.id
            AND attended."hangoutId" = gathering."hangoutId"), 0)
    ORDER BY own."order", own.id
    LIMIT 1
) AS episode ON true
WHERE gathering.id IN } . some(6, 'HangoutGroup', q{"hangoutId" IS NOT NULL}) . ";\n";
}

kind 'users sign up' => sub { insert_user(fresh()) . insert_user(fresh()) }, 2;
kind 'a group begins with new people' => sub {
	my ($group, $user) = (literal(new_id()), literal(new_id()));

	return insert_group(
		fresh(),
		id => $group,
		startDate => one_of('NULL', fresh()),
		hangoutId => any('Hangout', q{name LIKE 'Ngeshare Sesi %'}))
	  . insert_user(fresh(), id => $user)
	  . insert_membership(
		fresh(),
		hangoutGroupId => $group,
		userId => $user,
		hangoutGroupRole => q{'FACILITATOR'});
  },
  3;
kind 'a circle graduates and goes on' => sub { circle_goes_on(fresh()) }, 4;
kind 'people join groups' => sub { insert_membership(fresh()) . insert_membership(fresh()) }, 2;
kind 'somebody joins by address' =>
  sub { insert_membership(fresh(), userId => 'NULL', userEmail => value_of('text')) };
kind 'an episode is added' => sub { insert_episode(fresh()) };
kind 'a hangout is added with its episodes' => sub {
	my ($hangout, $stamp) = (literal(new_id()), fresh());

	return insert(
		'Hangout',
		id => $hangout,
		createdAt => $stamp,
		updatedAt => $stamp,
		name => value_of('course'),
		type => q{'GROUP'},
		price => '0',
		circleProfileId => any('CircleProfile'))
	  . join('',
		map { insert_episode($stamp, hangoutId => $hangout, order => $_) } 1 .. whole(7, 11));
  },
  2;
kind 'groups meet' => sub { groups_meet(in_window()) . groups_meet(in_window()) }, 5;
kind 'attendance of all sorts comes in' => sub {
	join '', map { insert_attendance(in_window()) } 1 .. 4;
};

# Inserted with an old updatedAt, as late commits and raw SQL do ------------------------

kind 'a user comes with an old stamp' => sub { insert_user(old()) };
kind 'a group comes with an old stamp' => sub { insert_group(old()) };
kind 'a circle goes on with old stamps' => sub { circle_goes_on(old()) };
kind 'a membership comes with an old stamp' => sub { insert_membership(old()) };
kind 'an episode comes with an old stamp' => sub { insert_episode(old()) };
kind 'a membership comes with a user of an old stamp' => sub {
	my $user = literal(new_id());
	return insert_user(old(), id => $user) . insert_membership(fresh(), userId => $user);
};
kind 'a membership comes with a group of an old stamp' => sub {
	my $group = literal(new_id());
	return insert_group(old(), id => $group) . insert_membership(fresh(), hangoutGroupId => $group);
};

# Changed with a new updatedAt (by applications), without one (by raw SQL), or with a wrong one ---

kind 'a column changes' => sub { change_any_column(fresh()) . change_any_column(fresh()) }, 3;
kind 'a column changes without a stamp' => sub { change_any_column() }, 3;
for my $column (
	[ 'User', 'email' ],
	[ 'User', 'deletedAt' ],
	[ 'Hangout', 'name' ],
	[ 'HangoutEpisode', 'order' ],
	[ 'HangoutEpisode', 'hangoutId' ],
	[ 'HangoutGroup', 'name' ],
	[ 'HangoutGroup', 'startDate' ],
	[ 'HangoutGroup', 'hangoutId' ],
	[ 'UserHangoutGroup', 'joinedAt' ],
	[ 'UserHangoutGroup', 'hangoutGroupRole' ],
	[ 'UserHangoutGroup', 'userId' ],
	[ 'UserHangoutGroup', 'hangoutGroupId' ])
{
	kind "$column->[0].$column->[1] changes without a stamp" => sub { change_column(@$column) };
}
kind 'a column changes and its stamp is set back' => sub { change_any_column(old()) };
kind 'a stamp alone is set back' => sub {
	return
	  qq{UPDATE "$_" SET "updatedAt" = "updatedAt" - interval '1 year' WHERE id IN }
	  . few($_) . ";\n"
	  for one_of(sort keys %COLUMNS);
};
kind 'a stamp from the future' => sub { change_any_column(at(between(now(), now() + 300 * DAY))) };
kind 'many rows get one stamp' => sub {
	my $table = one_of(qw(User UserHangoutGroup HangoutEpisode));
	return
		qq{UPDATE "$table" SET "updatedAt" = }
	  . fresh()
	  . qq{, "createdAt" = "createdAt" - interval '1 ms' WHERE id IN }
	  . some(60, $table) . ";\n";
};
kind 'users are soft-deleted' => sub {
	my $stamp = fresh();
	return
	  qq{UPDATE "User" SET "deletedAt" = $stamp, "updatedAt" = $stamp WHERE id IN }
	  . few('User', '"deletedAt" IS NULL') . ";\n";
};
kind 'users are revived' => sub {
	return
		qq{UPDATE "User" SET "deletedAt" = NULL, "updatedAt" = }
	  . fresh()
	  . ' WHERE id IN '
	  . few('User', '"deletedAt" IS NOT NULL') . ";\n";
};
kind 'two users swap their addresses' => sub {
	my $stamp = one_of(fresh(), 'one."updatedAt"');

	return
		remember('one', 'User', 'email IS NOT NULL')
	  . remember('other', 'User', q{email IS NOT NULL AND id <> :'one'})
	  . qq{UPDATE "User" AS one SET email = other.email, "updatedAt" = $stamp FROM "User" AS other\n}
	  . qq{WHERE (one.id, other.id) IN ((:'one', :'other'), (:'other', :'one'));\n};
};
kind 'a hangout becomes a course' => sub {
	return
		qq{UPDATE "Hangout" SET name = }
	  . literal(one_of(@COURSES))
	  . ', "updatedAt" = '
	  . one_of(fresh(), '"updatedAt"')
	  . ' WHERE id = '
	  . any('Hangout', q{name NOT LIKE 'Ngeshare Sesi %' OR name LIKE '% '}) . ";\n";
};
kind 'a hangout ceases to be a course' => sub {
	return
		q{UPDATE "Hangout" SET name = lower(name), "updatedAt" = }
	  . one_of(fresh(), '"updatedAt"')
	  . ' WHERE id = '
	  . any('Hangout', q{name LIKE 'Ngeshare Sesi %'}) . ";\n";
};

# Other primary keys; the foreign keys' ON UPDATE CASCADE changes the references -------------

kind 'memberships get other primary keys' => sub {
	return
		q{UPDATE "UserHangoutGroup" SET id = }
	  . literal(new_id())
	  . q{ || id WHERE id IN }
	  . few('UserHangoutGroup') . ";\n";
};
for my $table (qw(User HangoutGroup HangoutEpisode))
{
	kind "a row of $table gets another primary key" => sub {
		return
			qq{UPDATE "$table" SET id = }
		  . literal(new_id())
		  . ' WHERE id = '
		  . any($table) . ";\n";
	};
}

# Deleted, children first ------------------------------------------------------------------

sub delete_where
{
	my ($table, $condition) = @_;
	return qq{DELETE FROM "$table" WHERE $condition;\n};
}

# Returns the condition that at most FEW rows of a table reference the parent row.
sub has_few
{
	my ($table, $column, $parent) = @_;
	return qq{(SELECT count(*) FROM "$table" AS child WHERE child."$column" = "$parent".id) <= }
	  . FEW;
}

sub delete_attendance
{
	return delete_where('UserHangoutGroupAttendance',
		'id IN ' . few('UserHangoutGroupAttendance', @_));
}

kind 'attendance in the window is deleted' => sub { delete_attendance(is_in_window()) };
kind 'attendance before the window is deleted' => sub { delete_attendance(is_before_window()) };
kind 'memberships are deleted' =>
  sub { delete_where('UserHangoutGroup', 'id IN ' . few('UserHangoutGroup')) };
kind 'a membership is deleted and comes back as another' => sub {
	return
		remember('record', 'UserHangoutGroup')
	  . delete_where('UserHangoutGroup', q{id = :'record'})
	  . insert_membership(old(), id => q{:'record'});
};
kind 'a group is deleted with all that is its own' => sub {
	return remember('gone', 'HangoutGroup',
			has_few('UserHangoutGroupAttendance', 'hangoutGroupId', 'HangoutGroup') . ' AND '
		  . has_few('UserHangoutGroup', 'hangoutGroupId', 'HangoutGroup'))
	  . delete_where('UserHangoutGroupAttendance', q{"hangoutGroupId" = :'gone'})
	  . delete_where('UserHangoutGroup', q{"hangoutGroupId" = :'gone'})
	  . delete_where('HangoutGroup', q{id = :'gone'});
};
kind 'a user is deleted with all that points at it' => sub {
	return remember('gone', 'User',
			has_few('UserHangoutGroupAttendance', 'userId', 'User') . ' AND '
		  . has_few('UserHangoutGroup', 'userId', 'User'))
	  . delete_where('UserHangoutGroupAttendance', q{"userId" = :'gone'})
	  . delete_where('UserHangoutGroup', q{"userId" = :'gone'})
	  . delete_where('User', q{id = :'gone'});
};
kind 'a user is deleted and its memberships lose it' => sub {
	return remember('gone', 'User',
		has_few('UserHangoutGroupAttendance', 'userId', 'User')
		  . q{ AND EXISTS (SELECT 1 FROM "UserHangoutGroup" AS record WHERE record."userId" = "User".id)}
	  )
	  . delete_where('UserHangoutGroupAttendance', q{"userId" = :'gone'})
	  . delete_where('User', q{id = :'gone'});
};
kind 'an episode is deleted with its attendance' => sub {
	return remember('gone', 'HangoutEpisode',
		has_few('UserHangoutGroupAttendance', 'hangoutEpisodeId', 'HangoutEpisode'))
	  . delete_where('UserHangoutGroupAttendance', q{"hangoutEpisodeId" = :'gone'})
	  . delete_where('HangoutEpisode', q{id = :'gone'});
};
kind 'a hangout is deleted and its groups lose it' => sub {
	my $is_its =
	  q{"hangoutEpisodeId" IN (SELECT id FROM "HangoutEpisode" WHERE "hangoutId" = :'gone')};

	return remember(
		'gone', 'Hangout', q{(SELECT count(*) FROM "UserHangoutGroupAttendance" AS attendance
    JOIN "HangoutEpisode" AS episode ON episode.id = attendance."hangoutEpisodeId"
    WHERE episode."hangoutId" = "Hangout".id) <= }
		  . FEW . ' AND '
		  . has_few('HangoutEpisode', 'hangoutId', 'Hangout'))
	  . delete_where('UserHangoutGroupAttendance', $is_its)
	  . delete_where('HangoutEpisode', q{"hangoutId" = :'gone'})
	  . delete_where('Hangout', q{id = :'gone'});
};

# Attendance, which has no stamp ---------------------------------------------------------------

sub change_attendance
{
	my ($column, $value, $condition) = @_;
	return
	  qq{UPDATE "UserHangoutGroupAttendance" SET "$column" = $value WHERE id IN }
	  . few('UserHangoutGroupAttendance', $condition) . ";\n";
}

kind 'attendance before the window is added' =>
  sub { insert_attendance(before_window()) . insert_attendance(before_window()) };
kind 'groups are said to have met before the window' => sub { groups_meet(before_window()) };
kind 'attendance in the future is added' =>
  sub { insert_attendance(at(between(now(), now() + one_of(HOUR, DAY, 90 * DAY)))) };
kind 'attendance moves within the window' =>
  sub { change_attendance('attendedAt', in_window(), is_in_window()) };
kind 'attendance moves out of the window' =>
  sub { change_attendance('attendedAt', before_window(), is_in_window()) };
kind 'attendance moves into the window' =>
  sub { change_attendance('attendedAt', in_window(), is_before_window()) };
kind 'attendance moves within the past' =>
  sub { change_attendance('attendedAt', before_window(), is_before_window()) };

for my $when ([ 'in the window', \&is_in_window ], [ 'before the window', \&is_before_window ])
{
	my ($where, $condition) = @$when;

	kind "attendance $where moves to another group" => sub {
		return change_attendance('hangoutGroupId', any('HangoutGroup'), $condition->());
	};
	kind "attendance $where moves to another episode" => sub {
		return change_attendance('hangoutEpisodeId', any('HangoutEpisode'), $condition->());
	};
	kind "attendance $where moves to another user" => sub {
		return change_attendance('userId', any('User'), $condition->());
	};
}

# Returns the SQL of a transaction that begins before a sync and commits after it, with values of
# updatedAt from before the last sync. It must begin after all other changes of its round: they
# would wait for its row locks.
sub late_commit_sql
{
	my ($user, $group) = (literal(new_id()), literal(new_id()));
	my $stamp = at(between($round{last} - 2 * DAY, $round{last}));

	return
		insert_user($stamp, id => $user)
	  . insert_group($stamp, id => $group)
	  . insert_membership($stamp, userId => $user)
	  . insert_membership($stamp, hangoutGroupId => $group)
	  . change_any_column($stamp)
	  . change_column('HangoutGroup', 'name', $stamp)
	  . insert_attendance(in_window())
	  . insert_attendance(before_window())
	  . change_attendance('attendedAt', in_window(), is_in_window());
}

kind $LATE_COMMIT => \&late_commit_sql, 2;

1;
