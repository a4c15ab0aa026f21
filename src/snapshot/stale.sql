-- Triggers that note which parts of the snapshot are stale after a write to the mirror or the
-- history. They insert the written keys into ngeshare.stale_key, in the writer's transaction. The
-- refresh finds the groups of these keys, because the writer cannot see rows of other transactions
-- that point to a key and are not committed yet.

CREATE FUNCTION ngeshare.note_write()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touched text[];
BEGIN
    IF tg_nargs > 0 THEN
        -- If the trigger names columns in its third argument, EXCEPT removes the rows in which an
        -- UPDATE changed none of them.
        -- It compares the columns as text in byte order, because a user may have given a column a
        -- collation in which different texts are equal.
        EXECUTE format('SELECT array_agg(DISTINCT %I) FROM (%s) AS changed', tg_argv[1], CASE
            WHEN tg_op = 'INSERT' THEN 'TABLE added'
            WHEN tg_op = 'DELETE' THEN 'TABLE removed'
            WHEN tg_nargs = 2 THEN 'TABLE added UNION ALL TABLE removed'
            ELSE format('(SELECT %1$s FROM added EXCEPT SELECT %1$s FROM removed) UNION ALL'
                ' (SELECT %1$s FROM removed EXCEPT SELECT %1$s FROM added)',
                format('%I, ROW(%s)::text COLLATE "C"', tg_argv[1], tg_argv[2]))
        END)
        INTO touched;
        IF cardinality(touched) > 10000 AND cardinality(touched) > (
            SELECT greatest(reltuples, 0) / 4
            FROM pg_class
            WHERE oid = 'public."HangoutGroup"'::regclass) THEN
            touched := ARRAY[NULL]::text[];
        END IF;
        EXECUTE format('INSERT INTO ngeshare.stale_key (%I) SELECT unnest($1)', tg_argv[0])
        USING touched;
    ELSE
        INSERT INTO ngeshare.stale_key DEFAULT VALUES;
    END IF;
    IF tg_table_name <> 'course_config' THEN
        -- The sync's comparison of contents reads write_mark. A refresh deletes stale keys, but not
        -- these rows.
        INSERT INTO ngeshare.write_mark (name, written_by)
        VALUES (tg_table_name, pg_current_xact_id());
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.note_write() IS
'Statement trigger function. It records in ngeshare.stale_key which keys were written, and in '
'ngeshare.write_mark that the table was written. Arguments: the column of ngeshare.stale_key; the '
'column of the written table that has the key; for UPDATE, the columns whose change matters (by '
'default all). Without arguments (course_config), or with over 10,000 keys that are also more than '
'a quarter of all groups, it marks everything as stale.';

CREATE FUNCTION ngeshare.before_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'ngeshare_before_write'
LANGUAGE C;
COMMENT ON FUNCTION ngeshare.before_write() IS
'Statement trigger function. Before TRUNCATE it marks everything as stale and the table as '
'written. Before INSERT, if a superuser restores a dump, it turns the checks of foreign keys off '
'until the transaction ends, because pg_restore -j may load a table before the tables that it '
'references.';

DO $$
DECLARE
    noted     record;
    arguments text;
    pointing  regclass;
BEGIN
    FOR noted IN
        SELECT *
        FROM (VALUES
            ('public."User"', ARRAY['user_id', 'id', 'id, email, "deletedAt"']),
            ('public."Hangout"', ARRAY['hangout_id', 'id', 'id, name']),
            ('public."HangoutEpisode"', ARRAY['hangout_id', 'hangoutId',
                'id, name, "hangoutId", "order"']),
            ('public."HangoutGroup"', ARRAY['group_id', 'id']),
            ('public."UserHangoutGroup"', ARRAY['group_id', 'hangoutGroupId']),
            ('public."UserHangoutGroupAttendance"', ARRAY['group_id', 'hangoutGroupId']),
            ('ngeshare.meeting_past', ARRAY['group_id', 'group_id'])
        ) AS listed (relation, keys)
    LOOP
        arguments := (SELECT string_agg(quote_literal(key), ', ') FROM unnest(noted.keys) AS key);
        EXECUTE format($make$
            CREATE TRIGGER note_insert AFTER INSERT ON %1$s REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.note_write(%2$s);
            CREATE TRIGGER note_update AFTER UPDATE ON %1$s
                REFERENCING OLD TABLE AS removed NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.note_write(%2$s);
            CREATE TRIGGER note_delete AFTER DELETE ON %1$s REFERENCING OLD TABLE AS removed
                FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.note_write(%2$s);
            CREATE TRIGGER before_write BEFORE INSERT OR TRUNCATE ON %1$s
                FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.before_write();
            ALTER TABLE %1$s
                ENABLE ALWAYS TRIGGER note_insert,
                ENABLE ALWAYS TRIGGER note_update,
                ENABLE ALWAYS TRIGGER note_delete,
                ENABLE ALWAYS TRIGGER before_write
        $make$, noted.relation, arguments);
    END LOOP;
    FOREACH pointing IN ARRAY ARRAY['public.sync_log', 'public.sync_error_log']::regclass[]
    LOOP
        EXECUTE format('CREATE TRIGGER before_write BEFORE INSERT ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.before_write()', pointing);
    END LOOP;
    CREATE TRIGGER note_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.course_config
        FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.note_write();
    ALTER TABLE public.course_config ENABLE ALWAYS TRIGGER note_write;
END
$$;
