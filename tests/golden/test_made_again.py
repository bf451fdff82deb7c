#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/make-captures makes captures again that say what the committed ones say.

Times, ports and the kernel's choice of segments differ from run to run; what is compared is what the
messages of each connection and direction are, with their ids and verdicts. Captures of plato-mkcap
are compared byte for byte, in tests/mkcap.

    test_made_again.py [NAME...]    without names: one of each kind

Exit code 77: nothing could be made, since this machine does not allow it.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import wireshark

CAPTURES = os.path.join(wireshark.ROOT, "captures")
TOOL = os.path.join(wireshark.ROOT, "tools", "make-captures")
# Quick ones, and of each kind one: plain, bytes by hand, another port, a network, a carrier, the
# protocols beside Plato.
NAMES = ("offline-delivery", "json-bodies", "mixed-ports", "tcp-retransmission", "websocket",
         "latency-tcp", "textcmd-refused", "bincmd")
COMPARED = ("framing", "type", "device_id", "session_id", "client_id", "msg_id", "ack_type",
            "ack_code", "var_head_len", "msg_len", "crc_status", "verdicts")


# What the commands and probes say, but for clocks and statistics.
OF_COMMANDS = ("textcmd.type", "textcmd.error.code", "textcmd.error.reason", "textcmd.line",
               "bincmd.magic", "bincmd.type", "bincmd.text", "bincmd.error.code",
               "bincmd.continuation")
CLOCK = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


def meaning_of_commands(capture):
    """For each connection and direction what its messages are, and how many replies found their
    request."""
    sides = {}
    names = ("tcp.stream", "tcp.srcport", "latency.value", "latency.response_to",
             "textcmd.response_to", "bincmd.response_to", *OF_COMMANDS)
    for row in wireshark.fields(capture, names, "-2", "-Y", "latency or textcmd or bincmd"):
        side = sides.setdefault((int(row["tcp.stream"][0]), row["tcp.srcport"][0] in
                                 ("8904", "8905", "8906")), {})
        for name in names[2:6]:
            side[name] = side.get(name, 0) + len(row.get(name, ()))
        for name in OF_COMMANDS:
            side.setdefault(name, []).extend(CLOCK.sub("now", text) for text in row.get(name, ()))
    return [sides[key] for key in sorted(sides)]


def meaning(capture):
    """For each connection its messages, direction by direction, in an order that does not depend on
    whose connection came first."""
    rows = [json.loads(line) for line in
            wireshark.run("-q", "-r", capture, "-z", "plato,rows,ndjson").splitlines()]
    sides = {}
    for row in rows:
        message = {key: row[key] for key in COMPARED if key in row}
        side = sides.setdefault((row["stream"], row["dir"]), [])
        # an ACK of PUSHes covers those before: only the last of each session counts
        if message.get("ack_type") == "PUSH":
            side[:] = [m for m in side if m.get("ack_type") != "PUSH" or
                       m.get("session_id") != message.get("session_id")]
        side.append(message)
    streams = {stream for stream, _ in sides}
    return sorted((json.dumps(sides.get((stream, "up"), []), indent=1),
                   json.dumps(sides.get((stream, "down"), []), indent=1)) for stream in streams)


def make(name, folder):
    """Whether it could be made."""
    done = subprocess.run([TOOL, "-o", folder, name], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    print(done.stdout, end="")
    if done.returncode not in (0, 77) and "cannot capture" not in done.stdout:
        sys.exit(f"make-captures {name}: exit code {done.returncode}")
    return done.returncode == 0


def main():
    names = sys.argv[1:] or NAMES
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    made, wrong = 0, []
    try:
        for name in names:
            if not make(name, folder):
                continue
            made += 1
            both = [(meaning(path), meaning_of_commands(path)) for path in
                    (os.path.join(where, name + ".pcapng") for where in (folder, CAPTURES))]
            now, committed = both
            if not any(committed) or now != committed:
                wrong.append(name)
                print(f"differs: {name}\ncommitted: {committed}\nnow: {now}")
    finally:
        shutil.rmtree(folder)
    print(f"{made} of {len(names)} made again, {len(wrong)} of them differ")
    sys.exit(1 if wrong else 0 if made else 77)


if __name__ == "__main__":
    main()
