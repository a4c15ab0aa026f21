#!/usr/bin/perl
# Runs the tests' proxy for a shell script: proxy.pl PORT prints the proxy's own port, then obeys a
# command a line and answers with a line: "delay MILLISECONDS" with ok, "counts" with the bytes to
# and from the server. Ends with its input.
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
