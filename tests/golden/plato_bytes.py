# SPDX-License-Identifier: GPL-2.0-or-later
"""Plato frames as bytes, written from the specification and not from the codec under test."""
import struct
import zlib

LOGIN, HEARTBEAT, RECONN, ACK, UP, PUSH, SYNC = range(7)


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    """A varint field; proto3 leaves zeros out, tests that want one write it themselves."""
    return varint(field << 3) + varint(value)


def data(field, value):
    """A length-delimited field: bytes, text or a packed list."""
    if isinstance(value, str):
        value = value.encode()
    return varint(field << 3 | 2) + varint(len(value)) + value


def fixed64(field, value):
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def crc32c(bytes_):
    crc = 0xFFFFFFFF
    for byte in bytes_:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(msg_type, head=b"", body=b"", version=1, coverage="frame", polynomial="ieee", crc=None):
    covered = struct.pack(">BBII", version, msg_type, len(body), len(head))
    if crc is None:
        span = {"frame": covered + head + body, "payload": head + body, "body": body, "none": None}
        compute = zlib.crc32 if polynomial == "ieee" else crc32c
        crc = 0 if span[coverage] is None else compute(span[coverage])
    return covered + struct.pack(">I", crc) + head + body


def msgcmd(msg_type, payload):
    """A message in the length-prefixed framing."""
    inner = (number(1, msg_type) if msg_type else b"") + data(2, payload)
    return struct.pack(">I", len(inner)) + inner


def chat(text, sender=1001, sent_at_us=1700000000123456, content_type=0):
    out = number(1, sender) + fixed64(2, sent_at_us)
    if content_type:
        out += number(3, content_type)
    return out + data(4, text)


def up(client_id=1, session_id=42, conn_id=7, body=b"hi", **more):
    head = number(1, client_id) + number(2, conn_id) + number(3, session_id)
    return frame(UP, head, body, **more)


def login(device_id=1001, body=b"", **more):
    return frame(LOGIN, number(1, device_id), body, **more)
