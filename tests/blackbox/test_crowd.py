# SPDX-License-Identifier: GPL-2.0-or-later
"""Crowds, in small: tools/bench-server has the large ones, and the figures. Bounds are generous."""
import unittest

import crowd
import programs


class Crowd(unittest.TestCase):
    def test_idle_connections(self):
        report = crowd.idle(1000, hold=1)
        self.assertEqual(report["idle"]["logged_in"], 1000, report)
        if not programs.SANITIZED:
            self.assertLess(report["server"]["kib_per_idle_connection"], 16, report)

    def check_beside(self, *bad, options=()):
        """Nobody's message is lost, and good clients are served meanwhile."""
        alone, together, others = crowd.beside(bad, options, rounds=1, seconds=2, settle=0.5)
        for report in alone + together:
            self.assertEqual(report["verdict"], "PASSED", report)
            self.assertEqual(report["connections"]["lost"], 0, report)
        if not programs.SANITIZED:
            self.assertLess(crowd.p99_us(together[0]), 1e6, report)
        return others[0]

    def test_slow_writers(self):
        others = self.check_beside("--slow-writers", 200, options=["--first-frame-timeout", 1])
        self.assertGreater(others["slow writers"]["closed_by_server"], 100, others)

    def test_flood(self):
        others = self.check_beside("--floods", 1)
        self.assertGreater(others["floods"]["sent"], 100, others)

    def test_malformed(self):
        others = self.check_beside("--malformed", 20)["malformed"]
        self.assertGreater(others["closed_by_server"], 50, others)
        self.assertEqual(others["given_up"], 0, others)
        for code in ("MALFORMED", "BAD_CRC", "TOO_LARGE", "UNSUPPORTED_VERSION"):
            self.assertGreater(others[code], 0, others)

    def test_few_files(self):
        """Connected clients are served on, at little cost; when others leave, there is room again."""
        report = crowd.few_files()
        self.assertEqual(report["inside"]["verdict"], "PASSED", report)
        self.assertEqual(report["after"]["verdict"], "PASSED", report)
        self.assertIn("cannot accept", report["log"])
        self.assertLess(report["log"].count("cannot accept"), 100, report)
        if not programs.SANITIZED:
            self.assertLess(report["inside"]["server"]["cpu_percent"], 70, report)


if __name__ == "__main__":
    unittest.main()
