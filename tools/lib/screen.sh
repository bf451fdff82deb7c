# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by make-screenshots and check-window, after run.sh: the real Wireshark with the plugin and
# the profile "Plato", on a screen of its own that nobody sees.
#
#   screen_need                     what this needs, or the exit code 3
#   screen_start "$build"           a home, a screen, a window manager
#   screen_test FOLDER FILE...      a test of tests/window, there; its pictures go to FOLDER
# At the end of the script all of it goes.
# The caller has `die TEXT [CODE]`, and the root of the sources in `root`.

# AT-SPI, which knows the names and places of what is in a window, is for Debian's own Python.
screen_python=/usr/bin/python3

screen_need() {
    local program
    for program in wireshark Xvfb openbox xdotool import dbus-run-session; do
        command -v "$program" >/dev/null ||
            die "there is no program '$program'; tools/install-packages window installs it" 3
    done
    "$screen_python" -c 'import gi; gi.require_version("Atspi", "2.0")' 2>/dev/null ||
        die "Python has no AT-SPI; tools/install-packages window installs it" 3
}

# screen_start BUILD: sets screen_folder, screen_build, screen_run and DISPLAY.
screen_start() {
    local build=$1 plugins version i
    plugins=("$build"/plugins/*/epan)
    [ -e "${plugins[0]}/plato.so" ] || die "no plugin in ${build:-build/*}/plugins: build it first"
    PLATO_BUILD=$build "$root/tools/plato-tshark" -G plugins >/dev/null # is it one that can be loaded?
    plato_find_ordinary_user ||
        die "root's Wireshark loads no plugin, and cannot become another user here"
    screen_folder=$(mktemp -d)
    trap screen_stop EXIT

    # A home of its own: plugin, profile, and no trace of earlier runs.
    version=$(basename "$(dirname "${plugins[0]}")")
    local home=$screen_folder/home
    screen_build=$(readlink -f -- "$build")
    mkdir -p "$home/.local/lib/wireshark/plugins/$version/epan" \
        "$home/.config/wireshark/profiles" "$home/run" "$home/pictures"
    cp "${plugins[0]}"/plato*.so "$home/.local/lib/wireshark/plugins/$version/epan/"
    cp -r "$root/plugin/profile/Plato" "$home/.config/wireshark/profiles/"
    chmod 755 "$screen_folder"
    chmod -R a+rwX "$home"
    chmod 700 "$home/run"
    [ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$home"
    screen_run=("${PLATO_AS_USER[@]}" env "HOME=$home" "XDG_RUNTIME_DIR=$home/run" TZ=UTC
        LC_ALL=C.UTF-8 WIRESHARK_EXTCAP_DIR=/nonexistent)

    Xvfb -displayfd 3 -screen 0 1600x1200x24 -nolisten tcp 3>"$screen_folder/display" \
        >/dev/null 2>&1 &
    screen_pids=($!)
    for ((i = 0; i < 80; i++)); do
        [ ! -s "$screen_folder/display" ] || break
        sleep 0.1
    done
    [ -s "$screen_folder/display" ] || die "Xvfb does not start"
    DISPLAY=:$(<"$screen_folder/display")
    export DISPLAY
    # Without a window manager no window gets the keyboard.
    openbox >/dev/null 2>&1 &
    screen_pids+=($!)
    sleep 0.5
}

# screen_test FOLDER ARGUMENT...: Python with these arguments, where it has a screen, in
# tests/window. Returns what it returns.
screen_test() {
    local folder=$1 code=0
    shift
    # What the buses say of themselves is left out.
    # shellcheck disable=SC2016
    "${screen_run[@]}" env -C "$root/tests/window" PYTHONDONTWRITEBYTECODE=1 \
        "PLATO_BUILD=$screen_build" "PLATO_PICTURES=$screen_folder/home/pictures" \
        dbus-run-session -- sh -c '"$@" >&4 2>&4' sh "$screen_python" "$@" \
        4>&1 >/dev/null 2>&1 || code=$?
    mkdir -p -- "$folder"
    find "$screen_folder/home/pictures" -name '*.png' -exec cp -t "$folder" {} +
    return $code
}

screen_stop() {
    local pid
    for pid in "${screen_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    [ -z "${screen_folder:-}" ] || rm -rf -- "$screen_folder"
}
screen_pids=()
