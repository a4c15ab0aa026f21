#!/usr/bin/perl
# Reads a server's log and prints how long one login's transactions were open: the seconds of the
# longest, and their number.
#   transactions.pl LOGIN <LOG
# Needs log_line_prefix '%n %p %u [%v] ', all of the login's statements with their durations, and
# log_disconnections. A transaction begins with its first line (or before it, by what a line says to
# have taken) and ends with the line that follows its end: %v is a transaction's own, and empty or
# .../0 outside of any.
use strict;
use warnings FATAL => 'all';

my ($login) = @ARGV;
my ($longest, $number) = (0, 0);
my %open;

# Counts a session's open transaction as one that ended at an instant.
sub end_transaction
{
	my ($session, $at) = @_;
	my $transaction = delete $open{$session} or return;
	my $seconds = $at - $transaction->{began};

	$number++;
	$longest = $seconds if $seconds > $longest;
	return;
}

# Takes a line of a session that is in a transaction.
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

# Takes a line of a session that is in none, any more.
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
