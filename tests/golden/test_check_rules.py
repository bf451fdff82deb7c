# SPDX-License-Identifier: GPL-2.0-or-later
"""-z plato,check: each rule is kept by one exchange and broken by another, in the right packets.

All exchanges that break something are in one capture, on connections of their own, so a rule that
finds fault with another's exchange is seen as well."""
import collections
import json
import os
import subprocess
import unittest

import pcap
import plato_bytes as plato
import wireshark
from plato_bytes import data, frame, number
from scene import Scene, SceneTest, ack, push, up

OPTIONAL = "capture,ack_codes,order,duplicates"


def sync(session_id, first, last):
    return frame(plato.SYNC, number(1, session_id) + number(2, first) + number(3, last))


def reconn(conn_id):
    return frame(plato.RECONN, number(1, conn_id))


def heartbeat():
    return frame(plato.HEARTBEAT)


def refusal(msg_type, code, client_id=0, session_id=0):
    return ack(msg_type, code=code, client_id=client_id, session_id=session_id)


class Story(Scene):
    """A scene whose connections have devices and conn_ids of their own."""

    def __init__(self):
        super().__init__()
        self.devices = 1000

    def end(self, name, by="client"):
        flow = self.flows[name]
        ends = (flow.c, flow.s) if by == "client" else (flow.s, flow.c)
        flow._send(*ends, b"", flow.FIN | flow.ACK)
        flow._send(*ends[::-1], b"", flow.FIN | flow.ACK)
        return len(self.capture.records)

    def connect(self, name):
        self.flows[name] = pcap.Flow(self.capture, client_port=20000 + len(self.flows))

    def login(self, name):
        """A new device on a new connection. Returns its number, which is its conn_id too."""
        self.devices += 1
        self.connect(name)
        self.up(name, plato.login(self.devices))
        self.down(name, ack(plato.LOGIN, conn_id=self.devices))
        return self.devices

    def pause(self, seconds):
        self.capture.pause(seconds)

    def said(self, name, client_id, session_id, msg_id):
        """An UP and its ACK."""
        return (self.up(name, up(client_id, str(msg_id), session_id=session_id)),
                self.down(name, ack(plato.UP, client_id=client_id, session_id=session_id,
                                    msg_id=msg_id)))

    def heard(self, name, session_id, msg_id):
        """A PUSH and its ACK."""
        return (self.down(name, push(msg_id, str(msg_id), session_id=session_id)),
                self.up(name, ack(plato.PUSH, session_id=session_id, msg_id=msg_id)))


# ---- what keeps every rule ----

def good(s):
    a = s.login("a")
    s.login("b")
    s.said("a", 1, 7, 1)
    s.heard("b", 7, 1)
    s.said("b", 1, 7, 2)
    s.heard("a", 7, 2)
    s.up("a", heartbeat())
    s.down("a", ack(plato.HEARTBEAT))
    # a message that is sent twice, and acknowledged in the same way
    s.up("a", up(2, "3", session_id=7))
    s.pause(1)
    s.up("a", up(2, "3", session_id=7))
    for _ in range(2):
        s.down("a", ack(plato.UP, client_id=2, session_id=7, msg_id=3))
    # and once more, when its ACK was there
    s.pause(1)
    s.up("a", up(2, "3", session_id=7))
    s.down("a", ack(plato.UP, client_id=2, session_id=7, msg_id=3))
    s.said("a", 3, 7, 4)
    s.said("a", 4, 7, 5)
    s.heard("b", 7, 3)
    # a hole, and what fills it
    s.down("b", push(5, "5", session_id=7))
    s.up("b", sync(7, 4, 4))
    s.down("b", push(4, "4", session_id=7))
    s.down("b", ack(plato.SYNC, session_id=7))
    s.up("b", ack(plato.PUSH, session_id=7, msg_id=5))
    # connections break and are resumed
    s.said("b", 2, 7, 6)
    s.down("a", push(6, "6", session_id=7))
    s.up("a", up(5, "7", session_id=7))
    s.end("a")
    s.connect("a again")
    s.up("a again", reconn(a))
    s.down("a again", ack(plato.RECONN, conn_id=9001))
    s.heard("a again", 7, 6)
    s.said("a again", 5, 7, 7)
    s.heard("b", 7, 7)
    # the server refuses a client, and closes
    s.connect("c")
    s.up("c", plato.login(5))
    s.down("c", ack(plato.LOGIN, code=7))
    s.end("c", by="server")
    s.end("a again")
    s.end("b")
    s.pause(6)
    s.connect("late")


