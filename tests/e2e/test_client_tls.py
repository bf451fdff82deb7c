# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-client over TLS: whom it believes, and what it says when it does not."""
import os
import ssl
import subprocess
import tempfile
import unittest

import plato
from client import Client
from proxy import Proxy


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, names in (("good", "IP:127.0.0.1,DNS:plato.example"), ("other", "DNS:b.example")):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
                    f"subjectAltName={names}", "-keyout", cls.path(f"{name}.key"),
                    "-out", cls.path(f"{name}.pem"))
        cls.server = plato.Server("--log-level", "error").__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def proxy(self, name="good", most=None, alpn=("plato/1",), budgets=()):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(f"{name}.pem"), self.path(f"{name}.key"))
        if most:
            context.maximum_version = most
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return Proxy(self.server.port, budgets, tls=context)

    def run_client(self, proxy, *options, commands="hello\n"):
        client = Client(proxy.port, 1, "--session", "42", "--tls", *options)
        self.addCleanup(client.stop)
        code, events, err = client.finish(commands)
        self.links = client.links
        return code, events, err

    def test_trusted(self):
        for options in (("--ca", self.path("good.pem")), ("--insecure",),
                        ("--ca", self.path("good.pem"), "--server-name", "plato.example")):
            with self.subTest(options), self.proxy() as proxy:
                code, events, err = self.run_client(proxy, *options)
                self.assertEqual((code, err), (0, ""))
                self.assertEqual([e["code"] for e in events if e.get("type") == "UP"], [0])
                self.assertEqual((proxy.protocols, self.links[0]["tls"]), (["plato/1"], True))

    def test_not_trusted(self):
        good = ("--ca", self.path("good.pem"))
        for name, options, text in (
                ("good", (), "certificate is not accepted"),
                ("other", good, "certificate is not accepted"),
                ("other", ("--ca", self.path("other.pem")), "IP address mismatch"),
                ("good", (*good, "--server-name", "b.example"), "ostname mismatch")):
            with self.subTest(text), self.proxy(name) as proxy:
                # Nothing to be gained by another attempt: --reconnect makes no difference.
                code, _, err = self.run_client(proxy, *options, "--reconnect", "60")
                self.assertEqual(code, 1)
                self.assertIn(text, err)
                self.assertEqual((err.count("\n"), proxy.connections), (1, 1))

    def test_insecure_takes_any(self):
        with self.proxy("other") as proxy:
            self.assertEqual(self.run_client(proxy, "--insecure")[0], 0)

    def test_tls_1_2_is_too_old(self):
        with self.proxy(most=ssl.TLSVersion.TLSv1_2) as proxy:
            code, _, err = self.run_client(proxy, "--insecure")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"no connection to 127\.0\.0\.1 port \d+: TLS: .*(protocol|version)")

    def test_alpn(self):
        """A load balancer may know nothing of ALPN."""
        with self.proxy(alpn=()) as proxy:
            self.assertEqual(self.run_client(proxy, "--insecure")[0], 0)
            self.assertEqual(proxy.protocols, [None])

    def test_no_tls_there(self):
        client = Client(self.server.port, 1, "--session", "42", "--tls", "--insecure")
        self.addCleanup(client.stop)
        code, _, err = client.finish("")
        self.assertEqual(code, 1)
        self.assertIn("TLS: ", err)

    def test_resumes(self):
        """Cut in the middle of TLS, without its goodbye."""
        with self.proxy(budgets=[(70, 1 << 60), (1 << 60, 60)]) as proxy:
            code, _, err = self.run_client(proxy, "--insecure", "--reconnect", "60", "--retry", "10",
                                           commands="one\ntwo\nthree\n")
            self.assertEqual((code, err), (0, ""))
            self.assertGreater(proxy.connections, 1)

    def test_key_log(self):
        path = self.path("keys")
        with open(path, "w", encoding="ascii"):
            os.chmod(path, 0o644)
        with self.proxy() as proxy:
            self.assertEqual(self.run_client(proxy, "--insecure", "--key-log", path)[0], 0)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="ascii") as file:
            labels = {line.split()[0] for line in file}
        self.assertLessEqual({"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}, labels)

    def test_files_that_cannot_be_used(self):
        for options in (("--ca", self.path("nothing")), ("--key-log", self.folder.name)):
            client = Client(1, 1, "--session", "42", "--tls", *options)
            self.addCleanup(client.stop)
            code, _, err = client.finish("")
            self.assertEqual((code, err.count("\n")), (4, 1), err)

    def test_options(self):
        for options in (("--ca", "x"), ("--insecure",), ("--key-log", "x"),
                        ("--tls", "--insecure", "--ca", "x"), ("--deliver-to", "x"),
                        ("--resume-input",), ("--retry", "0"), ("--reconnect", "-2000000000000")):
            with self.subTest(options):
                client = Client(1, 1, "--session", "42", *options)
                self.addCleanup(client.stop)
                code, _, err = client.finish("")
                self.assertEqual((code, err.count("\n")), (2, 1), err)


if __name__ == "__main__":
    unittest.main()
