# Starts the two servers of a test, production and local (which holds the mirror), and gives tests
# functions to query and compare them.
package NgeshareTest;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Cwd 'abs_path';
use File::Basename;
use File::Copy 'copy';
use File::Path 'make_path';
use File::Spec;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Templates qw(copy_template take_database);
use Test::More;

our @EXPORT =
  qw(offer_release_1_1 start_servers new_production new_reading_login new_local connect_local
  sync_local rows_of differences answers_of answers_differ forget_activity reference_columns
  reference_files lose_groups return_groups history_differs refresh_local rebuilt_differs
  psql_errors needs_pg_cron
  @VIEWS @FUNCTIONS @SNAPSHOT $COMPARED $LOGIN $PASSWORD);

our $LOGIN = 'ngeshare_reader';
our $PASSWORD = q{it's "secret" \\ 50%};
our @VIEWS = qw(v_group_summary v_group_progress v_group_status
  v_curriculum_pipeline v_curriculum_funnel v_rescue_list
  v_member_roster v_facilitator_alumni v_member_journey v_facilitator_growth v_facilitator_monthly
  v_drop_off v_time_to_graduate v_graduation_outliers v_anomalies v_at_risk v_cohort
  v_resume_chance);

# The tables of the snapshot, which the answers in @VIEWS read.
our @SNAPSHOT =
  map { "ngeshare.$_" }
  qw(group_snapshot group_timeline group_meeting membership group_link
  place_snapshot
  course_snapshot episode_snapshot);

# Number of answer rows that answers_differ() has compared with the reference so far.
our $COMPARED = 0;

# Each function, with the view that has the same columns. The function's answer is compared with
# that view's reference.
our @FUNCTIONS = (
	[ 'ngeshare_group_status', 'v_group_status' ],
	[ 'ngeshare_pipeline', 'v_curriculum_pipeline' ],
	[ 'ngeshare_funnel', 'v_curriculum_funnel' ]);

# Skips a test that loads pg_cron if the PostgreSQL under test is known to have no pg_cron.
sub needs_pg_cron
{
	plan(skip_all => 'this PostgreSQL has no pg_cron') if $ENV{NGESHARE_TEST_WITHOUT_CRON};
	return;
}

# Returns the absolute path of a file, given by its path below the project's top folder.
sub project
{
	my $library = dirname(File::Spec->rel2abs(__FILE__));
	return File::Spec->catfile($library, '..', '..', @_);
}

# Arguments of PostgreSQL::Test::Cluster->new(); set by offer_release_1_1(), otherwise empty.
my @installation;

# Makes release 1.1 of the extension available to all servers that are started after this call. The
# installed PostgreSQL does not contain 1.1, and a test may not write to it, so these servers run
# from a copy. postgres, pg_ctl and initdb are copied, because a server looks for its files relative
# to its program. All other files except 1.1's script are symbolic links.
sub offer_release_1_1
{
	my $root = PostgreSQL::Test::Utils::tempdir();
	my ($bin, $share, @libraries) =
	  map {
		my $path = `pg_config --$_`;
		chomp $path;
		abs_path($path)
	  } qw(bindir sharedir libdir pkglibdir);

	make_path("$root$bin", "$root$share/extension");
	copy("$bin/$_", "$root$bin/$_") && chmod(0755, "$root$bin/$_") || die "copying $_: $!"
	  for qw(postgres pg_ctl initdb);
	for my $folder ($bin, $share, "$share/extension")
	{
		symlink($_, "$root$_") for grep { !-e "$root$_" } glob "$folder/*";
	}
	for my $library (@libraries)
	{
		make_path(dirname("$root$library"));
		symlink($library, "$root$library") if !-e "$root$library";
	}
	unlink "$root$share/extension/ngeshare--1.1.sql";
	copy(project('t', 'data', 'ngeshare--1.1.sql'), "$root$share/extension/")
	  or die "copying 1.1: $!";
	@installation = (install_path => dirname("$root$bin"));
	return;
}

# Starts one server. The past budget of one hour lets every sync compare the whole past, even on a
# slow machine.
sub start_server
{
	my ($name, @settings) = @_;
	my $server = PostgreSQL::Test::Cluster->new($name, @installation);

	copy_template($server, \&init_server, $name eq 'local' ? \&fill_local : \&fill_production)
	  || init_server($server);
	$server->append_conf(
		'postgresql.conf',
		join("\n",
			'fsync = off',
			"timezone = 'UTC'",
			q{ngeshare.sync_past_budget = '1h'},
			@settings, ''));
	$server->start;
	return $server;
}

# Makes a server's data directory from nothing.
sub init_server
{
	my ($server) = @_;
	$server->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
	return;
}

# Starts both servers and returns them. Production asks the reading login for a password over TCP.
sub start_servers
{
	my $production = start_server('production', "listen_addresses = '127.0.0.1'");
	my $local = start_server('local', "session_preload_libraries = 'ngeshare'");
	my $rules = $production->data_dir . '/pg_hba.conf';
	my $others = slurp_file($rules);

	unlink $rules;
	append_to_file($rules, "host all $LOGIN 127.0.0.1/32 scram-sha-256\n$others");
	$production->reload;
	return ($production, $local);
}

# Creates a database with production's schema, the generator, the reference and the reading login.
sub new_production
{
	my ($production, $database) = @_;

	return if take_database($production, $database);
	$production->safe_psql('postgres', "CREATE DATABASE $database");
	fill_production($production, $database);
	return;
}

# Creates the reading login in a production server that a test started without new_production(). A
# server copied from a template has the login already.
sub new_reading_login
{
	my ($production) = @_;
	my $password = $PASSWORD =~ s/'/''/gr;
	my $is_there =
	  $production->safe_psql('postgres', "SELECT count(*) FROM pg_roles WHERE rolname = '$LOGIN'");

	$production->safe_psql('postgres',
		($is_there ? 'ALTER' : 'CREATE') . " ROLE $LOGIN LOGIN PASSWORD '$password'");
	return;
}

# Fills a database with production's schema, the generator and the reference, and grants the reading
# login its privileges.
sub fill_production
{
	my ($production, $database) = @_;

	for my $file (project('demo', 'schema.sql'), project('demo', 'generate.sql'), reference_files())
	{
		command_ok_quietly(
			[
				'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $production->connstr($database),
				'-f', $file
			]);
	}
	command_ok_quietly(
		[
			'psql', '-X', '-q', '-v',
			'ON_ERROR_STOP=1', '-v', "password=$PASSWORD", '-d',
			$production->connstr($database), '-f', project('demo', 'login.sql')
		]);
	return;
}

# Returns the SQL files of the reference, in the order in which they must be run.
sub reference_files
{
	return map { project('t', 'reference', $_) } qw(answers.sql people.sql courses.sql);
}

# Runs a command and dies if it fails; a success is not counted as a test.
sub command_ok_quietly
{
	my ($command) = @_;
	my $output = '';

	IPC::Run::run($command, '>', \$output, '2>&1') or die "@$command failed:\n$output";
	return;
}

# Creates a database with the extension, not yet connected to a production.
sub new_local
{
	my ($local, $database) = @_;

	return if take_database($local, $database);
	$local->safe_psql('postgres', "CREATE DATABASE $database");
	fill_local($local, $database);
	return;
}

# Creates the extension in a database.
sub fill_local
{
	my ($local, $database) = @_;
	$local->safe_psql($database, 'CREATE EXTENSION ngeshare CASCADE');
	return;
}

# Returns the statement that connects a local database to a production database.
sub connect_local
{
	my ($production, $database, %other) = @_;
	my %part = (
		host => '127.0.0.1',
		port => $production->port,
		dbname => $database,
		user => $LOGIN,
		password => $PASSWORD,
		%other);
	my $conninfo = join ' ', map { "$_=" . quote_conninfo($part{$_}) } sort keys %part;

	$conninfo =~ s/'/''/g;
	return "SELECT ngeshare_connect('$conninfo')";
}

sub quote_conninfo
{
	my ($value) = @_;
	$value =~ s/([\\'])/\\$1/g;
	return "'$value'";
}

# Runs a sync with the given clock, for the named tables or for all, and returns what psql printed
# on standard error, notices included.
sub sync_local
{
	my ($local, $database, $clock, $mode, @tables) = @_;
	my $arguments = "'" . ($mode // 'incremental') . "'";

	$arguments .= ", '{" . join(',', @tables) . "}'" if @tables;
	my ($status, $output, $errors) = $local->psql(
		$database,
		"SET ngeshare.sync_clock = '$clock'; CALL ngeshare_sync($arguments)",
		on_error_stop => 1);

	die "sync failed: $errors" if $status != 0;
	return $errors;
}

# Refreshes the snapshot after a test wrote to the mirror; returns how many groups were rebuilt.
sub refresh_local
{
	my ($local, $database) = @_;
	return $local->safe_psql($database, 'SELECT ngeshare_refresh()');
}

# Returns a query's rows as sorted lines.
sub rows_of
{
	my ($server, $database, $query) = @_;
	my $output = $server->safe_psql($database, "COPY ($query) TO STDOUT");

	return sort split /\n/, $output;
}

# Returns the lines that only one of the two lists has, marked as missing or extra.
sub differences
{
	my ($wanted, $got) = @_;
	my %count;

	$count{$_}++ for @$wanted;
	$count{$_}-- for @$got;
	return map { ($count{$_} > 0 ? 'missing: ' : 'extra: ') . $_ }
	  grep { $count{$_} != 0 } sort keys %count;
}

# Runs named queries in one session, after the statements in $settings; returns a hash from each
# name to the query's rows as sorted lines.
sub answers_of
{
	my ($server, $database, $settings, %query) = @_;
	my $script = $settings . join '',
	  map { "SELECT '== $_';\nCOPY ($query{$_}) TO STDOUT;\n" } sort keys %query;
	my %rows = map { $_ => [] } keys %query;
	my $name;

	for my $line (split /\n/, $server->safe_psql($database, $script))
	{
		if   ($line =~ /^== (.*)/) { $name = $1; }
		else                       { push @{ $rows{$name} }, $line; }
	}
	@$_ = sort @$_ for values %rows;
	return \%rows;
}

# Returns a hash from each reference function's name to its columns, as a list for SELECT. The
# extension's view may have more columns, which other tests compare.
sub reference_columns
{
	my ($production, $source) = @_;

	return map { split /\t/ } split /\n/, $production->safe_psql(
		$source, q{
		COPY (SELECT proname, string_agg(quote_ident(name), ', ' ORDER BY place)
			FROM pg_proc CROSS JOIN unnest(proargnames, proargmodes) WITH ORDINALITY
				AS argument (name, mode, place)
			WHERE pronamespace = 'reference'::regnamespace AND mode = 't'
				GROUP BY proname) TO STDOUT});
}

# Sets is_active to NULL for all users in both rosters if the mirror's roster (the second list) does
# not know it for one of them. Whether the mirror knows it depends on the window alone, so then it
# is unknown for every user.
sub forget_activity
{
	my @lists = @_;
	my $unknown = grep { (split /\t/)[5] eq '\N' } @{ $lists[1] };

	return if $unknown == 0;
	for my $list (@lists)
	{
		@$list = sort map {
			my @field = split /\t/;
			$field[5] = '\N'
			  if $field[1] ne '\N';
			join "\t", @field
		} @$list;
	}
	return;
}

# Compares the answers in @VIEWS and @FUNCTIONS with the reference in production, as of an instant;
# $settings are statements that the local session runs first. Returns the lines that differ, each
# prefixed with the answer's name. Adds the number of compared rows to $COMPARED.
sub answers_differ
{
	my ($production, $source, $local, $database, $as_of, $settings) = @_;
	my %columns = reference_columns($production, $source);
	my %reference = map { $_ => "SELECT * FROM reference.$_('$as_of')" } @VIEWS;
	my %answer = (
		(map { $_ => "SELECT $columns{$_} FROM $_" } @VIEWS),
		map { $_->[0] => "SELECT $columns{$_->[1]} FROM $_->[0]('$as_of')" } @FUNCTIONS);
	my %shape = ((map { $_ => $_ } @VIEWS), map { $_->[0] => $_->[1] } @FUNCTIONS);
	my $wanted = answers_of($production, $source, '', %reference);
	my $got = answers_of($local, $database, ($settings // '') . "SET ngeshare.as_of = '$as_of';\n",
		%answer);
	my @different;

	forget_activity($wanted->{v_member_roster}, $got->{v_member_roster});
	for my $name (sort keys %answer)
	{
		$COMPARED += @{ $got->{$name} };
		push @different, map { "$name $_" } differences($wanted->{ $shape{$name} }, $got->{$name});
	}
	return @different;
}

# Returns what psql prints on standard error for these statements, with SQLSTATEs and without source
# locations.
sub psql_errors
{
	my ($server, $database, $statements) = @_;
	my ($output, $errors) = ('', '');

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'VERBOSITY=verbose', '-d', $server->connstr($database),
			'-f', '-'
		],
		'<',
		\$statements,
		'>',
		\$output,
		'2>',
		\$errors);
	$errors =~ s/^LOCATION:.*\n//mg;
	$errors =~ s/^psql:<stdin>:\d+: //mg;
	return $errors;
}

# Deletes some groups in production with their memberships and attendance. return_groups() puts them
# back.
sub lose_groups
{
	my ($production, $source, $number) = @_;

	$production->safe_psql(
		$source, qq{
		CREATE TABLE kept_group AS SELECT * FROM "HangoutGroup" ORDER BY md5(id) LIMIT $number;
		CREATE TABLE kept_member AS SELECT * FROM "UserHangoutGroup"
			WHERE "hangoutGroupId" IN (SELECT id FROM kept_group);
		CREATE TABLE kept_attendance AS SELECT * FROM "UserHangoutGroupAttendance"
			WHERE "hangoutGroupId" IN (SELECT id FROM kept_group);
		DELETE FROM "UserHangoutGroupAttendance"
			WHERE "hangoutGroupId" IN (SELECT id FROM kept_group);
		DELETE FROM "UserHangoutGroup" WHERE "hangoutGroupId" IN (SELECT id FROM kept_group);
		DELETE FROM "HangoutGroup" WHERE id IN (SELECT id FROM kept_group)});
	return;
}

sub return_groups
{
	my ($production, $source) = @_;

	$production->safe_psql(
		$source, q{
		INSERT INTO "HangoutGroup" SELECT * FROM kept_group;
		INSERT INTO "UserHangoutGroup" SELECT * FROM kept_member;
		INSERT INTO "UserHangoutGroupAttendance" SELECT * FROM kept_attendance;
		DROP TABLE kept_group, kept_member, kept_attendance});
	return;
}

# Compares the whole meeting history with production's attendance, counted per group, episode and
# local day. Returns the lines that differ.
sub history_differs
{
	my ($production, $source, $local, $database, $zone) = @_;
	my @wanted = rows_of(
		$production, $source, qq{
		SELECT "hangoutGroupId", "hangoutEpisodeId",
			("attendedAt" AT TIME ZONE 'UTC' AT TIME ZONE '$zone')::date,
			min("attendedAt"), max("attendedAt"), count(*)
		FROM "UserHangoutGroupAttendance" WHERE "attendedAt" >= '2000-01-01' GROUP BY 1, 2, 3});
	my @got = rows_of(
		$local, $database, q{
		SELECT group_id, episode_id, day, min(first_at), max(last_at), sum(attendances)
		FROM ngeshare.meeting GROUP BY 1, 2, 3});

	return differences(\@wanted, \@got);
}

# Compares the snapshot, row by row, with one that is built from scratch in a transaction that is
# rolled back. Returns the rows that differ, each prefixed with its table's name.
sub rebuilt_differs
{
	my ($local, $database) = @_;
	my $script = "SET client_min_messages = warning; BEGIN;\n";

	for my $table (@SNAPSHOT)
	{
		my ($name) = $table =~ /(\w+)$/;
		$script .= "CREATE TEMP TABLE was_$name AS TABLE $table; DELETE FROM $table;\n";
	}
	$script .= "DO \$\$ BEGIN PERFORM ngeshare.refresh_snapshot(true); END \$\$;\n";
	for my $table (@SNAPSHOT)
	{
		my ($name) = $table =~ /(\w+)$/;
		$script .= "SELECT '$name is not made again: ' || row
				FROM (TABLE was_$name EXCEPT ALL TABLE $table) AS row;\n"
		  . "SELECT '$name lacks: ' || row
		  	FROM (TABLE $table EXCEPT ALL TABLE was_$name) AS row;\n";
	}
	return split /\n/, $local->safe_psql($database, "$script ROLLBACK");
}

1;
