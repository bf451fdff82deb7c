#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_corpus.py FOLDER: writes seeds for fuzz_plugin, made of the committed captures and of frames.

The form of an input is described in fuzz_plugin.c.
"""
import glob
import hashlib
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "golden"))

import command_bytes as commands  # noqa: E402
import plato_bytes as plato  # noqa: E402

LOSE, BACK, CUT, LATE, OPEN, NEXT, JOIN, WAIT = range(8)
PLATO, UNKNOWN, AS_TLS, AS_WEBSOCKET = range(4)
NO_DESEGMENT, NO_CRC, NO_ANALYSIS, FORCE_MSGCMD, SMALL_LIMIT, MSGCMD_HEURISTIC = 4, 8, 16, 32, 64, 128
CLIENT, SERVER = 0, 128
LONGEST = 127
MOST = 900  # bytes of an input that is cut off a capture: longer ones are tried less often


def event(what, amount=0, side=CLIENT):
    return bytes([side, what, amount])


def segment(data, side=CLIENT, size=LONGEST):
    """One TCP segment, of several records if it must; or many, with a smaller size."""
    if size < LONGEST:
        return b"".join(segment(data[at:at + size], side) for at in range(0, len(data), size))
    pieces = [data[at:at + LONGEST] for at in range(0, len(data), LONGEST)][:16]
    joined = event(JOIN, len(pieces) - 1, side) if len(pieces) > 1 else b""
    return joined + b"".join(bytes([side | len(piece)]) + piece for piece in pieces)


def tcp_of(packet):
    """(source port, destination port, payload) of an Ethernet frame with IPv4 or IPv6, or None."""
    kind, at = struct.unpack_from(">H", packet, 12)[0], 14
    if kind == 0x0800 and packet[at + 9] == 6:
        end = at + struct.unpack_from(">H", packet, at + 2)[0]
        at += (packet[at] & 15) * 4
    elif kind == 0x86DD and packet[at + 6] == 6:
        end = at + 40 + struct.unpack_from(">H", packet, at + 4)[0]
        at += 40
    else:
        return None
    source, destination = struct.unpack_from(">HH", packet, at)
    return source, destination, packet[at + (packet[at + 12] >> 4) * 4:end]


def packets_of(path):
    """The enhanced packet blocks of a little-endian pcapng file."""
    with open(path, "rb") as source:
        data = source.read()
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            captured = struct.unpack_from("<I", data, at + 20)[0]
            yield data[at + 28:at + 28 + captured]
        at += length


def from_capture(path):
    """The segments of a capture; the lower port is the server's."""
    out = b""
    client_port = None
    for packet in packets_of(path):
        tcp = tcp_of(packet)
        if tcp is None or not tcp[2]:
            continue
        source, destination, payload = tcp
        if client_port not in (None, max(source, destination)):
            out += event(NEXT) + event(OPEN)
        client_port = max(source, destination)
        out += segment(payload, CLIENT if source == client_port else SERVER)
        if len(out) > MOST:
            yield out
            out = b""
    if out:
        yield out


def msgcmd(kind, payload):
    inner = (plato.number(1, kind) if kind else b"") + plato.data(2, payload)
    return struct.pack(">I", len(inner)) + inner


def streams():
    """Lists of (side, frame)."""
    chat = plato.chat("hello")
    ack = plato.frame(plato.ACK, plato.number(3, plato.UP) + plato.number(5, 1) + plato.number(7, 9))
    talk = [(CLIENT, plato.login(body=plato.data(1, "token") + plato.data(3, b"\1\2\x80\1"))),
            (SERVER, plato.frame(plato.ACK, plato.number(4, 7))),
            (CLIENT, plato.up(body=chat)), (SERVER, ack),
            (SERVER, plato.frame(plato.PUSH, plato.number(1, 9) + plato.number(2, 42), chat)),
            (CLIENT, plato.frame(plato.HEARTBEAT)),
            (CLIENT, plato.frame(plato.SYNC, plato.number(1, 42) + plato.number(2, 1))),
            (CLIENT, plato.frame(plato.RECONN, plato.number(1, 7)))]
    yield talk
    yield [(side, data) for side, data in talk for _ in range(2)]
    yield [(CLIENT, plato.up(client_id=i, body=b'{"a": [1, %d]}' % i)) for i in (1, 2, 5, 4, 2)]
    yield [(CLIENT, plato.up(body=chat, coverage=coverage, polynomial=polynomial))
           for coverage, polynomial in (("payload", "ieee"), ("body", "crc32c"), ("none", "ieee"))]
    yield [(CLIENT, plato.up(body=plato.data(1, "x") + plato.number(17, 1) + b"\x0b\x0c")),
           (CLIENT, plato.frame(99, b"head", b"body")), (CLIENT, plato.frame(4, b"\xff" * 12)),
           (CLIENT, plato.up(version=9)), (CLIENT, plato.up(crc=1)), (CLIENT, plato.up())]
    yield [(CLIENT, struct.pack(">BBIII", 1, 4, 0x7FFFFFFF, 0, 0)), (CLIENT, plato.up()),
           (CLIENT, b"\1\4garbage between frames"), (CLIENT, plato.up(client_id=2))]
    yield [(CLIENT, plato.up(body=plato.chat("x" * 1500))), (CLIENT, plato.up())]
    head = plato.data(1, plato.number(1, 1) + plato.number(2, 7) + plato.data(3, "42"))
    old_head = plato.data(1, plato.number(1, 2) + plato.number(2, 7) + plato.number(3, 42))
    yield [(CLIENT, msgcmd(0, plato.data(1, plato.number(1, 5)) + plato.data(2, b"token"))),
           (SERVER, msgcmd(3, plato.data(2, "ok") + plato.number(4, 7))),
           (CLIENT, msgcmd(4, head + plato.data(2, b"hello"))), (CLIENT, msgcmd(1, b"")),
           (CLIENT, msgcmd(4, old_head + plato.data(2, b"hello"))),
           (SERVER, msgcmd(5, plato.number(1, 9) + plato.data(3, b"hello"))),
           (SERVER, msgcmd(5, plato.number(1, 9) + plato.data(2, b"older")))]


