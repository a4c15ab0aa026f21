# An update from 1.0: the catalog is a fresh install's to the last comment and right,
# data, rights and what users built stays, every answer is the same, and the next sync
# goes on. So it is with a version that differs in every way in which one may.
use strict;
use warnings FATAL => 'all';

use File::Spec;
use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $first   = '1.0';
my $clock   = '2026-03-31 12:00:00+07';
my $second  = '2026-04-01 12:00:00+07';
my $next    = '2026-04-10 12:00:00+07';
my @as_of   = ($second, '2025-08-17 00:00:00+07');
my $outside = q{
	CREATE VIEW mine AS SELECT status, count(*) AS groups FROM v_group_status GROUP BY status;
	GRANT SELECT ON v_group_status, "User" TO analyst;
	GRANT SELECT (course_name) ON course_config TO analyst;
	GRANT EXECUTE ON FUNCTION ngeshare_group_status(timestamptz) TO analyst;
	REVOKE EXECUTE ON FUNCTION ngeshare_as_of() FROM PUBLIC};
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(150, 80, '$clock')");
$local->safe_psql('postgres', 'CREATE ROLE analyst; CREATE ROLE admin SUPERUSER LOGIN');

# A fresh install with two runs, of which the second had something to do.
new_local($local, 'fresh');
$local->safe_psql('fresh', connect_local($production, 'source'));
sync_local($local, 'fresh', $clock);
$production->safe_psql('source', q{
	DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" ORDER BY "attendedAt" DESC, id LIMIT 3);
	UPDATE "User" SET email = 'moved-' || email, "updatedAt" = '2026-04-01' WHERE id IN (SELECT id FROM "User" ORDER BY id LIMIT 5)});
sync_local($local, 'fresh', $second);

# The same in a database with the first release.
$local->safe_psql('postgres', 'CREATE DATABASE old');
$local->safe_psql('old', "CREATE EXTENSION ngeshare VERSION '$first' CASCADE");
$local->safe_psql('old', connect_local($production, 'source'));
copy_data('fresh', 'old');
$local->safe_psql('old', 'SELECT ngeshare.settle()');
for my $database (qw(fresh old))
{
	write_by_hand($database);
	$local->safe_psql($database, $outside);
}

# Until the update this library serves the first release's answers, and syncs nothing.
my $views    = views_of('old');
my $answered = answers('old', $as_of[-1], $views);
my $refused = qr/ERROR:  55000: ngeshare is of version 1\.0 in this database, and its library of version [\d.]+\nHINT:  ALTER EXTENSION ngeshare UPDATE TO /;
like(psql_errors($local, 'old', 'CALL ngeshare_sync();'), $refused, 'but no sync begins there');
like(psql_errors($local, 'old', 'SELECT ngeshare_sync_start();'), $refused, 'nor in the background');
is($local->safe_psql('old', 'SELECT count(*) FROM sync_run'), '2', 'and none is logged');

# The update, by a superuser who is not the extension's owner.
my @kept = kept_data('old');
my $lines = 0;
$local->safe_psql('old', 'ALTER EXTENSION ngeshare UPDATE', extra_params => [ '-U', 'admin' ]);
is_same_catalog('old', 'after the update the catalog is a fresh install\'s');
cmp_ok($lines, '>', 3000, "in $lines lines");
is_deeply([ kept_data('old') ], \@kept, 'no row of data has changed');
is($local->safe_psql('old', 'TABLE mine ORDER BY status'), $local->safe_psql('fresh', 'TABLE mine ORDER BY status'),
	'a view on the extension\'s views is still there and answers');
is_deeply([ answers_apart($answered, answers('old', $as_of[-1], $views)) ], [], 'every view answers as before');
cmp_ok(scalar(map { @$_ } values %$answered), '>', 200, 'in many rows');
for my $as_of (@as_of)
{
	my ($wanted, $got) = map { answers($_, $as_of, views_of('fresh')) } qw(fresh old);
	is_deeply([ answers_apart($wanted, $got) ], [], "every view answers as a fresh install as of $as_of");
}
run_roles($_) for qw(fresh old);
is_same_catalog('old', 'scripts/roles.sql gives what it gives on a fresh install');

