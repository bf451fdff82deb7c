# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-server and several plato-clients: every message arrives once, in order."""
import collections
import os
import socket
import subprocess
import time
import unittest

import plato
from client import Client

PER_CLIENT = 40


class Clients(unittest.TestCase):
    def setUp(self):
        server = plato.Server("--log-level", "error")
        self.port = server.__enter__().port
        self.addCleanup(server.__exit__, None)

    def client(self, device, *options):
        client = Client(self.port, device, *options)
        self.addCleanup(client.stop)
        return client

    def test_each_once_and_in_order(self):
        devices = (1, 2, 3, 4)
        clients = [self.client(d, "--session", "42") for d in devices]
        for client in clients:
            client.await_login()
        for device, client in zip(devices, clients):
            lines = [f"{device} says {i}" for i in range(PER_CLIENT)]
            lines.append(f"/expect {PER_CLIENT * (len(devices) - 1)}\n")
            client.say("\n".join(lines))
        results = [c.finish("") for c in clients]
        order = self.check_results(devices, results)
        total = PER_CLIENT * len(devices)
        self.assertEqual(sorted(order), list(range(1, total + 1)))

    def check_results(self, devices, results):
        """Each client saw what the others sent, in one common order; returns it by msg_id."""
        order = {}
        for device, (code, events, err) in zip(devices, results):
            self.assertEqual(code, 0, err)
            seen = [e for e in events if e["event"] == "push"]
            ids = [e["msg_id"] for e in seen]
            self.assertEqual(ids, sorted(set(ids)), "out of order or twice")
            for event in seen:
                self.assertEqual(order.setdefault(event["msg_id"], event["content"]),
                                 event["content"])
            by_sender = collections.defaultdict(list)
            for event in seen:
                by_sender[event["sender_id"]].append(event["content"])
            self.assertEqual(by_sender, {
                d: [f"{d} says {i}" for i in range(PER_CLIENT)] for d in devices if d != device})
        return order

    def test_cut_and_merged(self):
        """Cut to one-byte writes, cut across frames, merged: the messages are the same."""
        ann = self.client(1, "--session", "42", "--pause", "1")
        bob = self.client(2, "--session", "42")
        ann.await_login(), bob.await_login()
        every_byte = ",".join(str(i) for i in range(1, 60))
        code, _, err = ann.finish(f"/cut {every_byte}\nbyte by byte\n"
                                  "/hold\nfirst\nsecond\n/flush 20,50\n"
                                  "/hold\nthird\n/heartbeat\nfourth\n/flush\n"
                                  "//slash\n/size 70000\n/json {\"a\":1}\n")
        self.assertEqual(code, 0, err)
        code, events, err = bob.finish("/expect 8\n")
        self.assertEqual(code, 0, err)
        seen = [e["content"] for e in events if e["event"] == "push"]
        self.assertEqual(seen[:5] + seen[7:],
                         ["byte by byte", "first", "second", "third", "fourth", '{"a":1}'])
        self.assertEqual((seen[5], len(seen[6])), ("/slash", 70000))

    def test_repeat_is_shown_once(self):
        ann, bob = self.client(1, "--session", "42"), self.client(2, "--session", "42")
        ann.await_login(), bob.await_login()
        code, events, err = ann.finish("once\n/again\n/again\n")
        self.assertEqual(code, 0, err)
        self.assertEqual([e["msg_id"] for e in events], [1, 1, 1])
        code, events, _ = bob.finish("/expect 1\n/wait 100\n")
        self.assertEqual((code, len(events)), (0, 1))

    def test_exit_codes(self):
        def client(device):
            return self.client(device, "--session", str(device))
        for name, process, commands, wanted in (
                ("fine", client(1), "hello", 0),
                ("expectation", client(2), "/expect 1 50", 3),
                ("refused", client(3), "/to 9\nnot a member", 3),
                ("command", client(4), "/nonsense", 2),
                ("option", self.client(5), "", 2),
                ("too much", client(7), "/sync 1 2 3", 2),
                ("too large", client(8), "/sync 1 18446744073709551616", 2),
                ("nothing", client(9), "/json", 2),
                ("held", client(10), "/hold\nnever sent", 2),
                ("held and quit", client(11), "/hold\nnever sent\n/quit", 2),
                ("lost", client(6), "/raw 00" + "00" * 13 + "\n/wait 5000", 1)):
            with self.subTest(name):
                code, _, err = process.finish(commands)
                self.assertEqual(code, wanted, err)
                self.assertEqual(bool(err), wanted in (1, 2) or name == "expectation")

    def test_errors_say_what_is_wrong(self):
        for device, (line, text) in enumerate((
                ("/sync 1 2 3", "'/sync 1 2 3': something follows"),
                ("/to 18446744073709551616", "a number is missing, is none, or is too large"),
                ("/json", "'/json': the JSON to send is missing"),
                ("/nonsense 1", "'/nonsense 1': there is no such command"),
                ("/hold\nx", "the input ends behind /hold without a /flush"),
                ("/hold\nx\n/quit", "'/quit': frames are held"),
                ("/again", "'/again': nothing was sent"),
                ("a\0b", "a line of the input holds a zero byte"),
                ("/json \0\nc", "a line of the input holds a zero byte")), 1):
            with self.subTest(line):
                code, events, err = self.client(device, "--session", str(device)).finish(line)
                self.assertEqual(code, 2)
                self.assertIn(text, err)
                self.assertEqual(err.count("\n"), 1)
                self.assertEqual([e for e in events if e.get("type") == "UP"], [])

    def test_second_life_of_a_device(self):
        """The server goes on counting; a client that starts too high takes its count over."""
        bob = self.client(2, "--session", "42", "--session", "43")
        bob.await_login()
        for life in (1, 2):
            code, events, err = self.client(
                1, "--session", "42", "--session", "43", "--first-client-id", "1000000").finish(
                    f"/hold\n{life}a\n{life}b\n/flush\n{life}c\n/to 43\n{life}d\n{life}e\n")
            self.assertEqual(code, 0, err)
            self.assertEqual([(e["session_id"], e["client_id"]) for e in events
                              if e.get("type") == "UP" and e["code"] == 0],
                             [(42, 3 * life - 2), (42, 3 * life - 1), (42, 3 * life),
                              (43, 2 * life - 1), (43, 2 * life)])
        _, events, _ = bob.finish("/expect 10\n")
        seen = [e for e in events if e["event"] == "push"]
        self.assertEqual([e["content"] for e in seen if e["session_id"] == 42],
                         ["1a", "1b", "1c", "2a", "2b", "2c"])
        self.assertEqual([e["content"] for e in seen if e["session_id"] == 43],
                         ["1d", "1e", "2d", "2e"])

    def test_second_life_that_starts_too_low(self):
        """It learns so only by a msg_id that is not new: nothing is delivered."""
        for text in ("one", "lost"):
            code, events, err = self.client(1, "--session", "42").finish(text)
            self.assertEqual(code, 0, err)
            self.assertEqual((events[-1]["client_id"], events[-1]["msg_id"]), (1, 1))

    def test_text_with_a_nul(self):
        bob = self.client(2, "--session", "42")
        bob.await_login()
        with plato.Peer(self.port) as peer:
            peer.log_in(1, [42])
            text = "before\0behind ü\0".encode()
            for i, content in enumerate((text, b"\0", b"no text \xff\0"), 1):
                peer.send(plato.up(i, 42, b"\x22" + plato.varint(len(content)) + content))
            code, events, err = bob.finish("/expect 3\n")
        self.assertEqual(code, 0, err)
        self.assertEqual([e["content"] for e in events[:2]], ["before\0behind ü\0", "\0"])
        self.assertEqual(bytes.fromhex(events[2]["content_hex"]), b"no text \xff\0")

    def test_no_server(self):
        with plato.socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            client = Client(unused.getsockname()[1], 1, "--session", "1")
            self.addCleanup(client.stop)
            code, _, err = client.finish("")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"^plato-client: no connection to 127.0.0.1 port \d+: .*refused\n$")


