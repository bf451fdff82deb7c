# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS with real records made by OpenSSL, and WebSocket."""
import os
import shutil
import ssl
import struct
import subprocess
import tempfile
import unittest

import one_run
import pcap
import plato_bytes as plato
import wireshark

NAMES = ["plato.up.client_id", "plato.crc32.status", "plato.framing", "_ws.col.Info",
         "plato.ack.client_id"]


class TlsPair:
    """A TLS 1.3 client and server in memory; what each sends is written into a Flow."""

    def __init__(self, folder, flow, alpn=None):
        certificate = os.path.join(folder, "certificate.pem")
        if not os.path.exists(certificate):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                            "/CN=localhost", "-keyout", certificate, "-out", certificate + "0"],
                           check=True, capture_output=True)
            with open(certificate, "a") as out, open(certificate + "0") as extra:
                out.write(extra.read())
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate)
        server.num_tickets = 0
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        client.minimum_version = ssl.TLSVersion.TLSv1_3
        client.keylog_filename = os.path.join(folder, "keys.log")
        if alpn:
            server.set_alpn_protocols([alpn])
            client.set_alpn_protocols([alpn])
        self.flow = flow
        self.c_in, self.c_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.s_in, self.s_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(self.c_in, self.c_out)
        self.server = server.wrap_bio(self.s_in, self.s_out, server_side=True)
        for _ in range(4):
            for side, move in ((self.client, self.to_server), (self.server, self.to_client)):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                move()

    def to_server(self, size=None):
        """Sends what the client has written, in segments of `size`."""
        sent = self.c_out.read()
        self.s_in.write(sent)
        for at in range(0, len(sent), size or max(len(sent), 1)):
            self.flow.client(sent[at:at + (size or len(sent))])

    def to_client(self):
        sent = self.s_out.read()
        self.c_in.write(sent)
        if sent:
            self.flow.server(sent)


