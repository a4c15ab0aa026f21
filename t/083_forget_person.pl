# Tests that a person who occurs in many tables is forgotten: neither a dump taken afterwards nor
# any table contains the person. Other persons with similar addresses stay.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use PostgreSQL::Test::Utils;
use Test::More;

my ($id, $email) = ('person-to-be-forgotten', 'Forget.Me@Example.ID');
my $clock = '2026-03-31 12:00:00+07';
my ($production, $local) = start_servers();

new_production($production, 'source');
$production->safe_psql('source', "SELECT demo.generate(60, 83, '$clock')");
my ($group, $episode) = split /\|/, $production->safe_psql(
	'source', q{SELECT attendance."hangoutGroupId", attendance."hangoutEpisodeId"
	FROM "UserHangoutGroupAttendance" AS attendance WHERE "attendedAt" > '2026-03-01'
		ORDER BY attendance.id LIMIT 1}
);
$production->safe_psql(
	'source', qq{
	INSERT INTO "User" (id, "createdAt", "updatedAt", email) VALUES
		('$id', '2026-01-01', '2026-01-01', '  $email '), ('other-person-who-stays', '2026-01-01',
			'2026-01-01', 'do.not.$email');
	INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
		"hangoutGroupRole", "hangoutGroupId", "userId", "userEmail") VALUES
		('record-1', '2026-01-01', '2026-01-01', '2026-01-01', 'ANY', 'MEMBER', '$group', '$id', NULL),
		('record-2', '2026-01-01', '2026-01-01', '2026-01-01', 'ANY', 'MEMBER', '$group', NULL, '$email'),
		('record-3', '2026-01-01', '2026-01-01', '2026-01-01', 'ANY', 'MEMBER', '$group',
			'other-person-who-stays', 'do.not.$email');
	INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
		"userId") VALUES
		('visit-1', '2026-03-20 12:00', '$episode', '$group', '$id'), ('visit-2', '2026-03-21 12:00',
			'$episode', '$group', '$id')}
);
new_local($local, 'ngeshare');
$local->safe_psql('ngeshare', connect_local($production, 'source'));
sync_local($local, 'ngeshare', $clock);

# While production still has the person, forgetting is refused and changes nothing, whether the
# person is named by id or by address in any spelling.
for my $person ($id, $email, lc $email, " \t$email\n")
{
	like(
		psql_errors($local, 'ngeshare', "SELECT ngeshare_forget_person('$person')"),
		qr/^ERROR:  55000: the mirror still has this person\nHINT:  If production still has .* Then CALL ngeshare_sync\(\) and ask again\.$/m,
		"refused while production has the person: $person");
}
like(
	psql_errors($local, 'ngeshare', "SELECT ngeshare_forget_person($_)"),
	qr/ERROR:  22004/,
	"$_ is refused") for qw(NULL '' E'\t');
$production->safe_psql('source',
	qq{UPDATE "User" SET "deletedAt" = now(), "updatedAt" = now() WHERE id = '$id'});
sync_local($local, 'ngeshare', $clock);
like(
	psql_errors($local, 'ngeshare', "SELECT ngeshare_forget_person('$id')"),
	qr/ERROR:  55000/,
	'and while the user is only soft-deleted');

# One attendance is changed and another deleted; then production deletes everything of the person.
$production->safe_psql(
	'source',
	q{UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-03-20 13:00' WHERE id = 'visit-1';
	DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'visit-2'});
