# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of Plato: devices that chat in sessions through a server, in either framing. Both sides keep
the rules of the protocol: no id is skipped, nothing is used twice with other content. Unless they are
asked to be faulty: then servers leave out PUSHes, and clients use an id again for something else."""
import dataclasses
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))

import plato_bytes as plato
import scene
import tcp
from plato_bytes import data, frame, msgcmd, number
from tcp import DOWN, UP

TYPES = ("LOGIN", "HEARTBEAT", "RECONN", "ACK", "UP", "PUSH", "SYNC")
SECOND = 1_000_000
HEADER, MSGCMD = 1, 2
EPOCH = 1_589_923_200_000  # milliseconds: where the connection ids of the msgcmd framing begin


@dataclasses.dataclass
class Message:
    """A message as its sender made it. `ids`: those that are on the wire, by the rows' names; `key`:
    what is sent, the same for repeats; `answers`: the key that an ACK is about, `covers`: all keys that
    it acknowledges."""
    type: str
    bytes: bytes
    ids: dict
    head_len: int
    body_len: int
    key: tuple = None
    answers: tuple = None
    covers: tuple = ()
    delivers: tuple = None  # of an ACK of UP: the session and msg_id under which it is pushed
    content: str = None
    fault: str = None  # of one before which ids are left out: the verdict
    connection: "Link" = None
    direction: str = None


class HeaderFraming:
    """The messages of the 14-byte header."""
    value = HEADER

    def _message(self, bytes_, ids, **more):
        body, head = (int.from_bytes(bytes_[at:at + 4], "big") for at in (2, 6))
        return Message(TYPES[bytes_[1]], bytes_, ids, head, body, **more)

    def login(self, device, sessions):
        body = data(1, "token of %d" % device) + data(2, "1.0") + data(3, b"".join(
            plato.varint(session) for session in sessions))
        return self._message(plato.login(device, body), {"device_id": device})

    def reconn(self, conn_id):
        return self._message(frame(plato.RECONN, number(1, conn_id)), {"conn_id": conn_id})

    def heartbeat(self):
        return self._message(frame(plato.HEARTBEAT), {})

    def sync(self, session, first, last):
        head = number(1, session) + number(2, first) + number(3, last)
        return self._message(frame(plato.SYNC, head), {"session_id": session})

    def up(self, client_id, session, conn_id, content, sender):
        body = plato.chat(content, sender)
        return self._message(plato.up(client_id, session, conn_id, body),
                             {"client_id": client_id, "session_id": session, "conn_id": conn_id})

    def push(self, msg_id, session, content, sender):
        head = number(1, msg_id) + number(2, session)
        return self._message(frame(plato.PUSH, head, plato.chat(content, sender)),
                             {"msg_id": msg_id, "session_id": session})

    def ack(self, of, **ids):
        return self._message(scene.ack(TYPES.index(of), **ids),
                             {"ack_type": of, "ack_code": 0, **ids})


class MsgcmdFraming:
    """The messages of the length-prefixed framing. Sessions are texts."""
    value = MSGCMD

    def _message(self, kind, payload, head, body, ids, **more):
        return Message(kind, msgcmd(TYPES.index(kind), payload), ids, len(head), len(body), **more)

    def _two(self, kind, head, body, ids):
        return self._message(kind, data(1, head) + (data(2, body) if body else b""), head, body, ids)

    def login(self, device, sessions):
        return self._two("LOGIN", number(1, device), b"", {"device_id": device})

    def reconn(self, conn_id):
        return self._two("RECONN", number(1, conn_id), b"", {"conn_id": conn_id})

    def heartbeat(self):
        return self._two("HEARTBEAT", b"", b"", {})

    @staticmethod
    def _json(content, sender, session):
        return json.dumps({"Type": "text", "Name": "d%d" % sender, "FormUserID": str(sender),
                           "ToUserID": "", "Content": content, "Session": session}).encode()

    def up(self, client_id, session, conn_id, content, sender):
        head = ((number(1, client_id) if client_id else b"") + number(2, conn_id) +
                data(3, "room %d" % session))
        return self._two("UP", head, self._json(content, sender, "room %d" % session),
                         {"client_id": client_id, "conn_id": conn_id,
                          "session_id": "room %d" % session})

    def push(self, msg_id, session, content, sender):
        body = self._json(content, sender, "room %d" % session)
        return self._message("PUSH", data(3, body), b"", body, {})

    def ack(self, of, conn_id=0, client_id=0):
        payload = b""
        for field, value in ((3, TYPES.index(of)), (4, conn_id), (5, client_id)):
            payload += number(field, value) if value else b""
        ids = {"ack_type": of, "ack_code": 0}
        ids.update({name: value for name, value in (("conn_id", conn_id), ("client_id", client_id))
                    if value})
        return self._message("ACK", payload, payload, b"", ids)


class Link(tcp.Connection):
    """A TCP connection, and what Plato knows of it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.device = self.conn_id = None
        self.port = 40_001 + 7 * self.index
        self.closed = False
        self.waiting = []  # PUSHes of the msgcmd framing; the first is under way

    def send(self, direction, message, wait=0):
        if not self.closed:
            message.connection, message.direction = self, direction
            self.ends[direction].write(message, wait)


