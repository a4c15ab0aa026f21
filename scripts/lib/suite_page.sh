# shellcheck shell=bash
# The suite "unit": unit tests and static checks of the page's scripts, without a browser. The suite
# "page": tests with a browser on a running demo.

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

# Runs Node with the given arguments in the page's directory, in the version that npm has pinned.
in_www()
{
    cd -- "$WORK/build/www" && "$(node_of "$WORK/npm")" "$@"
}

# Runs the unit tests.
unit_tests()
{
    local output=$WORK/log/page-unit.log status=0
    (in_www --test --test-reporter=tap test/*.test.mjs) >"$output" 2>&1 || status=$?
    count_tap_lines "$output"
    ((status == 0 && PASSED > 0 || FAILED > 0)) || failed 'the unit tests end well' "$output"
}

# Runs the unit tests, ESLint, and prettier as a check of the formatting.
suite_unit()
{
    in_subshell install_npm_packages "$WORK/build/www" "$WORK/npm" ||
        { failed 'npm installs what the page is made with'; return; }
    unit_tests
    check 'ESLint finds nothing' in_subshell in_www \
        node_modules/eslint/bin/eslint.js src test ./*.mjs
    check 'the page is formatted (prettier)' in_subshell in_www \
        node_modules/prettier/bin/prettier.cjs --check 'src/**/*.js' 'test/**/*.mjs' './*.mjs'
}

# Runs the browser tests on the demo's page. They call psql directly hundreds of times, because
# "scripts/demo psql" takes six times as long to start.
browser_tests()
{
    local output=$WORK/log/page-browser.log status=0 before=$PASSED failed_before=$FAILED
    local psql="$PG_BIN/psql -h $NGESHARE_DEMO_DIR/run -p $NGESHARE_PORT -U postgres -d ngeshare"
    env NGESHARE_URL="http://127.0.0.1:$PAGE_PORT" \
        NGESHARE_PSQL="$psql -X -A -t -q" NGESHARE_DEMO="$ROOT/scripts/demo" \
        "$(node_of "$WORK/page/npm")" "$WORK/page/build/www/test/browser.mjs" >"$output" 2>&1 ||
        status=$?
    count_tap_lines "$output"
    sed -n 's/^# budget: /          /p' "$output"
    sed -n 's/^# took \([0-9]*\) s: \(.*\)/\1 \2/p' "$output" | sort -rn |
        sed -n '1,10s/^\([0-9]*\) \(.*\)/          slowest: \2: \1 s/p'
    ((status == 0 && PASSED > before || FAILED > failed_before)) ||
        failed 'the browser tests end well' "$output"
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
    browser_tests
    "$ROOT/scripts/demo" reset >/dev/null 2>&1 || true
}