class Tls(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def decode(self, write, *options, port=8943, alpn=None):
        capture = pcap.Capture()
        pair = TlsPair(self.folder, pcap.Flow(capture, port=port), alpn)
        write(pair)
        path = os.path.join(self.folder, "tls.pcap")
        capture.write(path)
        keys = ("-o", "tls.keylog_file:" + os.path.join(self.folder, "keys.log"))
        os.chmod(keys[1].split(":", 1)[1], 0o644)
        one = wireshark.fields(path, NAMES, *keys, *one_run.ALONE, *options)
        two = wireshark.fields(path, NAMES, *keys, *one_run.ALONE, *options, "-2")

        def plato_only(rows):
            return [r for r in rows if "plato.framing" in r]

        self.assertEqual(plato_only(one), plato_only(two))
        return plato_only(one)

    def ids(self, rows):
        self.assertEqual({s for r in rows for s in r["plato.crc32.status"]}, {"1"})
        return [int(i) for r in rows for i in r.get("plato.up.client_id", [])]

    def test_several_records_in_a_packet(self):
        def write(pair):
            for i in (1, 2, 3):
                pair.client.write(plato.up(client_id=i))
            pair.to_server()

        rows = self.decode(write)
        self.assertEqual(self.ids(rows), [1, 2, 3])
        self.assertEqual(len(rows), 1)

    def test_a_frame_cut_between_records(self):
        frame = plato.up(client_id=4, body=plato.chat("x" * 500))
        for cut in (1, 13, 14, 20, 300):
            def write(pair):
                pair.client.write(frame[:cut])
                pair.client.write(frame[cut:] + plato.up(client_id=5))
                pair.to_server(700)

            self.assertEqual(self.ids(self.decode(write)), [4, 5], cut)

    def test_a_frame_over_many_packets(self):
        def write(pair):
            pair.client.write(plato.up(client_id=6, body=plato.chat("y" * 40000)))
            pair.client.write(plato.up(client_id=7))
            pair.to_server(1400)

        self.assertEqual(self.ids(self.decode(write)), [6, 7])

    def test_both_directions(self):
        def write(pair):
            pair.client.write(plato.up(client_id=1))
            pair.to_server()
            pair.server.write(plato.frame(plato.ACK, plato.number(3, 4) + plato.number(5, 1)))
            pair.to_client()

        rows = self.decode(write)
        self.assertEqual([r.get("plato.ack.client_id") for r in rows], [None, ["1"]])

    def test_an_impossible_length_does_not_swallow_the_stream(self):
        def write(pair):
            for data in (plato.up(client_id=1), bytes.fromhex("01047fffff000000000000000000"),
                         plato.up(client_id=2)):
                pair.client.write(data)
                pair.to_server()

        rows = self.decode(write)
        self.assertEqual([i for r in rows for i in r.get("plato.up.client_id", [])], ["1", "2"])

    @staticmethod
    def one_frame(pair):
        pair.client.write(plato.up(client_id=9))
        pair.to_server()

    def test_alpn(self):
        self.assertEqual(self.ids(self.decode(self.one_frame, "--disable-heuristic", "plato_tls",
                                              "-d", "tcp.port==47123,tls", port=47123,
                                              alpn="plato/1")), [9])

    def test_heuristic_on_another_tls_port(self):
        self.assertEqual(self.ids(self.decode(self.one_frame, port=443)), [9])

    def test_heuristic_can_be_switched_off(self):
        self.assertEqual(self.decode(self.one_frame, "--disable-heuristic", "plato_tls", port=443),
                         [])

    def test_decode_as(self):
        self.assertEqual(self.ids(self.decode(
            self.one_frame, "--disable-heuristic", "plato_tls", "-d", "tls.port==443,plato",
            port=443)), [9])


class WebSocket(unittest.TestCase):
    UPGRADE = ("GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "{protocol}Sec-WebSocket-Version: 13\r\n\r\n")
    SWITCH = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "{protocol}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")

    @staticmethod
    def message(payload, masked):
        mask = b"\x11\x22\x33\x44" if masked else b""
        bit = 0x80 if masked else 0
        if len(payload) < 126:
            head = struct.pack(">BB", 0x82, bit | len(payload))
        else:
            head = struct.pack(">BBH", 0x82, bit | 126, len(payload))
        if masked:
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        return head + mask + payload

    def decode(self, *messages, protocol="plato", one_segment=False, options=()):
        line = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""

        def build(flow):
            flow.client(self.UPGRADE.format(protocol=line).encode())
            flow.server(self.SWITCH.format(protocol=line).encode())
            sent = [self.message(m, True) for m in messages]
            for segment in [b"".join(sent)] if one_segment else sent:
                flow.client(segment)

        rows = one_run.decode_flow(build, NAMES, *options, port=80)
        return [r for r in rows if "plato.framing" in r]

    def ids(self, rows):
        return [int(i) for r in rows for i in r.get("plato.up.client_id", [])]

    def test_subprotocol(self):
        rows = self.decode(plato.up(client_id=1), plato.up(client_id=2) + plato.up(client_id=3))
        self.assertEqual(self.ids(rows), [1, 2, 3])

    def test_heuristic(self):
        for options, expected in (((), [1]), (("--disable-heuristic", "plato_ws"), [])):
            self.assertEqual(self.ids(self.decode(plato.up(client_id=1), protocol=None,
                                                  options=options)), expected)

    def test_a_frame_over_messages(self):
        frame = plato.up(client_id=4, body=plato.chat("z" * 300))
        second = plato.up(client_id=5)
        for cuts in ((1,), (14,), (100,), (5, 13, 14, 200), tuple(range(10, 340, 10))):
            pieces = [frame[a:b] for a, b in zip((0,) + cuts, cuts + (len(frame),))]
            pieces[-1] += second[:9]
            rows = self.decode(*pieces, second[9:] + plato.up(client_id=6))
            self.assertEqual(self.ids(rows), [4, 5, 6], cuts)
            self.assertEqual({s for r in rows for s in r["plato.crc32.status"]}, {"1"})

    def test_messages_of_one_segment(self):
        frame = plato.up(client_id=4)
        rows = self.decode(frame[:5], frame[5:], plato.up(client_id=5), one_segment=True)
        self.assertEqual(self.ids(rows), [4, 5])


if __name__ == "__main__":
    unittest.main()
