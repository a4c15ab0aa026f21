# Data directories that are made once per test run and copied by each test file. Without this each
# file would spend five seconds on initdb, CREATE EXTENSION and production's schema.
#
# NGESHARE_TEST_TEMPLATES names the directory of the templates. The lanes of a run, which run test
# files in parallel (scripts/lib/suites_make.sh), share it. If it is not set, a test file makes its
# servers from scratch, in the same steps.
package Templates;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Fcntl ':flock';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(copy_template take_database $READY);

# The name of the database in a template. The test that takes the database renames it.
our $READY = 'ready_for_a_test';

# Names of servers that the running test file has copied. A second server of the same name is not
# copied, because both would have the same system identifier.
my %copied;

# Copies the template of the server's name into its data directory. If no lane has made that
# template yet, makes it first: $init runs initdb and $fill fills the database. Returns false if the
# server cannot be copied and has to be made from scratch.
sub copy_template
{
	my ($server, $init, $fill) = @_;
	my ($folder, $name) = ($ENV{NGESHARE_TEST_TEMPLATES}, $server->name);

	return 0 if !defined $folder || $copied{$name}++;
	open my $lock, '>', "$folder/$name.lock" or die "$folder/$name.lock: $!";
	flock $lock, LOCK_EX                     or die "$folder/$name.lock: $!";
	make_template("$folder/$name", $init, $fill) if !-d "$folder/$name";
	close $lock;

	mkdir $_ for $server->backup_dir, $server->archive_dir;
	PostgreSQL::Test::Utils::system_or_bail('cp', '-a', "$folder/$name", $server->data_dir);
	$server->append_conf(
		'postgresql.conf',
		join("\n",
			'port = ' . $server->port,
			"unix_socket_directories = '" . $server->host . "'", ''));
	$server->{ready_database} = 1;
	return 1;
}

# Makes a template. It gets its final name only when it is complete.
sub make_template
{
	my ($path, $init, $fill) = @_;
	my $maker = PostgreSQL::Test::Cluster->new('template');

	$init->($maker);
	$maker->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'\n");
	$maker->start;
	$maker->safe_psql('postgres', "CREATE DATABASE $READY");
	$fill->($maker, $READY);
	$maker->stop;
	PostgreSQL::Test::Utils::system_or_bail('cp', '-a', $maker->data_dir, "$path.part");
	rename "$path.part", $path or die "$path: $!";
	$maker->clean_node;
	return;
}

# Renames the ready database of a copied server to the given name. Returns false if there is no such
# database or it was taken before.
sub take_database
{
	my ($server, $database) = @_;

	return 0 if !delete $server->{ready_database};
	$server->safe_psql('postgres', "ALTER DATABASE $READY RENAME TO $database");
	return 1;
}

1;
