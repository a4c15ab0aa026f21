-- The rows that a run deleted or replaced, and the two functions that put them back.

CREATE TABLE ngeshare.removed_row
(
    run_id     bigint      NOT NULL,
    table_name text        NOT NULL,
    row_id     text        NOT NULL,
    content    jsonb,
    removed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX removed_row_run_id_table_name_md5_idx
    ON ngeshare.removed_row (run_id, table_name, md5(row_id));
COMMENT ON TABLE ngeshare.removed_row IS
'The archive: rows that a sync run deleted from the mirror because production no longer had them '
'or because they went into quarantine, kept for 90 days (ngeshare.archive_keep). A row''s columns '
'are in the child table of its table, such as ngeshare.removed_user. content: the columns that '
'users have added to the mirror, or NULL; for rows archived by version 1.1 or earlier, the whole '
'row.';

CREATE TABLE ngeshare.attendance_backup
(
    run_id  bigint NOT NULL,
    row_id  text   NOT NULL,
    kind    text   NOT NULL CHECK (kind IN ('removed', 'changed', 'added')),
    content jsonb
);
CREATE UNIQUE INDEX attendance_backup_run_id_md5_idx
    ON ngeshare.attendance_backup (run_id, md5(row_id));
COMMENT ON TABLE ngeshare.attendance_backup IS
'Attendance as it was before a sync run replaced it. Removed and changed rows are kept whole (in '
'ngeshare.replaced_attendance; content is as in ngeshare.removed_row), added rows by their id. It '
'is kept for the last ngeshare.backup_keep runs that replaced attendance, and at most for '
'ngeshare.archive_keep days.';

-- The archive has the mirror's columns, so that values of any size and type are kept unchanged
-- and go back by INSERT ... SELECT. All of these columns may be NULL.
CREATE TABLE ngeshare.removed_user
    (LIKE public."User") INHERITS (ngeshare.removed_row);
COMMENT ON TABLE ngeshare.removed_user IS
'The archive (ngeshare.removed_row) of rows deleted from "User".';
CREATE TABLE ngeshare.removed_hangout
    (LIKE public."Hangout") INHERITS (ngeshare.removed_row);
COMMENT ON TABLE ngeshare.removed_hangout IS
'The archive (ngeshare.removed_row) of rows deleted from "Hangout".';
CREATE TABLE ngeshare.removed_hangout_episode
    (LIKE public."HangoutEpisode") INHERITS (ngeshare.removed_row);
COMMENT ON TABLE ngeshare.removed_hangout_episode IS
'The archive (ngeshare.removed_row) of rows deleted from "HangoutEpisode".';
CREATE TABLE ngeshare.removed_hangout_group
    (LIKE public."HangoutGroup") INHERITS (ngeshare.removed_row);
COMMENT ON TABLE ngeshare.removed_hangout_group IS
'The archive (ngeshare.removed_row) of rows deleted from "HangoutGroup".';
CREATE TABLE ngeshare.removed_user_hangout_group
    (LIKE public."UserHangoutGroup") INHERITS (ngeshare.removed_row);
COMMENT ON TABLE ngeshare.removed_user_hangout_group IS
'The archive (ngeshare.removed_row) of rows deleted from "UserHangoutGroup".';
CREATE TABLE ngeshare.removed_attendance
    (LIKE public."UserHangoutGroupAttendance") INHERITS (ngeshare.removed_row);
COMMENT ON TABLE ngeshare.removed_attendance IS
'The archive (ngeshare.removed_row) of rows deleted from "UserHangoutGroupAttendance".';
CREATE TABLE ngeshare.replaced_attendance
    (LIKE public."UserHangoutGroupAttendance") INHERITS (ngeshare.attendance_backup);
COMMENT ON TABLE ngeshare.replaced_attendance IS
'The rows of ngeshare.attendance_backup that are kept whole: attendance that a run removed or '
'changed.';

CREATE UNIQUE INDEX ON ngeshare.removed_user (run_id, md5(row_id));
CREATE UNIQUE INDEX ON ngeshare.removed_hangout (run_id, md5(row_id));
CREATE UNIQUE INDEX ON ngeshare.removed_hangout_episode (run_id, md5(row_id));
CREATE UNIQUE INDEX ON ngeshare.removed_hangout_group (run_id, md5(row_id));
CREATE UNIQUE INDEX ON ngeshare.removed_user_hangout_group (run_id, md5(row_id));
CREATE UNIQUE INDEX ON ngeshare.removed_attendance (run_id, md5(row_id));
CREATE UNIQUE INDEX ON ngeshare.replaced_attendance (run_id, md5(row_id));

DO $$
DECLARE
    needed record;
BEGIN
    FOR needed IN
        SELECT attrelid::regclass AS archive, attname AS column_name
        FROM pg_inherits
        JOIN pg_attribute ON attrelid = inhrelid
        WHERE inhparent IN ('ngeshare.removed_row'::regclass,
            'ngeshare.attendance_backup'::regclass)
          AND attnum > 0
          AND attnotnull
          AND attinhcount = 0
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL',
            needed.archive, needed.column_name);
    END LOOP;
