# SPDX-License-Identifier: GPL-2.0-or-later
"""The server and its clients over TLS, written down by a proxy; tshark reads them with a key log."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import pcap
import wireshark

sys.path.append(os.path.join(wireshark.ROOT, "tests", "foreign"))
from recorder import Recorder  # noqa: E402

PROGRAMS = os.path.join(os.environ["PLATO_BUILD"], "server")
TLS_PORTS = {"latency": 8944, "text": 8945, "binary": 8946}  # as they usually are
OTHER_PORT = 47123  # where nothing is registered: ALPN says


class Live(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.keys = {who: os.path.join(self.folder, who) for who in ("server", "client")}
        self.server = subprocess.Popen(
            [os.path.join(PROGRAMS, "plato-server"), "--store", "none", "--port", "0", "--tls-port",
             "0", "--tls-self-signed", "--insecure-keylog", self.keys["server"],
             *(word for kind in TLS_PORTS for word in (f"--{kind}-tls-port", "0"))],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.stop)
        self.ports = {}
        while len(self.ports) < 3:
            line = self.server.stdout.readline()
            self.assertTrue(line, "the server has ended")
            found = re.match(r"listening for (\w+) with TLS on .*:(\d+)$", line)
            if found:
                self.ports[found[1]] = int(found[2])

    def stop(self):
        self.server.terminate()
        self.server.wait(20)
        self.server.stdout.close()

    def talk(self, kind, program, *arguments):
        """What was said, as recorded; the client writes down its keys as well."""
        with Recorder(kind, TLS_PORTS[kind], self.ports[kind]) as r:
            done = subprocess.run(
                [os.path.join(PROGRAMS, program), "127.0.0.1", "--port", str(r.port), "--tls",
                 "--insecure", "--key-log", self.keys["client"], *arguments],
                capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return r.conversations

    def decode(self, conversations, names, port=None, keys="server"):
        capture = pcap.Capture()
        for number, conversation in enumerate(conversations):
            flow = pcap.Flow(capture, port or conversation.port, 30000 + number)
            conversation.write(flow, 1448)
        path = os.path.join(self.folder, "live.pcap")
        capture.write(path)
        os.chmod(self.keys[keys], 0o644)
        rows = wireshark.fields(path, names, "-2", "-o", "tls.keylog_file:" + self.keys[keys])
        return [row for row in rows if row]

    def test_with_both_key_logs(self):
        talks = self.talk("text", "plato-cmd", "PING", "a secret word") + \
            self.talk("binary", "plato-cmd", "--binary", "PING", "another one") + \
            self.talk("latency", "plato-ping", "--tcp-long", "--interval", "0", "--count", "3")
        names = ["textcmd.params.decoded", "bincmd.text", "latency.rtt"]
        for keys in "server", "client":
            for port in None, OTHER_PORT:
                rows = self.decode(talks, names, port, keys)
                self.assertEqual([row["textcmd.params.decoded"] for row in rows
                                  if "textcmd.params.decoded" in row], [["a secret word"]] * 2)
                self.assertEqual([row["bincmd.text"] for row in rows if "bincmd.text" in row],
                                 [["another one"]] * 2)
                self.assertEqual(sum("latency.rtt" in row for row in rows), 3)
        for conversation in talks:
            for _, data in conversation.steps:
                self.assertNotIn(b"secret", data)


if __name__ == "__main__":
    unittest.main()
