# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# A network for scenarios, sourced by make-captures: clients, a router and the server, each in a
# network namespace of its own.
#
#     clients 10.1.0.1 --- 10.1.0.2  router  10.2.0.2 --- 10.2.0.1 server
#
# The router drops and delays what the scenario says, so that the kernels at both ends do
# what TCP does about it. There is one interface at each place, called `wire`, and `toclient`
# and `toserver` at the router.

# network PLACE: makes it; packets are captured at PLACE, which is client or server.
network() {
    local place tool
    [ -n "${PLATO_ISOLATED:-}" ] || skip 'network namespaces are not permitted'
    for tool in nft tc ethtool nsenter; do
        command -v "$tool" >/dev/null || skip "$tool is not installed (tools/install-packages)"
    done
    declare -gA place_pid=()
    for place in client router server; do
        # a process that holds the namespace
        unshare -n sleep 600 &
        place_pid[$place]=$!
        others+=("$!")
    done
    sleep 0.3
    connect client toclient 10.1.0
    connect server toserver 10.2.0
    at router sysctl -qw net.ipv4.ip_forward=1
    at client ip route add default via 10.1.0.2
    at server ip route add default via 10.2.0.2
    host=10.2.0.1 interface=wire
    server_options=(--insecure-no-auth) # not on a loopback interface
    client_in=(nsenter -t "${place_pid[client]}" -n)
    server_in=(nsenter -t "${place_pid[server]}" -n)
    dumpcap_in=(nsenter -t "${place_pid[$1]}" -n)
}

# at PLACE COMMAND...: runs it there.
at() {
    local place=$1
    shift
    nsenter -t "${place_pid[$place]}" -n "$@"
}

connect() { # PLACE ROUTER'S-INTERFACE NETWORK
    at "$1" ip link set lo up
    at "$1" ip link add wire type veth peer name "$2" netns "${place_pid[router]}"
    at "$1" ip addr add "$3.1/24" dev wire
    at "$1" ip link set wire up
    at router ip addr add "$3.2/24" dev "$2"
    at router ip link set "$2" up
    # Packets as they are on a real wire: not merged, with checksums.
    at "$1" ethtool -K wire tso off gso off gro off tx off >/dev/null
    at router ethtool -K "$2" tso off gso off gro off tx off >/dev/null
    # the same algorithm everywhere: what it does is in the textbooks
    at "$1" sysctl -qw net.ipv4.tcp_congestion_control=reno 2>/dev/null || true
}

# drop RULE: the router drops the packets that this rule of nft finds. Called before anything is
# sent.
drop() {
    at router nft -f - <<RULES || skip 'nft has no such rules here'
table ip faults {
    chain forward {
        type filter hook forward priority 0;
        $* counter drop
    }
}
RULES
}

# delay RULE: the packets that this rule finds go through a narrow queue on their way to the server,
# and are overtaken there.
delay() {
    at router nft -f - <<RULES || skip 'nft has no such rules here'
table ip faults {
    chain forward {
        type filter hook forward priority 0;
        $* meta priority set 1:3
    }
}
RULES
    at router tc qdisc add dev toserver root handle 1: htb default 1 || skip 'tc has no htb here'
    at router tc class add dev toserver parent 1: classid 1:1 htb rate 1gbit quantum 3000
    at router tc class add dev toserver parent 1: classid 1:3 htb rate 400kbit burst 1600 quantum 3000
}
