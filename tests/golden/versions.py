# SPDX-License-Identifier: GPL-2.0-or-later
"""What versions of Wireshark print differently, put into the words of 4.0. The only place in the
tests that knows of versions: one set of expected outputs serves them all."""
import re
from datetime import datetime
from decimal import Decimal

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{9})Z")


def value(text):
    """A value of `-T fields` or `-T json`."""
    if time := TIME.fullmatch(text):  # from 4.6 on
        return f"{datetime.fromisoformat(time[1]):%b %e, %Y %T}{time[2]} UTC"
    return {"True": "1", "False": "0"}.get(text, text)  # booleans, from 4.4 on


def field(name, text):
    """A value of `-T fields -e name`."""
    return info(text) if name == "_ws.col.Info" else value(text)


def info(text):
    """The Info column. From 4.4 on it says of a segment where its message ends, in a second pass."""
    return re.sub(r" \[TCP PDU reassembled in \d+\]$", "", text)


def line(text):
    """A line that tshark prints, as it stands in a page."""
    return text.replace("_ws.col.info", "_ws.col.Info")  # in a heading, from 4.4 on


def late_segment(text):
    """A line in which the two names of TCP for a late segment are one: of some segments 4.6 says
    that they are retransmissions, and earlier versions that they are out of order."""
    return text.replace("[TCP Retransmission]", "[TCP Out-Of-Order]")


def node(found):
    """A node of `-T json`."""
    if isinstance(found, list):
        return [node(one) for one in found]
    if not isinstance(found, dict):
        return value(found)
    # from 4.4 on the text of a JSON object stands where its members stood
    found = {name: one for name, one in found.items()
             if not (name == "json.object" and "json.object_tree" in found)}
    return {{"json.object_tree": "json.object"}.get(name, name): node(one)
            for name, one in found.items()}


def as_seconds(time):
    places = {"milli": 3, "micro": 6, "nano": 9}[time[2]]
    return f"{Decimal(time[1]).scaleb(-places):.9f} seconds"


def label(text):
    """The text of an item. From 4.4 on more is shown of a long value, and it is cut elsewhere; 4.6
    has small units of time."""
    text = re.sub(r"([\d.]+) (milli|micro|nano)seconds$", as_seconds, text)
    text = re.sub(r"(?: \[…\])?: ([0-9a-f]{72})[0-9a-f]+…?$", r": \1…", text)
    return re.sub(r" (?:\[truncated\]|\[…\]): (.{40}).*$", r" [truncated]: \1…", text)
