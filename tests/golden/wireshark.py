# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark and sharkd with the plugin of the build tree, whoever we are.

tools/plato-tshark refuses to run without the plugin; test_plugin_loaded.py looks as well.
"""
import json
import os
import subprocess
import unittest.mock
import xml.etree.ElementTree as ElementTree

import versions

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNNER = os.path.join(ROOT, "tools", "plato-tshark")
TIMEOUT = 120  # seconds
COMPLAINTS = ("[Dissector bug", "Wireshark-CRITICAL", "** ERROR", "runtime error:",
              "AddressSanitizer")


def environment_of_a_run():
    """extcap programs are left out: nothing here needs them, and they cost time."""
    return dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", WIRESHARK_ABORT_ON_DISSECTOR_BUG="1",
                WIRESHARK_EXTCAP_DIR="/nonexistent")


def ignoring_leaks():
    """For runs in which tshark or sharkd itself loses a block or two, in functions without a name:
    sharkd with each further file and with tables, tshark with some of its own statistics."""
    return unittest.mock.patch.dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def run(*arguments, program=None, stdin=None):
    """Returns standard output; fails on an error, and on what Wireshark calls its own bugs."""
    environment = environment_of_a_run()
    if program:
        environment["PLATO_PROGRAM"] = program
    done = subprocess.run([RUNNER, *arguments], capture_output=True, text=True, timeout=TIMEOUT,
                          input=stdin if stdin is not None else "", env=environment)
    complaints = [c for c in COMPLAINTS if c in done.stderr or c in done.stdout]
    if done.returncode != 0 or complaints:
        raise AssertionError(f"{program or 'tshark'} {' '.join(arguments)}: exit code "
                             f"{done.returncode}, {complaints}\n{done.stderr[-3000:]}")
    return done.stdout


def with_settings(folder, *arguments, stdin=""):
    """A finished process, with the settings in `folder` instead of the defaults: readable for all."""
    environment = dict(environment_of_a_run(), WIRESHARK_CONFIG_DIR=folder)
    return subprocess.run([RUNNER, "--keep-profile", *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT, input=stdin, env=environment, check=False)


def words_of(errors):
    """What is on standard error, without the greeting that root gets."""
    return [line for line in errors.splitlines() if "root" not in line]


# The protocols of the plugin.
PROTOCOLS = ("plato", "latency", "textcmd", "bincmd")


def plato_fields(protocols=PROTOCOLS):
    """The filter names of the plugin, in the order of `tshark -G fields`."""
    rows = (line.split("\t") for line in run("-G", "fields").splitlines())
    return [row[2] for row in rows if row[0] == "F" and row[2].split(".")[0] in protocols]


def fields(capture, names, *options, separator="\x1f"):
    """One row per packet: {name: [values]}, absent fields left out."""
    arguments = ["-r", capture, *options, "-T", "fields", "-E", f"separator=/t",
                 "-E", "occurrence=a", "-E", f"aggregator={separator}"]
    for name in names:
        arguments += ["-e", name]
    rows = []
    for line in run(*arguments).splitlines():
        cells = line.split("\t")
        rows.append({n: [versions.field(n, value) for value in c.split(separator)]
                     for n, c in zip(names, cells) if c != ""})
    return rows


def plato_rules(report):
    """The rules about Plato, by name, of a capture in plato-check's JSON; not those about the other
    protocols."""
    return {rule["name"]: rule for rule in report["rules"]
            if not rule.get("reference", "").startswith("docs/commands.md")}


def withheld(capture, *options):
    """How many bytes of each packet TCP keeps from all dissectors, as data sent again. Where such a
    segment ends one message and begins another, Wireshark 4.4 and later keep back more of it in a
    second pass (DNS over TCP shows it as well)."""
    document = ElementTree.fromstring(run("-r", capture, *options, "-T", "pdml"))
    return [sum(int(field.get("size")) for field in packet.iter("field")
                if field.get("showname", "").startswith("Retransmitted TCP segment data"))
            for packet in document]


def plato_json(capture, *options):
    """For each packet the plugin's layers of `-T json`: a list of {name: value}, where a value is a
    text, a subtree, or a list of those for a name that is there several times."""
    packets = json.loads(run("-r", capture, *options, "-T", "json", "--no-duplicate-keys", "-J",
                             " ".join(PROTOCOLS)))
    rows = []
    for packet in packets:
        layers = packet["_source"]["layers"]
        found = [layers[name] for name in PROTOCOLS if name in layers]
        rows.append(versions.node([frame for layer in found
                                   for frame in (layer if isinstance(layer, list) else [layer])]))
    return rows


def plato_trees(capture, *options):
    """For each packet the PDML elements of the plugin's protocols."""
    document = ElementTree.fromstring(run("-r", capture, *options, "-T", "pdml"))
    return [[p for p in packet if p.get("name") in PROTOCOLS] for packet in document]


def preference_calls(options):
    """What sets tshark's `-o NAME:VALUE` in sharkd."""
    if any(option != "-o" for option in options[::2]):
        raise AssertionError(f"sharkd takes no such options: {options}")
    return [("setconf", dict(zip(("name", "value"), preference.split(":", 1))))
            for preference in options[1::2]]


def sharkd(capture, requests, options=()):
    """Loads `capture` with these preferences and puts `requests`, (method, params) each; returns
    their results."""
    settings = preference_calls(options)
    calls = [*settings, ("load", {"file": capture}), *requests]
    lines = [json.dumps({"jsonrpc": "2.0", "id": i, "method": m, "params": p})
             for i, (m, p) in enumerate(calls, 1)]
    out = run("-", program="sharkd", stdin="\n".join(lines) + "\n")
    results = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    for result in results:
        answer = result.get("result")
        if "error" in result or (isinstance(answer, dict) and answer.get("err", 0) != 0):
            raise AssertionError(f"sharkd: {result}")
    return [result.get("result") for result in results[len(settings) + 1:]]
