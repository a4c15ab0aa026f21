-- Cities and provinces: how they are compared, shown and counted, and what v_data_quality says of
-- them.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 23:59:59+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('other', 'Belajar Bersama', 9);
SELECT * FROM v_place;

-- White space is one blank inside, none outside; no other character is white space.
SELECT format('[%s]', ngeshare.place_name(name))
FROM (VALUES (1, E' \t\r\nBanda \t\r\n  Aceh\n'), (2, ''), (3, E' \t\r\n '), (4, NULL),
    (5, E'Banda\u00a0Aceh\u000b'), (6, 'x')) AS named (place, name)
ORDER BY place;

-- A group in a place.
CREATE PROCEDURE test.lives(circle text, city text, province text,
    created_at timestamptz DEFAULT '2025-01-01 12:00+07')
LANGUAGE sql
AS $$
    CALL test.circle($1, 'aqidah', $4);
    UPDATE "HangoutGroup" SET city = $2, province = $3 WHERE id = $1;
$$;
-- The province is spelt JAWA BARAT three times, Jawa Barat twice: over all its cities.
CALL test.lives('a', 'Bandung', 'JAWA BARAT');
CALL test.lives('b', ' bandung ', E'JAWA\tBARAT');
CALL test.lives('c', 'bandung', 'Jawa Barat');
CALL test.lives('d', 'Bekasi', 'Jawa  Barat');
CALL test.lives('e', NULL, 'JAWA BARAT ');
-- A tie goes to the smallest in byte order: capitals come first.
CALL test.lives('f', 'medan', 'Sumatera Utara');
CALL test.lives('g', 'Medan', 'Sumatera Utara');
-- No province counts as one, and its Bandung is another city, with a spelling of its own.
CALL test.lives('h', 'BANDUNG', NULL);
CALL test.lives('i', 'BANDUNG', ' ');
CALL test.lives('j', NULL, NULL);
CALL test.lives('k', E' \r\n', '');
-- Outside the curriculum nothing is counted, nor does it decide a spelling.
CALL test.lives('x1', 'Medan', 'Sumatera utara');
CALL test.lives('x2', 'Medan', 'Sumatera utara');
CALL test.lives('x3', 'Padang', 'Sumatera Barat');
UPDATE "HangoutGroup" SET "hangoutId" = 'other' WHERE id LIKE 'x_';
CALL test.refresh();
SELECT group_id, city, province FROM v_group_status ORDER BY group_id;
SELECT province, city, groups_total AS groups, not_started, stalled FROM v_place;

-- One group more changes the spelling for all, whatever the instant: place text is as now. The
-- refresh builds only this group.
CALL test.lives('l', 'Bandung', 'Jawa Barat', '2026-03-30 12:00+07');
CALL test.lives('m', 'Bekasi', 'Jawa Barat', '2026-03-30 12:00+07');
SELECT ngeshare_refresh();
SELECT province, city, groups_total AS groups FROM v_place;
SET ngeshare.as_of = '2025-06-01';
SELECT province, city, groups_total AS groups FROM v_place;
-- And it is gone with it.
DELETE FROM "HangoutGroup" WHERE id IN ('l', 'm', 'f', 'g');
CALL test.refresh();
SELECT province, city, groups_total AS groups FROM v_place;
SELECT count(*) FROM ngeshare.place_snapshot;
SET ngeshare.as_of = '2026-03-31 23:59:59+07';

-- What is counted, and as of when. ana leads two groups here and one there, and is one person in
-- each.
DELETE FROM "HangoutGroup" WHERE id <> 'never';
CALL test.users('ana', 'budi', 'citra', 'dewi');
CALL test.lives('stalled', 'Kota', 'Riau');
CALL test.meets('stalled', 'aqidah-7', '2026-01-10 19:00+07');
CALL test.lives('risky', 'Kota', 'Riau');
CALL test.meets('risky', 'aqidah-1', '2026-03-10 19:00+07');
CALL test.lives('done', 'Kota', 'Riau');
CALL test.meets('done', 'aqidah-9', '2026-01-10 19:00+07');
CALL test.lives('new', 'Kota', 'Riau', '2026-03-30 12:00+07');
CALL test.lives('elsewhere', 'Kota', 'Jambi');
CALL test.meets('elsewhere', 'aqidah-1', '2026-03-30 19:00+07');
CALL test.people('stalled', 'ana', 'budi', 'citra');
CALL test.people('risky', 'ana', 'budi', 'citra');
CALL test.people('elsewhere', 'ana', 'budi');
CALL test.joins('m1', 'done', 'MEMBER', NULL, ' Someone@example.org', '2026-03-01 12:00+07');
CALL test.joins('m2', 'new', 'MEMBER', NULL, 'someone@example.org');
CALL test.joins('f1', 'done', 'FACILITATOR', 'dewi', NULL, '2026-03-01 12:00+07');
-- budi becomes the second facilitator of a group, and stays a member of the other.
CALL test.joins('f2', 'stalled', 'FACILITATOR', 'budi', NULL, '2026-03-01 12:00+07');
CALL test.refresh();
SELECT * FROM v_place;
SET ngeshare.as_of = '2026-02-28';
SELECT * FROM v_place;
SET ngeshare.as_of = '2026-03-31 23:59:59+07';
-- It adds up to the funnel, and its lists have as many rows.
SELECT sum(groups_total), sum(active), sum(stalled), sum(not_started), sum(graduated),
    sum(to_rescue), sum(at_risk) FROM v_place;
