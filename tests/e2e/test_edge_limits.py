# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may come in, how fast, and with which token."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

import edge
import plato
from plato import frame, numbers, up

TOKENS = ["0123456789abcdefghijklmnop", "a-token-as-good-as-the-first", "one-that-is-in-no-file-1234"]


def heartbeat():
    return frame(plato.HEARTBEAT)


class Connections(unittest.TestCase):
    def turned_away(self, port, source="127.0.0.1"):
        with plato.Peer(port, connection=edge.connect(port, source)) as peer:
            answer = peer.receive()
            self.assertEqual(answer.code, plato.OVERLOADED)
            self.assertIsNone(peer.receive())
            return answer.msg.decode()

    def test_per_address(self):
        with edge.EdgeServer("--max-per-address", "2", "--metrics", "0") as server:
            with plato.Peer(server.port) as one, plato.Peer(server.port) as two:
                one.log_in(1), two.log_in(2)
                self.assertIn("from this address", self.turned_away(server.port))
                other = edge.connect(server.port, "127.0.0.2")
                with plato.Peer(server.port, connection=other) as three:
                    three.log_in(3)
                seen = server.metrics()
        self.assertEqual(seen['plato_turned_away_total{limit="per_address"}'], 1)
        self.assertEqual(seen['plato_connections_closed_total{reason="turned_away"}'], 1)

    def test_unauthenticated(self):
        with edge.EdgeServer("--max-unauthenticated", "1", "--metrics", "0") as server:
            with plato.Peer(server.port) as one:
                one.send(b"\1")
                plato.wait_until(lambda: server.metrics()[
                    "plato_connections_unauthenticated"] == 1, "the connection")
                self.assertIn("not logged in", self.turned_away(server.port))
                one.send(plato.login(1)[1:])
                self.assertEqual(one.receive().code, plato.OK)
                with plato.Peer(server.port) as two:
                    two.log_in(2)
                    self.assertEqual(server.metrics()["plato_connections_unauthenticated"], 0)


class Rates(unittest.TestCase):
    def test_of_a_connection(self):
        with edge.EdgeServer("--rate", "1", "--rate-burst", "5", "--rate-patience", "3",
                             "--metrics", "0") as server, plato.Peer(server.port) as peer:
            peer.send(plato.login(1, [42]) + heartbeat() * 4 + up(1, 42) * 10)
            self.assertEqual([peer.receive().code for _ in range(5)], [plato.OK] * 5)
            for _ in range(4):  # patience 3, and the last word
                answer = peer.receive()
                self.assertEqual((answer.code, answer.type, answer.client_id, answer.session_id),
                                 (plato.RATE_LIMITED, plato.UP, 1, 42))
            self.assertIsNone(peer.receive())
            seen = server.metrics()
        self.assertEqual(seen['plato_refusals_total{code="RATE_LIMITED"}'], 4)
        self.assertEqual(seen['plato_connections_closed_total{reason="rate"}'], 1)
        self.assertEqual(seen["plato_rate_limited_total"], 4)

    def test_goes_on_when_slow_again(self):
        with edge.EdgeServer("--rate", "20", "--rate-burst", "2") as server, \
                plato.Peer(server.port) as peer:
            peer.send(plato.login(1) + heartbeat() * 3)
            codes = [peer.receive().code for _ in range(4)]
            self.assertEqual(codes[:2], [plato.OK, plato.OK])
            self.assertIn(plato.RATE_LIMITED, codes)
            time.sleep(0.2)
            peer.send(heartbeat())
            self.assertEqual(peer.receive().code, plato.OK)

    def test_of_an_address(self):
        with edge.EdgeServer("--address-rate", "1", "--address-burst", "6") as server:
            with plato.Peer(server.port) as one, plato.Peer(server.port) as two:
                one.send(plato.login(1) + heartbeat() * 3)
                self.assertEqual([one.receive().code for _ in range(4)], [plato.OK] * 4)
                two.send(plato.login(2) + heartbeat() * 9)
                codes = [two.receive().code for _ in range(10)]
                self.assertEqual(codes[:2], [plato.OK, plato.OK])
                self.assertIn(plato.RATE_LIMITED, codes)
            far = edge.connect(server.port, "127.0.0.3")
            with plato.Peer(server.port, connection=far) as three:
                three.log_in(3)

    def test_acks_are_free(self):
        with edge.EdgeServer("--rate", "1", "--rate-burst", "2") as server, \
                plato.Peer(server.port) as peer:
            peer.log_in(1, [42])
            peer.send(plato.push_ack(42, 1) * 500 + heartbeat())
            self.assertEqual(peer.receive().code, plato.OK)


