# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by plato-tshark, plato-check and plato-doctor: their version; how to run Wireshark's programs so that they read the
# plugin folders. Sets no options and prints nothing by itself.

# plato_say_version NAME: as the other programs answer --version. An installed tool has the version in
# a file beside this one, one in the sources has it from there.
plato_say_version() {
    local here version
    here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
    version=$(cat -- "$here/version" 2>/dev/null ||
        sed -nE 's/^project\(plato VERSION ([0-9.]+).*/\1/p' "$here/../../CMakeLists.txt")
    printf '%s %s\n' "$1" "$version"
}

# Wireshark's programs take no plugin from a user's folder, nor from WIRESHARK_PLUGIN_DIR, when the
# user id or the group id is 0. They say nothing about it.
plato_is_root() {
    [ "$(id -u)" -eq 0 ] || [ "$(id -g)" -eq 0 ]
}

# Sets PLATO_AS_USER to the words that run a command as an ordinary user; empty if we are one.
# Returns 1 if there is no way. First choice: user and group 65534, with root's right to open any
# file (and to capture, where root has it), so that captures and builds in root's folders still
# work. Second choice: a user namespace, for containers that have no other user ids.
plato_find_ordinary_user() {
    PLATO_AS_USER=()
    plato_is_root || return 0
    local caps
    for caps in +dac_override,+net_raw,+net_admin +dac_override; do
        PLATO_AS_USER=(setpriv --reuid=65534 --regid=65534 --clear-groups
            "--inh-caps=$caps" "--ambient-caps=$caps")
        "${PLATO_AS_USER[@]}" true 2>/dev/null && return 0
    done
    PLATO_AS_USER=(unshare --user --map-user=1000 --map-group=1000)
    "${PLATO_AS_USER[@]}" true 2>/dev/null && return 0
    PLATO_AS_USER=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${PLATO_AS_USER[@]}" true 2>/dev/null && return 0
    # Not used by this shell, but by those that source this file.
    # shellcheck disable=SC2034
    PLATO_AS_USER=()
    return 1
}

# plato_built_for FILE: "0.1.0 4.0" = version of the plugin and the Wireshark it was built for.
# Every build carries this text. Nothing if the file has none.
plato_built_for() {
    { grep -aoE 'plato-plugin [0-9.]+ for Wireshark [0-9]+\.[0-9]+' -- "$1" 2>/dev/null || true; } |
        awk 'NR == 1 { print $2, $5 }'
}

# plato_newest_build FOLDER: the build tree in FOLDER/build whose plugin is the newest, of dev and
# release. Nothing if there is none.
plato_newest_build() {
    local found="" newest="" build file
    for build in "$1/build/dev" "$1/build/release"; do
        for file in "$build"/plugins/*/epan/plato.so; do
            [ -e "$file" ] || continue
            if [ -z "$newest" ] || [ "$file" -nt "$newest" ]; then
                newest=$file
                found=$build
            fi
        done
    done
    printf '%s' "$found"
}
