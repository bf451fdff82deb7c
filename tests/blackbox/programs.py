# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs as processes, for whoever looks at them from outside. Each is ended by its id."""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

SERVER = os.environ.get("PLATO_SERVER", "build/dev/server/plato-server")
BENCH = os.environ.get("PLATO_BENCH", "build/dev/server/plato-bench")
CHAOS = os.environ.get("PLATO_CHAOS", "build/dev/server/plato-chaos")
SANITIZED = os.environ.get("PLATO_SANITIZED", "OFF") == "ON"
os.environ["LC_ALL"] = "C.UTF-8"
PATIENCE = 60.0  # seconds for what must happen; sanitizers on a busy machine are slow


class Program:
    """A program that says on its first lines where it listens. Its log goes to a file."""

    def __init__(self, *command, log, ports=1):
        self.command, self.log, self.ports = [str(word) for word in command], log, ports
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log)
        self.port, *self.more_ports = [self.read_port() for _ in range(self.ports)]
        return self

    def read_port(self):
        line = self.process.stdout.readline().decode()
        found = re.fullmatch(r"listening .*:(\d+)\n", line)
        if not found:
            self.kill()
            raise AssertionError(f"{self.command} said {line!r}; its log: {self.tail()}")
        return int(found[1])

    @property
    def pid(self):
        return self.process.pid

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def stop(self):
        """In order. A sanitizer's finding shows as another exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        assert code == 0, f"{self.command[0]}: exit code {code}: {self.tail()}"

    def kill(self):
        """As the kernel does it when memory runs out: there and then."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.kill()
                print(self.tail())


class Folder(tempfile.TemporaryDirectory):
    """A folder for one run. BENCH_FOLDER says on which disk."""

    def __init__(self):
        super().__init__(prefix="plato-", dir=os.environ.get("BENCH_FOLDER"))

    def __enter__(self):
        return self

    def path(self, name):
        return os.path.join(self.name, name)


# A generator is one address with many connections: the limits against that are not wanted here.
UNLIMITED = ("--rate", 0, "--address-rate", 0, "--max-per-address", 1000000,
             "--max-unauthenticated", 1000000, "--max-unauthenticated-per-address", 1000000)


def server(folder, *options, port=0, tls=False):
    """plato-server; its state is kept in `folder`, whatever its options are. With `tls`, the second
    of its ports is that with TLS."""
    if tls:
        options = ("--tls-port", 0, "--tls-self-signed", *options)
    return Program(SERVER, "--port", port, "--state-dir", folder.name, "--log-level", "warning",
                   *UNLIMITED, *options, log=folder.path("server.log"), ports=1 + tls)


def port_of(running):
    """Options of the generator for the last of the server's ports, which is that with TLS."""
    if not running.more_ports:
        return (running.port,)
    return (running.more_ports[-1], "--tls", "--insecure")


def chaos(folder, server_port, scenario, seed=1, name="chaos.log"):
    """plato-chaos with the text of a scenario."""
    path = folder.path(name + ".scenario")
    with open(path, "w", encoding="utf-8") as file:
        file.write(scenario)
    return Program(CHAOS, "--server-port", server_port, "--scenario", path, "--seed", seed,
                   "--log", folder.path(name), log=folder.path(name + ".stderr"))


class Bench:
    """plato-bench in the background."""

    def __init__(self, port, *options, nice=0, processor=None):
        def place():
            processors = sorted(os.sched_getaffinity(0))
            if processor is not None and len(processors) > processor:
                os.sched_setaffinity(0, {processors[processor]})
            os.nice(nice)

        command = [BENCH, "--port", str(port), "--json", *[str(word) for word in options]]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, preexec_fn=place)

    def stop_sending(self):
        self.process.send_signal(signal.SIGTERM)

    def result(self, timeout=600, codes=(0,)):
        """The report; its exit code as "exit_code"."""
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"plato-bench does not end: {self.process.communicate()}")
        assert self.process.returncode in codes, \
            f"plato-bench: exit code {self.process.returncode}: {err}{out}"
        report = json.loads(out) if out else {}
        return {**report, "exit_code": self.process.returncode, "stderr": err}


def bench(port, *options, timeout=600, codes=(0,), processor=None):
    return Bench(port, *options, processor=processor).result(timeout, codes)


def wait_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {patience} s"
        time.sleep(0.02)