# ---- what breaks one ----

STORIES = []


def story(function):
    STORIES.append(function)
    return function


@story
def a_wrong_checksum(s):
    s.login("crc")
    bad = bytearray(push(1, "hello", session_id=101))
    bad[-1] ^= 1
    return {"crc": [s.down("crc", bytes(bad))]}


@story
def a_head_that_cannot_be_read(s):
    s.login("form")
    return {"malformed": [s.up("form", frame(plato.UP, b"\x08\xff"))]}


@story
def bytes_between_frames(s):
    s.login("bytes")
    s.up("bytes", heartbeat())
    s.down("bytes", ack(plato.HEARTBEAT))
    impossible = s.up("bytes", b"\xee" * 40)
    skipped = s.up("bytes", b"\xee" * 40 + heartbeat())
    s.down("bytes", ack(plato.HEARTBEAT))
    return {"malformed": [impossible], "continuation": [skipped]}


@story
def unknown_type_and_version(s):
    s.login("new")
    types = s.up("new", frame(9))
    s.down("new", refusal(9, 2))
    version = s.up("new", frame(plato.HEARTBEAT, version=2))
    return {"types": [types], "versions": [version], "ack_codes": [types + 1]}


@story
def ids_that_never_come(s):
    s.login("gaps")
    s.heard("gaps", 102, 1)
    skips = s.down("gaps", push(4, "4", session_id=102))
    s.heard("gaps", 102, 3)
    s.up("gaps", ack(plato.PUSH, session_id=102, msg_id=1))
    wrong = s.up("gaps", ack(plato.PUSH, session_id=102, msg_id=4))
    return {"gaps": [skips], "order": [skips + 1], "push_ack": [wrong - 2], "hole_asked": [skips]}


@story
def one_id_for_two_messages(s):
    s.login("conflict")
    s.said("conflict", 1, 103, 1)
    other = s.up("conflict", up(1, "other", session_id=103))
    return {"conflicts": [other], "repeat_answered": [other]}


@story
def nobody_answers(s):
    s.connect("silent")
    login = s.up("silent", plato.login(4711))
    s.connect("silent too")
    resumed = s.up("silent too", reconn(4712))
    s.login("silent three")
    beat = s.up("silent three", heartbeat())
    asked = s.up("silent three", sync(104, 1, 2))
    said = s.up("silent three", up(1, session_id=104))
    pushed = s.down("silent three", push(1, session_id=104))
    return {"login_answered": [login], "reconn_answered": [resumed], "heartbeat_answered": [beat],
            "sync_answered": [asked], "unacked": [said, pushed], "resend_due": [said, pushed]}


@story
def slow_answers(s):
    s.login("slow")
    s.login("fast")
    sent = s.up("slow", up(1, "1", session_id=105))
    s.pause(12)
    late = s.down("slow", ack(plato.UP, client_id=1, session_id=105, msg_id=1))
    s.heard("fast", 105, 1)
    assert sent + 1 == late
    return {"response_time": [late], "delivery_time": [late + 1]}


@story
def beginnings(s):
    s.connect("rude")
    first = s.up("rude", heartbeat())
    served = s.down("rude", ack(plato.HEARTBEAT))
    s.connect("lazy")
    s.pause(11)
    late = s.up("lazy", plato.login(4713))
    s.down("lazy", ack(plato.LOGIN, conn_id=4713))
    return {"login_first": [first], "login_gate": [served], "first_frame": [late]}


