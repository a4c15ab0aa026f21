-- The functions that note and withdraw a follow-up. src/api/follow_up.sql calls some of them, too.

CREATE FUNCTION ngeshare.trimmed(value text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN nullif(btrim(value, E' \t\r\n'), '');
COMMENT ON FUNCTION ngeshare.trimmed(text) IS
'A text without white space at its ends; NULL if nothing is left.';

CREATE FUNCTION ngeshare.check_noter(name text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name IS NULL THEN
        RAISE null_value_not_allowed
            USING MESSAGE = 'the name of who notes or withdraws is missing',
                  HINT = 'Log in, or give "noted_by" or "withdrawn_by".';
    ELSIF length(name) > 200 THEN
        RAISE string_data_right_truncation
            USING MESSAGE = format('a name has at most 200 characters, not %s', length(name)),
                  HINT = 'Shorten it.';
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_noter(text) IS
'Refuses the name of a person who notes or withdraws a follow-up if it is missing (22004) or has '
'more than 200 characters (22001).';

CREATE FUNCTION ngeshare.check_follow_up(to_group text, channel text, outcome text, note text,
    next_on date)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_group IS NULL OR channel IS NULL OR outcome IS NULL THEN
        RAISE null_value_not_allowed
            USING MESSAGE = '"group_id", "channel" and "outcome" must not be NULL',
                  HINT = 'Say which group was contacted, how, and what came of it.';
    ELSIF channel NOT IN ('email', 'whatsapp', 'phone', 'in_person', 'other') THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('there is no channel "%s"', left(channel, 100)),
                  HINT = 'Channels: email, whatsapp, phone, in_person, other.';
    ELSIF outcome NOT IN ('no_answer', 'will_meet', 'paused', 'closed', 'wrong_contact') THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('there is no outcome "%s"', left(outcome, 100)),
                  HINT = 'Outcomes: no_answer, will_meet, paused, closed, wrong_contact.';
    ELSIF length(note) > 2000 THEN
        RAISE string_data_right_truncation
            USING MESSAGE = format('a note has at most 2000 characters, not %s', length(note)),
                  HINT = 'Shorten it.';
    ELSIF NOT isfinite(next_on) THEN
        RAISE datetime_field_overflow
            USING MESSAGE = '"next_on" must be a day of the calendar',
                  HINT = 'Give a day, such as 2026-03-31, or leave it out.';
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_follow_up(text, text, text, text, date) IS
'Refuses invalid values of a follow-up: NULL for the group, the channel or the outcome (22004), an '
'unknown channel or outcome (22023), a note of more than 2,000 characters (22001), an infinite day '
'(22008).';

CREATE FUNCTION ngeshare.check_note_rate(by_login text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Without the lock, two sessions of one login would not see each other's uncommitted notes.
    PERFORM ngeshare.lock_notes(by_login);
    IF (
        SELECT count(*)
        FROM ngeshare.follow_up
        WHERE login = by_login
          AND noted_at > clock_timestamp() - interval '1 minute') >= 60 THEN
        RAISE SQLSTATE 'NG004'
            USING MESSAGE = 'this login has noted 60 follow-ups within the last minute',
                  HINT = 'Wait a minute, then go on.';
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.check_note_rate(text) IS
'Refuses (NG004) a follow-up if the login has noted 60 within the last minute.';

CREATE FUNCTION ngeshare.add_follow_up
(
    to_group    text,
    channel     text,
    outcome     text,
    note        text,
    next_on     date,
    noted_by    text,
    is_verified boolean,
    login       text
)
RETURNS ngeshare.follow_up
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known_name text := (SELECT name FROM public."HangoutGroup" WHERE id = to_group);
    added      ngeshare.follow_up;
BEGIN
    PERFORM ngeshare.check_follow_up(to_group, channel, outcome, note, next_on);
    PERFORM ngeshare.check_noter(noted_by);
    IF known_name IS NULL THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('the mirror has no group "%s"', left(to_group, 100)),
                  HINT = 'SELECT group_id, group_name FROM v_group_summary lists the groups of the '
                         'curriculum.';
    END IF;
    PERFORM ngeshare.check_note_rate(login);
    INSERT INTO ngeshare.follow_up
        (group_id, group_name, noted_by, is_verified, login, channel, outcome, note, next_on)
    VALUES (to_group, known_name, noted_by, is_verified, login, channel, outcome,
        coalesce(note, ''), next_on)
    RETURNING * INTO added;
    RETURN added;
END
$$;
COMMENT ON FUNCTION ngeshare.add_follow_up(text, text, text, text, date, text, boolean, text) IS
'Checks a follow-up, inserts it and returns its row. login: the login whose limit of 60 '
'follow-ups a minute this one counts against.';

CREATE FUNCTION ngeshare.mark_withdrawn(wanted bigint, withdrawer text, verified boolean)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ngeshare.check_noter(withdrawer);
    IF wanted IS NULL THEN
        RAISE null_value_not_allowed
            USING MESSAGE = '"id" must not be NULL',
                  HINT = 'SELECT id, group_name, noted_at FROM v_follow_up lists them.';
    END IF;
    UPDATE ngeshare.follow_up
    SET withdrawn_at = clock_timestamp(),
        withdrawn_by = withdrawer,
        withdrawal_is_verified = verified
    WHERE id = wanted
      AND withdrawn_at IS NULL;
    IF FOUND THEN
        RETURN true;
    ELSIF NOT EXISTS (SELECT 1 FROM ngeshare.follow_up WHERE id = wanted) THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('there is no follow-up %s', wanted),
                  HINT = 'SELECT id, group_name, noted_at FROM v_follow_up lists them.';
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_withdrawn(bigint, text, boolean) IS
'Withdraws a follow-up and returns true, or false if it was withdrawn before. Error: 22023 for an '
'unknown id.';

CREATE FUNCTION public.ngeshare_note_follow_up
(
    group_id text,
    channel  text,
    outcome  text,
    note     text DEFAULT NULL,
    next_on  date DEFAULT NULL,
    noted_by text DEFAULT NULL
)
RETURNS bigint
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT id
    FROM ngeshare.add_follow_up($1, $2, $3, $4, $5,
        coalesce(ngeshare.trimmed($6), session_user::text),
        coalesce(ngeshare.trimmed($6) = session_user::text, true),
        session_user::text)
$$;
COMMENT ON FUNCTION public.ngeshare_note_follow_up(text, text, text, text, date, text) IS
'Notes that a group was contacted, and returns the follow-up''s id. channel: email, whatsapp, '
'phone, in_person or other. outcome: no_answer, will_meet, paused, closed or wrong_contact. note: '
'at most 2,000 characters. next_on: the day for the next contact. noted_by: by default the login; '
'another name is shown as unverified. The time is this server''s clock. Errors: 22004 for a '
'group_id, channel or outcome that is NULL, 22023 for an unknown group, channel or outcome, 22001 '
'for a text that is too long, 22008 for an infinite day, NG004 for more than 60 follow-ups of one '
'login within a minute.';

CREATE FUNCTION public.ngeshare_withdraw_follow_up(id bigint, withdrawn_by text DEFAULT NULL)
RETURNS boolean
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.mark_withdrawn($1,
        coalesce(ngeshare.trimmed($2), session_user::text),
        coalesce(ngeshare.trimmed($2) = session_user::text, true))
$$;
COMMENT ON FUNCTION public.ngeshare_withdraw_follow_up(bigint, text) IS
'Withdraws a follow-up that was noted by mistake, and returns true, or false if it was withdrawn '
'before. It stays in the table with the name of who withdrew it and the time, and still counts as '
'of earlier instants. Errors: 22023 for an unknown id, 22004 for NULL, 22001 for a name of more '
'than 200 characters.';
