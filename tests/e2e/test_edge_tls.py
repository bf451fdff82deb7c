# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS: what is spoken, certificates, the key log, and the ends of connections."""
import hashlib
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import edge
import plato
from plato import up

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import pcap  # noqa: E402


class Handshake(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = edge.EdgeServer("--tls-self-signed", "--metrics", "0")
        cls.server.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_version_and_protocol(self):
        with self.server.tls_peer() as peer:
            self.assertEqual(peer.tls.version(), "TLSv1.3")
            self.assertEqual(peer.tls.selected_alpn_protocol(), "plato/1")
            peer.log_in(1, [42])

    def test_protocol_among_others_or_none(self):
        for offered, chosen in ((("h2", "plato/1"), "plato/1"), ((), None)):
            with self.subTest(offered), self.server.tls_peer(alpn=offered) as peer:
                self.assertEqual(peer.tls.selected_alpn_protocol(), chosen)
                peer.log_in(1, [42])

    def test_another_protocol_is_refused(self):
        before = self.server.metrics()["plato_tls_failures_total"]
        with self.assertRaisesRegex(ssl.SSLError, "no application protocol"):
            self.server.tls_peer(alpn=("h2", "plato/2"))
        self.assertEqual(self.server.metrics()["plato_tls_failures_total"], before + 1)

    def test_older_version_is_refused(self):
        with self.assertRaisesRegex(ssl.SSLError, "protocol version"):
            self.server.tls_peer(most=ssl.TLSVersion.TLSv1_2)

    def test_plain_bytes_are_refused(self):
        before = self.server.metrics()["plato_tls_failures_total"]
        with plato.Peer(int(self.server.tls_port)) as peer:
            peer.send(plato.login(1))
            while peer.fill():
                pass
        self.assertEqual(self.server.metrics()["plato_tls_failures_total"], before + 1)

    def test_no_session_tickets(self):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.tls_port}", "-alpn",
             "plato/1", "-msg"], input="", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=plato.PATIENCE, check=False)
        self.assertIn("Finished", done.stdout)
        self.assertIn("ALPN protocol: plato/1", done.stdout)
        self.assertNotIn("NewSessionTicket", done.stdout)

    def test_fingerprint(self):
        with self.server.tls_peer() as peer:
            digest = hashlib.sha256(peer.tls.getpeercert(True)).hexdigest().upper()
        self.assertEqual(self.server.fingerprint.replace(":", ""), digest)

    def test_large_frames(self):
        """Many records each, both ways, and more than one goes on at a time."""
        body = os.urandom(300000)
        with self.server.tls_peer() as one, self.server.tls_peer() as two:
            one.log_in(11, [77]), two.log_in(12, [77])
            for i in range(1, 6):
                one.send(up(i, 77, body))
                self.assertEqual(two.receive().body, body)
                two.send(plato.push_ack(77, i))
                self.assertEqual(one.receive().msg_id, i)


class Limits(unittest.TestCase):
    def test_handshake_within_the_first_frame_time(self):
        with edge.EdgeServer("--tls-self-signed", "--first-frame-timeout", "1") as server:
            with plato.Peer(int(server.tls_port)) as peer:
                begin = time.monotonic()
                self.assertFalse(peer.fill())
                self.assertGreater(time.monotonic() - begin, 0.95)

    def test_one_too_many_costs_no_handshake(self):
        with edge.EdgeServer("--tls-self-signed", "--metrics", "0", "--max-connections",
                             "1") as server:
            with server.tls_peer() as peer:
                peer.log_in(1)
                with self.assertRaises((ConnectionError, ssl.SSLError)):
                    server.tls_peer()
                seen = server.metrics()
        self.assertEqual(seen["plato_tls_handshakes_total"], 1)
        self.assertEqual(seen['plato_turned_away_total{limit="connections"}'], 1)

    def test_only_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, name) for name in ("cert.pem", "key.pem")]
            process = subprocess.Popen(
                [plato.SERVER, "--no-plain", "--tls-port", "0", "--tls-self-signed", "--tls-cert",
                 files[0], "--tls-key", files[1]], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, env={**os.environ, "STATE_DIRECTORY": folder})
            try:
                line = process.stdout.readline()
                self.assertRegex(line, r"^listening with TLS on 127\.0\.0\.1:\d+$")
                with edge.TlsPeer(int(line.rsplit(":", 1)[1])) as peer:
                    peer.log_in(1)
            finally:
                process.terminate()
                self.assertEqual(process.wait(plato.PATIENCE), 0)
                process.stdout.close()


