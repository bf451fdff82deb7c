# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-server and several plato-clients: every message arrives once, in order."""
import collections
import json
import subprocess
import unittest

import plato

PER_CLIENT = 40


class Client:
    """plato-client with commands on its standard input, one JSON object on each line of output."""

    def __init__(self, port, device, *options):
        self.process = subprocess.Popen(
            [plato.CLIENT, "--port", str(port), "--device", str(device), "--json",
             "--timeout", str(int(plato.PATIENCE * 1000)), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def await_login(self):
        event = json.loads(self.process.stdout.readline())
        assert event["type"] == "LOGIN" and event["code"] == 0, event

    def finish(self, commands):
        """Exit code and events once all commands are done."""
        out, err = self.process.communicate(commands, timeout=2 * plato.PATIENCE)
        return self.process.returncode, [json.loads(line) for line in out.splitlines()], err


class Clients(unittest.TestCase):
    def setUp(self):
        server = plato.Server("--log-level", "error")
        self.port = server.__enter__().port
        self.addCleanup(server.__exit__, None)

    def client(self, device, *options):
        client = Client(self.port, device, *options)
        self.addCleanup(client.process.kill)
        return client

    def test_each_once_and_in_order(self):
        devices = (1, 2, 3, 4)
        clients = [self.client(d, "--session", "42") for d in devices]
        for client in clients:
            client.await_login()
        for device, client in zip(devices, clients):
            lines = [f"{device} says {i}" for i in range(PER_CLIENT)]
            lines.append(f"/expect {PER_CLIENT * (len(devices) - 1)}\n")
            client.process.stdin.write("\n".join(lines))
            client.process.stdin.flush()
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
                ("lost", client(6), "/raw 00" + "00" * 13 + "\n/wait 5000", 1)):
            with self.subTest(name):
                code, _, err = process.finish(commands)
                self.assertEqual(code, wanted, err)
                self.assertEqual(bool(err), wanted in (1, 2) or name == "expectation")

    def test_no_server(self):
        with plato.socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            client = Client(unused.getsockname()[1], 1, "--session", "1")
            code, _, err = client.finish("")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"^plato-client: no connection to 127.0.0.1 port \d+: .*refused\n$")


if __name__ == "__main__":
    unittest.main()
