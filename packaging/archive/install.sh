#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Plato plugin for the Wireshark of this machine, from the folder that it lies in.
set -eu

usage() {
    cat <<'END'
Usage: sh install.sh [--user | --system] [OPTION...]
       sh install.sh --uninstall [--user | --system]

Installs the Plato plugin for the Wireshark of this machine, its profile, and the tools plato-check,
plato-tshark and plato-doctor. It finds out which Wireshark that is, takes the plugin built for it,
and verifies at the end that tshark loads it.

  --user            for you: ~/.local and ~/.config/wireshark (default, unless you are root)
  --system          for everybody: Wireshark's own folder, and /usr/local (default for root)
  --uninstall       remove what was installed
  --replace         remove other copies of the plugin that are in the way
  --new-profile     replace a profile "Plato" that is already there
  --wireshark X.Y   take the plugin for Wireshark X.Y without asking tshark
  --help            this text

Exit codes: 0 done; 1 failed; 2 usage; 3 no plugin for this Wireshark; 4 another copy is in the way.
END
}

say() { printf 'install.sh: %s\n' "$*"; }
fail() { # CODE TEXT...
    fail_code=$1
    shift
    printf 'install.sh: %s\n' "$@" >&2
    exit "$fail_code"
}

mode=
uninstall=
replace=
new_profile=
minor=
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --user) mode=user ;;
        --system) mode=system ;;
        --uninstall) uninstall=1 ;;
        --replace) replace=1 ;;
        --new-profile) new_profile=1 ;;
        --wireshark)
            [ $# -ge 2 ] || fail 2 "--wireshark needs a version, such as 4.4"
            minor=$2
            shift
            ;;
        --wireshark=*) minor=${1#*=} ;;
        *) fail 2 "unknown argument $1; see --help" ;;
    esac
    shift
done
case $minor in
    '' | [0-9]*.[0-9]*) ;;
    *) fail 2 "'$minor' is no version; a version is written 4.4" ;;
esac

if [ -n "${WIRESHARK_PLUGIN_DIR:-}" ]; then
    say "note: WIRESHARK_PLUGIN_DIR is set, and Wireshark reads that folder in place of its own"
    unset WIRESHARK_PLUGIN_DIR
fi
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
uid=$(id -u)
: "${mode:=$([ "$uid" -eq 0 ] && echo system || echo user)}"
home=${HOME:?HOME is not set}

if [ "$mode" = user ]; then
    prefix=$home/.local
else
    prefix=/usr/local
fi
# What was installed, a line each: `file`, `tree` or `folder` (made by us), and its name.
record=$prefix/share/plato/installed

# ---- uninstalling ----

# remove_installed [KEEP]: everything that the record names, folders only when they are empty. With
# KEEP, the profile stays.
remove_installed() {
    while read -r kind path; do
        case $kind in
            file) rm -f -- "$path" ;;
            tree) [ "${1:-}" = keep ] || rm -rf -- "$path" ;;
        esac
    done <"$record"
    # the innermost folders first
    sed -n 's/^folder //p' "$record" | sort -r >"$record.folders"
    rm -f -- "$record"
    folders=$(cat -- "$record.folders")
    rm -f -- "$record.folders"
    printf '%s\n' "$folders" | while IFS= read -r path; do
        [ -z "$path" ] || rmdir -- "$path" 2>/dev/null || true
    done
}

if [ -n "$uninstall" ]; then
    [ -e "$record" ] || fail 1 "nothing is installed here: there is no $record" \
        "A package is removed by its package manager: apt-get remove wireshark-plugin-plato"
    [ -w "$record" ] || fail 1 "you may not remove it; as root run: sh install.sh --uninstall --system"
    remove_installed
    say "removed"
    exit 0
fi

# ---- which Wireshark ----

# without_plugins COMMAND...: some plugins make every start of tshark fail. Root's tshark reads the
# global folder in any case, so root asks as nobody.
nobody=
if [ "$uid" -eq 0 ] && command -v setpriv >/dev/null; then
    nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi
without_plugins() {
    # shellcheck disable=SC2086 # words
    HOME=/nonexistent WIRESHARK_PLUGIN_DIR=/nonexistent $nobody "$@" </dev/null 2>/dev/null
}
# The X.Y of the first line.
minor_in() { sed -n '1s/[^0-9]*\([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p'; }

