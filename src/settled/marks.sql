-- Who writes to the mirror or to the history marks the groups whose facts may have
-- changed, in the same transaction. A mark is a row of its own: nobody waits.

CREATE FUNCTION ngeshare.mark_groups(ids text[])
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO ngeshare.unsettled (group_id)
    SELECT unnest(CASE WHEN cardinality(ids) > 10000 THEN ARRAY[NULL]::text[] ELSE ids END)
$$;
COMMENT ON FUNCTION ngeshare.mark_groups(text[]) IS
'Marks groups as unsettled; very many of them as all.';

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
    EXECUTE format('SELECT array_agg(DISTINCT %I) FROM (%s) AS changed', tg_argv[0], CASE tg_op
        WHEN 'INSERT' THEN 'TABLE added'
        WHEN 'DELETE' THEN 'TABLE removed'
        ELSE 'TABLE added UNION ALL TABLE removed'
    END)
    INTO touched;
    IF touched IS NOT NULL THEN
        PERFORM ngeshare.mark_groups(touched);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_changed() IS
'Statement trigger: marks the groups that the written rows name in the column given as its argument.';

CREATE FUNCTION ngeshare.mark_through()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touched text[];
BEGIN
    -- What a statement leaves as it was cancels out.
    EXECUTE format($groups$
        SELECT array_agg(DISTINCT pointing.%1$I)
        FROM public.%2$I AS pointing
        WHERE pointing.%3$I IN (SELECT %4$I FROM (%5$s) AS changed)
    $groups$, tg_argv[0], tg_argv[1], tg_argv[2], tg_argv[3], CASE tg_op
        WHEN 'INSERT' THEN 'TABLE added'
        WHEN 'DELETE' THEN 'TABLE removed'
        ELSE format('(SELECT %1$s FROM added EXCEPT SELECT %1$s FROM removed) UNION ALL'
            ' (SELECT %1$s FROM removed EXCEPT SELECT %1$s FROM added)', tg_argv[4])
    END)
    INTO touched;
    IF touched IS NOT NULL THEN
        PERFORM ngeshare.mark_groups(touched);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.mark_through() IS
'Statement trigger: marks the groups that point to the written rows. Its arguments: the column that names a group, of a table, whose column points to a column of the written rows; and the columns that count where a statement is an UPDATE.';

CREATE TRIGGER mark_inserted
    AFTER INSERT ON ngeshare.meeting_past
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON ngeshare.meeting_past
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON ngeshare.meeting_past
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id');
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
    EXECUTE FUNCTION ngeshare.mark_changed('group_id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON ngeshare.meeting_recent
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON ngeshare.meeting_recent
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('group_id');
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
    EXECUTE FUNCTION ngeshare.mark_changed('id');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."HangoutGroup"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('id');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."HangoutGroup"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('id');
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
    EXECUTE FUNCTION ngeshare.mark_changed('hangoutGroupId');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."UserHangoutGroup"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangoutGroupId');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."UserHangoutGroup"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_changed('hangoutGroupId');
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
    EXECUTE FUNCTION ngeshare.mark_through('id', 'HangoutGroup', 'hangoutId', 'id', 'id, name');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."Hangout"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_through('id', 'HangoutGroup', 'hangoutId', 'id', 'id, name');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."Hangout"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_through('id', 'HangoutGroup', 'hangoutId', 'id', 'id, name');
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
    EXECUTE FUNCTION ngeshare.mark_through('id', 'HangoutGroup', 'hangoutId', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."HangoutEpisode"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_through('id', 'HangoutGroup', 'hangoutId', 'hangoutId', 'id, "hangoutId", "order"');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."HangoutEpisode"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_through('id', 'HangoutGroup', 'hangoutId', 'hangoutId', 'id, "hangoutId", "order"');
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
    EXECUTE FUNCTION ngeshare.mark_through('hangoutGroupId', 'UserHangoutGroup', 'userId', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_deleted
    AFTER DELETE ON public."User"
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_through('hangoutGroupId', 'UserHangoutGroup', 'userId', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_updated
    AFTER UPDATE ON public."User"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_through('hangoutGroupId', 'UserHangoutGroup', 'userId', 'id', 'id, email, "deletedAt"');
CREATE TRIGGER mark_truncated
    AFTER TRUNCATE ON public."User"
    FOR EACH STATEMENT
    EXECUTE FUNCTION ngeshare.mark_all();
ALTER TABLE public."User"
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
