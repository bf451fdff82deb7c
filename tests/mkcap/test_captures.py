# SPDX-License-Identifier: GPL-2.0-or-later
"""What plato-mkcap writes, as tshark reads it; frames beside those of another encoder."""
import filecmp
import os
import re
import struct
import subprocess
import unittest
import zlib

import mkcap
import plato_bytes as plato
from plato_bytes import data, fixed64, frame, number

CHAT = "sender_id=1001 sent_at_us=1700000000123456"
# the piece, and its bytes written from the specification
FRAMES = (
    ("HEARTBEAT", bytes.fromhex("0101 00000000 00000000 1b33170b")),
    ("UP client_id=1 conn_id=7 session_id=42 body=hi",
     bytes.fromhex("0104 00000002 00000006 155ed83d 08011007182a 6869")),
    ("LOGIN device_id=1001", bytes.fromhex("0100 00000000 00000003 df9cbc57 08e907")),
    ("login token=secret client_version=\"v 1\" session_ids=42,300",
     frame(plato.LOGIN, b"", data(1, "secret") + data(2, "v 1") + data(3, b"\x2a\xac\x02"))),
    ("RECONN conn_id=0xffffffffffffffff", frame(plato.RECONN, number(1, 2**64 - 1))),
    ("ACK type=UP code=RATE_LIMITED msg='slow down' client_id=3 session_id=42 msg_id=9 conn_id=1",
     frame(plato.ACK, number(1, 11) + data(2, "slow down") + number(3, 4) + number(4, 1) +
           number(5, 3) + number(6, 42) + number(7, 9))),
    ("ACK code=0 type=LOGIN", frame(plato.ACK)),
    (f"PUSH session_id=2 msg_id=1 text=\"Gr\u00fc\u00dfe\" {CHAT}",
     frame(plato.PUSH, number(1, 1) + number(2, 2), plato.chat("Gr\u00fc\u00dfe"))),
    (f"UP json='{{\"a\":1}}' {CHAT}", frame(plato.UP, b"", plato.chat('{"a":1}', content_type=1))),
    (f"UP binary=hex:00ff {CHAT}", frame(plato.UP, b"", plato.chat(b"\x00\xff", content_type=2))),
    ("UP body='{\"raw\":1}'", frame(plato.UP, b"", b'{"raw":1}')),
    ("UP body=fill:28", frame(plato.UP, b"", b"abcdefghijklmnopqrstuvwxyzab")),
    ("SYNC session_id=1 from_msg_id=2 to_msg_id=3",
     frame(plato.SYNC, number(1, 1) + number(2, 2) + number(3, 3))),
    ("UP @11=\"t\" @9=5 client_id=1",
     frame(plato.UP, number(1, 1) + number(9, 5) + data(11, "t"))),
    ("UP head=hex:ff", frame(plato.UP, b"\xff")),
    ("200 body=x version=3", frame(200, b"", b"x", version=3)),
    ("UP client_id=1 body=x crc=payload", frame(plato.UP, number(1, 1), b"x", coverage="payload")),
    ("UP client_id=1 body=x crc=body-crc32c",
     frame(plato.UP, number(1, 1), b"x", coverage="body", polynomial="crc32c")),
    ("UP body=x crc=none", frame(plato.UP, b"", b"x", coverage="none")),
    ("UP body=x crc=0x01020304", frame(plato.UP, b"", b"x", crc=0x01020304)),
    ("HEARTBEAT crc=bad", bytes.fromhex("0101 00000000 00000000 e4cce8f4")),
    ("HEARTBEAT flip=0:1,-1:7", bytes.fromhex("0301 00000000 00000000 1b33178b")),
    ("LOGIN device_id=1001 from=3 to=15", bytes.fromhex("000000 00000003 df9cbc57 08")),
    ("\"a\\x00b\" | hex:0102 | fill:3", b"a\x00b\x01\x02abc"),
)
VARIANT = (
    ("LOGIN device_id=123", bytes.fromhex("00000006 1204 0a02 087b")),
    ("HEARTBEAT", bytes.fromhex("00000006 0801 1202 0a00")),
    ("UP client_id=2 conn_id=7 session_id=room body='{}'",
     b"\0\0\0\x14" + number(1, 4) + data(2, data(1, number(1, 2) + number(2, 7) +
                                                 data(3, "room")) + data(2, "{}"))),
    ("UP @3=42 text=hi", b"\0\0\0\x0c" + number(1, 4) + data(2, data(1, number(3, 42)) +
                                                           data(2, "hi"))),
    ("ACK code=1 type=RECONN", b"\0\0\0\x08" + number(1, 3) + data(2, number(1, 1) + number(3, 2))),
    ("PUSH msg_id=3 session_id=9 body=new",
     b"\0\0\0\x0d" + number(1, 5) + data(2, number(1, 3) + number(2, 9) + data(3, "new"))),
    ("PUSH msg_id=3 @2=\"old\"", b"\0\0\0\x0b" + number(1, 5) + data(2, number(1, 3) +
                                                                      data(2, "old"))),
    ("HEARTBEAT msg_len=99", bytes.fromhex("00000063 0801 1202 0a00")),
    ("77 body=hex:0801", b"\0\0\0\x06" + number(1, 77) + data(2, b"\x08\x01")),
)


