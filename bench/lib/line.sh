# shellcheck shell=bash
# Measures syncs through a proxy: the bytes that they transfer, and the cost of a network delay.

# The delay in each direction, in milliseconds. A round trip takes twice as long.
readonly DELAY=10
declare -A BYTES=()
PORT_PROXY=

# Starts a proxy that connects to production. It ends with this script.
start_proxy()
{
    coproc PROXY { exec perl "$ROOT/bench/lib/proxy.pl" "$PORT_PRODUCTION"; }
    read -r PORT_PROXY <&"${PROXY[0]}" || die "the proxy does not start"
}

# Sends the proxy a command, and sets REPLY to its answer.
tell_proxy()
{
    printf '%s\n' "$1" >&"${PROXY[1]}"
    read -r REPLY <&"${PROXY[0]}" || die "the proxy has ended"
}

# Runs a measurement, and stores the bytes that it sent to and received from production under a
# name.
count_bytes()
{
    local what=$1 to from
    shift
    tell_proxy counts
    read -r to from <<<"$REPLY"
    "$@"
    tell_proxy counts
    read -r BYTES["$what to"] BYTES["$what from"] <<<"$REPLY"
    BYTES["$what to"]=$((BYTES["$what to"] - to))
    BYTES["$what from"]=$((BYTES["$what from"] - from))
}

# Measures a first load (NAME) and a sync that finds nothing new (NAME-again) through the proxy,
# with its current delay.
measure_behind()
{
    local what=$1 window=$2
    count_bytes "$what" first_load "$what" "$what" "$window" "$PORT_PROXY"
    count_bytes "$what-again" sync_again "$what-again" "$what" "$window" 1
    drop_database "$what"
}

# Measures through the proxy, first without and then with delay.
measure_line()
{
    say 'through a proxy:'
    start_proxy
    measure_behind near "$WHOLE"
    measure_behind near45 "$DEFAULT_WINDOW"
    tell_proxy "delay $DELAY"
    measure_behind far "$WHOLE"
    measure_behind far45 "$DEFAULT_WINDOW"
}
