# Tests that every sync makes the same mirror, whatever is set by the caller, for production's login
# or database, or for the local database (where a worker syncs). Each combination is a "cell". The
# honest cell sets nothing; all others must have the same rows, history, quarantine and archive.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use OddSettings;
use PostgreSQL::Test::Utils;
use Session qw(poll_until);
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();
my @cells;

# Makes a production with texts and numbers that depend on encodings, number formats and quoting.
sub make_production
{
	new_production($production, 'source');
	$production->safe_psql(
		'source', qq{
		SELECT demo.generate(40, 92, '$clock');
		CREATE SCHEMA strange;
		UPDATE "HangoutGroup" SET name = name || ' Äßé漢字', city = E'Kota "B" \\\\ ''x''',
			province = 'NULL';
		UPDATE "Hangout" SET price = 0.1::float8 + 0.2;
		INSERT INTO "Hangout" SELECT (jsonb_populate_record(hangout, '{"id": "gone", "name": "gone"}')).*
			FROM "Hangout" AS hangout LIMIT 1;
		UPDATE "User" SET email = 'ñ' || email WHERE id IN (SELECT id FROM "User" ORDER BY id LIMIT 9);
		UPDATE "UserHangoutGroup" SET "joinedAt" = 'infinity' WHERE id IN (SELECT id
			FROM "UserHangoutGroup" ORDER BY id LIMIT 2);
		DROP SCHEMA reference CASCADE});
	$production->safe_psql('postgres', $_)
	  for 'CREATE DATABASE odd TEMPLATE source', qq{GRANT CONNECT ON DATABASE odd TO $LOGIN};
	return;
}

# Creates another login that reads production, with settings of its own.
sub new_login
{
	my ($name, $settings) = @_;
	my $password = $PASSWORD =~ s/'/''/gr;

	$production->safe_psql('postgres',
		"CREATE ROLE $name LOGIN PASSWORD '$password'; "
		  . as_statements("ALTER ROLE $name", @$settings));
	for my $database (qw(source odd))
	{
		$production->safe_psql(
			$database, qq{
			GRANT CONNECT ON DATABASE $database TO $name;
			GRANT USAGE ON SCHEMA public TO $name;
			GRANT SELECT ON ALL TABLES IN SCHEMA public TO $name});
	}
	append_to_file(
		$production->data_dir . '/pg_hba.conf.new',
		"host all $name 127.0.0.1/32 scram-sha-256\n");
	return;
}

