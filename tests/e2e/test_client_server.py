# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-client with what the server has of its own: TLS, tokens, and a store that outlives it.

A server that is built without one of these skips its tests.
"""
import os
import re
import subprocess
import tempfile
import time
import unittest

import plato
from client import Client

HELP = subprocess.run([plato.SERVER, "--help"], stdout=subprocess.PIPE, check=True,
                      encoding="utf-8").stdout
SECRET = "only-device-1-may-know-this"


def needs(option):
    return unittest.skipUnless(option in HELP, f"this server has no {option}")


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def client(self, port, device, *options, env=None):
        client = Client(port, device, "--session", "42", *options, env=env)
        self.addCleanup(client.stop)
        return client


@needs("--tls-self-signed")
class Tls(WithFolder):
    def setUp(self):
        super().setUp()
        server = plato.Server("--tls-self-signed", "--tls-port", "0", "--tls-cert",
                              self.path("cert"), "--tls-key", self.path("key"))
        self.server = server.__enter__()
        self.addCleanup(server.__exit__, None)
        line = self.server.process.stdout.readline()
        self.port = int(re.fullmatch(r"listening with TLS on .*:(\d+)\n", line)[1])

    def test_trusted(self):
        bob = self.client(self.server.port, 2)
        bob.await_login()
        for device, options in ((1, ()), (3, ("--server-name", "localhost"))):
            code, _, err = self.client(self.port, device, "--tls", "--ca", self.path("cert"),
                                       *options).finish("over TLS\n")
            self.assertEqual((code, err), (0, ""))
        bob.finish("/expect 2\n")
        self.assertEqual([c for _, c in bob.pushes()], ["over TLS"] * 2)

    def test_not_trusted(self):
        code, _, err = self.client(self.port, 1, "--tls").finish("")
        self.assertEqual(code, 1)
        self.assertIn("certificate is not accepted", err)

    def test_large(self):
        bob = self.client(self.port, 2, "--tls", "--insecure")
        bob.await_login()
        code, _, err = self.client(self.port, 1, "--tls", "--insecure").finish("/size 3000000\n")
        self.assertEqual(code, 0, err)
        self.assertEqual(bob.finish("/expect 1\n")[0], 0)
        self.assertEqual([len(c) for _, c in bob.pushes()], [3000000])


@needs("--hash-token")
class Tokens(WithFolder):
    def test_tokens(self):
        with open(self.path("tokens"), "w", encoding="ascii") as file:
            subprocess.run([plato.SERVER, "--hash-token"], input=f"1 {SECRET}\n", stdout=file,
                           check=True, encoding="ascii")
        os.chmod(self.path("tokens"), 0o600)
        with plato.Server("--token-file", self.path("tokens")) as server:
            for token, wanted in ((SECRET, 0), (SECRET[:-1] + "x", 1), (None, 1)):
                env = {"PLATO_TOKEN": token} if token else {}
                code, events, err = self.client(server.port, 1, "--reconnect", "60",
                                                env=env).finish("hello\n")
                self.assertEqual(code, wanted, err)
                self.assertEqual(events[0]["code_name"], "AUTH_FAILED" if wanted else "OK")


@needs("--store")
class Store(WithFolder):
    MESSAGES = 150

    def server(self, port):
        """On a port of its own the first time, and then on the same one."""
        process = subprocess.Popen([plato.SERVER, "--port", str(port), "--store",
                                    self.path("store"), "--log-level", "error"],
                                   stdout=subprocess.PIPE, encoding="utf-8")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, int(process.stdout.readline().rpartition(":")[2])

    def test_server_is_killed(self):
        """kill -9 of the server again and again: each message once, in order."""
        process, port = self.server(0)
        options = ("--reconnect", "60", "--retry", "20")
        bob = self.client(port, 2, *options)
        bob.await_login()
        ann = self.client(port, 1, *options, "--rate", "200")
        ann.say("".join(f"{i}\n" for i in range(self.MESSAGES)))
        for _ in range(4):
            time.sleep(0.1)
            process.kill()
            process.wait()
            process, _ = self.server(port)
        code, _, err = ann.finish("")
        self.assertEqual(code, 0, err)
        code, _, err = bob.finish(f"/expect {self.MESSAGES}\n")
        self.assertEqual(code, 0, err)
        self.assertEqual(bob.pushes(), [(i + 1, str(i)) for i in range(self.MESSAGES)])
        self.assertGreater(len(bob.links), 4)


if __name__ == "__main__":
    unittest.main()
