#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""measure.py BUILD MESSAGES,...: what dissecting costs; tools/bench-plugin says what is printed."""
import os
import subprocess
import sys
import tempfile

import make_stream

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PROTO = os.path.join(ROOT, "proto")
SHAPES = (1, 8)  # frames per segment
RATIO_WANTED = {1: 1.10, 8: 1.5}
BYTES_WANTED = 200
ROUNDS = 3
ROUNDS_ARE_FOR = 200000  # messages; larger captures are run once, and not in Lua

TCP = ["-e", "frame.number", "-e", "tcp.len"]
LUA = ["-X", "lua_script:" + os.path.join(HERE, "plato.lua"),
       "-o", f'uat:protobuf_search_paths:"{PROTO}","TRUE"', "-o", "protobuf.preload_protos:TRUE",
       "-o", "protobuf.pbf_as_hf:TRUE"]


class Way:
    """A way of dissecting: with which plugins and arguments; `proof`: the field to check for."""

    def __init__(self, name, plugin, arguments, proof=None):
        self.name, self.plugin, self.proof = name, plugin, proof
        self.arguments = arguments


WAYS = [
    Way("TCP alone", False, TCP),
    Way("Lua and protobuf", False, LUA + TCP + ["-e", "platolua.msg_type", "-e",
                                                "pbf.plato.UpHead.client_id"],
        "pbf.plato.UpHead.client_id"),
    Way("plugin", True, TCP + ["-e", "plato.msg_type", "-e", "plato.up.client_id"],
        "plato.up.client_id"),
    Way("plugin, no analysis", True, ["-o", "plato.analyze:FALSE"] + TCP +
        ["-e", "plato.msg_type", "-e", "plato.up.client_id"], "plato.up.client_id"),
]


def ordinary_user():
    """The words that run a command as somebody whose tshark loads plugins."""
    script = '. "$0"; plato_find_ordinary_user; printf "%s\\n" "${PLATO_AS_USER[@]}"'
    said = subprocess.run(["bash", "-c", script, os.path.join(ROOT, "tools", "lib", "run.sh")],
                          check=True, capture_output=True, text=True).stdout
    return said.split()


class Bench:
    def __init__(self, build, folder):
        self.folder = folder
        self.as_user = ordinary_user()
        self.plugins = {True: os.path.join(build, "plugins"),
                        False: os.path.join(folder, "no-plugins")}
        os.mkdir(self.plugins[False])
        self.empty = os.path.join(folder, "empty.pcap")
        with open(self.empty, "wb") as out:
            make_stream.Writer(out)

    def command(self, way, capture):
        return self.as_user + ["tshark", "-n", "-r", capture, "-T", "fields"] + way.arguments

    def environment(self, way):
        return dict(os.environ, WIRESHARK_PLUGIN_DIR=self.plugins[way.plugin],
                    WIRESHARK_CONFIG_DIR="/nonexistent", HOME="/nonexistent",
                    WIRESHARK_EXTCAP_DIR="/nonexistent")

    def run(self, way, capture):
        """(user and system seconds, peak bytes) of the process."""
        with open(os.devnull, "w") as nowhere:
            process = subprocess.Popen(self.command(way, capture), stdout=nowhere, stderr=nowhere,
                                       env=self.environment(way))
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status != 0:
            sys.exit(f"measure: {way.name}: tshark failed")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def check(self, way, capture, expected):
        """That every UP was found: without the plugin, tshark would be wonderfully fast."""
        said = subprocess.run(self.command(way, capture), capture_output=True, text=True,
                              env=self.environment(way)).stdout
        found = sum(len(line.split("\t")[-1].split(",")) for line in said.splitlines()
                    if line.split("\t")[-1])
        if way.proof and found != expected:
            sys.exit(f"measure: {way.name}: {found} of {expected} UPs were decoded")

    def best(self, captures, rounds):
        """{way: (seconds, bytes)} of the best of `rounds`, the ways taking turns."""
        results = {}
        for _ in range(rounds):
            for way, capture in captures:
                seconds, peak = self.run(way, capture)
                old = results.get(way.name, (seconds, peak))
                results[way.name] = (min(seconds, old[0]), min(peak, old[1]))
        return results


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    build, sizes = sys.argv[1], [int(size) for size in sys.argv[2].split(",")]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        bench = Bench(build, folder)
        small = os.path.join(folder, "small.pcap")
        with open(small, "wb") as out:
            make_stream.write(800, 8, out)
        for way in WAYS:
            bench.check(way, small, 200)
        start = bench.best([(way, bench.empty) for way in WAYS], ROUNDS)
        print("Start of tshark, without a packet (taken off wherever \"net\" is said):")
        for way in WAYS:
            seconds, peak = start[way.name]
            print(f"  {way.name:20} {seconds:6.2f} s {peak / 1e6:7.1f} MB")
        print("\nCPU: user and system. Ratio: to TCP alone, which has every heuristic dissector look at "
              "the bytes\nand so may cost more than the plugin. Above TCP: per message, net.\n")
        print(f"{'frames per':>10} {'':>9} {'':20} {'CPU':>8} {'':>6} {'net':>6} {'above TCP':>10} "
              f"{'peak':>8} {'above TCP':>10}")
        print(f"{'segment':>10} {'messages':>9} {'':20} {'s':>8} {'ratio':>6} {'ratio':>6} "
              f"{'ns':>10} {'MB':>8} {'bytes':>10}")
        for shape in SHAPES:
            for size in sizes:
                measure(bench, folder, shape, size, start)
        print("\nWanted of the plugin: ratio at most " + ", ".join(
            f"{ratio:.2f} with {shape} frame{'s'[:shape > 1]} per segment"
            for shape, ratio in RATIO_WANTED.items()) +
            f";\nat most {BYTES_WANTED} bytes per message above TCP's own; the same ns per message "
            "for every size.")
    return 0


def measure(bench, folder, shape, size, start):
    path = os.path.join(folder, "stream.pcap")
    with open(path, "wb") as out:
        messages = make_stream.write(size, shape, out)
    small = size <= ROUNDS_ARE_FOR
    ways = [way for way in WAYS if small or way.name != "Lua and protobuf"]
    results = bench.best([(way, path) for way in ways], ROUNDS if small else 1)
    tcp_seconds, tcp_peak = results["TCP alone"]
    tcp_net = tcp_seconds - start["TCP alone"][0]
    tcp_net_peak = tcp_peak - start["TCP alone"][1]
    for way in ways:
        seconds, peak = results[way.name]
        net, net_peak = seconds - start[way.name][0], peak - start[way.name][1]
        line = f"{shape:10} {messages:9} {way.name:20} {seconds:8.2f} {seconds / tcp_seconds:6.2f} " \
               f"{net / tcp_net:6.2f} {(net - tcp_net) / messages * 1e9:10.0f} {peak / 1e6:8.1f} " \
               f"{(net_peak - tcp_net_peak) / messages:10.0f}"
        if way.name == "plugin":
            missed = []
            if seconds / tcp_seconds > RATIO_WANTED[shape]:
                missed.append(f"ratio over {RATIO_WANTED[shape]:.2f}")
            if (net_peak - tcp_net_peak) / messages > BYTES_WANTED:
                missed.append(f"more than {BYTES_WANTED} bytes")
            line += "  " + ("missed: " + ", ".join(missed) if missed else "met")
        print(line, flush=True)
    os.remove(path)


if __name__ == "__main__":
    sys.exit(main())
