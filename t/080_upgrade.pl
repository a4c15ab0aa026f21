# Tests the update from 1.1. The library is that of 2.0, so 1.1 cannot sync in this test, and its
# data is copied from a 2.0 database. After the update the catalog equals that of a fresh install,
# with all comments and privileges; data, privileges and users' own objects stay; every answer is
# the same; and syncs continue.
use strict;
use warnings FATAL => 'all';

use File::Spec;
use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my $second = '2026-04-01 12:00:00+07';
my $next = '2026-04-10 12:00:00+07';
my @as_of = ($second, '2025-08-17 00:00:00+07');

# Objects that users have created, the same in both databases.
my $outside = q{
	CREATE VIEW mine AS SELECT status, count(*) AS groups FROM v_group_status GROUP BY status;
	CREATE VIEW mine_api AS SELECT count(*) AS courses FROM api.courses;
	CREATE FUNCTION mine() RETURNS SETOF text BEGIN ATOMIC
		SELECT group_name FROM v_rescue_list UNION ALL SELECT group_name
			FROM ngeshare_group_status(); END;
	CREATE MATERIALIZED VIEW snapped AS SELECT * FROM v_group_progress;
	CREATE TABLE note (user_id text REFERENCES "User" ON UPDATE CASCADE ON DELETE CASCADE, body text);
	ALTER TABLE "User" ADD COLUMN nickname text DEFAULT 'none';
	CREATE INDEX own_index ON "User" (email);
	CREATE TRIGGER own_trigger BEFORE UPDATE ON "User" FOR EACH ROW
		EXECUTE FUNCTION suppress_redundant_updates_trigger();
	GRANT SELECT ON v_group_status, "User", ngeshare.meeting, ngeshare.meeting_past TO analyst;
	GRANT SELECT ON v_rescue_list TO analyst WITH GRANT OPTION;
	GRANT SELECT (course_name) ON course_config TO analyst;
	GRANT EXECUTE ON FUNCTION ngeshare_group_status(timestamptz), ngeshare.sync_now() TO analyst;
	GRANT EXECUTE ON PROCEDURE ngeshare_sync(text, text[]) TO analyst;
	GRANT USAGE ON SCHEMA ngeshare TO analyst;
	REVOKE EXECUTE ON FUNCTION ngeshare_as_of() FROM PUBLIC};
offer_release_1_1();
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(150, 80, '$clock')");
$local->safe_psql('postgres', 'CREATE ROLE analyst; CREATE ROLE admin SUPERUSER LOGIN');

# A fresh install of 2.0 with two runs, the second of which had changes to sync.
new_local($local, 'fresh');
$local->safe_psql('fresh', connect_local($production, 'source'));
sync_local($local, 'fresh', $clock);
$production->safe_psql(
	'source', q{
	DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance"
		ORDER BY "attendedAt" DESC, id LIMIT 3);
	UPDATE "User" SET email = 'moved-' || email, "updatedAt" = '2026-04-01' WHERE id IN (SELECT id
		FROM "User" ORDER BY id LIMIT 5)}
);
sync_local($local, 'fresh', $second);

# The same data in a database of 1.1. The script of 1.1 uses only C functions that the library of
# 2.0 still has.
$local->safe_psql('postgres', 'CREATE DATABASE old');
is( psql_errors(
		$local, 'old',
		q{SET client_min_messages = warning; CREATE EXTENSION ngeshare VERSION '1.1' CASCADE}),
	'',
	"1.1's script installs with this library");
$local->safe_psql('old', connect_local($production, 'source'));
copy_data('fresh', 'old');
$local->safe_psql(
	'old', q{
	INSERT INTO ngeshare.meeting_past (group_id, episode_id, day, first_at, last_at, attendances,
		by_hand)
	SELECT group_id, episode_id, day, first_at, last_at, 7, true FROM ngeshare.meeting_past
		WHERE NOT by_hand LIMIT 3;
	INSERT INTO ngeshare.removed_meeting SELECT 1, past.* FROM ngeshare.meeting_past AS past
		ORDER BY by_hand DESC LIMIT 5;
	UPDATE ngeshare.sync_state SET pass_run_id = 2, pass_full = false, pass_bound = watermark,
		pass_id = 'x' WHERE table_name = 'User';
	INSERT INTO ngeshare.stage_user (id) VALUES ('staged')});
$local->safe_psql(
	'fresh', q{
	INSERT INTO ngeshare.removed_meeting SELECT 1, past.* FROM ngeshare.meeting_past AS past LIMIT 2});
