-- Follow-ups over the web: views of them, functions that note and withdraw one, and the caller.

CREATE FUNCTION ngeshare.request_login()
RETURNS text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    -- For PostgREST's sessions the login is in the token, which nginx has made and PostgREST has
    -- checked. For all other sessions it is the session's user.
    SELECT CASE
        WHEN session_user = 'authenticator'
            THEN ngeshare.trimmed(nullif(current_setting('request.jwt.claims', true),
                '')::jsonb ->> 'sub')
        ELSE session_user::text
    END
$$;
COMMENT ON FUNCTION ngeshare.request_login() IS
'The login that sent the web request; NULL if the page asks nobody to log in. In a session without '
'PostgREST, such as psql, it is the session''s user.';

CREATE VIEW api.follow_up AS
SELECT
    follow_up.*,
    fact.facilitator_id
FROM public.v_follow_up AS follow_up
LEFT JOIN ngeshare.group_fact AS fact ON fact.group_id = follow_up.group_id
ORDER BY follow_up.noted_at DESC, follow_up.id DESC;
COMMENT ON VIEW api.follow_up IS
'Follow-ups, the notes that a group was contacted, one row per follow-up.
Who contacted which group, how, and with what outcome; the newest first. Without the header As-Of '
'they include everything noted up to this moment, not only up to the last sync.';
COMMENT ON COLUMN api.follow_up.facilitator_id IS
'The user id of the group''s facilitator as of as_of; NULL if it has none, or if the group is '
'gone, outside the curriculum or not yet made at as_of.';

CREATE VIEW api.follow_up_effect AS
SELECT *
FROM public.v_follow_up_effect;
COMMENT ON VIEW api.follow_up_effect IS
'Whether contacting stalled groups helps, one row per course, and one row for all courses.
How many contacted groups met again within 28 days, and how many were expected to. It is a '
'comparison, not a proof: coordinators chose whom to contact.';

CREATE FUNCTION api.note_follow_up
(
    group_id        text,
    channel         text,
    outcome         text,
    note            text DEFAULT NULL,
    next_on         date DEFAULT NULL,
    INOUT noted_by  text DEFAULT NULL,
    OUT id          bigint,
    OUT noted_at    timestamptz,
    OUT is_verified boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET default_transaction_isolation = 'read committed'
AS $$
DECLARE
    login   text := ngeshare.request_login();
    added   ngeshare.follow_up;
    message text;
    hint    text;
BEGIN
    PERFORM ngeshare.need_post();
    added := ngeshare.add_follow_up(group_id, channel, outcome, note, next_on,
        coalesce(login, ngeshare.trimmed(noted_by)), login IS NOT NULL,
            coalesce(login, session_user));
    id := added.id;
    noted_at := added.noted_at;
    noted_by := added.noted_by;
    is_verified := added.is_verified;
    PERFORM set_config('response.status', '201', true);
EXCEPTION
    WHEN SQLSTATE 'NG004' THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        PERFORM ngeshare.refuse_request(429, 'NG004', message, NULL, hint, '{"Retry-After": "60"}');
END
$$;
COMMENT ON FUNCTION api.note_follow_up(text, text, text, text, date, text) IS
'Notes that a group was contacted.
Answers 201 with {id, noted_at, noted_by, is_verified}. channel: email, whatsapp, phone, in_person '
'or other. outcome: no_answer, will_meet, paused, closed or wrong_contact. note: at most 2,000 '
'characters. next_on: the day for the next contact, or nothing. noted_by: a name, which is used '
'only if nobody is logged in, and is shown as unverified. Errors: 400 22023 for an unknown group, '
'channel or outcome, 400 22001 for a note or name that is too long, 400 22004 for a missing group, '
'channel, outcome or name, 400 22008 for an infinite day, 429 NG004 for more than 60 follow-ups '
'per minute, 405 NG405 for a GET. By POST only, with a JSON body and the header X-Ngeshare: sync.';

CREATE FUNCTION api.withdraw_follow_up(id bigint, withdrawn_by text DEFAULT NULL,
    OUT withdrawn boolean)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET default_transaction_isolation = 'read committed'
AS $$
DECLARE
    login text := ngeshare.request_login();
BEGIN
    PERFORM ngeshare.need_post();
    withdrawn := ngeshare.mark_withdrawn(id, coalesce(login, ngeshare.trimmed(withdrawn_by)),
        login IS NOT NULL);
END
$$;
COMMENT ON FUNCTION api.withdraw_follow_up(bigint, text) IS
'Withdraws a follow-up that was noted by mistake.
Answers 200 with {withdrawn: true}, or false if it was withdrawn before. withdrawn_by: a name, '
'which is used only if nobody is logged in. Errors: 400 22023 for an unknown id, 400 22004 without '
'a name, 405 NG405 for a GET. By POST only, with a JSON body and the header X-Ngeshare: sync.';

CREATE VIEW api.caller AS
SELECT
    ngeshare.request_login() AS login,
    has_function_privilege('api.note_follow_up(text, text, text, text, date, text)'::regprocedure,
        'EXECUTE') AS may_note,
    has_function_privilege('api.sync_start(text)'::regprocedure, 'EXECUTE') AS may_sync;
COMMENT ON VIEW api.caller IS
'Who sends the request, in one row.
The login, and whether it may note follow-ups and start a sync.';
COMMENT ON COLUMN api.caller.login IS
'The name that the caller logged in with; NULL if the page asks nobody to log in. In that case the '
'caller sends a name with each note (noted_by), which is shown as unverified.';
COMMENT ON COLUMN api.caller.may_note IS
'Whether the caller may note and withdraw follow-ups.';
COMMENT ON COLUMN api.caller.may_sync IS
'Whether the caller may start and cancel a sync.';
