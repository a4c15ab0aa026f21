# shellcheck shell=bash
# Builds a PostgreSQL 18 with assertions from Debian's source package, and pg_cron for it.

readonly ASSERTING_MAJOR=18

# Runs apt-get with only the source packages of Debian sid. The lists are in a separate directory,
# so the system's package lists do not change.
apt_for_sources()
{
    local apt=$1
    shift
    mkdir -p -- "$apt/lists/partial" "$apt/cache/archives/partial"
    printf 'deb-src [signed-by=%s] %s sid main\n' /usr/share/keyrings/debian-archive-keyring.gpg \
        "$(debian_mirror)" >"$apt/sources.list"
    (cd -- "$apt" && apt-get -q \
        -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" "$@")
}

# Fetches a source package and unpacks it, with Debian's patches, into a directory.
fetch_source()
{
    local apt=$1 package=$2 target=$3
    apt_for_sources "$apt" source --download-only "$package" &&
        dpkg-source --no-check -x "$apt/${package}_"*.dsc "$target"
}

# Builds PostgreSQL with its test modules and its extensions.
# shellcheck disable=SC2317 # logged calls it
build_asserting_postgres()
{
    local folder=$1 target=$2
    mkdir -p -- "$folder/apt"
    apt_for_sources "$folder/apt" update &&
        fetch_source "$folder/apt" "postgresql-$ASSERTING_MAJOR" "$folder/source" &&
        (cd -- "$folder/source" && ./configure --prefix="$target" --enable-cassert --enable-debug \
            --enable-tap-tests --with-icu --with-openssl --without-readline CFLAGS='-O1 -g') &&
        make -s -C "$folder/source" -j "$(nproc)" world-bin &&
        make -s -C "$folder/source" install-world-bin
}

# Builds pg_cron, which some tests load, for that PostgreSQL.
# shellcheck disable=SC2317 # its caller runs it with its output in the log
build_pg_cron()
{
    local folder=$1 target=$2
    fetch_source "$folder/apt" pg-cron "$folder/pg_cron" &&
        make -s -C "$folder/pg_cron" PG_CONFIG="$target/bin/pg_config" with_llvm=no install
}

# Prints the directory in which the build is kept. For root it is not ~/.cache, because the user
# that runs the servers cannot enter root's home.
cache_directory()
{
    if [[ -n ${XDG_CACHE_HOME:-} ]]; then
        printf '%s/ngeshare\n' "$XDG_CACHE_HOME"
    elif [[ $EUID -eq 0 ]]; then
        printf '/var/cache/ngeshare\n'
    else
        printf '%s/.cache/ngeshare\n' "$HOME"
    fi
}

# Builds the PostgreSQL with assertions unless the cache has it, and sets PG_CONFIG to it.
use_asserting_postgres()
{
    local cache target
    cache=$(cache_directory)
    target=$cache/postgresql-$ASSERTING_MAJOR-assertions
    if [[ ! -f $target/.complete ]]; then
        say "building PostgreSQL $ASSERTING_MAJOR with assertions in $target; this takes some" \
            "minutes ..."
        rm -rf -- "$target"
        mkdir -p -- "$cache" "$WORK/postgresql"
        logged 'building PostgreSQL' build_asserting_postgres "$WORK/postgresql" "$target"
        build_pg_cron "$WORK/postgresql" "$target" >>"$LOG" 2>&1 ||
            say 'pg_cron cannot be built: its source package cannot be fetched or does not compile'
        rm -rf -- "$WORK/postgresql"
        : >"$target/.complete"
    fi
    check_owner_reaches "$target"
    use_pg_config "$target/bin/pg_config"
    is_there postgresql-cron || leave_out_pg_cron
}

# Stops the script if the user that runs the servers cannot reach a directory.
check_owner_reaches()
{
    as_owner test -x "$1/bin/postgres" ||
        die "the user $SERVER_OWNER cannot reach $1; set XDG_CACHE_HOME to a directory that" \
            "everybody may enter"
}

# Makes the tests that need pg_cron be skipped, and prints their names.
leave_out_pg_cron()
{
    export NGESHARE_TEST_WITHOUT_CRON=1
    say "NOT RUN without pg_cron: $(cd -- "$ROOT" && grep -l 'needs_pg_cron' t/*.pl | tr '\n' ' ')"
}
