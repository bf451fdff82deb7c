# SPDX-License-Identifier: GPL-2.0-or-later
"""The pictures of the docs. Run by tools/make-screenshots: test_NAME makes docs/NAME.png."""
import os
import unittest

from desktop import xdotool
from wireshark_window import Wireshark


class Pictures(unittest.TestCase):
    def take(self, window, node=None):
        name = self.id().rsplit(".test_", 1)[1].replace("_", "-")
        window.picture(os.path.join(os.environ["PLATO_PICTURES"], name + ".png"),
                       node or window.main)

    def take_window(self, capture, name, path, size):
        with Wireshark(capture) as window:
            node = window.open(name, *path, size=size)
            self.take(window, node)
            window.close(node)

    def test_wireshark(self):
        with Wireshark("trouble", size=(1172, 760)) as window:
            window.go_to(21)
            xdotool("key", "End")
            self.take(window)

    def test_wireshark_analysis(self):
        """Two frames in one packet: a damaged one, and one after a gap that nobody acknowledged."""
        with Wireshark("trouble", size=(1000, 700)) as window:
            window.go_to(24)
            xdotool("key", "End")
            self.take(window)

    def test_wireshark_messages(self):
        self.take_window("first-chat", "Messages", ("Statistics", "Plato", "Messages"), (900, 560))

    def test_wireshark_sessions(self):
        self.take_window("trouble", "Plato Sessions", ("Statistics", "Plato Sessions"), (920, 240))

    def test_wireshark_connections(self):
        self.take_window("first-chat", "Plato Connections", ("Statistics", "Plato Connections"),
                         (1000, 240))

    def test_wireshark_conversations(self):
        with Wireshark("first-chat") as window:
            node = window.open("Conversations", "Statistics", "Conversations", size=(1200, 360))
            node.one("page tab", "Plato · 3").click()
            self.take(window, node)
            window.close(node)

    def test_wireshark_commands(self):
        with Wireshark("textcmd-trouble", size=(1172, 560)) as window:
            window.go_to(26)
            self.take(window)

    def test_wireshark_round_trips(self):
        self.take_window("latency-trouble", "Latency Round Trips",
                         ("Statistics", "Latency Round Trips"), (1120, 400))

    def test_wireshark_graphs(self):
        """With 10 ms for each point."""
        with Wireshark("first-chat") as window:
            node = window.open("I/O Graphs", "Statistics", "I/O Graphs", size=(900, 680))
            node.one("combo box", "1 sec").click()
            xdotool("type", "10 ms")
            xdotool("key", "Return")
            node.one("push button", "Reset").click()  # fits the axes
            self.take(window, node)
            window.close(node)


if __name__ == "__main__":
    unittest.main()
