# shellcheck shell=bash
# Starts the benchmarks' two servers, and generates the data of production.
# shellcheck disable=SC2034 # end_work looks for servers in WORK, start_cluster closes LOCK

# The as_of of the generated data, and the servers' shared_buffers.
AS_OF='2026-01-15 12:00+07' SHARED_BUFFERS=512MB
readonly TABLES=(User Hangout HangoutEpisode HangoutGroup UserHangoutGroup
    UserHangoutGroupAttendance)
readonly READER=ngeshare_reader PEER=bench_peer
COUNTS=
# The servers start with no additional environment variables, unlike those of the demo.
SERVER_ENVIRONMENT=()

# Stops the script if the extension is not installed for the chosen PostgreSQL.
need_installed()
{
    find_postgres
    [[ -n $PG_BIN ]] || die "there is no complete PostgreSQL here; scripts/demo installs one, or" \
        "name its pg_config in PG_CONFIG"
    [[ -f $("$PG_CONFIG" --sharedir)/extension/ngeshare.control ]] ||
        die "the extension is not installed for $PG_CONFIG; 'make && make install' does it, as" \
            "scripts/demo does"
    need_server_owner
}

# Prints the settings that a cluster is started with: those that an administrator would usually
# raise, and for production the log settings that bench/lib/transactions.pl needs.
settings_of()
{
    local name=$1 port=$2
    cat <<EOF_CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$STATE/run'
cluster_name = 'ngeshare bench: $name'
shared_buffers = $SHARED_BUFFERS
maintenance_work_mem = 256MB
max_wal_size = 4GB
EOF_CONF
    [[ $name != production ]] || cat <<EOF_CONF
wal_level = logical
log_line_prefix = '%n %p %u [%v] '
log_disconnections = on
EOF_CONF
}

# Creates a temporary directory for the benchmark, which is removed at the end.
make_bench_directory()
{
    STATE=$(mktemp -d "${TMPDIR:-/var/tmp}/ngeshare-bench.XXXXXX")
    WORK=$STATE
    chmod 711 "$STATE"
    mkdir -m 700 "$STATE/secret"
    LOG=$STATE/bench.log
    : >"$LOG"
    make_run_directory
    exec {LOCK}</dev/null
}

# Runs SQL from standard input on a database, without first checking that the server runs.
sql_on()
{
    local name=$1 database=$2 port=PORT_${1^^}
    shift 2
    "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$STATE/run" -p "${!port}" -U postgres \
        -d "$database" "$@"
}

# Drops a local database.
drop_database()
{
    run_sql_logged "dropping the database $1" local postgres <<<"DROP DATABASE $1"
}

# Starts both servers.
start_servers()
{
    make_cluster production
    start_cluster production "$PORT_PRODUCTION"
    make_cluster local
    start_cluster local "$PORT_LOCAL"
}

# Creates production and fills it with generated data.
fill_production()
{
    local groups=$1 seed=$2
    say "generating a production of $groups groups (seed $seed) ..."
    make_database production production
    password_of reader >/dev/null
    (
        cd -- "$ROOT/demo" || exit
        NGESHARE_PASSWORD=$(password_of reader) run_sql_logged 'generating production' production \
            production <<EOF_SQL
\\getenv password NGESHARE_PASSWORD
\\i schema.sql
\\i login.sql
\\i generate.sql
SELECT demo.generate($groups, $seed, '$AS_OF');
DROP SCHEMA demo CASCADE;
VACUUM ANALYZE;
EOF_SQL
    )
    COUNTS=$(sql_on production production <<<"$(count_query)")
}

# Prepares production: creates a login and a publication for the peers, and makes the server log all
# statements of the extension's login.
prepare_production()
{
    NGESHARE_PASSWORD=$(password_of reader) run_sql_logged 'preparing production' production \
        production <<EOF_SQL
\\getenv password NGESHARE_PASSWORD
CREATE ROLE $PEER LOGIN REPLICATION PASSWORD :'password';
GRANT CONNECT ON DATABASE production TO $PEER;
GRANT USAGE ON SCHEMA public TO $PEER;
GRANT SELECT ON $(quoted_tables) TO $PEER;
CREATE PUBLICATION six FOR TABLE $(quoted_tables);
ALTER ROLE $READER SET log_statement = 'all';
ALTER ROLE $READER SET log_min_duration_statement = 0;
EOF_SQL
}

# Prints the six tables as a list for SQL.
quoted_tables()
{
    local quoted
    quoted=$(printf 'public."%s", ' "${TABLES[@]}")
    printf '%s\n' "${quoted%, }"
}

# Prints a query that counts the rows of the six tables, in one row.
count_query()
{
    local table list=
    for table in "${TABLES[@]}"; do list+="(SELECT count(*) FROM public.\"$table\"), "; done
    printf 'SELECT %s\n' "${list%, }"
}

# Checks that each table of a local database has as many rows as on production.
check_counts()
{
    local database=$1 counts
    counts=$(sql_on local "$database" <<<"$(count_query)")
    [[ $counts == "$COUNTS" ]] || die "'$database' has other row counts than production: $counts," \
        "not $COUNTS"
}

# Prints the connection string of a login on production, through a given port.
conninfo_of()
{
    printf 'host=127.0.0.1 port=%s dbname=production user=%s password=%s' "$2" "$1" \
        "$(password_of reader)"
}
