# SPDX-License-Identifier: GPL-2.0-or-later
"""What the end-to-end tests share: frames as bytes, and a server that is ended by its id.

The frames are written and read here with the standard library only, independently of libplato.
"""
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time
import zlib

SERVER = os.environ.get("PLATO_SERVER", "build/dev/server/plato-server")
CLIENT = os.environ.get("PLATO_CLIENT", "build/dev/server/plato-client")
os.environ["LC_ALL"] = "C.UTF-8"  # the system's messages in the programs' output are in English
SANITIZED = os.environ.get("PLATO_SANITIZED", "OFF") == "ON"
PATIENCE = 20.0  # seconds for what must happen; sanitizers on a busy machine are slow

LOGIN, HEARTBEAT, RECONN, ACK, UP, PUSH, SYNC = range(7)
(OK, MALFORMED, UNKNOWN_TYPE, UNSUPPORTED_VERSION, BAD_CRC, TOO_LARGE, NOT_LOGGED_IN, AUTH_FAILED,
 UNKNOWN_CONN, UNKNOWN_SESSION, OUT_OF_ORDER, RATE_LIMITED, OVERLOADED, INTERNAL) = range(14)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def numbers(*values):
    """A protobuf message of varint fields 1, 2, ...; zeros are left out, as proto3 does."""
    return b"".join(varint(i << 3) + varint(v) for i, v in enumerate(values, 1) if v)


def frame(msg_type, head=b"", body=b"", version=1):
    fixed = struct.pack(">BBII", version, msg_type, len(body), len(head))
    return fixed + struct.pack(">I", zlib.crc32(fixed + head + body)) + head + body


def login(device, sessions=()):
    return frame(LOGIN, numbers(device), b"".join(b"\x18" + varint(s) for s in sessions))


def up(client_id, session, body=b"hi", conn_id=0):
    return frame(UP, numbers(client_id, conn_id, session), body)


def push_ack(session, msg_id):
    return frame(ACK, numbers(0, 0, PUSH, 0, 0, session, msg_id))


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """{number: value} of a head; bytes for length-delimited fields."""
    out, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            out[tag >> 3], at = read_varint(data, at)
        else:
            n, at = read_varint(data, at)
            out[tag >> 3] = data[at:at + n]
            at += n
    return out


class Frame:
    """One frame as received; the ids of ACK and PUSH heads by name, 0 when absent."""

    def __init__(self, msg_type, head, body):
        names = {ACK: ("code", "msg", "type", "conn_id", "client_id", "session_id", "msg_id"),
                 PUSH: ("msg_id", "session_id"),
                 SYNC: ("session_id", "from_msg_id", "to_msg_id")}
        self.msg_type, self.head, self.body = msg_type, head, body
        values = fields(head)
        for number, name in enumerate(names.get(msg_type, ()), 1):
            setattr(self, name, values.get(number, 0))

    def __repr__(self):
        return f"Frame({vars(self)})"


class Peer:
    """A raw connection to the server, or one that a client has made."""

    def __init__(self, port, receive_buffer=None, connection=None):
        self.socket = connection or socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        if connection is None:
            self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        """More bytes; False at the end of the stream, also when the server has reset it."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def receive(self):
        """The next frame, its CRC checked; None at the end of the stream."""
        while len(self.buffer) < 14 or len(self.buffer) < self.total():
            if not self.fill():
                assert not self.buffer, f"the stream ends inside a frame: {self.buffer.hex()}"
                return None
        total = self.total()
        data, self.buffer = self.buffer[:total], self.buffer[total:]
        version, msg_type, _, head_len, crc = struct.unpack(">BBIII", data[:14])
        assert version == 1 and crc == zlib.crc32(data[:10] + data[14:]), data.hex()
        return Frame(msg_type, data[14:14 + head_len], data[14 + head_len:])

    def total(self):
        msg_len, head_len = struct.unpack(">II", self.buffer[2:10])
        return 14 + msg_len + head_len

    def log_in(self, device, sessions=()):
        self.send(login(device, sessions))
        answer = self.receive()
        assert answer.msg_type == ACK and answer.code == OK and answer.type == LOGIN, answer
        return answer.conn_id


class Server:
    """plato-server on a free port; ended, by its id, at the end of the block."""

    def __init__(self, *options, store=None):
        """Without `store`, a path, it has one of its own, which goes with it."""
        self.options = options
        self.folder = None
        if store is None:
            self.folder = tempfile.TemporaryDirectory()
            store = os.path.join(self.folder.name, "store.db")
        self.store = store

    def __enter__(self):
        self.process = subprocess.Popen(
            [SERVER, "--port", "0", "--store", self.store, *self.options], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        if not found:
            self.process.kill()
            raise AssertionError(f"the server said {line!r}: {self.process.communicate()[1]}")
        self.port = int(found[1])
        return self

    def stop(self, sig=signal.SIGTERM):
        """Ends it cleanly (sig None: it is ending); its log. A sanitizer's finding shows as
        another exit code."""
        if sig is not None:
            self.process.send_signal(sig)
        _, log = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, f"exit code {self.process.returncode}: {log}"
        return log

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.process.kill()
                print(self.process.communicate()[1])
        self.process.stdout.close()
        self.process.stderr.close()
        if self.folder:
            self.folder.cleanup()

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {PATIENCE} s"
        time.sleep(0.02)
