# Tests that a look-alike object never runs with another role's privileges. A login that may only
# create objects plants operators, functions, types and relations (t/lib/shadow.sql) in public, in a
# schema named like the superuser, in its pg_temp, and in the schema "twin", which comes before
# pg_catalog in a poisoned search_path. Then other roles use everything that the extension offers. A
# look-alike that runs as another role than its owner writes that to the server's log and raises
# SH001.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

needs_pg_cron();
offer_release_1_1();
my ($production, $local) = start_servers();
my %path = (usual => 'DEFAULT', poisoned => 'twin, "$user", public, pg_catalog');
my $read = 0;

new_production($production, 'source');
$production->safe_psql('source', q{SELECT demo.generate(12, 71, now())});
$local->append_conf(
	'postgresql.conf',
	join "\n",
	"shared_preload_libraries = 'pg_cron'",
	"cron.database_name = 'planted'",
	'cron.launch_active_jobs = off',
	'jit = off',
	"ngeshare.alert_url = 'http://127.0.0.1:1/'",
	'ngeshare.sync_retry_base = 1',
	'');
$local->restart;
my $superuser = asked('postgres', 'SELECT current_user');
asked('postgres',
	'CREATE ROLE shadow LOGIN; CREATE ROLE keeper SUPERUSER LOGIN; CREATE ROLE writer LOGIN');

# The look-alikes are effective. In the database "early" version 1.1 was installed before they were
# planted; "planted" does not have the extension yet.
asked('postgres', 'CREATE DATABASE early');
asked('early', q{SET search_path = public; CREATE EXTENSION ngeshare VERSION '1.1' CASCADE});
plant('early');
asked('postgres', 'CREATE DATABASE planted TEMPLATE early');
asked('planted',
	'DROP EXTENSION ngeshare; CREATE EXTENSION pg_cron; GRANT CREATE ON DATABASE planted TO shadow'
);
cmp_ok(asked('planted', 'SELECT count(*) FROM shadow.planted WHERE is_planted'),
	'>', 1900, 'there are twins');
cmp_ok(asked('planted', 'SELECT count(*) FROM shadow.variant'),
	'>', 5000, 'and variants of functions and operators');
my $compare = q{SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text};
is(errors_of('planted', 'keeper', "SET search_path = twin, pg_catalog; $compare"),
	'SH001', 'a twin fails as somebody else');
is(errors_of('planted', 'shadow', "SET search_path = twin, pg_catalog; $compare"),
	'', 'but not as who planted it');
is(errors_of('planted', $superuser, 'SELECT 1.5 * 2'),
	'SH001', 'so does a variant, by the usual path');
is( join("\n", ran()),
	qq{planted twin.texteq(text, text) ran as keeper\n}
	  . qq{planted public."operator *"(numeric, integer) ran as $superuser},
	'and the log says who ran what');

# Other roles use the extension.
is(errors_of('planted', 'keeper', 'CREATE EXTENSION ngeshare'), '', 'CREATE EXTENSION');
is(bound('planted'), '', 'no object of ours depends on one of somebody else');
is(unpinned('planted'), '', 'and no function of ours looks names up in the caller\'s path');
cmp_ok(asked('planted', 'SET ROLE shadow; SELECT shadow.plant_overloads()'),
	'>', 40, 'now our own functions have overloads');
is(errors_of('planted', $superuser, [ '-f', "$FindBin::RealBin/../scripts/roles.sql" ]),
	'', 'scripts/roles.sql');
asked(
	'planted',
	q{ALTER ROLE ngeshare_operator LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO writer;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO shadow});
work($_) for qw(usual poisoned);
is(errors_of('planted', 'keeper', 'DROP EXTENSION ngeshare'), '', 'DROP EXTENSION');
is(join("\n", ran()), '', 'no look-alike ran with another\'s rights');

# The update from 1.1, which was installed before the look-alikes were planted.
asked('postgres', "ALTER DATABASE early SET search_path = $path{poisoned}");
is(errors_of('early', 'keeper', 'SELECT ngeshare.asked_at(pg_catalog.now())'),
	'55000', 'before its update 1.1 refuses');
