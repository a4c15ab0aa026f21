# shellcheck shell=bash
# The suites that PGXS runs with make installcheck: "regress", "isolation" and "tap".

# The slowest files of t/. They run first, so that all lanes end at about the same time.
TAP_FIRST='t/031_two_hundred_rounds.pl t/053_random_steps.pl t/057_one_snapshot.pl t/080_upgrade.pl'
TAP_FIRST+=' t/036_isolation.pl t/001_answers_equal_reference.pl t/050_every_answer.pl'
TAP_FIRST+=' t/100_place_and_time.pl t/101_follow_ups.pl'
TAP_FIRST+=' t/032_content_is_verified.pl t/051_answer_properties.pl t/081_pg_upgrade.pl'
TAP_FIRST+=' t/054_snapshot.pl t/091_hostile_production.pl t/093_odd_productions.pl t/082_roles.pl'
readonly TAP_FIRST

# Counts the results in pg_regress's output, in the format of PostgreSQL 15 or of 16 and newer.
count_regress()
{
    local output=$1 line
    local before16='^(test )? *([^ ]+) +\.\.\. (ok|FAILED)' \
        since16='^(not )?ok +[0-9]+ +[-+] +([^ ]+)'
    while IFS= read -r line; do
        if [[ $line =~ $since16 ]]; then
            if [[ -z ${BASH_REMATCH[1]} ]]; then
                passed "${BASH_REMATCH[2]}"
            else
                failed "${BASH_REMATCH[2]}"
            fi
        elif [[ $line =~ $before16 ]]; then
            if [[ ${BASH_REMATCH[3]} == ok ]]; then
                passed "${BASH_REMATCH[2]}"
            else
                failed "${BASH_REMATCH[2]}"
            fi
        fi
    done <"$output"
}

# Prints why pg_regress failed: the differences, or the end of its output if no test failed.
explain_regress()
{
    local output=$1 differences=$2
    ((FAILED > 0)) || failed "pg_regress ended with an error" "$output"
    [[ ! -s $differences ]] ||
        { head -n 200 -- "$differences"; cp -- "$differences" "$output.diffs"; }
}

# Runs the files of sql/.
suite_regress()
{
    local output=$WORK/log/regress.log status=0
    make_as_owner "$output" installcheck ISOLATION= TAP_TESTS= TEST_PORT="$(free_port)" || status=$?
    count_regress "$output"
    ((status == 0)) || explain_regress "$output" "$WORK/run/regression.diffs"
}

# Runs the files of specs/.
suite_isolation()
{
    local output=$WORK/log/isolation.log status=0
    make_as_owner "$output" installcheck REGRESS= TAP_TESTS= TEST_PORT="$(free_port)" || status=$?
    count_regress "$output"
    ((status == 0)) || explain_regress "$output" "$WORK/run/output_iso/regression.diffs"
}

# Returns whether any of the chosen files of t/ (by default all) needs PostgREST and nginx.
tap_asks_website()
{
    local files
    [[ -n ${TAP_FILES:-} ]] || return 0
    read -ra files <<<"$TAP_FILES"
    (cd -- "$ROOT" && grep -q '^use Website;' -- "${files[@]}")
}

# Runs files of t/ in one of the copies of the tree that belong to the servers' user.
run_tap()
{
    local copy=$1 output=$2 chosen=$3
    RUN_COPY=$copy make_as_owner "$output" installcheck REGRESS= ISOLATION= TAP_TESTS=1 \
        PROVE="$WORK/$copy/scripts/lib/prove_lane $WORK/tmp/queue" \
        PROVE_FLAGS='--verbose --timer' PROVE_TESTS="$chosen"
}

# Prints all files of t/, the slowest first.
all_tap_files()
{
    local file
    printf '%s' "$TAP_FIRST"
    for file in "$WORK"/run/t/*.pl; do
        file=t/${file##*/}
        [[ " $TAP_FIRST " == *" $file "* ]] || printf ' %s' "$file"
    done
}

