# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154
# What a NAME.scenario may say. Sourced by make-captures, in a shell of its own for each scenario,
# with `work` (a folder), `build` and `scenario` set. (Variables pass between files here, and
# functions that need no arguments may have some: hence the directive for shellcheck above.)

port=8900      # Plato's own, so that the dissector needs no setting
host=127.0.0.1 # of the server
secrets=''     # a file with the keys of TLS, to go into the capture
server_in=() client_in=() dumpcap_in=() # commands that go before, to run a program somewhere else
interface=lo
server_options=()
client_port=$port # where clients connect to
server='' dumpcap=''
others=()
declare -A clients=() pipes=()

# record [FILTER]: from here on packets are captured. `server` does it, if nothing has been said.
record() {
    # In a buffer of 2 MiB, since each packet has a slot of the interface's largest packet.
    "${dumpcap_in[@]}" dumpcap -q -i "$interface" -f "${1:-tcp port $port}" \
        -w "$work/capture.pcapng" 2>"$work/dumpcap.err" &
    dumpcap=$!
    wait_for_line "$work/dumpcap.err" 'File:' \
        "dumpcap cannot capture on $interface; run as root or join the group wireshark"
    sleep 0.5 # it says so a moment before it listens
}

# server [OPTION...]: starts the server, with --store none unless the options say otherwise.
server() {
    local store=(--store none)
    [ -n "$dumpcap" ] || record
    [[ " $* " != *' --store '* ]] || store=()
    # where tokens are needed, conn_ids must not be known before
    [[ " $* " == *' --token-file '* ]] || store+=(--first-conn-id 1)
    without_pipes "${server_in[@]}" "$build/server/plato-server" --listen "$host" --port "$port" \
        --log-level warning "${server_options[@]}" "${store[@]}" "$@" \
        >"$work/server.out" 2>&1 &
    server=$!
    wait_for_line "$work/server.out" "listening " \
        "the server did not start; is port $port in use?"
}

# stop_server [SIGNAL]: ends it; KILL leaves it no time for anything.
stop_server() {
    stop_process "$server" "${1:-TERM}"
    server=''
}

# background COMMAND...: runs until the scenario ends.
background() {
    without_pipes "$@" >>"$work/background.out" 2>&1 &
    others+=("$!")
}

# chaos RULE...: plato-chaos between clients and server; clients connect to it from here on, at the
# port `listen` or the one after the server's. The rules are those of docs/load-and-faults.md.
chaos() {
    client_port=${listen:-$((port + 1))}
    printf '%s\n' "$@" >"$work/chaos.rules"
    [ -x "$build/server/plato-chaos" ] || skip "there is no plato-chaos in $build"
    background "$build/server/plato-chaos" --server-port "$port" --port "$client_port" \
        --scenario "$work/chaos.rules" --seed 7
    wait_for_line "$work/background.out" 'listening' 'plato-chaos did not start'
}

# start_client NAME OPTION...: starts a client, and does not wait for its login.
start_client() {
    local name=$1
    shift
    [ -n "$server" ] || server
    rm -f "$work/$name.in"
    mkfifo "$work/$name.in"
    without_pipes "${client_in[@]}" "$build/server/plato-client" --host "$host" \
        --port "$client_port" --heartbeat 0 "$@" \
        <"$work/$name.in" >"$work/$name.out" 2>"$work/$name.err" &
    clients[$name]=$!
    exec {pipe}>"$work/$name.in"
    pipes[$name]=$pipe
}

# client NAME OPTION...: starts a client and waits for its login.
client() {
    start_client "$@"
    await "$1" 'type=LOGIN code=0'
}

# say NAME LINE...: gives the client these lines as commands.
say() {
    local name=$1
    shift
    printf '%s\n' "$@" >&"${pipes[$name]}"
}

# await NAME TEXT [TIMES]: waits until the client has printed this many lines with TEXT in them.
await() {
    local name=$1 text=$2 times=${3:-1} i found
    for ((i = 0; i < 400; i++)); do
        found=$(grep -cF -- "$text" "$work/$name.out") || true
        if [ "$found" -ge "$times" ]; then
            return
        fi
        sleep 0.05
    done
    cat "$work/$name.out" "$work/$name.err" >&2
    die "client $name did not print '$text' within 20 s"
}

# leave NAME [CODE]: the client ends its connection; its exit code must be CODE, by default 0.
leave() {
    local name=$1 fd=${pipes[$1]} pid=${clients[$1]} code=0
    exec {fd}>&-
    unset "pipes[$name]" "clients[$name]"
    wait "$pid" || code=$?
    if [ "$code" -ne "${2:-0}" ]; then
        cat "$work/$name.err" >&2
        die "client $name ended with code $code"
    fi
}

