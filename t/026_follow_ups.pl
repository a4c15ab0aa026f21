# Tests follow-ups over the web: users with the right to do so note and withdraw them by POST, under
# the name of their login if there are logins. Also tests hostile requests and texts.
use strict;
use warnings FATAL => 'all';

use Encode qw(encode);
use FindBin;
use lib "$FindBin::RealBin/lib";
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;
use POSIX ();
use Website;

my $json = JSON::PP->new->canonical->utf8;
my %role =
  (viewer => '', operator => '', siti => ':coordinator', budi => ':coordinator', ani => '');
my $passwords = join '',
  map { "$_:" . crypt("$_ knows", "\$6\$salt$_") . "$role{$_}\n" } sort keys %role;
my ($production, $local) = start_servers();

new_local($local, 'ngeshare');
$local->safe_psql(
	'ngeshare', q{
	INSERT INTO "Hangout" (id, "createdAt", "updatedAt", name, type, price, "circleProfileId")
	VALUES ('aqidah', '2020-01-01', '2020-01-01', 'Ngeshare Sesi Aqidah', 'CLASS', 0, 'nobody');
	INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
	VALUES ('A', '2026-01-01', '2026-01-01', 'Group A', 'ANY', 'aqidah');
	SELECT ngeshare_refresh()});
make_roles($local);

# Without logins: the name comes from the request and is shown as unverified.
start_website($local, 'ngeshare_coordinator');
my $asks = row('/api/caller');
is_deeply(
	[ $asks->{login}, map { $_ ? 1 : 0 } @{$asks}{qw(may_note may_sync)} ],
	[ undef, 1, 0 ],
	'the page knows who asks');
