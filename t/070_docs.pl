# Tests the documentation: docs/reference.md equals what the catalog says, every SQL block in
# README.md and docs/*.md runs, and every link to a file has a target.
use strict;
use warnings FATAL => 'all';

use File::Basename;
use File::Spec;
use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/..";
my @documents = ("$top/README.md", sort glob("$top/docs/*.md"));
my ($production, $local) = start_servers();

new_production($production, 'production');
$production->safe_psql('production', q{SELECT demo.generate(300, 7, '2026-01-15 12:00+07')});

# docs/reference.md, generated from a database that has nothing but the extension.
new_local($local, 'described');
my ($made, $complaints) = ('', '');
ok( IPC::Run::run(
		[ "$top/scripts/reference", '-d', $local->connstr('described') ],
		'>', \$made, '2>', \$complaints),
	'scripts/reference runs') or diag $complaints;
is($complaints, '', 'without a complaint');
my @made = split /\n/, $made;
my @kept = split /\n/, slurp_file("$top/docs/reference.md");
ok(@made > 300, 'it describes something') or diag scalar @made;
is_deeply(\@kept, \@made,
	'docs/reference.md is current (else: scripts/reference > docs/reference.md)');
unlike($made, qr/^\| \w+ \| [\w ]+ \|  \|$/m, 'no column is without a description');

# Runs the README's SQL blocks, which create the database ngeshare first, then those of docs/, in
# their order.
my $conninfo = sprintf "host=127.0.0.1 port=%d dbname=production user=%s password=%s",
  $production->port, $LOGIN,
  quoted($PASSWORD);
my ($ran, $last) = (0, 'postgres');
for my $document (@documents)
{
	my $number = 0;
	for my $block (statements($document))
	{
		my $name = sprintf '%s, block %d', File::Spec->abs2rel($document, $top), ++$number;
		my ($status, $output, $errors) = run_block($block);
		is($status, 0, "$name runs") or diag "$block\n$errors";
		$local->poll_query_until('ngeshare', q{SELECT current_setting('ngeshare.alert_url') <> ''})
		  if $block =~ /pg_reload_conf/;
		$ran++;
	}
	next unless $document eq "$top/README.md";
	is( $local->safe_psql(
			'ngeshare', q{SELECT status IN ('success', 'warning') FROM v_sync_health}),
		't',
		'the README ends in a synced database');

	# The README's next step is a shell command, which creates the roles for the page.
	run_log(
		[ 'psql', '-X', '-q', '-d', $local->connstr('ngeshare'), '-f', "$top/scripts/roles.sql" ])
	  or die 'scripts/roles.sql failed';
}
cmp_ok($ran, '>=', 15, 'blocks of SQL were found');
is($local->safe_psql('ngeshare', 'SELECT count(*) > 100 FROM v_group_status'),
	't', 'and there is something to ask about');

# The script that the README recommends for checks by hand.
my ($shown, $said) = ('', '');
ok( IPC::Run::run(
		[ "$top/scripts/spot-check", '--seed', '1', '-d', $local->connstr('ngeshare') ],
		'>', \$shown, '2>', \$said),
	'scripts/spot-check runs') or diag $said;
like($shown, qr/GRADUATED/, 'and shows graduated groups');

# Links within the project.
for my $document (@documents)
{
	my @broken;
	my $text = slurp_file($document);
	$text =~ s/^```.*?^```$//gms;
	while ($text =~ /\]\(([^)#\s]+)(?:#[^)]*)?\)/g)
	{
		my $target = $1;
		next if $target =~ /^https?:/;
		push @broken, $target unless -e File::Spec->catfile(dirname($document), $target);
	}
	is_deeply(\@broken, [], File::Spec->abs2rel($document, $top) . ': every link leads to a file');
}
done_testing();

# Returns the SQL blocks of a document.
sub statements
{
	my ($document) = @_;
	my $text = slurp_file($document);
	my @blocks;

	push @blocks, $1 while $text =~ /^```sql\n(.*?)^```$/gms;
	return @blocks;
}

# Runs a block with psql: in the database postgres if the block creates the database ngeshare,
# otherwise in ngeshare. Production's real address replaces the example's.
sub run_block
{
	my ($block) = @_;
	my ($output, $errors) = ('', '');
	my $literal = $conninfo;

	$literal =~ s/'/''/g;
	$block   =~ s/'host=production\.example[^']*'/'$literal'/g;
	$last = 'ngeshare' if $last eq 'postgres' && $block !~ /CREATE DATABASE/;
	IPC::Run::run(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $local->connstr($last), '-f', '-' ],
		'<', \$block, '>', \$output, '2>', \$errors);
	return ($? >> 8, $output, $errors);
}

# Quotes a value for a connection string.
sub quoted
{
	my ($value) = @_;

	$value =~ s/([\\'])/\\$1/g;
	return "'$value'";
}
