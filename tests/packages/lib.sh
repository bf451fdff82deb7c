# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by the tests of packages: one line for each thing that is expected.

root=$(readlink -f -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
packages=$root/build/packages
capture=$root/captures/first-chat.pcapng
failed=0
code=0
output=

# run COMMAND...: keeps what it said and its exit code.
run() {
    code=0
    output=$("$@" 2>&1 </dev/null) || code=$?
}
# expect NAME CODE [TEXT]: of what ran last.
expect() {
    if [ "$code" -eq "$2" ] && [[ $output == *"${3:-}"* ]]; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s: wanted exit code %s and "%s", got %s and:\n%s\n' "$1" "$2" "${3:-}" "$code" "$output"
        failed=1
    fi
}
# same NAME TEXT TEXT
same() {
    if [ "$2" = "$3" ]; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s:\n%s\n' "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3"))"
        failed=1
    fi
}
skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}
finish() { exit $failed; }

shopt -s nullglob
debs=("$packages"/*.deb)
rpms=("$packages"/*.rpm)
