# SPDX-License-Identifier: GPL-2.0-or-later
"""The generator: its files read again byte for byte, beside the truths that it wrote."""
import collections
import functools
import ipaddress
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True

import capture
import conversation
import truth

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = [(kind, framing) for kind in capture.KINDS
         for framing in (conversation.HEADER, conversation.MSGCMD)]
COMPLETE = ("clean", "reordered", "retransmitted", "faulty")

Packet = collections.namedtuple("Packet", "number time size captured port up seq ack flags payload")


def read_pcap(path):
    """All packets of a file."""
    with open(path, "rb") as file:
        data = file.read()
    at, packets = 24, []
    while at < len(data):
        seconds, micros, captured, size = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16:at + 16 + captured]
        at += 16 + captured
        sport, dport, seq, ack, _, flags = struct.unpack_from(">HHIIBB", packet, 34)
        packets.append(Packet(len(packets) + 1, seconds * 1_000_000 + micros, size, captured,
                              dport if sport == capture.SERVER_PORT else sport,
                              dport == capture.SERVER_PORT, seq, ack, flags, packet[54:]))
        assert str(ipaddress.ip_address(packet[26:30])).startswith("10.0.")
    return packets


class Made:
    """A capture as files, read again, and the model that it came from."""

    def __init__(self, kind, framing, seed=1):
        self.model = capture.Capture(seed, kind, framing)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            self.model.write(path)
            self.packets = read_pcap(path)
            truth.Truth(self.model).write(path)
            records = truth.read(path)
        self.capture = records[0]
        self.connections = [r for r in records if r["record"] == "connection"]
        self.messages = [r for r in records if r["record"] == "message"]

    def bytes_of(self, connection, direction):
        """Byte by byte from the file: {offset: (value, packet)}, of copies the first."""
        link, out = self.model.links[connection], {}
        first = (link.initial[direction] + 1) & 0xFFFFFFFF
        for packet in self.packets:
            if packet.port == link.port and packet.up == (direction == "up"):
                offset = (packet.seq - first) & 0xFFFFFFFF
                for i, value in enumerate(packet.payload):
                    out.setdefault(offset + i, (value, packet.number))
        return out


@functools.lru_cache(None)
def made_of(kind, framing, seed=1):
    return Made(kind, framing, seed)


class Files(unittest.TestCase):
    def test_a_seed_gives_the_same_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for run in ("a", "b"):
                subprocess.run([os.path.join(HERE, "generate"), "--kind=all", "--seed=4",
                                "--out=" + os.path.join(folder, run)], check=True,
                               stdout=subprocess.DEVNULL)
            names = sorted(os.listdir(os.path.join(folder, "a")))
            self.assertEqual(len(names), 2 * len(capture.KINDS))
            for name in names:
                with open(os.path.join(folder, "a", name), "rb") as a, \
                        open(os.path.join(folder, "b", name), "rb") as b:
                    self.assertEqual(a.read(), b.read(), name)

    def test_another_seed_gives_another_capture(self):
        self.assertNotEqual(made_of("clean", 1, 1).packets, made_of("clean", 1, 2).packets)

    def test_usage(self):
        for words in (["--kind=none"], ["--seed=-1"], ["--seed=x"], ["--no-such-option"], ["x"]):
            done = subprocess.run([os.path.join(HERE, "generate"), *words], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))


