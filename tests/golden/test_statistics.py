# SPDX-License-Identifier: GPL-2.0-or-later
"""The statistics: what they count, in one pass and in two, in tshark and in sharkd."""
import os
import re
import unittest

import pcap
import plato_bytes as plato
import test_variant
import wireshark
from plato_bytes import frame, number
from scene import SceneTest, ack, push, up


def table(text):
    """The rows of a table between bars: {title: cell} each."""
    lines = [[cell.strip() for cell in line.split("|")[:-1]] for line in text.splitlines()
             if line.endswith("|")]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


class Statistics(SceneTest):
    def ignore_leaks(self):
        patched = wireshark.ignoring_leaks()
        patched.start()
        self.addCleanup(patched.stop)

    def same_in_two_passes(self, what):
        one = self.text(what)
        self.assertEqual(self.text(what, "-2"), one)
        return one

    def check(self, row, **expected):
        names = {name: name.replace("_", " ") for name in expected}
        self.assertEqual({name: row[names[name]] for name in expected},
                         {name: str(value) for name, value in expected.items()})

    def conversation(self):
        """One UP with its ACK, a PUSH of it with its ACK; the four packets 1 ms apart."""
        s = self.scene
        s.open("a", 1001, 7)
        s.open("b", 1002, 8)
        s.up("a", up(1))
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        s.down("b", push(90))
        s.up("b", ack(plato.PUSH, session_id=42, msg_id=90))
        return s


class Tree(Statistics):
    def branches(self, *options):
        """{branch: {node: count}}; the branches in column 0, nodes indented by one."""
        found, branch = {}, None
        for line in self.text("plato,tree", *options).splitlines():
            match = re.match(r"( ?)(\S.*?) {2,}(\d+)\s", line)
            if match and match[1] == "":
                branch = found.setdefault(match[2], {"": int(match[3])})
            elif match:
                branch[match[2]] = int(match[3])
        return found

    def test_counts(self):
        s = self.conversation()
        s.up("a", plato.up(client_id=2, crc=0x12345678))
        s.up("a", up(4))
        s.up("a", up(4))
        s.down("a", ack(plato.UP, code=11, client_id=4, session_id=42))
        s.down("a", ack(plato.UP, code=99, client_id=4, session_id=42))
        big = plato.chat("x" * 300)
        s.up("a", frame(plato.UP, number(1, 5) + number(3, 42), big))
        found = self.branches()
        self.assertEqual(found["Type"], {"": 14, "LOGIN": 2, "ACK": 6, "UP": 5, "PUSH": 1})
        self.assertEqual(found["CRC"], {"": 14, "good": 13, "bad": 1})
        self.assertEqual(found["Code of ACKs"], {"": 6, "OK": 4, "RATE_LIMITED": 1, "99": 1})
        self.assertEqual(found["Verdicts"], {"": 2, "Gap": 1, "Duplicate": 1})
        lengths = found["Frame length (bytes)"]
        self.assertEqual((lengths[""], lengths["256-1023"], lengths["65536-"]), (14, 1, 0))
        self.assertEqual(sum(count for node, count in lengths.items() if node), 14)

    def test_average_length(self):
        self.conversation()
        rows = wireshark.fields(self.write(), ["plato.frame_len"])
        every = [int(length) for row in rows for length in row.get("plato.frame_len", [])]
        self.assertRegex(self.text("plato,tree"),
                         rf"Frame length \(bytes\) +{len(every)} +{sum(every) / len(every):.2f} ")

    def test_unacknowledged_is_known_at_the_end(self):
        s = self.conversation()
        s.up("a", up(2))
        self.assertEqual(self.branches("-2")["Verdicts"], {"": 1, "Unacknowledged": 1})

    def test_in_sharkd(self):
        self.ignore_leaks()
        self.conversation()
        result = wireshark.sharkd(self.write(), [("tap", {"tap0": "stat:plato"})])[0]
        stats = {branch["name"]: branch for branch in result["taps"][0]["stats"]}
        self.assertEqual({node["name"]: node["count"] for node in stats["Type"]["sub"]},
                         {"LOGIN": 2, "ACK": 4, "UP": 1, "PUSH": 1})