is(errors_of('early', 'keeper', 'ALTER EXTENSION ngeshare UPDATE'), '', 'ALTER EXTENSION UPDATE');
is(bound('early'), '', 'no object of ours depends on one of somebody else after it');
is(join("\n", ran()), '', 'and no look-alike ran with another\'s rights');
is( errors_of(
		'postgres', $superuser, q{CREATE EXTENSION ngeshare VERSION '1.1' CASCADE;
	CREATE FUNCTION public.planted() RETURNS pg_catalog.timestamptz
		LANGUAGE sql AS 'SELECT pg_catalog.now()';
	ALTER TABLE ngeshare.source ALTER recorded_at SET DEFAULT public.planted();
	ALTER EXTENSION ngeshare UPDATE}),
	'55000',
	'an update keeps no part of a table that uses one');

$production->stop;
$local->stop;
done_testing();

# Uses everything that the extension offers, with a search_path set for the database.
sub work
{
	my ($which) = @_;
	my $connect =
	  connect_local($production, 'source') =~ s/ngeshare_connect/public.ngeshare_connect/r;

	asked('postgres', "ALTER DATABASE planted SET search_path = $path{$which}");
	is(errors_of('planted', 'keeper', $connect), '', "$which: ngeshare_connect()") for 1 .. 2;
	sync_as($which, $superuser, qw(full incremental verify));
	sync_as($which, 'shadow', 'incremental');
	sync_in_worker($which);
	is(errors_of('planted', 'shadow', temporary() . call('incremental')),
		'', "$which: shadow syncs, with look-alikes in pg_temp");
	is(resolving(errors_of('planted', 'shadow', temporary() . call_all('public'))),
		'', "$which: every function, with look-alikes in pg_temp");
	is(errors_of('planted', 'keeper', read_all('public', 'ngeshare', 'api', 'production')),
		'', "$which: every view and table");

	# 22004: a step is NULL. 22023: the group or the follow-up does not exist.
	is( errors_of('planted', 'ngeshare_operator', read_all('api') . call_all('api')),
		'22004 22023 PGRST',
		"$which: the API");
	is(resolving(errors_of('planted', $superuser, call_all('public', 'ngeshare', 'api'))),
		'', "$which: every function");
	is(errors_of('planted', $superuser, by_hand('SELECT public.ngeshare_refresh();')),
		'', "$which: writes by hand and refreshes");
	is(errors_of('planted', 'writer', by_hand('')), '', "$which: writes by hand as somebody else");
	is( errors_of(
			'planted', 'ngeshare_operator',
			'INSERT INTO public."User" (id, "updatedAt") VALUES (\'no\', \'2026-01-01\')'),
		'42501',
		"$which: an operator may not write");
	is( errors_of(
			'planted', 'ngeshare_operator',
			'BEGIN ISOLATION LEVEL READ COMMITTED; SELECT public.ngeshare_refresh(); COMMIT'),
		'',
		"$which: but refresh");
	is( errors_of(
			'planted', 'keeper',
			q{SELECT public.ngeshare_schedule('@hourly'::pg_catalog.text); TABLE cron.job}),
		'',
		"$which: schedule");
	my $jobs = asked('planted', q{SELECT string_agg(command, '; ') FROM cron.job});
	is(errors_of('planted', 'keeper', [ map { ('-c', $_) } split /; /, $jobs ]),
		'', "$which: what pg_cron runs");
	is(errors_of('planted', 'keeper', 'SELECT public.ngeshare_unschedule()'),
		'', "$which: unschedule");
	return;
}

# Runs syncs of some modes by CALL, with changes in production and a table that fails, and undoes a
# run.
sub sync_as
{
	my ($which, $user, @modes) = @_;

	for my $mode (@modes)
	{
		change_production() if $mode eq 'incremental';
		is(errors_of('planted', $user, call($mode)), '', "$which: $user syncs, $mode");
	}
	my $run =
	  asked('planted', q{SELECT max(run_id) FROM public.sync_run WHERE mode = 'incremental'});
	is( resolving(
			errors_of(
				'planted',
				$superuser,
				"SELECT public.ngeshare_restore_deleted($run\::pg_catalog.int8);
				SELECT public.ngeshare_restore_attendance($run\::pg_catalog.int8)"
			)),
		'',
		"$which: undo");
	asked_production('REVOKE SELECT ON "HangoutGroup" FROM ngeshare_reader');
	is(errors_of('planted', $user, call('incremental')),
		'42501', "$which: $user syncs with a table that fails");
	asked_production('GRANT SELECT ON "HangoutGroup" TO ngeshare_reader');
	return;
}

