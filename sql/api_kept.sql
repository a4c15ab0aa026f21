-- Kept answers: they equal what is computed, and no read takes them once anything
-- that decides is otherwise than when they were kept.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all
SET jit = off;
SET ngeshare.sync_clock = '2026-03-31 12:00:00+07';
SET ngeshare.as_of = '2026-03-31 12:00:00+07';

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);
CALL test.users('ani', 'budi', 'citra', 'dewi');
INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId")
VALUES ('a', '2025-12-01', '2025-12-01', 'A', 'ACTIVE', 'aqidah'), ('b', '2026-02-01', '2026-02-01', 'B', 'ACTIVE', 'hijrah'),
    ('c', '2025-12-01', '2025-12-01', 'C', 'ACTIVE', 'aqidah'), ('d', '2025-12-01', '2025-12-01', 'D', 'ACTIVE', 'aqidah');
INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "userId", "hangoutGroupId")
SELECT g || u, '2025-12-01', '2025-12-01', '2025-12-02', 'ACTIVE', CASE u WHEN 'ani' THEN 'FACILITATOR' ELSE 'MEMBER' END, u, g
FROM unnest(ARRAY['a', 'b', 'c', 'd']) AS g, unnest(ARRAY['ani', 'budi', 'citra']) AS u;
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
SELECT 'a' || n, timestamp '2025-12-05' + n * interval '9 days', 'aqidah-' || n, 'a', 'budi' FROM generate_series(1, 9) AS n;
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId", "userId")
VALUES ('c8', '2026-01-20', 'aqidah-8', 'c', 'budi'), ('d7', '2026-01-21', 'aqidah-7', 'd', 'budi'),
    ('b1', '2026-03-20', 'hijrah-1', 'b', 'budi'), ('later', '2026-04-02', 'hijrah-2', 'b', 'budi');

-- One line: whether the kept rows are taken, and which answers differ from those computed.
CREATE FUNCTION test.kept()
RETURNS text
LANGUAGE sql
AS $$
    SELECT CASE WHEN holds THEN 'kept' ELSE 'computed' END || coalesce(', but wrong: ' || (
        SELECT string_agg(name, ' ') FROM (VALUES
            ('home', (SELECT row(groups_total, active, stalled, graduated, not_started, rescuable, at_risk, continued, awaiting, total_facilitators,
                active_facilitators, alumni_pct, last_month, graduations_last_month, new_facilitators_last_month, anomalies)::text FROM api.home),
                (SELECT row(groups_total, active, stalled, graduated, not_started, rescuable, at_risk, continued, awaiting, total_facilitators,
                active_facilitators, alumni_pct, last_month, graduations_last_month, new_facilitators_last_month, anomalies)::text FROM ngeshare.computed_home)),
            ('home_before', (SELECT r::text FROM api.home_before AS r),
                (SELECT r::text FROM ngeshare.computed(NULL::ngeshare.computed_home_before, ngeshare.month_before(ngeshare_as_of())) AS r)),
            ('funnel', (SELECT string_agg(r::text, ' ') FROM api.funnel AS r), (SELECT string_agg(r::text, ' ') FROM ngeshare.computed_funnel AS r)),
            ('rescue', (SELECT string_agg(r::text, ' ') FROM api.rescue_list AS r),
                (SELECT string_agg(r::text, ' ' ORDER BY days_inactive, group_id COLLATE "C") FROM ngeshare.computed_rescue_list AS r)),
            ('drop_off', (SELECT string_agg(r::text, ' ') FROM api.drop_off AS r), (SELECT string_agg(r::text, ' ') FROM ngeshare.computed_drop_off AS r)),
            ('cohort', (SELECT string_agg(r::text, ' ') FROM api.cohort AS r), (SELECT string_agg(r::text, ' ') FROM ngeshare.computed_cohort AS r)),
            ('growth', (SELECT r::text FROM api.facilitator_growth AS r), (SELECT r::text FROM ngeshare.computed_facilitator_growth AS r)),
            ('monthly', (SELECT string_agg(r::text, ' ') FROM api.facilitator_monthly AS r), (SELECT string_agg(r::text, ' ') FROM ngeshare.computed_facilitator_monthly AS r)),
            ('time', (SELECT string_agg(r::text, ' ') FROM api.time_to_graduate AS r), (SELECT string_agg(r::text, ' ') FROM ngeshare.computed_time_to_graduate AS r)),
            ('days', (SELECT string_agg(r::text, ' ') FROM api.graduation_days AS r), (SELECT string_agg(r::text, ' ') FROM ngeshare.computed_graduation_days AS r))
        ) AS answer (name, shown, computed)
        WHERE shown IS DISTINCT FROM computed), '')
    FROM ngeshare.keeping
$$;
CREATE PROCEDURE test.keep()
LANGUAGE sql
AS $$ SELECT ngeshare.settle(); SELECT ngeshare.keep_answers('2026-03-31 12:00:00+07'); $$;
SELECT test.kept();
CALL test.keep();
SELECT test.kept(), (SELECT groups_total FROM api.home), (SELECT anomalies FROM api.home), (SELECT string_agg(group_id, ' ') FROM api.rescue_list) AS rescue;

