-- The refresh: updates the snapshot from the mirror and the meeting history in one transaction.

CREATE FUNCTION ngeshare.take_stale_keys(OUT groups text[], OUT users text[], OUT hangouts text[],
    OUT is_all boolean)
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM ngeshare.stale_key
        RETURNING group_id, user_id, hangout_id
    )
    SELECT
        coalesce(array_agg(DISTINCT group_id) FILTER (WHERE group_id IS NOT NULL), '{}'),
        coalesce(array_agg(DISTINCT user_id) FILTER (WHERE user_id IS NOT NULL), '{}'),
        coalesce(array_agg(DISTINCT hangout_id) FILTER (WHERE hangout_id IS NOT NULL), '{}'),
        coalesce(bool_or(num_nonnulls(group_id, user_id, hangout_id) = 0), false)
    FROM taken
$$;
COMMENT ON FUNCTION ngeshare.take_stale_keys() IS
'Deletes the rows of ngeshare.stale_key that this transaction sees, and returns their keys, in one '
'statement, so that later statements see the writes that the keys are about.';

CREATE FUNCTION ngeshare.resolve_stale_keys(groups text[], users text[], hangouts text[])
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ARRAY(
        SELECT unnest(groups)
        UNION
        SELECT "hangoutGroupId" FROM public."UserHangoutGroup" WHERE "userId" = ANY (users)
        UNION
        SELECT id FROM public."HangoutGroup" WHERE "hangoutId" = ANY (hangouts))
$$;
COMMENT ON FUNCTION ngeshare.resolve_stale_keys(text[], text[], text[]) IS
'The ids of the groups that the given stale keys (groups, users and hangouts) affect. A membership '
'or group that is not committed yet has its own stale key.';

CREATE FUNCTION ngeshare.replace_rows
(
    target   regclass,
    source   text,
    keys     text,
    is_stale text,
    present  text DEFAULT NULL,
    sorting  text DEFAULT ''
)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The join leaves out unchanged rows, because ON CONFLICT would lock each of them.
    SELECT format($write$
        , removed_%1$s AS (
            DELETE FROM %2$s AS old
            WHERE (%4$s)
              AND NOT EXISTS (SELECT 1 FROM %10$s AS new WHERE %5$s)
            RETURNING 1
        ), written_%1$s AS (
            INSERT INTO %2$s
            SELECT new.*
            FROM %3$s AS new
            LEFT JOIN %2$s AS old ON %5$s
            WHERE old.%6$s IS NULL
               OR new *<> old
            %11$s
            ON CONFLICT (%7$s) DO UPDATE
            SET (%8$s) = ROW(%9$s)
            RETURNING 1
        )
    $write$,
        split_part(target::text, '.', 2), target, source, is_stale,
        (SELECT string_agg(format('old.%1$s = new.%1$s', btrim(key)), ' AND ')
            FROM regexp_split_to_table(keys, ',') AS key),
        split_part(keys, ',', 1), keys,
        string_agg(quote_ident(attname), ', ' ORDER BY attnum),
        string_agg('excluded.' || quote_ident(attname), ', ' ORDER BY attnum),
        coalesce(present, source), sorting)
    FROM pg_attribute
    WHERE attrelid = target
      AND attnum > 0
      AND NOT attisdropped
$$;
COMMENT ON FUNCTION ngeshare.replace_rows(regclass, text, text, text, text, text) IS
'Returns two CTEs as text, to be added to a WITH clause. They make the stale rows of the table '
'target equal to source, a relation with the same columns, and write only rows that differ. Their '
'names are removed_ and written_, followed by the table''s name. keys: the key columns. is_stale: '
'an SQL condition; only rows of target (as "old") that meet it are deleted if source lacks them. '
'present: a cheaper relation with the keys of source. sorting: an ORDER BY clause for the INSERT.';

