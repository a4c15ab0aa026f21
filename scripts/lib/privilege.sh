# shellcheck shell=bash
# Switches users: root installs packages, an ordinary user runs the servers.

# The user that servers run as. It is not root, because PostgreSQL refuses to run as root.
SERVER_OWNER=$(id -un)
[[ $EUID -ne 0 ]] || SERVER_OWNER=postgres

# Ends the script if it cannot run commands as root; the message names the purpose.
need_root()
{
    local purpose=$1
    [[ $EUID -ne 0 ]] || return 0
    command -v sudo >/dev/null ||
        die "neither root nor sudo is here to $purpose; ask an administrator to do it"
    sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; } ||
        die "sudo refuses $(id -un) the right to $purpose; ask an administrator to do it"
}

# Runs a command as root.
as_root()
{
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -- "$@"; fi
}

# Runs a command as the servers' user, from a directory that anyone can read.
as_owner()
(
    cd /
    if [[ $EUID -eq 0 ]]; then
        HOME=/ exec setpriv --reuid="$SERVER_OWNER" --regid="$(id -g "$SERVER_OWNER")" \
            --init-groups --inh-caps=-all -- "$@"
    fi
    exec "$@"
)

# Makes a directory that belongs to the servers' user alone.
make_owned_directory()
{
    if [[ $EUID -eq 0 ]]; then
        install -d -m 700 -o "$SERVER_OWNER" -g "$(id -g "$SERVER_OWNER")" -- "$1"
    else
        install -d -m 700 -- "$1"
    fi
}

# Ends the script if the user that servers run as does not exist.
need_server_owner()
{
    id -u "$SERVER_OWNER" >/dev/null 2>&1 ||
        die "PostgreSQL does not run as root, and there is no user '$SERVER_OWNER' to run it as;" \
            "add one: useradd --system $SERVER_OWNER"
}