SELECT groups_total, active, stalled, not_started, graduated, (SELECT count(*)
    FROM v_rescue_list), (SELECT count(*) FROM v_at_risk)
FROM v_curriculum_funnel
WHERE groups_total > 0;
SELECT group_id, city, province FROM v_rescue_list UNION ALL SELECT group_id, city, province
    FROM v_at_risk;
SELECT group_id, city, province FROM v_group_summary WHERE province = 'Jambi';

-- Names of any length have a key.
CALL test.lives('long', repeat('x', 1000000), repeat('y', 1000000));
CALL test.refresh();
SELECT length(province), length(city), groups_total FROM v_place WHERE groups_total = 1
    AND province LIKE 'y%';
SELECT count(*) FROM v_data_quality WHERE finding = 'place_spelling';

--
-- place_spelling
--
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "UserHangoutGroup";
DELETE FROM "HangoutGroup";
CREATE PROCEDURE test.places(province text, VARIADIC cities text[])
LANGUAGE sql
AS $$
    INSERT INTO "HangoutGroup" (id, "createdAt", "updatedAt", name, status, "hangoutId", city,
        province)
    SELECT (SELECT count(*) FROM "HangoutGroup") + place, '2025-01-01', '2025-01-01', 'Group',
        'ANY', 'aqidah', city, $1
    FROM unnest($2) WITH ORDINALITY AS listed (city, place);
$$;
CREATE VIEW test.pair AS
SELECT column_name, rows, example_id, hint
FROM v_data_quality
WHERE finding = 'place_spelling'
ORDER BY column_name COLLATE "C", hint COLLATE "C";

-- Changed, dropped, added, swapped; at the front, inside and at the end; both have at least 5
-- letters.
BEGIN;
CALL test.places('Jawa Barat', 'Bandung', 'Bandung', 'Bamdung', 'Badung', 'Banddung', 'Badnung');
SELECT * FROM test.pair;
ROLLBACK;
BEGIN;
CALL test.places('Jawa Barat', 'Bogor', 'Bogor', 'Cogor', 'Bogo', 'Bogora', 'Obgor', 'Bogro');
SELECT * FROM test.pair;
ROLLBACK;
-- Two changes, a swap of letters that are no neighbours, four letters: nothing.
BEGIN;
CALL test.places('Jawa Barat', 'Bekasi', 'Bikesi', 'Takasi', 'Depok', 'Solo', 'Sola', 'Dopek');
SELECT * FROM test.pair;
ROLLBACK;
-- Not in two provinces; but two provinces, whatever their cities, and no province is one.
BEGIN;
CALL test.places('Jawa Barat', 'Bandung');
CALL test.places('Jawa Tengah', 'Bamdung', 'Sleman', 'Sleman');
CALL test.places('Jawa Tengeh', 'Sleman');
CALL test.places(NULL, 'Medan', 'Midan');
SELECT * FROM test.pair;
ROLLBACK;
-- With and without a province, one row for each province that it is in; any length.
BEGIN;
CALL test.places(NULL, 'Ende', 'Ende', 'ENDE');
CALL test.places('Flores', 'Ende');
CALL test.places('Jawa', 'Ende', 'Ende', 'Ende', 'Ende');
SELECT * FROM test.pair;
ROLLBACK;
-- More than one spelling: each other one beside the most frequent. White space is none.
BEGIN;
CALL test.places('Jawa Barat', 'Bandung', 'bandung', 'BANDUNG', ' Bandung ');
CALL test.places(E'JAWA\nBARAT', 'Bandung');
SELECT * FROM test.pair;
ROLLBACK;
-- Repeated letters are one pair; letters are characters; the odd names are shown cut.
BEGIN;
CALL test.places('Aceh', 'aaaaa', 'aaaaaa', 'éèêëē', 'éèêëe', repeat('q', 300), repeat('q', 301));
SELECT * FROM test.pair;
ROLLBACK;
