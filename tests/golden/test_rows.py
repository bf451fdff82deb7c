# SPDX-License-Identifier: GPL-2.0-or-later
"""-z plato,rows: its columns, its two formats, its errors."""
import csv
import decimal
import io
import json
import os
import subprocess
import unittest

import pcap
import plato_bytes as plato
import test_variant
import wireshark
from plato_bytes import frame, number
from scene import SceneTest, ack, push, up

COLUMNS = ("frame,index,time,stream,dir,src,sport,dst,dport,framing,type,device_id,conn_id,"
           "session_id,client_id,msg_id,ack_type,ack_code,var_head_len,msg_len,crc_status,verdicts,"
           "response_to,response_time,delivery_of,delivery_time").split(",")
NUMBERS = ("frame index stream sport dport framing device_id conn_id client_id msg_id ack_code "
           "var_head_len msg_len response_to delivery_of").split()
TIMES = ["time", "response_time", "delivery_time"]


def time_of(number_of_packet):
    """A packet every millisecond."""
    return "1700000000.%03d000000" % (number_of_packet - 1)


class Rows(SceneTest):
    def path(self, name):
        return os.path.join(self.folder, name)

    def content(self, name):
        with open(self.path(name), encoding="utf-8", newline="") as rows:
            return rows.read()

    def csv(self, *options, both_passes=False):
        """The rows of csv; those of ndjson, of the same run, are left in self.objects."""
        wireshark.run("-r", self.write(), "-q", *options, "-z", "plato,rows," + self.path("csv"),
                      "-z", "plato,rows,ndjson," + self.path("ndjson"))
        if both_passes:
            self.text("plato,rows," + self.path("again"), "-2", *options)
            self.assertEqual(self.content("again"), self.content("csv"))
        table = list(csv.reader(io.StringIO(self.content("csv"), newline=""), strict=True))
        self.assertEqual(table[0], COLUMNS)
        self.assertEqual({len(row) for row in table}, {len(COLUMNS)})
        self.objects = [json.loads(line, parse_float=decimal.Decimal)
                        for line in self.content("ndjson").split("\n")[:-1]]
        return [dict(zip(COLUMNS, row)) for row in table[1:]]

    def check(self, row, **expected):
        self.assertEqual({name: row[name] for name in expected},
                         {name: str(value) for name, value in expected.items()})


