# shellcheck shell=bash
# The list of packages that the scripts need, and the functions that install missing ones.

# Prints the packages that a purpose needs. with_version() adds the major version to the names of
# PostgreSQL's packages.
packages_for()
{
    case $1 in
        build) echo make gcc libc6-dev libcurl4-openssl-dev libpq-dev postgresql \
            postgresql-server-dev ;;
        lint) echo clang-format cppcheck shellcheck universal-ctags perltidy perl libipc-run-perl \
            libtext-csv-xs-perl ;;
        web) echo nginx-light nodejs npm postgresql-cron ;;
        tap) echo perl libipc-run-perl libtext-csv-xs-perl openssl pgbouncer ;;
        browser) echo chromium-headless-shell ;;
        zones) echo tzdata-legacy ;;
        debian) echo mmdebstrap ;;
        package) echo mmdebstrap dpkg-dev debhelper postgresql-server-dev-all ;;
        leaks) echo valgrind libc6-dbg ;;
        assertions) echo bison flex dpkg-dev pkg-config libicu-dev libssl-dev zlib1g-dev ;;
        docker) echo docker.io docker-compose mmdebstrap iproute2 iptables curl ;;
    esac
}

# Returns whether the programs or files of a package are on this machine, however they were
# installed.
is_there()
{
    case $1 in
        libc6-dev) [[ -f /usr/include/stdio.h ]] ;;
        libicu-dev) [[ -f /usr/include/unicode/utypes.h ]] ;;
        libssl-dev) [[ -f /usr/include/openssl/ssl.h ]] ;;
        zlib1g-dev) [[ -f /usr/include/zlib.h ]] ;;
        dpkg-dev) command -v dpkg-source >/dev/null ;;
        libc6-dbg) [[ -d /usr/lib/debug/.build-id ]] ;;
        libcurl4-openssl-dev) command -v curl-config >/dev/null &&
            [[ -n $(compgen -G '/usr/include/*/curl/curl.h') || -f /usr/include/curl/curl.h ]] ;;
        libpq-dev) [[ -n $(libpq_header) ]] ;;
        postgresql | postgresql-server-dev) [[ -n $PG_BIN ]] ;;
        postgresql-cron) [[ -n $PG_BIN && -f $("$PG_CONFIG" --pkglibdir)/pg_cron.so ]] ;;
        pgbouncer) PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null ;;
        nginx-light) PATH=$PATH:/usr/sbin command -v nginx >/dev/null ;;
        nodejs) command -v node >/dev/null ;;
        libipc-run-perl) perl -MIPC::Run -e 1 2>/dev/null ;;
        libtext-csv-xs-perl) perl -MText::CSV_XS -e 1 2>/dev/null ;;
        universal-ctags) [[ $(ctags --version 2>/dev/null) == Universal* ]] ;;
        docker.io) docker info >/dev/null 2>&1 ||
            PATH=$PATH:/usr/sbin command -v dockerd >/dev/null ;;
        docker-compose) docker compose version >/dev/null 2>&1 ||
            command -v docker-compose >/dev/null ;;
        debhelper) command -v dh >/dev/null ;;
        postgresql-server-dev-all)
            [[ -f /usr/share/perl5/Debian/Debhelper/Sequence/pgxs_loop.pm ]] ;;
        iproute2) command -v ip >/dev/null ;;
        iptables) PATH=$PATH:/usr/sbin command -v iptables >/dev/null ;;
        perl) [[ -x /usr/bin/prove ]] && perl -MTest::More -e 1 2>/dev/null ;;
        tzdata-legacy) [[ -f /usr/share/zoneinfo/CET ]] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# Prints the path of libpq's header: that of the chosen PostgreSQL, and Debian's. Prints nothing if
# there is none.
libpq_header()
{
    local folder
    for folder in ${PG_BIN:+"$("$PG_CONFIG" --includedir)"} /usr/include/postgresql; do
        [[ ! -f $folder/libpq-fe.h ]] || printf '%s\n' "$folder/libpq-fe.h"
    done
}

# Prints the missing packages that the given purposes need, one per line, without duplicates.
missing_packages()
{
    local purpose package
    for purpose in "$@"; do
        for package in $(packages_for "$purpose"); do
            is_there "$package" || printf '%s\n' "$package"
        done
    done | sort -u
}

# Chooses the PostgreSQL version to install if there is none: the oldest supported one, or else the
# newest that apt offers.
choose_major()
{
    local newest
    [[ -z $PG_MAJOR ]] || return 0
    PG_MAJOR=$OLDEST_MAJOR
    apt-cache show "postgresql-server-dev-$PG_MAJOR" >/dev/null 2>&1 && return
    newest=$(apt-cache search --names-only '^postgresql-server-dev-[0-9]+$' |
        sed 's/^postgresql-server-dev-\([0-9]*\).*/\1/' | sort -n | tail -n 1)
    ((${newest:-0} >= OLDEST_MAJOR)) ||
        die "this system's packages offer no PostgreSQL $OLDEST_MAJOR or newer; install one and" \
            "name its pg_config in PG_CONFIG"
    PG_MAJOR=$newest
}

# Prints packages under apt's names: those of PostgreSQL contain its major version.
with_version()
{
    local package
    for package in "$@"; do
        case $package in
            postgresql-cron) package=postgresql-${PG_MAJOR:-$OLDEST_MAJOR}-cron ;;
            postgresql-server-dev-all) ;;
            postgresql*) package=$package-${PG_MAJOR:-$OLDEST_MAJOR} ;;
        esac
        printf '%s\n' "$package"
    done
}

# Installs the missing packages that the given purposes need, with apt. Ends the script if that is
# impossible.
install_missing()
{
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    if [[ -n ${PG_CONFIG:-} && -z $PG_BIN && $PG_CONFIG != /usr/* ]]; then
        die "the PostgreSQL of PG_CONFIG='$PG_CONFIG' lacks its server, headers, PGXS or" \
            "postgres_fdw; complete it or unset PG_CONFIG"
    fi
    command -v apt-get >/dev/null ||
        die "unsupported system: there is no apt-get here to install what is missing" \
            "(${missing[*]}); install it by hand and start again"
    need_root "install $(with_version "${missing[@]}" | tr '\n' ' ')by apt"
    say "reading the package lists ..."
    logged 'apt-get update' as_root apt-get -q update
    choose_major
    mapfile -t missing < <(with_version "${missing[@]}")
    say "installing by apt: ${missing[*]} ..."
    [[ ${missing[*]} != *"postgresql-$PG_MAJOR"* ]] ||
        say "(Debian's package also makes a cluster of its own, 'main'; nothing here uses it)"
    logged 'apt-get install' as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install "${missing[@]}"
    find_postgres
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) ||
        die_with_log "apt installed its packages, but there is still no ${missing[*]}"
}

# Prints the URL of the Debian archive that this machine's apt uses.
debian_mirror()
{
    local mirror
    # shellcheck disable=SC2016 # apt fills these in
    mirror=$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' \
        'Created-By: Packages' 2>/dev/null |
        awk '$1 == "Debian" && $2 == "main" { print $3; exit }')
    [[ -n $mirror ]] ||
        die 'apt knows no archive of Debian: add one to its sources, and run apt-get update'
    printf '%s\n' "$mirror"
}
