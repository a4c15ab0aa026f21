# shellcheck shell=bash
# The demo's state directory: its owner, its lock, and the values that it keeps between starts.

STATE=""
LOCK=""

# Sets STATE to the absolute path of the state directory. Refuses paths with characters that
# PostgreSQL's settings do not accept.
choose_state()
{
    local default=/var/tmp/ngeshare-demo-$EUID
    STATE=${NGESHARE_DEMO_DIR:-$default}
    [[ $STATE == /* ]] || STATE=$PWD/$STATE
    STATE=$(realpath -ms -- "$STATE")
    [[ $STATE =~ ^[A-Za-z0-9._/+-]+$ ]] ||
        die "the directory '$STATE' has characters that PostgreSQL's settings don't take; choose" \
            "another in NGESHARE_DEMO_DIR"
    ((${#STATE} <= 80)) ||
        die "the path '$STATE' is too long for a socket; choose a shorter one in NGESHARE_DEMO_DIR"
    AGAIN=$0
    [[ $STATE == "$default" ]] || AGAIN="NGESHARE_DEMO_DIR=$STATE $AGAIN"
    [[ $EUID -ne 0 || -z ${SUDO_USER:-} ]] || AGAIN="sudo $AGAIN"
}

# Returns whether the state directory was made by this script and belongs to this user.
is_ours()
{
    [[ -d $STATE && ! -L $STATE && -O $STATE && -f $STATE/.ngeshare-demo ]]
}

# Stops the script if it did not make the state directory.
need_ours()
{
    is_ours || die "'$STATE' is not a demo of $(id -un)'s making (it lacks .ngeshare-demo, or is" \
        "somebody else's); choose another in NGESHARE_DEMO_DIR"
}

# Creates the state directory if it does not exist or is empty.
make_state()
{
    if [[ ! -e $STATE || (-O $STATE && -d $STATE && -z $(ls -A -- "$STATE")) ]]; then
        { mkdir -p -- "$STATE" && chmod 711 -- "$STATE"; } 2>/dev/null ||
            die "can't make the directory '$STATE'; choose another in NGESHARE_DEMO_DIR"
        : >"$STATE/.ngeshare-demo"
    fi
    need_ours
    (umask 077 && mkdir -p -- "$STATE/secret")
}

# Takes the lock of the state directory. It waits up to 3 seconds, because child processes of an
# interrupted start can hold the lock for a moment.
lock_state()
{
    exec {LOCK}>"$STATE/lock"
    flock -w 3 "$LOCK" || die "another $0 is at work in '$STATE'; wait for it to end"
    LOG=$STATE/demo.log
    (umask 077 && : >>"$LOG")
    printf '\n== %s %s\n' "$(date '+%F %T')" "$*" >>"$LOG"
}

# Prints the value that the state directory keeps under a name, or nothing if there is none.
remembered()
{
    [[ ! -f $STATE/$1 ]] || cat -- "$STATE/$1"
}

# Stores a value in the state directory under a name.
remember()
{
    printf '%s\n' "$2" >"$STATE/$1.new"
    mv -- "$STATE/$1.new" "$STATE/$1"
}

# Prints the password of a name. It is random, created at the first call, and readable only for this
# user.
password_of()
{
    local file=$STATE/secret/$1
    if [[ ! -s $file ]]; then
        (umask 077 && od -An -N 24 -t x1 /dev/urandom | tr -d ' \n' >"$file.new")
        mv -- "$file.new" "$file"
    fi
    cat -- "$file"
}

# Creates the directory for sockets. Stops the script if the servers' user cannot write to it.
make_run_directory()
{
    [[ -d $STATE/run ]] || make_owned_directory "$STATE/run"
    as_owner test -w "$STATE/run" ||
        die "user '$SERVER_OWNER', whom the servers run as, can't reach '$STATE'; choose another" \
            "in NGESHARE_DEMO_DIR"
}
