-- Tests v_drop_off, v_time_to_graduate, v_graduation_outliers, v_cohort, v_at_risk and
-- v_resume_chance. Answers are as of 30 June 2026 in Jakarta where no other instant is set.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-06-30 12:00+07';

CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 10, -1);
CALL test.hangout('dakwah', 'Ngeshare Sesi Dakwah', 7);

-- Creates a group with two meetings: one at episode 1 on first_day, and one at the given episode
-- the given number of days later.
CREATE PROCEDURE test.course(circle text, hangout text, first_day date, days integer,
    episode integer)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL test.circle($1, $2);
    CALL test.meets($1, $2 || '-1', ($3 + time '19:00') AT TIME ZONE 'Asia/Jakarta');
    CALL test.meets($1, $2 || '-' || $5, ($3 + $4 + time '19:00') AT TIME ZONE 'Asia/Jakarta');
END
$$;

--
-- v_drop_off. Two groups stalled at episode 3 and two at episode 5; the earlier of these two
-- episodes is the peak. One group never met, one is active at episode 5, and two graduated, one of
-- them at an episode beyond the course's last one.
--
CALL test.course('third-1', 'aqidah', '2026-01-01', 14, 3);
CALL test.course('third-2', 'aqidah', '2026-01-01', 14, 3);
CALL test.course('fifth-1', 'aqidah', '2026-01-01', 28, 5);
CALL test.course('fifth-2', 'aqidah', '2026-01-01', 28, 5);
CALL test.course('fifth-active', 'aqidah', '2026-05-20', 20, 5);
CALL test.course('graduate', 'aqidah', '2026-01-01', 56, 9);
CALL test.course('beyond', 'aqidah', '2026-01-01', 63, 10);
CALL test.circle('never-met', 'aqidah');
CALL test.refresh();
SELECT * FROM v_drop_off WHERE course_name = 'Ngeshare Sesi Aqidah' ORDER BY episode;
SELECT course_name, count(*) AS episodes, max(groups_reached) AS most,
    count(stalled_pct) AS percentages, bool_or(is_peak) AS peak
FROM v_drop_off
GROUP BY course_name
ORDER BY course_name;

--
-- v_time_to_graduate: one group took 56 days, the other 63
--
SELECT * FROM v_time_to_graduate;
SELECT * FROM v_graduation_outliers;

-- Five groups took 10, 20, 30, 40 and 70 days, so the quartiles are 20 and 40. An outlier is more
-- than 1.5 * (40 - 20) = 30 days outside the quartiles: 70 days is not one, 71 days is.
CALL test.course('d10', 'dakwah', '2026-01-01', 10, 7);
CALL test.course('d20', 'dakwah', '2026-01-01', 20, 7);
CALL test.course('d30', 'dakwah', '2026-01-01', 30, 7);
CALL test.course('d40', 'dakwah', '2026-01-01', 40, 7);
CALL test.course('d70', 'dakwah', '2026-01-01', 70, 7);
CALL test.refresh();
SELECT * FROM v_time_to_graduate ORDER BY course_name;
SELECT * FROM v_graduation_outliers;
BEGIN;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '1 day'
WHERE "hangoutGroupId" = 'd70' AND "hangoutEpisodeId" = 'dakwah-7';
CALL test.refresh();
SELECT * FROM v_graduation_outliers;
ROLLBACK;
BEGIN;
UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '60 days'
WHERE "hangoutGroupId" IN ('d20', 'd30', 'd40') AND "hangoutEpisodeId" = 'dakwah-7';
CALL test.refresh();
SELECT * FROM v_graduation_outliers;
ROLLBACK;

--
-- Cohorts. Whether a group graduated within three months counts from its own first meeting, to the
-- day. The percentage is NULL until three months after the last day of the cohort's month are over.
--
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.course('nov-3-months', 'aqidah', '2025-11-30', 90, 9);      -- graduates on 28 February
CALL test.course('nov-3-months-1', 'aqidah', '2025-11-30', 91, 9);
CALL test.course('sep-9-months', 'aqidah', '2025-09-01', 273, 9);     -- graduates on 1 June
CALL test.course('sep-open', 'aqidah', '2025-09-30', 30, 5);
CALL test.course('mar', 'aqidah', '2026-03-31', 30, 9);
CALL test.course('mar-dakwah', 'dakwah', '2026-03-01', 30, 3);
CALL test.refresh();
SELECT course_name, month, groups, graduated_3_months AS in_3, graduated_6_months AS in_6,
    graduated_9_months AS in_9,
    graduated_3_months_pct AS pct_3, graduated_6_months_pct AS pct_6,
        graduated_9_months_pct AS pct_9, graduated, is_open
