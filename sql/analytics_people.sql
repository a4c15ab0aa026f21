-- Tests the roster, the facilitator views and the members' journeys. All answers are as of
-- 31 March 2026 in Jakarta unless a line says otherwise.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 12:00+07';

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);
CALL test.hangout('sejarah', 'Ngeshare Sesi Sejarah', 11);
CALL test.hangout('other', 'A course of another kind', 3);
CALL test.users('ani', 'budi', 'citra', 'dewi', 'eka', 'gone');
UPDATE "User" SET email = E' Citra@x.org\n' WHERE id = 'citra';
UPDATE "User" SET "deletedAt" = test.utc('2026-03-31 12:00+07') WHERE id = 'gone';

-- One group of Aqidah that has graduated, one of Hijrah that is active, one of
-- Sejarah that stalled, and one outside of the curriculum.
CALL test.circle('a', 'aqidah');
CALL test.circle('h', 'hijrah');
CALL test.circle('s', 'sejarah');
CALL test.circle('o', 'other');
CALL test.joins('a1', 'a', 'FACILITATOR', 'ani', NULL, '2025-02-01 12:00+07');
CALL test.joins('a2', 'a', 'MEMBER', 'budi', NULL, '2025-03-01 12:00+07');
CALL test.joins('a3', 'a', 'MEMBER', 'budi', NULL, '2025-02-01 12:00+07');
CALL test.joins('a4', 'a', 'MEMBER', 'citra', NULL, '2025-06-01 19:00:00.001+07');
CALL test.joins('a5', 'a', 'MEMBER', NULL, E' Fajar@x.org\t', '2025-02-02 12:00+07');
CALL test.joins('a6', 'a', 'MEMBER', NULL, 'FAJAR@x.org', '2025-02-03 12:00+07');
CALL test.joins('a7', 'a', 'FACILITATOR', NULL, 'fajar@x.org', '2025-02-04 12:00+07');
CALL test.joins('a8', 'a', 'MEMBER', 'gone', NULL, '2025-02-01 12:00+07');
CALL test.joins('h1', 'h', 'FACILITATOR', 'budi', NULL, '2025-09-01 12:00+07');
CALL test.joins('h2', 'h', 'MEMBER', 'citra', NULL, '2025-09-01 12:00+07');
CALL test.joins('h3', 'h', 'MEMBER', 'dewi', NULL, '2025-09-01 12:00+07');
CALL test.joins('s1', 's', 'MEMBER', 'dewi', NULL, '2025-10-01 12:00+07');
CALL test.joins('s2', 's', 'FACILITATOR', 'dewi', NULL, '2026-04-01 12:00+07');
CALL test.joins('o1', 'o', 'MEMBER', 'ani', NULL, '2025-01-01 00:00+07');
CALL test.joins('o2', 'o', 'FACILITATOR', 'eka', NULL, '2025-12-31 23:59:59.999+07');
CALL test.meets('a', 'aqidah-9', '2025-06-01 19:00+07');
CALL test.meets('h', 'hijrah-2', '2026-03-03 19:00+07');
CALL test.meets('s', 'sejarah-4', '2026-03-02 19:00+07');

--
-- The roster: one row per person and role; fajar is known by an address only
--
CALL test.refresh();
SELECT * FROM v_member_roster ORDER BY group_id COLLATE "C", user_name COLLATE "C",
    role COLLATE "C";

-- is_active: a person's own attendance 28 days ago counts. Attendance 29 days ago, or at another
-- group's meeting, does not.
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'citra' WHERE "hangoutGroupId" = 'h';
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'dewi' WHERE "hangoutGroupId" = 's';
CALL test.refresh();
SELECT group_id, user_name, role, is_active FROM v_member_roster
WHERE user_id IN ('citra', 'dewi')
ORDER BY group_id COLLATE "C", user_name COLLATE "C";
BEGIN;
SET LOCAL ngeshare.active_days = 29;
SELECT group_id, user_name FROM v_member_roster WHERE is_active ORDER BY group_id COLLATE "C";
ROLLBACK;

-- is_active of a user is known only where the mirror has the raw attendance of all those 28 days.
BEGIN;
INSERT INTO ngeshare.history_state (zone, window_start) VALUES ('Asia/Jakarta',
    test.utc('2026-03-03 00:00+07'));
CALL test.refresh();
SELECT DISTINCT user_id IS NULL AS by_address, is_active IS NULL AS unknown
    FROM v_member_roster ORDER BY 1;
UPDATE ngeshare.history_state SET window_start = test.utc('2026-03-04 00:00+07');
CALL test.refresh();
SELECT DISTINCT user_id IS NULL AS by_address, is_active IS NULL AS unknown
    FROM v_member_roster ORDER BY 1;
ROLLBACK;

-- When dewi replaces citra in the attendance of a meeting, the roster follows at the next refresh.
-- As of an earlier instant, only the attendance up to that instant decides, even if the same user
-- came again later.
BEGIN;
UPDATE "UserHangoutGroupAttendance" SET "userId" = 'dewi' WHERE "hangoutGroupId" = 'h';
SELECT group_id, user_name, is_active FROM v_member_roster
    WHERE group_id = 'h' ORDER BY user_name COLLATE "C";
