#!/usr/bin/perl
# Reads a server's log and prints the duration in seconds of one login's longest transaction, and
# the number of its transactions.
#   transactions.pl LOGIN <LOG
# The log needs log_line_prefix '%n %p %u [%v] ', the durations of all statements of the login, and
# log_disconnections. %v is the virtual transaction id; outside of a transaction it is empty or ends
# with /0. A transaction begins at its first line, or earlier by the duration that the line reports.
# It ends at the line that reports its end, or else at its last line.
use strict;
use warnings FATAL => 'all';

my ($login) = @ARGV;
my ($longest, $number) = (0, 0);
my %open;

# Counts a session's open transaction as ended at the given instant.
sub end_transaction
{
	my ($session, $at) = @_;
	my $transaction = delete $open{$session} or return;
	my $seconds = $at - $transaction->{began};

	$number++;
	$longest = $seconds if $seconds > $longest;
	return;
}

# Handles a line of a session that is in a transaction.
sub take_line_inside
{
	my ($at, $session, $id, $text) = @_;

	end_transaction($session, $open{$session}{seen})
	  if $open{$session} && $open{$session}{id} ne $id;
	if (!$open{$session})
	{
		my $took = $text =~ /^LOG:  duration: ([0-9.]+) ms/ ? $1 / 1000 : 0;

		my $is_block = scalar($text =~ /: (BEGIN|START TRANSACTION)/i);

		$open{$session} = { id => $id, began => $at - $took, is_block => $is_block };
	}
	$open{$session}{seen} = $at;
	return;
}

# Handles a line of a session that is not, or no longer, in a transaction.
sub take_line_outside
{
	my ($at, $session, $text) = @_;
	return unless $open{$session};
	my $is_its_end = $text =~ /^LOG:  duration: /
	  || ($open{$session}{is_block} && $text =~ /^LOG:  disconnection: /);

	end_transaction($session, $is_its_end ? $at : $open{$session}{seen});
	return;
}

while (my $line = <STDIN>)
{
	my ($at, $session, $user, $id, $text) =
	  $line =~ /^([0-9.]+) ([0-9]+) (\S*) \[([0-9\/]*)\] (.*)/
	  or next;

	next if $user ne $login;
	if   ($id =~ /\/[1-9]/) { take_line_inside($at, $session, $id, $text); }
	else                    { take_line_outside($at, $session, $text); }
}
end_transaction($_, $open{$_}{seen}) for keys %open;
printf "%.3f %d\n", $longest, $number;
