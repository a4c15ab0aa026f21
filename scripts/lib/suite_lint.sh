# shellcheck shell=bash
# The suite "lint": how the sources look, without running any of them.

# Runs every check on the copy of the tree.
suite_lint()
{
    check 'C is formatted (clang-format)' in_source format_is_right
    check 'cppcheck finds nothing' in_source cppcheck_finds_nothing
    check 'shellcheck finds nothing' in_source shellcheck_finds_nothing
    check 'Perl compiles' in_source perl_compiles
    check 'PG_VERSION_NUM only in src/compat.h' in_source versions_in_one_place
    check 'no function longer than 60 lines' in_source functions_are_short
    check 'no files of a folder call each other in a circle' in_source calls_go_one_way
    check 'no trailing white space, every file ends its last line' in_source white_space_is_right
    check 'no path of one machine' in_source no_match '/(work|farm|root|home/[a-z]+)/'
    check 'nothing left to do' in_source no_match '\b(T[O]DO|F[I]XME|X[X]X)\b'
    check 'no binaries, build products or code of others' in_source only_sources
}

# Runs a check in the copy of the tree.
in_source()
(
    cd -- "$WORK/source" || exit
    "$@"
)

format_is_right()
{
    find src -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
}

# cppcheck sees no header of PostgreSQL's: its macros are unknown to it, not wrong.
cppcheck_finds_nothing()
{
    cppcheck --quiet --std=c99 --enable=warning,portability --inline-suppr --error-exitcode=1 \
        --suppress=unknownMacro --suppress=missingInclude --suppress=uninitvar \
        -DPG_VERSION_NUM=150000 -D'PG_FUNCTION_ARGS=FunctionCallInfo fcinfo' -D'PG_MODULE_MAGIC=' -D'PG_FUNCTION_INFO_V1(name)=' \
        -I src src
}

# The shell scripts of the tree, by their first line or their name.
shell_scripts()
{
    find . -name '*.sh' -print
    find . -type f ! -name '*.sh' -exec awk 'FNR == 1 && /^#!.*[\/ ](ba)?sh( |$)/ { print FILENAME } FNR == 1 { nextfile }' {} +
}

shellcheck_finds_nothing()
{
    shell_scripts | tr '\n' '\0' | xargs -0 shellcheck -x
}

# A file of tests is only compiled: its BEGIN blocks run, its tests don't.
perl_compiles()
{
    local file status=0 libraries
    libraries=$(dirname "$("$PG_CONFIG" --pgxs)")/../../src/test/perl
    for file in t/*.pl t/lib/*.pm; do
        [[ ! -f $file ]] || perl -I "$libraries" -I t/lib -c "$file" || status=1
    done
    return "$status"
}

versions_in_one_place()
{
    ! grep -rn PG_VERSION_NUM --include='*.[ch]' src | grep -v '^src/compat\.h:'
}

functions_are_short()
{
    find src -name '*.[ch]' -print0 | xargs -0 ctags -f - --languages=C --c-kinds=f --fields=+ne | awk -F '\t' '
        { for (i = 4; i <= NF; i++) { split($i, part, ":"); at[part[1]] = part[2] }
          length_of = at["end"] - at["line"] + 1; seen++
          if (length_of > 60) { print $2 ": " $1 " has " length_of " lines"; found = 1 } }
        END { if (!seen) print "no function was found"; exit found || !seen }'
}

# The folders are src/ itself, without its folders, and each src/X with all that is in it.
calls_go_one_way()
{
    local -a files
    mapfile -t files < <(find src -name '*.c')
    ctags --sort=no -f - --languages=C --c-kinds=f --fields=+n "${files[@]}" | awk -f scripts/lib/call_circles.awk - "${files[@]}"
}

# What psql printed is kept as it is.
white_space_is_right()
{
    local file status=0
    while IFS= read -r -d '' file; do
        [[ -s $file ]] || continue
        ! grep -nE '[[:blank:]]+$' "$file" /dev/null || status=1
        [[ -z $(tail -c 1 "$file") ]] || { echo "$file: no end of line at its end"; status=1; }
    done < <(find . -type f ! -path './expected/*' -print0 | xargs -0 grep -lIZ '')
    return "$status"
}

# Refuses a pattern in any text file.
no_match()
{
    ! grep -rnIE -- "$1" .
}

only_sources()
{
    local found
    found=$(
        find . -name node_modules -o -name vendor -o -name third_party -o -name '*.o' -o -name '*.bc' \
            -o -name '*.so' -o -name '*.a' -o -name '*.tar*' -o -name '*.zip' -o -path './ngeshare--*.sql' \
            -o -name 'regression.*' -o -name results -o -name 'tmp_check*' -o -size +1024k
        find . -type f -size +0 ! -name '*.png' ! -name '*.jpg' ! -name '*.webp' ! -name '*.ico' \
            ! -name '*.woff2' -print0 | xargs -0 grep -LI ''
    )
    echo "$found"
    [[ -z $found ]]
}
