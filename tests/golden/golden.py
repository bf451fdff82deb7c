#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the decoding of a committed capture with the expected output beside it.

    golden.py [--update | --short] CAPTURE...

For captures/NAME.pcapng:
    captures/NAME.json     every field of every frame, by `-T json`, as programs see it
    captures/NAME.tree     every item of every frame with its place (offset+length) and its text,
                           by `-T pdml`, as people see it

captures/NAME.options, if there is one, holds tshark's options for it, as a shell would read them;
{captures} in it is the captures' folder.

Both are of two passes (-2). One pass must show the same but for what only later packets show: links
to them, whether missing bytes came, and whether bytes outside of frames are a part of one. sharkd
must show the same in whatever order the packets are asked for.

--update writes them anew, to be read before they are committed.

--short, for a build with sanitizers, runs five programs instead of eight: each way of dissecting
once. Which output is printed of it makes no difference to the plugin.
"""
import difflib
import hashlib
import json
import os
import random
import shlex
import sys

import versions
import wireshark

# shown in a second pass only (a delivery where the PUSH was captured before its ACK)
LATER = ("plato.response_in", "plato.delivered_in", "plato.analysis.unacked", "plato.next_conn",
         "plato.delivery_of", "plato.delivery_time", "latency.response_in", "textcmd.response_in",
         "bincmd.response_in")
# the same of expert items, by their text
LATER_ITEMS = ("Never acknowledged", "No reply within 4 s")
# shown in one pass, and withdrawn where the missing bytes came
GAP = "plato.analysis.capture_gap"
GAP_ITEM = "Bytes before this frame are missing from the capture"
# how a part of a frame and bytes of no frame begin: one pass cannot always tell them apart
OUTSIDE = "bytes outside of frames"
PART = "Plato Instant Messaging Protocol, [Part of a frame]"
SKIPPED = "Plato Instant Messaging Protocol, [Continuation]"
LONGEST = 120  # characters of a value; of longer ones the hash is kept


def short(value):
    if len(value) <= LONGEST:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{value[:32]}... ({len(value)} characters, sha256 {digest})"


def shortened(node):
    if isinstance(node, dict):
        return {short(name): shortened(value) for name, value in node.items()}
    if isinstance(node, list):
        return [shortened(value) for value in node]
    return short(node)


def describe_json(capture, *options):
    """[(number, its frames)] of the packets with messages of the plugin's protocols."""
    return [(number, shortened(frames))
            for number, frames in enumerate(wireshark.plato_json(capture, *options), 1) if frames]


def json_lines(packets):
    """What NAME.json holds: one list, with a line for each value."""
    text = json.dumps([{"packet": number, "frames": frames} for number, frames in packets],
                      indent=1, ensure_ascii=False)
    return text.splitlines()


def without_later(node):
    """Without what one pass cannot know, and the subtree that may have held nothing else."""
    if isinstance(node, list):
        kept = [without_later(value) for value in node]
        return [value for index, value in enumerate(kept)
                if value != OUTSIDE or index == 0 or kept[index - 1] != OUTSIDE]
    if not isinstance(node, dict):
        return OUTSIDE if node == PART else node
    if "plato.reassembled_in" in node or "plato.continuation" in node:
        return OUTSIDE
    kept = {name: without_later(value) for name, value in node.items()
            if name not in LATER and not is_later_item(name, value)}
    return {name: value for name, value in kept.items() if name != "Plato analysis" or value}


def is_later_item(name, value):
    items = (*LATER_ITEMS, GAP_ITEM)
    if name in items:
        return True
    return name == "_ws.expert" and isinstance(value, dict) and \
        value.get("_ws.expert.message") in items


def as_in_one_pass(packets):
    return [(number, without_later(frames)) for number, frames in packets]


def packets_that_differ(one, two):
    """Of two descriptions: what differs, as lines, packet by packet."""
    lines = []
    one, two = dict(one), dict(two)
    for number in sorted(one.keys() | two.keys()):
        a, b = (json_lines([(number, each[number])] if number in each else [])
                for each in (one, two))
        changed = list(difflib.unified_diff(a, b, lineterm="", n=2))[2:]
        lines += [f"packet {number}"] * bool(changed) + changed
    return lines


def describe_item(element, depth):
    place = f"{element.get('pos')}+{element.get('size')}"
    name = element.get("name") or "-"
    value = element.get("showname") or element.get("show") or ""
    yield f"{'  ' * depth}{place} {name}: {short(versions.label(value))}"
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


