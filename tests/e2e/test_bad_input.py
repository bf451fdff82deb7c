# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes in, ACK code out, connection closed or not: one row per rule of the protocol."""
import unittest

import plato
from plato import frame, login, numbers, up

LOGIN_1 = login(1, [42])
BEAT = frame(plato.HEARTBEAT)  # between a LOGIN and what has type 0 too, to tell them apart
TOO_LARGE_HEADER = bytes.fromhex("0104" "01000001" "00000000" "00000000")
LONG_HEAD_HEADER = bytes.fromhex("0104" "00000000" "00010001" "00000000")
BAD_CRC_UP = up(1, 42)[:-1] + b"?"

# name, bytes sent, codes of the ACKs that come, connection closed, type of the last ACK
ROWS = [
    # Each example of the specification, as hex.
    ("spec heartbeat", bytes.fromhex("0101000000000000" "00001b33170b"),
     [plato.NOT_LOGGED_IN], False, plato.HEARTBEAT),
    ("spec login", bytes.fromhex("01000000000000000003df9cbc5708e907"), [plato.OK], False,
     plato.LOGIN),
    ("spec up", bytes.fromhex("01040000000200000006155ed83d08011007182a6869"),
     [plato.NOT_LOGGED_IN], False, plato.UP),
    # What is no frame.
    ("version 0", frame(plato.LOGIN, numbers(1), version=0), [plato.UNSUPPORTED_VERSION], True,
     plato.LOGIN),
    ("version 2", frame(plato.HEARTBEAT, version=2), [plato.UNSUPPORTED_VERSION], True,
     plato.HEARTBEAT),
    ("version 2, header only", bytes.fromhex("0201" "00000064" "00000000" "00000000"),
     [plato.UNSUPPORTED_VERSION], True, plato.HEARTBEAT),
    ("bad CRC", LOGIN_1 + BAD_CRC_UP, [plato.OK, plato.BAD_CRC], True, plato.UP),
    ("body one over the limit", LOGIN_1 + BEAT + TOO_LARGE_HEADER,
     [plato.OK, plato.OK, plato.TOO_LARGE], True, 0),
    ("variable header one over the limit", LOGIN_1 + BEAT + LONG_HEAD_HEADER,
     [plato.OK, plato.OK, plato.TOO_LARGE], True, 0),
    ("both lengths at their most", BEAT + bytes.fromhex("0104" + "ff" * 12),
     [plato.NOT_LOGGED_IN, plato.TOO_LARGE], True, 0),
    ("large before the login", bytes.fromhex("0104" "00020000" "00000000" "00000000"),
     [plato.TOO_LARGE], True, plato.UP),
    ("HTTP", BEAT + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
     [plato.NOT_LOGGED_IN, plato.TOO_LARGE], True, 0),
    # Frames that are no good messages.
    ("head is no protobuf", LOGIN_1 + frame(plato.UP, b"\xff"), [plato.OK, plato.MALFORMED], True,
     plato.UP),
    ("head with a group", LOGIN_1 + frame(plato.UP, b"\x0b"), [plato.OK, plato.MALFORMED], True,
     plato.UP),
    ("unknown fields are no error", frame(plato.LOGIN, numbers(1) + b"\x78\x05\x82\x01\x01x"),
     [plato.OK], False, plato.LOGIN),
    ("login without device_id", frame(plato.LOGIN), [plato.MALFORMED], True, plato.LOGIN),
    ("login with session 0", login(1, [0]), [plato.MALFORMED], True, plato.LOGIN),
    ("login body is no protobuf", frame(plato.LOGIN, numbers(1), b"\x1a\x05\x01"),
     [plato.MALFORMED], True, plato.LOGIN),
    ("login with packed sessions", frame(plato.LOGIN, numbers(1), b"\x1a\x02\x2a\x2b") + up(1, 43),
     [plato.OK, plato.OK], False, plato.UP),
    ("login with too many sessions", login(1, range(1, 258)), [plato.OVERLOADED], False,
     plato.LOGIN),
    ("two logins", LOGIN_1 + LOGIN_1, [plato.OK, plato.MALFORMED], True, plato.LOGIN),
    ("unknown type", frame(7), [plato.UNKNOWN_TYPE], False, 7),
    ("unknown type with head and body", LOGIN_1 + frame(255, b"\xff\xff", b"?") + up(1, 42),
     [plato.OK, plato.UNKNOWN_TYPE, plato.OK], False, plato.UP),
    ("PUSH from a client", LOGIN_1 + frame(plato.PUSH, numbers(1, 42)),
     [plato.OK, plato.MALFORMED], True, plato.PUSH),
    # Good messages at a wrong time or place.
    ("up before the login", up(1, 42), [plato.NOT_LOGGED_IN], False, plato.UP),
    ("sync before the login", frame(plato.SYNC, numbers(42, 1, 2)), [plato.NOT_LOGGED_IN], False,
     plato.SYNC),
    ("ack before the login is not answered", plato.push_ack(42, 1) + frame(7),
     [plato.UNKNOWN_TYPE], False, 7),
    ("reconn of an unknown connection", frame(plato.RECONN, numbers(999)), [plato.UNKNOWN_CONN],
     False, plato.RECONN),
    ("reconn after the login", LOGIN_1 + frame(plato.RECONN, numbers(1)),
     [plato.OK, plato.MALFORMED], True, plato.RECONN),
    ("up to another session", LOGIN_1 + up(1, 43), [plato.OK, plato.UNKNOWN_SESSION], False,
     plato.UP),
    ("up with another conn_id", LOGIN_1 + up(1, 42, conn_id=999), [plato.OK, plato.UNKNOWN_CONN],
     False, plato.UP),
    ("up without client_id", LOGIN_1 + up(0, 42), [plato.OK, plato.MALFORMED], True, plato.UP),
    ("up too far ahead", LOGIN_1 + up(10 ** 6, 42), [plato.OK, plato.OUT_OF_ORDER], False, plato.UP),
    ("sync from 0 is sync from 1", login(1, [44]) + frame(plato.SYNC, numbers(44, 0, 1)),
     [plato.OK, plato.OK], False, plato.SYNC),
    ("sync of another session", LOGIN_1 + frame(plato.SYNC, numbers(43, 1, 2)),
     [plato.OK, plato.UNKNOWN_SESSION], False, plato.SYNC),
    ("ack of an unknown session is not answered", LOGIN_1 + plato.push_ack(43, 9) + frame(7),
     [plato.OK, plato.UNKNOWN_TYPE], False, 7),
]


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = plato.Server("--log-level", "error").__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def check(self, data, codes, closed, last_type, pieces):
        with plato.Peer(self.server.port) as peer:
            for piece in pieces(data):
                try:
                    peer.send(piece)
                except (BrokenPipeError, ConnectionResetError):
                    break  # refused before it was complete
            answers = [peer.receive() for _ in codes]
            self.assertEqual([a and a.code for a in answers], codes, answers)
            self.assertEqual(answers[-1].type, last_type)
            if closed:
                self.assertIsNone(peer.receive())
            else:  # still there: it answers an unknown type
                peer.send(frame(99))
                self.assertEqual(peer.receive().type, 99)

    def test_at_once(self):
        for name, *row in ROWS:
            with self.subTest(name):
                self.check(*row, pieces=lambda data: [data])

    def test_byte_by_byte(self):
        for name, *row in ROWS:
            with self.subTest(name):
                self.check(*row, pieces=lambda data: [data[i:i + 1] for i in range(len(data))])

    def test_every_bit_of_a_frame(self):
        """One flipped bit anywhere in a frame: never accepted."""
        good = up(1, 42, b"some body")
        for bit in range(len(good) * 8):
            damaged = bytearray(good)
            damaged[bit // 8] ^= 1 << bit % 8
            with self.subTest(bit=bit), plato.Peer(self.server.port) as peer:
                peer.log_in(77, [42])
                peer.send(bytes(damaged))
                peer.socket.shutdown(1)  # a longer length waits for more: this is all
                answer = peer.receive()
                self.assertTrue(answer is None or answer.code != plato.OK, answer)


if __name__ == "__main__":
    unittest.main()
