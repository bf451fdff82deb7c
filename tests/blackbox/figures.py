# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios of tools/bench-server, which builds what they need and says what they do."""
import argparse
import os
import platform
import sys
import time

import crowd
import kill
import mosquitto
import speed


def say(text):
    """A line of progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def said():
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":")[1].strip() for line in info if "model name" in line), "?")
    return (f"{model}, {os.cpu_count()} processors, Linux {platform.release()}, load "
            f"{os.getloadavg()[0]:.1f} at the start")


def show_kill(arguments):
    report = kill.kill(arguments.kills, arguments.seed, say=say)
    said()
    messages, ledger = report["messages"], report["ledger"]
    print(f"kill: {report['verdict']}: {report['kills']} kills in {report['seconds']:.0f} s, seed "
          f"{arguments.seed}: {messages['sent']} messages sent, {messages['acknowledged']} "
          f"acknowledged, {messages['delivered']} deliveries of {ledger['expected']}; "
          f"{ledger['lost']} lost, {ledger['twice']} twice, {ledger['disordered']} out of order, "
          f"{ledger['unanswered']} not answered; {report['connections']['lost']} connections lost; "
          f"slowest start {report['slowest_restart_s'] * 1000:.0f} ms; "
          f"store: {', '.join(report['integrity'])}")
    return report["verdict"] == "PASSED" and report["integrity"] == ["ok"]


def show_forget(arguments):
    report = kill.kill(5, arguments.seed, ["--store", "none"], drain=5, uptime_ms=(400, 600),
                       say=say)
    said()
    print(f"forget: a server without a store, killed 5 times: {report['verdict']}, as it must: "
          f"{report['ledger']['lost']} deliveries lost of {report['ledger']['expected']}")
    return report["verdict"] == "FAILED" and report["ledger"]["lost"] > 0


def show_idle(arguments):
    ok = True
    for name, tls, connections in (("plain", False, arguments.idle),
                                   ("TLS 1.3", True, arguments.idle // 5)):
        report = crowd.idle(connections, tls)
        kib = report["server"]["kib_per_idle_connection"]
        print(f"idle: {report['idle']['logged_in']} connections, {name}: {kib:.2f} KiB of the "
              f"server's memory each")
        ok = ok and report["idle"]["logged_in"] == connections and (tls or kib <= 8)
    return ok


def show_beside(name, bad, options=()):
    def show(arguments):
        say(f"{name}: good clients alone and beside the others")
        alone, together, others = crowd.beside(bad, options, arguments.rounds, arguments.seconds)
        said()
        medians = crowd.median_p99_us(together) / crowd.median_p99_us(alone)
        least = min(map(crowd.p99_us, together)) / min(map(crowd.p99_us, alone))
        print(f"{name}: p99 of UP to PUSH, ms, {arguments.rounds} rounds: alone "
              f"{speed.spread([crowd.p99_us(r) / 1000 for r in alone], 2)}, beside "
              f"{speed.spread([crowd.p99_us(r) / 1000 for r in together], 2)}: "
              f"the medians {medians:.2f} times, the least {least:.2f} times; CPU of the server beside them, %: "
              f"{speed.spread([r['server']['cpu_percent'] for r in together], 0)}")
        for kind, counts in others[-1].items():
            if kind in ("slow writers", "floods", "malformed"):
                print(f"    {kind}: " + ", ".join(f"{k} {v}" for k, v in counts.items() if v))
        return all(r["verdict"] == "PASSED" for r in alone + together)
    return show


def show_files(arguments):
    del arguments
    report = crowd.few_files()
    inside, after = report["inside"], report["after"]
    print(f"files: {report['waiting']} connections to a server that may open {report['files']} "
          f"files: a client inside: {inside['verdict']}, p99 "
          f"{crowd.p99_us(inside) / 1000:.2f} ms, {inside['server']['cpu_percent']:.0f} % CPU; "
          f"when they have left: {after['verdict']}")
    return inside["verdict"] == after["verdict"] == "PASSED"


def show_speed(arguments):
    print(f"speed: {speed.PAIRS} pairs, {speed.SIZE} bytes, {arguments.rounds} rounds of "
          f"{arguments.seconds} s; {mosquitto.version(arguments.build)}; min - median - max")
    rows = speed.speed(arguments.build, arguments.rates, arguments.rounds, arguments.seconds, say)
    said()
    for line in speed.table(rows):
        print(line)
    for name, rate, reports in rows:
        wrong = [r["verdict"] for r in reports if r["verdict"] != "PASSED"]
        if wrong:
            print(f"{name} at {rate}: {wrong}")
    return all(r["verdict"] == "PASSED" for _, _, reports in rows for r in reports)


SCENARIOS = {
    "kill": show_kill,
    "forget": show_forget,
    "idle": show_idle,
    "slow": show_beside("slow", ("--slow-writers", 1000)),
    "flood": show_beside("flood", ("--floods", 1)),
    "limited": show_beside("limited", ("--floods", 1), ("--rate", 1000, "--rate-burst", 2000)),
    "malformed": show_beside("malformed", ("--malformed", 50)),
    "files": show_files,
    "speed": show_speed,
}


def main():
    parser = argparse.ArgumentParser(prog="tools/bench-server")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--build", default="build/release-bench")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--idle", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rates", type=int, nargs="+", default=[5000, 20000, 0])
    parser.add_argument("--check", action="store_true", help="look at the options only")
    arguments = parser.parse_args()
    for name in arguments.scenarios:
        if name not in SCENARIOS:
            parser.error(f"there is no scenario '{name}'")
    if arguments.check:
        return 0
    print(f"machine: {machine()}", flush=True)
    good = True
    for name in arguments.scenarios or SCENARIOS:
        begin = time.monotonic()
        ok = SCENARIOS[name](arguments)
        print(f"    {name}: {'as it should be' if ok else 'NOT as it should be'}, "
              f"{time.monotonic() - begin:.0f} s", flush=True)
        good = good and ok
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