def sharkd_trees(capture, order, options):
    """The plugin's items of the packets, asked for in this order, as sharkd shows them."""
    asked = [("frame", {"frame": number, "proto": True}) for number in order]
    answers = wireshark.sharkd(capture, asked, options)
    return {number: [node for node in answer["tree"] if node.get("f") in wireshark.PROTOCOLS]
            for number, answer in zip(order, answers)}


def options_of(base):
    path = base + ".options"
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        options = shlex.split(file.read(), comments=True)
    folder = os.path.dirname(os.path.abspath(base))
    return [option.replace("{captures}", folder) for option in options]


def check_random_access(capture, options=(), only=("reverse", "random")):
    packets = len(wireshark.fields(capture, ["frame.number"]))
    forward = list(range(1, packets + 1))
    shuffled = random.Random(1).sample(forward, packets)
    expected = sharkd_trees(capture, forward, options)
    if not any(expected.values()):
        raise AssertionError(f"{capture}: sharkd shows nothing of the plugin")
    orders = {"reverse": forward[::-1], "random": shuffled}
    for name in only:
        order = orders[name]
        trees = sharkd_trees(capture, order, options)
        wrong = [number for number in forward if trees[number] != expected[number]]
        if wrong:
            raise AssertionError(f"{capture}: packets {wrong} differ in {name} order")


def lines_in_one_pass(lines):
    """as_in_one_pass() for the lines of a tree."""
    kept, outside = [], False
    for line in lines:
        if not line.startswith("    "):
            before, outside = outside, line.endswith((PART, SKIPPED))
            if outside:
                start, length = map(int, line.split()[0].split("+"))
                if before and before[0] + before[1] == start:  # the same bytes, in two items
                    start, length = before[0], before[1] + length
                    kept.pop()
                outside = start, length
                line = f"  {start}+{length} {OUTSIDE}"
            kept.append(line)
        elif not outside and "Plato analysis" not in line and \
                not any(text in line for text in (*LATER_ITEMS, GAP_ITEM)) and \
                not any(f" {name}:" in line for name in (*LATER, GAP)):
            kept.append(line)
    return kept


def check_gaps(capture, once, twice):
    """Gaps of the capture are known at once, and none comes later."""
    late = sorted(number for number, frames in twice if GAP in json.dumps(frames) and
                  GAP not in json.dumps(dict(once).get(number, "")))
    if late:
        raise AssertionError(f"{capture}: {GAP} in packets {late} in two passes, not in one")


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def read_packets(path):
    with open(path, encoding="utf-8") as file:
        return [(packet["packet"], packet["frames"]) for packet in json.load(file)]


def write(path, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    print(f"wrote {path}")


def lines_that_differ(one, two):
    return list(difflib.unified_diff(one, two, lineterm="", n=2))[2:]


def same(what, difference):
    print("\n".join([f"differs: {what}", *difference[:80]]) if difference else f"ok {what}")
    return not difference


def check(capture, update):
    base = capture.rsplit(".", 1)[0]
    options = options_of(base)
    packets, tree = describe_json(capture, "-2", *options), describe_tree(capture, "-2", *options)
    if update:
        write(base + ".json", json_lines(packets))
        write(base + ".tree", tree)
    packets_once, tree_once = describe_json(capture, *options), describe_tree(capture, *options)
    check_random_access(capture, options)
    check_gaps(capture, packets_once, packets)
    return all([
        same(f"{base}.json (-) and now (+)",
             packets_that_differ(read_packets(base + ".json"), packets)),
        same(f"{base}.tree (-) and now (+)", lines_that_differ(read_lines(base + ".tree"), tree)),
        same("-T json of one pass (-) and of two (+)",
             packets_that_differ(as_in_one_pass(packets_once), as_in_one_pass(packets))),
        same("-T pdml of one pass (-) and of two (+)",
             lines_that_differ(lines_in_one_pass(tree_once), lines_in_one_pass(tree)))])


def check_short(capture):
    base = capture.rsplit(".", 1)[0]
    options = options_of(base)
    tree, packets_once = describe_tree(capture, "-2", *options), describe_json(capture, *options)
    check_random_access(capture, options, only=("random",))
    return all([
        same(f"{base}.tree (-) and now (+)", lines_that_differ(read_lines(base + ".tree"), tree)),
        same(f"{base}.json (-) and -T json of one pass (+)",
             packets_that_differ(as_in_one_pass(read_packets(base + ".json")),
                                 as_in_one_pass(packets_once)))])


def main(arguments):
    update, short = "--update" in arguments, "--short" in arguments
    captures = [a for a in arguments if a not in ("--update", "--short")]
    if not captures or (update and short):
        sys.exit(__doc__)
    sys.exit(0 if all([check_short(capture) if short else check(capture, update)
                       for capture in captures]) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
