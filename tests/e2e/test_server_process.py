# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-server as a process: start, options, limits, timeouts, stop."""
import signal
import subprocess
import threading
import time
import unittest

import plato
from plato import frame, up


def run_server(*options):
    done = subprocess.run([plato.SERVER, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=plato.PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


class Process(unittest.TestCase):
    def test_stops_on_signals(self):
        for sig in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sig), plato.Server() as server:
                with plato.Peer(server.port) as peer, plato.Peer(server.port) as silent:
                    peer.log_in(1, [42])
                    peer.send(up(1, 42))
                    self.assertEqual(peer.receive().msg_id, 1)
                    server.process.send_signal(sig)
                    self.assertIsNone(peer.receive())
                    self.assertIsNone(silent.receive())
                log = server.stop(None)  # a second one would break it off
                self.assertIn("stopping on " + sig.name, log)

    def test_warns_that_nothing_is_authenticated(self):
        with plato.Server() as server:
            self.assertIn("NO AUTHENTICATION", server.stop())

    def test_port_in_use(self):
        with plato.Server() as server:
            code, out, err = run_server("--port", str(server.port), "--store", "none")
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err, f"plato-server: cannot listen on 127.0.0.1 port {server.port}: "
                              "Address already in use; choose another --port\n")

    def test_bad_options(self):
        for options, text in ((["--port", "70000"], "--port must be from 0 to 65535, not 70000"),
                              (["--port", "x"], "--port"),
                              (["--nonsense"], "--nonsense"),
                              (["--log-level", "loud"], "--log-level must be"),
                              (["--idle-timeout", "0"], "--idle-timeout must be from 1"),
                              (["--max-body", "1000000000"], "--max-body must be from 0"),
                              (["--max-input", "4096"], "no less than a frame of the largest size"),
                              (["extra"], "unexpected argument 'extra'")):
            with self.subTest(options):
                code, out, err = run_server(*options)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(text, err)
                self.assertEqual(err.count("\n"), 1)

    def test_bad_address(self):
        code, _, err = run_server("--listen", "nowhere", "--port", "0", "--store", "none")
        self.assertEqual(code, 1)
        self.assertIn("--listen needs a numeric address", err)

    def test_help_and_version(self):
        for option, text in (("--help", "--idle-timeout"), ("--version", "plato-server ")):
            code, out, err = run_server(option)
            self.assertEqual((code, err), (0, ""))
            self.assertIn(text, out)


class Limits(unittest.TestCase):
    def test_most_connections(self):
        with plato.Server("--max-connections", "2") as server:
            with plato.Peer(server.port) as one, plato.Peer(server.port) as two:
                one.log_in(1), two.log_in(2)
                with plato.Peer(server.port) as three:
                    self.assertEqual(three.receive().code, plato.OVERLOADED)
                    self.assertIsNone(three.receive())
                one.socket.close()

                def accepted():
                    with plato.Peer(server.port) as peer:
                        peer.send(plato.login(3))
                        return peer.receive().code == plato.OK
                plato.wait_until(accepted, "a place becoming free")

    def test_smaller_frames(self):
        with plato.Server("--max-body", "100") as server, plato.Peer(server.port) as peer:
            peer.log_in(1, [42])
            peer.send(up(1, 42, b"x" * 100) + up(2, 42, b"x" * 101))
            self.assertEqual([peer.receive().code for _ in range(2)], [plato.OK, plato.TOO_LARGE])

    def test_most_unfinished_frames(self):
        """What waits for the end of its frame is limited over all connections."""
        with plato.Server("--max-body", "100000", "--max-input", "200000") as server:
            with plato.Peer(server.port) as one, plato.Peer(server.port) as two, \
                    plato.Peer(server.port) as three:
                for i, peer in enumerate((one, two, three), 1):
                    peer.log_in(i, [42])
                    peer.send(up(1, 42, b"x" * 100000)[:70000 - i])
                self.assertEqual(one.receive().code, plato.OVERLOADED)
                self.assertIsNone(one.receive())
                two.send(up(1, 42, b"x" * 100000)[70000 - 2:])  # the others go on
                self.assertEqual(two.receive().code, plato.OK)

    def test_refused_connections_take_no_place(self):
        with plato.Server("--max-connections", "1") as server:
            refused = []
            with plato.Peer(server.port) as only:
                only.log_in(1)
                for _ in range(5):
                    refused.append(plato.Peer(server.port))
                    self.assertEqual(refused[-1].receive().code, plato.OVERLOADED)

            def accepted():
                with plato.Peer(server.port) as peer:
                    peer.send(plato.login(2))
                    return peer.receive().code == plato.OK
            begin = time.monotonic()
            plato.wait_until(accepted, "a place becoming free")
            self.assertLess(time.monotonic() - begin, 4)  # the refused ones hold on for 5 s
            for peer in refused:
                peer.socket.close()

    def closed_after(self, server, seconds, start):
        """Runs start on a new connection; it must be closed then, not sooner nor much later."""
        with plato.Peer(server.port) as peer:
            begin = time.monotonic()
            start(peer)
            while peer.receive() is not None:
                pass
            self.assertGreater(time.monotonic() - begin, seconds - 0.05)
            self.assertLess(time.monotonic() - begin, seconds + 5)

    def test_first_frame_timeout(self):
        with plato.Server("--first-frame-timeout", "1") as server:
            self.closed_after(server, 1, lambda peer: None)
            # What is refused does not count as a login.
            self.closed_after(server, 1, lambda peer: peer.send(frame(plato.HEARTBEAT)))

    def test_idle_timeout(self):
        with plato.Server("--idle-timeout", "1") as server:
            self.closed_after(server, 1, lambda peer: peer.log_in(1))

    def test_frame_timeout(self):
        def start(peer):
            peer.log_in(1, [42])
            peer.send(up(1, 42)[:-1])
        with plato.Server("--frame-timeout", "1") as server:
            self.closed_after(server, 1, start)

    def test_heartbeats_keep_it(self):
        with plato.Server("--idle-timeout", "3") as server, plato.Peer(server.port) as peer:
            peer.log_in(1)
            for _ in range(6):
                time.sleep(0.75)
                peer.send(frame(plato.HEARTBEAT))
                self.assertEqual(peer.receive().type, plato.HEARTBEAT)


