# SPDX-License-Identifier: GPL-2.0-or-later
"""The length-prefixed variant: recognised by itself, its habits, its streams."""
import struct
import unittest

import one_run
import plato_bytes as plato
from plato_bytes import data, msgcmd, number

NAMES = ["plato.framing", "plato.mc.len", "plato.mc.type", "plato.msg_type", "plato.continuation",
         "plato.login.device_id", "plato.reconn.conn_id", "plato.up.client_id", "plato.up.conn_id",
         "plato.up.session_id", "plato.up.session_name", "plato.ack.code", "plato.ack.type",
         "plato.ack.msg", "plato.ack.conn_id", "plato.ack.client_id", "plato.push.msg_id",
         "plato.push.session_id", "plato.body", "plato.var_head", "plato.mc.conn_created",
         "plato.unknown_field.number", "json.key", "plato.malformed", "plato.too_large",
         "plato.crc32"]

LOGIN = bytes.fromhex("000000061204 0a02 087b")  # as the specification prints them
HEARTBEAT = bytes.fromhex("00000006 0801 1202 0a00")


def up(client_id, session=None, conn_id=7, body=b'{"Type":"text"}'):
    head = (number(1, client_id) if client_id else b"") + number(2, conn_id)
    if session is not None:
        head += data(3, session) if isinstance(session, str) else number(3, session)
    return msgcmd(plato.UP, data(1, head) + data(2, body))


def decode(payload, *options):
    return one_run.decode_flow(lambda flow: flow.client(payload), NAMES, *options)[0]


class Messages(unittest.TestCase):
    def test_the_bytes_of_the_specification(self):
        row = decode(LOGIN + HEARTBEAT)
        self.assertEqual(row["plato.framing"], ["2", "2"])
        self.assertEqual(row["plato.mc.len"], ["6", "6"])
        self.assertEqual(row["plato.msg_type"], ["0", "1"])
        self.assertEqual(row["plato.mc.type"], ["1"])  # a LOGIN leaves it out
        self.assertEqual(row["plato.login.device_id"], ["123"])
        self.assertEqual(row["_ws.col.Info"], ["LOGIN device=123 | HEARTBEAT"])
        self.assertNotIn("plato.crc32", row)
        self.assertNotIn("plato.malformed", row)

    def test_up_with_a_session_of_each_kind(self):
        for session, field in ((None, None), (42, "plato.up.session_id"),
                               ("room", "plato.up.session_name")):
            row = decode(up(5, session))
            self.assertEqual(row["plato.up.client_id"], ["5"])
            self.assertEqual(row["plato.up.conn_id"], ["7"])
            self.assertEqual(row["json.key"], ["Type"])
            if field:
                self.assertEqual(row[field], [str(session)])
            self.assertNotIn("plato.unknown_field.number", row)

    def test_the_first_up_has_no_client_id(self):
        self.assertEqual(decode(up(0, "room"))["plato.up.client_id"], ["0"])

    def test_push_of_both_builds(self):
        for payload in (number(1, 3) + data(2, "old"), number(1, 3) + number(2, 9) +
                        data(3, "new"), data(3, "new")):
            row = decode(msgcmd(plato.PUSH, payload))
            self.assertEqual(len(row["plato.body"]), 1)
            self.assertIn(bytes.fromhex(row["plato.body"][0]), (b"old", b"new"))
            self.assertEqual(row["plato.push.msg_id"], ["3" if b"\x08\x03" in payload else "0"])
            self.assertNotIn("plato.unknown_field.number", row)

    def test_acks(self):
        created = 1700000000123 - 1589923200000
        conn_id = created << 16 | 5
        login = msgcmd(plato.ACK, data(2, "login ok") + number(4, conn_id))
        push = msgcmd(plato.ACK, number(3, 4) + number(4, conn_id))
        failed = msgcmd(plato.ACK, number(1, 1) + data(2, "reconn failed") + number(3, 2))
        row = decode(login + push + failed)
        self.assertEqual(row["plato.ack.type"], ["0", "4", "2"])
        self.assertEqual(row["plato.ack.conn_id"], [str(conn_id)] * 2)
        self.assertEqual(row["plato.mc.conn_created"],
                         ["Nov 14, 2023 22:13:20.123000000 UTC"] * 2)
        self.assertEqual(row["plato.ack.code"], ["0", "0", "1"])

    def test_malformed(self):
        for payload in (b"\x08", b"\x12\x7fab", b"\x00\x01"):
            bad = struct.pack(">I", len(payload) + 2) + b"\x08\x03" + payload
            row = decode(HEARTBEAT + bad + HEARTBEAT)
            self.assertIn("plato.malformed", row, payload)
            self.assertEqual(row["plato.mc.len"], ["6", str(len(payload) + 2), "6"])

    def test_unknown_type(self):
        row = decode(HEARTBEAT + msgcmd(77, b"\x08\x01") + HEARTBEAT)
        self.assertEqual(row["plato.mc.type"], ["1", "77", "1"])


