# SPDX-License-Identifier: GPL-2.0-or-later
"""plato-client as the end-to-end tests drive it."""
import json
import os
import subprocess
import threading

import plato

LINK_EVENTS = ("connected", "resumed", "disconnected")


class Client:
    """plato-client with commands on its standard input, one JSON object on each line of output.

    `links` are the events about connections, `events` all others.
    """

    def __init__(self, port, device, *options, env=None):
        self.process = subprocess.Popen(
            [plato.CLIENT, "--port", str(port), "--device", str(device), "--json",
             "--timeout", str(int(plato.PATIENCE * 1000)), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            env={**os.environ, **(env or {})})
        self.events, self.links, self.errors = [], [], []
        self.logged_in = threading.Event()
        self.readers = [threading.Thread(target=self.read_events),
                        threading.Thread(target=self.read_errors)]
        for reader in self.readers:
            reader.start()

    def read_events(self):
        for line in self.process.stdout:
            event = json.loads(line)
            (self.links if event["event"] in LINK_EVENTS else self.events).append(event)
            if event.get("type") == "LOGIN":
                self.logged_in.set()
        self.logged_in.set()  # or never will be

    def read_errors(self):
        self.errors.extend(self.process.stderr)

    def await_login(self):
        assert self.logged_in.wait(plato.PATIENCE) and self.events, self.errors
        event = self.events.pop(0)
        assert event["type"] == "LOGIN" and event["code"] == 0, event

    def say(self, commands):
        self.process.stdin.write(commands)
        self.process.stdin.flush()

    def finish(self, commands):
        """Exit code, events since the login was awaited, and errors, once all is done."""
        try:
            self.say(commands)
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # ended before it had read them
        self.process.wait(2 * plato.PATIENCE)
        for reader in self.readers:
            reader.join()
        return self.process.returncode, self.events, "".join(self.errors)

    def stop(self):
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def pushes(self, session=None):
        """(msg_id, content) of what others said, as it was shown."""
        return [(e["msg_id"], e.get("content")) for e in self.events
                if e["event"] == "push" and session in (None, e["session_id"])]
