# SPDX-License-Identifier: GPL-2.0-or-later
"""Single frames: header, heads, unknown and malformed input, info column, tiling."""
import os
import tempfile
import unittest

import one_run
import pcap
import plato_bytes as plato
import wireshark
from plato_bytes import data, frame, number


class SpecificationVectors(unittest.TestCase):
    """The three frames that the specification prints."""

    @classmethod
    def setUpClass(cls):
        cls.rows = one_run.decode(
            [bytes.fromhex("010100000000000000001b33170b"),
             bytes.fromhex("01040000000200000006155ed83d08011007182a6869"),
             bytes.fromhex("01000000000000000003df9cbc5708e907")],
            ["plato.version", "plato.msg_type", "plato.msg_len", "plato.var_head_len",
             "plato.crc32", "plato.crc32.calculated", "plato.crc32.coverage", "plato.frame_len",
             "plato.framing", "plato.up.client_id", "plato.up.conn_id", "plato.up.session_id",
             "plato.login.device_id", "plato.var_head", "plato.body", "plato.chat.text"])

    def test_heartbeat(self):
        row = self.rows[0]
        self.assertEqual(row["plato.msg_type"], ["1"])
        self.assertEqual(row["plato.crc32"], ["0x1b33170b"])
        self.assertEqual(row["plato.crc32.status"], ["1"])
        self.assertEqual(row["plato.crc32.calculated"], ["0x1b33170b"])
        self.assertEqual(row["plato.crc32.coverage"], ["frame"])
        self.assertEqual(row["plato.frame_len"], ["14"])
        self.assertEqual(row["plato.framing"], ["1"])
        self.assertNotIn("plato.var_head", row)
        self.assertNotIn("plato.body", row)
        self.assertEqual(row["_ws.col.Info"], ["HEARTBEAT"])

    def test_up(self):
        row = self.rows[1]
        self.assertEqual(row["plato.version"], ["1"])
        self.assertEqual(row["plato.msg_len"], ["2"])
        self.assertEqual(row["plato.var_head_len"], ["6"])
        self.assertEqual(row["plato.up.client_id"], ["1"])
        self.assertEqual(row["plato.up.conn_id"], ["7"])
        self.assertEqual(row["plato.up.session_id"], ["42"])
        self.assertEqual(row["plato.var_head"], ["08011007182a"])
        self.assertEqual(row["plato.body"], ["6869"])
        self.assertEqual(row["plato.chat.text"], ["hi"])
        self.assertEqual(row["_ws.col.Info"], ['UP sess=42 client=1 "hi"'])

    def test_login(self):
        self.assertEqual(self.rows[2]["plato.login.device_id"], ["1001"])
        self.assertEqual(self.rows[2]["_ws.col.Info"], ["LOGIN device=1001"])


