# shellcheck shell=bash
# The suite "demo": runs scripts/demo as a new user would, from a clone that other users cannot
# read.

# Runs the clone's scripts/demo as the demo of a given name, with its own state directory and ports.
demo()
{
    local name=$1
    shift
    env NGESHARE_DEMO_DIR="$WORK/demo-$name" NGESHARE_GROUPS=300 \
        NGESHARE_PORT="${DEMO_PORT[$name]}" NGESHARE_PRODUCTION_PORT="${DEMO_PORT[production]}" \
        NGESHARE_WEB_PORT="${DEMO_PORT[web_$name]:-${DEMO_PORT[web]}}" \
        "$WORK/clone/scripts/demo" "$@"
}

# Starts the demo of a given name in a process session of its own, so that it can be stopped with
# its children. The output goes to a file. Further arguments are environment settings (NAME=VALUE).
demo_to()
{
    local output=$1
    shift
    run_apart "$output" env NGESHARE_DEMO_DIR="$WORK/demo-$1" NGESHARE_GROUPS=300 \
        NGESHARE_PORT="${DEMO_PORT[$1]}" NGESHARE_PRODUCTION_PORT="${DEMO_PORT[production]}" \
        NGESHARE_WEB_PORT="${DEMO_PORT[web_$1]:-${DEMO_PORT[web]}}" \
        "${@:2}" "$WORK/clone/scripts/demo" || {
        cat -- "$output"
        return 1
    }
}

# Runs every check, one after the other.
suite_demo()
{
    declare -gA DEMO_PORT=([first]=$(free_port) [second]=$(free_port) [production]=$(free_port)
        [web]=$(free_port) [web_second]=$(free_port))
    copy_tree "$ROOT" "$WORK/clone"
    chmod 700 "$WORK/clone"
    busy_port_is_said
    first_start
    second_start
    other_source
    check 'stop stops both clusters and the page' stops_all
    check 'a start after stop goes on' goes_on_after_stop
    check 'users once named are asked for again' keeps_users
    check 'reset removes everything' resets_all
    another_production_is_refused
    check 'reset spares a directory that is not its own' spares_others
    check 'nothing is left in the clone' clone_is_clean
    demo second reset >/dev/null 2>&1 || true
    demo first reset >/dev/null 2>&1 || true
}

# Checks that a port in use is reported in one line, before anything is started.
busy_port_is_said()
{
    local output=$WORK/log/demo-busy.log status=0
    DEMO_PORT[busy]=$(free_port)
    perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1",
        LocalPort => shift, ReuseAddr => 1) or die; sleep 60' "${DEMO_PORT[busy]}" &
    local listener=$!
    sleep 1
    demo_to "$output" busy >/dev/null || status=$?
    kill "$listener"
    wait "$listener" 2>/dev/null || true
    check 'a busy port is one clear line' busy_is_said "$output" "$status"
}

# Returns whether the output is one line that names the port and its variable, and nothing was
# started.
busy_is_said()
{
    cat "$1"
    [[ $2 -ne 0 && $(wc -l <"$1") -eq 1 && ! -d $WORK/demo-busy/local ]] &&
        grep -q "port ${DEMO_PORT[busy]} is busy.*NGESHARE_PORT" "$1"
}

# Checks that the first start succeeds and prints the same answers as psql.
first_start()
{
    local output=$WORK/log/demo-first.log
    check 'the first start ends with exit 0' demo_to "$output" first
    check 'it prints the funnel as psql does' prints_answer "$output" \
        'SELECT * FROM v_curriculum_funnel'
    check 'it prints the rescue list' grep -q days_inactive "$output"
    check 'no password is printed' prints_no_password "$output"
    check 'no password is readable for others' secrets_are_secret
}

# Returns whether a start's output contains a query's answer exactly as psql prints it.
prints_answer()
{
    local answer
    answer=$(demo first psql -X -P pager=off -c "$2")
    echo "$answer"
    [[ $answer == *rows\)* && $(<"$1") == *"$answer"* ]]
}