class Columns(Rows):
    def test_a_message_of_each_type(self):
        s = self.scene
        login, login_ack = s.open("a", 1001, 7)
        beat, beat_ack = s.up("a", frame(plato.HEARTBEAT)), s.down("a", ack(plato.HEARTBEAT))
        request = up(5)
        sent = s.up("a", request)
        answered = s.down("a", ack(plato.UP, client_id=5, session_id=42, msg_id=90))
        s.open("b", 1002, 8)
        pushed = s.down("b", push(90))
        confirmed = s.up("b", ack(plato.PUSH, session_id=42, msg_id=90))
        synced = s.up("b", frame(plato.SYNC, number(1, 42) + number(2, 3) + number(3, 4)))
        resumed = s.up("b", frame(plato.RECONN, number(1, 9)))
        rows = {int(row["frame"]): row for row in self.csv(both_passes=True)}
        client = {"dir": "up", "src": "10.0.0.1", "sport": 30000, "dst": "10.0.0.2", "dport": 8900}
        server = {"dir": "down", "src": "10.0.0.2", "sport": 8900, "dst": "10.0.0.1",
                  "dport": 30000}
        a = {"index": 0, "stream": 0, "framing": 1, "device_id": 1001, "crc_status": "good",
             "verdicts": "", "delivery_of": "", "delivery_time": ""}
        no_ids = {"session_id": "", "client_id": "", "msg_id": ""}
        no_ack = {"ack_type": "", "ack_code": "", "response_to": "", "response_time": ""}
        self.check(rows[login], time=time_of(login), type="LOGIN", conn_id="", var_head_len=3,
                   msg_len=0, **a, **client, **no_ids, **no_ack)
        self.check(rows[login_ack], time=time_of(login_ack), type="ACK", conn_id=7,
                   ack_type="LOGIN", ack_code=0, var_head_len=2, msg_len=0, response_to=login,
                   response_time="0.001000000", **a, **server, **no_ids)
        self.check(rows[beat], time=time_of(beat), type="HEARTBEAT", conn_id=7, var_head_len=0,
                   msg_len=0, **a, **client, **no_ids, **no_ack)
        self.check(rows[beat_ack], type="ACK", ack_type="HEARTBEAT", response_to=beat, **no_ids)
        self.check(rows[sent], time=time_of(sent), type="UP", conn_id=7, session_id=42, client_id=5,
                   msg_id="", var_head_len=4, msg_len=len(request) - 14 - 4, **a, **client,
                   **no_ack)
        self.check(rows[answered], type="ACK", conn_id=7, session_id=42, client_id=5, msg_id=90,
                   ack_type="UP", ack_code=0, response_to=sent, response_time="0.001000000")
        self.check(rows[pushed], stream=1, dir="down", type="PUSH", device_id=1002, conn_id=8,
                   session_id=42, client_id="", msg_id=90, delivery_of=sent,
                   delivery_time="0.%03d000000" % (pushed - sent), **no_ack)
        self.check(rows[confirmed], dir="up", type="ACK", ack_type="PUSH", session_id=42, msg_id=90,
                   response_to=pushed, response_time="0.001000000")
        self.check(rows[synced], type="SYNC", session_id=42, client_id="", msg_id="")
        self.check(rows[resumed], type="RECONN", device_id=1002, conn_id=9)  # its own, not 8

    def test_frames_of_one_packet(self):
        s = self.scene
        s.open("a", 1001, 7)
        number_of_packet = s.up("a", up(1), up(2), up(3))
        rows = [row for row in self.csv() if row["type"] == "UP"]
        self.assertEqual([(row["frame"], row["index"], row["client_id"]) for row in rows],
                         [(str(number_of_packet), str(i), str(i + 1)) for i in range(3)])

    def test_a_frame_stands_with_the_packet_that_completes_it(self):
        s = self.scene
        s.open("a", 1001, 7)
        request = up(1)
        s.up("a", request[:20])
        last = s.up("a", request[20:])
        self.check(self.csv()[-1], type="UP", frame=last, time=time_of(last))

    def test_verdicts(self):
        s = self.scene
        s.open("a", 1001, 7)
        expected = [(push(1), ""), (push(5), "gap:2-4"), (push(3), "out_of_order;gap_filled"),
                    (push(5), "duplicate"), (push(1, "changed"), "conflict"), (push(7), "gap:6-6")]
        for pushed, _ in expected:
            s.down("a", pushed)
        rows = [row for row in self.csv(both_passes=True) if row["type"] == "PUSH"]
        self.assertEqual([row["verdicts"] for row in rows], [verdicts for _, verdicts in expected])

    def test_what_was_lost_in_the_capture_is_no_gap(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.down("a", push(1))
        s.flows["a"].server(push(2), record=False)
        s.down("a", push(3))
        rows = self.csv("-o", "tcp.reassemble_out_of_order:FALSE", both_passes=True)
        self.check(rows[-1], msg_id=3, verdicts="capture_gap")

    def test_slow_response_and_its_preference(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.up("a", frame(plato.HEARTBEAT))
        for _ in range(3):
            s.up("a", b"")
        s.down("a", ack(plato.HEARTBEAT))
        self.assertEqual(self.csv()[-1]["verdicts"], "")
        slow = self.text("plato,rows", "-o", "plato.slow_response_ms:3").splitlines()[-1]
        self.assertIn(",slow_response,", slow)

    def test_a_push_in_front_of_the_ack_that_explains_it(self):
        """Rows stream: what is known later is in none, in two passes neither."""
        s = self.scene
        s.open("a", 1001, 7)
        s.open("b", 1002, 8)
        s.up("a", up(1))
        s.down("b", push(90))
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        row = [row for row in self.csv(both_passes=True) if row["type"] == "PUSH"][0]
        self.check(row, delivery_of="", delivery_time="")

    def test_damage_and_the_unknown(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.up("a", plato.up(client_id=1, crc=0x12345678))
        s.up("a", frame(99, b"", b"what is this"))
        s.up("a", frame(plato.ACK, number(1, 77) + number(3, 55)))
        bad, unknown, refusal = self.csv()[-3:]
        self.check(bad, type="UP", client_id=1, crc_status="bad", verdicts="", response_to="")
        self.check(unknown, type="99", client_id="", msg_len=12, crc_status="good")
        self.check(refusal, type="ACK", ack_type="55", ack_code=77)

    def test_ids_of_64_bits(self):
        s = self.scene
        s.open("a", 2 ** 64 - 1, 2 ** 63)
        login, login_ack = self.csv()
        self.check(login, device_id=2 ** 64 - 1)
        self.check(login_ack, conn_id=2 ** 63)
        self.assertEqual(self.objects[0]["device_id"], 2 ** 64 - 1)

    def test_without_analysis(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.down("a", push(1))
        s.down("a", push(9))
        rows = self.text("plato,rows", "-o", "plato.analyze:FALSE").splitlines()
        self.assertEqual(len(rows), 1 + 4)
        self.assertTrue(rows[-1].endswith(",good,,,,,"), rows[-1])


class Formats(Rows):
    def test_ndjson_has_the_values_of_csv(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.up("a", up(1), up(4))
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        flat = self.csv()
        objects = self.objects
        self.assertEqual(len(flat), len(objects))
        for row, entry in zip(flat, objects):
            self.assertEqual({n: v for n, v in row.items() if v != ""},
                             {n: str(v) for n, v in entry.items()})
            self.assertEqual(list(entry), [n for n in COLUMNS if n in entry])
            for name, value in entry.items():
                kind = (int if name in NUMBERS or name == "session_id" else
                        decimal.Decimal if name in TIMES else str)
                self.assertIsInstance(value, kind, name)

    def test_text_with_everything_that_needs_quoting(self):
        """The variant's sessions may be text, and text may be anything."""
        names = ['a,b', 'say "hi"', "two\nlines", "cr\rlf\n", "tab\tback\\slash", "Grüße, 你好",
                 "bell\x07", "=1+1", "nul\0in it"]
        s = self.scene
        s.flows["v"] = pcap.Flow(s.capture, client_port=30000)
        for index, name in enumerate(names, 1):
            s.up("v", test_variant.up(index, name))
        shown = [name.replace("\0", "\ufffd") for name in names]
        rows = self.csv()
        self.assertEqual([row["session_id"] for row in rows], shown)
        self.assertEqual({row["framing"] for row in rows}, {"2"})
        self.assertEqual({row["crc_status"] for row in rows}, {"unverified"})
        self.assertEqual([entry["session_id"] for entry in self.objects], shown)

    def test_text_that_is_not_utf8(self):
        s = self.scene
        s.flows["v"] = pcap.Flow(s.capture, client_port=30000)
        head = number(1, 1) + plato.data(3, b"ab\xff\xfec\xe4")
        s.up("v", test_variant.msgcmd(plato.UP, plato.data(1, head) + plato.data(2, b"{}")))
        self.assertEqual(self.csv()[0]["session_id"], "ab\ufffd\ufffdc\ufffd")
        self.assertEqual(self.objects[0]["session_id"], "ab\ufffd\ufffdc\ufffd")

    def test_no_message_at_all(self):
        pcap.Flow(self.scene.capture)
        self.assertEqual(self.csv(), [])
        self.assertEqual(self.objects, [])

    def test_default_is_csv(self):
        self.scene.open("a", 1001, 7)
        self.assertEqual(self.text("plato,rows"), self.text("plato,rows,csv"))

    def test_beside_the_packet_list_without_q(self):
        self.scene.open("a", 1001, 7)
        both = wireshark.run("-r", self.write(), "-z", "plato,rows")
        for line in self.text("plato,rows").splitlines():
            self.assertIn(line, both.splitlines())


class Files(Rows):
    def test_files_of_both_formats_in_one_run(self):
        self.scene.open("a", 1001, 7)
        flat, objects = self.path("a,b.csv"), self.path("rows.ndjson")
        out = self.text("plato,rows," + flat, "-z", "plato,rows,ndjson," + objects)
        self.assertEqual(out, "")
        self.assertEqual(self.content("a,b.csv"), self.text("plato,rows"))
        self.assertEqual(self.content("rows.ndjson"), self.text("plato,rows,ndjson"))

    def refused(self, what, stdout=subprocess.PIPE):
        self.scene.open("a", 1001, 7)
        done = subprocess.run([wireshark.RUNNER, "-r", self.write(), "-q", "-z", what],
                              stdout=stdout, stderr=subprocess.PIPE, text=True,
                              timeout=wireshark.TIMEOUT, env=wireshark.environment_of_a_run())
        self.assertNotEqual(done.returncode, 0, what)
        return done.stderr

    def test_a_file_that_cannot_be_opened(self):
        path = self.path("missing/rows.csv")
        self.assertIn(f"plato,rows: cannot open {path}: No such file", self.refused(
            "plato,rows,csv," + path))

    def test_a_disk_that_is_full(self):
        self.assertIn("cannot write to /dev/full: No space left",
                      self.refused("plato,rows,ndjson,/dev/full"))
        with open("/dev/full", "wb") as full:
            self.assertIn("cannot write to standard output: No space left",
                          self.refused("plato,rows", stdout=full))

    def test_an_option_that_makes_no_sense(self):
        for what in ("plato,rowsx", "plato,rows,", "plato,rows,json", "plato,rows,csv,"):
            self.assertIn("usage: -z plato,rows[,csv|,ndjson][,FILE]", self.refused(what))


if __name__ == "__main__":
    unittest.main()
