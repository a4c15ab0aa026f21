-- Tests which follow-ups count, and what v_rescue_list and v_at_risk show of them. Where no other
-- instant is set, answers are as of the last second of 31 March 2026 in Jakarta, so 14 days ago is
-- 17 March.
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set begin :srcdir '/sql/include/begin.sql'
\i :begin
\set ECHO all

SET ngeshare.as_of = '2026-03-31 23:59:59+07';
CALL test.hangout('aqidah', 'Ngeshare Sesi Aqidah', 9);
CALL test.hangout('other', 'Another Hangout', 3);

-- Inserts a follow-up with a chosen noted_at, which no function of the extension allows.
CREATE PROCEDURE test.noted
(
    circle       text,
    noted_at     timestamptz,
    outcome      text DEFAULT 'no_answer',
    next_on      date DEFAULT NULL,
    withdrawn_at timestamptz DEFAULT NULL
)
LANGUAGE sql
AS $$
    INSERT INTO ngeshare.follow_up
        (group_id, group_name, noted_at, noted_by, channel, outcome, next_on, withdrawn_at,
            withdrawn_by, withdrawal_is_verified)
    VALUES ($1, 'Group ' || $1, $2, 'siti', 'phone', $3, $4, $5,
        CASE WHEN $5 IS NOT NULL THEN 'siti' END, CASE WHEN $5 IS NOT NULL THEN false END);
$$;

-- Creates groups that stalled at episode 7 of 9. Their last meeting was on 1 February, with
-- attendance at 19:00 and at 21:00.
CREATE PROCEDURE test.stalled(VARIADIC circles text[])
LANGUAGE plpgsql
AS $$
DECLARE
    circle text;
BEGIN
    FOREACH circle IN ARRAY circles LOOP
        CALL test.circle(circle, 'aqidah');
        CALL test.meets(circle, 'aqidah-7', '2026-02-01 19:00+07');
        CALL test.meets(circle, 'aqidah-7', '2026-02-01 21:00+07');
    END LOOP;
END
$$;
CALL test.stalled('none', 'before', 'at-first', 'after-first', 'closed', 'reopened',
    'next-tomorrow', 'next-today',
    '14-days', '15-days', 'wrong', 'wrong-next', 'tie', 'withdrawn', 'withdrawn-later', 'at-as-of',
        'after-as-of',
    'three');
CALL test.refresh();

CALL test.noted('before', '2026-01-31 12:00+07', 'closed');
CALL test.noted('at-first', '2026-02-01 19:00+07');
CALL test.noted('after-first', '2026-02-01 19:00:00.001+07');
CALL test.noted('closed', '2026-02-10 12:00+07', 'closed', '2026-04-30');
CALL test.noted('reopened', '2026-02-10 12:00+07', 'closed');
CALL test.noted('reopened', '2026-03-30 12:00+07', 'paused');
CALL test.noted('next-tomorrow', '2026-02-10 12:00+07', 'will_meet', '2026-04-01');
CALL test.noted('next-today', '2026-03-30 12:00+07', 'will_meet', '2026-03-31');
-- Days are local days: 17 March begins in Jakarta at 17:00 UTC on 16 March.
CALL test.noted('14-days', '2026-03-17 00:00+07');
CALL test.noted('15-days', '2026-03-16 23:59:59.999+07');
CALL test.noted('wrong', '2026-03-31 12:00+07', 'wrong_contact');
CALL test.noted('wrong-next', '2026-03-31 12:00+07', 'wrong_contact', '2026-04-01');
-- Of two follow-ups that were noted at the same instant, the one with the greater id is the latest.
CALL test.noted('tie', '2026-03-20 12:00+07', 'closed');
CALL test.noted('tie', '2026-03-20 12:00+07', 'paused');
CALL test.noted('withdrawn', '2026-03-20 12:00+07', 'closed', NULL, '2026-03-31 23:59:59+07');
CALL test.noted('withdrawn-later', '2026-03-20 12:00+07', 'closed', NULL,
    '2026-03-31 23:59:59.001+07');
CALL test.noted('at-as-of', '2026-03-31 23:59:59+07');
CALL test.noted('after-as-of', '2026-03-31 23:59:59.001+07');
CALL test.noted('three', '2026-01-10 12:00+07');
CALL test.noted('three', '2026-03-01 12:00+07', 'will_meet', '2026-05-01');
CALL test.noted('three', '2026-03-02 12:00+07');
CALL test.noted('three', '2026-03-10 12:00+07', 'no_answer', '2026-03-11');
-- At the first attendance of the last meeting: it does not count.
CALL test.noted('three', '2026-02-01 19:00+07');

SELECT group_id, contact_state, follow_ups, last_follow_up_on, last_outcome, last_noted_by, next_on
FROM v_rescue_list
ORDER BY group_id COLLATE "C";

