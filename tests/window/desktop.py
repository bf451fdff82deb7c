# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows as a user has them: found by the names that screen readers get (AT-SPI), used with
mouse and keyboard (xdotool)."""
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

PATIENCE = 30  # seconds, for what should come at once


class NotThere(Exception):
    """Something did not come, or is not as it should be."""


def xdotool(*words):
    subprocess.run(["xdotool", *map(str, words)], check=True, timeout=PATIENCE,
                   stdout=subprocess.DEVNULL)


def wait_for(what, condition, patience=PATIENCE, alive=lambda: True):
    """The condition's first true value. `alive` says whether waiting makes sense."""
    end = time.monotonic() + patience
    while True:
        try:
            value = condition()
        except GLib.Error:  # what was there has gone
            value = None
        if value:
            return value
        if not alive():
            raise NotThere(f"{what}: the program has ended")
        if time.monotonic() > end:
            raise NotThere(f"{what}: not within {patience} s")
        time.sleep(0.1)


class Node:
    """A window, a button, a cell: whatever has a name."""

    def __init__(self, accessible):
        self.accessible = accessible

    name = property(lambda self: self.accessible.get_name() or "")

    @property
    def role(self):
        name = self.accessible.get_role_name()
        return "push button" if name == "button" else name  # a newer word for it

    def is_in_state(self, name):
        return self.accessible.get_state_set().contains(getattr(Atspi.StateType, name))

    @property
    def box(self):
        """x, y, width, height on the screen."""
        extents = self.accessible.get_extents(Atspi.CoordType.SCREEN)
        return extents.x, extents.y, extents.width, extents.height

    @property
    def text(self):
        """What stands in a text field."""
        return Atspi.Text.get_text(self.accessible, 0, -1)

    def children(self):
        for index in range(self.accessible.get_child_count()):
            child = self.accessible.get_child_at_index(index)
            if child is not None:
                yield Node(child)

    def walk(self, hidden=False):
        """All below it that can be seen; of trees and tables not the cells, which `Table` reads."""
        for child in self.children():
            if hidden or child.is_in_state("SHOWING"):
                yield child
                if child.role not in ("tree", "table", "list"):
                    yield from child.walk(hidden)

    def find(self, role, name=None):
        """Those of this role; a name is compared without the mnemonics and dots of menus."""
        return (node for node in self.walk() if node.role == role and
                (name is None or plain(node.name) == plain(name)))

    def all(self, role, name=None):
        return list(self.find(role, name))

    def one(self, role, name=None):
        return wait_for(f"{role} {name or ''} in {self.name!r}",
                        lambda: next(self.find(role, name), None), patience=10)

    def click(self, button=1, times=1):
        x, y, width, height = self.box
        if width <= 0 or height <= 0:
            raise NotThere(f"{self.role} {self.name!r} is not to be seen")
        # Not with --sync, which waits 15 s for a mouse that is there already.
        xdotool("mousemove", x + min(width // 2, 60), y + height // 2,
                "click", "--repeat", times, "--delay", 60, button)
        time.sleep(0.2)



def plain(name):
    return name.replace("&", "").replace("…", "").replace("...", "").strip().lower()


class Table:
    """A table or tree: rows of texts, and the cells to click. Of a tree it has the unfolded items."""

    def __init__(self, node):
        self.node = node

    @property
    def titles(self):
        return [Atspi.Table.get_column_description(self.node.accessible, column) or ""
                for column in range(self.columns)]

    def __len__(self):
        return Atspi.Table.get_n_rows(self.node.accessible)

    @property
    def columns(self):
        return Atspi.Table.get_n_columns(self.node.accessible)

    def cell(self, row, column):
        return Node(Atspi.Table.get_accessible_at(self.node.accessible, row, column))

    def row(self, row):
        return [self.cell(row, column).name for column in range(self.columns)]

    def rows(self):
        return [self.row(row) for row in range(len(self))]

    def column(self, column=0):
        return [self.cell(row, column).name for row in range(len(self))]

    def find(self, text, column=0):
        """Number of the first row whose cell begins with the text."""
        for row, cell in enumerate(self.column(column)):
            if cell.strip().startswith(text):
                return row
        raise NotThere(f"no row {text!r} among {self.column(column)}")

    def click(self, row, column=0, **how):
        """Clicks the cell; rolls the mouse wheel until it can be seen."""
        left, top, _, height = self.node.box
        before, still = None, 0
        while still < 30:  # a busy machine takes its time to roll
            time.sleep(0.1)
            _, y, _, line = self.cell(row, column).box
            still = still + 1 if y == before else 0
            before = y
            # one line for the titles, one for a scroll bar
            above = top + line - y
            below = y + 2 * line - (top + height)
            if above > 0 or below > 0:
                lines = max(above, below) // max(line, 1)
                xdotool("mousemove", left + 60, top + height // 2, "click", "--repeat",
                        lines // 3 + 1, "--delay", 15, 4 if above > 0 else 5)
            elif still:  # it rolls no more
                return self.cell(row, column).click(**how)
        if top <= y and y + line <= top + height:  # the first or the last, and there is no bar
            return self.cell(row, column).click(**how)
        raise NotThere(f"row {row} of {self.node.name!r} cannot be made to be seen")

    @property
    def selected(self):
        """Numbers of the selected rows."""
        return [row for row in range(len(self)) if self.cell(row, 0).is_in_state("SELECTED")]


class Program:
    """A program with windows, as AT-SPI knows it."""

    def __init__(self, process):
        self.process = process
        Atspi.set_timeout(10000, 20000)
        self.root = wait_for("its windows", self._find_root, alive=self.is_alive)

    def _find_root(self):
        desktop = Atspi.get_desktop(0)
        for index in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(index)
            if application is not None and application.get_process_id() == self.process.pid and \
                    application.get_child_count():
                # What is asked is answered by the program, not by what was true some time ago.
                application.set_cache_mask(Atspi.Cache.NONE)
                return Node(application)
        return None

    def is_alive(self):
        return self.process.poll() is None

    def windows(self):
        return [window for window in self.root.children() if window.is_in_state("SHOWING")]

    def window(self, part_of_name, patience=PATIENCE):
        """The newest window with these words in its name."""
        def condition():
            found = [window for window in self.windows() if part_of_name in window.name and
                     window.role in ("frame", "dialog", "window")]
            return found[-1] if found else None
        return wait_for(f"window {part_of_name!r}", condition, patience, self.is_alive)

    def menu(self, bar, *path):
        """Clicks through the menus: menu(bar, "Statistics", "Plato", "Messages")."""
        node = bar
        for name in path:
            node = wait_for(f"menu {' > '.join(path)}", lambda: self._entry(node, name), 10)
            if not node.is_in_state("ENABLED"):
                xdotool("key", "Escape", "Escape", "Escape")
                raise NotThere(f"the menu {' > '.join(path)} is grey")
            node.click()

    @staticmethod
    def _entry(menu, name):
        """The entry of a menu bar, or of the menu that hangs below an entry."""
        for child in menu.children():
            if child.role == "popup menu":
                return Program._entry(child, name)
            if plain(child.name) == plain(name) and child.is_in_state("SHOWING"):
                return child
        return None
