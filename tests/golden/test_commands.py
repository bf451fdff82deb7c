# SPDX-License-Identifier: GPL-2.0-or-later
"""The latency, text command and binary command protocols: fields, pairs, rules, statistics."""
import functools
import os
import re
import subprocess
import unittest

import command_bytes as commands
import pcap
import scene
import wireshark
from command_bytes import command, error, value

PROTOCOLS = ("latency", "textcmd", "bincmd")
# What follows a hole of the capture is shown, not held back.
HOLES = ("-2", "-o", "tcp.reassemble_out_of_order:FALSE")
LATER = ("response_in", "no_reply")  # what a second pass alone shows


@functools.cache
def names_of_one_pass():
    return [n for n in wireshark.plato_fields(PROTOCOLS) if not n.endswith(LATER)]


def everything(path, *options):
    return wireshark.fields(path, ["frame.number", "_ws.col.Info", *names_of_one_pass()], *options)


class CommandTest(scene.SceneTest):
    def setUp(self):
        super().setUp()
        self.capture = self.scene.capture

    def flow(self, port, **more):
        """A connection; its handshake takes three packets."""
        return pcap.Flow(self.capture, port, 30000 + len(self.capture.records), **more)

    def fields(self, *names, options=("-2",)):
        """{packet: {name: [values]}}, without the packets that have none."""
        rows = wireshark.fields(self.write(), ["frame.number", *names], *options)
        return {int(row.pop("frame.number")[0]): row for row in rows if len(row) > 1}

    def info(self, *options):
        rows = self.fields("_ws.col.Info", options=options)
        return [row["_ws.col.Info"][0] for row in rows.values()
                if not re.match(r"\d+ → ", row["_ws.col.Info"][0])]

    def packets_with(self, *names):
        """Of one name the packets that have it; of several {name: packets}."""
        rows = self.fields(*names)
        found = {name: [n for n, row in rows.items() if name in row] for name in names}
        return found if len(names) > 1 else found[names[0]]

    def check_packets(self, prefix, expected):
        """{name after the prefix: packets}"""
        whole = {f"{prefix}.{name}": packets for name, packets in expected.items()}
        self.assertEqual(self.packets_with(*whole), whole)

    def trees(self, *options):
        """The texts of the protocols' items, packet by packet."""
        text = wireshark.run("-r", self.write(), *options, "-V", "-O", ",".join(PROTOCOLS))
        return [line for line in text.splitlines() if line.startswith("    ") or
                line.split(",")[0].endswith("Protocol")]

    def same_however_read(self):
        """One pass says what two say, but for what only later packets show; sharkd does in any
        order."""
        path = self.write()
        self.assertEqual(everything(path), everything(path, "-2"))
        packets = list(range(1, len(self.capture.records) + 1))
        asked = [("frame", {"frame": n, "proto": True}) for n in packets + packets[::-1]]
        trees = [answer["tree"] for answer in wireshark.sharkd(path, asked)]
        self.assertEqual(trees[:len(packets)], trees[:len(packets) - 1:-1])


