# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-check on the latency and command protocols: each rule has a committed capture that keeps it,
of the real server where the rule is about servers, and one that breaks it, in the right packets."""
import json
import os
import unittest

import command_bytes as commands
import pcap
import wireshark
from command_bytes import value
from test_check import FIRST_CHAT, CheckTest
from test_check_captures import CAPTURES

# For each rule with its parameters the captures that keep it, and have something that it judges.
# Times and limits of the servers are as the scenarios have set them.
KEPT = {
    "command_form": ("latency-udp", "latency-tcp", "textcmd", "bincmd"),
    "command_capture": ("latency-udp", "textcmd", "bincmd"),
    "error_replies": ("textcmd", "bincmd"),
    "error_replies(max=2)": ("commands-short",),
    "command_answered": ("textcmd", "textcmd-refused", "bincmd", "bincmd-refused",
                         "commands-flood", "commands-short"),
    "reply_fits": ("latency-udp", "textcmd", "textcmd-refused", "bincmd", "bincmd-refused",
                   "commands-overloaded", "commands-tls"),
    "reply_time": ("latency-tcp", "textcmd", "bincmd"),
    "probe_answered": ("latency-udp", "latency-tcp"),
    "probe_answered(percentile=66)": ("latency-lost",),
    "probe_pace": ("latency-udp", "latency-tcp", "latency-lost"),
    "format_refused": ("textcmd-refused", "bincmd-refused", "commands-tls"),
    "format_closed": ("textcmd-refused", "bincmd-refused", "commands-tls"),
    "unknown_goes_on": ("textcmd-refused", "bincmd-refused", "commands-tls"),
    "flood_refused(rate=1;burst=5;tolerance=100ms)": ("commands-flood",),
    "flood_closed(patience=4)": ("commands-flood",),
    "idle_closed(max=2.5s)": ("commands-silent", "commands-tls"),
    "slow_closed(max=1.5s)": ("commands-silent",),
}

# The captures that break it, and where.
BROKEN = {
    "command_form": {"latency-crowd": [9, 10, 11, 12], "textcmd-trouble": [4, 12, 19],
                     "bincmd-trouble": [4, 12, 19]},
    "command_capture": {"commands-loss": [1, 1, 9, 9, 18]},
    "error_replies": {"commands-short": [16, 36]},
    "error_replies(of=bincmd)": {"commands-short": [36]},
    "command_answered": {"textcmd-trouble": [19, 56], "bincmd-trouble": [19, 58]},
    "reply_fits": {"latency-trouble": [7, 16], "textcmd-trouble": [5, 49, 51, 53],
                   "bincmd-trouble": [5, 48, 50, 53]},
    "reply_time": {"latency-trouble": [15], "textcmd-trouble": [55], "bincmd-trouble": [57]},
    "probe_answered": {"latency-lost": [3], "latency-trouble": [15, 20]},
    "probe_pace": {"latency-crowd": [3, 7, 18, 25, 31, 31], "latency-trouble": [9, 12, 18]},
    "format_refused": {"textcmd-trouble": [5, 19], "bincmd-trouble": [5, 19]},
    "format_closed": {"textcmd-trouble": [13, 15], "bincmd-trouble": [13, 15]},
    "unknown_goes_on": {"textcmd-trouble": [26], "bincmd-trouble": [26]},
    "flood_refused(rate=1;burst=5;tolerance=100ms)": {"textcmd-trouble": [33],
                                                      "bincmd-trouble": [32]},
    "flood_closed": {"textcmd-trouble": [41], "bincmd-trouble": [40]},
    "idle_closed": {"latency-trouble": [20], "textcmd-trouble": [15, 19, 56, 67],
                    "bincmd-trouble": [15, 19, 58, 68]},
    "idle_closed(max=1.5s)": {"commands-silent": [1, 4, 7, 18, 22, 29],
                              "commands-tls": [125, 135]},
    "slow_closed": {"textcmd-trouble": [60], "bincmd-trouble": [62]},
    "slow_closed(max=0.9s)": {"commands-silent": [55, 65, 75]},
}


def path_of(capture):
    return os.path.join(CAPTURES, capture + ".pcapng")


class CommandCheck(CheckTest):
    def judge(self, capture, rules, expect):
        """What these rules say of a capture, by the words that they were asked for with."""
        words = []
        for i, rule in enumerate(rules):
            name, _, params = rule.rstrip(")").partition("(")
            words += ["--rule", f"{name}({params + ';' if params else ''}label={i})"]
        report = json.loads(self.tool("--only", "--show", "1000", "--format", "json", *words,
                                      path_of(capture), expect=expect))
        found = {rule["name"]: rule for rule in report["captures"][0]["rules"]}
        return {rule: found[f"{rule.partition('(')[0]} {i}"] for i, rule in enumerate(rules)}

    def talk(self, *names):
        """{name: a connection}"""
        return {name: pcap.Flow(self.scene.capture, port, 30000 + i) for i, (name, port) in
                enumerate(names)}


class Broken(CommandCheck):
    def test_captures_that_break_the_rules(self):
        by_capture = {}
        for rule, captures in BROKEN.items():
            for capture, packets in captures.items():
                by_capture.setdefault(capture, {})[rule] = packets
        for capture, expected in by_capture.items():
            with self.subTest(capture):
                found = self.judge(capture, list(expected), 1)
                self.assertEqual({rule: sorted(where["packet"] for where in verdict["broken"])
                                  for rule, verdict in found.items()}, expected)


class Kept(CommandCheck):
    def test_captures_that_keep_the_rules(self):
        by_capture = {}
        for rule, captures in KEPT.items():
            for capture in captures:
                by_capture.setdefault(capture, []).append(rule)
        for capture, rules in by_capture.items():
            with self.subTest(capture):
                found = self.judge(capture, rules, 0)
                self.assertEqual({rule: (verdict["status"], verdict["judged"] > 0)
                                  for rule, verdict in found.items()},
                                 {rule: ("ok", True) for rule in rules})

    def test_each_rule_has_both(self):
        names = {line.split()[0] for line in self.tool("--list-rules").splitlines()
                 if not line.startswith(" ")}
        names = {name for name in names if name.startswith((
            "command_", "error_", "reply_", "probe_", "format_", "unknown_", "flood_", "idle_",
            "slow_"))}
        for table in KEPT, BROKEN:
            self.assertEqual({rule.partition("(")[0] for rule in table}, names)

    def test_one_pass_and_two(self):
        for capture in "textcmd-refused", "commands-silent", "latency-tcp":
            reports = [wireshark.run("-r", path_of(capture), "-q", *passes, "-z",
                                     "plato,check,command_form(off)") for passes in ([], ["-2"])]
            self.assertEqual(*reports)
            self.assertIn("0 broken, 0 unsure", reports[0])

    def test_begun_behind_another(self):
        """In a second pass TCP hands over the first line alone, put together."""
        flow = self.talk(("slow", commands.TEXTCMD))["slow"]
        flow.client(b"ECHO/")
        flow.client(b"1\r\nPI")
        self.scene.capture.pause(50)
        flow.client(b"NG/x\r\n")
        found = self.rules("--only", "--rule", "slow_closed", expect=1)
        self.assertEqual([where["packet"] for where in found["slow_closed"]["broken"]], [5])

    def test_over_tls(self):
        """TCP's bytes are not those of commands: a handshake is none that does not end."""
        found = self.judge("commands-tls", ["slow_closed(max=1us)"], 0)
        self.assertEqual(found["slow_closed(max=1us)"]["judged"], 0)

    def test_percentiles(self):
        found = self.judge("latency-trouble", ["reply_time(percentile=88)",
                                               "reply_time(percentile=90)",
                                               "reply_time(max=1ms;percentile=50)",
                                               "probe_answered(percentile=80)",
                                               "probe_answered(percentile=81)"], 1)
        self.assertEqual([verdict["status"] for verdict in found.values()],
                         ["ok", "broken", "ok", "ok", "broken"])


