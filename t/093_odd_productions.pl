# Tests many legitimate forms of production. Each cell is a production of another form: foreign
# keys, tables or views, enums, privileges; and its tables differ in the type of ids, the collation
# and the precision of timestamps. Each cell goes through a series of steps. After each step
# ngeshare_validate() must match, the answers must equal the reference over the rows that can be
# mirrored, and exactly the other rows must wait in quarantine. The cells cover all pairs of values,
# which the test checks.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use OddWorld;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $clock = '2026-03-31 12:00:00+07';
our $set = "SET ngeshare.sync_clock = '$clock'; SET ngeshare.as_of = '$clock';";
my @few = qw(v_group_status v_member_roster v_curriculum_funnel);

# The options of each cell: keys, kind and enums, as for make_world() in OddWorld.pm; and managed,
# which says that only superusers can read pg_stat_activity and pg_prepared_xacts.
my @cells = (
	[ 0, 'plain', 0, 0 ],
	[ 1, 'plain', 1, 1 ],
	[ 0, 'partitioned', 1, 1 ],
	[ 1, 'partitioned', 0, 0 ],
	[ 0, 'views', 0, 1 ],
	[ 1, 'views', 1, 0 ]);
my @IDS = qw(text varchar domain uuid citext);
my @COLLATIONS = ('', '"C"', '"de-x-icu"', 'odd_any');
my @DIGITS = (0, 3, 6);
my @worlds = map { world($_) } 0 .. $#cells;
covers_all_pairs();
@worlds = @worlds[ split /,/, $ENV{NGESHARE_CELLS} ] if defined $ENV{NGESHARE_CELLS};

my ($production, $standby, $local) = start_three();
my (%world, $schema, $name, @failures);
my $twins = 0;

make_templates();
my %columns = reference_columns($production, 'judge');
run_cell($_) for @worlds;
cmp_ok($twins, '>', 0, 'a cell had ids that differ by case only') if !defined $ENV{NGESHARE_CELLS};
through_standby();
$_->stop for $standby, $production, $local;
done_testing();

