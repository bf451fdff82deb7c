# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced: fresh Debian systems in folders, and commands run in them as root or as an ordinary user.
#
#   rootfs_make trixie gcc tshark       makes it, or finds it made; its folder is in $ROOTFS
#   rootfs_copy "$ROOTFS" "$work/own"   a copy to change, which costs next to nothing
#   rootfs_run --user "$work/own" tshark --version
#
# Functions return 0; 1 and a message when something failed; 77 and a message when a fresh system
# cannot be had here: no right to, no archive.
#
# What was made is kept in $PLATO_ROOTFS, by default ~/.cache/plato/rootfs, one folder for each suite
# and list of packages (190 MB without packages). To have it made anew, remove it.

# shellcheck source=tools/lib/suites.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/suites.sh"

rootfs_store=${PLATO_ROOTFS:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/plato/rootfs}
# The ordinary user in each of them.
rootfs_user=guest
rootfs_uid=1000

rootfs_say() { printf 'rootfs: %s\n' "$*" >&2; }

# rootfs_possible: can this machine and this user have one?
rootfs_possible() {
    [ "$(id -u)" -eq 0 ] || { rootfs_say "a fresh Debian system can only be made by root"; return 77; }
    command -v mmdebstrap >/dev/null ||
        { rootfs_say "mmdebstrap is not installed (tools/install-packages)"; return 77; }
    unshare --mount --pid --fork true 2>/dev/null ||
        { rootfs_say "mount namespaces are not permitted here"; return 77; }
    debian_source stable >/dev/null || { rootfs_say "apt knows no Debian archive on this machine"; return 77; }
}

# rootfs_make SUITE [PACKAGE...]: a minimal Debian with these packages, and with apt's lists in it.
# It takes a minute the first time. Sets ROOTFS. Not to be changed: see rootfs_copy.
rootfs_make() {
    local suite=$1 key lock
    shift
    rootfs_possible || return
    mkdir -p -- "$rootfs_store" || return 1
    key=$(printf '%s\n' "$@" | sort -u | sha256sum | cut -c 1-8)
    ROOTFS=$rootfs_store/$suite-$key
    # one maker at a time: the others wait, and then find it
    exec {lock}>"$ROOTFS.lock"
    flock "$lock"
    local result=0
    [ -e "$ROOTFS/etc/debian_version" ] || rootfs_bootstrap "$suite" "$ROOTFS" "$@" || result=$?
    exec {lock}>&-
    return "$result"
}

