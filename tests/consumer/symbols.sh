#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What libplato.so shows to the outside, against the committed list: a symbol that comes or goes is
# a change of the interface and wants to be seen.
#
#     tests/consumer/symbols.sh check LIBRARY LIST    differences end with status 1
#     tests/consumer/symbols.sh write LIBRARY LIST    writes the list anew
set -euo pipefail

# Sorted names; the linker's own (section ends) are not ours.
shown() {
    nm -D --defined-only "$1" | awk '{ print $NF }' | grep -v '^_' | LC_ALL=C sort
}

case "${1:-}:$#" in
check:3) diff -u "$3" <(shown "$2") ;;
write:3) shown "$2" >"$3" ;;
*)
    echo "usage: symbols.sh check|write LIBRARY LIST" >&2
    exit 2
    ;;
esac
