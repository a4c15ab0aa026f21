# shellcheck shell=bash
# Creates, starts and stops PostgreSQL clusters for the demo and the benchmarks. A cluster has its
# data in $STATE/NAME, and its socket and log in $STATE/run.

# Creates a cluster with initdb. An interrupted run leaves no incomplete data directory under its
# final name.
make_cluster()
{
    local name=$1 data=$STATE/$1
    [[ ! -d $data ]] || return 0
    say "making the cluster '$name' ..."
    rm -rf -- "$data.new"
    make_owned_directory "$data.new"
    logged 'initdb' as_owner "$PG_BIN/initdb" -D "$data.new" -U postgres -E UTF8 \
        --locale="$(utf8_locale)" --auth=reject --no-instructions
    write_settings "$data.new" <<<"include_if_exists = 'demo.conf'"
    write_rules "$data.new"
    mv -- "$data.new" "$data"
}

# Prints a locale that sorts by bytes: C.UTF-8 if the system has it, which knows the letters of
# UTF-8, else C.
utf8_locale()
{
    if locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$'; then echo C.UTF-8; else echo C; fi
}

# Adds lines to a cluster's postgresql.conf.
write_settings()
{
    as_owner tee -a "$1/postgresql.conf" >/dev/null
}

# Writes pg_hba.conf: through the socket, only root and the servers' user can log in, as postgres
# and without a password. Over TCP, every login needs a password.
write_rules()
{
    as_owner tee "$1/pg_hba.conf" >/dev/null <<<'local all all peer map=demo
host all all 127.0.0.1/32 scram-sha-256'
    as_owner tee "$1/pg_ident.conf" >/dev/null <<<"demo \"$SERVER_OWNER\" postgres
demo root postgres"
}

# Prints the port of a running cluster, or nothing if it does not run.
running_port()
{
    cluster_runs "$1" || return 0
    sed -n 4p "$STATE/$1/postmaster.pid"
}

# Returns whether a cluster runs.
cluster_runs()
{
    [[ -f $STATE/$1/postmaster.pid ]] && as_owner "$PG_BIN/pg_ctl" status -D "$STATE/$1" \
        >/dev/null 2>&1
}

# Stops the script if another major version of PostgreSQL made a cluster.
check_version()
{
    local name=$1 made_by
    [[ -f $STATE/$name/PG_VERSION ]] || return 0
    made_by=$(<"$STATE/$name/PG_VERSION")
    [[ $made_by == "$PG_MAJOR" ]] ||
        die "the cluster '$name' was made by PostgreSQL $made_by, but this is $PG_MAJOR; name the" \
            "other's pg_config in PG_CONFIG, or '$AGAIN reset'"
}

# Prints the settings that a cluster is started with. The local one loads pg_cron, which runs the
# scheduled syncs.
settings_of()
{
    local name=$1 port=$2
    cat <<EOF_CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$STATE/run'
cluster_name = 'ngeshare demo: $name'
EOF_CONF
    [[ $name != local ]] || cat <<EOF_CONF
shared_preload_libraries = 'pg_cron'
cron.database_name = 'ngeshare'
cron.host = '$STATE/run'
EOF_CONF
}

# Environment variables of the demo's servers, the same as in docker/. They make glibc keep memory
# that a query has freed for the next query (docs/operating.md, Memory).
SERVER_ENVIRONMENT=(MALLOC_MMAP_THRESHOLD_=8388608 MALLOC_TRIM_THRESHOLD_=16777216)

# Starts a cluster on a port, unless it already runs on that port with the same settings.
start_cluster()
{
    local name=$1 port=$2 now settings
    settings=$(settings_of "$name" "$port")
    now=$(running_port "$name")
    if [[ $now == "$port" && $(as_owner cat "$STATE/$name/demo.conf") == "$settings" ]]; then
        return
    fi
    [[ -z $now ]] || stop_cluster "$name"
    say "starting the cluster '$name' on port $port ..."
    as_owner tee "$STATE/$name/demo.conf" >/dev/null <<<"$settings"
    (as_owner env "${SERVER_ENVIRONMENT[@]}" "$PG_BIN/pg_ctl" start -s -w -t 120 -D "$STATE/$name" \
        -l "$STATE/run/$name.log") \
        >>"$LOG" 2>&1 </dev/null {LOCK}>&- || {
        LOG=$STATE/run/$name.log
        die_with_log "starting the cluster '$name' failed"
    }
}

# Stops a cluster if it runs.
stop_cluster()
{
    local name=$1
    cluster_runs "$name" || return 0
    say "stopping the cluster '$name' ..."
    logged "stopping the cluster '$name'" as_owner "$PG_BIN/pg_ctl" stop -s -m fast -w -t 120 \
        -D "$STATE/$name"
}

# Runs psql on a cluster's database as its superuser.
psql_on()
{
    local name=$1 database=$2
    shift 2
    "$PG_BIN/psql" -h "$STATE/run" -p "$(running_port "$name")" -U postgres -d "$database" "$@"
}

# Runs SQL from standard input up to the first error. The output goes to the caller.
run_sql()
{
    local name=$1 database=$2
    shift 2
    psql_on "$name" "$database" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# Runs SQL with its output in the log. Ends the script if the SQL fails.
run_sql_logged()
{
    local what=$1
    shift
    (run_sql "$@") >>"$LOG" 2>&1 || die_with_log "$what failed"
}

# Prints the first error in psql's output as one line: its message, detail and hint.
error_in()
{
    sed -n -e 's/^\(psql:[^ ]* \)\{0,1\}\(ERROR\|FATAL\):  *//p' -e 's/^\(DETAIL\|HINT\):  */; /p' \
        -e 's/^psql: error: //p' "$1" |
        head -n 3 | tr '\n' ' ' | sed 's/\.\{0,1\} ; /; /g; s/ *$//'
}