class Floods(CommandCheck):
    """Both rules count as a server does: a burst, and a rate in each second."""

    def rounds(self, flow, reply, count, seconds):
        """This many requests, each answered at once; the numbers of the replies' packets."""
        numbers = []
        for _ in range(count):
            flow.client(b"ECHO/1\r\n")
            flow.server(reply)
            numbers.append(len(self.scene.capture.records))
            self.scene.capture.pause(seconds - 0.002)
        return numbers

    def broken(self, rule, expect):
        found = self.rules("--only", "--rule", rule, expect=expect)
        return [where["packet"] for where in found[rule.partition("(")[0]]["broken"]]

    def test_answers(self):
        flows = self.talk(("fast", commands.TEXTCMD), ("slow", commands.TEXTCMD))
        replies = self.rounds(flows["fast"], b"ECHO/1\r\n", 8, 0.2)
        self.rounds(flows["slow"], b"ECHO/1\r\n", 8, 0.5)
        for rule, expected in (("rate=2;burst=3;tolerance=0s", replies[4:5]),
                               ("rate=2;burst=4;tolerance=0s", replies[6:7]),
                               ("rate=2;burst=3;tolerance=500ms", replies[6:7]),
                               ("rate=3;burst=3;tolerance=0s", replies[6:7]),
                               ("rate=4;burst=3;tolerance=0s", [])):
            self.assertEqual(self.broken(f"flood_refused({rule})", 1 if expected else 0), expected,
                             rule)

    def test_refusals(self):
        flows = self.talk(("fast", commands.TEXTCMD), ("slow", commands.TEXTCMD))
        replies = self.rounds(flows["fast"], b"ERROR/429%20too%20fast\r\n", 5, 0.1)
        self.rounds(flows["slow"], b"ERROR/429%20too%20fast\r\n", 8, 1.01)
        self.assertEqual(self.broken("flood_closed(patience=3)", 1), replies[4:])
        self.assertEqual(self.broken("flood_closed(patience=4)", 0), [])


