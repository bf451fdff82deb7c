# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams as production has them: captured from the middle, with holes, damage and repeats."""
import re
import unittest

import one_run
import plato_bytes as plato

NAMES = ["plato.up.client_id", "plato.continuation", "plato.too_large", "plato.analysis.capture_gap",
         "plato.frame_len"]


def ids(rows):
    return [int(i) for row in rows for i in row.get("plato.up.client_id", [])]


def good_ids(rows):
    """Of the frames with which nothing is wrong: a remark stands in brackets."""
    shown = " | ".join(re.sub(r"\[TCP [^]]*\] *", "", row["_ws.col.Info"][0])
                       for row in rows if "_ws.col.Info" in row)
    return [int(re.search(r"client=(\d+)", part).group(1)) for part in shown.split(" | ")
            if "client=" in part and "[" not in part]


def continuation(rows):
    return "".join(b for row in rows for b in row.get("plato.continuation", []))


def message(i, size=40):
    return plato.up(client_id=i, body=plato.chat(f"message {i} " + "x" * size))


def stream(count, size=40):
    return [message(i, size) for i in range(1, count + 1)]


def flows(builds, *options, **more):
    return one_run.decode_flows(builds, NAMES, *options, **more)


class MidStream(unittest.TestCase):
    """The capture starts somewhere: every start inside the first frame."""

    def test_every_start(self):
        frames = stream(3)
        whole = b"".join(frames)

        def build(start):
            return lambda flow: flow.client(whole[start:])

        starts = range(0, len(frames[0]) + 1)
        for start, rows in zip(starts, flows([build(s) for s in starts], handshake=False)):
            expected = [1, 2, 3] if start == 0 else [2, 3]
            self.assertEqual(ids(rows), expected, start)
            skipped = frames[0][start:] if start else b""
            self.assertEqual(continuation(rows), skipped.hex(), start)
            self.assertFalse(any("plato.analysis.capture_gap" in row for row in rows), start)

    def test_a_frame_of_unknown_type_proves_itself(self):
        for first in plato.frame(200, b"\x08\x05", b"abc"), plato.up(client_id=9, version=2):
            rows = flows([lambda flow, first=first: flow.client(first + message(1))],
                         handshake=False)[0]
            self.assertEqual(rows[0]["plato.crc32.status"], ["1", "1"])

    def test_a_frame_without_crc_that_fills_its_segment(self):
        rows = flows([lambda flow: flow.client(plato.up(client_id=1, coverage="none"))],
                     handshake=False)[0]
        self.assertEqual(rows[0]["plato.crc32.status"], ["2"])
        self.assertEqual(ids(rows), [1])

    def test_start_inside_a_frame_of_many_segments(self):
        big = message(1, 20000)

        def build(flow):
            for at in range(5000, len(big), 1000):
                flow.client(big[at:at + 1000])
            flow.client(message(2))

        rows = flows([build], handshake=False)[0]
        self.assertEqual(ids(rows), [2])
        self.assertEqual(continuation(rows), big[5000:].hex())

    def test_start_in_front_of_a_frame_of_many_segments(self):
        big = message(1, 20000)

        def build(flow):
            flow.client(message(9)[50:])
            for at in range(0, len(big), 1000):
                flow.client(big[at:at + 1000])
            flow.client(message(2))

        self.assertEqual(ids(flows([build], handshake=False)[0]), [1, 2])

    def test_header_cut_behind_a_mid_frame_start(self):
        tail, frame = message(1)[50:], message(2)

        def build(cut):
            def write(flow):
                flow.client(tail + frame[:cut])
                flow.client(frame[cut:] + message(3))

            return write

        for cut, rows in zip(range(1, 40), flows([build(c) for c in range(1, 40)],
                                                  handshake=False)):
            self.assertEqual(ids(rows), [2, 3], cut)
            self.assertEqual(continuation(rows), tail.hex(), cut)


