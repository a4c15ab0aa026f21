# Tests that one user of the page cannot use up the resources of the others: regular expressions are
# refused in every spelling, except in the form that the page's search sends; each client address
# may have a limited number of requests at once; and every request has a time limit.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use NgeshareTest;
use Test::More;
use Time::HiRes qw(time);
use Website;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(30, 5, '2026-01-15 12:00+07')");
new_local($local, 'ngeshare');
make_roles($local);
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', '2026-01-15 12:00+07');

# Group names with characters that are special in regular expressions, filters and addresses.
my @names = ('a.imatch.(b)', 'say "x" \\ y', '100% (sure), Match(1).', '[a-z]+$', 'Match day');
$local->safe_psql(
	'ngeshare',
	q{SET ngeshare.sync_clock = DEFAULT; UPDATE "HangoutGroup" AS g SET name = named.name
	FROM (SELECT id, row_number() OVER (ORDER BY id) AS no FROM "HangoutGroup") AS numbered
	JOIN unnest(ARRAY[}
	  . join(', ', map { "'$_'" } @names)
	  . q{]) WITH ORDINALITY AS named (name, no) USING (no) WHERE g.id = numbered.id});
$local->safe_psql('ngeshare', 'SELECT ngeshare_refresh()');
$local->safe_psql(
	'ngeshare', q{
	CREATE VIEW api.slow AS SELECT pg_sleep(3)::text AS slept;
	CREATE VIEW api.limits AS SELECT current_setting('statement_timeout') AS statement_timeout,
		current_setting('request.headers') AS headers;
	GRANT SELECT ON api.slow, api.limits TO ngeshare_web});
start_website($local, 'ngeshare_operator');
wait_until('PostgREST knows the API', sub { get('/api/limits')->{status} == 200 });

