# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-bench: what it counts, what it finds, what it says."""
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import mosquitto
import programs
from mosquitto import Mosquitto
from programs import Bench, Folder, bench, server

sys.path.insert(0, f"{__file__.rsplit('/', 2)[0]}/e2e")
import plato  # noqa: E402  (frames as bytes)


def run(*options):
    done = subprocess.run([programs.BENCH, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=programs.PATIENCE,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class Options(unittest.TestCase):
    def test_help_and_version(self):
        for option, text in (("--help", "--server-pid"), ("--version", "plato-bench ")):
            code, out, err = run(option)
            self.assertEqual((code, err), (0, ""))
            self.assertIn(text, out)

    def test_wrong(self):
        for options, text in ((["--rate", "-1"], "--rate must be"),
                              (["--size", "19"], "--size must be from 20"),
                              (["--duration", "0"], "--duration must be from 1"),
                              (["--sessions", "0"], "see --idle"),
                              (["--receivers", "0"], "two members"),
                              (["--mqtt", "1", "--senders", "2"], "one sender"),
                              (["more"], "unexpected argument")):
            with self.subTest(options):
                code, out, err = run(*options)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(text, err)
                self.assertEqual(err.count("\n"), 1)

    def test_no_server(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            code, out, err = run("--port", str(unused.getsockname()[1]), "--drain", "1")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("not all clients could log in: Connection refused", err)


class Counts(unittest.TestCase):
    def test_a_round(self):
        """Three senders and two who only listen, in each of four sessions: all get all."""
        with Folder() as folder, server(folder, "--store", "none") as running:
            report = bench(running.port, "--sessions", 4, "--senders", 3, "--receivers", 2,
                           "--rate", 400, "--count", 600, "--duration", 30, "--server-pid",
                           running.pid, "--fsync-probe", folder.name)
        self.assertEqual(report["verdict"], "PASSED")
        self.assertEqual(report["messages"]["sent"], 600)
        self.assertEqual(report["messages"]["delivered"], 600 * 4)
        self.assertEqual(report["ledger"]["expected"], 600 * 4)
        self.assertEqual(report["up_to_ack_us"]["n"], 600)
        self.assertEqual(report["up_to_push_us"]["n"], 2400)
        times = [report["up_to_push_us"][p] for p in ("p50", "p90", "p99", "p99.9", "max")]
        self.assertEqual(times, sorted(times))
        self.assertGreater(report["server"]["rss_mib"], 1)
        self.assertGreater(report["fsync_before_us"]["n"], 1)

    def test_without_a_schedule(self):
        with Folder() as folder, server(folder, "--store", "none") as running:
            report = bench(running.port, "--sessions", 5, "--rate", 0, "--count", 5000)
        self.assertEqual((report["verdict"], report["messages"]["sent"]), ("PASSED", 5000))

    def test_tls(self):
        with Folder() as folder, server(folder, "--store", "none", tls=True) as running:
            tls_port = running.more_ports[0]
            report = bench(tls_port, "--tls", "--insecure", "--sessions", 5, "--count", 200,
                           "--size", 40000, "--rate", 0)
            self.assertEqual((report["verdict"], report["tls"]), ("PASSED", True))
            code, _, err = run("--port", str(tls_port), "--tls", "--sessions", "1", "--drain", "1")
            self.assertEqual(code, 1, err)
            self.assertIn("the server's certificate is not accepted", err)

    @unittest.skipUnless(mosquitto.installed(), "mosquitto is not installed")
    def test_mqtt(self):
        for qos in (1, 2):
            with self.subTest(qos), Folder() as folder, Mosquitto(folder, None) as broker:
                report = bench(broker.port, "--mqtt", qos, "--sessions", 5, "--receivers", 2,
                               "--count", 500, "--rate", 2000)
                self.assertEqual((report["verdict"], report["protocol"]), ("PASSED", "mqtt"))
                self.assertEqual(report["messages"]["delivered"], 1000)

    def test_for_people(self):
        with Folder() as folder, server(folder, "--store", "none") as running:
            code, out, err = run("--port", str(running.port), "--sessions", "2", "--count", "20",
                                 "--duration", "5", "--progress")
        self.assertEqual(code, 0)
        self.assertIn("verdict: PASSED: 20 sent, 20 acknowledged, 0 lost, 0 twice", out)
        self.assertIn("connected", err)

    def test_a_signal_ends_the_sending(self):
        with Folder() as folder, server(folder, "--store", "none") as running:
            load = Bench(running.port, "--sessions", 2, "--rate", 100, "--duration", 3600)
            time.sleep(1)
            load.stop_sending()
            report = load.result()
        self.assertEqual(report["verdict"], "PASSED")
        self.assertGreater(report["messages"]["sent"], 10)


class StallingServer(unittest.TestCase):
    def test_who_stalls_is_charged(self):
        """Half a second of a stopped server: what was due meanwhile waited, and shows it."""
        with Folder() as folder, server(folder, "--store", "none") as running:
            load = Bench(running.port, "--sessions", 4, "--rate", 400, "--duration", 4)
            time.sleep(2)
            os.kill(running.pid, signal.SIGSTOP)
            time.sleep(0.5)
            os.kill(running.pid, signal.SIGCONT)
            report = load.result()
        self.assertEqual(report["verdict"], "PASSED")
        self.assertGreater(report["up_to_push_us"]["max"], 450e3)
        # An eighth of all messages was due while the server stood still: about a twelfth of them
        # waited for 100 ms and more. A closed loop would show a handful.
        self.assertGreater(report["up_to_push_us"]["p99"], 200e3)


class FalseServer(threading.Thread):
    """A server with one session of two, that mistreats its messages as the test wants."""

    def __init__(self, wrong):
        super().__init__(daemon=True)
        self.wrong, self.peers = wrong, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(programs.PATIENCE)
        self.port = self.listener.getsockname()[1]

    def serve(self):
        peers, devices = self.peers, []
        for _ in range(2):
            peer = plato.Peer(0, connection=self.listener.accept()[0])
            peers.append(peer)
            devices.append(plato.fields(self.whole(peer)[1])[1])
            peer.send(plato.frame(plato.ACK, plato.numbers(0, 0, 0, 6 + len(peers))))
        sender = peers[devices.index(min(devices))]
        receiver = peers[devices.index(max(devices))]
        while True:
            got = self.up(sender)
            if got is None:
                return
            client_id, session, body = got
            for msg_id, changed in self.wrong(client_id, body):
                receiver.send(plato.frame(plato.PUSH, plato.numbers(msg_id, session), changed))
            sender.send(plato.frame(plato.ACK, plato.numbers(0, 0, plato.UP, 0, client_id, session,
                                                             client_id)))

    @staticmethod
    def whole(peer):
        while len(peer.buffer) < 14 or len(peer.buffer) < peer.total():
            if not peer.fill():
                return None
        total = peer.total()
        data, peer.buffer = peer.buffer[:total], peer.buffer[total:]
        head_len = int.from_bytes(data[6:10], "big")
        return data[1], data[14:14 + head_len], data[14 + head_len:]

    def up(self, peer):
        got = self.whole(peer)
        if got is None:
            return None
        head = plato.fields(got[1])
        return head[1], head[3], got[2]

    def run(self):
        try:
            self.serve()
        except OSError:
            pass  # the generator has left
        for peer in self.peers:
            peer.socket.close()
        self.listener.close()


class Ledger(unittest.TestCase):
    """Every fault that the ledger knows is brought about, and must be found."""

    def check(self, wrong, *counts):
        false = FalseServer(wrong)
        false.start()
        report = bench(false.port, "--sessions", 1, "--count", 20, "--rate", 200, "--duration", 1, "--drain", 1,
                       codes=(3,))
        false.join(programs.PATIENCE)
        self.assertEqual(report["verdict"], "FAILED", report)
        for name in counts:
            self.assertGreater(report["ledger"][name], 0, report)
        found = {name for name, count in report["ledger"].items() if count} - {"expected"}
        self.assertEqual(found, set(counts), report)

    def test_lost(self):
        self.check(lambda n, body: [(n, body)] if n != 7 else [], "lost")

    def test_twice(self):
        before = {}

        def wrong(n, body):
            before[n] = body
            return [(n, body if n != 10 else before[9])]
        self.check(wrong, "lost", "twice")

    def test_conflicting(self):
        self.check(lambda n, body: [(n if n != 7 else 6, body)], "conflicting", "lost")

    def test_disordered(self):
        held = []

        def wrong(n, body):
            if n == 7:
                held.append(body)
                return []
            return [(7, body), (8, held[0])] if n == 8 else [(n, body)]
        self.check(wrong, "disordered")

    def test_damaged(self):
        def wrong(n, body):
            return [(n, body if n != 7 else body[:60] + bytes([body[60] ^ 1]) + body[61:])]
        self.check(wrong, "damaged", "lost")

    def test_misnumbered(self):
        self.check(lambda n, body: [(n if n != 7 else 7000, body)], "misnumbered", "lost")

    def test_repeats_are_the_protocols_way(self):
        false = FalseServer(lambda n, body: [(n, body)] * 2)
        false.start()
        report = bench(false.port, "--sessions", 1, "--count", 20, "--rate", 200, "--duration", 1, "--drain", 5)
        false.join(programs.PATIENCE)
        self.assertEqual((report["verdict"], report["messages"]["repeated"]), ("PASSED", 20))

    def test_unanswered(self):
        """A server that takes the messages, delivers them, and never acknowledges the last."""
        class Silent(FalseServer):
            def up(self, peer):
                got = super().up(peer)
                while got is not None and got[0] > 19:
                    got = super().up(peer)
                return got
        false = Silent(lambda n, body: [(n, body)])
        false.start()
        report = bench(false.port, "--sessions", 1, "--count", 20, "--rate", 200, "--duration", 1, "--drain", 1,
                       codes=(4,))
        false.join(programs.PATIENCE)
        self.assertEqual((report["verdict"], report["ledger"]["unanswered"]), ("INCOMPLETE", 1))


if __name__ == "__main__":
    unittest.main()