class Latency(CommandTest):
    def test_udp(self):
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        u.client(value(1000))
        u.server(value(1000))
        self.capture.pause(1)
        u.client(value(2003))
        u.server(value(2003))
        rows = self.fields("latency.value", "latency.response_in", "latency.response_to",
                           "latency.rtt", "_ws.expert")
        self.assertEqual(rows, {
            1: {"latency.value": ["1000"], "latency.response_in": ["2"]},
            2: {"latency.value": ["1000"], "latency.response_to": ["1"],
                "latency.rtt": ["0.001000000"]},
            3: {"latency.value": ["2003"], "latency.response_in": ["4"]},
            4: {"latency.value": ["2003"], "latency.response_to": ["3"],
                "latency.rtt": ["0.001000000"]}})
        self.assertEqual(self.info(), ["Probe 1000", "Reply 1000 (1.000 ms)", "Probe 2003",
                                       "Reply 2003 (1.000 ms)"])

    def test_udp_out_of_order(self):
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        for number in (1, 2, 3):
            u.client(value(number))
        for number in (3, 1, 2):
            u.server(value(number))
        self.assertEqual({n: row["latency.response_to"][0] for n, row in
                          self.fields("latency.response_to").items()}, {4: "3", 5: "1", 6: "2"})
        self.check_packets("latency.expert",
                           {"in_flight": [2, 3], "too_soon": [2, 3], "differs": []})

    def test_rules(self):
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        u.client(value(1))                    # 1, lost
        self.capture.pause(4)
        u.client(value(2))                    # 2, answered too late
        self.capture.pause(4.1)
        u.server(value(2))
        self.capture.pause(1.1)
        u.client(value(3))                    # 4, answered wrongly
        u.server(value(4))
        u.server(value(3))                    # 6, nobody asked
        self.capture.pause(2)
        u.client(b"abc")                      # 7, no multiple of 4
        u.server(b"abc")
        u.client(value(5))                    # 9, too soon, and nobody knows whether it is lost
        expected = {"no_reply": [1, 2], "late": [3], "differs": [5], "unasked": [6],
                    "size": [7, 8], "too_soon": [9], "in_flight": []}
        self.check_packets("latency.expert", expected)
        self.assertEqual(self.packets_with("latency.rtt"), [3, 5, 8])
        once = self.fields("latency.expert.no_reply", options=())
        self.assertEqual(once, {})  # not known yet
        self.same_however_read()

    def test_short_snaplen(self):
        """The size is what was sent, not what was captured."""
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        u.client(value(1) + value(2), captured=6)
        u.client(b"abcde", captured=4)
        rows = self.fields("latency.value", "latency.rest", "latency.expert.size")
        self.assertEqual(rows[1], {"latency.value": ["1"], "latency.rest": ["0000"]})
        self.assertEqual(set(rows[2]), {"latency.value", "latency.expert.size"})

    def test_tcp_long_and_short(self):
        f = self.flow(commands.LATENCY)
        for number in (1, 2):
            f.client(value(number))
            f.server(value(number))
            self.capture.pause(1)
        g = self.flow(commands.LATENCY, handshake=False)  # the port shows who is who
        g.server(value(9))
        g.client(value(10))
        rows = self.fields("latency.response_to", "latency.value")
        self.assertEqual([r.get("latency.response_to") for r in rows.values()],
                         [None, ["4"], None, ["6"], None, None])
        self.assertEqual(self.packets_with("latency.expert.unasked"), [8])

    def test_tcp_pieces(self):
        """A value that TCP cut is put together; a segment of the right size is its own."""
        f = self.flow(commands.LATENCY)
        for byte in value(0x01020304):
            f.client(bytes([byte]))                        # 4..7
        f.server(value(0x01020304))                        # 8
        f.client(b"xx")                                    # 9
        f.client(value(5) + value(6))                      # 10
        rows = self.fields("latency.value", "latency.rest")
        self.assertEqual({n: r.get("latency.value") for n, r in rows.items()},
                         {4: None, 5: None, 6: None, 7: ["16909060"], 8: ["16909060"], 9: None,
                          10: ["5", "6"]})
        self.assertEqual(self.packets_with("latency.expert.size"), [4, 5, 6, 7, 9])
        self.assertEqual(self.fields("latency.response_to")[8]["latency.response_to"], ["7"])
        self.same_however_read()

    def test_silence(self):
        """The client's duty on a connection: a probe in 6 minutes. Replies do not help."""
        f = self.flow(commands.LATENCY)
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        for wait in (0, 359.9, 360.1, 500, 1):
            self.capture.pause(wait - 0.003)
            f.client(value(7))                # 4, 7, 10, 13, 16
            f.server(value(7))
            u.client(value(7))
        self.assertEqual(self.packets_with("latency.expert.silent"), [10, 13])
        self.assertRegex(self.text("latency,tree"), r"Silent for over 6 min +2 ")
        self.same_however_read()

    def test_decode_as_and_no_heuristic(self):
        f = self.flow(9000)
        f.client(value(1))
        f.server(value(1))
        self.assertEqual(self.packets_with("latency.value"), [])
        rows = self.fields("latency.response_to", options=("-2", "-d", "tcp.port==9000,latency"))
        self.assertEqual(sorted(rows), [5])
        rows = self.fields("latency.value", options=("-o", "latency.tcp.port:9000"))
        self.assertEqual(sorted(rows), [4, 5])

    def test_statistics(self):
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        for wait in (0.0, 0.001, 0.002, 0.03, 0.6, 4.5):
            self.capture.pause(1)
            u.client(value(7))
            self.capture.pause(wait)
            u.server(value(7))
        table = {}
        for line in self.text("latency,rtt").splitlines():
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) > 5 and cells[1].isdigit():
                table[cells[0]] = cells[1:6]
        self.assertEqual(table["all"], ["6", "100.00", "1.000", "856.500", "4501.000"])
        self.assertEqual({name: row[0] for name, row in table.items() if row[0] != "0"},
                         {"all": "6", "1 to 2 ms": "1", "2 to 5 ms": "2", "20 to 50 ms": "1",
                          "0.5 to 1 s": "1", "over 4 s": "1"})
        self.assertEqual(list(table)[1:3], ["under 0.1 ms", "0.1 to 0.2 ms"])
        self.assertEqual([len(line.split("|")) for line in self.text("latency,rtt").splitlines()
                          if "|" in line], [12, 12] + [9] * 15)
        tree = self.text("latency,tree")
        for pattern in (r"Probe +6 ", r"Reply +6 ", r"Reply too late +1 ",
                        r"Response time \(us\) +6 +856500.00 +1000 +4501000 ",
                        r"4000000- +1 +4501000.00 "):
            self.assertRegex(tree, pattern)


    def test_distribution_by_hand(self):
        """Round trips in ms: 10, 12, 11, 19, 11, of another client 90, 40, and two probes lost.

        Sorted 10 11 11 12 19 40 90: the median is the 4th of 7, p99 the 7th, the mean 193/7. From
        one to the next 2 1 8 8, and of the other client 50: jitter 69/5.
        """
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        g = self.flow(commands.LATENCY, addresses=("10.0.0.9", "10.0.0.2"))
        h = self.flow(commands.LATENCY, addresses=("10.0.0.9", "10.0.0.2"))

        def probe(ends, wait, differs=0):
            sent = len(self.capture.records)
            self.capture.pause(1)
            ends.client(value(sent))
            if wait is not None:
                self.capture.paused += (wait - 1) * 1000  # exactly
                ends.server(value(sent + differs))

        probe(u, 10)
        probe(u, 12)
        probe(g, 90)
        probe(u, None)
        self.capture.pause(4)
        probe(u, 11)
        probe(u, 5, differs=1)     # not its own: that probe is lost, too
        probe(u, 19)
        probe(h, 40)               # a connection of its own, the same path
        probe(u, 11)
        probe(u, None)             # nobody knows yet
        for options in ((), ("-2",)):
            row = next(line for line in self.text("latency,rtt", *options).splitlines()
                       if line.split("|")[0].strip() == "all")
            self.assertEqual([cell.strip() for cell in row.split("|")[1:-1]],
                             ["7", "100.00", "10.000", "27.571", "90.000", "12.000", "90.000",
                              "13.800", "10", "2"])
        with wireshark.ignoring_leaks():
            cells = wireshark.sharkd(self.write(), [("tap", {"tap0": "nstat:latency,rtt"})])
        self.assertIn("27.571", str(cells))