class Certificates(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.cert, self.key = (os.path.join(self.folder.name, name) for name in ("c.pem", "k.pem"))
        self.options = ("--tls-self-signed", "--tls-cert", self.cert, "--tls-key", self.key)

    def tearDown(self):
        self.folder.cleanup()

    def test_files_are_made_once_and_fit_the_names(self):
        seen = []
        for _ in range(2):
            with edge.EdgeServer(*self.options) as server:
                seen.append(server.fingerprint)
                for name in ("localhost", "127.0.0.1"):
                    checking = ssl.create_default_context(cafile=self.cert)
                    with edge.connect(int(server.tls_port)) as raw, \
                            checking.wrap_socket(raw, server_hostname=name) as peer:
                        self.assertEqual(peer.version(), "TLSv1.3")
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)

    def test_neither_is_left_when_one_cannot_be_made(self):
        """A key without its certificate would keep the next start from making both."""
        nowhere = os.path.join(self.folder.name, "none", "c.pem")
        done = subprocess.run(
            [plato.SERVER, "--port", "0", "--store", "none", "--tls-port", "0", "--log-level",
             "error", "--tls-self-signed", "--tls-cert", nowhere, "--tls-key", self.key],
            capture_output=True, text=True, timeout=plato.PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "cannot create .*none/c.pem: No such file")
        self.assertFalse(os.path.exists(self.key))
        with edge.EdgeServer(*self.options):
            self.assertTrue(os.path.exists(self.key))

    def test_new_certificate_on_sighup(self):
        with edge.EdgeServer(*self.options) as server:
            for path in (self.cert, self.key):
                os.unlink(path)
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-days", "2", "-subj", "/CN=second", "-keyout", self.key, "-out",
                 self.cert], check=True, stderr=subprocess.DEVNULL, timeout=plato.PATIENCE)
            with open(self.cert, encoding="ascii") as file:
                second = ssl.PEM_cert_to_DER_cert(file.read())
            server.process.send_signal(1)

            def offered():
                with server.tls_peer() as peer:
                    return peer.tls.getpeercert(True)
            plato.wait_until(lambda: offered() == second, "the new certificate")
            with open(self.cert, "w", encoding="ascii") as file:
                file.write("no certificate\n")
            server.process.send_signal(1)
            time.sleep(0.2)
            self.assertEqual(offered(), second)  # a bad one leaves the old one
            self.assertRegex(server.stop(), "level=error msg=\"not read anew.*c.pem")

    def test_bad_files(self):
        with open(self.cert, "w", encoding="ascii") as file:
            file.write("nothing\n")
        pipe = os.path.join(self.folder.name, "pipe")
        os.mkfifo(pipe)
        for options, text in ((("--tls-cert", self.cert, "--tls-key", self.key), "c.pem"),
                              (("--tls-cert", self.cert), "need each other"),
                              (("--no-plain",), "nothing is left to listen on"),
                              (("--insecure-keylog", self.key), "needs TLS"),
                              (("--tls-self-signed", "--insecure-keylog", pipe), "the key log"),
                              (("--tls-self-signed", "--insecure-keylog", "/dev/null"),
                               "no regular file")):
            with self.subTest(options):
                done = subprocess.run([plato.SERVER, "--port", "0", "--tls-port", "0", "--log-level",
                                       "error", *options],
                                      capture_output=True, text=True, timeout=plato.PATIENCE,
                                      check=False, env={**os.environ, "STATE_DIRECTORY":
                                                        self.folder.name})
                self.assertIn(done.returncode, (1, 2))
                self.assertIn(text, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)


    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL,
                       timeout=plato.PATIENCE)

    def test_errors_say_what_is_wrong(self):
        paths = {name: os.path.join(self.folder.name, name)
                 for name in ("other.pem", "secret.pem", "empty.pem", "none.pem")}
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "2", "-subj", "/CN=a", "-keyout", self.key, "-out", self.cert)
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                     paths["other.pem"])
        self.openssl("pkey", "-in", self.key, "-aes256", "-passout", "pass:x", "-out",
                     paths["secret.pem"])
        with open(paths["empty.pem"], "wb"):
            pass
        for cert, key, text in (
                (paths["none.pem"], self.key, "the certificate .*none.pem: No such file or dir"),
                (paths["empty.pem"], self.key, "the certificate .*empty.pem: no start line"),
                (self.cert, paths["none.pem"], "the key .*none.pem: No such file or dir"),
                (self.cert, paths["other.pem"], "the key .*other.pem: key values mismatch"),
                (self.cert, paths["secret.pem"], "the key .*secret.pem: it is encrypted")):
            with self.subTest(text):
                # without a terminal, which might be asked for a passphrase
                done = subprocess.run([plato.SERVER, "--port", "0", "--store", "none", "--tls-port",
                                       "0", "--log-level", "error", "--tls-cert", cert, "--tls-key",
                                       key], capture_output=True, text=True, check=False,
                                      stdin=subprocess.DEVNULL, timeout=plato.PATIENCE,
                                      start_new_session=True)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, rf"^plato-server: cannot use {text}.*\n$")
                self.assertEqual(done.stdout, "")


