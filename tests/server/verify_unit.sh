#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd's own check of the unit, with the built server in place of the installed one.
#   verify_unit.sh UNIT SERVER
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# the path of the build tree may hold blanks, which a unit would have to quote
ln -s "$2" "$folder/plato-server"
sed "s#^ExecStart=[^ ]*#ExecStart=$folder/plato-server#" "$1" >"$folder/plato-server.service"
said=$(systemd-analyze verify --man=no "$folder/plato-server.service" 2>&1) || {
    echo "$said"
    exit 1
}
echo "$said"
[ -z "$said" ]
