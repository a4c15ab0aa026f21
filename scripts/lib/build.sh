# shellcheck shell=bash
# Builds the extension in a copy of the source tree, so that the clone stays clean, and installs it.

# Lists the source files of a tree, each followed by a NUL: with git the tracked and the new files,
# without git all files except build products.
list_tree()
{
    local root=$1
    cd -- "$root" || return
    if [[ -e .git ]] && command -v git >/dev/null; then
        git -c safe.directory="$root" ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' file; do
                [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"
            done
    else
        find . \( -name .git -o -name node_modules -o -name 'tmp_check*' -o -name results \
            -o -name output_iso -o -name log \) -prune -o \( -type f -o -type l \) \
            ! -name '*.o' ! -name '*.bc' ! -name '*.so' ! -name '*.tmp' ! -name 'regression.*' \
            ! -path './ngeshare--*.sql' -printf '%P\0'
    fi
}

# Copies the source files of a tree to a directory, which is emptied first.
copy_tree()
{
    local root=$1 target=$2
    rm -rf -- "$target"
    mkdir -p -- "$target"
    (list_tree "$root") | sort -zu | tar -C "$root" --null --no-recursion -T - -cf - |
        tar -C "$target" --no-same-owner -xf -
}

# Runs make in a build directory for the PostgreSQL of PG_CONFIG. The built files do not contain the
# directory's path.
make_in()
{
    local build=$1
    shift
    make -s -C "$build" PG_CONFIG="$PG_CONFIG" with_llvm=no COPT="-ffile-prefix-map=$build=." "$@"
}

# Prints a checksum of PostgreSQL's version and of the sources of the extension and the page.
fingerprint_of()
{
    {
        "$PG_CONFIG" --version --bindir
        (cd -- "$1" && find Makefile ngeshare.control src www/src www/serve www/build.mjs \
            www/package-lock.json scripts/roles.sql -type f \
            \( -name '*.[ch]' -o -name '*.sql' -o -name '*.awk' -o -name Makefile \
            -o -name '*.control' -o -path 'www/*' \) -print0 |
            sort -z | xargs -0 sha256sum)
    } | sha256sum | cut -d ' ' -f 1
}

# Returns whether the installed extension is identical to a build.
is_installed()
{
    local build=$1
    cmp -s "$build/ngeshare.so" "$("$PG_CONFIG" --pkglibdir)/ngeshare.so" &&
        has_same_sql "$build" "$("$PG_CONFIG" --sharedir)/extension"
}

# Returns whether a directory has the same SQL scripts and control file as a build.
has_same_sql()
{
    local build=$1 extensions=$2 script
    for script in "$build"/ngeshare--*.sql "$build/ngeshare.control"; do
        cmp -s "$script" "$extensions/${script##*/}" || return 1
    done
}

# Returns whether this user may write to PostgreSQL's extension directories.
may_install()
{
    [[ -w $("$PG_CONFIG" --pkglibdir) && -w $("$PG_CONFIG" --sharedir)/extension ]]
}

# Builds the extension in a directory, unless that directory has a build of the same sources.
build_extension()
{
    local root=$1 build=$2 fingerprint
    shift 2
    fingerprint=$(fingerprint_of "$root")
    [[ $(cat -- "$build/.built-from" 2>/dev/null) != "$fingerprint" ]] || return 0
    say "building the extension for PostgreSQL $PG_MAJOR ..."
    copy_tree "$root" "$build"
    logged 'building the extension' make_in "$build" -j "$(nproc)" "$@"
    printf '%s\n' "$fingerprint" >"$build/.built-from"
}

# Installs a built extension, unless the same build is installed already. If this user can neither
# write to PostgreSQL's extension directories nor use sudo, an installed extension with the same SQL
# is used as it is.
install_extension()
{
    local build=$1 extensions
    ! is_installed "$build" || return 0
    extensions=$("$PG_CONFIG" --sharedir)/extension
    if may_install; then
        say "installing the extension in $extensions ..."
        logged 'installing the extension' make_in "$build" install
    elif ! command -v sudo >/dev/null && [[ -f $("$PG_CONFIG" --pkglibdir)/ngeshare.so ]] &&
        has_same_sql "$build" "$extensions"; then
        say "taking the extension as it is installed in $extensions"
    else
        need_root "install the extension in $extensions"
        say "installing the extension in $extensions ..."
        logged 'installing the extension' as_root make -s -C "$build" PG_CONFIG="$PG_CONFIG" \
            with_llvm=no install
    fi
}
