# shellcheck shell=bash
# Measures the peers of bench/sync: four other ways to copy the same rows into the same tables with
# the same keys.

# Writes files with the schema for the peers' copies: production's tables, and the mirror's keys and
# indexes.
read_schema()
{
    local table arguments=()
    for table in "${TABLES[@]}"; do arguments+=(--table "public.\"$table\""); done
    dump_production --schema-only --section=pre-data --no-owner --no-privileges "${arguments[@]}" \
        >"$STATE/tables.sql"
    make_database local shape
    run_sql_logged 'making the extension' local shape <<<'CREATE EXTENSION ngeshare CASCADE'
    sql_on local shape >"$STATE/keys.sql" <"$ROOT/bench/lib/keys.sql"
    drop_database shape
}

# Runs pg_dump on production with the peers' login.
dump_production()
{
    PGPASSWORD=$(password_of reader) "$PG_BIN/pg_dump" -h 127.0.0.1 -p "$PORT_PRODUCTION" \
        -U "$PEER" -d production "$@"
}

# Creates a database with the six tables, without keys and indexes.
new_bare()
{
    local database=$1
    make_database local "$database"
    sql_on local "$database" -f "$STATE/tables.sql" >>"$LOG" 2>&1
}

# Creates a database with the six tables and their keys and indexes.
new_plain()
{
    local database=$1
    new_bare "$database"
    sql_on local "$database" -f "$STATE/keys.sql" >>"$LOG" 2>&1
}

# Copies with pg_dump | psql: COPY in text format into tables with keys and indexes.
load_by_dump()
{
    local table arguments=()
    for table in "${TABLES[@]}"; do arguments+=(--table "public.\"$table\""); done
    dump_production --data-only "${arguments[@]}" | sql_on local "$1"
}

# Copies with the initial synchronization of logical replication, and waits until all tables are
# ready. Replication does not check foreign keys.
load_by_replication()
{
    NGESHARE_CONNINFO=$(conninfo_of "$PEER" "$PORT_PRODUCTION") sql_on local "$1" <<'EOF_SQL'
\getenv conninfo NGESHARE_CONNINFO
CREATE SUBSCRIPTION bench CONNECTION :'conninfo' PUBLICATION six;
SET statement_timeout = '1h';
DO $$
BEGIN
    WHILE EXISTS (SELECT FROM pg_subscription_rel WHERE srsubstate <> 'r') LOOP
        PERFORM pg_sleep(0.02);
    END LOOP;
END
$$;
EOF_SQL
}

# Creates foreign tables for production's tables, with postgres_fdw's default options.
import_production()
{
    NGESHARE_PASSWORD=$(password_of reader) run_sql_logged 'importing production' local "$1" \
        <<EOF_SQL
\\getenv password NGESHARE_PASSWORD
CREATE EXTENSION postgres_fdw;
CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host '127.0.0.1', port '$PORT_PRODUCTION', dbname 'production');
CREATE USER MAPPING FOR CURRENT_USER SERVER production OPTIONS (user '$PEER', password :'password');
CREATE SCHEMA production;
IMPORT FOREIGN SCHEMA public LIMIT TO ($(quoted_tables | sed 's/public\.//g'))
    FROM SERVER production INTO production;
EOF_SQL
}

# Copies with INSERT from the foreign tables, referenced tables first.
load_by_fdw()
{
    local table
    for table in "${TABLES[@]}"; do
        printf 'INSERT INTO public."%s" TABLE production."%s";\n' "$table" "$table"
    done | sql_on local "$1"
}

# Copies with binary COPY into tables without keys, and builds keys and indexes afterwards. This is
# the fastest way, a lower bound.
load_by_copy()
{
    local table
    for table in "${TABLES[@]}"; do
        PGPASSWORD=$(password_of reader) "$PG_BIN/psql" -X -q -h 127.0.0.1 -p "$PORT_PRODUCTION" \
            -U "$PEER" -d production \
            -c "COPY public.\"$table\" TO STDOUT (FORMAT binary)" |
            sql_on local "$1" -c "COPY public.\"$table\" FROM STDIN (FORMAT binary)" || return
    done
    sql_on local "$1" -f "$STATE/keys.sql"
}

# Measures the three fast ways once, each in a database of its own.
measure_peers()
{
    new_plain dump
    measure_peer dump load_by_dump
    new_plain replication
    measure_peer replication load_by_replication
    new_bare copy
    measure_peer copy load_by_copy
}

# Measures the slow way, postgres_fdw, once.
measure_slow_peer()
{
    new_plain fdw
    import_production fdw
    measure_peer fdw load_by_fdw
}

# Measures one way in its database, checks the row counts, and drops the database.
measure_peer()
{
    local database=$1 load=$2
    settle
    timed "$database" "$load" "$database"
    check_counts "$database"
    [[ $database != replication ]] ||
        run_sql_logged 'ending the replication' local replication <<<'DROP SUBSCRIPTION bench'
    drop_database "$database"
}
