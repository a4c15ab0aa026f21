# shellcheck shell=bash
# Starts and fills the demo's two clusters: the generated production, and the local database with
# the extension.

# Sets PORT_NAME to the port that the caller gave, else to the port of the last start, else to the
# usual one.
choose_port()
{
    local variable=$1 name=$2 given=$3 usual=$4 chosen
    chosen=${given:-$(remembered "port.$name")}
    chosen=${chosen:-$usual}
    need_number "$variable" "$chosen" 1024 65535
    printf -v "PORT_${name^^}" '%s' "$chosen"
}

# Stops the script if another program listens on a port.
check_port()
{
    local variable=$1 name=$2 port=$3
    [[ $name != web || $(remembered port.web) != "$port" ]] || ! web_process nginx >/dev/null ||
        return 0
    [[ $name == web || -z $PG_BIN || $(running_port "$name") != "$port" ]] || return 0
    ! port_is_busy "$port" || die "port $port is busy; choose another for '$name' in $variable"
}

# Creates a database. A database of this name that an interrupted start left is dropped first.
make_database()
{
    local name=$1 database=$2
    run_sql_logged "making the database $database" "$name" postgres <<EOF_SQL
DROP DATABASE IF EXISTS $database WITH (FORCE);
CREATE DATABASE $database;
EOF_SQL
}

# Starts the production cluster. The first start fills it with generated data as of now.
provide_production()
{
    local groups=${NGESHARE_GROUPS:-3000} seed=${NGESHARE_SEED:-1}
    make_cluster production
    start_cluster production "$PORT_PRODUCTION"
    remember port.production "$PORT_PRODUCTION"
    [[ -z $(remembered production.ready) ]] || return 0
    say "generating a production of $groups groups (seed $seed) ..."
    make_database production ngeshare_production
    password_of reader >/dev/null
    (
        cd -- "$ROOT/demo" || exit
        NGESHARE_PASSWORD=$(password_of reader) run_sql_logged 'generating production' production \
            ngeshare_production <<EOF_SQL
\\getenv password NGESHARE_PASSWORD
\\i schema.sql
\\i login.sql
\\i generate.sql
SELECT demo.generate($groups, $seed, now());
EOF_SQL
    )
    remember production.ready "$groups groups, seed $seed"
}

# Starts the local cluster and creates its database with the extension. If the extension's SQL has
# changed since an earlier start created the database, the database is dropped and created again;
# with a real production the script stops instead.
provide_local()
{
    local script made_with
    script=$(cat -- "$STATE"/build/ngeshare--*.sql | sha256sum | cut -d ' ' -f 1)
    made_with=$(remembered local.ready)
    make_cluster local
    start_cluster local "$PORT_LOCAL"
    remember port.local "$PORT_LOCAL"
    [[ $made_with != "$script" ]] || return 0
    if [[ -n $made_with && $SOURCE == given ]]; then
        die "the local database was made by another version of the extension; '$AGAIN reset'" \
            "removes it, so that the next start can make it again"
    fi
    if [[ -n $made_with ]]; then
        say "the extension's SQL has changed: making the local database again ..."
        rm -f -- "$STATE/local.ready"
    fi
    make_local_database
    remember local.ready "$script"
}

# Creates the local database with the extension.
make_local_database()
{
    make_database local ngeshare
    NGESHARE_PASSWORD=$(password_of postgres) run_sql_logged 'making the extension' local ngeshare \
        <<'EOF_SQL'
\getenv password NGESHARE_PASSWORD
ALTER ROLE postgres PASSWORD :'password';
ALTER DATABASE ngeshare SET session_preload_libraries = 'ngeshare';
CREATE EXTENSION ngeshare CASCADE;
CREATE EXTENSION pg_cron;
EOF_SQL
}
