-- Tests the answer cache, which stores the figures of Home as of the API's default instant (the
-- clock of the last successful sync) and a month before it. Stored figures must equal computed
-- ones. If the instant or a setting of a read leads to other figures than the stored ones, the read
-- must compute them.
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
CALL test.circle('a', 'aqidah');
CALL test.circle('b', 'hijrah');
CALL test.circle('c', 'aqidah');
CALL test.circle('d', 'aqidah');
CALL test.people('a', 'ani', 'budi', 'citra');
CALL test.people('b', 'ani', 'budi', 'citra');
CALL test.people('c', 'ani', 'budi', 'citra');
CALL test.people('d', 'ani', 'budi', 'citra');
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
SELECT 'a' || n, timestamp '2025-12-05' + n * interval '9 days', 'aqidah-' || n, 'a', 'budi'
FROM generate_series(1, 9) AS n;
INSERT INTO "UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId", "hangoutGroupId",
    "userId")
VALUES
    ('c8', '2026-01-20', 'aqidah-8', 'c', 'budi'),
    ('d7', '2026-01-21', 'aqidah-7', 'd', 'budi'),
    ('b1', '2026-03-20', 'hijrah-1', 'b', 'budi'),
    ('later', '2026-04-02', 'hijrah-2', 'b', 'budi');

-- Runs the refresh that ends a successful sync. "clock" becomes the API's default instant.
CREATE PROCEDURE test.sync_ends(clock timestamptz DEFAULT '2026-03-31 12:00:00+07')
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM ngeshare.refresh_snapshot(false, 1, clock);
END
$$;

-- All answers that may come from the cache, in one text.
CREATE FUNCTION test.shown()
RETURNS text
LANGUAGE sql
AS $$
    SELECT (now, before, ARRAY(SELECT chance FROM v_resume_chance AS chance),
        ARRAY(SELECT counted FROM api.anomaly_kinds AS counted))::text
    FROM api.home AS now, api.home_before AS before
$$;