def command_streams():
    """(port for NEXT, [(side, bytes)]) of the latency and command protocols."""
    value, command = commands.value, commands.command
    probes = [(CLIENT, value(1)), (SERVER, value(1)), (CLIENT, b"abc"), (CLIENT, value(2) + b"x")]
    lines = [(CLIENT, b"ECHO/1\r\nPING/a%20b\r\nTIME/\r\n"), (SERVER, b"ECHO/1\r\nERROR/503\r\n"),
             (CLIENT, b"PING/%4\r\n\r\nECHO/a\rb\r\n"), (SERVER, b"TIME/x\r\nECHO/2\r\n"),
             (CLIENT, b"T" * 33 + b"/\r\nA/" + b"x" * 2049 + b"\r\nPING/")]
    binary = [(CLIENT, command(0, value(5)) + command(4, b"hello") + command(77)),
              (SERVER, command(0, value(5)) + commands.error(404, b"no")),
              (CLIENT, b"junk" + command(1, magic=commands.OTHER_MAGIC) + command(2, length=5000)),
              (SERVER, command(0xFFFF, b"x")), (CLIENT, command(3)[:5])]
    return [(1, probes), (2, lines), (3, binary)]


def command_inputs():
    for port, stream in command_streams():
        whole = b"".join(data for side, data in stream if side == CLIENT)
        each = b"".join(segment(data, side) for side, data in stream)
        start = bytes([UNKNOWN]) + event(NEXT, port)
        yield bytes([UNKNOWN]) + event(OPEN) + each
        yield start + event(OPEN) + each
        yield start + segment(whole)
        yield start + event(OPEN) + segment(whole[:400], size=3)
        for happens in (event(LOSE, 9), event(BACK, 20), event(BACK, 5), event(LATE), event(CUT, 3),
                        event(WAIT, 60)):
            yield start + event(OPEN) + segment(whole[:13]) + happens + segment(whole[13:400], size=30)


def inputs():
    yield from command_inputs()
    for path in sorted(glob.glob(os.path.join(ROOT, "captures", "*.pcapng"))):
        for part in from_capture(path):
            yield bytes([PLATO]) + event(OPEN) + part
            yield bytes([UNKNOWN]) + part
    for stream in streams():
        whole = b"".join(data for side, data in stream if side == CLIENT)
        each = b"".join(segment(data, side) for side, data in stream)
        for way in (PLATO, UNKNOWN | MSGCMD_HEURISTIC, AS_TLS, AS_WEBSOCKET, PLATO | NO_DESEGMENT,
                    PLATO | NO_CRC | NO_ANALYSIS, PLATO | FORCE_MSGCMD, PLATO | SMALL_LIMIT):
            yield bytes([way]) + event(OPEN) + each
            yield bytes([way]) + segment(whole)
            yield bytes([way]) + event(OPEN) + segment(whole, size=7)
        first, rest = whole[:20], whole[20:]
        for happens in (event(LOSE, 9), event(BACK, 20), event(BACK, 5), event(LATE), event(CUT, 3),
                        event(WAIT, 60), event(NEXT) + event(OPEN)):
            yield bytes([PLATO]) + event(OPEN) + segment(first) + happens + segment(rest, size=30)
            yield bytes([PLATO]) + segment(first) + happens + segment(rest)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    os.makedirs(sys.argv[1], exist_ok=True)
    for seed in inputs():
        name = hashlib.sha1(seed).hexdigest()
        with open(os.path.join(sys.argv[1], name), "wb") as out:
            out.write(seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
