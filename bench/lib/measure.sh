# shellcheck shell=bash
# How things are measured: wall times by name, their medians and ratios.

declare -A TIMES=()

# Runs a command with its output in the log, and keeps its wall time under a name.
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

# The result of an expression, with three digits after the point.
calculate()
{
    awk "BEGIN { printf \"%.3f\", $1 }"
}

# The last time that was kept under a name.
last_of()
{
    local times
    read -ra times <<<"${TIMES[$1]}"
    printf '%s\n' "${times[-1]}"
}

# The median of the times that were kept under a name.
median_of()
{
    tr ' ' '\n' <<<"${TIMES[$1]}" | sort -n | awk 'NF { time[++count] = $1 }
        END { printf "%.3f\n", (time[int((count + 1) / 2)] + time[int(count / 2) + 1]) / 2 }'
}

# The median of one name's times as so many of another's; nothing where either is missing.
ratio_of()
{
    [[ -n ${TIMES[$1]:-} && -n ${TIMES[$2]:-} ]] || return 0
    awk -v one="$(median_of "$1")" -v other="$(median_of "$2")" \
        'BEGIN { printf "%.2f\n", one / other }'
}

# Writes dirty pages out on both servers, so that no measurement pays for another.
settle()
{
    sql_on production postgres <<<'CHECKPOINT' >>"$LOG" 2>&1
    sql_on local postgres <<<'CHECKPOINT' >>"$LOG" 2>&1
}
