#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of tests/fuzz/corpus: real frames, and the same with one thing wrong.

Run without arguments; existing files of the same names are written again, others stay.
The first bytes of each file are the choices that its target takes (fuzz_input.h).
"""
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def frame(kind, head=b"", body=b"", version=1, crc=None):
    start = struct.pack(">BBII", version, kind, len(body), len(head))
    if crc is None:
        crc = zlib.crc32(start + head + body)
    return start + struct.pack(">I", crc) + head + body


def msgcmd(kind, payload):
    inner = (number(1, kind) if kind else b"") + (data(2, payload) if payload else b"")
    return struct.pack(">I", len(inner)) + inner


CHAT = number(1, 1001) + b"\x11" + struct.pack("<Q", 1700000000000000) + data(4, b"hello")
ACK = number(1, 4) + data(2, b"wrong CRC") + number(3, 4) + number(4, 7) + number(7, 99)

HEADER_STREAMS = {
    "login": frame(0, number(1, 1001), data(1, b"token") + data(3, b"\x01\x02\x03")),
    "heartbeat": frame(1),
    "reconn": frame(2, number(1, 7)),
    "ack": frame(3, ACK),
    "up": frame(4, number(1, 1) + number(2, 7) + number(3, 42), CHAT),
    "push": frame(5, number(1, 99) + number(2, 42), CHAT),
    "sync": frame(6, number(1, 42) + number(2, 1) + number(3, 9)),
    "three_merged": frame(1) + frame(4, number(1, 1), CHAT) + frame(1),
    "wrong_crc": frame(1) + frame(4, number(1, 1), CHAT, crc=1) + frame(1),
    "unknown_type": frame(99, b"abc", b"def") + frame(1),
    "unknown_version": frame(1, version=9) + frame(1),
    "unknown_field": frame(4, number(1, 1) + number(10, 5), CHAT),
    "body_over_limit": struct.pack(">BBIII", 1, 4, 0x01000001, 0, 0),
    "head_over_limit": struct.pack(">BBIII", 1, 4, 0, 0x00010001, 0),
    "largest_lengths": struct.pack(">BBIII", 1, 4, 0xFFFFFFFF, 0xFFFFFFFF, 0),
    "cut": frame(4, number(1, 1), CHAT)[:-3],
    "body_of_600": frame(4, number(1, 1), bytes(range(200)) * 3),
}

MSGCMD_STREAMS = {
    "msgcmd_login": msgcmd(0, data(1, number(1, 123))),
    "msgcmd_heartbeat": msgcmd(1, data(1, b"")),
    "msgcmd_up": msgcmd(4, data(1, number(1, 5) + data(3, b"room")) + data(2, b"{}")),
    "msgcmd_push": msgcmd(5, number(1, 5) + data(3, b"{}")) * 2,
    "msgcmd_empty": struct.pack(">I", 0),
    "msgcmd_bad_wire": struct.pack(">I", 3) + b"\x08\x01\x0b",
}

GARBAGE = b"\x01\x04\x00\x01\xff\x01\x01"

WIRE = {
    "empty": b"",
    "ack": ACK,
    "chat": CHAT,
    "every_type": number(1, 300) + b"\x15\x01\x02\x03\x04" + b"\x19" + bytes(8) + data(4, b"x"),
    "largest_varint": b"\x08" + b"\xff" * 9 + b"\x01",
    "varint_over_64_bits": b"\x08" + b"\xff" * 9 + b"\x02",
    "group": b"\x0b\x0c",
    "field_0": b"\x00\x00",
    "length_too_long": b"\x0a\xff\xff\xff\xff\x0f",
    "long_tag": b"\x88\x80\x80\x80\x80\x00\x01",
    "many_fields": number(1, 1) * 300,
}


TEXTCMD = {
    "echo": b"ECHO/1\r\n",
    "three": b"TIME/\r\nPING/a%20b\r\nSTATS/\r\n",
    "error": b"ERROR/404%20no%20such%20command\r\n",
    "bad_escape": b"ECHO/1\r\nPING/%4\r\n",
    "bare_cr": b"PING/a\rb\r\n",
    "bare_lf": b"PING/a\n",
    "no_slash": b"PING\r\n",
    "empty_type": b"/x\r\n",
    "not_visible": b"PING/a b\xff\r\n",
    "longest_type": b"T" * 32 + b"/\r\n",
    "type_too_long": b"T" * 33 + b"/\r\n",
    "longest_params": b"A/" + b"x" * 2048 + b"\r\n",
    "params_too_long": b"A/" + b"x" * 2049 + b"\r\n",
    "cut": b"PING/a%2",
}


def bincmd(kind, params=b"", magic=b"\\(\\)", length=None):
    return magic + struct.pack(">HH", len(params) if length is None else length, kind) + params


BINCMD = {
    "echo": bincmd(0, b"\0\0\5\x39"),
    "three": bincmd(1) + bincmd(4, b"abc") + bincmd(0xFFFF, b"\1\x94no"),
    "other_magic": bincmd(1, magic=b"$$$$") + bincmd(2),
    "wrong_magic": bincmd(1, magic=b"\\(\\(") + bincmd(2),
    "magic_in_magic": b"\\(\\(" + bincmd(2),
    "too_long": bincmd(1, length=2049) + bincmd(2),
    "largest_length": bincmd(1, length=65535) + bincmd(2),
    "longest": bincmd(4, b"x" * 2048),
    "cut": bincmd(4, b"abc", length=9),
    "five_dollars": b"$" + bincmd(2, magic=b"$$$$"),
}


# Commands to a server: as text, and in binary.
DIALOGUES = {
    "each": (b"ECHO/-1\r\nTIME/\r\nVERSION/\r\nSTATS/\r\nPING/a%20b\r\nNO/\r\n",
             b"".join(bincmd(kind, params) for kind, params in (
                 (0, b"\0\0\5\x39"), (1, b""), (2, b""), (3, b""), (4, b"a b"), (77, b"x")))),
    "wrong_parameters": (b"PING/1\r\nTIME/now\r\nPING/2\r\n",
                         bincmd(4, b"1") + bincmd(1, b"now", b"$$$$") + bincmd(4, b"2")),
    "wrong_format": (b"ECHO/1\r\nPING/%4\r\nECHO/2\r\n",
                     bincmd(4, b"1") + b"junk" + bincmd(4, b"2")),
    "other_magic_before": (b"ECHO/1\r\n\r\n", bincmd(4, b"1") + bincmd(15, magic=b"$$$$") + b"\0"),
    "too_long": (b"ECHO/1\r\nPING/" + b"x" * 2049 + b"\r\n",
                 bincmd(4, b"1") + bincmd(4, length=2049, magic=b"$$$$")),
    "many": (b"".join(b"ECHO/%d\r\n" % i for i in range(200)),
             b"".join(bincmd(4, b"%d" % i) for i in range(200))),
    "long_replies": (b"STATS/\r\n" * 40 + b"PING/" + b"%41" * 600 + b"\r\n",
                     bincmd(3) * 40 + bincmd(4, b"x" * 2048)),
    "cut": (b"ECHO/1\r\nPING/a%2", bincmd(4, b"1") + bincmd(4, b"abc", length=9)),
}

# The target's choices: of the server's settings, how much is read at once, three cuts.
SETTINGS = {"plain": (0, 255, 3, 4, 9, 2), "short": (2, 0, 3, 0, 1, 2), "limited": (4, 20, 3, 1, 8, 0),
            "little_room": (8, 6, 3, 5, 30, 200), "some_room": (16, 99, 0)}


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def segment(direction, flags, seq, ack, length, op=0, how=0x03):
    """One of fuzz_stream.c; `flags`: which of its list; `seq`, `ack`: from where one would expect."""
    return bytes([direction | flags << 2 | op, how, 128 + seq, 128 + ack, length])


def far(direction, flags, seq, ack, time, length, how=0x03):
    return bytes([direction | flags << 2 | 2, how]) + struct.pack(">II", seq, ack) + bytes([time, length])


OPEN = [segment(0, 3, -1, 0, 0), segment(1, 4, -1, 0, 0)]
STREAMS = {
    "in_order": OPEN + [segment(0, 0, 0, 0, 50)] * 4 + [segment(1, 0, 0, 0, 20), segment(0, 5, 0, 0, 0)],
    "reordered": OPEN + [segment(0, 0, 40, 0, 40, how=0), segment(0, 0, -80, 0, 40, how=0),
                         segment(0, 0, 60, 0, 90, how=0), segment(1, 0, 0, 0, 0)],
    "lost": OPEN + [segment(0, 0, 9, 0, 40)] + [segment(1, 0, 0, 0, 0)] * 40 + [segment(0, 0, -50, 0, 20)],
    "snaplen": OPEN + [segment(0, 0, 0, 0, 100, op=32)] * 3,
    "mid_stream": [segment(0, 0, 0, 0, 30), segment(0, 0, -50, 0, 10), segment(0, 3, -60, 0, 0)],
    "nobody_keeps": OPEN + [segment(0, 0, 5, 0, 30, op=64, how=0)] * 5,
    "overlaps": OPEN + [segment(0, 0, 20, 0, 50, how=0), segment(0, 0, -60, 0, 70, how=0x51)] * 3,
    "reuse": OPEN + [segment(0, 0, 0, 0, 30), far(0, 3, 1 << 30, 0, 60, 0), segment(0, 0, 0, 0, 30)],
    "implausible": OPEN + [segment(0, 0, 0, 0, 30), far(0, 0, 1 << 30, 0, 60, 9), far(0, 0, (1 << 30) + 9, 0, 60, 9)],
    "closed": OPEN + [segment(0, 5, 9, 0, 30), segment(1, 6, 0, 0, 0), segment(0, 0, 20, 0, 9), far(1, 0, 0, 0, 255, 0)],
}

# Bits of a segment of fuzz_reader.c.
CUT, OWN_BYTES = 32, 64


def piece(seq=0, direction=0, length=100, flags=0, cut=None, own=None):
    """A segment of fuzz_reader.c, near where one would expect it."""
    op = direction | flags << 2 | (CUT if cut is not None else 0) | (OWN_BYTES if own is not None else 0)
    length = len(own) if own is not None else length
    out = bytes([op, 128 + seq, 128, length])
    return out + (bytes([cut]) if cut is not None else b"") + (own or b"")[:cut]


def distant(seq, ack=0, direction=0, length=0, flags=0, wait=61, end=0):
    return bytes([direction | flags << 2 | 2 | end]) + struct.pack(">II", seq, ack) + bytes([wait, length])


SYNS = piece(length=0, flags=3) + piece(direction=1, length=0, flags=4)
READS = {
    "in_order": SYNS + piece() * 6 + piece(direction=1) * 3 + piece(flags=5, length=0),
    "mid_stream": piece() * 40,
    "reordered": SYNS + piece(100) + piece(-128, length=28) + piece(-100, length=200) + piece(50) * 3,
    "lost": SYNS + piece() * 2 + piece(60) * 2 + piece(direction=1, length=0) * 40 + piece(-128, length=90) + piece(38) * 3,
    "late": SYNS + piece() + piece(99) * 3 + piece(direction=1, length=0) * 40 + distant(0xfffffed4 - 100, length=99),
    "snaplen": SYNS + piece(cut=30) * 12 + piece() + piece(-50, cut=80) * 3,
    "ends": SYNS + piece() + piece(70) + distant(0, end=128) + piece() * 3,
    "restart": SYNS + piece() * 2 + distant(1 << 30, flags=3) + piece() * 3,
    "repeats": SYNS + (piece() + piece(-90) + piece(-10, length=200)) * 3,
    "waits": SYNS + piece(50) + distant(200, wait=255, length=100) * 2 + piece(),
}


def write_reads():
    for name, segments in READS.items():
        for limits, how, choice in ((0, 0, 0), (0, 0, 1), (0, 2, 1), (0, 1, 0), (31, 0, 4), (8, 4, 0), (8, 4, 1),
                                    (8, 24, 0), (1, 16 | 96, 0), (9, 128, 10)):
            write("reader", f"{name}_{limits}_{how}_{choice}", bytes([limits, how, choice]) + segments)
    for name, stream in {**HEADER_STREAMS, **MSGCMD_STREAMS}.items():
        framing = 1 if name in MSGCMD_STREAMS else 0
        own = piece(own=stream[:255])
        head, tail = piece(own=stream[:9]), piece(own=stream[9:200])
        gap = piece(20, own=(GARBAGE + stream)[:255])
        for way, segments in (("whole", own * 2), ("split", head + tail), ("gap", own + gap + piece(direction=1) * 33),
                              ("cut", piece(own=stream[:255], cut=min(len(stream), 20)) + own)):
            write("reader", f"{name}_{way}", bytes([8, 0, framing]) + SYNS + segments)


def main():
    for name, stream in {**HEADER_STREAMS, **MSGCMD_STREAMS}.items():
        framing = 64 if name in MSGCMD_STREAMS else 0
        write("decode_total", name, bytes([framing | 15, 0, 6]) + stream)
        write("decode_total", name + "_streamed", bytes([framing | 16 | 32 | 15, 1, 10]) + stream)
        cuts = bytes([3, 4, 9, 2])
        write("split_equivalence", name, bytes([framing | 15, 0]) + cuts + stream)
        write("split_equivalence", name + "_streamed", bytes([framing | 63, 0]) + cuts + stream)
    for name, stream in HEADER_STREAMS.items():
        write("resync_bounded", name, bytes([0, 255, 255, 255, 255]) + GARBAGE + stream)
    write("resync_bounded", "forged_headers", bytes([0, 4, 0, 1, 0]) + struct.pack(">BBIII", 1, 4, 64, 0, 0) * 9)
    write("resync_bounded", "no_crc", bytes([3, 4, 0, 1, 0]) + GARBAGE + HEADER_STREAMS["up"])
    write("resync_bounded", "all_ones", bytes([0, 4, 0, 1, 0]) + b"\x01" * 200)
    for kind in range(8):
        numbers = b"".join(bytes([n]) + bytes(range(1, n + 1)) for n in (1, 1, 4, 8, 3, 0))
        head = bytes([kind]) + numbers + (b"\x05hello12345" if kind == 3 else b"")
        for framing in (1, 2):
            tail = bytes([1, framing, 1, kind, 0, 4]) + b"HEADbody and more of it"
            write("round_trip", f"type_{kind}_framing_{framing}", head + tail)
    for target, streams in (("textcmd", TEXTCMD), ("bincmd", BINCMD)):
        for name, stream in streams.items():
            # how to decode, then three cuts
            write(target, name, bytes([0, 3, 4, 9, 2]) + stream)
            write(target, name + "_other", bytes([7, 3, 0, 1, 2]) + stream)
    for name, streams in DIALOGUES.items():
        for binary, stream in enumerate(streams):
            for setting, choices in SETTINGS.items():
                write("dialogue", f"{name}_{'binary' if binary else 'text'}_{setting}",
                      bytes([choices[0] | binary, *choices[1:]]) + stream)
    for name, message in WIRE.items():
        write("wire", name, b"\x00" + message)
    for name, segments in STREAMS.items():
        for limits in (0, 7):
            write("stream", f"{name}_{limits}", bytes([limits, 0]) + b"".join(segments))
    write_reads()
    write("wire", "field_limit", b"\x02" + number(1, 1) * 3)


if __name__ == "__main__":
    main()
