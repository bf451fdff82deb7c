# SPDX-License-Identifier: GPL-2.0-or-later
"""Running the server: metrics, log, stopping, file descriptors, the service manager."""
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import edge
import plato
from plato import frame, up


class Metrics(unittest.TestCase):
    LABEL = r'\{([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"\}'

    def check(self, page):
        """The rules of the text format that apply to a page like ours."""
        kinds, seen, last = {}, set(), None
        self.assertTrue(page.endswith("\n"))
        for line in page.splitlines():
            found = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line)
            if found:
                kind, name, text = found.groups()
                self.assertNotIn((kind, name), seen, "said twice")
                seen.add((kind, name))
                if kind == "TYPE":
                    self.assertIn(("HELP", name), seen)
                    self.assertIn(text, ("counter", "gauge", "histogram"))
                    kinds[name] = text
                    last = name
                continue
            found = re.fullmatch(rf"([a-z_]+)(?:{self.LABEL})? (\d+(?:\.\d+)?)", line)
            self.assertTrue(found, line)
            base = found[1]
            if kinds[last] == "histogram":
                base = re.sub("_(bucket|sum|count)$", "", base)
            self.assertEqual(base, last, "a metric is in one piece")
            self.assertNotIn(line.rsplit(" ", 1)[0], seen, "said twice")
            seen.add(line.rsplit(" ", 1)[0])
            self.assertEqual(base.endswith("_total"), kinds[base] == "counter", line)
        return kinds

    def test_page(self):
        with edge.EdgeServer("--metrics", "0") as server:
            with plato.Peer(server.port) as one, plato.Peer(server.port) as two:
                one.log_in(1, [42]), two.log_in(2, [42])
                for _ in range(2):  # the second one is a repeat
                    one.send(up(1, 42))
                    self.assertEqual(one.receive().msg_id, 1)
                self.assertEqual(two.receive().msg_type, plato.PUSH)
                one.send(up(9, 42))
                self.assertEqual(one.receive().code, plato.OUT_OF_ORDER)
                one.send(frame(77))
                self.assertEqual(one.receive().code, plato.UNKNOWN_TYPE)
                one.send(frame(plato.HEARTBEAT)[:-1] + b"\0")
                self.assertEqual(one.receive().code, plato.BAD_CRC)
                self.assertIsNone(one.receive())
                one.socket.close()
                plato.wait_until(lambda: server.metrics()["plato_connections_closing"] == 0,
                                 "the end of the connection")
                seen = server.metrics()
                kinds = self.check(server.page())
        for name, value in (
                ("plato_connections", 1), ("plato_connections_unauthenticated", 0),
                ("plato_devices", 2), ('plato_accepted_total{listener="plain"}', 2),
                ('plato_frames_received_total{type="LOGIN"}', 2),
                ('plato_frames_received_total{type="UP"}', 3),
                ('plato_frames_received_total{type="other"}', 1),
                ('plato_frames_sent_total{type="PUSH"}', 1), ("plato_messages_accepted_total", 1),
                ("plato_messages_repeated_total", 1), ("plato_crc_errors_total", 1),
                ('plato_refusals_total{code="OUT_OF_ORDER"}', 1),
                ('plato_refusals_total{code="BAD_CRC"}', 1),
                ('plato_connections_closed_total{reason="refused"}', 1)):
            with self.subTest(name):
                self.assertEqual(seen[name], value)
        self.assertGreater(seen["plato_received_bytes_total"], 100)
        self.assertGreater(seen["plato_sent_bytes_total"], 100)
        self.assertEqual(kinds["plato_commit_seconds"], "histogram")
        self.assertGreaterEqual(seen["plato_commit_seconds_count"], 2)  # logins, and a message
        self.assertGreaterEqual(seen["plato_commits_total"], seen["plato_commit_seconds_count"])

    def test_reasons(self):
        with edge.EdgeServer("--metrics", "0", "--first-frame-timeout", "1") as server:
            with plato.Peer(server.port) as one, plato.Peer(server.port) as again, \
                    plato.Peer(server.port) as gone:
                one.log_in(1), again.log_in(1)
                self.assertIsNone(one.receive())
                gone.log_in(3)
                gone.socket.close()
                with plato.Peer(server.port) as silent:
                    self.assertIsNone(silent.receive())
                seen = server.metrics()
        for reason in ("replaced", "peer", "no_login"):
            self.assertEqual(seen[f'plato_connections_closed_total{{reason="{reason}"}}'], 1)

    def test_only_that_page(self):
        with edge.EdgeServer("--metrics", "0") as server:
            base = f"http://127.0.0.1:{server.metrics_port}"
            for path, data, code in (("/", None, 404), ("/metrics", b"x", 405)):
                with self.assertRaises(urllib.error.HTTPError) as caught:
                    urllib.request.urlopen(base + path, data=data, timeout=plato.PATIENCE)
                self.assertIn(caught.exception.code, (code, 501))
                caught.exception.close()


