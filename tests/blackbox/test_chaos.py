# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-chaos between a plain socket and another one: what each action does to the bytes, and that
the same seed does the same again."""
import json
import os
import random
import socket
import subprocess
import threading
import time
import unittest

import programs
from programs import Folder, chaos

BYTES = random.Random(1).randbytes(20000)


def run(*options):
    done = subprocess.run([programs.CHAOS, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=programs.PATIENCE,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class Sink:
    """Takes connections and keeps what comes, read by read; sends `answer` on each."""

    def __init__(self, answer=b""):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(programs.PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.answer, self.reads, self.ends = answer, [], []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                self.reads.append([])
                self.ends.append(None)
                threading.Thread(target=self.take, daemon=True,
                                 args=(connection, len(self.reads) - 1)).start()
        except OSError:
            pass  # closed

    def take(self, connection, i):
        connection.settimeout(programs.PATIENCE)
        with connection:
            try:
                if self.answer:
                    connection.sendall(self.answer)
                while data := connection.recv(65536):
                    self.reads[i].append(data)
                self.ends[i] = "end"
            except OSError as error:
                self.ends[i] = type(error).__name__

    def bytes(self, i=0):
        return b"".join(self.reads[i])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def drain(connection):
    """All that comes, and how it ends."""
    got = b""
    try:
        while data := connection.recv(65536):
            got += data
        return got, "end"
    except OSError as error:
        return got, type(error).__name__


class Case(unittest.TestCase):
    def through(self, scenario, data=BYTES, answer=b"", seed=1, connections=1, half=True):
        """Sends data through the proxy; (what came up, what came down, log lines, the sink)."""
        downs = []
        with Folder() as folder, Sink(answer) as sink:
            with chaos(folder, sink.port, scenario, seed) as proxy:
                for _ in range(connections):
                    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                        client.settimeout(programs.PATIENCE)
                        try:
                            client.sendall(data)
                            if half:
                                client.shutdown(socket.SHUT_WR)
                        except OSError:
                            pass  # the rest shows
                        downs.append(drain(client))
                programs.wait_until(lambda: len(sink.ends) >= connections and
                                    all(sink.ends[:connections]),
                                    "the end of all connections")
            with open(folder.path("chaos.log"), encoding="utf-8") as log:
                lines = [line for line in log.read().splitlines() if "opened" not in line]
        self.sink = sink
        return sink.bytes(), downs, lines


class Actions(Case):
    def test_nothing(self):
        up, downs, lines = self.through("# nothing\n\n", answer=BYTES[::-1])
        self.assertEqual((up, downs, lines), (BYTES, [(BYTES[::-1], "end")], []))

    def test_resegment(self):
        up, _, lines = self.through("connection all up from 0 to 100 resegment 7 pause 20", BYTES[:200])
        self.assertEqual(up, BYTES[:200])
        self.assertEqual(lines, ["connection 1 up 0: resegment value 7 pause 20"])
        sizes = [len(data) for data in self.sink.reads[0]]
        self.assertEqual(sizes[:14], [7] * 14)
        # the last piece of two bytes and what follows the range may be read at once or not
        self.assertEqual(sum(sizes[14:]), 102)
        self.assertIn(len(sizes), (15, 16))

    def test_merge(self):
        with Folder() as folder, Sink() as sink:
            with chaos(folder, sink.port, "connection 1 up from 0 merge 100 within 60000") as proxy:
                with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for i in range(25):
                        client.sendall(BYTES[i * 10:i * 10 + 10])
                        time.sleep(0.003)
                    client.shutdown(socket.SHUT_WR)
                    drain(client)
        self.assertEqual([len(data) for data in sink.reads[0]], [100, 100, 50])
        self.assertEqual(sink.bytes(), BYTES[:250])

    def test_merge_waits_no_longer(self):
        with Folder() as folder, Sink() as sink:
            with chaos(folder, sink.port, "connection 1 up from 0 merge 100 within 50") as proxy:
                with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                    client.sendall(b"few")
                    programs.wait_until(lambda: sink.reads and sink.bytes() == b"few", "the merge")

    def test_stall_and_throttle(self):
        for scenario, least in (("connection all up at 5000 stall 600", 0.55),
                                ("connection all up from 0 throttle 30000", 0.5)):
            with self.subTest(scenario):
                begin = time.monotonic()
                up, _, lines = self.through(scenario)
                self.assertGreater(time.monotonic() - begin, least)
                self.assertEqual((up, len(lines)), (BYTES, 1))

    def test_flip(self):
        up, downs, lines = self.through("connection all both at 4567 flip 3", answer=BYTES)
        wrong = BYTES[:4567] + bytes([BYTES[4567] ^ 8]) + BYTES[4568:]
        self.assertEqual((up, downs[0][0]), (wrong, wrong))
        before, after = BYTES[4567], BYTES[4567] ^ 8
        self.assertEqual(sorted(lines),
                         [f"connection 1 {way} 4567: flip bit 3 before {before} after {after}"
                          for way in ("down", "up")])

    def test_flip_one_in(self):
        up, _, lines = self.through("connection all up from 1000 to 19000 flip-one-in 500")
        wrong = [i for i in range(len(BYTES)) if up[i] != BYTES[i]]
        self.assertEqual([f"connection 1 up {i}: flip" for i in wrong],
                         [line.split(" bit")[0] for line in lines if " flip bit" in line])
        self.assertTrue(10 < len(wrong) < 100 and 1000 <= wrong[0] and wrong[-1] < 19000, wrong)
        for i in wrong:
            self.assertEqual((up[i] ^ BYTES[i]).bit_count(), 1)

    def test_cut(self):
        up, downs, lines = self.through("connection all up at 777 cut", answer=b"hello")
        self.assertEqual((up, lines), (BYTES[:777], ["connection 1 up 777: cut"]))
        self.assertEqual(self.sink.ends, ["end"])
        self.assertIn(downs[0], ((b"hello", "end"), (b"", "end")))

    def test_reset(self):
        up, downs, lines = self.through("connection all up at 777 reset")
        self.assertEqual(lines, ["connection 1 up 777: reset"])
        self.assertEqual((downs[0][1], self.sink.ends), ("ConnectionResetError",
                                                        ["ConnectionResetError"]))
        self.assertTrue(BYTES[:777].startswith(up))

    def test_half_close(self):
        """The other direction goes on."""
        with Folder() as folder, Sink() as sink:
            with chaos(folder, sink.port, "connection all down at 0 half-close") as proxy:
                with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                    self.assertEqual(client.recv(10), b"")
                    client.sendall(BYTES)
                    client.shutdown(socket.SHUT_WR)
                    programs.wait_until(lambda: sink.ends == ["end"], "the end")
        self.assertEqual(sink.bytes(), BYTES)

    def test_replay(self):
        up, _, lines = self.through("connection 1 up at 3000 replay")
        self.assertEqual((up, lines), (BYTES, ["connection 1 up 3000: replay"]))
        programs.wait_until(lambda: len(self.sink.ends) == 2 and self.sink.ends[1],
                            "the end of the replay")
        self.assertEqual(self.sink.bytes(1), BYTES[:3000])

    def test_which_connections(self):
        self.through("connection 2-3 up at 0 cut\nconnection every 4 up at 1 cut\n"
                     "connection 6 down at 0 half-close", connections=8)
        lengths = [len(self.sink.bytes(i)) for i in range(8)]
        self.assertEqual(lengths, [20000, 0, 0, 1, 20000, 20000, 20000, 1])

    def test_no_server(self):
        with Folder() as folder:
            with socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                with chaos(folder, unused.getsockname()[1], "") as proxy:
                    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                        self.assertEqual(drain(client), (b"", "ConnectionResetError"))


class Seeds(Case):
    SCENARIO = ("connection all odds 0.5 both at 0..15000 flip 2\n"
                "connection all both from 0..9000 flip-one-in 900\n"
                "connection all odds 0.3 up at 100..19000 cut\n"
                "connection all up from 5..50 to 100..1000 resegment 13\n")

    def lines(self, seed):
        return sorted(self.through(self.SCENARIO, seed=seed, connections=8, answer=BYTES)[2])

    def up_only(self, seed):
        scenario = self.SCENARIO.replace("both", "up")
        return self.through(scenario, seed=seed, connections=8)[2]

    def test_same_seed_same_log(self):
        """One direction: to the letter, in order."""
        once = self.up_only(3)
        self.assertGreater(len(once), 50)
        self.assertEqual(once, self.up_only(3))
        self.assertNotEqual(once, self.up_only(4))

    def test_seed_of_the_scenario(self):
        scenario = "seed 9\nconnection all up from 0 flip-one-in 900"
        with Folder() as folder:
            path = folder.path("s")
            with open(path, "w", encoding="utf-8") as file:
                file.write(scenario)
            self.assertEqual(run("--scenario", path, "--check"), (0, "", ""))
        flips = [self.through(scenario + end, seed=1)[2] for end in ("", "\nseed 9")]
        self.assertEqual(flips[0], flips[1])  # --seed has the last word

    def test_json(self):
        with Folder() as folder, Sink() as sink:
            path = folder.path("s")
            with open(path, "w", encoding="utf-8") as file:
                file.write("connection all up at 5 flip 0\n")
            log = folder.path("log")
            with programs.Program(programs.CHAOS, "--server-port", sink.port, "--scenario", path,
                                  "--log", log, "--json", log=os.devnull) as proxy:
                with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                    client.sendall(b"0123456789")
                    client.shutdown(socket.SHUT_WR)
                    drain(client)
            with open(log, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
        self.assertEqual(lines, [{"connection": 1, "event": "opened"},
                                 {"connection": 1, "direction": "up", "offset": 5,
                                  "action": "flip", "bit": 0, "before": 53, "after": 52}])


class Options(unittest.TestCase):
    def test_help_and_version(self):
        for option, text in (("--help", "flip-one-in BYTES"), ("--version", "plato-chaos ")):
            code, out, err = run(option)
            self.assertEqual((code, err), (0, ""))
            self.assertIn(text, out)

    def test_wrong_options(self):
        for options, text in ((["--port", "70000"], "must be ports"), (["x"], "unexpected"),
                              (["--seed", "x"], "--seed must be a number"),
                              (["--scenario", "/nowhere/at/all"], "No such file")):
            with self.subTest(options):
                code, out, err = run(*options)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(text, err)

    def test_wrong_scenarios(self):
        cases = (
            ("connections all up at 5 cut", "a line begins with 'seed' or 'connection'"),
            ("connection up at 5 cut", "which connection must be a number or two"),
            ("connection 5-3 up at 5 cut", "which connection must be"),
            ("connection all odds 2 up at 5 cut", "odds must be from 0 to 1, not '2'"),
            ("connection all sideways at 5 cut", "up, down or both, not 'sideways'"),
            ("connection all up on 5 cut", "'at' or 'from', not 'on'"),
            ("connection all up at five cut", "an offset must be a number or two"),
            ("connection all up at 9..5 cut", "an offset must be"),
            ("connection all up at 5 explode", "'explode' is no action"),
            ("connection all up at 5", "'the end of the line' is no action"),
            ("connection all up from 5 cut", "cut goes with 'at'"),
            ("connection all up at 5 throttle 9", "throttle goes with 'from'"),
            ("connection all down at 5 replay", "replay goes with 'up' only"),
            ("connection all up at 5 flip 8", "BIT must be a number from 0 to 7, not '8'"),
            ("connection all up from 0 resegment 0", "BYTES must be a number from 1"),
            ("connection all up from 5 to 5 resegment 1", "ends before it begins"),
            ("connection all up at 5 cut now", "'now' is too much"),
            ("seed", "seed must be a number"),
        )
        for text, message in cases:
            with self.subTest(text), Folder() as folder:
                path = folder.path("s")
                with open(path, "w", encoding="utf-8") as file:
                    file.write("# first\nseed 1\n" + text + " # here\n")
                code, out, err = run("--scenario", path, "--check")
                self.assertEqual((code, out), (2, ""))
                self.assertTrue(err.startswith(f"plato-chaos: {path}:3: "), err)
                self.assertIn(message, err)

    def test_scenario_that_is_no_text(self):
        """What follows a zero byte is not overlooked."""
        with Folder() as folder:
            path = folder.path("s")
            with open(path, "wb") as file:
                file.write(b"seed 1\n\0connection all up at 5 cut\n")
            self.assertEqual(run("--scenario", path, "--check"),
                             (2, "", f"plato-chaos: {path}: holds a zero byte, it is no text\n"))


if __name__ == "__main__":
    unittest.main()
