# SPDX-License-Identifier: GPL-2.0-or-later
"""Small captures for tests: TCP over IP over Ethernet, with running sequence numbers."""
import ipaddress
import struct


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Side:
    def __init__(self, address, port, seq):
        self.address = ipaddress.ip_address(address).packed
        self.port = port
        self.seq = seq


def segment(src, dst, payload, flags, vlan=None):
    """A packet from src to dst: `src.seq` is its sequence number, `dst.seq` the number that it
    acknowledges."""
    tcp = struct.pack(">HHIIBBHHH", src.port, dst.port, src.seq & 0xFFFFFFFF,
                      dst.seq & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0)
    pseudo = src.address + dst.address + struct.pack(">II", len(tcp) + len(payload), 6)
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp + payload)) + tcp[18:]
    if len(src.address) == 16:
        kind = 0x86DD
        ip = struct.pack(">IHBB16s16s", 6 << 28, len(tcp) + len(payload), 6, 64, src.address,
                         dst.address)
    else:
        kind = 0x0800
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp) + len(payload), 0, 0, 64, 6, 0,
                         src.address, dst.address)
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return b"\x02\0\0\0\0\2\x02\0\0\0\0\1" + tag + struct.pack(">H", kind) + ip + tcp + payload


class Flow:
    """One TCP connection. client() and server() append segments, in the order of the calls."""

    SYN, ACK, PSH, FIN = 2, 16, 8, 1

    def __init__(self, capture, port=8900, client_port=40001, handshake=True,
                 addresses=("10.0.0.1", "10.0.0.2"), vlan=None):
        self.capture = capture
        self.vlan = vlan
        self.c = Side(addresses[0], client_port, 1000)
        self.s = Side(addresses[1], port, 5000)
        if handshake:
            self._send(self.c, self.s, b"", self.SYN)
            self._send(self.s, self.c, b"", self.SYN | self.ACK)
            self._send(self.c, self.s, b"", self.ACK)

    def _send(self, src, dst, payload, flags, captured=None, record=True):
        if record:
            self.capture.add(segment(src, dst, payload, flags, self.vlan), captured)
        src.seq += len(payload) + (1 if flags & (self.SYN | self.FIN) else 0)

    def client(self, payload, captured=None, record=True):
        """`captured`: bytes of the payload that the snaplen leaves; record=False: lost."""
        self._send(self.c, self.s, payload, self.PSH | self.ACK, captured, record)

    def server(self, payload, captured=None, record=True):
        self._send(self.s, self.c, payload, self.PSH | self.ACK, captured, record)


class Datagrams:
    """Two ends that send UDP datagrams over IPv4, in the order of the calls."""

    def __init__(self, capture, port, client_port=40001, addresses=("10.0.0.1", "10.0.0.2")):
        self.capture = capture
        self.c = Side(addresses[0], client_port, 0)
        self.s = Side(addresses[1], port, 0)

    SHORTER = 20 - 8  # bytes by which UDP's header is shorter than TCP's

    def _send(self, src, dst, payload, captured=None):
        udp = struct.pack(">HHHH", src.port, dst.port, 8 + len(payload), 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, src.address,
                         dst.address)
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        self.capture.add(b"\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0" + ip + udp,
                         None if captured is None else captured - self.SHORTER)

    def client(self, payload, captured=None):
        """`captured`: bytes of the payload that the snaplen leaves."""
        self._send(self.c, self.s, payload, captured)

    def server(self, payload, captured=None):
        self._send(self.s, self.c, payload, captured)


class Capture:
    """A classic pcap file in memory; write() it before use."""

    HEADERS = 14 + 20 + 20
    START = 1700000000  # seconds since the epoch

    def __init__(self):
        self.records = []
        self.paused = 0  # microseconds

    def pause(self, seconds):
        """The next packet comes that much later; by itself one comes every millisecond."""
        self.paused += int(seconds * 1000000)

    def add(self, packet, captured=None, micros=None):
        """`micros`: the packet's time in microseconds since the capture's start, instead of the
        running one."""
        kept = packet if captured is None else packet[: self.HEADERS + captured]
        if micros is None:
            micros = len(self.records) * 1000 + self.paused
        self.records.append(
            struct.pack("<IIII", self.START + micros // 1000000, micros % 1000000, len(kept),
                        len(packet)) + kept)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            out.write(b"".join(self.records))
