# shellcheck shell=bash
# The demo's state directory: whose it is, its lock, and what it remembers.

STATE=""
LOCK=""

# Sets STATE to the state directory, as an absolute path without odd characters.
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

# Says whether the state directory is one of this script's making.
is_ours()
{
    [[ -d $STATE && ! -L $STATE && -O $STATE && -f $STATE/.ngeshare-demo ]]
}

# Refuses a directory that is not of this script's making.
need_ours()
{
    is_ours || die "'$STATE' is not a demo of $(id -un)'s making (it lacks .ngeshare-demo, or is" \
        "somebody else's); choose another in NGESHARE_DEMO_DIR"
}

# Makes the state directory where there is none, or an empty one.
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

# Makes sure that nobody else works on this state directory; what an interrupted start ran
# may take a moment to end.
lock_state()
{
    exec {LOCK}>"$STATE/lock"
    flock -w 3 "$LOCK" || die "another $0 is at work in '$STATE'; wait for it to end"
    LOG=$STATE/demo.log
    (umask 077 && : >>"$LOG")
    printf '\n== %s %s\n' "$(date '+%F %T')" "$*" >>"$LOG"
}

# What the state directory remembers under a name; nothing where it does not.
remembered()
{
    [[ ! -f $STATE/$1 ]] || cat -- "$STATE/$1"
}

# Lets the state directory remember a value under a name.
remember()
{
    printf '%s\n' "$2" >"$STATE/$1.new"
    mv -- "$STATE/$1.new" "$STATE/$1"
}

# The password of a name: random, made once, readable for this user alone.
password_of()
{
    local file=$STATE/secret/$1
    if [[ ! -s $file ]]; then
        (umask 077 && od -An -N 24 -t x1 /dev/urandom | tr -d ' \n' >"$file.new")
        mv -- "$file.new" "$file"
    fi
    cat -- "$file"
}

# Makes the sockets' directory; refuses a place that the servers' user can't reach.
make_run_directory()
{
    [[ -d $STATE/run ]] || make_owned_directory "$STATE/run"
    as_owner test -w "$STATE/run" ||
        die "user '$SERVER_OWNER', whom the servers run as, can't reach '$STATE'; choose another" \
            "in NGESHARE_DEMO_DIR"
}
