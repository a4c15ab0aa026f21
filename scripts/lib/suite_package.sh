# shellcheck shell=bash
# The suite "package": builds the Debian package on this machine, installs it with apt into a new
# Debian 12 in a directory, and runs a sync there.

# Builds the package, installs it, uses it and purges it.
suite_package()
{
    local clean=$WORK/debian-12
    mkdir -p -- "$WORK/package"
    check 'the package has the version of ngeshare.control' package_version_is_right
    check 'debian/control is made from control.in' control_is_right
    check 'the package builds' in_subshell build_package "$WORK/package"
    ((FAILED > 0)) || check 'apt installs it into a clean Debian 12' \
        install_package "$WORK/package" "$clean"
    ((FAILED > 0)) || check 'CREATE EXTENSION, connect and sync work there' \
        in_debian "$clean" scripts/lib/use_package "$(free_port)"
    ((FAILED > 0)) || check 'purged, it leaves no file' purge_package "$clean"
    as_root rm -rf --one-file-system -- "$clean"
}

# Checks the version in debian/changelog: 2.0 in ngeshare.control is 2.0.0 there.
package_version_is_right()
{
    local version
    version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$ROOT/ngeshare.control")
    [[ $(dpkg-parsechangelog -l "$ROOT/debian/changelog" -S Version) == "$version".[0-9]* ]]
}

control_is_right()
{
    sed 's/PGVERSION/15/g' "$ROOT/debian/control.in" | diff - "$ROOT/debian/control"
}

build_package()
{
    copy_tree "$ROOT" "$1/ngeshare"
    cd -- "$1/ngeshare" &&
        dpkg-buildpackage --build=binary --unsigned-changes --no-check-builddeps
}

# Makes a clean Debian 12, whose apt installs the package with its dependencies. Copies demo/ and
# scripts/lib/use_package into it, which the next check runs there.
install_package()
{
    local folder=$1 clean=$2 package archives
    mapfile -t archives < <(archives_of_debian_12)
    package=$(compgen -G "$folder/postgresql-15-ngeshare_*.deb") || return
    # shellcheck disable=SC2016 # mmdebstrap's shell expands it
    as_root mmdebstrap --quiet --variant=apt --dpkgopt='path-exclude=/usr/share/man/*' \
        --customize-hook="copy-in $package /mnt" \
        --customize-hook='chroot "$1" sh -c "apt-get install --yes --no-install-recommends \
            /mnt/postgresql-15-ngeshare_*.deb"' \
        bookworm "$clean" "${archives[@]}" &&
        as_root mkdir "$clean/source" &&
        tar -C "$ROOT" -cf - demo scripts/lib/use_package | as_root tar -C "$clean/source" -xf -
}

# Prints the Debian 12 archives that this machine's apt uses, including updates. The updates are
# needed because the package depends on at least the PostgreSQL version that it was built with.
archives_of_debian_12()
{
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | grep ' bookworm[a-z-]* main$' | sort -u
}

# Purges the package, and returns whether no file of it is left.
purge_package()
{
    local clean=$1
    in_debian "$clean" apt-get purge --quiet --yes postgresql-15-ngeshare &&
        ! as_root find "$clean/usr" "$clean/etc" "$clean/var/lib/postgresql" -name '*ngeshare*' |
        grep .
}