class Unread(unittest.TestCase):
    """A peer that asks and does not read the answers is held up, and loses nothing when it reads."""

    def ask_and_wait(self, server, peer):
        """Sends until nothing more is taken; how many HEARTBEATs that were."""
        sent, asks = 0, heartbeat() * 5000
        peer.socket.setblocking(False)
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 1:
            try:
                sent += peer.socket.send(asks[sent % 14:])
                quiet_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
            self.assertLess(sent, 1 << 28, "the server reads on without end")
        peer.socket.settimeout(plato.PATIENCE)
        whole = (sent + 13) // 14
        seen = server.metrics()
        self.assertGreater(seen["plato_reading_paused_total"], 0)
        self.assertLess(seen["plato_output_bytes"], 65536 + 1000)
        return whole, heartbeat()[sent % 14:] if sent % 14 else b""

    def test_reading_pauses(self):
        with edge.EdgeServer("--rate", "0", "--address-rate", "0", "--max-output", "65536",
                             "--metrics", "0") as server:
            with plato.Peer(server.port, receive_buffer=4096) as peer, \
                    plato.Peer(server.port) as other:
                peer.log_in(1), other.log_in(2)
                whole, rest = self.ask_and_wait(server, peer)
                other.send(heartbeat())  # nobody else is held up
                self.assertEqual(other.receive().code, plato.OK)
                got, size = 0, len(frame(plato.ACK, numbers(0, 0, plato.HEARTBEAT)))
                while got < (whole - bool(rest)) * size:
                    got += len(peer.socket.recv(1 << 20))
                peer.send(rest + heartbeat())
                while got < (whole + 1) * size:
                    got += len(peer.socket.recv(1 << 20))
                self.assertEqual(server.metrics()['plato_frames_received_total{type="HEARTBEAT"}'],
                                 whole + 2)


def login(device, token, sessions=()):
    body = b"\x0a" + plato.varint(len(token)) + token.encode()
    return frame(plato.LOGIN, numbers(device),
                 body + b"".join(b"\x18" + plato.varint(s) for s in sessions))


def hash_lines(text):
    return subprocess.run([plato.SERVER, "--hash-token"], input=text, capture_output=True,
                          text=True, timeout=plato.PATIENCE, check=False)


