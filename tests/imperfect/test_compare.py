# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison: what is right passes, and each thing that is wrong is found."""
import concurrent.futures
import contextlib
import functools
import importlib.machinery
import importlib.util
import io
import os
import sys
import types
import unittest

sys.dont_write_bytecode = True

import capture
import compare
import conversation
import truth
from test_generate import CASES

CUT = 1000  # indexes from here on are those of cut messages in right_rows()
HERE = os.path.dirname(os.path.abspath(__file__))


@functools.lru_cache(None)
def expected_of(kind, framing=conversation.HEADER, seed=1):
    return compare.Expected(list(truth.Truth(capture.Capture(seed, kind, framing)).records()))


def row_of(expected, record, packet, index, crc):
    """The part of a row that a message and its place give."""
    connection = expected.connections[record["connection"]]
    client = (connection["client"], connection["client_port"])
    server = (connection["server"], connection["server_port"])
    (src, sport), (dst, dport) = (client, server) if record["dir"] == "up" else (server, client)
    return {"frame": packet, "index": index, "time": compare.time_of(record.get("time", 0)),
            "stream": record["connection"], "dir": record["dir"], "src": src, "sport": sport,
            "dst": dst, "dport": dport, "framing": record["framing"], "type": record["type"],
            "device_id": connection["device_id"], "conn_id": connection["conn_id"],
            **record["ids"], "var_head_len": record["var_head_len"], "msg_len": record["msg_len"],
            "crc_status": crc}


def row_of_cut(expected, record):
    packets = record["wire_packets"]
    return row_of(expected, record, packets[0] if packets else 9, CUT, "unverified")


def right_rows(expected):
    """What a plugin without a fault writes."""
    gaps = {id(group[0]) for group in expected.groups}
    rows = []
    for record in expected.whole:
        row = row_of(expected, record, record["packet"], record["index"],
                     "good" if expected.header else "unverified")
        verdicts = [name for name, said in (
            ("capture_gap", id(record) in gaps), ("duplicate", record["duplicate"]),
            (record["fault"], record["fault"]),
            ("slow_response", record.get("response_time", 0) > compare.SLOW)) if said]
        if verdicts:
            row["verdicts"] = ";".join(verdicts)
        for name, time in (("response_to", "response_time"), ("delivery_of", "delivery_time")):
            if record[name] is not None:
                row[name] = record[name]
                row[time] = "%d.%06d000" % divmod(record[time], 1_000_000)
        rows.append(row)
    if expected.snaplen:
        rows += [row_of_cut(expected, r) for r in expected.messages
                 if not r["whole"] and r["head_whole"]]
        # several in a packet have indexes one after the other
        for i, row in enumerate(rows):
            row["index"] = row["index"] + i if row["index"] == CUT else row["index"]
    return sorted(rows, key=lambda row: (row["frame"], row["index"]))


def right_layers(expected):
    """Only messages that nobody acknowledged, and only where that is certain."""
    said = {(r["packet"], r["index"]) for r in expected.whole
            if r.get("acknowledged") == "never" and not r["answers_missing"] and not r["duplicate"]}
    layers = {}
    for packet in {packet for packet, _ in said}:
        count = sum(r["packet"] == packet for r in expected.whole)
        layers[packet] = [{"plato.framing"} | ({"plato.analysis.unacked"}
                                               if (packet, i) in said else set())
                          for i in range(count)]
    return layers


def all_differences(expected, rows, passes=2):
    return compare.compare_rows(expected, rows, passes) + \
        compare.compare_verdicts(expected, rows, passes)


class Right(unittest.TestCase):
    def test_what_is_right_passes(self):
        for kind, framing in CASES:
            expected = expected_of(kind, framing)
            for passes in (1, 2):
                self.assertEqual(all_differences(expected, right_rows(expected), passes)[:3], [],
                                 (kind, framing))
            if kind != "snaplen":
                self.assertEqual(compare.compare_said(expected, right_layers(expected), 2), [],
                                 (kind, framing))

    def test_nothing_at_all_is_wrong(self):
        for kind, framing in CASES:
            expected = expected_of(kind, framing)
            self.assertGreater(len(compare.compare_rows(expected, [], 2)), 100, kind)


