# Two servers, production and local, and how tests talk to them.
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
  reference_files history_differs refresh_local rebuilt_differs psql_errors needs_pg_cron
  @VIEWS @FUNCTIONS @SNAPSHOT $COMPARED $LOGIN $PASSWORD);

our $LOGIN = 'ngeshare_reader';
our $PASSWORD = q{it's "secret" \\ 50%};
our @VIEWS = qw(v_group_summary v_group_progress v_group_status
  v_curriculum_pipeline v_curriculum_funnel v_rescue_list
  v_member_roster v_facilitator_alumni v_member_journey v_facilitator_growth v_facilitator_monthly
  v_drop_off v_time_to_graduate v_graduation_outliers v_anomalies v_at_risk v_cohort
  v_resume_chance);

# The tables that all answers read.
our @SNAPSHOT =
  map { "ngeshare.$_" }
  qw(group_snapshot group_timeline group_meeting membership group_link
  place_snapshot
  course_snapshot episode_snapshot);

# Rows of answers that were compared with the reference's so far.
our $COMPARED = 0;

# Each function's answer is held against the reference of the view of its shape.
our @FUNCTIONS = (
	[ 'ngeshare_group_status', 'v_group_status' ],
	[ 'ngeshare_pipeline', 'v_curriculum_pipeline' ],
	[ 'ngeshare_funnel', 'v_curriculum_funnel' ]);

# Skips a test that loads pg_cron where the PostgreSQL under test is known to have none.
sub needs_pg_cron
{
	plan(skip_all => 'this PostgreSQL has no pg_cron') if $ENV{NGESHARE_TEST_WITHOUT_CRON};
	return;
}

# The project's top folder, whatever folder the test runs in.
sub project
{
	my $library = dirname(File::Spec->rel2abs(__FILE__));
	return File::Spec->catfile($library, '..', '..', @_);
}

# The installation whose servers also offer 1.1, where a test asked for it.
my @installation;

# Lets the servers that are started from now on offer 1.1 as it was released. No installation has
# it, and a test may not write to one, so they run from a copy. A server looks for its files
# relative to its program; links lead to what is not copied.
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

# Starts one server; production asks its TCP clients for a password. Every sync compares the whole
# past, however slow the machine is just now.
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

# Starts both servers and returns them.
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

# A production-like database: its schema, the generator, and the reading login.
sub new_production
{
	my ($production, $database) = @_;

	return if take_database($production, $database);
	$production->safe_psql('postgres', "CREATE DATABASE $database");
	fill_production($production, $database);
	return;
}

# The reading login, for a production that a test makes by itself. A copied server has it already.
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

# Fills a database with production's schema, the generator, the reference and the login's rights.
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

# The files that make the reference, in their order.
sub reference_files
{
	return map { project('t', 'reference', $_) } qw(answers.sql people.sql courses.sql);
}

# Runs a command whose success is a condition, not a test.
sub command_ok_quietly
{
	my ($command) = @_;
	my $output = '';

	IPC::Run::run($command, '>', \$output, '2>&1') or die "@$command failed:\n$output";
	return;
}

# A database with the extension, not yet connected.
sub new_local
{
	my ($local, $database) = @_;

	return if take_database($local, $database);
	$local->safe_psql('postgres', "CREATE DATABASE $database");
	fill_local($local, $database);
	return;
}

# Makes the extension in a database.
sub fill_local
{
	my ($local, $database) = @_;
	$local->safe_psql($database, 'CREATE EXTENSION ngeshare CASCADE');
	return;
}

# The statement that connects a local database to a production one.
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

# Syncs as of a clock (some tables only, where they are named) and returns what
# psql printed, notices included.
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

# Brings the answers up to what was written by hand; returns how many groups were built.
sub refresh_local
{
	my ($local, $database) = @_;
	return $local->safe_psql($database, 'SELECT ngeshare_refresh()');
}

# A query's rows as sorted lines.
sub rows_of
{
	my ($server, $database, $query) = @_;
	my $output = $server->safe_psql($database, "COPY ($query) TO STDOUT");

	return sort split /\n/, $output;
}

# The lines of two sorted lists that only one of them has, marked by side.
sub differences
{
	my ($wanted, $got) = @_;
	my %count;

	$count{$_}++ for @$wanted;
	$count{$_}-- for @$got;
	return map { ($count{$_} > 0 ? 'missing: ' : 'extra: ') . $_ }
	  grep { $count{$_} != 0 } sort keys %count;
}

# Runs named queries in one session, behind some settings; returns each one's rows
# as sorted lines, by name.
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

# The columns that each reference answers, as a list for SELECT, by the function's name. A view
# may have more, which other tests compare.
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

# Takes is_active out of both sides of a roster wherever it is not known here:
# then it is so for every user.
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

# Compares every view and function with the reference over production, as of an
# instant (in a session with some settings, where they are given). Returns the
# differing lines, each behind the answer's name. The rows that were compared are
# counted in $COMPARED.
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

# What psql says on standard error of statements, with SQLSTATEs and without places.
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

# Compares the whole history, past and recent, with production's attendance
# counted by day. Returns the differing lines.
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

# Compares the snapshot, row by row, with one that is made from nothing in a transaction that is
# rolled back. Returns the differing rows, each behind its table's name.
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