class Tokens(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "tokens")
        self.write(f"1001 {TOKENS[0]}\n* {TOKENS[1]}\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, text):
        made = hash_lines(text)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        with open(self.path, "w", encoding="ascii") as file:
            file.write("# tokens\n" + made.stdout)

    def server(self, *options):
        return edge.EdgeServer("--token-file", self.path, "--metrics", "0", *options)

    def answer(self, server, data):
        """The code that this LOGIN gets, and whether the connection is then closed."""
        with plato.Peer(server.port) as peer:
            peer.send(data)
            code = peer.receive().code
            peer.send(heartbeat())
            return code, peer.receive() is None

    def test_login(self):
        good, bad = (plato.OK, False), (plato.AUTH_FAILED, True)
        with self.server() as server:
            for device, token, expected in ((1001, TOKENS[0], good), (1001, TOKENS[1], good),
                                            (7, TOKENS[1], good), (7, TOKENS[0], bad),
                                            (1001, TOKENS[2], bad), (1001, TOKENS[0][:-1], bad),
                                            (1001, "", bad)):
                with self.subTest((device, token)):
                    self.assertEqual(self.answer(server, login(device, token, [42])), expected)
            self.assertEqual(self.answer(server, plato.login(1001)), bad)
            self.assertEqual(server.metrics()["plato_logins_refused_total"], 5)
            log = server.stop()
        self.assertNotIn("NO AUTHENTICATION", log)
        for token in TOKENS:
            self.assertNotIn(token, log)

    def test_conn_ids_cannot_be_guessed(self):
        with self.server() as server:
            ids = []
            for _ in range(20):
                with plato.Peer(server.port) as peer:
                    peer.send(login(1001, TOKENS[0], [42]))
                    ids.append(peer.receive().conn_id)
            self.assertGreater(max(ids), 1 << 58)
            self.assertLess(max(ids), 1 << 63)
            gaps = [abs(b - a) for a, b in zip(ids, ids[1:])]
            self.assertGreater(min(gaps), 1 << 32)
            self.assertEqual(self.answer(server, frame(plato.RECONN, numbers(ids[-1])))[0],
                             plato.OK)
            self.assertEqual(self.answer(server, frame(plato.RECONN, numbers(ids[-1] + 1)))[0],
                             plato.UNKNOWN_CONN)

    def test_sighup(self):
        with self.server() as server:
            self.write(f"1001 {TOKENS[2]}\n")
            server.process.send_signal(signal.SIGHUP)
            plato.wait_until(lambda: self.answer(server, login(1001, TOKENS[2]))[0] == plato.OK,
                             "the new tokens")
            self.assertEqual(self.answer(server, login(1001, TOKENS[0]))[0], plato.AUTH_FAILED)
            with open(self.path, "a", encoding="ascii") as file:
                file.write("nonsense\n")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            self.assertEqual(self.answer(server, login(1001, TOKENS[2]))[0], plato.OK)
            self.assertRegex(server.stop(), r"level=error msg=.*error=\".*tokens, line 3: ")

    def refuses(self, *options):
        done = subprocess.run([plato.SERVER, "--port", "0", *options], capture_output=True,
                              text=True, timeout=plato.PATIENCE, check=False,
                              env={**os.environ, "STATE_DIRECTORY": self.folder.name})
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("\n"), 1)
        return done.stderr

    def test_what_is_refused(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write("\n1001 plain-text-token\n")
        self.assertIn("tokens, line 2: ", self.refuses("--token-file", self.path))
        self.assertIn("/nowhere/tokens", self.refuses("--token-file", "/nowhere/tokens"))
        self.assertIn("--insecure-no-auth", self.refuses("--listen", "0.0.0.0"))
        self.assertIn("--insecure-no-auth", self.refuses("--listen", "::"))
        self.assertIn("contradict", self.refuses("--insecure-no-auth", "--token-file", self.path))
        self.assertIn("--first-conn-id", self.refuses("--first-conn-id", "5", "--token-file",
                                                      self.path))

    def test_hash_token(self):
        for text, why in ((f"1001 {TOKENS[0]}\n7 short\n", "line 2: the token is shorter"),
                          ("lonely\n", "line 1: needs a device"),
                          (f"x {TOKENS[0]}\n", "line 1: begins with neither"),
                          (f"1 {TOKENS[0]}\n7 {TOKENS[1]}\0", "line 2: holds a zero byte"),
                          (f"1 {TOKENS[0]}\n" + "7" * 5000, "line 2: is too long")):
            with self.subTest(text):
                made = hash_lines(text)
                self.assertEqual(made.returncode, 1)
                self.assertIn(why, made.stderr)
        self.assertNotEqual(hash_lines(f"1 {TOKENS[0]}").stdout, hash_lines(f"1 {TOKENS[0]}").stdout)

    def test_hash_token_that_cannot_be_read_or_written(self):
        """A file of tokens that ends too early locks devices out: that must not pass for success."""
        for source, target, why in ((self.folder.name, os.devnull, "read: Is a directory"),
                                    (self.path, "/dev/full", "written: No space left on device")):
            with open(self.path, "w", encoding="ascii") as file:
                file.write(f"1 {TOKENS[0]}\n")
            descriptor = os.open(source, os.O_RDONLY)
            with self.subTest(why), open(target, "wb") as out:
                made = subprocess.run([plato.SERVER, "--hash-token"], stdin=descriptor, stdout=out,
                                      stderr=subprocess.PIPE, text=True, check=False,
                                      timeout=plato.PATIENCE)
                self.assertEqual(made.returncode, 1)
                self.assertIn(f"the lines cannot be {why}", made.stderr)
            os.close(descriptor)


if __name__ == "__main__":
    unittest.main()
