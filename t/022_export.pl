# Tests exports as a browser requests them: /export/NAME.csv returns the whole table as a file.
# Another project's parser reads it, and each cell is compared with SQL. An answer that is not the
# whole table must not be saved as a file.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use IO::Uncompress::Gunzip;
use JSON::PP;
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Text::CSV_XS;
use Website;

my $clock = '2026-03-31 12:00:00+07';
my $json = JSON::PP->new->canonical;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(300, 51, '$clock')");
new_local($local, 'ngeshare');
make_roles($local);
start_website($local, 'ngeshare_web');

# Before the first sync an export returns a file with only a header.
is_deeply(
	exported('/export/group_status.csv'),
	[ columns_of('group_status') ],
	'before the first sync a file has its header');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);

# Names as people and attackers could write them.
my @hostile = (
	'a,b', 'say "x"',
	'"', "one\ntwo",
	"one\r\ntwo", "cr\ronly",
	'back\\slash \\n \\', 'رحلة الإيمان',
	'🌱 tunas 👩‍👩‍👧', '=1+1',
	'=HYPERLINK("http://x","y")', '=cmd|\' /C calc\'!A0',
	'+62 812-3456-7890', '+6281234567890',
	'-5', '-1+1',
	'@SUM(A1)', "\tx",
	"\rx", '',
	' ', ' leading',
	'NULL', '\\N',
	'<img src=x onerror=alert(1)>', "'quoted'",
	'1e5', '00123',
	'2026-03-31', 'x' x 10_000,
	'"' x 5_000, 'ب' x 10_000,
	'x;=1+1', 'x;  =1',
	"x\"\t=1", "x\r\n=1",
	"x\n+1", ';;@x',
	'a;"=1"', 'x;' . '"' x 3 . ';=1',
	"abc;=cmd|'/C calc'!A0;x", '=;=;=',
	' =1', ';',
	'x;"', "\n=1",
	'"=1"', 'a;-5',
	"\xE2\x80\x8B=1", "\xEF\xBB\xBF=1",
	"\xC2\xA0-1", "\xEF\xBC\x9D1",
	"\xEF\xBC\x8B1", "\xEF\xBC\x8D1",
	"\xEF\xBC\xA0x", "x;\xE2\x80\x8B=1",
	"x;\xE3\x80\x80\"\xEF\xBC\x9D1");
sql(    'SET ngeshare.sync_clock = DEFAULT; UPDATE "HangoutGroup" AS g SET name = hostile.name'
	  . ' FROM (SELECT id, row_number() OVER (ORDER BY id) % '
	  . @hostile
	  . ' + 1 AS number FROM "HangoutGroup") AS numbered'
	  . ' JOIN unnest(ARRAY['
	  . join(', ', map { quote($_) } @hostile)
	  . ']::text[]) WITH ORDINALITY AS hostile (name, number) USING (number)'
	  . ' WHERE g.id = numbered.id; SELECT ngeshare_refresh()');

