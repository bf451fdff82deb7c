# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by demo, test and matrix: steps that say what they do and how long it took, and are quiet
# unless they fail. `steps` is how many there are.

step_number=0
step_log=$(mktemp)
trap 'rm -f -- "$step_log"' EXIT

# step TEXT COMMAND...: runs the command. If it fails: the end of what it printed, and exit 1; or 77,
# if the command says so: not possible here.
step() {
    local text=$1 start=$SECONDS code=0
    shift
    step_number=$((step_number + 1))
    printf '[%d/%d] %s ...' "$step_number" "${steps:?}" "$text"
    "$@" >"$step_log" 2>&1 </dev/null || code=$?
    if [ $code -ne 0 ]; then
        printf ' failed\n'
        tail -n 40 -- "$step_log" >&2
        printf '\nThis failed: %s\n' "$*" >&2
        [ $code -eq 77 ] || code=1
        exit $code
    fi
    printf ' %d s\n' $((SECONDS - start))
}

# step_packages GROUP...: the Debian packages. sudo may have to ask for a password, so its output is
# shown when something has to be installed and we are not root.
step_packages() {
    if tools/install-packages --list "$@" >/dev/null; then
        step "Debian packages: all there" true
    elif [ "$(id -u)" -eq 0 ]; then
        step "Debian packages (on a fresh system this takes minutes)" tools/install-packages "$@"
    else
        step_number=$((step_number + 1))
        printf '[%d/%d] Debian packages (on a fresh system this takes minutes) ...\n' \
            "$step_number" "$steps"
        tools/install-packages "$@"
    fi
}
