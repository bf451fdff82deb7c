# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs table.txt against the server: each row at once, and again byte by byte."""
import concurrent.futures
import itertools
import os
import re
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "e2e"))
import plato  # noqa: E402  (found by the line above)
import table  # noqa: E402

PROBE = plato.frame(0x63)
SHORT = ("--first-frame-timeout", "1", "--frame-timeout", "1", "--idle-timeout", "2",
         "--state-ttl", "1")
fresh_ids = itertools.count(1000)


class Failure(AssertionError):
    pass


class Run:
    """One row on one server: its connections, and the ids that have a name."""

    def __init__(self, port, row, bytewise):
        self.port, self.row, self.bytewise = port, row, bytewise
        self.values = {name: next(fresh_ids) for name in "DEFST"}
        self.peers, self.closed = {}, set()

    def peer(self, name):
        if name not in self.peers:
            self.peers[name] = plato.Peer(self.port)
        return self.peers[name]

    def repeat(self, text):
        """What follows `each M N`, once for each number; or the text itself."""
        found = re.fullmatch(r"each (\d+) (\d+) (.*)", text)
        if not found:
            return [text]
        return [found[3].replace("{i}", plato.varint(i).hex())
                for i in range(int(found[1]), int(found[2]) + 1)]

    def send(self, name, text):
        data = b"".join(table.encode(part, self.values) for part in self.repeat(text))
        pieces = [data[i:i + 1] for i in range(len(data))] if self.bytewise else [data]
        peer = self.peer(name)
        for piece in pieces:
            try:
                peer.send(piece)
            except (BrokenPipeError, ConnectionResetError):
                return  # refused before it was complete: the answer is what counts

    def receive(self, name, text):
        for msg_type, head, body in table.frames(" ".join(self.repeat(text))):
            got = self.peer(name).receive()
            if got is None:
                raise Failure("the server has closed instead")
            self.match(got.msg_type, msg_type, "type")
            self.match_bytes(got.head, head)
            self.match_bytes(got.body, body)

    def match(self, got, wanted, what):
        if got != wanted:
            raise Failure(f"{what} {got}, not {wanted}")

    def match_bytes(self, got, text):
        pattern = table.pattern(text, self.values)
        if pattern is None and got == table.encode(text, self.values):
            return
        found = pattern.fullmatch(got) if pattern else None
        groups = found.groupdict() if found else {}
        if not found or not table.is_text(groups.pop("text", b"\0")):
            raise Failure(f"got {got[:300].hex(' ')}, not {text.strip()}")
        for name, data in groups.items():
            self.values[name] = table.read_varint(data)
            if name[0] in "abc" and self.values[name] == 0:
                raise Failure("a conn_id of 0")

    def expect_closed(self, name):
        self.closed.add(name)
        got = self.peer(name).receive()
        if got is not None:
            raise Failure(f"not closed, but {str(got)[:300]}")

    def step(self, line):
        found = re.fullmatch(r"([a-z]\d?)([<>]) (.*)", line)
        name, _, verb = line.partition(" ")
        if found:
            (self.send if found[2] == ">" else self.receive)(found[1], found[3])
        elif name == "wait":
            time.sleep(int(verb) / 1000)
        elif verb == "closed":
            self.expect_closed(name)
        elif verb == "end":
            self.peer(name).socket.shutdown(1)
        elif verb == "drop":
            self.closed.add(name)
            self.peer(name).socket.close()
        else:
            raise Failure("there is no such step")

    def finish(self):
        """What is still open answers, and has heard nothing else."""
        for name, peer in self.peers.items():
            if name in self.closed:
                continue
            peer.send(PROBE)
            got = peer.receive()
            if got is None or got.msg_type != plato.ACK or got.type != 0x63:
                raise Failure(f"at its end, {name} hears {str(got)[:300]}")

    def run(self):
        number = 0
        try:
            for number, line in self.row.steps:
                self.step(line)
            self.finish()
            return None
        except (Failure, OSError, ValueError, KeyError) as error:
            return f"{self.row.name} (table.txt, line {number}): {error}"
        finally:
            for peer in self.peers.values():
                peer.socket.close()


class Wire(unittest.TestCase):
    rows = table.read_table()

    def check(self, rows, bytewise, *options, workers=1):
        with plato.Server("--log-level", "error", *options) as server:
            with concurrent.futures.ThreadPoolExecutor(workers) as pool:
                found = list(pool.map(lambda row: Run(server.port, row, bytewise).run(), rows))
        self.assertFalse([f for f in found if f])

    def test_at_once(self):
        self.check([r for r in self.rows if not r.short], False)

    def test_byte_by_byte(self):
        self.check([r for r in self.rows if not r.short and not r.at_once_only], True)

    def test_timeouts(self):
        rows = [r for r in self.rows if r.short]
        self.check(rows, False, *SHORT, workers=len(rows))


class Damage(unittest.TestCase):
    def test_every_bit_of_a_frame(self):
        """One flipped bit anywhere in a frame: never accepted."""
        good = plato.up(1, 42, b"some body")
        with plato.Server("--log-level", "error") as server:
            for bit in range(len(good) * 8):
                damaged = bytearray(good)
                damaged[bit // 8] ^= 1 << bit % 8
                with self.subTest(bit=bit), plato.Peer(server.port) as peer:
                    peer.log_in(77, [42])
                    peer.send(bytes(damaged))
                    peer.socket.shutdown(1)  # a longer length waits for more: this is all
                    answer = peer.receive()
                    self.assertTrue(answer is None or answer.code != plato.OK, answer)


class Rules(unittest.TestCase):
    def test_every_rule_has_a_row(self):
        rules, used = table.read_rules(), {i for r in table.read_table() for i in r.rules}
        self.assertEqual(set(rules) - used, set(), "rules without a row")
        self.assertEqual(used - set(rules), set(), "rows of rules that are not listed")

    def test_every_row_is_named_once_and_has_a_rule(self):
        rows = table.read_table()
        names = [r.name for r in rows]
        self.assertEqual(sorted(set(names)), sorted(names))
        self.assertEqual([r.name for r in rows if not r.rules], [])

    def test_every_section_is_there(self):
        docs = os.path.join(HERE, os.pardir, os.pardir, "docs")
        with open(os.path.join(docs, "protocol.md"), encoding="utf-8") as file:
            sections = set(re.findall(r"^#+ (.+)$", file.read(), re.MULTILINE))
        self.assertEqual(set(table.read_rules().values()) - sections, {"server.md"})


if __name__ == "__main__":
    unittest.main()
