# SPDX-License-Identifier: GPL-2.0-or-later
"""What plato-ping and plato-cmd do on the wire, seen by a server that is the test's own; and what no
bytes show: that neither they nor the server wait for company to send (Nagle)."""
import contextlib
import ctypes
import errno
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import plato
from test_commands import CMD, PING, connect, run, server
from test_commands_tls import server as tls_server

PIDFD_GETFD = 438  # in Linux on every architecture; Python has no name for it


def sockets_of(process, peer):
    """Copies of the sockets of another process that are connected to `peer`, an address."""
    handle = os.pidfd_open(process.pid)
    found = []
    try:
        for number in os.listdir(f"/proc/{process.pid}/fd"):
            copy = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, handle, int(number), 0)
            if copy < 0:
                if ctypes.get_errno() in (errno.EPERM, errno.ENOSYS):  # a sandbox, an old kernel
                    raise unittest.SkipTest("no sockets of another process may be looked at")
                continue
            try:
                one = socket.socket(fileno=copy)
            except OSError:
                os.close(copy)
                continue
            with contextlib.suppress(OSError):
                if one.getpeername() == peer:
                    found.append(one)
                    continue
            one.close()
    finally:
        os.close(handle)
    return found


class Waiting:
    """A TCP server that accepts one connection after the other, each when it is asked to."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(plato.PATIENCE)
        self.port = self.listener.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        peer, _ = self.listener.accept()
        peer.settimeout(plato.PATIENCE)
        return contextlib.closing(peer)


def started(program, *arguments):
    return subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


class Nagle(unittest.TestCase):
    def check(self, process, address):
        found = sockets_of(process, address)
        self.assertEqual(len(found), 1)
        with found[0]:
            self.assertNotEqual(found[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 0)

    def test_server(self):
        with server() as to:
            for port, asked in ((to.latency_port, b"abcd"), (to.text_port, b"ECHO/1\r\n"),
                                (to.binary_port, b"$$$$\0\0\0\4")):
                with connect(port) as peer:
                    peer.sendall(asked)
                    self.assertEqual(peer.recv(99), asked)  # it is accepted
                    self.check(to.process, peer.getsockname())

    def test_clients(self):
        with Waiting() as to:
            for program, *arguments in ((PING, "--tcp-long"), (PING, "--tcp-short"), (CMD, "TIME")):
                client = started(program, "127.0.0.1", "--port", to.port, *arguments)
                with client, to.accept() as peer:
                    self.assertTrue(peer.recv(99))
                    self.check(client, ("127.0.0.1", to.port))
                    client.kill()


class Ping(unittest.TestCase):
    def test_the_clock(self):
        """Milliseconds, big-endian, of a clock that both of us see."""
        with Waiting() as to:
            before = time.monotonic_ns() // 1000000
            with started(PING, "127.0.0.1", "-p", to.port, "--tcp-long", "-c", "1") as ping, \
                    to.accept() as peer:
                probe = peer.recv(99)
                after = time.monotonic_ns() // 1000000
                peer.sendall(probe)
                self.assertIn(b"1 replies", ping.communicate(timeout=plato.PATIENCE)[0])
        self.assertEqual(len(probe), 4)
        value = struct.unpack(">I", probe)[0]
        self.assertLessEqual((value - before) & 0xFFFFFFFF, after - before)

    def test_another_connection_after_a_loss(self):
        """Or the late reply would be taken for that of the next probe."""
        with Waiting() as to, started(PING, "127.0.0.1", "-p", to.port, "--tcp-long", "-c", "3",
                                      "-i", "0", "--timeout", "2") as ping:
            with to.accept() as lost:
                self.assertEqual(len(lost.recv(99)), 4)
                with to.accept() as peer:
                    for _ in range(2):
                        peer.sendall(peer.recv(99))
                    out, _ = ping.communicate(timeout=plato.PATIENCE)
                self.assertEqual(lost.recv(99), b"")
        self.assertEqual(ping.returncode, 1)
        self.assertIn(b"3 probes, 2 replies, 1 lost", out)

    def test_wrong_reply(self):
        with Waiting() as to, started(PING, "127.0.0.1", "-p", to.port, "--tcp-short", "-c",
                                      "1") as ping, to.accept() as peer:
            peer.sendall(peer.recv(99)[::-1])
            self.assertIn(b"lost: probe=1: the reply differs from the probe",
                          ping.communicate(timeout=plato.PATIENCE)[0])

    def test_stopped_while_a_probe_is_under_way(self):
        """It is neither a reply nor a loss."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.settimeout(plato.PATIENCE)
            with started(PING, "127.0.0.1", "-p", deaf.getsockname()[1], "--timeout", "60",
                         "--json") as ping:
                deaf.recv(99)
                ping.send_signal(signal.SIGTERM)
                out, _ = ping.communicate(timeout=plato.PATIENCE)
        self.assertEqual(ping.returncode, 3)
        self.assertEqual((json.loads(out)["probes"], json.loads(out)["lost"]), (0, 0))

    def test_what_connecting_costs(self):
        """Part of the round trip on short connections, and not on a long one."""
        def relay(to, port):
            with to.accept() as peer, connect(port) as target:
                time.sleep(1)  # before the handshake of TLS goes on
                peer.settimeout(None)
                target.settimeout(None)

                def carry(source, sink):
                    with contextlib.suppress(OSError):
                        while data := source.recv(4096):
                            sink.sendall(data)
                        sink.shutdown(socket.SHUT_WR)
                back = threading.Thread(target=carry, args=(target, peer))
                back.start()
                carry(peer, target)
                back.join()

        for transport, lowest, highest in (("short", 1000, 60000), ("long", 0, 999)):
            with tls_server() as server_, Waiting() as to:
                thread = threading.Thread(target=relay, args=(to, server_.latency_tls_port))
                thread.start()
                code, out, error = run(PING, "127.0.0.1", "-p", to.port, "--tls", "--insecure",
                                       "--tcp-" + transport, "-c", "1", "--json", "--timeout", "30")
                thread.join()
            self.assertEqual(code, 0, out + error)
            self.assertTrue(lowest <= json.loads(out)["min_ms"] <= highest, (transport, out))


