#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `-z latency,rtt` says of a capture is what plato-ping said of the same probes.

Exit code 77: this machine does not let us capture.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import recording
import wireshark

PING = os.path.join(os.environ["PLATO_BUILD"], "server", "plato-ping")
LOST = None
# ms until each reply; 50 ms apart, so that a figure cannot be taken for its neighbour
DELAYS = [155, 5, 205, 55, LOST, 105, 255, 5, 305, 55]
TOLERANCE_MS = 24  # what either side may add


def answer(peer):
    for delay in DELAYS:
        data, where = peer.recvfrom(99)
        if delay is not LOST:
            time.sleep(delay / 1000)
            peer.sendto(data, where)


def ping(port):
    done = subprocess.run([PING, "127.0.0.1", "--port", str(port), "--count", str(len(DELAYS)),
                           "--interval", "0.01", "--timeout", "0.6", "--json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return json.loads(done.stdout)


def table(path, port, *options):
    """The row of all round trips; times in ms."""
    names = ("replies", "percent", "min", "average", "max", "median", "p99", "jitter", "probes",
             "lost")
    for line in wireshark.run("-r", path, "-q", "-z", "latency,rtt", "-d",
                              f"udp.port=={port},latency", *options).splitlines():
        cells = line.split("|")
        if cells[0].strip() == "all":
            return dict(zip(names, (float(cell) for cell in cells[1:-1])))
    raise AssertionError("no row of all round trips")


def record(path, port, peer):
    """What plato-ping says of the probes that are recorded."""
    with recording.Recording(path, f"udp port {port}"):
        server = threading.Thread(target=answer, args=(peer,), daemon=True)
        server.start()
        reported = ping(port)
        server.join(10)
        # a probe is lost once 4 s have passed, and a later packet shows that
        time.sleep(4)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"last", ("127.0.0.1", port))
    return reported


def main():
    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        port = peer.getsockname()[1]
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "ping.pcapng")
        try:
            reported = record(path, port, peer)
        except recording.NotPermitted as why:
            print(f"{why}: skipped")
            return 77
        found = table(path, port)
        assert table(path, port, "-2") == found
    print("plato-ping:", reported, "\nlatency,rtt:", found)
    assert (reported["probes"], reported["replies"], reported["lost"]) == (10, 9, 1), reported
    assert (found["probes"], found["replies"], found["lost"]) == (11, 9, 1), found
    for name in ("min", "median", "p99", "max", "jitter"):
        difference = abs(found[name] - reported[name + "_ms"])
        assert difference < TOLERANCE_MS, (name, found[name], reported[name + "_ms"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
