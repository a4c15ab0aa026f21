-- Tests ngeshare_note_follow_up() and ngeshare_withdraw_follow_up(): the rows that they write, and
-- the SQLSTATE of each error.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all
\set SHOW_CONTEXT never

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.circle('A', 'aqidah');
CALL test.refresh();

-- noted_by is the login by default, which counts as verified. Another name is not verified.
SELECT ngeshare_note_follow_up('A', 'whatsapp', 'will_meet', ' <b>Sabtu</b> '' OR 1=1 -- '
    '', '2026-04-01') AS id;
SELECT ngeshare_note_follow_up(group_id => 'A', channel => 'email', outcome => 'paused',
    noted_by => E' Bu Siti\t') AS id;
SELECT ngeshare_note_follow_up('A', 'in_person', 'closed', NULL, NULL, session_user::text) AS id;
SELECT ngeshare_note_follow_up('A', 'phone', 'no_answer', '', NULL, '  ') AS id;
SELECT id, group_name, noted_by = session_user AS is_login, CASE WHEN noted_by <> session_user
    THEN noted_by END AS other_name,
    is_verified, channel, outcome, note, next_on, noted_at BETWEEN now() - interval '1 minute'
        AND clock_timestamp() AS is_now
FROM v_follow_up
ORDER BY id;

-- A note has at most 2,000 characters, not bytes.
SELECT ngeshare_note_follow_up('A', 'other', 'paused', repeat('ñ', 2000)) AS id;
SELECT ngeshare_note_follow_up('A', 'other', 'paused', repeat('x', 2001));

-- Runs a statement and returns its error as text: SQLSTATE, message and hint.
CREATE FUNCTION test.code(statement text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
        RETURN format('%s %s | %s', sqlstate, sqlerrm, hint);
END
$$;
SELECT test.code(format('SELECT ngeshare_note_follow_up(%s)', arguments)) AS refused
FROM unnest(ARRAY[
    '''B'', ''phone'', ''paused''',
    '''a'', ''phone'', ''paused''',
    'NULL, ''phone'', ''paused''',
    '''A'', NULL, ''paused''',
    '''A'', ''phone'', NULL',
    '''A'', ''fax'', ''paused''',
    '''A'', ''phone'', ''maybe''',
    '''A'', ''phone'', ''paused'', NULL, ''infinity''',
    '''A'', ''phone'', ''paused'', NULL, NULL, repeat(''x'', 201)']) AS arguments;
-- The function has no parameter noted_at: callers cannot choose the time.
SELECT test.code('SELECT ngeshare_note_follow_up(''A'', ''phone'', ''paused'', noted_at => now())');

-- v_follow_up no longer shows a withdrawn follow-up, but its row stays in the table.
SELECT ngeshare_withdraw_follow_up(2, 'Pak Adi'), ngeshare_withdraw_follow_up(3);
SELECT id FROM v_follow_up ORDER BY id;
SELECT id, withdrawn_at > noted_at AS is_later, CASE WHEN withdrawn_by = session_user THEN 'login'
    ELSE withdrawn_by END AS withdrawn_by, withdrawal_is_verified
FROM ngeshare.follow_up
WHERE withdrawn_at IS NOT NULL
ORDER BY id;
-- Withdrawing a follow-up a second time changes nothing.
SELECT ngeshare_withdraw_follow_up(2, 'Somebody else');
SELECT withdrawn_by FROM ngeshare.follow_up WHERE id = 2;
SELECT test.code('SELECT ngeshare_withdraw_follow_up(4711)');
SELECT test.code('SELECT ngeshare_withdraw_follow_up(NULL)');
SELECT test.code('SELECT ngeshare_withdraw_follow_up(1, repeat(''x'', 201))');

-- One login may note 60 follow-ups per minute. Withdrawn ones count. Five were noted above.
SELECT count(ngeshare_note_follow_up('A', 'phone', 'no_answer')) FROM generate_series(1, 55);
SELECT ngeshare_note_follow_up('A', 'phone', 'no_answer');
SELECT test.code('SELECT ngeshare_note_follow_up(''A'', ''phone'', ''no_answer'', NULL, NULL, '
                 '''Another name'')');
-- Follow-ups of another login do not count for this limit, nor do those that are older than a
-- minute.
UPDATE ngeshare.follow_up SET login = 'another' WHERE id = 1;
SELECT ngeshare_note_follow_up('A', 'phone', 'no_answer') > 0 AS is_noted;
SELECT test.code('SELECT ngeshare_note_follow_up(''A'', ''phone'', ''no_answer'')');
UPDATE ngeshare.follow_up SET noted_at = noted_at - interval '61 seconds' WHERE id = 5;
SELECT ngeshare_note_follow_up('A', 'phone', 'no_answer') > 0 AS is_noted;

-- The follow-ups of a group stay when the group is deleted.
DELETE FROM "HangoutGroup";
CALL test.refresh();
SELECT count(*), min(group_name) FROM v_follow_up;