def push(msg_id):
    return plato.frame(plato.PUSH, plato.numbers(msg_id, 42))


def sync_ack(msg_id, code=plato.OK):
    return plato.frame(plato.ACK, plato.numbers(code, 0, plato.SYNC, 0, 0, 42, msg_id))


class Input(unittest.TestCase):
    def test_waits_where_it_comes_from(self):
        """An input that is faster than --rate is not taken into memory."""
        with plato.Server() as server:
            process = subprocess.Popen(
                [plato.CLIENT, "--port", str(server.port), "--device", "1", "--session", "42"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                os.set_blocking(process.stdin.fileno(), False)
                taken, end = 0, time.monotonic() + 2
                while time.monotonic() < end and taken < 4 << 20:
                    taken += process.stdin.raw.write(b"0123456\n" * 512) or 0
            finally:
                process.kill()
                process.wait()
                process.stdin.close()
            self.assertLess(taken, 1 << 20)  # the pipe holds 64 KiB, the client as much


    def test_line_without_an_end(self):
        """It is looked through once, and the memory that it takes is bounded."""
        with plato.Server() as server, open("/dev/zero", "rb") as zeros:
            process = subprocess.Popen(
                [plato.CLIENT, "--port", str(server.port), "--device", "1", "--session", "42"],
                stdin=zeros, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            _, err = process.communicate(timeout=plato.PATIENCE)
            self.assertEqual((process.returncode, err),
                             (2, "plato-client: a line of the input is longer than 64 MiB\n"))


class Holes(unittest.TestCase):
    """The client against a server that leaves holes, which the real one does not."""

    def setUp(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(plato.PATIENCE)
            self.client = Client(listener.getsockname()[1], 1, "--session", "42")
            self.addCleanup(self.client.stop)
            connection, _ = listener.accept()
        self.server = plato.Peer(None, connection=connection)
        self.addCleanup(self.server.socket.close)
        self.assertEqual(self.server.receive().msg_type, plato.LOGIN)
        self.server.send(plato.frame(plato.ACK, plato.numbers(0, 0, plato.LOGIN, 7)))

    def expect_sync(self, first, last):
        """The next SYNC; ACKs of PUSHes may come before it."""
        got = self.server.receive()
        while got.msg_type == plato.ACK:
            got = self.server.receive()
        self.assertEqual((got.msg_type, got.session_id, got.from_msg_id, got.to_msg_id),
                         (plato.SYNC, 42, first, last))

    def finish(self, commands="", code=0):
        """Lets the client end; the msg_ids it has shown, and the ranges it has lost."""
        self.client.say(commands)
        self.client.process.stdin.close()
        acknowledged = 0
        got = self.server.receive()
        while got is not None:
            self.assertEqual((got.msg_type, got.type), (plato.ACK, plato.PUSH))
            acknowledged = got.msg_id
            got = self.server.receive()
        self.server.socket.close()
        self.client.process.wait(plato.PATIENCE)
        for reader in self.client.readers:
            reader.join()
        self.assertEqual(self.client.process.returncode, code, self.client.errors)
        events = self.client.events
        shown = [e["msg_id"] for e in events if e["event"] == "push"]
        self.assertEqual(acknowledged, shown[-1])
        return shown, [(e["first_msg_id"], e["last_msg_id"])
                       for e in events if e["event"] == "lost"]

    def test_is_filled(self):
        self.server.send(push(1) + push(5))
        self.expect_sync(2, 4)
        self.server.send(push(2) + push(3) + push(4) + sync_ack(4))
        self.assertEqual(self.finish("/expect 5\n"), ([1, 2, 3, 4, 5], []))

    def test_is_filled_in_portions(self):
        self.server.send(push(1) + push(6))
        self.expect_sync(2, 5)
        self.server.send(push(2) + push(3) + sync_ack(3))
        self.expect_sync(4, 5)
        self.server.send(sync_ack(3))  # much waits for the client: nothing more just now
        self.expect_sync(4, 5)
        self.server.send(push(4) + push(5) + sync_ack(5))
        self.assertEqual(self.finish("/expect 6\n"), ([1, 2, 3, 4, 5, 6], []))

    def test_own_messages_of_an_earlier_life(self):
        """The server sends what others said: what is still missing then was never to come."""
        self.server.send(push(1) + push(4))
        self.expect_sync(2, 3)
        self.server.send(push(3) + sync_ack(3))
        self.assertEqual(self.finish("/expect 3\n"), ([1, 3, 4], []))

    def test_refused(self):
        self.server.send(push(1) + push(6))
        self.expect_sync(2, 5)
        self.server.send(push(4) + push(5) + sync_ack(5, plato.INTERNAL) + push(7))
        self.assertEqual(self.finish("/expect 5\n", 3), ([1, 4, 5, 6, 7], [(2, 3)]))

    def test_two_holes(self):
        self.server.send(push(1) + push(3) + push(6))
        self.expect_sync(2, 2)
        self.server.send(push(2) + sync_ack(2))
        self.expect_sync(4, 5)
        self.server.send(sync_ack(0, plato.UNKNOWN_SESSION))
        self.assertEqual(self.finish("/expect 4\n", 3), ([1, 2, 3, 6], [(4, 5)]))

    def test_the_users_own_sync(self):
        """Its refusal says nothing about the hole."""
        self.client.say("/sync 1 1\n")
        self.expect_sync(1, 1)
        self.server.send(push(2) + push(4))
        self.expect_sync(3, 3)
        self.server.send(sync_ack(1, plato.INTERNAL) + push(3) + sync_ack(3))
        self.assertEqual(self.finish("/expect 3\n"), ([2, 3, 4], []))


if __name__ == "__main__":
    unittest.main()
