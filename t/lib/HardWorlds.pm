# Makes small productions ("worlds") with the hard cases of t/reference/hard_cases.sql, each with a
# mirror, and compares the mirror's answers with the reference. Half of the worlds are in time zones
# with daylight saving.
package HardWorlds;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use NgeshareTest;

our @EXPORT =
  qw(hard_reference hard_seeds hard_world note_the_same rows_differ place_and_time_queries
  queries_of_now follow_up_queries @CONTACT);

# Columns of v_rescue_list and v_at_risk that reference.contact_columns_of() returns: the group's
# place, its follow-ups and its chance to meet again.
our @CONTACT =
  qw(city province contact_state follow_ups last_follow_up_on last_outcome last_noted_by
  next_on resume_28_days_pct);

# Columns of the views that are compared, in the order of the reference.
my %columns = (
	place => [
		qw(province city groups_total active stalled not_started graduated to_rescue at_risk
		  graduation_rate facilitators members)
	],
	status_changes => [
		qw(group_id group_name course_name facilitator_id facilitator_name
		  facilitator_contact status_before status_after change changed_on)
	],
	forecast_quality => [
		qw(course_name bin forecasts groups forecast_pct observed_pct brier
		  brier_base)
	],
	follow_up_effect => [
		qw(course_name contacted met_again met_again_pct expected_pct
		  met_again_low
		  met_again_high)
	],
	follow_up => [qw(id group_id group_name noted_at noted_by channel outcome note next_on)]);

# Arguments for ngeshare_trend(): from, to and step. DAY is replaced by the local day of as_of.
my @trends = (
	[ 'DAY - 60', 'NULL', '1 week' ],
	[ 'DAY - 400', 'DAY - 3', '1 month' ],
	[ 'DAY - 12', 'DAY', '1 day' ],
	[ 'DAY - 180', 'DAY - 1', '1 month 3 days' ],
	[ 'DAY - 30', 'DAY - 30', '1 year' ]);

# Time zones, each with an instant. Where a zone changes its clocks, the instant is on or soon after
# a day of such a change; Asia/Jakarta never changes its clocks. Havana does it at midnight or at
# one o'clock, so a day there can lack its first hour or have it twice.
my @zones = (
	[ 'America/New_York', '2025-11-02 23:59:59.999' ],
	[ 'Asia/Jakarta', '2025-11-30 23:59:59.999' ],
	[ 'Australia/Lord_Howe', '2025-10-05 23:59:59.999' ],
	[ 'Asia/Jakarta', '2025-12-31 23:59:59.999' ],
	[ 'America/Havana', '2025-11-03 00:00:00' ],
	[ 'Asia/Jakarta', '2026-01-01 00:00:00' ],
	[ 'America/New_York', '2026-03-08 03:00:00' ],
	[ 'Asia/Jakarta', '2025-12-15 12:00:00' ]);

# Clocks of the sync: 31, 28 and 29 days after the end of February.
my @clocks = ('2026-03-31 12:00:00', '2026-03-28 23:59:59.999', '2026-03-29 00:00:00');

# Each world is also asked as of one of these instants: 28 and 29 days after the end of October, and
# both sides of the midnight after 8 March 2026, when clocks changed in New York and Havana.
my @others = (
	'2026-03-09 00:00:00',
	'2025-11-28 23:59:59.999',
	'2025-11-29 00:00:00',
	'2026-03-08 23:59:59.999');

# Returns the seeds of the worlds: all, or those in NGESHARE_TEST_SEED, separated by commas.
sub hard_seeds
{
	return defined $ENV{NGESHARE_TEST_SEED}
	  ? split(/,/, $ENV{NGESHARE_TEST_SEED})
	  : 201 .. 220;
}

