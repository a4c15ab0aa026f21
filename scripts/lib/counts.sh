# shellcheck shell=bash
# What passed and what failed, in a suite and in all.

ALL_PASSED=0 ALL_FAILED=0
PASSED=0 FAILED=0

# Counts one check that passed.
passed()
{
    PASSED=$((PASSED + 1))
    printf '  ok      %s\n' "$1"
}

# Counts one check that failed, and shows the end of a file that tells why.
failed()
{
    FAILED=$((FAILED + 1))
    printf '  FAILED  %s\n' "$1"
    [[ ! -s ${2:-} ]] || tail -n "${3:-40}" -- "$2" | sed 's/^/          /'
}

# Counts one check: the command that follows its name has to succeed.
check()
{
    local name=$1 output=$WORK/check.out
    shift
    if "$@" >"$output" 2>&1 </dev/null; then passed "$name"; else failed "$name" "$output"; fi
}

# Runs a function that may end the script, so that it only ends itself.
in_subshell()
(
    "$@"
)

# Runs one suite and adds what it counted; a suite that counted nothing has failed.
run_suite()
{
    local suite=$1 started=$SECONDS
    PASSED=0 FAILED=0
    say "$suite ..."
    "suite_$suite"
    ((PASSED + FAILED > 0)) || failed "$suite ran no test"
    say "$suite: $PASSED passed, $FAILED failed ($((SECONDS - started)) s)"
    ALL_PASSED=$((ALL_PASSED + PASSED))
    ALL_FAILED=$((ALL_FAILED + FAILED))
}