CALL test.refresh();
SELECT group_id, user_name, is_active FROM v_member_roster
    WHERE group_id = 'h' ORDER BY user_name COLLATE "C";
INSERT INTO "UserHangoutGroupAttendance" (id, "hangoutGroupId", "hangoutEpisodeId", "userId",
    "attendedAt") VALUES
    ('early', 'h', 'hijrah-1', 'citra', test.utc('2026-02-01 19:00+07')),
    ('late', 'h', 'hijrah-3', 'citra', test.utc('2026-03-31 11:00+07')),
    ('later', 'h', 'hijrah-4', 'citra', test.utc('2026-04-30 11:00+07'));
CALL test.refresh();
SELECT group_id, user_name, is_active FROM v_member_roster
    WHERE group_id = 'h' ORDER BY user_name COLLATE "C";
SET LOCAL ngeshare.as_of = '2026-03-31 10:59:59.999+07';
SELECT group_id, user_name, is_active FROM v_member_roster
    WHERE group_id = 'h' ORDER BY user_name COLLATE "C";
SET LOCAL ngeshare.as_of = '2026-02-28 12:00+07';
SELECT group_id, user_name, is_active FROM v_member_roster
    WHERE group_id = 'h' ORDER BY user_name COLLATE "C";
ROLLBACK;

-- The user "gone" is shown as deleted from the exact instant of deletedAt on.
SELECT group_id, user_name, is_deleted FROM v_member_roster WHERE user_id = 'gone';
SET ngeshare.as_of = '2026-03-31 11:59:59.999+07';
SELECT group_id, user_name, is_deleted FROM v_member_roster WHERE user_id = 'gone';
SET ngeshare.as_of = '2026-03-31 12:00+07';

--
-- Facilitators: budi and ani were members before they became facilitators, ani in a group outside
-- the curriculum
--
SELECT * FROM v_facilitator_alumni ORDER BY facilitator_id COLLATE "C";
SELECT * FROM v_facilitator_growth;
SELECT * FROM v_facilitator_monthly ORDER BY month;

-- A day later dewi has become the facilitator of the group of Sejarah, which is stalled. The group
-- of Hijrah has not met for 29 days, so no facilitator is active.
SET ngeshare.as_of = '2026-04-01 12:00+07';
SELECT facilitator_id, is_alumni, facilitator_since FROM v_facilitator_alumni
    WHERE facilitator_id = 'dewi';
SELECT * FROM v_facilitator_growth;
SELECT * FROM v_facilitator_monthly WHERE month >= '2026-03-01' ORDER BY month;
SET ngeshare.as_of = '2026-03-31 12:00+07';

--
-- Journeys: citra joined a millisecond after the group of Aqidah had graduated, so citra has not
-- completed that course
--
SELECT * FROM v_member_journey ORDER BY user_id COLLATE "C";
SELECT group_id, course_name, role, joined_at, status, graduated_on, is_completed, facilitator_name
FROM ngeshare_member_journey('citra');
SELECT group_id, course_name, role, joined_at, status, graduated_on, is_completed, facilitator_name
FROM ngeshare_member_journey('budi');
SELECT group_id, role, joined_at FROM ngeshare_member_journey('dewi', '2026-04-01 12:00+07');

-- The journey of a user whose groups are all outside the curriculum is empty. An unknown user is an
-- error.
SELECT count(*) AS groups FROM ngeshare_member_journey('eka');
\set SHOW_CONTEXT never
SELECT * FROM ngeshare_member_journey('nobody');
\set VERBOSITY sqlstate
SELECT * FROM ngeshare_member_journey(NULL);
\set VERBOSITY default

--
-- The views on groups answer as of the first and the last instant of the type timestamptz. In
-- another time zone than the snapshot's, all of them except v_follow_up raise an error
--
CREATE FUNCTION test.ask_all(as_of text)
RETURNS TABLE (answer text, rows text)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('ngeshare.as_of', as_of, true);
    FOR answer IN
        SELECT relname
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'v\_%'
          AND relname NOT IN ('v_data_quality', 'v_sync_health')
        ORDER BY relname COLLATE "C"
    LOOP
        BEGIN
            EXECUTE format('SELECT count(*) FROM public.%I AS answer', answer) INTO rows;
        EXCEPTION WHEN OTHERS THEN
            rows := sqlstate;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT * FROM test.ask_all('4714-11-24 00:00:00+00 BC');
SELECT * FROM test.ask_all('294276-12-31 23:59:59+00');
SELECT fact, value FROM ngeshare_explain_group('h', '294276-12-31 23:59:59+00')
    WHERE fact = 'status';
SELECT count(*) FROM ngeshare_member_journey('dewi', '4714-11-24 00:00:00+00 BC');
SET timezone = 'Asia/Jakarta';
SELECT fact, value FROM ngeshare_explain_group('h', '294276-12-31 23:59:59+00')
    WHERE fact = 'status';
SET timezone = 'UTC';
SET ngeshare.timezone = 'UTC';
SELECT * FROM test.ask_all('2026-03-31 12:00+07');
