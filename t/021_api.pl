# Tests the API as a browser uses it, through PostgREST and nginx with the project's templates: its
# JSON equals SQL, each number equals the count of the rows that it links to, a sync starts only
# once, and hostile requests are refused.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use JSON::PP;
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Website;

my $clock = '2026-03-31 12:00:00+07';
my $port = website_port();
my $json = JSON::PP->new->canonical;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 51, '$clock')");
new_local($local, 'ngeshare');
make_roles($local);
start_website($local, 'ngeshare_operator');

# The API's answers before the first sync.
is_deeply(
	[ @{ row('/api/home') }{qw(synced groups_total rescuable active_pct)} ],
	[ JSON::PP::false, 0, 0, undef ],
	'before the first sync home says so');
is_deeply(
	[ @{ row('/api/freshness') }{qw(last_success_at status is_running is_stale)} ],
	[ undef, undef, JSON::PP::false, JSON::PP::true ],
	'and so does freshness');
is(refusal(start_sync()), '409 55000', 'a sync before ngeshare_connect(): 409');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);

# The JSON of each of these views equals the rows that SQL returns.
my %as_of = (
	'' => $clock,
	'2026-02-28' => '2026-02-28',
	'2026-01-01T00:00:00+07' => '2026-01-01 00:00:00+07',
	'2025-08-17 17:30:00.25Z' => '2025-08-17 17:30:00.25+00',
	'2026-03-08T09:10:11-03:30' => '2026-03-08 09:10:11-03:30');
for my $view (
	qw(anomalies anomaly_kinds at_risk cohort drop_off facilitator_growth facilitator_monthly
	facilitators forecast_quality funnel
	graduation_days graduation_outliers group_meetings group_status home home_before member_roster
	members pipeline place regular_member rescue_list
	resume_chance status_changes status_trend time_to_graduate))
{
	for my $header (sort keys %as_of)
	{
		my @got = rows("/api/$view", $header ne '' ? ('As-Of' => $header) : ());

		is_deeply(
			\@got,
			[ sql_rows($view, $as_of{$header}) ],
			"$view as of " . ($header || 'the last sync') . ': JSON equals SQL');
		cmp_ok(scalar @got, '>', 0, 'and is not nothing') if $header eq '';
	}
}
is_deeply([ rows("/api/$_") ], [ sql_rows($_, $clock) ], "$_: JSON equals SQL")
  for qw(sync_runs sync_tables sync_errors);
is(row('/api/home')->{as_of},
	'2026-03-31T05:00:00+00:00', 'without As-Of the answer is as of the last sync\'s clock');
is(row('/api/home')->{zone}, 'Asia/Jakarta', 'in the reporting zone');
is_deeply(
	[
		@{ row('/api/basis') }{
			qw(zone as_of as_of_day synced active_days rescue_min_pct link_days link_early_days
			  link_min_shared link_min_overlap_pct window_days)
		}
	],
	[
		'Asia/Jakarta',
		'2026-03-31T05:00:00+00:00',
		'2026-03-31',
		JSON::PP::true,
		28,
		70,
		90,
		30,
		2,
		50,
		45
	],
	'basis says what they go by');
is( row('/api/home')->{rescuable},
	scalar @{ decoded(get('/api/rescue_list')) },
	'home counts the rows of rescue_list');
is( row('/api/home')->{stalled},
	scalar @{ decoded(get('/api/group_status?status=eq.STALLED')) },
	'and those of group_status');
is(row('/api/sync_runs')->{run_id}, '1', 'a run is named by text');
is( $_->{groups},
	scalar @{ decoded(get("/api/anomalies?kind=eq.$_->{kind}")) },
	"anomaly_kinds counts the rows of anomalies: $_->{kind}"
) for @{ decoded(get('/api/anomaly_kinds')) };
like(get('/api/sync_runs')->{content}, qr/"run_id":"1"/, 'not by a number');
is( $json->encode([ map { $_->{days_inactive} } @{ decoded(get('/api/rescue_list')) } ]),
	$json->encode(
		[ sort { $a <=> $b } map { $_->{days_inactive} } @{ decoded(get('/api/rescue_list')) } ]),
	'rescue_list keeps its order');

# The numbers equal the count of rows that the filter of their link returns.
for my $header ('', '2026-01-31', '2025-08-17')
{
	my ($wrong, $seen, $most) = drill_downs($header ? ('As-Of' => $header) : ());

	is( join("\n", @$wrong),
		'',
		'as of '
		  . ($header || 'the last sync')
		  . ": $seen numbers are the count of the rows behind them");
	cmp_ok($seen, '>', 100, 'of every answer');
	cmp_ok($most, '>', 10, 'and not all of them are small');
}

