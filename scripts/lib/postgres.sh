# shellcheck shell=bash
# Which PostgreSQL the scripts build for and run.
# shellcheck disable=SC2034 # PG_BIN and PG_MAJOR are for the other parts

readonly OLDEST_MAJOR=15
PG_BIN=""
PG_MAJOR=""

# The major version of the PostgreSQL that a pg_config belongs to; nothing where it does not run.
major_of()
{
    local version
    version=$("$1" --version 2>/dev/null) || return 0
    [[ $version =~ ^PostgreSQL\ ([0-9]+) ]] || return 0
    printf '%s\n' "${BASH_REMATCH[1]}"
}

# Says whether a pg_config's PostgreSQL has its server, headers, PGXS and postgres_fdw.
is_complete()
{
    local config=$1 bin
    bin=$("$config" --bindir)
    [[ -x $bin/initdb && -x $bin/postgres && -x $bin/psql ]] &&
        [[ -f $("$config" --pgxs) ]] &&
        [[ -f $("$config" --includedir-server)/postgres.h ]] &&
        [[ -f $("$config" --sharedir)/extension/postgres_fdw.control ]]
}

# Every pg_config of this machine, the one in PATH first, then the newest.
all_pg_configs()
{
    command -v pg_config || true
    printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV
}

# The newest major version whose server is here, whether or not it can be built for.
newest_server()
{
    local server
    for server in $(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -rV); do
        server=${server#/usr/lib/postgresql/}
        server=${server%%/*}
        if [[ $server =~ ^[0-9]+$ ]] && ((server >= OLDEST_MAJOR)); then
            printf '%s\n' "$server"
            return
        fi
    done
}

# Refuses a PG_CONFIG of the caller's that can't be used.
check_given_pg_config()
{
    local major
    command -v -- "$PG_CONFIG" >/dev/null || die "PG_CONFIG='$PG_CONFIG' is no program"
    major=$(major_of "$PG_CONFIG")
    [[ -n $major ]] || die "PG_CONFIG='$PG_CONFIG' is no pg_config of PostgreSQL"
    ((major >= OLDEST_MAJOR)) ||
        die "PG_CONFIG='$PG_CONFIG' is of PostgreSQL $major; ngeshare needs $OLDEST_MAJOR or newer"
    PG_MAJOR=$major
}

# Takes a pg_config as the one to use.
use_pg_config()
{
    PG_CONFIG=$(command -v -- "$1")
    PG_BIN=$("$PG_CONFIG" --bindir)
    PG_MAJOR=$(major_of "$PG_CONFIG")
}

# Chooses the PostgreSQL to use; without a complete one, PG_BIN stays empty and
# PG_MAJOR is the version to complete, or empty too.
find_postgres()
{
    local config major
    if [[ -n ${PG_CONFIG:-} ]]; then
        check_given_pg_config
        ! is_complete "$PG_CONFIG" || use_pg_config "$PG_CONFIG"
        return
    fi
    while read -r config; do
        major=$(major_of "$config")
        if [[ -n $major ]] && ((major >= OLDEST_MAJOR)) && is_complete "$config"; then
            use_pg_config "$config"
            return
        fi
    done < <(all_pg_configs)
    PG_MAJOR=$(newest_server)
}

# Says whether somebody listens on a port of this machine.
port_is_busy()
{
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# A port that nobody listens on, below the range of outgoing connections.
free_port()
{
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        port_is_busy "$port" || break
    done
    printf '%s\n' "$port"
}

# Keeps the caller's connection settings and make flags away from what the scripts run.
clear_environment()
{
    local name
    for name in $(compgen -e PG); do
        [[ $name == PG_CONFIG ]] || unset "$name"
    done
    unset MAKEFLAGS MFLAGS MAKELEVEL CDPATH GREP_OPTIONS
    export LC_ALL=C.UTF-8
}
