# SPDX-License-Identifier: GPL-2.0-or-later
"""Verdicts in the tree: each of them once, and the same whichever way a capture is read."""
import os
import random
import shutil
import tempfile
import unittest

import pcap
import plato_bytes as plato
import wireshark
from plato_bytes import frame, number
from scene import Scene, SceneTest, ack, push, up

FIELDS = ["frame.number", "plato.stream", "plato.response_in", "plato.response_to",
          "plato.response_time", "plato.analysis.gap", "plato.analysis.gap.first",
          "plato.analysis.gap.last", "plato.analysis.gap.count", "plato.analysis.gap_filled",
          "plato.analysis.gap_filled.gap_in", "plato.analysis.duplicate",
          "plato.analysis.duplicate_of", "plato.analysis.conflict", "plato.analysis.out_of_order",
          "plato.analysis.unacked", "plato.analysis.capture_gap", "plato.delivery_of",
          "plato.delivered_in", "plato.delivery_time", "plato.prev_conn", "plato.next_conn",
          "plato.slow_response", "plato.heartbeat.late"]
# what only later frames show, and so only a second pass shows
LATER = {"plato.response_in", "plato.delivered_in", "plato.analysis.unacked", "plato.next_conn"}


class Verdicts(SceneTest):
    def read(self, *options):
        rows = wireshark.fields(self.write(), FIELDS, *options)
        return {int(row["frame.number"][0]): row for row in rows}

    def test_pairs_and_their_times(self):
        s = self.scene
        login, login_ack = s.open("a", 1001, 7)
        sent = s.up("a", up(1))
        answered = s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        beat = s.up("a", frame(plato.HEARTBEAT))
        beaten = s.down("a", ack(plato.HEARTBEAT))
        one, two = self.read(), self.read("-2")
        for request, response in ((login, login_ack), (sent, answered), (beat, beaten)):
            for rows in (one, two):
                self.assertEqual(rows[response]["plato.response_to"], [str(request)])
                # a packet every millisecond
                self.assertAlmostEqual(float(rows[response]["plato.response_time"][0]), 0.001)
            self.assertEqual(two[request]["plato.response_in"], [str(response)])
            self.assertNotIn("plato.response_in", one[request])

    def test_gap_filled_duplicate_conflict_reorder(self):
        s = self.scene
        s.open("a", 1001, 7)
        first = s.down("a", push(1))
        gap = s.down("a", push(5))
        filled = s.down("a", push(3))
        again = s.down("a", push(5))
        other = s.down("a", push(1, "changed"))
        rows = self.read()
        self.assertEqual(rows[gap]["plato.analysis.gap.first"], ["2"])
        self.assertEqual(rows[gap]["plato.analysis.gap.last"], ["4"])
        self.assertEqual(rows[gap]["plato.analysis.gap.count"], ["3"])
        self.assertIn("plato.analysis.gap", rows[gap])
        self.assertEqual(rows[filled]["plato.analysis.gap_filled.gap_in"], [str(gap)])
        self.assertIn("plato.analysis.gap_filled", rows[filled])
        self.assertIn("plato.analysis.out_of_order", rows[filled])
        self.assertEqual(rows[again]["plato.analysis.duplicate_of"], [str(gap)])
        self.assertIn("plato.analysis.duplicate", rows[again])
        self.assertIn("plato.analysis.conflict", rows[other])
        self.assertNotIn("plato.analysis.gap", rows[first])

    def test_delivery_to_two_receivers(self):
        s = self.scene
        for index, name in enumerate("abc"):
            s.open(name, 1001 + index, 7 + index)
        sent = s.up("a", up(1, "hello"))
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        b, c = s.down("b", push(90, "hello")), s.down("c", push(90, "hello"))
        one, two = self.read(), self.read("-2")
        for received, distance in ((b, 2), (c, 3)):
            self.assertEqual(one[received]["plato.delivery_of"], [str(sent)])
            self.assertAlmostEqual(float(one[received]["plato.delivery_time"][0]),
                                   distance / 1000)
        self.assertEqual(two[sent]["plato.delivered_in"], [str(b), str(c)])

    def test_reconnect(self):
        s = self.scene
        login, _ = s.open("a", 1001, 7)
        s.up("a", up(1))
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=1))
        s.flows["b"] = pcap.Flow(s.capture, client_port=31000)
        reconn = s.up("b", frame(plato.RECONN, number(1, 7)))
        s.down("b", ack(plato.RECONN, conn_id=8))
        jump = s.up("b", up(4))
        rows = self.read("-2")
        self.assertEqual(rows[reconn]["plato.prev_conn"], [str(login)])
        self.assertEqual(rows[login]["plato.next_conn"], [str(reconn)])
        self.assertEqual(rows[jump]["plato.analysis.gap.first"], ["2"])
        self.assertIn("plato.analysis.unacked", rows[jump])

    def test_bad_frames_do_not_enter(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.down("a", push(1))
        bad = bytearray(push(9))
        bad[-1] ^= 1
        s.down("a", bytes(bad))
        after = s.down("a", push(2))
        rows = self.read()
        self.assertNotIn("plato.analysis.gap", rows[after])
        self.assertNotIn("plato.analysis.out_of_order", rows[after])

    def test_a_hole_of_the_capture_is_not_the_senders(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.down("a", push(1))
        s.flows["a"].server(push(2) + push(3), record=False)
        after = s.down("a", push(4))
        later = s.down("a", push(7))
        rows = self.read("-o", "tcp.reassemble_out_of_order:FALSE")
        self.assertIn("plato.analysis.capture_gap", rows[after])
        self.assertNotIn("plato.analysis.gap", rows[after])
        self.assertEqual(rows[later]["plato.analysis.gap.first"], ["5"])

    def test_slow_and_late(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.up("a", up(1))
        for _ in range(6):
            s.up("a", up(2))
        slow = s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=1))
        rows = self.read("-o", "plato.slow_response_ms:5")
        self.assertIn("plato.slow_response", rows[slow])
        self.assertNotIn("plato.slow_response", self.read()[slow])

    def test_it_can_be_switched_off(self):
        self.scene.open("a", 1001, 7)
        s = self.scene
        s.down("a", push(1))
        gap = s.down("a", push(5))
        self.assertNotIn("plato.analysis.gap", self.read("-o", "plato.analyze:FALSE")[gap])


class EveryWayOfReading(unittest.TestCase):
    """A long random scene: one pass, two passes, filtered, sharkd in any order."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        os.chmod(cls.folder, 0o755)
        cls.path = os.path.join(cls.folder, "long.pcap")
        chance = random.Random(7)
        s = Scene()
        for index in range(4):
            s.open(f"c{index}", 1001 + index, 100 + index)
        counters = [0] * 4
        msg_id = 0
        delayed = []
        for _ in range(300):
            i = chance.randrange(4)
            counters[i] += chance.choice((1, 1, 1, 1, 0, 2))
            text = f"text {counters[i]}"
            s.up(f"c{i}", *[up(counters[i], text)] * chance.choice((1, 1, 2)))
            if chance.random() < 0.9:
                msg_id += chance.choice((1, 1, 1, 2))
                s.down(f"c{i}", ack(plato.UP, client_id=counters[i], session_id=42, msg_id=msg_id))
                others = [k for k in range(4) if k != i and chance.random() < 0.9]
                if delayed and chance.random() < 0.3:
                    late = delayed.pop(0)
                    s.down(late[0], push(*late[1:]))
                for k in others:
                    if chance.random() < 0.05:
                        delayed.append((f"c{k}", msg_id, text))
                        continue
                    if chance.random() < 0.03:
                        s.down(f"c{k}", push(msg_id, "something else"))
                    s.down(f"c{k}", push(msg_id, text))
                    if chance.random() < 0.8:
                        s.up(f"c{k}", ack(plato.PUSH, session_id=42, msg_id=msg_id))
        s.capture.write(cls.path)
        cls.packets = len(s.capture.records)
        cls.two = wireshark.fields(cls.path, FIELDS, "-2")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_the_scene_holds_every_verdict(self):
        seen = {name for row in self.two for name in row}
        expected = set(FIELDS) - {"plato.analysis.capture_gap", "plato.prev_conn",
                                  "plato.next_conn", "plato.slow_response",
                                  "plato.heartbeat.late"}
        self.assertEqual(expected - seen, set())

    def test_one_pass_lacks_only_what_later_frames_tell(self):
        one = wireshark.fields(self.path, FIELDS)
        for first, second in zip(one, self.two):
            self.assertTrue(set(first) & LATER == set(), first)
            self.assertEqual(first, {k: v for k, v in second.items() if k not in LATER})

    def test_filtered(self):
        for filter_ in ("plato.msg_type == 5", "plato.analysis.gap", "frame.number > 500"):
            rows = wireshark.fields(self.path, FIELDS, "-2", "-Y", filter_)
            self.assertTrue(rows)
            by_number = {row["frame.number"][0]: row for row in self.two}
            for row in rows:
                self.assertEqual(row, by_number[row["frame.number"][0]])

    def test_any_order(self):
        forward = list(range(1, self.packets + 1))
        orders = (forward, forward[::-1], random.Random(3).sample(forward, self.packets))
        trees = []
        for order in orders:
            answers = wireshark.sharkd(self.path, [("frame", {"frame": n, "proto": True})
                                                   for n in order])
            trees.append({n: [node for node in answer["tree"] if node.get("f") == "plato"]
                          for n, answer in zip(order, answers)})
        self.assertEqual(trees[0], trees[1])
        self.assertEqual(trees[0], trees[2])
        self.assertIn("Response in", str(trees[0]))


if __name__ == "__main__":
    unittest.main()
