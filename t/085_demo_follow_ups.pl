# Tests the demo's follow-ups: every state, channel and outcome occurs; a seed gives the same ones
# each time; there are enough to compute effects; and existing follow-ups get no additions.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my $clock = '2026-03-31 12:00:00+07';
my $as_of = "SET ngeshare.as_of = '$clock';";
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(1500, 1, '$clock')");
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);
my $made = add(1);

is( answer(
		q{SELECT string_agg(DISTINCT contact_state, ' ' ORDER BY contact_state)
	FROM v_rescue_list}),
	'CLOSED DUE NEW WAITING',
	'the rescue list has every state');
is(answer(q{SELECT count(DISTINCT contact_state) > 1 FROM v_at_risk}),
	't', 'the groups at risk have some');
is( answer(q{SELECT string_agg(DISTINCT channel, ' ' ORDER BY channel) FROM v_follow_up}),
	'email in_person other phone whatsapp',
	'every channel is there');
is( answer(q{SELECT string_agg(DISTINCT outcome, ' ' ORDER BY outcome) FROM v_follow_up}),
	'closed no_answer paused will_meet wrong_contact',
	'and every outcome');
is( answer(
		q{SELECT count(*) > 0 AND bool_or(is_verified) AND NOT bool_and(is_verified)
	FROM v_follow_up}),
	't',
	'verified and unverified names');
is( $local->safe_psql(
		'ngeshare', q{SELECT count(*) > 0 FROM ngeshare.follow_up
	WHERE withdrawn_at IS NOT NULL}),
	't',
	'and withdrawn ones');
is( $local->safe_psql(
		'ngeshare', qq{SELECT count(*) FROM ngeshare.follow_up
	WHERE noted_at >= '$clock'}),
	0,
	'none is noted after the sync');
my $effect = answer(
	q{SELECT contacted, met_again, met_again_pct, expected_pct, met_again_low,
	met_again_high FROM v_follow_up_effect WHERE course_name IS NULL});
note("contacted, met again, percent, expected, interval: $effect");
like(
	$effect,
	qr/^\d{2,}\|\d{2,}\|[\d.]+\|[\d.]+\|[\d.]+\|[\d.]+$/,
	'there are enough of them to compare');
is(add(1), $made, 'run again, it adds nothing');
$local->safe_psql('ngeshare', 'TRUNCATE ngeshare.follow_up RESTART IDENTITY');
is(add(1), $made, 'from nothing it makes the same ones');
$local->safe_psql('ngeshare', 'TRUNCATE ngeshare.follow_up RESTART IDENTITY');
isnt(add(2), $made, 'and with another seed others');
done_testing();

sub answer
{
	my ($query) = @_;
	return $local->safe_psql('ngeshare', "$as_of $query");
}

# Runs demo/follow_ups.sql with a seed; returns a fingerprint of all follow-ups.
sub add
{
	my ($seed) = @_;
	my $said = '';

	IPC::Run::run(
		[
			'psql', '-X', '-q', '-d', $local->connstr('ngeshare'),
			'-v', "seed=$seed", '-f', NgeshareTest::project('demo', 'follow_ups.sql')
		],
		'>',
		\$said,
		'2>&1') or die "demo/follow_ups.sql failed: $said";
	return $local->safe_psql('ngeshare',
		q{SELECT md5(string_agg(made::text, E'\n' ORDER BY id)) FROM ngeshare.follow_up AS made});
}