class WrongRows(unittest.TestCase):
    """Each change of one row is found, in both passes."""

    def check(self, change, kind="clean", which=lambda row: row["type"] == "UP", passes=(1, 2),
              framing=conversation.HEADER, aspect=None):
        expected = expected_of(kind, framing)
        rows = right_rows(expected)
        at = [i for i, row in enumerate(rows) if which(row)][3]
        change(rows, at)
        compared = aspect or all_differences
        for each in passes:
            self.assertNotEqual(compared(expected, rows, each), [], each)
        return expected, rows

    @staticmethod
    def put(**values):
        def change(rows, at):
            for name, value in values.items():
                if callable(value):
                    value = value(rows[at].get(name))
                rows[at] = {**rows[at], name: value}
        return change

    @staticmethod
    def drop(name):
        def change(rows, at):
            rows[at] = {n: v for n, v in rows[at].items() if n != name}
        return change

    def test_a_row_less(self):
        for kind, framing in CASES:
            if kind != "one-sided":
                self.check(lambda rows, at: rows.pop(at), kind, lambda row: row["type"] == "ACK",
                           framing=framing, aspect=compare.compare_rows)

    def test_a_row_more(self):
        for kind, framing in CASES:
            self.check(lambda rows, at: rows.insert(at, dict(rows[at], index=77)), kind,
                       lambda row: row["crc_status"] == "good" or row["framing"] == 2,
                       framing=framing, aspect=compare.compare_rows)

    def test_a_row_of_a_message_that_is_not_whole(self):
        for kind in ("lost", "tail-loss", "midstream", "reordered-and-lost"):
            expected = expected_of(kind)
            torn = next(r for r in expected.messages if not r["whole"])
            rows = right_rows(expected) + [row_of_cut(expected, torn)]
            self.assertIn("is of no message", compare.compare_rows(expected, rows, 2)[0], kind)

    def test_values(self):
        another = lambda value: value + 1
        for change in (self.put(frame=another), self.put(index=another), self.put(time="1.5"),
                       self.put(dir="down"), self.put(src="10.0.9.9"), self.put(dport=another),
                       self.put(sport=another), self.put(framing=2), self.put(type="PUSH"),
                       self.put(device_id=another), self.put(conn_id=another),
                       self.put(session_id=another), self.put(client_id=another),
                       self.put(msg_id=1), self.put(ack_code=0), self.put(var_head_len=another),
                       self.put(msg_len=another), self.put(crc_status="bad"),
                       self.put(crc_status="unverified"), self.put(stream=99),
                       self.drop("session_id"), self.drop("client_id"), self.drop("type")):
            self.check(change, aspect=compare.compare_rows)

    def test_streams_in_one(self):
        expected = expected_of("clean")
        rows = [dict(row, stream=0) for row in right_rows(expected)]
        self.assertNotEqual(compare.compare_rows(expected, rows, 2), [])

    def test_rows_in_another_order(self):
        expected = expected_of("clean")
        rows = right_rows(expected)
        rows[10], rows[11] = rows[11], rows[10]
        self.assertNotEqual(compare.compare_rows(expected, rows, 2), [])

    def test_late_rows(self):
        """Only without a CRC, in one pass, and where a message had to wait."""
        late = self.put(frame=lambda frame: frame + 1)
        for kind in ("clean", "reordered"):
            self.check(late, kind, aspect=compare.compare_rows)
            self.check(late, kind, passes=(2,), framing=2, aspect=compare.compare_rows)
        self.check(late, "clean", passes=(1,), framing=2, aspect=compare.compare_rows)
        expected = expected_of("reordered", 2)
        rows = right_rows(expected)
        waits = next(r for r in expected.whole if r["late_before"])
        at = next(i for i, row in enumerate(rows)
                  if (row["frame"], row["index"]) == (waits["packet"], waits["index"]))
        late(rows, at)
        self.assertEqual(compare.compare_rows(expected, rows, 1), [])
        self.assertNotEqual(compare.compare_rows(expected, rows, 2), [])

    def test_verdicts(self):
        for kind, framing in CASES:
            for verdict in ("gap:3-4", "out_of_order", "conflict", "gap_filled", "duplicate",
                            "restart", "unacked"):
                self.check(self.put(verdicts=verdict), kind, framing=framing,
                           which=lambda row: "verdicts" not in row and row["index"] < CUT,
                           aspect=compare.compare_verdicts)
        self.check(self.drop("verdicts"), seed_kind(),
                   lambda row: row.get("verdicts") == "duplicate", aspect=compare.compare_verdicts)

    def test_faults(self):
        for verdict in ("gap", "conflict"):
            for framing in (1, 2) if verdict == "conflict" else (1,):
                of_fault = lambda row: row.get("verdicts", "").startswith(verdict)
                for change in (self.drop("verdicts"), self.put(verdicts="gap:1-1"),
                               self.put(verdicts="out_of_order")):
                    self.check(change, "faulty", of_fault, passes=(2,), framing=framing,
                               aspect=compare.compare_verdicts)

    def test_a_slow_response(self):
        self.check(self.put(verdicts="slow_response"), "clean",
                   lambda row: row["type"] == "ACK" and "verdicts" not in row)

    def test_capture_gaps(self):
        whole = lambda row: "verdicts" not in row
        for kind in ("clean", "retransmitted", "one-sided", "midstream"):
            self.check(self.put(verdicts="capture_gap"), kind, whole, passes=(2,),
                       aspect=compare.compare_verdicts)
        self.check(self.put(verdicts="capture_gap"), "clean", whole, passes=(1,),
                   aspect=compare.compare_verdicts)
        for kind in ("lost", "reordered-and-lost"):
            for framing in (1, 2):
                said = lambda row: row.get("verdicts") == "capture_gap"
                self.check(self.drop("verdicts"), kind, said, framing=framing,
                           aspect=compare.compare_verdicts)
                self.check(self._move_gap, kind, said, passes=(2,), framing=framing,
                           aspect=compare.compare_verdicts)

    @staticmethod
    def _move_gap(rows, at):
        """To the connection's message after the next one in that direction."""
        same = [i for i in range(at + 1, len(rows)) if (rows[i]["stream"], rows[i]["dir"]) ==
                (rows[at]["stream"], rows[at]["dir"])]
        rows[at] = {n: v for n, v in rows[at].items() if n != "verdicts"}
        rows[same[1]] = dict(rows[same[1]], verdicts="capture_gap")

    def test_reordering_may_leave_a_capture_gap_in_one_pass(self):
        expected = expected_of("reordered")
        early = next(r for r in expected.whole if r["late_before"])
        rows = right_rows(expected)
        at = next(i for i, row in enumerate(rows)
                  if (row["frame"], row["index"]) == (early["packet"], early["index"]))
        rows[at] = dict(rows[at], verdicts="capture_gap")
        self.assertEqual(compare.compare_verdicts(expected, rows, 1), [])
        self.assertNotEqual(compare.compare_verdicts(expected, rows, 2), [])

    def test_relations(self):
        answer = lambda row: row["type"] == "ACK" and row.get("ack_type") == "UP" and \
            "response_to" in row
        push = lambda row: "delivery_of" in row
        for kind in ("clean", "reordered", "lost", "midstream"):
            self.check(self.put(response_to=1), kind, answer)
            self.check(self.drop("response_to"), kind, answer)
            self.check(self.put(response_time="0.000000001"), kind, answer)
            self.check(self.put(delivery_of=1), kind, push)
            self.check(self.put(delivery_time="0.000000001"), kind, push)
        self.check(self.drop("delivery_of"), "clean", push)

    def test_a_request_may_wait_longer_than_its_answer_in_one_pass(self):
        for kind in ("lost", "midstream"):
            expected = expected_of(kind, 2)
            waits = next(r for r in expected.whole
                         if r["response_certain"] and r.get("request_waits"))
            rows = right_rows(expected)
            at = next(i for i, row in enumerate(rows)
                      if (row["frame"], row["index"]) == (waits["packet"], waits["index"]))
            rows[at] = {name: value for name, value in rows[at].items()
                        if name not in ("response_to", "response_time")}
            self.assertEqual(compare.compare_verdicts(expected, rows, 1), [])
            self.assertNotEqual(compare.compare_verdicts(expected, rows, 2), [])

    def test_cut_rows(self):
        cut = lambda row: row["index"] >= CUT
        for change in (self.put(type="UP", client_id=4711), self.put(crc_status="good"),
                       self.put(crc_status="bad"), self.put(frame=1), self.put(session_id=7),
                       self.put(msg_len=1), lambda rows, at: rows.insert(at, rows[at])):
            self.check(change, "snaplen", cut, aspect=compare.compare_rows)
        self.check(self.put(verdicts="gap:1-1"), "snaplen", cut, aspect=compare.compare_verdicts)


