-- Forgetting a person whom production no longer has: deletes their rows, and removes their ids and
-- addresses from texts, in the tables that keep data after production has deleted it.

CREATE TYPE ngeshare.identity AS (ids text[], emails text[]);
COMMENT ON TYPE ngeshare.identity IS
'The user ids and email addresses of one person. Addresses are trimmed and in lower case.';

CREATE VIEW ngeshare.kept_user AS
WITH own AS (
    SELECT id, email FROM ngeshare.removed_user
    UNION ALL
    SELECT id, email FROM ngeshare.stage_user
    UNION ALL
    SELECT content ->> 'id', content ->> 'email' FROM ngeshare.quarantine WHERE table_name = 'User'
    UNION ALL
    SELECT content ->> 'id', content ->> 'email' FROM ONLY ngeshare.removed_row
        WHERE table_name = 'User'
), record AS (
    SELECT "userId" AS id, "userEmail" AS email FROM ngeshare.removed_user_hangout_group
    UNION ALL
    SELECT "userId", "userEmail" FROM ngeshare.stage_user_hangout_group
    UNION ALL
    SELECT content ->> 'userId', content ->> 'userEmail' FROM ngeshare.quarantine
        WHERE table_name = 'UserHangoutGroup'
    UNION ALL
    SELECT content ->> 'userId', content ->> 'userEmail' FROM ONLY ngeshare.removed_row
        WHERE table_name = 'UserHangoutGroup'
)
SELECT id, lower(btrim(email, E' \t\r\n')) AS email
FROM own
UNION
SELECT id, lower(btrim(email, E' \t\r\n'))
FROM record
WHERE id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM own WHERE own.id = record.id AND own.email <> '');
COMMENT ON VIEW ngeshare.kept_user IS
'The ids and addresses of users whose rows are kept outside the mirror, in the archive, in staging '
'tables or in quarantine. A user without an address has those of the membership records, as in '
'api.group_status.facilitator_contact.';

CREATE FUNCTION ngeshare.identity_of(person text)
RETURNS ngeshare.identity
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH given AS (
        SELECT btrim($1, E' \t\r\n') AS id, lower(btrim($1, E' \t\r\n')) AS email
    ), known AS (
        SELECT id FROM given
        UNION
        SELECT kept.id FROM ngeshare.kept_user AS kept JOIN given ON kept.email = given.email
    )
    SELECT ROW(
        ARRAY(SELECT id FROM known),
        ARRAY(SELECT email FROM given
              UNION
              SELECT kept.email FROM ngeshare.kept_user AS kept JOIN known ON kept.id = known.id
              WHERE kept.email <> ''))::ngeshare.identity
$$;
COMMENT ON FUNCTION ngeshare.identity_of(text) IS
'The identity of a person given by a user id or an email address: the ids that '
'ngeshare.kept_user has for the address, and all addresses that it has for these ids.';

CREATE FUNCTION ngeshare.is_in_mirror(person ngeshare.identity)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
            SELECT 1
            FROM public."User"
            WHERE id = ANY ((person).ids)
               OR lower(btrim(email, E' \t\r\n')) = ANY ((person).emails))
        OR EXISTS (
            SELECT 1
            FROM public."UserHangoutGroup"
            WHERE "userId" = ANY ((person).ids)
               OR lower(btrim("userEmail", E' \t\r\n')) = ANY ((person).emails))
$$;
COMMENT ON FUNCTION ngeshare.is_in_mirror(ngeshare.identity) IS
'Whether the mirror still has the person, soft-deleted or not: as a user or in a membership '
'record.';

