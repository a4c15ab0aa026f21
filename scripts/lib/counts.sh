# shellcheck shell=bash
# Counts the checks that passed and failed: PASSED and FAILED in the current suite, ALL_PASSED and
# ALL_FAILED in all suites.

ALL_PASSED=0 ALL_FAILED=0
PASSED=0 FAILED=0

# Counts one check that passed.
passed()
{
    PASSED=$((PASSED + 1))
    printf '  ok      %s\n' "$1"
}

# Counts one check that failed, and prints the end of a file that shows the reason.
failed()
{
    FAILED=$((FAILED + 1))
    printf '  FAILED  %s\n' "$1"
    [[ ! -s ${2:-} ]] || tail -n "${3:-40}" -- "$2" | sed 's/^/          /'
}

# Runs one check: it passes if the command that follows its name succeeds.
check()
{
    local name=$1 output=$WORK/check.$BASHPID
    shift
    if "$@" >"$output" 2>&1 </dev/null; then passed "$name"; else failed "$name" "$output"; fi
}

# Runs a function in a subshell, so that an exit in it does not end the script.
in_subshell()
(
    "$@"
)

# Runs one suite and adds its counts to the totals. A suite that ran no check counts as failed.
run_suite()
{
    local suite=$1 started=$SECONDS ticks
    ticks=$(ticks_so_far)
    PASSED=0 FAILED=0
    say "$suite ..."
    "suite_$suite"
    ((PASSED + FAILED > 0)) || failed "$suite ran no test"
    say "$suite: $PASSED passed, $FAILED failed ($((SECONDS - started)) s, processors" \
        "$(busy_since "$ticks") % busy)"
    ALL_PASSED=$((ALL_PASSED + PASSED))
    ALL_FAILED=$((ALL_FAILED + FAILED))
}

# Runs suites at the same time, because each of them leaves processors idle, and prints their output
# one after the other at the end. A suite that ends without writing its counts has failed.
run_suites_beside()
{
    local suite pid more_passed more_failed
    say "beside each other: $* ..."
    for suite in "$@"; do run_beside run_suite_apart "$suite"; done
    for pid in "${BESIDE[@]}"; do wait "$pid" || true; done
    BESIDE=()
    for suite in "$@"; do
        cat -- "$WORK/log/suite-$suite"
        more_passed=0 more_failed=1
        if [[ -f $WORK/log/suite-$suite.sum ]]; then
            read -r more_passed more_failed <"$WORK/log/suite-$suite.sum"
        else
            printf '  FAILED  %s did not end\n' "$suite"
        fi
        ALL_PASSED=$((ALL_PASSED + more_passed))
        ALL_FAILED=$((ALL_FAILED + more_failed))
    done
}

# Runs one suite, and writes its output to one file and its counts to another.
run_suite_apart()
{
    ALL_PASSED=0 ALL_FAILED=0
    run_suite "$1" >"$WORK/log/suite-$1" 2>&1
    printf '%d %d\n' "$ALL_PASSED" "$ALL_FAILED" >"$WORK/log/suite-$1.sum"
}

# Prints the machine's processor time since boot, in ticks: the total and the idle part.
ticks_so_far()
{
    awk '/^cpu / { for (i = 2; i <= 9; i++) all += $i; print all, $5 + $6 }' /proc/stat
}

# Prints the percentage of processor time that was not idle since an earlier output of
# ticks_so_far(), used by any process of the machine.
busy_since()
{
    local now
    now=$(ticks_so_far)
    awk -v then="$1" -v now="$now" 'BEGIN {
        split(then, a, " "); split(now, b, " ")
        printf "%d", 100 * (1 - (b[2] - a[2]) / (b[1] - a[1] + 0.001))
    }'
}