def seed_kind():
    """A kind whose capture has repeats that must be found."""
    for kind in ("clean", "retransmitted", "reordered"):
        if sum(bool(r["duplicate"] and r["duplicate_certain"])
               for r in expected_of(kind).whole) > 4:
            return kind
    raise AssertionError("no capture has repeats")


class WrongWords(unittest.TestCase):
    def said(self, kind, layers, passes=2, framing=1):
        return compare.compare_said(expected_of(kind, framing), layers, passes)

    def packet_of(self, kind, state):
        return next(r for r in expected_of(kind).whole
                    if r.get("acknowledged") == state and not r["duplicate"] and not r["index"])

    def test_unacked(self):
        for kind, state in (("clean", "captured"), ("one-sided", "missing"), ("lost", "missing")):
            record = self.packet_of(kind, state)
            layers = right_layers(expected_of(kind))
            layers[record["packet"]] = [{"plato.framing", "plato.analysis.unacked"}]
            self.assertNotEqual(self.said(kind, layers), [], kind)

    def test_unacked_on_something_else(self):
        record = next(r for r in expected_of("clean").whole if r["type"] == "LOGIN")
        layers = right_layers(expected_of("clean"))
        layers[record["packet"]] = [{"plato.framing", "plato.analysis.unacked"}]
        self.assertNotEqual(self.said("clean", layers), [])

    def test_unacked_not_said(self):
        for seed in range(1, 9):
            expected = expected_of("clean", 1, seed)
            layers = right_layers(expected)
            if layers:
                layers.popitem()
                self.assertNotEqual(compare.compare_said(expected, layers, 2), [])
                return
        self.fail("no capture ends before an ACK")

    def test_unacked_in_one_pass(self):
        layers = {5: [{"plato.framing", "plato.analysis.unacked"}]}
        self.assertNotEqual(self.said("clean", layers, 1), [])

    def test_errors(self):
        for name in compare.NEVER_SAID:
            for passes in (1, 2):
                layers = right_layers(expected_of("snaplen"))
                layers[9] = [{"plato.framing", name}]
                self.assertNotEqual(self.said("snaplen", layers, passes), [], name)

    def test_continuation(self):
        layers = right_layers(expected_of("reordered"))
        layers[9] = [{"plato.continuation"}]
        self.assertNotEqual(self.said("reordered", layers), [])
        self.assertEqual(self.said("reordered", {9: [{"plato.continuation"}]}, 1), [])

    def test_layers(self):
        packet = {"_source": {"layers": {"frame": {"frame.number": "7"}, "plato": [
            {"plato.framing": "1", "a_tree": {"x": [{"plato.malformed": ""}]}}, {"b": "1"}]}}}
        self.assertEqual(compare.layers_of([packet]),
                         {7: [{"plato.framing", "a_tree", "x", "plato.malformed"}, {"b"}]})


