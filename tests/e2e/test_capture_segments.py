# SPDX-License-Identifier: GPL-2.0-or-later
"""The committed capture really holds the four ways in which TCP cuts and merges frames.

Reads what tshark prints of the TCP payloads and follows the frames by their lengths alone.
"""
import collections
import os
import struct
import subprocess
import unittest

CAPTURE = os.environ.get("PLATO_CAPTURE", "captures/first-chat.pcapng")
TSHARK = os.environ.get("TSHARK", "tshark")


def segments(capture):
    """(stream, port) -> the payloads in order."""
    out = collections.defaultdict(list)
    command = [TSHARK, "-r", capture, "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.stream",
               "-e", "tcp.srcport", "-e", "tcp.len", "-e", "tcp.payload"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True).stdout
    for line in lines.splitlines():
        stream, port, length, payload = line.split("\t")
        data = bytes.fromhex(payload)
        assert len(data) == int(length), line[:80]
        out[int(stream), int(port)].append(data)
    return out


def boundaries(data):
    """Offsets at which frames begin, and the end of the last one."""
    out, at = [], 0
    while at < len(data):
        out.append(at)
        msg_len, head_len = struct.unpack(">II", data[at + 2:at + 10])
        at += 14 + msg_len + head_len
    assert at == len(data), "the last frame of a direction is not complete"
    return out + [at]


def cases(payloads):
    """Of each segment: begins with a frame, ends with one, frames begin inside it (0 or 1)."""
    starts = set(boundaries(b"".join(payloads)))
    at = 0
    for payload in payloads:
        end = at + len(payload)
        inside = any(at < s < end for s in starts)
        yield at in starts, end in starts, int(inside)
        at = end


class Segments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = collections.Counter()
        cls.streams = segments(CAPTURE)
        for payloads in cls.streams.values():
            cls.seen.update(cases(payloads))

    def test_part_of_a_frame(self):
        self.assertGreater(self.seen[True, False, 0], 0, self.seen)

    def test_end_of_one_and_start_of_the_next(self):
        self.assertGreater(self.seen[False, False, 1], 0, self.seen)

    def test_tail_of_a_frame(self):
        self.assertGreater(self.seen[False, True, 0], 0, self.seen)

    def test_merged_frames(self):
        self.assertGreater(self.seen[True, True, 1], 0, self.seen)

    def test_three_in_a_row(self):
        """A part of p1; its end and the start of p2; the tail of p2: one after the other."""
        wanted = [(True, False, 0), (False, False, 1), (False, True, 0)]
        found = [list(cases(p)) for p in self.streams.values()]
        self.assertTrue(any(f[i:i + 3] == wanted for f in found for i in range(len(f))), found)

    def test_three_connections(self):
        self.assertEqual(len(self.streams), 6)


if __name__ == "__main__":
    unittest.main()