# rootfs_bootstrap SUITE FOLDER [PACKAGE...]: what rootfs_make does when there is none yet.
rootfs_bootstrap() {
    local suite=$1 folder=$2 new=$2.new log=$2.log
    shift 2
    # what a maker that was killed has left
    rm -rf --one-file-system -- "$new" || return 1
    local options=(--mode=root --variant=apt --skip=cleanup/apt/lists
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"'
        --aptopt='Acquire::Retries "2"'
        "--aptopt=${debian_any_age/=/ }"
        --dpkgopt='path-exclude=/usr/share/locale/*'
        # nothing here has to survive a power cut
        --dpkgopt=force-unsafe-io
        # Not with useradd, which is not in every minimal system.
        --customize-hook="echo '$rootfs_user:x:$rootfs_uid:$rootfs_uid::/home/$rootfs_user:/bin/sh' >>\"\$1/etc/passwd\""
        --customize-hook="echo '$rootfs_user:x:$rootfs_uid:' >>\"\$1/etc/group\""
        --customize-hook="install -d -o $rootfs_uid -g $rootfs_uid \"\$1/home/$rootfs_user\""
        # the name that programs call without asking anybody
        --customize-hook="printf '127.0.0.1 localhost\n::1 localhost\n' >\"\$1/etc/hosts\"")
    [ $# -eq 0 ] || options+=("--include=$(IFS=,; printf '%s' "$*")")
    rootfs_say "making a fresh Debian $suite in $folder"
    # In a mount namespace of its own: if it is killed, nothing stays mounted, above all no /dev that
    # somebody's rm would go into.
    if ! unshare --mount --propagation private timeout -k 10 1200 \
        mmdebstrap "${options[@]}" "$suite" "$new" "$(debian_source "$suite")" >"$log" 2>&1 </dev/null; then
        rm -rf --one-file-system -- "$new"
        rootfs_why "$log" "a fresh Debian $suite cannot be made; the whole story is in $log"
        return
    fi
    rm -f -- "$log"
    mv -- "$new" "$folder"
}

# rootfs_why LOG TEXT: says TEXT and the errors in LOG; returns 77 if the archive was not reached.
rootfs_why() {
    rootfs_say "$2"
    { grep -E '^(E|W|Err)[:]' "$1" || tail -n 3 -- "$1"; } | head -n 5 >&2
    ! grep -qE 'Could not (resolve|connect)|Temporary failure|Network is unreachable|Connection (timed out|refused)|does not have a Release file' "$1" ||
        return 77
    return 1
}

# rootfs_copy ROOTFS FOLDER: makes FOLDER a copy of it. Where the kernel can, FOLDER holds the
# differences only. To be rid of it: rm -rf FOLDER.
rootfs_copy() {
    local from=$1 folder=$2
    mkdir -p -- "$folder/root" "$folder/upper" "$folder/work" || return 1
    printf '%s' "$from" >"$folder/lower"
    if ! rootfs_run "$folder" true 2>/dev/null; then
        rm -rf -- "$folder/lower" "$folder/upper" "$folder/work" "$folder/root"
        cp -a -- "$from" "$folder/root" || return 1
    fi
}

# rootfs_run [OPTION...] FOLDER COMMAND...: runs the command in it, in namespaces of its own for
# mounts and processes: what it starts ends with it. Returns what the command returns.
#   --user            as the ordinary user, in his home; otherwise as root
#   --bind FROM TO    FROM is seen as TO inside
#   --no-network      a loopback interface and nothing else
# A copy runs one command at a time.
rootfs_run() {
    local as=0 alone='' binds=()
    while :; do
        case $1 in
            --user) as=1; shift ;;
            --bind) binds+=("$2" "$3"); shift 3 ;;
            --no-network) alone=--net; shift ;;
            *) break ;;
        esac
    done
    local folder=$1
    shift
    # shellcheck disable=SC2016 # the inner shell's
    unshare --mount --pid --fork --kill-child --propagation private $alone -- bash -euc '
        folder=$1 as=$2 name=$3 id=$4 alone=$5 binds=$6
        shift 6
        root=$folder
        [ ! -d "$folder/root" ] || [ ! -d "$folder/root/etc" ] || root=$folder/root
        if [ -e "$folder/lower" ]; then
            root=$folder/root
            # where names are words to mount, the folder is the current one
            cd -- "$folder"
            ln -sfn -- "$(cat lower)" below
            mount -t overlay overlay -o lowerdir=below,upperdir=upper,workdir=work root
            cd /
        else
            mount --bind -- "$root" "$root"
        fi
        while [ "$binds" -gt 0 ]; do
            if [ -d "$1" ]; then mkdir -p -- "$root/$2"; else mkdir -p -- "$(dirname -- "$root/$2")"; : >>"$root/$2"; fi
            mount --bind -- "$1" "$root/$2"
            shift 2
            binds=$((binds - 1))
        done
        [ -z "$alone" ] || ip link set lo up
        mount -t proc proc "$root/proc"
        # programs of systemd look for it, as it is there on a system that runs
        mkdir -p -- "$root/run/systemd"
        mount -t tmpfs tmpfs "$root/dev/shm" 2>/dev/null || true
        # terminals
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" 2>/dev/null || true
        # It becomes the root of this mount namespace: to whoever is in a mere chroot, the kernel
        # refuses user namespaces.
        cd -- "$root"
        mount --move . /
        # The shell stays: the first process of a namespace is not like others, and some programs
        # (timeout) refuse to be it.
        start="cd && \"\$@\"; exit \$?"
        env=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
        if [ "$as" = 1 ]; then
            exec chroot --userspec="$id:$id" --groups="$id" -- . "${env[@]}" "HOME=/home/$name" "USER=$name" \
                sh -c "$start" sh "$@"
        fi
        exec chroot -- . "${env[@]}" HOME=/root USER=root sh -c "$start" sh "$@"
    ' bash "$folder" "$as" "$rootfs_user" "$rootfs_uid" "$alone" $((${#binds[@]} / 2)) "${binds[@]}" "$@"
}
