-- Tests the weekly digest: its text in both languages, its content, and how it is shortened. The
-- week is 24 to 31 March 2026.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all
\pset format unaligned
\set SHOW_CONTEXT never

-- The digest of an empty mirror, before any successful sync.
CALL test.refresh();
SET ngeshare.as_of = '2026-03-31 12:00+07';
SELECT message FROM ngeshare_digest();
SET ngeshare.language = en;
SELECT message FROM ngeshare_digest();

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.users('f1', 'f2', 'm');
UPDATE "User" SET email = id || '@example.org' WHERE id <> 'f2';
-- One group for each kind of status change, but two that graduated.
CALL test.circle('new', 'aqidah', '2026-03-28 12:00+07');
CALL test.circle('started', 'aqidah');
CALL test.meets('started', 'aqidah-1', '2026-03-26 19:00+07');
CALL test.circle('resumed', 'aqidah');
CALL test.meets('resumed', 'aqidah-1', '2026-01-26 19:00+07');
CALL test.meets('resumed', 'aqidah-2', '2026-03-27 19:00+07');
CALL test.circle('stalled', 'aqidah');
CALL test.meets('stalled', 'aqidah-8', '2026-02-28 19:00+07');
CALL test.people('stalled', 'f1', 'm');
CALL test.circle('graduated-1', 'aqidah');
CALL test.meets('graduated-1', 'aqidah-9', '2026-03-25 19:00+07');
CALL test.circle('graduated-2', 'aqidah');
CALL test.meets('graduated-2', 'aqidah-9', '2026-03-29 19:00+07');
-- A group that has been on the rescue list for longer. Its name contains markup that a chat would
-- interpret, and its facilitator has no e-mail address.
CALL test.circle('long', 'aqidah');
CALL test.meets('long', 'aqidah-7', '2026-01-10 19:00+07');
CALL test.people('long', 'f2', 'm');
UPDATE "HangoutGroup" SET name = E' <!channel> &\n"@everyone"', city = 'Bandung',
    province = 'Jawa Barat' WHERE id = 'long';
-- A group that was contacted a day ago, so it is WAITING and not in the list of groups to contact.
CALL test.circle('waits', 'aqidah');
CALL test.meets('waits', 'aqidah-7', '2026-02-01 19:00+07');
INSERT INTO ngeshare.follow_up (group_id, group_name, noted_at, noted_by, channel, outcome)
VALUES ('waits', 'waits', '2026-03-30 12:00+07', 'siti', 'phone', 'will_meet');
CALL test.refresh();
SET ngeshare.page_url = 'https://ngeshare.example/?a=1&b=2';
SELECT message FROM ngeshare_digest();
SET ngeshare.language = id;
SELECT message FROM ngeshare_digest();
SELECT payload = jsonb_build_object('text', message) AS is_the_same FROM ngeshare_digest();
-- With a "since" of one day ago, no group has changed.
SELECT (string_to_array(message, E'\n'))[1:3] FROM ngeshare_digest('2026-03-30 12:00+07');

-- Without as_of the digest covers the week up to the last sync, but follow-ups count up to now.
RESET ngeshare.as_of;
UPDATE ngeshare.snapshot_state SET known_until = '2026-03-31 12:00+07';
SELECT message LIKE 'ngeShare, 24 Maret 2026 sampai 31 Maret 2026%' AS is_of_the_week,
    message LIKE '%Group stalled%' AS has_stalled FROM ngeshare_digest();
SELECT ngeshare_note_follow_up('stalled', 'phone', 'paused') > 0 AS is_noted;
SELECT message LIKE '%1. Group stalled%' AS is_first FROM ngeshare_digest();
SHOW ngeshare.as_of;
SHOW ngeshare.as_of_is_default;
SET ngeshare.as_of = '2026-03-31 12:00+07';

-- Invalid arguments and settings, and a schedule without pg_cron.
\set VERBOSITY sqlstate
SELECT ngeshare_digest(NULL);
SELECT ngeshare_digest('infinity');
SELECT ngeshare_digest('2026-04-01');
SET ngeshare.language = nl;
SET ngeshare.page_url = 'javascript:alert(1)';
SELECT ngeshare_schedule_digest('0 0 * * 1');
\set VERBOSITY default

-- 40 more groups, with long names: the message has fewer than 4,000 characters, lists whole lines
-- only, and gives the number of groups that it leaves out.
SET ngeshare.page_url = 'https://ngeshare.example/';
DO $$
BEGIN
    FOR number IN 10 .. 49 LOOP
        CALL test.circle('g' || number, 'aqidah');
        CALL test.meets('g' || number, 'aqidah-7', '2026-02-28 19:00+07');
        UPDATE public."HangoutGroup" SET name = repeat('&', 100), city = repeat('<', 100)
            WHERE id = 'g' || number;
    END LOOP;
END
$$;
CALL test.refresh();
SELECT length(message) < 4000 AS fits, regexp_count(message, '^\d+\. ', 1, 'n') AS shown,
    substring(message FROM 'dan (\d+) lagi\n\nKeadaan') AS more,
    (SELECT count(*) FROM v_rescue_list WHERE contact_state IN ('NEW', 'DUE')) AS waiting,
    message ~ E'\nSelengkapnya: https://ngeshare.example/$' AS has_link
FROM ngeshare_digest();
-- Where ten whole lines do not fit, the message lists fewer.
INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status,
    "hangoutGroupRole", "hangoutGroupId", "userId")
SELECT 'r' || id, '2025-01-01', '2025-01-01', '2025-01-01', 'ANY', 'FACILITATOR', id, 'f1'
    FROM "HangoutGroup" WHERE id LIKE 'g%';
UPDATE "User" SET email = repeat('a', 300) || '@example.org' WHERE id = 'f1';
UPDATE "HangoutGroup" SET name = repeat('&', 100), city = repeat('<', 100);
SET ngeshare.page_url = 'https://ngeshare.example/?&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&';
CALL test.refresh();
SELECT length(message) < 4000 AS fits, regexp_count(message, '^\d+\. ', 1, 'n') AS shown,
    substring(message FROM 'dan (\d+) lagi\n\nKeadaan') AS more,
    (SELECT count(*) FROM v_rescue_list WHERE contact_state IN ('NEW', 'DUE')) AS waiting,
    (string_to_array(message, E'\n'))[cardinality(string_to_array(message, E'\n')) - 5]
        AS last_group
FROM ngeshare_digest();
