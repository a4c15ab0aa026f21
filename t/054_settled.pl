# The settled rows: always what the mirror and the history make of them, never an
# answer's only source, and never out of date without a mark.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use RandomThings ();
use Session;
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

# What a group's stored rows say, and what they would say if they were made now.
my %anew = (
	settled_group => 'SELECT (built).* FROM ngeshare.build_groups(everyone.ids)',
	settled_past  => 'SELECT (past).* FROM ngeshare.build_groups(everyone.ids)',
	settled_seat  => 'SELECT seat.* FROM ngeshare.build_seats(everyone.ids) AS seat',
	settled_link  => 'SELECT link.* FROM ngeshare.find_links(NULL) AS link');

rows_are_kept_true();
filled_later();
one_by_one();
other_settings();
healed();
settled_at_once();
unseen_records();
gone_groups();
$production->stop;
$local->stop;
done_testing();

# After each of several syncs the stored rows are what they would be if made anew,
# and nothing waits.
sub rows_are_kept_true
{
	new_pair('kept', 200);
	for my $day ('2026-04-07', '2026-04-20', '2026-06-30')
	{
		stored_rows_are_true('kept', "before $day");
		$production->safe_psql('kept', qq{
			UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '$day 02:00'
			WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" ORDER BY md5(id || '$day') LIMIT 40);
			UPDATE "User" SET email = 'moved.' || email, "updatedAt" = '$day 04:00' WHERE id IN (SELECT id FROM "User" ORDER BY md5(id || '$day') LIMIT 20);
			UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'FACILITATOR', "updatedAt" = '$day 04:00'
			WHERE id IN (SELECT id FROM "UserHangoutGroup" ORDER BY md5(id || '$day') LIMIT 10);
			DELETE FROM "UserHangoutGroup" WHERE id IN (SELECT id FROM "UserHangoutGroup" ORDER BY md5('$day' || id) LIMIT 10)});
		sync_local($local, 'kept', "$day 12:00+07");
	}
	stored_rows_are_true('kept', 'at the end');
	return;
}

sub stored_rows_are_true
{
	my ($name, $when) = @_;

	is(ask($name, q{SELECT part <> 'ALL' OR NOT has_links FROM ngeshare.settling}), 'f', "$when: all is settled");
	for my $table (sort keys %anew)
	{
		my $everyone = '(SELECT array_agg(id) AS ids FROM "HangoutGroup") AS everyone';
		my $made     = "SELECT made.* FROM $everyone CROSS JOIN LATERAL ($anew{$table}) AS made";

		cmp_ok(ask($name, "SELECT count(*) FROM ngeshare.$table"), '>', 3, "$when: $table has rows");
		is(ask($name, "SELECT count(*) FROM ((TABLE ngeshare.$table EXCEPT ALL $made) UNION ALL ($made EXCEPT ALL TABLE ngeshare.$table)) AS odd"),
			'0', "$when: $table holds what would be made now");
	}
	return;
}

# A table that was empty is filled past its triggers; that counts, too.
sub filled_later
{
	for my $table (qw(UserHangoutGroup UserHangoutGroupAttendance HangoutEpisode))
	{
		my $name = lc "later_$table";

		new_production($production, $name);
		$production->safe_psql($name, qq{SELECT demo.generate(60, 7, '$now');
			CREATE TABLE kept AS TABLE "UserHangoutGroupAttendance"; CREATE TABLE kept_too AS TABLE "$table";
			DELETE FROM "UserHangoutGroupAttendance"; DELETE FROM "$table"});
		new_local($local, $name);
		$local->safe_psql($name, connect_local($production, $name));
		sync_local($local, $name, $now);
		is(ask($name, qq{SELECT count(*) FROM "$table"}), '0', "$table is empty at first");
		$production->safe_psql($name, qq{INSERT INTO "$table" TABLE kept_too;
			INSERT INTO "UserHangoutGroupAttendance" TABLE kept ON CONFLICT DO NOTHING});
		sync_local($local, $name, $now, 'full');
		is(join("\n", answers_differ($production, $name, $local, $name, $now)), '', "$table, filled later, is answered from");
	}
	return;
}

