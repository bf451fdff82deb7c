#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run_consumer.sh WAY BUILD SCRATCH LIBDIR: uses libplato of the build folder BUILD in one way.
# "install" comes first and puts it into SCRATCH/prefix; the other ways see that prefix only.
set -euo pipefail

if [[ $# -ne 4 ]]; then
    echo "usage: run_consumer.sh WAY BUILD SCRATCH LIBDIR" >&2
    exit 2
fi
way=$1 build=$2 scratch=$3 libdir=$4
here=$(cd "$(dirname "$0")" && pwd)
prefix=$scratch/prefix
strict=(-std=c11 -Wall -Wextra -pedantic -Wconversion -Werror)
export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig

# The public headers, as one names them in an #include.
public_headers() {
    (cd "$prefix/include" && find plato -name '*.h' | sort)
}

# A source on stdout with every public header in it.
all_headers() {
    public_headers | sed 's/.*/#include <&>/'
}

install() {
    rm -rf "$scratch"
    cmake --install "$build" --prefix "$prefix" --component lib >/dev/null
    cmake --install "$build" --prefix "$prefix" --component dev >/dev/null
    public_headers | grep -q '^plato/plato.h$'
}

# with_cmake TARGET: builds the project of its own and runs it.
with_cmake() {
    local out=$scratch/$way
    rm -rf "$out"
    cmake -G Ninja -S "$here/with_cmake" -B "$out" -DCMAKE_PREFIX_PATH="$prefix" -DPLATO_TARGET="$1" >/dev/null
    cmake --build "$out" >/dev/null
    "$out/consumer"
}

with_pkg_config() {
    local flags plain
    # pkg-config does not bear blanks in these variables: name the prefix by a path without any
    plain=$(mktemp -d)
    ln -s "$prefix" "$plain/prefix"
    # the paths of the .pc file are those of the configured prefix: this one is elsewhere
    read -ra flags <<<"$(pkg-config --define-variable=prefix="$plain/prefix" \
        --define-variable=libdir="$plain/prefix/$libdir" \
        --define-variable=includedir="$plain/prefix/include" "$@" --cflags --libs libplato)"
    if [[ ${1:-} == --static ]]; then
        flags=("${flags[@]/#-lplato/-l:libplato.a}")
    fi
    "$CC" "${strict[@]}" "$here/consumer.c" -o "$scratch/$way" "${flags[@]}"
    rm -r "$plain"
    LD_LIBRARY_PATH=$prefix/$libdir "$scratch/$way"
}

# Each header alone: none leans on what another one includes.
headers_alone() {
    local header
    for header in $(public_headers); do
        printf '#include <%s>\nint something;\n' "$header" |
            "$CC" "${strict[@]}" -fsyntax-only -I "$prefix/include" -x c -
    done
}

case $way in
install) install ;;
cmake_shared) with_cmake plato::codec ;;
cmake_static) with_cmake plato::codec_static ;;
pkg_config) with_pkg_config ;;
pkg_config_static) with_pkg_config --static ;;
headers_c) all_headers | "$CC" "${strict[@]}" -fsyntax-only -I "$prefix/include" -x c - ;;
headers_cxx) all_headers | "$CXX" -std=c++11 -Wall -Wextra -pedantic -Werror -fsyntax-only \
    -I "$prefix/include" -x c++ - ;;
header_alone) headers_alone ;;
*)
    echo "run_consumer.sh: unknown way $way" >&2
    exit 2
    ;;
esac
