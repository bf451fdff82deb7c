# SPDX-License-Identifier: GPL-2.0-or-later
"""What people have saved goes on to work: settings, filters and columns as the first plugin that
could be installed wrote and answered them, and what it read in captures.

saved/ holds files as that plugin's Wireshark writes them; found.json, how many packets it found
with each of the filters in dfilters; fields.json, the values of its fields; columns.txt, what tshark
printed with these settings. They stay what they are. A version that is released gets a folder of its
own, by `test_saved.py --record FOLDER`, with its settings written by hand.
"""
import json
import os
import re
import shutil
import sys
import tempfile
import unittest

import pcap
import plato_bytes as plato
import wireshark

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "saved")
COLUMNS = "trouble"
FILTERED = ("first-chat", "trouble")
FIELDS = ("trouble", "ack-codes", "damaged-up")


def capture(name):
    return os.path.join(wireshark.ROOT, "captures", name + ".pcapng")


def saved(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def filters():
    """name -> filter, of the file dfilters."""
    rows = (line.split('"', 2)[1:] for line in saved("dfilters").splitlines())
    return {name: text.strip() for name, text in rows}


def count(name):
    """How many packets each of the filters finds in a capture."""
    asked = filters()
    answers = wireshark.sharkd(capture(name),
                               [("frames", {"filter": text}) for text in asked.values()])
    return dict(zip(asked, map(len, answers)))


class Settings(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.settings = os.path.join(self.folder, "settings")
        shutil.copytree(FOLDER, self.settings)

    def shown(self, *arguments):
        """The protocols of each packet; nothing may be complained about."""
        done = wireshark.with_settings(self.settings, *arguments, "-T", "fields",
                                       "-e", "frame.protocols")
        self.assertEqual((done.returncode, wireshark.words_of(done.stderr)), (0, []))
        return [row.split(":")[-1] for row in done.stdout.splitlines()]

    def test_preferences(self):
        ask = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "dumpconf",
                          "params": {"pref": "plato"}})
        done = wireshark.with_settings(self.settings, "--program", "sharkd", "-", stdin=ask + "\n")
        self.assertEqual(set(wireshark.words_of(done.stderr)) - {"Hello in child."}, set())
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
        now = json.loads(line)["result"]["prefs"]
        chosen = {name: [c["d"] for c in value["e"] if c.get("s")] for name, value in now.items()
                  if "e" in value}
        self.assertEqual(chosen["plato.crc_coverage"], ["Body only"])
        self.assertEqual(chosen["plato.crc_polynomial"], ["CRC-32C (Castagnoli)"])
        self.assertEqual({name: value for name, value in now.items() if name not in chosen and
                          name in saved("preferences")},
                         {"plato.desegment": {"b": 0}, "plato.verify_crc": {"b": 0},
                          "plato.max_var_head_len": {"u": 4096},
                          "plato.max_msg_len": {"u": 1048576},
                          "plato.tcp.port": {"r": "8900,9000-9010"}})

    def test_columns(self):
        done = wireshark.with_settings(self.settings, "-r", capture(COLUMNS), "-Y", "plato")
        self.assertEqual((done.returncode, wireshark.words_of(done.stderr)), (0, []))
        self.assertEqual([line.split() for line in done.stdout.splitlines()],
                         [line.split() for line in saved("columns.txt").splitlines()])

    def test_ports_and_heuristics(self):
        packets = pcap.Capture()
        for port in (8900, 9005, 47001, 47123):
            pcap.Flow(packets, port=port, handshake=False).client(plato.login(1001))
        path = os.path.join(self.folder, "ports.pcap")
        packets.write(path)
        # by default; by a preference; by Decode As; by the heuristic, which is off
        self.assertEqual(self.shown("-r", path), ["plato", "plato", "plato", "data"])
        os.remove(os.path.join(self.settings, "heuristic_protos"))
        self.assertEqual(self.shown("-r", path), ["plato", "plato", "plato", "plato"])
        with open(os.path.join(self.settings, "disabled_protos"), "w", encoding="utf-8") as file:
            file.write("plato\n")
        self.assertEqual(self.shown("-r", path), ["data"] * 4)

    def test_colours(self):
        done = wireshark.with_settings(self.settings, "-r", capture(COLUMNS), "-T", "fields",
                                       "-e", "frame.coloring_rule.name", "--color")
        self.assertEqual((done.returncode, wireshark.words_of(done.stderr)), (0, []))
        self.assertEqual(set(done.stdout.split("\n")) - {""}, {"Plato", "Refused"})


class Answers(unittest.TestCase):
    def test_filters_find_what_they_found(self):
        for name, expected in json.loads(saved("found.json")).items():
            with self.subTest(name):
                self.assertEqual(count(name), expected)

    def test_fields_have_their_values(self):
        """What came later may be added to a frame; what was said of it stays."""
        for name, expected in json.loads(saved("fields.json")).items():
            names = sorted({field for row in expected for field in row})
            now = wireshark.fields(capture(name), names)
            with self.subTest(name):
                self.assertEqual([{field: row.get(field) for field in was}
                                  for row, was in zip(now, expected, strict=True)], expected)


def record(folder):
    """Writes what is measured of the present plugin."""
    global FOLDER
    FOLDER = folder
    names = wireshark.plato_fields()
    rows = {name: [{n: v for n, v in row.items() if n in names or n == "frame.number"}
                   for row in wireshark.fields(capture(name), ["frame.number", *names])]
            for name in FIELDS}
    columns = wireshark.with_settings(folder, "-r", capture(COLUMNS), "-Y", "plato").stdout
    found = {name: count(name) for name in FILTERED}
    for name, text in (("found.json", json.dumps(found, indent=1)),
                       ("fields.json", json.dumps(rows).replace("}, {", "},\n{")),
                       ("columns.txt", re.sub(" +$", "", columns, flags=re.MULTILINE).rstrip())):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        record(sys.argv[2])
    else:
        unittest.main()
