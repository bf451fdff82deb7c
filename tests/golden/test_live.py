#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference server keeps the rules of plato-check while plato-chaos cuts, stalls, repeats and
damages what goes between it and its clients. Captured is the server's side.

Exit code: 77, and a message, where capturing is not permitted."""
import concurrent.futures
import json
import os
import subprocess
import sys
import time
import unittest

import recording
import wireshark

SERVER_PROGRAMS = os.path.join(os.environ["PLATO_BUILD"], "server")
for program in ("server", "bench", "chaos"):
    os.environ["PLATO_" + program.upper()] = os.path.join(SERVER_PROGRAMS, "plato-" + program)
sys.path += [os.path.join(wireshark.ROOT, "tests", folder) for folder in ("blackbox", "e2e")]
import plato  # noqa: E402
import programs  # noqa: E402

TOOL = os.path.join(wireshark.ROOT, "tools", "plato-check")
SESSION = 5  # of ask()
# More patience than usual: on a busy machine every program is late at times. That the server sends
# again too early would be hundreds of milliseconds.
RULES = ("frame_time(max=2s;grace=10s)", "close(within=10s)", "resend(tolerance=600ms)",
         "response_time(max=20s)", "delivery_time(max=20s)")

# Connections 1 and 2 are those of ask(). What comes in pieces is not merged as well: a piece at a
# time would be held up.
PIECES = """
connection 1-4 both from 0 resegment 9
connection 5-8 both from 0 merge 300 within 20
"""
WAYS = """
connection every 3 up at 200..2000 stall 300
connection every 5 down at 100..1500 cut
connection every 7 up at 100..2000 reset
connection every 11 up at 300..2000 half-close
connection every 13 up at 500..2000 replay
"""
DAMAGE = """
connection every 3 up at 30..1500 flip 3
connection every 4 up from 600 flip-one-in 1500
connection every 5 down at 100..1500 flip 3
connection every 7 down at 100..1500 cut
"""


def wait_for_ack(peer, msg_type):
    """PUSHes may come before it."""
    while (frame := peer.receive()).msg_type != plato.ACK:
        assert frame.msg_type == plato.PUSH, frame
    assert (frame.type, frame.code) == (msg_type, plato.OK), frame


def ask(a, b):
    """What plato-bench rarely brings about: a HEARTBEAT, a SYNC, and a client that lets the server
    wait for its ACK until it has repeated itself twice."""
    count = 3
    for i in range(1, count + 1):
        if i == count:
            time.sleep(0.8)  # the first is due to be sent again soon, and this one is not
        a.send(plato.up(i, SESSION))
        wait_for_ack(a, plato.UP)
    first = 0
    while first < 3:
        first += b.receive().msg_id == 1
    for _ in range(2):
        b.send(plato.frame(plato.HEARTBEAT))
        wait_for_ack(b, plato.HEARTBEAT)
    b.send(plato.frame(plato.SYNC, plato.numbers(SESSION, 1, count)))
    wait_for_ack(b, plato.SYNC)
    b.send(plato.push_ack(SESSION, count))


class Live(unittest.TestCase):
    def setUp(self):
        folder = programs.Folder()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = folder

    def play(self, scenario):
        """(the generator's report, the actions of plato-chaos, the rules' verdicts by name, who
        sent which packet)."""
        path = self.folder.path("run.pcapng")
        with programs.server(self.folder, "--frame-timeout", 2) as server, \
                programs.chaos(self.folder, server.port, PIECES + scenario) as chaos, \
                recording.Recording(path, f"tcp port {server.port}"):
            with plato.Peer(chaos.port) as a, plato.Peer(chaos.port) as b, \
                    concurrent.futures.ThreadPoolExecutor() as pool:
                a.log_in(7, [SESSION])
                b.log_in(8, [SESSION])
                asked = pool.submit(ask, a, b)
                bench = programs.bench(chaos.port, "--sessions", 4, "--senders", 2, "--receivers",
                                       1, "--rate", 150, "--duration", 2, "--drain", 30,
                                       codes=(0, 3, 4))
                asked.result(programs.PATIENCE)
        with open(self.folder.path("chaos.log"), encoding="utf-8") as log:
            actions = {word for line in log for word in line.split()}
        return bench, actions, self.judge(path, server.port), self.senders(path, server.port)

    def judge(self, path, port):
        run = subprocess.run(
            [TOOL, "--port", str(port), "--format", "json", "--show", "100000",
             *(f"--rule={rule}" for rule in RULES), path],
            capture_output=True, text=True, timeout=wireshark.TIMEOUT,
            env=wireshark.environment_of_a_run(), check=False)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        (report,) = json.loads(run.stdout)["captures"]
        return wireshark.plato_rules(report)

    def senders(self, path, port):
        rows = wireshark.fields(path, ["frame.number", "tcp.srcport"])
        return {int(row["frame.number"][0]): "server" if row["tcp.srcport"] == [str(port)]
                else "client" for row in rows}

    def check(self, scenario, wanted, idle, clients=()):
        """`idle`: rules for which there is nothing to judge; `clients`: rules that clients break,
        or the network in their name."""
        bench, actions, rules, senders = self.play(scenario)
        self.assertEqual(bench["verdict"], "PASSED", bench)
        self.assertLessEqual(wanted, actions)
        self.assertLessEqual({name for name, rule in rules.items() if rule["status"] == "idle"},
                             idle)
        broken = {(name, senders[where["packet"]]): where
                  for name, rule in rules.items() for where in rule.get("broken", ())}
        allowed = {(name, "client") for name in clients}
        self.assertEqual({key: where for key, where in broken.items() if key not in allowed}, {})

    def test_ways(self):
        self.check(WAYS, {"resegment", "merge", "stall", "cut", "reset", "half-close", "replay"},
                   idle={"continuation", "close", "hole_asked", "reconn_resend"})

    def test_damage(self):
        self.check(DAMAGE, {"resegment", "merge", "flip", "flip-one-in", "cut"},
                   idle={"continuation", "hole_asked", "reconn_resend"},
                   clients={"crc", "malformed", "continuation"})


def main():
    try:
        with programs.Folder() as folder, \
                recording.Recording(folder.path("probe.pcapng"), "tcp port 1"):
            pass
    except recording.NotPermitted as why:
        print(f"{why}: skipped")
        return 77
    unittest.main()


if __name__ == "__main__":
    sys.exit(main())
