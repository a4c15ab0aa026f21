# shellcheck shell=bash
# Compares the installed extension with another version (NGESHARE_BEFORE). The other version is
# built from a commit into a copy of PostgreSQL and syncs from the same production. Each question is
# asked in both versions alternately, so that a slow minute of the machine affects both.

# The targets: the time of one answer, and the median over all answers, as a ratio to the other
# version's time. BEFORE_ROUNDS: how often each answer is measured.
readonly MOST_OF_BEFORE=1.10 MOST_OF_BEFORE_MEDIAN=0.90 BEFORE_ROUNDS=7
PAIR_LINES=()

# Builds the commit and starts a server with it.
start_before()
{
    local commit=$1 mine=$PG_BIN config=$PG_CONFIG
    say "building $commit beside what is installed ..."
    mkdir -p -- "$STATE/before.src"
    git -C "$ROOT" -c safe.directory="$ROOT" archive "$commit" | tar -xC "$STATE/before.src" ||
        die "there is no commit '$commit' in this clone"
    use_private_postgres "$STATE/before.pg"
    BEFORE_BIN=$PG_BIN
    logged 'building the other version' make -s -C "$STATE/before.src" -j2 PG_CONFIG="$PG_CONFIG" \
        with_llvm=no install
    use_pg_config "$config"
    PG_BIN=$mine
    PG_BIN=$BEFORE_BIN make_cluster before
    PG_BIN=$BEFORE_BIN start_cluster before "$PORT_BEFORE"
}

# Creates and syncs the other version's database, and sets PAIR_LINES to the questions and to the
# views that both versions have.
provide_before()
{
    local began=$SECONDS view theirs
    new_ours ours "$PORT_PRODUCTION" before
    run_sql_logged 'syncing the other version' before ours \
        <<<'CALL ngeshare_sync(); VACUUM ANALYZE;'
    say "the other version synced in $((SECONDS - began)) s"
    theirs=$(sql_on before ours \
        <<<"SELECT ' ' || string_agg(relname, ' ') || ' ' FROM pg_class WHERE relkind = 'v'")
    PAIR_LINES=()
    for view in "${QUESTIONS[@]}"; do PAIR_LINES+=("$view"); done
    for view in "${VIEWS[@]}"; do
        [[ $theirs != *" $view "* ]] || PAIR_LINES+=("read $view" "out $view")
    done
}

# Opens a psql session on a server. Statements are written to the file descriptor ASK[server], and
# their times are read from HEAR[server].
open_session()
{
    local name=$1 instant=$2 port=PORT_${1^^} fifo=$STATE/$1 to from
    rm -f -- "$fifo".{in,out}
    mkfifo -- "$fifo".{in,out}
    stdbuf -oL "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$STATE/run" -p "${!port}" \
        -U postgres -d ours \
        <"$fifo.in" >"$fifo.out" 2>>"$LOG" &
    exec {to}>"$fifo.in" {from}<"$fifo.out"
    ASK[$name]=$to HEAR[$name]=$from
    { session_of ours "$instant"; printf '%s\n' '\o /dev/null' '\timing on'; } >&"${ASK[$name]}"
}

# Ends a session.
close_session()
{
    local to=${ASK[$1]} from=${HEAR[$1]}
    exec {to}>&- {from}<&-
}

# Runs a statement in an open session and prints its time in milliseconds.
time_in()
{
    local name=$1 statement=$2 line
    printf '%s;\n' "$statement" >&"${ASK[$name]}"
    while IFS= read -r -u "${HEAR[$name]}" line; do
        [[ $line != Time:* ]] || { line=${line#Time: }; printf '%s' "${line%% *}"; return; }
    done
    die_with_log "the session on '$name' ended at: $statement"
}

# Prints the statement for a line of the comparison.
statement_of()
{
    case $1 in
        read\ *) printf 'SELECT count(*) FROM (SELECT * FROM %s OFFSET 0) AS v' "${1#read }" ;;
        out\ *) printf "COPY (SELECT * FROM %s) TO '/dev/null'" "${1#out }" ;;
        *) printf '%s' "${QUESTION[$1]}" ;;
    esac
}

# Measures each line in both versions alternately, after one round to warm up.
ask_both()
{
    local when instant line round name statement time
    declare -gA ASK=() HEAR=()
    for when in now year; do
        instant=$LAST_YEAR
        [[ $when != now ]] || instant=
        for name in local before; do open_session "$name" "$instant"; done
        for line in "${PAIR_LINES[@]}"; do
            statement=$(statement_of "$line")
            for ((round = 0; round <= BEFORE_ROUNDS; round++)); do
                for name in local before; do
                    time=$(time_in "$name" "$statement")
                    ((round == 0)) || TIMES["$WORLD both $name $line $when"]+="$time "
                done
            done
        done
        for name in local before; do close_session "$name"; done
    done
}

# Prints each line's medians and their ratio, and the median of all ratios.
print_both()
{
    local when line ratio ratios=
    printf '\n%-34s %9s %9s   %s\n' "$(with_commas "$WORLD") groups, milliseconds" ours \
        "${BEFORE:0:7}" \
        "ours / ${BEFORE:0:7}, target $MOST_OF_BEFORE"
    for when in now year; do
        for line in "${PAIR_LINES[@]}"; do
            ratio=$(share_of "$WORLD both local $line $when" "$WORLD both before $line $when")
            ratios+="$ratio "
            printf '%-34s %9s %9s   %s %s\n' "$line, ${WORD[$when]}" \
                "$(shown "$WORLD both local $line $when")" \
                "$(shown "$WORLD both before $line $when")" "$ratio" \
                "$(verdict "$ratio" "$MOST_OF_BEFORE")"
        done
    done
    TIMES["$WORLD ratios"]=$ratios
    ratio=$(median_of "$WORLD ratios")
    printf '%-34s %9s %9s   %s (%s %s)\n' 'the median line' '' '' "$ratio" \
        "$MOST_OF_BEFORE_MEDIAN" \
        "$(verdict "$ratio" "$MOST_OF_BEFORE_MEDIAN")"
}
