-- The doctor's checks that ask production. Each check opens its own connection and runs at most one
-- query of its own. The queries read catalogs and settings; they write nothing and read no row of
-- the six tables.

CREATE FUNCTION ngeshare.ask_of_tables(question text, shape text)
RETURNS SETOF text[]
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.ask_production(format($ask$
        WITH wanted AS (
            SELECT no, name, stamp, space.oid AS space, relation.oid AS relation
            FROM unnest(%L::text[], %L::text[]) WITH ORDINALITY AS listed (name, stamp, no)
            LEFT JOIN pg_namespace AS space ON space.nspname = 'public'
            LEFT JOIN pg_class AS relation ON relation.relnamespace = space.oid
                AND relation.relname = name
        )
        %s
    $ask$, array_agg(table_name ORDER BY table_no), array_agg(stamp ORDER BY table_no),
        question), shape)
    FROM ngeshare.mirror_table
$$;
COMMENT ON FUNCTION ngeshare.ask_of_tables(text, text) IS
'Asks production a question about its six tables. The question may use the CTE "wanted", which has '
'each table''s no, name and stamp, and the oids of its schema (space) and table (relation) on '
'production, NULL if they do not exist. shape: see ngeshare.ask_production().';

CREATE FUNCTION ngeshare.check_production_answers()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Our start-up options set cursor_tuple_fraction to 1. If they arrive, 1 is its reset value.
    RETURN QUERY
    SELECT
        'warning',
        'A pooler in front of production drops the start-up options. A sync sets what it needs in '
        'each transaction; queries on production.* run with the login''s own settings, and only '
        'its rights keep them from writing.',
        'Connect to production itself, or let the pooler pass "options" on; then SELECT '
        'ngeshare_connect(...) again.'
    FROM ngeshare.ask_production($ask$
        SELECT 1 FROM pg_settings WHERE name = 'cursor_tuple_fraction' AND reset_val <> '1'
    $ask$, 'int');
END
$$;
COMMENT ON FUNCTION ngeshare.check_production_answers() IS
'Checks that production can be reached, accepts the login, and gets the session''s start-up '
'options. An error is reported as the finding.';

CREATE FUNCTION ngeshare.check_production_identity()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        CASE
            WHEN NOT is_same
            THEN format('The mirror came from system %s; this is %s.', known.source_id, asked[1])
            ELSE format('Production has begun %s transactions; at an earlier sync it had begun %s: '
                        'it was restored from a backup, or has lost its last transactions.',
                asked[2], known.transactions)
        END,
        CASE
            WHEN NOT is_same
                THEN 'Connect to the right one. If production itself moved to a new system: '
            ELSE 'If its present data is right: '
        END || 'DELETE FROM ngeshare.source; CALL ngeshare_sync(''full'');'
    FROM ngeshare.ask_production(
        format('SELECT %s, CASE WHEN NOT pg_is_in_recovery() THEN '
               'pg_snapshot_xmax(pg_current_snapshot())::text::bigint END',
            ngeshare.identity_sql()), 'text int?') AS asked
    CROSS JOIN ngeshare.source AS known
    CROSS JOIN LATERAL ngeshare.is_same_source(known.source_id, asked[1]) AS is_same
    WHERE NOT is_same
       OR asked[2]::bigint < known.transactions
$$;
COMMENT ON FUNCTION ngeshare.check_production_identity() IS
'Checks that production is the system that the mirror''s rows came from, and that it has not begun '
'fewer transactions than at an earlier sync, as after a restore from a backup.';

CREATE FUNCTION ngeshare.check_production_version()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN asked[1]::integer < 140000 THEN 'error' ELSE 'ok' END,
        format('Production runs PostgreSQL %s.', asked[2]),
        CASE WHEN asked[1]::integer < 140000 THEN 'ngeshare reads from PostgreSQL 14 and newer.' END
    FROM ngeshare.ask_production($ask$
        SELECT current_setting('server_version_num')::integer, current_setting('server_version')
    $ask$, 'count text') AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_production_version() IS
'Checks that production''s PostgreSQL is new enough.';

