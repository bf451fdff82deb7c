# SPDX-License-Identifier: GPL-2.0-or-later
"""What survives the server: kill -9, restarts, and files that are not as they should be."""
import os
import resource
import signal
import sqlite3
import subprocess
import tempfile
import unittest

import plato
from plato import frame, numbers, push_ack, up


class Store(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "store.db")

    def server(self, *options):
        server = plato.Server(*options, store=self.path)
        server.__enter__()
        self.addCleanup(server.__exit__, None)
        return server

    def kill(self, server):
        """As the machine would end it: nothing is tidied up."""
        server.process.kill()
        server.process.wait()
        return server

    def peer(self, server, device=None, sessions=(42,)):
        peer = plato.Peer(server.port)
        self.addCleanup(peer.socket.close)
        if device:
            peer.conn_id = peer.log_in(device, sessions)
        return peer

    def refused(self, *options):
        """The line that a server says that does not start."""
        done = subprocess.run([plato.SERVER, "--port", "0", "--store", self.path, *options],
                              capture_output=True, text=True, timeout=plato.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def chat(self, server, n=10, more=b""):
        """Ann says n messages, bob acknowledges the first three."""
        ann, bob = self.peer(server, 1), self.peer(server, 2)
        for i in range(1, n + 1):
            ann.send(up(i, 42, b"message %d" % i + more))
        self.assertEqual([ann.receive().msg_id for _ in range(n)], list(range(1, n + 1)))
        for i in range(1, n + 1):
            self.assertEqual(bob.receive().msg_id, i)
        bob.send(push_ack(42, 3))
        bob.send(frame(plato.HEARTBEAT))
        self.assertEqual(bob.receive().type, plato.HEARTBEAT)
        return ann, bob

    def test_kill_keeps_what_was_acknowledged(self):
        server = self.server()
        ann, bob = self.chat(server)
        # Cursors go with the next batch: this one
        ann.send(up(11, 42, b"message 11"))
        self.assertEqual(ann.receive().msg_id, 11)
        server = self.server() if self.kill(server) else None
        again = self.peer(server)
        again.send(frame(plato.RECONN, numbers(bob.conn_id)))
        ack = again.receive()
        self.assertEqual((ack.code, ack.type, ack.msg), (plato.OK, plato.RECONN, 0))
        self.assertGreater(ack.conn_id, bob.conn_id)
        self.assertEqual([again.receive().body for _ in range(8)],
                         [b"message %d" % i for i in range(4, 12)])
        ann = self.peer(server, 1)
        ann.send(up(11, 42, b"message 11") + up(3, 42) + up(12, 42, b"message 12"))
        self.assertEqual([(a.code, a.client_id, a.msg_id) for a in (ann.receive() for _ in "123")],
                         [(0, 11, 11), (0, 3, 3), (0, 12, 12)])
        self.assertEqual(again.receive().body, b"message 12")

    def test_stop_and_start(self):
        server = self.server()
        self.chat(server)
        server.stop()
        self.assertEqual(os.path.getsize(self.path + "-wal"), 0)
        bob = self.peer(self.server(), 2)
        self.assertEqual([bob.receive().msg_id for _ in range(7)], list(range(4, 11)))
        bob.send(frame(plato.SYNC, numbers(42, 1, 3)))
        self.assertEqual([bob.receive().body for _ in range(3)],
                         [b"message 1", b"message 2", b"message 3"])
        self.assertEqual(bob.receive().code, plato.OK)

    def test_conn_ids_are_never_given_out_again(self):
        seen = set()
        for _ in range(3):
            server = self.server("--first-conn-id", "1")
            for device in (1, 2):
                conn_id = self.peer(server, device).conn_id
                self.assertNotIn(conn_id, seen)
                seen.add(conn_id)
            self.kill(server)

    def test_files_are_private(self):
        server = self.server()
        self.chat(server)
        for name in ("", "-wal", "-shm", "-mark", "-lock"):
            self.assertEqual(os.stat(self.path + name).st_mode & 0o077, 0, name)
        server.stop()

    def test_backup(self):
        """As docs/server.md says: taken while the server runs, and put back in its place."""
        server = self.server()
        self.chat(server)
        source = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        copy = sqlite3.connect(self.path + "-copy")
        source.backup(copy)
        source.close(), copy.close()
        ann = self.peer(server, 1)
        ann.send(up(11, 42))  # after the backup
        self.assertEqual(ann.receive().msg_id, 11)
        server.stop()
        os.replace(self.path + "-copy", self.path)
        for end in ("-wal", "-shm"):
            os.unlink(self.path + end)
        self.assertIn("is older than what was acknowledged last", self.refused())
        os.unlink(self.path + "-mark")
        bob = self.peer(self.server(), 2)
        bob.send(frame(plato.SYNC, numbers(42, 1, 100)))
        found = set()
        while (got := bob.receive()).msg_type == plato.PUSH:
            found.add(got.msg_id)
        self.assertEqual(found, set(range(1, 11)))

    def test_second_server_is_refused(self):
        server = self.server()
        self.assertIn("is in use by another plato-server", self.refused())
        ann, _ = self.chat(server)
        ann.send(up(11, 42))
        self.assertEqual(ann.receive().msg_id, 11)

    def test_second_server_is_refused_by_another_name(self):
        server = self.server()
        ann, _ = self.chat(server)
        os.symlink(self.path, self.path + "-link")
        real, self.path = self.path, self.path + "-link"
        self.assertIn(f"{real} is in use by another plato-server", self.refused())
        ann.send(up(11, 42))
        self.assertEqual(ann.receive().msg_id, 11)

    def test_newer_schema_is_refused(self):
        self.server().stop()
        database = sqlite3.connect(self.path)
        database.execute("PRAGMA user_version=2")
        database.close()
        self.assertIn("newer than the 1 that this plato-server knows", self.refused())

    def test_other_files_are_refused(self):
        with open(self.path, "wb") as file:
            file.write(b"Dear diary, " * 1000)
        self.assertIn("choose another --store", self.refused())
        os.unlink(self.path)
        database = sqlite3.connect(self.path)
        database.execute("CREATE TABLE mine (x)")
        database.close()
        self.assertIn("is not a store of plato-server", self.refused())

    def content(self):
        """Everything a client can be given, or the line with which the server refuses to start."""
        process = subprocess.Popen([plato.SERVER, "--port", "0", "--store", self.path],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        found = []
        if line:
            with plato.Peer(int(line.rsplit(":", 1)[1])) as peer:
                peer.log_in(2, [42])
                peer.send(frame(plato.SYNC, numbers(42, 1, 100)))
                while (got := peer.receive()) and got.msg_type == plato.PUSH:
                    found.append((got.msg_id, got.body))
            process.kill()
        log = process.communicate(timeout=plato.PATIENCE)[1]
        return found or log.strip().splitlines()[-1]

    def flip_bytes(self, name):
        """Flips a bit at many places of a file, one at a time; what the server made of it."""
        keep = {}
        for end in ("", "-wal", "-mark"):
            with open(self.path + end, "rb") as file:
                keep[end] = file.read()
        whole = self.content()
        size = len(keep[name])
        results = {"the same": 0, "refused": 0}
        for i in range(40):
            at = (i * size // 40 + 13 * i) % size if i > 8 else 4 * i
            for other, data in keep.items():
                with open(self.path + other, "wb") as file:
                    file.write(data)
            if os.path.exists(self.path + "-shm"):
                os.unlink(self.path + "-shm")
            with open(self.path + name, "r+b") as file:
                file.seek(at)
                file.write(bytes([keep[name][at] ^ 0x10]))
            got = self.content()
            if isinstance(got, list):  # beyond the end of what SQLite uses, or a PUSH twice
                self.assertEqual(set(got), set(whole), f"byte {at} of {size}")
                results["the same"] += 1
            else:
                self.assertIn("store", got)
                results["refused"] += 1
        return results

    def test_flipped_bytes_in_the_wal_are_found(self):
        server = self.server()
        self.chat(server, 60)
        self.kill(server)
        self.assertGreater(os.path.getsize(self.path + "-wal"), 40000)
        self.assertGreater(self.flip_bytes("-wal")["refused"], 30)

    def test_the_wal_is_moved_into_the_file_at_the_start(self):
        """What a sync has failed to put on the disk may still be read: it is synced once more."""
        server = self.server()
        self.chat(server)
        self.kill(server)
        self.assertGreater(os.path.getsize(self.path + "-wal"), 0)
        server = self.server()
        self.assertEqual(os.path.getsize(self.path + "-wal"), 0)
        bob = self.peer(server, 2)
        bob.send(frame(plato.SYNC, numbers(42, 1, 100)))
        while bob.receive().msg_type == plato.PUSH:
            pass

    def test_flipped_bytes_in_the_file_are_found(self):
        server = self.server()
        self.chat(server, 60, b"x" * 1000)
        server.stop()
        self.assertGreater(self.flip_bytes("")["refused"], 20)

    def test_file_size_limit(self):
        """Writing fails: nothing is acknowledged any more, the server ends and says why."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
        self.fails_when_full(subprocess.Popen(
            [plato.SERVER, "--port", "0", "--store", self.path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=limit), "cannot be written: disk I/O error")

    def test_full_disk(self):
        """The same on a real file system that has no room, where namespaces are allowed."""
        folder = os.path.dirname(self.path)
        mount = ["unshare", "-rm", "sh", "-c",
                 'mount -t tmpfs -o size=400k none "$0" && exec "$@"', folder]
        if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no mount namespaces here")
        self.fails_when_full(subprocess.Popen(
            [*mount, plato.SERVER, "--port", "0", "--store", self.path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True), "make room on the disk", restarts=False)

    def fails_when_full(self, process, hint="", restarts=True):
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        acked = []
        with plato.Peer(port) as ann:
            ann.log_in(1, [42])
            for i in range(1, 1000):
                try:
                    ann.send(up(i, 42, b"x" * 1000))
                    got = ann.receive()
                except (BrokenPipeError, ConnectionResetError):
                    break
                if got is None:
                    break
                self.assertEqual(got.code, plato.OK)
                acked.append(got.msg_id)
        _, log = process.communicate(timeout=plato.PATIENCE)
        self.assertEqual(process.returncode, 1, log)
        self.assertIn('level=error msg="the store', log)
        self.assertIn(hint, log)
        self.assertIn(len(acked), range(5, 990))
        if not restarts:  # the disk went with the server
            return
        with plato.Server(store=self.path) as server, plato.Peer(server.port) as bob:
            bob.log_in(1, [42])
            bob.send(up(len(acked), 42))
            self.assertEqual(bob.receive().msg_id, acked[-1])

    def test_state_folder(self):
        folder = os.path.dirname(self.path)
        for variables, expected in (({"STATE_DIRECTORY": folder + "/a:" + folder + "/b"}, "a"),
                                    ({"XDG_STATE_HOME": folder + "/x"}, "x/plato"),
                                    ({"HOME": folder + "/h"}, "h/.local/state/plato")):
            env = {k: v for k, v in os.environ.items()
                   if k not in ("STATE_DIRECTORY", "XDG_STATE_HOME")}
            process = subprocess.Popen([plato.SERVER, "--port", "0"], env={**env, **variables},
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.assertIn(b"listening", process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(plato.PATIENCE), 0)
            process.stdout.close()
            self.assertTrue(os.path.exists(os.path.join(folder, expected, "plato-server.db")))

    def test_none_keeps_nothing(self):
        here = os.listdir(".")
        for self.path in ("none", ":memory:"):
            self.chat(self.server())
        self.assertEqual(os.listdir("."), here)


if __name__ == "__main__":
    unittest.main()