class Heads(unittest.TestCase):
    """Every type of head, what proto3 leaves out, and what the schema does not know."""

    def test_each_type(self):
        ack = (number(1, 5) + data(2, "too big") + number(3, 4) + number(4, 7) + number(5, 3) +
               number(6, 42) + number(7, 90))
        rows = one_run.decode(
            [frame(plato.RECONN, number(1, 2**64 - 1)), frame(plato.ACK, ack),
             frame(plato.PUSH, number(1, 90) + number(2, 42), plato.chat("hello")),
             frame(plato.SYNC, number(1, 42) + number(2, 3) + number(3, 9))],
            ["plato.reconn.conn_id", "plato.ack.code", "plato.ack.msg", "plato.ack.type",
             "plato.ack.conn_id", "plato.ack.client_id", "plato.ack.session_id",
             "plato.ack.msg_id", "plato.push.msg_id", "plato.push.session_id",
             "plato.sync.session_id", "plato.sync.from_msg_id", "plato.sync.to_msg_id"])
        self.assertEqual(rows[0]["plato.reconn.conn_id"], [str(2**64 - 1)])
        self.assertEqual(rows[0]["_ws.col.Info"], [f"RECONN conn={2**64 - 1}"])
        for name, value in (("code", "5"), ("msg", "too big"), ("type", "4"), ("conn_id", "7"),
                            ("client_id", "3"), ("session_id", "42"), ("msg_id", "90")):
            self.assertEqual(rows[1][f"plato.ack.{name}"], [value])
        self.assertEqual(rows[1]["_ws.col.Info"],
                         ['ACK UP TOO_LARGE sess=42 client=3 msg=90 "too big"'])
        self.assertEqual(rows[1]["_ws.expert.message"], ["Refused: TOO_LARGE"])
        self.assertEqual(rows[2]["plato.push.msg_id"], ["90"])
        self.assertEqual(rows[2]["plato.push.session_id"], ["42"])
        self.assertEqual(rows[2]["_ws.col.Info"], ['PUSH sess=42 msg=90 "hello"'])
        self.assertEqual(rows[3]["_ws.col.Info"], ["SYNC sess=42 msg=3..9"])
        self.assertEqual(rows[3]["plato.sync.from_msg_id"], ["3"])
        self.assertEqual(rows[3]["plato.sync.to_msg_id"], ["9"])

    def test_zeros_that_were_left_out(self):
        names = ["plato.ack.code", "plato.ack.type", "plato.ack.client_id", "plato.ack.session_id",
                 "plato.ack.msg_id", "plato.ack.conn_id", "plato.up.client_id",
                 "plato.up.session_id", "plato.up.conn_id", "plato.push.msg_id",
                 "plato.push.session_id", "plato.sync.session_id", "plato.sync.from_msg_id",
                 "plato.sync.to_msg_id"]
        rows = one_run.decode(
            [frame(plato.ACK, number(4, 7)),                 # of a login
             frame(plato.ACK, number(3, 4)),                 # of an UP
             frame(plato.ACK, number(1, 6) + number(3, 4)),  # of an UP, refused
             frame(plato.ACK, number(3, 5)),                 # of a PUSH
             frame(plato.UP), frame(plato.PUSH), frame(plato.SYNC)], names)

        def zeros(row):
            return {n[6:] for n in names if row.get(n) == ["0"]}

        self.assertEqual(zeros(rows[0]), {"ack.code", "ack.type"})
        self.assertEqual(zeros(rows[1]),
                         {"ack.code", "ack.client_id", "ack.session_id", "ack.msg_id"})
        self.assertEqual(zeros(rows[2]), set())
        self.assertEqual(zeros(rows[3]), {"ack.code", "ack.session_id", "ack.msg_id"})
        self.assertEqual(zeros(rows[4]), {"up.client_id", "up.session_id"})
        self.assertEqual(zeros(rows[5]), {"push.msg_id", "push.session_id"})
        self.assertEqual(zeros(rows[6]), {"sync.session_id", "sync.from_msg_id",
                                          "sync.to_msg_id"})

    def test_unknown_fields_are_shown(self):
        wrong_wire_type = data(1, "x")
        rows = one_run.decode(
            [frame(plato.LOGIN, number(1, 5) + number(9, 300) + data(12, "abc")),
             frame(plato.LOGIN, wrong_wire_type)],
            ["plato.login.device_id", "plato.unknown_field", "plato.unknown_field.number",
             "plato.unknown_field.wire_type"])
        self.assertEqual(rows[0]["plato.login.device_id"], ["5"])
        self.assertEqual(rows[0]["plato.unknown_field"], ["48ac02", "6203616263"])
        self.assertEqual(rows[0]["plato.unknown_field.number"], ["9", "12"])
        self.assertEqual(rows[0]["plato.unknown_field.wire_type"], ["0", "2"])
        self.assertEqual(rows[1]["plato.unknown_field.number"], ["1"])
        self.assertNotIn("plato.login.device_id", rows[1])
        self.assertNotIn("_ws.expert.message", rows[0])


