# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs commands.txt against the server: each row at once, and again byte by byte."""
import concurrent.futures
import contextlib
import os
import re
import socket
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "e2e"))
import edge  # noqa: E402  (found by the line above)
import plato  # noqa: E402
import table  # noqa: E402

SERVERS = {
    "": ("--command-rate", "0"),
    "short": ("--command-rate", "0", "--short-connections"),
    "times": ("--command-rate", "0", "--command-idle-timeout", "2", "--command-timeout", "1"),
    "slow": ("--command-rate", "1", "--command-burst", "3", "--command-patience", "2"),
}
PROBES = {"latency": b"last", "text": b"ECHO/99\r\n", "binary": b"$$$$\0\4\0\0last"}


class Failure(AssertionError):
    pass


class Row:
    def __init__(self, port, name, text):
        self.port, self.name, self.text = port, name, text
        self.server, self.at_once_only, self.steps = "", False, []


def read_rows():
    rows = []
    with open(os.path.join(HERE, "commands.txt"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            found = re.fullmatch(r"row (latency|text|binary) (\S+): (.*)", line)
            if found:
                rows.append(Row(*found.groups()))
            elif line == "only at once":
                rows[-1].at_once_only = True
            elif line.startswith("server "):
                rows[-1].server = line.split()[1]
            else:
                rows[-1].steps.append((number, line))
    return rows


class Run:
    """One row on a connection of its own."""

    def __init__(self, port, row, bytewise):
        self.row, self.bytewise, self.got, self.closed = row, bytewise, b"", False
        self.socket = edge.connect(port)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        for piece in [data[i:i + 1] for i in range(len(data))] if self.bytewise else [data]:
            try:
                self.socket.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return  # refused before it was complete: the answer is what counts

    def fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        self.got += data
        return bool(data)

    def receive(self, wanted):
        while len(self.got) < len(wanted) and self.fill():
            pass
        got, self.got = self.got[:len(wanted)], self.got[len(wanted):]
        if got != wanted:
            raise Failure(f"got {got[:200]!r}, not {wanted[:200]!r}")

    def match(self, pattern):
        """The whole of what has come: the longest match, as nothing may follow it."""
        wanted = re.compile(pattern.encode("latin-1"), re.DOTALL)
        while not wanted.fullmatch(self.got) and self.fill():
            pass
        if not wanted.fullmatch(self.got):
            raise Failure(f"got {self.got!r}, not {pattern}")
        if self.is_binary_and_short():
            return self.match(pattern) if self.fill() else None
        self.got = b""

    def is_binary_and_short(self):
        """A pattern may fit before the last byte is there; the length in the header decides."""
        return (self.row.port == "binary" and
                len(self.got) < 8 + int.from_bytes(self.got[4:6], "big"))

    def step(self, line):
        verb, _, rest = line.partition(" ")
        if verb == ">":
            self.send(table.encode(rest, {}))
        elif verb == "<":
            self.receive(table.encode(rest, {}))
        elif verb == "~":
            self.match(rest)
        elif verb == "wait":
            time.sleep(int(rest) / 1000)
        elif verb == "end":
            self.socket.shutdown(socket.SHUT_WR)
        elif verb == "closed":
            self.closed = True
            if self.got or self.fill():
                raise Failure(f"not closed, but {self.got[:200]!r}")
        else:
            raise Failure("there is no such step")

    def go(self):
        with self.socket:
            for number, line in self.row.steps:
                try:
                    self.step(line)
                except (Failure, OSError, ValueError) as error:
                    raise Failure(f"commands.txt:{number}: {line[:100]}: {error}") from error
            if not self.closed:
                self.socket.sendall(PROBES[self.row.port])
                self.receive(PROBES[self.row.port])


def run_row(row, port, bytewise):
    """Connects when its turn comes: an address has a limit of connections."""
    Run(int(port), row, bytewise).go()


class Table(unittest.TestCase):
    def run_rows(self, bytewise):
        rows = [row for row in read_rows() if not (bytewise and row.at_once_only)]
        self.assertGreater(len(rows), 95)
        with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(16) as pool:
            servers = {kind: stack.enter_context(edge.EdgeServer(
                "--latency-port", "0", "--text-port", "0", "--binary-port", "0",
                "--command-address-rate", "0", *options)) for kind, options in SERVERS.items()}
            runs = [(row, pool.submit(run_row, row, getattr(servers[row.server], row.port + "_port"),
                                      bytewise)) for row in rows]
            for row, run in runs:
                with self.subTest(row=f"{row.port} {row.name}"):
                    run.result()

    def test_at_once(self):
        self.run_rows(False)

    def test_byte_by_byte(self):
        self.run_rows(True)


if __name__ == "__main__":
    unittest.main()
