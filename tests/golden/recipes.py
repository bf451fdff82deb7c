#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the commands of docs/recipes.md and compares what they print with what stands there.

    recipes.py            compares
    recipes.py --update   writes the outputs anew, to be read before they are committed

A block between lines of three backticks holds commands, each after "$ ", and after each its
output.
"""
import difflib
import os
import subprocess
import sys

import versions
import wireshark

PATH = os.path.join(wireshark.ROOT, "docs", "recipes.md")


def run(command):
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False,
                          cwd=wireshark.ROOT, timeout=wireshark.TIMEOUT,
                          env=wireshark.environment_of_a_run())
    if done.returncode != 0:
        sys.exit(f"{command}\nexit code {done.returncode}\n{done.stderr}")
    return [versions.line(line.rstrip()) for line in done.stdout.rstrip("\n").split("\n")]


def page(lines):
    inside = False
    for line in lines:
        if line == "```":
            inside = not inside
        if not inside or line == "```":
            yield line
        elif line.startswith("$ "):
            yield line
            yield from run(line[2:])


def main():
    with open(PATH, encoding="utf-8") as file:
        written = file.read().splitlines()
    now = list(page(written))
    if "--update" in sys.argv:
        with open(PATH, "w", encoding="utf-8") as out:
            out.write("\n".join(now) + "\n")
        return
    if sum(line.startswith("$ ") for line in now) < 10:
        sys.exit("no recipes found")
    difference = list(difflib.unified_diff([versions.late_segment(line) for line in written],
                                           [versions.late_segment(line) for line in now],
                                           PATH, "now", lineterm=""))
    print("\n".join(difference))
    sys.exit(1 if difference else 0)


if __name__ == "__main__":
    main()