class Log(unittest.TestCase):
    def test_nobody_reads_the_log(self):
        """A pipe that is full holds up nobody."""
        with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
                [plato.SERVER, "--port", "0", "--store", "none", "--rate", "0"], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder) as process:
            try:
                port = int(process.stdout.readline().rsplit(":", 1)[1])
                with plato.Peer(port) as noisy, plato.Peer(port) as other:
                    noisy.log_in(1, [42])
                    for _ in range(40):  # each refusal is a line: more than the pipe takes
                        noisy.send(frame(77) * 50)
                        for _ in range(50):
                            self.assertEqual(noisy.receive().code, plato.UNKNOWN_TYPE)
                    other.log_in(2, [42])
                os.read(process.stderr.fileno(), 65536)
                with plato.Peer(port) as one:
                    one.log_in(3, [42])
                process.send_signal(signal.SIGTERM)
                self.assertIn("lines were dropped", process.stderr.read())
                self.assertEqual(process.wait(plato.PATIENCE), 0)
            finally:
                process.kill()

    def test_every_line_has_one_form(self):
        with edge.EdgeServer("--tls-self-signed", "--log-level", "debug") as server:
            with plato.Peer(server.port) as peer:
                peer.log_in(1)
            with server.tls_peer() as peer:
                peer.log_in(1)
            log = server.stop()
        self.assertGreater(log.count("\n"), 4)
        for line in log.splitlines():
            self.assertRegex(line, r'^time=\S+Z level=(error|warning|info|debug)( conn=\d+)? '
                                   r'msg="([^"\\]|\\.)*"( [a-z_]+=([^" =\\]+|"([^"\\]|\\.)*"))*$')


