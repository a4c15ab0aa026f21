# shellcheck shell=bash
# Measures syncs of the extension ("ours"), using only its public functions and tables.
# shellcheck disable=SC2034,SC2153 # other parts use the windows' lengths and set COUNTS

# Lengths of the window in days: one that contains all attendance, and the default one.
readonly WHOLE=36500 DEFAULT_WINDOW=45
declare -A LONGEST=()

# Creates a database with the extension on a server, and connects it to production through a port.
# It does not sync.
new_ours()
{
    local database=$1 port=$2 server=${3:-local}
    make_database "$server" "$database"
    NGESHARE_CONNINFO=$(conninfo_of "$READER" "$port") run_sql_logged 'connecting' "$server" \
        "$database" <<EOF_SQL
\\getenv conninfo NGESHARE_CONNINFO
CREATE EXTENSION ngeshare CASCADE;
ALTER DATABASE $database SET session_preload_libraries = 'ngeshare';
SELECT ngeshare_connect(:'conninfo');
EOF_SQL
    settle
}

# Runs one sync with a given window.
sync_once()
{
    local database=$1 window=$2
    sql_on local "$database" <<EOF_SQL
SET ngeshare.attendance_window_days = $window;
SET ngeshare.sync_clock = '$AS_OF';
CALL ngeshare_sync();
EOF_SQL
}

# Measures a first sync of a new database, checks its row counts, and stores the duration of the
# longest transaction on production.
first_load()
{
    local what=$1 database=$2 window=$3 port=$4 from
    new_ours "$database" "$port"
    from=$(log_size)
    timed "$what" sync_once "$database" "$window"
    LONGEST[$what]+="$(longest_transaction "$from") "
    if ((window == WHOLE)); then check_counts "$database"; else check_window "$database"; fi
}

# Measures syncs that find nothing new, and checks that they wrote no rows.
sync_again()
{
    local what=$1 database=$2 window=$3 repetitions=$4 written
    for ((; repetitions > 0; repetitions--)); do
        timed "$what" sync_once "$database" "$window"
    done
    written=$(sql_on local "$database" <<'EOF_SQL'
SELECT sum(rows_inserted + rows_updated + rows_deleted)
FROM sync_log
WHERE run_id > (SELECT min(run_id) FROM sync_run)
EOF_SQL
    )
    [[ $written == 0 ]] || die "a sync that ought to find nothing new in '$database' wrote" \
        "$written rows"
}

# Checks that a database has as many rows as production, but only as many rows of attendance as
# production has in the window.
check_window()
{
    local database=$1 start counts wanted
    start=$(sql_on local "$database" <<<"SELECT window_start AT TIME ZONE 'UTC' FROM sync_run")
    wanted=$(sql_on production production \
        <<<"SELECT count(*) FROM \"UserHangoutGroupAttendance\" WHERE \"attendedAt\" >= '$start'")
    counts=$(sql_on local "$database" <<<"$(count_query)")
    [[ $counts == "${COUNTS%|*}|$wanted" ]] ||
        die "'$database' has other row counts than production's window: $counts, not" \
            "${COUNTS%|*}|$wanted"
}

# Prints the size of production's server log, in bytes.
log_size()
{
    stat -c %s "$STATE/run/production.log"
}

# Prints the duration in seconds of the extension's longest transaction on production, from an
# offset in production's log on.
longest_transaction()
{
    local from=$1 longest number
    read -r longest number < <(tail -c "+$((from + 1))" "$STATE/run/production.log" |
        perl "$ROOT/bench/lib/transactions.pl" "$READER")
    ((number > 0)) || die "production's log shows no transaction of ours"
    printf '%s\n' "$longest"
}
