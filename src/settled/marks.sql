-- Who writes to the mirror or to the history marks what the write names, in the same
-- transaction: a group, a user, a hangout. A mark is a row of its own: nobody waits.
-- Which groups a user or a hangout stands for is looked up by who reads the mark: the
-- writer may not see a record that points there and is not committed yet.

CREATE FUNCTION ngeshare.mark_all()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ngeshare.unsettled (group_id) VALUES (NULL);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_all() IS
'Statement trigger: marks every group.';

CREATE FUNCTION ngeshare.mark_changed()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touched text[];
BEGIN
    -- Where only some columns count, what a statement leaves as it was cancels out.
    EXECUTE format('SELECT array_agg(DISTINCT %I) FROM (%s) AS changed', tg_argv[1], CASE
        WHEN tg_op = 'INSERT' THEN 'TABLE added'
        WHEN tg_op = 'DELETE' THEN 'TABLE removed'
        WHEN tg_nargs = 2 THEN 'TABLE added UNION ALL TABLE removed'
        ELSE format('(SELECT %1$s FROM added EXCEPT SELECT %1$s FROM removed) UNION ALL'
            ' (SELECT %1$s FROM removed EXCEPT SELECT %1$s FROM added)', tg_argv[2])
    END)
    INTO touched;
    IF touched IS NOT NULL THEN
        EXECUTE format('INSERT INTO ngeshare.unsettled (%I) SELECT unnest($1)', tg_argv[0])
        USING CASE WHEN cardinality(touched) > 10000 THEN ARRAY[NULL]::text[] ELSE touched END;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_changed() IS
'Statement trigger: marks what the written rows name, very much of it as all. Its arguments: the column of ngeshare.unsettled; the column of the written rows; and the columns that count where a statement is an UPDATE, else all do.';

CREATE TRIGGER mark_inserted
    AFTER INSERT ON ngeshare.meeting_past
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON ngeshare.meeting_past
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON ngeshare.meeting_past
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON ngeshare.meeting_past
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE ngeshare.meeting_past
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON ngeshare.meeting_recent
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON ngeshare.meeting_recent
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON ngeshare.meeting_recent
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'group_id');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON ngeshare.meeting_recent
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE ngeshare.meeting_recent
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."HangoutGroup"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."HangoutGroup"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."HangoutGroup"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'id');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."HangoutGroup"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."HangoutGroup"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."UserHangoutGroup"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."UserHangoutGroup"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."UserHangoutGroup"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."UserHangoutGroup"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."UserHangoutGroup"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."Hangout"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'id', 'id, name');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."Hangout"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'id', 'id, name');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."Hangout"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'id', 'id, name');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."Hangout"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."Hangout"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."HangoutEpisode"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."HangoutEpisode"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."HangoutEpisode"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangout_id', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."HangoutEpisode"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."HangoutEpisode"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."User"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('user_id', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."User"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('user_id', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."User"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('user_id', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."User"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."User"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_inserted
    AFTER INSERT ON public."UserHangoutGroupAttendance"
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."UserHangoutGroupAttendance"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id', 'hangoutGroupId');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."UserHangoutGroupAttendance"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."UserHangoutGroupAttendance"
    ENABLE ALWAYS TRIGGER mark_inserted,
    ENABLE ALWAYS TRIGGER mark_deleted,
    ENABLE ALWAYS TRIGGER mark_updated,
    ENABLE ALWAYS TRIGGER mark_truncated;

CREATE TRIGGER mark_all
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.course_config
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public.course_config
    ENABLE ALWAYS TRIGGER mark_all;
