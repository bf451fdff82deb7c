# SPDX-License-Identifier: GPL-2.0-or-later
"""From what passed the capture point to a capture file: what of it is missing there, and why."""
import dataclasses
import random

import conversation
import pcap
import tcp
from tcp import DOWN, FIN, RST, SYN, UP

LOST, SIDE, BEFORE, CUT, UNSENT = "lost", "side", "before", "cut", "unsent"
SNAPLEN = 100
SERVER_PORT = 8900

NETWORKS = {
    "reordered": tcp.Conditions(reordered=0.06, duplicated=0.01),
    "faulty": tcp.Conditions(reordered=0.04, duplicated=0.01),
    "retransmitted": tcp.Conditions(lost_before=0.03, lost_after=0.03, duplicated=0.01),
    "reordered-and-lost": tcp.Conditions(0.02, 0.02, 0.05, 0.01),
}
KINDS = {
    "clean": "nothing is wrong",
    "reordered": "segments overtake each other before the capture point, or are there twice; some "
                 "acknowledgements are captured before what they acknowledge",
    "retransmitted": "the network loses segments before and after the capture point, and TCP repeats",
    "faulty": "segments overtake each other, and the senders break the rules: PUSHes are left out, and "
              "ids are used again for something else",
    "lost": "the capture lacks packets that reached their receivers",
    "reordered-and-lost": "all three of them together",
    "snaplen": f"the capture keeps {SNAPLEN} bytes of each packet",
    "one-sided": "the capture has one direction only",
    "tail-loss": "the capture lacks the last segments of a direction, whose bytes are acknowledged",
    "midstream": "the capture starts after the connections do",
}


@dataclasses.dataclass(eq=False)
class Recorded:
    """A packet that passed the capture point. `number` is its packet number in the file, or 0, and
    then `reason` says why it is not there; `kept`: bytes of its data that are there."""
    packet: tcp.Packet
    reason: str = ""
    number: int = 0
    kept: int = 0
    micros: int = 0


class Capture:
    """What a run gives: `passed`, all packets in the order of their times, and `links`."""

    def __init__(self, seed, kind, framing=conversation.HEADER):
        # A text as seed: the same on every machine.
        rng = random.Random(f"{kind} {framing} {seed}")
        self.seed, self.kind, self.framing, self.rng = seed, kind, framing, rng
        packets = []
        model = conversation.Model(rng, framing, NETWORKS.get(kind, tcp.Conditions()),
                                   packets.append, kind == "faulty")
        model.run()
        self.links = model.links
        self.passed = [Recorded(packet) for packet in packets]
        self.sides = (UP, DOWN)
        if "reordered" in kind:
            self._early_acks()
        {"lost": self._lose, "reordered-and-lost": self._lose, "one-sided": self._one_side,
         "tail-loss": self._lose_tails, "midstream": self._start_late}.get(kind, lambda: None)()
        self._number()

    def _early_acks(self):
        """Some pure ACKs change places with the packet before them, which they may acknowledge."""
        for i in range(1, len(self.passed)):
            before, packet = self.passed[i - 1].packet, self.passed[i].packet
            if (packet.flags == tcp.ACK and not packet.data and before.data
                    and before.connection is packet.connection
                    and before.direction != packet.direction and self.rng.random() < 0.2):
                before.time, packet.time = packet.time, before.time
                self.passed[i - 1], self.passed[i] = self.passed[i], self.passed[i - 1]

    def _lose(self):
        """The packets of each handshake stay, so that it is known where a stream begins."""
        candidates = [r for r in self.passed if r.packet.offset >= 0
                      and not r.packet.flags & (FIN | RST)]
        with_data = [r for r in candidates if r.packet.data]
        for chosen in (self.rng.sample(with_data, max(3, len(with_data) // 40)),
                       self.rng.sample(candidates, len(candidates) // 80)):
            for recorded in chosen:
                if not self._completes_handshake(recorded):
                    recorded.reason = LOST

    def _completes_handshake(self, recorded):
        packet = recorded.packet
        return not packet.data and packet.offset == 0 and packet.acknowledged == 0

    def _one_side(self):
        self.sides = (self.rng.choice((UP, DOWN)),)
        for recorded in self.passed:
            if recorded.packet.direction not in self.sides:
                recorded.reason = SIDE

    def _lose_tails(self):
        """Only what a later packet of the peer acknowledges: the capture itself shows the loss."""
        for link in self.rng.sample(self.links, (len(self.links) + 1) // 2):
            direction = self.rng.choice((UP, DOWN))
            own = [r for r in self.passed if r.packet.connection is link]
            acknowledged = max((r.packet.acknowledged for r in own
                                if r.packet.direction != direction), default=0)
            tail = [r for r in own if r.packet.direction == direction and r.packet.data
                    and r.packet.end <= acknowledged]
            tail = tail[-self.rng.randrange(1, 4):]
            # and all that comes later in that direction
            begin = own.index(tail[0]) if tail else len(own)
            for recorded in own[begin:]:
                if recorded.packet.direction == direction and recorded.packet.data:
                    recorded.reason = LOST

    def _start_late(self):
        begin = self.rng.uniform(0.02, 0.3) * self.passed[-1].packet.time
        busy = [r.packet.time for r in self.passed if r.packet.data and r.packet.time >= begin]
        for recorded in self.passed:
            if recorded.packet.time < busy[len(busy) // 20]:
                recorded.reason = BEFORE

    def _number(self):
        number, last = 0, -1
        for recorded in self.passed:
            if not recorded.reason:
                number, last = number + 1, max(last + 1, recorded.packet.time)
                size = len(recorded.packet.data)
                room = SNAPLEN - pcap.Capture.HEADERS if self.kind == "snaplen" else size
                recorded.number, recorded.kept, recorded.micros = number, min(size, room), last

    def write(self, path):
        """A pcap file."""
        out = pcap.Capture()
        for recorded in self.passed:
            if recorded.number:
                cut = recorded.kept if self.kind == "snaplen" else None
                out.add(self._bytes(recorded.packet), cut, recorded.micros)
        out.write(path)

    @staticmethod
    def _bytes(packet):
        link, other = packet.connection, DOWN if packet.direction == UP else UP
        # A SYN has the number before the first byte's.
        ends = {packet.direction: link.initial[packet.direction] + 1 + packet.offset,
                other: link.initial[other] + 1 + packet.acknowledged}
        if packet.flags == SYN:
            ends[other] = 0
        client = pcap.Side("10.0.0.%d" % (1 + link.index % 200), link.port, ends[UP])
        server = pcap.Side("10.0.1.1", SERVER_PORT, ends[DOWN])
        sides = (client, server) if packet.direction == UP else (server, client)
        return pcap.segment(*sides, packet.data, packet.flags)
