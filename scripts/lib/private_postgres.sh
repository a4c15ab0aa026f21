# shellcheck shell=bash
# A throw-away copy of the PostgreSQL installation, whose server starts under a tool of ours.

# Copies the installation below a directory, path for path, and uses the copy from then on:
# PostgreSQL finds its other folders by where its programs are.
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

# Puts a command in front of the copy's server, with variables of its own: only the server and what
# it starts runs under it. A process keeps its number, and the server its name.
# shellcheck disable=SC2016 # the shell of the server's start expands it
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