prints_no_password()
{
    ! grep -qFf "$WORK/demo-first/secret/reader" "$1" &&
        ! grep -qFf "$WORK/demo-first/secret/postgres" "$1"
}

secrets_are_secret()
{
    [[ $(stat -c %a "$WORK"/demo-first/secret/* | sort -u) == 600 &&
        $(stat -c %a "$WORK/demo-first/secret") == 700 ]]
}

# Checks that a second start reuses everything and that its sync finds no change.
second_start()
{
    local output=$WORK/log/demo-again.log
    check 'a second start ends with exit 0' demo_to "$output" first
    check 'it makes nothing a second time' makes_nothing "$output"
    check 'its sync says that nothing changed' grep -q 'succeeded: Nothing changed' "$output"
}

makes_nothing()
{
    ! grep -E 'making|generating|starting|building' "$1"
}

# Prints the connection string of the first demo's production.
first_source()
{
    printf 'host=127.0.0.1 port=%s dbname=ngeshare_production user=ngeshare_reader password=%s' \
        "${DEMO_PORT[production]}" "$(<"$WORK/demo-first/secret/reader")"
}

# Checks that a demo with NGESHARE_SOURCE uses an existing production, here that of the first demo.
other_source()
{
    local output=$WORK/log/demo-source.log
    check 'NGESHARE_SOURCE takes another production' demo_to "$output" second \
        NGESHARE_SOURCE="$(first_source)"
    check 'no production cluster is made for it' test ! -e "$WORK/demo-second/production"
    check 'its funnel is the same' prints_answer "$output" 'SELECT * FROM v_curriculum_funnel'
}

stops_all()
{
    demo first stop && demo first status &&
        [[ $(demo first status | grep -c 'does not run') -eq 3 ]]
}

# Returns whether the first demo's page asks for a login (status 401).
asks_for_login()
{
    local status
    exec {WEB}<>"/dev/tcp/127.0.0.1/${DEMO_PORT[web]}"
    printf 'GET /api/freshness HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "${DEMO_PORT[web]}" >&"$WEB"
    read -r -t 5 -u "$WEB" _ status _
    exec {WEB}>&-
    [[ $status == 401 ]]
}

# Returns whether the page still asks for a login after a later start without NGESHARE_USERS, and no
# longer after a start with an empty NGESHARE_USERS.
keeps_users()
{
    local name
    for name in viewer operator; do
        printf '%s:%s\n' "$name" "$(openssl passwd -6 "$name")"
    done >"$WORK/demo-users"
    demo_to "$WORK/log/demo-users.log" first NGESHARE_USERS="$WORK/demo-users" &&
        asks_for_login && demo first stop && demo first && asks_for_login &&
        demo_to "$WORK/log/demo-users.log" first NGESHARE_USERS= && ! asks_for_login
}

goes_on_after_stop()
{
    demo first && [[ $(demo first psql -XAt -c 'SELECT count(*) > 3 FROM sync_log') == t ]]
}

resets_all()
{
    demo first reset && [[ ! -e $WORK/demo-first ]] && ! port_is_busy "${DEMO_PORT[first]}" &&
        ! port_is_busy "${DEMO_PORT[production]}"
}

# Checks that a mirror with the data of one production refuses another one, and that the message
# names the remedy.
another_production_is_refused()
{
    local output=$WORK/log/demo-other.log status=0
    check 'a start after reset begins from scratch' demo_to "$WORK/log/demo-anew.log" first
    demo_to "$output" second NGESHARE_SOURCE="$(first_source)" >/dev/null || status=$?
    check 'another production is refused with the advice to reset' refuses_other "$output" "$status"
}

refuses_other()
{
    cat "$1"
    [[ $2 -ne 0 ]] && grep -q "connecting to production failed: .*reset' removes" "$1"
}

spares_others()
{
    mkdir "$WORK/demo-not" && touch "$WORK/demo-not/file" && DEMO_PORT[not]=$(free_port)
    ! demo not reset && ! demo not && [[ -f $WORK/demo-not/file ]]
}

clone_is_clean()
{
    diff -r "$WORK/source" "$WORK/clone"
}