sync_local($local, 'ngeshare', $clock);
$production->safe_psql(
	'source', qq{DELETE FROM "UserHangoutGroupAttendance" WHERE "userId" = '$id';
	DELETE FROM "UserHangoutGroup" WHERE id IN ('record-1', 'record-2');
	DELETE FROM "User" WHERE id = '$id'}
);
sync_local($local, 'ngeshare', $clock);
$local->safe_psql(
	'ngeshare', qq{
	SELECT ngeshare_note_follow_up('$group', 'email', 'paused',
		E'Wrote to\\n$email, not to do.not.$email.\\nUser $id: "moved".', NULL, '$email');
	SELECT ngeshare_withdraw_follow_up(1, '$email');
	INSERT INTO ngeshare.quarantine (table_name, row_id, reason, content, source_hash, first_run_id,
		last_run_id) VALUES
		('User', 'waiting', 'a value', jsonb_build_object('id', 'waiting', 'email', upper('$email')),
			0, 1, 1),
		('UserHangoutGroup', 'r', 'userId ''$id'' has no row', '{"id": "r", "userId": "$id"}', 0, 1, 1),
		('HangoutGroup', 'g', 'a value', jsonb_build_object('id', 'g', 'description', E'Ask\\n$email'),
			0, 1, 1);
	INSERT INTO ngeshare.removed_row (run_id, table_name, row_id, content) VALUES
		(1, 'User', '$id', '{"id": "$id", "email": "$email"}'), (1, 'HangoutGroup', 'h',
			'{"id": "h", "name": "Circle of $email"}');
	INSERT INTO ngeshare.removed_hangout_group (run_id, table_name, row_id, id, name,
		description) VALUES
		(1, 'HangoutGroup', 'i', 'i', 'Circle', 'Led by <$email>');
	INSERT INTO ngeshare.stage_user (id, "createdAt", "updatedAt", email)
		VALUES ('$id', '2026-01-01', '2026-01-01', '$email');
	INSERT INTO sync_error_log (run_id, phase, attempt, sqlstate, class, message, detail,
		will_retry) VALUES
		(1, 'merge', 1, '23505', 'row', 'duplicate key: $email',
			'Key (email)=($email) already exists.', false);
	UPDATE sync_run SET message = 'user $id waits' WHERE run_id = 1;
	INSERT INTO ngeshare.alert_outbox (kind, payload, last_error)
	VALUES ('failed', jsonb_build_object('text', E'sync failed:\\n$email'), 'about $id')});
my %before = found();
cmp_ok(keys %before, '>=', 12, 'the person is in many tables') or diag explain \%before;
ok($before{$_}, "$_ has the person")
  for qw(ngeshare.removed_user ngeshare.removed_user_hangout_group ngeshare.replaced_attendance
  ngeshare.quarantine
  ngeshare.removed_row ngeshare.removed_hangout_group ngeshare.follow_up ngeshare.stage_user
  public.sync_error_log public.sync_run ngeshare.alert_outbox);
cmp_ok(dumped(), '>', 0, 'and in a dump');

# The address alone finds the id, too. A rolled back call forgets nothing.
$local->safe_psql('ngeshare', "BEGIN; SELECT ngeshare_forget_person('$email'); ROLLBACK");
is_deeply({ found() }, \%before, 'rolled back, nothing is forgotten');
my %forgotten = map { split /\|/ } split /\n/,
  $local->safe_psql('ngeshare', "SELECT * FROM ngeshare_forget_person('\t" . lc($email) . "')");
is_deeply({ found() }, {}, 'no table has the person') or diag explain { found() };
is(dumped(), 0, 'nor has a dump');
is_deeply(
	{
		map { $_ => $forgotten{$_} }
		  qw(ngeshare.removed_user ngeshare.removed_user_hangout_group ngeshare.quarantine
		  ngeshare.stage_user
		  ngeshare.follow_up.note ngeshare.follow_up.noted_by public.sync_run.message
		  public.sync_error_log.detail ngeshare.removed_hangout_group.description
		  ngeshare.alert_outbox.payload)
	},
	{
		'ngeshare.removed_user' => 1,
		'ngeshare.removed_user_hangout_group' => 2,
		'ngeshare.quarantine' => 2,
		'ngeshare.stage_user' => 1,
		'ngeshare.follow_up.note' => 1,
		'ngeshare.follow_up.noted_by' => 1,
		'public.sync_run.message' => 1,
		'public.sync_error_log.detail' => 1,
		'ngeshare.removed_hangout_group.description' => 1,
		'ngeshare.alert_outbox.payload' => 1
	},
	'it says how many rows there were') or diag explain \%forgotten;

