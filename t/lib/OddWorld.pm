# Makes "worlds": small productions that are unusual but legitimate. Their tables are plain tables,
# views or partitioned tables, with ids of several types and timestamps of several precisions, with
# or without foreign keys. fill_world() returns statements that fill any of them with rows.
package OddWorld;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT = qw(@TABLES %COLUMNS %PARENTS make_world fill_world untyped);

our @TABLES =
  qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup UserHangoutGroupAttendance);

# Columns by table. ID, AT, KIND and MAIL are replaced by the types that a world has for ids,
# timestamps, what may be an enum, and e-mail addresses. A ! after a type means NOT NULL. A
# referencing column has the type of its parent's id.
our %COLUMNS = (
	User => [
		[ 'id', 'ID!' ],
		[ 'createdAt', 'AT!' ],
		[ 'updatedAt', 'AT!' ],
		[ 'email', 'MAIL' ],
		[ 'lastLogin', 'AT' ],
		[ 'lastActive', 'AT' ],
		[ 'deletedAt', 'AT' ]
	],
	Hangout => [
		[ 'id', 'ID!' ],
		[ 'createdAt', 'AT!' ],
		[ 'updatedAt', 'AT!' ],
		[ 'name', 'text!' ],
		[ 'description', 'text' ],
		[ 'type', 'KIND!' ],
		[ 'price', 'double precision!' ],
		[ 'circleProfileId', 'text!' ],
		[ 'visibility', 'KIND!' ],
		[ 'hangoutProgramId', 'text' ],
		[ 'pictureId', 'text' ]
	],
	HangoutEpisode => [
		[ 'id', 'ID!' ],
		[ 'createdAt', 'AT!' ],
		[ 'updatedAt', 'AT!' ],
		[ 'name', 'text!' ],
		[ 'description', 'text' ],
		[ 'hangoutId', 'ID!' ],
		[ 'order', 'integer!' ]
	],
	HangoutGroup => [
		[ 'id', 'ID!' ],
		[ 'createdAt', 'AT!' ],
		[ 'updatedAt', 'AT!' ],
		[ 'name', 'text!' ],
		[ 'description', 'text' ],
		[ 'status', 'KIND!' ],
		[ 'day', 'integer' ],
		[ 'time', 'AT' ],
		[ 'hangoutId', 'ID' ],
		[ 'imageId', 'text' ],
		[ 'endDate', 'AT' ],
		[ 'startDate', 'AT' ],
		[ 'city', 'text' ],
		[ 'province', 'text' ]
	],
	UserHangoutGroup => [
		[ 'id', 'ID!' ],
		[ 'createdAt', 'AT!' ],
		[ 'updatedAt', 'AT!' ],
		[ 'joinedAt', 'AT' ],
		[ 'status', 'KIND!' ],
		[ 'hangoutGroupRole', 'KIND!' ],
		[ 'hangoutGroupId', 'ID!' ],
		[ 'userId', 'ID' ],
		[ 'publicId', 'text' ],
		[ 'userEmail', 'MAIL' ],
		[ 'orderId', 'text' ]
	],
	UserHangoutGroupAttendance => [
		[ 'id', 'ID!' ],
		[ 'attendedAt', 'AT!' ],
		[ 'hangoutEpisodeId', 'ID!' ],
		[ 'hangoutGroupId', 'ID!' ],
		[ 'userId', 'ID!' ]
	]);

our %PARENTS = (
	HangoutEpisode => { hangoutId => 'Hangout' },
	HangoutGroup => { hangoutId => 'Hangout' },
	UserHangoutGroup => { hangoutGroupId => 'HangoutGroup', userId => 'User' },
	UserHangoutGroupAttendance =>
	  { hangoutEpisodeId => 'HangoutEpisode', hangoutGroupId => 'HangoutGroup', userId => 'User' });

# The name that fill_world() uses for the type of each table's id; typed() replaces it by the real
# type.
our %CASTS = (
	User => 'USER_ID',
	Hangout => 'HANGOUT_ID',
	HangoutEpisode => 'EPISODE_ID',
	HangoutGroup => 'GROUP_ID',
	UserHangoutGroup => 'MEMBER_ID',
	UserHangoutGroupAttendance => 'ATT_ID');

# Returns the value of an option for a table; the option is one value, or a list with one per table.
sub option_of
{
	my ($table, $option) = @_;
	my ($place) = grep { $TABLES[$_] eq $table } 0 .. $#TABLES;

	return ref $option ? $option->[$place] : $option;
}

