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


def capture(folder, port):
    """dumpcap, listening; None if it may not."""
    path = os.path.join(folder, "ping.pcapng")
    process = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", f"udp port {port}", "-w", path],
                               stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("File:"):
            time.sleep(0.5)  # it says so a moment before it listens
            return path, process
    process.wait(10)
    return None


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


def main():
    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        port = peer.getsockname()[1]
        os.chmod(folder, 0o755)
        started = capture(folder, port)
        if started is None:
            print("this machine does not let us capture on lo: skipped")
            return 77
        path, dumpcap = started
        server = threading.Thread(target=answer, args=(peer,), daemon=True)
        server.start()
        try:
            told = ping(port)
            server.join(10)
            # a probe is lost once 4 s have passed, and a later packet tells that
            time.sleep(4)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"last", ("127.0.0.1", port))
            time.sleep(1)
        finally:
            dumpcap.terminate()
            dumpcap.wait(10)
            dumpcap.stderr.close()
        os.chmod(path, 0o644)
        found = table(path, port)
        assert table(path, port, "-2") == found
    print("plato-ping:", told, "\nlatency,rtt:", found)
    assert (told["probes"], told["replies"], told["lost"]) == (10, 9, 1), told
    assert (found["probes"], found["replies"], found["lost"]) == (11, 9, 1), found
    for name in ("min", "median", "p99", "max", "jitter"):
        difference = abs(found[name] - told[name + "_ms"])
        assert difference < TOLERANCE_MS, (name, found[name], told[name + "_ms"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