# The rest of each text stays as it was.
is( $local->safe_psql('ngeshare', 'SELECT note FROM ngeshare.follow_up'),
	"Wrote to\n(forgotten), not to do.not.$email.\nUser (forgotten): \"moved\".",
	'the note keeps its other words, and the address of another person');
is( $local->safe_psql('ngeshare', q{SELECT detail FROM sync_error_log WHERE phase = 'merge'}),
	'Key (email)=((forgotten)) already exists.',
	'so does a detail');
is($local->safe_psql('ngeshare', q{SELECT content ->> 'description' FROM ngeshare.quarantine}),
	"Ask\n(forgotten)", 'and JSON');
is( $local->safe_psql(
		'ngeshare', q{SELECT count(*) FROM "User" WHERE id = 'other-person-who-stays'}),
	1,
	'the other person is there');
is($local->safe_psql('ngeshare', "SELECT count(*) FROM ngeshare_forget_person('$email')"),
	0, 'forgotten again, there is nothing');
is_deeply([ answers_differ($production, 'source', $local, 'ngeshare', $clock) ],
	[], 'answers are as before');

# A person's addresses are all those of the user's archived rows or, if these have none, those of
# the membership records. If the user's rows have an address, a record's address does not lead to
# the user.
$local->safe_psql(
	'ngeshare', q{
	INSERT INTO ngeshare.removed_user (run_id, table_name, row_id, id, email) VALUES
		(1, 'User', 'user-without-address', 'user-without-address', NULL),
		(1, 'User', 'user-who-moved', 'user-who-moved', 'old.address@x.id'),
		(2, 'User', 'user-who-moved', 'user-who-moved', 'new.address@x.id'),
		(1, 'User', 'user-with-address', 'user-with-address', 'own.address@x.id');
	INSERT INTO ngeshare.removed_user_hangout_group (run_id, table_name, row_id, id, "userId",
		"userEmail") VALUES
		(1, 'UserHangoutGroup', 'record-a', 'record-a', 'user-without-address', ' Only.Here@x.id'),
		(1, 'UserHangoutGroup', 'record-b', 'record-b', 'user-with-address', 'shared.desk@x.id');
	INSERT INTO ngeshare.difference (table_name, row_id, kind)
	VALUES ('User', 'user-who-moved #2 -123', 'missing');
	UPDATE ngeshare.sync_state SET pass_run_id = 1, pass_bound = '2026-03-31',
		pass_id = 'user-who-moved' WHERE table_name = 'User';
	UPDATE sync_run SET message = 'user-without-address only.here@x.id user-who-moved '
		'old.address@x.id new.address@x.id own.address@x.id shared.desk@x.id' WHERE run_id = 1;
	SELECT ngeshare_forget_person('user-without-address');
	SELECT ngeshare_forget_person('old.address@x.id');
	SELECT ngeshare_forget_person('shared.desk@x.id')}
);
is( $local->safe_psql('ngeshare', 'SELECT message FROM sync_run WHERE run_id = 1'),
	'(forgotten) (forgotten) (forgotten) (forgotten) (forgotten) own.address@x.id (forgotten)',
	'records and earlier addresses belong to a person');
is($local->safe_psql('ngeshare', 'SELECT string_agg(id, \' \') FROM ngeshare.removed_user'),
	'user-with-address', 'a record that has another address than its user does not');
