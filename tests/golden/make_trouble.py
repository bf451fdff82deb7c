#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes captures/trouble.pcapng: one of each thing that can go wrong, on command.

No real exchange shows all of this; every packet is written here, with its time.
"""
import os
import subprocess
import tempfile

import pcap
import plato_bytes as plato
import wireshark
from plato_bytes import data, frame, number
from scene import Scene, ack, push, up


def refused(code, text, client_id):
    return frame(plato.ACK, number(1, code) + data(2, text) + number(3, plato.UP) +
                 number(5, client_id) + number(6, 42))


def damaged(bytes_):
    changed = bytearray(bytes_)
    changed[-3] ^= 0x20
    return bytes(changed)


def write(s):
    s.open("ann", 1001, 71)
    s.open("bob", 1002, 72)

    # a message, acknowledged after 30 ms and delivered
    s.up("ann", up(1, "first", conn_id=71))
    s.capture.pause(0.03)
    s.down("ann", ack(plato.UP, client_id=1, session_id=42, msg_id=1))
    s.down("bob", push(1, "first"))
    s.up("bob", ack(plato.PUSH, session_id=42, msg_id=1))

    # sent again although it was acknowledged, and once more with other words
    s.up("ann", up(1, "first", conn_id=71))
    s.up("ann", up(1, "changed", conn_id=71))

    # client_id 2 is skipped; 3 is refused; then 2 comes and is acknowledged slowly
    s.up("ann", up(3, "third", conn_id=71))
    s.down("ann", ack(plato.UP, code=10, client_id=2, session_id=42))
    s.up("ann", up(2, "second", conn_id=71))
    s.capture.pause(1.7)
    s.down("ann", ack(plato.UP, client_id=2, session_id=42, msg_id=2))
    s.down("bob", push(2, "second"))

    # too many at once
    s.up("ann", up(3, "third", conn_id=71))
    s.down("ann", refused(11, "at most 5 messages a second", 3))

    # a frame that was damaged on its way, in front of a good one
    s.down("bob", damaged(push(3, "damaged")) + push(4, "unharmed"))

    # the capture missed a segment with message 5; message 7 was skipped by the sender
    s.flows["bob"].server(push(5, "not captured"), record=False)
    s.down("bob", push(6, "behind the hole"))
    s.down("bob", push(8, "eight"))
    s.down("bob", push(7, "seven, late"))

    # a heartbeat that comes late, and a new connection that goes on where the old one broke off
    s.capture.pause(50)
    s.up("ann", frame(plato.HEARTBEAT))
    s.down("ann", ack(plato.HEARTBEAT))
    s.flows["ann again"] = pcap.Flow(s.capture, client_port=31000)
    s.up("ann again", frame(plato.RECONN, number(1, 71)))
    s.down("ann again", ack(plato.RECONN, conn_id=73))

    # never acknowledged
    s.up("ann again", up(4, "is anybody there?", conn_id=73))


def main():
    scene = Scene()
    write(scene)
    with tempfile.NamedTemporaryFile(suffix=".pcap") as plain:
        scene.capture.write(plain.name)
        out = os.path.join(wireshark.ROOT, "captures", "trouble.pcapng")
        subprocess.run(["editcap", "-F", "pcapng", plain.name, out], check=True)
    print(out)


if __name__ == "__main__":
    main()
