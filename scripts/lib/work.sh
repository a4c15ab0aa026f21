# shellcheck shell=bash
# The work directory of a test run, and the processes that run in it.

WORK=""
CHILD=""
BESIDE=()

# Creates the work directory with a directory for logs and a copy of the source tree.
make_work()
{
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/ngeshare-test.XXXXXX")
    chmod 711 "$WORK"
    mkdir "$WORK/log"
    LOG=$WORK/log/build.log
    : >"$LOG"
    copy_tree "$ROOT" "$WORK/source"
}

# Makes a copy of the built tree that belongs to the servers' user, to run tests in. Its name is
# "run" by default.
make_run_copy()
{
    local name=${1:-run}
    make_owned_directory "$WORK/$name"
    [[ -d $WORK/tmp ]] || make_owned_directory "$WORK/tmp"
    tar -C "$WORK/build" --exclude='*.o' -cf - . |
        as_owner tar -C "$WORK/$name" --no-same-owner -xf -
}

# Runs a command in a new process session, so that it can be killed with all its children. Its
# output goes to a file.
run_apart()
{
    local output=$1 status=0
    shift
    setsid -- "$@" >"$output" 2>&1 </dev/null &
    CHILD=$!
    wait "$CHILD" || status=$?
    CHILD=
    return "$status"
}

# Runs make as the servers' user in that user's copy of the tree (RUN_COPY, by default "run"), with
# the output in a file.
make_as_owner()
{
    local output=$1 copy=$WORK/${RUN_COPY:-run}
    shift
    # shellcheck disable=SC2016 # the inner shell expands it
    run_apart "$output" bash -c '. "$1/privilege.sh"; shift; as_owner "$@"' - "$ROOT/scripts/lib" \
        env HOME="$copy" TMPDIR="$WORK/tmp" PG_TEST_PORT_DIR="$WORK/tmp/ports" \
        ${QUICK:+NGESHARE_TEST_QUICK=1} ${SANITIZED:+NGESHARE_TEST_SANITIZED=1} \
        ${POSTGREST:+POSTGREST="$POSTGREST"} \
        make -C "$copy" PG_CONFIG="$PG_CONFIG" with_llvm=no "$@"
}

# Runs a function in the background, and appends its process id to BESIDE.
run_beside()
{
    (
        trap - EXIT ERR
        trap '[[ -z $CHILD ]] || kill -TERM -- "-$CHILD"; exit 143' INT TERM HUP
        "$@"
    ) &
    BESIDE+=("$!")
}

# Prints the process ids of PostgreSQL servers whose data is below the work directory.
servers_at_work()
{
    local file pid
    find "$WORK" -name postmaster.pid 2>/dev/null | while IFS= read -r file; do
        pid=$(head -n 1 "$file" 2>/dev/null) || continue
        [[ $(readlink "/proc/$pid/cwd") != "$WORK"/* ]] || printf '%s\n' "$pid"
    done
}

# Stops the running command, the background functions, and every server whose data is below the work
# directory.
stop_everything()
{
    local pids tries
    [[ -z $CHILD ]] || kill -TERM -- "-$CHILD" 2>/dev/null || true
    ((${#BESIDE[@]} == 0)) || kill -TERM "${BESIDE[@]}" 2>/dev/null || true
    for tries in {1..50}; do
        mapfile -t pids < <(servers_at_work)
        ((${#pids[@]})) || return 0
        ((tries % 10 != 1)) || kill -QUIT "${pids[@]}" 2>/dev/null || true
        sleep 0.2
    done
}

# Ends the run: stops everything, and removes the work directory. After a failure the directory is
# kept for inspection.
end_work()
{
    local status=$1
    trap '' INT TERM HUP
    trap - ERR
    [[ -n $WORK && -d $WORK ]] || return 0
    stop_everything
    if ((status == 0 || status > 128)); then
        rm -rf -- "$WORK"
    else
        say "what the failed run left is kept in $WORK"
    fi
}
