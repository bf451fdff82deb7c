# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
    systemctl --no-reload disable --now plato-server.service || :
fi
