# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged captures: whatever the bytes are, tshark ends well and finds no bug in the dissector."""
import os
import shutil
import subprocess
import tempfile
import unittest

import wireshark

CAPTURES = os.path.join(wireshark.ROOT, "captures")
HEADERS = 54  # Ethernet, IPv4 and TCP are left alone, so that the damage reaches Plato


class Damage(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def captures(self):
        # one of each kind; editcap writes nothing of a capture that holds TLS secrets
        names = [f"{name}.pcapng" for name in ("first-chat", "trouble", "user-schema", "variant",
                                               "websocket")]
        self.assertTrue(names)
        return [os.path.join(CAPTURES, name) for name in names]

    def edited(self, capture, *options, without=()):
        out = os.path.join(self.folder, "edited.pcapng")
        subprocess.run(["editcap", *options, capture, out, *without], check=True,
                       capture_output=True)
        os.chmod(out, 0o644)
        return out

    def decode(self, capture):
        """run() fails on an exit code, a dissector bug or a sanitizer's report."""
        return wireshark.run("-r", capture, "-V") + wireshark.run("-r", capture, "-2", "-q", "-z",
                                                                  "expert")

    def test_flipped_bytes(self):
        seen = set()
        for capture in self.captures():
            for seed, rate in ((1, "0.01"), (2, "0.03"), (3, "0.1"), (4, "0.3")):
                text = self.decode(self.edited(capture, "-E", rate, "-o", str(HEADERS), "--seed",
                                               str(seed)))
                seen |= {m for m in ("Bad CRC", "Length over the limit", "Malformed") if m in text}
        self.assertIn("Bad CRC", seen)  # the damage did reach the frames

    def test_short_snaplen(self):
        for capture in self.captures():
            for length in (HEADERS + 1, HEADERS + 13, HEADERS + 20, 100):
                self.decode(self.edited(capture, "-s", str(length)))

    def test_missing_packets(self):
        for capture in self.captures():
            self.decode(self.edited(capture, without=("22", "69", "82", "123")))


if __name__ == "__main__":
    unittest.main()