for my $database (qw(fresh old))
{
	write_by_hand($database);
	$local->safe_psql($database, $outside) if $database eq 'fresh';
	$local->safe_psql('postgres', "ALTER DATABASE $database SET ngeshare.link_days = 80");
}
$local->safe_psql('old', $outside =~ s/(FROM v_group_progress);/$1 WITH NO DATA;/r);
$local->safe_psql('fresh', 'SELECT ngeshare_refresh(); REFRESH MATERIALIZED VIEW snapped');

# Until the update the new library refuses answers and syncs.
my $refused =
  qr/^ERROR:  55000: ngeshare is of version 1\.1 in this database, and its library of version 2\.0\n(HINT:  ALTER EXTENSION ngeshare UPDATE TO '2\.0'|CONTEXT)/;
for my $call (
	'CALL ngeshare_sync()',
	'SELECT ngeshare_sync_start()',
	'SELECT ngeshare_validate()',
	'TABLE v_group_status',
	'TABLE v_rescue_list',
	'SELECT ngeshare_pipeline()',
	'SELECT ngeshare.count_silences()',
	'SELECT ngeshare.group_predecessors()',
	'SELECT ngeshare.find_links(NULL)',
	'TABLE api.home')
{
	like(psql_errors($local, 'old', "$call;"), $refused, "1.1 before its update refuses $call");
}
is(join(' ', grep { !/^(55000|PGRST)$/ } codes_of('old')),
	'', 'no other call of it fails in another way');
is($local->safe_psql('old', 'SELECT count(*) FROM sync_run'), '2', 'and no sync is logged');

# Cases in which the update is refused and changes nothing.
my $before = $local->safe_psql('old', catalog());
$local->safe_psql(
	'old',
	'CREATE VIEW inner_view AS SELECT group_id, percentage FROM ngeshare.meeting,
		ngeshare.percentage(1, 2)'
);
like(
	psql_errors($local, 'old', 'ALTER EXTENSION ngeshare UPDATE;'),
	qr/^ERROR:  2BP01: objects outside the extension depend on internals that the update replaces\nDETAIL:  view public\.inner_view depends on .*\nHINT:  Drop them, update, and create them again\. Nothing was changed\.\n/,
	'a view on internals is named');
is($local->safe_psql('old', catalog()), $before, 'and nothing was changed');
$local->safe_psql('old', 'DROP VIEW inner_view');
my $sync = Session->start($local, 'old');
$sync->run(q{SELECT pg_advisory_lock(x'6e67657368617265'::bigint)});
like(
	psql_errors($local, 'old', 'ALTER EXTENSION ngeshare UPDATE;'),
	qr/^ERROR:  NG001: a sync is running\n/,
	'nor is it while a sync runs');
$sync->end;
like(
	psql_errors(
		$local, 'old', 'BEGIN ISOLATION LEVEL REPEATABLE READ; ALTER EXTENSION ngeshare UPDATE;'),
	qr/^ERROR:  25000: /,
	'nor in a repeatable read transaction');
is($local->safe_psql('old', catalog()), $before, 'and nothing was changed');

# The update, by a superuser who is not the extension's owner.
my @kept = kept_data('old');
my $lines = 0;
$local->safe_psql('postgres', 'CREATE DATABASE other TEMPLATE old');
$local->safe_psql(
	'old',
	q{ALTER EXTENSION ngeshare UPDATE; SELECT current_user},
	extra_params => [ '-U', 'admin' ]);
is_same_catalog('old', 'after the update the catalog is a fresh install\'s');
cmp_ok($lines, '>', 3000, "in $lines lines");
is_deeply([ kept_data('old') ], \@kept, 'no row of data has changed but those by hand');
cmp_ok(scalar(@kept), '>', 2000, 'of ' . @kept);
is( psql_errors($local, 'old', 'ALTER EXTENSION ngeshare UPDATE;'),
	qq{NOTICE:  00000: version "2.0" of extension "ngeshare" is already installed\n},
	'a second update finds nothing to do');
is_deeply(
	[ rows_of($local, 'old', 'TABLE ngeshare.expected_trigger') ],
	[ rows_of($local, 'fresh', 'TABLE ngeshare.expected_trigger') ],
	'the doctor expects the same triggers');
is_deeply(
	[
		rows_of(
			$local, 'old', 'SELECT run_id, known_until, link_settings FROM ngeshare.snapshot_state')
	],
	[
		rows_of(
			$local, 'fresh',
			'SELECT run_id, known_until, link_settings FROM ngeshare.snapshot_state')
	],
	'what is known until when is the last sync\'s clock, and links follow the database\'s settings'
);
like($local->safe_psql('old', 'SELECT link_settings FROM ngeshare.snapshot_state'),
	qr/\b80\b/, 'which are in use');