class Streams(unittest.TestCase):
    FRAMES = [LOGIN, HEARTBEAT] + [up(i, "room", body=b'{"n":"%d"}' % i) for i in range(6)]
    WHOLE = b"".join(FRAMES)

    def check(self, build, expected, *options, **more):
        rows = one_run.decode_flow(build, NAMES, *options, **more)
        self.assertEqual([int(i) for r in rows for i in r.get("plato.up.client_id", [])], expected)
        return rows

    def test_cuts(self):
        def build(size):
            def write(flow):
                for at in range(0, len(self.WHOLE), size):
                    flow.client(self.WHOLE[at:at + size])
            return write

        for size in (1, 2, 3, 5, 7, 20, 33):
            self.check(build(size), list(range(6)))

    def test_the_framings_are_told_apart_per_connection(self):
        rows = one_run.decode_flows([lambda f: f.client(plato.up()), lambda f: f.client(up(3))],
                                    NAMES)
        self.assertEqual([r[0]["plato.framing"] for r in rows], [["1"], ["2"]])

    def test_a_start_in_the_middle(self):
        for start in (3, 11, 25, 40, 61):
            after = [i for i in range(6)
                      if sum(len(f) for f in self.FRAMES[:i + 2]) >= start]
            self.check(lambda flow: flow.client(self.WHOLE[start:]), after, handshake=False)

    def test_a_lost_segment(self):
        at = len(LOGIN) + len(HEARTBEAT) + len(self.FRAMES[2]) + 10

        def build(flow):
            flow.client(self.WHOLE[:at])
            flow.client(self.WHOLE[at:at + 30], record=False)
            flow.client(self.WHOLE[at + 30:])

        length = len(self.FRAMES[2])
        first = len(LOGIN) + len(HEARTBEAT)
        kept = [0] + [i for i in range(1, 6)
                      if first + i * len(self.FRAMES[3]) - (len(self.FRAMES[3]) - length) >= at + 30]
        self.check(build, kept)

    def test_an_impossible_length(self):
        def build(flow):
            flow.client(self.WHOLE)
            flow.client(b"\x7f\xff\xff\x00" + b"rubbish")
            flow.client(up(9, "room"))

        rows = self.check(build, list(range(6)) + [9])
        self.assertTrue(any("plato.too_large" in r for r in rows))

    def test_the_heuristic_is_off_unless_asked_for(self):
        payload = up(3, "room")
        for options, expected in (((), []), (("--enable-heuristic", "plato_mc_tcp"), [3])):
            self.check(lambda flow: flow.client(payload), expected, *options, port=47123)

    def test_the_preference_decides(self):
        row = decode(plato.up(), "-o", "plato.framing:msgcmd")
        self.assertNotIn("plato.crc32", row)


if __name__ == "__main__":
    unittest.main()