-- Reports whether api.home and api.home_before come from the cache, and whether all answers of
-- test.shown() equal those computed with an empty cache. is_right is also false if a read stores a
-- row in the cache.
CREATE FUNCTION test.cached(OUT home_from text, OUT before_from text, OUT is_right boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    shown    text := test.shown();
    computed text;
BEGIN
    UPDATE ngeshare.answer_cache AS cache SET home.groups_total = -1;
    home_from := (SELECT CASE groups_total WHEN -1 THEN 'cached' ELSE 'computed' END FROM api.home);
    before_from := (SELECT CASE groups_total WHEN -1 THEN 'cached' ELSE 'computed' END
        FROM api.home_before);
    DELETE FROM ngeshare.answer_cache;
    computed := test.shown();
    is_right := shown = computed AND NOT EXISTS (SELECT 1 FROM ngeshare.answer_cache);
    RAISE EXCEPTION USING ERRCODE = 'NG999';
EXCEPTION
    WHEN SQLSTATE 'NG999' THEN
        RETURN;
END
$$;
CREATE VIEW test.entry AS
SELECT as_of, holds_until
FROM ngeshare.answer_cache
ORDER BY as_of DESC;

-- Before the first sync there is no default instant, so the cache stays empty.
CALL test.refresh();
SELECT * FROM test.entry;
SELECT * FROM test.cached();
CALL test.sync_ends();
SELECT * FROM test.entry;
SELECT * FROM test.cached();
SELECT groups_total, anomalies FROM api.home;
-- The instant of the entry for a month before.
RESET ngeshare.as_of;
SELECT ngeshare.month_before(known_until) FROM ngeshare.snapshot_state;
SET ngeshare.as_of = '2026-03-31 12:00:00+07';

--
-- Other instants: an entry is valid up to the next midnight in Jakarta, which is 17:00 UTC
--
SET ngeshare.as_of = '2026-03-31 12:00:00.000001+07';
SELECT * FROM test.cached();
SET ngeshare.as_of = '2026-03-31 23:59:59.999999+07';
SELECT * FROM test.cached();
SET ngeshare.as_of = '2026-04-01 00:00+07';
SELECT * FROM test.cached();
SET ngeshare.as_of = '2026-03-31 11:59:59.999999+07';
SELECT * FROM test.cached();
SET ngeshare.as_of = '2026-03-31 12:00:00+07';

-- api.anomaly_kinds and v_resume_chance come from the cache as of the default instant, and are
-- computed as of a month before.
BEGIN;
UPDATE ngeshare.answer_cache
SET anomaly_kinds = ARRAY[('NEEDS_FACILITATOR', 'warning', 77)::ngeshare.anomaly_kind]
WHERE anomaly_kinds IS NOT NULL;
SELECT *, (SELECT anomalies FROM api.home) FROM api.anomaly_kinds;
-- A kept answer without rows is an answer, too.
UPDATE ngeshare.answer_cache
SET anomaly_kinds = '{}', resume_chances = '{}'
WHERE anomaly_kinds IS NOT NULL;
SELECT *, (SELECT count(*) FROM v_resume_chance) AS chances FROM api.anomaly_kinds;
ROLLBACK;
BEGIN;
UPDATE ngeshare.answer_cache
SET resume_chances = ARRAY(
    SELECT (course_name, days_silent, -1, resumed, lasting, resume_chance,
        resume_28_days_pct)::ngeshare.resume_chance
    FROM unnest(resume_chances))
WHERE resume_chances IS NOT NULL;
SELECT count(*) > 0 AS has_rows, bool_and(silences = -1) AS is_cached FROM v_resume_chance;
SELECT ngeshare.month_before('2026-03-31 12:00:00+07') AS month_before \gset
SET LOCAL ngeshare.as_of = :'month_before';
SELECT count(*) > 0 AS has_rows, bool_or(silences = -1) AS is_cached FROM v_resume_chance;
SELECT *, (SELECT anomalies FROM api.home) FROM api.anomaly_kinds;
ROLLBACK;

--
-- An entry is valid only until the first later event that changes an answer, if that comes before
-- midnight
--
CREATE FUNCTION test.holds_until(statement text)
RETURNS timestamp
LANGUAGE plpgsql
AS $$
DECLARE
    until    timestamp;
    is_right boolean;
BEGIN
    EXECUTE statement;
    CALL test.sync_ends();
    until := (SELECT holds_until FROM test.entry LIMIT 1);
    FOR number IN -1 .. 1 LOOP
        PERFORM set_config('ngeshare.as_of',
            ((until AT TIME ZONE 'UTC') + number * interval '1 microsecond')::text, true);
        IF (SELECT (home_from = 'cached') <> (number < 0) OR NOT cached.is_right
            FROM test.cached()) THEN
            RAISE EXCEPTION '% microseconds from %: %', number, until, (SELECT test.cached());
        END IF;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'NG999';
EXCEPTION
    WHEN SQLSTATE 'NG999' THEN
        RETURN until;
END
$$;
SELECT test.holds_until($$CALL test.meets('b', 'hijrah-2', '2026-03-31 13:00+07')$$) AS meeting;
SELECT test.holds_until($$CALL test.meets('b', 'aqidah-2', '2026-03-31 13:01+07')$$)
    AS foreign_episode;
SELECT test.holds_until($$CALL test.circle('new', 'aqidah', '2026-03-31 13:02+07')$$) AS new_group;
SELECT test.holds_until(
    $$CALL test.joins('new', 'd', 'MEMBER', 'dewi', NULL, '2026-03-31 13:03+07')$$) AS member;
SELECT test.holds_until(
    $$CALL test.joins('new', 'd', 'FACILITATOR', 'dewi', NULL,
        '2026-03-31 13:04+07')$$) AS facilitator;
SELECT test.holds_until(
    $$CALL test.joins('new', 'd', 'FACILITATOR', 'budi', NULL,
        '2026-03-31 13:05+07')$$) AS member_leads;
SELECT test.holds_until(
    $$UPDATE "User" SET "deletedAt" = '2026-03-31 06:06'
        WHERE id = 'citra'$$) AS deletion_of_member;
SELECT test.holds_until(
    $$UPDATE "User" SET "deletedAt" = '2026-03-31 06:07'
        WHERE id = 'ani'$$) AS deletion_of_facilitator;
SELECT test.holds_until($$
    INSERT INTO "HangoutGroup" (id, "updatedAt", name, status, "createdAt")
    VALUES ('outside', '2026-01-01', 'Outside', 'ANY', '2026-01-01');
    CALL test.joins('new', 'outside', 'MEMBER', 'dewi', NULL, '2026-03-31 13:08+07')$$) AS outside;
SELECT test.holds_until($$CALL test.meets('b', 'hijrah-2', '2026-04-01 00:00+07')$$) AS midnight;

--
-- Reads with other settings, with another time zone, and with another clock
--
CREATE FUNCTION test.cached_with(setting text, value text, OUT home_from text, OUT is_right boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    before text := current_setting(setting);
BEGIN
    PERFORM set_config(setting, value, false);
    SELECT cached.home_from, cached.is_right INTO home_from, is_right FROM test.cached();
    PERFORM set_config(setting, before, false);
END
$$;
SELECT other.*, answer.*
FROM (
    VALUES
        ('ngeshare.active_days', '1'),
        ('ngeshare.rescue_min_pct', '10'),
        ('ngeshare.link_days', '0'),
        ('ngeshare.link_early_days', '0'),
        ('ngeshare.link_min_shared', '9'),
        ('ngeshare.link_min_overlap_pct', '100'),
        ('ngeshare.attendance_window_days', '40'),
        ('datestyle', 'SQL, DMY'),
        ('timezone', 'Asia/Shanghai')
) AS other (setting, value)
CROSS JOIN LATERAL test.cached_with(other.setting, other.value) AS answer;
SET ngeshare.timezone = 'Asia/Makassar';
\set VERBOSITY sqlstate
SELECT groups_total FROM api.home;
SELECT groups_total FROM api.home_before;
\set VERBOSITY default
RESET ngeshare.timezone;
-- FUTURE_ATTENDANCE depends on the real clock, so each read counts it, even where the rest of Home
-- comes from the cache.
SET ngeshare.sync_clock = '2026-04-01 23:59:59+00';
SELECT home_from, is_right, (SELECT anomalies FROM api.home) FROM test.cached();
SET ngeshare.sync_clock = '2026-04-02 00:00:00+00';
SELECT home_from, is_right, (SELECT anomalies FROM api.home) FROM test.cached();
SET ngeshare.sync_clock = '2026-03-31 12:00:00+07';
-- The reads leave the setting ngeshare.as_of as it was.
SHOW ngeshare.as_of;

--
-- A write changes no answer until the next refresh. The refresh fills the cache again
--
CREATE FUNCTION test.written(statement text, OUT until_then text, OUT after_it text,
    OUT is_right boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    shown text := (SELECT home::text FROM api.home);
BEGIN
    EXECUTE statement;
    until_then := CASE WHEN (SELECT home::text FROM api.home) = shown THEN 'as before'
        ELSE 'changed' END;
    PERFORM ngeshare_refresh();
    after_it := (SELECT CASE WHEN home::text = shown THEN 'as before' ELSE 'changed' END
        FROM api.home);
    is_right := (SELECT (cached.home_from, cached.before_from) = ('cached', 'cached')
        AND cached.is_right FROM test.cached());
END
$$;
SELECT * FROM test.written($$UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2026-02-01'
    WHERE id = 'b1'$$);
SELECT * FROM test.written($$DELETE FROM "UserHangoutGroupAttendance" WHERE id = 'a9'$$);
SELECT * FROM test.written($$UPDATE "HangoutGroup" SET "startDate" = '2026-03-01' WHERE id = 'b'$$);
SELECT * FROM test.written($$UPDATE "Hangout" SET name = 'Other' WHERE id = 'hijrah'$$);
SELECT * FROM test.written($$UPDATE "HangoutEpisode" SET "order" = 12 WHERE id = 'aqidah-8'$$);
SELECT * FROM test.written($$CALL test.joins('new', 'a', 'FACILITATOR', 'dewi')$$);
SELECT * FROM test.written($$UPDATE "User" SET email = 'other@example.com' WHERE id = 'ani'$$);
SELECT * FROM test.written($$UPDATE "User" SET "deletedAt" = '2026-01-01' WHERE id = 'ani'$$);
SELECT * FROM test.written($$UPDATE course_config SET max_episodes = 3 WHERE sequence_order = 1$$);
BEGIN;
SELECT * FROM test.written($$TRUNCATE "UserHangoutGroupAttendance"$$);
ROLLBACK;
SELECT * FROM test.cached();

-- A refresh keeps an entry that is valid at the default instant, and replaces one that is not.
SELECT xmin AS made_by FROM ngeshare.answer_cache ORDER BY as_of DESC LIMIT 1 \gset
CALL test.refresh();
SELECT xmin = :made_by AS is_kept FROM ngeshare.answer_cache ORDER BY as_of DESC LIMIT 1;
CALL test.sync_ends('2026-03-31 13:00:00+07');
SELECT xmin = :made_by AS is_kept FROM ngeshare.answer_cache ORDER BY as_of DESC LIMIT 1;
CALL test.sync_ends('2026-04-01 12:00:00+07');
SELECT * FROM test.entry;
SELECT * FROM test.cached();

-- A refresh on the same day keeps the entry for a month before as well.
CALL test.sync_ends('2026-04-01 12:00:00+07');
SELECT min(xmin::text) AS made_by FROM ngeshare.answer_cache \gset
CALL test.sync_ends('2026-04-01 13:00:00+07');
SELECT count(*), min(xmin::text) = :'made_by' AS is_kept FROM ngeshare.answer_cache;
SET ngeshare.as_of = '2026-04-01 13:00:00+07';
SELECT * FROM test.cached();

-- A refresh fills the cache with the database's settings, even if the session has others.
SET ngeshare.active_days = 5;
DELETE FROM ngeshare.answer_cache;
CALL test.refresh();
SELECT current_setting('ngeshare.active_days') AS own;
SELECT * FROM test.cached();
RESET ngeshare.active_days;
SELECT * FROM test.cached();
SET ngeshare.as_of = '2026-03-31 12:00:00+07';

-- With an empty cache a read computes the same figures, also in a read-only transaction.
CALL test.sync_ends('2026-03-31 12:00:00+07');
CREATE TEMP TABLE shown AS SELECT * FROM api.home;
TRUNCATE ngeshare.answer_cache;
BEGIN READ ONLY;
TABLE shown EXCEPT SELECT * FROM api.home;
COMMIT;
SELECT count(*) FROM ngeshare.answer_cache;