END
$$;

CREATE FUNCTION ngeshare.refuse_during_sync(may_share boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_refuse_during_sync'
LANGUAGE C
VOLATILE;
COMMENT ON FUNCTION ngeshare.refuse_during_sync(boolean) IS
'Raises NG001 if a sync runs or if another session''s transaction has called this function, and '
'keeps syncs from starting until the transaction ends. Calls with "may_share" true do not exclude '
'each other.';

CREATE FUNCTION ngeshare.own_columns(archive regclass)
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(attname::text ORDER BY attnum)
    FROM pg_attribute
    WHERE attrelid = archive
      AND attnum > 0
      AND attinhcount = 0
      AND NOT attisdropped
$$;
COMMENT ON FUNCTION ngeshare.own_columns(regclass) IS
'The columns that a table of the archive has in common with its table of the mirror.';

CREATE FUNCTION ngeshare.added_columns(archive regclass, mirror regclass)
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(attname::text ORDER BY attnum), '{}')
    FROM pg_attribute
    WHERE attrelid = mirror
      AND attnum > 0
      AND NOT attisdropped
      AND attgenerated = ''
      AND attidentity <> 'a'
      AND attname::text <> ALL (ngeshare.own_columns(archive))
$$;
COMMENT ON FUNCTION ngeshare.added_columns(regclass, regclass) IS
'The columns that users have added to a table of the mirror, except for generated columns and '
'identity columns that are GENERATED ALWAYS.';

CREATE FUNCTION ngeshare.put_back(mirror regclass, archive regclass, archived text,
    is_typed boolean, put_over boolean)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added text[];
    rows  bigint;
BEGIN
    -- A column that users added to the mirror after the rows were archived gets its default.
    EXECUTE format($added$
        SELECT array_agg(added.column_name)
        FROM unnest($1) AS added (column_name)
        WHERE EXISTS (SELECT 1 FROM %s AND content ? added.column_name)
    $added$, archived)
    INTO added
    USING ngeshare.added_columns(archive, mirror);
    EXECUTE (
        SELECT format($put$
            INSERT INTO %1$s (%2$s)
            SELECT %3$s
            FROM (SELECT * FROM %4$s) AS archived
            CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, archived.content) AS kept
            ON CONFLICT (id) DO %5$s
        $put$, mirror,
            string_agg(quote_ident(name), ', ' ORDER BY place),
            string_agg(format(CASE WHEN is_typed AND place <= cardinality(own) THEN 'archived.%I'
                              ELSE 'kept.%I' END, name), ', ' ORDER BY place),
            archived,
            CASE WHEN put_over
                THEN 'UPDATE SET ' || string_agg(format('%1$I = excluded.%1$I', name), ', ')
                ELSE 'NOTHING' END)
        FROM ngeshare.own_columns(archive) AS own
        CROSS JOIN LATERAL unnest(own || added) WITH ORDINALITY AS given (name, place)
        GROUP BY own);
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION ngeshare.put_back(regclass, regclass, text, boolean, boolean) IS
'Inserts archived rows of one table into the mirror again, and returns their number. archived: the '
'rows, as the SQL that follows FROM, with a WHERE clause. is_typed: whether their values are in '
'the archive''s own columns; otherwise they are in content. put_over: whether a row that the '
'mirror already has is overwritten; otherwise it is left as it is.';