$local->safe_psql('old', 'REFRESH MATERIALIZED VIEW snapped');

for my $relation ('mine', 'mine_api', 'mine()', 'snapped')
{
	is_deeply(
		[ rows_of($local, 'old', "SELECT * FROM $relation") ],
		[ rows_of($local, 'fresh', "SELECT * FROM $relation") ],
		"what a user built still answers: $relation");
}
for my $as_of (@as_of)
{
	my ($wanted, $got) = map { answers($_, $as_of, views_of('fresh')) } qw(fresh old);
	is_deeply([ answers_apart($wanted, $got) ],
		[], "every view answers as a fresh install as of $as_of");
}
run_roles($_) for qw(fresh old);
is_same_catalog('old', 'scripts/roles.sql gives what it gives on a fresh install');

# A dump of the updated database can be restored. A dump never contains what users have added to an
# extension's table.
for my $database (qw(fresh old other))
{
	$local->safe_psql($database,
		'ALTER TABLE "User" DROP nickname; DROP INDEX own_index; DROP TRIGGER own_trigger ON "User"'
	);
}
$local->safe_psql('postgres', $_)
  for 'CREATE DATABASE restored', 'ALTER DATABASE restored SET ngeshare.link_days = 80';
my $dump = PostgreSQL::Test::Utils::tempdir() . '/old.dump';
$local->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $local->connstr('old') ], 'it is dumped');
$local->command_ok([ 'pg_restore', '--exit-on-error', '-d', $local->connstr('restored'), $dump ],
	'and restored');
is_same_catalog('restored', 'with the same catalog', 'old', '^first rights');
is_deeply(
	[ kept_data('restored') ],
	[ grep { !/^ngeshare\.alert_outbox / } kept_data('old') ],
	'and the same data');
is_deeply([ answers_apart(map { answers($_, $second, views_of('fresh')) } qw(old restored)) ],
	[], 'and answers');

# Syncs continue after the update.
$production->safe_psql(
	'source', q{
	INSERT INTO "User" (id, "updatedAt", email) VALUES ('newcomer', '2026-04-05', 'new@example.org');
	DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance"
		ORDER BY "attendedAt", id LIMIT 2)}
);
for my $mode (qw(incremental full verify))
{
	like(sync_local($local, $_, $next, $mode), qr/succeeded/, "$_ syncs on, $mode")
	  for qw(fresh old);
	my %last = map { $_ => answers($_, $next, views_of('fresh')) } qw(fresh old);
	delete @{ $last{fresh} }{qw(api.sync_runs api.sync_tables)};
	is_deeply([ answers_apart($last{fresh}, $last{old}) ], [], 'and both answer the same');
}
is( $local->safe_psql(
		'old',
		q{SELECT max(run_id) || ' ' || (SELECT count(*) FROM "User" WHERE id = 'newcomer') FROM sync_run}
	),
	'5 1',
	'with the next runs, which bring what is new');
is_deeply(
	[ rows_of($local, 'old', 'TABLE ngeshare.meeting') ],
	[ rows_of($local, 'fresh', 'TABLE ngeshare.meeting') ],
	'from the same history');
$local->safe_psql(
	'old',
	'UPDATE course_config SET max_episodes = 9 WHERE sequence_order = 1;
		ALTER DATABASE old RESET ngeshare.link_days'
);
$local->safe_psql('old', 'SELECT ngeshare_refresh()');
is_deeply([ answers_differ($production, 'source', $local, 'old', $next) ],
	[], 'and every answer is the reference\'s');
is( $local->safe_psql('old', q{SELECT ngeshare_restore_deleted(2)}),
	$local->safe_psql('fresh', q{SELECT ngeshare_restore_deleted(2)}),
	'what 1.1 archived comes back as what 2.0 did');

