# shellcheck shell=bash
# Measures wall times, stores them in TIMES under a name, and computes their medians and ratios.

declare -A TIMES=()

# Runs a command with its output in the log, and stores its wall time under a name.
timed()
{
    local what=$1 began ended
    shift
    began=$EPOCHREALTIME
    ("$@") >>"$LOG" 2>&1 </dev/null || die_with_log "measuring '$what' failed"
    ended=$EPOCHREALTIME
    TIMES[$what]+="$(calculate "$ended - $began") "
    say "  $what: $(last_of "$what") s"
}

# Prints the result of an awk expression, with three decimals.
calculate()
{
    awk "BEGIN { printf \"%.3f\", $1 }"
}

# Prints the last time that was stored under a name.
last_of()
{
    local times
    read -ra times <<<"${TIMES[$1]}"
    printf '%s\n' "${times[-1]}"
}

# Prints the median of the times that were stored under a name.
median_of()
{
    tr ' ' '\n' <<<"${TIMES[$1]}" | sort -n | awk 'NF { time[++count] = $1 }
        END { printf "%.3f\n", (time[int((count + 1) / 2)] + time[int(count / 2) + 1]) / 2 }'
}

# Prints the ratio of the medians of two names, or nothing if one of them has no times.
ratio_of()
{
    [[ -n ${TIMES[$1]:-} && -n ${TIMES[$2]:-} ]] || return 0
    awk -v one="$(median_of "$1")" -v other="$(median_of "$2")" \
        'BEGIN { printf "%.2f\n", one / other }'
}

# Runs a checkpoint on both servers, so that no measurement writes the dirty pages of an earlier
# one.
settle()
{
    sql_on production postgres <<<'CHECKPOINT' >>"$LOG" 2>&1
    sql_on local postgres <<<'CHECKPOINT' >>"$LOG" 2>&1
}