CREATE FUNCTION ngeshare.forget_rows(person ngeshare.identity)
RETURNS TABLE (place text, rows bigint)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    of_user   CONSTANT text := E'id = ANY ($1) OR lower(btrim(email, E'' \\t\\r\\n'')) = ANY ($2)';
    of_record CONSTANT text := E'"userId" = ANY ($1)'
        ' OR lower(btrim("userEmail", E'' \\t\\r\\n'')) = ANY ($2)';
    of_visit  CONSTANT text := '"userId" = ANY ($1)';
    of_json   CONSTANT text := E'content ->> ''userId'' = ANY ($1)'
        ' OR lower(btrim(content ->> ''userEmail'', E'' \\t\\r\\n'')) = ANY ($2)'
        ' OR lower(btrim(content ->> ''email'', E'' \\t\\r\\n'')) = ANY ($2)';
    -- If several rows of production have the id x, all but one have a row_id such as 'x #2 -417'.
    of_key    CONSTANT text := 'regexp_replace(row_id, '' #[0-9]+ -?[0-9]+$'', '''') = ANY ($1)';
    condition text;
BEGIN
    FOR place, condition IN
        VALUES ('ngeshare.removed_user', of_user),
               ('ngeshare.removed_user_hangout_group', of_record),
               ('ngeshare.removed_attendance', of_visit),
               ('ngeshare.replaced_attendance', of_visit),
               ('ngeshare.stage_user', of_user),
               ('ngeshare.stage_user_hangout_group', of_record),
               ('ngeshare.stage_attendance', of_visit),
               ('ngeshare.removed_row', of_json
                   || ' OR (table_name = ''User'' AND ' || of_key || ')'),
               ('ngeshare.attendance_backup', of_json),
               ('ngeshare.quarantine', of_json
                   || ' OR (table_name = ''User'' AND ' || of_key || ')'),
               ('ngeshare.difference', 'table_name = ''User'' AND ' || of_key),
               ('ngeshare.stage_key', of_key)
    LOOP
        EXECUTE format('DELETE FROM ONLY %s WHERE %s', place, condition)
        USING person.ids, person.emails;
        GET DIAGNOSTICS rows = ROW_COUNT;
        RETURN NEXT;
    END LOOP;
    -- The position at which the pass of an interrupted sync goes on may be the person's id. Such a
    -- pass is ended, so the next sync begins a new one.
    UPDATE ngeshare.sync_state
    SET pass_run_id = NULL, pass_full = NULL, pass_bound = NULL, pass_stamp = NULL, pass_id = NULL,
        pass_pulled = false, pass_block = NULL
    WHERE table_name = 'User'
      AND pass_id = ANY (person.ids);
END
$$;
COMMENT ON FUNCTION ngeshare.forget_rows(ngeshare.identity) IS
'Deletes a person''s own rows from the archive, the backups of attendance, the staging tables, the '
'quarantine and the lists of differences. Returns the number of rows per table.';

CREATE FUNCTION ngeshare.name_pattern(person ngeshare.identity)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A name is an id or an address. The pattern finds it as it is, as JSON escapes it, and as an
    -- alert escapes it. No character of a longer name may precede it, except the letter of a JSON
    -- escape such as \n.
    SELECT E'(?:(?<=\\\\[bfnrt])|(?<![[:alnum:]._%+-]))(?:' || string_agg(DISTINCT
            regexp_replace(spelled, '([^[:alnum:]])', E'\\\\\\1', 'g'), '|')
        || ')(?![[:alnum:]_%+-]|[.@][[:alnum:]])'
    FROM unnest((person).ids || (person).emails) AS name
    CROSS JOIN LATERAL (VALUES
        (name),
        (substr(to_jsonb(name)::text, 2, length(to_jsonb(name)::text) - 2)),
        (ngeshare.alert_text(name))) AS listed (spelled)
    WHERE length(name) >= 8
       OR name LIKE '%@%'
$$;
COMMENT ON FUNCTION ngeshare.name_pattern(ngeshare.identity) IS
'A regular expression that finds a person''s ids and email addresses in texts, but not as part of '
'a longer word. An id of fewer than 8 characters is left out, because it may be any word. NULL if '
'nothing is left.';

CREATE VIEW ngeshare.kept_text AS
SELECT class.oid::regclass AS relation, attname AS column_name
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped
WHERE atttypid IN ('pg_catalog.text'::regtype, 'pg_catalog.jsonb'::regtype)
  AND attgenerated = ''
  AND (class.oid IN (
          'public.sync_run'::regclass, 'public.sync_error_log'::regclass,
              'ngeshare.follow_up'::regclass,
          'ngeshare.alert_outbox'::regclass, 'ngeshare.quarantine'::regclass,
              'ngeshare.removed_row'::regclass,
          'ngeshare.attendance_backup'::regclass)
      OR class.oid IN (
          SELECT inhrelid
          FROM pg_catalog.pg_inherits
          WHERE inhparent IN ('ngeshare.removed_row'::regclass,
              'ngeshare.attendance_backup'::regclass))
      OR class.relnamespace = 'ngeshare'::regnamespace
          AND class.relkind = 'r'
          AND class.relname IN ('stage_user', 'stage_hangout', 'stage_hangout_episode',
              'stage_hangout_group',
              'stage_user_hangout_group', 'stage_attendance'));
COMMENT ON VIEW ngeshare.kept_text IS
'The text and jsonb columns outside the mirror that may name a person: in logs, follow-ups, '
'alerts, the archive, backups of attendance, staging tables and the quarantine.';

CREATE FUNCTION ngeshare.forget_in_text(content text, pattern text)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT regexp_replace(content, pattern, '(forgotten)', 'gi')
$$;
COMMENT ON FUNCTION ngeshare.forget_in_text(text, text) IS
'A text in which "(forgotten)" replaces all that a regular expression finds.';

CREATE FUNCTION ngeshare.forget_in_text(content jsonb, pattern text)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE jsonb_typeof(content)
        WHEN 'string' THEN to_jsonb(ngeshare.forget_in_text(content #>> '{}', pattern))
        WHEN 'object' THEN (
            SELECT coalesce(jsonb_object_agg(key, ngeshare.forget_in_text(value, pattern)), content)
            FROM jsonb_each(content))
        WHEN 'array' THEN (
            SELECT coalesce(jsonb_agg(ngeshare.forget_in_text(value, pattern) ORDER BY place),
                content)
            FROM jsonb_array_elements(content) WITH ORDINALITY AS listed (value, place))
        ELSE content
    END
$$;
COMMENT ON FUNCTION ngeshare.forget_in_text(jsonb, text) IS
'JSON in whose strings "(forgotten)" replaces all that a regular expression finds. Numbers stay.';

CREATE FUNCTION ngeshare.forget_texts(pattern text)
RETURNS TABLE (place text, rows bigint)
LANGUAGE plpgsql
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept record;
BEGIN
    FOR kept IN SELECT * FROM ngeshare.kept_text LOOP
        EXECUTE format('UPDATE ONLY %s SET %I = ngeshare.forget_in_text(%2$I, $1)'
            ' WHERE %2$I::text ~* $1 AND ngeshare.forget_in_text(%2$I, $1) <> %2$I',
            kept.relation, kept.column_name)
        USING pattern;
        GET DIAGNOSTICS rows = ROW_COUNT;
        place := format('%s.%I', kept.relation, kept.column_name);
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ngeshare.forget_texts(text) IS
'Replaces what a regular expression finds in the columns of ngeshare.kept_text with "(forgotten)". '
'Returns the number of rows per column.';

CREATE FUNCTION public.ngeshare_forget_person(person text)
RETURNS TABLE (place text, rows bigint)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted ngeshare.identity;
BEGIN
    IF coalesce(btrim(person, E' \t\r\n'), '') = '' THEN
        RAISE null_value_not_allowed
            USING MESSAGE = '"person" must not be empty', HINT = 'Give a user''s id or an address.';
    END IF;
    PERFORM ngeshare.refuse_during_sync();
    wanted := ngeshare.identity_of(person);
    IF ngeshare.is_in_mirror(wanted) THEN
        RAISE object_not_in_prerequisite_state
            USING MESSAGE = 'the mirror still has this person',
                  HINT = 'If production still has the person, delete the user and membership '
                         'records there. Then CALL ngeshare_sync() and ask again.';
    END IF;
    RETURN QUERY
        SELECT forgotten.place, forgotten.rows
        FROM (
            SELECT * FROM ngeshare.forget_rows(wanted)
            UNION ALL
            SELECT * FROM ngeshare.forget_texts(ngeshare.name_pattern(wanted))
        ) AS forgotten
        WHERE forgotten.rows > 0;
    -- The snapshot may still have rows that somebody has deleted from the mirror by hand.
    PERFORM ngeshare.refresh_snapshot(false)
    WHERE EXISTS (SELECT 1 FROM ngeshare.stale_key);
END
$$;
COMMENT ON FUNCTION public.ngeshare_forget_person(text) IS
'Forgets a person whom the mirror no longer has, given by user id or email address. It deletes '
'their rows from the archive, the backups of attendance, the staging tables and the quarantine, '
'and replaces their ids and addresses in follow-ups, logs, error details and alerts with '
'"(forgotten)"; an id of fewer than 8 characters stays in such texts, because it may be any word. '
'Returns the number of rows per place. It does not find a person''s name in notes: search '
'v_follow_up for it. Backups of this database, the planner''s statistics until the next ANALYZE, '
'the server''s log, the table cron.job_run_details of pg_cron and the receiver of alerts keep what '
'they have. Errors: 55000 if the mirror still has the person, NG001 while a sync, '
'ngeshare_refresh(), a restore or ngeshare_forget_person() in another session runs, 22004 for an '
'empty text.';
