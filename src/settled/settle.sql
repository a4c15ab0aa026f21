-- Writing down what reads would have to compute.

CREATE FUNCTION ngeshare.take_marks()
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_all   boolean := ngeshare.settled_part() = 'NONE';
    groups   text[];
    users    text[];
    hangouts text[];
BEGIN
    -- Marks that come from now on stay: what follows may or may not see their rows.
    WITH taken AS (
        DELETE FROM ngeshare.unsettled
        RETURNING group_id, user_id, hangout_id
    )
    SELECT
        array_agg(DISTINCT group_id) FILTER (WHERE group_id IS NOT NULL),
        array_agg(DISTINCT user_id) FILTER (WHERE user_id IS NOT NULL),
        array_agg(DISTINCT hangout_id) FILTER (WHERE hangout_id IS NOT NULL),
        is_all OR coalesce(bool_or(num_nonnulls(group_id, user_id, hangout_id) = 0), false)
    INTO groups, users, hangouts, is_all
    FROM taken;
    -- Whoever points to one of them and isn't seen yet leaves a mark of its own.
    RETURN ARRAY(
        SELECT unnest(groups)
        UNION
        SELECT "hangoutGroupId"
        FROM public."UserHangoutGroup"
        WHERE "userId" = ANY (users)
          AND "hangoutGroupId" IS NOT NULL
        UNION
        SELECT id
        FROM public."HangoutGroup"
        WHERE "hangoutId" = ANY (hangouts)
           OR is_all
        UNION
        SELECT group_id
        FROM ngeshare.settled_group
        WHERE is_all
        UNION
        -- Seats are of all groups, those outside of the curriculum as well.
        SELECT group_id
        FROM ngeshare.settled_seat
        WHERE is_all);
END
$$;
COMMENT ON FUNCTION ngeshare.take_marks() IS
'Takes all marks away and returns the groups that they stand for.';

CREATE FUNCTION ngeshare.write_settled_groups(ids text[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM ngeshare.settled_group WHERE group_id IN (SELECT unnest(ids));
    DELETE FROM ngeshare.settled_past WHERE group_id IN (SELECT unnest(ids));
    WITH anew AS MATERIALIZED (
        SELECT built, past
        FROM ngeshare.build_groups(ids)
    ), with_past AS (
        INSERT INTO ngeshare.settled_past
        SELECT (past).*
        FROM anew
    )
    INSERT INTO ngeshare.settled_group
    SELECT (built).*
    FROM anew
    -- An index that is written in its order is filled, and read with fewer pages.
    ORDER BY (built).settled_from;
    DELETE FROM ngeshare.settled_seat WHERE group_id IN (SELECT unnest(ids));
    INSERT INTO ngeshare.settled_seat
    SELECT *
    FROM ngeshare.build_seats(ids);
$$;
COMMENT ON FUNCTION ngeshare.write_settled_groups(text[]) IS
'Settles some groups and their seats anew; those that are gone lose their rows.';

CREATE FUNCTION ngeshare.write_settled_links(ids text[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM ngeshare.settled_link
    WHERE ids IS NULL
       OR group_a_id IN (SELECT unnest(ids))
       OR group_b_id IN (SELECT unnest(ids));
    INSERT INTO ngeshare.settled_link
    SELECT *
    FROM ngeshare.find_links(ids)
    WHERE ids IS NULL
       OR group_a_id IN (SELECT unnest(ids))
       OR group_b_id IN (SELECT unnest(ids));
$$;
COMMENT ON FUNCTION ngeshare.write_settled_links(text[]) IS
'Settles anew the links that lead from or to some groups, or all of them for NULL.';

CREATE FUNCTION ngeshare.settle(anew boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was   record;
    ids   text[];
BEGIN
    -- An older snapshot than the lock's sees marks, and not what another has settled since.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE invalid_transaction_state
            USING MESSAGE = format('groups cannot be settled in a %s transaction', upper(current_setting('transaction_isolation'))),
                  HINT = 'Call it in a READ COMMITTED transaction.';
    END IF;
    -- Who settles at the same time waits; nobody else is kept from anything.
    LOCK TABLE ngeshare.settled_state IN SHARE ROW EXCLUSIVE MODE;
    IF anew THEN
        DELETE FROM ngeshare.settled_state;
    END IF;
    SELECT part = 'NONE' AS is_all, has_links, link_settings INTO was FROM ngeshare.settling;
    ids := ngeshare.take_marks();
    -- From here on the settled rows count: those of these groups are about to be written.
    INSERT INTO ngeshare.settled_state AS state (zone, link_settings)
    VALUES (ngeshare.reporting_zone(), was.link_settings)
    ON CONFLICT (singleton) DO UPDATE
    SET zone = excluded.zone,
        link_settings = excluded.link_settings
    WHERE (state.zone, state.link_settings) IS DISTINCT FROM (excluded.zone, excluded.link_settings);
    IF anew OR was.is_all OR NOT was.has_links OR cardinality(ids) > 0 THEN
        -- What is kept goes by rows that are written anew here.
        DELETE FROM ngeshare.kept_answer;
    END IF;
    IF cardinality(ids) > 0 THEN
        PERFORM ngeshare.write_settled_groups(ids);
    END IF;
    IF was.is_all OR NOT was.has_links THEN
        PERFORM ngeshare.write_settled_links(NULL);
        ANALYZE ngeshare.settled_group, ngeshare.settled_past, ngeshare.settled_seat, ngeshare.settled_link;
    ELSIF cardinality(ids) > 0 THEN
        PERFORM ngeshare.write_settled_links(ids);
    END IF;
    RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION ngeshare.settle(boolean) IS
'Settles every group that was written to since it was settled, or all of them anew, and returns how many those were. Each sync does so at its end; who has loaded much by hand may, too. It changes no answer, only how fast one is. 25000 in a transaction that is not READ COMMITTED.';
