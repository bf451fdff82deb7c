# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared by the tests of listeners and TLS: TLS peers, and a server that prints more addresses."""
import re
import socket
import ssl
import urllib.request

import plato


class EdgeServer(plato.Server):
    """Reads the lines that the options make the server print, into tls_port and so on."""

    LINES = {"--tls-self-signed": (("tls_port", r"listening with TLS on .*:(\d+)"),
                                   ("fingerprint", r"certificate SHA-256 ([0-9A-F:]{95})")),
             "--latency-port": (("latency_port", r"listening for latency on .*:(\d+) \(UDP and TCP\)"),),
             "--latency-tls-port": (("latency_tls_port",
                                     r"listening for latency with TLS on .*:(\d+)"),),
             "--text-port": (("text_port", r"listening for text on .*:(\d+)"),),
             "--text-tls-port": (("text_tls_port", r"listening for text with TLS on .*:(\d+)"),),
             "--binary-port": (("binary_port", r"listening for binary on .*:(\d+)"),),
             "--binary-tls-port": (("binary_tls_port",
                                    r"listening for binary with TLS on .*:(\d+)"),),
             "--metrics": (("metrics_port", r"metrics on http://127\.0\.0\.1:(\d+)/metrics"),)}

    def __init__(self, *options, **more):
        if "--tls-self-signed" in options:
            options += ("--tls-port", "0")
        super().__init__(*options, **more)

    def __enter__(self):
        super().__enter__()
        for option, lines in self.LINES.items():
            for name, pattern in lines if option in self.options else ():
                line = self.process.stdout.readline().strip()
                found = re.fullmatch(pattern, line)
                assert found, f"{line!r} is not {pattern!r}"
                setattr(self, name, found[1])
        return self

    def page(self):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=plato.PATIENCE) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            return answer.read().decode("ascii")

    def metrics(self):
        return dict((name, float(value)) for name, value in
                    re.findall(r"^([a-z]\S*) (\S+)$", self.page(), re.M))

    def tls_peer(self, **more):
        return TlsPeer(int(self.tls_port), **more)


def context(alpn=("plato/1",), most=None):
    """Checks nothing: the tests look at the certificate by themselves."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if alpn:
        made.set_alpn_protocols(list(alpn))
    if most:
        made.maximum_version = most
    return made


def connect(port, source="127.0.0.1"):
    connection = socket.socket()
    connection.settimeout(plato.PATIENCE)
    try:
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", port))
    except OSError:
        connection.close()
        raise
    return connection


class TlsPeer(plato.Peer):
    """Holds TLS in its hands: bytes can be collected, and close_notify sent, before any leaves."""

    def __init__(self, port, **more):
        super().__init__(port)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(**more).wrap_bio(self.incoming, self.outgoing)
        self.ended_cleanly = False
        try:
            self.shake_hands()
        except (OSError, ssl.SSLError):
            self.socket.close()
            raise

    def shake_hands(self):
        while not self.done(self.tls.do_handshake):
            self.flush()
            if not self.more():
                raise ConnectionError("closed in the handshake")
        self.flush()

    def done(self, call):
        try:
            call()
            return True
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            self.flush()  # the alert
            raise

    def flush(self):
        self.socket.sendall(self.outgoing.read())

    def more(self):
        """Bytes from the socket; False at its end."""
        data = self.socket.recv(65536)
        self.incoming.write(data) if data else self.incoming.write_eof()
        return bool(data)

    def send(self, data, flush=True):
        self.tls.write(data)
        if flush:
            self.flush()

    def send_close(self):
        """close_notify, with all that is collected before it in one write."""
        self.done(self.tls.unwrap)
        self.flush()

    def fill(self):
        while True:
            try:
                data = self.tls.read(65536)
                self.ended_cleanly = not data
                self.buffer += data
                return bool(data)
            except ssl.SSLZeroReturnError:
                self.ended_cleanly = True
                return False
            except ssl.SSLWantReadError:
                self.more()
            except ssl.SSLError:  # the end of TCP, or the alert that the server answered one with
                return False
