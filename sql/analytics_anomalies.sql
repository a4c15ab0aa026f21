-- Tests v_anomalies, ngeshare.group_predecessors() and ngeshare_explain_group(). Answers are as of
-- noon on 30 June 2026 in Jakarta where no other instant is given. In the comments, A is a group of
-- the first course, Aqidah, and B is a group of a later course.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-06-30 12:00+07';
SET ngeshare.sync_clock = '2026-06-30 12:00+07';

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 10);
CALL test.hangout('hijrah', 'Ngeshare Sesi Hijrah', 9);
CALL test.hangout('sejarah', 'Ngeshare Sesi Sejarah', 11);
CALL test.hangout('dakwah', 'Ngeshare Sesi Dakwah', 7);
CALL test.users('ani', 'budi', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6');

-- Creates a group of a course, its facilitator and members, and one meeting on the given day.
CREATE PROCEDURE test.group_of(circle text, hangout text, episode integer, day date,
    facilitator text, VARIADIC members text[])
LANGUAGE plpgsql
AS $$
BEGIN
    CALL test.circle($1, $2);
    CALL test.people($1, $5, VARIADIC $6);
    CALL test.meets($1, $2 || '-' || $3, ($4 + time '19:00') AT TIME ZONE 'Asia/Jakarta');
END
$$;
CREATE PROCEDURE test.clear()
LANGUAGE sql
AS $$
    DELETE FROM public."UserHangoutGroupAttendance";
    DELETE FROM public."UserHangoutGroup";
    DELETE FROM public."HangoutGroup";
$$;

--
-- Why no link leads to a group. A graduates on 31 January 2026. An id such as h-31-before says that
-- the group first met 31 days before A graduated.
--
CALL test.group_of('a', 'aqidah', 9, '2026-01-31', 'ani', 'm1', 'm2');
CALL test.group_of('h-31-before', 'hijrah', 1, '2025-12-31', 'ani', 'm1', 'm2');
CALL test.group_of('h-linked', 'hijrah', 1, '2026-02-07', 'ani', 'm1', 'm2');
CALL test.group_of('h-91-after', 'hijrah', 1, '2026-05-02', 'ani', 'm1', 'm2');
CALL test.group_of('h-other-people', 'hijrah', 1, '2026-02-07', 'ani', 'm3', 'm4');
CALL test.group_of('h-other-leader', 'hijrah', 1, '2026-02-07', 'budi', 'm1', 'm2');
CALL test.group_of('s-31-before', 'sejarah', 1, '2025-12-31', 'ani', 'm1', 'm2');
CALL test.group_of('s-30-before', 'sejarah', 1, '2026-01-01', 'ani', 'm1', 'm2');
CALL test.group_of('s-90-after', 'sejarah', 1, '2026-05-01', 'ani', 'm1', 'm2');
CALL test.group_of('d-91-after', 'dakwah', 1, '2026-05-02', 'ani', 'm1', 'm2');
CALL test.circle('h-never-met', 'hijrah');
CALL test.people('h-never-met', 'ani', 'm1', 'm2');

CALL test.refresh();
SELECT group_id, kind, predecessor_id, days_between
    FROM ngeshare.group_predecessors() ORDER BY group_id COLLATE "C";
SELECT kind, group_id, severity, detail
    FROM v_anomalies ORDER BY group_id COLLATE "C", kind COLLATE "C";

-- The limits on days, shared members and overlap are settings.
BEGIN;
SET LOCAL ngeshare.link_days = 91;
SET LOCAL ngeshare.link_early_days = 31;
CALL test.refresh();
SELECT group_id, kind, predecessor_id, days_between FROM ngeshare.group_predecessors()
WHERE kind <> 'NO_PREDECESSOR'
ORDER BY group_id COLLATE "C";
SET LOCAL ngeshare.link_min_shared = 3;
CALL test.refresh();
SELECT kind, count(*) FROM ngeshare.group_predecessors() GROUP BY kind;
SET LOCAL ngeshare.link_min_shared = 0;
SET LOCAL ngeshare.link_min_overlap_pct = 0;
CALL test.refresh();
SELECT group_id, kind, predecessor_id, days_between FROM ngeshare.group_predecessors()
WHERE group_id = 'h-other-people'; -- with both minimums 0, groups that share no member are linked
ROLLBACK;
CALL test.clear();

--
-- EARLY_START: B started more than 30 days before A graduated, or A has not graduated at all. A
-- must not have started later than B.
--
CALL test.group_of('a', 'aqidah', 1, '2026-01-01', 'ani', 'm1', 'm2');
CALL test.meets('a', 'aqidah-9', '2026-03-05 19:00+07');
CALL test.group_of('h-63-before', 'hijrah', 1, '2026-01-01', 'ani', 'm1', 'm2');
CALL test.group_of('h-31-before', 'hijrah', 1, '2026-02-02', 'ani', 'm1', 'm2');
CALL test.group_of('h-30-before', 'hijrah', 1, '2026-02-03', 'ani', 'm1', 'm2');
CALL test.group_of('h-started-before', 'hijrah', 1, '2025-12-31', 'ani', 'm1', 'm2');
CALL test.group_of('a-goes-on', 'aqidah', 1, '2026-01-01', 'ani', 'm3', 'm4');
CALL test.group_of('h-of-it', 'hijrah', 1, '2026-06-01', 'ani', 'm3', 'm4');
CALL test.circle('a-never-met', 'aqidah', '2025-01-01 12:00+07', '2026-01-15 19:00+07');
CALL test.people('a-never-met', 'ani', 'm5', 'm6');
CALL test.group_of('h-of-that', 'hijrah', 1, '2026-01-15', 'ani', 'm5', 'm6');
CALL test.refresh();
SELECT group_id, kind, predecessor_id, days_between
    FROM ngeshare.group_predecessors() ORDER BY group_id COLLATE "C";

-- As of the day before it graduates, group a counts as not graduated. As of an instant before a
-- group's first meeting, the group has no row.
SELECT group_id, kind, predecessor_id, days_between
    FROM ngeshare.group_predecessors('2026-03-04 23:59+07') ORDER BY group_id COLLATE "C";
SELECT group_id, kind, predecessor_id, days_between
    FROM ngeshare.group_predecessors('2025-12-31 18:59+07');
CALL test.clear();

-- Where several groups A qualify, predecessor_id names the one that graduated last; of several such
-- groups, the one with the smallest id in byte order. LATE_START (of h) and SKIPPED_COURSE (of s)
-- take precedence over EARLY_START.
CALL test.group_of('a-first', 'aqidah', 9, '2026-01-01', 'ani', 'm1', 'm2');
CALL test.group_of('a-last', 'aqidah', 9, '2026-01-02', 'ani', 'm1', 'm2');
CALL test.group_of('Z-last', 'aqidah', 9, '2026-01-02', 'ani', 'm1', 'm2');
CALL test.group_of('a-early', 'aqidah', 1, '2026-01-03', 'ani', 'm1', 'm2');
CALL test.group_of('h', 'hijrah', 1, '2026-06-01', 'ani', 'm1', 'm2');
CALL test.group_of('s', 'sejarah', 1, '2026-06-01', 'ani', 'm1', 'm2');
CALL test.refresh();
SELECT group_id, kind, predecessor_id, days_between
    FROM ngeshare.group_predecessors() ORDER BY group_id COLLATE "C";
CALL test.meets('a-early', 'aqidah-9', '2026-05-01 19:00+07');
CALL test.refresh();
SELECT group_id, kind, predecessor_id, days_between
    FROM ngeshare.group_predecessors() ORDER BY group_id COLLATE "C";
CALL test.clear();

--
-- The other kinds of anomaly: wrong numbers of members or leaders, episodes of other hangouts or
-- beyond the course, future dates
--
CALL test.group_of('fine', 'aqidah', 1, '2026-06-01', 'ani', 'm1', 'm2');
CALL test.group_of('five', 'aqidah', 9, '2026-06-01', 'ani', 'm1', 'm2', 'm3', 'm4', 'm5');
CALL test.group_of('six', 'aqidah', 10, '2026-06-01', 'ani', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6');
CALL test.group_of('visitors', 'aqidah', 1, '2026-06-01', 'ani', 'm1', 'm2');
CALL test.meets('visitors', 'hijrah-1', '2026-06-08 19:00+07');
CALL test.meets('visitors', 'sejarah-1', '2026-06-08 20:00+07');
CALL test.meets('visitors', 'sejarah-2', '2026-06-15 20:00+07');
CALL test.group_of('two-leaders', 'aqidah', 1, '2026-06-01', 'ani', 'm1', 'm2');
CALL test.joins('second', 'two-leaders', 'FACILITATOR', 'budi');
CALL test.circle('nobody', 'aqidah', '2026-06-01 12:00+07');
CALL test.group_of('tomorrow', 'aqidah', 1, '2026-07-01', 'ani', 'm1', 'm2');
CALL test.refresh();
SELECT kind, group_id, severity, detail
    FROM v_anomalies ORDER BY group_id COLLATE "C", kind COLLATE "C";

-- FUTURE_ATTENDANCE compares with the clock (ngeshare.sync_clock in this test), not with as_of.
SET ngeshare.as_of = '2020-01-01';
SELECT kind, group_id, detail FROM v_anomalies;
SET ngeshare.sync_clock = '2026-07-01 19:00+07';
SELECT kind, group_id, detail FROM v_anomalies;
SET ngeshare.as_of = '2026-06-30 12:00+07';

--
-- One group explained
--
CALL test.group_of('next', 'hijrah', 1, '2026-06-08', 'ani', 'm1', 'm2');
CALL test.refresh();
SELECT * FROM ngeshare_explain_group('five');
SELECT * FROM ngeshare_explain_group('next');
SELECT * FROM ngeshare_explain_group('nobody');
SELECT fact, value, because FROM ngeshare_explain_group('five', '2026-05-31 12:00+07')
    WHERE fact IN ('status', 'total_meetings', 'went_on_as');
-- ngeshare_explain_group() leaves the setting ngeshare.as_of as it was.
SELECT ngeshare_as_of() = '2026-06-30 12:00+07' AS unchanged;

-- Errors: NULL arguments, infinite instants, an unknown setting, a group that does not exist, and a
-- group that does not exist yet at the given instant.
\set VERBOSITY sqlstate
SELECT * FROM ngeshare_explain_group(NULL);
SELECT * FROM ngeshare_explain_group('five', NULL);
SELECT * FROM ngeshare_explain_group('five', 'infinity');
SELECT * FROM ngeshare_member_journey('m1', NULL);
SELECT * FROM ngeshare_member_journey('m1', '-infinity');
SELECT * FROM ngeshare.group_predecessors(NULL);
SELECT * FROM ngeshare.group_predecessors('infinity');
SELECT ngeshare.setting('no_such_setting');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT * FROM ngeshare_explain_group('none');
SELECT * FROM ngeshare_explain_group('nobody', '2026-05-31 12:00+07');