@story
def silence(s):
    s.login("quiet")
    s.login("asleep")
    last = s.up("asleep", heartbeat())
    s.down("asleep", ack(plato.HEARTBEAT))
    s.pause(50)
    late = s.up("quiet", heartbeat())
    s.down("quiet", ack(plato.HEARTBEAT))
    s.pause(100)
    dead = s.up("quiet", heartbeat())
    s.down("quiet", ack(plato.HEARTBEAT))
    s.end("asleep", by="server")
    return {"heartbeat": [late, dead], "silence_closed": [dead, last]}


@story
def the_server_does_not_close(s):
    s.connect("refused")
    s.up("refused", plato.login(4714))
    refused = s.down("refused", ack(plato.LOGIN, code=7))
    s.connect("refused too")
    s.up("refused too", plato.login(4715))
    too = s.down("refused too", ack(plato.LOGIN, code=7))
    more = s.down("refused too", ack(plato.LOGIN, code=7))
    s.end("refused too", by="server")
    return {"close": [more, refused], "ack_codes": [refused, too, more], "ack_pairs": [more]}


@story
def wrong_forms(s):
    s.login("forms")
    wrong_side = s.up("forms", push(1, session_id=106))
    s.down("forms", refusal(plato.PUSH, 2))
    body = s.up("forms", frame(plato.HEARTBEAT, b"", b"body"))
    s.down("forms", ack(plato.HEARTBEAT))
    s.up("forms", up(1, session_id=106))
    no_id = s.down("forms", ack(plato.UP, client_id=1, session_id=106))
    nothing = s.down("forms", ack(plato.HEARTBEAT))
    of_ack = s.down("forms", ack(plato.ACK))
    backwards = s.up("forms", sync(106, 9, 5))
    s.down("forms", ack(plato.SYNC, session_id=106))
    return {"direction": [wrong_side], "empty_bodies": [body], "ack_fields": [no_id],
            "ack_pairs": [nothing, of_ack], "sync_range": [backwards],
            "ack_codes": [wrong_side + 1], "unacked": [wrong_side]}


@story
def client_ids(s):
    device = s.login("ids")
    zero = s.up("ids", up(0, "0", session_id=107))
    s.down("ids", refusal(plato.UP, 9, session_id=107))
    s.said("ids", 1, 107, 1)
    skip = s.up("ids", up(3, "3", session_id=107))
    s.down("ids", ack(plato.UP, code=10, client_id=2, session_id=107))
    s.end("ids")
    s.connect("ids again")
    s.up("ids again", reconn(device))
    s.down("ids again", ack(plato.RECONN, conn_id=9002))
    again = s.up("ids again", up(1, "another", session_id=107))
    return {"client_ids": [zero, skip], "gaps": [skip], "ack_codes": [zero + 1, skip + 1],
            "reconnect_ids": [again], "conflicts": [again], "repeat_answered": [again],
            "unacked": [skip]}


@story
def too_many_under_way(s):
    s.login("window")
    sent = [s.up("window", up(i, str(i), session_id=108)) for i in range(1, 67)]
    for i in range(1, 67):
        s.down("window", ack(plato.UP, client_id=i, session_id=108, msg_id=i))
    return {"window": sent[64:]}


@story
def too_many_pushed(s):
    s.login("pushed")
    sent = [s.down("pushed", push(i, str(i), session_id=114)) for i in range(1, 67)]
    s.up("pushed", ack(plato.PUSH, session_id=114, msg_id=66))
    return {"push_window": sent[64:]}


@story
def acceptance(s):
    s.login("accept")
    s.said("accept", 1, 109, 1)
    s.up("accept", up(2, "2", session_id=109), up(3, "3", session_id=109))
    early = s.down("accept", ack(plato.UP, client_id=3, session_id=109, msg_id=2))
    other_id = s.down("accept", ack(plato.UP, client_id=3, session_id=109, msg_id=3))
    expects = s.down("accept", ack(plato.UP, code=10, client_id=9, session_id=109))
    below = s.said("accept", 4, 109, 2)[1]
    s.down("accept", ack(plato.UP, client_id=2, session_id=109, msg_id=4))
    echo = s.down("accept", push(3, "3", session_id=109))
    s.up("accept", ack(plato.PUSH, session_id=109, msg_id=3))
    return {"accept_order": [early, expects], "same_msg_id": [other_id], "ack_codes": [expects],
            "msg_ids": [below, below], "no_echo": [echo]}


