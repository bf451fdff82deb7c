# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what the plugin and plato-check say of a capture against its truth. Each function returns a
list of differences, as texts; none: it is right."""
import collections

import conversation
import pcap
from tcp import UP

NEVER_SAID = ("plato.malformed", "plato.crc32.bad", "plato.too_large", "plato.version.unsupported",
              "plato.msg_type.unknown")
SLOW = 1_000_000  # microseconds: the preference plato.slow_response_ms
RULES = {"gap": "gaps", "conflict": "conflicts"}  # of plato-check, by the fault that breaks them
IDS = ("session_id", "client_id", "msg_id", "ack_type", "ack_code")


def time_of(micros):
    return "%d.%06d000" % (pcap.Capture.START + micros // 1_000_000, micros % 1_000_000)


class Expected:
    """The records of a truth, in the forms that are looked for."""

    def __init__(self, records):
        self.capture = records[0]
        self.connections = {r["connection"]: r for r in records if r["record"] == "connection"}
        self.by_port = {r["client_port"]: r for r in self.connections.values()}
        self.messages = [r for r in records if r["record"] == "message"]
        self.whole = [r for r in self.messages if r["whole"]]
        self.at = {(r["packet"], r["index"]): r for r in self.whole}
        self.snaplen = self.capture["kind"] == "snaplen"
        self.header = self.capture["framing"] == conversation.HEADER
        self.groups = self._groups()

    def displaced(self, verdict, record):
        """A gap on another message than the one that it belongs to, which was overtaken."""
        if not verdict.startswith("gap:"):
            return False
        first, last = (int(number) for number in verdict[4:].split("-"))
        for other in self.whole:
            if other["fault"] and other["fault"] != "conflict" and \
                    not other["fault_certain"]["2"] and (
                        other["connection"], other["dir"]) == (record["connection"], record["dir"]):
                low, high = (int(number) for number in other["fault"][4:].split("-"))
                if first <= high and low <= last:
                    return True
        return False

    def _groups(self):
        """For each place with bytes missing for good, the whole messages up to the next such place,
        in the order of the stream."""
        groups, last = [], None
        for record in sorted(self.whole, key=lambda r: (r["connection"], r["dir"], r["offset"])):
            stream = record["connection"], record["dir"]
            if record["missing_before"]:
                groups.append([])
            elif stream != last:
                groups.append(None)  # nothing is missing before these
            last = stream
            if groups[-1] is not None:
                groups[-1].append(record)
        return [group for group in groups if group]


def describe(record):
    ids = " ".join(f"{name}={value}" for name, value in record["ids"].items())
    return (f"{record['type']} {ids} (connection {record['connection']}, {record['dir']}, packet "
            f"{record['packet']}.{record.get('index')})")


def place(row):
    return f"row {row['frame']}.{row['index']} {row.get('type')}"


def identity_of_row(expected, row):
    """What a message is known by, wherever its row stands; None: of no connection that there is."""
    direction = row.get("dir")
    client, server = ("sport", "dport") if direction == UP else ("dport", "sport")
    connection = expected.by_port.get(row.get(client))
    if connection is None or row.get(server) != connection["server_port"]:
        return None
    source, target = ("client", "server") if direction == UP else ("server", "client")
    if (row["src"], row["dst"]) != (connection[source], connection[target]):
        return None
    ids = tuple(str(row.get(name, "")) for name in IDS)
    if not expected.header:  # what that framing leaves out is 0
        ids = tuple("" if value == "0" else value for value in ids)
    return connection["connection"], direction, row.get("type"), ids


def identity(expected, record):
    ids = tuple(str(record["ids"].get(name, "")) for name in IDS)
    if not expected.header:
        ids = tuple("" if value == "0" else value for value in ids)
    return record["connection"], record["dir"], record["type"], ids


class Match:
    """Which row is of which message: `pairs`, (row, record); `lost` records and `spare` rows."""

    def __init__(self, expected, rows):
        self.pairs, self.lost, self.spare = [], [], []
        taken, left = set(), []
        for row in rows:
            record = expected.at.get((row["frame"], row["index"]))
            if record is not None and id(record) not in taken and \
                    identity_of_row(expected, row) == identity(expected, record):
                taken.add(id(record))
                self.pairs.append((row, record))
            else:
                left.append(row)
        waiting = collections.defaultdict(list)
        for record in expected.whole:
            if id(record) not in taken:
                waiting[identity(expected, record)].append(record)
        for row in left:
            found = waiting.get(identity_of_row(expected, row))
            if found:
                # of repeats the nearest
                nearest = min(found, key=lambda r: abs(r["packet"] - row["frame"]))
                found.remove(nearest)
                self.pairs.append((row, nearest))
            else:
                self.spare.append(row)
        self.lost = [record for found in waiting.values() for record in found]


def compare_rows(expected, rows, passes):
    """Which messages there are, in which packets, with which ids and times."""
    match = Match(expected, rows)
    out = [f"no row of {describe(r)}" for r in match.lost if r["provable"]]
    cut = CutRows(expected)
    out += [f"{place(row)} is of no message" for row in match.spare if not cut.take(row)]
    out += cut.not_shown()
    streams = {}
    for row, record in match.pairs:
        out += _differences(expected, row, record, passes)
        if streams.setdefault(row["stream"], record["connection"]) != record["connection"]:
            out.append(f"{place(row)}: stream {row['stream']} is of two connections")
    if len(set(streams.values())) != len(streams):
        out.append(f"plato.stream counts {len(streams)} connections, not {len(set(streams.values()))}")
    if passes == 2 or expected.header:
        places = [(row["frame"], row["index"]) for row in rows]
        if len(set(places)) != len(places):
            out.append("two rows have the same frame and index")
        if passes == 2 and places != sorted(places):
            out.append("the rows are not in the order of frame and index")
    return out


def _differences(expected, row, record, passes):
    out = []
    late = passes == 1 and not expected.header and row["frame"] > record["packet"] and \
        (record["may_wait"] or record["late_before"])
    if not late:
        if row["frame"] != record["packet"]:
            out.append(f"{place(row)} belongs to packet {record['packet']}: {describe(record)}")
        elif row["index"] != record["index"] and not expected.snaplen and (
                passes == 2 or expected.header):
            out.append(f"{place(row)} is number {record['index']} of its packet: {describe(record)}")
        elif row["time"] != time_of(record["time"]):
            out.append(f"{place(row)} has the time {row['time']}, not {time_of(record['time'])}")
    connection = expected.connections[record["connection"]]
    own = record["ids"]
    for name in ("device_id", "conn_id"):
        value = row.get(name)
        wanted = own.get(name, connection[name])
        if value != wanted and not (value is None and name not in own):
            out.append(f"{place(row)}: {name} {value}, not {wanted}")
    facts = {"framing": expected.capture["framing"],
             "crc_status": "good" if expected.header else "unverified"}
    if expected.header:
        facts.update(var_head_len=record["var_head_len"], msg_len=record["msg_len"])
    for name, wanted in facts.items():
        if row.get(name) != wanted:
            out.append(f"{place(row)}: {name} {row.get(name)}, not {wanted}")
    return out


class CutRows:
    """Rows of messages that the snaplen cut. Certain is: such a row is of one message, in a packet
    with some of its bytes, its CRC is not judged, and it shows no id that the message has not; and
    a message whose place is known from those before it, and whose head is there, has a row."""

    def __init__(self, expected):
        self.expected = expected
        self.waiting = [r for r in expected.messages if not r["whole"] and r["header_whole"]] \
            if expected.snaplen else []
        self.shown = set()

    def take(self, row):
        """Is this such a row?"""
        for record in self.waiting:
            if id(record) not in self.shown and self._fits(row, record):
                self.shown.add(id(record))
                return True
        return False

    def _fits(self, row, record):
        identity_here = identity_of_row(self.expected, row)
        if identity_here is None or row["frame"] not in record["wire_packets"]:
            return False
        wanted = identity(self.expected, record)
        if identity_here[:2] != wanted[:2] or row.get("crc_status") != "unverified":
            return False
        if identity_here[2] != wanted[2] and (self.expected.header or identity_here[2] is not None):
            return False
        if self.expected.header and (row.get("var_head_len"), row.get("msg_len")) != (
                record["var_head_len"], record["msg_len"]):
            return False
        if record["head_whole"]:
            return identity_here[3] == wanted[3]
        return all(value in ("", want) for value, want in zip(identity_here[3], wanted[3]))

    def not_shown(self):
        return [f"no row of {describe(r)}, whose head was captured" for r in self.waiting
                if self.expected.header and r["head_whole"] and r["follows"]
                and id(r) not in self.shown]


# ---- verdicts ----

def compare_verdicts(expected, rows, passes):
    """gap, capture_gap, duplicate ..., and which messages belong together."""
    match = Match(expected, rows)
    out, flagged = [], {}
    for row, record in match.pairs:
        verdicts = [v for v in row.get("verdicts", "").split(";") if v]
        if "capture_gap" in verdicts:
            flagged[id(record)] = row
        out += [f"{place(row)}: {v}, but {describe(record)} is no such thing" for v in verdicts
                if v not in ("capture_gap", "duplicate", "slow_response", record["fault"])
                and not expected.displaced(v, record)]
        if record["fault"] not in (None, *verdicts) and record["fault_certain"][str(passes)]:
            out.append(f"{place(row)}: {describe(record)} is a {record['fault']}")
        out += _duplicate(expected, row, record, "duplicate" in verdicts)
        out += [] if expected.snaplen else _relations(row, record, passes)
    for row in match.spare:
        out += [f"{place(row)}: {v}, which nothing in the capture proves"
                for v in row.get("verdicts", "").split(";")
                if v and not (expected.snaplen and v in ("capture_gap", "duplicate"))]
    return out + _capture_gaps(expected, match, flagged, passes)


def _duplicate(expected, row, record, said):
    if said and not record["duplicate"] and not (expected.snaplen and record["sent_before"]):
        return [f"{place(row)}: duplicate, but {describe(record)} was not there before"]
    if not said and record["duplicate"] and record["duplicate_certain"]:
        return [f"{place(row)}: {describe(record)} is a duplicate"]
    return []


def _relations(row, record, passes):
    out = []
    value, wanted = row.get("response_to"), record["response_to"]
    if passes == 1 and value is None and record.get("request_waits"):
        pass
    elif record["response_certain"]:
        if value != wanted:
            out.append(f"{place(row)}: response_to {value}, not {wanted}")
    elif record["by_ids"] and value is not None and value not in record.get("transmissions", ()):
        out.append(f"{place(row)}: response_to {value}, not {wanted}")
    if value is not None and value == wanted and row["frame"] == record["packet"]:
        out += _time(row, "response_time", record)
        slow = "slow_response" in row.get("verdicts", "").split(";")
        if slow != (record["response_time"] > SLOW):
            out.append(f"{place(row)}: slow_response, or not: {row['response_time']} s")
    value, wanted = row.get("delivery_of"), record["delivery_of"]
    if value != wanted and (record.get("delivery_certain") or value is not None and
                            value not in record.get("delivery_transmissions", ())):
        out.append(f"{place(row)}: delivery_of {value}, not {wanted}")
    elif value is not None and value == wanted and row["frame"] == record["packet"]:
        out += _time(row, "delivery_time", record)
    return out


def _time(row, name, record):
    wanted = "%d.%06d000" % divmod(record[name], 1_000_000)
    return [] if row.get(name) == wanted else [f"{place(row)}: {name} {row.get(name)}, not {wanted}"]


def _capture_gaps(expected, match, flagged, passes):
    """One for each place where bytes are missing for good, on the first message after it; in one
    pass also where they came later."""
    out, allowed = [], set()
    shown = {id(record) for _, record in match.pairs}
    for group in expected.groups:
        said = [r for r in group if id(r) in flagged]
        firsts = [r for r in group if id(r) in shown]
        if not firsts:
            continue
        first = {id(firsts[0]), id(min(firsts, key=lambda r: (r["packet"], r["offset"])))}
        if not expected.snaplen and any(r["provable"] for r in group):
            if not said:
                out.append(f"no capture_gap on {describe(firsts[0])}")
            elif passes == 2 and not any(id(r) in first for r in said):
                out.append(f"capture_gap on {describe(said[0])}, not on {describe(firsts[0])}")
        allowed |= first
        if passes == 2 and len(said) > 1:
            allowed -= {id(r) for r in said if r is not said[0]}
    for _, record in match.pairs:
        if id(record) not in flagged or id(record) in allowed:
            continue
        if passes == 1 and record["late_before"]:
            continue
        out.append(f"{place(flagged[id(record)])}: capture_gap, but nothing is missing before "
                   f"{describe(record)}")
    return out


def layers_of(packets):
    """From `-T json`: for each packet number its Plato layers, each as a flat dict of all names in
    it."""
    out = {}
    for packet in packets:
        layers = packet["_source"]["layers"]
        found = layers.get("plato", [])
        out[int(layers["frame"]["frame.number"])] = [
            _flat(layer) for layer in (found if isinstance(found, list) else [found])]
    return out


def _flat(node, names=None):
    names = set() if names is None else names
    for one in node if isinstance(node, list) else [node]:
        if isinstance(one, dict):
            for name, value in one.items():
                names.add(name)
                _flat(value, names)
    return names


def compare_said(expected, layers, passes):
    """What stands in no row: unacked, continuation, and errors that no capture here has."""
    out, said = [], set()
    torn = {n for r in expected.messages if not r["whole"] or not r["provable"]
            for n in r["wire_packets"]}
    for packet, found in sorted(layers.items()):
        number = 0
        for names in found:
            out += [f"packet {packet}: {name}" for name in NEVER_SAID if name in names]
            if "plato.continuation" in names and passes == 2 and packet not in torn:
                out.append(f"packet {packet}: plato.continuation, but all its messages are whole")
            if "plato.framing" not in names:
                continue
            if "plato.analysis.unacked" in names:
                said.add((packet, number))
            number += 1
    return out + (_unacked(expected, said) if passes == 2 else
                  [f"packet {p}: unacked, which only later packets can show" for p, _ in said])


def _unacked(expected, said):
    if expected.snaplen:  # which frame of a packet it is, is not certain there
        may = {n for r in expected.messages
               if r.get("acknowledged") in ("never", "unproved") for n in r["wire_packets"]}
        return [f"packet {p}: unacked, but all its messages were acknowledged"
                for p, _ in sorted(said) if p not in may]
    out, first = [], set()
    for record in sorted(expected.whole, key=lambda r: (r["packet"], r["offset"])):
        if record["type"] not in ("UP", "PUSH") or record["duplicate"] or record["fault"] == "conflict":
            continue
        here = (record["packet"], record["index"])
        state = record["acknowledged"]
        first.add(here)
        if here in said and state not in ("never", "unproved"):
            out.append(f"{describe(record)} is called unacknowledged; its ACK is {state}")
        if here in said and state == "never" and record["answers_missing_after"]:
            out.append(f"{describe(record)} is called unacknowledged, but later answers are missing")
        if here not in said and state == "never" and not record["answers_missing"]:
            out.append(f"{describe(record)} is not called unacknowledged")
    return out + [f"packet {p}, message {i}: unacked, on no message that it can stand on"
                  for p, i in sorted(said - first)]


# ---- plato-check ----

def compare_check(expected, code, report):
    """A rule is broken where a sender broke it, and nowhere else."""
    status = {rule["name"]: rule["status"] for rule in report["captures"][0]["rules"]}
    texts = {rule["name"]: rule.get("text", "") for rule in report["captures"][0]["rules"]}
    faults = {r["fault"].split(":")[0] for r in expected.messages if r["fault"]}
    out = [f"rule {rule} is {status.get(rule)}" for fault, rule in RULES.items()
           if fault in faults and status.get(rule) != "broken"]
    if not faults:
        out += [f"rule {rule} is broken: {texts[rule]}" for rule in status
                if status[rule] == "broken"]
    if code != bool(faults):
        out.append(f"plato-check's exit code is {code}")
    return out


def compare_capture_rule(expected, code, report):
    """The rule `capture` alone: it is broken where, and only where, the file does not hold all."""
    status = {rule["name"]: rule["status"] for rule in report["captures"][0]["rules"]}
    wanted = "ok" if expected.capture["complete"] else "broken"
    if status.get("capture") != wanted or code != (wanted == "broken"):
        return [f"rule capture: {status.get('capture')}, exit code {code}; the capture is "
                f"{'complete' if expected.capture['complete'] else 'not complete'}"]
    return []