class ResponseTimes(Statistics):
    def rows(self):
        lines = [line.split() for line in self.same_in_two_passes("plato,srt").splitlines()]
        return {line[1]: line[2:] for line in lines if len(line) == 7 and line[0].isdigit()}

    def test_by_type(self):
        s = self.conversation()
        s.up("a", up(2))
        s.up("a", frame(plato.HEARTBEAT))
        s.down("a", ack(plato.UP, client_id=2, session_id=42, msg_id=91))  # after 2 ms
        s.up("b", b"")
        s.down("a", ack(plato.HEARTBEAT))  # after 3 ms
        # calls, min, max, average, sum
        self.assertEqual(self.rows(), {
            "LOGIN": ["2", "0.001000", "0.001000", "0.001000", "0.002000"],
            "HEARTBEAT": ["1", "0.003000", "0.003000", "0.003000", "0.003000"],
            "UP": ["2", "0.001000", "0.002000", "0.001500", "0.003000"],
            "PUSH": ["1", "0.001000", "0.001000", "0.001000", "0.001000"]})


class Delivery(Statistics):
    def rows(self):
        return {row["Session"]: row for row in table(self.same_in_two_passes("plato,delivery"))}

    def test_by_session(self):
        s = self.conversation()  # 42: one after 2 ms
        s.up("b", up(1, "more", session_id=43))
        s.down("b", ack(plato.UP, client_id=1, session_id=43, msg_id=5))
        s.up("a", b"")
        s.up("a", b"")
        last = s.down("a", push(5, "more", session_id=43))  # after 4 ms
        rows = self.rows()
        self.assertEqual(set(rows), {"all", "42", "43"})
        self.assertEqual((rows["all"]["Deliveries"], rows["all"]["Min (s)"],
                          rows["all"]["Average (s)"], rows["all"]["Max (s)"],
                          rows["all"]["Max in frame"]),
                         ("2", "0.002000", "0.003000", "0.004000", str(last)))
        self.assertEqual((rows["42"]["Deliveries"], rows["42"]["Max (s)"]), ("1", "0.002000"))
        self.assertEqual((rows["43"]["Deliveries"], rows["43"]["Min (s)"]), ("1", "0.004000"))

    def test_a_push_in_front_of_the_ack_that_explains_it(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.open("b", 1002, 8)
        s.up("a", up(1))
        s.down("b", push(90))
        s.down("b", push(17, "of somebody else"))
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        rows = self.rows()
        self.assertEqual((rows["all"]["Deliveries"], rows["42"]["Max (s)"]), ("1", "0.001000"))


class Sessions(Statistics):
    def rows(self, *options):
        return {(row["Session"], row["Direction"]): row
                for row in table(self.text("plato,sessions", *options))}

    def both(self):
        one = self.rows()
        self.assertEqual(self.rows("-2"), one)
        return one

    def test_counters(self):
        s = self.scene
        s.open("a", 1001, 7)
        sent = [push(1), push(5), push(3), push(5), push(1, "changed"), push(7)]
        for pushed in sent:
            s.down("a", pushed)
        rows = self.both()
        self.assertEqual(list(rows), [("42", "down")])
        # 2..4 and 6 were skipped, 3 came; nothing was acknowledged: 1, 3, 5 and 7
        self.check(rows["42", "down"], First_id=1, Last_id=7, Frames=6, Gaps=2, Missing_ids=3,
                   Duplicates=1, Conflicts=1, Reorders=1, Unacked=4,
                   Bytes=sum(len(pushed) for pushed in sent))

    def test_unacked_goes_down_with_each_ack(self):
        s = self.conversation()
        rows = self.rows()
        self.check(rows["42", "up"], Frames=2, Unacked=0, First_id=1, Last_id=1)
        self.check(rows["42", "down"], Frames=2, Unacked=0, First_id=90, Last_id=90)
        for client_id in range(2, 7):
            s.up("a", up(client_id))
        self.check(self.rows()["42", "up"], Frames=7, Unacked=5)
        s.down("a", ack(plato.UP, client_id=4, session_id=42, msg_id=91))
        self.check(self.rows()["42", "up"], Unacked=4)
        for msg_id in range(91, 95):
            s.down("b", push(msg_id, "p%d" % msg_id))
        self.check(self.rows()["42", "down"], Unacked=4)
        s.up("b", ack(plato.PUSH, session_id=42, msg_id=93))  # covers 91, 92 and 93
        self.check(self.both()["42", "down"], Unacked=1)

    def test_more_unacked_than_are_looked_at_again(self):
        s = self.scene
        s.open("a", 1001, 7)
        for first in range(1, 2501, 500):
            s.up("a", *[up(client_id) for client_id in range(first, first + 500)])
        self.check(self.both()["42", "up"], Frames=2500, Unacked=2500, Last_id=2500)

    def test_a_damaged_frame_does_not_count(self):
        s = self.conversation()
        s.up("a", plato.up(client_id=2, session_id=77, crc=0x12345678))
        self.assertEqual({session for session, _ in self.both()}, {"42"})

    def test_sessions_by_name(self):
        """The variant's; an ACK there names no session."""
        s = self.scene
        s.flows["v"] = pcap.Flow(s.capture, client_port=30000)
        s.up("v", test_variant.up(1, "room"))
        s.up("v", test_variant.up(2, "room"))
        s.down("v", test_variant.msgcmd(plato.ACK, number(3, 4) + number(5, 1)))
        s.up("v", test_variant.up(3, "42"))
        rows = self.both()
        self.check(rows['"room"', "up"], Frames=2, First_id=1, Last_id=2)
        self.check(rows['"42"', "up"], Frames=1)


class Connections(Statistics):
    def test_rows(self):
        s = self.conversation()
        s.up("a", frame(plato.HEARTBEAT))
        s.up("a", frame(plato.HEARTBEAT))
        s.down("a", ack(plato.HEARTBEAT))
        s.flows["c"] = pcap.Flow(s.capture, client_port=30009)
        resumed = s.up("c", frame(plato.RECONN, number(1, 7)))
        s.down("c", ack(plato.RECONN, conn_id=9))
        a, b, c = table(self.same_in_two_passes("plato,conns"))
        bytes_of_a = (len(plato.login(1001)) + len(ack(plato.LOGIN, conn_id=7)) + len(up(1)) +
                      len(ack(plato.UP, client_id=1, session_id=42, msg_id=90)) + 3 * 14 + 2)
        self.check(a, Stream=0, Client="10.0.0.1:30000", Device=1001, Opened_by="LOGIN in 4",
                   Reconnects=0, Heartbeats=2, Frames=7, Bytes=bytes_of_a)
        # packets 4 to 17; the longest wait: an ACK 1 ms after its request
        self.assertEqual((a["Duration (s)"], a["Worst response (s)"]), ("0.013000", "0.001000"))
        self.check(b, Stream=1, Device=1002, Opened_by="LOGIN in 9", Heartbeats=0, Frames=4)
        self.check(c, Stream=2, Device=1001, Opened_by=f"RECONN in {resumed}", Reconnects=1,
                   Frames=2)

    def test_a_capture_that_starts_late(self):
        s = self.scene
        s.flows["a"] = pcap.Flow(s.capture, client_port=30000, handshake=False)
        s.up("a", up(5))
        self.check(table(self.text("plato,conns"))[0], Device="", Opened_by="", Frames=1)


class AskedTwice(Statistics):
    """Each listener counts for itself; Wireshark has one for each window."""

    TABLES = ("plato,sessions", "plato,conns", "plato,delivery")

    def ask(self, path, *what):
        return wireshark.run("-r", path, "-q", *[word for one in what for word in ("-z", one)])

    def test_the_same_twice(self):
        self.conversation().up("a", up(2))
        path = self.write()
        every = (*self.TABLES, "plato,tree", "plato,srt", "conv,plato", "endpoints,plato")
        self.assertEqual(self.ask(path, *every, *every), 2 * self.ask(path, *every))

    def test_with_filters_of_their_own(self):
        s = self.conversation()
        s.up("b", up(1, session_id=43))
        path = self.write()
        filters = ("plato.stream == 1", "plato.stream == 9", "plato.stream == 0")
        asked = [[f"{what},{text}" for what in self.TABLES] for text in filters]
        each = [self.ask(path, *some) for some in asked]
        self.assertEqual(len(set(each)), 3)
        # tshark prints them from the last to the first
        self.assertEqual(self.ask(path, *sum(asked, [])), "".join(reversed(each)))

    def test_in_sharkd(self):
        """Twice at once, and again: what was shown before is gone."""
        self.ignore_leaks()
        self.conversation()
        asked = {f"tap{i}": f"nstat:{what}" for i, what in enumerate(2 * self.TABLES)}
        first, again = wireshark.sharkd(self.write(), 2 * [("tap", asked)])
        self.assertEqual(again, first)
        shown = [tap["tables"] for tap in sorted(first["taps"], key=lambda tap: tap["tap"])]
        self.assertEqual(len(shown), 6)
        self.assertEqual(shown[0::2], shown[1::2])
        self.assertTrue(all(tables[0]["i"] for tables in shown))


class Ends(Statistics):
    def test_conversations_and_endpoints_in_sharkd(self):
        self.conversation()
        asked = {"tap0": "conv:Plato", "tap1": "endpt:Plato"}
        result = wireshark.sharkd(self.write(), [("tap", asked)])[0]
        answered = {tap["tap"]: tap for tap in result["taps"]}
        conversations, endpoints = answered["conv:Plato"], answered["endpt:Plato"]
        # not every version shows ports here, but the filters have them
        a, b, server = ("ip.addr==10.0.0.%d && tcp.port==%d" % end
                        for end in ((1, 30000), (1, 30001), (2, 8900)))
        self.assertEqual([(c["filter"], c["txf"], c["rxf"]) for c in conversations["convs"]],
                         [(f"{a} && {server}", 2, 2), (f"{b} && {server}", 2, 2)])
        sent = len(plato.login(1001)) + len(up(1))
        self.assertEqual(conversations["convs"][0]["txb"], sent)
        self.assertEqual([(e["filter"], e["txf"], e["rxf"]) for e in endpoints["hosts"]],
                         [(a, 2, 2), (server, 4, 4), (b, 2, 2)])

    def test_in_tshark(self):
        self.conversation()
        for what in ("conv,plato", "endpoints,plato"):
            self.assertIn("10.0.0.1", self.same_in_two_passes(what))


class Follow(Statistics):
    def test_raw_bytes_of_both_directions(self):
        s = self.scene
        s.open("a", 1001, 7)
        s.open("b", 1002, 8)
        first, second, answer = up(1), up(2), ack(plato.UP, client_id=1, session_id=42, msg_id=9)
        s.up("b", first[:20])
        s.up("b", first[20:] + second)
        s.down("b", answer)
        lines = self.same_in_two_passes("follow,plato,raw,1").splitlines()
        self.assertIn("Filter: plato.stream eq 1", lines)
        self.assertIn("Node 0: 10.0.0.1:30001", lines)
        self.assertIn("Node 1: 10.0.0.2:8900", lines)
        shown = [line for line in lines if re.fullmatch(r"\t?[0-9a-f]+", line)]
        self.assertEqual(shown, [plato.login(1002).hex(),
                                 "\t" + ack(plato.LOGIN, conn_id=8).hex(),
                                 first.hex(), second.hex(), "\t" + answer.hex()])

    def test_by_addresses(self):
        self.conversation()
        lines = self.text("follow,plato,raw,10.0.0.1:30001,10.0.0.2:8900").splitlines()
        self.assertIn(push(90).hex(), [line.strip() for line in lines])
        self.assertNotIn(up(1).hex(), lines)


class Export(Statistics):
    def setUp(self):
        super().setUp()
        self.ignore_leaks()

    def test_contents_as_files(self):
        s = self.conversation()
        text = s.up("a", up(2, "Grüße"))
        binary = s.up("a", frame(plato.UP, number(1, 3) + number(3, 42),
                                 plato.chat("\x00\x01", content_type=2)))
        json_ = s.up("a", frame(plato.UP, number(1, 4) + number(3, 42), b'{"a": [1]}'),
                     frame(plato.UP, number(1, 5) + number(3, 42), b""))
        s.up("a", plato.up(client_id=6, crc=0x12345678))
        folder = os.path.join(self.folder, "contents")
        wireshark.run("-r", self.write(), "-q", "--export-objects", "plato," + folder)
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
        sent = {"session-42-frame-%06d-0-up-2.txt" % text: "Grüße".encode(),
                "session-42-frame-%06d-0-up-3.bin" % binary: b"\x00\x01",
                "session-42-frame-%06d-0-up-4.json" % json_: b'{"a": [1]}',
                "session-42-frame-000011-0-up-1.txt": b"hi",
                "session-42-frame-000013-0-push-90.txt": b"hi"}
        self.assertEqual(found, sent)

    def test_a_session_name_does_not_leave_the_folder(self):
        s = self.scene
        s.flows["v"] = pcap.Flow(s.capture, client_port=30000)
        sent = s.up("v", test_variant.up(1, "../../etc/x y"))
        folder = os.path.join(self.folder, "contents")
        wireshark.run("-r", self.write(), "-q", "--export-objects", "plato," + folder)
        self.assertEqual(os.listdir(folder),
                         ["session-______etc_x_y-frame-%06d-0-up-1.json" % sent])

    def test_frames_as_packets_of_their_own(self):
        s = self.scene
        s.open("a", 1001, 7)
        first, second = up(1), up(2)
        s.up("a", first[:20])
        s.up("a", first[20:] + second)
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=90))
        path = os.path.join(self.folder, "frames.pcapng")
        wireshark.run("-r", self.write(), "-U", "OSI layer 7", "-w", path)
        names = ["_ws.col.Protocol", "plato.msg_type", "plato.frame_len", "plato.crc32.status"]
        rows = wireshark.fields(path, names)
        self.assertEqual([row["plato.msg_type"] for row in rows],
                         [["0"], ["3"], ["4"], ["4"], ["3"]])
        self.assertEqual([row["plato.frame_len"] for row in rows][2:4],
                         [[str(len(first))], [str(len(second))]])
        self.assertEqual({row["plato.crc32.status"][0] for row in rows}, {"1"})


if __name__ == "__main__":
    unittest.main()