def wrong_lengths():
    head = struct.pack(">BBII", 1, 4, 0x7FFFFF00, 5)
    return head + struct.pack(">I", zlib.crc32(head + b"x")) + b"x"


class Frames(mkcap.MkcapTest):
    def check(self, pieces, options=""):
        text = f"connection a {options}\n" + "".join(f"a > {piece}\n" for piece, _ in pieces)
        rows = mkcap.fields(self.build(text), "tcp.payload")
        sent = [bytes.fromhex(row["tcp.payload"]) for row in rows if row]
        self.assertEqual(len(sent), len(pieces))
        for (piece, expected), got in zip(pieces, sent):
            self.assertEqual(got.hex(), expected.hex(), piece)

    def test_frames_are_those_of_another_encoder(self):
        self.check(FRAMES + (("UP body=x msg_len=0x7fffff00 var_head_len=5", wrong_lengths()),))

    def test_the_variant(self):
        self.check(VARIANT, "framing=msgcmd")

    def test_defaults_are_for_chat_messages_that_have_not_their_own(self):
        default = "default sender_id=5 sent_at_us=6\n"
        text = (default + "connection a\na > UP text=x\na > UP sender_id=9 text=x\n"
                "a > UP body=x\na > LOGIN\ndefault\na > UP text=x\n")
        rows = mkcap.fields(self.build(text), "tcp.payload")
        x = data(4, "x")
        self.assertEqual(
            [row["tcp.payload"] for row in rows if row],
            [f.hex() for f in (frame(4, b"", number(1, 5) + fixed64(2, 6) + x),
                               frame(4, b"", number(1, 9) + fixed64(2, 6) + x),
                               frame(4, b"", b"x"), frame(0), frame(4, b"", x))])