# Removes the casts from a statement of fill_world(), for a world in which all ids are text and no
# column is an enum.
sub untyped { my ($statement) = @_; return $statement =~ s/::(?:[A-Z]+_ID|KINDTYPE)//gr; }

# Replaces the type names of a statement's casts by the world's types.
sub typed
{
	my ($statement, %world) = @_;
	my $kind = $world{enums} ? 'public.kind' : 'text';

	for my $table (@TABLES)
	{
		my $ids = option_of($table, $world{ids});
		my $type = { domain => qq{public."key_of_$table"}, citext => 'odd.citext' }->{$ids} // $ids;

		$statement =~ s/\b$CASTS{$table}\b/$type/g;
	}
	return $statement =~ s/KINDTYPE/$kind/gr;
}

# Returns the statements that make a world. Options: ids (text, varchar, domain, uuid or citext),
# digits (of timestamps), enums, collation (of ids and addresses), keys (foreign keys), kind (plain,
# views, partitioned, or loose: without primary keys), strict (NOT NULL where the mirror has it).
# ids, digits and collation may be lists with one value per table.
sub make_world
{
	my (%world) = (
		ids => 'text',
		digits => 3,
		enums => 0,
		collation => '',
		keys => 0,
		kind => 'plain',
		strict => 1,
		@_);
	my (@domains, %type);
	my @all_of =
	  map { my $option = $world{$_}; ref $option ? @$option : $option } qw(ids collation);

	for my $table (@TABLES)
	{
		my ($ids, $collation) = map { option_of($table, $world{$_}) } qw(ids collation);
		my $collate = $collation eq '' ? '' : " COLLATE $collation";
		my %spelled =
		  (varchar => 'varchar(60)', domain => qq{"key_of_$table"}, citext => 'odd.citext');
		my $id_type = $spelled{$ids} // $ids;

		push @domains,
		  qq{CREATE DOMAIN $id_type AS varchar(60)$collate CHECK (value <> 'nobody at all')}
		  if $ids eq 'domain';
		$type{$table} = {
			ID => $id_type . ($ids =~ /domain|uuid/ ? '' : $collate),
			AT => 'timestamp(' . option_of($table, $world{digits}) . ')',
			KIND => $world{enums} ? 'kind' : 'text',
			MAIL => "text$collate"
		};
	}
	my @made = ('CREATE SCHEMA odd', 'CREATE SCHEMA raw');

	push @made, 'CREATE EXTENSION citext SCHEMA odd' if grep { $_ eq 'citext' } @all_of;
	push @made,
	  q{CREATE COLLATION odd_any (provider = icu, locale = 'und-u-ks-level2', deterministic = false)}
	  if grep { $_ eq 'odd_any' } @all_of;
	push @made, @domains;
	push @made,
	  q{CREATE TYPE kind AS ENUM ('ACTIVE', 'MEMBER', 'FACILITATOR', 'ANY', 'PUBLIC', 'GUEST')}
	  if $world{enums};
	push @made, map { made_table($_, \%type, %world) } @TABLES;
	push @made, map { "GRANT SELECT ON public.\"$_\" TO ngeshare_reader" } @TABLES;
	push @made, 'GRANT USAGE ON SCHEMA odd TO PUBLIC';
	return @made;
}

# Returns the statements that make one table; $type holds the world's types by table.
sub made_table
{
	my ($table, $type, %world) = @_;
	my $schema = $world{kind} eq 'views' ? 'raw' : 'public';
	my @parts;

	for my $column (@{ $COLUMNS{$table} })
	{
		my ($name, $what) = @$column;
		my $is_required = $what =~ s/!$//;

		my $of = ($PARENTS{$table} // {})->{$name} // $table;
		push @parts,
			qq{"$name" }
		  . ($type->{$of}{$what} // $what)
		  . ($is_required && ($world{strict} || $name eq 'id') ? ' NOT NULL' : '');
	}
	push @parts, 'PRIMARY KEY (id)' if $world{kind} ne 'loose';
	push @parts, map { qq{FOREIGN KEY ("$_") REFERENCES $schema."$PARENTS{$table}{$_}"} }
	  sort keys %{ $PARENTS{$table} // {} }
	  if $world{keys};
	my @made =
		qq{CREATE TABLE $schema."$table" (}
	  . join(', ', @parts) . ')'
	  . ($world{kind} eq 'partitioned' ? ' PARTITION BY HASH (id)' : '');
	push @made, map {
		qq{CREATE TABLE odd."$table $_" PARTITION OF "$table" FOR VALUES WITH (MODULUS 2, REMAINDER $_)}
	} 0, 1 if $world{kind} eq 'partitioned';
	push @made, qq{CREATE VIEW public."$table" AS SELECT * FROM raw."$table"}
	  if $world{kind} eq 'views';
	return @made;
}

# Returns an SQL expression for the id of an object, given what it is (such as "user") and its
# number. It is valid for every type of id.
sub id
{
	my ($what, $number) = @_;
	return "md5('$what ' || $number)::uuid::text";
}

# Returns statements that fill the six tables with the given number of groups: courses in sequence,
# people who go on from course to course, and weekly meetings, most of them before the window.
sub fill_world
{
	my ($groups, $seed) = @_;
	my $r = sub { "(hashtextextended('$seed $_[0] ' || $_[1], 0) & 1023)" };
	my @courses = (
		[ 'Ngeshare Sesi Aqidah', 9 ],
		[ 'Ngeshare Sesi Hijrah', 9 ],
		[ 'Ngeshare Sesi Sejarah', 11 ],
		[ 'Other', 4 ]);
	my $course = join ', ', map { "($_, '$courses[$_][0]', $courses[$_][1])" } 0 .. $#courses;

	return (
		"CREATE TEMP TABLE course AS SELECT * FROM (VALUES $course) AS course (no, name, size)",
		"CREATE TEMP TABLE circle AS SELECT no, no % 4 AS course, no / 4 AS people,
			timestamp '2025-06-01 03:00:00.123' + interval '1 day' * ("
		  . $r->('start', 'no')
		  . " % 240) AS begun, (no * 5 + $seed) % 13 AS meetings FROM generate_series(1, $groups) AS no",
		qq{INSERT INTO "User" (id, "createdAt", "updatedAt", email) SELECT }
		  . id('user', 'no')
		  . qq{::USER_ID, '2025-01-01', '2025-01-01 00:00:00.5',
			'User' || no || '\@example.org' FROM generate_series(0, $groups + 4) AS no},
		qq{INSERT INTO "Hangout" (id, "createdAt", "updatedAt", name, type, price, "circleProfileId",
			visibility) SELECT }
		  . id('hangout', 'no') . qq{::HANGOUT_ID,
			'2025-01-01', '2025-01-01', name, 'ANY', 0.30000000000000004, 'c', 'PUBLIC' FROM course},
		qq{INSERT INTO "HangoutEpisode" (id, "createdAt", "updatedAt", name, "hangoutId", "order")
			SELECT }
		  . id('episode', q{no || ' ' || place}) . qq{::EPISODE_ID,
			'2025-01-01', '2025-01-01', 'Episode ' || place, }
		  . id('hangout', 'no')
		  . qq{::HANGOUT_ID, place FROM course CROSS JOIN LATERAL generate_series(1, size) AS place},
		qq{INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId",
			"startDate", city, province) SELECT }
		  . id('group', 'no') . qq{::GROUP_ID,
			begun - interval '3 days', begun, 'Circle ' || no, 'ACTIVE', }
		  . id('hangout', 'course')
		  . qq{::HANGOUT_ID, begun, 'Kota ' || no % 3, 'Jawa' FROM circle},
		qq{INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
			"hangoutGroupRole", "hangoutGroupId", "userId") SELECT }
		  . id('member', q{no || ' ' || seat})
		  . qq{::MEMBER_ID, begun, begun, begun, 'ACTIVE', (CASE seat WHEN 0 THEN 'FACILITATOR'
		  	ELSE 'MEMBER' END)::KINDTYPE, }
		  . id('group', 'no')
		  . '::GROUP_ID, '
		  . id('user', 'people + seat')
		  . qq{::USER_ID FROM circle CROSS JOIN generate_series(0, 3) AS seat},
		qq{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
			"hangoutGroupId", "userId") SELECT }
		  . id('att', q{circle.no || ' ' || place || ' ' || seat})
		  . qq{::ATT_ID, begun + interval '7 days' * place + interval '1.0004 hours' * seat, }
		  . id('episode', q{course.no || ' ' || place})
		  . '::EPISODE_ID, '
		  . id('group', 'circle.no')
		  . '::GROUP_ID, '
		  . id('user', 'people + seat')
		  . qq{::USER_ID
			FROM circle JOIN course ON course.no = circle.course
				CROSS JOIN LATERAL generate_series(1, least(size, meetings)) AS place
					CROSS JOIN generate_series(1, 2) AS seat}
	);
}

1;
