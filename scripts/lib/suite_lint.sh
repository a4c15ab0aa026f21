# shellcheck shell=bash
# The suite "lint": static checks of the sources.

# Runs every check on the copy of the tree.
suite_lint()
{
    check 'C is formatted (clang-format)' in_source format_is_right
    check 'cppcheck finds nothing' in_source cppcheck_finds_nothing
    check 'shellcheck finds nothing' in_source shellcheck_finds_nothing
    check 'Perl compiles' in_source perl_compiles
    check 'Perl is formatted (perltidy)' in_source perl_is_formatted
    check 'PG_VERSION_NUM only in src/compat.h' in_source versions_in_one_place
    check 'no function longer than 60 lines' in_source functions_are_short
    check 'no files of a folder call each other in a circle' in_source calls_go_one_way
    check 'no trailing white space, every file ends its last line' in_source white_space_is_right
    check 'no line is longer than 100 columns' in_source lines_are_short
    check 'no README of a folder is longer than 60 lines' in_source readmes_are_short
    check 'no path of one machine' in_source no_match '/(work|farm|root|home/[a-z]+)/'
    check 'the pictures are there, in use and small' in_source scripts/screenshots check
    check 'nothing left to do' in_source no_match '\b(T[O]DO|F[I]XME|X[X]X)\b'
    check 'META.json names the version of ngeshare.control' in_source meta_is_right
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

# Runs cppcheck without PostgreSQL's headers, so unknown macros and missing includes are suppressed.
cppcheck_finds_nothing()
{
    cppcheck --quiet --std=c99 --enable=warning,portability --inline-suppr --error-exitcode=1 \
        --suppress=unknownMacro --suppress=missingInclude --suppress=uninitvar \
        -DPG_VERSION_NUM=150000 -D'PG_FUNCTION_ARGS=FunctionCallInfo fcinfo' -D'PG_MODULE_MAGIC=' \
        -D'PG_FUNCTION_INFO_V1(name)=' \
        -I src src
}

# Prints the shell scripts of the tree: files named *.sh, and files whose first line names a shell.
shell_scripts()
{
    find . -name '*.sh' -print
    find . -type f ! -name '*.sh' -exec awk '
        FNR == 1 && /^#!.*[\/ ](ba)?sh( |$)/ { print FILENAME }
        FNR == 1 { nextfile }' {} +
}

shellcheck_finds_nothing()
{
    shell_scripts | tr '\n' '\0' | xargs -0 shellcheck -x
}

# Compiles the Perl files with perl -c, which runs their BEGIN blocks but not the tests.
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
    find src -name '*.[ch]' -print0 | xargs -0 ctags -f - --languages=C --c-kinds=f --fields=+ne |
        awk -F '\t' '
        { for (i = 4; i <= NF; i++) { split($i, part, ":"); at[part[1]] = part[2] }
          length_of = at["end"] - at["line"] + 1; seen++
          if (length_of > 60) { print $2 ": " $1 " has " length_of " lines"; found = 1 } }
        END { if (!seen) print "no function was found"; exit found || !seen }'
}

# Checks for circular calls inside each folder: the files directly in src/, and each src/X with its
# subfolders.
calls_go_one_way()
{
    local -a files
    mapfile -t files < <(find src -name '*.c')
    ctags --sort=no -f - --languages=C --c-kinds=f --fields=+n "${files[@]}" |
        awk -f scripts/lib/call_circles.awk - "${files[@]}"
}

# Checks that no line ends with white space and that every file ends with a newline. expected/ is
# left out, because psql pads its output with blanks.
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

# Checks that no line is longer than 100 columns. Rows of Markdown tables and lines with regular
# expressions are left out because they cannot be wrapped; generated files and nginx's configuration
# are left out, too.
lines_are_short()
{
    local pattern="qr/|=~|~ E?'|~ '|://|/\\^|\\.\\*|^[^:]*:[0-9]+:[[:space:]]*(s?/)"
    ! LC_ALL=C.UTF-8 grep -rnP --include='*.md' --exclude=reference.md '^(?! *\|).{101}' . || return
    ! LC_ALL=C.UTF-8 grep -rnIP --exclude='*.md' --exclude=package-lock.json --exclude='*.out' \
        --exclude='*.conf' --exclude-dir=data '^.{101}' \
        scripts bench docker safety specs demo src sql t www | grep -vE "$pattern"
}

# Returns whether perltidy with .perltidyrc leaves every Perl file as it is.
perl_is_formatted()
{
    local tidied=$WORK/tidied file status=0
    local files=(t/*.pl t/lib/*.pm bench/lib/*.pl safety/*.pl www/serve/users)
    mkdir -p "$tidied"
    cp --parents .perltidyrc "${files[@]}" "$tidied" || return
    (cd -- "$tidied" && printf '%s\0' "${files[@]}" |
        xargs -0 -n 8 -P "$(nproc)" perltidy -b -bext=/) || return
    for file in "${files[@]}"; do
        diff -u "$file" "$tidied/$file" || status=1
    done
    return "$status"
}

readmes_are_short()
{
    find ./*/ -name README.md -exec awk '
        END { if (FNR > 60) { print FILENAME ": " FNR " lines" } }' {} \; | { ! grep .; }
}

# Returns whether no text file contains a pattern.
no_match()
{
    ! grep -rnIE -- "$1" .
}

only_sources()
{
    local found
    found=$(
        find . -name node_modules -o -name vendor -o -name third_party -o -name '*.o' \
            -o -name '*.bc' -o -name '*.so' -o -name '*.a' -o -name '*.tar*' -o -name '*.zip' \
            -o -path './ngeshare--*.sql' \
            -o -name 'regression.*' -o -name results -o -name 'tmp_check*' -o -size +1024k
        find . -type f -size +0 ! -name '*.png' ! -name '*.jpg' ! -name '*.webp' ! -name '*.ico' \
            ! -name '*.woff2' -print0 | xargs -0 grep -LI ''
    )
    echo "$found"
    [[ -z $found ]]
}

# Checks the version in META.json. PGXN requires three numbers, so 2.0 is written as 2.0.0.
meta_is_right()
{
    local version
    version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" ngeshare.control)
    [[ $(grep -c "\"version\": \"$version.0\"" META.json) == 2 ]]
}
