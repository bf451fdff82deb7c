# SPDX-License-Identifier: GPL-2.0-or-later
"""The latency and command protocols on real sockets: limits, clients, and how it all ends."""
import contextlib
import errno
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

import edge
import plato

PING = os.environ.get("PLATO_PING", "build/dev/server/plato-ping")
CMD = os.environ.get("PLATO_CMD", "build/dev/server/plato-cmd")
ALL = ("--latency-port", "0", "--text-port", "0", "--binary-port", "0")


def server(*options):
    return edge.EdgeServer(*ALL, *options, "--metrics", "0")


def connect(port, source="127.0.0.1"):
    return contextlib.closing(edge.connect(int(port), source))


def read_all(connection):
    """Up to the end; a reset is one, too."""
    out = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            out += data
    return out


def run(program, *arguments, **more):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True,
                          timeout=plato.PATIENCE * 2, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise
        return False


class Safety(unittest.TestCase):
    """The four questions: wrong format, unknown object, too frequent, connections that say
    nothing. tests/wire/commands.txt has each rule; here is what they are for."""

    def test_10000_commands_at_once(self):
        lines = b"".join(b"ECHO/%d\r\n" % i for i in range(10000))
        frames = b"".join(b"$$$$\0\4\0\0%4d" % i for i in range(10000))
        with server("--command-rate", "0", "--command-address-rate", "0") as to:
            for port, data in (to.text_port, lines), (to.binary_port, frames):
                with connect(port) as peer:
                    # written by a thread: the server reads no further than its replies are read
                    writer = threading.Thread(target=peer.sendall, args=(data,))
                    writer.start()
                    got = b""
                    while len(got) < len(data) and (more := peer.recv(65536)):
                        got += more
                    writer.join()
                    self.assertEqual(got, data)

    def test_who_asks_and_does_not_read(self):
        with server("--command-rate", "0", "--command-address-rate", "0",
                    "--command-idle-timeout", "2") as to, connect(to.text_port) as peer:
            before = to.memory_kib()
            peer.settimeout(0.5)
            sent = 0
            with contextlib.suppress(OSError):
                while sent < 64 << 20:
                    sent += peer.send(b"STATS/\r\n" * 8192)
            self.assertLess(sent, 64 << 20, "everything was read")
            self.assertGreater(to.metrics()["plato_command_reading_paused_total"], 0)
            if not plato.SANITIZED:
                self.assertLess(to.memory_kib() - before, 4096)
            plato.wait_until(lambda: to.metrics()[
                'plato_command_closed_total{reason="idle"}'] == 1, "the end by silence")

    def test_who_reads_slowly(self):
        """Replies are 30 times as long as commands: these must not pile up in the server."""
        def ask(peer):
            with contextlib.suppress(OSError):
                while True:
                    peer.sendall(b"STATS/\r\n" * 8192)

        with server("--command-rate", "0", "--command-address-rate", "0") as to:
            before = to.memory_kib()
            with connect(to.text_port) as peer:
                writer = threading.Thread(target=ask, args=(peer,))
                writer.start()
                for _ in range(300):
                    self.assertTrue(peer.recv(65536))
                    time.sleep(0.001)
                grown = to.memory_kib() - before
                peer.shutdown(socket.SHUT_RDWR)
                writer.join()
            if not plato.SANITIZED:
                self.assertLess(grown, 4096)

    def test_too_frequent(self):
        with server("--command-rate", "1", "--command-burst", "5",
                    "--command-patience", "4") as to, connect(to.text_port) as peer:
            peer.sendall(b"ECHO/1\r\n" * 20)
            lines = read_all(peer).split(b"\r\n")
            self.assertEqual(lines[:5], [b"ECHO/1"] * 5)
            self.assertEqual(lines[5:], [b"ERROR/429%20too%20fast"] * 5 + [b""])
            self.assertEqual(to.metrics()['plato_command_errors_total{code="429"}'], 5)

    def test_too_frequent_from_an_address(self):
        """New connections do not help, nor do other protocols; other addresses do not suffer."""
        with server("--command-address-rate", "1", "--command-address-burst", "6") as to:
            for _ in range(3):
                with connect(to.text_port) as peer:
                    peer.sendall(b"ECHO/1\r\n" * 2)
                    peer.shutdown(socket.SHUT_WR)
                    self.assertEqual(read_all(peer), b"ECHO/1\r\n" * 2)
            with connect(to.binary_port) as peer:
                peer.sendall(b"$$$$\0\0\0\4")
                peer.shutdown(socket.SHUT_WR)
                self.assertEqual(read_all(peer)[6:10], b"\xff\xff\x01\xad")
            with connect(to.text_port, "127.0.0.2") as peer:
                peer.sendall(b"ECHO/1\r\n")
                self.assertEqual(peer.recv(99), b"ECHO/1\r\n")

    def test_many_connections(self):
        with server("--command-per-address", "2", "--command-connections", "3") as to:
            with connect(to.text_port) as one, connect(to.latency_port):
                one.sendall(b"ECHO/1\r\n")  # the server has seen both by then
                self.assertEqual(one.recv(99), b"ECHO/1\r\n")
                with connect(to.text_port) as more:
                    self.assertRegex(read_all(more), rb"^ERROR/503%20[a-z%0-9]*address\r\n$")
                with connect(to.binary_port) as more:
                    self.assertRegex(read_all(more), rb"^\\\(\\\)..\xff\xff\x01\xf7.*address$")
                with connect(to.latency_port) as more:
                    self.assertEqual(read_all(more), b"")
                with connect(to.text_port, "127.0.0.2") as other:
                    other.sendall(b"ECHO/2\r\n")
                    self.assertEqual(other.recv(99), b"ECHO/2\r\n")
                    with connect(to.text_port, "127.0.0.3") as more:
                        self.assertRegex(read_all(more), rb"^ERROR/503.*no%20more%20connections\r\n$")
            self.assertEqual(to.metrics()['plato_command_closed_total{reason="turned_away"}'], 4)
            with connect(to.text_port) as again:
                again.sendall(b"ECHO/3\r\n")
                self.assertEqual(again.recv(99), b"ECHO/3\r\n")

    def test_silence_and_slowness(self):
        """Connections that send nothing, and one byte now and then, are gone when time is up."""
        with server("--command-idle-timeout", "2", "--command-timeout", "1") as to:
            with contextlib.ExitStack() as stack:
                silent = [stack.enter_context(connect(port)) for port in
                          (to.text_port, to.binary_port, to.latency_port) for _ in range(5)]
                slow = stack.enter_context(connect(to.binary_port))
                for byte in b"$$$$\x07\xff\0\4" + b"a" * 200:
                    slow.sendall(bytes([byte]))
                    if select.select([slow], [], [], 0.1)[0]:
                        break  # the server has ended its direction, long before the last byte
                self.assertEqual(read_all(slow), b"")
                for peer in silent:
                    self.assertEqual(read_all(peer), b"")
            seen = to.metrics()
        self.assertEqual(seen['plato_command_closed_total{reason="idle"}'], 15)
        self.assertEqual(seen['plato_command_closed_total{reason="slow"}'], 1)


