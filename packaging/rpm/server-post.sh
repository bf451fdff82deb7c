# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
install -d -o plato-server -g plato-server -m 0700 /var/lib/plato-server
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    if [ "$1" -gt 1 ]; then systemctl try-restart plato-server.service || :; fi
fi
