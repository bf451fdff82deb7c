# SPDX-License-Identifier: GPL-2.0-or-later
"""The profile "Plato": tshark takes it as it is, and every filter in it is one."""
import csv
import os
import re
import shutil
import tempfile
import unittest

import command_bytes as commands
import pcap
import wireshark

PROFILE = os.path.join(wireshark.ROOT, "plugin", "profile", "Plato")
CAPTURE = os.path.join(wireshark.ROOT, "captures", "first-chat.pcapng")


def lines(name):
    with open(os.path.join(PROFILE, name), encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]


class Profile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(PROFILE, os.path.join(self.folder, "profiles", "Plato"))
        os.chmod(self.folder, 0o755)

    def tshark(self, *arguments):
        return wireshark.with_settings(self.folder, *arguments)

    def test_it_loads_without_a_word_and_shows_its_columns(self):
        done = self.tshark("-C", "Plato", "-r", CAPTURE, "-Y", "frame.number == 27")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(wireshark.words_of(done.stderr), [])
        # stream, type, session and message id of the PUSH, from the profile's own columns
        self.assertRegex(done.stdout, r"\b2\s+PUSH\s+42\s+1\b")

    def test_type_and_time_of_the_other_protocols(self):
        capture = pcap.Capture()
        text = pcap.Flow(capture, commands.TEXTCMD, 40001)
        binary = pcap.Flow(capture, commands.BINCMD, 40002)
        probes = pcap.Datagrams(capture, commands.LATENCY)
        for ends, sent in ((text, b"ECHO/1\r\n"), (binary, commands.command(0, commands.value(1))),
                           (probes, commands.value(1))):
            ends.client(sent)
            ends.server(sent)
        path = os.path.join(self.folder, "commands.pcap")
        capture.write(path)
        os.chmod(path, 0o644)
        shown = self.tshark("-C", "Plato", "-r", path).stdout
        for line in (r"\bECHO\s+0\.001\d+\s+ECHO/1", r"\bECHO\s+0\.001\d+\s+ECHO 1",
                     r"\s0\.001\d+\s+Reply 1"):
            self.assertRegex(shown, line)

    def test_every_filter_is_one(self):
        filters = [line.split("@")[2] for line in lines("colorfilters")]
        filters += [row[2] for row in csv.reader(lines("dfilter_buttons"))]
        self.assertEqual(len(filters), 22)
        joined = " || ".join(f"({f})" for f in filters)
        self.assertEqual(self.tshark("-r", CAPTURE, "-c", "1", "-Y", joined).returncode, 0)

    def test_every_column_has_its_width(self):
        """Wireshark matches them by their names, newer versions by their order."""
        columns = [re.sub(":0:R$", "", row[1]) for row in
                   csv.reader(lines("preferences"), skipinitialspace=True) if len(row) == 3]
        widths = [row[0] for row in csv.reader(lines("recent"), skipinitialspace=True)
                  if len(row) > 1 and row[1].isdigit()]
        columns.append("%i")  # the last line has no comma after it
        self.assertEqual(len(columns), 10)
        self.assertEqual([name.strip("\t\"") for name in widths], columns)

    def test_every_graph_can_be_drawn(self):
        """What Wireshark 4.0 takes, newer versions take too; what is wrong it reports in a window."""
        graphs = list(csv.reader(lines("io_graphs")))
        known = set(wireshark.plato_fields())
        self.assertEqual(len({name for _, name, *_ in graphs}), 15)
        for enabled, name, _, color, style, axis, field, average, factor in graphs:
            self.assertIn(enabled, ("Enabled", "Disabled"), name)
            self.assertRegex(color, "^#[0-9a-f]{6}$", name)
            self.assertIn(style, ("Line", "Impulse", "Bar", "Stacked Bar", "Dot", "Square",
                                  "Diamond", "Cross", "Circle", "Plus"), name)
            self.assertIn(axis, ("Packets", "COUNT FIELDS(Y Field)", "MAX(Y Field)",
                                 "AVG(Y Field)"), name)
            self.assertEqual(axis == "Packets", field == "", name)
            self.assertIn(field, known | {""}, name)
            self.assertEqual((average, factor), ("None", "1"), name)
        joined = " || ".join(f"({row[2]})" for row in graphs if row[2])
        self.assertEqual(self.tshark("-r", CAPTURE, "-c", "1", "-Y", joined).returncode, 0)


if __name__ == "__main__":
    unittest.main()
