# shellcheck shell=bash
# Prints the results of bench/answers.
# shellcheck disable=SC2153 # answers_ask.sh sets DUCKDB

# The targets. MOST_OF_DUCKDB and MOST_OF_VIEWS: the extension's time divided by DuckDB's and by the
# SQL views', from MOST_GROUPS groups on. MOST_ON_FEW and MOST_ON_MORE: milliseconds of one view at
# up to FEW_GROUPS groups, and at more. MOST_OF_NOW: the time of an answer as of a year ago, divided
# by the time of the same answer as of now. MOST_GROWTH: see most_growth().
declare -rA MOST_OF_DUCKDB=([status]=0.20 [links]=0.012 [funnel]=0.15)
readonly MOST_OF_VIEWS=0.05 MOST_GROUPS=300000 FEW_GROUPS=3000 MOST_ON_FEW=16 MOST_ON_MORE=2000 \
    MOST_OF_NOW=5 MOST_GROWTH=1.2
declare -rA HEADING=([status]='stalled groups' [links]='links' [funnel]='funnel')
declare -rA WORD=([now]='now' [year]='a year ago')

# Prints the median of the times under a key, with one decimal.
shown()
{
    printf '%.1f' "$(median_of "$1")"
}

# Prints "held" if a number is at most another, else "missed".
verdict()
{
    awk -v is="$1" -v most="$2" 'BEGIN { print is <= most ? "held" : "missed" }'
}

# Prints the ratio of the medians of two keys, with three decimals.
share_of()
{
    awk -v one="$(median_of "$1")" -v other="$(median_of "$2")" \
        'BEGIN { printf "%.3f", one / other }'
}

# Prints a number. From MOST_GROUPS groups on, it also prints the target and whether the number is
# within it.
judged()
{
    local share=$1 most=$2
    if ((WORLD < MOST_GROUPS)); then
        printf '%s' "$share"
    else
        printf '%s (%s %s)' "$share" "$most" "$(verdict "$share" "$most")"
    fi
}

# Prints the times of the three questions: the extension compared with the other systems.
print_questions()
{
    local question when ours
    printf 'DuckDB       %s, 2 threads\n' "$DUCKDB"
    printf '\n%-28s %9s %9s %9s %9s   %-20s %s\n' "$(with_commas "$WORLD") groups, milliseconds" \
        ours 'SQL' 'DuckDB,' 'DuckDB,' 'ours /' 'ours /'
    printf '%-28s %9s %9s %9s %9s   %-20s %s\n' '' '' 'views' 'raw' 'history' 'SQL views' \
        'DuckDB, raw'
    for when in now year; do
        for question in "${QUESTIONS[@]}"; do
            ours="$WORLD ours $question $when"
            printf '%-28s %9s %9s %9s %9s   %-20s %s\n' "${HEADING[$question]}, ${WORD[$when]}" \
                "$(shown "$ours")" "$(shown "$WORLD views $question $when")" \
                "$(shown "$WORLD raw $question $when")" \
                "$(shown "$WORLD history $question $when")" \
                "$(judged "$(share_of "$ours" "$WORLD views $question $when")" "$MOST_OF_VIEWS")" \
                "$(judged "$(share_of "$ours" "$WORLD raw $question $when")" \
                    "${MOST_OF_DUCKDB[$question]}")"
        done
    done
}

# The targets of the trend, as a ratio to DuckDB's time for its 53 queries, and of four views, in
# milliseconds.
readonly MOST_OF_TREND=0.15
declare -rA MOST_MS=([v_status_trend]=1000 [v_status_changes]=500 [v_place]=500
    [v_forecast_quality]=3000)

# Prints the time of the trend compared with DuckDB's 53 queries, and the times of the views with
# targets in MOST_MS.
print_over_time()
{
    local when view
    printf '\n%-28s %9s %9s   %s\n' "$(with_commas "$WORLD") groups, milliseconds" ours 'DuckDB' \
        'ours / DuckDB, raw, 53 questions'
    for when in now year; do
        printf '%-28s %9s %9s   %s\n' "trend of 53 weeks, ${WORD[$when]}" \
            "$(shown "$WORLD ours trend $when")" \
            "$(shown "$WORLD raw trend $when")" \
            "$(judged "$(share_of "$WORLD ours trend $when" "$WORLD raw trend $when")" \
                "$MOST_OF_TREND")"
    done
    for view in v_status_trend v_status_changes v_place v_forecast_quality; do
        printf '%-28s %9s %9s   %s\n' "$view" "$(shown "$WORLD read $view now")" '' \
            "$(judged "$(shown "$WORLD read $view now")" "${MOST_MS[$view]}")"
    done
}

