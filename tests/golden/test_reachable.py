# SPDX-License-Identifier: GPL-2.0-or-later
"""Every field that a capture shows is found by a filter, by `-T fields` and in a column."""
import os
import re
import unittest

import wireshark

CAPTURE = os.path.join(wireshark.ROOT, "captures", "first-chat.pcapng")


class Reachable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = wireshark.fields(CAPTURE, wireshark.plato_fields(), "-2")
        cls.names = sorted({name for row in cls.rows for name in row})

    def packets_with(self, name):
        return sum(name in row for row in self.rows)

    def test_there_is_something_to_reach(self):
        self.assertGreater(len(self.names), 35)

    def test_by_filter(self):
        # one run for all: a row of counts, a column for each filter
        out = wireshark.run("-r", CAPTURE, "-2", "-q", "-z", "io,stat,0," + ",".join(self.names))
        counts = re.findall(r"\d+", [line for line in out.splitlines() if "<>" in line][-1]
                            .split("|", 2)[2])
        found = dict(zip(self.names, map(int, counts[0::2])))
        self.assertEqual(found, {name: self.packets_with(name) for name in self.names})

    def test_by_column(self):
        columns = ",".join(f'"{name}","%Cus:{name}:0:R"' for name in self.names)
        out = wireshark.run("-r", CAPTURE, "-2", "-o", "gui.column.format:" + columns, "-T",
                            "fields", "-E", "separator=/t",
                            *[a for name in self.names for a in ("-e", f"_ws.col.{name}")])
        lines = out.splitlines()
        self.assertEqual(len(lines), len(self.rows))
        for index, name in enumerate(self.names):
            filled = sum(bool(line.split("\t")[index]) for line in lines)
            self.assertEqual(filled, self.packets_with(name), name)


if __name__ == "__main__":
    unittest.main()
