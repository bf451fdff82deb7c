# SPDX-License-Identifier: GPL-2.0-or-later
"""Options as all programs of the project take them."""
import argparse
import sys
import textwrap

import capture
import conversation

FRAMINGS = {"header": conversation.HEADER, "msgcmd": conversation.MSGCMD}
KINDS = "".join(textwrap.fill(text, 100, initial_indent=f"  {name:19}  ",
                              subsequent_indent=" " * 23) + "\n"
                for name, text in capture.KINDS.items())


class Parser(argparse.ArgumentParser):
    """Prints `text` for --help; wrong usage is exit code 2."""

    def __init__(self, name, text):
        super().__init__(prog=name, add_help=False, allow_abbrev=False)
        self.text = text
        self.add_argument("-h", "--help", action="store_true")

    def error(self, message):
        sys.stderr.write(f"{self.prog}: {message}; see --help\n")
        sys.exit(2)

    def parse_args(self, args=None, namespace=None):
        words = sys.argv[1:] if args is None else args
        if "-h" in words or "--help" in words:
            print(self.text, end="")
            sys.exit(0)
        return super().parse_args(args, namespace)

    def listed(self, name, text, known):
        """The words of a list with commas, which are all known."""
        words = text.split(",")
        for word in words:
            if word not in known:
                self.error(f"there is no {name} {word!r}; there are: {', '.join(known)}")
        return words


def seed(text):
    """A number as seed; "07" would be the same as "7"."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; a seed is a number")
    return int(text)


def seeds(text):
    return [seed(one) for one in text.split(",")]