class Loss(unittest.TestCase):
    def lose(self, frames, cuts, lost):
        whole = b"".join(frames)
        pieces = [whole[a:b] for a, b in zip([0] + cuts, cuts + [len(whole)])]

        def build(flow):
            for index, piece in enumerate(pieces):
                flow.client(piece, record=index not in lost)

        return build

    def test_a_lost_segment_of_whole_frames(self):
        frames = stream(5)
        length = len(frames[0])
        rows = flows([self.lose(frames, [length, 2 * length, 3 * length], {1})])[0]
        self.assertEqual(ids(rows), [1, 3, 4, 5])
        self.assertEqual(continuation(rows), "")
        gaps = ["plato.analysis.capture_gap" in row for row in rows]
        self.assertEqual(gaps, [False, True, False])

    def test_a_lost_segment_that_cuts_frames(self):
        frames = stream(6)
        length = len(frames[0])
        for first in range(5, length, 17):
            # bytes [first, 2 * length + first) are lost: the end of 1, 2, the start of 3
            rows = flows([self.lose(frames, [first, 2 * length + first, 4 * length], {1})])[0]
            self.assertEqual(good_ids(rows), [4, 5, 6], first)
            self.assertEqual(continuation(rows), (frames[0][:first] + frames[2][first:]).hex(),
                             first)
            self.assertEqual([r for r in rows if "plato.analysis.capture_gap" in r][0]
                             ["plato.up.client_id"][0], "4")

    def test_a_lost_segment_within_a_frame_of_many(self):
        big = message(2, 10000)
        frames = [message(1), big, message(3), message(4)]
        start = len(frames[0])
        cuts = [start] + [start + i * 1000 for i in range(1, 10)] + [start + len(big)]
        rows = flows([self.lose(frames, cuts, {4})])[0]
        self.assertEqual(good_ids(rows), [1, 3, 4])
        # given the place of the next frame, several segments after the bytes that are missing
        self.assertEqual([row["plato.up.client_id"] for row in rows
                          if "plato.analysis.capture_gap" in row], [["3", "4"]])

    def test_the_first_bytes_of_a_connection_are_lost(self):
        frames = stream(3)
        rows = flows([self.lose(frames, [len(frames[0])], {0})])[0]
        self.assertEqual(ids(rows), [2, 3])
        self.assertIn("plato.analysis.capture_gap", rows[0])


class Damage(unittest.TestCase):
    """One damaged frame among good ones: all good ones are found."""

    def with_damage(self, change, segments):
        frames = [bytearray(f) for f in stream(8)]
        change(frames[2])
        whole = b"".join(frames)

        def build(flow):
            for at in range(0, len(whole), segments):
                flow.client(whole[at:at + segments])

        return build

    def check(self, change, expected=(1, 2, 4, 5, 6, 7, 8)):
        sizes = (5000, 311, 100, 33)
        for size, rows in zip(sizes, flows([self.with_damage(change, s) for s in sizes])):
            self.assertEqual(good_ids(rows), list(expected), size)
            self.assertFalse(any("plato.analysis.capture_gap" in row for row in rows), size)

    @staticmethod
    def put(frame, offset, value, size=4):
        frame[offset:offset + size] = value.to_bytes(size, "big")

    def test_body_length_a_little_too_long(self):
        # swallows the next frame and a part of the one after it; that part is lost with its rest
        # where segments keep them apart
        for size, rows in zip((5000,), flows([self.with_damage(lambda f: self.put(f, 2, 200),
                                                               5000)])):
            self.assertEqual(good_ids(rows), [1, 2, 4, 5, 6, 7, 8], size)

    def test_frames_behind_a_length_that_is_too_long(self):
        sizes = (311, 100, 33)
        for size, rows in zip(sizes, flows([self.with_damage(lambda f: self.put(f, 2, 200), s)
                                            for s in sizes])):
            found = good_ids(rows)
            self.assertEqual(found[:3], [1, 2, 4], size)
            self.assertEqual(found[-2:], [7, 8], size)

    def test_body_length_too_short(self):
        self.check(lambda f: self.put(f, 2, 10))

    def test_body_length_zero(self):
        self.check(lambda f: self.put(f, 2, 0))

    def test_head_length_too_short(self):
        self.check(lambda f: self.put(f, 6, 1))

    def test_impossible_length(self):
        self.check(lambda f: self.put(f, 2, 0x7FFFFF00))

    def test_version(self):
        self.check(lambda f: self.put(f, 0, 77, 1))

    def test_type(self):
        self.check(lambda f: self.put(f, 1, 200, 1))

    def test_body(self):
        self.check(lambda f: self.put(f, 40, 0xDEADBEEF))

    def test_a_stream_whose_every_crc_is_bad(self):
        # as of an implementation that computes it in some other way: all frames are shown
        bad = [plato.up(client_id=i, body=plato.chat(f"message {i}"), crc=i) for i in range(1, 8)]
        whole = b"".join(bad)

        def build(size):
            def write(flow):
                for at in range(0, len(whole), size):
                    flow.client(whole[at:at + size])

            return write

        sizes = (len(whole), 200, 100, len(bad[0]), 30)
        for size, rows in zip(sizes, flows([build(s) for s in sizes])):
            self.assertEqual(ids(rows), [1, 2, 3, 4, 5, 6, 7], size)
            self.assertEqual({s for r in rows for s in r.get("plato.crc32.status", [])}, {"0"})
            self.assertEqual(continuation(rows), "", size)

    def test_rubbish_between_frames(self):
        frames = stream(4)
        rubbish = bytes((i * 37 + 11) & 0xFF for i in range(300))

        def build(flow):
            flow.client(frames[0] + rubbish + frames[1])
            flow.client(rubbish)
            flow.client(frames[2] + frames[3])

        self.assertEqual(good_ids(flows([build])[0]), [1, 2, 3, 4])