# The ports of the latency and command protocols, which a dissector needs no setting for.
latency_port=8904 text_port=8905 binary_port=8906

# command_server [OPTION...]: starts the server with these ports, recorded instead of Plato's.
command_server() {
    [ -n "$dumpcap" ] || record "port $latency_port or port $text_port or port $binary_port"
    server --latency-port "$latency_port" --text-port "$text_port" --binary-port "$binary_port" \
        --command-listen "$host" "$@"
    wait_for_line "$work/server.out" 'listening for binary' 'no port for commands'
}

# probe OPTION...: plato-ping. Exit code 1 only says that probes were lost.
probe() {
    "${client_in[@]}" "$build/server/plato-ping" "$host" --port "$latency_port" "$@" \
        >"$work/ping.out" || [ $? -eq 1 ] || die "plato-ping $*"
}

# ask WORD...: plato-cmd. Exit code 1 only says that the reply was an error.
ask() {
    "${client_in[@]}" "$build/server/plato-cmd" "$host" "$@" >>"$work/ask.out" 2>&1 ||
        [ $? -eq 1 ] || die "plato-cmd $*"
}

# hex TEXT: the text's bytes as hex digits; \r, \n and \xHH are understood.
hex() {
    printf '%b' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# bincmd TYPE [HEX [LENGTH]]: a binary command; $magic, and LENGTH instead of the true one.
bincmd() {
    local params=${2:-}
    printf '%s%04x%04x%s' "${magic:-5c285c29}" "${3:-$((${#params} / 2))}" "$1" "$params"
}

# datagrams HEX...: a UDP socket that sends these to the latency port, one after the other.
datagrams() {
    local fd each
    exec {fd}<>"/dev/udp/$host/$latency_port"
    for each in "$@"; do
        write_hex "$each" "$fd"
        sleep "${wire_pause:-0.05}"
    done
    exec {fd}>&-
}

# frame PIECE...: the bytes of a frame as hex digits, in the words of plato-mkcap.
frame() {
    printf 'connection a handshake=no\na > %s\n' "$*" >"$work/frame.mkcap"
    "$build/tools/mkcap/plato-mkcap" -o "$work/frame.pcap" "$work/frame.mkcap" ||
        die "no frame: $*"
    # after the file's header, the packet's header, and Ethernet, IP and TCP
    tail -c +$((24 + 16 + 54 + 1)) "$work/frame.pcap" | od -An -v -tx1 | tr -d ' \n'
}

# wire HEX...: a connection that writes these bytes, each a write of its own, with a pause after
# each. It reads what the server answers for a moment, or until the server has closed.
wire() {
    local fd each
    [ -n "$server" ] || server
    exec {fd}<>"/dev/tcp/$host/${wire_port:-$port}"
    for each in "$@"; do
        write_hex "$each" "$fd" || break
        sleep "${wire_pause:-0.05}"
    done 2>/dev/null
    timeout "${wire_patience:-0.5}" cat <&"$fd" >/dev/null || true
    exec {fd}>&-
}

# --- The machinery around it --------------------------------------------------------------------

# One write of the bytes that the hex digits stand for; printf by itself would write line by line.
write_hex() { # HEX FD
    # shellcheck disable=SC2001 # & is more than ${1//} can do
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" >"$work/bytes.$BASHPID"
    cat "$work/bytes.$BASHPID" >&"$2"
}

# Starts a program in the background's shell. Were a client's pipe open there too, that client would
# not see it end.
without_pipes() {
    local fd
    for fd in "${pipes[@]}"; do
        exec {fd}>&-
    done
    exec "$@"
}

stop_process() {
    local pid=$1 signal=$2
    kill "-$signal" "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

stop_recording() {
    sleep 1 # the last packets reach dumpcap
    stop_process "$dumpcap" INT
    dumpcap=''
}

clean_up() {
    local pid
    for pid in "${clients[@]}" $server $dumpcap "${others[@]}"; do
        stop_process "$pid" TERM
    done
    rm -rf "$work"
}

wait_for_lines() { # FILE TEXT TIMES WHAT
    local i found
    for ((i = 0; i < 100; i++)); do
        found=$(grep -csF -- "$2" "$1") || true
        if [ "${found:-0}" -ge "$3" ]; then
            return
        fi
        sleep 0.05
    done
    cat "$1" >&2
    die "$4"
}

wait_for_line() { # FILE TEXT WHAT
    wait_for_lines "$1" "$2" 1 "$3"
}