class WrongInput(unittest.TestCase):
    """Errors are said where they are, and the next frame of the segment is read."""

    NEXT = plato.up(client_id=77)

    def check(self, head_or_frame, message, shown=None):
        bad = head_or_frame
        rows = one_run.decode([bad + self.NEXT],
                              ["plato.up.client_id", "plato.login.device_id", "plato.malformed"])
        self.assertEqual(rows[0]["plato.up.client_id"][-1], "77")
        self.assertIn(message, rows[0]["_ws.expert.message"][0])
        if shown:
            self.assertEqual(rows[0][shown[0]], [shown[1]])
        self.assertIn('| UP sess=42 client=77 "hi"', rows[0]["_ws.col.Info"][0])

    def test_varint_too_long(self):
        self.check(frame(plato.LOGIN, number(1, 5) + b"\x08" + b"\xff" * 10 + b"\x01"),
                   "varint too long (at byte 3)", ("plato.login.device_id", "5"))

    def test_varint_cut_off(self):
        self.check(frame(plato.LOGIN, b"\x08\xff"), "reaches past the end")

    def test_length_past_the_end(self):
        self.check(frame(plato.ACK, b"\x12\x7fabc"), "reaches past the end")

    def test_field_number_zero(self):
        self.check(frame(plato.LOGIN, b"\x00\x01"), "field number 0")

    def test_group(self):
        self.check(frame(plato.LOGIN, b"\x0b\x0c"), "wire type")

    def test_login_body(self):
        self.check(plato.login(body=b"\x0a\x7fab\x01"), "reaches past the end",
                   ("plato.login.device_id", "1001"))

    def test_malformed_flag(self):
        row = one_run.decode([frame(plato.LOGIN, b"\x00\x01")], ["plato.malformed"])[0]
        self.assertIn("plato.malformed", row)

    def test_text_that_is_not_utf8(self):
        self.check(frame(plato.ACK, data(2, b"\xff\xfe")), "not UTF-8")

    def test_unknown_type(self):
        rows = one_run.decode([frame(200, b"\x08\x05", b"abc") + self.NEXT],
                              ["plato.msg_type", "plato.unknown_field.number", "plato.up.client_id",
                               "plato.msg_type.unknown"])
        self.assertEqual(rows[0]["plato.msg_type"], ["200", "4"])
        self.assertEqual(rows[0]["plato.unknown_field.number"], ["1"])
        self.assertEqual(rows[0]["plato.up.client_id"], ["77"])
        self.assertIn("plato.msg_type.unknown", rows[0])
        self.assertTrue(rows[0]["_ws.col.Info"][0].startswith('Type 200 "abc" | UP'))

    def test_unknown_type_whose_head_is_no_protobuf(self):
        rows = one_run.decode([frame(200, b"\x0b\xff\xff") + self.NEXT],
                              ["plato.up.client_id", "plato.malformed", "plato.var_head"])
        self.assertNotIn("plato.malformed", rows[0])
        self.assertEqual(rows[0]["plato.var_head"][0], "0bffff")
        self.assertEqual(rows[0]["plato.up.client_id"], ["77"])

    def test_unknown_version(self):
        rows = one_run.decode([plato.up(version=2) + self.NEXT],
                              ["plato.version", "plato.up.client_id", "plato.var_head",
                               "plato.version.unsupported"])
        self.assertEqual(rows[0]["plato.version"], ["2", "1"])
        self.assertEqual(rows[0]["plato.crc32.status"], ["1", "1"])
        self.assertEqual(rows[0]["plato.up.client_id"], ["77"])
        self.assertEqual(len(rows[0]["plato.var_head"]), 1)
        self.assertIn("plato.version.unsupported", rows[0])
        self.assertTrue(rows[0]["_ws.col.Info"][0].startswith("Version 2 UP | UP"))


class Tiling(unittest.TestCase):
    """The items of a frame cover its bytes without hole or overlap."""

    # what the dissector concludes stands beside the bytes it is concluded from
    GENERATED = ("plato.crc32.", "plato.frame_len", "plato.framing", "plato.chat.text",
                 "plato.unknown_field.", "_ws.", "json")

    def leaves(self, element):
        children = [c for c in element if int(c.get("size")) > 0
                    and not c.get("name").startswith(self.GENERATED)]
        if not children:
            return [(int(element.get("pos")), int(element.get("size")))]
        return [leaf for child in children for leaf in self.leaves(child)]

    def test_all_types(self):
        body = plato.data(1, "token") + plato.data(2, "1.0") + plato.data(3, b"\x01\x80\x01\x2a")
        frames = [plato.login(body=body), frame(plato.HEARTBEAT), frame(plato.RECONN, number(1, 9)),
                  frame(plato.ACK, number(1, 1) + data(2, "no") + number(3, 4) + number(7, 300)),
                  plato.up(body=plato.chat("text")),
                  frame(plato.PUSH, number(1, 9) + number(2, 42), plato.chat('{"a":1}', content_type=1)),
                  frame(plato.SYNC, number(1, 42) + number(2, 1) + number(3, 300)),
                  frame(9, number(1, 5) + data(99, b"xyz"), b"\x00\xff")]
        capture = pcap.Capture()
        pcap.Flow(capture, handshake=False).client(b"".join(frames))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tiling.pcap")
            capture.write(path)
            os.chmod(folder, 0o755)
            trees = wireshark.plato_trees(path)[0]
        self.assertEqual(len(trees), len(frames))
        for sent, tree in zip(frames, trees):
            at = int(tree.get("pos"))
            for pos, size in self.leaves(tree):
                self.assertEqual(pos, at, f"hole or overlap in {tree.get('showname')}")
                at += size
            self.assertEqual(at, int(tree.get("pos")) + len(sent))


if __name__ == "__main__":
    unittest.main()