CREATE FUNCTION ngeshare.check_production_tables()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        CASE asked[2]
            WHEN 'usage' THEN 'The login has no USAGE privilege on production''s schema public.'
            WHEN 'exists' THEN format('Production has no table public.%I.', asked[1])
            WHEN 'select' THEN format('The login may not read public.%I on production.', asked[1])
            ELSE format('Row security hides rows of public.%I on production from the login.',
                asked[1])
        END,
        CASE asked[2]
            WHEN 'usage' THEN format('On production: GRANT USAGE ON SCHEMA public TO %I;',
                asked[3])
            WHEN 'exists'
                THEN 'Check the dbname of ngeshare_connect(), or what became of the table there.'
            WHEN 'select' THEN format('On production: GRANT SELECT ON public.%I TO %I;',
                asked[1], asked[3])
            ELSE format('On production: ALTER ROLE %I BYPASSRLS; a sync has to see all rows of a '
                        'table.', asked[3])
        END
    FROM ngeshare.ask_of_tables($ask$
        , judged AS (
            SELECT no, name, CASE
                WHEN NOT coalesce(has_schema_privilege(space, 'USAGE'), false) THEN 'usage'
                WHEN relation IS NULL THEN 'exists'
                WHEN NOT has_any_column_privilege(relation, 'SELECT') THEN 'select'
                WHEN row_security_active(relation) THEN 'row security'
            END AS lack
            FROM wanted
        )
        SELECT name, lack, current_user
        FROM judged
        WHERE lack IS NOT NULL
        ORDER BY no
    $ask$, 'text text text') AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_production_tables() IS
'Checks that the six tables exist on production, and that the login may read all of their rows.';

