# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
getent group plato-server >/dev/null || groupadd -r plato-server
getent passwd plato-server >/dev/null ||
    useradd -r -g plato-server -d /var/lib/plato-server -s /sbin/nologin -c "Plato server" plato-server