--
-- Another instant, setting or clock
--
SET ngeshare.as_of = '2026-03-31 12:00:00.000001+07';
SELECT test.kept();
SET ngeshare.as_of = '2026-03-31 12:00:00+07';
SET ngeshare.active_days = 1;
SELECT test.kept();
RESET ngeshare.active_days;
SET ngeshare.rescue_min_pct = 10;
SELECT test.kept();
RESET ngeshare.rescue_min_pct;
SET ngeshare.link_days = 0;
SELECT test.kept();
RESET ngeshare.link_days;
SET ngeshare.link_early_days = 0;
SELECT test.kept();
RESET ngeshare.link_early_days;
SET ngeshare.link_min_shared = 9;
SELECT test.kept();
RESET ngeshare.link_min_shared;
SET ngeshare.link_min_overlap_pct = 100;
SELECT test.kept();
RESET ngeshare.link_min_overlap_pct;
SET ngeshare.sync_clock = '2026-04-01 23:59:59+00';
SELECT test.kept(), (SELECT anomalies FROM api.home);
SET ngeshare.sync_clock = '2026-04-02 00:00:00+00';
SELECT test.kept(), (SELECT anomalies FROM api.home);
SET ngeshare.sync_clock = '2026-03-31 11:59:59+07';
SELECT test.kept();
SET ngeshare.sync_clock = '2026-03-31 12:00:00+07';
SELECT test.kept();

-- Days and instants are handed on as they are, however a session writes them.
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Shanghai';
SET ngeshare.active_days = 27;
SELECT test.kept(), (SELECT string_agg(group_id || ' ' || days_inactive, ', ' ORDER BY group_id) FROM api.rescue_list) AS rescue,
    (SELECT string_agg(group_id || ' ' || days_inactive, ', ' ORDER BY group_id) FROM api.group_status WHERE group_id IN ('c', 'd')) AS status;
RESET ngeshare.active_days;
SET timezone = 'Asia/Jakarta';
SELECT ngeshare.keep_answers('2026-03-31 12:00:00+07');
SELECT test.kept();
RESET datestyle;
RESET timezone;
-- A snapshot may be older than what was settled last.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT ngeshare.keep_answers('2026-03-31 12:00:00+07');
ROLLBACK;
-- What can't be kept is said; nothing is kept then, and the answers are computed.
BEGIN;
ALTER TABLE ngeshare.kept_answer ADD CHECK (asked_at < '2000-01-01') NOT VALID;
SELECT ngeshare.try_to_keep_answers('2026-03-31 12:00:00+07');
SELECT test.kept();
ROLLBACK;
SELECT ngeshare.try_to_keep_answers('2026-03-31 12:00:00+07');
SELECT test.kept();

--
-- Each kind of write is answered from at once, and settling alone keeps nothing
--
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-02-01' WHERE id = 'b1';
SELECT test.kept();
SELECT ngeshare.settle();
SELECT test.kept();
CALL test.keep();
DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'a9';
SELECT test.kept();
CALL test.keep();
UPDATE "HangoutGroup" SET "startDate" = '2026-03-01' WHERE id = 'b';
SELECT test.kept();
CALL test.keep();
UPDATE "Hangout" SET name = 'Other' WHERE id = 'hijrah';
SELECT test.kept();
CALL test.keep();
UPDATE "HangoutEpisode" SET "order" = 12 WHERE id = 'aqidah-8';
SELECT test.kept();
CALL test.keep();
INSERT INTO "UserHangoutGroup" (id, "createdAt", "updatedAt", "joinedAt", status, "hangoutGroupRole", "userId", "hangoutGroupId")
VALUES ('new', '2026-01-01', '2026-01-01', '2026-01-01', 'ACTIVE', 'FACILITATOR', 'dewi', 'a');
SELECT test.kept();
CALL test.keep();
UPDATE "User" SET email = 'other@example.com' WHERE id = 'ani';
SELECT test.kept(), (SELECT DISTINCT facilitator_contact FROM api.rescue_list);
CALL test.keep();
UPDATE "HangoutGroup" SET name = 'Another' WHERE id = 'd';
SELECT test.kept(), (SELECT string_agg(group_name, ' ') FROM api.rescue_list);
CALL test.keep();
SELECT test.kept();
UPDATE "User" SET "deletedAt" = '2026-01-01' WHERE id = 'ani';
SELECT test.kept();
CALL test.keep();
UPDATE course_config SET max_episodes = 3 WHERE sequence_order = 1;
SELECT test.kept();
CALL test.keep();
BEGIN;
TRUNCATE "UserHangoutGroupAttendance";
SELECT test.kept();
SELECT ngeshare.settle() > 0 AS settled;
SELECT test.kept();
ROLLBACK;
SELECT test.kept();
TRUNCATE ngeshare.kept_answer;
SELECT test.kept();
SELECT ngeshare.keep_answers(NULL);
SELECT count(*) FROM ngeshare.kept_answer;
-- Only the computed answers can be asked for.
SELECT * FROM ngeshare.computed(NULL::"User");
