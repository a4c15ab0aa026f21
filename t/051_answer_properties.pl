# Tests properties of the answers that hold for all data: no group's row depends on unrelated
# groups, or on the order of the input; counts add up; the past stays as it was; and the functions
# that explain agree with the views.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $now = '2026-03-31 12:00:00+07';
my $past = '2026-03-01 00:00:00+07';
my $later = '2026-04-20 12:00:00+07';
my @tables = map { "\"$_\"" }
  qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup UserHangoutGroupAttendance);

my ($production, $local) = start_servers();
new_production($production, 'source');

for my $seed (1 .. 3)
{
	$production->safe_psql('source', "SELECT demo.generate(300, $seed, '$now')");
	my $answers = first_answers("first_$seed");
	counts_add_up("seed $seed", "first_$seed");
	functions_agree("seed $seed", "first_$seed");
	order_changes_nothing("seed $seed", "shuffled_$seed", $answers);
	a_group_elsewhere_changes_nothing("seed $seed", "shuffled_$seed", $answers);
	the_past_stays("seed $seed", "first_$seed");
}

$production->stop;
$local->stop;
done_testing();

# Returns every view's rows in a database, as of an instant and with the test's clock.
sub answers
{
	my ($database, $as_of) = @_;

	return answers_of(
		$local, $database,
		"SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$as_of';",
		map { $_ => "SELECT * FROM $_" } @VIEWS);
}

# Makes a database, syncs it and returns its answers.
sub first_answers
{
	my ($database) = @_;

	new_local($local, $database);
	$local->safe_psql($database, connect_local($production, 'source'));
	sync_local($local, $database, $now);
	return answers($database, $now);
}

# Tests that a query returns no row as of now.
sub no_row
{
	my ($name, $database, $query) = @_;

	is( $local->safe_psql(
			$database, "SET ngeshare.sync_clock = '$now'; SET ngeshare.as_of = '$now'; $query"),
		'', $name);
	return;
}

# Tests that two sets of answers have the same rows. With a filter, only rows that it accepts are
# compared.
sub same_answers
{
	my ($name, $wanted, $got, $filter) = @_;
	my @different;

	for my $view (@VIEWS)
	{
		my @lists = map {
			[ grep { !$filter || $filter->($view, $_) } @{ $_->{$view} } ]
		} $wanted, $got;
		push @different, map { "$view $_" } differences(@lists);
	}
	is(join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]), '', $name);
	return;
}

