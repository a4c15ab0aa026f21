# shellcheck shell=bash
# Provides a Docker engine and the base image for the tests. The engine is this machine's, or else a
# temporary one that is removed completely afterwards.

ENGINE=""
ENGINE_DIR=""
BRIDGE_WAS_THERE=""

# Starts a temporary engine, as root, unless this machine has an engine that answers.
start_engine()
{
    local tries
    ! docker info >/dev/null 2>&1 || return 0
    [[ $EUID -eq 0 ]] || {
        echo 'no Docker engine answers, and only root can start one'
        return 1
    }
    ! ip link show docker0 >/dev/null 2>&1 || BRIDGE_WAS_THERE=1
    ENGINE_DIR=$(mktemp -d /var/tmp/ngeshare-engine.XXXXXX)
    export DOCKER_HOST=unix://$ENGINE_DIR/socket
    PATH=$PATH:/usr/sbin:/sbin setsid dockerd --data-root "$ENGINE_DIR/data" \
        --exec-root "$ENGINE_DIR/exec" \
        --pidfile "$ENGINE_DIR/pid" -H "$DOCKER_HOST" >"$ENGINE_DIR/log" 2>&1 </dev/null &
    ENGINE=$!
    for tries in {1..150}; do
        ! docker info >/dev/null 2>&1 || return 0
        kill -0 "$ENGINE" 2>/dev/null || break
        sleep 0.2
    done
    echo "dockerd has not answered after $tries looks:"
    tail -n 20 "$ENGINE_DIR/log"
    return 1
}

# Stops the temporary engine and removes its directory. If there was no bridge docker0 before, it
# also removes that bridge and Docker's firewall rules.
stop_engine()
{
    local table
    [[ -n $ENGINE ]] || return 0
    kill "$ENGINE" 2>/dev/null || true
    wait "$ENGINE" 2>/dev/null || true
    ENGINE=
    umount "$ENGINE_DIR"/exec/netns/* 2>/dev/null || true
    rm -rf -- "$ENGINE_DIR"
    [[ -z $BRIDGE_WAS_THERE ]] || return 0
    ip link del docker0 2>/dev/null || true
    for table in nat filter; do
        iptables-save -t "$table" | grep -vi docker | sed 's/^:FORWARD DROP/:FORWARD ACCEPT/' |
            iptables-restore -T "$table" || true
    done
}

# Provides the base image: uses an existing one, else pulls it, else builds it with mmdebstrap from
# this machine's package sources.
provide_base_image()
{
    local image=$1
    ! docker image inspect "$image" >/dev/null 2>&1 || return 0
    ! timeout 120 docker pull -q "$image" 2>&1 || return 0
    echo "making $image from this machine's own package sources"
    (
        umask 022
        mmdebstrap -q --format=tar --variant=minbase --include=ca-certificates \
            --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
            bookworm - /etc/apt/sources.list.d/debian.sources
    ) | docker import -c 'CMD ["bash"]' - "$image"
}
