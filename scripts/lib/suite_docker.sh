# shellcheck shell=bash
# The suite "docker": builds the images and runs the compose file as a new user would.

# Runs Compose on a project, with fixed settings instead of those in docker/.env.
compose()
{
    local project=$1
    shift
    env WEB_PORT="$DOCKER_PORT" REPLICA_WEB_PORT="$DOCKER_REPLICA_PORT" DEMO_GROUPS=300 \
        timeout 240 "${COMPOSE[@]}" --project-name "$project" --env-file "$WORK/docker.env" \
        -f "$WORK/source/docker/compose.yaml" "$@"
}

# Runs SQL with psql in the container of a service.
sql_in_container()
{
    compose "$DOCKER_PROJECT" exec -T "$1" psql -X -q -U postgres -d "$2" "${@:3}"
}

# Sends an HTTP request without a proxy, and fails unless it succeeds.
fetch()
{
    curl -sS --fail --noproxy '*' --max-time 30 "$@"
}

# Runs the checks, one after the other, and removes the containers at the end.
suite_docker()
{
    DOCKER_PROJECT=ngeshare-test-$$
    DOCKER_PORT=$(free_port)
    DOCKER_REPLICA_PORT=$(free_port)
    : >"$WORK/docker.env"
    COMPOSE=(docker-compose)
    ! docker compose version >/dev/null 2>&1 || COMPOSE=(docker compose)
    # shellcheck disable=SC2154 # the trap assigns it
    trap 'ended=$?; end_docker; end_work "$ended"' EXIT
    if start_engine >"$WORK/log/engine.log" 2>&1; then
        passed 'a Docker engine runs'
        docker_checks
    else
        failed 'a Docker engine runs (NGESHARE_TEST_WITHOUT_DOCKER=1 leaves this suite out)' \
            "$WORK/log/engine.log"
    fi
    end_docker
}

# Removes the suite's containers, volumes and images, and stops the temporary engine.
end_docker()
{
    {
        compose "$DOCKER_PROJECT" --profile demo --profile replica down -v --remove-orphans -t 5
        compose "$DOCKER_PROJECT-broken" -f "$WORK/broken.yaml" down -v --remove-orphans -t 5
        docker image rm ngeshare-test/broken ngeshare-test/upgraded
        stop_engine
    } >/dev/null 2>&1 || true
    trap 'end_work $?' EXIT
}

docker_checks()
{
    check 'Compose takes the file' compose "$DOCKER_PROJECT" --profile demo config -q
    check 'the base image is there' provide_base_image debian:bookworm-slim
    check 'the images are built' build_images
    ((FAILED == 0)) || return 0
    check 'the demo comes up from nothing, healthy' comes_up
    ((FAILED == 0)) || return 0
    check 'the first sync ends well' first_sync_ends
    check 'the page is served' page_is_served
    check "the page's numbers are those of SQL in the container" numbers_are_right
    check 'the address is 127.0.0.1 alone, another name is refused' address_is_local
    check 'no container runs as root or writes outside its volumes' containers_are_tight
    check 'no log and no setting shows a password' passwords_are_hidden
    check 'down, and up again: the data is kept' data_is_kept
    check 'a standby serves the same answers, also after another sync' replica_follows
    check 'its page starts a sync on the primary' replica_sends_writes
    check "a production and an alert's address from files" files_are_taken
    check 'users log in: the viewer reads, the operator starts a sync' users_log_in
    check 'another image: the extension is upgraded, the data kept' is_upgraded
    check 'a broken extension: up fails' broken_fails
    check "and the database's log says why" broken_says_why
}

build_images()
{
    timeout 1500 "${COMPOSE[@]}" --project-name "$DOCKER_PROJECT" \
        -f "$WORK/source/docker/compose.yaml" --profile demo build
}

# Starts the demo. If that fails, prints the containers' logs as the output of the check.
comes_up()
{
    local status=0
    compose "$DOCKER_PROJECT" --profile demo up -d || status=$?
    ((status == 0)) || compose "$DOCKER_PROJECT" --profile demo logs --no-color --tail=30 || true
    return "$status"
}

# Waits until the container "connect" or "connect-demo" has ended, and prints its log.
connect_ends()
{
    local container status
    container=$(docker ps -aq --filter "label=com.docker.compose.project=$DOCKER_PROJECT" \
        --filter "label=com.docker.compose.service=$1")
    status=$(timeout 120 docker wait "$container")
    docker logs "$container" 2>&1
    [[ $status == 0 ]]
}

