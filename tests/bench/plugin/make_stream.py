#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_stream.py MESSAGES PER_SEGMENT FILE: a capture of a busy chat, for measuring.

Fifty devices in pairs. The messages go round as UP, its ACK, the PUSH to the other device, and that
one's ACK; PER_SEGMENT of the same kind share a TCP segment. Nothing is lost, repeated or wrong.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "golden"))

import plato_bytes as plato  # noqa: E402
from plato_bytes import frame, number  # noqa: E402

DEVICES = 50
TEXT = "a message of the usual length"


class Connection:
    """One side's next sequence numbers, and the headers that do not change."""

    def __init__(self, index):
        self.address = struct.pack(">I", 0x0A000100 + index)
        self.server = b"\x0a\0\0\1"
        self.port = 30000 + index
        self.seq = [1000, 5000]  # of the device and of the server


class Writer:
    def __init__(self, out):
        self.out = out
        self.micros = 0
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def segment(self, connection, from_server, payload, flags=24):
        """Checksums are 0: Wireshark looks at neither by default."""
        source, destination = connection.address, connection.server
        ports = (connection.port, 8900)
        if from_server:
            source, destination, ports = destination, source, ports[::-1]
        headers = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + struct.pack(
            ">HHIHH4s4sHHIIHHI", 0x4500, 40 + len(payload), 0, 0x4006, 0, source, destination,
            *ports, connection.seq[from_server], connection.seq[not from_server], 0x5000 | flags,
            65535, 0)
        connection.seq[from_server] += len(payload) + (flags >> 1 & 1)
        self.micros += 100
        self.out.write(struct.pack("<IIII", 1700000000 + self.micros // 1000000,
                                   self.micros % 1000000, len(headers) + len(payload),
                                   len(headers) + len(payload)))
        self.out.write(headers)
        self.out.write(payload)


def write(messages, per_segment, out):
    writer = Writer(out)
    connections = [Connection(index) for index in range(DEVICES)]
    for index, connection in enumerate(connections):
        writer.segment(connection, False, b"", 2)
        writer.segment(connection, True, b"", 18)
        writer.segment(connection, False, b"", 16)
        writer.segment(connection, False, plato.login(1000 + index))
        writer.segment(connection, True, frame(plato.ACK, number(4, 1 + index)))
    client_id = [0] * DEVICES
    msg_id = [0] * DEVICES
    bodies = [plato.chat(TEXT, 1000 + index) for index in range(DEVICES)]
    turn = written = 0
    while written < messages:
        sender = turn % DEVICES
        receiver = sender ^ 1
        session = 1 + sender // 2
        turn += 1
        ups = acks = pushes = answers = b""
        for _ in range(per_segment):
            client_id[sender] += 1
            msg_id[session] += 1
            ups += plato.up(client_id[sender], session, 1 + sender, bodies[sender])
            acks += frame(plato.ACK, number(3, plato.UP) + number(4, 1 + sender) +
                          number(5, client_id[sender]) + number(6, session) +
                          number(7, msg_id[session]))
            pushes += frame(plato.PUSH, number(1, msg_id[session]) + number(2, session),
                            bodies[sender])
            answers += frame(plato.ACK, number(3, plato.PUSH) + number(4, 1 + receiver) +
                             number(6, session) + number(7, msg_id[session]))
        writer.segment(connections[sender], False, ups)
        writer.segment(connections[sender], True, acks)
        writer.segment(connections[receiver], True, pushes)
        writer.segment(connections[receiver], False, answers)
        written += 4 * per_segment
    return written + 2 * DEVICES


def main():
    if len(sys.argv) != 4:
        print(__doc__)
        return 0 if "--help" in sys.argv else 2
    with open(sys.argv[3], "wb") as out:
        write(int(sys.argv[1]), int(sys.argv[2]), out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