class Server:
    """Accepts, numbers and passes on messages."""

    def __init__(self, model):
        self.model, self.framing = model, model.framing
        self.sessions = {}  # session: messages (msg_id, sender, content), in order
        self.accepted = {}  # (device, session[, connection]): {client_id: msg_id}
        self.covered = {}  # (device, session): the highest msg_id that was acknowledged
        self.online = {}  # device: link
        self.last_conn = 0
        self.latest = {}  # (device, session): the highest msg_id that it was sent
        self.left_out = {}  # (device, session): the first msg_id that it was not sent since

    def _number(self, message, device, session, msg_id):
        """On a connection PUSHes and ACKs of UP leave out no msg_id; where one was, it is a gap."""
        at = (device, session)
        if at in self.left_out:
            message.fault = f"gap:{self.left_out.pop(at)}-{msg_id - 1}"
        self.latest[at] = max(msg_id, self.latest.get(at, 0))

    def _leaves_out(self, device, session, msg_id):
        if not self.model.faulty or self.framing.value == MSGCMD or \
                (device, session) not in self.latest or self.model.rng.random() > 0.08:
            return False
        self.left_out.setdefault((device, session), msg_id)
        return True

    def conn_id(self):
        self.last_conn += 1
        if self.framing.value == HEADER:
            return self.last_conn
        milliseconds = 1_700_000_000_000 + self.model.clock.now // 1000
        return (milliseconds - EPOCH) << 16 | self.last_conn

    def open(self, link, device, kind, request):
        link.conn_id = self.conn_id()
        answer = self.framing.ack(kind, conn_id=link.conn_id)
        answer.answers = request.key
        link.send(DOWN, answer)
        self.online[device] = link
        if self.framing.value == MSGCMD:
            return
        for session in self.model.sessions_of(device):
            for msg_id, sender, content in self.sessions.get(session, []):
                if msg_id > self.covered.get((device, session), 0) and sender != device:
                    self.push(device, session, msg_id, content, sender)

    def push(self, device, session, msg_id, content, sender):
        if self._leaves_out(device, session, msg_id):
            return
        message = self.framing.push(msg_id, session, content, sender)
        self._number(message, device, session, msg_id)
        message.key = ("push", device, session, msg_id)
        message.content = content
        link = self.online[device]
        if self.framing.value == MSGCMD:
            # An ACK there names no PUSH, so the next one waits for it.
            message.key += (link.index,)
            link.waiting.append(message)
            if len(link.waiting) > 1:
                return
        link.send(DOWN, message, self.model.rng.choice((0, 0, 1000, 4000)))

    def confirmed(self, link):
        """The msgcmd framing: the PUSH under way was acknowledged."""
        link.waiting.pop(0)
        if link.waiting:
            link.send(DOWN, link.waiting[0])

    def up(self, link, message):
        _, device, session, client_id, *_ = message.key
        accepted = self.accepted.setdefault(message.key[:3] + message.key[4:], {})
        fresh = client_id not in accepted
        if fresh:
            stored = self.sessions.setdefault(session, [])
            accepted[client_id] = len(stored) + 1
            stored.append((len(stored) + 1, device, message.content))
        msg_id = accepted[client_id]
        if self.framing.value == HEADER:
            answer = self.framing.ack("UP", client_id=client_id, session_id=session, msg_id=msg_id)
            if fresh:
                self._number(answer, device, session, msg_id)
        else:
            answer = self.framing.ack("UP", conn_id=link.conn_id, client_id=client_id)
        answer.answers, answer.covers = message.key, (message.key,)
        answer.delivers = (session, msg_id)
        link.send(DOWN, answer, self.model.rng.choice((0, 0, 500)))
        if fresh:
            for member in self.model.members[session]:
                if member != device and member in self.online:
                    self.push(member, session, msg_id, message.content, device)

    def sync(self, link, message):
        _, _, session, first, last, _ = message.key
        for msg_id, sender, content in self.sessions[session][first - 1:last]:
            self.push(link.device, session, msg_id, content, sender)
        answer = self.framing.ack("SYNC", session_id=session, msg_id=last)
        answer.answers = message.key
        link.send(DOWN, answer)

    def take(self, link, message):
        if message.type in ("LOGIN", "RECONN"):
            self.open(link, link.device, message.type, message)
        elif message.type == "HEARTBEAT":
            if self.framing.value == HEADER:
                answer = self.framing.ack("HEARTBEAT")
                answer.answers = message.key
                link.send(DOWN, answer)
        elif message.type == "UP":
            self.up(link, message)
        elif message.type == "SYNC":
            self.sync(link, message)
        elif self.framing.value == MSGCMD:
            self.confirmed(link)
        else:
            for _, device, session, msg_id in message.covers:
                at = (device, session)
                self.covered[at] = max(self.covered.get(at, 0), msg_id)


