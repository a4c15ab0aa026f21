# shellcheck shell=bash
# Makes a temporary copy of the PostgreSQL installation, whose server can run under a tool such as
# valgrind.

# Copies the installation into a directory with the same paths below it, and uses the copy from then
# on. This works because PostgreSQL finds its other directories relative to its programs.
use_private_postgres()
{
    local copy folder option
    copy=$(realpath -m -- "$1")
    for option in --bindir --pkglibdir --sharedir --includedir --includedir-server; do
        folder=$("$PG_CONFIG" "$option")
        [[ ! -d $copy$folder ]] || continue
        mkdir -p -- "$copy$folder"
        cp -a -- "$folder/." "$copy$folder"
    done
    use_pg_config "$copy$PG_BIN/pg_config"
    [[ $("$PG_CONFIG" --pkglibdir) == "$copy"/* && $("$PG_CONFIG" --sharedir) == "$copy"/* ]] ||
        die "this PostgreSQL is bound to its place ($("$PG_CONFIG" --pkglibdir)): no copy of it" \
            "can be used"
}

# Replaces the copy's "postgres" by a script that runs the server with a command in front of it and
# with additional environment variables. exec keeps the process id, and -a the server's name.
# shellcheck disable=SC2016 # the script that is written expands it
put_before_server()
{
    local before=$1 server=$PG_BIN/postgres
    shift
    mv -- "$server" "$server.plain"
    {
        printf '#!/bin/bash\n'
        (($# == 0)) || printf 'export %s\n' "$(printf '%q ' "$@")"
        printf 'exec -a "$0" %s %q "$@"\n' "$before" "$server.plain"
    } >"$server"
    chmod 755 "$server"
}
