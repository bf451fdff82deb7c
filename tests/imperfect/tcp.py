# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of TCP over a network that loses, delays, duplicates and reorders segments, with a capture
point between the two ends. Times are in microseconds. Everything random comes from one generator,
so a seed gives the same packets each time."""
import dataclasses
import heapq
import itertools

SYN, ACK, PSH, FIN, RST = 2, 16, 8, 1, 4
UP, DOWN = "up", "down"  # from the client, from the server

RTO = 200_000
DELAYED_ACK = 40_000
LOST_ATTEMPTS = 2  # so often in a row the network may lose a segment


class Clock:
    """Runs what is due, in the order of time, then of asking."""

    def __init__(self):
        self.now = 0
        self._queue = []
        self._order = itertools.count()

    def after(self, delay, call, *arguments):
        heapq.heappush(self._queue, (self.now + int(delay), next(self._order), call, arguments))

    def run(self, until):
        while self._queue and self._queue[0][0] <= until:
            self.now, _, call, arguments = heapq.heappop(self._queue)
            call(*arguments)
        self.now = until


@dataclasses.dataclass
class Conditions:
    """Probabilities for a segment with data, and for a pure ACK."""
    lost_before: float = 0  # between its sender and the capture point
    lost_after: float = 0  # between the capture point and its receiver
    reordered: float = 0  # overtaken by later segments before the capture point
    duplicated: float = 0  # by the network, before the capture point


@dataclasses.dataclass(eq=False)
class Packet:
    """A packet at the capture point."""
    time: int
    connection: "Connection"
    direction: str
    offset: int  # of its first byte in the direction's stream; -1 for a SYN
    data: bytes
    flags: int
    acknowledged: int  # offset in the other direction's stream; -1: that one's SYN is not acknowledged
    retransmission: bool = False

    @property
    def end(self):
        return self.offset + len(self.data)


@dataclasses.dataclass
class Settings:
    """What the two ends of a connection have in common."""
    mss: int
    conditions: Conditions
    delay: dict  # to and from the capture point, for each direction: (before, after)


class Connection:
    """Both ends; `capture(packet)` is called for each packet that passes the capture point."""

    def __init__(self, clock, rng, index, settings, capture):
        self.clock, self.rng, self.index, self.capture = clock, rng, index, capture
        self.settings = settings
        # Some begin shortly before the sequence numbers wrap.
        self.initial = {direction: rng.choice([rng.randrange(1 << 32),
                                               (1 << 32) - rng.randrange(1, 3000)])
                        for direction in (UP, DOWN)}
        self.ends = {UP: End(self, UP), DOWN: End(self, DOWN)}
        self.ends[UP].peer, self.ends[DOWN].peer = self.ends[DOWN], self.ends[UP]
        self.aborted = False
        self._established = None

    def open(self, established):
        """The handshake, then established()."""
        self._established = established
        self.ends[UP].control(SYN, -1, -1)

    def shake_hands(self, packet):
        """The answer to a packet of the handshake."""
        if packet.flags == SYN:
            self.ends[DOWN].control(SYN | ACK, -1, 0)
        else:
            self.ends[UP].control(ACK, 0, 0)
            self.clock.after(10, self._established)

    def quiet(self):
        """Is all that was written acknowledged, in both directions?"""
        return all(end.acknowledged == len(end.stream) for end in self.ends.values())

    def abort(self):
        """The client resets the connection."""
        client = self.ends[UP]
        client.control(RST | ACK, client.sent, client.received)
        self.aborted = True


class End:
    """One end of a connection. `direction` is that of the data it sends."""

    def __init__(self, connection, direction):
        self.connection, self.direction = connection, direction
        self.clock, self.rng = connection.clock, connection.rng
        self.peer = None
        self.stream = bytearray()
        self.messages = []  # (end, message) written here, for the receiver
        self.on_message = lambda message: None
        self.sent = self.acknowledged = 0
        self.finished = False  # nothing more is written
        self.received = 0
        self._delivered = 0
        self._early = []  # ranges received after a hole
        self._cuts = set()  # where segments began, for repeats of the same size
        self._unacknowledged = self._repeated = self._same_acks = 0
        self._ack_timer = self._timer = 0
        self._flush_due = False
        self._arrivals = {"capture": 0, "end": 0}

    # ---- sending ----

    def write(self, message, wait=0):
        """`wait`: what is written within that time goes out together."""
        self.stream += message.bytes
        self.messages.append((len(self.stream), message))
        if not self._flush_due:
            self._flush_due = True
            self.clock.after(wait, self._flush)

    def _flush(self):
        self._flush_due = False
        self._send()

    def _send(self):
        mss = self.connection.settings.mss
        while self.sent < len(self.stream) and self.sent - self.acknowledged < 10 * mss:
            self._cuts.add(self.sent)
            size = min(mss, len(self.stream) - self.sent)
            self.sent += size
            self._segment(self.sent - size, size)
            if self.sent - size == self.acknowledged:
                self._start_timer()

    def _segment(self, offset, size, repeated=False):
        flags = ACK | (PSH if offset + size == len(self.stream) else 0)
        self._unacknowledged = 0
        self._ack_timer += 1
        self._travel(Packet(0, self.connection, self.direction, offset,
                            bytes(self.stream[offset:offset + size]), flags, self.received,
                            repeated))

    def _start_timer(self):
        self._timer += 1
        self.clock.after(RTO << min(self._repeated, 3), self._timeout, self._timer)

    def _timeout(self, timer):
        if timer == self._timer and self.acknowledged < self.sent:
            self._repeat()

    def _repeat(self):
        """The first segment that is not acknowledged again, at times with what follows it."""
        self._repeated += 1
        room = min(self.connection.settings.mss, self.sent - self.acknowledged)
        later = [cut for cut in self._cuts if self.acknowledged < cut < self.acknowledged + room]
        size = room
        if later and self.rng.random() < 0.5:
            size = min(later) - self.acknowledged
        self._segment(self.acknowledged, size, repeated=True)
        self._start_timer()

    def finish(self):
        """A FIN once all has been sent."""
        if self.acknowledged < len(self.stream) or self._flush_due:
            self.clock.after(50_000, self.finish)
        elif not self.connection.aborted and not self.finished:
            self.finished = True
            self.control(FIN | ACK, self.sent, self.received)

    def acknowledge_end(self, acknowledged):
        """Answers the peer's FIN."""
        self.control(ACK, self.sent + self.finished, acknowledged)

    def control(self, flags, offset, acknowledged):
        """A packet without data that the network delivers."""
        packet = Packet(0, self.connection, self.direction, offset, b"", flags, acknowledged)
        self.clock.after(self._in_order("capture", self._delays()[0]), self._pass, packet, False)

    # ---- the network ----

    def _delays(self):
        before, after = self.connection.settings.delay[self.direction]
        return before + self.rng.randrange(before // 8 + 1), after + self.rng.randrange(after // 8 + 1)

    def _in_order(self, where, delay):
        """A delay that does not overtake what was sent before."""
        self._arrivals[where] = max(self._arrivals[where] + 1, self.clock.now + delay)
        return self._arrivals[where] - self.clock.now

    def _travel(self, packet):
        if self.connection.aborted:
            return
        conditions, chance = self.connection.settings.conditions, self.rng.random
        may_be_lost = self._repeated < LOST_ATTEMPTS
        if chance() < conditions.lost_before and may_be_lost:
            return
        delay = self._delays()[0]
        if chance() < conditions.reordered:
            delay += self.rng.randrange(500, 25_000)
        else:
            delay = self._in_order("capture", delay)
        lost = chance() < conditions.lost_after and may_be_lost
        self.clock.after(delay, self._pass, packet, lost)
        if chance() < conditions.duplicated:
            self.clock.after(delay + self.rng.randrange(1, 3000), self._pass, packet, False)

    def _pass(self, packet, lost):
        self.connection.capture(dataclasses.replace(packet, time=self.clock.now))
        if packet.flags & SYN:
            self.clock.after(self._delays()[1], self.connection.shake_hands, packet)
        elif packet.flags & FIN:
            self.clock.after(self._delays()[1], self.peer.acknowledge_end, packet.end + 1)
        elif not lost and not packet.flags & RST:
            self.clock.after(self._in_order("end", self._delays()[1]), self.peer.receive, packet)

    # ---- receiving ----

    def receive(self, packet):
        if self.connection.aborted:
            return
        self._take_ack(packet)
        if not packet.data:
            return
        in_order = packet.offset <= self.received < packet.end and not self._early
        self._take_data(packet)
        self._unacknowledged += 1
        if not in_order or self._unacknowledged >= 2:
            self._acknowledge(self._ack_timer)
        else:
            self.clock.after(DELAYED_ACK, self._acknowledge, self._ack_timer)
        # What the receiver says at once takes the acknowledgement along.
        self._deliver()

    def _acknowledge(self, timer):
        if timer == self._ack_timer and not self.connection.aborted and self._unacknowledged:
            self._unacknowledged = 0
            self._ack_timer += 1
            self._travel(Packet(0, self.connection, self.direction, self.sent + self.finished, b"",
                                ACK, self.received))

    def _take_data(self, packet):
        self._early.append((packet.offset, packet.end))
        self._early.sort()
        while self._early and self._early[0][0] <= self.received:
            self.received = max(self.received, self._early.pop(0)[1])

    def _deliver(self):
        messages = self.peer.messages
        while self._delivered < len(messages) and messages[self._delivered][0] <= self.received:
            self._delivered += 1
            self.on_message(messages[self._delivered - 1][1])

    def _take_ack(self, packet):
        if packet.acknowledged > self.acknowledged:
            self.acknowledged = packet.acknowledged
            self._repeated = self._same_acks = 0
            self._start_timer()
            self._send()
        elif (packet.acknowledged == self.acknowledged < self.sent and not packet.data):
            self._same_acks += 1
            if self._same_acks == 3:
                self._repeat()
