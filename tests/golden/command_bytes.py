# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages of the latency and command protocols as bytes, written from docs/commands.md."""
import struct

LATENCY, TEXTCMD, BINCMD = 8904, 8905, 8906
MAGIC, OTHER_MAGIC = b"\x5c\x28\x5c\x29", b"$$$$"
ECHO, TIME, VERSION, STATS, PING, ERROR = 0, 1, 2, 3, 4, 0xFFFF


def value(milliseconds):
    return struct.pack(">I", milliseconds)


def command(kind, params=b"", magic=MAGIC, length=None):
    return magic + struct.pack(">HH", len(params) if length is None else length, kind) + params


def error(code, reason=b""):
    return command(ERROR, struct.pack(">H", code) + reason)