class Datagrams(unittest.TestCase):
    @staticmethod
    def socket(source="127.0.0.1"):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((source, 0))
        made.settimeout(plato.PATIENCE)
        return contextlib.closing(made)

    def test_each_is_returned(self):
        with server() as to, self.socket() as peer:
            where = ("127.0.0.1", int(to.latency_port))
            for data in b"\0\1\2\3", b"a", b"b" * 65000:
                peer.sendto(data, where)
                self.assertEqual(peer.recvfrom(70000), (data, where))
            peer.sendto(b"", where)  # nothing comes back of nothing
            peer.sendto(b"last", where)
            self.assertEqual(peer.recv(99), b"last")

    def test_rate_of_an_address(self):
        with server("--command-address-rate", "1", "--command-address-burst", "5") as to:
            where = ("127.0.0.1", int(to.latency_port))
            with self.socket() as peer, self.socket() as same, self.socket("127.0.0.2") as other:
                for i in range(50):
                    (peer if i % 2 else same).sendto(b"%4d" % i, where)
                other.sendto(b"last", where)
                self.assertEqual(other.recv(99), b"last")
            seen = to.metrics()
        returned = seen['plato_latency_datagrams_total{fate="returned"}']
        self.assertTrue(6 <= returned <= 12, returned)  # a second or more may have passed
        self.assertEqual(seen['plato_latency_datagrams_total{fate="too_fast"}'], 51 - returned)

    def test_from_the_address_that_was_asked(self):
        """Where the server has several, and listens on all: a client takes no other's reply."""
        for listen in ("0.0.0.0", "::") if has_ipv6() else ("0.0.0.0",):
            with server("--command-listen", listen, "--insecure-commands") as to:
                for address in ("127.0.0.1", "127.0.0.2", "127.9.9.9"):
                    where = (address, int(to.latency_port))
                    with self.socket("0.0.0.0") as peer:
                        peer.sendto(b"mine", where)
                        self.assertEqual(peer.recvfrom(99), (b"mine", where))
                if listen == "::":
                    self.assertEqual(run(PING, "::1", "-p", to.latency_port, "-c", "1")[0], 0)

    def test_two_servers_do_not_talk_for_ever(self):
        """A datagram that seems to come from the port itself, on another machine."""
        with server() as to, contextlib.closing(
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as peer, self.socket() as other:
            where = ("127.0.0.1", int(to.latency_port))
            peer.bind(("127.0.0.2", where[1]))
            peer.sendto(b"loop", where)
            other.sendto(b"last", where)
            self.assertEqual(other.recv(99), b"last")
            seen = to.metrics()
        self.assertEqual(seen['plato_latency_datagrams_total{fate="dropped"}'], 1)
        self.assertEqual(seen['plato_latency_datagrams_total{fate="returned"}'], 1)


class Operation(unittest.TestCase):
    def test_stop_answers_what_has_come(self):
        with server("--command-rate", "0", "--command-address-rate", "0") as to, \
                connect(to.text_port) as peer, connect(to.latency_port) as idle:
            peer.sendall(b"ECHO/1\r\n")
            self.assertEqual(peer.recv(99), b"ECHO/1\r\n")
            peer.sendall(b"ECHO/2\r\n" * 1000)
            to.process.send_signal(signal.SIGTERM)
            self.assertEqual(read_all(peer), b"ECHO/2\r\n" * 1000)
            self.assertEqual(read_all(idle), b"")
            to.stop(None)

    def test_not_for_other_machines_unless_meant(self):
        code, _, error = run(plato.SERVER, "--port", "0", "--store", "none", "--text-port", "0",
                             "--command-listen", "0.0.0.0")
        self.assertEqual(code, 2)
        self.assertIn("--insecure-commands", error)
        with server("--command-listen", "0.0.0.0", "--insecure-commands") as to:
            with connect(to.text_port) as peer:
                peer.sendall(b"ECHO/1\r\n")
                self.assertEqual(peer.recv(99), b"ECHO/1\r\n")

    def test_off_by_default(self):
        with edge.EdgeServer("--metrics", "0") as to:
            self.assertNotIn("plato_command", to.page())

    def test_wrong_options(self):
        for options, text in ((("--command-listen", "localhost", "--text-port", "0"), "numeric"),
                              (("--text-port", "70000"), "--text-port"),
                              (("--command-timeout", "0"), "--command-timeout")):
            code, _, error = run(plato.SERVER, "--store", "none", "--port", "0", *options)
            self.assertEqual(code, 2)
            self.assertIn(text, error)


class Ping(unittest.TestCase):
    def ping(self, to, *options):
        return run(PING, "127.0.0.1", "--port", to.latency_port, "--interval", "0", *options)

    def test_transports(self):
        with server() as to:
            for transport in "udp", "tcp-short", "tcp-long":
                code, out, error = self.ping(to, "--" + transport, "--count", "3")
                self.assertEqual(code, 0, out + error)
                self.assertEqual(len(re.findall(
                    r"^reply from 127\.0\.0\.1:\d+: probe=[123] time=\d+\.\d{3} ms$", out, re.M)), 3)
                self.assertRegex(out, rf"--- 127\.0\.0\.1:\d+, {transport} ---\n3 probes, 3 replies, "
                                      r"0 lost \(0\.0 %\)\nround trip min .*, jitter .* ms\n$")
                self.assertIn("faster than the protocol allows", error)
            seen = to.metrics()
        self.assertEqual(seen['plato_command_accepted_total{protocol="latency"}'], 4)

    def test_short_connections(self):
        with server("--short-connections") as to:
            self.assertEqual(self.ping(to, "--tcp-short", "--count", "2")[0], 0)
            code, out, _ = self.ping(to, "--tcp-long", "--count", "4")
            self.assertEqual(code, 1)  # the server ends what the client wants to keep
            self.assertIn("closed the connection", out)

    def test_json(self):
        with server() as to:
            code, out, _ = self.ping(to, "--json", "--count", "3")
        self.assertEqual(code, 0)
        seen = json.loads(out)
        self.assertEqual((seen["probes"], seen["replies"], seen["lost"]), (3, 3, 0))
        self.assertTrue(0 < seen["min_ms"] <= seen["median_ms"] <= seen["p99_ms"] <= seen["max_ms"])

    def test_losses(self):
        """A server that answers the second probe only, and the first one late."""
        with Datagrams.socket() as deaf:
            def serve():
                first, peer = deaf.recvfrom(99)
                second, peer = deaf.recvfrom(99)
                deaf.sendto(first, peer)
                deaf.sendto(second, peer)
            server_thread = threading.Thread(target=serve)
            server_thread.start()
            code, out, _ = run(PING, "127.0.0.1", "-p", deaf.getsockname()[1], "-i", "0.01",
                               "--timeout", "0.5", "-c", "2")
            server_thread.join()
            self.assertEqual(code, 1, out)
            self.assertIn("lost: probe=1: no reply within 0.5 s", out)
            self.assertIn("2 probes, 1 replies, 1 lost (50.0 %)", out)
            code, out, _ = run(PING, "127.0.0.1", "-p", deaf.getsockname()[1], "-i", "0",
                               "--timeout", "0.1", "-c", "2", "--json")
        self.assertEqual(code, 3)
        self.assertEqual(json.loads(out)["lost"], 2)
        self.assertIsNone(json.loads(out)["min_ms"])

    def test_strangers(self):
        """Datagrams that are no reply, without an end, put no end to waiting off."""
        with Datagrams.socket() as mad:
            done = threading.Event()

            def serve():
                peer = mad.recvfrom(99)[1]
                while not done.is_set():
                    mad.sendto(b"other", peer)
            thread = threading.Thread(target=serve)
            thread.start()
            try:
                code, out, _ = run(PING, "127.0.0.1", "-p", mad.getsockname()[1], "-c", "1",
                                   "--timeout", "0.5")
            finally:
                done.set()
                thread.join()
        self.assertEqual(code, 3)
        self.assertIn("lost: probe=1: no reply within 0.5 s", out)

    def test_no_such_host(self):
        code, out, _ = run(PING, "no-such-host.invalid", "-c", "1")
        self.assertEqual(code, 3)
        self.assertRegex(out, r"(?s)^lost: probe=1: no-such-host\.invalid: .*"
                              r"--- no-such-host\.invalid, udp ---\n1 probes, 0 replies, 1 lost")

    def test_pace_and_signal(self):
        with server() as to:
            with subprocess.Popen([PING, "127.0.0.1", "-p", to.latency_port],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ping:
                ping.stdout.readline()
                begun = time.monotonic()
                ping.stdout.readline()
                self.assertGreater(time.monotonic() - begun, 0.9)
                ping.send_signal(signal.SIGINT)
                out, error = ping.communicate(timeout=plato.PATIENCE)
            self.assertEqual((ping.returncode, error), (0, b""))
            self.assertIn(b"2 probes, 2 replies", out)

    def test_usage(self):
        for options in ((), ("a", "b"), ("a", "--port", "0"), ("a", "--udp", "--tcp-long"),
                        ("a", "--interval", "361"), ("a", "--timeout", "0"), ("a", "--no-such"),
                        ("a", "--tcp-long", "--interval", "357")):
            self.assertEqual(run(PING, *options)[0], 2, options)
        self.assertEqual(run(PING, "--version")[0], 0)
        self.assertIn("Exit code", run(PING, "--help")[1])


class Cmd(unittest.TestCase):
    def test_text_and_binary(self):
        with server() as to:
            for options in ("--port", to.text_port), ("--binary", "--port", to.binary_port), \
                    ("--binary", "--alt-magic", "--port", to.binary_port):
                def cmd(*arguments):
                    return run(CMD, "127.0.0.1", *options, *arguments)
                self.assertEqual(cmd("PING", "a b%20/\u6f22"), (0, "a b%20/\u6f22\n", ""))
                self.assertRegex(cmd("TIME")[1], r"^20..-..-..T..:..:..\.\d{3}Z\n$")
                self.assertRegex(cmd("VERSION")[1], r"^plato-server [0-9.]+\n$")
                self.assertEqual(set(json.loads(cmd("STATS")[1])),
                                 {"uptime_s", "connections", "answered", "errors"})
                self.assertEqual(cmd("ECHO", "--hex")[0], 0)
                code, out, error = cmd("TIME", "now")
                self.assertEqual((code, out), (1, ""))
                self.assertEqual(error, "plato-cmd: error 400: wrong parameters\n")

    def test_of_each(self):
        with server() as to:
            text = ("127.0.0.1", "--port", to.text_port)
            binary = ("127.0.0.1", "--binary", "--port", to.binary_port)
            self.assertEqual(run(CMD, *text, "NONE")[::2],
                             (1, "plato-cmd: error 404: no such command\n"))
            self.assertEqual(run(CMD, *binary, "77", "x")[::2],
                             (1, "plato-cmd: error 404: no such command\n"))
            self.assertEqual(run(CMD, *binary, "--hex-params", "00ff1080", "--hex", "0"),
                             (0, "00ff1080\n", ""))
            self.assertEqual(run(CMD, *text, "ECHO", "4711"), (0, "4711\n", ""))
            self.assertEqual(run(CMD, *text, "PING", "x" * 2048)[0], 0)
            self.assertEqual(run(CMD, *text, "PING", "x" * 2049)[0], 2)
            self.assertEqual(run(CMD, *text, "A B")[0], 2)
            self.assertEqual(run(CMD, *binary, "NONE")[0], 2)

    def test_no_reply(self):
        answers = {b"": "no reply", b"ECHO/1": "breaks off", b"FLY/1\r\n": "another command",
                   b"x\r\n": "no text command", b"PING/" + b"x" * 5000: "no text command"}
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
            port = listener.getsockname()[1]
            for answer, text in answers.items():
                def serve():
                    peer, _ = listener.accept()
                    with peer:
                        peer.recv(99)
                        peer.sendall(answer)
                thread = threading.Thread(target=serve)
                thread.start()
                code, _, error = run(CMD, "127.0.0.1", "-p", port, "ECHO", "1")
                thread.join()
                self.assertEqual(code, 3)
                self.assertIn(text, error)
            self.assertEqual(run(CMD, "127.0.0.1", "-p", port, "--timeout", "0.2", "TIME")[0], 3)
        self.assertEqual(run(CMD, "127.0.0.1", "-p", port, "TIME")[0], 3)  # nobody listens

    def test_usage(self):
        for options in ((), ("a",), ("a", "b", "c", "d"), ("a", "TIME", "--port", "0"),
                        ("a", "TIME", "--alt-magic"), ("a", "0", "--hex-params", "abc"),
                        ("a", "TIME", "--no-such")):
            self.assertEqual(run(CMD, *options)[0], 2, options)
        self.assertEqual(run(CMD, "--version")[0], 0)
        self.assertIn("Exit code", run(CMD, "--help")[1])


if __name__ == "__main__":
    unittest.main()
