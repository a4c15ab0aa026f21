-- Tests cities and provinces: how they are compared, shown and counted, and the findings of
-- v_data_quality about them.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 23:59:59+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('other', 'Belajar Bersama', 9);
SELECT * FROM v_place;

-- place_name() replaces each run of blanks, tabs and line ends inside a name by one blank and
-- removes them at the ends. Other characters, such as U+00A0, are not white space.
SELECT format('[%s]', ngeshare.place_name(name))
FROM (VALUES (1, E' \t\r\nBanda \t\r\n  Aceh\n'), (2, ''), (3, E' \t\r\n '), (4, NULL),
    (5, E'Banda\u00a0Aceh\u000b'), (6, 'x')) AS named (place, name)
ORDER BY place;

-- Creates a group of Aqidah in a city and province.
CREATE PROCEDURE test.lives(circle text, city text, province text,
    created_at timestamptz DEFAULT '2025-01-01 12:00+07')
LANGUAGE sql
AS $$
    CALL test.circle($1, 'aqidah', $4);
    UPDATE "HangoutGroup" SET city = $2, province = $3 WHERE id = $1;
$$;
-- The most frequent spelling of a province is shown, counted over all its cities: JAWA BARAT occurs
-- three times, Jawa Barat twice.
CALL test.lives('a', 'Bandung', 'JAWA BARAT');
CALL test.lives('b', ' bandung ', E'JAWA\tBARAT');
CALL test.lives('c', 'bandung', 'Jawa Barat');
CALL test.lives('d', 'Bekasi', 'Jawa  Barat');
CALL test.lives('e', NULL, 'JAWA BARAT ');
-- Of two equally frequent spellings the smaller one in byte order is shown: capitals come first.
CALL test.lives('f', 'medan', 'Sumatera Utara');
CALL test.lives('g', 'Medan', 'Sumatera Utara');
-- Groups without a province form a province of their own. Its Bandung is a different city, whose
-- spelling is chosen separately.
CALL test.lives('h', 'BANDUNG', NULL);
CALL test.lives('i', 'BANDUNG', ' ');
CALL test.lives('j', NULL, NULL);
CALL test.lives('k', E' \r\n', '');
-- Groups outside the curriculum are not counted and have no influence on the spelling.
CALL test.lives('x1', 'Medan', 'Sumatera utara');
CALL test.lives('x2', 'Medan', 'Sumatera utara');
CALL test.lives('x3', 'Padang', 'Sumatera Barat');
UPDATE "HangoutGroup" SET "hangoutId" = 'other' WHERE id LIKE 'x_';
CALL test.refresh();
SELECT group_id, city, province FROM v_group_status ORDER BY group_id;
SELECT province, city, groups_total AS groups, not_started, stalled FROM v_place;

-- One more group in Bandung and one in Bekasi change the spelling of Jawa Barat and of Bandung for
-- all groups, also as of an instant before the two groups existed, because names of places are
-- always the current ones. The refresh builds only the two new groups.
CALL test.lives('l', 'Bandung', 'Jawa Barat', '2026-03-30 12:00+07');
CALL test.lives('m', 'Bekasi', 'Jawa Barat', '2026-03-30 12:00+07');
SELECT ngeshare_refresh();
SELECT province, city, groups_total AS groups FROM v_place;
SET ngeshare.as_of = '2025-06-01';
SELECT province, city, groups_total AS groups FROM v_place;
-- When the two groups are deleted (with those of Medan), the old spelling returns.
DELETE FROM "HangoutGroup" WHERE id IN ('l', 'm', 'f', 'g');
CALL test.refresh();
SELECT province, city, groups_total AS groups FROM v_place;
SELECT count(*) FROM ngeshare.place_snapshot;
SET ngeshare.as_of = '2026-03-31 23:59:59+07';

