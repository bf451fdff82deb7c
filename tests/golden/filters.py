#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter names of the plugin are its public interface: docs/filters.md lists them all.

    filters.py            compares docs/filters.md with `tshark -G fields`
    filters.py --update   writes it anew, to be read before it is committed; a name that is gone, or
                          has another type, is refused
"""
import difflib
import os
import re
import sys

import promise
import wireshark

PATH = os.path.join(wireshark.ROOT, "docs", "filters.md")
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Filters

Every field of the protocols in the plugin, as `tshark -G fields` lists them. Use them in display filters, with
`tshark -T fields -e`, and as columns. Written by `tests/golden/filters.py --update`.

| filter | name | type | |
|---|---|---|---|
"""


def rows():
    for line in sorted(wireshark.run("-G", "fields").splitlines()):
        cells = line.split("\t")
        if cells[0] == "F" and cells[2].split(".")[0] in wireshark.PROTOCOLS:
            description = cells[7] if len(cells) > 7 else ""
            yield cells[2], cells[1], cells[3], description


def page():
    lines = {}
    for name, title, kind, description in rows():
        # one name may be registered twice, for two framings
        lines[name] = f"| `{name}` | {title} | {kind} | {description} |"
    return HEAD + "\n".join(lines[name] for name in sorted(lines)) + "\n"


def promised(text):
    """The names, with their types."""
    return [" ".join(row) for row in
            re.findall(r"^\| `([^`]+)` \|.*?\| (FT_\w+) \|", text, re.MULTILINE)]


def main():
    now = page()
    with open(PATH, encoding="utf-8") as file:
        expected = file.read()
    gone, new = promise.difference(promised(expected), promised(now))
    promise.report(os.path.relpath(PATH, wireshark.ROOT), gone, new)
    if "--update" in sys.argv:
        with open(PATH, "w", encoding="utf-8") as out:
            out.write(now)
        return
    difference = list(difflib.unified_diff(expected.splitlines(), now.splitlines(), PATH, "now",
                                           lineterm=""))
    print("\n".join(difference))
    sys.exit(1 if difference else 0)


if __name__ == "__main__":
    main()
