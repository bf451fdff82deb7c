# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the packets of a pcapng file, and the TLS secrets that it holds, which editcap 4.0 cannot
write; writes pcap files."""
import struct

SECTION, INTERFACE, PACKET, SECRETS = 0x0A0D0D0A, 1, 6, 0x0000000A
TLS_KEY_LOG = 0x544C534B


def blocks(data):
    """(type, body) of each, in files of this machine's byte order."""
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def ticks_per_second(interface):
    """Option 9, if_tsresol; a microsecond without it."""
    at = 8
    while at + 4 <= len(interface):
        code, length = struct.unpack_from("<HH", interface, at)
        if code == 9:
            return 10 ** interface[at + 4]
        at += 4 + (length + 3) // 4 * 4
    return 10 ** 6


def read(path):
    """[(time in ns, captured bytes, length)], and the key log of TLS (empty if there is none)."""
    with open(path, "rb") as file:
        data = file.read()
    packets, ticks, key_log = [], [], b""
    for kind, body in blocks(data):
        if kind == INTERFACE:
            ticks.append(ticks_per_second(body))
        elif kind == SECRETS and struct.unpack_from("<I", body)[0] == TLS_KEY_LOG:
            key_log += body[8:8 + struct.unpack_from("<I", body, 4)[0]]
        elif kind == PACKET:
            interface, high, low, captured, length = struct.unpack_from("<IIIII", body)
            ns = (high << 32 | low) * (10 ** 9 // ticks[interface])
            packets.append((ns, body[20:20 + captured], length))
    return packets, key_log


def write_pcap(path, packets):
    """Ethernet, with nanoseconds."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for ns, captured, length in packets:
            out.write(struct.pack("<IIII", ns // 10 ** 9, ns % 10 ** 9, len(captured), length))
            out.write(captured)