# If the time zone differs from the history's, the update succeeds and the answers are refused.
$local->safe_psql(
	'postgres', "ALTER DATABASE other SET ngeshare.link_days = 80;
	ALTER DATABASE other SET ngeshare.timezone = 'America/New_York'");
$local->safe_psql('other', 'ALTER EXTENSION ngeshare UPDATE');
is_same_catalog(
	'other', 'the update succeeds in another zone',
	'restored', '^(first rights|schema|relation|function) ');
like(
	psql_errors($local, 'other', 'TABLE v_group_status;'),
	qr/^ERROR:  55000: /,
	'where answers are refused');
$local->safe_psql('postgres', 'ALTER DATABASE other RESET ngeshare.timezone');
like(
	psql_errors($local, 'other', 'TABLE v_group_status;'),
	qr/^ERROR:  55000: .*\nHINT:  SELECT ngeshare_refresh\(\);\n/,
	'until it is the same, and the snapshot is made');
$local->safe_psql('other', 'SELECT ngeshare_refresh()');
is( $local->safe_psql('other', q{SELECT (run_id, known_until)::text FROM ngeshare.snapshot_state}),
	$local->safe_psql(
		'other',
		q{SELECT (run_id, clock)::text FROM sync_run WHERE status = 'success'
			ORDER BY run_id DESC LIMIT 1}
	),
	'what is known until when is the last sync\'s clock there, too');
is_deeply([ answers_apart(map { answers($_, $second, views_of('fresh')) } qw(restored other)) ],
	[], 'Then they are the same');

$production->stop;
$local->stop;
done_testing();

# Reads the extension's views, and calls most of those of its functions that need no argument.
# Returns the SQLSTATEs of the errors.
sub codes_of
{
	my ($database) = @_;
	my @calls = split /\n/, $local->safe_psql(
		$database, q{
		SELECT CASE WHEN relation.oid IS NOT NULL THEN 'TABLE ' || relation.oid::regclass
			ELSE format('SELECT %s()', replace(proc.oid::regproc::text, '"', '')) END
		FROM pg_depend AS member
		LEFT JOIN pg_class AS relation ON relation.oid = objid AND classid = 'pg_class'::regclass
			AND relkind = 'v'
		LEFT JOIN pg_proc AS proc ON proc.oid = objid AND classid = 'pg_proc'::regclass AND prokind = 'f'
			AND prorettype <> 'trigger'::regtype AND pronargs = pronargdefaults
			AND proname !~ 'cron' AND proname NOT IN ('ngeshare_sync_start', 'ngeshare_unschedule',
				'ngeshare_alert_test')
		WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ngeshare')
			AND (relation.oid IS NOT NULL OR proc.oid IS NOT NULL)
		ORDER BY 1});
	my $errors = psql_errors($local, $database, join '', map { "BEGIN; $_; ROLLBACK;\n" } @calls);
	my %codes = map { $_ => 1 } $errors =~ /^ERROR:  (\w{5}): (?!relation "cron\.)/mg;

	cmp_ok(scalar(@calls), '>', 60, 'called: ' . @calls);
	note($errors =~ s/^(?!ERROR).*\n//mgr) if $ENV{NGESHARE_SHOW_CODES};
	return sort keys %codes;
}

# Returns the query that prints everything that the catalog says of the extension.
sub catalog
{
	return "SET search_path = '';\n" . slurp_file("$FindBin::RealBin/lib/catalog.sql");
}

# Tests that the catalogs of two databases are the same, and prints the differences.
sub is_same_catalog
{
	my ($database, $name, $other, $without) = @_;
	my ($wanted, $got) = map {
		[ sort grep { !$without || !/$without/ } split /\n/, $local->safe_psql($_, catalog()) ]
	} $other // 'fresh', $database;

	$lines = @$got;
	is(join("\n", differences($wanted, $got)), '', $name);
	return;
}

# Returns a hash from the extension's relations of the given kinds to their columns, without
# generated columns.
sub columns_of
{
	my ($database, $kinds) = @_;
	my %columns;

	for my $line (
		rows_of(
			$local, $database, qq{
		SELECT relation.oid::regclass, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
		FROM pg_class AS relation
		JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
			AND attgenerated = ''
		JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'e'
		WHERE relkind IN ($kinds)
		GROUP BY relation.oid}))
	{
		my ($name, $list) = split /\t/, $line;
		$columns{$name} = $list;
	}
	return %columns;
}

# Returns the views that users and the page read, each with its columns. Views that depend on the
# real clock are left out.
sub views_of
{
	my ($database) = @_;
	my %columns = columns_of($database, q{'v'});

	delete @columns{
		grep { !/^(v_|api\.)/ || /^(v_sync_health|api\.(freshness|sync_status|sync_health))$/ }
		  keys %columns
	};
	return \%columns;
}

# Returns what the views answer as of an instant.
sub answers
{
	my ($database, $as_of, $views) = @_;
	return answers_of(
		$local, $database,
		"SET ngeshare.as_of = '$as_of';\n",
		map { $_ => "SELECT $views->{$_} FROM $_" } keys %$views);
}

# Returns the lines that differ between two sets of answers, each prefixed with its view's name.
sub answers_apart
{
	my ($wanted, $got) = @_;
	return map {
		my $view = $_;
		map { "$view $_" } differences($wanted->{$view}, $got->{$view} // [])
	} sort keys %$wanted;
}

# Copies into a database the table data that a dump of another database would contain, in the order
# of a dump.
sub copy_data
{
	my ($from, $to) = @_;
	my %given = columns_of($from, q{'r'});
	my %wanted = columns_of($to, q{'r'});
	my $restore =
	  "SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = off;\n";
	my $file = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir() . '/table');

	for my $line (
		split /\n/,
		$local->safe_psql(
			$to, q{
		SELECT format('%s %s', relkind, relation.oid::regclass)
		FROM pg_extension, unnest(extconfig) WITH ORDINALITY AS dumped (relation, number)
		JOIN pg_class AS relation ON relation.oid = dumped.relation
		WHERE extname = 'ngeshare' ORDER BY number}))
	{
		my ($kind, $table) = split / /, $line;
		my $path = $table =~ /\./ ? $table : "public.$table";

		if ($kind eq 'S')
		{
			my $last =
			  $local->safe_psql($from, "SELECT last_value || ', ' || is_called FROM $path");
			$local->safe_psql($to, "SELECT setval('$path', $last)");
			next;
		}
		my %known = map { $_ => 1 } split /, /, $given{$table} // next;
		my $columns = join ', ', grep { $known{$_} } split /, /, $wanted{$table};
		my $rows = as_of_1_1($path);
		$local->safe_psql($from, "COPY (SELECT $columns FROM $rows AS given) TO '$file'");
		$local->safe_psql($to, "${restore}COPY $path ($columns) FROM '$file'");
	}
	return;
}

# Returns a query for a table's rows in the form of 1.1, which archived each row as one jsonb value
# in one table.
sub as_of_1_1
{
	my ($table) = @_;
	my %parts = (
		'ngeshare.removed_row' => [
			'removed_at',
			map { "removed_$_" }
			  qw(user hangout hangout_episode hangout_group user_hangout_group attendance)
		],
		'ngeshare.attendance_backup' => [ 'kind', 'replaced_attendance' ]);
	my ($column, @parts) = @{ $parts{$table} // return $table };

	return '(' . join(
		' UNION ALL ',
		map {
			"SELECT run_id, table_name, row_id, $column, CASE WHEN id IS NOT NULL
				THEN to_jsonb(part) - '{run_id,table_name,row_id,content,$column}'::text[] END AS content
					FROM ngeshare.$_ AS part"
		} @parts) =~ s/table_name, (?=row_id, kind)//gr . ')';
}

# Writes by hand: attendance in the window and long before it, a course of another length, and an
# alert that waits.
sub write_by_hand
{
	my ($database) = @_;

	$local->safe_psql(
		$database, q{
		INSERT INTO "UserHangoutGroupAttendance"
		SELECT 'by-hand-' || number, at, "hangoutEpisodeId", "hangoutGroupId", "userId"
		FROM (VALUES (1, timestamp '2026-03-30 10:00'), (2,
			timestamp '2025-06-01 10:00')) AS moment (number, at)
		CROSS JOIN (SELECT * FROM "UserHangoutGroupAttendance" ORDER BY id COLLATE "C" LIMIT 1) AS picked;
		UPDATE course_config SET max_episodes = 8 WHERE sequence_order = 1;
		INSERT INTO ngeshare.alert_outbox (kind, payload) VALUES ('test', '{}')});
	return;
}

# Returns the rows of all tables that a database of 2.0 has too, except derived and internal tables,
# columns that the update adds, and meetings written by hand.
sub kept_data
{
	my ($database) = @_;
	my %columns = columns_of($database, q{'r'});
	my %after = columns_of('fresh', q{'r'});
	my @rows;

	for my $table (
		sort grep {
			!/^ngeshare\.(settled_|unsettled|answer_cache|group_|membership|snapshot_|place_snapshot|course_snapshot|episode_snapshot|stale_key|write_mark|digest|expected_trigger|stage_|sync_state|sync_progress)/
			  && $after{$_}
		} keys %columns)
	{
		my %known = map { $_ => 1 } split /, /, $after{$table};
		my $list = join ', ', grep { $known{$_} && $_ ne 'past_compared_since' } split /, /,
		  $columns{$table};
		push @rows,
		  map { "$table $_" } rows_of($local, $database,
			"SELECT $list FROM $table"
			  . ($columns{$table} =~ /\bby_hand\b/ ? ' WHERE NOT by_hand' : ''));
	}
	return @rows;
}

# Runs scripts/roles.sql in a database.
sub run_roles
{
	my ($database) = @_;
	my $said = '';

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-d', $local->connstr($database),
			'-f', "$FindBin::RealBin/../scripts/roles.sql"
		],
		'>',
		\$said,
		'2>&1') or die "roles.sql failed: $said";
	return;
}
