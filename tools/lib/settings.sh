# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by plato-doctor: does a tshark that has loaded the plugin also show Plato, and if not,
# which of its settings stands against it? tshark's -G reports do not read the user's settings, so a
# capture of two packets is given to it. $work is a folder for files of the moment.

# shellcheck disable=SC2154 # work

# Nobody claims this one: Plato is found there by its heuristic alone.
other_port=47123

# As printf's %b wants two bytes.
u16() { printf '\\x%02x\\x%02x' $(($1 >> 8)) $(($1 & 255)); }

# A packet with a LOGIN of device 1001, Ethernet to Plato: FROM-PORT TO-PORT.
login_packet() {
    # what TCP's checksum covers besides the ports
    local sum=$((0x2897 + $1 + $2))
    sum=$(((sum & 0xffff) + (sum >> 16)))
    printf '%s' '\x00\xf1\x53\x65\x00\x00\x00\x00\x47\x00\x00\x00\x47\x00\x00\x00' \
        '\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00' \
        '\x45\x00\x00\x39\x00\x00\x00\x00\x40\x06\x66\xbd\x0a\x00\x00\x01\x0a\x00\x00\x02' \
        "$(u16 "$1")$(u16 "$2")" '\x00\x00\x03\xe8\x00\x00\x13\x88\x50\x18\xff\xff' \
        "$(u16 $((0xffff - sum)))" '\x00\x00' \
        '\x01\x00\x00\x00\x00\x00\x00\x00\x00\x03\xdf\x9c\xbc\x57\x08\xe9\x07'
}

# write_probe FILE PORT
write_probe() {
    printf '%b' '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00' \
        "$(login_packet 40001 "$2")" "$(login_packet 40002 $other_port)" >"$1"
}

# ask_probe FILE COMMAND...: sets shown_named and shown_other, each yes or no, and taker, what the
# packet to the named port was taken for. COMMAND is tshark as it is to be asked. Returns 1 if it fails.
ask_probe() {
    local file=$1 answer first second
    shift
    answer=$("$@" -r "$file" -T fields -e plato.msg_type -e frame.protocols 2>"$work/probe-errors") ||
        return 1
    first=${answer%%$'\n'*}
    second=${answer#*$'\n'}
    shown_named=no
    shown_other=no
    [ "${first%%$'\t'*}" != 0 ] || shown_named=yes
    [ "${second%%$'\t'*}" != 0 ] || shown_other=yes
    # Not used here, but by those that source this file.
    # shellcheck disable=SC2034
    taker=${first##*:}
}

# ---- causes ----

# Each finding is a line: WHEN, cause, cure, with tabs between. WHEN is "always", or "port": only of
# interest where Plato is not shown on the named port.
finding() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }

protocols_disabled_in() { # FILE
    local name
    while read -r name; do
        case $name in
            plato)
                finding always "the protocol is disabled in $1" \
                    "tick Plato in Analyze > Enabled Protocols, or remove the line '$name' from that file"
                ;;
            tcp | ip | ipv6)
                finding port "$name, which carries Plato, is disabled in $1" \
                    "tick it in Analyze > Enabled Protocols, or remove the line '$name' from that file"
                ;;
        esac
    done <"$1"
}

heuristics_disabled_in() { # FILE
    local line where
    while read -r line; do
        case $line in
            plato_tcp,0) where="on other ports than its own Plato is not looked for" ;;
            plato_tls,0) where="inside TLS on other ports than its own Plato is not looked for" ;;
            plato_ws,0) where="inside WebSocket Plato is not looked for" ;;
            *) continue ;;
        esac
        finding always "$where: the heuristic ${line%,0} is disabled in $1" \
            "tick ${line%,0} in Analyze > Enabled Protocols, or remove the line '$line' from that file; a single port: -d tcp.port==PORT,plato"
    done <"$1"
}

# has_port RANGE PORT: a range as Wireshark writes it, such as 80,8000-8999
has_port() {
    local part
    local -a parts
    IFS=, read -ra parts <<<"${1// /}"
    for part in "${parts[@]}"; do
        [[ $part =~ ^([0-9]{1,5})(-([0-9]{1,5}))?$ ]] || continue
        if [ "${BASH_REMATCH[1]}" -le "$2" ] && [ "${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}" -ge "$2" ]; then
            return 0
        fi
    done
    return 1
}

preferences_against() { # FILE PORT
    local name value
    while IFS=: read -r name value; do
        value=${value# }
        case $name in
            '' | '#'* | *udp* | *sctp* | *tls*) ;;
            plato.framing | plato.max_msg_len | plato.max_var_head_len)
                finding port "$1 sets $name to $value" "remove that line, or change it in Preferences > Protocols > Plato"
                ;;
            plato.tcp.port) ;;
            plato.desegment)
                [ "$value" != FALSE ] ||
                    finding always "frames longer than a segment are not shown: $1 sets $name to FALSE" "remove that line"
                ;;
            tcp.desegment_tcp_streams)
                [ "$value" != FALSE ] ||
                    finding always "inside TLS and WebSocket frames are not shown: $1 sets $name to FALSE" "remove that line"
                ;;
            *port*)
                ! has_port "$value" "$2" ||
                    finding port "port $2 belongs to ${name%%.*}: $1 sets $name to $value" \
                        "take $2 out of it, in Preferences > Protocols; or say it each time: -d tcp.port==$2,plato"
                ;;
        esac
    done <"$1"
}

decode_as_against() { # FILE PORT
    local table port rest
    while IFS=, read -r table port rest; do
        if [ "$table" = "decode_as_entry: tcp.port" ] && [ "$port" = "$2" ] && [ "${rest##*,}" != Plato ]; then
            finding port "port $2 is decoded as ${rest##*,}: $1 says so" \
                "remove it in Analyze > Decode As, or the line '$table,$port,$rest' from that file"
        fi
    done <"$1"
}

# The findings in a folder of settings, of one's own or of everybody: FOLDER. Files that are not there
# or that may not be read say nothing.
protocols_against() {
    [ ! -r "$1/disabled_protos" ] || protocols_disabled_in "$1/disabled_protos"
    [ ! -r "$1/heuristic_protos" ] || heuristics_disabled_in "$1/heuristic_protos"
}

# The same with what everybody has for himself: FOLDER PORT.
settings_against() {
    protocols_against "$1"
    [ ! -r "$1/preferences" ] || preferences_against "$1/preferences" "$2"
    [ ! -r "$1/decode_as_entries" ] || decode_as_against "$1/decode_as_entries" "$2"
}

# ---- when none of these is the cause ----

# guilty_file FILE FOLDER: the file of a folder of settings without which Plato is shown in the probe
# FILE. Nothing if it is no single one.
guilty_file() {
    local file
    mkdir -p "$work/settings"
    for file in "$2"/*; do
        if [ ! -f "$file" ] || [ ! -r "$file" ]; then
            continue
        fi
        rm -rf "$work/settings"
        mkdir "$work/settings"
        find "$2" -maxdepth 1 -type f -readable ! -name "${file##*/}" -exec cp -t "$work/settings" {} +
        if ask_probe "$1" env WIRESHARK_CONFIG_DIR="$work/settings" tshark &&
            [ "$shown_named:$shown_other" = yes:yes ]; then
            printf '%s' "$file"
            return
        fi
    done
}