my $hostile = qq(<script>alert(1)</script> "'; DROP TABLE ngeshare.follow_up; -- \x{1F600}\n=1+1);
my $noted = note_it({ noted_by => ' Bu Siti ', note => $hostile, next_on => '2026-12-31' });
is($noted->{status}, 201, 'a follow-up is noted') or diag $noted->{content};
is(decoded($noted)->{noted_by}, 'Bu Siti', 'by who the request says');
is(decoded($noted)->{is_verified} ? 1 : 0, 0, 'unverified');
my $id = decoded($noted)->{id};
my $shown = row("/api/follow_up?id=eq.$id");
is($shown->{note}, encode('UTF-8', $hostile), 'hostile text is text');
is_deeply(
	[
		@{$shown}{qw(group_id group_name noted_by channel outcome next_on)},
		$shown->{is_verified} ? 1 : 0
	],
	[ 'A', 'Group A', 'Bu Siti', 'whatsapp', 'will_meet', '2026-12-31', 0 ],
	'all of it is shown');
like(
	get('/export/follow_up.csv')->{content},
	qr/<script>alert\(1\)<\/script>.*'=1\+1/s,
	'in the file a formula has its apostrophe');
is(refusal(note_it({})), '400 22004', 'without a name it is refused');
is(refusal(note_it({ noted_by => " \t" })), '400 22004', 'and with an empty one');
is(refusal(note_it({ noted_by => 'x' x 201 })), '400 22001', 'and with a long one');
is(refusal(note_it({ noted_by => 's', group_id => 'B' })), '400 22023', 'and for an unknown group');
is(refusal(note_it({ noted_by => 's', note => 'x' x 2001 })),
	'400 22001', 'and a note of 2,001 characters');
is(note_it({ noted_by => 's', note => "\x{1F600}" x 2000 })->{status}, 201, 'but not one of 2,000');
is(note_it({ noted_by => 's', noted_at => '2020-01-01' })->{status},
	404, 'noted_at cannot be given');

# Only a POST of the page itself is accepted.
my %body = (group_id => 'A', channel => 'phone', outcome => 'paused', noted_by => 's');
my $path = '/api/rpc/note_follow_up';
is(refusal(get("$path?group_id=A&channel=phone&outcome=paused&noted_by=s")),
	'405 NG405', 'by GET it is refused');
is(refusal(post($path, $json->encode(\%body), 'Content-Type' => 'application/json')),
	'403 NG403', 'a POST without the header of the page is refused');
is( refusal(
		post(
			$path, 'group_id=A&channel=phone&outcome=paused&noted_by=s',
			'Content-Type' => 'application/x-www-form-urlencoded',
			'X-Ngeshare' => 'sync')),
	'415 NG415',
	'and a form');
is(refusal(post($path, $json->encode(\%body), json_headers(), 'Sec-Fetch-Site' => $_)),
	'403 NG403', "and a page that is $_")
  for qw(cross-site same-site);
is(ask($_, '/api/follow_up', '{}', json_headers())->{status}, 405, "$_ on the view is refused")
  for qw(POST PATCH PUT DELETE);

# As of an earlier instant there are no follow-ups, because none was noted by then.
is(shown_rows('/api/follow_up', 'As-Of' => '2026-01-15'), 0, 'as of an earlier day there is none');
is(shown_rows('/api/follow_up'), 2, 'without it both count, whenever the last sync was');

# Follow-ups are withdrawn.
is(refusal(withdraw($id, {})), '400 22004', 'withdrawing wants a name, too');
is(refusal(withdraw(4711, { withdrawn_by => 's' })), '400 22023', 'and a follow-up');
is(withdraw($id, { withdrawn_by => 's' })->{content}, '{"withdrawn":true}', 'withdrawn');
is(withdraw($id, { withdrawn_by => 's' })->{content}, '{"withdrawn":false}', 'twice is once');
is(shown_rows("/api/follow_up?id=eq.$id"), 0, 'it is no longer shown');

# At most 60 follow-ups a minute are accepted, then the status is 429. Two were noted above.
my %answered;
$answered{ refusal(note_it({ noted_by => 's' })) }++ for 1 .. 60;
is_deeply(\%answered, { '201 ' => 58, '429 NG004' => 2 }, 'after 60 within a minute: 429')
  or diag explain \%answered;
my $too_many = note_it({ noted_by => 'another name' });
is(refusal($too_many), '429 NG004', 'another name does not help where nobody logs in');
is($too_many->{headers}{'retry-after'}, 60, 'it says how long to wait');
like(decoded($too_many)->{hint}, qr/Wait a minute/, 'and what to do');

# With logins: the name is that of the login.
stop_program($_) for qw(nginx postgrest);
unlink map { website_state() . "/$_" } qw(users.conf jwt_secret);
$local->safe_psql('ngeshare', 'TRUNCATE ngeshare.follow_up');
start_website($local, 'authenticator', $passwords);
wait_until('PostgREST knows the API', sub { get('/api/caller', user('viewer'))->{status} == 200 });
is_deeply(
	[ map { login_of($_) } qw(viewer ani siti operator) ],
	[ 'viewer 0 0', 'ani 0 0', 'siti 1 0', 'operator 1 1' ],
	'each login has its role');
is(refusal(note_it({ noted_by => 'siti' }, user($_))), '403 42501', "$_ may not note")
  for qw(viewer ani);
is(refusal(withdraw(1, {}, user('viewer'))), '403 42501', 'nor withdraw');
is(note_it({ noted_by => 'siti' })->{status}, 401, 'nor may one who does not log in');
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM ngeshare.follow_up'),
	0, 'and nothing was noted');

for my $header (qw(X-Remote-User Remote-User X-Forwarded-User))
{
	my $answer = note_it({ noted_by => 'operator' }, user('siti'), $header => 'operator');
	is_deeply(
		[
			$answer->{status}, decoded($answer)->{noted_by},
			decoded($answer)->{is_verified} ? 1 : 0
		],
		[ 201, 'siti', 1 ],
		"siti's note is siti's, whatever the body and $header say");
}
is(refusal(start_sync('full', user('siti'))), '403 42501', 'a coordinator starts no sync');
is(note_it({}, user('operator'))->{status}, 201, 'an operator may note');
my $own = decoded(note_it({}, user('budi')))->{id};
is(withdraw($own, { withdrawn_by => 'siti' }, user('budi'))->{content},
	'{"withdrawn":true}', 'budi withdraws');
