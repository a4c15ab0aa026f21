# Unusual values for settings that any login may change: for nearly all booleans and enums, which
# are read from a server's pg_settings, and for some others. They come in rounds: each even round
# inverts the booleans, and each round takes the next value of each enum.
package OddSettings;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT = qw(odd_settings hand_picked as_statements ROUNDS);

use constant ROUNDS => 4;

# A condition on pg_settings. It leaves out the extension's own settings, settings that only fill
# logs, and those of a single transaction; also default_transaction_read_only, with which a sync
# refuses to run.
my $LEFT_OUT = q{name NOT LIKE 'ngeshare.%' AND name !~ '^(trace_|debug_pr|log_)'
  	AND name NOT LIKE 'transaction\_%' AND name <> 'default_transaction_read_only'};

# This setting makes each query that can run in a parallel worker start one. A sync then takes ten
# times as long, so only one round changes it.
my ($PARALLEL, $PARALLEL_ROUND) = (qr/^(?:force_parallel_mode|debug_parallel_query)$/, 2);

# Returns [ name, value ] for the booleans and enums that a user may set, except those left out
# above and those whose names match $but. In odd rounds the booleans keep their defaults, because
# some inverted booleans hide the effect of other settings.
sub odd_settings
{
	my ($server, $round, $but) = @_;
	my $rows = $server->safe_psql(
		'postgres', qq{
		SELECT name || '=' || CASE
			WHEN vartype = 'bool' THEN CASE boot_val WHEN 'on' THEN 'off' ELSE 'on' END
			ELSE enumvals[1 + $round % cardinality(enumvals)]
		END
		FROM pg_settings
		WHERE context = 'user' AND $LEFT_OUT
		  AND (vartype = 'enum' OR vartype = 'bool' AND $round % 2 = 0)
		ORDER BY name});

	return
	  grep { $_->[0] !~ ($but // qr/^$/) && ($round == $PARALLEL_ROUND || $_->[0] !~ $PARALLEL) }
	  map { [ split /=/, $_, 2 ] } split /\n/, $rows;
}

# Returns hand-picked values for settings that are neither boolean nor enum: one list for even
# rounds, and one for odd rounds.
sub hand_picked
{
	my ($round) = @_;
	my @even = (
		[ datestyle => 'SQL, DMY' ],
		[ timezone => 'Asia/Kathmandu' ],
		[ extra_float_digits => '-15' ],
		[ search_path => 'strange, public' ],
		[ lock_timeout => '1ms' ],
		[ idle_in_transaction_session_timeout => '50ms' ],
		[ gin_fuzzy_search_limit => '1' ],
		[ cursor_tuple_fraction => '0.01' ],
		[ work_mem => '64kB' ],
		[ lc_numeric => 'C' ]);
	my @odd = (
		[ datestyle => 'German' ],
		[ timezone => 'America/St_Johns' ],
		[ extra_float_digits => '0' ],
		[ search_path => '' ],
		[ statement_timeout => '150ms' ],
		[ idle_session_timeout => '0' ],
		[ geqo_threshold => '2' ],
		[ from_collapse_limit => '1' ],
		[ default_table_access_method => 'heap' ],
		[ temp_buffers => '100' ]);

	return $round % 2 ? @odd : @even;
}

# Returns statements "SET name = value" for the settings, each after a prefix such as ALTER ROLE x.
sub as_statements
{
	my ($prefix, @settings) = @_;

	return join '', map {
		my ($name, $value) = @$_;
		$value = $name eq 'search_path' && $value ne '' ? $value : "'$value'";
		"$prefix SET $name = $value;\n"
	} @settings;
}

1;
