# shellcheck shell=bash
# The suite "page": the page's own unit tests, and a browser on a running demo.

# Counts lines of TAP: each "ok" and "not ok" at the beginning of a line is one check.
count_tap_lines()
{
    local line
    while IFS= read -r line; do
        case $line in
            'ok '*) passed "${line#ok }" ;;
            'not ok '*) failed "${line#not ok }" ;;
        esac
    done <"$1"
}

# Runs the unit tests with the pinned Node.
unit_tests()
{
    local output=$WORK/log/page-unit.log status=0 failed_before=$FAILED
    (cd -- "$WORK/page/build/www" && "$(node_of "$WORK/page/npm")" --test --test-reporter=tap test/*.test.mjs) >"$output" 2>&1 || status=$?
    count_tap_lines "$output"
    ((status == 0 && PASSED > 0 || FAILED > failed_before)) || failed 'the unit tests end well' "$output"
}

# Drives a browser over the demo's page.
browser_tests()
{
    local output=$WORK/log/page-browser.log status=0 before=$PASSED failed_before=$FAILED
    env NGESHARE_URL="http://127.0.0.1:$PAGE_PORT" NGESHARE_PSQL="$ROOT/scripts/demo psql -X -A -t -q" NGESHARE_DEMO="$ROOT/scripts/demo" \
        "$(node_of "$WORK/page/npm")" "$WORK/page/build/www/test/browser.mjs" >"$output" 2>&1 || status=$?
    count_tap_lines "$output"
    sed -n 's/^# budget: /          /p' "$output"
    ((status == 0 && PASSED > before || FAILED > failed_before)) || failed 'the browser tests end well' "$output"
}

# Starts a demo, tests its page, and removes it.
suite_page()
{
    PAGE_PORT=$(free_port)
    local -x NGESHARE_DEMO_DIR=$WORK/page NGESHARE_WEB_PORT=$PAGE_PORT
    local -x NGESHARE_PORT NGESHARE_PRODUCTION_PORT
    NGESHARE_PORT=$(free_port)
    NGESHARE_PRODUCTION_PORT=$(free_port)
    if ! run_apart "$WORK/log/page-demo.log" "$ROOT/scripts/demo"; then
        failed 'a demo starts for the page' "$WORK/log/page-demo.log"
        return
    fi
    unit_tests
    browser_tests
    "$ROOT/scripts/demo" reset >/dev/null 2>&1 || true
}
