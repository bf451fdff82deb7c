#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# prefix.sh PREFIX ARCHIVE: whether every external symbol that the library defines begins with
# PREFIX. Those that are not are listed. Names with two underscores in front are the compiler's.
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: prefix.sh PREFIX ARCHIVE" >&2
    exit 2
fi
symbols=$(nm -g --defined-only "$2" | awk 'NF == 3 && $3 !~ /^__/ { print $3 }')
if [ -z "$symbols" ]; then
    echo "prefix.sh: $2 defines no symbol" >&2
    exit 2
fi
if others=$(grep -v "^$1" <<<"$symbols"); then
    printf '%s: symbols without the prefix %s\n%s\n' "${2##*/}" "$1" "$others" >&2
    exit 1
fi
