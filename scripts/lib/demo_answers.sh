# shellcheck shell=bash
# Connects the demo's local database to production, syncs it, and prints some answers.

# Connects to production. The connection string is passed only in psql's environment, so that it is
# in no command line and no log.
connect_local()
{
    local conninfo=$1 said=$STATE/said advice
    (umask 077 && : >"$said")
    (NGESHARE_CONNINFO=$conninfo run_sql local ngeshare -v VERBOSITY=verbose) >"$said" 2>&1 \
        <<'EOF_SQL' || {
SET log_min_error_statement = panic;
\getenv conninfo NGESHARE_CONNINFO
SELECT ngeshare_connect(:'conninfo');
EOF_SQL
        advice=
        ! grep -q 'ERROR:  55000:' "$said" || advice="; '$AGAIN reset' removes what is here"
        die "connecting to production failed:" \
            "$(error_in "$said" | sed 's/^[0-9A-Z]\{5\}: //')$advice"
    }
    sed -n "s/^\(psql:[^ ]* \)\{0,1\}WARNING:  \([0-9A-Z]\{5\}: \)\{0,1\}/$PROGRAM: warning: /p" \
        "$said"
}

# Prints the connection string of the generated production.
generated_conninfo()
{
    printf 'host=127.0.0.1 port=%s dbname=ngeshare_production user=ngeshare_reader password=%s' \
        "$PORT_PRODUCTION" "$(password_of reader)"
}

# Syncs, and prints the sync's notices about each table.
sync_local()
{
    local said=$STATE/said
    say 'syncing ...'
    (run_sql local ngeshare -c 'CALL ngeshare_sync()') >"$said" 2>&1 </dev/null ||
        die "the sync failed: $(error_in "$said")"
    sed -n "s/^\(psql:[^ ]* \)\{0,1\}NOTICE:  /$PROGRAM:   /p" "$said"
}

# Adds invented follow-ups on the generated groups, unless there are follow-ups already.
note_follow_ups()
{
    {
        printf '\\set seed %d\n' "${NGESHARE_SEED:-1}"
        cat -- "$ROOT/demo/follow_ups.sql"
    } | run_sql_logged 'noting follow-ups' local ngeshare
}

# Schedules a sync every half hour with pg_cron.
schedule_sync()
{
    run_sql_logged 'scheduling the sync' local ngeshare \
        <<<"SELECT ngeshare_schedule('*/30 * * * *');"
}

# Prints one answer as a table under its heading.
print_answer()
{
    local heading=$1 query=$2
    printf '\n%s\n' "$heading"
    psql_on local ngeshare -X -q -v ON_ERROR_STOP=1 -P pager=off -c "$query"
}

# Prints the funnel and the top of the rescue list.
print_answers()
{
    print_answer \
        'The funnel: how many groups start, graduate and go on per course (v_curriculum_funnel)' \
        'SELECT * FROM v_curriculum_funnel ORDER BY sequence_order'
    print_answer \
        'Worth a call: the first ten stalled groups with most of the course done (v_rescue_list)' \
        'SELECT group_name, course_name, facilitator_contact, last_meeting_date,
         episodes_remaining, progress_pct, days_inactive
         FROM v_rescue_list LIMIT 10'
}

# Prints what the user can do next.
print_way_on()
{
    cat <<EOF_TEXT
The page: http://127.0.0.1:$PORT_WEB
Ask on:   $AGAIN psql
          (or port $PORT_LOCAL of 127.0.0.1, database ngeshare, user postgres,
          password in $STATE/secret/postgres)
Stop:     $AGAIN stop     (keeps the data)
Remove:   $AGAIN reset
EOF_TEXT
    say "ready in $SECONDS seconds: http://127.0.0.1:$PORT_WEB"
}
