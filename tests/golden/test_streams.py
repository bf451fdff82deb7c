# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames over TCP: cut, merged, impossible lengths, heuristic, Decode As."""
import unittest

import one_run
import plato_bytes as plato
from plato_bytes import frame, number

NAMES = ["plato.up.client_id", "plato.continuation", "plato.too_large", "plato.frame_len"]


def ids(rows):
    return [i for row in rows for i in row.get("plato.up.client_id", [])]


class Segments(unittest.TestCase):
    FRAMES = [plato.up(client_id=i, body=plato.chat("m%d" % i)) for i in range(1, 5)]
    STREAM = b"".join(FRAMES)

    def send(self, *cuttings):
        """One connection for each list of cuts."""
        def build(cuts):
            def write(flow):
                for start, end in zip([0] + cuts, cuts + [len(self.STREAM)]):
                    flow.client(self.STREAM[start:end])

            return write

        return one_run.decode_flows([build(cuts) for cuts in cuttings], NAMES)

    def check(self, *cuttings):
        for cuts, rows in zip(cuttings, self.send(*cuttings)):
            self.assertEqual(ids(rows), ["1", "2", "3", "4"], cuts)
            self.assertEqual({s for r in rows for s in r.get("plato.crc32.status", [])}, {"1"},
                             cuts)

    def test_every_cut(self):
        self.check(*([cut] for cut in range(1, len(self.STREAM))))

    def test_every_pair_of_cuts_around_the_first_header(self):
        self.check(*([first, second] for first in range(1, 16) for second in range(first + 1, 18)))

    def test_one_byte_segments(self):
        self.check(list(range(1, len(self.STREAM))))

    def test_all_merged_in_order_in_the_info_column(self):
        rows = self.send([])[0]
        self.assertEqual(rows[0]["_ws.col.Info"],
                         [" | ".join(f'UP sess=42 client={i} "m{i}"' for i in range(1, 5))])

    def test_both_directions_interleaved(self):
        ack = frame(plato.ACK, number(3, 4) + number(5, 1))

        def build(flow):
            flow.client(self.FRAMES[0][:20])
            flow.server(ack[:5])
            flow.client(self.FRAMES[0][20:] + self.FRAMES[1])
            flow.server(ack[5:])

        rows = one_run.decode_flow(build, NAMES + ["plato.ack.client_id"])
        self.assertEqual(ids(rows), ["1", "2"])
        self.assertEqual([r["plato.ack.client_id"] for r in rows if "plato.ack.client_id" in r],
                         [["1"]])

    def test_large_frame(self):
        big = plato.up(client_id=9, body=plato.chat("x" * 200000))

        def build(flow):
            for at in range(0, len(big), 1400):
                flow.client(big[at:at + 1400])
            flow.client(self.FRAMES[0])

        rows = one_run.decode_flow(build, NAMES)
        self.assertEqual(ids(rows), ["9", "1"])

    def test_without_reassembly(self):
        def build(flow):
            flow.client(self.FRAMES[0] + self.FRAMES[1][:20])
            flow.client(self.FRAMES[1][20:])
            flow.client(self.FRAMES[2])

        rows = one_run.decode_flow(build, NAMES, "-o", "plato.desegment:FALSE")
        self.assertEqual([r.get("plato.up.client_id", [None])[0] for r in rows][0::2], ["1", "3"])


class ImpossibleLengths(unittest.TestCase):
    """A length that cannot be never swallows the stream."""

    def check(self, header, **more):
        def build(flow):
            flow.client(header)
            for i in range(1, 6):
                flow.client(plato.up(client_id=i))

        rows = one_run.decode_flow(build, NAMES)
        self.assertEqual(ids(rows), ["1", "2", "3", "4", "5"])
        self.assertIn("plato.too_large", rows[0])
        self.assertIn("[too large:", rows[0]["_ws.col.Info"][0])
        self.assertEqual(rows[0]["plato.crc32.status"], ["2"])
        return rows[0]

    def test_nearly_2_to_the_31(self):
        row = self.check(bytes.fromhex("0104 7fffff00 00000000 00000000"))
        self.assertEqual(row["plato.frame_len"], [str(0x7FFFFF00 + 14)])

    def test_sum_that_wraps_32_bits(self):
        row = self.check(bytes.fromhex("0104 fffffff0 00000010 00000000"))
        self.assertEqual(row["plato.frame_len"], [str(0xFFFFFFF0 + 0x10 + 14)])

    def test_both_lengths_at_their_most(self):
        row = self.check(bytes.fromhex("0104 ffffffff ffffffff 00000000"))
        self.assertEqual(row["plato.frame_len"], [str(2 * 0xFFFFFFFF + 14)])

    def test_one_over_the_limit(self):
        self.check(bytes.fromhex("0104 01000001 00000000 00000000"))
        self.check(bytes.fromhex("0104 00000000 00010001 00000000"))

    def test_the_rest_of_the_segment_is_shown(self):
        row = self.check(bytes.fromhex("0104 7fffff00 00000000 00000000 616263"))
        self.assertEqual(row["plato.continuation"], ["616263"])

    def test_the_limit_is_a_preference(self):
        long_body = plato.up(body=b"a" * 101)
        for limit, expected in (("100", True), ("101", False)):
            rows = one_run.decode_flow(lambda flow: flow.client(long_body), NAMES, "-o",
                                       f"plato.max_msg_len:{limit}")
            self.assertEqual("plato.too_large" in rows[0], expected, limit)