# Runs syncs in a worker, started by the page's function and by SQL.
sub sync_in_worker
{
	my ($which) = @_;

	for my $start (
		[
			'ngeshare_operator', q{SET request.method = 'POST';
			SET request.headers = '{"x-ngeshare": "sync", "content-type": "application/json"}';
			SELECT api.pre_request(); SELECT api.sync_start('full'::pg_catalog.text)}
		],
		[ $superuser, q{SELECT public.ngeshare_sync_start('incremental'::pg_catalog.text)} ])
	{
		for my $fails (0, 1)
		{
			asked_production('REVOKE SELECT ON "HangoutGroup" FROM ngeshare_reader') if $fails;
			is(errors_of('planted', @$start), '', "$which: $start->[0] starts a worker");
			wait_for_worker();
			is( asked('planted', 'SELECT status FROM public.sync_run ORDER BY run_id DESC LIMIT 1'),
				$fails ? 'failed' : 'success',
				'which ends');
			asked_production('GRANT SELECT ON "HangoutGroup" TO ngeshare_reader') if $fails;
		}
	}
	return;
}

# Waits until the worker's run has ended, for half a minute at most.
sub wait_for_worker
{
	my $end = time + 30;

	while (time < $end)
	{
		return
		  if asked('planted', q{SELECT count(*) FROM public.sync_run WHERE status = 'running'}) eq
		  '0';
		select(undef, undef, undef, 0.1);
	}
	die "the worker's run does not end";
}

sub call
{
	my ($mode) = @_;
	return "CALL public.ngeshare_sync('$mode'\::pg_catalog.text, NULL::pg_catalog.text[])";
}

# Changes, adds and deletes rows in production for the next sync.
sub change_production
{
	asked_production(
		q{
		UPDATE "User" SET email = 'moved-' || email, "updatedAt" = now() WHERE id IN (SELECT id
			FROM "User" ORDER BY random() LIMIT 3);
		INSERT INTO "User" (id, "updatedAt", email) VALUES (gen_random_uuid(), now(), 'new@example.org');
		DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance"
			ORDER BY "attendedAt" DESC LIMIT 2);
		DELETE FROM "UserHangoutGroupAttendance" WHERE id IN (SELECT id FROM "UserHangoutGroupAttendance"
			ORDER BY "attendedAt" LIMIT 2)}
	);
	return;
}

# Returns statements that read every table, view and foreign table of some schemas.
sub read_all
{
	my $schemas = join ',', @_;
	return asked(
		'planted', qq{
		SELECT string_agg(format('SELECT * FROM %I.%I;', nspname, relname), ' ' ORDER BY relname)
		FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
		WHERE nspname = ANY ('{$schemas}') AND relkind IN ('r', 'v', 'f')});
}

# Returns statements that make a temporary look-alike of every relation of the extension in public,
# and of those of PostgreSQL's relations that have a look-alike in the schema "twin".
sub temporary
{
	return asked(
		'planted', q{
		SELECT string_agg(DISTINCT format('CREATE TEMP VIEW %I AS SELECT shadow.note(%L);', relname,
			'pg_temp.' || relname), ' ')
		FROM pg_class
		WHERE relnamespace IN ('public'::regnamespace, 'twin'::regnamespace) AND relkind IN ('r', 'v')}
	) . "\n";
}