class Stopping(unittest.TestCase):
    def test_what_has_come_is_answered(self):
        """Frames that were in the socket before the signal; the server sleeps to be sure."""
        for tls in (False, True):
            with self.subTest(tls=tls), edge.EdgeServer("--tls-self-signed") as server:
                with (server.tls_peer() if tls else plato.Peer(server.port)) as peer:
                    peer.log_in(1, [42])
                    server.process.send_signal(signal.SIGSTOP)
                    peer.send(b"".join(up(i, 42, b"x" * 200) for i in range(1, 1001)))
                    server.process.send_signal(signal.SIGTERM)
                    server.process.send_signal(signal.SIGCONT)
                    for i in range(1, 1001):
                        answer = peer.receive()
                        self.assertEqual((answer.code, answer.msg_id), (plato.OK, i))
                    self.assertIsNone(peer.receive())
                server.stop(None)

    def test_nobody_new_is_accepted(self):
        with edge.EdgeServer() as server, plato.Peer(server.port) as peer:
            peer.log_in(1)
            server.process.send_signal(signal.SIGTERM)
            self.assertIsNone(peer.receive())
            with self.assertRaises(ConnectionRefusedError):
                edge.connect(server.port).close()
            peer.socket.close()
            server.stop(None)

    def test_endless_talk_does_not_hold_it_up(self):
        with edge.EdgeServer("--drain-timeout", "1", "--rate", "0", "--address-rate",
                             "0") as server, plato.Peer(server.port) as peer:
            peer.log_in(1)
            server.process.send_signal(signal.SIGTERM)
            begin = time.monotonic()
            try:
                while server.process.poll() is None:
                    peer.send(frame(plato.HEARTBEAT) * 100)
                    peer.socket.recv(1 << 20)
                    self.assertLess(time.monotonic() - begin, plato.PATIENCE)
            except ConnectionError:
                pass
            server.stop(None)

    def test_second_signal(self):
        with edge.EdgeServer() as server, plato.Peer(server.port) as peer:
            peer.log_in(1)
            server.process.send_signal(signal.SIGTERM)
            self.assertIsNone(peer.receive())  # now it waits a second for our end
            server.process.send_signal(signal.SIGTERM)
            _, log = server.process.communicate(timeout=plato.PATIENCE)
            self.assertEqual(server.process.returncode, 1)
            self.assertIn("stopping at once on a second signal", log)

    def test_service_manager_is_told(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            path = os.path.join(folder, "notify")
            manager.bind(path)
            manager.settimeout(plato.PATIENCE)
            os.environ["NOTIFY_SOCKET"] = path
            try:
                with edge.EdgeServer() as server:
                    self.assertEqual(manager.recv(100), b"READY=1")
                    server.stop()
                    self.assertEqual(manager.recv(100), b"STOPPING=1")
            finally:
                del os.environ["NOTIFY_SOCKET"]


class Files(unittest.TestCase):
    def test_limit_too_low(self):
        done = subprocess.run(
            [plato.SERVER, "--port", "0"], capture_output=True, text=True, check=False,
            timeout=plato.PATIENCE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^plato-server: this many connections need 2112 open files, "
                                      r"and the system allows 256: lower --max-connections .*\n$")

    def cpu_seconds(self, server):
        with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as stat:
            times = stat.read().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

    def test_none_left(self):
        """A peer that cannot be accepted waits, without costing CPU, and is accepted later."""
        with edge.EdgeServer() as server:
            pid = server.process.pid
            _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            used = len(os.listdir(f"/proc/{pid}/fd"))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 2, hard))
            peers = [plato.Peer(server.port) for _ in range(6)]
            try:
                for i, peer in enumerate(peers[:2]):
                    peer.log_in(i + 1)
                begin = self.cpu_seconds(server)
                time.sleep(1)
                if not plato.SANITIZED:
                    self.assertLess(self.cpu_seconds(server) - begin, 0.2)
                for peer in peers[:2]:
                    peer.socket.close()
                for i, peer in enumerate(peers[2:4]):
                    peer.log_in(i + 3)
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 20, hard))
                for i, peer in enumerate(peers[4:]):
                    peer.log_in(i + 5)
            finally:
                for peer in peers:
                    peer.socket.close()
            log = server.stop()
            self.assertIn('msg="cannot accept" error="Too many open files"', log)
            self.assertLess(log.count("cannot accept"), 30)


class Unread(unittest.TestCase):
    def test_numbers(self):
        """A slow reader of PUSHes over TLS costs no more than --max-output, and is not closed."""
        body = b"x" * 65536
        with edge.EdgeServer("--tls-self-signed", "--metrics", "0", "--max-output",
                             "1048576") as server:
            with server.tls_peer() as slow, plato.Peer(server.port) as sender:
                slow.log_in(1, [42]), sender.log_in(2, [42])
                most = 0
                for i in range(1, 200):
                    sender.send(up(i, 42, body))
                    self.assertEqual(sender.receive().msg_id, i)
                    most = max(most, server.metrics()["plato_output_bytes"])
                seen = server.metrics()
                self.assertLess(most, 1048576 + 2 * 65600)
                closed = seen['plato_connections_closed_total{reason="slow_reader"}']
                sent = seen['plato_frames_sent_total{type="PUSH"}']
                self.assertEqual(closed, 0)
                self.assertLess(sent, 199)


if __name__ == "__main__":
    unittest.main()