first_sync_ends()
{
    connect_ends connect-demo &&
        [[ $(sql_in_container db ngeshare -At -c 'SELECT status FROM v_sync_health') == success ]]
}

# Returns whether the page's start and each file that it names can be fetched.
page_is_served()
{
    local page file files=0
    page=$(fetch "http://127.0.0.1:$DOCKER_PORT/") || return
    for file in $(grep -o '"/assets/[^"]*"' <<<"$page" | tr -d '"' | sort -u); do
        fetch -o /dev/null "http://127.0.0.1:$DOCKER_PORT$file" || return
        files=$((files + 1))
    done
    echo "$files files"
    ((files > 0))
}

# Returns whether Home, the funnel and the rescue list have the same numbers through the API as from
# the views in public, as of the last sync.
numbers_are_right()
{
    local funnel=course_name,groups_total,graduated,active,stalled,not_started,graduation_rate
    local rescue=group_id,facilitator_contact,progress_pct,days_inactive
    same_rows 'home?select=groups_total,graduated,active,stalled,not_started' \
        "SELECT count(*) AS groups_total,
        count(*) FILTER (WHERE status = 'GRADUATED') AS graduated,
        count(*) FILTER (WHERE status = 'ACTIVE') AS active,
        count(*) FILTER (WHERE status = 'STALLED') AS stalled,
        count(*) FILTER (WHERE status = 'NOT_STARTED') AS not_started FROM v_group_status" &&
        same_rows "funnel?select=$funnel&order=sequence_order" \
            "SELECT $funnel FROM v_curriculum_funnel ORDER BY sequence_order" &&
        same_rows "rescue_list?select=$rescue&order=group_id" \
            "SELECT $rescue FROM v_rescue_list ORDER BY group_id"
}

# Returns whether the API's answer equals the rows of a query as JSON, and contains a number other
# than 0.
same_rows()
{
    local page query
    page=$(fetch "http://127.0.0.1:$DOCKER_PORT/api/$1") || return
    query=$(sql_in_container db ngeshare -At \
        -c "SELECT set_config('ngeshare.as_of', last_success_at::text, false) FROM v_sync_health" \
        -c "SELECT json_agg(row) FROM ($2) AS row" | tail -n +2) || return
    echo "$page"
    diff <(echo "$page") <(echo "$query") && grep -q ':[1-9]' <<<"$page"
}

address_is_local()
{
    local published status
    published=$(docker ps --filter "label=com.docker.compose.project=$DOCKER_PROJECT" \
        --format '{{.Ports}}' | grep -v '^$')
    status=$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' -H 'Host: other.example' \
        "http://127.0.0.1:$DOCKER_PORT/")
    echo "$published; $status"
    [[ $published == "127.0.0.1:$DOCKER_PORT->$DOCKER_PORT/tcp" && $status == 421 ]]
}

containers_are_tight()
{
    local found shown
    shown='{{index .Config.Labels "com.docker.compose.service"}} {{.Config.User}}'
    shown+=' {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Memory}}'
    found=$(docker ps -q --filter "label=com.docker.compose.project=$DOCKER_PROJECT" |
        xargs docker inspect --format "$shown" | sort)
    echo "$found"
    [[ $(wc -l <<<"$found") -eq 4 ]] &&
        ! grep -vE '^[a-z]+ (postgres|ngeshare) true \[ALL\] [1-9][0-9]+$' <<<"$found"
}

passwords_are_hidden()
{
    compose "$DOCKER_PROJECT" exec -T db cat /secrets/db/authenticator /secrets/db/reader \
        /secrets/db/standby |
        grep -oE '[0-9a-f]{48}' >"$WORK/passwords"
    [[ $(wc -l <"$WORK/passwords") -eq 3 ]] || return
    compose "$DOCKER_PROJECT" --profile demo logs --no-color >"$WORK/log/containers.log" 2>&1
    docker ps -aq | xargs docker inspect >>"$WORK/log/containers.log"
    [[ -s $WORK/log/containers.log ]] && ! grep -qFf "$WORK/passwords" "$WORK/log/containers.log"
}

