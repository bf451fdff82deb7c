# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by matrix, test and check-headers: where Debian has which Wireshark.

# Debian suite, Wireshark version that it had when this was written.
debian_suites=(
    "bookworm 4.0"
    "trixie 4.4"
    "sid 4.6"
)

# debian_suite_known SUITE: is it in the table?
debian_suite_known() { printf '%s\n' "${debian_suites[@]% *}" | grep -qxF -- "$1"; }

# An option for apt: the archive's index of sid may be older than its short date of expiry allows.
debian_any_age=Acquire::Check-Valid-Until=false

# debian_source SUITE: the line of a sources.list, with the archive that this machine's own packages
# come from. Returns 1 if apt knows none.
debian_source() {
    local mirror
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
        'Label: Debian' 2>/dev/null |
        grep -vE 'security|updates|backports' | head -n 1) || true
    [ -n "$mirror" ] || { echo "apt knows no archive on this machine"; return 1; }
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
        "$mirror" "$1"
}
