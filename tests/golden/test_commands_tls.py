# SPDX-License-Identifier: GPL-2.0-or-later
"""The latency, text command and binary command protocols over TLS, in real records of OpenSSL."""
import os
import shutil
import tempfile
import unittest

import command_bytes as commands
import one_run
import pcap
import wireshark
from command_bytes import command, error, value
from test_transports import TlsPair

SHOWN = ("latency.value", "latency.rtt", "textcmd.type", "textcmd.params.decoded",
         "textcmd.response_time", "textcmd.error.code", "textcmd.malformed", "bincmd.type",
         "bincmd.text", "bincmd.response_time", "bincmd.continuation")
PROTOCOLS = {"latency", "textcmd", "bincmd"}
OTHER = 47123  # where nothing is registered


class CommandsOverTls(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def decode(self, talk, *options, port, alpn=None):
        """[{field: values}] of the packets that are of the protocols; `talk` is (from the client?,
        record) in turn."""
        capture = pcap.Capture()
        pair = TlsPair(self.folder, pcap.Flow(capture, port=port), alpn)
        for from_client, record in talk:
            if from_client:
                pair.client.write(record)
                pair.to_server()
            else:
                pair.server.write(record)
                pair.to_client()
        path = os.path.join(self.folder, "tls.pcap")
        capture.write(path)
        keys = os.path.join(self.folder, "keys.log")
        os.chmod(keys, 0o644)
        options = ("-o", "tls.keylog_file:" + keys, *one_run.ALONE, *options)
        once, twice = (wireshark.fields(path, [*PROTOCOLS, *SHOWN], *options, *passes)
                       for passes in ((), ("-2",)))
        self.assertEqual(once, twice)
        return [{name: cells for name, cells in row.items() if name not in PROTOCOLS}
                for row in once if PROTOCOLS & set(row)]

    TEXT = ((True, b"ECHO/1\r\nPING/a%20b\r\n"), (False, b"ECHO/1\r\nERROR/404%20no\r\n"))
    TEXT_ROWS = [
        {"textcmd.type": ["ECHO", "PING"], "textcmd.params.decoded": ["1", "a b"]},
        {"textcmd.type": ["ECHO", "ERROR"], "textcmd.params.decoded": ["1", "404 no"],
         "textcmd.response_time": ["0.001000000", "0.001000000"], "textcmd.error.code": ["404"]}]
    BINARY = ((True, command(4, b"hello") + command(1)), (False, command(4, b"hello")),
              (False, error(429, b"too fast")))
    BINARY_ROWS = [
        {"bincmd.type": ["4", "1"], "bincmd.text": ["hello"]},
        {"bincmd.type": ["4"], "bincmd.text": ["hello"], "bincmd.response_time": ["0.001000000"]},
        {"bincmd.type": ["65535"], "bincmd.response_time": ["0.002000000"]}]
    PROBE = ((True, value(7)), (False, value(7)))
    PROBE_ROWS = [{"latency.value": ["7"]},
                  {"latency.value": ["7"], "latency.rtt": ["0.001000000"]}]

    def test_by_port(self):
        self.assertEqual(self.decode(self.TEXT, port=8945), self.TEXT_ROWS)
        self.assertEqual(self.decode(self.BINARY, port=8946), self.BINARY_ROWS)
        self.assertEqual(self.decode(self.PROBE, port=8944), self.PROBE_ROWS)
        self.assertEqual(self.decode(self.PROBE, "-o", f"latency.tls.port:{OTHER}", "-d",
                                     f"tcp.port=={OTHER},tls", port=OTHER), self.PROBE_ROWS)

    def test_by_alpn(self):
        alone = ("--disable-heuristic", "textcmd_tls", "--disable-heuristic", "bincmd_tls")
        for talk, name, rows in ((self.TEXT, "textcmd/1", self.TEXT_ROWS),
                                 (self.BINARY, "bincmd/1", self.BINARY_ROWS),
                                 (self.PROBE, "latency/1", self.PROBE_ROWS)):
            self.assertEqual(self.decode(talk, *alone, port=443, alpn=name), rows)
            self.assertEqual(self.decode(talk, *alone, port=443), [])

    def test_by_heuristic(self):
        for talk, rows, name in ((self.TEXT, self.TEXT_ROWS, "textcmd_tls"),
                                 (self.BINARY, self.BINARY_ROWS, "bincmd_tls")):
            self.assertEqual(self.decode(talk, port=443), rows)
            self.assertEqual(self.decode(talk, port=OTHER), rows)
            self.assertEqual(self.decode(talk, "--disable-heuristic", name, port=443), [])

    def test_the_first_record_decides(self):
        """A claim later on would show the records before it in a second pass alone."""
        for first in (b"EHLO example.test\r\n", b"PI"):
            self.assertEqual(self.decode(((True, first),) + self.TEXT, port=443), [])

    def test_cut_between_records(self):
        lines = ((True, b"PING/a%2"), (True, b"0b\r\nTIME/\r\n"))
        self.assertEqual([row.get("textcmd.type") for row in self.decode(lines, port=8945)
                          if "textcmd.type" in row], [["PING", "TIME"]])
        frame = command(4, b"hello")
        for cut in (3, 7, 10):
            rows = self.decode(((True, frame[:cut]), (True, frame[cut:] + command(1))), port=8946)
            self.assertEqual([row["bincmd.type"] for row in rows if "bincmd.type" in row],
                             [["4", "1"]], cut)

    def test_wrong_bytes_are_passed_over(self):
        rows = self.decode(((True, b"PING/%4\r\n"), (True, b"TIME/\r\n")), port=8945)
        self.assertEqual(["textcmd.malformed" in row for row in rows], [True, False])
        rows = self.decode(((True, b"junk" + command(1)), (True, command(2))), port=8946)
        self.assertEqual([row.get("bincmd.continuation") for row in rows], [["6a756e6b"], None])
        self.assertEqual([row["bincmd.type"] for row in rows], [["1"], ["2"]])


if __name__ == "__main__":
    unittest.main()