# Prints data of both databases that must be the same after the containers are started again.
what_is_kept()
{
    sql_in_container db ngeshare -At \
        -c 'SELECT run_id, started_at FROM sync_run ORDER BY run_id LIMIT 1' \
        -c 'SELECT extversion FROM pg_extension ORDER BY extname' &&
        sql_in_container production ngeshare_production -At \
            -c 'SELECT count(*), max("updatedAt") FROM public."HangoutGroup"'
}

data_is_kept()
{
    local before after
    before=$(what_is_kept) || return
    compose "$DOCKER_PROJECT" --profile demo down && comes_up && first_sync_ends || return
    after=$(what_is_kept) || return
    echo "$before -- $after"
    [[ $before == "$after" &&
        $(sql_in_container db ngeshare -At -c 'SELECT count(*) FROM sync_run') -gt 1 ]]
}

# Prints the API's answers for Home, the funnel and the freshness on a port.
answers_on()
{
    fetch "http://127.0.0.1:$1/api/home" "http://127.0.0.1:$1/api/funnel" \
        "http://127.0.0.1:$1/api/freshness?select=last_success_at,last_run_id"
}

# Starts a standby, adds a group to production, syncs, and waits until the standby gives the same
# answers as the primary.
replica_follows()
{
    local before now end
    before=$(answers_on "$DOCKER_PORT") || return
    compose "$DOCKER_PROJECT" --profile demo --profile replica up -d --no-build replica-web ||
        return
    sql_in_container production ngeshare_production \
        -c "INSERT INTO public.\"HangoutGroup\" SELECT (jsonb_populate_record(known,
        jsonb_build_object('id', 'one-more', 'updatedAt', now()::timestamp))).*
        FROM public.\"HangoutGroup\" AS known
        JOIN public.\"Hangout\" AS hangout ON hangout.id = known.\"hangoutId\"
        WHERE hangout.name = 'Ngeshare Sesi Aqidah' LIMIT 1" || return
    sql_in_container db ngeshare -c 'CALL ngeshare_sync()' || return
    now=$(answers_on "$DOCKER_PORT") || return
    echo "$now"
    [[ $now != "$before" ]] || return
    end=$((SECONDS + 20))
    until [[ $(answers_on "$DOCKER_REPLICA_PORT") == "$now" ]]; do
        ((SECONDS < end)) || return
        sleep 0.5
    done
    [[ $(sql_in_container replica ngeshare -At -c 'SELECT pg_is_in_recovery()') == t ]]
}

# Returns whether a sync that is started through the standby's page succeeds. A standby cannot
# write, so its nginx sends POST requests to the primary.
replica_sends_writes()
{
    local answer end
    answer=$(curl -sS --noproxy '*' -X POST -H 'X-Ngeshare: sync' \
        -H 'Content-Type: application/json' -d '{}' \
        "http://127.0.0.1:$DOCKER_REPLICA_PORT/api/rpc/sync_start")
    echo "$answer"
    [[ $answer =~ ([0-9]+) ]] || return
    end=$((SECONDS + 60))
    until [[ $(sql_in_container db ngeshare -At \
        -c "SELECT status FROM sync_run WHERE run_id = ${BASH_REMATCH[1]}") == success ]]; do
        ((SECONDS < end)) || return
        sleep 0.5
    done
}

# Builds a variant of the database's image by running a command in it: changed_image NAME COMMAND
changed_image()
{
    docker build -q -t "ngeshare-test/$1" - <<<"FROM ngeshare/db
USER root
RUN $2
USER postgres" || return
    printf 'services:\n  db:\n    image: ngeshare-test/%s\n' "$1" >"$WORK/$1.yaml"
}