# Returns statements that call every function of the extension in some schemas, except trigger
# functions, each in a transaction that is rolled back. The values depend on the arguments' names
# and types.
sub call_all
{
	my $schemas = join ',', @_;
	return asked(
		'planted', qq{
		SELECT string_agg(format('BEGIN; SELECT * FROM %s(%s); ROLLBACK;', proc.oid::regproc, (
			SELECT string_agg(CASE
				WHEN name = 'group_id' THEN (SELECT format('%L::pg_catalog.text', min(id))
					FROM public."HangoutGroup")
				WHEN name = 'user_id' THEN (SELECT format('%L::pg_catalog.text', min("userId"))
					FROM public."UserHangoutGroup")
				WHEN name IN ('sql', 'question') THEN '''SELECT 1''::pg_catalog.text'
				WHEN name = 'name' AND proc.proname IN ('setting', 'link_rule')
					THEN '''active_days''::pg_catalog.text'
				WHEN name = 'condition' THEN '''true''::pg_catalog.text'
				WHEN name = 'mirror' THEN '''public."User"''::pg_catalog.regclass'
				WHEN name = 'archive' THEN '''ngeshare.removed_user''::pg_catalog.regclass'
				WHEN name = 'archived' THEN '''ngeshare.removed_user WHERE true''::pg_catalog.text'
				WHEN name = 'table_name' THEN '''User''::pg_catalog.text'
				WHEN type = 'int8'::regtype THEN format('%s::pg_catalog.int8', (SELECT max(run_id)
					FROM public.sync_run))
				WHEN type = 'int4'::regtype THEN '1::pg_catalog.int4'
				WHEN type IN ('timestamp'::regtype, 'timestamptz'::regtype, 'date'::regtype)
					THEN format('''2026-03-31 12:00''::pg_catalog.%s', (SELECT typname FROM pg_type
						WHERE oid = type))
				WHEN type IN ('text'::regtype, 'bool'::regtype) THEN format('''1''::pg_catalog.%s',
					(SELECT typname FROM pg_type WHERE oid = type))
				WHEN type = 'jsonb[]'::regtype OR type = 'jsonb'::regtype
					THEN format('''{}''::pg_catalog.%s', type)
				WHEN type = 'text[]'::regtype THEN (SELECT format('%L::pg_catalog.text[]', array_agg(id))
					FROM public."HangoutGroup")
				ELSE format('NULL::%s', CASE WHEN type < 16384 THEN 'pg_catalog.' || (SELECT typname
					FROM pg_type WHERE oid = type) ELSE type::text END)
			END, ', ' ORDER BY place)
			FROM unnest(proargtypes::regtype[], proargnames[1:pronargs]) WITH ORDINALITY AS argument (type,
				name, place))), E'\\n' ORDER BY proc.oid)
		FROM pg_proc AS proc
		JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = proc.oid AND deptype = 'e'
		JOIN pg_extension AS extension ON refclassid = 'pg_extension'::regclass
			AND refobjid = extension.oid AND extname = 'ngeshare'
		WHERE prokind = 'f'
		  AND pronamespace = ANY ('{$schemas}'::regnamespace[])
		  AND prorettype <> 'trigger'::regtype
		  AND NOT 'internal'::regtype = ANY (proargtypes)});
}

# Returns writes that fire every trigger of the extension.
sub by_hand
{
	my ($refresh) = @_;

	return q{
		BEGIN;
		INSERT INTO public."User" (id, "updatedAt") VALUES ('by-hand', '2026-01-01');
		INSERT INTO public."UserHangoutGroupAttendance" SELECT 'by-hand', '2026-03-31',
			"hangoutEpisodeId", "hangoutGroupId", "userId"
			FROM public."UserHangoutGroupAttendance" LIMIT 1;
		UPDATE public."User" SET email = 'changed';
		UPDATE public."Hangout" SET name = name;
		UPDATE public."HangoutEpisode" SET "order" = "order";
		UPDATE public."HangoutGroup" SET name = 'changed';
		UPDATE public."UserHangoutGroup" SET "userEmail" = 'changed';
		UPDATE public."UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt";
		UPDATE public.course_config SET max_episodes = max_episodes;
		} . $refresh . q{
		DELETE FROM public."UserHangoutGroupAttendance";
		DELETE FROM public."UserHangoutGroup";
		TRUNCATE public."User", public."Hangout", public."HangoutEpisode", public."HangoutGroup",
			public."UserHangoutGroup",
			public."UserHangoutGroupAttendance", public.course_config;
		} . $refresh . q{
		ROLLBACK};
}

# Plants all look-alikes in a database, as the login that may create objects there.
sub plant
{
	my ($database) = @_;
	my $folder = $local->config_data('--sharedir') . '/extension';
	my $library = slurp_file($local->config_data('--pkglibdir') . '/ngeshare.so') . join '',
	  map { slurp_file($_) } glob "$folder/ngeshare--1.*.sql";
	my %words = map { $_ => 1 } $library =~ /[a-z_][a-z_0-9]*/g;

	asked($database,
		"GRANT CREATE ON DATABASE $database TO shadow; GRANT CREATE ON SCHEMA public TO shadow");
	my $errors = errors_of(
		$database,
		'shadow',
		[
			'-v', 'words=' . join(' ', sort grep { length($_) < 64 } keys %words),
			'-f', "$FindBin::RealBin/lib/shadow.sql"
		]);
	is($errors, '', "a login plants look-alikes in $database");
	for my $schema ('public', $superuser)
	{
		asked($database,
			"SET ROLE shadow; SET check_function_bodies = off; SELECT shadow.plant_variants('$schema')"
		);
	}
	return;
}

