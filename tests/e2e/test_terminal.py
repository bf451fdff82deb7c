# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-client at a terminal: a prompt, lines that come in while one is typed, and keys."""
import os
import pty
import select
import subprocess
import termios
import time
import unittest

import plato


class Terminal(unittest.TestCase):
    def setUp(self):
        server = plato.Server("--log-level", "error")
        self.port = server.__enter__().port
        self.addCleanup(server.__exit__, None)
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [plato.CLIENT, "--port", str(self.port), "--device", "1", "--session", "42"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.screen = ""
        self.await_text("connected")

    def await_text(self, text):
        """Reads until this is on the screen; what follows it is read next."""
        end = time.monotonic() + plato.PATIENCE
        while text not in self.screen:
            self.assertLess(time.monotonic(), end, f"{text!r} is not in {self.screen!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.screen += os.read(self.master, 4096).decode()
        before, _, self.screen = self.screen.partition(text)
        return before

    def type(self, keys):
        os.write(self.master, keys.encode())

    def bob(self):
        bob = plato.Peer(self.port)
        self.addCleanup(bob.socket.close)
        bob.log_in(2, [42])
        return bob

    def end(self):
        self.assertEqual(self.process.wait(plato.PATIENCE), 0)
        self.assertTrue(termios.tcgetattr(self.slave)[3] & termios.ECHO, "the terminal is not back")

    def test_typed_and_shown(self):
        bob = self.bob()
        self.await_text("42> ")
        self.type("héllo\x7f\x7f\x7fello wrold\x17world\n")
        got = bob.receive()
        self.assertIn(b"hello world", got.body.replace(b"h\xc3\xa9", b"h"))
        self.await_text("[42/1] delivered")
        self.type("\x04")
        self.end()

    def test_incoming_while_typing(self):
        bob = self.bob()
        self.type("half a li")
        self.await_text("42> half a li")
        text = "hi \x1b[2J there".encode()
        bob.send(plato.up(1, 42, b"\x08\x02\x22" + plato.varint(len(text)) + text))
        self.await_text("\r\x1b[K[42/1] 2: hi \\x1b[2J there\r\n")
        self.await_text("42> half a li")
        self.type("ne\n")
        self.assertIsNotNone(bob.receive())
        self.assertIn(b"half a line", bob.receive().body)
        self.type("\x04")
        self.end()

    def test_mistakes_are_forgiven(self):
        self.type("/nonsense\n/to x\n\x1b[A/to 43\n")
        self.await_text("there is no such command")
        self.await_text("a number is missing")
        self.await_text("43> ")
        self.type("\x04")
        self.end()

    def test_interrupt(self):
        self.type("typed but not sent")
        self.await_text("not sent")
        os.kill(self.process.pid, 2)
        self.end()


if __name__ == "__main__":
    unittest.main()