# Adds the reference of places, trends, forecasts and follow-ups, and the generator of hard cases,
# to a production database that has the rest of the reference.
sub hard_reference
{
	my ($production, $source) = @_;
	my ($folder) = map { s/answers\.sql$//r } grep { /answers\.sql$/ } reference_files();

	for my $file (map { "$folder$_.sql" } qw(places time forecast follow_ups hard_cases))
	{
		IPC::Run::run(
			[
				'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $production->connstr($source),
				'-f', $file
			]) or die "$file failed";
	}
	return;
}

# Makes the world of a seed and its mirror, and syncs the mirror with the instant "now" as the
# clock. Returns the world's time zone and, by name, the instants to ask as of. Instants that the
# caller gives, in local time, replace the seed's.
sub hard_world
{
	my ($production, $source, $local, $database, $seed, %given) = @_;
	my ($zone, $changed) = @{ $zones[ $seed % @zones ] };
	my %asked = (
		'early' => '2025-09-14 10:00:00',
		'clocks changed' => $changed,
		'one more' => $others[ $seed % @others ],
		'now' => $clocks[ $seed % @clocks ],
		'after the sync' => '2026-05-10 12:00:00');
	%asked = %given if %given;
	my %instant = map {
		$_ => $production->safe_psql($source, "SELECT timestamp '$asked{$_}' AT TIME ZONE '$zone'")
	} keys %asked;
	my $listed = join ',', map { qq{"$instant{$_}"} } sort keys %instant;

	$production->safe_psql(
		$source, qq{
		SELECT demo.generate(110, $seed, '$instant{now}');
		UPDATE reference.setting SET timezone = '$zone', clock = '$instant{now}';
		SELECT hard.add_groups($seed, 110, '$instant{now}', '{$listed}', '$zone');
		SELECT hard.add_places($seed);
		SELECT hard.add_follow_ups($seed, '{$listed}', '$zone')});
	$local->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE " . template_of($local));
	$local->safe_psql('postgres', "ALTER DATABASE $database SET ngeshare.timezone = '$zone'");
	$local->safe_psql($database, connect_local($production, $source));
	sync_local($local, $database, $instant{now});
	return ($zone, \%instant);
}

# Makes a database with the extension, as the template of other databases: copying it is faster than
# CREATE EXTENSION each time.
my %template;

sub template_of
{
	my ($local) = @_;

	new_local($local, 'template_of_worlds') if !$template{ $local->name }++;
	return 'template_of_worlds';
}

# Copies the reference's follow-ups into ngeshare.follow_up. They cannot be noted through
# ngeshare_note_follow_up(), because their instants are in the past.
sub note_the_same
{
	my ($production, $source, $local, $database) = @_;
	my $columns =
		'id, group_id, group_name, noted_at, noted_by, channel, outcome, note, next_on, '
	  . 'withdrawn_by, withdrawn_at';
	my $rows = $production->safe_psql(
		$source, "COPY (SELECT $columns,
		CASE WHEN withdrawn_at IS NOT NULL THEN false END FROM reference.follow_up) TO STDOUT");

	$local->safe_psql($database,
		"COPY ngeshare.follow_up ($columns, withdrawal_is_verified) FROM stdin;\n$rows\n\\.\n");
	return;
}

# Returns pairs of queries, the reference's and the extension's, by name: on places, on status
# changes, on one of the five trends, on the forecast and on the chance to meet again, as of $as_of.
# $since is the earlier instant of the status changes, $trend the number of the trend.
sub place_and_time_queries
{
	my ($as_of, $since, $trend) = @_;
	my ($from, $to, $step) =
	  map { s/DAY/reference.day_of($as_of, timezone)/r } @{ $trends[$trend] };
	my ($our_from, $our_to) =
	  map { s/DAY/($as_of AT TIME ZONE current_setting('ngeshare.timezone'))::date/r }
	  @{ $trends[$trend] };
	my %query;

	for my $view (qw(place status_changes forecast_quality))
	{
		my $list = join ', ', @{ $columns{$view} };

		$query{"v_$view"} =
		  [ "SELECT $list FROM reference.v_$view($as_of)", "SELECT $list FROM v_$view" ];
	}
	$query{$_} = [
		"SELECT group_id, city, province FROM reference.added_to_v_group_summary($as_of)",
		"SELECT group_id, city, province FROM $_"
	  ]
	  for qw(v_group_summary v_group_status);
	$query{v_resume_chance} = [
		"SELECT * FROM reference.added_to_v_resume_chance($as_of)",
		'SELECT course_name, days_silent, resume_28_days_pct FROM v_resume_chance'
	];
	$query{ngeshare_trend} = [
		"SELECT trend.* FROM reference.setting,
			reference.trend($from, $to, '$step', $as_of) AS trend",
		"SELECT * FROM ngeshare_trend($our_from, $our_to, '$step')"
	];
	$query{ngeshare_status_changes} = [
		"SELECT * FROM reference.status_changes('$since', $as_of)",
		"SELECT * FROM ngeshare_status_changes('$since')"
	];
	return %query;
}

# Returns the pairs of queries that are compared only once per world.
sub queries_of_now
{
	my ($as_of) = @_;

	return (
		v_status_trend =>
		  [ "SELECT * FROM reference.v_status_trend($as_of)", 'SELECT * FROM v_status_trend' ],
		place_spelling => [
			'SELECT * FROM reference.place_spelling()',
			q{SELECT column_name, LEAST(name[1] COLLATE "C", name[2]),
				GREATEST(name[1] COLLATE "C", name[2]), rows
				FROM v_data_quality CROSS JOIN regexp_match(hint, '"([^"]*)".*"([^"]*)"') AS name
				WHERE finding = 'place_spelling'}
		]);
}

# Returns pairs of queries on follow-ups, the reference's and the extension's, by name, as of an
# instant. $counted_up_to is the instant up to which follow-ups count; $schema selects the views in
# public ("v_") or those of the API.
sub follow_up_queries
{
	my ($as_of, $counted_up_to, $schema) = @_;
	my $contact = join ', ', 'group_id', @CONTACT;
	my ($effect, $noted) = map { join ', ', @{ $columns{$_} } } qw(follow_up_effect follow_up);
	my %query;

	$counted_up_to //= $as_of;
	$schema = 'v_' if !$schema;
	$query{$_} = [
		"SELECT $contact FROM reference.contact_columns_of($as_of, $counted_up_to)
		WHERE group_id IN (SELECT group_id FROM reference.v_$_($as_of))",
		"SELECT $contact FROM $schema$_"
	  ]
	  for qw(rescue_list at_risk);
	$query{follow_up} = [
		"SELECT row_number() OVER (), $noted
			FROM (SELECT * FROM reference.v_follow_up($counted_up_to)) AS noted",
		"SELECT row_number() OVER (), $noted FROM (SELECT * FROM ${schema}follow_up) AS noted"
	];
	$query{follow_up_effect} = [
		"SELECT $effect FROM reference.v_follow_up_effect($as_of, $counted_up_to)",
		"SELECT $effect FROM ${schema}follow_up_effect"
	];
	return %query;
}

# Compares pairs of queries (the reference's and the extension's) by name. Returns how many rows
# were compared, and the lines that differ, each prefixed with the query's name.
sub rows_differ
{
	my ($production, $source, $local, $database, $settings, %queries) = @_;
	my $wanted = answers_of($production, $source, '', map { $_ => $queries{$_}[0] } keys %queries);
	my $got = answers_of($local, $database, $settings, map { $_ => $queries{$_}[1] } keys %queries);
	my $rows = 0;
	my @different;

	for my $name (sort keys %queries)
	{
		$rows += @{ $got->{$name} };
		push @different, map { "$name $_" } differences($wanted->{$name}, $got->{$name});
	}
	return ($rows, @different);
}

1;
