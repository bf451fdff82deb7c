#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a capture of a busy chat, for measuring.

    make_capture.py MESSAGES FILE

Twenty devices in ten sessions of two; each UP is acknowledged, pushed to the other, and that
acknowledged: four messages, a packet each.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))

import pcap
import plato_bytes as plato
from plato_bytes import frame, number

DEVICES = 20


def ack(kind, **ids):
    numbers = {"conn": 4, "client": 5, "session": 6, "msg": 7}
    head = number(3, kind) if kind else b""
    return frame(plato.ACK, head + b"".join(number(numbers[k], v) for k, v in ids.items()))


def main():
    messages, path = int(sys.argv[1]), sys.argv[2]
    capture = pcap.Capture()
    flows = [pcap.Flow(capture, client_port=30000 + i) for i in range(DEVICES)]
    for i, flow in enumerate(flows):
        flow.client(plato.login(1000 + i))
        flow.server(ack(plato.LOGIN, conn=1 + i))
    client_ids = [0] * DEVICES
    msg_ids = [0] * DEVICES
    for i in range(messages // 4):
        sender = i % DEVICES
        session, receiver = 1 + sender // 2, sender ^ 1
        client_ids[sender] += 1
        msg_ids[session] += 1
        body = plato.chat("message %d of this long conversation" % i)
        flows[sender].client(plato.up(client_ids[sender], session, 1 + sender, body))
        flows[sender].server(ack(plato.UP, client=client_ids[sender], session=session,
                                 msg=msg_ids[session]))
        flows[receiver].server(frame(plato.PUSH, number(1, msg_ids[session]) + number(2, session),
                                     body))
        flows[receiver].client(ack(plato.PUSH, session=session, msg=msg_ids[session]))
    capture.write(path)


main()