class WrongChecks(unittest.TestCase):
    @staticmethod
    def report(**rules):
        return {"captures": [{"rules": [{"name": name, "status": status}
                                        for name, status in rules.items()]}]}

    def test_check(self):
        expected = expected_of("lost")
        fine = self.report(crc="ok", gaps="unsure")
        self.assertEqual(compare.compare_check(expected, 0, fine), [])
        for code, report in ((1, fine), (2, fine), (0, self.report(crc="broken")),
                             (1, self.report(crc="broken"))):
            self.assertNotEqual(compare.compare_check(expected, code, report), [])

    def test_check_of_faulty_senders(self):
        expected = expected_of("faulty")
        for gaps, conflicts, code in (("broken", "broken", 1), ("broken", "broken", 0),
                                      ("ok", "broken", 1), ("broken", "unsure", 1)):
            found = compare.compare_check(expected, code,
                                          self.report(gaps=gaps, conflicts=conflicts))
            self.assertEqual(found == [], (gaps, conflicts, code) == ("broken", "broken", 1))

    def test_the_rule_capture(self):
        for kind in capture.KINDS:
            expected = expected_of(kind)
            right = ("ok", 0) if expected.capture["complete"] else ("broken", 1)
            for status, code in (("ok", 0), ("broken", 1), ("unsure", 0), ("ok", 1), ("broken", 0)):
                found = compare.compare_capture_rule(expected, code, self.report(capture=status))
                self.assertEqual(found == [], (status, code) == right, (kind, status, code))


class Table(unittest.TestCase):
    @staticmethod
    def table():
        loader = importlib.machinery.SourceFileLoader("table", os.path.join(HERE, "table"))
        table = importlib.util.module_from_spec(importlib.util.spec_from_loader("table", loader))
        loader.exec_module(table)
        return table

    def test_a_run_that_fails_is_wrong(self):
        job = concurrent.futures.Future()
        job.set_exception(AssertionError("tshark: exit code 139"))
        found = self.table().result_of(job, ("rows", "verdicts"))
        self.assertEqual({aspect: len(d) for aspect, d in found.items()},
                         {"rows": 1, "verdicts": 1})

    def test_cells_and_exit_code(self):
        table = self.table()
        given = types.SimpleNamespace(kinds=["clean"], framings=["header"], settings=["TF"])
        cells = {(aspect, "clean", "header", "TF", passes): [("a", []), ("b", [])]
                 for aspect in ("rows", "verdicts", "check") for passes in (1, 2)}
        for differences, cell, code in (([], "ok", 0), (["x", "y"], "2", 1)):
            cells["verdicts", "clean", "header", "TF", 2] = [("a", []), ("b", differences)]
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                table.print_table(given, cells)
                table.print_differences(cells)
            lines = out.getvalue().splitlines()
            line = lines[lines.index(next(s for s in lines if s.startswith("verdicts"))) + 1]
            self.assertEqual(line.split(), ["clean", "header", "ok", cell])
            self.assertEqual(table.exit_code(cells), code)
            self.assertEqual("    x" in lines, bool(differences))


if __name__ == "__main__":
    unittest.main()