class CannotTell(CommandCheck):
    def test_lost_bytes_are_not_held_against_anybody(self):
        for order in "TRUE", "FALSE":
            report = json.loads(self.tool(
                "--format", "json", path_of("commands-loss"), "--tshark=-o",
                f"--tshark=tcp.reassemble_out_of_order:{order}"))
            unsure = {rule["name"] for rule in report["captures"][0]["rules"]
                      if rule["status"] == "unsure"}
            self.assertEqual(unsure, {"command_form", "reply_fits"}, order)

    def test_short_connections(self):
        """After error 404 the server closes, as it does after each reply."""
        found = self.judge("commands-short", ["unknown_goes_on"], 0)
        self.assertEqual(found["unknown_goes_on"]["status"], "unsure")

    def test_the_end_of_the_capture(self):
        """What may still come is not judged, and a little later it is."""
        rules = ("command_answered", "probe_answered", "idle_closed", "slow_closed",
                 "format_closed", "format_refused")
        flows = self.talk(("asked", commands.TEXTCMD), ("begun", commands.TEXTCMD),
                          ("wrong", commands.BINCMD), ("mute", commands.BINCMD),
                          ("probe", commands.LATENCY))
        flows["asked"].client(b"TIME/\r\n")
        flows["begun"].client(b"PING/a")
        flows["wrong"].client(b"rubbish!")
        flows["wrong"].server(commands.error(400))
        flows["mute"].client(b"rubbish!")
        flows["probe"].client(value(1))
        for pause, broken in ((1, set()), (5, {"command_answered", "probe_answered",
                                               "format_closed", "format_refused"}),
                              (45, {"slow_closed"}), (500, {"idle_closed"})):
            self.scene.capture.pause(pause)
            later = pcap.Flow(self.scene.capture, 7)  # a later packet
            rules_now = self.rules("--only", *[f"--rule={rule}" for rule in rules],
                                   expect=1 if broken else 0)
            found = {name for name, rule in rules_now.items() if rule["status"] == "broken"}
            self.assertLessEqual(broken, found)
            self.assertEqual(len(found) == 0, not broken)
            later.client(b"")

    def test_a_client_that_does_not_wait(self):
        flows = self.talk(("asked", commands.TEXTCMD), ("wrong", commands.TEXTCMD))
        for flow, line in ((flows["asked"], b"TIME/\r\n"), (flows["wrong"], b"TIME\r\n")):
            flow.client(line)
            flow._send(flow.c, flow.s, b"", flow.FIN | flow.ACK)
        self.scene.capture.pause(60)
        pcap.Flow(self.scene.capture, 7)
        rules = self.rules("--rule", "command_form(off)")
        self.assertEqual(rules["command_answered"]["status"], "ok")


class EvidenceOfCommands(CommandCheck):
    """A capture without Plato is judged, but not by rules about Plato."""

    def test_what_is_asked_for_has_to_be_there(self):
        self.tool(path_of("textcmd"))
        self.tool(path_of("latency-udp"))
        self.assertIn("holds no Plato", self.tool("--rule", "messages", path_of("textcmd"), expect=2))
        self.assertIn("holds no latency probes and no commands",
                      self.tool("--rule", "reply_time(max=1s)", FIRST_CHAT, expect=2))
        steps = self.path("rules", "[expect it]\n> LOGIN\n")
        self.tool("--rules", steps, path_of("textcmd"), expect=2)

    def test_silent_connections_alone_prove_nothing(self):
        self.talk(("silent", commands.TEXTCMD))
        self.scene.capture.pause(1)
        pcap.Flow(self.scene.capture, 7)
        self.assertIn("nor commands", self.tool(self.write(), expect=2))

    def test_both(self):
        self.scene.login("a")
        flow = self.talk(("asked", commands.TEXTCMD))["asked"]
        flow.client(b"ECHO/1\r\n")
        flow.server(b"ECHO/1\r\n")
        text = self.tool("--rule", "reply_time", "--rule", "messages", self.write())
        self.assertIn("2 frames of Plato and 2 messages of the command protocols in ", text)

    def test_wrong_protocol(self):
        self.tool("--rule", "reply_time(of=smtp)", path_of("textcmd"), expect=2)
        self.assertIn("'smtp' is not latency, textcmd or bincmd", self.errors)


if __name__ == "__main__":
    unittest.main()