CREATE FUNCTION public.ngeshare_restore_attendance(run_id bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_typed boolean;
    undone   bigint;
BEGIN
    PERFORM ngeshare.lock_snapshot();
    PERFORM ngeshare.refuse_during_sync();
    IF NOT EXISTS (SELECT 1 FROM ngeshare.attendance_backup AS backup WHERE backup.run_id = $1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('run %s has no backup of attendance', $1),
            HINT = (SELECT format('Runs that have one: %s.',
                coalesce(string_agg(DISTINCT backup.run_id::text, ', '), 'none'))
                    FROM ngeshare.attendance_backup AS backup);
    END IF;
    DELETE FROM public."UserHangoutGroupAttendance" AS mirror
    USING ngeshare.attendance_backup AS backup
    WHERE backup.run_id = $1
      AND backup.kind = 'added'
      AND backup.row_id = mirror.id;
    GET DIAGNOSTICS undone = ROW_COUNT;
    -- A changed row is not put back if its attendedAt in the backup is before the window and the
    -- mirror no longer has the row: the row has left the window since that run, and the past counts
    -- it.
    FOREACH is_typed IN ARRAY ARRAY[true, false]
    LOOP
        undone := undone + ngeshare.put_back(
            'public."UserHangoutGroupAttendance"', 'ngeshare.replaced_attendance',
            format($archived$
                ONLY %s AS backup
                WHERE run_id = %s
                  AND (kind = 'removed'
                      OR kind = 'changed'
                          AND (%s >= (SELECT window_start FROM ngeshare.history_state)
                              OR EXISTS (
                                  SELECT 1
                                  FROM public."UserHangoutGroupAttendance" AS mirror
                                  WHERE mirror.id = backup.row_id)))
            $archived$,
                CASE WHEN is_typed THEN 'ngeshare.replaced_attendance'
                    ELSE 'ngeshare.attendance_backup' END,
                run_id,
                CASE WHEN is_typed THEN '"attendedAt"'
                    ELSE '(content ->> ''attendedAt'')::timestamp' END),
            is_typed, true);
    END LOOP;
    PERFORM ngeshare.move_to_past(format('ngeshare.attendance_backup WHERE run_id = %s', run_id));
    PERFORM ngeshare.refresh_snapshot(false);
    RETURN undone;
END
$$;
COMMENT ON FUNCTION public.ngeshare_restore_attendance(bigint) IS
'Undoes a sync run''s changes of attendance: puts removed and changed rows back, deletes added '
'ones, and refreshes the answers. Of attendance that has left the window since that run, removed '
'rows count as meetings again, and added and changed rows stay counted. Returns the number of '
'rows. The next sync makes attendance equal to production''s again. Errors: 22023 if the run has '
'no backup (the hint lists those that have), 25000 in an isolation level above READ COMMITTED, '
'NG001 while a sync or ngeshare_forget_person() runs, 23503 if a row''s group, episode or user was '
'deleted since that run (call ngeshare_restore_deleted() first).';

CREATE FUNCTION public.ngeshare_restore_deleted(run_id bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mirrored ngeshare.mirror_table;
    undone   bigint := 0;
BEGIN
    PERFORM ngeshare.lock_snapshot();
    PERFORM ngeshare.refuse_during_sync();
    IF NOT EXISTS (SELECT 1 FROM ngeshare.removed_row AS removed WHERE removed.run_id = $1)
        AND NOT EXISTS (SELECT 1 FROM ngeshare.removed_meeting AS removed
            WHERE removed.run_id = $1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('the archive has nothing that run %s removed', $1),
            HINT = (SELECT format('Runs with something in the archive: %s.',
                coalesce(string_agg(removed.run_id::text, ', '), 'none'))
                    FROM (SELECT removed_row.run_id FROM ngeshare.removed_row
                          UNION
                          SELECT removed_meeting.run_id FROM ngeshare.removed_meeting) AS removed);
    END IF;
    FOR mirrored IN
        SELECT * FROM ngeshare.mirror_table ORDER BY table_no
    LOOP
        undone := undone
            + ngeshare.put_back(mirrored.relation, mirrored.archive,
                format('ONLY %s WHERE run_id = %s', mirrored.archive, run_id), true, false)
            + ngeshare.put_back(mirrored.relation, mirrored.archive,
                format('ONLY ngeshare.removed_row WHERE run_id = %s AND table_name = %L', run_id,
                    mirrored.table_name),
                false, false);
    END LOOP;
    -- move_to_past() counts attendance before the window as meetings. If a later run archived such
    -- a meeting, the archived count includes that attendance, so restore_meetings() comes second
    -- and replaces the count.
    PERFORM ngeshare.move_to_past(format(
        'ngeshare.removed_row WHERE run_id = %s AND table_name = ''UserHangoutGroupAttendance''',
        run_id));
    undone := undone + ngeshare.restore_meetings(run_id);
    PERFORM ngeshare.refresh_snapshot(false);
    RETURN undone;
END
$$;
COMMENT ON FUNCTION public.ngeshare_restore_deleted(bigint) IS
'Puts back the rows that a sync run deleted from the mirror (because production no longer had '
'them, or because they went into quarantine) and the meetings that the run changed or removed, as '
'far as the archive still has them, and refreshes the answers. A group that is put back gets all '
'its meetings, also those that a later run removed. Attendance that has left the window since that '
'run is counted as meetings. Returns the number of rows and meetings. The next sync deletes them '
'again if production still does not have them. Errors: 22023 if the archive has nothing of the run '
'(the hint lists the runs of which it has something), 25000 in an isolation level above READ '
'COMMITTED, NG001 while a sync or ngeshare_forget_person() runs, 23503 if a row references one '
'that a later run deleted (restore that run first).';

SELECT pg_extension_config_dump('ngeshare.removed_row', '');
SELECT pg_extension_config_dump('ngeshare.attendance_backup', '');
SELECT pg_extension_config_dump('ngeshare.removed_user', '');
SELECT pg_extension_config_dump('ngeshare.removed_hangout', '');
SELECT pg_extension_config_dump('ngeshare.removed_hangout_episode', '');
SELECT pg_extension_config_dump('ngeshare.removed_hangout_group', '');
SELECT pg_extension_config_dump('ngeshare.removed_user_hangout_group', '');
SELECT pg_extension_config_dump('ngeshare.removed_attendance', '');
SELECT pg_extension_config_dump('ngeshare.replaced_attendance', '');
