# Tests logins, which one setting turns on: nginx asks for a password, the viewer may read, the
# operator may also start and cancel syncs, and no header of a client changes a user's role.
use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::RealBin/lib";
use JSON::PP;
use MIME::Base64 qw(encode_base64 encode_base64url);
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Website;

my $script = NgeshareTest::project('www', 'serve', 'users');
my %password = (viewer => 'sees: all', operator => q{does'"too}, ani => 'a third');
my $passwords = join '',
  map { "$_:" . crypt($password{$_}, '$6$' . "salt$_") . "\n" } sort keys %password;

my ($production, $local) = start_servers();
new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(30, 5, '2026-01-15 12:00+07')");
new_local($local, 'ngeshare');
make_roles($local);
$local->safe_psql('ngeshare', connect_local($production, 'source'));
start_website($local, 'authenticator', $passwords);
wait_until('PostgREST knows the API', sub { get('/api/home', user('viewer'))->{status} == 200 });

# Every path asks for a login.
for my $path (
	qw(/ /funnel /assets/page-1a2b.js /api/ /api/home /api/rpc/explain_group?group_id=x
	/export/funnel.csv /nothing))
{
	my $answer = get($path);
	is($answer->{status}, 401, "$path without a name: 401");
	is( $answer->{headers}{'www-authenticate'},
		'Basic realm="ngeShare"',
		'and the browser asks for one');
}
is(start_sync()->{status}, 401, 'a sync without a name: 401');
is(get('/api/home', login('viewer', 'wrong'))->{status}, 401, 'a wrong password: 401');
is(get('/api/home', login('operator', $password{viewer}))->{status},
	401, 'the password of another: 401');
is(get('/api/home', login('nobody', ''))->{status}, 401, 'an unknown name: 401');
is(runs(), 0, 'and nothing was started');

# The viewer and a user without a role may read, but not start a sync.
for my $path (
	qw(/ /funnel /api/home /api/group_status /export/funnel.csv /export/as-of/2026-01-01/home.csv))
{
	is(get($path, user('viewer'))->{status}, 200, "viewer: $path");
}
is(may_sync('viewer'), 'false', 'viewer: may_sync is false');
for my $mode (undef, 'full', 'verify')
{
	my $answer = start_sync($mode, user('viewer'));
	is(refusal($answer), '403 42501',
		'viewer: sync_start ' . ($mode // 'as it is') . ' is refused');
	is($answer->{headers}{'www-authenticate'},
		undef, 'and the browser does not ask again who it is');
}
is(refusal(post('/api/rpc/sync_cancel', '{}', json_headers(), user('viewer'))),
	'403 42501', 'viewer: sync_cancel is refused');
is(may_sync('ani'), 'false', 'who is neither reads, too');
is(refusal(start_sync('full', user('ani'))), '403 42501', 'and starts nothing');
is(runs(), 0, 'and nothing was started');

# No header makes a viewer an operator.
my $forged = token('ngeshare_operator', 'x' x 48);
for my $header (
	'Authorization', 'X-Authorization', 'Proxy-Authorization', 'X-Remote-User',
	'Remote-User', 'X-Forwarded-User', 'Role')
{
	my %headers = (user('viewer'), $header eq 'Authorization' ? () : ($header => "Bearer $forged"));
	isnt(start_sync('full', %headers)->{status}, 202, "$header beside the login starts nothing");
}
is(get('/api/home', Authorization => "Bearer $forged")->{status},
	401, 'a token in the place of a login: 401');
is( raw_answer(
		'GET /api/home',
		'Host: 127.0.0.1:' . website_port(),
		'Authorization: ' . { user('viewer') }->{Authorization},
		"Authorization: Bearer $forged")->{status},
	400,
	'two logins in one request: 400');
is(runs(), 0, 'and nothing was started');

# The operator starts and cancels.
is(may_sync('operator'), 'true', 'operator: may_sync is true');
my $started = start_sync('incremental', user('operator'));
is($started->{status}, 202, 'operator: a sync starts') or diag $started->{content};
wait_until(
	'it ends',
	sub { $local->safe_psql('ngeshare', q{SELECT status FROM sync_run}) =~ /^(success|warning)$/ });
is(get('/api/home', user('operator'))->{status}, 200, 'operator: reads');
is(post('/api/rpc/sync_cancel', '{}', json_headers(), user('operator'))->{status},
	200, 'operator: cancels (nothing, here)');
is(refusal(start_sync('full', user('operator'), 'Sec-Fetch-Site' => 'cross-site')),
	'403 NG403', 'from a foreign page not even then');
is(runs(), 1, 'one sync was started in all');

# Attempts to guess a password are limited, and a user who has logged in before is not affected.
like(
	get('/', user('viewer'))->{headers}{'set-cookie'},
	qr/^ngeshare_login=[0-9a-f]{32}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
	'a page that a user opens has a cookie');
is(get('/', login('viewer', 'wrong'))->{headers}{'set-cookie'}, undef, 'a wrong password has none');
my %cookie =
  map { $_ => get('/', user($_))->{headers}{'set-cookie'} =~ s/;.*//r } sort keys %password;
isnt($cookie{viewer}, $cookie{operator}, 'each user has one of their own');

# A client address may make one more attempt every 2 seconds, so each bound below allows for the
# time that has passed.
my ($began, $refused_at, %guessed) = (time);
for my $number (1 .. 150)
{
	my $asked_at = time;
	my $status = get('/api/home', login('operator', "guess $number"))->{status};
	$guessed{$status}++;
	$refused_at = $asked_at if $status == 429;
}
cmp_ok(
	$guessed{401}, '<=',
	102 + (time - $began) / 2,
	'of 150 passwords in a row a hundred and some are looked at');
is($guessed{429}, 150 - $guessed{401}, 'the others are refused: 429');
is(soon_refused('/api/home', login('operator', $password{operator})),
	'429 NG429', 'and then even the right one');
is(soon_refused($_, login('operator', 'guess')), '429 NG429', "$_, too")
  for qw(/ /assets/page-1a2b.js /export/funnel.csv);
is(get('/')->{status}, 401, 'a browser is still asked who it is');
my @load = map { get($_, user('viewer'), Cookie => $cookie{viewer})->{status} }
  (qw(/ /assets/page-1a2b.js /api/home /api/freshness /export/funnel.csv)) x 10;
is_deeply([ grep { $_ != 200 } @load ],
	[], 'ten page loads of one who has logged in before are answered');

for my $name (qw(operator ani nobody Viewer))
{
	is(soon_refused('/api/home', login($name, 'guess'), Cookie => $cookie{viewer}),
		'429 NG429', "the viewer's cookie is none for the passwords of $name");
}
is( soon_refused(
		'/api/home',
		login('operator', 'guess'),
		Cookie => "ngeshare_login=x|$cookie{viewer}"),
	'429 NG429',
	'nor within another');
is(get('/api/home', Cookie => $cookie{operator})->{status},
	401, 'a cookie without a password opens nothing');
is(get('/api/home', login('viewer', 'wrong'), Cookie => $cookie{viewer})->{status},
	401, 'nor with a wrong one');
{
	local $Website::FROM = '127.0.0.2';
	is( raw_answer('GET /api/home', 'Authorization: ' . { user('operator') }->{Authorization})
		  ->{status},
		200,
		'another address may log in');
}
is(bare_answers(), '', 'every answer has the security headers');

# The generated files contain no passwords, and www/serve/users refuses wrong input.
my $users = slurp_file(website_state() . '/users.conf');
unlike($users, qr/\Q$password{$_}\E/, "no file has $_\'s password") for sort keys %password;
is( written_by(),
	"map \$remote_user \$authorization {\n    default \"\";\n}\n",
	'without a setting nobody logs in');
my %refused = (
	"viewer:\$6\$x\$y\n" => 'operator is missing',
	"viewer:\$6\$x\$y\noperator:\n" => 'operator has no hash',
	"viewer:plain\noperator:plain\n" => 'passwords in the place of hashes',
	"xviewer:\$6\$x\$y\noperator:\$6\$x\$y\n" => 'viewer is only the end of a name',
	"viewer:\$6\$x\$y\noperator:\$6\$x\$y\nOperator:\$6\$x\$y\n" =>
	  'a name that nginx takes for the operator\'s',
	'' => 'nothing');
for my $lines (sort keys %refused)
{
	like(written_by($lines), qr/^users: .*\n\z/,
		"a file of passwords is refused: $refused{$lines}");
}
done_testing();

# Returns the header with which a user logs in.
sub user
{
	my ($name) = @_;
	return login($name, $password{$name});
}

sub login
{
	my ($name, $secret) = @_;
	return (Authorization => 'Basic ' . encode_base64("$name:$secret", ''));
}

# Repeats a request until nginx refuses it, and returns that refusal. After the last refusal nginx
# may answer one request, and one more per 2 seconds. If it answers more, returns that answer.
sub soon_refused
{
	my ($path, %headers) = @_;

	for my $answered (1 .. 100)
	{
		my $asked_at = time;
		my $answer = get($path, %headers);

		return refusal($answer)
		  if $answer->{status} != 429 && $answered > 1 + (time - $refused_at) / 2;
		next if $answer->{status} != 429;
		$refused_at = $asked_at;
		return refusal($answer);
	}
	return 'never refused';
}

# Returns whether a user may start a sync, as the API says.
sub may_sync
{
	my ($name) = @_;
	return JSON::PP->new->allow_nonref->encode(row('/api/sync_status', user($name))->{may_sync});
}

# Returns the number of runs so far.
sub runs
{
	return $local->safe_psql('ngeshare', 'SELECT count(*) FROM sync_run');
}

# Returns a JSON web token for a role, signed with a secret.
sub token
{
	my ($role, $secret) = @_;
	my $signed = join '.', map { encode_base64url($_) } '{"alg":"HS256","typ":"JWT"}',
	  qq({"role":"$role"});
	return "$signed." . encode_base64url(hmac_sha256($signed, $secret));
}

# Returns what www/serve/users prints for these passwords, or its error message.
sub written_by
{
	my ($lines) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my @arguments = defined $lines ? ("$folder/secret", "$folder/passwords") : ();
	my ($printed, $complaint) = ('', '');

	append_to_file("$folder/secret", 'x' x 48);
	append_to_file("$folder/passwords", $lines // '');
	IPC::Run::run([ $script, @arguments ], '>', \$printed, '2>', \$complaint);
	return $complaint ne '' ? $complaint : $printed;
}