sub counts_add_up
{
	my ($name, $database) = @_;

	no_row(
		"$name: graduated, active, stalled and not started are all groups",
		$database,
		'SELECT * FROM v_curriculum_funnel
			WHERE graduated + active + stalled + not_started <> groups_total'
	);
	no_row("$name: who continued and who may still are disjoint, and graduates",
		$database, 'SELECT * FROM v_curriculum_funnel WHERE continued + awaiting > graduated');
	no_row(
		"$name: the funnel counts the groups of v_group_status", $database,
		'SELECT course_name, groups_total, stalled FROM v_curriculum_funnel EXCEPT
		 SELECT course_name, count(*)::integer, (count(*) FILTER (WHERE status = \'STALLED\'))::integer
		 	FROM v_group_status GROUP BY 1'
	);
	no_row(
		"$name: a link shares no more members than either group has, and no fewer than 2",
		$database,
		'SELECT link.* FROM v_curriculum_pipeline AS link
		 JOIN v_group_summary AS a ON a.group_id = group_a_id JOIN v_group_summary AS b ON b.group_id =
		 group_b_id
		 WHERE shared_member_count NOT BETWEEN 2 AND least(a.member_count, b.member_count)
		 	OR overlap_pct NOT BETWEEN 50 AND 100'
	);
	no_row(
		"$name: the drop-off has every stalled group once, and starts with all groups", $database,
		'SELECT course_name, sum(groups_stalled), max(groups_reached) FROM v_drop_off GROUP BY 1 EXCEPT
		 SELECT course_name, stalled, groups_total FROM v_curriculum_funnel');
	no_row(
		"$name: one peak where something stalled", $database,
		'SELECT course_name FROM v_drop_off GROUP BY 1
		 HAVING count(*) FILTER (WHERE is_peak) <> CASE WHEN sum(groups_stalled) > 0 THEN 1 ELSE 0 END');
	no_row(
		"$name: no group is both linked and without a predecessor, and none has two reasons",
		$database,
		'SELECT group_id FROM v_anomalies
		 LEFT JOIN (SELECT DISTINCT group_b_id
		 	FROM v_curriculum_pipeline) AS link ON group_b_id = group_id
		 WHERE kind IN (\'SKIPPED_COURSE\', \'LATE_START\', \'EARLY_START\', \'NO_PREDECESSOR\')
		 GROUP BY group_id HAVING count(*) > 1 OR bool_or(group_b_id IS NOT NULL)');
	no_row(
		"$name: every group beyond the first course that has met is linked or has a reason",
		$database,
		'SELECT group_id FROM v_group_status WHERE first_meeting_date IS NOT NULL AND sequence_order > 1
		 EXCEPT SELECT group_b_id FROM v_curriculum_pipeline EXCEPT SELECT group_id FROM v_anomalies WHERE
		 kind IN
		 (\'SKIPPED_COURSE\', \'LATE_START\', \'EARLY_START\', \'NO_PREDECESSOR\')');
	no_row(
		"$name: the months end with all facilitators", $database,
		'SELECT max(total_facilitators), sum(new_facilitators) FROM v_facilitator_monthly EXCEPT
		 SELECT total_facilitators, total_facilitators FROM v_facilitator_growth');
	no_row(
		"$name: cohorts hold every group that has met, and every graduate", $database,
		'SELECT course_name, sum(groups), sum(graduated) FROM v_cohort GROUP BY 1 EXCEPT
		 SELECT course_name, groups_started, graduated FROM v_curriculum_funnel');
	no_row(
		"$name: only active groups are at risk",
		$database,
		'SELECT group_id FROM v_at_risk EXCEPT SELECT group_id FROM v_group_status
			WHERE status = \'ACTIVE\''
	);
	no_row(
		"$name: the roster's plain members are the members that are counted", $database,
		'SELECT group_id, count(*)::integer FROM (
			SELECT group_id, coalesce(\'u\' || user_id, \'e\' || lower(user_name)) FROM v_member_roster
			GROUP BY 1, 2 HAVING bool_and(role = \'MEMBER\')) AS member GROUP BY 1 EXCEPT
		 SELECT group_id, member_count FROM v_group_summary');
	return;
}

sub functions_agree
{
	my ($name, $database) = @_;

	no_row(
		"$name: each person's way adds up to the journey", $database,
		'SELECT journey.user_id, groups_joined, courses_completed FROM v_member_journey AS journey
		 WHERE user_id IN (SELECT user_id FROM v_member_journey ORDER BY md5(user_id) LIMIT 25) EXCEPT
		 SELECT journey.user_id, (count(*) FILTER (WHERE role LIKE \'MEMBER%\'))::integer,
			(count(DISTINCT course_name) FILTER (WHERE is_completed))::integer
		 FROM v_member_journey AS journey CROSS JOIN LATERAL ngeshare_member_journey(journey.user_id)
		 WHERE journey.user_id IN (SELECT user_id FROM v_member_journey ORDER BY md5(user_id) LIMIT 25)
		 	GROUP BY 1'
	);
	no_row(
		"$name: an explained group has the status, links and anomalies of the views", $database,
		'WITH picked AS MATERIALIZED (SELECT group_id, status FROM v_group_status
			ORDER BY md5(group_id) LIMIT 25),
		 told AS MATERIALIZED (SELECT picked.group_id, why.fact, why.value FROM picked
			CROSS JOIN LATERAL ngeshare_explain_group(picked.group_id) AS why),
		 shown AS (SELECT group_id, \'status\', status FROM picked
			UNION ALL SELECT group_id, \'anomaly\', kind FROM v_anomalies JOIN picked USING (group_id)
			UNION ALL SELECT group_id, \'went_on_as\', group_b_id FROM v_curriculum_pipeline
				JOIN picked ON group_id = group_a_id
			UNION ALL SELECT group_id, \'came_from\', group_a_id FROM v_curriculum_pipeline
				JOIN picked ON group_id = group_b_id)
		 (SELECT * FROM shown EXCEPT ALL SELECT * FROM told)
		 UNION ALL
		 (SELECT * FROM told WHERE fact IN (\'status\', \'anomaly\', \'went_on_as\', \'came_from\')
		 	EXCEPT ALL SELECT * FROM shown)'
	);
	return;
}

# The same rows in another physical order in production, and therefore in the mirror, give the same
# answers.
sub order_changes_nothing
{
	my ($name, $database, $answers) = @_;

	$production->safe_psql(
		'source',
		join ";\n",
		'SET session_replication_role = replica',
		(map { my $n = $_; "CREATE TEMP TABLE kept_$n AS TABLE $tables[$n]" } 0 .. $#tables),
		'TRUNCATE ' . join(', ', @tables),
		(   map { "INSERT INTO $tables[$_] SELECT * FROM kept_$_ ORDER BY md5('$database' || id)" }
			  0 .. $#tables));
	same_answers("$name: the order of the input changes nothing",
		$answers, first_answers($database));
	return;
}

# A group with people who belong to no other group, written by hand, changes no other group's
# answer.
sub a_group_elsewhere_changes_nothing
{
	my ($name, $database, $answers) = @_;

	$local->safe_psql(
		$database, q{
		INSERT INTO "User" (id, "updatedAt") SELECT 'elsewhere-' || n, now()
			FROM generate_series(1, 4) AS n;
		INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
		SELECT 'elsewhere', '2026-02-20', now(), 'Elsewhere', 'ANY', min(hangout.id)
		FROM "Hangout" AS hangout JOIN course_config ON course_name = hangout.name
			WHERE sequence_order = 2;
		INSERT INTO "UserHangoutGroup" (id, "updatedAt", "joinedAt", status, "hangoutGroupRole",
			"hangoutGroupId", "userId")
		SELECT 'elsewhere-' || n, now(), '2026-02-20', 'ANY', CASE n WHEN 1 THEN 'FACILITATOR'
			ELSE 'MEMBER' END,
			'elsewhere', 'elsewhere-' || n FROM generate_series(1, 4) AS n;
		INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
			"userId")
		SELECT 'elsewhere', '2026-03-20', min(episode.id), 'elsewhere', 'elsewhere-2'
		FROM "HangoutEpisode" AS episode JOIN "HangoutGroup" AS circle USING ("hangoutId")
		WHERE circle.id = 'elsewhere' AND episode."order" = 1});
	my %is_single = map { $_ => 1 }
	  qw(v_group_summary v_group_progress v_group_status v_rescue_list v_member_roster
	  v_curriculum_pipeline v_facilitator_alumni v_member_journey v_graduation_outliers v_anomalies
	  v_at_risk);
	same_answers("$name: until a refresh no answer changes", $answers, answers($database, $now));
	refresh_local($local, $database);
	my $got = answers($database, $now);
	same_answers("$name: a group elsewhere changes no other's row",
		$answers, $got, sub { $is_single{ $_[0] } && $_[1] !~ /elsewhere/ });
	cmp_ok(scalar(grep { /elsewhere/ } map { @$_ } values %$got),
		'>', 8, "$name: but has rows of its own");
	return;
}

# A later sync does not change the answers as of a past instant, except is_active in the roster and
# the anomaly FUTURE_ATTENDANCE.
sub the_past_stays
{
	my ($name, $database) = @_;
	my $before = answers($database, $past);

	$production->safe_psql(
		'source', q{
		INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
			"userId")
		SELECT 'later-' || id, "attendedAt" + interval '25 days', "hangoutEpisodeId", "hangoutGroupId",
			"userId"
		FROM "UserHangoutGroupAttendance" WHERE "attendedAt" BETWEEN '2026-03-10' AND '2026-03-31 05:00';
		INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
			"hangoutGroupRole", "hangoutGroupId", "userId")
		SELECT 'later-' || id, '2026-04-05', '2026-04-05', '2026-04-05', 'ANY', 'FACILITATOR',
			"hangoutGroupId", "userId"
		FROM "UserHangoutGroup" WHERE id < 'c5' AND "userId" IS NOT NULL});
	sync_local($local, $database, $later);
	my $after = answers($database, $past);
	for my $roster ($before->{v_member_roster}, $after->{v_member_roster})
	{
		@$roster =
		  sort map { my @field = split /\t/; splice @field, 5, 1; join "\t", @field } @$roster;
	}
	my $is_past = sub { $_[1] !~ /^FUTURE_ATTENDANCE/ };
	same_answers("$name: the past is answered the same after a later sync",
		$before, $after, $is_past);
	return;
}
