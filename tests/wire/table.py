# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads table.txt and rules.txt, and turns their notation into bytes and patterns."""
import os
import re
import struct
import zlib

from plato import varint  # of ../e2e, which the tests have put on the path

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = re.compile(r"""\s+ | (?P<hex>(?:[0-9a-fA-F]{2})+) | "(?P<text>[^"]*)" | \{(?P<name>\w+)(?P<catch>=?)\}
                    | \((?P<unit>(?:[0-9a-fA-F]{2})+)\)\*(?P<times>\d+)
                    | \[(?:v(?P<version>[0-9a-f]+)\s+)?(?P<type>[0-9a-f]{2})\s*\|(?P<head>[^|\]]*)\|(?P<body>[^\]]*)\]
                      (?P<flip>!?)(?:/(?P<first>\d+)|\\(?P<skip>\d+))?""", re.VERBOSE)


def tokens(text):
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"cannot be read from here: {text[at:]!r}")
        at = match.end()
        if match[0].strip():
            yield match


def frame(match, values):
    """A frame as it is to be sent."""
    head, body = encode(match["head"], values), encode(match["body"], values)
    fixed = struct.pack(">BBII", int(match["version"] or "1", 16), int(match["type"], 16),
                        len(body), len(head))
    crc = zlib.crc32(fixed + head + body) ^ bool(match["flip"])
    data = fixed + struct.pack(">I", crc) + head + body
    return data[int(match["skip"] or 0):int(match["first"] or len(data))]


def encode(text, values):
    """Bytes to send; `values` are the ids that have a name."""
    out = b""
    for match in tokens(text):
        if match["hex"]:
            out += bytes.fromhex(match["hex"])
        elif match["unit"]:
            out += bytes.fromhex(match["unit"]) * int(match["times"])
        elif match["type"]:
            out += frame(match, values)
        elif match["name"]:
            out += varint(values[match["name"]])
        else:
            out += match["text"].encode()
    return out


def pattern(text, values):
    """A regular expression for the bytes of a head or body; catches become groups. Nothing, if the
    bytes are all known: for a large body an expression takes longer than the server waits."""
    if not any(match["name"] == "text" or match["catch"] for match in tokens(text)):
        return None
    out = b""
    for match in tokens(text):
        if match["name"] == "text":
            out += b"(?P<text>.*?)"  # its length is checked apart
        elif match["catch"]:
            out += b"(?P<%s>[\x80-\xff]{0,9}[\x00-\x7f])" % match["name"].encode()
        else:
            out += re.escape(encode(match[0], values))
    return re.compile(out, re.DOTALL)


def read_varint(data):
    return sum((byte & 0x7F) << 7 * i for i, byte in enumerate(data))


def is_text(data):
    """True if it is a length and that many bytes."""
    n = next((i for i, byte in enumerate(data, 1) if byte < 0x80), 0)
    return n > 0 and read_varint(data[:n]) == len(data) - n


def frames(text):
    """The frames that a line expects: (type, head, body), the last two as text."""
    out = []
    for match in tokens(text):
        if not match["type"]:
            raise ValueError(f"only frames can be expected: {match[0]!r}")
        out.append((int(match["type"], 16), match["head"], match["body"]))
    return out


class Row:
    def __init__(self, name, text):
        self.name, self.text = name, text
        self.rules, self.steps = [], []
        self.at_once_only = self.short = False


def strip(line):
    return line.split("#", 1)[0].strip() if line.lstrip().startswith("#") else line.strip()


def read_table(path=os.path.join(HERE, "table.txt")):
    rows, macros, current = [], {}, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = strip(line)
            word, _, rest = line.partition(" ")
            if not line:
                continue
            if word == "row":
                name, _, text = rest.partition(": ")
                rows.append(Row(name, text))
                current = rows[-1].steps
            elif word == "macro":
                current = macros.setdefault(rest, [])
            elif word == "rules:":
                rows[-1].rules += rest.split()
            elif line == "only at once":
                rows[-1].at_once_only = True
            elif line == "server short":
                rows[-1].short = True
            elif word == "use":
                current += macros[rest]
            else:
                current.append((number, line))
    return rows


def read_rules(path=os.path.join(HERE, "rules.txt")):
    """{id: section}"""
    out = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = strip(line)
            if line:
                name, section, _ = (part.strip() for part in line.split("|", 2))
                assert name not in out, name
                out[name] = section
    return out