# Prints for every view the number of rows, the times, the backend's memory, and the missed targets.
print_views()
{
    local view most=$MOST_ON_MORE
    ((WORLD > FEW_GROUPS)) || most=$MOST_ON_FEW
    printf '\n%-22s %9s %18s %18s %7s %14s   %s\n' "$(with_commas "$WORLD") groups," 'rows' \
        'now, ms' 'a year ago, ms' 'year /' 'peak MB' \
        "targets: $most ms,"
    printf '%-22s %9s %9s%9s %9s%9s %7s %7s%7s   %s\n' 'all rows' '' 'read' 'put out' 'read' \
        'put out' 'now' 'all' 'shared' \
        "a year ago $MOST_OF_NOW times now"
    for view in "${VIEWS[@]}"; do
        printf '%-22s %9s %9s%9s %9s%9s %7s %7s%7s   %s\n' "$view" \
            "$(with_commas "${ROWS["$WORLD $view"]}")" \
            "$(shown "$WORLD read $view now")" "$(shown "$WORLD out $view now")" \
            "$(shown "$WORLD read $view year")" "$(shown "$WORLD out $view year")" \
            "$(worst_year "$view")" \
            "$(megabytes_of PEAK "$view")" "$(megabytes_of SHARED "$view")" \
            "$(misses_of "$view" "$most")"
    done
}

# Prints the ratio of a view's time as of a year ago to its time now: the greater of the ratios for
# "read" and "out".
worst_year()
{
    local way
    for way in read out; do share_of "$WORLD $way $1 year" "$WORLD $way $1 now"; echo; done |
        sort -n | tail -n 1
}

# Prints the maximum for a view, in MB, of one of the arrays PEAK and SHARED.
megabytes_of()
{
    local -n memory=$1
    local key most=0
    for key in "$WORLD "{read,out}" $2 "{now,year}; do
        ((memory["$key"] <= most)) || most=${memory["$key"]}
    done
    printf '%d' $((most / 1024))
}

# Prints which targets a view misses, or "held".
misses_of()
{
    local view=$1 most=$2 way missed=
    for way in read out; do
        [[ $(verdict "$(median_of "$WORLD $way $view now")" "$most") == held ]] ||
            missed+="$way missed, "
    done
    [[ $(verdict "$(worst_year "$view")" "$MOST_OF_NOW") == held ]] || missed+='a year ago missed, '
    missed=${missed%, }
    printf '%s' "${missed:-held}"
}

# Prints how the extension's times, of questions and views, grow from each size to the next.
print_growth()
{
    local i from to what
    for ((i = 1; i < ${#SIZES[@]}; i++)); do
        from=${SIZES[i - 1]} to=${SIZES[i]}
        printf '\n%-28s %9s   target: %s times\n' \
            "From $(with_commas "$from") to $(with_commas "$to")" 'times' \
            "$(most_growth "$from" "$to")"
        for what in "${QUESTIONS[@]/#/ours }" "${VIEWS[@]/#/read }" "${VIEWS[@]/#/out }"; do
            print_growth_of "$from" "$to" "$what"
        done
    done
}

# Prints the target for the growth between two sizes: MOST_GROWTH times the ratio of the sizes.
most_growth()
{
    awk -v from="$1" -v to="$2" -v most="$MOST_GROWTH" 'BEGIN { printf "%.0f", most * to / from }'
}

# Prints the growth of one time between two sizes, and whether it is within the target.
print_growth_of()
{
    local from=$1 to=$2 what=$3 times
    times=$(ratio_of "$to $what now" "$from $what now")
    printf '%-28s %9s   %s\n' "$what" "$times" "$(verdict "$times" "$(most_growth "$from" "$to")")"
}
