# SPDX-License-Identifier: GPL-2.0-or-later
"""The latency and command protocols over TLS: the same rules, and clients that are hard to fool."""
import os
import re
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import unittest

import edge
import plato
from test_commands import CMD, PING, connect, read_all, run

ALL = ("--latency-tls-port", "0", "--text-tls-port", "0", "--binary-tls-port", "0",
       "--tls-self-signed", "--metrics", "0")
UNLIMITED = ("--command-rate", "0", "--command-address-rate", "0")


def server(*options):
    return edge.EdgeServer(*ALL, *options)


class Line(edge.TlsPeer):
    """A TLS peer that reads bytes, not frames."""

    def __init__(self, port, protocol):
        super().__init__(int(port), alpn=(protocol,) if protocol else ())

    def read(self, n):
        while len(self.buffer) < n and self.fill():
            pass
        got, self.buffer = self.buffer[:n], self.buffer[n:]
        return got

    def read_all(self):
        while self.fill():
            pass
        return self.buffer


class Protocols(unittest.TestCase):
    def test_each_is_answered(self):
        asked = {"latency": (b"\0\1\2\3", b"\0\1\2\3"),
                 "text": (b"ECHO/1\r\nNO/\r\n", b"ECHO/1\r\nERROR/404%20no%20such%20command\r\n"),
                 "binary": (b"$$$$\0\1\0\4a", b"$$$$\0\1\0\4a")}
        names = {"latency": "latency/1", "text": "textcmd/1", "binary": "bincmd/1"}
        with server() as to:
            for kind, (request, reply) in asked.items():
                port = getattr(to, kind + "_tls_port")
                for protocol in (names[kind], None):
                    with Line(port, protocol) as peer:
                        self.assertEqual(peer.tls.version(), "TLSv1.3")
                        self.assertEqual(peer.tls.selected_alpn_protocol(), protocol)
                        peer.send(request)
                        self.assertEqual(peer.read(len(reply)), reply)
                for wrong in {"plato/1", *names.values()} - {names[kind]}:
                    with self.assertRaisesRegex(ssl.SSLError, "no application protocol"):
                        Line(port, wrong)
            seen = to.metrics()
        self.assertEqual(seen["plato_command_tls_handshakes_total"], 6)
        self.assertEqual(seen["plato_command_tls_failures_total"], 9)

    def test_wrong_format_ends_it(self):
        with server() as to, Line(to.text_tls_port, "textcmd/1") as peer:
            peer.send(b"ECHO/1\r\nPING/%4\r\nECHO/2\r\n")
            self.assertRegex(peer.read_all(), rb"^ECHO/1\r\nERROR/400%20[a-z%0-9]+\r\n$")
            self.assertTrue(peer.ended_cleanly)  # by close_notify: nothing was cut off

    def test_short_connections(self):
        with server("--short-connections") as to, Line(to.binary_tls_port, "bincmd/1") as peer:
            peer.send(b"$$$$\0\1\0\4a" * 2)
            self.assertEqual(peer.read_all(), b"$$$$\0\1\0\4a")
            self.assertTrue(peer.ended_cleanly)

    def test_10000_commands_at_once(self):
        lines = b"".join(b"ECHO/%d\r\n" % i for i in range(10000))
        with server(*UNLIMITED) as to, Line(to.text_tls_port, "textcmd/1") as peer:
            peer.tls.write(lines)
            data = peer.outgoing.read()
            # by a thread: the server reads no further than its replies are read
            writer = threading.Thread(target=peer.socket.sendall, args=(data,))
            writer.start()
            got = peer.read(len(lines))
            writer.join()
            self.assertEqual(got, lines)

    def test_silence_before_and_behind_the_handshake(self):
        with server("--command-idle-timeout", "1") as to:
            with connect(to.text_tls_port) as silent, connect(to.text_tls_port) as begun:
                begun.sendall(b"\x16\x03\x01\x02")  # of a ClientHello that does not come
                with Line(to.latency_tls_port, "latency/1") as peer:
                    self.assertEqual(peer.read_all(), b"")
                    self.assertTrue(peer.ended_cleanly)
                self.assertEqual(read_all(silent), b"")
                self.assertEqual(read_all(begun), b"")
            seen = to.metrics()
        self.assertEqual(seen['plato_command_closed_total{reason="idle"}'], 3)

    def test_one_byte_now_and_then(self):
        with server("--command-timeout", "1") as to, Line(to.text_tls_port, None) as peer:
            peer.send(b"PING/")
            peer.socket.settimeout(0.1)
            for _ in range(100):
                peer.send(b"a")
                try:
                    if not peer.fill():
                        break
                except TimeoutError:
                    continue
            self.assertTrue(peer.ended_cleanly)
            self.assertEqual(to.metrics()['plato_command_closed_total{reason="slow"}'], 1)

    def test_plain_bytes_are_refused(self):
        with server() as to, connect(to.text_tls_port) as peer:
            peer.sendall(b"ECHO/1\r\n")
            self.assertNotIn(b"ECHO", read_all(peer))

    def test_no_more_connections(self):
        with server("--command-connections", "1") as to, \
                Line(to.text_tls_port, "textcmd/1") as first:
            first.send(b"ECHO/1\r\n")
            self.assertEqual(first.read(8), b"ECHO/1\r\n")
            with Line(to.text_tls_port, "textcmd/1") as more:
                self.assertRegex(more.read_all(), rb"^ERROR/503.*no%20more%20connections\r\n$")

    def test_stop_answers_what_has_come(self):
        with server(*UNLIMITED) as to, Line(to.text_tls_port, "textcmd/1") as peer:
            peer.send(b"ECHO/1\r\n")
            self.assertEqual(peer.read(8), b"ECHO/1\r\n")
            peer.send(b"ECHO/2\r\n" * 500)
            to.process.terminate()
            self.assertEqual(peer.read_all(), b"ECHO/2\r\n" * 500)
            to.stop(None)

    def test_usage(self):
        for options in (("--text-tls-port", "0"), ("--binary-tls-port", "0"),
                        ("--latency-tls-port", "0")):
            code, _, error = run(plato.SERVER, "--store", "none", "--port", "0", *options)
            self.assertEqual(code, 2)
            self.assertIn("--tls-cert", error)
        code, _, error = run(plato.SERVER, "--store", "none", "--port", "0", "--tls-self-signed",
                             "--tls-port", "0", "--text-tls-port", "0", "--command-listen",
                             "0.0.0.0")
        self.assertEqual(code, 2)
        self.assertIn("--insecure-commands", error)


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificate, key = (os.path.join(cls.folder.name, name) for name in ("pem", "key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-addext", "subjectAltName=IP:127.0.0.1,DNS:plato.example", "-keyout", key,
                        "-out", cls.certificate], check=True, capture_output=True)
        cls.server = edge.EdgeServer(*(option for option in ALL if option != "--tls-self-signed"),
                                     "--tls-cert", cls.certificate, "--tls-key", key,
                                     "--tls-port", "0")
        edge_lines = dict(edge.EdgeServer.LINES)
        # the lines of Plato's own port are printed for --tls-cert as well
        cls.server.LINES = {"--tls-cert": edge_lines.pop("--tls-self-signed"), **edge_lines}
        cls.server.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)
        cls.folder.cleanup()

    def cmd(self, kind, *arguments, trust=()):
        port = getattr(self.server, kind + "_tls_port")
        binary = ("--binary",) if kind == "binary" else ()
        return run(CMD, "127.0.0.1", "--port", port, *binary, "--tls",
                   *(trust or ("--ca", self.certificate)), *arguments)

    def test_commands(self):
        for kind in "text", "binary":
            self.assertEqual(self.cmd(kind, "PING", "a b/\u6f22"), (0, "a b/\u6f22\n", ""))
            self.assertEqual(self.cmd(kind, "PING", "x" * 2048)[1], "x" * 2048 + "\n")
            self.assertEqual(self.cmd(kind, "TIME", "now")[::2],
                             (1, "plato-cmd: error 400: wrong parameters\n"))
            self.assertEqual(self.cmd(kind, "VERSION", trust=("--ca", self.certificate,
                                                              "--server-name",
                                                              "plato.example"))[0], 0)
            self.assertEqual(self.cmd(kind, "VERSION", trust=("--insecure",))[0], 0)

    def test_ping(self):
        for transport in "tcp-short", "tcp-long":
            code, out, error = run(PING, "127.0.0.1", "--port", self.server.latency_tls_port,
                                   "--" + transport, "--tls", "--ca", self.certificate,
                                   "--interval", "0", "--count", "3")
            self.assertEqual(code, 0, out + error)
            self.assertEqual(len(re.findall(r"^reply from ", out, re.M)), 3)
            self.assertIn("3 probes, 3 replies, 0 lost", out)

    def test_whom_they_believe(self):
        for trust, text in (((), "certificate is not accepted"),
                            (("--ca", self.certificate, "--server-name", "b.example"),
                             "ostname mismatch")):
            code, out, error = run(CMD, "127.0.0.1", "--port", self.server.text_tls_port, "--tls",
                                   *trust, "TIME")
            self.assertEqual((code, out), (3, ""))
            self.assertIn(text, error)
            code, out, _ = run(PING, "127.0.0.1", "--port", self.server.latency_tls_port,
                               "--tcp-long", "--tls", *trust, "--count", "1")
            self.assertEqual(code, 3)
            self.assertIn(text, out)

    def test_no_certificates(self):
        with tempfile.NamedTemporaryFile() as empty:
            for command in ((CMD, "127.0.0.1", "TIME"),
                            (PING, "127.0.0.1", "--tcp-long", "--count", "1")):
                self.assertEqual(run(*command, "--tls", "--ca", empty.name)[:2], (2, ""))

    def test_another_protocol(self):
        """A port that speaks another of them is refused by its name, not by its bytes."""
        code, _, error = run(CMD, "127.0.0.1", "--port", self.server.binary_tls_port, "--tls",
                             "--insecure", "TIME")
        self.assertEqual(code, 3)
        self.assertIn("no application protocol", error)

    def test_no_tls_there(self):
        code, _, error = run(CMD, "127.0.0.1", "--port", self.server.port, "--tls", "--insecure",
                             "TIME")
        self.assertEqual(code, 3)
        self.assertIn("TLS: ", error)

    def test_handshake_without_an_end(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            port = deaf.getsockname()[1]
            code, _, error = run(CMD, "127.0.0.1", "--port", port, "--tls", "--insecure",
                                 "--timeout", "0.3", "TIME")
            self.assertEqual(code, 3)
            self.assertIn("took too long", error)

    def test_key_log(self):
        path = os.path.join(self.folder.name, "keys")
        self.assertEqual(self.cmd("text", "TIME", trust=("--insecure", "--key-log", path))[0], 0)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="ascii") as file:
            self.assertLessEqual({"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"},
                                 {line.split()[0] for line in file})

    def test_usage(self):
        for options in (("--tls",), ("--udp", "--tls"), ("--tcp-long", "--insecure"),
                        ("--tcp-long", "--ca", "x"), ("--tcp-long", "--key-log", "x"),
                        ("--tcp-long", "--tls", "--ca", "x", "--insecure")):
            self.assertEqual(run(PING, "127.0.0.1", "--count", "1", *options)[0], 2, options)
        for options in (("--insecure",), ("--ca", "x"), ("--tls", "--ca", "x", "--insecure")):
            self.assertEqual(run(CMD, "127.0.0.1", "TIME", *options)[0], 2, options)
        self.assertEqual(run(PING, "127.0.0.1", "--tcp-long", "--tls", "--ca", "/nonexistent",
                             "--count", "1")[0], 2)


if __name__ == "__main__":
    unittest.main()