-- The counts of v_place, as of two instants. ana leads two groups in Riau and one in Jambi, and
-- counts as one facilitator in each.
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
-- budi becomes the second facilitator of the group "stalled" and stays a member of "risky".
CALL test.joins('f2', 'stalled', 'FACILITATOR', 'budi', NULL, '2026-03-01 12:00+07');
CALL test.refresh();
SELECT * FROM v_place;
SET ngeshare.as_of = '2026-02-28';
SELECT * FROM v_place;
SET ngeshare.as_of = '2026-03-31 23:59:59+07';
-- The sums over v_place equal the counts of the funnel, and the numbers of rows of v_rescue_list
-- and v_at_risk.
SELECT sum(groups_total), sum(active), sum(stalled), sum(not_started), sum(graduated),
    sum(to_rescue), sum(at_risk) FROM v_place;
SELECT groups_total, active, stalled, not_started, graduated, (SELECT count(*)
    FROM v_rescue_list), (SELECT count(*) FROM v_at_risk)
FROM v_curriculum_funnel
WHERE groups_total > 0;
SELECT group_id, city, province FROM v_rescue_list UNION ALL SELECT group_id, city, province
    FROM v_at_risk;
SELECT group_id, city, province FROM v_group_summary WHERE province = 'Jambi';

-- Names of a million characters work too.
CALL test.lives('long', repeat('x', 1000000), repeat('y', 1000000));
CALL test.refresh();
SELECT length(province), length(city), groups_total FROM v_place WHERE groups_total = 1
    AND province LIKE 'y%';
SELECT count(*) FROM v_data_quality WHERE finding = 'place_spelling';

--
-- The finding place_spelling of v_data_quality: pairs of names that may mean one place
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

-- Pairs are found that differ by one letter changed, dropped or added, or by two neighbours
-- swapped, at the front, inside and at the end of the name. Both names must have at least 5
-- letters.
BEGIN;
CALL test.places('Jawa Barat', 'Bandung', 'Bandung', 'Bamdung', 'Badung', 'Banddung', 'Badnung');
SELECT * FROM test.pair;
ROLLBACK;
BEGIN;
CALL test.places('Jawa Barat', 'Bogor', 'Bogor', 'Cogor', 'Bogo', 'Bogora', 'Obgor', 'Bogro');
SELECT * FROM test.pair;
ROLLBACK;
-- No pair: two changed letters; two swapped letters that are not neighbours; names of four letters.
BEGIN;
CALL test.places('Jawa Barat', 'Bekasi', 'Bikesi', 'Takasi', 'Depok', 'Solo', 'Sola', 'Dopek');
SELECT * FROM test.pair;
ROLLBACK;
-- Cities of different provinces are not compared. Two similar provinces are a pair, whatever their
-- cities. Cities of groups without a province are compared with each other.
BEGIN;
CALL test.places('Jawa Barat', 'Bandung');
CALL test.places('Jawa Tengah', 'Bamdung', 'Sleman', 'Sleman');
CALL test.places('Jawa Tengeh', 'Sleman');
CALL test.places(NULL, 'Medan', 'Midan');
SELECT * FROM test.pair;
ROLLBACK;
-- A city that occurs both without and with a province has one row for each such province, also if
-- its name has fewer than 5 letters.
BEGIN;
CALL test.places(NULL, 'Ende', 'Ende', 'ENDE');
CALL test.places('Flores', 'Ende');
CALL test.places('Jawa', 'Ende', 'Ende', 'Ende', 'Ende');
SELECT * FROM test.pair;
ROLLBACK;
-- A place in several spellings has one row for each spelling but the most frequent one. A
-- difference in white space is not another spelling.
BEGIN;
CALL test.places('Jawa Barat', 'Bandung', 'bandung', 'BANDUNG', ' Bandung ');
CALL test.places(E'JAWA\nBARAT', 'Bandung');
SELECT * FROM test.pair;
ROLLBACK;
-- Names that differ by one repeated letter are one pair. A letter is a character, not a byte. Names
-- of 300 letters are not compared.
BEGIN;
CALL test.places('Aceh', 'aaaaa', 'aaaaaa', 'éèêëē', 'éèêëe', repeat('q', 300), repeat('q', 301));
SELECT * FROM test.pair;
ROLLBACK;
