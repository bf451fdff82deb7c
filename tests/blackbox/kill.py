# SPDX-License-Identifier: GPL-2.0-or-later
"""The server is killed again and again while clients send; then the accounts are checked.

What is between the clients and the server brings trouble of its own: pieces of all sizes, pauses,
resets. The same seed kills after the same times; the rest is up to the machine.
"""
import os
import random
import sqlite3
import time

from programs import Bench, Folder, chaos, server

# Connections are numbered over the whole run, so later ones get the same trouble as early ones.
TROUBLE = """
connection every 3 both from 0 resegment 11
connection every 4 down from 0 merge 700 within 5
connection every 5 up at 100..20000 stall 50
connection all odds 0.1 both at 500..60000 reset
connection all odds 0.05 up at 500..60000 half-close
connection all odds 0.05 down at 500..60000 cut
connection all odds 0.05 up at 300..5000 replay
connection all odds 0.1 up from 0 flip-one-in 30000
"""


def kill(kills, seed=1, options=(), rate=1000, sessions=20, uptime_ms=(20, 500), drain=60,
         say=lambda text: None):
    """Kills the server this many times; the generator's report, with what was counted here."""
    moments = random.Random(seed)
    restarts = []
    begin = time.monotonic()
    with Folder() as folder:
        running = server(folder, *options).start()
        with chaos(folder, running.port, TROUBLE, seed) as trouble:
            load = Bench(trouble.port, "--sessions", sessions, "--senders", 2, "--receivers", 1,
                         "--rate", rate, "--duration", 3600, "--drain", drain)
            try:
                for i in range(kills):
                    time.sleep(moments.uniform(*uptime_ms) / 1000)
                    running.kill()
                    before = time.monotonic()
                    running = server(folder, *options, port=running.port).start()
                    restarts.append(time.monotonic() - before)
                    say(f"{i + 1} of {kills} kills")
                time.sleep(1)
                load.stop_sending()
                report = load.result(timeout=drain + 60, codes=(0, 3, 4))
            finally:
                load.process.kill()
                running.stop()
        stored = [name for name in os.listdir(folder.name) if name.endswith(".db")]
        report["integrity"] = [integrity(folder.path(name)) for name in stored]
        report["server_log"] = running.tail()
    report["kills"] = kills
    report["seconds"] = time.monotonic() - begin
    report["slowest_restart_s"] = max(restarts, default=0)
    return report


def integrity(path):
    """What SQLite itself says of the store."""
    with sqlite3.connect(path) as database:
        return database.execute("PRAGMA integrity_check").fetchone()[0]