class Ends(unittest.TestCase):
    """What a client wrote arrives, however it ends; and what the server wrote does."""

    def write_then(self, end, n=2000):
        """Writes n UPs and ends without having read one answer; the other member gets all."""
        with edge.EdgeServer("--tls-self-signed", "--metrics", "0", "--rate", "0",
                             "--address-rate", "0") as server:
            with server.tls_peer() as reader:
                reader.log_in(1, [42])
                with server.tls_peer() as writer:
                    writer.log_in(2, [42])
                    for i in range(1, n + 1):
                        writer.send(up(i, 42, b"x" * 20), flush=False)
                    end(writer)
                for i in range(1, n + 1):
                    self.assertEqual(reader.receive().msg_id, i)
                    reader.send(plato.push_ack(42, i))
                return server.metrics()

    def test_write_then_close(self):
        seen = self.write_then(lambda writer: writer.send_close())
        self.assertEqual(seen["plato_tls_truncations_total"], 0)

    def test_write_then_break_off(self):
        """No close_notify: counted as truncation, unless TCP was reset before."""
        seen = self.write_then(lambda writer: writer.flush())
        self.assertLessEqual(seen["plato_tls_truncations_total"], 1)

    def test_truncation_is_counted(self):
        with edge.EdgeServer("--tls-self-signed", "--metrics", "0") as server:
            with server.tls_peer() as peer:
                peer.log_in(1)
                peer.socket.shutdown(socket.SHUT_WR)
                self.assertIsNone(peer.receive())
            plato.wait_until(lambda: server.metrics()["plato_connections"] == 0, "its end")
            self.assertEqual(server.metrics()["plato_tls_truncations_total"], 1)
            self.assertIn("ended without close_notify", server.stop())

    def test_half_close(self):
        """After the client's close_notify its requests are answered, then comes the server's."""
        with edge.EdgeServer("--tls-self-signed", "--metrics", "0") as server:
            with server.tls_peer() as peer:
                peer.send(plato.login(1, [42]), flush=False)
                for i in range(1, 51):
                    peer.send(up(i, 42), flush=False)
                peer.send_close()
                self.assertEqual([peer.receive().code for _ in range(51)], [plato.OK] * 51)
                self.assertIsNone(peer.receive())
                self.assertTrue(peer.ended_cleanly)
            self.assertEqual(server.metrics()["plato_tls_truncations_total"], 0)

    def test_server_says_goodbye(self):
        with edge.EdgeServer("--tls-self-signed") as server, server.tls_peer() as peer:
            peer.send(plato.frame(plato.HEARTBEAT)[:-1] + b"\0")
            self.assertEqual(peer.receive().code, plato.BAD_CRC)
            self.assertIsNone(peer.receive())
            self.assertTrue(peer.ended_cleanly)


class Recorder:
    """Passes one connection on, and keeps a capture of it."""

    def __init__(self, port):
        self.port = port
        self.capture = pcap.Capture()
        self.flow = pcap.Flow(self.capture, port=8943)
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.client = self.server = None

    def run(self):
        self.client, _ = self.listener.accept()
        self.server = edge.connect(self.port)
        self.threads = [threading.Thread(target=self.carry, args=args) for args in
                        ((self.client, self.server, self.flow.client),
                         (self.server, self.client, self.flow.server))]
        for thread in self.threads:
            thread.start()

    def carry(self, source, to, record):
        while data := source.recv(1400):
            with self.lock:
                record(data)
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)

    def close(self):
        for thread in self.threads:
            thread.join(plato.PATIENCE)
        for each in (self.client, self.server, self.listener):
            each.close()


class KeyLog(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.keys = os.path.join(self.folder.name, "keys.log")

    def tearDown(self):
        self.folder.cleanup()

    def test_mode_warning_and_append(self):
        for n in (1, 2):
            with edge.EdgeServer("--tls-self-signed", "--insecure-keylog", self.keys) as server:
                with server.tls_peer() as peer:
                    peer.log_in(1)
                self.assertIn("level=warning msg=\"THE SECRETS OF ALL TLS", server.stop())
            self.assertEqual(stat.S_IMODE(os.stat(self.keys).st_mode), 0o600)
            with open(self.keys, encoding="ascii") as file:
                lines = file.read().splitlines()
            self.assertEqual(sum("CLIENT_TRAFFIC_SECRET_0" in line for line in lines), n)

    def test_none_without_the_option(self):
        with edge.EdgeServer("--tls-self-signed") as server, server.tls_peer() as peer:
            peer.log_in(1)
        self.assertFalse(os.path.exists(self.keys))

    @unittest.skipUnless(shutil.which("tshark"), "no tshark")
    def test_tshark_decrypts(self):
        with edge.EdgeServer("--tls-self-signed", "--insecure-keylog", self.keys) as server:
            recorder = Recorder(int(server.tls_port))
            starter = threading.Thread(target=recorder.run)
            starter.start()
            with edge.TlsPeer(recorder.listener.getsockname()[1]) as peer:
                starter.join(plato.PATIENCE)
                peer.log_in(1001, [42])
                peer.send_close()
                self.assertIsNone(peer.receive())
            recorder.close()
        path = os.path.join(self.folder.name, "tls.pcap")
        recorder.capture.write(path)
        done = subprocess.run(
            ["tshark", "-r", path, "-o", f"tls.keylog_file:{self.keys}", "-d",
             "tcp.port==8943,tls", "-q", "-z", "follow,tls,raw,0"], capture_output=True, text=True,
            timeout=60, check=False, env={**os.environ, "HOME": self.folder.name})
        self.assertIn(plato.login(1001, [42]).hex(), done.stdout, done.stderr)


if __name__ == "__main__":
    unittest.main()
