# Servers' data directories that are made once for all files of a run, and copied: initdb, CREATE
# EXTENSION and production's schema take five seconds of each file otherwise.
#
# NGESHARE_TEST_TEMPLATES names the directory that the lanes of a run share. Without it a file makes
# its own servers from nothing, in the same steps.
package Templates;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Fcntl ':flock';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT_OK = qw(copy_template take_database $READY);

# The database that a template holds. It gets its name from the test that takes it.
our $READY = 'ready_for_a_test';

# The servers of this file that were copied: only the first of each name is, since copies have the
# same system identifier.
my %copied;

# Gives a server a copy of the template of its name; makes that first where no other lane has. The
# code fills the database that the template offers. Returns whether there was a directory to do so.
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

# Makes a template: under another name until it is whole.
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

# Gives the ready database of a copied server its name; once, and false ever after.
sub take_database
{
	my ($server, $database) = @_;

	return 0 if !delete $server->{ready_database};
	$server->safe_psql('postgres', "ALTER DATABASE $READY RENAME TO $database");
	return 1;
}

1;
