# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-client over bad connections, with servers that refuse, and killed itself: each message once."""
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import plato
from client import Client
from proxy import Proxy

QUICK = ("--reconnect", "60", "--retry", "10")


class WithServer(unittest.TestCase):
    def setUp(self):
        server = plato.Server("--log-level", "error")
        self.server = server.__enter__()
        self.port = self.server.port
        self.addCleanup(server.__exit__, None)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def client(self, device, *options, port=None, session="42", env=None):
        client = Client(port or self.port, device, "--session", session, *options, env=env)
        self.addCleanup(client.stop)
        return client


class Cut(WithServer):
    """The connection is cut after every few bytes, in both directions."""

    STEP = 9  # bytes; the shortest frame has 14

    def check(self, session, budget):
        """Ann's connection and Bob's are cut; each hears the other's messages once."""
        with Proxy(self.port, [budget] * 2) as for_ann, Proxy(self.port, [budget] * 2) as for_bob:
            ann = self.client(1, *QUICK, port=for_ann.port, session=session)
            bob = self.client(2, *QUICK, port=for_bob.port, session=session)
            ann.await_login(), bob.await_login()
            ann.say("one\ntwo\nthree\n/expect 2\n"), bob.say("four\nfive\n/expect 3\n")
            for client in (ann, bob):
                code, _, err = client.finish("")
                self.assertEqual(code, 0, (budget, err))
            self.assertEqual([c for _, c in bob.pushes()], ["one", "two", "three"], budget)
            self.assertEqual([c for _, c in ann.pushes()], ["four", "five"], budget)
            return for_ann.cuts + for_bob.cuts

    def each(self, budgets):
        cuts = [self.check(str(100 + i), b) for i, b in enumerate(budgets)]
        self.assertGreater(cuts[0], 0)
        self.assertEqual(cuts[-1], 0, "the last one should have been long enough to meet no cut")

    def test_what_goes_up(self):
        self.each([(n, 1 << 60) for n in range(1, 300, self.STEP)] + [(1 << 60, 1 << 60)])

    def test_what_comes_down(self):
        self.each([(1 << 60, n) for n in range(20, 300, self.STEP)] + [(1 << 60, 1 << 60)])