@story
def impatience(s):
    s.login("resend")
    s.up("resend", up(1, "1", session_id=110))
    s.pause(0.5)
    soon = s.up("resend", up(1, "1", session_id=110))
    s.pause(1.5)
    too_soon = s.up("resend", up(1, "1", session_id=110))
    s.down("resend", ack(plato.UP, client_id=1, session_id=110, msg_id=1))
    s.up("resend", up(2, "2", session_id=110))
    refused = s.down("resend", ack(plato.UP, code=11, client_id=2, session_id=110))
    again = s.up("resend", up(2, "2", session_id=110))  # it was answered: not too early
    s.down("resend", ack(plato.UP, client_id=2, session_id=110, msg_id=2))
    return {"resend": [soon, too_soon], "duplicates": [soon, too_soon, again],
            "ack_codes": [refused]}


@story
def resumed_at_the_wrong_place(s):
    device = s.login("resume")
    for i in (1, 2):
        s.heard("resume", 111, i)
    for i in (3, 4):
        s.down("resume", push(i, str(i), session_id=111))
    s.pause(2)
    s.end("resume")
    s.connect("resume back")
    s.up("resume back", reconn(device))
    s.down("resume back", ack(plato.RECONN, conn_id=9003))
    back = s.down("resume back", push(2, "2", session_id=111))
    s.connect("resume ahead")
    s.up("resume ahead", reconn(9003))
    s.down("resume ahead", ack(plato.RECONN, conn_id=9004))
    ahead = s.down("resume ahead", push(4, "4", session_id=111))
    s.up("resume ahead", ack(plato.PUSH, session_id=111, msg_id=4))
    return {"resume": [back, ahead], "duplicates": [back, ahead]}


@story
def half_an_answer(s):
    s.login("sync")
    s.login("other")
    for i in (1, 2, 3):
        s.heard("other", 112, i)
    s.heard("sync", 112, 1)
    new = s.down("sync", push(4, "4", session_id=112))
    s.up("sync", sync(112, 2, 3))
    s.down("sync", push(2, "2", session_id=112))
    done = s.down("sync", ack(plato.SYNC, session_id=112))
    late = s.down("sync", push(3, "3", session_id=112))
    s.up("sync", ack(plato.PUSH, session_id=112, msg_id=4))
    return {"sync_complete": [done], "order": [done - 1, late], "delivered": [new]}


@story
def frames_that_take_too_long(s):
    s.login("pieces")
    message = up(1, "1", session_id=115)
    s.up("pieces", heartbeat() + message[:9])
    s.down("pieces", ack(plato.HEARTBEAT))
    s.pause(41)
    late = s.up("pieces", message[9:])
    s.down("pieces", ack(plato.UP, client_id=1, session_id=115, msg_id=1))
    begun = s.up("pieces", heartbeat()[:13])
    s.connect("pieces of a login")
    never = s.up("pieces of a login", plato.login(4716)[:1])
    s.pause(46)
    return {"frame_time": [late, begun, never]}


@story
def conn_ids(s):
    device = s.login("first")
    s.connect("second")
    s.up("second", plato.login(4720))
    again = s.down("second", ack(plato.LOGIN, conn_id=device))
    other = s.login("forgotten")
    s.end("forgotten")
    s.connect("forgotten again")
    s.up("forgotten again", reconn(other))
    refused = s.down("forgotten again", ack(plato.RECONN, code=8))
    return {"conn_ids": [again], "state_kept": [refused], "ack_codes": [refused]}


@story
def a_repeat_without_an_answer(s):
    s.login("repeat")
    s.said("repeat", 1, 116, 1)
    s.pause(2)
    again = s.up("repeat", up(1, "1", session_id=116))
    return {"repeat_answered": [again], "duplicates": [again]}


