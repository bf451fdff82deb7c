# SPDX-License-Identifier: GPL-2.0-or-later
"""CRC: verdicts, coverages, polynomials, and what a conversation has settled on."""
import unittest

import one_run
import plato_bytes as plato

GOOD, BAD, UNVERIFIED = "1", "0", "2"
NAMES = ["plato.crc32.coverage", "plato.crc32.calculated", "plato.crc32.bad", "plato.up.client_id"]


def flipped(frame, at=-1):
    damaged = bytearray(frame)
    damaged[at] ^= 1
    return bytes(damaged)


class Verdicts(unittest.TestCase):
    def test_every_coverage_and_polynomial_is_found(self):
        kinds = [(c, p) for p in ("ieee", "crc32c") for c in ("frame", "payload", "body")]
        rows = one_run.decode([plato.up(coverage=c, polynomial=p) for c, p in kinds], NAMES)
        for (coverage, polynomial), row in zip(kinds, rows):
            suffix = " (CRC-32C)" if polynomial == "crc32c" else ""
            self.assertEqual(row["plato.crc32.status"], [GOOD], (coverage, polynomial))
            self.assertEqual(row["plato.crc32.coverage"], [coverage + suffix])

    def test_none_is_unverified(self):
        row = one_run.decode([plato.up(coverage="none")], NAMES)[0]
        self.assertEqual(row["plato.crc32.status"], [UNVERIFIED])
        self.assertEqual(row["plato.crc32.coverage"], ["none"])
        self.assertNotIn("plato.crc32.calculated", row)

    def test_an_empty_span_proves_nothing(self):
        # CRC of nothing is 0: neither "payload" nor "body", but "none"
        row = one_run.decode([plato.frame(plato.HEARTBEAT, crc=0)], NAMES)[0]
        self.assertEqual(row["plato.crc32.coverage"], ["none"])

    def test_each_damaged_byte_is_seen(self):
        frame = plato.up(body=plato.chat("hello"))
        places = [0] + list(range(10, len(frame)))  # the lengths are another test's
        builds = [lambda flow, at=at: flow.client(flipped(frame, at)) for at in places]
        for at, rows in zip(places, one_run.decode_flows(builds, NAMES)):
            row = rows[0]
            self.assertEqual(row["plato.crc32.status"], [BAD], at)
            self.assertIn("plato.crc32.bad", row)
            self.assertIn("[bad CRC]", row["_ws.col.Info"][0])

    def test_a_bad_frame_is_decoded_and_the_next_one_too(self):
        row = one_run.decode([flipped(plato.up(client_id=5)) + plato.up(client_id=6)], NAMES)[0]
        self.assertEqual(row["plato.up.client_id"], ["5", "6"])
        self.assertEqual(row["plato.crc32.status"], [BAD, GOOD])


class Conversations(unittest.TestCase):
    def statuses(self, *frames, options=()):
        def build(flow):
            for frame in frames:
                flow.client(frame)

        rows = one_run.decode_flow(build, NAMES, *options)
        return [s for row in rows for s in row["plato.crc32.status"]]

    def test_what_matched_first_is_fixed(self):
        self.assertEqual(
            self.statuses(plato.up(coverage="payload"), plato.up(), plato.up(coverage="payload")),
            [GOOD, BAD, GOOD])

    def test_a_zero_field_fixes_nothing(self):
        self.assertEqual(
            self.statuses(plato.up(coverage="none"), plato.up(coverage="body"),
                          plato.up(coverage="none")),
            [UNVERIFIED, GOOD, BAD])

    def test_a_zero_field_in_front_within_one_packet(self):
        self.assertEqual(self.statuses(plato.up(coverage="none") + plato.up() +
                                       plato.up(coverage="none")), [UNVERIFIED, GOOD, BAD])

    def test_a_damaged_first_frame_fixes_nothing(self):
        self.assertEqual(self.statuses(flipped(plato.up()), plato.up(coverage="body")),
                         [BAD, GOOD])

    def test_preferences(self):
        frames = (plato.up(), plato.up(coverage="payload"), plato.up(polynomial="crc32c"))
        for options, expected in (
                (("-o", "plato.crc_coverage:frame"), [GOOD, BAD, BAD]),
                (("-o", "plato.crc_coverage:payload"), [BAD, GOOD, BAD]),
                (("-o", "plato.crc_polynomial:crc32c"), [BAD, BAD, GOOD]),
                (("-o", "plato.crc_coverage:none"), [UNVERIFIED] * 3),
                (("-o", "plato.verify_crc:FALSE"), [UNVERIFIED] * 3)):
            self.assertEqual(self.statuses(*frames, options=options), expected, options)


if __name__ == "__main__":
    unittest.main()
