# SPDX-License-Identifier: GPL-2.0-or-later
"""Spoiled captures, read in every way: packets dropped, doubled, swapped, cut and damaged.

Whatever was decided on the first pass has to be found again: one pass, two passes and sharkd in any
order show the same.
"""
import os
import random
import shutil
import struct
import subprocess
import tempfile
import unittest

import golden
import wireshark

CAPTURES = os.path.join(wireshark.ROOT, "captures")
HEADERS = 66  # Ethernet, IPv4, TCP with timestamps: what lo shows
SEEDS = range(6)
# TCP holds segments back after a hole in the one mode, and drops late ones in the other
MODES = ("TRUE", "FALSE")


def read_records(path):
    with open(path, "rb") as file:
        head, rest = file.read(24), file.read()
    records = []
    while rest:
        captured = struct.unpack_from("<I", rest, 8)[0]
        records.append(rest[:16 + captured])
        rest = rest[16 + captured:]
    return head, records


def cut(record, captured):
    seconds, micros, had, length = struct.unpack_from("<IIII", record)
    captured = min(captured, had)
    return struct.pack("<IIII", seconds, micros, captured, length) + record[16:16 + captured]


def flip(record, chance):
    changed = bytearray(record)
    at = chance.randrange(16 + HEADERS, len(changed))
    changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def spoil(records, chance):
    out = []
    for record in records:
        dice = chance.random()
        has_data = len(record) > 16 + HEADERS
        if dice < 0.04:
            continue
        if dice < 0.08:
            out.append(record)
        elif dice < 0.12 and out:
            record, out[-1] = out[-1], record
        elif dice < 0.16 and has_data:
            record = cut(record, HEADERS + chance.randrange(60))
        elif dice < 0.24 and has_data:
            record = flip(record, chance)
        out.append(record)
    # a capture may start anywhere
    return out[chance.choice((0, 0, 30)):]


def without_moved(one, two):
    """One pass without the frames that had to wait for missing bytes: it shows them in the packet
    at hand when these were given up, and later passes in their own, which is an earlier one."""
    settled = dict(two)
    out = []
    for number, frames in one:
        earlier = [frame for at, shown in two if at < number for frame in shown]
        kept = [frame for frame in frames
                if frame in settled.get(number, []) or frame not in earlier]
        if kept:
            out.append((number, kept))
    return out


class EveryWay(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        plain = os.path.join(self.folder, "plain.pcap")
        subprocess.run(["editcap", "-F", "pcap", os.path.join(CAPTURES, "first-chat.pcapng"),
                        plain], check=True, capture_output=True)
        self.head, self.records = read_records(plain)

    def spoiled(self, seed):
        path = os.path.join(self.folder, f"{seed}.pcap")
        with open(path, "wb") as out:
            out.write(self.head + b"".join(spoil(self.records, random.Random(seed))))
        return path

    def same_in_two_passes(self, path, *options):
        """How many frames there are."""
        one = golden.as_in_one_pass(golden.describe_json(path, *options))
        two = golden.as_in_one_pass(golden.describe_json(path, "-2", *options))
        settled = dict(two)
        # what waits until the file ends is no frame in one pass, as its bytes say
        one = [(number, settled.get(number, []) if golden.OUTSIDE in frames and
                all(frame in settled.get(number, []) for frame in frames
                    if frame != golden.OUTSIDE) and settled.get(number) else frames)
               for number, frames in one]
        one = without_moved(one, two)
        differ = golden.packets_that_differ(one, two)
        if differ:
            withheld = zip(wireshark.withheld(path, *options),
                           wireshark.withheld(path, "-2", *options))
            not_ours = [number for number, (once, twice) in enumerate(withheld, 1) if twice > once]
            differ = golden.packets_that_differ(*([(number, frames) for number, frames in packets
                                                   if number not in not_ours]
                                                  for packets in (one, two)))
        self.assertEqual(differ, [], (path, options))
        return sum(len(frames) for _, frames in one)

    def test_one_pass_and_two(self):
        shown = 0
        for seed in SEEDS:
            path = self.spoiled(seed)
            for mode in MODES:
                option = ("-o", f"tcp.reassemble_out_of_order:{mode}")
                shown += self.same_in_two_passes(path, *option)
        self.assertGreater(shown, 500)

    def test_captures_that_once_differed(self):
        """Found by fuzzing: a second pass that looked around again would be shown less."""
        folder = os.path.join(wireshark.ROOT, "tests", "golden", "spoiled")
        names = sorted(os.listdir(folder))
        self.assertGreater(len(names), 4)
        for name in names:
            path = os.path.join(folder, name)
            option = ("-o", "tcp.reassemble_out_of_order:FALSE")
            self.assertGreater(self.same_in_two_passes(path, *option), 0)
            golden.check_random_access(path)

    def test_read_filter(self):
        """A packet that does not pass it has the number of the one after it."""
        names = ("frame.time_epoch", "plato.msg_type", "plato.crc32.status")
        for text in ("tcp.srcport == 8900", "frame.len > 100", "plato.msg_type == 5"):
            path = os.path.join(CAPTURES, "first-chat.pcapng")
            right = wireshark.fields(path, names, "-2", "-Y", text)
            self.assertGreater(len(right), 3)
            self.assertEqual(wireshark.fields(path, names, "-2", "-R", text), right, text)

    def test_any_order(self):
        for seed in SEEDS:
            golden.check_random_access(self.spoiled(seed))


if __name__ == "__main__":
    unittest.main()
