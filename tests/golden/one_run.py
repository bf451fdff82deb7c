# SPDX-License-Identifier: GPL-2.0-or-later
"""Many small cases in one tshark run: each case is one TCP segment of its own connection."""
import collections
import os
import re
import tempfile

import pcap
import wireshark

# What frames say by themselves is tested without the analysis: it knows more in a second pass.
ALONE = ("-o", "plato.analyze:FALSE")

# always asked for, besides the case's own
BASIC = ["plato.crc32.status", "_ws.col.Protocol", "_ws.col.Info", "_ws.expert.message", "_ws.malformed"]


def decode(segments, names, *options):
    """segments: bytes each. Returns a dict of lists per segment, names as tshark's fields."""
    capture = pcap.Capture()
    for index, payload in enumerate(segments):
        pcap.Flow(capture, client_port=20000 + index).client(payload)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cases.pcap")
        capture.write(path)
        os.chmod(folder, 0o755)
        rows = wireshark.fields(path, [*names, *BASIC, "tcp.len"], *ALONE, *options)
    rows = [row for row in rows if row.pop("tcp.len") != ["0"]]
    assert len(rows) == len(segments), (len(rows), len(segments))
    return rows


# Differ between passes where bytes are missing or come late: what waits is not known to be a part of
# a frame, and a frame that waited is shown with the packet that ended the wait.
BY_PASS = {"plato.continuation", "plato.analysis.capture_gap", "plato.segment",
           "plato.reassembled_in", "_ws.expert.message", "_ws.col.Info"}
PARTS = {"[Continuation]", "[Part of a frame]"}


def frames_of(rows, names):
    """What stands in the frames of a connection, whatever the packets; and whether bytes wait."""
    found = collections.Counter((name, value) for row in rows for name in names
                                if name not in BY_PASS for value in row.get(name, []))
    infos = [re.sub(r"^(\[TCP [^]]*\] )+", "", part) for row in rows
             for text in row.get("_ws.col.Info", []) for part in text.split(" | ")]
    found.update(part for part in infos if part not in PARTS)
    return found, any(part in PARTS for part in infos)


def check_passes(once, twice, names):
    """One pass finds the same frames, but for those that wait until the file ends."""
    (found, waits), (all_found, _) = frames_of(once, names), frames_of(twice, names)
    assert not found - all_found, (found - all_found, once, twice)
    assert waits or found == all_found, (all_found - found, once, twice)


def decode_flows(builds, names, *options, **flow):
    """Each build(flow) writes one connection, a pcap.Flow with the arguments in `flow`. For each,
    the rows of its packets that carry data, as they are once the whole file has been read. One pass
    must find the same frames."""
    capture = pcap.Capture()
    for index, build in enumerate(builds):
        build(pcap.Flow(capture, client_port=20000 + index, **flow))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "flows.pcap")
        capture.write(path)
        os.chmod(folder, 0o755)
        asked = names + BASIC + ["tcp.len", "tcp.stream"]
        one_pass = wireshark.fields(path, asked, *ALONE, *options)
        two_pass = wireshark.fields(path, asked, *ALONE, *options, "-2")
    # TCP itself words an unfinished segment differently in its second pass
    for row in one_pass + two_pass:
        if row.pop("_ws.col.Protocol") != ["Plato"]:
            row.pop("_ws.col.Info", None)
    connections = []
    for index in range(len(builds)):
        once, twice = ([row for row in rows if row["tcp.stream"] == [str(index)] and
                        row["tcp.len"] != ["0"]] for rows in (one_pass, two_pass))
        check_passes(once, twice, asked)
        connections.append(twice)
    return connections


def decode_flow(build, names, *options, **more):
    return decode_flows([build], names, *options, **more)[0]