class Client:
    """A device."""

    def __init__(self, model, device):
        self.model, self.device = model, device
        self.rng, self.clock, self.framing = model.rng, model.clock, model.framing
        self.link = None
        self.ready = self.deaf = False
        self.next_ids = {}
        self.open_ups = {}  # key: (client_id, session, content), not acknowledged
        self.pushed = []  # (time, session, msg_id)
        self.got = {}  # session: [msg_id], those of others
        self.unconfirmed = {}  # session: keys of PUSHes that no ACK covers yet
        self.count = 0
        self.beat_every = 27 * SECOND if self.framing.value == HEADER else 5 * SECOND

    def connect(self, reconnect=False):
        old = self.link
        self.link = link = self.model.new_link(self.device)
        link.ends[UP].on_message = lambda message: self.take(link, message)
        link.ends[DOWN].on_message = lambda message: self.model.server.take(link, message)
        link.open(lambda: self._hello(link, old if reconnect else None))

    def _hello(self, link, old):
        if old is None:
            message = self.framing.login(self.device, self.model.sessions_of(self.device))
        else:
            message = self.framing.reconn(old.conn_id)
        message.key = ("open", link.index)
        link.send(UP, message)
        self.clock.after(self.beat_every, self._beat, link)

    def _beat(self, link):
        if link is self.link and not link.closed:
            self.count += 1
            message = self.framing.heartbeat()
            if self.framing.value == HEADER:
                message.key = ("heartbeat", link.index, self.count)
            link.send(UP, message)
            self.clock.after(self.beat_every, self._beat, link)

    def say(self, session):
        """One UP. In the msgcmd framing an ACK names no session, so there it is always the same."""
        if not self.ready or self.deaf:
            return
        if self.framing.value == MSGCMD:
            session = self.model.sessions_of(self.device)[0]
        first = 1 if self.framing.value == HEADER else 0
        client_id = self.next_ids.get(session, first)
        self.next_ids[session] = client_id + 1
        self._send_up(client_id, session, self.model.content(self.device))
        if self.model.faulty and self.rng.random() < 0.08:
            self._send_up(client_id, session, self.model.content(self.device))

    def _send_up(self, client_id, session, content):
        link = self.link
        message = self.framing.up(client_id, session, link.conn_id, content, self.device)
        message.key = ("up", self.device, session, client_id)
        if self.framing.value == MSGCMD:
            message.key += (link.index,)
        message.content = content
        self.open_ups[message.key] = (client_id, session, content)
        link.send(UP, message, self.rng.choice((0, 0, 2000)))

    def sync(self):
        """Asks again for some of the latest messages of others: their PUSHes are sent once more."""
        ids = [(session, msg_id) for time, session, msg_id in self.pushed
               if time > self.clock.now - 5 * SECOND]
        if not ids or not self.ready or self.deaf or self.framing.value == MSGCMD:
            return
        session, first = self.rng.choice(ids)
        last = first + (first + 1 in self.got[session])
        self.count += 1
        message = self.framing.sync(session, first, last)
        message.key = ("sync", self.link.index, session, first, last, self.count)
        self.link.send(UP, message)

    def take(self, link, message):
        if self.deaf or link is not self.link:
            return
        if message.type == "PUSH":
            self._take_push(link, message)
        elif message.ids["ack_type"] == "UP":
            self.open_ups.pop(message.answers, None)
        elif message.ids["ack_type"] in ("LOGIN", "RECONN"):
            self.ready = True
            if self.framing.value == MSGCMD:
                self.next_ids, self.open_ups = {}, {}
            for again in list(self.open_ups.values()):
                self._send_up(*again)

    def _take_push(self, link, message):
        if self.framing.value == MSGCMD:
            answer = self.framing.ack("UP", conn_id=link.conn_id)
            answer.answers, answer.covers = message.key, (message.key,)
            link.send(UP, answer)
            return
        _, _, session, msg_id = message.key
        self.got.setdefault(session, []).append(msg_id)
        self.pushed.append((self.clock.now, session, msg_id))
        waiting = self.unconfirmed.setdefault(session, [])
        waiting.append(message.key)
        if len(waiting) == 1 or self.rng.random() < 0.5:
            delay = self.rng.choice((0, 0, 20_000, 120_000))
            self.clock.after(delay, self._confirm, link, session)

    def _confirm(self, link, session):
        """Acknowledges the PUSHes of a session so far, with the ACK of the highest."""
        if link is not self.link or link.closed or self.deaf or not self.unconfirmed.get(session):
            return
        highest = max(self.got[session])
        message = self.framing.ack("PUSH", session_id=session, msg_id=highest)
        message.answers = ("push", self.device, session, highest)
        message.covers = tuple(("push", self.device, session, n)
                               for n in sorted(set(self.got[session])))
        self.unconfirmed[session] = []
        link.send(UP, message)

    def leave(self):
        """The program ends: it no longer reads, and once TCP has nothing under way, it resets; soon
        after it is back. What it did not read is sent again, by both sides; in the msgcmd framing,
        where nothing would be, it first waits for what is under way."""
        if self.ready and not self.deaf:
            self.ready = False
            self.deaf = self.framing.value == HEADER
            self.clock.after(self.rng.randrange(200_000, 500_000), self._reset, self.link)

    def _reset(self, link):
        if not link.quiet() or (not self.deaf and (link.waiting or self.open_ups)):
            self.clock.after(20_000, self._reset, link)
            return
        link.abort()
        link.closed = True
        self.model.server.online.pop(self.device, None)
        self.clock.after(self.rng.randrange(300_000, 900_000), self._back)

    def _back(self):
        self.deaf = False
        self.unconfirmed = {}
        self.connect(reconnect=True)


