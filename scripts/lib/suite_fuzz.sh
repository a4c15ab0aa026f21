# shellcheck shell=bash
# The suite "fuzz": passes mutated texts to the C functions that parse text, in a server of the
# sanitized build (safety/fuzz.c).

readonly FUZZ_TARGETS=(conninfo csv instant zone address message)
FUZZ_SECONDS=${FUZZ_SECONDS:-60}
FUZZ_SEED=${FUZZ_SEED:-1}

# Runs an SQL command on this suite's server, as the user that servers run as.
ask_fuzz_server()
{
    as_owner "$PG_BIN/psql" -XqAt -v ON_ERROR_STOP=1 -h "$WORK/tmp" -p "$FUZZ_PORT" -d postgres \
        -c "$1"
}

# Creates and starts a server without data.
start_fuzz_server()
{
    FUZZ_PORT=$(free_port)
    as_owner "$PG_BIN/initdb" -D "$WORK/run/fuzz" --no-sync --encoding=UTF8 --locale=C.UTF-8 &&
        as_owner "$PG_BIN/pg_ctl" -D "$WORK/run/fuzz" -l "$WORK/run/fuzz.log" -w start \
            -o "-p $FUZZ_PORT -k $WORK/tmp -c listen_addresses= -c fsync=off \
-c restart_after_crash=off -c log_min_messages=panic"
}

# Runs each target for an equal part of FUZZ_SECONDS. Each target is one check; it must read more
# than 1,000 texts.
suite_fuzz()
{
    local target texts each=$((FUZZ_SECONDS / ${#FUZZ_TARGETS[@]}))
    ((each > 0)) || each=1
    in_subshell start_fuzz_server >"$WORK/log/fuzz.log" 2>&1 || true
    FUZZ_PORT=$(sed -n 4p "$WORK/run/fuzz/postmaster.pid")
    ask_fuzz_server "CREATE FUNCTION fuzz(text, bigint, integer) RETURNS bigint LANGUAGE c STRICT
        AS '\$libdir/ngeshare', 'ngeshare_fuzz'" ||
        { failed 'the server for the texts starts' "$WORK/log/fuzz.log"; return; }
    for target in "${FUZZ_TARGETS[@]}"; do
        if texts=$(ask_fuzz_server "SELECT fuzz('$target', $FUZZ_SEED, $each)") &&
            ((texts > 1000)); then
            passed "$target: $texts texts in $each s, from seed $FUZZ_SEED"
        else
            failed "$target, from seed $FUZZ_SEED"
        fi
    done
    as_owner "$PG_BIN/pg_ctl" -D "$WORK/run/fuzz" -m immediate stop >>"$WORK/log/fuzz.log" 2>&1 ||
        true
}
