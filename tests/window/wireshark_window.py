# SPDX-License-Identifier: GPL-2.0-or-later
"""The real Wireshark with the profile "Plato": start, the parts of its window, and what it said when
it ends."""
import os
import re
import subprocess
import sys
import time

import desktop
from desktop import NotThere, Table, wait_for, xdotool

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "golden"))
import golden  # noqa: E402

# What Wireshark says that has nothing to do with the plugin or the profile. Each with its reason.
GUI = r"\*\* \(wireshark:\d+\) [\d:.]+ \[GUI WARNING\] -- "
USUAL = [
    (r"nl80211 not found\.?", "there is no wireless network"),
    (r"QStandardPaths: .*", "the folder for sockets is not systemd's"),
    (GUI + r"QXcbConnection: XCB error: 3 \(BadWindow\), .*",
     "Qt asks the screen about a window that has just been closed"),
    (GUI + r"QObject::connect: Cannot connect \(nullptr\)::destroyed\(\) to .*Focus\(\)",
     "Wireshark 4.0 remembers who had the keyboard, when nobody had it"),
    (GUI + r"void QCPItemTracer::updatePosition\(\) graph has no data",
     "I/O Graphs counts anew, and the mark for the mouse looks for the points meanwhile"),
    (GUI + r"AtSpiAdaptor::applicationInterface does not implement .*",
     "Qt does not know what a newer AT-SPI asks"),
    (r"", "an empty line"),
]


VERSION = tuple(map(int, re.search(r" (\d+)\.(\d+)", subprocess.run(
    ["wireshark", "--version"], capture_output=True, text=True, timeout=60, check=True).stdout)
    .groups()))


