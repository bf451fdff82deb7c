# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by tests that put copies of the plugin where Wireshark looks: they run without the one that
# this machine may have for everybody. From root's tests it is hidden, in a mount namespace of their
# own; otherwise they are skipped.
installed_for_all=$(tshark -G folders 2>/dev/null | sed -nE 's/^Global Plugins:[[:space:]]+//p')/epan
if compgen -G "$installed_for_all/plato*.so" >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! unshare --mount true 2>/dev/null; then
        printf 'skipped: the plugin is installed for everybody, in %s (INSTALL.md: how to remove it)\n' "$installed_for_all"
        exit 77
    fi
    # shellcheck disable=SC2016 # the inner shell's
    exec unshare --mount --propagation private sh -c 'mount -t tmpfs tmpfs "$1" && shift && exec "$@"' sh \
        "$installed_for_all" "$0" "$@"
fi
