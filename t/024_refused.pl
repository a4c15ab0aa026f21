# Tests requests that must have no effect: SQL in the filter of an export, paths that lead out of
# the page's directory, files that nginx should not serve, and headers of excessive length.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Website;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(30, 5, '2026-01-15 12:00+07')");
new_local($local, 'ngeshare');
make_roles($local);
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', '2026-01-15 12:00+07');
start_website($local, 'ngeshare_operator');
my $host = 'Host: 127.0.0.1:' . website_port();
my $before = everything();

# SQL text in every filter of every file is taken as a text that no row contains, or is refused.
my @attacks = (
	"'; DROP TABLE course_config; --",
	'1) OR (1=1',
	"x' UNION SELECT rolpassword FROM pg_authid --",
	'pg_sleep(9)',
	"\$\$; COPY pg_class TO PROGRAM 'id'; \$\$");
my @columns = map { [ split /\|/ ] } split /\n/, $local->safe_psql(
	'ngeshare', q{
	SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
	WHERE relnamespace = 'api'::regnamespace AND relkind = 'v' AND attnum > 0 ORDER BY relname, attnum}
);
cmp_ok(scalar @columns, '>', 100, 'there are columns to attack');
my (@wrong, %seen);
for my $column (@columns)
{
	my ($view, $name) = @$column;
	my $attack = $attacks[ keys(%seen) % @attacks ];
	my $answer = get("/export/$view.csv?$name=eq." . escaped($attack));

	$seen{"$view.$name"} = 1;
	push @wrong, "$view.$name: $answer->{status}"
	  unless $answer->{status} == 400
	  || ($answer->{status} == 200 && $answer->{content} =~ /\A\xEF\xBB\xBF[^\r\n]+\r\n\z/);
}
is(join("\n", @wrong), '', 'SQL in a filter of a file: 400, or the header alone');
for my $attack (@attacks)
{
	my $text = escaped($attack);
	is(get("/export/funnel.csv?order=$text")->{status}, 400, "in its order: $attack");
	is(get("/export/funnel.csv?or=($text)")->{status}, 400, 'in or');
	is(get("/export/as-of/$text/funnel.csv")->{status}, 400, 'in its instant')
	  unless $attack =~ m{/};
	isnt(get("/export/$text.csv")->{status}, 200, 'in its name');
}
is(everything(), $before, 'and nothing has changed');

# Paths that lead out of the page's directory, and files that are next to it.
for my $path (
	'/../nginx.conf', '/assets/../../nginx.conf',
	'/assets/..%2f..%2fnginx.conf', '/%2e%2e/nginx.conf',
	'/assets/%2e%2e/%2e%2e/postgrest.conf', '/..%5c..%5cnginx.conf',
	'//etc/passwd', '/assets//../users.conf',
	'/nginx.conf', '/users.conf',
	'/jwt_secret', '/api.sock',
	'/.git/config', '/export/../api/rpc/sync_start',
	'/api/../nginx.conf', '/api/%2e%2e/users.conf')
{
	my $answer = raw_answer("GET $path", $host);

	like($answer->{status}, qr/^(?:400|404|405)$/, "$path is refused");
	unlike(
		$answer->{content} // '',
		qr/worker_processes|db-uri|root:|remote_user|repositoryformat/,
		'and shows no file');
}
is(raw_answer('GET http://other.example/api/home', 'Host: other.example')->{status},
	'421', 'an address of another host: 421');
like(raw_answer('CONNECT 127.0.0.1:5432', $host)->{status}, qr/^40[05]$/, 'CONNECT is refused');
like(raw_answer("$_ /api/home", $host)->{status}, qr/^405$/, "$_: 405")
  for qw(PUT PATCH DELETE OPTIONS PROPFIND);

# Headers and URLs of excessive length.
my $long = 'x' x 60_000;
like(raw_answer('GET /api/home', $host, "X-Long: $long")->{status},
	qr/^(?:400|431|494)$/, 'a header of 60 kB is refused');
like(raw_answer("GET /api/home?x=$long", $host)->{status}, qr/^414$/, 'an address of 60 kB: 414');
like(raw_answer('GET /api/home', $host, map { "X-$_: " . ('y' x 500) } 1 .. 200)->{status},
	qr/^(?:400|431|494)$/, '200 headers are refused');
is(get('/api/home')->{status}, 200, 'and all goes on');

# Requests from other sites.
for my $site (qw(cross-site same-site))
{
	is(refusal(get($_, 'Sec-Fetch-Site' => $site)), '403 NG403', "$site: $_")
	  for qw(/api/home /api/rpc/explain_group?group_id=x /export/funnel.csv
	  /export/as-of/2026-01-01/funnel.csv);
	is(refusal(start_sync('full', 'Sec-Fetch-Site' => $site)), '403 NG403', "$site: a start");
	is(refusal(post('/api/rpc/sync_cancel', '{}', json_headers(), 'Sec-Fetch-Site' => $site)),
		'403 NG403', "$site: a cancel");
}
is(get('/api/home', Origin => 'http://evil.example')->{headers}{'access-control-allow-origin'},
	undef, 'no other origin may read');
is(everything(), $before, 'nothing was started or changed');
done_testing();

# Returns what no request of this test may change: the numbers of courses, runs, groups, relations,
# functions and roles.
sub everything
{
	return $local->safe_psql(
		'ngeshare', q{
		SELECT (SELECT count(*) FROM course_config), (SELECT count(*) FROM sync_run), (SELECT count(*)
			FROM "HangoutGroup"),
			(SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_roles)}
	);
}