# The page's search finds any text, whatever characters it contains.
for my $name (@names)
{
	my $plain = $name =~ s/(["\\])/\\$1/gr;
	my %form = (
		'as the page sends it' => 'or='
		  . as_browser(qq{(group_name.imatch."***=$plain",course_name.imatch."***=$plain")}),
		'as people type it' => 'or=(group_name.imatch.' . escaped(qq{"***=$plain"}) . ')');
	for my $form (sort keys %form)
	{
		is( join(' ',
				map { $_->{group_name} }
				  @{ decoded(get("/api/group_status?$form{$form}&order=group_id")) }),
			$name,
			"the search for $name, $form");
	}
	like(get("/export/group_status.csv?$form{'as the page sends it'}&order=group_id")->{content},
		qr/\A[^\n]+\n[^\n]+\n\z/, 'and in a file');
	is(decoded(get('/api/group_status?group_name=eq.' . as_browser($name)))->[0]{group_name},
		$name, 'a filter for the whole text')
	  unless $name =~ /match[.(]/i;
}
is(get("/api/group_status?$_")->{status}, 200, "?$_ is answered")
  for 'group_name=ilike.*match*', 'order=group_name.desc', 'group_name=in.(%22Match+day%22,x)',
  'group_name=eq.Match+day', 'and=(group_name.eq.x,status.eq.ACTIVE)', 'group_name=fts.match';

# Every other regular expression is refused before PostgREST receives it.
my $slow = '(.{1,99})' . ('\\\\1' x 3);
my @refused = (
	"group_name=match.$slow",
	"group_name=imatch.$slow",
	"group_name=not.match.$slow",
	"group_name=not.imatch.$slow",
	'group_name=match(any).{a,b}',
	'group_name=imatch(all).{a}',
	'group_name=not.match(any).{a}',
	'group_name=%6Datch.a',
	'group_name=i%6d%61tch.a',
	'group_name=match%2Ea',
	'group_name=match%28any).{a}',
	'group_name=imatch%28any%29.%7Ba%7D',
	'group_name=Match.a',
	'or=(group_name.match.a,group_name.is.null)',
	'or=(group_name.imatch.a)',
	'or=(group_name.not.imatch.%22***%3Da%22)',
	'or=(group_name.imatch.%22***%3Da%22,group_name.imatch.%22a%22)',
	'or=(group_name.imatch.%22a%22,group_name.imatch.%22***%3Da%22)',
	'or=(group_name.imatch.%22***%3Da%22,or(group_name.match.a))',
	'or=(group_name.imatch.%22***%3Aa%22)',
	'or=(group_name.imatch.%22***%3Da%22%29%22)',
	'or=(group_name.imatch.%22***%3Da%22),group_name.match.b',
	'or=(group_name.imatch.***%3Da)',
	'or=(group_name.imatch(any).{%22***%3Da%22})',
	'or=(group_name.match.%22***%3Da%22)',
	'or=(group_name.imatch.%22***%3Da%5C%22,group_name.match.b)',
	'not.or=(group_name.match.a)',
	'and=(group_name.match.a,status.eq.ACTIVE)',
	'not.and=(group_name.imatch.a)',
	'or=(and(group_name.match.a,status.eq.ACTIVE),status.eq.STALLED)',
	'x.group_name=match.a',
	'group_name->>a=match.a',
	'or=(group_name.imatch.%22***%3Da%22);group_name=match.b',
	'status=eq.ACTIVE;group_name=match.a',
	'order=group_id&group_name=match.a',
	'select=group_id&group_name=imatch.a',
	'%6Fr=(group_name.imatch.%22***%3Da%22)',
	'group_name=eq.%61');
for my $query (@refused)
{
	is(refusal(raw_answer("GET /api/group_status?$query")), '400 NG400', "?$query is refused");
	is(refusal(raw_answer("GET /export/group_status.csv?$query")), '400 NG400', 'and for a file');
}
is(refusal(raw_answer("GET /export/as-of/2026-01-01/group_status.csv?$refused[0]")),
	'400 NG400', 'as of a day');
is(raw_answer("HEAD /api/group_status?$refused[0]")->{status}, 400, 'by HEAD');
is(refusal(raw_answer("GET /api/rpc/member_journey?user_id=x&$refused[0]")),
	'400 NG400', 'of what a function answers');
is(refusal(post("/api/rpc/member_journey?$refused[0]", '{"user_id": "x"}', json_headers())),
	'400 NG400', 'by POST');
is(refusal(get('/api//group_status?group_name=match.a')), '400 NG400', 'with another path');
like(get('/api/group_status?group_name=match.a')->{content},
	qr/ilike/, 'and the hint says what else there is');

# Many page loads in a row stay far below all limits.
my @loads;
for (1 .. 20)
{
	my @sent = map { begin_request("GET $_") }
	  qw(/ /api/home /api/home_before /api/freshness /api/sync_status /assets/page-1a2b.js);
	push @loads, map { end_request($_)->{status} } @sent;
}
is_deeply([ grep { $_ ne '200' } @loads ],
	[], '20 loads of a page, six requests at once, are answered');

# The page is served in the chosen language, otherwise in the first available one of the browser's
# list.
for my $case (
	['home'],
	[ 'beranda', 'Accept-Language' => 'id' ],
	[ 'beranda', 'Accept-Language' => 'id-ID,id;q=0.9,en;q=0.8' ],
	[ 'beranda', 'Accept-Language' => 'jv, su;q=0.9,  ID;q=0.5' ],
	[ 'home', 'Accept-Language' => 'en, id' ],
	[ 'home', 'Accept-Language' => 'idx, de, *' ],
	[ 'home', 'Accept-Language' => 'id', Cookie => 'ngeshare_language=en' ],
	[ 'beranda', 'Accept-Language' => 'en', Cookie => 'ngeshare_language=id' ],
	[ 'home', Cookie => 'ngeshare_language=../../etc' ])
{
	my ($words, %headers) = @$case;

	is(get('/', %headers)->{content}, $words, join ' ', 'the page for', %headers);
}

# A header that a regular expression could match in many ways takes no longer than others.
my $spaces = join(',', map { ' ' x 20 . 'x' } 1 .. 150) . ',de';
my $began = time;
get('/', 'Accept-Language' => $spaces) for 1 .. 40;
cmp_ok(time - $began, '<', 1, sprintf '40 long lists of languages in %.2f s', time - $began);

# One client address may have 16 requests at once, at most four of them for files. Other addresses
# are not affected.
my @sent = map { begin_request('GET /api/slow') } 1 .. 24;
my $started = time;
my $other = do { local $Website::FROM = '127.0.0.2'; raw_answer('GET /api/home') };
my $took = time - $started;
my @statuses = map { end_request($_) } @sent;
is($other->{status}, '200', 'while one address keeps 16 requests running, another is answered');
cmp_ok($took, '<', 2, sprintf 'in %.2f s', $took);
is(scalar(grep { $_->{status} eq '200' } @statuses), 16, '16 of 24 requests at once are answered');
my ($too_many) = grep { $_->{status} ne '200' } @statuses;
is(refusal($too_many), '429 NG429', 'the others: 429 NG429');
is($too_many->{headers}{'retry-after'}, 1, 'with when to try again');
is(get('/api/home')->{status}, 200, 'and when they have ended all is as before');
@sent = map { begin_request('GET /export/slow.csv') } 1 .. 6;
is( join(' ', sort map { end_request($_)->{status} } @sent),
	'200 200 200 200 429 429',
	'four files at once');
@sent = map { begin_request('GET /api/slow', 'Accept: application/json;q=0.1, Text/CSV') } 1 .. 6;
is( join(' ', sort map { end_request($_)->{status} } @sent),
	'200 200 200 200 429 429',
	'also where the API is asked for CSV');

# A request is limited to 10 seconds, a file to 30; a shorter statement_timeout of the role still
# applies.
is(row('/api/limits')->{statement_timeout}, '10s', 'a request may take 10 seconds');
is(row('/api/limits', Accept => 'text/csv;q=0.1, application/json')->{statement_timeout},
	'10s', 'also one that would take a file as well');
like(get('/export/limits.csv')->{content}, qr/\n30s,/, 'a file 30');
$local->safe_psql('ngeshare',
	q{ALTER ROLE ngeshare_operator SET statement_timeout = '5s'; NOTIFY pgrst, 'reload config'});
wait_until('a shorter time of the role holds',
	sub { row('/api/limits')->{statement_timeout} eq '5s' });

# Connections that never end their request do not block other requests.
my @idle =
  map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => website_port()) } 1 .. 300;
print $_ "GET /api/home HTTP/1.1\r\n" for @idle;
is(get('/api/home')->{status},
	200, 'beside 300 connections that never end their request the page is answered');
undef @idle;

# Headers in which a client claims to be a user do not reach PostgREST.
unlike(
	row('/api/limits',
		map { $_ => 'operator' }
		  qw(Remote-User X-Remote-User X-Forwarded-User Cookie Authorization))->{headers},
	qr/operator/,
	'what a client says of its user goes no further than nginx');
is(bare_answers(), '', 'every answer has the security headers');
done_testing();

# Encodes a text as URLSearchParams does.
sub as_browser
{
	my ($text) = @_;
	return $text =~ s/([^A-Za-z0-9*._ -])/sprintf '%%%02X', ord $1/ger =~ s/ /+/gr;
}
