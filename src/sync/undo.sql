-- What a run took away or replaced, and the two calls that put it back.

CREATE TABLE ngeshare.removed_row
(
    run_id     bigint      NOT NULL,
    table_name text        NOT NULL,
    row_id     text        NOT NULL,
    content    jsonb       NOT NULL,
    removed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ON ngeshare.removed_row (run_id, table_name, md5(row_id));
COMMENT ON TABLE ngeshare.removed_row IS
'The archive: rows that a run deleted because production no longer had them. Kept until they are deleted here by hand.';

CREATE TABLE ngeshare.attendance_backup
(
    run_id  bigint NOT NULL,
    row_id  text   NOT NULL,
    kind    text   NOT NULL CHECK (kind IN ('removed', 'changed', 'added')),
    content jsonb  CHECK ((content IS NULL) = (kind = 'added'))
);
CREATE UNIQUE INDEX ON ngeshare.attendance_backup (run_id, md5(row_id));
COMMENT ON TABLE ngeshare.attendance_backup IS
'Attendance as it was before a run replaced it: removed and changed rows whole, added ones by id. Kept of the last ngeshare.backup_keep runs that replaced any.';

CREATE FUNCTION ngeshare.refuse_during_sync()
RETURNS void
AS 'MODULE_PATHNAME', 'ngeshare_refuse_during_sync'
LANGUAGE C
VOLATILE;
COMMENT ON FUNCTION ngeshare.refuse_during_sync() IS
'Raises NG001 while a sync runs, and keeps one from beginning until the transaction ends.';

CREATE FUNCTION ngeshare.put_back(table_name text, contents jsonb[], put_over boolean)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text;
    changes text;
    rows    bigint;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(format('%1$I = excluded.%1$I', attname), ', ' ORDER BY attnum)
    INTO columns, changes
    FROM pg_attribute
    WHERE attrelid = format('public.%I', put_back.table_name)::regclass
      AND attnum > 0
      AND NOT attisdropped
      AND attgenerated = ''
      AND attidentity <> 'a';
    EXECUTE format($put$
        INSERT INTO public.%1$I (%2$s)
        SELECT %2$s
        FROM unnest($1) AS content
        CROSS JOIN LATERAL jsonb_populate_record(NULL::public.%1$I, content)
        ON CONFLICT (id) DO %3$s
    $put$, put_back.table_name, columns, CASE WHEN put_over THEN 'UPDATE SET ' || changes ELSE 'NOTHING' END)
    USING contents;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION ngeshare.put_back(text, jsonb[], boolean) IS
'Puts archived rows of one table back, over what is there or only where nothing is, and returns how many.';

CREATE FUNCTION public.ngeshare_restore_attendance(run_id bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    undone bigint;
BEGIN
    PERFORM ngeshare.refuse_during_sync();
    IF NOT EXISTS (SELECT 1 FROM ngeshare.attendance_backup AS backup WHERE backup.run_id = $1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('run %s has no backup of attendance', $1),
            HINT = (SELECT format('Runs that have one: %s.', coalesce(string_agg(DISTINCT backup.run_id::text, ', '), 'none'))
                    FROM ngeshare.attendance_backup AS backup);
    END IF;
    DELETE FROM public."UserHangoutGroupAttendance" AS mirror
    USING ngeshare.attendance_backup AS backup
    WHERE backup.run_id = $1
      AND backup.kind = 'added'
      AND backup.row_id = mirror.id;
    GET DIAGNOSTICS undone = ROW_COUNT;
    RETURN undone + ngeshare.put_back('UserHangoutGroupAttendance', ARRAY(
        SELECT backup.content
        FROM ngeshare.attendance_backup AS backup
        WHERE backup.run_id = $1
          AND backup.kind <> 'added'), true);
END
$$;
COMMENT ON FUNCTION public.ngeshare_restore_attendance(bigint) IS
'Makes attendance what it was before a run replaced rows of it: puts removed and changed rows back, takes added ones out, and returns how many. The next sync makes it production''s again. Errors: 22023 where the run has no backup (the hint names those that have), NG001 while a sync runs, 23503 where a row''s group, episode or user was deleted since (ngeshare_restore_deleted() first).';

CREATE FUNCTION public.ngeshare_restore_deleted(run_id bigint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mirrored text;
    undone   bigint := 0;
    meetings bigint;
BEGIN
    PERFORM ngeshare.refuse_during_sync();
    IF NOT EXISTS (SELECT 1 FROM ngeshare.removed_row AS removed WHERE removed.run_id = $1)
        AND NOT EXISTS (SELECT 1 FROM ngeshare.removed_meeting AS removed WHERE removed.run_id = $1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('run %s removed nothing', $1),
            HINT = (SELECT format('Runs that did: %s.', coalesce(string_agg(removed.run_id::text, ', '), 'none'))
                    FROM (SELECT removed_row.run_id FROM ngeshare.removed_row
                          UNION
                          SELECT removed_meeting.run_id FROM ngeshare.removed_meeting) AS removed);
    END IF;
    FOREACH mirrored IN ARRAY ARRAY['User', 'Hangout', 'HangoutEpisode', 'HangoutGroup', 'UserHangoutGroup',
        'UserHangoutGroupAttendance']
    LOOP
        undone := undone + ngeshare.put_back(mirrored, ARRAY(
            SELECT removed.content
            FROM ngeshare.removed_row AS removed
            WHERE removed.run_id = $1
              AND removed.table_name = mirrored), false);
    END LOOP;
    INSERT INTO ngeshare.meeting_past
        (group_id, episode_id, day, first_at, last_at, attendances, by_hand)
    SELECT group_id, episode_id, day, first_at, last_at, attendances, by_hand
    FROM ngeshare.removed_meeting AS removed
    WHERE removed.run_id = $1
    ON CONFLICT (group_id, day, episode_id, by_hand) DO UPDATE
    SET first_at = excluded.first_at,
        last_at = excluded.last_at,
        attendances = excluded.attendances;
    GET DIAGNOSTICS meetings = ROW_COUNT;
    RETURN undone + meetings;
END
$$;
COMMENT ON FUNCTION public.ngeshare_restore_deleted(bigint) IS
'Puts back the rows that a run deleted because production no longer had them, with their groups'' history, and returns how many rows and meetings that were. The next sync finds them deleted again. Errors: 22023 where the run removed nothing (the hint names those that did), NG001 while a sync runs, 23503 where what a row points to was deleted by another run since (restore that one first).';

SELECT pg_extension_config_dump('ngeshare.removed_row', '');
SELECT pg_extension_config_dump('ngeshare.attendance_backup', '');