# Values that the As-Of header does not accept.
for my $wrong (
	'yesterday', 'now',
	'infinity', '-infinity',
	'2026-02-30', '2026-13-01',
	'0000-01-01', '31.03.2026',
	'2026-03-31T12:00:00', '2026-03-31T25:00:00+07',
	'2026-03-31T12:00:00+99', '2026-03-31T12:00:00 Asia/Jakarta',
	q{2026-03-31'; DROP TABLE course_config; --})
{
	my $answer = get('/api/home', 'As-Of' => $wrong);

	is(refusal($answer), '400 NG400', "As-Of: $wrong is refused");
	ok(decoded($answer)->{hint}, 'with a hint');
}

# Requests that other pages in the same browser could send.
for my $origin ('http://evil.example', "http://127.0.0.1:1", 'null')
{
	my $answer = get('/api/rescue_list', Origin => $origin);
	is(join(' ', grep { /^access-control/ } keys %{ $answer->{headers} }),
		'', "Origin $origin gets no CORS header");
}
is(refusal(get('/api/rescue_list', 'Sec-Fetch-Site' => $_)),
	'403 NG403', "Sec-Fetch-Site: $_ is refused")
  for qw(cross-site same-site);
is(get('/api/rescue_list', 'Sec-Fetch-Site' => $_)->{status}, 200, "Sec-Fetch-Site: $_ is answered")
  for qw(same-origin none);
is(get('/', 'Sec-Fetch-Site' => 'cross-site')->{status},
	200, 'a link from elsewhere opens the page');
my @simple = (
	[ 'application/x-www-form-urlencoded', 'mode=full' ],
	[ 'application/x-www-form-urlencoded', '' ],
	[ 'text/plain', '{"mode": "full"}' ],
	[
		'multipart/form-data; boundary=x',
		"--x\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\nfull\r\n--x--\r\n"
	]);
for my $form (@simple)
{
	my $plain = post('/api/rpc/sync_start', $form->[1], 'Content-Type' => $form->[0]);
	my $own =
	  post('/api/rpc/sync_start', $form->[1], 'Content-Type' => $form->[0], 'X-Ngeshare' => 'sync');

	like($plain->{status}, qr/^(400|403|404|415)$/, "a POST of $form->[0] is refused");
	like($own->{status}, qr/^(400|404|415)$/, 'with the header, too');
}
is(refusal(post('/api/rpc/sync_start', '{}', 'Content-Type' => 'application/json')),
	'403 NG403', 'a JSON POST without X-Ngeshare is refused');
is( refusal(
		post(
			'/api/rpc/sync_start', '{}',
			'Content-Type' => 'application/json',
			'X-Ngeshare' => 'no')),
	'403 NG403',
	'and with another value');
is(refusal(get("/api/rpc/$_", 'X-Ngeshare' => 'sync')), '405 NG405', "GET $_ is refused")
  for qw(sync_start sync_cancel);
is(runs(), '1', 'none of them started a sync');

# Only requests whose Host header is one of the page's two addresses are answered.
is(status_of_host($_), '421', "Host $_ is refused")
  for 'evil.example', "evil.example:$port", '127.0.0.1', '127.0.0.1:1',
  "127.0.0.1.evil.example:$port";
is(status_of_host($_), '200', "Host $_ is answered") for "127.0.0.1:$port", "localhost:$port";

# Methods, schemas, names and paths that the API does not offer, and a body that is too long.
is(ask($_, '/api/sync_runs')->{status}, 405, "$_ is refused")
  for qw(DELETE PUT PATCH OPTIONS TRACE);
is(ask($_, '/')->{status}, 405, "$_ of a page is refused") for qw(DELETE POST);
is(post('/api/sync_runs', '{}', json_headers())->{status},
	405, 'a POST that is no function\'s is refused');
is(ask('HEAD', '/api/home')->{status}, 200, 'HEAD is answered');
is(refusal(get("/api/$_->[1]", 'Accept-Profile' => $_->[0])),
	'406 PGRST106', "$_->[0].$_->[1] is not shown")
  for [ 'public', 'sync_run' ], [ 'public', 'User' ], [ 'ngeshare', 'sync_state' ],
  [ 'production', 'User' ], [ 'pg_catalog', 'pg_authid' ];
is(get("/api/$_")->{status}, 404, "/api/$_ is nowhere")
  for qw(sync_run User v_group_status ngeshare.sync_state rpc/ngeshare_sync rpc/build_groups);
is(post('/api/rpc/sync_start', '{"mode": "' . 'x' x 20000 . '"}', json_headers())->{status},
	413, 'a body over 16 kB is refused');
is(get('/../nginx.conf')->{status}, 400, 'nothing above the page\'s folder');
is(get('/%2e%2e/nginx.conf')->{status}, 400, 'by no spelling');

# SQL text in place of values.
my %real = map { $_ => 1 } sql_rows('funnel', $clock);
my $courses = sql('SELECT count(*) FROM course_config');
for my $hostile (
	q{course_name=eq.x'; DROP TABLE course_config; --},
	q{course_name=ilike.*';SELECT pg_sleep(9)--},
	q{order=course_name;DROP TABLE course_config},
	q{select=course_name,(SELECT 1)},
	q{select=pg_sleep(9)},
	q{limit=1;SELECT 1},
	q{course_name=in.("a","b');DROP TABLE course_config;--")},
	q{or=(course_name.eq.a,1=1)},
	q{and=(pg_sleep(9).eq.1)})
{
	my $asked = time;
	my $query = join '&',
	  map { my ($key, $value) = split /=/, $_, 2; "$key=" . escaped($value) } $hostile;
	my $answer = get("/api/funnel?$query");

	my @given = $answer->{status} == 200 ? map { $json->encode($_) } @{ decoded($answer) } : ();

	like($answer->{status}, qr/^(200|400)$/, "$hostile: $answer->{status}");
	is(scalar(grep { !$real{$_} } @given), 0, 'nothing but rows of the funnel');
	cmp_ok(time - $asked, '<', 8, 'at once');
}
is(sql('SELECT count(*) FROM course_config'), $courses, 'every course is still there');

# SQL text as the filter of each column of each view, and in place of each name and number. It is
# refused, or taken as a text that no row contains.
my $shown = decoded(get('/api/'))->{definitions};
my @tables = sort grep { !/^(group_explanation|journey_step)$/ } keys %$shown;
my $sql = q{x' OR '1'='1'; DROP TABLE course_config; SELECT pg_sleep(9); --};
my $names = sql(
	q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
		WHERE relnamespace = 'api'::regnamespace AND relkind = 'v'}
);
is(join(' ', @tables), $names, 'the description names every view');
for my $view (@tables)
{
	my @columns = sort keys %{ $shown->{$view}{properties} };
	my $asked = time;
	my (@taken, %told);

	for my $filter (
		(map { ("$_=eq.$sql", qq{$_=in.("$sql")}) } @columns), "$sql=eq.1",
		"order=$columns[0];$sql", "order=$sql",
		"select=$sql", "select=$columns[0]::$sql",
		"or=($columns[0].eq.1,$sql)", "and=($sql)",
		"not.and=($sql)", "$columns[0]=$sql",
		"$columns[0]=eq(any).{$sql}", "$columns[0]->>$sql=eq.1")
	{
		my ($key, $value) = $filter =~ /^(.*?)=(.*)$/s;
		($key, $value) = ($sql, 'eq.1') if $filter eq "$sql=eq.1";
		my $answer = get("/api/$view?" . escaped($key) . '=' . escaped($value));

		$told{ refusal($answer) }++;
		push @taken, "$filter: $answer->{status} " . substr $answer->{content}, 0, 200
		  unless ($answer->{status} == 200 && $answer->{content} eq '[]')
		  || refusal($answer) =~ /^400 (22|42703|42883|42704|PGRST1)/;
	}
	is(join("\n", @taken),
		'', "SQL in a filter, order or number of $view is no SQL: " . join(', ', sort keys %told));

	# PostgREST ignores a limit or offset that is not a number.
	my @rows = rows("/api/$view");
	is(scalar(my @same = rows("/api/$view?$_=" . escaped($sql))),
		scalar @rows, "as a $_ it is passed over")
	  for qw(limit offset);
	cmp_ok(time - $asked, '<', 8, 'and no statement of it runs');
}
for my $call ([ 'explain_group', 'group_id' ], [ 'member_journey', 'user_id' ])
{
	my ($name, $parameter) = @$call;
	my $answer = get("/api/rpc/$name?$parameter=" . escaped($sql));

	is(refusal($answer), '404 NG404', "$name takes SQL as an id");
	like(decoded($answer)->{message}, qr/\Q$sql\E/, 'that nobody has');
	is(refusal(get("/api/rpc/$name?" . escaped($sql) . '=1')),
		'404 PGRST202', 'no parameter is named so');
	like(
		refusal(get("/api/rpc/$name?$parameter=x&order=" . escaped($sql))),
		qr/^40[04] (PGRST100|42703|NG404)$/,
		'nor is an order');
}
is(refusal(get('/api/rpc/changes?since=' . escaped($sql))), '400 NG400', 'changes takes no SQL');
is(refusal(get("/api/rpc/trend?$_=" . escaped($sql))), '400 22007', "nor does trend as its $_")
  for 'from_day', 'from_day=2026-03-01&step', 'from_day=2026-03-01&to_day';
is(refusal(start_sync($sql)), '400 22023', 'sync_start takes SQL as a mode');
is(refusal(post('/api/rpc/sync_start', $json->encode({ $sql => 1 }), json_headers())),
	'404 PGRST202', 'no parameter of it is named so');
is(refusal(post('/api/rpc/sync_cancel', $json->encode({ run_id => $sql }), json_headers())),
	'404 PGRST202', 'sync_cancel takes nothing');
is(refusal(get('/api/home', 'As-Of' => $sql)), '400 NG400', 'As-Of takes no SQL');
is(sql('SELECT count(*) FROM course_config'), $courses, 'every course is still there');
is(runs(), '1', 'and no sync was started');

# The functions trend() and changes() with arguments, lists filtered by place, and the rescue list
# in the order of the chance.
is_deeply(
	[
		rows(
			'/api/rpc/trend?from_day=2025-12-01&to_day=2026-02-28&step=1%20month',
			'As-Of' => '2026-03-15')
	],
	[ sql_rows(q{trend('2025-12-01', '2026-02-28', '1 month')}, '2026-03-15 23:59:59.999999+07') ],
	'rpc/trend answers as SQL does');
is(scalar @{ decoded(get('/api/rpc/trend?from_day=2026-03-29&step=1%20day')) },
	12, 'up to the day of as_of, four courses a day');
is_deeply(
	[ rows('/api/rpc/trend?from_day=' . sql(q{SELECT date '2026-03-31' - 364})) ],
	[ rows('/api/status_trend') ],
	'from a year before it is status_trend');
is_deeply(
	[ rows('/api/rpc/changes?since=2026-02-28') ],
	[ sql_rows(q{changes('2026-02-28')}, $clock) ],
	'rpc/changes answers as SQL does');
is_deeply(
	[ rows('/api/rpc/changes?since=2026-03-24T12:00:00%2B07:00') ],
	[ rows('/api/status_changes') ],
	'since a week ago it is status_changes');
is(refusal(get("/api/rpc/$_->[0]")), "400 $_->[1]", "$_->[0] is refused")
  for [ 'trend?from_day=2026-03-02&to_day=2026-03-01', '22023' ],
  [ 'trend?from_day=2026-04-01', '22023' ], [ 'trend?from_day=2020-01-01&step=1%20day', '22023' ],
  [ 'trend?from_day=2026-03-01&step=12:00', '22023' ], [ 'trend?from_day=infinity', '22008' ],
  [ 'changes?since=2026-04-01', '22023' ],
  [ 'changes?since=tomorrow', 'NG400' ];
my $known = "SET ngeshare.as_of = '$clock'";

for my $list (qw(group_status rescue_list at_risk))
{
	my ($city, $province) = split /\t/, sql(
		"$known; COPY (SELECT city, province FROM api.$list
			WHERE city IS NOT NULL AND province IS NOT NULL
		GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT 1) TO STDOUT");
	is( scalar @{
			decoded(
				get("/api/$list?city=eq." . escaped($city) . '&province=eq.' . escaped($province)))
		},
		sql("$known; SELECT count(*) FROM api.$list WHERE (city, province) = ('$city', '$province')"
		),
		"$list of $city, $province");
}
my $rescued = decoded(
	get(    '/api/rescue_list?last_meeting_date=not.is.null'
		  . '&order=resume_28_days_pct.desc.nullslast&limit=5'));
is_deeply(
	[ map { 0 + $_->{resume_28_days_pct} } @$rescued ],
	[
		map { 0 + $_ } split /\n/,
		sql("$known; SELECT resume_28_days_pct FROM api.rescue_list
			WHERE last_meeting_date IS NOT NULL ORDER BY 1 DESC NULLS LAST LIMIT 5"
		)
	],
	'the rescue list tells how likely a group is to meet, and may be ordered by it');
is(scalar(grep { !defined $_->{resume_chance} } @$rescued), 0, 'and how likely at all');

# CSV: each cell of these views equals SQL, in the order and with the filter of the request.
sql(q{UPDATE "HangoutGroup" AS g SET name = hostile.name
	FROM (SELECT id, row_number() OVER (ORDER BY id) % 18 + 1 AS number
		FROM "HangoutGroup") AS numbered
	JOIN unnest(ARRAY['a,b', 'say "x"', '"', E'one\ntwo', E'one\r\ntwo', E'back\\\\slash \\\\n',
		'رحلة الإيمان', '🌱 tunas', '=1+1', '=HYPERLINK("http://x","y")',
		'+62 812', '-5', '@SUM(A1)', E'\tx', E'\rx', '', ' ', 'NULL']) WITH ORDINALITY AS hostile (name,
			number) USING (number)
	WHERE g.id = numbered.id;
	SELECT ngeshare_refresh()});
for my $view (
	qw(home funnel group_status rescue_list pipeline sync_status sync_runs sync_tables sync_errors))
{
	my $expected = sql_csv($view, $view);

	is_deeply(csv_of("/api/$view"), $expected, "$view: CSV equals SQL");
	is_deeply(csv_of("/api/$view?limit=0"), [ $expected->[0] ], 'with its header at zero rows');
}
is_deeply(
	csv_of('/api/group_status?order=group_id.desc&course_name=ilike.*a*'),
	sql_csv('group_status', q{group_status WHERE course_name ILIKE '%a%'}, 'group_id DESC'),
	'CSV has the filter and the order asked for');
is_deeply(
	csv_of('/api/group_status?order=group_id', 'As-Of' => '2026-02-28'),
	sql_csv('group_status', 'group_status', 'group_id', '2026-02-28 23:59:59.999999+07'),
	'and the instant');
my %cells = map { ($_ // 'nothing') => 1 } map { @$_ } @{ csv_of('/api/group_status') };
ok($cells{$_}, qq{a cell is "} . quoted($_) . '"')
  for 'say "x"', "one\r\ntwo", 'back\slash \n', 'رحلة الإيمان', q{'=1+1}, q{'-5}, "'\tx", "'\rx",
  'NULL', '', 'nothing';
my $file = get('/api/group_status', Accept => 'text/csv');
is($file->{headers}{'content-type'}, 'text/csv; charset=utf-8', 'CSV says what it is');
is(substr($file->{content}, 0, 12), "\xEF\xBB\xBFgroup_id,", 'and begins with a byte order mark');
is(refusal(get('/api/group_status?nothing=eq.1', Accept => 'text/csv')),
	'400 42703', 'an error is JSON still');
is(refusal(get('/api/group_status?select=group_id', Accept => 'text/csv')),
	'400 42846', 'some of the columns are refused');
sql(q{CREATE VIEW api.huge AS SELECT number, repeat('x', 60000000) AS word
	FROM generate_series(1, 5) AS number; GRANT SELECT ON api.huge TO ngeshare_web}
);
sql(q{NOTIFY pgrst, 'reload schema'});
wait_until('PostgREST knows a new view',
	sub { get('/api/huge?limit=0', Accept => 'text/csv')->{status} == 200 });
is(refusal(get('/api/huge', Accept => 'text/csv')),
	'413 54000', 'a file that is too long is refused, not cut');
is(length get('/api/huge?limit=1', Accept => 'text/csv')->{content}, 60000020, 'a long one is not');
sql('DROP VIEW api.huge');

# The page's files, and the API's own description.
is(get($_)->{content}, 'home', "$_ is the first page") for '/', '/index.html';
is(get('/funnel?course=x')->{content}, 'funnel', 'a page needs no ending');
is(get('/nowhere')->{status}, 404, 'a page that is not there');
like(get('/assets/page-1a2b.js')->{headers}{'cache-control'},
	qr/immutable/, 'hashed files are kept');
is(get('/')->{headers}{'cache-control'}, 'no-cache', 'pages are asked for again');
is(get('/api/home')->{headers}{'cache-control'}, 'no-store', 'answers are not kept');
is(get('/api/funnel', 'Accept-Encoding' => 'gzip')->{headers}{'content-encoding'},
	'gzip', 'answers are compressed');
my $description = decoded(get('/api/'));
is("$description->{host}$description->{basePath}",
	"127.0.0.1:$port/api", 'the description names the address of the page');
is( $description->{definitions}{funnel}{properties}{awaiting}{description},
	sql(q{SELECT col_description('v_curriculum_funnel'::regclass, attnum) FROM pg_attribute
		WHERE attrelid = 'v_curriculum_funnel'::regclass AND attname = 'awaiting'}),
	'and says how a column is counted');

# Starts a sync as the page's button "Sync now" does. A lock of another session on the mirror holds
# the sync, so that it runs during the following requests.
my ($in, $out) = ('', '');
my $person =
  IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $local->connstr('ngeshare'), '-f', '-' ],
	'<', \$in, '>', \$out, IPC::Run::timer(120));
$in .= qq{BEGIN; LOCK TABLE "User" IN SHARE MODE; SELECT 'held';\n};
$person->pump until $out =~ /held/;
is(refusal(start_sync('nonsense')), '400 22023', 'an unknown mode: 400');
my $started = start_sync('full');
my $run = decoded($started)->{run_id};
is($started->{status}, 202, 'sync_start: 202');
like($run, qr/^[1-9]\d*$/, 'with the run, as text');
is(decoded($started)->{mode}, 'full', 'and its mode');
is($started->{headers}{location}, "../sync_runs?run_id=eq.$run", 'and where to watch it');
my $second = start_sync();
is(refusal($second), '409 NG001', 'a second one: 409');
is(decoded($second)->{details}, "It is run $run.", 'with the running one');
is($second->{headers}{location}, "../sync_runs?run_id=eq.$run", 'and where to watch that');
is($second->{headers}{'retry-after'}, '5', 'and when to come back');
wait_until('the sync runs', sub { row('/api/sync_status')->{running} });
is(row('/api/sync_status')->{run_id}, $run, 'sync_status names the run');
is_deeply(
	[ @{ row('/api/freshness') }{qw(is_running status last_run_id)} ],
	[ JSON::PP::true, 'running', $run ],
	'and so does freshness');
is_deeply(
	[ @{ row("/api/sync_runs?run_id=eq.$run") }{qw(status mode trigger)} ],
	[ 'running', 'full', 'worker' ],
	'and the list of runs');
is_deeply(
	[ rows('/api/funnel') ],
	[ sql_rows('funnel', $clock) ],
	'answers go on as of the last success');
my $cancelled = post('/api/rpc/sync_cancel', '{}', json_headers());
is( "$cancelled->{status} $cancelled->{content}",
	qq{202 {"cancelled":true,"run_id":"$run"}},
	'sync_cancel: 202 with the run');
wait_until('the sync has stopped', sub { !row('/api/sync_status')->{running} });
is(row("/api/sync_runs?run_id=eq.$run")->{status}, 'cancelled', 'it is listed as cancelled');
$cancelled = post('/api/rpc/sync_cancel', '{}', json_headers());
is( "$cancelled->{status} $cancelled->{content}",
	'200 {"cancelled":false,"run_id":null}',
	'sync_cancel where none runs: 200');
like(row('/api/freshness')->{status},
	qr/^(?:success|warning)$/, 'and tells freshness nothing of the data');
sql(q{INSERT INTO sync_run (mode, trigger, status, clock, started_at, finished_at, message)
	VALUES ('verify', 'worker', 'failed', now(), now(), now(), 'no')}
);
is_deeply(
	[
		row('/api/freshness')->{status} =~ /^(?:success|warning)$/,
		row('/api/freshness')->{last_error}
	],
	[ 1, undef ],
	'nor does a comparison that failed');
$in .= "COMMIT;\n\\q\n";
$person->finish;

# A run whose process has gone, and how sync_errors shows errors.
my $dead = sql(
	q{INSERT INTO sync_run (mode, trigger, status, clock, started_at)
		VALUES ('full', 'worker', 'running', now(), now() - interval '1 minute') RETURNING run_id}
);
is(row("/api/sync_runs?run_id=eq.$dead")->{status},
	'crashed', 'a run without a process has crashed, whatever the table says');
is(row('/api/freshness')->{status}, 'crashed', 'freshness says so too');
sql(qq{UPDATE sync_run SET status = 'failed', message = 'production is down', finished_at = now()
	WHERE run_id = $dead;
	INSERT INTO sync_error_log (run_id, table_name, phase, attempt, sqlstate, class, message, detail,
		will_retry)
	VALUES ($dead, 'User', 'pull', 1, '08006', 'transient', 'production is down',
		'somebody\@example.com', false)}
);
is_deeply(
	[ @{ row('/api/freshness') }{qw(status last_error sqlstate)} ],
	[ 'failed', 'production is down', '08006' ],
	'freshness shows what failed since');
like(
	row("/api/sync_errors?run_id=eq.$dead")->{remedy},
	qr/^Production can't be reached/,
	'and sync_errors what to do');
unlike(get('/api/sync_errors')->{content}, qr/somebody/, 'without the detail');

# A statement that takes too long, a PostgREST that is down, and a page that may only read.
sql(q{ALTER ROLE ngeshare_operator SET statement_timeout = '300ms'});
sql(q{NOTIFY pgrst, 'reload config'});
($in, $out) = ('', '');
$person =
  IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $local->connstr('ngeshare'), '-f', '-' ],
	'<', \$in, '>', \$out, IPC::Run::timer(120));
$in .= qq{BEGIN; LOCK TABLE ngeshare.group_snapshot IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n};
$person->pump until $out =~ /held/;
wait_until('a role\'s timeout holds', sub { refusal(get('/api/funnel')) eq '500 57014' });
$in .= "COMMIT;\n\\q\n";
$person->finish;
stop_program('postgrest');
is(refusal(get('/api/home')), '503 NG503', 'without PostgREST: 503');
is(get('/')->{status}, 200, 'the page is still there');
start_api('ngeshare_web');
wait_until('the API answers again', sub { get('/api/freshness')->{status} == 200 });
like(refusal(start_sync()), qr/^40[13] 42501$/, 'as ngeshare_web a sync can\'t be started');
like(
	refusal(post('/api/rpc/sync_cancel', '{}', json_headers())),
	qr/^40[13] 42501$/,
	'nor cancelled');
is(get('/api/home', Authorization => 'Bearer nonsense')->{status}, 200, 'a token is not passed on');

# Of many requests in a row to start a sync some are refused.
my @many = map { start_sync() } 1 .. 40;
my ($refused) = grep { $_->{status} == 429 } @many;
ok($refused, 'many starts in a row: 429');
is(refusal($refused), '429 NG429', 'with a code') if $refused;

my @statuses = statuses();
cmp_ok(scalar @statuses, '>', 10, "answers came with the statuses @statuses");
is(bare_answers(), '',
	'every answer had the security headers, and none a CORS header or the server\'s version');
stop_program($_) for 'nginx', 'postgrest';
done_testing();

# Compares each number with the count of the rows that its link returns. Returns the numbers that
# differ, how many numbers were compared, and the greatest.
sub drill_downs
{
	my %headers = @_;
	my ($seen, $most, @wrong) = (0, 0);
	my $answer = sub { decoded(get("/api/$_[0]", %headers)) };
	my $equal = sub {
		my ($name, $number, $path) = @_;
		my $rows = @{ $answer->($path) };

		$seen++;
		$most = $rows if $rows > $most;
		push @wrong, "$name: " . ($number // 'nothing') . ", but $rows rows of $path"
		  if !defined $number || $number != $rows;
	};
	my $before = $answer->('home_before')->[0];

	home_behind($answer->('home')->[0], $equal);
	courses_behind($answer, $equal);
	people_behind($answer, $equal);
	%headers = ('As-Of' => $before->{as_of});
	home_before_behind($before, $equal);
	return (\@wrong, $seen, $most);
}

# Compares the numbers of facilitators: in total, by month, and the number of groups of each of the
# twenty who led the most.
sub people_behind
{
	my ($answer, $equal) = @_;
	my $growth = $answer->('facilitator_growth')->[0];

	$equal->('facilitator_growth total', $growth->{total_facilitators}, 'facilitators');
	$equal->(
		'facilitator_growth active',
		$growth->{active_facilitators},
		'facilitators?is_active=is.true');
	$equal->(
		'facilitator_growth alumni',
		$growth->{alumni_facilitators},
		'facilitators?is_alumni=is.true');
	$equal->(
		"facilitator_monthly $_->{month}",
		$_->{new_facilitators},
		'facilitators?' . in_month('facilitator_since', $_->{month})
	) for @{ $answer->('facilitator_monthly') };
	$equal->(
		"facilitators $_->{facilitator_id}",
		$_->{groups_led}, "group_status?facilitator_id=eq.$_->{facilitator_id}"
	) for @{ $answer->('facilitators?limit=20&order=groups_led.desc,facilitator_id') };
	return;
}

# Compares the numbers of home.
sub home_behind
{
	my ($home, $equal) = @_;
	my %behind = (
		groups_total => 'group_status',
		groups_started => 'group_status?first_meeting_date=not.is.null',
		continued => 'group_status?has_continued=is.true',
		awaiting => 'group_status?is_awaiting=is.true',
		total_facilitators => 'facilitators',
		alumni_facilitators => 'facilitators?is_alumni=is.true',
		anomalies => 'anomalies?severity=eq.warning',
		graduations_last_month => 'group_status?' . in_month('graduated_on', $home->{last_month}),
		graduations_month_before => 'group_status?'
		  . in_month('graduated_on', months_on($home->{last_month}, -1)),
		new_facilitators_last_month => 'facilitators?'
		  . in_month('facilitator_since', $home->{last_month}),
		new_facilitators_month_before => 'facilitators?'
		  . in_month('facilitator_since', months_on($home->{last_month}, -1)));

	$equal->("home $_", $home->{$_}, $behind{$_}) for sort keys %behind;
	home_before_behind($home, $equal);
	$equal->('home rescuable', $home->{rescuable}, 'group_status?is_rescuable=is.true');
	return;
}

# Compares the numbers that both home and home_before have.
sub home_before_behind
{
	my ($figures, $equal) = @_;

	$equal->("$_ as of $figures->{as_of}", $figures->{$_}, 'group_status?status=eq.' . uc)
	  for qw(active stalled graduated not_started);
	$equal->("groups_total as of $figures->{as_of}", $figures->{groups_total}, 'group_status');
	$equal->("rescuable as of $figures->{as_of}", $figures->{rescuable}, 'rescue_list');
	$equal->("at_risk as of $figures->{as_of}", $figures->{at_risk}, 'at_risk');
	$equal->(
		"active_facilitators as of $figures->{as_of}",
		$figures->{active_facilitators},
		'facilitators?is_active=is.true');
	return;
}

# Compares the numbers of each course: funnel, drop-off, cohorts and days to graduate.
sub courses_behind
{
	my ($answer, $equal) = @_;
	my $groups = sub { 'group_status?course_name=eq.' . escaped($_[0]{course_name}) . $_[1] };

	for my $course (@{ $answer->('funnel') })
	{
		$equal->(
			"funnel $course->{course_name} $_",
			$course->{$_}, $groups->($course, '&status=eq.' . uc)
		) for qw(active stalled graduated not_started);
		$equal->(
			"funnel $course->{course_name} groups_total",
			$course->{groups_total},
			$groups->($course, ''));
		$equal->(
			"funnel $course->{course_name} groups_started",
			$course->{groups_started},
			$groups->($course, '&first_meeting_date=not.is.null'));

		# For the last course these numbers are NULL, because it has no next course.
		$equal->(
			"funnel $course->{course_name} continued",
			$course->{continued} // 0,
			$groups->($course, '&has_continued=is.true'));
		$equal->(
			"funnel $course->{course_name} awaiting",
			$course->{awaiting} // 0,
			$groups->($course, '&is_awaiting=is.true'));
	}
	for my $step (@{ $answer->('drop_off') })
	{
		$equal->(
			"drop_off $step->{course_name} $step->{episode} reached",
			$step->{groups_reached},
			$groups->($step, "&max_episode_reached=gte.$step->{episode}"));
		$equal->(
			"drop_off $step->{course_name} $step->{episode} stalled",
			$step->{groups_stalled},
			$groups->($step, "&status=eq.STALLED&max_episode_reached=eq.$step->{episode}"));
	}
	for my $cohort (@{ $answer->('cohort') })
	{
		my $month = '&' . in_month('first_meeting_date', $cohort->{month});

		$equal->(
			"cohort $cohort->{course_name} $cohort->{month}",
			$cohort->{groups}, $groups->($cohort, $month));
		$equal->(
			"cohort $cohort->{course_name} $cohort->{month} graduated",
			$cohort->{graduated}, $groups->($cohort, "$month&status=eq.GRADUATED"));
	}
	for my $course (@{ $answer->('time_to_graduate') })
	{
		$equal->(
			"time_to_graduate $course->{course_name}",
			$course->{groups}, $groups->($course, '&days_to_graduate=not.is.null'));
		$equal->(
			"time_to_graduate $course->{course_name} not_graduated",
			$course->{not_graduated} // 0,
			$groups->($course, '&days_to_graduate=is.null'));
	}
	for my $span (@{ $answer->('graduation_days') })
	{
		my $days = "&days_to_graduate=gte.$span->{from_days}"
		  . (defined $span->{to_days} ? "&days_to_graduate=lte.$span->{to_days}" : '');

		$equal->(
			"graduation_days $span->{course_name} from $span->{from_days}",
			$span->{groups}, $groups->($span, $days));
	}
	return;
}

# Returns a filter for the days of the month that begins on $first_day.
sub in_month
{
	my ($column, $first_day) = @_;
	return "$column=gte.$first_day&$column=lt." . months_on($first_day, 1);
}

# Returns the first day of the month that is $months later.
sub months_on
{
	my ($first_day, $months) = @_;
	my ($year, $month) = $first_day =~ /^(\d+)-(\d+)-01$/
	  or die "$first_day is no first day of a month\n";
	my $number = $year * 12 + $month - 1 + $months;

	return sprintf '%04d-%02d-01', int($number / 12), $number % 12 + 1;
}

# Returns a CSV file's rows, parsed strictly by RFC 4180. An empty cell without quotes is undef; ""
# is an empty string.
sub csv_of
{
	my ($path, %headers) = @_;
	my $answer = get($path, %headers, Accept => 'text/csv');
	my $text = $answer->{content};
	my (@rows, @cells);

	return "$answer->{status} $text" unless $answer->{status} == 200 && $text =~ s/\A\xEF\xBB\xBF//;
	while ($text =~ /\G(?:"([^"]*+(?:""[^"]*+)*+)"|([^",\r\n]*))(,|\r\n)/gc)
	{
		my ($quoted, $plain, $end) = ($1, $2, $3);

		push @cells, defined $quoted ? $quoted =~ s/""/"/gr : $plain eq '' ? undef : $plain;
		push @rows, [ splice @cells ] if $end ne ',';
	}
	return \@rows if @rows && !@cells && (pos($text) // 0) == length $text;
	return 'no CSV after ' . (pos($text) // 0) . ' bytes';
}

# Returns by SQL the rows that csv_of() should return: the header, then the view's rows as of an
# instant.
sub sql_csv
{
	my ($view, $from, $order, $as_of) = @_;
	my $ordered = $order ? "ORDER BY $order" : '';
	my $guarded =
	  q{CASE WHEN json_typeof(value) = 'string' AND value #>> '{}' ~ '^[-=+@\t\r]' THEN ''''
	  	ELSE '' END};

	$as_of //= $clock;
	return $json->decode(
		sql(qq{SET ngeshare.as_of = '$as_of';
		SELECT jsonb_build_array((
				SELECT jsonb_agg(attname ORDER BY attnum) FROM pg_attribute
					WHERE attrelid = 'api.$view'::regclass AND attnum > 0))
			|| coalesce(jsonb_agg(cells), '[]')
		FROM (
			SELECT (
				SELECT jsonb_agg($guarded || (value #>> '{}') ORDER BY number)
				FROM json_each(row_to_json(shown)) WITH ORDINALITY AS cell (name, value, number)) AS cells
			FROM (SELECT * FROM api.$from $ordered) AS shown
		) AS made}));
}

# Returns the text with CR, LF and TAB made visible.
sub quoted
{
	my ($text) = @_;
	return $text =~ s/([\r\n\t])/sprintf('<%02X>', ord $1)/ger;
}

# Returns a view's rows by SQL as of an instant, as sorted JSON.
sub sql_rows
{
	my ($view, $as_of) = @_;
	my $text = sql(
		"SET ngeshare.as_of = '$as_of'; SELECT coalesce(json_agg(shown), '[]') FROM api.$view AS shown"
	);
	return sort map { $json->encode($_) } @{ $json->decode($text) };
}

sub sql
{
	my ($query) = @_;
	return $local->safe_psql('ngeshare', $query);
}

sub runs
{
	return sql('SELECT count(*) FROM sync_run');
}