class Snaplen(unittest.TestCase):
    def test_a_cut_frame_shows_what_is_there(self):
        whole = plato.up(client_id=3, body=plato.chat("x" * 100))

        def build(flow):
            flow.client(whole, captured=40)
            flow.client(plato.up(client_id=4))

        # TCP counts what the snaplen cut off as lost, and with this preference waits for it
        rows = one_run.decode_flow(build, NAMES)
        self.assertEqual(ids(rows), ["3", "4"])
        self.assertEqual(rows[0]["plato.crc32.status"], ["2"])
        self.assertIn("[cut]", rows[0]["_ws.col.Info"][0])
        self.assertNotIn("plato.malformed", rows[0])

    def test_a_cut_header_is_a_continuation(self):
        rows = one_run.decode_flow(lambda flow: flow.client(plato.up(), captured=9), NAMES)
        self.assertEqual(rows[0]["plato.continuation"], ["010400000002000000"])


class Claims(unittest.TestCase):
    """Which streams are taken for Plato where no port says so."""

    def on_port(self, payload, *options, port=47123):
        return one_run.decode_flow(lambda flow: flow.client(payload), NAMES, *options, port=port)

    def test_a_whole_frame_with_a_right_crc_is_claimed_and_dissected(self):
        self.assertEqual(ids(self.on_port(plato.up(client_id=5))), ["5"])

    def test_a_frame_longer_than_its_segment(self):
        frame_ = plato.up(client_id=8, body=plato.chat("x" * 3000))
        for cut, expected in ((19, []), (20, ["8"]), (1400, ["8"])):
            rows = one_run.decode_flow(lambda flow: (flow.client(frame_[:cut]),
                                                     flow.client(frame_[cut:])), NAMES, port=47123)
            self.assertEqual(ids(rows), expected, cut)
        # unknown fields, or none, prove nothing
        for head in (number(1, 1) + number(9, 9), b""):
            unproven = frame(plato.UP, head, plato.chat("x" * 3000))
            rows = one_run.decode_flow(lambda flow: (flow.client(unproven[:1400]),
                                                     flow.client(unproven[1400:])), NAMES,
                                       port=47123)
            self.assertEqual([r for r in rows if "plato.frame_len" in r], [], head)

    def test_the_stream_stays_claimed(self):
        def build(flow):
            flow.client(plato.up(client_id=1))
            flow.server(frame(plato.HEARTBEAT)[:8])
            flow.client(plato.up(client_id=2, crc=1))

        self.assertEqual(ids(one_run.decode_flow(build, NAMES, port=47123)), ["1", "2"])

    def test_nothing_less_is_proof(self):
        good = plato.up()
        for payload in (plato.up(crc=1), good[:-1], b"\0" * 64, b"\x01" * 64, plato.up(version=2),
                        frame(99), plato.up(coverage="none"), b"GET / HTTP/1.1\r\n\r\n"):
            self.assertEqual(ids(self.on_port(payload)), [], payload)

    def test_it_can_be_switched_off(self):
        self.assertEqual(ids(self.on_port(plato.up(), "--disable-heuristic", "plato_tcp")), [])

    def test_decode_as(self):
        self.assertEqual(ids(self.on_port(plato.up(client_id=6, crc=1), "-d",
                                          "tcp.port==47123,plato")), ["6"])

    def test_port_preference(self):
        self.assertEqual(ids(self.on_port(plato.up(client_id=6, crc=1), "-o",
                                          "plato.tcp.port:47000-47999")), ["6"])


if __name__ == "__main__":
    unittest.main()
