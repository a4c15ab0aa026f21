# shellcheck shell=bash
# Prints messages and handles errors: one line per step, one line per failure.

PROGRAM=${0##*/}
LOG=/dev/null

# Prints one line on what is being done.
say()
{
    printf '%s: %s\n' "$PROGRAM" "$*"
}

# Ends the script with one line on what is wrong and what to do.
die()
{
    printf '%s: %s\n' "$PROGRAM" "$*" >&2
    exit 1
}

# Ends the script with a line, the log's path and the log's last lines.
die_with_log()
{
    printf '%s: %s; the end of %s:\n' "$PROGRAM" "$1" "$LOG" >&2
    tail -n 15 -- "$LOG" | sed 's/^/    /' >&2
    exit 1
}

# Runs a command with its output in the log, and ends the script if it fails. The redirection
# applies to a subshell only, so that a signal handler of the script still prints to the terminal.
logged()
{
    local what=$1
    shift
    ("$@") >>"$LOG" 2>&1 </dev/null || die_with_log "$what failed"
}

# ERR trap: prints the place where a command failed unexpectedly.
unexpected()
{
    [[ $BASH_SUBSHELL -eq 0 ]] || return 0
    printf '%s: failed unexpectedly at %s:%s\n' "$PROGRAM" "${BASH_SOURCE[1]}" "$1" >&2
}

# Stops the script if a value is not a whole number in a range.
need_number()
{
    local name=$1 value=$2 least=$3 most=$4
    [[ $value =~ ^(0|[1-9][0-9]{0,8})$ && $value -ge $least && $value -le $most ]] ||
        die "$name must be a whole number from $least to $most, not '$value'"
}
