# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of the command ports as options, and the ports over IPv6."""
import contextlib
import json
import re
import socket
import time
import unittest

import plato
from test_commands import CMD, PING, connect, has_ipv6, read_all, run, server

UNLIMITED = ("--command-rate", "0", "--command-address-rate", "0")


class Limits(unittest.TestCase):
    def flooded(self, *options):
        """Bytes that wait in the server for a peer that asks and does not read."""
        with server(*UNLIMITED, *options) as to, connect(to.text_port) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(0.5)
            answered, before = 0, None
            while answered != before:  # a busy machine: the server may not have had its turn
                with contextlib.suppress(OSError):
                    while True:
                        peer.send(b"STATS/\r\n" * 8192)
                before, answered = answered, to.metrics()['plato_commands_total{protocol="text"}']
            return answered

    def test_output(self):
        """What waits is answered no further; a larger bound answers more."""
        small, large = self.flooded("--command-output", "1024"), \
            self.flooded("--command-output", str(16 << 20))
        self.assertGreater((large - small) * 250, 14 << 20, (small, large))

    def test_closing(self):
        """Peers that do not end their own direction get a limited time, and are limited in number."""
        for options, dropped in ((("--command-closing-timeout", "60", "--command-closing", "2"), 2),
                                 (("--command-closing-timeout", "1"), 4)):
            with server(*options) as to, contextlib.ExitStack() as stack:
                peers = [stack.enter_context(connect(to.text_port)) for _ in range(4)]
                for peer in peers:
                    peer.sendall(b"/\r\n")  # no command: an error, and the end
                    self.assertRegex(read_all(peer), rb"^ERROR/400|^$")
                plato.wait_until(lambda: to.metrics()[
                    'plato_command_connections{protocol="text"}'] == 4 - dropped, "the end")
                time.sleep(0.1)
                self.assertEqual(to.metrics()['plato_command_connections{protocol="text"}'],
                                 4 - dropped)

    def test_many_connections(self):
        """As many as the options allow, also from one address: nobody logs in here, so Plato's
        limits on who has not do not count."""
        with server("--command-connections", "300", "--command-per-address", "299", *UNLIMITED) as to, \
                contextlib.ExitStack() as stack:
            peers = [stack.enter_context(connect(to.text_port)) for _ in range(299)]
            for peer in peers:
                peer.sendall(b"ECHO/1\r\n")
            self.assertEqual({peer.recv(99) for peer in peers}, {b"ECHO/1\r\n"})
            with connect(to.text_port) as more:
                self.assertRegex(read_all(more), rb"^ERROR/503.*address\r\n$")

    def test_wrong_values(self):
        for option, value in (("--command-output", "1023"), ("--command-closing", "0"),
                              ("--command-closing-timeout", "0"), ("--command-addresses", "0"),
                              ("--text-tls-port", "65536")):
            code, _, error = run(plato.SERVER, "--store", "none", "--port", "0", option, value)
            self.assertEqual(code, 2)
            self.assertIn(option, error)

    def test_help_tells_defaults_and_units(self):
        text = run(plato.SERVER, "--help")[1]
        for option, default in (("closing=N", "256"), ("output=BYTES", "65536"),
                                ("closing-timeout=SECONDS", "5"), ("addresses=N", "16384"),
                                ("idle-timeout=SECONDS", "420"), ("timeout=SECONDS", "40")):
            self.assertRegex(text, rf"--command-{option}\s[^=]*\(default {default}\)")


@unittest.skipUnless(has_ipv6(), "this machine has no ::1")
class IPv6(unittest.TestCase):
    def test_server_and_clients(self):
        with server("--command-listen", "::1") as to:
            for transport in "udp", "tcp-short", "tcp-long":
                code, out, error = run(PING, "::1", "--port", to.latency_port, "--" + transport,
                                       "--interval", "0", "--count", "2", "--json")
                self.assertEqual(code, 0, out + error)
                seen = json.loads(out)
                self.assertEqual((seen["replies"], seen["address"]),
                                 (2, f"[::1]:{to.latency_port}"))
            for options in (("--port", to.text_port), ("--binary", "--port", to.binary_port)):
                self.assertEqual(run(CMD, "::1", *options, "PING", "six"), (0, "six\n", ""))
            with self.assertRaises(ConnectionRefusedError):
                connect(to.text_port)  # not on 127.0.0.1 as well

    def test_over_tls(self):
        with server("--command-listen", "::1", "--text-tls-port", "0", "--latency-tls-port", "0",
                    "--tls-self-signed") as to:
            self.assertEqual(run(CMD, "::1", "--port", to.text_tls_port, "--tls", "--insecure",
                                 "PING", "six")[:2], (0, "six\n"))
            self.assertEqual(run(PING, "::1", "--port", to.latency_tls_port, "--tls", "--insecure",
                                 "--tcp-long", "--count", "1")[0], 0)

    def test_limit_of_an_address(self):
        with server("--command-listen", "::1", "--command-per-address", "1") as to, \
                socket.create_connection(("::1", int(to.text_port)), plato.PATIENCE) as one:
            one.sendall(b"ECHO/1\r\n")
            self.assertEqual(one.recv(99), b"ECHO/1\r\n")
            with socket.create_connection(("::1", int(to.text_port)), plato.PATIENCE) as more:
                self.assertTrue(re.match(rb"ERROR/503.*address\r\n$", read_all(more)))


if __name__ == "__main__":
    unittest.main()