# Whichever groups are marked, the answers are the same.
sub one_by_one
{
	new_pair('marked', 120);
	my $settled = answers('marked');
	my @ids     = split /\n/, ask('marked', 'SELECT id FROM "HangoutGroup" ORDER BY md5(id)');

	for my $some ([ $ids[0] ], [ @ids[ 1 .. 7 ] ], [ @ids[ 0 .. $#ids / 2 ] ], \@ids, [undef])
	{
		my $marks = join ', ', map { defined $_ ? "('$_')" : '(NULL)' } @$some;

		ask('marked', "DELETE FROM ngeshare.unsettled; INSERT INTO ngeshare.unsettled VALUES $marks, $marks");
		same_answers(answers('marked'), $settled, scalar(@$some) . ' marked group(s)');
	}
	is(ask('marked', 'SELECT ngeshare.settle()'), scalar @ids, 'all are settled');
	same_answers(answers('marked'), $settled, 'settled again');
	return;
}

# A superuser who tries other settings gets other answers, and the settled rows stay.
sub other_settings
{
	for my $setting ('link_days = 30', 'link_early_days = 0', 'link_min_shared = 1', 'link_min_overlap_pct = 90', 'active_days = 10')
	{
		my ($name, $value) = split / = /, $setting;
		my @different;

		$production->safe_psql('marked', "UPDATE reference.setting SET $setting");
		@different = answers_differ($production, 'marked', $local, 'marked', $now, "SET ngeshare.$setting;");
		is(join("\n", @different), '', "$setting: the answers go by it");
		$production->safe_psql('marked', 'DELETE FROM reference.setting; INSERT INTO reference.setting DEFAULT VALUES');
	}
	is(join("\n", answers_differ($production, 'marked', $local, 'marked', $now)), '', 'and by the others again');
	return;
}

# What a disabled trigger has hidden a full sync brings to light.
sub healed
{
	ask('marked', q{ALTER TABLE "HangoutGroup" DISABLE TRIGGER mark_updated;
		UPDATE "HangoutGroup" SET name = 'unseen' WHERE id = (SELECT min(id) FROM "HangoutGroup");
		ALTER TABLE "HangoutGroup" ENABLE ALWAYS TRIGGER mark_updated});
	is(ask('marked', q{SELECT count(*) FROM v_group_summary WHERE group_name = 'unseen'}), '0', 'who disables a trigger is not seen');
	sync_local($local, 'marked', $now, 'full');
	is(join("\n", answers_differ($production, 'marked', $local, 'marked', $now)), '', 'a full sync settles all anew');
	return;
}

# Two who settle at once take turns, and who writes meanwhile stays marked.
sub settled_at_once
{
	my $first  = $local->background_psql('marked');
	my $second = $local->background_psql('marked');

	ask('marked', q{UPDATE "HangoutGroup" SET name = name || '.'});
	$first->query_safe('BEGIN; SELECT ngeshare.settle()');
	ask('marked', q{UPDATE "HangoutGroup" SET name = 'meanwhile' WHERE id = (SELECT min(id) FROM "HangoutGroup")});
	$second->query_until(qr//, "SELECT ngeshare.settle();\n");
	$first->query_safe('COMMIT');
	$second->query_safe('SELECT 1');
	is(ask('marked', q{SELECT count(*) FROM v_group_summary WHERE group_name = 'meanwhile'}), '1', 'a write meanwhile is answered from');
	is(ask('marked', 'SELECT ngeshare.settled_part()'), 'ALL', 'and settled by the one who came second');
	is(ask('marked', 'SELECT count(*) FROM ngeshare.settled_group'), ask('marked', 'SELECT count(*) FROM v_group_summary'), 'each group once');
	$first->quit;
	$second->quit;
	return;
}

# A write to a user, a hangout or an episode counts for a record that points to it, too,
# which that writer can't see since it was committed later, and was settled meanwhile.
sub unseen_records
{
	my $day     = '2026-01-02';
	my @writes = (
		[ 'a user', RandomThings::inserted('UserHangoutGroup', [ 'unseen-1', $day, $day, $day, 'ACTIVE', 'FACILITATOR', 'unseen-group', 'unseen-user', undef ]),
			q{UPDATE "User" SET email = 'changed@later.id' WHERE id = 'unseen-user'} ],
		[ 'a hangout', unseen_group('unseen-2'), q{UPDATE "Hangout" SET name = 'Ngeshare Sesi Hijrah' WHERE id = 'unseen-hangout'} ],
		[ 'an episode', unseen_group('unseen-3') . ';'
			  . RandomThings::inserted('UserHangoutGroupAttendance', [ 'unseen-3', '2026-03-20 03:00', 'unseen-episode', 'unseen-3', 'unseen-user' ]),
			q{UPDATE "HangoutEpisode" SET "order" = 5 WHERE id = 'unseen-episode'} ]);

	new_pair('unseen', 20);
	ask('unseen', join ';', RandomThings::inserted('Hangout', [ 'unseen-hangout', $day, $day, 'Ngeshare Sesi Aqidah', 'CLASS', 0, 'circle' ]),
		RandomThings::inserted('HangoutEpisode', [ 'unseen-episode', $day, $day, 'One', 'unseen-hangout', 1 ]),
		RandomThings::inserted('User', [ 'unseen-user', $day, $day, 'first@now.id', undef ]),
		unseen_group('unseen-group'), 'SELECT ngeshare.settle()');
	for my $isolation ('READ COMMITTED', 'REPEATABLE READ')
	{
		for my $write (@writes)
		{
			my ($what, $points, $changes) = @$write;

			ask('unseen', q{DELETE FROM "UserHangoutGroupAttendance" WHERE id LIKE 'unseen-%'; DELETE FROM "UserHangoutGroup" WHERE id LIKE 'unseen-%';
				DELETE FROM "HangoutGroup" WHERE id IN ('unseen-2', 'unseen-3'); UPDATE "User" SET email = 'first@now.id' WHERE id = 'unseen-user';
				UPDATE "Hangout" SET name = 'Ngeshare Sesi Aqidah' WHERE id = 'unseen-hangout'; UPDATE "HangoutEpisode" SET "order" = 1 WHERE id = 'unseen-episode';
				SELECT ngeshare.settle()});
			write_unseen($isolation, $points, $changes);
			my $answers = answers('unseen');

			ask('unseen', 'SELECT ngeshare.settle(true)');
			same_answers($answers, answers('unseen'), "$isolation, $what");
		}
	}
	return;
}

# Groups outside of the curriculum have seats, too, and take them along when all goes at once.
sub gone_groups
{
	new_pair('gone', 20);
	ask('gone', q{UPDATE "Hangout" SET name = 'Other ' || id; SELECT ngeshare.settle()});
	cmp_ok(ask('gone', 'SELECT count(*) FROM ngeshare.settled_seat'), '>', 10, 'groups outside of the curriculum have seats');
	is(ask('gone', 'SELECT count(*) FROM ngeshare.settled_group'), '0', 'and are not settled');
	ask('gone', 'TRUNCATE "HangoutGroup" CASCADE; SELECT ngeshare.settle()');
	is(ask('gone', 'SELECT count(*) FROM ngeshare.settled_seat'), '0', 'the seats go with all groups');
	is(ask('gone', 'SELECT count(*) FROM v_facilitator_alumni'), '0', 'and nobody leads one');
	return;
}

# Statements for a group of the hangout that is written to.
sub unseen_group
{
	my ($id) = @_;
	return RandomThings::inserted('HangoutGroup', [ $id, '2026-01-02', '2026-01-02', $id, 'ANY', 'unseen-hangout', '2026-01-01' ]);
}

# One writer's record is committed and settled while another, who can't see it, changes what it points to.
sub write_unseen
{
	my ($isolation, $points, $changes) = @_;
	my ($first, $second) = map { Session->start($local, 'unseen') } 1 .. 2;

	$first->run("BEGIN; $points");
	$second->run("BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM ngeshare.unsettled");
	$second->run($changes) if $isolation eq 'READ COMMITTED';
	$first->run('COMMIT; SELECT ngeshare.settle()');
	$second->run($changes) if $isolation ne 'READ COMMITTED';
	$second->run('COMMIT');
	$_->end for $first, $second;
	return;
}

# A production and a mirror of one name, synced.
sub new_pair
{
	my ($name, $groups) = @_;

	new_production($production, $name);
	$production->safe_psql($name, "SELECT demo.generate($groups, 3, '$now')");
	new_local($local, $name);
	$local->safe_psql($name, connect_local($production, $name));
	sync_local($local, $name, $now);
	return;
}

sub ask
{
	my ($name, $query) = @_;
	return $local->safe_psql($name, $query);
}

# Every view's rows, as of now and as of a while ago.
sub answers
{
	my ($name) = @_;

	return [
		map {
			answers_of($local, $name, "SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$_';", map { $_ => "SELECT * FROM $_" } @VIEWS)
		} $now,
		'2025-11-30 23:59:59+07'
	];
}

sub same_answers
{
	my ($got, $wanted, $when) = @_;
	my @different;

	for my $i (0 .. $#$wanted)
	{
		push @different, map { my $view = $_; map { "$view $_" } differences($wanted->[$i]{$view}, $got->[$i]{$view}) } @VIEWS;
	}
	is(join("\n", @different), '', "$when: every answer is the same");
	return;
}
