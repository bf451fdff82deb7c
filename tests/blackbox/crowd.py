# SPDX-License-Identifier: GPL-2.0-or-later
"""What a crowd costs: memory of idle connections; and what good clients feel of a bad one.

Good and bad clients are generators of their own, the bad one with lower priority, so that good
clients' times show the server and not who shares a processor with whom.
"""
import resource
import socket
import statistics
import time

from programs import Bench, Folder, bench, port_of, server

GOOD = ("--sessions", 20, "--rate", 1000, "--drain", 20)


def p99_us(report):
    return report["up_to_push_us"]["p99"]


def idle(connections, tls=False, hold=2):
    """Report of a run with this many connections that are logged in and send nothing."""
    with Folder() as folder, server(folder, "--max-connections", connections + 100,
                                    tls=tls) as running:
        return bench(*port_of(running), "--sessions", 0, "--idle", connections, "--duration", hold,
                     "--drain", 120, "--server-pid", running.pid)


def beside(bad, options=(), rounds=3, seconds=5, settle=2):
    """Good clients' reports (alone, beside the bad), a pair for each round; the bad one's reports."""
    alone, together, others = [], [], []
    with Folder() as folder, server(folder, "--max-connections", 5000, *options) as running:
        good = (*GOOD, "--duration", seconds, "--warmup", 1, "--server-pid", running.pid)
        for _ in range(rounds):
            alone.append(bench(running.port, *good))
            load = Bench(running.port, "--sessions", 0, "--duration", 3600, *bad, nice=10)
            try:
                time.sleep(settle)
                together.append(bench(running.port, *good))
                load.stop_sending()
                others.append(load.result())
            finally:
                load.process.kill()
    return alone, together, others


def median_p99_us(reports):
    return statistics.median(p99_us(report) for report in reports)


def few_files(connections=100, files=64, seconds=2):
    """A server that runs out of files: what becomes of a client that is there, of those who come,
    and of the processor; then whether there is room again. A dictionary."""
    waiting = []
    with Folder() as folder, server(folder) as running:
        # Under way: at its start the server would refuse to run with so few.
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (files, files))
        inside = Bench(running.port, "--sessions", 1, "--rate", 100, "--duration", seconds + 2,
                       "--server-pid", running.pid)
        time.sleep(0.5)
        try:
            for _ in range(connections):
                waiting.append(socket.create_connection(("127.0.0.1", running.port)))
            time.sleep(0.2)
            report = inside.result()
        finally:
            inside.process.kill()
            for one in waiting:
                one.close()
        after = bench(running.port, "--sessions", 1, "--count", 10, "--duration", 10)
        return {"inside": report, "after": after, "log": running.tail(),
                "waiting": len(waiting), "files": files}