class Truths(unittest.TestCase):
    def test_where_each_message_becomes_whole(self):
        """From the file alone: the bytes by their sequence numbers, of copies the first."""
        for kind, framing in CASES:
            made = made_of(kind, framing)
            streams = {(c["connection"], d): made.bytes_of(c["connection"], d)
                       for c in made.connections for d in ("up", "down")}
            places = collections.Counter()
            for record in made.messages:
                stream = streams[record["connection"], record["dir"]]
                there = [stream.get(record["offset"] + i) for i in range(record["length"])]
                if None in there:
                    self.assertFalse(record["whole"], (kind, record))
                    self.assertIsNone(record["packet"])
                    self.assertIn(record["absent"], ("lost", "side", "before", "cut", "unsent"))
                    continue
                written = made.model.links[record["connection"]].ends[record["dir"]].messages
                self.assertEqual(bytes(value for value, _ in there),
                                 written[record["position"]][1].bytes)
                self.assertEqual(record["packet"], max(number for _, number in there))
                packet = made.packets[record["packet"] - 1]
                self.assertEqual(record["time"] + 1_700_000_000_000_000, packet.time)
                places[record["packet"], record["index"]] += 1
            self.assertEqual(set(places.values()), {1})
            self.assertGreater(len(places), 200, kind)

    def test_the_bytes_are_frames(self):
        """The header's framing, read again: lengths and checksums."""
        made = made_of("clean", conversation.HEADER)
        for connection in made.connections:
            for direction in ("up", "down"):
                stream = made.bytes_of(connection["connection"], direction)
                data = bytes(stream[i][0] for i in range(len(stream)))
                at = 0
                while at < len(data):
                    body, head, crc = struct.unpack_from(">III", data, at + 2)
                    end = at + 14 + head + body
                    self.assertEqual(zlib.crc32(data[at:at + 10] + data[at + 14:end]), crc)
                    at = end
                self.assertEqual(at, len(data))

    def test_senders_skip_nothing_and_use_nothing_twice(self):
        for kind, framing in CASES:
            if kind == "faulty":
                continue
            made = made_of(kind, framing)
            numbers, contents = collections.defaultdict(set), {}
            for link in made.model.links:
                for end in link.ends.values():
                    for _, message in end.messages:
                        if message.type == "UP":
                            kind_of, device, session, client_id, *more = message.key
                            numbers[(device, session, *more)].add(client_id)
                        if message.type in ("UP", "PUSH"):
                            body = message.bytes[-message.body_len:]
                            self.assertEqual(contents.setdefault(message.key, body), body)
            first = 1 if framing == conversation.HEADER else 0
            for ids in numbers.values():
                self.assertEqual(sorted(ids), list(range(first, first + len(ids))))

    def test_complete_captures_lack_nothing(self):
        for kind, framing in CASES:
            made = made_of(kind, framing)
            if kind in COMPLETE:
                self.assertTrue(made.capture["complete"], kind)
                self.assertFalse(any(m["missing_before"] for m in made.messages))
                self.assertLessEqual({m["absent"] for m in made.messages}, {None, "unsent"})
            else:
                self.assertFalse(made.capture["complete"], kind)