# Returns whether a container with a later version of the extension updates it and keeps the data.
# The update script of that version creates a view, which shows that it ran.
is_upgraded()
{
    local folder=/usr/share/postgresql/15/extension before
    before=$(sql_in_container db ngeshare -At -c 'SELECT count(*) FROM public."HangoutGroup"')
    changed_image upgraded \
        "version=\$(sed -n \"s/^default_version = '\(.*\)'/\1/p\" $folder/ngeshare.control) \\
        && sed -i \"s/^default_version.*/default_version = 'later'/\" $folder/ngeshare.control \\
        && echo 'CREATE VIEW public.is_later AS SELECT true;' \\
            >$folder/ngeshare--\$version--later.sql" || return
    compose "$DOCKER_PROJECT" -f "$WORK/upgraded.yaml" --profile demo up -d --no-build || return
    [[ $(sql_in_container db ngeshare -At \
        -c "SELECT (SELECT count(*) FROM public.\"HangoutGroup\"), extversion
            FROM pg_extension, is_later
            WHERE extname = 'ngeshare'") == "$before|later" ]]
}

# Returns whether the secrets given as files reach the containers: a connection string (of the
# generated production), an alert address and a certificate. Only their owner can read the files.
files_are_taken()
{
    local password address=https://chat.example/hooks/key
    password=$(compose "$DOCKER_PROJECT" exec -T db cat /secrets/db/reader) || return
    (
        umask 077
        echo "host=production dbname=ngeshare_production user=ngeshare_reader password=$password" \
            >"$WORK/source.secret"
        echo "$address" >"$WORK/alert.secret"
        echo 'no certificate' >"$WORK/authority.secret"
    )
    local -x NGESHARE_SOURCE_FILE=$WORK/source.secret NGESHARE_ALERT_URL_FILE=$WORK/alert.secret \
        NGESHARE_SOURCE_CA_FILE=$WORK/authority.secret
    compose "$DOCKER_PROJECT" up -d --no-build --force-recreate secrets db connect || return
    connect_ends connect || return
    [[ $(docker logs "$(docker ps -aq --filter "label=com.docker.compose.project=$DOCKER_PROJECT" \
        --filter label=com.docker.compose.service=connect)" 2>&1) == *succeeded* ]] &&
        [[ $(sql_in_container db ngeshare -At -c 'SHOW ngeshare.alert_url') == "$address" ]] &&
        [[ $(compose "$DOCKER_PROJECT" exec -T db cat /secrets/db/source_ca) == 'no certificate' ]]
}

# Prints the HTTP status of a request to the page: status_as USER:PASSWORD PATH [OPTIONS OF curl]
status_as()
{
    local login=$1 path=$2
    shift 2
    curl -sS --noproxy '*' -o /dev/null -w '%{http_code}' ${login:+-u "$login"} "$@" \
        "http://127.0.0.1:$DOCKER_PORT$path"
}

# Returns whether, with a file of users, the page refuses requests without a login, the viewer
# cannot start a sync, and the operator can.
users_log_in()
{
    local end start=(-X POST -H 'X-Ngeshare: sync' -H 'Content-Type: application/json' -d '{}') got
    (
        umask 077
        for got in viewer operator; do
            echo "$got:$(openssl passwd -6 "$got's")"
        done >"$WORK/users.secret"
    )
    local -x NGESHARE_USERS_FILE=$WORK/users.secret
    compose "$DOCKER_PROJECT" --profile demo up -d --no-build --force-recreate --no-deps secrets ||
        return
    compose "$DOCKER_PROJECT" --profile demo up -d --no-build --force-recreate --no-deps api web ||
        return
    end=$((SECONDS + 60))
    until [[ $(status_as "viewer:viewer's" /api/home) == 200 ]]; do
        ((SECONDS < end)) || return
        sleep 0.5
    done
    got="$(status_as '' /api/home) $(status_as '' /) $(status_as viewer:wrong /api/home)"
    got+=" $(status_as "viewer:viewer's" /api/rpc/sync_start "${start[@]}")"
    got+=" $(status_as "operator:operator's" /api/rpc/sync_start "${start[@]}")"
    echo "$got"
    [[ $got == '401 401 401 403 202' ]]
}

# Returns whether "up" fails with an unhealthy database if the extension's library is broken.
broken_fails()
{
    local status=0
    changed_image broken 'echo broken >/usr/lib/postgresql/15/lib/ngeshare.so' || return
    compose "$DOCKER_PROJECT" --profile demo down || return
    compose "$DOCKER_PROJECT-broken" -f "$WORK/broken.yaml" up -d --no-build \
        >"$WORK/log/broken.log" 2>&1 || status=$?
    cat "$WORK/log/broken.log"
    compose "$DOCKER_PROJECT-broken" -f "$WORK/broken.yaml" logs --no-color db \
        >>"$WORK/log/broken.log" 2>&1
    ((status != 0 && status != 124)) && grep -qi unhealthy "$WORK/log/broken.log"
}

broken_says_why()
{
    cat "$WORK/log/broken.log"
    grep -q 'could not load library.*ngeshare.so' "$WORK/log/broken.log" &&
        grep -q 'serve: the set-up failed' "$WORK/log/broken.log"
}
