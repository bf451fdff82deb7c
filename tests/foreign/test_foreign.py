# SPDX-License-Identifier: GPL-2.0-or-later
"""No false claims: on traffic of other protocols tshark prints the same with and without Plato.

Every conversation is put into the capture on the port that is usual for it, on one where nothing is
registered, there in small segments as well, and once from its middle on. Each segment that no other
dissector takes is one that the heuristics are asked about.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))

import pcap  # noqa: E402
import plato_bytes as plato  # noqa: E402
import programs  # noqa: E402
import streams  # noqa: E402
import wireshark  # noqa: E402
from recorder import Conversation  # noqa: E402
from test_transports import TlsPair  # noqa: E402

UNREGISTERED = 47123
SEGMENT = 1448
SMALL_SEGMENT = 61
SMALL_TOTAL = 3000  # bytes of a conversation that are sent in small segments

# Nothing of the plugin is left.
DISABLED = [word for name in wireshark.PROTOCOLS for word in ("--disable-protocol", name)]

# Summary lines and everything below them.
SHOW = ("-P", "-V", "-o", "tcp.reassemble_out_of_order:TRUE")


def without_plugin(folder, *arguments):
    """tshark as ordinary user with an empty plugin folder: wireshark.run() but for the plugin."""
    empty = os.path.join(folder, "no-plugins")
    os.makedirs(empty, exist_ok=True)
    script = '. "$0"; plato_find_ordinary_user; exec "${PLATO_AS_USER[@]}" "$@"'
    environment = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", WIRESHARK_PLUGIN_DIR=empty,
                       WIRESHARK_CONFIG_DIR="/nonexistent", HOME="/nonexistent",
                       WIRESHARK_EXTCAP_DIR="/nonexistent")
    done = subprocess.run(["bash", "-c", script,
                           os.path.join(wireshark.ROOT, "tools", "lib", "run.sh"), "tshark",
                           *arguments], capture_output=True, text=True, env=environment,
                          timeout=wireshark.TIMEOUT)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-3000:])
    return done.stdout


def first_part(steps, limit):
    kept = []
    for from_client, data in steps:
        kept.append((from_client, data[:limit]))
        limit -= len(data)
        if limit <= 0:
            break
    return kept


def over_tls(folder, conversation):
    """The same, encrypted; the keys are added to keys.log of the folder."""
    def build(flow):
        pair = TlsPair(folder, flow)
        for from_client, data in conversation.steps:
            if from_client:
                pair.client.write(data)
                pair.to_server(SEGMENT)
            else:
                pair.server.write(data)
                pair.to_client()
    return build


class Recorded:
    """A capture of many flows, decoded in the three ways."""

    def __init__(self, folder, name):
        self.folder = folder
        self.path = os.path.join(folder, name)
        self.capture = pcap.Capture()
        self.flows = []
        self.decoded = []

    def flow(self, name, port, handshake=True):
        self.flows.append(f"{name}, port {port}")
        return pcap.Flow(self.capture, port, 20000 + len(self.flows), handshake)

    def add(self, conversation):
        conversation.write(self.flow(conversation.name, conversation.port), SEGMENT)
        conversation.write(self.flow(conversation.name, UNREGISTERED), SEGMENT)
        small = Conversation("", 0, first_part(conversation.steps, SMALL_TOTAL))
        small.write(self.flow(conversation.name + ", small segments", UNREGISTERED), SMALL_SEGMENT)
        rest = Conversation("", 0, conversation.steps[len(conversation.steps) // 2:])
        rest.write(self.flow(conversation.name + ", from its middle", UNREGISTERED, False), SEGMENT)

    def add_over_tls(self, conversation):
        name = "TLS: " + conversation.name
        over_tls(self.folder, conversation)(self.flow(name, 443))
        over_tls(self.folder, conversation)(self.flow(name, UNREGISTERED))

    def decode(self):
        """[(what was done, options, output)], each pass beginning with tshark without the plugin."""
        if self.decoded:
            return self.decoded
        self.capture.write(self.path)
        arguments = ["-r", self.path, *SHOW]
        keys = os.path.join(self.folder, "keys.log")
        if os.path.exists(keys):
            os.chmod(keys, 0o644)
            arguments += ["-o", "tls.keylog_file:" + keys]
        for passes in ([], ["-2"]):
            self.decoded.append(("without the plugin", passes,
                                 without_plugin(self.folder, *arguments, *passes)))
            self.decoded.append(("with the plugin", passes, wireshark.run(*arguments, *passes)))
            if not passes:
                self.decoded.append(("with the protocol disabled", passes, wireshark.run(
                    *arguments, *DISABLED)))
        return self.decoded

    def differences(self):
        """One line for each way of decoding that is not as without the plugin."""
        found = []
        for how, passes, text in self.decode():
            if how == "without the plugin":
                plain = text.splitlines()
                continue
            for number, (expected, line) in enumerate(zip(plain, text.splitlines()), 1):
                if expected != line:
                    found.append(f"{how} {passes}: line {number}: {expected!r} became {line!r}; "
                                 f"{self.whose(plain, number)}")
                    break
            else:
                if len(plain) != len(text.splitlines()):
                    found.append(f"{how} {passes}: {len(text.splitlines())} lines, not {len(plain)}")
        return found

    def whose(self, lines, number):
        """Which flow the line belongs to: its client port numbers the flows."""
        for line in reversed(lines[:number]):
            for part in line.split():
                if part.isdigit() and 0 < int(part) - 20000 <= len(self.flows):
                    return self.flows[int(part) - 20001]
        return "?"


class Foreign(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)

    def assert_left_alone(self, conversations, over_tls=False):
        recorded = Recorded(self.folder, "foreign.pcap")
        for conversation in conversations:
            recorded.add(conversation)
            if over_tls:
                recorded.add_over_tls(conversation)
        self.assertEqual(recorded.differences(), [])

    def record(self, talk, *arguments, least=100, connections=1):
        """Runs the programs, and makes sure that they talked: something both ways."""
        os.makedirs(os.path.join(self.folder, "work"))
        try:
            conversations = talk(os.path.join(self.folder, "work"), *arguments)
        except programs.Missing as missing:
            if os.environ.get("CI") and not missing.optional:
                raise
            self.skipTest(str(missing))
        talked = [c for c in conversations
                  if c.bytes_of(True) >= 4 and c.bytes_of(False) >= 4 and
                  c.bytes_of(True) + c.bytes_of(False) >= least]
        self.assertGreaterEqual(len(talked), connections,
                                [(c.bytes_of(True), c.bytes_of(False)) for c in conversations])
        return talked

    def test_http(self):
        self.assert_left_alone(self.record(programs.http, connections=4))

    def test_tls(self):
        keys = os.path.join(self.folder, "keys.log")
        recorded = Recorded(self.folder, "openssl.pcap")
        for conversation in self.record(programs.tls, keys, least=1000, connections=4):
            recorded.add(conversation)
        self.assertEqual(recorded.differences(), [])
        for how, passes, text in recorded.decode():
            self.assertIn("Hypertext Transfer Protocol", text, (how, passes))

    def test_ssh(self):
        self.assert_left_alone(self.record(programs.ssh, least=1000))

    def test_smtp(self):
        """Also over TLS: a text protocol of lines is what text commands look like."""
        self.assert_left_alone(self.record(programs.smtp, least=5000, connections=3), True)

    def test_redis(self):
        self.assert_left_alone(self.record(programs.redis, least=500, connections=3))

    def test_postgresql(self):
        self.assert_left_alone(self.record(programs.postgresql, least=300, connections=3))

    def test_mqtt(self):
        self.assert_left_alone(self.record(programs.mqtt, least=50, connections=6))

    def test_dns_over_tcp(self):
        self.assert_left_alone(self.record(programs.dns_over_tcp, least=200))

    def test_text_look_alikes_and_plain_bytes(self):
        self.assert_left_alone(streams.all_of_them())

    def test_look_alikes_inside_tls(self):
        recorded = Recorded(self.folder, "tls.pcap")
        for conversation in streams.look_alikes() + streams.plain_bytes():
            recorded.add_over_tls(conversation)
        self.assertEqual(recorded.differences(), [])


class Control(unittest.TestCase):
    """The same steps on Plato itself find differences, so they would find a false claim."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)

    def assert_claimed(self, add):
        recorded = Recorded(self.folder, "plato.pcap")
        add(recorded)
        found = recorded.differences()
        self.assertEqual([line.split(":")[0] for line in found],
                         ["with the plugin []", "with the plugin ['-2']"], found)

    def test_tcp(self):
        self.assert_claimed(lambda recorded: recorded.add(streams.plato_stream()))

    def test_tls(self):
        self.assert_claimed(lambda recorded: recorded.add_over_tls(streams.plato_stream()))

    def test_websocket(self):
        self.assert_claimed(lambda recorded: recorded.add(
            streams.websocket(streams.plato_stream().steps)))

    def test_commands(self):
        for conversation in streams.command_streams():
            self.assert_claimed(lambda recorded, c=conversation: recorded.add(c))

    def test_commands_over_tls(self):
        for conversation in streams.command_streams():
            self.assert_claimed(lambda recorded, c=conversation: recorded.add_over_tls(c))

    def test_keys_are_used(self):
        recorded = Recorded(self.folder, "keys.pcap")
        recorded.add_over_tls(Conversation("text", 443, [(True, b"a secret word")]))
        for how, passes, text in recorded.decode():
            self.assertIn(b"a secret word".hex(), text, (how, passes))


if __name__ == "__main__":
    unittest.main()
