-- Follow-ups: what coordinators did about a group. No sync and no refresh writes here, and answers
-- read this table live beside the snapshot.

CREATE TABLE ngeshare.follow_up
(
    id                     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id               text        NOT NULL,
    group_name             text        NOT NULL,
    noted_at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    noted_by               text        NOT NULL,
    is_verified            boolean     NOT NULL DEFAULT false,
    login                  text        NOT NULL DEFAULT session_user,
    channel                text        NOT NULL
        CONSTRAINT follow_up_channel CHECK (channel IN ('email', 'whatsapp', 'phone', 'in_person',
            'other')),
    outcome                text        NOT NULL
        CONSTRAINT follow_up_outcome
        CHECK (outcome IN ('no_answer', 'will_meet', 'paused', 'closed', 'wrong_contact')),
    note                   text        NOT NULL DEFAULT ''
        CONSTRAINT follow_up_note CHECK (length(note) <= 2000),
    next_on                date
        CONSTRAINT follow_up_next_on CHECK (isfinite(next_on)),
    withdrawn_at           timestamptz,
    withdrawn_by           text,
    withdrawal_is_verified boolean,
    CONSTRAINT follow_up_withdrawn CHECK (
        (withdrawn_at IS NULL) = (withdrawn_by IS NULL)
        AND (withdrawn_at IS NULL) = (withdrawal_is_verified IS NULL))
);
CREATE INDEX ON ngeshare.follow_up (group_id, noted_at);
CREATE INDEX ON ngeshare.follow_up (login, noted_at);
CREATE INDEX ON ngeshare.follow_up (noted_at, id);
COMMENT ON TABLE ngeshare.follow_up IS
'One row per follow-up: somebody contacted a group, and this came of it. It exists nowhere else, '
'so it is dumped, and no sync touches it. It is never changed, only withdrawn, and stays when the '
'group is gone from production. is_verified: noted_by is the login that noted it; false where it '
'is only a name that the request gave. login: the login that noted it, for the limit of 60 a '
'minute. Notes are personal data: ngeshare_forget_person() takes a person out of them.';

SELECT pg_extension_config_dump('ngeshare.follow_up', '');
SELECT pg_extension_config_dump('ngeshare.follow_up_id_seq', '');

CREATE FUNCTION ngeshare.follow_ups_until()
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'ngeshare_follow_ups_until'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.follow_ups_until() IS
'The instant up to which follow-ups count: ngeshare.as_of where somebody has set it, else the '
'clock, through the API too.';

CREATE FUNCTION ngeshare.lock_notes(login text)
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_lock_notes'
LANGUAGE C
VOLATILE
STRICT;
COMMENT ON FUNCTION ngeshare.lock_notes(text) IS
'Makes the notes of one login take turns, until the transaction ends. Other logins do not wait.';

CREATE VIEW ngeshare.follow_up_as_of AS
SELECT
    id,
    group_id,
    group_name,
    noted_at,
    noted_by,
    channel,
    outcome,
    note,
    next_on,
    is_verified,
    ngeshare.local_day(noted_at AT TIME ZONE 'UTC', ngeshare.reporting_zone()) AS noted_on
FROM ngeshare.follow_up
-- A join: PostgreSQL lets nobody write through such a view, not even the owner.
CROSS JOIN (SELECT ngeshare.follow_ups_until() AS until) AS clock
WHERE noted_at <= clock.until
  AND (withdrawn_at IS NULL OR withdrawn_at > clock.until);
COMMENT ON VIEW ngeshare.follow_up_as_of IS
'The follow-ups that count at ngeshare.follow_ups_until(). noted_on: the local day of noted_at.';

CREATE VIEW public.v_follow_up AS
SELECT
    id,
    group_id,
    group_name,
    noted_at,
    noted_by,
    channel,
    outcome,
    note,
    next_on,
    is_verified
FROM ngeshare.follow_up_as_of
ORDER BY noted_at DESC, id DESC;
COMMENT ON VIEW public.v_follow_up IS
'The follow-ups of all groups, the newest first. Withdrawn ones are left out. With ngeshare.as_of '
'set, those that had been noted and not withdrawn by then.';
COMMENT ON COLUMN public.v_follow_up.id IS
'The follow-up''s number; a later one has a greater number. Numbers may be missing.';
COMMENT ON COLUMN public.v_follow_up.group_id IS
'HangoutGroup.id; the group may be gone from production.';
COMMENT ON COLUMN public.v_follow_up.group_name IS
'The group''s name when it was noted.';
COMMENT ON COLUMN public.v_follow_up.noted_at IS
'When it was noted, by the server''s clock.';
COMMENT ON COLUMN public.v_follow_up.noted_by IS
'Who noted it.';
COMMENT ON COLUMN public.v_follow_up.channel IS
'How the group was contacted: email, whatsapp, phone, in_person or other.';
COMMENT ON COLUMN public.v_follow_up.outcome IS
'What came of it: no_answer, will_meet, paused, closed or wrong_contact.';
COMMENT ON COLUMN public.v_follow_up.note IS
'A note of at most 2,000 characters; empty where there is none. It is text and may hold anything.';
COMMENT ON COLUMN public.v_follow_up.next_on IS
'The day on which to contact the group next; NULL where none was set.';
COMMENT ON COLUMN public.v_follow_up.is_verified IS
'Whether noted_by is the login that noted it. False: the name came with the request, and nobody '
'checked it.';

CREATE VIEW ngeshare.contact_as_of AS
SELECT DISTINCT ON (noted.group_id)
    noted.group_id,
    CASE
        WHEN noted.outcome = 'closed' THEN 'CLOSED'
        WHEN noted.next_on > clock.today THEN 'WAITING'
        WHEN noted.next_on IS NULL AND noted.outcome <> 'wrong_contact'
            AND clock.today - noted.noted_on <= 14
            THEN 'WAITING'
        ELSE 'DUE'
    END AS contact_state,
    (count(*) OVER (PARTITION BY noted.group_id))::integer AS follow_ups,
    noted.noted_on AS last_follow_up_on,
    noted.outcome AS last_outcome,
    noted.noted_by AS last_noted_by,
    noted.next_on,
    noted.is_verified AS last_is_verified
FROM ngeshare.follow_up_as_of AS noted
CROSS JOIN (
    SELECT ngeshare.local_day(ngeshare.follow_ups_until() AT TIME ZONE 'UTC',
        ngeshare.reporting_zone()) AS today
    OFFSET 0
) AS clock
JOIN (
    -- The first attendance of the day on which the group last met; NULL where it never met.
    SELECT
        group_id,
        meeting_at[array_position(meeting_day,
            meeting_day[width_bucket(ngeshare.as_of(), meeting_at)])] AS began_at
    FROM ngeshare.group_timeline
) AS meeting ON meeting.group_id = noted.group_id
WHERE meeting.began_at IS NULL
   OR noted.noted_at AT TIME ZONE 'UTC' > meeting.began_at
ORDER BY noted.group_id, noted.noted_at DESC, noted.id DESC;
COMMENT ON VIEW ngeshare.contact_as_of IS
'The curriculum groups that were contacted since their last meeting, one row per group. '
'contact_state: CLOSED, WAITING or DUE. follow_ups counts those since the last meeting; all else '
'is the latest one''s. A group that never met: all its follow-ups count.';
