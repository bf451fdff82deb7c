# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture made by the model holds: for each message where it became whole, or why it did not,
and what may be said of it. The rules:

- Bytes count once; of copies the one that was captured first.
- A message belongs to the packet with the last of its own bytes, whatever is missing before it.
- Bytes are missing when they passed the capture point, or are proved by later sequence numbers or
  by the peer's acknowledgements, and no packet of the file has them.

A truth is a list of records, one JSON object a line: the capture, its connections, its messages.
"""
import bisect
import json

import capture as captures
import conversation
from tcp import DOWN, FIN, UP

HEADER_LEN = {conversation.HEADER: 14, conversation.MSGCMD: 4}  # as far as the lengths
# What became of the ACK of a message.
CAPTURED, MISSING, UNPROVED, NEVER = "captured", "missing", "unproved", "never"


class Stream:
    """One direction of a connection: which packet brought which bytes first."""

    def __init__(self, link, direction, recorded):
        other = DOWN if direction == UP else UP
        own = [r for r in recorded if r.packet.direction == direction]
        self.link, self.direction = link, direction
        self.messages = link.ends[direction].messages
        self.segments = [(r.packet.offset, r.packet.end, r) for r in own if r.packet.data]
        self.pieces = []  # (begin, end, packet number), disjoint
        for begin, end, r in self.segments:
            if r.number:
                self._take(begin, begin + r.kept, r.number)
        self.pieces.sort()
        self.ends = {r.packet.offset + r.kept for _, _, r in self.segments if r.number}
        self.syn = any(r.number and r.packet.offset < 0 for r in own)
        # Up to where the file itself shows that there were bytes.
        self.proved = max([r.packet.end for r in own if r.number and r.packet.data] +
                          [r.packet.offset for r in own if r.number and r.packet.flags & FIN] +
                          [min(r.packet.acknowledged, len(link.ends[direction].stream))
                           for r in recorded if r.number and r.packet.direction == other] + [0])

    def _take(self, begin, end, number):
        for old_begin, old_end, _ in sorted(self.pieces):
            if old_begin >= end or begin >= end:
                break
            if old_end > begin:
                if old_begin > begin:
                    self.pieces.append((begin, old_begin, number))
                begin = old_end
        if begin < end:
            self.pieces.append((begin, end, number))

    def holders(self, begin, end):
        """The packets of these bytes that have them first, and how many bytes no packet has."""
        at = max(0, bisect.bisect_right(self.pieces, (begin, float("inf"), 0)) - 1)
        numbers, held = set(), 0
        while at < len(self.pieces) and self.pieces[at][0] < end:
            low, high = max(begin, self.pieces[at][0]), min(end, self.pieces[at][1])
            if low < high:
                numbers.add(self.pieces[at][2])
                held += high - low
            at += 1
        return numbers, end - begin - held

    def why_missing(self, begin, end):
        """Why a range is not all there: the reason of its last byte that is missing."""
        for at in range(end - 1, begin - 1, -1):
            if self.holders(at, at + 1)[1]:
                passed = [r for low, high, r in self.segments if low <= at < high]
                if not passed:
                    return captures.UNSENT
                return passed[0].reason or captures.CUT
        return None

    def late_before(self, begin, packet):
        """Was a byte before `begin` not yet there with this packet?"""
        start = 0 if self.syn or not self.pieces else self.pieces[0][0]
        held = sum(min(high, begin) - low for low, high, number in self.pieces
                   if low < begin and number <= packet)
        return held < begin - start

    def missing_after(self, time):
        """Does the file prove that bytes are missing which passed the capture point later?"""
        return any(r.packet.time > time and begin < min(end, self.proved) and
                   self.holders(begin, min(end, self.proved))[1] > 0
                   for begin, end, r in self.segments)

    def missing(self):
        """Is any byte missing that passed the capture point, or that the file proves?"""
        passed = max([end for _, end, _ in self.segments], default=0)
        return self.holders(0, max(passed, self.proved))[1] > 0


class Truth:
    """`records` of a Capture."""

    def __init__(self, capture):
        self.capture = capture
        recorded = {}
        for r in capture.passed:
            recorded.setdefault(r.packet.connection, []).append(r)
        self.streams = {(link.index, direction): Stream(link, direction, recorded.get(link, []))
                        for link in capture.links for direction in (UP, DOWN)}
        self.times = {r.number: r.micros for r in capture.passed if r.number}
        self.sent = set()  # keys
        self.messages = []
        for stream in self.streams.values():
            self._place(stream)
        self._index()
        self.by_key = {}
        for record in self.messages:
            if record["message"].key and record["packet"]:
                self.by_key.setdefault(record["message"].key, []).append(record)
        for same in self.by_key.values():
            same.sort(key=order)
        self._relate()
        self._acknowledge()

    # ---- where ----

    def _place(self, stream):
        begin = previous = 0  # where this message begins, and the last whole one ended
        known = stream.syn
        for position, (end, message) in enumerate(stream.messages):
            numbers, lacking = stream.holders(begin, end)
            whole = lacking == 0
            record = {
                "record": "message", "connection": stream.link.index, "dir": stream.direction,
                "position": position, "offset": begin, "length": end - begin,
                "type": message.type, "framing": self.capture.framing, "ids": message.ids,
                "var_head_len": message.head_len, "msg_len": message.body_len, "whole": whole,
                "packet": max(numbers) if whole else None,
                "absent": None if whole else stream.why_missing(begin, end),
                "fault": message.fault, "missing_before": stream.holders(previous, begin)[1] > 0 and
                                  (previous > 0 or stream.syn),
                "sent_before": message.key is not None and message.type in ("UP", "PUSH") and
                               message.key in self.sent,
                "message": message}
            self.sent.add(message.key)
            record["may_wait"] = not stream.syn
            record["late_before"] = whole and stream.late_before(begin, record["packet"])
            self._describe_cut(stream, record)
            # Its place is known from the ones before.
            here = record["header_whole"]
            record["follows"], known = known, known and here
            self.messages.append(record)
            if whole:
                previous = end
            begin = end
        self._prove(stream)

    def _describe_cut(self, stream, record):
        """For messages that the snaplen cuts: packets with any of their bytes on the wire, and
        whether all up to the body was kept."""
        begin, end = record["offset"], record["offset"] + record["length"]
        record["wire_packets"] = sorted(r.number for low, high, r in stream.segments
                                        if r.number and low < end and begin < high)
        body = end - record["msg_len"] if self.capture.framing == conversation.HEADER else end
        record["head_whole"] = stream.holders(begin, body)[1] == 0
        record["header_whole"] = stream.holders(begin, min(
            end, begin + HEADER_LEN[self.capture.framing]))[1] == 0

    def _prove(self, stream):
        """Without a CRC a message after a hole is certain only where it continues a certain one, is
        one of a chain of three, or fills a segment to its end with those after it."""
        own = [r for r in self.messages if r["connection"] == stream.link.index
               and r["dir"] == stream.direction]
        runs, run = [], []
        for record in own:
            if record["whole"]:
                run.append(record)
            else:
                runs, run = runs + [run], []
        for run in runs + [run]:
            for i, record in enumerate(run):
                ends = {r["offset"] + r["length"] for r in run[i:]}
                record["provable"] = (self.capture.framing == conversation.HEADER or
                                      record["offset"] == 0 and stream.syn or
                                      i > 0 and run[i - 1]["provable"] or len(run) - i >= 3 or
                                      bool(ends & stream.ends))

    def _index(self):
        """Messages of one packet are numbered in the order of the stream."""
        whole = sorted((r for r in self.messages if r["whole"]), key=lambda r: (
            r["packet"], r["connection"], r["offset"]))
        count, last = 0, None
        for record in whole:
            count = count + 1 if record["packet"] == last else 0
            last = record["packet"]
            record["index"], record["time"] = count, self.times[last]

    # ---- what belongs together ----

    def _relate(self):
        for record in self.messages:
            message = record["message"]
            record.update(duplicate=False, response_to=None, delivery_of=None)
            if not record["whole"]:
                continue
            firsts = self.by_key.get(message.key, []) if message.type in ("UP", "PUSH") else []
            if firsts and firsts[0] is not record:
                if firsts[0]["message"].content != message.content:
                    record["fault"], record["fault_certain"] = "conflict", {"1": True, "2": True}
                else:
                    record["duplicate"] = True
                    record["duplicate_certain"] = self._linked(firsts[0], record)
            if message.fault:
                record["fault_certain"] = self._gap_certain(record)
            request = self._first_before(message.answers, record)
            if request is not None:
                record["response_to"] = request["packet"]
                # What no CRC proves has to wait after a hole, and in one pass it is known only when
                # that is filled or given up. A row that was printed before cannot name it.
                record["request_waits"] = self.capture.framing == conversation.MSGCMD and (
                    request["may_wait"] or request["late_before"])
                record["transmissions"] = self._transmissions_before(message.answers, record)
                record["response_time"] = record["time"] - request["time"]
            record["by_ids"] = message.ids.get("ack_type") in ("UP", "PUSH") and (
                self.capture.framing == conversation.HEADER or record["dir"] == DOWN)
            record["response_certain"] = self._response_certain(record, request)
            if message.type == "PUSH":
                self._deliver(record)

    def _gap_certain(self, record):
        """Must a gap be said, in one pass and in two, on just this message? Not where a later message
        was captured before it; nor, in one pass, where bytes were late so far, which excuse it."""
        own = [r for r in self.messages if r["whole"] and r["dir"] == record["dir"]
               and r["connection"] == record["connection"]]
        overtaken = record["late_before"] or any(
            r["offset"] > record["offset"] and r["packet"] < record["packet"] for r in own)
        excused = any(r["late_before"] and order(r) < order(record) for r in own)
        return {"1": not overtaken and not excused, "2": not overtaken}

    def _first_before(self, key, record, content=None):
        found = [r for r in self.by_key.get(key, [])
                 if content is None or r["message"].content == content]
        return found[0] if found and order(found[0]) < order(record) else None

    def _transmissions_before(self, key, record):
        """Where the capture does not show that connections belong together, a repeat is the first."""
        return [r["packet"] for r in self.by_key[key] if order(r) < order(record)]

    def _response_certain(self, record, request):
        """By ids it is always right or absent. What is paired by its order alone is certain where
        nothing is missing on the connection."""
        message = record["message"]
        if record["by_ids"]:
            return request is None or self._linked(request, record)
        return message.answers is not None and not self._lacks(record["connection"])

    def _lacks(self, connection):
        return any(self.streams[connection, side].missing() or not self.streams[connection, side].syn
                   for side in (UP, DOWN))

    def _device_links(self, device):
        return [link.index for link in self.capture.links if link.device == device]

    def _linked(self, first, second):
        """Is it in the capture that both belong to one device: one connection, or an unbroken row of
        RECONNs between them?"""
        if first["connection"] == second["connection"]:
            return True
        links = self._device_links(first["message"].connection.device)
        return all(self._opening_whole(index) for index in links)

    def _opening_whole(self, index):
        opening = [r for r in self.messages if r["connection"] == index
                   and (r["message"].key == ("open", index) or r["message"].answers == ("open", index))]
        return bool(opening) and all(r["whole"] for r in opening)

    def _deliver(self, record):
        """delivery_of: the first transmission of the UP, if its ACK shows the msg_id of the PUSH."""
        _, _, session, msg_id, *_ = record["message"].key
        answers = self.deliveries().get((session, msg_id), [])
        request = self._first_before(answers[0]["message"].answers, record,
                                     record["message"].content) if answers else None
        if request:
            record["delivery_of"] = request["packet"]
            record["delivery_transmissions"] = self._transmissions_before(answers[0]["message"].answers,
                                                                record)
            record["delivery_time"] = record["time"] - request["time"]
        record["delivery_certain"] = bool(request) and all(
            self._linked(request, r) for r in self.by_key[request["message"].key]) and any(
            a["whole"] and order(a) < order(record) and a["connection"] == request["connection"]
            for a in answers)

    def deliveries(self):
        if not hasattr(self, "_deliveries"):
            self._deliveries = {}
            for record in self.messages:
                delivers = record["message"].delivers
                if delivers and self.capture.framing == conversation.HEADER:
                    self._deliveries.setdefault(delivers, []).append(record)
        return self._deliveries

    # ---- what was acknowledged ----

    def _acknowledge(self):
        rank = [CAPTURED, MISSING, UNPROVED, NEVER]
        best = {}
        for record in self.messages:
            state = self._state(record)
            for key in record["message"].covers:
                best[key] = min(best.get(key, NEVER), state, key=rank.index)
        for record in self.messages:
            message = record["message"]
            if message.type not in ("UP", "PUSH"):
                continue
            record["acknowledged"] = best.get(message.key, NEVER)
            side = DOWN if message.type == "UP" else UP
            answers = [self.streams[index, side]
                       for index in self._device_links(message.connection.device)]
            record["answers_missing"] = any(s.missing() or not s.syn for s in answers)
            record["answers_missing_after"] = record["whole"] and any(
                s.missing_after(record["time"]) for s in answers)

    def _state(self, record):
        """Of an ACK: is it there, or is it proved that bytes of it are missing?"""
        if record["whole"]:
            return CAPTURED
        stream = self.streams[record["connection"], record["dir"]]
        end = record["offset"] + record["length"]
        if stream.holders(record["offset"], min(end, stream.proved))[1] > 0:
            return MISSING
        return NEVER if record["absent"] == captures.UNSENT else UNPROVED

    # ---- records ----

    def records(self):
        capture = self.capture
        yield {"record": "capture", "seed": capture.seed, "kind": capture.kind,
               "framing": capture.framing, "packets": len(self.times),
               "complete": not any(self._lacks(link.index) for link in capture.links)}
        for link in capture.links:
            yield {"record": "connection", "connection": link.index, "device_id": link.device,
                   "conn_id": link.conn_id, "client": "10.0.0.%d" % (1 + link.index % 200),
                   "client_port": link.port, "server": "10.0.1.1",
                   "server_port": captures.SERVER_PORT,
                   "syn": self.streams[link.index, UP].syn,
                   "missing": {side: self.streams[link.index, side].missing()
                               for side in (UP, DOWN)}}
        for record in sorted(self.messages, key=lambda r: (
                r["packet"] or 1 << 62, r["connection"], r["dir"], r["offset"])):
            yield {name: value for name, value in record.items() if name != "message"}

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            for record in self.records():
                out.write(json.dumps(record) + "\n")


def order(record):
    """The order in which messages are judged."""
    return record["packet"], record["offset"]


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
