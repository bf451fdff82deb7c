# SPDX-License-Identifier: GPL-2.0-or-later
"""Every field of the plugin is found by a filter, by `-T fields` and in a column.

The committed captures show most of them; what is left stands in a capture made here.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import command_bytes as commands
import golden
import pcap
import plato_bytes as plato
import test_variant
import wireshark
from command_bytes import command, error, value
from plato_bytes import data, frame, number

COMMITTED = [os.path.join(wireshark.ROOT, "captures", name)
             for name in ("first-chat.pcapng", "trouble.pcapng")]
COMMITTED_WEBSOCKET = os.path.join(wireshark.ROOT, "captures", "websocket.pcapng")

# A compiled schema: message Order { int64 amount = 1; }
SCHEMA = data(1, data(1, "order.proto") + data(12, "proto3") + data(4, data(1, "Order") + data(
    2, data(1, "amount") + number(3, 1) + number(4, 1) + number(5, 3))))


def write_rest(path):
    capture = pcap.Capture()
    talk = pcap.Flow(capture, client_port=30000)
    talk.client(plato.login(body=data(1, "token") + data(2, b"\xff") + number(17, 1)))
    talk.client(frame(plato.SYNC, number(1, 42) + number(2, 1) + number(3, 9)))
    talk.client(plato.up() + frame(99, b"head") + plato.up(version=9))
    talk.client(frame(plato.UP, b"\xff" * 12) + b"neither" + plato.up(client_id=2))
    talk.client(plato.up(client_id=3), record=False)
    talk.client(plato.up(client_id=4))
    talk.server(frame(plato.PUSH, number(1, 9) + number(2, 42), data(1, "no number")))
    pcap.Flow(capture, client_port=30001).client(b"\1\4\x7f\xff\xff\xff" + bytes(8))
    pcap.Flow(capture, client_port=30002).client(
        test_variant.up(5, "room", conn_id=100000000000 << 16))
    silent = pcap.Flow(capture, client_port=30006)
    silent.client(plato.login())
    silent.server(frame(plato.PUSH, number(1, 1) + number(2, 42)))
    for _ in range(4):
        silent.server(frame(plato.PUSH, number(1, 2) + number(2, 42)), record=False)
        silent.client(frame(plato.HEARTBEAT))
        capture.pause(1)
    capture.write(path)


def write_commands(path):
    """Every field of the latency and command protocols."""
    capture = pcap.Capture()
    probes = pcap.Datagrams(capture, commands.LATENCY)
    probes.client(value(1))
    capture.pause(5)
    probes.server(value(1))
    probes.client(value(2))
    probes.client(b"three")
    probes.server(value(9))
    probes.server(b"three")
    probes.server(value(2))
    lost = pcap.Datagrams(capture, commands.LATENCY, client_port=40002)
    lost.client(value(1))
    kept = pcap.Flow(capture, commands.LATENCY, client_port=30005)
    kept.client(value(1))
    kept.server(value(1))
    text = pcap.Flow(capture, commands.TEXTCMD, client_port=30003)
    text.client(b"ECHO/1\r\nECHO/a\r\nHELLO/a=b\r\nPI")
    capture.pause(41)
    text.client(b"NG/x\r\nPING\r\n" + b"T" * 33 + b"/\r\n")
    text.server(b"ECHO/2\r\n" + b"ERROR/404%20no\r\n" * 5 + b"ECHO/3\r\n")
    text.client(b"PING/", captured=3)
    text.client(b"lost", record=False)
    text.client(b"a\r\n")
    binary = pcap.Flow(capture, commands.BINCMD, client_port=30004)
    binary.client(b"junk" + command(0, value(1)) + command(0, b"a") + command(9, b"text") +
                  command(4, b"ab")[:9])
    capture.pause(41)
    binary.client(b"b" + command(4, length=5000) + b"rest")
    binary.server(command(0, value(2)) + error(404, b"no") + command(0xFFFF) + command(4, b"ab") +
                  error(413) + command(1) + command(2))
    binary.client(command(4, b"hello"), captured=10)
    capture.pause(300)
    kept.client(value(2))
    capture.write(path)


class Reachable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = wireshark.plato_fields()
        folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        schema, rest, small = (os.path.join(folder, name)
                               for name in ("order.pb", "rest.pcap", "commands.pcap"))
        with open(schema, "wb") as out:
            out.write(SCHEMA)
        write_rest(rest)
        write_commands(small)
        lost = os.path.join(folder, "lost.pcapng")
        subprocess.run(["editcap", COMMITTED_WEBSOCKET, lost, "39"], check=True, capture_output=True)
        # each with its options, and with what `-T fields` shows in each packet
        cls.captures = [(path, ("-2", *golden.options_of(path.rsplit(".", 1)[0])))
                        for path in COMMITTED]
        cls.captures.append((rest, ("-2", "-o", f"plato.descriptor_set:{schema}", "-o",
                                    'uat:plato_body_types:"PUSH","Order"')))
        cls.captures.append((lost, ("-2",)))
        cls.captures.append((small, ("-2", "-o", "tcp.reassemble_out_of_order:FALSE")))
        cls.rows = [wireshark.fields(path, cls.names, *options) for path, options in cls.captures]

    def packets_with(self):
        """For each capture: {name: in how many packets it is}."""
        return [{name: sum(name in row for row in rows) for name in self.names}
                for rows in self.rows]

    def test_as_field(self):
        self.assertGreater(len(self.names), 70)
        shown = {name for rows in self.rows for row in rows for name in row}
        self.assertEqual([name for name in self.names if name not in shown], [])

    def test_by_filter(self):
        # one run for all: a row of counts, a column for each filter
        found = []
        for path, options in self.captures:
            out = wireshark.run("-r", path, *options, "-q", "-z",
                                "io,stat,0," + ",".join(self.names))
            row = [line for line in out.splitlines() if "<>" in line][-1]
            counts = re.findall(r"\d+", row.split("|", 2)[2])
            found.append(dict(zip(self.names, map(int, counts[0::2]))))
        self.assertEqual(found, self.packets_with())

    def test_by_column(self):
        """A column of its own for each, shown as the packet list shows it."""
        columns = ",".join(f'"{name}","%Cus:{name}:0:R"' for name in self.names)
        found = []
        for path, options in self.captures:
            out = wireshark.run("-r", path, *options, "-o", "gui.column.format:" + columns,
                                "-T", "tabs")
            cells = [line.split("\t") for line in out.splitlines()]
            found.append({name: sum(bool(row[index].strip()) for row in cells)
                          for index, name in enumerate(self.names)})
        self.assertEqual(found, self.packets_with())


if __name__ == "__main__":
    unittest.main()
