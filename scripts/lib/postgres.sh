# shellcheck shell=bash
# Chooses the PostgreSQL that the scripts build for and run.
# shellcheck disable=SC2034 # PG_BIN and PG_MAJOR are for the other parts

readonly OLDEST_MAJOR=15
PG_BIN=""
PG_MAJOR=""

# Prints the major version of a pg_config's PostgreSQL, or nothing if the program does not run.
major_of()
{
    local version
    version=$("$1" --version 2>/dev/null) || return 0
    [[ $version =~ ^PostgreSQL\ ([0-9]+) ]] || return 0
    printf '%s\n' "${BASH_REMATCH[1]}"
}

# Returns whether a pg_config's PostgreSQL has a server, headers, PGXS and postgres_fdw.
is_complete()
{
    local config=$1 bin
    bin=$("$config" --bindir)
    [[ -x $bin/initdb && -x $bin/postgres && -x $bin/psql ]] &&
        [[ -f $("$config" --pgxs) ]] &&
        [[ -f $("$config" --includedir-server)/postgres.h ]] &&
        [[ -f $("$config" --sharedir)/extension/postgres_fdw.control ]]
}

# Prints the pg_config in PATH, then those of Debian's packages, newest first.
all_pg_configs()
{
    command -v pg_config || true
    printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV
}

# Prints the newest major version of which Debian's server is installed, even if headers or PGXS are
# missing.
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

# Stops the script if the caller's PG_CONFIG cannot be used.
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

# Sets PG_CONFIG, PG_BIN and PG_MAJOR to those of a pg_config.
use_pg_config()
{
    PG_CONFIG=$(command -v -- "$1")
    PG_BIN=$("$PG_CONFIG" --bindir)
    PG_MAJOR=$(major_of "$PG_CONFIG")
}

# Chooses the PostgreSQL to use. If none is complete, PG_BIN stays empty, and PG_MAJOR is the
# version whose missing packages have to be installed, or empty.
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

# Returns whether a program listens on a port of this machine.
port_is_busy()
{
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Prints a free port below the range of ports that the system uses for outgoing connections.
free_port()
{
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        port_is_busy "$port" || break
    done
    printf '%s\n' "$port"
}

# Unsets the caller's libpq variables and make flags, so that they do not affect the scripts.
clear_environment()
{
    local name
    for name in $(compgen -e PG); do
        [[ $name == PG_CONFIG ]] || unset "$name"
    done
    unset MAKEFLAGS MFLAGS MAKELEVEL CDPATH GREP_OPTIONS
    export LC_ALL=C.UTF-8
}