@story
def resumed_too_late(s):
    device = s.login("lazy client")
    s.up("lazy client", up(1, "1", session_id=117))
    s.end("lazy client")
    s.connect("lazy client again")
    s.up("lazy client again", reconn(device))
    resumed = s.down("lazy client again", ack(plato.RECONN, conn_id=9005))
    s.pause(4)
    again = s.said("lazy client again", 1, 117, 1)[0]
    return {"reconn_resend": [resumed], "duplicates": [again]}


@story
def a_member_left_out(s):
    s.login("speaker")
    s.login("listener")
    s.said("speaker", 1, 118, 1)
    s.heard("listener", 118, 1)
    missed = s.said("speaker", 2, 118, 2)[1]
    return {"delivered": [missed]}


@story
def sent_again_at_last(s):
    s.login("patient")
    s.up("patient", up(1, "1", session_id=119))
    s.pause(40)
    late = s.up("patient", up(1, "1", session_id=119))
    answer = s.down("patient", ack(plato.UP, client_id=1, session_id=119, msg_id=1))
    return {"resend_due": [late], "duplicates": [late], "response_time": [answer]}


@story
def lost_bytes(s):
    s.login("lost")
    s.heard("lost", 113, 1)
    s.flows["lost"].server(push(2, "2", session_id=113), record=False)
    after = s.down("lost", push(3, "3", session_id=113))
    return {"capture": [0, after], "unacked": [after]}


class Rules(SceneTest):
    def check(self, words, *options, expect=0):
        """The rules about Plato of the report, by name; there is nothing for others to judge."""
        path = self.write()
        out, status = (os.path.join(self.folder, name) for name in ("report", "status"))
        run = subprocess.run(
            [wireshark.RUNNER, "-o", "tcp.reassemble_out_of_order:TRUE", "-r", path, "-q", *options,
             "-z", f"plato,check,format=json,show=1000,out={out},status={status},{words}"],
            capture_output=True, text=True, timeout=wireshark.TIMEOUT,
            env=wireshark.environment_of_a_run())
        self.assertEqual(run.returncode, expect, run.stderr)
        with open(out, encoding="utf-8") as file:
            report = json.load(file)["captures"][0]
        with open(status, encoding="utf-8") as file:
            self.assertEqual(file.read().split()[0],
                             {0: "ok", 1: "broken", 2: "unjudged"}[expect])
        about_plato = wireshark.plato_rules(report)  # the others: test_check_commands.py
        others = {rule["status"] for rule in report["rules"] if rule["name"] not in about_plato}
        self.assertEqual(others, {"idle"})
        return about_plato

    def setUp(self):
        super().setUp()
        self.scene = Story()

    def test_what_keeps_every_rule(self):
        good(self.scene)
        words = "capture,ack_codes(allow=any),order(off),duplicates(max=4)"
        for passes in ([], ["-2"]):
            rules = self.check(words, *passes)
            idle = {name for name, rule in rules.items() if rule["status"] == "idle"}
            self.assertEqual(idle, {"continuation"})  # there is nothing that it could judge
            self.assertEqual({name: rule["broken"] + rule["unsure"] for name, rule in rules.items()
                              if rule["status"] not in ("ok", "idle")}, {})

    def test_what_breaks_each_rule(self):
        expected = collections.defaultdict(list)
        for each in STORIES:
            for name, packets in each(self.scene).items():
                expected[name] += packets
        self.scene.pause(6)
        self.scene.connect("the end")
        for passes in ([], ["-2"]):
            rules = self.check(OPTIONAL, *passes, expect=1)
            found = {name: sorted(where.get("packet", 0) for where in rule["broken"])
                     for name, rule in rules.items() if rule.get("broken")}
            self.assertEqual(found, {name: sorted(packets) for name, packets in expected.items()})
            never = set(rules) - set(expected) - {"evidence"}
            self.assertEqual(never, {"messages"})  # has a test of its own


if __name__ == "__main__":
    unittest.main()
