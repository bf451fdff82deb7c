# SPDX-License-Identifier: GPL-2.0-or-later
"""What the protocol promises about delivery, seen from raw connections."""
import unittest

import plato
from plato import frame, numbers, push_ack, up


def pushes(peer, n):
    """The next n frames, which must be PUSHes, as (session_id, msg_id, body)."""
    out = []
    for _ in range(n):
        got = peer.receive()
        assert got is not None and got.msg_type == plato.PUSH, got
        out.append((got.session_id, got.msg_id, got.body))
    return out


def nothing_came(peer):
    """True if the answer to a HEARTBEAT is the next thing that comes."""
    peer.send(frame(plato.HEARTBEAT))
    got = peer.receive()
    return got.msg_type == plato.ACK and got.type == plato.HEARTBEAT


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

    def test_push_to_every_other_member(self):
        ann, bob, cid, dan = (self.peer(i) for i in (1, 2, 3, 4))
        outsider = self.peer(5, [43])
        ann.send(up(1, 42, b"to all"))
        ack = ann.receive()
        self.assertEqual((ack.type, ack.client_id, ack.session_id, ack.msg_id),
                         (plato.UP, 1, 42, 1))
        for peer in (bob, cid, dan):
            self.assertEqual(pushes(peer, 1), [(42, 1, b"to all")])
        for peer in (ann, bob, cid, dan, outsider):
            self.assertTrue(nothing_came(peer))

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

    def test_one_byte_writes(self):
        ann, bob = self.peer(1), self.peer(2)
        data = up(1, 42, b"first") + up(2, 42, b"second")
        for i in range(len(data)):
            ann.send(data[i:i + 1])
        self.assertEqual(pushes(bob, 2), [(42, 1, b"first"), (42, 2, b"second")])

    def test_repeat_gets_the_first_msg_id(self):
        ann, bob = self.peer(1), self.peer(2)
        ann.send(up(1, 42, b"one") + up(2, 42, b"two") + up(1, 42, b"one") + up(2, 42, b"two"))
        self.assertEqual([(a.client_id, a.msg_id) for a in (ann.receive() for _ in range(4))],
                         [(1, 1), (2, 2), (1, 1), (2, 2)])
        self.assertEqual(pushes(bob, 2), [(42, 1, b"one"), (42, 2, b"two")])
        self.assertTrue(nothing_came(bob))

    def test_out_of_order_names_the_next(self):
        ann = self.peer(1)
        ann.send(up(1, 42) + up(3, 42) + up(2, 42) + up(3, 42))
        answers = [ann.receive() for _ in range(4)]
        self.assertEqual([(a.code, a.client_id) for a in answers],
                         [(0, 1), (plato.OUT_OF_ORDER, 2), (0, 2), (0, 3)])

    def test_client_ids_count_per_session(self):
        ann = self.peer(1, [42, 43])
        ann.send(up(1, 42) + up(1, 43) + up(2, 43))
        answers = [ann.receive() for _ in range(3)]
        self.assertEqual([(a.session_id, a.msg_id) for a in answers], [(42, 1), (43, 1), (43, 2)])

    def test_reconn_carries_on(self):
        ann, bob = self.peer(1), self.peer(2)
        ann.send(up(1, 42, b"one"))
        ann.receive()
        pushes(bob, 1)
        bob.send(push_ack(42, 1))
        self.assertTrue(nothing_came(bob))
        bob.socket.close()
        ann.send(up(2, 42, b"two") + up(3, 42, b"three"))
        ann.receive(), ann.receive()
        again = self.peer()
        again.send(frame(plato.RECONN, numbers(bob.conn_id)))
        ack = again.receive()
        self.assertEqual((ack.code, ack.type), (plato.OK, plato.RECONN))
        self.assertNotIn(ack.conn_id, (0, bob.conn_id))
        self.assertEqual(pushes(again, 2), [(42, 2, b"two"), (42, 3, b"three")])
        self.assertTrue(nothing_came(again))

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

    def test_reconn_twice_with_the_same_id(self):
        """The answer to the first RECONN may be what was lost."""
        ann = self.peer(1)
        for _ in range(2):
            again = self.peer()
            again.send(frame(plato.RECONN, numbers(ann.conn_id)))
            self.assertEqual(again.receive().code, plato.OK)

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

    def test_login_takes_over(self):
        """A device has one connection: the newer one."""
        old = self.peer(1)
        new = self.peer(1)
        self.assertIsNone(old.receive())
        bob = self.peer(2)
        bob.send(up(1, 42, b"hi"))
        self.assertEqual(pushes(new, 1), [(42, 1, b"hi")])

    def test_sync(self):
        ann, bob = self.peer(1), self.peer(2)
        ann.send(up(1, 42, b"1") + up(2, 42, b"2"))
        ann.receive(), ann.receive()
        pushes(bob, 2)
        bob.send(up(1, 42, b"own"))
        bob.receive()
        ann.send(up(3, 42, b"4"))
        pushes(bob, 1)
        bob.send(frame(plato.SYNC, numbers(42, 2, 100)))
        self.assertEqual(pushes(bob, 2), [(42, 2, b"2"), (42, 4, b"4")])
        ack = bob.receive()
        self.assertEqual((ack.code, ack.type, ack.session_id, ack.msg_id), (0, plato.SYNC, 42, 4))

    def test_end_of_input_flushes_answers(self):
        ann = self.peer()
        ann.send(plato.login(1, [42]) + up(1, 42))
        ann.socket.shutdown(1)
        self.assertEqual([ann.receive().type for _ in range(2)], [plato.LOGIN, plato.UP])
        self.assertIsNone(ann.receive())


if __name__ == "__main__":
    unittest.main()
