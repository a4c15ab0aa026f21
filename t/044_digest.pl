# Tests the digest: pg_cron sends it on schedule, once, to the webhook of the alerts; it says the
# same in both languages.
use strict;
use warnings FATAL => 'all';

BEGIN { $ENV{no_proxy} = $ENV{NO_PROXY} = '127.0.0.1'; }

use Encode qw(encode);
use FindBin;
use lib "$FindBin::RealBin/lib";
use JSON::PP;
use NgeshareTest;
use Session;
use Sink;
use Test::More;

needs_pg_cron();
my $clock = '2026-03-31 12:00:00+07';
my $sink = Sink->start;
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(600, 44, '$clock')");
$local->append_conf(
	'postgresql.conf',
	join "\n",
	"shared_preload_libraries = 'pg_cron'",
	"cron.database_name = 'ngeshare'",
	q{cron.host = '} . $local->host . q{'},
	'ngeshare.alert_url = \'http://127.0.0.1:' . $sink->port . q{/hook'},
	"ngeshare.page_url = 'https://ngeshare.example/'",
	'');
new_local($local, 'ngeshare');
$local->restart;
$local->safe_psql('ngeshare', 'CREATE EXTENSION pg_cron');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);
$local->safe_psql('ngeshare', 'UPDATE ngeshare.snapshot_state SET known_until = ' . "'$clock'");

# A digest that is scheduled every minute arrives within one minute. It is then unscheduled, and no
# second one arrives.
$local->safe_psql('ngeshare', q{SELECT ngeshare_schedule_digest('0 0 * * 1')});
my $job = $local->safe_psql('ngeshare', q{SELECT ngeshare_schedule_digest('* * * * *')});
is( $local->safe_psql('ngeshare', 'SELECT jobid, jobname, schedule, command FROM cron.job'),
	"$job|ngeshare_digest|* * * * *|SELECT ngeshare.send_digest()",
	'it is one job; the last schedule counts');
ok( $local->poll_query_until(
		'ngeshare', q{SELECT count(*) > 0 FROM ngeshare.alert_outbox WHERE status = 'sent'}),
	'within a minute it is sent');
$local->safe_psql('ngeshare', q{SELECT ngeshare_unschedule()});
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM cron.job'),
	0, 'ngeshare_unschedule() ends it');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT count(*), min(kind), min(status), min(attempts) FROM ngeshare.alert_outbox}),
	'1|digest|sent|1',
	'once');
my @came = $sink->requests;
is(scalar @came, 1, 'and the webhook has it once');
my $indonesian = told($came[0]);
like(
	$indonesian,
	qr/^ngeShare, 24 Maret 2026 sampai 31 Maret 2026\n\n.*\nHubungi dulu grup-grup ini:\n1\. .*\n10\. .*\ndan \d+ lagi\n\nKeadaan per 31 Maret 2026 pukul 12\.00/s,
	'in Indonesian, as it is set at first');
like($indonesian, qr/\nSelengkapnya: https:\/\/ngeshare\.example\/\z/, 'with the link');
cmp_ok(length $indonesian, '<', 4000, 'of fewer than 4,000 characters');
note($indonesian);

# The same digest in English.
$sink->forget;
$local->safe_psql('ngeshare', 'ALTER DATABASE ngeshare SET ngeshare.language = en');
my $id = $local->safe_psql('ngeshare', 'SELECT ngeshare.send_digest()');
ok( $local->poll_query_until(
		'ngeshare', "SELECT status = 'sent' FROM ngeshare.alert_outbox WHERE alert_id = $id"),
	'another is sent');
my $english = told($sink->requests);
like(
	$english,
	qr/^ngeShare, 24 March 2026 to 31 March 2026\n\n.*\nContact these first:\n1\. .*\n10\. .*\nand \d+ more\n\nAs of 31 March 2026, 12:00/s,
	'in English');
note($english);
is(lines_of($english), lines_of($indonesian), 'both say the same');
is( $english,
	$local->safe_psql('ngeshare', 'SELECT message FROM ngeshare_digest()'),
	'as ngeshare_digest() shows it');

# The doctor accepts the digest's job, and reports another job of the same name.
$local->safe_psql('ngeshare', q{SELECT ngeshare_schedule_digest('0 0 * * 1')});
is($local->safe_psql('ngeshare', 'SELECT count(*) FROM ngeshare.stray_jobs()'),
	0, 'the doctor finds nothing odd in it');
$local->safe_psql('ngeshare', q{SELECT cron.schedule('ngeshare_digest', '* * * * *', 'SELECT 1')});
like(
	$local->safe_psql('ngeshare', 'SELECT detail FROM ngeshare.stray_jobs()'),
	qr/is not ngeshare's: \w+ gave it the name of an ngeshare job, but it runs 'SELECT 1'/,
	'but in another of the name');

# Without a webhook's address no digest is sent.
$local->safe_psql('ngeshare', 'SELECT ngeshare_unschedule()');
$local->append_conf('postgresql.conf', "ngeshare.alert_url = ''\n");
$local->restart;
is( $local->safe_psql(
		'ngeshare', 'SELECT ngeshare.send_digest() IS NULL, count(*) FROM ngeshare.alert_outbox'),
	't|2',
	'without an address there is none');
done_testing();

# Returns the text of a request, as bytes.
sub told
{
	my ($request) = @_;
	return encode('UTF-8', decode_json($request->{body})->{text});
}

# Returns what is the same in each language: the number of lines, and the numbers and e-mail
# addresses in them. Lines with the date are left out.
sub lines_of
{
	my ($message) = @_;
	my @lines = split /\n/, $message;
	return join "\n", map { join ' ', /\d+(?:[.,]\d+)?%?|\S+@\S+/g }
	  grep { !/\b31 Mar/ } map { s/,(?=\d)/./gr =~ s/ ?%//gr } @lines;
}
