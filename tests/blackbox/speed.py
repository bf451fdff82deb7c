# SPDX-License-Identifier: GPL-2.0-or-later
"""The server beside mosquitto: the same generator, pairs, size and rates, in turn, in one run."""
import os
import statistics

from mosquitto import Mosquitto
from programs import Folder, bench, port_of, server

PAIRS = 50
SIZE = 128


def pin(pid, processor):
    """Server and generator on a processor each: what one takes is not taken from the other."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) >= 2:
        for task in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(task), {processors[processor]})


def contenders(build):
    """name: (how it is started, what the generator needs to know, whether it is durable)"""
    return {
        "plato-server, no store": (lambda f: server(f, "--store", "none"), (), False),
        "mosquitto, QoS 1": (lambda f: Mosquitto(f, build), ("--mqtt", 1), False),
        "plato-server, no store, TLS 1.3": (lambda f: server(f, "--store", "none", tls=True), (),
                                            False),
        "plato-server, durable": (server, (), True),
        "mosquitto, QoS 2": (lambda f: Mosquitto(f, build), ("--mqtt", 2), False),
    }


def one(start, options, durable, rate, seconds):
    with Folder() as folder, start(folder) as running:
        pin(running.pid, 0)
        if durable:
            options = (*options, "--fsync-probe", folder.name)
        return bench(*port_of(running), "--sessions", PAIRS, "--size", SIZE, "--rate", rate, "--warmup",
                     1, "--duration", seconds, "--server-pid", running.pid, "--drain", 60, *options,
                     processor=1)


def speed(build, rates, rounds, seconds, say):
    """{(name, rate): [report, ...]}; the order changes from round to round."""
    rows = list(contenders(build).items())
    reports = {}
    for turn in range(rounds):
        for i in range(len(rows)):
            name, (start, options, durable) = rows[(i + turn) % len(rows)]
            for rate in rates:
                say(f"round {turn + 1} of {rounds}: {name}, {rate or 'unlimited'} a second")
                reports.setdefault((name, rate), []).append(
                    one(start, options, durable, rate, seconds))
    return [(name, rate, reports[name, rate]) for rate in rates for name, _ in rows]


def spread(values, digits=1):
    """min - median - max"""
    return " - ".join(f"{value:.{digits}f}"
                      for value in (min(values), statistics.median(values), max(values)))


def fsync_p50_us(reports):
    return [report[when]["p50"] for report in reports
            for when in ("fsync_before_us", "fsync_after_us") if when in report]


def table(rows):
    yield "| server | messages/s wanted | CPU us per delivered message | delivered/s | " \
          "UP to PUSH p50, ms | p99, ms | fsync p50, us |"
    yield "|---|---|---|---|---|---|---|"
    for name, rate, reports in rows:
        fsync = fsync_p50_us(reports)
        yield "| " + " | ".join((
            name, f"{rate:,}" if rate else "as many as go",
            spread([r["server"]["cpu_us_per_delivered_message"] for r in reports]),
            f"{statistics.median(r['measured']['delivered_per_second'] for r in reports):,.0f}",
            spread([r["up_to_push_us"]["p50"] / 1000 for r in reports], 2),
            spread([r["up_to_push_us"]["p99"] / 1000 for r in reports], 2),
            spread(fsync, 0) if fsync else "")) + " |"