# Makes a cell: a local database, connected to a production, and the way in which it is synced.
sub new_cell
{
	my ($name, %cell) = @_;
	my $database = 'cell' . @cells;

	$local->safe_psql('postgres', $_)
	  for "CREATE DATABASE $database TEMPLATE prepared",
	  "ALTER DATABASE $database SET ngeshare.sync_clock = '$clock'";
	$local->safe_psql('postgres',
		as_statements("ALTER DATABASE $database", @{ $cell{here} // [] }));
	my $connect =
	  connect_local($production, $cell{source} // 'source', user => $cell{login} // $LOGIN);
	my ($conninfo) = $connect =~ /'(.*)'/;

	# Dollar quotes, because a backslash in '...' has another meaning with
	# standard_conforming_strings off.
	$conninfo =~ s/''/'/g;
	my $said = psql_errors($local, $database,
		as_statements('', @{ $cell{caller} // [] })
		  . "SET statement_timeout = 0; SELECT public.ngeshare_connect(\$conninfo\$$conninfo\$conninfo\$)"
	);
	die "$name: $said" if $said =~ /ERROR|FATAL|WARNING/;
	push @cells, { name => $name, database => $database, %cell };
	return;
}

# Syncs a cell. Returns the run's status, with its errors if there were any.
sub sync_cell
{
	my ($cell, $mode) = @_;

	if ($cell->{by_worker})
	{
		$local->safe_psql($cell->{database},
			"SET statement_timeout = 0; SELECT public.ngeshare_sync_start('$mode')");
		poll_until(
			sub {
				honestly($cell, q{SELECT count(*) FROM sync_run WHERE status = 'running'}) eq '0';
			});
	}
	else
	{
		local $ENV{PGCLIENTENCODING} = $cell->{encoding} if $cell->{encoding};

		# t/098 tests full syncs in which every query is parallel.
		my @settings =
		  grep { $mode ne 'full' || $_->[0] !~ /^(?:force_parallel_mode|debug_parallel_query)$/ }
		  @{ $cell->{caller} // [] };
		my $errors = psql_errors($local, $cell->{database},
			as_statements('', @settings) . "CALL public.ngeshare_sync('$mode')");
		note("$cell->{name}, $mode: $errors") if $errors =~ /ERROR|FATAL/;
	}
	return honestly(
		$cell,
		q{SELECT concat_ws(': ', status, (SELECT string_agg(concat_ws(' ', sqlstate, table_name, phase,
			message), '; ')
		FROM sync_error_log AS error WHERE error.run_id = run.run_id)) FROM sync_run AS run
			ORDER BY run_id DESC LIMIT 1}
	);
}

# Queries a cell's database with PostgreSQL's default settings.
sub honestly
{
	my ($cell, $query) = @_;

	return $local->safe_psql(
		$cell->{database},
		'SET datestyle = ISO; SET timezone = UTC; SET intervalstyle = postgres;
			SET extra_float_digits = 1;'
		  . ' SET standard_conforming_strings = on; SET search_path = public;
		  	SET quote_all_identifiers = off; SET client_encoding = UTF8;'
		  . " SET client_min_messages = warning; SET statement_timeout = 0; SET row_security = on;
		  SET transform_null_equals = off; $query"
	);
}

# Returns a hash per table of the mirror, history, snapshot, quarantine and archive, without run
# ids.
sub content_of
{
	my ($cell) = @_;
	my @parts = (
		(   map { qq{public."$_"} }
			  qw(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup UserHangoutGroupAttendance)
		),
		map { "ngeshare.$_" }
		  qw(meeting_past group_snapshot group_timeline group_meeting membership group_link quarantine
		  removed_row removed_meeting attendance_backup));

	return honestly(
		$cell,
		join ' UNION ALL ',
		map {
			my $columns =
				/quarantine|removed_row/            ? 'table_name, row_id, content'
			  : /removed_meeting|attendance_backup/ ? q{to_jsonb(row) - 'run_id' AS kept}
			  :                                       'row.*';
			qq{SELECT '$_ ' || count(*) || ' ' || coalesce(md5(string_agg(row::text, ','
				ORDER BY row::text COLLATE "C")), '') FROM (SELECT $columns FROM $_ AS row) AS row}
		} @parts);
}

# The changes in production before each sync, the same in both of its databases. A slow cell gets
# the changes of two steps at once.
my @steps = (
	[ 'first', 'incremental', '' ],
	[ 'nothing', 'incremental', '' ],
	[
		'change', 'incremental', q{
		UPDATE "HangoutGroup" SET city = 'Šibenik — 東京', "updatedAt" = '2026-03-31 04:30'
			WHERE id IN (SELECT id FROM "HangoutGroup" ORDER BY id LIMIT 5);
		UPDATE "User" SET email = 'é' || email WHERE id IN (SELECT id FROM "User"
			ORDER BY id DESC LIMIT 4);
		UPDATE "Hangout" SET price = 1e-7 + 0.1;
		UPDATE "UserHangoutGroup" SET "joinedAt" = '2026-01-02 03:04:05.678'
			WHERE "joinedAt" = 'infinity';
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" - interval '1 minute'
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" ORDER BY "attendedAt" DESC, id LIMIT 7);
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" - interval '1 minute'
		WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance" ORDER BY "attendedAt", id LIMIT 3)}
	],
	[
		'delete', 'incremental', q{
		DELETE FROM "UserHangoutGroupAttendance" WHERE "hangoutGroupId" = (SELECT min(id)
			FROM "HangoutGroup");
		DELETE FROM "UserHangoutGroup" WHERE "hangoutGroupId" = (SELECT min(id) FROM "HangoutGroup");
		DELETE FROM "HangoutGroup" WHERE id = (SELECT min(id) FROM "HangoutGroup");
		DELETE FROM "Hangout" WHERE id = 'gone'}
	],
	[ 'full', 'full', q{UPDATE "User" SET "lastLogin" = '2026-03-30 20:21:22.023'} ]);

make_production();
new_local($local, 'prepared');
for my $round (0 .. ROUNDS - 1)
{
	new_login("reader_$round", [ odd_settings($production, $round), hand_picked($round) ]);
}

# The rules for the new logins must come before the others in pg_hba.conf.
my $rules = $production->data_dir . '/pg_hba.conf';
my $others = slurp_file($rules);
unlink $rules;
append_to_file($rules, slurp_file($production->data_dir . '/pg_hba.conf.new') . $others);
$production->reload;

# The honest cell comes first, because the others are compared with it.
new_cell('honest');
for my $round (0 .. ROUNDS - 1)
{
	my @odd = (
		odd_settings($local, $round, qr/^client_min_messages$/),
		hand_picked($round), [ session_replication_role => $round % 2 ? 'replica' : 'local' ]);
	my @encoding = ('WIN1252', 'SJIS', 'SQL_ASCII', 'LATIN1');

	new_cell(
		"caller $round, $encoding[$round], login $round",
		caller => \@odd,
		encoding => $encoding[$round],
		login => "reader_$round",
		is_slow => scalar grep { $_->[0] =~ /parallel/ && $_->[1] eq 'regress' } @odd);
}
$production->safe_psql('postgres',
	as_statements('ALTER DATABASE odd', odd_settings($production, 0), hand_picked(0)));
for my $round (0, 1)
{
	new_cell(
		"database there, database here $round, by worker",
		by_worker => 1,
		source => 'odd',
		$round ? (login => 'reader_1') : (),
		here => [
			odd_settings($local, $round, qr/^client_min_messages$/),
			hand_picked($round),
			[ client_encoding => $round ? 'EUC_JP' : 'WIN1252' ]
		]);
}

for my $step (@steps)
{
	my ($name, $mode, $change) = @$step;
	my $wanted;

	for my $database (qw(source odd)) { honest_production($database, $change) if $change ne ''; }
	for my $cell     (@cells)
	{
		next if $cell->{is_slow} && $name =~ /nothing|delete/;
		my $status = sync_cell($cell, $mode);
		my $got = content_of($cell);

		$wanted //= $got;
		is( "$status\n$got",
			($name =~ /first|nothing/ ? 'warning' : 'success') . "\n$wanted",
			"$name: $cell->{name}");
	}
}
views_read_the_same();
what_a_client_lacks();
$production->stop;
$local->stop;
done_testing();

# Tests that the views return the same with other settings for strings and arrays, since their SQL
# could depend on them. Views that show an age are left out.
sub views_read_the_same
{
	my @views = split /\n/, honestly(
		$cells[0],
		q{SELECT format('%I.%I', nspname, relname)
			FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
		WHERE relkind = 'v' AND nspname IN ('public', 'api') AND relname !~ 'freshness|sync_health'
			ORDER BY 1}
	);
	my $query = join '', map {
		qq{SELECT '$_', count(*), md5(string_agg(row::text, ',' ORDER BY row::text COLLATE "C"))
			FROM $_ AS row;\n}
	} @views;
	$query .= "SELECT public.ngeshare_digest('$clock'::timestamptz - interval '7 days')";
	my @read = map { honestly($cells[0], "SET ngeshare.as_of = '$clock'; $_ $query") } '',
	  'SET standard_conforming_strings = off; SET escape_string_warning = off;
	  	SET quote_all_identifiers = on; SET array_nulls = off; SET backslash_quote = off;';

	cmp_ok(scalar @views, '>', 30, 'there are views');
	is($read[1], $read[0], 'each reads the same, and so does the digest, however strings are read');
	return;
}

# Tests that a run ends in the same way if its messages cannot be converted to the client's
# encoding.
sub what_a_client_lacks
{
	my ($cell) = grep { ($_->{encoding} // '') eq 'WIN1252' } @cells;
	my $said = sub {
		local $ENV{PGCLIENTENCODING} = $cell->{encoding};
		return psql_errors($local, $cell->{database}, 'CALL public.ngeshare_sync()');
	};

	honest_production('source', 'ALTER TABLE "User" ADD "漢字" text');
	like(
		$said->(),
		qr/^WARNING: .*new column "\\xE6\\xBC\\xA2\\xE5\\xAD\\x97" \(text\)/m,
		'a warning that its caller has no letters for');
	is( honestly(
			$cell, q{SELECT status || ' ' || (message ~ '漢字') FROM sync_run
		ORDER BY run_id DESC LIMIT 1}),
		'warning true',
		'ends as it should');
	honest_production(
		'source', 'CREATE DOMAIN public."漢" AS integer;
		ALTER TABLE "HangoutGroup" DROP "imageId" CASCADE, ADD "imageId" public."漢"');
	like(
		$said->(),
		qr/^ERROR:  42804: .*"imageId" is of type (?:public\.)?"\\xE6\\xBC\\xA2"/m,
		'and an error is its own');
	return;
}

# Changes production with PostgreSQL's default settings, whatever the database's are.
sub honest_production
{
	my ($database, $change) = @_;

	$production->safe_psql(
		$database,
		'SET datestyle = ISO; SET standard_conforming_strings = on; SET extra_float_digits = 1;
			SET search_path = public;'
		  . ' SET statement_timeout = 0; SET transform_null_equals = off; SET timezone = UTC;
		  	SET default_transaction_isolation = "read committed";'
		  . $change);
	return;
}
