# SPDX-License-Identifier: GPL-2.0-or-later
"""A few kills, through trouble: nothing is lost and nothing comes twice. tools/bench-server does
two hundred. A server that keeps nothing must fail the same check, or the check is worth nothing."""
import unittest

import kill
import programs


class Kill(unittest.TestCase):
    def test_nothing_is_lost(self):
        report = kill.kill(10, seed=3, rate=500, sessions=10)
        self.assertEqual(report["verdict"], "PASSED", report)
        self.assertEqual(report["integrity"], ["ok"])
        self.assertGreater(report["messages"]["acknowledged"], 500, report)
        self.assertGreater(report["connections"]["resumed"], 10, report)

    def test_a_server_without_a_store_fails(self):
        report = kill.kill(2, seed=3, options=["--store", "none"], rate=500, sessions=10, drain=5,
                           uptime_ms=(400, 600))
        self.assertEqual((report["verdict"], report["exit_code"]), ("FAILED", 3), report)
        self.assertGreater(report["ledger"]["lost"], 0, report)


if __name__ == "__main__":
    unittest.main()