class Cmd(unittest.TestCase):
    def answered(self, reply, stdout=subprocess.PIPE):
        """What it prints of a reply, and its exit code."""
        with Waiting() as to, subprocess.Popen(
                [CMD, "127.0.0.1", "-p", str(to.port), "PING", "x"], stdout=stdout,
                stderr=subprocess.PIPE) as client, to.accept() as peer:
            self.assertEqual(peer.recv(99), b"PING/x\r\n")
            peer.sendall(reply)
            out, error = client.communicate(timeout=plato.PATIENCE)
        return client.returncode, out, error

    def test_a_server_does_not_speak_to_the_terminal(self):
        self.assertEqual(self.answered(b"ERROR/400%20a%1b%5b2Jb%0ac%C3%A4%ff\r\n"),
                         (1, b"", "plato-cmd: error 400: a?[2Jb?cä\ufffd\n".encode()))
        # what goes elsewhere goes as it came
        self.assertEqual(self.answered(b"PING/a%1bb%ff\r\n"), (0, b"a\x1bb\xff\n", b""))
        ours, its = pty.openpty()
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, ours)
            self.assertEqual(self.answered(b"PING/a%1bb%07\r\n", stdout=its)[0], 0)
            os.close(its)
            self.assertEqual(os.read(ours, 99), b"a?b?\r\n")

    def test_half_a_reply(self):
        for reply in b"PING/", b"PING/x\r", b"ERROR/4":
            with Waiting() as to, started(CMD, "127.0.0.1", "-p", to.port, "PING", "x") as client:
                with to.accept() as peer:
                    peer.recv(99)
                    peer.sendall(reply)
                self.assertIn(b"breaks off", client.communicate(timeout=plato.PATIENCE)[1])
                self.assertEqual(client.returncode, 3)


if __name__ == "__main__":
    unittest.main()
