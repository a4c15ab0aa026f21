-- Follow-ups: what coordinators did about a group. No sync and no refresh writes this table. It is
-- not part of the snapshot: answers read it directly.

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
CREATE INDEX ON ngeshare.follow_up (group_id, noted_at DESC, id DESC);
CREATE INDEX ON ngeshare.follow_up (login, noted_at);
CREATE INDEX ON ngeshare.follow_up (noted_at, id);
COMMENT ON TABLE ngeshare.follow_up IS
'Follow-ups, the notes of coordinators that a group was contacted, one row per note. They exist '
'nowhere else, so pg_dump includes them, and no sync changes them. A note is never edited, only '
'withdrawn, and stays when its group is gone from production. is_verified: noted_by is the login '
'that noted it; false if it is only a name that the request gave. login: the login that noted it, '
'for the limit of 60 a minute. Notes are personal data: ngeshare_forget_person() removes a person '
'from them.';

SELECT pg_extension_config_dump('ngeshare.follow_up', '');
SELECT pg_extension_config_dump('ngeshare.follow_up_id_seq', '');

CREATE FUNCTION ngeshare.follow_ups_until()
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'ngeshare_follow_ups_until'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.follow_ups_until() IS
'The instant up to which follow-ups count: ngeshare.as_of if the user has set it (in a request to '
'the API, by the header As-Of), else the start of the statement.';

CREATE FUNCTION ngeshare.lock_notes(login text)
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_lock_notes'
LANGUAGE C
VOLATILE
STRICT;
COMMENT ON FUNCTION ngeshare.lock_notes(text) IS
'Takes a lock until the end of the transaction, so that sessions of the same login note follow-ups '
'one after the other. Other logins do not wait.';

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
    is_verified
FROM ngeshare.follow_up
-- The join makes the view not updatable, so that not even the owner can write through it.
CROSS JOIN (SELECT ngeshare.follow_ups_until() AS until) AS clock
WHERE noted_at <= clock.until
  AND (withdrawn_at IS NULL OR withdrawn_at > clock.until);
COMMENT ON VIEW ngeshare.follow_up_as_of IS
'The follow-ups that had been noted and not withdrawn at ngeshare.follow_ups_until().';

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
'Follow-ups, the notes of coordinators that a group was contacted, of all groups, the newest '
'first. Withdrawn ones are left out. If ngeshare.as_of is set, the view shows those that had been '
'noted and not withdrawn at that instant.';
COMMENT ON COLUMN public.v_follow_up.id IS
'The follow-up''s number; a later follow-up has a greater number. Numbers may be missing.';
COMMENT ON COLUMN public.v_follow_up.group_id IS
'The id of the group that was contacted (HangoutGroup.id); the group may be gone from production.';
COMMENT ON COLUMN public.v_follow_up.group_name IS
'The group''s name when the follow-up was noted.';
COMMENT ON COLUMN public.v_follow_up.noted_at IS
'When the follow-up was noted, by the clock of this server.';
COMMENT ON COLUMN public.v_follow_up.noted_by IS
'The name of the person who noted the follow-up.';
COMMENT ON COLUMN public.v_follow_up.channel IS
'How the group was contacted: email, whatsapp, phone, in_person or other.';
COMMENT ON COLUMN public.v_follow_up.outcome IS
'The outcome of the contact: no_answer, will_meet, paused, closed or wrong_contact.';
COMMENT ON COLUMN public.v_follow_up.note IS
'A free text of at most 2,000 characters; empty if there is none.';
COMMENT ON COLUMN public.v_follow_up.next_on IS
'The day on which to contact the group next; NULL if none was set.';
COMMENT ON COLUMN public.v_follow_up.is_verified IS
'Whether noted_by is the login that noted the follow-up; false if it is a name that the request '
'gave and nobody checked.';

-- DISTINCT ON tells the planner that there is one row per group. The planner can then drop a
-- LEFT JOIN to this view from a query that uses none of the view's columns.
CREATE VIEW ngeshare.latest_follow_up AS
SELECT DISTINCT ON (group_id)
    group_id,
    noted_at,
    noted_by,
    outcome,
    next_on,
    is_verified
FROM ngeshare.follow_up_as_of
ORDER BY group_id, noted_at DESC, id DESC;
COMMENT ON VIEW ngeshare.latest_follow_up IS
'The latest row of ngeshare.follow_up_as_of of each group that was ever contacted, one row per '
'group.';