# Returns the look-alikes that have run as another role since the last call, in the order of the
# log.
sub ran
{
	my $log = slurp_file($local->logfile, $read);
	my %seen;

	$read += length $log;
	return grep { !$seen{$_}++ } $log =~ /LOG:  (?:\w+: )?(planted .* ran as .*)/g;
}

# Returns the extension's objects that depend on an object of neither the extension nor PostgreSQL.
sub bound
{
	my ($database) = @_;
	return asked(
		$database, q{
		WITH member AS (
			SELECT classid, objid
			FROM pg_depend
			JOIN pg_extension AS extension ON refclassid = 'pg_extension'::regclass
				AND refobjid = extension.oid
			WHERE extname IN ('ngeshare', 'postgres_fdw', 'plpgsql') AND deptype = 'e'
		), part AS (
			SELECT 'pg_rewrite'::regclass::oid AS classid, oid AS objid, ev_class AS relation FROM pg_rewrite
			UNION ALL SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
			UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
			UNION ALL SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger
			UNION ALL SELECT 'pg_type'::regclass, oid, typrelid FROM pg_type
			UNION ALL SELECT 'pg_type'::regclass, list.oid, element.typrelid
				FROM pg_type AS list JOIN pg_type AS element ON element.typarray = list.oid
			UNION ALL SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
		), ours AS (
			SELECT classid, objid FROM member
			UNION
			SELECT part.classid, part.objid FROM part JOIN member ON member.classid = 'pg_class'::regclass
				AND member.objid = relation
		)
		SELECT string_agg(format('%s uses %s', pg_describe_object(depend.classid, depend.objid,
			depend.objsubid),
			pg_describe_object(refclassid, refobjid, refobjsubid)), E'\n')
		FROM pg_depend AS depend
		JOIN ours USING (classid, objid)
		WHERE refobjid >= 16384
		  AND refclassid <> 'pg_extension'::regclass
		  AND (refclassid, refobjid) NOT IN (SELECT classid, objid FROM ours)});
}

# Returns the extension's functions whose body is parsed at run time with the caller's search_path.
sub unpinned
{
	my ($database) = @_;
	return asked(
		$database, q{
		SELECT string_agg(proc.oid::regprocedure::text, E'\n')
		FROM pg_proc AS proc
		JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = proc.oid AND deptype = 'e'
		JOIN pg_extension AS extension ON refclassid = 'pg_extension'::regclass
			AND refobjid = extension.oid AND extname = 'ngeshare'
		JOIN pg_language AS language ON language.oid = prolang
		WHERE lanname IN ('sql', 'plpgsql')
		  AND prosqlbody IS NULL
		  AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)});
}

# Runs the test's own query with a search_path that contains no look-alikes.
sub asked
{
	my ($database, $sql) = @_;
	return $local->safe_psql($database, "SET search_path = pg_catalog;\n$sql");
}

sub asked_production
{
	my ($sql) = @_;
	$production->safe_psql('source', $sql);
	return;
}

# Runs statements, or psql with arguments, as a user; returns the distinct SQLSTATEs of the errors.
sub errors_of
{
	my ($database, $user, $do) = @_;
	my @arguments = ref $do ? @$do : ('-f', '-');
	my ($output, $errors) = ('', '');
	my %states;

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'VERBOSITY=verbose', '-U', $user, '-d',
			$local->connstr($database), @arguments
		],
		'<',
		ref $do ? \'' : \$do,
		'>',
		\$output,
		'2>',
		\$errors);
	$states{$1}++ while $errors =~ /(?:ERROR|FATAL):  (\w{5}):/g;
	note($errors) if %states;
	return join ' ', sort keys %states;
}

# Returns the given SQLSTATEs that mean that a look-alike ran, or may mean that a name was resolved
# to one.
sub resolving
{
	my ($states) = @_;
	return join ' ', grep { /^(SH|42)/ && $_ ne '42501' } split / /, $states;
}
