# The servers for the tests of odd rows. For each case, begin() makes a small production
# (OddWorld.pm) and an empty mirror.
package OddBench;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use NgeshareTest;
use OddWorld;

our @EXPORT = qw(start_bench end_bench begin there here synced matches meetings_differ $CLOCK);

our $CLOCK = '2026-03-31 12:00:00+07';

my ($production, $local);

# Starts both servers and returns them.
sub start_bench
{
	($production, $local) = start_servers();
	new_reading_login($production);
	$production->safe_psql('postgres', 'CREATE DATABASE source');
	$production->safe_psql('source', join ";\n", make_world());
	new_local($local, 'fresh');
	$local->safe_psql('fresh', connect_local($production, 'source'));
	return ($production, $local);
}

sub end_bench
{
	$production->stop;
	$local->stop;
	return;
}

# Makes a new production, and a mirror that is connected to it and was never synced.
sub begin
{
	my (%world) = @_;

	$local->safe_psql('postgres', $_)
	  for 'DROP DATABASE IF EXISTS mirror', 'CREATE DATABASE mirror TEMPLATE fresh';
	$production->safe_psql('postgres', $_)
	  for 'DROP DATABASE source WITH (FORCE)', 'CREATE DATABASE source';
	my $schema = ($world{kind} // '') eq 'views' ? 'raw' : 'public';
	$production->safe_psql(
		'source', join ";\n", make_world(%world),
		"SET search_path = $schema",
		map { untyped($_) } fill_world(12, 1));
	return;
}

sub there { return $production->safe_psql('source', $_[0]); }
sub here  { return $local->safe_psql('mirror', $_[0]); }

sub synced
{
	my ($mode, $settings) = @_;

	$local->psql(
		'mirror',
		"SET ngeshare.sync_clock = '$CLOCK'; "
		  . ($settings // '')
		  . "CALL ngeshare_sync('"
		  . ($mode // 'incremental') . "')",
		stderr => \my $said);
	return $said;
}

sub matches
{
	return here(
		q{SELECT coalesce(string_agg(table_name, ', ') FILTER (WHERE NOT matches), 'all')
			FROM ngeshare_validate()}
	);
}

# Compares the history with the attendance in production that meets a condition. Returns the lines
# that differ.
sub meetings_differ
{
	my ($counts) = @_;
	my @wanted = rows_of(
		$production, 'source', qq{
		SELECT "hangoutGroupId", "hangoutEpisodeId",
			("attendedAt" AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Jakarta')::date, count(*)
		FROM "UserHangoutGroupAttendance" WHERE $counts GROUP BY 1, 2, 3});
	my @got = rows_of($local, 'mirror',
		'SELECT group_id, episode_id, day, sum(attendances) FROM ngeshare.meeting GROUP BY 1, 2, 3'
	);

	return join "\n", differences(\@wanted, \@got);
}

1;