CREATE FUNCTION ngeshare.write_snapshot(ids text[], hangouts text[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_nestloop = on
SET enable_mergejoin = on
AS $$
DECLARE
    of_groups   text := CASE WHEN ids IS NULL THEN 'true' ELSE 'old.group_id = ANY ($1)' END;
    of_hangouts text := CASE WHEN ids IS NULL THEN 'true' ELSE 'old.hangout_id = ANY ($2)' END;
    work_mem    text := current_setting('work_mem');
    written     bigint;
BEGIN
    IF ids IS NULL THEN
        -- All groups are built, so every table is read whole. Nested loops and merge joins are
        -- turned off in favour of hash joins, with the larger of work_mem and maintenance_work_mem.
        PERFORM
            set_config('enable_nestloop', 'off', true),
            set_config('enable_mergejoin', 'off', true),
            set_config('work_mem', setting || unit, true)
        FROM pg_settings
        WHERE name IN ('work_mem', 'maintenance_work_mem')
        ORDER BY setting::integer DESC
        LIMIT 1;
    END IF;
    -- One statement, so that all tables are built from the same state of the mirror and history.
    EXECUTE format($write$
        WITH built AS MATERIALIZED (
            SELECT grp, timeline, meetings
            FROM ngeshare.build_groups($1)
        ), new_id AS MATERIALIZED (
            -- Only the columns that are read more than once, because this CTE is materialized.
            SELECT (grp).group_id, (grp).graduated_at, (grp).course_name,
                meetings IS NOT NULL AS has_met
            FROM built
        ), new_group AS (
            SELECT (grp).* FROM built
        ), new_timeline AS (
            SELECT (timeline).* FROM built
        ), new_meeting AS (
            SELECT (meetings).* FROM built WHERE meetings IS NOT NULL
        ), course AS (
            SELECT
                course_name,
                max_episodes,
                sequence_order,
                (row_number() OVER (ORDER BY sequence_order) - 1)::integer AS course_number
            FROM %s
        ), new_membership AS MATERIALIZED (
            SELECT
                greatest(record.joined_at, record.created_at),
                record.joined_at,
                CASE WHEN record.joined_at <= grp.graduated_at THEN grp.graduated_at END,
                record.deleted_at,
                course.course_number,
                record.is_first,
                record.role,
                record.group_id,
                record.user_id,
                record.user_name,
                record.record_id,
                record.attended_at
            FROM ngeshare.build_memberships($1) AS record
            LEFT JOIN new_id AS grp ON grp.group_id = record.group_id
            LEFT JOIN course ON course.course_name = grp.course_name
        ), new_course AS (
            SELECT course_name, max_episodes, sequence_order FROM course
        ), new_episode AS (
            SELECT id AS episode_id, "hangoutId" AS hangout_id, name AS title, "order" AS episode
            FROM public."HangoutEpisode" AS old
            WHERE %s
        )
        %s %s %s %s %s %s
        SELECT %s
    $write$,
        ngeshare.curriculum_of(ids),
        CASE WHEN ids IS NULL THEN 'true' ELSE 'old."hangoutId" = ANY ($2)' END,
        ngeshare.replace_rows('ngeshare.group_snapshot', 'new_group', 'group_id', of_groups,
            'new_id',
            'ORDER BY new.valid_from'),
        ngeshare.replace_rows('ngeshare.group_timeline', 'new_timeline', 'group_id', of_groups,
            'new_id'),
        ngeshare.replace_rows('ngeshare.group_meeting', 'new_meeting', 'group_id', of_groups,
            '(SELECT group_id FROM new_id WHERE has_met)'),
        -- Sorted in the order in which answers about people read the rows.
        ngeshare.replace_rows('ngeshare.membership', 'new_membership', 'record_id', of_groups, NULL,
            'ORDER BY new.user_id COLLATE "C", new.course_number'),
        ngeshare.replace_rows('ngeshare.course_snapshot', 'new_course', 'course_name', 'true'),
        ngeshare.replace_rows('ngeshare.episode_snapshot', 'new_episode', 'episode_id',
            of_hangouts),
        (
            SELECT string_agg(format('(SELECT count(*) FROM removed_%1$s) + (SELECT count(*) FROM '
                                     'written_%1$s)', name), ' + ')
            FROM unnest(ARRAY['group_snapshot', 'group_timeline', 'group_meeting', 'membership',
                'course_snapshot', 'episode_snapshot']) AS name
        ))
    INTO written
    USING ids, hangouts;
    PERFORM set_config('work_mem', work_mem, true);
    RETURN written;
END
$$;
COMMENT ON FUNCTION ngeshare.write_snapshot(text[], text[]) IS
'Brings the snapshot''s rows of the given groups, and of the episodes of the given hangouts, up to '
'date; all rows if the first argument is NULL. Returns the number of rows written and deleted.';

CREATE FUNCTION ngeshare.written_places(ids text[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(md5(concat_ws(E'\n', group_id, coalesce(written_city, ''),
        coalesce(written_province, ''))), '' ORDER BY group_id)
    FROM ngeshare.group_snapshot
    WHERE group_id = ANY (ids)
$$;
COMMENT ON FUNCTION ngeshare.written_places(text[]) IS
'A fingerprint of the cities and provinces that the given groups have in the snapshot; NULL for no '
'groups. If a refresh does not change it, ngeshare.write_places() need not run.';

CREATE FUNCTION ngeshare.write_places()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    written bigint;
BEGIN
    EXECUTE format($write$
        WITH spelled AS MATERIALIZED (
            SELECT
                place_key,
                written_city AS city,
                written_province AS province,
                lower(written_province) AS province_key,
                count(*) AS groups
            FROM ngeshare.group_snapshot
            GROUP BY 1, 2, 3
        ), city AS (
            SELECT DISTINCT ON (place_key) place_key, city, province_key
            FROM spelled
            GROUP BY place_key, city, province_key
            ORDER BY place_key, sum(groups) DESC, city COLLATE "C"
        ), province AS (
            SELECT DISTINCT ON (province_key) province_key, province
            FROM spelled
            WHERE province IS NOT NULL
            GROUP BY province_key, province
            ORDER BY province_key, sum(groups) DESC, province COLLATE "C"
        ), new_place AS (
            SELECT city.place_key, city.city, province.province
            FROM city
            LEFT JOIN province ON province.province_key = city.province_key
        )
        %s
        SELECT (SELECT count(*) FROM removed_place_snapshot) +
            (SELECT count(*) FROM written_place_snapshot)
    $write$,
        ngeshare.replace_rows('ngeshare.place_snapshot', 'new_place', 'place_key', 'true'))
    INTO written;
    RETURN written;
END
$$;
COMMENT ON FUNCTION ngeshare.write_places() IS
'Computes ngeshare.place_snapshot, the most frequent spelling of each place, again for all places: '
'one changed group can change the spelling for all groups of its place. Returns the number of rows '
'written and deleted.';

CREATE FUNCTION ngeshare.write_links(ids text[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    is_stale text := CASE WHEN ids IS NULL THEN 'true'
        ELSE 'old.group_a_id = ANY ($1) OR old.group_b_id = ANY ($1)' END;
    written  bigint;
BEGIN
    EXECUTE format($write$
        WITH new_link AS MATERIALIZED (
            SELECT *
            FROM ngeshare.find_links($1) AS old
            WHERE %s
        )
        %s
        SELECT (SELECT count(*) FROM removed_group_link) + (SELECT count(*) FROM written_group_link)
    $write$,
        is_stale,
        ngeshare.replace_rows('ngeshare.group_link', 'new_link',
            'group_a_id, group_b_id, valid_from', is_stale))
    INTO written
    USING ids;
    RETURN written;
END
$$;
COMMENT ON FUNCTION ngeshare.write_links(text[]) IS
'Brings the rows of ngeshare.group_link from and to the given groups up to date with the groups in '
'the snapshot, or all rows if ids is NULL. Returns the number of rows written and deleted.';

CREATE FUNCTION ngeshare.link_settings()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' ',
        ngeshare.setting('link_early_days'),
        ngeshare.setting('link_days'),
        ngeshare.setting('link_min_shared'),
        ngeshare.setting('link_min_overlap_pct'))
$$;
COMMENT ON FUNCTION ngeshare.link_settings() IS
'The values that this session has for link_early_days, link_days, link_min_shared and '
'link_min_overlap_pct, in one text.';

CREATE FUNCTION ngeshare.link_rule(name text)
RETURNS integer
LANGUAGE sql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (
            SELECT split_part(link_settings, ' ', array_position(
                ARRAY['link_early_days', 'link_days', 'link_min_shared', 'link_min_overlap_pct'],
                    name))::integer
            FROM ngeshare.snapshot_state
            WHERE link_settings <> ''
        ),
        ngeshare.setting(name))
$$;
COMMENT ON FUNCTION ngeshare.link_rule(text) IS
'The value of one of the settings ngeshare.link_... with which the last refresh computed the '
'links, so that all answers about links agree with them. Before the first refresh it is the '
'session''s value.';

CREATE FUNCTION ngeshare.lock_snapshot()
RETURNS ngeshare.snapshot_state
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state ngeshare.snapshot_state;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        -- The transaction's MVCC snapshot may be older than the lock, so this refresh would not see
        -- what the previous refresh wrote.
        RAISE invalid_transaction_state
            USING MESSAGE = format('the snapshot cannot be refreshed in a %s transaction',
                      upper(current_setting('transaction_isolation'))),
                  HINT = 'Call the function in a READ COMMITTED transaction.';
    END IF;
    -- Inserts the state row if there is none. run_id and known_until are then those of the last
    -- successful run. Before the first refresh, only a database updated from 1.1 has such a run.
    INSERT INTO ngeshare.snapshot_state (zone, run_id, known_until)
    SELECT '', run.run_id, run.clock
    FROM (VALUES (true)) AS once
    LEFT JOIN (
        SELECT run_id, clock
        FROM public.sync_run
        WHERE status IN ('success', 'warning')
          AND mode <> 'verify'
          AND window_start IS NOT NULL
        ORDER BY run_id DESC
        LIMIT 1
    ) AS run ON true
    ON CONFLICT (singleton) DO NOTHING;
    SELECT * INTO state FROM ngeshare.snapshot_state FOR UPDATE;
    RETURN state;
END
$$;
COMMENT ON FUNCTION ngeshare.lock_snapshot() IS
'Locks and returns the row of ngeshare.snapshot_state, so that refreshes run one after the other. '
'It inserts the row if there is none. Error: 25000 in an isolation level above READ COMMITTED.';

CREATE FUNCTION ngeshare.refresh_snapshot
(
    is_full     boolean,
    run         bigint DEFAULT NULL,
    known_until timestamptz DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    began   timestamptz := clock_timestamp();
    links   text := ngeshare.link_settings();
    state   ngeshare.snapshot_state;
    stale   record;
    ids     text[];
    places  text;
    written bigint := 0;
BEGIN
    state := ngeshare.lock_snapshot();
    PERFORM ngeshare.check_zone(zone) FROM ngeshare.history_state;
    SELECT * INTO stale FROM ngeshare.take_stale_keys();
    is_full := is_full OR stale.is_all OR state.zone <> ngeshare.reporting_zone();
    IF NOT is_full THEN
        ids := ngeshare.resolve_stale_keys(stale.groups, stale.users, stale.hangouts);
    END IF;
    IF is_full OR cardinality(ids) + cardinality(stale.hangouts) > 0 THEN
        places := ngeshare.written_places(ids);
        written := ngeshare.write_snapshot(ids, stale.hangouts);
        IF is_full AND written > 0 OR places IS DISTINCT FROM ngeshare.written_places(ids) THEN
            written := written + ngeshare.write_places();
        END IF;
    END IF;
    IF is_full OR links <> state.link_settings THEN
        written := written + ngeshare.write_links(NULL);
    ELSIF cardinality(ids) > 0 THEN
        written := written + ngeshare.write_links(ids);
    END IF;
    PERFORM ngeshare.analyze_snapshot(written);
    UPDATE ngeshare.snapshot_state AS made
    SET generation = state.generation
            + (written > 0
                OR (state.zone, state.link_settings) <> (ngeshare.reporting_zone(),
                    links))::integer,
        zone = ngeshare.reporting_zone(),
        window_start = (SELECT window_start FROM ngeshare.history_state),
        link_settings = links,
        made_at = now(),
        run_id = coalesce(run, state.run_id),
        known_until = coalesce(known_until, state.known_until);
    PERFORM ngeshare.fill_answer_cache();
    UPDATE ngeshare.snapshot_state
    SET refresh_ms = 1000 * extract(epoch FROM clock_timestamp() - began);
    RETURN CASE WHEN is_full THEN (SELECT count(*) FROM ngeshare.group_snapshot)
        ELSE cardinality(ids) END;
END
$$;
COMMENT ON FUNCTION ngeshare.refresh_snapshot(boolean, bigint, timestamptz) IS
'Brings the snapshot up to date with the mirror and the meeting history: all of it if is_full, if '
'everything is stale or if the time zone has changed, else what ngeshare.stale_key names. Returns '
'the number of curriculum groups if all were built, else the number of stale groups, gone ones '
'included. A sync passes its run and, if it was successful, its clock. Errors: 25000 in an '
'isolation level above READ COMMITTED, 55000 if the history is kept in another time zone than '
'ngeshare.timezone.';

CREATE FUNCTION ngeshare.analyze_snapshot(written bigint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF written > (SELECT 0.1 * sum(greatest(reltuples, 0))
                  FROM pg_class
                  WHERE oid IN ('ngeshare.group_snapshot'::regclass,
                      'ngeshare.membership'::regclass)) THEN
        -- SKIP_LOCKED: a manual VACUUM may lock a table for a long time.
        ANALYZE (SKIP_LOCKED) ngeshare.group_snapshot, ngeshare.group_timeline,
            ngeshare.group_meeting,
            ngeshare.membership, ngeshare.group_link, ngeshare.place_snapshot,
                ngeshare.course_snapshot,
            ngeshare.episode_snapshot;
    END IF;
END
$$;
COMMENT ON FUNCTION ngeshare.analyze_snapshot(bigint) IS
'Runs ANALYZE on the snapshot''s tables if more rows were written than a tenth of the rows in '
'ngeshare.group_snapshot and ngeshare.membership.';

CREATE FUNCTION ngeshare.rule_names()
RETURNS text[]
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN ARRAY['ngeshare.active_days', 'ngeshare.rescue_min_pct', 'ngeshare.link_early_days',
    'ngeshare.link_days', 'ngeshare.link_min_shared', 'ngeshare.link_min_overlap_pct'];
COMMENT ON FUNCTION ngeshare.rule_names() IS
'The names of the settings that hold the thresholds of answers.';

CREATE FUNCTION ngeshare.use_database_rules()
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT set_config(
        rule.name,
        coalesce(
            CASE WHEN rule.source NOT IN ('user', 'database user', 'client', 'session',
                'interactive') THEN rule.setting END,
            (
                SELECT split_part(option, '=', 2)
                FROM pg_db_role_setting
                JOIN pg_database AS here ON here.datname = current_database()
                CROSS JOIN unnest(setconfig) AS option
                WHERE setrole = 0
                  AND setdatabase IN (here.oid, 0)
                  AND split_part(option, '=', 1) = rule.name
                ORDER BY setdatabase DESC
                LIMIT 1
            ),
            (
                SELECT file.setting
                FROM pg_file_settings AS file
                WHERE file.name = rule.name
                  AND file.error IS NULL
                ORDER BY file.seqno DESC
                LIMIT 1
            ),
            rule.boot_val),
        true)
    FROM pg_settings AS rule
    WHERE rule.name = ANY (ngeshare.rule_names())
$$;
COMMENT ON FUNCTION ngeshare.use_database_rules() IS
'Sets the settings of ngeshare.rule_names() to the values of the database''s configuration until '
'the transaction ends, in place of those that the session, its role or its client has set.';

CREATE FUNCTION ngeshare.refresh_after_sync(run bigint, is_full boolean, has_failed boolean)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ngeshare.use_database_rules();
    -- Attendance before the window's start was inserted by hand. The sync compares only rows of the
    -- window with production, and no answer counts older ones.
    DELETE FROM public."UserHangoutGroupAttendance"
    WHERE "attendedAt" < (SELECT window_start FROM ngeshare.history_state);
    RETURN ngeshare.refresh_snapshot(is_full, run, (
        SELECT clock
        FROM public.sync_run
        WHERE run_id = run
          AND window_start IS NOT NULL
          AND NOT has_failed));
END
$$;
COMMENT ON FUNCTION ngeshare.refresh_after_sync(bigint, boolean, boolean) IS
'The refresh at the end of a sync, in the transaction that closes the run. It first deletes raw '
'attendance before the window''s start, which somebody may have inserted. It advances '
'snapshot_state.known_until to the run''s clock if the run synced attendance and no table failed.';

CREATE FUNCTION public.ngeshare_refresh()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Waits for another refresh to end, before refuse_during_sync() takes the lock that keeps syncs
    -- from starting.
    PERFORM ngeshare.lock_snapshot();
    -- true: refreshes share this lock. A refresh that has just committed may still hold it.
    PERFORM ngeshare.refuse_during_sync(true);
    RETURN ngeshare.refresh_snapshot(false);
END
$$;
COMMENT ON FUNCTION public.ngeshare_refresh() IS
'Brings the answers up to date with the mirror after it was changed by hand; each sync does so on '
'its own. Returns the number of groups that were stale, or of all curriculum groups if everything '
'was. Links are computed with this session''s settings ngeshare.link_... (link_days, '
'link_early_days, link_min_shared, link_min_overlap_pct). Errors: NG001 while a sync or '
'ngeshare_forget_person() runs, 25000 in an isolation level above READ COMMITTED, 55000 if the '
'history is kept in another time zone than ngeshare.timezone.';
