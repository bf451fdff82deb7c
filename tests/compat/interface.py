#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What users depend on, by name: a line each in interface.txt. The names of filters are promised in
docs/filters.md (filters.py), the columns of plato,rows in test_rows.py, libplato by abi.sh.

    interface.py            compares interface.txt with what there is
    interface.py --update   adds what is new; what is gone or changed is refused

Exit codes: 0 nothing is gone (what is new is listed); 1 something is gone or changed.
"""
import csv
import glob
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import promise
import wireshark

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "interface.txt")
ROOT = wireshark.ROOT
CAPTURE = os.path.join(ROOT, "captures", "trouble.pcapng")
KINDS = {"b": "boolean", "e": "choice", "r": "range", "s": "text", "t": "table", "u": "number"}
BLANKS = '\t"'
CHECK = os.path.join(ROOT, "tools", "plato-check")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=wireshark.TIMEOUT,
                          env=wireshark.environment_of_a_run(), check=False)


# ---- in Wireshark ----

def preferences():
    """Name, kind, default; of a choice, what may be chosen, as Wireshark writes it into files."""
    answers = wireshark.sharkd(CAPTURE, [("dumpconf", {"pref": p}) for p in wireshark.PROTOCOLS])
    for answer in answers:
        for name, value in answer["prefs"].items():
            ((kind, default),) = value.items()
            if kind == "e":
                yield from (f"choice {name}: {choice['d']}" for choice in default)
                (default,) = (choice["d"] for choice in default if choice.get("s"))
            yield f"preference {name}: {KINDS[kind]} {json.dumps(default)}"


def report(name):
    return [line.split("\t") for line in wireshark.run("-G", name).splitlines()]


def names_in_wireshark():
    for title, short, name in (row[:3] for row in report("protocols")):
        if name in wireshark.PROTOCOLS:
            yield f"protocol {name}: {short}, {title}"
    for table, port, name in report("decodes"):
        if name.split(".")[0] in wireshark.PROTOCOLS:
            yield f"port {table}: {port} {name}"
    for row in report("dissector-tables"):
        if row[0].startswith("plato"):
            yield f"dissector table {row[0]}: {row[2]}"


def statistics():
    done = run(wireshark.RUNNER, "-z", "help")
    for line in (done.stdout + done.stderr).split():
        if set(line.split(",")) & set(wireshark.PROTOCOLS):
            yield f"statistic: {line}"


def known(heuristic_names):
    enable = [word for name in heuristic_names for word in ("--enable-heuristic", name)]
    return run(wireshark.RUNNER, *enable, "-r", CAPTURE, "-c", "1", "-q").returncode == 0


def heuristics(promised):
    """No report has their names: are those that are promised known, and are there others?"""
    names = [line.split(": ")[1] for line in promised if line.startswith("heuristic: ")]
    kept = names if known(names) else [name for name in names if known([name])]
    yield from (f"heuristic: {name}" for name in kept)
    found = sum(row[1] in wireshark.PROTOCOLS for row in report("heuristic-decodes"))
    if found > len(names):
        yield f"heuristic: (to be named here by hand; there are {found})"


def profile():
    folder = os.path.join("plugin", "profile", "Plato")
    for line in read(folder, "colorfilters").splitlines():
        if line.startswith("@"):
            yield f"colour of the profile: {line.split('@')[1]}"
    for row in csv.reader(read(folder, "dfilter_buttons").splitlines()):
        if row[0] == "TRUE":
            yield f"button of the profile: {row[1]}"
    for row in csv.reader(read(folder, "preferences").splitlines(), skipinitialspace=True):
        if len(row) > 1 and row[1].startswith("%"):
            yield f"column of the profile: {row[0].strip(BLANKS)}"
    for row in csv.reader(read(folder, "io_graphs").splitlines()):
        if row[0] in ("Enabled", "Disabled"):
            yield f"graph of the profile: {row[1]}"


# ---- the programs ----

def options():
    """As the manual pages have them; that --help says the same is a test of its own."""
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "man", "*.1"))):
        program = os.path.basename(path)[:-2]
        sections = dict(re.findall(r"^\.SH ([A-Z ]+)\n(.*?)(?=^\.SH |\Z)", read(path),
                                   re.MULTILINE | re.DOTALL))
        for tag in re.findall(r"^\.TP\n\.(?:B|BI|BR) (.*)$", sections["OPTIONS"], re.MULTILINE):
            words = re.sub(r'["\\|,]', "", tag).split()
            names = [word for word in words if word.startswith("-")]
            value = "".join(f"={word}" for word in words if not word.startswith("-"))
            yield f"option of {program}: {' '.join(names)}{value}"
        for code in re.findall(r"^\.TP\n\.B (\d+)$", sections["EXIT STATUS"], re.MULTILINE):
            yield f"exit code of {program}: {code}"


def check(*arguments):
    done = run(CHECK, *arguments)
    if done.returncode not in (0, 1) or not done.stdout:
        raise AssertionError(done.stderr)
    return done.stdout


def rules():
    name = None
    for line in check("--list-rules").splitlines():
        if not line.startswith(" "):
            name = line.split()[0]
            yield f"rule {name}: {'off' if 'off by default' in line else 'on'}"
        elif "=" in line.split(":")[0]:
            yield f"parameter of rule {name}: {line.split(':')[0].strip()}"


def keys(value, path=""):
    """Where a report in JSON has what."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from keys(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, path + "[]")
    else:
        yield f"{path} {type(value).__name__}"


def reports():
    asked = ("--rule", "capture", "--rule", "response_time(max=1us;label=x)", CAPTURE)
    for key in keys(json.loads(check("--format", "json", *asked))):
        yield f"report json: {key}"
    for element in ElementTree.fromstring(check("--format", "junit", *asked)).iter():
        for name in ("", *element.attrib):
            yield f"report junit: {element.tag} {name}".rstrip()
    for line in check("--format", "tap", *asked).splitlines():
        if not line.startswith("#"):
            yield f"report tap: {tap_form(line)}"


def tap_form(line):
    line = re.sub(r"^((?:not )?ok) \d+ - [^#]*?( # SKIP .*)?$",
                  lambda m: f"{m[1]} N - NAME" + (" # SKIP WHY" if m[2] else ""), line)
    return re.sub(r"^1\.\.\d+$", "1..N", line)


def main():
    with open(PATH, encoding="utf-8") as file:
        head, promised = [], []
        for line in file.read().splitlines():
            (head if line.startswith("#") or not line else promised).append(line)
    parts = (preferences(), names_in_wireshark(), statistics(), heuristics(promised), profile(),
             options(), rules(), reports())
    now = {line for part in parts for line in part}
    gone, new = promise.difference(promised, now)
    if "--update" in sys.argv[1:] and not gone:
        with open(PATH, "w", encoding="utf-8") as out:
            out.write("\n".join(head + sorted(now)) + "\n")
        return
    promise.report(os.path.relpath(PATH, ROOT), gone, new)


if __name__ == "__main__":
    main()