class Kinds(unittest.TestCase):
    """Each kind has what its name says, in both framings."""

    def made(self, kind):
        return [made_of(kind, framing) for framing in (1, 2)]

    @staticmethod
    def late(made):
        """Packets with data below the highest seen so far: (all new bytes, all seen before)."""
        new = again = 0
        for link in made.model.links:
            for direction in ("up", "down"):
                seen, high = set(), 0
                first = (link.initial[direction] + 1) & 0xFFFFFFFF
                for packet in made.packets:
                    if packet.port != link.port or packet.up != (direction == "up"):
                        continue
                    offset = (packet.seq - first) & 0xFFFFFFFF
                    span = set(range(offset, offset + len(packet.payload)))
                    if span and offset < high:
                        new += not span & seen
                        again += span <= seen
                    seen |= span
                    high = max([high, *span])
        return new, again

    def test_clean(self):
        for made in self.made("clean"):
            self.assertEqual(self.late(made), (0, 0))

    def test_reordered(self):
        for made in self.made("reordered"):
            self.assertGreater(self.late(made)[0], 5)

    def test_acknowledgements_before_their_data(self):
        early = 0
        for made in self.made("reordered"):
            for link in made.model.links:
                high = {True: 0, False: 0}
                for packet in made.packets:
                    if packet.port != link.port:
                        continue
                    own, other = ("up", "down") if packet.up else ("down", "up")
                    seq = (packet.seq - link.initial[own] - 1) & 0xFFFFFFFF
                    ack = (packet.ack - link.initial[other] - 1) & 0xFFFFFFFF
                    if packet.payload:
                        high[packet.up] = max(high[packet.up], seq + len(packet.payload))
                    early += packet.flags == 16 and not packet.payload and \
                        high[not packet.up] < ack < 1 << 31
        self.assertGreater(early, 10)

    def test_retransmitted(self):
        for made in self.made("retransmitted"):
            new, again = self.late(made)
            self.assertGreater(new, 3)  # lost before the capture point
            self.assertGreater(again, 3)  # lost after it
        bounds = {(r.packet.offset, r.packet.end) for r in made.model.passed if r.packet.data}
        again = [r.packet for r in made.model.passed if r.packet.retransmission]
        self.assertTrue(any((p.offset, other) in bounds for p in again
                            for _, other in bounds if other != p.end))

    def test_faulty(self):
        for made in self.made("faulty"):
            faults = {m["fault"].split(":")[0] for m in made.messages if m["fault"]}
            self.assertEqual(faults, {"gap", "conflict"} if made.capture["framing"] == 1
                             else {"conflict"})
            self.assertGreater(self.late(made)[0], 5)
        self.assertTrue(any(m["fault_certain"]["2"] for m in made_of("faulty", 1).messages
                            if (m["fault"] or "").startswith("gap")))

    def test_lost(self):
        for made in self.made("lost"):
            self.assertGreater(sum(m["missing_before"] for m in made.messages), 3)
            self.assertIn("lost", {m["absent"] for m in made.messages})
            self.assertEqual(self.late(made), (0, 0))

    def test_reordered_and_lost(self):
        for made in self.made("reordered-and-lost"):
            self.assertGreater(self.late(made)[0], 5)
            self.assertGreater(sum(m["missing_before"] for m in made.messages), 3)

    def test_snaplen(self):
        for made in self.made("snaplen"):
            self.assertEqual(max(p.captured for p in made.packets), capture.SNAPLEN)
            self.assertGreater(max(p.size for p in made.packets), 1000 if made.capture["framing"] == 1
                               else 500)
            self.assertIn("cut", {m["absent"] for m in made.messages})

    def test_one_sided(self):
        for made in self.made("one-sided"):
            self.assertEqual(len({p.up for p in made.packets}), 1)
            self.assertEqual(len({m["dir"] for m in made.messages if m["whole"]}), 1)
        sides = {made_of("one-sided", 1, seed).packets[0].up for seed in range(1, 9)}
        self.assertEqual(sides, {True, False})

    def test_tail_loss(self):
        for made in self.made("tail-loss"):
            silent = 0
            for link in made.model.links:
                for direction in ("up", "down"):
                    there = made.bytes_of(link.index, direction)
                    high = max(there, default=-1) + 1
                    first = (link.initial[direction] + 1) & 0xFFFFFFFF
                    acks = [(p.ack - first) & 0xFFFFFFFF for p in made.packets
                            if p.port == link.port and p.up != (direction == "up") and p.flags & 16]
                    silent += any(high < ack < high + (1 << 20) and
                                  high < len(link.ends[direction].stream) for ack in acks)
            self.assertGreater(silent, 0)

    def test_midstream(self):
        for made in self.made("midstream"):
            self.assertFalse(made.packets[0].flags & 2)
            self.assertFalse(made.connections[0]["syn"])
            self.assertIn("before", {m["absent"] for m in made.messages})

    def test_what_conversations_have(self):
        """All message types, repeats, frames over several segments, several in one, and sequence
        numbers that wrap."""
        made = [made_of("clean", 1, seed) for seed in range(1, 7)]
        messages = [m for one in made for m in one.messages]
        self.assertEqual({m["type"] for m in messages}, set(conversation.TYPES))
        self.assertTrue(any(m["duplicate"] for m in messages if m["type"] == "UP"))
        self.assertTrue(any(m["duplicate"] for m in messages if m["type"] == "PUSH"))
        self.assertTrue(any(len(m["wire_packets"]) > 3 for m in messages))
        self.assertTrue(any(m["index"] > 2 for m in messages if m["whole"]))
        ends = {(m["wire_packets"][-1], m["connection"]) for m in made[0].messages
                if len(m["wire_packets"]) > 1}
        self.assertTrue(any((m["wire_packets"][0], m["connection"]) in ends and m["index"]
                            for m in made[0].messages))
        self.assertIn("never", {m.get("acknowledged") for m in messages})
        for direction in ("up", "down"):
            self.assertTrue(any(
                link.initial[direction] + len(link.ends[direction].stream) > 0xFFFFFFFF
                for one in made for link in one.model.links))


if __name__ == "__main__":
    unittest.main()