FROM v_cohort
ORDER BY sequence_order, month;

-- Three months after 31 March, and nine months after 30 September, end on 30 June. The percentages
-- therefore appear on 1 July.
SET ngeshare.as_of = '2026-07-01 00:00+07';
SELECT course_name, month, graduated_3_months_pct AS pct_3, graduated_9_months_pct AS pct_9, is_open
FROM v_cohort
WHERE month IN ('2025-09-01', '2026-03-01')
ORDER BY sequence_order, month;

--
-- v_at_risk: groups that are silent for at least half of the 28 days, or, with at least three
-- meetings, for more than twice their rhythm, the average number of days between their meetings
--
SET ngeshare.as_of = '2026-06-30 12:00+07';
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CREATE PROCEDURE test.rhythm(circle text, VARIADIC days_ago integer[])
LANGUAGE plpgsql
AS $$
DECLARE
    days integer;
BEGIN
    CALL test.circle($1, 'aqidah');
    FOREACH days IN ARRAY $2 LOOP
        CALL test.meets($1, 'aqidah-2',
            timestamptz '2026-06-30 07:00+07' - days * interval '1 day');
    END LOOP;
END
$$;
CALL test.rhythm('silent-13', 13);
CALL test.rhythm('silent-14', 14);
CALL test.rhythm('silent-28', 28);
CALL test.rhythm('silent-29', 29);
CALL test.rhythm('every-3-days-7', 13, 10, 7);
CALL test.rhythm('every-3-days-6', 12, 9, 6);
CALL test.rhythm('two-meetings', 10, 7);
CALL test.rhythm('weekly-13', 27, 20, 13);
CALL test.rhythm('weekly-14', 28, 21, 14);
CALL test.refresh();
SELECT group_id, last_meeting_date, days_inactive, days_until_stalled, reason, rhythm_days
    FROM v_at_risk;
BEGIN;
SET LOCAL ngeshare.active_days = 25;
SELECT group_id, days_inactive, days_until_stalled, reason FROM v_at_risk;
ROLLBACK;

--
-- v_resume_chance. Two silences ended after 7 days and one after 14 days. Three silences last so
-- far: 7, 7 and 20 days. No silence begins when a group graduates, or later.
--
DELETE FROM "UserHangoutGroupAttendance";
DELETE FROM "HangoutGroup";
CALL test.rhythm('after-7', 14, 7);
CALL test.rhythm('after-7-and-14', 28, 21, 7);
CALL test.rhythm('silent-20', 20);
CALL test.course('graduated', 'aqidah', '2026-06-01', 0, 9);
CALL test.meets('graduated', 'aqidah-9', '2026-06-20 19:00+07');
CALL test.refresh();
SELECT * FROM v_resume_chance ORDER BY days_silent;

-- v_rescue_list shows the chance of groups that have met, and NULL for others. Two silences lasted
-- at least 30 days; one of them ended at 30 days, the other lasts.
CALL test.rhythm('once-30', 90, 60);
UPDATE "UserHangoutGroupAttendance" SET "hangoutEpisodeId" = 'aqidah-8'
    WHERE "hangoutGroupId" IN ('once-30', 'silent-20');
CALL test.circle('never-met', 'aqidah', '2026-01-01');
BEGIN;
SET LOCAL ngeshare.active_days = 15;
CALL test.refresh();
SELECT group_id, days_inactive, resume_chance FROM v_rescue_list;
SET LOCAL ngeshare.rescue_min_pct = 0;
SELECT group_id, days_inactive, resume_chance FROM v_rescue_list;
ROLLBACK;
CALL test.refresh();
SELECT days_silent, silences, resumed, lasting, resume_chance
    FROM v_resume_chance ORDER BY days_silent;