class Packets(mkcap.MkcapTest):
    def test_the_same_bytes_each_time(self):
        once, twice = (self.build(name=name, scenario=mkcap.EVERYTHING)
                       for name in ("one.pcapng", "two.pcapng"))
        with open(once, "rb") as one, open(twice, "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_both_formats_hold_the_same(self):
        names = ("frame.time_epoch", "frame.len", "frame.cap_len", "tcp.seq_raw", "tcp.payload")
        rows = [mkcap.fields(self.build(name=name, scenario=mkcap.EVERYTHING), *names)
                for name in ("a.pcapng", "a.pcap")]
        self.assertGreater(len(rows[0]), 50)
        self.assertEqual(rows[0], rows[1])
        with open(self.path("a.pcap"), "rb") as file:
            self.assertEqual(file.read(4), struct.pack("=I", 0xA1B23C4D))

    def test_checksums(self):
        """Good in all packets, but for the one that is wrong on command and those cut short."""
        rows = mkcap.fields(self.build(scenario=mkcap.EVERYTHING), "frame.number",
                            "frame.comment", "ip.checksum.status", "ipv6.src", "eth.type",
                            "ieee8021ad.id", "vlan.id", "tcp.checksum.status", "frame.len", "frame.cap_len")
        wrong = [row for row in rows if row.get("tcp.checksum.status") != "1"]
        self.assertEqual([row["frame.len"] == row["frame.cap_len"] for row in wrong],
                         [True, False], wrong)
        self.assertEqual(wrong[0]["tcp.checksum.status"], "0")
        self.assertTrue(all(row["ip.checksum.status"] == "1" for row in rows
                            if "ipv6.src" not in row))
        self.assertEqual({(row.get("ieee8021ad.id"), row.get("vlan.id")) for row in rows},
                         {(None, None), (None, "7"), ("100", "200")})
        self.assertEqual([row["frame.comment"] for row in rows if "frame.comment" in row],
                         ["three segments", "once more"])

    def test_times(self):
        text = ("start 2001-02-03T04:05:06Z\nconnection a\npace 10us\nwait 1.5s\na > HEARTBEAT\n"
                "a > HEARTBEAT\nat 2min\na > HEARTBEAT\nwait 7ns\na > HEARTBEAT\n")
        rows = mkcap.fields(self.build(text), "frame.time_epoch")
        times = [row["frame.time_epoch"] for row in rows]
        start = 981173106
        self.assertEqual(times, [f"{start + t // 10**9}.{t % 10**9:09d}" for t in (
            0, 1000000, 2000000, 1503000000, 1503010000, 120000000000, 120000010007)])

    def test_what_tcp_says(self):
        """tshark's own TCP analysis finds what was asked for, and nothing else."""
        # 4.6 takes what is out of order for sent again without an answer before it, and when it is
        # later than about half of the round trip
        text = """
connection a
a > fill:10
a < fill:10
pace 100us
a > fill:300 / cut=100,200 order=1,3,2
pace 100ms
a > fill:300 / cut=100,200 again=3
pace 1ms
a > fill:100 / name=late
a < fill:100
wait 1s
send late
connection b
b > fill:300 / cut=100,200 lost=2
connection c client_seq=4294967295 server_seq=4294967200
c > fill:200
c < fill:200
c > fill:10 / cut=4 hold=2:rest
c < fill:10
send rest
tcp c < ack
close c
"""
        names = ("tcp.stream", "tcp.analysis.retransmission", "tcp.analysis.out_of_order",
                 "tcp.analysis.lost_segment", "tcp.analysis.spurious_retransmission",
                 "tcp.analysis.fast_retransmission", "tcp.analysis.ack_lost_segment")
        rows = mkcap.fields(self.build(text), *names)
        found = [(int(row["tcp.stream"]), name.split(".")[-1]) for row in rows
                 for name in names[1:] if name in row]
        self.assertEqual(found, [(0, "lost_segment"), (0, "out_of_order"), (0, "retransmission"),
                                 (0, "retransmission"), (0, "spurious_retransmission"),
                                 (1, "lost_segment")])

    def test_numbers_wrap_and_acknowledge_what_has_come(self):
        text = ("connection a client_seq=4294967295 server_seq=7\na > fill:200\n"
                "a > fill:10 / cut=4 hold=2:rest\na < fill:10\nsend rest\na < fill:1\n")
        rows = mkcap.fields(self.build(text), "tcp.seq_raw", "tcp.ack_raw", "tcp.len")
        self.assertEqual([tuple(int(v) for v in row.values()) for row in rows], [
            (4294967295, 0, 0), (7, 0, 0), (0, 8, 0), (0, 8, 200), (200, 8, 4),
            (8, 204, 10), (204, 18, 6), (18, 210, 1)])

    def test_segments(self):
        text = "connection a\nsegment 5\na > fill:12 / cut=7\na > fill:12 / segments=6 cut=7,8\n"
        rows = mkcap.fields(self.build(text), "tcp.len")
        self.assertEqual([int(row["tcp.len"]) for row in rows][3:], [5, 2, 5, 6, 1, 1, 4])

    def test_what_the_capture_missed_may_come_again(self):
        text = "connection a\na > fill:30 / cut=10,25 lost=2 again=2,1\na > fill:1 / lost=all\n"
        rows = mkcap.fields(self.build(text), "tcp.len")
        self.assertEqual([int(row["tcp.len"]) for row in rows][3:], [10, 5, 15, 10])

    def test_snaplen(self):
        text = "snaplen 90\nconnection a\na > fill:100 / cut=20\na > fill:100 / snap=60\n"
        rows = mkcap.fields(self.build(text), "frame.len", "frame.cap_len")
        self.assertEqual([tuple(int(v) for v in row.values()) for row in rows][3:],
                         [(74, 74), (134, 90), (154, 60)])


class Committed(mkcap.MkcapTest):
    ROOT = os.path.dirname(os.path.dirname(mkcap.FOLDER))
    CAPTURES = os.path.join(ROOT, "captures")

    def text_of(self, *path):
        with open(os.path.join(self.ROOT, *path), encoding="utf-8") as file:
            return file.read()

    def test_scenarios_give_the_committed_captures(self):
        """Byte for byte."""
        scenarios = [name for name in os.listdir(self.CAPTURES) if name.endswith(".mkcap")]
        self.assertIn("trouble.mkcap", scenarios)
        for name in scenarios:
            built = self.build(scenario=os.path.join(self.CAPTURES, name))
            committed = os.path.join(self.CAPTURES, name.replace(".mkcap", ".pcapng"))
            self.assertTrue(filecmp.cmp(built, committed, shallow=False),
                            f"{name} does not give {committed}; see tools/make-captures")

    def test_each_capture_is_on_the_page_with_what_makes_it(self):
        names = {name[:-len(".pcapng")] for name in os.listdir(self.CAPTURES)
                 if name.endswith(".pcapng")}
        listed = dict(re.findall(r"^\| `([^`]+)` \| (\d+) \|", self.text_of("captures", "README.md"),
                                 re.MULTILINE))
        self.assertEqual(set(listed), names)
        for name in names:
            made_by = [kind for kind in ("scenario", "mkcap")
                       if os.path.exists(os.path.join(self.CAPTURES, f"{name}.{kind}"))]
            self.assertEqual(len(made_by), 1, name)
        paths = [os.path.join(self.CAPTURES, name + ".pcapng") for name in sorted(names)]
        table = subprocess.run(["capinfos", "-T", "-r", "-c", "-M", *paths], check=True, text=True,
                               stdout=subprocess.PIPE, timeout=60).stdout
        self.assertEqual([line.split("\t")[1] for line in table.splitlines()],
                         [listed[name] for name in sorted(names)])

    def test_the_example_of_the_page(self):
        page = self.text_of("docs", "mkcap.md")
        example = page[page.index("## An example"):page.index("## Lines and words")]
        lines = [line[4:] for line in example.splitlines() if line.startswith("    ")]
        rows = mkcap.fields(self.build("\n".join(lines)), "tcp.len")
        self.assertEqual(len([row for row in rows if row["tcp.len"] != "0"]), 6)


if __name__ == "__main__":
    unittest.main()
