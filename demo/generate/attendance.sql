-- Generates the attendance: which person came to which meeting, and at which episode.

CREATE FUNCTION demo.meeting_day(seed integer, group_no integer, meeting integer, meetings integer,
    ended integer, pace integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN meeting = meetings THEN ended
    WHEN demo.chance(seed, 'paused', 0.2, group_no)
        THEN ended + (meetings - 1) * pace - (meeting - 1) * ((pace + 2) / 3)
    ELSE ended + (meetings - meeting) * pace
        + CASE WHEN meeting > 1 THEN demo.pick(seed, 'jitter', 5, group_no, meeting) - 2 ELSE 0 END
END;

COMMENT ON FUNCTION demo.meeting_day(integer, integer, integer, integer, integer, integer) IS
    'Days from a group''s n-th meeting to today; all but the first and last are up to two days off '
    'the rhythm. One group in five meets three times as often at first and then pauses until its '
    'last meeting';


CREATE FUNCTION demo.make_attendance(seed integer, today date)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
        "hangoutGroupId", "userId")
    SELECT demo.cuid(seed, 'attendance', group_no, slot * 100 + meeting),
           demo.local_time(today, demo.meeting_day(seed, group_no, meeting, meetings, ended, pace),
               start_time)
               + demo.pick(seed, 'came at', 5400000, group_no, slot * 100 + meeting)
                   * interval '1 ms',
           episode.id,
           group_plan.id,
           demo.cuid(seed, 'user', person_no)
    FROM demo.member_plan
    JOIN demo.group_plan USING (group_no)
    CROSS JOIN LATERAL generate_series(1, meetings) AS meeting
    JOIN demo.episode ON episode.hangout_no = meets_at
                     AND ord = ceil(meeting * reached / meetings::numeric)
                     AND copy = 1
    WHERE has_user
      AND CASE
              WHEN slot = 1 THEN true
              WHEN slot <= 12 THEN demo.chance(seed, 'came', 0.95, group_no, slot * 100 + meeting)
              WHEN slot = 21 THEN demo.chance(seed, 'facilitator came', 0.08, group_no, meeting)
              ELSE slot = 32
          END;
END;

COMMENT ON FUNCTION demo.make_attendance(integer, date) IS
    'Writes "UserHangoutGroupAttendance": the first member and observers always come, other '
    'members 19 times in 20, the first facilitator 8 times in 100';


CREATE FUNCTION demo.make_visits(seed integer, today date, circles integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
        "hangoutGroupId", "userId")
    SELECT demo.cuid(seed, 'visit', group_no),
           demo.local_time(today, group_plan.ended, group_plan.start_time) + interval '600001 ms',
           episode.id,
           group_plan.id,
           demo.cuid(seed, 'user', visitor.facilitator)
    FROM demo.group_plan
    JOIN demo.episode ON episode.hangout_no = meets_at
                     AND ord = reached
                     AND copy = 1
    JOIN demo.circle_plan AS visitor
        ON visitor.circle_no = 1 + demo.pick(seed, 'visitor', circles, group_no)
    WHERE demo.chance(seed, 'visited', 0.04, group_no);
END;

COMMENT ON FUNCTION demo.make_visits(integer, date, integer) IS
    'One group in 25 had somebody who doesn''t belong to it at its last meeting';


CREATE FUNCTION demo.make_odd_attendance(seed integer, clock timestamp, today date)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."UserHangoutGroupAttendance" (id, "attendedAt", "hangoutEpisodeId",
        "hangoutGroupId", "userId")
    SELECT demo.cuid(seed, 'odd attendance', group_no, odd.no),
           CASE
               WHEN odd.kind = 'midnight before' THEN demo.local_time(today, ended, '23:59:59.999')
               WHEN odd.kind = 'midnight after' THEN demo.local_time(today, ended - 1, '00:00')
               WHEN odd.kind = 'future' THEN clock + (1 + demo.pick(seed, 'future', 1500, group_no))
                   * interval '7 hours'
               ELSE demo.local_time(today, ended, start_time) + odd.no * interval '11 minutes'
           END,
           episode.id,
           group_plan.id,
           demo.cuid(seed, 'user', person_no)
    FROM demo.group_plan
    CROSS JOIN (VALUES
        (1, 'again',           0.04,  0, 0),
        (2, 'midnight before', 0.01,  0, 0),
        (3, 'midnight after',  0.01,  0, 0),
        (4, 'foreign episode', 0.01,  1, 0),
        (5, 'beyond the last', 0.01,  0, 1),
        (6, 'order 0',         0.005, 0, 2),
        (7, 'order -1',        0.005, 0, 3),
        (8, 'same order',      0.01,  0, 4),
        (9, 'future',          0.004, 0, 0)) AS odd (no, kind, share, other_hangout, other_order)
    JOIN demo.hangout ON hangout.hangout_no = 1 + (meets_at - 1 + odd.other_hangout) % 20
    JOIN demo.episode ON episode.hangout_no = hangout.hangout_no
                     AND ord = (ARRAY[least(reached, episodes), episodes + 3, 0, -1, 3])
                         [1 + odd.other_order]
                     AND copy = CASE odd.kind WHEN 'same order' THEN 2 ELSE 1 END
    JOIN demo.member_plan USING (group_no)
    WHERE demo.chance(seed, 'odd attendance', odd.share::double precision, group_no, odd.no)
      AND reached > 0
      AND slot = 1;
END;

COMMENT ON FUNCTION demo.make_odd_attendance(integer, timestamp, date) IS
    'Rows of the first member that a naive reading gets wrong: same day, midnight, other hangouts, '
    'odd orders, the future';