# Every view can be exported, and each cell equals SQL. The view "caller" is left out, because its
# row depends on who asks.
my @views = split /\n/, sql(
	q{SELECT relname FROM pg_class
	WHERE relnamespace = 'api'::regnamespace AND relkind = 'v' AND relname <> 'caller'
		ORDER BY relname}
);
cmp_ok(scalar @views, '>=', 10, 'there are views to export');
for my $view (@views)
{
	my $got = exported("/export/$view.csv");

	my $expected = by_sql($view);

	is_deeply(
		in_any_order(without_age($view, $got)),
		in_any_order(without_age($view, $expected)),
		"$view: every cell is SQL's");
	is_deeply(
		exported(
				"/export/$view.csv?"
			  . first_column($view)
			  . '=is.null&'
			  . first_column($view)
			  . '=not.is.null'),
		[ columns_of($view) ],
		'and there is a header at zero rows');
}
my %cells = map { ($_ // 'nothing') => 1 } map { @$_ } @{ exported('/export/group_status.csv') };
ok($cells{$_}, 'a cell is "' . seen($_) . '"')
  for 'a,b', 'say "x"', '"', "one\ntwo", "one\r\ntwo", "cr\ronly", 'back\\slash \\n \\',
  'رحلة الإيمان', '🌱 tunas 👩‍👩‍👧', q{'=1+1}, q{'=HYPERLINK("http://x","y")},
  q{'=cmd|' /C calc'!A0}, q{'+62 812-3456-7890}, q{'+6281234567890}, q{'-5}, q{'-1+1},
  q{'@SUM(A1)}, "'\tx", "'\rx", '', ' ', 'NULL', '\\N',
  '<img src=x onerror=alert(1)>', '1e5', '00123', 'x' x 10_000, '"' x 5_000, 'ب' x 10_000,
  'nothing';
is(formulas_at_semicolons('/export/group_status.csv'),
	'', 'a spreadsheet that splits the file at semicolons or tabs finds no formula');
is( scalar(
		grep { ($_ // '') =~ /^'-\d/ } map { $_->[4] } @{ exported('/export/group_status.csv') }),
	0,
	'a number gets no apostrophe');

# An export accepts the same filters and orders as the API.
for my $asked (
	[ 'order=group_id.desc', '', 'group_id DESC' ],
	[
		'course_name=ilike.*a*&order=progress_pct.desc.nullslast,group_id.asc',
		q{WHERE course_name ILIKE '%a%'},
		'progress_pct DESC NULLS LAST, group_id'
	],
	[
		'status=in.(STALLED,ACTIVE)&progress_pct=gte.50&order=group_id',
		q{WHERE status IN ('STALLED', 'ACTIVE') AND progress_pct >= 50},
		'group_id'
	],
	[
		'or=(group_name.ilike.*%22*,group_name.is.null)&order=group_id',
		q{WHERE group_name ILIKE '%"%' OR group_name IS NULL},
		'group_id'
	],
	[
		'group_name=eq.' . escaped("one\r\ntwo") . '&order=group_id',
		q{WHERE group_name = E'one\r\ntwo'},
		'group_id'
	],
	[
		'group_name=eq.' . escaped('a,b') . '&order=group_id',
		q{WHERE group_name = 'a,b'}, 'group_id'
	])
{
	my ($query, $where, $order) = @$asked;
	my $got = exported("/export/group_status.csv?$query");

	is_deeply(
		$got,
		by_sql('group_status', "$where ORDER BY $order"),
		"$query: rows and order are SQL's");
	cmp_ok(scalar @$got, '>', 1, 'some')
	  unless $query =~ /two|a%2Cb/ && !sql("SELECT count(*) FROM api.group_status $where");
}

# An as-of instant in the path.
my %instants = (
	'2026-02-28' => [ '2026-02-28 23:59:59.999999+07', '2026-02-28' ],
	'2026-01-01T00:00:00+07:00' => [ '2026-01-01 00:00:00+07', '2026-01-01T000000+0700' ],
	'2026-01-01T00:00%2B07' => [ '2026-01-01 00:00:00+07', '2026-01-01T0000+07' ],
	'2025-08-17%2017:30:00.25Z' => [ '2025-08-17 17:30:00.25+00', '2025-08-17T173000.25Z' ],
	'2026-03-08T09:10:11-03:30' => [ '2026-03-08 09:10:11-03:30', '2026-03-08T091011-0330' ]);
for my $instant (sort keys %instants)
{
	my ($as_of, $in_name) = @{ $instants{$instant} };

	is_deeply(
		exported("/export/as-of/$instant/group_status.csv?order=group_id"),
		by_sql('group_status', 'ORDER BY group_id', $as_of),
		"as of $instant: every cell is SQL's");
	is( file_name("/export/as-of/$instant/group_status.csv"),
		"group_status-as-of-$in_name.csv",
		'and the file\'s name says so');
}
isnt(
	$json->encode(exported('/export/as-of/2026-02-28/group_status.csv?order=group_id')),
	$json->encode(exported('/export/group_status.csv?order=group_id')),
	'another day, other cells');
is_deeply(
	exported('/export/group_status.csv?order=group_id', 'As-Of' => '2026-02-28'),
	by_sql('group_status', 'ORDER BY group_id'),
	'the address alone says as of when');

# The headers of a file.
my $file = get('/export/funnel.csv');
is( $file->{headers}{'content-disposition'},
	'attachment; filename="funnel.csv"',
	'the file has the view\'s name');
is($file->{headers}{'content-type'}, 'text/csv; charset=utf-8', 'says what it is');
is($file->{headers}{'cache-control'}, 'no-store', 'is not kept');
like($file->{headers}{'content-range'}, qr{^0-\d+/\d+$}, 'and how many rows it has');
is(substr($file->{content}, 0, 3), "\xEF\xBB\xBF", 'it begins with a byte order mark');
my $packed = get('/export/group_status.csv', 'Accept-Encoding' => 'gzip');
my $text;
is($packed->{headers}{'content-encoding'}, 'gzip', 'it is compressed');
IO::Uncompress::Gunzip::gunzip(\$packed->{content}, \$text) or die "gunzip failed";
is($text, get('/export/group_status.csv')->{content}, 'and the same then');
my $head = ask('HEAD', '/export/funnel.csv');
is("$head->{status} " . ($head->{content} // ''), '200 ', 'HEAD is answered');
is(ask($_, '/export/funnel.csv')->{status}, 405, "$_ is refused")
  for qw(POST PUT PATCH DELETE OPTIONS);
is(file_name('/export/funnel.csv', 'Sec-Fetch-Site' => $_),
	'funnel.csv', "a click ($_) is answered")
  for qw(same-origin none);

# A request for a part of a file returns the whole file or an error.
my %whole = (Range => 'bytes=0-9', 'If-Range' => '"x"');
is(file_name('/export/group_status.csv', %whole),
	'group_status.csv', 'who asks for a range of bytes gets the whole file');
is( file_name(
		'/export/group_status.csv',
		Range => '0-4',
		'Range-Unit' => 'items',
		Prefer => 'count=none'),
	'group_status.csv',
	'of rows, too');
is_deeply(
	exported('/export/group_status.csv?order=group_id', Range => '0-4', 'Range-Unit' => 'items'),
	by_sql('group_status', 'ORDER BY group_id'),
	'with all rows');
for my $part (
	qw(limit=5 offset=5 select=group_id limit=5&offset=5 order=group_id&limit=5 order=group_id;limit=5
	%6Cimit=5 l%69mit=5 order=group_id;%6c%69mit=5
	limit limit=&order=group_id x.limit=5 a=eq.1;offset=5 %73elect=group_id))
{
	no_file("/export/group_status.csv?$part", '400 NG400', "?$part is refused");
	no_file("/export/as-of/2026-03-31/group_status.csv?$part", '400 NG400', 'as of a day, too');
}
sql(q{UPDATE "HangoutGroup" SET name = 'limit=5' WHERE name = 'a,b'; SELECT ngeshare_refresh()});
is_deeply(
	exported('/export/group_status.csv?group_name=eq.limit%3D5&order=group_id'),
	by_sql('group_status', q{WHERE group_name = 'limit=5' ORDER BY group_id}),
	'a value may be such a word');

# A refused export is not sent as a file.
no_file('/export/group_status.csv?nothing=eq.1', '400 42703', 'a column that is not there');
no_file('/export/group_status.csv?progress_pct=eq.much', '400 22P02', 'a value that is no number');
no_file('/export/group_status.csv?order=nothing', '400 42703', 'an order that is not there');
no_file('/export/nothing.csv', '404 42P01', 'a view that is not there');
no_file("/export/$_", '404 NG404', "/export/$_")
  for '', 'funnel', 'funnel.json', 'Funnel.csv', 'funnel.csv/', 'rpc/sync_start.csv', 'a-b.csv',
  '.csv', 'funnel.csv.csv', 'as-of/2026-03-31',
  'as-of/2026-03-31/Funnel.csv', 'as-of/2026/03/funnel.csv';
no_file('/export/pre_request.csv', '404 42P01', 'a function is no file');
no_file("/export/as-of/$_/funnel.csv", '400 NG400', "as of $_")
  for 'yesterday', 'now', '2026-02-30', '2026-13-01', '2026-03-31T12:00:00',
  '2026-03-31T25:00:00Z', '31.03.2026',
  'infinity', '2026-03-31T12:00:00+99', '2026-03-31%0D%0AX-Evil:%201', '2026-03-31%0a', '%22;x',
  '1';
is(get('/export/as-of/2026-03-31%00/funnel.csv')->{status}, 400, 'as of a zero byte: 400');
no_file('/export/funnel.csv', '403 NG403', "Sec-Fetch-Site: $_", 'Sec-Fetch-Site' => $_)
  for qw(cross-site same-site);
sql(q{CREATE VIEW api.huge AS SELECT number, repeat('x', 30000000) AS word
	FROM generate_series(1, 9) AS number; GRANT SELECT ON api.huge TO ngeshare_web}
);
sql(q{NOTIFY pgrst, 'reload schema'});
wait_until('PostgREST knows a new view',
	sub { get('/export/huge.csv?number=eq.0')->{status} == 200 });
no_file('/export/huge.csv', '413 54000', 'a file that would be too long');

# A file that breaks off during the transfer.
my $whole_length = length("\xEF\xBB\xBFnumber,word\r\n") + 4 * length("1,\r\n") + 4 * 30_000_000;
is_deeply([ cut_by(sub { }) ], [ 'whole', $whole_length ], 'a long file arrives whole');
my ($how, $length) = cut_on_its_way();
is($how, 'cut', 'one that breaks off is not ended');
cmp_ok($length, '<', $whole_length, "it broke off after $length bytes");
no_file('/export/funnel.csv', '503 NG503', 'without PostgREST there is no file');
start_api('ngeshare_web', 'db-max-rows = 5');
wait_until('the API answers again', sub { get('/api/freshness')->{status} == 200 });
my $cut = get('/export/group_status.csv');
is( "$cut->{status} " . ($cut->{headers}{'content-disposition'} // 'no file'),
	'206 no file',
	'one that PostgREST cuts has no name and is 206');

is(bare_answers(), '',
	'every answer had the security headers, and none a CORS header or the server\'s version');
stop_program($_) for 'nginx', 'postgrest';
done_testing();

# Returns a file's rows as Text::CSV_XS parses them. An empty cell without quotes is undef; "" is an
# empty string.
sub exported
{
	my ($path, %headers) = @_;
	my $answer = get($path, %headers);
	my $content = $answer->{content};
	my $parser = Text::CSV_XS->new(
		{
			binary => 1,
			decode_utf8 => 0,
			strict => 1,
			blank_is_undef => 1,
			eol => "\r\n",
			auto_diag => 0
		});

	return "$answer->{status} $content"
	  unless $answer->{status} == 200 && $content =~ s/\A\xEF\xBB\xBF//;
	return 'no file'
	  unless ($answer->{headers}{'content-disposition'} // '') =~
	  /^attachment; filename="[a-z_]+[A-Za-z0-9.+_-]*\.csv"$/;
	open my $lines, '<', \$content or die "no lines: $!";
	my $rows = $parser->getline_all($lines);
	my ($code, $message, $place) = $parser->error_diag;
	return $parser->eof && $code =~ /^(0|2012)$/ ? $rows : "no CSV: $code $message at $place";
}

# Returns the cells of a file that a spreadsheet would compute as formulas if it split the file at
# semicolons or tabs. Such a spreadsheet takes a cell as quoted only if a quote follows the
# separator directly.
sub formulas_at_semicolons
{
	my ($path) = @_;
	my $content = get($path)->{content} =~ s/\A\xEF\xBB\xBF//r;
	my $blank = qr/(?:["\s]|\xC2\xA0|\xE2\x80\x8B|\xE3\x80\x80|\xEF\xBB\xBF)*/;
	my ($cells, @found) = (0);

	for my $separator (';', "\t", ";\t,")
	{
		while ($content =~
			/\G("(?:[^"]|"")*"[^$separator\r\n]*|[^$separator\r\n]*)(?:[$separator\r\n]|\z)/gc)
		{
			my $cell = $1;

			last if pos $content >= length $content;
			$cells++;
			push @found, seen($cell)
			  if $cell =~ /\A$blank(?:[=+\@-]|\xEF\xBC[\x8B\x8D\x9D\xA0])/
			  && $cell !~ /\A-?[\d.]+\z/;
		}
		pos($content) = 0;
	}
	return $cells > 1000 ? join("\n", @found) : "only $cells cells";
}

# Returns by SQL the rows that exported() should return, header first: numbers, days and booleans as
# in JSON, all other cells as text, with an apostrophe wherever a spreadsheet could see a formula.
sub by_sql
{
	my ($view, $rest, $as_of) = @_;
	my $cells = sql(
		qq{SELECT string_agg(CASE
			WHEN typcategory IN ('N', 'B', 'D') THEN format('to_json(%I) #>> ''{}''', attname)
			ELSE format('CASE WHEN %1\$I::text ~ ''^[\\t\\r]''
				THEN '''''''' ELSE '''' END || regexp_replace(%1\$I::text, %2\$L, %3\$L, ''g'')', attname,
				'((?:^|[;\\t\\r\\n])[" \\u00a0\\u200b\\u3000\\ufeff]*)(?=[-=+\@\\uff0b\\uff0d\\uff1d\\uff20])',
					'\\1''')
		END, ', ' ORDER BY attnum)
		FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
		WHERE attrelid = 'api.$view'::regclass AND attnum > 0});

	$as_of //= $clock;
	$rest  //= '';
	return [
		columns_of($view),
		@{
			$json->decode(
				sql(qq{SET ngeshare.as_of = '$as_of';
		SET ROLE ngeshare_web; SELECT coalesce(json_agg(cells), '[]')
			FROM (SELECT json_build_array($cells) AS cells FROM api.$view $rest) AS made}
				))
		}
	];
}

# Returns the names of a view's columns.
sub columns_of
{
	my ($view) = @_;
	return [
		split / /,
		sql(qq{SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
			WHERE attrelid = 'api.$view'::regclass AND attnum > 0}
		)
	];
}

sub first_column
{
	my ($view) = @_;
	return columns_of($view)->[0];
}

# Sorts rows by their text; the header stays first.
sub in_any_order
{
	my ($rows) = @_;
	return $rows unless ref $rows;
	my ($header, @others) = @$rows;
	return [ $header, sort { $json->encode($a) cmp $json->encode($b) } @others ];
}

# Replaces the age of the last sync, which grows from one request to the next, by a fixed text. A
# value that does not look like an age stays as it is.
sub without_age
{
	my ($view, $rows) = @_;
	my %age = (
		sync_health => [ 'age', qr/^(?:\d+ days? )?\d\d:\d\d:\d\d(?:\.\d+)?$/ ],
		freshness => [ 'age_seconds', qr/^\d+$/ ]);
	my ($name, $form) = @{ $age{$view} // return $rows };
	my ($place) =
	  grep { ref $rows && $rows->[0][$_] eq $name } 0 .. (ref $rows ? $#{ $rows->[0] } : -1);

	return $rows unless defined $place;
	for my $row (@$rows[ 1 .. $#$rows ])
	{
		$row->[$place] = 'an age' if ($row->[$place] // '') =~ $form;
	}
	return $rows;
}

# Returns the file name under which a browser would save an answer.
sub file_name
{
	my ($path, %headers) = @_;
	my $answer = get($path, %headers);
	return "$answer->{status}: " . ($answer->{headers}{'content-disposition'} // 'no file')
	  unless ($answer->{headers}{'content-disposition'} // '') =~
	  /^attachment; filename="([^"]*)"$/;
	return $1;
}

# Tests that an answer is not a file but a refusal in JSON that says what was wrong or what to do.
sub no_file
{
	my ($path, $refusal, $name, %headers) = @_;
	my $answer = get($path, %headers);
	my $body = eval { decoded($answer) } // {};

	is(refusal($answer), $refusal, "$name: $refusal");
	is(join(' ', sort keys %$body), 'code details hint message', 'in JSON');
	is($answer->{headers}{'content-disposition'}, undef, 'and no file');
	return;
}

# Requests a file of 120 MB and calls $done when its first bytes have arrived. Returns how the
# transfer ended and how many bytes arrived.
sub cut_by
{
	my ($done) = @_;
	my $socket =
	  IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => website_port(), Timeout => 10)
	  or die "no connection: $@";
	my $got = '';

	print $socket join "\r\n", 'GET /export/huge.csv?number=lte.4 HTTP/1.1',
	  'Host: 127.0.0.1:' . website_port(), '', '';
	sysread $socket, $got, 4000;
	die "not a file in chunks: $got"
	  unless $got =~ /^HTTP\/1\.1 200 .*transfer-encoding: chunked.*\r\n\r\n/is;
	$done->();
	$got =~ s/^.*?\r\n\r\n//s;
	my $rest;

	while (1)
	{
		last if substr($got, -7) =~ /\r\n0\r\n\r\n$/;
		last unless sysread $socket, $rest, 1_000_000;
		$got .= $rest;
	}
	my ($body, $at) = (0, 0);
	while (substr($got, $at, 20) =~ /^([0-9a-f]+)\r\n/i)
	{
		my $size = hex $1;

		return ('whole', $body) if $size == 0;
		$at   += length($1) + 4 + $size;
		$body += $size;
	}
	return ('cut', $body);
}

# Like cut_by(), and kills PostgREST during the transfer. On a busy machine PostgREST may already
# have sent the whole file by then; in that case this is tried again.
sub cut_on_its_way
{
	for (1 .. 9)
	{
		my @cut = cut_by(sub { kill_program('postgrest') });

		return @cut unless $cut[0] eq 'whole' && $cut[1] == $whole_length;
		start_api('ngeshare_web');
		wait_until('PostgREST is back', sub { get('/api/freshness')->{status} == 200 });
	}
	return ('never cut', $whole_length);
}

sub sql
{
	my ($query) = @_;
	return $local->safe_psql('ngeshare', $query);
}

# Returns a text as an SQL literal; undef is NULL.
sub quote
{
	my ($value) = @_;
	return 'NULL' unless defined $value;
	return q{E'} . $value =~ s/(['\\])/\\$1/gr =~ s/\r/\\r/gr . q{'};
}

# Returns the text with CR, LF and TAB made visible; of a long text only the beginning.
sub seen
{
	my ($text) = @_;
	$text =~ s/([\r\n\t])/sprintf('<%02X>', ord $1)/ge;
	return length $text > 60 ? substr($text, 0, 20) . '... (' . length($text) . ' bytes)' : $text;
}