CREATE FUNCTION ngeshare.columns_of(schema_name text)
RETURNS TABLE (table_name text, column_name text, type_name text, base_name text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT
        mirrored.table_name,
        attribute.attname::text,
        format_type(atttypid, atttypmod),
        format_type(atttypid, NULL)
    FROM ngeshare.mirror_table AS mirrored
    JOIN pg_attribute AS attribute
      ON attribute.attrelid = to_regclass(format('%I.%I', schema_name, mirrored.table_name))
     AND attribute.attname::text = ANY (ngeshare.own_columns(mirrored.archive))
$$;
COMMENT ON FUNCTION ngeshare.columns_of(text) IS
'The mirrored columns that the six tables have in a schema of this database: public (the mirror) '
'or production (the foreign tables). Columns that users have added to the mirror are left out.';

CREATE FUNCTION ngeshare.production_columns()
RETURNS TABLE (table_name text, column_name text, type_name text, base_name text, fits_text boolean,
    is_readable boolean)
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT asked[1], asked[2], asked[3], asked[4], asked[5]::boolean, asked[6]::boolean
    FROM ngeshare.ask_of_tables(format($ask$
        SELECT table_name, column_name, type_there, format_type(base_oid, NULL), fits_text,
            has_select
        FROM (%s) AS there
        WHERE table_name IN (SELECT name FROM wanted)
    $ask$, ngeshare.columns_sql()), 'text text text text bool bool') AS asked
$$;
COMMENT ON FUNCTION ngeshare.production_columns() IS
'The columns that the six tables have on production. base_name is the type without domains, and '
'fits_text says whether a text column of the mirror can hold it. A sync judges types by the same '
'query.';

CREATE FUNCTION ngeshare.compare_columns()
RETURNS TABLE (kind text, table_name text, column_name text, here text, there text)
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH there AS MATERIALIZED (
        SELECT * FROM ngeshare.production_columns()
    ), mirror AS (
        SELECT * FROM ngeshare.columns_of('public')
    ), compared AS (
        SELECT
            CASE
                WHEN there.column_name IS NULL THEN 'gone'
                WHEN mirror.column_name IS NULL THEN 'added'
                WHEN NOT there.is_readable THEN 'unreadable'
                WHEN there.base_name <> mirror.base_name
                    AND NOT (mirror.type_name = 'text' AND there.fits_text)
                THEN 'retyped'
            END AS kind,
            table_name,
            column_name,
            mirror.type_name AS here,
            there.type_name AS there
        FROM mirror
        FULL JOIN there USING (table_name, column_name)
        WHERE table_name IN (SELECT known.table_name FROM there AS known)
        UNION ALL
        SELECT 'foreign', table_name, column_name, mirror.type_name, door.type_name
        FROM mirror
        LEFT JOIN ngeshare.columns_of('production') AS door USING (table_name, column_name)
        WHERE door.type_name IS DISTINCT FROM mirror.type_name
          AND to_regclass(format('production.%I', table_name)) IS NOT NULL
    )
    SELECT *
    FROM compared
    WHERE kind IS NOT NULL
$$;
COMMENT ON FUNCTION ngeshare.compare_columns() IS
'Where the columns of the six tables differ. kind: gone (from production), added (on production), '
'retyped (to a type that the mirror''s column cannot hold), unreadable (for the login), or foreign '
'(the foreign table''s column differs from the mirror''s).';

CREATE FUNCTION ngeshare.check_production_columns()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN kind = 'added' THEN 'warning' ELSE 'error' END,
        format(CASE kind
            WHEN 'gone' THEN 'Production has no column %1$I.%2$I any more.'
            WHEN 'added'
                THEN 'Production has a new column %1$I.%2$I of type %4$s; it is not mirrored.'
            WHEN 'retyped'
                THEN 'Production''s column %1$I.%2$I is of type %4$s; the mirror''s is %3$s.'
            WHEN 'unreadable' THEN 'The login may not read %1$I.%2$I on production.'
            ELSE 'The foreign table''s column %1$I.%2$I is %5$s; the mirror''s is %3$s.'
        END, table_name, column_name, here, there, coalesce('of type ' || there, 'not there')),
        format(CASE kind
            WHEN 'gone'
                THEN 'A sync refuses the table (42703): bring the column back on production, or '
                     'install a version of ngeshare that does not mirror it.'
            WHEN 'added'
                THEN 'Nothing has to be done. If answers need the column, a later version of '
                     'ngeshare has to mirror it.'
            WHEN 'retyped'
                THEN 'A sync refuses the table (42804): change the type back on production, or '
                     'install a version of ngeshare with the new type.'
            WHEN 'unreadable' THEN 'On production: GRANT SELECT ON public.%1$I TO <the login>;'
            ELSE 'DROP FOREIGN TABLE production.%1$I; then SELECT ngeshare_connect(...) again.'
        END, table_name)
    FROM ngeshare.compare_columns()
    ORDER BY kind = 'added', table_name, column_name
$$;
COMMENT ON FUNCTION ngeshare.check_production_columns() IS
'Checks that production, the foreign tables and the mirror have the same columns.';

CREATE FUNCTION ngeshare.judge_clock(seconds_ahead numeric)
RETURNS SETOF ngeshare.finding
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN abs(seconds_ahead) > 5 THEN 'warning' ELSE 'ok' END,
        format('Production''s clock is %s s %s this one.', round(abs(seconds_ahead), 1),
            CASE WHEN seconds_ahead < 0 THEN 'behind' ELSE 'ahead of' END),
        CASE WHEN abs(seconds_ahead) > 5 THEN 'Let both servers keep their time by NTP.' END
$$;
COMMENT ON FUNCTION ngeshare.judge_clock(numeric) IS
'The finding for two clocks that are the given number of seconds apart: a warning above 5 seconds, '
'else ok.';

CREATE FUNCTION ngeshare.check_clock_offset()
RETURNS SETOF ngeshare.finding
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    there numeric;
BEGIN
    SELECT asked[1]::numeric / 1000000
    INTO there
    FROM ngeshare.ask_production('SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint',
        'int') AS asked;
    RETURN QUERY SELECT * FROM ngeshare.judge_clock(there - extract(epoch FROM clock_timestamp()));
END
$$;
COMMENT ON FUNCTION ngeshare.check_clock_offset() IS
'Checks that the clocks of production and of this server agree. The time that production''s answer '
'takes is not subtracted.';

CREATE FUNCTION ngeshare.check_index_for_pulls()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        format('Production has no index on public.%I to find changed rows by: each batch reads '
               'the whole table%s.', asked[1],
            CASE WHEN asked[3] IS NOT NULL THEN format(' (the index %s is invalid)', asked[3]) END),
        concat_ws(' ', 'On production:', 'DROP INDEX CONCURRENTLY ' || asked[3] || ';',
            format('CREATE INDEX CONCURRENTLY ON public.%I (%s);', asked[1], asked[2]))
    FROM ngeshare.ask_of_tables($ask$
        , pulled AS (
            SELECT
                no,
                name,
                relation,
                quote_ident(stamp) || CASE WHEN stamp = 'updatedAt' THEN ', id'
                    ELSE '' END AS columns,
                (SELECT attnum FROM pg_attribute WHERE attrelid = relation
                    AND attname = stamp) AS stamp_no,
                CASE WHEN stamp = 'updatedAt' THEN
                    (SELECT attnum FROM pg_attribute WHERE attrelid = relation AND attname = 'id')
                END AS id_no
            FROM wanted
            WHERE relation IS NOT NULL
        ), fitting AS (
            SELECT indrelid, indexrelid, indisvalid AND indisready AS is_usable
            FROM pulled
            JOIN pg_index AS index ON indrelid = relation
            JOIN pg_class AS class ON class.oid = indexrelid
            JOIN pg_am AS method ON method.oid = class.relam
            WHERE amname = 'btree'
              AND indpred IS NULL
              AND indkey[0] = stamp_no
              AND (id_no IS NULL OR indnkeyatts > 1 AND indkey[1] = id_no
                  AND indoption[0] = indoption[1])
        )
        SELECT name, columns, (
            SELECT min(indexrelid::regclass::text) FROM fitting WHERE indrelid = relation)
        FROM pulled
        WHERE NOT EXISTS (SELECT 1 FROM fitting WHERE indrelid = relation AND is_usable)
        ORDER BY no
    $ask$, 'text text text?') AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_index_for_pulls() IS
'Checks that production can find changed rows by an index that begins with ("updatedAt", id), for '
'attendance with "attendedAt". Partial and invalid indexes do not count.';

CREATE FUNCTION ngeshare.check_pg_read_all_stats()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'warning',
        'The login does not have the privileges of pg_read_all_stats on production: watermarks '
        'can''t wait for long transactions there, so rows that they commit late are found only by '
        'comparing contents.',
        format('On production: ALTER ROLE %I INHERIT; GRANT pg_read_all_stats TO %1$I%s;', asked[1],
            CASE WHEN asked[2]::integer >= 160000 THEN ' WITH INHERIT TRUE' END)
    FROM ngeshare.ask_production($ask$
        SELECT current_user, current_setting('server_version_num')
        WHERE NOT pg_has_role('pg_read_all_stats', 'USAGE')
    $ask$, 'text text') AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_pg_read_all_stats() IS
'Checks that the login may see when production''s open transactions began. For that it has to be a '
'member of pg_read_all_stats that inherits its privileges.';

CREATE FUNCTION ngeshare.check_login_can_write()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('The login %I %s%s.', asked[1], CASE asked[2]
            WHEN 'superuser' THEN 'is or may become a superuser on production'
            WHEN 'database' THEN 'may create schemas in production''s database'
            WHEN 'schema' THEN 'may create objects in production''s schema public'
            ELSE format('could %s public.%I on production', asked[4], asked[3])
        END, CASE WHEN asked[6]::boolean THEN ', as a role that it may become' END),
        format(CASE asked[2]
            WHEN 'superuser'
                THEN 'Give ngeshare a login of its own that has SELECT on the six tables and '
                     'nothing else, and SELECT ngeshare_connect(...) with it.'
            WHEN 'database' THEN 'On production: REVOKE CREATE ON DATABASE %3$I FROM PUBLIC, %1$I;'
            WHEN 'schema' THEN 'On production: REVOKE CREATE ON SCHEMA public FROM PUBLIC, %1$I;'
            ELSE 'On production: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.%2$I FROM '
                 'PUBLIC, %1$I; or give ngeshare a login that has SELECT only, and owns and '
                 'inherits nothing.'
        END, asked[1], asked[3], asked[5])
    FROM ngeshare.ask_of_tables($ask$
        , able AS (
            SELECT oid, rolsuper
            FROM pg_roles
            WHERE pg_has_role(oid, 'MEMBER')
        ), power AS (
            SELECT 1 AS no, 'superuser' AS kind, NULL AS name, NULL AS verbs, false AS as_other
            FROM able
            HAVING bool_or(rolsuper)
            UNION ALL
            SELECT 2, 'database', NULL, NULL,
                NOT has_database_privilege(current_database(), 'CREATE')
            FROM able
            HAVING bool_or(has_database_privilege(oid, current_database(), 'CREATE'))
            UNION ALL
            SELECT 3, 'schema', NULL, NULL, NOT has_schema_privilege('public', 'CREATE')
            FROM able
            HAVING bool_or(has_schema_privilege(oid, 'public', 'CREATE'))
            UNION ALL
            SELECT 3 + no, 'table', name, nullif(concat_ws(', ',
                CASE WHEN bool_or(has_any_column_privilege(oid, relation, 'INSERT'))
                    THEN 'INSERT into' END,
                CASE WHEN bool_or(has_any_column_privilege(oid, relation, 'UPDATE'))
                    THEN 'UPDATE' END,
                CASE WHEN bool_or(has_table_privilege(oid, relation, 'DELETE'))
                    THEN 'DELETE from' END,
                CASE WHEN bool_or(has_table_privilege(oid, relation, 'TRUNCATE'))
                    THEN 'TRUNCATE' END), ''),
                NOT (has_any_column_privilege(relation, 'INSERT, UPDATE')
                    OR has_table_privilege(relation, 'DELETE, TRUNCATE'))
            FROM wanted
            CROSS JOIN able
            WHERE relation IS NOT NULL
            GROUP BY no, name, relation
        )
        SELECT current_user, kind, name, verbs, current_database(), as_other
        FROM power
        WHERE (kind <> 'table' OR verbs IS NOT NULL)
          AND (kind = 'superuser' OR
              NOT EXISTS (SELECT 1 FROM power AS all_power WHERE kind = 'superuser'))
        ORDER BY no
    $ask$, 'text text text? text? text bool') AS asked
$$;
COMMENT ON FUNCTION ngeshare.check_login_can_write() IS
'Checks that the login cannot write to production, neither itself nor as a role that it may '
'become. Only the lack of these privileges keeps production safe.';

CREATE FUNCTION ngeshare.check_same_encoding()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        'error',
        format('Production''s database is encoded in %s, this one in %s: texts beyond ASCII may '
               'differ in every comparison.',
            asked[1], current_setting('server_encoding')),
        format('Make a new local database: CREATE DATABASE ... ENCODING %L TEMPLATE template0;',
            asked[1])
    FROM ngeshare.ask_production('SELECT current_setting(''server_encoding'')', 'text') AS asked
    WHERE asked[1] <> current_setting('server_encoding')
$$;
COMMENT ON FUNCTION ngeshare.check_same_encoding() IS
'Checks that both databases have the same encoding. A sync compares contents by hashes of their '
'bytes.';

CREATE FUNCTION ngeshare.production_transport
(
    OUT hosts        text,
    OUT is_local     boolean,
    OUT sslmode      text,
    OUT is_encrypted boolean
)
RETURNS record
AS 'MODULE_PATHNAME', 'ngeshare_production_transport'
LANGUAGE C
VOLATILE;
COMMENT ON FUNCTION ngeshare.production_transport() IS
'Connects to production and returns how: the hosts, whether all of them are on this machine, the '
'sslmode, and whether this connection is encrypted. Errors: 55000 before ngeshare_connect(), and '
'the errors of production or the network.';

CREATE FUNCTION ngeshare.verifying_statement()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('ALTER SERVER production OPTIONS (%s sslmode ''verify-full''%s);',
        CASE WHEN 'sslmode' = ANY (names) THEN 'SET' ELSE 'ADD' END,
        CASE WHEN 'sslrootcert' = ANY (names) THEN ''
            ELSE ', ADD sslrootcert ''/path/to/the/authority.crt''' END)
    FROM pg_foreign_server AS server
    CROSS JOIN LATERAL (SELECT ARRAY
        (SELECT option_name FROM pg_options_to_table(server.srvoptions))) AS given (names)
    WHERE server.srvname = 'production'
$$;
COMMENT ON FUNCTION ngeshare.verifying_statement() IS
'The ALTER SERVER statement that makes each connection to production verify the server''s '
'certificate and host name.';

CREATE FUNCTION ngeshare.check_transport()
RETURNS SETOF ngeshare.finding
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE WHEN sslmode = 'verify-full' THEN 'ok' ELSE 'warning' END,
        format('The connection to %s %s.', hosts, CASE
            WHEN sslmode = 'verify-full'
                THEN 'is encrypted, and the server''s certificate and name are verified '
                     '(verify-full)'
            WHEN sslmode = 'verify-ca'
                THEN 'is encrypted, and the server''s certificate is verified, but not its name '
                     '(verify-ca): any server with a certificate of the same authority can pretend '
                     'to be production'
            WHEN sslmode = 'require'
                THEN 'is encrypted, but the server''s name is not verified (require), nor is its '
                     'certificate without sslrootcert: a server in between can pretend to be '
                     'production'
            WHEN is_encrypted
                THEN format('is encrypted now, but nothing demands encryption, and the server''s '
                            'certificate is not verified (%s): a server in between can pretend to '
                            'be production', sslmode)
            ELSE format('is not encrypted (%s): the network in between can read and change what is '
                        'synced', sslmode)
        END),
        CASE WHEN sslmode <> 'verify-full' THEN concat_ws(' ',
            CASE WHEN NOT is_encrypted THEN 'Let production offer TLS (ssl = on). Then:' END,
            ngeshare.verifying_statement())
        END
    FROM ngeshare.production_transport()
    WHERE NOT is_local
$$;
COMMENT ON FUNCTION ngeshare.check_transport() IS
'Checks that nobody between this server and production can read or change the data. It considers '
'all hosts that a connection may go to.';
