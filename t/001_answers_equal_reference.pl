# Tests that the views in @VIEWS and the functions in @FUNCTIONS equal the slow reference over
# production's whole history, although the mirror holds raw attendance only within the window. Also
# tests that the comparison fails if a rule of the reference is changed.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $groups = $ENV{NGESHARE_TEST_QUICK} ? 250 : 500;
my $now = '2026-03-31 12:00:00+07';
my @seeds = (1 .. 5);
my @as_of = ($now, '2026-03-30 23:59:59+07', '2026-03-01 00:00:00+07', '2025-08-17 00:00:00+07');

my ($production, $local) = start_servers();
new_production($production, 'source');

for my $seed (@seeds)
{
	my $database = "seed_$seed";

	$production->safe_psql('source', "SELECT demo.generate($groups, $seed, '$now')");
	new_local($local, $database);
	$local->safe_psql($database, connect_local($production, 'source'));
	sync_local($local, $database, $now);

	my $oldest = $local->safe_psql($database,
		'SELECT min("attendedAt") >= \'2026-02-13 17:00\' FROM "UserHangoutGroupAttendance"');
	is($oldest, 't', "seed $seed: raw attendance here begins at the window's local midnight");
	is(scalar(history_differs($production, 'source', $local, $database, 'Asia/Jakarta')),
		0, "seed $seed: the history is production's, to the last attendance");
	for my $as_of (@as_of)
	{
		my @different = answers_differ($production, 'source', $local, $database, $as_of);
		is(scalar @different, 0, "seed $seed, as of $as_of: no row differs")
		  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	}
}

# Each view has rows to compare.
for my $view (@VIEWS)
{
	my $rows =
	  $local->safe_psql('seed_5', "SET ngeshare.as_of = '$now'; SELECT count(*) FROM $view");
	cmp_ok($rows, '>', $view eq 'v_facilitator_growth' ? 0 : 3, "$view has $rows rows to compare");
}

# Changed settings. Each is put into the reference, and the comparison must then fail.
my @mutations = (
	[ 'active_days 28 to 27', q{UPDATE reference.setting SET active_days = 27} ],
	[ 'active_days 28 to 29', q{UPDATE reference.setting SET active_days = 29} ],
	[ 'link_days 90 to 89', q{UPDATE reference.setting SET link_days = 89} ],
	[ 'link_days 90 to 91', q{UPDATE reference.setting SET link_days = 91} ],
	[ 'link_early_days 30 to 29', q{UPDATE reference.setting SET link_early_days = 29} ],
	[ 'link_early_days 30 to 31', q{UPDATE reference.setting SET link_early_days = 31} ],
	[ 'link_min_shared 2 to 3', q{UPDATE reference.setting SET link_min_shared = 3} ],
	[ 'link_min_overlap_pct 50 to 51', q{UPDATE reference.setting SET link_min_overlap_pct = 51} ],
	[ 'link_min_overlap_pct 50 to 40', q{UPDATE reference.setting SET link_min_overlap_pct = 40} ],
	[ 'rescue_min_pct 70 to 72', q{UPDATE reference.setting SET rescue_min_pct = 72} ],
	[ 'zone Asia/Jakarta to UTC', q{UPDATE reference.setting SET timezone = 'UTC'} ],);
for my $mutation (@mutations)
{
	my ($name, $change) = @$mutation;
	$production->safe_psql('source', $change);
	my @different = answers_differ($production, 'source', $local, 'seed_5', $now);

	cmp_ok(scalar @different, '>', 0, "a reference with $name differs");
	load_reference(reference_text());
}

# Changed operators: the reference is loaded again with one comparison operator changed. A course of
# 10 episodes, on both sides, provides groups with a progress of exactly rescue_min_pct, 70 %.
my $ten_episodes = 'UPDATE %scourse_config SET max_episodes = 10 WHERE sequence_order = 3';
$local->safe_psql('seed_5', sprintf($ten_episodes, '') . '; SELECT ngeshare_refresh()');
load_reference(reference_text());
$production->safe_psql('source', sprintf($ten_episodes, 'reference.'));
is(scalar(answers_differ($production, 'source', $local, 'seed_5', $now)),
	0, 'with a course of 10 episodes no row differs');
my $reference = reference_text();
my @operators = operators($reference);
cmp_ok(scalar @operators, '>=', 6, 'there are comparisons to mutate');

for my $operator (@operators)
{
	my ($name, $mutated) = @$operator;

	load_reference($mutated);
	$production->safe_psql('source', sprintf($ten_episodes, 'reference.'));
	my @different = answers_differ($production, 'source', $local, 'seed_5', $now);
	cmp_ok(scalar @different, '>', 0, "a reference with $name differs");
}

# The limit of plausible instants, moved by a millisecond to either side.
for my $instant ('1999-12-31 23:59:59.999 UTC', '2000-01-01 00:00:00.001 UTC')
{
	(my $mutated = $reference) =~
	  s/>= timestamptz '2000-01-01 00:00:00 UTC'/>= timestamptz '$instant'/
	  or die 'the reference does not name the first plausible instant';

	load_reference($mutated);
	$production->safe_psql('source', sprintf($ten_episodes, 'reference.'));
	my %differs = map { /^(\w+)/ ? ($1 => 1) : () }
	  answers_differ($production, 'source', $local, 'seed_5', $now);
	ok($differs{$_}, "a reference that counts from $instant on differs in $_")
	  for qw(v_group_summary v_group_progress);
}

$production->stop;
$local->stop;
done_testing();

# Returns the whole text of the reference.
sub reference_text
{
	return join '', map { slurp_file($_) } reference_files();
}

# Loads a text of the reference into the source database.
sub load_reference
{
	my ($text) = @_;
	my $output = '';

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $production->connstr('source'),
			'-f', '-'
		],
		'<',
		\$text,
		'>',
		\$output,
		'2>&1') or die "the mutated reference does not load:\n$output";
	return;
}

# Returns a changed copy of the text for each line that compares with a threshold by <=, >= or >:
# the operator becomes strict or non-strict.
sub operators
{
	my ($text) = @_;
	my @lines = split /\n/, $text;
	my @mutants;

	for my $number (0 .. $#lines)
	{
		my $line = $lines[$number];

		next
		  if $line =~ /^\s*--|CHECK/
		  || $line !~
		  /(active_days|link_days|link_early_days|link_min_shared|link_min_overlap_pct|rescue_min_pct|max_episodes)\b/;
		my %other = ('<=' => '<', '>=' => '>', '>' => '>=');
		next if $line !~ / (<=|>=|>) /;
		my ($from, $to) = ($1, $other{$1});
		my @mutated = @lines;
		$mutated[$number] =~ s/ \Q$from\E / $to /;
		my $shown = $line;
		$shown =~ s/^\s+//;
		push @mutants, [ "$from made $to in: $shown", join("\n", @mutated) . "\n" ];
	}
	return @mutants;
}
