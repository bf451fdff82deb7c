#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libplato's binary interface, with its types, against the committed description: a program that was
# linked with the library then runs with this one.
#
#     tests/consumer/abi.sh check BUILD    1: incompatible, or a description that lacks what is new
#     tests/consumer/abi.sh write BUILD    writes it anew; refused where programs would break, and
#                                          PLATO_SOVERSION (codec/CMakeLists.txt) is what it was
#
# Exit code 77: no abidw here, or another machine than the description's.
set -euo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../..
described=$root/codec/libplato.abi

case "${1:-}:$#" in
    check:2 | write:2) build=$2 ;;
    *)
        echo "usage: abi.sh check|write BUILD" >&2
        exit 2
        ;;
esac
if ! command -v abidw >/dev/null; then
    echo "abi.sh: abidw is not installed (tools/install-packages check)" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# Of types, those in the public headers. Where the sources lie does not matter.
describe() {
    abidw --headers-dir "$root/codec/include" --headers-dir "$build/codec/include" \
        --headers-dir "$build/proto/include" --drop-private-types --no-show-locs --no-corpus-path \
        --no-comp-dir-path --type-id-style hash "$build/codec/libplato.so" |
        sed "s|path='[^']*/|path='|" >"$1"
    grep -q '<abi-instr' "$1" || { echo "abi.sh: $build has no debug information" >&2; exit 77; }
}

described_as() { sed -nE "1s/.* $1='([^']*)'.*/\1/p" "$2"; }

now=$work/libplato.abi
describe "$now"
if [ "$1" = check ] || [ -e "$described" ]; then
    if [ "$(described_as architecture "$described")" != "$(described_as architecture "$now")" ]; then
        echo "abi.sh: the description is of another kind of machine" >&2
        exit 77
    fi
    if ! abidiff --no-added-syms "$described" "$now" >"$work/broken" &&
        [ "$(described_as soname "$described")" = "$(described_as soname "$now")" ]; then
        cat "$work/broken"
        echo "abi.sh: programs linked with libplato would break: undo it, or raise PLATO_SOVERSION" >&2
        exit 1
    fi
fi
if [ "$1" = write ]; then
    cp -- "$now" "$described"
elif ! abidiff "$described" "$now"; then
    echo "abi.sh: the description lacks what is new: tests/consumer/abi.sh write BUILD" >&2
    exit 1
fi
