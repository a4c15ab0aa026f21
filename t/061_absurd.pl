# Tests absurd input: instants at the limits of the calendar and beyond, every integer setting at
# its bounds and past them, no course and a thousand, ids that are empty or very long. Each is
# answered as the reference answers, or refused with an SQLSTATE and a message that says why.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my $clock = "SET ngeshare.sync_clock = '$now'; SET statement_timeout = '2min';\n";
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source',
	"UPDATE reference.setting SET clock = '$now'; SELECT demo.generate(80, 61, '$now')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $now);

instants();
bounds();
thresholds();
zones();
courses();
ids();

note "$COMPARED rows of answers were compared";
cmp_ok($COMPARED, '>', 10_000, 'what was compared is not nothing');
is($local->safe_psql('ngeshare', 'SELECT pg_postmaster_start_time() < now()'),
	't', 'the server stands');
unlike(
	slurp_file($local->logfile),
	qr/terminated by signal|PANIC|TRAP|invalid memory alloc/,
	'and no process of it crashed');
$production->stop;
$local->stop;
done_testing();

# Tests that no row of any answer differs from the reference's.
sub nothing_differs
{
	my ($name, $instant, $session) = @_;
	my @different = answers_differ($production, 'source', $local, 'ngeshare', $instant,
		$clock . ($session // ''));

	is(scalar @different, 0, "$name: no row differs")
	  or diag
	  join("\n", map { substr $_, 0, 300 } @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	return;
}

# Tests that statements are refused with the given SQLSTATE and message.
sub refused
{
	my ($name, $statements, $wanted) = @_;

	like(psql_errors($local, 'ngeshare', $clock . $statements), $wanted, "$name is refused");
	return;
}

# Asks for answers as of the first and the last instant that a timestamp can hold, as of instants
# around year 1, and as of infinite ones, which are refused.
sub instants
{
	my $finite = qr/^ERROR:  22008: .*\n(?:.*\n)*HINT:  /;

	nothing_differs($_, $_)
	  for '4713-01-02 00:00:00+00 BC', '0044-03-15 12:00:00+00 BC',
	  '0001-12-31 23:59:59.999999+00 BC', '0001-01-01 00:00:00+00',
	  '9999-12-31 23:59:59+00';
	for my $instant ('infinity', '-infinity')
	{
		refused("ngeshare.as_of = $instant", "SET ngeshare.as_of = '$instant'", $finite);
		refused("$_->[0]($instant)", "SELECT count(*) FROM $_->[0]('$instant')", $finite)
		  for @FUNCTIONS;
	}
	refused("ngeshare.as_of = $_", "SET ngeshare.as_of = '$_'", $finite)
	  for '294277-01-01 00:00:00+00', '4714-11-23 00:00:00+00 BC', '999999999-01-01';
	for my $instant (
		'294276-12-31 12:00:00+00',
		'294276-12-15 00:00:00+00',
		'4713-01-01 00:00:00+00 BC',
		'4714-12-01 00:00:00+00 BC')
	{
		no_crash("as of $instant",
			"SET ngeshare.as_of = '$instant'; SELECT count(*) FROM $_", qr/^\z/)
		  for 'api.home', 'api.home_before', 'api.basis';
	}
	for my $instant ('294276-12-31 23:59:59.999999+00', '4714-11-24 00:00:00+00 BC')
	{
		no_crash(
			"as of $instant",
			"SET ngeshare.as_of = '$instant'; SELECT count(*) FROM $_",
			qr/^(?:ERROR:  22008: .*\n(?:(?:CONTEXT|HINT):  .*\n(?:[^A-Z].*\n|PL.*\n)*)*)?\z/
		) for @VIEWS, 'api.funnel', 'api.group_status', 'api.rescue_list', 'api.pipeline';
	}
	return;
}

# Tests that the errors of statements match a pattern, which may also allow none.
sub no_crash
{
	my ($name, $statements, $wanted) = @_;

	like(psql_errors($local, 'ngeshare', $clock . $statements), $wanted, "$name: $statements");
	return;
}

# The bounds of every integer setting are accepted; a value past them is refused with a message that
# names the setting.
sub bounds
{
	my @settings = map { [ split /\|/ ] } split /\n/, $local->safe_psql(
		'ngeshare',
		"SELECT name, min_val, max_val FROM pg_settings
			WHERE name LIKE 'ngeshare.%' AND vartype = 'integer' ORDER BY 1"
	);

	cmp_ok(scalar @settings, '>=', 14, 'there are numbers to set');
	for my $setting (@settings)
	{
		my ($name, $min, $max) = @$setting;

		is( psql_errors(
				$local, 'ngeshare',
				"SET $name = $min; SET $name = $max; SELECT count(*) FROM v_group_status;"),
			'',
			"$name takes $min and $max");
		for my $wrong ($min - 1, $max + 1)
		{
			refused(
				"$name = $wrong",
				"SET $name = '$wrong'",
				qr/^ERROR:  22023: .*\b\Q$name\E\b.*\n(?:(?:HINT|DETAIL):  .*\n)*\z/);
		}
		refused("$name = $_", "SET $name = '$_'", qr/^ERROR:  22023: .*\b\Q$name\E\b/)
		  for '', 'many', '99999999999999999999', '1e400', 'NaN';
	}
	return;
}

# All thresholds at their lowest and highest values, in the mirror and in the reference.
sub thresholds
{
	my %lowest = map { $_ => 0 }
	  qw(active_days link_days link_early_days link_min_shared link_min_overlap_pct rescue_min_pct);
	my %highest = (
		active_days => 36500,
		link_days => 36500,
		link_early_days => 36500,
		link_min_shared => 2147483647,
		link_min_overlap_pct => 100,
		rescue_min_pct => 100);
	my %widest = (%highest, link_min_shared => 0, link_min_overlap_pct => 0, rescue_min_pct => 0);
	my %usual = (
		active_days => 28,
		link_days => 90,
		link_early_days => 30,
		link_min_shared => 2,
		link_min_overlap_pct => 50,
		rescue_min_pct => 70);
	my %case = (
		'the lowest thresholds' => \%lowest,
		'the highest thresholds' => \%highest,
		'the widest thresholds' => \%widest);

	for my $name (sort keys %case)
	{
		my %set = %{ $case{$name} };
		$production->safe_psql(
			'source',
			'UPDATE reference.setting SET ' . join ', ',
			map { "$_ = $set{$_}" } sort keys %set);
		my $session = join '', map { "SET ngeshare.$_ = $set{$_};\n" } sort keys %set;
		$local->safe_psql('ngeshare', "$session SELECT ngeshare_refresh()");
		nothing_differs("$name, as of $_", $_, $session)
		  for $now, '0044-03-15 12:00:00+00 BC', '9999-12-31 23:59:59+00';
	}
	$production->safe_psql(
		'source',
		'UPDATE reference.setting SET ' . join ', ',
		map { "$_ = $usual{$_}" } sort keys %usual);
	refresh_local($local, 'ngeshare');
	return;
}

# Names that are not accepted as time zones.
sub zones
{
	my $wanted =
	  qr/^ERROR:  22023: invalid value for parameter "ngeshare.timezone"(?:.*\n)+HINT:  SELECT name FROM pg_timezone_names/;

	refused("zone '" . substr($_, 0, 20) . q{'}, "SET ngeshare.timezone = '$_'", $wanted)
	  for '', ' ', 'Asia', 'Asia/', '../Asia/Jakarta', '/etc/passwd', 'x' x 10_000, 'right/UTC',
	  "Asia/Jakarta\n", 'Asia/Jakarta/x', '%s%n';
	return;
}

# No course at all, and a thousand courses, including the real ones.
sub courses
{
	my $thousand = q{
		INSERT INTO %1$scourse_config SELECT 'Course ' || n, 1 + n %% 20, n
			FROM generate_series(10, 999) AS n;
		INSERT INTO %1$scourse_config VALUES ('the smallest', 1, -2147483648), ('the largest', 10000,
			2147483647)};

	$local->safe_psql('ngeshare',
		'CREATE TABLE kept AS TABLE course_config; DELETE FROM course_config; SELECT ngeshare_refresh()'
	);
	$production->safe_psql(
		'source',
		'CREATE TABLE reference.kept AS TABLE reference.course_config;
			DELETE FROM reference.course_config'
	);
	nothing_differs('no course', $now);
	refused(
		"a course of $_ episodes",
		"INSERT INTO course_config VALUES ('long', $_, 5)",
		qr/^ERROR:  23514: .*course_config_max_episodes_check/) for -2147483648, 0;
	$local->safe_psql('ngeshare',
			'INSERT INTO course_config TABLE kept; '
		  . sprintf($thousand, '')
		  . '; SELECT ngeshare_refresh()');
	$production->safe_psql('source',
		'INSERT INTO reference.course_config TABLE reference.kept; '
		  . sprintf($thousand, 'reference.'));
	nothing_differs('a thousand courses', $now);

	# v_drop_off would now return a row for each of two thousand million episodes. The query can be
	# cancelled.
	$local->safe_psql(
		'ngeshare',
		q{UPDATE course_config SET max_episodes = 2147483647 WHERE course_name = 'the largest';
		SELECT ngeshare_refresh()}
	);
	is( $local->safe_psql(
			'ngeshare', "$clock SET ngeshare.as_of = '$now'; SELECT count(*) FROM v_group_status"),
		$local->safe_psql(
			'ngeshare',
			"$clock SET ngeshare.as_of = '$now'; SELECT sum(groups_total) FROM v_curriculum_funnel"
		),
		'the largest course harms no other answer');
	like(
		psql_errors(
			$local, 'ngeshare', "SET statement_timeout = '2s'; SELECT count(*) FROM v_drop_off"),
		qr/^ERROR:  57014: /,
		'nor keeps the drop-off from being cancelled');
	$local->safe_psql(
		'ngeshare',
		q{DELETE FROM course_config WHERE sequence_order NOT BETWEEN 1 AND 9; DROP TABLE kept;
		SELECT ngeshare_refresh()}
	);
	$production->safe_psql(
		'source',
		q{DELETE FROM reference.course_config WHERE sequence_order NOT BETWEEN 1 AND 9;
		DROP TABLE reference.kept}
	);
	return;
}

# A group, user, episode, membership and attendance with the same id, also an empty one; and
# functions called with such ids.
sub ids
{
	my %id = (
		'empty ids' => q{''},
		'ids of 10 kB' => q{repeat('x', 10000)},
		'ids that nothing compresses' =>
		  q{(SELECT left(string_agg(md5(n::text), ''), 1200) FROM generate_series(1, 100) AS n)},
		'ids of marks' => q{E'\t\\\\N"\n,;''$1%s\\\\.'});

	for my $name (sort keys %id)
	{
		$production->safe_psql('source', add_group($id{$name}));
		sync_local($local, 'ngeshare', $now);
		is(scalar(history_differs($production, 'source', $local, 'ngeshare', 'Asia/Jakarta')),
			0, "$name: the history is production's");
		nothing_differs($name, $now);
		is( $local->safe_psql(
				'ngeshare',
				"SELECT count(*) FROM ngeshare_explain_group($id{$name}) WHERE fact = 'status'"),
			'1',
			"$name: the group is explained");
		is( $local->safe_psql(
				'ngeshare', "SELECT count(*) FROM ngeshare_member_journey($id{$name})"),
			'1',
			"$name: the person's way is told");
		is( psql_errors(
				$local, 'ngeshare',
				"SELECT length(api.csv(s)) FROM (SELECT * FROM v_member_roster) AS s"),
			'',
			"$name: the roster goes into a file");
	}

	# Two ids that each fit into an index of production, but do not fit together into one index row
	# of the history.
	$production->safe_psql(
		'source',
		add_group(
			q{(SELECT left(string_agg(md5((-n)::text), ''), 2600) FROM generate_series(1, 100) AS n)}
		));
	like(
		psql_errors($local, 'ngeshare', $clock . 'CALL ngeshare_sync()'),
		qr/54000|index row size/,
		'ids too long for an index end the sync with an error');
	is( $local->safe_psql(
			'ngeshare',
			q{SELECT status || ' ' || (SELECT string_agg(DISTINCT sqlstate, ' ') FROM sync_error_log AS error
				WHERE error.run_id = run.run_id)
		FROM sync_run AS run ORDER BY run_id DESC LIMIT 1}),
		'failed 54000',
		'and the run says why');
	nothing_differs('after that, as of then', '2026-02-01 00:00:00+07');
	return;
}

# Returns statements that insert a group, user, episode, membership and attendance with the same id,
# and attendance of the past.
sub add_group
{
	my ($id) = @_;

	return qq{
		INSERT INTO "User" (id, "updatedAt") VALUES ($id, '2026-03-30');
		INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
		SELECT $id, '2026-03-01', '2026-03-30', $id, 'ANY', min(id) FROM "Hangout"
			WHERE name = 'Ngeshare Sesi Hijrah';
		INSERT INTO "HangoutEpisode" (id, "updatedAt", name, "hangoutId", "order")
		SELECT $id, '2026-03-30', $id, min(id), 3 FROM "Hangout" WHERE name = 'Ngeshare Sesi Hijrah';
		INSERT INTO "UserHangoutGroup" (id, "updatedAt", "joinedAt", status, "hangoutGroupRole",
			"hangoutGroupId", "userId")
		VALUES ($id, '2026-03-30', '2026-03-01', 'ANY', 'MEMBER', $id, $id);
		INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
			"userId")
		VALUES ($id, '2026-03-20', $id, $id, $id), ('old-' || md5($id), '2025-03-20', $id, $id, $id)};
}