is( $local->safe_psql(
		'ngeshare',
		"SELECT withdrawn_by, withdrawal_is_verified FROM ngeshare.follow_up WHERE id = $own"),
	'budi|t',
	'under the name of his login');

# An SQL session cannot forge a token's claims.
is( $local->safe_psql(
		'ngeshare', q{SET request.jwt.claims = '{"sub": "siti"}'; SET request.method = 'POST';
	SELECT noted_by = session_user, is_verified
		FROM api.note_follow_up('A', 'phone', 'paused', noted_by => 'siti')}
	),
	't|t',
	'in a session of SQL the login is the session\'s');

# A browser that has logged in has a cookie, so that its requests do not count as attempts to guess
# a password.
my %cookie = map { $_ => get('/', user($_))->{headers}{'set-cookie'} =~ s/;.*//r } qw(siti budi);

# Two coordinators note at the same time: no follow-up is lost, and each has their own limit.
$local->safe_psql('ngeshare', 'TRUNCATE ngeshare.follow_up');
my @children;
for my $name (qw(siti budi))
{
	my $child = fork // die 'no fork';
	if (!$child)
	{
		my $lost = grep {
			note_it({ note => "$name $_" }, user($name), Cookie => $cookie{$name})->{status} != 201
		} 1 .. 50;
		POSIX::_exit($lost ? 1 : 0);
	}
	push @children, $child;
}
is(join(' ', map { waitpid $_, 0; $? >> 8 } @children),
	'0 0', 'two coordinators note 50 follow-ups each, at once');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT string_agg(format('%s %s %s', noted_by, notes, is_all), ', ' ORDER BY noted_by) FROM (
	SELECT noted_by, count(DISTINCT note) AS notes, bool_and(note LIKE noted_by || ' %'
		AND is_verified) AS is_all FROM v_follow_up GROUP BY 1) AS counted}
	),
	'budi 50 t, siti 50 t',
	'and all hundred are there, each under its own name');
is(bare_answers(), '', 'every answer has the security headers');

# A file of passwords that names an unknown role is refused.
my $folder = PostgreSQL::Test::Utils::tempdir();
append_to_file("$folder/secret", 'x' x 48);
append_to_file("$folder/passwords",
	"viewer:\$6\$x\$y\noperator:\$6\$x\$y\nsiti:\$6\$x\$y:Coordinator\n");
IPC::Run::run(
	[ NgeshareTest::project('www', 'serve', 'users'), "$folder/secret", "$folder/passwords" ],
	'>', \my $printed,
	'2>', \my $complaint);
like($complaint, qr/gives "siti" the role "Coordinator"/, 'an unknown role is refused');
is($printed, '', 'and nothing is printed');
done_testing();

# Notes a follow-up on group A, with changes to the body.
sub note_it
{
	my ($changes, %headers) = @_;
	my %said = (group_id => 'A', channel => 'whatsapp', outcome => 'will_meet', %$changes);
	return post('/api/rpc/note_follow_up', $json->encode(\%said), json_headers(), %headers);
}

# Returns how many rows the API returns for a path.
sub shown_rows
{
	my @rows = rows(@_);
	return scalar @rows;
}

sub withdraw
{
	my ($wanted, $changes, %headers) = @_;
	return post('/api/rpc/withdraw_follow_up', $json->encode({ id => $wanted, %$changes }),
		json_headers(), %headers);
}

# Returns the header with which a user logs in.
sub user
{
	my ($name) = @_;
	return (Authorization => 'Basic ' . encode_base64("$name:$name knows", ''));
}

# Returns a user's login and rights, as the API says.
sub login_of
{
	my ($name) = @_;
	my $row = row('/api/caller', user($name));
	return join ' ', $row->{login} // 'nobody', map { $_ ? 1 : 0 } @{$row}{qw(may_note may_sync)};
}