asked=
if [ -z "$minor" ]; then
    for program in tshark wireshark; do
        if [ -z "$minor" ] && command -v "$program" >/dev/null; then
            minor=$(without_plugins env QT_QPA_PLATFORM=offscreen "$program" --version | minor_in)
            asked=$program
        fi
    done
    if [ -z "$minor" ] && command -v pkg-config >/dev/null; then
        minor=$(pkg-config --modversion wireshark 2>/dev/null | minor_in)
        asked=pkg-config
    fi
    [ -n "$minor" ] || fail 1 "there is no Wireshark on this machine: neither tshark nor wireshark starts" \
        "Install it first (Debian: apt-get install tshark), or name its version: --wireshark 4.4"
    say "Wireshark $minor (says $asked)"
fi

built=
for folder in "$here"/[0-9]*.[0-9]*; do
    built="$built ${folder##*/}"
done
[ -e "$here/$minor/epan/plato.so" ] || fail 3 "this archive holds no plugin for Wireshark $minor, but for:$built" \
    "A plugin works with the minor version that it was built for, and with no other." \
    "Get the archive for $minor, or build it here (INSTALL.md), or update Wireshark."
source=$here/$minor/epan

# ---- where to ----

# What tshark -G folders says. Plugins can make tshark fail. So without those of the user; and if one
# in the global folder does, that folder is looked for where distributions have it.
folders=
folder_of() { printf '%s\n' "$folders" | sed -n "s/^$1:[[:space:]]*//p"; }
# of_minor FOLDER: the same for $minor, where tshark is of another version.
of_minor() {
    case $(printf '%s' "${1##*/}" | tr - .) in
        "$minor") printf '%s' "$1" ;;
        *) printf '%s' "${1%/*}/$minor" ;;
    esac
}
if command -v tshark >/dev/null; then
    folders=$(HOME=/nonexistent WIRESHARK_EXTCAP_DIR=/nonexistent tshark -G folders 2>/dev/null </dev/null) || true
fi
global=$(folder_of 'Global Plugins')
if [ -z "$global" ] && command -v tshark >/dev/null; then
    folders=$(without_plugins tshark -G folders) || true
    for folder in /usr/lib/*/wireshark/plugins/"$minor" /usr/lib64/wireshark/plugins/"$minor" \
        /usr/lib/wireshark/plugins/"$minor" /usr/local/lib/wireshark/plugins/"$minor"; do
        [ -n "$global" ] || [ ! -d "$folder" ] || global=$folder
    done
fi
[ -n "$global" ] || ! command -v pkg-config >/dev/null ||
    global=$(pkg-config --variable=plugindir wireshark 2>/dev/null) || true
[ -z "$global" ] || global=$(of_minor "$global")
# The application for macOS calls the folder of 4.6 4-6; a tshark built there otherwise, 4.6.
personal=$(folder_of 'Personal Plugins')
case $personal in
    /nonexistent/*) personal=$(of_minor "$home${personal#/nonexistent}") ;;
    *) personal=$home/.local/lib/wireshark/plugins/$minor ;;
esac
if [ "$mode" = user ]; then
    [ "$uid" -ne 0 ] || fail 1 "root's Wireshark reads no plugins of a user: install with --system"
    target=$personal/epan
    profile=${XDG_CONFIG_HOME:-$home/.config}/wireshark/profiles/Plato
else
    [ -n "$global" ] || fail 1 "where Wireshark's own plugins are is not to be found out: neither tshark nor pkg-config says"
    target=$global/epan
    profile=$(folder_of 'Global configuration')
    profile=${profile:-/usr/share/wireshark}/profiles/Plato
    [ "$uid" -eq 0 ] || fail 1 "to install for everybody, run it as root: sudo sh install.sh --system"
fi

# ---- what else is there ----

is_plato() { grep -aq 'plato[a-z]*-plugin [0-9.]* for Wireshark' "$1" 2>/dev/null; }
# In the other folder that Wireshark reads, and under other names in this one.
others=
for folder in "$personal/epan" "${global:-/nonexistent}/epan"; do
    for file in "$folder"/*.so; do
        [ -e "$file" ] || continue
        case $file in
            "$target/plato.so" | "$target/platocheck.so") continue ;;
            */plato.so | */platocheck.so) ;;
            *) is_plato "$file" || continue ;;
        esac
        # a line each, because names may hold blanks
        others="$others$file
"
    done