# Returns a cell's options. The options of tables rotate, so that each table has each value in some
# cell.
sub world
{
	my ($number) = @_;
	my %option;

	@option{qw(keys kind enums managed)} = @{ $cells[$number] };
	for my $place (0 .. $#TABLES)
	{
		my $turn = $number * @TABLES + $place;

		push @{ $option{ids} }, $IDS[ $turn % @IDS ];
		push @{ $option{collation} }, $COLLATIONS[ (2 * $place + $turn / 9) % @COLLATIONS ];
		push @{ $option{digits} }, $DIGITS[ $turn / 3 % @DIGITS ];
	}
	return \%option;
}

# Tests that each pair of values of two options occurs together in a table of a cell. A table's
# collation counts even if the table's ids are uuids, which have no collation.
sub covers_all_pairs
{
	my @options = qw(keys kind enums managed ids collation digits);
	my (%values, %met, @missing);

	for my $world (@worlds)
	{
		for my $table (@TABLES)
		{
			my @pairs = map { [ $_, OddWorld::option_of($table, $world->{$_}) ] } @options;
			for my $one (@pairs)
			{
				$values{ $one->[0] }{ $one->[1] } = 1;
				$met{"@$one @$_"} = 1 for @pairs;
			}
		}
	}
	for my $at (0 .. $#options)
	{
		for my $one (map { "$options[$at] $_" } sort keys %{ $values{ $options[$at] } })
		{
			for my $other (@options[ $at + 1 .. $#options ])
			{
				push @missing,
				  grep { !$met{$_} } map { "$one $other $_" } sort keys %{ $values{$other} };
			}
		}
	}
	is(join("\n", @missing), '', 'the cells cover all pairs');
	return;
}

# Starts a production with a standby, and the local server.
sub start_three
{
	my $primary = PostgreSQL::Test::Cluster->new('production');
	my $copy = PostgreSQL::Test::Cluster->new('standby');

	$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
	$primary->append_conf('postgresql.conf',
		"fsync = off\ntimezone = 'UTC'\nlisten_addresses = '127.0.0.1'\n");
	$primary->append_conf('pg_hba.conf', "host all $LOGIN 127.0.0.1/32 trust");
	$primary->start;
	$primary->backup('empty');
	$copy->init_from_backup($primary, 'empty', has_streaming => 1);
	$copy->start;
	return ($primary, $copy,
		NgeshareTest::start_server('local', "session_preload_libraries = 'ngeshare'"));
}

# Makes what each cell starts from: the database "judge" with the reference, and the template of a
# connected mirror.
sub make_templates
{
	$production->safe_psql('postgres',
		"CREATE ROLE $LOGIN LOGIN; CREATE DATABASE judge; CREATE DATABASE source");
	$production->safe_psql('judge', join ";\n", make_world(kind => 'plain', strict => 0));
	NgeshareTest::command_ok_quietly(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $production->connstr('judge'),
			'-f', $_
		]) for reference_files();
	$production->safe_psql('source', join ";\n", make_world());
	new_local($local, 'fresh');
	$local->safe_psql('fresh', connect_local($production, 'source'));
	return;
}

sub run_cell
{
	my ($cell) = @_;
	my $begun = time;

	%world = %$cell;
	$schema = $world{kind} eq 'views' ? 'raw' : 'public';
	$name = join ', ', $world{keys} ? 'keys' : 'no keys', $world{kind},
	  $world{enums} ? 'enums' : 'no enums', $world{managed} ? 'managed' : 'not managed',
	  map { join '/', $world{ids}[$_], $world{digits}[$_], $world{collation}[$_] || 'default' }
	  0 .. $#TABLES;
	@failures = ();
	make_cell();
	go_through();
	is(join("\n", @failures), '', $name) or return;
	diag sprintf '%s: equal, %.1f s', $name, time - $begun;
	return;
}

# Makes a new production in place of the last one, and a mirror that was never synced.
sub make_cell
{
	$local->safe_psql('postgres', 'DROP DATABASE IF EXISTS mirror');
	$local->safe_psql('postgres', 'CREATE DATABASE mirror TEMPLATE fresh');
	$production->safe_psql('postgres', 'DROP DATABASE source WITH (FORCE)');
	$production->safe_psql('postgres', 'CREATE DATABASE source');
	$production->safe_psql(
		'source', join ";\n", make_world(%world),
		"SET search_path = $schema, public",
		map { OddWorld::typed($_, %world) } fill_world(24, 1));
	add_edges();
	add_twins() if $world{kind} eq 'views' && $world{collation}[0] eq 'odd_any';
	$production->safe_psql(
		'source', 'REVOKE ALL ON pg_stat_activity, pg_prepared_xacts FROM PUBLIC;
		REVOKE EXECUTE ON FUNCTION pg_stat_get_activity(integer), pg_prepared_xact() FROM PUBLIC'
	) if $world{managed};
	return;
}

# Adds attendance at the window's start, less than a millisecond before and after it.
sub add_edges
{
	change(
		q{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
			"hangoutGroupId", "userId")
		SELECT md5('edge ' || n)::uuid::text::ATT_ID,
			timestamp '2026-02-13 17:00' + n * interval '0.0004 s',
			"hangoutEpisodeId", "hangoutGroupId", "userId"
		FROM (SELECT * FROM "UserHangoutGroupAttendance" ORDER BY id LIMIT 1) AS one
			CROSS JOIN generate_series(-2, 2) AS n}
	);
	return;
}

# Adds users whose ids are others' ids in upper case. A view may contain both, and they are two
# users whatever the ids' collation is.
sub add_twins
{
	change(
		q{CREATE TABLE raw.twin AS SELECT * FROM "User" WHERE hashtext(id::text) % 2 = 0},
		q{UPDATE raw.twin SET id = upper(id)},
		q{CREATE OR REPLACE VIEW public."User" AS TABLE raw."User" UNION ALL TABLE raw.twin});
	$twins += $production->safe_psql('source',
		'SELECT count(*) FROM raw.twin WHERE id COLLATE "C" <> lower(id)');
	return;
}

# Runs statements on production's tables, also where production shows views of them.
sub change
{
	return $production->safe_psql(
		'source', join ";\n",
		"SET search_path = $schema, public",
		map { OddWorld::typed($_, %world) } @_);
}

# The steps -----------------------------------------------------------------------

sub go_through
{
	my $group = OddWorld::id('group', "'5'") . '::GROUP_ID';
	my $user = OddWorld::id('user', "'1'") . '::USER_ID';
	my $hangout = OddWorld::id('hangout', "'1'") . '::HANGOUT_ID';
	my $window = q{"attendedAt" > '2026-02-20'};

	step('first', 'incremental');
	change(
		q{UPDATE "User" SET email = upper(email), "updatedAt" = '2026-03-31 04:59:00.1234'
			WHERE hashtext(id::text) % 2 = 0},
		q{UPDATE "HangoutGroup" SET city = 'KOTA 1', "updatedAt" = '2026-03-31 04:59:00.0004'
			WHERE city = 'Kota 1'}
	);
	small_batches();
	change(
		q{UPDATE "UserHangoutGroup" SET "userEmail" = 'x@example.org' WHERE hashtext(id::text) % 3 = 0},
		qq{UPDATE "HangoutGroup" SET name = 'circle' WHERE id = $group},
		qq{UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1.0006 days'
			WHERE $window AND hashtext(id::text) % 3 = 0}
	);
	step('changed without one', 'incremental');
	change(
		qq{INSERT INTO "User" (id, "createdAt", "updatedAt", email)
			VALUES (} . OddWorld::id('user', "'late'") . qq{::USER_ID, '2020-01-01', '2020-01-01', 'Late')},
		qq{INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
			"hangoutGroupId", "userId") SELECT md5(id::text)::uuid::text::ATT_ID,
			'2025-07-01 04:00', "hangoutEpisodeId", "hangoutGroupId", "userId"
				FROM "UserHangoutGroupAttendance" ORDER BY id LIMIT 5}
	);
	step('inserted with an old stamp', 'incremental');
	change(
		qq{DELETE FROM "UserHangoutGroupAttendance"
			WHERE hashtext(id::text) % 10 = 0 OR "hangoutGroupId" = $group},
		qq{DELETE FROM "UserHangoutGroup" WHERE hashtext(id::text) % 10 = 0 OR "hangoutGroupId" = $group},
		qq{DELETE FROM "HangoutGroup" WHERE id = $group});
	my $run = step('deleted', 'incremental');
	$local->safe_psql('mirror', "SELECT ngeshare_restore_deleted($run)");
	step('undone', 'incremental', undef);
	orphans($user, $hangout) if !$world{keys};
	step('full', 'full');
	step('verify', 'verify', undef);
	step('the end', 'incremental', @VIEWS);
	return;
}

# Pulls in batches that end between rows of the same updatedAt, which is finer than the mirror's
# precision. Each row is pulled once.
sub small_batches
{
	local $set = "$set SET ngeshare.sync_batch_rows = 10; SET statement_timeout = '60s';";

	step('changed with a new stamp', 'incremental');
	push @failures, 'rows are pulled more than once'
	  if $local->safe_psql(
		'mirror', q{SELECT bool_or(rows_pulled > rows_updated + rows_inserted)
		FROM sync_log WHERE run_id = (SELECT max(run_id)
			FROM sync_run) AND table_name IN ('User', 'HangoutGroup')}
	  ) ne 'f';
	return;
}

# Deletes parents, and inserts them again unchanged.
sub orphans
{
	my ($user, $hangout) = @_;

	change(
		qq{CREATE TABLE raw.kept_user AS SELECT * FROM "User" WHERE id = $user},
		qq{DELETE FROM "User" WHERE id = $user},
		qq{CREATE TABLE raw.kept_hangout AS SELECT * FROM "Hangout" WHERE id = $hangout},
		qq{DELETE FROM "Hangout" WHERE id = $hangout});
	my $run = step('orphans', 'incremental');
	push @failures, 'orphans: none wait'
	  if !$local->safe_psql('mirror', 'SELECT count(*) FROM ngeshare.quarantine');
	step('orphans again', 'incremental', undef);
	push @failures, 'orphans again: rows are deleted again'
	  if $local->safe_psql(
		'mirror',
		'SELECT sum(rows_deleted + rows_inserted + rows_updated) FROM sync_log
			WHERE run_id = (SELECT max(run_id) FROM sync_run)'
	  );
	$local->safe_psql('mirror', "SELECT ngeshare_restore_deleted($run)");
	step('orphans undone', 'incremental', undef);
	change(
		q{INSERT INTO "User" SELECT * FROM raw.kept_user},
		q{INSERT INTO "Hangout" SELECT * FROM raw.kept_hangout});
	step('mended', 'incremental');
	return;
}

# Comparing -----------------------------------------------------------------------

# Syncs and records what is wrong; returns the run's id. Compares the answers of the given views: a
# few by default, none for undef.
sub step
{
	my ($what, $mode, @views) = @_;
	@views = !@views ? @few : grep { defined } @views;
	my $wanted = judge(@views);
	my ($status, $output, $said) = $local->psql('mirror', "$set CALL ngeshare_sync('$mode')");
	my $ended = @{ $wanted->{waiting} } ? 'warning' : 'success';
	my @different;

	push @different,
	  "the sync ended so: $said"
	  if $said !~ (
		$ended eq 'success'
		? qr/sync \d+ succeeded/
		: qr/sync \d+ ended with a warning: .*wait in quarantine/);
	my $found = answers_of(
		$local, 'mirror', $set,
		differing => 'SELECT table_name FROM ngeshare_validate() WHERE NOT matches',
		waiting => q{SELECT table_name || ' ' || row_id FROM ngeshare.quarantine},
		run => 'SELECT max(run_id) FROM sync_run',
		map { $_ => "SELECT $columns{$_} FROM $_" } @views);
	push @different, "ngeshare_validate(): $_" for @{ $found->{differing} };
	push @different, "in quarantine: $_" for differences($wanted->{waiting}, $found->{waiting});
	push @different, answers($wanted, $found, @views);
	push @failures, map { "$what: $_" } @different[ 0 .. ($#different < 5 ? $#different : 5) ]
	  if @different;
	return $found->{run}[0];
}

# Copies production's rows into the judge in the form that the mirror should have; returns the rows
# that should wait in quarantine, and the reference's answers over the others.
sub judge
{
	my (@views) = @_;
	my $script = 'CREATE TEMP TABLE waiting (line text); TRUNCATE '
	  . join(', ', map { qq{"$_"} } @TABLES) . ";\n";
	my %to = (ID => 'text', AT => 'timestamp(3)', KIND => 'text', MAIL => 'text');
	my %query;

	for my $table (@TABLES)
	{
		my $columns = join ', ',
		  map { my ($column, $type) = @$_; $type =~ s/!//; qq{"$column"::} . ($to{$type} // $type) }
		  @{ $COLUMNS{$table} };
		$query{$table} = qq{SELECT $columns FROM "$table"};
	}
	my $rows = answers_of($production, 'source', '', %query);
	$script .= qq{COPY "$_" FROM stdin;\n} . join('', map { "$_\n" } @{ $rows->{$_} }) . "\\.\n"
	  for @TABLES;

	# A row without a parent waits, and so do the rows that reference it.
	for my $child (grep { $PARENTS{$_} } @TABLES)
	{
		my $lost = join ' OR ',
		  map { qq{"$_" IS NOT NULL AND "$_" NOT IN (SELECT id FROM "$PARENTS{$child}{$_}")} }
		  sort keys %{ $PARENTS{$child} };
		my $seen =
		  $child eq 'UserHangoutGroupAttendance'
		  ? q{ WHERE "attendedAt" >= '2026-02-13 17:00'}
		  : '';
		$script .=
		  qq{WITH lost AS (DELETE FROM "$child" WHERE $lost RETURNING *) INSERT INTO waiting
		  	SELECT '$child ' || id FROM lost$seen;\n};
	}
	return answers_of(
		$production, 'judge', $script . "UPDATE reference.setting SET clock = '$clock';\n",
		waiting => 'SELECT line FROM waiting',
		map { $_ => "SELECT * FROM reference.$_('$clock')" } @views);
}

# Returns the lines in which answers differ.
sub answers
{
	my ($wanted, $got, @views) = @_;
	my @different;

	forget_activity($wanted->{v_member_roster}, $got->{v_member_roster}) if $got->{v_member_roster};
	for my $view (@views)
	{
		push @different, "$view is empty"
		  if !@{ $got->{$view} } && $view !~ /outliers|rescue|at_risk|pipeline/;
		push @different, map { "$view $_" } differences($wanted->{$view}, $got->{$view});
	}
	return @different;
}

# Syncs the last cell's production from its standby.
sub through_standby
{
	my $begun = time;

	@failures = ();
	$local->safe_psql('postgres', 'DROP DATABASE mirror');
	$local->safe_psql('postgres', 'CREATE DATABASE mirror TEMPLATE fresh');
	$production->wait_for_catchup($standby);
	$local->safe_psql('mirror', connect_local($standby, 'source'));
	step('first, from a standby', 'incremental');
	change(
		q{UPDATE "UserHangoutGroup" SET "userEmail" = 'y@example.org' WHERE hashtext(id::text) % 3 = 1},
		q{DELETE FROM "UserHangoutGroupAttendance" WHERE hashtext(id::text) % 7 = 0});
	$production->wait_for_catchup($standby);
	step('changed, from a standby', 'incremental');
	step('full, from a standby', 'full', @VIEWS);
	is(join("\n", @failures), '', 'a standby');
	diag sprintf 'a standby: equal, %.1f s', time - $begun;
	return;
}