class Repeats(unittest.TestCase):
    def test_what_tcp_sends_again_is_shown_once(self):
        frames = stream(3)

        def build(flow):
            flow.client(frames[0] + frames[1])
            flow.c.seq -= len(frames[1])
            flow.client(frames[1])
            flow.c.seq -= len(frames[0]) + len(frames[1])
            flow.client(frames[0] + frames[1] + frames[2])

        self.assertEqual(ids(flows([build])[0]), [1, 2, 3])

    def test_swapped_segments(self):
        frames = stream(9)

        def build(flow):
            start = flow.c.seq
            for i in (0, 2, 1, 3, 5, 4, 6, 8, 7):
                flow.c.seq = start + sum(len(f) for f in frames[:i])
                flow.client(frames[i])

        # each in its own packet
        self.assertEqual(ids(flows([build])[0]), [1, 3, 2, 4, 6, 5, 7, 9, 8])


class Carriers(unittest.TestCase):
    """What lies below TCP makes no difference."""

    def test_ipv6_and_vlan(self):
        frames = stream(4)
        for carrier in ({"addresses": ("fd00::1", "fd00::2")}, {"vlan": 100},
                        {"addresses": ("fd00::1", "fd00::2"), "vlan": 7}):
            rows = flows([lambda flow: [flow.client(b"".join(frames)[at:at + 50])
                                        for at in range(0, 4 * len(frames[0]), 50)]], **carrier)[0]
            self.assertEqual(good_ids(rows), [1, 2, 3, 4], carrier)


class Large(unittest.TestCase):
    def test_a_frame_at_the_limit(self):
        # the body of 16 MiB, exactly what is allowed
        big = plato.up(client_id=7, body=b"\xff" * 16777216)

        def build(flow):
            for at in range(0, len(big), 60000):
                flow.client(big[at:at + 60000])
            flow.client(message(8))

        rows = flows([build])[0]
        self.assertEqual(good_ids(rows), [7, 8])
        self.assertIn([str(len(big))], [row.get("plato.frame_len") for row in rows])


class PortsAgain(unittest.TestCase):
    """Another connection on the same ports, whose SYN was not captured."""

    def test_a_filled_hole_stays_filled(self):
        first, late, early, *others = stream(6)

        def build(flow):
            flow.client(first)
            back = flow.c.seq
            flow.c.seq += len(late)
            flow.client(early)
            flow.c.seq = back
            flow.client(late)
            flow.c.seq, flow.s.seq = 1 << 30, 1 << 31
            for frame in others:
                flow.client(frame)
                flow.server(plato.frame(plato.HEARTBEAT))

        rows, = flows([build])
        self.assertEqual(ids(rows), [1, 3, 2, 4, 5, 6])
        self.assertFalse(any("plato.analysis.capture_gap" in row for row in rows), rows)

if __name__ == "__main__":
    unittest.main()
