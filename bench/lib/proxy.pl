#!/usr/bin/perl
# Runs the tests' proxy (t/lib/Proxy.pm) for a shell script: proxy.pl PORT prints the proxy's own
# port. Then it reads one command per line and answers each with one line: "delay MILLISECONDS" with
# ok, "counts" with the bytes to and from the server. It ends at the end of its input.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../../t/lib";
use Proxy;

my ($port) = @ARGV;
my $proxy = Proxy->start(port => $port);

$| = 1;
print $proxy->port, "\n";
while (my $command = <STDIN>)
{
	if    ($command =~ /^delay ([0-9]+)$/) { print $proxy->delay($1), "\n"; }
	elsif ($command eq "counts\n")         { print join(' ', ($proxy->counts)[ 0, 1 ]), "\n"; }
	else                                   { print "unknown\n"; }
}
