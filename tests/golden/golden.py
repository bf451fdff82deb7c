#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the decoding of a committed capture with the expected output beside it.

    golden.py [--update] CAPTURE...

For captures/NAME.pcapng:
    captures/NAME.fields   every plato.* field of every packet, by `-T fields`
    captures/NAME.tree     every item of every frame with its place (offset+length) and its text,
                           by `-T pdml`

captures/NAME.options, if there is one, holds tshark's options for it, as a shell would read them.

Both are of two passes (-2). One pass must show the same but for what only later packets tell, and
sharkd the same in whatever order the packets are asked for.

--update writes them anew, to be read before they are committed.
"""
import difflib
import hashlib
import os
import random
import shlex
import sys

import wireshark

# shown in a second pass only (a delivery where the PUSH was captured before its ACK)
LATER = ("plato.response_in", "plato.delivered_in", "plato.analysis.unacked", "plato.next_conn",
         "plato.delivery_of", "plato.delivery_time")
LONGEST = 120  # characters of a value; longer ones are told apart by their hash


def short(value):
    if len(value) <= LONGEST:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{value[:32]}... ({len(value)} characters, sha256 {digest})"


def describe_fields(capture, *options):
    names = wireshark.plato_fields()
    lines = []
    for index, row in enumerate(wireshark.fields(capture, names, *options), 1):
        if row:
            lines.append(f"packet {index}")
        lines += [f"  {name}: {', '.join(short(v) for v in values)}" for name, values in row.items()]
    return lines


def describe_item(element, depth):
    place = f"{element.get('pos')}+{element.get('size')}"
    name = element.get("name") or "-"
    value = element.get("showname") or element.get("show") or ""
    yield f"{'  ' * depth}{place} {name}: {short(value)}"
    for child in element:
        # the line of an expert item says message, severity and group already
        if not name.startswith("_ws.expert") or not child.get("name").startswith("_ws.expert."):
            yield from describe_item(child, depth + 1)


def describe_tree(capture, *options):
    lines = []
    for index, frames in enumerate(wireshark.plato_trees(capture, *options), 1):
        if frames:
            lines.append(f"packet {index}")
        for frame in frames:
            lines += describe_item(frame, 1)
    return lines


def sharkd_trees(capture, order):
    """The plato items of the packets, asked for in this order, as sharkd shows them."""
    asked = [("frame", {"frame": number, "proto": True}) for number in order]
    answers = wireshark.sharkd(capture, asked)
    return {number: [node for node in answer["tree"] if node.get("f") == "plato"]
            for number, answer in zip(order, answers)}


def options_of(base):
    path = base + ".options"
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return shlex.split(file.read(), comments=True)


def check_random_access(capture):
    packets = len(wireshark.fields(capture, ["frame.number"]))
    forward = list(range(1, packets + 1))
    shuffled = random.Random(1).sample(forward, packets)
    expected = sharkd_trees(capture, forward)
    if not any(expected.values()):
        raise AssertionError(f"{capture}: sharkd shows no Plato")
    for name, order in (("reverse", forward[::-1]), ("random", shuffled)):
        trees = sharkd_trees(capture, order)
        wrong = [number for number in forward if trees[number] != expected[number]]
        if wrong:
            raise AssertionError(f"{capture}: packets {wrong} differ in {name} order")


def without_later(lines):
    """Without what one pass cannot know, and the subtree that may have held nothing else."""
    return [line for line in lines if "Plato analysis" not in line and
            "Never acknowledged" not in line and
            not any(f" {name}:" in line for name in LATER)]


def check(path, lines, update):
    if update:
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
        print(f"wrote {path}")
        return True
    with open(path, encoding="utf-8") as file:
        expected = file.read().splitlines()
    difference = list(difflib.unified_diff(expected, lines, path, "now", lineterm="", n=2))
    print("\n".join(difference[:80]) if difference else f"ok {path}")
    return not difference


def main(arguments):
    update = "--update" in arguments
    captures = [a for a in arguments if a != "--update"]
    if not captures:
        sys.exit(__doc__)
    good = True
    for capture in captures:
        base = capture.rsplit(".", 1)[0]
        options = options_of(base)
        for suffix, describe in (("fields", describe_fields), ("tree", describe_tree)):
            two_passes = describe(capture, "-2", *options)
            good &= check(f"{base}.{suffix}", two_passes, update)
            if without_later(describe(capture, *options)) != without_later(two_passes):
                print(f"{capture}: -2 differs from one pass ({suffix})")
                good = False
        check_random_access(capture)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