done
package=
! command -v dpkg >/dev/null || package=$(printf '%s' "$others" | while IFS= read -r file; do
    dpkg -S "$file" 2>/dev/null
done | sed -n '1s/:.*//p')
if [ -n "$others" ] && [ -n "$replace" ] && [ -z "$package" ]; then
    printf '%s' "$others" | while IFS= read -r file; do
        rm -f -- "$file" || exit 1
        say "removed $file"
    done || fail 1 "another copy could not be removed (see above); remove it first"
elif [ -n "$others" ]; then
    # What others have installed is removed as they did it.
    cure="Remove it, or run this again with --replace."
    [ "$uid" -eq 0 ] || case $others in "${global:-/nonexistent}"/*) cure="Remove it first, as root." ;; esac
    [ -z "$package" ] || cure="Remove it first, as root: apt-get remove $package"
    fail 4 "there is another copy of the plugin, and Wireshark takes one of them only:" \
        "$(printf '%s' "$others" | sed -e 's/^/    /' -e '2,$s/^/install.sh: /')" "$cure"
fi
if [ -e "$target/plato.so" ] && command -v dpkg >/dev/null && package=$(dpkg -S "$target/plato.so" 2>/dev/null); then
    fail 4 "$target/plato.so belongs to the package ${package%%:*}" "Remove that first: apt-get remove ${package%%:*}"
fi

# ---- installing ----

installed_list=
note() { # KIND PATH
    installed_list="$installed_list$1 $2
"
}
# make_folder PATH: with those above it that are missing.
make_folder() {
    [ ! -d "$1" ] || return 0
    make_folder "$(dirname -- "$1")"
    mkdir -- "$1" || exit 1
    note folder "$1"
}
install_file() { # FROM TO MODE
    make_folder "$(dirname -- "$2")"
    # Not over the old file: a Wireshark that runs has it open.
    rm -f -- "$2"
    cp -- "$1" "$2" || exit 1
    chmod "$3" "$2"
    note file "$2"
}

umask 022
# However far it comes, what it has done can be taken back.
write_record() {
    if [ -n "$installed_list" ]; then
        mkdir -p -- "${record%/*}"
        printf '%s' "$installed_list" >"$record"
    fi
}
trap write_record EXIT
# Folders and the profile of an earlier installation are ours still.
if [ -e "$record" ]; then
    installed_list=$(grep -v '^file ' "$record" || true)
    [ -z "$installed_list" ] || installed_list="$installed_list
"
    sed '/^folder /d' "$record" >"$record.old"
    mv -- "$record.old" "$record"
    remove_installed keep
fi

install_file "$source/plato.so" "$target/plato.so" 644
install_file "$source/platocheck.so" "$target/platocheck.so" 644
if [ -d "$profile" ] && [ -z "$new_profile" ]; then
    say "the profile Plato is there already, and stays as it is (--new-profile replaces it)"
else
    make_folder "$(dirname -- "$profile")"
    rm -rf -- "$profile"
    cp -R -- "$here/profile/Plato" "$profile" || exit 1
    note tree "$profile"
fi
for folder in bin share/plato share/man/man1 share/bash-completion/completions; do
    mode_of_file=644
    [ "$folder" != bin ] || mode_of_file=755
    for file in "$here/$folder"/*; do
        [ ! -e "$file" ] || install_file "$file" "$prefix/$folder/${file##*/}" "$mode_of_file"
    done
done
write_record
say "installed in $target"

# ---- the proof ----

if ! command -v tshark >/dev/null; then
    say "there is no tshark to try it with; in Wireshark: Help > About Wireshark > Plugins"
    exit 0
fi
errors=$(mktemp)
loaded=$(WIRESHARK_EXTCAP_DIR=/nonexistent tshark -G plugins 2>"$errors" </dev/null | grep -c '^plato[a-z]*\.so') || true
if [ "${loaded:-0}" -lt 2 ]; then
    grep -v -e '^Running as user' -e '^$' "$errors" | head -n 4 >&2 || true
    rm -f -- "$errors"
    needs=$(ldd "$target/plato.so" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found/\1/p' | tr '\n' ' ')
    fail 1 "it is installed, but tshark does not load it${needs:+: a library is missing: $needs}" \
        "For the cause and the cure run: $prefix/bin/plato-doctor"
fi
rm -f -- "$errors"
say "tshark loads it"
case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) say "the tools are in $prefix/bin, which is not in your PATH" ;;
esac