class Wireshark:
    """One start of Wireshark, on captures/CAPTURE.pcapng. Used with `with`: it quits at the end, and what
    it said, or a crash, is an error."""

    def __init__(self, capture, *options, size=(1400, 1100)):
        base = os.path.join(ROOT, "captures", capture)
        self.parts = {}
        self.log = os.path.join(os.environ["HOME"], "said")
        environment = dict(os.environ, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1",
                           WIRESHARK_ABORT_ON_DISSECTOR_BUG="1")
        with open(self.log, "wb") as said:
            self.process = subprocess.Popen(
                ["wireshark", "-C", "Plato", "-o", "gui.update.enabled:FALSE",
                 *golden.options_of(base), *options, base + ".pcapng"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment)
        try:
            self.program = desktop.Program(self.process)
            self.main = self.program.window(capture + ".pcapng")
            self.resize(self.main, size)
            self.wait_until_loaded()
        except NotThere:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            try:
                self.quit()
            finally:
                self.kill()
        else:
            self.kill()
            if value is not None:
                said = self.what_it_said()
                if said:
                    value.args = (f"{value}\nWireshark said: {said}",)
        return False

    # --- Its end ---

    def what_it_said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        return "\n".join(line for line in lines
                         if not any(re.fullmatch(usual, line.strip()) for usual, _ in USUAL))

    def quit(self):
        """As a user does. It must end by itself, with 0, and with nothing to say."""
        self.activate(self.main)
        xdotool("key", "ctrl+q")
        try:
            code = self.process.wait(timeout=desktop.PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotThere("it does not quit") from None
        said = self.what_it_said()
        if code != 0 or said:
            raise NotThere(f"exit code {code}; it said: {said or 'nothing'}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # --- Windows ---

    @staticmethod
    def _x_window(node):
        """The X server's number of a window with this name."""
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name",
                                "^" + re.escape(node.name) + "$"], capture_output=True, text=True,
                               timeout=desktop.PATIENCE, check=False).stdout.split()
        return found[-1] if found else None

    def activate(self, node):
        number = wait_for(f"X window {node.name!r}", lambda: self._x_window(node))
        xdotool("windowactivate", number)
        # Not with --sync, which waits 15 s while a list of completions is open.
        end = time.monotonic() + 1
        while time.monotonic() < end and number != self._active():
            time.sleep(0.05)
        return number

    @staticmethod
    def _active():
        return subprocess.run(["xdotool", "getactivewindow"], capture_output=True, text=True,
                              timeout=desktop.PATIENCE, check=False).stdout.strip()

    def resize(self, node, size):
        number = self.activate(node)
        xdotool("windowmove", number, 0, 0, "windowsize", number, *size)
        time.sleep(0.3)

    def picture(self, path, node=None):
        """Of one window, or of the whole screen."""
        number = "root" if node is None else self.activate(node)
        if node is not None:
            xdotool("mousemove", 1599, 1199)  # nothing is lit up because the mouse is there
        time.sleep(0.5)  # Qt draws when it has nothing else to do
        subprocess.run(["import", "-window", number, path], check=True, timeout=desktop.PATIENCE)

    def menu(self, *path):
        self.activate(self.main)
        self.program.menu(self.part("menu bar"), *path)

    def open(self, name, *path, size=None):
        """The window that this entry of the menu opens."""
        self.menu(*path)
        try:
            node = self.program.window(name, 10)
        except NotThere:  # on a busy machine a click is lost while a menu unfolds
            xdotool("key", "Escape", "Escape", "Escape")
            self.menu(*path)
            node = self.program.window(name)
        if size:
            self.resize(node, size)
        return node

    def close(self, node):
        name = node.name
        self.activate(node)
        xdotool("key", "Escape")
        wait_for(f"the end of {name!r}",
                 lambda: not [w for w in self.program.windows() if w.name == name], 10,
                 self.program.is_alive)

    # --- The main window ---

    def part(self, role, name=None):
        """A part of the main window, which stays where it is."""
        if (role, name) not in self.parts:
            self.parts[role, name] = self.main.one(role, name)
        return self.parts[role, name]

    @property
    def packets(self):
        return Table(self.part("tree", "Packet list"))

    @property
    def details(self):
        return Table(self.part("tree", "Packet details"))

    @property
    def status(self):
        """{"Packets": 35, "Displayed": 35, "Profile": "Plato"}"""
        text = " · ".join(node.name for node in self.part("status bar").all("label"))
        found = dict(re.findall(r"(\w+): (\w+)", text))
        status = {name: int(value) if value.isdigit() else value for name, value in found.items()}
        if "Packets" in status:
            status.setdefault("Displayed", status["Packets"])  # left out by 4.6 without a filter
        return status

    def wait_until_loaded(self):
        return wait_for("loading", lambda: self.status.get("Packets"), alive=self.program.is_alive)

    def filter(self, text):
        """Types a display filter, and waits until it is applied."""
        self.activate(self.main)
        self.part("text", "Display filter entry").click(times=3)
        xdotool("key", "BackSpace")
        xdotool("type", "--delay", 1, text)
        xdotool("key", "Return")
        time.sleep(0.5)

    def go_to(self, number):
        """Selects this packet, and shows all of its last protocol. Returns the details."""
        self.activate(self.main)
        row = self.packets.column().index(str(number))
        for _ in range(3):  # where a list of completions is open, the first click closes it
            self.packets.click(row)
            time.sleep(0.5)
            if self.packet == number:
                break
        else:
            raise NotThere(f"packet {number} is not selected")
        details = self.details
        wait_for(f"details of {number}", lambda: any(  # after the packet's comments
            line.startswith(f"Frame {number}:") for line in details.column()))
        details.click(len(details) - 1)
        xdotool("key", "shift+Right")
        time.sleep(0.3)
        return self.details

    def follow_link(self, start, text, end):
        """Goes to packet `start`, and from there by a double click on `text` to `end`."""
        for _ in range(3):  # two clicks that a busy machine keeps apart are no double click
            details = self.go_to(start)
            details.click(details.find(text), times=2)
            try:
                return wait_for(f"packet {end}", lambda: self.packet == end, 10)
            except NotThere as error:
                missing = error
        raise missing

    @property
    def packet(self):
        """Number of the selected packet."""
        packets = self.packets
        rows = packets.selected
        return int(packets.cell(rows[0], 0).name) if rows else None

    def load(self, capture):
        """File, Open: the window keeps everything else."""
        self.activate(self.main)
        xdotool("key", "ctrl+o")
        node = self.program.window("Open Capture File")
        self.activate(node)
        xdotool("type", "--delay", 1, os.path.join(ROOT, "captures", capture + ".pcapng"))
        xdotool("key", "Return")
        self.main = self.program.window(capture + ".pcapng")
        self.wait_until_loaded()