class Resume(WithServer):
    def test_events(self):
        """connected, disconnected, resumed; and exit code 0 when it came back."""
        with Proxy(self.port) as proxy:
            proxy.budgets.append((1 << 60, 60))
            ann = self.client(1, *QUICK, port=proxy.port)
            code, _, err = ann.finish("one\ntwo\nthree\n")
        self.assertEqual(code, 0, err)
        self.assertEqual([e["event"] for e in ann.links], ["connected", "disconnected", "resumed"])
        self.assertNotEqual(ann.links[0]["conn_id"], ann.links[2]["conn_id"])

    def test_without_reconnect(self):
        with Proxy(self.port, [(1 << 60, 60)]) as proxy:
            code, _, err = self.client(1, port=proxy.port).finish("one\ntwo\nthree\n")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"^plato-client: lost 127\.0\.0\.1 port \d+: ")

    def test_gives_up(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            ann = self.client(1, "--reconnect", "1", "--retry", "10", port=unused.getsockname()[1])
            started = time.monotonic()
            code, _, err = ann.finish("")
        self.assertEqual(code, 1, err)
        self.assertLess(time.monotonic() - started, plato.PATIENCE)
        waits = [e["retry_ms"] for e in ann.links]
        for i, wait in enumerate(waits):
            self.assertTrue(min(10 << i, 300) // 2 <= wait <= min(10 << i, 300), waits)

    def test_server_that_has_forgotten(self):
        """The server is another one: its counts begin again, and the clients take them over."""
        first = plato.Server("--log-level", "error").__enter__()
        with Proxy(first.port) as proxy:
            ann = self.client(1, *QUICK, port=proxy.port)
            bob = self.client(2, *QUICK, port=proxy.port)
            ann.await_login(), bob.await_login()
            ann.say("one\ntwo\nthree\n"), bob.say("/expect 3\n")
            plato.wait_until(lambda: len(bob.pushes()) == 3, "the first life")
            proxy.server_port = self.port
            first.__exit__(None)
            plato.wait_until(lambda: len(ann.links) > 2 and len(bob.links) > 2, "the second life")
            plato.wait_until(lambda: [e for e in bob.events if e["event"] == "forgotten"], "notice")
            bob.say("/expect 2\n")
            code, _, err = ann.finish("four\nfive\n")
            self.assertEqual(code, 0, err)
            code, _, err = bob.finish("")
            self.assertEqual(code, 0, err)
        self.assertEqual(bob.pushes(), [(1, "one"), (2, "two"), (3, "three"),
                                        (1, "four"), (2, "five")])

    def test_message_that_is_too_large(self):
        """It is given up, and not sent again for ever; the others arrive."""
        with plato.Server("--log-level", "error", "--max-body", "1000") as server:
            bob = self.client(2, port=server.port)
            bob.await_login()
            state = ("--state", self.path("state"))
            ann = self.client(1, *QUICK, *state, port=server.port)
            code, events, err = ann.finish("one\n/size 5000\nthree\nfour\n")
            self.assertEqual(code, 3, err)
            self.assertEqual([(e["session_id"], e["client_id"], e["code_name"]) for e in events
                              if e["event"] == "refused"], [(42, 2, "TOO_LARGE")])
            code, _, err = self.client(1, *QUICK, *state, port=server.port).finish("five\n")
            self.assertEqual(code, 0, err)
            bob.finish("/expect 4\n")
            self.assertEqual(bob.pushes(), [(1, "one"), (2, "three"), (3, "four"), (4, "five")])

    def test_ends_on_signals(self):
        ann, bob = self.client(1), self.client(2)
        ann.await_login(), bob.await_login()
        ann.say("one\n")
        plato.wait_until(bob.pushes, "the message")
        bob.process.terminate(), ann.process.send_signal(2)
        for client in (ann, bob):
            self.assertEqual(client.process.wait(plato.PATIENCE), 0, client.errors)

    def test_bad_command_loses_nothing(self):
        bob = self.client(2)
        bob.await_login()
        code, _, err = self.client(1).finish("one\ntwo\n/nonsense\nnever\n")
        self.assertEqual((code, err.count("\n")), (2, 1))
        bob.finish("/expect 2\n")
        self.assertEqual([c for _, c in bob.pushes()], ["one", "two"])


def ack(msg_type, code=0, conn_id=0, client_id=0, session=0, msg_id=0):
    return plato.frame(plato.ACK, plato.numbers(code, 0, msg_type, conn_id, client_id, session,
                                                msg_id))


class Refusals(unittest.TestCase):
    """The client against a server that this test plays."""

    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(plato.PATIENCE)
        self.addCleanup(self.listener.close)

    def start(self, *options, env=None):
        self.client = Client(self.listener.getsockname()[1], 1, "--session", "42", *options,
                             env=env)
        self.addCleanup(self.client.stop)
        return self.client

    def accept(self):
        connection, _ = self.listener.accept()
        peer = plato.Peer(None, connection=connection)
        self.addCleanup(peer.socket.close)
        return peer

    def log_in(self, *options):
        self.start(*options)
        peer = self.accept()
        self.assertEqual(peer.receive().msg_type, plato.LOGIN)
        peer.send(ack(plato.LOGIN, conn_id=7))
        return peer

    def up(self, peer):
        got = peer.receive()
        self.assertEqual(got.msg_type, plato.UP)
        return plato.fields(got.head)[1], got.body

    def end(self, peer, code=0):
        self.client.process.stdin.close()
        self.assertIsNone(peer.receive())
        peer.socket.close()
        self.assertEqual(self.client.process.wait(plato.PATIENCE), code, self.client.errors)
        for reader in self.client.readers:  # what it said last may still be on its way
            reader.join()

    def test_sends_again(self):
        """... the same bytes, until there is an answer."""
        peer = self.log_in("--retry", "20")
        self.client.say("one\n")
        first = self.up(peer)
        self.assertEqual([self.up(peer) for _ in range(3)], [first] * 3)
        peer.send(ack(plato.UP, client_id=1, session=42, msg_id=1))
        self.client.process.stdin.close()
        while (got := peer.receive()) is not None:  # what was on its way already
            self.assertEqual(got.msg_type, plato.UP)
        peer.socket.close()
        self.assertEqual(self.client.process.wait(plato.PATIENCE), 0)

    def test_no_resend(self):
        peer = self.log_in("--retry", "1", "--no-resend")
        self.client.say("one\n")
        self.up(peer)
        time.sleep(0.1)
        peer.send(ack(plato.UP, client_id=1, session=42, msg_id=1))
        self.end(peer)

    def test_refused_for_now(self):
        for code in (plato.RATE_LIMITED, plato.OVERLOADED, plato.INTERNAL):
            with self.subTest(code):
                peer = self.log_in("--retry", "100")
                self.client.say("one\n")
                first = self.up(peer)
                peer.send(ack(plato.UP, code=code, client_id=1, session=42))
                self.assertEqual(self.up(peer), first)
                peer.send(ack(plato.UP, client_id=1, session=42, msg_id=1))
                self.end(peer)

    def test_pause_that_the_server_asks_for(self):
        """Nothing new follows until what was refused has been taken."""
        peer = self.log_in("--retry", "100")
        self.client.say("one\n")
        self.up(peer)
        peer.send(ack(plato.UP, client_id=1, session=42, msg_id=1))
        plato.wait_until(lambda: len(self.client.events) > 1, "the first answer")
        self.client.say("two\n")
        second = self.up(peer)
        peer.send(ack(plato.UP, code=plato.RATE_LIMITED, client_id=2, session=42))
        plato.wait_until(lambda: len(self.client.events) > 2, "the refusal")
        self.client.say("three\n")
        self.assertEqual(self.up(peer), second)
        peer.send(ack(plato.UP, client_id=2, session=42, msg_id=2))
        self.assertEqual(self.up(peer)[0], 3)
        peer.send(ack(plato.UP, client_id=3, session=42, msg_id=3))
        self.end(peer)

    def test_sync_refused_for_now(self):
        """Even if the refusal does not say of which session: no message is lost."""
        peer = self.log_in("--retry", "20")
        for msg_id in (1, 3):
            peer.send(plato.frame(plato.PUSH, plato.numbers(msg_id, 42)))
        for code in (plato.RATE_LIMITED, plato.OVERLOADED, None):
            while (got := peer.receive()).msg_type == plato.ACK:
                pass
            self.assertEqual((got.msg_type, got.from_msg_id, got.to_msg_id), (plato.SYNC, 2, 2))
            if code:
                peer.send(ack(plato.SYNC, code=code))
        peer.send(plato.frame(plato.PUSH, plato.numbers(2, 42))
                  + ack(plato.SYNC, session=42, msg_id=2))
        plato.wait_until(lambda: len(self.client.pushes()) == 3, "all messages")
        self.client.process.stdin.close()
        while peer.receive():
            pass
        peer.socket.close()
        self.assertEqual(self.client.process.wait(plato.PATIENCE), 0, self.client.errors)
        self.assertEqual([i for i, _ in self.client.pushes()], [1, 2, 3])

    def test_rate(self):
        """Not more than --rate commands a second, but for the first 64."""
        peer = self.log_in("--rate", "100")
        started = time.monotonic()
        self.client.say("".join(f"{i}\n" for i in range(100)))
        for i in range(1, 101):
            while (client_id := self.up(peer)[0]) != i:
                self.assertLess(client_id, i)  # one that was sent again
            peer.send(ack(plato.UP, client_id=i, session=42, msg_id=i))
        self.assertGreater(time.monotonic() - started, 0.3)
        self.end(peer)

    def test_refused_again_and_again(self):
        """A server that ends every connection over the same message: the client gives up."""
        peer = self.log_in(*QUICK)
        self.client.say("one\n")
        for _ in range(4):
            self.up(peer)
            peer.send(ack(plato.UP, code=plato.MALFORMED))
            peer.socket.close()
            peer = self.accept()
            self.assertEqual(peer.receive().msg_type, plato.RECONN)
            peer.send(ack(plato.RECONN, conn_id=8))
        self.up(peer)
        peer.send(ack(plato.UP, code=plato.MALFORMED))
        self.assertEqual(self.client.process.wait(plato.PATIENCE), 1)

    def test_refused_for_good(self):
        peer = self.log_in("--retry", "1000")
        self.client.say("one\n")
        self.up(peer)
        peer.send(ack(plato.UP, code=plato.UNKNOWN_SESSION, client_id=1, session=42))
        self.end(peer, 3)
        refused = [e for e in self.client.events if e["event"] == "refused"]
        self.assertEqual([(e["session_id"], e["client_id"], e["code_name"]) for e in refused],
                         [(42, 1, "UNKNOWN_SESSION")])

    def test_resumes_then_logs_in(self):
        peer = self.log_in(*QUICK)
        plato.wait_until(lambda: self.client.links, "the connection")
        peer.socket.close()
        peer = self.accept()
        got = peer.receive()
        self.assertEqual((got.msg_type, plato.fields(got.head)), (plato.RECONN, {1: 7}))
        peer.send(ack(plato.RECONN, code=plato.UNKNOWN_CONN))
        self.assertEqual(peer.receive().msg_type, plato.LOGIN)
        peer.send(ack(plato.LOGIN, conn_id=8))
        self.end(peer)

    def test_sends_again_at_once_after_reconn(self):
        peer = self.log_in("--reconnect", "60", "--retry", "10", "--no-resend")
        self.client.say("one\n")
        first = self.up(peer)
        peer.socket.close()
        peer = self.accept()
        self.assertEqual(peer.receive().msg_type, plato.RECONN)
        peer.send(ack(plato.RECONN, conn_id=8))
        self.assertEqual(self.up(peer), first)
        peer.send(ack(plato.UP, client_id=1, session=42, msg_id=1))
        self.end(peer)

    def test_logins_that_are_refused(self):
        for code, tries in ((plato.OVERLOADED, 2), (plato.AUTH_FAILED, 1), (plato.MALFORMED, 1)):
            with self.subTest(code):
                self.start(*QUICK)
                for _ in range(tries):
                    peer = self.accept()
                    self.assertEqual(peer.receive().msg_type, plato.LOGIN)
                    peer.send(ack(plato.LOGIN, code=code))
                if tries == 1:
                    self.assertEqual(self.client.process.wait(plato.PATIENCE), 1)
                self.client.stop()  # or its next attempt would be taken for the next client's

    def test_garbage_from_the_server(self):
        peer = self.log_in(*QUICK)
        plato.wait_until(lambda: self.client.links, "the connection")
        peer.send(b"\xff" * 40)
        peer = self.accept()
        self.assertEqual(peer.receive().msg_type, plato.RECONN)
        peer.send(ack(plato.RECONN, conn_id=8))
        self.end(peer)

    def test_answers_heartbeats(self):
        peer = self.log_in()
        peer.send(plato.frame(plato.HEARTBEAT))
        got = peer.receive()
        self.assertEqual((got.msg_type, got.type, got.code), (plato.ACK, plato.HEARTBEAT, 0))
        self.end(peer)

    def test_silent_server(self):
        """No answer to HEARTBEATs: another connection."""
        peer = self.log_in(*QUICK, "--heartbeat", "1")
        for _ in range(3):
            self.assertEqual(peer.receive().msg_type, plato.HEARTBEAT)
        peer = self.accept()
        self.assertEqual(peer.receive().msg_type, plato.RECONN)

    def token(self, *options, env=None):
        self.start(*options, env=env)
        login = self.accept().receive()
        return plato.fields(login.body).get(1)

    def test_token(self):
        with tempfile.NamedTemporaryFile("w", suffix=".token") as file:
            file.write("from file\nsecond line\n")
            file.flush()
            self.assertEqual(self.token("--token-file", file.name), b"from file")
        self.assertEqual(self.token(env={"PLATO_TOKEN": "from env"}), b"from env")
        self.assertEqual(self.token("--token", "given"), b"given")
        self.assertIsNone(self.token())

    def test_token_that_is_no_text(self):
        with tempfile.NamedTemporaryFile(suffix=".token") as file:
            file.write(b"cut\0short\n")
            file.flush()
            done = subprocess.run([plato.CLIENT, "--device", "1", "--session", "1", "--token-file",
                                   file.name], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=plato.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(f"{file.name}: holds a zero byte, it is no text", done.stderr)


class Killed(WithServer):
    """kill -9 at any moment, and started again: what was said is delivered once, in order."""

    MESSAGES = 200

    def command(self, device, *options):
        return [plato.CLIENT, "--port", str(self.port), "--device", str(device), "--session", "42",
                "--json", "--timeout", str(int(plato.PATIENCE * 1000)), "--retry", "20", *options,
                "--state", self.path(f"state{device}")]

    def delivered(self):
        try:
            with open(self.path("delivered"), encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def start_sender(self):
        with open(self.path("input"), encoding="utf-8") as lines:
            return subprocess.Popen(self.command(1, "--resume-input"), stdin=lines,
                                    stdout=subprocess.DEVNULL)

    def start_receiver(self):
        return subprocess.Popen(self.command(2, "--deliver-to", self.path("delivered")),
                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def kill(self, process):
        process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()

    def test_exactly_once(self):
        dice = random.Random(1)
        with open(self.path("input"), "w", encoding="utf-8") as lines:
            lines.writelines(f"message {i}\n" for i in range(self.MESSAGES))
        subprocess.run(self.command(2), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)  # becomes a member
        sender, receiver, kills = self.start_sender(), self.start_receiver(), 0
        try:
            while sender.poll() is None and kills < 30:
                time.sleep(dice.uniform(0.01, 0.1) * (5 if plato.SANITIZED else 1))
                kills += 1
                if dice.random() < 0.6:
                    self.kill(sender)
                    sender = self.start_sender()
                else:
                    self.kill(receiver)
                    receiver = self.start_receiver()
            self.assertEqual(sender.wait(plato.PATIENCE), 0)
            plato.wait_until(lambda: len(self.delivered()) >= self.MESSAGES, "all deliveries")
            receiver.stdin.close()
            self.assertEqual(receiver.wait(plato.PATIENCE), 0)
        finally:
            self.kill(sender), self.kill(receiver)
        self.assertGreater(kills, 3)
        self.assertEqual([e["content"] for e in self.delivered()],
                         [f"message {i}" for i in range(self.MESSAGES)])
        ids = [e["msg_id"] for e in self.delivered()]
        self.assertEqual(ids, list(range(1, self.MESSAGES + 1)))

    def run_client(self, device, text, *options):
        done = subprocess.run(self.command(device, *options), input=text, timeout=plato.PATIENCE * 2,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        return done.returncode, [json.loads(l) for l in done.stdout.splitlines()], done.stderr

    def test_counts_go_on(self):
        """No --first-client-id: the state knows where the device stands."""
        for i, text in enumerate(("one", "two", "three"), 1):
            code, events, err = self.run_client(1, text + "\n")
            self.assertEqual(code, 0, err)
            sent = [e for e in events if e.get("type") == "UP"]
            # a slow answer comes twice: the message was sent again meanwhile
            self.assertEqual({(e["client_id"], e["msg_id"]) for e in sent}, {(i, i)})

    def test_torn_line_is_cut_off(self):
        """A crash between the file and the state: the line comes again, so it must go first."""
        self.run_client(2, "", "--deliver-to", self.path("delivered"))
        self.run_client(1, "one\n")
        self.run_client(2, "/expect 1\n", "--deliver-to", self.path("delivered"))
        with open(self.path("delivered"), "a", encoding="utf-8") as file:
            file.write('{"event":"push","sess')
        self.run_client(1, "two\n")
        self.run_client(2, "/expect 1\n", "--deliver-to", self.path("delivered"))
        self.assertEqual([e["content"] for e in self.delivered()], ["one", "two"])

    def test_files_that_cannot_be_used(self):
        self.run_client(1, "one\n")
        with open(self.path("state3"), "w", encoding="utf-8") as file:
            file.write("not a database, but longer than the header of one " * 20)
        shutil.copy(self.path("state1"), self.path("state4"))
        os.mkdir(self.path("state5"))
        holder = subprocess.Popen(self.command(1), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.readline()
        for device, text in ((3, "not a database"), (4, "another device"), (5, "directory"),
                             (1, "another process")):
            with self.subTest(text):
                code, _, err = self.run_client(device, "")
                self.assertEqual(code, 4)
                self.assertIn(text, err)
                self.assertEqual(err.count("\n"), 1)
        holder.stdin.close(), holder.stdout.close()
        self.assertEqual(holder.wait(plato.PATIENCE), 0)

    def test_output_that_cannot_be_written(self):
        """What could not be shown is not acknowledged: it comes again."""
        self.run_client(2, "")
        self.run_client(1, "one\n")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(self.command(2), input="/expect 1\n", stdout=full,
                                  stderr=subprocess.PIPE, encoding="utf-8", timeout=plato.PATIENCE)
        self.assertEqual(done.returncode, 4, done.stderr)
        code, events, err = self.run_client(2, "/expect 1\n")
        self.assertEqual(code, 0, err)
        self.assertEqual([e["content"] for e in events if e["event"] == "push"], ["one"])

    def test_kept_for_the_next_run(self):
        """The connection is cut inside a message: the next run sends it."""
        self.run_client(2, "")
        with Proxy(self.port, [(60, 1 << 60)]) as proxy:
            port, self.port = self.port, proxy.port
            code, _, err = self.run_client(1, "one\n", "--reconnect", "0")
            self.port = port
        self.assertEqual(code, 1)
        self.assertIn("1 messages without an answer are kept", err)
        code, events, err = self.run_client(1, "two\n")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([(e["client_id"], e["msg_id"]) for e in events if e.get("type") == "UP"],
                         [(1, 1), (2, 2)])

    def test_private(self):
        self.run_client(1, "one\n")
        self.assertEqual(os.stat(self.path("state1")).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