# Runs files of t/ in as many parallel lanes as there are processors. A lane that has finished a
# file takes the next one that is not taken yet. With one more lane, cancelling a sync takes longer
# than some tests allow.
run_tap_in_lanes()
{
    local output=$1 chosen=$2 status=0 lane pid
    local -i lanes
    lanes=$(nproc)
    make_owned_directory "$WORK/tmp/queue"
    for ((lane = 1; lane <= lanes; lane++)); do
        make_run_copy "lane$lane"
        run_beside run_tap "lane$lane" "$output.$lane" "$chosen"
    done
    for pid in "${BESIDE[@]}"; do
        wait "$pid" || status=$?
    done
    BESIDE=()
    for ((lane = 1; lane <= lanes; lane++)); do
        cat -- "$output.$lane"
    done >"$output"
    return "$status"
}

# Runs the files of t/. Each top-level assertion counts as one check.
suite_tap()
{
    local output=$WORK/log/tap.log status=0 POSTGREST=
    if tap_asks_website; then
        in_subshell install_npm_packages "$WORK/build/www" "$WORK/npm" ||
            { failed 'npm installs PostgREST'; return; }
        # shellcheck disable=SC2034 # make_as_owner passes it on
        POSTGREST=$(postgrest_of "$WORK/npm")
    fi
    run_tap_in_lanes "$output" "${TAP_FILES:-$(all_tap_files)}" || status=$?
    count_tap "$output" "$status"
}

# Counts the results in prove's output, prints one line per file, and shows the failures.
count_tap()
{
    local output=$1 status=$2 more_passed more_failed
    summarize_tap <"$output" >"$output.summary"
    grep -v '^sum ' "$output.summary" || true
    slowest_files <"$output"
    sed -n 's/^# case: /          /p' "$output"
    read -r _ more_passed more_failed < <(grep '^sum ' "$output.summary")
    PASSED=$((PASSED + more_passed))
    FAILED=$((FAILED + more_failed))
    ((status != 0 || FAILED > 0)) || return 0
    ((FAILED > 0)) || failed 'prove ended with an error'
    grep -A 12 -E '^# +Failed test' "$output" | head -n 120 || true
    tail -n 30 -- "$output"
}

# Prints the ten slowest files, from the output of prove --timer.
slowest_files()
{
    awk '/^(\[[0-9:]+\] )?t\/[^ ]+\.pl \.+/ { file = /^\[/ ? $2 : $1 }
         /^ok +[0-9]+ ms/ && file { printf "%d %s\n", $2 / 1000, file; file = "" }' |
        sort -rn | head -n 10 | sed 's/^\([0-9]*\) \(.*\)/          slowest: \2 \1 s/'
}

# Summarizes prove's verbose output: one line per file, and a line with the numbers of passed and
# failed assertions. Skipped assertions count as neither. A file that died without a failed
# assertion counts as one failure.
summarize_tap()
{
    awk '{ sub(/^\[[0-9:]+\] /, "") }
         /^(t|safety)\/[^ ]+\.pl \.+/ {
             file = $1; files[++n] = file; note[file] = /skipped:/ ? ", skipped" : "" }
         /^ok [0-9]+/ && !/^ok +[0-9]+ ms/ && !/# *(skip|SKIP)/ { good[file]++ }
         /^not ok [0-9]+/ && !/# *TO[D]O/ { bad[file]++ }
         /^(t|safety)\/[^ ]+\.pl +\(Wstat:/ { file = $1 }
         /^  (Non-zero (exit|wait) status|Parse errors):/ && !bad[file] {
             bad[file]++; note[file] = ", died" }
         END { for (i = 1; i <= n; i++) { file = files[i]; passed += good[file]; failed += bad[file]
                   printf "  %-7s %s: %d passed, %d failed%s\n",
                       (bad[file] ? "FAILED" : "ok"), file,
                       good[file], bad[file], note[file] }
               print "sum", passed + 0, failed + 0 }'
}