is( $local->safe_psql(
		'ngeshare',
		q{SELECT (SELECT count(*) FROM ngeshare.difference WHERE row_id LIKE 'user-who-moved%')
			|| ' ' || (SELECT count(*) FROM ngeshare.sync_state WHERE pass_id IS NOT NULL)}
	),
	'0 0',
	'nor do keys of rows that came twice, or the place of an interrupted pull, name the person');

# A number in JSON with the digits of the person's id is not taken for the id.
$local->safe_psql(
	'ngeshare', q{
	INSERT INTO ngeshare.quarantine (table_name, row_id, reason, content, source_hash, first_run_id,
		last_run_id) VALUES ('HangoutGroup', 'dear', 'a value',
			'{"id": "dear", "price": 25000000, "tags": ["25000000", {}, []], "of": null}', 0, 1, 1);
	SELECT ngeshare_forget_person('25000000')}
);
is( $local->safe_psql('ngeshare', q{SELECT content FROM ngeshare.quarantine WHERE row_id = 'dear'}),
	'{"id": "dear", "of": null, "tags": ["(forgotten)", {}, []], "price": 25000000}',
	'an id of digits is replaced in strings of JSON, and numbers stay');
$local->safe_psql('ngeshare', q{DELETE FROM ngeshare.quarantine WHERE row_id = 'dear'});

# An id of fewer than 8 characters is not replaced in texts, because it may be any word.
$local->safe_psql(
	'ngeshare',
	q{UPDATE sync_run SET message = 'waits for other' WHERE run_id = 1;
	SELECT ngeshare_forget_person('other')}
);
is( $local->safe_psql('ngeshare', 'SELECT message FROM sync_run WHERE run_id = 1'),
	'waits for other',
	'a short word is left alone in texts');

# Rows leave the archive after ngeshare.archive_keep days, 90 by default.
$local->safe_psql(
	'ngeshare',
	q{UPDATE ngeshare.removed_row SET removed_at = now() - interval '90 days 1 hour'
		WHERE row_id = 'i';
	UPDATE ngeshare.removed_row SET removed_at = now() - interval '89 days 23 hours'
		WHERE row_id = 'h'}
);
sync_local($local, 'ngeshare', $clock);
is( $local->safe_psql(
		'ngeshare',
		q{SELECT string_agg(row_id, ' ') FROM ngeshare.removed_row WHERE row_id IN ('h', 'i')}),
	'h',
	'after 90 days a row leaves the archive');
$local->safe_psql('ngeshare', q{ALTER DATABASE ngeshare SET ngeshare.archive_keep = 0});
sync_local($local, 'ngeshare', $clock);
is( $local->safe_psql(
		'ngeshare',
		'SELECT (SELECT count(*) FROM ngeshare.removed_row) + (SELECT count(*)
			FROM ngeshare.attendance_backup)'
	),
	0,
	'with ngeshare.archive_keep = 0 nothing is kept');
done_testing();

# Returns the tables that contain the person, with the number of rows.
sub found
{
	return map { split /\|/ } split /\n/, $local->safe_psql(
		'ngeshare', qq{
		SELECT format('%I.%I', nspname, relname), (xpath('//rows/text()', query_to_xml(format(
			'SELECT count(*) AS rows FROM ONLY %I.%I AS kept WHERE kept::text ~* %L', nspname, relname,
			'(^|[^.a-z])forget[.]me\@example[.]id|$id'), false, true, '')))[1]::text::bigint AS rows
		FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
		WHERE relkind = 'r' AND nspname IN ('public', 'ngeshare')
		ORDER BY 1} =~ s/^/SELECT * FROM (/r . ') AS counted WHERE rows > 0');
}

# Returns how many lines of a dump contain the person.
sub dumped
{
	my $file = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
	PostgreSQL::Test::Utils::system_or_bail('pg_dump', '-f', $file, '-d',
		$local->connstr('ngeshare'));
	my $lines = () = slurp_file($file) =~ /^.*(?:(?<!do\.not\.)\Q$email\E|\Q$id\E).*$/gim;
	return $lines;
}