class Model:
    """A whole run. After run(): `links`, with all that was written to them."""

    def __init__(self, rng, framing, conditions, capture, faulty=False):
        self.rng, self.conditions, self.capture, self.faulty = rng, conditions, capture, faulty
        self.framing = HeaderFraming() if framing == HEADER else MsgcmdFraming()
        self.clock = tcp.Clock()
        self.server = Server(self)
        self.links = []
        self.said = 0
        devices = [1001 + i for i in range(rng.randrange(4, 7))]
        self.members = {}
        for session in range(41, 41 + rng.randrange(2, 4)):
            self.members[session] = rng.sample(devices, rng.randrange(2, len(devices)))
        for device in devices:
            if not self.sessions_of(device):
                self.members[41].append(device)
        self.clients = [Client(self, device) for device in devices]

    def sessions_of(self, device):
        return [session for session, members in self.members.items() if device in members]

    def new_link(self, device):
        rng = self.rng
        client, server = rng.randrange(4000, 20_000), rng.randrange(100, 1500)
        settings = tcp.Settings(rng.choice((536, 1000, 1448)), self.conditions,
                                {UP: (client, server), DOWN: (server, client)})
        link = Link(self.clock, rng, len(self.links), settings, self.capture)
        link.device = device
        self.links.append(link)
        return link

    def content(self, device):
        """A text that is there only once."""
        self.said += 1
        size = self.rng.choice((0, 5, 20, 60, 100, 100, 1400, 5000))
        words = "".join(self.rng.choice("abcdefgh ") for _ in range(size))
        return "%d says no %d %s" % (device, self.said, words)

    def run(self):
        """Bursts of talk with quiet times between them; in the last one all goes on to the end, or
        all connections are closed."""
        for client in self.clients:
            self.clock.after(self.rng.randrange(SECOND), client.connect)
        begin = 2 * SECOND
        for _ in range(3):
            self._burst(begin)
            begin += self.rng.randrange(8, 34) * SECOND
        end = begin
        if self.rng.random() < 0.6:
            for client in self.clients:
                self.clock.after(end - self.rng.randrange(SECOND), self._close, client)
        else:
            for client in self.clients:  # the capture ends while they talk
                for _ in range(6):
                    self.clock.after(end - self.rng.randrange(300_000), client.say,
                                     self.rng.choice(self.sessions_of(client.device)))
        self.clock.run(end if self.rng.random() < 0.5 else end + SECOND)

    @staticmethod
    def _close(client):
        link = client.link
        if client.ready and not client.deaf:
            client.deaf = link.closed = True
            link.ends[UP].finish()
            link.ends[DOWN].finish()

    def _burst(self, begin):
        rng = self.rng
        for client in self.clients:
            at = begin
            for _ in range(rng.randrange(4, 9)):
                at += rng.choice((2000, 30_000, 200_000))
                for _ in range(rng.choice((1, 1, 1, 3))):
                    self.clock.after(at, client.say, rng.choice(self.sessions_of(client.device)))
            if rng.random() < 0.4 and not self.faulty:
                self.clock.after(at + SECOND, client.sync)
        if self.faulty:  # then nothing is sent again, and a gap stays
            return
        leaving = rng.choice(self.clients)
        self.clock.after(begin + rng.randrange(100_000, 600_000), leaving.leave)
