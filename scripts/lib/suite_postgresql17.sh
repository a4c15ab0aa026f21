# shellcheck shell=bash
# The suite "postgresql-17": tests the extension on PostgreSQL 17, in a Debian 13 that mmdebstrap
# makes in the work directory and that is entered with chroot. If the Debian cannot be made, the
# suite fails.

# The packages of the Debian 13. tzdata-legacy has the old time zone names, such as CET.
DEBIAN13_PACKAGES=postgresql-17,postgresql-server-dev-17,libcurl4-openssl-dev,libpq-dev
DEBIAN13_PACKAGES+=,gcc,make,libc6-dev,perl,libipc-run-perl,tzdata-legacy,pgbouncer
# The files of t/ that run there: a sync that finds changes, and pg_upgrade.
DEBIAN13_TESTS='t/003_second_sync.pl t/081_pg_upgrade.pl'

# Makes the Debian 13, builds with warnings as errors, and runs pg_regress, the isolation tests and
# some files of t/.
suite_postgresql-17()
{
    local debian=$WORK/debian-13
    say "making a Debian 13 with PostgreSQL 17 from $(debian_mirror) in $debian ..."
    check 'there is a Debian 13 to test in' make_debian "$debian"
    ((FAILED > 0)) || check 'it has PostgreSQL 17' is_postgresql_17 "$debian"
    ((FAILED > 0)) || check 'builds without a warning' in_debian "$debian" make -s -j "$(nproc)" \
        with_llvm=no WERROR=1
    ((FAILED > 0)) || check 'installs' in_debian "$debian" make -s with_llvm=no install
    if ((FAILED == 0)); then
        regress_in_debian "$debian" regress ISOLATION=
        regress_in_debian "$debian" isolation REGRESS=
        tap_in_debian "$debian"
    fi
    as_root rm -rf --one-file-system -- "$debian"
}

# Makes the Debian 13 and copies the source tree into it.
make_debian()
{
    local debian=$1
    as_root mmdebstrap --quiet --variant=minbase --include="$DEBIAN13_PACKAGES" \
        --dpkgopt='path-exclude=/usr/share/doc/*' trixie "$debian" "$(debian_mirror)" &&
        tar -C "$WORK/source" -cf - . |
        as_root tar -C "$debian" --one-top-level=source --no-same-owner -xf - &&
        in_debian "$debian" chown -R postgres: .
}

# Prints the propagation of mounts for a new mount namespace: private where the kernel allows it.
# The kernel refuses it where / is not a mount point, as in a plain chroot. There the mounts of
# in_debian() can appear in the old namespace, too, so in_debian() unmounts them at the end.
mount_propagation()
{
    if as_root unshare --mount --propagation private true 2>/dev/null; then
        echo private
    else
        echo unchanged
    fi
}

# Runs a command as root in a Debian's copy of the source tree, with chroot.
in_debian()
{
    local debian=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands it
    as_root unshare --mount --propagation "$(mount_propagation)" bash -c '
        mount --bind /dev "$1/dev" && mount -t tmpfs shared "$1/dev/shm" &&
            mount -t proc proc "$1/proc" || exit
        cd / && chroot "$1" env -i \
            PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/source LC_ALL=C.UTF-8 \
            sh -c "cd /source && exec \"\$@\"" "${@:2}"
        status=$?
        umount "$1/proc" "$1/dev/shm" "$1/dev"
        exit "$status"' - "$debian" - "$@"
}

# Runs a command like in_debian(), but as the user postgres, which runs the servers.
in_debian_as_owner()
{
    local debian=$1
    shift
    in_debian "$debian" setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
}

is_postgresql_17()
{
    in_debian "$1" pg_config --version | grep 'PostgreSQL 17\.'
}

# Runs the files of sql/ or of specs/ in a Debian.
regress_in_debian()
{
    local debian=$1 kind=$2 output=$WORK/log/postgresql-17-$2.log status=0
    in_debian_as_owner "$debian" make with_llvm=no installcheck TAP_TESTS= "$3" \
        TEST_PORT="$(free_port)" \
        >"$output" 2>&1 </dev/null || status=$?
    count_regress "$output"
    ((status == 0)) || explain_regress "$output" \
        "$(find "$debian/source" -name regression.diffs | head -n 1)"
    [[ $kind != isolation ]] || in_debian "$debian" rm -rf tmp_check tmp_check_iso
}

# Runs the files of DEBIAN13_TESTS in a Debian.
tap_in_debian()
{
    local debian=$1 output=$WORK/log/postgresql-17-tap.log status=0
    in_debian_as_owner "$debian" make with_llvm=no installcheck REGRESS= ISOLATION= TAP_TESTS=1 \
        PROVE_FLAGS=--verbose PROVE_TESTS="$DEBIAN13_TESTS" >"$output" 2>&1 </dev/null || status=$?
    count_tap "$output" "$status"
}