-- The view lists the follow-ups that count, the newest first. Of two with the same noted_at, the
-- greater id comes first.
SELECT id, group_id, group_name, noted_at, noted_by, channel, outcome, note, next_on, is_verified
FROM v_follow_up;

-- As of earlier instants: noon on 31 March, and 20:00 on the day of the last meeting.
BEGIN;
SET LOCAL ngeshare.as_of = '2026-03-31 12:00+07';
SELECT group_id, contact_state, follow_ups FROM v_rescue_list
    WHERE group_id IN ('at-as-of', 'withdrawn', 'wrong') ORDER BY 1;
SET LOCAL ngeshare.as_of = '2026-02-01 20:00+07';
SELECT group_id, contact_state, follow_ups, last_follow_up_on
    FROM ngeshare.group_to_contact WHERE follow_ups > 0 ORDER BY group_id COLLATE "C";
ROLLBACK;

-- v_at_risk shows the same columns for an ACTIVE group at risk.
CALL test.circle('active', 'aqidah');
CALL test.meets('active', 'aqidah-2', '2026-03-10 19:00+07');
CALL test.refresh();
SELECT group_id, contact_state, follow_ups, last_follow_up_on, last_outcome, last_noted_by, next_on
    FROM v_at_risk;
CALL test.noted('active', '2026-03-12 12:00+07', 'will_meet');
SELECT group_id, contact_state, follow_ups, last_follow_up_on, last_outcome, last_noted_by, next_on
    FROM v_at_risk;
-- After the group has met again, the earlier follow-up no longer counts.
CALL test.meets('active', 'aqidah-3', '2026-03-13 19:00+07');
CALL test.refresh();
SELECT group_id, contact_state, follow_ups, last_follow_up_on FROM v_at_risk;

-- For a group that never met, every follow-up counts.
CALL test.circle('never', 'aqidah');
CALL test.refresh();
CALL test.noted('never', '2025-01-02 12:00+07');
SELECT group_id, contact_state, follow_ups FROM ngeshare.group_to_contact WHERE group_id = 'never';

-- v_follow_up shows the follow-ups of a deleted group, and of a group outside the curriculum.
CALL test.circle('outside', 'other');
CALL test.noted('outside', '2026-03-31 12:00+07');
DELETE FROM "HangoutGroup" WHERE id IN ('never', 'outside');
CALL test.refresh();
SELECT group_id, group_name FROM v_follow_up WHERE group_id IN ('never', 'outside');

--
-- Where as_of is empty, follow-ups count up to the current time, through the API too
--
RESET ngeshare.as_of;
CALL test.circle('today', 'aqidah');
CALL test.meets('today', 'aqidah-7', now() - interval '60 days');
CALL test.refresh();
CALL test.noted('today', now() - interval '50 days', 'closed');
CALL test.noted('today', now() + interval '1 hour', 'closed');
BEGIN;
SELECT ngeshare_note_follow_up('today', 'whatsapp', 'will_meet') > 0 AS is_noted;
-- The transaction that noted a follow-up sees it too.
SELECT contact_state, follow_ups, last_outcome FROM v_rescue_list WHERE group_id = 'today';
COMMIT;
SELECT contact_state, follow_ups, last_outcome, last_is_verified,
    last_follow_up_on = (now() AT TIME ZONE 'Asia/Jakarta')::date AS is_today
FROM v_rescue_list
WHERE group_id = 'today';
-- A request without the header As-Of is answered as of the last sync, which was ten days ago, but
-- counts follow-ups up to the current time. With the header, follow-ups count up to that instant.
UPDATE ngeshare.snapshot_state SET known_until = now() - interval '10 days';
BEGIN;
SELECT api.pre_request();
SELECT days_inactive, contact_state, follow_ups FROM api.rescue_list WHERE group_id = 'today';
ROLLBACK;
BEGIN;
SELECT set_config('request.headers',
    json_build_object('as-of',
        to_char(now() - interval '10 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text,
            true) <> '' AS is_set;
SELECT api.pre_request();
SELECT days_inactive, contact_state, follow_ups FROM api.rescue_list WHERE group_id = 'today';
ROLLBACK;
SHOW ngeshare.as_of_is_default;

-- A query that uses none of the columns on follow-ups does not scan the table follow_up.
CREATE FUNCTION test.reads_follow_ups(query text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan::text LIKE '%"follow_up"%';
END
$$;
SELECT view, shown, test.reads_follow_ups(format('SELECT %s FROM %s', shown, view))
FROM unnest(ARRAY['v_rescue_list', 'v_at_risk', 'api.rescue_list', 'api.at_risk']) AS view
CROSS JOIN unnest(ARRAY['count(*)', 'contact_state']) AS shown
ORDER BY view, shown;