class TextCommands(CommandTest):
    def test_pairs_in_order(self):
        f = self.flow(commands.TEXTCMD)
        f.client(b"ECHO/-5\r\nTIME/\r\nPING/a%20%C3%A4\r\n")
        f.server(b"ECHO/-5\r\n")
        f.server(b"TIME/2026-11-22T03%3A00%3A00Z\r\nERROR/503%20overloaded\r\n")
        rows = self.fields("textcmd.type", "textcmd.params", "textcmd.params.decoded",
                           "textcmd.response_in", "textcmd.response_to", "textcmd.response_time",
                           "textcmd.error.code", "textcmd.error.reason", "textcmd.error_reply")
        self.assertEqual(rows[4], {
            "textcmd.type": ["ECHO", "TIME", "PING"], "textcmd.params": ["-5", "", "a%20%C3%A4"],
            "textcmd.params.decoded": ["-5", "", "a ä"], "textcmd.response_in": ["5", "6", "6"]})
        self.assertEqual(rows[5], {
            "textcmd.type": ["ECHO"], "textcmd.params": ["-5"], "textcmd.params.decoded": ["-5"],
            "textcmd.response_to": ["4"], "textcmd.response_time": ["0.001000000"]})
        self.assertEqual(rows[6]["textcmd.response_to"], ["4", "4"])
        self.assertEqual(rows[6]["textcmd.error.code"], ["503"])
        self.assertEqual(rows[6]["textcmd.error.reason"], ["overloaded"])
        self.assertEqual(len(rows[6]["textcmd.error_reply"]), 1)

    def test_every_cut_of_the_stream(self):
        """However TCP cuts a stream, its lines are the same."""
        stream = b"ECHO/1\r\nPING/a%2Fb\r\nTIME/\r\nVERSION/\r\n"
        expected = ["ECHO", "PING", "TIME", "VERSION"]
        for size in (1, 2, 3, 7, 8, 13, len(stream)):
            f = self.flow(commands.TEXTCMD)
            for at in range(0, len(stream), size):
                f.client(stream[at:at + size])
        rows = self.fields("textcmd.type", "tcp.stream")
        by_stream = {}
        for row in rows.values():
            by_stream.setdefault(row["tcp.stream"][0], []).extend(row.get("textcmd.type", []))
        self.assertEqual(list(by_stream.values()), [expected] * 7)
        self.assertEqual(self.packets_with("textcmd.malformed"), [])
        self.same_however_read()

    def test_format_errors(self):
        wrong = [b"PING/%4\r\n", b"PING/%zz\r\n", b"PING/a\rb\r\n", b"PING/a\n", b"PING\r\n", b"/x\r\n",
                 b"PING/a b\r\n", b"PING/\xff\r\n"]
        long = [b"T" * 33 + b"/\r\n", b"A/" + b"x" * 2049 + b"\r\n"]
        f = self.flow(commands.TEXTCMD)
        for line in wrong + long:
            f.client(line + b"ECHO/1\r\n")
        f.client(b"T" * 32 + b"/\r\nA/" + b"x" * 2048 + b"\r\n")
        self.check_packets("textcmd", {"malformed": list(range(4, 12)), "too_long": [12, 13]})
        types = self.fields("textcmd.type")  # the next line is read, whatever came before
        self.assertEqual([types[n]["textcmd.type"] for n in range(4, 14)], [["ECHO"]] * 10)
        self.assertEqual(types[14]["textcmd.type"], ["T" * 32, "A"])
        self.assertEqual(self.info()[0], "[bad escape] | ECHO/1")
        tree = "\n".join(self.trees())
        self.assertIn("Malformed: bad escape (at byte 5)", tree)
        self.assertIn("Malformed: command parameters over the limit (at byte 2050)", tree)

    def test_rules(self):
        f = self.flow(commands.TEXTCMD)
        f.client(b"ECHO/1\r\n")               # 4
        f.server(b"ECHO/2\r\n")               # 5 differs
        f.client(b"PING/a=b\r\n")             # 6 reserved
        f.server(b"TIME/now\r\n")             # 7 differs
        f.server(b"TIME/now\r\n")             # 8 unsolicited
        f.client(b"ECHO/a\r\nHELLO/\r\n")     # 9 no integer; unknown
        f.client(b"PI")                       # 10
        self.capture.pause(41)
        f.client(b"NG/\r\n")                  # 11 slow
        f.client(b"PING/%\r\n")               # 12 malformed, answered in
        f.server(b"ECHO/a\r\nERROR/404\r\nPING/\r\nERROR/400%20malformed\r\n")
        expected = {"differs": [5, 7], "unasked": [8], "reserved": [6], "echo.no_integer": [9, 13],
                    "type.unknown": [9], "slow": [11], "malformed": [12], "error_reply": [13]}
        self.check_packets("textcmd", expected)
        self.assertEqual(self.fields("textcmd.response_to")[13]["textcmd.response_to"],
                         ["9", "9", "11", "12"])
        self.same_however_read()

    def test_reserved(self):
        """What a sender should have escaped, in TYPE and in the parameters."""
        f = self.flow(commands.TEXTCMD)
        for line in (b"PI=G/x", b"PING/a%20-._~Z9", b"PING/a/b", b"PING/%2f"):
            f.client(line + b"\r\n")          # 4 to 7
        self.assertEqual(self.packets_with("textcmd.reserved"), [4, 6])

    def test_lost_segment(self):
        f = self.flow(commands.TEXTCMD)
        f.client(b"ECHO/1\r\nPING/abc")
        f.client(b"def\r\nPING/g", record=False)
        f.client(b"hi\r\nECHO/2\r\n")
        f.client(b"ECHO/3\r\n")
        rows = self.fields("textcmd.type", "textcmd.continuation", options=HOLES)
        self.assertEqual(rows, {4: {"textcmd.type": ["ECHO"]},
                                5: {"textcmd.type": ["ECHO"], "textcmd.continuation": ["68690d0a"]},
                                6: {"textcmd.type": ["ECHO"]}})

    def test_who_is_the_client(self):
        """Who opened the connection; where the capture does not show it, the port does."""
        for port, handshake in (9000, True), (9001, False):
            f = pcap.Flow(self.capture, port, commands.TEXTCMD, handshake=handshake)
            f.client(b"TIME/\r\n")            # 4, 7: from port 8905
            f.server(b"TIME/1\r\n")           # 5, 8
            f.client(b"TIME/2\r\n")           # 6, 9
        self.assertEqual(self.fields("textcmd.response_to"), {5: {"textcmd.response_to": ["4"]},
                                                              9: {"textcmd.response_to": ["8"]}})

    def test_late_segment(self):
        """Bytes that come after their successors do not make the next ones look lost."""
        f = self.flow(commands.TEXTCMD)
        f.client(b"ECHO/1\r\n")               # 4
        f.client(b"ECHO/2\r\n", record=False)
        f.client(b"ECHO/3\r\n")               # 5: after a hole
        f.c.seq -= 16
        f.client(b"ECHO/2\r\n")               # 6: which is filled too late
        f.c.seq += 8
        f.client(b"ECHO/4\r\n")               # 7
        for options in HOLES, (*HOLES, "-o", "tcp.no_subdissector_on_error:FALSE"):
            rows = self.fields("textcmd.params", "textcmd.continuation", options=options)
            self.assertEqual(rows, {4: {"textcmd.params": ["1"]},
                                    5: {"textcmd.continuation": ["4543484f2f330d0a"]},
                                    7: {"textcmd.params": ["4"]}})
        rows = self.fields("textcmd.params", options=("-2", "-o", "tcp.reassemble_out_of_order:TRUE"))
        self.assertEqual([row["textcmd.params"] for row in rows.values()],
                         [["1"], ["2", "3"], ["4"]])

    def test_heuristic(self):
        f = self.flow(9000)
        f.client(b"ECHO/1\r\nTI")             # 4
        f.client(b"ME/\r\n")                  # 5
        f.server(b"ECHO/1\r\n")               # 6
        g = self.flow(9000)
        g.client(b"EC")                       # 10: no whole line yet
        g.client(b"HO/1\r\n")                 # 11: its start was not claimed
        g.client(b"ECHO/2\r\n")               # 12
        for wrong in (b"echo/1\r\n", b"ECHO/a b\r\n", b"A/1\r\n", b"ECHO/1\n", b"ECHO/a=b\r\n",
                      b"hello\r\nECHO/1\r\n"):
            h = self.flow(9000)
            h.client(wrong)
            h.client(b"ECHO/1\r\n")           # too late: it is no such stream
        self.assertEqual(self.packets_with("textcmd"), [4, 5, 6, 12])
        rows = self.fields("textcmd", options=("--disable-heuristic", "textcmd_tcp"))
        self.assertEqual(rows, {})
        self.same_however_read()

    def test_statistics(self):
        f = self.flow(commands.TEXTCMD)
        f.client(b"ECHO/1\r\nTIME/\r\nNO/\r\n\r\n")
        f.server(b"ECHO/1\r\nTIME/x\r\nERROR/404%20no\r\nERROR/400\r\n")
        tree = self.text("textcmd,tree")
        for pattern in ("ECHO, request +1 ", "ECHO, reply +1 ", "ERROR +2 ", " 404 +1 ", " 400 +1 ",
                        "Unreadable +1 ", "line without a slash +1 ",
                        r"Response time \(us\) +4 +1000.00 +1000 +1000 "):
            self.assertRegex(tree, pattern)


