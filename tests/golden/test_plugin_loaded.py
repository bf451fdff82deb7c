# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything else here is worthless unless the plugin is in tshark."""
import os
import unittest

import wireshark


class PluginLoaded(unittest.TestCase):
    def test_it_is_the_one_of_this_build(self):
        rows = [line.split("\t") for line in wireshark.run("-G", "plugins").splitlines()]
        build = os.path.realpath(os.environ["PLATO_BUILD"])
        for name in ("plato.so", "platocheck.so"):
            paths = [row[-1] for row in rows if row[0].strip() == name]
            self.assertEqual(len(paths), 1, rows)
            self.assertTrue(os.path.realpath(paths[0]).startswith(build), paths)

    def test_it_says_what_it_is(self):
        self.assertIn("plato", wireshark.run("-G", "protocols"))


if __name__ == "__main__":
    unittest.main()
