# SPDX-License-Identifier: GPL-2.0-or-later
"""What the protocol promises about delivery, seen from raw connections.

What fits into a row of tests/wire/table.txt stands there.
"""
import unittest

import plato
from plato import frame, numbers, up


def pushes(peer, n):
    """The next n frames, which must be PUSHes, as (session_id, msg_id, body)."""
    out = []
    for _ in range(n):
        got = peer.receive()
        assert got is not None and got.msg_type == plato.PUSH, got
        out.append((got.session_id, got.msg_id, got.body))
    return out


class Delivery(unittest.TestCase):
    def setUp(self):
        server = plato.Server("--log-level", "error")
        self.port = server.__enter__().port
        self.addCleanup(server.__exit__, None)

    def peer(self, device=None, sessions=(42,)):
        peer = plato.Peer(self.port)
        self.addCleanup(peer.socket.close)
        if device:
            peer.conn_id = peer.log_in(device, sessions)
        return peer

    def test_body_is_opaque(self):
        ann, bob = self.peer(1), self.peer(2)
        bodies = [b"", b"\xff" * 9, bytes(range(256)) * 300, b"\x0b" * 70000]
        for i, body in enumerate(bodies, 1):
            ann.send(up(i, 42, body))
        self.assertEqual([b for _, _, b in pushes(bob, len(bodies))], bodies)

    def test_largest_body(self):
        ann, bob = self.peer(1), self.peer(2)
        body = b"x" * 16777216
        ann.send(up(1, 42, body))
        self.assertEqual(pushes(bob, 1), [(42, 1, body)])
        self.assertEqual(ann.receive().msg_id, 1)

    def test_reconn_does_not_deliver_twice(self):
        """The ACK was lost with the connection: the UP is sent again and is the same message."""
        ann, bob = self.peer(1), self.peer(2)
        ann.send(up(1, 42, b"one"))
        pushes(bob, 1)
        ann.socket.close()
        again = self.peer()
        again.send(frame(plato.RECONN, numbers(ann.conn_id)) + up(1, 42, b"one") + up(2, 42, b"two"))
        self.assertEqual([again.receive().msg_id for _ in range(3)], [0, 1, 2])
        self.assertEqual(pushes(bob, 1), [(42, 2, b"two")])

    def test_login_goes_on_counting(self):
        """A client that has lost its conn_id logs in and sends again what was not acknowledged."""
        ann, bob = self.peer(1), self.peer(2)
        ann.send(up(1, 42, b"one") + up(2, 42, b"two"))
        pushes(bob, 2)
        ann.socket.close()
        again = self.peer(1)
        again.send(up(2, 42, b"two") + up(3, 42, b"three"))
        self.assertEqual([again.receive().msg_id for _ in range(2)], [2, 3])
        self.assertEqual(pushes(bob, 1), [(42, 3, b"three")])


if __name__ == "__main__":
    unittest.main()
