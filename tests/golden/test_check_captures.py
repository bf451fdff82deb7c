# SPDX-License-Identifier: GPL-2.0-or-later
"""What plato-check says of every committed capture: what is wrong in it on purpose, nothing else."""
import glob
import json
import os
import subprocess
import unittest

import wireshark

CAPTURES = os.path.join(wireshark.ROOT, "captures")
TOOL = os.path.join(wireshark.ROOT, "tools", "plato-check")

# Rules that a capture breaks; those that are not named keep all. captures/README.md says what they
# show.
BROKEN = {
    "ack-codes": {"close"},  # all codes on one connection
    "bincmd-refused": {"command_form"},
    "bincmd-trouble": {"command_form", "command_answered", "reply_fits", "reply_time",
                       "format_refused", "format_closed", "unknown_goes_on", "flood_closed",
                       "idle_closed", "slow_closed"},
    "capture-loss": {"gaps", "client_ids"},  # packet 17: nobody sent 9
    "commands-flood": {"probe_pace"},
    "commands-tls": {"command_form"},
    "damaged-down": {"crc"},
    "damaged-up": {"crc"},
    "impossible-lengths": {"crc", "malformed"},
    "latency-crowd": {"command_form", "probe_pace"},
    "latency-lost": {"probe_answered"},
    "latency-trouble": {"reply_fits", "reply_time", "probe_answered", "probe_pace",
                        "idle_closed"},
    "refused": {"crc", "malformed", "types", "versions", "login_first"},
    "repeats": {"resend"},  # by hand, and soon
    "slow-frame": {"frame_time"},
    "sync-fills-hole": {"conflicts"},
    "textcmd-refused": {"command_form"},
    "textcmd-trouble": {"command_form", "command_answered", "reply_fits", "reply_time",
                        "format_refused", "format_closed", "unknown_goes_on", "flood_closed",
                        "idle_closed", "slow_closed"},
    "trouble": {"crc", "conflicts", "unacked", "repeat_answered", "heartbeat", "client_ids",
                "resend"},
}


class Captures(unittest.TestCase):
    def test_every_capture(self):
        paths = sorted(glob.glob(os.path.join(CAPTURES, "*.pcapng")))
        self.assertLessEqual(set(BROKEN), {os.path.basename(path)[:-7] for path in paths})
        run = subprocess.run([TOOL, "--format", "json", *paths], capture_output=True, text=True,
                             timeout=20 * wireshark.TIMEOUT,
                             env=wireshark.environment_of_a_run(), check=False)
        self.assertEqual(run.returncode, 1, run.stderr)
        report = json.loads(run.stdout)["captures"]
        self.assertEqual(len(report), len(paths))
        for capture in report:
            name = os.path.basename(capture["capture"])[:-7]
            rules = {rule["name"]: rule for rule in capture["rules"]}
            with self.subTest(name):
                self.assertEqual({name for name, rule in rules.items()
                                  if rule["status"] == "broken"}, BROKEN.get(name, set()))
                self.assertEqual(rules["evidence"]["status"], "ok")

    def test_the_server_closes_in_time(self):
        """The server of slow-writer waits 2 s for a frame, and no longer."""
        for limit, code in (("max=2s;grace=100ms", 0), ("max=1s;grace=500ms", 1)):
            run = subprocess.run([TOOL, "--only", "--rule", f"frame_time({limit})",
                                  os.path.join(CAPTURES, "slow-writer.pcapng")],
                                 capture_output=True, text=True, timeout=wireshark.TIMEOUT,
                                 env=wireshark.environment_of_a_run(), check=False)
            self.assertEqual(run.returncode, code, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