# It goes on.
$production->safe_psql('source', q{
	INSERT INTO "User" (id, "updatedAt", email) VALUES ('newcomer', '2026-04-05', 'new@example.org');
	DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" ORDER BY "attendedAt", id LIMIT 2)});
like(sync_local($local, $_, $next), qr/succeeded/, "$_ syncs on") for qw(fresh old);
is($local->safe_psql('old', q{SELECT max(run_id) || ' ' || (SELECT count(*) FROM "User" WHERE id = 'newcomer') FROM sync_run}), '3 1',
	'with the next run, which brings what is new');
my %last = map { $_ => answers($_, $next, views_of('fresh')) } qw(fresh old);
delete @{ $last{fresh} }{qw(api.sync_runs api.sync_tables)};
is_deeply([ answers_apart($last{fresh}, $last{old}) ], [], 'and both answer the same');
is_deeply([ rows_of($local, 'old', 'TABLE ngeshare.meeting') ], [ rows_of($local, 'fresh', 'TABLE ngeshare.meeting') ], 'from the same history');

# A version that differs in every way.
$local->safe_psql('postgres', 'CREATE DATABASE other');
$local->safe_psql('other', "CREATE EXTENSION ngeshare VERSION '$first' CASCADE");
$local->safe_psql('other', q{
	-- A view whose columns are others, with all that reads it.
	ALTER VIEW ngeshare.meeting RENAME COLUMN attendances TO counted;
	-- A function that returns something else, one of another kind, and one with other arguments.
	ALTER EXTENSION ngeshare DROP FUNCTION ngeshare_unschedule();
	DROP FUNCTION ngeshare_unschedule();
	CREATE FUNCTION ngeshare_unschedule() RETURNS integer LANGUAGE sql AS 'SELECT 1';
	ALTER EXTENSION ngeshare ADD FUNCTION ngeshare_unschedule();
	ALTER FUNCTION ngeshare_last_sync(text) VOLATILE SECURITY INVOKER RESET ALL;
	COMMENT ON FUNCTION ngeshare_last_sync(text) IS 'something else';
	CREATE FUNCTION ngeshare_last_sync(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
	ALTER EXTENSION ngeshare ADD FUNCTION ngeshare_last_sync(integer);
	-- A trigger with its function, and a view, that there are no longer; a trigger that is another.
	CREATE FUNCTION ngeshare.gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	ALTER EXTENSION ngeshare ADD FUNCTION ngeshare.gone();
	CREATE TRIGGER gone AFTER DELETE ON "User" EXECUTE FUNCTION ngeshare.gone();
	CREATE VIEW ngeshare.gone AS SELECT course_name FROM course_config;
	ALTER EXTENSION ngeshare ADD VIEW ngeshare.gone;
	CREATE OR REPLACE TRIGGER mark_all AFTER INSERT ON course_config EXECUTE FUNCTION ngeshare.mark_all();
	-- A table with its index that there wasn't yet.
	ALTER EXTENSION ngeshare DROP TABLE ngeshare.removed_row;
	DROP TABLE ngeshare.removed_row;
	-- Somebody's own.
	CREATE TRIGGER own AFTER DELETE ON "User" EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE VIEW mine AS SELECT counted FROM ngeshare.meeting;
	CREATE VIEW further AS SELECT count(*) AS groups FROM v_group_status});
my $before = $local->safe_psql('other', catalog());
like(psql_errors($local, 'other', 'ALTER EXTENSION ngeshare UPDATE;'),
	qr/^ERROR:  2BP01: the update changes view ngeshare\.meeting, which objects outside the extension depend on\nDETAIL:  They are: view public\.mine\.\nHINT:  Drop them, update, and make them anew\. Nothing was changed\.\n/,
	'a view that depends on what changes is named');
is($local->safe_psql('other', catalog()), $before, 'and nothing was changed');
$local->safe_psql('other', 'DROP VIEW mine');
my $sync = Session->start($local, 'other');
$sync->run(q{SELECT pg_advisory_lock(x'6e67657368617265'::bigint)});
like(psql_errors($local, 'other', 'ALTER EXTENSION ngeshare UPDATE;'), qr/^ERROR:  NG001: a sync is running\n/, 'nor is it while a sync runs');
$sync->end;
$local->safe_psql('other', 'ALTER EXTENSION ngeshare UPDATE');
is($local->safe_psql('other', q{SELECT tgname FROM pg_trigger WHERE tgname = 'own'; DROP TRIGGER own ON "User"}), 'own',
	'somebody\'s trigger on a table stays');
is($local->safe_psql('other', 'TABLE further'), '0', 'and a view on a view that reads what has changed');
new_local($local, 'bare');
is_same_catalog('other', 'what differs in every way ends as a fresh install, too', 'bare');

$production->stop;
$local->stop;
done_testing();

# The query that tells all that the catalog says of the extension.
sub catalog
{
	return "SET search_path = '';\n" . slurp_file("$FindBin::RealBin/lib/catalog.sql");
}

# Says what two databases' catalogs don't have in common.
sub is_same_catalog
{
	my ($database, $name, $other) = @_;
	my ($wanted, $got) = map { [ sort split /\n/, $local->safe_psql($_, catalog()) ] } $other // 'fresh', $database;

	$lines = @$got;
	is(join("\n", differences($wanted, $got)), '', $name);
	return;
}

# The columns of relations, a list each; those of views leave out what goes by the real clock.
sub columns_of
{
	my ($database, $kinds) = @_;
	my %columns;

	for my $line (rows_of($local, $database, qq{
		SELECT relation.oid::regclass, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
		FROM pg_class AS relation
		JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
		JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'e'
		WHERE relkind IN ($kinds)
		GROUP BY relation.oid}))
	{
		my ($name, $list) = split /\t/, $line;
		$columns{$name} = $list;
	}
	return %columns;
}

# The views that people and the page ask, each with its columns.
sub views_of
{
	my ($database) = @_;
	my %columns = columns_of($database, q{'v'});

	delete @columns{ grep { !/^(v_|api\.)/ || /^(v_sync_health|api\.(freshness|sync_status|sync_health))$/ } keys %columns };
	return \%columns;
}

# What views answer as of an instant.
sub answers
{
	my ($database, $as_of, $views) = @_;
	return answers_of($local, $database, "SET ngeshare.as_of = '$as_of';\n", map { $_ => "SELECT $views->{$_} FROM $_" } keys %$views);
}

# The lines that two answers don't have in common, each behind its view's name.
sub answers_apart
{
	my ($wanted, $got) = @_;
	return map { my $view = $_; map { "$view $_" } differences($wanted->{$view}, $got->{$view} // []) } sort keys %$wanted;
}

# Fills a database's tables with those that a dump of another would hold, in the order
# in which a dump does.
sub copy_data
{
	my ($from, $to) = @_;
	my %given = columns_of($from, q{'r'});
	my %wanted = columns_of($to, q{'r'});
	my $restore = "SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = off;\n";
	my $file = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir() . '/table');

	for my $line (split /\n/, $local->safe_psql($to, q{
		SELECT format('%s %s', relkind, relation.oid::regclass)
		FROM pg_extension, unnest(extconfig) WITH ORDINALITY AS dumped (relation, number)
		JOIN pg_class AS relation ON relation.oid = dumped.relation
		WHERE extname = 'ngeshare' ORDER BY number}))
	{
		my ($kind, $table) = split / /, $line;
		my $path = $table =~ /\./ ? $table : "public.$table";

		if ($kind eq 'S')
		{
			my $last = $local->safe_psql($from, "SELECT last_value || ', ' || is_called FROM $path");
			$local->safe_psql($to, "SELECT setval('$path', $last)");
			next;
		}
		my %known = map { $_ => 1 } split /, /, $given{$table} // next;
		my $columns = join ', ', grep { $known{$_} } split /, /, $wanted{$table};
		my $rows = as_of_1_0($path);
		$local->safe_psql($from, "COPY (SELECT $columns FROM $rows AS given) TO '$file'");
		$local->safe_psql($to, "${restore}COPY $path ($columns) FROM '$file'");
	}
	return;
}

# A table's rows as 1.0 had them: what it archived was one jsonb value, in one table.
sub as_of_1_0
{
	my ($table) = @_;
	my %parts = (
		'ngeshare.removed_row'       => [ 'removed_at', map { "removed_$_" } qw(user hangout hangout_episode hangout_group user_hangout_group attendance) ],
		'ngeshare.attendance_backup' => [ 'kind', 'replaced_attendance' ]);
	my ($column, @parts) = @{ $parts{$table} // return $table };

	return '(' . join(' UNION ALL ', map {
			"SELECT run_id, table_name, row_id, $column, CASE WHEN id IS NOT NULL THEN to_jsonb(part) - '{run_id,table_name,row_id,content,$column}'::text[] END AS content FROM ngeshare.$_ AS part"
		} @parts) =~ s/table_name, (?=row_id, kind)//gr . ')';
}

# Attendance in the window and long before it, a course of another length, an alert that waits.
sub write_by_hand
{
	my ($database) = @_;

	$local->safe_psql($database, q{
		INSERT INTO "UserHangoutGroupAttendance"
		SELECT 'by-hand-' || number, at, "hangoutEpisodeId", "hangoutGroupId", "userId"
		FROM (VALUES (1, timestamp '2026-03-30 10:00'), (2, timestamp '2025-06-01 10:00')) AS moment (number, at)
		CROSS JOIN (SELECT * FROM "UserHangoutGroupAttendance" ORDER BY id COLLATE "C" LIMIT 1) AS picked;
		UPDATE course_config SET max_episodes = 8 WHERE sequence_order = 1;
		INSERT INTO ngeshare.alert_outbox (kind, payload) VALUES ('test', '{}')});
	return;
}

# Every row of every table but those that are made of the others.
sub kept_data
{
	my ($database) = @_;
	my %columns = columns_of($database, q{'r'});
	my %after   = columns_of('fresh', q{'r'});
	my @rows;

	for my $table (sort grep { !/^ngeshare\.(settled_|unsettled)/ && $after{$_} } keys %columns)
	{
		my %known = map { $_ => 1 } split /, /, $after{$table};
		my $list = join ', ', grep { $known{$_} } split /, /, $columns{$table};
		push @rows, map { "$table $_" } rows_of($local, $database, "SELECT $list FROM $table");
	}
	return @rows;
}

# Gives the web's roles their rights.
sub run_roles
{
	my ($database) = @_;
	my $said = '';

	IPC::Run::run([ 'psql', '-X', '-q', '-d', $local->connstr($database), '-f', "$FindBin::RealBin/../scripts/roles.sql" ],
		'>', \$said, '2>&1') or die "roles.sql failed: $said";
	return;
}