class SlowReader(unittest.TestCase):
    BODY = b"x" * 65536

    def test_is_waited_for_and_others_are_not_disturbed(self):
        with plato.Server("--max-output", "1048576", "--push-window", "1000") as server:
            with plato.Peer(server.port, receive_buffer=4096) as slow, \
                    plato.Peer(server.port) as reader, plato.Peer(server.port) as sender:
                slow.log_in(1, [42]), reader.log_in(2, [42]), sender.log_in(3, [42])
                before = server.memory_kib()
                for i in range(1, 401):  # 25 MiB: more than the kernel and the limit hold
                    sender.send(up(i, 42, self.BODY))
                    self.assertEqual(sender.receive().msg_id, i)
                    push = reader.receive()
                    self.assertEqual((push.msg_id, push.body), (i, self.BODY))
                    reader.send(plato.push_ack(42, i))
                grown = server.memory_kib() - before
                for i in range(1, 401):
                    self.assertEqual(slow.receive().msg_id, i)
                    slow.send(plato.push_ack(42, i))
                self.assertNotIn("reads too slowly", server.stop())
        if not plato.SANITIZED:  # sanitizers keep freed memory back
            # The log of the session keeps all 25 MiB; nothing is copied for each reader.
            self.assertLess(grown, 64 * 1024)

    def test_a_burst_closes_nobody(self):
        """More at once than may wait for a reader, who reads as fast as it comes."""
        body = b"x" * 1000000
        with plato.Server() as server:
            with plato.Peer(server.port) as reader, plato.Peer(server.port) as sender:
                reader.log_in(1, [42]), sender.log_in(2, [42])
                burst = b"".join(up(i, 42, body) for i in range(1, 21))
                thread = threading.Thread(target=sender.send, args=(burst,))
                thread.start()
                for i in range(1, 21):
                    push = reader.receive()
                    self.assertIsNotNone(push, "the reader was closed")
                    self.assertEqual(push.msg_id, i)
                    reader.send(plato.push_ack(42, i))
                thread.join()

    def test_catches_up_in_portions(self):
        """What a device missed may be more than may wait for it: nothing is lost, none closed."""
        with plato.Server("--max-output", "262144") as server:
            with plato.Peer(server.port) as sender:
                with plato.Peer(server.port) as reader:
                    conn_id = reader.log_in(1, [42])
                sender.log_in(2, [42])
                for i in range(1, 201):  # 12.5 MiB
                    sender.send(up(i, 42, self.BODY))
                    self.assertEqual(sender.receive().msg_id, i)
            with plato.Peer(server.port) as reader:
                reader.send(frame(plato.RECONN, plato.numbers(conn_id)))
                self.assertEqual(reader.receive().code, plato.OK)
                time.sleep(0.5)
                for i in range(1, 201):
                    self.assertEqual(reader.receive().msg_id, i)
                    reader.send(plato.push_ack(42, i))


if __name__ == "__main__":
    unittest.main()
