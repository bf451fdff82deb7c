# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams that look a little like Plato, and streams that look like nothing."""
import base64
import random
import struct

import command_bytes as commands
import plato_bytes as plato
from recorder import Conversation

PAIRS = 40  # of a message and its answer


def both_ways(name, port, make):
    """make(number) -> bytes; each message goes one way and the next one back."""
    return Conversation(name, port, [(number % 2 == 0, make(number)) for number in range(PAIRS)])


def smtp():
    lines = [(False, b"220 mail.example.test ESMTP\r\n"), (True, b"EHLO client.example.test\r\n"),
             (False, b"250-mail.example.test\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n"),
             (True, b"MAIL FROM:<a@example.test>\r\n"), (False, b"250 2.1.0 Ok\r\n"),
             (True, b"RCPT TO:<b@example.test>\r\n"), (False, b"250 2.1.5 Ok\r\n"),
             (True, b"DATA\r\n"), (False, b"354 End data with <CR><LF>.<CR><LF>\r\n"),
             (True, b"Subject: hello\r\n\r\n" + b"A line of a letter.\r\n" * 60 + b".\r\n"),
             (False, b"250 2.0.0 Ok: queued\r\n"), (True, b"QUIT\r\n"), (False, b"221 Bye\r\n")]
    return Conversation("SMTP", 25, lines)


def prefixed(number):
    """A length and a protobuf message, as many private protocols have it."""
    message = plato.number(1, number + 1) + plato.number(2, 1 << 40) + plato.data(3, "text" * 9)
    return struct.pack(">I", len(message)) + message


def little_prefixed(number):
    message = plato.number(1, 1) + plato.data(2, b"\1\1" * (number + 1))
    return struct.pack("<I", len(message)) + message


def like_grpc(number):
    """A flag, a length and a protobuf message."""
    message = plato.data(1, f"name {number}") + plato.number(2, number)
    return struct.pack(">BI", number % 2, len(message)) + message


def own_header(number):
    """Version, type and lengths where Plato has them; the last field is no CRC but a counter."""
    head, body = plato.number(1, number), plato.chat("hello")
    return plato.frame(number % 7, head, body, crc=number)


def other_coverage(number):
    """A CRC, but of a magic number and the body."""
    import zlib
    body = b"payload %d" % number
    return plato.frame(number % 7, b"", body, crc=zlib.crc32(b"magic" + body))


def empty_with_zero(number):
    """14 bytes that a checksum of nothing would suit."""
    return bytes([1, number % 7]) + bytes(12)


def counters(number):
    return struct.pack(">HHIII", 0x0100 | number % 7, 0, number, 0, number * number)


def websocket_message(payload, masked, opcode):
    bit = 0x80 if masked else 0
    mask = b"\x5a\x00\x17\xff" if masked else b""
    if len(payload) < 126:
        head = struct.pack(">BB", 0x80 | opcode, bit | len(payload))
    else:
        head = struct.pack(">BBH", 0x80 | opcode, bit | 126, len(payload))
    if masked:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + mask + payload


def websocket(messages, name="WebSocket", opcode=2):
    steps = [(True, b"GET /socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
              b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              b"Sec-WebSocket-Version: 13\r\n\r\n"),
             (False, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
              b"Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")]
    steps += [(way, websocket_message(data, way, opcode)) for way, data in messages]
    return Conversation(name, 80, steps)


def look_alikes():
    return [both_ways("u32 length and protobuf", 9000, prefixed),
            both_ways("little-endian length and protobuf", 9000, little_prefixed),
            both_ways("flag, length and protobuf", 50051, like_grpc),
            both_ways("fixed header without CRC", 9000, own_header),
            both_ways("fixed header, other CRC", 9000, other_coverage),
            both_ways("fixed header, nothing behind it, zero", 9000, empty_with_zero),
            both_ways("counters", 9000, counters)]


def plain_bytes():
    chance = random.Random(20231114)
    made = [both_ways("random bytes", 9000, lambda _: chance.randbytes(chance.randint(1, 1400)))]
    for byte in (0x00, 0x01, 0xFF):
        made.append(both_ways(f"bytes 0x{byte:02x}", 9000,
                              lambda number, byte=byte: bytes([byte]) * (number * 17 + 1)))
    return made


def lines(name, *said):
    """Lines of text, each a segment, that take turns."""
    return Conversation(name, 9000, [(number % 2 == 0, line) for number, line in enumerate(said)])


def command_look_alikes():
    """Text with slashes and line ends, bytes with something of a magic."""
    chance = random.Random(20261122)
    return [
        lines("paths", b"a/b\r\n", b"usr/share/doc\r\n", b"Etc/GMT\r\n", b"ok/1\r\n"),
        lines("requests", b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nPING/1\r\n"),
        lines("versions", b"SSH-2.0-X/1\r\n", b"SSH-2.0-Y/2\r\n", b"PING/1\r\n"),
        lines("unix lines", b"ECHO/1\n", b"ECHO/1\n", b"TIME/\n", b"TIME/1\n"),
        lines("without escapes", b"ECHO/a b\r\n", b"ECHO/a+b=c\r\n", b"ECHO/a&b\r\n"),
        lines("one letter", b"A/B\r\n", b"C/D\r\n", b"PING/1\r\n"),
        lines("chat", b"NICK someone\r\n", b"PING/1\r\n", b":server 001\r\n", b"PONG/1\r\n"),
        Conversation("base64", 9000, [
            (number % 2 == 0, base64.b64encode(chance.randbytes(57)) + b"\r\n")
            for number in range(400)]),
        lines("dollars", b"M  END\n$$$$\n", b"$$$$\n> <id>\n", b"$$$$$$$$$$$$$$$$\n", b"$$$$"),
        lines("formulas", rb"\(\) is empty", rb"\(\)\(\)\(\)\(\)", rb"\(\frac{1}{2}\)", rb"\(\)"),
    ]


def all_of_them():
    made = [smtp()] + look_alikes() + command_look_alikes() + plain_bytes()
    text = [(i % 2 == 0, b'{"id": %d, "text": "hello"}' % i) for i in range(PAIRS)]
    made.append(websocket(text, opcode=1))
    made += [websocket(c.steps, "WebSocket: " + c.name) for c in look_alikes() + plain_bytes()]
    return made


def command_streams():
    """What must be claimed of the command protocols."""
    return [lines("text commands", b"ECHO/1\r\n", b"ECHO/1\r\n", b"PING/a%20b\r\nTIME/\r\n"),
            lines("binary commands", commands.command(0, b"\0\0\0\1"),
                  commands.command(0, b"\0\0\0\1"), commands.command(4, b"hello" * 200))]


def plato_stream():
    """What must be claimed, or this test could not fail."""
    return Conversation("Plato", 9000, [
        (True, plato.login()), (True, plato.up(client_id=1, body=plato.chat("hello"))),
        (False, plato.frame(plato.ACK, plato.number(3, 4) + plato.number(5, 1)))])
