# SPDX-License-Identifier: GPL-2.0-or-later
"""Committed lists of what users depend on (docs/compatibility.md): they grow, and nothing goes."""
import sys


def difference(promised, now):
    """(gone or changed, new), each in order, of two collections of lines."""
    return sorted(set(promised) - set(now)), sorted(set(now) - set(promised))


def report(path, gone, new):
    """Prints both; ends the program if anything is gone."""
    for line in new:
        print(f"new, and not promised yet: {line}")
    for line in gone:
        print(f"gone or changed: {line}")
    if gone:
        sys.exit(f"{path} is what users depend on. To break it all the same, take the lines out by "
                 "hand, raise the version, and say so in CHANGELOG.md")
