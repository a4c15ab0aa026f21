-- v_data_quality: what is odd in the data. It reads this database and never asks production.

CREATE FUNCTION ngeshare.name_distance(name text, other text, most integer)
RETURNS integer
AS 'MODULE_PATHNAME', 'ngeshare_name_distance'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.name_distance(text, text, integer) IS
'The number of letters to add, drop or change to turn one name into the other, by their first 255 '
'bytes. If it is more than "most", the result is some number greater than "most".';

CREATE FUNCTION ngeshare.plain_name(name text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT btrim(regexp_replace(lower(name), '[[:space:][:punct:]]+', ' ', 'g')) $$;
COMMENT ON FUNCTION ngeshare.plain_name(text) IS
'A name without the differences in spelling that do not matter: lower-cased, with white space and '
'punctuation replaced by single blanks.';

CREATE VIEW ngeshare.quality_rule AS
SELECT finding, table_name, column_name, condition, hint
FROM (
    VALUES
        ('end_before_start', 'HangoutGroup', 'endDate', 'entry."endDate" < entry."startDate"',
            'The group ends before it starts. startDate counts as its planned start; no answer '
            'uses endDate.'),
        ('updated_before_created', 'User', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync mirrors the row nevertheless, because it compares contents.'),
        ('updated_before_created', 'Hangout', 'updatedAt', 'entry."updatedAt" < entry."createdAt"',
            'The sync mirrors the row nevertheless, because it compares contents.'),
        ('updated_before_created', 'HangoutEpisode', 'updatedAt',
            'entry."updatedAt" < entry."createdAt"',
            'The sync mirrors the row nevertheless, because it compares contents.'),
        ('updated_before_created', 'HangoutGroup', 'updatedAt',
            'entry."updatedAt" < entry."createdAt"',
            'The sync mirrors the row nevertheless, because it compares contents.'),
        ('updated_before_created', 'UserHangoutGroup', 'updatedAt',
            'entry."updatedAt" < entry."createdAt"',
            'The sync mirrors the row nevertheless, because it compares contents.'),
        ('deleted_before_created', 'User', 'deletedAt', 'entry."deletedAt" < entry."createdAt"',
            'The user is shown as deleted from deletedAt on.'),
        ('in_future', 'User', 'createdAt', 'entry."createdAt" > $1', 'No answer uses it.'),
        ('in_future', 'User', 'updatedAt', 'entry."updatedAt" > $1', 'No answer uses it.'),
        ('in_future', 'User', 'lastActive', 'entry."lastActive" > $1', 'No answer uses it.'),
        ('in_future', 'Hangout', 'createdAt', 'entry."createdAt" > $1', 'No answer uses it.'),
        ('in_future', 'Hangout', 'updatedAt', 'entry."updatedAt" > $1', 'No answer uses it.'),
        ('in_future', 'HangoutEpisode', 'createdAt', 'entry."createdAt" > $1',
            'No answer uses it.'),
        ('in_future', 'HangoutEpisode', 'updatedAt', 'entry."updatedAt" > $1',
            'No answer uses it.'),
        ('in_future', 'HangoutGroup', 'createdAt', 'entry."createdAt" > $1',
            'The group does not exist before then.'),
        ('in_future', 'HangoutGroup', 'updatedAt', 'entry."updatedAt" > $1', 'No answer uses it.'),
        ('in_future', 'UserHangoutGroup', 'createdAt', 'entry."createdAt" > $1',
            'No answer uses it.'),
        ('in_future', 'UserHangoutGroup', 'updatedAt', 'entry."updatedAt" > $1',
            'No answer uses it.'),
        ('in_future', 'UserHangoutGroup', 'joinedAt', 'entry."joinedAt" > $1',
            'The membership does not count before then.'),
        ('in_future', 'UserHangoutGroupAttendance', 'attendedAt', 'entry."attendedAt" > $1',
            'The attendance does not count before then.'),
        ('attendance_before_group', 'UserHangoutGroupAttendance', 'attendedAt',
            'entry."attendedAt" < circle."createdAt"',
            'Somebody attended before the group was made. The attendance counts from the group''s '
            'createdAt on. Attendance before the window of raw attendance is not checked.'),
        ('joined_before_group', 'UserHangoutGroup', 'joinedAt',
            'entry."joinedAt" < circle."createdAt" - interval ''1 day''',
            'Somebody joined more than a day before the group was made. The membership counts from '
            'the group''s createdAt on.'),
        ('joined_at_null', 'UserHangoutGroup', 'joinedAt', 'entry."joinedAt" IS NULL',
            'Every answer ignores the membership.'),
        ('implausible_date', 'UserHangoutGroup', 'joinedAt',
            'entry."joinedAt" < ngeshare.plausible_from()',
            'Before 2000-01-01 UTC it is a typing error: every answer ignores the membership.'),
        ('ignored_person', 'UserHangoutGroup', 'userId',
            E'entry."userId" IS NULL '
                'AND coalesce(btrim(entry."userEmail", E'' \\t\\r\\n''), '''') = ''''',
            'Every answer ignores the membership: it has neither userId nor userEmail.'),
        ('group_without_hangout', 'HangoutGroup', 'hangoutId', 'entry."hangoutId" IS NULL',
            'The group has no course, so no answer about the curriculum has it.')
) AS listed (finding, table_name, column_name, condition, hint);
COMMENT ON VIEW ngeshare.quality_rule IS
'The conditions that make a row of the mirror odd, one row per condition. In a condition, entry is '
'the row, circle is the group that it belongs to, and $1 is the instant (UTC) one day from now.';

CREATE FUNCTION ngeshare.quality_of_attendance()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'implausible_date', 'UserHangoutGroupAttendance', 'attendedAt', sum(attendances)::bigint,
        -- Only raw attendance, which is kept for the window, has ids; the meeting history has none.
        (
            SELECT min(id COLLATE "C")
            FROM public."UserHangoutGroupAttendance"
            WHERE "attendedAt" < ngeshare.plausible_from()
        ),
        'Before 2000-01-01 UTC it is a typing error: every answer ignores the attendance.'
            ' On production: SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" < '
            '''2000-01-01'''
    FROM (
        SELECT attendances
        FROM ngeshare.meeting_past
        WHERE first_at < ngeshare.plausible_from()
        UNION ALL
        SELECT 1
        FROM public."UserHangoutGroupAttendance"
        WHERE "attendedAt" < ngeshare.plausible_from()
          AND "attendedAt" >= coalesce(
              (SELECT window_start FROM ngeshare.history_state), '-infinity')
    ) AS implausible
    HAVING count(*) > 0
$$;
COMMENT ON FUNCTION ngeshare.quality_of_attendance() IS
'The finding implausible_date of v_data_quality for attendance. It counts the whole meeting '
'history, not only the window of raw attendance.';

CREATE FUNCTION ngeshare.quality_of_rules()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tomorrow timestamp := (ngeshare.sync_now() AT TIME ZONE 'UTC') + interval '1 day';
    scan     record;
    counts   bigint[];
    examples text[];
BEGIN
    -- One scan per table, and one more for the conditions that need a row's group.
    FOR scan IN
        SELECT
            rule.table_name,
            CASE WHEN needs_group THEN ' JOIN public."HangoutGroup" AS circle ON circle.id = '
                'entry."hangoutGroupId"' END AS group_join,
            array_agg(rule) AS rules,
            string_agg(format('count(*) FILTER (WHERE %s)', condition), ', ') AS counting,
            string_agg(format('min(entry.id COLLATE "C") FILTER (WHERE %s)', condition),
                ', ') AS finding_examples,
            string_agg(condition, ' OR ') AS any_condition
        FROM ngeshare.quality_rule AS rule
        CROSS JOIN LATERAL (SELECT condition ~ E'\\mcircle\\.') AS kind (needs_group)
        GROUP BY rule.table_name, needs_group
        ORDER BY rule.table_name, needs_group
    LOOP
        EXECUTE format('SELECT ARRAY[%s], ARRAY[%s] FROM public.%I AS entry%s WHERE %s',
            scan.counting, scan.finding_examples, scan.table_name, scan.group_join,
            scan.any_condition)
        INTO counts, examples
        USING tomorrow;
        RETURN QUERY
        SELECT rule.finding, rule.table_name, rule.column_name, counts[place], examples[place],
            rule.hint
        FROM unnest(scan.rules) WITH ORDINALITY AS rule (finding, table_name, column_name,
            condition, hint, place)
        WHERE counts[place] > 0;
    END LOOP;
    RETURN QUERY SELECT * FROM ngeshare.quality_of_attendance();
END
$$;
COMMENT ON FUNCTION ngeshare.quality_of_rules() IS
'The findings of v_data_quality that ngeshare.quality_rule lists, and implausible_date for '
'attendance.';

CREATE FUNCTION ngeshare.quality_of_nulls()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counting record;
BEGIN
    FOR counting IN
        SELECT
            mirrored.table_name,
            array_agg(attname::text ORDER BY attnum) AS names,
            string_agg(format('count(*) FILTER (WHERE %I IS NULL)', attname), ', '
                ORDER BY attnum) AS counts,
            string_agg(format('min(id COLLATE "C") FILTER (WHERE %I IS NULL)', attname), ', '
                ORDER BY attnum) AS examples
        FROM ngeshare.mirror_table AS mirrored
        JOIN pg_attribute ON attrelid = relation AND attnum > 0 AND NOT attisdropped
            AND NOT attnotnull
        GROUP BY table_no, mirrored.table_name
        ORDER BY table_no
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT ''null_values'', %L, counted.* FROM ('
            'SELECT unnest(%L::text[]), unnest(ARRAY[%s]), unnest(ARRAY[%s]), NULL FROM public.%I'
            ') AS counted (column_name, rows, example_id, hint) WHERE rows > 0',
            counting.table_name, counting.names, counting.counts, counting.examples,
                counting.table_name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ngeshare.quality_of_nulls() IS
'The finding null_values of v_data_quality, one row per nullable column that has NULLs.';

CREATE FUNCTION ngeshare.quality_of_values()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH seen AS (
        SELECT 'role_seen' AS finding, 'UserHangoutGroup' AS table_name,
            'hangoutGroupRole' AS column_name,
            "hangoutGroupRole" AS value, count(*) AS rows, min(id COLLATE "C") AS example_id
        FROM public."UserHangoutGroup"
        GROUP BY "hangoutGroupRole"
        UNION ALL
        SELECT 'membership_status_seen', 'UserHangoutGroup', 'status', status, count(*),
            min(id COLLATE "C")
        FROM public."UserHangoutGroup"
        GROUP BY status
        UNION ALL
        SELECT 'group_status_seen', 'HangoutGroup', 'status', status, count(*), min(id COLLATE "C")
        FROM public."HangoutGroup"
        GROUP BY status
    )
    SELECT
        finding,
        table_name,
        column_name,
        rows,
        example_id,
        format('value "%s"', left(value, 200)) || CASE
            WHEN finding <> 'role_seen' THEN '; no answer uses it'
            WHEN value NOT IN ('MEMBER', 'FACILITATOR')
            THEN ': neither MEMBER nor FACILITATOR, so every answer ignores the membership'
            ELSE ''
        END
    FROM seen
$$;
COMMENT ON FUNCTION ngeshare.quality_of_values() IS
'The findings role_seen, membership_status_seen and group_status_seen of v_data_quality, one row '
'per value.';

CREATE FUNCTION ngeshare.quality_of_names()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'duplicate_email', 'User', 'email', sum(users)::bigint, min(example_id COLLATE "C"),
        format('%s address(es), lower-cased and trimmed, belong to more than one user each; each '
               'user counts as a person.', count(*))
    FROM (
        SELECT count(*) AS users, min(id COLLATE "C") AS example_id
        FROM public."User"
        WHERE btrim(email, E' \t\r\n') <> ''
        GROUP BY lower(btrim(email, E' \t\r\n'))
        HAVING count(*) > 1
    ) AS shared
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'near_miss_course', 'Hangout', 'name', named.hangouts, named.example_id,
        format('value "%s" is nearly the course "%s": rename the hangout on production, or add it '
               'to course_config.',
            left(named.name, 200), nearest.course_name)
    FROM (
        SELECT name, count(*) AS hangouts, min(id COLLATE "C") AS example_id
        FROM public."Hangout"
        WHERE name NOT IN (SELECT course_name FROM public.course_config)
        GROUP BY name
    ) AS named
    CROSS JOIN LATERAL (
        SELECT
            course_name,
            ngeshare.name_distance(ngeshare.plain_name(name), ngeshare.plain_name(course_name),
                2) AS distance
        FROM public.course_config
        ORDER BY distance, course_name
        LIMIT 1
    ) AS nearest
    WHERE nearest.distance <= 2
$$;
COMMENT ON FUNCTION ngeshare.quality_of_names() IS
'The findings duplicate_email and near_miss_course of v_data_quality.';

CREATE FUNCTION ngeshare.quality_of_syncs()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH waiting AS (
        SELECT
            quarantine.table_name,
            row_id,
            regexp_match(reason, E'^(\\w+) .* has no row in (\\w+)$') AS orphan,
            reason
        FROM ngeshare.quarantine
    )
    SELECT
        'orphan_reference', waiting.table_name, orphan[1], count(*), min(row_id COLLATE "C"),
        format('It points to a row of "%s" that the mirror does not have. The rows wait in '
               'quarantine.', orphan[2])
    FROM waiting
    WHERE orphan IS NOT NULL
    GROUP BY waiting.table_name, orphan
    UNION ALL
    SELECT
        'quarantine', waiting.table_name, orphan[1], count(*), min(row_id COLLATE "C"),
        why || '. See ngeshare.quarantine; each sync tries these rows again.'
    FROM waiting
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN orphan IS NULL THEN reason
            ELSE format('%s has no row in %s', orphan[1], orphan[2])
        END
    ) AS told (why)
    GROUP BY waiting.table_name, orphan, why
    UNION ALL
    SELECT
        'drift', drift.table_name, drift.column_name, 1, NULL,
        concat_ws(': ', drift.kind, drift.detail) || format(' (since run %s)', first_run_id)
    FROM ngeshare.drift
$$;
COMMENT ON FUNCTION ngeshare.quality_of_syncs() IS
'The findings of v_data_quality that syncs have recorded: orphan_reference, quarantine and drift.';

CREATE VIEW public.v_data_quality AS
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_nulls()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_rules()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_values()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_names()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_places()
UNION ALL
SELECT finding, table_name, column_name, rows, example_id, hint
FROM ngeshare.quality_of_syncs();
COMMENT ON VIEW public.v_data_quality IS
'Oddities in the data, one row per finding, as of the last sync. They are found in the mirror; '
'production is not asked. The findings null_values and those whose name ends with _seen are only '
'counts. Oddities have to be corrected in production.';
COMMENT ON COLUMN public.v_data_quality.finding IS
'The finding''s name. null_values: a column has NULLs. orphan_reference: rows point to a row that '
'the mirror does not have. quarantine: rows cannot be mirrored. drift: a column is new, gone or of '
'another type on production. end_before_start, updated_before_created, deleted_before_created, '
'attendance_before_group, joined_before_group (by more than a day): two dates are in the wrong '
'order. in_future: a date is more than a day ahead. joined_at_null: a membership has no joinedAt. '
'implausible_date: a date is before 2000-01-01 UTC. ignored_person: a membership has neither a '
'user nor an email address. group_without_hangout: a group has no hangout. duplicate_email: '
'several users have the same address. near_miss_course: a hangout has nearly a course''s name. '
'place_spelling: two names of places may mean one place. role_seen, membership_status_seen, '
'group_status_seen: a value that occurs.';
COMMENT ON COLUMN public.v_data_quality.table_name IS
'The table that the finding is about, one of the six mirrored tables.';
COMMENT ON COLUMN public.v_data_quality.column_name IS
'The column that the finding is about; NULL if it is about whole rows.';
COMMENT ON COLUMN public.v_data_quality.rows IS
'The number of rows of the table with this finding. Attendance is counted in the window of raw '
'attendance, for implausible_date in the whole history. drift: 1, for the column. place_spelling: '
'the groups with the rarer of the two names.';
COMMENT ON COLUMN public.v_data_quality.example_id IS
'The id of one row with this finding, the smallest in byte order. NULL for drift, and for '
'implausible attendance before the window of raw attendance, whose ids are not kept.';
COMMENT ON COLUMN public.v_data_quality.hint IS
'What the finding means for the answers, and the value if it is about one; NULL if there is '
'nothing to say.';
