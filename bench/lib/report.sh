# shellcheck shell=bash
# Prints the results of bench/sync. bench/answers uses some of these functions.

# Prints the machine, the versions, the settings and the data that the results depend on.
print_facts()
{
    printf '\nMachine      %s processors (%s), %s of memory, data on %s, load %s when it began\n' \
        "$(nproc)" \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        "$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)" \
        "$(df --output=fstype -- "$STATE" | tail -n 1)" "$LOAD"
    printf 'PostgreSQL   %s\n' "$(sql_on local postgres <<<'SHOW server_version')"
    print_settings production
    print_settings local
    printf 'ngeshare     %s as installed\n' "$(sql_on local postgres \
        <<<"SELECT default_version FROM pg_available_extensions WHERE name = 'ngeshare'")"
    printf 'Data         %s groups, seed %s, as of %s: %s\n' "$WORLD" "$SEED" "$AS_OF" \
        "$(sql_on production production \
        <<<'SELECT pg_size_pretty(pg_database_size(current_database()))')"
    tr '|' '\n' <<<"$COUNTS" | paste -d ' ' - <(printf '%s\n' "${TABLES[@]}") |
        awk '{ printf "             %9d %s\n", $1, $2; sum += $1 }
            END { printf "             %9d rows\n", sum }'
}

# Prints those settings of a server that affect the results.
print_settings()
{
    printf '%-12s ' "$1"
    sql_on "$1" postgres <<'EOF_SQL'
SELECT string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name)
FROM unnest('{shared_buffers,maintenance_work_mem,max_wal_size,checkpoint_timeout}'::text[]
    || '{fsync,synchronous_commit,wal_level,autovacuum}'::text[]) AS name
EOF_SQL
}

# Prints one line of the table: the heading, the median, the ratios and the time of every run.
print_line()
{
    local what=$1 heading=$2
    printf '%-58s %8s %8s %8s   %s\n' "$heading" "$(median_of "$what")" \
        "$(ratio_of "$what" dump)" "$(ratio_of "$what" replication)" "${TIMES[$what]% }"
}

# Prints the table of the measurements without a proxy: seconds, and the ratios to pg_dump | psql
# and to logical replication.
print_table()
{
    printf '\n%-58s %8s %8s %8s\n' 'Straight' 'seconds,' '/ dump' '/ logical'
    printf '%-58s %8s %8s %8s   %s\n' '' 'median' '| psql' 'repl.' 'runs'
    print_line ours 'ours: first load, all attendance in the window'
    print_line ours45 "ours: first load, window of $DEFAULT_WINDOW days, the rest as meetings"
    print_line dump 'pg_dump --data-only | psql, with keys'
    print_line replication 'logical replication, initial copy, with keys'
    print_line fdw 'INSERT ... SELECT over postgres_fdw, with keys'
    print_line copy 'binary COPY, keys built after: the floor'
    print_line again 'ours: nothing new, all attendance'
    print_line again45 "ours: nothing new, window of $DEFAULT_WINDOW days"
}

# Prints one line of the table below: seconds without and with delay, their ratio, and the bytes
# that were transferred without delay.
print_line_behind()
{
    local near=$1 far=$2 heading=$3
    printf '%-58s %8s %8s %8s %13s %13s\n' "$heading" "$(median_of "$near")" "$(median_of "$far")" \
        "$(ratio_of "$far" "$near")" "$(with_commas "${BYTES[$near from]}")" \
        "$(with_commas "${BYTES[$near to]}")"
}

# Prints the table of the measurements through the proxy.
print_table_behind()
{
    printf '\n%-58s %8s %8s %8s %13s %13s\n' 'Through a proxy, one run each' 'seconds' \
        "+$((2 * DELAY)) ms" 'ratio' 'bytes from' 'bytes to'
    printf '%-58s %8s %8s %8s %13s %13s\n' '' '' 'r. trip' '' 'production' 'production'
    print_line_behind near far 'ours: first load, all attendance'
    print_line_behind near45 far45 "ours: first load, window of $DEFAULT_WINDOW days"
    print_line_behind near-again far-again 'ours: nothing new, all attendance'
    print_line_behind near45-again far45-again "ours: nothing new, window of $DEFAULT_WINDOW days"
}

# Prints a summary of the results.
print_sums()
{
    printf '\nNothing new takes %s %% of a first load; with the default window %s %%.\n' \
        "$(percent_of again ours)" "$(percent_of again45 ours45)"
    printf 'With a round trip of %s ms the first load takes %s times as long as straight.\n' \
        "$((2 * DELAY))" "$(ratio_of far ours)"
    printf "Our longest transaction on production per first load, s: %s; default window %s" \
        "${LONGEST[ours]% }" "${LONGEST[ours45]% }"
    printf '; with %s ms %s, %s\n' \
        "$((2 * DELAY))" "${LONGEST[far]% }" "${LONGEST[far45]% }"
}

# Prints a number with commas between groups of three digits.
with_commas()
{
    sed ':again; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; t again' <<<"$1"
}

# Prints the median of one name's times as a percentage of another's.
percent_of()
{
    calculate "100 * $(median_of "$1") / $(median_of "$2")" | sed 's/..$//'
}
