# SPDX-License-Identifier: GPL-2.0-or-later
"""Many small cases in one tshark run: each case is one TCP segment of its own connection."""
import os
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
        flow = pcap.Flow(capture, client_port=20000 + index, handshake=False)
        flow.client(payload)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cases.pcap")
        capture.write(path)
        os.chmod(folder, 0o755)
        rows = wireshark.fields(path, names + BASIC, *ALONE, *options)
    assert len(rows) == len(segments), (len(rows), len(segments))
    return rows


def decode_flows(builds, names, *options, **flow):
    """Each build(flow) writes one connection, a pcap.Flow with the arguments in `flow`. For each,
    the rows of its packets that carry data, which must be the same in one pass and in two."""
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
    assert one_pass == two_pass, [pair for pair in zip(one_pass, two_pass) if pair[0] != pair[1]]
    return [[row for row in one_pass if row["tcp.stream"] == [str(index)] and
             row["tcp.len"] != ["0"]] for index in range(len(builds))]


def decode_flow(build, names, *options, **more):
    return decode_flows([build], names, *options, **more)[0]
