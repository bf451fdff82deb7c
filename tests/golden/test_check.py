# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/plato-check and -z plato,check: what a capture does not show, expected exchanges, formats,
options, errors, exit codes."""
import json
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import plato_bytes as plato
import test_variant as variant
import wireshark
from plato_bytes import data, number
from scene import SceneTest, ack, push, up
from test_check_rules import Story, heartbeat, reconn

TOOL = os.path.join(wireshark.ROOT, "tools", "plato-check")
FIRST_CHAT = os.path.join(wireshark.ROOT, "captures", "first-chat.pcapng")
TROUBLE = os.path.join(wireshark.ROOT, "captures", "trouble.pcapng")


class CheckTest(SceneTest):
    def setUp(self):
        super().setUp()
        self.scene = Story()

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o644)
        return path

    def tool(self, *arguments, expect=0, **environment):
        """Standard output; standard error is in self.errors."""
        run = subprocess.run([TOOL, *arguments], capture_output=True, text=True, input="",
                             timeout=wireshark.TIMEOUT,
                             env=dict(wireshark.environment_of_a_run(), **environment))
        self.errors = run.stderr
        for complaint in wireshark.COMPLAINTS:
            self.assertNotIn(complaint, run.stdout + run.stderr)
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        return run.stdout

    def rules(self, *arguments, expect=0):
        """Of the scene: the rules of the JSON report by name."""
        report = json.loads(self.tool("--format", "json", *arguments, self.write(), expect=expect))
        return {rule["name"]: rule for rule in report["captures"][0]["rules"]}


class CannotTell(CheckTest):
    """What the capture does not show is no fault of either side."""

    def unsure(self, rules):
        return {name for name, rule in rules.items() if rule["status"] == "unsure"}

    def test_a_capture_that_starts_in_the_middle(self):
        from pcap import Flow
        self.scene.flows["a"] = Flow(self.scene.capture, handshake=False)
        self.scene.up("a", up(57, session_id=7))
        self.scene.down("a", ack(plato.UP, client_id=57, session_id=7, msg_id=90))
        self.scene.down("a", ack(plato.UP, client_id=56, session_id=7, msg_id=89))
        self.scene.down("a", push(91, session_id=7))
        self.scene.up("a", ack(plato.PUSH, session_id=7, msg_id=91))
        unsure = self.unsure(self.rules())
        self.assertEqual(unsure, {"login_first", "first_frame", "login_gate", "client_ids",
                                  "ack_pairs"})
        self.rules("--strict", expect=2)

    def lose(self, side):
        """A message, its ACK or PUSH are not in the capture, but what follows is."""
        s = self.scene
        s.login("a")
        s.login("b")
        s.said("a", 1, 7, 1)
        s.heard("b", 7, 1)
        flow = s.flows["a"]
        if side == "client":
            flow.client(up(2, "2", session_id=7), record=False)
            s.down("a", ack(plato.UP, client_id=2, session_id=7, msg_id=2))
        else:
            s.up("a", up(2, "2", session_id=7))
            flow.server(ack(plato.UP, client_id=2, session_id=7, msg_id=2), record=False)
        s.down("b", push(2, "2", session_id=7))
        s.up("b", ack(plato.PUSH, session_id=7, msg_id=2))
        s.said("a", 3, 7, 3)
        s.down("b", push(3, "3", session_id=7))
        s.up("b", ack(plato.PUSH, session_id=7, msg_id=3))
        s.up("a", heartbeat())
        s.down("a", ack(plato.HEARTBEAT))
        s.pause(30)
        s.up("b", heartbeat())
        s.down("b", ack(plato.HEARTBEAT))

    def test_lost_bytes_of_the_client(self):
        self.lose("client")
        for order in ("TRUE", "FALSE"):
            rules = self.rules("--tshark=-o", f"--tshark=tcp.reassemble_out_of_order:{order}")
            self.assertIn("ack_pairs", self.unsure(rules))
            self.rules("--rule", "capture", expect=1)

    def test_lost_bytes_of_the_server(self):
        self.lose("server")
        for order in ("TRUE", "FALSE"):
            rules = self.rules("--tshark=-o", f"--tshark=tcp.reassemble_out_of_order:{order}")
            self.assertIn("unacked", self.unsure(rules))

    def test_segments_in_the_wrong_order_are_no_loss(self):
        s = self.scene
        s.login("a")
        s.up("a", up(1, "1", session_id=7))
        s.up("a", up(2, "2", session_id=7))
        records = s.capture.records
        one, two = records[-2:]
        records[-2:] = [two[:0] + one[:8] + two[8:], two[:8] + one[8:]]  # times stay in order
        for i in (1, 2):
            s.down("a", ack(plato.UP, client_id=i, session_id=7, msg_id=i))
        s.pause(10)
        s.up("a", heartbeat())
        s.down("a", ack(plato.HEARTBEAT))
        self.assertEqual(self.unsure(self.rules("--strict", "--rule", "capture")), set())

    def test_frames_cut_by_the_snaplen(self):
        s = self.scene
        s.login("a")
        s.flows["a"].client(up(1, "x" * 200, session_id=7), captured=60)
        s.down("a", ack(plato.UP, client_id=1, session_id=7, msg_id=1))
        self.assertIn("crc", self.unsure(self.rules()))

    def test_a_capture_of_troubles(self):
        """In packet 24 an id is skipped after a damaged frame, which may have had it; and what is
        not acknowledged may have been sent again in the bytes that are missing."""
        report = json.loads(self.tool("--format", "json", TROUBLE, expect=1))
        rules = {rule["name"]: rule for rule in report["captures"][0]["rules"]}
        self.assertEqual(self.unsure(rules), {"gaps", "resend_due"})
        self.assertEqual({name: [where["packet"] for where in rule["broken"]]
                          for name, rule in rules.items() if rule.get("broken")},
                         {"crc": [24], "conflicts": [16], "unacked": [21, 24, 25, 26, 27],
                          "heartbeat": [28],
                          "client_ids": [17], "resend": [15], "repeat_answered": [15]})

    def test_the_variant_has_habits_of_its_own(self):
        """Heartbeats without ACK, counters from 0, an ACK of a Push without ids, a code that closes
        nothing."""
        s = self.scene
        s.connect("a")
        s.up("a", variant.LOGIN)
        s.down("a", variant.msgcmd(plato.ACK, number(1, 1)))
        s.up("a", variant.LOGIN)
        s.down("a", variant.msgcmd(plato.ACK, number(4, 7)))
        for i in (0, 1):
            s.up("a", variant.up(i, "room"))
            s.down("a", variant.msgcmd(plato.ACK, number(3, plato.UP) +
                                       (number(5, i) if i else b"")))
        s.down("a", variant.msgcmd(plato.PUSH, data(3, b"{}")))
        s.up("a", variant.msgcmd(plato.ACK, number(3, plato.UP) + number(4, 7)))
        for _ in range(12):
            s.up("a", variant.HEARTBEAT)
            s.pause(1)
        self.assertEqual(self.unsure(self.rules()), set())

    def test_frames_in_pieces(self):
        """39 s from the first byte to the last; 44 s, and then the server closes; and a frame whose
        end the capture missed."""
        s = self.scene
        frame = push(1, "in pieces", session_id=7)
        s.login("a")
        s.login("b")
        s.down("a", frame[:5])
        s.up("b", heartbeat()[:5])
        for end in (20, len(frame)):
            s.pause(19.5)
            s.down("a", frame[5 if end == 20 else 20:end])
        s.pause(5)
        s.end("b", by="server")
        judged = self.rules("--only", "--rule", "frame_time", "--strict")["frame_time"]
        self.assertEqual((judged["status"], judged["judged"]), ("ok", 6))
        strict = self.rules("--only", "--rule", "frame_time(max=38s;grace=7s)", expect=1)
        self.assertIn("complete 39.0", strict["frame_time"]["broken"][0]["text"])
        s.down("a", frame[:5])
        s.flows["a"].server(frame[5:20], record=False)
        s.pause(50)
        s.down("a", frame[20:])
        verdict = self.rules("--only", "--rule", "frame_time")["frame_time"]
        self.assertEqual((verdict["status"], verdict["broken_count"]), ("unsure", 0))

    def test_the_end_of_the_capture(self):
        s = self.scene
        s.login("a")
        s.up("a", up(1, session_id=7))
        s.pause(4)
        s.up("a", heartbeat())
        s.down("a", ack(plato.HEARTBEAT))
        self.rules()  # the ACK may be under way
        self.rules("--rule", "unacked(grace=1s)", expect=1)


class Expectations(CheckTest):
    def play(self):
        s = self.scene
        s.login("a")  # device and connection 1001
        for i in (1, 2, 3):
            s.said("a", i, 42, i + 6)
        s.up("a", heartbeat())
        s.down("a", ack(plato.HEARTBEAT))
        for i in (10, 11):
            s.heard("a", 42, i)

    def expect(self, steps, code=0, name="it"):
        """The verdict on one exchange."""
        path = self.path("rules", f"[check]\nonly = yes\n[expect {name}]\n{steps}\n")
        return self.rules("--rules", path, expect=code)[f"expect {name}"]

    def expect_all(self, scripts, code):
        """The verdicts on several exchanges, of one run."""
        groups = "".join(f"[expect s{i}]\n{steps}\n" for i, steps in enumerate(scripts))
        rules = self.rules("--only", "--rules", self.path("rules", groups), expect=code)
        return [rules[f"expect s{i}"] for i in range(len(scripts))]

    def test_what_was_exchanged(self):
        self.play()
        verdict = self.expect("""
            # the whole story
            others = forbid
            > LOGIN device_id=$me
            < ACK type=LOGIN code=OK conn_id=$conn within 1s
            > UP session_id=$s client_id=$c
            < ACK type=UP client_id=$c msg_id=$m session_id=$s within 1s
            > UP client_id=$c+1 body=8
            - ACK msg_id=$m+1
            + - any
        """)
        self.assertEqual(verdict["status"], "ok", verdict)

    def test_optional_and_repeated_steps(self):
        self.play()
        scripts = ("2 > UP\n> UP", "3 > UP\n> HEARTBEAT", "1-5 > UP\n> HEARTBEAT",
                      "* > UP\n> HEARTBEAT", "? > RECONN\n> LOGIN", "* - any\n> ACK msg_id=11",
                      "others = forbid\n> LOGIN\n* - ACK|UP\n> HEARTBEAT",
                      "others = forbid\n* > RECONN\n? > SYNC\n> LOGIN\n+ - any",
                      "? > UP client_id=2\n> UP client_id=2",
                      "of = device\nnumber = 1001\n< PUSH msg_id=10\n> ACK type=PUSH\n< PUSH",
                      "of = capture\nmatch = each\n> HEARTBEAT\n< ACK type=HEARTBEAT")
        self.assertEqual([(steps, verdict["status"]) for steps, verdict in
                          zip(scripts, self.expect_all(scripts, 0))],
                         [(steps, "ok") for steps in scripts])

    def test_what_is_missing(self):
        self.play()
        packets = {"login": 4, "up": 6, "beat": 12}
        cases = (
                ("> LOGIN\n> RECONN", packets["login"] + 1, "'> RECONN', was not met"),
                ("4 > UP", packets["beat"] - 1, "'4 > UP'"),
                ("> UP client_id=$c\n> UP client_id=$c+5", 7, "client_id=$c+5"),
                ("others = forbid\n> LOGIN\n> UP", packets["login"] + 1,
                 "then came '< ACK type=LOGIN code=0 conn_id=1001' in packet 5"),
                ("> HEARTBEAT\n> LOGIN", 13, "the step before was, in packet 12"),
                ("> UP client_id=3 body=\"not this\"", 4, "body="),
                ("number = 9\n> LOGIN", None, "there is no such connection"),
                ("of = device\nnumber = 77\n> LOGIN", None, "there is no such device"))
        verdicts = self.expect_all([steps for steps, _, _ in cases], 1)
        for (steps, packet, says), verdict in zip(cases, verdicts):
            with self.subTest(steps=steps):
                self.assertEqual(verdict["status"], "broken")
                where = verdict["broken"][0]
                self.assertEqual(where.get("packet"), packet, where)
                self.assertIn(says, where["text"])

    def test_time(self):
        s = self.scene
        s.login("a")
        s.up("a", up(1, session_id=42))
        s.pause(2)
        s.down("a", ack(plato.UP, client_id=1, session_id=42, msg_id=1))
        self.assertEqual(self.expect("> UP\n< ACK type=UP within 3s")["status"], "ok")
        late = self.expect("> UP\n< ACK type=UP within 1.5s", code=1)
        self.assertIn("in time", late["broken"][0]["text"])
        # what could still have come
        self.assertEqual(self.expect("< ACK type=UP\n< PUSH within 5s")["status"], "unsure")

    def test_each_connection(self):
        self.play()
        self.scene.login("b")
        self.assertEqual(self.expect("match = each\n> LOGIN\n< ACK code=0")["status"], "ok")
        verdict = self.expect("match = each\n> UP", code=1)
        self.assertEqual([where["stream"] for where in verdict["broken"]], [1])

    def test_across_connections(self):
        device = self.scene.login("a")
        self.scene.said("a", 1, 42, 1)
        self.scene.connect("b")
        self.scene.up("b", reconn(device))
        self.scene.down("b", ack(plato.RECONN, conn_id=9001))
        self.scene.said("b", 2, 42, 2)
        steps = "> UP client_id=$c\n> RECONN\n> UP client_id=$c+1"
        self.assertEqual(self.expect("of = device\n" + steps)["status"], "ok")
        self.expect(steps, code=1)

    def test_lost_bytes_are_not_held_against_it(self):
        self.scene.login("a")
        self.scene.flows["a"].client(heartbeat(), record=False)
        self.scene.up("a", up(1))
        self.assertEqual(self.expect("> HEARTBEAT")["status"], "unsure")

    def test_many_ways_cost_little(self):
        self.scene.login("a")
        for _ in range(300):
            self.scene.up("a", *[heartbeat()] * 20)
        steps = "\n".join(["? > HEARTBEAT"] * 127 + ["* - any"] * 127 + ["> RECONN"])
        self.assertEqual(self.expect(steps, code=1)["status"], "broken")

    def test_errors_name_their_line(self):
        cases = (
                ("> NOTHING", 4, "'NOTHING' is not message types"),
                ("\nUP", 5, "neither a setting"),
                ("= UP", 4, "a step begins with"),
                (">", 4, "the message type is missing"),
                ("> UP nothing=1", 4, "there is no field 'nothing'; there are: body"),
                ("> UP msg_id=1", 4, "none of these types has the field msg_id"),
                ("> UP client_id", 4, "is no condition"),
                ("> UP client_id=x", 4, "'x' is not a number"),
                ("> UP client_id=$c+1", 4, "$c has no value yet"),
                ("> UP client_id=$", 4, "a variable's name"),
                ("> UP client_id=$c\n> UP client_id=$c*2", 5, "behind a variable"),
                ("> UP within 5", 4, "'5' is not a time with its unit"),
                ("> UP within", 4, "'within TIME' stands at the end"),
                ("> UP body<x", 4, "a body is compared with = or !="),
                ("> UP body=\"x", 4, ""),
                ("0 > UP", 4, "'0' is no number of times"),
                ("9-3 > UP", 4, "'9-3' is no number of times"),
                ("300 > UP", 4, "no number of times"),
                ("200 > UP\n200 > UP", 5, "more than 256 steps"),
                ("of = nothing", 4, "of is connection"),
                ("match = 3", 4, "match is any or each"),
                ("others = 3", 4, "others is allow or forbid"),
                ("number = x", 4, "'x' is not a number"),
                ("nothing = x", 4, "there is no setting 'nothing'"),
                ("> UP\nof = device", 5, "settings stand in front of the steps"),
                ("? > UP", 3, "expects nothing"),
                ("> UP\n[expect e0]", 5, "there is an [expect e0] already, in line 1"))
        text, expected = "", []
        for i, (steps, line, says) in enumerate(cases):  # lines count as if the group began in 3
            expected.append((text.count("\n") + line - 2, says))
            text += f"[expect e{i}]\n{steps}\n"
        path = self.path("rules", text)
        self.assertEqual(self.tool("--rules", path, FIRST_CHAT, expect=2), "")
        errors = self.errors.replace("plato,check: ", "").splitlines()
        self.assertEqual(len(errors), len(cases), self.errors)
        for (line, says), error in zip(expected, errors):
            self.assertTrue(error.startswith(f"{os.path.realpath(path)}:{line}: "), (line, error))
            self.assertIn(says, error)


class Options(CheckTest):
    def test_bad_rules(self):
        for rule, says in (
                ("nothing", "there is no rule 'nothing'; there are: crc, malformed"),
                ("crc(max=1)", "the rule crc has no parameter 'max'; its parameters: none"),
                ("unacked(grace=5)", "grace of unacked: '5' is not a time with its unit"),
                ("unacked(grace=5s", "is no rule"),
                ("unacked grace", "is no rule"),
                ("messages(min)", "a parameter is written name=value"),
                ("messages(min=\"1)", "a quotation mark is missing")):
            with self.subTest(rule=rule):
                self.assertEqual(self.tool("--rule", rule, FIRST_CHAT, expect=2), "")
                self.assertIn(says, self.errors)

    def test_bad_files_of_rules(self):
        """All that is wrong is reported at once."""
        lines = (("grace = 5", "this stands in no group"),
                 ("[rule", "a ] is missing"), ("grace = 5", None),
                 ("[what ever]", "a group is [check]"),
                 ("[rule nothing]", "there is no rule 'nothing'"), ("what = ever", None),
                 ("# a comment", None), ("", None),
                 ("[check]", None), ("x = 1", "[check] has no setting 'x'; it has: only, strict"),
                 ("[rule unacked]", None), ("grace 5s", "a setting is written name = value"),
                 ("grace = 5", "grace of unacked: '5' is not a time with its unit"),
                 ("max = 5", "its parameters: grace"),
                 ("[rule types]", None), ("allow = WHAT", "'WHAT' is not message types"),
                 ("[rule ack_codes x]", None), ("allow = 99", "'99' is not ACK codes"),
                 ("[rule gaps]", None), ("filled = perhaps", "'perhaps' is not yes or no"),
                 ("[rule messages]", None), ("min = -1", "'-1' is not a number"),
                 ("[rule response_time]", None), ("percentile = 101", "'101' is not percent"))
        path = self.path("rules", "\n".join(text for text, _ in lines))
        self.assertEqual(self.tool("--rules", path, FIRST_CHAT, expect=2), "")
        errors = self.errors.replace("plato,check: ", "").splitlines()
        expected = [(i, says) for i, (_, says) in enumerate(lines, 1) if says]
        self.assertEqual(len(errors), len(expected), self.errors)
        for (line, says), error in zip(expected, errors):
            self.assertTrue(error.startswith(f"{os.path.realpath(path)}:{line}: "), (line, error))
            self.assertIn(says, error)
        for text, says in (("[check]\nonly = yes", "no rule is left to judge by"),
                           ("\0", "is no file of rules")):
            self.tool("--rules", self.path("rules", text), FIRST_CHAT, expect=2)
            self.assertIn(says, self.errors)

    def test_bad_options(self):
        for arguments, says in (((), "which capture?"), (("--nothing",), "there is no option"),
                                (("--format", "yaml"), "there is no format"),
                                (("--rules",), "needs a value"),
                                (("--rules", "/nowhere"), "there is no file"),
                                (("--keylog", "/nowhere"), "cannot read"),
                                (("--show", "x"), "needs a number"),
                                (("--tshark", "--nothing", FIRST_CHAT), "tshark")):
            with self.subTest(arguments=arguments):
                self.tool(*arguments, expect=2)
                self.assertIn(says, self.errors)

    def test_words_of_the_option(self):
        """As given to tshark itself."""
        for words, code in (("", 0), (";only;crc", 0), (",only,crc(off)", 2), (",crc,,", 2),
                            (",format=yaml", 2), (",first=x", 2), (",what=1", 2), ("crc", 2),
                            (",file=/nowhere", 2), (",only,crc(label=\"a,;)b\")", 0),
                            (",only,messages(min=999)", 1)):
            with self.subTest(words=words):
                run = subprocess.run([wireshark.RUNNER, "-r", FIRST_CHAT, "-q", "-z",
                                      "plato,check" + words], capture_output=True, text=True,
                                     timeout=wireshark.TIMEOUT,
                                     env=wireshark.environment_of_a_run())
                self.assertEqual(run.returncode, code, run.stdout + run.stderr)
                self.assertEqual("plato,check: " in run.stderr, code == 2)

    def test_rules_of_a_file(self):
        path = self.path("my rules, \"quoted\"", "\n".join([
            "# for the tests", "[check]", "only = yes", "show = 1", "[rule response_time]",
            "max = 1s", "[rule response_time UP]", "max = 1ns", "percentile = 50", "type = UP",
            "[rule crc]", "[rule gaps]", "off = yes"]))
        report = json.loads(self.tool("--rules", path, "--format", "json", FIRST_CHAT, expect=1))
        rules = {rule["name"]: rule for rule in report["captures"][0]["rules"]}
        self.assertEqual({name: rule["status"] for name, rule in rules.items()},
                         {"evidence": "ok", "crc": "ok", "response_time": "ok",
                          "response_time UP": "broken"})
        self.assertEqual(len(rules["response_time UP"]["broken"]), 1)
        self.assertEqual(rules["response_time UP"]["broken_count"], 13)

    def test_percentiles(self):
        s = self.scene
        s.login("a")
        for i in range(1, 100):  # with the LOGIN: 100 ACKs, of which 10 are slow
            s.up("a", up(i, session_id=7))
            if i % 10 == 0:
                s.pause(1)
            s.down("a", ack(plato.UP, client_id=i, session_id=7, msg_id=i))
        expected = {"90": "ok", "91": "ok", "91.001": "broken", "92": "broken", "100": "broken"}
        words = [f"--rule=response_time(max=500ms;percentile={each};label={each})"
                 for each in expected]
        rules = self.rules("--only", *words, expect=1)
        self.assertEqual({each: rules[f"response_time {each}"]["status"] for each in expected},
                         expected)

    def test_messages(self):
        cases = {"min=13;type=UP": "ok", "min=14;type=UP": "broken", "max=13;type=UP": "ok",
                 "max=12;type=UP": "broken", "min=1;type=SYNC": "broken",
                 "min=13;type=UP|SYNC": "ok"}
        words = [f"--rule=messages({case};label={i})" for i, case in enumerate(cases)]
        report = json.loads(self.tool("--only", *words, "--format=json", FIRST_CHAT, expect=1))
        self.assertEqual([rule["status"] for rule in report["captures"][0]["rules"][1:]],
                         list(cases.values()))

    def test_every_rule_is_explained(self):
        """docs/check.md has a row for each, with its parameters and their defaults."""
        rules = []
        for line in self.tool("--list-rules").splitlines():
            if not line.startswith(" "):
                rules.append([line.split()[0], "" if "off by default" not in line else "off", []])
            elif "=" in line.split(":")[0]:
                rules[-1][2].append(line.split(":")[0].strip())
        self.assertGreater(len(rules), 35)
        with open(os.path.join(wireshark.ROOT, "docs", "check.md"), encoding="utf-8") as file:
            page = file.read()
        for name, default, parameters in rules:
            row = re.search(rf"^\| `{name}` \|(.*)$", page, re.MULTILINE)
            self.assertIsNotNone(row, name)
            self.assertEqual("off" in row[1].split("|")[0], bool(default), name)
            for each in parameters:
                self.assertIn(f"`{each}`", row[1].replace("\\|", "|"))


class Evidence(CheckTest):
    """No green run without."""

    def test_what_cannot_be_judged(self):
        nothing = self.path("nothing.pcap")
        self.scene.capture.write(nothing)
        text = self.path("text", "no capture")
        captures = nothing, text, self.path("missing"), self.folder
        report = json.loads(self.tool("--format", "json", FIRST_CHAT, *captures, expect=2))
        self.assertEqual([each["outcome"] for each in report["captures"]],
                         ["ok"] + ["unjudged"] * len(captures))
        suites = ElementTree.fromstring(self.tool("--format", "junit", nothing, text, expect=2))
        self.assertEqual([suite.get("errors") for suite in suites], ["1", "1"])
        lines = self.tool("--format", "tap", nothing, text, expect=2).splitlines()
        self.assertEqual(sum(line.startswith("not ok") for line in lines), 2)
        self.tool(text, expect=2)
        for capture, why in (self.folder, "it is a folder"), (self.path("missing"), "there is no such file"):
            self.assertIn(why, self.tool(capture, expect=2))

    def test_other_protocols(self):
        self.scene.connect("http")
        self.scene.flows["http"].s.port = 80
        self.scene.up("http", b"GET / HTTP/1.1\r\n\r\n")
        self.assertIn("holds no Plato", self.tool(self.write(), expect=2))

    def test_a_file_that_is_cut(self):
        with open(FIRST_CHAT, "rb") as file:
            content = file.read()
        cut = self.path("cut.pcapng")
        with open(cut, "wb") as file:
            file.write(content[:-90])
        os.chmod(cut, 0o644)
        self.tool(cut, expect=2)
        self.assertIn("cut short", self.errors)
        # broken as far as it goes: that is said, and that there is more
        self.tool("--rule", "messages(max=1)", cut, expect=1)
        self.assertIn("cut short", self.errors)

    def test_without_the_analysis(self):
        self.tool("--tshark=-o", "--tshark=plato.analyze:FALSE", FIRST_CHAT, expect=2)

    def test_without_a_plugin(self):
        self.tool(FIRST_CHAT, expect=2, PLATO_BUILD=self.folder)
        self.assertIn("plugin", self.errors)

    def test_with_one_plugin_only(self):
        (epan,) = (os.path.join(top) for top, _, files in
                   os.walk(os.path.join(os.environ["PLATO_BUILD"], "plugins"))
                   if "plato.so" in files)
        version = os.path.basename(os.path.dirname(epan))
        here = os.path.join(self.folder, "plugins", version, "epan")
        os.makedirs(here)
        os.symlink(os.path.join(epan, "plato.so"), os.path.join(here, "plato.so"))
        self.tool(FIRST_CHAT, expect=2, PLATO_BUILD=self.folder)
        self.assertIn("platocheck.so is not loaded", self.errors)


class Formats(CheckTest):
    NAME = 'a "b" <c> & \\d #e\'.pcapng'

    def captures(self):
        name = self.path(self.NAME)
        os.symlink(TROUBLE, name)
        return FIRST_CHAT, name, self.path("missing <&\"\\")

    def test_json(self):
        report = json.loads(self.tool("--format", "json", *self.captures(), expect=1))
        self.assertEqual([each["outcome"] for each in report["captures"]],
                         ["ok", "broken", "unjudged"])
        self.assertEqual([each["capture"] for each in report["captures"]], list(self.captures_()))

    def captures_(self):
        return FIRST_CHAT, self.path(self.NAME), self.path("missing <&\"\\")

    def test_junit(self):
        suites = ElementTree.fromstring(self.tool("--format", "junit", *self.captures(), expect=1))
        self.assertEqual([suite.get("name") for suite in suites], list(self.captures_()))
        for suite in suites:
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            for kind in ("failure", "error", "skipped"):
                count = suite.get({"failure": "failures", "error": "errors"}.get(kind, kind))
                self.assertEqual(int(count), len(suite.findall(f"testcase/{kind}")), kind)
        self.assertEqual([int(suite.get("failures")) > 0 for suite in suites], [False, True, False])
        self.assertEqual([int(suite.get("errors")) for suite in suites], [0, 0, 1])

    def test_tap(self):
        lines = self.tool("--format", "tap", *self.captures(), expect=1).splitlines()
        self.assertEqual(lines[0], "TAP version 13")
        tests = [re.fullmatch(r"(not )?ok (\d+) - ([^#]+?)( # SKIP .*)?", line) for line in lines
                 if not line.startswith(("#", "TAP", "1.."))]
        self.assertNotIn(None, tests)
        self.assertEqual([int(test[2]) for test in tests], list(range(1, len(tests) + 1)))
        self.assertEqual([line for line in lines if line.startswith("1..")], [f"1..{len(tests)}"])
        self.assertTrue(all(test[3].startswith(FIRST_CHAT) for test in tests if not test[1]
                            and int(test[2]) < 30))
        self.assertGreater(sum(bool(test[1]) for test in tests), 5)

    def test_text_that_needs_care(self):
        """Names of expectations and steps come from people."""
        path = self.path("rules", "[check]\nonly = yes\n[expect <&\"#']\n> UP body='<&]]>\"'\n")
        name = "expect <&\"#'"
        report = json.loads(self.tool("--rules", path, "--format", "json", FIRST_CHAT, expect=1))
        self.assertEqual(report["captures"][0]["rules"][1]["name"], name)
        suites = ElementTree.fromstring(self.tool("--rules", path, "--format", "junit", FIRST_CHAT,
                                                  expect=1))
        case = suites[0][1]
        self.assertEqual(case.get("name"), name)
        self.assertIn("body='<&]]>\"'", case.find("failure").text)

    def test_strict(self):
        self.scene.login("a")
        self.scene.flows["a"].client(heartbeat(), record=False)
        self.scene.up("a", up(1))
        suites = ElementTree.fromstring(self.tool("--format", "junit", "--strict", "--only",
                                                  "--rule", "messages(min=50)", self.write(),
                                                  expect=2))
        self.assertEqual(suites[0].get("errors"), "1")

    def test_a_report_in_a_file(self):
        out = self.path("report.xml")
        self.assertEqual(self.tool("--format", "junit", "-o", out, FIRST_CHAT, TROUBLE, expect=1),
                         "")
        self.assertEqual(len(ElementTree.parse(out).getroot()), 2)
        self.assertEqual(self.errors, f"{FIRST_CHAT}: ok\n{TROUBLE}: broken\n")
        self.tool("-o", self.path("no/folder"), FIRST_CHAT, expect=2)

    def test_one_pass_and_two(self):
        reports = [wireshark.run("-r", FIRST_CHAT, "-q", *passes, "-z", "plato,check")
                   for passes in ([], ["-2"])]
        self.assertEqual(*reports)
        self.assertIn("0 broken, 0 unsure", reports[0])


if __name__ == "__main__":
    unittest.main()