class BinaryCommands(CommandTest):
    def test_pairs_in_order(self):
        f = self.flow(commands.BINCMD)
        f.client(command(0, value(1337)) + command(1) + command(77, b"\0\1"))
        f.server(command(0, value(1337)))
        f.server(command(1, b"2026") + error(404, b"no such command"))
        rows = self.fields("bincmd.magic", "bincmd.len", "bincmd.type", "bincmd.params",
                           "bincmd.value", "bincmd.response_in", "bincmd.response_to",
                           "bincmd.response_time", "bincmd.error.code", "bincmd.error.reason",
                           "bincmd.text")
        self.assertEqual(rows[4], {
            "bincmd.magic": ["0x5c285c29"] * 3, "bincmd.len": ["4", "0", "2"],
            "bincmd.type": ["0", "1", "77"], "bincmd.params": ["00000539", "0001"],
            "bincmd.value": ["1337"], "bincmd.response_in": ["5", "6", "6"]})
        self.assertEqual(rows[5]["bincmd.response_time"], ["0.001000000"])
        self.assertEqual(rows[6]["bincmd.response_to"], ["4", "4"])
        self.assertEqual(rows[6]["bincmd.error.code"], ["404"])
        self.assertEqual(rows[6]["bincmd.error.reason"], ["no such command"])
        self.assertEqual(rows[6]["bincmd.text"], ["2026"])
        self.assertEqual(self.packets_with("bincmd.type.unknown"), [4])

    def test_every_cut_of_the_stream(self):
        stream = command(0, value(1)) + command(1) + command(4, b"hello")
        for size in (1, 2, 3, 7, 8, 13, len(stream)):
            f = self.flow(commands.BINCMD)
            for at in range(0, len(stream), size):
                f.client(stream[at:at + size])
        by_stream = {}
        for row in self.fields("bincmd.type", "tcp.stream").values():
            by_stream.setdefault(row["tcp.stream"][0], []).extend(row.get("bincmd.type", []))
        self.assertEqual(list(by_stream.values()), [["0", "1", "4"]] * 7)
        self.assertEqual(self.packets_with("bincmd.continuation"), [])
        self.same_however_read()

    def test_skips_to_the_next_magic(self):
        f = self.flow(commands.BINCMD)
        f.client(b"junk" + command(1) + b"\x5c\x28\x5c" + command(2))          # 4
        f.client(command(3, length=2049) + b"rest" + command(4, b"x"))         # 5 too long
        f.client(b"tail\x5c\x28")                                              # 6
        f.client(b"\x5c\x29\0\0\0\1")                                          # 7 a magic in two
        f.client(command(5, b"ab")[:9])                                        # 8
        f.client(b"lost", record=False)
        f.client(b"more" + command(2))                                         # 9
        rows = self.fields("bincmd.type", "bincmd.continuation", "bincmd.too_long", options=HOLES)
        self.assertEqual(rows[4], {"bincmd.type": ["1", "2"],
                                   "bincmd.continuation": ["6a756e6b", "5c285c"]})
        self.assertEqual(rows[5]["bincmd.type"], ["3", "4"])
        self.assertEqual(rows[5]["bincmd.continuation"], ["72657374"])
        self.assertIn("bincmd.too_long", rows[5])
        self.assertEqual(rows[6], {"bincmd.continuation": ["7461696c"]})
        self.assertEqual(rows[7], {"bincmd.type": ["1"]})
        self.assertEqual(rows[9]["bincmd.type"], ["2"])
        self.assertIn("Continuation (4 bytes) | TIME", self.info()[0])
        self.same_however_read()

    def test_skips_behind_a_cut_command(self):
        """Of bytes that TCP put together, what follows the skipped ones is not waited for."""
        f = self.flow(commands.BINCMD)
        whole = command(4, b"hello") + b"junk" + command(2) + command(1)
        for first, last in ((0, 10), (10, 22), (22, 26), (26, len(whole))):
            f.client(whole[first:last])       # 4 to 7
        rows = self.fields("bincmd.type", "bincmd.continuation")
        self.assertEqual(rows[5], {"bincmd.type": ["4"], "bincmd.continuation": ["6a756e6b"]})
        self.assertEqual(rows[7]["bincmd.type"][-1:], ["1"])
        self.same_however_read()

    def test_other_magic(self):
        f = self.flow(commands.BINCMD)
        f.client(command(1, magic=commands.OTHER_MAGIC) + command(2))
        f.server(command(1, magic=commands.OTHER_MAGIC) + command(2))
        self.assertEqual(self.fields("bincmd.magic")[4]["bincmd.magic"],
                         ["0x24242424", "0x5c285c29"])
        rows = self.fields("bincmd.type", "bincmd.continuation",
                           options=("-2", "-o", "bincmd.magics:backslash"))
        self.assertEqual(rows[4]["bincmd.type"], ["2"])
        self.assertEqual(rows[4]["bincmd.continuation"], ["2424242400000001"])
        rows = self.fields("bincmd.type", options=("-2", "-o", "bincmd.magics:dollar"))
        self.assertEqual(rows[4]["bincmd.type"], ["1"])

    def test_rules(self):
        f = self.flow(commands.BINCMD)
        f.client(command(0, value(1)))        # 4
        f.server(command(0, value(2)))        # 5 differs
        f.client(command(0, b"abc"))          # 6 no echo of four bytes
        f.server(command(1))                  # 7 differs
        f.server(command(1))                  # 8 unsolicited
        f.client(command(4, b"hello")[:10])   # 9
        self.capture.pause(41)
        f.client(command(4, b"hello")[10:])   # 10 slow
        f.client(command(4, length=5000))     # 11 too long
        f.server(command(4, b"hello") + error(413, b"too long") + command(0xFFFF, b"x"))
        expected = {"differs": [5, 7], "unasked": [8, 12], "echo.length": [6], "slow": [10],
                    "too_long": [11], "error_reply": [12], "error_reply.no_code": [12]}
        self.check_packets("bincmd", expected)
        self.assertEqual(self.fields("bincmd.response_to")[12]["bincmd.response_to"], ["10", "11"])
        self.same_however_read()

    def test_heuristic(self):
        f = self.flow(9000)
        f.client(command(1) + command(4, b"x" * 300)[:100])
        f.server(command(1, b"now"))
        for wrong in (b"\x5c\x28\x5c\x29\x20\x20ab", b"$$$$\n> <name>\n", command(1) + b"and",
                      b"x" + command(1), command(1)[:7]):
            g = self.flow(9000)
            g.client(wrong)
        self.assertEqual(self.packets_with("bincmd"), [4, 5])
        rows = self.fields("bincmd", options=("--disable-heuristic", "bincmd_tcp"))
        self.assertEqual(rows, {})
        self.same_however_read()

    def test_statistics(self):
        f = self.flow(commands.BINCMD)
        f.client(command(1) + command(4, b"x") + command(8))
        f.server(command(1, b"y") + command(4, b"x") + error(429, b"too fast"))
        tree = self.text("bincmd,tree")
        for pattern in ("TIME, request +1 ", "PING, reply +1 ", "8, request +1 ", "ERROR +1 ",
                        " 429 +1 ", r"Response time \(us\) +3 +1000.00 "):
            self.assertRegex(tree, pattern)

    def test_short_snaplen(self):
        f = self.flow(commands.BINCMD)
        f.client(command(4, b"hello"), captured=10)
        f.client(command(1))
        rows = self.fields("bincmd.type", "bincmd.cut", options=HOLES)
        self.assertEqual(rows[4]["bincmd.type"], ["4"])
        self.assertIn("bincmd.cut", rows[4])
        self.assertEqual(rows[5], {"bincmd.type": ["1"]})


class Damage(CommandTest):
    """Whatever the bytes are, tshark ends well, and one pass says what two say."""

    def make(self):
        u = pcap.Datagrams(self.capture, commands.LATENCY)
        flows = [self.flow(port) for port in (commands.LATENCY, commands.TEXTCMD, commands.BINCMD)]
        for number in range(20):
            messages = (value(number) * (1 + number % 2),
                        b"ECHO/%d\r\nPING/%s\r\n" % (number, b"a%20" * number),
                        command(0, value(number)) + command(4, b"hello" * number))
            u.client(value(number))
            u.server(value(number))
            for flow, message in zip(flows, messages):
                flow.client(message[:5])
                flow.client(message[5:])
                flow.server(message)
        return self.write()

    def edited(self, capture, *options):
        out = os.path.join(self.folder, "edited.pcap")
        subprocess.run(["editcap", "-F", "pcap", *options, capture, out], check=True,
                       capture_output=True)
        os.chmod(out, 0o644)
        return out

    def check(self, path):
        one = everything(path)
        self.assertEqual(one, everything(path, "-2"))
        return {name for row in one for name in row}

    def test_flipped_bytes(self):
        path = self.make()
        seen = set()
        for seed, rate in ((1, "0.01"), (2, "0.05"), (3, "0.2")):
            seen |= self.check(self.edited(path, "-E", rate, "-o", "54", "--seed", str(seed)))
        for name in ("textcmd.malformed", "bincmd.continuation", "latency.expert.differs"):
            self.assertIn(name, seen)  # the damage did reach them

    def test_cut_and_missing(self):
        path = self.make()
        self.check(self.edited(path, "-s", "60"))
        out = os.path.join(self.folder, "missing.pcap")
        subprocess.run(["editcap", "-F", "pcap", path, out, "20", "33", "47", "60-63", "101"],
                       check=True, capture_output=True)
        os.chmod(out, 0o644)
        self.check(out)


if __name__ == "__main__":
    unittest.main()
